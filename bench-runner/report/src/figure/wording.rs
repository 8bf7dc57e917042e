//! Formatting of quantities and outcomes, the same in figures and tables.
//!
//! An estimate is rounded according to its uncertainty: to the second significant digit of its interval's
//! half-width.

use bench_runner_core::compare::{
    ArmResult, BlockResult, Comparison, Effect, Invalid, PlainRatio, Ratio, Summary, TwinResult, Verdict,
};
use bench_runner_core::record::Role;

pub(crate) use bench_runner_core::compare::pluralize;

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
        if longest < 1.0 {
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

/// `value` rounded to `10^place`, with a typographic minus sign.
fn format_rounded(value: f64, place: i32) -> String {
    if !value.is_finite() {
        return "?".to_owned();
    }
    // Formatting rounds only digits after the decimal point.
    let value = if place > 0 { (value / 10f64.powi(place)).round() * 10f64.powi(place) } else { value };
    let number = format!("{value:.*}", place.min(0).unsigned_abs() as usize);
    match number.strip_prefix('-') {
        Some(digits) if is_zero(digits) => digits.to_owned(),
        Some(digits) => format!("−{digits}"),
        None => number,
    }
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

/// A number of events with its interval.
pub(crate) fn count(summary: &Summary) -> FormattedEstimate {
    format_interval([summary.median, summary.low, summary.high], 0)
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
    format_interval([ratio, low, high], FINEST_CHANGE - 2)
}

/// Ratio of a variant as a change in percent, signed and without the sign `%`.
pub fn change(ratio: &Ratio) -> FormattedEstimate {
    percent_change([ratio.ratio - 1.0, ratio.low - 1.0, ratio.high - 1.0])
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

/// A share as a percentage with two significant digits, such as `1.6 %`.
pub fn share(share: f64) -> String {
    let percent = share * 100.0;
    let place = second_digit_place(percent).unwrap_or(0).max(FINEST_CHANGE);
    let number = format_rounded(percent, place);
    let short =
        if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { &number };
    format!("{short} %")
}

/// Reason why an arm has no ratio, in a few words.
pub(crate) fn why_no_ratio(arm: &ArmResult) -> String {
    match (&arm.not_timed, arm.points.len(), arm.failures) {
        (Some(reason), ..) => format!("not timed: {reason}"),
        (None, 0, 0) => "no build was made".to_owned(),
        (None, 0, failures) => format!("no build ended well: {}", self::failures(failures)),
        (None, _, 0) => "too few rounds for an interval".to_owned(),
        (None, _, failures) => format!("too few rounds for an interval: {}", self::failures(failures)),
    }
}

/// Number of unsuccessful builds, in words.
pub fn failures(count: usize) -> String {
    format!("{} failed, timed out or could not start", pluralize(count, "build"))
}

/// Displayed name of an arm: with aliases in parentheses, and `twin of` for the twin.
pub fn arm_name(arm: &ArmResult) -> String {
    if arm.role == Role::Twin {
        return format!("twin of {}", arm.variant);
    }
    if arm.aliases.is_empty() {
        return arm.variant.clone();
    }
    format!("{} ({})", arm.variant, arm.aliases.join(", "))
}

/// Progress of a block, such as `12 rounds, stopped: the precision was reached`.
pub fn progress(block: &BlockResult) -> String {
    let rounds = pluralize(block.rounds as usize, "round");
    block.stopped.map_or_else(
        || format!("{rounds}, not finished"),
        |reason| format!("{rounds}, stopped: {}", reason.describe()),
    )
}

/// Sentence about the comparisons for which the verdicts of a run hold together.
pub fn family_sentence(comparison: &Comparison) -> String {
    let stricter = "stricter than each plain interval";
    match (&comparison.post_hoc, comparison.family()) {
        (Some(_), 1) => "Post hoc: there is one pair of variants, so its verdict stands alone.".to_owned(),
        (Some(_), n) => format!(
            "Post hoc: the baseline was chosen after the run, so verdicts hold for all {n} pairs of variants \
             together (Holm): {stricter}."
        ),
        (None, 0) => "No comparison was planned.".to_owned(),
        (None, 1) => "One comparison was planned, and its verdict stands alone.".to_owned(),
        (None, n) => format!("Verdicts hold for all {n} planned comparisons together (Holm): {stricter}."),
    }
}

/// True if the block is invalid, so that its verdicts are `invalid`.
pub(crate) fn is_invalid(block: &BlockResult) -> bool {
    block.arms.iter().any(|arm| arm.ratio.is_some_and(|ratio| ratio.verdict == Verdict::Invalid))
}

/// True if the block is invalid because of its twin.
pub(crate) fn twin_differs(block: &BlockResult) -> bool {
    is_invalid(block) && block.invalid.contains(&Invalid::TwinDiffers)
}

/// p-value of the twin below which it is shown to the reader.
const NOTABLE_TWIN_P: f64 = 0.05;

/// Name of the ends beside a median: its interval, or the range where it has none.
pub fn around_median<'s>(summaries: impl Iterator<Item = &'s Summary>) -> &'static str {
    let (mut interval, mut range) = (false, false);
    for summary in summaries {
        if summary.has_interval() { interval = true } else { range = true }
    }
    match (interval, range) {
        (true, true) => "95 % interval (range below 6 builds)",
        (false, true) => "range",
        (_, false) => "95 % interval",
    }
}

/// The difference that a run like this one would find, as a clause; `None` without any comparison.
pub fn noise_floor(block: &BlockResult) -> Option<String> {
    let least = share(block.noise_floor?);
    Some(format!("a real difference of {least} or more would be found in four of five such runs"))
}

/// Result of the block's twin (A/A control), as half a sentence.
pub fn twin_text(block: &BlockResult) -> String {
    let has_twin = block.arms.iter().any(|arm| arm.role == Role::Twin);
    match block.twin {
        Some(twin) if twin_differs(block) => {
            let (change, half_width) = twin_change(&twin);
            format!("it differs from the baseline ({change} ± {half_width} %), so this block shows nothing")
        }
        Some(twin) => {
            let (change, half_width) = twin_change(&twin);
            let shown = if twin.p < NOTABLE_TWIN_P {
                format!("{}: unusual, but not enough to make the block invalid", p_value(twin.p))
            } else {
                "no difference shown".to_owned()
            };
            format!("{change} ± {half_width} % against the planned baseline, {shown}")
        }
        None if has_twin => "too few rounds to say how two equal builds compare here".to_owned(),
        None => "none, so nothing shows how two equal builds compare here".to_owned(),
    }
}

/// Change of the twin and its half-width in percent, without the sign `%`.
pub(crate) fn twin_change(twin: &TwinResult) -> (String, String) {
    let (percent, half_width) = ((twin.ratio - 1.0) * 100.0, twin.half_width * 100.0);
    let place = second_digit_place(half_width).unwrap_or(0).max(FINEST_CHANGE);
    (format_signed(percent, place), format_rounded(half_width, place))
}

#[cfg(test)]
mod tests {
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
        check(time(&summary(1.4049, 0.6, 2.6), TimeUnit::Milliseconds), "1400 [600, 2600]");
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
        // Not finer than a hundredth of a percent.
        check(change(&ratio_of(1.00012345, 1.0001, 1.0002)), "+0.01 [+0.01, +0.02]");
    }

    #[test]
    fn shares_have_two_digits() {
        assert_eq!(share(0.016), "1.6 %");
        assert_eq!(share(0.03), "3 %");
        assert_eq!(share(0.1), "10 %");
        assert_eq!(share(0.5), "50 %");
        assert_eq!(share(0.00991), "0.99 %");
        assert_eq!(share(0.0), "0 %");
    }

    #[test]
    fn units_follow_the_longest_time() {
        assert_eq!(TimeUnit::for_seconds(0.2), TimeUnit::Milliseconds);
        assert_eq!(TimeUnit::for_seconds(59.0), TimeUnit::Seconds);
        assert_eq!(TimeUnit::for_seconds(900.0), TimeUnit::Minutes);
    }
}
