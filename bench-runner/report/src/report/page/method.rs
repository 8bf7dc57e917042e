//! Method of a run: machine, tools, pins, order, sampling, proofs, failures and exclusions.

use std::time::Duration;

use bench_runner_core::bundle::{Manifest, Status};
use bench_runner_core::compare::{BlockResult, Comparison, Offsets};
use bench_runner_core::record::{Block, Plan, Proof, Role, Skipped};
use bench_runner_core::stats::CLIPPED_FROM;
use maud::{Markup, html};
use serde_json::Value;

use super::document::with_code_spans;
use super::input::PageInput;
use super::interference;
use crate::figure::wording::{self, pluralize, share};

pub(super) fn section(page: &PageInput<'_>) -> Markup {
    let PageInput { manifest, comparison, .. } = page;
    html! {
        (run_state(page))
        h3 { "In a paragraph, to quote" }
        p id="methods" { (methods(manifest, comparison)) }
        button.copy type="button" hidden data-copies="methods" { "Copy" }
        h3 { "Again" }
        pre tabindex="0" id="repeat" { (page.repeat) }
        button.copy type="button" hidden data-copies="repeat" { "Copy" }
        (machine(&manifest.machine.details))
        h3 { "How quiet it was" }
        (interference::section(&page.interference))
        (tools(manifest))
        (projects(manifest))
        (sampling(page))
        (proofs(comparison))
        (failures_and_exclusions(comparison))
    }
}

/// Warnings about an incomplete run, and remarks about its files.
fn run_state(page: &PageInput<'_>) -> Markup {
    let status = match page.manifest.status {
        Status::Complete => None,
        Status::Running => {
            Some("This run has not ended, or ended without a word: what is here is a part of it.")
        }
        Status::Interrupted => Some("This run was interrupted: what is here is a part of it."),
        Status::Broken => Some("The harness failed in this run: what is here is a part of it."),
    };
    html! {
        @if let Some(status) = status { p { strong { (status) } } }
        @for remark in page.remarks { p { "Note: " (remark) "." } }
    }
}

/// Paragraph on the methods, for citation.
fn methods(manifest: &Manifest, comparison: &Comparison) -> String {
    let plan = &manifest.plan;
    let sessions = match plan.sessions {
        1 => String::new(),
        n => format!(" in {n} sessions with work trees and target directories laid out anew"),
    };
    let rounds: Vec<u32> = comparison.blocks.iter().map(|block| block.rounds).collect();
    let rounds = match (rounds.iter().min(), rounds.iter().max()) {
        (Some(least), Some(most)) if least == most => pluralize(*least as usize, "round"),
        (Some(least), Some(most)) => format!("{least} to {most} rounds"),
        _ => "no rounds".to_owned(),
    };
    let twins = if plan.blocks.iter().all(|block| block.twin().is_some()) {
        "a second copy of the baseline as control"
    } else {
        "a second copy of the baseline as control where one was not switched off"
    };
    format!(
        "Measured with {} {} on {}: {} under {}. In each round every variant was built once, in an order drawn from \
         seed {}, with a target directory of its own and {twins}; {rounds}{sessions}, after warm-up builds that are \
         not counted and from which it was proven that each variant was in force. Builds had no network, a made \
         environment and {}. Ratios are {} of \
         the logarithms of ratios within complete rounds, with 95 % intervals whose standard errors are pooled within each block{}; {}",
        manifest.program.name,
        manifest.program.version,
        comparison.machine,
        join_names(plan.projects.iter().map(|project| project.name.clone())),
        join_names(workloads(&plan.blocks)),
        plan.seed,
        pluralize(manifest.jobs, "parallel job"),
        kind_of_mean(comparison),
        offsets(comparison),
        decapitalize(&wording::family_sentence(comparison)),
    )
}

/// How intervals are widened for offsets between directories, as the end of a clause.
fn offsets(comparison: &Comparison) -> &'static str {
    let any = |is: fn(Offsets) -> bool| comparison.calibration.iter().any(|one| is(one.offsets));
    match (any(|one| !one.is_assumed() && one.variance() > 0.0), any(Offsets::is_assumed)) {
        (true, true) => " and widened for offsets between directories, some of them assumed",
        (true, false) => " and widened for offsets between directories",
        (false, true) => " and widened for an offset between directories that is assumed",
        (false, false) => "",
    }
}

