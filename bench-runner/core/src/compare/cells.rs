//! Samples of one block by round and arm.

use std::collections::BTreeMap;

use crate::record::{
    ArmBuilds, Block, BlockEnd, NotTimed, Outcome, Proof, ProofResult, Role, Round, Sample, builds_by_arm,
    rounds_from_builds, wall_seconds,
};
use crate::stats::{BlockShape, Contrast, Control, Reference, Side, median};

/// Samples of one block by round and arm.
pub(super) struct Cells<'a> {
    pub(super) block: &'a Block,
    pub(super) proofs: Vec<&'a Proof>,
    /// End of sampling; `None` if the block has not ended.
    pub(super) end: Option<&'a BlockEnd>,
    /// Builds of the block by arm.
    builds: Vec<ArmBuilds<'a>>,
    /// Numbers of the measured builds, in ascending order.
    pub(super) numbers: Vec<u32>,
    /// Complete rounds, in order.
    pub(super) rounds: Vec<Round<'a>>,
    /// Wall seconds of `rounds`.
    pub(super) table: Table,
    /// Number of rounds that were begun and are not complete.
    pub(super) cut_rounds: usize,
    /// For each arm, the reason for not comparing it: it was not timed, or its proof failed.
    pub(super) not_timed: Vec<Option<String>>,
    /// The planned baseline with its twin; the twin only if it was timed to the end.
    pub(super) reference: Reference,
    /// Index of the arm that the others are compared with: the planned baseline, or one chosen afterwards;
    /// `None` if the block does not have the chosen one.
    pub(super) baseline: Option<usize>,
}

