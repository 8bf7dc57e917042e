//! Optimisation across crates while linking. Cargo has dependencies compiled to bitcode and hands the rest to the
//! crates that are linked into a result, so the two say different things in their arguments.

use super::calls::{self, Class, DEPENDENCIES, OWN, Question, Seen, Wanted};
use super::{Availability, Axis, Context, Finding, InvalidValue, Setting, Shown, named};
use crate::build::{CompilerCall, Evidence, Goal, Recipe};

pub(super) struct Lto;

const KEY: &str = "lto";
const VALUES: [&str; 4] = ["off", "false", "thin", "fat"];

/// Whether crates are optimised together under this value.
pub(super) fn across_crates(value: &str) -> bool {
    matches!(value, "thin" | "fat")
}

impl Axis for Lto {
    fn key(&self) -> &'static str {
        KEY
    }

    fn summary(&self) -> &'static str {
        "link-time optimisation: off, false (thin within each crate, as by default), thin or fat"
    }

    fn values(&self) -> &'static [&'static str] {
        &VALUES
    }

    fn parse(&self, _: &str, value: &str) -> Result<(), InvalidValue> {
        named::one_of(value, "a kind of link-time optimisation", &VALUES)
    }

    fn probe(&self, setting: &Setting<'_>, context: &Context) -> Availability {
        named::of_cargo(KEY, setting.value.to_owned(), context)
    }

    fn matters(&self, goal: Goal) -> bool {
        goal.links()
    }

    fn conflict(&self, setting: &Setting<'_>) -> Option<String> {
        let cranelift = setting.beside.get("backend").is_some_and(|backend| backend == "cranelift");
        (cranelift && across_crates(setting.value)).then(|| {
            format!("lto={} with backend=cranelift: Cranelift has no link-time optimisation", setting.value)
        })
    }

    fn apply(&self, setting: &Setting<'_>, _: &Context, recipe: &mut Recipe) -> std::io::Result<()> {
        let value = match setting.value {
            "false" => "false".to_owned(),
            name => format!("\"{name}\""),
        };
        recipe.profile_keys.push((KEY.to_owned(), value));
        Ok(())
    }

    fn prove(&self, setting: &Setting<'_>, _: &Context, shown: &Shown<'_>) -> Finding {
        let question =
            Question { name: KEY, read: &|args| said(args).to_owned(), excepted: Default::default() };
        let seen = if across_crates(setting.value) {
            together(setting.value, &question, shown.build)
        } else {
            question.ask_all(shown.build, setting.value)
        };
        seen.finding(format!("lto={}", setting.value))
    }

    fn co_changes(&self, setting: &Setting<'_>) -> &'static [&'static str] {
        match setting.value {
            "thin" | "fat" => &[
                "dependencies are compiled to bitcode only, and their machine code is made while the result is linked",
            ],
            _ => &[],
        }
    }
}

/// What one call says, in the words of the axis; `bitcode` where it makes bitcode for others to optimise.
fn said(args: &[String]) -> &str {
    let bitcode_left_out =
        calls::codegen(args, "embed-bitcode").is_some_and(|value| matches!(value, "no" | "n" | "off"));
    match calls::codegen(args, KEY) {
        Some("off" | "no" | "n") => "off",
        Some("thin") => "thin",
        Some("fat" | "yes" | "y" | "on" | "true") => "fat",
        Some(other) => other,
        // Where both are wanted, bitcode and machine code, cargo says nothing, since that is rustc's default.
        None if calls::codegen(args, "linker-plugin-lto").is_some() || !bitcode_left_out => "bitcode",
        None => "false",
    }
}

