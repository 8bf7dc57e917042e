//! Estimate of one comparison, with its interval and its tests.

use super::huber::location_and_scale;
use super::student::{t_cdf, t_quantile};

/// Number of rounds needed for an interval: two values have no outliers, and their t quantile is uselessly
/// large.
pub const MIN_ROUNDS: usize = 3;

/// Confidence level of the reported intervals.
pub const LEVEL: f64 = 0.95;

/// Probability of finding a difference of [`Estimate::detectable`] size: four runs in five.
pub const POWER: f64 = 0.8;

/// Lower bound for the fraction of rounds inside the clipping limits.
pub(super) const MIN_INSIDE: f64 = 0.4;

/// Presence of a twin in the block; without one, looking early costs more, and the interval is widened for
/// it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Control {
    /// The block has a twin.
    Twin,
    /// The block has no twin.
    NoTwin,
    /// The looks do not regard the estimate, so that its interval needs no widening.
    WithoutLooks,
}

impl Control {
    /// Control of a block with this twin, if any.
    pub fn of<T>(twin: Option<T>) -> Self {
        if twin.is_some() { Self::Twin } else { Self::NoTwin }
    }

    /// The factor f on the standard error: 1 + 0.5/n with a twin, 1 + 2/n without; 1 for [`Self::WithoutLooks`].
    pub(crate) fn inflation(self, rounds: usize) -> f64 {
        let n = rounds.max(1) as f64;
        match self {
            Self::Twin => 1.0 + 0.5 / n,
            Self::NoTwin => 1.0 + 2.0 / n,
            Self::WithoutLooks => 1.0,
        }
    }
}

/// `exp(log_ratio)`, limited to the range of a float.
pub fn ratio(log_ratio: f64) -> f64 {
    log_ratio.clamp(-700.0, 700.0).exp()
}

/// Typical log-ratio of a comparison with its standard error.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// Number of rounds that count, n.
    pub rounds: usize,
    /// Typical log-ratio, θ.
    pub theta: f64,
    /// Standard error of θ without the factor f: √(Σ(ψ/m)² / (n(n−1))), or pooled with those of the block.
    pub se: f64,
    /// Degrees of freedom of `se`: n − 1, or more if it is pooled with those of other comparisons.
    pub df: f64,
    /// Presence of a twin, which determines the factor f.
    pub control: Control,
}

impl Estimate {
    /// Estimate from the log-ratios of the rounds; `None` with fewer than [`MIN_ROUNDS`] or values that are
    /// not finite.
    pub fn from_log_ratios(log_ratios: &[f64], control: Control) -> Option<Self> {
        Self::from_series(&[log_ratios], control)
    }

    /// Estimate from several series of log-ratios over the same rounds, such as those of a variant against
    /// the baseline and against its twin: θ is the mean of their locations, and the standard error that of
    /// the mean of their ψ/m, round by round. `None` as for [`Self::from_log_ratios`], and for series of
    /// different lengths.
    pub fn from_series<S: AsRef<[f64]>>(series: &[S], control: Control) -> Option<Self> {
        let rounds = series.first()?.as_ref().len();
        if rounds < MIN_ROUNDS || series.iter().any(|one| one.as_ref().len() != rounds) {
            return None;
        }
        let share = 1.0 / series.len() as f64;
        let mut theta = 0.0;
        let mut influences = vec![0.0; rounds];
        for one in series {
            let found = location_and_scale(one.as_ref())?;
            theta += share * found.location;
            let weight = share / found.inside.max(MIN_INSIDE);
            for (sum, &value) in influences.iter_mut().zip(one.as_ref()) {
                *sum += weight * found.psi(value);
            }
        }
        let n = rounds as f64;
        let se = (influences.iter().map(|x| x * x).sum::<f64>() / (n * (n - 1.0))).sqrt();
        se.is_finite().then_some(Self { rounds, theta, se, df: n - 1.0, control })
    }

    /// Adds a variance that more rounds would not have reduced.
    #[must_use]
    pub(crate) fn with_variance(self, variance: f64) -> Self {
        Self { se: (self.se * self.se + variance.max(0.0)).sqrt(), ..self }
    }

    /// Multiplies the standard error.
    #[must_use]
    pub fn stretched(self, factor: f64) -> Self {
        Self { se: self.se * factor, ..self }
    }

