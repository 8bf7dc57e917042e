//! Binary search for the commit that changed a build's time, where each measurement is noisy.
//!
//! Commits are numbered in order; commit 0 is the good end, the last one is the bad end. Exactly one step is
//! looked for: commits before it have the level of the good end, it and all later ones that of the bad end. Each
//! measurement is a round that builds the two ends and one commit in between.

use super::student::t_cdf;
use super::uncertain::UncertainValue;

/// One round: ln seconds of the good end, of a commit, and of the bad end.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BisectionRound {
    /// The commit, between the two ends.
    pub commit: usize,
    /// ln seconds of the good end.
    pub good: f64,
    /// ln seconds of the commit.
    pub at: f64,
    /// ln seconds of the bad end.
    pub bad: f64,
}

/// Result of the rounds so far.
#[derive(Debug, Clone, PartialEq)]
pub struct BisectionState {
    /// Probability of each commit from 1 to the last to be the one that changed the time; `probability[0]` is that of
    /// commit 1.
    pub probability: Vec<f64>,
    /// ln seconds of the bad end minus those of the good end; `None` before the second round.
    pub step: Option<UncertainValue>,
    /// The p-value against "the two ends are equally fast", in either direction; `None` before the second round.
    pub p_equal: Option<f64>,
}

/// Part of the information of the best commit for which one that was built before is built again: laying out a new
/// commit costs a warm-up.
const GOOD_ENOUGH: f64 = 0.8;

/// Gain below which a commit tells hardly anything: it would split off 3% of the probability.
const LITTLE: f64 = 0.03;

/// Shares of a build's variance that all builds of a round have in common, from none to nearly all: c = 3ρ/(1 + 3ρ), with ρ
/// the variance in common over that of a single build. All are equally likely beforehand.
const IN_COMMON: [f64; 11] = [0.0, 0.2, 0.4, 0.6, 0.8, 0.9, 0.96, 0.99, 0.997, 0.999, 0.9999];

impl BisectionState {
    /// The most probable commit, and its probability.
    pub fn best(&self) -> Option<(usize, f64)> {
        let best = (0..self.probability.len())
            .max_by(|&a, &b| self.probability[a].total_cmp(&self.probability[b]).then(b.cmp(&a)))?;
        Some((best + 1, self.probability[best]))
    }

    /// First and last of the fewest neighboring commits about the best one that have a probability of at least
    /// `wanted` together.
    pub fn range(&self, wanted: f64) -> Option<(usize, usize)> {
        let (best, mut held) = self.best()?;
        let (mut first, mut last) = (best - 1, best - 1);
        while held < wanted {
            let before = first.checked_sub(1).map_or(-1.0, |at| self.probability[at]);
            let after = self.probability.get(last + 1).copied().unwrap_or(-1.0);
            if before < 0.0 && after < 0.0 {
                break;
            }
            if before >= after {
                first -= 1;
                held += before;
            } else {
                last += 1;
                held += after;
            }
        }
        Some((first + 1, last + 1))
    }

    /// The commit to build next: the one that splits the probability best, or one of `built` that does so nearly
    /// as well. `None` if there is no commit between the ends, or if those of `excluded`, which cannot be built, are the
    /// only ones that would still tell anything.
    pub fn next(&self, built: &[usize], excluded: &[usize]) -> Option<usize> {
        // Building commit m tells whether the change is at m or before it.
        let mut before = 0.0;
        let gain: Vec<f64> = self.probability[..self.probability.len().checked_sub(1)?]
            .iter()
            .map(|probability| {
                before += probability;
                before * (1.0 - before)
            })
            .collect();
        let best = |of: &mut dyn Iterator<Item = usize>| {
            of.max_by(|&a, &b| gain[a].total_cmp(&gain[b]).then(b.cmp(&a)))
        };
        let is_excluded = |at: &usize| excluded.contains(&(at + 1));
        let any = best(&mut (0..gain.len()).filter(|at| !is_excluded(at)))?;
        let lost = best(&mut (0..gain.len()).filter(is_excluded)).map_or(0.0, |at| gain[at]);
        if gain[any] < LITTLE && lost > gain[any] {
            return None;
        }
        let in_range = built.iter().filter_map(|commit| commit.checked_sub(1)).filter(|&at| at < gain.len());
        let known = best(&mut in_range.filter(|at| !is_excluded(at)));
        match known {
            Some(known) if gain[known] >= GOOD_ENOUGH * gain[any] => Some(known + 1),
            _ => Some(any + 1),
        }
    }
}

