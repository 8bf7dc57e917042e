//! Numbers with their digits: times, ratios, changes and percentages.
//!
//! An estimate is rounded according to its uncertainty: to the second significant digit of its interval's
//! half-width. In a column of a table, all cells have the same number of decimals.

use bench_runner_core::compare::{
    ArmResult, BlockResult, Effect, PlainRatio, Ratio, Summary, with_separators,
};

/// Seconds below which times are in milliseconds, so that `0.39 s` never stands beside `401 ms`.
const SHORT_TIME: f64 = 0.1;

/// Unit of the times of one block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeUnit {
    Milliseconds,
    Seconds,
    Minutes,
}

impl TimeUnit {
    /// Most readable unit for times up to `longest` seconds.
    pub(crate) fn for_seconds(longest: f64) -> Self {
        if longest < SHORT_TIME {
            Self::Milliseconds
        } else if longest < 600.0 {
            Self::Seconds
        } else {
            Self::Minutes
        }
    }

    /// Unit for the medians of a block.
    pub fn for_block(block: &BlockResult) -> Self {
        let medians = block.arms.iter().filter_map(ArmResult::wall).map(|wall| wall.median);
        Self::for_seconds(medians.fold(0.0, f64::max))
    }

    pub fn symbol(self) -> &'static str {
        match self {
            Self::Milliseconds => "ms",
            Self::Seconds => "s",
            Self::Minutes => "min",
        }
    }

    /// Converts seconds to this unit.
    pub(crate) fn convert(self, seconds: f64) -> f64 {
        match self {
            Self::Milliseconds => seconds * 1e3,
            Self::Seconds => seconds,
            Self::Minutes => seconds / 60.0,
        }
    }
}

/// Power of ten of the second significant digit of a half-width, to which numbers are rounded.
fn second_digit_place(half_width: f64) -> Option<i32> {
    if !half_width.is_finite() || half_width <= 0.0 {
        return None;
    }
    let leading = half_width.log10().floor() as i32;
    // 0.0998 has the two digits 0.10, one place further left.
    let carries = (half_width / 10f64.powi(leading - 1)).round() >= 100.0;
    Some(leading - 1 + i32::from(carries))
}

/// `value` rounded to `10^place`, with a typographic minus sign and commas between thousands.
fn format_rounded(value: f64, place: i32) -> String {
    if !value.is_finite() {
        return "?".to_owned();
    }
    // Formatting rounds only digits after the decimal point.
    let value = if place > 0 { (value / 10f64.powi(place)).round() * 10f64.powi(place) } else { value };
    let number = with_commas(&format!("{value:.*}", place.min(0).unsigned_abs() as usize));
    match number.strip_prefix('-') {
        Some(digits) if is_zero(digits) => digits.to_owned(),
        Some(digits) => format!("−{digits}"),
        None => number,
    }
}

/// A decimal number with commas between the thousands before its point.
fn with_commas(number: &str) -> String {
    let (sign, digits) = number.split_at(usize::from(number.starts_with('-')));
    let (whole, fraction) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    let mut text = sign.to_owned();
    for (at, digit) in whole.char_indices() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text + fraction
}

/// `value` rounded to `10^place`, with a plus sign if the result is positive.
fn format_signed(value: f64, place: i32) -> String {
    let number = format_rounded(value, place);
    if value > 0.0 && !is_zero(&number) { format!("+{number}") } else { number }
}

fn is_zero(number: &str) -> bool {
    number.bytes().all(|b| matches!(b, b'0' | b'.'))
}

/// An estimate and its interval, formatted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormattedEstimate {
    pub estimate: String,
    /// Lower end of the interval.
    pub low: String,
    /// Upper end of the interval.
    pub high: String,
}

/// Power of ten to which an estimate is rounded, never finer than `finest`.
fn rounding_place(estimate: f64, (low, high): (f64, f64), finest: i32) -> i32 {
    // Without a width, the value is rounded to three digits.
    let of_value = second_digit_place(estimate.abs()).map_or(0, |place| place - 1);
    second_digit_place((high - low) / 2.0).unwrap_or(of_value).max(finest)
}

