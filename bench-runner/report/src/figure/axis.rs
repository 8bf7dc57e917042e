//! Axes of charts: values → plotters' pixels, and round ticks with their labels.
//!
//! plotters maps values and finds the ticks of linear axes; ratios and long ranges have logarithmic axes of
//! our own. Any values are accepted: a range without width is widened, and values that are not finite are
//! ignored.

use std::ops::Range;

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};
use plotters::coord::types::RangedCoordf64;

use super::wording;

/// An axis of numbers.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct NumberAxis {
    low: f64,
    high: f64,
    spacing: Spacing,
    /// Ticks in ascending order, each with its label.
    ticks: Vec<(f64, String)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spacing {
    Linear,
    /// Equal factors are equally far apart.
    Log,
}

/// Factor between quantities above which an axis is logarithmic.
const LOG_FROM: f64 = 10.0;
/// Factor between ratios above which ticks are round factors.
const WIDE_RATIOS: f64 = 2.5;
/// Smallest span of an axis as a share of its values. Below, ticks would need more than nine digits.
const LEAST_SPAN: f64 = 1e-8;

impl NumberAxis {
    /// An axis for positive quantities with about `wanted` ticks: linear, or logarithmic if they differ by more
    /// than [`LOG_FROM`]. It spans at least the share `least` of their middle.
    pub(super) fn quantities(values: impl IntoIterator<Item = f64>, least: f64, wanted: usize) -> Self {
        let (low, high) = extent(values.into_iter().filter(|value| *value > 0.0)).unwrap_or((1.0, 1.0));
        if high / low > LOG_FROM {
            let pad = (high / low).powf(0.05);
            let (low, high) = (low / pad, high * pad);
            let ticks = log_ticks((low, high), wanted);
            let labels = each_number(&ticks);
            return Self { low, high, spacing: Spacing::Log, ticks: ticks.into_iter().zip(labels).collect() };
        }
        let middle = (low + high) / 2.0;
        let span = ((high - low) * 1.12).max(middle * least.max(LEAST_SPAN));
        Self::linear(((middle - span / 2.0).max(0.0), middle + span / 2.0), wanted)
    }

    /// A linear axis from `low` to `high` with at most `wanted` ticks.
    pub(super) fn linear((low, high): (f64, f64), wanted: usize) -> Self {
        let usable = low.is_finite() && high.is_finite() && high > low;
        let (low, high) = if usable { (low, high) } else { (0.0, 1.0) };
        let ticks = RangedCoordf64::from(low..high).key_points(wanted);
        let labels = numbers(&ticks);
        Self { low, high, spacing: Spacing::Linear, ticks: ticks.into_iter().zip(labels).collect() }
    }

    /// A linear axis with these ticks and labels, in ascending order.
    pub(super) fn marked((low, high): (f64, f64), ticks: Vec<(f64, String)>) -> Self {
        Self { ticks, ..Self::linear((low, high), 1) }
    }

    /// A logarithmic axis for ratios, with about `wanted` ticks and at least one on each side of 1.
    pub(super) fn ratios((low, high): (f64, f64), wanted: usize) -> Self {
        let usable = low.is_finite() && high.is_finite() && low > 0.0 && high > low;
        let (mut low, mut high) = if usable { (low.min(1.0), high.max(1.0)) } else { (0.95, 1.05) };
        let mut ticks = ratio_ticks((low, high), wanted);
        // Each step is a tenth of the axis, so few are needed.
        for _ in 0..20 {
            let step = (high / low).powf(0.1);
            let [below, above] =
                [ticks.iter().any(|tick| *tick < 0.9999), ticks.iter().any(|tick| *tick > 1.0001)];
            if below && above {
                break;
            }
            low = if below { low } else { low / step };
            high = if above { high } else { high * step };
            ticks = ratio_ticks((low, high), wanted);
        }
        let labels = if is_wide((low, high)) { each_number(&ticks) } else { numbers(&ticks) };
        let labels = labels.into_iter().map(|number| format!("{number}×"));
        Self { low, high, spacing: Spacing::Log, ticks: ticks.into_iter().zip(labels).collect() }
    }

    /// True if equal factors are equally far apart.
    pub(super) fn is_log(&self) -> bool {
        self.spacing == Spacing::Log
    }

    /// True if the value is within the axis.
    pub(super) fn contains(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }

    /// Extent of the axis in words, to follow what it shows: `from 4.1 to 5.0 s, does not start at 0 (its length is 22% of
    /// the baseline's median)`.
    /// A reader must see from it how much a difference is magnified.
    pub(super) fn extent_text(&self, unit: &str, median: Option<f64>) -> String {
        if self.is_log() {
            let [low, high] = [self.low, self.high].map(|end| format_digits(end, 2));
            return format!("from {low} to {high} {unit}, logarithmic");
        }
        let span = self.high - self.low;
        let decimals = (1.0 - span.log10().floor()).clamp(0.0, 9.0) as usize;
        let [low, high] = [self.low, self.high].map(|end| format!("{end:.decimals$}"));
        let share = median.filter(|median| median.is_finite() && *median > 0.0);
        let share = share.map(|median| {
            format!(" (its length is {} of the baseline's median)", wording::share(span / median))
        });
        let start = if self.low > 0.0 { ", does not start at 0" } else { "" };
        format!("from {low} to {high} {unit}{start}{}", share.unwrap_or_default())
    }
}

