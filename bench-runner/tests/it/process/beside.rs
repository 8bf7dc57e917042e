//! Processes accompanying a build: setup commands before it, a server that stays during it, and the use of
//! that server after the build's own process has ended.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::cell::Cell;

use bench_runner_measure::process::{SetupCommand, ToolCall, run_tool};

use super::*;

pub(super) const TESTS: &[(&str, Test)] = by_name![
    setup_commands_come_first_and_in_order,
    a_setup_command_has_the_environment_it_is_given,
    a_server_is_there_and_counted,
    a_server_can_be_stopped_after_the_build,
    setup_commands_and_holding_are_outside_of_the_clock,
    a_setup_command_that_fails_ends_it_all,
    a_setup_command_that_takes_too_long_ends_it_all,
    only_a_build_that_ended_by_itself_is_held,
    holding_has_a_limit,
    a_killed_harness_leaves_no_server_behind,
    an_interrupt_ends_a_setup_command,
    an_interrupt_ends_the_holding,
];

/// A setup command that starts a server in its own session and ends when the server is up. The server stays
/// until there is a file called `stop`.
const SERVER: &str = r#"
setsid sh -c 'echo $$ > server.pid; while [ ! -e stop ]; do sleep 0.01; done' &
while [ ! -s server.pid ]; do sleep 0.01; done
"#;

/// Runs the build as specified by the files in `dir`: after the setup command `setup`, and, if there is
/// `hold`, held by a tool that would take ten minutes.
pub(super) fn build_as_harness(supervisor: &mut Supervisor, dir: &Path, job: Job) -> BuildResult {
    let before = fs::read_to_string(dir.join("errand")).ok().map(|script| setup(&script));
    let job = Job { before: before.into_iter().collect(), ..job };
    if !dir.join("hold").exists() {
        return supervisor.build(&job).unwrap();
    }
    let then = |_: &ExitKind| {
        fs::write(dir.join("ready"), "all\n").unwrap();
        let call = ToolCall { timeout: 10 * PATIENCE, ..ToolCall::new("sleep", ["600"]) };
        run_tool(&call).unwrap_err().to_string()
    };
    let (finished, said) = supervisor.build_and_then(&job, PATIENCE, None, then).unwrap();
    fs::write(dir.join("said"), said.unwrap()).unwrap();
    finished
}

fn setup(script: &str) -> SetupCommand {
    SetupCommand {
        program: "sh".into(),
        args: vec!["-c".into(), script.into()],
        env: None,
        stdout: None,
        timeout: PATIENCE,
    }
}

impl Bench {
    /// A build after setup commands; processes that they leave get no grace period.
    fn job_after(&self, setups: &[&str], script: &str) -> Job {
        let before = setups.iter().map(|script| setup(script)).collect();
        Job { before, drain: Duration::ZERO, ..self.job(script) }
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.dir.path().join(name), text).unwrap();
    }
}

fn reason(ended: ExitKind) -> String {
    match ended {
        ExitKind::NotStarted { reason } => reason,
        other => panic!("{other:?}"),
    }
}

fn setup_commands_come_first_and_in_order(bench: &Bench) -> Result<(), Failed> {
    let setups = ["sleep 0.1; echo one >> log; echo no output of the build", "echo two >> log"];
    let job = bench.job_after(&setups, "echo build >> log; echo output");
    assert_eq!(bench.supervisor().build(&job)?.ended, ExitKind::Exited(0));
    assert_eq!((bench.read("log"), bench.read("stdout")), ("one\ntwo\nbuild\n".into(), "output\n".into()));
    Ok(())
}

fn a_setup_command_has_the_environment_it_is_given(bench: &Bench) -> Result<(), Failed> {
    let mut job = bench.job_after(&["echo $SECRET > first; pwd -P > cwd", "echo $SECRET"], "echo $SECRET");
    job.env.insert("SECRET".into(), "of the build".into());
    let mut own = job.env.clone();
    own.insert("SECRET".into(), "of the errand".into());
    job.before[1].env = Some(own);
    job.before[1].stdout = Some(bench.dir.path().join("second"));
    bench.supervisor().build(&job)?;
    let seen = ["first", "second", "stdout"].map(|name| bench.read(name));
    assert_eq!(seen, ["of the build\n", "of the errand\n", "of the build\n"]);
    assert_eq!(bench.read("cwd").trim_end(), bench.dir.path().canonicalize()?.to_str().unwrap());
    Ok(())
}

