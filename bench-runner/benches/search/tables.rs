//! The study as Markdown.

use crate::searches::{Effects, SearchCell, near_best, one_at_a_time, random_halving, searches};
use crate::table::{Table, Target, mean_percent, percent};

/// Levels of the axes of a space, and for each budget, in minutes, the target.
type SpaceTargets = (&'static [usize], [(u64, Target); 3]);

/// A space with its numbers of levels, the budgets in minutes, and the share of nominees near the best that is wanted.
const SPACES: [SpaceTargets; 2] = [
    (&[4, 3, 3, 2, 2], [(30, Target::AtLeast(0.85)), (60, Target::AtLeast(0.90)), (120, Target::Nothing)]),
    (
        &[4, 3, 3, 3, 2, 2, 2, 2],
        [(30, Target::AtLeast(0.65)), (60, Target::AtLeast(0.80)), (120, Target::AtLeast(0.90))],
    ),
];

/// Searches that may falsely say faster.
const FALSELY: Target = Target::AtMost(0.01);

pub(crate) fn markdown(seed: u64, runs: u32) -> String {
    found(seed, runs) + &null(seed, runs)
}

fn cell(levels: &[usize], minutes: u64, effects: Effects) -> SearchCell {
    SearchCell { levels: levels.to_vec(), minutes, effects }
}

fn combinations(levels: &[usize]) -> String {
    match levels.iter().product::<usize>() {
        few if few < 1000 => few.to_string(),
        many => format!("{},{:03}", many / 1000, many % 1000),
    }
}

fn found(seed: u64, runs: u32) -> String {
    let about = format!(
        "{runs} searches each. *Near the best*: the day with the nominee is at most 2% longer than the shortest one. \
         *Lost*: by how much it is longer, on average. *Found*: gain in a day that the confirmation finds in four of five searches."
    );
    let columns = [
        "combinations",
        "minutes",
        "near the best, %",
        "target",
        "met",
        "lost, %",
        "one at a time, %",
        "16 random + halving, %",
        "says faster, %",
        "falsely, %",
        "interval covers, %",
        "found, %",
    ];
    let mut table = Table::new("Searches", &about, &columns);
    for (levels, budgets) in SPACES {
        for (minutes, target) in budgets {
            let cell = cell(levels, minutes, Effects::Usual);
            let found = searches(seed, runs, &cell);
            let (wanted, met) = target.judge(&found.near_best);
            let rivals = [one_at_a_time, random_halving]
                .map(|nominate| percent(&near_best(seed, runs, &cell, nominate)));
            table.row(&[
                &combinations(levels),
                &minutes.to_string(),
                &percent(&found.near_best),
                &wanted,
                met,
                &mean_percent(&found.lost),
                &rivals[0],
                &rivals[1],
                &percent(&found.faster),
                &percent(&found.falsely_faster),
                &percent(&found.covered),
                &mean_percent(&found.detectable),
            ]);
        }
    }
    table.text
}

fn null(seed: u64, runs: u32) -> String {
    let about = "The same where no axis does anything, so that every claim is false.";
    let mut table = Table::untitled(
        about,
        &["combinations", "minutes", "says faster, %", "target", "met", "interval covers, %"],
    );
    for (levels, budgets) in SPACES {
        for (minutes, _) in budgets {
            let found = searches(seed, runs, &cell(levels, minutes, Effects::None));
            let (wanted, met) = FALSELY.judge(&found.falsely_faster);
            let (falsely, covered) = (percent(&found.falsely_faster), percent(&found.covered));
            table.row(&[&combinations(levels), &minutes.to_string(), &falsely, &wanted, met, &covered]);
        }
    }
    table.text
}
