//! Readers that go away, as `head` does: no verb panics, and a run that measures still records its results.

use std::fs;
use std::io::pipe;
use std::process::Stdio;

use bench_runner_core::bundle::Status;

use crate::lab::{Lab, ProgramRun};

trials! { "closed_pipes";
    no_verb_minds_a_reader_that_goes_away,
    a_run_that_nobody_reads_records_its_results,
    a_full_disk_is_said,
}

const TOY: [&str; 7] = ["run", "--project", "toy", "--axis", "env.X=1,2", "--rounds", "2"];

/// A pipe that nobody reads.
fn closed() -> Stdio {
    let (reader, writer) = pipe().expect("a pipe");
    drop(reader);
    writer.into()
}

fn no_verb_minds_a_reader_that_goes_away() {
    let lab = Lab::new();
    lab.toy("true", "");
    lab.run(&TOY).expect(0);
    let bundle = lab.bundles().remove(0);
    let bundle = bundle.to_str().expect("UTF-8");
    let man = lab.path("man");
    let calls: [&[&str]; 20] = [
        &TOY,
        &["plan", "--project", "toy", "--axis", "env.X=1,2"],
        &["search", "--project", "toy", "--per-day", "none=1"],
        &["doctor"],
        &["scenarios", "list"],
        &["corpus", "list"],
        &["report", bundle],
        &["compare", bundle, bundle],
        &["decide", bundle],
        &["gate", bundle],
        &["bisect", "--good", "HEAD~2", "--json"],
        &["track", "none.toml", "--json"],
        &["bless", "none.toml", "--all", "--reason", "none"],
        &["history"],
        &["backfill", "HEAD~2..HEAD"],
        &["reproduce", bundle, "--against", bundle],
        &["export", "--format", "csv", bundle],
        &["archive"],
        &["completions", "bash"],
        &["man", man.to_str().expect("UTF-8")],
    ];
    let verbs: Vec<String> =
        bench_runner::cli::command().get_subcommands().map(|verb| verb.get_name().to_owned()).collect();
    assert_eq!(calls.map(|call| call[0].to_owned()).to_vec(), verbs, "every verb is tried");
    for call in calls.into_iter().chain([&["help"][..], &["run", "--help"]]) {
        let open = lab.run(call);
        let unread: ProgramRun = lab.command(call).stdout(closed()).output().expect("the program").into();
        assert_eq!(unread.code, open.code, "{call:?}: {}", unread.stderr);
        assert!(!unread.stderr.contains("panicked") && !unread.stderr.contains("pipe"), "{}", unread.stderr);
        let silent = lab.command(call).stdout(closed()).stderr(closed()).status().expect("the program");
        assert_eq!(silent.code(), open.code, "{call:?}");
    }
}

fn a_run_that_nobody_reads_records_its_results() {
    let lab = Lab::new();
    lab.toy("true", "");
    let status = lab.command(&TOY).stdout(closed()).stderr(closed()).status().expect("the program");
    assert_eq!(status.code(), Some(0));
    let bundle = lab.bundle();
    assert_eq!(bundle.manifest.status, Status::Complete);
    let name = bundle.dir.file_name().expect("its name").to_owned();
    assert!(lab.path("work/plots").join(name).join("report.html").is_file(), "and the page is made");
}

fn a_full_disk_is_said() {
    let lab = Lab::new();
    lab.toy("true", "");
    let full = fs::OpenOptions::new().write(true).open("/dev/full").expect("the device");
    let ran: ProgramRun = lab.command(&TOY).stdout(full).output().expect("the program").into();
    let ran = ran.expect(1);
    assert!(
        ran.stderr.contains("error: failed to write to standard output: No space left"),
        "{}",
        ran.stderr
    );
    assert_eq!(lab.bundle().manifest.status, Status::Complete, "the results are kept");
}
