//! Values → positions along an axis and its ticks.
//!
//! Accepts any values: a range without width is widened, and values that are not finite are ignored.

/// Mapping of values to positions along an axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Scale {
    low: f64,
    high: f64,
    log: bool,
    start: f64,
    end: f64,
}

/// Factor between times above which the axis is logarithmic.
const LOG_FROM: f64 = 10.0;

impl Scale {
    /// An axis for positive quantities: linear, or logarithmic if they differ by more than [`LOG_FROM`];
    /// `start` is the position of the lower end.
    pub(crate) fn for_times(values: impl IntoIterator<Item = f64>, (start, end): (f64, f64)) -> Self {
        let (low, high) = extent(values.into_iter().filter(|value| *value > 0.0)).unwrap_or((1.0, 1.0));
        if high / low > LOG_FROM {
            let pad = (high / low).powf(0.05);
            return Self { low: low / pad, high: high * pad, log: true, start, end };
        }
        // Identical values still get an axis, with their position in its middle.
        let pad = if high > low { (high - low) * 0.06 } else { low * 0.05 };
        Self { low: (low - pad).max(0.0), high: high + pad, log: false, start, end }
    }

    /// A logarithmic axis from `low` to `high`, both positive.
    pub(crate) fn log((low, high): (f64, f64), (start, end): (f64, f64)) -> Self {
        let usable = low.is_finite() && high.is_finite() && low > 0.0 && high > low;
        let (low, high) = if usable { (low, high) } else { (0.95, 1.05) };
        Self { low, high, log: true, start, end }
    }

    /// A linear axis from `low` to `high`.
    pub(crate) fn linear((low, high): (f64, f64), (start, end): (f64, f64)) -> Self {
        let usable = low.is_finite() && high.is_finite() && high > low;
        let (low, high) = if usable { (low, high) } else { (0.0, 1.0) };
        Self { low, high, log: false, start, end }
    }

    /// The same axis for values in another unit.
    pub(crate) fn in_units(&self, convert: impl Fn(f64) -> f64) -> Self {
        Self { low: convert(self.low), high: convert(self.high), ..*self }
    }

    /// True if equal factors are equally far apart.
    pub(crate) fn is_log(&self) -> bool {
        self.log
    }

    /// True if the value is within the axis.
    pub(crate) fn contains(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }

    /// Position of a value; values beyond the axis are moved to its ends.
    pub(crate) fn place(&self, value: f64) -> f64 {
        let value = if value.is_nan() { self.low } else { value.clamp(self.low, self.high) };
        let share = if self.log {
            (value / self.low).ln() / (self.high / self.low).ln()
        } else {
            (value - self.low) / (self.high - self.low)
        };
        self.start + share * (self.end - self.start)
    }

    /// About `wanted` round values within the axis, in ascending order.
    pub(crate) fn ticks(&self, wanted: usize) -> Vec<f64> {
        if self.log { self.log_ticks(wanted) } else { steps(self.low, self.high, wanted) }
    }

    /// Ratios for ticks: round percentages on a narrow axis, round factors on a wide one.
    pub(crate) fn ratio_ticks(&self, wanted: usize) -> Vec<f64> {
        if self.is_wide() {
            return self.log_ticks(wanted);
        }
        steps(self.low - 1.0, self.high - 1.0, wanted).into_iter().map(|change| 1.0 + change).collect()
    }

    /// True if ratios on this axis are shown as factors instead of percentages.
    pub(crate) fn is_wide(&self) -> bool {
        self.high / self.low > 2.5
    }

    /// Tick labels: on a logarithmic axis each with the decimals it needs, on a linear one all with the same
    /// number.
    pub(crate) fn labels(&self, ticks: &[f64]) -> Vec<String> {
        if self.log { ticks.iter().flat_map(|tick| numbers(&[*tick])).collect() } else { numbers(ticks) }
    }

    fn log_ticks(&self, wanted: usize) -> Vec<f64> {
        let dense: &[f64] = &[1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0];
        for digits in [dense, &[1.0, 1.5, 2.0, 3.0, 5.0, 7.0], &[1.0, 2.0, 5.0], &[1.0, 3.0], &[1.0]] {
            let ticks = self.decades(digits, 1);
            if ticks.len() <= wanted {
                return ticks;
            }
        }
        let decades = (self.high / self.low).log10().ceil() as i32;
        self.decades(&[1.0], decades / wanted.max(1) as i32 + 1)
    }

