//! The files of a run, wherever they lie: in a directory, or in the archive of a month. Everything that reads a run goes
//! through here, so no other code has to know of archives.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Cursor, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::archive::{self, Archive, THINNED, ThinnedRun};
use super::error::BundleError;
use super::files::MANIFEST;

/// Directory for what can be made again of several runs, or of archived ones, in the directory of the machine. Its name is
/// hidden, so that `results/*/*` names runs and archives only.
const DERIVED_OF_MACHINE: &str = ".derived";

/// A run and the place of its files.
#[derive(Debug, Clone)]
pub struct RunFiles {
    path: PathBuf,
    place: RunPlace,
}

#[derive(Debug, Clone)]
enum RunPlace {
    Directory,
    Archive { archive: Arc<Archive>, run: String },
}

/// Size of a file, and what changes when its contents do.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FileStamp {
    bytes: u64,
    version: FileVersion,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
enum FileVersion {
    Modified(SystemTime),
    /// CRC-32 of a file in an archive.
    Checksum(u32),
}

/// The runs of a machine.
#[derive(Debug, Default)]
pub struct ListedRuns {
    /// Runs by name. Directories are listed whether they are bundles or not.
    pub runs: Vec<RunFiles>,
    /// Errors of archives that cannot be read; their runs are missing.
    pub unreadable: Vec<BundleError>,
}

impl RunFiles {
    /// Finds the run at `path`: a directory; the place of a run in an archive, `…/archive-2026-03.zip/RUN`; or the path that
    /// an archived run had as a directory. If there is no run, it is taken for a directory, and reading it fails.
    ///
    /// # Errors
    ///
    /// If the run may be in an archive that cannot be read, or if `path` is that of a whole archive.
    pub fn find(path: &Path) -> Result<Self, BundleError> {
        let directory = || Ok(Self { path: path.to_owned(), place: RunPlace::Directory });
        if path.join(MANIFEST).exists() {
            return directory();
        }
        if archive::month_of(path).is_some() && path.is_file() {
            let archive = Archive::open(path)?;
            let (runs, first) = (archive.runs().count(), archive.runs().next().unwrap_or("RUN").to_owned());
            return Err(BundleError::SeveralRuns { path: path.to_owned(), runs, first });
        }
        let (Some(name), Some(parent)) = (path.file_name().and_then(|name| name.to_str()), path.parent())
        else {
            return directory();
        };
        if archive::month_of(parent).is_some() && parent.is_file() {
            let found = Self::in_archive(&Arc::new(Archive::open(parent)?), name, path);
            return found.map_or_else(directory, Ok);
        }
        let (mut archives, mut unreadable) = (archives_in(parent), None);
        // Most runs are in the archive that their name says.
        archives.sort_by_key(|path| !archive::month_of(path).is_some_and(|month| is_of_month(name, month)));
        for path_of_archive in archives {
            match Archive::open(&path_of_archive) {
                Ok(archive) => {
                    if let Some(found) = Self::in_archive(&Arc::new(archive), name, path) {
                        return Ok(found);
                    }
                }
                Err(error) => unreadable = unreadable.or(Some(error)),
            }
        }
        match unreadable {
            Some(error) if !path.exists() => Err(error),
            _ => directory(),
        }
    }

    fn in_archive(archive: &Arc<Archive>, run: &str, path: &Path) -> Option<Self> {
        archive.files(run)?;
        let place = RunPlace::Archive { archive: Arc::clone(archive), run: run.to_owned() };
        Some(Self { path: path.to_owned(), place })
    }

    /// The path of the run, by which it is found again.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The directory or the archive that has the files.
    pub fn root(&self) -> &Path {
        match &self.place {
            RunPlace::Directory => &self.path,
            RunPlace::Archive { archive, .. } => archive.path(),
        }
    }

    /// Directory for files that can be made again from those of the run.
    pub fn derived(&self) -> PathBuf {
        match &self.place {
            RunPlace::Directory => self.path.join("derived"),
            RunPlace::Archive { run, .. } => self.derived_of_machine().join(run),
        }
    }

    /// Directory for files that can be made again from those of several runs of the machine.
    pub fn derived_of_machine(&self) -> PathBuf {
        self.root().with_file_name(DERIVED_OF_MACHINE)
    }

    /// Size of a file, and what changes when it does: its time, or its checksum in an archive. `None` if there is no such
    /// file.
    pub fn stamp(&self, file: &str) -> Option<FileStamp> {
        match &self.place {
            RunPlace::Directory => {
                let file = fs::metadata(self.path.join(file)).ok()?;
                Some(FileStamp { bytes: file.len(), version: FileVersion::Modified(file.modified().ok()?) })
            }
            RunPlace::Archive { archive, run } => {
                let member = archive.files(run)?.get(file)?;
                Some(FileStamp { bytes: member.bytes, version: FileVersion::Checksum(member.crc) })
            }
        }
    }

    /// Names of the files in a directory of the run, such as `logs`.
    pub fn names_in(&self, directory: &str) -> Vec<String> {
        match &self.place {
            RunPlace::Directory => {
                let entries = fs::read_dir(self.path.join(directory)).into_iter().flatten().flatten();
                entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
            }
            RunPlace::Archive { archive, run } => {
                let files = archive.files(run).into_iter().flat_map(BTreeMap::keys);
                let below = |file: &String| Some(file.strip_prefix(directory)?.strip_prefix('/')?.to_owned());
                files.filter_map(below).collect()
            }
        }
    }

    /// Names and sizes of all files of an archived run; empty for a directory.
    pub fn sizes(&self) -> Vec<(String, u64)> {
        let RunPlace::Archive { archive, run } = &self.place else { return Vec::new() };
        let files = archive.files(run).into_iter().flatten();
        files.map(|(file, member)| (file.clone(), member.bytes)).collect()
    }

