//! Method of a run: machine, tools, pins, order, sampling, failures and exclusions.

use std::collections::BTreeSet;
use std::time::Duration;

use bench_runner_core::bundle::Manifest;
use bench_runner_core::compare::{BlockResult, Comparison, Offsets};
use bench_runner_core::record::{Block, Plan, ProofResult, Sampling, Skipped};
use bench_runner_core::stats::{ASSUMED_OFFSET, CLIPPED_FROM};
use maud::{Markup, html};

use super::document::with_code_spans;
use super::input::PageInput;
use super::{copies, interference, machine, metrics};
use crate::figure::wording::{self, join_and, pluralize, share};

/// Most numbers of rounds that a sentence lists.
const MOST_NUMBERS: usize = 4;

pub(super) fn section(page: &PageInput<'_>) -> Markup {
    let PageInput { manifest, comparison, .. } = page;
    html! {
        h3 { "Reproduce" }
        pre tabindex="0" id="repeat" { (page.repeat) }
        button.copy type="button" hidden data-copies="repeat" { "Copy" }
        h3 { "Methods, to cite" }
        p id="methods" { (methods(manifest, comparison)) }
        button.copy type="button" hidden data-copies="methods" { "Copy" }
        (machine::section(&manifest.machine.details))
        h3 { "Background load" }
        (interference::section(&page.interference))
        (tools(manifest))
        (projects(manifest))
        (sampling(page))
        (proofs(comparison))
        (metrics::section(comparison))
        (failures_and_exclusions(comparison))
        h3.repeats { "The results as text" }
        (copies::texts(comparison))
    }
}

/// Paragraph on the methods, for citation.
fn methods(manifest: &Manifest, comparison: &Comparison) -> String {
    let plan = &manifest.plan;
    let sessions = match plan.sessions {
        1 => String::new(),
        n => format!(" in {n} sessions, for each of which work trees and target directories were recreated"),
    };
    let rounds = rounds_done(comparison);
    format!(
        "Measured with {} {} on {}: {} ({}). Each of {rounds}{sessions} built every variant once, in an order drawn \
         from seed {}, each variant in its own target directory; {}. Warm-up builds came first; they are not counted, \
         and they proved that the settings were in force. Builds ran offline with {} and a fixed, minimal set of \
         environment variables. {} The results are {} of the logarithms, with 95% intervals whose standard errors are \
         drawn towards their mean within each comparison{}. {}",
        manifest.program.name,
        manifest.program.version,
        comparison.machine,
        join_and(&plan.projects.iter().map(|project| project.name.clone()).collect::<Vec<_>>()),
        join_and(&workloads(&plan.blocks)),
        plan.seed,
        control(plan),
        pluralize(manifest.jobs, "parallel job"),
        estimate(comparison),
        kind_of_mean(comparison),
        offsets(comparison),
        wording::family_sentence(comparison),
    )
}

/// The numbers of rounds of the comparisons, each once, such as `5, 15 and 17 rounds`.
fn rounds_done(comparison: &Comparison) -> String {
    let rounds: BTreeSet<u32> = comparison.blocks.iter().map(|block| block.rounds).collect();
    match (rounds.len(), rounds.first(), rounds.last()) {
        (1, Some(only), _) => pluralize(*only as usize, "round"),
        (2..=MOST_NUMBERS, ..) => {
            format!("{} rounds", join_and(&rounds.iter().map(u32::to_string).collect::<Vec<_>>()))
        }
        (_, Some(least), Some(most)) => format!("{least} to {most} rounds"),
        _ => "no rounds".to_owned(),
    }
}

/// The control of the run, as a clause.
fn control(plan: &Plan) -> &'static str {
    let has_control = |block: &Block| block.twin().is_some();
    match () {
        () if plan.blocks.iter().all(has_control) => {
            "the baseline was built twice, the second time as a control"
        }
        () if plan.blocks.iter().any(has_control) => {
            "where a control was planned, the baseline was built twice"
        }
        () => "there was no control",
    }
}

/// Definition of the ratio of one round.
fn estimate(comparison: &Comparison) -> &'static str {
    if comparison.post_hoc.is_some() || comparison.blocks.iter().all(|block| block.twin.is_none()) {
        "In each round, a variant's time was divided by the baseline's."
    } else {
        "In each round, a variant's time was divided by the baseline's and by the control's; each of the two ratios was \
         averaged over the rounds, and then the two averages."
    }
}

