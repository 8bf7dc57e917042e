//! `kind = "git"`: one commit of a repository, with its submodules where the manifest asks for them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bench_runner_core::record::{Pin, short_hash};
use git2::{Commit, Repository};
use toml::Table;

use super::commit::{self, Content, Listing, Unlisted};
use super::git_store::{self, Unread};
use super::tree;
use super::{Pinned, SourceError, Sources, gitmodules, history, local, outside};
use crate::corpus::manifest::{GitSource, urls};
use crate::spanned::masked;

/// Repositories within one another.
const DEEPEST: usize = 8;
/// Repositories together.
const MOST: usize = 500;

/// A commit that belongs to the source, and where.
#[derive(Debug, Clone)]
struct Part {
    url: String,
    rev: String,
    below: PathBuf,
    depth: usize,
}

/// The parts of a source with their files.
type Parts = Vec<(Part, Vec<Content>)>;

/// What was read of a part.
struct Read {
    listing: Listing,
    /// Addresses of its submodules by their paths, as its own `.gitmodules` has them.
    urls: BTreeMap<PathBuf, String>,
}

/// Pins the commit: it is fetched where it is not in the cache, read and checked object by object, and written out.
///
/// The source may hold `limit` bytes.
pub(super) fn pin(source: &GitSource, limit: u64, with: &Sources) -> Result<Pinned, SourceError> {
    let (parts, notes) = gather(source, limit, with)?;
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
    if let Some(path) = commit::doubled(&files) {
        let reason = format!("`{}` is two things in one", commit::shown(path));
        return Err(refuse(&source.url, &source.rev, reason));
    }
    if let Some(link) = commit::leaving_link(&files) {
        let reason = format!("the link `{}` leaves the tree", commit::shown(link));
        return Err(refuse(&source.url, &source.rev, reason));
    }
    let root = source.dir.clone().unwrap_or_default();
    if !files.iter().any(|file| file.path == root.join("Cargo.toml")) {
        return Err(no_project(source));
    }
    if let Some(workspace) = workspace_above(&root, &files, &parts, with)? {
        return Err(SourceError::Commit {
            url: source.url.clone(),
            rev: source.rev.clone(),
            reason: format!(
                "`{}` belongs to the workspace {}",
                commit::shown(&root),
                if workspace == Path::new("") {
                    "at its root".to_owned()
                } else {
                    format!("in `{}`", commit::shown(&workspace))
                }
            ),
            help:
                "name the workspace's own directory in `dir` (none for the root), and the package in `build`"
                    .to_owned(),
        });
    }
    let variety = format!("{} {}", source.url, if source.submodules { "whole" } else { "alone" });
    let place = with.cache.sources().join(format!("git-{}-{}", &source.rev[..12], short_hash(&variety)));
    // The commit says what the tree must be, so that nothing else has to be remembered or trusted.
    if local::contents(&place)?.as_deref() != Some(files.as_slice()) {
        local::replace(&place, &with.cache, |into| write(&parts, into, with))?;
    }
    Ok(Pinned { pin: Pin::Git { rev: source.rev.clone() }, tree: place, root, files, notes, ignored: None })
}

/// The last `count` commits up to the pinned one, oldest first; fewer where there are no more.
pub(super) fn last_commits(
    source: &GitSource,
    count: usize,
    with: &Sources,
) -> Result<Vec<String>, SourceError> {
    let repository = git_store::repository(source, count, with)?;
    history::last(&repository, &source.rev, count)
        .map_err(|error| refuse(&source.url, &source.rev, error.message().to_owned()))
}

fn write(parts: &Parts, into: &Path, with: &Sources) -> Result<(), SourceError> {
    for (part, contents) in parts {
        let into = into.join(&part.below);
        git_store::with_commit(&part.url, &part.rev, with, |repo, _| {
            commit::write(repo, contents, &into).map_err(Unread::Refused)
        })?;
    }
    Ok(())
}

/// The commit itself and those of its submodules, with their files; and what is worth knowing about them.
fn gather(source: &GitSource, limit: u64, with: &Sources) -> Result<(Parts, Vec<String>), SourceError> {
    let first = Part { url: source.url.clone(), rev: source.rev.clone(), below: PathBuf::new(), depth: 0 };
    let (mut left, mut parts, mut notes, mut bytes) = (vec![first], Vec::new(), Vec::new(), 0);
    while let Some(part) = left.pop() {
        if parts.len() >= MOST || part.depth > DEEPEST {
            return Err(refuse(&part.url, &part.rev, "it has no end of submodules".to_owned()));
        }
        let Read { listing, urls } = git_store::with_commit(&part.url, &part.rev, with, |repo, commit| {
            read(repo, commit, &part, limit.saturating_sub(bytes))
        })?;
        bytes += listing.bytes;
        for submodule in &listing.submodules {
            if !source.submodules {
                let path = part.below.join(&submodule.path);
                notes.push(format!("left out, a submodule: {}", commit::shown(&path)));
                continue;
            }
            left.push(Part {
                url: address(&part, &submodule.path, &urls)?,
                rev: submodule.rev.clone(),
                below: part.below.join(&submodule.path),
                depth: part.depth + 1,
            });
        }
        parts.push((part, listing.contents));
    }
    Ok((parts, notes))
}

