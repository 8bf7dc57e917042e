//! Files and settings that are refused, and changes that are undone.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use expect_test::expect;

use super::super::*;
use super::user_tree::*;
use crate::build::Toolchain;

#[test]
fn only_a_file_that_git_can_give_back_is_changed() {
    let tree = UserTree::package(&[]);
    tree.write("own-tree/Cargo.toml", &format!("{PACKAGE}# more\n"));
    let refused = tree.refused(&[("debug", "none")]);
    expect![[r#"
        /own-tree/Cargo.toml is not changed, because it has changes that are not committed
        help: commit it, or add `--even-if-changed`; there is a backup in any case"#]]
    .assert_eq(&refused);
    tree.write("own-tree/.cargo/config.toml", "[build]\njobs = 4\n");
    assert!(tree.refused(&[("incremental", "off")]).contains("git does not track it"));
    let forced = tree.request(&[("debug", "none"), ("incremental", "off")], true, |request| {
        write_changes(&plan_changes(request)?, request)
    });
    assert_eq!(forced.unwrap().files.len(), 2);
    fs::remove_dir_all(tree.path("own-tree/.git")).unwrap();
    assert!(tree.refused(&[("strip", "none")]).contains("it is in no git repository"));
    // A file that does not exist yet needs no commit.
    fs::remove_dir_all(tree.path("own-tree/.cargo")).unwrap();
    assert_eq!(tree.adopt(&[MOLD]).unwrap().files, [(tree.path("own-tree/.cargo/config.toml"), None)]);
}

#[test]
fn variables_that_go_before_files_are_named() {
    let refused = |name: &str, value: &str, setting: (&str, &str)| {
        let mut tree = UserTree::package(&[]);
        tree.env.insert(name.to_owned(), value.to_owned());
        let refused = tree.refused(&[setting]);
        assert!(
            !tree.path("own-tree/.cargo").exists() && tree.read("own-tree/Cargo.toml") == PACKAGE,
            "{refused}"
        );
        refused
    };
    expect![[r#"
        the variable `RUSTFLAGS` is set, so cargo reads no flags from files
        help: unset it, or add the flags to it: -Clink-arg=-fuse-ld=mold"#]]
    .assert_eq(&refused("RUSTFLAGS", "--cfg x", MOLD));
    expect![[r#"
        the variable `CARGO_INCREMENTAL` is set, and goes before `build.incremental` in files
        help: unset `CARGO_INCREMENTAL`"#]]
    .assert_eq(&refused("CARGO_INCREMENTAL", "1", ("incremental", "off")));
    expect![[r#"
        the variable `CARGO_PROFILE_DEV_DEBUG` is set, and goes before `profile.dev.debug` in files
        help: unset `CARGO_PROFILE_DEV_DEBUG`"#]]
    .assert_eq(&refused("CARGO_PROFILE_DEV_DEBUG", "2", ("debug", "none")));
    expect![[r#"
        the variable `CARGO_BUILD_JOBS` is set, and goes before `build.jobs` in files
        help: unset `CARGO_BUILD_JOBS`"#]]
    .assert_eq(&refused("CARGO_BUILD_JOBS", "3", ("jobs", "2")));
    expect![[r#"
        the variable `CARGO_BUILD_RUSTFLAGS` sets flags before the files
        help: unset it, or add the flags to it"#]]
    .assert_eq(&refused("CARGO_BUILD_RUSTFLAGS", "--cfg x", MOLD));
}

#[test]
fn a_file_that_would_lose_something_is_refused() {
    let tree = UserTree::package(&[("own-tree/.cargo/config.toml", "[build]\njobs = 4\n")]);
    let config = tree.path("own-tree/.cargo/config.toml");
    fs::set_permissions(&config, fs::Permissions::from_mode(0o444)).unwrap();
    assert_eq!(tree.refused(&[("jobs", "2")]), "/own-tree/.cargo/config.toml is read-only");
    fs::remove_file(&config).unwrap();
    tree.write("shared.toml", "[build]\njobs = 4\n");
    symlink(tree.path("shared.toml"), &config).unwrap();
    tree.commit();
    assert!(tree.refused(&[("jobs", "2")]).contains("is a symbolic link to /shared.toml"));
    assert_eq!(tree.read("shared.toml"), "[build]\njobs = 4\n");
    fs::remove_file(&config).unwrap();
    tree.write("own-tree/.cargo/config.toml", "[build]\r\njobs = 4\n");
    tree.commit();
    assert!(
        tree.refused(&[("jobs", "2")]).contains("has lines that end with CR LF and others that end with LF")
    );
}

#[test]
fn a_linker_that_would_not_be_found_is_refused() {
    let tree = UserTree::package(&[]);
    expect![[r#"
        there is no /usr/local/lib/wild/ld, which `-Clink-arg=-B/usr/local/lib/wild` refers to
        help: sudo mkdir -p /usr/local/lib/wild, then link the linker as /usr/local/lib/wild/ld"#]]
    .assert_eq(&tree.refused(&[("linker", "wild")]));
    assert!(tree.refused(&[("linker", "rust-lld")]).contains("changes with the toolchain"));
    let list = tree.refused(&[("config", "build.target=['x86_64-unknown-linux-gnu']")]);
    assert!(list.contains("`build.target` is a list"), "{list}");
    assert!(tree.refused(&[("snippet", "[build]\njobs = 2\n")]).contains("cannot be merged"));
}

#[test]
fn a_toolchain_is_chosen_by_its_file() {
    let tree = UserTree::package(&[]);
    let path = std::ffi::OsString::from(&tree.env["PATH"]);
    let toolchain = Toolchain::for_tree(&tree.path("home"), &path).unwrap();
    let sysroot = toolchain.sysroot.display().to_string();
    let written = tree.adopted(&[("toolchain", &sysroot)]);
    assert_eq!(written.files, [(tree.path("own-tree/rust-toolchain.toml"), None)]);
    assert_eq!(tree.read("own-tree/rust-toolchain.toml"), format!("[toolchain]\npath = \"{sysroot}\"\n"));
    // The older form of the file is one word.
    let tree = UserTree::package(&[("own-tree/rust-toolchain", "stable\n")]);
    let refused = tree.refused(&[("toolchain", &sysroot)]);
    assert!(refused.starts_with("/own-tree/rust-toolchain is not TOML"), "{refused}");
    let mut tree = UserTree::package(&[]);
    tree.env.insert("RUSTUP_TOOLCHAIN".to_owned(), sysroot.clone());
    assert!(tree.refused(&[("toolchain", &sysroot)]).starts_with("the variable `RUSTUP_TOOLCHAIN` chooses"));
}

#[test]
fn what_does_not_come_into_force_is_undone() {
    let tree = UserTree::package(&[]);
    let refused = tree.request(&[MOLD, ("debug", "none")], false, |request| {
        let planned = plan_changes(request).unwrap();
        // Meanwhile somebody else configures the same.
        tree.write("home/config.toml", "[profile.dev]\ndebug = 2\n");
        write_changes(&planned, request).unwrap_err().what
    });
    expect!["the settings were written, but cargo still reads `profile.dev.debug = 2`, which /home/config.toml sets; all files are as they were before"].assert_eq(&refused.replace(&tree.path("").display().to_string(), "/"));
    assert!(!tree.path("own-tree/.cargo").exists(), "a directory that was created for it is removed");
    assert_eq!(tree.read("own-tree/Cargo.toml"), PACKAGE);
    let files: Vec<_> =
        fs::read_dir(tree.path("own-tree")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(files.iter().all(|name| !name.to_string_lossy().contains("backup")), "{files:?}");
}

#[test]
fn a_second_file_that_cannot_be_written_undoes_the_first() {
    let tree = UserTree::package(&[]);
    let refused = tree.request(&[MOLD, ("debug", "none")], false, |request| {
        let planned = plan_changes(request).unwrap();
        tree.write("own-tree/Cargo.toml", &format!("{PACKAGE}# newer\n"));
        write_changes(&planned, request).unwrap_err().what
    });
    assert!(refused.ends_with("has been changed meanwhile; all files are as they were before"), "{refused}");
    assert!(!tree.path("own-tree/.cargo").exists());
    assert_eq!(tree.read("own-tree/Cargo.toml"), format!("{PACKAGE}# newer\n"));
}
