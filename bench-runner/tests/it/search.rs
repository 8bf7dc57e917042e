//! `search`: from the screening to the lines to paste, and what can go wrong.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::lab::slow_project::{git, slow_project};
use crate::lab::{Lab, ProgramRun, entries};

trials! { "search";
    the_faster_setting_is_found_and_an_interrupted_search_goes_on: LONG.with("git"),
    a_search_that_cannot_be_made_is_refused_with_what_helps: ALWAYS.with("git"),
    what_changes_nothing_is_known_before_anything_is_built: ALWAYS.with("git"),
}

/// A space of two axes, of which the first one matters to the project below.
const SPACE: &str = "name = \"two\"\nsummary = \"debug info and codegen units\"\n[axes]\ndebug = [\"none\"]\ncodegen-units = [16]\n";

/// A crate whose build takes a second longer with debug info.
fn project(lab: &Lab) {
    slow_project(lab);
    lab.write(
        "own/build.rs",
        "fn main() {\n    println!(\"cargo::rerun-if-changed=build.rs\");\n    let slow = std::env::var(\"DEBUG\").is_ok_and(|debug| debug != \"false\" && debug != \"0\");\n    \
         std::thread::sleep(std::time::Duration::from_millis(if slow { 1100 } else { 100 }));\n}\n",
    );
    lab.write("work/two.toml", SPACE);
    git(lab, &["add", "."]);
    git(lab, &["commit", "-q", "-m", "one"]);
}

const SEARCH: [&str; 9] = [
    "search",
    "--project",
    "../own",
    "--space",
    "two.toml",
    "--per-day",
    "clean=10,incremental=20",
    "--budget",
    "150s",
];

fn document(ran: &ProgramRun) -> Value {
    serde_json::from_str(&ran.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}\n{}", ran.stdout, ran.stderr))
}

fn runs(lab: &Lab) -> Vec<PathBuf> {
    let dirs = |of: PathBuf| fs::read_dir(of).into_iter().flatten().flatten().map(|entry| entry.path());
    let search = dirs(lab.path("work/results")).next();
    let machine = search.and_then(|search| dirs(search).find(|path| path.is_dir()));
    let mut runs: Vec<PathBuf> = machine.map(dirs).into_iter().flatten().collect();
    runs.sort();
    runs
}

/// Result of `ask` while other programs load the machine.
fn while_busy<T>(ask: impl FnOnce() -> T) -> T {
    struct Busy(Vec<Child>);
    impl Drop for Busy {
        fn drop(&mut self) {
            self.0.iter_mut().for_each(|child| drop((child.kill(), child.wait())));
        }
    }
    let threads = std::thread::available_parallelism().expect("threads").get();
    let spin = |_| Command::new("sh").args(["-c", "while :; do :; done"]).spawn().expect("a shell");
    let _busy = Busy((0..2 * threads).map(spin).collect());
    let is_loaded = || {
        let average = fs::read_to_string("/proc/loadavg").expect("a load average");
        let one: f64 = average.split(' ').next().and_then(|one| one.parse().ok()).expect("a number");
        one > 0.6 * threads as f64
    };
    let started = Instant::now();
    while !is_loaded() {
        assert!(started.elapsed() < Duration::from_secs(120), "no load");
        std::thread::sleep(Duration::from_millis(500));
    }
    ask()
}

