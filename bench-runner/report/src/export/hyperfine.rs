//! JSON of hyperfine's `--export-json`: schema 2 since its version 2.0, and the schema without a number of
//! all versions 1.x. Follows `src/export/json.rs` of the versions 2.0.0 and 1.20.0.
//!
//! A cell becomes a result, each build that counts a run of it. hyperfine has no failed runs without a time,
//! so failed builds and cells without builds are left out and reported as omissions. Memory is the largest
//! resident set of a process in both programs. Values that vary between cells become their parameters.

use std::collections::{BTreeMap, BTreeSet};

use bench_runner_core::record::Cost;
use bench_runner_core::stats::{Summary, summarize};
use serde_json::{Map, Value, json as object};

use super::cells::{ExportCell, FormatCapabilities, Selection, seconds};
use super::error::ExportError;
use super::format::{AcceptedRuns, Export, ExportDocument, ExportFormat};
use super::names::{UniqueNames, one_line};
use super::run::ExportRun;

/// Schema 2, of hyperfine 2.0.
pub(super) static SCHEMA_2: ExportFormat = ExportFormat {
    name: "hyperfine",
    summary: "JSON as hyperfine 2.0 writes it (schema 2), for its plotting scripts",
    extension: "json",
    accepts: AcceptedRuns::CellsOfOneRun,
    export: export_2,
};

fn export_2(selection: &Selection<'_>) -> Result<Export, ExportError> {
    let run = selection.runs.first().map(|picked| metadata(&picked.run));
    let document = object!({
        "schema_version": 2,
        "metadata": run,
        "primary_metric": "time_wall_clock",
        "results": results(SCHEMA_2.name, selection, schema_2)?,
    });
    Ok(to_export(selection, "hyperfine.json", &document))
}

/// Schema of hyperfine 1.x.
pub(super) static SCHEMA_1: ExportFormat = ExportFormat {
    name: "hyperfine-1",
    summary: "JSON as hyperfine 1.x wrote it, for tools that still read that",
    extension: "json",
    accepts: AcceptedRuns::CellsOfOneRun,
    export: export_1,
};

fn export_1(selection: &Selection<'_>) -> Result<Export, ExportError> {
    let document = object!({ "results": results(SCHEMA_1.name, selection, schema_1)? });
    Ok(to_export(selection, "hyperfine-1.json", &document))
}

fn to_export(selection: &Selection<'_>, ending: &str, document: &Value) -> Export {
    let text = format!("{document:#}\n");
    let documents = vec![ExportDocument { name: selection.file_name(ending), text }];
    Export { documents, omissions: selection.omissions(FormatCapabilities::default()) }
}

/// Metadata; the version is that of bench-runner, since hyperfine did not write the file.
fn metadata(run: &ExportRun<'_>) -> Value {
    let manifest = &run.bundle.manifest;
    let program = format!("{} {}", manifest.program.name, manifest.program.version);
    let facts = &manifest.machine.details["facts"];
    let mut platform = Map::new();
    // hyperfine uses the names of uname
    let os = facts["os"].as_str().map(|os| if os == "linux" { "Linux" } else { os });
    platform.extend(os.map(|os| ("os".to_owned(), os.into())));
    platform.extend(facts["arch"].as_str().map(|arch| ("architecture".to_owned(), arch.into())));
    object!({ "hyperfine_version": program, "start_time": manifest.started_at, "platform": platform })
}

