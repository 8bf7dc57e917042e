//! The repository of one of the user's directories, opened with libgit2.
//!
//! libgit2 cannot open every repository that git works with (relative work trees, reftables, other owners,
//! partial clones). In that case git copies the requested commit into a repository of the cache, from the
//! user's own or from the remote that promised its objects. Nothing is written into the user's.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use git2::{ErrorCode, Oid, Repository};

use crate::corpus::sources::context::FetchContext;
use crate::corpus::sources::error::SourceError;
use crate::corpus::sources::git::cli;
use crate::corpus::sources::git::store;

/// A repository of the user.
pub(crate) struct UsersRepository {
    /// The repository whose objects are read.
    pub(crate) repository: Repository,
    /// True if that is a repository of the cache, which has only the one commit.
    pub(crate) in_cache: bool,
    /// The directory of its data (git's common directory).
    pub(crate) kept_in: PathBuf,
    /// Its work tree, if it has one.
    pub(crate) work_tree: Option<PathBuf>,
}

/// The reason why a commit cannot be read.
pub(crate) enum UserReadError {
    /// A reason, as text.
    Because(String),
    /// Objects are missing here, and must not be fetched.
    Offline(SourceError),
}

impl From<String> for UserReadError {
    fn from(reason: String) -> Self {
        Self::Because(reason)
    }
}

impl UserReadError {
    /// The reason, as text.
    pub(crate) fn reason(self) -> String {
        match self {
            Self::Because(reason) => reason,
            Self::Offline(error) => error.to_string(),
        }
    }
}

/// The repository of `dir`, with the commit `rev` and its files.
pub(crate) fn open(dir: &Path, rev: &str, with: &FetchContext) -> Result<UsersRepository, UserReadError> {
    let unread = match Repository::discover(dir) {
        Ok(repository) => match check_complete(&repository, rev) {
            Ok(()) => {
                let kept_in = repository.commondir().to_owned();
                let work_tree = repository.workdir().and_then(|dir| dir.canonicalize().ok());
                return Ok(UsersRepository { repository, in_cache: false, kept_in, work_tree });
            }
            Err(error) => error,
        },
        Err(error) if error.code() == ErrorCode::NotFound => {
            return Err("it is in no git repository".to_owned().into());
        }
        Err(error) => error,
    };
    copy_to_cache(dir, rev, with)?
        .ok_or_else(|| format!("there is no commit {rev} in its repository ({})", unread.message()).into())
}

/// True if `dir` is the data directory of a repository, or the top of a work tree.
pub(crate) fn is_repository(dir: &Path) -> bool {
    dir.join("HEAD").is_file() || dir.join(".git").symlink_metadata().is_ok()
}

impl UsersRepository {
    /// Opens the same repository again.
    pub(crate) fn reopen(&self) -> Result<Self, git2::Error> {
        let repository = Repository::open(self.repository.path())?;
        let (kept_in, work_tree) = (self.kept_in.clone(), self.work_tree.clone());
        Ok(Self { repository, in_cache: self.in_cache, kept_in, work_tree })
    }
}

/// Checks that the commit is there with its files; a partial clone may lack some.
fn check_complete(repository: &Repository, rev: &str) -> Result<(), git2::Error> {
    let tree = repository.find_commit(Oid::from_str(rev)?)?.tree()?;
    let objects = repository.odb()?;
    let mut missing = None;
    let partial = repository.config().is_ok_and(|config| {
        config.entries(Some("^remote\\..*\\.promisor$")).is_ok_and(|mut entries| entries.next().is_some())
    });
    if partial {
        tree.walk(git2::TreeWalkMode::PreOrder, |_, entry| {
            let there = entry.kind() == Some(git2::ObjectType::Commit) || objects.exists(entry.id());
            missing = missing.take().or((!there).then(|| entry.id()));
            if there { git2::TreeWalkResult::Ok } else { git2::TreeWalkResult::Abort }
        })
        .or_else(|error| if missing.is_some() { Ok(()) } else { Err(error) })?;
    }
    missing.map_or(Ok(()), |id| Err(git2::Error::from_str(&format!("its object {id} is not there"))))
}

/// Copies the commit into a repository of the cache; `None` if there is no such commit.
fn copy_to_cache(
    dir: &Path,
    rev: &str,
    with: &FetchContext,
) -> Result<Option<UsersRepository>, UserReadError> {
    let ask = |args: &[&str]| {
        let said = cli::ask(dir, args).map_err(|error| cli::reason(&error))?;
        Ok::<_, String>(OsStr::from_bytes(said.trim_ascii_end()).to_owned())
    };
    let kept_in = PathBuf::from(ask(&["rev-parse", "--path-format=absolute", "--git-common-dir"])?);
    let work_tree = ask(&["rev-parse", "--show-toplevel"]).ok().map(PathBuf::from);
    if ask(&["cat-file", "-e", &format!("{rev}^{{commit}}")]).is_err() {
        return Ok(None);
    }
    let from = kept_in.to_str().ok_or_else(|| "its path is not UTF-8".to_owned())?;
    // Reading from this machine needs no network.
    let here = FetchContext { offline: false, ..with.clone() };
    let copied = |repository| {
        Ok(Some(UsersRepository { repository, in_cache: true, kept_in: kept_in.clone(), work_tree }))
    };
    let error = match store(from, rev, &here) {
        Ok(repository) => return copied(repository),
        Err(error) => error,
    };
    let Some(url) = promisor_url(&ask) else { return Err(error.to_string().into()) };
    match store(&url, rev, with) {
        Ok(repository) => copied(repository),
        Err(error @ SourceError::Offline { .. }) => Err(UserReadError::Offline(error)),
        Err(error) => Err(format!("it is a partial clone without all files of {rev}: {error}").into()),
    }
}

fn store(url: &str, rev: &str, with: &FetchContext) -> Result<Repository, SourceError> {
    store::repository(url, rev, 1, with)
}

/// The address that a partial clone gets its missing files from.
fn promisor_url(ask: &impl Fn(&[&str]) -> Result<std::ffi::OsString, String>) -> Option<String> {
    let promisors =
        ask(&["config", "--get-regexp", "^remote\\..*\\.promisor$", "true"]).ok()?.into_string().ok()?;
    let name = promisors.lines().next()?.strip_prefix("remote.")?.split(".promisor").next()?.to_owned();
    ask(&["remote", "get-url", &name]).ok()?.into_string().ok()
}
