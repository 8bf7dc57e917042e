//! Samples of one block, sorted into rounds and arms.

use std::collections::BTreeMap;

use crate::record::{
    ArmBuilds, Block, BlockEnd, NotTimed, Outcome, Proof, ProofResult, Role, Round, Sample, builds_by_arm,
    rounds_from_builds, wall_seconds,
};
use crate::stats::{Contrast, Control, Reference, Side};

/// A block's samples by round and arm.
pub(super) struct Cells<'a> {
    pub(super) block: &'a Block,
    pub(super) proofs: Vec<&'a Proof>,
    /// How sampling ended, where it did.
    pub(super) end: Option<&'a BlockEnd>,
    /// The block's builds, by arm.
    builds: Vec<ArmBuilds<'a>>,
    /// Numbers of the measured ones, in order.
    pub(super) numbers: Vec<u32>,
    /// Whole rounds, in order.
    pub(super) rounds: Vec<Round<'a>>,
    /// Their wall seconds.
    pub(super) table: Table,
    /// Rounds that were begun and are not whole.
    pub(super) cut_rounds: usize,
    /// Why an arm has no comparison: it was not timed, or its proof fails.
    pub(super) not_timed: Vec<Option<String>>,
    /// The planned baseline with its twin; the twin only where it was timed to the end.
    pub(super) reference: Reference,
    /// The arm that the others are compared with: the planned baseline, or one that was chosen afterwards; `None`
    /// where the block does not have what was chosen.
    pub(super) baseline: Option<usize>,
}

/// Seconds per round and arm, as [`Contrast::estimate`] takes them.
pub(super) type Table = Vec<Vec<Option<f64>>>;

impl<'a> Cells<'a> {
    pub(super) fn of(
        block: &'a Block,
        samples: impl IntoIterator<Item = &'a Sample>,
        proofs: Vec<&'a Proof>,
        end: Option<&'a BlockEnd>,
    ) -> Self {
        let known: &[NotTimed] = end.map_or(&[], |end| &end.not_timed);
        let builds = builds_by_arm(block, samples);
        let rounds = rounds_from_builds(block, &builds, known);
        let measured = builds.iter().flat_map(|arm| &arm.measured);
        let mut numbers: Vec<u32> = measured.map(|sample| sample.number).collect();
        numbers.sort_unstable();
        let mut cells = Self {
            block,
            proofs,
            end,
            builds,
            numbers,
            cut_rounds: rounds.cut,
            table: rounds.complete.iter().map(|round| wall_seconds(&round.builds)).collect(),
            rounds: rounds.complete,
            not_timed: Vec::new(),
            reference: Reference { baseline: block.baseline(), twin: None },
            baseline: Some(block.baseline()),
        };
        cells.not_timed = (0..block.arms.len()).map(|arm| cells.reason_not_timed(arm)).collect();
        let usable = |twin: &usize| cells.not_timed[*twin].is_none() && !cells.is_given_up(*twin);
        cells.reference.twin = block.twin().filter(usable);
        cells
    }

    /// What the arm is compared with; `None` for the baseline itself and for the twin, which stands with its original
    /// on whichever side that is.
    pub(super) fn contrast(&self, arm: usize) -> Option<Contrast> {
        let baseline = self.baseline.filter(|baseline| *baseline != arm)?;
        let side = |arm| Side { arm, twin: self.reference.twin.filter(|_| arm == self.reference.baseline) };
        (self.block.arms[arm].role != Role::Twin).then(|| Contrast { of: side(arm), against: side(baseline) })
    }

    /// Whether the block was stopped by its twin too, as the factor on standard errors needs it. It holds for pairs of
    /// variants as well, whose widths the stopping never looked at.
    pub(super) fn control(&self) -> Control {
        Control::of(self.reference.twin)
    }

    /// Σ (rounds of a session / all rounds)²: 1 for a single session, 1/K for K equal ones.
    pub(super) fn session_share(&self) -> f64 {
        let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
        for session in self.rounds.iter().filter_map(|round| round.session()) {
            *counts.entry(session).or_default() += 1;
        }
        let all: usize = counts.values().sum();
        let share = |count: &usize| (*count as f64 / all as f64).powi(2);
        if counts.len() < 2 { 1.0 } else { counts.values().map(share).sum() }
    }

    /// Whether a baseline was chosen after the run that is not the planned one.
    pub(super) fn is_post_hoc(&self) -> bool {
        self.baseline != Some(self.reference.baseline)
    }

    /// Whether an arm was measured and not built to the end: rounds without it would count for no comparison that
    /// needs it.
    fn is_given_up(&self, arm: usize) -> bool {
        let lacking = |round: &Round<'_>| round.builds[arm].is_none();
        self.is_timed(arm) && (self.recorded_reason(arm).is_some() || self.rounds.iter().any(lacking))
    }