/// Median of a time with its interval, in `unit` and without its symbol.
pub fn time(summary: &Summary, unit: TimeUnit) -> FormattedEstimate {
    let [median, low, high] = [summary.median, summary.low, summary.high].map(|s| unit.convert(s));
    format_interval([median, low, high], -4)
}

/// A time with three significant digits, in `unit` and without its symbol.
pub fn seconds(seconds: f64, unit: TimeUnit) -> String {
    let value = unit.convert(seconds);
    format_rounded(value, second_digit_place(value.abs()).map_or(0, |place| place - 1))
}

/// A number of bytes with its interval, in MiB and without the symbol.
pub(crate) fn mebibytes(summary: &Summary) -> FormattedEstimate {
    format_interval([summary.median, summary.low, summary.high].map(|bytes| bytes / (1024.0 * 1024.0)), -1)
}

/// A number of events with its interval, with separators: `1,234,568`.
pub(crate) fn count(summary: &Summary) -> FormattedEstimate {
    let FormattedEstimate { estimate, low, high } =
        format_interval([summary.median, summary.low, summary.high], 0);
    let [estimate, low, high] = [estimate, low, high].map(|number| with_separators(&number));
    FormattedEstimate { estimate, low, high }
}

/// A p-value, with two decimals unless it is below 0.01.
pub(crate) fn p_value(p: f64) -> String {
    match p {
        p if p < 0.001 => "p < 0.001".to_owned(),
        p if p < 0.01 => format!("p = {p:.3}"),
        p => format!("p = {p:.2}"),
    }
}

/// Finest power of ten of a change in percent; ratios are two powers finer.
const FINEST_CHANGE: i32 = -2;

/// Power of ten to which a ratio is rounded: three decimals, and a fourth only if the ends of the interval would
/// be the same with three. An interval that excludes 1 must not look as if it touched 1: it has more digits where an end
/// would, up to the fourth decimal.
fn ratio_place(ratio: f64, (low, high): (f64, f64)) -> i32 {
    const FINEST: i32 = FINEST_CHANGE - 2;
    let rounded = |value: f64, place: i32| format_rounded(value, place);
    let enough = rounded(low, -3) != rounded(high, -3);
    let mut place = rounding_place(ratio, (low, high), if enough { -3 } else { FINEST });
    let nearest = if low > 1.0 { low } else { high };
    let excludes_one = low > 1.0 || high < 1.0;
    while excludes_one && place > FINEST && rounded(nearest, place) == rounded(1.0, place) {
        place -= 1;
    }
    place
}

/// A ratio with its interval, without the sign `×`.
pub fn ratio(ratio: &Ratio) -> FormattedEstimate {
    interval(ratio.ratio, (ratio.low, ratio.high))
}

/// A ratio without a verdict, with its interval, without the sign `×`.
pub(crate) fn plain_ratio(ratio: &PlainRatio) -> FormattedEstimate {
    interval(ratio.ratio, (ratio.low, ratio.high))
}

/// A ratio with one of its intervals, without the sign `×`.
pub fn interval(ratio: f64, (low, high): (f64, f64)) -> FormattedEstimate {
    let place = ratio_place(ratio, (low, high));
    let [estimate, low, high] = [ratio, low, high].map(|value| format_rounded(value, place));
    FormattedEstimate { estimate, low, high }
}

/// Ratio of a variant as a change in percent, signed and without the sign `%`.
pub fn change(ratio: &Ratio) -> FormattedEstimate {
    change_of(ratio.ratio, (ratio.low, ratio.high))
}

/// A ratio with one of its intervals as a change in percent, signed and without the sign `%`. It has as many
/// digits as the ratio.
pub(crate) fn change_of(ratio: f64, (low, high): (f64, f64)) -> FormattedEstimate {
    let place = ratio_place(ratio, (low, high)) + 2;
    let [estimate, low, high] = [ratio, low, high].map(|value| format_signed((value - 1.0) * 100.0, place));
    FormattedEstimate { estimate, low, high }
}

/// An effect as a change in percent, signed and without the sign `%`.
pub fn effect(effect: &Effect) -> FormattedEstimate {
    let (low, high) = effect.interval();
    percent_change([effect.share(), low, high])
}

