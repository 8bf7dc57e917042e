use super::fixture::{Made, made, several};
use crate::compare::Verdict::{Equivalent, Faster, Slower, Undecided};
use crate::machines::{Choice, Decisions, Fits, MemoryLimit, OfClass, Rule, Run, decide};

fn rule(per_day: &[(&str, f64)]) -> Rule {
    Rule {
        max_slower: 0.02,
        memory: MemoryLimit::Class,
        worth: 0.0,
        per_day: per_day.iter().map(|(workload, count)| ((*workload).to_owned(), *count)).collect(),
    }
}

fn decided(made: &[Made], rule: &Rule) -> Decisions {
    decide(&made.iter().map(Made::run).collect::<Vec<Run<'_>>>(), rule)
}

/// The only class of the only question.
fn only(made: &[Made], rule: &Rule) -> OfClass {
    let found = decided(made, rule);
    assert_eq!((found.questions.len(), found.questions[0].classes.len()), (1, 1), "{found:?}");
    found.questions[0].classes[0].clone()
}

fn one() -> Made {
    made("amd-1", "r1").and("clean", 20.0, &[("lld", 0.95, 0.01, Faster), ("mold", 0.90, 0.01, Faster)]).and(
        "incremental",
        2.0,
        &[("lld", 0.60, 0.02, Faster), ("mold", 0.50, 0.02, Faster)],
    )
}

#[test]
fn what_saves_most_is_switched_to() {
    let found = only(&[one()], &rule(&[("clean", 3.0), ("incremental", 80.0)]));
    assert_eq!(found.choice, Choice::Switch("linker=mold".to_owned()));
    let saved = found.candidates[0].saved.expect("seconds");
    // by hand: 3 × 20 s × 0.1 + 80 × 2 s × 0.5
    assert!((saved.seconds - 86.0).abs() < 1e-9, "{saved:?}");
    assert!(saved.low > 75.0 && saved.high < 97.0 && saved.low < saved.seconds, "{saved:?}");
    assert_eq!(found.candidates[0].fits, Fits::Yes);
    assert_eq!(found.candidates[1].variant, "linker=lld");
    assert_eq!(found.candidates[0].runs, ["r1"]);
}

/// By hand: m = 20 s with a standard error of 0.2/1.96 s, and r = 0.9 with one of half its interval over t(0.975; 11) on
/// the log scale, each with 11 degrees of freedom.
#[test]
fn the_interval_of_what_is_saved_is_that_of_ratio_and_median() {
    let found = only(&[one()], &rule(&[("clean", 1.0)]));
    let (value, (low, high)) = found.candidates[0].workloads[0].saved;
    let (se_m, se_r): (f64, f64) = (0.2 / 1.959_964, (1.01f64.ln() - 0.99f64.ln()) / 2.0 / 2.200_985);
    let se = ((0.1 * se_m).powi(2) + (18.0 * se_r).powi(2)).sqrt();
    assert!((value - 2.0).abs() < 1e-9);
    // Satterthwaite: nearly all of it is the ratio's, so a little more than 11 degrees of freedom
    let t = (high - low) / 2.0 / se;
    assert!((2.19..2.201).contains(&t), "{t}");
}

#[test]
fn a_rule_that_is_broken_rules_out_and_one_that_may_be_does_not_decide() {
    let slow = made("amd-1", "r1").and("clean", 20.0, &[("lld", 1.05, 0.01, Slower)]);
    let found = only(&[slow], &rule(&[("clean", 1.0)]));
    assert_eq!(found.choice, Choice::Stay);
    assert!(
        matches!(&found.candidates[0].fits, Fits::No(reason) if reason.contains("slower than allowed, +4.0 % at least")),
        "{found:?}"
    );
    let unsure = made("amd-1", "r1").and("clean", 20.0, &[("lld", 1.0, 0.05, Undecided)]);
    let found = only(&[unsure], &rule(&[("clean", 1.0)]));
    assert_eq!(found.choice, Choice::NotKnown);
    assert!(
        matches!(&found.candidates[0].fits, Fits::NotKnown(reason) if reason.contains("up to +5.1 %")),
        "{found:?}"
    );
}

#[test]
fn memory_and_failures_count() {
    let mut made = one();
    made.memory.iter_mut().filter(|seen| seen.variant == "linker=mold").for_each(|seen| seen.bytes = 9 << 30);
    let found = only(&[made], &rule(&[("clean", 1.0)]));
    assert_eq!(found.choice, Choice::Switch("linker=lld".to_owned()));
    let mold = found.candidates.iter().find(|one| one.variant == "linker=mold").expect("mold");
    assert!(matches!(&mold.fits, Fits::No(reason) if reason.contains("9216 MiB, and 8192 MiB")), "{mold:?}");
    let small = Rule { memory: MemoryLimit::Bytes(300 << 20), ..rule(&[("clean", 1.0)]) };
    assert_eq!(only(&[one()], &small).choice, Choice::Stay);
    let mut failing = one();
    failing.comparison.blocks[0].arms[3].failures = 1;
    let found = only(&[failing], &rule(&[("clean", 1.0)]));
    let mold = found.candidates.iter().find(|one| one.variant == "linker=mold").expect("mold");
    assert_eq!(mold.fits, Fits::NotKnown("clean: 1 build did not end well".to_owned()));
}

#[test]
fn what_was_not_measured_is_not_known() {
    let found = only(&[one()], &rule(&[("clean", 1.0), ("test", 1.0)]));
    assert_eq!(found.choice, Choice::NotKnown);
    assert_eq!(found.candidates[0].saved, None);
    assert_eq!(found.candidates[0].fits, Fits::NotKnown("test: not measured on this class".to_owned()));
}

#[test]
fn little_is_worth_nothing_where_more_is_asked_for() {
    let same = made("amd-1", "r1").and("clean", 20.0, &[("lld", 0.999, 0.002, Equivalent)]);
    assert_eq!(only(std::slice::from_ref(&same), &rule(&[("clean", 1.0)])).choice, Choice::NotKnown);
    let more = Rule { worth: 60.0, ..rule(&[("clean", 1.0)]) };
    assert_eq!(only(&[same], &more).choice, Choice::Stay);
}

#[test]
fn each_class_decides_for_itself_and_one_variant_may_do_for_all() {
    let found = decided(&several(), &rule(&[("clean", 3.0)]));
    let question = &found.questions[0];
    let classes: Vec<_> = question.classes.iter().map(|one| (one.class.as_str(), one.machines)).collect();
    assert_eq!(classes, [("amd", 2), ("intel", 1)]);
    assert_eq!(question.classes[0].choice, Choice::Switch("linker=mold".to_owned()));
    // lld is slower there, and mold may be within the rule or not
    assert_eq!(question.classes[1].choice, Choice::NotKnown);
    assert_eq!(question.for_all.as_deref(), Some("linker=mold"));
    // seconds are averaged over machines, and put together over the runs of one before that: never pooled
    let lld = question.classes[0].candidates.iter().find(|one| one.variant == "linker=lld").expect("lld");
    let by_hand = 3.0 * ((20.0 * 0.05 + 20.5 * 0.06) / 2.0 + 25.0 * 0.045) / 2.0;
    // the two runs are about as certain
    assert!((lld.saved.expect("seconds").seconds - by_hand).abs() < 0.02, "{lld:?}");
    let mut slower = several();
    slower[2].comparison.blocks[0].arms[3].ratio = slower[2].comparison.blocks[0].arms[2].ratio;
    let found = decided(&slower, &rule(&[("clean", 3.0)]));
    // what is left there is wild, of which nothing is known under this workload
    assert_eq!(
        (&found.questions[0].classes[1].choice, &found.questions[0].for_all),
        (&Choice::NotKnown, &None)
    );
}

#[test]
fn what_a_class_has_never_built_is_no_choice_there() {
    let other = made("intel-1", "r2").and("clean", 40.0, &[("lld", 1.06, 0.01, Slower)]);
    let found = decided(&[one(), other], &rule(&[("clean", 1.0)]));
    let intel = &found.questions[0].classes[1];
    assert_eq!(intel.choice, Choice::Stay);
    assert!(intel.candidates.iter().any(|one| one.variant == "linker=mold" && one.fits == Fits::Absent));
    let nothing = made("intel-1", "r2").and("clean", 40.0, &[]);
    let found = decided(&[one(), nothing], &rule(&[("clean", 1.0)]));
    assert_eq!(found.questions[0].classes[1].choice, Choice::NotKnown);
}

#[test]
fn a_run_without_a_variant_leaves_it_to_the_others() {
    let again = made("amd-1", "r2").and("clean", 20.0, &[("lld", 0.95, 0.01, Faster)]);
    let found = only(&[one(), again], &rule(&[("clean", 1.0)]));
    assert_eq!(found.choice, Choice::Switch("linker=mold".to_owned()));
    assert_eq!((found.candidates[0].runs.len(), found.candidates[1].runs.len()), (1, 2));
}

#[test]
fn what_is_nothing_to_roll_out_is_refused() {
    let mut made = one();
    let id = crate::record::BlockId::new("check", "hexyl", "*");
    made.manifest.plan.blocks[1].id = id.clone();
    made.comparison.blocks[1].id = id;
    let found = decided(&[made, one()], &rule(&[("clean", 1.0)]));
    assert_eq!(found.questions.len(), 1);
    assert!(found.refused[0].reason.contains("nothing to roll out"), "{:?}", found.refused);
    assert_eq!(found.remarks, ["the run r1 was given more than once and counts once"]);
    assert!(decided(&[], &rule(&[("clean", 1.0)])).questions.is_empty());
}
