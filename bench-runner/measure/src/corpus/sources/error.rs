//! What can go wrong with a source: each message with its cause, and what would help.

use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};

use crate::process::{NotInstalled, ToolError};
use crate::toml_reader::DocError;

/// A source that cannot be had, or is not what it should be.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// A file or directory could not be read or written.
    #[error("failed to {doing} {}: {error}", path.display())]
    Io {
        /// What was tried, such as `read`.
        doing: &'static str,
        /// With which file or directory.
        path: PathBuf,
        /// Why it failed.
        error: io::Error,
    },
    /// A path of a manifest that is compiled in starts nowhere.
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
        /// What was to be fetched.
        what: String,
        /// What cargo said.
        error: ToolError,
    },
    /// cargo cannot read the manifests of a directory.
    #[error("cargo cannot read the project in {}: {}", dir.display(), with_causes(error))]
    Unreadable {
        /// The directory.
        dir: PathBuf,
        /// What cargo said.
        error: ToolError,
    },
    /// The toolchain that it asks for is not installed.
    #[error("{missing}")]
    NotInstalled {
        /// Which, and what asks for it.
        missing: NotInstalled,
    },
    /// git could not fetch.
    #[error("failed to fetch {what}: {}", with_causes(error))]
    Git {
        /// What was to be fetched.
        what: String,
        /// What git said.
        error: ToolError,
    },
    /// A commit of a repository is not there, or cannot be taken as it is.
    #[error("the commit {rev} of {url} cannot be taken: {reason}")]
    Commit {
        /// The address of the repository.
        url: String,
        /// The commit.
        rev: String,
        /// What is wrong with it.
        reason: String,
        /// What to do.
        help: String,
    },
    /// A repository in the cache is damaged, and was not mended by fetching it again.
    #[error("the repository {} is damaged: {reason}", store.display())]
    Damaged {
        /// The repository.
        store: PathBuf,
        /// What cannot be read.
        reason: String,
        /// What to do.
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
    /// cargo reported success, but the archive is not where it should be.
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
    /// It would have to be fetched, and nothing may be.
    #[error("{what} is not in the cache, and neither `plan` nor `--offline` fetches anything")]
    Offline {
        /// What is missing.
        what: String,
        /// The command that fetches it.
        help: String,
    },
    /// An archive holds what no source archive should.
    #[error("{} is refused: {reason}{}", archive.display(), entry.as_ref().map(|e| format!(" (`{e}`)")).unwrap_or_default())]
    Archive {
        /// The archive.
        archive: PathBuf,
        /// The entry, as far as it can be shown.
        entry: Option<String>,
        /// What is wrong.
        reason: String,
    },
    /// A file changed between being hashed and being copied.
    #[error("{} changed while it was copied", file.display())]
    Changed {
        /// The file.
        file: PathBuf,
    },
    /// A work tree would come to lie on files that are there.
    #[error("{} is not empty, and a work tree is only ever laid out in an empty directory", into.display())]
    Occupied {
        /// The directory.
        into: PathBuf,
    },
    /// A directory is not a source that can be built.
    #[error("{} cannot be built as it is: {reason}", path.display())]
    Unfit {
        /// The directory.
        path: PathBuf,
        /// What is missing.
        reason: String,
        /// What to do.
        help: String,
    },
    /// Revisions of a source that has none.
    #[error("commits are those of projects in a git repository, and the source of `{project}` is {kind}")]
    NoRevisions {
        /// The project.
        project: String,
        /// The kind of its source.
        kind: &'static str,
    },
    /// FetchContext cannot be made from the parameters of a manifest.
    #[error("the sources of `{project}` cannot be made: {reason}")]
    Parameters {
        /// The project.
        project: String,
        /// Why.
        reason: String,
        /// What to do.
        help: String,
    },
    /// The user's cargo configuration cannot be read.
    #[error("failed to take over the mirrors of the user's cargo: {0}")]
    Config(DocError),
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
            | Self::Commit { .. }
            | Self::Tree { .. }
            | Self::NoRevisions { .. }
            | Self::Parameters { .. }
            | Self::Unreadable { .. }
            | Self::NotInstalled { .. }
            | Self::Config(_) => true,
            Self::Io { .. }
            | Self::Cargo { .. }
            | Self::Git { .. }
            | Self::Damaged { .. }
            | Self::NotDownloaded { .. }
            | Self::Tampered { .. }
            | Self::Changed { .. }
            | Self::Occupied { .. } => false,
        }
    }

    /// What would help.
    pub fn help(&self) -> Option<String> {
        let help = match self {
            Self::Io { error, .. } => return space(error).map(str::to_owned),
            Self::NoBase { .. } => "make it absolute",
            Self::Cargo { error, .. } => return cargo_help(error).map(str::to_owned),
            Self::Unreadable { error, .. } => return unreadable_help(error).map(str::to_owned),
            Self::NotInstalled { missing } => return Some(missing.help()),
            Self::Git { error, .. } => return git_help(error).map(str::to_owned),
            Self::Commit { help, .. }
            | Self::Offline { help, .. }
            | Self::Unfit { help, .. }
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

    /// For `map_err`: what was tried with which path.
    pub(super) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |error| Self::Io { doing, path, error }
    }
}

