use bench_runner_core::compare::Verdict::{self, Equivalent, Faster, Invalid, Slower, Undecided};
use bench_runner_core::record::MetricId;
use bench_runner_core::stats::LEVEL;

use super::fixture::{FixtureRun, fixture_run, several_runs};
use crate::machines::{ComparedRun, MachineCell, SideBySide, Verdicts, side_by_side};

fn together(made: &[FixtureRun]) -> SideBySide {
    let runs: Vec<ComparedRun<'_>> = made.iter().map(FixtureRun::run).collect();
    side_by_side(&runs)
}

/// One run of a variant `lld` on each machine.
fn each(said: &[(&str, f64, f64, Verdict)]) -> SideBySide {
    let run = |(index, (machine, ratio, spread, verdict)): (usize, &(&str, f64, f64, Verdict))| {
        fixture_run(machine, &format!("r{index}")).with_block(
            "clean",
            10.0,
            &[("lld", *ratio, *spread, *verdict)],
        )
    };
    together(&said.iter().enumerate().map(run).collect::<Vec<_>>())
}

#[test]
fn runs_of_a_machine_are_put_together_and_machines_stand_side_by_side() {
    let found = together(&several_runs());
    let names: Vec<_> =
        found.machines.iter().map(|machine| (machine.key.as_str(), machine.runs.len())).collect();
    assert_eq!(names, [("A", 2), ("B", 1), ("C", 1)]);
    let clean = &found.blocks[0];
    assert_eq!((clean.machines.as_slice(), clean.baseline.as_str()), (&[0, 1, 2][..], "linker=bfd"));
    let MachineCell::Known(lld) = &clean.rows[0].cells[0] else { panic!("{clean:?}") };
    assert_eq!((lld.runs.len(), lld.verdict()), (2, Some(Faster)));
    // the mean of the logarithms, not of the ratios; both runs have about the same precision
    assert!((lld.ratio().0 - (0.95f64 * 0.94).sqrt()).abs() < 1e-6, "{lld:?}");
    // two machines of one class
    let class = &clean.rows[0].classes;
    assert_eq!((class.len(), class[0].class.as_str(), class[0].machines), (1, "amd", 2));
    // a variant that only one of them has
    let incremental = &found.blocks[1];
    assert_eq!(incremental.machines, [0, 2]);
    let wild = incremental.rows.iter().find(|row| row.variant == "linker=wild").expect("a row");
    assert_eq!(wild.cells[0], MachineCell::Nothing("not in this run".to_owned()));
    assert_eq!(wild.agreement, None);
    assert_eq!(found.differences.len(), 1, "{:?}", found.differences);
    assert_eq!(found.differences[0].what, "rustc");
    assert!(found.refused.is_empty() && found.remarks.is_empty(), "{found:?}");
}

#[test]
fn a_single_run_keeps_its_own_interval() {
    let found = each(&[("a-1", 0.9, 0.02, Faster), ("b-1", 0.91, 0.02, Faster)]);
    let MachineCell::Known(machine_ratio) = &found.blocks[0].rows[0].cells[0] else { panic!("{found:?}") };
    let (ratio, (low, high)) = machine_ratio.ratio();
    assert_eq!((ratio, low, high), (0.9, 0.9 * 0.98, 0.9 * 1.02));
    // the combined log-ratio has the same interval
    let half_width = machine_ratio.combined.mean.half_width(LEVEL);
    assert!((half_width - (1.02f64.ln() - 0.98f64.ln()) / 2.0).abs() < 1e-9);
}

#[test]
fn machines_agree_where_their_verdicts_are_the_same() {
    let verdicts = |said: &[(&str, f64, f64, Verdict)]| {
        let found = each(said);
        let agreement = found.blocks[0].rows[0].agreement.clone().expect("two machines");
        (agreement.verdicts, agreement.overlap)
    };
    let (a, b) = (("a-1", 0.9, 0.02, Faster), ("b-1", 0.91, 0.02, Faster));
    assert_eq!(verdicts(&[a, b]), (Verdicts::Same(Faster), true));
    assert_eq!(verdicts(&[a, ("b-1", 0.5, 0.02, Faster)]), (Verdicts::Same(Faster), false));
    assert_eq!(verdicts(&[a, ("b-1", 0.95, 0.1, Undecided)]), (Verdicts::Open(Faster), true));
    assert_eq!(verdicts(&[a, ("b-1", 1.1, 0.02, Slower)]), (Verdicts::Contrary, false));
    assert_eq!(verdicts(&[a, ("b-1", 0.99, 0.01, Equivalent)]), (Verdicts::Contrary, false));
    let open = [("a-1", 0.95, 0.1, Undecided), ("b-1", 1.0, 0.1, Undecided)];
    assert_eq!(verdicts(&open), (Verdicts::Same(Undecided), true));
}

