//! A tidy table of any number of runs: a row for each block, variant and metric, with the cell's summary and
//! comparison, and a column for each axis at the end.

use bench_runner_core::compare::{PlainRatio, Ratio, Summary};
use bench_runner_core::record::{Metric, MetricId, Treatment, Unit};

use super::cells::{ExportCell, FormatCapabilities, Selection};
use super::error::ExportError;
use super::format::{AcceptedRuns, Export, ExportDocument, ExportFormat};
use super::run::ExportRun;
use crate::report::csv_text;

/// Columns before those of the axes. New ones are added at the end of this list.
const COLUMNS: [&str; 36] = [
    "run",
    "machine",
    "class",
    "started_at",
    "status",
    "scenario",
    "block",
    "project",
    "workload",
    "variant",
    "role",
    "metric",
    "unit",
    "n",
    "median",
    "low",
    "high",
    "mean",
    "sd",
    "mad",
    "min",
    "max",
    "baseline",
    "rounds",
    "ratio",
    "ratio_low",
    "ratio_high",
    "p",
    "p_holm",
    "p_equivalence",
    "p_equivalence_holm",
    "verdict",
    "margin",
    "failures",
    "outliers",
    "not_timed",
];

pub(super) static FORMAT: ExportFormat = ExportFormat {
    name: "csv",
    summary: "a tidy table, a row for each comparison, variant and metric",
    extension: "csv",
    accepts: AcceptedRuns::CellsOfRuns,
    export,
};

fn export(selection: &Selection<'_>) -> Result<Export, ExportError> {
    let axes = axes(selection);
    let header: Vec<&str> = COLUMNS.into_iter().chain(axes.iter().map(String::as_str)).collect();
    let rows = selection.cells().flat_map(|(run, cell)| rows(run, cell, &axes));
    let unwritable =
        |error: ::csv::Error| ExportError::Unwritable { format: "csv", reason: error.to_string() };
    let text = csv_text(&header, rows).map_err(unwritable)?;
    let documents = vec![ExportDocument { name: selection.file_name("csv"), text }];
    // the table has the status of the run, but no rows for variants that were left out
    let omissions = selection.omissions(FormatCapabilities { failures: true, not_timed: true, run: false });
    Ok(Export { documents, omissions })
}

/// Keys of the axes in order of first occurrence, except those that have a fixed column.
fn axes(selection: &Selection<'_>) -> Vec<String> {
    let mut axes: Vec<String> = Vec::new();
    for key in selection.cells().flat_map(|(_, cell)| &cell.planned_block.axes) {
        let is_text = bench_runner_core::record::TEXT_SETTINGS.contains(&key.as_str());
        if !is_text && !COLUMNS.contains(&key.as_str()) && !axes.contains(key) {
            axes.push(key.clone());
        }
    }
    axes
}

/// Ratio of a metric to the baseline.
enum MetricRatio<'a> {
    Judged(&'a Ratio),
    Plain(&'a PlainRatio),
}

/// Rows of one cell: one for each metric that it has, and always one for wall time.
fn rows(run: &ExportRun<'_>, cell: &ExportCell<'_>, axes: &[String]) -> Vec<Vec<String>> {
    let arm = cell.arm;
    let there = |metric: &&Metric| metric.id == MetricId::Wall || arm.summaries[metric.id].is_some();
    let values = cell.values();
    let row = |metric: &Metric| {
        let compared = match metric.treatment {
            Treatment::Judged => arm.ratio.as_ref().map(MetricRatio::Judged),
            Treatment::Compared | Treatment::Drawn => {
                arm.plain_ratios[metric.id].as_ref().map(MetricRatio::Plain)
            }
        };
        let unit = match metric.unit {
            Unit::Seconds => "s",
            Unit::Bytes => "bytes",
            Unit::Count => "count",
        };
        let mut row = head(run, cell);
        row.extend([metric.name.to_owned(), unit.to_owned()]);
        row.extend(summary_cells(arm.summaries[metric.id]));
        row.extend(comparison(cell, compared));
        let outliers = if metric.id == MetricId::Wall { arm.outliers().to_string() } else { String::new() };
        row.extend([arm.failures.to_string(), outliers, cell.why_no_times().unwrap_or_default()]);
        row.extend(axes.iter().map(|axis| values.get(axis).cloned().unwrap_or_default()));
        row
    };
    Metric::listed().filter(there).map(row).collect()
}

fn head(run: &ExportRun<'_>, cell: &ExportCell<'_>) -> Vec<String> {
    let manifest = &run.bundle.manifest;
    let status = serde_json::to_value(manifest.status).unwrap_or_default();
    let variant = &cell.planned.variant;
    let texts = [
        &manifest.run,
        &manifest.machine.directory,
        &manifest.machine.class,
        &manifest.started_at,
        status.as_str().unwrap_or_default(),
        &manifest.plan.scenario,
        cell.block.id.as_str(),
        &variant.project,
        &variant.workload,
        &variant.name,
        cell.arm.role.as_str(),
    ];
    texts.map(str::to_owned).to_vec()
}

fn summary_cells(summary: Option<Summary>) -> Vec<String> {
    let Some(summary) = summary else {
        return [vec!["0".to_owned()], vec![String::new(); 8]].concat();
    };
    let Summary { n, median, low, high, mean, sd, mad, min, max } = summary;
    let values = [median, low, high, mean, sd, mad, min, max].map(|value| value.to_string());
    [vec![n.to_string()], values.to_vec()].concat()
}

/// Cells of the comparison: the baseline, rounds, ratio, p-values, verdict and margin.
fn comparison(cell: &ExportCell<'_>, compared: Option<MetricRatio<'_>>) -> Vec<String> {
    let baseline = cell.baseline().to_owned();
    let margin = cell.block.margin.to_string();
    let numbers = |rounds: usize, values: &[f64]| {
        let values = values.iter().map(f64::to_string);
        std::iter::once(rounds.to_string()).chain(values).collect::<Vec<_>>()
    };
    let (mut row, verdict) = match compared {
        None => (Vec::new(), ""),
        Some(MetricRatio::Plain(plain)) => (numbers(plain.rounds, &[plain.ratio, plain.low, plain.high]), ""),
        Some(MetricRatio::Judged(ratio)) => {
            let Ratio { p, p_adjusted, p_equivalence, p_equivalence_adjusted, .. } = *ratio;
            let values =
                [ratio.ratio, ratio.low, ratio.high, p, p_adjusted, p_equivalence, p_equivalence_adjusted];
            (numbers(ratio.rounds, &values), ratio.verdict.as_str())
        }
    };
    row.resize(8, String::new());
    [vec![baseline], row, vec![verdict.to_owned(), margin]].concat()
}
