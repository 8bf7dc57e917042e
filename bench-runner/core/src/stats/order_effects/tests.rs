use proptest::prelude::*;

use super::*;
use crate::stats::Side;
use crate::stats::noise::Noise;

/// Orders as drawn by runs: the rows of a Williams design, with arms renamed and rows shuffled again for each
/// set.
fn orders(arms: usize, rounds: usize, noise: &mut Noise) -> Vec<Vec<usize>> {
    let zigzag =
        |position: usize| if position % 2 == 1 { position.div_ceil(2) } else { (arms - position / 2) % arms };
    let mut orders = Vec::new();
    while orders.len() < rounds {
        let names = shuffled(arms, noise);
        for row in shuffled(if arms.is_multiple_of(2) { arms } else { 2 * arms }, noise) {
            let mut order: Vec<usize> =
                (0..arms).map(|position| names[(zigzag(position) + row) % arms]).collect();
            if row >= arms {
                order.reverse();
            }
            orders.push(order);
        }
    }
    orders.truncate(rounds);
    orders
}

fn shuffled(count: usize, noise: &mut Noise) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    for last in (1..count).rev() {
        order.swap(last, ((last + 1) as f64 * noise.uniform()) as usize);
    }
    order
}

/// Parameters of a simulated block.
#[derive(Clone, Copy)]
struct Model {
    arms: usize,
    rounds: usize,
    /// Scatter of a build.
    scatter: f64,
    /// Factor on the scatter of the last arm.
    noisier: f64,
    outliers: f64,
    /// Additional time of the first build of a round.
    first: f64,
    /// Additional time of builds after the last arm.
    carry_over: f64,
}

const NULL: Model =
    Model { arms: 4, rounds: 12, scatter: 0.02, noisier: 1.0, outliers: 0.0, first: 0.0, carry_over: 0.0 };

impl Model {
    fn block(self, noise: &mut Noise) -> Vec<OrderedRound> {
        let of_round = |order: Vec<usize>, noise: &mut Noise| {
            let level = 0.05 * noise.normal();
            let mut seconds = vec![None; self.arms];
            for (position, &arm) in order.iter().enumerate() {
                let last = arm + 1 == self.arms;
                let scatter = if last { self.scatter * self.noisier } else { self.scatter };
                let mut log = level + 0.1 * arm as f64 + noise.build(scatter, self.outliers);
                log += match position {
                    0 => self.first,
                    _ if order[position - 1] + 1 == self.arms => self.carry_over,
                    _ => 0.0,
                };
                seconds[arm] = Some(log.exp());
            }
            OrderedRound { order, seconds }
        };
        orders(self.arms, self.rounds, noise).into_iter().map(|order| of_round(order, noise)).collect()
    }
}

/// An arm against the baseline and its twin, arms 0 and 1.
fn against_both(arm: usize) -> Contrast {
    Contrast { of: Side::single(arm), against: Side { arm: 0, twin: Some(1) } }
}

/// The last arm against the first two, as a variant against baseline and twin.
fn contrast(arms: usize) -> Contrast {
    against_both(arms - 1)
}

/// Eight rounds of four arms with two outliers.
fn eight_rounds() -> Vec<OrderedRound> {
    let rows = [
        ([3, 0, 1, 2], [10.169, 10.002, 8.889, 12.487]),
        ([2, 1, 0, 3], [10.072, 10.021, 9.103, 12.114]),
        ([1, 3, 2, 0], [10.14, 10.031, 8.829, 11.552]),
        ([0, 2, 3, 1], [10.042, 14.236, 9.048, 11.7]),
        ([3, 1, 0, 2], [10.054, 9.932, 9.057, 11.758]),
        ([1, 2, 3, 0], [9.794, 10.295, 9.02, 11.638]),
        ([2, 0, 1, 3], [9.905, 9.905, 10.085, 12.257]),
        ([0, 3, 2, 1], [10.139, 9.993, 9.069, 11.98]),
    ];
    let round = |(order, seconds): ([usize; 4], [f64; 4])| OrderedRound {
        order: order.to_vec(),
        seconds: seconds.map(Some).to_vec(),
    };
    rows.map(round).to_vec()
}

