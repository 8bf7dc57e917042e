//! Git LFS pointers, which replace files of a source that were not fetched from the LFS server.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use rayon::prelude::*;

use crate::corpus::sources::git::commit;
use crate::corpus::sources::pinned::Pinned;
use crate::corpus::sources::tree::FileKind;

/// Start of a pointer.
const POINTER: &[u8] = b"version https://git-lfs.github.com/spec/";
/// Upper limit of a pointer's size.
const LARGEST: u64 = 1024;

/// The source with a note that names its pointers, if it has any: a build gets them instead of the files.
pub(crate) fn note_pointers(mut pinned: Pinned) -> Pinned {
    let pointers: Vec<&Path> = pinned
        .files
        .par_iter()
        .filter(|file| {
            matches!(file.kind, FileKind::Regular { .. }) && is_pointer(&pinned.tree.join(&file.path))
        })
        .map(|file| file.path.as_path())
        .collect();
    if let Some(first) = pointers.first().map(|path| commit::printable(path)) {
        let which = match pointers.len() {
            1 => format!("1 file is a pointer of Git LFS, without its content: {first}"),
            count => {
                format!("{count} files are pointers of Git LFS, without their contents, such as {first}")
            }
        };
        pinned.notes.push(format!("{which}; `git lfs pull` brings them into a project of your own"));
    }
    pinned
}

/// A file that cannot be read here is reported when it is copied.
fn is_pointer(file: &Path) -> bool {
    let mut start = [0; POINTER.len()];
    File::open(file).is_ok_and(|mut file| {
        file.metadata().is_ok_and(|found| found.len() < LARGEST) && file.read_exact(&mut start).is_ok()
    }) && start == POINTER
}
