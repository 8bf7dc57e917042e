//! An edit for a project that names none: a statement at the start of its `main`, or of a public function.

use std::path::{Path, PathBuf};

use super::text::occurrences;
use crate::corpus::manifest::{Edit, EditClass};

/// What a suggested edit puts in: a value that the optimiser must take for used.
const INSERT: &str = " std::hint::black_box({n}u64);";

/// A body edit that fits the cargo project in `root`, where one can be found.
///
/// Looks for a function that starts on a line of its own: `main` of the root package or of the first member
/// below it, then a public function of a library.
pub fn suggest(root: &Path) -> Option<Edit> {
    let packages = packages(root);
    let mains = packages.iter().map(|package| (package.join("src/main.rs"), is_main as fn(&str) -> bool));
    let libs = packages.iter().map(|package| (package.join("src/lib.rs"), is_public_function as _));
    mains.chain(libs).find_map(|(file, fits)| {
        let text = std::fs::read_to_string(root.join(&file)).ok()?;
        let anchor = text.lines().find(|line| fits(line) && occurrences(&text, line).0 == 1)?.to_owned();
        Some(Edit { name: "suggested".into(), class: EditClass::Body, file, anchor, insert: INSERT.into() })
    })
}

/// The root itself, and the directories one and two levels below it that hold a `Cargo.toml`, in order.
fn packages(root: &Path) -> Vec<PathBuf> {
    let mut found = vec![PathBuf::new()];
    let first = directories(root, Path::new(""));
    let second: Vec<PathBuf> = first.iter().flat_map(|dir| directories(root, dir)).collect();
    let members = first.into_iter().chain(second);
    found.extend(members.filter(|dir| root.join(dir).join("Cargo.toml").is_file()));
    found
}

fn directories(root: &Path, below: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root.join(below)).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| entry.file_name())
        .filter(|name| name != "target" && !name.to_string_lossy().starts_with('.'))
        .map(|name| below.join(name))
        .collect();
    found.sort();
    found
}

fn is_main(line: &str) -> bool {
    line.starts_with("fn main()") && line.ends_with('{')
}

fn is_public_function(line: &str) -> bool {
    line.starts_with("pub fn ") && line.ends_with('{')
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn project(files: &[(&str, &str)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        dir
    }

    #[test]
    fn main_comes_before_libraries_and_members_are_found() {
        let main = ("src/main.rs", "use x;\nfn main() -> Result<()> {\n    Ok(())\n}\n");
        let lib = ("src/lib.rs", "pub fn go() {\n}\n");
        let edit = suggest(project(&[main, lib]).path()).unwrap();
        assert_eq!(
            (edit.file.to_str(), &edit.anchor[..]),
            (Some("src/main.rs"), "fn main() -> Result<()> {")
        );
        let edit = suggest(project(&[lib]).path()).unwrap();
        assert_eq!((edit.file.to_str(), &edit.anchor[..]), (Some("src/lib.rs"), "pub fn go() {"));
        let member =
            [("crates/b/Cargo.toml", ""), ("crates/b/src/main.rs", main.1), ("a/src/main.rs", main.1)];
        assert_eq!(suggest(project(&member).path()).unwrap().file.to_str(), Some("crates/b/src/main.rs"));
    }

    #[test]
    fn an_anchor_that_is_not_unique_is_passed_over() {
        let twice = "#[cfg(a)]\nfn main() {\n}\n#[cfg(b)]\nfn main() {\n}\n";
        assert!(suggest(project(&[("src/main.rs", twice)]).path()).is_none());
        assert!(suggest(project(&[("src/main.rs", "fn main() {}\n")]).path()).is_none());
    }
}
