use proptest::prelude::*;

use super::*;
use crate::stats::noise::Noise;

fn exact(values: &[f64]) -> Vec<UncertainValue> {
    values.iter().map(|value| UncertainValue { value: *value, se: 0.0, df: 5.0 }).collect()
}

/// A series with these levels, each for a number of values.
fn series(noise: &mut Noise, levels: &[(usize, f64)], sd: f64, outliers: f64) -> Vec<UncertainValue> {
    let values = levels.iter().flat_map(|(count, level)| std::iter::repeat_n(*level, *count));
    let values: Vec<f64> = values.map(|level| level + noise.build(sd, outliers)).collect();
    exact(&values)
}

fn places(levels: &Levels) -> Vec<usize> {
    levels.changes.iter().map(|change| change.at).collect()
}

#[test]
fn a_step_is_found_with_its_place_and_size() {
    let series = series(&mut Noise::new(1), &[(30, 0.0), (25, 0.05)], 0.01, 0.0);
    let found = levels(&series, 0.001).unwrap();
    assert_eq!(places(&found), [30]);
    let change = found.changes[0];
    let (low, high) = change.change.interval(0.99);
    assert!(low < 0.05 && 0.05 < high && high - low < 0.02, "{change:?}");
    assert!(change.between.0 <= 30 && 30 <= change.between.1 && change.between.1 - change.between.0 < 4);
    assert!((0.005..0.015).contains(&found.noise) && found.serial.is_none(), "{found:?}");
}

#[test]
fn a_level_that_returns_is_two_changes() {
    let series = series(&mut Noise::new(2), &[(40, 0.0), (8, 0.06), (40, 0.0)], 0.01, 0.0);
    assert_eq!(places(&levels(&series, 0.001).unwrap()), [40, 48]);
}

#[test]
fn single_bad_nights_are_no_change() {
    let mut noise = Noise::new(3);
    let changed = (0..200).filter(|_| {
        let series = series(&mut noise, &[(60, 0.0)], 0.01, 0.04);
        !levels(&series, 0.001).unwrap().changes.is_empty()
    });
    let changed = changed.count();
    assert!(changed <= 3, "{changed} of 200");
}

/// The share of series without a change that is flagged is the level asked for, for short and long ones.
#[test]
fn the_level_is_kept() {
    for (count, seed) in [(6, 4), (12, 5), (40, 6), (150, 7)] {
        let mut noise = Noise::new(seed);
        let mut flagged = [0; 2];
        for _ in 0..2000 {
            let p = levels(&series(&mut noise, &[(count, 0.3)], 0.02, 0.0), 0.01).unwrap().p;
            flagged[0] += usize::from(p <= 0.05);
            flagged[1] += usize::from(p <= 0.01);
        }
        assert!((40..=140).contains(&flagged[0]) && flagged[1] <= 36, "{count}: {flagged:?}");
    }
}

#[test]
fn uncertain_values_weigh_less() {
    let mut noise = Noise::new(8);
    let mut series = series(&mut noise, &[(40, 0.0)], 0.01, 0.0);
    series.iter_mut().for_each(|one| one.se = 0.01);
    for one in &mut series[20..26] {
        (one.value, one.se) = (one.value + 0.05, 0.08);
    }
    assert_eq!(places(&levels(&series, 0.001).unwrap()), Vec::<usize>::new());
    series.iter_mut().for_each(|one| one.se = 0.01);
    assert_eq!(places(&levels(&series, 0.001).unwrap()), [20, 26]);
}

/// Neighbors that resemble each other look like levels.
#[test]
fn correlated_values_need_more() {
    let mut noise = Noise::new(9);
    let mut flagged = 0;
    for _ in 0..200 {
        let mut last = 0.0;
        let values: Vec<f64> = (0..90)
            .map(|_| {
                last = 0.6 * last + 0.8 * 0.01 * noise.normal();
                last
            })
            .collect();
        flagged += usize::from(levels(&exact(&values), 0.001).unwrap().p <= 0.001);
    }
    assert!(flagged <= 20, "{flagged} of 200");
}

