//! Planning, running and adding never write to the user's tree and homes.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use bench_runner_core::record::hex;
use sha2::{Digest, Sha256};

use super::setup::{git, package};
use crate::lab::{Lab, entries};

trials! { "fidelity::unchanged";
    the_users_tree_and_homes_are_only_read,
}

/// The contents of a directory: for each path its kind, and for files their mode, time and content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Contents(BTreeMap<PathBuf, String>);

impl Contents {
    /// The contents of `dir`, without everything below a path for which `left_out` is true.
    pub(crate) fn of(dir: &Path, left_out: &dyn Fn(&Path) -> bool) -> Self {
        let mut found = BTreeMap::new();
        let mut left = vec![dir.to_owned()];
        while let Some(path) = left.pop() {
            if left_out(&path) {
                continue;
            }
            let Ok(metadata) = fs::symlink_metadata(&path) else { continue };
            let what = if metadata.is_dir() {
                left.extend(entries(&path));
                "directory".to_owned()
            } else if metadata.is_symlink() {
                format!("link to {}", fs::read_link(&path).expect("a link").display())
            } else if metadata.is_file() {
                let content = Sha256::digest(fs::read(&path).expect("a file"));
                let (time, mode) = ((metadata.mtime(), metadata.mtime_nsec()), metadata.permissions().mode());
                // git updates the time of a pack that is still in use when it expands a sparse index.
                let time =
                    Some(time).filter(|_| path.extension().is_none_or(|extension| extension != "pack"));
                format!("{mode:o} {time:?} {}", hex(&content))
            } else {
                "special".to_owned()
            };
            found.insert(path.strip_prefix(dir).unwrap_or(&path).to_owned(), what);
        }
        Self(found)
    }

    /// Asserts that the same directory has the same contents later.
    pub(crate) fn expect_same(&self, later: &Self, when: &str) {
        let paths = self.0.keys().chain(later.0.keys());
        let differing: Vec<&PathBuf> = paths.filter(|path| self.0.get(*path) != later.0.get(*path)).collect();
        assert!(differing.is_empty(), "{when}: {differing:?} changed");
    }
}

/// The lab's home, its cargo home, rustup's home without the contents of its toolchains, and the project.
fn all(lab: &Lab) -> Contents {
    let mut all = BTreeMap::new();
    let mut add = |name: &str, contents: Contents| {
        all.extend(contents.0.into_iter().map(|(path, what)| (Path::new(name).join(path), what)));
    };
    for name in ["home", "cargo-home", "repo"] {
        add(name, Contents::of(&lab.path(name), &|_| false));
    }
    let rustup = std::env::var_os("RUSTUP_HOME").map(PathBuf::from);
    let rustup =
        rustup.unwrap_or_else(|| PathBuf::from(std::env::var_os("HOME").expect("a home")).join(".rustup"));
    let deep = |path: &Path| path.strip_prefix(&rustup).is_ok_and(|below| below.components().count() > 2);
    add("rustup", Contents::of(&rustup, &deep));
    Contents(all)
}

fn the_users_tree_and_homes_are_only_read() {
    let lab = Lab::new();
    lab.write("cargo-home/config.toml", "[build]\nrustflags = [\"--cfg\", \"users_own\"]\n");
    lab.write("home/.gitconfig", "[core]\n\tfsmonitor = true\n\tuntrackedCache = true\n");
    lab.write("repo/own/Cargo.toml", &package("own", "[dependencies]\nlow = { path = \"../low\" }\n"));
    lab.write("repo/own/src/main.rs", "fn main() {\n    println!(\"{}\", low::three());\n}\n");
    lab.write("repo/own/.env", "SECRET=1\n");
    lab.write("repo/low/Cargo.toml", &package("low", ""));
    lab.write("repo/low/src/lib.rs", "pub fn three() -> u64 {\n    3\n}\n");
    lab.write("repo/.gitignore", ".env\n");
    git(&lab, "repo", &["init", "--quiet"]);
    git(&lab, "repo", &["add", "--all"]);
    git(&lab, "repo", &["commit", "--quiet", "--message=one"]);
    // git would now write refreshed entries into its index.
    let main = lab.path("repo/own/src/main.rs");
    let text = fs::read(&main).expect("the file");
    fs::write(&main, text).expect("the file");
    let before = all(&lab);
    let args = ["--project", "../repo/own", "--axis", "profile=dev,release", "--rounds", "1"];
    for (verb, more) in [("plan", &args[..]), ("run", &args[..]), ("corpus", &["add", "../repo/own"])] {
        let mut command = lab.command(&[&[verb], more].concat());
        let ran: crate::lab::ProgramRun =
            command.env("CARGO_HOME", lab.path("cargo-home")).output().expect("the program").into();
        ran.expect(0);
        before.expect_same(&all(&lab), verb);
    }
}
