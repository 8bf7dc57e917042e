//! Bencher Metric Format: benchmark → measure → value with its bounds
//! (<https://bencher.dev/docs/reference/bencher-metric-format>).
//!
//! `build-time` is a built-in measure of Bencher, in seconds; Bencher creates the others on first use. A
//! benchmark that failed has a number of failed builds but no time. Machines correspond to Bencher's
//! testbeds, which are passed to `bencher run`; so names do not include the machine, and several runs fit
//! into a file only if their benchmarks differ.

use bench_runner_core::record::{MetricId, short_hash};
use serde_json::{Map, Value, json as object};

use super::cells::{ExportCell, FormatCapabilities, Selection};
use super::error::ExportError;
use super::format::{AcceptedRuns, Export, ExportDocument, ExportFormat};
use super::names::{ONE_BY_ONE, UniqueNames, one_line};

/// Maximum length of a name in bytes (Bencher's `BenchmarkName`); Bencher refuses a file with a longer one.
const LONGEST: usize = 1024;

pub(super) static FORMAT: ExportFormat = ExportFormat {
    name: "bencher",
    summary: "Bencher Metric Format, for `bencher run --adapter json`",
    extension: "json",
    accepts: AcceptedRuns::CellsOfRuns,
    export,
};

fn export(selection: &Selection<'_>) -> Result<Export, ExportError> {
    let mut names = UniqueNames::new(FORMAT.name, ONE_BY_ONE);
    let mut benchmarks = Map::new();
    for (_, cell) in selection.cells() {
        let measures = measures(cell);
        if !measures.is_empty() {
            benchmarks.insert(names.claim(shorten(one_line(&cell.label())))?, measures.into());
        }
    }
    let text = format!("{:#}\n", Value::Object(benchmarks));
    let documents = vec![ExportDocument { name: selection.file_name("bencher.json"), text }];
    Ok(Export {
        documents,
        omissions: selection
            .omissions(FormatCapabilities { failures: true, ..FormatCapabilities::default() }),
    })
}

/// Shortens a name that is too long and appends a hash of the whole name, so that it stays unique.
fn shorten(name: String) -> String {
    if name.len() <= LONGEST {
        return name;
    }
    let hash = short_hash(&name);
    let room = LONGEST - hash.len() - 1;
    let kept = (0..=room).rev().find(|end| name.is_char_boundary(*end)).unwrap_or(0);
    format!("{}~{hash}", &name[..kept])
}

fn measures(cell: &ExportCell<'_>) -> Map<String, Value> {
    let arm = cell.arm;
    let of_summary = |id: MetricId| arm.summaries[id].map(|of| metric(of.median, of.low, of.high));
    let ratio = arm.ratio.as_ref().map(|ratio| metric(ratio.ratio, ratio.low, ratio.high));
    let measures = [
        ("build-time", of_summary(MetricId::Wall)),
        ("cpu-time", of_summary(MetricId::Cpu)),
        ("max-rss", of_summary(MetricId::MaxRss)),
        ("build-time-ratio", ratio),
        ("failed-builds", cell.failures().map(|failures| object!({ "value": failures }))),
    ];
    measures.into_iter().filter_map(|(name, metric)| Some((name.to_owned(), metric?))).collect()
}

fn metric(value: f64, low: f64, high: f64) -> Value {
    object!({ "value": value, "lower_value": low, "upper_value": high })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_as_long_as_bencher_takes_them() {
        let longest = "x".repeat(1024);
        assert_eq!(shorten(longest.clone()), longest);
        // é has two bytes; after an odd byte the place to cut is within one
        for name in ["x".repeat(1025), "é".repeat(1024), format!("x{}", "é".repeat(1024))] {
            let cut = shorten(name.clone());
            assert!((1023..=1024).contains(&cut.len()), "{}", cut.len());
            assert!(cut.ends_with(&format!("~{}", short_hash(&name))));
        }
    }
}
