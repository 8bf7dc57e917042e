//! Baselines in the format that critcmp writes with `--export` and reads again: a file for each variant with
//! a benchmark for each block, so that `critcmp *.json` shows variants side by side. Follows `src/data.rs` of
//! critcmp 0.1.8.
//!
//! critcmp itself uses only the mean and the standard deviation; the other fields are required. Intervals and
//! errors that the summary of a cell does not have assume normally distributed values: docs/EXPORTS.md has
//! the formulas.

use std::collections::{BTreeMap, HashSet};

use bench_runner_core::compare::Summary;
use bench_runner_core::stats::t_quantile;
use serde_json::{Map, Value, json as object};

use super::cells::{ExportCell, FormatCapabilities, Selection};
use super::error::ExportError;
use super::format::{AcceptedRuns, Export, ExportDocument, ExportFormat};
use super::names::{file_stem, free_stem, one_line};

/// Level of all intervals.
const LEVEL: f64 = 0.95;

/// Quantile of the normal distribution for [`LEVEL`].
const Z: f64 = 1.959_963_984_540_054;

/// √n times the standard error of the median absolute deviation of n normal values, over their standard
/// deviation: 1/(4·φ(q)) with q = 0.6745, the third quartile.
const MAD_ERROR: f64 = 0.786_7;

pub(super) static FORMAT: ExportFormat = ExportFormat {
    name: "critcmp",
    summary: "baselines for critcmp, a file for each variant",
    extension: "json",
    accepts: AcceptedRuns::CellsOfOneRun,
    export,
};

fn export(selection: &Selection<'_>) -> Result<Export, ExportError> {
    let mut baselines: Vec<(String, Map<String, Value>)> = Vec::new();
    for (_, cell) in selection.cells() {
        let Some(wall) = &cell.arm.wall() else { continue };
        let baseline = one_line(&cell.variant_and_role());
        let (id, one) = benchmark(cell, &baseline, wall);
        let known = baselines.iter().position(|(name, _)| *name == baseline);
        let at = known.unwrap_or_else(|| {
            baselines.push((baseline.clone(), Map::new()));
            baselines.len() - 1
        });
        if baselines[at].1.insert(id.clone(), one).is_some() {
            let help = "pick one of them with --block and --variant";
            let name = format!("{baseline}/{id}");
            return Err(ExportError::SameName { format: FORMAT.name, name, help });
        }
    }
    if baselines.is_empty() {
        // a valid file without benchmarks
        baselines.push(("nothing".to_owned(), Map::new()));
    }
    let mut taken = HashSet::new();
    let documents = baselines.into_iter().map(|baseline| document(baseline, &mut taken)).collect();
    Ok(Export { documents, omissions: selection.omissions(FormatCapabilities::default()) })
}

fn document((name, benchmarks): (String, Map<String, Value>), taken: &mut HashSet<String>) -> ExportDocument {
    let stem = free_stem(file_stem(&name), taken);
    let text = format!("{:#}\n", object!({ "name": name, "benchmarks": benchmarks }));
    ExportDocument { name: format!("{stem}.json"), text }
}

/// Id of the benchmark, which is the same in all baselines, and its data.
fn benchmark(cell: &ExportCell<'_>, baseline: &str, wall: &Summary) -> (String, Value) {
    let id = one_line(cell.block.id.as_str());
    let mut parts: BTreeMap<&str, Value> = BTreeMap::new();
    parts.insert("baseline", baseline.into());
    parts.insert("fullname", format!("{baseline}/{id}").into());
    let info = object!({
        "group_id": id, "function_id": null, "value_str": null, "throughput": null, "full_id": id,
        "directory_name": file_stem(&id),
    });
    parts.insert("criterion_benchmark_v1", info);
    parts.insert("criterion_estimates_v1", estimates(wall));
    (id, object!(parts))
}

/// Estimates in nanoseconds.
fn estimates(wall: &Summary) -> Value {
    let n = wall.n as f64;
    let mean_error = wall.sd / n.sqrt();
    let t = if wall.n > 1 { t_quantile(0.5 + LEVEL / 2.0, n - 1.0) } else { 0.0 };
    let median_error = wall.median_se();
    let sd_error = if wall.n > 1 { wall.sd / (2.0 * (n - 1.0)).sqrt() } else { 0.0 };
    let mad_error = MAD_ERROR * mean_error;
    let around = |value: f64, error: f64, factor: f64| {
        stats(value, error, ((value - factor * error).max(0.0), value + factor * error))
    };
    let median = if wall.has_interval() {
        stats(wall.median, median_error, (wall.low, wall.high))
    } else {
        around(wall.median, median_error, Z)
    };
    object!({
        "mean": around(wall.mean, mean_error, t),
        "median": median,
        "median_abs_dev": around(wall.mad, mad_error, Z),
        "slope": null,
        "std_dev": around(wall.sd, sd_error, Z),
    })
}

/// An estimate in seconds → JSON in nanoseconds.
fn stats(value: f64, error: f64, (low, high): (f64, f64)) -> Value {
    let nanos = |seconds: f64| seconds * 1e9;
    object!({
        "confidence_interval": {
            "confidence_level": LEVEL, "lower_bound": nanos(low), "upper_bound": nanos(high),
        },
        "point_estimate": nanos(value),
        "standard_error": nanos(error),
    })
}
