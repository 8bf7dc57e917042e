//! Threads of rustc's front end. Only nightly has the flag.

use bench_runner_core::record::Refusal;

use super::axis::{
    Available, Axis, Context, ParsedSettings, ProofFinding, ProofInput, SettingValue, request_lines,
};
use super::lines::{SettingLines, Situation, Unwritable};
use super::rustc_args::{self, ArgCheck};
use super::values;
use crate::build::{BuildRequest, Goal};

pub(super) struct ThreadsAxis;

const KEY: &str = "threads";

impl Axis for ThreadsAxis {
    fn key(&self) -> &'static str {
        KEY
    }

    fn summary(&self) -> &'static str {
        "threads of the compiler's front end (nightly only)"
    }

    fn values(&self) -> &'static [&'static str] {
        &["1", "8", "any number"]
    }

    fn parse(&self, _: &str, text: &str) -> Result<Box<dyn SettingValue>, Refusal> {
        // rustc silently reduces larger numbers to 256.
        Ok(Box::new(FrontendThreads(values::number(text, "a number of threads", 256)?)))
    }
}

#[derive(Debug)]
struct FrontendThreads(u32);

impl SettingValue for FrontendThreads {
    fn probe(&self, _: &ParsedSettings, context: &Context) -> Result<Available, Refusal> {
        match &context.toolchain {
            Some(toolchain) if !toolchain.is_nightly() => {
                Err(values::needs_nightly("the parallel front end", toolchain))
            }
            _ => values::available_to_cargo(KEY, self.0.to_string(), context),
        }
    }

    fn applies_to(&self, goal: Goal) -> bool {
        goal.compiles()
    }

    fn apply(&self, _: &ParsedSettings, _: &Context, request: &mut BuildRequest) {
        request.rustflags.push(format!("-Zthreads={}", self.0));
        request.rustflags_from.push(format!("{KEY}={}", self.0));
    }

    fn costs(&self) -> &'static [&'static str] {
        &["the parallel front end is experimental, and needs more memory"]
    }

    fn advise(&self, settings: &ParsedSettings, situation: &Situation) -> Result<SettingLines, Unwritable> {
        Ok(request_lines(self, settings, situation)?
            .with_remark("The flag `-Zthreads` needs a nightly compiler."))
    }

    fn prove(&self, _: &ParsedSettings, _: &Context, input: &ProofInput<'_>) -> ProofFinding {
        let check = ArgCheck {
            name: KEY,
            read: &|args| rustc_args::unstable(args, KEY).unwrap_or("not set").to_owned(),
            excluded: Default::default(),
        };
        check.run_all(input.build, &self.0.to_string()).finding(format!("-Zthreads={}", self.0))
    }

    fn co_changes(&self, _: &ParsedSettings) -> &'static [&'static str] {
        &["build scripts and proc macros are compiled with it too"]
    }
}

#[cfg(test)]
mod tests {
    use bench_runner_core::record::ProofResult;

    use super::*;
    use crate::axes::fixture;

    #[test]
    fn stable_is_told_what_would_help() {
        let refusal = fixture::probe(KEY, "4", &fixture::context()).unwrap_err();
        assert_eq!(refusal.what, "the parallel front end needs a nightly compiler, and this is rustc 1.95.0");
        assert_eq!(refusal.help.as_deref(), Some("use toolchain=nightly"));
        let available = fixture::probe(KEY, "4", &fixture::nightly());
        assert_eq!(available, Ok(Available::without_tool("4")));
    }

    #[test]
    fn the_last_flag_counts_on_every_call() {
        let prove = |flag: &str| {
            let build = fixture::evidence_with(flag, flag);
            fixture::prove(KEY, "4", &fixture::nightly(), &build).result
        };
        assert_eq!(prove("-Zthreads=4"), ProofResult::Holds);
        assert_eq!(prove("-Zthreads=4 -Z threads=2"), ProofResult::Fails);
        assert_eq!(prove(""), ProofResult::Fails);
    }
}
