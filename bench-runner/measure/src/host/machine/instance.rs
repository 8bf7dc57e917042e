//! The random id that distinguishes a machine from others of its class.
//!
//! One file per installed system: home directories are shared over the network and copied with disk images,
//! and a machine must not take another one's id from there. Systems are distinguished by `/etc/machine-id`,
//! of which only a hash is kept, as its manual asks.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use bench_runner_core::record::{hex, is_hex};
use sha2::{Digest, Sha256};

use super::super::PathError;
use super::super::system_files::SystemFiles;
use super::MachineError;

const DIGITS: usize = 32;

/// The id stored below `state_dir`, created on first use.
pub(super) fn read_or_make(files: &SystemFiles, state_dir: &Path) -> Result<String, MachineError> {
    let path = file(files, state_dir);
    match fs::read_to_string(&path) {
        Ok(text) => check_id(&text, path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            make(state_dir, &path)?;
            // Another process may have been faster; its id is used.
            let text = fs::read_to_string(&path).map_err(PathError::context("read", &path))?;
            check_id(&text, path)
        }
        Err(error) => Err(PathError::context("read", &path)(error).into()),
    }
}

fn file(files: &SystemFiles, state_dir: &Path) -> PathBuf {
    let system = files.value("etc/machine-id").filter(|id| is_hex(id, DIGITS));
    state_dir.join(match system {
        Some(id) => {
            let hash = Sha256::digest(format!("bench-runner:{id}").as_bytes());
            format!("machine-id-{}", hex(&hash[..4]))
        }
        // Most containers have none, or an empty one.
        None => "machine-id".to_owned(),
    })
}

fn check_id(text: &str, path: PathBuf) -> Result<String, MachineError> {
    let id = text.trim();
    if is_hex(id, DIGITS) { Ok(id.to_owned()) } else { Err(MachineError::InvalidId { path }) }
}

/// Writes a new id to a temporary file and moves it to `path`, unless `path` exists by then.
fn make(state_dir: &Path, path: &Path) -> Result<(), PathError> {
    fs::create_dir_all(state_dir).map_err(PathError::context("create", state_dir))?;
    let mut draft =
        tempfile::NamedTempFile::new_in(state_dir).map_err(PathError::context("write in", state_dir))?;
    let id = random().map_err(PathError::context("read", Path::new(RANDOM)))?;
    writeln!(draft, "{id}").map_err(PathError::context("write", draft.path()))?;
    match draft.persist_noclobber(path) {
        Ok(_) => Ok(()),
        Err(failed) if failed.error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(failed) => Err(PathError::context("create", path)(failed.error)),
    }
}

const RANDOM: &str = "/dev/urandom";

fn random() -> io::Result<String> {
    let mut bytes = [0; DIGITS / 2];
    File::open(RANDOM)?.read_exact(&mut bytes)?;
    Ok(hex(&bytes))
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::super::super::system_files::Fixture;
    use super::*;

    #[test]
    fn the_id_stays_and_differs_between_users() {
        let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let files = Fixture::new(&[]).files();
        let state = here.path().join("deep/bench-runner");
        let id = read_or_make(&files, &state).unwrap();
        assert!(is_hex(&id, DIGITS), "{id}");
        assert_eq!(read_or_make(&files, &state).unwrap(), id);
        assert_ne!(read_or_make(&files, there.path()).unwrap(), id);
        assert_eq!(fs::read_dir(&state).unwrap().count(), 1, "drafts were left");
    }

    #[test]
    fn all_that_come_first_at_once_get_the_same_id() {
        let state = tempfile::tempdir().unwrap();
        let files = Fixture::new(&[]).files();
        let ids: Vec<String> = thread::scope(|scope| {
            let each = || read_or_make(&files, state.path()).unwrap();
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(each)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    }

    #[test]
    fn systems_with_one_home_directory_have_ids_of_their_own() {
        let home = tempfile::tempdir().unwrap();
        let system = |id: &str| Fixture::new(&[("etc/machine-id", &format!("{id}\n"))]);
        let (one, two) = (system(&"1a".repeat(16)), system(&"2b".repeat(16)));
        let first = read_or_make(&one.files(), home.path()).unwrap();
        let second = read_or_make(&two.files(), home.path()).unwrap();
        assert_ne!(first, second);
        assert_eq!(read_or_make(&one.files(), home.path()).unwrap(), first);
        let container = system("uninitialized");
        assert_eq!(file(&container.files(), Path::new("/s")), Path::new("/s/machine-id"));
    }

    #[test]
    fn a_file_with_something_else_is_named() {
        let state = tempfile::tempdir().unwrap();
        fs::write(state.path().join("machine-id"), "hello\n").unwrap();
        let error = read_or_make(&Fixture::new(&[]).files(), state.path()).unwrap_err().to_string();
        assert!(error.contains("machine-id` does not hold 32 hex digits; remove it"), "{error}");
    }
}
