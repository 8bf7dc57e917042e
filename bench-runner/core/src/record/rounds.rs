//! Complete rounds of a block: one rule for measuring, which continues after the last of them, and for
//! judging, which counts nothing else.
//!
//! Of each round only the last attempt counts (latest session, then highest attempt). It is *complete* if
//! every arm that was expected in it has a build in it, successful or not; otherwise it was *cut*. An arm is
//! expected in a round unless
//!
//! - one of its warm-ups in that session failed. Under `replay`, this applies to warm-ups of the oldest
//!   commit; the first of them always counts, the later ones, which restart the commits, count only if
//!   another arm could build it, since a commit that nobody can build is not the fault of an arm;
//! - it was given up: its last [`FAILURES_IN_A_ROW`] measured builds in that session failed and belong to
//!   earlier rounds. If commits are replayed, rounds in which every build failed do not count;
//! - it was left out of the session for another reason, such as a failed proof. Samples show this indirectly:
//!   only the last round of a session can have been cut, so an arm that was never built in a session with
//!   more than one round was left out of it. For a session with a single round, the other sessions decide: an
//!   arm that was never built in any session was left out of all of them. If the block has a single round in
//!   total, samples cannot show it, and the round counts as cut unless the arm is known to be left out.

use std::collections::{BTreeMap, HashMap};

use super::plan::{Arm, Block, Role};
use super::sample::{NotTimed, Phase, Sample};

/// Number of consecutive failed measured builds after which an arm is given up for the session.
pub const FAILURES_IN_A_ROW: u32 = 2;

/// One build for each arm of the block; `None` for arms that were not built.
pub type Builds<'a> = Vec<Option<&'a Sample>>;

/// The rounds of a block.
#[derive(Debug, Clone, PartialEq)]
pub struct Rounds<'a> {
    /// Complete rounds by number. Numbers may be missing: a cut round between others is left out.
    pub complete: Vec<Round<'a>>,
    /// Number of rounds that were begun and are not complete.
    pub cut: usize,
    /// Number of the next round: one more than that of the last complete round.
    pub next_round: u32,
    /// Number of the next attempt at that round, from 1.
    pub next_attempt: u32,
}

impl Rounds<'_> {
    /// Wall seconds of `arms` arms, one row for each number before [`Self::next_round`]. A cut round between
    /// others is not repeated and has a row without times.
    pub fn by_number(&self, arms: usize) -> Vec<Vec<Option<f64>>> {
        let mut rows = vec![vec![None; arms]; self.next_round.saturating_sub(1) as usize];
        for round in &self.complete {
            if let Some(row) = rows.get_mut((round.number as usize).wrapping_sub(1)) {
                *row = wall_seconds(&round.builds);
            }
        }
        rows
    }
}

/// A complete round.
#[derive(Debug, Clone, PartialEq)]
pub struct Round<'a> {
    /// Number of the round, from 1.
    pub number: u32,
    /// Builds of the last attempt, which is the one that counts.
    pub builds: Builds<'a>,
    /// The first complete attempt, if the round was repeated.
    pub first: Option<Builds<'a>>,
}

/// Returns the rounds of `samples`, ignoring those of other blocks and of unknown arms. `not_timed` lists the
/// arms known to be left out; it is empty if the block has not ended.
pub fn rounds<'a>(
    block: &Block,
    samples: impl IntoIterator<Item = &'a Sample>,
    not_timed: &[NotTimed],
) -> Rounds<'a> {
    rounds_from_builds(block, &builds_by_arm(block, samples), not_timed)
}

/// Builds of one arm in chronological order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ArmBuilds<'a> {
    /// Warm-ups, which are recorded and do not count.
    pub warmups: Vec<&'a Sample>,
    /// Builds of the measured phase.
    pub measured: Vec<&'a Sample>,
}

/// Groups samples by the arms of a block, in its order, ignoring those of other blocks and of unknown arms.
pub fn builds_by_arm<'a>(block: &Block, samples: impl IntoIterator<Item = &'a Sample>) -> Vec<ArmBuilds<'a>> {
    let arms = block.arms.iter().enumerate();
    let indices: HashMap<(Role, &str), usize> =
        arms.map(|(index, arm)| ((arm.role, arm.variant.name.as_str()), index)).collect();
    let mut sorted = vec![ArmBuilds::default(); block.arms.len()];
    for sample in samples.into_iter().filter(|sample| sample.block == block.id) {
        if let Some(&index) = indices.get(&(sample.role, sample.variant.as_str())) {
            match sample.phase {
                Phase::Warmup => sorted[index].warmups.push(sample),
                Phase::Measured => sorted[index].measured.push(sample),
            }
        }
    }
    for arm in &mut sorted {
        arm.warmups.sort_by_key(|sample| sample.number);
        arm.measured.sort_by_key(|sample| sample.number);
    }
    sorted
}

/// Same as [`rounds`], for samples that are already grouped.
pub fn rounds_from_builds<'a>(block: &Block, arms: &[ArmBuilds<'a>], not_timed: &[NotTimed]) -> Rounds<'a> {
    let mut begun: BTreeMap<u32, Attempts<'_>> = BTreeMap::new();
    for (index, arm) in arms.iter().enumerate() {
        for &sample in &arm.measured {
            let builds = begun.entry(sample.round).or_default().entry((sample.session, sample.attempt));
            builds.or_insert_with(|| vec![None; block.arms.len()])[index] = Some(sample);
        }
    }
    let known =
        |arm: &Arm| not_timed.iter().any(|entry| entry.role == arm.role && entry.variant == arm.variant.name);
    let left_out = block.arms.iter().map(known).collect();
    let expected = ExpectedBuilds { block, arms, left_out };
    let complete: Vec<Round<'_>> =
        begun.iter().filter_map(|(&number, attempts)| Round::of(number, attempts, &expected)).collect();
    let next_round = complete.last().map_or(1, |last| last.number.saturating_add(1));
    let attempts = begun.get(&next_round).into_iter().flat_map(BTreeMap::keys);
    let last_attempt = attempts.map(|&(_, attempt)| attempt).max().unwrap_or(0);
    Rounds {
        cut: begun.len() - complete.len(),
        complete,
        next_round,
        next_attempt: last_attempt.saturating_add(1),
    }
}

