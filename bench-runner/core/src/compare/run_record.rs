//! Input of a comparison: the records of a run.

use crate::bundle::Bundle;
use crate::record::{BlockEnd, EarlierTwin, Plan, Proof, Sample};

/// The records of one run that are needed for judging. Unknown parts are empty.
#[derive(Debug, Clone, Copy)]
pub struct RunRecord<'a> {
    /// The plan of the run.
    pub plan: &'a Plan,
    /// Samples of the builds; those of blocks or arms that are not in the plan are ignored.
    pub samples: &'a [Sample],
    /// Proofs from the builds.
    pub proofs: &'a [Proof],
    /// Ends of the blocks.
    pub ends: &'a [BlockEnd],
    /// Twins of earlier runs on the same machine.
    pub earlier: &'a [EarlierTwin],
    /// One-line summary of the machine, for captions.
    pub machine: &'a str,
}

impl<'a> RunRecord<'a> {
    /// Samples of a plan, without any other records.
    pub fn of(plan: &'a Plan, samples: &'a [Sample]) -> Self {
        Self { plan, samples, proofs: &[], ends: &[], earlier: &[], machine: "" }
    }
}

impl<'a> From<&'a Bundle> for RunRecord<'a> {
    fn from(bundle: &'a Bundle) -> Self {
        let manifest = &bundle.manifest;
        Self {
            plan: &manifest.plan,
            samples: &bundle.samples,
            proofs: &bundle.proofs,
            ends: &manifest.blocks,
            earlier: &bundle.earlier,
            machine: &manifest.machine.summary,
        }
    }
}
