//! OpenMetrics 1.0 text, for tools that scrape or import it
//! (<https://prometheus.io/docs/specs/om/open_metrics_spec/>).
//!
//! The format has no comments, so failures and variants that were left out are metrics, too. Samples have no
//! timestamp, since scrapers use their own; the start of the run is a metric.

use std::fmt::Write as _;

use bench_runner_core::compare::{ArmResult, PlainRatio, Ratio, Summary, Verdict};
use bench_runner_core::record::{Metric, Unit};

use super::cells::{ExportCell, Selection};
use super::error::ExportError;
use super::format::{AcceptedRuns, Export, ExportDocument, ExportFormat};
use super::run::ExportRun;

pub(super) static FORMAT: ExportFormat = ExportFormat {
    name: "openmetrics",
    summary: "OpenMetrics text, for Prometheus and similar systems",
    extension: "txt",
    accepts: AcceptedRuns::CellsOfRuns,
    export,
};

fn export(selection: &Selection<'_>) -> Result<Export, ExportError> {
    let mut text = String::new();
    for family in run_families(selection).into_iter().chain(cell_families(selection)) {
        family.write(&mut text);
    }
    text.push_str("# EOF\n");
    let documents = vec![ExportDocument { name: selection.file_name("openmetrics.txt"), text }];
    Ok(Export { documents, omissions: Vec::new() })
}

