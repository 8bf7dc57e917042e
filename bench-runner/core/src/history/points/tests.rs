//! Points of runs.

use std::collections::HashMap;

use super::*;
use crate::compare::fixture::*;
use crate::history::{TimeSeries, collect};
use crate::record::{Proof, ProofResult};

fn run_series(name: &str, machine: &str, block: &Block, comparison: &Comparison) -> RunSeries {
    let run = HistoryRun {
        run: name.into(),
        machine: machine.into(),
        started_at: format!("2026-01-{name}T00:00:00Z"),
        origin: None,
        facts: Arc::default(),
    };
    RunSeries { run, points: BlockSeries::of(machine, block, &comparison.blocks[0], None).unwrap().points() }
}

fn nights() -> Vec<RunSeries> {
    let mut plan = plan(vec![block("nights", true, &["main"])]);
    let mut nights = Vec::new();
    let days = [("01", "m", 'a'), ("02", "m", 'b'), ("03", "n", 'c'), ("02", "m", 'd')];
    for (seed, (name, machine, rev)) in (1..).zip(days) {
        let rev = rev.to_string().repeat(40);
        let variant = &mut plan.blocks[0].arms[2].variant;
        (variant.name, variant.rev) = (format!("rev={rev}"), Some(rev));
        let mut samples = Samples::of(&plan);
        samples.noisy(0, 8, seed, |arm| if arm == 2 { 1.05 } else { 1.0 });
        let comparison = compare_samples(&plan, &samples.all);
        nights.push(run_series(name, machine, &plan.blocks[0], &comparison));
    }
    nights
}

/// Other variants of a block must not begin another series.
#[test]
fn settings_that_no_name_says_are_those_of_variant_and_baseline() {
    let variant = |name: &str, settings: &[(&str, &str)]| Variant {
        name: name.into(),
        project: "p".into(),
        workload: "clean".into(),
        rev: None,
        settings: settings.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect(),
    };
    let anchor = variant("anchor", &[("toolchain", "1.95.0"), ("debug", "none")]);
    let branch = variant("branch=main", &[("toolchain", "1.95.0"), ("debug", "none")]);
    let nightly = variant("toolchain=nightly", &[("toolchain", "nightly"), ("debug", "none")]);
    assert_eq!(fixed_settings(&branch, &anchor), "debug=none, toolchain=1.95.0");
    assert_eq!(fixed_settings(&nightly, &anchor), "debug=none");
    let product = variant("linker=mold debug=none", &[("linker", "mold"), ("debug", "none")]);
    let baseline = variant("linker=bfd debug=none", &[("linker", "bfd"), ("debug", "none")]);
    assert_eq!(fixed_settings(&product, &baseline), "", "the names say it");
}

#[test]
fn each_variant_has_a_series_for_each_machine() {
    let series = collect(&nights());
    let wall: Vec<&TimeSeries> = series.iter().filter(|one| one.key.metric == "wall").collect();
    let shape: Vec<(&str, &str, Quantity, usize)> = wall
        .iter()
        .map(|one| (&*one.key.machine, &*one.key.variant, one.key.quantity, one.points.len()))
        .collect();
    assert_eq!(
        shape,
        [
            ("m", "commits", Quantity::Ratio, 2),
            ("m", "linker=bfd", Quantity::Seconds, 2),
            ("n", "commits", Quantity::Ratio, 1),
            ("n", "linker=bfd", Quantity::Seconds, 1),
        ],
        "copies of a run count once"
    );
    let point = &wall[0].points[1];
    assert_eq!((wall[0].runs[1], point.rounds), (1, 8));
    assert_eq!(point.commit.as_deref(), Some("b".repeat(40).as_str()));
    assert!((point.value.value - 1.05f64.ln()).abs() < 0.02 && point.value.se > 0.0);
    assert!((wall[1].points[0].value.value - 10f64.ln()).abs() < 0.02);
}

/// `toolchain=stable` while it is the anchor's, a branch at the anchor's commit.
#[test]
fn in_a_night_what_is_the_same_as_another_arm_has_its_values() {
    let mut plan = plan(vec![block("night", true, &["main"])]);
    plan.blocks[0].arms[0].aliases = vec!["toolchain=stable".into()];
    plan.blocks[0].arms[2].aliases = vec!["next".into()];
    let mut samples = Samples::of(&plan);
    samples.noisy(0, 8, 5, |arm| [1.0, 1.01, 1.05][arm]);
    let comparison = compare_samples(&plan, &samples.all);
    let series = BlockSeries::of("m", &plan.blocks[0], &comparison.blocks[0], None).unwrap();
    let names = |points: &[(Arc<SeriesKey>, HistoryPoint)]| -> Vec<String> {
        let wall = points.iter().filter(|(key, _)| key.metric == "wall");
        wall.map(|(key, _)| key.variant.clone()).collect()
    };
    assert_eq!(names(&series.points()), ["linker=bfd", "main"], "elsewhere it is left out");
    let points = BlockSeries { is_of_track: true, ..series }.points();
    assert_eq!(names(&points), ["linker=bfd", "main", "toolchain=stable", "next"]);
    let value = |name: &str| {
        let found = points.iter().find(|(key, _)| key.variant == name && key.metric == "wall");
        found.map(|(_, point)| point.clone()).unwrap()
    };
    assert_eq!(value("next"), value("main"));
    // The control's: a ratio of exactly 1 would have no error.
    let twin = comparison.blocks[0].twin.unwrap();
    let same = value("toolchain=stable");
    assert_eq!((same.rounds, same.value.df), (twin.rounds, twin.df));
    assert!((same.value.interval(LEVEL).1.exp() - twin.ends().1).abs() < 1e-9, "{same:?}");
    assert!((same.value.value - 1.01f64.ln()).abs() < 0.02 && same.median > Some(0.0));
}