/// Seconds per round and arm, in the form used by [`Contrast::estimate`].
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

    /// The comparison of an arm; `None` for the baseline itself and for the twin, which is always on the same
    /// side as its original.
    pub(super) fn contrast(&self, arm: usize) -> Option<Contrast> {
        let baseline = self.baseline.filter(|baseline| *baseline != arm)?;
        let side = |arm| Side { arm, twin: self.reference.twin.filter(|_| arm == self.reference.baseline) };
        (self.block.arms[arm].role != Role::Twin).then(|| Contrast { of: side(arm), against: side(baseline) })
    }

    /// The arm of the planned comparison that is the same pair as an arm and the chosen baseline, whichever side is
    /// which; `None` if the pair was not planned.
    pub(super) fn planned_pair(&self, arm: usize) -> Option<usize> {
        let (baseline, planned) = (self.baseline?, self.reference.baseline);
        match () {
            () if baseline == planned => Some(arm),
            () if arm == planned => Some(baseline),
            () => None,
        }
    }

    /// The planned comparisons whose arms were timed, by arm, the twin's included.
    pub(super) fn planned_contrasts(&self) -> Vec<(usize, Contrast)> {
        let of_arm = |arm: usize| {
            let counts = match self.block.arms[arm].role {
                Role::Baseline => false,
                Role::Twin => self.reference.twin == Some(arm),
                Role::Variant => true,
            };
            let contrast = self.reference.contrast(arm);
            (counts && self.is_usable(contrast)).then_some((arm, contrast))
        };
        (0..self.block.arms.len()).filter_map(of_arm).collect()
    }

    /// The comparisons with the chosen baseline whose arms were timed, by arm.
    pub(super) fn chosen_contrasts(&self) -> Vec<(usize, Contrast)> {
        let of_arm = |arm: usize| {
            let contrast = self.contrast(arm)?;
            self.is_usable(contrast).then_some((arm, contrast))
        };
        (0..self.block.arms.len()).filter_map(of_arm).collect()
    }

    /// Returns true if both arms of a comparison were timed.
    fn is_usable(&self, contrast: Contrast) -> bool {
        [contrast.of.arm, contrast.against.arm].iter().all(|arm| self.not_timed[*arm].is_none())
    }

    /// Control for the factor on standard errors: whether a twin took part in stopping the block. It also
    /// applies to pairs of variants, whose interval widths did not influence stopping.
    pub(super) fn control(&self) -> Control {
        Control::of(self.reference.twin)
    }

    /// [`Self::control`] if looks were taken by this number of rounds: the first one is after the minimum.
    pub(super) fn control_after(&self, rounds: usize) -> Control {
        let sampling = &self.block.sampling;
        let has_looks = sampling.precision.is_some() && rounds >= sampling.min_rounds as usize;
        if has_looks { self.control() } else { Control::WithoutLooks }
    }

    /// Control and number of comparisons.
    pub(super) fn shape(&self) -> BlockShape {
        BlockShape { control: self.control(), comparisons: self.planned_contrasts().len() }
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

    /// Median wall time of a complete round, seconds, from the start of its first build to the end of its last.
    pub(super) fn round_seconds(&self) -> Option<f64> {
        let of_round = |round: &Round<'_>| {
            let builds = || round.builds.iter().flatten();
            let first = builds().map(|build| build.started_at).min()?;
            let end = |build: &&Sample| Some(build.started_at + build.outcome.cost()?.wall);
            let last = builds().filter_map(end).max()?;
            last.duration_since(first).ok().map(|duration| duration.as_secs_f64())
        };
        median(&self.rounds.iter().filter_map(of_round).collect::<Vec<f64>>())
    }

    /// Wall time of the warm-up builds of the first session, seconds.
    pub(super) fn warmup_seconds(&self) -> f64 {
        let warmups = self.builds.iter().flat_map(|arm| &arm.warmups).filter(|sample| sample.session <= 1);
        warmups.filter_map(|sample| sample.outcome.cost()).map(|cost| cost.wall.as_secs_f64()).sum()
    }

    /// Returns true if a baseline other than the planned one was chosen after the run.
    pub(super) fn is_post_hoc(&self) -> bool {
        self.baseline != Some(self.reference.baseline)
    }

    /// Returns true if an arm was measured and not built to the end: rounds without it would not count for
    /// any comparison that needs it.
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

    /// Measured builds of the arm; empty if the block has no arms at all.
    fn measured(&self, arm: usize) -> &[&'a Sample] {
        self.builds.get(arm).map_or(&[], |builds| &builds.measured)
    }

    /// The recorded reason for not timing the arm, or not to the end, as one line.
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

    /// Wall seconds with the first attempts of repeated rounds, and the number of such rounds.
    pub(super) fn first_attempts(&self) -> (Table, usize) {
        let table = self
            .rounds
            .iter()
            .map(|round| wall_seconds(round.first.as_ref().unwrap_or(&round.builds)))
            .collect();
        (table, self.rounds.iter().filter(|round| round.first.is_some()).count())
    }

    /// Returns true if a measured build of the arm timed out, even in a round that does not count.
    pub(super) fn has_timed_out(&self, arm: usize) -> bool {
        self.measured(arm).iter().any(|sample| sample.outcome == Outcome::TimedOut)
    }

    /// Returns true if either arm of a side timed out.
    pub(super) fn side_has_timed_out(&self, side: Side) -> bool {
        side.arms().any(|arm| self.has_timed_out(arm))
    }

    /// Number of measured builds of the arm that failed.
    pub(super) fn failed_builds(&self, arm: usize) -> usize {
        self.measured(arm).iter().filter(|sample| sample.outcome.cost().is_none()).count()
    }

    /// Number of successful measured builds of the arm that are recorded with a wall time of 0.
    pub(super) fn zero_time_builds(&self, arm: usize) -> usize {
        let costs = self.measured(arm).iter().filter_map(|sample| sample.outcome.cost());
        costs.filter(|cost| cost.wall.is_zero()).count()
    }

    /// Name of the arm for readers.
    pub(super) fn arm_name(&self, arm: usize) -> String {
        match self.block.arms[arm].role {
            Role::Baseline if !self.is_post_hoc() => "the baseline".to_owned(),
            Role::Twin => "the control".to_owned(),
            Role::Baseline | Role::Variant => format!("`{}`", self.block.arms[arm].variant.name),
        }
    }

    /// The reason recorded while measuring comes first, then a failed proof, then the samples.
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
