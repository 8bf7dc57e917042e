use std::time::Duration;

use proptest::prelude::*;

use super::fixture::*;
use crate::compare::{Policy, RequestedBaseline, RunRecord, Verdict, compare};
use crate::record::{Cost, Outcome, Proof, ProofResult, Role, Sample};

#[test]
fn no_samples_no_blocks_no_arms() {
    let empty = plan(Vec::new());
    assert_eq!(compare_samples(&empty, &[]).planned, 0);
    let mut bare = block("linkers", true, &[]);
    bare.arms.clear();
    assert_eq!(compare_samples(&plan(vec![bare]), &[]).blocks[0].arms, Vec::new());
    let unbuilt = plan(vec![block("linkers", true, &["v"])]);
    let found = compare_samples(&unbuilt, &[]);
    assert!(found.blocks[0].arms.iter().all(|arm| arm.not_timed.as_deref() == Some("no round was built")));
    assert!(notes_say(
        &found,
        "This comparison has 0 complete rounds; a ratio needs at least 3, and a verdict"
    ));
}

#[test]
fn a_wall_time_of_zero_enters_no_ratio_and_is_said() {
    let plan = plan(vec![block("linkers", true, &["v", "w"])]);
    let mut samples = Samples::of(&plan);
    samples.noisy(0, 8, 1, |_| 1.0);
    for sample in samples.all.iter_mut().filter(|sample| sample.variant == "v" && sample.round != 2) {
        sample.outcome = built(0.0);
    }
    let found = compare_samples(&plan, &samples.all);
    assert_eq!(found.blocks[0].arms[2].ratio, None);
    assert!(found.blocks[0].arms[3].ratio.is_some_and(|ratio| ratio.rounds == 8));
    assert!(notes_say(
        &found,
        "7 builds of `v` were recorded with a wall time of 0; no ratio contains them."
    ));
    // Builds of the baseline: without them, the rounds do not count for any arm.
    for sample in samples.all.iter_mut().filter(|sample| sample.role == Role::Baseline && sample.round == 1) {
        sample.outcome = built(0.0);
    }
    let found = compare_samples(&plan, &samples.all);
    assert!(found.blocks[0].arms[3].ratio.is_some_and(|ratio| ratio.rounds == 7));
    assert!(notes_say(&found, "1 build of the baseline was recorded with a wall time of 0;"));
}

#[test]
fn one_hundred_variants_each_have_their_verdict() {
    let names: Vec<String> = (0..100).map(|n| format!("v{n}")).collect();
    let plan = plan(vec![block("linkers", true, &names.iter().map(String::as_str).collect::<Vec<_>>())]);
    let mut samples = Samples::of(&plan);
    samples.noisy(0, 12, 3, |arm| if arm == 50 { 1.1 } else { 1.0 });
    let found = compare_samples(&plan, &samples.all);
    let verdicts: Vec<Verdict> =
        found.blocks[0].arms.iter().filter_map(|arm| Some(arm.ratio?.verdict)).collect();
    assert_eq!((found.planned, verdicts.len()), (100, 100));
    assert_eq!(verdicts[48], Verdict::Slower);
    assert_eq!(verdicts.iter().filter(|v| matches!(v, Verdict::Slower | Verdict::Faster)).count(), 1);
}

#[test]
fn one_round_gives_points_and_no_ratio() {
    let plan = plan(vec![block("linkers", true, &["v"])]);
    let mut samples = Samples::of(&plan);
    samples.noisy(0, 1, 1, |_| 1.0);
    let found = compare_samples(&plan, &samples.all);
    let block = &found.blocks[0];
    assert!(
        block.arms.iter().all(|arm| arm.points.len() == 1 && arm.ratio.is_none() && arm.wall().is_some())
    );
    assert_eq!(block.twin, None);
    assert!(notes_say(
        &found,
        "This comparison has 1 complete round; a ratio needs at least 3, and a verdict on a difference of 3.0% needs \
         about 71 rounds if build times vary by 5.0%, which is assumed."
    ));
}

#[test]
fn equal_times_are_equivalent() {
    let plan = plan(vec![block("linkers", true, &["v", "w"])]);
    let mut samples = Samples::of(&plan);
    (1..=6).for_each(|round| samples.round(0, round, |_| built(1.0)));
    let found = compare_samples(&plan, &samples.all);
    for arm in [2, 3] {
        let ratio = found.blocks[0].arms[arm].ratio.unwrap();
        assert_eq!((ratio.ratio, ratio.p, ratio.verdict), (1.0, 1.0, Verdict::Equivalent));
    }
    assert_eq!(found.blocks[0].twin.map(|twin| (twin.half_width, twin.p)), Some((0.0, 1.0)));
    assert_eq!(found.blocks[0].noise_floor, Some(0.0));
}