/// Converts a cell, given its command and parameters, to a result.
type ResultSchema = fn(&ExportCell<'_>, &str, &BTreeMap<String, String>) -> Option<Map<String, Value>>;

fn results(
    format: &'static str,
    selection: &Selection<'_>,
    schema: ResultSchema,
) -> Result<Vec<Value>, ExportError> {
    let varying = varying_keys(selection);
    let mut commands = UniqueNames::new(format, "pick one of them with --block and --variant");
    let mut results = Vec::new();
    for (_, cell) in selection.cells().filter(|(_, cell)| !cell.builds.is_empty()) {
        let parameters =
            cell.values().into_iter().filter(|(key, _)| varying.contains(key)).collect::<BTreeMap<_, _>>();
        let command = commands.claim(one_line(&cell.label()))?;
        results.extend(schema(cell, &command, &parameters).map(Value::Object));
    }
    Ok(results)
}

/// Keys whose values differ between cells with builds.
fn varying_keys(selection: &Selection<'_>) -> BTreeSet<String> {
    let cells = selection.cells().filter(|(_, cell)| !cell.builds.is_empty());
    let values: Vec<BTreeMap<String, String>> = cells.map(|(_, cell)| cell.values()).collect();
    let keys: BTreeSet<&String> = values.iter().flat_map(BTreeMap::keys).collect();
    let differs = |key: &&String| values.windows(2).any(|pair| pair[0].get(*key) != pair[1].get(*key));
    keys.into_iter().filter(differs).cloned().collect()
}

/// A metric of a build: name and unit in schema 2, and value in seconds or bytes.
type HyperfineMetric = (&'static str, &'static str, fn(&Cost) -> f64);

const WALL: HyperfineMetric = ("time_wall_clock", "second", |cost| seconds(cost.wall));
const CPU: HyperfineMetric = ("time_cpu", "second", |cost| seconds(cost.user + cost.sys));
const USER: HyperfineMetric = ("time_user", "second", |cost| seconds(cost.user));
const SYSTEM: HyperfineMetric = ("time_system", "second", |cost| seconds(cost.sys));
const MEMORY: HyperfineMetric = ("memory_peak_resident", "byte", |cost| cost.max_rss as f64);

fn summary(cell: &ExportCell<'_>, (_, _, value): HyperfineMetric) -> Option<Summary> {
    summarize(&cell.builds.iter().map(|(_, cost)| value(cost)).collect::<Vec<_>>())
}

/// Standard deviation; `None` for a single run.
fn stddev(summary: &Summary) -> Option<f64> {
    (summary.n > 1).then_some(summary.sd)
}

fn schema_2(
    cell: &ExportCell<'_>,
    command: &str,
    parameters: &BTreeMap<String, String>,
) -> Option<Map<String, Value>> {
    const METRICS: [HyperfineMetric; 5] = [WALL, CPU, USER, SYSTEM, MEMORY];
    let measurement = |cost: &Cost| {
        let values = METRICS
            .iter()
            .map(|(name, unit, value)| ((*name).to_owned(), object!({ "value": value(cost), "unit": unit })));
        let mut one: Map<String, Value> = values.collect();
        one.insert("exit_code".to_owned(), 0.into());
        one
    };
    let mut summaries = Map::new();
    for metric in METRICS {
        let summary = summary(cell, metric)?;
        let Summary { n, mean, median, min, max, .. } = summary;
        let one = object!({
            "unit": metric.1, "count": n, "mean": mean, "stddev": stddev(&summary), "median": median, "min": min,
            "max": max,
        });
        summaries.insert(metric.0.to_owned(), one);
    }
    let mut result = Map::from_iter([
        ("command".to_owned(), command.into()),
        ("measurements".to_owned(), cell.builds.iter().map(|(_, cost)| measurement(cost)).collect()),
        ("summary".to_owned(), summaries.into()),
    ]);
    if !parameters.is_empty() {
        let values = parameters.iter().map(|(key, value)| (key.clone(), object!({ "value": value })));
        result.insert("parameters".to_owned(), values.collect::<Map<_, _>>().into());
    }
    Some(result)
}

fn schema_1(
    cell: &ExportCell<'_>,
    command: &str,
    parameters: &BTreeMap<String, String>,
) -> Option<Map<String, Value>> {
    let wall = summary(cell, WALL)?;
    let Value::Object(mut result) = object!({
        "command": command,
        "mean": wall.mean,
        "stddev": stddev(&wall),
        "median": wall.median,
        "user": summary(cell, USER)?.mean,
        "system": summary(cell, SYSTEM)?.mean,
        "min": wall.min,
        "max": wall.max,
        "times": cell.builds.iter().map(|(_, cost)| seconds(cost.wall)).collect::<Vec<_>>(),
        "memory_usage_byte": cell.builds.iter().map(|(_, cost)| cost.max_rss).collect::<Vec<_>>(),
        "exit_codes": vec![0; cell.builds.len()],
    }) else {
        return None;
    };
    if !parameters.is_empty() {
        result.insert("parameters".to_owned(), object!(parameters));
    }
    Some(result)
}
