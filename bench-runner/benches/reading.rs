//! Time to read and summarize a million samples in many bundles, by phase.
//!
//! The bundles are created in the temporary directory and removed afterwards. If `BENCH_RUNNER_BENCH_RESULTS`
//! names a directory, they are created there, or reused, and kept. If `BENCH_RUNNER_BENCH_PYTHON` names a
//! Python with polars and DuckDB, these summarize the same files for comparison (`reading_elsewhere.py`).

#![allow(missing_docs, reason = "criterion's macros make undocumented items")]
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a benchmark starts other programs itself"
)]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use bench_runner::flows;
use bench_runner_core::bundle::{self, Bundle, BundleWriter, MachineEntry, Manifest, Status, fixture};
use bench_runner_core::compare::{Comparison, Policy};
use bench_runner_core::record::{
    Arm, ArmBuilds, Block, BlockId, Cost, FORMAT_VERSION, Interference, Outcome, Phase, Pin, Plan, Rebuilt,
    Role, Sample, Sampling, Variant, builds_by_arm,
};
use bench_runner_core::stats::{Summary, summarize};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rayon::prelude::*;

const BUNDLES: u32 = 100;
const BLOCKS: u32 = 10;
const ARMS: u32 = 20;
const ROUNDS: u32 = 50;
const CELLS: u32 = BUNDLES * BLOCKS * ARMS;
const SAMPLES: u32 = CELLS * ROUNDS;

fn plan() -> Plan {
    let arm = |arm: u32| {
        let (role, value) = match arm {
            0 => (Role::Baseline, 0),
            1 => (Role::Twin, 0),
            variant => (Role::Variant, variant),
        };
        let variant = Variant {
            name: format!("linker-threads={value}"),
            project: "ripgrep".into(),
            workload: "incremental".into(),
            rev: None,
            settings: BTreeMap::from([("linker-threads".into(), value.to_string())]),
        };
        Arm { role, variant, aliases: vec![], co_changes: vec![], primed: false }
    };
    let block = |block: u32| Block {
        id: BlockId::new(&format!("threads-{block}"), "ripgrep", "incremental"),
        axes: vec!["linker-threads".into()],
        arms: (0..ARMS).map(arm).collect(),
        sampling: Sampling {
            warmup: 1,
            min_rounds: 6,
            max_rounds: ROUNDS,
            precision: None,
            margin: 0.03,
            timeout: Duration::from_secs(3600),
        },
        commits: BTreeMap::new(),
        fidelity: vec![],
        design: None,
        visits: None,
    };
    Plan {
        format: FORMAT_VERSION,
        scenario: "threads".into(),
        seed: 1,
        sessions: 1,
        time_budget: None,
        projects: vec![],
        blocks: (0..BLOCKS).map(block).collect(),
        skipped: vec![],
        origin: None,
    }
}

fn manifest(number: u32) -> Manifest {
    let known = fixture::manifest();
    let machine = MachineEntry {
        directory: format!("machine-{}", number % 10),
        instance: number.to_string(),
        ..known.machine
    };
    Manifest { run: format!("20260101T000000Z-threads-{number:06x}"), machine, plan: plan(), ..known }
}

/// A build of five seconds ± 2 %.
fn sample(block: &Block, arm: &Arm, number: u32, round: u32, position: u32) -> Sample {
    let noise = u64::from(number.wrapping_mul(2_654_435_761) >> 12) * 190;
    let wall = Duration::from_nanos(4_900_000_000 + noise);
    Sample {
        number,
        block: block.id.clone(),
        session: 1,
        project: (&arm.variant.project).into(),
        pin: Pin::Git { rev: "0123456789abcdef0123456789abcdef01234567".into() }.into(),
        workload: (&arm.variant.workload).into(),
        variant: (&arm.variant.name).into(),
        role: arm.role,
        settings: arm.variant.settings.clone().into(),
        phase: Phase::Measured,
        round,
        position,
        attempt: 1,
        edit: 1_700_000_000_000 + u64::from(round),
        predecessor: None,
        started_at: SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600 + u64::from(number)),
        outcome: Outcome::Built(Cost {
            wall,
            user: wall * 3 / 2,
            sys: wall / 10,
            max_rss: 250_000_000 + noise,
            ..Cost::default()
        }),
        rebuilt: Some(Rebuilt { count: 1, set: "e3b0c44298fc".into() }),
        artifact_bytes: Some(46_740_440),
        interference: Interference {
            load: Some(1.5),
            steal: Some(Duration::ZERO),
            ..Interference::default()
        },
        cache: None,
        visit: None,
    }
}

fn write(results: &Path, number: u32) {
    let mut writer = BundleWriter::create(results, manifest(number), &[]).expect("a bundle");
    let plan = plan();
    let mut count = 0;
    for block in &plan.blocks {
        for round in 1..=ROUNDS {
            for (position, arm) in (1..).zip(&block.arms) {
                count += 1;
                writer.append_sample(&sample(block, arm, count, round, position)).expect("a row");
            }
        }
    }
    writer.finish(Status::Complete).expect("a manifest");
}

