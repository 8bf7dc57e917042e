use std::time::Duration;

use bench_runner_core::compare::fixture;
use bench_runner_core::record::{Skipped, Visits};
use bench_runner_core::stats::{BlockShape, Control, Expectation};
use expect_test::expect;

use super::shortfalls::few_rounds;
use super::*;

const SHAPE: BlockShape = BlockShape { control: Control::Twin, comparisons: 2 };

fn estimate(rounds: u32, noise: f64, is_measured: bool, round_time: Option<Duration>) -> BlockEstimate {
    let noise = Noise { expected: Expectation { noise, offset: 0.0, shape: SHAPE }, is_measured };
    BlockEstimate {
        warmups: 3,
        warmup_time: round_time,
        round_time,
        rounds,
        noise,
        half_width: noise.expected.half_width(rounds as usize),
        disk_bytes: None,
        passing_bytes: 0,
    }
}

fn of_plan(blocks: Vec<BlockEstimate>) -> PlanEstimate {
    let total = blocks.iter().map(BlockEstimate::total).sum();
    PlanEstimate { blocks, builds: 117, total, disk_bytes: Some(569_600_000), times_are_measured: true }
}

/// The summary without the titles, which are tested where they are made.
fn summary(plan: &Plan, estimate: &PlanEstimate) -> String {
    let titles = titles(plan);
    titles.iter().fold(plan_summary(plan, estimate), |text, title| text.replace(title, "TITLE"))
}

#[test]
fn a_precision_says_from_which_noise_it_is_expected() {
    let block = fixture::block("m", true, &["linker=mold"]);
    let of =
        |rounds, noise, is_measured| expected_precision(&block, &estimate(rounds, noise, is_measured, None));
    assert_eq!(
        of(6, 0.05, false),
        "expected precision ±6.7%, if build times on this machine vary by 5%, which is assumed"
    );
    assert_eq!(
        of(6, 0.043, true),
        "expected precision ±5.8%, if build times on this machine vary by 4.3%, as they did in earlier runs"
    );
    assert_eq!(of(2, 0.05, false), "too few rounds for an interval");
}

#[test]
fn a_plan_says_what_is_compared_with_what() {
    let mut blocks = vec![
        fixture::block("linkers", true, &["linker=default", "linker=mold"]),
        fixture::block("again", true, &[]),
    ];
    for block in &mut blocks {
        block.visits = Some(Visits { until: vec![3, 5], keep: true });
    }
    let mut plan = fixture::plan(blocks);
    plan.time_budget = Some(Duration::from_secs(390));
    let skipped = |block: &str, variant: &str| Skipped {
        block: block.into(),
        variant: variant.into(),
        reason: "it is not installed".into(),
        help: Some("apt-get install wild".into()),
    };
    plan.skipped =
        vec![skipped(plan.blocks[0].id.as_str(), "linker=wild"), skipped("other/block", "linker=wild")];
    let seconds = |seconds: f64| Some(Duration::from_secs_f64(seconds));
    let text = summary(
        &plan,
        &of_plan(vec![estimate(8, 0.02, true, seconds(2.7)), estimate(4, 0.05, false, seconds(30.0))]),
    );
    expect![[r#"
        plan `linkers`: 2 comparisons, about 117 builds in about 2 min 54 s (time budget 6 min 30 s); seed 1
          1. TITLE
             linker=default and linker=mold against linker=bfd (the baseline)
             about 8 rounds; expected precision ±2.1%, if build times on this machine vary by 2.0%, as they did in earlier runs
          2. TITLE
             linker=bfd against a second copy of itself
             about 4 rounds; expected precision ±9.3%, if build times on this machine vary by 5%, which is assumed
             note: 4 rounds find a difference of 17% in four of five such runs; a verdict at the margin of ±3% needs about 71 rounds at that variation
             note: the precision of ±1.5% needs about 71 rounds at that variation; --max-rounds allows 30
             note: the time budget has room for 4 of at least 6 rounds; a larger --time-budget helps
          Each round builds every variant once, in random order, and the baseline twice: the second copy is the control.
          Comparisons take turns, the cheapest first: 3 rounds of each, then 5 of each; the rest of the time goes where a round helps most.
          build times: as in earlier runs on this machine
          disk: up to about 570 MB in build directories, removed at the end
          left out: linker=wild in TITLE, other/block: it is not installed
            help: apt-get install wild
    "#]].assert_eq(&text);
}

#[test]
fn a_plan_without_estimates_promises_no_time() {
    let mut plan = fixture::plan(vec![fixture::block("linkers", false, &["linker=mold"])]);
    let estimates = || PlanEstimate { disk_bytes: None, ..of_plan(vec![estimate(30, 0.02, true, None)]) };
    let first = |plan: &Plan| summary(plan, &estimates()).lines().take(4).collect::<Vec<_>>().join("\n");
    expect![[r#"
        plan `linkers`: 1 comparison, about 117 builds; seed 1
          1. TITLE
             linker=mold against linker=bfd (the baseline)
             about 30 rounds; expected precision ±0.9%, if build times on this machine vary by 2.0%, as they did in earlier runs"#]].assert_eq(&first(&plan));
    plan.time_budget = Some(Duration::from_secs(600));
    plan.blocks[0].sampling.precision = None;
    expect![[r#"
        plan `linkers`: 1 comparison, at most 117 builds, at most 10 min; seed 1
          1. TITLE
             linker=mold against linker=bfd (the baseline)
             at most 30 rounds; expected precision ±0.9%, if build times on this machine vary by 2.0%, as they did in earlier runs"#]].assert_eq(&first(&plan));
}

#[test]
fn many_variants_are_counted() {
    assert_eq!(list(&["a"]), "a");
    assert_eq!(list(&["a", "b", "c"]), "a, b and c");
    assert_eq!(list(&["a", "b", "c", "d", "e", "f"]), "a, b, c, d, e and f");
    assert_eq!(list(&["a", "b", "c", "d", "e", "f", "g"]), "a, b, c, d, e and 2 more");
}

#[test]
fn few_rounds_are_told_what_they_cannot_show() {
    let of = |rounds, planned| {
        let mut estimate = estimate(rounds, 0.02, true, None);
        estimate.half_width = estimate.noise.expected.half_width(3);
        few_rounds(&estimate, planned, &|| "about 15 rounds".to_owned())
            .map(|found| found.to_string())
            .unwrap_or_default()
    };
    assert_eq!(
        of(1, 4),
        "warning: 1 round is too few for a verdict, which needs at least 3; about 15 rounds"
    );
    assert_eq!(
        of(2, 1),
        "warning: 2 rounds are too few for a verdict, which needs at least 3; about 15 rounds"
    );
    // By hand: t(0.975, 4) = 2.7764, t(0.8, 4) = 0.9410, f = 7/6, 2% · √(1.5/3), a single comparison at 5%.
    let h: f64 = (2.7764 + 0.9410) * (7.0 / 6.0) * 0.02 * 0.5f64.sqrt();
    let share = 100.0 * h.exp_m1();
    assert_eq!(
        of(3, 1),
        format!("note: 3 rounds find a difference of {share:.0}% in four of five such runs; about 15 rounds")
    );
    // t(0.99925, 4) = 7.7412
    assert!(of(3, 20).contains("a difference of 15% in four of five"), "{}", of(3, 20));
    assert_eq!(of(3, 0), "", "nothing is compared");
    assert_eq!(of(6, 4), "");
}
