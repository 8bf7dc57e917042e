//! A local project as of one of its own commits. The user's work tree is not read.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use bench_runner_core::record::{IgnoredFiles, Pin, is_hex, short_hash};
use git2::{Oid, Repository, Tree};

use crate::corpus::sources::cached_tree;
use crate::corpus::sources::context::FetchContext;
use crate::corpus::sources::error::SourceError;
use crate::corpus::sources::git::build_repository;
use crate::corpus::sources::git::commit::{self, CommitFile, CommitListing, ListError, Submodule};
use crate::corpus::sources::git::submodules;
use crate::corpus::sources::git::users_repository::{self, UserReadError, UsersRepository};
use crate::corpus::sources::ignored_files;
use crate::corpus::sources::path_deps;
use crate::corpus::sources::pinned::Pinned;
use crate::corpus::sources::tree::{self, TreeFile};
use crate::corpus::urls::shell_word;

/// Most submodules of one commit, including nested ones.
const MOST_SUBMODULES: usize = 500;

/// Contents of the commit itself, or of one of its submodules.
struct RevisionPart {
    repository: Repository,
    /// Path in the source.
    below: PathBuf,
    contents: Vec<CommitFile>,
}

/// A commit of the repository that contains a project.
struct Revision<'a> {
    root: &'a Path,
    rev: &'a str,
    users: &'a UsersRepository,
    limit: u64,
    with: &'a FetchContext,
}

/// A commit that is to be listed.
struct CommitToList {
    from: UsersRepository,
    rev: String,
    /// The requested directory in it.
    below: PathBuf,
    /// Path in the source.
    place: PathBuf,
}

/// Pins the directory `path` of a git work tree as of the commit `rev`; the whole commit, if the project
/// needs more of the repository than its own directory (checked only if it is built `by_cargo`). It may have
/// at most `limit` bytes.
pub(crate) fn pin(
    path: &Path,
    rev: &str,
    limit: u64,
    by_cargo: bool,
    with: &FetchContext,
) -> Result<Pinned, SourceError> {
    let root = path.canonicalize().map_err(SourceError::io("find", path))?;
    let unfit = |reason: String, help: &str| unfit(&root, reason, help);
    if !is_hex(rev, 40) {
        let help = format!("`git -C {} rev-parse {rev}` gives it", root.display());
        return Err(unfit(format!("`{rev}` is not a full commit of 40 hex digits"), &help));
    }
    let users = users_repository::open(&root, rev, with).map_err(|unread| {
        let reason = match unread {
            UserReadError::Offline(error) => return error,
            UserReadError::Because(reason) => reason,
        };
        let help = "commits are those of a repository; `git fetch` may bring one, and `git log --format=%H` lists those \
                    that are there";
        unfit(reason, help)
    })?;
    let workdir = &users.work_tree;
    let below = workdir.as_ref().and_then(|dir| root.strip_prefix(dir).ok()).unwrap_or(Path::new(""));
    let is_package = by_cargo && root.join("Cargo.toml").is_file();
    let base = if is_package { path_deps::find(&root, with)?.base(&root) } else { root.clone() };
    if base != root && !workdir.as_ref().is_some_and(|workdir| base.starts_with(workdir)) {
        let reason = format!("it needs what lies outside of its repository, in {}", base.display());
        return Err(unfit(reason, "commits can be compared where all of it is in one repository"));
    }
    let revision = Revision { root: &root, rev, users: &users, limit, with };
    let pinned = revision.pin(below, base == root)?;
    // Code that asks git needs the same place in its repository.
    match build_repository::needs_work_tree(&pinned, &root).filter(|_| by_cargo) {
        Some(_) => revision.pin(below, false),
        None => Ok(pinned),
    }
}