#[test]
fn points_can_be_in_the_order_of_their_commits() {
    let mut series = collect(&nights()).remove(0);
    let places = [("b".repeat(40), 1), ("x".repeat(40), 2)].into();
    assert_eq!(series.order_by_commits(&places), 1, "one commit is not in this history");
    assert_eq!((series.runs.as_slice(), series.points.len()), (&[1][..], 1));
    let mut series = collect(&nights()).remove(0);
    let places = [("b".repeat(40), 1), ("a".repeat(40), 2)].into();
    series.order_by_commits(&places);
    assert_eq!(series.runs, [1, 0]);
}

#[test]
fn what_a_run_adds_is_kept_exactly() {
    for night in nights() {
        let text = serde_json::to_string(&night).unwrap();
        assert_eq!(serde_json::from_str::<RunSeries>(&text).unwrap(), night);
    }
}

#[test]
fn runs_that_share_no_keys_share_their_series() {
    let shared: HashMap<SeriesKey, Arc<SeriesKey>> =
        nights().iter().flat_map(|run| &run.points).map(|(key, _)| ((**key).clone(), key.clone())).collect();
    let mut sharing = nights();
    for (key, _) in sharing.iter_mut().flat_map(|run| &mut run.points) {
        *key = shared[&**key].clone();
    }
    assert_eq!(collect(&sharing), collect(&nights()));
}

/// Names such as `nightly` do not matter: the compilers are those of the proofs.
#[test]
fn toolchains_of_a_backfill_make_one_series() {
    let mut plan =
        plan(vec![block("days", true, &["toolchain=nightly", "toolchain=stable", "toolchain=none"])]);
    plan.blocks[0].axes = vec!["rev".into(), "toolchain".into()];
    let mut samples = Samples::of(&plan);
    samples.noisy(0, 8, 1, |arm| if arm == 2 { 1.05 } else { 1.0 });
    let mut comparison = compare_samples(&plan, &samples.all);
    let (block, result) = (&plan.blocks[0], &mut comparison.blocks[0]);
    let compilers = ["1.63.0", "1.97.0-nightly (e50aa6fba 2026-05-19)", "1.95.0 (59807616e 2026-04-14)"];
    let arms: Vec<_> = [0, 2, 3].iter().map(|&at| &block.arms[at]).zip(compilers).collect();
    result.proofs.extend(arms.into_iter().map(|(arm, compiler)| Proof {
        role: arm.role,
        axis: "toolchain".into(),
        expected: format!("rustc {compiler}"),
        ..proof(block, &arm.variant.name, ProofResult::Holds)
    }));
    let points = BlockSeries::of("m", block, result, Some("rev=abc".into())).unwrap().points();
    let run = HistoryRun {
        run: "r".into(),
        machine: "m".into(),
        started_at: String::new(),
        origin: Some("backfill".into()),
        facts: Arc::default(),
    };
    let mut all = collect(&[RunSeries { run, points }]);
    all.retain(|one| one.key.metric == "wall");
    let [seconds, ratios] = all.as_mut_slice() else { panic!("{all:?}") };
    assert_eq!(
        (ratios.key.variant.as_str(), ratios.key.baseline.as_str(), ratios.key.fixed.as_str()),
        ("toolchains", "rustc 1.63.0", "rev=abc")
    );
    assert_eq!((seconds.key.variant.as_str(), seconds.key.quantity), ("rustc 1.63.0", Quantity::Seconds));
    assert_eq!(ratios.order_by_toolchains(), 0);
    let names: Vec<String> =
        ratios.points.iter().flat_map(|point| &point.compiler).map(|compiler| compiler.short()).collect();
    assert_eq!(names, ["1.95.0", "1.97.0-nightly 2026-05-19"], "one that built nothing is not there");
    assert!(ratios.points.iter().all(|point| point.commit.is_none()));
    // Without the anchor's compiler there is nothing to compare with.
    result.proofs.retain(|proof| proof.role != Role::Baseline);
    assert!(BlockSeries::of("m", block, result, Some("rev=abc".into())).is_none());
}
