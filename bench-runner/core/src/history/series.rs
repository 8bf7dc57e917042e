//! Comparisons → series.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::{Deserialize, Serialize};

use crate::bundle::Manifest;
use crate::compare::{ArmResult, BlockResult, Comparison, PlainRatio, Verdict};
use crate::record::{
    AS_CONFIGURED, Block, METRICS, MetricId, Role, TEXT_SETTINGS, Treatment, Variant, short_hash,
};
use crate::stats::{LEVEL, UncertainValue, t_quantile};

/// A run, and everything about it that can change a build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryRun {
    /// Name of the run.
    pub run: String,
    /// Directory name of the machine.
    pub machine: String,
    /// Start of the run in UTC, RFC 3339.
    pub started_at: String,
    /// Verb that asked for the run, such as `bisect`; `None` for a person.
    #[serde(default)]
    pub origin: Option<String>,
    /// Versions of tools, pins of projects, and the system, by name.
    pub facts: BTreeMap<String, String>,
}

impl HistoryRun {
    /// The facts of a manifest.
    pub fn of(manifest: &Manifest) -> Self {
        let provenance = &manifest.machine.details["provenance"];
        let system = ["kernel", "microcode", "distribution"]
            .iter()
            .filter_map(|key| Some(((*key).to_owned(), provenance[key].as_str()?.to_owned())));
        let mut tools: BTreeMap<String, String> = BTreeMap::new();
        for tool in &manifest.tools {
            // Variants with toolchains of their own have several compilers.
            let versions = tools.entry(tool.name.clone()).or_default();
            if !versions.split("; ").any(|known| known == tool.version) {
                versions.push_str(if versions.is_empty() { "" } else { "; " });
                versions.push_str(&tool.version);
            }
        }
        let arms = || manifest.plan.blocks.iter().flat_map(|block| &block.arms).map(|arm| &arm.variant);
        let pins = manifest.plan.projects.iter().flat_map(|project| {
            // The checked-out sources are not built if all variants name a commit.
            let of_project = || arms().filter(|variant| variant.project == project.name);
            let is_built = of_project().any(|variant| variant.rev.is_none());
            let pin = is_built.then(|| (format!("source of {}", project.name), project.pin.to_string()));
            let manifest = (format!("manifest and edits of {}", project.name), short_hash(&project.manifest));
            pin.into_iter().chain([manifest])
        });
        let configured = arms().find_map(|variant| variant.settings.get(AS_CONFIGURED));
        let configured = configured.map(|text| ("your cargo configuration".to_owned(), short_hash(text)));
        let jobs = ("jobs".to_owned(), manifest.jobs.to_string());
        let program = ("bench-runner".to_owned(), manifest.program.version.clone());
        Self {
            run: manifest.run.clone(),
            machine: manifest.machine.directory.clone(),
            started_at: manifest.started_at.clone(),
            origin: manifest.plan.origin.as_ref().map(|origin| origin.by.clone()),
            facts: system.chain(tools).chain(pins).chain(configured).chain([program, jobs]).collect(),
        }
    }
}

/// Quantity of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Quantity {
    /// ln ratio to the baseline.
    Ratio,
    /// ln seconds of the baseline.
    Seconds,
}

/// Identity of a series.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SeriesKey {
    /// Directory name of the machine.
    pub machine: String,
    /// Name of the project; several are joined by `+`.
    pub project: String,
    /// The workload; several are joined by `+`.
    pub workload: String,
    /// Name of the variant; one that names a commit is `commits`, whatever commit each run had.
    pub variant: String,
    /// Name of the baseline, with its commit if it has one: another commit is another baseline.
    pub baseline: String,
    /// Settings that all variants have and no name says, such as `profile=release`, joined by commas.
    pub fixed: String,
    /// Name of the metric.
    pub metric: String,
    /// Ratio or seconds.
    pub quantity: Quantity,
}

