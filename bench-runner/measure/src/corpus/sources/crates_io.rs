//! `kind = "crates-io"`: one version of a crate, as the user's own cargo gets it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bench_runner_core::record::Pin;

use super::archive::{self, Limits};
use super::tree::{hash_file, hex};
use super::{Cache, Pinned, SourceError, Sources, homes, local};
use crate::corpus::manifest::CratesIoSource;
use crate::process::{ToolCall, ToolEnv, check_tool};

/// A download that takes longer has hung.
const FETCH_TIMEOUT: Duration = Duration::from_secs(30 * 60);

/// Variables that make cargo or rustc something else than what is asked for here.
const NOT_PASSED: [&str; 8] = [
    "CARGO_BUILD_RUSTC_WRAPPER",
    "CARGO_BUILD_RUSTC_WORKSPACE_WRAPPER",
    "RUSTFLAGS",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_BUILD_RUSTFLAGS",
    "CARGO_BUILD_TARGET",
    "CARGO_TARGET_DIR",
    "CARGO_MANIFEST_DIR",
];

/// Which manifest asks for a crate.
#[derive(Debug, Clone, Copy)]
pub(super) struct Origin<'a> {
    /// Name of the project.
    pub(super) project: &'a str,
    /// The manifest, as errors show it.
    pub(super) manifest: &'a str,
}

/// Pins the crate: its archive is fetched where it is not in the cache, checked against the hash that
/// the manifest gives, and unpacked, where it holds no more than `limit` bytes.
pub(super) fn pin(
    source: &CratesIoSource,
    origin: &Origin<'_>,
    limit: u64,
    with: &Sources,
) -> Result<Pinned, SourceError> {
    let CratesIoSource { name, version, sha256, .. } = source;
    let archive = archive(source, origin, with)?;
    let top = format!("{name}-{version}");
    let tree = with.cache.sources().join(format!("{top}-{}", &sha256[..sha256.len().min(12)]));
    // The archive says what the tree must be, so that nothing else has to be remembered or trusted.
    let files = archive::read(&archive, &top, Limits::of(limit), None)?;
    if local::contents(&tree)?.as_deref() != Some(files.as_slice()) {
        local::replace(&tree, &with.cache, |into| {
            archive::read(&archive, &top, Limits::of(limit), Some(into)).map(drop)
        })?;
    }
    let pin = Pin::CratesIo { name: name.clone(), version: version.clone(), sha256: sha256.clone() };
    Ok(Pinned { pin, tree, root: PathBuf::new(), files, notes: Vec::new(), ignored: None })
}

/// The archive in the cache, under its hash.
fn archive(source: &CratesIoSource, origin: &Origin<'_>, with: &Sources) -> Result<PathBuf, SourceError> {
    let kept = with.cache.archive(&source.sha256);
    if kept.is_file() {
        let found = hash(&kept)?;
        return if found == source.sha256 {
            Ok(kept)
        } else {
            Err(SourceError::Tampered { archive: kept, found })
        };
    }
    let crate_file = format!("{}-{}.crate", source.name, source.version);
    match downloaded(&with.cache, &crate_file, source, origin)? {
        Some(archive) => keep(&archive, &kept)?,
        None => {
            download(source, origin.project, with)?;
            let archive = downloaded(&with.cache, &crate_file, source, origin)?;
            let home = with.cache.fetching_home();
            keep(&archive.ok_or(SourceError::NotDownloaded { archive: crate_file, home })?, &kept)?;
        }
    }
    Ok(kept)
}

/// Asks cargo for the version, which makes it download that one archive. The registry is named because cargo would
/// otherwise refuse to choose where the user's configuration puts a mirror in place of crates.io; it takes the mirror.
fn download(source: &CratesIoSource, project: &str, with: &Sources) -> Result<(), SourceError> {
    let what = format!("{} {}", source.name, source.version);
    if with.offline {
        let help = format!("`bench-runner corpus fetch {project}` fetches it");
        return Err(SourceError::Offline { what, help });
    }
    homes::prepare(&with.cache, with.user_home.as_deref())?;
    let spec = format!("{}@{}", source.name, source.version);
    let call = ToolCall {
        cwd: Some(with.cache.nowhere()),
        env: fetching_env(&with.cache, BTreeMap::new()),
        timeout: FETCH_TIMEOUT,
        ..ToolCall::new(&with.cargo, ["info", "--color", "never", "--registry", "crates-io", &spec])
    };
    check_tool(&call).map(drop).map_err(|error| SourceError::Cargo { what, error })
}

