//! What the machine's earlier runs say of its noise, collected when a run begins and kept with that run: what a bundle
//! says must never depend on which others lie beside it.

use std::path::{Path, PathBuf};

use super::judge;
use crate::bundle::{self, Bundle, Manifest, Status};
use crate::compare::Policy;
use crate::record::EarlierTwin;

/// How many twins are kept, the newest first. What a machine was like long ago says little of it today.
const MOST: usize = 60;

/// Twins of fewer rounds cannot be weighed, and neither can those without any spread.
const MIN_ROUNDS: usize = 4;

/// What earlier runs left.
#[derive(Debug, Default)]
pub(super) struct Earlier {
    /// Their twins, those of the newest run first.
    pub(super) twins: Vec<EarlierTwin>,
    /// What could not be read, as sentences.
    pub(super) remarks: Vec<String>,
}

/// The twins of the complete runs of the same machine below `results` that began before this one. A twin counts whatever
/// it says: leaving out those that made their block `invalid` would make the offsets look small.
pub(super) fn earlier(results: &Path, manifest: &Manifest) -> Earlier {
    let mut found = Earlier::default();
    let mut runs: Vec<PathBuf> = std::fs::read_dir(results.join(&manifest.machine.directory))
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()).filter(|path| path.is_dir()))
        .collect();
    // Names of runs begin with the time at which they did.
    runs.sort();
    for dir in runs.iter().rev() {
        if found.twins.len() >= MOST {
            break;
        }
        match bundle::open(dir) {
            Ok(bundle) if is_earlier(&bundle.manifest, manifest) => found.twins.extend(twins(&bundle)),
            Ok(_) => {}
            Err(error) => found.remarks.push(format!("an earlier run is not drawn upon: {error}")),
        }
    }
    found.twins.truncate(MOST);
    found
}

/// Times of day are UTC and of equal length, so that they compare as texts.
fn is_earlier(earlier: &Manifest, manifest: &Manifest) -> bool {
    earlier.status == Status::Complete
        && earlier.machine.directory == manifest.machine.directory
        && earlier.run != manifest.run
        && earlier.started_at <= manifest.started_at
}

fn twins(bundle: &Bundle) -> Vec<EarlierTwin> {
    let comparison = judge(bundle, &Policy::default());
    let twin = |block: &crate::compare::BlockResult| {
        let twin = block.twin.filter(|twin| twin.rounds >= MIN_ROUNDS && twin.se > 0.0)?;
        Some(EarlierTwin {
            run: bundle.manifest.run.clone(),
            block: block.id.clone(),
            workload: block.workload.clone(),
            rounds: twin.rounds as u32,
            theta: twin.theta,
            se: twin.se,
        })
    };
    comparison.blocks.iter().filter_map(twin).collect()
}
