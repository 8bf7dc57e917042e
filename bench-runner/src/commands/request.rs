//! The request of `run` and `plan`: scenarios, and the changes to them on the command line.

mod changes;
mod plan_file;
mod values;
mod variants;

use std::path::PathBuf;
use std::time::Duration;

use bench_runner_core::record::{Plan, Refusal};
use bench_runner_measure::plan::{self, PlanOptions};
use bench_runner_measure::scenario::{self, Matrix, RequestError, RequestWord, Scenario, VariantBase};

use crate::built_in;
use crate::flows::{FlowError, Places, Projects};

/// The default scenario.
const DEFAULT_SCENARIO: &str = "quick";

/// What is to be built, and how often.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct RequestArgs {
    /// Scenarios, by name or as files [default: `quick`]
    #[arg(value_name = "SCENARIO")]
    scenarios: Vec<String>,
    /// Carry out this plan, as `plan --json` wrote it
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = [
            "scenarios", "project", "axis", "workload", "variant", "baseline", "on", "no_twin", "sessions", "rounds", "min_rounds",
            "max_rounds", "precision", "margin", "time_budget", "timeout", "seed", "shard",
        ],
    )]
    plan: Option<PathBuf>,
    /// A project of the corpus, `tag:NAME`, a directory of your own (with a `/` in it), or a manifest file
    #[arg(long, value_name = "NAME|PATH")]
    project: Vec<String>,
    /// What to vary, such as `linker=bfd,mold`, `debug=full,none` or `rustflags=,-Ctarget-cpu=native`; `doctor` shows
    /// all axes
    #[arg(long, value_name = "KEY=V1,V2")]
    axis: Vec<String>,
    /// A workload: clean, check, test, clippy, doc, noop, deps-only, after-release; incremental, check-incremental or
    /// test-incremental, also as incremental:CLASS of edits; replay, also as replay:N commits
    #[arg(long, value_name = "W")]
    workload: Vec<String>,
    /// A piece of cargo's configuration or of a profile, as articles print them; or `as-configured`, `as-it-is`
    #[arg(long, value_name = "NAME=FILE")]
    variant: Vec<String>,
    /// What the others are compared with, such as `linker=bfd`, a whole variant's name, or `as-configured`
    #[arg(long, value_name = "AXIS=V|NAME")]
    baseline: Vec<String>,
    /// What the settings of every variant are added to: `as-configured`, your own configuration of cargo; `as-it-is`, the
    /// project without it; `what-you-have`, the first for a directory of your own and the second for all others, which is
    /// the default unless a scenario file says otherwise
    #[arg(long, value_name = "WHAT", value_parser = on)]
    on: Option<VariantBase>,
    /// Build no second copy of the baseline
    #[arg(long)]
    no_twin: bool,
    /// Lay out work trees and target directories anew so many times
    #[arg(long, value_name = "K")]
    sessions: Option<u32>,
    /// Build exactly so many rounds
    #[arg(long, value_name = "N", conflicts_with_all = ["min_rounds", "max_rounds", "precision"])]
    rounds: Option<u32>,
    /// Build at least so many rounds
    #[arg(long, value_name = "N")]
    min_rounds: Option<u32>,
    /// Build at most so many rounds
    #[arg(long, value_name = "N")]
    max_rounds: Option<u32>,
    /// Stop when the intervals are narrower than plus or minus this
    #[arg(long, value_name = "PCT", value_parser = percent)]
    precision: Option<f64>,
    /// What is worth talking about
    #[arg(long, value_name = "PCT", value_parser = percent)]
    margin: Option<f64>,
    /// What the whole run may take, such as `30m`; blocks take turns within it
    #[arg(long, value_name = "DUR", value_parser = humantime::parse_duration)]
    time_budget: Option<Duration>,
    /// What one build may take before it is ended
    #[arg(long, value_name = "DUR", value_parser = humantime::parse_duration)]
    timeout: Option<Duration>,
    /// Draws every order; the same seed gives the same order
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Carry out only the K-th of N shares of the blocks, as a run with a time budget of its own
    #[arg(long, value_name = "K/N", value_parser = shard)]
    shard: Option<(u32, u32)>,
    /// Fetch nothing
    #[arg(long)]
    pub(super) offline: bool,
}

pub(super) fn percent(text: &str) -> Result<f64, String> {
    let number = text.trim().trim_end_matches('%').trim();
    match number.parse::<f64>() {
        Ok(percent) if percent.is_finite() && percent > 0.0 => Ok(percent / 100.0),
        _ => Err("expected a percentage such as 1.5%".to_owned()),
    }
}

fn on(text: &str) -> Result<VariantBase, String> {
    VariantBase::parse(text).map_err(|Refusal { what, help }| match help {
        Some(help) => format!("{what}: {help}"),
        None => what,
    })
}

fn shard(text: &str) -> Result<(u32, u32), String> {
    let parsed = text.split_once('/').and_then(|(k, n)| Some((k.parse().ok()?, n.parse().ok()?)));
    match parsed {
        Some((share, of)) if share >= 1 && share <= of => Ok((share, of)),
        _ => Err("expected K/N with K from 1 to N, such as 1/4".to_owned()),
    }
}

/// A request, read and checked as far as possible without the machine.
pub(super) enum PlanRequest {
    Plan(Plan),
    Scenarios { scenarios: Vec<Scenario>, options: PlanOptions },
}

