//! State of a directory in git: tracked, untracked and ignored files, and changes.
//!
//! git itself is asked, not a library: it opens every repository that the user works with (relative work
//! trees, reftables, sparse indexes, other owners, partial clones), with the user's ignore rules and
//! `safe.directory`.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::process::ToolError;

use crate::corpus::sources::git::cli;

/// Mode of an index entry that is a submodule.
const SUBMODULE: &[u8] = b"160000 ";

/// Deepest nesting of repositories.
const DEEPEST: usize = 16;

/// A directory in the work tree of a git repository. Paths are relative to the directory.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct GitTree {
    /// The checked out commit; `None` if there is none yet.
    pub(crate) head: Option<String>,
    /// True if a tracked file differs from that commit.
    pub(crate) changed: bool,
    /// The files in the index, and in the indexes of its submodules.
    pub(crate) tracked: BTreeSet<PathBuf>,
    /// Files that are neither tracked nor ignored.
    pub(crate) untracked: Vec<PathBuf>,
    /// Paths ignored by git's rules: single files, and whole directories.
    pub(crate) ignored: Vec<IgnoredPath>,
    /// Files in Git LFS: commits have pointers in their place.
    pub(crate) lfs_files: Vec<PathBuf>,
    /// Repositories within this one that git could not read, each with the reason.
    pub(crate) unreadable: Vec<(PathBuf, String)>,
}

/// A path that git ignores.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct IgnoredPath {
    pub(crate) path: PathBuf,
    /// True if it is a directory, of which nothing is tracked.
    pub(crate) is_dir: bool,
}

/// The work tree of `dir`, a path without links; `None` if it is in none. The error is git's reason, as text.
pub(crate) fn work_tree(dir: &Path) -> Result<Option<PathBuf>, String> {
    if !dir.ancestors().any(|above| above.join(".git").symlink_metadata().is_ok()) {
        return Ok(None);
    }
    match cli::ask(dir, &["rev-parse", "--show-toplevel"]) {
        Ok(said) => Ok(Some(PathBuf::from(OsStr::from_bytes(said.trim_ascii_end())))),
        Err(error) if means_no_work_tree(&error) => Ok(None),
        Err(error) => Err(cli::reason(&error)),
    }
}

/// True if git's error says that there is no work tree.
fn means_no_work_tree(error: &ToolError) -> bool {
    const SIGNS: [&str; 2] = ["not a git repository (or any", "must be run in a work tree"];
    matches!(error, ToolError::Failed { last_lines, .. } if SIGNS.iter().any(|sign| last_lines.contains(sign)))
}

/// State of `dir`, a path without links; `None` if it is in no work tree, or ignored as a whole: a project in
/// an ignored directory of another project is a separate one.
pub(crate) fn open(dir: &Path) -> Result<Option<GitTree>, String> {
    let Some(top) = work_tree(dir)? else { return Ok(None) };
    let Ok(below) = dir.strip_prefix(&top) else { return Ok(None) };
    let mut tree = GitTree::default();
    tree.list(dir, below, Path::new(""), 0)?;
    tree.lfs_files = lfs_files(dir, &tree.tracked)?;
    let whole = |ignored: &IgnoredPath| ignored.is_dir && ignored.path == Path::new("");
    Ok((!tree.ignored.iter().any(whole)).then_some(tree))
}

fn lfs_files(dir: &Path, tracked: &BTreeSet<PathBuf>) -> Result<Vec<PathBuf>, String> {
    let mut attributes = tracked.iter().filter(|path| path.ends_with(".gitattributes"));
    let name_it = |path: &PathBuf| {
        std::fs::read_to_string(dir.join(path)).is_ok_and(|text| text.contains("filter=lfs"))
    };
    if !attributes.any(name_it) {
        return Ok(Vec::new());
    }
    let said = cli::ask(dir, &["ls-files", "-z", "--", ":(attr:filter=lfs)"]);
    let said = said.map_err(|error| cli::reason(&error))?;
    let paths = said.split(|byte| *byte == 0).filter(|path| !path.is_empty());
    Ok(paths.map(|path| PathBuf::from(OsStr::from_bytes(path))).collect())
}