/// Computes the probability of each commit from 1 to `last`, the bad end, from `rounds`.
///
/// Each position k of the change splits all builds into two groups with a mean each. With flat priors for both means
/// and for ln σ, and a share c of [`IN_COMMON`] that the builds of a round have in common, the marginal likelihood of k is
/// (1 − c)^(n/2) · |XᵀX|^(−1/2) · SS^(−(N − 2)/2) for N builds in n rounds; X are the indicators of the groups, and they and
/// the times have been made independent within each round (generalized least squares). It is averaged over c.
pub fn bisect(last: usize, rounds: &[BisectionRound]) -> BisectionState {
    let count = last.max(1);
    let (step, p_equal) = step(rounds);
    if rounds.is_empty() || !rounds.iter().all(is_finite) {
        return BisectionState { probability: vec![1.0 / count as f64; count], step, p_equal };
    }
    let center =
        rounds.iter().map(|round| round.good + round.at + round.bad).sum::<f64>() / (3 * rounds.len()) as f64;
    let mut sorted: Vec<BisectionRound> = rounds
        .iter()
        .map(|round| BisectionRound {
            commit: round.commit,
            good: round.good - center,
            at: round.at - center,
            bad: round.bad - center,
        })
        .collect();
    sorted.sort_by_key(|round| round.commit);
    let mut sums = GroupSums::of(&sorted);
    let mut next = sorted.iter().peekable();
    let mut likelihood = Vec::with_capacity(count);
    for change in 1..=count {
        // Commits before the change belong to the good end.
        while let Some(round) = next.next_if(|round| round.commit < change) {
            sums.move_to_good(round);
        }
        likelihood.push(ln_mean(IN_COMMON.map(|common| sums.ln_likelihood(common))));
    }
    let most = likelihood.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let weights: Vec<f64> = likelihood.iter().map(|one| (one - most).exp()).collect();
    let sum: f64 = weights.iter().sum();
    BisectionState { probability: weights.into_iter().map(|weight| weight / sum).collect(), step, p_equal }
}

/// ln of the mean of numbers given as logarithms.
fn ln_mean<const N: usize>(logs: [f64; N]) -> f64 {
    let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    most + (logs.iter().map(|log| (log - most).exp()).sum::<f64>() / N as f64).ln()
}

fn is_finite(round: &BisectionRound) -> bool {
    [round.good, round.at, round.bad].iter().all(|value| value.is_finite())
}

/// Difference of the two ends within the rounds, and the p-value of a paired t test.
fn step(rounds: &[BisectionRound]) -> (Option<UncertainValue>, Option<f64>) {
    let differences: Vec<f64> = rounds.iter().map(|round| round.bad - round.good).collect();
    let n = differences.len() as f64;
    if n < 2.0 || differences.iter().any(|one| !one.is_finite()) {
        return (None, None);
    }
    let mean = differences.iter().sum::<f64>() / n;
    let squares: f64 = differences.iter().map(|one| (one - mean).powi(2)).sum();
    let se = (squares / (n - 1.0) / n).sqrt();
    let known = UncertainValue { value: mean, se, df: n - 1.0 };
    let p = if se > 0.0 { 2.0 * t_cdf(-mean.abs() / se, n - 1.0) } else { known.p_zero() };
    (Some(known), Some(p.min(1.0)))
}

