//! Reproduction of a run, as text for a terminal and as JSON.

use bench_runner_core::compare::Ratio;
use serde_json::{Value, json as object};

use crate::figure::wording::{self, pluralize};
use crate::machines::{ReproducedVerdict, Reproduction, ReproductionOutcome, SetupDifference, TwoRatios};
use crate::report::table::{TableColumn, TextStyle};

const COLUMNS: [TableColumn; 5] = [
    TableColumn { heading: "variant", right: false },
    TableColumn { heading: "first", right: true },
    TableColumn { heading: "again", right: true },
    TableColumn { heading: "again / first", right: true },
    TableColumn { heading: "outcome", right: false },
];

const METHOD: &str = "a verdict is confirmed if the second run has the same one. It is contradicted if the second run \
    has another one, or is undecided at a ratio that differs by more than chance explains. Intervals are 95% intervals \
    without correction. Whether two ratios differ is Welch's test on their logarithms, corrected over all comparisons that \
    both runs have (Holm).";

/// Results of the second run for every comparison of the first one, block by block; the summary is last. Lines
/// end with a line feed.
pub fn reproduction_text(found: &Reproduction, first: &str, again: &str, style: TextStyle) -> String {
    let mut lines = style.hanging("first: ", first);
    lines.extend(style.hanging("again: ", again));
    lines.extend(style.sentence(&machine_sentence(found)));
    lines
        .extend(found.differences.iter().flat_map(|one| style.paragraph("differs: ", &difference_text(one))));
    let mut blocks: Vec<(&str, &str)> = Vec::new();
    for row in &found.rows {
        if !blocks.contains(&(&row.block, &row.baseline)) {
            blocks.push((&row.block, &row.baseline));
        }
    }
    for (block, baseline) in blocks {
        lines.push(String::new());
        lines.extend(style.sentence(&format!("{block} (compared with {baseline})")));
        let rows = || found.rows.iter().filter(|row| row.block == block && row.baseline == baseline);
        lines.extend(style.table(&COLUMNS, &rows().map(row_cells).collect::<Vec<_>>()));
        lines.extend(
            rows().flat_map(|row| style.paragraph("", &format!("{}: {}", row.variant, details(row)))),
        );
    }
    lines.push(String::new());
    lines.extend(style.hanging("method: ", METHOD));
    lines.push(String::new());
    lines.extend(style.hanging("answer: ", &summary(found)));
    style.text(&lines)
}

fn machine_sentence(found: &Reproduction) -> String {
    match (found.same_run, found.same_machine) {
        (true, _) => "These are the same run, so nothing was reproduced.".to_owned(),
        (false, true) => "Both were made on the same machine.".to_owned(),
        (false, false) => "They were made on different machines.".to_owned(),
    }
}

/// Value of a property in each of the two runs, or `None` if a run does not have it.
fn values_of_runs(difference: &SetupDifference) -> [Option<&str>; 2] {
    [0, 1].map(|index| {
        let of_run = |(_, indices): &&(String, Vec<usize>)| indices.contains(&index);
        difference.values.iter().find(of_run).map(|(value, _)| value.as_str())
    })
}

fn difference_text(difference: &SetupDifference) -> String {
    let [first, again] = values_of_runs(difference).map(|value| value.unwrap_or("not known"));
    format!("{}: {first} in the first run, {again} in the second", difference.what)
}

