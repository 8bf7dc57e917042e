use bench_runner_core::compare::RoundsNeeded;
use expect_test::expect;

use super::*;
use crate::figure::fixture::{block, comparison, everything, names, ratio};

fn lines(comparison: &Comparison) -> Vec<String> {
    answer_text(comparison, TextStyle::default()).lines().map(str::to_owned).collect()
}

#[test]
fn decided_variants_come_first_and_an_undecided_one_has_its_command() {
    let mut undecided = block("hexyl 0.17.0", &names(2, false), 12, 4.2);
    undecided.arms[2].ratio = Some(ratio(0.977, 0.04, Verdict::Undecided));
    undecided.arms[2].needed = Some(RoundsNeeded::Rounds(31));
    undecided.setup.command = Some("bench-runner run --project hexyl".to_owned());
    undecided.setup.round_seconds = Some(30.0);
    let decided = block("hexyl 0.17.0", &names(3, false), 12, 4.2);
    expect![[r#"
        answer (AMD Ryzen 7 7840U, 8 cores, 32 GB, Linux 6.8; hexyl 0.17.0)
          rebuild after an edit: linker=lld is faster than linker=bfd: 0.873× as long (0.866–0.880×;
            −12.7%), saves 0.53 s per build, 12 rounds.
          rebuild after an edit: linker=mold is faster than linker=bfd: 0.921× as long (0.914–0.928×;
            −7.9%), saves 0.33 s per build, 12 rounds.
          rebuild after an edit: linker=lld is undecided against linker=bfd: 0.977× as long (0.938–1.016×;
            −2.3%), 12 rounds; a new run of about 31 rounds (16 min) would probably settle it:
            bench-runner run --project hexyl --rounds 31
    "#]]
    .assert_eq(&answer_text(&comparison(vec![undecided, decided]), TextStyle::default()));
}

#[test]
fn missing_and_skipped_variants_are_named_with_what_helps() {
    expect![[r#"
        answer (AMD Ryzen 7 7840U, 8 cores, 32 GB, Linux 6.8; hexyl 0.17.0, ripgrep 15.1.0, tokei 14.0.0)
          hexyl 0.17.0: rebuild after an edit: linker=lld (linker=rust-lld) is faster than linker=bfd:
            0.873× as long (0.866–0.880×; −12.7%), saves 0.53 s per build, 12 rounds; also faster:
            linker=mold (−7.9%).
          hexyl 0.17.0: rebuild after an edit: codegen-units=3 is undecided against linker=bfd: 1.010× as
            long (0.606–1.414×; +1.0%), 12 rounds.
          ripgrep 15.1.0: rebuild after an edit: no result: two identical builds, the baseline and its
            control, differ by more than chance explains.
          no result: linker=gold (hexyl 0.17.0: rebuild after an edit), not timed: linker not in force:
            expected gold, found LLD 22.1.2; linker=wild (hexyl 0.17.0: rebuild after an edit), no build
            succeeded: 12 builds failed, timed out or could not start; linker=lld (tokei 14.0.0: rebuild
            after an edit), too few rounds for an interval.
          skipped: linker=sold, no `sold` on this machine (apt install sold).
          the run is not complete, so these results are partial.
    "#]]
    .assert_eq(&answer_text(&everything(), TextStyle::default()));
}

#[test]
fn many_comparisons_are_summarized() {
    let many: Vec<BlockResult> =
        (0..30).map(|at| block(&format!("p{at} 1.0.0"), &names(8, false), 12, 4.2)).collect();
    let found = answer_text(&comparison(many), TextStyle::default());
    assert!(sentences_in(&found) <= MOST + 1, "{found}");
    assert!(found.contains("of 210 variants in all comparisons"), "{found}");
    let one: Vec<BlockResult> = vec![block("p 1.0.0", &names(9, false), 12, 4.2)];
    let found = answer_text(&comparison(one), TextStyle::default());
    assert!(sentences_in(&found) <= MOST && found.contains("also faster: "), "{found}");
}

#[test]
fn the_fastest_variants_come_first_and_comparisons_share_a_sentence() {
    use bench_runner_core::compare::Fastest;
    let of = |task: &str| {
        let mut one = block("hexyl 0.17.0", &names(3, false), 12, 4.2);
        one.setup.task = task.to_owned();
        one.fastest = Some(Fastest { arm: 2, others: vec![(3, Verdict::Undecided), (0, Verdict::Slower)] });
        one
    };
    let found = lines(&comparison(vec![of("full build"), of("rebuild after an edit")]));
    assert_eq!(
        found[1..3].iter().map(|line| line.trim()).collect::<Vec<_>>().join(" "),
        "full build and rebuild after an edit: the fastest is linker=lld; linker=mold was not told apart from it."
    );
    let differing = (0..9).map(|at| {
        let mut one = of(&format!("task {at}"));
        let others = vec![(3, [Verdict::Undecided, Verdict::Slower][at % 2]), (0, Verdict::Slower)];
        one.fastest = Some(Fastest { arm: [2, 3, 0][at % 3], others });
        one
    });
    let found =
        answer_text(&comparison(differing.collect()), TextStyle { width: 400, ..TextStyle::default() });
    let wanted = "the fastest in 9 comparisons: linker=lld in 3, linker=mold in 3, linker=bfd in 3.";
    assert!(found.contains(wanted), "{found}");
}

#[test]
fn several_comparisons_have_a_sentence_each_and_share_the_one_on_what_is_undecided() {
    use bench_runner_core::compare::Fastest;
    let of = |task: &str, verdicts: [Verdict; 2]| {
        let mut one = block("hexyl 0.17.0", &names(3, false), 12, 4.2);
        one.setup.task = task.to_owned();
        for (arm, verdict) in one.arms.iter_mut().skip(2).zip(verdicts) {
            let needed = (verdict == Verdict::Undecided).then_some(RoundsNeeded::Rounds(31));
            (arm.ratio, arm.needed) = (Some(ratio(1.02, 0.04, verdict)), needed);
        }
        one.fastest = Some(Fastest { arm: 0, others: vec![(2, verdicts[0]), (3, verdicts[1])] });
        one.setup.command = Some(format!("bench-runner run --workload {task}"));
        one.setup.round_seconds = Some(task.len() as f64);
        one
    };
    let open = [Verdict::Undecided; 2];
    let blocks = vec![
        of("clean", open),
        of("incremental", [Verdict::Undecided, Verdict::Slower]),
        of("test", [Verdict::Slower, Verdict::Slower]),
    ];
    expect![[r#"
        answer (AMD Ryzen 7 7840U, 8 cores, 32 GB, Linux 6.8; hexyl 0.17.0)
          incremental: the fastest is not decided; no variant was shown to be faster than the baseline linker=bfd; linker=mold
            is slower than linker=bfd: 1.020× as long (0.979–1.061×; +2.0%), costs 80 ms per build, 12 rounds.
          test: the fastest is linker=bfd; both others are slower than it; linker=mold is slower than linker=bfd: 1.020× as
            long (0.979–1.061×; +2.0%), costs 80 ms per build, 12 rounds; also slower: linker=lld (+2.0%).
          clean: the fastest is not decided; no variant was told apart from the baseline linker=bfd.
          clean: undecided against linker=bfd: linker=lld: 1.020× as long (0.979–1.061×; +2.0%), 12 rounds; linker=mold:
            1.020× as long (0.979–1.061×; +2.0%), 12 rounds; a new run of about 31 rounds (3 min) would probably settle it:
            bench-runner run --workload clean --rounds 31
          incremental: linker=lld is undecided against linker=bfd: 1.020× as long (0.979–1.061×; +2.0%), 12 rounds; a new run
            of about 31 rounds (6 min) would probably settle it:
            bench-runner run --workload incremental --rounds 31
    "#]]
    .assert_eq(&answer_text(&comparison(blocks), TextStyle { width: 120, ..TextStyle::default() }));
}

#[test]
fn too_few_rounds_come_with_the_command_that_has_more() {
    let mut one = block("hexyl 0.17.0", &names(2, false), 4, 4.2);
    one.setup.command = Some("bench-runner run --project hexyl".to_owned());
    (one.setup.round_seconds, one.setup.warmup_seconds) = (Some(100.0), 120.0);
    let other = BlockResult { setup: Default::default(), title: "other".to_owned(), ..one.clone() };
    let text = |blocks: Vec<BlockResult>| {
        let found = answer_text(&comparison(blocks), TextStyle { width: 400, ..TextStyle::default() });
        found.lines().rev().take(2).map(|line| line.trim().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(
        text(vec![one.clone()]),
        [
            "bench-runner run --project hexyl --rounds 6",
            "too few rounds: rebuild after an edit (4, minimum 6); repeat it with 6 rounds, about 12 \
             min:",
        ]
    );
    let both = text(vec![one.clone(), other]);
    assert!(
        both[1].contains(
            "(4, minimum 6) and other (4, minimum 6); repeat the run with a larger `--time-budget`, or"
        ),
        "{both:?}"
    );
    one.rounds = 6;
    assert!(!text(vec![one]).concat().contains("too few"));
}

#[test]
fn workloads_are_compared_in_plain_words() {
    let names = ["workload=clean", "workload=check"].map(str::to_owned);
    let found = lines(&comparison(vec![block("hexyl 0.17.0", &names, 12, 4.2)]));
    assert!(found[1].contains("cargo check is faster than a full build: 0.873× as long"), "{found:?}");
}

fn sentences_in(text: &str) -> usize {
    text.lines().filter(|line| line.starts_with("  ") && !line.starts_with("    ")).count()
}

#[test]
fn nothing_is_lost_at_60_columns() {
    let style = TextStyle { width: 60, ..TextStyle::default() };
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let narrow = answer_text(&everything(), style);
    assert_eq!(words(&narrow), words(&answer_text(&everything(), TextStyle::default())));
    assert!(narrow.lines().all(|line| unicode_width::UnicodeWidthStr::width(line) <= 60), "{narrow}");
    assert!(lines(&everything()).len() > 1);
}
