//! Synthetic runs for tests: small ones whose numbers can be checked by hand, and odd ones.

use std::path::PathBuf;
use std::time::Duration;

use bench_runner_core::bundle::{Bundle, Manifest, Status, fixture};
use bench_runner_core::compare::{Comparison, Policy, RunRecord, compare};
use bench_runner_core::record::{
    Arm, Cost, NotTimed, Outcome, Phase, Role, Sample, Skipped, StopReason, Variant,
};

use super::run::ExportRun;

/// A name with line breaks, quotes, markup and control characters.
pub(super) const ODD: &str = "env.X=<b>\"1\"</b>\n\\n, 'x'\u{1b}[31m";

/// Duration of a warm-up in seconds, which must never be exported.
pub(super) const WARM_UP: u64 = 7_777;

/// A bundle and its comparison.
pub(super) struct JudgedBundle {
    pub(super) bundle: Bundle,
    pub(super) comparison: Comparison,
}

impl JudgedBundle {
    pub(super) fn judge(bundle: Bundle) -> Self {
        let comparison = compare(&RunRecord::from(&bundle), &Policy::default());
        Self { bundle, comparison }
    }

    pub(super) fn run(&self) -> ExportRun<'_> {
        ExportRun { bundle: &self.bundle, comparison: &self.comparison }
    }
}

/// An arm of the plan's only block.
fn arm(role: Role, name: &str) -> Arm {
    let Arm { variant, aliases, co_changes, .. } = fixture::plan().blocks.remove(0).arms.remove(0);
    let settings = [("env.X".to_owned(), name.trim_start_matches("env.X=").to_owned())].into();
    Arm {
        role,
        variant: Variant { name: name.to_owned(), settings, ..variant },
        aliases,
        co_changes,
        primed: false,
    }
}

/// A complete run with these arms, without samples.
pub(super) fn bundle(arms: &[(Role, &str)]) -> Bundle {
    let mut manifest: Manifest = fixture::manifest();
    manifest.status = Status::Complete;
    manifest.ended_at = Some("2026-01-01T00:09:00Z".to_owned());
    let block = &mut manifest.plan.blocks[0];
    block.axes = vec!["env.X".to_owned()];
    block.arms = arms.iter().map(|(role, name)| arm(*role, name)).collect();
    Bundle {
        dir: PathBuf::from("results/m/r"),
        manifest,
        samples: Vec::new(),
        proofs: Vec::new(),
        earlier: Vec::new(),
        remarks: Vec::new(),
    }
}

/// Adds a build of an arm; round 0 is its warm-up.
pub(super) fn build(bundle: &mut Bundle, arm: usize, round: u32, outcome: Outcome) {
    let planned = bundle.manifest.plan.blocks[0].arms[arm].clone();
    let number = bundle.samples.len() as u32 + 1;
    bundle.samples.push(Sample {
        variant: planned.variant.name.into(),
        settings: planned.variant.settings.into(),
        role: planned.role,
        phase: if round == 0 { Phase::Warmup } else { Phase::Measured },
        round,
        position: arm as u32 + 1,
        ..fixture::sample(number, outcome)
    });
}

/// A successful build with this wall time in milliseconds, half of it CPU time in user mode.
pub(super) fn took(millis: u64) -> Outcome {
    Outcome::Built(Cost {
        wall: Duration::from_millis(millis),
        user: Duration::from_millis(millis / 2),
        sys: Duration::from_millis(10),
        max_rss: 1_000 * millis,
        ..Cost::default()
    })
}

/// A warm-up with a wall time that no other build has, and an ordinary CPU time.
fn warm_up() -> Outcome {
    match took(800) {
        Outcome::Built(cost) => Outcome::Built(Cost { wall: Duration::from_secs(WARM_UP), ..cost }),
        other => other,
    }
}

/// Baseline and one variant with four rounds: 1000, 1100, 1200, 1300 ms against half of each.
pub(super) fn small() -> JudgedBundle {
    let mut bundle = bundle(&[(Role::Baseline, "env.X=1"), (Role::Variant, "env.X=2")]);
    for arm in 0..2 {
        build(&mut bundle, arm, 0, warm_up());
    }
    for round in 1..=4 {
        for (arm, share) in [(0, 2), (1, 1)] {
            build(&mut bundle, arm, round, took((900 + 100 * u64::from(round)) * share / 2));
        }
    }
    JudgedBundle::judge(bundle)
}

/// Possible content of a bundle from elsewhere: an odd name, a twin, a variant that fails, one that was not
/// timed for an odd reason, a variant that was left out, an interrupted run.
pub(super) fn odd() -> JudgedBundle {
    let mut bundle = bundle(&[
        (Role::Baseline, ODD),
        (Role::Twin, ODD),
        (Role::Variant, "env.X=fine"),
        (Role::Variant, "env.X=breaks"),
        (Role::Variant, "env.X=absent"),
    ]);
    for arm in 0..4 {
        build(&mut bundle, arm, 0, warm_up());
    }
    for round in 1..=6 {
        for arm in 0..3 {
            build(&mut bundle, arm, round, took(1000 + 10 * u64::from(round) + arm as u64));
        }
        if round < 3 {
            build(&mut bundle, 3, round, Outcome::Failed { exit_code: Some(101) });
        }
    }
    let manifest = &mut bundle.manifest;
    manifest.status = Status::Interrupted;
    let reason = "not in force: \"</script>\"\nfound `\\`".to_owned();
    let entry = NotTimed { role: Role::Variant, variant: "env.X=absent".to_owned(), reason };
    let block = manifest.plan.blocks[0].id.clone();
    let end = bench_runner_core::record::BlockEnd {
        block,
        stopped: StopReason::Budget,
        rounds: 6,
        not_timed: vec![entry],
        primed: Vec::new(),
        notes: Vec::new(),
    };
    manifest.blocks = vec![end];
    manifest.plan.skipped = vec![Skipped {
        block: "s/p/clean".to_owned(),
        variant: "env.X=gone".to_owned(),
        reason: "no \"such\" thing\nhere".to_owned(),
        help: None,
    }];
    JudgedBundle::judge(bundle)
}

/// A run whose measured builds all failed.
pub(super) fn failures_only() -> JudgedBundle {
    let mut bundle = bundle(&[(Role::Baseline, "env.X=1"), (Role::Variant, "env.X=2")]);
    for arm in 0..2 {
        build(&mut bundle, arm, 0, warm_up());
        build(&mut bundle, arm, 1, Outcome::TimedOut);
    }
    JudgedBundle::judge(bundle)
}

/// A run without blocks.
pub(super) fn empty() -> JudgedBundle {
    let mut bundle = bundle(&[]);
    bundle.manifest.plan.blocks.clear();
    JudgedBundle::judge(bundle)
}