/// Wall seconds of each arm; `None` without a successful build.
pub fn wall_seconds(builds: &[Option<&Sample>]) -> Vec<Option<f64>> {
    builds.iter().map(|build| Some(build.as_ref()?.outcome.cost()?.wall.as_secs_f64())).collect()
}

/// Attempts at one round, by session and attempt. Numbering continues through the sessions, so the same
/// number in a later session is another attempt.
type Attempts<'a> = BTreeMap<(u32, u32), Builds<'a>>;

impl<'a> Round<'a> {
    /// Session of the round, the same for all builds; `None` if the round has no builds.
    pub fn session(&self) -> Option<u32> {
        Some(self.builds.iter().flatten().next()?.session)
    }

    /// `None` if the last attempt is not complete.
    fn of(number: u32, attempts: &Attempts<'a>, expected: &ExpectedBuilds<'_, 'a>) -> Option<Self> {
        let whole = |&(&(session, _), builds): &(&(u32, u32), &Builds<'_>)| {
            let mut arms = builds.iter().enumerate();
            arms.all(|(arm, build)| build.is_some() || !expected.is_expected(arm, session, number))
        };
        let mut attempts = attempts.iter();
        let (_, builds) = attempts.next_back().filter(whole)?;
        let first = attempts.find(whole).map(|(_, builds)| builds.clone());
        Some(Self { number, builds: builds.clone(), first })
    }
}

/// Arms that are expected in a round, by the rule in the module documentation.
struct ExpectedBuilds<'s, 'a> {
    block: &'s Block,
    arms: &'s [ArmBuilds<'a>],
    /// Arms known to be left out.
    left_out: Vec<bool>,
}

impl ExpectedBuilds<'_, '_> {
    fn is_expected(&self, arm: usize, session: u32, round: u32) -> bool {
        self.is_warmed_up(arm, session)
            && !self.is_given_up(arm, session, round)
            && self.takes_part(arm, session)
    }

    /// Returns false if the arm's warm-ups exclude it from the measured builds.
    fn is_warmed_up(&self, arm: usize, session: u32) -> bool {
        let of_session = |sample: &&&Sample| sample.session == session;
        if !self.block.arms[arm].variant.replays() {
            return self.arms[arm].warmups.iter().filter(of_session).all(succeeded);
        }
        // Builds of the oldest commit by number: the first gives the proof, the others restart the commits.
        let oldest = |arm: &ArmBuilds<'_>| -> Vec<bool> {
            arm.warmups.iter().filter(of_session).filter(|sample| sample.edit == 0).map(succeeded).collect()
        };
        let own = oldest(&self.arms[arm]);
        let all: Vec<Vec<bool>> = self.arms.iter().map(oldest).collect();
        let by_another = |pass: usize| all.iter().any(|builds| builds.get(pass) == Some(&true));
        own.iter().enumerate().all(|(pass, &built)| built || pass > 0 && !by_another(pass))
    }

    /// Returns true if the arm was given up before `round` because of its failures.
    fn is_given_up(&self, arm: usize, session: u32, round: u32) -> bool {
        let of_session = |sample: &&&Sample| sample.session == session;
        let Some(last) = self.arms[arm].measured.iter().rfind(of_session) else { return false };
        let replayed = !self.block.commits.is_empty();
        let counts = |sample: &&&Sample| !replayed || self.was_built_by_any(session, sample.round);
        let builds = self.arms[arm].measured.iter().rev().filter(of_session).filter(counts);
        let failures = builds.take_while(|sample| !succeeded(sample)).count();
        last.round < round && failures >= FAILURES_IN_A_ROW as usize
    }

    /// Returns true if any arm's build of the round succeeded.
    fn was_built_by_any(&self, session: u32, round: u32) -> bool {
        let mut all = self.arms.iter().flat_map(|arm| &arm.measured);
        all.any(|sample| (sample.session, sample.round) == (session, round) && succeeded(sample))
    }

    /// Returns true if the arm was built in the rounds of the session, as far as rounds can show.
    fn takes_part(&self, arm: usize, session: u32) -> bool {
        let all = || self.arms.iter().flat_map(|arm| &arm.measured);
        let of_session = |sample: &&&Sample| sample.session == session;
        let measured = &self.arms[arm].measured;
        if measured.iter().any(|sample| sample.session == session) {
            return true;
        }
        if has_different_values(all().filter(of_session).map(|sample| (sample.round, sample.attempt))) {
            return false;
        }
        !measured.is_empty() || !self.left_out[arm] && !has_different_values(all().map(|sample| sample.round))
    }
}

fn succeeded(sample: &&Sample) -> bool {
    sample.outcome.cost().is_some()
}

/// Returns true if there are at least two different values.
fn has_different_values<T: PartialEq>(mut values: impl Iterator<Item = T>) -> bool {
    values.next().is_some_and(|first| values.any(|value| value != first))
}

#[cfg(test)]
mod tests;
