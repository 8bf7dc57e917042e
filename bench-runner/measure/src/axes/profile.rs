//! The cargo profile.

use std::ffi::OsStr;
use std::path::Path;

use bench_runner_core::record::{ProofResult, Refusal};

use super::axis::{Available, Axis, Context, ParsedSettings, ProofFinding, ProofInput, SettingValue};
use super::lines::{SettingLines, Situation, Unwritable};
use crate::build::{BuildEvidence, BuildRequest, Goal};

pub(super) struct ProfileAxis;

const BUILT_IN: [&str; 4] = ["dev", "release", "test", "bench"];

/// Directory below the target directory for the results of a profile.
fn directory(profile: &str) -> &str {
    match profile {
        "dev" | "test" => "debug",
        "bench" => "release",
        other => other,
    }
}

impl Axis for ProfileAxis {
    fn key(&self) -> &'static str {
        "profile"
    }

    fn summary(&self) -> &'static str {
        "the cargo profile: one of cargo's own or one that the project defines"
    }

    fn values(&self) -> &'static [&'static str] {
        &["dev", "release", "test", "bench", "a profile of the project"]
    }

    fn parse(&self, _: &str, text: &str) -> Result<Box<dyn SettingValue>, Refusal> {
        let valid = !text.is_empty()
            && text != "debug"
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        if valid {
            return Ok(Box::new(ProfileName(text.to_owned())));
        }
        let refusal = Refusal::new(format!(
            "`{text}` is not a name of a profile (known: dev, release, test, bench, and what the project defines)"
        ));
        Err(if text == "debug" { refusal.with_help("did you mean `dev`?") } else { refusal })
    }
}

#[derive(Debug)]
struct ProfileName(String);

impl SettingValue for ProfileName {
    fn probe(&self, _: &ParsedSettings, context: &Context) -> Result<Available, Refusal> {
        let name = self.0.as_str();
        if context.toolchain.is_none() {
            return Err(Refusal::new("profiles are cargo's, and this project is not built by cargo"));
        }
        if context.manifest.is_none() {
            // The source, and the profiles that it defines, are not available yet.
            return Ok(Available::without_tool(name));
        }
        let own: Vec<String> = [&context.manifest, &context.config]
            .into_iter()
            .flatten()
            .filter_map(|table| table.get("profile")?.as_table())
            .flat_map(|profiles| profiles.keys().cloned())
            .collect();
        if BUILT_IN.contains(&name) || own.iter().any(|known| known == name) {
            return Ok(Available::without_tool(name));
        }
        Err(Refusal::new(format!("the project has no profile `{name}`"))
            .with_help("one that your own configuration of cargo defines needs `--on as-configured`")
            .did_you_mean(name, own.iter().map(String::as_str).chain(BUILT_IN)))
    }

    fn applies_to(&self, goal: Goal) -> bool {
        goal.compiles()
    }

    fn apply(&self, _: &ParsedSettings, _: &Context, request: &mut BuildRequest) {
        request.profile = Some(self.0.clone());
    }

    fn advise(&self, _: &ParsedSettings, _: &Situation) -> Result<SettingLines, Unwritable> {
        Err(Unwritable(format!("a profile is chosen on the command line: `--profile {}`", self.0)))
    }

    fn prove(&self, _: &ParsedSettings, _: &Context, input: &ProofInput<'_>) -> ProofFinding {
        let name = self.0.as_str();
        let expected = directory(name);
        let mut found: Vec<String> = directories(input.build);
        found.sort_unstable();
        found.dedup();
        // Two profiles may share a directory, as `dev` and `test` do.
        let is_named = input.build.command.windows(2).any(|pair| pair == ["--profile", name]);
        let result = match found.as_slice() {
            [] => ProofResult::NotProvable,
            [one] if one == expected && is_named => ProofResult::Holds,
            _ => ProofResult::Fails,
        };
        let found = if found.is_empty() {
            "no result of its own crates in the target directory".to_owned()
        } else {
            let by = if is_named { "" } else { ", without its name in the command" };
            format!("results in {}{by}", found.join(", "))
        };
        ProofFinding { expected: format!("results in {expected}"), found, result }
    }

    fn co_changes(&self, _: &ParsedSettings) -> &'static [&'static str] {
        match self.0.as_str() {
            "release" | "bench" => &[
                "no incremental compilation, 16 codegen units and no debug info, unless the project sets them",
            ],
            _ => &[],
        }
    }
}

