//! Invalid requests: the message, the exit code, and that nothing was built.

use std::fs;

use bench_runner_measure::host::MeasuringLock;

use crate::lab::{Lab, PROGRAM, ProgramRun, entries};

trials! { "bad_input";
    unknown_names_are_refused_with_the_nearest,
    a_request_is_read_before_the_machine_is_touched,
    a_refusal_is_a_document_where_json_is_asked_for,
    a_scenario_file_is_refused_at_its_place,
    a_manifest_is_refused_at_its_place,
    an_anchor_must_occur_exactly_once,
    a_parents_configuration_is_refused_by_name,
    without_cargo_the_reason_is_said,
    what_is_no_bundle_is_said_to_be_none,
    a_run_with_nothing_to_measure_says_why,
    an_archive_that_is_not_pinned_is_refused,
    an_installed_program_works_in_an_empty_directory,
    programs_that_a_project_needs_are_named,
    a_plan_is_checked_before_it_is_carried_out,
    offline_names_the_command_that_fetches,
}

/// Runs the program, expects it to refuse before anything is built, and returns the message.
fn refused(lab: &Lab, args: &[&str]) -> String {
    let ran = lab.run(args).expect(2);
    assert!(lab.bundles().is_empty(), "something was measured");
    ran.stderr
}

