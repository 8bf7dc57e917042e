//! Levels of a series over time, and where they change.
//!
//! A series has one value per run, such as the ln ratio of a branch to its anchor in one night, each with its
//! own standard error. The model: between changes the values scatter about one level. docs/METHODOLOGY.md has
//! the reasons and the simulations.
//!
//! 1. Each value weighs 1/(SE²·df/(df − 2) + τ²), with τ² the variance of neighboring values beyond their errors.
//! 2. Values farther than [`CLIP`] standard deviations from the median of their neighbors are moved to that
//!    distance, so that a single bad night is no change.
//! 3. Candidates come from the best partition at a low penalty (optimal partitioning, Jackson et al. 2005), so
//!    that a level that returns is found as well.
//! 4. A candidate stays if the scan of the two segments at its sides (`scan`) finds a change at the level asked for;
//!    the weakest is removed first, and then the others are scanned again. Segments that remain are scanned too.

mod partition;
mod scan;
mod weights;

use self::partition::best_partition;
use self::scan::{Found, Scanned, scan};
use self::weights::Weighted;
use super::quantile::median;
use super::uncertain::UncertainValue;

/// Fewest values of a series that can be judged.
pub const MIN_SERIES: usize = 6;

/// Fewest values of a level between two changes.
pub(super) const MIN_SEGMENT: usize = 3;

/// Distance at which values are clipped, in standard deviations.
const CLIP: f64 = 2.5;

/// Distance of places of a change that count as different ones.
const PLACES_APART: f64 = 5.0;

/// Passes over all changes after which their places are taken as they are.
const MOST_PASSES: usize = 8;

/// Limit of the one-sided test for correlation of neighboring values, at 1%.
const SERIAL_LIMIT: f64 = 2.326;

/// A change of level.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChangePoint {
    /// Index of the first value at the new level.
    pub at: usize,
    /// First and last index that the change probably has: with a probability of 95%, if there is a single change
    /// between the neighboring ones.
    pub between: (usize, usize),
    /// The p-value against "both sides have the same level".
    pub p: f64,
    /// New level minus old level.
    pub change: UncertainValue,
}

/// Levels of a series.
#[derive(Debug, Clone, PartialEq)]
pub struct Levels {
    /// The changes, in order of time.
    pub changes: Vec<ChangePoint>,
    /// The levels, one more than there are changes.
    pub levels: Vec<UncertainValue>,
    /// The p-value against "the level never changes".
    pub p: f64,
    /// ln of the averaged evidence for a single change in the whole series.
    pub ln_evidence: f64,
    /// Standard deviation of a value about its level, for one of mean weight.
    pub noise: f64,
    /// Correlation of neighboring values, if one was found; p-values and errors allow for it.
    pub serial: Option<f64>,
}

/// Levels and changes of a series at a significance level such as 0.001 for each change; `None` if it has fewer
/// than [`MIN_SERIES`] values, or one that is not finite.
///
/// Values without an error (0) all weigh the same.
pub fn levels(series: &[UncertainValue], level: f64) -> Option<Levels> {
    Some(SearchableSeries::of(series)?.levels(level))
}

/// A series that can be searched at several significance levels: the partition is the same for all.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchableSeries {
    weighted: Weighted,
    /// Begins of the candidates' segments, and the end of the last.
    partition: Vec<usize>,
    /// The change that a scan over the whole series finds, if its values are independent.
    whole: Option<Found>,
}

impl SearchableSeries {
    /// `None` if the series has fewer than [`MIN_SERIES`] values, or one that is not finite.
    pub fn of(series: &[UncertainValue]) -> Option<Self> {
        let weighted = Weighted::of(series)?;
        let partition = best_partition(&weighted);
        let whole = LevelSearch::new(&weighted, 1.0).scan(0, weighted.len());
        Some(Self { weighted, partition, whole })
    }

    /// Levels and changes at a significance level for each change.
    pub fn levels(&self, level: f64) -> Levels {
        let first = LevelSearch { whole: self.whole, ..LevelSearch::new(&self.weighted, 1.0) };
        let first = first.run(&self.partition, level);
        let serial = first.serial();
        let search = match serial {
            Some(lag1) => {
                let mut again = LevelSearch::new(&self.weighted, (1.0 - lag1) / (1.0 + lag1));
                again.whole = again.scan(0, self.weighted.len());
                again.run(&self.partition, level)
            }
            None => first,
        };
        search.result(serial)
    }
}

/// The last value of a series against the level before it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NewestValue {
    /// Value minus level. Its standard error has the scatter of the values about their level, the error of the level, and the weight
    /// of the value; so a value that is known less well must be farther away.
    pub distance: UncertainValue,
    /// The level.
    pub level: UncertainValue,
}

