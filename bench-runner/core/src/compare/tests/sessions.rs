use super::fixture::*;
use crate::compare::Sessions;
use crate::record::Outcome;
use crate::stats::noise::Noise;

/// Ratios of one variant by session, given the number of rounds and the ratio of each session.
fn compare_sessions(of: &[(u32, f64)]) -> Option<Sessions> {
    let plan = plan(vec![block("linkers", true, &["v"])]);
    let mut samples = Samples::of(&plan);
    let mut noise = Noise::new(9);
    let mut round = 0;
    for (session, &(rounds, ratio)) in (1..).zip(of) {
        for _ in 0..rounds {
            round += 1;
            for arm in 0..3 {
                let share = if arm == 2 { ratio } else { 1.0 };
                let seconds = 10.0 * share * noise.build(0.005, 0.0).exp();
                samples.push(0, arm, round, 1, built(seconds)).session = session;
            }
        }
    }
    compare_samples(&plan, &samples.all).blocks.remove(0).arms.remove(2).sessions
}

#[test]
fn one_session_has_nothing_to_lie_apart_from() {
    assert_eq!(compare_sessions(&[(8, 0.9)]), None);
    // Two rounds are too few for a ratio.
    assert_eq!(compare_sessions(&[(8, 0.9), (2, 0.9)]), None);
}

#[test]
fn each_session_has_its_ratio_and_the_spread_is_theirs() {
    let found = compare_sessions(&[(6, 0.90), (6, 0.95), (2, 0.9), (5, 1.0)]).unwrap();
    let numbers: Vec<_> = found.ratios.iter().map(|one| (one.session, one.ratio.rounds)).collect();
    assert_eq!(numbers, [(1, 6), (2, 6), (4, 5)]);
    for (one, truth) in found.ratios.iter().zip([0.90, 0.95, 1.0]) {
        assert!((one.ratio.ratio / truth - 1.0).abs() < 0.01, "{one:?}");
    }
    // The standard deviation of ln 0.90, ln 0.95 and ln 1 is 0.0527.
    let spread = found.spread.unwrap();
    assert!((0.04..0.07).contains(&spread.sd) && spread.p < 0.01, "{spread:?}");
}

#[test]
fn sessions_that_agree_have_no_spread_beyond_chance() {
    let spread = compare_sessions(&[(6, 0.9), (6, 0.9)]).unwrap().spread.unwrap();
    assert!(spread.p > 0.05, "{spread:?}");
    // Three rounds are enough, since each session pools its standard errors: four degrees of freedom.
    let few = compare_sessions(&[(3, 0.9), (3, 0.9)]).unwrap();
    assert!(few.ratios.len() == 2 && few.spread.unwrap().p > 0.05, "{few:?}");
}

#[test]
fn a_session_without_the_variant_is_passed_over() {
    let plan = plan(vec![block("linkers", true, &["v"])]);
    let mut samples = Samples::of(&plan);
    for round in 1..=12 {
        for arm in 0..3 {
            let failed = arm == 2 && round == 12;
            let outcome = if failed { Outcome::TimedOut } else { built(1.0) };
            samples.push(0, arm, round, 1, outcome).session = 1 + (round - 1) / 6;
        }
    }
    let found = compare_samples(&plan, &samples.all).blocks.remove(0).arms.remove(2).sessions.unwrap();
    assert_eq!(found.ratios.iter().map(|one| one.ratio.rounds).collect::<Vec<_>>(), [6, 5]);
}
