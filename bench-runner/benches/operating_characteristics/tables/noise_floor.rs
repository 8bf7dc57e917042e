//! The sentence on the noise floor: a difference of this size or more would be found in four of five such runs.

use super::table::{Table, Target, percent};
use crate::study::{Model, Rounds, Setup, Study, floor};

const ROUNDS: [u32; 5] = [3, 4, 5, 6, 12];

pub(super) fn noise_floor(study: &Study) -> String {
    let mut table = Table::new(
        "The noise floor",
        "Runs in which nothing differs state a noise floor. In other such runs a variant takes longer by just that \
         much: how often it comes out as `slower`, for the median noise floor and (*single*) for that of another \
         single run, which is an estimate itself. One block of three variants, and runs of 20 comparisons.",
        &["model", "comparisons", "rounds", "noise floor, %", "found", "wanted", "met", "single", "met"],
    );
    for (model, name) in [(Model::Normal, "normal"), (Model::Real, "`REAL`"), (Model::Quiet, "`QUIET`")] {
        for comparisons in [3, 20] {
            for rounds in ROUNDS {
                let fixed = Rounds::Fixed(rounds);
                let setup = if comparisons == 3 {
                    Setup::with_three_comparisons(model, 1.0, fixed)
                } else {
                    Setup::with_twenty_comparisons(model, 1.0, fixed)
                };
                let found = floor(study, &setup);
                let target = Target::Within(0.78, 0.84);
                let (wanted, met) = target.judge(&found.found);
                table.row(&[
                    name,
                    &comparisons.to_string(),
                    &rounds.to_string(),
                    &format!("{:.1}", 100.0 * found.median),
                    &percent(&found.found),
                    &wanted,
                    met,
                    &percent(&found.found_by_single),
                    target.judge(&found.found_by_single).1,
                ]);
            }
        }
    }
    table.text
}
