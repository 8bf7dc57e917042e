//! Reason why a comparison ended, in words that say what happened.

use bench_runner_core::record::{Block, Plan, PlanOrigin, StopReason};
use bench_runner_measure::plan::blocks_take_turns;

use super::super::{format_duration, format_percent, pluralize};

/// The line that is printed when a block has ended after `rounds`. `delay` says by how much builds took longer than
/// estimated.
pub(super) fn describe_stop(
    plan: &Plan,
    block: &Block,
    reason: StopReason,
    rounds: u32,
    delay: Option<&str>,
) -> String {
    let after = |why: &str| match rounds {
        0 => format!("stopped before the first round: {why}"),
        _ => format!("stopped after {}: {why}", pluralize(rounds as usize, "round")),
    };
    match reason {
        StopReason::Precision => after(&match block.sampling.precision {
            Some(precision) => format!("intervals are within ±{}", format_percent(precision)),
            None => "intervals are narrow enough".to_owned(),
        }),
        StopReason::MaxRounds if rounds == 1 => "done: the only round".to_owned(),
        StopReason::MaxRounds => format!("done: all {rounds} rounds"),
        StopReason::Budget => {
            let delay = delay.map(|delay| format!(" ({delay})")).unwrap_or_default();
            after(&(time_is_up(plan, rounds) + &delay))
        }
        StopReason::NothingToCompare => after("nothing is left to compare with the baseline"),
        StopReason::Interrupted => match rounds {
            0 => "interrupted before the first round was complete".to_owned(),
            _ => format!("interrupted after {}", pluralize(rounds as usize, "round")),
        },
        StopReason::CommandFailed => after("a command of the project failed"),
    }
}

/// Reason why there is no time for a round after `rounds`.
fn time_is_up(plan: &Plan, rounds: u32) -> String {
    let Some(budget) = plan.time_budget.map(format_duration) else {
        return "the time budget is used up".to_owned();
    };
    if plan.blocks.len() > 1 && !blocks_take_turns(plan) {
        return format!("this comparison's share of the {budget} is used up");
    }
    match rounds {
        0 => {
            let is_search = plan.origin.as_ref().is_some_and(|origin| origin.by == PlanOrigin::SEARCH);
            let option = if is_search { "--budget" } else { "--time-budget" };
            format!("its warm-ups and first rounds do not fit into the {budget}; allow more with `{option}`")
        }
        _ => format!("another round does not fit into the {budget}"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bench_runner_core::compare::fixture;
    use bench_runner_core::record::Visits;

    use super::*;

    fn stop(plan: &Plan, reason: StopReason, rounds: u32) -> String {
        describe_stop(plan, &plan.blocks[0], reason, rounds, None)
    }

    #[test]
    fn a_stop_says_what_happened() {
        let plan = fixture::plan(vec![fixture::block("m", true, &["linker=mold"])]);
        assert_eq!(
            stop(&plan, StopReason::Precision, 8),
            "stopped after 8 rounds: intervals are within ±1.5%"
        );
        assert_eq!(stop(&plan, StopReason::MaxRounds, 30), "done: all 30 rounds");
        assert_eq!(stop(&plan, StopReason::MaxRounds, 1), "done: the only round");
        assert_eq!(stop(&plan, StopReason::Interrupted, 1), "interrupted after 1 round");
        assert_eq!(
            stop(&plan, StopReason::CommandFailed, 0),
            "stopped before the first round: a command of the project failed"
        );
    }

    #[test]
    fn a_used_up_budget_is_named_with_whose_it_was() {
        let block = |matrix: &str| fixture::block(matrix, true, &["linker=mold"]);
        let budget = Some(Duration::from_secs(390));
        let one = Plan { time_budget: budget, ..fixture::plan(vec![block("a")]) };
        assert_eq!(
            stop(&one, StopReason::Budget, 3),
            "stopped after 3 rounds: another round does not fit into the 6 min 30 s"
        );
        let mut two = Plan { time_budget: budget, ..fixture::plan(vec![block("a"), block("b")]) };
        let delayed = |plan: &Plan| {
            let delay = Some("builds took 2.0× as long as estimated");
            describe_stop(plan, &plan.blocks[0], StopReason::Budget, 3, delay)
        };
        assert_eq!(
            delayed(&two),
            "stopped after 3 rounds: this comparison's share of the 6 min 30 s is used up (builds took 2.0× as long as \
             estimated)"
        );
        for block in &mut two.blocks {
            block.visits = Some(Visits { until: vec![3, 5], keep: true });
        }
        assert_eq!(
            stop(&two, StopReason::Budget, 0),
            "stopped before the first round: its warm-ups and first rounds do not fit into the 6 min 30 s; allow more with \
             `--time-budget`"
        );
    }
}
