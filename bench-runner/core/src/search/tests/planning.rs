use super::*;
use crate::record::Role;
use crate::search::SearchRefusal::*;

const OF_144: [usize; 5] = [4, 3, 3, 2, 2];

#[test]
fn a_screening_builds_as_many_arms_as_fit_with_three_rounds() {
    // By hand: 16.25 s of warm-up and three rounds of 2.75 + 8.25 s are 49.25 s; 900 s are 18 of them.
    let stage = first_stage(&request(&OF_144, 30)).unwrap();
    assert_eq!((stage.name.as_str(), stage.arms.len()), ("screening", 18));
    assert_eq!(planned_rounds(&stage), [("incremental", 3), ("check", 3), ("clean", 1)]);
    assert_eq!(stage.time_budget, Duration::from_secs(900));
    assert_eq!((stage.arms[0].role, stage.arms[0].levels.as_slice()), (Role::Baseline, [0; 5].as_slice()));
    assert!(stage.arms[1..].iter().all(|arm| arm.role == Role::Variant && arm.levels != [0; 5]));
    assert!(stage.efficiency.unwrap() > 0.9);
    assert_eq!(first_stage(&request(&OF_144, 30)), Ok(stage));
}

#[test]
fn slow_combinations_leave_room_for_fewer() {
    let slow = SearchRequest { slowness: vec![vec![1.0, 1.0, 2.0, 2.0]], ..request(&OF_144, 30) };
    // By hand, for the average: 24.25 s of warm-up and three rounds of 4 + 12.25 s are 73 s; 900 s are 12 of them.
    assert_eq!(first_stage(&slow).unwrap().arms.len(), 12);
}

#[test]
fn two_slow_levels_are_not_screened_together() {
    let slowness = |fourth: f64, fifth: f64| {
        let slowness = vec![vec![], vec![], vec![], vec![1.0, fourth], vec![1.0, fifth]];
        first_stage(&SearchRequest { slowness, ..request(&OF_144, 60) }).unwrap()
    };
    let slow = |stage: &SearchStage, at: usize| stage.arms.iter().filter(|arm| arm.levels[at] == 1).count();
    let both = |stage: &SearchStage| stage.arms.iter().filter(|arm| arm.levels[3..] == [1, 1]).count();
    let screened = slowness(3.0, 2.0);
    assert!(slow(&screened, 3) >= 2 && slow(&screened, 4) >= 2 && both(&screened) == 0, "{screened:?}");
    assert!(both(&slowness(2.0, 2.0)) > 0, "four times as long is not too long");
    // A level that is too slow by itself is screened all the same.
    let screened = slowness(5.0, 1.0);
    assert!(slow(&screened, 3) >= 2, "{screened:?}");
    // So is what a required level leaves nothing else for.
    let mut required = SearchRequest {
        slowness: vec![vec![], vec![], vec![], vec![1.0, 3.0], vec![1.0, 2.0]],
        ..request(&OF_144, 60)
    };
    required.space.forbidden = vec![forbidding(&[(3, 0)])];
    let screened = first_stage(&required).unwrap();
    assert!(screened.arms[1..].iter().all(|arm| arm.levels[3] == 1) && slow(&screened, 4) >= 2);
}

/// A day of check builds, 8.25 s each.
fn checks_only(levels: &[usize], seconds: f64) -> SearchRequest {
    let mut request = request(levels, 0);
    request.workloads = vec![request.workloads.remove(1)];
    request.budget = Duration::from_secs_f64(seconds);
    request
}

#[test]
fn rounds_are_given_up_before_effects() {
    // 15 parameters; half of the budget is for the screening. There is no single round: a run has a warm-up and a timed build.
    for (rounds, of_arm, arms) in [(3, 3.0, 15), (2, 2.5, 18), (2, 2.0, 15)] {
        let stage = first_stage(&checks_only(&[8, 8], 2.0 * 15.0 * of_arm * 8.25 + 0.001)).unwrap();
        assert_eq!((stage.arms.len(), stage.workloads[0].rounds), (arms, rounds));
    }
}

