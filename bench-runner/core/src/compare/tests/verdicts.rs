use super::fixture::*;
use crate::compare::{Policy, RoundsNeeded, RunRecord, Verdict, compare};
use crate::record::{BlockEnd, BlockId, MetricId, Outcome, Pin, Rebuilt, Role, StopReason};
use crate::stats::noise::Noise;

#[test]
fn each_verdict_from_samples_that_deserve_it() {
    let plan = plan(vec![block("linkers", true, &["faster", "slower", "same"])]);
    let mut samples = Samples::of(&plan);
    samples.noisy(0, 16, 1, |arm| [1.0, 1.0, 0.9, 1.1, 1.0][arm]);
    let found = compare_samples(&plan, &samples.all);
    let block = &found.blocks[0];
    let verdicts: Vec<_> = block.arms.iter().map(|arm| arm.ratio.map(|ratio| ratio.verdict)).collect();
    assert_eq!(
        verdicts,
        [None, None, Some(Verdict::Faster), Some(Verdict::Slower), Some(Verdict::Equivalent)]
    );
    assert_eq!((found.planned, block.rounds, block.title.as_str()), (3, 16, "hexyl 0.17.0: full build"));
    let ratio = block.arms[2].ratio.unwrap();
    assert!(ratio.low < 0.9 && 0.9 < ratio.high && (ratio.ratio_of_means - 0.9).abs() < 0.02, "{ratio:?}");
    assert_eq!(block.twin.unwrap().rounds, 16);
    assert_eq!(block.notes, Vec::<String>::new());
}

#[test]
fn the_estimate_of_a_variant_is_that_of_the_method() {
    // d = 0.01, −0.02, 0.03, 0, 0.015, −0.005 against baseline and twin of 1 s; reference values as in
    // `stats`.
    let plan = plan(vec![block("linkers", true, &["v"])]);
    let mut samples = Samples::of(&plan);
    for (round, d) in (1..).zip([0.01f64, -0.02, 0.03, 0.0, 0.015, -0.005]) {
        samples.round(0, round, |arm| built(if arm == 2 { d.exp() } else { 1.0 }));
    }
    let ratio = compare_samples(&plan, &samples.all).blocks[0].arms[2].ratio.unwrap();
    assert!((ratio.ratio.ln() - 0.005).abs() < 1e-8);
    // The twin does not scatter, so S0² = SE²/2 and SE'² = (2·S0² + 5·SE²)/7 = 6/7·SE², with t of 7 degrees
    // of freedom in place of 5: 2.364624 and 2.570582.
    let half_width = 0.019691488348711858 * (6.0f64 / 7.0).sqrt() * 2.364624 / 2.570582;
    assert!((ratio.high.ln() - 0.005 - half_width).abs() < 1e-7, "{ratio:?}");
    assert_eq!((ratio.df, ratio.p_adjusted), (7.0, ratio.p));
    assert_eq!(ratio.verdict, Verdict::Equivalent);
}

#[test]
fn a_certain_difference_within_the_margin_is_equivalent() {
    let plan = plan(vec![block("linkers", true, &["v"])]);
    let mut samples = Samples::of(&plan);
    samples.noisy(0, 30, 2, |arm| if arm == 2 { 0.985 } else { 1.0 });
    let ratio = compare_samples(&plan, &samples.all).blocks[0].arms[2].ratio.unwrap();
    assert!(ratio.p_adjusted < 0.03);
    assert_eq!(ratio.verdict, Verdict::Equivalent);
    let strict = Policy { margin: Some(0.01), ..Policy::default() };
    let found =
        compare(&RunRecord { earlier: &even_directories(), ..RunRecord::of(&plan, &samples.all) }, &strict);
    assert_eq!(
        (found.blocks[0].arms[2].ratio.unwrap().verdict, found.blocks[0].margin),
        (Verdict::Faster, 0.01)
    );
}

