//! Into how many parts each crate is split for code generation.

use super::calls::{self, Class, DEPENDENCIES, OWN, Question, Wanted};
use super::table::PerKind;
use super::{Availability, Axis, Context, Finding, InvalidValue, Setting, Shown, named};
use crate::build::{Goal, Recipe};

pub(super) struct CodegenUnits;

const KEY: &str = "codegen-units";
const KINDS: [&str; 2] = ["own", "deps"];

fn parse(value: &str) -> Result<PerKind, InvalidValue> {
    PerKind::parse(value, &KINDS, |text| {
        named::number(text, "a number of codegen units", u32::MAX).map(|_| ())
    })
}

impl Axis for CodegenUnits {
    fn key(&self) -> &'static str {
        KEY
    }

    fn summary(&self) -> &'static str {
        "codegen units of each crate: one number, or a table for its own crates and for dependencies"
    }

    fn values(&self) -> &'static [&'static str] {
        &["1", "16", "256", "any number", "{own=16,deps=256}"]
    }

    fn parse(&self, _: &str, value: &str) -> Result<(), InvalidValue> {
        parse(value).map(|_| ())
    }

    fn probe(&self, setting: &Setting<'_>, context: &Context) -> Availability {
        let identity = parse(setting.value).map_or(setting.value.to_owned(), |units| units.canonical());
        named::of_cargo(KEY, identity, context)
    }

    fn matters(&self, goal: Goal) -> bool {
        goal.links()
    }

    fn apply(&self, setting: &Setting<'_>, _: &Context, recipe: &mut Recipe) -> std::io::Result<()> {
        let mut key = |key: &str, value: &str| recipe.profile_keys.push((key.to_owned(), value.to_owned()));
        match parse(setting.value) {
            Ok(PerKind::All(units)) => key(KEY, &units),
            Ok(table) => {
                table.of("own").into_iter().for_each(|units| key(KEY, units));
                table.of("deps").into_iter().for_each(|units| key("package.\"*\".codegen-units", units));
            }
            Err(error) => return Err(std::io::Error::other(error)),
        }
        Ok(())
    }

    fn prove(&self, setting: &Setting<'_>, context: &Context, shown: &Shown<'_>) -> Finding {
        let units = match parse(setting.value) {
            Ok(units) => units,
            Err(error) => return Finding::not_provable(setting.value.to_owned(), &error.message),
        };
        let question = Question {
            name: KEY,
            read: &|args| calls::codegen(args, KEY).unwrap_or("not set").to_owned(),
            excepted: calls::excepted(KEY, context, shown.build),
        };
        let seen = match &units {
            PerKind::All(value) => question.ask_all(shown.build, value),
            table => {
                // What the table says of all dependencies takes the place of what the project says of them.
                let of_all =
                    Question { excepted: calls::excepted_by_name(KEY, context, shown.build), ..question };
                let ask = |kind, whose, class: Class| {
                    let value = table.of(kind)?;
                    Some(of_all.ask(
                        shown.build,
                        &Wanted { whose, among: &|call| calls::class(call) == class, value },
                    ))
                };
                let seen = [ask("own", OWN, Class::Own), ask("deps", DEPENDENCIES, Class::Dependency)];
                calls::together(seen.into_iter().flatten())
            }
        };
        seen.finding(format!("codegen-units={}", units.canonical()))
    }

    fn co_changes(&self, setting: &Setting<'_>) -> &'static [&'static str] {
        match parse(setting.value) {
            Ok(table) if table.of("deps").is_some() => &[
                "proc macros and build scripts from outside of the workspace get the value of dependencies too",
            ],
            _ => &[],
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
        let keys = |value| fixture::applied(&CodegenUnits, KEY, value, &fixture::context()).profile_keys;
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
            let build = fixture::built(own, dep);
            fixture::prove(&CodegenUnits, KEY, value, &fixture::context(), &build)
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
        assert!(CodegenUnits.parse(KEY, "1").is_ok() && CodegenUnits.parse(KEY, "{own=1,deps=1}").is_ok());
        assert!(CodegenUnits.parse(KEY, "0").is_err() && CodegenUnits.parse(KEY, "{own=1}").is_err());
        assert_eq!(CodegenUnits.parse(KEY, "{owm=1}").unwrap_err().nearest.as_deref(), Some("own"));
    }
}
