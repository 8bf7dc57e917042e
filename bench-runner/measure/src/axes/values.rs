//! Shared by axes whose values are names, numbers or specific to cargo.

use bench_runner_core::record::Refusal;

use super::axis::{Available, Context};
use crate::build::Toolchain;

/// Finds `value` among `names`. `what` follows "is not" in the error.
pub(super) fn one_of(value: &str, what: &str, names: &[&'static str]) -> Result<&'static str, Refusal> {
    names.iter().copied().find(|name| *name == value).ok_or_else(|| {
        Refusal::new(format!("`{value}` is not {what} (known: {})", names.join(", ")))
            .did_you_mean(value, names.iter().copied())
    })
}

/// Parses a whole number from 1 to `most`, without a sign or leading zeros, so that it has one spelling.
pub(super) fn number(value: &str, what: &str, most: u32) -> Result<u32, Refusal> {
    let parsed = value.parse::<u32>().ok().filter(|number| number.to_string() == value);
    parsed
        .filter(|number| (1..=most).contains(number))
        .ok_or_else(|| Refusal::new(format!("`{value}` is not {what} (a whole number from 1 to {most})")))
}

/// Available to cargo projects, with this identity.
pub(super) fn available_to_cargo(
    key: &str,
    identity: impl Into<String>,
    context: &Context,
) -> Result<Available, Refusal> {
    match context.toolchain {
        Some(_) => Ok(Available::without_tool(identity)),
        None => Err(Refusal::new(format!(
            "`{key}` is a setting of cargo, and this project is not built by cargo"
        ))),
    }
}

/// Not available, because `what` needs a nightly compiler and `toolchain` is not one.
pub(super) fn needs_nightly(what: &str, toolchain: &Toolchain) -> Refusal {
    Refusal::new(format!("{what} needs a nightly compiler, and this is {}", toolchain.rustc_version))
        .with_help("use toolchain=nightly")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_one_spelling() {
        assert_eq!(number("16", "a number of units", 99).unwrap(), 16);
        for value in ["0", "016", "+1", "1.5", "100", "-1", "", "many", "4294967296"] {
            assert!(number(value, "a number of units", 99).is_err(), "{value}");
        }
    }

    #[test]
    fn a_name_that_is_not_known_gets_the_nearest() {
        let refusal = one_of("symbol", "a way to strip", &["none", "symbols"]).unwrap_err();
        assert_eq!(refusal.what, "`symbol` is not a way to strip (known: none, symbols)");
        assert_eq!(refusal.help.as_deref(), Some("did you mean `symbols`?"));
    }
}
