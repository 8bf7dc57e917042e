//! Links of a user's tree that lead out of the copied directories.
//!
//! In the copy such a link would lead back into the user's own files, and a build could write through it. So
//! a link to another part of the copy is redirected to it, a link to a file is replaced by the file, and a
//! link to a directory is refused.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::corpus::sources::error::SourceError;
use crate::corpus::sources::local_tree::ignored::{self, ChosenFiles};
use crate::corpus::sources::tree::{self, FileKind, TreeFile};

/// Resolves the links among `files`, whose paths start at `base` and which come from the directories in
/// `copied`.
pub(crate) fn resolve_links(
    base: &Path,
    copied: &[&Path],
    files: &mut Vec<TreeFile>,
    notes: &mut Vec<String>,
) -> Result<(), SourceError> {
    let mut dangling = Vec::new();
    for file in files.iter_mut() {
        let FileKind::Link { target } = &file.kind else { continue };
        let is_copied = |end: &Path| copied.iter().any(|dir| end.starts_with(dir));
        if tree::link_destination(&file.path, target).is_some_and(|end| is_copied(&base.join(end))) {
            continue;
        }
        let full = base.join(&file.path);
        match full.canonicalize() {
            Err(_) => {
                notes.push(format!("left out, a link that leads nowhere: {}", file.path.display()));
                dangling.push(file.path.clone());
            }
            Ok(end) if is_copied(&end) => {
                let from = file.path.parent().unwrap_or(Path::new(""));
                file.kind = FileKind::Link { target: relative(from, end.strip_prefix(base).unwrap_or(&end)) };
            }
            Ok(end) if end.is_file() => {
                notes.push(format!("brought along: {} in the place of a link to it", end.display()));
                let executable = tree::is_executable(&end).map_err(SourceError::io("read", &end))?;
                let sha256 = tree::hash_file(&end).map_err(SourceError::io("read", &end))?;
                file.kind = FileKind::Regular { executable, sha256 };
            }
            Ok(end) => {
                return Err(SourceError::Unfit {
                    path: copied.first().unwrap_or(&base).to_path_buf(),
                    reason: format!("the link `{}` leads out of it, to {}", file.path.display(), end.display()),
                    help: "put the directory itself there, or name the link in `exclude` in the manifest's `source`".into(),
                });
            }
        }
    }
    files.retain(|file| !dangling.contains(&file.path));
    Ok(())
}

/// The same for files that git ignores. Builds do not need all of them, so a link that cannot be resolved is
/// left out, and small files replace links to them.
pub(crate) fn resolve_ignored_links(base: &Path, taken: &BTreeSet<PathBuf>, chosen: &mut ChosenFiles) {
    let copied: BTreeSet<PathBuf> =
        chosen.files.iter().map(|file| &file.path).chain(taken).cloned().collect();
    let is_copied = |end: &Path| {
        copied.contains(end)
            || copied.range(end.to_owned()..).next().is_some_and(|path| path.starts_with(end))
    };
    let mut left_out = Vec::new();
    chosen.files.retain_mut(|file| {
        let FileKind::Link { target } = &file.kind else { return true };
        if tree::link_destination(&file.path, target).is_some_and(|end| is_copied(&end)) {
            return true;
        }
        let brought = base.join(&file.path).canonicalize().ok().and_then(|end| {
            if let Some(end) = end.strip_prefix(base).ok().filter(|end| is_copied(end)) {
                let from = file.path.parent().unwrap_or(Path::new(""));
                return Some(FileKind::Link { target: relative(from, end) });
            }
            let small = end.metadata().is_ok_and(|found| found.is_file() && found.len() <= ignored::LARGEST);
            let content = small.then(|| tree::hash_file(&end).ok()).flatten()?;
            Some(FileKind::Regular { executable: tree::is_executable(&end).ok()?, sha256: content })
        });
        match brought {
            Some(kind) => {
                file.kind = kind;
                true
            }
            None => {
                left_out.push(file.path.clone());
                false
            }
        }
    });
    if let Some(first) = left_out.first() {
        let (count, first) = (left_out.len(), first.display());
        let links = if count == 1 { "1 link".to_owned() } else { format!("{count} links, such as") };
        chosen
            .notes
            .push(format!("left out, ignored by git and leading out of what is copied: {links} {first}"));
    }
}

/// The relative path from the directory `from` to `to`, both with the same start.
fn relative(from: &Path, to: &Path) -> PathBuf {
    let shared = from.components().zip(to.components()).take_while(|(a, b)| a == b).count();
    let up = from.components().skip(shared).map(|_| Path::new("..").as_os_str());
    let down = to.components().skip(shared).map(|part| part.as_os_str());
    let way: PathBuf = up.chain(down).collect();
    if way.as_os_str().is_empty() { PathBuf::from(".") } else { way }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_are_short() {
        for (from, to, way) in
            [("a/b", "a/c", "../c"), ("", "x/y", "x/y"), ("a", "b", "../b"), ("a", "a", ".")]
        {
            assert_eq!(relative(Path::new(from), Path::new(to)), Path::new(way), "{from} {to}");
        }
    }
}
