//! `kind = "git"`: one commit of a repository, with its submodules if the manifest asks for them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use bench_runner_core::record::{Pin, is_hex, short_hash};
use git2::{Commit, Repository};
use toml::Table;

use crate::corpus::sources::cached_tree;
use crate::corpus::sources::context::FetchContext;
use crate::corpus::sources::error::SourceError;
use crate::corpus::sources::git::commit::{self, CommitFile, CommitListing, ListError};
use crate::corpus::sources::git::store::{self, StoreError};
use crate::corpus::sources::git::{build_repository, history, submodules};
use crate::corpus::sources::kind::{SourceKind, SourceRequest, SourceTable};
use crate::corpus::sources::path_deps::manifests::normalize;
use crate::corpus::sources::pinned::Pinned;
use crate::corpus::sources::tree::{self, TreeFile};
use crate::corpus::{names, urls};
use crate::toml_reader::{DocError, Reader, mask_credentials};

/// Deepest nesting of repositories.
const DEEPEST: usize = 8;
/// Most repositories in total.
const MOST_REPOSITORIES: usize = 500;

/// A commit that belongs to the source, and its place there.
#[derive(Debug, Clone)]
struct GitPart {
    url: String,
    rev: String,
    below: PathBuf,
    depth: usize,
}

/// The commits of a source with their files.
type GitParts = Vec<(GitPart, Vec<CommitFile>)>;

/// Contents of one commit.
struct ReadCommit {
    listing: CommitListing,
    /// Addresses of its submodules by their paths, from its own `.gitmodules`.
    urls: HashMap<PathBuf, String>,
}

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
    let (parts, notes) = gather(source, request.limit, with)?;
    let mut files: Vec<_> = parts
        .iter()
        .flat_map(|(part, contents)| {
            contents.iter().map(|content| {
                let mut file = content.file.clone();
                file.path = part.below.join(file.path);
                file
            })
        })
        .collect();
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
        cached_tree::replace(&place, &with.cache, |into| write(&parts, into, with))?;
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

fn write(parts: &GitParts, into: &Path, with: &FetchContext) -> Result<(), SourceError> {
    for (part, contents) in parts {
        let into = into.join(&part.below);
        store::with_commit(&part.url, &part.rev, with, |repo, _| {
            commit::write(repo, contents, &into).map_err(StoreError::Refused)
        })?;
    }
    Ok(())
}

/// The commit itself and those of its submodules, with their files; and notes for the user.
fn gather(
    source: &GitSource,
    limit: u64,
    with: &FetchContext,
) -> Result<(GitParts, Vec<String>), SourceError> {
    let first = GitPart { url: source.url.clone(), rev: source.rev.clone(), below: PathBuf::new(), depth: 0 };
    let (mut left, mut parts, mut notes, mut bytes) = (vec![first], Vec::new(), Vec::new(), 0);
    while let Some(part) = left.pop() {
        if parts.len() >= MOST_REPOSITORIES || part.depth > DEEPEST {
            return Err(refuse(&part.url, &part.rev, "it has no end of submodules".to_owned()));
        }
        let ReadCommit { listing, urls } = store::with_commit(&part.url, &part.rev, with, |repo, commit| {
            read_part(repo, commit, &part, limit.saturating_sub(bytes))
        })?;
        bytes += listing.bytes;
        for submodule in &listing.submodules {
            if !source.submodules {
                let path = part.below.join(&submodule.path);
                notes.push(format!("left out, a submodule: {}", commit::printable(&path)));
                continue;
            }
            left.push(GitPart {
                url: submodule_url(&part, &submodule.path, &urls)?,
                rev: submodule.rev.clone(),
                below: part.below.join(&submodule.path),
                depth: part.depth + 1,
            });
        }
        parts.push((part, listing.contents));
    }
    Ok((parts, notes))
}

/// The address of a submodule.
fn submodule_url(
    parent: &GitPart,
    path: &Path,
    urls: &HashMap<PathBuf, String>,
) -> Result<String, SourceError> {
    let refuse = |reason: String| {
        refuse(&parent.url, &parent.rev, format!("the submodule `{}` {reason}", commit::printable(path)))
    };
    let own = urls.get(path).ok_or_else(|| refuse("has no address in .gitmodules".into()))?;
    let own = own.trim_end_matches('/');
    let url = urls::resolve(&parent.url, own).ok_or_else(|| {
        refuse(format!("has an address that leads nowhere: `{}`", mask_credentials(own).escape_debug()))
    })?;
    urls::check(&url).map_err(|(reason, _)| refuse(format!("cannot be fetched: {reason}")))?;
    // A remote repository must not name repositories of this machine.
    if urls::is_local(&url) && !urls::is_local(&parent.url) {
        return Err(refuse(format!("is on this machine, and the repository is not: `{url}`")));
    }
    Ok(url)
}

