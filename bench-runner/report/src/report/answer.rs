//! The answer of a run for the end of a terminal's output: about six plain sentences, the decided ones first.

use bench_runner_core::compare::{BlockResult, Comparison, Fastest, Verdict};
use bench_runner_core::record::{Skipped, StopReason};

use super::findings::{self, Judged, MoreRounds, Undecided};
use super::table::TextStyle;
use super::{captions, fastest};
use crate::figure::wording::{self, pluralize};

/// More sentences than this are summarized.
const MOST: usize = 6;

/// Best variants that are named if all of them are summarized.
const BEST: usize = 3;

/// The meanings of values are repeated above the answer if they have at most this number of characters.
const SHORT_VALUES: usize = 110;

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
    let values =
        captions::distinct(comparison.blocks.iter().flat_map(|block| &block.setup.values)).join("; ");
    parts.extend((values.chars().count() <= SHORT_VALUES).then_some(values));
    parts.retain(|part| !part.is_empty());
    parts.join("; ")
}

/// As many details as fit into a few sentences: each variant, each comparison, or the whole run.
fn sentences(comparison: &Comparison) -> Vec<Sentence> {
    let rest = rest(comparison);
    let room = MOST.saturating_sub(rest.len()).max(2);
    let levels = [by_variant, by_block, by_block_in_short];
    let judged = levels
        .iter()
        .map(|level| level(comparison))
        .find(|found| found.len() <= room)
        .unwrap_or_else(|| of_run(comparison));
    let mut found = nominated(comparison);
    found.extend(judged);
    found.extend(rest);
    found
}

/// A clause after the name of its block, which is left out if the clause begins with it.
fn named(comparison: &Comparison, block: &BlockResult, text: &str) -> String {
    let of_workloads = block.setup.task.split_once(" vs. ");
    match of_workloads.filter(|(variant, _)| text.starts_with(variant)) {
        Some(_) if has_one_project(comparison, block) => text.to_owned(),
        Some(_) => format!("{}: {text}", block.setup.project),
        None => format!("{}: {text}", name(comparison, block)),
    }
}

/// The fastest variants, a sentence for each decided one, then the others.
fn by_variant(comparison: &Comparison) -> Vec<Sentence> {
    let mut found = fastest_by_block(comparison, |_| true);
    for block in &comparison.blocks {
        let of_variant = |one: &Judged<'_>| Sentence::plain(named(comparison, block, &one.sentence()));
        found.extend(decided(block).iter().map(of_variant));
    }
    found.extend(undecided_by_block(comparison));
    found.extend(invalid(comparison));
    found
}

/// A sentence for each block with decided variants, then one for each with undecided ones.
fn by_block(comparison: &Comparison) -> Vec<Sentence> {
    let mut found = decided_by_block(comparison);
    found.extend(undecided_by_block(comparison));
    found.extend(invalid(comparison));
    found
}

/// Same as [`by_block`], with one sentence for all undecided variants.
fn by_block_in_short(comparison: &Comparison) -> Vec<Sentence> {
    let mut found = decided_by_block(comparison);
    found.extend(undecided_of_run(comparison));
    found.extend(invalid(comparison));
    found
}

fn undecided_by_block(comparison: &Comparison) -> Vec<Sentence> {
    let of_block = |block: &BlockResult| {
        let undecided = findings::undecided(block)?;
        let text = named(comparison, block, &undecided.text(block));
        Some(Sentence { text, command: undecided.command })
    };
    comparison.blocks.iter().filter_map(of_block).collect()
}

fn decided_by_block(comparison: &Comparison) -> Vec<Sentence> {
    let mut found: Vec<Sentence> = Vec::new();
    for block in &comparison.blocks {
        if let Some(decided) = decided_of_block(block) {
            let clauses: Vec<String> = fastest::clause(block).into_iter().chain([decided]).collect();
            found.push(Sentence::plain(named(comparison, block, &clauses.join("; "))));
        }
    }
    found.extend(fastest_by_block(comparison, |block| decided(block).is_empty()));
    found
}

