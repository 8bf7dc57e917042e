use super::fixture::*;
use crate::compare::{
    Comparison, Policy, Ratio, RequestedBaseline, RunRecord, Verdict, add_fastest, compare,
};
use crate::record::{Block, Outcome, Plan, Role, Sample};
use crate::stats::noise::Noise;
use crate::stats::{Contrast, Control, Estimate, LEVEL, Reference, Side, estimate_block, holm};

fn compare_against(plan: &Plan, samples: &[Sample], baseline: &str) -> Comparison {
    let policy = Policy { baseline: Some(RequestedBaseline::new(baseline)), ..Policy::default() };
    let recorded = RunRecord { earlier: &even_directories(), ..RunRecord::of(plan, samples) };
    let comparison = compare(&recorded, &policy);
    assert_sound(&comparison);
    comparison
}

/// A block whose arms have settings like those of a plan: `linker=a profile=b`.
fn block_with_settings(matrix: &str, arms: &[&str]) -> Block {
    let mut block = block(matrix, true, &arms[1..]);
    block.arms[BASELINE].variant.name = arms[0].into();
    block.arms[TWIN].variant.name = arms[0].into();
    block.axes.clear();
    for arm in &mut block.arms {
        let pairs = arm.variant.name.split(' ').filter_map(|pair| pair.split_once('='));
        arm.variant.settings = pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    }
    block.axes.extend(block.arms[BASELINE].variant.settings.keys().cloned());
    block
}

#[test]
fn the_others_and_the_old_baseline_stand_against_the_new_one() {
    let plan = plan(vec![block_with_settings("linkers", &["linker=bfd", "linker=mold", "linker=lld"])]);
    let mut samples = Samples::of(&plan);
    samples.noisy(0, 16, 1, |arm| [1.0, 1.0, 0.8, 0.9][arm]);
    let planned = compare_samples(&plan, &samples.all);
    let found = compare_against(&plan, &samples.all, "linker=mold");
    let post_hoc = found.post_hoc.as_ref().unwrap();
    assert_eq!((post_hoc.baseline.as_str(), post_hoc.pairs, post_hoc.left_out.len()), ("linker=mold", 3, 0));
    assert_eq!((found.planned, found.family(), found.is_decided()), (2, 3, true));
    let block = &found.blocks[0];
    let (old, lld) = (block.arms[BASELINE].ratio.unwrap(), block.arms[3].ratio.unwrap());
    assert_eq!((block.baseline, block.arms[TWIN].ratio, block.arms[2].ratio), (2, None, None));
    assert_eq!((old.verdict, lld.verdict), (Verdict::Slower, Verdict::Slower));
    // With its twin, the old baseline has the inverse of the planned result.
    let before = planned.blocks[0].arms[2].ratio.unwrap();
    let near = |a: f64, b: f64| assert!((a / b - 1.0).abs() < 1e-9, "{a} instead of {b}");
    near(old.ratio, 1.0 / before.ratio);
    near(old.low, 1.0 / before.high);
    assert_eq!((old.p_adjusted, before.verdict), (before.p_adjusted, Verdict::Faster));
    near(lld.p_adjusted / lld.p, 2.0);
    // Two variants of a block with a twin: ln v − ln w, and the factor for the block's stopping rule.
    let twin = block.twin.unwrap();
    assert_eq!(twin, planned.blocks[0].twin.unwrap());
    let wall = |arm: usize, round: usize| block.arms[arm].points[round].wall;
    let d: Vec<f64> = (0..16).map(|round| (wall(3, round) / wall(2, round)).ln()).collect();
    let direct = Estimate::from_log_ratios(&d, Control::Twin).unwrap();
    near(lld.ratio, direct.ratio());
    // It is pooled with the planned comparisons, whichever baseline is chosen.
    let table: Vec<Vec<Option<f64>>> =
        (0..16).map(|round| (0..4).map(|arm| Some(wall(arm, round))).collect()).collect();
    let reference = Reference { baseline: BASELINE, twin: Some(TWIN) };
    let planned = [1, 2, 3].map(|arm| reference.contrast(arm));
    let (_, variance) = estimate_block(&table, &planned, Control::Twin, 1.0);
    let pair = Contrast { of: Side::single(3), against: Side::single(2) };
    near(lld.high, variance.pool(&pair, direct).interval(LEVEL).1);
}