fn near(effect: Effect, log: f64, half_width: f64) {
    assert!((effect.log - log).abs() < 1e-9, "{effect:?} instead of {log}");
    assert!((effect.half_width / half_width - 1.0).abs() < 1e-6, "{effect:?} instead of {half_width}");
}

/// Reference values: numpy, by least squares on a column for each round, arm and regressor.
#[test]
fn known_values() {
    let contrasts = [2, 3].map(against_both);
    let found = order_effects(&eight_rounds(), &contrasts).unwrap();
    near(found.first, 0.022027889820747992, 0.02870472962311934);
    near(found.trend.unwrap(), 0.01842089357231497, 0.03515597039059764);
    let predecessors = found.predecessors.unwrap();
    assert_eq!((found.rounds, predecessors.arm), (8, 3));
    near(predecessors.largest, 0.013770455085021505, 0.027231697568509138);
    assert!((predecessors.p - 0.6952591379337949).abs() < 1e-9);
    near(found.moved[0].unwrap(), 0.0019371533541185926, 0.009627859006957016);
    near(found.moved[1].unwrap(), -0.003944433910300971, 0.009627859006957016);
    let bound = (0.003944433910300971f64 + 0.009627859006957016).exp() - 1.0;
    assert!((found.bound().unwrap() - bound).abs() < 1e-9);
}

/// Counts over blocks of the model: how often the intervals of being first and of the moved contrast cover
/// the truth, and how often the predecessors' test has p < 0.05.
fn covered(model: Model, blocks: usize) -> (usize, usize, usize) {
    let mut noise = Noise::new(23);
    let mut counts = (0, 0, 0);
    for _ in 0..blocks {
        let rounds = model.block(&mut noise);
        let found = order_effects(&rounds, &[contrast(model.arms)]).unwrap();
        let moved = found.moved[0].unwrap();
        counts.0 += usize::from((found.first.log - model.first).abs() <= found.first.half_width);
        counts.1 += usize::from((moved.log - truly_moved(model, &rounds)).abs() <= moved.half_width);
        counts.2 += usize::from(found.predecessors.unwrap().p < 0.05);
    }
    counts
}

/// True effect of the order on the contrast, in these orders.
fn truly_moved(model: Model, rounds: &[OrderedRound]) -> f64 {
    let of_build = |round: &OrderedRound, arm: usize| match round.order.iter().position(|built| *built == arm)
    {
        Some(0) => model.first,
        Some(position) if round.order[position - 1] + 1 == model.arms => model.carry_over,
        _ => 0.0,
    };
    let of_round = |round: &OrderedRound| {
        of_build(round, model.arms - 1) - 0.5 * (of_build(round, 0) + of_build(round, 1))
    };
    rounds.iter().map(of_round).sum::<f64>() / rounds.len() as f64
}

/// 400 blocks each: 380 covered and 20 alarms expected, standard deviation 4.4. With one arm three times as
/// noisy, the test errs in 7% of blocks.
#[test]
fn intervals_cover_and_the_test_keeps_its_level() {
    for model in [
        NULL,
        Model { arms: 3, rounds: 6, ..NULL },
        Model { arms: 5, outliers: 0.05, ..NULL },
        Model { arms: 5, noisier: 3.0, ..NULL },
        Model { first: 0.02, ..NULL },
    ] {
        let (first, moved, alarms) = covered(model, 400);
        let Model { arms, rounds, noisier, outliers, .. } = model;
        let shown = format!("{arms} {rounds} {noisier} {outliers}: {first} {moved} {alarms}");
        assert!((366..=394).contains(&first), "{shown}");
        assert!((366..=398).contains(&moved), "{shown}");
        assert!(alarms <= 38, "{shown}");
    }
}

#[test]
fn a_carry_over_of_one_per_cent_is_found_and_within_the_bound() {
    let model = Model { arms: 5, rounds: 30, scatter: 0.01, carry_over: 0.01, ..NULL };
    let mut noise = Noise::new(29);
    let (mut found, mut named, mut bounded) = (0, 0, 0);
    for _ in 0..200 {
        let rounds = model.block(&mut noise);
        let effects = order_effects(&rounds, &[contrast(model.arms)]).unwrap();
        let predecessors = effects.predecessors.unwrap();
        found += usize::from(predecessors.p < 0.05);
        named += usize::from(predecessors.arm == 4);
        bounded += usize::from(effects.bound().unwrap() >= truly_moved(model, &rounds).abs().exp_m1());
    }
    assert!(found >= 150 && named >= 180 && bounded >= 194, "{found} {named} {bounded}");
}