fn unknown_names_are_refused_with_the_nearest() {
    let lab = Lab::new();
    lab.toy("true", "");
    let toy = ["run", "--project", "toy", "--axis", "env.X=1"];
    let with = |more: &[&'static str]| [&toy[..], more].concat();
    for (args, said) in [
        (vec!["run", "quikc"], "unknown scenario `quikc`\nhelp: did you mean `quick`?"),
        (vec!["run", "--axis", "linkr=bfd"], "unknown axis `linkr`"),
        (vec!["run", "--axis", "linkr=bfd"], "help: did you mean `linker`?"),
        (vec!["run", "--axis", "linker=modl"], "help: did you mean `mold`?"),
        (vec!["run", "--project", "hexly"], "help: did you mean `hexyl`?"),
        (vec!["run", "--project", "tag:quikc"], "did you mean `quick`?"),
        (with(&["--workload", "claen"]), "help: did you mean `clean`?"),
        (with(&["--baseline", "env.Y=1"]), "not an axis"),
        (with(&["--min-rounds", "9", "--max-rounds", "3"]), "`min-rounds` (9) is more than `max-rounds` (3)"),
        (with(&["--rounds", "0"]), "at least 1"),
        (with(&["--margin", "x"]), "percentage"),
        (with(&["--time-budget", "soon"]), "--time-budget"),
        (with(&["--shard", "3/2"]), "K/N"),
        (with(&["--colour"]), "--colour"),
        (vec!["run", "--axis", "env.PATH=/x"], "set by the harness itself"),
        (vec!["run", "--project", "./nowhere"], "nowhere"),
    ] {
        let stderr = refused(&lab, &args);
        assert!(stderr.contains(said), "{args:?}: {stderr}");
    }
}

/// Runs the program from a deleted file: it cannot start its supervisor, which is the same file.
fn without_supervisor(lab: &Lab, args: &[&str]) -> ProgramRun {
    use std::os::fd::AsRawFd;
    let copy = lab.path("program");
    fs::copy(PROGRAM, &copy).expect("a copy of the program");
    let file = fs::File::open(&copy).expect("it");
    fs::remove_file(&copy).expect("to remove it");
    loop {
        match lab.command_of(&format!("/proc/self/fd/{}", file.as_raw_fd()), args).output() {
            // A process that another trial has just started may still hold the file that was open for writing.
            Err(error) if error.kind() == std::io::ErrorKind::ExecutableFileBusy => {
                std::thread::sleep(std::time::Duration::from_millis(20));
            }
            output => return output.expect("the program").into(),
        }
    }
}

fn a_request_is_read_before_the_machine_is_touched() {
    let lab = Lab::new();
    lab.toy("true", "");
    lab.toy_named("broken", "true", "colour = 1");
    fs::rename(lab.path("work/corpus/broken.toml"), lab.path("work/broken.toml")).expect("to move it");
    lab.write("work/article.toml", "[profile.dev\n");
    lab.run(&["run", "--project", "toy", "--axis", "env.X=1,2", "--rounds", "1"]).expect(0);
    let done = lab.bundles().remove(0).to_str().expect("UTF-8").to_owned();
    let plan =
        lab.run(&["plan", "--project", "toy", "--axis", "env.X=1", "--rounds", "1", "--json"]).expect(0);
    lab.write("work/plan.json", &plan.stdout.replace("\"env.X\": \"1\"", "\"envX\": \"1\""));
    let toy = ["run", "--project", "toy", "--axis", "env.X=1"];
    let asked: Vec<(Vec<&str>, &str)> = vec![
        (vec!["run", "linker"], "unknown scenario `linker`\nhelp: did you mean `linkers`?\n"),
        (vec!["run", "linker", "--wait"], "unknown scenario `linker`\nhelp: did you mean `linkers`?\n"),
        (
            vec!["run", "linker", "--wait=1s", "--strict"],
            "unknown scenario `linker`\nhelp: did you mean `linkers`?\n",
        ),
        (vec!["run", "--axis", "linker=modl"], "`linker=modl`: `modl` is not a linker"),
        (vec!["run", "--project", "hexly"], "there is no project `hexly`\nhelp: did you mean `hexyl`?\n"),
        (
            vec!["run", "--axis", "project=hexyl,hexly"],
            "there is no project `hexly`\nhelp: did you mean `hexyl`?\n",
        ),
        (
            vec!["run", "--project", "./nowhere"],
            "failed to find the project ./nowhere: No such file or directory (os error 2)\n",
        ),
        (vec!["run", "--project", "broken.toml"], "broken.toml:7:1: "),
        (vec!["run", "--variant", "article=article.toml"], "article.toml"),
        ([&toy[..], &["--rounds", "0"]].concat(), "rounds and fresh directories must be at least 1\n"),
        (
            [&toy[..], &["--baseline", "env.Y=1"]].concat(),
            "the baseline names `env.Y`, which is not an axis of `custom`\nhelp: did you mean `env.X`?\n",
        ),
        (vec!["run", "--plan", "plan.json"], "the plan is wrong: unknown axis `envX`"),
        (vec!["run", "--resume", "nowhere"], "nowhere"),
        (
            vec!["run", "--resume", &done, "--wait"],
            "never extended\nhelp: start a new run, which is judged alone\n",
        ),
        (vec!["reproduce", "nowhere"], "nowhere"),
        (vec!["corpus", "verify", "hexly"], "there is no project `hexly`\nhelp: did you mean `hexyl`?\n"),
        (
            vec!["corpus", "verify", "--no-build", "hexly"],
            "there is no project `hexly`\nhelp: did you mean `hexyl`?\n",
        ),
        (vec!["corpus", "fetch", "hexly"], "there is no project `hexly`\nhelp: did you mean `hexyl`?\n"),
        (
            vec!["corpus", "add", "./toy", "--name", "toy"],
            "toy.toml is there already\nhelp: give it another name with `--name`\n",
        ),
        (
            vec!["decide", &done, "--per-day", "claen=3"],
            "no bundle has the workload `claen`\nhelp: they have clean\n",
        ),
        (
            vec!["decide", "nowhere", "--per-day", "clean=3,clean=4"],
            "the workload `clean` is given twice\nhelp: give one number for each\n",
        ),
    ];
    let said = |ran: &ProgramRun, args: &[&str], message: &str| {
        assert_eq!(ran.code, Some(2), "{args:?}: {}", ran.stderr);
        assert!(
            ran.stderr.starts_with("error: ") && ran.stderr.contains(message),
            "{args:?}: {}",
            ran.stderr
        );
        assert!(!message.ends_with('\n') || ran.stderr.ends_with(message), "{args:?}: {}", ran.stderr);
    };
    let measuring = MeasuringLock::acquire(&lab.path("lock")).expect("the lock");
    for (args, message) in &asked {
        said(&lab.run(args), args, message);
    }
    let valid = [&toy[..], &["--rounds", "1"]].concat();
    let busy = lab.run(&valid).expect(4);
    assert!(
        busy.stderr.contains("is measuring on this machine")
            && busy.stderr.contains("help: wait until it is done"),
        "{}",
        busy.stderr
    );
    drop(measuring);
    for (args, message) in &asked {
        said(&without_supervisor(&lab, args), args, message);
    }
    let lost = without_supervisor(&lab, &valid).expect(1);
    assert!(lost.stderr.contains("supervisor"), "{}", lost.stderr);
    assert_eq!(lab.bundles().len(), 1, "nothing else was measured");
}

fn a_refusal_is_a_document_where_json_is_asked_for() {
    let lab = Lab::new();
    for (args, what, help) in [
        (vec!["run", "linker", "--json"], "unknown scenario `linker`", Some("did you mean `linkers`?")),
        (
            vec!["plan", "--axis", "linker=modl", "--json"],
            "`modl` is not a linker",
            Some("did you mean `mold`?"),
        ),
        (
            vec!["corpus", "verify", "hexly", "--json"],
            "there is no project `hexly`",
            Some("did you mean `hexyl`?"),
        ),
        (vec!["report", "nowhere", "--json"], "nowhere is not a bundle", None),
        (vec!["run", "--rounds", "x", "--json"], "invalid value 'x' for '--rounds <N>'", None),
    ] {
        let ran = lab.run(&args).expect(2);
        let document: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
        let error = document["error"].as_object().expect("an error");
        let keys: Vec<&str> = error.keys().map(String::as_str).collect();
        assert_eq!(keys, ["exit_code", "help", "what"]);
        assert!(error["what"].as_str().expect("a text").contains(what), "{document}");
        assert_eq!(error["help"].as_str(), help, "{document}");
        assert_eq!(error["exit_code"], 2);
        assert!(ran.stderr.starts_with("error: ") && ran.stderr.contains(what), "{}", ran.stderr);
    }
    let ran = lab.run(&["run", "linker"]).expect(2);
    assert_eq!(ran.stdout, "", "nobody has asked for a document");
}

fn a_scenario_file_is_refused_at_its_place() {
    let lab = Lab::new();
    let head = "name = \"mine\"\nsummary = \"x\"\nprojects = [\"toy\"]\nworkloads = [\"clean\"]\n";
    for (text, said) in [
        ("[axes]\nlinker = [\"bfd\", \"modl\"]\n", "mine.toml:6:18: `modl` is not a linker"),
        ("colour = 1\n", "mine.toml:5:1: the file has no key `colour`"),
        ("[axes]\nlinker = [\"bfd\"\n", "mine.toml:"),
    ] {
        lab.write("work/scenarios/mine.toml", &format!("{head}{text}"));
        let stderr = refused(&lab, &["run", "mine"]);
        assert!(stderr.contains(said), "{stderr}");
        lab.run(&["scenarios", "check", "scenarios/mine.toml"]).expect(2);
    }
    lab.write(
        "work/scenarios/mine.toml",
        "name = \"mine\"\nsummary = \"x\"\nprojects = [\"ripgerp\"]\nworkloads = [\"clean\"]\n",
    );
    let stderr = refused(&lab, &["run", "mine"]);
    assert!(stderr.contains("mine.toml:3:13:") && stderr.contains("did you mean `ripgrep`?"), "{stderr}");
}

fn a_manifest_is_refused_at_its_place() {
    let lab = Lab::new();
    let head = "name = \"toy\"\nsummary = \"x\"\n";
    for (text, said) in [
        ("[source]\nkind = \"comand\"\n", "did you mean `command`?"),
        ("[source]\nkind = \"command\"\npath = \"/x\"\nbiuld = [\"x\"]\n", "toy.toml:"),
        (
            "[source]\nkind = \"crates-io\"\nname = \"x\"\nversion = \"1.0.0\"\nsha256 = \"abc\"\n",
            "toy.toml:7:10:",
        ),
        (
            "[source]\nkind = \"command\"\npath = \"/x\"\nbuild = [\"x\"]\n[[edit]]\nname = \"e\"\nclass = \"body\"\nfile = \"../x\"\nanchor = \"a\"\ninsert = \"{n}\"\n",
            "toy.toml:10:8:",
        ),
    ] {
        lab.write("work/corpus/toy.toml", &format!("{head}{text}"));
        let stderr = refused(&lab, &["run", "--project", "toy", "--axis", "env.X=1"]);
        assert!(stderr.contains(said), "{stderr}");
    }
}

fn an_anchor_must_occur_exactly_once() {
    for (text, count) in [("fn one() {}\n", "0"), ("fn two() {\nfn two() {\n", "2")] {
        let lab = Lab::new();
        lab.write("toy/Cargo.toml", "[package]\nname = \"toy\"\nversion = \"0.1.0\"\n");
        lab.write("toy/Cargo.lock", "version = 4\n\n[[package]]\nname = \"toy\"\nversion = \"0.1.0\"\n");
        lab.write("toy/src/main.rs", "fn main() {\n}\n");
        lab.write("work/corpus/toy.toml", PATH_MANIFEST);
        lab.write("toy/x.rs", text);
        let args =
            ["run", "--project", "toy", "--axis", "env.X=1", "--workload", "incremental", "--rounds", "1"];
        let stderr = refused(&lab, &args);
        assert!(stderr.contains("x.rs") && stderr.contains(count), "{stderr}");
        let verified = lab.run(&["corpus", "verify", "toy"]).expect(3);
        assert!(verified.stdout.contains("x.rs"), "{}", verified.stdout);
    }
}

fn a_parents_configuration_is_refused_by_name() {
    let lab = Lab::new();
    lab.toy("true", "");
    let config = lab.write("cache/.cargo/config.toml", "[build]\nrustflags = [\"-Ctarget-cpu=native\"]\n");
    let stderr = refused(&lab, &["run", "--project", "toy", "--axis", "env.X=1", "--rounds", "1"]);
    assert!(stderr.contains(config.to_str().expect("UTF-8")) && stderr.contains("--cache-dir"), "{stderr}");
    fs::remove_file(&config).expect("to remove it");
    let stray = lab.write("cache/Cargo.toml", "[workspace]\n");
    let stderr = refused(&lab, &["run", "--project", "toy", "--axis", "env.X=1", "--rounds", "1"]);
    assert!(stderr.contains(stray.to_str().expect("UTF-8")), "{stderr}");
}

fn without_cargo_the_reason_is_said() {
    let lab = Lab::new();
    lab.write("own/Cargo.toml", "[package]\nname = \"own\"\nversion = \"0.1.0\"\n");
    lab.write("own/Cargo.lock", "version = 4\n");
    lab.write("own/src/main.rs", "fn main() {\n}\n");
    let mut command = lab.command(&["run", "--project", "../own", "--rounds", "1"]);
    let output = command.env("PATH", lab.path("home")).output().expect("the program");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{stderr}");
    assert!(stderr.contains("`cargo` was not found") && stderr.contains("rustup"), "{stderr}");
    assert!(lab.bundles().is_empty());
}

fn what_is_no_bundle_is_said_to_be_none() {
    let lab = Lab::new();
    let stderr = refused(&lab, &["report", "nowhere"]);
    assert!(stderr.contains("not a bundle"), "{stderr}");
    refused(&lab, &["run", "--resume", "nowhere"]);
    let stderr = refused(&lab, &["run", "--plan", "nowhere.json"]);
    assert!(stderr.contains("nowhere.json") && stderr.contains("plan --json"), "{stderr}");
}

fn a_run_with_nothing_to_measure_says_why() {
    let lab = Lab::new();
    lab.toy("true", "");
    let stderr = refused(&lab, &["run", "--project", "toy", "--axis", "env.X=1", "--workload", "check"]);
    assert!(
        stderr.contains("nothing to measure") && stderr.contains("a command project has no check"),
        "{stderr}"
    );
    let stderr =
        refused(&lab, &["run", "--project", "toy", "--axis", "env.X=1", "--workload", "incremental"]);
    assert!(stderr.contains("no edit to make"), "{stderr}");
}

fn an_archive_that_is_not_pinned_is_refused() {
    let lab = Lab::new();
    let text = "name = \"small\"\nsummary = \"x\"\n[source]\nkind = \"crates-io\"\nname = \"diffr\"\nversion = \"0.1.5\"\n";
    let wrong = "0".repeat(64);
    lab.write("work/corpus/small.toml", &format!("{text}sha256 = \"{wrong}\"\n"));
    let stderr = refused(&lab, &["run", "--project", "small", "--rounds", "1"]);
    assert!(stderr.contains(&wrong) && stderr.contains("small.toml"), "{stderr}");
    assert!(entries(&lab.path("cache/bench-runner/archives")).is_empty(), "nothing wrong was kept");
    assert!(entries(&lab.path("cache/bench-runner/sources")).is_empty(), "nothing was unpacked");
}

fn an_installed_program_works_in_an_empty_directory() {
    let lab = Lab::new();
    fs::remove_dir_all(lab.path("work")).expect("to remove the checkout");
    fs::create_dir(lab.path("work")).expect("an empty directory");
    let scenarios = lab.run(&["scenarios", "list"]).expect(0);
    assert!(scenarios.stdout.contains("quick"), "{}", scenarios.stdout);
    let corpus = lab.run(&["corpus", "list"]).expect(0);
    assert!(corpus.stdout.contains("ripgrep"), "{}", corpus.stdout);
    assert!(entries(&lab.path("work")).is_empty(), "listing writes nothing");
}

fn programs_that_a_project_needs_are_named() {
    let lab = Lab::new();
    lab.toy("true", "\n[build]\nrequires = [\"sh\", \"no-such-tool\"]");
    let stderr = refused(&lab, &["run", "--project", "toy", "--axis", "env.X=1", "--rounds", "1"]);
    assert!(stderr.contains("`toy` needs no-such-tool"), "{stderr}");
}

fn a_plan_is_checked_before_it_is_carried_out() {
    let lab = Lab::new();
    lab.toy("true", "");
    let plan =
        lab.run(&["plan", "--project", "toy", "--axis", "env.X=1,2", "--rounds", "1", "--json"]).expect(0);
    for (from, to, said) in [
        ("\"env.X\": \"1\"", "\"envX\": \"1\"", "unknown axis `envX`"),
        ("\"workload\": \"clean\"", "\"workload\": \"claen\"", "unknown workload `claen`"),
        ("\"format\": 2", "\"format\": 9, \"new\": 1", "format 9 is newer"),
        ("\"seed\"", "\"sede\"", "sede"),
    ] {
        assert!(plan.stdout.contains(from), "{}", plan.stdout);
        let file = lab.write("work/plan.json", &plan.stdout.replace(from, to));
        let stderr = refused(&lab, &["run", "--plan", file.to_str().expect("UTF-8")]);
        assert!(stderr.contains(said), "{stderr}");
    }
    let stderr = refused(&lab, &["run", "--plan", "plan.json", "--rounds", "3"]);
    assert!(stderr.contains("cannot be used with"), "{stderr}");
}

fn offline_names_the_command_that_fetches() {
    let lab = Lab::new();
    let stderr = refused(&lab, &["run", "--offline", "--rounds", "1"]);
    assert!(stderr.contains("corpus fetch titlecase"), "{stderr}");
}

const PATH_MANIFEST: &str = r#"
name = "toy"
summary = "a local tree"
[source]
kind = "path"
path = "../../toy"
[[edit]]
name = "e"
class = "body"
file = "x.rs"
anchor = "fn two() {"
insert = "{n}"
"#;
