//! The array that github-action-benchmark accepts with `tool: customSmallerIsBetter`: name, unit, value, and
//! as text a range and further information (see its `src/extract.ts`). The action refuses an empty array.
//!
//! Wall time, CPU time, memory and the number of failed builds of a cell are one entry each. The number of
//! failed builds is included even if it is 0: the action compares with the entry of the same name in the
//! previous run, and raises no alarm if there is none.

use bench_runner_core::record::MetricId;
use serde_json::{Value, json as object};

use super::cells::{ExportCell, FormatCapabilities, Selection};
use super::error::ExportError;
use super::format::{AcceptedRuns, Export, ExportDocument, ExportFormat};
use super::names::{ONE_BY_ONE, UniqueNames, one_line};
use super::run::ExportRun;

pub(super) static FORMAT: ExportFormat = ExportFormat {
    name: "github-benchmark",
    summary: "JSON for github-action-benchmark's customSmallerIsBetter",
    extension: "json",
    accepts: AcceptedRuns::CellsOfRuns,
    export,
};

fn export(selection: &Selection<'_>) -> Result<Export, ExportError> {
    let mut names = UniqueNames::new(FORMAT.name, ONE_BY_ONE);
    let mut entries = Vec::new();
    for (run, cell) in selection.cells() {
        let label = names.claim(one_line(&cell.label()))?;
        entries.extend(cell_entries(run, cell, &label));
    }
    let mut omissions =
        selection.omissions(FormatCapabilities { failures: true, ..FormatCapabilities::default() });
    if entries.is_empty() {
        omissions.push("nothing was timed, and github-action-benchmark refuses an empty array".to_owned());
    }
    let text = format!("{:#}\n", Value::Array(entries));
    let documents = vec![ExportDocument { name: selection.file_name("github-benchmark.json"), text }];
    Ok(Export { documents, omissions })
}

fn cell_entries(run: &ExportRun<'_>, cell: &ExportCell<'_>, label: &str) -> Vec<Value> {
    let arm = cell.arm;
    let entry = |what: &str, unit: &str, value: f64| object!({ "name": format!("{label} {what}"), "unit": unit, "value": value, "extra": extra(run, cell) });
    let summary = |what: &str, unit: &str, metric: MetricId| {
        let summary = arm.summaries[metric]?;
        let mut entry = entry(what, unit, summary.median);
        let ends = if summary.has_interval() { "95 % interval" } else { "range" };
        let range = format!("{ends} {} to {}", four_digits(summary.low), four_digits(summary.high));
        entry["range"] = range.into();
        Some(entry)
    };
    let failed = cell.failures().map(|failures| entry("failed builds", "builds", failures as f64));
    let entries = [
        summary("wall time", "s", MetricId::Wall),
        summary("CPU time", "s", MetricId::Cpu),
        summary("memory", "bytes", MetricId::MaxRss),
        failed,
    ];
    entries.into_iter().flatten().collect()
}

/// Further information that a chart shows with the point.
fn extra(run: &ExportRun<'_>, cell: &ExportCell<'_>) -> String {
    let mut lines = Vec::new();
    if let Some(ratio) = &cell.arm.ratio {
        lines.push(format!(
            "{}: wall time {:.3} times that of {} ({:.3} to {:.3}, {} rounds)",
            ratio.verdict_text(),
            ratio.ratio,
            one_line(cell.baseline()),
            ratio.low,
            ratio.high,
            ratio.rounds
        ));
    }
    lines.extend(cell.failures_text());
    lines.extend(cell.why_no_times().map(|why| one_line(&why)));
    lines.push(format!("{} on {}", run.bundle.manifest.run, one_line(&run.comparison.machine)));
    lines.join("\n")
}

/// A number with four significant digits, or more if its integer part is longer.
fn four_digits(value: f64) -> String {
    if value == 0.0 || value.abs() >= 1000.0 {
        return format!("{value:.0}");
    }
    let before = value.abs().log10().floor() as i32;
    format!("{value:.*}", (3 - before).clamp(0, 12) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_have_four_digits() {
        let shown: Vec<String> =
            [0.0, 0.012_345_6, 0.5, 1.234_56, 12.0, 999.96, 123_456_789.0].map(four_digits).to_vec();
        assert_eq!(shown, ["0", "0.01235", "0.5000", "1.235", "12.00", "1000.0", "123456789"]);
    }
}