/// With two arms the second build always follows the other arm: only being first can be estimated.
#[test]
fn two_arms_tell_of_being_first_alone() {
    let model = Model { arms: 2, first: 0.05, ..NULL };
    let rounds = model.block(&mut Noise::new(31));
    let found =
        order_effects(&rounds, &[Contrast { of: Side::single(1), against: Side::single(0) }]).unwrap();
    assert!((found.first.log - 0.05).abs() <= found.first.half_width);
    assert_eq!((found.trend, found.predecessors, found.bound()), (None, None, None));
    assert_eq!(found.moved, [None]);
}

#[test]
fn too_little_has_a_reason() {
    let why = |rounds: &[OrderedRound]| order_effects(rounds, &[]).unwrap_err();
    assert_eq!(why(&[]), NoOrderEffects::FewArms);
    assert_eq!(why(&eight_rounds()[..5]), NoOrderEffects::FewRounds(5));
    assert_eq!(why(&eight_rounds()[..3]).describe(), "3 rounds have all arms, and it takes 6");
    assert_eq!(why(&eight_rounds()[..1]).describe(), "1 round has all arms, and it takes 6");
    let mut same = eight_rounds();
    same.iter_mut().for_each(|round| round.order = vec![0, 1, 2, 3]);
    assert_eq!(why(&same), NoOrderEffects::NotSeparable);
    let mut alone = eight_rounds();
    alone.iter_mut().for_each(|round| {
        round.order = vec![2];
        round.seconds = vec![None, None, Some(1.0), None];
    });
    assert_eq!(why(&alone), NoOrderEffects::FewArms);
}

#[test]
fn an_arm_that_was_given_up_takes_only_its_own_rounds_along() {
    let mut rounds = Model { arms: 5, rounds: 14, ..NULL }.block(&mut Noise::new(37));
    for round in &mut rounds[..2] {
        round.seconds[4] = None;
    }
    for round in &mut rounds[2..] {
        round.order.retain(|arm| *arm != 4);
        round.seconds[4] = None;
    }
    let found = order_effects(&rounds, &[against_both(3)]).unwrap();
    assert_eq!((found.rounds, found.moved[0].is_some()), (12, true));
}

#[test]
fn without_scatter_there_is_nothing_but_the_effects() {
    let mut rounds = eight_rounds();
    rounds.iter_mut().for_each(|round| round.seconds = vec![Some(2.0); 4]);
    let found = order_effects(&rounds, &[contrast(4)]).unwrap();
    assert_eq!((found.first.log, found.first.half_width, found.bound()), (0.0, 0.0, Some(0.0)));
    assert_eq!(found.predecessors.unwrap().p, 1.0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn nothing_is_ever_nan_or_infinite(
        arms in 2..7usize, seed in any::<u64>(),
        seconds in prop::collection::vec(prop_oneof![
            Just(1.0), Just(0.0), 1e-9..1e9f64, 0.99..1.01f64, Just(f64::INFINITY),
        ], 20 * 7),
    ) {
        let orders = orders(arms, 20, &mut Noise::new(seed));
        let round = |(order, seconds): (Vec<usize>, &[f64])| OrderedRound {
            order, seconds: seconds[..arms].iter().copied().map(Some).collect(),
        };
        let rounds: Vec<_> = orders.into_iter().zip(seconds.chunks_exact(7)).map(round).collect();
        if let Ok(found) = order_effects(&rounds, &[contrast(arms.max(3))]) {
            let effects = [Some(found.first), found.trend, found.predecessors.map(|p| p.largest)];
            for effect in effects.into_iter().flatten().chain(found.moved.iter().copied().flatten()) {
                prop_assert!(effect.log.is_finite() && effect.half_width.is_finite() && effect.half_width >= 0.0);
                prop_assert!(effect.share().is_finite());
            }
            prop_assert!(found.bound().is_none_or(|bound| bound.is_finite() && bound >= 0.0));
            prop_assert!(found.predecessors.is_none_or(|found| (0.0..=1.0).contains(&found.p)));
        }
    }
}
