//! Decides where the time budget of a run goes: which block is visited next, and until how many rounds.
//!
//! First every block gets a few rounds, the cheapest block first, so that as many blocks as possible have an
//! interval. Later rounds go where a second narrows an interval most. That depends on the number of rounds and
//! on their duration alone: no ratio and no scatter of an arm enters, so nothing is measured longer because of
//! what it shows.

use std::time::Duration;

use bench_runner_core::stats::{LEVEL, t_quantile};

/// Rounds that every block has after its first visit and after its second one, as far as the budget allows.
pub const FIRST_VISITS: [u32; 2] = [3, 5];

/// Number of rounds whose mean duration is expected of the next one.
const RECENT_ROUNDS: usize = 4;

/// Time of the warm-ups of a block, and of one of its rounds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BlockTimes {
    pub warm_up: Duration,
    pub round: Duration,
}

/// A block, as the allocation sees it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BlockTurn<'a> {
    /// Rounds that the block has in all when its first visits end, in ascending order.
    pub until: &'a [u32],
    /// Largest number of rounds.
    pub max_rounds: u32,
    /// Complete rounds so far.
    pub rounds: u32,
    /// Times by estimate; `None` if they are unknown.
    pub estimated: Option<BlockTimes>,
    /// Duration of its warm-up in this part of the run; `None` before it.
    pub warm_up: Option<Duration>,
    /// Expected duration of the next round by what was measured; `None` before the warm-up.
    pub round_time: Option<Duration>,
    /// False if variants were dropped in the warm-up or it was cut short, so that its duration says nothing of the
    /// machine. What happens after the warm-up does not change it.
    pub warm_up_is_whole: bool,
    /// True if an earlier part of the run has built anything, of whichever block.
    pub run_has_begun: bool,
    /// True if work trees and target directories are in place: the next round needs no warm-up.
    pub is_open: bool,
    /// True if they stay while another block is visited.
    pub stays_open: bool,
    /// True if the block gets no more rounds.
    pub has_ended: bool,
}

/// The next step of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextVisit {
    /// Visit the block, until it has this number of rounds in all.
    Visit { block: usize, until: u32, purpose: VisitPurpose },
    /// No block gets more rounds.
    AllEnded,
    /// Nothing that is left to do fits into the budget.
    BudgetUsed,
}

/// Reason for a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VisitPurpose {
    /// Its warm-up shows what a block costs whose times are unknown.
    LearnTimes,
    /// Every block gets this number of rounds first.
    FirstRounds,
    /// A further round narrows the intervals of this block most for its time.
    WorthMost,
}

