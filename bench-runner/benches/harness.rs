//! Time of the program's own code: planning, judging, drawing, reading. `whole_commands.sh` in this directory
//! measures whole commands.

#![allow(missing_docs, reason = "criterion's macros make undocumented items")]

use std::hint::black_box;
use std::time::{Duration, SystemTime};

use bench_runner_core::compare::{Comparison, Policy, RunRecord, compare};
use bench_runner_core::record::{
    Arm, Block, BlockId, Cost, Interference, Outcome, Phase, Pin, Plan, PlannedProject, Refusal, Role,
    Sample, TreeId,
};
use bench_runner_core::search::fixture::working_day;
use bench_runner_core::search::{StageBuild, StageResult, StageRounds, first_stage, next_step};
use bench_runner_core::stats::{Control, DesignSpace, LEVEL, Reference, aliasing, choose_fraction, holm};
use bench_runner_measure::axes::{Available, Setting, Settings};
use bench_runner_measure::build::Goal;
use bench_runner_measure::plan::{PlanOptions, ProjectView, World, plan};
use bench_runner_measure::sampling;
use bench_runner_measure::scenario::{
    Baseline, Matrix, MatrixDesign, RequestError, RequestWord, SamplingSpec, Scenario,
};
use bench_runner_report::{figure, report};
use criterion::{Criterion, criterion_group, criterion_main};
use rayon::prelude::*;

/// A world in which every value is available.
struct Everything;

impl World for Everything {
    type Error = RequestError;

    fn projects(&self, word: &RequestWord) -> Result<Vec<ProjectView>, RequestError> {
        let planned = PlannedProject {
            name: word.text.clone(),
            pin: Pin::Tree { sha256: "0".repeat(64) },
            manifest: String::new(),
            base: None,
            notes: Vec::new(),
            ignored: None,
        };
        Ok(vec![self.planned_project(&planned)?])
    }

    fn planned_project(&self, planned: &PlannedProject) -> Result<ProjectView, RequestError> {
        Ok(ProjectView {
            planned: planned.clone(),
            cargo: true,
            edits: vec![bench_runner_measure::corpus::EditClass::Body],
            own: false,
            own_edit: false,
            profile: None,
            estimate: Default::default(),
        })
    }

    fn revision(&self, _: &ProjectView, _: &str) -> Result<(), Refusal> {
        Ok(())
    }

    fn probe(&self, _: &TreeId, setting: &Setting<'_>) -> Result<Available, Refusal> {
        Ok(Available::without_tool(setting.text))
    }

    fn commits(&self, _: &ProjectView, count: usize) -> Result<Vec<String>, Refusal> {
        Ok((0..count).map(|n| format!("{n:040}")).collect())
    }

    fn goal(&self, _: &TreeId, _: Goal, _: &Settings) -> Result<(), Refusal> {
        Ok(())
    }

    fn as_configured(&self, _: &ProjectView) -> Result<String, RequestError> {
        Ok(String::new())
    }
}

fn planned(blocks: usize, variants: usize) -> Plan {
    plan_of(blocks, &[variants], MatrixDesign::Product)
}

/// Axes with these numbers of values.
fn plan_of(blocks: usize, axes: &[usize], design: MatrixDesign) -> Plan {
    let word = |text: String| RequestWord::from_command_line(text);
    let axis = |(at, count): (usize, &usize)| {
        (format!("env.X{at}"), (0..*count).map(|n| word(n.to_string())).collect())
    };
    let scenario = Scenario {
        name: "bench".into(),
        summary: String::new(),
        matrices: vec![Matrix {
            name: "bench".into(),
            projects: (0..blocks).map(|n| word(format!("p{n}"))).collect(),
            workloads: vec![word("clean".into())],
            baseline: Baseline::default(),
            variants: Vec::new(),
            axes: axes.iter().enumerate().map(axis).collect(),
            on: Default::default(),
            exclude: Vec::new(),
            twin: true,
            alone: false,
            design,
            mixed: false,
        }],
        sampling: SamplingSpec::default(),
        origin: String::new(),
    };
    plan(&[scenario], &Everything, &PlanOptions::default()).expect("a plan")
}

