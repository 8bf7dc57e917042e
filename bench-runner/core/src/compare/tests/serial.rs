use super::fixture::*;
use crate::record::{Outcome, Role};

const ROUNDS: u32 = 22;

/// Seconds of an arm with correlated neighboring rounds.
fn seconds(round: u32, arm: usize) -> f64 {
    10.0 * (0.025 * (0.4 * f64::from(round) + 1.6 * arm as f64).sin()).exp()
}

#[test]
fn a_twin_that_is_not_judged_takes_no_round_from_the_test() {
    let plan = plan(vec![block("linkers", true, &["v", "w"])]);
    let mut samples = Samples::of(&plan);
    for round in 1..=ROUNDS {
        for arm in [0, 1, 2, 3] {
            // In every second round.
            let failed = arm == TWIN && round % 2 == 0;
            let outcome = if failed { Outcome::TimedOut } else { built(seconds(round, arm)) };
            samples.push(0, arm, round, 1, outcome);
        }
    }
    let alone = compare_with_ends(
        &plan,
        &samples.all,
        &[end(&plan.blocks[0], &[(Role::Twin, "linker=bfd", "given up")])],
    );
    assert_eq!(alone.blocks[0].twin, None);
    let without: Vec<_> = samples.all.iter().filter(|sample| sample.role != Role::Twin).cloned().collect();
    let without = compare_samples(&plan, &without);
    assert!(without.blocks[0].serial.is_some());
    assert_eq!(alone.blocks[0].serial, without.blocks[0].serial);
}
