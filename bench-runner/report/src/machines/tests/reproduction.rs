use bench_runner_core::compare::Verdict::{self, Equivalent, Faster, Invalid, Slower, Undecided};

use super::fixture::fixture_run;
use crate::machines::{Reproduction, ReproductionOutcome, compare_reproduction};

fn reproduction_of(first: (f64, f64, Verdict), second: (f64, f64, Verdict)) -> Reproduction {
    let run = |machine: &str, (ratio, spread, verdict)| {
        fixture_run(machine, machine).with_block("clean", 10.0, &[("lld", ratio, spread, verdict)])
    };
    compare_reproduction(run("a-1", first).run(), run("b-1", second).run())
}

#[test]
fn a_verdict_is_confirmed_not_confirmed_or_contradicted() {
    let first = (0.9, 0.02, Faster);
    for (second, outcome) in [
        ((0.91, 0.02, Faster), ReproductionOutcome::Confirmed),
        // the verdict is the same, though the size is not
        ((0.5, 0.02, Faster), ReproductionOutcome::Confirmed),
        ((0.95, 0.2, Undecided), ReproductionOutcome::NotConfirmed),
        ((0.95, 0.2, Invalid), ReproductionOutcome::NotConfirmed),
        ((0.995, 0.005, Undecided), ReproductionOutcome::Contradicted),
        ((1.0, 0.01, Equivalent), ReproductionOutcome::Contradicted),
        ((1.1, 0.02, Slower), ReproductionOutcome::Contradicted),
    ] {
        assert_eq!(reproduction_of(first, second).worst(), Some(outcome), "{second:?}");
    }
    assert_eq!(reproduction_of((0.9, 0.2, Undecided), (0.9, 0.01, Faster)).worst(), None);
}

#[test]
fn intervals_and_the_equality_of_the_ratios_are_told() {
    let found = reproduction_of((0.9, 0.02, Faster), (0.92, 0.02, Faster));
    let ratios = found.rows[0].ratios.expect("two ratios");
    assert!(ratios.overlap && !ratios.within && !ratios.differ());
    // by hand: the factor is 0.92/0.9, and the standard error of each log-ratio is about 0.02/2.201
    assert!((ratios.factor.0 - 0.92 / 0.9).abs() < 1e-12, "{ratios:?}");
    let half_width = (ratios.factor.1.1 / ratios.factor.0).ln();
    assert!((half_width - 2.0739 * 0.02 / 2.201 * 2f64.sqrt()).abs() < 1e-4, "{half_width}");
    let apart = reproduction_of((0.9, 0.02, Faster), (0.5, 0.02, Faster)).rows[0].ratios.expect("two ratios");
    assert!(!apart.overlap && !apart.within && apart.differ());
    let within =
        reproduction_of((0.9, 0.02, Faster), (0.9, 0.02, Faster)).rows[0].ratios.expect("two ratios");
    assert!(within.within && within.p == 1.0);
}

#[test]
fn what_the_second_run_lacks_is_not_confirmed_and_says_why() {
    let first = fixture_run("a-1", "r1").with_block(
        "clean",
        9.0,
        &[("lld", 0.9, 0.02, Faster), ("mold", 0.8, 0.02, Faster)],
    );
    let second = fixture_run("b-1", "r2").with_block("clean", 9.0, &[("lld", 0.9, 0.02, Faster)]);
    let found = compare_reproduction(first.run(), second.run());
    assert_eq!(found.rows[1].again, Err("not in this run".to_owned()));
    assert_eq!(found.worst(), Some(ReproductionOutcome::NotConfirmed));
    assert_eq!(
        (found.count(ReproductionOutcome::Confirmed), found.same_run, found.same_machine),
        (1, false, false)
    );
    assert_eq!(found.why_not_comparable, None);
    let found = compare_reproduction(first.run(), second.pinned_at("0.18.0").run());
    assert!(
        found.why_not_comparable.as_ref().is_some_and(|reason| reason.contains("is pinned at")),
        "{found:?}"
    );
    assert!(found.rows[0].again.as_ref().is_err_and(|reason| reason.contains("is pinned at")), "{found:?}");
    let found = compare_reproduction(first.run(), fixture_run("b-1", "r2").run());
    assert_eq!(found.rows[0].again, Err("the second run does not have this comparison".to_owned()));
    let found = compare_reproduction(first.run(), first.run());
    assert!(found.same_run && found.same_machine);
    assert_eq!(compare_reproduction(fixture_run("a-1", "r1").run(), first.run()).worst(), None);
}

#[test]
fn tools_and_jobs_that_differ_are_named() {
    let run = |name: &str| fixture_run("a-1", name).with_block("clean", 9.0, &[("lld", 0.9, 0.02, Faster)]);
    let mut second = run("r2").with_tool("rustc", "rustc 1.96.0");
    second.manifest.jobs = 7;
    let found = compare_reproduction(run("r1").run(), second.run());
    let what: Vec<&str> = found.differences.iter().map(|one| one.what.as_str()).collect();
    assert_eq!(what, ["rustc", "parallel jobs"]);
    let [(there, of_first), (here, of_second)] = &found.differences[0].values[..] else {
        panic!("{found:?}")
    };
    assert!(there.starts_with("rustc 1.95.0 (") && here.starts_with("rustc 1.96.0 ("), "{there}, {here}");
    assert_eq!((&of_first[..], &of_second[..]), (&[0][..], &[1][..]));
    assert_eq!(compare_reproduction(run("r1").run(), run("r2").run()).differences, []);
}

#[test]
fn the_tests_of_equality_are_corrected_for_their_number() {
    let said = |ratio: f64| [("lld", ratio, 0.02, Faster), ("mold", 0.8, 0.02, Faster)];
    let first = fixture_run("a-1", "r1").with_block("clean", 9.0, &said(0.9));
    let second = fixture_run("b-1", "r2").with_block("clean", 9.0, &said(0.87));
    let found = compare_reproduction(first.run(), second.run());
    let ratios = found.rows[0].ratios.expect("two ratios");
    assert!((ratios.p_adjusted - 2.0 * ratios.p).abs() < 1e-12 && ratios.p < 0.05, "{ratios:?}");
}