impl GitTree {
    /// The state of the directory in words: its commit, and whether it has changes. `left_out` are paths that
    /// do not count.
    pub(crate) fn notes(&self, left_out: impl Fn(&Path) -> bool) -> Vec<String> {
        let head = self.head.as_ref().map(|head| format!("HEAD is {head}"));
        let mut notes = vec![head.unwrap_or_else(|| "nothing has been committed yet".to_owned())];
        if self.changed || self.untracked.iter().any(|path| !left_out(path)) {
            notes.push("uncommitted changes".to_owned());
        }
        if let Some(first) = self.lfs_files.first() {
            let count = self.lfs_files.len();
            notes.push(format!(
                "Git LFS keeps {count} files, such as {}: commits (`rev`, `replay`) have pointers in their place",
                first.display()
            ));
        }
        notes
    }

    /// Adds the files of `dir`, which is `below` the root of its repository and `at` from the start of all
    /// paths.
    fn list(&mut self, dir: &Path, below: &Path, at: &Path, depth: usize) -> Result<(), String> {
        let ask = |args: &[&str]| cli::ask(dir, args).map_err(|error| cli::reason(&error));
        let index = ask(&["ls-files", "-z", "--stage"])?;
        let status = ask(&[
            "status",
            "--porcelain=v2",
            "--branch",
            "-z",
            "--untracked-files=all",
            "--ignored=matching",
            "--ignore-submodules=all",
            "--no-renames",
            "--",
            ".",
        ])?;
        let mut within = Vec::new();
        for entry in index.split(|byte| *byte == 0).filter(|entry| !entry.is_empty()) {
            let Some(tab) = entry.iter().position(|byte| *byte == b'\t') else { continue };
            let path = PathBuf::from(OsStr::from_bytes(&entry[tab + 1..]));
            if entry.starts_with(SUBMODULE) {
                within.push(path);
            } else {
                self.tracked.insert(at.join(path));
            }
        }
        for entry in status.split(|byte| *byte == 0).filter(|entry| !entry.is_empty()) {
            let Some((mark, rest)) = entry.split_at_checked(2) else { continue };
            match mark {
                b"# " if depth == 0 => {
                    let head = rest.strip_prefix(b"branch.oid ").filter(|id| *id != b"(initial)");
                    self.head = head.map(|id| String::from_utf8_lossy(id).into_owned()).or(self.head.take());
                }
                b"? " | b"! " => self.add_other(mark == b"! ", rest, below, at, &mut within),
                b"# " => {}
                _ => self.changed |= depth == 0,
            }
        }
        for inner in within {
            self.enter(dir, &inner, at, depth)?;
        }
        Ok(())
    }

    /// Adds a path that is not tracked, as git prints it: from the root of the repository, with `/` after a
    /// directory.
    fn add_other(&mut self, ignored: bool, name: &[u8], below: &Path, at: &Path, within: &mut Vec<PathBuf>) {
        let is_dir = name.ends_with(b"/");
        let named = Path::new(OsStr::from_bytes(name));
        let path = match named.strip_prefix(below) {
            Ok(path) => path.to_owned(),
            // A directory that contains `dir` itself.
            Err(_) if is_dir && below.starts_with(named) => PathBuf::new(),
            Err(_) => return,
        };
        match (ignored, is_dir) {
            (true, _) => self.ignored.push(IgnoredPath { path: at.join(path), is_dir }),
            (false, true) => within.push(path),
            (false, false) => self.untracked.push(at.join(path)),
        }
    }

    /// Adds the files of a repository within this one: a submodule, or one that git does not know about.
    fn enter(&mut self, dir: &Path, inner: &Path, at: &Path, depth: usize) -> Result<(), String> {
        let (dir, at) = (dir.join(inner), at.join(inner));
        if dir.join(".git").symlink_metadata().is_err() {
            return Ok(());
        }
        if depth >= DEEPEST {
            return Err(format!("{} has no end of repositories within it", dir.display()));
        }
        if let Err(reason) = self.list(&dir, Path::new(""), &at, depth + 1) {
            self.unreadable.push((at, reason));
        }
        Ok(())
    }
}
