//! Predicts from cargo's plan whether a build calls a linker, for its results and for what runs during the
//! build.

use super::{PlannedUnit, PlannedUnits};

/// Kinds of linking in a build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Linking {
    /// True if any result is linked: a program, a shared library, a test.
    pub results: bool,
    /// True if anything runs during the build; all of that is linked.
    pub host: bool,
    /// True if flags for results apply to that too, which is so if no target is named.
    pub host_shares_flags: bool,
}

impl Linking {
    /// Linking in a build of these units.
    pub fn from_units(units: &PlannedUnits) -> Self {
        let compiled = || units.units.iter().filter(|unit| unit.mode != "run-custom-build");
        let runs = |unit: &&PlannedUnit| matches!(unit.kind.as_str(), "custom-build" | "proc-macro");
        Self {
            results: compiled().filter(|unit| !runs(unit)).any(is_linked),
            host: compiled().any(|unit| runs(&unit) && unit.mode != "check"),
            host_shares_flags: compiled().all(|unit| unit.platform.is_none()),
        }
    }

    /// True if the build calls no linker that flags can choose.
    pub(crate) fn calls_no_linker(self) -> bool {
        !(self.results || self.host && self.host_shares_flags)
    }
}

fn is_linked(unit: &PlannedUnit) -> bool {
    let linked = |kind: &String| matches!(kind.as_str(), "bin" | "dylib" | "cdylib");
    unit.mode == "test" || unit.mode == "build" && unit.crate_types.iter().any(linked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::{CompilerFlags, PackageName};

    #[test]
    fn a_linker_is_called_for_some_units_only() {
        let of = |units: &[(&str, &str, Option<&str>)]| {
            let unit = |(kind, mode, platform): &(&str, &str, Option<&str>)| PlannedUnit {
                package: PackageName { name: "p".into(), version: "0.1.0".into(), source: String::new() },
                kind: (*kind).into(),
                crate_types: vec![if *kind == "custom-build" { "bin" } else { *kind }.into()],
                target: "p".into(),
                source: Default::default(),
                mode: (*mode).into(),
                platform: platform.map(str::to_owned),
                features: Vec::new(),
                profile: Default::default(),
                needs: Vec::new(),
            };
            let units = units.iter().map(unit).collect();
            Linking::from_units(&PlannedUnits { units, roots: Vec::new(), flags: CompilerFlags::default() })
        };
        for nothing in [
            &[("lib", "build", None)][..],
            &[("staticlib", "build", None)],
            &[("bin", "check", None)],
            &[("lib", "build", Some("x")), ("custom-build", "build", None)],
        ] {
            assert!(of(nothing).calls_no_linker(), "{nothing:?}");
        }
        for linked in [
            &[("cdylib", "build", None)][..],
            &[("lib", "test", None)],
            &[("bin", "build", Some("x"))],
            &[("lib", "build", None), ("custom-build", "build", None)],
            &[("proc-macro", "build", None)],
        ] {
            assert!(!of(linked).calls_no_linker(), "{linked:?}");
        }
    }
}
