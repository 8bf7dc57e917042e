//! Arms whose later builds from nothing differ in kind from their first.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::fixture::*;
use crate::bundle;
use crate::compare::{
    Comparison, Invalid, LaterBuildChange, Policy, RequestedBaseline, RunRecord, Verdict, compare,
};
use crate::record::{Activity, BlockEnd, CacheUse, Cost, Outcome, Plan, Rebuilt, Role, Sample};

/// A warm-up and six rounds of a baseline, its twin and two variants, all alike: 10 s of wall time, 15 s of
/// CPU time. `change` modifies each build, given its arm and its round (0 for the warm-up).
fn plan_samples(plan: &Plan, change: impl Fn(&mut Sample, usize, u32)) -> Vec<Sample> {
    let mut samples = Samples::of(plan);
    for arm in 0..plan.blocks[0].arms.len() {
        samples.push(0, arm, 0, 1, built(10.0));
    }
    samples.noisy(0, 6, 1, |_| 1.0);
    for sample in &mut samples.all {
        let arm = plan.blocks[0]
            .arms
            .iter()
            .position(|arm| arm.role == sample.role && arm.variant.name == sample.variant.as_str());
        let round = sample.round;
        sample.rebuilt = Some(Rebuilt { count: 9, set: "abc".into() });
        change(sample, arm.unwrap(), round);
    }
    samples.all
}

fn two_variant_plan() -> Plan {
    plan(vec![block("linkers", true, &["v", "w"])])
}

fn cost(sample: &mut Sample) -> &mut Cost {
    match &mut sample.outcome {
        Outcome::Built(cost) => cost,
        other => panic!("{other:?}"),
    }
}

fn scale_cost(sample: &mut Sample, factor: f64) {
    let cost = cost(sample);
    (cost.user, cost.sys) = (cost.user.mul_f64(factor), cost.sys.mul_f64(factor));
}

fn compare_by_default(plan: &Plan, samples: &[Sample]) -> Comparison {
    compare(&RunRecord::of(plan, samples), &Policy::default())
}

/// Returns true if the block is invalid, after checking that verdicts, notes and correction agree.
fn is_invalid(found: &Comparison) -> bool {
    let block = &found.blocks[0];
    let invalid = !block.invalid.is_empty();
    for ratio in block.arms.iter().filter_map(|arm| arm.ratio) {
        assert_eq!(ratio.verdict == Verdict::Invalid, invalid, "{:?}", block.invalid);
        assert!(!invalid || (ratio.p_adjusted, ratio.p_equivalence_adjusted) == (1.0, 1.0), "{ratio:?}");
    }
    assert_eq!(block.notes.iter().any(|note| note.contains("this comparison has no result")), invalid);
    assert!(!invalid || !found.is_decided());
    invalid
}

#[test]
fn builds_that_are_all_alike_are_of_one_kind() {
    let plan = two_variant_plan();
    assert!(!is_invalid(&compare_by_default(&plan, &plan_samples(&plan, |_, _, _| {}))));
}

#[test]
fn a_cache_outside_of_the_target_directory_makes_the_block_invalid() {
    let plan = two_variant_plan();
    // A sixth of the CPU time once the cache is filled, and a third of the wall time.
    let samples = plan_samples(&plan, |sample, arm, round| {
        if arm == 2 && round > 0 {
            scale_cost(sample, 1.0 / 6.0);
            cost(sample).wall /= 3;
        }
    });
    let found = compare_by_default(&plan, &samples);
    assert!(is_invalid(&found));
    let block = &found.blocks[0];
    let [Invalid::LaterBuildsDiffer(kind)] = &block.invalid[..] else { panic!("{:?}", block.invalid) };
    assert!(
        matches!(kind.changes[..], [LaterBuildChange::Cpu { first: 15.0, later }] if later < 3.0),
        "{kind:?}"
    );
    assert_eq!(
        block.why_invalid(),
        ["later builds of `v` did different work than its first (15.00 s of CPU time, then 2.52 s)"]
    );
    assert!(
        block.notes[0].contains("a cache outside of the target directory probably kept"),
        "{:?}",
        block.notes
    );
}

