use super::fixture::*;
use crate::compare::{
    Calibration, Comparison, Offsets, Policy, Pool, RequestedBaseline, RoundsNeeded, RunRecord, Verdict,
    compare,
};
use crate::record::{BlockId, EarlierTwin, Plan, Sample};
use crate::stats::{ASSUMED_OFFSET, Control, Estimate, LEVEL, OffsetSums};

/// Twins of two earlier runs of another project, with `theta` alternately positive and negative.
fn earlier_twins(count: usize, workload: &str, theta: f64, se: f64) -> Vec<EarlierTwin> {
    let one = |n: usize| EarlierTwin {
        run: format!("run {}", n % 2),
        block: BlockId::new("m", "p", workload),
        workload: workload.to_owned(),
        rounds: 13,
        theta: if n.is_multiple_of(4) { theta } else { -theta },
        se,
        df: 12.0,
    };
    (0..count).map(one).collect()
}

fn compare_with_earlier(
    plan: &Plan,
    samples: &[Sample],
    earlier: &[EarlierTwin],
    policy: &Policy,
) -> Comparison {
    let comparison = compare(&RunRecord { earlier, ..RunRecord::of(plan, samples) }, policy);
    assert_sound(&comparison);
    comparison
}

fn one_block() -> (Plan, Vec<Sample>) {
    let plan = plan(vec![block("linkers", true, &["v", "w"])]);
    let mut samples = Samples::of(&plan);
    samples.noisy(0, 12, 1, |_| 1.0);
    let samples = samples.all;
    (plan, samples)
}

/// Variance of ln ratio, derived from the interval.
fn variance(comparison: &Comparison, arm: usize) -> f64 {
    let ratio = comparison.blocks[0].arms[arm].ratio.unwrap();
    let t = crate::stats::t_quantile(0.975, 13.0) * (1.0 + 0.5 / 12.0);
    ((ratio.high / ratio.low).ln() / (2.0 * t)).powi(2)
}

#[test]
fn earlier_twins_widen_what_one_run_could_not() {
    let (plan, samples) = one_block();
    let policy = Policy::default();
    let plain = compare_with_earlier(&plan, &samples, &[], &policy);
    assert_eq!(
        plain.calibration,
        [Calibration {
            project: Some("hexyl".into()),
            workload: "clean".into(),
            offsets: Offsets::Assumed { twins: 1 }
        }]
    );
    let twins = earlier_twins(20, "clean", 0.02, 0.002);
    let found = compare_with_earlier(&plan, &samples, &twins, &policy);
    let Offsets::Calibrated { variance: tau2, twins: 21, runs: 3, pool: Pool::Workload, .. } =
        found.calibration[0].offsets
    else {
        panic!("{:?}", found.calibration)
    };
    assert!((3e-4..4.2e-4).contains(&tau2), "{tau2}");
    let more = tau2 - ASSUMED_OFFSET.powi(2);
    let added = variance(&found, 2) - variance(&plain, 2);
    assert!((added / (0.75 * more) - 1.0).abs() < 1e-6, "{added} instead of ¾ of {more}");
    let (before, after) = (plain.blocks[0].twin.unwrap(), found.blocks[0].twin.unwrap());
    assert_eq!((before.theta, before.se), (after.theta, after.se), "later runs are calibrated with these");
    let half_width = |se: f64| {
        Estimate { rounds: 12, theta: 0.0, se, df: 13.0, control: Control::Twin }.half_width_share(LEVEL)
    };
    // The twin is judged by the offsets of the others.
    let of_others: Vec<Estimate> = twins
        .iter()
        .map(|twin| Estimate {
            rounds: 13,
            theta: twin.theta,
            se: twin.se,
            df: twin.df,
            control: Control::Twin,
        })
        .collect();
    let of_others = OffsetSums::of(&of_others).variance().unwrap();
    assert!((after.half_width / half_width((before.se.powi(2) + of_others).sqrt()) - 1.0).abs() < 1e-9);
    assert!(after.half_width > 2.0 * before.half_width && after.p > before.p);
    assert!(notes_say(
        &found,
        "Builds in one target directory are faster than in another, by about 2.0% (measured by 21 controls of 3 runs)"
    ));
}