fn percent_change(shares: [f64; 3]) -> FormattedEstimate {
    let values = shares.map(|share| share * 100.0);
    let place = rounding_place(values[0], (values[1], values[2]), FINEST_CHANGE);
    let [estimate, low, high] = values.map(|value| format_signed(value, place));
    FormattedEstimate { estimate, low, high }
}

fn format_interval(values: [f64; 3], finest: i32) -> FormattedEstimate {
    let place = rounding_place(values[0], (values[1], values[2]), finest);
    let [estimate, low, high] = values.map(|value| format_rounded(value, place));
    FormattedEstimate { estimate, low, high }
}

/// Number of decimals that all cells of a column share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ColumnDigits {
    /// Power of ten to which the cells are rounded.
    place: i32,
}

impl ColumnDigits {
    /// Decimals for a column of ratios with their intervals: those of the most precise one.
    pub(crate) fn of_ratios(ratios: impl IntoIterator<Item = (f64, (f64, f64))>) -> Self {
        let places = ratios.into_iter().map(|(ratio, ends)| ratio_place(ratio, ends));
        Self { place: places.min().unwrap_or(-2) }
    }

    /// Decimals for the ratios of a block, with its control.
    pub(crate) fn of_block(block: &BlockResult) -> Self {
        let ratios = block.arms.iter().filter_map(|arm| arm.ratio);
        let ratios = ratios.map(|ratio| (ratio.ratio, (ratio.low, ratio.high)));
        Self::of_ratios(ratios.chain(block.twin.map(|twin| (twin.ratio, twin.ends()))))
    }

    /// A ratio with its interval as changes in percent, such as `+1.6% (−6.2 to +10.1%)`.
    pub(crate) fn change_with_interval(self, ratio: f64, (low, high): (f64, f64)) -> String {
        let [change, low, high] = [ratio, low, high].map(|ratio| self.change(ratio));
        format!("{change}% ({low} to {high}%)")
    }

    /// Decimals for a column of medians: those of the most precise one, but at most four significant digits of
    /// the longest.
    pub(crate) fn of_times<'s>(summaries: impl IntoIterator<Item = &'s Summary>, unit: TimeUnit) -> Self {
        let (mut finest, mut longest) = (0, 0.0f64);
        for summary in summaries {
            let [median, low, high] = [summary.median, summary.low, summary.high].map(|s| unit.convert(s));
            finest = finest.min(rounding_place(median, (low, high), -4));
            longest = longest.max(median.abs());
        }
        Self { place: finest.max(second_digit_place(longest).map_or(0, |place| place - 2)) }
    }

    /// Decimals for the medians of a block, in `unit`.
    pub(crate) fn of_medians(block: &BlockResult, unit: TimeUnit) -> Self {
        let medians: Vec<Summary> = block.arms.iter().filter_map(ArmResult::wall).collect();
        Self::of_times(&medians, unit)
    }

    /// A ratio with its interval, without the sign `×`.
    pub(crate) fn ratio(self, ratio: f64, (low, high): (f64, f64)) -> FormattedEstimate {
        let [estimate, low, high] = [ratio, low, high].map(|value| format_rounded(value, self.place));
        FormattedEstimate { estimate, low, high }
    }

    /// A ratio as a change in percent, signed and without the sign `%`.
    pub(crate) fn change(self, ratio: f64) -> String {
        format_signed((ratio - 1.0) * 100.0, self.place + 2)
    }

    /// A time in `unit` and without its symbol.
    pub(crate) fn time(self, seconds: f64, unit: TimeUnit) -> String {
        format_rounded(unit.convert(seconds), self.place)
    }
}

/// Unit of a difference of times: milliseconds below a tenth of a second.
pub(crate) fn difference_unit(seconds: f64) -> TimeUnit {
    match seconds.abs() {
        small if small < SHORT_TIME => TimeUnit::Milliseconds,
        medium if medium < 600.0 => TimeUnit::Seconds,
        _ => TimeUnit::Minutes,
    }
}

