//! Plans and samples for the tests of this module.

#![allow(missing_docs, reason = "for tests, which say more by their names")]

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use crate::compare::{Comparison, Policy, RunRecord, compare};
use crate::record::{
    Arm, Block, BlockEnd, BlockId, Cost, EarlierTwin, Interference, METRICS, NotTimed, Outcome, Phase, Pin,
    Plan, PlannedProject, Proof, ProofResult, Role, Sample, Sampling, StopReason, Variant,
};
use crate::stats::MIN_TWINS;
use crate::stats::noise::Noise;

#[cfg(test)]
pub(crate) const BASELINE: usize = 0;
#[cfg(test)]
pub(crate) const TWIN: usize = 1;

pub fn pin() -> Pin {
    Pin::CratesIo { name: "hexyl".into(), version: "0.17.0".into(), sha256: "ab".repeat(32) }
}

pub fn arm(role: Role, name: &str) -> Arm {
    let variant = Variant {
        name: name.into(),
        project: "hexyl".into(),
        workload: "clean".into(),
        rev: None,
        settings: BTreeMap::new(),
    };
    Arm { role, variant, aliases: Vec::new(), co_changes: Vec::new(), primed: false }
}

/// A block `matrix/hexyl/clean`: baseline `linker=bfd`, its twin, and variants.
pub fn block(matrix: &str, twin: bool, variants: &[&str]) -> Block {
    let mut arms = vec![arm(Role::Baseline, "linker=bfd")];
    arms.extend(twin.then(|| arm(Role::Twin, "linker=bfd")));
    arms.extend(variants.iter().map(|name| arm(Role::Variant, name)));
    Block {
        id: BlockId::new(matrix, "hexyl", "clean"),
        axes: vec!["linker".into()],
        arms,
        commits: Default::default(),
        fidelity: Vec::new(),
        design: None,
        visits: None,
        sampling: Sampling {
            warmup: 1,
            min_rounds: 6,
            max_rounds: 30,
            precision: Some(0.015),
            margin: 0.03,
            timeout: Duration::from_secs(600),
        },
    }
}

pub fn plan(blocks: Vec<Block>) -> Plan {
    let project = PlannedProject {
        name: "hexyl".into(),
        pin: pin(),
        manifest: String::new(),
        base: None,
        notes: Vec::new(),
        ignored: None,
    };
    Plan {
        format: crate::record::FORMAT_VERSION,
        scenario: "linkers".into(),
        seed: 1,
        sessions: 1,
        time_budget: None,
        projects: vec![project],
        blocks,
        skipped: Vec::new(),
        origin: None,
    }
}

pub fn built(seconds: f64) -> Outcome {
    let wall = Duration::from_secs_f64(seconds);
    Outcome::Built(Cost { wall, user: wall, sys: wall / 2, max_rss: 1 << 20, ..Cost::default() })
}

/// Samples of a plan, as recorded by a run.
pub struct Samples<'a> {
    plan: &'a Plan,
    pub all: Vec<Sample>,
}

impl<'a> Samples<'a> {
    pub fn of(plan: &'a Plan) -> Self {
        Self { plan, all: Vec::new() }
    }

    pub fn push(
        &mut self,
        block: usize,
        arm: usize,
        round: u32,
        attempt: u32,
        outcome: Outcome,
    ) -> &mut Sample {
        let (id, planned) = (&self.plan.blocks[block].id, &self.plan.blocks[block].arms[arm]);
        self.all.push(Sample {
            number: self.all.len() as u32 + 1,
            block: id.clone(),
            session: 1,
            project: (&planned.variant.project).into(),
            pin: pin().into(),
            workload: (&planned.variant.workload).into(),
            variant: (&planned.variant.name).into(),
            role: planned.role,
            settings: BTreeMap::new().into(),
            phase: if round == 0 { Phase::Warmup } else { Phase::Measured },
            round,
            position: arm as u32 + 1,
            attempt,
            edit: 0,
            predecessor: None,
            started_at: SystemTime::UNIX_EPOCH,
            outcome,
            rebuilt: None,
            artifact_bytes: None,
            interference: Interference::default(),
            cache: None,
            visit: None,
        });
        let last = self.all.len() - 1;
        &mut self.all[last]
    }

    /// One complete round. The arms rotate through the positions, alternately forwards and backwards.
    pub fn round(&mut self, block: usize, round: u32, outcome: impl Fn(usize) -> Outcome) {
        let arms = self.plan.blocks[block].arms.len() as u32;
        for arm in 0..arms as usize {
            let place = (arm as u32 + round / 2) % arms;
            let place = if round.is_multiple_of(2) { place } else { arms - 1 - place };
            self.push(block, arm, round, 1, outcome(arm)).position = place + 1;
        }
    }

    /// Rounds of 10 s builds with 1% noise; `ratio` is the factor for each arm.
    pub fn noisy(&mut self, block: usize, rounds: u32, seed: u64, ratio: impl Fn(usize) -> f64) {
        let mut noise = Noise::new(seed);
        for round in 1..=rounds {
            let walls: Vec<f64> = (0..self.plan.blocks[block].arms.len())
                .map(|arm| 10.0 * ratio(arm) * noise.build(0.01, 0.0).exp())
                .collect();
            self.round(block, round, |arm| built(walls[arm]));
        }
    }
}