    /// Reads a file of the run; `None` if there is no such file.
    pub fn read(&self, file: &str) -> Result<Option<Vec<u8>>, BundleError> {
        match &self.place {
            RunPlace::Archive { archive, run } => archive.read(run, file),
            RunPlace::Directory => match fs::read(self.path.join(file)) {
                Ok(bytes) => Ok(Some(bytes)),
                Err(error) if is_missing(&error) => Ok(None),
                Err(error) => Err(BundleError::io("read", self.path.join(file), error)),
            },
        }
    }

    /// Opens a file of the run; `None` if there is no such file.
    pub(super) fn open_file(&self, file: &str) -> Result<Option<OpenedFile>, BundleError> {
        match &self.place {
            RunPlace::Archive { .. } => {
                Ok(self.read(file)?.map(|bytes| OpenedFile::Unpacked(Cursor::new(bytes))))
            }
            RunPlace::Directory => match File::open(self.path.join(file)) {
                Ok(opened) => Ok(Some(OpenedFile::OnDisk(opened))),
                Err(error) if is_missing(&error) => Ok(None),
                Err(error) => Err(BundleError::io("read", self.path.join(file), error)),
            },
        }
    }

    /// Files that `archive --thin` dropped from the run; `None` if it dropped none.
    pub fn thinned(&self) -> Result<Option<ThinnedRun>, BundleError> {
        let RunPlace::Archive { .. } = &self.place else { return Ok(None) };
        let text = self.read(THINNED)?;
        text.map(|bytes| ThinnedRun::parse(&self.path.join(THINNED), &bytes)).transpose()
    }

    /// The same run in its archive, if its directory is gone since this was made: another process has packed it.
    pub fn moved(&self) -> Option<Self> {
        let RunPlace::Directory = &self.place else { return None };
        Self::find(&self.path).ok().filter(|found| matches!(found.place, RunPlace::Archive { .. }))
    }
}

/// A file of a run, for reading.
#[derive(Debug)]
pub(super) enum OpenedFile {
    OnDisk(File),
    Unpacked(Cursor<Vec<u8>>),
}

impl Read for OpenedFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::OnDisk(file) => file.read(buffer),
            Self::Unpacked(bytes) => bytes.read(buffer),
        }
    }
}

impl Seek for OpenedFile {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        match self {
            Self::OnDisk(file) => file.seek(to),
            Self::Unpacked(bytes) => bytes.seek(to),
        }
    }
}

/// Lists the runs of a machine: its directories, and the runs in its archives. A run that is in both, because `archive` was
/// interrupted before it removed the directory, is listed as a directory.
///
/// # Errors
///
/// If the directory of the machine cannot be read.
pub fn list_runs(machine: &Path) -> io::Result<ListedRuns> {
    let mut directories = Vec::new();
    for entry in fs::read_dir(machine)? {
        let path = entry?.path();
        let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if !hidden && path.is_dir() {
            directories.push(path);
        }
    }
    // After the directories: a run that is packed meanwhile is then found in one of both places.
    let (mut found, bundles) = (ListedRuns::default(), bundle_names(&directories));
    for path in archives_in(machine) {
        match Archive::open(&path) {
            Ok(archive) => found.runs.extend(runs_in(archive, &bundles)),
            Err(error) => found.unreadable.push(error),
        }
    }
    found.runs.extend(directories.into_iter().map(|path| RunFiles { path, place: RunPlace::Directory }));
    found
        .runs
        .sort_by(|one, other| (one.path.file_name(), &one.path).cmp(&(other.path.file_name(), &other.path)));
    Ok(found)
}

/// Lists the runs in an archive, except those whose directory is still there.
///
/// # Errors
///
/// If the archive cannot be read.
pub fn archived_runs(archive: &Path) -> Result<Vec<RunFiles>, BundleError> {
    let opened = Archive::open(archive)?;
    let directories: Vec<PathBuf> = opened.runs().map(|run| archive.with_file_name(run)).collect();
    Ok(runs_in(opened, &bundle_names(&directories)))
}

/// True if `path` is that of an archive.
pub fn is_archive(path: &Path) -> bool {
    archive::month_of(path).is_some() && path.is_file()
}

fn runs_in(archive: Archive, elsewhere: &BTreeSet<String>) -> Vec<RunFiles> {
    let archive = Arc::new(archive);
    let runs = archive.runs().filter(|run| !elsewhere.contains(*run));
    let files = |run: &str| {
        let place = RunPlace::Archive { archive: Arc::clone(&archive), run: run.to_owned() };
        RunFiles { path: archive.path().join(run), place }
    };
    runs.map(files).collect()
}

/// Names of the directories that have a manifest.
fn bundle_names(directories: &[PathBuf]) -> BTreeSet<String> {
    let bundles = directories.iter().filter(|directory| directory.join(MANIFEST).exists());
    bundles.filter_map(|directory| Some(directory.file_name()?.to_str()?.to_owned())).collect()
}

/// Archives in the directory of a machine, in the order of their months.
pub(super) fn archives_in(machine: &Path) -> Vec<PathBuf> {
    // The parent of a path of one name is empty.
    let machine = if machine.as_os_str().is_empty() { Path::new(".") } else { machine };
    let entries = fs::read_dir(machine).into_iter().flatten().flatten();
    let mut archives: Vec<PathBuf> =
        entries.map(|entry| entry.path()).filter(|path| is_archive(path)).collect();
    archives.sort();
    archives
}

/// True if a run's name says that it began in the month.
fn is_of_month(run: &str, month: &str) -> bool {
    let digits: String = month.chars().filter(char::is_ascii_digit).collect();
    run.starts_with(&digits)
}

fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}
