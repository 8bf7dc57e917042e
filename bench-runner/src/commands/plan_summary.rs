//! The summary of a plan before the first build: time, rounds, width of the intervals, and everything that is
//! skipped.

use std::fmt::Write as _;

use bench_runner_core::compare::Policy;
use bench_runner_core::record::{AS_CONFIGURED, Block, Plan};
use bench_runner_core::stats::MIN_ROUNDS;
use bench_runner_measure::plan::{BlockEstimate, Noise, PlanEstimate, blocks_take_turns};
use bench_runner_measure::sampling::LOOKS;
use bench_runner_measure::scenario::RequestError;
use bench_runner_report::report;

use super::{format_duration, pluralize};

/// An error if nothing is left to measure, with everything that is skipped.
pub(super) fn check_not_empty(plan: &Plan) -> Result<(), RequestError> {
    if !plan.blocks.is_empty() {
        return Ok(());
    }
    let message = match skipped_lines(plan).trim_end() {
        "" => "there is nothing to measure: the plan has no block".to_owned(),
        why => format!("there is nothing to measure\n{why}"),
    };
    Err(RequestError::usage(message, None))
}

/// Rounds, builds, time and interval width of one block, on one line.
pub(super) fn block_summary(block: &Block, estimate: &BlockEstimate) -> String {
    let rounds = pluralize(estimate.rounds as usize, "round");
    let builds = pluralize(estimate.builds(block.arms.len()) as usize, "build");
    let time = estimate.total().map(|time| format!(", about {}", format_duration(time))).unwrap_or_default();
    format!("{rounds}, {builds}{time}; {}", width(estimate))
}

/// Expected width of the intervals.
fn width(estimate: &BlockEstimate) -> String {
    match estimate.half_width {
        Some(half_width) => format!("intervals of about ±{:.1} %", half_width * 100.0),
        None => "too few rounds for an interval".to_owned(),
    }
}

/// Expected width of the intervals, with the noise that it is expected from.
fn width_with_noise(estimate: &BlockEstimate) -> String {
    let scatter = estimate.half_width.map(|_| format!(" {}", scatter(estimate.noise))).unwrap_or_default();
    format!("{}{scatter}", width(estimate))
}

/// The scatter with which a plan reckons, and where it is from.
fn scatter(noise: Noise) -> String {
    let percent = 100.0 * noise.expected.noise;
    if noise.is_measured {
        format!("if builds scatter by {percent:.1} %, as they did here before")
    } else {
        format!("if builds scatter by {percent:.0} %, which is assumed")
    }
}

/// The summary of a plan before the first build.
pub(super) fn plan_summary(plan: &Plan, estimate: &PlanEstimate) -> String {
    let mut text = String::new();
    let blocks = pluralize(plan.blocks.len(), "block");
    let builds = pluralize(estimate.builds as usize, "build");
    let time = match (estimate.total, plan.time_budget) {
        (Some(total), Some(budget)) => {
            format!(", about {} of the {} allowed", format_duration(total), format_duration(budget))
        }
        (Some(total), None) => format!(", about {}", format_duration(total)),
        (None, Some(budget)) => format!(", at most about {}", format_duration(budget)),
        (None, None) => String::new(),
    };
    let _ = writeln!(text, "{}: {blocks}, about {builds}{time} (seed {})", plan.scenario, plan.seed);
    let planned = plan.planned_comparisons();
    for (block, estimate) in plan.blocks.iter().zip(&estimate.blocks).take(24) {
        let known = if estimate.round_time.is_some() || plan.time_budget.is_none() { "" } else { "at most " };
        let rounds = pluralize(estimate.rounds as usize, "round");
        let _ = writeln!(
            text,
            "  {}: {} variants, {known}{rounds}, {}",
            block.id,
            block.arms.len() - usize::from(block.twin().is_some()),
            width_with_noise(estimate),
        );
        for warning in warnings(block, estimate, planned) {
            let _ = writeln!(text, "    {warning}");
        }
    }
    text.push_str(&visits(plan));
    text.push_str(build_times(estimate));
    if let Some(bytes) = estimate.disk_bytes {
        let _ =
            writeln!(text, "  on disk: about {} MB at a time, removed afterwards", bytes.div_ceil(1_000_000));
    }
    text.push_str(&source_notes(plan));
    text.push_str(&user_configuration(plan));
    text.push_str(&fidelity(plan, false));
    text.push_str(&skipped_lines(plan));
    text
}

/// Where the expected build times are from, if they are known.
fn build_times(estimate: &PlanEstimate) -> &'static str {
    match (estimate.total, estimate.times_are_measured) {
        (None, _) => "",
        (Some(_), true) => "  build times: as in earlier runs on this machine\n",
        (Some(_), false) => {
            "  build times: estimated on another machine; yours may well be twice as fast or slow\n"
        }
    }
}