/// A positive number with this many significant digits.
fn format_digits(value: f64, digits: i32) -> String {
    let place = value.log10().floor() as i32 + 1 - digits;
    let rounded = (value / 10f64.powi(place)).round() * 10f64.powi(place);
    format!("{rounded:.*}", place.min(0).unsigned_abs() as usize)
}

impl Ranged for NumberAxis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    /// Position of a value; values beyond the axis are moved to its ends.
    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        let value = if value.is_nan() { self.low } else { value.clamp(self.low, self.high) };
        match self.spacing {
            Spacing::Linear => RangedCoordf64::from(self.low..self.high).map(&value, limit),
            Spacing::Log => RangedCoordf64::from(self.low.ln()..self.high.ln()).map(&value.ln(), limit),
        }
    }

    /// The ticks of the axis, whose number it was made for; there are none between them.
    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        let none = hint.weight().allow_light_points() || hint.max_num_points() == 0;
        if none { Vec::new() } else { self.ticks.iter().map(|(tick, _)| *tick).collect() }
    }

    fn range(&self) -> Range<f64> {
        self.low..self.high
    }
}

impl ValueFormatter<f64> for NumberAxis {
    fn format_ext(&self, value: &f64) -> String {
        let label = self.ticks.iter().find(|(tick, _)| tick == value);
        label.map(|(_, label)| label.clone()).unwrap_or_default()
    }
}

fn is_wide((low, high): (f64, f64)) -> bool {
    high / low > WIDE_RATIOS
}

/// Round ratios: multiples of a step on a narrow axis, round factors on a wide one.
fn ratio_ticks(range: (f64, f64), wanted: usize) -> Vec<f64> {
    match is_wide(range) {
        true => log_ticks(range, wanted),
        false => RangedCoordf64::from(range.0..range.1).key_points(wanted),
    }
}

/// The values, each with the decimals that it needs.
fn each_number(values: &[f64]) -> Vec<String> {
    values.iter().map(|value| numbers(&[*value]).concat()).collect()
}

/// About `wanted` round values from `low` to `high`, in ascending order.
fn log_ticks((low, high): (f64, f64), wanted: usize) -> Vec<f64> {
    let dense: &[f64] = &[1.0, 1.2, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0];
    for digits in [dense, &[1.0, 1.5, 2.0, 3.0, 5.0, 7.0], &[1.0, 2.0, 5.0], &[1.0, 3.0], &[1.0]] {
        let ticks = decades((low, high), digits, 1);
        if ticks.len() <= wanted {
            return ticks;
        }
    }
    let count = (high / low).log10().ceil() as i32;
    decades((low, high), &[1.0], count / wanted.max(1) as i32 + 1)
}

/// The digits times every power of ten whose exponent is a multiple of `every`, from `low` to `high`.
fn decades((low, high): (f64, f64), digits: &[f64], every: i32) -> Vec<f64> {
    let (from, to) = (low.log10().floor() as i32, high.log10().ceil() as i32);
    (from..=to)
        .filter(|power| power % every == 0)
        .flat_map(|power| digits.iter().map(move |digit| digit * 10f64.powi(power)))
        .filter(|tick| (low..=high).contains(tick))
        .collect()
}

/// Smallest and largest of the finite values.
fn extent(values: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    values.into_iter().filter(|value| value.is_finite()).fold(None, |range, value| {
        let (low, high) = range.unwrap_or((value, value));
        Some((value.min(low), value.max(high)))
    })
}