impl PlanRequest {
    /// Reads scenarios, values of axes, files of variants, or a plan.
    pub(super) fn read(args: &RequestArgs, places: &Places) -> Result<Self, RequestError> {
        if let Some(file) = &args.plan {
            return Ok(Self::Plan(plan_file::read(file)?));
        }
        let library = built_in::library(places.checkout.as_deref())?;
        let axes = axes(&args.axis)?;
        let whole = variants::read(&args.variant)?;
        let mut scenarios = match args.scenarios.as_slice() {
            [] if axes.is_empty() && whole.is_empty() => vec![library.get(DEFAULT_SCENARIO)?],
            [] => vec![changes::custom_scenario(&axes)],
            names => names.iter().map(|name| library.get(name)).collect::<Result<_, _>>()?,
        };
        for scenario in &mut scenarios {
            changes::change_matrices(scenario, args, &axes)?;
            variants::add(scenario, &whole)?;
            variants::set_baselines(scenario, &args.baseline)?;
            changes::change_sampling(&mut scenario.sampling, args)?;
        }
        let seed = args.seed.unwrap_or_else(seed_from_time);
        let options = PlanOptions { seed, shard: args.shard, time_budget: args.time_budget };
        Ok(Self::Scenarios { scenarios, options })
    }

    /// Checks the words for projects: names and tags, manifests, directories. Fetches nothing.
    pub(super) fn check(&self, projects: &Projects) -> Result<(), RequestError> {
        let Self::Scenarios { scenarios, .. } = self else { return Ok(()) };
        for matrix in scenarios.iter().flat_map(|scenario| &scenario.matrices) {
            let varied = matrix.axes.iter().filter(|(key, _)| key == "project").flat_map(|(_, words)| words);
            for word in matrix.projects.iter().chain(varied).chain(matrix.baseline.value("project")) {
                projects.check(word)?;
            }
        }
        Ok(())
    }

    /// The settings that it asks for, as keys and values.
    pub(super) fn settings(&self) -> Vec<(&str, &str)> {
        match self {
            Self::Plan(plan) => plan
                .blocks
                .iter()
                .flat_map(|block| &block.arms)
                .flat_map(|arm| arm.variant.settings.iter().map(|(key, text)| (key.as_str(), text.as_str())))
                .collect(),
            Self::Scenarios { scenarios, .. } => {
                scenarios.iter().flat_map(|scenario| &scenario.matrices).flat_map(Matrix::settings).collect()
            }
        }
    }

    /// The plan for this machine.
    pub(super) fn plan(self, projects: &Projects) -> Result<Plan, FlowError> {
        match self {
            Self::Plan(plan) => plan::adapt_plan(plan, projects),
            Self::Scenarios { scenarios, options } => plan::plan(&scenarios, projects, &options),
        }
    }
}

/// Values of `--axis`, each key once.
fn axes(texts: &[String]) -> Result<Vec<(String, Vec<RequestWord>)>, RequestError> {
    let axes = texts.iter().map(|text| axis(text)).collect::<Result<Vec<_>, _>>()?;
    let again = |(at, axis): (usize, &(String, _))| axes[..at].iter().any(|(key, _)| *key == axis.0);
    if let Some((_, (key, _))) = axes.iter().enumerate().find(|&axis| again(axis)) {
        let help = format!("give all values at once: `--axis {key}=V1,V2`");
        return Err(RequestError::usage(format!("the axis `{key}` is given twice"), Some(help)));
    }
    Ok(axes)
}

fn seed_from_time() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::SystemTime::UNIX_EPOCH);
    now.map_or(1, |since| since.as_nanos() as u64 & 0xffff_ffff)
}

/// One `KEY=V1,V2`, checked.
fn axis(text: &str) -> Result<(String, Vec<RequestWord>), RequestError> {
    let (key, values) = pair("--axis", text)?;
    let values = values::split(values)?;
    for (at, value) in values.iter().enumerate() {
        check_value(text, key, value)?;
        if values[..at].contains(value) {
            return Err(RequestError::usage(format!("`{text}`: the value `{value}` stands twice"), None));
        }
    }
    Ok((key.to_owned(), values.into_iter().map(RequestWord::from_command_line).collect()))
}

fn pair<'t>(option: &str, text: &'t str) -> Result<(&'t str, &'t str), RequestError> {
    text.split_once('=').ok_or_else(|| {
        RequestError::usage(
            format!("`{option} {text}` has no `=`"),
            Some(format!("write `{option} linker=mold`")),
        )
    })
}

fn check_value(text: &str, key: &str, value: &str) -> Result<(), RequestError> {
    scenario::check_value(key, value).map_err(|refusal| match key {
        "workload" => refusal.into(),
        _ => Refusal { what: format!("`{text}`: {}", refusal.what), ..refusal }.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_by_hand_is_checked_like_a_file() {
        let error =
            crate::commands::with_help(&FlowError::from(axis("linker=bfd,modl").unwrap_err()).refusal());
        assert!(
            error.contains("`modl` is not a linker") && error.ends_with("help: did you mean `mold`?"),
            "{error}"
        );
        assert!(axis("linker").unwrap_err().to_string().contains("has no `=`"));
        assert!(
            crate::commands::with_help(&FlowError::from(axis("workload=clean,chek").unwrap_err()).refusal())
                .contains("did you mean `check`?")
        );
        assert_eq!(axis("env.X=1,2").unwrap().1.len(), 2);
        assert_eq!(axis("env.X=1,{ own = 16, deps = 256 }").unwrap().1[1].text, "{own=16,deps=256}");
    }

    #[test]
    fn percentages_and_shards_have_one_form() {
        assert_eq!(percent("1.5%"), Ok(0.015));
        assert_eq!(percent("3"), Ok(0.03));
        assert!(percent("-1").is_err() && percent("x").is_err() && percent("0%").is_err());
        assert_eq!(shard("2/3"), Ok((2, 3)));
        assert!(shard("0/3").is_err() && shard("4/3").is_err() && shard("3").is_err());
    }
}
