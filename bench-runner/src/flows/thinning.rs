//! Files that are kept of a run in place of its samples, and reading them again.

use anyhow::anyhow;
use bench_runner_core::bundle::archive::KeptFile;
use bench_runner_core::bundle::{Bundle, RunFiles};
use bench_runner_core::history::{KeptResults, round_ratios};

use super::FlowError;

/// Name of the file with the results.
pub(super) const RESULTS: &str = "kept.json";

/// Name of the file with the log-ratios of each round.
const ROUNDS: &str = "rounds.csv";

/// The files that are kept of a run.
///
/// # Errors
/// If a name in it cannot be written.
pub(super) fn kept_files(bundle: &Bundle, results: &KeptResults) -> Result<Vec<KeptFile>, FlowError> {
    let text = serde_json::to_string_pretty(results).map_err(FlowError::harness)? + "\n";
    let rounds = round_ratios(bundle).map_err(FlowError::harness)?;
    Ok(vec![KeptFile { name: ROUNDS, text: rounds }, KeptFile { name: RESULTS, text }])
}

/// Results that were kept of a run; `None` if the run was not thinned.
///
/// # Errors
/// If they cannot be read.
pub(super) fn kept_results(files: &RunFiles) -> Result<Option<KeptResults>, FlowError> {
    if files.thinned()?.is_none() {
        return Ok(None);
    }
    let path = files.path().join(RESULTS);
    let text = files.read(RESULTS)?.ok_or_else(|| anyhow!("{}: it is missing", path.display()))?;
    let kept = KeptResults::parse(&text).map_err(|reason| anyhow!("{}: {reason}", path.display()))?;
    Ok(Some(kept))
}
