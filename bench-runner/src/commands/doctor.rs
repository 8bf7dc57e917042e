//! `doctor`: the machine, its tools, and its noise.

use bench_runner_core::record::Refusal;
use bench_runner_measure::axes::{self, Available, Axis, Context, Settings};
use bench_runner_measure::host::{self, Health, HostMachine, Severity};
use bench_runner_measure::process::{Supervisor, SupervisorOptions};
use bench_runner_measure::workloads;

use super::session::own_program;
use super::{Exit, columns, with_help};
use crate::flows::{FlowError, Places, Projects};

/// The toolchain with unstable features.
const NIGHTLY: &str = "nightly";

/// Look at the machine: what it is, what it has, how quiet it is
///
/// Example:
///   bench-runner doctor --strict && bench-runner run
#[derive(Debug, Clone, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// End with exit code 4 where the machine is not fit for measuring
    #[arg(long)]
    strict: bool,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args, places: &Places) -> Result<Exit, FlowError> {
    let projects = Projects::open(places, true, false)?;
    let machine = super::machine()?;
    let health = Health::read(&places.cache);
    let findings = host::findings(&health);
    let accounting = match Supervisor::start(&own_program()?, &SupervisorOptions::default()) {
        Ok(supervisor) => supervisor.accounting().to_string(),
        Err(error) => format!("builds cannot be metered here: {error}"),
    };
    let toolchain = projects.toolchain(&projects.sources().cache.empty_dir());
    let installed = projects.installed_toolchains();
    let values = values(&projects);
    if args.json {
        let values: Vec<_> = values.iter().map(document).collect();
        let document = serde_json::json!({
            "machine": machine, "health": health, "findings": findings, "values": values,
            "rustc": toolchain.as_ref().map(|toolchain| toolchain.rustc_version.clone()).ok(),
            "toolchains": installed,
            "accounting": accounting.lines().collect::<Vec<_>>(),
        });
        println!("{document:#}");
    } else {
        println!("machine\n  {}", machine.directory_name());
        let mut rows = facts(&machine);
        match &toolchain {
            Ok(toolchain) => {
                rows.push(vec!["  rustc".into(), toolchain.rustc_version.clone()]);
                rows.push(vec!["  cargo".into(), toolchain.cargo_version.clone()]);
            }
            Err(error) => rows.push(vec!["  rustc".into(), with_help(&error.refusal())]),
        }
        if !installed.is_empty() {
            rows.push(vec!["  toolchains".into(), installed.join(", ")]);
        }
        print!("{}", columns(&rows));
        println!("\naxes");
        print!("{}", columns(&values.iter().map(row).collect::<Vec<_>>()));
        println!("\nhow builds are accounted for");
        accounting.lines().for_each(|line| println!("  {line}"));
        println!("\nhow quiet it is");
        if findings.is_empty() {
            println!("  nothing was found that would disturb a measurement");
        }
        for finding in &findings {
            println!("  {}: {}\n    help: {}", finding.severity.as_str(), finding.what, finding.help);
        }
    }
    let unfit = findings.iter().any(|finding| finding.severity == Severity::Unfit);
    Ok(if args.strict && unfit { Exit::Unfit } else { Exit::Done })
}

fn facts(machine: &HostMachine) -> Vec<Vec<String>> {
    let facts = &machine.facts;
    let unknown = || "not known".to_owned();
    let cores = facts.cores.map(|cores| format!("{cores} cores, ")).unwrap_or_default();
    vec![
        vec!["  processor".into(), facts.cpu_model.clone().unwrap_or_else(unknown)],
        vec!["  size".into(), format!("{cores}{} threads", facts.threads)],
        vec!["  memory".into(), facts.memory_gib.map_or_else(unknown, |gib| format!("{gib} GiB"))],
        vec!["  system".into(), machine.provenance.distribution.clone().unwrap_or_else(unknown)],
        vec!["  kernel".into(), machine.provenance.kernel.clone()],
    ]
}

/// One value of an axis, or a form of values, and its availability on this machine.
struct AxisValue {
    axis: &'static str,
    value: String,
    state: Result<Available, Refusal>,
    /// True if `value` is a form, such as `any text`.
    form: bool,
    /// The other setting that it needs, if it needs one.
    beside: Option<&'static str>,
}