/// Value of a series in one run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HistoryPoint {
    /// The commit that was built, if the variant names one.
    pub commit: Option<String>,
    /// ln ratio or ln seconds.
    pub value: UncertainValue,
    /// Median of the variant's builds, in seconds or the unit of the metric.
    pub median: Option<f64>,
    /// Rounds that count.
    pub rounds: usize,
    /// True if the comparison is invalid: the point is shown, and not judged.
    pub invalid: bool,
}

/// The points of one run. They are kept next to the run's files, so that a history need not read samples again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunSeries {
    /// The run.
    pub run: HistoryRun,
    /// A point for each series that the run has a value for.
    pub points: Vec<(SeriesKey, HistoryPoint)>,
}

impl RunSeries {
    /// The points of a run.
    pub fn of(manifest: &Manifest, comparison: &Comparison) -> Self {
        let run = HistoryRun::of(manifest);
        let blocks = &manifest.plan.blocks;
        let mut points: Vec<(SeriesKey, HistoryPoint)> = Vec::new();
        for result in &comparison.blocks {
            let Some(block) = blocks.iter().find(|block| block.id == result.id) else { continue };
            for (key, point) in points_of(&run.machine, block, result) {
                // A run has one value in a series for each commit: the first, if several matrices have the same.
                let is_same = |(known, other): &(SeriesKey, HistoryPoint)| {
                    *known == key && other.commit == point.commit
                };
                if !points.iter().any(is_same) {
                    points.push((key, point));
                }
            }
        }
        Self { run, points }
    }
}

/// A series, in the order of its runs.
#[derive(Debug, Clone, PartialEq)]
pub struct TimeSeries {
    /// Its identity.
    pub key: SeriesKey,
    /// Index of the run of each value.
    pub runs: Vec<usize>,
    /// Its values.
    pub points: Vec<HistoryPoint>,
}

impl TimeSeries {
    /// Orders the points by their commits, whose places in the history are given; those of one commit keep their order in
    /// time. Points of other commits, and without one, are removed; returns their number.
    pub fn order_by_commits(&mut self, places: &HashMap<String, usize>) -> usize {
        let runs = self.runs.drain(..).zip(self.points.drain(..));
        let (mut placed, mut removed) = (Vec::new(), 0);
        for (run, point) in runs {
            match point.commit.as_ref().and_then(|commit| places.get(commit)) {
                Some(place) => placed.push((*place, run, point)),
                None => removed += 1,
            }
        }
        placed.sort_by_key(|(place, ..)| *place);
        (self.runs, self.points) = placed.into_iter().map(|(_, run, point)| (run, point)).unzip();
        removed
    }
}

/// Series of runs that are in the order of time. Of several runs with one name on a machine (copies), the first counts.
pub fn collect(runs: &[RunSeries]) -> Vec<TimeSeries> {
    let mut series: BTreeMap<&SeriesKey, Vec<usize>> = BTreeMap::new();
    let mut points: BTreeMap<&SeriesKey, Vec<HistoryPoint>> = BTreeMap::new();
    let mut seen: HashSet<(&str, &str)> = HashSet::new();
    for (index, one) in runs.iter().enumerate() {
        if !seen.insert((&one.run.machine, &one.run.run)) {
            continue;
        }
        for (key, point) in &one.points {
            series.entry(key).or_default().push(index);
            points.entry(key).or_default().push(point.clone());
        }
    }
    let joined = series.into_iter().zip(points.into_values());
    joined.map(|((key, runs), points)| TimeSeries { key: key.clone(), runs, points }).collect()
}