/// The archive where cargo put it, whichever registry it came from: one that has the pinned hash.
fn downloaded(
    cache: &Cache,
    crate_file: &str,
    source: &CratesIoSource,
    origin: &Origin<'_>,
) -> Result<Option<PathBuf>, SourceError> {
    let registries = cache.fetching_home().join("registry/cache");
    let mut other = None;
    for registry in fs::read_dir(registries).into_iter().flatten().flatten() {
        let archive = registry.path().join(crate_file);
        if !archive.is_file() {
            continue;
        }
        let found = hash(&archive)?;
        if found == source.sha256 {
            return Ok(Some(archive));
        }
        other = Some(SourceError::Checksum {
            archive,
            manifest: origin.manifest.to_owned(),
            expected: source.sha256.clone(),
            found,
        });
    }
    other.map_or(Ok(None), Err)
}

/// Copies an archive to its place under its hash, in one step.
fn keep(archive: &Path, kept: &Path) -> Result<(), SourceError> {
    let dir = kept.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(dir).map_err(SourceError::io("create", dir))?;
    let mut scratch = tempfile::NamedTempFile::new_in(dir).map_err(SourceError::io("write to", dir))?;
    let mut from = fs::File::open(archive).map_err(SourceError::io("read", archive))?;
    std::io::copy(&mut from, &mut scratch).map_err(SourceError::io("write to", dir))?;
    scratch.persist(kept).map_err(|error| error.error).map_err(SourceError::io("write", kept))?;
    Ok(())
}

fn hash(archive: &Path) -> Result<String, SourceError> {
    hash_file(archive).map(|hash| hex(&hash)).map_err(SourceError::io("read", archive))
}

/// The toolchain whose cargo fetches the dependencies of a work tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchTool {
    /// Its cargo.
    pub cargo: PathBuf,
    /// Its rustc, where cargo would find another one by itself.
    pub rustc: Option<PathBuf>,
    /// The targets to fetch for; all if there are none.
    pub targets: Vec<String>,
}

/// Fetches what the `Cargo.lock` of a work tree names, so that builds in it can run `--locked --offline`.
///
/// With `offline` nothing is fetched, and what is missing is an error.
///
/// # Errors
/// Where cargo cannot fetch, or the lock file does not fit.
pub fn fetch_dependencies(worktree: &Path, tool: &FetchTool, with: &Sources) -> Result<(), SourceError> {
    homes::prepare(&with.cache, with.user_home.as_deref())?;
    let what = format!("the dependencies of {}", worktree.display());
    let mut args: Vec<OsString> = ["fetch", "--locked", "--color", "never"].map(OsString::from).to_vec();
    for target in &tool.targets {
        args.extend(["--target".into(), target.into()]);
    }
    if with.offline {
        args.push("--offline".into());
    }
    let rustc = tool.rustc.iter().map(|rustc| (OsString::from("RUSTC"), rustc.clone().into_os_string()));
    let call = ToolCall {
        cwd: Some(worktree.to_path_buf()),
        env: fetching_env(&with.cache, rustc.collect()),
        timeout: FETCH_TIMEOUT,
        ..ToolCall::new(&tool.cargo, args)
    };
    check_tool(&call).map(drop).map_err(|error| SourceError::Cargo { what, error })
}

/// The environment of a cargo that fetches.
pub(super) fn fetching_env(cache: &Cache, mut set: BTreeMap<OsString, OsString>) -> ToolEnv {
    set.insert("CARGO_HOME".into(), cache.fetching_home().into_os_string());
    // Set and empty they go before a wrapper of the project's configuration, which may be the client of a server.
    for name in ["RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER"] {
        set.insert(name.into(), OsString::new());
    }
    ToolEnv::Inherit { set, remove: NOT_PASSED.map(OsString::from).to_vec() }
}

#[cfg(test)]
mod tests;
