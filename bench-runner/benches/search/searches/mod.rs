//! Searches on a simulated machine with a known truth. The program's own code decides every stage
//! (`search::next_step`) and what is claimed; only builds are simulated.
//!
//! Noise and shares are those of `study`, which the parent module has.

mod machine;
mod rivals;
mod truth;

use bench_runner_core::search::{Confirmation, SearchOutcome, SearchStep, StageResult, next_step};
use rayon::prelude::*;

use super::study::{Mean, Noise, Share};
use machine::BuildMachine;
pub(crate) use rivals::{one_at_a_time, random_halving};
pub(crate) use truth::{Effects, SearchTruth};

/// A cell of the table.
#[derive(Debug, Clone)]
pub(crate) struct SearchCell {
    /// Number of levels of each axis: the linker, debug information, and others.
    pub(crate) levels: Vec<usize>,
    pub(crate) minutes: u64,
    pub(crate) effects: Effects,
}

/// Results of the searches of a cell.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct FoundBySearch {
    /// Nominees within 2% of the shortest day.
    pub(crate) near_best: Share,
    /// Share of the shortest day by which that with the nominee is longer.
    pub(crate) lost: Mean,
    /// Searches that say faster.
    pub(crate) faster: Share,
    /// Searches that say faster of a nominee that is not.
    pub(crate) falsely_faster: Share,
    /// Intervals of the gain that contain it.
    pub(crate) covered: Share,
    /// Gain that would have been found in four of five searches, as a share of the day.
    pub(crate) detectable: Mean,
}

/// Within this share of the shortest day counts as the best.
const NEAR: f64 = 0.02;

/// Carries out `runs` searches.
pub(crate) fn searches(seed: u64, runs: u32, cell: &SearchCell) -> FoundBySearch {
    let found: Vec<(SearchTruth, Vec<usize>, SearchOutcome)> =
        (0..runs).into_par_iter().map(|run| search(seed, run, cell)).collect();
    let mut all = FoundBySearch::default();
    for (truth, nominee, outcome) in &found {
        let (day, own) = (truth.day(nominee), truth.day(&truth.request().space.as_configured));
        let confirmed = confirmation(outcome);
        let says_faster = matches!(outcome, SearchOutcome::Faster(_));
        let gain = own - day;
        all.near_best.add(usize::from(is_near(truth, nominee)), 1);
        all.lost.add(day / truth.shortest_day() - 1.0);
        all.faster.add(usize::from(says_faster), 1);
        all.falsely_faster.add(usize::from(says_faster && gain <= 0.0), 1);
        all.covered.add(usize::from((confirmed.gain.low..=confirmed.gain.high).contains(&gain)), 1);
        all.detectable.add(confirmed.detectable_s / confirmed.daily_seconds);
    }
    all
}

/// Share of nominees of another method that are within 2% of the best.
pub(crate) fn near_best(seed: u64, runs: u32, cell: &SearchCell, nominate: Nominate) -> Share {
    let is_found = |run| {
        let (truth, mut noise) = drawn(seed, run, cell);
        is_near(&truth, &nominate(&truth, &mut noise))
    };
    let found: Vec<bool> = (0..runs).into_par_iter().map(is_found).collect();
    let mut share = Share::default();
    found.into_iter().for_each(|found| share.add(usize::from(found), 1));
    share
}

/// Another method: builds on a machine with this noise, and nominates.
pub(crate) type Nominate = fn(&SearchTruth, &mut Noise) -> Vec<usize>;

fn search(seed: u64, run: u32, cell: &SearchCell) -> (SearchTruth, Vec<usize>, SearchOutcome) {
    let (truth, mut noise) = drawn(seed, run, cell);
    let mut machine = BuildMachine::new(&truth, &mut noise);
    let mut results: Vec<StageResult> = Vec::new();
    let done = loop {
        match next_step(truth.request(), &results).expect("a search") {
            SearchStep::Measure(stage) => results.push(machine.measure(stage)),
            SearchStep::Done(result) => break result,
        }
    };
    (truth, done.nominee.expect("a nominee"), done.outcome)
}

fn drawn(seed: u64, run: u32, cell: &SearchCell) -> (SearchTruth, Noise) {
    let mut noise = Noise::for_run(seed, &format!("search {:?} {:?}", cell.levels, cell.effects), run);
    (SearchTruth::draw(&cell.levels, cell.minutes, cell.effects, &mut noise), noise)
}

fn is_near(truth: &SearchTruth, nominee: &[usize]) -> bool {
    truth.day(nominee) <= (1.0 + NEAR) * truth.shortest_day()
}

fn confirmation(outcome: &SearchOutcome) -> &Confirmation {
    match outcome {
        SearchOutcome::Faster(found) | SearchOutcome::NotShown(found) | SearchOutcome::Worse(found) => found,
        SearchOutcome::NotJudged(reason) => panic!("{reason:?}"),
    }
}
