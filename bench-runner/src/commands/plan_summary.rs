//! The summary of a plan before the first build: what is compared with what, time, rounds, expected precision,
//! and everything that is skipped.

mod design;
mod shortfalls;

use std::fmt::Write as _;

use bench_runner_core::compare::titles;
use bench_runner_core::record::{AS_CONFIGURED, Block, Plan, Role};
use bench_runner_measure::plan::{BlockEstimate, Noise, PlanEstimate, blocks_take_turns};
use bench_runner_report::report;

use super::{format_duration, pluralize};
use crate::flows::FlowError;
use design::{design_lines, effect_half_width};
use shortfalls::shortfalls;

/// Most comparisons that are listed.
const LISTED: usize = 24;
/// Most variants that are named in one comparison.
const NAMED: usize = 6;

/// An error if nothing is left to measure, with everything that is skipped.
pub(super) fn check_not_empty(plan: &Plan) -> Result<(), FlowError> {
    if !plan.blocks.is_empty() {
        return Ok(());
    }
    let message = match skipped_lines(plan).trim_end() {
        "" => "there is nothing to measure: the plan has no comparison".to_owned(),
        why => format!("there is nothing to measure\n{why}"),
    };
    Err(FlowError::Empty { message, skipped: plan.skipped.clone() })
}

/// Rounds, builds and time of one block, and the precision that is expected of it, on one line.
pub(super) fn block_summary(plan: &Plan, block: &Block, estimate: &BlockEstimate) -> String {
    let builds = pluralize(estimate.builds(block.arms.len()) as usize, "build");
    let time =
        estimate.total().map(|time| format!(" in about {}", format_duration(time))).unwrap_or_default();
    format!("{}, {builds}{time}; {}", rounds(plan, block, estimate), expected_precision(block, estimate))
}

/// The number of rounds, and whether it is certain.
fn rounds(plan: &Plan, block: &Block, estimate: &BlockEstimate) -> String {
    let is_known = estimate.round_time.is_some() || plan.time_budget.is_none();
    let is_certain = is_certain(plan, block);
    let rounds = pluralize(estimate.rounds as usize, "round");
    match (is_known, is_certain) {
        (false, _) => format!("at most {rounds}"),
        (true, true) => rounds,
        (true, false) => format!("about {rounds}"),
    }
}

/// True if neither time nor precision ends a block before its largest number of rounds.
fn is_certain(plan: &Plan, block: &Block) -> bool {
    plan.time_budget.is_none() && block.sampling.precision.is_none()
}

/// The half-width of the intervals that is expected, and on which condition.
fn expected_precision(block: &Block, estimate: &BlockEstimate) -> String {
    match estimate.half_width {
        Some(half_width) => {
            let (of, half_width) = match effect_half_width(block, half_width) {
                Some(of_effect) => (" of an effect", of_effect),
                None => ("", half_width),
            };
            format!("expected precision{of} ±{:.1}%, {}", half_width * 100.0, condition(estimate.noise))
        }
        None => "too few rounds for an interval".to_owned(),
    }
}

/// The scatter with which a plan reckons, and where it is from.
fn condition(noise: Noise) -> String {
    let percent = 100.0 * noise.expected.noise;
    if noise.is_measured {
        format!("if build times on this machine vary by {percent:.1}%, as they did in earlier runs")
    } else {
        format!("if build times on this machine vary by {percent:.0}%, which is assumed")
    }
}

/// The summary of a plan before the first build.
pub(super) fn plan_summary(plan: &Plan, estimate: &PlanEstimate) -> String {
    let mut text = format!("{}\n", headline(plan, estimate));
    let planned = plan.planned_comparisons();
    let titles = titles(plan);
    let blocks = plan.blocks.iter().zip(&estimate.blocks).zip(&titles).enumerate();
    for (at, ((block, estimate), title)) in blocks.take(LISTED) {
        let _ = writeln!(text, "  {}. {title}", at + 1);
        let _ = writeln!(text, "     {}", compared(block));
        let _ =
            writeln!(text, "     {}; {}", rounds(plan, block, estimate), expected_precision(block, estimate));
        for line in design_lines(block) {
            let _ = writeln!(text, "     {line}");
        }
        let judged = Some(block).filter(|block| !block.is_fraction());
        for shortfall in judged.into_iter().flat_map(|block| shortfalls(block, estimate, planned)) {
            let _ = writeln!(text, "     {shortfall}");
        }
    }
    if plan.blocks.len() > LISTED {
        let _ = writeln!(text, "  and {} more", pluralize(plan.blocks.len() - LISTED, "comparison"));
    }
    text.push_str(&course(plan));
    text.push_str(build_times(estimate));
    if let Some(bytes) = estimate.disk_bytes {
        let _ = writeln!(
            text,
            "  disk: up to about {} MB in build directories, removed at the end",
            bytes.div_ceil(1_000_000)
        );
    }
    text.push_str(&source_notes(plan));
    text.push_str(&user_configuration(plan));
    text.push_str(&fidelity(plan, false));
    text.push_str(&skipped_lines(plan));
    text
}

