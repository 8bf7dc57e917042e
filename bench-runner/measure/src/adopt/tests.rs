//! With the real cargo and the real git.

mod refusals;
mod user_tree;

use std::fs;
use std::path::PathBuf;

use expect_test::expect;

use user_tree::*;

#[test]
fn settings_of_all_files_are_written_and_in_force() {
    let tree = UserTree::package(&[("own-tree/.cargo/config.toml", "# mine\n[build]\njobs = 4 # few\n")]);
    let settings = [
        MOLD,
        ("linker-threads", "2"),
        ("debug", "line-tables-only"),
        ("opt-level", "{deps=1}"),
        ("incremental", "off"),
        ("jobs", "2"),
        ("cache", "warm@redis://cache.corp:6379/3"),
        ("env.CC", "clang"),
    ];
    let planned = tree.plan(&settings).unwrap();
    expect![[r#"
        --- a/.cargo/config.toml
        +++ b/.cargo/config.toml
        @@ -1,3 +1,12 @@
         # mine
         [build]
        -jobs = 4 # few
        +jobs = 2 # few
        +incremental = false
        +rustc-wrapper = "sccache"
        +
        +[env.CC]
        +force = true
        +value = "clang"
        +
        +[target.x86_64-unknown-linux-gnu]
        +rustflags = ["-Clink-arg=-fuse-ld=mold", "-Clink-arg=-Wl,--threads=2"]
        --- a/Cargo.toml
        +++ b/Cargo.toml
        @@ -2,3 +2,9 @@
         name = "own"
         version = "0.1.0"
         edition = "2021"
        +
        +[profile.dev]
        +debug = "line-tables-only"
        +
        +[profile.dev.package."*"]
        +opt-level = 1
    "#]]
    .assert_eq(&planned.diff());
    assert_eq!(planned.left_out.len(), 2, "{:?}", planned.left_out);
    assert_eq!(tree.read("own-tree/Cargo.toml"), PACKAGE, "nothing is written by a plan");
    let written = tree.adopt(&settings).unwrap();
    assert_eq!(written.unchecked, None);
    let backups: Vec<PathBuf> = written.files.iter().filter_map(|(_, backup)| backup.clone()).collect();
    assert_eq!(
        backups,
        [
            tree.path("own-tree/.cargo/config.toml.bench-runner-backup"),
            tree.path("own-tree/Cargo.toml.bench-runner-backup")
        ]
    );
    assert_eq!(fs::read_to_string(&backups[1]).unwrap(), PACKAGE);
    assert!(tree.plan(&settings).unwrap().files.is_empty());
}

#[test]
fn a_new_configuration_is_that_of_the_workspace_and_profiles_are_in_its_manifest() {
    let member = "[package]\nname = \"member\"\nversion = \"0.1.0\"\nedition = \"2021\"\n";
    let files = [
        ("own-tree/Cargo.toml", "[workspace]\nmembers = [\"member\"]\nresolver = \"2\"\n"),
        ("own-tree/Cargo.lock", "version = 4\n\n[[package]]\nname = \"member\"\nversion = \"0.1.0\"\n"),
        ("own-tree/member/Cargo.toml", member),
        ("own-tree/member/src/lib.rs", ""),
    ];
    let tree = UserTree::with("member", &files);
    let written = tree.adopted(&[MOLD, ("debug", "none")]);
    assert_eq!(written.files[0], (tree.path("own-tree/.cargo/config.toml"), None));
    tree.check_file(
        "own-tree/Cargo.toml",
        expect![[r#"
        [workspace]
        members = ["member"]
        resolver = "2"

        [profile.dev]
        debug = "none"
    "#]],
    );
    assert_eq!(tree.read("own-tree/member/Cargo.toml"), member);
    // A configuration that is nearer goes before that of the workspace.
    tree.write("own-tree/member/.cargo/config.toml", "[build]\nincremental = true\n");
    tree.commit();
    tree.adopted(&[("incremental", "off")]);
    tree.check_file(
        "own-tree/member/.cargo/config.toml",
        expect![[r#"
        [build]
        incremental = false
    "#]],
    );
}

#[test]
fn flags_join_the_list_that_cargo_reads() {
    let by_cfg = "[target.'cfg(unix)']\nrustflags = [\"-Cforce-frame-pointers\"]\n";
    let tree = UserTree::package(&[("own-tree/.cargo/config.toml", by_cfg)]);
    tree.adopted(&[MOLD]);
    tree.check_file(
        "own-tree/.cargo/config.toml",
        expect![[r#"
        [target.'cfg(unix)']
        rustflags = ["-Cforce-frame-pointers", "-Clink-arg=-fuse-ld=mold"]
    "#]],
    );

    // Flags for a target would make cargo ignore those for all targets.
    let tree = UserTree::package(&[("home/config.toml", "[build]\nrustflags = [\"--cfg\", \"mine\"]\n")]);
    tree.adopted(&[MOLD]);
    tree.check_file(
        "own-tree/.cargo/config.toml",
        expect![[r#"
        [build]
        rustflags = ["-Clink-arg=-fuse-ld=mold"]
    "#]],
    );

    // A string of another file cannot be joined with a list, so it is repeated.
    let home = "[target.'cfg(unix)']\nrustflags = \"-Clink-arg=-fuse-ld=lld\"\n";
    let tree = UserTree::package(&[("home/config.toml", home), ("own-tree/.cargo/config.toml", "")]);
    tree.adopted(&[MOLD]);
    tree.check_file(
        "own-tree/.cargo/config.toml",
        expect![[r#"
        [target."cfg(unix)"]
        rustflags = "-Clink-arg=-fuse-ld=lld -Clink-arg=-fuse-ld=mold"
    "#]],
    );
}

#[test]
fn what_a_file_of_configuration_sets_is_set_there() {
    let tree = UserTree::package(&[("home/config.toml", "[profile.dev]\ndebug = 2\n")]);
    let planned = tree.plan(&[("debug", "none"), ("strip", "none")]).unwrap();
    assert!(planned.remarks.iter().any(|remark| remark.contains("goes before the manifest")), "{planned:?}");
    tree.adopted(&[("debug", "none"), ("strip", "none")]);
    tree.check_file(
        "own-tree/.cargo/config.toml",
        expect![[r#"
        [profile.dev]
        debug = "none"
    "#]],
    );
    tree.check_file(
        "own-tree/Cargo.toml",
        expect![[r#"
        [package]
        name = "own"
        version = "0.1.0"
        edition = "2021"

        [profile.dev]
        strip = "none"
    "#]],
    );
}

#[test]
fn a_configuration_without_an_extension_is_the_one_that_cargo_reads() {
    let tree = UserTree::package(&[("own-tree/.cargo/config", "[build]\njobs = 4\n")]);
    tree.adopted(&[("incremental", "off")]);
    tree.check_file(
        "own-tree/.cargo/config",
        expect![[r#"
        [build]
        jobs = 4
        incremental = false
    "#]],
    );
    assert!(!tree.path("own-tree/.cargo/config.toml").exists());
}

#[test]
fn an_included_file_loses_to_the_one_that_includes_it() {
    let config = "include = [\"more.toml\"]\n\n[build]\njobs = 4\n";
    let more = "[build]\nincremental = true\nrustflags = [\"--cfg\", \"more\"]\n";
    let tree =
        UserTree::package(&[("own-tree/.cargo/config.toml", config), ("own-tree/.cargo/more.toml", more)]);
    tree.adopted(&[("incremental", "off"), MOLD]);
    tree.check_file(
        "own-tree/.cargo/config.toml",
        expect![[r#"
        include = ["more.toml"]

        [build]
        jobs = 4
        incremental = false
        rustflags = ["-Clink-arg=-fuse-ld=mold"]
    "#]],
    );
    assert_eq!(tree.read("own-tree/.cargo/more.toml"), more);
}

#[test]
fn line_ends_and_marks_of_a_manifest_stay() {
    let manifest = format!("\u{feff}{PACKAGE}").replace('\n', "\r\n");
    let tree = UserTree::package(&[("own-tree/Cargo.toml", &manifest)]);
    tree.adopted(&[("debug", "none")]);
    assert_eq!(
        tree.read("own-tree/Cargo.toml"),
        format!("{manifest}\r\n[profile.dev]\r\ndebug = \"none\"\r\n")
    );
}