/// A difference of times with its sign removed, such as `0.47 s`, with the digits that it has in a unit of its own.
/// `None` if it rounds to zero at the precision of its interval.
pub(crate) fn time_difference(seconds: f64, ends: (f64, f64), unit: TimeUnit) -> Option<String> {
    let (own, shift) = match (difference_unit(seconds), unit) {
        (own @ TimeUnit::Seconds, TimeUnit::Milliseconds) => (own, 3),
        (own @ TimeUnit::Milliseconds, TimeUnit::Seconds) => (own, -3),
        _ => (unit, 0),
    };
    let [value, low, high] = [seconds.abs(), ends.0, ends.1].map(|seconds| own.convert(seconds));
    // Two digits, however narrow the interval is, or whole units.
    let finest = second_digit_place(value).unwrap_or(0).min(0);
    let place = rounding_place(value, (low, high), finest) + shift;
    let number = format_rounded(unit.convert(seconds.abs()), place);
    (value.is_finite() && !is_zero(&number)).then(|| format!("{number} {}", unit.symbol()))
}

/// A share as a percentage with two significant digits, such as `1.6%`.
pub fn share(share: f64) -> String {
    let percent = share * 100.0;
    let place = second_digit_place(percent).unwrap_or(0).max(FINEST_CHANGE);
    let number = format_rounded(percent, place);
    let short =
        if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { &number };
    format!("{short}%")
}

#[cfg(test)]
mod tests {
    use bench_runner_core::compare::Verdict;

    use super::*;

    fn summary(median: f64, low: f64, high: f64) -> Summary {
        Summary { n: 9, median, low, high, mean: median, sd: 0.1, mad: 0.1, min: low, max: high }
    }

    fn ratio_of(ratio: f64, low: f64, high: f64) -> Ratio {
        Ratio {
            rounds: 12,
            wanted_rounds: 6,
            df: 13.0,
            ratio,
            low,
            high,
            p: 0.5,
            p_adjusted: 0.5,
            p_equivalence: 0.5,
            p_equivalence_adjusted: 0.5,
            ratio_of_means: ratio,
            verdict: Verdict::Undecided,
        }
    }

    fn check(shown: FormattedEstimate, expected: &str) {
        assert_eq!(format!("{} [{}, {}]", shown.estimate, shown.low, shown.high), expected);
    }

    #[test]
    fn numbers_have_as_many_digits_as_their_interval_allows() {
        check(time(&summary(4.20931, 4.1034, 4.3312), TimeUnit::Seconds), "4.21 [4.10, 4.33]");
        check(time(&summary(0.42093, 0.4103, 0.4331), TimeUnit::Milliseconds), "421 [410, 433]");
        check(time(&summary(0.4, 0.2, 0.6), TimeUnit::Milliseconds), "400 [200, 600]");
        check(time(&summary(1.4049, 0.6, 2.6), TimeUnit::Milliseconds), "1,400 [600, 2,600]");
        check(time(&summary(4.2, 4.2, 4.2), TimeUnit::Seconds), "4.20 [4.20, 4.20]");
        check(ratio(&ratio_of(0.87312, 0.8601, 0.8862)), "0.873 [0.860, 0.886]");
        // 0.00996 has the two digits 0.010.
        check(ratio(&ratio_of(0.87312, 0.87, 0.88992)), "0.873 [0.870, 0.890]");
    }

    #[test]
    fn changes_carry_their_sign_and_zero_has_none() {
        check(change(&ratio_of(0.87312, 0.8601, 0.8862)), "−12.7 [−14.0, −11.4]");
        check(change(&ratio_of(1.0001, 0.98, 1.0202)), "0.0 [−2.0, +2.0]");
        check(change(&ratio_of(0.9999, 0.98, 1.0202)), "0.0 [−2.0, +2.0]");
        check(change(&ratio_of(3.5, 3.0, 4.0)), "+250 [+200, +300]");
        assert_eq!(
            [-1234567.0, 999.96, 0.5].map(|value| format_rounded(value, -1)),
            ["−1,234,567.0", "1,000.0", "0.5"]
        );
        // Not finer than a hundredth of a percent.
        check(change(&ratio_of(1.00012345, 1.0001, 1.0002)), "+0.01 [+0.01, +0.02]");
    }

    #[test]
    fn shares_have_two_digits() {
        assert_eq!(share(0.016), "1.6%");
        assert_eq!(share(0.03), "3%");
        assert_eq!(share(0.1), "10%");
        assert_eq!(share(0.5), "50%");
        assert_eq!(share(0.00991), "0.99%");
        assert_eq!(share(0.0), "0%");
    }

