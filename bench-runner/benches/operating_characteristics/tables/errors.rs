//! Errors of whole runs that the rule stops.

use super::MODELS;
use super::table::{Table, Target, mean, percent};
use crate::study::{Rounds, Setup, Share, Study, families};

pub(super) fn errors(study: &Study) -> String {
    let columns = ["model", "`faster`, `slower`", "met", "p below α", "met", "`invalid`", "met", "rounds"];
    let mut table = Table::new(
        "Errors of whole runs",
        "Runs of 20 comparisons: 5 blocks of baseline, twin and four variants, stopped by the rule, in which nothing \
         differs. Runs with any `faster` or `slower` (wanted: ≤ 5), with any corrected p-value below α = 0.03, \
         whatever the verdict (≤ 5: `equivalent` goes first and hides most of these), and with any `invalid` block \
         (≤ 2).",
        &columns,
    );
    let met = |share: &Share, limit: f64| Target::AtMost(limit).judge(share).1;
    let nulls = MODELS
        .map(|(model, _)| families(study, &Setup::with_twenty_comparisons(model, 1.0, Rounds::ByPrecision)));
    for ((_, name), found) in MODELS.iter().zip(&nulls) {
        table.row(&[
            name,
            &percent(&found.different),
            met(&found.different, 0.05),
            &percent(&found.significant),
            met(&found.significant, 0.05),
            &percent(&found.invalid),
            met(&found.invalid, 0.02),
            &mean(&found.rounds),
        ]);
    }
    let mut margins = Table::untitled(
        "`equivalent` in the same runs. Nothing differs: the share of all comparisons that are shown to be \
         `equivalent`. Every variant takes 3% longer, which is the margin: runs with any `equivalent` (wanted: \
         ≤ 5).",
        &["model", "nothing differs: comparisons", "on the margin: runs", "met"],
    );
    for ((model, name), null) in MODELS.into_iter().zip(nulls) {
        let margin = families(study, &Setup::with_twenty_comparisons(model, 1.03, Rounds::ByPrecision));
        let met = met(&margin.equivalent, 0.05);
        margins.row(&[name, &percent(&null.shown_equivalent), &percent(&margin.equivalent), met]);
    }
    table.text + &margins.text
}
