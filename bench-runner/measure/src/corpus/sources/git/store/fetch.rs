//! Fetches into a repository of the cache, with the user's own git.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::time::Duration;

use git2::{Oid, Repository};

use crate::corpus::sources::error::SourceError;
use crate::corpus::sources::git::cli;
use crate::corpus::urls::shell_word;
use crate::process::ToolError;

/// A fetch that takes longer has hung.
const TIMEOUT: Duration = Duration::from_secs(60 * 60);

/// Settings that keep git from losing fetched objects and from running hooks or maintenance.
const SETTINGS: [&str; 6] = [
    "gc.auto=0",
    "maintenance.auto=false",
    "core.hooksPath=/dev/null",
    "init.defaultRefFormat=files",
    // Packs rather than single files: fewer files to be lost.
    "fetch.unpackLimit=1",
    "fetch.writeCommitGraph=false",
];

/// Messages of servers and transports that do not support fetching single commits.
const NO_SINGLE_COMMITS: [&str; 4] = ["unadvertised object", "not valid", "shallow", "dumb http"];
/// Messages of a server that supports single commits and does not have this one.
const NO_SUCH_COMMIT: [&str; 2] = ["not our ref", "couldn't find remote ref"];

pub(crate) struct FetchRequest<'a> {
    pub(crate) url: &'a str,
    /// A full commit.
    pub(crate) rev: &'a str,
    /// Number of commits of its history, including `rev`.
    pub(crate) depth: usize,
}

/// The reference that a commit is fetched under.
pub(crate) fn pin_ref(rev: &str) -> String {
    format!("refs/pins/{rev}")
}

/// Fetches into the repository in `store`, which is created if it does not exist.
pub(crate) fn into(store: &Path, wanted: &FetchRequest<'_>) -> Result<(), SourceError> {
    let failed =
        |error| SourceError::Git { what: format!("the commit {} of {}", wanted.rev, wanted.url), error };
    if store.exists() {
        clear_leftovers(store);
    } else {
        let args = ["init", "--quiet", "--bare", "--template=", "--object-format=sha1", "--"];
        let args = args.map(OsString::from).into_iter().chain([store.as_os_str().to_owned()]);
        git(store.parent().unwrap_or(store), args).map_err(failed)?;
    }
    let refspec = format!("+{}:{}", wanted.rev, pin_ref(wanted.rev));
    let depth = format!("--depth={}", wanted.depth);
    let Err(error) = fetch(store, &[&depth, "--", wanted.url, &refspec]) else { return Ok(()) };
    let said = match &error {
        ToolError::Failed { last_lines, .. } => last_lines.to_lowercase(),
        _ => return Err(failed(error)),
    };
    if NO_SUCH_COMMIT.iter().any(|sign| said.contains(sign)) {
        return Err(no_such_commit(wanted));
    }
    if !NO_SINGLE_COMMITS.iter().any(|sign| said.contains(sign)) {
        return Err(failed(error));
    }
    fetch_everything(store, wanted).map_err(failed)
}

/// Fetches all branches and tags with all of their history.
fn fetch_everything(store: &Path, wanted: &FetchRequest<'_>) -> Result<(), ToolError> {
    let refs = ["--", wanted.url, "+refs/heads/*:refs/remote/heads/*", "+refs/tags/*:refs/remote/tags/*"];
    // In a complete repository git refuses `--unshallow`. A repository that is shallow at its origin is
    // accepted as it is.
    let uncut: &[&str] = if store.join("shallow").exists() { &["--unshallow"] } else { &[] };
    fetch(store, &[&["--update-shallow"], uncut, refs.as_slice()].concat())?;
    if let (Ok(repo), Ok(id)) = (Repository::open_bare(store), Oid::from_str(wanted.rev))
        && repo.find_commit(id).is_ok()
    {
        // It only keeps the commit from being garbage-collected; readers check that it is there.
        let _ = repo.reference(&pin_ref(wanted.rev), id, true, "");
    }
    Ok(())
}

/// The error for a commit that the repository does not have.
pub(crate) fn no_such_commit(wanted: &FetchRequest<'_>) -> SourceError {
    SourceError::Commit {
        url: wanted.url.to_owned(),
        rev: wanted.rev.to_owned(),
        reason: "the repository has no such commit".to_owned(),
        help: format!(
            "`git ls-remote {}` lists its branches and tags with their commits",
            shell_word(wanted.url)
        ),
    }
}

fn fetch(store: &Path, more: &[&str]) -> Result<(), ToolError> {
    // By name: with a damaged repository git would look for one above it, which belongs to somebody else.
    let args = [
        "--git-dir=.",
        "fetch",
        "--quiet",
        "--no-tags",
        "--no-prune",
        "--no-recurse-submodules",
        "--no-write-fetch-head",
    ];
    git(store, args.iter().chain(more).map(OsString::from))
}

fn git(cwd: &Path, args: impl IntoIterator<Item = OsString>) -> Result<(), ToolError> {
    let settings = SETTINGS.iter().flat_map(|setting| ["-c", *setting]).map(OsString::from);
    cli::call(cwd, settings.chain(args), TIMEOUT).map(drop)
}

/// Removes lock files and partial packs of a killed git: no other process can be at work here.
fn clear_leftovers(store: &Path) {
    for name in ["shallow.lock", "packed-refs.lock", "config.lock", "HEAD.lock"] {
        let _ = fs::remove_file(store.join(name));
    }
    for (dir, leftover) in [("refs/pins", ".lock"), ("objects/pack", "tmp_")] {
        for entry in fs::read_dir(store.join(dir)).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.ends_with(leftover) || name.starts_with(leftover) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}
