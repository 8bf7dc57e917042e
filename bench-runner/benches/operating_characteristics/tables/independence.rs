//! Effects that rounds do not average out: offsets of directories, serial correlation, carry-over.

use super::table::{Table, Target, bias, percent};
use crate::study::{
    Coverage, History, Model, Noisy, Rounds, Setup, Share, Study, carry_over, coverage, detection, offsets,
    order,
};

pub(super) fn without_independence(study: &Study) -> String {
    let mut table = Table::new(
        "What rounds do not average out",
        "The same blocks. Directories: each target directory has a factor of its own, of standard deviation 0.5% \
         where nothing else is said. Nothing is known of the machine: with 20 blocks per run their twins calibrate \
         the intervals, with one block an offset is assumed. Serial correlation: AR(1) with ρ = 0.6 over the \
         rounds of each arm, 30 fixed rounds; no interval can be right then, and the standard errors that are \
         widened where it is found help in part.",
        &["what", "share", "wanted", "met"],
    );
    let mut row = |name: &str, share: &Share, target: Target| {
        let (wanted, met) = target.judge(share);
        table.row(&[name, &percent(share), &wanted, met]);
    };
    let directories = offsets(study);
    row("directories, 1 block per run: covered", &directories.alone.covered, Target::AtLeast(0.93));
    row("directories, 20 blocks per run: covered", &directories.calibrated.covered, Target::COVERED);
    let larger = Setup {
        rounds: Rounds::Fixed(12),
        offset: 0.01,
        history: History::New,
        ..Setup::with_four_arms(Model::Noisier(Noisy::All, 2.0))
    };
    let larger_covered = coverage(study, &larger).covered;
    row(
        "directories of 1%, noise 4%, 12 rounds, 1 block per run: covered",
        &larger_covered,
        Target::AtLeast(0.93),
    );
    let Coverage { covered, alarms, .. } = detection(study);
    row("serial correlation: found", &alarms, Target::AtLeast(0.95));
    row("serial correlation: covered", &covered, Target::Nothing);

    let mut biases = Table::untitled(
        "Carry-over: what is built right after the second variant, in the same round, takes 1% longer. As it never \
         follows itself, the others follow it in a quarter of the rounds and it looks faster than it is.",
        &["variant", "bias", "covered"],
    );
    for (name, (error, covered)) in ["the first", "the second"].iter().zip(carry_over(study)) {
        biases.row(&[name, &bias(&error), &percent(&covered)]);
    }
    let mut order_told = Table::untitled(
        "Reports on the order in such blocks: the bound is no less than the 0.25% that carry-over did, and \
         predecessors are found to matter at the level at which the text names one.",
        &["model", "bounded", "named"],
    );
    for (name, model, bias) in [("carry-over", Model::CarryOver, 0.0025), ("normal", Model::Normal, 0.0)] {
        let told = order(study, model, bias);
        order_told.row(&[name, &percent(&told.bounded), &percent(&told.found)]);
    }
    table.text + &biases.text + &order_told.text
}
