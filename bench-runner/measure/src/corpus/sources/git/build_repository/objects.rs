//! Selects the objects of a repository that are copied, and writes them.

use std::collections::{BTreeMap, HashSet};
use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::path::Path;
use std::time::Duration;

use git2::{Oid, Reference, Repository};

use super::index::{self, TrackedFile};
use crate::corpus::sources::error::SourceError;
use crate::corpus::sources::git::cli;

/// Most commits that are copied.
const MOST_COMMITS: usize = 200_000;
/// A question to git that takes longer has hung.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Contents of a repository for a copy.
pub(crate) struct BuildRepository {
    /// The checked out commit.
    pub(crate) head: Oid,
    /// The checked out branch, if any.
    branch: Option<String>,
    /// `head` and its ancestors.
    commits: Vec<Oid>,
    /// The commits at which history is cut.
    cuts: Vec<Oid>,
    /// Tags by name, with the object that they name and the commit that it leads to.
    tags: BTreeMap<String, (Oid, Oid)>,
    /// The files that git tracks.
    pub(crate) entries: Vec<TrackedFile>,
    /// Number of digits in the user's abbreviated commits.
    pub(crate) abbreviated: Option<usize>,
}

impl BuildRepository {
    /// A text that changes whenever the contents change.
    pub(crate) fn key(&self) -> String {
        let Self { head, branch, commits, cuts, tags, entries, abbreviated } = self;
        let entries: Vec<String> = entries.iter().map(TrackedFile::to_string).collect();
        let text = format!("{} {cuts:?} {tags:?} {}", commits.len(), entries.join("\n"));
        format!("{head} {branch:?} {abbreviated:?} {}\n", bench_runner_core::record::short_hash(&text))
    }
}

/// Description that follows "a repository with".
impl fmt::Display for BuildRepository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = |count: usize| if count == 1 { "" } else { "s" };
        let (commits, tags) = (self.commits.len(), self.tags.len());
        write!(f, "{commits} commit{} up to {}, {tags} tag{}", plural(commits), self.head, plural(tags))
    }
}

/// The checked out commit, with the user's index and later changes.
pub(crate) fn checked_out(repository: &Repository) -> Result<BuildRepository, git2::Error> {
    let head = repository.head()?;
    let branch = head.is_branch().then(|| head.name().ok().map(str::to_owned)).flatten();
    let head = head.peel_to_commit()?.id();
    let entries = index::files_of_user(repository)?;
    Ok(BuildRepository { branch, entries, ..collect(repository, head)? })
}

/// A commit without changes, with its ancestors.
pub(crate) fn with_history(repository: &Repository, rev: &str) -> Result<BuildRepository, git2::Error> {
    collect(repository, Oid::from_str(rev)?)
}

/// A single commit.
pub(crate) fn single(repository: &Repository, rev: &str) -> Result<BuildRepository, git2::Error> {
    let head = Oid::from_str(rev)?;
    let entries = index::files_of_commit(repository, head)?;
    let made = BuildRepository {
        head,
        branch: None,
        commits: vec![head],
        cuts: vec![head],
        tags: BTreeMap::new(),
        entries,
        abbreviated: None,
    };
    Ok(made)
}

