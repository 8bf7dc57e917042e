//! Builds of people's own projects are the same as with their own cargo, or the differences are reported. One
//! file for each class of faults in real projects.

mod configuration;
mod copy;
mod evidence;
mod format;
mod ignored;
mod reports;
mod setup;
mod state;
mod unchanged;

trials! { "fidelity";
    [configuration, copy, evidence, format, ignored, reports, state, unchanged];
}