/// The mean that ratios are: robust only from the number of rounds on at which outliers are clipped.
fn kind_of_mean(comparison: &Comparison) -> &'static str {
    let ratios = || comparison.blocks.iter().flat_map(|block| &block.arms).filter_map(|arm| arm.ratio);
    let few = ratios().filter(|ratio| ratio.rounds < CLIPPED_FROM).count();
    match few {
        0 => "robust means (Huber)",
        few if few == ratios().count() => "means",
        _ => "robust means (Huber), or plain means below 6 rounds,",
    }
}

fn workloads(blocks: &[Block]) -> impl Iterator<Item = String> {
    let mut all: Vec<String> = blocks.iter().map(Block::workload).collect();
    all.sort();
    all.dedup();
    all.into_iter()
}

fn join_names(names: impl Iterator<Item = String>) -> String {
    let names: Vec<String> = names.collect();
    match names.split_last() {
        None => "nothing".to_owned(),
        Some((only, [])) => only.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
    }
}

fn decapitalize(sentence: &str) -> String {
    let mut chars = sentence.chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}

fn machine(details: &Value) -> Markup {
    html! {
        h3 { "Machine" }
        dl {
            @for part in ["facts", "provenance"] {
                @for (name, value) in flatten(&details[part]).into_iter().filter(|(name, _)| is_shown(name)) {
                    dt { (name) } dd { (value) }
                }
            }
            @if let Some(hosts) = details["hosts"].as_array().filter(|hosts| !hosts.is_empty()) {
                dt { "targets of the compilers" } dd { (hosts.iter().map(value_text).collect::<Vec<_>>().join(", ")) }
            }
        }
        details {
            summary { "Its state before and after" }
            div.scroll tabindex="0" role="region" aria-label="State before and after" { table {
                thead { tr { th scope="col" {} th scope="col" { "before" } th scope="col" { "after" } } }
                tbody {
                    @let after = flatten(&details["after"]);
                    @for (name, before) in flatten(&details["before"]) { tr {
                        td { (name) }
                        td { (before) }
                        td { (after.iter().find(|(other, _)| *other == name).map(|(_, value)| value.as_str()).unwrap_or_default()) }
                    } }
                }
            } }
        }
    }
}

/// All values of an object with their paths in words; null values and empty lists are left out.
fn flatten(value: &Value) -> Vec<(String, String)> {
    let Value::Object(fields) = value else { return Vec::new() };
    let of_field = |(name, value): (&String, &Value)| {
        let words = name.replace('_', " ");
        match value {
            Value::Object(_) => flatten(value)
                .into_iter()
                .map(|(inner, value)| (format!("{words}, {inner}"), value))
                .collect(),
            Value::Null => Vec::new(),
            Value::Array(values) if values.is_empty() => Vec::new(),
            Value::Array(values) => {
                vec![(words, values.iter().map(value_text).collect::<Vec<_>>().join(", "))]
            }
            other => vec![(words, value_text(other))],
        }
    };
    fields.iter().flat_map(of_field).collect()
}

fn value_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) if number.is_f64() => format!("{:.4}", number.as_f64().unwrap_or_default()),
        other => other.to_string(),
    }
}

/// False for facts that are of no use to a reader: the version of the class recipe, and memory in bytes.
fn is_shown(fact: &str) -> bool {
    !["recipe", "memory bytes"].contains(&fact)
}

fn tools(manifest: &Manifest) -> Markup {
    html! {
        h3 { "Tools" }
        div.scroll tabindex="0" role="region" aria-label="Tools" { table {
            thead { tr { th scope="col" { "tool" } th scope="col" { "version" } th scope="col" { "sha256" } } }
            tbody { @for tool in &manifest.tools { tr {
                td { (tool.name) } td { (tool.version) } td.hash { code { (tool.sha256.get(..16).unwrap_or(&tool.sha256)) "…" } }
            } } }
        } }
        @for sentence in &manifest.accounting { p.muted { (sentence) "." } }
    }
}

