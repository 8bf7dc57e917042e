//! Which compiler and cargo build. What a variant names is found and called by others; here it is only proven.

use std::path::Path;

use super::calls::{Class, OWN, Question, Seen, Wanted, class};
use super::{
    Availability, Axis, Context, Finding, InvalidValue, Lines, Setting, Shown, Situation, Unwritable, named,
};
use crate::build::{Evidence, Goal, Recipe, Release, Toolchain as Installed};

pub(super) struct Toolchain;

pub(super) const KEY: &str = "toolchain";

impl Axis for Toolchain {
    fn key(&self) -> &'static str {
        KEY
    }

    fn summary(&self) -> &'static str {
        "the Rust toolchain: stable, nightly, another name that rustup knows, or the directory of one"
    }

    fn values(&self) -> &'static [&'static str] {
        &["stable", "nightly", "a name of rustup's", "a directory"]
    }

    fn parse(&self, _: &str, value: &str) -> Result<(), InvalidValue> {
        let invalid = |message: String| Err(InvalidValue { message, nearest: None });
        if Path::new(value).is_absolute() {
            return Ok(());
        }
        if value.contains('/') {
            return invalid(format!("the directory of a toolchain must be absolute, and `{value}` is not"));
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if value.is_empty() || value.starts_with(['-', '.']) || !value.chars().all(plain) {
            return invalid(format!("`{value}` is not a name of a toolchain"));
        }
        Ok(())
    }

    fn probe(&self, setting: &Setting<'_>, context: &Context) -> Availability {
        let Some(toolchain) = &context.toolchain else {
            return named::of_cargo(KEY, setting.value.to_owned(), context);
        };
        Availability::Available { identity: identity(setting.value, toolchain), tool: None }
    }

    fn matters(&self, _: Goal) -> bool {
        true
    }

    fn apply(&self, _: &Setting<'_>, _: &Context, _: &mut Recipe) -> std::io::Result<()> {
        // The variant is built by a driver of that toolchain's own.
        Ok(())
    }

    fn advise(&self, setting: &Setting<'_>, _: &Situation) -> Result<Lines, Unwritable> {
        let name = setting.value;
        if Path::new(name).is_absolute() {
            return Ok(
                Lines::toolchain("path", name).noting("It was measured in this directory of that machine.")
            );
        }
        Ok(match name {
            "stable" | "beta" | "nightly" => Lines::toolchain("channel", name).noting(format!(
                "`{name}` moves on; a version or a date in its place stays with what was measured."
            )),
            name => Lines::toolchain("channel", name),
        })
    }

    fn prove(&self, setting: &Setting<'_>, context: &Context, shown: &Shown<'_>) -> Finding {
        let Some(toolchain) = &context.toolchain else {
            return Finding::not_provable(format!("{KEY}={}", setting.value), "no toolchain of cargo's");
        };
        let rustc = toolchain.rustc.display().to_string();
        let whose = |args: &[String]| {
            // A wrapper may stand before it.
            let its_own = args.iter().take_while(|arg| *arg != "--crate-name").any(|arg| *arg == rustc);
            if its_own { "its rustc" } else { "another" }.to_owned()
        };
        let question = Question { name: "compiler", read: &whose, excepted: Default::default() };
        let own = Wanted { whose: OWN, among: &|call| class(call) == Class::Own, value: "its rustc" };
        let called = question.ask(shown.build, &own);
        called.and(in_result(toolchain, shown.build)).finding(toolchain.rustc_version.clone())
    }

    fn co_changes(&self, _: &Setting<'_>) -> &'static [&'static str] {
        &["cargo, the standard library and the linker that rustc brings along change with it"]
    }
}

/// Releases of rustup's that were made from one commit are the same thing under two names; what lies in a directory may
/// have been built in another way.
fn identity(value: &str, toolchain: &Installed) -> String {
    let release = !value.starts_with('/')
        && toolchain.rustc_version.ends_with(')')
        && !toolchain.rustc_version.contains("-dev");
    if release {
        format!("{}, {}, {}", toolchain.rustc_version, toolchain.cargo_version, toolchain.host)
    } else {
        let sysroot = std::fs::canonicalize(&toolchain.sysroot);
        sysroot.unwrap_or_else(|_| toolchain.sysroot.clone()).display().to_string()
    }
}

/// The release since which rustc writes its name into results.
const MARKING: Release = Release { major: 1, minor: 74 };

/// What rustc wrote into the result of itself.
fn in_result(toolchain: &Installed, build: &Evidence) -> Seen {
    let version = toolchain.rustc_version.trim_start_matches("rustc ");
    let facts: Vec<_> = build.own_facts().collect();
    if facts.is_empty() {
        return Seen::unclear("no linked file whose marks could be read".to_owned());
    }
    let marks =
        facts.iter().flat_map(|facts| &facts.comments).filter(|comment| comment.contains("rustc version"));
    let mut marks: Vec<&str> = marks.map(String::as_str).collect();
    marks.sort_unstable();
    marks.dedup();
    // Older ones write none, and the calls show them.
    if marks.is_empty() && toolchain.release < MARKING {
        return Seen::of("a rustc of this age leaves no mark in the result".to_owned(), true);
    }
    let holds = !marks.is_empty() && marks.iter().all(|mark| mark.contains(version));
    let found = match marks.is_empty() {
        true => "the result names no rustc".to_owned(),
        false => format!("the result names {}", marks.join(" and ")),
    };
    Seen::of(found, holds)
}

#[cfg(test)]
mod tests {
    use bench_runner_core::record::ProofResult;

    use super::*;
    use crate::axes::fixture;

    #[test]
    fn names_and_absolute_directories() {
        let good = |value| Toolchain.parse(KEY, value).is_ok();
        assert!(good("nightly") && good("1.95.0") && good("nightly-2026-05-19-x86_64-unknown-linux-gnu"));
        assert!(good("/opt/rust"));
        assert!(!good("rust/stage1") && !good("") && !good("-v") && !good("a b") && !good("+nightly"));
    }

    #[test]
    fn proven_by_who_was_called_and_by_what_it_left() {
        let prove = |calls: Evidence, comments: &[&str]| {
            let build = fixture::linked(calls, &[], comments);
            fixture::prove(&Toolchain, KEY, "stable", &fixture::context(), &build)
        };
        let calls = || fixture::built("", "");
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
        let at = |sysroot: &str, version: &str| {
            let sample = Installed::sample();
            identity(
                "stable",
                &Installed { sysroot: sysroot.into(), rustc_version: version.into(), ..sample },
            )
        };
        assert_eq!(
            at("/a", "rustc 1.95.0 (59807616e 2026-04-14)"),
            at("/b", "rustc 1.95.0 (59807616e 2026-04-14)")
        );
        assert_ne!(at("/a", "rustc 1.95.0-dev"), at("/b", "rustc 1.95.0-dev"));
        let sample =
            Installed { rustc_version: "rustc 1.95.0 (59807616e 2026-04-14)".into(), ..Installed::sample() };
        assert_ne!(
            identity("stable", &sample),
            identity("/opt/rust", &sample),
            "built in another way, perhaps"
        );
    }
}
