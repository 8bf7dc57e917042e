//! A result in words: ratio, time saved, control, and the definitions that its reader needs.

use bench_runner_core::compare::{ArmResult, BlockResult, Invalid, Ratio, TwinResult, Verdict};
use bench_runner_core::record::Role;

use super::numbers::{
    ColumnDigits, TimeUnit, change_of, difference_unit, interval, p_value, share, time_difference,
};

/// A ratio in the one form for readers: `0.42× as long (0.28–0.63×; −58%)`.
pub fn ratio_phrase(ratio: &Ratio) -> String {
    interval_phrase(ratio.ratio, (ratio.low, ratio.high))
}

/// Same as [`ratio_phrase`], for a ratio without a verdict.
pub fn interval_phrase(ratio: f64, ends: (f64, f64)) -> String {
    let (shown, change) = (interval(ratio, ends), change_of(ratio, ends));
    format!("{}× as long ({}–{}×; {}%)", shown.estimate, shown.low, shown.high, change.estimate)
}

/// Median time that a variant saves or costs per build: `saves 0.47 s per build`, `costs 0.30 s per build`. It
/// is the baseline's median times one minus the ratio; `None` without either, or if it rounds to zero.
pub fn time_saved(block: &BlockResult, arm: &ArmResult) -> Option<String> {
    let [saved, ..] = seconds_saved(block, arm)?;
    Some(format!("{} per build", time_saved_in(block, arm, difference_unit(saved))?))
}

/// Same as [`time_saved`], in this unit and without `per build`.
pub(crate) fn time_saved_in(block: &BlockResult, arm: &ArmResult, unit: TimeUnit) -> Option<String> {
    let [saved, least, most] = seconds_saved(block, arm)?;
    let verb = if saved > 0.0 { "saves" } else { "costs" };
    Some(format!("{verb} {}", time_difference(saved, (least, most), unit)?))
}

/// Unit for the times that the variants of a block save or cost.
pub(crate) fn saved_unit(block: &BlockResult) -> TimeUnit {
    let saved = block.arms.iter().filter_map(|arm| seconds_saved(block, arm)).map(|[saved, ..]| saved.abs());
    difference_unit(saved.fold(0.0, f64::max))
}

/// Seconds that a variant saves per build, with the ends of their interval.
fn seconds_saved(block: &BlockResult, arm: &ArmResult) -> Option<[f64; 3]> {
    let ratio = arm.ratio?;
    let median = block.arms.get(block.baseline)?.wall()?.median;
    Some([ratio.ratio, ratio.high, ratio.low].map(|ratio| median * (1.0 - ratio)))
}

/// Ratio and time of a variant: `0.42× as long (0.28–0.63×; −58%), saves 0.47 s per build`. The time is left
/// out unless a difference was shown. `None` without a ratio.
pub fn result_phrase(block: &BlockResult, arm: &ArmResult) -> Option<String> {
    let ratio = arm.ratio.as_ref()?;
    let is_shown = matches!(ratio.verdict, Verdict::Faster | Verdict::Slower);
    let saved = is_shown.then(|| time_saved(block, arm)).flatten();
    let saved = saved.map(|saved| format!(", {saved}")).unwrap_or_default();
    // As many digits as in the table, so that a number is the same everywhere.
    let digits = ColumnDigits::of_block(block);
    let shown = digits.ratio(ratio.ratio, (ratio.low, ratio.high));
    let change = digits.change(ratio.ratio);
    Some(format!("{}× as long ({}–{}×; {change}%){saved}", shown.estimate, shown.low, shown.high))
}

/// Caption of a column of ratios.
pub fn ratio_caption(block: &BlockResult) -> &'static str {
    let is_planned = block.arms.get(block.baseline).is_none_or(|arm| arm.role == Role::Baseline);
    if block.twin.is_some() && is_planned {
        "ratio: the average (geometric mean) of the per-round ratios to both copies of the baseline (of the control: to the \
         other copy); only builds of the same round are compared, so it can differ from the quotient of the medians"
    } else {
        "ratio: the average (geometric mean) of the per-round ratios to the baseline; only builds of the same round are \
         compared, so it can differ from the quotient of the medians"
    }
}

/// Definitions of all verdicts, each in one line, to follow its word; `margin` is a fraction.
pub fn verdict_definitions(margin: f64) -> [(Verdict, String); 5] {
    let all = [Verdict::Faster, Verdict::Slower, Verdict::Equivalent, Verdict::Undecided, Verdict::Invalid];
    all.map(|verdict| (verdict, verdict_definition(verdict, margin)))
}