#[test]
fn all_planned_comparisons_count_even_those_that_were_never_built() {
    let alone = plan(vec![block("linkers", true, &["v"])]);
    let mut samples = Samples::of(&alone);
    samples.noisy(0, 8, 3, |arm| if arm == 2 { 1.02 } else { 1.0 });
    let single = compare_samples(&alone, &samples.all).blocks[0].arms[2].ratio.unwrap();
    assert_eq!(single.p, single.p_adjusted);
    let family = plan(vec![
        block("linkers", true, &["v"]),
        block("others", true, &["a", "b", "c", "d", "e", "f", "g", "h", "i"]),
    ]);
    let found = compare_samples(&family, &samples.all);
    let ratio = found.blocks[0].arms[2].ratio.unwrap();
    assert_eq!(found.planned, 10);
    assert!((ratio.p_adjusted - (10.0 * single.p).min(1.0)).abs() < 1e-12);
}

#[test]
fn the_noise_floor_is_that_of_the_median_variant_and_of_all_planned_comparisons() {
    let blocks = vec![block("linkers", true, &["a", "b", "c"]), block("others", true, &["a"])];
    let plan = plan(blocks);
    let mut samples = Samples::of(&plan);
    let mut noise = Noise::new(23);
    for round in 1..=8 {
        let scatter = [0.02, 0.02, 0.02, 0.05, 0.1];
        let walls = scatter.map(|sd| noise.build(sd, 0.0).exp());
        samples.round(0, round, |arm| built(walls[arm]));
    }
    let found = compare_samples(&plan, &samples.all);
    // From each interval: X = (t(1 − 0.03/8; 9) + t(0.8; 9))·f·SE, t(0.975; 9)·f·SE its half-width.
    let quantiles = (crate::stats::t_quantile(1.0 - 0.03 / 8.0, 9.0) + crate::stats::t_quantile(0.8, 9.0))
        / crate::stats::t_quantile(0.975, 9.0);
    let floor = |arm: usize| {
        let ratio = found.blocks[0].arms[arm].ratio.unwrap();
        (0.5 * (ratio.high / ratio.low).ln() * quantiles).exp_m1()
    };
    assert!(floor(2) < floor(3) && floor(3) < floor(4));
    let shown = found.blocks[0].noise_floor.unwrap();
    assert!((shown / floor(3) - 1.0).abs() < 1e-9, "{shown} instead of {}", floor(3));
    assert_eq!(found.blocks[1].noise_floor, None, "nothing was compared");
}

#[test]
fn undecided_says_how_wide_and_what_a_new_run_needs() {
    let plan = plan(vec![block("linkers", true, &["v"])]);
    let mut samples = Samples::of(&plan);
    let mut noise = Noise::new(17);
    for round in 1..=6 {
        let walls: Vec<f64> = (0..3).map(|_| noise.build(0.05, 0.0).exp()).collect();
        samples.round(0, round, |arm| built(walls[arm]));
    }
    let found = compare_samples(&plan, &samples.all);
    assert_eq!(found.blocks[0].arms[2].ratio.unwrap().verdict, Verdict::Undecided);
    assert!(notes_say(&found, "a new run would probably need about"), "{:?}", found.blocks[0].notes);
    assert!(notes_say(&found, "`v` is undecided: the change is between −"));
    assert!(matches!(found.blocks[0].arms[2].needed, Some(RoundsNeeded::Rounds(rounds)) if rounds > 6));
}

#[test]
fn a_twin_that_differs_makes_all_of_its_block_invalid_and_no_other() {
    let plan = plan(vec![block("linkers", true, &["v", "w"]), block("others", true, &["v"])]);
    let mut samples = Samples::of(&plan);
    samples.noisy(0, 12, 5, |arm| if arm == TWIN { 1.1 } else { 1.0 });
    samples.noisy(1, 12, 6, |arm| if arm == 2 { 1.1 } else { 1.0 });
    let found = compare_samples(&plan, &samples.all);
    let verdict = |block: usize, arm: usize| found.blocks[block].arms[arm].ratio.unwrap().verdict;
    assert_eq!(
        [verdict(0, 2), verdict(0, 3), verdict(1, 2)],
        [Verdict::Invalid, Verdict::Invalid, Verdict::Slower]
    );
    assert!(notes_say(&found, "this comparison has no result"));
    // The two blocks would share a title.
    assert_eq!(found.blocks[1].title, "hexyl 0.17.0: full build (others)");
}

