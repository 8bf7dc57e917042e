//! Interrupted, killed and resumed runs, and two harnesses at once.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use bench_runner_core::bundle::{Status, open};
use bench_runner_core::record::Phase;

use crate::lab::{Lab, PROGRAM, entries};

/// Longest wait for an event; only reached if the test fails.
const PATIENCE: Duration = Duration::from_secs(60);

trials! { "interruption";
    an_interrupted_run_is_kept_and_completed_by_resuming,
    a_first_round_that_was_cut_is_taken_again,
    a_run_that_ignores_ctrl_c_is_ended_by_term,
    a_killed_run_leaves_no_process_and_can_be_resumed,
    a_complete_run_is_never_extended,
    two_harnesses_never_measure_at_once,
}

fn wait_for(what: &str, mut happened: impl FnMut() -> bool) {
    let started = Instant::now();
    while !happened() {
        assert!(started.elapsed() < PATIENCE, "{what} did not happen");
        thread::sleep(Duration::from_millis(5));
    }
}

fn signal(child: &Child, name: &str) {
    let sent =
        Command::new("kill").args([format!("-{name}"), child.id().to_string()]).status().expect("kill");
    assert!(sent.success());
}

/// Starts a run whose builds each write a line, and returns when there are `builds` lines.
fn begun(lab: &Lab, builds: usize) -> Child {
    let log = lab.path("log");
    lab.toy(&format!("echo $$ >> {}\nsleep 0.05", log.display()), "");
    let mut command =
        lab.command(&["run", "--project", "toy", "--axis", "env.X=1,2", "--rounds", "8", "--seed", "3"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program");
    wait_for("so many builds", || fs::read_to_string(&log).is_ok_and(|text| text.lines().count() >= builds));
    child
}

/// Like `nohup bench-runner run &` in a script: the shell makes it ignore Ctrl-C.
fn a_run_that_ignores_ctrl_c_is_ended_by_term() {
    let lab = Lab::new();
    let log = lab.path("log");
    lab.toy(&format!("echo x >> {}\nsleep 0.05", log.display()), "");
    let lines = || fs::read_to_string(&log).map_or(0, |text| text.lines().count());
    let mut command = lab.command_of("sh", &["-c", "trap '' INT HUP; exec \"$0\" \"$@\"", PROGRAM]);
    command.args(["run", "--project", "toy", "--axis", "env.X=1,2", "--rounds", "8"]);
    let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the program");
    wait_for("the first builds", || lines() >= 4);
    signal(&child, "INT");
    signal(&child, "HUP");
    let before = lines();
    wait_for("more builds", || lines() >= before + 3);
    signal(&child, "TERM");
    let output = child.wait_with_output().expect("its end");
    assert_eq!(output.status.code(), Some(130), "{}", String::from_utf8_lossy(&output.stderr));
    let dir = lab.bundles().remove(0);
    assert_eq!(open(&dir).expect("a bundle").manifest.status, Status::Interrupted);
}

/// Asserts that the bundle has every round of the plan, complete, and none more.
fn assert_completed(bundle: &Path) {
    let bundle = open(bundle).expect("a bundle");
    assert_eq!(bundle.manifest.status, Status::Complete);
    assert_eq!(bundle.manifest.resumed_at.len(), 1);
    let mut last: std::collections::BTreeMap<(u32, String), u32> = Default::default();
    for sample in bundle.samples.iter().filter(|sample| sample.phase == Phase::Measured) {
        last.insert((sample.round, format!("{}{}", sample.role.as_str(), sample.variant)), sample.attempt);
    }
    assert_eq!(last.len(), 8 * 3, "{last:?}");
    let numbers: Vec<u32> = bundle.samples.iter().map(|sample| sample.number).collect();
    assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "{numbers:?}");
}

fn an_interrupted_run_is_kept_and_completed_by_resuming() {
    let lab = Lab::new();
    let child = begun(&lab, 8);
    signal(&child, "INT");
    let output = child.wait_with_output().expect("its end");
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(130), "{stdout}\n{stderr}");
    assert!(stderr.contains("run --resume"), "{stderr}");
    let dir = lab.bundles().remove(0);
    let before = open(&dir).expect("a bundle");
    assert_eq!(before.manifest.status, Status::Interrupted);
    assert!(entries(&lab.path("cache/bench-runner/runs")).is_empty(), "the work trees are gone");
    lab.run(&["run", "--resume", dir.to_str().expect("UTF-8")]).expect(0);
    assert_completed(&dir);
    let after = open(&dir).expect("a bundle");
    assert_eq!(after.samples[..before.samples.len()], before.samples, "nothing recorded is lost");
    assert_eq!(after.manifest.plan, before.manifest.plan);
}

