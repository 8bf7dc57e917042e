//! Tests of the output for several runs.

use expect_test::expect;

use super::*;
use crate::machines::{
    ComparedRun, MemoryLimit, Rule, SideBySide, compare_reproduction, decide, side_by_side, tests::fixture,
};
use crate::report::table::TextStyle;

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
    assert_eq!(said(made.clone()), "faster in some of the runs on A, undecided on the others");
    made.push(run("arm-1", "r4", Faster));
    assert_eq!(said(made.clone()), "faster on C, in some of the runs on A, undecided on the others");
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

        hexyl 0.17.0: full build (compared with linker=bfd)
          variant      machine    ratio  95% interval  verdict     runs
          linker=lld   A         0.945×  0.930–0.961×  faster         2
          linker=lld   B         0.955×  0.945–0.965×  faster         1
          linker=lld   C         1.060×  1.049–1.071×  slower         1
          linker=lld   type amd  0.950×  0.942–0.958×  2 machines
          linker=mold  A         0.915×  0.772–1.084×  faster         2
          linker=mold  B         0.910×  0.892–0.928×  faster         1
          linker=mold  C         0.970×  0.931–1.009×  undecided      1
          linker=mold  type amd  0.912×  0.874–0.953×  2 machines
          linker=lld on amd-1, 2 runs: 0.950× (0.941–0.959×) in r1, 0.940× (0.931–0.949×) in r4; they do
            not differ by more than chance explains (p = 0.11)
          linker=mold on amd-1, 2 runs: 0.900× (0.891–0.909×) in r1, 0.930× (0.921–0.939×) in r4; they
            differ by more than chance explains (standard deviation 2.3%, p < 0.001)

        hexyl 0.17.0: rebuild after an edit (compared with linker=bfd)
          variant      machine   ratio  95% interval  verdict          runs
          linker=lld   A        0.600×  0.588–0.612×  faster              1
          linker=lld   C        0.620×  0.608–0.632×  faster              1
          linker=mold  A        0.500×  0.490–0.510×  faster              1
          linker=mold  C                              not in this run
          linker=wild  A                              not in this run
          linker=wild  C        0.400×  0.392–0.408×  faster              1

        differences between the machines or runs:
          rustc: rustc 1.95.0 (d4468ed8) on A, C; rustc 1.96.0 (bc446b4e) on B

        method: only ratios are compared between machines, never seconds. Runs of one machine are averaged
          on the logarithmic scale, more precise ones counting more; if they differ by more than chance
          explains, the interval is wider. Machines of one type are averaged, each counting the same: up to
          four of them stand only for themselves, five or more for machines like them. Intervals are 95%
          intervals without correction. Verdicts are those of the single runs. Whether ratios differ by more
          than chance explains is Welch's test, corrected over all variants (Holm).

        answer
          hexyl 0.17.0: full build, compared with linker=bfd. linker=lld: 3 machines do not agree (faster
            on A, B; slower on C); the intervals do not all overlap, and the ratios differ by more than
            chance explains (standard deviation 7%, p < 0.001 after correction). linker=mold: faster on A,
            B, undecided on the others; the intervals do not all overlap, and the ratios differ by more than
            chance explains (standard deviation 4.3%, p = 0.01 after correction).
          hexyl 0.17.0: rebuild after an edit, compared with linker=bfd. linker=lld: faster on both
            machines; the intervals overlap, and the ratios differ by more than chance explains (standard
            deviation 2.1%, p = 0.02 after correction). linker=mold, linker=wild: one machine has a result,
            so whether others agree is not known.
    "#]]
    .assert_eq(&multi_run_text(&together(&fixture::several_runs()), TextStyle::default()));
}

