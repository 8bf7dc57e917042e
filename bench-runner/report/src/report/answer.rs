//! The answer of a run for the end of a terminal's output: about six plain sentences, the decided ones first.

use bench_runner_core::compare::{BlockResult, Comparison, RoundsNeeded, Verdict};
use bench_runner_core::record::{Skipped, StopReason};

use super::findings::{self, Judged, Undecided};
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

/// The decided sentences of all blocks, then the others.
fn of_blocks(comparison: &Comparison, decided: impl Fn(&BlockResult) -> Vec<String>) -> Vec<Sentence> {
    let named = |block: &BlockResult, text: &str| format!("{}: {text}", name(comparison, block));
    let mut found: Vec<Sentence> = Vec::new();
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
    format!("{} ({}%)", wording::arm_name(one.arm), wording::change(one.ratio).estimate)
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
    let mut found =
        vec![Sentence::plain(format!("of {comparisons} in all comparisons, {}", parts.join(", ")))];
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
            group(&mut missing, wording::why_no_ratio(arm), wording::arm_name(arm));
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
    found.into_iter().map(Sentence::plain).collect()
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
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::figure::fixture::{block, comparison, everything, names, ratio};

    fn lines(comparison: &Comparison) -> Vec<String> {
        answer_text(comparison, TextStyle::default()).lines().map(str::to_owned).collect()
    }

    #[test]
    fn decided_variants_come_first_and_an_undecided_one_has_its_command() {
        let mut undecided = block("hexyl 0.17.0", &names(2, false), 12, 4.2);
        undecided.arms[2].ratio = Some(ratio(0.977, 0.04, Verdict::Undecided));
        undecided.arms[2].needed = Some(RoundsNeeded::Rounds(31));
        undecided.setup.command = Some("bench-runner run --project hexyl".to_owned());
        undecided.setup.round_seconds = Some(30.0);
        let decided = block("hexyl 0.17.0", &names(3, false), 12, 4.2);
        expect![[r#"
            answer (AMD Ryzen 7 7840U, 8 cores, 32 GB, Linux 6.8; hexyl 0.17.0)
              rebuild after an edit: linker=lld is faster than linker=bfd: 0.873× as long (0.866–0.880×;
                −12.7%), saves 0.53 s per build, 12 rounds.
              rebuild after an edit: linker=mold is faster than linker=bfd: 0.921× as long (0.914–0.928×;
                −7.9%), saves 0.33 s per build, 12 rounds.
              rebuild after an edit: undecided against linker=bfd: linker=lld: 0.977× as long (0.938–1.016×;
                −2.3%), 12 rounds; about 31 rounds would probably settle it, 16 min:
                bench-runner run --project hexyl --rounds 31
        "#]]
        .assert_eq(&answer_text(&comparison(vec![undecided, decided]), TextStyle::default()));
    }

    #[test]
    fn missing_and_skipped_variants_are_named_with_what_helps() {
        expect![[r#"
            answer (AMD Ryzen 7 7840U, 8 cores, 32 GB, Linux 6.8; hexyl 0.17.0, ripgrep 15.1.0, tokei 14.0.0)
              hexyl 0.17.0: rebuild after an edit: linker=lld (linker=rust-lld) is faster than linker=bfd:
                0.873× as long (0.866–0.880×; −12.7%), saves 0.53 s per build, 12 rounds; also faster:
                linker=mold (−7.9%).
              hexyl 0.17.0: rebuild after an edit: undecided against linker=bfd: codegen-units=3: 1.01× as
                long (0.61–1.41×; +1%), 12 rounds.
              ripgrep 15.1.0: rebuild after an edit: no result: two identical builds, the baseline and its
                control, differ by more than chance explains.
              no result: linker=gold, not timed: linker not in force: expected gold, found LLD 22.1.2;
                linker=wild, no build succeeded: 12 builds failed, timed out or could not start; linker=lld, too
                few rounds for an interval.
              skipped: linker=sold, no `sold` on this machine (apt install sold).
              the run is not complete, so these results are partial.
        "#]].assert_eq(&answer_text(&everything(), TextStyle::default()));
    }

    #[test]
    fn many_comparisons_are_summarized() {
        let many: Vec<BlockResult> =
            (0..30).map(|at| block(&format!("p{at} 1.0.0"), &names(8, false), 12, 4.2)).collect();
        let found = answer_text(&comparison(many), TextStyle::default());
        assert!(sentences_in(&found) <= MOST + 1, "{found}");
        assert!(found.contains("of 210 variants in all comparisons"), "{found}");
        let one: Vec<BlockResult> = vec![block("p 1.0.0", &names(9, false), 12, 4.2)];
        let found = answer_text(&comparison(one), TextStyle::default());
        assert!(sentences_in(&found) <= MOST && found.contains("also faster: "), "{found}");
    }

    fn sentences_in(text: &str) -> usize {
        text.lines().filter(|line| line.starts_with("  ") && !line.starts_with("    ")).count()
    }

    #[test]
    fn nothing_is_lost_at_60_columns() {
        let style = TextStyle { width: 60, ..TextStyle::default() };
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let narrow = answer_text(&everything(), style);
        assert_eq!(words(&narrow), words(&answer_text(&everything(), TextStyle::default())));
        assert!(narrow.lines().all(|line| unicode_width::UnicodeWidthStr::width(line) <= 60), "{narrow}");
        assert!(lines(&everything()).len() > 1);
    }
}