/// Definition of a verdict in one line, to follow its word; `margin` is a fraction.
pub fn verdict_definition(verdict: Verdict, margin: f64) -> String {
    let shown = |what: &str| {
        format!("takes {what} time than the baseline, by more than chance explains, and is not `equivalent`")
    };
    match verdict {
        Verdict::Faster => shown("less"),
        Verdict::Slower => shown("more"),
        Verdict::Equivalent => format!(
            "any difference from the baseline was shown to be within ±{}, the smallest difference that matters \
             (`--margin`), even if it is more than chance explains",
            share(margin)
        ),
        Verdict::Undecided => {
            format!(
                "neither a difference nor equivalence within ±{} was shown; more rounds may show one",
                share(margin)
            )
        }
        Verdict::NotJudged => {
            "only a fraction of the combinations was built, to estimate effects of values and to nominate a combination"
                .to_owned()
        }
        Verdict::Invalid => {
            "no result: two identical builds differed, or later builds did not do the same work as the first"
                .to_owned()
        }
    }
}

/// The difference that a run like this one would find, as a clause; `None` without any comparison.
pub fn noise_floor(block: &BlockResult) -> Option<String> {
    let least = share(block.noise_floor?);
    Some(format!("a real difference of {least} or more would be found in 4 of 5 such runs"))
}

/// True if the block is invalid, so that its verdicts are `invalid`.
pub(crate) fn is_invalid(block: &BlockResult) -> bool {
    block.arms.iter().any(|arm| arm.ratio.is_some_and(|ratio| ratio.verdict == Verdict::Invalid))
}

/// True if the block is invalid because of its control.
pub(crate) fn twin_differs(block: &BlockResult) -> bool {
    is_invalid(block) && block.invalid.contains(&Invalid::TwinDiffers)
}

/// p-value of the control below which it is shown to the reader.
const NOTABLE_TWIN_P: f64 = 0.05;

/// Change of the control with its interval, such as `+1.6% (−6.2 to +10.1%)`, with the decimals that it has in
/// the block's tables.
fn control_change(block: &BlockResult, twin: &TwinResult) -> String {
    ColumnDigits::of_block(block).change_with_interval(twin.ratio, twin.ends())
}