/// Compares the last value of a series with the level before it, which begins at the last of `begins`: the ascending begins
/// of all levels but the first. `known` is the level if it has no value yet. `None` if fewer than [`MIN_SERIES`] values
/// are before the last, nothing is known of the level, or a value is not finite.
///
/// A level of fewer than [`MIN_SERIES`] values has the scatter of all values about their levels.
pub fn newest_value(
    series: &[UncertainValue],
    begins: &[usize],
    known: Option<UncertainValue>,
) -> Option<NewestValue> {
    let (newest, before) = series.split_last()?;
    let begin = begins.last().copied().unwrap_or(0).min(before.len());
    let (before, begins) = match before.len() - begin {
        MIN_SERIES.. => (&before[begin..], &[][..]),
        _ => (before, begins),
    };
    let weighted = Weighted::of(before)?;
    let search = LevelSearch::new(&weighted, 1.0);
    let bounds: Vec<usize> = std::iter::once(0).chain(begins.iter().copied()).chain([before.len()]).collect();
    let segments = bounds.windows(2).filter(|ends| ends[0] < ends[1]);
    let squares: Vec<f64> = segments.map(|ends| search.segment(ends[0], ends[1]).2).collect();
    let df = before.len() as f64 - squares.len() as f64;
    let scatter = squares.iter().sum::<f64>() / df;
    let begin = bounds[bounds.len() - 2];
    let level = if begin < before.len() {
        let (mean, total, _) = search.segment(begin, before.len());
        UncertainValue { value: mean, se: (scatter / total).sqrt(), df }
    } else {
        known?
    };
    let se = (scatter / weighted.weight_of(newest)).sqrt().hypot(level.se);
    let distance = UncertainValue { value: newest.value - level.value, se, df };
    let is_known = df >= 1.0 && distance.value.is_finite() && distance.se.is_finite();
    is_known.then_some(NewestValue { distance, level })
}

/// A partition on its way to the final one.
#[derive(Debug, Clone)]
struct LevelSearch<'s> {
    series: &'s Weighted,
    /// Share of the values that count as independent: below 1 if neighbors are correlated.
    independent: f64,
    /// Begin of each segment, and the end of the last.
    bounds: Vec<usize>,
    /// The change at each inner bound.
    found: Vec<Found>,
    /// The change that a scan over the whole series finds.
    whole: Option<Found>,
    /// Scans that were done: passes that move no change repeat them.
    scanned: Vec<(Scanned, Option<Found>)>,
}

impl<'s> LevelSearch<'s> {
    fn new(series: &'s Weighted, independent: f64) -> Self {
        Self {
            series,
            independent,
            bounds: vec![0, series.len()],
            found: Vec::new(),
            whole: None,
            scanned: Vec::new(),
        }
    }

    /// Starts from a partition; the scan over the whole series has been done.
    fn run(mut self, partition: &[usize], level: f64) -> Self {
        self.bounds = partition.to_vec();
        self.remove_weak(level);
        // Each pass adds at least one change; a series cannot have more than this.
        for _ in 0..self.series.len() / MIN_SEGMENT {
            let before = self.bounds.clone();
            self.split(level);
            self.remove_weak(level);
            if self.bounds.len() <= before.len() {
                break;
            }
        }
        self
    }

    /// Removes changes that are not significant, the weakest first.
    fn remove_weak(&mut self, level: f64) {
        loop {
            self.scan_all();
            let weakest = (0..self.found.len()).max_by(|&a, &b| self.found[a].p.total_cmp(&self.found[b].p));
            match weakest {
                Some(weakest) if self.found[weakest].p > level => {
                    self.bounds.remove(weakest + 1);
                }
                _ => return,
            }
        }
    }

    /// Scans the two segments at the sides of each change, from left to right, and moves the change to where
    /// the scan finds it, until none moves any more.
    fn scan_all(&mut self) {
        for _ in 0..MOST_PASSES {
            let before = self.bounds.clone();
            self.found.clear();
            for inner in 1..self.bounds.len() - 1 {
                let (begin, end) = (self.bounds[inner - 1], self.bounds[inner + 1]);
                let at = self.bounds[inner];
                let nothing = Found { at, between: (begin, end - 1), p: 1.0, ln_evidence: f64::NEG_INFINITY };
                let found = self.scan(begin, end).unwrap_or(nothing);
                self.bounds[inner] = found.at;
                self.found.push(found);
            }
            if self.bounds == before {
                break;
            }
        }
    }

    /// Adds the changes that scans of the segments find.
    fn split(&mut self, level: f64) {
        let mut found = Vec::new();
        for segment in 1..self.bounds.len() {
            let change = self.scan(self.bounds[segment - 1], self.bounds[segment]);
            found.extend(change.filter(|change| change.p <= level).map(|change| change.at));
        }
        self.bounds.extend(found);
        self.bounds.sort_unstable();
    }