/// Summary of verdicts and ratios.
fn summary(found: &Reproduction) -> String {
    let claims = found.rows.len() - found.count(ReproductionOutcome::NothingClaimed);
    let ratios: Vec<TwoRatios> = found.rows.iter().filter_map(|row| row.ratios).collect();
    let count = |holds: fn(&TwoRatios) -> bool| ratios.iter().filter(|one| holds(one)).count();
    let verdicts = match claims {
        0 => "the first run has no decided verdict, so there is nothing to confirm".to_owned(),
        _ => format!(
            "of {} of the first run, {} confirmed, {} not confirmed and {} contradicted",
            pluralize(claims, "decided verdict"),
            found.count(ReproductionOutcome::Confirmed),
            found.count(ReproductionOutcome::NotConfirmed),
            found.count(ReproductionOutcome::Contradicted)
        ),
    };
    if ratios.is_empty() {
        return format!("{verdicts}. The runs have no ratio in common.");
    }
    format!(
        "{verdicts}. Both runs have {}: {} differ by more than chance explains. Of the intervals, {} overlap, and {} of the \
         second run contain the ratio of the first.",
        pluralize(ratios.len(), "ratio"),
        count(TwoRatios::differ),
        count(|one| one.overlap),
        count(|one| one.within),
    )
}

fn row_cells(row: &ReproducedVerdict) -> Vec<String> {
    let ratio = |ratio: &Ratio| {
        let shown = wording::ratio(ratio);
        format!("{}× ({}–{}×)", shown.estimate, shown.low, shown.high)
    };
    let factor = row.ratios.map(|two| {
        let (factor, ends) = two.factor;
        let shown = wording::interval(factor, ends);
        format!("{}× ({}–{}×)", shown.estimate, shown.low, shown.high)
    });
    vec![
        row.variant.clone(),
        row.original.as_ref().map(ratio).unwrap_or_default(),
        row.again.as_ref().map(ratio).unwrap_or_default(),
        factor.unwrap_or_default(),
        row.outcome.as_str().to_owned(),
    ]
}

fn details(row: &ReproducedVerdict) -> String {
    let first = row.original.map_or_else(|| "no result".to_owned(), |ratio| ratio.verdict_text());
    let again = match &row.again {
        Ok(ratio) => ratio.verdict_text(),
        Err(reason) => format!("no result ({reason})"),
    };
    let mut text = format!("{first}, again {again}");
    if let Some(two) = row.ratios {
        let overlap = if two.overlap { "overlap" } else { "do not overlap" };
        let within = if two.within { "contains" } else { "does not contain" };
        let differ = if two.differ() { "differ" } else { "do not differ" };
        text.push_str(&format!(
            "; the intervals {overlap}, the second one {within} the first estimate; the ratios {differ} by more than chance \
             explains ({} after correction)",
            wording::p_value(two.p_adjusted)
        ));
    }
    text
}

/// The results as one JSON document.
pub fn reproduction_json(found: &Reproduction) -> Value {
    let ratio = |ratio: &Ratio| object!({ "ratio": ratio.ratio, "low": ratio.low, "high": ratio.high, "verdict": ratio.verdict.as_str() });
    let row = |row: &ReproducedVerdict| {
        object!({
            "block": row.block,
            "variant": row.variant,
            "baseline": row.baseline,
            "first": row.original.as_ref().map(ratio),
            "again": row.again.as_ref().ok().map(ratio),
            "missing": row.again.as_ref().err(),
            "overlap": row.ratios.map(|two| two.overlap),
            "within": row.ratios.map(|two| two.within),
            "factor": row.ratios.map(|two| {
                let (factor, (low, high)) = two.factor;
                object!({ "ratio": factor, "low": low, "high": high })
            }),
            "p": row.ratios.map(|two| two.p),
            "p_holm": row.ratios.map(|two| two.p_adjusted),
            "outcome": row.outcome.as_str(),
        })
    };
    object!({
        "comparisons": found.rows.iter().map(row).collect::<Vec<_>>(),
        "confirmed": found.count(ReproductionOutcome::Confirmed),
        "not_confirmed": found.count(ReproductionOutcome::NotConfirmed),
        "contradicted": found.count(ReproductionOutcome::Contradicted),
        "nothing_claimed": found.count(ReproductionOutcome::NothingClaimed),
        "same_machine": found.same_machine,
        "differences": found.differences.iter().map(|one| {
            let [first, again] = values_of_runs(one);
            object!({ "what": one.what, "first": first, "again": again })
        }).collect::<Vec<_>>(),
    })
}
