//! Writes back data that earlier builds left in memory, so that the next one does not pay for it.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::PathError;
use super::procfs::meminfo;
use super::system_files::SystemFiles;

/// Result of the wait for dirty pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settled {
    /// Duration of the wait, including the writing.
    pub waited: Duration,
    /// Bytes still dirty or being written at the end, on all file systems; `None` if the system does not say,
    /// in which case there was no wait.
    pub dirty_left: Option<u64>,
}

/// Writes the dirty pages of the file system that `dir` is on, then waits until no more than `dirty_limit`
/// bytes are dirty on all file systems, but not beyond `deadline`. The writing itself cannot be cut short: on
/// a slow disk it may take longer.
pub fn settle(dir: &Path, dirty_limit: u64, deadline: Duration) -> Result<Settled, PathError> {
    let start = Instant::now();
    write_back(dir)?;
    let files = SystemFiles::system();
    let left = |deadline: Duration| deadline.saturating_sub(start.elapsed());
    let dirty_left = wait(
        dirty_limit,
        || files.text("proc/meminfo").and_then(|text| dirty(&text)),
        || {
            let pause = left(deadline).min(PAUSE);
            thread::sleep(pause);
            !pause.is_zero()
        },
    );
    Ok(Settled { waited: start.elapsed(), dirty_left })
}

const PAUSE: Duration = Duration::from_millis(10);

/// Reads until the limit is met, the reading fails or `pause` says that the time is over; returns the last
/// reading.
fn wait(limit: u64, mut read: impl FnMut() -> Option<u64>, mut pause: impl FnMut() -> bool) -> Option<u64> {
    loop {
        let dirty = read();
        if dirty.is_none_or(|dirty| dirty <= limit) || !pause() {
            return dirty;
        }
    }
}

fn dirty(text: &str) -> Option<u64> {
    meminfo(text, "Dirty")?.checked_add(meminfo(text, "Writeback")?)
}

#[cfg(target_os = "linux")]
fn write_back(dir: &Path) -> Result<(), PathError> {
    let file = std::fs::File::open(dir).map_err(PathError::context("open", dir))?;
    rustix::fs::syncfs(&file)
        .map_err(|error| PathError::context("write back the file system of", dir)(error.into()))
}

#[cfg(not(target_os = "linux"))]
fn write_back(dir: &Path) -> Result<(), PathError> {
    std::fs::metadata(dir).map_err(PathError::context("open", dir))?;
    rustix::fs::sync();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_waits_until_the_limit_is_kept() {
        let mut readings = [900, 500, 100, 0].into_iter();
        let mut pauses = 0;
        let left = wait(
            100,
            || readings.next(),
            || {
                pauses += 1;
                true
            },
        );
        assert_eq!((left, pauses), (Some(100), 2));
    }

    #[test]
    fn it_gives_up_when_the_time_is_over_and_where_nothing_is_told() {
        let mut pauses = 3;
        let mut reads = 0;
        let left = wait(
            0,
            || {
                reads += 1;
                Some(7)
            },
            || {
                pauses -= 1;
                pauses > 0
            },
        );
        assert_eq!((left, reads), (Some(7), 3));
        assert_eq!(wait(0, || None, || panic!("nothing to wait for")), None);
    }

    #[test]
    fn dirty_is_what_waits_and_what_is_under_way() {
        let text = "Dirty:   308 kB\nWriteback:   4 kB\nWritebackTmp:  1 kB\n";
        assert_eq!(dirty(text), Some(312 * 1024));
        assert_eq!(dirty("Dirty: 308 kB\n"), None);
    }

    #[test]
    fn a_directory_settles_and_a_missing_one_is_named() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("a"), vec![1; 1 << 16]).unwrap();
        let settled = settle(dir.path(), u64::MAX, Duration::ZERO).unwrap();
        assert_eq!(settled.dirty_left.is_some(), cfg!(target_os = "linux"));
        let error = settle(&dir.path().join("gone"), 0, Duration::ZERO).unwrap_err().to_string();
        assert!(error.starts_with("cannot open `") && error.contains("gone"), "{error}");
    }
}
