//! Differences of the size of the margin that are found.

use super::table::{Table, Target, percent};
use crate::study::{History, Model, Rounds, Setup, Study, power};

pub(super) fn found(study: &Study) -> String {
    let columns = ["what", "rounds", "p below α", "wanted", "met", "`slower`", "`equivalent`", "`invalid`"];
    let mut table = Table::new(
        "Differences that are found",
        "A variant that takes 3% longer, builds that scatter by 2%, and a fixed number of rounds: how often the \
         corrected p-value shows a difference (α is 0.05 for one comparison, 0.03 for 20), and the verdict. The \
         true ratio lies on the margin here, so `equivalent` may be wrong as often as its own level says, and \
         what it takes is missing from `slower`. In the family of 20 either one comparison differs or all do: \
         Holm's correction is the milder, the more there is to find.",
        &columns,
    );
    let mut row = |name: &str, rounds: u32, setup: Setup, target: Target| {
        let found = power(study, &setup);
        let (wanted, met) = target.judge(&found.shown);
        table.row(&[
            name,
            &rounds.to_string(),
            &percent(&found.shown),
            &wanted,
            met,
            &percent(&found.judged),
            &percent(&found.equivalent),
            &percent(&found.invalid),
        ]);
    };
    let alone = |model, rounds| Setup::alone(model, 1.03, Rounds::Fixed(rounds));
    row("one comparison", 12, alone(Model::Normal, 12), Target::AtLeast(0.94));
    let new = Setup { history: History::New, ..alone(Model::Normal, 12) };
    row("one comparison, new machine", 12, new, Target::Nothing);
    row("one comparison, outliers", 12, alone(Model::Outliers, 12), Target::Nothing);
    row("one comparison, outliers", 30, alone(Model::Outliers, 30), Target::AtLeast(0.85));
    for rounds in [12, 16, 22] {
        let mut one = Setup::with_twenty_comparisons(Model::Normal, 1.0, Rounds::Fixed(rounds));
        one.blocks[0][0] = 1.03;
        let target = if rounds == 22 { Target::AtLeast(0.94) } else { Target::Nothing };
        row("family of 20, one differs", rounds, one, target);
    }
    for rounds in [12, 16, 22] {
        let all = Setup::with_twenty_comparisons(Model::Normal, 1.03, Rounds::Fixed(rounds));
        row("family of 20, all differ", rounds, all, Target::Nothing);
    }
    table.text
}