#[test]
fn one_outlier_among_equal_times_is_noise_of_the_whole_block() {
    let plan = plan(vec![block("linkers", true, &["v", "w"])]);
    let mut samples = Samples::of(&plan);
    for round in 1..=6 {
        // The log-ratios of `w` have a MAD of 0.
        samples.round(0, round, |arm| built(if arm == 3 && round == 2 { 2.0 } else { 1.0 }));
    }
    let found = compare_samples(&plan, &samples.all);
    let ratio = |arm: usize| found.blocks[0].arms[arm].ratio.unwrap();
    assert_eq!((ratio(2).ratio, ratio(2).p, ratio(2).verdict), (1.0, 1.0, Verdict::Undecided));
    assert_eq!(ratio(3).verdict, Verdict::Undecided);
    assert!(ratio(2).high < ratio(3).high && ratio(2).high > 1.03, "{:?}", ratio(2));
    assert!(found.blocks[0].arms[3].points.iter().all(|point| !point.outlier));
}

#[test]
fn a_variant_that_never_builds_has_failures_and_no_ratio() {
    let plan = plan(vec![block("linkers", true, &["v"])]);
    let mut samples = Samples::of(&plan);
    for round in 1..=6 {
        let failed = Outcome::Failed { exit_code: None };
        samples.round(0, round, |arm| if arm == 2 { failed.clone() } else { built(1.0) });
    }
    let found = compare_samples(&plan, &samples.all);
    let variant = &found.blocks[0].arms[2];
    assert_eq!(
        (variant.failures, variant.ratio, variant.wall(), variant.not_timed.as_ref()),
        (6, None, None, None)
    );
    assert!(notes_say(&found, "For `v` 0 rounds count; a ratio needs at least 3."));
}

/// The differences of an invalid block are certain and meaningless.
#[test]
fn an_invalid_block_makes_the_correction_of_no_other_milder() {
    let plan = plan(vec![block("broken", true, &["a", "b", "c"]), block("sound", true, &["v"])]);
    let mut samples = Samples::of(&plan);
    samples.noisy(0, 12, 1, |arm| [1.0, 1.2, 1.5, 1.5, 1.5][arm]);
    samples.noisy(1, 12, 2, |arm| if arm == 2 { 1.01 } else { 1.0 });
    let found = compare_samples(&plan, &samples.all);
    let broken: Vec<_> = found.blocks[0].arms.iter().filter_map(|arm| arm.ratio).collect();
    assert!(broken.iter().all(|ratio| ratio.verdict == Verdict::Invalid && ratio.p < 1e-6), "{broken:?}");
    assert!(
        broken.iter().all(|ratio| (ratio.p_adjusted, ratio.p_equivalence_adjusted) == (1.0, 1.0)),
        "{broken:?}"
    );
    let sound = found.blocks[1].arms[2].ratio.unwrap();
    assert!(sound.p > broken[0].p && sound.p < 0.25, "{sound:?}");
    let times = |corrected: f64, p: f64| assert!((corrected / p - 4.0).abs() < 1e-9, "{sound:?}");
    times(sound.p_adjusted, sound.p);
    times(sound.p_equivalence_adjusted, sound.p_equivalence);
}

#[test]
fn nothing_at_all_builds() {
    let plan = plan(vec![block("linkers", true, &["v"])]);
    let mut samples = Samples::of(&plan);
    for round in 1..=6 {
        samples.round(0, round, |arm| if arm == 0 { Outcome::NotStarted } else { Outcome::TimedOut });
    }
    let found = compare_samples(&plan, &samples.all);
    assert_eq!((found.blocks[0].rounds, found.blocks[0].twin), (6, None));
    assert!(found.blocks[0].arms.iter().all(|arm| arm.failures == 6 && arm.ratio.is_none()));
    assert!(notes_say(&found, "Fewer than 3 rounds have both the baseline and its control"));
}

