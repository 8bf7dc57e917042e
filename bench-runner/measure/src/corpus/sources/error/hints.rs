//! Hints from what cargo and git print, and whose fault it is.

use std::io;

use super::SourcesRefusal;
use crate::process::ToolError;

const NO_SPACE: &str = "free some space, or choose another place with `--cache-dir`";

pub(super) fn space_help(error: &io::Error) -> Option<&'static str> {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Some(NO_SPACE),
        _ => None,
    }
}

/// Parts of a tool's output, in lower case, and the hint for each.
type HelpTable = [(&'static [&'static str], &'static str)];

/// Part of cargo's message about a lock file that does not fit.
const OUTDATED_LOCK: &str = "--locked was passed";

/// The refusal of sources in cargo's output, if it is one. Everything else, such as a server that does not answer, may be
/// otherwise the next time.
pub(super) fn refusal_of_sources(error: &ToolError) -> Option<SourcesRefusal> {
    const OTHERS: [&str; 7] = [
        "failed to parse",
        "failed to read",
        "lock file version",
        "no matching package",
        "failed to select a version",
        "failed to load manifest",
        "could not find `cargo.toml`",
    ];
    let ToolError::Failed { last_lines, .. } = error else { return None };
    let said = last_lines.to_lowercase();
    match () {
        () if said.contains(OUTDATED_LOCK) => Some(SourcesRefusal::OutdatedLock),
        // Without the network cargo does not find what it would find with it.
        () if said.contains("offline") => None,
        () if OTHERS.iter().any(|sign| said.contains(sign)) => Some(SourcesRefusal::Other),
        () => None,
    }
}

/// Hint for a failed cargo, from its output.
pub(super) fn cargo_help(error: &ToolError) -> Option<&'static str> {
    const SIGNS: &HelpTable = &[
        // Before the others: cargo mentions `--offline` there too.
        (&[OUTDATED_LOCK], "bring the project's Cargo.lock up to date with its Cargo.toml"),
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

/// Hint for a cargo that cannot read manifests; mostly its own message is enough.
pub(super) fn unreadable_help(error: &ToolError) -> Option<&'static str> {
    match error {
        ToolError::NotFound { .. } => Some("install Rust from https://rustup.rs, or put cargo on PATH"),
        ToolError::Failed { .. } => Some(
            "put right what cargo complains of; `cargo metadata --no-deps` in that directory shows it again",
        ),
        _ => None,
    }
}

/// Hint for a failed git, from its output.
pub(super) fn git_help(error: &ToolError) -> Option<&'static str> {
    const SIGNS: &HelpTable = &[
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

fn help(error: &ToolError, signs: &HelpTable, install: &'static str) -> Option<&'static str> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(last_lines: &str) -> ToolError {
        ToolError::Failed {
            call: "cargo fetch --locked".to_owned(),
            code: Some(101),
            last_lines: last_lines.to_owned(),
        }
    }

    #[test]
    fn cargo_refuses_sources_or_cannot_reach_others() {
        let refusal = |said: &str| refusal_of_sources(&failed(said));
        // As 1.63, 1.85 and 1.95 say it.
        for outdated in [
            "error: the lock file /x/Cargo.lock needs to be updated but --locked was passed to prevent this",
            "error: cannot update the lock file /x/Cargo.lock because --locked was passed to prevent this\n\
             help: to generate the lock file without accessing the network, remove the --locked flag and use --offline instead.",
        ] {
            assert_eq!(refusal(outdated), Some(SourcesRefusal::OutdatedLock));
            assert!(cargo_help(&failed(outdated)).is_some_and(|help| help.contains("up to date")));
        }
        for other in [
            "error: failed to parse manifest at `/x/Cargo.toml`",
            "error: failed to parse lock file at: /x/Cargo.lock\nCaused by:\n  lock file version `4` was found, but this version of Cargo does not understand this lock file",
            "error: no matching package named `nothing` found\nlocation searched: crates.io index",
        ] {
            assert_eq!(refusal(other), Some(SourcesRefusal::Other), "{other}");
        }
        for elsewhere in [
            "error: no matching package named `x` found\nAs a reminder, you're using offline mode (--offline)",
            "error: failed to download from `https://crates.io`\nCaused by:\n  [6] Could not resolve host",
            "error: No space left on device (os error 28)",
        ] {
            assert_eq!(refusal(elsewhere), None, "{elsewhere}");
        }
    }
}
