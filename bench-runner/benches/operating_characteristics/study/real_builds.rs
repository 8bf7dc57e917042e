//! Noise of real machines: builds of the same thing, one after another, from the committed bundles.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use bench_runner_core::bundle;
use bench_runner_core::record::{BlockId, Phase, Sample};

/// The run whose blocks have equal arms only.
const RUN: &str = "20261121T084627Z-a-a-incremental_a-a-check-698873";

/// For each block of the committed A/A run ln seconds of all its builds, in the order of building.
pub(super) static SERIES: LazyLock<Vec<Vec<f64>>> = LazyLock::new(|| {
    let results = Path::new(env!("CARGO_MANIFEST_DIR")).join("results");
    let series: Vec<Vec<f64>> = directories(&results)
        .iter()
        .flat_map(|machine| directories(machine))
        .filter(|run| run.ends_with(RUN))
        .flat_map(|run| of_run(&run))
        .collect();
    assert!(!series.is_empty(), "{} has no {RUN}", results.display());
    series
});

fn of_run(run: &Path) -> Vec<Vec<f64>> {
    let bundle = bundle::open(run).unwrap_or_else(|error| panic!("{}: {error}", run.display()));
    let of_block = |block: &BlockId| -> Vec<f64> {
        let mut builds: Vec<&Sample> =
            bundle.samples.iter().filter(|sample| &sample.block == block).collect();
        builds.sort_by_key(|sample| sample.number);
        builds.into_iter().filter_map(measured_build).collect()
    };
    bundle.manifest.plan.blocks.iter().map(|block| of_block(&block.id)).collect()
}

/// ln seconds of a build that counts.
fn measured_build(sample: &Sample) -> Option<f64> {
    let cost = sample.outcome.cost().filter(|_| sample.phase == Phase::Measured);
    cost.map(|cost| cost.wall.as_secs_f64().ln())
}

fn directories(parent: &Path) -> Vec<PathBuf> {
    let entries = parent.read_dir().unwrap_or_else(|error| panic!("{}: {error}", parent.display()));
    let mut found: Vec<PathBuf> =
        entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| path.is_dir()).collect();
    found.sort();
    found
}