/// The source of a commit with the ignored files of `own`, the same project in its present state. Files of
/// the commit itself stay.
pub(crate) fn with_ignored(pinned: Pinned, own: &Pinned, with: &FetchContext) -> Result<Pinned, SourceError> {
    let Some(ignored) = own.ignored.as_ref().filter(|ignored| !ignored.files.is_empty()) else {
        return Ok(pinned);
    };
    let taken: BTreeSet<&Path> = pinned.files.iter().flat_map(|file| file.path.ancestors()).collect();
    let there: BTreeSet<&Path> = pinned.files.iter().map(|file| file.path.as_path()).collect();
    let above = |path: &Path| path.ancestors().any(|above| there.contains(above));
    let mut added: Vec<(TreeFile, PathBuf)> = Vec::new();
    for file in own.ignored_files() {
        let Some(path) = move_path(&file.path, &own.root, &pinned.root) else { continue };
        if !taken.contains(path.as_path()) && !above(&path) {
            added.push((TreeFile { path, kind: file.kind }, file.path));
        }
    }
    let mut files = pinned.files.clone();
    files.extend(added.iter().map(|(file, _)| file.clone()));
    tree::sort(&mut files);
    let place = cached_tree::tree_path_with_ignored(&pinned.tree, Some(ignored));
    if cached_tree::contents(&place)?.as_deref() != Some(files.as_slice()) {
        cached_tree::replace(&place, &with.cache, |into| {
            tree::copy(&pinned.tree, &pinned.files, into)?;
            ignored_files::keep_private(into)?;
            added.iter().try_for_each(|(file, from)| {
                let to = into.join(&file.path);
                let dir = to.parent().unwrap_or(into);
                fs::create_dir_all(dir).map_err(SourceError::io("create", dir))?;
                tree::copy_file(&own.tree.join(from), &file.kind, &to)
            })
        })?;
    }
    let names = added.iter().map(|(file, _)| ignored_files::plan_name(&file.path)).collect();
    let ignored = Some(IgnoredFiles { files: names, ..ignored.clone() });
    Ok(Pinned { tree: place, files, ignored, ..pinned })
}

/// Converts a path of a copy with the project in `from` into one of a copy with the project in `to`: both are
/// copies of the same place, one of them starting further up.
fn move_path(path: &Path, from: &Path, to: &Path) -> Option<PathBuf> {
    let (from, to): (Vec<_>, Vec<_>) = (from.components().collect(), to.components().collect());
    match from.len().checked_sub(to.len()) {
        Some(above) => path.strip_prefix(from[..above].iter().collect::<PathBuf>()).ok().map(Path::to_owned),
        None => Some(to[..to.len() - from.len()].iter().collect::<PathBuf>().join(path)),
    }
}