fn a_server_is_there_and_counted(bench: &Bench) -> Result<(), Failed> {
    let server = "setsid sh -c 'echo $$ > server.pid; while [ ! -e asked ]; do sleep 0.01; done
        sh burner; echo done > answer; exec sleep 600' & while [ ! -s server.pid ]; do sleep 0.01; done";
    let script = "kill -0 $(cat server.pid) || exit 9
        echo please > asked; while [ ! -s answer ]; do sleep 0.01; done";
    let finished = bench.burn(bench.job_after(&[server], script));
    assert_eq!((&finished.ended, finished.stragglers), (&ExitKind::Exited(0), 1));
    let (counted, used) = (finished.user + finished.sys, bench.burnt()?);
    assert!(counted + TICK >= used, "{counted:?} counted, {used:?} used by the server");
    bench.assert_all_gone(1);
    Ok(())
}

fn a_server_can_be_stopped_after_the_build(bench: &Bench) -> Result<(), Failed> {
    let job = Job { drain: PATIENCE, ..bench.job_after(&[SERVER], "exit 3") };
    let then = |ended: &ExitKind| {
        let alive = runs(bench.named(1)[0]);
        bench.write("stop", "");
        (ended.clone(), alive)
    };
    let mut supervisor = bench.supervisor();
    let (finished, seen) = supervisor.build_and_then(&job, PATIENCE, None, then)?;
    assert_eq!(seen, Some((ExitKind::Exited(3), true)));
    assert_eq!((finished.ended, finished.stragglers), (ExitKind::Exited(3), 0));
    bench.assert_all_gone(1);
    // The server is for one build: the next one has none, and is not held.
    assert_eq!(supervisor.build(&bench.job("exit 4"))?.ended, ExitKind::Exited(4));
    Ok(())
}

fn setup_commands_and_holding_are_outside_of_the_clock(bench: &Bench) -> Result<(), Failed> {
    let mut supervisor = bench.supervisor();
    let job = bench.job_after(&["sleep 0.3"], "true");
    let start = Instant::now();
    let held = Duration::from_millis(300);
    let (finished, _) = supervisor.build_and_then(&job, PATIENCE, None, |_| thread::sleep(held))?;
    let elapsed = start.elapsed();
    assert!(finished.wall + 2 * held <= elapsed, "{:?} of {elapsed:?}", finished.wall);
    Ok(())
}

fn a_setup_command_that_fails_ends_it_all(bench: &Bench) -> Result<(), Failed> {
    let mut supervisor = bench.supervisor();
    let job = bench.job_after(&[SERVER, "echo cause >&2; exit 7"], "touch built");
    let why = reason(supervisor.build(&job)?.ended);
    let line = "`sh -c echo cause >&2; exit 7`, which comes before it, failed (exit code 7):\ncause";
    assert_eq!(why, line);
    bench.assert_all_gone(1);

    let why = reason(supervisor.build(&bench.job_after(&["kill -KILL $$"], "touch built"))?.ended);
    assert_eq!(why, "`sh -c kill -KILL $$`, which comes before it, was ended by signal 9 and said nothing");
    let mut job = bench.job_after(&[""], "touch built");
    job.before[0].program = "no-such-program".into();
    assert_eq!(reason(supervisor.build(&job)?.ended), "`no-such-program` was not found");
    bench.write("plain", "text");
    job.before[0].program = "./plain".into();
    assert!(reason(supervisor.build(&job)?.ended).contains("ermission denied"));

    assert!(!bench.dir.path().join("built").exists());
    assert_eq!(supervisor.build(&bench.job("exit 4"))?.ended, ExitKind::Exited(4), "it goes on after that");
    Ok(())
}

