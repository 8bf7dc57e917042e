//! Scan of a stretch of a series for a single change.

use super::MIN_SEGMENT;
use super::weights::Weighted;

/// Variances of a change, as multiples of the noise's, that are averaged over: changes of half, one, two and four
/// standard deviations are typical.
const VARIANCES: [f64; 4] = [0.25, 1.0, 4.0, 16.0];

/// Probability of the positions in [`Found::between`].
const PROBABLE: f64 = 0.95;

/// A stretch to scan.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scanned {
    pub(super) begin: usize,
    pub(super) end: usize,
    /// Weighted sum of squares about the levels outside of the stretch, and its degrees of freedom.
    pub(super) outside: f64,
    pub(super) df_outside: f64,
    /// Share of the values that count as independent.
    pub(super) independent: f64,
}

/// The most probable change in a stretch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Found {
    /// Index of the first value behind the change.
    pub(super) at: usize,
    /// First and last of the most probable positions, which have 95% of the probability.
    pub(super) between: (usize, usize),
    /// The p-value against "no change in this stretch".
    pub(super) p: f64,
    pub(super) ln_evidence: f64,
}

/// Scans a stretch; `None` if it is too short or its values do not differ.
///
/// The evidence for a change at k is the ratio of the marginal likelihoods with and without it, for normal noise
/// of unknown variance, any level before, and a change that is itself normal with variance g·σ² (as in Bayesian
/// regression with a g-prior): with n_k = W_L·W_R/W and G_k = n_k·(ȳ_R − ȳ_L)²,
/// BF_k = (1 + g·n_k)^(−1/2) · (1 − g·n_k/(1 + g·n_k) · G_k/SS)^(−ν/2), averaged over g and over all k. An average
/// over positions finds more than their maximum does, because changes anywhere are equally likely.
pub(super) fn scan(series: &Weighted, stretch: Scanned) -> Option<Found> {
    let Scanned { begin, end, outside, df_outside, independent } = stretch;
    let positions = begin + MIN_SEGMENT..(end + 1).saturating_sub(MIN_SEGMENT);
    let squares = series.sum_of_squares(begin, end) + outside;
    if positions.is_empty() || squares <= f64::MIN_POSITIVE {
        return None;
    }
    let (total, sum) = series.sums(begin, end);
    let df = (df_outside + (end - begin) as f64 - 1.0) * independent;
    // For each position and each g, the factor (1 + g·n_k)^(−1/2) and the logarithm of the other one.
    let parts: Vec<[(f64, f64); VARIANCES.len()]> = positions
        .clone()
        .map(|at| {
            let (left, left_sum) = series.sums(begin, at);
            let (right, right_sum) = (total - left, sum - left_sum);
            let n = left * right / total;
            let step = right_sum / right - left_sum / left;
            let explained = (n * step * step / squares).clamp(0.0, 1.0);
            VARIANCES.map(|g| {
                let gn = g * n * independent;
                ((1.0 + gn).sqrt().recip(), -0.5 * df * (-explained * gn / (1.0 + gn)).ln_1p())
            })
        })
        .collect();
    let most = parts.iter().flatten().map(|(_, ln)| *ln).fold(f64::NEG_INFINITY, f64::max);
    let of_position = |parts: &[(f64, f64); VARIANCES.len()]| {
        let all: f64 = parts.iter().map(|(factor, ln)| factor * (ln - most).exp()).sum();
        all / VARIANCES.len() as f64
    };
    let shares: Vec<f64> = parts.iter().map(of_position).collect();
    let total: f64 = shares.iter().sum();
    let best = (0..shares.len()).max_by(|&a, &b| shares[a].total_cmp(&shares[b]))?;
    let (first, last) = probable(&shares, best, PROBABLE * total);
    let ln_evidence = most + (total / shares.len() as f64).ln();
    let at = |position: usize| positions.start + position;
    Some(Found {
        at: at(best),
        between: (at(first), at(last)),
        p: p_value(ln_evidence, end - begin),
        ln_evidence,
    })
}

/// The shortest stretch about `best` that grows to the more probable side and holds `wanted`.
fn probable(shares: &[f64], best: usize, wanted: f64) -> (usize, usize) {
    let (mut first, mut last, mut held) = (best, best, shares[best]);
    while held < wanted {
        let before = first.checked_sub(1).map(|at| shares[at]);
        let after = shares.get(last + 1).copied();
        match (before, after) {
            (Some(before), after) if after.is_none_or(|after| before >= after) => {
                first -= 1;
                held += before;
            }
            (_, Some(after)) => {
                last += 1;
                held += after;
            }
            _ => break,
        }
    }
    (first, last)
}

/// Shares of series without a change for which [`TAIL`] has the evidence.
const SHARES: [f64; 10] = [0.3, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0.0005];

/// ln evidence that these shares of series without a change exceed, by the length of the series: 60,000 series with normal
/// noise each (`cargo bench --bench tracking -- tail`).
const TAIL: [(f64, [f64; 10]); 5] = [
    (6.0, [-0.171, -0.071, 0.319, 0.742, 1.353, 1.788, 2.237, 2.887, 3.390, 3.745]),
    (10.0, [-0.219, -0.098, 0.314, 0.752, 1.389, 1.844, 2.301, 2.954, 3.375, 3.847]),
    (30.0, [-0.472, -0.283, 0.099, 0.536, 1.144, 1.626, 2.080, 2.654, 3.119, 3.519]),
    (100.0, [-0.788, -0.576, -0.175, 0.275, 0.928, 1.451, 1.972, 2.711, 3.336, 3.898]),
    (400.0, [-1.260, -1.035, -0.590, -0.095, 0.640, 1.172, 1.847, 2.668, 3.354, 4.021]),
];

/// The p-value of the averaged evidence of a stretch of `length` values.
///
/// Without a change its expectation is 1, so its inverse is an upper bound (Markov). How much smaller the p-value is, was
/// simulated: [`TAIL`], interpolated on logarithms of both. Beyond the table the p-value falls like the bound, which is more
/// slowly than it does in fact.
fn p_value(ln_evidence: f64, length: usize) -> f64 {
    if ln_evidence.is_nan() {
        return 1.0;
    }
    let length = (length as f64).clamp(TAIL[0].0, TAIL[TAIL.len() - 1].0);
    let above = TAIL.iter().position(|(of, _)| *of >= length).unwrap_or(TAIL.len() - 1).max(1);
    let [(from, low), (to, high)] = [TAIL[above - 1], TAIL[above]];
    let share = (length.ln() - from.ln()) / (to.ln() - from.ln());
    let ln_p = (1.0 - share) * ln_share(ln_evidence, &low) + share * ln_share(ln_evidence, &high);
    ln_p.exp().clamp(0.0, 1.0)
}

/// ln of the share of series of one length that exceed this evidence.
fn ln_share(ln_evidence: f64, tail: &[f64; 10]) -> f64 {
    let last = tail.len() - 1;
    if ln_evidence >= tail[last] {
        return SHARES[last].ln() - (ln_evidence - tail[last]);
    }
    // The first entry that the evidence is below; a share above 30% is no evidence at all.
    let Some(above) = tail.iter().position(|one| *one > ln_evidence).filter(|above| *above > 0) else {
        return 0.0;
    };
    let (from, to) = (tail[above - 1], tail[above]);
    let part = (ln_evidence - from) / (to - from);
    (1.0 - part) * SHARES[above - 1].ln() + part * SHARES[above].ln()
}