fn points_of(machine: &str, block: &Block, result: &BlockResult) -> Vec<(SeriesKey, HistoryPoint)> {
    let mut found = Vec::new();
    let Some(baseline) = result.arms.get(result.baseline) else { return found };
    let planned = |arm: &ArmResult| {
        let of =
            |planned: &&crate::record::Arm| planned.role == arm.role && planned.variant.name == arm.variant;
        block.arms.iter().find(of).map(|planned| &planned.variant)
    };
    let Some(baseline_variant) = planned(baseline) else { return found };
    let key = |variant: String, metric: &str, quantity| SeriesKey {
        machine: machine.to_owned(),
        project: projects(block),
        fixed: fixed_settings(block),
        workload: result.workload.clone(),
        variant,
        baseline: baseline_name(baseline_variant),
        metric: metric.to_owned(),
        quantity,
    };
    let invalid = !result.invalid.is_empty();
    let wall = METRICS[MetricId::Wall as usize].name;
    // One build alone does not show its error.
    let several = baseline.points.len() > 1;
    if let Some(summary) = baseline.wall().filter(|summary| summary.median > 0.0 && several) {
        let value = ln_median(baseline, summary.median);
        let point = HistoryPoint {
            commit: baseline_variant.rev.clone(),
            value,
            median: Some(summary.median),
            rounds: baseline.points.len(),
            invalid: false,
        };
        found.push((key(baseline.variant.clone(), wall, Quantity::Seconds), point));
    }
    for (at, arm) in result.arms.iter().enumerate() {
        if at == result.baseline || arm.role == Role::Twin {
            continue;
        }
        let Some(variant) = planned(arm) else { continue };
        for metric in METRICS.iter().filter(|metric| metric.treatment != Treatment::Drawn) {
            let (value, rounds, unusable) = match (metric.id, arm.ratio, arm.plain_ratios[metric.id]) {
                (MetricId::Wall, Some(ratio), _) => {
                    (ratio.log_ratio(), ratio.rounds, ratio.verdict == Verdict::Invalid)
                }
                (MetricId::Wall, None, _) | (_, _, None) => continue,
                (_, _, Some(plain)) => (log_ratio(&plain), plain.rounds, false),
            };
            let point = HistoryPoint {
                commit: variant.rev.clone(),
                value,
                median: arm.summaries[metric.id].map(|summary| summary.median),
                rounds,
                invalid: invalid || unusable,
            };
            found.push((key(series_name(variant), metric.name, Quantity::Ratio), point));
        }
    }
    found
}

/// Names of the projects of a block, each once.
fn projects(block: &Block) -> String {
    let mut names: Vec<&str> = Vec::new();
    for arm in &block.arms {
        if !names.contains(&arm.variant.project.as_str()) {
            names.push(&arm.variant.project);
        }
    }
    names.join("+")
}

/// Settings that all arms of a block share; texts of files are not named.
fn fixed_settings(block: &Block) -> String {
    let Some((first, others)) = block.arms.split_first() else { return String::new() };
    let is_shared = |(key, value): &(&String, &String)| {
        !TEXT_SETTINGS.contains(&key.as_str())
            && others.iter().all(|arm| arm.variant.settings.get(*key) == Some(*value))
    };
    let shared = first.variant.settings.iter().filter(is_shared);
    shared.map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(", ")
}

/// Name of a baseline with the commit that it has, since another commit is another baseline.
fn baseline_name(variant: &Variant) -> String {
    match &variant.rev {
        Some(rev) if !variant.name.contains(rev.as_str()) => format!("{} (rev={rev})", variant.name),
        _ => variant.name.clone(),
    }
}

/// Name of a variant without the commit that it happens to have.
fn series_name(variant: &Variant) -> String {
    match &variant.rev {
        Some(rev) => variant.name.replace(&format!("rev={rev}"), "commits"),
        None => variant.name.clone(),
    }
}

/// ln of a median, with the error of the mean of the logarithms as its error.
fn ln_median(arm: &ArmResult, median: f64) -> UncertainValue {
    let logs: Vec<f64> = arm.points.iter().map(|point| point.wall.max(f64::MIN_POSITIVE).ln()).collect();
    let n = logs.len() as f64;
    let mean = logs.iter().sum::<f64>() / n;
    let squares: f64 = logs.iter().map(|log| (log - mean).powi(2)).sum();
    let se = if n > 1.0 { (squares / (n - 1.0) / n).sqrt() } else { 0.0 };
    UncertainValue { value: median.ln(), se, df: (n - 1.0).max(1.0) }
}

