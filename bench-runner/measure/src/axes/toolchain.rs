//! The compiler and cargo of a build. The toolchain that a variant names is found and called elsewhere; this
//! axis only proves it.

use std::path::Path;

use bench_runner_core::record::Refusal;

use super::axis::{Available, Axis, Context, ParsedSettings, ProofFinding, ProofInput, SettingValue};
use super::lines::{SettingLines, Situation, Unwritable};
use super::rustc_args::{ArgCheck, CrateClass, ExpectedArg, OWN, PartialFinding, class};
use super::values;
use crate::build::{BuildEvidence, BuildRequest, Goal, Release, Toolchain};

pub(super) struct ToolchainAxis;

pub(super) const KEY: &str = "toolchain";

impl Axis for ToolchainAxis {
    fn key(&self) -> &'static str {
        KEY
    }

    fn summary(&self) -> &'static str {
        "the Rust toolchain: stable, nightly, another name that rustup knows, or the directory of one"
    }

    fn values(&self) -> &'static [&'static str] {
        &["stable", "nightly", "a name of rustup's", "a directory"]
    }

    fn parse(&self, _: &str, text: &str) -> Result<Box<dyn SettingValue>, Refusal> {
        let directory = Path::new(text).is_absolute();
        if !directory && text.contains('/') {
            return Err(Refusal::new(format!(
                "the directory of a toolchain must be absolute, and `{text}` is not"
            )));
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let name = !text.is_empty() && !text.starts_with(['-', '.']) && text.chars().all(plain);
        if !directory && !name {
            return Err(Refusal::new(format!("`{text}` is not a name of a toolchain")));
        }
        Ok(Box::new(NamedToolchain { text: text.to_owned(), directory }))
    }
}

#[derive(Debug)]
struct NamedToolchain {
    text: String,
    /// True for a directory, false for a name.
    directory: bool,
}

impl SettingValue for NamedToolchain {
    fn probe(&self, _: &ParsedSettings, context: &Context) -> Result<Available, Refusal> {
        match &context.toolchain {
            None => values::available_to_cargo(KEY, self.text.as_str(), context),
            Some(toolchain) => Ok(Available::without_tool(self.identity(toolchain))),
        }
    }

    fn applies_to(&self, _: Goal) -> bool {
        true
    }

    fn apply(&self, _: &ParsedSettings, _: &Context, _: &mut BuildRequest) {
        // The variant has a driver with that toolchain.
    }

    fn advise(&self, _: &ParsedSettings, _: &Situation) -> Result<SettingLines, Unwritable> {
        let name = self.text.as_str();
        if self.directory {
            return Ok(SettingLines::toolchain("path", name)
                .with_remark("It was measured in this directory of that machine."));
        }
        Ok(match name {
            "stable" | "beta" | "nightly" => SettingLines::toolchain("channel", name).with_remark(format!(
                "`{name}` moves on; a version or a date in its place stays with what was measured."
            )),
            name => SettingLines::toolchain("channel", name),
        })
    }

    fn prove(&self, _: &ParsedSettings, context: &Context, input: &ProofInput<'_>) -> ProofFinding {
        let Some(toolchain) = &context.toolchain else {
            return ProofFinding::not_provable(format!("{KEY}={}", self.text), "no toolchain of cargo's");
        };
        let rustc = toolchain.rustc.display().to_string();
        let whose = |args: &[String]| {
            // A wrapper may come first.
            let its_own = args.iter().take_while(|arg| *arg != "--crate-name").any(|arg| *arg == rustc);
            if its_own { "its rustc" } else { "another" }.to_owned()
        };
        let check = ArgCheck { name: "compiler", read: &whose, excluded: Default::default() };
        let own =
            ExpectedArg { whose: OWN, among: &|call| class(call) == CrateClass::Own, value: "its rustc" };
        let called = check.run(input.build, &own);
        called.and(in_result(toolchain, input.build)).finding(toolchain.rustc_version.clone())
    }

    fn costs(&self) -> &'static [&'static str] {
        if self.text.starts_with("nightly") {
            &[
                "everybody who builds the project needs a nightly toolchain, which can break from one day to the next",
            ]
        } else {
            &["everybody who builds the project needs this toolchain"]
        }
    }

    fn co_changes(&self, _: &ParsedSettings) -> &'static [&'static str] {
        &["cargo, the standard library and the linker that rustc brings along change with it"]
    }
}

