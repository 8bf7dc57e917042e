//! A `.crate` archive: listed, or unpacked into a directory.
//!
//! An archive is untrusted: all its entries must be below one directory, links must stay within the tree and
//! are made last, so that nothing is written through them, and the unpacked size is limited.

use std::cell::Cell;
use std::collections::{BTreeSet, HashSet};
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::symlink;
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;

use flate2::read::GzDecoder;
use tar::{Archive, Entry, EntryType};

use crate::corpus::sources::error::{SourceError, too_large};
use crate::corpus::sources::tree::{self, FileKind, TreeFile};

/// Size limits of an archive.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ArchiveLimits {
    /// Bytes, unpacked, including the archive's own headers.
    pub(crate) bytes: u64,
    /// Number of entries.
    pub(crate) entries: usize,
}

impl ArchiveLimits {
    /// Limits for an archive of at most `bytes`.
    pub(crate) fn for_bytes(bytes: u64) -> Self {
        Self { bytes, entries: 100_000 }
    }
}

/// The files of an archive whose entries are all in the directory `top`, sorted by path; unpacked into
/// `into`, which does not exist yet, if that is given.
pub(crate) fn read(
    archive: &Path,
    top: &str,
    limits: ArchiveLimits,
    into: Option<&Path>,
) -> Result<Vec<TreeFile>, SourceError> {
    let file = File::open(archive).map_err(SourceError::io("read", archive))?;
    let exceeded = Rc::new(Cell::new(false));
    let limited =
        LimitedReader { inner: GzDecoder::new(file), left: limits.bytes, exceeded: Rc::clone(&exceeded) };
    let mut reader = ArchiveReader { archive, top, into, files: Vec::new(), seen: BTreeSet::new() };
    let result = reader.take_all(Archive::new(limited), limits.entries);
    if exceeded.get() {
        return Err(reader.refuse(None, &too_large(limits.bytes)));
    }
    result?;
    reader.check_links()?;
    reader.make_links()?;
    let mut files = reader.files;
    tree::sort(&mut files);
    Ok(files)
}

struct ArchiveReader<'a> {
    archive: &'a Path,
    top: &'a str,
    into: Option<&'a Path>,
    files: Vec<TreeFile>,
    seen: BTreeSet<PathBuf>,
}

impl ArchiveReader<'_> {
    fn take_all<R: Read>(&mut self, mut archive: Archive<R>, limit: usize) -> Result<(), SourceError> {
        let entries = archive.entries().map_err(SourceError::io("read", self.archive))?;
        for (count, entry) in entries.enumerate() {
            if count >= limit {
                return Err(self.refuse(None, "it has more entries than an archive of sources may"));
            }
            self.take(entry.map_err(SourceError::io("unpack", self.archive))?)?;
        }
        Ok(())
    }

    fn take<R: Read>(&mut self, mut entry: Entry<'_, R>) -> Result<(), SourceError> {
        let name = entry.path().map_err(SourceError::io("unpack", self.archive))?.into_owned();
        let kind = entry.header().entry_type();
        if kind == EntryType::XGlobalHeader {
            return Ok(());
        }
        let Some(path) = self.below_top(&name)? else { return Ok(()) };
        if kind != EntryType::Directory && !self.seen.insert(path.clone()) {
            return Err(self.refuse(Some(&name), "an entry occurs twice"));
        }
        let kind = match kind {
            EntryType::Directory => return Ok(()),
            EntryType::Regular | EntryType::Continuous => self.take_file(&mut entry, &path)?,
            EntryType::Symlink => {
                let target = entry.link_name().map_err(SourceError::io("unpack", self.archive))?;
                FileKind::Link { target: target.map(|t| t.into_owned()).unwrap_or_default() }
            }
            EntryType::Link => return Err(self.refuse(Some(&name), "it holds a hard link")),
            _ => return Err(self.refuse(Some(&name), "it holds something that is no file")),
        };
        self.files.push(TreeFile { path, kind });
        Ok(())
    }

    fn take_file<R: Read>(&self, entry: &mut Entry<'_, R>, path: &Path) -> Result<FileKind, SourceError> {
        let mode = entry.header().mode().map_err(SourceError::io("unpack", self.archive))?;
        let executable = mode & 0o100 != 0;
        let sha256 = match self.into.map(|into| into.join(path)) {
            None => tree::write_hashed(entry, io::sink()).map_err(SourceError::io("unpack", self.archive))?,
            Some(to) => {
                make_parent(&to)?;
                let file = tree::create(&to, executable).map_err(SourceError::io("create", &to))?;
                tree::write_hashed(entry, file).map_err(SourceError::io("unpack into", &to))?
            }
        };
        Ok(FileKind::Regular { executable, sha256 })
    }

    /// The path of an entry below the top directory; `None` for that directory itself.
    fn below_top(&self, name: &Path) -> Result<Option<PathBuf>, SourceError> {
        let mut path = PathBuf::new();
        for part in name.components() {
            match part {
                Component::Normal(part) => path.push(part),
                Component::CurDir => {}
                Component::ParentDir => return Err(self.refuse(Some(name), "an entry contains `..`")),
                Component::RootDir | Component::Prefix(_) => {
                    return Err(self.refuse(Some(name), "an entry is absolute"));
                }
            }
        }
        match path.strip_prefix(self.top) {
            Ok(below) if below.as_os_str().is_empty() => Ok(None),
            Ok(below) => Ok(Some(below.to_path_buf())),
            Err(_) => {
                Err(self.refuse(Some(name), "an entry lies outside the directory named after the crate"))
            }
        }
    }

    /// Links may only point to files and directories of the tree, and not through other links: then the
    /// meaning of a path can be read from the path.
    fn check_links(&self) -> Result<(), SourceError> {
        let links: HashSet<&Path> = self.files.iter().filter(is_link).map(path_of).collect();
        for file in &self.files {
            if file.path.ancestors().skip(1).any(|parent| links.contains(parent)) {
                return Err(self.refuse(Some(&file.path), "an entry lies below a link"));
            }
            let FileKind::Link { target } = &file.kind else { continue };
            let Some(end) = tree::link_destination(&file.path, target) else {
                return Err(self.refuse(Some(&file.path), "a link leaves the tree"));
            };
            if end.ancestors().any(|part| links.contains(part)) {
                return Err(self.refuse(Some(&file.path), "a link leads to another link"));
            }
        }
        Ok(())
    }

    fn make_links(&self) -> Result<(), SourceError> {
        let Some(into) = self.into else { return Ok(()) };
        for file in &self.files {
            if let FileKind::Link { target } = &file.kind {
                let at = into.join(&file.path);
                make_parent(&at)?;
                symlink(target, &at).map_err(SourceError::io("create", &at))?;
            }
        }
        Ok(())
    }

    fn refuse(&self, entry: Option<&Path>, reason: &str) -> SourceError {
        let entry = entry.map(|path| path.to_string_lossy().escape_debug().to_string());
        SourceError::Archive { archive: self.archive.to_path_buf(), entry, reason: reason.to_owned() }
    }
}

