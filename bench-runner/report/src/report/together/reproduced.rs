//! Whether a run was reproduced: for a terminal, and as JSON.

use bench_runner_core::compare::Ratio;
use serde_json::{Value, json as object};

use crate::figure::wording::{self, pluralize};
use crate::machines::{Difference, Outcome, Reproduced, ReproducedRow, TwoRatios};
use crate::report::table::{Column, paragraph, sentence, table};
use crate::report::text::visible;

const COLUMNS: [Column; 5] = [
    Column { heading: "variant", right: false },
    Column { heading: "first", right: true },
    Column { heading: "again", right: true },
    Column { heading: "again / first", right: true },
    Column { heading: "outcome", right: false },
];

const METHOD: &str = "A verdict is confirmed where the second run has the same; it is contradicted where the second run \
    shows something else, or shows nothing at a ratio that differs by more than chance. Intervals are plain 95 % \
    intervals. The test of equality is that of the difference of two log-ratios (Welch), corrected over all comparisons \
    that both runs have (Holm).";

/// What the second run says of every comparison of the first one, block by block. Lines end with a line feed.
pub fn reproduced_text(found: &Reproduced, first: &str, again: &str) -> String {
    let mut lines = vec![format!("first: {first}"), format!("again: {again}")];
    lines.extend(sentence(&place(found)));
    lines.extend(found.differences.iter().flat_map(|one| paragraph("differs: ", &of_difference(one))));
    let mut blocks: Vec<(&str, &str)> = Vec::new();
    for row in &found.rows {
        if !blocks.contains(&(&row.block, &row.baseline)) {
            blocks.push((&row.block, &row.baseline));
        }
    }
    for (block, baseline) in blocks {
        lines.extend([String::new(), format!("{block} (against {baseline})")]);
        let rows = || found.rows.iter().filter(|row| row.block == block && row.baseline == baseline);
        lines.extend(table(&COLUMNS, &rows().map(of_row).collect::<Vec<_>>()));
        lines.extend(rows().flat_map(|row| paragraph("", &format!("{}: {}", row.variant, details(row)))));
    }
    lines.push(String::new());
    lines.extend(sentence(&summary(found)));
    lines.extend(sentence(METHOD));
    lines.iter().map(|line| format!("{}\n", visible(line))).collect()
}

fn place(found: &Reproduced) -> String {
    match (found.same_run, found.same_machine) {
        (true, _) => "These are the same run, so nothing was reproduced.".to_owned(),
        (false, true) => "Both were made on the same machine.".to_owned(),
        (false, false) => "They were made on different machines.".to_owned(),
    }
}

/// What the runs that have something say it is; each of the two has one value, or says nothing of it.
fn sides(difference: &Difference) -> [Option<&str>; 2] {
    [0, 1].map(|place| {
        let of_run = |(_, places): &&(String, Vec<usize>)| places.contains(&place);
        difference.values.iter().find(of_run).map(|(value, _)| value.as_str())
    })
}

fn of_difference(difference: &Difference) -> String {
    let [first, again] = sides(difference).map(|value| value.unwrap_or("not known"));
    format!("{}: {first} in the first run, {again} in the second", difference.what)
}

/// The two of them in sum.
fn summary(found: &Reproduced) -> String {
    let claims = found.rows.len() - found.count(Outcome::NothingClaimed);
    let ratios: Vec<TwoRatios> = found.rows.iter().filter_map(|row| row.ratios).collect();
    let count = |holds: fn(&TwoRatios) -> bool| ratios.iter().filter(|one| holds(one)).count();
    let verdicts = match claims {
        0 => "The first run showed nothing, so there is nothing to confirm".to_owned(),
        _ => format!(
            "{}: {} confirmed, {} not confirmed, {} contradicted",
            pluralize(claims, "verdict"),
            found.count(Outcome::Confirmed),
            found.count(Outcome::NotConfirmed),
            found.count(Outcome::Contradicted)
        ),
    };
    if ratios.is_empty() {
        return format!("{verdicts}. No ratio is in both.");
    }
    format!(
        "{verdicts}. {} in both runs: {} with intervals that overlap, {} with the first estimate in the second interval, \
         {} with more than chance between them.",
        pluralize(ratios.len(), "ratio"),
        count(|one| one.overlap),
        count(|one| one.within),
        count(TwoRatios::differ),
    )
}

fn of_row(row: &ReproducedRow) -> Vec<String> {
    let ratio = |ratio: &Ratio| {
        let shown = wording::ratio(ratio);
        format!("{}× ({} – {})", shown.estimate, shown.low, shown.high)
    };
    let factor = row.ratios.map(|two| {
        let (factor, ends) = two.factor;
        let shown = wording::interval(factor, ends);
        format!("{} ({} – {})", shown.estimate, shown.low, shown.high)
    });
    vec![
        row.variant.clone(),
        row.original.as_ref().map(ratio).unwrap_or_default(),
        row.again.as_ref().map(ratio).unwrap_or_default(),
        factor.unwrap_or_default(),
        row.outcome.as_str().to_owned(),
    ]
}

fn details(row: &ReproducedRow) -> String {
    let first = row.original.map_or("no result", |ratio| ratio.verdict.as_str());
    let again = match &row.again {
        Ok(ratio) => ratio.verdict.as_str().to_owned(),
        Err(reason) => format!("no result ({reason})"),
    };
    let mut says = format!("{first}, again {again}");
    if let Some(two) = row.ratios {
        let overlap = if two.overlap { "overlap" } else { "do not overlap" };
        let within = if two.within { "holds" } else { "does not hold" };
        let differ =
            if two.differ() { "differ by more than chance" } else { "differ no more than chance explains" };
        says.push_str(&format!(
            "; the intervals {overlap}, the second one {within} the first estimate; the ratios {differ} ({} after correction)",
            wording::p_value(two.p_adjusted)
        ));
    }
    says
}

/// The same as one document.
pub fn reproduced_json(found: &Reproduced) -> Value {
    let ratio = |ratio: &Ratio| object!({ "ratio": ratio.ratio, "low": ratio.low, "high": ratio.high, "verdict": ratio.verdict.as_str() });
    let row = |row: &ReproducedRow| {
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
        "confirmed": found.count(Outcome::Confirmed),
        "not_confirmed": found.count(Outcome::NotConfirmed),
        "contradicted": found.count(Outcome::Contradicted),
        "nothing_claimed": found.count(Outcome::NothingClaimed),
        "same_machine": found.same_machine,
        "differences": found.differences.iter().map(|one| {
            let [first, again] = sides(one);
            object!({ "what": one.what, "first": first, "again": again })
        }).collect::<Vec<_>>(),
    })
}
