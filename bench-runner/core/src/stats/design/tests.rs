use proptest::prelude::*;

use super::*;

fn everything(levels: &[usize]) -> DesignSpace {
    DesignSpace::product(levels.to_vec(), |_| true)
}

/// Determinant of XᵀX in exact integers, by the definition: a sum over permutations would be slow, so by
/// fraction-free elimination (Bareiss 1968), with nothing shared with the code under test.
fn exact_determinant(space: &DesignSpace, rows: &[usize]) -> i128 {
    let x: Vec<Vec<i128>> = rows
        .iter()
        .map(|row| {
            let of = |(level, levels): (usize, &usize)| (1..*levels).map(move |one| i128::from(one == level));
            let levels = space.combination(*row).into_iter().zip(space.levels());
            std::iter::once(1).chain(levels.flat_map(of)).collect()
        })
        .collect();
    let size = x[0].len();
    let mut m: Vec<Vec<i128>> =
        (0..size).map(|a| (0..size).map(|b| x.iter().map(|row| row[a] * row[b]).sum()).collect()).collect();
    let mut before = 1;
    for pivot in 0..size - 1 {
        if m[pivot][pivot] == 0 {
            return 0; // positive semidefinite: the whole row is 0
        }
        for row in pivot + 1..size {
            for column in pivot + 1..size {
                m[row][column] =
                    (m[row][column] * m[pivot][pivot] - m[row][pivot] * m[pivot][column]) / before;
            }
        }
        before = m[pivot][pivot];
    }
    m[size - 1][size - 1]
}

/// Every choice of `wanted` candidates with the first one in it.
fn best_by_enumeration(space: &DesignSpace, wanted: usize) -> i128 {
    fn choose(space: &DesignSpace, rows: &mut Vec<usize>, wanted: usize, best: &mut i128) {
        if rows.len() == wanted {
            *best = (*best).max(exact_determinant(space, rows));
            return;
        }
        for next in rows[rows.len() - 1] + 1..space.len() {
            rows.push(next);
            choose(space, rows, wanted, best);
            rows.pop();
        }
    }
    let mut best = 0;
    choose(space, &mut vec![0], wanted, &mut best);
    best
}

#[test]
fn small_fractions_are_the_best_of_all_choices() {
    for (levels, wanted) in
        [(vec![2, 2, 2], 4), (vec![2, 2, 2], 6), (vec![3, 2, 2], 6), (vec![4, 3], 7), (vec![3, 3, 2], 7)]
    {
        let space = everything(&levels);
        let found = choose_fraction(&space, &[0], wanted, 1).unwrap();
        let best = best_by_enumeration(&space, wanted);
        assert_eq!(exact_determinant(&space, &found.rows), best, "{levels:?} {wanted}: {found:?}");
    }
    let left_out = |combination: &[usize]| combination != [1, 1, 0] && combination != [2, 0, 1];
    let space = DesignSpace::product(vec![3, 2, 2], left_out);
    let found = choose_fraction(&space, &[0], 6, 1).unwrap();
    assert_eq!(exact_determinant(&space, &found.rows), best_by_enumeration(&space, 6));
}

#[test]
fn orthogonal_arrays_come_out_by_themselves() {
    for (levels, wanted) in [(vec![2; 7], 8), (vec![3; 4], 9), (vec![2; 6], 12), (vec![4, 2, 2, 2, 2], 8)] {
        let found = choose_fraction(&everything(&levels), &[0], wanted, 3).unwrap();
        assert!(found.efficiency > 1.0 - 1e-9, "{levels:?} in {wanted}: {}", found.efficiency);
        let variance = mean_effect_variance(&everything(&levels), &found.rows).unwrap();
        let of_effects = levels.iter().map(|l| ((l - 1) as f64, 2.0 * *l as f64 / wanted as f64));
        let (effects, sum) = of_effects.fold((0.0, 0.0), |(n, sum), (k, v)| (n + k, sum + k * v));
        assert!((variance - sum / effects).abs() < 1e-9, "{variance}");
    }
}

/// The target: 24 rows of 1,728, among them a fixed one, in spaces of different shapes.
#[test]
fn a_fraction_of_24_rows_of_1728_is_nearly_optimal() {
    for levels in [vec![4, 3, 3, 3, 2, 2, 2, 2], vec![6, 4, 4, 3, 3, 2], vec![3, 3, 3, 2, 2, 2, 2, 2, 2]] {
        let space = everything(&levels);
        assert_eq!(space.len(), 1728);
        for seed in 0..3 {
            let found = choose_fraction(&space, &[977], 24, seed).unwrap();
            assert!(found.efficiency >= 0.95, "{levels:?}, seed {seed}: {}", found.efficiency);
            let mut distinct = found.rows.clone();
            distinct.sort_unstable();
            distinct.dedup();
            assert_eq!((distinct.len(), found.rows[0]), (24, 977));
        }
    }
}

