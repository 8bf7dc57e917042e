//! Flags for rustc as they stand, for whatever has no axis of its own.

use bench_runner_core::record::ProofResult;

use super::difference::{shortened, spelled};
use super::{Availability, Axis, Context, Finding, InvalidValue, Setting, Shown};
use crate::build::{Evidence, Goal, Part, Recipe};

pub(super) struct Rustflags;

fn words(value: &str) -> Vec<String> {
    value.split_whitespace().map(str::to_owned).collect()
}

impl Axis for Rustflags {
    fn key(&self) -> &'static str {
        "rustflags"
    }

    fn summary(&self) -> &'static str {
        "flags for rustc, separated by spaces; an empty value adds none"
    }

    fn values(&self) -> &'static [&'static str] {
        &["any text"]
    }

    fn parse(&self, _: &str, value: &str) -> Result<(), InvalidValue> {
        // What cargo itself gives to rustc would be given twice.
        const CARGOS: [&str; 4] = ["--out-dir", "--crate-name", "-o", "--emit"];
        match words(value).iter().find(|word| CARGOS.contains(&word.as_str())) {
            None => Ok(()),
            Some(word) => Err(InvalidValue {
                message: format!("`{word}` is for cargo to give to rustc"),
                nearest: None,
            }),
        }
    }

    fn is_nothing(&self, value: &str) -> bool {
        value.trim().is_empty()
    }

    fn by_comparison(&self) -> bool {
        true
    }

    fn probe(&self, &Setting { value, .. }: &Setting<'_>, context: &Context) -> Availability {
        if context.toolchain.is_none() {
            return Availability::Missing {
                reason: "flags for rustc mean nothing to a project that is not built by cargo".into(),
                help: Some("`env.NAME` and `arg` are for command projects".into()),
            };
        }
        Availability::Available { identity: words(value).join(" "), tool: None }
    }

    fn matters(&self, goal: Goal) -> bool {
        goal.compiles()
    }

    fn apply(&self, setting: &Setting<'_>, _: &Context, recipe: &mut Recipe) -> std::io::Result<()> {
        let flags = words(setting.value);
        if !flags.is_empty() {
            recipe.rustflags.extend(flags);
            recipe.rustflags_from.push(format!("rustflags={}", setting.value));
        }
        Ok(())
    }

    fn prove(&self, setting: &Setting<'_>, _: &Context, shown: &Shown<'_>) -> Finding {
        if self.is_nothing(setting.value) {
            return Finding::nothing_asked();
        }
        let expected = format!("`{}` in every compiler call of its own units", shortened(setting.value));
        let Some((calls, missing)) = lacking(&words(setting.value), shown.build) else {
            let found = "no compiler call of its own units".to_owned();
            return Finding { expected, found, result: ProofResult::Fails };
        };
        if !missing.is_empty() {
            let found = format!("not in all {calls} calls: {}", missing.join(" "));
            return Finding { expected, found, result: ProofResult::Fails };
        }
        let more = shown.against().map(|against| format!("; {against}")).unwrap_or_default();
        let found = format!("in all {calls} calls{more}");
        Finding { expected, found, result: ProofResult::Holds }
    }
}

/// How many compiler calls of the project's own units there are, and which of `flags` are not in all of them; `None`
/// where there is no such call.
pub(super) fn lacking(flags: &[String], build: &Evidence) -> Option<(usize, Vec<String>)> {
    let mut asked = vec!["--crate-name".to_owned()];
    asked.extend_from_slice(flags);
    let asked = spelled(&asked);
    let own = build.compiler_calls.iter().filter(|call| call.part == Part::Own);
    let own: Vec<Vec<String>> = own.map(|call| spelled(&call.args)).collect();
    let missing = |flag: &&String| *flag != "--crate-name" && !own.iter().all(|call| call.contains(flag));
    let missing = asked.iter().filter(missing).map(|flag| format!("`{}`", shortened(flag))).collect();
    (!own.is_empty()).then_some((own.len(), missing))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::axes::fixture;
    use crate::build::CompilerCall;

    fn build(calls: &[(Part, &str)]) -> Evidence {
        let call = |(part, flags): &(Part, &str)| CompilerCall {
            name: "p".into(),
            part: *part,
            unit: None,
            args: format!("rustc --crate-name p {flags}").split(' ').map(str::to_owned).collect(),
        };
        Evidence { compiler_calls: calls.iter().map(call).collect(), ..Evidence::default() }
    }

    #[test]
    fn a_flag_that_is_no_difference_between_builds_must_be_there_all_the_same() {
        let prove = |own: &str| {
            let build = build(&[(Part::Own, own)]);
            fixture::prove(&Rustflags, "rustflags", "-L native=/opt/ssl", &fixture::context(), &build).result
        };
        assert_eq!(prove("-Lnative=/opt/ssl"), ProofResult::Holds);
        assert_eq!(prove("-L dependency=/t/deps"), ProofResult::Fails);
    }

    #[test]
    fn every_flag_must_be_in_every_call_of_the_projects_own() {
        let prove = |value: &str, build: &Evidence| {
            let finding = fixture::prove(&Rustflags, "rustflags", value, &fixture::context(), build);
            (finding.result, finding.found)
        };
        let two = build(&[
            (Part::Host, ""),
            (Part::Own, "-Ca=1 -C b=2 --cfg x"),
            (Part::Own, "-C a=1 -Cb=2 --cfg x"),
        ]);
        assert_eq!(prove("-C a=1 -Cb=2", &two), (ProofResult::Holds, "in all 2 calls".into()));
        assert_eq!(prove("--cfg x", &two).0, ProofResult::Holds);
        assert_eq!(
            prove("-Ca=1 --cfg y", &two),
            (ProofResult::Fails, "not in all 2 calls: `--cfg y`".into())
        );
        assert_eq!(prove("-Ca=1", &Evidence::default()).0, ProofResult::Fails);
        assert_eq!(prove(" ", &two).0, ProofResult::NotApplicable);
    }

    #[test]
    fn a_flag_that_is_cargos_own_is_refused() {
        assert!(Rustflags.parse("rustflags", "-Ctarget-cpu=native").is_ok());
        assert!(Rustflags.parse("rustflags", "--out-dir /x").is_err());
    }
}
