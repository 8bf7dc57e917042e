//! Whether the compiler keeps what it knows of a crate for the next time.

use super::calls::{self, OWN, Question, Seen, Wanted};
use super::{Availability, Axis, Context, Finding, InvalidValue, Setting, Shown, named};
use crate::build::{CompilerCall, Evidence, Goal, Part, Recipe};

pub(super) struct Incremental;

const KEY: &str = "incremental";
const VALUES: [&str; 2] = ["on", "off"];

impl Axis for Incremental {
    fn key(&self) -> &'static str {
        KEY
    }

    fn summary(&self) -> &'static str {
        "incremental compilation of its own crates: on or off"
    }

    fn values(&self) -> &'static [&'static str] {
        &VALUES
    }

    fn parse(&self, _: &str, value: &str) -> Result<(), InvalidValue> {
        named::one_of(value, "a state of incremental compilation", &VALUES)
    }

    fn probe(&self, setting: &Setting<'_>, context: &Context) -> Availability {
        named::of_cargo(KEY, setting.value.to_owned(), context)
    }

    fn matters(&self, goal: Goal) -> bool {
        goal.compiles()
    }

    fn apply(&self, setting: &Setting<'_>, _: &Context, recipe: &mut Recipe) -> std::io::Result<()> {
        // Unlike the profile's key, this one also goes before what the project's own configuration says.
        recipe.config.push(("build.incremental".to_owned(), (setting.value == "on").to_string()));
        Ok(())
    }

    fn prove(&self, setting: &Setting<'_>, _: &Context, shown: &Shown<'_>) -> Finding {
        let read = |args: &[String]| {
            let on = calls::codegen(args, KEY).is_some();
            if on { "on" } else { "off" }.to_owned()
        };
        let question = Question { name: KEY, read: &read, excepted: Default::default() };
        // Path packages outside of the workspace are compiled incrementally too.
        let among = |call: &CompilerCall| {
            let local = call.unit.as_ref().is_some_and(|unit| unit.package.is_local());
            call.part == Part::Own || call.part == Part::Dependency && local
        };
        let own = Wanted { whose: OWN, among: &among, value: setting.value };
        let seen = question.ask(shown.build, &own);
        seen.and(in_files(setting.value, shown.build)).finding(format!("incremental={}", setting.value))
    }

    fn co_changes(&self, setting: &Setting<'_>) -> &'static [&'static str] {
        match setting.value {
            "on" => {
                &["its own crates have up to 256 codegen units in place of 16, unless the project sets them"]
            }
            _ => {
                &["its own crates have up to 16 codegen units in place of 256, unless the project sets them"]
            }
        }
    }
}

fn in_files(value: &str, build: &Evidence) -> Seen {
    if build.artifacts.is_empty() {
        return Seen::unclear("no result beside which a directory could be looked for".to_owned());
    }
    let crates = build.leftovers.incremental;
    let found = match crates {
        0 => "no incremental directory".to_owned(),
        crates => format!("an incremental directory of {crates} units"),
    };
    Seen::of(found, (crates > 0) == (value == "on"))
}

#[cfg(test)]
mod tests {
    use bench_runner_core::record::ProofResult;

    use super::*;
    use crate::axes::fixture;
    use crate::build::{Artifact, Leftovers};

    fn prove(value: &str, flag: &str, incremental: usize) -> Finding {
        let artifact = Artifact {
            unit: "p bin:p".into(),
            package: None,
            own: true,
            fresh: false,
            opt_level: "0".into(),
            files: vec!["/t/debug/p".into()],
            executable: None,
        };
        let build = Evidence {
            artifacts: vec![artifact],
            leftovers: Leftovers { incremental, ..Leftovers::default() },
            ..fixture::built(flag, "")
        };
        fixture::prove(&Incremental, KEY, value, &fixture::context(), &build)
    }

    #[test]
    fn arguments_and_the_directory_must_agree() {
        let on = "-C incremental=/t/debug/incremental";
        assert_eq!(prove("on", on, 2).result, ProofResult::Holds);
        assert_eq!(prove("on", on, 0).result, ProofResult::Fails);
        assert_eq!(prove("on", "", 0).result, ProofResult::Fails);
        assert_eq!(prove("off", "", 0).result, ProofResult::Holds);
        assert_eq!(prove("off", on, 2).result, ProofResult::Fails);
        assert_eq!(
            prove("off", "", 0).found,
            "incremental=off on 2 of 2 calls of its own crates; no incremental directory"
        );
        let nothing = fixture::prove(&Incremental, KEY, "off", &fixture::context(), &Evidence::default());
        assert_eq!(nothing.result, ProofResult::NotProvable);
    }
}