/// Where a submodule comes from.
fn address(parent: &Part, path: &Path, urls: &BTreeMap<PathBuf, String>) -> Result<String, SourceError> {
    let refuse = |reason: String| {
        refuse(&parent.url, &parent.rev, format!("the submodule `{}` {reason}", commit::shown(path)))
    };
    let own = urls.get(path).ok_or_else(|| refuse("has no address in .gitmodules".into()))?;
    let own = own.trim_end_matches('/');
    let url = urls::resolve(&parent.url, own).ok_or_else(|| {
        refuse(format!("has an address that leads nowhere: `{}`", masked(own).escape_debug()))
    })?;
    urls::check(&url).map_err(|(reason, _)| refuse(format!("cannot be fetched: {reason}")))?;
    // A repository from elsewhere has no business with those of this machine.
    if urls::is_local(&url) && !urls::is_local(&parent.url) {
        return Err(refuse(format!("is on this machine, and the repository is not: `{url}`")));
    }
    Ok(url)
}

fn read(repo: &Repository, commit: &Commit<'_>, part: &Part, limit: u64) -> Result<Read, Unread> {
    let damaged = |error: git2::Error| Unread::Damaged(error.message().to_owned());
    let whole = commit.tree().map_err(damaged)?;
    let listing = commit::list(repo, &whole, limit).map_err(|unlisted| match unlisted {
        Unlisted::Damaged(reason) => Unread::Damaged(reason),
        Unlisted::Refused(reason) => Unread::Refused(refuse(&part.url, &part.rev, reason)),
    })?;
    let blob = listing.contents.iter().find(|content| content.file.path == Path::new(".gitmodules"));
    let urls = match blob {
        Some(content) if !listing.submodules.is_empty() => {
            let blob = repo.find_blob(content.blob).map_err(damaged)?;
            let named = gitmodules::read(blob.content())
                .map_err(|reason| Unread::Refused(refuse(&part.url, &part.rev, reason)))?;
            named.into_iter().filter_map(|(path, named)| Some((path, named.url?))).collect()
        }
        _ => BTreeMap::new(),
    };
    Ok(Read { listing, urls })
}

/// The directory of the workspace that the project in `root` is a member of, where there is one above it.
fn workspace_above(
    root: &Path,
    files: &[tree::TreeFile],
    parts: &Parts,
    with: &Sources,
) -> Result<Option<PathBuf>, SourceError> {
    let text = |path: &Path| -> Result<Option<Table>, SourceError> {
        let found = parts.iter().find_map(|(part, contents)| {
            let content = contents.iter().find(|content| part.below.join(&content.file.path) == path)?;
            Some((part, content.blob))
        });
        let Some((part, blob)) = found else { return Ok(None) };
        git_store::with_commit(&part.url, &part.rev, with, |repo, _| {
            let blob = repo.find_blob(blob).map_err(|error| Unread::Damaged(error.message().to_owned()))?;
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
        return Ok(outside::normal(&root.join(named)));
    }
    for dir in root.ancestors().skip(1).filter(is_there) {
        if text(&dir.join("Cargo.toml"))?.is_some_and(|manifest| takes_in(&manifest, dir, root)) {
            return Ok(Some(dir.to_path_buf()));
        }
    }
    Ok(None)
}

/// Whether the workspace of `manifest`, which lies in `dir`, has what lies in `package` for a member. As for cargo, what
/// is listed in `members` as it stands is one, also where a directory above it is excluded.
fn takes_in(manifest: &Table, dir: &Path, package: &Path) -> bool {
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
    let place =
        source.dir.as_ref().map_or_else(|| "its root".to_owned(), |dir| format!("`{}`", commit::shown(dir)));
    SourceError::Commit {
        url: source.url.clone(),
        rev: source.rev.clone(),
        reason: format!("there is no Cargo.toml in {place}"),
        help: "`dir` in the manifest's `source` names the directory of the cargo project".to_owned(),
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
        let part = |url: &str| Part { url: url.into(), rev: "0".repeat(40), below: PathBuf::new(), depth: 0 };
        let of = |parent: &str, own: &str| {
            address(&part(parent), Path::new("m"), &[(PathBuf::from("m"), own.to_owned())].into())
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
        let error = address(&part("https://h/a"), Path::new("m"), &BTreeMap::new()).unwrap_err().to_string();
        assert!(error.contains("no address in .gitmodules"), "{error}");
    }
}