fn samples(plan: &Plan, rounds: u32) -> Vec<Sample> {
    let mut state = 1u64;
    let mut samples = Vec::new();
    for block in &plan.blocks {
        for round in 1..=rounds {
            for (position, at) in
                sampling::round_order(plan.seed, &block.id, block.arms.len(), round).into_iter().enumerate()
            {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let noise = (state >> 40) as f64 / (1u64 << 24) as f64;
                samples.push(sample(plan, &block.id, &block.arms[at], round, position, samples.len(), noise));
            }
        }
    }
    samples
}

fn sample(
    plan: &Plan,
    block: &BlockId,
    arm: &Arm,
    round: u32,
    position: usize,
    number: usize,
    noise: f64,
) -> Sample {
    let wall = Duration::from_secs_f64(5.0 + 0.2 * noise);
    Sample {
        number: number as u32 + 1,
        block: block.clone(),
        session: 1,
        project: (&arm.variant.project).into(),
        pin: plan.projects[0].pin.clone().into(),
        workload: (&arm.variant.workload).into(),
        variant: (&arm.variant.name).into(),
        role: arm.role,
        settings: arm.variant.settings.clone().into(),
        phase: Phase::Measured,
        round,
        position: position as u32 + 1,
        attempt: 1,
        edit: 0,
        predecessor: None,
        started_at: SystemTime::UNIX_EPOCH,
        outcome: Outcome::Built(Cost { wall, user: wall, sys: wall, max_rss: 1, ..Cost::default() }),
        rebuilt: None,
        artifact_bytes: None,
        interference: Interference::default(),
        cache: None,
        visit: None,
    }
}

/// Numbers of values in the space of a search: 1,728 combinations of eight axes.
const SPACE_OF_A_SEARCH: [usize; 8] = [4, 3, 3, 3, 2, 2, 2, 2];

fn choosing(c: &mut Criterion) {
    let (all, some) = (
        DesignSpace::product(SPACE_OF_A_SEARCH.to_vec(), |_| true),
        DesignSpace::product(SPACE_OF_A_SEARCH.to_vec(), |c| {
            (c[0], c[1]) != (3, 2) && (c[2], c[4]) != (1, 1)
        }),
    );
    for (name, space) in [("all of 1,728", &all), ("a part of 1,728", &some)] {
        c.bench_function(&format!("24 rows of {name} combinations"), |b| {
            b.iter(|| black_box(choose_fraction(space, &[0], 24, black_box(7))));
        });
    }
    let rows = choose_fraction(&all, &[0], 24, 7).expect("a fraction").rows;
    c.bench_function("aliasing of 24 rows of 8 axes", |b| b.iter(|| black_box(aliasing(&all, &rows))));
}

/// Stages of a search. Times of builds scatter by about 5%.
fn searching(c: &mut Criterion) {
    const OF_1728: [usize; 8] = [4, 3, 3, 3, 2, 2, 2, 2];
    let mut group = c.benchmark_group("search");
    group.sample_size(10);
    for minutes in [30, 120] {
        let request = working_day(&OF_1728, minutes);
        group.bench_function(format!("plan {minutes} minutes over 1,728 combinations"), |b| {
            b.iter(|| black_box(first_stage(black_box(&request)).expect("a stage")));
        });
        let stage = first_stage(&request).expect("a stage");
        let mut number = 0;
        let mut build = |_: usize| {
            number += 1;
            Some(StageBuild { seconds: 10.0 + 0.1 * f64::from(number * 7 % 17), number })
        };
        let arms = stage.arms.len();
        let workloads: Vec<StageRounds> = stage
            .workloads
            .iter()
            .map(|one| StageRounds {
                name: one.name.clone(),
                rounds: (0..one.rounds).map(|_| (0..arms).map(&mut build).collect()).collect(),
            })
            .collect();
        let screened = [StageResult { stage, spent: Duration::ZERO, workloads, dropped: Vec::new() }];
        group.bench_function(format!("go on after {arms} of 1,728 combinations"), |b| {
            b.iter(|| black_box(next_step(black_box(&request), &screened).expect("a stage")));
        });
    }
    group.finish();
}