/// Decides which block is visited next. `current` is the block visited last, and `left` the rest of the
/// budget.
///
/// The same block may be returned again, which continues the visit. A caller that carries out a visit asks
/// [`super::next`] before each round, with the whole rest of the budget.
pub fn next_visit(blocks: &[BlockTurn<'_>], current: Option<usize>, left: Duration) -> NextVisit {
    let factor = slowness(blocks);
    let mut order: Vec<usize> = (0..blocks.len()).filter(|&at| blocks[at].is_unfinished()).collect();
    if order.is_empty() {
        return NextVisit::AllEnded;
    }
    // The sort is stable: blocks of unknown times stay in the order of the plan.
    order.sort_by(|&a, &b| blocks[a].first_visit_seconds().total_cmp(&blocks[b].first_visit_seconds()));
    let is_untouched =
        |block: &BlockTurn<'_>| block.rounds == 0 && block.warm_up.is_none() && !block.run_has_begun;
    let is_first = current.is_none() && blocks.iter().all(is_untouched);
    if let Some(block) = to_learn(blocks, &order, factor, left.as_secs_f64()) {
        return NextVisit::Visit { block, until: blocks[block].rounds, purpose: VisitPurpose::LearnTimes };
    }
    let mut fitting: Vec<usize> = if is_first && !left.is_zero() {
        // The first one is begun even if it is not expected to fit.
        order[..1].to_vec()
    } else {
        order.iter().copied().filter(|&at| blocks[at].fits(factor, left.as_secs_f64())).collect()
    };
    if fitting.is_empty() {
        // Whatever is warmed up gets at least the rounds that fit.
        let round = |at: usize| blocks[at].cost(1, factor).filter(|_| blocks[at].is_open);
        let one = order.iter().copied().find(|&at| round(at).is_some_and(|cost| cost <= left.as_secs_f64()));
        fitting.extend(one);
    }
    let first_rounds = fitting.iter().filter_map(|&at| Some((blocks[at].pass()?, at)));
    // Of equal passes the first, which is the cheapest block.
    if let Some(((_, until), block)) = first_rounds.min_by_key(|((pass, _), _)| *pass) {
        return NextVisit::Visit { block, until, purpose: VisitPurpose::FirstRounds };
    }
    let gain = |at: usize| blocks[at].gain(factor);
    let Some(best) = fitting.iter().copied().reduce(|a, b| if gain(b) > gain(a) { b } else { a }) else {
        return NextVisit::BudgetUsed;
    };
    let stays = current.filter(|at| fitting.contains(at) && gain(*at) >= gain(best) / 2.0);
    let block = stays.unwrap_or(best);
    NextVisit::Visit { block, until: blocks[block].rounds + 1, purpose: VisitPurpose::WorthMost }
}

/// The next block of unknown times to warm up before its turn, so that the cheapest of them comes first. None is
/// warmed up if that would take the time of first visits that are known to fit. A warm-up is expected to take as
/// long as the longest of a block whose times were unknown as well.
fn to_learn(blocks: &[BlockTurn<'_>], order: &[usize], factor: f64, left: f64) -> Option<usize> {
    let lacks_first_rounds = |at: &usize| blocks[*at].rounds < blocks[*at].first_visit();
    let waiting: Vec<usize> = order.iter().copied().filter(lacks_first_rounds).collect();
    let is_unknown = |at: &usize| blocks[*at].first_visit_seconds().is_infinite();
    // Known blocks come before it; a block that is alone needs no comparison of costs.
    let known_ones_wait =
        waiting.iter().any(|at| blocks[*at].estimated.is_some() && blocks[*at].fits(factor, left));
    if known_ones_wait || waiting.len() < 2 {
        return None;
    }
    let next = waiting.iter().copied().find(|at| is_unknown(at) && blocks[*at].stays_open)?;
    let mut first_visits = 0.0;
    for cost in waiting.iter().filter_map(|&at| blocks[at].first_visit_cost(factor)) {
        if first_visits + cost <= left {
            first_visits += cost;
        }
    }
    let of_unknown = |block: &BlockTurn<'_>| block.warm_up.filter(|_| block.estimated.is_none());
    let longest = blocks.iter().filter_map(of_unknown).max().unwrap_or_default().as_secs_f64();
    (left > 0.0 && first_visits + longest <= left).then_some(next)
}

/// The factor by which this machine is expected to be slower than estimated. The half in the denominator draws
/// it towards 1 while few blocks are warmed up.
fn slowness(blocks: &[BlockTurn<'_>]) -> f64 {
    let ratio = |block: &BlockTurn<'_>| {
        let measured = block.warm_up.filter(|_| block.warm_up_is_whole)?;
        let estimated = block.estimated?.warm_up;
        (!measured.is_zero() && !estimated.is_zero())
            .then(|| (measured.as_secs_f64() / estimated.as_secs_f64()).ln())
    };
    let ratios: Vec<f64> = blocks.iter().filter_map(ratio).collect();
    (ratios.iter().sum::<f64>() / (ratios.len() as f64 + 0.5)).exp()
}

impl BlockTurn<'_> {
    fn is_unfinished(&self) -> bool {
        !self.has_ended && self.rounds < self.max_rounds
    }

    /// Seconds of its warm-ups and the rounds of its first visit: by estimate, without one as its warm-up showed
    /// them; infinite if they are unknown.
    fn first_visit_seconds(&self) -> f64 {
        let measured = || Some(BlockTimes { warm_up: self.warm_up?, round: self.round_time? });
        let rounds = f64::from(self.first_visit());
        self.estimated
            .or_else(measured)
            .map_or(f64::INFINITY, |times| times.warm_up.as_secs_f64() + rounds * times.round.as_secs_f64())
    }

    fn first_visit(&self) -> u32 {
        self.until.first().copied().unwrap_or(1).min(self.max_rounds)
    }

    /// The number of the pass in which it gets its next round, and the rounds that it has at the end of it;
    /// `None` after these passes.
    fn pass(&self) -> Option<(usize, u32)> {
        let mut passes = self.until.iter().map(|&until| until.min(self.max_rounds)).enumerate();
        passes.find(|&(_, until)| self.rounds < until)
    }

    /// Expected seconds of one round; `None` if unknown.
    fn round(&self, factor: f64) -> Option<f64> {
        let estimated = || Some(factor * self.estimated?.round.as_secs_f64());
        self.round_time.map(|time| time.as_secs_f64()).or_else(estimated)
    }

    /// Expected seconds until `rounds` more rounds are done; `None` if unknown.
    fn cost(&self, rounds: u32, factor: f64) -> Option<f64> {
        let estimated = || Some(factor * self.estimated?.warm_up.as_secs_f64());
        let warm_up = if self.is_open {
            0.0
        } else {
            self.warm_up.map(|time| time.as_secs_f64()).or_else(estimated)?
        };
        Some(warm_up + f64::from(rounds) * self.round(factor)?)
    }

    /// Expected seconds until the rounds of its first visit are done; `None` if unknown.
    fn first_visit_cost(&self, factor: f64) -> Option<f64> {
        self.cost(self.first_visit().saturating_sub(self.rounds), factor)
    }

    /// True if its next step fits into the budget: all rounds of a first visit with the warm-up before them, or
    /// one round once they have begun.
    fn fits(&self, factor: f64, left: f64) -> bool {
        let goes_on = self.is_open && self.rounds > 0;
        let rounds = if goes_on { 1 } else { self.first_visit().saturating_sub(self.rounds).max(1) };
        self.cost(rounds, factor).map_or(left > 0.0, |cost| cost <= left)
    }

    /// How much one more round narrows the intervals, on a logarithmic scale and per second.
    fn gain(&self, factor: f64) -> f64 {
        let narrower = ln_half_width(self.rounds) - ln_half_width(self.rounds + 1);
        self.cost(1, factor).map_or(0.0, |cost| narrower / cost.max(1e-9))
    }
}

/// ln h(n), up to a constant: the width of an interval from `rounds` rounds.
fn ln_half_width(rounds: u32) -> f64 {
    if rounds < 2 {
        return f64::INFINITY;
    }
    let n = f64::from(rounds);
    (t_quantile(1.0 - (1.0 - LEVEL) / 2.0, n - 1.0) * (1.0 + 0.5 / n) / n.sqrt()).ln()
}

/// Mean of the last durations of a block's rounds; `None` before the first.
pub fn recent_mean(round_times: &[Duration]) -> Option<Duration> {
    let recent = &round_times[round_times.len().saturating_sub(RECENT_ROUNDS)..];
    (!recent.is_empty()).then(|| recent.iter().sum::<Duration>() / recent.len() as u32)
}

/// Durations and decisions that [`rehearse`] needs.
pub trait Rehearsal {
    /// Duration of the warm-ups of a block begun after `elapsed`, and of the round at their end.
    fn warm_up(&mut self, block: usize, elapsed: Duration) -> BlockTimes;

    /// Duration of the block's next round, begun after `elapsed`.
    fn round(&mut self, block: usize, elapsed: Duration) -> Duration;

    /// True if the block needs no more than these rounds.
    fn is_enough(&mut self, block: usize, rounds: u32) -> bool;
}

/// Outcome of a block in a rehearsal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RehearsedBlock {
    pub rounds: u32,
    pub visits: u32,
    /// Time spent on its warm-ups and rounds.
    pub spent: Duration,
}