/// How the blocks share the budget, if they take turns.
fn visits(plan: &Plan) -> String {
    if !blocks_take_turns(plan) {
        return String::new();
    }
    let visits = plan.blocks.first().and_then(|block| block.visits.as_ref());
    let until = visits.map(|visits| visits.until.as_slice()).unwrap_or_default();
    let each: String =
        until.iter().map(|&rounds| format!("{} each, ", pluralize(rounds as usize, "round"))).collect();
    format!(
        "  blocks take turns within the budget, the cheapest first: {each}then where a round narrows intervals most \
         for its time\n"
    )
}

/// Remarks about the sources.
fn source_notes(plan: &Plan) -> String {
    let noted =
        plan.projects.iter().flat_map(|project| project.notes.iter().map(|note| (&project.name, note)));
    noted.map(|(name, note)| format!("  {name}: {note}\n")).collect()
}

/// Comparison of the builds with the user's own, each sentence once; only differences if `warnings_only`.
pub(super) fn fidelity(plan: &Plan, warnings_only: bool) -> String {
    let mut lines: Vec<String> = Vec::new();
    for line in plan.blocks.iter().flat_map(|block| report::fidelity::lines(&block.fidelity)) {
        let text = format!("  fidelity: {}\n", line.text);
        if (line.is_warning || !warnings_only) && !lines.contains(&text) {
            lines.push(text);
        }
    }
    lines.concat()
}

/// The settings of `as-configured`, once for each project; empty if no variant has it.
fn user_configuration(plan: &Plan) -> String {
    let mut listed: Vec<(&str, &str)> = Vec::new();
    for arm in plan.blocks.iter().flat_map(|block| &block.arms) {
        let config = match arm.variant.settings.get(AS_CONFIGURED) {
            Some(config) => config.as_str(),
            // An alias of a variant without settings.
            None if arm.aliases.iter().any(|alias| alias == AS_CONFIGURED) => "",
            None => continue,
        };
        let project = arm.variant.project.as_str();
        if !listed.contains(&(project, config)) {
            listed.push((project, config));
        }
    }
    let mut text = String::new();
    for (project, config) in listed {
        if config.trim().is_empty() {
            let _ = writeln!(
                text,
                "  {AS_CONFIGURED} for {project}: you have no configuration of cargo that changes a build, so it is the project as it is"
            );
            continue;
        }
        let _ = writeln!(text, "  {AS_CONFIGURED} for {project}:");
        for line in config.lines().filter(|line| !line.is_empty()) {
            let _ = writeln!(text, "    {line}");
        }
    }
    text
}

/// Largest number of rounds that is computed.
const MOST_ROUNDS: usize = 10_000;

/// Warnings about goals that a block cannot reach, in a run of `planned` comparisons.
fn warnings(block: &Block, estimate: &BlockEstimate, planned: usize) -> Vec<String> {
    let sampling = &block.sampling;
    let (expected, scatter) = (estimate.noise.expected, scatter(estimate.noise));
    let rounds = |rounds: Option<usize>| match rounds {
        Some(rounds) => format!("about {rounds} rounds"),
        None => format!("more than {MOST_ROUNDS} rounds"),
    };
    let mut warnings = Vec::new();
    warnings.extend(few_rounds(estimate, planned, &|| {
        let needed = rounds(expected.rounds_for(0.5 * sampling.margin, MOST_ROUNDS));
        format!("a verdict at the margin of {:.2} % takes {needed} {scatter}", sampling.margin * 100.0)
    }));
    // Looks leave offsets between directories out.
    let precise = |precision: f64, most: usize| expected.without_offset().rounds_for(precision, most);
    if let Some(precision) = sampling.precision
        && precise(precision, sampling.max_rounds as usize).is_none()
    {
        warnings.push(format!(
            "a precision of ±{:.2} % takes {} {scatter}, and {} is the most that may be made (--max-rounds)",
            precision * 100.0,
            rounds(precise(precision, MOST_ROUNDS)),
            sampling.max_rounds
        ));
    }
    if let Some(precision) = sampling.precision
        && sampling.margin < 2.0 * precision
    {
        warnings.push(format!(
            "a precision of ±{:.2} % cannot show equivalence within {:.2} %: the margin must be at least twice it",
            precision * 100.0,
            sampling.margin * 100.0
        ));
    }
    if estimate.rounds < sampling.min_rounds {
        warnings.push(format!(
            "the budget allows {} of the {} rounds wanted; raise --time-budget",
            estimate.rounds, sampling.min_rounds
        ));
    }
    warnings
}

