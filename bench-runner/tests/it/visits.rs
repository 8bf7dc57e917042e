//! Runs with a time budget and several blocks: blocks take turns.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use bench_runner_core::bundle::{Bundle, Status, open};
use bench_runner_core::record::{Phase, Plan, Sample, StopReason, Visits};

use crate::lab::{Lab, PROGRAM, ProgramRun, entries};

trials! { "visits";
    blocks_of_a_run_with_a_budget_take_turns,
    incremental_builds_go_on_between_visits: LONG,
    an_interrupted_visit_is_completed_by_resuming,
    a_plan_without_visits_is_carried_out_block_by_block: LONG,
    a_budget_that_is_used_up_ends_all_blocks,
    a_block_that_ended_in_its_warm_up_does_not_make_the_machine_look_fast,
    a_warm_up_counts_although_a_variant_is_given_up_later,
    a_disk_that_fills_up_between_visits_ends_the_turns: ALWAYS.unless(no_private_mounts),
}

/// Two projects, each of which is a block.
fn two_blocks(lab: &Lab) -> Vec<&'static str> {
    lab.toy_named("first", "sleep 0.02", "");
    lab.toy_named("second", "sleep 0.02", "");
    vec!["--project", "first", "--project", "second", "--axis", "env.X=1,2", "--seed", "3"]
}

fn args<'a>(parts: &[&[&'a str]]) -> Vec<&'a str> {
    parts.concat()
}

/// The stretches of samples of one block: project, visit and its rounds; 0 stands for warm-ups.
fn stretches(samples: &[Sample]) -> Vec<(String, u32, BTreeSet<u32>)> {
    let mut found: Vec<(String, u32, BTreeSet<u32>)> = Vec::new();
    for sample in samples {
        let (project, visit) = (sample.project.to_string(), sample.visit.expect("a visit"));
        match found.last_mut() {
            Some(last) if last.0 == project => {
                assert_eq!(last.1, visit, "a visit ends where another block begins");
                last.2.insert(sample.round);
            }
            _ => found.push((project, visit, BTreeSet::from([sample.round]))),
        }
    }
    found
}

fn rounds_of(bundle: &Bundle, project: &str) -> BTreeSet<u32> {
    let of = |sample: &&Sample| sample.project == project && sample.phase == Phase::Measured;
    bundle.samples.iter().filter(of).map(|sample| sample.round).collect()
}

fn blocks_of_a_run_with_a_budget_take_turns() {
    let lab = Lab::new();
    let blocks = two_blocks(&lab);
    // Nothing is known about their times, so the warm-ups show that the second one is cheaper.
    lab.toy_named("first", "sleep 0.3", "");
    let budget = ["--time-budget", "20m", "--rounds", "6"];
    let planned = lab.run(&args(&[&["plan", "--json"], &blocks, &budget])).expect(0);
    let plan: Plan = serde_json::from_str(&planned.stdout).expect("a plan");
    let visits = Some(Visits { until: vec![3, 5], keep: true });
    assert!(plan.blocks.iter().all(|block| block.visits == visits), "{plan:?}");
    let text = lab.run(&args(&[&["plan"], &blocks, &budget])).expect(0).stdout;
    assert!(
        text.contains("Comparisons take turns, the cheapest first: 3 rounds of each, then 5 of each"),
        "{text}"
    );
    let ran = lab.run(&args(&[&["run"], &blocks, &budget])).expect(0);
    assert!(
        ran.stderr.contains("; its warm-up shows how long it takes")
            && ran.stderr.contains("back to comparison 1 of 2: first")
            && ran.stderr.contains("; 3 rounds so far; every comparison gets 5 rounds first"),
        "{}",
        ran.stderr
    );
    let bundle = lab.bundle();
    let found = stretches(&bundle.samples);
    let stretch = |project: &str, visit: u32, rounds: &[u32]| {
        (project.to_owned(), visit, rounds.iter().copied().collect())
    };
    let expected = [
        stretch("first", 1, &[0]),
        stretch("second", 1, &[0, 1, 2, 3]),
        stretch("first", 2, &[1, 2, 3]),
        stretch("second", 2, &[4, 5]),
    ];
    assert_eq!(found[..4], expected);
    // The last round of either block is built where it is worth more.
    assert_eq!((found[4].0.as_str(), found[4].1), ("first", 3));
    assert!(found[4].2.is_superset(&BTreeSet::from([4, 5])), "{found:?}");
    for project in ["first", "second"] {
        assert_eq!(rounds_of(&bundle, project), (1..=6).collect(), "{project}");
    }
    assert!(bundle.samples.iter().all(|sample| sample.session == 1), "a visit is not a session");
    let first_of_visit = |at: &usize| {
        let (before, sample) = (&bundle.samples[at - 1], &bundle.samples[*at]);
        before.block != sample.block
    };
    let begun: Vec<usize> = (1..bundle.samples.len()).filter(first_of_visit).collect();
    assert!(begun.iter().all(|&at| bundle.samples[at].predecessor.is_none()));
    let ends = &bundle.manifest.blocks;
    assert!(ends.iter().all(|end| end.stopped == StopReason::MaxRounds && end.rounds == 6), "{ends:?}");
    assert!(entries(&lab.path("cache/bench-runner/runs")).is_empty(), "the work trees are gone");
    let plots = entries(&lab.path("work/plots")).remove(0);
    let page = fs::read_to_string(plots.join("report.html")).expect("the page");
    assert!(page.contains("The 2 comparisons took turns within the time budget"), "the page tells it");
}

