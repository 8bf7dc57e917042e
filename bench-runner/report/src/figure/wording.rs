//! Formatting of quantities and outcomes, the same in figures and tables.

mod numbers;
mod result;

use bench_runner_core::compare::{ArmResult, BlockResult, Comparison, Summary};
use bench_runner_core::record::Role;

pub(crate) use bench_runner_core::compare::pluralize;
pub(crate) use numbers::{ColumnDigits, count, mebibytes, p_value, plain_ratio};
pub use numbers::{FormattedEstimate, TimeUnit, change, effect, interval, ratio, seconds, share, time};
pub use result::{
    control_text, interval_phrase, noise_floor, ratio_caption, ratio_phrase, result_phrase, time_saved,
    verdict_definition, verdict_definitions,
};
pub(crate) use result::{is_invalid, time_saved_in_column, twin_differs};

/// Reason why an arm has no ratio, in a few words.
pub(crate) fn why_no_ratio(arm: &ArmResult) -> String {
    match (&arm.not_timed, arm.points.len(), arm.failures) {
        (Some(reason), ..) => format!("not timed: {reason}"),
        (None, 0, 0) => "no build was made".to_owned(),
        (None, 0, failures) => format!("no build succeeded: {}", self::failures(failures)),
        (None, _, 0) => "too few rounds for an interval".to_owned(),
        (None, _, failures) => format!("too few rounds for an interval: {}", self::failures(failures)),
    }
}

/// Number of unsuccessful builds, in words.
pub fn failures(count: usize) -> String {
    format!("{} failed, timed out or could not start", pluralize(count, "build"))
}

/// Displayed name of an arm: with aliases in parentheses; the twin is the control.
pub fn arm_name(arm: &ArmResult) -> String {
    if arm.role == Role::Twin {
        return control_name(&arm.variant);
    }
    if arm.aliases.is_empty() {
        return arm.variant.clone();
    }
    format!("{} ({})", arm.variant, arm.aliases.join(", "))
}

/// Displayed name of the control of a baseline.
pub(crate) fn control_name(baseline: &str) -> String {
    format!("{baseline} (control)")
}

/// Cargo profiles of the builds, such as `dev profile`; empty if unknown.
pub fn profiles(blocks: &[BlockResult]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for name in blocks.iter().flat_map(|block| &block.setup.profiles) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    match names.as_slice() {
        [] => String::new(),
        [one] => format!("{one} profile"),
        several => format!("profiles {}", several.join(", ")),
    }
}

/// Progress of a block, such as `12 rounds, stopped: the precision was reached`. Fewer rounds than planned
/// are marked.
pub fn progress(block: &BlockResult) -> String {
    let rounds = if block.rounds < block.min_rounds {
        format!("only {} of at least {} planned rounds", block.rounds, block.min_rounds)
    } else {
        pluralize(block.rounds as usize, "round")
    };
    block.stopped.map_or_else(
        || format!("{rounds}, not finished"),
        |reason| format!("{rounds}, stopped: {}", reason.describe()),
    )
}

/// Sentence about the correction of the verdicts for the number of comparisons.
pub fn family_sentence(comparison: &Comparison) -> String {
    let intervals = "the intervals are not, so a variant can be undecided although its interval excludes 1×";
    match (&comparison.post_hoc, comparison.family()) {
        (Some(_), 1) => {
            "Post hoc: the baseline was chosen after the run; with one pair of variants, its verdict needs no \
             correction."
                .to_owned()
        }
        (Some(_), n) => format!(
            "Post hoc: the baseline was chosen after the run, so verdicts are corrected for all {n} pairs of variants \
             (Holm); {intervals}."
        ),
        (None, 0) => "No comparison was planned.".to_owned(),
        (None, 1) => "One comparison was planned, so its verdict needs no correction.".to_owned(),
        (None, n) => format!("Verdicts are corrected for the {n} planned comparisons (Holm); {intervals}."),
    }
}

/// Name of the ends beside a median: its interval, or the range where it has none.
pub fn around_median<'s>(summaries: impl Iterator<Item = &'s Summary>) -> &'static str {
    let (mut interval, mut range) = (false, false);
    for summary in summaries {
        if summary.has_interval() { interval = true } else { range = true }
    }
    match (interval, range) {
        (true, true) => "95% interval (range below 6 builds)",
        (false, true) => "range",
        (_, false) => "95% interval",
    }
}