/// The first stage is interrupted; `--resume` completes the search, and shows its result again afterwards.
fn the_faster_setting_is_found_and_an_interrupted_search_goes_on() {
    let lab = Lab::new();
    project(&lab);
    let mut command = lab.command(&SEARCH);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program");
    let started = Instant::now();
    while runs(&lab).len() < 2 {
        assert!(started.elapsed() < Duration::from_secs(120), "no second stage");
        std::thread::sleep(Duration::from_millis(20));
    }
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill");
    assert!(sent.success());
    let output = child.wait_with_output().expect("its end");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{stderr}");
    assert!(stderr.contains("bench-runner search --resume results/search-"), "{stderr}");

    let search = entries(&lab.path("work/results")).remove(0);
    let search = search.to_str().expect("a path");
    let unfit = while_busy(|| lab.run(&["search", "--resume", search, "--strict"]).expect(4));
    for part in ["not fit: the load average", "bench-runner search --resume results/search-"] {
        assert!(unfit.stderr.contains(part), "{part}: {}", unfit.stderr);
    }
    let unfinished = lab.run(&["report", search]).expect(2);
    assert!(unfinished.stderr.contains("has no confirmation yet"), "{}", unfinished.stderr);
    let found = document(&lab.run(&["search", "--resume", search, "--json"]).expect(0));
    assert_eq!(found["outcome"], "faster", "{found}");
    assert_eq!(found["nominee"]["debug"], "none", "{found}");
    let saved = &found["confirmation"];
    let number = |key: &str| saved[key].as_f64().expect("a number");
    assert!(number("saved_low_s") > 0.0 && number("saved_low_s") < number("saved_s"), "{found}");
    // The build script waits in full builds only.
    let build_s = |workload: &str| {
        let all = saved["workloads"].as_array().expect("workloads");
        all.iter().find(|one| one["workload"] == workload).and_then(|one| one["build_s"].as_f64())
    };
    assert!(build_s("clean") > Some(1.1) && build_s("incremental") < Some(1.1), "{found}");
    // Ten builds a day, each a second shorter.
    assert!((3.0..30.0).contains(&number("saved_s")), "{found}");
    let files = found["files"].to_string();
    assert!(files.contains("[profile.dev]") && files.contains("debug"), "{files}");
    let stages: Vec<String> = runs(&lab)
        .iter()
        .map(|run| {
            let manifest = fs::read_to_string(run.join("manifest.json")).expect("a manifest");
            let manifest: Value = serde_json::from_str(&manifest).expect("a document");
            assert_eq!(manifest["plan"]["origin"]["by"], "search");
            manifest["plan"]["origin"]["stage"].as_str().expect("a stage").to_owned()
        })
        .collect();
    assert!(stages.starts_with(&["pilot".to_owned(), "screening".to_owned()]), "{stages:?}");
    assert_eq!(stages.last().map(String::as_str), Some("confirmation"), "{stages:?}");

    let again = lab.run(&["search", "--resume", search]).expect(0);
    assert!(
        again.stdout.contains("saved per day") && again.stdout.contains("[profile.dev]"),
        "{}",
        again.stdout
    );
    assert_eq!(runs(&lab).len(), stages.len(), "nothing is built again");

    lab.write("own/Cargo.toml.kept", &fs::read_to_string(lab.path("own/Cargo.toml")).expect("a manifest"));
    let written = lab.run(&["search", "--resume", search, "--write"]).expect(0);
    assert!(written.stderr.contains("+debug = \"none\""), "{}", written.stderr);
    let manifest = fs::read_to_string(lab.path("own/Cargo.toml")).expect("a manifest");
    assert!(manifest.contains("[profile.dev]") && manifest.contains("debug = \"none\""), "{manifest}");
    let before = fs::read_to_string(lab.path("own/Cargo.toml.kept")).expect("a manifest");
    let backup = fs::read_to_string(lab.path("own/Cargo.toml.bench-runner-backup")).expect("a backup");
    assert_eq!(backup, before);
    let reported = lab.run(&["report", search]).expect(0);
    assert!(reported.stdout.contains("faster"), "{}", reported.stdout);
    let confirmation = runs(&lab).last().expect("a run").display().to_string();
    assert_eq!(
        lab.run(&["compare", search]).expect(0).stdout,
        lab.run(&["compare", &confirmation]).expect(0).stdout
    );

    let request = fs::read_to_string(lab.path("work").join(search).join("search.json")).expect("a request");
    let machine: Value = serde_json::from_str(&request).expect("a document");
    let machine = machine["machine"].as_str().expect("a name").to_owned();
    let dir = lab.path("work").join(search);
    fs::rename(dir.join(&machine), dir.join("elsewhere")).expect("to rename");
    fs::write(dir.join("search.json"), request.replace(&machine, "elsewhere")).expect("to write");
    let elsewhere = lab.run(&["search", "--resume", search]).expect(0);
    assert!(
        elsewhere.stdout.contains("saved per day") && !elsewhere.stdout.contains("--write"),
        "{}",
        elsewhere.stdout
    );
    let refused = lab.run(&["search", "--resume", search, "--write"]).expect(2);
    assert!(refused.stderr.contains("was begun on elsewhere"), "{}", refused.stderr);
}

