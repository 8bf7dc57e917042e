//! Tests that the stopping rule during a run agrees with the report on the same samples.

use bench_runner_core::compare::fixture::*;
use bench_runner_core::record::{Block, Outcome, Role, StopReason};
use bench_runner_measure::sampling::{BlockProgress, Next, next};

const ROUNDS: u32 = 22;

/// The round in which the last variant fails for the first time; after the second time it is dropped.
const FAILS: u32 = 10;

/// Seconds of an arm whose neighboring rounds are similar.
fn seconds(round: u32, arm: usize) -> f64 {
    10.0 * (0.025 * (0.4 * f64::from(round) + 1.6 * arm as f64).sin()).exp()
}

/// Wall seconds as the stopping rule gets them.
fn table() -> Vec<Vec<Option<f64>>> {
    let of_arm = |round: u32, arm: usize| (arm < 4 || round < FAILS).then(|| seconds(round, arm));
    (1..=ROUNDS).map(|round| (0..5).map(|arm| of_arm(round, arm)).collect()).collect()
}

/// The result of the look after the last round with this precision on the log scale.
fn look(block: &Block, precision: f64) -> Next {
    let sampling =
        bench_runner_core::record::Sampling { precision: Some(precision.exp_m1()), ..block.sampling.clone() };
    let roles: Vec<Role> = block.arms.iter().map(|arm| arm.role).collect();
    let (sampling, rounds) = (&sampling, &table());
    next(&BlockProgress { sampling, roles: &roles, rounds, remaining: None, round_time: None })
}

#[test]
fn a_variant_that_was_given_up_does_not_switch_the_test_off_and_the_look_agrees_with_the_report() {
    let plan = plan(vec![block("linkers", true, &["v", "w", "x"])]);
    let mut samples = Samples::of(&plan);
    for round in 1..=ROUNDS {
        let arms = if round <= FAILS + 1 { 5 } else { 4 };
        for arm in 0..arms {
            let failed = arm == 4 && round >= FAILS;
            let outcome = if failed { Outcome::TimedOut } else { built(seconds(round, arm)) };
            samples.push(0, arm, round, 1, outcome);
        }
    }
    let found = compare_samples(&plan, &samples.all);
    let block = &found.blocks[0];
    assert_eq!(block.rounds, ROUNDS);
    assert!(block.serial.is_some() && notes_say(&found, "Neighboring rounds resemble each other"));

    let variants = block.arms.iter().filter_map(|arm| arm.ratio);
    let half_widths = variants.map(|ratio| 0.5 * (ratio.high / ratio.low).ln());
    let twin = block.twin.unwrap().half_width.ln_1p() / (4.0f64 / 3.0).sqrt();
    let widest = half_widths.fold(twin, f64::max);
    let planned = &plan.blocks[0];
    assert_eq!(look(planned, 1.0001 * widest), Next::Stop(StopReason::Precision));
    assert_eq!(look(planned, 0.9999 * widest), Next::Round);
}
