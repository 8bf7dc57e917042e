//! Choice of the cache directory. Work trees are in it, so no cargo configuration above it may change a build. Many
//! users have one in their home directory, where caches usually are; then the cache is a private directory below
//! `/var/tmp`. The choice depends on these files alone, so every command finds the same cache again.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use bench_runner_core::record::Refusal;

use super::parents::{self, ParentError};

/// Directory that all users share and that is kept when the machine restarts.
pub const SHARED_DIR: &str = "/var/tmp";

/// A cache directory, which need not exist yet.
#[derive(Debug)]
pub enum CachePlace {
    /// The one that the user has named, or the usual one.
    Usual(PathBuf),
    /// A private directory in place of the usual one.
    Private { dir: PathBuf, because: ParentError },
}

impl CachePlace {
    /// `usual`, unless a file above it would change builds; then the user's directory in `shared`. A file that cannot
    /// be read is left to [`Self::prepare`].
    pub fn choose(usual: PathBuf, shared: &Path) -> Self {
        match parents::check(&usual) {
            Ok(()) | Err(ParentError::Unreadable { .. }) => Self::Usual(usual),
            Err(because) => {
                let user = rustix::process::geteuid().as_raw();
                Self::Private { dir: shared.join(format!("bench-runner-{user}")), because }
            }
        }
    }

    pub fn dir(&self) -> &Path {
        match self {
            Self::Usual(dir) | Self::Private { dir, .. } => dir,
        }
    }

    /// Says where the cache is and why, if it is not at its usual place.
    pub fn note(&self) -> Option<String> {
        match self {
            Self::Usual(_) => None,
            Self::Private { dir, because } => {
                Some(format!("the cache is {}, because {because}", dir.display()))
            }
        }
    }

    /// Checks that builds can be made in it, and creates it if it has to be private.
    ///
    /// # Errors
    /// If a file above it would change builds, or another user could write into a private one.
    pub fn prepare(&self) -> Result<(), PlaceError> {
        if let Self::Private { dir, .. } = self {
            create_private(dir)?;
        }
        Ok(parents::check(self.dir())?)
    }
}

/// A cache directory that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    #[error(transparent)]
    Parent(#[from] ParentError),
    #[error("{0}")]
    NotPrivate(Refusal),
}

/// Creates `dir` for this user alone. One that exists already must be such a directory: others can create files in
/// its parent, so it could be a link to one of this user's files, or somebody else's.
fn create_private(dir: &Path) -> Result<(), PlaceError> {
    let shared = dir.parent().unwrap_or(dir);
    let failed = |error: io::Error| refuse(dir, &format!("cannot be created or read ({error})"));
    let user = rustix::process::geteuid().as_raw();
    let above = fs::metadata(shared).map_err(failed)?;
    let (is_sticky, is_open) = (above.mode() & 0o1000 != 0, above.mode() & 0o022 != 0);
    if ![0, user].contains(&above.uid()) || (is_open && !is_sticky) {
        return Err(refuse(
            dir,
            &format!("could be replaced by other users, who can rename files in {}", shared.display()),
        ));
    }
    match DirBuilder::new().mode(0o700).create(dir) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(failed(error)),
        _ => {}
    }
    // Of the link itself, if it is one.
    let found = fs::symlink_metadata(dir).map_err(failed)?;
    match () {
        () if !found.is_dir() => Err(refuse(dir, "is not a directory")),
        () if found.uid() != user => Err(refuse(dir, "belongs to another user")),
        () if found.mode() & 0o077 != 0 => Err(refuse(dir, "can be read or written by other users")),
        () => Ok(()),
    }
}

