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
    TableColumn { heading: "rule", right: false },
];

/// The decisions, question by question and machine type by machine type, with their evidence; the answers are
/// last. Lines end with a line feed.
pub fn decisions_text(decisions: &Decisions, rule: &Rule, style: TextStyle) -> String {
    let mut lines = style.sentence(&rule_text(rule));
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
        let answers = decisions.questions.iter().flat_map(answers);
        lines.extend(answers.flat_map(|answer| style.paragraph("", &answer)));
    }
    style.text(&lines)
}

const METHOD: &str = "saved per day is, for each workload, the baseline's median × (1 − ratio) × builds per day, of each \
    run. Runs of a machine are averaged, more precise ones counting more; machines of a type are averaged; the workloads \
    are added up. The seconds are those of that machine type only. The interval holds for all variants of a machine type \
    together (Bonferroni), because the best of them is chosen. A variant is within the rule if the upper end of each \
    workload's 95% interval is.";

fn rule_text(rule: &Rule) -> String {
    let builds: Vec<String> =
        rule.per_day.iter().map(|(workload, count)| format!("{count} × {workload}")).collect();
    let memory = match rule.memory {
        MemoryLimit::Class => "peak memory within the memory of the machine".to_owned(),
        MemoryLimit::Bytes(bytes) => format!("peak memory within {} MiB", bytes >> 20),
    };
    let worth = if rule.worth > 0.0 {
        format!(", and at least {} a day saved", minutes(rule.worth))
    } else {
        String::new()
    };
    let slower = wording::share(rule.max_slower);
    format!("per day: {}; rule: no workload more than {slower} slower, {memory}{worth}", builds.join(", "))
}

fn question_lines(question: &SwitchQuestion, style: TextStyle) -> Vec<String> {
    let mut lines = style.sentence(&title(question));
    lines.extend(question.classes.iter().flat_map(|class| class_lines(class, style)));
    lines
}

fn title(question: &SwitchQuestion) -> String {
    let SwitchQuestion { project, matrix, baseline, .. } = question;
    format!("{project} ({matrix}): stay with {baseline}, or switch?")
}

/// The decision for each machine type, and the one for all of them.
fn answers(question: &SwitchQuestion) -> Vec<String> {
    let mut answers: Vec<String> = question
        .classes
        .iter()
        .map(|class| format!("{} on {}: {}", question.project, class_name(class), choice(class)))
        .collect();
    if question.classes.len() > 1 {
        let text = match &question.for_all {
            Some(variant) => {
                format!("{variant} is within the rule everywhere, and is worth it on at least one")
            }
            None => "no variant is within the rule everywhere and worth it".to_owned(),
        };
        answers.push(format!("{} on all machine types: {text}", question.project));
    }
    answers
}

fn class_name(class: &ClassDecision) -> String {
    format!("{} ({})", class.class, wording::pluralize(class.machines, "machine"))
}

/// The choice with the time that it saves.
fn choice(class: &ClassDecision) -> String {
    let variant = match &class.choice {
        SwitchChoice::Switch(variant) => variant,
        SwitchChoice::Stay => return "stay".to_owned(),
        SwitchChoice::NotKnown => return "not known, too close to call".to_owned(),
    };
    let chosen = class.candidates.iter().find(|one| one.variant == *variant);
    let saved = chosen.and_then(|one| one.saved).map(|DailySavings { seconds, low, high }| {
        format!(", saves {} per day ({} to {})", minutes(seconds), minutes(low), minutes(high))
    });
    format!("switch to {variant}{}", saved.unwrap_or_default())
}

fn class_lines(class: &ClassDecision, style: TextStyle) -> Vec<String> {
    let mut lines = style.paragraph("machine type ", &class_name(class));
    let rows: Vec<Vec<String>> = class.candidates.iter().map(row).collect();
    lines.extend(style.table(&COLUMNS, &rows));
    for one in &class.candidates {
        let workloads: Vec<String> = one.workloads.iter().map(workload_text).collect();
        if !workloads.is_empty() {
            lines.extend(style.paragraph("", &format!("{}: {}", one.variant, workloads.join("; "))));
        }
        if let RuleFit::No(reason) | RuleFit::NotKnown(reason) = &one.fits {
            lines.extend(style.paragraph("", &format!("{}: {reason}", one.variant)));
        }
    }
    lines
}

fn row(one: &SwitchCandidate) -> Vec<String> {
    let fits = match &one.fits {
        RuleFit::Yes => "within",
        RuleFit::No(_) => "violated",
        RuleFit::NotKnown(_) => "not known",
        RuleFit::Absent => "not measured",
    };
    let (saved, interval) = one.saved.map_or_else(Default::default, |DailySavings { seconds, low, high }| {
        (minutes(seconds), format!("{} to {}", minutes(low), minutes(high)))
    });
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

/// Seconds as minutes, with two decimals below ten minutes and one above.
fn minutes(seconds: f64) -> String {
    let minutes = seconds / 60.0;
    let text = if minutes.abs() < 10.0 { format!("{minutes:.2} min") } else { format!("{minutes:.1} min") };
    // a value that rounds to zero has no sign
    let sign = if text.contains(|c: char| ('1'..='9').contains(&c)) { "−" } else { "" };
    text.replace('-', sign)
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
    fn seconds_are_shown_as_minutes() {
        let shown = [0.0, -0.2, -0.4, 90.0, -90.0, 599.9, 3600.0].map(minutes);
        assert_eq!(
            shown,
            ["0.00 min", "0.00 min", "−0.01 min", "1.50 min", "−1.50 min", "10.00 min", "60.0 min"]
        );
    }
}