impl Revision<'_> {
    /// The directory `below` of the commit in the cache; within the whole commit, unless it is taken `alone`.
    fn pin(&self, below: &Path, alone: bool) -> Result<Pinned, SourceError> {
        let Self { root, rev, with, .. } = self;
        let (place_in, parts, files) = self.take(below, alone)?;
        let variety =
            format!("{}{}", root.display(), if place_in.as_os_str().is_empty() { "" } else { " whole" });
        let place = with.cache.sources().join(format!("git-{}-{}", &rev[..12], short_hash(&variety)));
        // The commit determines the tree, so nothing else has to be stored or trusted.
        if cached_tree::contents(&place)?.as_deref() != Some(files.as_slice()) {
            cached_tree::replace(&place, &with.cache, |into| {
                parts.iter().try_for_each(|part| {
                    commit::write(&part.repository, &part.contents, &into.join(&part.below))
                })
            })?;
        }
        let pin = Pin::Git { rev: (*rev).to_owned() };
        Ok(Pinned { pin, tree: place, root: place_in, files, notes: Vec::new(), ignored: None })
    }

    /// The files of the directory `below` alone, if they are enough; else those of the whole commit, and the
    /// path of the directory in it.
    fn take(
        &self,
        below: &Path,
        alone: bool,
    ) -> Result<(PathBuf, Vec<RevisionPart>, Vec<TreeFile>), SourceError> {
        let alone = alone || below == Path::new("");
        let (parts, files) = self.list(if alone { below } else { Path::new("") })?;
        let Some(link) = commit::leaving_link(&files) else {
            return Ok((if alone { PathBuf::new() } else { below.to_owned() }, parts, files));
        };
        if alone && below != Path::new("") {
            return self.take(below, false);
        }
        Err(self.refuse(format!("the link `{}` leaves the tree", commit::printable(link))))
    }

    /// The files of the directory `below` of the commit, with those of its submodules.
    fn list(&self, below: &Path) -> Result<(Vec<RevisionPart>, Vec<TreeFile>), SourceError> {
        let from = self.users.reopen().map_err(|error| self.broken(&error))?;
        let first =
            CommitToList { from, rev: self.rev.to_owned(), below: below.to_owned(), place: PathBuf::new() };
        let (mut left, mut parts, mut files, mut bytes) = (vec![first], Vec::new(), Vec::new(), 0);
        while let Some(wanted) = left.pop() {
            if parts.len() >= MOST_SUBMODULES {
                return Err(self.refuse("it has no end of submodules".to_owned()));
            }
            let taken = self.list_one(&wanted, self.limit.saturating_sub(bytes))?;
            bytes += taken.bytes;
            files.extend(taken.contents.iter().map(|content| {
                let mut file = content.file.clone();
                file.path = wanted.place.join(file.path);
                file
            }));
            for Submodule { path, rev } in taken.submodules {
                let from = self.submodule(&wanted, &wanted.below.join(&path), &rev)?;
                left.push(CommitToList { from, rev, below: PathBuf::new(), place: wanted.place.join(&path) });
            }
            let CommitToList { from, place, .. } = wanted;
            parts.push(RevisionPart { repository: from.repository, below: place, contents: taken.contents });
        }
        tree::sort(&mut files);
        if let Some(path) = commit::duplicate_path(&files) {
            return Err(self.refuse(format!("`{}` is two things in one", commit::printable(path))));
        }
        Ok((parts, files))
    }

    fn list_one(&self, wanted: &CommitToList, limit: u64) -> Result<CommitListing, SourceError> {
        let CommitToList { from: UsersRepository { repository, .. }, below, .. } = wanted;
        let mut tree = wanted.tree().map_err(|error| self.broken(&error))?;
        if below != Path::new("") {
            let found = tree.get_path(below).and_then(|entry| repository.find_tree(entry.id()));
            let reason = || format!("the commit {} has no directory {}", self.rev, below.display());
            tree = found.map_err(|_| unfit(self.root, reason(), "take a later commit"))?;
        }
        commit::list(repository, &tree, limit).map_err(|error| match error {
            ListError::Damaged(reason) => unfit(self.root, reason, "check it with `git fsck`"),
            ListError::Refused(reason) => self.refuse(reason),
        })
    }

    /// The user's own repository of the submodule at `path` of a commit, with the submodule's commit `rev`:
    /// below git's own directory, or in the submodule's work tree.
    fn submodule(
        &self,
        parent: &CommitToList,
        path: &Path,
        rev: &str,
    ) -> Result<UsersRepository, SourceError> {
        let UsersRepository { repository, kept_in, work_tree, .. } = &parent.from;
        let text = parent
            .tree()
            .and_then(|tree| repository.find_blob(tree.get_path(Path::new(".gitmodules"))?.id()));
        let named = text.map(|blob| submodules::read(blob.content()).map_err(|reason| self.refuse(reason)));
        let named = named.unwrap_or_else(|_| Ok(BTreeMap::new()))?;
        let kept = named.get(path).and_then(|named| Some(kept_in.join("modules").join(named.below()?)));
        let checked_out = work_tree.as_ref().map(|dir| dir.join(path));
        let places = kept.into_iter().chain(checked_out).filter(|dir| users_repository::is_repository(dir));
        let found = places.map(|dir| users_repository::open(&dir, rev, self.with)).find_map(Result::ok);
        found.ok_or_else(|| {
            let shown = commit::printable(path);
            let reason = format!("the commit {rev} of its submodule `{shown}` is not on this machine");
            let help = format!(
                "`git submodule update --init --recursive` brings submodules, and `git -C {} fetch` older commits of one",
                shell_word(&shown)
            );
            unfit(self.root, format!("the commit {} cannot be taken: {reason}", self.rev), &help)
        })
    }

    fn broken(&self, error: &git2::Error) -> SourceError {
        unfit(self.root, error.message().to_owned(), "check it with `git fsck`")
    }

    fn refuse(&self, reason: String) -> SourceError {
        let reason = format!("the commit {} cannot be taken: {reason}", self.rev);
        unfit(self.root, reason, "take another commit")
    }
}