#[test]
fn the_planned_twin_still_says_whether_a_block_is_invalid() {
    let plan = plan(vec![block_with_settings("linkers", &["linker=bfd", "linker=mold", "linker=lld"])]);
    let mut samples = Samples::of(&plan);
    samples.noisy(0, 12, 5, |arm| if arm == TWIN { 1.1 } else { 1.0 });
    let found = compare_against(&plan, &samples.all, "linker=lld");
    let verdicts = [BASELINE, 2].map(|arm| found.blocks[0].arms[arm].ratio.unwrap().verdict);
    assert_eq!(verdicts, [Verdict::Invalid; 2]);
    assert!(!found.is_decided() && notes_say(&found, "this comparison has no result"));
}

#[test]
fn the_planned_baseline_asked_for_is_the_planned_answer() {
    let plan = plan(vec![
        block_with_settings("linkers", &["linker=bfd", "linker=mold"]),
        block_with_settings("other", &["x=1", "x=2"]),
    ]);
    let mut samples = Samples::of(&plan);
    samples.noisy(0, 8, 1, |_| 1.0);
    let recorded = RunRecord::of(&plan, &samples.all);
    let policy = Policy { baseline: Some(RequestedBaseline::new("linker=bfd")), ..Policy::default() };
    assert_eq!(compare(&recorded, &policy), compare(&recorded, &Policy::default()));
}

#[test]
fn blocks_without_it_are_left_out_and_count_in_the_correction() {
    let plan = plan(vec![
        block_with_settings("linkers", &["linker=bfd", "linker=mold", "linker=lld"]),
        block_with_settings("profiles", &["profile=dev", "profile=release"]),
        block_with_settings("both", &["linker=mold", "linker=bfd"]),
    ]);
    let mut samples = Samples::of(&plan);
    (0..3).for_each(|block| samples.noisy(block, 8, 1, |_| 1.0));
    let found = compare_against(&plan, &samples.all, "linker=mold");
    let post_hoc = found.post_hoc.unwrap();
    assert_eq!((post_hoc.pairs, found.blocks.len()), (3 + 1 + 1, 2));
    assert_eq!(post_hoc.left_out.len(), 1);
    assert_eq!(
        (post_hoc.left_out[0].block.as_str(), post_hoc.left_out[0].reason.as_str()),
        ("profiles/hexyl/clean", "no variant here is `linker=mold`")
    );
    // In the block whose planned baseline it is, the comparison is the planned one.
    let ratio = found.blocks[1].arms[2].ratio.unwrap();
    let planned = compare_samples(&plan, &samples.all).blocks[2].arms[2].ratio.unwrap();
    assert_eq!((ratio.ratio, ratio.p, found.blocks[1].baseline), (planned.ratio, planned.p, BASELINE));
    assert_eq!((ratio.p_adjusted, ratio.verdict), (planned.p_adjusted, planned.verdict));
}

#[test]
fn a_run_that_lacks_the_baseline_decides_nothing() {
    let plan = plan(vec![block_with_settings("profiles", &["profile=dev", "profile=release"])]);
    let found = compare_against(&plan, &[], "linker=mold");
    assert!(found.blocks.is_empty() && found.lacks_baseline() && !found.is_decided());
    let found = compare_samples(&super::fixture::plan(Vec::new()), &[]);
    assert!(!found.lacks_baseline() && found.is_decided(), "nothing was planned");
}

#[test]
fn a_time_out_censors_the_side_that_has_it() {
    let plan = plan(vec![block_with_settings("linkers", &["linker=bfd", "linker=mold", "linker=lld"])]);
    let verdicts = |late: usize| {
        let mut samples = Samples::of(&plan);
        samples.noisy(0, 16, 1, |arm| [0.8, 0.8, 1.0, 1.2][arm]);
        samples.all[late].outcome = Outcome::TimedOut;
        let found = compare_against(&plan, &samples.all, "linker=mold");
        (
            found.blocks[0].arms[BASELINE].ratio.unwrap().verdict,
            found.blocks[0].arms[3].ratio.unwrap().verdict,
            found,
        )
    };
    let (old, lld, found) = verdicts(TWIN);
    assert_eq!((old, lld), (Verdict::Undecided, Verdict::Slower));
    assert!(notes_say(&found, "A build of `linker=bfd` or its control timed out, so it cannot be `faster`"));
    let (old, lld, found) = verdicts(2);
    assert_eq!((old, lld), (Verdict::Faster, Verdict::Undecided));
    assert!(notes_say(&found, "A build of `linker=mold` timed out, so no variant can be `slower`"));
}

