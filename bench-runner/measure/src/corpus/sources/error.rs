//! Errors of sources: each message with its cause and a hint.

mod hints;

use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};

use crate::process::{NotInstalled, ToolError};
use crate::toml_reader::DocError;
use hints::{cargo_help, git_help, refusal_of_sources, space_help, unreadable_help};

/// A source that cannot be fetched, or has unexpected contents.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// A file or directory could not be read or written.
    #[error("failed to {doing} {}: {error}", path.display())]
    Io {
        /// The failed operation, such as `read`.
        doing: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// The cause.
        error: io::Error,
    },
    /// A relative path in a manifest that is compiled in, and so has no directory.
    #[error("the path {} of the project `{project}` starts nowhere", path.display())]
    NoBase {
        /// The project.
        project: String,
        /// The path.
        path: PathBuf,
    },
    /// cargo could not fetch.
    #[error("failed to fetch {what}: {}", with_causes(error))]
    Cargo {
        /// Description of what was to be fetched.
        what: String,
        /// The failed call.
        error: ToolError,
    },
    /// cargo cannot read the manifests of a directory.
    #[error("cargo cannot read the project in {}: {}", dir.display(), with_causes(error))]
    Unreadable {
        /// The directory.
        dir: PathBuf,
        /// The failed call.
        error: ToolError,
    },
    /// The toolchain that the project requests is not installed.
    #[error("{missing}")]
    NotInstalled {
        /// The toolchain, and the file that requests it.
        missing: NotInstalled,
    },
    /// git could not fetch.
    #[error("failed to fetch {what}: {}", with_causes(error))]
    Git {
        /// Description of what was to be fetched.
        what: String,
        /// The failed call.
        error: ToolError,
    },
    /// A commit of a repository does not exist, or cannot be used as it is.
    #[error("the commit {rev} of {url} cannot be taken: {reason}")]
    Commit {
        /// The address of the repository.
        url: String,
        /// The commit.
        rev: String,
        /// The problem.
        reason: String,
        /// Hint for the user.
        help: String,
    },
    /// A repository in the cache is damaged, and fetching it again did not repair it.
    #[error("the repository {} is damaged: {reason}", store.display())]
    Damaged {
        /// The repository.
        store: PathBuf,
        /// The part that cannot be read.
        reason: String,
        /// Hint for the user.
        help: &'static str,
    },
    /// A tree is not the one that the manifest states.
    #[error("the source is not what {manifest} states\n  stated: tree {expected}\n  found:  tree {found}")]
    Tree {
        /// The manifest.
        manifest: String,
        /// The hash in the manifest.
        expected: String,
        /// The hash of the tree.
        found: String,
    },
    /// cargo reported success, but the archive is missing.
    #[error(
        "cargo reported success, but {archive} is not below {}",
        home.display()
    )]
    NotDownloaded {
        /// Name of the archive.
        archive: String,
        /// The cargo home.
        home: PathBuf,
    },
    /// An archive is not the one that the manifest pins.
    #[error(
        "{} is not what {manifest} pins\n  pinned: sha256 {expected}\n  found:  sha256 {found}",
        archive.display()
    )]
    Checksum {
        /// The archive.
        archive: PathBuf,
        /// The manifest.
        manifest: String,
        /// The hash in the manifest.
        expected: String,
        /// The hash of the archive.
        found: String,
    },
    /// An archive in the cache does not have the hash that it is named after.
    #[error(
        "{} was changed in the cache: its sha256 is {found}",
        archive.display()
    )]
    Tampered {
        /// The archive.
        archive: PathBuf,
        /// Its hash.
        found: String,
    },
    /// It would have to be fetched, which is not allowed.
    #[error("{what} is not in the cache, and neither `plan` nor `--offline` fetches anything")]
    Offline {
        /// Description of what is missing.
        what: String,
        /// The command that fetches it.
        help: String,
    },
    /// An archive has contents that no source archive should have.
    #[error("{} is refused: {reason}{}", archive.display(), entry.as_ref().map(|e| format!(" (`{e}`)")).unwrap_or_default())]
    Archive {
        /// The archive.
        archive: PathBuf,
        /// The entry, as far as it can be printed.
        entry: Option<String>,
        /// The problem.
        reason: String,
    },
    /// A file changed between being hashed and being copied.
    #[error("{} changed while it was copied", file.display())]
    Changed {
        /// The file.
        file: PathBuf,
    },
    /// A work tree would overwrite existing files.
    #[error("{} is not empty, and a work tree is only ever laid out in an empty directory", into.display())]
    Occupied {
        /// The directory.
        into: PathBuf,
    },
    /// A name of a commit of one of the user's repositories means nothing there.
    #[error("{}: {reason}", path.display())]
    Revision {
        /// The directory.
        path: PathBuf,
        /// The problem.
        reason: String,
        /// Hint for the user.
        help: String,
    },
    /// A directory is not a source that can be built.
    #[error("{} cannot be built as it is: {reason}", path.display())]
    Unfit {
        /// The directory.
        path: PathBuf,
        /// The problem.
        reason: String,
        /// Hint for the user.
        help: String,
    },
    /// Revisions of a source that has no commits.
    #[error("commits are those of projects in a git repository, and the source of `{project}` is {kind}")]
    NoRevisions {
        /// The project.
        project: String,
        /// The kind of its source.
        kind: &'static str,
    },
    /// The source cannot be made from the parameters of a manifest.
    #[error("the sources of `{project}` cannot be made: {reason}")]
    Parameters {
        /// The project.
        project: String,
        /// The problem.
        reason: String,
        /// Hint for the user.
        help: String,
    },
    /// The user's cargo configuration cannot be read.
    #[error("failed to take over the mirrors of the user's cargo: {0}")]
    Config(DocError),
}

