//! Sources as users have them: repositories behind real git servers on this machine, and projects that need
//! directories next to theirs.

mod commands;
mod described;
mod fetching;
mod history;
mod projects;
mod refusals;
pub(crate) mod servers;

use std::process::Command;

use bench_runner_measure::corpus::sources::{CacheDir, FetchContext};

use crate::lab::{Lab, ProgramRun, entries};

trials! { "sources";
    [commands, described, fetching, history, projects, refusals];
}

const LOCK: &str = "version = 4\n\n[[package]]\nname = \"app\"\nversion = \"0.1.0\"\ndependencies = [\n \"dep\",\n \"part\",\n]\n\n\
                    [[package]]\nname = \"dep\"\nversion = \"0.1.0\"\n\n[[package]]\nname = \"part\"\nversion = \"0.1.0\"\n";

fn package(name: &str) -> String {
    format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n")
}

/// Runs git in the lab, with an identity.
fn git(lab: &Lab, dir: &str, args: &[&str]) -> String {
    let mut command = Command::new("git");
    command.current_dir(lab.path(dir)).args(["-c", "protocol.file.allow=always"]).args(args);
    for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
        command.env_remove(name);
    }
    for who in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{who}_NAME"), "nobody").env(format!("GIT_{who}_EMAIL"), "nobody@localhost");
    }
    let output = command.env("HOME", lab.path("home")).output().expect("git");
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn commit(lab: &Lab, dir: &str) -> String {
    git(lab, dir, &["add", "--all"]);
    git(lab, dir, &["commit", "--quiet", "--message", "x"]);
    git(lab, dir, &["rev-parse", "HEAD"])
}

/// A workspace of two crates in `served/demo`, whose third crate is the submodule `deps/dep`, with two
/// commits. Returns them, the older one first.
fn origin(lab: &Lab) -> [String; 2] {
    lab.write("served/dep/Cargo.toml", &package("dep"));
    lab.write("served/dep/src/lib.rs", "pub fn one() -> u64 {\n    1\n}\n");
    lab.write(
        "served/demo/Cargo.toml",
        "[workspace]\nmembers = [\"app\", \"part\"]\nexclude = [\"deps\"]\nresolver = \"2\"\n",
    );
    lab.write("served/demo/Cargo.lock", LOCK);
    lab.write("served/demo/part/Cargo.toml", &package("part"));
    lab.write("served/demo/part/src/lib.rs", "pub fn two() -> u64 {\n    2\n}\n");
    let dependencies = "[dependencies]\npart = { path = \"../part\" }\ndep = { path = \"../deps/dep\" }\n";
    lab.write("served/demo/app/Cargo.toml", &format!("{}{dependencies}", package("app")));
    lab.write(
        "served/demo/app/src/main.rs",
        "fn main() {\n    println!(\"{}\", dep::one() + part::two());\n}\n",
    );
    for repository in ["dep", "demo"] {
        git(lab, &format!("served/{repository}"), &["init", "--quiet", "--initial-branch=main"]);
    }
    commit(lab, "served/dep");
    git(lab, "served/demo", &["submodule", "--quiet", "add", "../dep", "deps/dep"]);
    let first = commit(lab, "served/demo");
    lab.write("served/demo/README", "more\n");
    [first, commit(lab, "served/demo")]
}

fn manifest(lab: &Lab, url: &str, rev: &str, more: &str) {
    let text = format!(
        "name = \"demo\"\nsummary = \"a demonstration\"\n[source]\nkind = \"git\"\nurl = \"{url}\"\nrev = \"{rev}\"\n{more}\n"
    );
    lab.write("work/corpus/demo.toml", &text);
}

fn local(lab: &Lab) -> String {
    format!("file://{}", lab.path("served/demo").display())
}

fn fetch(lab: &Lab) -> ProgramRun {
    lab.run(&["corpus", "fetch", "demo"])
}

/// The cache of the lab.
fn cache(lab: &Lab, name: &str) -> std::path::PathBuf {
    lab.path("cache/bench-runner").join(name)
}

/// The bare repositories in the cache.
fn stores(lab: &Lab) -> Vec<std::path::PathBuf> {
    entries(&cache(lab, "git")).into_iter().filter(|path| path.is_dir()).collect()
}

fn sources(lab: &Lab) -> FetchContext {
    FetchContext {
        cache: CacheDir::at(&lab.path("own-cache")).expect("a cache"),
        cargo: "cargo".into(),
        offline: false,
        user_home: None,
        exclude: Vec::new(),
        layouts: Default::default(),
    }
}