/// Every named value of every axis, and the forms of other values.
fn values(projects: &Projects) -> Vec<AxisValue> {
    let Ok(plain) = projects.plain_context(None) else { return Vec::new() };
    let nightly = projects.plain_context(Some(NIGHTLY));
    let mut all: Vec<AxisValue> = Vec::new();
    for axis in axes::all() {
        for value in axis.values() {
            all.push(match axis.parse(axis.key(), value).is_ok() && !value.contains(' ') {
                true => probe_value(*axis, value, projects, &plain, &nightly),
                false => form(axis.key(), (*value).to_owned()),
            });
        }
    }
    let workloads: Vec<String> = workloads::ALL.iter().map(workloads::Workload::syntax).collect();
    all.push(form("workload", workloads.join(", ")));
    all.push(form("project", "a name of `corpus list`, tag:NAME, a directory, a manifest".to_owned()));
    all.push(form("rev", "a full commit of a project in a directory of yours".to_owned()));
    all
}

fn form(axis: &'static str, value: String) -> AxisValue {
    let state = Ok(Available::without_tool(""));
    AxisValue { axis, value, state, form: true, beside: None }
}

fn probe_value(
    axis: &'static dyn Axis,
    value: &'static str,
    projects: &Projects,
    plain: &Context,
    nightly: &Result<Context, Refusal>,
) -> AxisValue {
    let mut beside = Settings::from([(axis.key().to_owned(), value.to_owned())]);
    let probe = |beside: &Settings, context: &Context| {
        let settings = axes::parse_all(beside)?;
        settings.get(axis.key()).map_or(Ok(Available::without_tool("")), |setting| setting.probe(context))
    };
    let found =
        |state, beside| AxisValue { axis: axis.key(), value: value.to_owned(), state, form: false, beside };
    if let Some(name) = axes::toolchain_name(&beside) {
        let named = projects.plain_context(Some(name));
        return found(named.and_then(|named| probe(&beside, &named)), None);
    }
    let state = probe(&beside, plain);
    let wants_nightly = match &state {
        Ok(_) => return found(state, None),
        Err(refusal) => refusal.help.as_ref().is_some_and(|help| help.contains(NIGHTLY)),
    };
    beside.insert("toolchain".to_owned(), NIGHTLY.to_owned());
    match nightly {
        Ok(nightly) => match probe(&beside, nightly) {
            there @ Ok(_) => found(there, Some("toolchain=nightly")),
            // This refusal names what nightly lacks; that nightly is needed is said anyway.
            missing @ Err(_) => found(missing, None),
        },
        // Advice to use nightly does not help if there is none.
        Err(refusal) if wants_nightly => found(Err(refusal.clone()), None),
        Err(_) => found(state, None),
    }
}

fn document(entry: &AxisValue) -> serde_json::Value {
    let AxisValue { axis, value, state, form, beside } = entry;
    if *form {
        return serde_json::json!({ "axis": axis, "value": null, "form": value });
    }
    match state {
        Ok(Available { tool, .. }) => serde_json::json!({
            "axis": axis, "value": value, "available": true, "beside": beside,
            "version": tool.as_ref().map(|tool| tool.version.clone()),
        }),
        Err(Refusal { what: reason, help }) => serde_json::json!({
            "axis": axis, "value": value, "available": false, "reason": reason, "help": help,
        }),
    }
}

fn row(entry: &AxisValue) -> Vec<String> {
    let what = match &entry.state {
        _ if entry.form => String::new(),
        Ok(Available { tool: Some(tool), .. }) => tool.version.clone(),
        Ok(_) => "available".to_owned(),
        Err(Refusal { what, help: Some(help) }) => format!("missing: {what} (help: {help})"),
        Err(Refusal { what, help: None }) => format!("missing: {what}"),
    };
    let beside = entry.beside.map(|beside| format!(", with {beside}")).unwrap_or_default();
    vec![format!("  {}", entry.axis), entry.value.clone(), format!("{what}{beside}")]
}
