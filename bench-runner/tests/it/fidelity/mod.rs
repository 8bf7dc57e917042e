//! People's own projects: layouts and settings from public reports, rebuilt small. What the program says of them is what
//! cargo does.

mod evidence;

use libtest_mimic::Trial;

pub(crate) fn tests() -> Vec<Trial> {
    evidence::tests()
}
