//! Calls the user's own cargo, with the user's mirrors and credentials, to fetch crates and to query them.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bench_runner_core::record::hex;

use crate::process::{ToolCall, ToolEnv, ToolOutput, check_tool};

use super::cache::CacheDir;
use super::cargo_homes;
use super::context::FetchContext;
use super::error::SourceError;
use super::tree;

/// A query that takes longer has hung.
const TIMEOUT: Duration = Duration::from_secs(10 * 60);
/// A download that takes longer has hung.
const FETCH_TIMEOUT: Duration = Duration::from_secs(30 * 60);

/// Variables that change the behavior of cargo or rustc.
const REMOVED_VARIABLES: [&str; 8] = [
    "CARGO_BUILD_RUSTC_WRAPPER",
    "CARGO_BUILD_RUSTC_WORKSPACE_WRAPPER",
    "RUSTFLAGS",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_BUILD_RUSTFLAGS",
    "CARGO_BUILD_TARGET",
    "CARGO_TARGET_DIR",
    "CARGO_MANIFEST_DIR",
];

/// Output of the user's cargo for `args` in `dir`, with the user's mirrors and credentials; errors name
/// `what`.
pub(in crate::corpus) fn cargo(
    what: &str,
    args: &[&str],
    dir: &Path,
    with: &FetchContext,
) -> Result<ToolOutput, SourceError> {
    cargo_homes::prepare(&with.cache, with.user_home.as_deref())?;
    let mut args: Vec<OsString> = args.iter().map(OsString::from).collect();
    if with.offline {
        args.push("--offline".into());
    }
    let call = ToolCall {
        cwd: Some(dir.to_path_buf()),
        env: fetching_env(&with.cache, BTreeMap::new()),
        timeout: TIMEOUT,
        ..ToolCall::new(&with.cargo, args)
    };
    check_tool(&call).map_err(|error| SourceError::Cargo { what: what.to_owned(), error })
}

/// The sha256 of the archive of one version of a crate, if cargo has downloaded it.
pub(in crate::corpus) fn archive_hash(
    crate_file: &str,
    with: &FetchContext,
) -> Result<Option<String>, SourceError> {
    let registries = with.cache.fetching_home().join("registry/cache");
    let archives = fs::read_dir(registries).into_iter().flatten().flatten();
    let archive: Option<PathBuf> =
        archives.map(|registry| registry.path().join(crate_file)).find(|archive| archive.is_file());
    let Some(archive) = archive else { return Ok(None) };
    let hash = tree::hash_file(&archive).map_err(SourceError::io("read", &archive))?;
    Ok(Some(hex(&hash)))
}

/// The toolchain whose cargo fetches the dependencies of a work tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchTool {
    /// Its cargo.
    pub cargo: PathBuf,
    /// Its rustc, if cargo would find another one by itself.
    pub rustc: Option<PathBuf>,
    /// The targets to fetch for; all if there are none.
    pub targets: Vec<String>,
}

/// Fetches the packages in the `Cargo.lock` of a work tree, so that builds in it can run `--locked
/// --offline`.
///
/// With `offline` nothing is fetched, and a missing package is an error.
///
/// # Errors
/// If cargo cannot fetch, or the lock file does not match.
pub fn fetch_dependencies(worktree: &Path, tool: &FetchTool, with: &FetchContext) -> Result<(), SourceError> {
    cargo_homes::prepare(&with.cache, with.user_home.as_deref())?;
    let what = format!("the dependencies of {}", worktree.display());
    let mut args: Vec<OsString> = ["fetch", "--locked", "--color", "never"].map(OsString::from).to_vec();
    for target in &tool.targets {
        args.extend(["--target".into(), target.into()]);
    }
    if with.offline {
        args.push("--offline".into());
    }
    let mut set = BTreeMap::new();
    if let Some(rustc) = &tool.rustc {
        set.insert("RUSTC".into(), rustc.clone().into_os_string());
    }
    let call = ToolCall {
        cwd: Some(worktree.to_path_buf()),
        env: fetching_env(&with.cache, set),
        timeout: FETCH_TIMEOUT,
        ..ToolCall::new(&tool.cargo, args)
    };
    check_tool(&call).map(drop).map_err(|error| SourceError::Cargo { what, error })
}

/// The environment for fetching with cargo.
pub(crate) fn fetching_env(cache: &CacheDir, mut set: BTreeMap<OsString, OsString>) -> ToolEnv {
    set.insert("CARGO_HOME".into(), cache.fetching_home().into_os_string());
    // Empty variables override a wrapper in the project's configuration, which may be the client of a server.
    for name in ["RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER"] {
        set.insert(name.into(), OsString::new());
    }
    ToolEnv::Inherit { set, remove: REMOVED_VARIABLES.map(OsString::from).to_vec() }
}
