//! Number of alarms in nights without a change, and delay until a change is found, through the program's own functions.

use bench_runner_core::stats::noise::Noise;
use bench_runner_core::stats::{Control, Reference, UncertainValue, sum};
use bench_runner_core::tracking::{LookOutcome, SeriesLife, SuspicionKind, find, look_outcome};
use rayon::prelude::*;

/// Series of one tracking file.
pub(crate) const SERIES: u64 = 200;
/// Nights of a simulated history.
pub(crate) const NIGHTS: usize = 100;
/// Rounds of a night and of a second look.
const ROUNDS: usize = 10;
/// First night of a change.
const CHANGE: usize = 50;

/// Nights to simulate.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Nights {
    /// Standard deviation of a build within a round.
    pub(crate) noise: f64,
    /// Share of builds that take 1.5 times as long.
    pub(crate) outliers: f64,
    /// Standard deviation of a directory, which a night cannot average out.
    pub(crate) offset: f64,
    pub(crate) tolerance: f64,
    /// Size of each step, and how many there are, three nights apart; no change if 0.
    pub(crate) step: f64,
    pub(crate) steps: usize,
}

/// Result of many histories.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Alarms {
    /// Series-nights that were judged.
    pub(crate) judged: u64,
    pub(crate) suspicions: u64,
    /// Alarms before any change.
    pub(crate) false_alarms: u64,
    /// Shares of series whose change raised an alarm in its first night, within a week, and at all.
    pub(crate) found: [f64; 3],
}

/// Simulates `count` series.
pub(crate) fn simulate(nights: &Nights, seed: u64, count: u64) -> Alarms {
    let all: Vec<SeriesAlarms> = (0..count)
        .into_par_iter()
        .map(|number| one(nights, &mut Noise::new(seed * 1_000_000_007 + number)))
        .collect();
    let sum = |of: fn(&SeriesAlarms) -> u64| all.iter().map(of).sum();
    let share = |within: usize| {
        let found = all.iter().filter(|one| one.found.is_some_and(|night| night < CHANGE + within)).count();
        found as f64 / count as f64
    };
    Alarms {
        judged: sum(|one| one.judged),
        suspicions: sum(|one| one.suspicions),
        false_alarms: sum(|one| one.false_alarms),
        found: [share(1), share(7), share(NIGHTS)],
    }
}

#[derive(Debug, Default)]
struct SeriesAlarms {
    judged: u64,
    suspicions: u64,
    false_alarms: u64,
    found: Option<usize>,
}

fn one(nights: &Nights, noise: &mut Noise) -> SeriesAlarms {
    let (mut result, mut life) = (SeriesAlarms::default(), SeriesLife::default());
    let mut values: Vec<UncertainValue> = Vec::new();
    for night in 0..NIGHTS {
        let Some(value) = measured(nights, level(nights, night), noise) else { continue };
        values.push(value);
        result.judged += u64::from(values.len() > bench_runner_core::stats::MIN_SERIES);
        let Some(finding) = find(&values, &life, nights.tolerance) else { continue };
        result.suspicions += 1;
        let truth = level(nights, night) - level(nights, finding.before);
        let newest = values.len() - 1;
        let fresh = measured(nights, truth, noise);
        match fresh.map(|fresh| look_outcome(fresh, nights.tolerance)) {
            Some(LookOutcome::Confirmed) => {
                if truth == 0.0 {
                    result.false_alarms += 1;
                } else {
                    result.found = result.found.or(Some(night));
                }
                let alarm_level = fresh.and_then(|fresh| sum(&[finding.level, fresh]));
                life = SeriesLife { alarmed: Some(newest), alarm_level, ..SeriesLife::default() };
            }
            // As in the log: a dismissed step says nothing about the accepted level.
            Some(LookOutcome::Dismissed) if finding.kind == SuspicionKind::Level => {
                life.dismissed = Some(newest);
            }
            _ => {}
        }
    }
    result
}

fn level(nights: &Nights, night: usize) -> f64 {
    let steps = if night < CHANGE { 0 } else { ((night - CHANGE) / 3 + 1).min(nights.steps) };
    steps as f64 * nights.step.ln_1p()
}

/// ln ratio of a variant to an anchor and its control, from rounds of builds, with the error that an offset of known size
/// adds.
fn measured(nights: &Nights, truth: f64, noise: &mut Noise) -> Option<UncertainValue> {
    let arms = [0.0, 0.0, truth].map(|level| level + nights.offset * noise.normal());
    let round = |_| -> Vec<Option<f64>> {
        arms.iter().map(|arm| Some((arm + noise.build(nights.noise, nights.outliers)).exp())).collect()
    };
    let rounds: Vec<Vec<Option<f64>>> = (0..ROUNDS).map(round).collect();
    let reference = Reference { baseline: 0, twin: Some(1) };
    let estimate = reference.contrast(2).estimate(&rounds, Control::Twin)?;
    let known = UncertainValue::from(&estimate);
    // The variance between two directories is twice that of one, and a variant has three quarters of it.
    Some(UncertainValue { se: known.se.hypot(1.5f64.sqrt() * nights.offset), ..known })
}
