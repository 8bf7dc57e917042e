//! The name that an owner gives a machine.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::is_file_name;

/// Environment variable with the owner's name for the machine.
pub const LABEL_VARIABLE: &str = "BENCH_RUNNER_MACHINE";

const LONGEST: usize = 64;

/// The name that an owner gives a machine; valid as a directory's name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MachineLabel(String);

/// A text that is not a valid machine name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` cannot name a machine: take 1 to {LONGEST} of A-Z, a-z, 0-9, `.`, `_` and `-`, the first a letter, a \
     digit or `_`"
)]
pub struct InvalidLabel {
    /// The rejected text.
    pub text: String,
}

impl MachineLabel {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for MachineLabel {
    type Err = InvalidLabel;

    fn from_str(text: &str) -> Result<Self, InvalidLabel> {
        if text.len() <= LONGEST && is_file_name(text) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidLabel { text: text.to_owned() })
        }
    }
}

impl TryFrom<String> for MachineLabel {
    type Error = InvalidLabel;

    fn try_from(text: String) -> Result<Self, InvalidLabel> {
        text.parse()
    }
}

impl From<MachineLabel> for String {
    fn from(label: MachineLabel) -> Self {
        label.0
    }
}

impl fmt::Display for MachineLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_file_names_that_nobody_has_to_quote() {
        for good in ["a", "build-07", "Rack_3.left", "_x", &"x".repeat(64)] {
            assert_eq!(good.parse::<MachineLabel>().unwrap().as_str(), good);
        }
        for bad in ["", ".", "..", ".hidden", "-rf", "a/b", "a b", "maschine-ä", "a\0", &"x".repeat(65)] {
            assert!(bad.parse::<MachineLabel>().is_err(), "{bad:?} was taken");
        }
    }
}
