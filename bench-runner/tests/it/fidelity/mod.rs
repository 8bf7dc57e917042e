//! People's own projects: what is measured is what their cargo builds, or it is said what differs. One file for each
//! class of input.

mod format;

use libtest_mimic::Trial;

pub(crate) fn tests() -> Vec<Trial> {
    format::tests()
}
