//! Properties of the allocation for any blocks.

use proptest::prelude::*;

use super::*;

/// Blocks of any times, with estimates that are off by any factor up to ten.
fn any_blocks(wrong: bool) -> impl Strategy<Value = Vec<Truth>> {
    let factor = if wrong { -1.0..1.0f64 } else { 0.0..1e-9 };
    let block = (0.1..300.0f64, 0.1..100.0f64, factor, 1..40u32, 0..8u32, proptest::bool::weighted(0.8));
    let block = block.prop_map(|(warm_up, round, factor, max_rounds, rounds, is_known)| Truth {
        estimated: is_known.then_some((warm_up, round)),
        warm_up: warm_up * 10f64.powf(factor),
        round: round * 10f64.powf(factor),
        max_rounds,
        rounds: rounds.min(max_rounds),
    });
    proptest::collection::vec(block, 1..7)
}

proptest! {
    #[test]
    fn an_ended_block_is_never_visited(
        truths in any_blocks(true),
        ended in proptest::collection::vec(any::<bool>(), 7),
        opened in proptest::collection::vec(any::<bool>(), 7),
        current in proptest::option::of(0..7usize),
        left in 0.0..2000.0f64,
    ) {
        let turn = |(at, truth): (usize, &Truth)| BlockTurn {
            has_ended: ended[at],
            is_open: opened[at],
            warm_up: opened[at].then(|| seconds(truth.warm_up)),
            round_time: opened[at].then(|| seconds(truth.round)),
            ..truth.turn()
        };
        let turns: Vec<BlockTurn<'_>> = truths.iter().enumerate().map(turn).collect();
        let current = current.filter(|at| *at < turns.len());
        match next_visit(&turns, current, seconds(left)) {
            NextVisit::Visit { block, until, purpose: VisitPurpose::LearnTimes } => {
                prop_assert!(!turns[block].has_ended && turns[block].warm_up.is_none());
                prop_assert!(turns[block].estimated.is_none() && until == turns[block].rounds);
            }
            NextVisit::Visit { block, until, .. } => {
                prop_assert!(!turns[block].has_ended);
                prop_assert!(turns[block].rounds < until && until <= turns[block].max_rounds);
            }
            NextVisit::AllEnded => prop_assert!(turns.iter().all(|turn| !turn.is_unfinished())),
            NextVisit::BudgetUsed => prop_assert!(turns.iter().any(BlockTurn::is_unfinished)),
        }
    }

    /// With estimates that are right a run ends within its budget, but for the first warm-up; and it always
    /// ends.
    #[test]
    fn a_run_ends_within_its_budget(truths in any_blocks(false), budget in 0.0..3000.0f64) {
        let truths: Vec<Truth> =
            truths.into_iter().filter(|truth| truth.estimated.is_some()).collect();
        let mut machine = Machine::new(&truths);
        let outcomes = machine.run(budget);
        let spent: f64 = machine.steps.iter().map(|step| step.3.as_secs_f64()).sum();
        let first = machine.steps.first().map_or(0.0, |step| step.3.as_secs_f64());
        prop_assert!(spent <= budget.max(first) + 1e-6, "{} of {}", spent, budget);
        let reported: f64 = outcomes.iter().map(|outcome| outcome.spent.as_secs_f64()).sum();
        prop_assert!((spent - reported).abs() < 1e-6);
    }

    /// With estimates that are wrong it exceeds the budget by no more than its last step, which was begun
    /// within it.
    #[test]
    fn only_the_last_step_exceeds_the_budget(
        truths in any_blocks(true),
        budget in 0.0..3000.0f64,
        change in (0.0..3000.0f64, 0.2..5.0f64),
    ) {
        let mut machine = Machine::new(&truths);
        machine.change = (seconds(change.0), change.1);
        machine.run(budget);
        for (_, _, begun, _) in &machine.steps {
            prop_assert!(*begun < seconds(budget), "begun after {:?} of {}", begun, budget);
        }
        let mut warmed_up: Vec<usize> =
            machine.steps.iter().filter(|step| step.1).map(|step| step.0).collect();
        warmed_up.sort_unstable();
        prop_assert!(warmed_up.windows(2).all(|pair| pair[0] != pair[1]), "warmed up once each");
    }
}