#[test]
fn without_a_twin_the_interval_is_wider_and_the_page_says_so() {
    let with = plan(vec![block("linkers", true, &["v"])]);
    let without = plan(vec![block("linkers", false, &["v"])]);
    let (mut a, mut b) = (Samples::of(&with), Samples::of(&without));
    let mut noise = Noise::new(7);
    for round in 1..=10 {
        let (reference, variant) = (noise.build(0.01, 0.0).exp(), noise.build(0.01, 0.0).exp());
        a.round(0, round, |arm| built(if arm == 2 { variant } else { reference }));
        b.round(0, round, |arm| built(if arm == 1 { variant } else { reference }));
    }
    let (with, without) = (compare_samples(&with, &a.all), compare_samples(&without, &b.all));
    let width = |ratio: crate::compare::Ratio| (ratio.high / ratio.low).ln();
    let share =
        width(without.blocks[0].arms[1].ratio.unwrap()) / width(with.blocks[0].arms[2].ratio.unwrap());
    // With the twin, which does not scatter here, S0² = SE²/2, so SE'² = 10/11·SE² with 11 degrees of freedom in
    // place of 9; alone, the variant has nothing to pool with.
    let pooling = 2.200985 / 2.262157 * (10.0f64 / 11.0).sqrt();
    assert!((share - 1.2 / 1.05 / pooling).abs() < 1e-6, "{share}");
    assert_eq!(without.blocks[0].twin, None);
    assert!(notes_say(&without, "The control is switched off"));
}

#[test]
fn why_an_arm_was_given_up_is_said() {
    let plan = plan(vec![block("linkers", true, &["v", "w"])]);
    let mut samples = Samples::of(&plan);
    samples.noisy(0, 8, 9, |_| 1.0);
    for sample in samples.all.iter_mut().filter(|sample| sample.variant == "w" && sample.round >= 2) {
        sample.outcome = Outcome::TimedOut;
    }
    samples.all.retain(|sample| sample.variant != "w" || sample.round <= 3);
    let reason = "the build was ended after its time limit,\n2 times in a row";
    let found =
        compare_with_ends(&plan, &samples.all, &[end(&plan.blocks[0], &[(Role::Variant, "w", reason)])]);
    let note = "Building `w` was given up: the build was ended after its time limit, 2 times in a row.";
    assert!(notes_say(&found, note), "{:?}", found.blocks[0].notes);
    assert_eq!(found.blocks[0].arms[3].not_timed, None);
    assert!(!notes_say(&found, "Building `v`") && !notes_say(&found, "Building the control"));
}

#[test]
fn what_else_the_settings_change_is_said_once() {
    let notes = |changes: [&[&str]; 4]| {
        let mut plan = plan(vec![block("linkers", true, &["v", "w"])]);
        for (arm, changes) in plan.blocks[0].arms.iter_mut().zip(changes) {
            arm.co_changes = changes.iter().map(|&change| change.to_owned()).collect();
        }
        let mut samples = Samples::of(&plan);
        samples.noisy(0, 12, 1, |_| 1.0);
        samples.all.retain(|sample| sample.variant != "w");
        compare_samples(&plan, &samples.all).blocks.remove(0).notes
    };
    let note =
        |changes: [&[&str]; 4]| notes(changes).into_iter().find(|note| note.starts_with("Side effect"));
    let (bfd, mold) = ("linker=bfd: so are build scripts", "linker=mold: so are build scripts");
    let one = "Side effect of linker=mold: so are build scripts.";
    assert_eq!(note([&[], &[], &[mold], &[]]).as_deref(), Some(one));
    let two = "Side effect of linker=bfd, linker=mold: so are build scripts.";
    // `w` was never built.
    assert_eq!(note([&[bfd], &[bfd], &[mold], &["x"]]).as_deref(), Some(two));
    assert_eq!(note([&[], &[], &[], &[]]), None);
}