    fn decades(&self, digits: &[f64], every: i32) -> Vec<f64> {
        let (from, to) = (self.low.log10().floor() as i32, self.high.log10().ceil() as i32);
        (from..=to)
            .filter(|power| power % every == 0)
            .flat_map(|power| digits.iter().map(move |digit| digit * 10f64.powi(power)))
            .filter(|tick| self.contains(*tick))
            .collect()
    }
}

/// Smallest and largest of the finite values.
fn extent(values: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    values.into_iter().filter(|value| value.is_finite()).fold(None, |range, value| {
        let (low, high) = range.unwrap_or((value, value));
        Some((value.min(low), value.max(high)))
    })
}

/// At most `wanted` multiples of 1, 2 or 5 times a power of ten from `low` to `high`.
fn steps(low: f64, high: f64, wanted: usize) -> Vec<f64> {
    let rough = (high - low) / wanted.max(1) as f64;
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|digit| digit * power).find(|step| *step >= rough);
    let step = step.unwrap_or(10.0 * power);
    let (first, last) = ((low / step).ceil() as i64, (high / step).floor() as i64);
    // From whole multiples, so that rounding errors do not accumulate and zero is exact.
    (first..=last).take(4 * wanted.max(1)).map(|n| n as f64 * step).collect()
}

/// The values, all with as many decimals as the value that needs the most.
pub(crate) fn numbers(values: &[f64]) -> Vec<String> {
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

    #[test]
    fn ticks_have_the_places_they_need() {
        assert_eq!(numbers(&[4.0, 4.5, 5.0]), ["4.0", "4.5", "5.0"]);
        assert_eq!(numbers(&[100.0, 200.0]), ["100", "200"]);
        assert_eq!(numbers(&[0.30000000000000004, 0.4]), ["0.3", "0.4"]);
        assert_eq!(numbers(&[-5.000000000000004, 0.0, 5.0]), ["-5", "0", "5"]);
        assert_eq!(
            Scale::log((0.0001, 20.0), (0.0, 1.0)).labels(&[0.0001, 0.5, 10.0]),
            ["0.0001", "0.5", "10"]
        );
        assert_eq!(numbers(&[]), Vec::<String>::new());
    }

    fn near(found: &[f64], wanted: &[f64]) {
        assert_eq!(found.len(), wanted.len(), "{found:?}");
        assert!(found.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-9), "{found:?}");
    }

    #[test]
    fn places_run_from_start_to_end() {
        let scale = Scale::log((0.5, 2.0), (100.0, 300.0));
        assert_eq!(scale.place(0.5), 100.0);
        assert!((scale.place(1.0) - 200.0).abs() < 1e-9);
        assert_eq!(scale.place(2.0), 300.0);
        assert_eq!((scale.place(0.01), scale.place(99.0)), (100.0, 300.0));
    }

    #[test]
    fn ranges_without_width_and_numbers_that_are_none_still_give_an_axis() {
        for values in
            [vec![], vec![4.2], vec![4.2, 4.2], vec![f64::NAN], vec![0.0], vec![f64::INFINITY, -1.0]]
        {
            let scale = Scale::for_times(values.clone(), (0.0, 100.0));
            for value in values.into_iter().chain([f64::NAN, 0.0, f64::INFINITY]) {
                assert!((0.0..=100.0).contains(&scale.place(value)), "{value}");
            }
            assert!(!scale.ticks(5).is_empty());
        }
        assert!((Scale::for_times([4.2, 4.2], (0.0, 100.0)).place(4.2) - 50.0).abs() < 1e-9);
        for range in [(1.0, 1.0), (0.0, 2.0), (f64::NAN, 1.0)] {
            assert!(Scale::log(range, (0.0, 100.0)).place(1.0).is_finite());
        }
    }

    #[test]
    fn alike_times_are_linear_and_unlike_times_logarithmic() {
        assert!(!Scale::for_times([4.0, 5.0], (0.0, 1.0)).is_log());
        assert!(Scale::for_times([0.1, 5.0], (0.0, 1.0)).is_log());
    }

    #[test]
    fn ticks_are_round() {
        near(&Scale::linear((0.0, 41.0), (0.0, 1.0)).ticks(5), &[0.0, 10.0, 20.0, 30.0, 40.0]);
        near(&Scale::log((0.85, 1.06), (0.0, 1.0)).ratio_ticks(6), &[0.85, 0.9, 0.95, 1.0, 1.05]);
        near(&Scale::log((0.3, 5.0), (0.0, 1.0)).ratio_ticks(5), &[0.5, 1.0, 2.0, 5.0]);
        near(&Scale::log((0.001, 1000.0), (0.0, 1.0)).ticks(4), &[0.01, 1.0, 100.0]);
    }
}
