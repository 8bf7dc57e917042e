use bench_runner_core::compare::fixture;
use bench_runner_core::record::Visits;
use bench_runner_core::stats::{BlockShape, Control, Expectation};
use bench_runner_measure::plan::{BlockEstimate, Noise};

use super::*;

const ROUND: Duration = Duration::from_secs(10);

/// Two blocks with three warm-ups each, whose estimate says six rounds of ten seconds.
fn course(change: impl FnOnce(&mut Plan)) -> RunCourse {
    let mut plan = fixture::plan(vec![
        fixture::block("a", true, &["linker=mold"]),
        fixture::block("b", true, &["linker=mold"]),
    ]);
    change(&mut plan);
    let shape = BlockShape { control: Control::Twin, comparisons: 1 };
    let expected = Expectation { noise: 0.05, offset: 0.0, shape };
    let block = BlockEstimate {
        warmups: 3,
        warmup_time: Some(ROUND),
        round_time: Some(ROUND),
        rounds: 6,
        noise: Noise { expected, is_measured: false },
        half_width: None,
        disk_bytes: None,
        passing_bytes: 0,
    };
    let blocks = vec![block.clone(), block];
    RunCourse::new(
        &plan,
        &PlanEstimate { blocks, builds: 42, total: None, disk_bytes: None, times_are_measured: false },
        None,
    )
}

fn forecast(rounds_done: u32, rounds: u32) -> Forecast {
    Forecast { rounds_done, rounds, builds_per_round: 3, round_time: ROUND }
}

fn budget(seconds: u64) -> impl FnOnce(&mut Plan) {
    move |plan| plan.time_budget = Some(Duration::from_secs(seconds))
}

#[test]
fn a_position_is_counted_within_the_warm_ups_and_the_rounds() {
    let mut course = course(|_| {});
    course.begin(0, None);
    assert_eq!(course.comparison().unwrap(), "comparison 1 of 2");
    assert_eq!(course.position(Phase::Warmup, 0), "warm-up 1 of 3");
    for _ in 0..4 {
        course.built(Phase::Warmup);
    }
    assert_eq!(course.position(Phase::Warmup, 0), "warm-up 5 of 5", "one more than planned");
    course.forecast(forecast(0, 30));
    assert_eq!(course.position(Phase::Measured, 1), "round 1 of at most 30");
    course.begin(1, None);
    assert_eq!(course.position(Phase::Warmup, 0), "warm-up 1 of 3");
}

#[test]
fn comparisons_are_counted_in_the_order_in_which_they_begin() {
    let mut course = course(|_| {});
    course.begin(1, None);
    assert_eq!(course.comparison().unwrap(), "comparison 1 of 2");
    course.begin(0, None);
    assert_eq!(course.comparison().unwrap(), "comparison 2 of 2");
    course.begin(1, None);
    assert_eq!(course.comparison().unwrap(), "comparison 1 of 2", "it is the same one");
}

#[test]
fn the_number_of_rounds_is_as_certain_as_it_is() {
    let mut fixed = course(|plan| plan.blocks[0].sampling.precision = None);
    fixed.begin(0, None);
    fixed.forecast(forecast(0, 30));
    assert_eq!(fixed.position(Phase::Measured, 2), "round 2 of 30");
    let mut limited = course(budget(390));
    limited.begin(0, None);
    limited.forecast(forecast(0, 2));
    assert_eq!(limited.position(Phase::Measured, 1), "round 1 of about 2");
    assert_eq!(limited.position(Phase::Measured, 3), "round 3 of about 3", "never beyond its own total");
}

#[test]
fn a_visit_counts_the_rounds_that_every_comparison_gets() {
    let mut course = course(|plan| {
        budget(390)(plan);
        plan.blocks
            .iter_mut()
            .for_each(|block| block.visits = Some(Visits { until: vec![3, 5], keep: true }));
    });
    let visit = |purpose| VisitStart { number: 1, rounds: 0, warms_up: true, purpose: Some(purpose) };
    course.begin(0, Some(visit((VisitPurpose::FirstRounds, 3))));
    course.forecast(forecast(0, 3));
    assert_eq!(course.position(Phase::Measured, 1), "round 1 of the first 3");
    assert_eq!(course.position(Phase::Measured, 4), "round 4", "there was time for one more");
    course.begin(0, Some(visit((VisitPurpose::FirstRounds, 30))));
    course.forecast(forecast(3, 30));
    assert_eq!(course.position(Phase::Measured, 4), "round 4 of 30");
    course.begin(0, Some(visit((VisitPurpose::WorthMost, 7))));
    course.forecast(forecast(6, 7));
    assert_eq!(course.position(Phase::Measured, 7), "round 7");
}

#[test]
fn time_left_is_that_of_this_comparison_and_the_next() {
    let seconds = |course: &RunCourse| match course.left() {
        TimeLeft::Expected(left) => left.as_secs_f64().round() as u64,
        other => panic!("{other:?}"),
    };
    let mut course = course(|_| {});
    course.begin(0, None);
    // Seven times ten seconds for each of the two.
    assert_eq!(seconds(&course), 140, "as estimated, before anything is built");
    (0..3).for_each(|_| course.built(Phase::Warmup));
    course.forecast(Forecast { round_time: 2 * ROUND, ..forecast(0, 6) });
    assert_eq!(seconds(&course), 6 * 20 + 70, "rounds of this one as they are, the other as estimated");
    course.forecast_at -= Duration::from_secs(15);
    assert_eq!(seconds(&course), 6 * 20 - 15 + 70, "a part of the first round is over");
    course.end(0);
    course.begin(1, None);
    assert_eq!(seconds(&course), 70);
}

