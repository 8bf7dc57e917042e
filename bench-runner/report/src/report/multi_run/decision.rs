//! Decisions for each class of machines, as text for a terminal and as JSON.

use bench_runner_core::compare::workload_phrase;
use serde_json::{Value, json as object};

use crate::figure::wording;
use crate::machines::{
    ClassDecision, DailySavings, Decisions, MemoryLimit, Rule, RuleFit, SwitchCandidate, SwitchChoice,
    SwitchQuestion, WorkloadSavings,
};
use crate::report::table::{TableColumn, TextStyle};

const COLUMNS: [TableColumn; 4] = [
    TableColumn { heading: "variant", right: false },
    TableColumn { heading: "saved per day", right: true },
    TableColumn { heading: "interval", right: true },
    TableColumn { heading: "within the rule", right: false },
];

/// The decisions, question by question and machine type by machine type, with their evidence; the answers are
/// last. Lines end with a line feed.
pub fn decisions_text(decisions: &Decisions, rule: &Rule, style: TextStyle) -> String {
    let mut lines = style.hanging("builds per developer and day: ", &builds_text(rule));
    lines.extend(style.hanging("rule: ", &rule_text(rule)));
    for question in &decisions.questions {
        lines.push(String::new());
        lines.extend(question_lines(question, style));
    }
    for one in &decisions.refused {
        lines.extend(style.paragraph("left out: ", &format!("{} of {}: {}", one.block, one.run, one.reason)));
    }
    lines.extend(decisions.remarks.iter().flat_map(|one| style.paragraph("note: ", one)));
    lines.push(String::new());
    if decisions.questions.is_empty() {
        lines.push("there is nothing to decide".to_owned());
    } else {
        lines.extend(style.hanging("method: ", METHOD));
        lines.extend([String::new(), "answer".to_owned()]);
        let answers = decisions.questions.iter().flat_map(|question| answers(question, rule));
        lines.extend(answers.flat_map(|answer| style.paragraph("", &answer)));
        let mut classes = decisions.questions.iter().flat_map(|question| &question.classes);
        if classes.any(|class| open_candidate(class, rule).is_some_and(|one| one.saved.is_some())) {
            lines.extend(style.paragraph("", MORE_ROUNDS));
        }
    }
    style.text(&lines)
}

const METHOD: &str = "the time saved per day is, for each workload, the baseline's median × (1 − ratio) × builds per day; \
    the workloads are added up. Several runs of a machine are averaged (precise ones count more), and so are several \
    machines of a type. The intervals are wider than for one variant alone, because the best of several is chosen \
    (Bonferroni). A variant is within the rule if the upper end of the 95% interval of every workload is.";

const MORE_ROUNDS: &str = "More rounds make the intervals narrower: measure again with a larger `--time-budget`, and give \
    `decide` both runs.";

fn builds_text(rule: &Rule) -> String {
    let build = |(workload, count): &(String, f64)| format!("{count} × {}", workload_phrase(workload, None));
    rule.per_day.iter().map(build).collect::<Vec<_>>().join(", ")
}

fn rule_text(rule: &Rule) -> String {
    let memory = match rule.memory {
        MemoryLimit::Class => {
            "no build, as far as measured, needs more memory than the machine has".to_owned()
        }
        MemoryLimit::Bytes(bytes) => format!("no build needs more than {} MiB", bytes >> 20),
    };
    let worth = if rule.worth > 0.0 {
        format!(
            ", and at least {} per developer and day is saved",
            DailyUnit::of(rule.worth).show(rule.worth)
        )
    } else {
        String::new()
    };
    let slower = wording::share(rule.max_slower);
    format!("no workload is more than {slower} slower (`--max-slower`), {memory}{worth}")
}

fn question_lines(question: &SwitchQuestion, style: TextStyle) -> Vec<String> {
    let mut lines = style.sentence(&title(question));
    lines.extend(question.classes.iter().flat_map(|class| class_lines(class, style)));
    lines
}

fn title(question: &SwitchQuestion) -> String {
    let SwitchQuestion { project, matrix, baseline, .. } = question;
    format!("{project} ({matrix}): switch from {baseline} to another variant?")
}

/// The decision for each machine type, and the one for all of them.
fn answers(question: &SwitchQuestion, rule: &Rule) -> Vec<String> {
    let of_class = |class: &ClassDecision| {
        format!("{} on {}: {}", question.project, class_name(class), choice(class, &question.baseline, rule))
    };
    let mut answers: Vec<String> = question.classes.iter().map(of_class).collect();
    if question.classes.len() > 1 {
        let text = match &question.for_all {
            Some(variant) => {
                format!("{variant} is within the rule everywhere, and saves enough on at least one")
            }
            None => "no variant is within the rule everywhere and saves enough on at least one".to_owned(),
        };
        answers.push(format!("{} on all machine types: {text}", question.project));
    }
    answers
}

