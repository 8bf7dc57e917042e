use bench_runner_core::stats::noise::Noise;
use bench_runner_core::stats::{Contrast, Side};

use super::*;

const ROLES: [Role; 4] = [Role::Baseline, Role::Twin, Role::Variant, Role::Variant];

fn sampling() -> Sampling {
    Sampling {
        warmup: 1,
        min_rounds: 6,
        max_rounds: 30,
        precision: Some(0.015),
        margin: 0.03,
        timeout: Duration::from_secs(600),
    }
}

fn progress<'a>(
    sampling: &'a Sampling,
    roles: &'a [Role],
    rounds: &'a [Vec<Option<f64>>],
) -> BlockProgress<'a> {
    BlockProgress { sampling, roles, rounds, remaining: None, round_time: None }
}

/// Rounds whose intervals are far narrower than any precision in these tests.
fn quiet(rounds: usize, arms: usize) -> Vec<Vec<Option<f64>>> {
    let mut noise = Noise::new(1);
    (0..rounds).map(|_| (0..arms).map(|_| Some(noise.build(1e-4, 0.0).exp())).collect()).collect()
}

#[test]
fn nothing_is_decided_between_looks() {
    let sampling = sampling();
    for rounds in 0..30 {
        let expected = if LOOKS.contains(&rounds) { Next::Stop(StopReason::Precision) } else { Next::Round };
        let table = quiet(rounds, 4);
        assert_eq!(next(&progress(&sampling, &ROLES, &table)), expected, "after {rounds} rounds");
    }
    assert_eq!(next(&progress(&sampling, &ROLES, &quiet(30, 4))), Next::Stop(StopReason::MaxRounds));
}

#[test]
fn looks_start_at_the_least_number_of_rounds() {
    let sampling = Sampling { min_rounds: 12, ..sampling() };
    assert_eq!(next(&progress(&sampling, &ROLES, &quiet(8, 4))), Next::Round);
    assert_eq!(next(&progress(&sampling, &ROLES, &quiet(12, 4))), Next::Stop(StopReason::Precision));
}

#[test]
fn without_a_precision_all_rounds_are_built() {
    let sampling = Sampling { precision: None, ..sampling() };
    for rounds in 0..30 {
        assert_eq!(next(&progress(&sampling, &ROLES, &quiet(rounds, 4))), Next::Round);
    }
    assert_eq!(next(&progress(&sampling, &ROLES, &quiet(30, 4))), Next::Stop(StopReason::MaxRounds));
}

/// The rounds of each arm are autocorrelated, so they carry less information than their number suggests.
#[test]
fn rounds_that_resemble_their_neighbours_do_not_count_in_full() {
    let wave = |round: usize, arm: usize| {
        let (round, arm) = (round as f64, arm as f64);
        0.025 * (0.4 * round + 1.6 * arm).sin()
    };
    let table = |order: &dyn Fn(usize) -> usize| -> Vec<Vec<Option<f64>>> {
        (0..22).map(|round| (0..4).map(|arm| Some(wave(order(round), arm).exp())).collect()).collect()
    };
    let sampling = Sampling { precision: Some(0.018), ..sampling() };
    // the same rounds in an order without autocorrelation
    assert_eq!(
        next(&progress(&sampling, &ROLES, &table(&|round| round * 9 % 22))),
        Next::Stop(StopReason::Precision)
    );
    assert_eq!(next(&progress(&sampling, &ROLES, &table(&|round| round))), Next::Round);
    // an arm without any time does not hide it
    let mut with_empty = table(&|round| round);
    with_empty.iter_mut().for_each(|row| row.push(None));
    let roles = [ROLES.as_slice(), &[Role::Variant]].concat();
    assert_eq!(next(&progress(&sampling, &roles, &with_empty)), Next::Round);
}

#[test]
fn a_difference_however_clear_does_not_stop_a_noisy_block() {
    let mut noise = Noise::new(2);
    let table: Vec<Vec<Option<f64>>> = (0..12)
        .map(|_| (0..4).map(|arm| Some((noise.build(0.1, 0.0) + 3.0 * f64::from(arm / 2)).exp())).collect())
        .collect();
    for rounds in LOOKS.iter().filter(|&&look| look <= 12) {
        assert_eq!(next(&progress(&sampling(), &ROLES, &table[..*rounds])), Next::Round);
    }
}

#[test]
fn a_single_wide_interval_keeps_the_block_going() {
    let mut noise = Noise::new(3);
    for noisy in 0..4 {
        let mut table = quiet(12, 4);
        for round in &mut table {
            round[noisy] = Some(noise.build(0.1, 0.0).exp());
        }
        assert_eq!(next(&progress(&sampling(), &ROLES, &table)), Next::Round, "arm {noisy}");
    }
}

#[test]
fn the_twin_has_a_limit_of_its_own() {
    // d of the twin scatters so that its h is between the limits of a variant and of a twin
    let mut table = quiet(12, 3);
    let roles = [Role::Baseline, Role::Twin, Role::Variant];
    let pattern = [1.0, -1.0, 0.5, -0.5, 0.8, -0.8, 1.0, -1.0, 0.5, -0.5, 0.8, -0.8];
    let half_width = |table: &[Vec<Option<f64>>]| {
        let all = [1, 2].map(|arm| Reference { baseline: 0, twin: Some(1) }.contrast(arm));
        estimate_block(table, &all, Control::Twin, 1.0).0[0].unwrap().half_width(LEVEL)
    };
    let limit = 0.015f64.ln_1p();
    for (share, expected) in [(1.1, Next::Stop(StopReason::Precision)), (1.2, Next::Round)] {
        let scatter = |table: &mut [Vec<Option<f64>>], size: f64| {
            for (round, x) in table.iter_mut().zip(pattern) {
                // baseline and variant move along, so that only the twin's interval is wide
                *round = vec![Some((-x * size).exp()), Some((x * size).exp()), Some(1.0)];
            }
        };
        scatter(&mut table, 0.01);
        let size = 0.01 * share * limit / half_width(&table);
        scatter(&mut table, size);
        assert!((half_width(&table) / limit - share).abs() < 1e-6);
        assert_eq!(next(&progress(&sampling(), &roles, &table)), expected, "twin at {share} of the limit");
    }
}

