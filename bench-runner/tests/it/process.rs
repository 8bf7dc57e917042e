//! Builds under the supervisor: resource usage, and that no process survives, however the harness ends.
//!
//! Builds are shell scripts. Each test runs twice, with and without a control group; if the machine allows
//! none, the first is shown as ignored, with the reason in its kind.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "tests")]

/// Tests with their names.
macro_rules! by_name {
    ($($test:ident),* $(,)?) => { &[$((stringify!($test), $test)),*] };
}

mod bench;
mod beside;
mod watching;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use bench_runner_measure::process::{
    BuildResult, ExitKind, Job, Supervisor, SupervisorError, SupervisorOptions, install_interrupts,
};
use libtest_mimic::{Failed, Trial};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::lab::reset_signals;
use bench::{Bench, Harness, job, runs, wait_until};

const EXE: &str = env!("CARGO_BIN_EXE_bench-runner");
/// Makes this binary a harness that builds in the directory it names.
const HARNESS: &str = "BENCH_RUNNER_TEST_HARNESS";
/// Makes this binary a build that starts `burner` and ignores SIGCHLD.
const NEGLECT: &str = "BENCH_RUNNER_TEST_NEGLECT";
/// A clock tick in /proc, the same on every platform that Rust supports.
const TICK: Duration = Duration::from_millis(10);
/// Longest wait for an event; only reached if the test fails.
const PATIENCE: Duration = Duration::from_secs(60);

type Test = fn(&Bench) -> Result<(), Failed>;

const TESTS: &[(&str, Test)] = by_name![
    exit_codes_and_signals_are_told,
    output_goes_to_the_files,
    a_build_gets_what_the_job_says_and_nothing_else,
    what_cannot_start_says_why,
    an_orphan_is_waited_for_and_counted,
    a_neglected_child_is_counted_by_the_group_only,
    what_the_kernel_counts_is_that_of_all_processes,
    stragglers_are_counted_and_killed,
    a_time_out_ends_the_whole_tree,
    a_build_may_end_in_order_when_asked,
    a_killed_harness_leaves_nothing_behind,
    an_interrupt_ends_the_build,
    what_was_started_with_nohup_stays,
    what_was_ignored_from_the_start_stays_so_but_for_term,
    a_second_interrupt_does_not_wait,
    a_killed_supervisor_is_an_error,
    dropping_the_supervisor_ends_it,
];

/// All tests of this file.
pub(crate) fn tests() -> Vec<Trial> {
    let probe = Supervisor::start(Path::new(EXE), &SupervisorOptions::default());
    let obstacle = match probe.as_ref().map(Supervisor::accounting) {
        Ok(accounting) if accounting.by_control_group() => None,
        Ok(accounting) => Some(format!("no control group: {}", accounting.obstacles.join("; "))),
        // The tests will report it.
        Err(_) => None,
    };
    let mut trials = Vec::new();
    for &(name, test) in TESTS.iter().chain(beside::TESTS).chain(watching::TESTS) {
        let run = move |control_group: bool| move || test(&Bench::new(control_group));
        let with = Trial::test(format!("process::{name}::control_group"), run(true));
        trials.push(match &obstacle {
            Some(why) => with.with_kind(why.clone()).with_ignored_flag(true),
            None => with,
        });
        trials.push(Trial::test(format!("process::{name}::reaped"), run(false)));
    }
    trials
}

/// The role of this binary if a test has started it: a harness to be ended, which runs the build `script` in
/// the directory that the variable names, writes its result to `outcome` there, and also does what [`beside`]
/// wants; or a parent that neglects its child.
pub(crate) fn as_harness() -> Option<ExitCode> {
    if std::env::var_os(NEGLECT).is_some() {
        // SAFETY: this process has one thread and no handlers.
        unsafe { libc::signal(libc::SIGCHLD, libc::SIG_IGN) };
        let waited = Command::new("sh").arg("burner").spawn().unwrap().wait();
        assert!(waited.is_err(), "the kernel kept what nobody wants: {waited:?}");
        return Some(ExitCode::SUCCESS);
    }
    let dir = PathBuf::from(std::env::var_os(HARNESS)?);
    install_interrupts().unwrap();
    let script = fs::read_to_string(dir.join("script")).unwrap();
    let options = SupervisorOptions { control_group: dir.join("control-group").exists() };
    let mut supervisor = Supervisor::start(Path::new(EXE), &options).unwrap();
    if let Some(group) = &supervisor.accounting().group {
        fs::write(dir.join("group"), group.path.to_str().unwrap()).unwrap();
    }
    let finished = beside::build_as_harness(&mut supervisor, &dir, job(&dir, &script));
    fs::write(dir.join("outcome"), format!("{:?}", finished.ended)).unwrap();
    Some(ExitCode::SUCCESS)
}