#[test]
fn an_old_baseline_that_was_not_in_force_costs_its_own_comparison_only() {
    let plan = plan(vec![block_with_settings("linkers", &["linker=bfd", "linker=mold", "linker=lld"])]);
    let mut samples = Samples::of(&plan);
    samples.noisy(0, 12, 1, |arm| if arm == 3 { 1.2 } else { 1.0 });
    let fails = crate::record::Proof {
        role: Role::Baseline,
        ..proof(&plan.blocks[0], "linker=bfd", crate::record::ProofResult::Fails)
    };
    let policy = Policy { baseline: Some(RequestedBaseline::new("linker=mold")), ..Policy::default() };
    let recorded = RunRecord { proofs: std::slice::from_ref(&fails), ..RunRecord::of(&plan, &samples.all) };
    let found = compare(&recorded, &policy);
    let arms = &found.blocks[0].arms;
    assert_eq!((arms[BASELINE].ratio, arms[3].ratio.unwrap().verdict), (None, Verdict::Slower));
    // If the chosen variant was not in force, there is nothing to compare with.
    let policy = Policy { baseline: Some(RequestedBaseline::new("linker=lld")), ..Policy::default() };
    let fails = proof(&plan.blocks[0], "linker=lld", crate::record::ProofResult::Fails);
    let recorded = RunRecord { proofs: std::slice::from_ref(&fails), ..RunRecord::of(&plan, &samples.all) };
    let found = compare(&recorded, &policy);
    assert!(found.blocks[0].arms.iter().all(|arm| arm.ratio.is_none()) && !found.is_decided());
    assert!(notes_say(&found, "`linker=lld` was not timed, so there is nothing to compare with"));
}

#[test]
fn what_is_not_named_is_as_in_the_planned_baseline() {
    let arms = [
        "linker=bfd profile=dev",
        "linker=mold profile=dev",
        "linker=bfd profile=release",
        "linker=mold profile=release",
    ];
    let mut plan = plan(vec![block_with_settings("grid", &arms)]);
    plan.blocks[0].arms[2].aliases = vec!["linker=gold profile=dev".into()];
    let chosen = |text: &str| compare_against(&plan, &[], text).blocks.first().map(|block| block.baseline);
    assert_eq!(chosen("linker=mold"), Some(2));
    assert_eq!(chosen("profile=release"), Some(3));
    assert_eq!(chosen("linker=mold,profile=release"), Some(4));
    assert_eq!(chosen("profile=release, linker=mold"), Some(4));
    assert_eq!(chosen("linker=mold profile=release"), Some(4), "the name of a variant");
    assert_eq!(chosen("linker=gold"), Some(2), "another name of the same thing");
    // The arm that otherwise equals the planned baseline was left out of the plan: two arms remain, and
    // neither is chosen.
    let mut left = plan.clone();
    left.blocks[0].arms[2].variant.settings.insert("profile".into(), "fat".into());
    let found = compare_against(&left, &[], "linker=mold");
    assert!(
        found.post_hoc.unwrap().left_out[0].reason.starts_with("several variants have it: `linker=mold pro")
    );
}

#[test]
fn a_baseline_that_nobody_has_is_refused_with_what_there_is() {
    let plan = plan(vec![
        block_with_settings("linkers", &["linker=bfd", "linker=mold"]),
        block_with_settings("other", &["env.X=1", "env.X=2"]),
    ]);
    let refused = |text: &str| {
        let error = RequestedBaseline::new(text).check(&[&plan]).unwrap_err();
        format!("{}; {}", error.message, error.help)
    };
    let listed = "there are `linker=bfd`, `linker=mold`, `env.X=1`, `env.X=2`";
    assert_eq!(refused("linkr=mold"), "`linkr=mold`: no block has an axis `linkr`; did you mean `linker`?");
    assert_eq!(refused("a=b"), "`a=b`: no block has an axis `a`; the axes are `linker`, `env.X`");
    assert_eq!(
        refused("linker=modl"),
        "`linker=modl`: no variant has the value `modl` of `linker`; did you mean `mold`?"
    );
    assert_eq!(
        refused("env.X=7"),
        "`env.X=7`: no variant has the value `7` of `env.X`; the values are `1`, `2`"
    );
    assert_eq!(refused("mold"), "no variant is called `mold`; did you mean `linker=mold`?");
    assert_eq!(refused(""), format!("no variant is called ``; {listed}"));
    assert_eq!(
        refused("linker=mold,env.X=1"),
        format!("no block has a variant with linker=mold,env.X=1; {listed}")
    );
    assert!(RequestedBaseline::new("linker=mold").check(&[&plan]).is_ok());
}