/// Warning about a block with fewer rounds than the first look; `needed` says what a verdict takes.
fn few_rounds(estimate: &BlockEstimate, planned: usize, needed: &dyn Fn() -> String) -> Option<String> {
    let rounds = estimate.rounds as usize;
    let have = pluralize(rounds, "round");
    if rounds < MIN_ROUNDS {
        let verb = if rounds == 1 { "gives" } else { "give" };
        return Some(format!("{have} {verb} no verdict: it takes at least {MIN_ROUNDS}; {}", needed()));
    }
    // Without a planned comparison there is no difference to find.
    let alpha = Policy::default().level(planned) / planned.max(1) as f64;
    let expected = estimate.noise.expected.estimate(rounds).filter(|_| rounds < LOOKS[0] && planned > 0)?;
    let least = expected.detectable(alpha) * 100.0;
    Some(format!("{have} find a difference of {least:.0} % or more in four of five such runs; {}", needed()))
}

/// The skipped variants with their reasons; the same reason in several blocks once.
fn skipped_lines(plan: &Plan) -> String {
    let mut groups: Vec<(&str, &str, Option<&str>, Vec<&str>)> = Vec::new();
    for skipped in &plan.skipped {
        let (variant, reason, help) =
            (skipped.variant.as_str(), skipped.reason.as_str(), skipped.help.as_deref());
        match groups.iter_mut().find(|group| (group.0, group.1, group.2) == (variant, reason, help)) {
            Some(group) => group.3.push(&skipped.block),
            None => groups.push((variant, reason, help, vec![&skipped.block])),
        }
    }
    let mut text = String::new();
    for (variant, reason, help, blocks) in groups {
        let what = if variant == "all" { "the whole block".to_owned() } else { variant.to_owned() };
        let _ = writeln!(text, "  left out: {what} in {}: {reason}", blocks.join(", "));
        if let Some(help) = help {
            let _ = writeln!(text, "    help: {help}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use bench_runner_core::stats::{BlockShape, Control, Expectation};

    use super::*;

    #[test]
    fn a_width_says_from_which_noise_it_is_expected() {
        let shape = BlockShape { control: Control::Twin, comparisons: 2 };
        let of = |rounds: u32, noise: f64, is_measured: bool| {
            let noise = Noise { expected: Expectation { noise, offset: 0.0, shape }, is_measured };
            let half_width = noise.expected.half_width(rounds as usize);
            let (warmups, warmup_time, round_time, disk_bytes) = (1, None, None, None);
            width_with_noise(&BlockEstimate {
                warmups,
                warmup_time,
                round_time,
                rounds,
                noise,
                half_width,
                disk_bytes,
                passing_bytes: 0,
            })
        };
        assert_eq!(
            of(6, 0.05, false),
            "intervals of about ±6.7 % if builds scatter by 5 %, which is assumed"
        );
        assert_eq!(
            of(6, 0.043, true),
            "intervals of about ±5.8 % if builds scatter by 4.3 %, as they did here before"
        );
        assert_eq!(of(2, 0.05, false), "too few rounds for an interval");
    }

    #[test]
    fn few_rounds_are_told_what_they_cannot_show() {
        let shape = BlockShape { control: Control::Twin, comparisons: 2 };
        let noise = Noise { expected: Expectation { noise: 0.02, offset: 0.0, shape }, is_measured: true };
        let of = |rounds, planned| {
            let (warmups, warmup_time, round_time, disk_bytes) = (1, None, None, None);
            let half_width = noise.expected.half_width(3);
            let estimate = BlockEstimate {
                warmups,
                warmup_time,
                round_time,
                rounds,
                noise,
                half_width,
                disk_bytes,
                passing_bytes: 0,
            };
            few_rounds(&estimate, planned, &|| "about 15 rounds".to_owned()).unwrap_or_default()
        };
        assert_eq!(of(1, 4), "1 round gives no verdict: it takes at least 3; about 15 rounds");
        assert_eq!(of(2, 1), "2 rounds give no verdict: it takes at least 3; about 15 rounds");
        // By hand: t(0.975, 4) = 2.7764, t(0.8, 4) = 0.9410, f = 7/6, 2 % · √(1.5/3), a single comparison at 5 %.
        let h: f64 = (2.7764 + 0.9410) * (7.0 / 6.0) * 0.02 * 0.5f64.sqrt();
        let share = 100.0 * h.exp_m1();
        assert_eq!(
            of(3, 1),
            format!(
                "3 rounds find a difference of {share:.0} % or more in four of five such runs; about 15 rounds"
            )
        );
        // t(0.99925, 4) = 7.7412
        assert!(of(3, 20).contains("a difference of 15 % or more"), "{}", of(3, 20));
        assert_eq!(of(3, 0), "", "nothing is compared");
        assert_eq!(of(6, 4), "");
    }
}
