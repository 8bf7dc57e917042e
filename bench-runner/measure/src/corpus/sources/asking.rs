//! Questions to the user's own cargo and git that a manifest is made from, and a lock file made by cargo.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::process::{ToolCall, ToolOutput, check_tool};

use super::{Pinned, SourceError, Sources, crates_io, homes, lay_out, tree, users_git};

/// A question that takes longer has hung.
const TIMEOUT: Duration = Duration::from_secs(10 * 60);

/// What the user's cargo says to `args` in `dir`, with the user's mirrors and credentials; `what` is being asked for.
pub(in crate::corpus) fn cargo(
    what: &str,
    args: &[&str],
    dir: &Path,
    with: &Sources,
) -> Result<ToolOutput, SourceError> {
    homes::prepare(&with.cache, with.user_home.as_deref())?;
    let mut args: Vec<OsString> = args.iter().map(OsString::from).collect();
    if with.offline {
        args.push("--offline".into());
    }
    let call = ToolCall {
        cwd: Some(dir.to_path_buf()),
        env: crates_io::fetching_env(&with.cache, BTreeMap::new()),
        timeout: TIMEOUT,
        ..ToolCall::new(&with.cargo, args)
    };
    check_tool(&call).map_err(|error| SourceError::Cargo { what: what.to_owned(), error })
}

/// What the user's git says of the references of the repository at `url`, with the user's credentials; it asks
/// nobody for a password.
pub(in crate::corpus) fn references(
    url: &str,
    patterns: &[String],
    with: &Sources,
) -> Result<String, SourceError> {
    let what = format!("the references of {url}");
    if with.offline {
        let help = "run once without `--offline`".to_owned();
        return Err(SourceError::Offline { what, help });
    }
    homes::prepare(&with.cache, with.user_home.as_deref())?;
    let args = ["ls-remote", "--", url].into_iter().chain(patterns.iter().map(String::as_str));
    users_git::call(&with.cache.nowhere(), args.map(OsString::from), TIMEOUT)
        .map(|said| said.stdout)
        .map_err(|error| SourceError::Git { what, error })
}

/// The archive of one version of a crate that cargo has downloaded, with its sha256.
pub(in crate::corpus) fn archive_hash(
    crate_file: &str,
    with: &Sources,
) -> Result<Option<String>, SourceError> {
    let registries = with.cache.fetching_home().join("registry/cache");
    let archives = fs::read_dir(registries).into_iter().flatten().flatten();
    let archive: Option<PathBuf> =
        archives.map(|registry| registry.path().join(crate_file)).find(|archive| archive.is_file());
    let Some(archive) = archive else { return Ok(None) };
    let hash = tree::hash_file(&archive).map_err(SourceError::io("read", &archive))?;
    Ok(Some(tree::hex(&hash)))
}

/// The lock file that cargo makes today for sources without one. They are copied for that.
pub(in crate::corpus) fn make_lock(pinned: &Pinned, with: &Sources) -> Result<String, SourceError> {
    let made = lock_of("the dependencies, to make a Cargo.lock", with, |into| {
        lay_out(pinned, into)?;
        Ok(pinned.dir_in(into))
    });
    made.map_err(|error| match error {
        SourceError::Cargo { .. } if with.offline => SourceError::Offline {
            what: "something that making a Cargo.lock takes".to_owned(),
            help:
                "run once without `--offline`; in a project of your own, `cargo generate-lockfile` makes one"
                    .to_owned(),
        },
        other => other,
    })
}

/// The lock file that cargo makes for the sources that `write` puts into a directory; it says where the project lies
/// there.
pub(in crate::corpus) fn lock_of(
    what: &str,
    with: &Sources,
    write: impl FnOnce(&Path) -> Result<PathBuf, SourceError>,
) -> Result<String, SourceError> {
    let dir = with.cache.sources();
    fs::create_dir_all(&dir).map_err(SourceError::io("create", &dir))?;
    let scratch = tempfile::Builder::new().prefix(".new-").tempdir_in(&dir);
    let scratch = scratch.map_err(SourceError::io("write to", &dir))?;
    let tree = scratch.path().join("tree");
    let project = write(&tree)?;
    cargo(what, &["generate-lockfile", "--color", "never"], &project, with)?;
    let file = project.join("Cargo.lock");
    fs::read_to_string(&file).map_err(SourceError::io("read", &file))
}
