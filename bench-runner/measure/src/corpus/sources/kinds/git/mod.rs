//! `kind = "git"`: one commit of a repository, with its submodules if the manifest asks for them.

mod parts;
mod workspace;

use std::path::{Path, PathBuf};

use bench_runner_core::record::{CommitLine, Pin, is_hex, short_hash};

use crate::corpus::names;
use crate::corpus::sources::cached_tree;
use crate::corpus::sources::context::FetchContext;
use crate::corpus::sources::error::SourceError;
use crate::corpus::sources::git::{build_repository, cli, commit, history, store};
use crate::corpus::sources::kind::{SourceKind, SourceRequest, SourceTable};
use crate::corpus::sources::pinned::Pinned;
use crate::corpus::sources::tree::{self, TreeFile};
use crate::corpus::urls::shell_word;
use crate::toml_reader::{DocError, Reader};
use parts::{GitParts, gather, refuse};
use workspace::workspace_above;

/// Most commits between two that are compared.
const MOST_BETWEEN: usize = 1000;

/// One commit of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::corpus) struct GitSource {
    /// The address of the repository, in a form that git understands.
    pub url: String,
    /// The full commit, 40 lower-case hex digits.
    pub rev: String,
    /// The directory of the project in it, if that is not its root.
    pub dir: Option<PathBuf>,
    /// True if its submodules belong to it.
    pub submodules: bool,
    /// Hash of its tree, 64 lower-case hex digits, if the manifest states it.
    pub tree: Option<String>,
}

pub(super) fn read(table: &mut Reader<'_>) -> Result<SourceTable, DocError> {
    let lock = table.read_optional("lock", |v| v.string())?;
    let url = table.read("url", names::url)?;
    let source = GitSource {
        rev: table.read("rev", |value| names::commit(value, &url))?,
        url,
        dir: table.read_optional("dir", names::path_below)?,
        submodules: table.read_optional("submodules", |v| v.bool())?.unwrap_or_default(),
        tree: table.read_optional("tree", names::tree)?,
    };
    Ok(SourceTable { source: source.into(), lock, build: None })
}

impl SourceKind for GitSource {
    fn kind(&self) -> &'static str {
        "git"
    }

    fn describe(&self) -> String {
        format!("{} {}", self.url, self.rev)
    }

    fn version(&self) -> Option<String> {
        Some(self.rev.chars().take(12).collect())
    }

    fn stated_pin(&self) -> Option<Pin> {
        Some(Pin::Git { rev: self.rev.clone() })
    }

    fn stated_tree(&self) -> Option<&str> {
        self.tree.as_deref()
    }

    fn pin(&self, request: &SourceRequest<'_>, with: &FetchContext) -> Result<Pinned, SourceError> {
        pin(self, request, with)
    }

    fn pin_revision(
        &self,
        rev: &str,
        request: &SourceRequest<'_>,
        with: &FetchContext,
    ) -> Result<Pinned, SourceError> {
        if is_hex(rev, 40) {
            return pin(&Self { rev: rev.to_owned(), tree: None, ..self.clone() }, request, with);
        }
        Err(SourceError::Commit {
            url: self.url.clone(),
            rev: rev.to_owned(),
            reason: "it is not a full commit of 40 lower-case hex digits".into(),
            help: format!("`git ls-remote {}` lists branches and tags with their commits", self.url),
        })
    }

    fn commits(
        &self,
        count: usize,
        _: &SourceRequest<'_>,
        with: &FetchContext,
    ) -> Result<Vec<String>, SourceError> {
        let repository = store::repository(&self.url, &self.rev, count, with)?;
        history::last(&repository, &self.rev, count)
            .map_err(|error| refuse(&self.url, &self.rev, error.message().to_owned()))
    }

    fn branch_tip(
        &self,
        branch: &str,
        _: &SourceRequest<'_>,
        with: &FetchContext,
    ) -> Result<String, SourceError> {
        let name = format!("refs/heads/{branch}");
        let said = cli::references(&self.url, std::slice::from_ref(&name), with)?;
        let lines = said.lines().filter_map(|line| line.split_once('\t'));
        let found = lines.filter(|(id, _)| is_hex(id, 40)).find(|(_, known)| *known == name);
        found.map(|(id, _)| id.to_owned()).ok_or_else(|| SourceError::Revision {
            path: PathBuf::from(&self.url),
            reason: format!("it has no branch `{branch}`"),
            help: format!("`git ls-remote --heads {}` lists its branches", shell_word(&self.url)),
        })
    }

    fn commits_between(
        &self,
        from: &str,
        to: &str,
        _: &SourceRequest<'_>,
        with: &FetchContext,
    ) -> Result<Option<Vec<CommitLine>>, SourceError> {
        let repository = store::repository(&self.url, to, MOST_BETWEEN + 1, with)?;
        history::between(&repository, from, to, MOST_BETWEEN)
            .map_err(|error| refuse(&self.url, to, error.message().to_owned()))
    }

    fn with_repository(
        &self,
        pinned: Pinned,
        rev: Option<&str>,
        _: &SourceRequest<'_>,
        with: &FetchContext,
    ) -> Result<Pinned, SourceError> {
        build_repository::for_commit(pinned, &self.url, rev.unwrap_or(&self.rev), with)
    }
}