#[test]
fn arms_dropped_after_their_warm_up_say_why() {
    let plan = plan(vec![block("linkers", true, &["code", "signal", "late", "never", "lld", "ok"])]);
    let mut samples = Samples::of(&plan);
    let warm_up = [
        built(1.0),
        built(1.0),
        Outcome::Failed { exit_code: Some(101) },
        Outcome::Failed { exit_code: None },
        Outcome::TimedOut,
        Outcome::NotStarted,
        built(1.0),
        built(1.0),
    ];
    for (arm, outcome) in warm_up.into_iter().enumerate() {
        samples.push(0, arm, 0, 1, outcome);
    }
    for round in 1..=6 {
        for arm in [BASELINE, TWIN, 7] {
            samples.push(0, arm, round, 1, built(1.0 + 0.001 * f64::from(round % 3)));
        }
    }
    let proofs =
        [proof(&plan.blocks[0], "lld", ProofResult::Fails), proof(&plan.blocks[0], "ok", ProofResult::Holds)];
    let found =
        compare(&RunRecord { proofs: &proofs, ..RunRecord::of(&plan, &samples.all) }, &Policy::default());
    assert_sound(&found);
    let why: Vec<_> = found.blocks[0].arms.iter().map(|arm| arm.not_timed.as_deref()).collect();
    assert_eq!(
        why,
        [
            None,
            None,
            Some("the warm-up build failed with exit code 101"),
            Some("the warm-up build was ended by a signal"),
            Some("the warm-up build took longer than the limit of 10m"),
            Some("the warm-up build could not be started"),
            Some("not in force: `linker` should show mold, found LLD 22.1.2"),
            None,
        ]
    );
    // Six were planned, one has a p-value: the other five still count.
    let ratio = found.blocks[0].arms[7].ratio.unwrap();
    assert_eq!((found.planned, ratio.rounds, found.blocks[0].proofs.len()), (6, 6, 2));
}

#[test]
fn what_was_written_down_while_measuring_comes_before_any_guess() {
    let plan = plan(vec![block("linkers", true, &["v", "lld", "signal"])]);
    let mut samples = Samples::of(&plan);
    for arm in 0..5 {
        samples.push(0, arm, 0, 1, if arm == 4 { Outcome::TimedOut } else { built(1.0) });
    }
    for round in 1..=6 {
        for arm in [BASELINE, TWIN] {
            samples.push(0, arm, round, 1, built(1.0));
        }
    }
    let v = "what it built does not work: exit code 1\nit said so";
    let lld = "not in force: linker should show mold, found LLD 22.1.2";
    let ends = [end(&plan.blocks[0], &[(Role::Variant, "v", v), (Role::Variant, "lld", lld)])];
    let proofs = [proof(&plan.blocks[0], "lld", ProofResult::Fails)];
    let found = compare(
        &RunRecord { proofs: &proofs, ends: &ends, ..RunRecord::of(&plan, &samples.all) },
        &Policy::default(),
    );
    let why: Vec<_> = found.blocks[0].arms.iter().map(|arm| arm.not_timed.as_deref()).collect();
    assert_eq!(
        why,
        [
            None,
            None,
            Some("what it built does not work: exit code 1 it said so"),
            Some(lld),
            Some("the warm-up build took longer than the limit of 10m"),
        ]
    );
    assert!(!notes_say(&found, "given up"));
}

#[test]
fn a_proof_that_fails_for_the_twin_alone_leaves_the_baseline_in_place() {
    let plan = plan(vec![block("linkers", true, &["v"])]);
    let mut samples = Samples::of(&plan);
    samples.noisy(0, 8, 1, |_| 1.0);
    let of = |role| Proof { role, ..proof(&plan.blocks[0], "linker=bfd", ProofResult::Fails) };
    let found = compare(
        &RunRecord { proofs: &[of(Role::Twin)], ..RunRecord::of(&plan, &samples.all) },
        &Policy::default(),
    );
    let not_timed = |found: &crate::compare::Comparison| {
        found.blocks[0].arms.iter().map(|arm| arm.not_timed.is_some()).collect::<Vec<_>>()
    };
    assert_eq!(not_timed(&found), [false, true, false]);
    assert_eq!((found.blocks[0].twin, found.blocks[0].arms[2].ratio.map(|r| r.rounds)), (None, Some(8)));
    assert!(notes_say(&found, "The control was not timed (not in force: `linker` should show mold"));
    let found = compare(
        &RunRecord { proofs: &[of(Role::Baseline)], ..RunRecord::of(&plan, &samples.all) },
        &Policy::default(),
    );
    assert_eq!(not_timed(&found), [true, false, false]);
    assert!(found.blocks[0].arms[2].ratio.is_none());
}

#[test]
fn a_variant_whose_proof_fails_has_no_ratio_even_if_it_was_timed() {
    let plan = plan(vec![block("linkers", true, &["v"])]);
    let mut samples = Samples::of(&plan);
    samples.noisy(0, 6, 1, |_| 1.0);
    let proofs = [proof(&plan.blocks[0], "v", ProofResult::Fails)];
    let found =
        compare(&RunRecord { proofs: &proofs, ..RunRecord::of(&plan, &samples.all) }, &Policy::default());
    let variant = &found.blocks[0].arms[2];
    assert!(variant.ratio.is_none() && variant.not_timed.is_some());
}

#[test]
fn without_a_timed_baseline_there_is_nothing_to_compare_with() {
    let plan = plan(vec![block("linkers", true, &["v"])]);
    let mut samples = Samples::of(&plan);
    samples.push(0, BASELINE, 0, 1, Outcome::TimedOut);
    for round in 1..=6 {
        samples.push(0, 2, round, 1, built(1.0));
    }
    let found = compare_samples(&plan, &samples.all);
    assert!(found.blocks[0].arms.iter().all(|arm| arm.ratio.is_none()));
    assert!(notes_say(&found, "The baseline was not timed"));
}