/// Goes through a whole run with a budget, as it is carried out, without building anything. Blocks stay open
/// from one visit to the next.
pub fn rehearse(
    blocks: &[BlockTurn<'_>],
    budget: Duration,
    rehearsal: &mut dyn Rehearsal,
) -> Vec<RehearsedBlock> {
    let mut blocks = blocks.to_vec();
    let mut outcomes: Vec<RehearsedBlock> =
        blocks.iter().map(|block| RehearsedBlock { rounds: block.rounds, ..Default::default() }).collect();
    let mut round_times: Vec<Vec<Duration>> = vec![Vec::new(); blocks.len()];
    let (mut elapsed, mut current) = (Duration::ZERO, None);
    while let NextVisit::Visit { block: at, until, .. } =
        next_visit(&blocks, current, budget.saturating_sub(elapsed))
    {
        let (block, outcome) = (&mut blocks[at], &mut outcomes[at]);
        outcome.visits += u32::from(current != Some(at));
        current = Some(at);
        let begun = elapsed;
        if !block.is_open {
            let times = rehearsal.warm_up(at, elapsed);
            elapsed += times.warm_up;
            (block.warm_up, block.round_time, block.is_open) = (Some(times.warm_up), Some(times.round), true);
        }
        while block.rounds < until && !block.has_ended {
            let left = budget.saturating_sub(elapsed);
            if rehearsal.is_enough(at, block.rounds) || block.round_time.is_some_and(|round| round > left) {
                block.has_ended = true;
                break;
            }
            let round = rehearsal.round(at, elapsed);
            elapsed += round;
            round_times[at].push(round);
            block.round_time = recent_mean(&round_times[at]);
            block.rounds += 1;
        }
        // What follows the last round of a visit is decided before the next visit.
        block.has_ended |= rehearsal.is_enough(at, block.rounds);
        outcome.rounds = block.rounds;
        outcome.spent += elapsed - begun;
    }
    outcomes
}

#[cfg(test)]
mod tests;
