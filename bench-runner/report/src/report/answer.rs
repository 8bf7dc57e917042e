//! The answer of a run for the end of a terminal's output: about six plain sentences, the decided ones first.

use bench_runner_core::compare::{BlockResult, Comparison, Fastest, RoundsNeeded, Verdict};
use bench_runner_core::record::{Skipped, StopReason};

use super::fastest;
use super::findings::{self, Judged, MoreRounds, Undecided};
use super::table::TextStyle;
use crate::figure::wording::{self, pluralize};

/// More sentences than this are summarized.
const MOST: usize = 6;

/// Best variants that are named if all of them are summarized.
const BEST: usize = 3;

/// A sentence of the answer, and a command to paste.
struct Sentence {
    text: String,
    command: Option<String>,
}

impl Sentence {
    fn plain(text: String) -> Self {
        Self { text, command: None }
    }
}

/// The answer: a heading with machine, profile and projects, then the sentences. Lines end with a line feed.
pub fn answer_text(comparison: &Comparison, style: TextStyle) -> String {
    let mut lines = style.hanging("answer ", &format!("({})", circumstances(comparison)));
    for sentence in sentences(comparison) {
        let end = if sentence.command.is_some() { ":" } else { "." };
        lines.extend(style.paragraph("", &format!("{}{end}", sentence.text)));
        lines.extend(sentence.command.iter().flat_map(|command| style.command(command)));
    }
    style.text(&lines)
}

/// Machine, profile and projects of a run.
pub(super) fn circumstances(comparison: &Comparison) -> String {
    let mut projects: Vec<&str> = Vec::new();
    for block in &comparison.blocks {
        if !projects.contains(&block.setup.project.as_str()) {
            projects.push(&block.setup.project);
        }
    }
    let projects =
        if projects.len() <= 3 { projects.join(", ") } else { pluralize(projects.len(), "project") };
    let mut parts = vec![comparison.machine.clone(), wording::profiles(&comparison.blocks), projects];
    if let Some(post_hoc) = &comparison.post_hoc {
        parts.push(format!("post hoc against {}", post_hoc.baseline));
    }
    parts.retain(|part| !part.is_empty());
    parts.join("; ")
}

/// As many details as fit into a few sentences: each variant, each comparison, or the whole run.
fn sentences(comparison: &Comparison) -> Vec<Sentence> {
    let rest = rest(comparison);
    let room = MOST.saturating_sub(rest.len()).max(2);
    let by_variant = || -> Vec<Sentence> { of_blocks(comparison, decided_by_variant) };
    let by_block = || -> Vec<Sentence> { of_blocks(comparison, decided_of_block) };
    let levels: [&dyn Fn() -> Vec<Sentence>; 2] = [&by_variant, &by_block];
    let mut found = levels
        .iter()
        .map(|level| level())
        .find(|found| found.len() <= room)
        .unwrap_or_else(|| of_run(comparison));
    found.extend(rest);
    found
}

/// The fastest variants, the decided sentences of all blocks, then the others.
fn of_blocks(comparison: &Comparison, decided: impl Fn(&BlockResult) -> Vec<String>) -> Vec<Sentence> {
    let named = |block: &BlockResult, text: &str| format!("{}: {text}", name(comparison, block));
    let mut found = fastest_by_block(comparison);
    for block in &comparison.blocks {
        found.extend(decided(block).iter().map(|text| Sentence::plain(named(block, text))));
    }
    for block in &comparison.blocks {
        if let Some(Undecided { text, command }) = findings::undecided(block) {
            found.push(Sentence { text: named(block, &text), command });
        }
    }
    for block in comparison.blocks.iter().filter(|block| wording::is_invalid(block)) {
        let text = format!("no result: {}", block.why_invalid().join("; "));
        found.push(Sentence::plain(named(block, &text)));
    }
    found
}

/// The fastest variant of each block; blocks with the same one share a sentence.
fn fastest_by_block(comparison: &Comparison) -> Vec<Sentence> {
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    for block in &comparison.blocks {
        if let Some(clause) = fastest::clause(block) {
            group(&mut groups, clause, name(comparison, block));
        }
    }
    groups
        .iter()
        .map(|(clause, names)| Sentence::plain(format!("{}: {clause}", wording::join_and(names))))
        .collect()
}