impl NamedToolchain {
    /// Releases of rustup made from the same commit are the same under two names; a toolchain in a directory
    /// may have been built in another way.
    fn identity(&self, toolchain: &Toolchain) -> String {
        let release = !self.directory
            && toolchain.rustc_version.ends_with(')')
            && !toolchain.rustc_version.contains("-dev");
        if release {
            format!("{}, {}, {}", toolchain.rustc_version, toolchain.cargo_version, toolchain.host)
        } else {
            let sysroot = std::fs::canonicalize(&toolchain.sysroot);
            sysroot.unwrap_or_else(|_| toolchain.sysroot.clone()).display().to_string()
        }
    }
}

/// First release whose rustc writes its name into results.
const MARKING: Release = Release { major: 1, minor: 74 };

/// Marks of rustc in the result.
fn in_result(toolchain: &Toolchain, build: &BuildEvidence) -> PartialFinding {
    let version = toolchain.rustc_version.trim_start_matches("rustc ");
    let facts: Vec<_> = build.own_facts().collect();
    if facts.is_empty() {
        return PartialFinding::not_provable("no linked file whose marks could be read".to_owned());
    }
    let marks =
        facts.iter().flat_map(|facts| &facts.comments).filter(|comment| comment.contains("rustc version"));
    let mut marks: Vec<&str> = marks.map(String::as_str).collect();
    marks.sort_unstable();
    marks.dedup();
    // Older versions write none; the calls prove them.
    if marks.is_empty() && toolchain.release < MARKING {
        return PartialFinding::new("a rustc of this age leaves no mark in the result".to_owned(), true);
    }
    let holds = !marks.is_empty() && marks.iter().all(|mark| mark.contains(version));
    let found = match marks.is_empty() {
        true => "the result names no rustc".to_owned(),
        false => format!("the result names {}", marks.join(" and ")),
    };
    PartialFinding::new(found, holds)
}

#[cfg(test)]
mod tests {
    use bench_runner_core::record::ProofResult;

    use super::*;
    use crate::axes::fixture;

    #[test]
    fn names_and_absolute_directories() {
        let good = |value| fixture::parse(KEY, value).is_ok();
        assert!(good("nightly") && good("1.95.0") && good("nightly-2026-05-19-x86_64-unknown-linux-gnu"));
        assert!(good("/opt/rust"));
        assert!(!good("rust/stage1") && !good("") && !good("-v") && !good("a b") && !good("+nightly"));
    }

    #[test]
    fn proven_by_who_was_called_and_by_what_it_left() {
        let prove = |calls: BuildEvidence, comments: &[&str]| {
            let build = fixture::with_linked_program(calls, &[], comments);
            fixture::prove(KEY, "stable", &fixture::context(), &build)
        };
        let calls = || fixture::evidence_with("", "");
        let finding = prove(calls(), &["rustc version 1.95.0", "GCC: 12"]);
        assert_eq!(finding.result, ProofResult::Holds);
        assert_eq!(
            finding.found,
            "compiler=its rustc on 2 of 2 calls of its own crates; the result names rustc version 1.95.0"
        );
        assert_eq!(prove(calls(), &["rustc version 1.96.0"]).result, ProofResult::Fails);
        assert_eq!(prove(calls(), &[]).result, ProofResult::Fails);
        let mut others = calls();
        others.compiler_calls.iter_mut().for_each(|call| call.args[0] = "/other/bin/rustc".into());
        assert_eq!(prove(others, &["rustc version 1.95.0"]).result, ProofResult::Fails);
        let mut wrapped = calls();
        wrapped.compiler_calls.iter_mut().for_each(|call| call.args.insert(0, "/bin/sccache".into()));
        assert_eq!(prove(wrapped, &["rustc version 1.95.0"]).result, ProofResult::Holds);
    }

    #[test]
    fn releases_of_one_commit_are_one() {
        let identity = |value: &str, toolchain: Toolchain| {
            let context = Context { toolchain: Some(toolchain), ..fixture::context() };
            fixture::probe(KEY, value, &context).unwrap().identity
        };
        let at = |sysroot: &str, version: &str| {
            let sample = Toolchain::sample();
            identity("stable", Toolchain { sysroot: sysroot.into(), rustc_version: version.into(), ..sample })
        };
        assert_eq!(
            at("/a", "rustc 1.95.0 (59807616e 2026-04-14)"),
            at("/b", "rustc 1.95.0 (59807616e 2026-04-14)")
        );
        assert_ne!(at("/a", "rustc 1.95.0-dev"), at("/b", "rustc 1.95.0-dev"));
        let sample =
            Toolchain { rustc_version: "rustc 1.95.0 (59807616e 2026-04-14)".into(), ..Toolchain::sample() };
        assert_ne!(
            identity("stable", sample.clone()),
            identity("/opt/rust", sample),
            "built in another way, perhaps"
        );
    }
}
