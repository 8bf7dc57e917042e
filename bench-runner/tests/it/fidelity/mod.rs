//! Builds of people's own projects are those of their own cargo, or it is said what differs. One file for each class of
//! what real projects did.

mod configuration;
mod copy;
mod evidence;
mod format;
mod reports;
mod state;
mod unchanged;

use libtest_mimic::Trial;

pub(crate) fn tests() -> Vec<Trial> {
    let mut trials = configuration::tests();
    trials.extend(copy::tests());
    trials.extend(evidence::tests());
    trials.extend(format::tests());
    trials.extend(reports::tests());
    trials.extend(state::tests());
    trials.extend(unchanged::tests());
    trials
}
