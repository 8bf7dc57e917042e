//! Flags for rustc as written, for anything that has no axis.

use bench_runner_core::record::{ProofResult, Refusal};

use super::axis::{Available, Axis, Context, ParsedSettings, ProofFinding, ProofInput, SettingValue};
use super::call_diff::{normalized, shorten_paths};
use crate::build::{BuildEvidence, BuildPart, BuildRequest, Goal};

pub(super) struct RustflagsAxis;

impl Axis for RustflagsAxis {
    fn key(&self) -> &'static str {
        "rustflags"
    }

    fn summary(&self) -> &'static str {
        "flags for rustc, separated by spaces; an empty value adds none"
    }

    fn values(&self) -> &'static [&'static str] {
        &["any text"]
    }

    fn parse(&self, _: &str, text: &str) -> Result<Box<dyn SettingValue>, Refusal> {
        // Cargo itself passes these to rustc, so they would be given twice.
        const PASSED_BY_CARGO: [&str; 4] = ["--out-dir", "--crate-name", "-o", "--emit"];
        let flags: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        match flags.iter().find(|flag| PASSED_BY_CARGO.contains(&flag.as_str())) {
            None => Ok(Box::new(FlagList { text: text.to_owned(), flags })),
            Some(flag) => Err(Refusal::new(format!("`{flag}` is for cargo to give to rustc"))),
        }
    }
}

#[derive(Debug)]
struct FlagList {
    /// As written.
    text: String,
    flags: Vec<String>,
}

impl SettingValue for FlagList {
    fn is_default(&self) -> bool {
        self.flags.is_empty()
    }

    fn is_proven_by_comparison(&self) -> bool {
        true
    }

    fn probe(&self, _: &ParsedSettings, context: &Context) -> Result<Available, Refusal> {
        if context.toolchain.is_none() {
            return Err(Refusal::new("flags for rustc mean nothing to a project that is not built by cargo")
                .with_help("`env.NAME` and `arg` are for command projects"));
        }
        Ok(Available::without_tool(self.flags.join(" ")))
    }

    fn applies_to(&self, goal: Goal) -> bool {
        goal.compiles()
    }

    fn apply(&self, _: &ParsedSettings, _: &Context, request: &mut BuildRequest) {
        if !self.is_default() {
            request.rustflags.extend(self.flags.iter().cloned());
            request.rustflags_from.push(format!("rustflags={}", self.text));
        }
    }

    fn prove(&self, _: &ParsedSettings, _: &Context, input: &ProofInput<'_>) -> ProofFinding {
        if self.is_default() {
            return ProofFinding::not_applicable();
        }
        let expected = format!("`{}` in every compiler call of its own units", shorten_paths(&self.text));
        let Some((calls, missing)) = missing_flags(&self.flags, input.build) else {
            let found = "no compiler call of its own units".to_owned();
            return ProofFinding { expected, found, result: ProofResult::Fails };
        };
        if !missing.is_empty() {
            let found = format!("not in all {calls} calls: {}", missing.join(" "));
            return ProofFinding { expected, found, result: ProofResult::Fails };
        }
        let more = input.describe_difference().map(|against| format!("; {against}")).unwrap_or_default();
        let found = format!("in all {calls} calls{more}");
        ProofFinding { expected, found, result: ProofResult::Holds }
    }
}

/// Number of compiler calls of the project's own units, and those of `flags` that are not in all of them;
/// `None` if there is no such call.
pub(super) fn missing_flags(flags: &[String], build: &BuildEvidence) -> Option<(usize, Vec<String>)> {
    let mut asked = vec!["--crate-name".to_owned()];
    asked.extend_from_slice(flags);
    let asked = normalized(&asked);
    let own = build.compiler_calls.iter().filter(|call| call.part == BuildPart::Own);
    let own: Vec<Vec<String>> = own.map(|call| normalized(&call.args)).collect();
    let missing = |flag: &&String| *flag != "--crate-name" && !own.iter().all(|call| call.contains(flag));
    let missing = asked.iter().filter(missing).map(|flag| format!("`{}`", shorten_paths(flag))).collect();
    (!own.is_empty()).then_some((own.len(), missing))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::axes::fixture;
    use crate::build::CompilerCall;

    fn build(calls: &[(BuildPart, &str)]) -> BuildEvidence {
        let call = |(part, flags): &(BuildPart, &str)| CompilerCall {
            name: "p".into(),
            part: *part,
            unit: None,
            args: format!("rustc --crate-name p {flags}").split(' ').map(str::to_owned).collect(),
        };
        BuildEvidence { compiler_calls: calls.iter().map(call).collect(), ..BuildEvidence::default() }
    }

    #[test]
    fn a_flag_that_is_no_difference_between_builds_must_be_there_all_the_same() {
        let prove = |own: &str| {
            let build = build(&[(BuildPart::Own, own)]);
            fixture::prove("rustflags", "-L native=/opt/ssl", &fixture::context(), &build).result
        };
        assert_eq!(prove("-Lnative=/opt/ssl"), ProofResult::Holds);
        assert_eq!(prove("-L dependency=/t/deps"), ProofResult::Fails);
    }

    #[test]
    fn every_flag_must_be_in_every_call_of_the_projects_own() {
        let prove = |value: &str, build: &BuildEvidence| {
            let finding = fixture::prove("rustflags", value, &fixture::context(), build);
            (finding.result, finding.found)
        };
        let two = build(&[
            (BuildPart::Host, ""),
            (BuildPart::Own, "-Ca=1 -C b=2 --cfg x"),
            (BuildPart::Own, "-C a=1 -Cb=2 --cfg x"),
        ]);
        assert_eq!(prove("-C a=1 -Cb=2", &two), (ProofResult::Holds, "in all 2 calls".into()));
        assert_eq!(prove("--cfg x", &two).0, ProofResult::Holds);
        assert_eq!(
            prove("-Ca=1 --cfg y", &two),
            (ProofResult::Fails, "not in all 2 calls: `--cfg y`".into())
        );
        assert_eq!(prove("-Ca=1", &BuildEvidence::default()).0, ProofResult::Fails);
        assert_eq!(prove(" ", &two).0, ProofResult::NotApplicable);
    }

    #[test]
    fn a_flag_that_is_cargos_own_is_refused() {
        assert!(fixture::parse("rustflags", "-Ctarget-cpu=native").is_ok());
        assert!(fixture::parse("rustflags", "--out-dir /x").is_err());
    }
}
