//! State of a single file of the user's in git.

use std::path::Path;

use super::{cli, worktree};

/// Reason why git could not give a file back if it were overwritten; `None` if its contents are committed. A file that
/// does not exist needs no commit, unless it was deleted without one.
///
/// # Errors
/// If git cannot read the repository; the error is git's reason.
pub(crate) fn uncommitted(file: &Path) -> Result<Option<&'static str>, String> {
    let exists = file.symlink_metadata().is_ok();
    let Some(dir) = file.ancestors().skip(1).find(|dir| dir.is_dir()) else {
        return Ok(exists.then_some("it is in no directory"));
    };
    let dir = dir.canonicalize().map_err(|error| error.to_string())?;
    if worktree::work_tree(&dir)?.is_none() {
        return Ok(exists.then_some("it is in no git repository"));
    }
    let Some(name) =
        file.strip_prefix(file.ancestors().skip(1).find(|dir| dir.is_dir()).unwrap_or(&dir)).ok()
    else {
        return Ok(Some("its path is not clear"));
    };
    let Some(name) = name.to_str() else { return Ok(Some("its name is not UTF-8")) };
    let ask = |args: &[&str]| {
        let all = [&["--literal-pathspecs"], args, &["--", name]].concat();
        cli::ask(&dir, &all).map_err(|error| cli::reason(&error))
    };
    let status = ask(&["status", "--porcelain=v1", "-z", "--untracked-files=all", "--ignored=matching"])?;
    if let Some(code) = status.get(..2) {
        return Ok(Some(match code {
            b"??" => "git does not track it",
            b"!!" => "git ignores it",
            _ if !exists => "it was deleted, and that is not committed",
            _ => "it has changes that are not committed",
        }));
    }
    // git was told not to look at the file.
    let listed = ask(&["ls-files", "-v", "-z"])?;
    let is_hidden = listed.first().is_some_and(|tag| tag.is_ascii_lowercase() || *tag == b'S');
    Ok(is_hidden.then_some("git is set to ignore changes in it"))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::process::{ToolCall, check_tool};

    fn git(dir: &Path, args: &[&str]) {
        let settings = ["-c", "user.name=x", "-c", "user.email=x@x", "-c", "commit.gpgsign=false"];
        let call = ToolCall {
            cwd: Some(dir.to_owned()),
            ..ToolCall::new("git", settings.iter().chain(args).copied())
        };
        check_tool(&call).unwrap();
    }

    #[test]
    fn only_a_file_as_it_is_committed_can_be_had_back() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        let state = |name: &str| uncommitted(&root.join(name)).unwrap();
        fs::write(root.join("plain"), "1").unwrap();
        assert_eq!(state("plain"), Some("it is in no git repository"));
        assert_eq!(state("new"), None);
        git(root, &["init", "--quiet"]);
        assert_eq!(state("plain"), Some("git does not track it"));
        fs::write(root.join(".gitignore"), "ignored\n").unwrap();
        fs::write(root.join("ignored"), "1").unwrap();
        assert_eq!(state("ignored"), Some("git ignores it"));
        fs::create_dir(root.join("sub")).unwrap();
        fs::write(root.join("sub/a*"), "1").unwrap();
        fs::write(root.join("sub/ab"), "1").unwrap();
        git(root, &["add", "."]);
        assert_eq!(state("plain"), Some("it has changes that are not committed"));
        git(root, &["commit", "--quiet", "-m", "x"]);
        assert_eq!(
            (state("plain"), state("sub/a*"), state("sub/new"), state("none/new")),
            (None, None, None, None)
        );
        fs::write(root.join("sub/ab"), "2").unwrap();
        // The name is no pattern.
        assert_eq!((state("sub/a*"), state("sub/ab").is_some()), (None, true));
        fs::write(root.join("plain"), "2").unwrap();
        git(root, &["update-index", "--assume-unchanged", "plain"]);
        assert_eq!(state("plain"), Some("git is set to ignore changes in it"));
        fs::remove_dir_all(root.join("sub")).unwrap();
        assert_eq!(state("sub/ab"), Some("it was deleted, and that is not committed"));
    }
}
