//! By-products in a source tree, which are not part of the source: outputs of builds, and files of this
//! program.

use std::collections::HashMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

/// First bytes of the tag that cargo, and other programs, put into directories whose contents can be made
/// again.
const CACHE_TAG: &[u8] = b"Signature: 8a477f597d28d172789f06886806bc55";

/// By-products in the copied directories; each path is checked once. Paths are absolute.
pub(crate) struct ByProducts<'a> {
    /// The directories that are copied.
    copied: Vec<&'a Path>,
    /// Paths that are never part of a source, tracked or not.
    never: &'a [PathBuf],
    /// Directories that builds of this project write to.
    builds: &'a [PathBuf],
    known: HashMap<PathBuf, bool>,
}

impl<'a> ByProducts<'a> {
    pub(crate) fn new(copied: Vec<&'a Path>, never: &'a [PathBuf], builds: &'a [PathBuf]) -> Self {
        Self { copied, never, builds, known: HashMap::new() }
    }

    /// True if `path` must not be copied even if git tracks it.
    pub(crate) fn is_never(&self, path: &Path) -> bool {
        !self.never.is_empty() && path.ancestors().any(|dir| self.never.iter().any(|never| never == dir))
    }

    /// True if `path`, or a copied directory above it, is a by-product: git's own directory, a target or
    /// build directory, one that is tagged as a cache, or one of this program.
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

/// True for a directory with a cache tag, or a link to one.
fn is_marked(dir: &Path) -> bool {
    let mut start = [0; CACHE_TAG.len()];
    fs::File::open(dir.join("CACHEDIR.TAG")).is_ok_and(|mut tag| tag.read_exact(&mut start).is_ok())
        && start == CACHE_TAG
}