    #[test]
    fn a_column_has_the_decimals_of_its_most_precise_cell() {
        let digits = ColumnDigits::of_ratios([(0.42, (0.28, 0.63)), (0.97712, (0.939, 1.017))]);
        let shown = digits.ratio(0.42, (0.28, 0.63));
        assert_eq!((shown.estimate.as_str(), shown.high.as_str()), ("0.420", "0.630"));
        assert_eq!([digits.change(0.42), digits.change(1.0)], ["−58.0", "0.0"]);
        let times = [summary(4.20931, 4.1034, 4.3312), summary(12.0, 11.99, 12.01)];
        let digits = ColumnDigits::of_times(&times, TimeUnit::Seconds);
        assert_eq!([4.20931, 12.0].map(|s| digits.time(s, TimeUnit::Seconds)), ["4.21", "12.00"]);
        assert_eq!(ColumnDigits::of_times(&[], TimeUnit::Seconds).time(3.21, TimeUnit::Seconds), "3");
    }

    #[test]
    fn ratios_have_three_decimals_unless_the_ends_need_more() {
        check(interval_of(0.921, 0.9136, 0.9284), "0.921 [0.914, 0.928]");
        check(interval_of(1.00012, 1.00005, 1.0002), "1.0001 [1.0001, 1.0002]");
    }

    #[test]
    fn an_interval_without_one_does_not_look_as_if_it_touched_it() {
        check(interval_of(1.0625, 1.00012, 1.1285), "1.0625 [1.0001, 1.1285]");
        check(interval_of(0.95, 0.91, 0.9997), "0.9500 [0.9100, 0.9997]");
        check(interval_of(1.4, 1.003, 1.9), "1.400 [1.003, 1.900]");
        check(interval_of(1.05, 1.0, 1.1), "1.050 [1.000, 1.100]");
        check(interval_of(1.0626, 0.9999, 1.1292), "1.063 [1.000, 1.129]");
        // The fourth decimal is the last.
        check(interval_of(1.05, 1.00001, 1.1), "1.0500 [1.0000, 1.1000]");
        let digits = ColumnDigits::of_ratios([(0.42, (0.28, 0.63)), (1.0625, (1.00012, 1.1285))]);
        assert_eq!(digits.ratio(0.42, (0.28, 0.63)).low, "0.2800");
    }

    fn interval_of(estimate: f64, low: f64, high: f64) -> FormattedEstimate {
        interval(estimate, (low, high))
    }

    #[test]
    fn differences_have_the_digits_of_their_interval_and_a_unit_of_their_own() {
        let check = |seconds: f64, ends: (f64, f64), expected: Option<&str>| {
            assert_eq!(
                time_difference(seconds, ends, difference_unit(seconds)).as_deref(),
                expected,
                "{seconds} {ends:?}"
            );
        };
        check(0.4727, (0.31, 0.60), Some("0.47 s"));
        check(-0.2999, (-0.31, -0.29), Some("0.30 s"));
        check(0.0231, (0.02, 0.026), Some("23 ms"));
        check(4.5, (1.0, 8.0), Some("4.5 s"));
        check(125.2, (124.0, 126.0), Some("125 s"));
        check(900.0, (890.0, 910.0), Some("15 min"));
        let in_ms = time_difference(0.4727, (0.31, 0.60), TimeUnit::Milliseconds);
        assert_eq!(in_ms.as_deref(), Some("470 ms"), "the digits are those of `0.47 s`");
        let in_s = time_difference(0.0231, (0.02, 0.026), TimeUnit::Seconds);
        assert_eq!(in_s.as_deref(), Some("0.023 s"));
        check(0.001, (-60.0, 60.0), None);
        check(f64::NAN, (0.0, 1.0), None);
    }

    #[test]
    fn units_follow_the_longest_time() {
        assert_eq!(TimeUnit::for_seconds(0.02), TimeUnit::Milliseconds);
        assert_eq!(TimeUnit::for_seconds(0.2), TimeUnit::Seconds);
        assert_eq!(TimeUnit::for_seconds(59.0), TimeUnit::Seconds);
        assert_eq!(TimeUnit::for_seconds(900.0), TimeUnit::Minutes);
    }
}
