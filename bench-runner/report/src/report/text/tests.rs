use bench_runner_core::compare::{Calibration, Offsets, PostHoc, Ratio, Verdict};
use bench_runner_core::record::{Proof, ProofResult};
use expect_test::expect;

use super::*;
use crate::figure::fixture::{self, block as block_of, comparison, empty_arm, empty_block, names};

fn plain(comparison: &Comparison) -> String {
    text(comparison, TextStyle::default())
}

fn verbose(comparison: &Comparison) -> String {
    text(comparison, TextStyle { verbose: true, ..TextStyle::default() })
}

#[test]
fn details_are_shown_if_they_are_wanted() {
    expect![[r#"
        linkers on AMD Ryzen 7 7840U, 8 cores, 32 GB, Linux 6.8

        hexyl 0.17.0: rebuild after an edit (12 rounds, stopped: the target precision was reached)
          variant                      median   ratio  95% interval  change  verdict    proof         builds
          linker=bfd                  4.200 s                                baseline                     12
          linker=bfd (control)        4.200 s  0.998×  0.982–1.014×   −0.2%  control                      12
          linker=lld                  3.667 s  0.873×  0.866–0.880×  −12.7%  faster     proven            12
            (linker=rust-lld)
          linker=mold                 3.868 s  0.921×  0.914–0.928×   −7.9%  faster     not provable      12
          codegen-units=3             4.469 s  1.010×  0.606–1.414×   +1.0%  undecided                    12
          control: two identical builds differed by −0.2% (−1.8 to +1.4%); a real difference of 2.1% or
            more would be found in 4 of 5 such runs
          linker=mold: 2 builds failed, timed out or could not start
          linker=gold: not timed: linker not in force: expected gold, found LLD 22.1.2
          linker=wild: no build succeeded: 12 builds failed, timed out or could not start
          linker=lld: linker proven: LLD 22.1.2
          linker=mold: linker proven: mold 2.40; rustflags cannot be proven: a raw flag leaves no trace
          build order: being first in a round changes a build's time by +0.40% (−0.30 to +1.11%); being
            built after linker=mold changes it by +1.11% (+0.60 to +1.61%, p < 0.001); at most, the order
            may have shifted a ratio by 0.5%
          linker=mold: CPU time 0.620× (0.600–0.640×), memory 1.90× (1.80–2.00×)
          note: The lag-1 correlation of the residuals is 0.31; intervals were widened for it.

        ripgrep 15.1.0: rebuild after an edit (8 rounds, stopped: the target precision was reached)
          variant                 median   ratio  95% interval  change  verdict   builds
          linker=bfd            0.2100 s                                baseline       8
          linker=bfd (control)  0.2100 s  1.040×  1.029–1.051×   +4.0%  control        8
          linker=lld            0.1833 s  0.873×  0.866–0.880×  −12.7%  invalid        8
          linker=mold           0.1934 s  0.921×  0.914–0.928×   −7.9%  invalid        8
          control: two identical builds differed by +4.0% (+2.9 to +5.1%); that is more than chance
            explains, so this comparison has no result

        tokei 14.0.0: rebuild after an edit (1 round, minimum 6, not finished)
          variant                median  verdict    builds
          linker=bfd            90.00 s  baseline        1
          linker=bfd (control)  90.00 s  control         1
          linker=lld            78.57 s  no result       1
          control: 1 round, minimum 6, too few for an interval, so nothing shows how much two identical
            builds differ here
          linker=lld: too few rounds for an interval

        ratio: the average (geometric mean) of the per-round ratios to both copies of the baseline (of the
          control: to the other copy); only builds of the same round are compared, so it can differ from the
          quotient of the medians; below 1× takes less time.
        verdicts: faster, slower: by more than chance explains; equivalent: shown to be within ±3%, the
          smallest difference that matters (--margin), whether chance explains it or not; undecided: none of
          these was shown. The run's 8 verdicts are corrected for their number (Holm), since among many
          comparisons some differ by chance. The intervals are not corrected, so a variant can be undecided
          although its interval excludes 1×.
        per build: the median of the baseline times the change.
        control: the difference of two identical builds, with its 95% interval. The percentage after it,
          the noise floor, comes from the intervals of the variants. It is larger than the ± of a typical
          variant, because verdicts are corrected and because 4 of 5 runs have to find the difference;
          smaller ones can be found too, but are missed more often.
        proof: proven: the warm-up build shows that the settings of the variant were in force, or that the
          workload did what its name says if the variant sets nothing. A table without the column has no
          proof at all.

        skipped:
          linker=sold in linkers/*/incremental: no `sold` on this machine
          help: apt install sold
    "#]]
    .assert_eq(&verbose(&fixture::everything()));
}

#[test]
fn nothing_is_lost_in_a_narrow_terminal_without_utf_8() {
    let style = TextStyle { width: 60, ascii: true, verbose: false };
    let narrow = text(&fixture::everything(), style);
    assert!(narrow.lines().all(|line| line.len() <= 60) && narrow.is_ascii(), "{narrow}");
    expect![[r#"
        linkers on AMD Ryzen 7 7840U, 8 cores, 32 GB, Linux 6.8

        hexyl 0.17.0: rebuild after an edit (12 rounds, stopped: the
        target precision was reached)
          linker=bfd
            median 4.200 s, verdict baseline, builds 12
          linker=bfd (control)
            median 4.200 s, ratio 0.998x, 95% interval 0.982-1.014x,
            change -0.2%, verdict control, builds 12
          linker=lld (linker=rust-lld)
            median 3.667 s, ratio 0.873x, 95% interval 0.866-0.880x,
            change -12.7%, verdict faster, proof proven, builds 12
          linker=mold
            median 3.868 s, ratio 0.921x, 95% interval 0.914-0.928x,
            change -7.9%, verdict faster, proof not provable, builds
            12
          codegen-units=3
            median 4.469 s, ratio 1.010x, 95% interval 0.606-1.414x,
            change +1.0%, verdict undecided, builds 12
          control: two identical builds differed by -0.2% (-1.8 to
            +1.4%); a real difference of 2.1% or more would be found
            in 4 of 5 such runs
          linker=mold: 2 builds failed, timed out or could not
            start
          linker=gold: not timed: linker not in force: expected
            gold, found LLD 22.1.2
          linker=wild: no build succeeded: 12 builds failed, timed
            out or could not start

        ripgrep 15.1.0: rebuild after an edit (8 rounds, stopped:
        the target precision was reached)
          linker=bfd
            median 0.2100 s, verdict baseline, builds 8
          linker=bfd (control)
            median 0.2100 s, ratio 1.040x, 95% interval
            1.029-1.051x, change +4.0%, verdict control, builds 8
          linker=lld
            median 0.1833 s, ratio 0.873x, 95% interval
            0.866-0.880x, change -12.7%, verdict invalid, builds 8
          linker=mold
            median 0.1934 s, ratio 0.921x, 95% interval
            0.914-0.928x, change -7.9%, verdict invalid, builds 8
          control: two identical builds differed by +4.0% (+2.9 to
            +5.1%); that is more than chance explains, so this
            comparison has no result

        tokei 14.0.0: rebuild after an edit (1 round, minimum 6, not
        finished)
          variant                median  verdict    builds
          linker=bfd            90.00 s  baseline        1
          linker=bfd (control)  90.00 s  control         1
          linker=lld            78.57 s  no result       1
          control: 1 round, minimum 6, too few for an interval, so
            nothing shows how much two identical builds differ here
          linker=lld: too few rounds for an interval

        ratio: the average (geometric mean) of the per-round
          ratios to both copies of the baseline (of the control: to
          the other copy); only builds of the same round are
          compared, so it can differ from the quotient of the
          medians; below 1x takes less time.
        verdicts: faster, slower: by more than chance explains;
          equivalent: shown to be within +/-3%, the smallest
          difference that matters (--margin), whether chance
          explains it or not; undecided: none of these was shown.
          The run's 8 verdicts are corrected for their number
          (Holm), since among many comparisons some differ by
          chance. The intervals are not corrected, so a variant can
          be undecided although its interval excludes 1x.
        per build: the median of the baseline times the change.
        control: the difference of two identical builds, with its
          95% interval. The percentage after it, the noise floor,
          comes from the intervals of the variants. It is larger
          than the +/- of a typical variant, because verdicts are
          corrected and because 4 of 5 runs have to find the
          difference; smaller ones can be found too, but are missed
          more often.
        proof: proven: the warm-up build shows that the settings
          of the variant were in force, or that the workload did
          what its name says if the variant sets nothing. A table
          without the column has no proof at all.
    "#]]
    .assert_eq(&narrow);
}

#[test]
fn profile_and_edit_stand_below_the_tables() {
    let mut one = block_of("hexyl", &names(2, false), 12, 4.2);
    one.setup.profiles = vec!["dev".to_owned()];
    one.setup.edits = vec!["a function body in src/main.rs".to_owned()];
    let said = plain(&comparison(vec![one]));
    let builds = "builds: dev profile. Before each round of a rebuild, every variant gets the same new edit:";
    let joined = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(joined.ends_with(&format!("{builds} a function body in src/main.rs.")), "{said}");
}

#[test]
fn a_run_in_which_everything_happens() {
    expect![[r#"
        linkers on AMD Ryzen 7 7840U, 8 cores, 32 GB, Linux 6.8

        hexyl 0.17.0: rebuild after an edit (12 rounds, stopped: the target precision was reached)
          variant                      median   ratio  95% interval  change  verdict    proof         builds
          linker=bfd                  4.200 s                                baseline                     12
          linker=bfd (control)        4.200 s  0.998×  0.982–1.014×   −0.2%  control                      12
          linker=lld                  3.667 s  0.873×  0.866–0.880×  −12.7%  faster     proven            12
            (linker=rust-lld)
          linker=mold                 3.868 s  0.921×  0.914–0.928×   −7.9%  faster     not provable      12
          codegen-units=3             4.469 s  1.010×  0.606–1.414×   +1.0%  undecided                    12
          control: two identical builds differed by −0.2% (−1.8 to +1.4%); a real difference of 2.1% or
            more would be found in 4 of 5 such runs
          linker=mold: 2 builds failed, timed out or could not start
          linker=gold: not timed: linker not in force: expected gold, found LLD 22.1.2
          linker=wild: no build succeeded: 12 builds failed, timed out or could not start

        ripgrep 15.1.0: rebuild after an edit (8 rounds, stopped: the target precision was reached)
          variant                 median   ratio  95% interval  change  verdict   builds
          linker=bfd            0.2100 s                                baseline       8
          linker=bfd (control)  0.2100 s  1.040×  1.029–1.051×   +4.0%  control        8
          linker=lld            0.1833 s  0.873×  0.866–0.880×  −12.7%  invalid        8
          linker=mold           0.1934 s  0.921×  0.914–0.928×   −7.9%  invalid        8
          control: two identical builds differed by +4.0% (+2.9 to +5.1%); that is more than chance
            explains, so this comparison has no result

        tokei 14.0.0: rebuild after an edit (1 round, minimum 6, not finished)
          variant                median  verdict    builds
          linker=bfd            90.00 s  baseline        1
          linker=bfd (control)  90.00 s  control         1
          linker=lld            78.57 s  no result       1
          control: 1 round, minimum 6, too few for an interval, so nothing shows how much two identical
            builds differ here
          linker=lld: too few rounds for an interval

        ratio: the average (geometric mean) of the per-round ratios to both copies of the baseline (of the
          control: to the other copy); only builds of the same round are compared, so it can differ from the
          quotient of the medians; below 1× takes less time.
        verdicts: faster, slower: by more than chance explains; equivalent: shown to be within ±3%, the
          smallest difference that matters (--margin), whether chance explains it or not; undecided: none of
          these was shown. The run's 8 verdicts are corrected for their number (Holm), since among many
          comparisons some differ by chance. The intervals are not corrected, so a variant can be undecided
          although its interval excludes 1×.
        per build: the median of the baseline times the change.
        control: the difference of two identical builds, with its 95% interval. The percentage after it,
          the noise floor, comes from the intervals of the variants. It is larger than the ± of a typical
          variant, because verdicts are corrected and because 4 of 5 runs have to find the difference;
          smaller ones can be found too, but are missed more often.
        proof: proven: the warm-up build shows that the settings of the variant were in force, or that the
          workload did what its name says if the variant sets nothing. A table without the column has no
          proof at all.
    "#]]
    .assert_eq(&plain(&fixture::everything()));
}

#[test]
fn a_run_without_blocks_or_arms_says_so() {
    expect![[r#"
        linkers on AMD Ryzen 7 7840U, 8 cores, 32 GB, Linux 6.8

        nothing was measured
    "#]]
    .assert_eq(&plain(&comparison(Vec::new())));
    expect![[r#"
        linkers on AMD Ryzen 7 7840U, 8 cores, 32 GB, Linux 6.8

        nothing: rebuild after an edit (0 rounds, minimum 6, not finished)
          nothing was timed
    "#]]
    .assert_eq(&plain(&comparison(vec![empty_block("nothing")])));
}

#[test]
fn long_names_stay_whole_and_within_the_line() {
    expect![[r#"
        linkers on AMD Ryzen 7 7840U, 8 cores, 32 GB, Linux 6.8

        hexyl: rebuild after an edit (12 rounds, stopped: the target precision was reached)
          variant                                     median   ratio  95% interval  change  verdict   builds
          linker=mold,                              0.4000 s                                baseline      12
            debuginfo=line-tables-only,
            codegen-units=0, incremental=false,
            path="/opt/<weird> & names",
            opt-level=0
          linker=mold,                              0.4000 s  0.998×  0.982–1.014×   −0.2%  control       12
            debuginfo=line-tables-only,
            codegen-units=0, incremental=false,
            path="/opt/<weird> & names",
            opt-level=0 (control)
          linker=mold,                              0.3492 s  0.873×  0.866–0.880×  −12.7%  faster        12
            debuginfo=line-tables-only,
            codegen-units=1, incremental=false,
            path="/opt/<weird> & names",
            opt-level=1
          linker=mold,                              0.3684 s  0.921×  0.914–0.928×   −7.9%  faster        12
            debuginfo=line-tables-only,
            codegen-units=2, incremental=false,
            path="/opt/<weird> & names",
            opt-level=2
          control: two identical builds differed by −0.2% (−1.8 to +1.4%); a real difference of 2.1% or
            more would be found in 4 of 5 such runs

        ratio: the average (geometric mean) of the per-round ratios to both copies of the baseline (of the
          control: to the other copy); only builds of the same round are compared, so it can differ from the
          quotient of the medians; below 1× takes less time.
        verdicts: faster, slower: by more than chance explains; equivalent: shown to be within ±3%, the
          smallest difference that matters (--margin), whether chance explains it or not; undecided: none of
          these was shown. The run's 2 verdicts are corrected for their number (Holm), since among many
          comparisons some differ by chance. The intervals are not corrected, so a variant can be undecided
          although its interval excludes 1×.
        per build: the median of the baseline times the change.
        control: the difference of two identical builds, with its 95% interval. The percentage after it,
          the noise floor, comes from the intervals of the variants. It is larger than the ± of a typical
          variant, because verdicts are corrected and because 4 of 5 runs have to find the difference;
          smaller ones can be found too, but are missed more often.
    "#]]
    .assert_eq(&plain(&comparison(vec![block_of("hexyl", &names(3, true), 12, 0.4)])));
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

        hexyl: rebuild after an edit (12 rounds, stopped: the target precision was reached)
          variant                median   ratio  95% interval  change  verdict   proof   builds
          linker=bfd            4.200 s                                baseline  proven      12
          linker=bfd (control)  4.200 s  0.998×  0.982–1.014×   −0.2%  control   failed      12
          linker=lld            3.667 s  0.873×  0.866–0.880×  −12.7%  faster    proven      12
          linker=mold           3.868 s  0.921×  0.914–0.928×   −7.9%  faster    failed      12
          control: two identical builds differed by −0.2% (−1.8 to +1.4%); a real difference of 2.1% or
            more would be found in 4 of 5 such runs
          linker=gold: not timed: not in force: linker should show gold, found LLD 22.1.2
          linker=wild: not timed: what it built does not work: exit code 1
          linker=bfd (control): jobs not in force: expected more than 5 jobs, found 5 jobs
          linker=mold: workload not in force: expected more than 80 of 80 units compiled, found 80 of 80
            units compiled
          linker=wild: linker not in force: expected more than LLD 22.1.2, found LLD 22.1.2

        ratio: the average (geometric mean) of the per-round ratios to both copies of the baseline (of the
          control: to the other copy); only builds of the same round are compared, so it can differ from the
          quotient of the medians; below 1× takes less time.
        verdicts: faster, slower: by more than chance explains; equivalent: shown to be within ±3%, the
          smallest difference that matters (--margin), whether chance explains it or not; undecided: none of
          these was shown. The run's 4 verdicts are corrected for their number (Holm), since among many
          comparisons some differ by chance. The intervals are not corrected, so a variant can be undecided
          although its interval excludes 1×.
        per build: the median of the baseline times the change.
        control: the difference of two identical builds, with its 95% interval. The percentage after it,
          the noise floor, comes from the intervals of the variants. It is larger than the ± of a typical
          variant, because verdicts are corrected and because 4 of 5 runs have to find the difference;
          smaller ones can be found too, but are missed more often.
        proof: proven: the warm-up build shows that the settings of the variant were in force, or that the
          workload did what its name says if the variant sets nothing.
    "#]]
    .assert_eq(&plain(&comparison(vec![one])));
}

#[test]
fn a_verdict_from_few_rounds_has_them_in_a_column_of_its_own() {
    let mut one = block_of("hexyl", &names(2, false), 4, 4.2);
    let ratio = crate::figure::fixture::ratio(0.9, 0.01, Verdict::Faster);
    one.arms[2].ratio = Some(bench_runner_core::compare::Ratio { rounds: 4, ..ratio });
    let words = |one: &BlockResult| super::rows(one)[2][5..7].join(", ");
    assert_eq!(words(&one), "faster, 4, min. 6");
    one.arms[2].ratio = Some(bench_runner_core::compare::Ratio { rounds: 6, ..ratio });
    assert_eq!(words(&one), "faster, ");
}

#[test]
fn the_control_has_a_row_with_the_numbers_of_its_sentence() {
    let mut one = block_of("hexyl", &names(2, false), 12, 4.2);
    one.arms[2].ratio = Some(fixture::ratio(0.9, 0.0005, Verdict::Faster));
    one.twin = Some(fixture::twin(12, 0.962, 0.11, 0.4));
    let rows = super::rows(&one);
    assert_eq!(
        rows[1][..6],
        ["linker=bfd (control)", "4.200 s", "0.9620×", "0.8667–1.0678×", "−3.80%", "control"]
    );
    assert!(wording::control_text(&one).contains("differed by −3.80% (−13.33 to +6.78%)"));
    assert_eq!(rows[2][4], "−10.00%", "all cells have the decimals of their column");
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

        no comparison has that baseline
    "#]]
    .assert_eq(&plain(&Comparison { post_hoc, ..comparison(Vec::new()) }));
}

#[test]
fn means_that_disagree_with_the_typical_build_are_mentioned() {
    let mut one = block_of("hexyl", &names(2, false), 12, 4.2);
    assert!(!verbose(&comparison(vec![one.clone()])).contains("means"));
    one.arms[2].ratio = one.arms[2].ratio.map(|ratio| Ratio { ratio_of_means: 1.05, ..ratio });
    assert!(
        verbose(&comparison(vec![one])).contains("linker=lld: the quotient of the means is 1.050×, outside")
    );
}

#[test]
fn control_characters_do_not_reach_the_terminal() {
    let mut one = empty_block("hexyl");
    one.arms = vec![empty_arm(Role::Variant, "\u{1b}[31mred")];
    one.arms[0].not_timed = Some("line\u{7}".to_owned());
    let text = verbose(&comparison(vec![one]));
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

        hexyl: rebuild after an edit (12 rounds, stopped: the target precision was reached)
          variant                median   ratio  95% interval  change  verdict   builds
          linker=bfd            4.200 s  0.873×  0.866–0.880×  −12.7%  faster        12
          linker=bfd (control)  4.200 s  0.998×  0.982–1.014×   −0.2%  control       12
          linker=lld            3.667 s                                baseline      12
          linker=mold           3.868 s  0.921×  0.914–0.928×   −7.9%  faster        12
          control: two identical builds of linker=bfd, the planned baseline, differed by −0.2% (−1.8 to
            +1.4%); a real difference of 2.1% or more would be found in 4 of 5 such runs

        ratio: the average (geometric mean) of the per-round ratios to the baseline; only builds of the
          same round are compared, so it can differ from the quotient of the medians; below 1× takes less
          time.
        verdicts: faster, slower: by more than chance explains; equivalent: shown to be within ±3%, the
          smallest difference that matters (--margin), whether chance explains it or not; undecided: none of
          these was shown. Post hoc: the baseline was chosen after the run. Pairs with the planned baseline
          keep their planned verdicts; the others are corrected for all 6 pairs of variants (Holm). The
          intervals are not corrected, so a variant can be undecided although its interval excludes 1×.
        per build: the median of the baseline times the change.
        control: the difference of two identical builds, with its 95% interval. The percentage after it,
          the noise floor, comes from the intervals of the variants. It is larger than the ± of a typical
          variant, because verdicts are corrected and because 4 of 5 runs have to find the difference;
          smaller ones can be found too, but are missed more often.
        directories: Each variant has its own target directory, and builds in one directory can be faster
          than in another. The intervals are wide enough for such a difference of 0.7% (standard deviation,
          assumed: it is measured from 10 controls on, 3 controls on this machine so far).

        skipped:
          all in linkers/ripgrep/clean: no variant here is `linker=lld`
    "#]]
    .assert_eq(&verbose(&post_hoc));
}

#[test]
fn builds_that_are_not_the_users_and_builds_of_another_kind_are_told_under_the_table() {
    let said = plain(&comparison(vec![fixture::unlike()]));
    expect![[r#"
        linkers on AMD Ryzen 7 7840U, 8 cores, 32 GB, Linux 6.8

        hexyl 0.17.0: rebuild after an edit (12 rounds, stopped: the target precision was reached)
          variant                median   ratio  95% interval  change  verdict   builds
          linker=bfd            4.200 s                                baseline      12
          linker=bfd (control)  4.200 s  0.998×  0.982–1.014×   −0.2%  control       12
          linker=lld            3.667 s  0.873×  0.866–0.880×  −12.7%  invalid       12
          control: two identical builds differed by −0.2% (−1.8 to +1.4%); a real difference of 2.1% or
            more would be found in 4 of 5 such runs
          warning: as-configured: differs from your own build in flags: yours `-Clinker=<x>`, here nothing
          compared with your own build: without your configuration: same (left out on purpose: RUSTFLAGS)

        ratio: the average (geometric mean) of the per-round ratios to both copies of the baseline (of the
          control: to the other copy); only builds of the same round are compared, so it can differ from the
          quotient of the medians; below 1× takes less time.
        verdicts: faster, slower: by more than chance explains; equivalent: shown to be within ±3%, the
          smallest difference that matters (--margin), whether chance explains it or not; undecided: none of
          these was shown. The run has one verdict, which needs no correction.
        control: the difference of two identical builds, with its 95% interval. The percentage after it,
          the noise floor, comes from the intervals of the variants. It is larger than the ± of a typical
          variant, because verdicts are corrected and because 4 of 5 runs have to find the difference;
          smaller ones can be found too, but are missed more often.
    "#]]
    .assert_eq(&said);
}