/// A metric family: its samples are contiguous.
struct MetricFamily {
    name: String,
    kind: &'static str,
    unit: &'static str,
    help: String,
    /// Suffix of the name, labels, value.
    samples: Vec<(&'static str, Labels, f64)>,
}

/// Names and values of labels.
type Labels = Vec<(&'static str, String)>;

impl MetricFamily {
    fn new(name: &str, kind: &'static str, unit: &'static str, help: impl Into<String>) -> Self {
        let name = if unit.is_empty() {
            format!("bench_runner_{name}")
        } else {
            format!("bench_runner_{name}_{unit}")
        };
        Self { name, kind, unit, help: help.into(), samples: Vec::new() }
    }

    fn write(&self, text: &mut String) {
        if self.samples.is_empty() {
            return;
        }
        let Self { name, kind, unit, help, .. } = self;
        let _ = writeln!(text, "# TYPE {name} {kind}");
        if !unit.is_empty() {
            let _ = writeln!(text, "# UNIT {name} {unit}");
        }
        let _ = writeln!(text, "# HELP {name} {help}");
        for (suffix, labels, value) in &self.samples {
            let labels: Vec<String> =
                labels.iter().map(|(key, value)| format!("{key}=\"{}\"", escape_label(value))).collect();
            let _ = writeln!(text, "{name}{suffix}{{{}}} {value}", labels.join(","));
        }
    }
}

/// A label's value, escaped according to the specification.
fn escape_label(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

fn run_families(selection: &Selection<'_>) -> Vec<MetricFamily> {
    let mut run = MetricFamily::new("run", "info", "", "A run: what was run, where, and how far it got.");
    let mut started =
        MetricFamily::new("run_start_timestamp", "gauge", "seconds", "Start of the run, Unix time.");
    let mut skipped = MetricFamily::new("skipped", "info", "", "What was asked for and left out, and why.");
    for picked in &selection.runs {
        let manifest = &picked.run.bundle.manifest;
        let of_run = labels_of_run(&picked.run);
        let status = serde_json::to_value(manifest.status).unwrap_or_default();
        let more = [
            ("class", manifest.machine.class.clone()),
            ("scenario", manifest.plan.scenario.clone()),
            ("status", status.as_str().unwrap_or_default().to_owned()),
            ("version", manifest.program.version.clone()),
        ];
        run.samples.push(("_info", of_run.iter().cloned().chain(more).collect(), 1.0));
        if let Some(seconds) = unix_seconds(&manifest.started_at) {
            started.samples.push(("", of_run.clone(), seconds));
        }
        for (number, one) in (1..).zip(&picked.run.comparison.skipped) {
            let more = [
                // a variant can be left out of a block for several reasons
                ("number", u32::to_string(&number)),
                ("block", one.block.clone()),
                ("variant", one.variant.clone()),
                ("reason", one.reason.clone()),
            ];
            skipped.samples.push(("_info", of_run.iter().cloned().chain(more).collect(), 1.0));
        }
    }
    vec![run, started, skipped]
}

/// `None` if the text is not a valid time.
fn unix_seconds(text: &str) -> Option<f64> {
    let time = humantime::parse_rfc3339(text).ok()?;
    Some(time.duration_since(std::time::SystemTime::UNIX_EPOCH).ok()?.as_secs_f64())
}

fn labels_of_run(run: &ExportRun<'_>) -> Labels {
    let manifest = &run.bundle.manifest;
    vec![("run", manifest.run.clone()), ("machine", manifest.machine.directory.clone())]
}

fn labels_of_cell(run: &ExportRun<'_>, cell: &ExportCell<'_>) -> Labels {
    let variant = &cell.planned.variant;
    let of_cell = [
        ("block", cell.block.id.to_string()),
        ("project", variant.project.clone()),
        ("workload", variant.workload.clone()),
        ("variant", variant.name.clone()),
        ("role", cell.arm.role.as_str().to_owned()),
    ];
    labels_of_run(run).into_iter().chain(of_cell).collect()
}

/// An estimate with the ends of its 95% interval.
type EstimateAndInterval = [f64; 3];

fn summary_interval(summary: Summary) -> EstimateAndInterval {
    [summary.median, summary.low, summary.high]
}

fn ratio_interval(ratio: PlainRatio) -> EstimateAndInterval {
    [ratio.ratio, ratio.low, ratio.high]
}

fn cell_families(selection: &Selection<'_>) -> Vec<MetricFamily> {
    let medians = Metric::listed().flat_map(|metric| {
        let unit = match metric.unit {
            Unit::Seconds => "seconds",
            Unit::Bytes => "bytes",
            Unit::Count => "",
        };
        let Metric { meaning, term, .. } = metric;
        let help = [
            format!("{meaning}, median."),
            format!("Lower end of the 95 % interval of the median {term}, the smallest below 6 builds."),
            format!("Upper end of the 95 % interval of the median {term}, the largest below 6 builds."),
        ];
        with_interval(selection, (metric.name, unit), help, |arm| {
            arm.summaries[metric.id].map(summary_interval)
        })
    });
    let ratios = Metric::listed().flat_map(|metric| {
        let ends = ["the estimate", "lower end of the 95 % interval", "upper end of the 95 % interval"];
        let help = ends.map(|end| format!("To the baseline of the block, {end}."));
        with_interval(selection, (metric.name, "ratio"), help, |arm| {
            arm.ratio_of(metric.id).map(ratio_interval)
        })
    });
    medians.chain(ratios).chain(counts(selection)).chain(text_families(selection)).collect()
}

/// Metric families of an estimate and of the ends of its interval.
fn with_interval(
    selection: &Selection<'_>,
    (name, unit): (&str, &'static str),
    help: [String; 3],
    of: impl Fn(&ArmResult) -> Option<EstimateAndInterval>,
) -> Vec<MetricFamily> {
    let parts = ["", "_low", "_high"].into_iter().zip(help).enumerate();
    let family = |(at, (part, help)): (usize, (&str, String))| {
        gauge(selection, (&format!("{name}{part}"), unit, help), |cell| of(cell.arm).map(|three| three[at]))
    };
    parts.map(family).collect()
}

/// Metric family with a number for each cell that has it.
fn gauge(
    selection: &Selection<'_>,
    (name, unit, help): (&str, &'static str, impl Into<String>),
    value: impl Fn(&ExportCell<'_>) -> Option<f64>,
) -> MetricFamily {
    let mut family = MetricFamily::new(name, "gauge", unit, help);
    let samples =
        selection.cells().filter_map(|(run, cell)| Some(("", labels_of_cell(run, cell), value(cell)?)));
    family.samples.extend(samples);
    family
}

fn counts(selection: &Selection<'_>) -> [MetricFamily; 3] {
    [
        gauge(
            selection,
            ("builds", "", "Measured builds that count."),
            |cell| Some(cell.builds.len() as f64),
        ),
        gauge(selection, ("failed_builds", "", "Measured builds that did not end well."), |cell| {
            Some(cell.arm.failures as f64)
        }),
        gauge(selection, ("rounds", "", "Rounds that the ratio of wall times comes from."), |cell| {
            cell.arm.ratio.map(|ratio| ratio.rounds as f64)
        }),
    ]
}

/// Verdicts, and reasons why cells have no times.
fn text_families(selection: &Selection<'_>) -> [MetricFamily; 2] {
    const VERDICTS: [Verdict; 5] =
        [Verdict::Faster, Verdict::Slower, Verdict::Equivalent, Verdict::Undecided, Verdict::Invalid];
    let is_judged = |ratio: &&Ratio| ratio.verdict != Verdict::NotJudged;
    let mut verdicts = MetricFamily::new(
        "verdict",
        "stateset",
        "",
        "What the comparison of wall times with the baseline came to.",
    );
    let mut not_timed =
        MetricFamily::new("not_timed", "info", "", "Why a cell has no times or no comparison.");
    for (run, cell) in selection.cells() {
        let labels = labels_of_cell(run, cell);
        if let Some(ratio) = cell.arm.ratio.as_ref().filter(|ratio| is_judged(ratio)) {
            for verdict in VERDICTS {
                let state = ("bench_runner_verdict", verdict.as_str().to_owned());
                let is_it = if ratio.verdict == verdict { 1.0 } else { 0.0 };
                verdicts.samples.push(("", labels.iter().cloned().chain([state]).collect(), is_it));
            }
        }
        if let Some(reason) = cell.why_no_times() {
            let labels = labels.into_iter().chain([("reason", reason)]).collect();
            not_timed.samples.push(("_info", labels, 1.0));
        }
    }
    [verdicts, not_timed]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_escaped() {
        assert_eq!(escape_label("a\\b \"c\"\nd <e>"), "a\\\\b \\\"c\\\"\\nd <e>");
    }
}
