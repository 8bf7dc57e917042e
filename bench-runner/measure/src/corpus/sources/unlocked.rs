//! A lock file for a local project that has none. Builds are `--locked`, so it needs one; cargo makes it in a copy, and
//! nothing is written into the user's own tree.
//!
//! What cargo makes depends on the day. So that two runs of the same manifests build the same dependencies, it is kept
//! in the cache for these manifests; a Cargo.lock of one's own takes its place.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::corpus::manifest::{Project, Source};

use super::{FileKind, Pinned, SourceError, Sources, asking, tree};

/// The text of a Cargo.lock for a local project that has none, neither in its tree nor in its manifest; `None` for all
/// others.
///
/// # Errors
/// Where cargo cannot make one: without fetching, if nothing may be fetched.
pub fn missing_lock(
    project: &Project,
    pinned: &Pinned,
    with: &Sources,
) -> Result<Option<String>, SourceError> {
    let own = pinned.root.join("Cargo.lock");
    let lacks = project.lock.is_none() && pinned.files.iter().all(|file| file.path != own);
    if !lacks || !matches!(project.source, Source::Path(_)) {
        return Ok(None);
    }
    let kept = with.cache.root().join("locks").join(format!("{}.lock", hash(pinned)));
    if let Ok(lock) = fs::read_to_string(&kept) {
        return Ok(Some(lock));
    }
    let made = asking::make_lock(pinned, with)?;
    keep(&kept, &made)?;
    Ok(Some(made))
}

/// The hash of what a lock file is made from: manifests and cargo's configuration.
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
    tree::hex(&hash.finalize())
}

/// Writes the file in one step: another process may be reading it.
fn keep(kept: &Path, lock: &str) -> Result<(), SourceError> {
    let dir: PathBuf = kept.parent().unwrap_or(Path::new(".")).to_path_buf();
    fs::create_dir_all(&dir).map_err(SourceError::io("create", &dir))?;
    let mut scratch = tempfile::NamedTempFile::new_in(&dir).map_err(SourceError::io("write to", &dir))?;
    scratch.write_all(lock.as_bytes()).map_err(SourceError::io("write to", &dir))?;
    scratch.persist(kept).map(drop).map_err(|error| error.error).map_err(SourceError::io("write", kept))
}