/// Real cargo: a block that starts from nothing, and one that edits.
fn incremental_builds_go_on_between_visits() {
    let lab = Lab::new();
    let package = "[package]\nname = \"tiny\"\nversion = \"0.1.0\"\nedition = \"2021\"\n";
    lab.write("tiny/Cargo.toml", package);
    lab.write("tiny/Cargo.lock", "version = 4\n\n[[package]]\nname = \"tiny\"\nversion = \"0.1.0\"\n");
    lab.write("tiny/src/main.rs", "fn main() {\n    println!(\"{}\", 6 * 7);\n}\n");
    let project = lab.path("tiny").display().to_string();
    let asked = ["run", "--project", &project, "--workload", "clean", "--workload", "incremental"];
    let budget =
        ["--axis", "jobs=2", "--on", "as-it-is", "--rounds", "6", "--time-budget", "20m", "--offline"];
    lab.run(&args(&[&asked, &budget])).expect(0);
    let bundle = lab.bundle();
    let incremental = || bundle.samples.iter().filter(|sample| sample.workload == "incremental");
    let visits: BTreeSet<u32> = incremental().filter_map(|sample| sample.visit).collect();
    assert!(visits.len() >= 2, "{visits:?}");
    assert!(incremental().all(|sample| sample.phase == Phase::Measured || sample.visit == Some(1)));
    assert!(incremental().all(|sample| sample.session == 1 && sample.outcome.cost().is_some()));
    let measured = || incremental().filter(|sample| sample.phase == Phase::Measured);
    assert_eq!(measured().count(), 2 * 6);
    let edits: BTreeSet<u64> = measured().map(|sample| sample.edit).collect();
    assert_eq!(edits.len(), 6, "one edit for each round, and none twice");
    let sets: BTreeSet<Option<&str>> =
        measured().map(|sample| sample.rebuilt.as_ref().map(|rebuilt| rebuilt.set.as_str())).collect();
    assert_eq!(sets.len(), 1, "every edit rebuilds the same units, also in a later visit: {sets:?}");
}