#[test]
fn a_round_that_does_not_fit_is_not_started() {
    let sampling = sampling();
    let table = quiet(3, 4);
    let budget = |remaining: u64, round: Option<u64>| BlockProgress {
        remaining: Some(Duration::from_secs(remaining)),
        round_time: round.map(Duration::from_secs),
        ..progress(&sampling, &ROLES, &table)
    };
    assert_eq!(next(&budget(10, Some(10))), Next::Round);
    assert_eq!(next(&budget(9, Some(10))), Next::Stop(StopReason::Budget));
    assert_eq!(next(&budget(1, None)), Next::Round);
    assert_eq!(next(&budget(0, None)), Next::Stop(StopReason::Budget));
    assert_eq!(next(&BlockProgress { rounds: &[], ..budget(9, Some(10)) }), Next::Stop(StopReason::Budget));
}

#[test]
fn a_precision_that_was_reached_is_the_reason_even_without_budget() {
    let table = quiet(6, 4);
    let sampling = sampling();
    let spent = BlockProgress { remaining: Some(Duration::ZERO), ..progress(&sampling, &ROLES, &table) };
    assert_eq!(next(&spent), Next::Stop(StopReason::Precision));
}

#[test]
fn failing_builds_leave_the_rounds_that_there_are() {
    let sampling = sampling();
    // one variant never builds: the other decides
    let mut table = quiet(6, 4);
    table.iter_mut().for_each(|round| round[3] = None);
    assert_eq!(next(&progress(&sampling, &ROLES, &table)), Next::Stop(StopReason::Precision));
    // two rounds of it are too few for an interval
    table[0][3] = Some(1.0);
    table[1][3] = Some(1.0);
    assert_eq!(next(&progress(&sampling, &ROLES, &table)), Next::Round);
    // no baseline, nothing to compare; before the first look that is not held against it
    table.iter_mut().for_each(|round| round[0] = None);
    assert_eq!(next(&progress(&sampling, &ROLES, &table[..5])), Next::Round);
    assert_eq!(next(&progress(&sampling, &ROLES, &table)), Next::Stop(StopReason::NothingToCompare));
}

#[test]
fn fewer_than_two_arms_are_nothing_to_compare_and_a_twin_alone_is_something() {
    let sampling = sampling();
    for roles in [&[][..], &[Role::Baseline], &[Role::Variant, Role::Variant]] {
        assert_eq!(
            next(&progress(&sampling, roles, &[])),
            Next::Stop(StopReason::NothingToCompare),
            "{roles:?}"
        );
    }
    assert_eq!(next(&progress(&sampling, &[Role::Baseline, Role::Twin], &[])), Next::Round);
}

/// Whole blocks, sampled and stopped by the rule: coverage and number of rounds. The bounds are coarse;
/// docs/METHODOLOGY.md has the figures of many more.
#[test]
fn blocks_that_stop_by_the_rule_keep_their_coverage() {
    let sampling = sampling();
    let mut noise = Noise::new(4);
    let (mut covered, mut pairs, mut rounds) = (0, 0, 0);
    const BLOCKS: usize = 250;
    for _ in 0..BLOCKS {
        let mut table = Vec::new();
        while next(&progress(&sampling, &ROLES, &table)) == Next::Round {
            table.push((0..4).map(|_| Some(noise.build(0.02, 0.0).exp())).collect());
        }
        rounds += table.len();
        let reference = Reference { baseline: 0, twin: Some(1) };
        let all = [1, 2, 3].map(|arm| reference.contrast(arm));
        let (estimates, variance) = estimate_block(&table, &all, Control::Twin, 1.0);
        for estimate in estimates[1..].iter().flatten() {
            covered += usize::from(estimate.theta.abs() <= estimate.half_width(LEVEL));
        }
        let pair = Contrast { of: Side::single(2), against: Side::single(3) };
        let estimate = variance.pool(&pair, pair.estimate(&table, Control::Twin).unwrap());
        pairs += usize::from(estimate.theta.abs() <= estimate.half_width(LEVEL));
    }
    // 475 of 500 expected, standard deviation below 6; about 20 rounds, as in docs/METHODOLOGY.md
    assert!((452..=495).contains(&covered), "{covered} of 500");
    // 237.5 of 250 expected, standard deviation 3.4: the stopping does not look at pairs of variants
    assert!((226..=248).contains(&pairs), "{pairs} of 250");
    let mean = rounds as f64 / BLOCKS as f64;
    assert!((18.0..22.0).contains(&mean), "{mean} rounds");
}

#[test]
fn rounds_that_fit_are_whole_and_bounded() {
    let seconds = Duration::from_secs;
    assert_eq!(rounds_that_fit(seconds(95), seconds(10), 30), 9);
    assert_eq!(rounds_that_fit(seconds(95), seconds(1), 30), 30);
    assert_eq!(rounds_that_fit(seconds(5), seconds(10), 30), 0);
    assert_eq!(rounds_that_fit(seconds(5), Duration::ZERO, 30), 30);
}
