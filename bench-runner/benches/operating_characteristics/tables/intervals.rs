//! Coverage of the plain intervals of blocks that the rule stops.

use super::table::{Table, Target, bias, mean, percent};
use super::{MACHINES, MODELS};
use crate::study::{History, Model, Noisy, Rounds, Setup, Study, coverage};

pub(super) fn intervals(study: &Study) -> String {
    let mut table = Table::new(
        "Coverage of the plain 95% interval",
        "Blocks of baseline, twin and two variants, of which the second takes 5% longer, stopped by the rule with \
         its defaults (6 to 30 rounds, precision 1.5%). *Bias* is the mean error of ln ratio, in percent. *Alarms* \
         are blocks in which serial correlation is found though rounds of an arm are independent of each other.",
        &["model", "covered", "wanted", "met", "twins covered", "bias", "rounds", "alarms"],
    );
    let mut row = |name: &str, setup: &Setup, target: Target| {
        let found = coverage(study, setup);
        let (wanted, met) = target.judge(&found.covered);
        let twins = if found.twins.trials() == 0 { "–".to_owned() } else { percent(&found.twins) };
        let (covered, rounds, alarms) =
            (percent(&found.covered), mean(&found.rounds), percent(&found.alarms));
        table.row(&[name, &covered, &wanted, met, &twins, &bias(&found.bias), &rounds, &alarms]);
    };
    for (model, name) in MODELS {
        row(name, &Setup::with_four_arms(model), Target::COVERED);
    }
    for (model, name) in MACHINES {
        row(name, &Setup::with_four_arms(model), Target::COVERED);
    }
    for (noisy, factor, name) in [
        (Noisy::LastVariant, 2.0, "one variant 2 times noisier"),
        (Noisy::LastVariant, 3.0, "one variant 3 times noisier"),
        (Noisy::Variants, 3.0, "both variants 3 times noisier"),
        (Noisy::BaselineAndTwin, 3.0, "baseline and twin 3 times noisier"),
    ] {
        row(name, &Setup::with_four_arms(Model::Noisier(noisy, factor)), Target::AtLeast(0.93));
    }
    for rounds in [6, 12] {
        let setup = Setup { rounds: Rounds::Fixed(rounds), ..Setup::with_four_arms(Model::Normal) };
        row(&format!("normal, {rounds} fixed rounds"), &setup, Target::COVERED);
    }
    let new = Setup { history: History::New, ..Setup::with_four_arms(Model::Normal) };
    row("new machine, normal", &new, Target::AtLeast(0.93));
    for (model, name) in MODELS {
        let setup = Setup { twin: false, ..Setup::with_four_arms(model) };
        row(&format!("no twin, {name}"), &setup, Target::Nothing);
    }
    table.text
}
