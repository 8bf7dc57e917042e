//! The operating characteristics at small scale, with a fixed seed: the program's own sampling and
//! comparison, applied to simulated builds with a known truth. docs/METHODOLOGY.md has the figures of the
//! whole study.
//!
//! Bounds are three binomial standard deviations on either side of the whole study's figure, or beyond the
//! target. They are tight enough for the faults that matter: another level, a missing correction for many
//! comparisons, intervals of another width, another stopping rule.

#[allow(dead_code, unused_imports, reason = "the whole study asks for more than this")]
#[path = "../../benches/operating_characteristics/study/mod.rs"]
mod study;

#[allow(dead_code, unused_imports, reason = "the whole study asks for more than this")]
#[path = "../../benches/search/searches/mod.rs"]
mod searches;

use searches::{Effects, SearchCell, near_best, one_at_a_time, random_halving, searches};
use study::{Division, FractionSetup, Model, Noisy, ProductSetup, Rounds, Setup, Share, Study};

trials! { "simulation";
    intervals_cover_as_often_as_they_say: LONG,
    whole_runs_without_differences_say_so: LONG,
    differences_are_found: LONG,
    three_and_five_rounds_keep_their_coverage,
    a_difference_as_large_as_the_noise_floor_is_found: LONG,
    rounds_that_resemble_their_neighbours_are_found,
    twins_calibrate_offsets_of_directories: LONG,
    effects_of_axes_are_narrow_and_cover,
    fractions_cover_also_with_interactions,
    averages_say_how_much_a_single_level_can_differ: LONG,
    all_of_a_then_all_of_b_fails_under_drift_and_rounds_do_not: LONG,
    turns_narrow_more_intervals_than_shares,
    searches_find_the_best_more_often_than_other_methods: LONG,
    searches_claim_nothing_where_nothing_is: LONG,
    the_same_seed_gives_the_same_figures_on_any_number_of_threads,
}

fn study(runs: u32) -> Study {
    Study { seed: 3, runs }
}

/// Three standard deviations of a share of this number of trials.
fn three_sd(probability: f64, trials: u64) -> f64 {
    assert!(trials > 0, "nothing was asked");
    3.0 * (probability * (1.0 - probability) / trials as f64).sqrt()
}

/// Asserts that a share agrees with the whole study.
fn near(what: &str, share: &Share, found: f64) {
    let off = (share.value() - found).abs();
    assert!(
        off <= three_sd(found, share.trials()),
        "{what}: {} instead of {found}, {share:?}",
        share.value()
    );
}

/// Asserts that a share is at most `wanted`.
fn at_most(what: &str, share: &Share, wanted: f64) {
    let limit = wanted + three_sd(wanted, share.trials());
    assert!(share.value() <= limit, "{what}: {} is above {wanted}, {share:?}", share.value());
}

/// Asserts that a share is at least `wanted`.
fn at_least(what: &str, share: &Share, wanted: f64) {
    let limit = wanted - three_sd(wanted, share.trials());
    assert!(share.value() >= limit, "{what}: {} is below {wanted}, {share:?}", share.value());
}

fn intervals_cover_as_often_as_they_say() {
    let fixed = |rounds| Setup { rounds: Rounds::Fixed(rounds), ..Setup::with_four_arms(Model::Normal) };
    let noisier = Setup::with_four_arms(Model::Noisier(Noisy::LastVariant, 3.0));
    for (what, setup, runs, covered, rounds) in [
        ("normal", Setup::with_four_arms(Model::Normal), 400, 0.949, 19.1),
        ("outliers", Setup::with_four_arms(Model::Outliers), 200, 0.957, 26.7),
        ("drift", Setup::with_four_arms(Model::Drift), 300, 0.947, 19.1),
        ("correlated builds", Setup::with_four_arms(Model::Neighbours), 400, 0.948, 11.8),
        ("a noisier arm", noisier, 120, 0.956, 30.0),
        ("no twin", Setup { twin: false, ..Setup::with_four_arms(Model::Normal) }, 200, 0.959, 24.5),
        ("six rounds", fixed(6), 1000, 0.962, 6.0),
    ] {
        let found = study::coverage(&study(runs), &setup);
        near(what, &found.covered, covered);
        let mean = found.rounds.value();
        // Standard deviation of a block: up to 6 rounds.
        assert!((mean - rounds).abs() <= 3.0 * 6.0 / f64::from(runs).sqrt(), "{what}: {mean} rounds");
        at_most(what, &found.alarms, 0.02);
    }
}