fn a_setup_command_that_takes_too_long_ends_it_all(bench: &Bench) -> Result<(), Failed> {
    let mut job = bench.job_after(&["echo $$ > errand.pid; echo words >&2; sleep 600"], "touch built");
    // Long enough for the output.
    job.before[0].timeout = Duration::from_secs(2);
    let why = reason(bench.supervisor().build(&job)?.ended);
    assert!(why.ends_with(", which comes before it, took longer than 2s:\nwords"), "{why}");
    bench.assert_all_gone(1);
    assert!(!bench.dir.path().join("built").exists());
    Ok(())
}

fn only_a_build_that_ended_by_itself_is_held(bench: &Bench) -> Result<(), Failed> {
    let mut supervisor = bench.supervisor();
    let late = Job { timeout: Duration::from_millis(300), ..bench.job("sleep 600") };
    for job in [bench.job_after(&["exit 1"], "true"), late] {
        let (finished, given) = supervisor.build_and_then(&job, PATIENCE, None, |_| ())?;
        assert_eq!(given, None, "{finished:?}");
    }
    let (finished, given) = supervisor.build_and_then(&bench.job("kill -KILL $$"), PATIENCE, None, |_| ())?;
    assert_eq!((finished.ended, given), (ExitKind::Signalled(9), Some(())));
    Ok(())
}

fn holding_has_a_limit(bench: &Bench) -> Result<(), Failed> {
    let mut supervisor = bench.supervisor();
    let job = bench.job_after(&[SERVER], "exit 3");
    let calls = Cell::new(0);
    let (finished, given) = supervisor.build_and_then(&job, Duration::from_millis(100), None, |_| {
        calls.set(calls.get() + 1);
        wait_until("the server is gone", || !runs(bench.named(1)[0]));
    })?;
    assert_eq!(finished.ended, ExitKind::Exited(3));
    assert!(finished.stragglers > 0, "it was not asked to end");
    assert_eq!((given, calls.get()), (Some(()), 1));
    // A late release has no effect.
    let (finished, given) = supervisor.build_and_then(&bench.job("exit 4"), PATIENCE, None, |_| 4)?;
    assert_eq!((finished.ended, given), (ExitKind::Exited(4), Some(4)));
    Ok(())
}

/// Brings a harness to the setup command, the build, or the hold, with a running server.
fn harness_at(bench: &Bench, place: &str) -> Harness {
    for left in ["ready", "server.pid", "supervisor.pid"] {
        let _ = fs::remove_file(bench.dir.path().join(left));
    }
    let wait = "echo all > ready; sleep 600";
    let (setup, script) = match place {
        "errand" => (format!("{SERVER} {wait}"), ""),
        "build" => (SERVER.to_owned(), wait),
        _ => (SERVER.to_owned(), "exit 0"),
    };
    bench.write("errand", &format!("echo $PPID > supervisor.pid; {setup}"));
    if place == "holding" {
        bench.write("hold", "");
    }
    let harness = bench.harness(script);
    assert!(bench.named(2).iter().all(|&pid| runs(pid)));
    harness
}

fn a_killed_harness_leaves_no_server_behind(bench: &Bench) -> Result<(), Failed> {
    for place in ["errand", "build", "holding"] {
        let harness = harness_at(bench, place);
        harness.signal(Signal::KILL);
        bench.assert_all_go(2);
    }
    Ok(())
}

fn an_interrupt_ends_a_setup_command(bench: &Bench) -> Result<(), Failed> {
    let mut harness = harness_at(bench, "errand");
    harness.signal(Signal::INT);
    assert!(harness.0.wait()?.success());
    assert_eq!(bench.read("outcome"), "Interrupted");
    bench.assert_all_go(2);
    Ok(())
}

fn an_interrupt_ends_the_holding(bench: &Bench) -> Result<(), Failed> {
    let mut harness = harness_at(bench, "holding");
    harness.signal(Signal::INT);
    assert!(harness.0.wait()?.success());
    assert_eq!(bench.read("outcome"), "Exited(0)", "the build itself had ended before");
    assert_eq!(bench.read("said"), "`sleep 600` was interrupted");
    bench.assert_all_go(2);
    Ok(())
}
