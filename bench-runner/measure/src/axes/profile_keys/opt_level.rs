//! Optimization level, for all crates or by kind of crate.

use bench_runner_core::record::Refusal;

use super::per_kind::PerKindValue;
use crate::axes::axis::{
    Available, Axis, Context, ParsedSettings, ProofFinding, ProofInput, SettingValue, request_lines,
};
use crate::axes::lines::{SettingLines, Situation, Unwritable};
use crate::axes::rustc_args::{self, ArgCheck, CrateClass, DEPENDENCIES, ExpectedArg, OWN, PartialFinding};
use crate::axes::values;
use crate::build::{BuildEvidence, BuildRequest, CompilerCall, Goal};

pub(in crate::axes) struct OptLevelAxis;

const KEY: &str = "opt-level";
const LEVELS: [&str; 6] = ["0", "1", "2", "3", "s", "z"];
const KINDS: [&str; 4] = ["own", "deps", "build", "final"];

impl Axis for OptLevelAxis {
    fn key(&self) -> &'static str {
        KEY
    }

    fn summary(&self) -> &'static str {
        "optimization level: one, or a table for its own crates, dependencies, what runs in the build, and the final package"
    }

    fn values(&self) -> &'static [&'static str] {
        &["0", "1", "2", "3", "s", "z", "{own=1,deps=3}"]
    }

    fn parse(&self, _: &str, text: &str) -> Result<Box<dyn SettingValue>, Refusal> {
        let level = |text: &str| values::one_of(text, "an optimization level", &LEVELS).map(drop);
        Ok(Box::new(OptLevels(PerKindValue::parse(text, &KINDS, level)?)))
    }
}

#[derive(Debug)]
struct OptLevels(PerKindValue);

impl SettingValue for OptLevels {
    fn probe(&self, _: &ParsedSettings, context: &Context) -> Result<Available, Refusal> {
        let names_final = self.0.for_kind("final").is_some();
        if names_final && context.manifest.is_some() && package(context).is_none() {
            let what = "the manifest at the top of the project is of no package that `final` could mean";
            return Err(Refusal::new(what).with_help("leave `final` out, and use `own`"));
        }
        values::available_to_cargo(KEY, self.0.canonical(), context)
    }

    /// Optimized dependencies: builds from nothing took 2.6 to 2.8 times as long, and so did checks, because proc macros are optimized
    /// too. The release profile optimizes them anyway.
    fn expected_slowness(&self, settings: &ParsedSettings) -> f64 {
        if ["release", "bench"].iter().any(|profile| settings.has_value("profile", profile)) {
            return 1.0;
        }
        let of_dependencies = match &self.0 {
            PerKindValue::All(level) => Some(level.as_str()),
            by_kind => by_kind.for_kind("deps"),
        };
        if of_dependencies.is_some_and(|level| level != "0") { 3.0 } else { 1.0 }
    }

    fn applies_to(&self, _: Goal) -> bool {
        // Build scripts and proc macros are compiled in full during a check.
        true
    }

    fn apply(&self, _: &ParsedSettings, context: &Context, request: &mut BuildRequest) {
        let mut key = |key: String, level: &str| request.profile_keys.push((key, in_toml(level)));
        if let PerKindValue::All(level) = &self.0 {
            key(KEY.to_owned(), level);
        }
        for (kind, place) in [("own", ""), ("build", "build-override."), ("deps", "package.\"*\".")] {
            self.0.for_kind(kind).into_iter().for_each(|level| key(format!("{place}{KEY}"), level));
        }
        if let (Some(level), Some(name)) = (self.0.for_kind("final"), package(context)) {
            key(format!("package.{}.{KEY}", toml::Value::String(name.to_owned())), level);
        }
    }

    fn advise(&self, settings: &ParsedSettings, situation: &Situation) -> Result<SettingLines, Unwritable> {
        if self.0.for_kind("final").is_some() && situation.package.is_none() {
            return Err(Unwritable(
                "`final` sets the level of one package, and nothing says which package that is".to_owned(),
            ));
        }
        request_lines(self, settings, situation)
    }

    fn prove(&self, _: &ParsedSettings, context: &Context, input: &ProofInput<'_>) -> ProofFinding {
        let check = ArgCheck {
            name: KEY,
            read: &|args| rustc_args::codegen(args, KEY).unwrap_or("0").to_owned(),
            excluded: rustc_args::crates_with_override(KEY, context, input.build),
        };
        let seen = match &self.0 {
            PerKindValue::All(level) => check.run_all(input.build, level),
            table => {
                let excluded = rustc_args::crates_overridden_by_name(KEY, context, input.build);
                run_table(table, &ArgCheck { excluded, ..check }, context, input.build)
            }
        };
        seen.finding(format!("opt-level={}", self.0.canonical()))
    }

    fn costs(&self) -> &'static [&'static str] {
        match self.0.for_kind("deps") {
            Some("0") => &["programs run slower where they spend their time in dependencies"],
            Some(_) => &["dependencies take longer to compile, and debuggers step through them out of order"],
            None => &[],
        }
    }

    fn co_changes(&self, _: &ParsedSettings) -> &'static [&'static str] {
        let names = |kind| self.0.for_kind(kind).is_some();
        match (names("deps"), names("final")) {
            (false, false) => &[],
            (true, false) => &[FOREIGN_HOST],
            (false, true) => &[OWN_SCRIPT],
            (true, true) => &[FOREIGN_HOST, OWN_SCRIPT],
        }
    }
}

