use std::time::Duration;

use super::fixture::*;
use crate::compare::{ArmResult, BlockResult};
use crate::record::{Activity, Cost, MetricId, Outcome};
use crate::stats::noise::Noise;

/// A variant that takes as long as the baseline, with 0.6 of its CPU time and twice its memory; `last`
/// changes its cost in the last of eight rounds.
fn variant(last: impl Fn(Cost) -> Cost) -> ArmResult {
    costly_block(last).arms.remove(2)
}

/// The block of [`variant`].
fn costly_block(last: impl Fn(Cost) -> Cost) -> BlockResult {
    let plan = plan(vec![block("linkers", true, &["v"])]);
    let mut samples = Samples::of(&plan);
    let mut noise = Noise::new(7);
    for round in 1..=8 {
        for arm in 0..3 {
            let (cpu, memory) = if arm == 2 { (0.6, 2) } else { (1.0, 1) };
            let seconds = 10.0 * noise.build(0.01, 0.0).exp();
            let cost = Cost {
                wall: Duration::from_secs_f64(seconds),
                user: Duration::from_secs_f64(0.7 * cpu * seconds),
                sys: Duration::from_secs_f64(0.3 * cpu * seconds),
                max_rss: (memory << 30) + u64::from(round * (arm as u32 + 3) % 5) * 1_000_000,
                ..Cost::default()
            };
            let cost = if arm == 2 && round == 8 { last(cost) } else { cost };
            samples.push(0, arm, round, 1, Outcome::Built(cost));
        }
    }
    compare_samples(&plan, &samples.all).blocks.remove(0)
}

#[test]
fn cpu_time_and_memory_have_ratios_of_their_own() {
    let arm = variant(|cost| cost);
    let plain = |metric: MetricId| arm.plain_ratios[metric].unwrap();
    let (wall, cpu, rss) = (arm.ratio.unwrap(), plain(MetricId::Cpu), plain(MetricId::MaxRss));
    assert!(wall.low < 1.0 && 1.0 < wall.high);
    assert!(cpu.low < 0.6 && 0.6 < cpu.high && cpu.high < 0.63, "{cpu:?}");
    assert!((1.98..2.02).contains(&rss.ratio) && rss.low < rss.high && rss.high < 2.1, "{rss:?}");
    assert_eq!((cpu.rounds, rss.rounds), (8, 8));
}

#[test]
fn the_control_has_the_ratios_that_two_identical_builds_have() {
    let block = costly_block(|cost| cost);
    let ratio = |metric: MetricId| block.twin_ratios[metric].unwrap();
    for metric in [MetricId::Cpu, MetricId::MaxRss] {
        let found = ratio(metric);
        assert!(found.rounds == 8 && found.low < 1.0 && 1.0 < found.high, "{metric:?}: {found:?}");
        assert!((0.97..1.03).contains(&found.ratio), "{metric:?}: {found:?}");
    }
    assert_eq!(block.twin_ratios[MetricId::Wall], None, "wall time is judged");
}

#[test]
fn a_value_of_zero_leaves_no_ratio() {
    let arm = variant(|cost| Cost { user: Duration::ZERO, sys: Duration::ZERO, ..cost });
    let there =
        |arm: &ArmResult| [MetricId::Cpu, MetricId::MaxRss].map(|one| arm.plain_ratios[one].is_some());
    assert_eq!((arm.ratio.is_some(), there(&arm)), (true, [false, true]));
    let arm = variant(|cost| Cost { max_rss: 0, ..cost });
    assert_eq!((arm.ratio.is_some(), there(&arm)), (true, [true, false]));
}

#[test]
fn counts_are_summed_up_and_compared_if_every_build_has_them() {
    let plan = plan(vec![block("linkers", true, &["v"])]);
    let of = |last: Option<u64>| {
        let mut samples = Samples::of(&plan);
        let mut noise = Noise::new(7);
        for round in 1..=8 {
            for arm in 0..3 {
                let faults = 1000 * (1 + u64::from(arm == 2)) + u64::from(round * (arm as u32 + 3) % 5);
                let last = if round == 8 && arm == 2 { last } else { Some(faults) };
                let activity = Activity { minor_faults: last, major_faults: Some(0), ..Activity::default() };
                let wall = Duration::from_secs_f64(10.0 * noise.build(0.01, 0.0).exp());
                samples.push(0, arm, round, 1, Outcome::Built(Cost { wall, activity, ..Cost::default() }));
            }
        }
        compare_samples(&plan, &samples.all).blocks.remove(0).arms.remove(2)
    };
    let found = of(Some(2000));
    let (faults, ratio) =
        (found.summaries[MetricId::MinorFaults].unwrap(), found.plain_ratios[MetricId::MinorFaults]);
    assert!((2000.0..2005.0).contains(&faults.median), "{faults:?}");
    assert!((1.99..2.01).contains(&ratio.unwrap().ratio), "{ratio:?}");
    // 0 has no ratio to 0.
    assert_eq!(found.summaries[MetricId::MajorFaults].unwrap().max, 0.0);
    assert_eq!(found.plain_ratios[MetricId::MajorFaults], None);
    assert_eq!(found.summaries[MetricId::VoluntarySwitches], None);
    let lacking = of(None);
    assert_eq!(
        (lacking.summaries[MetricId::MinorFaults], lacking.plain_ratios[MetricId::MinorFaults]),
        (None, None)
    );
}

#[test]
fn the_middle_half_of_wall_times_lies_between_order_statistics() {
    let plan = plan(vec![block("linkers", false, &["v"])]);
    let mut samples = Samples::of(&plan);
    for (round, seconds) in [(1, 3.0), (2, 1.0), (3, 4.0), (4, 2.0)] {
        samples.round(0, round, |arm| built(if arm == 0 { seconds } else { 5.0 }));
    }
    let found = compare_samples(&plan, &samples.all).blocks.remove(0);
    // As computed by numpy with its default method.
    assert_eq!(found.arms[0].middle_half, Some((1.75, 3.25)));
    assert_eq!(found.arms[1].middle_half, Some((5.0, 5.0)));
}