fn refuse(dir: &Path, reason: &str) -> PlaceError {
    let refusal = Refusal::new(format!("the cache cannot be {}, which {reason}", dir.display()));
    PlaceError::NotPrivate(refusal.with_help("name another directory with `--cache-dir`, or remove that one"))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    /// A home directory with a configuration of cargo, and a directory in place of `/var/tmp`.
    fn home(config: &str) -> (tempfile::TempDir, CachePlace) {
        let place = tempfile::tempdir().unwrap();
        fs::create_dir_all(place.path().join("home/.cargo")).unwrap();
        fs::write(place.path().join("home/.cargo/config.toml"), config).unwrap();
        fs::create_dir(place.path().join("shared")).unwrap();
        let usual = place.path().join("home/.cache/bench-runner");
        let chosen = CachePlace::choose(usual, &place.path().join("shared"));
        (place, chosen)
    }

    const CHANGES_BUILDS: &str = "[build]\nrustflags = [\"-Ctarget-cpu=native\"]\n";

    fn set_mode(dir: &Path, mode: u32) {
        fs::set_permissions(dir, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn the_usual_place_is_kept_where_nothing_above_changes_builds() {
        let (place, chosen) = home("[net]\nretry = 3\n");
        assert_eq!(chosen.dir(), place.path().join("home/.cache/bench-runner"));
        assert_eq!(chosen.note(), None);
        chosen.prepare().unwrap();
        assert!(!chosen.dir().exists(), "nothing is created before it is needed");
    }

    #[test]
    fn a_configuration_above_moves_the_cache_and_is_named() {
        let (place, chosen) = home(CHANGES_BUILDS);
        assert!(chosen.dir().starts_with(place.path().join("shared")));
        let note = chosen.note().unwrap();
        assert!(note.contains("home/.cargo/config.toml") && note.contains("`build.rustflags`"), "{note}");
        assert!(!chosen.dir().exists());
        chosen.prepare().unwrap();
        assert_eq!(fs::metadata(chosen.dir()).unwrap().mode() & 0o7777, 0o700);
        chosen.prepare().unwrap();
    }

    fn refused(chosen: &CachePlace, reason: &str) {
        let error = chosen.prepare().unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    }

    #[test]
    fn a_directory_that_others_can_reach_is_refused() {
        let (place, chosen) = home(CHANGES_BUILDS);
        fs::create_dir(chosen.dir()).unwrap();
        for mode in [0o755, 0o770, 0o702] {
            set_mode(chosen.dir(), mode);
            refused(&chosen, "can be read or written by other users");
        }
        set_mode(chosen.dir(), 0o700);
        chosen.prepare().unwrap();
        let shared = place.path().join("shared");
        set_mode(&shared, 0o777);
        refused(&chosen, "could be replaced by other users");
        set_mode(&shared, 0o1777);
        chosen.prepare().unwrap();
    }

    #[test]
    fn a_link_is_refused_also_to_an_own_directory() {
        let (place, chosen) = home(CHANGES_BUILDS);
        let own = place.path().join("own");
        fs::create_dir(&own).unwrap();
        set_mode(&own, 0o700);
        symlink(&own, chosen.dir()).unwrap();
        refused(&chosen, "is not a directory");
        fs::remove_file(chosen.dir()).unwrap();
        symlink(place.path().join("nowhere"), chosen.dir()).unwrap();
        refused(&chosen, "is not a directory");
        assert!(!place.path().join("nowhere").exists());
    }

    #[test]
    fn a_configuration_above_the_private_place_is_refused() {
        let (place, chosen) = home(CHANGES_BUILDS);
        fs::write(place.path().join("Cargo.toml"), "[workspace]\n").unwrap();
        assert!(matches!(chosen.prepare(), Err(PlaceError::Parent(ParentError::Workspace { .. }))));
    }

    /// Only root can give a directory away.
    #[test]
    fn a_directory_of_another_user_is_refused() {
        let (_place, chosen) = home(CHANGES_BUILDS);
        fs::create_dir(chosen.dir()).unwrap();
        set_mode(chosen.dir(), 0o700);
        if std::os::unix::fs::chown(chosen.dir(), Some(12345), None).is_ok() {
            refused(&chosen, "belongs to another user");
        }
    }
}