/// Sums over all rounds for one position of the change. A round has its commit in the group of the good end, which then
/// has two of its builds, or in that of the bad end.
#[derive(Debug, Clone, Copy, Default)]
struct GroupSums {
    /// Rounds with the commit in the group of the good end, and in that of the bad end.
    rounds: [f64; 2],
    /// Sums of the times of these rounds.
    of_rounds: [f64; 2],
    /// Sums of the times of the two groups: good, bad.
    of_groups: [f64; 2],
    /// Sum of the squares of all times, and of the squares of the sums of the rounds.
    squares: f64,
    squares_of_rounds: f64,
}

impl GroupSums {
    /// All commits in the group of the bad end.
    fn of(rounds: &[BisectionRound]) -> Self {
        let mut sums = Self::default();
        for round in rounds {
            let total = round.good + round.at + round.bad;
            sums.rounds[1] += 1.0;
            sums.of_rounds[1] += total;
            sums.of_groups[0] += round.good;
            sums.of_groups[1] += round.at + round.bad;
            sums.squares += round.good * round.good + round.at * round.at + round.bad * round.bad;
            sums.squares_of_rounds += total * total;
        }
        sums
    }

    fn move_to_good(&mut self, round: &BisectionRound) {
        let total = round.good + round.at + round.bad;
        self.rounds = [self.rounds[0] + 1.0, self.rounds[1] - 1.0];
        self.of_rounds = [self.of_rounds[0] + total, self.of_rounds[1] - total];
        self.of_groups = [self.of_groups[0] + round.at, self.of_groups[1] - round.at];
    }

