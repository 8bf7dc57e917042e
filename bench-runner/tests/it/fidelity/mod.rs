//! Builds of people's own projects are those of their own cargo, or it is said what differs. Each trial is one class of
//! what real projects did.

mod configuration;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use libtest_mimic::Trial;

pub(crate) fn tests() -> Vec<Trial> {
    configuration::tests()
}

/// What lies in a directory: each file with its contents and each link with its target.
fn tree(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    let mut left = vec![dir.to_path_buf()];
    while let Some(path) = left.pop() {
        if path.is_symlink() {
            let target = std::fs::read_link(&path).expect("a link");
            all.insert(path, target.into_os_string().into_encoded_bytes());
        } else if path.is_dir() {
            left.extend(crate::lab::entries(&path));
        } else {
            let content = std::fs::read(&path).expect("a file");
            all.insert(path, content);
        }
    }
    all
}
