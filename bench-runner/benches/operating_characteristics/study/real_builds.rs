//! Noise of real machines: builds of the same thing, one after another, from the committed bundles.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use bench_runner_core::bundle;
use bench_runner_core::record::{BlockId, Phase, Role, Sample};

/// Fewest builds of a series: two rounds of six arms.
const SHORTEST: usize = 12;

/// Runs are named by the time of their start. Later ones do not change the figures.
const BEFORE: &str = "20261122";

/// For each block of the committed runs ln seconds of its baseline's and its twin's builds, in the order of
/// building. The runs of a sleeping command are not among them, since it does not compile anything.
pub(super) static SERIES: LazyLock<Vec<Vec<f64>>> = LazyLock::new(|| {
    let results = Path::new(env!("CARGO_MANIFEST_DIR")).join("results");
    let series: Vec<Vec<f64>> = directories(&results)
        .iter()
        .flat_map(|machine| directories(machine))
        .filter(|run| run.file_name().is_some_and(|name| *name.to_string_lossy() < *BEFORE))
        .flat_map(|run| of_run(&run))
        .collect();
    assert!(!series.is_empty(), "{} has no runs", results.display());
    series
});

fn of_run(run: &Path) -> Vec<Vec<f64>> {
    let bundle = bundle::open(run).unwrap_or_else(|error| panic!("{}: {error}", run.display()));
    let of_block = |block: &BlockId| -> Vec<f64> {
        let mut builds: Vec<&Sample> =
            bundle.samples.iter().filter(|sample| &sample.block == block).collect();
        builds.sort_by_key(|sample| sample.number);
        builds.into_iter().filter_map(equal_build).collect()
    };
    // Under `replay` the commits differ from round to round.
    let blocks = bundle.manifest.plan.blocks.iter().filter(|block| !block.workload().starts_with("replay"));
    blocks.map(|block| of_block(&block.id)).filter(|series| series.len() >= SHORTEST).collect()
}

/// ln seconds of a build of the baseline or the twin that counts.
fn equal_build(sample: &Sample) -> Option<f64> {
    let is_equal = sample.phase == Phase::Measured && sample.role != Role::Variant;
    sample.outcome.cost().filter(|_| is_equal).map(|cost| cost.wall.as_secs_f64().ln())
}

fn directories(parent: &Path) -> Vec<PathBuf> {
    let entries = parent.read_dir().unwrap_or_else(|error| panic!("{}: {error}", parent.display()));
    let mut found: Vec<PathBuf> =
        entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| path.is_dir()).collect();
    found.sort();
    found
}
