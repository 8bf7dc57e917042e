//! bench-runner's own JSON: whole runs with the comparison and every measured build. docs/export.schema.json
//! is its schema; a test checks that they match.

use bench_runner_core::record::{Metric, Outcome, Phase, Sample};
use serde_json::{Value, json as object};

use super::cells::{PickedRun, Selection, seconds};
use super::error::ExportError;
use super::format::{AcceptedRuns, Export, ExportDocument, ExportFormat};
use super::run::ExportRun;
use crate::report;

/// Version of the document; raised if a key changes its meaning or is removed.
const VERSION: u32 = 1;

pub(super) static FORMAT: ExportFormat = ExportFormat {
    name: "json",
    summary: "everything: runs, comparisons and builds, with a published schema",
    extension: "json",
    accepts: AcceptedRuns::WholeRuns,
    export,
};

fn export(selection: &Selection<'_>) -> Result<Export, ExportError> {
    let runs: Vec<Value> =
        selection.runs.iter().map(|picked| run(&picked.run, &builds_that_count(picked))).collect();
    let document = object!({ "format": "bench-runner-export", "version": VERSION, "runs": runs });
    let documents =
        vec![ExportDocument { name: selection.file_name("json"), text: format!("{document:#}\n") }];
    Ok(Export { documents, omissions: Vec::new() })
}

/// Sample numbers of the builds that count, in order.
fn builds_that_count(picked: &PickedRun<'_>) -> Vec<u32> {
    let builds = picked.cells.iter().flat_map(|cell| &cell.builds);
    let mut numbers: Vec<u32> = builds.map(|(sample, _)| sample.number).collect();
    numbers.sort_unstable();
    numbers
}

fn run(run: &ExportRun<'_>, counting: &[u32]) -> Value {
    let manifest = &run.bundle.manifest;
    let machine = &manifest.machine;
    let plan = &manifest.plan;
    let measured = run.bundle.samples.iter().filter(|sample| sample.phase == Phase::Measured);
    let counts = |sample: &Sample| counting.binary_search(&sample.number).is_ok();
    object!({
        "run": manifest.run,
        "program": manifest.program,
        "status": manifest.status,
        "started_at": manifest.started_at,
        "ended_at": manifest.ended_at,
        "machine": {
            "directory": machine.directory, "class": machine.class, "instance": machine.instance,
            "summary": machine.summary,
        },
        "tools": manifest.tools,
        "jobs": manifest.jobs,
        "seed": plan.seed,
        "sessions": plan.sessions,
        "projects": plan.projects.iter().map(|project| object!({
            "name": project.name, "pin": project.pin,
        })).collect::<Vec<_>>(),
        "comparison": report::json(run.comparison),
        "builds": measured.map(|sample| build(sample, counts(sample))).collect::<Vec<_>>(),
    })
}

fn build(sample: &Sample, counts: bool) -> Value {
    let cost = sample.outcome.cost();
    let exit_code = match sample.outcome {
        Outcome::Built(_) => Some(0),
        Outcome::Failed { exit_code } => exit_code,
        Outcome::TimedOut | Outcome::NotStarted => None,
    };
    let mut object = object!({
        "sample": sample.number,
        "block": sample.block,
        "project": sample.project,
        "workload": sample.workload,
        "variant": sample.variant,
        "role": sample.role,
        "session": sample.session,
        "round": sample.round,
        "position": sample.position,
        "attempt": sample.attempt,
        "started_at": humantime::format_rfc3339_micros(sample.started_at).to_string(),
        "status": sample.outcome.as_str(),
        "exit_code": exit_code,
        "counts": counts,
        "wall_s": cost.map(|cost| seconds(cost.wall)),
        "user_s": cost.map(|cost| seconds(cost.user)),
        "sys_s": cost.map(|cost| seconds(cost.sys)),
        "max_rss_bytes": cost.map(|cost| cost.max_rss),
        "peak_memory_bytes": cost.and_then(|cost| cost.peak_memory),
        "units_rebuilt": sample.rebuilt.as_ref().map(|rebuilt| rebuilt.count),
        "artifact_bytes": sample.artifact_bytes,
    });
    // Metrics that runs of earlier versions do not have get keys only if they have values. They are counts.
    for metric in Metric::listed().filter(|metric| metric.optional) {
        if let Some(value) = cost.and_then(metric.read) {
            object[metric.key()] = (value as u64).into();
        }
    }
    object
}
