//! Points of a history that the runs of a month add, in one file for each machine and month, so that their samples need
//! not be read again.
//!
//! A line with the version; the length of the head and its checksum; the head, with the runs and the length and checksum of
//! each metric's points; then these. So the points of other metrics are not read, and a damaged file is noticed. Values are
//! encoded by postcard.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::{self, File};
use std::hash::Hash;
use std::io::{BufReader, Read, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use bench_runner_core::bundle::{FileStamp, RunFiles};
use bench_runner_core::history::{Compiler, HistoryPoint, HistoryRun, RunSeries, SeriesKey};
use bench_runner_core::record::{METRICS, SharedText};
use bench_runner_core::stats::UncertainValue;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::super::thinning;

/// First line of a kept file. The number grows whenever the contents or the statistics behind them change.
const FIRST_LINE: &[u8] = b"bench-runner history 8\n";

/// Files that a run's points are made from; those of a thinned run from its results alone.
const MADE_FROM: [&str; 5] =
    ["manifest.json", "samples.csv", "proofs.csv", "earlier-twins.csv", thinning::RESULTS];

/// Name of a run's directory, and the stamps of its files: points are made again if any of them changes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Stamp {
    name: String,
    files: [Option<FileStamp>; MADE_FROM.len()],
}

impl Stamp {
    /// `None` if there is no manifest, so that it is not a run.
    pub(super) fn of(run: &RunFiles) -> Option<Self> {
        let files = MADE_FROM.map(|name| run.stamp(name));
        files[0].as_ref()?;
        Some(Self { name: run.path().file_name()?.to_string_lossy().into_owned(), files })
    }
}

/// Values that many runs have, each once.
#[derive(Debug, Default)]
pub(super) struct SharedValues {
    keys: Mutex<HashSet<Arc<SeriesKey>>>,
    facts: Mutex<HashSet<Arc<BTreeMap<String, String>>>>,
}

impl SharedValues {
    /// Makes the keys and the facts of a run shared ones.
    pub(super) fn share(&self, run: &mut RunSeries) {
        run.run.facts = shared(&self.facts, run.run.facts.clone());
        for (key, _) in &mut run.points {
            *key = shared(&self.keys, key.clone());
        }
    }
}

/// The value that is equal to this one and known already, or this one.
fn shared<T: Eq + Hash>(known: &Mutex<HashSet<Arc<T>>>, value: Arc<T>) -> Arc<T> {
    let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
    match known.get(&value) {
        Some(first) => first.clone(),
        None => {
            known.insert(value.clone());
            value
        }
    }
}

/// Head of a kept file.
#[derive(Serialize, Deserialize)]
struct Head {
    runs: Vec<(Stamp, HistoryRun)>,
    metrics: Vec<MetricEntry>,
}

/// Place of a metric's points in a kept file.
#[derive(Serialize, Deserialize)]
struct MetricEntry {
    metric: String,
    bytes: u64,
    checksum: [u8; 32],
}

/// Points of all runs for one metric.
#[derive(Serialize, Deserialize)]
struct MetricPoints {
    keys: Vec<Arc<SeriesKey>>,
    commits: Vec<SharedText>,
    compilers: Vec<Arc<Compiler>>,
    /// Points of each run, in the order of the head.
    runs: Vec<Vec<KeptPoint>>,
}

#[derive(Serialize, Deserialize)]
struct KeptPoint {
    /// Index of the key.
    key: usize,
    /// Index of the commit.
    commit: Option<usize>,
    /// Index of the compiler.
    compiler: Option<usize>,
    value: UncertainValue,
    median: Option<f64>,
    rounds: usize,
    invalid: bool,
}

/// The kept runs with their points of the metrics that are `wanted`; `None` if there is no such file, or if it is damaged or of another
/// version.
pub(super) fn read(
    path: &Path,
    wanted: impl Fn(&str) -> bool,
    values: &SharedValues,
) -> Option<Vec<(Stamp, RunSeries)>> {
    let file = File::open(path).ok()?;
    let size = file.metadata().ok()?.len();
    let mut file = BufReader::new(file);
    let mut first_line = [0; FIRST_LINE.len()];
    file.read_exact(&mut first_line).ok()?;
    if first_line != FIRST_LINE {
        return None;
    }
    let mut length = [0; 8];
    file.read_exact(&mut length).ok()?;
    let mut checksum = [0; 32];
    file.read_exact(&mut checksum).ok()?;
    let head: Head = read_part(&mut file, u64::from_le_bytes(length), checksum, size)?;
    let mut runs: Vec<(Stamp, RunSeries)> = head
        .runs
        .into_iter()
        .map(|(stamp, mut run)| {
            run.facts = shared(&values.facts, run.facts);
            (stamp, RunSeries { run, points: Vec::new() })
        })
        .collect();
    for entry in head.metrics {
        if wanted(&entry.metric) {
            let points = read_part(&mut file, entry.bytes, entry.checksum, size)?;
            add_points(&mut runs, points, values)?;
        } else {
            file.seek(SeekFrom::Current(i64::try_from(entry.bytes).ok()?)).ok()?;
        }
    }
    Some(runs)
}

