//! `archive-YYYY-MM.zip`: the runs that a machine began in one month, each with all of its files, in one compressed file.
//!
//! Each file of a run is a separate member, such as `RUN/samples.csv`, so one run is read without the others.

mod contents;
mod directory;
mod draft;
mod file;
mod leftovers;
mod listing;
mod lock;
mod pack;
mod thin;

pub use contents::{ArchivedFile, ThinnedRun};
pub use leftovers::{ArchiveLeftovers, tidy};
pub use lock::ArchiveLock;
pub use pack::{PackedMonth, UnpackableRun, pack, run_size};
pub use thin::{KeptFile, RunToThin, ThinnedMonth, is_dropped, thin};

pub(super) use contents::THINNED;
pub(super) use file::Archive;

use std::path::{Path, PathBuf};

/// Prefix of directories that are being removed, because their run is in an archive.
const REMOVING: &str = ".removing-";

/// Suffix of archives that are being written.
const PART: &str = ".part";

/// Returns the month of an archive from its path; `None` if the path does not have the name of one.
pub fn month_of(path: &Path) -> Option<&str> {
    let name = path.file_name()?.to_str()?;
    let month = name.strip_prefix("archive-")?.strip_suffix(".zip")?;
    is_month(month).then_some(month)
}

/// True for a text such as `2026-03`.
pub fn is_month(text: &str) -> bool {
    let digits = |part: &str, count: usize| part.len() == count && part.bytes().all(|b| b.is_ascii_digit());
    text.split_once('-').is_some_and(|(year, month)| {
        digits(year, 4) && digits(month, 2) && month.parse().is_ok_and(|month: u8| (1..=12).contains(&month))
    })
}

/// True if `name` can be that of a run's directory: letters, digits, `-`, `_` and `.`, not beginning with `.`.
fn is_run_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    !name.is_empty() && !name.starts_with('.') && name.chars().all(plain)
}

/// Path of the archive of a month in the directory of a machine.
pub fn path_of(machine: &Path, month: &str) -> PathBuf {
    machine.join(format!("archive-{month}.zip"))
}
