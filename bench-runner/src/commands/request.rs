//! The request of `run` and `plan`: scenarios, and the changes to them on the command line.

mod changes;
mod plan_file;
mod values;
mod variants;
mod verb_scenario;

use std::path::PathBuf;
use std::time::Duration;

use bench_runner_core::record::{Plan, PlanOrigin, Refusal};
use bench_runner_measure::plan::{self, PlanOptions};
use bench_runner_measure::scenario::{
    self, Matrix, MatrixDesign, RequestError, RequestWord, Scenario, VariantBase,
};

pub(super) use variants::parse_variant;
pub(super) use verb_scenario::VerbScenario;

use super::start::PlanArgs;
use super::{HOW_LONG, HOW_TO_JUDGE, WHAT_TO_COMPARE};
use crate::built_in;
use crate::flows::{FlowError, Places, Projects};

/// The default scenario.
const DEFAULT_SCENARIO: &str = "quick";

/// What is to be built, and how often.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct RequestArgs {
    /// Ready-made experiments, by name (`bench-runner scenarios list`) or by file [default: `quick`, unless `--axis`
    /// or `--variant` is given]
    #[arg(value_name = "SCENARIO")]
    scenarios: Vec<String>,
    /// Project to build: a name or `tag:NAME` from `corpus list`, a directory of your own (with a `/` in it, such as
    /// `./`), or a manifest file (repeatable) [default: those of the scenario; titlecase if there is none]
    #[arg(long, value_name = "NAME|PATH", help_heading = WHAT_TO_COMPARE)]
    project: Vec<String>,
    /// Setting to vary, such as `linker=default,mold` or `debug=full,none`; with two or more values, the first is the
    /// baseline. `bench-runner doctor` lists all axes (repeatable)
    #[arg(long, value_name = "KEY=V1,V2", help_heading = WHAT_TO_COMPARE)]
    axis: Vec<String>,
    /// Kind of build: clean (a full build, from an empty target directory), check, test, clippy, doc, noop (nothing has
    /// changed), deps-only (only the dependencies), after-release (a full build next to a finished release build);
    /// incremental, check-incremental or test-incremental (a rebuild after an edit; `:CLASS` selects the
    /// kind of edit, such as incremental:signature); replay:N (a rebuild after each of your last N commits)
    /// (repeatable) [default: those of the scenario; clean if there is none]
    #[arg(long, value_name = "W", help_heading = WHAT_TO_COMPARE)]
    workload: Vec<String>,
    /// Variant to add: NAME=FILE adds the settings in FILE (lines for `.cargo/config.toml` or a profile of `Cargo.toml`, as
    /// blog posts print them) under a name of your choice; `as-configured` adds your own cargo configuration, and `as-it-is`
    /// the project without it (repeatable)
    #[arg(long, value_name = "NAME=FILE", help_heading = WHAT_TO_COMPARE)]
    variant: Vec<String>,
    /// Baseline of the comparisons: a value such as `linker=bfd`, the name of a variant, or `as-configured`
    /// (repeatable, for values of several axes) [default: that of the scenario; without one, the first value of each
    /// axis, or as-configured if a project of your own has a single value or only `--variant`]
    #[arg(long, value_name = "AXIS=V|NAME", help_heading = WHAT_TO_COMPARE)]
    baseline: Vec<String>,
    /// Configuration that every variant starts from, before its own setting is added: `as-configured` is the project with
    /// your own cargo configuration (`~/.cargo/config.toml`, variables such as `RUSTFLAGS`); `as-it-is` is the project
    /// without it (the project's own `.cargo/config.toml` applies in both cases); `auto` is as-configured for a directory of your own and as-it-is for pinned projects [default: auto, unless a
    /// scenario file says otherwise]
    #[arg(long, value_name = "WHAT", value_parser = on, help_heading = WHAT_TO_COMPARE)]
    on: Option<VariantBase>,
    /// Build the baseline once per round instead of twice. The run is shorter, but it cannot show how much two identical
    /// builds differ on this machine [default: twice]
    #[arg(long, alias = "no-twin", help_heading = WHAT_TO_COMPARE)]
    no_control: bool,
    /// Which combinations of the axes to build: `product` builds all of them; `fraction` builds the few that show the
    /// effect of each value best, and nominates the best combination for a comparison; `fraction:24` builds 24 of
    /// them [default: product, unless the scenario says otherwise]
    #[arg(long, value_name = "DESIGN", value_parser = design, help_heading = WHAT_TO_COMPARE)]
    design: Option<MatrixDesign>,
    /// Time limit for the whole run, such as `30m`, shared by all comparisons [default: that of the scenario; without
    /// one, no limit]
    #[arg(long, value_name = "DUR", value_parser = humantime::parse_duration, help_heading = HOW_LONG)]
    time_budget: Option<Duration>,
    /// Time limit for one build, such as `10m`. A build that takes longer is stopped and counts as failed; a variant that
    /// fails twice in a row is not built again [default: 1h, unless the scenario sets it]
    #[arg(long, value_name = "DUR", value_parser = humantime::parse_duration, help_heading = HOW_LONG)]
    timeout: Option<Duration>,
    /// Build N rounds, however precise the result is; N may be larger than the default limit of 30 rounds. A time
    /// budget can end the run earlier [default: as many as the precision needs, from --min-rounds to --max-rounds]
    #[arg(long, value_name = "N", conflicts_with_all = ["min_rounds", "max_rounds", "precision"], help_heading = HOW_LONG)]
    rounds: Option<u32>,
    /// Build N rounds even if the precision is reached earlier. A time budget can end the run before that [default: 6, unless the scenario sets it]
    #[arg(long, value_name = "N", help_heading = HOW_LONG)]
    min_rounds: Option<u32>,
    /// Build at most N rounds [default: 30, unless the scenario sets it]
    #[arg(long, value_name = "N", help_heading = HOW_LONG)]
    max_rounds: Option<u32>,
    /// How exact the result has to be: stop when every interval is narrower than plus or minus this. To show that two
    /// variants are equivalent, it must be at most half of --margin [default: 1.5%, unless the scenario sets it]
    #[arg(long, value_name = "PCT", value_parser = percent, help_heading = HOW_LONG)]
    precision: Option<f64>,
    /// Begin N times with new copies and new target directories, and share the rounds among them: where a directory is on
    /// the disk can make its builds faster or slower, and several directories average this out. Each beginning costs
    /// warm-up builds [default: 1,
    /// unless the scenario sets it]
    #[arg(long, alias = "sessions", value_name = "N", help_heading = HOW_LONG)]
    fresh_dirs: Option<u32>,
    /// Run only part K of N, to split a run over machines; each part has the whole time budget
    #[arg(long, value_name = "K/N", value_parser = shard, help_heading = HOW_LONG)]
    shard: Option<(u32, u32)>,
    /// Smallest difference that matters: a variant is equivalent if it is shown to differ by less than plus or minus
    /// this [default: 3%, unless the scenario
    /// sets it]
    #[arg(long, value_name = "PCT", value_parser = percent, help_heading = HOW_TO_JUDGE)]
    margin: Option<f64>,
    /// Read the plan from a file that `plan --json` wrote, instead of making one
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = [
            "scenarios", "project", "axis", "workload", "variant", "baseline", "on", "no_control", "design", "fresh_dirs", "rounds", "min_rounds",
            "max_rounds", "precision", "margin", "time_budget", "timeout", "seed", "shard",
        ],
    )]
    plan: Option<PathBuf>,
    #[command(flatten)]
    pub(super) plan_options: PlanArgs,
}