/// All undecided variants in short, with what would settle those that need least time.
fn undecided_of_run(comparison: &Comparison) -> Option<Sentence> {
    let open: Vec<(&BlockResult, Undecided<'_>)> =
        comparison.blocks.iter().filter_map(|block| Some((block, findings::undecided(block)?))).collect();
    let listed: Vec<String> = open
        .iter()
        .map(|(block, undecided)| {
            let variants: Vec<String> = undecided.variants.iter().map(short).collect();
            named(comparison, block, &variants.join(", "))
        })
        .collect();
    let seconds = |undecided: &Undecided<'_>| undecided.seconds.unwrap_or(f64::INFINITY);
    let soonest = open.iter().min_by(|(_, one), (_, other)| seconds(one).total_cmp(&seconds(other)));
    let (block, undecided) = soonest?;
    let outlook = match undecided.outlook.as_str() {
        "" => String::new(),
        outlook => format!("; {}", named(comparison, block, outlook)),
    };
    let text = format!("undecided: {}{outlook}", listed.join("; "));
    Some(Sentence { text, command: undecided.command.clone() })
}

/// The combination that each fraction nominates, with the command that measures it head to head.
fn nominated(comparison: &Comparison) -> Vec<Sentence> {
    let of_block = |block: &BlockResult| {
        let effects = block.effects.as_ref()?.as_ref().ok()?;
        let text = format!("nominated: {}", effects.nomination.as_ref()?.describe());
        Some(Sentence { text: named(comparison, block, &text), command: block.setup.head_to_head.clone() })
    };
    comparison.blocks.iter().filter_map(of_block).collect()
}

fn invalid(comparison: &Comparison) -> Vec<Sentence> {
    let blocks = comparison.blocks.iter().filter(|block| wording::is_invalid(block));
    let text = |block: &BlockResult| format!("no result: {}", block.why_invalid().join("; "));
    blocks.map(|block| Sentence::plain(named(comparison, block, &text(block)))).collect()
}

/// The fastest variant of each of these blocks; blocks with the same one share a sentence.
fn fastest_by_block(comparison: &Comparison, is_asked: impl Fn(&BlockResult) -> bool) -> Vec<Sentence> {
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    for block in comparison.blocks.iter().filter(|block| is_asked(block)) {
        if let Some(clause) = fastest::clause(block) {
            group(&mut groups, clause, name(comparison, block));
        }
    }
    groups
        .iter()
        .map(|(clause, names)| Sentence::plain(format!("{}: {clause}", wording::join_and(names))))
        .collect()
}

/// Number of times that each variant is the fastest, as one sentence; `None` if no block has a fastest variant.
fn fastest_of_run(comparison: &Comparison) -> Option<Sentence> {
    let ranked: Vec<(&BlockResult, &Fastest)> =
        comparison.blocks.iter().filter_map(|block| Some((block, block.fastest.as_ref()?))).collect();
    let mut times: Vec<(String, usize)> = Vec::new();
    let mut open = 0;
    for (block, fastest) in &ranked {
        let name = wording::arm_subject(&block.arms[fastest.arm]);
        match times.iter_mut().find(|(known, _)| *known == name) {
            _ if !fastest::is_known(block, fastest) => open += 1,
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
        (open, true) => Some(format!("no variant was shown to be faster than the baseline in any of {open}")),
        (open, false) => Some(format!("no variant was shown to be faster than the baseline in {open}")),
    };
    let clauses: Vec<String> =
        (!named.is_empty()).then(|| named.join(", ")).into_iter().chain(open).collect();
    let comparisons = pluralize(ranked.len(), "comparison");
    (!ranked.is_empty())
        .then(|| Sentence::plain(format!("the fastest in {comparisons}: {}", clauses.join("; "))))
}

/// Name of a block: what is built, with the project if there are several.
fn name(comparison: &Comparison, block: &BlockResult) -> String {
    if has_one_project(comparison, block) && !block.setup.task.is_empty() {
        block.setup.task.clone()
    } else {
        block.title.clone()
    }
}

fn has_one_project(comparison: &Comparison, block: &BlockResult) -> bool {
    comparison.blocks.iter().all(|other| other.setup.project == block.setup.project)
}

/// The decided variants: the faster ones from the fastest, the slower ones from the slowest, the equivalent.
fn decided(block: &BlockResult) -> Vec<Judged<'_>> {
    let judged = findings::judged(block);
    let of = |verdict: Verdict| judged.iter().copied().filter(move |one| one.ratio.verdict == verdict);
    of(Verdict::Faster).chain(of(Verdict::Slower).rev()).chain(of(Verdict::Equivalent)).collect()
}

/// The decided variants of a block as a clause: the first in full, the others in short.
fn decided_of_block(block: &BlockResult) -> Option<String> {
    let decided = decided(block);
    let (first, others) = decided.split_first()?;
    let mut text = first.sentence();
    for verdict in [Verdict::Faster, Verdict::Slower, Verdict::Equivalent] {
        let listed: Vec<String> =
            others.iter().filter(|one| one.ratio.verdict == verdict).map(short).collect();
        if !listed.is_empty() {
            let also = if first.ratio.verdict == verdict { "also " } else { "" };
            text.push_str(&format!("; {also}{}: {}", verdict.as_str(), listed.join(", ")));
        }
    }
    Some(text)
}

fn short(one: &Judged<'_>) -> String {
    format!("{} ({}%)", wording::arm_subject(one.arm), wording::change(one.ratio).estimate)
}

/// The whole run in numbers, the best variants, and the undecided comparison that is settled soonest.
fn of_run(comparison: &Comparison) -> Vec<Sentence> {
    let is_judged = |one: &Judged<'_>| one.ratio.verdict != Verdict::NotJudged;
    let all: Vec<Judged<'_>> =
        comparison.blocks.iter().flat_map(findings::judged).filter(is_judged).collect();
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
    if !all.is_empty() {
        found.push(Sentence::plain(format!("of {comparisons} in all comparisons, {}", parts.join(", "))));
    }
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
    let open = comparison.blocks.iter().filter_map(|block| Some((block, findings::undecided(block)?)));
    let seconds = |undecided: &Undecided<'_>| undecided.seconds.unwrap_or(f64::INFINITY);
    match open.min_by(|(_, one), (_, other)| seconds(one).total_cmp(&seconds(other))) {
        Some((block, undecided)) if undecided.command.is_some() => {
            let text = named(comparison, block, &undecided.text(block));
            found.push(Sentence { text, command: undecided.command });
        }
        Some((_, undecided)) if !undecided.outlook.is_empty() => {
            found.push(Sentence::plain(format!("undecided ones: {}", undecided.outlook)));
        }
        _ => {}
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

/// The blocks with fewer rounds than the minimum, and what would help.
fn few_rounds(comparison: &Comparison) -> Option<Sentence> {
    let short: Vec<(&BlockResult, MoreRounds)> =
        comparison.blocks.iter().filter_map(|block| Some((block, findings::more_rounds(block)?))).collect();
    let one = |(block, _): &(&BlockResult, MoreRounds)| {
        format!("{} ({}, minimum {})", name(comparison, block), block.rounds, block.min_rounds)
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
    Some(Sentence { text: format!("too few rounds: {listed}; {how}"), command })
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
