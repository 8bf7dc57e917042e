//! Where machines agree and where not, in sentences.

use bench_runner_core::compare::{Spread, Verdict};

use crate::figure::wording::{self, pluralize};
use crate::machines::{
    Agreement, BlockTogether, Cell, Difference, Machine, MachineRatio, Row, SideBySide, Verdicts,
};

/// Below this the ratios are said to differ by more than chance.
const LEVEL: f64 = 0.05;

/// Where the machines of a block agree and where not. Variants of which the same is to be said share a sentence.
pub(super) fn of_block(together: &SideBySide, block: &BlockTogether) -> String {
    let keys: Vec<&str> = block.machines.iter().map(|place| together.machines[*place].key.as_str()).collect();
    if let [_] = block.machines[..] {
        let (title, baseline) = (&block.title, &block.baseline);
        return format!(
            "{title}, against {baseline}: one machine alone has it, so nothing says whether others agree."
        );
    }
    let mut said: Vec<(Vec<&str>, String)> = Vec::new();
    for row in &block.rows {
        let says = of_row(row, &keys);
        match said.iter_mut().find(|(_, known)| *known == says) {
            Some((variants, _)) => variants.push(&row.variant),
            None => said.push((vec![&row.variant], says)),
        }
    }
    let sentence = |(variants, says): (Vec<&str>, String)| format!("{}: {says}", variants.join(", "));
    let sentences: Vec<String> = said.into_iter().map(sentence).collect();
    format!("{}, against {}. {}.", block.title, block.baseline, sentences.join(". "))
}

fn of_row(row: &Row, keys: &[&str]) -> String {
    let count = row.cells.iter().filter(|cell| matches!(cell, Cell::Known(_))).count();
    let Some(agreement) = &row.agreement else {
        return match count {
            0 => "no machine has a result".to_owned(),
            _ => "one machine has a result, so nothing says whether others agree".to_owned(),
        };
    };
    let verdicts = match agreement.verdicts {
        Verdicts::Same(Verdict::Undecided) => format!("undecided on all {count} machines"),
        Verdicts::Same(verdict) => format!("{count} machines agree on {}", verdict.as_str()),
        Verdicts::Open(verdict) => open(row, keys, verdict),
        Verdicts::Contrary => format!("{count} machines do not agree ({})", verdict_list(row, keys)),
    };
    format!("{verdicts}; {}", intervals(agreement))
}

/// Which machines have the verdict, which in some of their runs only, and whether there are more.
fn open(row: &Row, keys: &[&str], verdict: Verdict) -> String {
    let (mut all, mut some, mut others) = (Vec::new(), Vec::new(), false);
    for (cell, key) in row.cells.iter().zip(keys) {
        let Cell::Known(standing) = cell else { continue };
        match standing.verdicts() {
            Verdicts::Same(said) if said == verdict => all.push(*key),
            Verdicts::Open(_) => some.push(*key),
            Verdicts::Same(_) | Verdicts::Contrary => others = true,
        }
    }
    let on = |how: &str, keys: &[&str]| (!keys.is_empty()).then(|| format!("{how}on {}", keys.join(", ")));
    let parts = [
        on("", &all),
        on("in some of the runs ", &some),
        others.then(|| "nothing shown on the others".to_owned()),
    ];
    format!("{} {}", verdict.as_str(), parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
}

fn verdict_list(row: &Row, keys: &[&str]) -> String {
    let mut of: Vec<(String, Vec<&str>)> = Vec::new();
    for (cell, key) in row.cells.iter().zip(keys) {
        let Cell::Known(standing) = cell else { continue };
        let text = standing.verdict_text();
        match of.iter_mut().find(|(known, _)| *known == text) {
            Some((_, keys)) => keys.push(key),
            None => of.push((text, vec![key])),
        }
    }
    let one = |(text, keys): &(String, Vec<&str>)| format!("{text} on {}", keys.join(", "));
    of.iter().map(one).collect::<Vec<_>>().join("; ")
}

fn intervals(agreement: &Agreement) -> String {
    let overlap =
        if agreement.overlap { "the intervals overlap" } else { "the intervals do not all overlap" };
    match (agreement.spread, agreement.p_adjusted) {
        (Some(spread), Some(p)) if p < LEVEL => {
            let (sd, p) = (spread_of(spread), wording::p_value(p));
            format!(
                "{overlap}, and the ratios differ beyond chance (standard deviation {sd}, {p} after correction)"
            )
        }
        (Some(_), Some(p)) => {
            format!(
                "{overlap}, and the ratios differ no more than chance explains ({} after correction)",
                wording::p_value(p)
            )
        }
        _ => overlap.to_owned(),
    }
}

/// How far ratios lie apart, beyond what chance explains.
fn spread_of(spread: Spread) -> String {
    wording::share(spread.sd.min(700.0).exp_m1())
}

/// What the runs of one machine say of each other; nothing for a single run.
pub(super) fn of_runs(row: &Row, machine: &Machine, standing: &MachineRatio) -> Option<String> {
    if standing.runs.len() < 2 {
        return None;
    }
    let run = |run: &crate::machines::OfRun| {
        let shown = wording::ratio(&run.ratio);
        format!("{}× ({} – {}) in {}", shown.estimate, shown.low, shown.high, run.run)
    };
    let runs: Vec<String> = standing.runs.iter().map(run).collect();
    let spread = match standing.combined.spread {
        Some(spread) if spread.p < LEVEL => {
            format!(
                "they differ beyond chance (standard deviation {}, {})",
                spread_of(spread),
                wording::p_value(spread.p)
            )
        }
        Some(spread) => format!("they differ no more than chance explains ({})", wording::p_value(spread.p)),
        None => "whether they differ cannot be said".to_owned(),
    };
    let count = pluralize(standing.runs.len(), "run");
    Some(format!("{} on {}, {count}: {}; {spread}", row.variant, machine.name, runs.join(", ")))
}

/// Every sentence about runs of one machine in a block.
pub(super) fn runs_of_block(together: &SideBySide, block: &BlockTogether) -> Vec<String> {
    let of_row = |row: &Row| -> Vec<String> {
        let cells = row.cells.iter().zip(&block.machines);
        let said = cells.filter_map(|(cell, place)| match cell {
            Cell::Known(standing) => of_runs(row, &together.machines[*place], standing),
            _ => None,
        });
        said.collect()
    };
    block.rows.iter().flat_map(of_row).collect()
}

/// A difference: the values, each with the letters of the machines that have it.
pub(super) fn of_difference(difference: &Difference, machines: &[Machine]) -> String {
    let keys = |places: &[usize]| {
        places.iter().map(|place| machines[*place].key.as_str()).collect::<Vec<_>>().join(", ")
    };
    let value = |(text, places): &(String, Vec<usize>)| format!("{text} on {}", keys(places));
    let values: Vec<String> = difference.values.iter().map(value).collect();
    format!("{}: {}", difference.what, values.join("; "))
}

/// How the numbers of several runs were made.
pub(super) const METHOD: &str = "Ratios alone meet here, never seconds. Runs of one machine are put together on the \
    logarithmic scale, the more certain ones counting more; what they differ by beyond chance widens the interval. Machines \
    of one class are averaged, each counting the same: up to four of them speak for themselves alone, five or more for \
    machines like them. Intervals are plain 95 % intervals. Verdicts are those of the single runs: nothing is judged anew. \
    Whether ratios differ beyond chance is Welch's test, corrected over all variants (Holm).";
