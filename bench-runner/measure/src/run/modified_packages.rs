//! Files that build scripts of dependencies write among their own sources, which all builds share. Cargo
//! marks a package as unpacked when it is complete, so a file that is newer than the mark was written by a
//! build.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// Cargo's mark.
const MARK: &str = ".cargo-ok";

/// A package that builds have modified.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ModifiedPackage {
    /// The directory of the unpacked package.
    pub(super) dir: PathBuf,
    /// The modified files, as relative paths, sorted.
    pub(super) files: Vec<String>,
}

/// The modified packages among those with build scripts that cargo has named in `stdout`.
pub(super) fn modified_packages(stdout: &str) -> Vec<ModifiedPackage> {
    let mut dirs: Vec<PathBuf> = stdout.lines().filter_map(script_of).collect();
    dirs.sort();
    dirs.dedup();
    dirs.into_iter().filter_map(written_into).collect()
}

/// The unpacked directory of the package of a build script.
fn script_of(line: &str) -> Option<PathBuf> {
    let message: Value = serde_json::from_str(line).ok()?;
    let is_script =
        message["reason"] == "compiler-artifact" && message["target"]["kind"][0] == "custom-build";
    let manifest = Path::new(message["manifest_path"].as_str().filter(|_| is_script)?);
    // In a repository of several packages the mark is in a directory above.
    manifest.ancestors().skip(1).take(5).find(|dir| dir.join(MARK).is_file()).map(Path::to_path_buf)
}

fn written_into(dir: PathBuf) -> Option<ModifiedPackage> {
    let changed = |path: &Path| fs::symlink_metadata(path).ok().map(|meta| (meta.ctime(), meta.ctime_nsec()));
    let unpacked = changed(&dir.join(MARK))?;
    let (mut files, mut waiting) = (Vec::new(), vec![dir.clone()]);
    while let Some(next) = waiting.pop() {
        for entry in fs::read_dir(&next).ok()?.flatten() {
            let path = entry.path();
            let is_dir = entry.file_type().is_ok_and(|kind| kind.is_dir());
            if is_dir && entry.file_name() != ".git" {
                waiting.push(path);
            } else if !is_dir && changed(&path).is_some_and(|changed| changed > unpacked) {
                files.push(path.strip_prefix(&dir).unwrap_or(&path).display().to_string());
            }
        }
    }
    files.sort();
    (!files.is_empty()).then_some(ModifiedPackage { dir, files })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_after_a_package_was_unpacked_was_written_by_a_build() {
        let dir = tempfile::tempdir().unwrap();
        let package = dir.path().join("registry/src/x/sys-1.0.0");
        let script = |kind: &str| {
            let manifest = package.join("Cargo.toml");
            serde_json::json!({
                "reason": "compiler-artifact", "target": {"kind": [kind]}, "manifest_path": manifest,
            })
            .to_string()
        };
        fs::create_dir_all(package.join("c")).unwrap();
        ["Cargo.toml", "c/a.c", MARK].iter().for_each(|name| fs::write(package.join(name), "").unwrap());
        assert_eq!(modified_packages(&script("custom-build")), []);
        std::thread::sleep(std::time::Duration::from_millis(20));
        ["c/a.o", "c/a.c"].iter().for_each(|name| fs::write(package.join(name), "x").unwrap());
        let found = modified_packages(&format!("{}\n{}", script("custom-build"), script("custom-build")));
        let files = vec!["c/a.c".to_owned(), "c/a.o".to_owned()];
        assert_eq!(found, [ModifiedPackage { dir: package.clone(), files }]);
        assert_eq!(modified_packages(&script("lib")), [], "what has no build script writes nothing");
    }
}
