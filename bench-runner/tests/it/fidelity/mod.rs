//! People's own projects: what is measured is what their cargo builds, or it is said what differs. One file for each
//! class of input.

mod copy;
mod unchanged;

use libtest_mimic::Trial;

pub(crate) fn tests() -> Vec<Trial> {
    let mut trials = copy::tests();
    trials.extend(unchanged::tests());
    trials
}