#[test]
fn time_left_is_never_more_than_the_budget() {
    let mut short = course(budget(60));
    short.begin(0, None);
    assert_eq!(short.left().describe().unwrap(), "1 min left");
    let mut over = course(budget(0));
    over.begin(0, None);
    assert_eq!(over.left(), TimeLeft::UsedUp);
    let mut unknown = course(budget(60));
    unknown.blocks.iter_mut().for_each(|block| block.time = None);
    unknown.begin(0, None);
    assert_eq!(unknown.left().describe().unwrap(), "at most 1 min left");
    unknown.deadline = None;
    assert_eq!(unknown.left(), TimeLeft::Unknown);
}

/// Two blocks that take turns within a time budget of `seconds`.
fn taking_turns(seconds: u64) -> RunCourse {
    course(|plan| {
        budget(seconds)(plan);
        let visits = Some(Visits { until: vec![3, 5], keep: true });
        plan.blocks.iter_mut().for_each(|block| block.visits.clone_from(&visits));
    })
}

#[test]
fn comparisons_that_take_turns_use_up_a_budget_that_is_too_short_for_all_rounds() {
    // The estimate is 70 s for each; no other round of 10 s fits.
    let mut short = taking_turns(145);
    short.begin(0, None);
    assert_eq!(short.left().describe().unwrap(), "2 min 25 s left");
    // Rounds are faster than estimated, so there will be more of them.
    (0..3).for_each(|_| short.built(Phase::Warmup));
    short.forecast(Forecast { round_time: ROUND / 2, ..forecast(3, 3) });
    assert_eq!(short.left().describe().unwrap(), "2 min 25 s left");
    // Where the largest number of rounds is near, less than the budget is needed.
    short.forecast(Forecast { round_time: ROUND / 2, ..forecast(29, 30) });
    short.end(1);
    assert_eq!(short.left().describe().unwrap(), "5 s left");
}

#[test]
fn a_comparison_that_goes_on_after_its_estimate_uses_up_the_budget() {
    let mut long = taking_turns(600);
    long.begin(0, None);
    assert_eq!(long.left().describe().unwrap(), "2 min 20 s left", "the precision is expected to be reached");
    (0..21).for_each(|_| long.built(Phase::Measured));
    long.end(1);
    long.forecast(forecast(6, 6));
    assert_eq!(long.left().describe().unwrap(), "4 min left", "24 more rounds are allowed");
    long.deadline = Some(Instant::now() + Duration::from_secs(22));
    assert_eq!(long.left().describe().unwrap(), "22 s left");
    long.end(0);
    assert_eq!(long.left().describe(), None);
}

#[test]
fn a_comparison_without_an_estimate_goes_on_to_its_largest_number_of_rounds() {
    let mut unknown = taking_turns(600);
    for block in &mut unknown.blocks {
        (block.time, block.round_time, block.warmup_time) = (None, None, None);
    }
    unknown.begin(0, None);
    assert_eq!(unknown.left().describe().unwrap(), "at most 10 min left");
    unknown.forecast(forecast(6, 6));
    assert_eq!(
        unknown.left().describe().unwrap(),
        "at most 10 min left",
        "nothing is known of the other one"
    );
    unknown.end(1);
    assert_eq!(unknown.left().describe().unwrap(), "4 min left", "24 more rounds of ten seconds");
    unknown.forecast(forecast(30, 30));
    assert_eq!(unknown.left().describe(), None);
}

#[test]
fn a_resumed_run_has_less_time_and_less_to_do() {
    let mut plan = fixture::plan(vec![fixture::block("a", true, &[])]);
    budget(600)(&mut plan);
    let mut manifest = bench_runner_core::bundle::fixture::manifest();
    manifest.time.total_ns = 540_000_000_000;
    let none = PlanEstimate {
        blocks: Vec::new(),
        builds: 0,
        total: None,
        disk_bytes: None,
        times_are_measured: false,
    };
    let course = RunCourse::new(&plan, &none, Some(&manifest));
    let left = course.deadline.unwrap().saturating_duration_since(Instant::now());
    assert_eq!(left.as_secs_f64().round() as u64, 60);
}

#[test]
fn builds_that_take_much_longer_than_estimated_are_noticed() {
    let mut course = course(|_| {});
    course.begin(0, None);
    assert_eq!(course.delay(0), None, "nothing was measured");
    course.forecast(Forecast { round_time: ROUND.mul_f64(1.2), ..forecast(1, 6) });
    assert_eq!(course.delay(0), None);
    course.forecast(Forecast { round_time: ROUND.mul_f64(2.1), ..forecast(2, 6) });
    assert_eq!(course.delay(0).unwrap(), "builds took 2.1× as long as estimated");
}

#[test]
fn what_a_round_takes_is_said_with_what_it_comes_to() {
    let of = |goal: RoundGoal| goal.describe(Duration::from_millis(2700));
    assert_eq!(of(RoundGoal::Exactly(3)), ", 3 rounds in about 8.1 s");
    assert_eq!(of(RoundGoal::Exactly(1)), ", 1 round");
    assert_eq!(of(RoundGoal::First(3)), ", the first 3 rounds in about 8.1 s");
    assert_eq!(of(RoundGoal::First(1)), ", the first round in about 2.7 s");
    assert_eq!(of(RoundGoal::About(3)), ", room for about 3 rounds");
    assert_eq!(of(RoundGoal::About(0)), ", more than the time that is left");
    assert_eq!(of(RoundGoal::AtMost(30)), ", at most 30 rounds");
    assert_eq!(format_seconds(Duration::from_millis(200)), "1 s");
    assert_eq!(format_seconds(Duration::from_millis(62_400)), "1 min 2 s");
}