/// Starts four processes that stay: in the build's group, in its own session, a child of that one in yet
/// another session, and an orphan whose parent has ended. All ignore TERM. Then reports that all are there.
const FAMILY: &str = r#"
trap '' TERM
sh -c 'echo $$ > child.pid; exec sleep 600' &
setsid sh -c 'echo $$ > session.pid; setsid sh -c "echo \$\$ > nested.pid; exec sleep 600" & exec sleep 600' &
(setsid sh -c 'echo $$ > orphan.pid; exec sleep 600' &)
while [ ! -s child.pid ] || [ ! -s session.pid ] || [ ! -s nested.pid ] || [ ! -s orphan.pid ]; do sleep 0.01; done
echo all > ready
"#;

fn exit_codes_and_signals_are_told(bench: &Bench) -> Result<(), Failed> {
    let mut supervisor = bench.supervisor();
    assert_eq!(supervisor.accounting().by_control_group(), bench.options.control_group);
    for (script, ended) in [
        ("exit 0", ExitKind::Exited(0)),
        ("exit 7", ExitKind::Exited(7)),
        ("kill -KILL $$", ExitKind::Signalled(9)),
        ("true", ExitKind::Exited(0)),
    ] {
        let finished = supervisor.build(&bench.job(script))?;
        assert_eq!(finished.ended, ended, "{script}");
        assert!(finished.max_rss > 0 && finished.wall > Duration::ZERO, "{finished:?}");
        assert_eq!(finished.stragglers, 0);
    }
    Ok(())
}

fn what_the_kernel_counts_is_that_of_all_processes(bench: &Bench) -> Result<(), Failed> {
    const MIB: u64 = 1 << 20;
    let idle = bench.build(":").activity;
    // By grandchildren, one of which is an orphan when it ends.
    let busy = bench.build(
        "sh -c 'i=0; while [ $i -lt 50 ]; do /bin/true; i=$((i+1)); done
            dd if=/dev/zero of=a bs=1M count=4 2>/dev/null
            (dd if=/dev/zero of=b bs=1M count=4 2>/dev/null; rm a; echo done > last) &'",
    );
    assert_eq!((busy.ended, bench.read("last").as_str()), (ExitKind::Exited(0), "done\n"));
    let busy = busy.activity;
    let counted = |count: Option<u64>| count.expect("it is counted here");
    let [more, before] = [busy, idle].map(|activity| counted(activity.minor_faults));
    assert!(more >= before + 50 * 10, "{busy:?} after {idle:?}");
    assert!(counted(busy.voluntary_switches) + counted(busy.involuntary_switches) >= 50, "{busy:?}");
    let in_memory = rustix::fs::statfs(bench.dir.path())?.f_type == 0x0102_1994;
    let written = if in_memory { 0..=0 } else { 8 * MIB..=9 * MIB };
    assert!(written.contains(&counted(busy.written_bytes)), "{busy:?}, in memory: {in_memory}");
    Ok(())
}

fn output_goes_to_the_files(bench: &Bench) -> Result<(), Failed> {
    bench.build("echo a long line that is to be truncated");
    bench.build("echo out; echo err >&2");
    assert_eq!((bench.read("stdout"), bench.read("stderr")), ("out\n".into(), "err\n".into()));
    let both = bench.dir.path().join("both");
    let job = Job { stdout: both.clone(), stderr: both, ..bench.job("echo 1; echo 2 >&2; echo 3") };
    bench.supervisor().build(&job)?;
    assert_eq!(bench.read("both"), "1\n2\n3\n");
    let job = Job { stdout: "/no/such/directory/file".into(), ..bench.job("true") };
    let error = bench.supervisor().build(&job).unwrap_err();
    assert!(error.to_string().contains("/no/such/directory/file"), "{error}");
    Ok(())
}