    /// Scans `begin..end`, with the noise of all segments.
    fn scan(&mut self, begin: usize, end: usize) -> Option<Found> {
        let is_whole = begin == 0 && end == self.series.len();
        if is_whole && self.whole.is_some() {
            return self.whole;
        }
        let outside = self.bounds.windows(2).filter(|ends| ends[1] <= begin || ends[0] >= end);
        let (mut sum, mut df) = (0.0, 0.0);
        for ends in outside {
            sum += self.series.sum_of_squares(ends[0], ends[1]);
            df += (ends[1] - ends[0]) as f64 - 1.0;
        }
        let scanned = Scanned { begin, end, outside: sum, df_outside: df, independent: self.independent };
        let found = match self.scanned.iter().find(|(before, _)| *before == scanned) {
            Some((_, found)) => *found,
            None => {
                let found = scan(self.series, scanned);
                self.scanned.push((scanned, found));
                found
            }
        }?;
        let choices = if is_whole { 1.0 } else { self.choices() };
        Some(Found { p: (found.p * choices).min(1.0), ..found })
    }

    /// Factor on the p-value of a change whose stretch does not span the series: the ends of the stretch, which are other changes,
    /// were chosen by their values, from the more places the longer the series is. Calibrated by simulation.
    fn choices(&self) -> f64 {
        let changes = self.bounds.len() as f64 - 2.0;
        changes.max(1.0) * (self.series.len() as f64 / PLACES_APART).max(1.0)
    }

    /// Weighted mean, total weight, and weighted sum of squares of a segment, with values clipped about its
    /// median.
    fn segment(&self, begin: usize, end: usize) -> (f64, f64, f64) {
        let values = &self.series.values()[begin..end];
        let center = median(values).unwrap_or(0.0);
        let (mut total, mut mean, mut squares) = (0.0, 0.0, 0.0);
        for (at, value) in values.iter().enumerate() {
            let weight = self.series.weights()[begin + at];
            let reach = CLIP * self.series.scale() / weight.sqrt();
            let distance = (value - center).clamp(-reach, reach);
            total += weight;
            mean += weight * distance;
            squares += weight * distance * distance;
        }
        mean /= total;
        (center + mean, total, (squares - total * mean * mean).max(0.0))
    }

    /// Correlation of neighboring values about their levels, if it is significant at 1%: the larger one of the residuals' and of
    /// what the steps between neighbors show, which levels that are too many cannot hide.
    fn serial(&self) -> Option<f64> {
        let (mut products, mut squares) = (0.0, 0.0);
        for ends in self.bounds.windows(2) {
            let residuals = self.series.residuals(ends[0], ends[1]);
            products += residuals.windows(2).map(|pair| pair[0] * pair[1]).sum::<f64>();
            squares += residuals.iter().map(|residual| residual * residual).sum::<f64>();
        }
        let n = self.series.len() as f64;
        let segments = self.bounds.len() as f64 - 1.0;
        // Residuals about a mean have a correlation of about −1/n for each level that was estimated.
        let of_residuals = products / squares + segments / n;
        let (mut products, mut squares) = (0.0, 0.0);
        for ends in self.bounds.windows(2) {
            let steps = self.series.steps(ends[0], ends[1]);
            products += steps.windows(2).map(|pair| pair[0] * pair[1]).sum::<f64>();
            squares += steps.iter().map(|step| step * step).sum::<f64>();
        }
        let of_steps = products / squares;
        // Steps of independent values have a correlation of −1/2, with a standard deviation of √(1/2n).
        let of_steps = 1.0 + 2.0 * of_steps;
        let fires =
            |correlation: f64, sd: f64| correlation.is_finite() && correlation > SERIAL_LIMIT * sd / n.sqrt();
        let found = [(of_residuals, 1.0), (of_steps, std::f64::consts::SQRT_2)];
        let found = found.into_iter().filter(|(one, sd)| fires(*one, *sd)).map(|(one, _)| one.min(0.95));
        found.reduce(f64::max)
    }

    fn result(self, serial: Option<f64>) -> Levels {
        let segments: Vec<_> = self.bounds.windows(2).map(|ends| self.segment(ends[0], ends[1])).collect();
        let df = ((self.series.len() - segments.len()) as f64).max(1.0);
        let variance = segments.iter().map(|(.., squares)| squares).sum::<f64>() / df;
        let known = |(mean, total, _): &(f64, f64, f64)| UncertainValue {
            value: *mean,
            se: (variance / total / self.independent).sqrt(),
            df,
        };
        let levels: Vec<UncertainValue> = segments.iter().map(known).collect();
        let changes = self.found.iter().zip(levels.windows(2)).map(|(found, sides)| ChangePoint {
            at: found.at,
            between: found.between,
            p: found.p,
            change: UncertainValue {
                value: sides[1].value - sides[0].value,
                se: sides[0].se.hypot(sides[1].se),
                df,
            },
        });
        let changes: Vec<ChangePoint> = changes.collect();
        let p_whole = self.whole.map_or(1.0, |whole| whole.p);
        let p = changes.iter().map(|change| change.p).fold(p_whole, f64::min);
        Levels {
            changes,
            levels,
            p,
            ln_evidence: self.whole.map_or(f64::NEG_INFINITY, |whole| whole.ln_evidence),
            noise: variance.sqrt(),
            serial,
        }
    }
}

#[cfg(test)]
mod tests;