/// The bundles below `results`, created if there are none.
fn bundles(results: &Path) -> Vec<PathBuf> {
    let all = || (0..BUNDLES).map(|number| manifest(number).machine.directory + "/" + &manifest(number).run);
    let dirs: Vec<PathBuf> = all().map(|name| results.join(name)).collect();
    if !dirs.iter().all(|dir| dir.is_dir()) {
        (0..BUNDLES).into_par_iter().for_each(|number| write(results, number));
    }
    dirs
}

fn read(dir: &Path) -> Bundle {
    bundle::open(dir).expect("a bundle")
}

fn judge(bundle: &Bundle) -> Comparison {
    flows::judge(bundle, &Policy::default())
}

/// Wall time of each cell of a bundle: an expression that data frames and databases have too.
fn cells(dir: &Path) -> Vec<Summary> {
    let bundle = read(dir);
    let plan = &bundle.manifest.plan;
    let of_block = |block: &Block| {
        let of_it = bundle.samples.iter().filter(|sample| sample.block == block.id);
        let walls = |arm: &ArmBuilds<'_>| {
            let costs = arm.measured.iter().filter_map(|sample| sample.outcome.cost());
            summarize(&costs.map(|cost| cost.wall.as_secs_f64()).collect::<Vec<_>>())
        };
        builds_by_arm(block, of_it).iter().filter_map(walls).collect::<Vec<_>>()
    };
    plan.blocks.iter().flat_map(of_block).collect()
}

/// Seconds that another program needs to summarize the cells `times` times, by its own clock, without the
/// start of Python.
fn elsewhere(python: &Path, program: &str, results: &Path, times: u64) -> Duration {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("bench-runner/benches/reading_elsewhere.py");
    let said = std::process::Command::new(python)
        .arg(script)
        .args([program.as_ref(), results.as_os_str(), times.to_string().as_ref()])
        .output()
        .expect("Python starts");
    let text = String::from_utf8_lossy(&said.stdout);
    let mut words = text.split_whitespace();
    let (seconds, rows) = (words.next().and_then(|word| word.parse().ok()), words.next());
    assert_eq!(
        rows,
        Some(CELLS.to_string().as_str()),
        "{program}: {}",
        String::from_utf8_lossy(&said.stderr)
    );
    Duration::from_secs_f64(seconds.expect("seconds"))
}

fn reading(c: &mut Criterion) {
    let temporary = tempfile::tempdir().expect("a temporary directory");
    let named = std::env::var_os("BENCH_RUNNER_BENCH_RESULTS").map(PathBuf::from);
    let results = named.as_deref().unwrap_or(temporary.path());
    let dirs = bundles(results);
    let files: Vec<PathBuf> = dirs.iter().map(|dir| dir.join("samples.csv")).collect();
    let size = |file: &PathBuf| file.metadata().map_or(0, |metadata| metadata.len());
    let bytes: u64 = files.iter().map(size).sum();
    let mut group = c.benchmark_group(format!("{SAMPLES} samples, {} MB", bytes / 1_000_000));
    group.sample_size(10).throughput(Throughput::Bytes(bytes));

    group.bench_function("bytes of the files", |b| {
        b.iter(|| files.iter().map(|file| std::fs::read(file).map_or(0, |text| text.len())).sum::<usize>());
    });
    group.bench_function("manifests", |b| {
        b.iter(|| dirs.iter().map(|dir| bundle::read_manifest(dir).map_or(0, |one| one.jobs)).sum::<usize>());
    });
    group.bench_function("bundles, one core", |b| {
        b.iter(|| dirs.iter().map(|dir| read(dir).samples.len()).sum::<usize>());
    });
    group.bench_function("bundles, all cores", |b| {
        b.iter(|| dirs.par_iter().map(|dir| read(dir).samples.len()).sum::<usize>());
    });
    group.bench_function("read and summed up by cell, all cores", |b| {
        b.iter(|| assert_eq!(dirs.par_iter().map(|dir| cells(dir).len()).sum::<usize>(), CELLS as usize));
    });
    if let Some(python) = std::env::var_os("BENCH_RUNNER_BENCH_PYTHON").map(PathBuf::from) {
        for program in ["polars", "duckdb"] {
            group.bench_function(format!("the same by {program}"), |b| {
                b.iter_custom(|times| elsewhere(&python, program, results, times));
            });
        }
    }
    let tenth: Vec<Bundle> = dirs.iter().take(dirs.len() / 10).map(|dir| read(dir)).collect();
    group.bench_function("judging a tenth of them, all cores", |b| {
        b.iter(|| tenth.iter().for_each(|bundle| drop(black_box(judge(bundle)))));
    });
    group.bench_function("read and judged, all cores", |b| {
        b.iter(|| dirs.par_iter().map(|dir| judge(&read(dir)).blocks.len()).sum::<usize>());
    });
    group.finish();

    // A bundle has 10,000 samples.
    let mut group = c.benchmark_group("10000 samples");
    group.sample_size(10);
    let bundle = read(&dirs[0]);
    let judged = judge(&bundle);
    group.bench_function("page, from what was judged", |b| {
        b.iter(|| black_box(flows::page(&bundle, &judged, &Policy::default())))
    });
    group.bench_function("page, from the files", |b| {
        b.iter(|| {
            let bundle = read(&dirs[0]);
            black_box(flows::page(&bundle, &judge(&bundle), &Policy::default()))
        });
    });
    group.finish();
}

criterion_group!(benches, reading);
criterion_main!(benches);