fn a_build_gets_what_the_job_says_and_nothing_else(bench: &Bench) -> Result<(), Failed> {
    let mut job = bench.job("");
    job.env.insert("A".into(), "line\nbreak ünd ümlaut".into());
    (job.program, job.args) = ("env".into(), vec!["-0".into()]);
    bench.supervisor().build(&job)?;
    let seen: BTreeMap<String, String> = bench
        .read("stdout")
        .split_terminator('\0')
        .map(|pair| pair.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned())).unwrap())
        .collect();
    assert_eq!(seen, job.env);

    // `ls` itself opens one more.
    bench.build("cat; pwd -P; ls /proc/self/fd | wc -l; exec grep -E '^Sig(Blk|Ign)' /proc/self/status");
    let cwd = bench.dir.path().canonicalize()?;
    let seen = bench.read("stdout");
    let lines: Vec<&str> = seen.lines().collect();
    assert_eq!(lines[..2], [cwd.to_str().unwrap(), "4"]);
    assert_eq!(lines.len(), 4, "{lines:?}");
    for line in &lines[2..] {
        let mask = line.split_once('\t').map(|(_, mask)| u64::from_str_radix(mask, 16));
        // Signals 32 and 33 are reserved by the C library.
        assert_eq!(mask.unwrap()? & !(0b11 << 31), 0, "{line}");
    }
    Ok(())
}

fn what_cannot_start_says_why(bench: &Bench) -> Result<(), Failed> {
    let plain = bench.dir.path().join("plain");
    fs::write(&plain, "text")?;
    let broken = bench.dir.path().join("broken");
    fs::write(&broken, "#!/no/such/interpreter\n")?;
    fs::set_permissions(&broken, fs::Permissions::from_mode(0o755))?;
    let mut supervisor = bench.supervisor();
    let mut reason = |job: Job| match supervisor.build(&job).unwrap().ended {
        ExitKind::NotStarted { reason } => reason,
        other => panic!("{other:?}"),
    };
    let with = |program: &Path| Job { program: program.to_owned(), ..bench.job("") };
    assert_eq!(reason(with(Path::new("no-such-program"))), "`no-such-program` was not found");
    assert_eq!(reason(with(Path::new("/no/such/program"))), "`/no/such/program` was not found");
    assert!(reason(with(&plain)).contains("ermission denied"));
    assert!(reason(with(&broken)).contains("No such file"));
    let elsewhere = Job { cwd: "/no/such/directory".into(), ..bench.job("true") };
    assert_eq!(reason(elsewhere), "the directory /no/such/directory does not exist");
    assert_eq!(supervisor.build(&bench.job("exit 4"))?.ended, ExitKind::Exited(4), "it goes on after that");
    Ok(())
}

fn an_orphan_is_waited_for_and_counted(bench: &Bench) -> Result<(), Failed> {
    let finished = bench.burn(bench.job("(setsid sh burner &) ; exit 3"));
    assert_eq!((&finished.ended, finished.stragglers), (&ExitKind::Exited(3), 0));
    let (counted, used) = (finished.user + finished.sys, bench.burnt()?);
    assert!(counted + TICK >= used, "{counted:?} counted, {used:?} used by the burner");
    Ok(())
}

fn a_neglected_child_is_counted_by_the_group_only(bench: &Bench) -> Result<(), Failed> {
    let mut job = bench.job("");
    (job.program, job.args) = (std::env::current_exe()?, vec![]);
    job.env.insert(NEGLECT.into(), "1".into());
    let finished = bench.burn(job);
    assert_eq!(finished.ended, ExitKind::Exited(0));
    let (counted, used) = (finished.user + finished.sys, bench.burnt()?);
    // The kernel drops the resource usage of a process if its parent ignores SIGCHLD; control groups count
    // it.
    assert_eq!(counted + TICK >= used, bench.options.control_group, "{counted:?} counted, {used:?} used");
    Ok(())
}

fn stragglers_are_counted_and_killed(bench: &Bench) -> Result<(), Failed> {
    let mut supervisor = bench.supervisor();
    let job = Job { drain: Duration::from_millis(100), ..bench.job(&format!("{FAMILY} exit 0")) };
    let finished = supervisor.build(&job)?;
    assert_eq!((finished.ended, finished.stragglers), (ExitKind::Exited(0), 4));
    bench.assert_all_gone(4);
    let clean = supervisor.build(&bench.job("true"))?;
    assert_eq!(clean.stragglers, 0, "the next build begins without them");
    Ok(())
}

fn a_time_out_ends_the_whole_tree(bench: &Bench) -> Result<(), Failed> {
    let script = format!("{FAMILY} echo $$ > leader.pid; while :; do sleep 600; done");
    let job = Job { timeout: Duration::from_secs(3), ..bench.job(&script) };
    let finished = bench.supervisor().build(&job)?;
    assert_eq!((finished.ended, finished.stragglers), (ExitKind::TimedOut, 0));
    bench.assert_all_gone(5);
    Ok(())
}

