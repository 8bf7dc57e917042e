//! Commits of one of the user's repositories, by the names that people have for them. Git itself is asked, so a name
//! means what it means to the user.

use std::path::Path;

use crate::corpus::sources::error::SourceError;
use crate::corpus::sources::git::cli;

/// The full id of the commit that `name` (a branch, tag, id, `HEAD~3`) has in the repository of `dir`.
///
/// # Errors
/// If `dir` is in no repository, or there is no such commit.
pub fn resolve(dir: &Path, name: &str) -> Result<String, SourceError> {
    let commit = format!("{name}^{{commit}}");
    let said = cli::ask(dir, &["rev-parse", "--verify", "--end-of-options", &commit]).map_err(|error| {
        let reason = format!("git does not know the commit `{name}`: {}", cli::reason(&error));
        let help = "name a commit, branch or tag of this repository; in CI the checkout may need more history \
                    (`fetch-depth: 0`)";
        unfit(dir, reason, help)
    })?;
    Ok(String::from_utf8_lossy(&said).trim().to_owned())
}

/// True if `dir` is in a repository that has a commit checked out.
pub fn has_commits(dir: &Path) -> bool {
    let repository = git2::Repository::discover(dir);
    repository.is_ok_and(|repository| repository.head().is_ok_and(|head| head.peel_to_commit().is_ok()))
}

/// Commits after `from` up to `to`, oldest first, along the first parents of `to`; both are full ids. `to` is the last.
///
/// # Errors
/// If `from` is not among the first parents of `to`, or is `to` itself.
pub fn between(dir: &Path, from: &str, to: &str) -> Result<Vec<String>, SourceError> {
    if from == to {
        let help = "name two different commits";
        return Err(unfit(dir, format!("both ends are the commit {from}"), help));
    }
    let range = format!("{from}..{to}");
    let said = cli::ask(dir, &["rev-list", "--first-parent", "--reverse", "--parents", &range, "--"])
        .map_err(|error| unfit(dir, cli::reason(&error), "check the repository with `git log`"))?;
    let text = String::from_utf8_lossy(&said);
    let mut lines = text.lines().map(|line| line.split(' '));
    let first_parent = lines.clone().next().and_then(|mut ids| ids.nth(1));
    if first_parent != Some(from) {
        let reason = format!("{from} is not among the first parents of {to}");
        let help = "both must be on one line of history, the older one first; for a branch that was merged, take the commit \
                    before the merge, or `git merge-base`; in CI the checkout may need more history (`fetch-depth: 0`)";
        return Err(unfit(dir, reason, help));
    }
    Ok(lines.by_ref().filter_map(|mut ids| ids.next().map(str::to_owned)).collect())
}

/// The first parents of a commit, oldest first, the commit itself last.
///
/// # Errors
/// If git cannot read the history.
pub fn first_parents(dir: &Path, commit: &str) -> Result<Vec<String>, SourceError> {
    let said = cli::ask(dir, &["rev-list", "--first-parent", "--reverse", commit, "--"])
        .map_err(|error| unfit(dir, cli::reason(&error), "check the repository with `git log`"))?;
    Ok(String::from_utf8_lossy(&said).lines().map(str::to_owned).collect())
}

/// Place of `dir` in its repository, such as `crates/one/`; `.` at its top.
///
/// # Errors
/// If `dir` is in no repository.
pub fn place(dir: &Path) -> Result<String, SourceError> {
    let said = cli::ask(dir, &["rev-parse", "--show-prefix"])
        .map_err(|error| unfit(dir, cli::reason(&error), "check the repository with `git status`"))?;
    let place = String::from_utf8_lossy(&said).trim().to_owned();
    Ok(if place.is_empty() { ".".to_owned() } else { place })
}

/// Subject line of a commit, for readers; empty if git does not say it.
pub fn subject(dir: &Path, commit: &str) -> String {
    let said = cli::ask(dir, &["show", "--no-patch", "--format=%s", commit, "--"]);
    said.map(|said| String::from_utf8_lossy(&said).trim().to_owned()).unwrap_or_default()
}

fn unfit(dir: &Path, reason: String, help: &str) -> SourceError {
    if !dir.is_dir() {
        let help = "name the directory of a project, such as `./`".to_owned();
        return SourceError::Revision {
            path: dir.to_owned(),
            reason: "it is not a directory".to_owned(),
            help,
        };
    }
    SourceError::Revision { path: dir.to_owned(), reason, help: help.to_owned() }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use git2::{Repository, Signature};

    use super::*;

    fn commit(repository: &Repository, parents: &[&str]) -> String {
        let tree = repository.find_tree(repository.index().unwrap().write_tree().unwrap()).unwrap();
        let who = Signature::now("nobody", "nobody@localhost").unwrap();
        let parents: Vec<_> = parents
            .iter()
            .map(|id| repository.find_commit(git2::Oid::from_str(id).unwrap()).unwrap())
            .collect();
        let parents: Vec<_> = parents.iter().collect();
        repository.commit(None, &who, &who, "one more\n\nand why", &tree, &parents).unwrap().to_string()
    }

    #[test]
    fn commits_have_their_names_and_their_order() {
        let dir = tempfile::tempdir().unwrap();
        let repository = Repository::init(dir.path()).unwrap();
        fs::write(dir.path().join("f"), "x").unwrap();
        let first = commit(&repository, &[]);
        let second = commit(&repository, &[&first]);
        let aside = commit(&repository, &[&first, &second]);
        let third = commit(&repository, &[&second, &aside]);
        repository.reference("refs/heads/topic", git2::Oid::from_str(&third).unwrap(), true, "x").unwrap();
        assert_eq!(resolve(dir.path(), "topic").unwrap(), third);
        assert_eq!(resolve(dir.path(), "topic~1").unwrap(), second);
        assert_eq!(between(dir.path(), &first, &third).unwrap(), [second.clone(), third.clone()]);
        assert_eq!(subject(dir.path(), &third), "one more");
        for wrong in ["nothing", "--help", ""] {
            let error = resolve(dir.path(), wrong).unwrap_err().to_string();
            assert!(error.contains("git does not know the commit"), "{error}");
        }
        let error = between(dir.path(), &aside, &third).unwrap_err().to_string();
        assert!(error.contains("is not among the first parents"), "{error}");
        let error = between(dir.path(), &third, &first).unwrap_err().to_string();
        assert!(error.contains("is not among the first parents"), "{error}");
        assert!(between(dir.path(), &third, &third).is_err());
        assert_eq!(place(dir.path()).unwrap(), ".");
        fs::create_dir_all(dir.path().join("a/b")).unwrap();
        assert_eq!(place(&dir.path().join("a/b")).unwrap(), "a/b/");
        let error = resolve(&dir.path().join("none"), "topic").unwrap_err().to_string();
        assert!(error.ends_with("it is not a directory"), "{error}");
    }
}