#[test]
fn an_unknown_machine_is_not_one_without_offsets() {
    let (plan, samples) = one_block();
    let known = compare_samples(&plan, &samples);
    let unknown = compare_with_earlier(&plan, &samples, &[], &Policy::default());
    let (known, unknown) = (&known.blocks[0], &unknown.blocks[0]);
    assert_eq!((known.offset, known.offset_is_assumed), (None, false));
    assert_eq!((unknown.offset, unknown.offset_is_assumed), (Some(0.007), true));
    // The twin is judged by what is assumed too.
    let (before, after) = (known.twin.unwrap(), unknown.twin.unwrap());
    assert_eq!((before.theta, before.se), (after.theta, after.se));
    assert!(after.half_width > before.half_width && after.p > before.p);
    assert!(unknown.noise_floor > known.noise_floor);
}

#[test]
fn an_offset_that_is_only_assumed_is_not_blamed_as_if_it_were_known() {
    let plan = plan(vec![block("linkers", true, &["u", "v", "w"])]);
    let mut samples = Samples::of(&plan);
    // Near the margin, so that it is neither shown to differ nor to be within it.
    samples.noisy(0, 12, 3, |arm| if arm > 1 { 1.016 } else { 1.0 });
    let notes = |earlier: &[EarlierTwin]| {
        compare_with_earlier(&plan, &samples.all, earlier, &Policy::default())
            .blocks
            .remove(0)
            .notes
            .join("\n")
    };
    let (unknown, known) = (notes(&[]), notes(&earlier_twins(20, "clean", 0.007, 0.001)));
    assert!(
        unknown.contains(
            "once this machine has 10 controls (its own counts); until then, directories are assumed to differ by 0.7%"
        ),
        "{unknown}"
    );
    assert!(
        known.contains("target directories differ too much in speed for any number of rounds"),
        "{known}"
    );
    let missing = |earlier: usize| {
        let twins = earlier_twins(earlier, "clean", 0.007, 0.001);
        let found = compare_with_earlier(&plan, &samples.all, &twins, &Policy::default());
        let needed = found.blocks[0].arms.iter().find_map(|arm| arm.needed);
        needed.map(|needed| match needed {
            RoundsNeeded::AssumedOffset { missing, .. } => missing,
            other => panic!("{other:?}"),
        })
    };
    // This run's own twin counts, and so does that of the new one.
    assert_eq!([0, 5, 8].map(missing), [Some(8), Some(3), Some(0)]);
}

#[test]
fn exactly_ten_twins_are_too_few_without_the_own_one() {
    let (plan, samples) = one_block();
    let found =
        compare_with_earlier(&plan, &samples, &earlier_twins(9, "clean", 0.0, 0.002), &Policy::default());
    let block = &found.blocks[0];
    assert!(!block.offset_is_assumed, "its own twin is the tenth");
    // Its verdict on the twin goes by the other nine, which are too few.
    let twin = block.twin.unwrap();
    let with_assumed = Estimate {
        rounds: 12,
        theta: 0.0,
        se: twin.se.hypot(ASSUMED_OFFSET),
        df: twin.df,
        control: Control::Twin,
    };
    assert!((twin.half_width / with_assumed.half_width_share(LEVEL) - 1.0).abs() < 1e-9);
}

#[test]
fn an_ordinary_offset_is_no_fault_of_the_block() {
    let plan = plan(vec![block("linkers", true, &["v"])]);
    let mut samples = Samples::of(&plan);
    samples.noisy(0, 12, 1, |arm| if arm == TWIN { 1.03 } else { 1.0 });
    let verdict = |theta: f64| {
        let twins = earlier_twins(20, "clean", theta, 0.002);
        let found = compare_with_earlier(&plan, &samples.all, &twins, &Policy::default());
        found.blocks[0].arms[2].ratio.unwrap().verdict
    };
    assert_eq!(verdict(0.0), Verdict::Invalid, "where directories are alike, the block is broken");
    assert_eq!(verdict(0.03), Verdict::Undecided);
    assert_eq!(verdict(0.006), Verdict::Invalid, "an offset that is no ordinary one");
}

/// Two variants have one directory each and no identical copy.
#[test]
fn a_pair_of_variants_has_the_offsets_of_two_directories() {
    let (plan, samples) = one_block();
    let policy = Policy { baseline: Some(RequestedBaseline::new("v")), ..Policy::default() };
    let (plain, found) = (
        compare_with_earlier(&plan, &samples, &[], &policy),
        compare_with_earlier(&plan, &samples, &earlier_twins(20, "clean", 0.02, 0.002), &policy),
    );
    let more = found.calibration[0].offsets.variance() - ASSUMED_OFFSET.powi(2);
    for (arm, share) in [(BASELINE, 0.75), (3, 1.0)] {
        let added = variance(&found, arm) - variance(&plain, arm);
        assert!((added / (share * more) - 1.0).abs() < 1e-6, "{added} instead of {share} of {more}");
    }
}

