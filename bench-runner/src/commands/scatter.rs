//! After a run: how much build times varied, and how much its plan had expected.

use bench_runner_core::compare::Comparison;
use bench_runner_core::record::BlockId;
use bench_runner_core::stats::{Control, Estimate, noise_of_twin};
use bench_runner_measure::plan::Noise;

/// Factor from which on a scatter is another one than expected.
const NOTABLE: f64 = 1.25;

/// A line, with its end, that compares the scatter of single builds with the `expected` one; `None` if no comparison has a
/// control that shows it.
pub(super) fn scatter_line(expected: &[(BlockId, Noise)], comparison: &Comparison) -> Option<String> {
    let shown = comparison.blocks.iter().filter_map(|block| {
        let twin = block.twin?;
        let estimate = Estimate {
            rounds: twin.rounds,
            theta: twin.theta,
            se: twin.se,
            df: twin.df,
            control: Control::Twin,
        };
        let (_, noise) = expected.iter().find(|(id, _)| *id == block.id)?;
        Some((noise_of_twin(&estimate)?, *noise))
    });
    let (found, expected): (Vec<f64>, Vec<Noise>) = shown.unzip();
    let of_plan: Vec<f64> = expected.iter().map(|noise| noise.expected.noise).collect();
    let (lowest, highest) = bounds(&found)?;
    let (least, most) = bounds(&of_plan)?;
    let source = if expected.iter().all(|noise| noise.is_measured) { "expected" } else { "assumed" };
    let consequence = match () {
        () if lowest > most * NOTABLE => "; intervals are wider than planned",
        () if highest * NOTABLE < least => "; intervals are narrower than planned",
        () => "",
    };
    let (found, of_plan) = (range(lowest, highest), range(least, most));
    Some(format!("Build times varied by {found} in this run; the plan {source} {of_plan}{consequence}.\n"))
}

fn bounds(values: &[f64]) -> Option<(f64, f64)> {
    let lowest = values.iter().copied().reduce(f64::min)?;
    Some((lowest, values.iter().copied().fold(lowest, f64::max)))
}

/// `4.1%`, or `4.1% to 25%` from comparison to comparison.
fn range(lowest: f64, highest: f64) -> String {
    let (lowest, highest) = (percent(lowest), percent(highest));
    if lowest == highest { lowest } else { format!("{lowest} to {highest}") }
}

fn percent(share: f64) -> String {
    if share < 0.0995 { format!("{:.1}%", 100.0 * share) } else { format!("{:.0}%", 100.0 * share) }
}

#[cfg(test)]
mod tests {
    use bench_runner_core::compare::fixture::{self, Samples};
    use bench_runner_core::stats::{BlockShape, Expectation};

    use super::*;

    fn line(scatters: &[f64], expected: f64, is_measured: bool) -> Option<String> {
        let blocks = scatters
            .iter()
            .enumerate()
            .map(|(at, _)| fixture::block(&format!("m{at}"), true, &["linker=mold"]));
        let plan = fixture::plan(blocks.collect());
        let mut samples = Samples::of(&plan);
        for (block, scatter) in scatters.iter().enumerate() {
            // The control is off by turns, to either side, so the scatter of a difference is known.
            for round in 1..=8 {
                let sign = if round % 2 == 0 { 1.0 } else { -1.0 };
                let off = (sign * scatter * std::f64::consts::SQRT_2).exp();
                samples.round(block, round, |arm| fixture::built(if arm == 1 { off } else { 1.0 }));
            }
        }
        let comparison = fixture::compare_samples(&plan, &samples.all);
        let shape = BlockShape { control: Control::Twin, comparisons: 2 };
        let noise = Noise { expected: Expectation { noise: expected, offset: 0.0, shape }, is_measured };
        let expected: Vec<_> = plan.blocks.iter().map(|block| (block.id.clone(), noise)).collect();
        scatter_line(&expected, &comparison)
    }

    #[test]
    fn the_scatter_is_put_beside_what_the_plan_assumed() {
        let noisy = line(&[0.1], 0.02, false).unwrap();
        assert!(noisy.starts_with("Build times varied by 1"), "{noisy}");
        assert!(
            noisy.ends_with("% in this run; the plan assumed 2.0%; intervals are wider than planned.\n"),
            "{noisy}"
        );
        let quiet = line(&[0.002, 0.004], 0.05, true).unwrap();
        assert!(quiet.contains("% to 0."), "two comparisons: {quiet}");
        assert!(
            quiet.ends_with("; the plan expected 5.0%; intervals are narrower than planned.\n"),
            "{quiet}"
        );
        let as_expected = line(&[0.01, 0.2], 0.05, true).unwrap();
        assert!(as_expected.ends_with("; the plan expected 5.0%.\n"), "{as_expected}");
    }

    #[test]
    fn without_a_control_nothing_is_said() {
        let plan = fixture::plan(vec![fixture::block("m", false, &["linker=mold"])]);
        let mut samples = Samples::of(&plan);
        (1..=6).for_each(|round| samples.round(0, round, |_| fixture::built(1.0)));
        let comparison = fixture::compare_samples(&plan, &samples.all);
        assert_eq!(scatter_line(&[], &comparison), None);
    }

    #[test]
    fn percentages_have_two_digits() {
        assert_eq!([0.0416, 0.0994, 0.0996, 0.25].map(percent), ["4.2%", "9.9%", "10%", "25%"]);
    }
}