/// Name of the package in the manifest of the tree, if there is one.
fn package(context: &Context) -> Option<&str> {
    context.manifest.as_ref()?.get("package")?.get("name")?.as_str()
}

fn in_toml(level: &str) -> String {
    if level.bytes().all(|byte| byte.is_ascii_digit()) { level.to_owned() } else { format!("\"{level}\"") }
}

const FOREIGN_HOST: &str =
    "proc macros and build scripts from outside of the workspace get the level of dependencies too";
const OWN_SCRIPT: &str = "the build script of the final package gets its level too";

/// Checks each kind that `table` names.
fn run_table(
    table: &PerKindValue,
    check: &ArgCheck<'_>,
    context: &Context,
    build: &BuildEvidence,
) -> PartialFinding {
    let is_final = |call: &CompilerCall| {
        let member = call.unit.as_ref().filter(|unit| unit.member && table.for_kind("final").is_some());
        member.is_some_and(|unit| package(context) == Some(unit.package.name.as_str()))
    };
    let is_class = |call: &CompilerCall, class| rustc_args::class(call) == class && !is_final(call);
    // A requested macro has the profile of results.
    let requested = |call: &CompilerCall| call.unit.as_ref().is_some_and(|unit| unit.requested);
    let host = |call: &CompilerCall| match rustc_args::class(call) {
        CrateClass::Host { .. } if requested(call) => false,
        CrateClass::Host { member: true } => !is_final(call),
        CrateClass::Host { member: false } => table.for_kind("deps").is_none(),
        CrateClass::Own | CrateClass::Dependency | CrateClass::Unknown => false,
    };
    let ask = |kind, whose, among: &dyn Fn(&CompilerCall) -> bool| {
        Some(check.run(build, &ExpectedArg { whose, among, value: table.for_kind(kind)? }))
    };
    rustc_args::combine_all(
        [
            ask("own", OWN, &|call| is_class(call, CrateClass::Own)),
            ask("deps", DEPENDENCIES, &|call| is_class(call, CrateClass::Dependency)),
            ask("build", "what runs during the build", &host),
            ask("final", "the final package", &is_final),
        ]
        .into_iter()
        .flatten(),
    )
}

#[cfg(test)]
mod tests {
    use bench_runner_core::record::ProofResult;

    use super::*;
    use crate::axes::fixture;

    fn context() -> Context {
        let manifest = "[package]\nname = 'p'\n".parse().unwrap();
        Context { manifest: Some(manifest), ..fixture::context() }
    }

    #[test]
    fn each_kind_has_a_key_of_its_own() {
        let keys = |value| fixture::apply(KEY, value, &context()).profile_keys;
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(keys("s"), [pair("opt-level", "\"s\"")]);
        assert_eq!(
            keys("{own=0,deps=3,build=1,final=\"z\"}"),
            [
                pair("opt-level", "0"),
                pair("build-override.opt-level", "1"),
                pair("package.\"*\".opt-level", "3"),
                pair("package.\"p\".opt-level", "\"z\""),
            ]
        );
    }

    fn prove(value: &str, own: &str, dep: &str) -> ProofFinding {
        fixture::prove(KEY, value, &context(), &fixture::evidence_with(own, dep))
    }

    #[test]
    fn no_level_on_a_call_is_level_0() {
        assert_eq!(prove("0", "", "").result, ProofResult::Holds);
        assert_eq!(prove("0", "", "-C opt-level=3").result, ProofResult::Fails);
        assert_eq!(prove("3", "-C opt-level=3", "-C opt-level=3").result, ProofResult::Holds);
        let nothing = BuildEvidence::default();
        let found = fixture::prove(KEY, "0", &context(), &nothing);
        assert_eq!(found.result, ProofResult::NotProvable);
    }

    #[test]
    fn kinds_are_proven_apart() {
        assert_eq!(prove("{own=1,deps=3}", "-C opt-level=1", "-C opt-level=3").result, ProofResult::Holds);
        assert_eq!(prove("{own=1,deps=3}", "-C opt-level=1", "-C opt-level=1").result, ProofResult::Fails);
        let found = prove("{build=3}", "-C opt-level=1", "");
        assert_eq!(found.found, "opt-level=3 on 0 of 1 calls of what runs during the build (0 on 1)");
        assert_eq!(prove("{build=0}", "-C opt-level=1", "").result, ProofResult::Holds);
        let script = |value: &str, level: &str| {
            let mut build = fixture::evidence_with("-C opt-level=1", "");
            build.compiler_calls[0].args.extend(fixture::words(level));
            fixture::prove(KEY, value, &context(), &build)
        };
        let found = script("{final=1}", "-C opt-level=1");
        assert_eq!(found.found, "opt-level=1 on 3 of 3 calls of the final package");
        assert_eq!(script("{final=1}", "").result, ProofResult::Fails);
        // The only build script and both crates belong to the package, so there is nothing else to check.
        assert_eq!(script("{build=1,final=1}", "-C opt-level=1").result, ProofResult::NotProvable);
        assert_eq!(script("{own=1,deps=0,final=1}", "-C opt-level=1").result, ProofResult::NotProvable);
    }

    #[test]
    fn a_final_package_must_be_there() {
        let workspace = Context { manifest: Some("[workspace]".parse().unwrap()), ..fixture::context() };
        let probe = |value, context: &Context| fixture::probe(KEY, value, context).is_ok();
        assert!(probe("{final=3}", &context()) && !probe("{final=3}", &workspace));
        assert!(probe("{own=3,deps=3}", &workspace));
    }
}
