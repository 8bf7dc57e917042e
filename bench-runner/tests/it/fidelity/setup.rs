//! Projects of a user in a lab, and what a plan says about them.

use std::process::Command;

use bench_runner_core::record::IgnoredFiles;
use serde_json::Value;

use crate::lab::{Lab, ProgramRun};

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
pub(super) fn committed(lab: &Lab, dir: &str, init: &[&str]) -> String {
    git(lab, dir, &[&["init", "--quiet"], init].concat());
    commit(lab, dir)
}

pub(super) fn commit(lab: &Lab, dir: &str) -> String {
    git(lab, dir, &["add", "--all"]);
    git(lab, dir, &["commit", "--quiet", "--message=x"]);
    git(lab, dir, &["rev-parse", "HEAD"])
}

/// The only project of a plan for `--project ../DIR`.
pub(super) fn planned(lab: &Lab, dir: &str) -> Value {
    let project = format!("../{dir}");
    let said = lab.run(&["plan", "--json", "--project", &project, "--axis", "profile=dev,release"]).expect(0);
    let plan: Value = serde_json::from_str(&said.stdout).expect("a plan");
    plan["projects"][0].clone()
}

pub(super) fn notes(project: &Value) -> String {
    let notes = project["notes"].as_array().into_iter().flatten();
    notes.filter_map(Value::as_str).map(|note| format!("{note}\n")).collect()
}

pub(super) fn ignored(project: &Value) -> IgnoredFiles {
    serde_json::from_value(project["ignored"].clone()).expect("ignored files")
}
