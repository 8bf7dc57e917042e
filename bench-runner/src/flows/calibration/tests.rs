use std::time::Duration;

use bench_runner_core::bundle::{BundleWriter, fixture};
use bench_runner_core::record::{Arm, Block, Cost, Outcome, Plan, Role, Sample};

use super::super::archiving::{self, RunSelection};
use super::*;

const EARLY: &str = "2026-01-01T00:00:00Z";
const LATE: &str = "2026-01-02T00:00:00Z";
const NOW: &str = "2026-02-01T00:00:00Z";

fn id(project: usize, workload: &str) -> BlockId {
    BlockId::new("s", &format!("p{project}"), workload)
}

/// A manifest of a run with this number of projects under a workload, each a block of baseline and twin.
fn manifest(run: &str, started_at: &str, projects: usize, workload: &str) -> Manifest {
    let plan = fixture::plan();
    let block = |project: usize| {
        let mut baseline = plan.blocks[0].arms[0].clone();
        baseline.variant.workload = workload.to_owned();
        let twin = Arm { role: Role::Twin, ..baseline.clone() };
        Block { id: id(project, workload), arms: vec![baseline, twin], ..plan.blocks[0].clone() }
    };
    let plan = Plan { blocks: (0..projects).map(block).collect(), ..plan.clone() };
    let (run, started_at) = (run.to_owned(), started_at.to_owned());
    Manifest { run, started_at, plan, ..fixture::manifest() }
}

/// Writes its bundle with this number of rounds in each block; `session` gives the session of a round.
fn written(
    results: &Path,
    manifest: Manifest,
    rounds: u32,
    session: fn(u32) -> u32,
    status: Status,
) -> PathBuf {
    let blocks = manifest.plan.blocks.clone();
    let mut writer = BundleWriter::create(results, manifest, &[]).unwrap();
    for (block, round) in blocks.iter().flat_map(|block| (1..=rounds).map(move |round| (block, round))) {
        for (arm, (a, b)) in block.arms.iter().zip([(37, 11), (53, 13)]) {
            let wall = Duration::from_millis(1000 + u64::from(round * a % b));
            let cost = Cost { wall, user: wall, sys: wall, max_rss: 1, ..Cost::default() };
            let sample = Sample {
                block: block.id.clone(),
                session: session(round),
                workload: (&arm.variant.workload).into(),
                variant: (&arm.variant.name).into(),
                role: arm.role,
                round,
                outcome: Outcome::Built(cost),
                ..fixture::sample(round, fixture::built())
            };
            writer.append_sample(&sample).unwrap();
        }
    }
    writer.finish(status).unwrap()
}

fn complete(results: &Path, manifest: Manifest) -> PathBuf {
    written(results, manifest, 6, |_| 1, Status::Complete)
}

/// Run and block of each twin that calibrates a run which starts now.
fn found(results: &Path, limits: CalibrationLimits) -> (Vec<(String, BlockId)>, Vec<String>) {
    let own = manifest("now", NOW, 1, "clean");
    let EarlierTwins { twins, remarks, .. } = collect(&Search::for_run(results, &own), limits);
    (twins.into_iter().map(|twin| (twin.run, twin.block)).collect(), remarks)
}

fn of(run: &str, project: usize, workload: &str) -> (String, BlockId) {
    (run.to_owned(), id(project, workload))
}

#[test]
fn the_newest_run_comes_first_and_a_copy_is_no_second_run() {
    let dir = tempfile::tempdir().unwrap();
    // Sorted by name the order would be reversed.
    let first = complete(dir.path(), manifest("b", EARLY, 2, "clean"));
    complete(dir.path(), manifest("a", LATE, 1, "clean"));
    let copy = dir.path().join("m/copy");
    std::fs::create_dir(&copy).unwrap();
    for file in std::fs::read_dir(&first).unwrap().map(Result::unwrap) {
        std::fs::copy(file.path(), copy.join(file.file_name())).unwrap();
    }
    let expected = vec![of("a", 0, "clean"), of("b", 0, "clean"), of("b", 1, "clean")];
    assert_eq!(found(dir.path(), LIMITS), (expected.clone(), vec![]));
    // If one of the two copies is damaged, the other one counts.
    std::fs::write(copy.join("samples.csv"), "sample\n1\n").unwrap();
    assert_eq!(found(dir.path(), LIMITS).0, expected);
    std::fs::rename(&copy, dir.path().join("m/0")).unwrap();
    assert_eq!(found(dir.path(), LIMITS).0, expected);
}

