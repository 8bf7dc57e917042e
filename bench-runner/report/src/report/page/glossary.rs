//! Definitions of the words on a page, to which the words link.

use bench_runner_core::compare::Comparison;
use maud::{Markup, html};

use super::document::with_code_spans;
use crate::figure::wording::{share, verdict_definitions};

/// Document with the methods, in the repository of the program.
const METHODOLOGY: &str = "docs/METHODOLOGY.md";

const WORDS: [(&str, &str); 15] = [
    ("run", "One execution of a plan on one machine. Its files are in one directory."),
    (
        "comparison",
        "Variants that are built in the same rounds and compared with one baseline: one group of the table of \
         results.",
    ),
    ("baseline", "The variant of a comparison that the others are compared with."),
    ("variant", "A setting, or several settings together, with which a project is built."),
    (
        "control",
        "The baseline built twice in every round, as if it were two variants. It shows how much two identical \
         builds differ by chance.",
    ),
    ("round", "One build of each variant of a comparison, in random order."),
    (
        "proof",
        "Evidence from the build itself that a setting was in force, such as the linker's mark in the program.",
    ),
    ("project", "The source that is built, at a fixed version."),
    (
        "workload",
        "What is built and from which state: for example everything, or what an edit makes necessary.",
    ),
    ("scenario", "A file that names the projects, workloads and settings to compare."),
    ("axis", "Something that varies between variants, such as `linker`."),
    (
        "interval",
        "A 95% interval: a range computed so that it contains the true value in 95 of 100 such runs. It is not \
         corrected for the number of verdicts; verdicts are.",
    ),
    (
        "noise floor",
        "The smallest real difference that 4 of 5 such runs would find. Smaller ones can be found too, but are missed \
         more often.",
    ),
    (
        "post hoc",
        "Chosen after the run, such as another baseline. One could pick the pair that looks best, so these verdicts are \
         corrected for all pairs of variants.",
    ),
    ("machine type", "Machines with the same processor model, cores, memory, architecture and system."),
];

/// Address of a word's definition on the page.
pub(super) fn anchor(word: &str) -> String {
    format!("#def-{}", word.replace(' ', "-"))
}

pub(super) fn section(comparison: &Comparison) -> Markup {
    let mut margins: Vec<f64> = comparison.blocks.iter().map(|block| block.margin).collect();
    margins.sort_by(f64::total_cmp);
    margins.dedup();
    let margin = margins.first().copied().unwrap_or_default();
    html! {
        dl.glossary {
            @for (word, definition) in WORDS {
                dt id=(anchor(word).trim_start_matches('#')) { (word) } dd { (with_code_spans(definition)) }
            }
        }
        h3 { "Verdicts" }
        dl.glossary {
            @for (verdict, definition) in verdict_definitions(margin) {
                dt id=(anchor(verdict.as_str()).trim_start_matches('#')) { (verdict.as_str()) }
                dd { (with_code_spans(&definition)) "." }
            }
        }
        @if margins.len() > 1 {
            p { "The comparisons of this run have several margins: "
                (margins.iter().map(|margin| format!("±{}", share(*margin))).collect::<Vec<_>>().join(", ")) "." }
        }
        p.muted { "How ratios, intervals and verdicts are computed: " (methods()) "." }
    }
}

/// The document with the methods, linked if the repository has an address.
pub(super) fn methods() -> Markup {
    let repository = env!("CARGO_PKG_REPOSITORY");
    html! {
        @if repository.is_empty() { code { (METHODOLOGY) } " in the repository of bench-runner" } @else {
            a href=(format!("{}/blob/main/{METHODOLOGY}", repository.trim_end_matches('/'))) { (METHODOLOGY) }
        }
    }
}