#[test]
fn a_twin_that_was_not_timed_is_as_none() {
    let plan = plan(vec![block("linkers", true, &["v"])]);
    let mut samples = Samples::of(&plan);
    samples.push(0, TWIN, 0, 1, Outcome::Failed { exit_code: Some(1) });
    for round in 1..=6 {
        for arm in [BASELINE, 2] {
            samples.push(0, arm, round, 1, built(1.0 + 0.01 * f64::from(round * (arm as u32 + 1) % 5)));
        }
    }
    let found = compare_samples(&plan, &samples.all);
    assert_eq!(found.blocks[0].arms[2].ratio.map(|ratio| ratio.rounds), Some(6));
    assert!(notes_say(&found, "The control was not timed (the warm-up build failed with exit code 1)"));
}

#[test]
fn samples_of_unknown_blocks_and_arms_are_left_out() {
    let plan = plan(vec![block("linkers", true, &["v"])]);
    let mut samples = Samples::of(&plan);
    samples.noisy(0, 6, 1, |_| 1.0);
    let reference = compare_samples(&plan, &samples.all);
    let mut stray = samples.all[0].clone();
    (stray.number, stray.variant) = (900, "gone".into());
    let mut foreign = samples.all[0].clone();
    (foreign.number, foreign.block) = (901, crate::record::BlockId::new("a", "b", "c"));
    samples.all.extend([stray, foreign]);
    assert_eq!(compare_samples(&plan, &samples.all), reference);
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        4 => (1e-9..1e6f64).prop_map(built),
        2 => Just(built(1.0)),
        1 => Just(built(0.0)),
        1 => (1e-9..1e6f64).prop_map(|seconds| Outcome::Built(Cost {
            wall: Duration::from_secs_f64(seconds),
            ..Cost::default()
        })),
        1 => Just(Outcome::TimedOut),
        1 => Just(Outcome::Failed { exit_code: Some(1) }),
        1 => Just(Outcome::NotStarted),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    /// For any outcomes of a run, the result is sound, and no time-out is rewarded.
    #[test]
    fn any_outcomes_give_a_sound_answer(
        outcomes in prop::collection::vec((0..5usize, 0..9u32, 1..3u32, outcome()), 0..80),
        whole in prop::collection::vec(prop::collection::vec(outcome(), 5), 0..12),
        twin in any::<bool>(), sessions in any::<bool>(),
    ) {
        let plan = plan(vec![block("linkers", twin, &["v", "w", "x"])]);
        let arms = plan.blocks[0].arms.len();
        let mut samples = Samples::of(&plan);
        for (round, outcomes) in (1..).zip(&whole) {
            samples.round(0, round, |arm| outcomes[arm].clone());
        }
        for sample in samples.all.iter_mut().filter(|_| sessions) {
            sample.session = 1 + sample.round / 4;
        }
        for (arm, round, attempt, outcome) in outcomes.into_iter().filter(|(arm, ..)| *arm < arms) {
            samples.push(0, arm, round + 7, attempt, outcome);
        }
        let found = compare_samples(&plan, &samples.all);
        for arm in found.blocks[0].arms.iter().filter(|arm| arm.role == Role::Variant) {
            let timed_out = samples.all.iter().any(|sample| {
                sample.variant == arm.variant && sample.round > 0 && sample.outcome == Outcome::TimedOut
            });
            if let Some(ratio) = arm.ratio.filter(|_| timed_out) {
                prop_assert!(!matches!(ratio.verdict, Verdict::Faster | Verdict::Equivalent));
            }
        }
        // The same samples with another baseline.
        let policy = Policy { baseline: Some(RequestedBaseline::new("w")), ..Policy::default() };
        let found = compare(&RunRecord::of(&plan, &samples.all), &policy);
        assert_sound(&found);
        let timed_out = |name: &str| {
            let late = |sample: &&Sample| sample.round > 0 && sample.outcome == Outcome::TimedOut;
            samples.all.iter().filter(late).any(|sample| sample.variant == name && sample.role != Role::Twin)
        };
        for arm in &found.blocks[0].arms {
            let Some(ratio) = arm.ratio else { continue };
            prop_assert!(arm.role != Role::Twin && arm.variant != "w");
            let (fast, slow) = (!timed_out(&arm.variant), !timed_out("w"));
            prop_assert!(fast || !matches!(ratio.verdict, Verdict::Faster | Verdict::Equivalent));
            prop_assert!(slow || !matches!(ratio.verdict, Verdict::Slower | Verdict::Equivalent));
        }
    }
}
