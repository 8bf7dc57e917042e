//! A lock file for sources that come without one: its text stands in the project's manifest, which pins it.

use std::fs;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::corpus::manifest::{Project, Source};

use super::{FileKind, Pinned, SourceError, Sources, TreeFile, ignored, local, tree};

/// The sources with the lock file of the manifest in them, where it has one.
pub(super) fn complete(pinned: Pinned, project: &Project, with: &Sources) -> Result<Pinned, SourceError> {
    let Some(lock) = &project.lock else { return Ok(pinned) };
    let path = pinned.root.join("Cargo.lock");
    if pinned.files.iter().any(|file| file.path == path) {
        let present = fs::read_to_string(pinned.tree.join(&path)).unwrap_or_default();
        if present == *lock {
            return Ok(pinned);
        }
        return Err(SourceError::Parameters {
            project: project.name.clone(),
            reason: format!("the `lock` in {} is not the Cargo.lock that the source has", project.origin),
            help: "leave `lock` out: the source's own is used".to_owned(),
        });
    }
    put(pinned, &path, lock, with)
}

/// The sources of one commit with its own lock file; where it has none, with that of the manifest, or that which lies
/// in the user's own tree and git leaves out.
pub(super) fn of_revision(pinned: Pinned, project: &Project, with: &Sources) -> Result<Pinned, SourceError> {
    let path = pinned.root.join("Cargo.lock");
    let is_lock = |file: &TreeFile| file.path == path;
    if pinned.files.iter().any(is_lock) {
        return Ok(pinned);
    }
    let own = match &project.source {
        Source::Path(source) => {
            fs::read_to_string(super::from_base(project, &source.path)?.join("Cargo.lock")).ok()
        }
        _ => None,
    };
    match project.lock.as_ref().or(own.as_ref()) {
        Some(lock) => put(pinned, &path, lock, with),
        None => Err(SourceError::Parameters {
            project: project.name.clone(),
            reason: format!("its source at {} has no Cargo.lock", pinned.pin),
            help: "`lock` in the manifest's `source` puts one in its place".to_owned(),
        }),
    }
}

/// The sources with `lock` at `path`, where there is none.
fn put(pinned: Pinned, path: &Path, lock: &str, with: &Sources) -> Result<Pinned, SourceError> {
    let sha256 = Sha256::digest(lock.as_bytes()).into();
    let mut files = pinned.files.clone();
    files.push(TreeFile { path: path.to_owned(), kind: FileKind::Regular { executable: false, sha256 } });
    tree::sort(&mut files);
    let place = local::place(&tree::hash(&files), &with.cache);
    if local::contents(&place)?.as_deref() != Some(files.as_slice()) {
        local::replace(&place, &with.cache, |into| {
            tree::copy(&pinned.tree, &pinned.files, into)?;
            if pinned.ignored_hash().is_some() {
                ignored::keep_private(into)?;
            }
            let file = into.join(path);
            fs::write(&file, lock).map_err(SourceError::io("write", &file))
        })?;
    }
    Ok(Pinned { tree: place, files, ..pinned })
}
