use std::time::Duration;

use super::fixture::*;
use crate::compare::ArmResult;
use crate::record::{Cost, Outcome};
use crate::stats::noise::Noise;

/// A variant that takes as long as the baseline, with 0.6 of its CPU time and twice its memory; in the last of eight
/// rounds its cost is what `last` makes of it.
fn variant(last: impl Fn(Cost) -> Cost) -> ArmResult {
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
    compared(&plan, &samples.all).blocks.remove(0).arms.remove(2)
}

#[test]
fn cpu_time_and_memory_have_ratios_of_their_own() {
    let arm = variant(|cost| cost);
    let (wall, cpu, rss) = (arm.ratio.unwrap(), arm.cpu_ratio.unwrap(), arm.rss_ratio.unwrap());
    assert!(wall.low < 1.0 && 1.0 < wall.high);
    assert!(cpu.low < 0.6 && 0.6 < cpu.high && cpu.high < 0.63, "{cpu:?}");
    assert!((1.98..2.02).contains(&rss.ratio) && rss.low < rss.high && rss.high < 2.1, "{rss:?}");
    assert_eq!((cpu.rounds, rss.rounds), (8, 8));
}

#[test]
fn a_value_of_zero_leaves_no_ratio() {
    let arm = variant(|cost| Cost { user: Duration::ZERO, sys: Duration::ZERO, ..cost });
    assert!(arm.ratio.is_some() && arm.cpu_ratio.is_none() && arm.rss_ratio.is_some());
    let arm = variant(|cost| Cost { max_rss: 0, ..cost });
    assert!(arm.ratio.is_some() && arm.cpu_ratio.is_some() && arm.rss_ratio.is_none());
}

#[test]
fn the_middle_half_of_wall_times_lies_between_order_statistics() {
    let plan = plan(vec![block("linkers", false, &["v"])]);
    let mut samples = Samples::of(&plan);
    for (round, seconds) in [(1, 3.0), (2, 1.0), (3, 4.0), (4, 2.0)] {
        samples.round(0, round, |arm| built(if arm == 0 { seconds } else { 5.0 }));
    }
    let found = compared(&plan, &samples.all).blocks.remove(0);
    // as numpy's default gives them
    assert_eq!(found.arms[0].middle_half, Some((1.75, 3.25)));
    assert_eq!(found.arms[1].middle_half, Some((5.0, 5.0)));
}
