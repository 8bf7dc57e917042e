//! Links, and what is not a plain file.

use super::*;

#[test]
fn links_never_lead_back_into_the_users_own_files() {
    let place = TestTree::new(&[("Cargo.toml", "t"), ("src/main.rs", "m")]);
    let (tree, outer) = (place.tree(), place.dir.path().to_owned());
    fs::write(outer.join("outer.txt"), "outer").unwrap();
    symlink(tree.join("src/main.rs"), tree.join("absolute")).unwrap();
    symlink("../outer.txt", tree.join("file")).unwrap();
    symlink("../gone", tree.join("dangling")).unwrap();
    let pinned = place.pin();
    let work = outer.join("work");
    sources::check_out(&pinned, &work).unwrap();
    assert_eq!(fs::read_link(work.join("absolute")).unwrap(), Path::new("src/main.rs"));
    assert_eq!(fs::read_to_string(work.join("file")).unwrap(), "outer");
    assert!(!work.join("file").is_symlink() && !work.join("dangling").is_symlink());
    assert_eq!(pinned.notes.len(), 2, "{:?}", pinned.notes);

    fs::create_dir(outer.join("elsewhere")).unwrap();
    symlink("../elsewhere", tree.join("directory")).unwrap();
    let error = place.try_pin(&[], 1000).unwrap_err().printed();
    assert!(error.contains("`directory` leads out of it") && error.contains("exclude"), "{error}");
    place.try_pin(&["directory".into()], 1000).unwrap();
}

#[test]
fn what_cargo_reads_through_a_link_comes_along() {
    let place = TestTree::new(&[("Cargo.toml", "t"), (".gitignore", "/.cargo\n")]);
    let shared = place.dir.path().join("shared");
    fs::create_dir(&shared).unwrap();
    fs::write(shared.join("config.toml"), "[build]\n").unwrap();
    fs::write(shared.join("credentials.toml"), "token").unwrap();
    symlink("../shared", place.tree().join(".cargo")).unwrap();
    assert_eq!(place.paths(), [".cargo/config.toml", ".gitignore", "Cargo.toml"]);
    place.init();
    assert_eq!((place.paths().len(), place.ignored()), (2, vec![".cargo/config.toml".to_owned()]));
    let work = place.dir.path().join("work");
    sources::check_out(&place.pin(), &work).unwrap();
    assert!(!work.join(".cargo").is_symlink() && work.join(".cargo/config.toml").is_file());
}

#[test]
fn what_is_not_a_plain_file_is_named_or_comes_along() {
    use std::os::unix::{ffi::OsStrExt, fs::PermissionsExt};
    let place = TestTree::new(&[("Cargo.toml", "t"), (".gitignore", "/own/\n"), ("own/x", "x")]);
    let tree = place.tree();
    let odd = OsStr::from_bytes(b"own/\xff");
    fs::write(tree.join(odd), "odd").unwrap();
    fs::write(tree.join(OsStr::from_bytes(b"a\xffb\nc")), "odd").unwrap();
    symlink("loop", tree.join("loop")).unwrap();
    symlink("/usr", tree.join("own/usr")).unwrap();
    symlink("x", tree.join("own/inside")).unwrap();
    fs::write(place.dir.path().join("outer"), "outer").unwrap();
    symlink("../../outer", tree.join("own/outer")).unwrap();
    let repository = place.init();
    let pipe =
        |path: &Path| rustix::fs::mknodat(rustix::fs::CWD, path, rustix::fs::FileType::Fifo, 0o600.into(), 0);
    fs::write(tree.join("tracked"), "t").unwrap();
    place.commit(&repository, &["tracked"]);
    fs::remove_file(tree.join("tracked")).unwrap();
    pipe(&tree.join("tracked")).unwrap();
    pipe(&tree.join("own/pipe")).unwrap();
    let pinned = place.pin();
    let work = place.dir.path().join("work");
    sources::check_out(&pinned, &work).unwrap();
    assert_eq!(fs::read(work.join(odd)).unwrap(), b"odd");
    assert!(work.join(OsStr::from_bytes(b"a\xffb\nc")).is_file());
    assert_eq!(fs::read_to_string(work.join("own/outer")).unwrap(), "outer");
    assert_eq!(fs::read_link(work.join("loop")).unwrap(), Path::new("loop"));
    assert_eq!(
        fs::metadata(&work).unwrap().permissions().mode() & 0o77,
        0,
        "what git ignores may be a secret"
    );
    assert!(work.join("own/inside").is_symlink() && !work.join("own/usr").is_symlink());
    let notes = pinned.notes.join("\n");
    for part in ["left out, not a file: tracked", "leading out of what is copied: 1 link own/usr"] {
        assert!(notes.contains(part), "{part} in {notes}");
    }
    let loaded = load(&pinned, &place).unwrap().unwrap();
    assert_eq!(loaded.files, pinned.files);
}