#[test]
fn a_block_goes_by_the_nearest_kind_that_has_enough_twins() {
    let (plan, samples) = one_block();
    // Twins of the same project and workload, of the same workload, and of another one.
    let offsets = |project: usize, workload: usize, others: usize| {
        let mut near = earlier_twins(project, "clean", 0.01, 0.002);
        near.iter_mut().for_each(|twin| twin.block = BlockId::new("other matrix", "hexyl", "clean"));
        let twins = [
            near,
            earlier_twins(workload, "clean", 0.03, 0.002),
            earlier_twins(others, "check", 0.09, 0.002),
        ]
        .concat();
        compare_with_earlier(&plan, &samples, &twins, &Policy::default()).calibration[0].offsets
    };
    // The block's own twin is one of them.
    for (counts, twins, pool, variance) in [
        ((9, 30, 30), 10, Pool::Project, 0.0..2e-4),
        ((8, 1, 30), 10, Pool::Workload, 0.0..4e-4),
        ((8, 30, 30), 39, Pool::Workload, 4e-4..2e-3),
        ((4, 4, 1), 10, Pool::All, 4e-4..2e-3),
        ((1, 1, 30), 33, Pool::All, 2e-3..1.0),
    ] {
        let found = offsets(counts.0, counts.1, counts.2);
        let Offsets::Calibrated { variance: tau2, twins: used, pool: of, .. } = found else {
            panic!("{counts:?}: {found:?}")
        };
        assert_eq!((used, of), (twins, pool), "{counts:?}");
        assert!(variance.contains(&tau2), "{counts:?}: {tau2}");
    }
    assert_eq!(offsets(4, 4, 0), Offsets::Assumed { twins: 9 });
}

/// Two blocks that span several projects may span different ones.
#[test]
fn blocks_of_several_projects_have_no_project_in_common() {
    let (mut plan, mut samples) = one_block();
    plan.blocks[0].id = BlockId::new("linkers", "*", "clean");
    samples.iter_mut().for_each(|sample| sample.block = plan.blocks[0].id.clone());
    let mut twins = earlier_twins(20, "clean", 0.01, 0.002);
    twins.iter_mut().for_each(|twin| twin.block = plan.blocks[0].id.clone());
    let found = compare_with_earlier(&plan, &samples, &twins, &Policy::default());
    assert_eq!(found.calibration[0].project, None);
    let Offsets::Calibrated { twins: 21, pool: Pool::Workload, .. } = found.calibration[0].offsets else {
        panic!("{:?}", found.calibration)
    };
}

#[test]
fn each_project_has_an_answer_of_its_own() {
    let mut plan = plan(vec![block("a", true, &["v"]), block("b", true, &["v"]), block("c", true, &["v"])]);
    plan.blocks[1].id = BlockId::new("b", "ripgrep", "clean");
    let mut samples = Samples::of(&plan);
    (0..3).for_each(|block| samples.noisy(block, 12, block as u64, |_| 1.0));
    let mut twins = earlier_twins(9, "clean", 0.02, 0.002);
    twins.iter_mut().for_each(|twin| twin.block = BlockId::new("m", "ripgrep", "clean"));
    let found = compare_with_earlier(&plan, &samples.all, &twins, &Policy::default());
    let answer = |answer: &Calibration| match answer.offsets {
        Offsets::Calibrated { pool, twins, .. } => (answer.project.clone(), pool, twins),
        Offsets::Assumed { .. } => panic!("{answer:?}"),
    };
    let answers: Vec<_> = found.calibration.iter().map(answer).collect();
    let project = |name: &str| Some(name.to_owned());
    assert_eq!(answers, [(project("hexyl"), Pool::Workload, 12), (project("ripgrep"), Pool::Project, 10)]);
    assert!(found.blocks[1].offset > found.blocks[0].offset, "ripgrep goes by its own");
    assert_eq!(found.blocks[0].offset, found.blocks[2].offset);
}

#[test]
fn twins_of_few_degrees_of_freedom_or_without_spread_do_not_count() {
    let (plan, samples) = one_block();
    let mut twins = earlier_twins(20, "clean", 0.02, 0.002);
    twins.iter_mut().take(6).for_each(|twin| twin.df = 2.0);
    twins.iter_mut().skip(6).take(6).for_each(|twin| twin.se = 0.0);
    let found = compare_with_earlier(&plan, &samples, &twins, &Policy::default());
    assert_eq!(found.calibration[0].offsets, Offsets::Assumed { twins: 9 });
}

