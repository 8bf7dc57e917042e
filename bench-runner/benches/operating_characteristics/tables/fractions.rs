//! Fractions of a product of axes.

use super::table::{Table, Target, mean_percent, percent};
use crate::study::{FractionSetup, Model, Study, fractions};

pub(super) const COLUMNS: [&str; 12] = [
    "model",
    "of",
    "rows",
    "rounds",
    "interactions",
    "efficiency",
    "covered",
    "met",
    "half-width",
    "of a combination",
    "from lack of fit",
    "nominee near the best",
];

/// Axes of a search: 1,728 combinations.
const SEARCH: [usize; 8] = [4, 3, 3, 3, 2, 2, 2, 2];

pub(super) fn fractions_of_products(study: &Study) -> String {
    let mut table = Table::new(
        "Fractions of a product",
        "Each run draws the effect of every level (standard deviation 10%) and interactions: *28 of 4%* are interactions \
         of 28 pairs of axes that together have a standard deviation of 4% over all combinations. *Efficiency*: \
         D-efficiency of the rows (wanted: ≥ 0.95 for 24 of 1,728). *Covered*: plain 95% intervals of effects (wanted: ≥ \
         94). *Of a combination*: mean half-width of a single combination of the same runs. *From lack of fit*: runs whose intervals come from what the model leaves unexplained. *Nominee near the best*: the \
         nominated combination takes at most 2% longer than the best of all.",
        &COLUMNS,
    );
    let case = |axes: &[usize], rows, rounds, interactions| FractionSetup {
        model: Model::Real,
        axes: axes.to_vec(),
        rows,
        rounds,
        interactions,
    };
    let search = |rounds, interactions| case(&SEARCH, 24, rounds, interactions);
    let noise = |model, name, setup: FractionSetup| (name, FractionSetup { model, ..setup });
    for (name, setup) in [
        noise(Model::Real, "`REAL`", search(3, (0, 0.0))),
        noise(Model::Real, "`REAL`", search(3, (28, 0.04))),
        noise(Model::Real, "`REAL`", search(3, (28, 0.08))),
        noise(Model::Real, "`REAL`", search(3, (2, 0.04))),
        noise(Model::Real, "`REAL`", search(3, (2, 0.08))),
        noise(Model::Real, "`REAL`", search(6, (28, 0.04))),
        noise(Model::Real, "`REAL`", search(6, (28, 0.08))),
        noise(Model::Quiet, "`QUIET`", search(3, (0, 0.0))),
        noise(Model::Quiet, "`QUIET`", search(3, (28, 0.04))),
        noise(Model::Quiet, "`QUIET`", search(3, (2, 0.02))),
        noise(Model::RealBuilds, "real A/A", search(3, (28, 0.04))),
        noise(Model::Outliers, "5% of builds at 1.5 times", search(3, (28, 0.04))),
        noise(Model::TwoSpeeds, "two speeds", search(3, (28, 0.04))),
        noise(Model::Real, "`REAL`", case(&[6, 4, 4, 3, 3, 2], 24, 3, (15, 0.04))),
        noise(Model::Real, "`REAL`", case(&[3, 3, 2, 2, 2], 12, 5, (10, 0.04))),
        noise(Model::Real, "`REAL`", case(&[2, 2, 2], 6, 5, (3, 0.04))),
    ] {
        row(study, &mut table, name, &setup);
    }
    table.text
}

pub(super) fn row(study: &Study, table: &mut Table, name: &str, setup: &FractionSetup) {
    let found = fractions(study, setup);
    let (pairs, sd) = setup.interactions;
    let interactions = if pairs == 0 { "none".to_owned() } else { format!("{pairs} of {}%", 100.0 * sd) };
    table.row(&[
        name,
        &setup.axes.iter().product::<usize>().to_string(),
        &setup.rows.to_string(),
        &setup.rounds.to_string(),
        &interactions,
        &format!("{:.3}", found.efficiency),
        &percent(&found.covered),
        Target::AtLeast(0.94).judge(&found.covered).1,
        &mean_percent(&found.half_width),
        &mean_percent(&found.of_variants),
        &percent(&found.widened),
        &percent(&found.near_best),
    ]);
}
