//! With the real cargo and the real git.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use expect_test::{Expect, expect};

use super::*;
use crate::axes::fixture;
use crate::build::Toolchain;
use crate::process::{ToolCall, check_tool, find_in_path};

/// A project of a user in a git repository, with the user's cargo home beside it.
struct UserTree {
    dir: tempfile::TempDir,
    /// The directory in which cargo is called, below `work`.
    project: &'static str,
    env: BTreeMap<String, String>,
}

const PACKAGE: &str = "[package]\nname = \"own\"\nversion = \"0.1.0\"\nedition = \"2021\"\n";
const TARGET: &str = "x86_64-unknown-linux-gnu";

impl UserTree {
    /// A package with these files, all of them committed.
    fn package(files: &[(&str, &str)]) -> Self {
        let own = [
            ("work/Cargo.toml", PACKAGE),
            ("work/Cargo.lock", "version = 4\n\n[[package]]\nname = \"own\"\nversion = \"0.1.0\"\n"),
            ("work/src/main.rs", "fn main() {}\n"),
        ];
        Self::with("", &[&own, files].concat())
    }

    fn with(project: &'static str, files: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut env = CargoInvocation::user_environment();
        env.retain(|name, _| !crate::build::is_build_variable(name) && !name.starts_with("RUSTUP_TOOLCHAIN"));
        env.insert("CARGO_HOME".to_owned(), dir.path().join("home").display().to_string());
        let tree = Self { dir, project, env };
        for place in ["home", "cargo-home", "work"] {
            fs::create_dir(tree.path(place)).unwrap();
        }
        for (name, text) in files {
            tree.write(name, text);
            if let Some(name) = name.strip_prefix("home/") {
                tree.write(&format!("cargo-home/{name}"), text);
            }
        }
        tree.git(&["init", "--quiet"]);
        tree.commit();
        tree
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().canonicalize().unwrap().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn git(&self, args: &[&str]) {
        let settings = ["-c", "user.name=x", "-c", "user.email=x@x", "-c", "commit.gpgsign=false"];
        let cwd = Some(self.path("work"));
        let call = ToolCall { cwd, ..ToolCall::new("git", settings.iter().chain(args).copied()) };
        check_tool(&call).unwrap();
    }

    fn commit(&self) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "-m", "x"]);
    }

    /// Calls `act` with a request for these settings.
    fn request<T>(
        &self,
        settings: &[(&str, &str)],
        even_if_changed: bool,
        act: impl FnOnce(&AdoptRequest<'_>) -> T,
    ) -> T {
        let path = std::ffi::OsString::from(&self.env["PATH"]);
        let cargo = CargoInvocation {
            cargo: find_in_path("cargo", &path).unwrap(),
            dir: self.path("work").join(self.project),
            env: self.env.clone(),
        };
        let situation = Situation {
            host: Some(TARGET.to_owned()),
            own_lld: false,
            by_cargo: true,
            profile: "dev".to_owned(),
            package: None,
        };
        let target = BuildTarget { triple: TARGET.to_owned(), ..Toolchain::sample().host_target() };
        let scratch = tempfile::tempdir().unwrap();
        act(&AdoptRequest {
            settings: &fixture::settings(settings),
            situation: &situation,
            cargo: &cargo,
            selection: &[],
            target: &target,
            cargo_home: &self.path("cargo-home"),
            scratch: scratch.path(),
            even_if_changed,
        })
    }

    fn plan(&self, settings: &[(&str, &str)]) -> Result<PlannedChanges, Refusal> {
        self.request(settings, false, plan_changes)
    }

    fn adopt(&self, settings: &[(&str, &str)]) -> Result<WrittenChanges, Refusal> {
        self.request(settings, false, |request| write_changes(&plan_changes(request)?, request))
    }

    /// Writes the settings, and checks that the units were compared and that there is nothing left to do.
    fn adopted(&self, settings: &[(&str, &str)]) -> WrittenChanges {
        let written = self.adopt(settings).unwrap();
        assert_eq!(written.unchecked, None);
        for (_, backup) in &written.files {
            backup.iter().for_each(|backup| fs::remove_file(backup).unwrap());
        }
        self.commit();
        let again = self.plan(settings).unwrap();
        assert!(again.files.is_empty(), "{}", again.diff());
        written
    }

    fn refused(&self, settings: &[(&str, &str)]) -> String {
        let refusal = self.adopt(settings).unwrap_err();
        let help = refusal.help.map(|help| format!("\nhelp: {help}")).unwrap_or_default();
        format!("{}{help}", refusal.what).replace(&self.path("").display().to_string(), "/")
    }

    fn check_file(&self, name: &str, expected: Expect) {
        expected.assert_eq(&self.read(name));
    }
}

const MOLD: (&str, &str) = ("linker", "mold");

