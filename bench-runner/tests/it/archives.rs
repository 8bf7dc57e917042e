//! `archive` on committed runs: every verb says the same before and after, and nothing is lost, whatever happens meanwhile.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use bench_runner_core::bundle::{self, list_runs};
use bench_runner_core::compare::{Policy, RunRecord, compare};
use bench_runner_core::record::Cost;

use crate::lab::{Lab, ProgramRun, entries, run_python};

trials! { "archives";
    verbs_read_archived_runs_as_before: ALWAYS.with("python3"),
    reports_of_archived_runs_are_the_same: LONG,
    what_is_not_packed_stays_and_is_named,
    a_killed_archive_loses_nothing: LONG,
    a_full_disk_changes_nothing,
    a_damaged_archive_hides_no_other_run,
    two_at_once_do_not_meet,
    thinned_runs_have_the_same_history,
    thinning_is_asked_for: ALWAYS.with("python3"),
}

const MONTH: [&str; 3] = ["archive", "--month", "2026-11"];

/// The first two committed machines with several runs, copied to the lab's results.
fn with_results(lab: &Lab) -> Vec<PathBuf> {
    let mut machines = entries(&Path::new(env!("CARGO_MANIFEST_DIR")).join("results"));
    machines.retain(|machine| machine.is_dir() && (2..6).contains(&entries(machine).len()));
    machines.sort();
    machines.truncate(2);
    assert_eq!(machines.len(), 2, "two committed machines with a few runs each");
    for machine in &machines {
        for run in entries(machine) {
            copy(&run, &lab.path("work/results").join(name(machine)).join(name(&run)));
        }
    }
    lab.bundles()
}

fn name(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).expect("a name")
}

/// Copies the files of a run without those that can be made again.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a directory");
    for file in entries(from).into_iter().filter(|path| path.is_file()) {
        fs::copy(&file, to.join(name(&file))).expect("a copy");
    }
}

/// Paths as the program, which runs in `work`, is given them.
fn shown(lab: &Lab, paths: &[PathBuf]) -> Vec<String> {
    let below = |path: &PathBuf| path.strip_prefix(lab.path("work")).expect("in work").display().to_string();
    paths.iter().map(below).collect()
}

/// Exit code and standard output of calls.
fn said(lab: &Lab, calls: &[Vec<&str>]) -> Vec<(Option<i32>, String)> {
    let one = |call: &Vec<&str>| {
        let ran = lab.run(call);
        (ran.code, ran.stdout)
    };
    calls.iter().map(one).collect()
}

fn archives(lab: &Lab) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> =
        entries(&lab.path("work/results")).iter().flat_map(|dir| entries(dir)).collect();
    found.retain(|path| path.extension().is_some_and(|kind| kind == "zip"));
    found.sort();
    found
}

