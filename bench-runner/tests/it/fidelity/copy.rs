//! The copy builds as the user's tree does: files that git ignores, submodules, repositories that only git
//! itself can open, sources outside of packages, members by any pattern, toolchains that are not installed.

use std::fs;
use std::path::Path;
use std::process::Command;

use bench_runner_core::record::{IgnoredFiles, Phase, Sample};
use serde_json::Value;

use crate::lab::{Lab, ProgramRun, entries};

trials! { "fidelity::copy";
    what_a_build_finds_at_home_is_in_the_copy: LONG,
    what_is_left_out_is_named_with_the_key_that_takes_it,
    ignored_files_have_a_hash_next_to_the_pin,
    commits_are_built_with_todays_ignored_files: LONG,
    repositories_that_only_git_opens_are_read: LONG,
    sources_and_members_are_those_that_cargo_finds,
    a_broken_manifest_is_shown_in_cargos_own_words,
    a_toolchain_that_is_not_installed_is_named_and_not_installed,
    a_hundred_thousand_ignored_files_are_no_trouble: LONG,
    pointers_of_git_lfs_are_named,
}

pub(super) fn package(name: &str, more: &str) -> String {
    format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n{more}")
}

/// Runs git in a directory of the lab, with the lab's home.
pub(super) fn git(lab: &Lab, dir: &str, args: &[&str]) -> String {
    let who = [
        "user.name=nobody",
        "user.email=nobody@localhost",
        "protocol.file.allow=always",
        "init.defaultBranch=main",
    ];
    let mut command = Command::new("git");
    command.current_dir(lab.path(dir)).env("HOME", lab.path("home")).env_remove("GIT_DIR");
    let output =
        command.args(who.iter().flat_map(|setting| ["-c", setting])).args(args).output().expect("git");
    let ran = ProgramRun::from(output).expect(0);
    ran.stdout.trim().to_owned()
}

/// Makes a directory of the lab a repository with one commit of all files that are not ignored.
fn committed(lab: &Lab, dir: &str, init: &[&str]) -> String {
    git(lab, dir, &[&["init", "--quiet"], init].concat());
    commit(lab, dir)
}

fn commit(lab: &Lab, dir: &str) -> String {
    git(lab, dir, &["add", "--all"]);
    git(lab, dir, &["commit", "--quiet", "--message=x"]);
    git(lab, dir, &["rev-parse", "HEAD"])
}

/// The only project of a plan for `--project ../DIR`.
fn planned(lab: &Lab, dir: &str) -> Value {
    let project = format!("../{dir}");
    let said = lab.run(&["plan", "--json", "--project", &project, "--axis", "profile=dev,release"]).expect(0);
    let plan: Value = serde_json::from_str(&said.stdout).expect("a plan");
    plan["projects"][0].clone()
}

fn notes(project: &Value) -> String {
    let notes = project["notes"].as_array().into_iter().flatten();
    notes.filter_map(Value::as_str).map(|note| format!("{note}\n")).collect()
}

fn ignored(project: &Value) -> IgnoredFiles {
    serde_json::from_value(project["ignored"].clone()).expect("ignored files")
}

