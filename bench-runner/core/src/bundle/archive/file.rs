//! Reading one archive.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use flate2::read::DeflateDecoder;
use rawzip::{
    CompressionMethod, FileReader, RECOMMENDED_BUFFER_SIZE, ZipArchive, ZipArchiveEntryWayfinder, ZipEntry,
};

use super::contents::{ARCHIVE, ArchiveContents};
use super::is_run_name;
use super::listing::MemberList;
use crate::bundle::error::BundleError;

/// An opened archive. Its members are read at their places in the file, by several threads at once if need be.
pub(in crate::bundle) struct Archive {
    path: PathBuf,
    zip: ZipArchive<FileReader>,
    /// Members of each run, by the name of the file.
    runs: BTreeMap<String, BTreeMap<String, ArchiveMember>>,
    /// The member `archive.json`.
    contents: Option<ArchiveMember>,
}

/// Place of a member, and what its content must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::bundle) struct ArchiveMember {
    pub(in crate::bundle) bytes: u64,
    pub(in crate::bundle) crc: u32,
    method: CompressionMethod,
    place: ZipArchiveEntryWayfinder,
}

/// The compressed bytes of a member, for a copy in another archive.
pub(super) struct RawMember {
    pub(super) method: CompressionMethod,
    pub(super) crc: u32,
    pub(super) bytes: u64,
    pub(super) data: Vec<u8>,
}

impl fmt::Debug for Archive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Archive").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Archive {
    /// Opens the archive and reads its list of members.
    pub(in crate::bundle) fn open(path: &Path) -> Result<Self, BundleError> {
        let file = File::open(path).map_err(|error| BundleError::io("read", path, error))?;
        let mut buffer = vec![0; RECOMMENDED_BUFFER_SIZE];
        let damaged = |error: rawzip::Error| BundleError::damaged_archive(path, describe(&error));
        let zip = ZipArchive::from_file(file, &mut buffer).map_err(damaged)?;
        let mut archive = Self { path: path.to_owned(), zip, runs: BTreeMap::new(), contents: None };
        archive.list(&mut buffer)?;
        Ok(archive)
    }

    fn list(&mut self, buffer: &mut [u8]) -> Result<(), BundleError> {
        let damaged = |reason: String| BundleError::damaged_archive(&self.path, reason);
        let (mut entries, mut listed, mut list) = (self.zip.entries(buffer), 0, MemberList::default());
        while let Some(entry) = entries.next_entry().map_err(|error| damaged(describe(&error)))? {
            listed += 1;
            let path = entry.file_path();
            let name = std::str::from_utf8(path.as_bytes())
                .map_err(|_| damaged("a member has a name that is not UTF-8".to_owned()))?;
            let member = ArchiveMember {
                bytes: entry.uncompressed_size_hint(),
                crc: entry.crc32(),
                method: entry.compression_method(),
                place: entry.wayfinder(),
            };
            list.add(name, member.bytes, member.crc);
            let twice = match name.split_once('/') {
                _ if entry.is_dir() => false,
                None if name == ARCHIVE => self.contents.replace(member).is_some(),
                Some((run, file)) if is_run_name(run) => {
                    self.runs.entry(run.to_owned()).or_default().insert(file.to_owned(), member).is_some()
                }
                _ => return Err(damaged(format!("`{}` is not the file of a run", name.escape_debug()))),
            };
            if twice {
                return Err(damaged(format!("it has two members `{}`", name.escape_debug())));
            }
        }
        let expected = self.zip.entries_hint();
        if expected != listed {
            return Err(damaged(format!("it lists {listed} of {expected} members")));
        }
        let mut comment = Vec::new();
        let read = self.zip.comment().read_to_end(&mut comment);
        read.map_err(|error| BundleError::io("read", &self.path, error))?;
        match list.contradicts(&comment) {
            true => Err(damaged("its list of members is not as it was written".to_owned())),
            false => Ok(()),
        }
    }

    pub(in crate::bundle) fn path(&self) -> &Path {
        &self.path
    }

    /// Names of the runs, in their order.
    pub(in crate::bundle) fn runs(&self) -> impl Iterator<Item = &str> {
        self.runs.keys().map(String::as_str)
    }

    /// Files of a run by name; `None` if the run is not in the archive.
    pub(in crate::bundle) fn files(&self, run: &str) -> Option<&BTreeMap<String, ArchiveMember>> {
        self.runs.get(run)
    }

    /// Reads a file of a run; `None` if there is no such file.
    pub(in crate::bundle) fn read(&self, run: &str, file: &str) -> Result<Option<Vec<u8>>, BundleError> {
        let member = self.runs.get(run).and_then(|files| files.get(file));
        member.map(|member| self.read_member(member, &format!("{run}/{file}"))).transpose()
    }

    /// Reads `archive.json`, which says where the members come from; empty if there is none.
    pub(super) fn contents(&self) -> Result<ArchiveContents, BundleError> {
        let Some(member) = &self.contents else { return Ok(ArchiveContents::default()) };
        ArchiveContents::parse(&self.path.join(ARCHIVE), &self.read_member(member, ARCHIVE)?)
    }

    fn read_member(&self, member: &ArchiveMember, name: &str) -> Result<Vec<u8>, BundleError> {
        let damaged = |reason: String| BundleError::damaged_archive(&self.path.join(name), reason);
        let entry = self.entry(member, name)?;
        let mut bytes = Vec::new();
        let read = match member.method {
            CompressionMethod::STORE => entry.verifying_reader(entry.reader()).read_to_end(&mut bytes),
            CompressionMethod::DEFLATE => {
                entry.verifying_reader(DeflateDecoder::new(entry.reader())).read_to_end(&mut bytes)
            }
            other => return Err(damaged(format!("it is compressed by {other:?}, not by deflate"))),
        };
        read.map_err(|error| damaged(error.to_string()))?;
        Ok(bytes)
    }

    fn entry(&self, member: &ArchiveMember, name: &str) -> Result<ZipEntry<'_, FileReader>, BundleError> {
        let damaged = |error| BundleError::damaged_archive(&self.path.join(name), describe(&error));
        self.zip.get_entry(member.place).map_err(damaged)
    }

    /// Reads a file as it lies in the archive, compressed.
    pub(super) fn read_raw(&self, run: &str, file: &str) -> Result<Option<RawMember>, BundleError> {
        let Some(member) = self.runs.get(run).and_then(|files| files.get(file)) else { return Ok(None) };
        let name = format!("{run}/{file}");
        let mut data = Vec::new();
        let read = self.entry(member, &name)?.reader().read_to_end(&mut data);
        read.map_err(|error| BundleError::damaged_archive(&self.path.join(&name), error.to_string()))?;
        Ok(Some(RawMember { method: member.method, crc: member.crc, bytes: member.bytes, data }))
    }
}

/// Describes an error of the zip format in words that help its owner.
fn describe(error: &rawzip::Error) -> String {
    match error.kind() {
        rawzip::ErrorKind::MissingEndOfCentralDirectory => {
            "its list of members, which is at the end, is missing: the file was cut short or is not a zip file"
                .to_owned()
        }
        rawzip::ErrorKind::IO(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            "it ends in the middle: the file was cut short".to_owned()
        }
        rawzip::ErrorKind::Eof => "it ends in the middle: the file was cut short".to_owned(),
        _ => error.to_string(),
    }
}