/// The next part of a file of this size; `None` if it is damaged.
fn read_part<T: DeserializeOwned>(
    file: &mut impl Read,
    bytes: u64,
    checksum: [u8; 32],
    size: u64,
) -> Option<T> {
    if bytes > size {
        return None;
    }
    let mut part = vec![0; usize::try_from(bytes).ok()?];
    file.read_exact(&mut part).ok()?;
    if checksum_of(&part) != checksum {
        return None;
    }
    postcard::from_bytes(&part).ok()
}

fn checksum_of(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// `None` if the points are not those of these runs.
fn add_points(runs: &mut [(Stamp, RunSeries)], kept: MetricPoints, values: &SharedValues) -> Option<()> {
    if kept.runs.len() != runs.len() {
        return None;
    }
    let keys: Vec<Arc<SeriesKey>> = kept.keys.into_iter().map(|key| shared(&values.keys, key)).collect();
    for ((_, run), points) in runs.iter_mut().zip(kept.runs) {
        run.points.reserve_exact(points.len());
        for KeptPoint { key, commit, compiler, value, median, rounds, invalid } in points {
            let commit = indexed(&kept.commits, commit)?;
            let compiler = indexed(&kept.compilers, compiler)?;
            let point = HistoryPoint { commit, compiler, value, median, rounds, invalid };
            run.points.push((keys.get(key)?.clone(), point));
        }
    }
    Some(())
}

/// The value at an index, if a point has one; `None` if there is no such value.
fn indexed<T: Clone>(values: &[T], index: Option<usize>) -> Option<Option<T>> {
    match index {
        Some(index) => Some(Some(values.get(index)?.clone())),
        None => Some(None),
    }
}

/// Keeps runs with all their points, in place of what the file had. A directory that cannot be written to costs time only.
pub(super) fn write(path: &Path, runs: &[(Stamp, RunSeries)]) {
    let (Some(bytes), Some(parent)) = (file_bytes(runs), path.parent()) else { return };
    // Without the directories above it: a machine that was removed meanwhile must not come back.
    let made = fs::create_dir(parent).is_ok() || parent.is_dir();
    if made
        && let Ok(mut file) = tempfile::NamedTempFile::new_in(parent)
        && file.write_all(&bytes).is_ok()
    {
        // It appears whole or not at all, also if another process writes it at the same time.
        let _ = file.persist(path);
    }
}

fn file_bytes(runs: &[(Stamp, RunSeries)]) -> Option<Vec<u8>> {
    let mut metrics = Vec::new();
    let mut parts: Vec<u8> = Vec::new();
    for metric in METRICS.iter().map(|metric| metric.name) {
        let points = points_of(runs, metric);
        if !points.keys.is_empty() {
            let part = postcard::to_stdvec(&points).ok()?;
            let entry = MetricEntry {
                metric: metric.to_owned(),
                bytes: part.len() as u64,
                checksum: checksum_of(&part),
            };
            metrics.push(entry);
            parts.extend(part);
        }
    }
    let described = runs.iter().map(|(stamp, one)| (stamp.clone(), one.run.clone())).collect();
    let head = postcard::to_stdvec(&Head { runs: described, metrics }).ok()?;
    let length = (head.len() as u64).to_le_bytes();
    Some([FIRST_LINE, &length, &checksum_of(&head), &head, &parts].concat())
}

fn points_of(runs: &[(Stamp, RunSeries)], metric: &str) -> MetricPoints {
    let mut keys = Numbered::default();
    let (mut commits, mut compilers) = (Numbered::default(), Numbered::default());
    let of_run = |(_, one): &(Stamp, RunSeries)| {
        let of_metric = one.points.iter().filter(|(key, _)| key.metric == metric);
        let kept = of_metric.map(|(key, point)| KeptPoint {
            key: keys.number(key),
            commit: point.commit.as_ref().map(|commit| commits.number(commit)),
            compiler: point.compiler.as_ref().map(|compiler| compilers.number(compiler)),
            value: point.value,
            median: point.median,
            rounds: point.rounds,
            invalid: point.invalid,
        });
        kept.collect()
    };
    let runs = runs.iter().map(of_run).collect();
    MetricPoints { keys: keys.values, commits: commits.values, compilers: compilers.values, runs }
}

/// Different values in the order of their numbers.
struct Numbered<T> {
    values: Vec<T>,
    numbers: HashMap<T, usize>,
}

impl<T> Default for Numbered<T> {
    fn default() -> Self {
        Self { values: Vec::new(), numbers: HashMap::new() }
    }
}

impl<T: Clone + Eq + Hash> Numbered<T> {
    fn number(&mut self, value: &T) -> usize {
        if let Some(known) = self.numbers.get(value) {
            return *known;
        }
        let next = self.values.len();
        self.numbers.insert(value.clone(), next);
        self.values.push(value.clone());
        next
    }
}