    fn is_timed(&self, arm: usize) -> bool {
        !self.measured(arm).is_empty()
    }

    /// All builds of the arm.
    pub(super) fn builds(&self, arm: usize) -> Option<&ArmBuilds<'a>> {
        self.builds.get(arm)
    }

    /// Measured builds of the arm; none where the block has no arms at all.
    fn measured(&self, arm: usize) -> &[&'a Sample] {
        self.builds.get(arm).map_or(&[], |builds| &builds.measured)
    }

    /// Why the arm was not timed, or not to the end, as it was written down while measuring; as one line.
    pub(super) fn recorded_reason(&self, arm: usize) -> Option<String> {
        let planned = &self.block.arms[arm];
        let mut reasons: Vec<String> = Vec::new();
        for entry in self.end.into_iter().flat_map(|end| &end.not_timed) {
            let reason = entry.reason.split_whitespace().collect::<Vec<_>>().join(" ");
            let of_arm = entry.role == planned.role && entry.variant == planned.variant.name;
            if of_arm && !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
        (!reasons.is_empty()).then(|| reasons.join("; "))
    }

    /// Wall seconds with the first attempts of rounds that were taken again, and how many those are.
    pub(super) fn first_attempts(&self) -> (Table, usize) {
        let table = self
            .rounds
            .iter()
            .map(|round| wall_seconds(round.first.as_ref().unwrap_or(&round.builds)))
            .collect();
        (table, self.rounds.iter().filter(|round| round.first.is_some()).count())
    }

    /// Whether a measured build of the arm ran into the time limit, be it in a round that does not count.
    pub(super) fn has_timed_out(&self, arm: usize) -> bool {
        self.measured(arm).iter().any(|sample| sample.outcome == Outcome::TimedOut)
    }

    /// The same of either arm of a side.
    pub(super) fn side_has_timed_out(&self, side: Side) -> bool {
        side.arms().any(|arm| self.has_timed_out(arm))
    }

    /// Measured builds of the arm that did not end well.
    pub(super) fn failed_builds(&self, arm: usize) -> usize {
        self.measured(arm).iter().filter(|sample| sample.outcome.cost().is_none()).count()
    }

    /// Measured builds of the arm that ended well in no time at all, by their record.
    pub(super) fn zero_time_builds(&self, arm: usize) -> usize {
        let costs = self.measured(arm).iter().filter_map(|sample| sample.outcome.cost());
        costs.filter(|cost| cost.wall.is_zero()).count()
    }

    /// How a reader tells the arm from the others.
    pub(super) fn arm_name(&self, arm: usize) -> String {
        match self.block.arms[arm].role {
            Role::Baseline if !self.is_post_hoc() => "the baseline".to_owned(),
            Role::Twin => "the twin".to_owned(),
            Role::Baseline | Role::Variant => format!("`{}`", self.block.arms[arm].variant.name),
        }
    }

    /// What was written down while measuring comes first, then what a proof says, then what the samples suggest.
    fn reason_not_timed(&self, arm: usize) -> Option<String> {
        let timed = self.is_timed(arm);
        if let Some(reason) = self.recorded_reason(arm).filter(|_| !timed) {
            return Some(reason);
        }
        let planned = &self.block.arms[arm];
        let of_arm_itself =
            |proof: &&&Proof| proof.role == planned.role && proof.variant == planned.variant.name;
        let fails: Vec<String> = self
            .proofs
            .iter()
            .filter(of_arm_itself)
            .filter(|proof| proof.result == ProofResult::Fails)
            .map(|proof| {
                format!(
                    "not in force: `{}` should show {}, found {}",
                    proof.axis, proof.expected, proof.found
                )
            })
            .collect();
        if !fails.is_empty() {
            return Some(fails.join("; "));
        }
        if timed {
            return None;
        }
        let mut failed = self.builds[arm].warmups.iter().filter(|sample| sample.outcome.cost().is_none());
        Some(match failed.next_back().map(|sample| &sample.outcome) {
            Some(Outcome::Failed { exit_code: Some(code) }) => {
                format!("the warm-up build failed with exit code {code}")
            }
            Some(Outcome::Failed { exit_code: None }) => "the warm-up build was ended by a signal".to_owned(),
            Some(Outcome::TimedOut) => {
                let limit = humantime::format_duration(self.block.sampling.timeout);
                format!("the warm-up build took longer than the limit of {limit}")
            }
            Some(Outcome::NotStarted) => "the warm-up build could not be started".to_owned(),
            Some(Outcome::Built(_)) | None => "no round was built".to_owned(),
        })
    }
}