/// Six builds of the first project; of the second three warm-ups, the first round, and a build of the second
/// round that waits to be interrupted.
fn an_interrupted_visit_is_completed_by_resuming() {
    let lab = Lab::new();
    let blocks = two_blocks(&lab);
    let log = lab.path("log");
    // It takes longer than the first project, which therefore has its rounds before it.
    let waits = format!("echo x >> {0}\nsleep 0.3\n[ $(wc -l < {0}) -ne 8 ] || sleep 60", log.display());
    lab.toy_named("second", &waits, "");
    let asked = args(&[&["run"], &blocks, &["--time-budget", "20m", "--rounds", "4"]]);
    let child = lab.command(&asked).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program");
    let started = Instant::now();
    while fs::read_to_string(&log).map_or(0, |text| text.lines().count()) < 8 {
        assert!(started.elapsed() < Duration::from_secs(120), "the eighth build did not begin");
        thread::sleep(Duration::from_millis(5));
    }
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill");
    assert!(sent.success());
    assert_eq!(child.wait_with_output().expect("its end").status.code(), Some(130));
    assert!(
        entries(&lab.path("cache/bench-runner/runs")).is_empty(),
        "the work trees of all blocks are gone"
    );
    let dir = lab.bundles().remove(0);
    let before = open(&dir).expect("a bundle");
    assert_eq!(before.manifest.status, Status::Interrupted);
    assert!(before.manifest.blocks.is_empty(), "no block has ended");
    assert_eq!(rounds_of(&before, "first"), (1..=3).collect());
    assert_eq!(rounds_of(&before, "second"), (1..=2).collect());
    lab.run(&["run", "--resume", path(&dir)]).expect(0);
    let after = open(&dir).expect("a bundle");
    assert_eq!(after.manifest.status, Status::Complete);
    assert_eq!(after.samples[..before.samples.len()], before.samples, "nothing recorded is lost");
    let resumed = stretches(&after.samples[before.samples.len()..]);
    // The second block lacks rounds that every block gets first; both are warmed up again.
    assert_eq!((resumed[0].0.as_str(), resumed[0].1), ("second", 3));
    assert_eq!((resumed[1].0.as_str(), resumed[1].1), ("first", 3));
    assert!(resumed[..2].iter().all(|stretch| stretch.2.contains(&0)), "{resumed:?}");
    assert!(after.samples[before.samples.len()..].iter().all(|sample| sample.session == 2));
    for project in ["first", "second"] {
        assert_eq!(rounds_of(&after, project), (1..=4).collect(), "{project}");
    }
    let ends = &after.manifest.blocks;
    assert!(ends.len() == 2 && ends.iter().all(|end| end.rounds == 4), "{ends:?}");
}

fn path(dir: &Path) -> &str {
    dir.to_str().expect("UTF-8")
}

fn a_plan_without_visits_is_carried_out_block_by_block() {
    let lab = Lab::new();
    let blocks = two_blocks(&lab);
    let asked = args(&[&["plan", "--json"], &blocks, &["--time-budget", "20m", "--rounds", "4"]]);
    let mut plan: Plan = serde_json::from_str(&lab.run(&asked).expect(0).stdout).expect("a plan");
    plan.blocks.iter_mut().for_each(|block| block.visits = None);
    let file = lab.write("plan.json", &plan.to_json().expect("JSON"));
    lab.run(&["run", "--plan", path(&file)]).expect(0);
    let found = stretches(&lab.bundle().samples);
    let all: BTreeSet<u32> = (0..=4).collect();
    assert_eq!(found, [("first".to_owned(), 1, all.clone()), ("second".to_owned(), 1, all)]);
}

/// Only the first warm-up is built, which takes longer than the budget.
fn a_budget_that_is_used_up_ends_all_blocks() {
    let lab = Lab::new();
    let blocks = two_blocks(&lab);
    lab.toy_named("first", "sleep 0.5", "");
    lab.run(&args(&[&["run"], &blocks, &["--time-budget", "1s"]])).expect(0);
    let bundle = lab.bundle();
    assert!(bundle.samples.iter().all(|sample| sample.phase == Phase::Warmup && sample.project == "first"));
    assert_eq!(bundle.samples.len(), 3);
    let ends = &bundle.manifest.blocks;
    assert_eq!(ends.len(), 2);
    assert!(ends.iter().all(|end| end.stopped == StopReason::Budget && end.rounds == 0), "{ends:?}");
}

/// Both blocks take a fraction of a second, where minutes are estimated. Nothing of the machine's speed is known
/// after the first one, so the second one, which would take 20 minutes by its estimate, is not begun.
fn a_block_that_ended_in_its_warm_up_does_not_make_the_machine_look_fast() {
    let broken = [
        ("exit 1", "", StopReason::NothingToCompare),
        ("", "prepare = [\"false\"]", StopReason::CommandFailed),
    ];
    for (body, keys, stopped) in broken {
        let lab = Lab::new();
        let blocks = two_blocks(&lab);
        lab.toy_named("first", body, &format!("{keys}\n[estimate]\nclean = \"50s\""));
        lab.toy_named("second", "sleep 0.02", "[estimate]\nclean = \"100s\"");
        lab.run(&args(&[&["run"], &blocks, &["--time-budget", "15m", "--rounds", "6"]])).expect(3);
        let bundle = lab.bundle();
        assert!(bundle.samples.iter().all(|sample| sample.project == "first"), "{stopped:?}");
        let ends: Vec<StopReason> = bundle.manifest.blocks.iter().map(|end| end.stopped).collect();
        assert_eq!(ends, [stopped, StopReason::Budget]);
    }
}

