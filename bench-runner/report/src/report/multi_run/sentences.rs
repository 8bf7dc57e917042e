//! Agreement of machines, in sentences.

use bench_runner_core::compare::{Spread, Verdict};

use crate::figure::wording::{self, pluralize};
use crate::machines::{
    Agreement, MachineCell, MachineRatio, MachineRuns, MultiRunBlock, SetupDifference, SideBySide,
    VariantRow, Verdicts,
};

/// Significance level of differences between ratios.
const LEVEL: f64 = 0.05;

/// Agreement of the machines of a block. Variants with the same result share a sentence.
pub(super) fn block_sentences(together: &SideBySide, block: &MultiRunBlock) -> String {
    let keys: Vec<&str> = block.machines.iter().map(|index| together.machines[*index].key.as_str()).collect();
    if let [_] = block.machines[..] {
        let (title, baseline) = (&block.title, &block.baseline);
        return format!(
            "{title}, compared with {baseline}: measured on one machine only, so whether others agree is not known."
        );
    }
    let mut groups: Vec<(Vec<&str>, String)> = Vec::new();
    for row in &block.rows {
        let text = row_sentence(row, &keys);
        match groups.iter_mut().find(|(_, known)| *known == text) {
            Some((variants, _)) => variants.push(&row.variant),
            None => groups.push((vec![&row.variant], text)),
        }
    }
    let sentence = |(variants, text): (Vec<&str>, String)| format!("{}: {text}", variants.join(", "));
    let sentences: Vec<String> = groups.into_iter().map(sentence).collect();
    format!("{}, compared with {}. {}.", block.title, block.baseline, sentences.join(". "))
}

fn row_sentence(row: &VariantRow, keys: &[&str]) -> String {
    let count = row.cells.iter().filter(|cell| matches!(cell, MachineCell::Known(_))).count();
    let Some(agreement) = &row.agreement else {
        return match count {
            0 => "no machine has a result".to_owned(),
            _ => "one machine has a result, so whether others agree is not known".to_owned(),
        };
    };
    let verdicts = match agreement.verdicts {
        Verdicts::Same(Verdict::Undecided) => format!("undecided on all {count} machines"),
        Verdicts::Same(verdict) if count == 2 => format!("{} on both machines", verdict.as_str()),
        Verdicts::Same(verdict) => format!("{} on all {count} machines", verdict.as_str()),
        Verdicts::Open(verdict) => open_verdict_text(row, keys, verdict),
        Verdicts::Contrary => format!("{count} machines do not agree ({})", verdict_list(row, keys)),
    };
    format!("{verdicts}; {}", interval_text(agreement))
}