/// A file may contain any numbers; none of them leads to an infinite interval.
#[test]
fn no_twin_makes_an_answer_that_is_not_a_number() {
    let (plan, samples) = one_block();
    for (theta, se) in [(1e300, 1e-3), (1e150, 1e150), (700.0, 1e-160), (1e-300, 5e-324), (0.0, f64::MAX)] {
        let found =
            compare_with_earlier(&plan, &samples, &earlier_twins(20, "clean", theta, se), &Policy::default());
        assert!(found.calibration[0].offsets.variance().is_finite(), "{theta} {se}");
    }
}

#[test]
fn a_twin_that_decides_alone_is_seen() {
    let (plan, samples) = one_block();
    let heaviest = |precise: f64| {
        let mut twins = earlier_twins(20, "clean", 0.02, 0.002);
        twins[0].se = precise;
        let found = compare_with_earlier(&plan, &samples, &twins, &Policy::default()).calibration[0].offsets;
        let Offsets::Calibrated { heaviest, .. } = found else { panic!("{found:?}") };
        heaviest
    };
    // By hand: weights are in proportion to 1/se², and the block's own twin has less than any of these.
    assert!((heaviest(0.002) - 1.0 / 20.2).abs() < 0.01, "{}", heaviest(0.002));
    assert!((heaviest(0.0002) - 100.0 / 119.2).abs() < 0.01, "{}", heaviest(0.0002));
}

#[test]
fn a_block_of_several_workloads_is_a_kind_of_its_own() {
    let mut plan = plan(vec![block("linkers", true, &["v"]), block("claims", true, &["v"])]);
    plan.blocks[1].arms[2].variant.workload = "check".into();
    let found = compare_with_earlier(&plan, &[], &[], &Policy::default());
    let workloads: Vec<_> = found.calibration.iter().map(|answer| answer.workload.as_str()).collect();
    assert_eq!(workloads, ["clean", "clean+check"]);
    assert_eq!(found.blocks[1].workload, "clean+check");
}

#[test]
fn several_sessions_average_offsets_out() {
    let (plan, mut samples) = one_block();
    let policy = Policy::default();
    let twins = earlier_twins(20, "clean", 0.02, 0.002);
    let tau2 = |found: &Comparison| match found.calibration[0].offsets {
        Offsets::Calibrated { variance, .. } => variance,
        Offsets::Assumed { .. } => panic!("{:?}", found.calibration),
    };
    let added = |samples: &[Sample]| {
        let (plain, found) = (
            compare_with_earlier(&plan, samples, &[], &policy),
            compare_with_earlier(&plan, samples, &twins, &policy),
        );
        (variance(&found, 2) - variance(&plain, 2)) / (tau2(&found) - ASSUMED_OFFSET.powi(2))
    };
    let one = added(&samples);
    assert!((one - 0.75).abs() < 1e-6, "{one}");
    // Three equal sessions of four rounds each.
    samples.iter_mut().for_each(|sample| sample.session = sample.round.div_ceil(4));
    let three = added(&samples);
    assert!((three - 0.25).abs() < 1e-6, "{three}");
    // Its own twin is not in the pool, since it shows a third of the offset variance of a single session.
    assert!(matches!(
        compare_with_earlier(&plan, &samples, &twins, &policy).calibration[0].offsets,
        Offsets::Calibrated { twins: 20, .. }
    ));
}

/// A broken twin must not increase the offsets so far that it looks ordinary.
#[test]
fn a_twin_does_not_excuse_itself() {
    let blocks: Vec<_> = (0..12).map(|n| block(&format!("m{n}"), true, &["v"])).collect();
    let plan = plan(blocks);
    let mut samples = Samples::of(&plan);
    for index in 0..12 {
        let broken = |arm: usize| if index == 3 && arm == 1 { 1.2 } else { 1.0 };
        samples.noisy(index, 12, index as u64, broken);
    }
    let found = compare_with_earlier(&plan, &samples.all, &[], &Policy::default());
    let verdict = |index: usize| found.blocks[index].arms[2].ratio.map(|ratio| ratio.verdict);
    assert_eq!(verdict(3), Some(Verdict::Invalid));
    assert!((0..12).filter(|index| *index != 3).all(|index| verdict(index) != Some(Verdict::Invalid)));
}