pub fn proof(block: &Block, variant: &str, result: ProofResult) -> Proof {
    Proof {
        block: block.id.clone(),
        role: Role::Variant,
        variant: variant.into(),
        axis: "linker".into(),
        expected: "mold".into(),
        found: "LLD 22.1.2".into(),
        result,
    }
}

/// An end of the block with arms that were not timed: role, variant, reason.
pub fn end(block: &Block, not_timed: &[(Role, &str, &str)]) -> BlockEnd {
    let entry = |&(role, variant, reason): &(Role, &str, &str)| NotTimed {
        role,
        variant: variant.into(),
        reason: reason.into(),
    };
    BlockEnd {
        block: block.id.clone(),
        stopped: StopReason::MaxRounds,
        rounds: 6,
        not_timed: not_timed.iter().map(entry).collect(),
        primed: Vec::new(),
        notes: Vec::new(),
    }
}

/// Twins of earlier runs on a machine whose directories do not differ, so that no offset has to be assumed.
/// They are so precise that the twins of the run itself do not weigh.
pub fn even_directories() -> Vec<EarlierTwin> {
    let twin = EarlierTwin {
        run: "earlier".into(),
        block: BlockId::new("m", "p", "w"),
        workload: "w".into(),
        rounds: 13,
        theta: 0.0,
        se: 1e-5,
        df: 14.0,
    };
    vec![twin; 2 * MIN_TWINS]
}

/// The comparison of a run whose blocks ended like this, on a machine of [`even_directories`].
pub fn compare_with_ends(plan: &Plan, samples: &[Sample], ends: &[BlockEnd]) -> Comparison {
    let earlier = &even_directories()[..];
    let recorded = RunRecord { ends, earlier, machine: "a machine", ..RunRecord::of(plan, samples) };
    let comparison = compare(&recorded, &Policy::default());
    assert_sound(&comparison);
    comparison
}

pub fn compare_samples(plan: &Plan, samples: &[Sample]) -> Comparison {
    compare_with_ends(plan, samples, &[])
}

/// Asserts that no number is NaN or infinite and that intervals contain their estimate.
pub(crate) fn assert_sound(comparison: &Comparison) {
    for one in &comparison.pooled_projects {
        let general = one.general.iter().flat_map(|general| [general.mean, general.further]);
        for (low, high) in general.chain([one.these]) {
            assert!(low <= one.ratio && one.ratio <= high && high.is_finite(), "{one:?}");
        }
    }
    for block in &comparison.blocks {
        if let Some(twin) = block.twin {
            assert!(twin.ratio.is_finite() && twin.half_width.is_finite() && (0.0..=1.0).contains(&twin.p));
        }
        if let Ok(order) = &block.order {
            let effects = [Some(order.first), order.trend, order.predecessors.map(|found| found.largest)];
            for effect in effects.iter().chain(&order.moved).flatten() {
                let (low, high) = effect.interval();
                assert!(low <= effect.share() && effect.share() <= high && high.is_finite(), "{order:?}");
            }
            assert!(order.predecessors.is_none_or(|found| (0.0..=1.0).contains(&found.p)), "{order:?}");
        }
        for arm in &block.arms {
            for s in METRICS.iter().filter_map(|metric| arm.summaries[metric.id]) {
                let all = [s.median, s.low, s.high, s.mean, s.sd, s.mad, s.min, s.max];
                assert!(all.iter().all(|value| value.is_finite()), "{s:?}");
            }
            assert_eq!(arm.middle_half.is_some(), arm.wall().is_some());
            if let Some((wall, (low, high))) = arm.wall().zip(arm.middle_half) {
                let [min, median, max] = [wall.min, wall.median, wall.max];
                assert!(
                    min <= low && low <= median && median <= high && high <= max,
                    "{low} {high} {wall:?}"
                );
            }
            let by_session = arm.sessions.iter().flat_map(|sessions| &sessions.ratios);
            let costs = METRICS.iter().filter_map(|metric| arm.plain_ratios[metric.id]);
            for r in by_session.map(|one| one.ratio).chain(costs) {
                assert!(r.low <= r.ratio && r.ratio <= r.high && r.high.is_finite(), "{r:?}");
            }
            if let Some(spread) = arm.sessions.as_ref().and_then(|sessions| sessions.spread) {
                assert!(spread.sd.is_finite() && (0.0..=1.0).contains(&spread.p), "{spread:?}");
            }
            if let Some(r) = arm.ratio {
                assert!(r.low <= r.ratio && r.ratio <= r.high, "{r:?}");
                assert!(r.low.is_finite() && r.high.is_finite() && r.ratio_of_means.is_finite(), "{r:?}");
                let equivalence = [r.p_equivalence, r.p_equivalence_adjusted];
                assert!(equivalence.iter().all(|p| (0.0..=1.0).contains(p)), "{r:?}");
                assert!((0.0..=1.0).contains(&r.p) && r.p <= r.p_adjusted && r.p_adjusted <= 1.0, "{r:?}");
            }
        }
        assert!(
            !block.notes.iter().any(|note| note.contains("NaN") || note.contains("inf ")),
            "{:?}",
            block.notes
        );
    }
}

/// Returns true if some note of the first block contains the text.
pub fn notes_say(comparison: &Comparison, text: &str) -> bool {
    comparison.blocks[0].notes.iter().any(|note| note.contains(text))
}
