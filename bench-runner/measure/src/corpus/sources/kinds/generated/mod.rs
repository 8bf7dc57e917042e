//! `kind = "generated"`: crates written from parameters.
//!
//! The statements of a crate are drawn from the seed and the number of the crate only; shape, style and
//! `in_graph` only wrap and join them. So two projects that differ in one parameter differ in that and in
//! nothing else. The same parameters give the same bytes on every machine and with every version of this
//! program: a change of this code that changes a byte raises `VERSION`, which is part of each tree and so of
//! its hash.

mod cargo_files;
mod crates;
mod draw;
mod files;
mod parameters;
mod styles;

use std::fs;
use std::path::{Path, PathBuf};

use bench_runner_core::record::Pin;
use sha2::{Digest, Sha256};

use crate::corpus::sources::cached_tree;
use crate::corpus::sources::context::FetchContext;
use crate::corpus::sources::error::SourceError;
use crate::corpus::sources::kind::{SourceKind, SourceRequest, SourceTable};
use crate::corpus::sources::pinned::Pinned;
use crate::corpus::sources::tree::{self, FileKind, TreeFile};
use crate::toml_reader::{DocError, Reader};
use files::Files;
pub(in crate::corpus) use parameters::GeneratedSource;

pub(super) fn read(table: &mut Reader<'_>) -> Result<SourceTable, DocError> {
    // Its lock file, if it has one, is one of its parameters.
    Ok(SourceTable { source: parameters::read(table)?.into(), lock: None, build: None })
}

impl SourceKind for GeneratedSource {
    fn kind(&self) -> &'static str {
        "generated"
    }

    fn describe(&self) -> String {
        format!("{} crates from seed {}", self.crates, self.seed)
    }

    fn stated_tree(&self) -> Option<&str> {
        self.tree.as_deref()
    }

    fn edits(&self) -> Option<String> {
        Some(self.edit_tables())
    }

    fn pin(&self, request: &SourceRequest<'_>, with: &FetchContext) -> Result<Pinned, SourceError> {
        pin(self, request.project, with)
    }
}

/// Writes the crates into the cache, unless they are there already.
fn pin(source: &GeneratedSource, project: &str, with: &FetchContext) -> Result<Pinned, SourceError> {
    let refused =
        |reason: String, help: String| SourceError::Parameters { project: project.to_owned(), reason, help };
    let lock = match (&source.lock, source.dependencies.is_empty()) {
        (Some(lock), _) => lock.clone(),
        (None, true) => cargo_files::lock(source),
        (None, false) => {
            let help =
                "`bench-runner corpus add FILE` has cargo make one and writes a manifest that holds it";
            return Err(refused("it has `dependencies` and no `lock`".to_owned(), help.to_owned()));
        }
    };
    let texts = files(source, lock);
    let files = tree_files(&texts);
    let sha256 = tree::hash(&files);
    let place = cached_tree::tree_path(&sha256, &with.cache);
    if cached_tree::contents(&place)?.as_deref() != Some(files.as_slice()) {
        cached_tree::replace(&place, &with.cache, |into| write(&texts, into))?;
    }
    Ok(Pinned {
        pin: Pin::Tree { sha256 },
        tree: place,
        root: PathBuf::new(),
        files,
        notes: Vec::new(),
        ignored: None,
    })
}

/// Writes the crates without a Cargo.lock into the directory `into`, so that cargo can make one there.
pub(in crate::corpus) fn write_unlocked(
    source: &GeneratedSource,
    into: &Path,
) -> Result<PathBuf, SourceError> {
    let mut files = files(source, String::new());
    files.remove(Path::new("Cargo.lock"));
    write(&files, into)?;
    Ok(into.to_path_buf())
}

fn files(source: &GeneratedSource, lock: String) -> Files {
    let mut files = crates::files(source);
    files.extend(cargo_files::manifests(source));
    files.insert("Cargo.lock".into(), lock);
    files
}

/// The files as a tree, in the order in which it is hashed.
fn tree_files(texts: &Files) -> Vec<TreeFile> {
    let file = |(path, text): (&PathBuf, &String)| {
        let sha256 = Sha256::digest(text.as_bytes()).into();
        TreeFile { path: path.clone(), kind: FileKind::Regular { executable: false, sha256 } }
    };
    let mut files: Vec<TreeFile> = texts.iter().map(file).collect();
    tree::sort(&mut files);
    files
}

fn write(files: &Files, into: &Path) -> Result<(), SourceError> {
    for (path, text) in files {
        let file = into.join(path);
        let dir = file.parent().unwrap_or(into);
        fs::create_dir_all(dir).map_err(SourceError::io("create", dir))?;
        fs::write(&file, text).map_err(SourceError::io("write", &file))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