/// What is linked into a result is optimised as `value` says, and the rest makes the bitcode for it.
fn together(value: &str, question: &Question<'_>, build: &Evidence) -> Seen {
    let links = |call: &CompilerCall| {
        let types = calls::crate_types(call);
        !types.is_empty() && types.iter().all(|kind| matches!(*kind, "bin" | "cdylib" | "staticlib"))
    };
    let own = |call: &CompilerCall| matches!(calls::class(call), Class::Own);
    let linked = |call: &CompilerCall| own(call) && links(call);
    let ask = |whose, among: &dyn Fn(&CompilerCall) -> bool, value| {
        build.compiler_calls.iter().any(among).then(|| question.ask(build, &Wanted { whose, among, value }))
    };
    let of_linked = question.ask(build, &Wanted { whose: "its own linked crates", among: &linked, value });
    let makes_bitcode =
        |call: &CompilerCall| calls::crate_types(call).iter().all(|kind| matches!(*kind, "lib" | "rlib"));
    let rest = [
        ask(OWN, &|call| own(call) && !links(call) && makes_bitcode(call), "bitcode"),
        ask(DEPENDENCIES, &|call| calls::class(call) == Class::Dependency && makes_bitcode(call), "bitcode"),
    ];
    rest.into_iter().flatten().fold(of_linked, Seen::and)
}

#[cfg(test)]
mod tests {
    use bench_runner_core::record::ProofResult;

    use super::*;
    use crate::axes::fixture;
    use crate::build::Part;

    /// A build as cargo 1.95 shows it.
    fn build(linked: &str, libraries: &str) -> Evidence {
        let lib = format!("--crate-type lib {libraries}");
        let compiler_calls = vec![
            fixture::call(Part::Host, "build_script_build", "build.rs --crate-type bin -C embed-bitcode=no"),
            fixture::call(Part::Dependency, "dep", &format!("/r/dep/src/lib.rs {lib}")),
            fixture::call(Part::Own, "p", &format!("src/lib.rs {lib}")),
            fixture::call(Part::Own, "p", &format!("src/main.rs --crate-type bin {linked}")),
        ];
        Evidence { compiler_calls, ..Evidence::default() }
    }

    fn prove(value: &str, build: &Evidence) -> Finding {
        fixture::prove(&Lto, KEY, value, &fixture::context(), build)
    }

    #[test]
    fn each_kind_is_told_from_the_others() {
        let builds = [
            ("off", build("-C lto=off -C embed-bitcode=no", "-C lto=off -C embed-bitcode=no")),
            ("false", build("-C embed-bitcode=no", "-C embed-bitcode=no")),
            ("thin", build("-C lto=thin", "-C linker-plugin-lto")),
            ("fat", build("-C lto=fat", "-C linker-plugin-lto")),
        ];
        for (value, build) in &builds {
            for (other, _) in &builds {
                let expected = if other == value { ProofResult::Holds } else { ProofResult::Fails };
                let finding = prove(other, build);
                assert_eq!(finding.result, expected, "{other} in a build with {value}: {}", finding.found);
            }
        }
        assert_eq!(
            prove("thin", &builds[2].1).found,
            "lto=thin on 1 of 1 calls of its own linked crates; lto=bitcode on 1 of 1 calls of its own crates; lto=bitcode on 1 of 1 calls of dependencies"
        );
        assert_eq!(
            prove("fat", &build("-C lto", "")).result,
            ProofResult::Holds,
            "the spelling of `lto = true`"
        );
    }

    #[test]
    fn without_bitcode_or_without_a_link_there_is_no_proof() {
        assert_eq!(prove("thin", &build("-C lto=thin", "-C embed-bitcode=no")).result, ProofResult::Fails);
        let library = Evidence {
            compiler_calls: vec![fixture::call(
                Part::Own,
                "p",
                "src/lib.rs --crate-type lib -C linker-plugin-lto",
            )],
            ..Evidence::default()
        };
        assert_eq!(prove("thin", &library).result, ProofResult::NotProvable);
        assert_eq!(prove("false", &Evidence::default()).result, ProofResult::NotProvable);
    }

    #[test]
    fn cranelift_has_none() {
        let beside = |value| fixture::conflict(&Lto, KEY, value, &[("backend", "cranelift")]);
        assert!(beside("fat").unwrap().contains("Cranelift has no"));
        assert_eq!(beside("off"), None);
        assert_eq!(fixture::conflict(&Lto, KEY, "fat", &[("backend", "llvm"), ("incremental", "on")]), None);
    }
}