/// Four arms: four warm-ups, three builds of the first round, and the eighth build waits to be interrupted.
fn a_first_round_that_was_cut_is_taken_again() {
    let lab = Lab::new();
    let log = lab.path("log");
    lab.toy(&format!("echo x >> {0}\n[ $(wc -l < {0}) -ne 8 ] || sleep 60", log.display()), "");
    let mut command = lab.command(&["run", "--project", "toy", "--axis", "env.X=1,2,3", "--rounds", "2"]);
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program");
    wait_for("the eighth build", || fs::read_to_string(&log).is_ok_and(|text| text.lines().count() >= 8));
    signal(&child, "INT");
    assert_eq!(child.wait_with_output().expect("its end").status.code(), Some(130));
    let dir = lab.bundles().remove(0);
    let in_round = |round: u32| {
        let bundle = open(&dir).expect("a bundle");
        let of_round = bundle.samples.iter().filter(|sample| sample.round == round);
        of_round.map(|sample| sample.attempt).collect::<Vec<u32>>()
    };
    assert_eq!((in_round(1), in_round(2)), (vec![1, 1, 1], vec![]));
    let ran = lab.run(&["run", "--resume", dir.to_str().expect("UTF-8"), "--json"]).expect(0);
    assert_eq!((in_round(1), in_round(2)), (vec![1, 1, 1, 2, 2, 2, 2], vec![1, 1, 1, 1]));
    let document: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!(document["blocks"][0]["rounds"], 2);
}

fn a_killed_run_leaves_no_process_and_can_be_resumed() {
    let lab = Lab::new();
    let mut child = begun(&lab, 8);
    signal(&child, "KILL");
    child.wait().expect("its end");
    let log = fs::read_to_string(lab.path("log")).expect("the log");
    let builds: Vec<&str> = log.lines().collect();
    wait_for("the end of every build", || {
        builds.iter().all(|pid| !Path::new(&format!("/proc/{pid}")).exists())
    });
    let dir = lab.bundles().remove(0);
    let left = open(&dir).expect("a bundle");
    assert_eq!(left.manifest.status, Status::Running);
    assert!(left.proofs.iter().any(|proof| proof.axis == "env.X"), "proofs are written as they are found");
    lab.run(&["run", "--resume", dir.to_str().expect("UTF-8")]).expect(0);
    assert_completed(&dir);
}

fn a_complete_run_is_never_extended() {
    let lab = Lab::new();
    lab.toy("true", "");
    lab.run(&["run", "--project", "toy", "--axis", "env.X=1,2", "--rounds", "2"]).expect(0);
    let dir = lab.bundles().remove(0);
    let before = fs::read(dir.join("samples.csv")).expect("samples");
    let ran = lab.run(&["run", "--resume", dir.to_str().expect("UTF-8")]).expect(2);
    assert!(ran.stderr.contains("never extended"), "{}", ran.stderr);
    assert_eq!(fs::read(dir.join("samples.csv")).expect("samples"), before);
}

fn two_harnesses_never_measure_at_once() {
    let lab = Lab::new();
    let mut first = begun(&lab, 1);
    let second = lab.run(&["run", "--project", "toy", "--axis", "env.X=1", "--rounds", "1"]).expect(4);
    assert!(second.stderr.contains(&first.id().to_string()), "it names who measures: {}", second.stderr);
    assert_eq!(lab.bundles().len(), 1, "the second one wrote nothing");
    signal(&first, "INT");
    assert_eq!(first.wait().expect("its end").code(), Some(130));
}
