//! The study as Markdown: every figure with its standard error and its target.

mod budget;
mod errors;
mod few_rounds;
mod independence;
mod intervals;
mod limits;
mod noise_floor;
mod power;
mod fractions;
mod products;
mod table;
mod usual_way;

use std::fmt::Write;

use crate::study::{Model, Study};

/// Default number of runs for each figure.
pub(crate) const RUNS: u32 = 3000;

/// The seed of the published figures.
pub(crate) const SEED: u64 = 1;

/// The models for which intervals and verdicts have targets.
const MODELS: [(Model, &str); 4] = [
    (Model::Normal, "normal"),
    (Model::Outliers, "5% of builds at 1.5 times"),
    (Model::Drift, "drift of 10% over the block"),
    (Model::Neighbours, "AR(1), ρ = 0.6, over consecutive builds"),
];

/// Models of real machines, most of them noisier.
const MACHINES: [(Model, &str); 4] = [
    (Model::Real, "`REAL`"),
    (Model::Quiet, "`QUIET`"),
    (Model::RealBuilds, "real A/A"),
    (Model::TwoSpeeds, "two speeds"),
];

/// Makes the tables of a part.
type Part = fn(&Study) -> String;

/// The parts of the study, in their order, with names for the command line.
pub(crate) const PARTS: [(&str, Part); 11] = [
    ("intervals", intervals::intervals),
    ("independence", independence::without_independence),
    ("errors", errors::errors),
    ("power", power::found),
    ("few-rounds", few_rounds::few_rounds),
    ("noise-floor", noise_floor::noise_floor),
    ("products", products::products),
    ("fractions", fractions::fractions_of_products),
    ("limits", limits::limits),
    ("budget", budget::sharing),
    ("usual-way", usual_way::usual_way),
];

/// The whole study.
pub(crate) fn markdown(study: &Study) -> String {
    PARTS.iter().fold(head(study), |text, (_, part)| text + &part(study))
}

fn head(study: &Study) -> String {
    let Study { seed, runs } = study;
    let mut options = String::new();
    if *runs != RUNS {
        let _ = write!(options, " --runs {runs}");
    }
    if *seed != SEED {
        let _ = write!(options, " --seed {seed}");
    }
    let options = if options.is_empty() { options } else { format!(" --{options}") };
    let text = format!(
        "Made by `cargo bench --bench operating_characteristics{options}` with seed {seed} and {runs} runs for \
         each figure. All figures are shares in percent with their Monte-Carlo standard error, and rounds per \
         block."
    );
    table::wrapped(&text)
}