/// Machines that have the verdict, machines that have it in some of their runs, and whether there are others.
fn open_verdict_text(row: &VariantRow, keys: &[&str], verdict: Verdict) -> String {
    let (mut all, mut some, mut others) = (Vec::new(), Vec::new(), false);
    for (cell, key) in row.cells.iter().zip(keys) {
        let MachineCell::Known(machine_ratio) = cell else { continue };
        match machine_ratio.verdicts() {
            Verdicts::Same(found) if found == verdict => all.push(*key),
            Verdicts::Open(_) => some.push(*key),
            Verdicts::Same(_) | Verdicts::Contrary => others = true,
        }
    }
    let on = |how: &str, keys: &[&str]| (!keys.is_empty()).then(|| format!("{how}on {}", keys.join(", ")));
    let parts = [
        on("", &all),
        on("in some of the runs ", &some),
        others.then(|| "undecided on the others".to_owned()),
    ];
    format!("{} {}", verdict.as_str(), parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
}

fn verdict_list(row: &VariantRow, keys: &[&str]) -> String {
    let mut of: Vec<(String, Vec<&str>)> = Vec::new();
    for (cell, key) in row.cells.iter().zip(keys) {
        let MachineCell::Known(machine_ratio) = cell else { continue };
        let text = machine_ratio.verdict_text();
        match of.iter_mut().find(|(known, _)| *known == text) {
            Some((_, keys)) => keys.push(key),
            None => of.push((text, vec![key])),
        }
    }
    let one = |(text, keys): &(String, Vec<&str>)| format!("{text} on {}", keys.join(", "));
    of.iter().map(one).collect::<Vec<_>>().join("; ")
}

fn interval_text(agreement: &Agreement) -> String {
    let overlap =
        if agreement.overlap { "the intervals overlap" } else { "the intervals do not all overlap" };
    match (agreement.spread, agreement.p_adjusted) {
        (Some(spread), Some(p)) if p < LEVEL => {
            let (sd, p) = (spread_text(spread), wording::p_value(p));
            format!(
                "{overlap}, and the ratios differ by more than chance explains (standard deviation {sd}, {p} after correction)"
            )
        }
        (Some(_), Some(p)) => {
            format!(
                "{overlap}, and the ratios do not differ by more than chance explains ({} after correction)",
                wording::p_value(p)
            )
        }
        _ => overlap.to_owned(),
    }
}

/// Spread of ratios beyond chance.
fn spread_text(spread: Spread) -> String {
    wording::share(spread.sd.min(700.0).exp_m1())
}

/// Agreement of the runs of one machine; `None` for a single run.
pub(super) fn runs_sentence(
    row: &VariantRow,
    machine: &MachineRuns,
    machine_ratio: &MachineRatio,
) -> Option<String> {
    if machine_ratio.runs.len() < 2 {
        return None;
    }
    let run = |run: &crate::machines::RunRatio| {
        let shown = wording::ratio(&run.ratio);
        format!("{}× ({}–{}×) in {}", shown.estimate, shown.low, shown.high, run.run)
    };
    let runs: Vec<String> = machine_ratio.runs.iter().map(run).collect();
    let spread = match machine_ratio.combined.spread {
        Some(spread) if spread.p < LEVEL => {
            format!(
                "they differ by more than chance explains (standard deviation {}, {})",
                spread_text(spread),
                wording::p_value(spread.p)
            )
        }
        Some(spread) => {
            format!("they do not differ by more than chance explains ({})", wording::p_value(spread.p))
        }
        None => "whether they differ is not known".to_owned(),
    };
    let count = pluralize(machine_ratio.runs.len(), "run");
    Some(format!("{} on {}, {count}: {}; {spread}", row.variant, machine.name, runs.join(", ")))
}

/// All sentences about several runs of one machine in a block.
pub(super) fn runs_sentences(together: &SideBySide, block: &MultiRunBlock) -> Vec<String> {
    let row_sentences = |row: &VariantRow| -> Vec<String> {
        let cells = row.cells.iter().zip(&block.machines);
        let sentences = cells.filter_map(|(cell, index)| match cell {
            MachineCell::Known(machine_ratio) => {
                runs_sentence(row, &together.machines[*index], machine_ratio)
            }
            _ => None,
        });
        sentences.collect()
    };
    block.rows.iter().flat_map(row_sentences).collect()
}

/// A difference in setup: the values, each with the letters of the machines that have it.
pub(super) fn difference_sentence(difference: &SetupDifference, machines: &[MachineRuns]) -> String {
    let keys = |indices: &[usize]| {
        indices.iter().map(|index| machines[*index].key.as_str()).collect::<Vec<_>>().join(", ")
    };
    let value = |(text, indices): &(String, Vec<usize>)| format!("{text} on {}", keys(indices));
    let values: Vec<String> = difference.values.iter().map(value).collect();
    format!("{}: {}", difference.what, values.join("; "))
}

/// Method of combining several runs.
pub(super) const METHOD: &str = "only ratios are compared between machines, never seconds. Runs of one machine are \
    averaged on the logarithmic scale, more precise ones counting more; if they differ by more than chance explains, the \
    interval is wider. Machines of one type are averaged, each counting the same: up to four of them stand only for \
    themselves, five or more for machines like them. Intervals are 95% intervals without correction. Verdicts are those of \
    the single runs. Whether ratios differ by more than chance explains is Welch's test, corrected over all variants (Holm).";