fn class_name(class: &ClassDecision) -> String {
    format!("{} ({})", class.class, wording::pluralize(class.machines, "machine"))
}

/// The choice between the baseline and the best variant, with the time that a switch saves.
fn choice(class: &ClassDecision, baseline: &str, rule: &Rule) -> String {
    let unit = DailyUnit::of_class(class);
    let variant = match &class.choice {
        SwitchChoice::Switch(variant) => variant,
        SwitchChoice::Stay => {
            return format!("stay with {baseline}: no other variant is within the rule and saves enough");
        }
        SwitchChoice::NotKnown => return not_known(class, baseline, rule, unit),
    };
    let chosen = class.candidates.iter().find(|one| one.variant == *variant);
    let saved = chosen.and_then(|one| one.saved).map(|saved| {
        format!(": saves {} per developer and day ({})", unit.show(saved.seconds), unit.interval(saved))
    });
    format!("switch from {baseline} to {variant}{}", saved.unwrap_or_default())
}

/// The best variant that may be worth a switch, if it is not known whether it is.
fn open_candidate<'c>(class: &'c ClassDecision, rule: &Rule) -> Option<&'c SwitchCandidate> {
    let is_open = |one: &&SwitchCandidate| match one.fits {
        RuleFit::No(_) | RuleFit::Absent => false,
        RuleFit::Yes | RuleFit::NotKnown(_) => one.saved.is_none_or(|saved| saved.high > rule.worth),
    };
    class.candidates.iter().find(is_open).filter(|_| class.choice == SwitchChoice::NotKnown)
}

/// The reason why nothing is chosen.
fn not_known(class: &ClassDecision, baseline: &str, rule: &Rule, unit: DailyUnit) -> String {
    let Some(best) = open_candidate(class, rule) else {
        return format!("not known: no variant was measured against {baseline}");
    };
    match (&best.fits, best.saved) {
        (RuleFit::NotKnown(reason), None) => {
            format!("not known whether to switch from {baseline} to {}: {reason}", best.variant)
        }
        (RuleFit::NotKnown(reason), Some(_)) => {
            format!("too close to call between {baseline} and {}: {reason}", best.variant)
        }
        (_, saved) => {
            let saved = saved.map_or_else(|| "an unknown time".to_owned(), |saved| unit.interval(saved));
            format!(
                "too close to call between {baseline} and {}, which saves {saved} per developer and day",
                best.variant
            )
        }
    }
}

fn class_lines(class: &ClassDecision, style: TextStyle) -> Vec<String> {
    let mut lines = style.paragraph("machine type ", &class_name(class));
    let unit = DailyUnit::of_class(class);
    let rows: Vec<Vec<String>> = class.candidates.iter().map(|one| row(one, unit)).collect();
    lines.extend(style.table(&COLUMNS, &rows));
    for one in &class.candidates {
        let workloads: Vec<String> = one.workloads.iter().map(workload_text).collect();
        if !workloads.is_empty() {
            lines.extend(style.paragraph("", &format!("{}: {}", one.variant, workloads.join("; "))));
        }
        let reason = match &one.fits {
            RuleFit::No(reason) => format!("{} is not within the rule: {reason}", one.variant),
            RuleFit::NotKnown(reason) => format!("{} may not be within the rule: {reason}", one.variant),
            RuleFit::Yes | RuleFit::Absent => continue,
        };
        lines.extend(style.paragraph("", &reason));
    }
    lines
}

fn row(one: &SwitchCandidate, unit: DailyUnit) -> Vec<String> {
    let fits = match &one.fits {
        RuleFit::Yes => "yes",
        RuleFit::No(_) => "no",
        RuleFit::NotKnown(_) => "not known",
        RuleFit::Absent => "not measured",
    };
    let (saved, interval) =
        one.saved.map_or_else(Default::default, |saved| (unit.show(saved.seconds), unit.interval(saved)));
    vec![one.variant.clone(), saved, interval, fits.to_owned()]
}

fn workload_text(one: &WorkloadSavings) -> String {
    let memory = one.memory.map_or_else(String::new, |bytes| {
        let of = if one.all_processes { "at most" } else { "largest process" };
        format!(", {of} {} MiB", bytes >> 20)
    });
    let ratio = wording::interval_phrase(one.ratio.0, one.ratio.1);
    format!("{} {ratio}{memory}", workload_phrase(&one.workload, None))
}

