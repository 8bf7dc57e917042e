//! Settings written into a user's own files, and the build that the user then makes.

use std::path::Path;
use std::process::Command;
use std::rc::Rc;

use bench_runner::flows::{Places, Projects};
use bench_runner_measure::adopt::{PlannedChanges, WrittenChanges, plan_changes, write_changes};
use bench_runner_measure::axes::Settings;
use bench_runner_measure::corpus::cache_place::CachePlace;
use bench_runner_measure::plan::World as _;
use bench_runner_measure::scenario::RequestWord;

use crate::lab::{Lab, ProgramRun};

trials! { "adopting";
    the_users_own_build_has_what_was_written: ALWAYS.with("mold"),
    a_project_that_is_not_the_users_own_is_left_alone,
}

fn run(dir: &Path, program: &str, args: &[&str]) -> ProgramRun {
    let mut command = Command::new(program);
    command.args(args).current_dir(dir);
    // As in a shell of the user's, not as under `cargo test`.
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if name.starts_with("CARGO") && name != "CARGO_HOME" || name.starts_with("RUSTUP_TOOLCHAIN") {
            command.env_remove(name);
        }
    }
    command.output().expect("a program").into()
}

fn git(lab: &Lab, args: &[&str]) {
    let user = ["-c", "user.name=x", "-c", "user.email=x@x", "-c", "commit.gpgsign=false"];
    run(&lab.path("own"), "git", &[&user, args].concat()).expect(0);
}

fn own(lab: &Lab) {
    lab.write("own/Cargo.toml", "[package]\nname = \"own\"\nversion = \"0.1.0\"\nedition = \"2021\"\n");
    lab.write("own/Cargo.lock", "version = 4\n\n[[package]]\nname = \"own\"\nversion = \"0.1.0\"\n");
    lab.write("own/src/main.rs", "fn main() {\n    println!(\"hi\");\n}\n");
    lab.write("own/.cargo/config.toml", "# mine\n[build]\nrustflags = [\"--cfg\", \"mine\"]\n");
    lab.write("own/.gitignore", "target\n");
    git(lab, &["init", "--quiet"]);
    git(lab, &["add", "."]);
    git(lab, &["commit", "--quiet", "-m", "x"]);
}

/// Plans and writes settings as the program does.
fn adopt(
    lab: &Lab,
    project: &str,
    settings: &[(&str, &str)],
) -> Result<(PlannedChanges, WrittenChanges), String> {
    let places = Places {
        checkout: None,
        cache: Rc::new(CachePlace::Usual(lab.path("cache"))),
        results: lab.path("results"),
        results_around: None,
        plots: lab.path("plots"),
    };
    let projects = Projects::open(&places, true, true).expect("a cache");
    let views = projects.projects(&RequestWord::from_command_line(project)).expect("the project");
    let settings: Settings =
        settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let done = projects.with_adopt_request(&views[0], &settings, false, |request| {
        let planned = plan_changes(request).map_err(|refusal| refusal.what)?;
        let written = write_changes(&planned, request).map_err(|refusal| refusal.what)?;
        Ok((planned, written))
    });
    done.map_err(|error| error.to_string())?
}

fn the_users_own_build_has_what_was_written() {
    let lab = Lab::new();
    own(&lab);
    let project = format!("{}/", lab.path("own").display());
    let settings = [("linker", "mold"), ("debug", "line-tables-only"), ("incremental", "off")];
    let (planned, written) = adopt(&lab, &project, &settings).expect("in force");
    assert_eq!((planned.files.len(), written.unchecked), (2, None), "{}", planned.diff());
    let config = std::fs::read_to_string(lab.path("own/.cargo/config.toml")).expect("a configuration");
    assert_eq!(
        config,
        "# mine\n[build]\nrustflags = [\"--cfg\", \"mine\", \"-Clink-arg=-fuse-ld=mold\"]\nincremental = false\n"
    );
    let built = run(&lab.path("own"), "cargo", &["build", "--offline", "--verbose"]).expect(0).stderr;
    for flag in ["--cfg mine", "-Clink-arg=-fuse-ld=mold", "-C debuginfo=line-tables-only"] {
        assert!(built.contains(flag), "{flag} is not in {built}");
    }
    assert!(!built.contains("-C incremental"), "{built}");
    // The backup is what git has.
    git(&lab, &["checkout", "--", "."]);
    let backup = std::fs::read_to_string(lab.path("own/.cargo/config.toml.bench-runner-backup"));
    let committed = std::fs::read_to_string(lab.path("own/.cargo/config.toml"));
    assert_eq!(backup.expect("a backup"), committed.expect("the file"));
}

fn a_project_that_is_not_the_users_own_is_left_alone() {
    let lab = Lab::new();
    lab.toy("exit 0", "");
    let manifest = lab.path("work/corpus/toy.toml").display().to_string();
    let refused = adopt(&lab, &manifest, &[("linker", "mold")]).expect_err("refused");
    assert_eq!(refused, "`toy` is not a cargo project in a directory of your own");
}
