//! Builds of people's own projects are those of their own cargo, or it is said what differs. One file for each class of
//! what real projects did.

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
