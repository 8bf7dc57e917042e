//! The linker: which program the C compiler calls in the end, and the traces it leaves.

mod advise;
mod apply;
mod choice;
mod driver;
mod probe;
mod prove;
mod reach;
mod threads;

use std::path::Path;

use super::{
    Availability, Axis, Context, Finding, InvalidValue, Lines, Setting, Shown, Situation, Unwritable,
};
use crate::build::{Goal, Recipe};

pub(super) use driver::Driver;
pub(super) use threads::Threads;

pub(super) struct Linker;

const VALUES: [&str; 7] = ["default", "bfd", "gold", "lld", "rust-lld", "mold", "wild"];

/// Who wrote a linker, as its output shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    Bfd,
    Gold,
    Lld,
    Mold,
    Wild,
}

impl Family {
    /// The family of a linker that answers `version` with this.
    fn of_version(text: &str) -> Option<Self> {
        let first = text.lines().next().unwrap_or_default();
        let has = |word: &str| first.to_ascii_lowercase().contains(word);
        match () {
            () if has("mold") => Some(Self::Mold),
            () if has("wild") => Some(Self::Wild),
            () if has("lld") => Some(Self::Lld),
            () if has("gold") => Some(Self::Gold),
            () if has("gnu ld") => Some(Self::Bfd),
            () => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Bfd => "GNU ld",
            Self::Gold => "gold",
            Self::Lld => "LLD",
            Self::Mold => "mold",
            Self::Wild => "Wild",
        }
    }
}

impl Axis for Linker {
    fn key(&self) -> &'static str {
        "linker"
    }

    fn summary(&self) -> &'static str {
        "the linker: rustc's default, GNU ld, gold, the system's lld, rustc's own lld, mold, wild, or a path to one"
    }

    fn values(&self) -> &'static [&'static str] {
        &["default", "bfd", "gold", "lld", "rust-lld", "mold", "wild", "a path"]
    }

    fn parse(&self, _: &str, value: &str) -> Result<(), InvalidValue> {
        if VALUES.contains(&value) || Path::new(value).is_absolute() {
            return Ok(());
        }
        let message = if value.contains('/') {
            format!("the path of a linker must be absolute, and `{value}` is not")
        } else {
            format!("`{value}` is not a linker (known: {}, or an absolute path)", VALUES.join(", "))
        };
        Err(InvalidValue {
            message,
            nearest: bench_runner_core::nearest::nearest(value, VALUES).map(str::to_owned),
        })
    }

    fn probe(&self, &Setting { value, .. }: &Setting<'_>, context: &Context) -> Availability {
        probe::probe(value, context)
    }

    fn matters(&self, goal: Goal) -> bool {
        // Build scripts and proc macros are linked under a check too, but what is checked is not.
        goal.links()
    }

    fn apply(&self, setting: &Setting<'_>, context: &Context, recipe: &mut Recipe) -> std::io::Result<()> {
        apply::apply(setting.value, driver::named(setting), context, recipe)
    }

    fn advise(&self, setting: &Setting<'_>, situation: &Situation) -> Result<Lines, Unwritable> {
        advise::linker(setting, situation)
    }

    fn prove(&self, setting: &Setting<'_>, context: &Context, shown: &Shown<'_>) -> Finding {
        prove::prove(setting.value, driver::named(setting), context, shown.build)
    }

    fn is_for_linking(&self) -> bool {
        true
    }

    fn co_changes(&self, &Setting { value, .. }: &Setting<'_>) -> &'static [&'static str] {
        match value {
            "default" => &[],
            _ => &["build scripts and proc macros are linked by it too"],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::axes::fixture;

    #[test]
    fn takes_names_and_absolute_paths() {
        assert!(Linker.parse("linker", "mold").is_ok());
        assert!(Linker.parse("linker", "/opt/wild/wild").is_ok());
        assert!(Linker.parse("linker", "./wild").unwrap_err().message.contains("absolute"));
        assert_eq!(Linker.parse("linker", "moldd").unwrap_err().nearest.as_deref(), Some("mold"));
    }

    #[test]
    fn only_a_linker_that_is_asked_for_changes_what_runs_during_the_build() {
        let changes = |value| fixture::with("linker", value, |setting| Linker.co_changes(setting).to_vec());
        assert!(changes("default").is_empty());
        assert!(!changes("mold").is_empty() && !changes("/opt/wild/wild").is_empty());
    }

    #[test]
    fn tells_linkers_by_what_they_say_of_themselves() {
        for (text, family) in [
            ("GNU ld (GNU Binutils for Debian) 2.40", Some(Family::Bfd)),
            ("GNU gold (GNU Binutils for Debian 2.40) 1.16", Some(Family::Gold)),
            ("Debian LLD 14.0.6 (compatible with GNU linkers)", Some(Family::Lld)),
            ("mold 1.10.1 (compatible with GNU ld)", Some(Family::Mold)),
            ("Wild version 0.10.0 (compatible with GNU linkers)", Some(Family::Wild)),
            ("hello", None),
        ] {
            assert_eq!(Family::of_version(text), family, "{text}");
        }
    }
}