fn planning(c: &mut Criterion) {
    c.bench_function("plan 10,000 cells", |b| b.iter(|| black_box(planned(1, 10_000))));
    c.bench_function("plan 24 of 1,728 cells", |b| {
        b.iter(|| black_box(plan_of(1, &SPACE_OF_A_SEARCH, MatrixDesign::Fraction { rows: Some(24) })));
    });
    let block = BlockId::new("m", "p", "clean");
    c.bench_function("order of a round of 100 variants", |b| {
        b.iter(|| black_box(sampling::round_order(black_box(7), &block, 100, 13)));
    });
}

fn judging(c: &mut Criterion) {
    let plan = planned(20, 5);
    assert!(plan.blocks.iter().all(|block| block.arms[1].role == Role::Twin));
    let samples = samples(&plan, 12);
    let judge = || compare(&RunRecord::of(&plan, &samples), &Policy::default());
    c.bench_function("judge 80 comparisons of 12 rounds", |b| b.iter(|| black_box(judge())));
    let comparison = judge();
    c.bench_function("draw all figures of 20 blocks", |b| b.iter(|| black_box(figure::svgs(&comparison))));
    c.bench_function("table of 20 blocks", |b| {
        b.iter(|| black_box(report::text(&comparison, report::TextStyle::default())))
    });
}

/// Seconds of a block, one row per round.
type Table = Vec<Vec<Option<f64>>>;

fn table((block, samples): (&Block, &[Sample])) -> Table {
    let walls = |round: &[Sample]| {
        let of_arm = |arm: &Arm| {
            let build = round.iter().find(|s| s.role == arm.role && s.variant == arm.variant.name)?;
            Some(build.outcome.cost()?.wall.as_secs_f64())
        };
        block.arms.iter().map(of_arm).collect()
    };
    samples.chunks(block.arms.len()).map(walls).collect()
}

/// Estimate, interval and both p-values of every comparison, and the corrections over all of them.
fn statistics(tables: &[Table]) -> (Vec<Option<f64>>, Vec<Option<f64>>) {
    let reference = Reference { baseline: 0, twin: Some(1) };
    let of_block = |table: &Table| -> Vec<(f64, f64)> {
        let of_arm = |arm: usize| {
            let estimate = reference.contrast(arm).estimate(table, Control::Twin)?;
            black_box(estimate.interval(LEVEL));
            Some((estimate.p_difference(), estimate.p_equivalence(0.03)))
        };
        (2..table[0].len()).filter_map(of_arm).collect()
    };
    let found: Vec<Vec<(f64, f64)>> = tables.par_iter().map(of_block).collect();
    let (difference, equivalence): (Vec<_>, Vec<_>) = found
        .into_iter()
        .flatten()
        .map(|(difference, equivalence)| (Some(difference), Some(equivalence)))
        .unzip();
    assert_eq!(difference.len(), 100_000);
    rayon::join(|| holm(&difference, 100_000), || holm(&equivalence, 100_000))
}

/// A hundred thousand comparisons, from samples to verdicts, on all cores.
fn judging_many(c: &mut Criterion) {
    let plan = planned(5000, 21);
    let samples = samples(&plan, 12);
    let recorded = RunRecord::of(&plan, &samples);
    let ratios = |of: &Comparison| {
        of.blocks.iter().flat_map(|block| &block.arms).filter(|a| a.ratio.is_some()).count()
    };
    assert_eq!(ratios(&compare(&recorded, &Policy::default())), 100_000);
    let mut group = c.benchmark_group("many");
    group.sample_size(10);
    let seconds: Vec<Table> = plan.blocks.iter().zip(samples.chunks(22 * 12)).map(table).collect();
    group.bench_function("statistics of 100,000 comparisons of 12 rounds", |b| {
        b.iter(|| black_box(statistics(&seconds)));
    });
    group.bench_function("judge 100,000 comparisons of 12 rounds", |b| {
        // Dropping a million points is not part of the statistics.
        b.iter_with_large_drop(|| compare(&recorded, &Policy::default()));
    });
    group.finish();
}

criterion_group!(benches, choosing, searching, planning, judging, judging_many);
criterion_main!(benches);