/// The same with a first block whose warm-up is whole: the machine is far faster than estimated, also after a variant
/// has failed in the rounds, so the second block is begun after the first visit to the first one.
fn a_warm_up_counts_although_a_variant_is_given_up_later() {
    let lab = Lab::new();
    two_blocks(&lab);
    let log = lab.path("log").display().to_string();
    let fails = format!("[ \"$X\" != 3 ] || {{ echo x >> {log}; [ $(wc -l < {log}) -eq 1 ]; }}");
    lab.toy_named("first", &fails, "[estimate]\nclean = \"50s\"");
    lab.toy_named("second", "sleep 0.02", "[estimate]\nclean = \"100s\"");
    let asked = ["run", "--project", "first", "--project", "second", "--axis", "env.X=1,2,3", "--seed", "3"];
    lab.run(&args(&[&asked, &["--time-budget", "15m", "--rounds", "6"]])).expect(3);
    let bundle = lab.bundle();
    let first = bundle.manifest.blocks.iter().find(|end| end.block.project() == Some("first"));
    let given_up: Vec<&str> =
        first.iter().flat_map(|end| &end.not_timed).map(|entry| entry.variant.as_str()).collect();
    assert_eq!(given_up, ["env.X=3"]);
    let first_visits = BTreeSet::from([0, 1, 2, 3]);
    let expected = ["first", "second"].map(|project| (project.to_owned(), 1, first_visits.clone()));
    assert_eq!(stretches(&bundle.samples)[..2], expected);
}

/// Reason why these tests cannot mount a file system that only their own processes see.
fn no_private_mounts() -> Option<String> {
    let mount = ["--mount", "--map-root-user", "mount", "-t", "tmpfs", "none", "/tmp"];
    match Command::new("unshare").args(mount).output() {
        Ok(tried) if tried.status.success() => None,
        Ok(tried) => Some(String::from_utf8_lossy(&tried.stderr).trim().to_owned()),
        Err(error) => Some(format!("unshare: {error}")),
    }
}

/// The cache is a real file system of 1.5 GB. The last build of the first visit leaves less than the reserve of 1 GB.
fn a_disk_that_fills_up_between_visits_ends_the_turns() {
    let lab = Lab::new();
    let blocks = two_blocks(&lab);
    let (log, cache) = (lab.path("log"), lab.path("cache"));
    let fills = format!(
        "echo x >> {0}\n[ $(wc -l < {0}) -ne 12 ] || fallocate -l 700M {1}/filler",
        log.display(),
        cache.display()
    );
    lab.toy_named("first", &fills, "");
    lab.toy_named("second", "sleep 0.3", "");
    let mounts = "mount -t tmpfs -o size=1500m none \"$1\" && shift && exec \"$@\"";
    let inside = ["--mount", "--map-root-user", "sh", "-c", mounts, "sh", path(&cache), PROGRAM];
    let asked = args(&[&inside, &["run"], &blocks, &["--time-budget", "20m", "--rounds", "6"]]);
    let ran = ProgramRun::from(lab.command_of("unshare", &asked).output().expect("unshare")).expect(0);
    let said = "From here on comparisons were measured one after another: ";
    let line =
        ran.stderr.lines().find(|line| line.contains(said)).unwrap_or_else(|| panic!("{}", ran.stderr));
    assert!(line.contains(" MB are free, and the next rounds need "), "{line}");
    let bundle = lab.bundle();
    let ends = &bundle.manifest.blocks;
    assert!(ends.iter().all(|end| end.stopped == StopReason::MaxRounds && end.rounds == 6), "{ends:?}");
    assert!(ends.iter().all(|end| end.notes.iter().any(|note| note.contains(said))), "{ends:?}");
    let order: Vec<(String, BTreeSet<u32>)> =
        stretches(&bundle.samples).into_iter().map(|(project, _, rounds)| (project, rounds)).collect();
    let stretch = |project: &str, rounds: &[u32]| (project.to_owned(), rounds.iter().copied().collect());
    let expected = [
        stretch("first", &[0]),
        stretch("second", &[0]),
        // Its first visit fills the disk, so it goes on to its end before the other one.
        stretch("first", &[1, 2, 3, 4, 5, 6]),
        stretch("second", &[1, 2, 3, 4, 5, 6]),
    ];
    assert_eq!(order, expected);
}
