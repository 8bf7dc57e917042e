use super::fixture::*;
use crate::compare::{NoOrderEffects, OrderEffects};
use crate::record::Outcome;
use crate::stats::noise::Noise;

/// A block of baseline, twin and two variants in which the first build of each round takes 5% longer. The
/// arms rotate through the positions.
fn compare_with_slow_starts(rounds: u32) -> crate::compare::Comparison {
    let plan = plan(vec![block("linkers", true, &["v", "w"])]);
    let mut samples = Samples::of(&plan);
    let mut noise = Noise::new(3);
    let rows = [[0, 1, 3, 2], [1, 2, 0, 3], [2, 3, 1, 0], [3, 0, 2, 1]];
    for round in 1..=rounds {
        for (place, &arm) in rows[round as usize % 4].iter().enumerate() {
            let first = if place == 0 { 1.05 } else { 1.0 };
            let seconds = 10.0 * first * noise.build(0.002, 0.0).exp();
            samples.push(0, arm, round, 1, built(seconds)).position = place as u32 + 1;
        }
    }
    compare_samples(&plan, &samples.all)
}

#[test]
fn what_the_first_build_costs_is_told_and_bounded() {
    let found = compare_with_slow_starts(12);
    let order: &OrderEffects = found.blocks[0].order.as_ref().unwrap();
    let (low, high) = order.first.interval();
    assert!(low < 0.05 && 0.05 < high && high - low < 0.02, "{order:?}");
    assert_eq!((order.rounds, order.moved.len()), (12, 2));
    assert!(order.bound().is_some_and(|bound| bound < 0.01), "{order:?}");
}

#[test]
fn few_rounds_say_nothing_of_the_order() {
    assert_eq!(compare_with_slow_starts(5).blocks[0].order, Err(NoOrderEffects::FewRounds(5)));
}

#[test]
fn a_block_of_baseline_and_twin_has_no_ratio_to_bound() {
    let plan = plan(vec![block("linkers", true, &[])]);
    let mut samples = Samples::of(&plan);
    for round in 1..=8u32 {
        for place in 0..2 {
            let arm = ((place + round) % 2) as usize;
            let seconds = 1.0 + 0.01 * f64::from(round * (place + 3) % 5);
            samples.push(0, arm, round, 1, built(seconds)).position = place + 1;
        }
    }
    let found = compare_samples(&plan, &samples.all);
    let order = found.blocks[0].order.as_ref().unwrap();
    assert_eq!((order.predecessors, order.bound(), order.moved.len()), (None, None, 0));
}

#[test]
fn a_variant_that_never_builds_does_not_take_the_others_along() {
    let plan = plan(vec![block("linkers", true, &["v", "w"])]);
    let mut samples = Samples::of(&plan);
    let mut noise = Noise::new(5);
    for round in 1..=14u32 {
        let arms = if round <= 2 { 4 } else { 3 };
        let mut order: Vec<usize> = (0..arms).collect();
        order.rotate_left(round as usize % arms);
        if round % 2 == 0 {
            order.reverse();
        }
        for (place, &arm) in order.iter().enumerate() {
            let outcome = if arm == 3 { Outcome::TimedOut } else { built(noise.build(0.01, 0.0).exp()) };
            samples.push(0, arm, round, 1, outcome).position = place as u32 + 1;
        }
    }
    let found = compare_samples(&plan, &samples.all);
    assert_eq!(found.blocks[0].order.as_ref().map(|order| order.rounds), Ok(12));
}

/// The orders of the fixture must allow estimating order effects in the property tests of this module.
#[test]
fn the_rounds_of_the_fixture_tell_the_effects_apart() {
    for variants in [&["v"][..], &["v", "w", "x"]] {
        let plan = plan(vec![block("linkers", true, variants)]);
        let mut samples = Samples::of(&plan);
        samples.noisy(0, 12, 1, |_| 1.0);
        assert!(compare_samples(&plan, &samples.all).blocks[0].order.is_ok());
    }
}
