//! Pooled ratio over several projects with equal weights.

use super::estimate::{Estimate, LEVEL};
use super::student::t_quantile;

/// Number of projects needed for a statement about projects in general.
pub(crate) const MIN_PROJECTS_IN_GENERAL: usize = 5;

/// Mean log-ratio over some projects. Half-widths are those of 95% intervals.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pooled {
    /// Mean of the projects' θ, the log of their geometric mean ratio.
    pub theta: f64,
    /// Half-width for the mean of just these projects.
    pub half_width: f64,
    /// Half-widths for projects like these; `None` with fewer than [`MIN_PROJECTS_IN_GENERAL`].
    pub general: Option<GeneralHalfWidths>,
}

/// Half-widths for projects like the measured ones.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GeneralHalfWidths {
    /// Half-width for the mean over all projects like these.
    pub half_width: f64,
    /// Half-width for the typical ratio of one further project.
    pub further: f64,
}

/// Pools the estimates of at least two projects with equal weights; `None` for fewer.
///
/// *These projects*: SE = √Σ(f·se)²/P, and t with the degrees of freedom of Welch (1947) and Satterthwaite
/// (1946), (Σ v)²/Σ(v²/df) with v = (f·se)². *Projects in general*: the projects are regarded as a random
/// sample, s is the standard deviation of their θ, and the half-width is t(P − 1)·s/√P for the mean and t(P −
/// 1)·s·√(1 + 1/P) for the next one. This includes the errors of the θ, which are part of s. Projects in
/// general are never known better than these: if the θ happen to be close together, both half-widths are at
/// least that of these projects.
pub fn pool(estimates: &[Estimate]) -> Option<Pooled> {
    if estimates.len() < 2 {
        return None;
    }
    let count = estimates.len() as f64;
    let theta = estimates.iter().map(|one| one.theta).sum::<f64>() / count;
    let variances = estimates.iter().map(|one| (one.inflated_se().powi(2), one.df));
    let total: f64 = variances.clone().map(|(variance, _)| variance).sum();
    let uncertain: f64 = variances.map(|(variance, df)| variance * variance / df).sum();
    let df = if uncertain > 0.0 { total * total / uncertain } else { count };
    let half_width = t_quantile(0.5 + 0.5 * LEVEL, df) * total.sqrt() / count;
    let general = (estimates.len() >= MIN_PROJECTS_IN_GENERAL).then(|| {
        let squares: f64 = estimates.iter().map(|one| (one.theta - theta).powi(2)).sum();
        let scaled = t_quantile(0.5 + 0.5 * LEVEL, count - 1.0) * (squares / (count - 1.0)).sqrt();
        GeneralHalfWidths {
            half_width: (scaled / count.sqrt()).max(half_width),
            further: (scaled * (1.0 + 1.0 / count).sqrt()).max(half_width),
        }
    });
    let finite = general.is_none_or(|general| general.further.is_finite());
    (theta.is_finite() && half_width.is_finite() && finite).then_some(Pooled { theta, half_width, general })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::stats::Control;
    use crate::stats::noise::Noise;

    fn estimate(rounds: usize, theta: f64, se: f64) -> Estimate {
        Estimate { rounds, theta, se, df: rounds as f64 - 1.0, control: Control::Twin }
    }

    /// Reference values: a separate Python program, with `scipy.stats.t.ppf`.
    #[test]
    fn known_values() {
        let five = [
            estimate(6, -0.10, 0.004),
            estimate(8, -0.15, 0.005),
            estimate(12, -0.05, 0.003),
            estimate(30, -0.12, 0.010),
            estimate(12, 0.01, 0.006),
        ];
        let found = pool(&five).unwrap();
        let near = |a: f64, b: f64| assert!((a / b - 1.0).abs() < 1e-7, "{a} instead of {b}");
        near(found.theta, -0.082);
        near(found.half_width, 0.005653048402464342);
        near(found.general.unwrap().half_width, 0.07823468574237624);
        near(found.general.unwrap().further, 0.19163506025581595);
        assert_eq!(pool(&five[..4]).unwrap().general, None);
    }

    #[test]
    fn projects_in_general_are_never_known_better_than_these() {
        let found = pool(&[estimate(6, 0.1, 0.02); 5]).unwrap();
        let general = found.general.unwrap();
        assert!(found.half_width > 0.0);
        assert_eq!((general.half_width, general.further), (found.half_width, found.half_width));
    }

    #[test]
    fn one_project_is_no_pool_and_certainty_has_no_width() {
        assert_eq!(pool(&[estimate(6, 0.1, 0.01)]), None);
        let certain = pool(&[estimate(6, 0.1, 0.0), estimate(6, 0.3, 0.0)]).unwrap();
        assert!((certain.theta - 0.2).abs() < 1e-15 && certain.half_width == 0.0);
    }

    /// 400 runs: 380 covered expected, standard deviation 4.4. The projects' true ratios differ by 5%.
    #[test]
    fn each_interval_covers_what_it_is_about() {
        let mut noise = Noise::new(43);
        let (mut these, mut general, mut further) = (0, 0, 0);
        for _ in 0..400 {
            let truths: Vec<f64> = (0..7).map(|_| 0.05 * noise.normal()).collect();
            let measured = |truth: &f64| {
                let d: Vec<f64> = (0..8).map(|_| truth + 0.02 * noise.normal()).collect();
                Estimate::from_log_ratios(&d, Control::Twin).unwrap()
            };
            let estimates: Vec<Estimate> = truths[..6].iter().map(measured).collect();
            let found = pool(&estimates).unwrap();
            let in_general = found.general.unwrap();
            let mean = truths[..6].iter().sum::<f64>() / 6.0;
            these += usize::from((found.theta - mean).abs() <= found.half_width);
            general += usize::from(found.theta.abs() <= in_general.half_width);
            further += usize::from((found.theta - truths[6]).abs() <= in_general.further);
        }
        let shown = format!("{these} {general} {further}");
        assert!([these, general, further].iter().all(|count| (366..=396).contains(count)), "{shown}");
    }

    proptest! {
        #[test]
        fn nothing_is_ever_nan_or_infinite(
            of in prop::collection::vec((3..40usize, -700.0..700.0f64, prop_oneof![
                Just(0.0), Just(1e-300), Just(1e-9), 0.0..1.0f64, Just(1e300),
            ]), 0..9),
        ) {
            let estimates: Vec<Estimate> =
                of.into_iter().map(|(rounds, theta, se)| estimate(rounds, theta, se)).collect();
            if let Some(found) = pool(&estimates) {
                let general = found.general.iter().flat_map(|general| [general.half_width, general.further]);
                let widths: Vec<f64> = general.chain([found.half_width]).collect();
                prop_assert!(found.theta.is_finite(), "{found:?}");
                prop_assert!(widths.iter().all(|width| width.is_finite() && *width >= 0.0), "{found:?}");
            }
        }
    }
}
