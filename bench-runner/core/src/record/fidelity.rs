//! How far what a block builds is what its user's own `cargo build` would build, as found out without a build.

use serde::{Deserialize, Serialize};

/// The comparison of one project, or of one variant of it, with the user's own build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fidelity {
    /// Name of the project.
    pub project: String,
    /// The variant; `None` for all variants of the project that leave the user's own configuration out.
    pub variant: Option<String>,
    /// What was compared: `configuration`, `flags`, `units`, `toolchain`, …
    pub compared: Vec<String>,
    /// Files and variables of the user that were left out of the comparison on purpose.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<String>,
    /// What differs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<FidelityDifference>,
    /// Why nothing could be compared, if so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_compared: Option<String>,
}

/// One thing that differs between the user's own build and the one that is measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FidelityDifference {
    /// The kind of thing: `configuration`, `flags`, `units`, `toolchain`, `files`, …
    pub what: String,
    /// What the user's own build has; empty if it has nothing there.
    pub yours: String,
    /// What the measured build has; empty if it has nothing there.
    pub here: String,
}

impl Fidelity {
    /// Whether something was compared and nothing differs.
    pub fn is_same(&self) -> bool {
        self.not_compared.is_none() && self.differences.is_empty()
    }
}
