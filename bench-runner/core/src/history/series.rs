//! Series, and the runs that they are made of.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::compiler::Compiler;
use crate::bundle::Manifest;
use crate::record::{AS_CONFIGURED, PlanOrigin, SharedText, short_hash};
use crate::stats::UncertainValue;

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
    /// Versions of tools, pins of projects, and the system, by name. Most runs share theirs with the one before.
    pub facts: Arc<BTreeMap<String, String>>,
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
        let facts = system.chain(tools).chain(pins).chain(configured).chain([program, jobs]);
        Self {
            run: manifest.run.clone(),
            machine: manifest.machine.directory.clone(),
            started_at: manifest.started_at.clone(),
            origin: manifest.plan.origin.as_ref().map(|origin| origin.by.clone()),
            facts: Arc::new(facts.collect()),
        }
    }

    /// True if the run is a night of `track`, or a second look.
    pub fn is_of_track(&self) -> bool {
        matches!(self.origin.as_deref(), Some(PlanOrigin::NIGHT | PlanOrigin::SECOND_LOOK))
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
    /// Name of the variant; one that names a commit is `commits`, whatever commit each run had, and one of a `backfill` of
    /// toolchains is [`super::TOOLCHAINS`].
    pub variant: String,
    /// Name of the baseline, with its commit if it has one: another commit is another baseline. Among toolchains, the
    /// compiler.
    pub baseline: String,
    /// Settings that variant and baseline have and no name says, such as `profile=release`, joined by commas. Among toolchains,
    /// also what is built.
    pub fixed: String,
    /// Name of the metric.
    pub metric: String,
    /// Ratio or seconds.
    pub quantity: Quantity,
}

/// Order of the values in series.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum HistoryOrder {
    /// By the start of their runs.
    #[default]
    Time,
    /// By their commits.
    Commits,
    /// By their compilers.
    Toolchains,
}

/// Value of a series in one run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HistoryPoint {
    /// The commit that was built, if the variant names one.
    pub commit: Option<SharedText>,
    /// The compiler, if the series is one of toolchains.
    #[serde(default)]
    pub compiler: Option<Arc<Compiler>>,
    /// ln ratio or ln seconds.
    pub value: UncertainValue,
    /// Median of the variant's builds, in seconds or the unit of the metric.
    pub median: Option<f64>,
    /// Rounds that count.
    pub rounds: usize,
    /// True if the comparison is invalid: the point is shown, and not judged.
    pub invalid: bool,
}

/// The points of one run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunSeries {
    /// The run.
    pub run: HistoryRun,
    /// A point for each series that the run has a value for. Runs can share the keys.
    pub points: Vec<(Arc<SeriesKey>, HistoryPoint)>,
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
        self.order_by(|point| places.get(point.commit.as_deref()?))
    }

    /// Orders the points by the age of their compilers, as [`TimeSeries::order_by_commits`] does by commits.
    pub fn order_by_toolchains(&mut self) -> usize {
        self.order_by(|point| point.compiler.as_deref().map(Compiler::age))
    }

    fn order_by<P: Ord>(&mut self, place: impl Fn(&HistoryPoint) -> Option<P>) -> usize {
        let runs = self.runs.drain(..).zip(self.points.drain(..));
        let (mut placed, mut removed) = (Vec::new(), 0);
        for (run, point) in runs {
            match place(&point) {
                Some(place) => placed.push((place, run, point)),
                None => removed += 1,
            }
        }
        placed.sort_by(|(one, ..), (other, ..)| one.cmp(other));
        (self.runs, self.points) = placed.into_iter().map(|(_, run, point)| (run, point)).unzip();
        removed
    }
}

/// Series of runs that are in the order of time. Of several runs with one name on a machine (copies), the first counts.
pub fn collect(runs: &[RunSeries]) -> Vec<TimeSeries> {
    let mut seen: HashSet<(&str, &str)> = HashSet::new();
    let counted: Vec<(usize, &RunSeries)> =
        runs.iter().enumerate().filter(|(_, one)| seen.insert((&one.run.machine, &one.run.run))).collect();
    let mut numbers = SeriesNumbers::default();
    let mut sizes: Vec<usize> = Vec::new();
    for (key, _) in counted.iter().flat_map(|(_, one)| &one.points) {
        let number = numbers.of(key);
        sizes.resize(sizes.len().max(number + 1), 0);
        sizes[number] += 1;
    }
    let mut values: Vec<(Vec<usize>, Vec<HistoryPoint>)> =
        sizes.into_iter().map(|size| (Vec::with_capacity(size), Vec::with_capacity(size))).collect();
    for (index, one) in counted {
        for (key, point) in &one.points {
            let (runs, points) = &mut values[numbers.of(key)];
            runs.push(index);
            points.push(point.clone());
        }
    }
    let series = numbers.by_key.into_iter().map(|(key, number)| {
        let (runs, points) = std::mem::take(&mut values[number]);
        TimeSeries { key: key.clone(), runs, points }
    });
    series.collect()
}

/// Numbers of series, from 0 on.
#[derive(Default)]
struct SeriesNumbers<'k> {
    by_key: BTreeMap<&'k SeriesKey, usize>,
    /// Most runs share their keys, which saves comparing the texts of each.
    by_place: HashMap<*const SeriesKey, usize>,
}

impl<'k> SeriesNumbers<'k> {
    fn of(&mut self, key: &'k Arc<SeriesKey>) -> usize {
        *self.by_place.entry(Arc::as_ptr(key)).or_insert_with(|| {
            let next = self.by_key.len();
            *self.by_key.entry(key).or_insert(next)
        })
    }
}