#[test]
fn the_newest_value_is_compared_with_the_level_before_it() {
    let newest = |series: &[UncertainValue]| newest_value(series, &[], None).map(|found| found.distance);
    let mut noise = Noise::new(11);
    let mut series = series(&mut noise, &[(40, 0.0), (1, 0.05)], 0.01, 0.0);
    let distance = newest(&series).unwrap();
    assert!((0.02..0.08).contains(&distance.value) && distance.p_zero() < 1e-3, "{distance:?}");
    assert!((0.008..0.014).contains(&distance.se) && distance.df == 39.0, "{distance:?}");
    let level = newest_value(&series, &[], None).unwrap().level;
    assert!(level.value.abs() < 0.005 && (0.0012..0.0022).contains(&level.se), "{level:?}");
    assert!(newest(&series[..40]).unwrap().p_zero() > 0.01);
    // A night that is known less well must be farther away.
    series.iter_mut().for_each(|one| one.se = 0.005);
    series[40].se = 0.05;
    assert!(newest(&series).unwrap().se > 0.04);
    assert_eq!(newest(&series[..MIN_SERIES]), None, "too few values before it");
    series[40].value = f64::NAN;
    assert_eq!(newest(&series), None);
}

#[test]
fn a_level_of_few_values_has_the_scatter_of_all() {
    let mut noise = Noise::new(12);
    let series = series(&mut noise, &[(40, 0.0), (2, 0.05), (1, 0.1)], 0.01, 0.0);
    let NewestValue { distance, level } = newest_value(&series, &[40], None).unwrap();
    assert!((0.02..0.08).contains(&distance.value) && distance.p_zero() < 0.01, "{distance:?}");
    // 42 values about two levels; the error of a mean of two is added to that of one value.
    assert!((0.009..0.016).contains(&distance.se) && distance.df == 40.0, "{distance:?}");
    assert!((level.se - distance.se / 3.0f64.sqrt()).abs() < 1e-12, "{level:?}");
    assert_eq!(newest_value(&series, &[42], None), None, "nothing is known of the level");
    let known = UncertainValue { value: 0.05, se: 0.004, df: 9.0 };
    let alone = newest_value(&series, &[42], Some(known)).unwrap();
    assert!((alone.distance.value - (series[42].value - 0.05)).abs() < 1e-12, "{alone:?}");
    assert_eq!(alone.level, known);
    // Values go before what was known without them.
    assert_eq!(newest_value(&series, &[40], Some(known)).unwrap().level, level);
    // Six values have their own scatter.
    assert_eq!(newest_value(&series, &[30], None), newest_value(&series[30..], &[], None));
}

#[test]
fn degenerate_series_have_a_defined_answer() {
    assert_eq!(levels(&exact(&[0.0; 5]), 0.01), None);
    let same = levels(&exact(&[0.25; 20]), 0.01).unwrap();
    assert!(same.changes.is_empty() && same.p == 1.0 && same.noise == 0.0, "{same:?}");
    let step: Vec<f64> = [vec![0.0; 10], vec![1.0; 10]].concat();
    assert_eq!(places(&levels(&exact(&step), 0.01).unwrap()), [10], "without any noise");
    let mut odd = exact(&[0.0; 20]);
    odd[3].value = f64::NAN;
    assert_eq!(levels(&odd, 0.01), None);
}

proptest! {
    #[test]
    fn nothing_is_ever_nan_and_places_are_in_order(
        values in prop::collection::vec((-5.0..5.0f64, prop_oneof![Just(0.0), 0.0..0.5f64, Just(1e-200)]), 0..60),
        level in 0.0..1.0f64,
    ) {
        let series: Vec<UncertainValue> =
            values.iter().map(|(value, se)| UncertainValue { value: *value, se: *se, df: 4.0 }).collect();
        if let Some(found) = levels(&series, level) {
            prop_assert!((0.0..=1.0).contains(&found.p) && found.noise.is_finite());
            prop_assert_eq!(found.levels.len(), found.changes.len() + 1);
            let mut before = 0;
            for change in &found.changes {
                prop_assert!(change.at >= before + MIN_SEGMENT && change.at + MIN_SEGMENT <= series.len());
                prop_assert!(change.between.0 <= change.at && change.at <= change.between.1);
                prop_assert!(change.p <= level && change.change.value.is_finite() && change.change.se.is_finite());
                before = change.at;
            }
        }
    }
}
