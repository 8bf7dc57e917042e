//! The copy builds as the user's tree does: repositories that only git itself can open, sources outside of
//! packages, members by any pattern, toolchains that are not installed.

use std::process::Command;

use super::setup::{commit, committed, git, notes, package, planned};
use crate::lab::{Lab, ProgramRun};

trials! { "fidelity::copy";
    repositories_that_only_git_opens_are_read: LONG,
    sources_and_members_are_those_that_cargo_finds,
    a_broken_manifest_is_shown_in_cargos_own_words,
    a_toolchain_that_is_not_installed_is_named_and_not_installed,
    pointers_of_git_lfs_are_named,
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
        let args =
            ["--project", &path, "--axis", &axis, "--workload", "check", "--rounds", "1", "--no-control"];
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
        "--no-control",
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