/// It only builds with everything that git ignores in it, and is not rebuilt because of a missing file.
fn needy(lab: &Lab) {
    lab.write("own/Cargo.toml", &package("own", ""));
    lab.write("own/Cargo.lock", "version = 4\n\n[[package]]\nname = \"own\"\nversion = \"0.1.0\"\n");
    lab.write(
        "own/src/main.rs",
        "#[cfg(not(users_own))]\ncompile_error!(\"without the flags\");\n\
         fn main() {\n    println!(\"{}{}\", include_str!(\"../dist/page\"), include_str!(\"../dep/gen/x\"));\n}\n",
    );
    lab.write(
        "own/build.rs",
        "fn main() {\n    println!(\"cargo:rerun-if-changed=.env\");\n    let version = std::process::Command::new(\
         std::env::var(\"RUSTC\").unwrap()).arg(\"-V\").output().unwrap();\n    \
         assert!(String::from_utf8_lossy(&version.stdout).contains(\"nightly\"));\n}\n",
    );
    lab.write("own/.gitignore", "/.env\n/dist/\n/target\nrust-toolchain.toml\n");
    lab.write("own/.env", "SECRET=hunter2\n");
    lab.write("own/dist/page", "page");
    lab.write("own/rust-toolchain.toml", "[toolchain]\nchannel = \"nightly\"\n");
    lab.write("own/.cargo/config.toml", "[build]\nrustflags = [\"--cfg\", \"users_own\"]\n");
    lab.write("dep/.gitignore", "gen\n");
    lab.write("dep/gen/x", "tracked");
    git(lab, "dep", &["init", "--quiet"]);
    git(lab, "dep", &["add", "--force", "gen/x"]);
    commit(lab, "dep");
    git(lab, "own", &["init", "--quiet"]);
    lab.write("own/.git/info/exclude", ".cargo\n");
    let dep = lab.path("dep");
    git(lab, "own", &["submodule", "--quiet", "add", dep.to_str().expect("a path"), "dep"]);
    commit(lab, "own");
}

fn what_a_build_finds_at_home_is_in_the_copy() {
    let lab = Lab::new();
    needy(&lab);
    let args = [
        "run",
        "--project",
        "../own",
        "--axis",
        "profile=dev,release",
        "--rounds",
        "1",
        "--no-twin",
        "--workload",
        "noop",
    ];
    lab.run(&args).expect(0);
    let bundle = lab.bundle();
    let project = &bundle.manifest.plan.projects[0];
    let ignored = project.ignored.as_ref().expect("ignored files");
    assert_eq!(ignored.files, [".cargo/", ".env", "dist/", "rust-toolchain.toml"]);
    let rebuilt = |sample: &Sample| {
        sample.phase == Phase::Measured && sample.rebuilt.as_ref().is_some_and(|rebuilt| rebuilt.count > 0)
    };
    assert!(!bundle.samples.iter().any(rebuilt), "something is built again for want of a file");
    // Names are recorded, contents are not.
    for dir in [&lab.path("work/results"), &lab.path("work/plots")] {
        assert!(!contains(dir, "hunter2"), "a secret in {}", dir.display());
    }
}

fn contains(dir: &Path, text: &str) -> bool {
    entries(dir).iter().any(|path| match path.is_dir() {
        true => contains(path, text),
        false => String::from_utf8_lossy(&fs::read(path).expect("a file")).contains(text),
    })
}

/// A project with every kind of file that git ignores.
fn with_ignored(lab: &Lab) {
    lab.write("own/Cargo.toml", &package("own", ""));
    lab.write("own/src/main.rs", "fn main() {\n}\n");
    lab.write("own/.gitignore", "/dist/\n/.env\n*.bin\n/target/\n/out/\n/.cargo\n");
    lab.write("own/dist/page", "page");
    lab.write("own/.env", "A=1\n");
    lab.write("own/large.bin", &"x".repeat(2 << 20));
    lab.write("own/target/debug/own", "built");
    lab.write("own/.cargo/config.toml", "[build]\ntarget-dir = \"out\"\n");
    lab.write("own/out/debug/own", "built");
    lab.write("own/Cargo.lock", "version = 4\n\n[[package]]\nname = \"own\"\nversion = \"0.1.0\"\n");
}

