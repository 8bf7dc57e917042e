//! What axes have in common whose values are names, numbers or cargo's alone.

use super::{Availability, Context, InvalidValue};
use crate::build::Toolchain;

/// Whether `value` is one of `names`; the error says what is known.
pub(super) fn one_of(value: &str, what: &str, names: &[&str]) -> Result<(), InvalidValue> {
    if names.contains(&value) {
        return Ok(());
    }
    Err(InvalidValue {
        message: format!("`{value}` is not {what} (known: {})", names.join(", ")),
        nearest: bench_runner_core::nearest::nearest(value, names.iter().copied()).map(str::to_owned),
    })
}

/// Whether `value` is a whole number from 1 to `most`, without a sign or leading zeros, so that it has one spelling.
pub(super) fn number(value: &str, what: &str, most: u32) -> Result<u32, InvalidValue> {
    let parsed = value.parse::<u32>().ok().filter(|number| number.to_string() == value);
    parsed.filter(|number| (1..=most).contains(number)).ok_or_else(|| InvalidValue {
        message: format!("`{value}` is not {what} (a whole number from 1 to {most})"),
        nearest: None,
    })
}

/// Available to cargo projects, as `identity`.
pub(super) fn of_cargo(key: &str, identity: String, context: &Context) -> Availability {
    match context.toolchain {
        Some(_) => Availability::Available { identity, tool: None },
        None => Availability::Missing {
            reason: format!("`{key}` is a setting of cargo, and this project is not built by cargo"),
            help: None,
        },
    }
}

/// Not available, because `what` needs a nightly compiler and `toolchain` is none.
pub(super) fn needs_nightly(what: &str, toolchain: &Toolchain) -> Availability {
    Availability::Missing {
        reason: format!("{what} needs a nightly compiler, and this is {}", toolchain.rustc_version),
        help: Some("use toolchain=nightly".to_owned()),
    }
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
        let error = one_of("symbol", "a way to strip", &["none", "symbols"]).unwrap_err();
        assert_eq!(error.message, "`symbol` is not a way to strip (known: none, symbols)");
        assert_eq!(error.nearest.as_deref(), Some("symbols"));
    }
}