#[test]
fn outliers_are_flagged_and_kept() {
    let plan = plan(vec![block("linkers", true, &["v"])]);
    let mut samples = Samples::of(&plan);
    samples.noisy(0, 12, 11, |_| 1.0);
    samples.all[5].outcome = built(17.0);
    let found = compare_samples(&plan, &samples.all);
    let variant = &found.blocks[0].arms[2];
    let flagged: Vec<u32> =
        variant.points.iter().filter(|point| point.outlier).map(|point| point.round).collect();
    assert_eq!((flagged, variant.points.len(), variant.ratio.unwrap().rounds), (vec![2], 12, 12));
    let ratio = variant.ratio.unwrap();
    assert!(ratio.ratio < 1.02 && ratio.ratio_of_means > 1.04, "{ratio:?}");
}

#[test]
fn fewer_than_six_builds_have_no_outliers() {
    let plan = plan(vec![block("linkers", true, &["v"])]);
    let outliers = |rounds: u32| {
        let mut samples = Samples::of(&plan);
        samples.noisy(0, rounds, 11, |_| 1.0);
        samples.all[5].outcome = built(40.0);
        compare_samples(&plan, &samples.all).blocks[0].arms[2].outliers()
    };
    assert_eq!([5, 6].map(outliers), [0, 1]);
}

#[test]
fn another_set_of_units_after_an_edit_is_said() {
    let plan = plan(vec![block("linkers", true, &["v", "w"])]);
    let mut samples = Samples::of(&plan);
    samples.noisy(0, 6, 12, |_| 1.0);
    for sample in &mut samples.all {
        let (count, set) = if sample.variant == "v" { (4, "aa") } else { (5, "bb") };
        sample.edit = u64::from(sample.round);
        sample.rebuilt = Some(Rebuilt { count, set: set.into() });
    }
    let found = compare_samples(&plan, &samples.all);
    assert!(notes_say(&found, "`v` compiled another set of units than the baseline in 6 of 6 rounds"));
    assert!(!notes_say(&found, "`w` compiled"));
    // Without edits every arm compiles what its configuration needs, and there is no note.
    samples.all.iter_mut().for_each(|sample| sample.edit = 0);
    assert!(!notes_say(&compare_samples(&plan, &samples.all), "another set of units"));
}

#[test]
fn a_time_out_is_counted_and_forbids_the_good_verdicts() {
    let plan = plan(vec![block("linkers", true, &["v"])]);
    let mut samples = Samples::of(&plan);
    samples.noisy(0, 12, 13, |arm| if arm == 2 { 0.8 } else { 1.0 });
    samples.all[5].outcome = Outcome::TimedOut;
    let found = compare_samples(&plan, &samples.all);
    let variant = &found.blocks[0].arms[2];
    assert_eq!((variant.failures, variant.ratio.unwrap().rounds), (1, 11));
    assert_eq!(variant.ratio.unwrap().verdict, Verdict::Undecided);
    assert!(notes_say(&found, "A build of `v` timed out"));
    assert_eq!(variant.needed, Some(RoundsNeeded::TimedOut));
    assert!(notes_say(&found, "`v` is undecided: in the rounds without a time-out, the change is between"));
    // A plain failure is counted, but does not affect the verdict.
    samples.all[5].outcome = Outcome::Failed { exit_code: Some(101) };
    let found = compare_samples(&plan, &samples.all);
    assert_eq!(found.blocks[0].arms[2].ratio.unwrap().verdict, Verdict::Faster);
    assert!(notes_say(&found, "1 measured build of `v` failed"));
}

#[test]
fn a_baseline_with_a_time_out_makes_no_variant_slower() {
    let plan = plan(vec![block("linkers", true, &["v"])]);
    let mut samples = Samples::of(&plan);
    samples.noisy(0, 12, 14, |arm| if arm == 2 { 1.3 } else { 1.0 });
    samples.all[3].outcome = Outcome::TimedOut;
    let found = compare_samples(&plan, &samples.all);
    assert_eq!(found.blocks[0].arms[2].ratio.unwrap().verdict, Verdict::Undecided);
    assert!(notes_say(&found, "A build of the baseline or its control timed out"));
}