#[test]
fn only_complete_runs_of_the_same_machine_count() {
    let dir = tempfile::tempdir().unwrap();
    written(dir.path(), manifest("a", EARLY, 1, "clean"), 6, |_| 1, Status::Interrupted);
    written(dir.path(), manifest("b", EARLY, 1, "clean"), 6, |_| 1, Status::Broken);
    complete(dir.path(), manifest("now", NOW, 1, "clean"));
    let mut elsewhere = manifest("c", EARLY, 1, "clean");
    elsewhere.machine.directory = "other".into();
    let elsewhere = complete(dir.path(), elsewhere);
    std::fs::rename(elsewhere, dir.path().join("m/c")).unwrap();
    std::fs::create_dir(dir.path().join("m/notes")).unwrap();
    assert_eq!(found(dir.path(), LIMITS), (vec![], vec![]));
    assert_eq!(found(&dir.path().join("nowhere"), LIMITS), (vec![], vec![]));
}

#[test]
fn blocks_of_several_sessions_or_few_rounds_say_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let status = Status::Complete;
    written(dir.path(), manifest("sessions", EARLY, 1, "clean"), 12, |round| 1 + round / 7, status);
    written(dir.path(), manifest("short", EARLY, 1, "clean"), 3, |_| 1, status);
    written(dir.path(), manifest("enough", EARLY, 1, "clean"), 4, |_| 2, status);
    assert_eq!(found(dir.path(), LIMITS).0, [of("enough", 0, "clean")]);
}

#[test]
fn what_cannot_be_drawn_upon_is_said_in_one_sentence_each() {
    let dir = tempfile::tempdir().unwrap();
    let damaged = complete(dir.path(), manifest("a", EARLY, 1, "clean"));
    std::fs::write(damaged.join("samples.csv"), "sample\n1\n").unwrap();
    complete(dir.path(), manifest("b", "2026-02-01T00:00:01Z", 1, "clean"));
    let (twins, remarks) = found(dir.path(), LIMITS);
    assert_eq!((twins.len(), remarks.len()), (0, 2));
    let says = "1 earlier bundle cannot be read and is not drawn upon: ";
    assert!(remarks[0].starts_with(says) && remarks[0].contains("a/samples.csv:1: "), "{remarks:?}");
    assert_eq!(remarks[1], "1 run of this machine is not drawn upon, because it starts in the future: b");
    std::fs::create_dir(dir.path().join("m/0")).unwrap();
    std::fs::write(dir.path().join("m/0/manifest.json"), "{").unwrap();
    complete(dir.path(), manifest("c", "2027-01-01T00:00:00Z", 1, "clean"));
    let (twins, remarks) = found(dir.path(), LIMITS);
    assert_eq!((twins.len(), remarks.len()), (0, 2));
    let says = "2 earlier bundles cannot be read and are not drawn upon; the first: ";
    assert!(remarks[0].starts_with(says) && remarks[0].contains("0/manifest.json:1: "), "{remarks:?}");
    assert_eq!(
        remarks[1],
        "2 runs of this machine are not drawn upon, because they start in the future; the first: b"
    );
}

#[test]
fn a_large_run_of_another_workload_pushes_no_others_out() {
    let dir = tempfile::tempdir().unwrap();
    let oldest = complete(dir.path(), manifest("a", "2025-12-31T00:00:00Z", 1, "clean"));
    complete(dir.path(), manifest("b", EARLY, 4, "clean"));
    complete(dir.path(), manifest("c", LATE, 5, "check"));
    let limits = CalibrationLimits { twins: 3, ..LIMITS };
    let three = |run, workload| (0..3).map(|project| of(run, project, workload)).collect::<Vec<_>>();
    let all = [three("c", "check"), three("b", "clean")].concat();
    assert_eq!(found(dir.path(), limits), (all.clone(), vec![]));
    // Older bundles are not even read.
    std::fs::write(oldest.join("samples.csv"), "sample\n1\n").unwrap();
    assert_eq!(found(dir.path(), limits), (all, vec![]));
    assert_eq!(
        found(dir.path(), CalibrationLimits { twins: 9, bundles: 2, ..LIMITS }).1,
        Vec::<String>::new()
    );
    assert_eq!(found(dir.path(), CalibrationLimits { twins: 9, bundles: 3, ..LIMITS }).1.len(), 1);
    assert_eq!(found(dir.path(), CalibrationLimits { twins: 9, bundles: 1, ..LIMITS }).0.len(), 5);
}