/// How intervals are widened by differences between target directories, as the end of a clause.
fn offsets(comparison: &Comparison) -> String {
    let any = |is: fn(Offsets) -> bool| comparison.calibration.iter().any(|one| is(one.offsets));
    match (any(|one| !one.is_assumed() && one.variance() > 0.0), any(Offsets::is_assumed)) {
        (true, true) => format!(
            " and widened by differences between target directories, measured or, where they are not, assumed to be {}",
            share(ASSUMED_OFFSET)
        ),
        (true, false) => " and widened by measured differences between target directories".to_owned(),
        (false, true) => {
            format!(
                " and widened by an assumed {} difference between target directories",
                share(ASSUMED_OFFSET)
            )
        }
        (false, false) => String::new(),
    }
}

/// The mean that ratios are: robust only from the number of rounds on at which outliers are clipped.
fn kind_of_mean(comparison: &Comparison) -> &'static str {
    let ratios = || comparison.blocks.iter().flat_map(|block| &block.arms).filter_map(|arm| arm.ratio);
    let few = ratios().filter(|ratio| ratio.rounds < CLIPPED_FROM).count();
    match few {
        0 => "robust means (Huber, which weights outliers down)",
        few if few == ratios().count() => "means",
        _ => "robust means (Huber; plain means below 6 rounds)",
    }
}

/// The workloads of the run in words, each once, in the order of the plan.
fn workloads(blocks: &[Block]) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for arm in blocks.iter().flat_map(|block| &block.arms) {
        let words = wording::workload_subject(&arm.variant.workload);
        if !all.contains(&words) {
            all.push(words);
        }
    }
    all
}

fn tools(manifest: &Manifest) -> Markup {
    html! {
        h3 { "Tools" }
        div.scroll tabindex="0" role="region" aria-label="Tools" { table {
            caption { "Tools, with the start of the hash of each program" }
            thead { tr { th scope="col" { "Tool" } th scope="col" { "Version" } th scope="col" { "SHA-256" } } }
            tbody { @for tool in &manifest.tools { tr {
                th.name scope="row" { (tool.name) } td { (tool.version) } td.hash { code { (tool.sha256.get(..16).unwrap_or(&tool.sha256)) "…" } }
            } } }
        } }
        @for sentence in manifest.accounting.iter().filter(|sentence| is_of_use(sentence)) { p.muted { (sentence) "." } }
    }
}

/// False for the usual way of ending processes that a build leaves behind.
fn is_of_use(accounting: &str) -> bool {
    !accounting.starts_with("orphaned processes: reaped")
}

fn projects(manifest: &Manifest) -> Markup {
    html! {
        h3 { "Projects" }
        @for project in &manifest.plan.projects {
            p { strong { (project.name) } " " code { (project.pin) } }
            @for note in &project.notes { p.muted { (note) } }
            details { summary { "Manifest of " (project.name) } pre tabindex="0" { (project.manifest) } }
        }
    }
}

fn sampling(page: &PageInput<'_>) -> Markup {
    let PageInput { manifest, comparison, .. } = page;
    let time = &manifest.time;
    let seconds = |ns: u64| humantime::format_duration(Duration::from_secs(ns / 1_000_000_000)).to_string();
    let planned = |block: &BlockResult| manifest.plan.blocks.iter().find(|planned| planned.id == block.id);
    html! {
        h3 { "Sampling" }
        div.scroll tabindex="0" role="region" aria-label="Sampling" { table {
            caption { "Rounds planned and done; the target is the half-width of the intervals at which a comparison ends early." }
            thead { tr {
                @for name in ["Comparison", "Rounds planned", "Rounds done", "Target", "Margin"] { th scope="col" { (name) } }
            } }
            tbody { @for block in &comparison.blocks { tr {
                @let sampling = planned(block).map(|planned| &planned.sampling);
                th.name scope="row" { (block.title) }
                td { @if let Some(sampling) = sampling { (rounds(sampling)) } }
                td { span.warning[block.rounds < block.min_rounds] { (wording::progress(block)) } }
                td { (sampling.and_then(|sampling| sampling.precision).map_or_else(|| "none".to_owned(), |target| format!("±{}", share(target)))) }
                td { "±" (share(block.margin)) }
            } } }
        } }
        p.muted {
            "The run took " (seconds(time.total_ns)) ": measured builds " (seconds(time.measured_ns)) ", warm-up builds "
            (seconds(time.warmup_ns)) ", settling " (seconds(time.settling_ns)) ", work trees and directories "
            (seconds(time.layout_ns)) ", everything else " (seconds(time.other_ns())) "."
        }
        @if let Some(visits) = visits(&manifest.plan, page.visits) { p.muted { (visits) } }
        @for at in &manifest.resumed_at { p.muted { "It was resumed at " (at) "." } }
    }
}