fn what_is_left_out_is_named_with_the_key_that_takes_it() {
    let lab = Lab::new();
    with_ignored(&lab);
    committed(&lab, "own", &[]);
    let project = planned(&lab, "own");
    let found = ignored(&project);
    assert_eq!(
        (found.files, found.left_out),
        (vec![".cargo/".into(), ".env".into(), "dist/".into()], vec!["large.bin".to_owned()])
    );
    let said = notes(&project);
    assert!(said.contains("`large.bin` (2.1 MB); `include = [\"large.bin\"]`"), "{said}");
    let shown = lab.run(&["plan", "--project", "../own", "--axis", "profile=dev,release"]).expect(0);
    assert!(
        shown.stdout.contains("own: left out, ignored by git and too large: `large.bin`"),
        "{}",
        shown.stdout
    );
    let manifest = |include: &str| {
        let text = format!(
            "name = \"own\"\n[source]\nkind = \"path\"\npath = \"../../own\"\ninclude = [\"{include}\"]\n"
        );
        lab.write("work/corpus/own.toml", &text);
        lab.run(&["plan", "--json", "--project", "own", "--axis", "profile=dev,release"])
    };
    let plan: Value = serde_json::from_str(&manifest("large.bin").expect(0).stdout).expect("a plan");
    let found = ignored(&plan["projects"][0]);
    assert!(found.files.contains(&"large.bin".to_owned()) && found.left_out.is_empty(), "{found:?}");
    for (include, reason) in
        [("gone", "which is not there"), ("out", "made by builds"), ("target/debug", "made by builds")]
    {
        let refused = manifest(include).expect(2);
        assert!(
            refused.stderr.contains("`include`") && refused.stderr.contains(reason),
            "{}",
            refused.stderr
        );
    }
}

fn ignored_files_have_a_hash_next_to_the_pin() {
    let lab = Lab::new();
    with_ignored(&lab);
    committed(&lab, "own", &[]);
    let args = [
        "plan",
        "--json",
        "--project",
        "../own",
        "--axis",
        "profile=dev,release",
        "--rounds",
        "1",
        "--no-twin",
    ];
    let plan = lab.run(&args).expect(0).stdout;
    let file = lab.write("plan.json", &plan);
    let file = file.to_str().expect("a path");
    let before = planned(&lab, "own");
    lab.write("own/.env", "A=2\n");
    let after = planned(&lab, "own");
    assert_eq!(before["pin"], after["pin"]);
    assert_ne!(ignored(&before).hash, ignored(&after).hash);
    // The planned sources are in the cache.
    lab.run(&["run", "--plan", file]).expect(0);
    let bundle = lab.bundles().remove(0);
    let bundle = bundle.to_str().expect("a path");
    fs::remove_dir_all(lab.path("cache/bench-runner/sources")).expect("the cache");
    for args in [&["run", "--plan", file][..], &["reproduce", bundle, "--offline"]] {
        let refused = lab.run(args).expect(2);
        assert!(refused.stderr.contains("that git ignores are not those"), "{}", refused.stderr);
    }
    lab.write("own/.env", "A=1\n");
    assert_eq!(planned(&lab, "own")["ignored"], before["ignored"]);
}

fn commits_are_built_with_todays_ignored_files() {
    let lab = Lab::new();
    lab.write("own/Cargo.toml", &package("own", ""));
    lab.write("own/Cargo.lock", "version = 4\n\n[[package]]\nname = \"own\"\nversion = \"0.1.0\"\n");
    let main = |text: &str| {
        lab.write(
            "own/src/main.rs",
            &format!("fn main() {{\n    println!(\"{text}{{}}\", include_str!(\"../dist/page\"));\n}}\n"),
        )
    };
    main("one");
    lab.write("own/.gitignore", "dist\n");
    lab.write("own/dist/page", "page");
    let one = committed(&lab, "own", &[]);
    main("two");
    let two = commit(&lab, "own");
    let axis = format!("rev={one},{two}");
    let planned = lab.run(&["plan", "--project", "../own", "--axis", &axis]).expect(0);
    assert!(
        planned.stdout.contains("commits (`rev`, `replay`) are built with today's"),
        "{}",
        planned.stdout
    );
    let args = [
        "run",
        "--project",
        "../own",
        "--axis",
        "profile=dev,release",
        "--rounds",
        "1",
        "--no-twin",
        "--workload",
        "replay:1",
    ];
    lab.run(&args).expect(0);
}