#[test]
fn rounds_count_that_have_both_sides() {
    let plan = plan(vec![block_with_settings("linkers", &["linker=bfd", "linker=mold", "linker=lld"])]);
    let mut samples = Samples::of(&plan);
    samples.noisy(0, 8, 1, |arm| if arm == 3 { 1.2 } else { 1.0 });
    // Six of eight builds of the old baseline fail; the other arms do not need them.
    for sample in samples.all.iter_mut().filter(|s| s.role == Role::Baseline && s.round > 2) {
        sample.outcome = Outcome::Failed { exit_code: Some(1) };
    }
    let found = compare_against(&plan, &samples.all, "linker=mold");
    let arms = &found.blocks[0].arms;
    assert_eq!((arms[BASELINE].ratio, arms[3].ratio.unwrap().rounds), (None, 8));
    assert!(notes_say(&found, "For `linker=bfd` 2 rounds count; a ratio needs at least 3, and"));
    assert!(!notes_say(&found, "nothing can be compared"), "{:?}", found.blocks[0].notes);
}

/// Null runs of one block of nine equal arms; the variant with the smallest mean of ln seconds becomes the
/// baseline. Returns the number of runs in which a corrected p-value is below α = 0.03, and the number in
/// which one would be if the comparisons with it had been planned. Invalid blocks count in neither.
fn false_alarms(runs: usize) -> (usize, usize) {
    let names: Vec<String> = (0..9).map(|n| format!("env.X={n}")).collect();
    let plan = plan(vec![block_with_settings("null", &names.iter().map(String::as_str).collect::<Vec<_>>())]);
    let mut noise = Noise::new(29);
    let (mut of_all_pairs, mut as_planned) = (0, 0);
    for _ in 0..runs {
        let mut samples = Samples::of(&plan);
        let mut sums = [0.0; 10];
        for round in 1..=12 {
            let walls: Vec<f64> = (0..10).map(|_| noise.build(0.02, 0.0)).collect();
            sums.iter_mut().zip(&walls).for_each(|(sum, wall)| *sum += wall);
            samples.round(0, round, |arm| built(walls[arm].exp()));
        }
        let best = (2..10).min_by(|a, b| sums[*a].total_cmp(&sums[*b])).unwrap();
        let found = compare_against(&plan, &samples.all, &plan.blocks[0].arms[best].variant.name);
        let ratios: Vec<_> = found.blocks[0].arms.iter().filter_map(|arm| arm.ratio).collect();
        assert_eq!(ratios.len(), 8);
        let valid = |ratio: &Ratio| (ratio.verdict != Verdict::Invalid).then_some(ratio.p);
        let planned = holm(&ratios.iter().map(valid).collect::<Vec<_>>(), 8);
        // The pair with the planned baseline is one of the planned verdicts, which are corrected on their own.
        let ratios = &ratios[1..];
        of_all_pairs += usize::from(ratios.iter().any(|ratio| ratio.p_adjusted < 0.03));
        as_planned += usize::from(planned.into_iter().flatten().any(|p| p < 0.03));
    }
    (of_all_pairs, as_planned)
}

#[test]
fn choosing_the_best_as_baseline_is_paid_for() {
    let (of_all_pairs, as_planned) = false_alarms(600);
    assert!(of_all_pairs <= 18 && as_planned > 2 * of_all_pairs, "{of_all_pairs} and {as_planned} of 600");
}

