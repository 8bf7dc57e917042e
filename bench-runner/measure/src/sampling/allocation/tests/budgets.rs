//! Whole runs: small budgets, wrong estimates, slow machines, resumed runs.

use super::*;

#[test]
fn a_budget_smaller_than_a_warm_up_ends_after_it() {
    let truths = [Truth::new(100.0, 50.0, 1.0), Truth::new(60.0, 20.0, 1.0)];
    let mut machine = Machine::new(&truths);
    assert_eq!(machine.run(30.0).map_rounds(), [0, 0]);
    assert_eq!(machine.steps.len(), 1, "the warm-up of the cheapest block");
    assert_eq!(machine.steps[0].0, 1);
    assert_eq!(rounds(&truths, 0.0), [0, 0]);
}

#[test]
fn a_block_that_never_fits_leaves_its_time_to_the_others() {
    let truths = [Truth::new(10.0, 2.0, 1.0), Truth::new(500.0, 400.0, 1.0), Truth::new(10.0, 3.0, 1.0)];
    let found = rounds(&truths, 130.0);
    assert_eq!(found[1], 0);
    assert!(found[0] > 15 && found[2] > 12, "{found:?}");
}

#[test]
fn estimates_that_are_wrong_by_a_factor_of_ten_cost_few_rounds() {
    let blocks = |factor: f64| {
        [(20.0, 20.0), (25.0, 3.0), (12.0, 12.0), (40.0, 8.0)]
            .map(|(warm_up, round)| Truth::new(warm_up * 10.0 / factor, round * 10.0 / factor, factor))
    };
    // The true times are the same.
    let right = rounds(&blocks(1.0), 3200.0);
    assert!(right.iter().all(|&rounds| rounds >= 5), "{right:?}");
    for factor in [0.1, 10.0] {
        let found = rounds(&blocks(factor), 3200.0);
        assert!(found.iter().all(|&rounds| rounds >= 5), "{factor}: {found:?} for {right:?}");
    }
    // With a budget that is short, blocks that do not fit are not begun once a warm-up has shown it.
    let mut machine = Machine::new(&[]);
    let truths = blocks(10.0);
    machine.blocks = &truths;
    let short = machine.run(800.0).map_rounds();
    assert!(short.iter().filter(|&&rounds| rounds >= 3).count() >= 1, "{short:?}");
}

/// One block is far more expensive than estimated, and the others are as estimated.
#[test]
fn a_wrong_estimate_of_one_block_leaves_the_others_their_rounds() {
    for factor in [0.1, 10.0] {
        let wrong = Truth { warm_up: 10.0 * factor, round: 5.0 * factor, ..Truth::new(10.0, 5.0, 1.0) };
        let truths = [Truth::new(10.0, 4.0, 1.0), wrong, Truth::new(10.0, 6.0, 1.0)];
        let found = rounds(&truths, 400.0);
        assert!(found[0] >= 3 && found[1] >= 3, "{factor}: {found:?}");
    }
}

#[test]
fn a_machine_that_slows_down_in_the_middle_stays_within_the_budget() {
    let truths = [Truth::new(10.0, 10.0, 1.0), Truth::new(20.0, 2.0, 1.0), Truth::new(10.0, 5.0, 1.0)];
    for from in [0.0, 40.0, 100.0, 200.0] {
        let mut machine = Machine::new(&truths);
        machine.change = (seconds(from), 3.0);
        let outcomes = machine.run(300.0);
        assert!(outcomes.iter().all(|outcome| outcome.rounds >= 3), "from {from}: {outcomes:?}");
        let spent: Duration = outcomes.iter().map(|outcome| outcome.spent).sum();
        // A round that was expected to be as fast as those before may take longer than what is left.
        assert!(spent <= seconds(300.0 + 30.0), "from {from}: {spent:?}");
    }
}

#[test]
fn a_resumed_run_counts_earlier_rounds_and_warms_up_again() {
    let resumed = |rounds: u32| Truth { rounds, ..Truth::new(10.0, 2.0, 1.0) };
    // The one that lacks rounds of the first pass comes first, with its warm-up and these rounds.
    let turns = [resumed(3).turn(), resumed(1).turn()];
    assert_eq!(next_visit(&turns, None, PLENTY), first_rounds(1, 3));
    assert_eq!(next_visit(&turns, None, seconds(14.0)), first_rounds(1, 3));
    // W + R of the one that has three rounds.
    assert_eq!(next_visit(&turns, None, seconds(13.0)), first_rounds(0, 5));
    assert_eq!(next_visit(&turns, None, seconds(11.0)), NextVisit::BudgetUsed);
    // The budget is used up, also if no block has a round yet.
    for rounds in [0, 1, 4, 12] {
        let turns = [resumed(rounds).turn(), resumed(rounds).turn()];
        assert_eq!(next_visit(&turns, None, Duration::ZERO), NextVisit::BudgetUsed);
    }
}

#[test]
fn only_the_first_block_of_a_run_is_begun_without_fitting() {
    let turn = Truth::new(60.0, 10.0, 1.0).turn();
    let begun = BlockTurn { run_has_begun: true, ..turn };
    assert_eq!(next_visit(&[turn, turn], None, seconds(1.0)), first_rounds(0, 3));
    assert_eq!(next_visit(&[begun, begun], None, seconds(1.0)), NextVisit::BudgetUsed, "a resumed run");
    // The first one ended before its warm-up was done, such as by a command that failed.
    let ended = BlockTurn { has_ended: true, ..turn };
    assert_eq!(next_visit(&[ended, turn], Some(0), seconds(1.0)), NextVisit::BudgetUsed);
}