/// Result of the control, to follow the word `control`: `two identical builds differed by +1.6% (−6.2 to
/// +10.1%); a real difference of 8% or more would be found in 4 of 5 such runs`.
pub fn control_text(block: &BlockResult) -> String {
    const UNKNOWN: &str = "nothing shows how much two identical builds differ here";
    let planned = block.arms.iter().position(|arm| arm.role == Role::Baseline);
    let of_planned = match planned.filter(|&at| at != block.baseline) {
        Some(at) => format!(" of {}, the planned baseline,", block.arms[at].variant),
        None => String::new(),
    };
    let twin = block.arms.iter().find(|arm| arm.role == Role::Twin);
    match (block.twin, twin) {
        (Some(result), _) => {
            let mut clauses = vec![format!(
                "two identical builds{of_planned} differed by {}",
                control_change(block, &result)
            )];
            if twin_differs(block) {
                clauses
                    .push("that is more than chance explains, so this comparison has no result".to_owned());
            } else {
                if result.p < NOTABLE_TWIN_P {
                    clauses.push(format!(
                        "that is unusual ({}), but not enough to reject this comparison",
                        p_value(result.p)
                    ));
                }
                clauses.extend(noise_floor(block));
            }
            clauses.join("; ")
        }
        (None, None) => format!("switched off, so {UNKNOWN}"),
        (None, Some(twin)) if twin.not_timed.is_some() => format!("not timed, so {UNKNOWN}"),
        // The others are compared without the control, so the planned baseline may be the one without a result.
        (None, Some(_)) if !of_planned.is_empty() => format!("no result, so {UNKNOWN}"),
        // Ratios need the control unless the block is judged without it, so it was given up.
        (None, Some(_)) if block.arms.iter().any(|arm| arm.ratio.is_some()) => {
            format!("given up because its builds failed, so {UNKNOWN}")
        }
        (None, Some(_)) => format!("{}, too few for an interval, so {UNKNOWN}", super::rounds(block)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::fixture::{block, names, ratio, twin};

    #[test]
    fn a_result_has_ratio_interval_change_and_time() {
        let mut one = block("hexyl", &names(2, false), 12, 0.83);
        one.arms[2].ratio = Some(Ratio { low: 0.28, high: 0.63, ..ratio(0.42, 0.1, Verdict::Faster) });
        let shown = result_phrase(&one, &one.arms[2]).unwrap();
        assert_eq!(shown, "0.420× as long (0.280–0.630×; −58.0%), saves 0.48 s per build");
        one.arms[2].ratio = Some(Ratio { low: 1.1, high: 1.31, ..ratio(1.2, 0.1, Verdict::Slower) });
        let shown = result_phrase(&one, &one.arms[2]).unwrap();
        assert_eq!(shown, "1.200× as long (1.100–1.310×; +20.0%), costs 0.17 s per build");
        let undecided = Ratio { low: 0.939, high: 1.017, ..ratio(0.977, 0.1, Verdict::Undecided) };
        one.arms[2].ratio = Some(undecided);
        assert_eq!(result_phrase(&one, &one.arms[2]).unwrap(), "0.977× as long (0.939–1.017×; −2.3%)");
        assert_eq!(time_saved(&one, &one.arms[2]).unwrap(), "saves 19 ms per build");
        one.arms[2].ratio = None;
        assert_eq!((result_phrase(&one, &one.arms[2]), time_saved(&one, &one.arms[2])), (None, None));
    }

    #[test]
    fn a_column_of_times_saved_has_one_unit() {
        let mut one = block("hexyl", &names(3, false), 12, 4.2);
        one.arms[2].ratio = Some(ratio(0.99, 0.001, Verdict::Faster));
        one.arms[3].ratio = Some(ratio(1.5, 0.1, Verdict::Slower));
        let unit = saved_unit(&one);
        let column = [2, 3].map(|arm| time_saved_in(&one, &one.arms[arm], unit).unwrap());
        assert_eq!(column, ["saves 0.042 s", "costs 2.1 s"]);
        assert_eq!(time_saved(&one, &one.arms[2]).unwrap(), "saves 42 ms per build");
    }

    #[test]
    fn time_needs_the_median_of_the_baseline() {
        let mut one = block("hexyl", &names(2, false), 12, 0.83);
        one.arms[0].summaries = Default::default();
        assert_eq!(time_saved(&one, &one.arms[2]), None);
    }

    #[test]
    fn the_control_says_how_much_two_identical_builds_differ() {
        let mut one = block("hexyl", &names(2, false), 12, 4.2);
        one.twin = Some(twin(12, 1.016, 0.08, 0.7));
        one.noise_floor = Some(0.08);
        let wide = BlockResult { twin: Some(twin(12, 1.016, 0.16, 0.9)), ..one.clone() };
        let differed = "two identical builds differed by +1.6% (−12.4 to +17.9%)";
        assert!(control_text(&wide).starts_with(differed), "{}", control_text(&wide));
        assert_eq!(
            control_text(&one),
            "two identical builds differed by +1.6% (−5.9 to +9.7%); a real difference of 8% or more would be found in \
             4 of 5 such runs"
        );
        one.twin = Some(twin(12, 1.016, 0.015, 0.03));
        one.noise_floor = None;
        assert_eq!(
            control_text(&one),
            "two identical builds differed by +1.6% (+0.1 to +3.1%); that is unusual (p = 0.03), but not enough to \
             reject this comparison"
        );
        one.baseline = 2;
        one.twin = Some(twin(12, 1.0, 0.08, 0.7));
        assert_eq!(
            control_text(&one),
            "two identical builds of linker=bfd, the planned baseline, differed by 0.0% (−7.4 to +8.0%)"
        );
    }

    #[test]
    fn a_comparison_without_a_control_says_why_and_what_its_ratio_is() {
        let mut one = block("hexyl", &names(2, false), 12, 4.2);
        assert!(ratio_caption(&one).contains("both copies"));
        one.twin = None;
        assert!(!ratio_caption(&one).contains("both copies"));
        assert!(control_text(&one).starts_with("given up"), "{}", control_text(&one));
        one.arms[2].ratio = None;
        assert!(control_text(&one).starts_with("12 rounds, too few"), "{}", control_text(&one));
        one.arms[1].not_timed = Some("its warm-up failed".to_owned());
        assert!(control_text(&one).starts_with("not timed"), "{}", control_text(&one));
        one.arms.remove(1);
        assert!(control_text(&one).starts_with("switched off"), "{}", control_text(&one));
    }

    #[test]
    fn definitions_have_the_margin() {
        let definition = |verdict| verdict_definition(verdict, 0.03);
        assert!(
            definition(Verdict::Equivalent).contains("±3%") && definition(Verdict::Undecided).contains("±3%")
        );
    }
}
