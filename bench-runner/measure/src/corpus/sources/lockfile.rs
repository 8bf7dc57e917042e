//! The lock file of a source that comes without one. Builds are `--locked`, so each needs one.
//!
//! Usually its text is in the project's manifest, which pins it. For a local project without one, cargo makes
//! one in a copy, and nothing is written into the user's own tree. The result depends on the day. So that two
//! runs of the same manifests build the same dependencies, it is kept in the cache for these manifests; the
//! project's own Cargo.lock, once there is one, takes its place.
//!
//! A commit without one gets that of the project as it is now, which cargo changes where it does not fit: an older commit has
//! another version, and maybe other dependencies. All other packages stay, so that commits differ in as little as possible.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use bench_runner_core::record::{hex, short_hash};
use sha2::{Digest, Sha256};

use super::cached_tree;
use super::checkout::check_out;
use super::context::FetchContext;
use super::error::SourceError;
use super::ignored_files;
use super::kind::SourceRequest;
use super::pinned::Pinned;
use super::tree::{self, FileKind, TreeFile};
use super::user_cargo::cargo;

/// The source with the lock file of the manifest added, if the manifest has one.
pub(super) fn add_stated(
    pinned: Pinned,
    request: &SourceRequest<'_>,
    with: &FetchContext,
) -> Result<Pinned, SourceError> {
    let Some(lock) = request.lock else { return Ok(pinned) };
    let path = pinned.root.join("Cargo.lock");
    if pinned.files.iter().any(|file| file.path == path) {
        let present = fs::read_to_string(pinned.tree.join(&path)).unwrap_or_default();
        if present == lock {
            return Ok(pinned);
        }
        return Err(SourceError::Parameters {
            project: request.project.to_owned(),
            reason: format!("the `lock` in {} is not the Cargo.lock that the source has", request.manifest),
            help: "leave `lock` out: the source's own is used".to_owned(),
        });
    }
    with_lock(pinned, &path, lock, with)
}

/// Remark about a commit whose lock file was made from another one.
const NOTE_OF_FIT: &str = "it has no Cargo.lock; in the copy it has that of the project as it is now, which cargo changed where it does not fit";

/// The source of one commit with its own lock file; if it has none, with that of the manifest, or with the
/// one in the user's own tree that git ignores, changed where it does not fit the commit.
pub(super) fn add_to_revision(
    pinned: Pinned,
    request: &SourceRequest<'_>,
    with: &FetchContext,
) -> Result<Pinned, SourceError> {
    let path = pinned.root.join("Cargo.lock");
    let is_lock = |file: &TreeFile| file.path == path;
    if pinned.files.iter().any(is_lock) {
        return Ok(pinned);
    }
    let own = match request.source.directory() {
        Some(dir) => fs::read_to_string(request.absolute(dir)?.join("Cargo.lock")).ok(),
        None => None,
    };
    match request.lock.or(own.as_deref()) {
        Some(lock) => {
            let fitted = match fit(lock, &pinned, with) {
                // Cargo refuses the commit again when it fetches the dependencies.
                Err(error) if error.refusal_of_sources().is_some() => lock.to_owned(),
                fitted => fitted?,
            };
            let mut locked = with_lock(pinned, &path, &fitted, with)?;
            if fitted != lock {
                locked.notes.push(NOTE_OF_FIT.to_owned());
            }
            Ok(locked)
        }
        None => Err(SourceError::Parameters {
            project: request.project.to_owned(),
            reason: format!("its source at {} has no Cargo.lock", pinned.pin),
            help: "`lock` in the manifest's `source` puts one in its place".to_owned(),
        }),
    }
}

/// The source with `lock` added at `path`.
fn with_lock(pinned: Pinned, path: &Path, lock: &str, with: &FetchContext) -> Result<Pinned, SourceError> {
    let sha256 = Sha256::digest(lock.as_bytes()).into();
    let mut files = pinned.files.clone();
    files.push(TreeFile { path: path.to_owned(), kind: FileKind::Regular { executable: false, sha256 } });
    tree::sort(&mut files);
    let place = cached_tree::tree_path(&tree::hash(&files), &with.cache);
    if cached_tree::contents(&place)?.as_deref() != Some(files.as_slice()) {
        cached_tree::replace(&place, &with.cache, |into| {
            tree::copy(&pinned.tree, &pinned.files, into)?;
            if pinned.ignored_hash().is_some() {
                ignored_files::keep_private(into)?;
            }
            let file = into.join(path);
            fs::write(&file, lock).map_err(SourceError::io("write", &file))
        })?;
    }
    Ok(Pinned { tree: place, files, ..pinned })
}

/// The text of a Cargo.lock for a local project that has none, neither in its tree nor in its manifest;
/// `None` for all others.
///
/// # Errors
/// If cargo cannot make one, or would have to fetch for it although the network must not be used.
pub fn make_missing(
    request: &SourceRequest<'_>,
    pinned: &Pinned,
    with: &FetchContext,
) -> Result<Option<String>, SourceError> {
    let own = pinned.root.join("Cargo.lock");
    let lacks = request.lock.is_none() && pinned.files.iter().all(|file| file.path != own);
    if !lacks || !request.by_cargo || request.source.directory().is_none() {
        return Ok(None);
    }
    let kept = with.cache.root().join("locks").join(format!("{}.lock", hash(pinned)));
    if let Ok(lock) = fs::read_to_string(&kept) {
        return Ok(Some(lock));
    }
    let made = make(pinned, with)?;
    keep(&kept, &made)?;
    Ok(Some(made))
}