/// The origin of the expected build times, if they are known.
fn build_times(estimate: &PlanEstimate) -> &'static str {
    match (estimate.total, estimate.times_are_measured) {
        (None, _) => "",
        (Some(_), true) => "  build times: as in earlier runs on this machine\n",
        (Some(_), false) => {
            "  build times: estimated on another machine; yours may well be twice as fast or slow\n"
        }
    }
}

/// Size and duration of the whole run.
fn headline(plan: &Plan, estimate: &PlanEstimate) -> String {
    let comparisons = pluralize(plan.blocks.len(), "comparison");
    let builds = pluralize(estimate.builds as usize, "build");
    let about = if plan.blocks.iter().all(|block| is_certain(plan, block)) { "" } else { "about " };
    let work = match (estimate.total.map(format_duration), plan.time_budget.map(format_duration)) {
        (Some(total), Some(budget)) => format!("{about}{builds} in about {total} (time budget {budget})"),
        (Some(total), None) => format!("{about}{builds} in about {total}"),
        (None, Some(budget)) => format!("at most {builds}, at most {budget}"),
        (None, None) => format!("{about}{builds}"),
    };
    format!("plan `{}`: {comparisons}, {work}; seed {}", plan.scenario, plan.seed)
}

/// Which variants are compared with which baseline.
fn compared(block: &Block) -> String {
    let arms = |role: Role| block.arms.iter().filter(move |arm| arm.role == role);
    let baseline = arms(Role::Baseline).map(|arm| arm.variant.name.as_str()).next().unwrap_or("nothing");
    let variants: Vec<&str> = arms(Role::Variant).map(|arm| arm.variant.name.as_str()).collect();
    match variants.as_slice() {
        [] if block.twin().is_some() => format!("{baseline} against a second copy of itself"),
        [] => format!("{baseline} alone"),
        _ => format!("{} against {baseline} (the baseline)", list(&variants)),
    }
}

/// The names as words; their number if they are many.
fn list(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] if names.len() <= NAMED => format!("{} and {last}", first.join(", ")),
        _ => format!("{} and {} more", names[..NAMED - 1].join(", "), names.len() + 1 - NAMED),
    }
}

/// The content of a round, and how the blocks share the budget.
fn course(plan: &Plan) -> String {
    let mut text = String::new();
    if plan.blocks.iter().any(|block| block.twin().is_some()) {
        text.push_str(
            "  Each round builds every variant once, in random order, and the baseline twice: the second copy is the \
             control.\n",
        );
    }
    if blocks_take_turns(plan) {
        let visits = plan.blocks.first().and_then(|block| block.visits.as_ref());
        let until = visits.map(|visits| visits.until.as_slice()).unwrap_or_default();
        let first: Vec<String> = until.iter().map(u32::to_string).collect();
        let share = match first.as_slice() {
            [] => "the time".to_owned(),
            [first, later @ ..] => {
                let later: String = later.iter().map(|until| format!(", then {until} of each")).collect();
                format!("{first} rounds of each{later}; the rest of the time")
            }
        };
        let _ = writeln!(
            text,
            "  Comparisons take turns, the cheapest first: {share} goes where a round helps most."
        );
    }
    text
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
    let titles = titles(plan);
    let title = |block: &str| {
        let at = plan.blocks.iter().position(|planned| planned.id.as_str() == block);
        at.map_or_else(|| block.to_owned(), |at| titles[at].clone())
    };
    let mut text = String::new();
    for (variant, reason, help, blocks) in groups {
        let what = if variant == "all" { "everything".to_owned() } else { variant.to_owned() };
        let blocks: Vec<String> = blocks.into_iter().map(title).collect();
        let _ = writeln!(text, "  left out: {what} in {}: {reason}", blocks.join(", "));
        if let Some(help) = help {
            let _ = writeln!(text, "    help: {help}");
        }
    }
    text
}

#[cfg(test)]
mod tests;