/// How often each variant is the fastest, as one sentence; `None` if no block has a fastest variant.
fn fastest_of_run(comparison: &Comparison) -> Option<Sentence> {
    let ranked: Vec<(&BlockResult, &Fastest)> =
        comparison.blocks.iter().filter_map(|block| Some((block, block.fastest.as_ref()?))).collect();
    let mut times: Vec<(String, usize)> = Vec::new();
    let mut open = 0;
    for (block, fastest) in &ranked {
        let name = wording::arm_subject(&block.arms[fastest.arm]);
        match times.iter_mut().find(|(known, _)| *known == name) {
            _ if fastest::nothing_differs(block, fastest) => open += 1,
            Some((_, times)) => *times += 1,
            None => times.push((name, 1)),
        }
    }
    times.sort_by_key(|(_, times)| std::cmp::Reverse(*times));
    let mut named: Vec<String> =
        times.iter().take(BEST).map(|(name, times)| format!("{name} in {times}")).collect();
    let others = times.iter().skip(BEST).map(|(_, times)| times).sum::<usize>();
    named.extend((others > 0).then(|| format!("others in {others}")));
    let open = match (open, named.is_empty()) {
        (0, _) => None,
        (open, true) => Some(format!("no variant was told apart from the baseline in any of {open}")),
        (open, false) => Some(format!("no variant was told apart from the baseline in {open}")),
    };
    let clauses: Vec<String> =
        (!named.is_empty()).then(|| named.join(", ")).into_iter().chain(open).collect();
    let comparisons = pluralize(ranked.len(), "comparison");
    (!ranked.is_empty())
        .then(|| Sentence::plain(format!("the fastest in {comparisons}: {}", clauses.join("; "))))
}

/// Name of a block: what is built, with the project if there are several.
fn name(comparison: &Comparison, block: &BlockResult) -> String {
    let one_project = comparison.blocks.iter().all(|other| other.setup.project == block.setup.project);
    if one_project && !block.setup.task.is_empty() { block.setup.task.clone() } else { block.title.clone() }
}

/// The decided variants: the faster ones from the fastest, the slower ones from the slowest, the equivalent.
fn decided(block: &BlockResult) -> Vec<Judged<'_>> {
    let judged = findings::judged(block);
    let of = |verdict: Verdict| judged.iter().copied().filter(move |one| one.ratio.verdict == verdict);
    of(Verdict::Faster).chain(of(Verdict::Slower).rev()).chain(of(Verdict::Equivalent)).collect()
}

fn decided_by_variant(block: &BlockResult) -> Vec<String> {
    decided(block).iter().map(Judged::sentence).collect()
}

/// One sentence about the decided variants of a block: the first in full, the others in short.
fn decided_of_block(block: &BlockResult) -> Vec<String> {
    let decided = decided(block);
    let Some((first, others)) = decided.split_first() else { return Vec::new() };
    let mut text = first.sentence();
    for (verdict, lead) in
        [(Verdict::Faster, "also faster"), (Verdict::Slower, "slower"), (Verdict::Equivalent, "equivalent")]
    {
        let listed: Vec<String> =
            others.iter().filter(|one| one.ratio.verdict == verdict).map(short).collect();
        if !listed.is_empty() {
            text.push_str(&format!("; {lead}: {}", listed.join(", ")));
        }
    }
    vec![text]
}

fn short(one: &Judged<'_>) -> String {
    format!("{} ({}%)", wording::arm_subject(one.arm), wording::change(one.ratio).estimate)
}

/// The whole run in numbers, the best variants, and the undecided comparison that is settled soonest.
fn of_run(comparison: &Comparison) -> Vec<Sentence> {
    let all: Vec<Judged<'_>> = comparison.blocks.iter().flat_map(findings::judged).collect();
    let count = |verdict: Verdict| all.iter().filter(|one| one.ratio.verdict == verdict).count();
    let mut parts = Vec::new();
    for (verdict, words) in [
        (Verdict::Faster, "faster than the baseline"),
        (Verdict::Slower, "slower"),
        (Verdict::Equivalent, "equivalent"),
        (Verdict::Undecided, "undecided"),
        (Verdict::Invalid, "invalid"),
    ] {
        parts.extend(Some(count(verdict)).filter(|count| *count > 0).map(|count| format!("{count} {words}")));
    }
    let comparisons = pluralize(all.len(), "variant");
    let mut found: Vec<Sentence> = fastest_of_run(comparison).into_iter().collect();
    found.push(Sentence::plain(format!("of {comparisons} in all comparisons, {}", parts.join(", "))));
    let mut best: Vec<&Judged<'_>> = all.iter().filter(|one| one.is_decided()).collect();
    let weight = |one: &Judged<'_>| one.ratio.ratio.ln().abs();
    best.sort_by(|one, other| weight(other).total_cmp(&weight(one)));
    let differs = |one: &&&Judged<'_>| one.ratio.verdict != Verdict::Equivalent;
    found.extend(
        best.iter()
            .filter(differs)
            .take(BEST)
            .map(|one| Sentence::plain(format!("{}: {}", name(comparison, one.block), one.sentence()))),
    );
    let seconds = |block: &BlockResult| {
        let rounds = block.arms.iter().filter_map(|arm| match arm.needed? {
            RoundsNeeded::Rounds(rounds) => Some(rounds),
            _ => None,
        });
        block.setup.seconds_for(rounds.max()?)
    };
    let open = comparison.blocks.iter().filter_map(|block| Some((seconds(block)?, block)));
    let soonest = open.min_by(|(one, _), (other, _)| one.total_cmp(other));
    let reason = || all.iter().find_map(|one| Some(findings::outlook(one.arm.needed?, one.block)));
    match soonest.and_then(|(_, block)| Some((block, findings::undecided(block)?))) {
        Some((block, Undecided { text, command })) => {
            found.push(Sentence { text: format!("{}: {text}", name(comparison, block)), command });
        }
        None => found.extend(reason().map(|reason| Sentence::plain(format!("undecided ones: {reason}")))),
    }
    found
}