#[test]
fn a_seed_gives_one_fraction_on_any_number_of_cores() {
    let space = everything(&[4, 3, 3, 2, 2, 2]);
    let on = |threads: usize, seed: u64| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| choose_fraction(&space, &[0], 17, seed).unwrap())
    };
    assert_eq!(on(1, 7), on(5, 7));
    let others: Vec<Fraction> = (0..5).map(|seed| on(2, seed)).collect();
    assert!(others.iter().any(|other| other.rows != others[0].rows), "the seed has no effect");
}

/// The rows that a seed gives are part of published plans and must not change unnoticed.
#[test]
fn the_rows_of_a_seed() {
    let found = choose_fraction(&everything(&[3, 2, 2, 2]), &[0], 8, 1).unwrap();
    assert_eq!(found.rows, [0, 7, 9, 11, 12, 14, 18, 21]);
}

#[test]
fn forbidden_combinations_stay_out_and_lower_only_what_is_possible() {
    // mold has no threads option here, and thin LTO only exists with opt-level 3.
    let allowed = |c: &[usize]| (c[0] != 2 || c[1] == 0) && (c[2] != 1 || c[3] == 2);
    let space = DesignSpace::product(vec![3, 3, 2, 3, 2], allowed);
    let found = choose_fraction(&space, &[0], 14, 5).unwrap();
    assert!(found.rows.iter().all(|row| allowed(&space.combination(*row))));
    assert!((0.9..=1.0).contains(&found.efficiency), "{}", found.efficiency);
}

#[test]
fn more_rows_than_there_are_is_the_product() {
    let space = everything(&[3, 2, 2]);
    let found = choose_fraction(&space, &[5], 40, 1).unwrap();
    assert_eq!(found.rows, [5, 0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11]);
    assert!((found.efficiency - 1.0).abs() < 1e-9);
}

#[test]
fn fixed_rows_are_always_there_and_first() {
    let space = everything(&[4, 3, 3, 2, 2]);
    let found = choose_fraction(&space, &[100, 3, 50], 15, 9).unwrap();
    assert_eq!(found.rows[..3], [100, 3, 50]);
    assert_eq!(found.rows.len(), 15);
}

#[test]
fn an_axis_with_one_level_has_no_effect() {
    let space = everything(&[1, 2, 1, 2, 2, 2]);
    assert_eq!(space.parameters(), 5);
    let found = choose_fraction(&space, &[0], 8, 1).unwrap();
    assert!(found.efficiency > 1.0 - 1e-9);
    assert!(aliasing(&space, &found.rows).unwrap().iter().all(|one| ![0, 2].contains(&one.axis)));
}

#[test]
fn a_level_in_no_combination_is_named() {
    let space = DesignSpace::product(vec![3, 2], |c| c[0] != 2);
    let expected = NoFraction::MissingLevel(LevelOfAxis { axis: 0, level: 2 });
    assert_eq!(choose_fraction(&space, &[0], 4, 1), Err(expected));
    let nothing = DesignSpace::product(vec![2], |_| false);
    assert!(matches!(choose_fraction(&nothing, &[], 4, 1), Err(NoFraction::MissingLevel(_))));
}

#[test]
fn axes_that_go_together_cannot_be_told_apart() {
    let level = |axis, level| LevelOfAxis { axis, level };
    // fat LTO if and only if one codegen unit.
    let space = DesignSpace::product(vec![2, 2, 3], |c| c[0] == c[1]);
    let Err(NoFraction::Inseparable(groups)) = choose_fraction(&space, &[0], 6, 1) else { panic!() };
    assert_eq!(groups, [vec![level(0, 1), level(1, 1)]]);
    // Two axes of which exactly one is at its second level.
    let space = DesignSpace::product(vec![2, 3, 2], |c| (c[0] == 1) != (c[2] == 1));
    let Err(NoFraction::Inseparable(groups)) = choose_fraction(&space, &[0], 6, 1) else { panic!() };
    assert_eq!(groups, [vec![level(0, 1), level(2, 1)]]);
    // Fewer candidates than parameters.
    let diagonal = DesignSpace::product(vec![3, 3], |c| c[0] == c[1]);
    let Err(NoFraction::Inseparable(groups)) = choose_fraction(&diagonal, &[0], 6, 1) else { panic!() };
    assert_eq!(groups, [vec![level(0, 1), level(1, 1)], vec![level(0, 2), level(1, 2)]]);
}

#[test]
fn too_few_rows_say_how_many_are_needed() {
    let space = everything(&[3, 3, 2]);
    let too_few = |wanted, needed| Err(NoFraction::TooFewRows { wanted, needed });
    assert_eq!(choose_fraction(&space, &[0], 5, 1), too_few(5, 6));
    assert_eq!(choose_fraction(&space, &[0, 1, 2, 3, 4, 5, 6], 6, 1), too_few(6, 7));
    assert_eq!(choose_fraction(&space, &[0], 6, 1).unwrap().rows.len(), 6);
    // Three fixed rows that differ in one axis say no more about it than two.
    let two_levels = everything(&[2, 2, 2, 2]);
    let depends = [0, 1, 2, 3]; // the last two axes in all combinations: rank 3
    assert_eq!(choose_fraction(&two_levels, &depends, 5, 1), too_few(5, 6));
    assert!(choose_fraction(&two_levels, &depends, 6, 1).is_ok());
}

