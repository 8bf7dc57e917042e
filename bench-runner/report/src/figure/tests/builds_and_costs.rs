//! Tests of the figures of one block: builds, spread, costs, memory.

use super::*;

#[test]
fn every_build_is_drawn_and_every_outlier_marked() {
    let one = block("hexyl", &names(2, false), 12, 4.2);
    let outliers = one.arms.iter().flat_map(|arm| &arm.points).filter(|point| point.outlier).count();
    assert!(outliers > 0);
    let scene = builds::scene(&one);
    let count = |ink| {
        let of_ink = |mark: &&Mark| match mark {
            Mark::Circle { ink: found, .. } | Mark::Area { ink: found, .. } => *found == ink,
            _ => false,
        };
        scene.marks.iter().filter(of_ink).count()
    };
    assert_eq!(count(palette::Ink::Outlier), outliers);
    // Each arm has one more mark at its median, and one next to its name.
    for ink in [palette::Ink::Text, palette::Ink::Muted, palette::Ink::Arm(0)] {
        assert_eq!(count(ink), 12 + 2, "{ink:?}");
    }
}

#[test]
fn an_outlier_beyond_the_axis_has_its_time_and_does_not_squeeze_the_others() {
    let mut one = block("hexyl", &names(2, false), 12, 4.2);
    let lowest_and_highest = |block: &BlockResult| {
        let scene = builds::scene(block);
        // Discs of the baseline left of the medians.
        let heights = scene.marks.iter().filter_map(|mark| match mark {
            Mark::Circle { center: (x, y), ink: palette::Ink::Text, .. } if *x < 580.0 => Some(*y),
            _ => None,
        });
        let heights: Vec<f64> = heights.collect();
        assert_eq!(heights.len(), 12);
        heights.into_iter().fold((f64::MAX, 0.0f64), |(low, high), y| (low.min(y), high.max(y)))
    };
    one.arms.iter_mut().flat_map(|arm| &mut arm.points).for_each(|point| point.outlier = false);
    let (_, lowest) = lowest_and_highest(&one);
    let alone = texts(&builds::scene(&one)).contains(&"longer");
    assert!(!alone);
    (one.arms[0].points[3].wall, one.arms[0].points[3].outlier) = (42.0, true);
    let (highest, still_lowest) = lowest_and_highest(&one);
    assert!((lowest - still_lowest).abs() < 30.0, "{lowest} became {still_lowest}");
    assert!(highest < 130.0, "the outlier is above all others: {highest}");
    let scene = builds::scene(&one);
    assert!(texts(&scene).contains(&"longer") && texts(&scene).contains(&"42.0 s"), "{:?}", texts(&scene));
    assert!(scene.tooltips.iter().any(|tip| tip.text.ends_with("an outlier, beyond the axis")));
    // Without the mark of an outlier a build is always on the axis.
    one.arms[0].points[3].outlier = false;
    assert!(!texts(&builds::scene(&one)).contains(&"longer"));
}

#[test]
fn boxes_need_ten_builds() {
    let boxes = |rounds: u32| {
        let scene = spread::scene(&block("hexyl", &names(2, false), rounds, 4.2));
        let count = scene.marks.iter().filter(|mark| matches!(mark, Mark::Area { .. })).count();
        (count, scene.description.contains("middle half"), texts(&scene).join(" ").contains("box"))
    };
    assert_eq!(boxes(9), (0, false, false));
    assert_eq!(boxes(10), (3, true, true));
}

#[test]
fn bars_of_costs_are_medians_from_zero() {
    let mut one = block("hexyl", &names(2, false), 12, 4.2);
    for (metric, median) in [(MetricId::Wall, 4.0), (MetricId::Cpu, 8.0), (MetricId::Kernel, 1.0)] {
        let summary = fixture::summary(median, 0.1, 12);
        one.arms[0].summaries[metric] = Some(bench_runner_core::compare::Summary { mean: 99.0, ..summary });
    }
    let scene = costs::scene(&one);
    let bars: Vec<f64> = scene
        .marks
        .iter()
        .filter_map(|mark| match mark {
            Mark::Area { corners, .. } if corners[0].0 == 280.0 && corners[0].1 > 90.0 => {
                Some(corners[1].0 - corners[0].0)
            }
            _ => None,
        })
        .collect();
    assert_eq!(bars.len(), 9);
    let shares = [bars[0] / bars[1], bars[2] / bars[1]];
    assert!((shares[0] - 0.5).abs() < 1e-3 && (shares[1] - 0.125).abs() < 1e-3, "{shares:?}");
    assert!(texts(&scene).contains(&"8.00 s") && texts(&scene).contains(&"2.00"), "{:?}", texts(&scene));
}

#[test]
fn a_small_difference_of_memory_does_not_fill_the_figure() {
    let mut one = block("hexyl", &names(3, false), 12, 4.2);
    for (arm, bytes) in one.arms.iter_mut().zip([3.00e8, 3.00e8, 3.01e8, 3.03e8]) {
        arm.summaries[MetricId::MaxRss] = Some(fixture::summary(bytes, 0.0, 12));
    }
    let heights: Vec<f64> = memory::scene(&one).tooltips.iter().map(|tip| tip.from.1).collect();
    let (low, high) = heights.iter().fold((f64::MAX, 0.0f64), |(low, high), y| (low.min(*y), high.max(*y)));
    assert!(high - low > 20.0 && high - low < 40.0, "1% is {} of 280 pixels", high - low);
}

#[test]
fn sessions_are_named_where_there_are_several() {
    let two = block("hexyl", &names(2, false), 12, 4.2);
    assert!(texts(&builds::scene(&two)).contains(&"build directories 2"));
    let mut one = two;
    one.arms.iter_mut().flat_map(|arm| &mut arm.points).for_each(|point| point.session = 1);
    assert!(!texts(&builds::scene(&one)).iter().any(|text| text.starts_with("build directories")));
}
