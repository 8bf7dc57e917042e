//! The sentence on the noise floor: a difference of this size or more would be found in four of five such runs.

use super::table::{Table, Target, mean_percent, percent};
use crate::study::{Model, Rounds, Setup, Study, floor};

const ROUNDS: [u32; 5] = [3, 4, 5, 6, 12];

pub(super) const COLUMNS: [&str; 8] =
    ["model", "comparisons", "rounds", "mean floor, %", "found", "wanted", "met", "another run"];

pub(super) fn noise_floor(study: &Study) -> String {
    let mut table = Table::new(
        "The noise floor",
        "A run in which nothing differs states a noise floor. *Found*: the same run, with the same noise, has a variant \
         that takes longer by just that much, and its corrected p-value is below α. *Another run*: so often a fresh run \
         finds a difference of this size. It is less often, since the floor is an estimate: by chance it is now too small \
         and now too large, and what is missed at the small ones is not made good at the large ones. One block of three \
         variants, and runs of 20 comparisons.",
        &COLUMNS,
    );
    for (model, name) in [(Model::Normal, "normal"), (Model::Real, "`REAL`"), (Model::Quiet, "`QUIET`")] {
        for comparisons in [3, 20] {
            for rounds in ROUNDS {
                row(study, &mut table, (model, name), comparisons, rounds);
            }
        }
    }
    table.text
}

/// A row for one block of three variants, or for a run of 20 comparisons.
pub(super) fn row(
    study: &Study,
    table: &mut Table,
    (model, name): (Model, &str),
    comparisons: usize,
    rounds: u32,
) {
    let fixed = Rounds::Fixed(rounds);
    let setup = match comparisons {
        3 => Setup::with_three_comparisons(model, 1.0, fixed),
        _ => Setup::with_twenty_comparisons(model, 1.0, fixed),
    };
    let found = floor(study, &setup);
    let (wanted, met) = Target::Within(0.78, 0.84).judge(&found.found);
    table.row(&[
        name,
        &comparisons.to_string(),
        &rounds.to_string(),
        &mean_percent(&found.mean),
        &percent(&found.found),
        &wanted,
        met,
        &percent(&found.found_by_another),
    ]);
}
