//! `kind = "crates-io"`: one version of a crate, fetched by the user's own cargo.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bench_runner_core::record::{Pin, hex};

use crate::corpus::names;
use crate::corpus::sources::cache::CacheDir;
use crate::corpus::sources::context::FetchContext;
use crate::corpus::sources::error::SourceError;
use crate::corpus::sources::kind::{SourceKind, SourceRequest, SourceTable};
use crate::corpus::sources::pinned::Pinned;
use crate::corpus::sources::tree::archive::{self, ArchiveLimits};
use crate::corpus::sources::tree::hash_file;
use crate::corpus::sources::{cached_tree, cargo_homes, user_cargo};
use crate::process::{ToolCall, check_tool};
use crate::toml_reader::{DocError, Reader};

/// A download that takes longer has hung.
const FETCH_TIMEOUT: Duration = Duration::from_secs(30 * 60);

/// One version of a crate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::corpus) struct CratesIoSource {
    /// Name of the crate.
    pub name: String,
    /// Its full version.
    pub version: String,
    /// sha256 of its archive, 64 lower-case hex digits.
    pub sha256: String,
    /// Hash of its tree, 64 lower-case hex digits, if the manifest states it.
    pub tree: Option<String>,
}

pub(super) fn read(table: &mut Reader<'_>) -> Result<SourceTable, DocError> {
    let lock = table.read_optional("lock", |v| v.string())?;
    let source = CratesIoSource {
        name: table.read("name", names::name)?,
        version: table.read("version", names::version)?,
        sha256: table.read("sha256", names::sha256)?,
        tree: table.read_optional("tree", names::tree)?,
    };
    Ok(SourceTable { source: source.into(), lock, build: None })
}

impl SourceKind for CratesIoSource {
    fn kind(&self) -> &'static str {
        "crates-io"
    }

    fn describe(&self) -> String {
        format!("{} {}", self.name, self.version)
    }

    fn version(&self) -> Option<String> {
        Some(self.version.clone())
    }

    fn published_crate(&self) -> Option<&str> {
        Some(&self.name)
    }

    fn stated_pin(&self) -> Option<Pin> {
        let Self { name, version, sha256, .. } = self;
        Some(Pin::CratesIo { name: name.clone(), version: version.clone(), sha256: sha256.clone() })
    }

    fn stated_tree(&self) -> Option<&str> {
        self.tree.as_deref()
    }

    fn pin(&self, request: &SourceRequest<'_>, with: &FetchContext) -> Result<Pinned, SourceError> {
        pin(self, request, with)
    }
}

/// Pins the crate: its archive is fetched if it is not in the cache, checked against the hash in the
/// manifest, and unpacked.
fn pin(
    source: &CratesIoSource,
    request: &SourceRequest<'_>,
    with: &FetchContext,
) -> Result<Pinned, SourceError> {
    let CratesIoSource { name, version, sha256, .. } = source;
    let limits = ArchiveLimits::for_bytes(request.limit);
    let archive = archive(source, request, with)?;
    let top = format!("{name}-{version}");
    let tree = with.cache.sources().join(format!("{top}-{}", &sha256[..sha256.len().min(12)]));
    // The archive determines the tree, so nothing else has to be stored or trusted.
    let files = archive::read(&archive, &top, limits, None)?;
    if cached_tree::contents(&tree)?.as_deref() != Some(files.as_slice()) {
        cached_tree::replace(&tree, &with.cache, |into| {
            archive::read(&archive, &top, limits, Some(into)).map(drop)
        })?;
    }
    let pin = Pin::CratesIo { name: name.clone(), version: version.clone(), sha256: sha256.clone() };
    Ok(Pinned { pin, tree, root: PathBuf::new(), files, notes: Vec::new(), ignored: None })
}

/// The archive in the cache, under its hash.
fn archive(
    source: &CratesIoSource,
    request: &SourceRequest<'_>,
    with: &FetchContext,
) -> Result<PathBuf, SourceError> {
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
    match downloaded(&with.cache, &crate_file, source, request)? {
        Some(archive) => keep(&archive, &kept)?,
        None => {
            download(source, request.project, with)?;
            let archive = downloaded(&with.cache, &crate_file, source, request)?;
            let home = with.cache.fetching_home();
            keep(&archive.ok_or(SourceError::NotDownloaded { archive: crate_file, home })?, &kept)?;
        }
    }
    Ok(kept)
}

/// Asks cargo for the version, which makes it download that one archive. The registry is named because
/// otherwise cargo would refuse to choose if the user's configuration replaces crates.io with a mirror; cargo
/// then uses the mirror.
fn download(source: &CratesIoSource, project: &str, with: &FetchContext) -> Result<(), SourceError> {
    let what = format!("{} {}", source.name, source.version);
    if with.offline {
        let help = format!("`bench-runner corpus fetch {project}` fetches it");
        return Err(SourceError::Offline { what, help });
    }
    cargo_homes::prepare(&with.cache, with.user_home.as_deref())?;
    let spec = format!("{}@{}", source.name, source.version);
    let call = ToolCall {
        cwd: Some(with.cache.empty_dir()),
        env: user_cargo::fetching_env(&with.cache, BTreeMap::new()),
        timeout: FETCH_TIMEOUT,
        ..ToolCall::new(&with.cargo, ["info", "--color", "never", "--registry", "crates-io", &spec])
    };
    check_tool(&call).map(drop).map_err(|error| SourceError::Cargo { what, error })
}

/// The archive in cargo's directory, from any registry: one that has the pinned hash.
fn downloaded(
    cache: &CacheDir,
    crate_file: &str,
    source: &CratesIoSource,
    request: &SourceRequest<'_>,
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
            manifest: request.manifest.to_owned(),
            expected: source.sha256.clone(),
            found,
        });
    }
    other.map_or(Ok(None), Err)
}

/// Copies an archive to its path in the cache, in one step.
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

#[cfg(test)]
mod tests;