#[test]
fn a_budget_that_is_too_small_says_how_much_would_do() {
    let budget = |seconds: f64| first_stage(&checks_only(&OF_144, seconds));
    let Err(BudgetTooSmall { needed, rows, .. }) = budget(120.0) else { panic!("{:?}", budget(120.0)) };
    assert_eq!(rows, 10);
    // The confirmation needs more: a warm-up and three rounds of three arms in 23%.
    assert!((needed.as_secs_f64() - 12.0 * 8.25 / 0.23).abs() < 1e-6, "{needed:?}");
    assert!(budget(needed.as_secs_f64() + 0.001).is_ok());
    let text = budget(120.0).unwrap_err().refusal();
    assert!(text.what.contains("2 minutes") && text.help.unwrap().contains("8 minutes"));
    // With many levels the screening does: 31 arms.
    let Err(BudgetTooSmall { needed, rows, .. }) = first_stage(&checks_only(&[16, 16], 120.0)) else {
        panic!()
    };
    assert_eq!(rows, 31);
    assert!((needed.as_secs_f64() - 2.0 * 31.0 * 2.0 * 8.25).abs() < 1e-6, "{needed:?}");
}

#[test]
fn a_clean_build_longer_than_the_budget_is_refused() {
    let mut slow = request(&[2, 2], 30);
    slow.workloads[2].build_s = 2400.0;
    slow.workloads[0].warm_up = WarmUp::Separate { seconds: 2400.0 };
    assert!(matches!(first_stage(&slow), Err(BudgetTooSmall { .. })));
}

#[test]
fn a_small_space_is_built_whole() {
    let stage = first_stage(&request(&[2, 3], 30)).unwrap();
    assert_eq!((stage.arms.len(), stage.efficiency), (6, None));
    // What is left goes into rounds.
    assert!(stage.workloads[0].rounds > 3, "{:?}", planned_rounds(&stage));
}

/// The user's own debug info is not what is required: only the other levels are searched, but it is built.
#[test]
fn the_own_configuration_is_built_although_it_is_forbidden() {
    let mut required = request(&OF_144, 30);
    required.space.forbidden = vec![forbidding(&[(1, 0)])];
    let stage = first_stage(&required).unwrap();
    assert_eq!(stage.arms[0].levels, [0; 5]);
    assert!(stage.arms[1..].iter().all(|arm| arm.levels[1] != 0));
    // Only one level is left: the axis has no effect to estimate.
    required.space.forbidden.push(forbidding(&[(1, 1)]));
    let stage = first_stage(&required).unwrap();
    assert!(stage.arms[1..].iter().all(|arm| arm.levels[1] == 2));
}

#[test]
fn levels_that_always_go_together_are_named_unless_everything_is_built() {
    let tied = |levels: &[usize]| {
        let mut tied = request(levels, 30);
        tied.space.forbidden = vec![forbidding(&[(0, 0), (1, 1)]), forbidding(&[(0, 1), (1, 0)])];
        first_stage(&tied)
    };
    let expected = [("axis-0", "value-1"), ("axis-1", "value-1")].map(|(a, b)| (a.to_owned(), b.to_owned()));
    assert_eq!(tied(&[2, 2, 8, 4]), Err(Inseparable(expected.to_vec())));
    assert_eq!(tied(&[2, 2, 2]).unwrap().arms.len(), 4);
}

#[test]
fn workloads_must_make_sense() {
    let with = |change: &dyn Fn(&mut SearchRequest)| {
        let mut changed = request(&[2, 2], 30);
        change(&mut changed);
        first_stage(&changed).unwrap_err()
    };
    assert_eq!(with(&|request| request.workloads.clear()), NoWorkload);
    for change in [
        (&|request: &mut SearchRequest| request.workloads[1].per_day = 0.0) as &dyn Fn(&mut SearchRequest),
        &|request| request.workloads[1].build_s = f64::NAN,
        &|request| request.workloads[1].name = "clean".into(),
        &|request| request.workloads[0].warm_up = WarmUp::Separate { seconds: -1.0 },
        &|request| request.workloads[2].warm_up = WarmUp::Within { workload: "check".into() },
        &|request| request.overhead_s = -1.0,
    ] {
        assert!(matches!(with(change), InvalidWorkload { .. }));
    }
}