#[test]
fn settings_of_all_files_are_written_and_in_force() {
    let tree = UserTree::package(&[("work/.cargo/config.toml", "# mine\n[build]\njobs = 4 # few\n")]);
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
    assert_eq!(tree.read("work/Cargo.toml"), PACKAGE, "nothing is written by a plan");
    let written = tree.adopt(&settings).unwrap();
    assert_eq!(written.unchecked, None);
    let backups: Vec<PathBuf> = written.files.iter().filter_map(|(_, backup)| backup.clone()).collect();
    assert_eq!(
        backups,
        [
            tree.path("work/.cargo/config.toml.bench-runner-backup"),
            tree.path("work/Cargo.toml.bench-runner-backup")
        ]
    );
    assert_eq!(fs::read_to_string(&backups[1]).unwrap(), PACKAGE);
    assert!(tree.plan(&settings).unwrap().files.is_empty());
}

#[test]
fn a_new_configuration_is_that_of_the_workspace_and_profiles_are_in_its_manifest() {
    let member = "[package]\nname = \"member\"\nversion = \"0.1.0\"\nedition = \"2021\"\n";
    let files = [
        ("work/Cargo.toml", "[workspace]\nmembers = [\"member\"]\nresolver = \"2\"\n"),
        ("work/Cargo.lock", "version = 4\n\n[[package]]\nname = \"member\"\nversion = \"0.1.0\"\n"),
        ("work/member/Cargo.toml", member),
        ("work/member/src/lib.rs", ""),
    ];
    let tree = UserTree::with("member", &files);
    let written = tree.adopted(&[MOLD, ("debug", "none")]);
    assert_eq!(written.files[0], (tree.path("work/.cargo/config.toml"), None));
    tree.check_file(
        "work/Cargo.toml",
        expect![[r#"
        [workspace]
        members = ["member"]
        resolver = "2"

        [profile.dev]
        debug = "none"
    "#]],
    );
    assert_eq!(tree.read("work/member/Cargo.toml"), member);
    // A configuration that is nearer goes before that of the workspace.
    tree.write("work/member/.cargo/config.toml", "[build]\nincremental = true\n");
    tree.commit();
    tree.adopted(&[("incremental", "off")]);
    tree.check_file(
        "work/member/.cargo/config.toml",
        expect![[r#"
        [build]
        incremental = false
    "#]],
    );
}

#[test]
fn flags_join_the_list_that_cargo_reads() {
    let by_cfg = "[target.'cfg(unix)']\nrustflags = [\"-Cforce-frame-pointers\"]\n";
    let tree = UserTree::package(&[("work/.cargo/config.toml", by_cfg)]);
    tree.adopted(&[MOLD]);
    tree.check_file(
        "work/.cargo/config.toml",
        expect![[r#"
        [target.'cfg(unix)']
        rustflags = ["-Cforce-frame-pointers", "-Clink-arg=-fuse-ld=mold"]
    "#]],
    );

    // Flags for a target would make cargo ignore those for all targets.
    let tree = UserTree::package(&[("home/config.toml", "[build]\nrustflags = [\"--cfg\", \"mine\"]\n")]);
    tree.adopted(&[MOLD]);
    tree.check_file(
        "work/.cargo/config.toml",
        expect![[r#"
        [build]
        rustflags = ["-Clink-arg=-fuse-ld=mold"]
    "#]],
    );

    // A string of another file cannot be joined with a list, so it is repeated.
    let home = "[target.'cfg(unix)']\nrustflags = \"-Clink-arg=-fuse-ld=lld\"\n";
    let tree = UserTree::package(&[("home/config.toml", home), ("work/.cargo/config.toml", "")]);
    tree.adopted(&[MOLD]);
    tree.check_file(
        "work/.cargo/config.toml",
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
        "work/.cargo/config.toml",
        expect![[r#"
        [profile.dev]
        debug = "none"
    "#]],
    );
    tree.check_file(
        "work/Cargo.toml",
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
    let tree = UserTree::package(&[("work/.cargo/config", "[build]\njobs = 4\n")]);
    tree.adopted(&[("incremental", "off")]);
    tree.check_file(
        "work/.cargo/config",
        expect![[r#"
        [build]
        jobs = 4
        incremental = false
    "#]],
    );
    assert!(!tree.path("work/.cargo/config.toml").exists());
}

#[test]
fn an_included_file_loses_to_the_one_that_includes_it() {
    let config = "include = [\"more.toml\"]\n\n[build]\njobs = 4\n";
    let more = "[build]\nincremental = true\nrustflags = [\"--cfg\", \"more\"]\n";
    let tree = UserTree::package(&[("work/.cargo/config.toml", config), ("work/.cargo/more.toml", more)]);
    tree.adopted(&[("incremental", "off"), MOLD]);
    tree.check_file(
        "work/.cargo/config.toml",
        expect![[r#"
        include = ["more.toml"]

        [build]
        jobs = 4
        incremental = false
        rustflags = ["-Clink-arg=-fuse-ld=mold"]
    "#]],
    );
    assert_eq!(tree.read("work/.cargo/more.toml"), more);
}

#[test]
fn line_ends_and_marks_of_a_manifest_stay() {
    let manifest = format!("\u{feff}{PACKAGE}").replace('\n', "\r\n");
    let tree = UserTree::package(&[("work/Cargo.toml", &manifest)]);
    tree.adopted(&[("debug", "none")]);
    assert_eq!(tree.read("work/Cargo.toml"), format!("{manifest}\r\n[profile.dev]\r\ndebug = \"none\"\r\n"));
}

#[test]
fn only_a_file_that_git_can_give_back_is_changed() {
    let tree = UserTree::package(&[]);
    tree.write("work/Cargo.toml", &format!("{PACKAGE}# more\n"));
    let refused = tree.refused(&[("debug", "none")]);
    expect![[r#"
        /work/Cargo.toml is not changed, because it has changes that are not committed
        help: commit it, or add `--even-if-changed`; there is a backup in any case"#]]
    .assert_eq(&refused);
    tree.write("work/.cargo/config.toml", "[build]\njobs = 4\n");
    assert!(tree.refused(&[("incremental", "off")]).contains("git does not track it"));
    let forced = tree.request(&[("debug", "none"), ("incremental", "off")], true, |request| {
        write_changes(&plan_changes(request)?, request)
    });
    assert_eq!(forced.unwrap().files.len(), 2);
    fs::remove_dir_all(tree.path("work/.git")).unwrap();
    assert!(tree.refused(&[("strip", "none")]).contains("it is in no git repository"));
    // A file that does not exist yet needs no commit.
    fs::remove_dir_all(tree.path("work/.cargo")).unwrap();
    assert_eq!(tree.adopt(&[MOLD]).unwrap().files, [(tree.path("work/.cargo/config.toml"), None)]);
}

#[test]
fn variables_that_go_before_files_are_named() {
    let refused = |name: &str, value: &str, setting: (&str, &str)| {
        let mut tree = UserTree::package(&[]);
        tree.env.insert(name.to_owned(), value.to_owned());
        let refused = tree.refused(&[setting]);
        assert!(!tree.path("work/.cargo").exists() && tree.read("work/Cargo.toml") == PACKAGE, "{refused}");
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
    let tree = UserTree::package(&[("work/.cargo/config.toml", "[build]\njobs = 4\n")]);
    let config = tree.path("work/.cargo/config.toml");
    fs::set_permissions(&config, fs::Permissions::from_mode(0o444)).unwrap();
    assert_eq!(tree.refused(&[("jobs", "2")]), "/work/.cargo/config.toml is read-only");
    fs::remove_file(&config).unwrap();
    tree.write("shared.toml", "[build]\njobs = 4\n");
    symlink(tree.path("shared.toml"), &config).unwrap();
    tree.commit();
    assert!(tree.refused(&[("jobs", "2")]).contains("is a symbolic link to /shared.toml"));
    assert_eq!(tree.read("shared.toml"), "[build]\njobs = 4\n");
    fs::remove_file(&config).unwrap();
    tree.write("work/.cargo/config.toml", "[build]\r\njobs = 4\n");
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
    assert_eq!(written.files, [(tree.path("work/rust-toolchain.toml"), None)]);
    assert_eq!(tree.read("work/rust-toolchain.toml"), format!("[toolchain]\npath = \"{sysroot}\"\n"));
    // The older form of the file is one word.
    let tree = UserTree::package(&[("work/rust-toolchain", "stable\n")]);
    let refused = tree.refused(&[("toolchain", &sysroot)]);
    assert!(refused.starts_with("/work/rust-toolchain is not TOML"), "{refused}");
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
    assert!(!tree.path("work/.cargo").exists(), "a directory that was created for it is removed");
    assert_eq!(tree.read("work/Cargo.toml"), PACKAGE);
    let files: Vec<_> =
        fs::read_dir(tree.path("work")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(files.iter().all(|name| !name.to_string_lossy().contains("backup")), "{files:?}");
}

#[test]
fn a_second_file_that_cannot_be_written_undoes_the_first() {
    let tree = UserTree::package(&[]);
    let refused = tree.request(&[MOLD, ("debug", "none")], false, |request| {
        let planned = plan_changes(request).unwrap();
        tree.write("work/Cargo.toml", &format!("{PACKAGE}# newer\n"));
        write_changes(&planned, request).unwrap_err().what
    });
    assert!(refused.ends_with("has been changed meanwhile; all files are as they were before"), "{refused}");
    assert!(!tree.path("work/.cargo").exists());
    assert_eq!(tree.read("work/Cargo.toml"), format!("{PACKAGE}# newer\n"));
}
