//! What `run` and `plan` are asked for: scenarios, and what the command line changes in them.

mod values;
mod variants;

use std::path::PathBuf;
use std::time::Duration;

use bench_runner_core::record::{FORMAT_VERSION, Plan, Refusal};
use bench_runner_measure::plan::{self, Options};
use bench_runner_measure::scenario::{self, Baseline, Matrix, RequestError, SamplingSpec, Scenario, Word};

use crate::built_in;
use crate::flows::{FlowError, Places, Workplace};

/// The scenario that is run when none is named.
const MAIN_JOB: &str = "quick";

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
    /// What every variant stands on: `as-configured` keeps your own configuration of cargo in force beneath what the
    /// variant sets
    #[arg(long, value_name = "WHAT", value_parser = on)]
    on: Option<bool>,
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
    /// What the whole run may take, such as `30m`
    #[arg(long, value_name = "DUR", value_parser = humantime::parse_duration)]
    time_budget: Option<Duration>,
    /// What one build may take before it is ended
    #[arg(long, value_name = "DUR", value_parser = humantime::parse_duration)]
    timeout: Option<Duration>,
    /// Draws every order; the same seed gives the same order
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Carry out only the K-th of N shares of the blocks
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

fn on(text: &str) -> Result<bool, String> {
    scenario::on(text).map_err(|Refusal { what, help }| match help {
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

/// The plan that is asked for.
pub(super) fn plan(args: &RequestArgs, workplace: &Workplace, places: &Places) -> Result<Plan, FlowError> {
    if let Some(file) = &args.plan {
        return Ok(plan::refit(read_plan(file)?, workplace)?);
    }
    let library = built_in::library(places.checkout.as_deref())?;
    let axes = args.axis.iter().map(|text| axis(text)).collect::<Result<Vec<_>, _>>()?;
    if let Some((key, _)) = axes
        .iter()
        .enumerate()
        .find_map(|(at, axis)| axes[..at].iter().any(|(key, _)| *key == axis.0).then_some(axis))
    {
        let help = format!("give all values at once: `--axis {key}=V1,V2`");
        return Err(RequestError::usage(format!("the axis `{key}` is given twice"), Some(help)).into());
    }
    let whole = variants::read(&args.variant)?;
    let mut scenarios = match args.scenarios.as_slice() {
        [] if axes.is_empty() && whole.is_empty() => vec![library.get(MAIN_JOB)?],
        [] => vec![custom(&axes)],
        names => names.iter().map(|name| library.get(name)).collect::<Result<_, _>>()?,
    };
    for scenario in &mut scenarios {
        change_matrices(scenario, args, &axes)?;
        variants::add(scenario, &whole)?;
        variants::set_baselines(scenario, &args.baseline)?;
        change_sampling(&mut scenario.sampling, args)?;
    }
    let options = Options { seed: args.seed.unwrap_or_else(seed_of_now), shard: args.shard };
    let mut plan = plan::plan(&scenarios, workplace, &options)?;
    if args.time_budget.is_some() {
        plan.time_budget = args.time_budget;
    }
    Ok(plan)
}

fn read_plan(file: &std::path::Path) -> Result<Plan, RequestError> {
    let unreadable = |reason: String| {
        let help = Some("`bench-runner plan --json` writes one".to_owned());
        RequestError::usage(format!("cannot read the plan {}: {reason}", file.display()), help)
    };
    let text = std::fs::read_to_string(file).map_err(|error| unreadable(error.to_string()))?;
    // The version comes first: what a newer program wrote must not fail on a key that is not known yet.
    let raw: serde_json::Value =
        serde_json::from_str(&text).map_err(|error| unreadable(error.to_string()))?;
    if let Some(format) = raw["format"].as_u64().filter(|format| *format > u64::from(FORMAT_VERSION)) {
        return Err(unreadable(format!("its format {format} is newer than this program's {FORMAT_VERSION}")));
    }
    serde_json::from_str(&text).map_err(|error| unreadable(error.to_string()))
}

fn seed_of_now() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::SystemTime::UNIX_EPOCH);
    now.map_or(1, |since| since.as_nanos() as u64 & 0xffff_ffff)
}

/// `KEY=V1,V2`, checked.
fn axis(text: &str) -> Result<(String, Vec<Word>), RequestError> {
    let (key, values) = pair("--axis", text)?;
    let values = values::split(values)?;
    for (at, value) in values.iter().enumerate() {
        check_value(text, key, value)?;
        if values[..at].contains(value) {
            return Err(RequestError::usage(format!("`{text}`: the value `{value}` stands twice"), None));
        }
    }
    Ok((key.to_owned(), values.into_iter().map(Word::given).collect()))
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

/// A scenario for axes that were given on the command line alone.
fn custom(axes: &[(String, Vec<Word>)]) -> Scenario {
    let has = |key: &str| axes.iter().any(|(axis, _)| axis == key);
    let matrix = Matrix {
        name: "custom".into(),
        projects: if has("project") { Vec::new() } else { vec![Word::given("titlecase")] },
        workloads: if has("workload") { Vec::new() } else { vec![Word::given("clean")] },
        baseline: Default::default(),
        axes: axes.to_vec(),
        variants: Vec::new(),
        on_configured: false,
        exclude: Vec::new(),
        twin: true,
    };
    Scenario {
        name: "custom".into(),
        summary: "from the command line".into(),
        matrices: vec![matrix],
        sampling: SamplingSpec::default(),
        origin: "the command line".into(),
    }
}

fn change_matrices(
    scenario: &mut Scenario,
    args: &RequestArgs,
    axes: &[(String, Vec<Word>)],
) -> Result<(), RequestError> {
    let words = |texts: &[String]| texts.iter().map(Word::given).collect::<Vec<_>>();
    for (key, given) in [("workload", &args.workload), ("project", &args.project)] {
        if !given.is_empty() && axes.iter().any(|(axis, _)| axis == key) {
            let message = format!("`--{key}` and `--axis {key}=…` exclude each other");
            return Err(RequestError::usage(message, Some("give all of them to `--axis`".to_owned())));
        }
    }
    args.workload.iter().try_for_each(|name| scenario::check_value("workload", name))?;
    if !args.workload.is_empty() {
        // A block that compares workloads has nothing to do with being asked for one.
        scenario.matrices.retain(|matrix| matrix.axes.iter().all(|(key, _)| key != "workload"));
    }
    for (key, values) in axes {
        let somewhere =
            scenario.matrices.iter().any(|matrix| matrix.axes.iter().any(|(axis, _)| axis == key));
        for matrix in &mut scenario.matrices {
            match matrix.axes.iter_mut().find(|(axis, _)| axis == key) {
                Some((_, old)) => {
                    old.clone_from(values);
                    if let Baseline::Values(baseline) = &mut matrix.baseline {
                        baseline.retain(|named, word| {
                            named != key || values.iter().any(|value| value.text == word.text)
                        });
                    }
                }
                None if !somewhere => matrix.axes.push((key.clone(), values.clone())),
                None => {}
            }
        }
    }
    for matrix in &mut scenario.matrices {
        if !args.project.is_empty() {
            match matrix.axes.iter_mut().find(|(key, _)| key == "project") {
                Some((_, values)) => {
                    *values = words(&args.project);
                    if let Baseline::Values(baseline) = &mut matrix.baseline {
                        baseline.remove("project");
                    }
                }
                None => matrix.projects = words(&args.project),
            }
        }
        if !args.workload.is_empty() {
            matrix.workloads = words(&args.workload);
        }
        matrix.twin &= !args.no_twin;
        matrix.on_configured = args.on.unwrap_or(matrix.on_configured);
    }
    if scenario.matrices.is_empty() {
        let message = format!("`--workload` leaves nothing of `{}`, which compares workloads", scenario.name);
        let help = format!("compare others by `--axis workload={}`", args.workload.join(","));
        return Err(RequestError::usage(message, Some(help)));
    }
    Ok(())
}

fn change_sampling(spec: &mut SamplingSpec, args: &RequestArgs) -> Result<(), RequestError> {
    if let Some(rounds) = args.rounds {
        (spec.min_rounds, spec.max_rounds, spec.precision) = (rounds, rounds, None);
    }
    if let Some(min) = args.min_rounds {
        (spec.min_rounds, spec.max_rounds) = (min, spec.max_rounds.max(min));
    }
    if let Some(max) = args.max_rounds {
        spec.max_rounds = max;
        if args.min_rounds.is_none() {
            spec.min_rounds = spec.min_rounds.min(max);
        }
    }
    spec.precision = args.precision.or(spec.precision);
    spec.margin = args.margin.unwrap_or(spec.margin);
    spec.timeout = args.timeout.unwrap_or(spec.timeout);
    spec.sessions = args.sessions.unwrap_or(spec.sessions);
    match spec.contradiction() {
        Some(contradiction) => Err(RequestError::usage(contradiction, None)),
        None => Ok(()),
    }
}

/// An error as the terminal shows it.
#[cfg(test)]
fn printed(error: &RequestError) -> String {
    error.help().map_or_else(|| error.to_string(), |help| format!("{error}\nhelp: {help}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_by_hand_is_checked_like_a_file() {
        let refused = |text: &str| printed(&axis(text).unwrap_err());
        let error = refused("linker=bfd,modl");
        assert!(
            error.contains("`modl` is not a linker") && error.ends_with("help: did you mean `mold`?"),
            "{error}"
        );
        assert!(refused("linker").contains("has no `=`"));
        assert!(refused("workload=clean,chek").contains("did you mean `check`?"));
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
