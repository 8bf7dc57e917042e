//! Formatting of quantities and outcomes, the same in figures and tables.

mod duration;
mod effects;
mod numbers;
mod result;

use bench_runner_core::compare::{ArmResult, BlockResult, Comparison, Summary, workload_phrase};
use bench_runner_core::record::Role;

pub(crate) use bench_runner_core::compare::pluralize;
pub use duration::{duration, estimated_duration};
pub(crate) use effects::{
    EffectRow, EffectRowContent, effect_digits, effect_rows, effect_sentences, effects_caption,
    effects_title, why_no_effects,
};
pub(crate) use numbers::{ColumnDigits, count, mebibytes, p_value, plain_ratio};
pub use numbers::{FormattedEstimate, TimeUnit, change, effect, interval, ratio, seconds, share, time};
pub use result::{
    control_text, interval_phrase, noise_floor, ratio_caption, ratio_phrase, result_phrase, time_saved,
    verdict_definition, verdict_definitions,
};
pub(crate) use result::{is_invalid, saved_unit, time_saved_in, twin_differs};

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

/// Name of an arm as the subject of a sentence: a variant that is a workload and nothing else in plain words, such as
/// `cargo check` or `a full build`.
pub fn arm_subject(arm: &ArmResult) -> String {
    match arm.variant.strip_prefix("workload=").filter(|workload| !workload.contains(' ')) {
        Some(workload) => workload_subject(workload),
        None => arm_name(arm),
    }
}

/// A workload in plain words, with an article unless it is a command.
pub(crate) fn workload_subject(workload: &str) -> String {
    let phrase = workload_phrase(workload, None);
    if phrase.starts_with("cargo ") || phrase == workload { phrase } else { format!("a {phrase}") }
}

/// Displayed name of the control of a baseline.
pub(crate) fn control_name(baseline: &str) -> String {
    format!("{baseline} (control)")
}

/// Names in one list: `a, b and c`.
pub(crate) fn join_and(names: &[String]) -> String {
    match names.split_last() {
        None => "nothing".to_owned(),
        Some((only, [])) => only.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
    }
}

/// A clause with a capital, unless it begins with a name such as `linker=mold` or `as-configured`.
pub(crate) fn capitalized(clause: &str) -> String {
    let first_word = clause.split(' ').next().unwrap_or_default();
    if first_word.contains(['=', '-', '_']) {
        return clause.to_owned();
    }
    let mut chars = clause.chars();
    chars.next().into_iter().flat_map(char::to_uppercase).chain(chars).collect()
}

/// A clause as a sentence, with its full stop.
pub(crate) fn sentence(clause: &str) -> String {
    format!("{}.", capitalized(clause))
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

/// Number of complete rounds of a block, such as `12 rounds`, or `4 rounds, minimum 6` if they are fewer.
pub(crate) fn rounds(block: &BlockResult) -> String {
    let rounds = pluralize(block.rounds as usize, "round");
    if block.rounds < block.min_rounds { format!("{rounds}, minimum {}", block.min_rounds) } else { rounds }
}

/// Progress of a block, such as `12 rounds, stopped: the precision was reached`.
pub fn progress(block: &BlockResult) -> String {
    let rounds = rounds(block);
    block.stopped.map_or_else(
        || format!("{rounds}, not finished"),
        |reason| format!("{rounds}, stopped: {}", reason.describe()),
    )
}

/// Sentences about the correction of the verdicts for their number.
pub fn family_sentence(comparison: &Comparison) -> String {
    let intervals =
        "The intervals are not corrected, so a variant can be undecided although its interval excludes 1×.";
    match (&comparison.post_hoc, comparison.family()) {
        (Some(_), 1) => {
            "Post hoc: the baseline was chosen after the run; with one pair of variants, its verdict needs no \
             correction."
                .to_owned()
        }
        (Some(_), n) => format!(
            "Post hoc: the baseline was chosen after the run. Pairs with the planned baseline keep their planned \
             verdicts; the others are corrected for all {n} pairs of variants (Holm). {intervals}"
        ),
        (None, 0) => "The run has no verdict.".to_owned(),
        (None, 1) => "The run has one verdict, which needs no correction.".to_owned(),
        (None, n) => format!(
            "The run's {n} verdicts are corrected for their number (Holm), since among many comparisons some differ by \
             chance. {intervals}"
        ),
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