/// Profile directories of results: the first component below the target directory, or the second if the first
/// is that of a target.
fn directories(build: &BuildEvidence) -> Vec<String> {
    let target = build.command.windows(2).find(|pair| pair[0] == "--target-dir").map(|pair| &pair[1]);
    let Some(target) = target else { return Vec::new() };
    let calls = build.compiler_calls.iter().flat_map(|call| call.args.windows(2));
    let platforms: Vec<&OsStr> = calls
        .filter(|pair| pair[0] == "--target")
        // A target can be the path of a target specification.
        .filter_map(|pair| match pair[1].ends_with(".json") {
            true => Path::new(&pair[1]).file_stem(),
            false => Some(OsStr::new(&pair[1])),
        })
        .collect();
    let own = build.artifacts.iter().filter(|artifact| artifact.own).flat_map(|artifact| &artifact.files);
    let inside = own.filter_map(|file| file.strip_prefix(target).ok());
    let first = inside.filter_map(|file| file.iter().find(|part| !platforms.contains(part)));
    first.map(|part| part.to_string_lossy().into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::axes::fixture;
    use crate::build::{Artifact, BuildEvidence, BuildPart, Toolchain};

    fn evidence(file: &str) -> BuildEvidence {
        let artifact = Artifact {
            unit: "p bin:p".into(),
            own: true,
            package: None,
            fresh: false,
            opt_level: "0".into(),
            files: vec![file.into()],
            executable: None,
        };
        BuildEvidence { artifacts: vec![artifact], ..BuildEvidence::default() }
    }

    fn context(manifest: &str) -> Context {
        Context { toolchain: None, manifest: Some(manifest.parse().unwrap()), ..fixture::context() }
    }

    #[test]
    fn proven_by_the_directory_of_the_result() {
        let prove = |value: &str, file| {
            let command = ["--target-dir", "/t", "--profile", value].map(str::to_owned).to_vec();
            let build = BuildEvidence { command, ..evidence(file) };
            fixture::prove("profile", value, &context(""), &build).result
        };
        assert_eq!(prove("release", "/t/release/p"), ProofResult::Holds);
        assert_eq!(prove("release", "/t/debug/deps/p"), ProofResult::Fails);
        assert_eq!(prove("dev", "/t/debug/p"), ProofResult::Holds);
        assert_eq!(prove("dist", "/t/dist/p"), ProofResult::Holds);
        let command = ["--target-dir", "/t"].map(str::to_owned).to_vec();
        let unnamed = BuildEvidence { command, ..evidence("/t/debug/p") };
        let unnamed = fixture::prove("profile", "dev", &context(""), &unnamed);
        assert_eq!(unnamed.result, ProofResult::Fails, "it may be the result of another one");
        let nothing = fixture::prove("profile", "dev", &context(""), &BuildEvidence::default());
        assert_eq!(nothing.result, ProofResult::NotProvable);
    }

    #[test]
    fn no_name_of_a_program_is_taken_for_that_of_a_profile() {
        let prove = |value: &str, file: &str, platform: &str| {
            let command = ["--target-dir", "/t", "--profile", value].map(str::to_owned).to_vec();
            let calls = vec![fixture::call(BuildPart::Own, "p", platform)];
            let build = BuildEvidence { command, compiler_calls: calls, ..evidence(file) };
            fixture::prove("profile", value, &context(""), &build).result
        };
        assert_eq!(prove("dev", "/t/debug/release", ""), ProofResult::Holds);
        assert_eq!(prove("release", "/t/release/debug", ""), ProofResult::Holds);
        assert_eq!(prove("release", "/t/debug/release", ""), ProofResult::Fails);
        assert_eq!(prove("dist", "/t/release/dist", ""), ProofResult::Fails);
        let target = "--target x86_64-unknown-linux-gnu";
        assert_eq!(prove("dev", "/t/x86_64-unknown-linux-gnu/debug/dist", target), ProofResult::Holds);
        assert_eq!(prove("dev", "/t/board/debug/p", "--target /w/board.json"), ProofResult::Holds);
    }

    #[test]
    fn a_source_that_is_not_here_yet_may_define_any_profile() {
        let probe = |value: &str, manifest: Option<&str>| {
            let manifest = manifest.map(|text| text.parse().unwrap());
            let context = Context { toolchain: Some(Toolchain::sample()), manifest, ..context("") };
            fixture::probe("profile", value, &context).is_ok()
        };
        assert!(probe("dist", None));
        assert!(!probe("dist", Some("[package]\nname = 'p'")));
        assert!(probe("dist", Some("[profile.dist]\ninherits = 'release'")));
    }

    #[test]
    fn debug_is_not_a_profile() {
        assert_eq!(fixture::parse_error("profile", "debug").help.as_deref(), Some("did you mean `dev`?"));
    }
}