#[test]
fn offsets_that_many_twins_show_widen_the_intervals() {
    let names: Vec<String> = (0..12).map(|block| format!("m{block}")).collect();
    let plan = plan(names.iter().map(|name| block(name, true, &["v"])).collect());
    let width = |offset: f64| {
        let mut samples = Samples::of(&plan);
        for block in 0..12 {
            // Alternating directories, a few percent apart.
            let sign = if block % 2 == 0 { 1.0 } else { -1.0 };
            samples.noisy(block, 12, block as u64, |arm| if arm == TWIN { 1.0 + sign * offset } else { 1.0 });
        }
        let found = compare_samples(&plan, &samples.all);
        let ratio = found.blocks[0].arms[2].ratio.unwrap();
        ((ratio.high / ratio.low).ln(), notes_say(&found, "(measured by 12 controls of 1 run)"))
    };
    let ((plain, _), (widened, has_note)) = (width(0.0), width(0.02));
    assert!(widened > 2.0 * plain && has_note, "{plain} {widened}");
}

#[test]
fn rounds_that_resemble_their_neighbours_widen_the_intervals() {
    let plan = plan(vec![block("linkers", true, &["v"])]);
    let mut samples = Samples::of(&plan);
    let mut noise = Noise::new(15);
    for round in 1..=30 {
        let slow_wave = 0.03 * (f64::from(round) / 4.0).sin();
        let walls: Vec<f64> = (0..3)
            .map(|arm| (noise.build(0.005, 0.0) + if arm == 2 { slow_wave } else { 0.0 }).exp())
            .collect();
        samples.round(0, round, |arm| built(walls[arm]));
    }
    assert!(notes_say(&compare_samples(&plan, &samples.all), "Neighboring rounds resemble each other"));
}

#[test]
fn ends_and_summaries_are_passed_on() {
    let plan = plan(vec![block("linkers", true, &["v"])]);
    let mut samples = Samples::of(&plan);
    samples.noisy(0, 6, 16, |_| 1.0);
    let of_another = BlockEnd { block: BlockId::new("a", "b", "c"), ..end(&plan.blocks[0], &[]) };
    let own = BlockEnd { stopped: StopReason::Budget, ..end(&plan.blocks[0], &[]) };
    let found = compare_with_ends(&plan, &samples.all, &[own, of_another]);
    let block = &found.blocks[0];
    assert_eq!((block.stopped, found.machine.as_str()), (Some(StopReason::Budget), "a machine"));
    let arm = &block.arms[0];
    let (wall, cpu) = (arm.wall().unwrap(), arm.summaries[MetricId::Cpu].unwrap());
    assert!((cpu.median - 1.5 * wall.median).abs() < 1e-6);
    assert_eq!((wall.n, arm.summaries[MetricId::MaxRss].unwrap().median), (6, f64::from(1 << 20)));
}

#[test]
fn titles_say_what_a_block_spans() {
    let mut spanning = block("claims", true, &["a", "b"]);
    spanning.id = BlockId::new("claims", "*", "*");
    spanning.arms[3].variant.project = "other".into();
    spanning.arms[2].variant.workload = "check".into();
    let mut commits = block("commits", false, &["a"]);
    commits.arms[0].variant.rev = Some("1".repeat(40));
    commits.arms[1].variant.rev = Some("2".repeat(40));
    let mut git = block("git", false, &["a"]);
    git.arms.iter_mut().for_each(|arm| arm.variant.project = "elsewhere".into());
    let mut plan = plan(vec![spanning, commits, git]);
    let mut elsewhere = plan.projects[0].clone();
    (elsewhere.name, elsewhere.pin) =
        ("elsewhere".into(), Pin::Git { rev: "0123456789abcdef0123".repeat(2) });
    plan.projects.push(elsewhere);
    let titles: Vec<_> = compare_samples(&plan, &[]).blocks.into_iter().map(|block| block.title).collect();
    assert_eq!(
        titles,
        [
            "other vs. hexyl 0.17.0: cargo check vs. full build",
            "hexyl, 2 commits: full build",
            "elsewhere 0123456789: full build"
        ]
    );
}
