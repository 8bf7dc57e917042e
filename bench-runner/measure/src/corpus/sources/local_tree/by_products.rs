//! What lies in a source tree and is no part of the source: what builds made, and what this program keeps.

use std::collections::HashMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

/// What cargo, and other programs, put into directories whose contents can be made again.
const CACHE_TAG: &[u8] = b"Signature: 8a477f597d28d172789f06886806bc55";

/// By-products in the directories that are copied; each place is looked at once. Paths are whole.
pub(crate) struct ByProducts<'a> {
    /// The directories that are copied.
    copied: Vec<&'a Path>,
    /// What is never part of a source, tracked or not.
    never: &'a [PathBuf],
    /// Directories that builds of this project write to.
    builds: &'a [PathBuf],
    known: HashMap<PathBuf, bool>,
}

impl<'a> ByProducts<'a> {
    pub(crate) fn new(copied: Vec<&'a Path>, never: &'a [PathBuf], builds: &'a [PathBuf]) -> Self {
        Self { copied, never, builds, known: HashMap::new() }
    }

    /// True if `path` is not to be copied even if git tracks it.
    pub(crate) fn is_never(&self, path: &Path) -> bool {
        !self.never.is_empty() && path.ancestors().any(|dir| self.never.iter().any(|never| never == dir))
    }

    /// True if `path`, or a directory above it that is copied too, is a by-product: git's own, a target or
    /// build directory, one that is marked as a cache, or one of this program's.
    pub(crate) fn has(&mut self, path: &Path) -> bool {
        if self.copied.contains(&path) {
            return false;
        }
        if let Some(known) = self.known.get(path) {
            return *known;
        }
        let is = self.is(path) || path.parent().is_some_and(|above| self.has(above));
        self.known.insert(path.to_owned(), is);
        is
    }

    fn is(&self, path: &Path) -> bool {
        let name = path.file_name().unwrap_or_default();
        let at_the_top = || path.parent().is_some_and(|above| self.copied.contains(&above));
        name == ".git"
            || self.never.iter().chain(self.builds).any(|dir| dir == path)
            || name == "target" && at_the_top() && path.is_dir()
            || is_marked(path)
    }
}

/// True if it is a directory with a tag that says so, or a link to one.
fn is_marked(dir: &Path) -> bool {
    let mut start = [0; CACHE_TAG.len()];
    fs::File::open(dir.join("CACHEDIR.TAG")).is_ok_and(|mut tag| tag.read_exact(&mut start).is_ok())
        && start == CACHE_TAG
}