#[test]
fn it_may_be_any_arm_and_either_direction() {
    let plan = two_variant_plan();
    for arm in 0..4 {
        let slower = plan_samples(&plan, |sample, at, round| {
            scale_cost(sample, if at == arm && round > 0 { 2.2 } else { 1.0 })
        });
        assert!(is_invalid(&compare_by_default(&plan, &slower)), "arm {arm}");
    }
    let within =
        plan_samples(&plan, |sample, _, round| scale_cost(sample, if round > 0 { 0.55 } else { 1.0 }));
    assert!(!is_invalid(&compare_by_default(&plan, &within)), "over half is noise");
}

#[test]
fn one_odd_build_is_noise_be_it_the_last_or_the_warmest() {
    let plan = two_variant_plan();
    let odd = plan_samples(&plan, |sample, arm, round| {
        scale_cost(sample, if arm == 2 && round == 4 { 0.05 } else { 1.0 })
    });
    assert!(!is_invalid(&compare_by_default(&plan, &odd)));
}

#[test]
fn kernel_time_alone_and_builds_too_short_to_tell_are_no_reason() {
    let plan = two_variant_plan();
    let cold_disk = plan_samples(&plan, |sample, _, round| {
        let cost = cost(sample);
        cost.user = Duration::from_millis(110);
        cost.sys = Duration::from_millis(if round == 0 { 360 } else { 90 });
    });
    assert!(!is_invalid(&compare_by_default(&plan, &cold_disk)));
    let short = plan_samples(&plan, |sample, _, round| {
        let cost = cost(sample);
        (cost.user, cost.sys) = (Duration::from_millis(if round == 0 { 90 } else { 10 }), Duration::ZERO);
    });
    assert!(!is_invalid(&compare_by_default(&plan, &short)));
}

#[test]
fn other_units_make_the_block_invalid() {
    let plan = two_variant_plan();
    let other = |lasting: bool| {
        plan_samples(&plan, |sample, arm, round| {
            if arm == 3 && round > if lasting { 0 } else { 5 } {
                sample.rebuilt = Some(Rebuilt { count: 4, set: "def".into() });
            }
        })
    };
    let found = compare_by_default(&plan, &other(true));
    assert!(is_invalid(&found));
    assert!(found.blocks[0].why_invalid()[0].ends_with("(9 units compiled, then 4)"));
    assert!(!is_invalid(&compare_by_default(&plan, &other(false))), "one odd build is noise");
    // A value that the build tool does not report is no evidence.
    let unknown =
        plan_samples(&plan, |sample, _, round| sample.rebuilt = sample.rebuilt.take().filter(|_| round == 0));
    assert!(!is_invalid(&compare_by_default(&plan, &unknown)));
}

#[test]
fn less_written_makes_the_block_invalid_if_it_is_known_and_much() {
    let plan = two_variant_plan();
    let written = |first: u64, later: u64| {
        plan_samples(&plan, |sample, arm, round| {
            let bytes = if arm == 0 && round > 0 { later } else { first };
            cost(sample).activity = Activity { written_bytes: Some(bytes), ..Activity::default() };
        })
    };
    let found = compare_by_default(&plan, &written(40_000_000, 4_000_000));
    assert!(is_invalid(&found));
    assert!(found.blocks[0].why_invalid()[0].ends_with("(40.0 MB written, then 4.0 MB)"));
    assert!(!is_invalid(&compare_by_default(&plan, &written(4_000_000, 40_000_000))));
    assert!(!is_invalid(&compare_by_default(&plan, &written(40_000_000, 21_000_000))));
    assert!(!is_invalid(&compare_by_default(&plan, &written(900_000, 0))), "too little to tell");
    assert!(
        !is_invalid(&compare_by_default(&plan, &written(0, 0))),
        "a file system in memory counts nothing"
    );
}

#[test]
fn workloads_that_do_not_start_from_nothing_and_primed_arms_are_exempt() {
    let warm = |sample: &mut Sample, _: usize, round: u32| {
        if round > 0 {
            scale_cost(sample, 0.01);
            sample.rebuilt = Some(Rebuilt { count: 0, set: "e3b".into() });
        }
    };
    for (workload, expected) in [
        ("clean", true),
        ("check", true),
        ("deps-only", true),
        ("noop", false),
        ("incremental", false),
        ("check-incremental:leaf", false),
        ("after-release", false),
        ("replay:3", false),
    ] {
        let mut plan = two_variant_plan();
        plan.blocks[0].arms.iter_mut().for_each(|arm| arm.variant.workload = workload.to_owned());
        assert_eq!(
            is_invalid(&compare_by_default(&plan, &plan_samples(&plan, warm))),
            expected,
            "{workload}"
        );
    }
    let mut plan = two_variant_plan();
    plan.blocks[0].arms.iter_mut().for_each(|arm| arm.primed = true);
    assert!(!is_invalid(&compare_by_default(&plan, &plan_samples(&plan, warm))));
}

