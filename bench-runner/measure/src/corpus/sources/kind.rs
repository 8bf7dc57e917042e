//! The contract of a kind of source. The members of the family are in [`kinds`](super::kinds).

use std::any::Any;
use std::fmt;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bench_runner_core::record::Pin;

use super::context::FetchContext;
use super::error::SourceError;
use super::pinned::Pinned;
use crate::corpus::build_settings::BuildSettings;

/// One kind of source, with the keys that a manifest gave it.
///
/// Each member knows how its source is pinned; nobody else asks which kind it is. What only some kinds have is `None`,
/// or is refused, for the others.
pub trait SourceKind: Comparable + fmt::Debug + Send + Sync {
    /// The word in the manifest.
    fn kind(&self) -> &'static str;

    /// The source in a few words, such as `ripgrep 15.1.0`, or its directory.
    fn describe(&self) -> String;

    /// Fixes the source and brings it into the cache.
    fn pin(&self, request: &SourceRequest<'_>, with: &FetchContext) -> Result<Pinned, SourceError>;

    /// The pin that the manifest states by itself; without one the source has to be looked at.
    fn stated_pin(&self) -> Option<Pin> {
        None
    }

    /// The hash that its tree must have, if the manifest states it.
    fn stated_tree(&self) -> Option<&str> {
        None
    }

    /// The version or the commit, as a list shows it.
    fn version(&self) -> Option<String> {
        None
    }

    /// The crate that `cargo install` would find it under.
    fn published_crate(&self) -> Option<&str> {
        None
    }

    /// The user's own directory, absolute or relative to the manifest, if the source is one.
    fn directory(&self) -> Option<&Path> {
        None
    }

    /// The `[[edit]]` tables that the source comes with.
    fn edits(&self) -> Option<String> {
        None
    }

    /// Fixes the source as one of its commits has it.
    fn pin_revision(
        &self,
        _rev: &str,
        request: &SourceRequest<'_>,
        _with: &FetchContext,
    ) -> Result<Pinned, SourceError> {
        Err(SourceError::NoRevisions { project: request.project.to_owned(), kind: self.kind() })
    }

    /// The last commits, at most `count`, oldest first; the last of them is the one that is pinned.
    fn commits(
        &self,
        _count: usize,
        request: &SourceRequest<'_>,
        _with: &FetchContext,
    ) -> Result<Vec<String>, SourceError> {
        Err(SourceError::NoRevisions { project: request.project.to_owned(), kind: self.kind() })
    }

    /// The pinned source with a repository for builds that ask git, at `rev` if a commit was asked for.
    fn with_repository(
        &self,
        pinned: Pinned,
        _rev: Option<&str>,
        _request: &SourceRequest<'_>,
        _with: &FetchContext,
    ) -> Result<Pinned, SourceError> {
        Ok(pinned)
    }
}

/// A value that can be compared with one of another type, to which it is not equal.
pub trait Comparable: Any {
    /// True if `other` is of the same type and equal.
    fn is_same(&self, other: &dyn Any) -> bool;
}

impl<T: Any + PartialEq> Comparable for T {
    fn is_same(&self, other: &dyn Any) -> bool {
        other.downcast_ref::<T>() == Some(self)
    }
}

/// The source that a manifest names, of whatever kind.
#[derive(Debug, Clone)]
pub struct Source(Arc<dyn SourceKind>);

impl Source {
    /// The source as the type of one kind, if it is of that kind.
    pub fn downcast<T: SourceKind>(&self) -> Option<&T> {
        let kind: &dyn Any = &*self.0;
        kind.downcast_ref()
    }
}

impl<T: SourceKind> From<T> for Source {
    fn from(kind: T) -> Self {
        Self(Arc::new(kind))
    }
}

impl Deref for Source {
    type Target = dyn SourceKind;

    fn deref(&self) -> &(dyn SourceKind + 'static) {
        &*self.0
    }
}

impl PartialEq for Source {
    fn eq(&self, other: &Self) -> bool {
        self.0.is_same(&*other.0)
    }
}

impl Eq for Source {}

/// A `[source]` table as it was read.
#[derive(Debug)]
pub(in crate::corpus) struct SourceTable {
    /// The source.
    pub source: Source,
    /// The text of a Cargo.lock, where the source comes without one.
    pub lock: Option<String>,
    /// How it is built, if the source itself says so.
    pub build: Option<BuildSettings>,
}

/// A project's wish for its source.
#[derive(Debug, Clone, Copy)]
pub struct SourceRequest<'a> {
    /// Name of the project.
    pub project: &'a str,
    /// The manifest, as errors show it.
    pub manifest: &'a str,
    /// The source.
    pub source: &'a Source,
    /// Where relative paths start, unless the manifest is compiled in.
    pub base: Option<&'a Path>,
    /// The text of a Cargo.lock, where the source comes without one.
    pub lock: Option<&'a str>,
    /// The most bytes that the source may hold.
    pub limit: u64,
    /// True if cargo builds it.
    pub by_cargo: bool,
}

impl SourceRequest<'_> {
    /// A path of the manifest, made absolute.
    pub(super) fn absolute(&self, path: &Path) -> Result<PathBuf, SourceError> {
        if path.is_absolute() {
            return Ok(path.to_path_buf());
        }
        match self.base {
            Some(base) => Ok(base.join(path)),
            None => Err(SourceError::NoBase { project: self.project.to_owned(), path: path.to_path_buf() }),
        }
    }
}