fn collect(repository: &Repository, head: Oid) -> Result<BuildRepository, git2::Error> {
    let mut walk = repository.revwalk()?;
    walk.push(head)?;
    let commits = walk.take(MOST_COMMITS + 1).collect::<Result<Vec<Oid>, _>>()?;
    if commits.len() > MOST_COMMITS {
        return Err(git2::Error::from_str(&format!("its history has more than {MOST_COMMITS} commits")));
    }
    let there: HashSet<Oid> = commits.iter().copied().collect();
    let cuts = fs::read_to_string(repository.commondir().join("shallow")).unwrap_or_default();
    let cuts = cuts.lines().filter_map(|line| Oid::from_str(line).ok()).filter(|id| there.contains(id));
    let mut tags = BTreeMap::new();
    for tag in repository.references_glob("refs/tags/*")? {
        let tag = tag?;
        let (Ok(name), Some(id)) = (tag.name(), tag.target()) else { continue };
        if let Ok(commit) = tag.peel_to_commit()
            && there.contains(&commit.id())
            && Reference::is_valid_name(name)
        {
            tags.insert(name.to_owned(), (id, commit.id()));
        }
    }
    let entries = index::files_of_commit(repository, head)?;
    Ok(BuildRepository {
        head,
        branch: None,
        cuts: cuts.collect(),
        commits,
        tags,
        entries,
        abbreviated: None,
    })
}

/// Number of digits to which the user's git abbreviates a commit: it depends on the number of objects in the
/// whole repository.
pub(crate) fn abbreviated(workdir: &Path, commit: Oid) -> Option<usize> {
    let args = ["rev-parse", "--short", &commit.to_string()].map(OsString::from);
    let said = cli::call(workdir, args, TIMEOUT).ok()?.stdout;
    Some(said.trim().len()).filter(|length| (4..=40).contains(length))
}

/// Writes everything except the index into the directory `git`. The inner error is about reading the user's
/// repository.
pub(crate) fn write(
    made: &BuildRepository,
    exclude: &str,
    repository: &Repository,
    git: &Path,
) -> Result<Result<(), git2::Error>, SourceError> {
    let pack = git.join("objects/pack");
    for dir in [&pack, &git.join("info")] {
        fs::create_dir_all(dir).map_err(SourceError::io("create", dir))?;
    }
    let head = match &made.branch {
        Some(branch) => format!("ref: {branch}\n"),
        None => format!("{}\n", made.head),
    };
    let mut files = vec![("HEAD", head), ("config", config(made)), ("packed-refs", packed_refs(&made.tags))];
    files.push(("info/exclude", exclude.to_owned()));
    if !made.cuts.is_empty() {
        files.push(("shallow", made.cuts.iter().map(|id| format!("{id}\n")).collect()));
    }
    if let Some(branch) = made.branch.as_deref().filter(|name| Reference::is_valid_name(name)) {
        files.push((branch, format!("{}\n", made.head)));
    }
    for (name, text) in files {
        let file = git.join(name);
        let parent = file.parent().unwrap_or(git);
        fs::create_dir_all(parent).map_err(SourceError::io("create", parent))?;
        fs::write(&file, text).map_err(SourceError::io("write", &file))?;
    }
    Ok(write_pack(made, repository, &pack))
}

fn write_pack(made: &BuildRepository, repository: &Repository, into: &Path) -> Result<(), git2::Error> {
    let mut pack = repository.packbuilder()?;
    for commit in &made.commits {
        pack.insert_object(*commit, None)?;
    }
    pack.insert_tree(repository.find_commit(made.head)?.tree_id())?;
    for (id, commit) in made.tags.values() {
        // A tag may point to another tag.
        let mut id = *id;
        while id != *commit {
            pack.insert_object(id, None)?;
            id = repository.find_tag(id)?.target_id();
        }
    }
    pack.write(into, 0o644)
}

fn config(made: &BuildRepository) -> String {
    let mut text = "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n".to_owned();
    if let Some(digits) = made.abbreviated {
        text.push_str(&format!("\tabbrev = {digits}\n"));
    }
    text.push_str("[gc]\n\tauto = 0\n[maintenance]\n\tauto = false\n");
    text
}

fn packed_refs(tags: &BTreeMap<String, (Oid, Oid)>) -> String {
    let mut text = "# pack-refs with: peeled fully-peeled sorted \n".to_owned();
    for (name, (id, commit)) in tags {
        text.push_str(&format!("{id} {name}\n"));
        if id != commit {
            text.push_str(&format!("^{commit}\n"));
        }
    }
    text
}
