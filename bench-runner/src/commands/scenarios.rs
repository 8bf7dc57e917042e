//! `scenarios`: the ready-made experiments.

use std::path::PathBuf;

use bench_runner_measure::scenario::{Baseline, RequestWord, Scenario, ScenarioLibrary, VariantContent};

use super::layout::{columns, list_width};
use super::terminal::Terminal;
use super::{Exit, format_duration, pluralize};
use crate::built_in;
use crate::flows::{FlowError, Places};

/// Ready-made experiments: list, show or check them
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: ScenariosAction,
}

#[derive(Debug, Clone, clap::Subcommand)]
enum ScenariosAction {
    /// List the built-in scenarios and those in `scenarios/`, which take precedence
    #[command(after_help = "Example:\n  bench-runner scenarios list")]
    List {
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
    /// Show the projects, workloads, variants and limits of a scenario
    #[command(after_help = "Example:\n  bench-runner scenarios show recommended")]
    Show {
        /// Name or file
        name: String,
    },
    /// Check scenario files without running anything
    #[command(after_help = "Example:\n  bench-runner scenarios check")]
    Check {
        /// Files [default: all scenarios that `list` shows]
        files: Vec<PathBuf>,
    },
}

const EXAMPLES: &str = "\
Examples:
  bench-runner scenarios list
  bench-runner scenarios show recommended";

pub(crate) fn run(args: &Args, places: &Places) -> Result<Exit, FlowError> {
    let checkout = places.checkout.as_deref();
    match &args.action {
        ScenariosAction::List { json } => list(&built_in::library(checkout)?, *json),
        ScenariosAction::Show { name } => {
            Terminal::of_stdout().print(&describe(&built_in::library(checkout)?.get(name)?));
        }
        ScenariosAction::Check { files } if files.is_empty() => {
            let library = built_in::library(checkout)?;
            library.iter().for_each(|scenario| outln!("{}: valid ({})", scenario.name, scenario.origin));
        }
        ScenariosAction::Check { files } => {
            for file in files {
                let scenario = ScenarioLibrary::read_file(file)?;
                outln!("{}: valid (scenario `{}`)", file.display(), scenario.name);
            }
        }
    }
    Ok(Exit::Done)
}

fn list(library: &ScenarioLibrary, json: bool) {
    if json {
        let entry = |scenario: &Scenario| serde_json::json!({ "name": scenario.name, "summary": scenario.summary, "origin": scenario.origin });
        outln!("{:#}", serde_json::Value::Array(library.iter().map(entry).collect()));
        return;
    }
    let rows: Vec<Vec<String>> = library
        .iter()
        .map(|scenario| vec![scenario.name.clone(), scenario.origin.clone(), scenario.summary.clone()])
        .collect();
    out!("{}", columns(&rows, list_width()));
}

fn describe(scenario: &Scenario) -> String {
    let words =
        |words: &[RequestWord]| words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(", ");
    let mut text = format!("{}: {} ({})\n", scenario.name, scenario.summary, scenario.origin);
    for matrix in &scenario.matrices {
        text.push_str(&format!("\n{}\n", matrix.name));
        let mut rows = Vec::new();
        if !matrix.projects.is_empty() {
            rows.push(vec!["  projects".into(), words(&matrix.projects)]);
        }
        if !matrix.workloads.is_empty() {
            rows.push(vec!["  workloads".into(), words(&matrix.workloads)]);
        }
        rows.extend(matrix.axes.iter().map(|(key, values)| vec![format!("  {key}"), words(values)]));
        for variant in &matrix.variants {
            rows.push(vec![format!("  {}", variant.name), content(&variant.content)]);
        }
        match &matrix.baseline {
            Baseline::Whole(name) => rows.push(vec!["  baseline".into(), name.clone()]),
            Baseline::Values(values) => rows.extend(
                values.iter().map(|(key, value)| vec!["  baseline".into(), format!("{key}={}", value.text)]),
            ),
        }
        for exclude in &matrix.exclude {
            let when: Vec<String> =
                exclude.when.iter().map(|(key, value)| format!("{key}={value}")).collect();
            rows.push(vec!["  skipped".into(), format!("{} ({})", when.join(" "), exclude.reason)]);
        }
        if !matrix.twin {
            rows.push(vec!["  control".into(), "none".into()]);
        }
        text.push_str(&columns(&rows, list_width()));
    }
    let sampling = &scenario.sampling;
    let precision = match sampling.precision {
        Some(precision) => format!(", until ±{}%", precision * 100.0),
        None => String::new(),
    };
    let budget = sampling
        .time_budget
        .map(|budget| format!(", within {}", format_duration(budget)))
        .unwrap_or_default();
    text.push_str(&format!(
        "\n{} to {} rounds{precision}{budget}; smallest difference that matters: {}%\n",
        sampling.min_rounds,
        sampling.max_rounds,
        sampling.margin * 100.0
    ));
    text
}

/// The settings of a whole variant, on one line.
fn content(content: &VariantContent) -> String {
    match content {
        VariantContent::Set(set) if set.is_empty() => "the project without any settings".to_owned(),
        VariantContent::Set(set) => {
            set.iter().map(|(key, word)| format!("{key}={}", word.text)).collect::<Vec<_>>().join(" ")
        }
        VariantContent::Snippet(text) => {
            format!("a file with {}", pluralize(text.lines().count(), "line"))
        }
        VariantContent::AsConfigured => "the project with your own cargo configuration".to_owned(),
    }
}