impl CommitToList {
    fn tree(&self) -> Result<Tree<'_>, git2::Error> {
        self.from.repository.find_commit(Oid::from_str(&self.rev)?)?.tree()
    }
}

fn unfit(root: &Path, reason: String, help: &str) -> SourceError {
    SourceError::Unfit { path: root.to_path_buf(), reason, help: help.to_owned() }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use git2::Signature;

    use super::*;
    use crate::printed_error::PrintedError as _;

    fn sources(dir: &Path) -> FetchContext {
        FetchContext::in_tests(&dir.join("cache"))
    }

    /// Commits everything below `dir` and returns the commit.
    fn commit(repo: &Repository) -> String {
        let mut index = repo.index().unwrap();
        index.add_all(["*"], git2::IndexAddOption::DEFAULT, None).unwrap();
        index.write().unwrap();
        let tree = repo.find_tree(index.write_tree().unwrap()).unwrap();
        let who = Signature::now("nobody", "nobody@localhost").unwrap();
        let parent = repo.head().ok().and_then(|head| head.peel_to_commit().ok());
        let parents: Vec<_> = parent.iter().collect();
        repo.commit(Some("HEAD"), &who, &who, "x", &tree, &parents).unwrap().to_string()
    }

    #[test]
    fn a_commit_is_taken_whatever_the_work_tree_holds_now() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("repo");
        fs::create_dir_all(root.join("p/src")).unwrap();
        let repo = Repository::init(&root).unwrap();
        fs::write(root.join("p/src/main.rs"), "first").unwrap();
        symlink("src/main.rs", root.join("p/link")).unwrap();
        let first = commit(&repo);
        fs::write(root.join("p/src/main.rs"), "second").unwrap();
        let second = commit(&repo);
        fs::write(root.join("p/src/main.rs"), "third").unwrap();
        let with = sources(dir.path());
        let read = |rev: &str| {
            let pinned = pin(&root.join("p"), rev, 1_000_000, true, &with).unwrap();
            assert_eq!(pinned.pin, Pin::Git { rev: rev.to_owned() });
            assert_eq!(pinned.files.len(), 2);
            let into = tempfile::tempdir_in(dir.path()).unwrap();
            crate::corpus::sources::check_out(&pinned, into.path()).unwrap();
            fs::read_to_string(into.path().join("link")).unwrap()
        };
        assert_eq!((read(&first), read(&second)), ("first".to_owned(), "second".to_owned()));
        // A tree that was changed in the cache is written again.
        let tree = pin(&root.join("p"), &first, 1_000_000, true, &with).unwrap().tree;
        fs::write(tree.join("src/main.rs"), "tampered").unwrap();
        assert_eq!(read(&first), "first");
    }

    #[test]
    fn a_directory_that_needs_more_of_its_repository_comes_with_all_of_it() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("repo");
        for (path, text) in [
            ("linked/LICENSE", ""),
            ("needy/Cargo.toml", "[package]\nname = \"n\"\n[dependencies]\no = { path = \"../other\" }\n"),
            ("needy/src/lib.rs", ""),
            ("other/Cargo.toml", "[package]\nname = \"o\"\n"),
            ("other/src/lib.rs", ""),
            ("LICENSE", "free"),
        ] {
            fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
            fs::write(root.join(path), text).unwrap();
        }
        fs::remove_file(root.join("linked/LICENSE")).unwrap();
        symlink("../LICENSE", root.join("linked/LICENSE")).unwrap();
        let repo = Repository::init(&root).unwrap();
        let rev = commit(&repo);
        let with = sources(dir.path());
        for project in ["linked", "needy"] {
            let pinned = pin(&root.join(project), &rev, 1_000_000, true, &with).unwrap();
            assert_eq!((pinned.root.as_path(), pinned.files.len()), (Path::new(project), 6));
        }
        let alone = pin(&root.join("other"), &rev, 1_000_000, true, &with).unwrap();
        assert_eq!((alone.root.as_path(), alone.files.len()), (Path::new(""), 2));
    }

    #[test]
    fn what_is_no_commit_here_is_refused_with_the_command_that_helps() {
        let dir = tempfile::tempdir().unwrap();
        Repository::init(dir.path()).unwrap();
        let with = sources(dir.path());
        let error = |rev: &str| pin(dir.path(), rev, 1_000_000, true, &with).unwrap_err().printed();
        assert!(error("main").contains("rev-parse main"), "{}", error("main"));
        let missing = error(&"ab".repeat(20));
        assert!(missing.contains("there is no commit abab") && missing.contains("git fetch"), "{missing}");
        let empty_dir = tempfile::tempdir().unwrap();
        let error = pin(empty_dir.path(), &"ab".repeat(20), 1_000_000, true, &with).unwrap_err().printed();
        assert!(error.contains("in no git repository"), "{error}");
    }

    #[test]
    fn a_commit_without_a_lock_file_gets_that_which_git_ignores() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("repo");
        fs::create_dir_all(&root).unwrap();
        let repo = Repository::init(&root).unwrap();
        fs::write(root.join("Cargo.toml"), "[package]\nname = \"p\"\n[lib]\npath = \"p.rs\"\n").unwrap();
        fs::write(root.join("p.rs"), "").unwrap();
        fs::write(root.join(".gitignore"), "Cargo.lock\n").unwrap();
        let rev = commit(&repo);
        let manifest = format!("name = \"p\"\n[source]\nkind = \"path\"\npath = '{}'\n", root.display());
        let text = crate::toml_reader::SourceText::new("p.toml", manifest);
        let project = crate::corpus::Project::parse(&text, None).unwrap();
        let with = sources(dir.path());
        let error = crate::corpus::sources::pin_revision(&project.source_request(), &rev, None, &with)
            .unwrap_err()
            .to_string();
        assert!(error.contains("has no Cargo.lock"), "{error}");
        let pinned = |lock: &str| {
            fs::write(root.join("Cargo.lock"), lock).unwrap();
            let pinned =
                crate::corpus::sources::pin_revision(&project.source_request(), &rev, None, &with).unwrap();
            assert_eq!(pinned.pin, Pin::Git { rev: rev.clone() });
            (fs::read_to_string(pinned.tree.join("Cargo.lock")).unwrap(), pinned.notes)
        };
        // One that is of another version of the project is changed, and fits from then on.
        let (fitted, notes) = pinned("version = 4\n\n[[package]]\nname = \"p\"\nversion = \"0.7.0\"\n");
        assert!(fitted.contains("name = \"p\"\nversion = \"0.0.0\"\n"), "{fitted}");
        assert!(matches!(&notes[..], [note] if note.starts_with("it has no Cargo.lock")), "{notes:?}");
        assert_eq!(pinned(&fitted), (fitted.clone(), Vec::new()));
    }
}
