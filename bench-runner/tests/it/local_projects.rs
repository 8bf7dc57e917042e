//! The user's directories as projects, without a manifest: without a Cargo.lock, and as members of a
//! workspace. They are never written to.

use std::fs;

use crate::lab::{Lab, ProgramRun};
use crate::mirror::with_tiny;

trials! { "local";
    a_project_without_a_lock_file_gets_one_in_the_copy: LONG,
    a_lock_file_that_would_have_to_be_fetched_is_asked_for: LONG,
    a_project_without_a_lock_file_is_added_with_one: LONG,
    a_member_is_built_from_its_workspace: LONG,
    a_member_is_added_with_its_workspace: LONG,
    what_is_no_member_is_refused,
    what_configuration_above_names_is_in_the_copy: LONG,
}

fn package(name: &str, more: &str) -> String {
    format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n{more}")
}

/// A project without a lock file that needs the mirror's crate `tiny`.
fn without_lock(lab: &Lab) {
    let tiny = package("tiny", "");
    with_tiny(lab, &[("Cargo.toml", &tiny), ("src/lib.rs", "pub fn three() -> u64 {\n    3\n}\n")]);
    lab.write("own/Cargo.toml", &package("own", "[dependencies]\ntiny = \"0.1\"\n"));
    lab.write("own/src/main.rs", "fn main() {\n    println!(\"{}\", tiny::three());\n}\n");
}

/// Runs the program with the cargo home that names the mirror.
fn mirrored(lab: &Lab, args: &[&str]) -> ProgramRun {
    let mut command = lab.command(args);
    command.env("CARGO_HOME", lab.path("cargo-home")).output().expect("the program").into()
}

const RUN: [&str; 7] = ["run", "--project", "../own", "--axis", "profile=dev,release", "--rounds", "1"];

fn a_project_without_a_lock_file_gets_one_in_the_copy() {
    let lab = Lab::new();
    without_lock(&lab);
    mirrored(&lab, &RUN).expect(0);
    let bundle = lab.bundle();
    let project = &bundle.manifest.plan.projects[0];
    assert!(project.manifest.contains("lock = '''") && project.manifest.contains("name = \"tiny\""));
    assert!(project.notes.iter().any(|note| note.contains("cargo made one")), "{:?}", project.notes);
    assert!(!lab.path("own/Cargo.lock").exists() && !lab.path("own/target").exists());
    // The second run uses the same lock file and fetches nothing; so does a saved plan.
    lab.write("own/src/main.rs", "fn main() {\n    println!(\"{}\", 1 + tiny::three());\n}\n");
    mirrored(&lab, &[&RUN[..], &["--offline"]].concat()).expect(0);
    let plan = mirrored(&lab, &[&["plan", "--json"], &RUN[1..]].concat()).expect(0);
    let file = lab.write("plan.json", &plan.stdout);
    lab.write("own/src/main.rs", "compile_error!(\"the plan pins what was there\");\n");
    mirrored(&lab, &["run", "--plan", file.to_str().expect("a path")]).expect(0);
    assert_eq!(lab.bundles().len(), 3);
}

fn a_lock_file_that_would_have_to_be_fetched_is_asked_for() {
    let lab = Lab::new();
    without_lock(&lab);
    let refused = mirrored(&lab, &[&RUN[..], &["--offline"]].concat()).expect(2);
    assert!(refused.stderr.contains("`cargo generate-lockfile` makes one"), "{}", refused.stderr);
    // A project without dependencies does not need the network either.
    lab.write("own/Cargo.toml", &package("own", ""));
    lab.write("own/src/main.rs", "fn main() {\n}\n");
    mirrored(&lab, &[&RUN[..], &["--offline"]].concat()).expect(0);
}

fn a_project_without_a_lock_file_is_added_with_one() {
    let lab = Lab::new();
    without_lock(&lab);
    lab.write(
        "work/corpus/by-hand.toml",
        "name = \"by-hand\"\n[source]\nkind = \"path\"\npath = \"../../own\"\n",
    );
    mirrored(&lab, &["corpus", "verify", "by-hand"]).expect(0);
    let added = mirrored(&lab, &["corpus", "add", "../own"]).expect(0);
    assert!(added.stdout.contains("it has no Cargo.lock"), "{}", added.stdout);
    let text = fs::read_to_string(lab.path("work/corpus/own.toml")).expect("the manifest");
    assert!(text.contains("lock = '''") && text.contains("name = \"tiny\""), "{text}");
    assert!(!lab.path("own/Cargo.lock").exists());
    mirrored(&lab, &["corpus", "verify", "own", "--offline"]).expect(0);
    // The project's own lock file takes precedence, and the manifest must not contradict it.
    lab.write("own/Cargo.lock", "version = 4\n");
    let verified = mirrored(&lab, &["corpus", "verify", "own", "--offline"]).expect(3);
    assert!(verified.stdout.contains("leave `lock` out"), "{}", verified.stdout);
}