#[test]
fn a_run_that_could_not_tell_contradicts_no_other() {
    let runs = |said: &[Verdict]| {
        let said: Vec<_> = said.iter().map(|verdict| ("a-1", 0.9, 0.02, *verdict)).collect();
        let found = each(&said);
        let MachineCell::Known(machine_ratio) = &found.blocks[0].rows[0].cells[0] else {
            panic!("{found:?}")
        };
        (machine_ratio.verdicts(), machine_ratio.verdict_word(), machine_ratio.verdict_text())
    };
    let says = |verdicts, word: &str, text: &str| (verdicts, word.to_owned(), text.to_owned());
    assert_eq!(runs(&[Faster, Faster]), says(Verdicts::Same(Faster), "faster", "faster"));
    assert_eq!(
        runs(&[Faster, Undecided, Faster]),
        says(Verdicts::Open(Faster), "partly faster", "faster in 2 of 3 runs")
    );
    assert_eq!(
        runs(&[Undecided, Equivalent]),
        says(Verdicts::Open(Equivalent), "partly equivalent", "equivalent in 1 of 2 runs")
    );
    assert_eq!(
        runs(&[Faster, Undecided, Slower]),
        says(Verdicts::Contrary, "contradictory", "faster, undecided, slower")
    );
    assert_eq!(runs(&[Undecided, Undecided]), says(Verdicts::Same(Undecided), "undecided", "undecided"));
    // an invalid run has no ratio to compare with others
    assert_eq!(runs(&[Invalid, Faster]), says(Verdicts::Same(Faster), "faster", "faster"));
}

#[test]
fn what_chance_does_not_explain_is_found_and_corrected() {
    let found = each(&[("a-1", 0.9, 0.01, Faster), ("b-1", 0.5, 0.01, Faster)]);
    let agreement = found.blocks[0].rows[0].agreement.clone().expect("two machines");
    let spread = agreement.spread.expect("a spread");
    assert!(spread.p < 1e-6 && agreement.p_adjusted == Some(spread.p), "{agreement:?}");
    let several = together(&several_runs());
    for row in several.blocks.iter().flat_map(|block| &block.rows) {
        if let Some((spread, p_adjusted)) =
            row.agreement.as_ref().and_then(|one| Some((one.spread?, one.p_adjusted?)))
        {
            assert!(p_adjusted >= spread.p && p_adjusted <= 1.0);
        }
    }
}

#[test]
fn an_invalid_block_says_nothing() {
    let found = each(&[("a-1", 0.9, 0.01, Faster), ("b-1", 0.5, 0.01, Invalid)]);
    let row = &found.blocks[0].rows[0];
    assert!(
        matches!(&row.cells[1], MachineCell::Nothing(reason) if reason.starts_with("invalid")),
        "{row:?}"
    );
    assert_eq!(row.agreement, None);
}

#[test]
fn what_is_not_the_same_comparison_is_refused_with_the_reason() {
    let plain = || fixture_run("a-1", "r1").with_block("clean", 10.0, &[("lld", 0.9, 0.02, Faster)]);
    let other = || fixture_run("b-1", "r2").with_block("clean", 10.0, &[("lld", 0.9, 0.02, Faster)]);
    let refused = |other: FixtureRun| {
        let found = together(&[plain(), other]);
        assert!(found.blocks.is_empty(), "{found:?}");
        let reasons: Vec<_> =
            found.refused.iter().map(|one| format!("{}: {}", one.run, one.reason)).collect();
        reasons.join("\n")
    };
    let says = refused(other().pinned_at("0.18.0"));
    assert!(says.starts_with("r2: beside r1: hexyl is pinned at crates-io:hexyl@0.17.0#"), "{says}");
    let mut margin = other();
    margin.comparison.blocks[0].margin = 0.05;
    assert_eq!(
        refused(margin),
        "r2: beside r1: the margin is 3% there and 5% here (`--margin` sets one for all)"
    );
    let mut baseline = other();
    baseline.manifest.plan.blocks[0].arms[0].variant.settings.insert("debug".to_owned(), "none".to_owned());
    assert_eq!(refused(baseline), "r2: beside r1: the baseline `linker=bfd` has other settings");
    let mut manifest = other();
    manifest.manifest.plan.projects[0].manifest.push_str("[build]\npackage = \"x\"\n");
    assert!(refused(manifest).contains("the manifests of hexyl differ"));
    let nothing = fixture_run("b-1", "r2").with_block("check", 10.0, &[("lld", 0.9, 0.02, Faster)]);
    assert_eq!(
        refused(nothing),
        "r1: no other run has this comparison\nr2: no other run has this comparison"
    );
}

