//! Conditions that the user sets for a search: values that must be kept to, and what is allowed besides.

use std::str::FromStr;

use bench_runner_core::record::Refusal;

use super::{UNTOUCHED, read};
use crate::scenario;

/// A value that every combination has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    pub key: String,
    /// A value of the axis, or [`UNTOUCHED`].
    pub value: String,
}

impl FromStr for Requirement {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        let Some((key, value)) = text.split_once('=') else {
            return Err(Refusal::new(format!(
                "`{text}` is not a requirement such as `debug=line-tables-only`"
            )));
        };
        read::check_key(key)?;
        if value != UNTOUCHED {
            scenario::check_value(key, value)?;
        }
        Ok(Self { key: key.to_owned(), value: value.to_owned() })
    }
}

impl std::fmt::Display for Requirement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}={}", self.key, self.value)
    }
}

/// Something that a search may use only if the user allows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Allowance {
    /// A nightly toolchain, and what only such a toolchain can do.
    Nightly,
}

impl FromStr for Allowance {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        match text {
            "nightly" => Ok(Self::Nightly),
            _ => Err(Refusal::new(format!("`{text}` cannot be allowed (known: nightly)"))
                .did_you_mean(text, ["nightly"])),
        }
    }
}

/// Checks that no two requirements are for the same key with different values.
///
/// # Errors
/// If two are.
pub(super) fn check_each_key_once(requirements: &[Requirement]) -> Result<(), Refusal> {
    for (at, one) in requirements.iter().enumerate() {
        if let Some(other) =
            requirements[..at].iter().find(|other| other.key == one.key && other.value != one.value)
        {
            return Err(Refusal::new(format!("`{other}` and `{one}` cannot both be required"))
                .with_help(format!("require one value of `{}`", one.key)));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_requirement_is_a_key_with_a_value_of_its_axis() {
        let parse = |text: &str| text.parse::<Requirement>();
        assert_eq!(parse("codegen-units={own=16,deps=4}").unwrap().value, "{own=16,deps=4}");
        assert_eq!(parse("jobs=as-configured").unwrap().to_string(), "jobs=as-configured");
        for (wrong, why) in [
            ("debug", "is not a requirement such as"),
            ("debug=line-table-only", "is not an amount of debug info"),
            ("dbug=none", "unknown axis `dbug`"),
            ("workload=clean", "is not a setting that a search can choose"),
        ] {
            let refusal = parse(wrong).unwrap_err();
            assert!(refusal.what.contains(why), "{refusal:?}");
        }
        assert_eq!("nightly".parse::<Allowance>(), Ok(Allowance::Nightly));
        assert!("beta".parse::<Allowance>().is_err());
    }

    #[test]
    fn two_values_of_one_key_are_a_contradiction() {
        let of = |texts: &[&str]| {
            let all: Vec<Requirement> = texts.iter().map(|text| text.parse().unwrap()).collect();
            check_each_key_once(&all).map_err(|refusal| refusal.what)
        };
        assert_eq!(of(&["debug=none", "jobs=2", "debug=none"]), Ok(()));
        assert_eq!(
            of(&["debug=none", "debug=full"]).unwrap_err(),
            "`debug=none` and `debug=full` cannot both be required"
        );
    }
}
