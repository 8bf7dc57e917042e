//! Changes of a work tree between two builds, one per round.
//!
//! An edit always starts from the pristine source, never from the edit before it: [`apply`] with the same
//! number gives the same bytes in every work tree, and number 0 is the source as it was pinned. The number
//! reaches the compiler, so that neither it nor a cache has seen the text before.
//!
//! Knows nothing of rounds, variants or builds.

mod suggest;
mod text;

use std::io;
use std::path::{Path, PathBuf};

use super::manifest::Edit;

pub use suggest::suggest;
pub use text::edited;

/// An edit that cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// The anchor is missing, or it is not clear which one is meant.
    #[error(
        "the anchor of the edit `{edit}` occurs {count} times in {}, not once: `{anchor}`\n\
         help: choose a longer text that stands there exactly once",
        file.display()
    )]
    Anchor {
        /// Name of the edit.
        edit: String,
        /// The file.
        file: PathBuf,
        /// The text that was looked for.
        anchor: String,
        /// How often it is there.
        count: usize,
    },
    /// The file cannot be read.
    #[error("failed to read {} for the edit `{edit}`: {error}", file.display())]
    Read {
        /// Name of the edit.
        edit: String,
        /// The file.
        file: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The file cannot be written.
    #[error("failed to write {} for the edit `{edit}`: {error}", file.display())]
    Write {
        /// Name of the edit.
        edit: String,
        /// The file.
        file: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The file is reached through a link that leads out of the work tree.
    #[error("the file of the edit `{edit}` lies outside the work tree: {}", file.display())]
    Outside {
        /// Name of the edit.
        edit: String,
        /// Where it really is.
        file: PathBuf,
    },
}

/// Puts edit number `n` in place in `worktree`, starting from the text in `pristine`; 0 takes it away again.
///
/// # Errors
/// Where the anchor does not occur exactly once, or a file cannot be read or written.
pub fn apply(worktree: &Path, pristine: &Path, edit: &Edit, n: u64) -> Result<(), EditError> {
    let text = edited(&read(pristine, edit)?, edit, n)?;
    let file = worktree.join(&edit.file);
    let failed = |error| EditError::Write { edit: edit.name.clone(), file: file.clone(), error };
    let root = worktree.canonicalize().map_err(failed)?;
    let real = file.canonicalize().map_err(failed)?;
    if !real.starts_with(root) {
        return Err(EditError::Outside { edit: edit.name.clone(), file: real });
    }
    std::fs::write(real, text).map_err(failed)
}

/// Whether an edit can be made to the tree `pristine`.
///
/// # Errors
/// As [`apply`] would give them.
pub fn check(pristine: &Path, edit: &Edit) -> Result<(), EditError> {
    edited(&read(pristine, edit)?, edit, 1).map(drop)
}

/// A command with the number of the edit in place of `{n}`.
pub fn numbered(argv: &[String], n: u64) -> Vec<String> {
    argv.iter().map(|word| word.replace("{n}", &n.to_string())).collect()
}

fn read(pristine: &Path, edit: &Edit) -> Result<String, EditError> {
    let file = pristine.join(&edit.file);
    std::fs::read_to_string(&file).map_err(|error| EditError::Read { edit: edit.name.clone(), file, error })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::corpus::manifest::EditClass;

    fn edit() -> Edit {
        Edit {
            name: "body".into(),
            class: EditClass::Body,
            file: "src/main.rs".into(),
            anchor: "fn main() {".into(),
            insert: " let _ = {n}u64;".into(),
        }
    }

    fn tree(text: &str) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("src")).unwrap();
        fs::write(dir.path().join("src/main.rs"), text).unwrap();
        dir
    }

    #[test]
    fn an_edit_starts_from_the_pristine_text_every_time() {
        let (pristine, work) = (tree("fn main() {}\n"), tree("something else"));
        let text = || fs::read_to_string(work.path().join("src/main.rs")).unwrap();
        for n in [1, 2] {
            apply(work.path(), pristine.path(), &edit(), n).unwrap();
            assert_eq!(text(), format!("fn main() {{ let _ = {n}u64;}}\n"));
        }
        apply(work.path(), pristine.path(), &edit(), 0).unwrap();
        assert_eq!(text(), "fn main() {}\n");
    }

    #[test]
    fn check_says_how_often_the_anchor_is_there() {
        check(tree("fn main() {}").path(), &edit()).unwrap();
        for (text, count) in [("fn start() {}", 0), ("fn main() {}\nfn main() {}", 2)] {
            let error = check(tree(text).path(), &edit()).unwrap_err().to_string();
            assert!(error.contains(&format!("occurs {count} times in src/main.rs")), "{error}");
        }
        let empty = tempfile::tempdir().unwrap();
        assert!(matches!(check(empty.path(), &edit()), Err(EditError::Read { .. })));
    }

    #[test]
    fn a_link_out_of_the_work_tree_is_not_written_through() {
        let (pristine, work) = (tree("fn main() {}\n"), tree(""));
        let kept = tree("mine");
        fs::remove_file(work.path().join("src/main.rs")).unwrap();
        let target = kept.path().join("src/main.rs");
        std::os::unix::fs::symlink(&target, work.path().join("src/main.rs")).unwrap();
        let result = apply(work.path(), pristine.path(), &edit(), 1);
        assert!(matches!(result, Err(EditError::Outside { .. })), "{result:?}");
        assert_eq!(fs::read_to_string(target).unwrap(), "mine");
    }

    #[test]
    fn commands_get_the_number() {
        assert_eq!(numbered(&["sh".into(), "edit-{n}.sh".into()], 7), ["sh", "edit-7.sh"]);
    }
}
