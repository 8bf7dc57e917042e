//! What tests of axes have in common.

use super::{Availability, Axis, Context, Finding, Setting, Settings, Shown};
use crate::build::{
    CalledUnit, CompilerCall, ElfFacts, Evidence, Linked, PackageName, Part, Recipe, Toolchain,
};

/// A project with nothing of its own, on a toolchain that is nowhere.
pub(crate) fn context() -> Context {
    Context {
        toolchain: Some(Toolchain::sample()),
        config: None,
        in_force: crate::build::InForce { target: Toolchain::sample().host_target(), ..Default::default() },
        manifest: None,
        path: "".into(),
        tools: "/tools".into(),
    }
}

/// Something done with `key = value` as the only setting.
pub(crate) fn with<T>(key: &str, value: &str, act: impl FnOnce(&Setting<'_>) -> T) -> T {
    let beside = Settings::from([(key.to_owned(), value.to_owned())]);
    act(&Setting { key, value, beside: &beside })
}

pub(crate) fn probe(axis: &dyn Axis, key: &str, value: &str, context: &Context) -> Availability {
    with(key, value, |setting| axis.probe(setting, context))
}

pub(crate) fn applied(axis: &dyn Axis, key: &str, value: &str, context: &Context) -> Recipe {
    let mut recipe = Recipe::default();
    with(key, value, |setting| axis.apply(setting, context, &mut recipe)).unwrap();
    recipe
}

pub(crate) fn prove(axis: &dyn Axis, key: &str, value: &str, context: &Context, build: &Evidence) -> Finding {
    with(key, value, |setting| axis.prove(setting, context, &Shown { build, baseline: None, edited: false }))
}

/// The words of a command.
pub(crate) fn words(line: &str) -> Vec<String> {
    line.split_whitespace().map(str::to_owned).collect()
}

/// A call of rustc for the crate `name` with the arguments in `line`: of the package `p`, where it is not a dependency's.
pub(crate) fn call(part: Part, name: &str, line: &str) -> CompilerCall {
    let args = words(&format!("/tc/bin/rustc --crate-name {name} {line}"));
    let member = part != Part::Dependency;
    let kind = match part {
        Part::Host => "custom-build",
        _ if line.contains("--crate-type bin") => "bin",
        _ => "lib",
    };
    let source = if member { "path+file:///w/p" } else { "registry+https://x/" };
    let package = PackageName {
        name: if member { "p" } else { name }.to_owned(),
        version: "0.1.0".into(),
        source: source.into(),
    };
    let directory = package.directory();
    let unit =
        CalledUnit { package, directory, member, kind: kind.into(), test: false, asked: part != Part::Host };
    CompilerCall { name: name.to_owned(), part, unit: Some(unit), args }
}

/// What a build shows that made `p` of a library and a binary of its own, a dependency and a build script, with
/// these arguments for the own ones and for the dependency.
pub(crate) fn built(own: &str, dependency: &str) -> Evidence {
    let calls = vec![
        call(Part::Host, "build_script_build", "build.rs --crate-type bin"),
        call(Part::Dependency, "dep", &format!("/r/dep/src/lib.rs --crate-type lib {dependency}")),
        call(Part::Own, "p", &format!("src/lib.rs --crate-type lib {own}")),
        call(Part::Own, "p", &format!("src/main.rs --crate-type bin {own}")),
    ];
    Evidence { compiler_calls: calls, ..Evidence::default() }
}

/// The same with a program that has these sections and this comment.
pub(crate) fn linked(evidence: Evidence, sections: &[(&str, u64)], comments: &[&str]) -> Evidence {
    let facts = ElfFacts {
        sections: sections.iter().map(|(name, size)| ((*name).to_owned(), *size)).collect(),
        comments: comments.iter().map(|&comment| comment.to_owned()).collect(),
        ..ElfFacts::default()
    };
    let file = "/t/debug/deps/p".into();
    let linked = Linked { file, name: "p".into(), part: Part::Own, facts: Ok(facts), step: None };
    Evidence { linked: vec![linked], ..evidence }
}

/// The reason why `key = value` makes no sense beside `others`.
pub(crate) fn conflict(axis: &dyn Axis, key: &str, value: &str, others: &[(&str, &str)]) -> Option<String> {
    let own = (key.to_owned(), value.to_owned());
    let beside =
        others.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).chain([own]).collect();
    axis.conflict(&Setting { key, value, beside: &beside })
}

/// The same on a nightly toolchain.
pub(crate) fn nightly() -> Context {
    let rustc_version = "rustc 1.97.0-nightly (e50aa6fba 2026-05-19)".to_owned();
    Context { toolchain: Some(Toolchain { rustc_version, ..Toolchain::sample() }), ..context() }
}
