//! The log of a tracking file on a machine: `results/MACHINE/track-NAME.jsonl`. Lines are added and never changed.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use bench_runner_core::tracking::{ParsedLog, TrackEvent, TrackLog};
use bench_runner_measure::scenario::RequestError;

use crate::flows::FlowError;

const LOCK_TRIES: usize = 20;
const LOCK_PAUSE: Duration = Duration::from_millis(50);

/// A log that this process alone writes to.
#[derive(Debug)]
pub(crate) struct LogFile {
    path: PathBuf,
    file: File,
    /// Its contents.
    pub(crate) log: TrackLog,
    /// Lines that could not be read, as sentences.
    pub(crate) remarks: Vec<String>,
    /// True if its last line has no end.
    is_cut: bool,
}

impl LogFile {
    /// Opens the log of the tracking file `name`, which is made if there is none.
    ///
    /// # Errors
    /// If it cannot be read or written, or another process uses it.
    pub(crate) fn open(results: &Path, machine: &str, name: &str) -> Result<Self, FlowError> {
        let path = path(results, machine, name);
        let dir = results.join(machine);
        std::fs::create_dir_all(&dir).with_context(|| format!("failed to make {}", dir.display()))?;
        let mut file = OpenOptions::new()
            .create(true)
            .read(true)
            .append(true)
            .open(&path)
            .with_context(|| format!("failed to open {}", path.display()))?;
        match lock(&file) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let message = format!("another `track` or `bless` uses {}", path.display());
                return Err(RequestError::usage(message, Some("wait until it has ended".to_owned())).into());
            }
            Err(TryLockError::Error(error)) => {
                return Err(anyhow::Error::new(error)
                    .context(format!("failed to lock {}", path.display()))
                    .into());
            }
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).with_context(|| format!("failed to read {}", path.display()))?;
        let ParsedLog { log, remarks, is_cut } = parse(&bytes, &path);
        Ok(Self { path, file, log, remarks, is_cut })
    }

    /// Reads the log of a tracking file, with remarks about lines that could not be read. Creates nothing.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(crate) fn read(results: &Path, machine: &str, name: &str) -> Result<ParsedLog, FlowError> {
        Self::read_path(&path(results, machine, name))
    }

    /// Reads the log at `path`.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(super) fn read_path(path: &Path) -> Result<ParsedLog, FlowError> {
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(error) => {
                return Err(anyhow::Error::new(error)
                    .context(format!("failed to read {}", path.display()))
                    .into());
            }
        };
        Ok(parse(&bytes, path))
    }

    /// Adds an event, and waits until it is on the disk.
    pub(crate) fn add(&mut self, event: TrackEvent) -> Result<(), FlowError> {
        let at = now();
        self.write(&at, &event)?;
        self.log.add(&at, event);
        Ok(())
    }

    /// Adds an event that is written later, by [`LogFile::write`]. Returns its time.
    pub(crate) fn remember(&mut self, event: TrackEvent) -> String {
        let at = now();
        self.log.add(&at, event);
        at
    }

    /// Writes an event, and waits until it is on the disk.
    pub(crate) fn write(&mut self, at: &str, event: &TrackEvent) -> Result<(), FlowError> {
        let line = TrackLog::line(at, event).context("an event of tracking cannot be written")?;
        // A line that was cut stays as it is, and the next one begins below it.
        let line = if self.is_cut { format!("\n{line}") } else { line };
        let written = self.file.write_all(line.as_bytes()).and_then(|()| self.file.sync_data());
        // After an error a part of the line may be there.
        self.is_cut = written.is_err();
        Ok(written.with_context(|| format!("failed to write to {}", self.path.display()))?)
    }
}

/// The present time in UTC, as in the lines.
fn now() -> String {
    humantime::format_rfc3339_seconds(SystemTime::now()).to_string()
}

const BEFORE_NAME: &str = "track-";
const AFTER_NAME: &str = ".jsonl";

fn path(results: &Path, machine: &str, name: &str) -> PathBuf {
    results.join(machine).join(format!("{BEFORE_NAME}{name}{AFTER_NAME}"))
}

/// Name of the tracking file whose log has this path; `None` if it is not called like a log.
pub(crate) fn tracking_of(path: &Path) -> Option<&str> {
    path.file_name()?.to_str()?.strip_prefix(BEFORE_NAME)?.strip_suffix(AFTER_NAME)
}

/// Reads the lines of a log; its remarks name the file.
fn parse(bytes: &[u8], path: &Path) -> ParsedLog {
    let parsed = TrackLog::parse(&String::from_utf8_lossy(bytes));
    let remarks = parsed.remarks.iter().map(|remark| format!("{}: {remark}", path.display())).collect();
    ParsedLog { remarks, ..parsed }
}

/// Takes the lock of a log. A process that was just started by one that held it has it for a moment too.
fn lock(file: &File) -> Result<(), TryLockError> {
    for _ in 0..LOCK_TRIES {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => std::thread::sleep(LOCK_PAUSE),
            other => return other,
        }
    }
    file.try_lock()
}

#[cfg(test)]
mod tests {
    use bench_runner_core::tracking::Night;

    use super::*;

    fn night(run: &str) -> TrackEvent {
        TrackEvent::Night(Night { run: run.into(), ..Night::default() })
    }

    #[test]
    fn events_are_added_and_a_cut_line_is_passed_over() {
        let dir = tempfile::tempdir().unwrap();
        let open = || LogFile::open(dir.path(), "m", "n").unwrap();
        let path = dir.path().join("m/track-n.jsonl");
        open().add(night("one")).unwrap();
        let mut text = std::fs::read_to_string(&path).unwrap();
        text.push_str("{\"version\":1,\"at\":\"2026");
        std::fs::write(&path, &text).unwrap();
        let mut log = open();
        assert_eq!((log.log.nights.len(), log.remarks.len()), (1, 1));
        log.add(night("two")).unwrap();
        log.add(night("three")).unwrap();
        drop(log);
        let log = open();
        assert_eq!((log.log.nights.len(), log.remarks.len()), (3, 1), "{:?}", log.remarks);
        assert!(std::fs::read_to_string(&path).unwrap().starts_with(&text), "nothing was changed");
    }

    #[test]
    fn two_processes_do_not_write_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let _first = LogFile::open(dir.path(), "m", "n").unwrap();
        let error = LogFile::open(dir.path(), "m", "n").unwrap_err();
        assert!(error.is_request() && error.to_string().contains("another `track`"), "{error}");
        assert!(LogFile::open(dir.path(), "m", "other").is_ok());
        assert_eq!(LogFile::read(dir.path(), "n", "n").unwrap(), ParsedLog::default());
        assert!(!dir.path().join("n").exists(), "reading makes nothing");
    }
}