/// Pins the commit: it is fetched if it is not in the cache, read and checked object by object, and written
/// out.
fn pin(source: &GitSource, request: &SourceRequest<'_>, with: &FetchContext) -> Result<Pinned, SourceError> {
    let (parts, notes) = gather(&source.url, &source.rev, source.submodules, request.limit, with)?;
    let mut files = parts.files();
    tree::sort(&mut files);
    if let Some(path) = commit::duplicate_path(&files) {
        let reason = format!("`{}` is two things in one", commit::printable(path));
        return Err(refuse(&source.url, &source.rev, reason));
    }
    if let Some(link) = commit::leaving_link(&files) {
        let reason = format!("the link `{}` leaves the tree", commit::printable(link));
        return Err(refuse(&source.url, &source.rev, reason));
    }
    let root = source.dir.clone().unwrap_or_default();
    if request.by_cargo {
        must_have_package(source, &root, &files, &parts, with)?;
    } else if !files.iter().any(|file| file.path.starts_with(&root)) {
        return Err(no_directory(source, &root));
    }
    let variety = format!("{} {}", source.url, if source.submodules { "whole" } else { "alone" });
    let place = with.cache.sources().join(format!("git-{}-{}", &source.rev[..12], short_hash(&variety)));
    // The commit determines the tree, so nothing else has to be stored or trusted.
    if cached_tree::contents(&place)?.as_deref() != Some(files.as_slice()) {
        cached_tree::replace(&place, &with.cache, |into| parts.write(into, with))?;
    }
    Ok(Pinned { pin: Pin::Git { rev: source.rev.clone() }, tree: place, root, files, notes, ignored: None })
}

/// Refuses a directory without a package, and a package that is built from the directory of its workspace.
fn must_have_package(
    source: &GitSource,
    root: &Path,
    files: &[TreeFile],
    parts: &GitParts,
    with: &FetchContext,
) -> Result<(), SourceError> {
    if !files.iter().any(|file| file.path == root.join("Cargo.toml")) {
        return Err(no_project(source));
    }
    if let Some(workspace) = workspace_above(root, files, parts, with)? {
        return Err(SourceError::Commit {
            url: source.url.clone(),
            rev: source.rev.clone(),
            reason: format!(
                "`{}` belongs to the workspace {}",
                commit::printable(root),
                if workspace == Path::new("") {
                    "at its root".to_owned()
                } else {
                    format!("in `{}`", commit::printable(&workspace))
                }
            ),
            help:
                "name the workspace's own directory in `dir` (none for the root), and the package in `build`"
                    .to_owned(),
        });
    }
    Ok(())
}

fn no_project(source: &GitSource) -> SourceError {
    let place = source
        .dir
        .as_ref()
        .map_or_else(|| "its root".to_owned(), |dir| format!("`{}`", commit::printable(dir)));
    SourceError::Commit {
        url: source.url.clone(),
        rev: source.rev.clone(),
        reason: format!("there is no Cargo.toml in {place}"),
        help: "`dir` in the manifest's `source` names the directory of the cargo project, and `command` in its `build` what \
               else builds it"
            .to_owned(),
    }
}

fn no_directory(source: &GitSource, dir: &Path) -> SourceError {
    SourceError::Commit {
        url: source.url.clone(),
        rev: source.rev.clone(),
        reason: format!("there is no file in `{}`", commit::printable(dir)),
        help: "`dir` in the manifest's `source` names a directory of the repository".to_owned(),
    }
}