/// A workspace of three packages; `broken` does not build.
fn workspace(lab: &Lab) {
    lab.write("ws/Cargo.toml", "[workspace]\nresolver = \"2\"\nmembers = [\"crates/*\"]\n[workspace.dependencies]\nlow = { path = \"crates/low\" }\n");
    lab.write("ws/crates/low/Cargo.toml", &package("low", ""));
    lab.write("ws/crates/low/src/lib.rs", "pub fn three() -> u64 {\n    3\n}\n");
    lab.write("ws/crates/top/Cargo.toml", &package("top", "[dependencies]\nlow.workspace = true\n"));
    lab.write("ws/crates/top/src/main.rs", "fn main() {\n    println!(\"{}\", low::three());\n}\n");
    lab.write("ws/crates/broken/Cargo.toml", &package("broken", ""));
    lab.write("ws/crates/broken/src/main.rs", "compile_error!(\"not asked for\");\n");
}

fn a_member_is_built_from_its_workspace() {
    let lab = Lab::new();
    workspace(&lab);
    let args = ["run", "--project", "../ws/crates/top", "--axis", "profile=dev,release", "--rounds", "1"];
    lab.run(&[&args[..], &["--workload", "clean", "--workload", "incremental"]].concat()).expect(0);
    let bundle = lab.bundle();
    let project = &bundle.manifest.plan.projects[0];
    assert_eq!(project.name, "top");
    assert!(project.manifest.contains("package = \"top\""), "{}", project.manifest);
    let clean =
        bundle.samples.iter().find(|sample| sample.block.to_string().ends_with("clean")).expect("a sample");
    assert_eq!(clean.rebuilt.as_ref().map(|rebuilt| rebuilt.count), Some(2));
}

fn a_member_is_added_with_its_workspace() {
    let lab = Lab::new();
    workspace(&lab);
    lab.run(&["corpus", "add", "../ws/crates/top"]).expect(0);
    let text = fs::read_to_string(lab.path("work/corpus/top.toml")).expect("the manifest");
    let root = lab.path("ws").canonicalize().expect("the workspace");
    assert!(text.contains(&format!("path = \"{}\"", root.display())), "{text}");
    assert!(text.contains("package = \"top\"") && text.contains("bins = [\"top\"]"), "{text}");
    lab.run(&["corpus", "add", "../ws/crates/low"]).expect(0);
    let text = fs::read_to_string(lab.path("work/corpus/low.toml")).expect("the manifest");
    assert!(text.contains("package = \"low\"") && !text.contains("bins"), "{text}");
}

/// The configuration of a repository: a linker and vendored sources next to the project, ignored by git.
fn what_configuration_above_names_is_in_the_copy() {
    let lab = Lab::new();
    let init = std::process::Command::new("git").args(["init", "--quiet"]).arg(lab.path("repo")).status();
    assert!(init.expect("git").success());
    lab.write("repo/.gitignore", "vendor\n");
    lab.write(
        "repo/.cargo/config.toml",
        "include = [\"more.toml\"]\n[source.crates-io]\nreplace-with = \"vendored\"\n\
         [source.vendored]\ndirectory = \"vendor\"\n[env]\nDATA = { value = \"data\", relative = true }\n",
    );
    lab.write("repo/.cargo/more.toml", "[target.'cfg(unix)']\nlinker = \"tools/cc.sh\"\n");
    lab.write("repo/tools/cc.sh", "#!/bin/sh\nexec cc \"$@\"\n");
    lab.write("repo/data/name", "inside");
    lab.write("repo/vendor/low/Cargo.toml", &package("low", ""));
    lab.write("repo/vendor/low/src/lib.rs", "pub fn three() -> u64 {\n    3\n}\n");
    lab.write("repo/vendor/low/.cargo-checksum.json", "{\"files\":{},\"package\":null}");
    lab.write("repo/apps/own/Cargo.toml", &package("own", "[dependencies]\nlow = \"0.1\"\n"));
    let main = "const NAME: &str = include_str!(concat!(env!(\"DATA\"), \"/name\"));\n\
                fn main() {\n    println!(\"{NAME}{}\", low::three());\n}\n";
    lab.write("repo/apps/own/src/main.rs", main);
    let args = ["run", "--project", "../repo/apps/own", "--axis", "profile=dev,release", "--rounds", "1"];
    lab.run(&[&args[..], &["--offline"]].concat()).expect(0);
    let notes = lab.bundle().manifest.plan.projects[0].notes.join("\n");
    for brought in ["repo/vendor", "repo/data", "repo/.cargo/more.toml", "repo/tools/cc.sh"] {
        assert!(notes.contains(brought), "{brought} in {notes}");
    }
}

fn what_is_no_member_is_refused() {
    let lab = Lab::new();
    workspace(&lab);
    lab.write("ws/apart/Cargo.toml", &package("apart", ""));
    lab.write("ws/apart/src/lib.rs", "");
    let refused = lab.run(&["plan", "--project", "../ws/apart"]).expect(2);
    assert!(refused.stderr.contains("believes it's in a workspace when it's not"), "{}", refused.stderr);
}