fn verbs_read_archived_runs_as_before() {
    let lab = Lab::new();
    let bundles = with_results(&lab);
    let runs = shown(&lab, &bundles);
    let runs: Vec<&str> = runs.iter().map(String::as_str).collect();
    let of_all = |call: &[&'static str]| -> Vec<&str> { [call, &runs[..]].concat() };
    let mut calls = vec![
        of_all(&["compare"]),
        of_all(&["compare", "--json", "--margin", "1%"]),
        of_all(&["compare", "--verbose"]),
        of_all(&["decide", "--per-day", "clean=5,incremental=80"]),
        vec!["gate", runs[0]],
        vec!["gate", "--json", runs[0]],
        vec!["reproduce", runs[0], "--against", runs[1]],
        vec!["history", "--json"],
        vec!["history", "--format", "csv", "--metric", "cpu", "--metric", "max_rss"],
    ];
    for format in ["openmetrics", "csv", "json"] {
        calls.push(of_all(&["export", "--format", format]));
    }
    for format in ["bencher", "github-benchmark"] {
        calls.push(vec!["export", "--format", format, runs[0]]);
    }
    let before = said(&lab, &calls);
    for (call, (_, said)) in calls.iter().zip(&before) {
        assert!(said.lines().count() > 5, "{call:?}: {said}");
    }
    // A file that bench-runner does not know, and one in a directory of its own.
    lab.write(&format!("work/{}/notes/why ä.txt", runs[0]), "a note");
    let ran = lab.run(&MONTH).expect(0);
    assert_eq!(ran.stdout.matches("archived: ").count(), 2, "{}", ran.stdout);
    assert_eq!(lab.bundles().len(), 2, "only the archives are left");
    // The second time from what a history keeps of archived runs.
    for _ in 0..2 {
        for ((call, now), before) in calls.iter().zip(said(&lab, &calls)).zip(&before) {
            assert!(now == *before, "{call:?}: {before:?} has become {now:?}");
        }
    }
    // The path of an archive stands for its runs, and that of a run in it for the run.
    let paths = shown(&lab, &archives(&lab));
    let whole: Vec<&str> = paths.iter().map(String::as_str).collect();
    let export = |paths: &[&str]| lab.run(&[&["export", "--format", "csv"], paths].concat()).expect(0).stdout;
    assert_eq!(export(&whole), export(&runs));
    let inside = format!("{}/{}", paths[0], name(&bundles[0]));
    assert_eq!(export(&[inside.as_str()]), export(&runs[..1]));
    let ran = lab.run(&["gate", &paths[0]]).expect(2);
    assert!(ran.stderr.contains("name one of them, such as "), "{}", ran.stderr);
    let ran = lab.run(&["export", "--format", "csv", &inside, "--output", &paths[0]]).expect(2);
    assert!(ran.stderr.contains("lies in the bundle"), "nothing is written over an archive: {}", ran.stderr);
    // Any other zip program reads the archive, and what it unpacks is what was packed.
    let unpack = "import sys, zipfile\nwith zipfile.ZipFile(sys.argv[1]) as z:\n    assert z.testzip() is None\n    z.extractall(sys.argv[2])";
    let unpacked = lab.path("unpacked");
    run_python(unpack, &[archives(&lab)[0].to_str().expect("UTF-8"), unpacked.to_str().expect("UTF-8")]);
    let run = unpacked.join(name(&bundles[0]));
    assert_eq!(fs::read_to_string(run.join("notes/why ä.txt")).expect("the note"), "a note");
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join(runs[0]);
    for file in ["manifest.json", "samples.csv", "proofs.csv", "unit-sets.csv", "earlier-twins.csv"] {
        let read = |dir: &Path| fs::read(dir.join(file)).expect("a file");
        assert_eq!(read(&run), read(&committed), "{file}");
    }
}

/// Index of a run with an outlier, and the number of that build.
fn outlier(bundles: &[PathBuf]) -> (usize, u32) {
    let of_run = |(index, run): (usize, &PathBuf)| {
        let bundle = bundle::open(run).expect("a run");
        let comparison = compare(&RunRecord::from(&bundle), &Policy::default());
        let points = comparison.blocks.iter().flat_map(|block| &block.arms).flat_map(|arm| &arm.points);
        let outliers: Vec<f64> = points.filter(|point| point.outlier).map(|point| point.wall).collect();
        let is_one = |cost: &Cost| outliers.contains(&cost.wall.as_secs_f64());
        let sample = bundle.samples.iter().find(|sample| sample.outcome.cost().is_some_and(is_one))?;
        Some((index, sample.number))
    };
    bundles.iter().enumerate().find_map(of_run).expect("a committed run with an outlier")
}

fn reports_of_archived_runs_are_the_same() {
    let lab = Lab::new();
    let bundles = with_results(&lab);
    let runs = shown(&lab, &bundles);
    let runs: Vec<&str> = runs.iter().map(String::as_str).collect();
    // The log of an outlier, which the page shows.
    let (run, number) = outlier(&bundles);
    lab.write(&format!("work/{}/logs/{number:05}-x.log", runs[run]), "what the build said");
    let runs = [runs[run], runs[(run + 1) % runs.len()]];
    let drawn = || {
        let reports = [&["report"][..], &["report", "--format", "markdown"], &["report", "--json"]];
        let calls: Vec<Vec<&str>> = reports.iter().map(|call| [call, &runs[..]].concat()).collect();
        let said = said(&lab, &calls);
        let read = |run: &&str| {
            fs::read(lab.path("work/plots").join(name(Path::new(run))).join("report.html")).expect("a page")
        };
        (said, runs.iter().map(read).collect::<Vec<_>>())
    };
    let before = drawn();
    assert!(before.0.iter().all(|(code, _)| *code == Some(0)));
    assert!(String::from_utf8_lossy(&before.1[0]).contains("what the build said"));
    fs::remove_dir_all(lab.path("work/plots")).expect("pages");
    lab.run(&MONTH).expect(0);
    assert_eq!(drawn(), before);
}

fn what_is_not_packed_stays_and_is_named() {
    let lab = Lab::new();
    let bundles = with_results(&lab);
    let [interrupted, broken, linked] = &bundles[..3] else { panic!("three runs") };
    let text = fs::read_to_string(interrupted.join("manifest.json")).expect("a manifest");
    let changed = text.replace("\"status\": \"complete\"", "\"status\": \"interrupted\"");
    assert_ne!(text, changed);
    fs::write(interrupted.join("manifest.json"), changed).expect("to write it");
    fs::write(broken.join("manifest.json"), "{").expect("to write it");
    std::os::unix::fs::symlink("samples.csv", linked.join("link")).expect("a link");
    let machine = interrupted.parent().expect("a machine");
    fs::create_dir(machine.join("own")).expect("a directory");
    let state = || {
        let mut found: Vec<PathBuf> = bundles.iter().filter(|run| run.is_dir()).cloned().collect();
        found.extend(archives(&lab));
        found
    };
    let before = state();
    let planned = lab.run(&["archive", "--month", "2026-11", "--dry-run"]).expect(0).stdout;
    assert!(planned.contains("would archive: ") && planned.contains("stays: "), "{planned}");
    let ran = lab.run(&["archive", "--older-than", "1000years"]).expect(0);
    assert!(
        ran.stdout.contains("since they ended less than ") && ran.stdout.contains("nothing was archived"),
        "{}",
        ran.stdout
    );
    assert_eq!(state(), before, "nothing has changed");
    let ran = lab.run(&["archive", "--older-than", "0s", "--machine", name(machine)]).expect(0);
    for says in [
        format!("{}: it was interrupted; `bench-runner run --resume` completes it", name(interrupted)),
        format!("{}: it cannot be read: ", name(broken)),
        format!("{}: `link` is a link", name(linked)),
        "own: it has no manifest.json".to_owned(),
    ] {
        assert!(ran.stdout.contains(&says), "{says}: {}", ran.stdout);
    }
    assert!([interrupted, broken, linked].iter().all(|run| run.join("samples.csv").is_file()));
    // Later the run is complete, and is put with the others of its month.
    let packed =
        || list_runs(machine).expect("runs").runs.iter().filter(|run| run.root() != run.path()).count();
    let first = packed();
    fs::write(interrupted.join("manifest.json"), &text).expect("to write it");
    lab.run(&MONTH).expect(0);
    assert_eq!(packed(), first + 1);
    assert!(bundle::open(interrupted).expect("a run").samples.len() > 10);
    for (args, says) in [
        (&["archive", "--month", "2026-13"][..], "expected a month such as 2026-03"),
        (&["archive", "--machine", "other"], "there is no machine `other`"),
        (&["archive", "--yes"], "--thin"),
        (&["archive", "--results", "nowhere"], "there are no runs: "),
    ] {
        let ran = lab.run(args).expect(2);
        assert!(ran.stderr.contains(says), "{says}: {}", ran.stderr);
    }
}

/// Whenever it is killed, every run can be read, and the next call completes it.
fn a_killed_archive_loses_nothing() {
    let lab = Lab::new();
    let mut killed = 0;
    for millis in (0..30).map(|step| 4 * step) {
        fs::remove_dir_all(lab.path("work/results")).ok();
        let bundles = with_results(&lab);
        let before: Vec<_> = bundles.iter().map(|run| bundle::open(run).expect("a run").samples).collect();
        let mut child = lab.command(&MONTH).stdout(Stdio::null()).spawn().expect("the program");
        thread::sleep(Duration::from_millis(millis));
        child.kill().expect("to kill it");
        killed += u32::from(!child.wait().expect("its end").success());
        let read = || bundles.iter().map(|run| bundle::open(run).expect("a run").samples).collect::<Vec<_>>();
        assert_eq!(read(), before, "after {millis} ms");
        lab.run(&MONTH).expect(0);
        assert_eq!(read(), before);
        let left: Vec<PathBuf> =
            lab.bundles().into_iter().filter(|path| !archives(&lab).contains(path)).collect();
        assert!(left.is_empty(), "after {millis} ms: {left:?}");
    }
    assert!(killed > 5, "it was killed {killed} times");
}

/// Sets a limit for the size of files, which writing meets like the end of a disk.
fn with_small_files(command: &mut Command, bytes: u64) {
    use std::os::unix::process::CommandExt as _;
    let limit = move || {
        let limit = libc::rlimit { rlim_cur: bytes, rlim_max: bytes };
        // SAFETY: both may be called between fork and exec; the signal would end the program before it sees the error.
        let set = unsafe {
            libc::setrlimit(libc::RLIMIT_FSIZE, &raw const limit) == 0
                && libc::signal(libc::SIGXFSZ, libc::SIG_IGN) != libc::SIG_ERR
        };
        if set { Ok(()) } else { Err(std::io::Error::last_os_error()) }
    };
    // SAFETY: it allocates nothing and takes no lock.
    unsafe { command.pre_exec(limit) };
}

fn a_full_disk_changes_nothing() {
    let lab = Lab::new();
    let bundles = with_results(&lab);
    let before: Vec<_> = bundles.iter().map(|run| bundle::open(run).expect("a run").samples).collect();
    for bytes in [0, 1000, 20_000] {
        let mut command = lab.command(&MONTH);
        with_small_files(&mut command, bytes);
        let ran: ProgramRun = command.output().expect("the program").into();
        let ran = ran.expect(1);
        assert!(
            ran.stderr.contains("error: failed to write ") && ran.stderr.contains("archive-2026-11.zip: "),
            "{}",
            ran.stderr
        );
        assert_eq!(lab.bundles(), bundles, "no archive, no unfinished file, and no directory less");
    }
    // Into an archive that exists already, too.
    let machine = bundles[0].parent().expect("a machine").to_owned();
    let aside = lab.path("aside");
    fs::rename(&bundles[0], &aside).expect("to move it");
    lab.run(&MONTH).expect(0);
    fs::rename(&aside, &bundles[0]).expect("to move it back");
    let archive = fs::read(machine.join("archive-2026-11.zip")).expect("the archive");
    let mut command = lab.command(&MONTH);
    with_small_files(&mut command, 3000);
    let ran: ProgramRun = command.output().expect("the program").into();
    ran.expect(1);
    assert_eq!(fs::read(machine.join("archive-2026-11.zip")).expect("the archive"), archive);
    let read = || bundles.iter().map(|run| bundle::open(run).expect("a run").samples).collect::<Vec<_>>();
    assert_eq!(read(), before);
    lab.run(&MONTH).expect(0);
    assert_eq!(read(), before);
}

fn a_damaged_archive_hides_no_other_run() {
    let lab = Lab::new();
    let bundles = with_results(&lab);
    let runs = shown(&lab, &bundles);
    let aside = lab.path("aside");
    fs::rename(&bundles[0], &aside).expect("to move it");
    lab.run(&MONTH).expect(0);
    let damaged = archives(&lab).remove(0);
    let bytes = fs::read(&damaged).expect("an archive");
    fs::write(&damaged, &bytes[..bytes.len() / 2]).expect("to cut it");
    fs::rename(&aside, &bundles[0]).expect("to move it back");

    let ran = lab.run(&["history", "--format", "csv"]).expect(0);
    assert!(
        ran.stderr.contains("runs left out: ") && ran.stderr.contains("archive-2026-11.zip: damaged: "),
        "{}",
        ran.stderr
    );
    assert!(
        ran.stdout.contains(name(&bundles[0])) && ran.stdout.contains(name(bundles.last().expect("a run"))),
        "{}",
        ran.stdout
    );
    let ran = lab.run(&["compare", &runs[1]]).expect(1);
    assert!(ran.stderr.contains("archive-2026-11.zip: damaged: "), "{}", ran.stderr);
    lab.run(&["compare", runs.last().expect("a run")]).expect(0);
    // Nothing is added to it, and the runs of the month stay directories; it is named, and the exit code is 1.
    let ran = lab.run(&MONTH).expect(1);
    assert!(
        ran.stderr.contains("error: ") && ran.stderr.contains("restore the archive from a copy"),
        "{}",
        ran.stderr
    );
    assert!(bundles[0].join("manifest.json").is_file());
    assert_eq!(fs::read(&damaged).expect("an archive").len(), bytes.len() / 2);
    lab.run(&["archive", "--month", "2026-11", "--dry-run"]).expect(1);
    // From a copy, as the message says.
    fs::write(&damaged, &bytes).expect("to restore it");
    lab.run(&MONTH).expect(0);
    lab.run(&["compare", &runs[0], &runs[1]]).expect(0);
}

fn two_at_once_do_not_meet() {
    let lab = Lab::new();
    let bundles = with_results(&lab);
    let machine = bundles[0].parent().expect("a machine");
    let lock = File::open(machine).expect("its directory");
    lock.lock().expect("the lock");
    let ran = lab.run(&MONTH).expect(1);
    assert!(
        ran.stderr.contains("is being archived by another process; nothing was changed"),
        "{}",
        ran.stderr
    );
    assert!(bundles[0].is_dir(), "this machine is left alone");
    assert_eq!(archives(&lab).len(), 1, "the other one is not");
    drop(lock);
    // Two real ones: whichever comes second finds nothing to do, or is refused.
    let mut both = [lab.command(&MONTH), lab.command(&MONTH)]
        .map(|mut one| one.stdout(Stdio::null()).spawn().expect("the program"));
    let codes = both.each_mut().map(|one| one.wait().expect("its end").code());
    assert!(codes.contains(&Some(0)) && codes.iter().all(|code| matches!(code, Some(0 | 1))), "{codes:?}");
    lab.run(&MONTH).expect(0);
    assert_eq!(lab.bundles(), archives(&lab));
    for run in &bundles {
        bundle::open(run).expect("a run");
    }
}

fn thinned_runs_have_the_same_history() {
    let lab = Lab::new();
    let bundles = with_results(&lab);
    let runs = shown(&lab, &bundles);
    let calls = [
        vec!["history", "--json"],
        vec!["history", "--format", "csv", "--metric", "cpu", "--metric", "max_rss", "--metric", "wall"],
    ];
    let before = said(&lab, &calls);
    let thin = [&MONTH[..], &["--thin", "--yes"]].concat();
    let planned = lab.run(&[&thin[..], &["--dry-run"]].concat()).expect(0).stdout;
    assert!(planned.contains("of those that would be archived"), "{planned}");
    assert_eq!(said(&lab, &calls), before);
    let ran = lab.run(&thin).expect(0);
    assert_eq!(ran.stdout.matches("thinned: ").count(), 2, "{}", ran.stdout);
    assert_eq!(said(&lab, &calls), before, "the same values, to the last digit");
    let run = runs[0].as_str();
    let out = lab.path("out.csv");
    for call in [
        &["report", run][..],
        &["compare", run],
        &["decide", "--per-day", "clean=5", run],
        &["gate", run],
        &["reproduce", run],
        &["export", "--format", "csv", "--output", out.to_str().expect("UTF-8"), run],
    ] {
        let ran = lab.run(call).expect(2);
        assert!(
            ran.stderr.contains("this run was thinned on 2") && ran.stdout.is_empty(),
            "{call:?}: {}",
            ran.stderr
        );
    }
    // The log-ratios of each round are there: their number is that of rounds, comparisons and metrics.
    let files = bundle::RunFiles::find(&bundles[0]).expect("the run");
    let rounds = files.read("rounds.csv").expect("the archive").expect("the log-ratios");
    let rounds = String::from_utf8(rounds).expect("UTF-8");
    let samples = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(run).join("samples.csv"))
        .expect("samples");
    let measured = samples.lines().filter(|line| line.contains(",measured,")).count();
    let baselines =
        samples.lines().filter(|line| line.contains(",measured,") && line.contains(",baseline,")).count();
    let of_wall = rounds.lines().filter(|line| line.contains(",wall,")).count();
    assert!(baselines > 0 && of_wall == measured - baselines, "{of_wall} of {measured} − {baselines}");
    let record = files.thinned().expect("the archive").expect("the record");
    assert_eq!(
        record.dropped.iter().map(|file| (file.file.as_str(), file.bytes)).collect::<Vec<_>>(),
        [("samples.csv", samples.len() as u64)]
    );
    // A second call finds nothing more, and a run of which the samples are given back is read again.
    let ran = lab.run(&thin).expect(0);
    assert!(ran.stderr.contains("there is nothing to thin"), "{}", ran.stderr);
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join(run), &bundles[0]);
    lab.run(&["compare", run]).expect(0);
    let ran = lab.run(&MONTH).expect(0);
    assert!(ran.stderr.contains("`samples.csv` differs; both stay"), "{}", ran.stderr);
    assert!(bundles[0].join("samples.csv").is_file());
}