fn read_part(
    repo: &Repository,
    commit: &Commit<'_>,
    part: &GitPart,
    limit: u64,
) -> Result<ReadCommit, StoreError> {
    let damaged = |error: git2::Error| StoreError::Damaged(error.message().to_owned());
    let whole = commit.tree().map_err(damaged)?;
    let listing = commit::list(repo, &whole, limit).map_err(|error| match error {
        ListError::Damaged(reason) => StoreError::Damaged(reason),
        ListError::Refused(reason) => StoreError::Refused(refuse(&part.url, &part.rev, reason)),
    })?;
    let blob = listing.contents.iter().find(|content| content.file.path == Path::new(".gitmodules"));
    let urls = match blob {
        Some(content) if !listing.submodules.is_empty() => {
            let blob = repo.find_blob(content.blob).map_err(damaged)?;
            let named = submodules::read(blob.content())
                .map_err(|reason| StoreError::Refused(refuse(&part.url, &part.rev, reason)))?;
            named.into_iter().filter_map(|(path, named)| Some((path, named.url?))).collect()
        }
        _ => HashMap::new(),
    };
    Ok(ReadCommit { listing, urls })
}

/// The directory of the workspace that the project in `root` is a member of, if there is one above it.
fn workspace_above(
    root: &Path,
    files: &[TreeFile],
    parts: &GitParts,
    with: &FetchContext,
) -> Result<Option<PathBuf>, SourceError> {
    let text = |path: &Path| -> Result<Option<Table>, SourceError> {
        let found = parts.iter().find_map(|(part, contents)| {
            let content = contents.iter().find(|content| part.below.join(&content.file.path) == path)?;
            Some((part, content.blob))
        });
        let Some((part, blob)) = found else { return Ok(None) };
        store::with_commit(&part.url, &part.rev, with, |repo, _| {
            let blob =
                repo.find_blob(blob).map_err(|error| StoreError::Damaged(error.message().to_owned()))?;
            Ok(std::str::from_utf8(blob.content()).ok().and_then(|text| text.parse().ok()))
        })
    };
    let is_there = |dir: &&Path| files.iter().any(|file| file.path == dir.join("Cargo.toml"));
    let Some(own) = text(&root.join("Cargo.toml"))?.filter(|manifest| !manifest.contains_key("workspace"))
    else {
        return Ok(None);
    };
    let named = own.get("package").and_then(|package| package.get("workspace")).and_then(toml::Value::as_str);
    if let Some(named) = named {
        return Ok(normalize(&root.join(named)));
    }
    for dir in root.ancestors().skip(1).filter(is_there) {
        if text(&dir.join("Cargo.toml"))?.is_some_and(|manifest| has_member(&manifest, dir, root)) {
            return Ok(Some(dir.to_path_buf()));
        }
    }
    Ok(None)
}

/// True if the workspace of `manifest`, in `dir`, has the package in `package` as a member. As in cargo, a
/// path that is listed literally in `members` is a member, even if a directory above it is excluded.
fn has_member(manifest: &Table, dir: &Path, package: &Path) -> bool {
    let workspace = manifest.get("workspace").and_then(toml::Value::as_table);
    workspace.is_some_and(|workspace| {
        let listed = |key: &str| workspace.get(key).and_then(toml::Value::as_array).into_iter().flatten();
        let names = |key: &str| {
            listed(key).filter_map(toml::Value::as_str).any(|path| package.starts_with(dir.join(path)))
        };
        names("members") || !names("exclude")
    })
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

fn refuse(url: &str, rev: &str, reason: String) -> SourceError {
    let help = "pin another commit, or a repository of your own without it".to_owned();
    SourceError::Commit { url: url.to_owned(), rev: rev.to_owned(), reason, help }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_submodule_is_fetched_from_no_place_that_the_repository_may_not_name() {
        let part =
            |url: &str| GitPart { url: url.into(), rev: "0".repeat(40), below: PathBuf::new(), depth: 0 };
        let of = |parent: &str, own: &str| {
            submodule_url(&part(parent), Path::new("m"), &[(PathBuf::from("m"), own.to_owned())].into())
        };
        assert_eq!(of("https://h/a/b", "../c/").unwrap(), "https://h/a/c");
        assert_eq!(of("file:///a/b", "file:///c").unwrap(), "file:///c");
        for (own, reason) in [
            ("file:///home/me/secret", "on this machine"),
            ("ext::sh", "start a program"),
            ("-x", "option"),
            ("../../../x", "leads nowhere"),
            ("/srv/x", "no address"),
            ("https://me:hunter2@h/x", "credentials"),
        ] {
            let error = of("https://h/a/b", own).unwrap_err().to_string();
            assert!(!error.contains("hunter2"), "{error}");
            assert!(error.contains(reason) && error.contains("submodule `m`"), "{error}");
        }
        let error =
            submodule_url(&part("https://h/a"), Path::new("m"), &HashMap::new()).unwrap_err().to_string();
        assert!(error.contains("no address in .gitmodules"), "{error}");
    }
}