fn log_ratio(plain: &PlainRatio) -> UncertainValue {
    let df = (plain.rounds as f64 - 1.0).max(1.0);
    let half_width = 0.5 * (plain.high.ln() - plain.low.ln());
    UncertainValue { value: plain.ratio.ln(), se: half_width / t_quantile(0.5 + 0.5 * LEVEL, df), df }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::fixture::*;

    fn run_series(name: &str, machine: &str, block: &Block, comparison: &Comparison) -> RunSeries {
        let run = HistoryRun {
            run: name.into(),
            machine: machine.into(),
            started_at: format!("2026-01-{name}T00:00:00Z"),
            origin: None,
            facts: BTreeMap::new(),
        };
        RunSeries { run, points: points_of(machine, block, &comparison.blocks[0]) }
    }

    fn nights() -> Vec<RunSeries> {
        let mut plan = plan(vec![block("nights", true, &["main"])]);
        let mut nights = Vec::new();
        let days = [("01", "m", 'a'), ("02", "m", 'b'), ("03", "n", 'c'), ("02", "m", 'd')];
        for (seed, (name, machine, rev)) in (1..).zip(days) {
            let rev = rev.to_string().repeat(40);
            let variant = &mut plan.blocks[0].arms[2].variant;
            (variant.name, variant.rev) = (format!("rev={rev}"), Some(rev));
            let mut samples = Samples::of(&plan);
            samples.noisy(0, 8, seed, |arm| if arm == 2 { 1.05 } else { 1.0 });
            let comparison = compare_samples(&plan, &samples.all);
            nights.push(run_series(name, machine, &plan.blocks[0], &comparison));
        }
        nights
    }

    #[test]
    fn each_variant_has_a_series_for_each_machine() {
        let series = collect(&nights());
        let wall: Vec<&TimeSeries> = series.iter().filter(|one| one.key.metric == "wall").collect();
        let shape: Vec<(&str, &str, Quantity, usize)> = wall
            .iter()
            .map(|one| (&*one.key.machine, &*one.key.variant, one.key.quantity, one.points.len()))
            .collect();
        assert_eq!(
            shape,
            [
                ("m", "commits", Quantity::Ratio, 2),
                ("m", "linker=bfd", Quantity::Seconds, 2),
                ("n", "commits", Quantity::Ratio, 1),
                ("n", "linker=bfd", Quantity::Seconds, 1),
            ],
            "copies of a run count once"
        );
        let point = &wall[0].points[1];
        assert_eq!((wall[0].runs[1], point.rounds), (1, 8));
        assert_eq!(point.commit.as_deref(), Some("b".repeat(40).as_str()));
        assert!((point.value.value - 1.05f64.ln()).abs() < 0.02 && point.value.se > 0.0);
        assert!((wall[1].points[0].value.value - 10f64.ln()).abs() < 0.02);
    }

    #[test]
    fn points_can_be_in_the_order_of_their_commits() {
        let mut series = collect(&nights()).remove(0);
        let places = [("b".repeat(40), 1), ("x".repeat(40), 2)].into();
        assert_eq!(series.order_by_commits(&places), 1, "one commit is not in this history");
        assert_eq!((series.runs.as_slice(), series.points.len()), (&[1][..], 1));
        let mut series = collect(&nights()).remove(0);
        let places = [("b".repeat(40), 1), ("a".repeat(40), 2)].into();
        series.order_by_commits(&places);
        assert_eq!(series.runs, [1, 0]);
    }

    #[test]
    fn what_a_run_adds_is_kept_exactly() {
        for night in nights() {
            let text = serde_json::to_string(&night).unwrap();
            assert_eq!(serde_json::from_str::<RunSeries>(&text).unwrap(), night);
        }
    }
}
