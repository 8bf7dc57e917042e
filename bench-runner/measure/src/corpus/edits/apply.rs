//! Applies edits to a work tree, and checks them against the pinned tree.

use std::io;
use std::path::{Path, PathBuf};

use super::error::EditError;
use super::{class_check, text};
use crate::corpus::manifest::{Edit, EditChange};
use crate::corpus::patch;

/// Applies edit number `n` in `worktree`, starting from the text in `pristine`; 0 takes it away again.
///
/// # Errors
/// If it does not fit the source, or a file cannot be read or written.
pub fn apply(worktree: &Path, pristine: &Path, edit: &Edit, n: u64) -> Result<(), EditError> {
    for (path, text) in contents(pristine, edit, n)? {
        let file = worktree.join(&path);
        let failed = |error| EditError::Write { edit: edit.name.clone(), file: file.clone(), error };
        let parent = file.parent().unwrap_or(worktree);
        if text.is_some() {
            std::fs::create_dir_all(parent).map_err(failed)?;
        }
        let root = worktree.canonicalize().map_err(failed)?;
        // A new file is created in an existing directory.
        let real = match (file.canonicalize(), &text) {
            (Err(error), Some(_)) if error.kind() == io::ErrorKind::NotFound && !file.is_symlink() => {
                parent.canonicalize().map_err(failed)?.join(file.file_name().unwrap_or_default())
            }
            (Err(error), None) if error.kind() == io::ErrorKind::NotFound => continue,
            (real, _) => real.map_err(failed)?,
        };
        if !real.starts_with(root) {
            return Err(EditError::Outside { edit: edit.name.clone(), file: real });
        }
        match text {
            Some(text) => std::fs::write(real, text).map_err(failed)?,
            None => std::fs::remove_file(real).map_err(failed)?,
        }
    }
    Ok(())
}

/// Checks that an edit can be made to the tree `pristine`, and that it changes what its class says.
///
/// # Errors
/// Those of [`apply`], and if it is of another class.
pub fn check(pristine: &Path, edit: &Edit) -> Result<(), EditError> {
    let (before, after) = (contents(pristine, edit, 0)?, contents(pristine, edit, 1)?);
    for ((file, before), (_, after)) in before.iter().zip(&after) {
        let (Some(before), Some(after)) = (before, after) else { continue };
        let rust = file.extension().is_some_and(|extension| extension == "rs");
        if let Some(reason) = class_check::class_mismatch(edit.class, before, after).filter(|_| rust) {
            let (name, class) = (edit.name.clone(), edit.class);
            return Err(EditError::Class { edit: name, class, file: file.clone(), reason });
        }
    }
    Ok(())
}

/// The files that an edit changes, creates or removes, from the root of the source.
pub fn files(edit: &Edit) -> Vec<PathBuf> {
    match &edit.change {
        EditChange::Text(change) => vec![change.file.clone()],
        EditChange::Patch { diff } => {
            patch::parse(diff).unwrap_or_default().into_iter().map(|patch| patch.file).collect()
        }
    }
}

/// Contents of the files of an edit under number `n`; `None` for a file that does not exist.
fn contents(pristine: &Path, edit: &Edit, n: u64) -> Result<Vec<(PathBuf, Option<String>)>, EditError> {
    let name = &edit.name;
    let read = |path: &Path| {
        let file = pristine.join(path);
        let failed = |error| EditError::Read { edit: name.clone(), file: file.clone(), error };
        std::fs::read_to_string(&file).map_err(failed)
    };
    let patches = match &edit.change {
        EditChange::Text(change) => {
            let text = text::apply(&read(&change.file)?, change, name, n)?;
            return Ok(vec![(change.file.clone(), Some(text))]);
        }
        EditChange::Patch { diff } => patch::parse(diff),
    };
    let misfit =
        |file: &Path, reason: String| EditError::Patch { edit: name.clone(), file: file.to_owned(), reason };
    let of = |patch: patch::FilePatch| {
        let misfit = |reason: String| misfit(&patch.file, reason);
        if patch.created && pristine.join(&patch.file).exists() {
            return Err(misfit("it is there already".to_owned()));
        }
        let before = if patch.created { String::new() } else { read(&patch.file)? };
        let after = patch.apply(&before, n).map_err(misfit)?;
        let text = match n {
            0 => Some(before).filter(|_| !patch.created),
            _ => Some(after).filter(|_| !patch.removed),
        };
        Ok((patch.file, text))
    };
    patches.map_err(|reason| misfit(Path::new(""), reason))?.into_iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::corpus::manifest::{EditClass, EditPlacement, TextChange};
    use crate::corpus::numbered;

    fn edit() -> Edit {
        Edit {
            name: "body".into(),
            class: EditClass::Body,
            change: EditChange::Text(TextChange {
                file: "src/main.rs".into(),
                anchor: "fn main() {".into(),
                put: EditPlacement::After(" let _ = {n}u64;".into()),
            }),
        }
    }

    fn patch() -> Edit {
        let diff = "--- a/src/main.rs\n+++ b/src/main.rs\n@@ -1 +1 @@\n-fn main() {}\n+fn main() { let _ = {n}; }\n\
                    --- /dev/null\n+++ b/src/more/x.rs\n@@ -0,0 +1 @@\n+// {n}\n";
        Edit {
            name: "patch".into(),
            class: EditClass::Patch,
            change: EditChange::Patch { diff: diff.into() },
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
    fn a_patch_is_put_in_and_taken_away_again() {
        let (pristine, work) = (tree("fn main() {}\n"), tree("fn main() {}\n"));
        let text = |name: &str| fs::read_to_string(work.path().join(name)).ok();
        for n in [1, 2] {
            apply(work.path(), pristine.path(), &patch(), n).unwrap();
            assert_eq!(text("src/main.rs").unwrap(), format!("fn main() {{ let _ = {n}; }}\n"));
            assert_eq!(text("src/more/x.rs").unwrap(), format!("// {n}\n"));
        }
        for _ in 0..2 {
            apply(work.path(), pristine.path(), &patch(), 0).unwrap();
            assert_eq!(
                (text("src/main.rs").unwrap(), text("src/more/x.rs")),
                ("fn main() {}\n".into(), None)
            );
        }
        assert_eq!(files(&patch()), [Path::new("src/main.rs"), Path::new("src/more/x.rs")]);
        let error = check(tree("fn start() {}\n").path(), &patch()).unwrap_err().to_string();
        assert!(error.contains("does not fit src/main.rs: line 1 is `fn start() {}`"), "{error}");
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
    fn check_says_what_is_not_of_the_class() {
        let edit = Edit { class: EditClass::Signature, ..edit() };
        let error = check(tree("fn main() {}").path(), &edit).unwrap_err().to_string();
        let expected = "the edit `body` of src/main.rs is not of class `signature`: it changes nothing outside of functions";
        assert!(error.starts_with(expected), "{error}");
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
        assert_eq!(numbered::argv(&["sh".into(), "edit-{n}.sh".into()], 7), ["sh", "edit-7.sh"]);
    }
}