/// Sentences that every answer ends with: missing results, skipped values, a run that is not complete.
fn rest(comparison: &Comparison) -> Vec<Sentence> {
    let mut found: Vec<String> = Vec::new();
    if comparison.blocks.is_empty() {
        found.push(super::text::why_no_blocks(comparison).to_owned());
    }
    let mut missing: Vec<(String, Vec<String>)> = Vec::new();
    for block in &comparison.blocks {
        for arm in findings::without_result(block) {
            let name = match comparison.blocks.len() {
                1 => wording::arm_subject(arm),
                _ => format!("{} ({})", wording::arm_subject(arm), name(comparison, block)),
            };
            group(&mut missing, wording::why_no_ratio(arm), name);
        }
    }
    found.extend(grouped("no result", &missing));
    let mut skipped: Vec<(String, Vec<String>)> = Vec::new();
    let of_post_hoc = comparison.post_hoc.iter().flat_map(|post_hoc| &post_hoc.left_out);
    for Skipped { block, variant, reason, help } in comparison.skipped.iter().chain(of_post_hoc) {
        let help = help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
        let name = if variant == "all" { format!("all of {block}") } else { variant.clone() };
        group(&mut skipped, format!("{reason}{help}"), name);
    }
    found.extend(grouped("skipped", &skipped));
    let is_cut = |block: &BlockResult| block.stopped.is_none_or(|why| why == StopReason::Interrupted);
    if comparison.blocks.iter().any(is_cut) {
        found.push("the run is not complete, so these results are partial".to_owned());
    }
    if comparison.blocks.iter().flat_map(|block| &block.fidelity).any(|one| !one.differences.is_empty()) {
        found.push("warning: these builds differ from your own build, see the tables above".to_owned());
    }
    found.into_iter().map(Sentence::plain).chain(few_rounds(comparison)).collect()
}

/// The blocks with fewer rounds than planned, and what would help.
fn few_rounds(comparison: &Comparison) -> Option<Sentence> {
    let short: Vec<(&BlockResult, MoreRounds)> =
        comparison.blocks.iter().filter_map(|block| Some((block, findings::more_rounds(block)?))).collect();
    let one = |(block, _): &(&BlockResult, MoreRounds)| {
        format!("{} ({} of {})", name(comparison, block), block.rounds, block.min_rounds)
    };
    let listed = wording::join_and(&short.iter().map(one).collect::<Vec<_>>());
    let several = short.len() > 1;
    let (block, MoreRounds { text, command }) = short.into_iter().next()?;
    let how = match several {
        true => format!(
            "repeat the run with a larger `--time-budget`, or {} alone {text}",
            name(comparison, block)
        ),
        false => format!("repeat it {text}"),
    };
    Some(Sentence { text: format!("too few rounds for a reliable result: {listed}; {how}"), command })
}

fn group(groups: &mut Vec<(String, Vec<String>)>, reason: String, name: String) {
    match groups.iter_mut().find(|(known, _)| *known == reason) {
        Some((_, names)) if names.contains(&name) => {}
        Some((_, names)) => names.push(name),
        None => groups.push((reason, vec![name])),
    }
}

/// Names by reason as one sentence; with many reasons only the names.
fn grouped(lead: &str, groups: &[(String, Vec<String>)]) -> Option<String> {
    let names = |names: &[String]| names.join(", ");
    match groups {
        [] => None,
        few if few.len() <= 3 => {
            let one = |(reason, of): &(String, Vec<String>)| format!("{}, {reason}", names(of));
            Some(format!("{lead}: {}", few.iter().map(one).collect::<Vec<_>>().join("; ")))
        }
        many => {
            let all: Vec<String> = many.iter().flat_map(|(_, of)| of.clone()).collect();
            Some(format!("{lead}: {}; the page and `--verbose` have the reasons", names(&all)))
        }
    }
}

#[cfg(test)]
mod tests;
