//! `decide`: switch or stay, for each class of machines.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use bench_runner_core::bundle;
use bench_runner_core::compare::Policy;
use bench_runner_core::record::{AS_CONFIGURED, Block, SNIPPET, TEXT_SETTINGS};
use bench_runner_measure::scenario::RequestError;
use bench_runner_report::machines::{
    ClassDecision, Decisions, MemoryLimit, Rule, SwitchChoice, SwitchQuestion,
};
use bench_runner_report::report;

use super::layout::hanging;
use super::per_day::{by_workload, per_day};
use super::run_paths::named_runs;
use super::{Exit, HOW_TO_JUDGE, text_style};
use crate::flows::{self, FlowError, JudgedRun};

/// Decide for each machine type whether to switch, from one or more runs
///
/// For each machine type, variants that certainly slow any workload of `--per-day` by more than `--max-slower`, or
/// exceed `--max-memory`, are ruled out; those that may do so are not recommended. Of the others that save more than
/// `--worth` per developer and day with all of their interval, the one that saves most wins; another one may be as
/// good. If there is none, and it is open whether one saves that much or is ruled out, it is too close to call; else
/// the answer is to stay. Several runs of a machine with the same tools are averaged, and more precise ones count more;
/// all machines of a type count the same. So if it is too close to call, run again and give both runs. Exit code 5: too
/// close to call on at least one machine type.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Runs, such as `results/MACHINE/RUN`, archives of them, or searches, of which the confirmation counts
    #[arg(required = true, value_name = "RUN")]
    bundles: Vec<PathBuf>,
    /// How many builds of each workload a developer makes in a day, such as incremental=80,clean=3 (repeatable)
    #[arg(long, required = true, value_name = "W=N,…", value_delimiter = ',', value_parser = per_day, help_heading = HOW_TO_JUDGE)]
    per_day: Vec<(String, f64)>,
    /// How much slower any of these workloads may become. A limit for a switch, and not the margin of a run: a workload that
    /// becomes 2.5% slower is `equivalent` in a run with a margin of 3%, and rules a variant out here
    #[arg(long, value_name = "PCT", default_value = "2%", value_parser = slower, help_heading = HOW_TO_JUDGE)]
    max_slower: f64,
    /// Memory limit for a build, such as 4G: for all its processes together where that was measured, else for the largest
    /// [default: the machine's RAM]
    #[arg(long, value_name = "SIZE", default_value = "class", hide_default_value = true, value_parser = memory, help_heading = HOW_TO_JUDGE)]
    max_memory: MemoryLimit,
    /// Smallest saving per developer and day that is worth a switch, such as `1m`
    #[arg(long, value_name = "DUR", default_value = "0s", value_parser = humantime::parse_duration, help_heading = HOW_TO_JUDGE)]
    worth: Duration,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  bench-runner decide results/*/* --per-day incremental=80,clean=3
  bench-runner decide results/*/* --per-day incremental=80 --max-memory 4G --worth 1m";

fn slower(text: &str) -> Result<f64, String> {
    match text.trim().trim_end_matches('%').trim().parse::<f64>() {
        Ok(percent) if percent.is_finite() && percent >= 0.0 => Ok(percent / 100.0),
        _ => Err("expected a percentage such as 2%, or 0%".to_owned()),
    }
}

fn memory(text: &str) -> Result<MemoryLimit, String> {
    if text == "class" {
        return Ok(MemoryLimit::Class);
    }
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let shift = match text[digits..].trim_end_matches("iB").trim_end_matches('B') {
        "" => Some(0),
        "K" | "k" => Some(10),
        "M" => Some(20),
        "G" => Some(30),
        "T" => Some(40),
        _ => None,
    };
    let bytes = shift.and_then(|shift| text[..digits].parse::<u64>().ok()?.checked_mul(1 << shift));
    let bytes = bytes.filter(|bytes| *bytes > 0).map(MemoryLimit::Bytes);
    bytes.ok_or_else(|| "expected a size such as 4G or 512M (powers of 1024)".to_owned())
}

pub(crate) fn run(args: &Args) -> Result<Exit, FlowError> {
    let bundles = named_runs(&args.bundles)?;
    check(args, &bundles)?;
    let judged = flows::judge_all(&bundles, &Policy::default())?;
    for run in &judged {
        run.bundle.remarks.iter().for_each(|remark| errln!("note: {remark}"));
    }
    let rule = Rule {
        max_slower: args.max_slower,
        memory: args.max_memory,
        worth: args.worth.as_secs_f64(),
        per_day: args.per_day.clone(),
    };
    let decisions = flows::decide(&judged, &rule);
    let lines = roll_out(&decisions, &judged);
    if args.json {
        let mut document = report::decisions_json(&decisions, &rule);
        document["roll_out"] = lines.iter().map(RollOut::json).collect();
        outln!("{document:#}");
    } else {
        let style = text_style(false);
        out!("{}", report::decisions_text(&decisions, &rule, style));
        lines.iter().for_each(|one| out!("\n{}", one.text(style.width)));
    }
    let known = decisions.questions.iter().flat_map(|question| &question.classes);
    let all_known = known.clone().all(|class| class.choice != SwitchChoice::NotKnown);
    Ok(if all_known && known.count() > 0 { Exit::Done } else { Exit::Undecided })
}

