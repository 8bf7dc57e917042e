use bench_runner_core::compare::Verdict::{Equivalent, Faster, Slower, Undecided};

use super::fixture::{FixtureRun, fixture_run, several_runs};
use crate::machines::{
    ClassDecision, ComparedRun, DailySavings, Decisions, MemoryLimit, Rule, RuleFit, SwitchCandidate,
    SwitchChoice, decide,
};

fn rule(per_day: &[(&str, f64)]) -> Rule {
    Rule {
        max_slower: 0.02,
        memory: MemoryLimit::Class,
        worth: 0.0,
        per_day: per_day.iter().map(|(workload, count)| ((*workload).to_owned(), *count)).collect(),
    }
}

fn decided(made: &[FixtureRun], rule: &Rule) -> Decisions {
    decide(&made.iter().map(FixtureRun::run).collect::<Vec<ComparedRun<'_>>>(), rule)
}

/// The only class of the only question.
fn only(made: &[FixtureRun], rule: &Rule) -> ClassDecision {
    let found = decided(made, rule);
    assert_eq!((found.questions.len(), found.questions[0].classes.len()), (1, 1), "{found:?}");
    found.questions[0].classes[0].clone()
}

fn one() -> FixtureRun {
    fixture_run("amd-1", "r1")
        .with_block("clean", 20.0, &[("lld", 0.95, 0.01, Faster), ("mold", 0.90, 0.01, Faster)])
        .with_block("incremental", 2.0, &[("lld", 0.60, 0.02, Faster), ("mold", 0.50, 0.02, Faster)])
}

#[test]
fn what_saves_most_is_switched_to() {
    let found = only(&[one()], &rule(&[("clean", 3.0), ("incremental", 80.0)]));
    assert_eq!(found.choice, SwitchChoice::Switch("linker=mold".to_owned()));
    let saved = found.candidates[0].saved.expect("seconds");
    // by hand: 3 × 20 s × 0.1 + 80 × 2 s × 0.5
    assert!((saved.seconds - 86.0).abs() < 1e-9, "{saved:?}");
    assert!(saved.low > 75.0 && saved.high < 97.0 && saved.low < saved.seconds, "{saved:?}");
    assert_eq!(found.candidates[0].fits, RuleFit::Yes);
    assert_eq!(found.candidates[1].variant, "linker=lld");
    assert_eq!(found.candidates[0].runs, ["r1"]);
}

/// By hand: m = 20 s with a standard error of 0.2/1.96 s; r = 0.9, whose standard error is its half-width
/// divided by t(0.975; 11), on the log scale; each with 11 degrees of freedom.
#[test]
fn the_interval_of_what_is_saved_is_that_of_ratio_and_median() {
    let found = only(&[one()], &rule(&[("clean", 1.0)]));
    let (value, (low, high)) = found.candidates[0].workloads[0].saved;
    let (se_m, se_r): (f64, f64) = (0.2 / 1.959_964, (1.01f64.ln() - 0.99f64.ln()) / 2.0 / 2.200_985);
    let se = ((0.1 * se_m).powi(2) + (18.0 * se_r).powi(2)).sqrt();
    assert!((value - 2.0).abs() < 1e-9);
    // Satterthwaite: nearly all of the variance is the ratio's, so slightly more than 11 degrees of freedom
    let t = (high - low) / 2.0 / se;
    assert!((2.19..2.201).contains(&t), "{t}");
}

/// Asserts that an estimate with its interval is that of the reference program.
fn assert_near(found: (f64, (f64, f64)), expected: [f64; 3]) {
    let found = [found.0, found.1.0, found.1.1];
    let near =
        found.iter().zip(expected).all(|(one, other)| (one - other).abs() < 1e-9 * other.abs().max(1.0));
    assert!(near, "{found:?} is not {expected:?}");
}

fn per_day(candidate: &SwitchCandidate) -> (f64, (f64, f64)) {
    let DailySavings { seconds, low, high } = candidate.saved.expect("seconds");
    (seconds, (low, high))
}

/// A run with clean builds of this duration in seconds, and a ratio with the half-width `spread`.
fn clean(machine: &str, run: &str, seconds: f64, ratio: f64, spread: f64) -> FixtureRun {
    fixture_run(machine, run).with_block("clean", seconds, &[("lld", ratio, spread, Faster)])
}

// Reference values of the tests `known_…`: computed from medians, ratios and their intervals by a separate
// Python program with the formulas of docs/METHODOLOGY.md and `scipy.stats.t`.

#[test]
fn known_values_of_one_run_with_two_workloads() {
    let found = only(&[one()], &rule(&[("clean", 3.0), ("incremental", 80.0)]));
    let [mold, lld] = &found.candidates[..] else { panic!("{found:?}") };
    assert_near(per_day(mold), [86.0, 83.894_746_051_525_2, 88.105_253_948_474_8]);
    assert_near(per_day(lld), [67.0, 64.611_112_042_169_8, 69.388_887_957_830_2]);
    assert_near(mold.workloads[0].saved, [2.0, 1.819_264_168_031_633_7, 2.180_735_831_968_366]);
    assert_near(mold.workloads[1].saved, [1.0, 0.978_040_572_991_069, 1.021_959_427_008_931]);
}

/// The runs differ by more than their errors, so the savings are uncertain.
#[test]
fn known_values_of_three_runs_of_a_machine() {
    let runs = [("r1", 20.0, 0.95, 0.01), ("r2", 20.5, 0.90, 0.01), ("r3", 19.0, 0.93, 0.03)];
    let runs = runs.map(|(run, seconds, ratio, spread)| clean("amd-1", run, seconds, ratio, spread));
    let found = only(&runs, &rule(&[("clean", 10.0)]));
    let lld = &found.candidates[0];
    assert_near(per_day(lld), [14.654_766_696_566, -1.003_946_588_925, 30.313_479_982_057]);
    assert_near(
        lld.workloads[0].ratio,
        [0.926_264_775_429_408, 0.854_808_023_843_045, 1.003_694_876_826_315],
    );
    assert_eq!((&lld.fits, &found.choice), (&RuleFit::Yes, &SwitchChoice::NotKnown));
    // if half a minute is not worth a switch, stay
    let more = Rule { worth: 31.0, ..rule(&[("clean", 10.0)]) };
    assert_eq!(only(&runs, &more).choice, SwitchChoice::Stay);
}

#[test]
fn known_values_of_the_machines_of_a_class() {
    let two = [
        clean("amd-1", "r1", 20.0, 0.95, 0.01),
        clean("amd-1", "r2", 20.5, 0.94, 0.02),
        clean("amd-2", "r3", 25.0, 0.955, 0.01),
    ];
    let found = only(&two, &rule(&[("clean", 3.0)]));
    let lld = &found.candidates[0];
    assert_near(per_day(lld), [3.267_439_484_115_655, 2.820_552_803_950_537, 3.714_326_164_280_774]);
    assert_near(
        lld.workloads[0].saved,
        [1.089_146_494_705_218, 0.940_184_267_983_512, 1.238_108_721_426_925],
    );
    assert_near(
        lld.workloads[0].ratio,
        [0.951_489_470_957_816, 0.945_390_549_543_801, 0.957_627_737_849_139],
    );
    assert_eq!(found.choice, SwitchChoice::Switch("linker=lld".to_owned()));

    // from five machines on, the result generalizes to similar machines
    let five = [(20.0, 0.95), (21.0, 0.90), (22.0, 0.93), (23.0, 0.97), (24.0, 0.91)];
    let five = five.into_iter().enumerate();
    let five: Vec<FixtureRun> = five
        .map(|(at, (seconds, ratio))| clean(&format!("amd-{at}"), &format!("r{at}"), seconds, ratio, 0.01))
        .collect();
    let found = only(&five, &rule(&[("clean", 3.0)]));
    assert_eq!(found.machines, 5);
    let lld = &found.candidates[0];
    assert_near(per_day(lld), [4.494, 2.154_618_004_801_646, 6.833_381_995_198_353]);
    assert_near(
        lld.workloads[0].ratio,
        [0.931_649_248_476_896, 0.897_519_060_063_972, 0.967_077_314_353_301],
    );
}

/// One linker is better for clean builds, the other one for incremental builds.
#[test]
fn known_values_where_the_weights_decide() {
    let built = fixture_run("amd-1", "r1")
        .with_block("clean", 20.0, &[("lld", 0.90, 0.01, Faster), ("mold", 1.01, 0.005, Undecided)])
        .with_block("incremental", 2.0, &[("lld", 0.98, 0.005, Faster), ("mold", 0.70, 0.01, Faster)]);
    for (days, choice, lld, mold) in [
        (
            [30.0, 5.0],
            "linker=lld",
            [60.2, 53.818_163_214_072, 66.581_836_785_928],
            [-3.0, -6.570_612_073_406_455, 0.570_612_073_406_444],
        ),
        (
            [1.0, 80.0],
            "linker=mold",
            [5.2, 4.265_479_999_969_305, 6.134_520_000_030_701],
            [47.8, 46.399_252_753_303_344, 49.200_747_246_696_665],
        ),
    ] {
        let found =
            only(std::slice::from_ref(&built), &rule(&[("clean", days[0]), ("incremental", days[1])]));
        assert_eq!(found.choice, SwitchChoice::Switch(choice.to_owned()));
        let of = |name: &str| found.candidates.iter().find(|one| one.variant == name).map(per_day);
        assert_near(of("linker=lld").expect("lld"), lld);
        assert_near(of("linker=mold").expect("mold"), mold);
    }
}

#[test]
fn known_values_of_staying_and_of_not_knowing() {
    let little = clean("amd-1", "r1", 20.0, 0.99, 0.005);
    let worth = |worth: f64| Rule { worth, ..rule(&[("clean", 10.0)]) };
    let found = only(std::slice::from_ref(&little), &worth(3.0));
    assert_near(per_day(&found.candidates[0]), [2.0, 1.009_861_242_334_151, 2.990_138_757_665_853]);
    assert_eq!((&found.candidates[0].fits, &found.choice), (&RuleFit::Yes, &SwitchChoice::Stay));
    assert_eq!(only(std::slice::from_ref(&little), &worth(2.99)).choice, SwitchChoice::NotKnown);
    assert!(matches!(only(&[little], &worth(1.0)).choice, SwitchChoice::Switch(_)));

    // the total savings are large, but a clean build may be slower than allowed
    let unsure = fixture_run("amd-1", "r1")
        .with_block("clean", 20.0, &[("lld", 1.01, 0.02, Undecided)])
        .with_block("incremental", 2.0, &[("lld", 0.50, 0.02, Faster)]);
    let found = only(&[unsure], &rule(&[("clean", 3.0), ("incremental", 80.0)]));
    assert_near(per_day(&found.candidates[0]), [79.4, 77.351_352_653_577, 81.448_647_346_423]);
    assert_eq!(found.choice, SwitchChoice::NotKnown);
    let reason = "full build: up to 3.0% slower, and 2.0% is allowed".to_owned();
    assert_eq!(found.candidates[0].fits, RuleFit::NotKnown(reason));
}

/// The memory of a class is that of its smallest machine, regardless of the savings.
#[test]
fn a_class_has_as_much_memory_as_its_smallest_machine() {
    let mut small = clean("amd-2", "r2", 20.0, 0.5, 0.01);
    small.manifest.machine.details = serde_json::json!({ "facts": { "memory_bytes": 300u64 << 20 } });
    let found = only(&[clean("amd-1", "r1", 20.0, 0.5, 0.01), small], &rule(&[("clean", 3.0)]));
    assert_eq!(found.choice, SwitchChoice::Stay);
    let reason = "full build: a build took 400 MiB, and 300 MiB are allowed".to_owned();
    assert_eq!(found.candidates[0].fits, RuleFit::No(reason));
    assert!((found.candidates[0].saved.expect("seconds").seconds - 30.0).abs() < 1e-9);
}

#[test]
fn what_a_machine_said_with_other_tools_is_past() {
    let mut before = clean("amd-1", "r1", 20.0, 0.5, 0.01).with_tool("rustc", "rustc 1.94.0").with_block(
        "incremental",
        2.0,
        &[("lld", 0.8, 0.01, Faster)],
    );
    let now = clean("amd-1", "r2", 20.0, 0.99, 0.001);
    let days = rule(&[("clean", 1.0), ("incremental", 10.0)]);
    let found = decided(&[now.clone(), before.clone()], &rule(&[("clean", 1.0)]));
    // both were started at the same time, so the one given last is the latest
    assert_eq!(found.questions[0].classes[0].candidates[0].runs, ["r1"]);
    before.manifest.started_at = "2025-01-01T00:00:00Z".to_owned();
    let found = decided(&[now, before], &days);
    let lld = &found.questions[0].classes[0].candidates[0];
    // 1 × 20 s × 0.01 with the new tools, 10 × 2 s × 0.2 with the old ones
    assert!((lld.saved.expect("seconds").seconds - 4.2).abs() < 1e-9, "{lld:?}");
    assert_eq!(lld.runs, ["r2", "r1"]);
    let [remark] = &found.remarks[..] else { panic!("{:?}", found.remarks) };
    assert!(remark.starts_with("the run r1 was made with other tools or jobs than r2"), "{remark}");
}

#[test]
fn a_rule_that_is_broken_rules_out_and_one_that_may_be_does_not_decide() {
    let slow = fixture_run("amd-1", "r1").with_block("clean", 20.0, &[("lld", 1.05, 0.01, Slower)]);
    let found = only(&[slow], &rule(&[("clean", 1.0)]));
    assert_eq!(found.choice, SwitchChoice::Stay);
    assert!(
        matches!(&found.candidates[0].fits, RuleFit::No(reason) if reason.contains("at least 4.0% slower, and 2.0% is allowed")),
        "{found:?}"
    );
    let unsure = fixture_run("amd-1", "r1").with_block("clean", 20.0, &[("lld", 1.0, 0.05, Undecided)]);
    let found = only(&[unsure], &rule(&[("clean", 1.0)]));
    assert_eq!(found.choice, SwitchChoice::NotKnown);
    assert!(
        matches!(&found.candidates[0].fits, RuleFit::NotKnown(reason) if reason.contains("up to 5.1% slower")),
        "{found:?}"
    );
}

#[test]
fn memory_and_failures_count() {
    let mut made = one();
    made.memory.iter_mut().filter(|seen| seen.variant == "linker=mold").for_each(|seen| seen.bytes = 9 << 30);
    let found = only(&[made], &rule(&[("clean", 1.0)]));
    assert_eq!(found.choice, SwitchChoice::Switch("linker=lld".to_owned()));
    let mold = found.candidates.iter().find(|one| one.variant == "linker=mold").expect("mold");
    assert!(
        matches!(&mold.fits, RuleFit::No(reason) if reason.contains("9216 MiB, and 8192 MiB")),
        "{mold:?}"
    );
    let small = Rule { memory: MemoryLimit::Bytes(300 << 20), ..rule(&[("clean", 1.0)]) };
    assert_eq!(only(&[one()], &small).choice, SwitchChoice::Stay);
    let mut failing = one();
    failing.comparison.blocks[0].arms[3].failures = 1;
    let found = only(&[failing], &rule(&[("clean", 1.0)]));
    let mold = found.candidates.iter().find(|one| one.variant == "linker=mold").expect("mold");
    assert_eq!(mold.fits, RuleFit::NotKnown("full build: 1 build failed".to_owned()));
}

#[test]
fn what_was_not_measured_is_not_known() {
    let found = only(&[one()], &rule(&[("clean", 1.0), ("test", 1.0)]));
    assert_eq!(found.choice, SwitchChoice::NotKnown);
    assert_eq!(found.candidates[0].saved, None);
    assert_eq!(
        found.candidates[0].fits,
        RuleFit::NotKnown("build of the tests: not measured on this machine type".to_owned())
    );
}

#[test]
fn little_is_worth_nothing_where_more_is_asked_for() {
    let same = fixture_run("amd-1", "r1").with_block("clean", 20.0, &[("lld", 0.999, 0.002, Equivalent)]);
    assert_eq!(only(std::slice::from_ref(&same), &rule(&[("clean", 1.0)])).choice, SwitchChoice::NotKnown);
    let more = Rule { worth: 60.0, ..rule(&[("clean", 1.0)]) };
    assert_eq!(only(&[same], &more).choice, SwitchChoice::Stay);
}

#[test]
fn each_class_decides_for_itself_and_one_variant_may_do_for_all() {
    let found = decided(&several_runs(), &rule(&[("clean", 3.0)]));
    let question = &found.questions[0];
    let classes: Vec<_> = question.classes.iter().map(|one| (one.class.as_str(), one.machines)).collect();
    assert_eq!(classes, [("amd", 2), ("intel", 1)]);
    assert_eq!(question.classes[0].choice, SwitchChoice::Switch("linker=mold".to_owned()));
    // lld is slower on this class, and mold may or may not be within the rule
    assert_eq!(question.classes[1].choice, SwitchChoice::NotKnown);
    assert_eq!(question.for_all.as_deref(), Some("linker=mold"));
    // seconds are combined over the runs of a machine, then averaged over machines, but never pooled
    let lld = question.classes[0].candidates.iter().find(|one| one.variant == "linker=lld").expect("lld");
    let by_hand = 3.0 * ((20.0 * 0.05 + 20.5 * 0.06) / 2.0 + 25.0 * 0.045) / 2.0;
    // the two runs have about the same precision
    assert!((lld.saved.expect("seconds").seconds - by_hand).abs() < 0.02, "{lld:?}");
    let mut slower = several_runs();
    slower[2].comparison.blocks[0].arms[3].ratio = slower[2].comparison.blocks[0].arms[2].ratio;
    let found = decided(&slower, &rule(&[("clean", 3.0)]));
    // the remaining variant on this class is wild, which has no result under this workload
    assert_eq!(
        (&found.questions[0].classes[1].choice, &found.questions[0].for_all),
        (&SwitchChoice::NotKnown, &None)
    );
}

#[test]
fn what_a_class_has_never_built_is_no_choice_there() {
    let other = fixture_run("intel-1", "r2").with_block("clean", 40.0, &[("lld", 1.06, 0.01, Slower)]);
    let found = decided(&[one(), other], &rule(&[("clean", 1.0)]));
    let intel = &found.questions[0].classes[1];
    assert_eq!(intel.choice, SwitchChoice::Stay);
    assert!(intel.candidates.iter().any(|one| one.variant == "linker=mold" && one.fits == RuleFit::Absent));
    let nothing = fixture_run("intel-1", "r2").with_block("clean", 40.0, &[]);
    let found = decided(&[one(), nothing], &rule(&[("clean", 1.0)]));
    assert_eq!(found.questions[0].classes[1].choice, SwitchChoice::NotKnown);
}

#[test]
fn a_run_without_a_variant_leaves_it_to_the_others() {
    let again = fixture_run("amd-1", "r2").with_block("clean", 20.0, &[("lld", 0.95, 0.01, Faster)]);
    let found = only(&[one(), again], &rule(&[("clean", 1.0)]));
    assert_eq!(found.choice, SwitchChoice::Switch("linker=mold".to_owned()));
    assert_eq!((found.candidates[0].runs.len(), found.candidates[1].runs.len()), (1, 2));
}

#[test]
fn what_is_nothing_to_roll_out_is_refused() {
    let mut made = one();
    let id = bench_runner_core::record::BlockId::new("check", "hexyl", "*");
    made.manifest.plan.blocks[1].id = id.clone();
    made.comparison.blocks[1].id = id;
    let found = decided(&[made, one()], &rule(&[("clean", 1.0)]));
    assert_eq!(found.questions.len(), 1);
    assert!(found.refused[0].reason.contains("nothing to roll out"), "{:?}", found.refused);
    assert_eq!(found.remarks, ["the run r1 was given more than once and counts once"]);
    assert!(decided(&[], &rule(&[("clean", 1.0)])).questions.is_empty());
}