fn a_build_may_end_in_order_when_asked(bench: &Bench) -> Result<(), Failed> {
    let script = "trap 'echo in order; exit 0' TERM; while :; do sleep 0.01; done";
    let job = Job { timeout: Duration::from_millis(500), ..bench.job(script) };
    let finished = bench.supervisor().build(&job)?;
    assert_eq!(finished.ended, ExitKind::TimedOut, "an exit code of 0 does not make it a success");
    assert_eq!(bench.read("stdout"), "in order\n");
    Ok(())
}

fn a_killed_harness_leaves_nothing_behind(bench: &Bench) -> Result<(), Failed> {
    let script = format!("echo $$ > leader.pid; echo $PPID > supervisor.pid; {FAMILY} sleep 600");
    let harness = bench.harness(&script);
    assert!(bench.named(6).iter().all(|&pid| runs(pid)));
    harness.signal(Signal::KILL);
    bench.assert_all_go(6);
    Ok(())
}

fn an_interrupt_ends_the_build(bench: &Bench) -> Result<(), Failed> {
    let script = format!("echo $$ > leader.pid; echo $PPID > supervisor.pid; {FAMILY} sleep 600");
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let _ = fs::remove_file(bench.dir.path().join("ready"));
        let mut harness = bench.harness(&script);
        harness.signal(signal);
        assert!(harness.0.wait()?.success());
        assert_eq!(bench.read("outcome"), "Interrupted");
        bench.assert_all_go(6);
    }
    Ok(())
}

fn what_was_started_with_nohup_stays(bench: &Bench) -> Result<(), Failed> {
    fs::write(bench.dir.path().join("script"), "echo all > ready; while [ ! -e go ]; do sleep 0.01; done")?;
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' HUP; exec \"$0\""]).arg(std::env::current_exe()?);
    let mut harness = bench.harness_by(command);
    harness.signal(Signal::HUP);
    thread::sleep(Duration::from_millis(100));
    fs::write(bench.dir.path().join("go"), "")?;
    assert!(harness.0.wait()?.success());
    assert_eq!(bench.read("outcome"), "Exited(0)");
    Ok(())
}

fn what_was_ignored_from_the_start_stays_so_but_for_term(bench: &Bench) -> Result<(), Failed> {
    fs::write(bench.dir.path().join("script"), "echo all > ready; while [ ! -e go ]; do sleep 0.01; done")?;
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' INT HUP TERM; exec \"$0\""]).arg(std::env::current_exe()?);
    let mut harness = bench.harness_by(command);
    harness.signal(Signal::INT);
    harness.signal(Signal::HUP);
    thread::sleep(Duration::from_millis(100));
    assert_eq!((harness.0.try_wait()?, bench.read("outcome")), (None, String::new()));
    harness.signal(Signal::TERM);
    assert!(harness.0.wait()?.success());
    assert_eq!(bench.read("outcome"), "Interrupted");
    Ok(())
}

fn a_second_interrupt_does_not_wait(bench: &Bench) -> Result<(), Failed> {
    // The script ends its wait when the first TERM arrives, and reports it.
    let script = format!("{FAMILY} trap 'echo TERM > asked' TERM; while :; do sleep 0.01; done");
    let mut harness = bench.harness(&script);
    harness.signal(Signal::INT);
    wait_until("the build is asked to end", || !bench.read("asked").is_empty());
    harness.signal(Signal::INT);
    assert_eq!(harness.0.wait()?.code(), Some(130));
    assert_eq!(bench.read("outcome"), "", "the harness did not see the build's end");
    bench.assert_all_go(4);
    Ok(())
}

fn a_killed_supervisor_is_an_error(bench: &Bench) -> Result<(), Failed> {
    let mut supervisor = bench.supervisor();
    // Without a control group only the build's own session is found.
    let others = if bench.options.control_group { FAMILY } else { "trap '' TERM; sleep 600 &" };
    let script = format!("echo $$ > leader.pid; {others} kill -KILL $PPID; sleep 600");
    let error = supervisor.build(&bench.job(&script)).unwrap_err();
    assert!(matches!(error, SupervisorError::Lost { .. }), "{error}");
    bench.assert_all_gone(if bench.options.control_group { 5 } else { 1 });
    let again = supervisor.build(&bench.job("true")).unwrap_err();
    assert!(matches!(again, SupervisorError::Lost { .. }), "{again}");
    Ok(())
}

fn dropping_the_supervisor_ends_it(bench: &Bench) -> Result<(), Failed> {
    let mut supervisor = bench.supervisor();
    supervisor.build(&bench.job("echo $PPID > supervisor.pid"))?;
    assert!(bench.named(1).iter().all(|&pid| runs(pid)));
    drop(supervisor);
    bench.assert_all_gone(1);
    Ok(())
}
