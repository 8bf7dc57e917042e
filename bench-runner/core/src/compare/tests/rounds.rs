//! Which rounds count.

use super::fixture::*;
use crate::compare::Verdict;
use crate::record::{Outcome, Role, Sample};

#[test]
fn only_whole_rounds_at_their_last_attempt_count() {
    let plan = plan(vec![block("linkers", true, &["v"])]);
    let mut samples = Samples::of(&plan);
    samples.noisy(0, 8, 8, |_| 1.0);
    // Round 3 was disturbed for the variant and is repeated; round 9 is cut.
    for sample in samples.all.iter_mut().filter(|sample| sample.round == 3 && sample.role == Role::Variant) {
        sample.outcome = built(50.0);
    }
    for arm in 0..3 {
        samples.push(0, arm, 3, 2, built(10.0));
    }
    samples.push(0, BASELINE, 9, 1, built(10.0));
    samples.push(0, TWIN, 9, 1, built(10.0));
    let found = compare_samples(&plan, &samples.all);
    let variant = &found.blocks[0].arms[2];
    assert_eq!((found.blocks[0].rounds, variant.points.len(), variant.ratio.unwrap().rounds), (8, 8, 8));
    assert!(variant.points.iter().all(|point| point.wall < 11.0));
    // Points are in the order of building: the new attempt at round 3 comes last.
    assert!(variant.points.windows(2).all(|pair| pair[0].order < pair[1].order));
    assert_eq!(variant.points.last().map(|point| (point.round, point.order)), Some((3, 26)));
    assert!(notes_say(&found, "1 round is incomplete"));
    assert!(notes_say(&found, "1 round was repeated"));
    assert!(notes_say(&found, "With the first attempts instead, the ratio of `v`"));
    // An attempt that was cut leaves the round without a result.
    samples.push(0, BASELINE, 4, 2, built(10.0));
    assert_eq!(compare_samples(&plan, &samples.all).blocks[0].rounds, 7);
}

#[test]
fn rounds_are_numbered_on_through_sessions_and_a_cut_one_is_taken_again_in_the_next() {
    let plan = plan(vec![block("linkers", true, &["v"])]);
    let mut samples = Samples::of(&plan);
    samples.noisy(0, 8, 9, |_| 1.0);
    // The first session was cut in round 4, before its last build; the second repeated that round.
    samples.all.remove(11);
    for (number, sample) in samples.all.iter_mut().enumerate() {
        sample.number = number as u32 + 1;
        sample.session = if number < 11 { 1 } else { 2 };
    }
    for arm in 0..3 {
        let again = samples.push(0, arm, 4, 2, built(10.0 + f64::from(arm as u32) / 100.0));
        again.session = 2;
    }
    let found = compare_samples(&plan, &samples.all);
    assert_eq!((found.blocks[0].rounds, found.blocks[0].arms[2].ratio.unwrap().rounds), (8, 8));
}

#[test]
fn an_arm_that_was_given_up_does_not_cut_the_rounds_after_it() {
    let plan = plan(vec![block("linkers", true, &["v", "w"])]);
    let mut samples = Samples::of(&plan);
    samples.noisy(0, 8, 9, |_| 1.0);
    for sample in samples.all.iter_mut().filter(|sample| sample.variant == "w" && sample.round >= 2) {
        sample.outcome = Outcome::Failed { exit_code: Some(1) };
    }
    samples.all.retain(|sample| sample.variant != "w" || sample.round <= 3);
    let found = compare_samples(&plan, &samples.all);
    let [.., v, w] = found.blocks[0].arms.as_slice() else { panic!("{:?}", found.blocks[0].arms) };
    assert_eq!((found.blocks[0].rounds, v.ratio.unwrap().rounds), (8, 8));
    assert_eq!((w.points.len(), w.failures, w.ratio), (1, 2, None));
}

/// A run whose twin fails in some rounds, and is not built after round `last`.
fn failing_twin(plan: &crate::record::Plan, rounds: u32, failing: &[u32], last: u32) -> Vec<Sample> {
    let mut samples = Samples::of(plan);
    samples.noisy(0, rounds, 9, |arm| if arm == 2 { 0.9 } else { 1.0 });
    let is_twin = |sample: &Sample| sample.role == Role::Twin;
    for sample in samples.all.iter_mut().filter(|s| is_twin(s) && failing.contains(&s.round)) {
        sample.outcome = Outcome::Failed { exit_code: Some(1) };
    }
    samples.all.retain(|sample| !is_twin(sample) || sample.round <= last);
    samples.all
}

#[test]
fn a_twin_that_was_given_up_does_not_cost_the_rounds_after_it() {
    let with = plan(vec![block("linkers", true, &["v"])]);
    let samples = failing_twin(&with, 12, &[3, 4], 4);
    let reason = "the build failed with exit code 1, 2 times in a row";
    let found =
        compare_with_ends(&with, &samples, &[end(&with.blocks[0], &[(Role::Twin, "linker=bfd", reason)])]);
    let ratio = found.blocks[0].arms[2].ratio.unwrap();
    assert_eq!((found.blocks[0].rounds, ratio.rounds, ratio.verdict), (12, 12, Verdict::Faster));
    assert_eq!(found.blocks[0].twin, None);
    assert!(notes_say(
        &found,
        &format!("Building the control was given up ({reason}), so the comparison is")
    ));
    assert_eq!(found.blocks[0].arms[TWIN].not_timed, None);
    // The result is that of a plan without a twin for the same builds.
    let without = plan(vec![block("linkers", false, &["v"])]);
    assert_eq!(compare_samples(&without, &samples).blocks[0].arms[1].ratio, Some(ratio));
    // Before the block has ended, the rounds without the twin show that it was given up.
    let unfinished = compare_samples(&with, &samples);
    assert_eq!(unfinished.blocks[0].arms[2].ratio, Some(ratio));
    assert!(notes_say(&unfinished, "Building the control was given up (its builds failed)"));
}

#[test]
fn a_single_failed_build_of_the_twin_costs_its_round_only() {
    let plan = plan(vec![block("linkers", true, &["v"])]);
    let samples = failing_twin(&plan, 12, &[3], 12);
    let found = compare_with_ends(&plan, &samples, &[end(&plan.blocks[0], &[])]);
    let (ratio, twin) = (found.blocks[0].arms[2].ratio.unwrap(), found.blocks[0].twin.unwrap());
    assert_eq!((found.blocks[0].rounds, ratio.rounds, twin.rounds), (12, 11, 11));
    assert!(!notes_say(&found, "given up"));
}
