use std::time::Duration;

use super::*;

/// A tree of two files, one of them in a directory, whose times are long past.
fn tree() -> (tempfile::TempDir, PathBuf, WorkTree) {
    let dir = tempfile::tempdir().unwrap();
    let (pristine, root) = (dir.path().join("pristine"), dir.path().join("tree"));
    let past = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    for base in [&pristine, &root] {
        fs::create_dir_all(base.join("src")).unwrap();
        for (name, text) in [("src/lib.rs", "lib"), ("note", "one")] {
            fs::write(base.join(name), text).unwrap();
        }
        symlink("note", base.join("link")).unwrap();
        ["src/lib.rs", "note", "src", ""].iter().for_each(|n| set_modified(&base.join(n), past).unwrap());
    }
    let tree = WorkTree::new(&root, &pristine, &dir.path().join("beside")).unwrap();
    (dir, root, tree)
}

fn modified(path: &Path) -> SystemTime {
    fs::symlink_metadata(path).unwrap().modified().unwrap()
}

fn state(root: &Path) -> Vec<(PathBuf, u32, SystemTime, Option<Vec<u8>>)> {
    let entries = scan(root, |_| true).unwrap();
    let of = |(path, entry): (PathBuf, TreeEntry)| {
        let text = (entry.kind == TreeEntryKind::File).then(|| fs::read(root.join(&path)).unwrap());
        let time = if matches!(entry.kind, TreeEntryKind::Link(_)) {
            SystemTime::UNIX_EPOCH
        } else {
            entry.modified
        };
        (path, entry.mode, time, text)
    };
    entries.into_iter().map(of).collect()
}

/// The changes of a careless build.
fn build(root: &Path) {
    fs::create_dir_all(root.join("gen/deep")).unwrap();
    fs::write(root.join("gen/deep/out"), "generated").unwrap();
    fs::write(root.join("src/new.rs"), "new").unwrap();
    fs::write(root.join("src/lib.rs"), "changed").unwrap();
    fs::remove_file(root.join("note")).unwrap();
    fs::remove_file(root.join("link")).unwrap();
    symlink("src", root.join("link")).unwrap();
}

fn paths(names: &[&str]) -> Vec<PathBuf> {
    names.iter().map(PathBuf::from).collect()
}

#[test]
fn what_a_build_does_to_the_tree_is_told_and_undone() {
    let (_dir, root, mut tree) = tree();
    let before = state(&root);
    for _ in 0..2 {
        build(&root);
        let changes = tree.leave("t00", Keep::Nothing).unwrap();
        assert_eq!(changes.new, paths(&["gen", "src/new.rs"]));
        assert_eq!(changes.changed, paths(&["link", "src/lib.rs"]));
        assert_eq!(changes.deleted, paths(&["note"]));
        assert_eq!(state(&root), before, "content, rights and times, those of directories too");
    }
    assert_eq!(tree.leave("t00", Keep::Nothing).unwrap(), TreeChanges::default());
    tree.enter("t00").unwrap();
    assert_eq!(state(&root), before);
}

#[test]
fn what_is_kept_for_an_arm_is_there_for_it_alone() {
    let (_dir, root, mut tree) = tree();
    let before = state(&root);
    build(&root);
    let built = state(&root);
    tree.leave("t00", Keep::ForTheArm).unwrap();
    assert_eq!(state(&root), before);
    tree.enter("t01").unwrap();
    assert_eq!(state(&root), before);
    assert_eq!(tree.leave("t01", Keep::ForTheArm).unwrap(), TreeChanges::default());
    for _ in 0..2 {
        tree.enter("t00").unwrap();
        assert_eq!(state(&root), built);
        tree.leave("t00", Keep::ForTheArm).unwrap();
        assert_eq!(state(&root), before);
    }
    tree.forget("t00").unwrap();
    tree.enter("t00").unwrap();
    assert_eq!(state(&root), before);
}

#[test]
fn an_edit_goes_before_what_a_build_left_in_the_same_file() {
    let (_dir, root, mut tree) = tree();
    build(&root);
    tree.leave("t00", Keep::ForTheArm).unwrap();
    fs::write(root.join("src/lib.rs"), "edited").unwrap();
    tree.accept_current().unwrap();
    let edited = state(&root);
    tree.enter("t00").unwrap();
    let read = |name: &str| fs::read_to_string(root.join(name)).unwrap();
    assert_eq!((read("src/lib.rs"), read("src/new.rs")), ("edited".into(), "new".into()));
    assert!(!root.join("note").exists());
    fs::write(root.join("src/lib.rs"), "changed again").unwrap();
    tree.leave("t00", Keep::ForTheArm).unwrap();
    assert_eq!(state(&root), edited, "and is what the tree has afterwards");
}

#[test]
fn another_time_of_change_is_a_change_and_another_link_to_a_file_is_none() {
    let (dir, root, mut tree) = tree();
    let before = modified(&root.join("note"));
    set_modified(&root.join("note"), SystemTime::now()).unwrap();
    fs::hard_link(root.join("src/lib.rs"), dir.path().join("elsewhere")).unwrap();
    let changes = tree.leave("t00", Keep::Nothing).unwrap();
    assert_eq!(changes, TreeChanges { changed: paths(&["note"]), ..TreeChanges::default() });
    assert_eq!(modified(&root.join("note")), before);
}

#[test]
fn a_directory_in_the_place_of_a_file_is_undone_whatever_is_kept() {
    let (_dir, root, mut tree) = tree();
    let before = state(&root);
    fs::remove_file(root.join("note")).unwrap();
    fs::create_dir_all(root.join("note/deep")).unwrap();
    fs::remove_dir_all(root.join("src")).unwrap();
    fs::write(root.join("src"), "").unwrap();
    fs::set_permissions(&root, Permissions::from_mode(0o700)).unwrap();
    let changes = tree.leave("t00", Keep::ForTheArm).unwrap();
    assert_eq!(changes.replaced, paths(&["note", "src", "src/lib.rs"]));
    assert_eq!(state(&root), before);
    tree.enter("t00").unwrap();
    assert!(root.join("note").is_file() && root.join("src/lib.rs").is_file());
}
