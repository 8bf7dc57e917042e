//! Files other than results that rustc leaves in cargo's directories: split debug info and incremental state.
//! They are looked up in the directories of the compiler calls: one directory per profile, or one per unit in
//! the newer layout.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::build::{Artifact, BuildPart, CompilerCall, Leftovers};

/// Counts leftovers of the project itself, in a build that showed its compiler calls.
pub(super) fn leftovers(calls: &[CompilerCall], artifacts: &[Artifact]) -> Leftovers {
    let own = || calls.iter().filter(|call| call.part == BuildPart::Own);
    let linked: BTreeSet<PathBuf> = own().flat_map(CompilerCall::links).collect();
    let named = calls.iter().flat_map(|call| &call.args);
    let named = named.filter_map(|arg| arg.strip_prefix("incremental=").map(PathBuf::from));
    let files = artifacts.iter().filter(|artifact| artifact.own).flat_map(|artifact| &artifact.files);
    let beside = files.filter_map(|file| Some(profile_directory(file.parent()?).join("incremental")));
    let directories: BTreeSet<PathBuf> =
        if calls.is_empty() { BTreeSet::new() } else { named.chain(beside).collect() };
    Leftovers {
        packed: linked.iter().filter(|file| dwp_candidates(file).any(|package| package.is_file())).count(),
        unpacked: own().flat_map(dwo_files).collect::<BTreeSet<_>>().len(),
        incremental: directories.iter().flat_map(|dir| entries(dir)).filter(|path| path.is_dir()).count(),
    }
}

/// Directory of the profile, which contains `deps` and `incremental`.
fn profile_directory(dir: &Path) -> PathBuf {
    let inner = dir.file_name().is_some_and(|name| name == "deps" || name == "examples");
    if inner { dir.parent().unwrap_or(dir).to_owned() } else { dir.to_owned() }
}

/// Possible paths of the packed debug info of a linked file; for libraries they depend on the version of
/// rustc.
fn dwp_candidates(linked: &Path) -> impl Iterator<Item = PathBuf> {
    let mut added = linked.as_os_str().to_owned();
    added.push(".dwp");
    let library = linked.extension().is_some_and(|extension| extension == "so");
    [PathBuf::from(added)].into_iter().chain(library.then(|| linked.with_extension("dwp")))
}

/// Debug info files (`.dwo`) of a call.
fn dwo_files(call: &CompilerCall) -> Vec<PathBuf> {
    let Some(out) = call.out_dir() else { return Vec::new() };
    let start = format!("{}.", call.stem());
    let is_of_call = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with(&start) && name.ends_with(".dwo")
    };
    entries(out).filter(is_of_call).collect()
}

fn entries(dir: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    std::fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Leftovers of a program and a library whose calls have these output directories.
    fn sample_leftovers(target: &Path, app: &str, lib: &str, files: &[&str]) -> Leftovers {
        let debug = target.join("debug");
        for name in files {
            let path = debug.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        let call = |name: &str, kind: &str, out: &str| {
            let out = debug.join(out);
            let line = format!(
                "rustc --crate-name {name} --crate-type {kind} -C extra-filename=-1 --out-dir {} -C incremental={}",
                out.display(),
                debug.join("incremental").display()
            );
            let args = line.split(' ').map(str::to_owned).collect();
            CompilerCall { name: name.into(), part: BuildPart::Own, unit: None, args }
        };
        leftovers(&[call("my_tool", "bin", app), call("p", "lib", lib)], &[])
    }

    #[test]
    fn files_are_found_in_either_layout() {
        for (app, lib) in [("deps", "deps"), ("build/my-tool/1/out", "build/p/1/out")] {
            let target = tempfile::tempdir().unwrap();
            let left = |files: &[&str]| sample_leftovers(target.path(), app, lib, files);
            assert_eq!(left(&[&format!("{app}/my_tool-1")]), Leftovers::default());
            let files = [
                format!("{app}/my_tool-1.dwp"),
                format!("{app}/my_tool-1.abc.dwo"),
                format!("{lib}/p-1.abc.dwo"),
                format!("{lib}/other-2.abc.dwo"),
                "incremental/p-1/s-x/abc.dwo".to_owned(),
            ];
            let files: Vec<&str> = files.iter().map(String::as_str).collect();
            assert_eq!(left(&files), Leftovers { packed: 1, unpacked: 2, incremental: 1 }, "{app}");
        }
    }
}