fn a_search_that_cannot_be_made_is_refused_with_what_helps() {
    let lab = Lab::new();
    project(&lab);
    let refused = |args: &[&str], says: &[&str]| {
        let ran = lab.run(&[&["search", "--project", "../own"], args].concat()).expect(2);
        for part in says {
            assert!(ran.stderr.contains(part), "{part}: {}", ran.stderr);
        }
    };
    refused(&["--per-day", "clena=3"], &["clena", "did you mean `clean`"]);
    refused(&["--per-day", "clean"], &["incremental=80"]);
    refused(&["--require", "debug=none", "--require", "debug=full"], &["cannot both be required"]);
    refused(&["--require", "dbug=none"], &["unknown axis `dbug`", "debug"]);
    refused(&["--allow", "everything"], &["nightly"]);
    lab.write("work/one.toml", "name = \"one\"\nsummary = \"x\"\n[axes]\nlinker = [\"no-such-linker\"]\n");
    refused(&["--space", "one.toml"], &["one.toml", "no-such-linker"]);
    refused(&["--space", "missing.toml"], &["missing.toml"]);
    let resumed = lab.run(&["search", "--resume", "../own"]).expect(2);
    assert!(resumed.stderr.contains("is not a search"), "{}", resumed.stderr);
    let none = lab.run(&["search"]).expect(2);
    assert!(none.stderr.contains("--project"), "{}", none.stderr);
}

/// Without the dependency, cargo cannot say that these values change nothing.
fn what_changes_nothing_is_known_before_anything_is_built() {
    let lab = Lab::new();
    slow_project(&lab);
    lab.write("dep/Cargo.toml", "[package]\nname = \"dep\"\nversion = \"0.1.0\"\nedition = \"2021\"\n");
    lab.write("dep/src/lib.rs", "");
    let in_dep = |args: &[&str]| git(&lab, &[&["-C", "../dep"], args].concat());
    in_dep(&["init", "-q", "-b", "main", "."]);
    in_dep(&["add", "."]);
    in_dep(&["commit", "-q", "-m", "one"]);
    let commit = in_dep(&["rev-parse", "HEAD"]);
    let url = format!("file://{}", lab.path("dep").display());
    let manifest = fs::read_to_string(lab.path("own/Cargo.toml")).expect("a manifest");
    lab.write("own/Cargo.toml", &format!("{manifest}[dependencies]\ndep = {{ git = \"{url}\" }}\n"));
    let package =
        |name: &str, more: &str| format!("\n[[package]]\nname = \"{name}\"\nversion = \"0.1.0\"\n{more}\n");
    let lock = package("dep", &format!("source = \"git+{url}#{commit}\""))
        + &package("own", "dependencies = [\n \"dep\",\n]");
    lab.write("own/Cargo.lock", &format!("version = 4\n{lock}"));
    let space = "[axes]\nincremental = [\"on\"]\nopt-level = [{ deps = 0 }]\njobs = [\"cores\"]\n";
    lab.write("work/nothing.toml", &format!("name = \"nothing\"\nsummary = \"x\"\n{space}"));
    let refused = lab.run(&["search", "--project", "../own", "--space", "nothing.toml"]).expect(2);
    assert!(refused.stderr.contains("has one combination here"), "{}", refused.stderr);
}
