use bench_runner_core::compare::{Calibration, Offsets, PostHoc, TwinResult, Verdict};
use expect_test::expect;

use super::*;
use crate::figure::fixture::{self, block as block_of, comparison, empty_arm, empty_block, names};

#[test]
fn a_run_in_which_everything_happens() {
    expect![[r#"
        linkers on AMD Ryzen 7 7840U, 8 cores, 32 GB, Linux 6.8

        hexyl 0.17.0 · incremental (12 rounds, stopped: the precision was reached)
          variant                        median    ratio    95 % interval    change  verdict     n
          linker=bfd                    4.200 s                                      baseline   12
          linker=lld (linker=rust-lld)  3.667 s  0.8730×  0.8660 – 0.8800  −12.70 %  faster     12
          linker=mold                   3.868 s  0.9210×  0.9136 – 0.9284   −7.90 %  faster     12
          codegen-units=3               4.469 s    1.01×      0.61 – 1.41      +1 %  undecided  12
          twin: −0.2 ± 1.6 % against the planned baseline, no difference shown
          noise floor: a real difference of 2.1 % or more would be found in four of five such runs
          order: being first in a round costs +0.40 % (−0.30 to +1.11 %); being built after linker=mold
            costs +1.11 % (+0.60 to +1.61 %, p < 0.001); position and predecessor may have moved a ratio by
            up to 0.5 % (95 % bound)
          linker=mold: 2 builds failed, timed out or could not start
          linker=gold: not timed: linker not in force: expected gold, found LLD 22.1.2
          linker=wild: no build ended well: 12 builds failed, timed out or could not start
          linker=mold: CPU time 0.620× (0.600 – 0.640), memory 1.90× (1.80 – 2.00)
          linker=lld: linker proven: LLD 22.1.2
          linker=mold: linker proven: mold 2.40; rustflags not provable: a raw flag leaves no trace
          note: The lag-1 correlation of the residuals is 0.31; intervals were widened for it.

        ripgrep 15.1.0 · incremental (8 rounds, stopped: the precision was reached)
          variant        median    ratio    95 % interval    change  verdict   n
          linker=bfd   210.0 ms                                      baseline  8
          linker=lld   183.3 ms  0.8730×  0.8660 – 0.8800  −12.70 %  invalid   8
          linker=mold  193.4 ms  0.9210×  0.9136 – 0.9284   −7.90 %  invalid   8
          twin: it differs from the baseline (+4.0 ± 1.1 %), so this block shows nothing
          noise floor: a real difference of 2.1 % or more would be found in four of five such runs

        tokei 14.0.0 · incremental (1 round, not finished)
          variant      median  ratio  95 % interval  change  verdict   n
          linker=bfd  90.00 s                                baseline  1
          linker=lld  78.57 s                                –         1
          twin: too few rounds to say how two equal builds compare here
          noise floor: a real difference of 2.1 % or more would be found in four of five such runs
          linker=lld: too few rounds for an interval

        Verdicts hold for all 8 planned comparisons together (Holm): stricter than each plain interval.

        left out:
          linker=sold in linkers/*/incremental: no `sold` on this machine
            help: apt install sold
    "#]]
    .assert_eq(&text(&fixture::everything()));
}

#[test]
fn a_run_without_blocks_or_arms_says_so() {
    expect![[r#"
        linkers on AMD Ryzen 7 7840U, 8 cores, 32 GB, Linux 6.8

        no block was measured
    "#]]
    .assert_eq(&text(&comparison(Vec::new())));
    expect![[r#"
        linkers on AMD Ryzen 7 7840U, 8 cores, 32 GB, Linux 6.8

        nothing · incremental (0 rounds, not finished)
          nothing was timed
          noise floor: a real difference of 2.1 % or more would be found in four of five such runs
    "#]]
    .assert_eq(&text(&comparison(vec![empty_block("nothing")])));
}

#[test]
fn long_names_stay_whole_and_within_the_line() {
    expect![[r#"
        linkers on AMD Ryzen 7 7840U, 8 cores, 32 GB, Linux 6.8

        hexyl · incremental (12 rounds, stopped: the precision was reached)
          variant                                   median    ratio    95 % interval    change  verdict    n
          linker=mold,                            400.0 ms                                      baseline  12
            debuginfo=line-tables-only,
            codegen-units=0, incremental=false,
            path="/opt/<weird> & names",
            opt-level=0
          linker=mold,                            349.2 ms  0.8730×  0.8660 – 0.8800  −12.70 %  faster    12
            debuginfo=line-tables-only,
            codegen-units=1, incremental=false,
            path="/opt/<weird> & names",
            opt-level=1
          linker=mold,                            368.4 ms  0.9210×  0.9136 – 0.9284   −7.90 %  faster    12
            debuginfo=line-tables-only,
            codegen-units=2, incremental=false,
            path="/opt/<weird> & names",
            opt-level=2
          twin: −0.2 ± 1.6 % against the planned baseline, no difference shown
          noise floor: a real difference of 2.1 % or more would be found in four of five such runs

        Verdicts hold for all 2 planned comparisons together (Holm): stricter than each plain interval.
    "#]]
    .assert_eq(&text(&comparison(vec![block_of("hexyl", &names(3, true), 12, 0.4)])));
}

fn proof_of(role: Role, variant: &str, axis: &str, found: &str, result: ProofResult) -> Proof {
    let block = empty_block("hexyl").id;
    let expected = format!("more than {found}");
    Proof { block, role, variant: variant.into(), axis: axis.into(), expected, found: found.into(), result }
}

#[test]
fn proofs_say_what_is_not_known_yet_and_say_it_once() {
    use ProofResult::{Fails, Holds, NotProvable};
    let mut one = block_of("hexyl", &names(3, false), 12, 4.2);
    let mut dropped = empty_arm(Role::Variant, "linker=gold");
    dropped.not_timed = Some("not in force: linker should show gold, found LLD 22.1.2".to_owned());
    one.arms.push(dropped);
    let mut dropped = empty_arm(Role::Variant, "linker=wild");
    dropped.not_timed = Some("what it built does not work: exit code 1".to_owned());
    one.arms.push(dropped);
    let (baseline, twin, variant) = (Role::Baseline, Role::Twin, Role::Variant);
    one.proofs = vec![
        proof_of(baseline, "linker=bfd", "workload", "3 of 80 units compiled", Holds),
        proof_of(baseline, "linker=bfd", "jobs", "4 jobs", Holds),
        proof_of(twin, "linker=bfd", "jobs", "5 jobs", Fails),
        proof_of(variant, "linker=lld", "jobs", "4 jobs", Holds),
        proof_of(variant, "linker=lld", "workload", "the build does not tell its units", NotProvable),
        proof_of(variant, "linker=mold", "jobs", "4 jobs", Holds),
        proof_of(variant, "linker=mold", "workload", "80 of 80 units compiled", Fails),
        proof_of(variant, "linker=gold", "linker", "LLD 22.1.2", Fails),
        proof_of(variant, "linker=wild", "linker", "LLD 22.1.2", Fails),
    ];
    expect![[r#"
        linkers on AMD Ryzen 7 7840U, 8 cores, 32 GB, Linux 6.8

        hexyl · incremental (12 rounds, stopped: the precision was reached)
          variant       median    ratio    95 % interval    change  verdict    n
          linker=bfd   4.200 s                                      baseline  12
          linker=lld   3.667 s  0.8730×  0.8660 – 0.8800  −12.70 %  faster    12
          linker=mold  3.868 s  0.9210×  0.9136 – 0.9284   −7.90 %  faster    12
          twin: −0.2 ± 1.6 % against the planned baseline, no difference shown
          noise floor: a real difference of 2.1 % or more would be found in four of five such runs
          linker=gold: not timed: not in force: linker should show gold, found LLD 22.1.2
          linker=wild: not timed: what it built does not work: exit code 1
          linker=bfd, linker=lld: jobs proven: 4 jobs
          twin of linker=bfd: jobs not in force: expected more than 5 jobs, found 5 jobs
          linker=mold: jobs proven: 4 jobs; workload not in force: expected more than 80 of 80 units
            compiled, found 80 of 80 units compiled
          linker=wild: linker not in force: expected more than LLD 22.1.2, found LLD 22.1.2

        Verdicts hold for all 4 planned comparisons together (Holm): stricter than each plain interval.
    "#]]
    .assert_eq(&text(&comparison(vec![one])));
}

#[test]
fn a_twin_that_came_out_on_one_side_is_mentioned() {
    let line = |ratio: f64, p: f64, invalid: bool| {
        let mut one = block_of("hexyl", &names(2, false), 12, 4.2);
        one.twin = one.twin.map(|twin| TwinResult { ratio, half_width: 0.017, p, ..twin });
        if invalid {
            one.invalid = vec![bench_runner_core::compare::Invalid::TwinDiffers];
            one.arms[2].ratio = one.arms[2].ratio.map(|r| Ratio { verdict: Verdict::Invalid, ..r });
        }
        super::twin(&one)
    };
    assert_eq!(line(1.01, 0.2, false), "+1.0 ± 1.7 % against the planned baseline, no difference shown");
    let aside = |change: &str, p: &str| {
        format!(
            "{change} ± 1.7 % against the planned baseline, {p}: unusual, but not enough to make the block invalid"
        )
    };
    assert_eq!(line(1.035, 0.0213, false), aside("+3.5", "p = 0.02"));
    assert_eq!(line(0.97, 0.0031, false), aside("−3.0", "p = 0.003"));
    assert_eq!(line(0.97, 0.0000031, false), aside("−3.0", "p < 0.001"));
    assert!(line(1.035, 0.0001, true).ends_with("so this block shows nothing"));
}

#[test]
fn a_verdict_from_few_rounds_says_so_in_its_cell() {
    let mut one = block_of("hexyl", &names(2, false), 4, 4.2);
    let ratio = crate::figure::fixture::ratio(0.9, 0.01, Verdict::Faster);
    one.arms[2].ratio = Some(bench_runner_core::compare::Ratio { rounds: 4, ..ratio });
    let words = |one: &BlockResult| super::row(one, 2, TimeUnit::for_block(one), &one.arms[2])[5].clone();
    assert_eq!(words(&one), "faster (4 of 6 rounds)");
    one.arms[2].ratio = Some(bench_runner_core::compare::Ratio { rounds: 6, ..ratio });
    assert_eq!(words(&one), "faster");
}

#[test]
fn a_twin_that_was_given_up_is_not_one_of_too_few_rounds() {
    let mut one = block_of("hexyl", &names(2, false), 12, 4.2);
    one.twin = None;
    assert!(super::twin(&one).starts_with("given up, so nothing"));
    one.arms[2].ratio = None;
    assert!(super::twin(&one).starts_with("too few rounds"));
    one.arms[1].not_timed = Some("the build failed".to_owned());
    assert!(super::twin(&one).starts_with("not timed, so nothing"));
}

#[test]
fn a_twin_of_a_baseline_that_is_not_compared_with_need_not_have_been_given_up() {
    let mut one = block_of("hexyl", &names(3, false), 12, 4.2);
    (one.twin, one.baseline) = (None, 2);
    assert!(super::twin(&one).starts_with("without a result, so nothing"));
}

#[test]
fn a_run_that_lacks_the_chosen_baseline_says_so() {
    let left_out = vec![Skipped {
        block: "linkers/ripgrep/clean".to_owned(),
        variant: "all".to_owned(),
        reason: "no variant here is `linker=lld`".to_owned(),
        help: None,
    }];
    let post_hoc = Some(PostHoc { baseline: "linker=lld".to_owned(), pairs: 1, left_out });
    expect![[r#"
        linkers on AMD Ryzen 7 7840U, 8 cores, 32 GB, Linux 6.8
        post hoc: compared with `linker=lld`, chosen after the run

        no block has that baseline

        left out:
          all in linkers/ripgrep/clean: no variant here is `linker=lld`
    "#]]
    .assert_eq(&text(&Comparison { post_hoc, ..comparison(Vec::new()) }));
}

#[test]
fn means_that_disagree_with_the_typical_build_are_mentioned() {
    let mut one = block_of("hexyl", &names(2, false), 12, 4.2);
    assert!(!text(&comparison(vec![one.clone()])).contains("means"));
    one.arms[2].ratio = one.arms[2].ratio.map(|ratio| Ratio { ratio_of_means: 1.05, ..ratio });
    assert!(text(&comparison(vec![one])).contains("linker=lld: the ratio of the means is 1.050×, outside"));
}

#[test]
fn control_characters_do_not_reach_the_terminal() {
    let mut one = empty_block("hexyl");
    one.arms = vec![empty_arm(Role::Variant, "\u{1b}[31mred")];
    one.arms[0].not_timed = Some("line\u{7}".to_owned());
    let text = text(&comparison(vec![one]));
    assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
}

#[test]
fn another_baseline_is_marked() {
    let mut one = block_of("hexyl", &names(3, false), 12, 4.2);
    one.baseline = 2;
    one.arms[0].ratio = one.arms[2].ratio.take();
    let mut post_hoc = comparison(vec![one]);
    let left_out = Skipped {
        block: "linkers/ripgrep/clean".to_owned(),
        variant: "all".to_owned(),
        reason: "no variant here is `linker=lld`".to_owned(),
        help: None,
    };
    post_hoc.post_hoc =
        Some(PostHoc { baseline: "linker=lld".to_owned(), pairs: 6, left_out: vec![left_out] });
    let offsets = Offsets::Assumed { twins: 3 };
    let (project, workload) = (Some("hexyl".to_owned()), "incremental".to_owned());
    post_hoc.calibration = vec![Calibration { project, workload, offsets }];
    expect![[r#"
        linkers on AMD Ryzen 7 7840U, 8 cores, 32 GB, Linux 6.8
        post hoc: compared with `linker=lld`, chosen after the run

        hexyl · incremental (12 rounds, stopped: the precision was reached)
          variant       median    ratio    95 % interval    change  verdict    n
          linker=bfd   4.200 s  0.8730×  0.8660 – 0.8800  −12.70 %  faster    12
          linker=lld   3.667 s                                      baseline  12
          linker=mold  3.868 s  0.9210×  0.9136 – 0.9284   −7.90 %  faster    12
          twin of the planned baseline: −0.2 ± 1.6 % against the planned baseline, no difference shown
          noise floor: a real difference of 2.1 % or more would be found in four of five such runs

        Post hoc: the baseline was chosen after the run, so verdicts hold for all 6 pairs of variants
        together (Holm): stricter than each plain interval.
        Offsets between directories: assumed to be 0.7 % until 10 twins are known (3 twins so far).

        left out:
          all in linkers/ripgrep/clean: no variant here is `linker=lld`
    "#]]
    .assert_eq(&text(&post_hoc));
}

#[test]
fn builds_that_are_not_the_users_and_builds_of_another_kind_are_told_under_the_table() {
    let said = text(&comparison(vec![fixture::unlike()]));
    expect![[r#"
        linkers on AMD Ryzen 7 7840U, 8 cores, 32 GB, Linux 6.8

        hexyl 0.17.0 · incremental (12 rounds, stopped: the precision was reached)
          variant      median    ratio    95 % interval    change  verdict    n
          linker=bfd  4.200 s                                      baseline  12
          linker=lld  3.667 s  0.8730×  0.8660 – 0.8800  −12.70 %  invalid   12
          twin: −0.2 ± 1.6 % against the planned baseline, no difference shown
          noise floor: a real difference of 2.1 % or more would be found in four of five such runs
          warning: fidelity: as-configured: differs from your own build in flags: yours `-Clinker=<x>`,
            here nothing
          fidelity: without your configuration: same (left out on purpose: RUSTFLAGS)

        One comparison was planned, and its verdict stands alone.
    "#]]
    .assert_eq(&said);
}