#[test]
fn a_cache_of_the_harness_primes_in_format_1_alone() {
    let mut plan = two_variant_plan();
    let samples = plan_samples(&plan, |sample, arm, round| {
        if arm == 2 {
            sample.cache = Some(CacheUse { hits: 9, misses: 0, not_cacheable: 0 });
            scale_cost(sample, if round > 0 { 0.2 } else { 1.0 });
        }
    });
    assert!(is_invalid(&compare_by_default(&plan, &samples)));
    plan.format = 1;
    assert!(!is_invalid(&compare_by_default(&plan, &samples)));
}

#[test]
fn an_arm_that_turned_out_to_fill_a_cache_is_exempt() {
    let plan = two_variant_plan();
    let samples = plan_samples(&plan, |sample, arm, round| {
        if arm == 2 {
            scale_cost(sample, if round > 0 { 0.2 } else { 1.0 });
        }
    });
    let primed = |names: &[&str]| {
        let primed = names.iter().map(|&name| name.to_owned()).collect();
        let end = BlockEnd { primed, ..end(&plan.blocks[0], &[]) };
        compare_with_ends(&plan, &samples, &[end])
    };
    assert!(is_invalid(&primed(&[])));
    assert!(is_invalid(&primed(&["other"])));
    assert!(!is_invalid(&primed(&[&plan.blocks[0].arms[2].variant.name])));
}

#[test]
fn what_a_session_before_has_left_shows_in_the_next() {
    let plan = two_variant_plan();
    // The first session was cut after its warm-ups; all builds of the second are warm, including its
    // warm-ups.
    let mut samples = plan_samples(&plan, |sample, _, _| scale_cost(sample, 0.2));
    let mut first: Vec<Sample> = samples.iter().filter(|sample| sample.round == 0).cloned().collect();
    first.iter_mut().for_each(|sample| scale_cost(sample, 5.0));
    for sample in &mut samples {
        (sample.session, sample.number) = (2, sample.number + 4);
    }
    let found = compare_by_default(&plan, &[first, samples].concat());
    assert!(is_invalid(&found));
    assert_eq!(found.blocks[0].invalid.len(), 4, "every arm says so");
}

#[test]
fn a_baseline_that_is_chosen_afterwards_changes_nothing_about_it() {
    let plan = two_variant_plan();
    let samples = plan_samples(&plan, |sample, arm, round| {
        scale_cost(sample, if arm == 2 && round > 0 { 0.1 } else { 1.0 })
    });
    let baseline = Some(RequestedBaseline::new("w"));
    let found = compare(&RunRecord::of(&plan, &samples), &Policy { baseline, ..Policy::default() });
    assert!(is_invalid(&found));
    assert_eq!(found.blocks[0].arms.iter().filter(|arm| arm.ratio.is_some()).count(), 2);
}

/// The committed bundles below a directory of the checkout.
fn bundles(dir: &Path) -> Vec<PathBuf> {
    let entries = |dir: &Path| {
        let paths = std::fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path());
        paths.filter(|path| path.is_dir()).collect::<Vec<_>>()
    };
    entries(dir).iter().flat_map(|machine| entries(machine)).collect()
}

#[test]
fn no_committed_bundle_is_invalid_for_this() {
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let dirs = ["results", "studies/results"].map(|dir| bundles(&checkout.join(dir))).concat();
    if dirs.is_empty() {
        // The published package does not include them.
        assert!(!checkout.join("studies").exists(), "the checkout has no bundles");
        return;
    }
    let mut judged = 0;
    for dir in dirs {
        let bundle = bundle::open(&dir).unwrap();
        let found = compare(&RunRecord::from(&bundle), &Policy::default());
        for block in &found.blocks {
            assert!(
                !block.invalid.iter().any(|why| matches!(why, Invalid::LaterBuildsDiffer(_))),
                "{}: {:?}",
                dir.display(),
                block.why_invalid()
            );
        }
        let from_nothing = bundle.manifest.plan.blocks.iter().flat_map(|block| &block.arms);
        judged +=
            from_nothing.filter(|arm| arm.role != Role::Twin && arm.variant.starts_from_nothing()).count();
    }
    assert!(judged > 50, "only {judged} arms were looked at");
}
