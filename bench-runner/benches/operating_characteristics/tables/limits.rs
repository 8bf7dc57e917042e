//! Limits behind the targets that are missed.

use super::noise_floor;
use super::table::{Table, mean_percent, percent};
use crate::study::{Model, Rounds, Setup, Study, few_rounds};

/// Half-width of a 95% interval, in standard deviations, if these are known.
const KNOWN_NOISE: f64 = 1.959_964;

/// Runs of the floors that missed their target, in multiples of those of the study.
const MORE_RUNS: u32 = 10;

pub(super) fn limits(study: &Study) -> String {
    block_sizes(study) + &floors(study)
}

fn block_sizes(study: &Study) -> String {
    let mut table = Table::new(
        "What limits the missed targets",
        "*Half-widths of real A/A.* Runs of five blocks, in which nothing differs, by the number of variants of a block. \
         *Known noise*: 1.96 standard deviations of the ratios themselves, which is about what an interval of constant \
         width around these estimates needs if they are normal.",
        &["variants", "builds a round", "rounds", "half-width", "known noise", "covered"],
    );
    for variants in [1, 2, 3, 4] {
        for rounds in [3, 4, 5] {
            let setup = Setup::with_five_blocks(Model::RealBuilds, variants, Rounds::Fixed(rounds));
            let found = few_rounds(study, &setup);
            let known = (KNOWN_NOISE * found.squares.value().sqrt()).exp_m1();
            table.row(&[
                &variants.to_string(),
                &(variants + 2).to_string(),
                &rounds.to_string(),
                &mean_percent(&found.half_width),
                &format!("{:.1}", 100.0 * known),
                &percent(&found.covered),
            ]);
        }
    }
    table.text
}

fn floors(study: &Study) -> String {
    let more = Study { runs: MORE_RUNS * study.runs, ..*study };
    let mut table = Table::untitled(
        &format!(
            "*Noise floors* that missed their range above, with {MORE_RUNS} times as many runs, of which the first are those \
             above."
        ),
        &noise_floor::COLUMNS,
    );
    for (model, name, comparisons, rounds) in
        [(Model::Real, "`REAL`", 20, 4), (Model::Real, "`REAL`", 20, 6), (Model::Quiet, "`QUIET`", 3, 3)]
    {
        noise_floor::row(&more, &mut table, (model, name), comparisons, rounds);
    }
    table.text
}
