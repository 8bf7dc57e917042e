//! Where debug info lies: in the results, in a package beside them, or in the objects that they were made of.

use super::calls::{self, Question, Seen};
use super::{Availability, Axis, Context, Finding, InvalidValue, Setting, Shown, debug, named};
use crate::build::{Evidence, Goal, Part, Recipe, Release, Toolchain};

pub(super) struct SplitDebuginfo;

const KEY: &str = "split-debuginfo";
const VALUES: [&str; 3] = ["off", "packed", "unpacked"];

impl Axis for SplitDebuginfo {
    fn key(&self) -> &'static str {
        KEY
    }

    fn summary(&self) -> &'static str {
        "where debug info lies: off (in the result), packed (one file beside it) or unpacked (files of each unit)"
    }

    fn values(&self) -> &'static [&'static str] {
        &VALUES
    }

    fn parse(&self, _: &str, value: &str) -> Result<(), InvalidValue> {
        named::one_of(value, "a way to split debug info", &VALUES)
    }

    fn probe(&self, setting: &Setting<'_>, context: &Context) -> Availability {
        let old = |toolchain: &Toolchain| toolchain.release < Release { major: 1, minor: 65 };
        if context.toolchain.as_ref().is_some_and(old) {
            return Availability::Missing {
                reason: format!("{KEY} needs Rust 1.65 or newer"),
                help: Some("name a newer toolchain with `toolchain=`".into()),
            };
        }
        named::of_cargo(KEY, setting.value.to_owned(), context)
    }

    fn matters(&self, goal: Goal) -> bool {
        goal.links()
    }

    fn conflict(&self, setting: &Setting<'_>) -> Option<String> {
        let beside = |key: &str, value: &str| setting.beside.get(key).is_some_and(|other| other == value);
        let value = setting.value;
        if beside("debug", "none") {
            return Some(format!(
                "{KEY}={value} with debug=none: there is no debug info that could be split"
            ));
        }
        let cranelift = beside("backend", "cranelift") && value != "off";
        cranelift
            .then(|| format!("{KEY}={value} with backend=cranelift: Cranelift does not split debug info"))
    }

    fn apply(&self, setting: &Setting<'_>, _: &Context, recipe: &mut Recipe) -> std::io::Result<()> {
        recipe.profile_keys.push((KEY.to_owned(), format!("\"{}\"", setting.value)));
        Ok(())
    }

    fn prove(&self, setting: &Setting<'_>, context: &Context, shown: &Shown<'_>) -> Finding {
        let question = Question {
            name: KEY,
            read: &|args| calls::codegen(args, KEY).unwrap_or("not set").to_owned(),
            // Cargo says nothing of it to crates that the project wants without debug info.
            excepted: calls::excepted("debug", context, shown.build),
        };
        let mut seen = question.ask_all(shown.build, setting.value);
        let own = shown.build.compiler_calls.iter().filter(|call| calls::class(call) == calls::Class::Own);
        if own.clone().count() > 0 && own.clone().all(|call| debug::said(&call.args) == "none") {
            seen =
                seen.noting("cargo does not say it to crates without debug info, and this profile has none");
        }
        seen.and(in_files(setting.value, shown.build)).finding(format!("{KEY}={}", setting.value))
    }
}

/// What lies beside the results.
fn in_files(value: &str, build: &Evidence) -> Seen {
    let files = &build.leftovers;
    if !build.linked.iter().any(|linked| linked.part == Part::Own) {
        return Seen::unclear("nothing was linked that debug info could be split from".to_owned());
    }
    let holds = match value {
        "packed" => files.packed > 0 && files.unpacked == 0,
        "unpacked" => files.unpacked > 0 && files.packed == 0,
        _ => files.packed == 0 && files.unpacked == 0,
    };
    let sections = calls::sections(build, calls::is_debug).filter(|sections| !sections.is_empty());
    let sections = sections.map_or("no debug info".to_owned(), |sections| calls::debug_in_words(&sections));
    let found =
        format!("{} .dwp and {} .dwo files kept; the result has {sections}", files.packed, files.unpacked);
    Seen::of(found, holds)
}

#[cfg(test)]
mod tests {
    use bench_runner_core::record::ProofResult;

    use super::*;
    use crate::axes::fixture;
    use crate::build::Leftovers;

    fn prove(value: &str, flag: &str, packed: usize, unpacked: usize) -> Finding {
        let build = fixture::linked(fixture::built(flag, flag), &[(".debug_info", 9)], &[]);
        let build = Evidence { leftovers: Leftovers { packed, unpacked, ..Leftovers::default() }, ..build };
        fixture::prove(&SplitDebuginfo, KEY, value, &fixture::context(), &build)
    }

    #[test]
    fn arguments_and_files_must_agree() {
        let flag = |value: &str| format!("-C debuginfo=2 -C split-debuginfo={value}");
        let builds = [("off", 0, 0), ("packed", 1, 0), ("unpacked", 0, 3)];
        for (value, _, _) in builds {
            for (other, packed, unpacked) in builds {
                let expected = if value == other { ProofResult::Holds } else { ProofResult::Fails };
                let finding = prove(value, &flag(other), packed, unpacked);
                assert_eq!(finding.result, expected, "{value} in a build with {other}: {}", finding.found);
            }
        }
        assert_eq!(prove("packed", &flag("packed"), 0, 0).result, ProofResult::Fails);
        assert_eq!(prove("unpacked", &flag("unpacked"), 1, 0).result, ProofResult::Fails);
    }

    #[test]
    fn without_debug_info_nothing_is_split() {
        let finding = prove("packed", "", 0, 0);
        assert_eq!(finding.result, ProofResult::Fails);
        assert!(finding.found.contains("this profile has none"), "{}", finding.found);
        let conflict = |value, other| fixture::conflict(&SplitDebuginfo, KEY, value, &[other]);
        assert!(conflict("off", ("debug", "none")).is_some());
        assert!(conflict("packed", ("backend", "cranelift")).is_some());
        assert_eq!(conflict("off", ("backend", "cranelift")), None);
        assert_eq!(conflict("packed", ("debug", "full")), None);
    }
}
