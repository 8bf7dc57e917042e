//! Shared by tests of axes.

use bench_runner_core::record::Refusal;

use super::axis::{
    Available, Context, ParsedSettings, ProofFinding, ProofInput, Setting, SettingValue, Settings,
};
use crate::build::{
    BuildEvidence, BuildPart, BuildRequest, CalledUnit, CompilerCall, ElfFacts, Linked, PackageName,
    Toolchain,
};

/// Context of a project without configuration, on a toolchain whose paths do not exist.
pub(crate) fn context() -> Context {
    Context {
        toolchain: Some(Toolchain::sample()),
        config: None,
        in_force: crate::build::SettingsInForce {
            target: Toolchain::sample().host_target(),
            ..Default::default()
        },
        manifest: None,
        path: "".into(),
        tools: "/tools".into(),
    }
}

/// Settings as text.
pub(crate) fn settings(pairs: &[(&str, &str)]) -> Settings {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

/// Parses settings that are valid.
pub(crate) fn parse_settings(pairs: &[(&str, &str)]) -> ParsedSettings {
    super::parse_all(&settings(pairs)).unwrap()
}

pub(crate) fn parse(key: &str, value: &str) -> Result<Box<dyn SettingValue>, Refusal> {
    super::find(key)?.parse(key, value)
}

/// Error for a value that the axis of `key` refuses.
pub(crate) fn parse_error(key: &str, value: &str) -> Refusal {
    parse(key, value).unwrap_err()
}

/// Calls `act` with `key = value` as the only setting.
pub(crate) fn with<T>(key: &str, value: &str, act: impl FnOnce(&Setting<'_>) -> T) -> T {
    act(&parse_settings(&[(key, value)]).get(key).unwrap())
}

pub(crate) fn probe(key: &str, value: &str, context: &Context) -> Result<Available, Refusal> {
    with(key, value, |setting| setting.probe(context))
}

pub(crate) fn apply(key: &str, value: &str, context: &Context) -> BuildRequest {
    let mut request = BuildRequest::default();
    with(key, value, |setting| {
        setting.value.prepare(context).unwrap();
        setting.value.apply(setting.settings, context, &mut request);
    });
    request
}

pub(crate) fn prove(key: &str, value: &str, context: &Context, build: &BuildEvidence) -> ProofFinding {
    let input = ProofInput { build, reference: None, edited: false };
    with(key, value, |setting| setting.value.prove(setting.settings, context, &input))
}

/// Reason why `key = value` conflicts with `others`.
pub(crate) fn conflict(key: &str, value: &str, others: &[(&str, &str)]) -> Option<String> {
    let settings = parse_settings(&[others, &[(key, value)]].concat());
    settings.get(key).unwrap().value.conflict(&settings)
}

/// Side effects of `key = value` together with `others`.
pub(crate) fn co_changes(key: &str, value: &str, others: &[(&str, &str)]) -> Vec<&'static str> {
    let settings = parse_settings(&[others, &[(key, value)]].concat());
    settings.get(key).unwrap().value.co_changes(&settings).to_vec()
}

/// Arguments of a command line.
pub(crate) fn words(line: &str) -> Vec<String> {
    line.split_whitespace().map(str::to_owned).collect()
}

/// A call of rustc for the crate `name` with the arguments in `line`: in the package `p`, unless it is a
/// dependency.
pub(crate) fn call(part: BuildPart, name: &str, line: &str) -> CompilerCall {
    let args = words(&format!("/tc/bin/rustc --crate-name {name} {line}"));
    let member = part != BuildPart::Dependency;
    let kind = match part {
        BuildPart::Host => "custom-build",
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
    let unit = CalledUnit {
        package,
        directory,
        member,
        kind: kind.into(),
        test: false,
        requested: part != BuildPart::Host,
    };
    CompilerCall { name: name.to_owned(), part, unit: Some(unit), args }
}

/// Evidence from a build of `p`, which has a library, a binary, a dependency and a build script, with these
/// arguments for its own crates and for the dependency.
pub(crate) fn evidence_with(own: &str, dependency: &str) -> BuildEvidence {
    let calls = vec![
        call(BuildPart::Host, "build_script_build", "build.rs --crate-type bin"),
        call(BuildPart::Dependency, "dep", &format!("/r/dep/src/lib.rs --crate-type lib {dependency}")),
        call(BuildPart::Own, "p", &format!("src/lib.rs --crate-type lib {own}")),
        call(BuildPart::Own, "p", &format!("src/main.rs --crate-type bin {own}")),
    ];
    BuildEvidence { compiler_calls: calls, ..BuildEvidence::default() }
}

/// `evidence` with a linked program that has these sections and comments.
pub(crate) fn with_linked_program(
    evidence: BuildEvidence,
    sections: &[(&str, u64)],
    comments: &[&str],
) -> BuildEvidence {
    let facts = ElfFacts {
        sections: sections.iter().map(|(name, size)| ((*name).to_owned(), *size)).collect(),
        comments: comments.iter().map(|&comment| comment.to_owned()).collect(),
        ..ElfFacts::default()
    };
    let file = "/t/debug/deps/p".into();
    let linked = Linked { file, name: "p".into(), part: BuildPart::Own, facts: Ok(facts), step: None };
    BuildEvidence { linked: vec![linked], ..evidence }
}

/// The context of [`context`] on a nightly toolchain.
pub(crate) fn nightly() -> Context {
    let rustc_version = "rustc 1.97.0-nightly (e50aa6fba 2026-05-19)".to_owned();
    Context { toolchain: Some(Toolchain { rustc_version, ..Toolchain::sample() }), ..context() }
}