#[test]
fn the_expected_noise_is_that_of_the_newest_runs_of_the_same_workload() {
    let dir = tempfile::tempdir().unwrap();
    let plan = manifest("now", NOW, 1, "clean").plan;
    let noise = |machine: &str| machine_history(dir.path(), machine, &plan).noise;
    assert_eq!(noise("m"), BTreeMap::new(), "there is no run yet");
    // Ten newer runs of another workload are not in the way.
    for number in 0..10 {
        complete(dir.path(), manifest(&format!("check{number}"), LATE, 1, "check"));
    }
    assert_eq!(noise("m"), BTreeMap::new());
    let first = complete(dir.path(), manifest("a", EARLY, 3, "clean"));
    let found = noise("m");
    assert_eq!(found.keys().collect::<Vec<_>>(), ["clean"]);
    let twins = {
        let bundle = bundle::open(&first).unwrap();
        twins_of(&bundle, &judge(&bundle, &Policy::default()))
    };
    // By hand: all three blocks have the same twin, of six rounds, alone in its block.
    let by_hand = twins[0].se * 3f64.sqrt() * 0.8664 / 0.7785f64.sqrt();
    assert!((found["clean"].sd / by_hand - 1.0).abs() < 1e-9, "{found:?} instead of {by_hand}");
    assert_eq!(found["clean"].offset, None, "three twins say nothing about offsets");
    let builds = machine_history(dir.path(), "m", &plan).builds;
    let mut by_hand = EarlierBuilds::default();
    let comparison = judge(&bundle::open(&first).unwrap(), &Policy::default());
    for block in &manifest("a", EARLY, 3, "clean").plan.blocks {
        let of_block = comparison.blocks.iter().find(|one| one.id == block.id).unwrap();
        let median = of_block.arms[0].wall().unwrap().median;
        by_hand.add_older(&block.arms[0].variant, Duration::from_secs_f64(median));
    }
    assert_eq!(builds, by_hand, "the baseline of each block; its control is the same variant");
    complete(dir.path(), manifest("b", EARLY, 7, "clean"));
    assert!(noise("m")["clean"].offset.is_some());
    assert_eq!(noise("elsewhere"), BTreeMap::new());
}

/// Archived runs calibrate later ones like directories, and so do thinned ones, by what was kept of them.
#[test]
fn archived_and_thinned_runs_calibrate_as_before() {
    let dir = tempfile::tempdir().unwrap();
    complete(dir.path(), manifest("a", EARLY, 7, "clean"));
    complete(dir.path(), manifest("b", LATE, 4, "clean"));
    let plan = manifest("now", NOW, 7, "clean").plan;
    let drawn = || {
        let earlier = earlier(dir.path(), &manifest("now", NOW, 7, "clean"));
        let history = machine_history(dir.path(), "m", &plan);
        (earlier.twins, earlier.remarks, history.noise, history.builds)
    };
    let before = drawn();
    assert_eq!((before.0.len(), before.1.len(), before.2.len()), (11, 0, 1));
    let machine = dir.path().join("m");
    let selection = RunSelection::Month("2026-01".into());
    let packed = archiving::archive(&machine, &selection);
    assert_eq!((packed.packed.len(), packed.failed.len()), (1, 0), "{packed:?}");
    assert!(!machine.join("a").exists() && !machine.join("b").exists());
    assert_eq!(drawn(), before);
    let thinned = archiving::thin(&machine, &selection);
    assert_eq!((thinned.thinned.len(), thinned.failed.len()), (1, 0), "{thinned:?}");
    assert!(bundle::open(&machine.join("a")).unwrap_err().is_request());
    assert_eq!(drawn(), before);
    // An archive that cannot be read is named, and hides no other run.
    std::fs::write(machine.join("archive-2025-12.zip"), "PK").unwrap();
    let (twins, remarks, ..) = drawn();
    assert_eq!((twins.len(), remarks.len()), (11, 1));
    assert!(remarks[0].contains("archive-2025-12.zip: damaged: "), "{remarks:?}");
}