fn whole_runs_without_differences_say_so() {
    for (model, runs) in
        [(Model::Normal, 200), (Model::Outliers, 40), (Model::Drift, 40), (Model::Neighbours, 40)]
    {
        let what = format!("{model:?}");
        let found =
            study::families(&study(runs), &Setup::with_twenty_comparisons(model, 1.0, Rounds::ByPrecision));
        at_most(&what, &found.different, 0.05);
        at_most(&what, &found.significant, 0.05);
        at_most(&what, &found.invalid, 0.02);
    }
    let on_the_margin = Setup::with_twenty_comparisons(Model::Normal, 1.03, Rounds::ByPrecision);
    at_most("on the margin", &study::families(&study(60), &on_the_margin).equivalent, 0.05);
}

fn differences_are_found() {
    let alone = |model, rounds| Setup::alone(model, 1.03, Rounds::Fixed(rounds));
    let mut one_of_twenty = Setup::with_twenty_comparisons(Model::Normal, 1.0, Rounds::Fixed(22));
    one_of_twenty.blocks[0][0] = 1.03;
    for (what, setup, runs, shown, slower) in [
        ("alone", alone(Model::Normal, 12), 1000, 0.946, 0.911),
        ("alone, outliers", alone(Model::Outliers, 30), 400, 0.985, 0.935),
        ("one of twenty", one_of_twenty, 80, 0.953, 0.937),
    ] {
        let found = study::power(&study(runs), &setup);
        near(what, &found.shown, shown);
        near(what, &found.judged, slower);
    }
}

/// Without pooled standard errors, two speeds give a false verdict in a quarter to two fifths of these runs.
fn three_and_five_rounds_keep_their_coverage() {
    for (model, rounds) in
        [(Model::Normal, 3), (Model::Normal, 5), (Model::TwoSpeeds, 3), (Model::TwoSpeeds, 5)]
    {
        let what = format!("{model:?}, {rounds} rounds");
        let twenty = Setup::with_twenty_comparisons(model, 1.0, Rounds::Fixed(rounds));
        let found = study::few_rounds(&study(100), &twenty);
        at_least(&what, &found.covered, 0.95);
        at_most(&what, &found.different, 0.05);
        at_most(&what, &found.invalid, 0.02);
    }
}

fn a_difference_as_large_as_the_noise_floor_is_found() {
    for (model, rounds) in [(Model::Normal, 5), (Model::Quiet, 3), (Model::Quiet, 12)] {
        let what = format!("{model:?}, {rounds} rounds");
        let setup = Setup::with_three_comparisons(model, 1.0, Rounds::Fixed(rounds));
        let found = study::floor(&study(400), &setup).found;
        at_least(&what, &found, 0.78);
        at_most(&what, &found, 0.84);
    }
}

fn rounds_that_resemble_their_neighbours_are_found() {
    let found = study::detection(&study(200));
    at_least("found", &found.alarms, 0.95);
    near("covered", &found.covered, 0.918);
}

fn twins_calibrate_offsets_of_directories() {
    let found = study::offsets(&study(400));
    at_least("assumed", &found.alone.covered, 0.93);
    at_least("calibrated", &found.calibrated.covered, 0.93);
}

/// A product of 4×3 with five rounds on a noisy machine.
fn effects_of_axes_are_narrow_and_cover() {
    let product = || ProductSetup::of(Model::Real, &[4, 3], Rounds::Fixed(5));
    let null = study::effects(&study(150), &product());
    at_least("covered", &null.covered, 0.94);
    at_most("covered", &null.covered, 0.98);
    let (of_effects, of_variants) = (null.half_width.value(), null.of_variants.value());
    assert!(of_effects <= 0.068 && of_variants > 2.0 * of_effects, "{null:?}");
    at_most("false", &null.judged_different, 0.035);
    at_most("interactions", &null.interaction, 0.03);
    let off = study::effects(&study(150), &product().with_last_cell(0.8));
    at_least("a combination that is off by 20%", &off.interaction, 0.60);
}