    /// f·SE.
    pub(crate) fn inflated_se(&self) -> f64 {
        self.control.inflation(self.rounds) * self.se
    }

    /// Ratio, exp θ.
    pub fn ratio(&self) -> f64 {
        ratio(self.theta)
    }

    /// Half-width h of the interval of θ at a confidence level such as [`LEVEL`].
    pub fn half_width(&self, level: f64) -> f64 {
        t_quantile(0.5 + 0.5 * level.clamp(0.0, 1.0), self.df) * self.inflated_se()
    }

    /// The half-width as a fraction, e^h − 1.
    pub fn half_width_share(&self, level: f64) -> f64 {
        ratio(self.half_width(level)) - 1.0
    }

    /// The interval of the ratio at a confidence level, exp(θ ± h).
    pub fn interval(&self, level: f64) -> (f64, f64) {
        let h = self.half_width(level);
        (ratio(self.theta - h), ratio(self.theta + h))
    }

    /// The true difference, as a fraction, that a two-sided test at level `alpha` finds with probability
    /// [`POWER`]: e^X − 1 with X = (t(1 − α/2; df) + t(0.8; df))·f·SE.
    pub fn detectable(&self, alpha: f64) -> f64 {
        let quantiles = t_quantile(1.0 - 0.5 * alpha.clamp(0.0, 1.0), self.df) + t_quantile(POWER, self.df);
        ratio(quantiles * self.inflated_se()) - 1.0
    }

    /// The p-value against "no difference": 2·T(df)(−|θ| / (f·SE)). Without any scatter it is 1 at θ = 0,
    /// else 0.
    pub fn p_difference(&self) -> f64 {
        (2.0 * self.tail(self.theta.abs())).min(1.0)
    }

    /// The p-value against "the ratio differs by `margin` (a fraction) or more", by two one-sided tests: the
    /// larger of the two. It is small if the ratio is shown to be within the margin on the log scale.
    pub fn p_equivalence(&self, margin: f64) -> f64 {
        let limit = margin.max(0.0).ln_1p();
        self.tail(limit - self.theta.abs())
    }