/// Never from a timer: without a terminal it is refused, and in one the answer is needed.
fn thinning_is_asked_for() {
    let lab = Lab::new();
    let bundles = with_results(&lab);
    let thin = [&MONTH[..], &["--thin"]].concat();
    let ran = lab.run(&thin).expect(2);
    assert!(ran.stderr.contains("this is not a terminal\nhelp: `--dry-run` shows"), "{}", ran.stderr);
    assert!(bundles[0].is_dir(), "nothing is archived either");
    let answer = |answer: &str| {
        let script = "import os, pty, sys\n\
            pid, terminal = pty.fork()\n\
            if pid == 0:\n    os.execv(sys.argv[1], sys.argv[1:2] + sys.argv[3:])\n\
            os.write(terminal, sys.argv[2].encode())\n\
            out = b''\n\
            while True:\n\
            \x20   try: part = os.read(terminal, 4096)\n\
            \x20   except OSError: break\n\
            \x20   if not part: break\n\
            \x20   out += part\n\
            sys.stdout.buffer.write(out)\n\
            sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))";
        let mut command = lab.command_of("python3", &["-c", script, crate::lab::PROGRAM, answer]);
        let ran: ProgramRun = command.args(&thin).output().expect("Python").into();
        ran
    };
    let no = answer("n\n").expect(4);
    assert!(
        no.stdout.contains("of samples and logs of ") && no.stdout.contains("nothing was dropped"),
        "{}",
        no.stdout
    );
    bundle::open(&bundles[0]).expect("the samples are there");
    let yes = answer("y\n").expect(0);
    assert!(yes.stdout.contains("thinned: "), "{}", yes.stdout);
    assert!(bundle::open(&bundles[0]).expect_err("they are dropped").is_request());
}
