//! The contract of a kind of source. The members of the family are in [`kinds`](super::kinds).

use std::any::Any;
use std::fmt;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bench_runner_core::record::{CommitLine, Pin};

use super::context::FetchContext;
use super::error::SourceError;
use super::pinned::Pinned;
use crate::corpus::build_settings::BuildSettings;

/// One kind of source, with the keys that a manifest gave it.
///
/// Each member knows how to pin its source; no other code asks which kind it is. Properties that only some
/// kinds have are `None`, or refused, for the others.
pub trait SourceKind: Comparable + fmt::Debug + Send + Sync {
    /// The word in the manifest.
    fn kind(&self) -> &'static str;

    /// Short description of the source, such as `ripgrep 15.1.0`, or its directory.
    fn describe(&self) -> String;

    /// Pins the source and fetches it into the cache.
    fn pin(&self, request: &SourceRequest<'_>, with: &FetchContext) -> Result<Pinned, SourceError>;

    /// The pin that the manifest itself states; otherwise the source has to be read.
    fn stated_pin(&self) -> Option<Pin> {
        None
    }

    /// The hash that its tree must have, if the manifest states it.
    fn stated_tree(&self) -> Option<&str> {
        None
    }

    /// The version or the commit, for lists.
    fn version(&self) -> Option<String> {
        None
    }

    /// The crate name for `cargo install`.
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

    /// Pins the source as of one of its commits.
    fn pin_revision(
        &self,
        _rev: &str,
        request: &SourceRequest<'_>,
        _with: &FetchContext,
    ) -> Result<Pinned, SourceError> {
        Err(SourceError::NoRevisions { project: request.project.to_owned(), kind: self.kind() })
    }

    /// The last commits, at most `count`, oldest first; the last of them is the pinned one.
    fn commits(
        &self,
        _count: usize,
        request: &SourceRequest<'_>,
        _with: &FetchContext,
    ) -> Result<Vec<String>, SourceError> {
        Err(SourceError::NoRevisions { project: request.project.to_owned(), kind: self.kind() })
    }

    /// The commit that a branch has now.
    fn branch_tip(
        &self,
        _branch: &str,
        request: &SourceRequest<'_>,
        _with: &FetchContext,
    ) -> Result<String, SourceError> {
        Err(SourceError::NoRevisions { project: request.project.to_owned(), kind: self.kind() })
    }

    /// Commits after `from` up to `to`, oldest first, along the first parents of `to`; `None` if `from` is not among these
    /// or too far back.
    fn commits_between(
        &self,
        _from: &str,
        _to: &str,
        request: &SourceRequest<'_>,
        _with: &FetchContext,
    ) -> Result<Option<Vec<CommitLine>>, SourceError> {
        Err(SourceError::NoRevisions { project: request.project.to_owned(), kind: self.kind() })
    }

    /// The pinned source with a repository for builds that ask git, at `rev` if a commit was requested.
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

/// A value that can be compared with one of any type; values of different types are not equal.
pub trait Comparable: Any {
    /// True if `other` is of the same type and equal.
    fn is_same(&self, other: &dyn Any) -> bool;
}

impl<T: Any + PartialEq> Comparable for T {
    fn is_same(&self, other: &dyn Any) -> bool {
        other.downcast_ref::<T>() == Some(self)
    }
}

/// The source in a manifest, of any kind.
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

/// A parsed `[source]` table.
#[derive(Debug)]
pub(in crate::corpus) struct SourceTable {
    /// The source.
    pub source: Source,
    /// The text of a Cargo.lock, if the source comes without one.
    pub lock: Option<String>,
    /// The build settings, if the source itself has some.
    pub build: Option<BuildSettings>,
}

/// A project's request for its source.
#[derive(Debug, Clone, Copy)]
pub struct SourceRequest<'a> {
    /// Name of the project.
    pub project: &'a str,
    /// The manifest, as errors show it.
    pub manifest: &'a str,
    /// The source.
    pub source: &'a Source,
    /// Start of relative paths; `None` for manifests that are compiled in.
    pub base: Option<&'a Path>,
    /// The text of a Cargo.lock, if the source comes without one.
    pub lock: Option<&'a str>,
    /// Most bytes of the source.
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
