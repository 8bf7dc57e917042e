//! Fidelity: how closely a block's builds match the user's own `cargo build`, determined without building.

use serde::{Deserialize, Serialize};

/// Comparison of one project, or of one variant of it, with the user's own build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fidelity {
    /// Name of the project.
    pub project: String,
    /// The variant; `None` for all variants of the project that do not use the user's own configuration.
    pub variant: Option<String>,
    /// Kinds of things that were compared: `configuration`, `flags`, `units`, `toolchain`, …
    pub compared: Vec<String>,
    /// Files and variables of the user that were deliberately left out of the comparison.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<String>,
    /// Differences that were found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<FidelityDifference>,
    /// Reason for comparing nothing, if nothing was compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_compared: Option<String>,
}

/// One difference between the user's own build and the measured one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FidelityDifference {
    /// Kind of thing that differs: `configuration`, `flags`, `units`, `toolchain`, `files`, …
    pub what: String,
    /// Value in the user's own build; empty if it has none.
    pub yours: String,
    /// Value in the measured build; empty if it has none.
    pub here: String,
}

impl Fidelity {
    /// Returns true if something was compared and nothing differs.
    pub fn is_same(&self) -> bool {
        self.not_compared.is_none() && self.differences.is_empty()
    }
}
