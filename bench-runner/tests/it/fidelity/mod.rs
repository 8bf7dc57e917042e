//! Builds of people's own projects are the same as with their own cargo, or the differences are reported. One
//! file for each class of faults in real projects.

mod configuration;
mod copy;
mod evidence;
mod format;
mod reports;
mod state;
mod unchanged;

trials! { "fidelity";
    [configuration, copy, evidence, format, reports, state, unchanged];
}