fn fractions_cover_also_with_interactions() {
    let setup = |model, interactions| FractionSetup {
        model,
        axes: vec![4, 3, 3, 3, 2, 2, 2, 2],
        rows: 24,
        rounds: 3,
        interactions,
    };
    for (model, interactions) in [
        (Model::Real, (28, 0.04)),
        (Model::Real, (28, 0.08)),
        (Model::Real, (2, 0.08)),
        (Model::Quiet, (28, 0.04)),
    ] {
        let found = study::fractions(&study(40), &setup(model, interactions));
        assert!(found.efficiency >= 0.95, "{found:?}");
        at_least("covered", &found.covered, 0.94);
        // On a quiet machine all that limits an effect is what the model lacks.
        let is_narrow = found.half_width.value() < 0.5 * found.of_variants.value();
        assert!(is_narrow || model == Model::Quiet, "{found:?}");
    }
    let found = study::fractions(&study(40), &setup(Model::Quiet, (0, 0.0)));
    at_least("nominated", &found.near_best, 0.9);
}

fn averages_say_how_much_a_single_level_can_differ() {
    let product = ProductSetup::of(Model::Real, &[4, 3], Rounds::Fixed(5));
    for off in [0.9, 0.8] {
        let found = study::effects(&study(200), &product.clone().with_last_cell(off));
        at_least("averages and single levels", &found.covered, 0.94);
        at_least("the largest deviation", &found.bounded, 0.95);
    }
}

fn all_of_a_then_all_of_b_fails_under_drift_and_rounds_do_not() {
    let usual = study::side_by_side(&study(1000), Model::Drift);
    near("A then B: false", &usual.excludes_one, 0.884);
    near("A then B: covered", &usual.covers, 0.118);
    for ratio in [1.0, 1.05] {
        let setup = Setup::alone(Model::Drift, ratio, Rounds::Fixed(7));
        near("interleaved", &study::coverage(&study(500), &setup).covered, 0.958);
    }
}

/// Of runs with a time budget.
fn turns_narrow_more_intervals_than_shares() {
    let found = study::divide_budgets(&study(500), Division::Turns);
    assert!(found.half_width <= 0.70, "{found:?}");
    at_least("blocks with an interval", &found.with_interval, 0.85);
    assert_eq!(study::divide_budgets(&study(100), Division::Shares).half_width, 1.0);
}

fn the_same_seed_gives_the_same_figures_on_any_number_of_threads() {
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        pool.install(|| study::coverage(&study(20), &Setup::with_four_arms(Model::Outliers)))
    };
    let one = on(1);
    assert_eq!(one, on(3));
    let other = Study { seed: 4, ..study(20) };
    assert_ne!(one, study::coverage(&other, &Setup::with_four_arms(Model::Outliers)));
}

/// The space of 144 combinations in 30 minutes.
fn half_an_hour(effects: Effects) -> SearchCell {
    SearchCell { levels: vec![4, 3, 3, 2, 2], minutes: 30, effects }
}

fn searches_find_the_best_more_often_than_other_methods() {
    let cell = half_an_hour(Effects::Usual);
    let found = searches(3, 50, &cell);
    at_least("near the best", &found.near_best, 0.85);
    at_least("intervals", &found.covered, 0.93);
    at_most("claims of a gain that is none", &found.falsely_faster, 0.01);
    assert!(found.faster.value() > 0.5, "{found:?}");
    for (what, nominate) in
        [("one at a time", one_at_a_time as searches::Nominate), ("random", random_halving)]
    {
        let share = near_best(3, 50, &cell, nominate);
        // The whole study: about 20 and 30 points less.
        assert!(share.value() + 0.05 < found.near_best.value(), "{what}: {share:?} {found:?}");
    }
}

fn searches_claim_nothing_where_nothing_is() {
    let found = searches(3, 30, &half_an_hour(Effects::None));
    at_most("claims", &found.falsely_faster, 0.01);
    at_least("intervals", &found.covered, 0.93);
}
