//! The table of runs with a time budget.

use super::table::{Table, Target, percent};
use crate::study::{Division, Study, divide_budgets};

/// Targets: half-widths relative to shares, and blocks with an interval.
const NARROWER: f64 = 0.70;
const WITH_INTERVAL: Target = Target::AtLeast(0.85);

/// Number of runs, unless fewer are asked for.
const BUDGET_RUNS: u32 = 1500;

pub(super) fn sharing(study: &Study) -> String {
    let study = Study { runs: study.runs.min(BUDGET_RUNS), ..*study };
    let about = format!(
        "{} runs of 2 to 8 blocks, whose rounds take from a tenth of a second to five minutes. Machines are slower or \
         faster than estimated by a factor of 1.6 (one standard deviation), and each block by another one of 1.3. Budgets \
         are 0.4 to 1.2 times what warm-ups and six rounds of every block take. A *share* is given to each block before it \
         is measured, so that all come to the same number of rounds. The median of the half-widths is relative to those of \
         the same blocks with shares (wanted: ≤ {NARROWER:.2}), by h(n) and by the pooled intervals that are reported. A \
         block that has no interval counts as infinitely wide; one that has none with shares either is left out of the \
         median. Blocks with an interval (wanted: ≥ 85): at least 3 rounds.",
        study.runs
    );
    let columns =
        ["budget", "half-width, h(n)", "met", "half-width, pooled", "an interval", "met", "5 rounds"];
    let mut table = Table::new("Sharing the budget", &about, &columns);
    for (division, name) in [
        (Division::Shares, "shares"),
        (Division::Turns, "turns"),
        (Division::TurnsByTruth, "turns, right estimates"),
    ] {
        let found = divide_budgets(&study, division);
        let judged = division != Division::Shares;
        let narrower = if found.half_width <= NARROWER { "yes" } else { "**no**" };
        let (_, enough) = WITH_INTERVAL.judge(&found.with_interval);
        table.row(&[
            name,
            &format!("{:.2}", found.half_width),
            if judged { narrower } else { "–" },
            &format!("{:.2}", found.pooled_half_width),
            &percent(&found.with_interval),
            if judged { enough } else { "–" },
            &percent(&found.with_five),
        ]);
    }
    table.text
}