fn repositories_that_only_git_opens_are_read() {
    let lab = Lab::new();
    lab.write("origin/Cargo.toml", &package("own", ""));
    lab.write("origin/Cargo.lock", "version = 4\n\n[[package]]\nname = \"own\"\nversion = \"0.1.0\"\n");
    lab.write("origin/src/main.rs", "fn main() {\n}\n");
    lab.write("origin/extra/notes", "left out by a sparse checkout");
    lab.write("origin/.gitignore", "/data/\n");
    let one = committed(&lab, "origin", &[]);
    lab.write("origin/src/main.rs", "fn main() {\n    println!(\"two\");\n}\n");
    let two = commit(&lab, "origin");
    git(&lab, "origin", &["config", "uploadpack.allowFilter", "true"]);
    let origin = format!("file://{}", lab.path("origin").display());
    git(&lab, "", &["clone", "--quiet", &origin, "sparse"]);
    git(&lab, "sparse", &["sparse-checkout", "set", "--cone", "--sparse-index", "src"]);
    git(&lab, "", &["clone", "--quiet", "--filter=blob:none", &origin, "partial"]);
    let mut kinds = vec!["sparse", "partial"];
    let tables = Command::new("git")
        .args(["init", "--quiet", "--ref-format=reftable"])
        .arg(lab.path("reftable"))
        .status();
    // Since git 2.45.
    if tables.is_ok_and(|status| status.success()) {
        git(&lab, "reftable", &["fetch", "--quiet", &origin, "main"]);
        git(&lab, "reftable", &["reset", "--quiet", "--hard", "FETCH_HEAD"]);
        kinds.push("reftable");
    }
    // Since git 2.48.
    let relative = Command::new("git")
        .arg("-C")
        .arg(lab.path("origin"))
        .args(["worktree", "add", "--quiet", "--detach", "--relative-paths", "../relative"])
        .output();
    if relative.is_ok_and(|output| output.status.success()) {
        kinds.push("relative");
    }
    for kind in kinds {
        lab.write(&format!("{kind}/data/large"), &"x".repeat(2 << 20));
        let project = planned(&lab, kind);
        let said = notes(&project);
        assert!(
            said.contains(&format!("HEAD is {two}")) && said.contains("`data/large` (2.1 MB)"),
            "{kind}: {said}"
        );
        let (axis, path) = (format!("rev={one},{two}"), format!("../{kind}"));
        // A run fetches what a partial clone lacks, and not into the user's repository.
        let args = ["--project", &path, "--axis", &axis, "--workload", "check", "--rounds", "1", "--no-twin"];
        let ran =
            if kind == "partial" { [&["run"], &args[..]].concat() } else { [&["plan"], &args[..]].concat() };
        let before = super::unchanged::Contents::of(&lab.path(kind), &|_| false);
        let ran = lab.run(&ran).expect(0);
        assert!(!ran.stdout.contains("left out: rev"), "{kind}: {}", ran.stdout);
        before.expect_same(&super::unchanged::Contents::of(&lab.path(kind), &|_| false), kind);
    }
}

fn sources_and_members_are_those_that_cargo_finds() {
    let lab = Lab::new();
    lab.write(
        "repo/ws/Cargo.toml",
        "[workspace]\nresolver = \"2\"\nmembers = [\"crates/**/lib-*\", \"apps/[ab]*\"]\n",
    );
    lab.write("repo/ws/crates/deep/lib-low/Cargo.toml", &package("lib-low", ""));
    lab.write("repo/ws/crates/deep/lib-low/src/lib.rs", "pub fn three() -> u64 {\n    3\n}\n");
    lab.write(
        "repo/ws/apps/bee/Cargo.toml",
        &package(
            "bee",
            "build = \"../../../build/script.rs\"\n[[bin]]\nname = \"bee\"\npath = \"../../../src/main.rs\"\n\
             [dependencies]\nlib-low = { path = \"../../crates/deep/lib-low\" }\n",
        ),
    );
    lab.write(
        "repo/src/main.rs",
        "mod part;\nfn main() {\n    println!(\"{}\", lib_low::three() + part::one());\n}\n",
    );
    lab.write("repo/src/part.rs", "pub fn one() -> u64 {\n    1\n}\n");
    lab.write("repo/build/script.rs", "mod helper;\nfn main() {\n    helper::help();\n}\n");
    lab.write("repo/build/helper.rs", "pub fn help() {\n}\n");
    lab.write("repo/unrelated", "");
    let args = [
        "run",
        "--project",
        "../repo/ws/apps/bee",
        "--axis",
        "profile=dev,release",
        "--rounds",
        "1",
        "--no-twin",
        "--workload",
        "check",
    ];
    lab.run(&args).expect(0);
    let bundle = lab.bundle();
    let project = &bundle.manifest.plan.projects[0];
    assert!(project.manifest.contains("package = \"bee\""), "{}", project.manifest);
    let said = project.notes.join("\n");
    assert!(
        said.contains("brought along: ") && said.contains("repo/src") && said.contains("repo/build"),
        "{said}"
    );
}