/// A reason for which cargo refuses sources, wherever and whenever it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourcesRefusal {
    /// The lock file does not fit the manifests, and `--locked` forbids to change it.
    OutdatedLock,
    /// Anything else, such as a manifest that cannot be parsed.
    Other,
}

impl SourceError {
    /// True if the corpus or the request is to blame, rather than the machine or the network.
    pub fn is_request(&self) -> bool {
        match self {
            Self::NoBase { .. }
            | Self::Checksum { .. }
            | Self::Offline { .. }
            | Self::Archive { .. }
            | Self::Unfit { .. }
            | Self::Revision { .. }
            | Self::Commit { .. }
            | Self::Tree { .. }
            | Self::NoRevisions { .. }
            | Self::Parameters { .. }
            | Self::Unreadable { .. }
            | Self::NotInstalled { .. }
            | Self::Config(_) => true,
            Self::Cargo { error, .. } => refusal_of_sources(error).is_some(),
            Self::Io { .. }
            | Self::Git { .. }
            | Self::Damaged { .. }
            | Self::NotDownloaded { .. }
            | Self::Tampered { .. }
            | Self::Changed { .. }
            | Self::Occupied { .. } => false,
        }
    }

    /// The refusal of cargo's that the sources are to blame for, if it is one.
    pub fn refusal_of_sources(&self) -> Option<SourcesRefusal> {
        match self {
            Self::Cargo { error, .. } => refusal_of_sources(error),
            _ => None,
        }
    }

    /// Hint for the user, if one is known.
    pub fn help(&self) -> Option<String> {
        let help = match self {
            Self::Io { error, .. } => return space_help(error).map(str::to_owned),
            Self::NoBase { .. } => "make it absolute",
            Self::Cargo { error, .. } => return cargo_help(error).map(str::to_owned),
            Self::Unreadable { error, .. } => return unreadable_help(error).map(str::to_owned),
            Self::NotInstalled { missing } => return Some(missing.help()),
            Self::Git { error, .. } => return git_help(error).map(str::to_owned),
            Self::Commit { help, .. }
            | Self::Offline { help, .. }
            | Self::Unfit { help, .. }
            | Self::Revision { help, .. }
            | Self::Parameters { help, .. } => help,
            Self::Damaged { help, .. } => help,
            Self::Tree { .. } => {
                "if the pin was moved on purpose, put the new hash there; else what is pinned there is something else"
            }
            Self::NotDownloaded { .. } => {
                "a directory or a git repository in place of crates.io (`source.crates-io.replace-with`) has no archives \
                 to check; a mirror with an index has"
            }
            Self::Checksum { .. } => {
                "if the manifest is right, whoever serves the archive changed it: nothing was unpacked, and the archive \
                 was left as it is"
            }
            Self::Tampered { .. } => "remove it, and it will be fetched again",
            Self::Changed { .. } => "run again once nothing writes to it",
            Self::Archive { .. } | Self::Occupied { .. } | Self::NoRevisions { .. } => return None,
            Self::Config(error) => return error.help(),
        };
        Some(help.to_owned())
    }

    /// For `map_err`: the failed operation and its path.
    pub(super) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |error| Self::Io { doing, path, error }
    }
}

/// The reason for refusing a source of more than `limit` bytes.
pub(super) fn too_large(limit: u64) -> String {
    format!(
        "it holds more than {} MB; `max-mb` in the manifest's `source` sets another limit",
        limit / 1_000_000
    )
}

/// An error with all its causes.
fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}