#[test]
fn a_planned_verdict_is_the_same_whichever_baseline_is_chosen() {
    let names: Vec<String> = (0..12).map(|n| format!("env.X={n}")).collect();
    let plan = plan(vec![block_with_settings("many", &names.iter().map(String::as_str).collect::<Vec<_>>())]);
    let mut samples = Samples::of(&plan);
    // Large enough for 11 planned verdicts, and too small for 66 pairs.
    samples.noisy(0, 8, 4, |arm| if arm == 2 { 0.961 } else { 1.0 });
    let planned = compare_samples(&plan, &samples.all).blocks[0].arms[2].ratio.unwrap();
    assert_eq!(planned.verdict, Verdict::Faster);
    assert!(planned.p * 66.0 > Policy::default().alpha, "{}", planned.p);
    let found = compare_against(&plan, &samples.all, "env.X=1");
    let turned = found.blocks[0].arms[BASELINE].ratio.unwrap();
    assert_eq!((turned.verdict, turned.p_adjusted), (Verdict::Slower, planned.p_adjusted));
}

#[test]
fn the_fastest_is_named_with_those_that_were_not_told_apart_from_it() {
    let plan = plan(vec![
        block_with_settings("linkers", &["linker=bfd", "linker=mold", "linker=lld", "linker=gold"]),
        block_with_settings("pair", &["linker=bfd", "linker=mold"]),
    ]);
    let mut samples = Samples::of(&plan);
    samples.noisy(0, 16, 1, |arm| [1.0, 1.0, 0.8, 0.802, 0.9][arm]);
    samples.noisy(1, 16, 1, |arm| [1.0, 1.0, 0.8][arm]);
    let recorded = RunRecord { earlier: &even_directories(), ..RunRecord::of(&plan, &samples.all) };
    let fastest = |policy: &Policy| {
        let mut found = compare(&recorded, policy);
        add_fastest(&mut found, &recorded, policy);
        assert_eq!(found.blocks.last().unwrap().fastest, None, "one verdict says it all");
        found.blocks.remove(0).fastest.unwrap()
    };
    let planned = fastest(&Policy::default());
    assert!([2, 3].contains(&planned.arm));
    let open: Vec<usize> = planned.not_told_apart().map(|(arm, _)| arm).collect();
    assert_eq!(open, [5 - planned.arm], "{planned:?}");
    assert_eq!(planned.others[1..], [(4, Verdict::Slower), (BASELINE, Verdict::Slower)]);
    let chosen = Policy { baseline: Some(RequestedBaseline::new("linker=mold")), ..Policy::default() };
    assert_eq!(fastest(&chosen).others[1..], planned.others[1..]);
}

#[test]
fn an_invalid_block_has_no_fastest_arm() {
    let plan = plan(vec![block_with_settings("linkers", &["linker=bfd", "linker=mold", "linker=lld"])]);
    let mut samples = Samples::of(&plan);
    samples.noisy(0, 12, 5, |arm| if arm == TWIN { 1.1 } else { 1.0 });
    let recorded = RunRecord::of(&plan, &samples.all);
    let mut found = compare(&recorded, &Policy::default());
    add_fastest(&mut found, &recorded, &Policy::default());
    assert_eq!(found.blocks[0].fastest, None);
}

/// The planned comparisons have one estimate, which is not pooled. Against the other variant there are two.
#[test]
fn a_planned_pair_has_one_result_whatever_else_is_compared() {
    let mut planned_block = block("linkers", false, &["v", "w"]);
    planned_block.sampling.min_rounds = 3;
    let plan = plan(vec![planned_block]);
    let mut samples = Samples::of(&plan);
    let [base, v, w] = [0, 1, 2];
    let failed = || Outcome::Failed { exit_code: Some(1) };
    let seconds = |arm: usize, round: u32| {
        [10.0, 5.0, 12.0][arm] * [1.0, 1.5, 0.7, 1.02, 1.0, 0.99][round as usize - 1]
    };
    for round in 1..=6 {
        let fails = if round <= 3 { v } else { base };
        samples.round(0, round, |arm| {
            let scatter = if arm == v { f64::from(round) / 3.0 } else { 1.0 };
            if arm == fails { failed() } else { built(seconds(arm, round) * scatter) }
        });
    }
    let before = compare_samples(&plan, &samples.all).blocks[0].arms[w].ratio.expect("a planned result");
    let after = compare_against(&plan, &samples.all, "w").blocks[0].arms[base].ratio.expect("the same pair");
    assert_eq!((after.p, after.p_adjusted, after.df), (before.p, before.p_adjusted, before.df));
    assert_eq!((after.low, after.high), (before.high.recip(), before.low.recip()));
}