#[test]
fn nothing_in_common_is_said_and_so_is_why() {
    let other = fixture::fixture_run("intel-1", "r2").with_block("check", 3.0, &[]);
    expect![[r#"
        side by side
          A: amd-1, the machine amd-1; r1
          B: intel-1, the machine intel-1; r2

        not compared:
          hexyl 0.17.0: full build of r1: no other run has this comparison
          hexyl 0.17.0: rebuild after an edit of r1: no other run has this comparison
          hexyl 0.17.0: cargo check of r2: no other run has this comparison

        No two runs have a comparison in common, so there is nothing to compare.
    "#]]
    .assert_eq(&multi_run_text(&together(&[fixture::several_runs().remove(0), other]), TextStyle::default()));
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

        hexyl 0.17.0: full build (compared with linker=bfd)
          variant                      first                  again          again / first  outcome
          linker=lld   0.950× (0.941–0.959×)  1.060× (1.049–1.071×)  1.116× (1.101–1.131×)  contradicted
          linker=mold  0.900× (0.891–0.909×)  0.970× (0.931–1.009×)  1.078× (1.035–1.123×)  contradicted
          linker=lld: faster, again slower; the intervals do not overlap, the second one does not contain
            the first estimate; the ratios differ by more than chance explains (p < 0.001 after correction)
          linker=mold: faster, again undecided; the intervals do not overlap, the second one does not
            contain the first estimate; the ratios differ by more than chance explains (p = 0.003 after
            correction)

        hexyl 0.17.0: rebuild after an edit (compared with linker=bfd)
          variant                      first                  again          again / first  outcome
          linker=lld   0.600× (0.588–0.612×)  0.620× (0.608–0.632×)  1.033× (1.006–1.061×)  confirmed
          linker=mold  0.500× (0.490–0.510×)                                                not confirmed
          linker=lld: faster, again faster; the intervals overlap, the second one does not contain the
            first estimate; the ratios differ by more than chance explains (p = 0.02 after correction)
          linker=mold: faster, again no result (not in this run)

        method: a verdict is confirmed if the second run has the same one. It is contradicted if the
          second run has another one, or is undecided at a ratio that differs by more than chance explains.
          Intervals are 95% intervals without correction. Whether two ratios differ is Welch's test on their
          logarithms, corrected over all comparisons that both runs have (Holm).

        answer: of 4 decided verdicts of the first run, 1 confirmed, 1 not confirmed and 2 contradicted.
          Both runs have 3 ratios: 3 differ by more than chance explains. Of the intervals, 1 overlap, and 0
          of the second run contain the ratio of the first.
    "#]]
    .assert_eq(&reproduction_text(&found, "r1 on amd-1", "r3 on intel-1", TextStyle::default()));
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
        builds per developer and day: 3 × full build, 80 × rebuild after an edit
        rule: no workload is more than 2% slower (`--max-slower`), no build, as far as measured, needs
          more memory than the machine has, and at least 30 s per developer and day is saved

        hexyl (linkers): switch from linker=bfd to another variant?
          machine type amd (2 machines)
          variant      saved per day    interval  within the rule
          linker=mold           86 s  83 to 89 s  yes
          linker=lld            67 s  65 to 70 s  yes
          linker=wild                             not measured
          linker=mold: full build 0.912× as long (0.874–0.953×; −8.8%), at most 400 MiB; rebuild after an
            edit 0.500× as long (0.490–0.510×; −50.0%), at most 400 MiB
          linker=lld: full build 0.950× as long (0.942–0.958×; −5.0%), at most 400 MiB; rebuild after an
            edit 0.600× as long (0.588–0.612×; −40.0%), at most 400 MiB
          machine type intel (1 machine)
          variant      saved per day      interval  within the rule
          linker=lld           114 s  109 to 120 s  no
          linker=mold                               not known
          linker=wild                               not known
          linker=lld: full build 1.060× as long (1.049–1.071×; +6.0%), at most 400 MiB; rebuild after an
            edit 0.620× as long (0.608–0.633×; −38.0%), at most 400 MiB
          linker=lld is not within the rule: full build: at least 4.9% slower, and 2.0% is allowed
          linker=mold: full build 0.970× as long (0.932–1.010×; −3.0%), at most 400 MiB
          linker=mold may not be within the rule: rebuild after an edit: not in this run
          linker=wild: rebuild after an edit 0.400× as long (0.392–0.408×; −60.0%), at most 400 MiB
          linker=wild may not be within the rule: full build: not in this run

        method: the time saved per day is, for each workload, the baseline's median × (1 − ratio) × builds
          per day; the workloads are added up. Several runs of a machine are averaged (precise ones count
          more), and so are several machines of a type. The intervals are wider than for one variant alone,
          because the best of several is chosen (Bonferroni). A variant is within the rule if the upper end
          of the 95% interval of every workload is.

        answer
          hexyl on amd (2 machines): switch from linker=bfd to linker=mold: saves 86 s per developer and
            day (83 to 89 s)
          hexyl on intel (1 machine): not known whether to switch from linker=bfd to linker=mold: rebuild
            after an edit: not in this run
          hexyl on all machine types: no variant is within the rule everywhere and saves enough on at
            least one
    "#]]
    .assert_eq(&decisions_text(&decisions, &rule, TextStyle::default()));
    let json = decisions_json(&decisions, &rule);
    assert_eq!(json["questions"][0]["classes"][0]["decision"], "switch");
    assert_eq!(json["questions"][0]["classes"][1]["variant"], serde_json::Value::Null);
    assert_eq!(
        json["questions"][0]["classes"][0]["candidates"][0]["workloads"][0]["max_memory_bytes"],
        400u64 << 20
    );
    let nothing = decide(&[], &rule);
    assert!(decisions_text(&nothing, &rule, TextStyle::default()).contains("there is nothing to decide"));
}