/// Unit and decimals of the times of a machine type, so that a column can be compared by eye.
#[derive(Debug, Clone, Copy)]
struct DailyUnit {
    seconds: f64,
    name: &'static str,
    decimals: usize,
}

impl DailyUnit {
    /// The unit for times up to `largest` seconds.
    fn of(largest: f64) -> Self {
        let (seconds, name) = if largest < 120.0 { (1.0, "s") } else { (60.0, "min") };
        Self { seconds, name, decimals: if largest / seconds < 20.0 { 1 } else { 0 } }
    }

    fn of_class(class: &ClassDecision) -> Self {
        let saved = class.candidates.iter().filter_map(|one| one.saved);
        let largest = |saved: DailySavings| saved.seconds.abs().max(saved.low.abs()).max(saved.high.abs());
        Self::of(saved.map(largest).fold(0.0, f64::max))
    }

    fn number(self, seconds: f64) -> String {
        let text = format!("{:.*}", self.decimals, seconds / self.seconds);
        // a value that rounds to zero has no sign
        let sign = if text.contains(|c: char| ('1'..='9').contains(&c)) { "−" } else { "" };
        text.replace('-', sign)
    }

    fn show(self, seconds: f64) -> String {
        format!("{} {}", self.number(seconds), self.name)
    }

    fn interval(self, saved: DailySavings) -> String {
        format!("{} to {} {}", self.number(saved.low), self.number(saved.high), self.name)
    }
}

/// The decisions as one JSON document.
pub fn decisions_json(decisions: &Decisions, rule: &Rule) -> Value {
    let class = |class: &ClassDecision| {
        object!({
            "class": class.class,
            "machines": class.machines,
            "decision": class.choice.as_str(),
            "variant": match &class.choice { SwitchChoice::Switch(variant) => Some(variant), _ => None },
            "candidates": class.candidates.iter().map(candidate).collect::<Vec<_>>(),
        })
    };
    let question = |one: &SwitchQuestion| {
        object!({
            "project": one.project,
            "matrix": one.matrix,
            "baseline": one.baseline,
            "classes": one.classes.iter().map(class).collect::<Vec<_>>(),
            "all_classes": one.for_all,
        })
    };
    object!({
        "rule": object!({
            "max_slower": rule.max_slower,
            "max_memory_bytes": match rule.memory { MemoryLimit::Bytes(bytes) => Some(bytes), MemoryLimit::Class => None },
            "worth_s": rule.worth,
            "per_day": rule.per_day.iter().map(|(workload, count)| object!({
                "workload": workload, "builds": count,
            })).collect::<Vec<_>>(),
        }),
        "questions": decisions.questions.iter().map(question).collect::<Vec<_>>(),
        "refused": decisions.refused.iter().map(|one| object!({
            "block": one.block, "run": one.run, "reason": one.reason,
        })).collect::<Vec<_>>(),
        "remarks": decisions.remarks,
    })
}

fn candidate(one: &SwitchCandidate) -> Value {
    let (fits, reason) = match &one.fits {
        RuleFit::Yes => ("yes", None),
        RuleFit::No(reason) => ("no", Some(reason)),
        RuleFit::NotKnown(reason) => ("not known", Some(reason)),
        RuleFit::Absent => ("not measured", None),
    };
    object!({
        "variant": one.variant,
        "settings": one.settings,
        "fits": fits,
        "reason": reason,
        "saved_s_per_day": one.saved.map(|saved| object!({
            "seconds": saved.seconds, "low": saved.low, "high": saved.high,
        })),
        "workloads": one.workloads.iter().map(|one| object!({
            "workload": one.workload,
            "builds_per_day": one.per_day,
            "ratio": object!({ "ratio": one.ratio.0, "low": one.ratio.1.0, "high": one.ratio.1.1 }),
            "saved_s_per_build": object!({ "seconds": one.saved.0, "low": one.saved.1.0, "high": one.saved.1.1 }),
            "max_memory_bytes": one.memory,
            "of_all_processes": one.all_processes,
        })).collect::<Vec<_>>(),
        "runs": one.runs,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_the_unit_of_the_largest() {
        let shown = |largest: f64, seconds: f64| DailyUnit::of(largest).show(seconds);
        assert_eq!([0.0, -0.04, -7.3].map(|seconds| shown(8.0, seconds)), ["0.0 s", "0.0 s", "−7.3 s"]);
        assert_eq!([7.3, -90.0].map(|seconds| shown(90.0, seconds)), ["7 s", "−90 s"]);
        assert_eq!([7.3, 599.9].map(|seconds| shown(600.0, seconds)), ["0.1 min", "10.0 min"]);
        assert_eq!(shown(3600.0, 3600.0), "60 min");
    }
}
