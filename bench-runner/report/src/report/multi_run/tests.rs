//! Tests of the output for several runs.

use expect_test::expect;

use super::*;
use crate::machines::{
    ComparedRun, MemoryLimit, Rule, SideBySide, compare_reproduction, decide, side_by_side, tests::fixture,
};

fn together(made: &[fixture::FixtureRun]) -> SideBySide {
    side_by_side(&made.iter().map(fixture::FixtureRun::run).collect::<Vec<ComparedRun<'_>>>())
}

/// An inconclusive run does not contradict another.
#[test]
fn what_some_runs_alone_show_is_no_disagreement() {
    use bench_runner_core::compare::Verdict::{self, Faster, Undecided};
    let run = |machine: &str, name: &str, verdict: Verdict| {
        fixture::fixture_run(machine, name).with_block("clean", 10.0, &[("lld", 0.9, 0.02, verdict)])
    };
    let said = |made: Vec<fixture::FixtureRun>| {
        let together = together(&made);
        let text = sentences::block_sentences(&together, &together.blocks[0]);
        text.split("linker=lld: ").last().unwrap().split(';').next().unwrap().to_owned()
    };
    let mut made =
        vec![run("amd-1", "r1", Faster), run("amd-1", "r2", Undecided), run("intel-1", "r3", Undecided)];
    assert_eq!(said(made.clone()), "faster in some of the runs on A, nothing shown on the others");
    made.push(run("arm-1", "r4", Faster));
    assert_eq!(said(made.clone()), "faster on C, in some of the runs on A, nothing shown on the others");
    made.remove(2);
    assert_eq!(said(made), "faster on B, in some of the runs on A");
}

#[test]
fn everything_is_told_in_text() {
    expect![[r#"
        side by side
          A: amd-1, the machine amd-1; r1, r4
          B: amd-2, the machine amd-2; r2
          C: intel-1, the machine intel-1; r3

        hexyl 0.17.0 · clean (against linker=bfd)
          variant      machine      ratio    95 % interval  verdict     runs
          linker=lld   A           0.945×    0.930 – 0.961  faster         2
                       B          0.9550×  0.9454 – 0.9646  faster         1
                       C           1.060×    1.049 – 1.071  slower         1
                       class amd  0.9500×  0.9424 – 0.9576  2 machines
          linker=mold  A            0.91×      0.77 – 1.08  faster         2
                       B           0.910×    0.892 – 0.928  faster         1
                       C           0.970×    0.931 – 1.009  undecided      1
                       class amd   0.912×    0.874 – 0.953  2 machines
          hexyl 0.17.0 · clean, against linker=bfd. linker=lld: 3 machines do not agree (faster on A, B;
            slower on C); the intervals do not all overlap, and the ratios differ beyond chance (standard
            deviation 7 %, p < 0.001 after correction). linker=mold: faster on A, B, nothing shown on the
            others; the intervals do not all overlap, and the ratios differ beyond chance (standard
            deviation 4.3 %, p = 0.01 after correction).
          linker=lld on amd-1, 2 runs: 0.9500× (0.9405 – 0.9595) in r1, 0.9400× (0.9306 – 0.9494) in r4;
            they differ no more than chance explains (p = 0.11)
          linker=mold on amd-1, 2 runs: 0.9000× (0.8910 – 0.9090) in r1, 0.9300× (0.9207 – 0.9393) in r4;
            they differ beyond chance (standard deviation 2.3 %, p < 0.001)

        hexyl 0.17.0 · incremental (against linker=bfd)
          variant      machine    ratio    95 % interval  verdict          runs
          linker=lld   A         0.600×    0.588 – 0.612  faster              1
                       C         0.620×    0.608 – 0.632  faster              1
          linker=mold  A         0.500×    0.490 – 0.510  faster              1
                       C                                  not in this run
          linker=wild  A                                  not in this run
                       C        0.4000×  0.3920 – 0.4080  faster              1
          hexyl 0.17.0 · incremental, against linker=bfd. linker=lld: 2 machines agree on faster; the
            intervals overlap, and the ratios differ beyond chance (standard deviation 2.1 %, p = 0.02 after
            correction). linker=mold, linker=wild: one machine has a result, so nothing says whether others
            agree.

        Ratios alone meet here, never seconds. Runs of one machine are put together on the logarithmic
        scale, the more certain ones counting more; what they differ by beyond chance widens the interval.
        Machines of one class are averaged, each counting the same: up to four of them speak for themselves
        alone, five or more for machines like them. Intervals are plain 95 % intervals. Verdicts are those
        of the single runs: nothing is judged anew. Whether ratios differ beyond chance is Welch's test,
        corrected over all variants (Holm).

        differs:
          rustc: rustc 1.95.0 (d4468ed8) on A, C; rustc 1.96.0 (bc446b4e) on B
    "#]]
    .assert_eq(&multi_run_text(&together(&fixture::several_runs())));
}

#[test]
fn nothing_in_common_is_said_and_so_is_why() {
    let other = fixture::fixture_run("intel-1", "r2").with_block("check", 3.0, &[]);
    expect![[r#"
        side by side
          A: amd-1, the machine amd-1; r1
          B: intel-1, the machine intel-1; r2
        No two runs have a block in common, so there is nothing to show side by side.

        not put beside the others:
          hexyl 0.17.0 · clean of r1: no other run has this block
          hexyl 0.17.0 · incremental of r1: no other run has this block
          hexyl 0.17.0 · check of r2: no other run has this block
    "#]]
    .assert_eq(&multi_run_text(&together(&[fixture::several_runs().remove(0), other])));
}

#[test]
fn a_page_has_everything_and_escapes_what_comes_from_files() {
    let mut made = fixture::several_runs();
    made[0].manifest.machine.summary = "<script>alert(1)</script> & co".to_owned();
    made[1] = made[1].clone().pinned_at("0.18.0");
    let page = multi_run_page(&together(&made));
    assert!(page.starts_with("<!DOCTYPE html>") && page.ends_with("</html>"));
    assert!(!page.contains("<script>alert(1)") && page.contains("&lt;script&gt;alert(1)"));
    for part in
        ["id=\"answer\"", "id=\"machines\"", "id=\"ratios\"", "id=\"conduct\"", "is pinned at", "linker=mold"]
    {
        assert!(page.contains(part), "{part}");
    }
    // nothing is fetched
    for from_elsewhere in ["src=\"http", "href=\"http", "url(http", "@import"] {
        assert!(!page.contains(from_elsewhere), "{from_elsewhere}");
    }
    let empty = multi_run_page(&together(&[]));
    assert!(empty.contains("there is nothing to show side by side"));
}

#[test]
fn json_has_every_machine_and_what_is_not_known_is_null() {
    let json = multi_run_json(&together(&fixture::several_runs()));
    assert_eq!(json["machines"][0]["runs"], serde_json::json!(["r1", "r4"]));
    let clean = &json["blocks"][0];
    assert_eq!(clean["variants"][0]["machines"][2]["verdict"], "slower");
    assert_eq!(clean["variants"][0]["agreement"]["verdicts"], "contrary");
    assert_eq!(clean["variants"][0]["classes"][0]["machines"], 2);
    let wild = &json["blocks"][1]["variants"][2];
    assert_eq!(
        (&wild["machines"][0]["ratio"], &wild["agreement"]),
        (&serde_json::Value::Null, &serde_json::Value::Null)
    );
    assert_eq!(wild["machines"][0]["missing"], "not in this run");
    assert_eq!(json["differences"][0]["what"], "rustc");
}

#[test]
fn a_run_that_was_made_again_is_told() {
    let made = fixture::several_runs();
    let found = compare_reproduction(made[0].run(), made[2].run());
    expect![[r#"
        first: r1 on amd-1
        again: r3 on intel-1
        They were made on different machines.

        hexyl 0.17.0 · clean (against linker=bfd)
          variant                          first                   again          again / first  outcome
          linker=lld   0.9500× (0.9405 – 0.9595)  1.060× (1.049 – 1.071)  1.116 (1.101 – 1.131)  contradicted
          linker=mold  0.9000× (0.8910 – 0.9090)  0.970× (0.931 – 1.009)  1.078 (1.035 – 1.123)  contradicted
          linker=lld: faster, again slower; the intervals do not overlap, the second one does not hold the
            first estimate; the ratios differ by more than chance (p < 0.001 after correction)
          linker=mold: faster, again undecided; the intervals do not overlap, the second one does not hold
            the first estimate; the ratios differ by more than chance (p = 0.003 after correction)

        hexyl 0.17.0 · incremental (against linker=bfd)
          variant                       first                   again          again / first  outcome
          linker=lld   0.600× (0.588 – 0.612)  0.620× (0.608 – 0.632)  1.033 (1.006 – 1.061)  confirmed
          linker=mold  0.500× (0.490 – 0.510)                                                 not confirmed
          linker=lld: faster, again faster; the intervals overlap, the second one does not hold the first
            estimate; the ratios differ by more than chance (p = 0.02 after correction)
          linker=mold: faster, again no result (not in this run)

        4 verdicts: 1 confirmed, 1 not confirmed, 2 contradicted. 3 ratios in both runs: 1 with intervals
        that overlap, 0 with the first estimate in the second interval, 3 with more than chance between
        them.
        A verdict is confirmed where the second run has the same; it is contradicted where the second run
        shows something else, or shows nothing at a ratio that differs by more than chance. Intervals are
        plain 95 % intervals. The test of equality is that of the difference of two log-ratios (Welch),
        corrected over all comparisons that both runs have (Holm).
    "#]]
    .assert_eq(&reproduction_text(&found, "r1 on amd-1", "r3 on intel-1"));
    let json = reproduction_json(&found);
    assert_eq!((&json["confirmed"], &json["comparisons"][0]["outcome"]), (&1.into(), &"contradicted".into()));
    assert_eq!(json["comparisons"][3]["missing"], "not in this run");
}

#[test]
fn decisions_are_told_with_what_they_rest_on() {
    let rule = Rule {
        max_slower: 0.02,
        memory: MemoryLimit::Class,
        worth: 30.0,
        per_day: vec![("clean".to_owned(), 3.0), ("incremental".to_owned(), 80.0)],
    };
    let made = fixture::several_runs();
    let runs: Vec<ComparedRun<'_>> = made.iter().map(fixture::FixtureRun::run).collect();
    let decisions = decide(&runs, &rule);
    expect![[r#"
        a day has 3 × clean, 80 × incremental; the rule: no workload more than 2 % slower, peak memory
        within what the class has, and at least 0.50 min a day saved

        hexyl · linkers: stay with linker=bfd, or switch?
          amd (2 machines): switch to linker=mold
          variant      saved per day             interval  rule
          linker=mold       1.43 min  1.39 min – 1.48 min  holds
          linker=lld        1.12 min  1.08 min – 1.17 min  holds
          linker=wild                                      not measured here
          linker=mold: clean 0.912× (0.874 – 0.953), at most 400 MiB; incremental 0.500× (0.490 – 0.510),
            at most 400 MiB
          linker=lld: clean 0.9500× (0.9424 – 0.9576), at most 400 MiB; incremental 0.600× (0.588 –
            0.612), at most 400 MiB
          intel (1 machine): not known
          variant      saved per day             interval  rule
          linker=lld        1.91 min  1.82 min – 2.00 min  broken
          linker=mold                                      not known
          linker=wild                                      not known
          linker=lld: clean 1.060× (1.049 – 1.071), at most 400 MiB; incremental 0.620× (0.608 – 0.633),
            at most 400 MiB
          linker=lld: clean: slower than allowed, +4.9 % at least
          linker=mold: clean 0.970× (0.932 – 1.010), at most 400 MiB
          linker=mold: incremental: not in this run
          linker=wild: incremental 0.4000× (0.3921 – 0.4081), at most 400 MiB
          linker=wild: clean: not in this run
          all classes: no variant fits every class and is worth it

        Saved per day: for each workload the baseline's median × (1 − ratio) × builds a day, of each run;
        runs of a machine are put together, the more certain ones counting more, machines of a class
        averaged, and the workloads added up. The seconds are those of that class and of no other. The
        interval holds for all variants of a class together (Bonferroni), since the best of them is chosen.
        A variant fits if the upper end of each workload's plain 95 % interval is within the rule.
    "#]]
    .assert_eq(&decisions_text(&decisions, &rule));
    let json = decisions_json(&decisions, &rule);
    assert_eq!(json["questions"][0]["classes"][0]["decision"], "switch");
    assert_eq!(json["questions"][0]["classes"][1]["variant"], serde_json::Value::Null);
    assert_eq!(
        json["questions"][0]["classes"][0]["candidates"][0]["workloads"][0]["max_memory_bytes"],
        400u64 << 20
    );
    let nothing = decide(&[], &rule);
    assert!(decisions_text(&nothing, &rule).contains("there is nothing to decide"));
}