fn projects(manifest: &Manifest) -> Markup {
    html! {
        h3 { "Projects" }
        @for project in &manifest.plan.projects {
            p { strong { (project.name) } " " code { (project.pin) } }
            @for note in &project.notes { p.muted { (note) } }
            details { summary { "Its manifest" } pre tabindex="0" { (project.manifest) } }
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
            thead { tr {
                @for name in ["block", "rounds planned", "half-width to reach", "margin", "how it ended"] { th scope="col" { (name) } }
            } }
            tbody { @for block in &comparison.blocks { tr {
                td { (block.title) }
                @let sampling = planned(block).map(|planned| &planned.sampling);
                td { @if let Some(sampling) = sampling { (sampling.min_rounds) " to " (sampling.max_rounds) } }
                td { (sampling.and_then(|sampling| sampling.precision).map_or_else(|| "none asked for".to_owned(), share)) }
                td { (share(block.margin)) }
                td { (wording::progress(block)) }
            } } }
        } }
        p.muted {
            "It took " (seconds(time.total_ns)) ": measured builds " (seconds(time.measured_ns)) ", warm-up builds "
            (seconds(time.warmup_ns)) ", settling " (seconds(time.settling_ns)) ", laying out " (seconds(time.layout_ns))
            ", everything else " (seconds(time.other_ns())) "."
        }
        @if let Some(visits) = visits(&manifest.plan, page.visits) { p.muted { (visits) } }
        @for at in &manifest.resumed_at { p.muted { "It was taken up again at " (at) "." } }
    }
}

/// How blocks took turns, if they did.
fn visits(plan: &Plan, visits: usize) -> Option<String> {
    let kept = plan.blocks.iter().find_map(|block| Some(block.visits.as_ref()?.keep))?;
    let blocks = plan.blocks.len();
    let kept = if kept { "stay" } else { "do not stay" };
    (visits > blocks).then(|| {
        format!(
            "The {blocks} blocks took turns within the time budget, in {visits} visits: during a visit no other block \
             is built, and work trees and target directories {kept} from one visit to the next."
        )
    })
}

fn proofs(comparison: &Comparison) -> Markup {
    let proofs =
        || comparison.blocks.iter().flat_map(|block| block.proofs.iter().map(move |proof| (block, proof)));
    html! {
        h3 { "Proofs" }
        @if proofs().next().is_none() { p { "There are none." } } @else {
            details {
                summary { (pluralize(proofs().count(), "proof")) ", "
                    (proofs().filter(|(_, proof)| proof.result == bench_runner_core::record::ProofResult::Fails).count()) " of them failed" }
                div.scroll tabindex="0" role="region" aria-label="Proofs" { table {
                    thead { tr {
                        @for name in ["block", "variant", "axis", "result", "expected", "found"] { th scope="col" { (name) } }
                    } }
                    tbody { @for (block, proof) in proofs() { (proof_row(block, proof)) } }
                } }
            }
        }
    }
}

fn proof_row(block: &BlockResult, proof: &Proof) -> Markup {
    let twin = if proof.role == Role::Twin { "twin of " } else { "" };
    html! { tr {
        td { (block.title) } td { (twin) (proof.variant) } td { (proof.axis) } td { (proof.result.as_str()) }
        td { (proof.expected) } td { (proof.found) }
    } }
}

/// Failed arms, arms that were not timed, variants that were left out, and notes.
fn failures_and_exclusions(comparison: &Comparison) -> Markup {
    let arms = || comparison.blocks.iter().flat_map(|block| block.arms.iter().map(move |arm| (block, arm)));
    let failed: Vec<_> = arms().filter(|(_, arm)| arm.failures > 0 || arm.not_timed.is_some()).collect();
    let left_out =
        comparison.post_hoc.iter().flat_map(|post_hoc| &post_hoc.left_out).chain(&comparison.skipped);
    let left_out: Vec<&Skipped> = left_out.collect();
    html! {
        h3 { "What failed, and what was left out" }
        @if failed.is_empty() && left_out.is_empty() { p { "Nothing." } }
        ul {
            @for (block, arm) in failed { li {
                (block.title) ", " (wording::arm_name(arm)) ": "
                @if let Some(reason) = &arm.not_timed { "not timed: " (reason) } @else { (wording::failures(arm.failures)) }
            } }
            @for one in left_out { li {
                (one.variant) " in " (one.block) ": " (one.reason)
                @if let Some(help) = &one.help { br; span.muted { "help: " code { (help) } } }
            } }
        }
        @if comparison.blocks.iter().any(|block| !block.notes.is_empty()) {
            h3 { "Notes" }
            ul { @for block in &comparison.blocks { @for note in &block.notes { li { (block.title) ": " (with_code_spans(note)) } } } }
        }
    }
}