/// The values, all with as many decimals as the value that needs the most.
fn numbers(values: &[f64]) -> Vec<String> {
    let gaps = values.windows(2).map(|pair| pair[1] - pair[0]);
    let sizes = values.iter().map(|value| value.abs()).filter(|size| *size > 1e-12);
    let tolerance = gaps.chain(sizes).fold(1.0, f64::min) * 1e-3;
    let exact = |places: &usize| {
        let factor = 10f64.powi(*places as i32);
        values.iter().all(|value| ((value * factor).round() / factor - value).abs() <= tolerance)
    };
    let places = (0..12).find(exact).unwrap_or(12);
    values.iter().map(|value| format!("{value:.places$}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Labels of the ticks.
    fn labels(axis: &NumberAxis) -> Vec<&str> {
        axis.ticks.iter().map(|(_, label)| label.as_str()).collect()
    }

    #[test]
    fn ticks_have_the_places_they_need() {
        assert_eq!(numbers(&[4.0, 4.5, 5.0]), ["4.0", "4.5", "5.0"]);
        assert_eq!(numbers(&[100.0, 200.0]), ["100", "200"]);
        assert_eq!(numbers(&[0.30000000000000004, 0.4]), ["0.3", "0.4"]);
        assert_eq!(numbers(&[-5.000000000000004, 0.0, 5.0]), ["-5", "0", "5"]);
        assert_eq!(labels(&NumberAxis::quantities([0.0001, 20.0], 0.0, 4)), ["0.0001", "0.01", "1"]);
        assert_eq!(numbers(&[]), Vec::<String>::new());
    }

    #[test]
    fn places_run_from_start_to_end_and_end_there() {
        let axis = NumberAxis::ratios((0.5, 2.0), 5);
        assert_eq!([0.5, 1.0, 2.0].map(|value| axis.map(&value, (100, 300))), [100, 200, 300]);
        assert_eq!([0.01, 99.0, f64::NAN].map(|value| axis.map(&value, (100, 300))), [100, 300, 100]);
        // Upwards: plotters counts pixels from the top.
        assert_eq!([0.5, 2.0].map(|value| axis.map(&value, (300, 100))), [300, 100]);
    }

    #[test]
    fn ranges_without_width_and_numbers_that_are_none_still_give_an_axis() {
        for values in
            [vec![], vec![4.2], vec![4.2, 4.2], vec![f64::NAN], vec![0.0], vec![f64::INFINITY, -1.0]]
        {
            let axis = NumberAxis::quantities(values.clone(), 0.1, 5);
            for value in values.into_iter().chain([f64::NAN, 0.0, f64::INFINITY]) {
                assert!((0..=100).contains(&axis.map(&value, (0, 100))), "{value}");
            }
            assert!(!axis.ticks.is_empty());
        }
        assert_eq!(NumberAxis::quantities([4.2, 4.2], 0.1, 5).map(&4.2, (0, 100)), 50);
        for range in [(1.0, 1.0), (0.0, 2.0), (f64::NAN, 1.0)] {
            assert!(!NumberAxis::ratios(range, 5).ticks.is_empty());
            assert!(NumberAxis::linear(range, 5).high > NumberAxis::linear(range, 5).low);
        }
    }

    #[test]
    fn an_axis_spans_at_least_the_share_that_is_asked_for() {
        let axis = NumberAxis::quantities([298.0, 300.0], 0.1, 5);
        assert!((axis.high - axis.low - 29.9).abs() < 1e-9, "{axis:?}");
        let wider = NumberAxis::quantities([200.0, 300.0], 0.1, 5);
        assert!((wider.high - wider.low - 112.0).abs() < 1e-9, "{wider:?}");
    }

    #[test]
    fn an_axis_says_how_much_it_covers() {
        let axis = NumberAxis::quantities([4.2, 4.8], 0.0, 5);
        assert_eq!(
            axis.extent_text("s", Some(4.5)),
            "from 4.16 to 4.84 s, does not start at 0 (its length is 15% of the baseline's median)"
        );
        assert_eq!(axis.extent_text("s", None), "from 4.16 to 4.84 s, does not start at 0");
        let wide = NumberAxis::quantities([240.0, 1100.0], 0.0, 5);
        assert_eq!(
            wide.extent_text("ms", Some(900.0)),
            "from 188 to 1152 ms, does not start at 0 (its length is 110% of the baseline's median)"
        );
        let far = NumberAxis::quantities([0.5, 5000.0], 0.0, 5);
        assert_eq!(far.extent_text("s", Some(1.0)), "from 0.32 to 7900 s, logarithmic");
    }

    #[test]
    fn alike_times_are_linear_and_unlike_times_logarithmic() {
        assert!(!NumberAxis::quantities([4.0, 5.0], 0.0, 5).is_log());
        assert!(NumberAxis::quantities([0.1, 5.0], 0.0, 5).is_log());
    }

    #[test]
    fn ticks_are_round() {
        assert_eq!(labels(&NumberAxis::linear((0.0, 41.0), 5)), ["0", "10", "20", "30", "40"]);
        assert_eq!(
            labels(&NumberAxis::ratios((0.85, 1.06), 6)),
            ["0.85×", "0.90×", "0.95×", "1.00×", "1.05×"]
        );
        assert_eq!(labels(&NumberAxis::ratios((0.3, 5.0), 5)), ["0.5×", "1×", "2×", "5×"]);
        assert_eq!(labels(&NumberAxis::quantities([0.001, 1000.0], 0.0, 4)), ["0.01", "1", "100"]);
    }

    #[test]
    fn ratios_have_ticks_on_both_sides_of_one() {
        for range in
            [(0.38, 1.0), (0.4, 1.01), (0.97, 1.0), (1.0, 1.02), (1.0, 57.0), (0.02, 1.0), (0.999, 1.0)]
        {
            let axis = NumberAxis::ratios(range, 6);
            let (below, above) = (axis.ticks[0].0, axis.ticks[axis.ticks.len() - 1].0);
            assert!(below < 1.0 && above > 1.0, "{range:?}: {axis:?}");
            assert!(axis.ticks.len() <= 8, "{range:?}: {axis:?}");
            let wanted = (range.1 / range.0).ln();
            assert!((axis.high / axis.low).ln() < 2.0 * wanted, "{range:?} became {axis:?}");
        }
    }
}