#[cfg(test)]
impl RequestArgs {
    pub(super) fn check(&self, places: &Places) -> Result<(), String> {
        let request = PlanRequest::read(self, places).map_err(FlowError::from);
        request.map(drop).map_err(|error| super::with_help(&error.refusal()))
    }
}

pub(super) fn percent(text: &str) -> Result<f64, String> {
    let number = text.trim().trim_end_matches('%').trim();
    match number.parse::<f64>() {
        Ok(percent) if percent.is_finite() && percent > 0.0 => Ok(percent / 100.0),
        _ => Err("expected a percentage such as 1.5%".to_owned()),
    }
}

fn on(text: &str) -> Result<VariantBase, String> {
    VariantBase::parse(text).map_err(on_one_line)
}

fn on_one_line(Refusal { what, help }: Refusal) -> String {
    match help {
        Some(help) => format!("{what}: {help}"),
        None => what,
    }
}

fn design(text: &str) -> Result<MatrixDesign, String> {
    MatrixDesign::parse_option(text).map_err(on_one_line)
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
            changes::check_designs(scenario)?;
            changes::change_sampling(&mut scenario.sampling, args)?;
        }
        let seed = args.plan_options.seed.unwrap_or_else(seed_from_time);
        let options = PlanOptions { seed, shard: args.shard, time_budget: args.time_budget, origin: None };
        Ok(Self::Scenarios { scenarios, options })
    }

    /// A scenario that a verb has made.
    pub(super) fn of_verb(scenario: Scenario, seed: Option<u64>, origin: PlanOrigin) -> Self {
        let seed = seed.unwrap_or_else(seed_from_time);
        let options = PlanOptions { seed, origin: Some(origin), ..PlanOptions::default() };
        Self::Scenarios { scenarios: vec![scenario], options }
    }

    /// Scenarios of one stage of a verb, with a time limit for all of them if there is one.
    pub(super) fn of_stage(
        scenarios: Vec<Scenario>,
        seed: u64,
        time_budget: Option<Duration>,
        origin: PlanOrigin,
    ) -> Self {
        let options = PlanOptions { seed, shard: None, time_budget, origin: Some(origin) };
        Self::Scenarios { scenarios, options }
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
            Self::Scenarios { scenarios, options } => {
                let mut plan = plan::plan(&scenarios, projects, &options)?;
                projects.fit_edits(&mut plan);
                projects.note_commits(&mut plan);
                Ok(plan)
            }
        }
    }
}