/// The reason for which what holds more than `limit` bytes is refused.
pub(super) fn too_large(limit: u64) -> String {
    format!(
        "it holds more than {} MB; `max-mb` in the manifest's `source` sets another limit",
        limit / 1_000_000
    )
}

const NO_SPACE: &str = "free some space, or choose another place with `--cache-dir`";

fn space(error: &io::Error) -> Option<&'static str> {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Some(NO_SPACE),
        _ => None,
    }
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

/// Parts of what a tool says, in lower case, and what they call for.
type Signs = [(&'static [&'static str], &'static str)];

/// What to do about a failed cargo, from what it said.
fn cargo_help(error: &ToolError) -> Option<&'static str> {
    const SIGNS: &Signs = &[
        // Before the others: cargo speaks of `--offline` there too.
        (&["--locked", "lock file"], "bring the project's Cargo.lock up to date with its Cargo.toml"),
        (&["offline"], "run once without `--offline`, which fetches what is missing"),
        (&["no space left", "disk quota"], NO_SPACE),
        (
            &[
                "resolve host",
                "connect",
                "timed out",
                "timeout",
                "network",
                "failed to download",
                "[6]",
                "[7]",
            ],
            "check the network, and the mirror in the cargo home's `config.toml`; what was fetched once is \
             used with `--offline`",
        ),
        (&["401", "403", "credential", "token"], "log in to the registry with `cargo login`"),
    ];
    help(error, SIGNS, "install Rust from https://rustup.rs, or put cargo on PATH")
}

/// What to do about a cargo that cannot read manifests; mostly it says so itself.
fn unreadable_help(error: &ToolError) -> Option<&'static str> {
    match error {
        ToolError::NotFound { .. } => Some("install Rust from https://rustup.rs, or put cargo on PATH"),
        ToolError::Failed { .. } => Some(
            "put right what cargo complains of; `cargo metadata --no-deps` in that directory shows it again",
        ),
        _ => None,
    }
}

/// What to do about a failed git, from what it said.
fn git_help(error: &ToolError) -> Option<&'static str> {
    const SIGNS: &Signs = &[
        (&["no space left", "disk quota"], NO_SPACE),
        (
            &["repository corruption"],
            "the repository is damaged where it comes from; `git fsck` there says more",
        ),
        (
            &[
                "could not read username",
                "terminal prompts disabled",
                "authentication failed",
                "permission denied",
                "host key verification",
                "403",
                "401",
            ],
            "give git access without asking: a credential helper for https, a key in ssh's agent; `git ls-remote` with \
             that address must work by itself",
        ),
        (
            &["not found", "does not exist", "does not appear to be a git repository"],
            "check the address with `git ls-remote`",
        ),
        (
            &["resolve host", "connect", "timed out", "network", "early eof", "hung up"],
            "check the network; what was fetched once is used with `--offline`",
        ),
    ];
    help(error, SIGNS, "install git, or put it on PATH")
}

fn help(error: &ToolError, signs: &Signs, install: &'static str) -> Option<&'static str> {
    match error {
        ToolError::NotFound { .. } => Some(install),
        ToolError::Failed { last_lines, .. } => {
            let said = last_lines.to_lowercase();
            let matching = signs.iter().find(|(signs, _)| signs.iter().any(|sign| said.contains(sign)));
            Some(matching.map_or("run the command by hand to see more of it", |(_, help)| help))
        }
        _ => None,
    }
}