fn is_link(file: &&TreeFile) -> bool {
    matches!(file.kind, FileKind::Link { .. })
}

fn path_of(file: &TreeFile) -> &Path {
    &file.path
}

fn make_parent(path: &Path) -> Result<(), SourceError> {
    let Some(parent) = path.parent() else { return Ok(()) };
    fs::create_dir_all(parent).map_err(SourceError::io("create", parent))
}

/// A reader that fails when it exceeds its limit.
struct LimitedReader<R> {
    inner: R,
    left: u64,
    exceeded: Rc<Cell<bool>>,
}

impl<R: Read> Read for LimitedReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        match self.left.checked_sub(count as u64) {
            Some(left) => self.left = left,
            None => {
                self.exceeded.set(true);
                return Err(io::Error::other("larger than allowed"));
            }
        }
        Ok(count)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// An entry to pack: its kind and mode, its name as raw bytes, and its content or the target of the link.
    pub(in crate::corpus::sources) type PackedEntry<'a> = (EntryType, u32, &'a str, &'a str);

    /// Packs entries that no honest tool would: names go into the header as they are.
    pub(in crate::corpus::sources) fn pack(to: &Path, entries: &[PackedEntry<'_>]) {
        let gzip = flate2::write::GzEncoder::new(File::create(to).unwrap(), flate2::Compression::fast());
        let mut builder = tar::Builder::new(gzip);
        for (kind, mode, name, content) in entries {
            let mut header = tar::Header::new_ustar();
            header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
            header.set_entry_type(*kind);
            header.set_mode(*mode);
            let is_link = matches!(kind, EntryType::Symlink | EntryType::Link);
            let data = if is_link { "" } else { *content };
            if is_link {
                header.as_old_mut().linkname[..content.len()].copy_from_slice(content.as_bytes());
            }
            header.set_size(data.len() as u64);
            header.set_cksum();
            builder.append(&header, data.as_bytes()).unwrap();
        }
        builder.into_inner().unwrap().finish().unwrap();
    }

    const FILE: EntryType = EntryType::Regular;
    const LINK: EntryType = EntryType::Symlink;

    fn unpack_limited(
        entries: &[PackedEntry<'_>],
        limits: ArchiveLimits,
    ) -> (tempfile::TempDir, Result<Vec<TreeFile>, SourceError>) {
        let dir = tempfile::tempdir().unwrap();
        let archive = dir.path().join("a.crate");
        pack(&archive, entries);
        let listed = read(&archive, "a-1.0.0", limits, None);
        let unpacked = read(&archive, "a-1.0.0", limits, Some(&dir.path().join("deep/out")));
        assert_eq!(listed.is_ok(), unpacked.is_ok(), "{listed:?} {unpacked:?}");
        (dir, unpacked)
    }

    fn unpack(entries: &[PackedEntry<'_>]) -> (tempfile::TempDir, Result<Vec<TreeFile>, SourceError>) {
        unpack_limited(entries, ArchiveLimits::for_bytes(1_000_000))
    }

    #[test]
    fn files_modes_and_inner_links_arrive() {
        let (dir, files) = unpack(&[
            (EntryType::Directory, 0o755, "a-1.0.0/", ""),
            (FILE, 0o644, "a-1.0.0/src/main.rs", "fn main() {}"),
            (FILE, 0o755, "./a-1.0.0/run.sh", "#!/bin/sh"),
            (LINK, 0o777, "a-1.0.0/src/run", "../run.sh"),
        ]);
        let files = files.unwrap();
        let out = dir.path().join("deep/out");
        assert_eq!(std::fs::read_to_string(out.join("src/run")).unwrap(), "#!/bin/sh");
        assert_eq!(std::fs::metadata(out.join("run.sh")).unwrap().permissions().mode() & 0o100, 0o100);
        let paths: Vec<&str> = files.iter().filter_map(|file| file.path.to_str()).collect();
        assert_eq!(paths, ["run.sh", "src/main.rs", "src/run"]);
        assert_eq!(crate::corpus::sources::cached_tree::contents(&out).unwrap().unwrap(), files);
    }

    #[test]
    fn entries_that_leave_the_tree_are_refused() {
        let hostile: [(&[PackedEntry<'_>], &str); 12] = [
            (&[(FILE, 0o644, "/etc/cron.d/x", "x")], "an entry is absolute"),
            (&[(FILE, 0o644, "a-1.0.0/../../x", "x")], "an entry contains `..`"),
            (&[(FILE, 0o644, "b-1.0.0/x", "x")], "outside the directory"),
            (&[(FILE, 0o644, "a-1.0.0-more/x", "x")], "outside the directory"),
            (&[(LINK, 0o777, "a-1.0.0/x", "/etc/passwd")], "a link leaves the tree"),
            (&[(LINK, 0o777, "a-1.0.0/x", "../y")], "a link leaves the tree"),
            (&[(LINK, 0o777, "a-1.0.0/d/x", "../../d/y")], "a link leaves the tree"),
            (&[(LINK, 0o777, "a-1.0.0/l", "d"), (FILE, 0o644, "a-1.0.0/l/x", "x")], "lies below a link"),
            // `l/..` is not where it seems to be once `l` leads elsewhere.
            (
                &[(LINK, 0o777, "a-1.0.0/d/l", ".."), (LINK, 0o777, "a-1.0.0/m", "d/l/../x")],
                "leaves the tree",
            ),
            (
                &[(LINK, 0o777, "a-1.0.0/d/l", ".."), (LINK, 0o777, "a-1.0.0/m", "d/l/x")],
                "leads to another link",
            ),
            (&[(EntryType::Link, 0o644, "a-1.0.0/x", "/etc/passwd")], "a hard link"),
            (&[(EntryType::Fifo, 0o644, "a-1.0.0/x", "")], "no file"),
        ];
        for (entries, reason) in hostile {
            let (dir, result) = unpack(entries);
            let error = result.unwrap_err().to_string();
            assert!(error.contains(reason), "{error} is not {reason}");
            assert!(!dir.path().join("x").exists() && !dir.path().join("deep/x").exists());
        }
    }

    #[test]
    fn there_is_an_end_to_what_is_unpacked() {
        let big = "x".repeat(10_000);
        let entries = [(FILE, 0o644, "a-1.0.0/x", big.as_str()), (FILE, 0o644, "a-1.0.0/y", "y")];
        unpack_limited(&entries, ArchiveLimits { bytes: 20_000, entries: 2 }).1.unwrap();
        let error =
            unpack_limited(&entries, ArchiveLimits { bytes: 9_000, entries: 2 }).1.unwrap_err().to_string();
        assert!(error.contains("holds more than"), "{error}");
        let error =
            unpack_limited(&entries, ArchiveLimits { bytes: 20_000, entries: 1 }).1.unwrap_err().to_string();
        assert!(error.contains("more entries than"), "{error}");
    }

    #[test]
    fn an_entry_that_occurs_twice_is_refused() {
        let twice = [(FILE, 0o644, "a-1.0.0/x", "1"), (FILE, 0o644, "a-1.0.0/x", "2")];
        assert!(unpack(&twice).1.unwrap_err().to_string().contains("occurs twice"));
    }

    #[test]
    fn a_cut_archive_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let archive = dir.path().join("a.crate");
        pack(&archive, &[(FILE, 0o644, "a-1.0.0/x", &"x".repeat(5000))]);
        let bytes = std::fs::read(&archive).unwrap();
        std::fs::write(&archive, &bytes[..bytes.len() / 2]).unwrap();
        assert!(matches!(
            read(&archive, "a-1.0.0", ArchiveLimits::for_bytes(1_000_000), None),
            Err(SourceError::Io { .. })
        ));
    }
}
