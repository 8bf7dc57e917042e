//! Number of parts into which each crate is split for code generation.

use bench_runner_core::record::Refusal;

use super::per_kind::PerKindValue;
use crate::axes::axis::{Available, Axis, Context, ParsedSettings, ProofFinding, ProofInput, SettingValue};
use crate::axes::rustc_args::{self, ArgCheck, CrateClass, DEPENDENCIES, ExpectedArg, OWN};
use crate::axes::values;
use crate::build::{BuildRequest, Goal};

pub(in crate::axes) struct CodegenUnitsAxis;

const KEY: &str = "codegen-units";
const KINDS: [&str; 2] = ["own", "deps"];

impl Axis for CodegenUnitsAxis {
    fn key(&self) -> &'static str {
        KEY
    }

    fn summary(&self) -> &'static str {
        "codegen units of each crate: one number, or a table for its own crates and for dependencies"
    }

    fn values(&self) -> &'static [&'static str] {
        &["1", "16", "256", "any number", "{own=16,deps=256}"]
    }

    fn parse(&self, _: &str, text: &str) -> Result<Box<dyn SettingValue>, Refusal> {
        let number = |text: &str| values::number(text, "a number of codegen units", u32::MAX).map(drop);
        Ok(Box::new(UnitCounts(PerKindValue::parse(text, &KINDS, number)?)))
    }
}

#[derive(Debug)]
struct UnitCounts(PerKindValue);

impl SettingValue for UnitCounts {
    fn probe(&self, _: &ParsedSettings, context: &Context) -> Result<Available, Refusal> {
        values::available_to_cargo(KEY, self.0.canonical(), context)
    }

    fn applies_to(&self, goal: Goal) -> bool {
        goal.links()
    }

    fn apply(&self, _: &ParsedSettings, _: &Context, request: &mut BuildRequest) {
        let mut key = |key: &str, value: &str| request.profile_keys.push((key.to_owned(), value.to_owned()));
        if let PerKindValue::All(units) = &self.0 {
            key(KEY, units);
        }
        for (kind, place) in [("own", KEY), ("deps", "package.\"*\".codegen-units")] {
            self.0.for_kind(kind).into_iter().for_each(|units| key(place, units));
        }
    }

    fn prove(&self, _: &ParsedSettings, context: &Context, input: &ProofInput<'_>) -> ProofFinding {
        let check = ArgCheck {
            name: KEY,
            read: &|args| rustc_args::codegen(args, KEY).unwrap_or("not set").to_owned(),
            excluded: rustc_args::crates_with_override(KEY, context, input.build),
        };
        let seen = match &self.0 {
            PerKindValue::All(value) => check.run_all(input.build, value),
            table => {
                // The value of the table for all dependencies replaces that of the project.
                let table_check = ArgCheck {
                    excluded: rustc_args::crates_overridden_by_name(KEY, context, input.build),
                    ..check
                };
                let ask = |kind, whose, class: CrateClass| {
                    let value = table.for_kind(kind)?;
                    let among = |call: &_| rustc_args::class(call) == class;
                    Some(table_check.run(input.build, &ExpectedArg { whose, among: &among, value }))
                };
                let seen =
                    [ask("own", OWN, CrateClass::Own), ask("deps", DEPENDENCIES, CrateClass::Dependency)];
                rustc_args::combine_all(seen.into_iter().flatten())
            }
        };
        seen.finding(format!("codegen-units={}", self.0.canonical()))
    }

    fn co_changes(&self, _: &ParsedSettings) -> &'static [&'static str] {
        match self.0.for_kind("deps") {
            Some(_) => &[
                "proc macros and build scripts from outside of the workspace get the value of dependencies too",
            ],
            None => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use bench_runner_core::record::ProofResult;

    use super::*;
    use crate::axes::fixture;

    #[test]
    fn a_table_becomes_two_keys_of_the_profile() {
        let keys = |value| fixture::apply(KEY, value, &fixture::context()).profile_keys;
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(keys("4"), [pair("codegen-units", "4")]);
        assert_eq!(
            keys("{deps=256, own=16}"),
            [pair("codegen-units", "16"), pair("package.\"*\".codegen-units", "256")]
        );
    }

    #[test]
    fn own_crates_and_dependencies_are_proven_apart() {
        let prove = |value: &str, own: &str, dep: &str| {
            let build = fixture::evidence_with(own, dep);
            fixture::prove(KEY, value, &fixture::context(), &build)
        };
        let found = prove("{own=16,deps=256}", "-C codegen-units=16", "-C codegen-units=256");
        assert_eq!(found.result, ProofResult::Holds);
        assert_eq!(
            found.found,
            "codegen-units=16 on 2 of 2 calls of its own crates; codegen-units=256 on 1 of 1 calls of dependencies"
        );
        assert_eq!(prove("{own=16,deps=256}", "-C codegen-units=16", "").result, ProofResult::Fails);
        assert_eq!(prove("{deps=256}", "", "-C codegen-units=256").result, ProofResult::Holds);
        assert_eq!(prove("16", "-C codegen-units=16", "-C codegen-units=16").result, ProofResult::Holds);
        assert_eq!(prove("16", "-C codegen-units=16", "-C codegen-units=1").result, ProofResult::Fails);
        assert_eq!(prove("16", "", "").result, ProofResult::Fails);
    }

    #[test]
    fn a_number_of_units_is_a_number() {
        let valid = |text| fixture::parse(KEY, text).is_ok();
        assert!(valid("1") && valid("{own=1,deps=1}") && !valid("0") && !valid("{own=1}"));
        assert_eq!(fixture::parse_error(KEY, "{owm=1}").help.as_deref(), Some("did you mean `own`?"));
    }
}