fn a_broken_manifest_is_shown_in_cargos_own_words() {
    let lab = Lab::new();
    lab.write("own/Cargo.toml", "[package]\nname = \"own\"\nversion = \"one\"\n");
    lab.write("own/src/main.rs", "fn main() {\n}\n");
    for args in [&["plan", "--project", "../own"][..], &["corpus", "add", "../own"]] {
        let refused = lab.run(args).expect(2);
        assert!(
            refused.stderr.contains("/own:")
                && refused.stderr.contains("Cargo.toml:3:11")
                && refused.stderr.contains("unexpected character"),
            "{}",
            refused.stderr
        );
    }
}

fn a_toolchain_that_is_not_installed_is_named_and_not_installed() {
    let lab = Lab::new();
    lab.write("own/Cargo.toml", &package("own", ""));
    lab.write("own/src/main.rs", "fn main() {\n}\n");
    lab.write("own/rust-toolchain.toml", "[toolchain]\nchannel = \"1.66.0\"\n");
    let toolchains = || {
        let listed = Command::new("rustup").args(["toolchain", "list"]).output().expect("rustup");
        ProgramRun::from(listed).stdout
    };
    let before = toolchains();
    for args in [
        &["plan", "--project", "../own"][..],
        &["plan", "--project", "../own", "--offline"],
        &["run", "--project", "../own", "--offline"],
        &["run", "--project", "../own"],
        &["corpus", "add", "../own"],
    ] {
        let refused = lab.run(args).expect(2);
        for part in [
            "own/rust-toolchain.toml asks for",
            "`1.66.0-",
            "is not installed",
            "rustup toolchain install 1.66.0-",
        ] {
            assert!(refused.stderr.contains(part), "{part} is not in {}", refused.stderr);
        }
    }
    assert_eq!(toolchains(), before);
}

fn a_hundred_thousand_ignored_files_are_no_trouble() {
    let lab = Lab::new();
    with_ignored(&lab);
    committed(&lab, "own", &[]);
    for dir in 0..100 {
        let dir = lab.path(&format!("own/dist/{dir}"));
        fs::create_dir_all(&dir).expect("a directory");
        for file in 0..1000 {
            fs::write(dir.join(file.to_string()), "").expect("a file");
        }
    }
    let project = planned(&lab, "own");
    let found = ignored(&project);
    assert_eq!(found.files, [".cargo/", ".env", "dist/"]);
    assert_eq!(found.left_out, ["large.bin", "dist/"]);
    let said = notes(&project);
    assert!(said.contains("files in `dist/`") && said.contains("takes it along"), "{said}");
}

fn pointers_of_git_lfs_are_named() {
    let lab = Lab::new();
    lab.write("own/Cargo.toml", &package("own", ""));
    lab.write("own/src/main.rs", "fn main() {\n}\n");
    lab.write("own/model.bin", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3\n");
    lab.write("own/Cargo.lock", "version = 4\n\n[[package]]\nname = \"own\"\nversion = \"0.1.0\"\n");
    let said = notes(&planned(&lab, "own"));
    assert!(said.contains("1 file is a pointer of Git LFS, without its content: model.bin"), "{said}");
    lab.write("own/.gitattributes", "*.bin filter=lfs\n");
    git(&lab, "own", &["init", "--quiet"]);
    git(&lab, "own", &["add", ".gitattributes", "model.bin"]);
    lab.write("own/model.bin", "the real content");
    let said = notes(&planned(&lab, "own"));
    assert!(
        said.contains("Git LFS keeps 1 files, such as model.bin: commits") && !said.contains("pointer of"),
        "{said}"
    );
}
