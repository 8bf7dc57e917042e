//! `kind = "path"`: a directory of the user.

use std::path::{Path, PathBuf};

use bench_runner_core::record::CommitLine;

use crate::corpus::names;
use crate::corpus::sources::context::FetchContext;
use crate::corpus::sources::error::SourceError;
use crate::corpus::sources::git::{build_repository, history, revisions};
use crate::corpus::sources::kind::{SourceKind, SourceRequest, SourceTable};
use crate::corpus::sources::local_revision;
use crate::corpus::sources::local_tree::{self, LocalTree, TakeIgnored};
use crate::corpus::sources::path_deps::{self, OutsideFiles};
use crate::corpus::sources::pinned::Pinned;
use crate::toml_reader::{DocError, Reader, TomlValue};

/// A directory of the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::corpus) struct PathSource {
    /// The directory, absolute or relative to the manifest.
    pub path: PathBuf,
    /// Files and directories below it that do not belong to the project.
    pub exclude: Vec<PathBuf>,
    /// Files and directories below it that git ignores and that are copied whatever their size.
    pub include: Vec<PathBuf>,
}

pub(super) fn read(table: &mut Reader<'_>) -> Result<SourceTable, DocError> {
    let below = |v: &TomlValue<'_>| v.items()?.iter().map(names::path_below).collect::<Result<_, _>>();
    let lock = table.read_optional("lock", |v| v.string())?;
    let source = PathSource {
        path: table.read("path", names::directory)?,
        exclude: table.read_optional("exclude", below)?.unwrap_or_default(),
        include: table.read_optional("include", below)?.unwrap_or_default(),
    };
    Ok(SourceTable { source: source.into(), lock, build: None })
}

impl SourceKind for PathSource {
    fn kind(&self) -> &'static str {
        "path"
    }

    fn describe(&self) -> String {
        self.path.display().to_string()
    }

    fn directory(&self) -> Option<&Path> {
        Some(&self.path)
    }

    /// Pins the directory, and for a cargo project also its dependencies outside of it. It may lack a
    /// Cargo.lock; see `lockfile`.
    fn pin(&self, request: &SourceRequest<'_>, with: &FetchContext) -> Result<Pinned, SourceError> {
        let path = request.absolute(&self.path)?;
        let include = self.include.as_slice();
        let tree = LocalTree {
            path: &path,
            exclude: &self.exclude,
            // Most files that git ignores are made by builds, and only cargo says which ones are.
            ignored: if request.by_cargo {
                TakeIgnored::SmallAnd(include)
            } else {
                TakeIgnored::Only(include)
            },
            limit: request.limit,
        };
        if request.by_cargo {
            pin_package(&tree, with)
        } else {
            local_tree::pin(&tree, &OutsideFiles::default(), with)
        }
    }

    fn pin_revision(
        &self,
        rev: &str,
        request: &SourceRequest<'_>,
        with: &FetchContext,
    ) -> Result<Pinned, SourceError> {
        let path = request.absolute(&self.path)?;
        local_revision::pin(&path, rev, request.limit, request.by_cargo, with)
    }

    fn commits(
        &self,
        count: usize,
        request: &SourceRequest<'_>,
        _: &FetchContext,
    ) -> Result<Vec<String>, SourceError> {
        history::last_in_directory(&request.absolute(&self.path)?, count)
    }

    /// As the user's own git says; nothing is fetched into the user's repository.
    fn branch_tip(
        &self,
        branch: &str,
        request: &SourceRequest<'_>,
        _: &FetchContext,
    ) -> Result<String, SourceError> {
        revisions::resolve(&request.absolute(&self.path)?, branch)
    }

    fn commits_between(
        &self,
        from: &str,
        to: &str,
        request: &SourceRequest<'_>,
        _: &FetchContext,
    ) -> Result<Option<Vec<CommitLine>>, SourceError> {
        let path = request.absolute(&self.path)?;
        let parents = revisions::first_parents(&path, to)?;
        let Some(place) = parents.iter().position(|commit| commit == from) else { return Ok(None) };
        let line = |id: &String| CommitLine { id: id.clone(), subject: revisions::subject(&path, id) };
        Ok(Some(parents[place + 1..].iter().map(line).collect()))
    }

    fn with_repository(
        &self,
        pinned: Pinned,
        rev: Option<&str>,
        request: &SourceRequest<'_>,
        with: &FetchContext,
    ) -> Result<Pinned, SourceError> {
        build_repository::for_directory(pinned, &request.absolute(&self.path)?, rev, with)
    }
}

/// Pins a cargo project with its dependencies outside of its directory.
fn pin_package(tree: &LocalTree<'_>, with: &FetchContext) -> Result<Pinned, SourceError> {
    let root = tree.path.canonicalize().map_err(SourceError::io("find", tree.path))?;
    if !root.join("Cargo.toml").is_file() {
        return Err(SourceError::Unfit {
            path: root,
            reason: "there is no Cargo.toml in it".into(),
            help: "give the directory of a package or a workspace, or name the command that builds it in the manifest's \
                   `build`: `command = [\"make\"]`"
                .into(),
        });
    }
    local_tree::refuse_root_and_home(&root)?;
    let mut outside = path_deps::find(&root, with)?;
    let pinned = local_tree::pin(tree, &outside, with)?;
    // Code that asks git needs the same place in its repository.
    outside.top = build_repository::needs_work_tree(&pinned, &root);
    if outside.top.is_some() { local_tree::pin(tree, &outside, with) } else { Ok(pinned) }
}