    /// P(T > `distance` / (f·SE)).
    fn tail(&self, distance: f64) -> f64 {
        let se = self.inflated_se();
        if se > 0.0 {
            t_cdf(-distance / se, self.df)
        } else if distance > 0.0 {
            0.0
        } else if distance == 0.0 {
            0.5
        } else {
            1.0
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::stats::noise::Noise;

    const WITH_OUTLIERS: [f64; 10] =
        [-0.052, -0.048, -0.061, -0.055, -0.31, -0.049, -0.058, -0.05, -0.047, -0.12];

    /// Reference values: a separate Python program that solves by bisection and integrates the density of t.
    #[test]
    fn known_values() {
        let near = |a: f64, b: f64| assert!((a / b - 1.0).abs() < 1e-6, "{a} instead of {b}");
        let found = Estimate::from_log_ratios(&WITH_OUTLIERS, Control::Twin).unwrap();
        near(found.theta, -0.05675662924250437);
        near(found.se, 0.00395889403994903);
        near(found.half_width(LEVEL), 0.009403422534691317);
        near(found.p_difference(), 2.545642811499077e-07);
        near(found.p_equivalence(0.03), 0.9999469812895388);
        let found =
            Estimate::from_log_ratios(&[0.01, -0.02, 0.03, 0.0, 0.015, -0.005], Control::Twin).unwrap();
        near(found.half_width(LEVEL), 0.019691488348711858);
        near(found.p_difference(), 0.542756051750387);
        near(found.p_equivalence(0.03), 0.011917795780539012);
        let (low, high) = found.interval(LEVEL);
        near(low, (0.005f64 - 0.019691488348711858).exp());
        near(high, (0.005f64 + 0.019691488348711858).exp());
    }

    #[test]
    fn without_a_twin_the_interval_is_wider() {
        let with = Estimate::from_log_ratios(&WITH_OUTLIERS, Control::Twin).unwrap();
        let without = Estimate::from_log_ratios(&WITH_OUTLIERS, Control::NoTwin).unwrap();
        assert!((without.half_width(LEVEL) / with.half_width(LEVEL) - 1.2 / 1.05).abs() < 1e-12);
        assert!(without.p_difference() > with.p_difference());
    }

    #[test]
    fn two_rounds_are_too_few() {
        assert_eq!(Estimate::from_log_ratios(&[], Control::Twin), None);
        assert_eq!(Estimate::from_log_ratios(&[0.1, 0.2], Control::Twin), None);
        assert!(Estimate::from_log_ratios(&[0.1, 0.2, 0.3], Control::Twin).is_some());
        assert_eq!(Estimate::from_log_ratios(&[0.1, f64::NAN, 0.3], Control::Twin), None);
    }

    #[test]
    fn without_spread_the_answers_are_defined() {
        let none = Estimate::from_log_ratios(&[0.0; 6], Control::Twin).unwrap();
        assert_eq!((none.half_width(LEVEL), none.p_difference(), none.p_equivalence(0.03)), (0.0, 1.0, 0.0));
        let apart = Estimate::from_log_ratios(&[0.1; 6], Control::Twin).unwrap();
        assert_eq!((apart.p_difference(), apart.p_equivalence(0.03)), (0.0, 1.0));
        assert_eq!(none.p_equivalence(0.0), 0.5);
    }

    #[test]
    fn series_are_estimated_singly_and_averaged() {
        // By hand: locations 0.02 and 0.04, m = 1, Σ(½(ψ + ψ'))² = 0.01²·(1 + 0 + 1) with ψ = ψ' = ∓0.01, 0.
        let both = Estimate::from_series(&[[0.01, 0.02, 0.03], [0.03, 0.04, 0.05]], Control::Twin).unwrap();
        assert!(
            (both.theta - 0.03).abs() < 1e-15 && (both.se - (2e-4f64 / 6.0).sqrt()).abs() < 1e-15,
            "{both:?}"
        );
        // Changes in opposite directions cancel and do not scatter.
        let against =
            Estimate::from_series(&[[0.01, 0.02, 0.03], [0.05, 0.04, 0.03]], Control::Twin).unwrap();
        assert!(against.se < 1e-15, "{against:?}");
        // The same series twice gives the same estimate.
        let once = Estimate::from_log_ratios(&WITH_OUTLIERS, Control::Twin).unwrap();
        let twice = Estimate::from_series(&[WITH_OUTLIERS, WITH_OUTLIERS], Control::Twin).unwrap();
        assert!((once.theta - twice.theta).abs() < 1e-15 && (once.se / twice.se - 1.0).abs() < 1e-12);
        assert_eq!(Estimate::from_series(&[vec![0.0; 4], vec![0.0; 5]], Control::Twin), None);
        assert_eq!(Estimate::from_series::<Vec<f64>>(&[], Control::Twin), None);
    }

    /// One build in twenty takes 1.5 times as long. The mean of baseline and twin contains such a build twice
    /// as often as the variant; after clipping, that would lower the ratio by 0.3%.
    #[test]
    fn outliers_do_not_pull_a_ratio_although_the_reference_has_two_builds() {
        let mut noise = Noise::new(19);
        let (mut singly, mut together) = (0.0, 0.0);
        for _ in 0..600 {
            let rounds: Vec<[f64; 3]> = (0..22).map(|_| [(); 3].map(|()| noise.build(0.02, 0.05))).collect();
            let of = |d: &dyn Fn(&[f64; 3]) -> f64| rounds.iter().map(d).collect::<Vec<f64>>();
            let series = [of(&|r| r[2] - r[0]), of(&|r| r[2] - r[1])];
            singly += Estimate::from_series(&series, Control::Twin).unwrap().theta / 600.0;
            together +=
                Estimate::from_log_ratios(&of(&|r| r[2] - 0.5 * (r[0] + r[1])), Control::Twin).unwrap().theta
                    / 600.0;
        }
        // Standard error of either: about 0.02%.
        assert!(singly.abs() < 8e-4, "{singly}");
        assert!(together < -2e-3, "{together}");
    }

    #[test]
    fn below_six_rounds_it_is_the_mean() {
        // By hand: mean 0.1, Σ(d − θ)² = 4·0.01 + 0.16 = 0.2, SE = √(0.2/20).
        let five = Estimate::from_log_ratios(&[0.0, 0.0, 0.0, 0.0, 0.5], Control::Twin).unwrap();
        assert!((five.theta - 0.1).abs() < 1e-15 && (five.se - 0.1).abs() < 1e-15, "{five:?}");
        // From six on an outlier is drawn in: here θ would be 0.083 as a mean.
        let six = Estimate::from_log_ratios(&[0.01, -0.01, 0.0, 0.005, -0.005, 0.5], Control::Twin).unwrap();
        assert!(six.theta < 0.02, "{six:?}");
    }

    /// Reference values: `scipy.stats.t.ppf`.
    #[test]
    fn a_detectable_difference_is_found_in_four_of_five_runs() {
        let estimate = Estimate { rounds: 3, theta: 0.0, se: 0.02, df: 4.0, control: Control::Twin };
        // By hand: t(0.975, 4) + t(0.8, 4) = 2.7764451 + 0.9409646, f = 7/6.
        let expected = ((2.7764451 + 0.9409646) * 7.0 / 6.0 * 0.02f64).exp_m1();
        assert!((estimate.detectable(0.05) - expected).abs() < 1e-7);
        // t(1 − 0.03/40, 4) = 7.7411691
        let of_twenty = ((7.7411691 + 0.9409646) * 7.0 / 6.0 * 0.02f64).exp_m1();
        assert!((estimate.detectable(0.03 / 20.0) - of_twenty).abs() < 1e-5, "{of_twenty}");
    }

    #[test]
    fn variance_and_stretch_widen() {
        let plain = Estimate::from_log_ratios(&WITH_OUTLIERS, Control::Twin).unwrap();
        let wider = plain.with_variance(plain.se * plain.se * 3.0);
        assert!((wider.se - 2.0 * plain.se).abs() < 1e-15);
        assert!((plain.stretched(1.5).half_width(LEVEL) - 1.5 * plain.half_width(LEVEL)).abs() < 1e-12);
    }

    /// A fixed number of rounds, two noises: a coarse check of what docs/METHODOLOGY.md states in detail.
    #[test]
    fn intervals_cover_the_truth_about_as_often_as_they_say() {
        let mut noise = Noise::new(11);
        for outliers in [0.0, 0.05] {
            let covered = (0..600)
                .filter(|_| {
                    let mut build = || noise.build(0.02, outliers);
                    let d: Vec<f64> = (0..12).map(|_| build() - 0.5 * (build() + build())).collect();
                    let estimate = Estimate::from_log_ratios(&d, Control::Twin).unwrap();
                    estimate.theta.abs() <= estimate.half_width(LEVEL)
                })
                .count();
            // 570 expected, standard deviation 5.3
            assert!((548..592).contains(&covered), "outliers {outliers}: {covered} of 600");
        }
    }

    proptest! {
        #[test]
        fn nothing_is_ever_nan_or_infinite(
            d in prop::collection::vec(prop_oneof![Just(0.0), Just(0.5), -700.0..700.0f64, -1e-9..1e-9f64], 3..40),
            twin in any::<bool>(), level in 0.0..=1.0f64, margin in 0.0..10.0f64,
        ) {
            let control = if twin { Control::Twin } else { Control::NoTwin };
            let e = Estimate::from_log_ratios(&d, control).unwrap();
            let (low, high) = e.interval(level);
            prop_assert!(low <= e.ratio() && e.ratio() <= high);
            for p in [e.p_difference(), e.p_equivalence(margin)] {
                prop_assert!((0.0..=1.0).contains(&p));
            }
            for value in [low, high, e.half_width(level), e.half_width_share(level)] {
                prop_assert!(value.is_finite() && value >= 0.0);
            }
        }

        #[test]
        fn swapping_sides_swaps_the_interval(d in prop::collection::vec(-1.0..1.0f64, 3..30)) {
            let e = Estimate::from_log_ratios(&d, Control::Twin).unwrap();
            let swapped = Estimate::from_log_ratios(&d.iter().map(|d| -d).collect::<Vec<_>>(), Control::Twin).unwrap();
            prop_assert!((e.theta + swapped.theta).abs() < 1e-7);
            prop_assert!((e.p_difference() - swapped.p_difference()).abs() < 1e-5);
        }
    }
}
