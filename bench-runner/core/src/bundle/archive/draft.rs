//! Writing an archive: beside the one that it replaces, read back, and only then put in its place.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::DeflateEncoder;
use rawzip::path::{EntryPath, ZipFilePath};
use rawzip::{CompressionMethod, DataDescriptorOutput, ZipArchiveWriter};
use tempfile::NamedTempFile;

use super::PART;
use super::contents::{ARCHIVE, ArchiveContents, ArchivedFile, ArchivedRun};
use super::file::Archive;
use super::listing::MemberList;
use crate::bundle::error::BundleError;

/// An archive that is being written.
pub(super) struct ArchiveDraft {
    path: PathBuf,
    zip: ZipArchiveWriter<BufWriter<NamedTempFile>>,
    contents: ArchiveContents,
    list: MemberList,
    /// All files that were put into it, each with its run.
    written: Vec<(String, ArchivedFile)>,
}

impl ArchiveDraft {
    /// Begins a new version of the archive at `path`.
    pub(super) fn begin(path: &Path) -> Result<Self, BundleError> {
        let machine = path.parent().unwrap_or(path);
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let file = tempfile::Builder::new().prefix(&format!(".{name}.")).suffix(PART).tempfile_in(machine);
        let file = file.map_err(|error| BundleError::io("write", path, error))?;
        let zip = ZipArchiveWriter::new(BufWriter::new(file));
        let (contents, list, written) = (ArchiveContents::default(), MemberList::default(), Vec::new());
        Ok(Self { path: path.to_owned(), zip, contents, list, written })
    }

    /// Adds a file of a run.
    pub(super) fn add(&mut self, run: &str, file: &str, content: &[u8]) -> Result<ArchivedFile, BundleError> {
        self.write_member(&format!("{run}/{file}"), content)?;
        let described = ArchivedFile::of(file, content);
        self.written.push((run.to_owned(), described.clone()));
        Ok(described)
    }

    /// Copies a file of a run from the old version as it is, without unpacking it. Returns its description.
    pub(super) fn copy(
        &mut self,
        old: &OldArchive,
        run: &str,
        file: &str,
    ) -> Result<ArchivedFile, BundleError> {
        let described = old.describe(run, file)?;
        let Some(raw) = old.archive.read_raw(run, file)? else {
            return Err(BundleError::damaged_archive(
                &old.archive.path().join(run),
                format!("it has no {file}"),
            ));
        };
        let member = format!("{run}/{file}");
        self.list.add(&member, raw.bytes, raw.crc);
        let name = entry_path(&member);
        let written = (|| {
            let (mut entry, _) = self.zip.new_file(name).compression_method(raw.method).start()?;
            entry.write_all(&raw.data)?;
            entry.finish(DataDescriptorOutput::new(raw.crc, raw.bytes))
        })();
        written.map_err(|error| self.failed(error))?;
        self.written.push((run.to_owned(), described.clone()));
        Ok(described)
    }

    /// Copies a whole run from the old version.
    pub(super) fn copy_run(&mut self, old: &OldArchive, run: &str) -> Result<(), BundleError> {
        let files = old.archive.files(run).into_iter().flat_map(BTreeMap::keys);
        let files = files.map(|file| self.copy(old, run, file)).collect::<Result<Vec<_>, _>>()?;
        let known = old.contents.runs.get(run);
        let as_packed = |known: &ArchivedRun| ArchivedRun { files: files.clone(), ..known.clone() };
        // Of an archive that another program has made, the past is not known.
        if let Some(packed) = known.map(as_packed) {
            self.describe_run(run, packed);
        }
        Ok(())
    }

    /// Adds a run to the list of the archive.
    pub(super) fn describe_run(&mut self, run: &str, packed: ArchivedRun) {
        self.contents.runs.insert(run.to_owned(), packed);
    }

    fn write_member(&mut self, name: &str, content: &[u8]) -> Result<(), BundleError> {
        let path = entry_path(name);
        let written = (|| {
            let new = self.zip.new_file(path).compression_method(CompressionMethod::DEFLATE);
            let (mut entry, config) = new.start()?;
            let mut data = config.wrap(DeflateEncoder::new(&mut entry, Compression::best()));
            data.write_all(content)?;
            let (encoder, descriptor) = data.finish()?;
            encoder.finish()?;
            let (bytes, crc) = (descriptor.uncompressed_size(), descriptor.crc());
            entry.finish(descriptor).map(|_| (bytes, crc))
        })();
        let (bytes, crc) = written.map_err(|error| self.failed(error))?;
        self.list.add(name, bytes, crc);
        Ok(())
    }

