//! An arm's own directories besides its target directory: build directory, home, temporary files, cargo
//! home, and the store of a compiler cache. All but the store are empty when a workload starts from nothing.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use super::RunError;
use crate::build::{BuildDirs, BuildRequest};
use crate::corpus::sources;
use crate::host;

/// The parts of a cargo home that are shared.
const SHARED: [&str; 2] = ["registry", "git"];
/// Cargo's own records in its home: last use, and locks. A build in a home without them takes longer than in
/// any home that is in use.
const CARGO_FILES: [&str; 3] = [".global-cache", ".package-cache", ".package-cache-mutate"];
const CONFIG: &str = "config.toml";

fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> RunError {
    let path = path.to_owned();
    move |source| RunError::Io { action, path, source }
}

pub(super) fn make(dir: &Path) -> Result<(), RunError> {
    std::fs::create_dir_all(dir).map_err(|source| RunError::Io {
        action: "make",
        path: dir.to_owned(),
        source,
    })
}

/// Creates the directories of an arm. `building` is the cargo home from which those of all arms are derived.
pub(super) fn create_dirs(dirs: &BuildDirs, request: &BuildRequest, building: &Path) -> Result<(), RunError> {
    for dir in [&dirs.home, &dirs.tmp, &dirs.cargo_home] {
        make(dir)?;
    }
    let of_cargo = (building.join(CARGO_FILES[0]), dirs.cargo_home.join(CARGO_FILES[0]));
    if of_cargo.0.is_file() && !of_cargo.1.exists() {
        fs::copy(&of_cargo.0, &of_cargo.1).map_err(failed("copy", &of_cargo.0))?;
    }
    Ok(sources::write_cargo_home(&dirs.cargo_home, building, request.home_config.as_deref())?)
}

/// Empties the directories of an arm, as they are before any build. The store of a compiler cache is kept.
pub(super) fn empty(dirs: &BuildDirs) -> Result<(), RunError> {
    host::remove_tree(&dirs.target)?;
    host::remove_tree(&dirs.build_dir)?;
    for dir in [&dirs.home, &dirs.tmp] {
        for entry in entries(dir)? {
            host::remove_tree(&entry)?;
        }
        make(dir)?;
    }
    remove_all_but(&dirs.cargo_home, &expected_in_cargo_home())
}

fn remove_all_but(dir: &Path, kept: &[&str]) -> Result<(), RunError> {
    for entry in entries(dir)? {
        if !entry.file_name().is_some_and(|name| kept.iter().any(|kept| name == *kept)) {
            host::remove_tree(&entry)?;
        }
    }
    Ok(())
}

fn entries(dir: &Path) -> Result<Vec<PathBuf>, RunError> {
    let listed = match fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        listed => listed.map_err(failed("read", dir))?,
    };
    listed.map(|entry| Ok(entry.map_err(failed("read", dir))?.path())).collect()
}

/// Files that builds have left in a directory: the first few as relative paths, sorted, and their number. At
/// most `MOST` are counted.
pub(super) fn leftovers(dir: &Path) -> Result<(Vec<String>, usize), RunError> {
    files_below(entries(dir)?, dir)
}

/// Same as [`leftovers`], for the cargo home of an arm and without the expected entries.
pub(super) fn leftovers_in_cargo_home(dir: &Path) -> Result<(Vec<String>, usize), RunError> {
    let known = expected_in_cargo_home();
    let is_known = |path: &PathBuf| path.file_name().is_some_and(|name| known.iter().any(|k| name == *k));
    files_below(entries(dir)?.into_iter().filter(|path| !is_known(path)).collect(), dir)
}

fn files_below(mut waiting: Vec<PathBuf>, base: &Path) -> Result<(Vec<String>, usize), RunError> {
    const SHOWN: usize = 3;
    const MOST: usize = 10_000;
    let mut files = Vec::new();
    while let Some(path) = waiting.pop() {
        if path.is_dir() && !path.is_symlink() {
            waiting.extend(entries(&path)?);
        } else if files.len() < MOST {
            files.push(path.strip_prefix(base).unwrap_or(&path).display().to_string());
        }
    }
    files.sort();
    let count = files.len();
    files.truncate(SHOWN);
    Ok((files, count))
}

fn expected_in_cargo_home() -> Vec<&'static str> {
    [&SHARED[..], &CARGO_FILES, &[CONFIG]].concat()
}

/// Copies a directory with the modification times of its files; links are copied as links.
pub(super) fn copy_tree(from: &Path, to: &Path) -> Result<(), RunError> {
    make(to)?;
    for entry in entries(from)? {
        let into = to.join(entry.file_name().unwrap_or_default());
        if entry.is_symlink() {
            let target = fs::read_link(&entry).map_err(failed("read", &entry))?;
            symlink(target, &into).map_err(failed("make", &into))?;
            continue;
        }
        let metadata = fs::symlink_metadata(&entry).map_err(failed("read", &entry))?;
        if metadata.is_dir() {
            copy_tree(&entry, &into)?;
        } else if metadata.is_file() {
            fs::copy(&entry, &into).map_err(failed("copy", &entry))?;
        } else {
            continue;
        }
        super::worktree::set_modified(&into, metadata.modified().map_err(failed("read", &entry))?)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dirs(dir: &Path) -> BuildDirs {
        let of = |name: &str| dir.join(name);
        BuildDirs {
            source: of("s00"),
            target: of("t00"),
            build_dir: of("b00"),
            home: of("h00"),
            tmp: of("p00"),
            service: of("v00"),
            cargo_home: of("c00"),
            edit: 0,
        }
    }

    #[test]
    fn nothing_of_a_build_is_left_but_what_cargo_notes_for_itself() {
        let dir = tempfile::tempdir().unwrap();
        let (building, dirs) = (dir.path().join("building"), dirs(dir.path()));
        fs::create_dir_all(building.join("registry")).unwrap();
        fs::write(building.join("registry/crate"), "").unwrap();
        fs::write(building.join("config.toml"), "").unwrap();
        create_dirs(&dirs, &BuildRequest::default(), &building).unwrap();
        for file in
            ["t00/a", "b00/a", "h00/.cache/x/y", "p00/a", "c00/bin/tool", "c00/.global-cache", "v00/store/a"]
        {
            let file = dir.path().join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "").unwrap();
        }
        assert_eq!(leftovers(&dirs.home).unwrap(), (vec![".cache/x/y".to_owned()], 1));
        assert_eq!(leftovers_in_cargo_home(&dirs.cargo_home).unwrap(), (vec!["bin/tool".to_owned()], 1));
        empty(&dirs).unwrap();
        let there = |name: &str| dir.path().join(name).exists();
        assert!(["t00", "b00", "h00/.cache", "p00/a", "c00/bin"].iter().all(|name| !there(name)));
        let kept =
            ["h00", "p00", "c00/.global-cache", "c00/config.toml", "c00/registry/crate", "v00/store/a"];
        assert!(kept[..3].iter().chain(&kept[4..]).all(|name| there(name)));
    }
}