#[test]
fn words_of_a_manifest_do_not_keep_runs_apart() {
    let mut other = fixture_run("b-1", "r2").with_block("clean", 10.0, &[("lld", 0.9, 0.02, Faster)]);
    let text = &mut other.manifest.plan.projects[0].manifest;
    *text = text.replace("a viewer", "another word");
    let plain = fixture_run("a-1", "r1").with_block("clean", 10.0, &[("lld", 0.9, 0.02, Faster)]);
    let found = together(&[plain.clone(), other]);
    assert_eq!(found.blocks.len(), 1, "{:?}", found.refused);
    // The pin of a local project is what it contains; colleagues have it at other places.
    let at = |machine: &str, run: &str, place: &str| {
        let mut one = fixture_run(machine, run).with_block("clean", 10.0, &[("lld", 0.9, 0.02, Faster)]);
        let text = &mut one.manifest.plan.projects[0].manifest;
        *text = format!("name = \"hexyl\"\n[source]\nkind = \"path\"\npath = \"{place}\"\n");
        one
    };
    let found = together(&[at("a-1", "r1", "/home/a/hexyl"), at("b-1", "r2", "/home/b/hexyl")]);
    assert_eq!(found.blocks.len(), 1, "{:?}", found.refused);
}

#[test]
fn a_run_counts_once_and_one_machine_is_said_to_be_one() {
    let one = fixture_run("a-1", "r1").with_block("clean", 10.0, &[("lld", 0.9, 0.02, Faster)]);
    let found = together(&[one.clone(), one.clone()]);
    assert_eq!(found.machines[0].runs, ["r1"]);
    assert_eq!(found.remarks, ["the run r1 was given more than once and counts once"]);
    let mut again = fixture_run("a-1", "r2").with_block("clean", 10.0, &[("lld", 0.92, 0.02, Faster)]);
    let found = together(&[one.clone(), again.clone()]);
    assert_eq!(found.remarks, ["all runs are of a-1, so nothing says whether another machine agrees"]);
    assert_eq!(found.blocks[0].rows[0].agreement, None);
    // a machine whose compiler has changed gets another column
    again = again.with_tool("rustc", "rustc 1.96.0");
    let found = together(&[one, again]);
    let names: Vec<_> = found.machines.iter().map(|machine| machine.name.as_str()).collect();
    assert_eq!(names, ["a-1", "a-1 (2)"]);
    assert_eq!(found.blocks[0].rows[0].classes, []);
}

#[test]
fn values_that_are_the_same_thing_on_a_machine_are_found_by_their_other_name() {
    let plain = fixture_run("a-1", "r1").with_block(
        "clean",
        10.0,
        &[("lld", 0.9, 0.02, Faster), ("default", 0.9, 0.02, Faster)],
    );
    let mut other = fixture_run("b-1", "r2").with_block("clean", 10.0, &[("lld", 0.8, 0.02, Faster)]);
    let arms = &mut other.manifest.plan.blocks[0].arms;
    arms[0].aliases.push("linker=default".to_owned());
    let found = together(&[plain.clone(), other.clone()]);
    assert_eq!(found.blocks[0].rows[1].cells[1], MachineCell::Baseline);
    let arms = &mut other.manifest.plan.blocks[0].arms;
    arms[0].aliases.clear();
    arms[2].aliases.push("linker=default".to_owned());
    let found = together(&[plain, other]);
    let MachineCell::Known(machine_ratio) = &found.blocks[0].rows[1].cells[1] else { panic!("{found:?}") };
    assert_eq!(machine_ratio.ratio().0, 0.8);
}

#[test]
fn runs_without_blocks_or_with_failures_only_are_no_trouble() {
    let mut failed = fixture_run("b-1", "r2").with_block("clean", 10.0, &[("lld", 0.8, 0.02, Faster)]);
    for arm in &mut failed.comparison.blocks[0].arms {
        (arm.summaries[MetricId::Wall], arm.ratio, arm.failures) = (None, None, 12);
    }
    let plain = fixture_run("a-1", "r1").with_block("clean", 10.0, &[("lld", 0.9, 0.02, Faster)]);
    let found = together(&[plain.clone(), failed]);
    assert_eq!(found.blocks[0].rows[0].cells[1], MachineCell::Nothing("no build succeeded".to_owned()));
    let found = together(&[plain, fixture_run("c-1", "r3")]);
    assert_eq!((found.blocks.len(), found.refused.len()), (0, 1));
    assert_eq!(together(&[]).machines, []);
}

#[test]
fn the_name_is_that_of_the_runs_in_any_order() {
    let mut runs = several_runs();
    let first = together(&runs).name();
    runs.reverse();
    assert_eq!(together(&runs).name(), first);
    runs.pop();
    assert_ne!(together(&runs).name(), first);
    assert!(first.len() == "together-".len() + 12 && first.starts_with("together-"), "{first}");
}
