//! Names of the files of a bundle, and the columns of the small ones.

pub(super) const MANIFEST: &str = "manifest.json";
pub(super) const SAMPLES: &str = "samples.csv";
pub(super) const PROOFS: &str = "proofs.csv";
pub(super) const UNIT_SETS: &str = "unit-sets.csv";
pub(super) const EARLIER: &str = "earlier-twins.csv";

/// Columns of the proofs, in their order.
pub(super) const PROOF_COLUMNS: [&str; 7] =
    ["block", "variant", "axis", "expected", "found", "result", "role"];
