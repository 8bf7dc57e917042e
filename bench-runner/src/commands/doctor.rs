//! `doctor`: the machine, its tools, and its noise.

mod text;
mod values;

use bench_runner_core::record::Refusal;
use bench_runner_measure::axes::Available;
use bench_runner_measure::host::{self, Health, Severity};
use bench_runner_measure::process::{Supervisor, SupervisorOptions};

use super::session::own_program;
use super::{Exit, open_projects, text_style};
use crate::flows::{FlowError, Places};
use values::AxisValue;

/// Check this machine: what it is, which values it can build, and whether it is quiet enough to measure
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Example:\n  bench-runner doctor --strict && bench-runner run")]
pub(crate) struct Args {
    /// Exit with code 4 if something makes the machine unfit for measuring, such as high load, battery power or a
    /// full disk [default: list it and exit with 0]
    #[arg(long)]
    strict: bool,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args, places: &Places) -> Result<Exit, FlowError> {
    let projects = open_projects(places, true, false)?;
    let machine = super::machine()?;
    let health = Health::read(places.cache.dir());
    let findings = host::findings(&health);
    let accounting = match Supervisor::start(&own_program()?, &SupervisorOptions::default()) {
        Ok(supervisor) => supervisor.accounting().to_string(),
        Err(error) => format!("builds cannot be measured here: {error}"),
    };
    let toolchain = projects.toolchain(&projects.sources().cache.empty_dir());
    let installed = projects.installed_toolchains();
    let values = values::values(&projects);
    if args.json {
        let values: Vec<_> = values.iter().map(document).collect();
        let document = serde_json::json!({
            "machine": machine, "health": health, "findings": findings, "values": values,
            "rustc": toolchain.as_ref().map(|toolchain| toolchain.rustc_version.clone()).ok(),
            "toolchains": installed,
            "accounting": accounting.lines().collect::<Vec<_>>(),
        });
        outln!("{document:#}");
    } else {
        let toolchain = toolchain.as_ref().map_err(|error| error.refusal());
        let width = text_style(false).width;
        outln!("{}", text::machine(&machine, toolchain, &installed, &places.results, width));
        outln!("{}", text::values(&values, width));
        outln!("{}", text::accounting(&accounting, width));
        out!("{}", text::findings(&findings, width));
    }
    let unfit = findings.iter().any(|finding| finding.severity == Severity::Unfit);
    Ok(if args.strict && unfit { Exit::Unfit } else { Exit::Done })
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
