//! What a run left behind, for judging.

use crate::bundle::Bundle;
use crate::record::{BlockEnd, EarlierTwin, Plan, Proof, Sample};

/// What one run left behind, as far as judging needs it. What is not known is empty.
#[derive(Debug, Clone, Copy)]
pub struct RunRecord<'a> {
    /// What was to be done.
    pub plan: &'a Plan,
    /// The builds; those of blocks or arms that the plan does not have are left out.
    pub samples: &'a [Sample],
    /// What was found in the builds.
    pub proofs: &'a [Proof],
    /// How each block ended.
    pub ends: &'a [BlockEnd],
    /// Twins of earlier runs on the same machine.
    pub earlier: &'a [EarlierTwin],
    /// One line about the machine, for captions.
    pub machine: &'a str,
}

impl<'a> RunRecord<'a> {
    /// Samples of a plan about which nothing else is known.
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