/// Checks that the bundles are readable and have the workloads, before anything is judged: a workload that is
/// in no bundle is a typo.
fn check(args: &Args, bundles: &[PathBuf]) -> Result<(), FlowError> {
    by_workload(&args.per_day)?;
    let mut known = BTreeSet::new();
    for dir in bundles {
        known.extend(bundle::read_manifest(dir)?.plan.blocks.iter().map(Block::workload));
    }
    match args.per_day.iter().find(|(workload, _)| !known.contains(workload)) {
        None => Ok(()),
        Some((workload, _)) => {
            let help = match known.is_empty() {
                true => "they have no blocks".to_owned(),
                false => format!("they have {}", known.into_iter().collect::<Vec<_>>().join(", ")),
            };
            let message = format!("no bundle has the workload `{workload}`");
            Err(RequestError::usage(message, Some(help)).into())
        }
    }
}

/// The lines that apply the variant to which a class switches.
struct RollOut {
    class: String,
    project: String,
    baseline: String,
    variant: String,
    settings: BTreeMap<String, String>,
    advice: Vec<report::Advice>,
}

fn roll_out(decisions: &Decisions, judged: &[JudgedRun]) -> Vec<RollOut> {
    let of_class = |question: &SwitchQuestion, class: &ClassDecision| -> Option<RollOut> {
        let SwitchChoice::Switch(variant) = &class.choice else { return None };
        let chosen = class.candidates.iter().find(|one| one.variant == *variant)?;
        let run = judged.iter().find(|run| chosen.runs.contains(&run.bundle.manifest.run))?;
        let advice = flows::advice_for(&run.bundle, &run.comparison, variant);
        Some(RollOut {
            class: class.class.clone(),
            project: question.project.clone(),
            baseline: question.baseline.clone(),
            variant: variant.clone(),
            settings: chosen.settings.clone(),
            advice,
        })
    };
    let both = decisions.questions.iter().flat_map(|one| one.classes.iter().map(move |class| (one, class)));
    both.filter_map(|(question, class)| of_class(question, class)).collect()
}

impl RollOut {
    fn text(&self, width: usize) -> String {
        let Self { class, project, baseline, variant, .. } = self;
        let title = format!("to switch {project} on {class} from {baseline} to {variant}:");
        let mut text =
            hanging("", &title, width) + &hanging("  settings: ", &self.settings_in_words(), width);
        for (file, lines) in self.advice.iter().flat_map(|one| &one.files) {
            text.push_str(&format!("  in {file}:\n"));
            lines.lines().for_each(|line| text.push_str(&format!("    {line}\n")));
        }
        for remark in self.advice.iter().flat_map(|one| &one.remarks) {
            text.push_str(&hanging("  ", remark, width));
        }
        text
    }

    /// The settings of the variant, without the text of whole configurations.
    fn settings_in_words(&self) -> String {
        let named = self.settings.iter().filter(|(key, _)| !TEXT_SETTINGS.contains(&key.as_str()));
        let mut parts: Vec<String> = named.map(|(axis, value)| format!("{axis}={value}")).collect();
        parts.extend(self.settings.contains_key(SNIPPET).then(|| "the lines of its file".to_owned()));
        let on_own = self.settings.contains_key(AS_CONFIGURED);
        match (parts.is_empty(), on_own) {
            (true, true) => "your own configuration".to_owned(),
            (true, false) => "none".to_owned(),
            (false, true) => format!("{}, on top of your own configuration", parts.join(" ")),
            (false, false) => parts.join(" "),
        }
    }

    fn json(&self) -> serde_json::Value {
        let settings = self.settings.iter().map(|(axis, value)| format!("{axis}={value}"));
        let files = self.advice.iter().flat_map(|one| &one.files);
        serde_json::json!({
            "class": self.class,
            "project": self.project,
            "variant": self.variant,
            "settings": settings.collect::<Vec<_>>().join(" "),
            "files": files.map(|(file, lines)| serde_json::json!({ "file": file, "lines": lines })).collect::<Vec<_>>(),
            "remarks": self.advice.iter().flat_map(|one| &one.remarks).collect::<Vec<_>>(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_by_hand_is_checked() {
        assert_eq!((slower("2%"), slower("0"), slower("1.5")), (Ok(0.02), Ok(0.0), Ok(0.015)));
        assert!(slower("-1").is_err() && slower("x").is_err());
        assert_eq!(
            (memory("class"), memory("512M")),
            (Ok(MemoryLimit::Class), Ok(MemoryLimit::Bytes(512 << 20)))
        );
        assert_eq!(
            (memory("4GiB"), memory("1000")),
            (Ok(MemoryLimit::Bytes(4 << 30)), Ok(MemoryLimit::Bytes(1000)))
        );
        for wrong in ["", "G", "4X", "-4G", "0", "99999999999T", "4ä"] {
            assert!(memory(wrong).is_err(), "{wrong}");
        }
    }
}
