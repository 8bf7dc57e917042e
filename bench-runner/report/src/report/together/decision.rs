//! What each class of machines should do: for a terminal, and as JSON.

use serde_json::{Value, json as object};

use crate::figure::wording;
use crate::machines::{
    Candidate, Choice, Decisions, Fits, MemoryLimit, OfClass, OfWorkload, Question, Rule, Saved,
};
use crate::report::table::{Column, paragraph, sentence, table};
use crate::report::text::visible;

const COLUMNS: [Column; 4] = [
    Column { heading: "variant", right: false },
    Column { heading: "saved per day", right: true },
    Column { heading: "interval", right: true },
    Column { heading: "rule", right: false },
];

/// The decisions, question by question and class by class, with what they rest on. Lines end with a line feed.
pub fn decisions_text(decisions: &Decisions, rule: &Rule) -> String {
    let mut lines = sentence(&rule_text(rule));
    for question in &decisions.questions {
        lines.push(String::new());
        lines.extend(of_question(question));
    }
    if decisions.questions.is_empty() {
        lines.extend([String::new(), "there is nothing to decide".to_owned()]);
    } else {
        lines.push(String::new());
        lines.extend(sentence(METHOD));
    }
    for one in &decisions.refused {
        lines.extend(paragraph("left out: ", &format!("{} of {}: {}", one.block, one.run, one.reason)));
    }
    lines.extend(decisions.remarks.iter().flat_map(|one| paragraph("to be known: ", one)));
    lines.iter().map(|line| format!("{}\n", visible(line))).collect()
}

const METHOD: &str = "Saved per day: for each workload the baseline's median × (1 − ratio) × builds a day, of each run; \
    runs of a machine are put together, the more certain ones counting more, machines of a class averaged, and the \
    workloads added up. The seconds are those of that \
    class and of no other. The interval holds for all variants of a class together (Bonferroni), since the best of them is \
    chosen. A variant fits if the upper end of each workload's plain 95 % interval is within the rule.";

fn rule_text(rule: &Rule) -> String {
    let builds: Vec<String> =
        rule.per_day.iter().map(|(workload, count)| format!("{count} × {workload}")).collect();
    let memory = match rule.memory {
        MemoryLimit::Class => "peak memory within what the class has".to_owned(),
        MemoryLimit::Bytes(bytes) => format!("peak memory within {} MiB", bytes >> 20),
    };
    let worth = if rule.worth > 0.0 {
        format!(", and at least {} a day saved", minutes(rule.worth))
    } else {
        String::new()
    };
    let slower = wording::share(rule.max_slower);
    format!(
        "a day has {}; the rule: no workload more than {slower} slower, {memory}{worth}",
        builds.join(", ")
    )
}

fn of_question(question: &Question) -> Vec<String> {
    let Question { project, matrix, baseline, .. } = question;
    let mut lines = vec![format!("{project} · {matrix}: stay with {baseline}, or switch?")];
    for class in &question.classes {
        lines.extend(of_class(class));
    }
    if question.classes.len() > 1 {
        let says = match &question.for_all {
            Some(variant) => format!("{variant} fits every class, and is worth it on at least one"),
            None => "no variant fits every class and is worth it".to_owned(),
        };
        lines.extend(paragraph("all classes: ", &says));
    }
    lines
}

fn of_class(class: &OfClass) -> Vec<String> {
    let count = wording::pluralize(class.machines, "machine");
    let choice = match &class.choice {
        Choice::Switch(variant) => format!("switch to {variant}"),
        other => other.as_str().to_owned(),
    };
    let mut lines = paragraph("", &format!("{} ({count}): {choice}", class.class));
    let rows: Vec<Vec<String>> = class.candidates.iter().map(row).collect();
    lines.extend(table(&COLUMNS, &rows));
    for one in &class.candidates {
        let says: Vec<String> = one.workloads.iter().map(of_workload).collect();
        if !says.is_empty() {
            lines.extend(paragraph("", &format!("{}: {}", one.variant, says.join("; "))));
        }
        if let Fits::No(reason) | Fits::NotKnown(reason) = &one.fits {
            lines.extend(paragraph("", &format!("{}: {reason}", one.variant)));
        }
    }
    lines
}

fn row(one: &Candidate) -> Vec<String> {
    let fits = match &one.fits {
        Fits::Yes => "holds",
        Fits::No(_) => "broken",
        Fits::NotKnown(_) => "not known",
        Fits::Absent => "not measured here",
    };
    let (saved, interval) = one.saved.map_or_else(Default::default, |Saved { seconds, low, high }| {
        (minutes(seconds), format!("{} – {}", minutes(low), minutes(high)))
    });
    vec![one.variant.clone(), saved, interval, fits.to_owned()]
}

fn of_workload(one: &OfWorkload) -> String {
    let shown = wording::interval(one.ratio.0, one.ratio.1);
    let memory = one.memory.map_or_else(String::new, |bytes| {
        let of = if one.all_processes { "at most" } else { "largest process" };
        format!(", {of} {} MiB", bytes >> 20)
    });
    format!("{} {}× ({} – {}){memory}", one.workload, shown.estimate, shown.low, shown.high)
}

/// Seconds as minutes, with two digits right of the point below ten.
fn minutes(seconds: f64) -> String {
    let minutes = seconds / 60.0;
    let text = if minutes.abs() < 10.0 { format!("{minutes:.2} min") } else { format!("{minutes:.1} min") };
    // what rounds to nothing has no sign
    let sign = if text.contains(|c: char| ('1'..='9').contains(&c)) { "−" } else { "" };
    text.replace('-', sign)
}

/// The same as one document; what is written to roll a choice out stands with each class.
pub fn decisions_json(decisions: &Decisions, rule: &Rule) -> Value {
    let class = |class: &OfClass| {
        object!({
            "class": class.class,
            "machines": class.machines,
            "decision": class.choice.as_str(),
            "variant": match &class.choice { Choice::Switch(variant) => Some(variant), _ => None },
            "candidates": class.candidates.iter().map(candidate).collect::<Vec<_>>(),
        })
    };
    let question = |one: &Question| {
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

fn candidate(one: &Candidate) -> Value {
    let (fits, reason) = match &one.fits {
        Fits::Yes => ("yes", None),
        Fits::No(reason) => ("no", Some(reason)),
        Fits::NotKnown(reason) => ("not known", Some(reason)),
        Fits::Absent => ("not measured", None),
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
