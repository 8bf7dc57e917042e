//! Intervals, verdicts and power after three to eight rounds.

use super::table::{Table, Target, mean_percent, met, percent};
use crate::study::{FewRounds, History, Model, Noisy, Rounds, Setup, Study, few_rounds as null_runs, power};

const ROUNDS: [u32; 5] = [3, 4, 5, 6, 8];

/// Standard deviation of the ln of a target directory's factor, where directories have one.
const OFFSET: f64 = 0.007;

const COLUMNS: [&str; 12] = [
    "model",
    "rounds",
    "covered",
    "wanted",
    "met",
    "half-width",
    "met",
    "false",
    "met",
    "`invalid`",
    "met",
    "power",
];

/// A model of the machine, and what is known of it.
struct Case {
    name: &'static str,
    model: Model,
    /// Changes the setup of every run.
    with: fn(Setup) -> Setup,
    covered: Target,
}

impl Case {
    const fn of(name: &'static str, model: Model) -> Self {
        Self { name, model, with: |setup| setup, covered: Target::AtLeast(0.93) }
    }

    /// Largest mean half-width that is wanted, as a fraction.
    fn widest(&self, rounds: u32) -> Option<f64> {
        match (self.model, rounds) {
            (Model::RealBuilds, 3) => Some(0.13),
            (Model::RealBuilds, 4) => Some(0.105),
            (Model::RealBuilds, 5) => Some(0.09),
            _ => None,
        }
    }

    /// Largest share of runs with a false verdict that is wanted.
    fn most_false(&self) -> f64 {
        if self.model == Model::RealBuilds { 0.025 } else { 0.05 }
    }

    fn null_runs(&self, study: &Study, rounds: u32) -> FewRounds {
        let twenty = Setup::with_twenty_comparisons(self.model, 1.0, Rounds::Fixed(rounds));
        null_runs(study, &(self.with)(twenty))
    }

    /// A row for each number of rounds.
    fn rows(&self, study: &Study, table: &mut Table) {
        for rounds in ROUNDS {
            let found = self.null_runs(study, rounds);
            let (wanted, covered) = self.covered.judge(&found.covered);
            let narrow = self.widest(rounds).map_or("–", |most| met(found.half_width.value() <= most));
            let one = Setup::with_three_comparisons(self.model, 0.8, Rounds::Fixed(rounds));
            table.row(&[
                self.name,
                &rounds.to_string(),
                &percent(&found.covered),
                &wanted,
                covered,
                &mean_percent(&found.half_width),
                narrow,
                &percent(&found.different),
                Target::AtMost(self.most_false()).judge(&found.different).1,
                &percent(&found.invalid),
                Target::AtMost(0.02).judge(&found.invalid).1,
                &percent(&power(study, &(self.with)(one)).judged),
            ]);
        }
    }
}

pub(super) fn few_rounds(study: &Study) -> String {
    let mut table = Table::new(
        "Few rounds",
        "Runs of 20 comparisons as above, in which nothing differs, with a fixed number of rounds: coverage and mean \
         half-width of the plain intervals, runs with any `faster` or `slower` (*false*), runs with any `invalid` \
         block (wanted: ≤ 2). *Power*: a block of three variants, of which one takes 20% less time, and the verdict \
         says so. `REAL` was fitted to the committed runs of real builds: 4% of noise from build to build and 7.3% \
         that lasts over several builds (AR(1), ρ = 0.645), and 3% of builds at 1.3 to 1.7 times. `QUIET` has 1.5% \
         of both and no outliers. *Real A/A* takes the noise from the committed A/A run, in whose blocks all builds are \
         equal: its builds one after another, from a random place on, in the order that the program drew for the round. *Two speeds*: each build \
         has one of two speeds, 20% apart, with 0.2% of jitter.",
        &COLUMNS,
    );
    for case in [
        Case::of("normal", Model::Normal),
        Case::of("5% of builds at 1.5 times", Model::Outliers),
        Case::of("`REAL`", Model::Real),
        Case::of("`QUIET`", Model::Quiet),
        Case::of("real A/A", Model::RealBuilds),
        Case::of("two speeds", Model::TwoSpeeds),
    ] {
        case.rows(study, &mut table);
    }
    table.text + &one_noisier_arm(study) + &directories(study)
}

fn one_noisier_arm(study: &Study) -> String {
    let mut table = Table::untitled(
        "The last variant of each block is three times noisier than all others: the price of pooled standard errors. \
         Coverage of all variants, and of the noisy ones alone.",
        &["rounds", "all covered", "wanted", "met", "noisy ones covered", "false", "met"],
    );
    let case = Case::of("one variant 3 times noisier", Model::Noisier(Noisy::LastVariant, 3.0));
    for rounds in ROUNDS {
        let found = case.null_runs(study, rounds);
        let covered = if rounds >= 5 { Target::AtLeast(0.93) } else { Target::Nothing };
        let (wanted, met) = covered.judge(&found.covered);
        table.row(&[
            &rounds.to_string(),
            &percent(&found.covered),
            &wanted,
            met,
            &percent(&found.last_covered),
            &percent(&found.different),
            Target::AtMost(case.most_false()).judge(&found.different).1,
        ]);
    }
    table.text
}

fn directories(study: &Study) -> String {
    let mut table = Table::untitled(
        "Each target directory has a factor of its own, of standard deviation 0.7%, on a machine of which 20 earlier \
         twins are known and on a new one, where an offset is assumed; and two sessions, each with new directories.",
        &COLUMNS,
    );
    let known: fn(Setup) -> Setup = |setup| Setup { offset: OFFSET, history: History::Known, ..setup };
    let new: fn(Setup) -> Setup = |setup| Setup { offset: OFFSET, history: History::New, ..setup };
    let sessions: fn(Setup) -> Setup =
        |setup| Setup { offset: OFFSET, sessions: 2, history: History::Known, ..setup };
    for case in [
        Case { with: known, ..Case::of("`QUIET`, known", Model::Quiet) },
        Case { with: new, covered: Target::AtLeast(0.93), ..Case::of("`QUIET`, new", Model::Quiet) },
        Case { with: sessions, ..Case::of("`QUIET`, two sessions", Model::Quiet) },
        Case { with: known, ..Case::of("`REAL`, known", Model::Real) },
        Case { with: new, covered: Target::AtLeast(0.93), ..Case::of("`REAL`, new", Model::Real) },
        Case { with: sessions, ..Case::of("`REAL`, two sessions", Model::Real) },
    ] {
        case.rows(study, &mut table);
    }
    table.text
}
