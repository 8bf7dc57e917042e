//! The commit of a source and those of its submodules: fetched, read and written out.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use git2::{Commit, Repository};

use crate::corpus::sources::context::FetchContext;
use crate::corpus::sources::error::SourceError;
use crate::corpus::sources::git::commit::{self, CommitFile, CommitListing, ListError};
use crate::corpus::sources::git::store::{self, StoreError};
use crate::corpus::sources::git::submodules;
use crate::corpus::sources::tree::TreeFile;
use crate::corpus::urls;
use crate::toml_reader::mask_credentials;

/// Deepest nesting of repositories.
const DEEPEST: usize = 8;
/// Most repositories in total.
const MOST_REPOSITORIES: usize = 500;

/// The commits of a source with their files.
pub(super) struct GitParts(Vec<(GitPart, Vec<CommitFile>)>);

/// A commit that belongs to the source, and its place there.
#[derive(Debug, Clone)]
struct GitPart {
    url: String,
    rev: String,
    below: PathBuf,
    depth: usize,
}

/// Contents of one commit.
struct ReadCommit {
    listing: CommitListing,
    /// Addresses of its submodules by their paths, from its own `.gitmodules`.
    urls: HashMap<PathBuf, String>,
}

/// The commit itself and those of its submodules, with their files; and notes for the user.
pub(super) fn gather(
    url: &str,
    rev: &str,
    with_submodules: bool,
    limit: u64,
    with: &FetchContext,
) -> Result<(GitParts, Vec<String>), SourceError> {
    let first = GitPart { url: url.to_owned(), rev: rev.to_owned(), below: PathBuf::new(), depth: 0 };
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
            if !with_submodules {
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
    Ok((GitParts(parts), notes))
}

impl GitParts {
    /// The files of all parts, by their paths in the source.
    pub(super) fn files(&self) -> Vec<TreeFile> {
        self.0
            .iter()
            .flat_map(|(part, contents)| {
                contents.iter().map(|content| {
                    let mut file = content.file.clone();
                    file.path = part.below.join(file.path);
                    file
                })
            })
            .collect()
    }

    /// The text of the file at a path in the source, if it is there and is text.
    pub(super) fn text(&self, path: &Path, with: &FetchContext) -> Result<Option<String>, SourceError> {
        let found = self.0.iter().find_map(|(part, contents)| {
            let content = contents.iter().find(|content| part.below.join(&content.file.path) == path)?;
            Some((part, content.blob))
        });
        let Some((part, blob)) = found else { return Ok(None) };
        store::with_commit(&part.url, &part.rev, with, |repo, _| {
            let blob =
                repo.find_blob(blob).map_err(|error| StoreError::Damaged(error.message().to_owned()))?;
            Ok(std::str::from_utf8(blob.content()).ok().map(str::to_owned))
        })
    }

    pub(super) fn write(&self, into: &Path, with: &FetchContext) -> Result<(), SourceError> {
        for (part, contents) in &self.0 {
            let into = into.join(&part.below);
            store::with_commit(&part.url, &part.rev, with, |repo, _| {
                commit::write(repo, contents, &into).map_err(StoreError::Refused)
            })?;
        }
        Ok(())
    }
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

/// Refuses a commit.
pub(super) fn refuse(url: &str, rev: &str, reason: String) -> SourceError {
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