/// Values of `--axis`, each key once.
fn axes(texts: &[String]) -> Result<Vec<(String, Vec<RequestWord>)>, RequestError> {
    let axes = texts.iter().map(|text| axis(text)).collect::<Result<Vec<_>, _>>()?;
    let again = |(at, axis): (usize, &(String, _))| axes[..at].iter().any(|(key, _)| *key == axis.0);
    if let Some((_, (key, _))) = axes.iter().enumerate().find(|&axis| again(axis)) {
        let help = format!("give all values at once: `--axis {key}=V1,V2`");
        return Err(RequestError::usage(format!("duplicate axis `{key}`"), Some(help)));
    }
    Ok(axes)
}

pub(super) fn seed_from_time() -> u64 {
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
            let help = match key {
                "rev" => {
                    "name two commits; if git names the same one twice, nothing was committed between them"
                }
                _ => "name each value once; the baseline is built twice anyway, as the control",
            };
            let what = format!("`{text}`: duplicate value `{value}`");
            return Err(RequestError::usage(what, Some(help.to_owned())));
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
        for (text, help) in
            [("rev=a,a", "nothing was committed between them"), ("env.X=1,1", "as the control")]
        {
            let error = match text {
                "rev=a,a" => axis(&text.replace('a', &"a".repeat(40))),
                _ => axis(text),
            };
            let error = crate::commands::with_help(&FlowError::from(error.unwrap_err()).refusal());
            assert!(error.contains("duplicate value") && error.ends_with(help), "{error}");
        }
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