/// By hand: the half fraction with a·b·c = 1 has each effect completely mixed with the interaction of the
/// other two.
#[test]
fn aliasing_of_a_half_fraction() {
    let space = everything(&[2, 2, 2]);
    let rows: Vec<usize> =
        (0..8).filter(|row| space.combination(*row).iter().sum::<usize>() % 2 == 0).collect();
    let found = aliasing(&space, &rows).unwrap();
    let mut pairs: Vec<(usize, [usize; 2])> = found.iter().map(|one| (one.axis, one.interaction)).collect();
    pairs.sort_unstable();
    assert_eq!(pairs, [(0, [1, 2]), (1, [0, 2]), (2, [0, 1])]);
    assert!(found.iter().all(|one| (one.share - 1.0).abs() < 1e-12), "{found:?}");
    assert_eq!(aliasing(&space, &(0..8).collect::<Vec<_>>()), Some(vec![]));
    assert_eq!(aliasing(&space, &rows[..3]), None);
}

/// The interaction that an alias names does move the estimate by that much: least squares on values made of
/// the worst interaction.
#[test]
fn an_interaction_moves_the_estimate_by_its_share() {
    let space = everything(&[2, 2, 2, 2]);
    let found = choose_fraction(&space, &[0], 6, 2).unwrap();
    let worst = aliasing(&space, &found.rows).unwrap()[0];
    let sign = |level: usize| if level == 1 { 1.0 } else { -1.0 };
    let [one, other] = worst.interaction;
    let variances = variance::EffectVariances::of(&space, &found.rows).unwrap();
    let weights = variances.of_effect(&space, worst.axis, 1, 0);
    let moved: f64 = found
        .rows
        .iter()
        .map(|row| {
            let levels = space.combination(*row);
            variances.at(&space, *row, &weights) * sign(levels[one]) * sign(levels[other])
        })
        .sum();
    assert!((moved.abs() / 2.0 - worst.share).abs() < 1e-12, "{moved} {worst:?}");
}

#[test]
fn variances_by_hand() {
    // A full 2×2 product: the mean of two builds against the mean of two.
    let space = everything(&[2, 2]);
    assert!((mean_effect_variance(&space, &[0, 1, 2, 3]).unwrap() - 1.0).abs() < 1e-12);
    // One axis with its baseline twice: 1 + ½.
    let one = everything(&[3]);
    assert!(
        (mean_effect_variance(&one, &[0, 0, 1, 2]).unwrap() - one_at_a_time_variance(true)).abs() < 1e-12
    );
    assert!((mean_effect_variance(&one, &[0, 1, 2]).unwrap() - one_at_a_time_variance(false)).abs() < 1e-12);
    assert_eq!(mean_effect_variance(&everything(&[1, 1]), &[0]), None);
    assert_eq!(mean_effect_variance(&space, &[0, 1]), None);
}

#[test]
fn the_usual_number_of_rows_prefers_balance() {
    for (levels, rows) in [(vec![2, 2, 2], 6), (vec![2; 7], 12), (vec![4, 3, 3, 3, 2, 2, 2, 2], 24)] {
        let space = everything(&levels);
        assert_eq!(usual_rows(&space), rows, "{levels:?}");
        assert!(usual_rows(&space) >= space.parameters().min(space.len()));
    }
    assert_eq!(usual_rows(&everything(&[2, 2])), 4);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// Against integers: updates by rank one leave the rows that they should, and every result shows all
    /// effects, in whatever space.
    #[test]
    fn any_space_gives_a_fraction_or_a_reason(
        levels in prop::collection::vec(1..4usize, 1..6),
        holes in prop::collection::vec(any::<u32>(), 0..12),
        more in 0..6usize,
        seed in any::<u64>(),
    ) {
        let count: usize = levels.iter().product();
        let left_out: Vec<usize> = holes.iter().map(|hole| *hole as usize % count).collect();
        let number = |c: &[usize]| c.iter().zip(&levels).fold(0, |sum, (level, of)| sum * of + level);
        let space = DesignSpace::product(levels.clone(), |c| !left_out.contains(&number(c)));
        match choose_fraction(&space, &[0], space.parameters() + more, seed) {
            Ok(found) => {
                prop_assert!(exact_determinant(&space, &found.rows) > 0);
                prop_assert!(found.efficiency > 0.3 && found.efficiency <= 1.0, "{}", found.efficiency);
                prop_assert_eq!(found.rows.len(), (space.parameters() + more).min(space.len()));
            }
            Err(NoFraction::TooFewRows { .. }) => prop_assert!(false, "rows were enough"),
            Err(NoFraction::Inseparable(_)) => {
                prop_assert_eq!(exact_determinant(&space, &(0..space.len()).collect::<Vec<_>>()), 0);
            }
            Err(NoFraction::MissingLevel(one)) => {
                prop_assert!((0..space.len()).all(|row| space.combination(row)[one.axis] != one.level));
            }
        }
    }
}