    /// ln of the marginal likelihood with the share `common`, up to a constant.
    fn ln_likelihood(&self, common: f64) -> f64 {
        let [two_good, two_bad] = self.rounds;
        let rounds = two_good + two_bad;
        let third = common / 3.0;
        // Σ n_g, Σ n_g², Σ n_g·n_b and so on, with n_g and n_b the builds of a round in each group: 2 and 1, or 1 and 2.
        let gg = 2.0 * two_good + two_bad - third * (4.0 * two_good + two_bad);
        let bb = two_good + 2.0 * two_bad - third * (two_good + 4.0 * two_bad);
        let gb = -third * 2.0 * rounds;
        let g = self.of_groups[0] - third * (2.0 * self.of_rounds[0] + self.of_rounds[1]);
        let b = self.of_groups[1] - third * (self.of_rounds[0] + 2.0 * self.of_rounds[1]);
        let determinant = (gg * bb - gb * gb).max(f64::MIN_POSITIVE);
        let explained = (bb * g * g - 2.0 * gb * g * b + gg * b * b) / determinant;
        let total = self.squares - third * self.squares_of_rounds;
        // Times that fit exactly leave the rounding of their sums.
        let rest = (total - explained).max(self.squares * 1e-15).max(f64::MIN_POSITIVE);
        0.5 * rounds * (1.0 - common).ln() - 0.5 * determinant.ln() - 0.5 * (3.0 * rounds - 2.0) * rest.ln()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::noise::Noise;

    /// Searches until a commit has a probability of 95%; returns it, the rounds, and the number of commits built.
    fn search(noise: &mut Noise, commits: usize, truth: usize, step: f64, sd: f64) -> (usize, usize, usize) {
        let (mut rounds, mut built): (Vec<BisectionRound>, Vec<usize>) = (Vec::new(), Vec::new());
        loop {
            let state = bisect(commits, &rounds);
            if let Some((found, _)) = state.best().filter(|(_, probability)| *probability >= 0.95) {
                return (found, rounds.len(), built.len());
            }
            assert!(rounds.len() < 400, "the search does not end");
            let commit = state.next(&built, &[]).unwrap();
            if !built.contains(&commit) {
                built.push(commit);
            }
            let level = if commit >= truth { step } else { 0.0 };
            rounds.push(BisectionRound {
                commit,
                good: sd * noise.normal(),
                at: level + sd * noise.normal(),
                bad: step + sd * noise.normal(),
            });
        }
    }

    #[test]
    fn a_step_is_found_in_few_rounds_and_with_the_stated_confidence() {
        let mut noise = Noise::new(11);
        let (mut right, mut rounds, mut built) = (0, Vec::new(), Vec::new());
        for _ in 0..100 {
            let truth = 1 + (noise.uniform() * 1000.0) as usize;
            let (found, used, distinct) = search(&mut noise, 1000, truth, 0.05f64.ln_1p(), 0.03);
            right += usize::from(found == truth);
            rounds.push(used as f64);
            built.push(distinct as f64);
        }
        let median = |of: &[f64]| crate::stats::median(of).unwrap();
        assert!(right >= 93, "{right} of 100");
        assert!(median(&rounds) <= 40.0 && median(&built) <= 25.0, "{} {}", median(&rounds), median(&built));
    }

    #[test]
    fn without_noise_it_is_a_binary_search() {
        let mut noise = Noise::new(12);
        let (found, rounds, _) = search(&mut noise, 1024, 700, 0.1, 1e-9);
        assert!(found == 700 && rounds <= 16, "{found} in {rounds}");
    }

    #[test]
    fn what_a_round_has_in_common_is_removed() {
        let round = |commit: usize, common: f64, level: f64| BisectionRound {
            commit,
            good: common,
            at: common + level,
            bad: common + 0.05,
        };
        let commons = [0.3, -0.2, 0.5, -0.4, 0.1, -0.6];
        let rounds: Vec<BisectionRound> = (1..)
            .zip(commons)
            .map(|(at, common)| round(at, common, if at >= 4 { 0.05 } else { 0.0 }))
            .collect();
        let (found, probability) = bisect(10, &rounds).best().unwrap();
        assert!(found == 4 && probability > 0.9, "{found} {probability}");
    }

    #[test]
    fn commits_that_cannot_be_built_end_the_search_when_only_they_would_tell() {
        let probability = vec![0.01, 0.01, 0.47, 0.49, 0.01, 0.01];
        let state = BisectionState { probability, step: None, p_equal: None };
        assert_eq!(state.next(&[], &[]), Some(3));
        assert_eq!(state.next(&[1, 2], &[3]), None, "it is commit 3 or 4, and 3 cannot be built");
        assert_eq!(state.range(0.95), Some((3, 4)));
        assert_eq!(bisect(4, &[]).next(&[], &[2]), Some(1), "another one tells nearly as much");
    }

    #[test]
    fn equal_ends_are_seen() {
        let mut noise = Noise::new(14);
        let mut round = || BisectionRound {
            commit: 5,
            good: 0.02 * noise.normal(),
            at: 0.02 * noise.normal(),
            bad: 0.02 * noise.normal(),
        };
        let rounds: Vec<BisectionRound> = (0..12).map(|_| round()).collect();
        let state = bisect(10, &rounds);
        assert!(state.p_equal.unwrap() > 0.05 && state.step.unwrap().value.abs() < 0.03);
    }

    #[test]
    fn edges_are_defined() {
        let nothing = bisect(1, &[]);
        assert_eq!((nothing.best(), nothing.next(&[], &[])), (Some((1, 1.0)), None));
        let two = bisect(2, &[]);
        assert_eq!((two.best(), two.next(&[], &[]), two.range(0.9)), (Some((1, 0.5)), Some(1), Some((1, 2))));
        let odd = BisectionRound { commit: 1, good: f64::NAN, at: 0.0, bad: 0.0 };
        assert_eq!(bisect(2, &[odd; 3]).probability, [0.5, 0.5]);
        let same = BisectionRound { commit: 1, good: 0.0, at: 0.0, bad: 0.0 };
        assert!(bisect(2, &[same; 3]).probability.iter().all(|one| one.is_finite()));
    }
}