    fn failed(&self, error: rawzip::Error) -> BundleError {
        let error = match error.into_kind() {
            rawzip::ErrorKind::IO(error) => error,
            other => io::Error::other(other.to_string()),
        };
        BundleError::io("write", &self.path, error)
    }

    /// Completes the archive, reads all of it back, and puts it in place of the old version. Returns its size.
    ///
    /// # Errors
    ///
    /// If it cannot be written, or if what is read back is not what was written; the old version is then still there.
    pub(super) fn finish(mut self) -> Result<u64, BundleError> {
        let text = self.contents.text()?;
        self.write_member(ARCHIVE, &text)?;
        let Self { path, mut zip, list, written, .. } = self;
        zip.set_comment(list.comment());
        let failed = |error: io::Error| BundleError::io("write", &path, error);
        let file = zip.finish().map_err(|error| failed(io::Error::other(error)))?;
        let file = file.into_inner().map_err(|error| failed(error.into_error()))?;
        file.as_file().set_permissions(std::fs::Permissions::from_mode(0o644)).map_err(failed)?;
        file.as_file().sync_all().map_err(failed)?;
        check(&Archive::open(file.path())?, &written, &path)?;
        let size = file.as_file().metadata().map_err(failed)?.len();
        file.persist(&path).map_err(|error| failed(error.error))?;
        sync_directory(path.parent().unwrap_or(&path))?;
        Ok(size)
    }
}

/// The path of a member. It is marked as UTF-8 if other programs would read the same path then.
fn entry_path(name: &str) -> EntryPath<'_> {
    match ZipFilePath::from_str(name).as_str() == name {
        true => EntryPath::conformant(name),
        false => EntryPath::verbatim(name.as_bytes()),
    }
}

/// The version of an archive that is replaced, with the list of its contents.
pub(super) struct OldArchive {
    pub(super) archive: Archive,
    pub(super) contents: ArchiveContents,
}

impl OldArchive {
    /// Opens the archive at `path`; `None` if there is none.
    pub(super) fn open(path: &Path) -> Result<Option<Self>, BundleError> {
        if !path.exists() {
            return Ok(None);
        }
        let archive = Archive::open(path)?;
        let contents = archive.contents()?;
        Ok(Some(Self { archive, contents }))
    }

    /// Reads a file and compares it with the hash that was recorded when it was packed.
    fn describe(&self, run: &str, file: &str) -> Result<ArchivedFile, BundleError> {
        let path = self.archive.path().join(run).join(file);
        let content = self.archive.read(run, file)?;
        let content =
            content.ok_or_else(|| BundleError::damaged_archive(&path, "it is missing".to_owned()))?;
        let found = ArchivedFile::of(file, &content);
        let recorded = self.contents.runs.get(run).and_then(|packed| recorded(packed, file));
        match recorded.filter(|recorded| **recorded != found) {
            None => Ok(found),
            Some(_) => {
                Err(BundleError::damaged_archive(&path, "its sha256 is not the recorded one".to_owned()))
            }
        }
    }

    /// Descriptions of files of a run.
    pub(super) fn describe_all(&self, run: &str, files: &[&str]) -> Result<Vec<ArchivedFile>, BundleError> {
        files.iter().map(|file| self.describe(run, file)).collect()
    }
}

fn recorded<'a>(packed: &'a ArchivedRun, file: &str) -> Option<&'a ArchivedFile> {
    packed.files.iter().find(|one| one.file == file)
}

/// Reads everything in a new archive, and compares it with what was put into it.
fn check(archive: &Archive, written: &[(String, ArchivedFile)], path: &Path) -> Result<(), BundleError> {
    for (run, expected) in written {
        let found = archive.read(run, &expected.file)?;
        if found.map(|content| ArchivedFile::of(&expected.file, &content)).as_ref() != Some(expected) {
            let reason = "what was read back is not what was written, so a disk or the memory may be faulty";
            let place = path.join(run).join(&expected.file);
            return Err(BundleError::io("write", place, io::Error::other(reason)));
        }
    }
    Ok(())
}

/// Makes sure that a file that was put into a directory, or removed from it, is so after a power cut too.
pub(super) fn sync_directory(directory: &Path) -> Result<(), BundleError> {
    let synced = File::open(directory).and_then(|directory| directory.sync_all());
    synced.map_err(|error| BundleError::io("write", directory, error))
}