/// `lock`, changed where it does not fit a source without one. The result depends on the day if the source needs packages
/// that `lock` lacks, so it is kept too.
fn fit(lock: &str, pinned: &Pinned, with: &FetchContext) -> Result<String, SourceError> {
    let name = format!("{}-{}.lock", hash(pinned), short_hash(lock));
    let kept = with.cache.root().join("locks").join(name);
    if let Ok(lock) = fs::read_to_string(&kept) {
        return Ok(lock);
    }
    // Of the packages in the lock file only those of the workspace are changed.
    let fitted = make_in_copy(pinned, &["update", "--workspace"], Some(lock), with)?;
    keep(&kept, &fitted)?;
    Ok(fitted)
}

/// The hash of the inputs of a lock file: manifests and cargo's configuration.
fn hash(pinned: &Pinned) -> String {
    let mut hash = Sha256::new();
    hash.update(pinned.root.as_os_str().as_encoded_bytes());
    for file in &pinned.files {
        let path = file.path.as_path();
        let is = |name: &str| path.file_name().is_some_and(|own| own == name);
        let decides = is("Cargo.toml") || path.parent().is_some_and(|dir| dir.ends_with(".cargo"));
        if let (true, FileKind::Regular { sha256, .. }) = (decides, &file.kind) {
            hash.update(path.as_os_str().as_encoded_bytes());
            hash.update([0]);
            hash.update(sha256);
        }
    }
    hex(&hash.finalize())
}

/// Writes the file in one step: another process may be reading it.
fn keep(kept: &Path, lock: &str) -> Result<(), SourceError> {
    let dir: PathBuf = kept.parent().unwrap_or(Path::new(".")).to_path_buf();
    fs::create_dir_all(&dir).map_err(SourceError::io("create", &dir))?;
    let mut scratch = tempfile::NamedTempFile::new_in(&dir).map_err(SourceError::io("write to", &dir))?;
    scratch.write_all(lock.as_bytes()).map_err(SourceError::io("write to", &dir))?;
    scratch.persist(kept).map(drop).map_err(|error| error.error).map_err(SourceError::io("write", kept))
}

/// The lock file that cargo makes today for a source without one, in a copy of the source.
pub(in crate::corpus) fn make(pinned: &Pinned, with: &FetchContext) -> Result<String, SourceError> {
    make_in_copy(pinned, &GENERATE, None, with)
}

/// The command that makes a lock file from nothing.
const GENERATE: [&str; 1] = ["generate-lockfile"];

/// The lock file that a command of cargo makes in a copy of the source, which has the lock file `before`.
fn make_in_copy(
    pinned: &Pinned,
    command: &[&str],
    before: Option<&str>,
    with: &FetchContext,
) -> Result<String, SourceError> {
    let made = make_by(command, "the dependencies, to make a Cargo.lock", with, |into| {
        check_out(pinned, into)?;
        let project = pinned.dir_in(into);
        if let Some(before) = before {
            let file = project.join("Cargo.lock");
            fs::write(&file, before).map_err(SourceError::io("write", &file))?;
        }
        Ok(project)
    });
    made.map_err(|error| match error {
        error if error.refusal_of_sources().is_some() => error,
        SourceError::Cargo { .. } if with.offline => SourceError::Offline {
            what: "something that making a Cargo.lock takes".to_owned(),
            help:
                "run once without `--offline`; in a project of your own, `cargo generate-lockfile` makes one"
                    .to_owned(),
        },
        other => other,
    })
}

/// The lock file that cargo makes for the source that `write` puts into a directory; `write` returns the
/// project's directory.
pub(in crate::corpus) fn make_for(
    what: &str,
    with: &FetchContext,
    write: impl FnOnce(&Path) -> Result<PathBuf, SourceError>,
) -> Result<String, SourceError> {
    make_by(&GENERATE, what, with, write)
}

/// The same by any command of cargo.
fn make_by(
    command: &[&str],
    what: &str,
    with: &FetchContext,
    write: impl FnOnce(&Path) -> Result<PathBuf, SourceError>,
) -> Result<String, SourceError> {
    let dir = with.cache.sources();
    fs::create_dir_all(&dir).map_err(SourceError::io("create", &dir))?;
    let scratch = tempfile::Builder::new().prefix(".new-").tempdir_in(&dir);
    let scratch = scratch.map_err(SourceError::io("write to", &dir))?;
    let tree = scratch.path().join("tree");
    let project = write(&tree)?;
    cargo(what, &[command, &["--color", "never"]].concat(), &project, with)?;
    let file = project.join("Cargo.lock");
    fs::read_to_string(&file).map_err(SourceError::io("read", &file))
}