fn rounds(sampling: &Sampling) -> String {
    let Sampling { min_rounds, max_rounds, .. } = sampling;
    if min_rounds == max_rounds { min_rounds.to_string() } else { format!("{min_rounds}–{max_rounds}") }
}

/// Sentence about blocks that took turns, if they did.
fn visits(plan: &Plan, visits: usize) -> Option<String> {
    let kept = plan.blocks.iter().find_map(|block| Some(block.visits.as_ref()?.keep))?;
    let blocks = plan.blocks.len();
    let kept = if kept { "stay" } else { "do not stay" };
    (visits > blocks).then(|| {
        format!(
            "The {blocks} comparisons took turns within the time budget, in {visits} visits: during a visit no other \
             comparison is built, and work trees and target directories {kept} from one visit to the next."
        )
    })
}

fn proofs(comparison: &Comparison) -> Markup {
    let all = || comparison.blocks.iter().flat_map(|block| &block.proofs);
    let of = |result: ProofResult| all().filter(|proof| proof.result == result).count();
    html! {
        h3 { "Proofs" }
        @if all().next().is_none() { p { "There are none." } } @else {
            p {
                (pluralize(all().count(), "proof")) ": " (of(ProofResult::Holds)) " hold, " (of(ProofResult::Fails)) " failed, "
                (of(ProofResult::NotApplicable) + of(ProofResult::NotProvable)) " say nothing. Each is with its "
                a href="#builds" { "variant" } "."
            }
        }
    }
}

/// Variants that were left out for the same reason.
struct LeftOut<'a> {
    one: &'a Skipped,
    blocks: Vec<&'a str>,
}

fn left_out(comparison: &Comparison) -> Vec<LeftOut<'_>> {
    let post_hoc = comparison.post_hoc.iter().flat_map(|post_hoc| &post_hoc.left_out);
    let mut all: Vec<LeftOut<'_>> = Vec::new();
    for one in post_hoc.chain(&comparison.skipped) {
        let known = all
            .iter_mut()
            .find(|known| (&known.one.variant, &known.one.reason) == (&one.variant, &one.reason));
        match known {
            Some(known) => known.blocks.push(&one.block),
            None => all.push(LeftOut { one, blocks: vec![&one.block] }),
        }
    }
    all
}

/// Failed arms, arms that were not timed, variants that were left out, and notes.
fn failures_and_exclusions(comparison: &Comparison) -> Markup {
    let arms = || comparison.blocks.iter().flat_map(|block| block.arms.iter().map(move |arm| (block, arm)));
    let failed: Vec<_> = arms().filter(|(_, arm)| arm.failures > 0 || arm.not_timed.is_some()).collect();
    let left_out = left_out(comparison);
    html! {
        h3 { "Failed or left out" }
        @if failed.is_empty() && left_out.is_empty() { p { "Nothing." } }
        ul {
            @for (block, arm) in failed { li {
                (block.title) ", " (wording::arm_name(arm)) ": "
                @if let Some(reason) = &arm.not_timed { "not timed: " (reason) } @else { (wording::failures(arm.failures)) }
            } }
            @for LeftOut { one, blocks } in left_out { li {
                (one.variant) " in " (blocks.join(", ")) ": " (one.reason)
                @if let Some(help) = &one.help { br; span.muted { "hint: " code { (help) } } }
            } }
        }
        @if comparison.blocks.iter().any(|block| !block.notes.is_empty()) {
            h3 { "Notes" }
            ul { @for block in &comparison.blocks { @for note in &block.notes { li { (block.title) ": " (with_code_spans(note)) } } } }
        }
    }
}

#[cfg(test)]
mod tests {
    use bench_runner_core::bundle::fixture as files;

    use super::*;
    use crate::figure::fixture::{comparison, empty_block};

    #[test]
    fn numbers_of_rounds_are_listed_while_they_are_few() {
        let check = |rounds: &[u32], expected: &str| {
            let blocks = rounds.iter().map(|rounds| BlockResult { rounds: *rounds, ..empty_block("p") });
            assert_eq!(rounds_done(&comparison(blocks.collect())), expected);
        };
        check(&[], "no rounds");
        check(&[1, 1], "1 round");
        check(&[17, 5, 15, 5], "5, 15 and 17 rounds");
        check(&[1, 2, 3, 4, 5], "1 to 5 rounds");
    }

    #[test]
    fn workloads_are_in_words() {
        let mut block = files::plan().blocks.remove(0);
        block.arms[0].variant.workload = "incremental".to_owned();
        block.arms.truncate(1);
        assert_eq!(workloads(&[block]), ["a rebuild after an edit"]);
    }
}
