//! Threads of rustc's own front end. Only nightly takes the flag.

use super::calls::{self, Question};
use super::{
    Availability, Axis, Context, Finding, InvalidValue, Lines, Setting, Shown, Situation, Unwritable, named,
};
use crate::build::{Goal, Recipe};

pub(super) struct Threads;

const KEY: &str = "threads";

impl Axis for Threads {
    fn key(&self) -> &'static str {
        KEY
    }

    fn summary(&self) -> &'static str {
        "threads of the compiler's front end (nightly only)"
    }

    fn values(&self) -> &'static [&'static str] {
        &["1", "8", "any number"]
    }

    fn parse(&self, _: &str, value: &str) -> Result<(), InvalidValue> {
        // rustc takes 256 at most and quietly makes that of more.
        named::number(value, "a number of threads", 256).map(|_| ())
    }

    fn probe(&self, setting: &Setting<'_>, context: &Context) -> Availability {
        match &context.toolchain {
            Some(toolchain) if !toolchain.is_nightly() => {
                named::needs_nightly("the parallel front end", toolchain)
            }
            _ => named::of_cargo(KEY, setting.value.to_owned(), context),
        }
    }

    fn matters(&self, goal: Goal) -> bool {
        goal.compiles()
    }

    fn apply(&self, setting: &Setting<'_>, _: &Context, recipe: &mut Recipe) -> std::io::Result<()> {
        recipe.rustflags.push(format!("-Zthreads={}", setting.value));
        recipe.rustflags_from.push(format!("{KEY}={}", setting.value));
        Ok(())
    }

    fn advise(&self, setting: &Setting<'_>, situation: &Situation) -> Result<Lines, Unwritable> {
        Ok(Lines::as_applied(self, setting, situation)?
            .noting("The flag `-Zthreads` needs a nightly compiler."))
    }

    fn prove(&self, setting: &Setting<'_>, _: &Context, shown: &Shown<'_>) -> Finding {
        let question = Question {
            name: KEY,
            read: &|args| calls::unstable(args, KEY).unwrap_or("not set").to_owned(),
            excepted: Default::default(),
        };
        question.ask_all(shown.build, setting.value).finding(format!("-Zthreads={}", setting.value))
    }

    fn co_changes(&self, _: &Setting<'_>) -> &'static [&'static str] {
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
        let Availability::Missing { reason, help } = fixture::probe(&Threads, KEY, "4", &fixture::context())
        else {
            panic!("stable has no parallel front end");
        };
        assert_eq!(reason, "the parallel front end needs a nightly compiler, and this is rustc 1.95.0");
        assert_eq!(help.as_deref(), Some("use toolchain=nightly"));
        let available = fixture::probe(&Threads, KEY, "4", &fixture::nightly());
        assert_eq!(available, Availability::Available { identity: "4".into(), tool: None });
    }

    #[test]
    fn the_last_flag_counts_on_every_call() {
        let prove = |flag: &str| {
            let build = fixture::built(flag, flag);
            fixture::prove(&Threads, KEY, "4", &fixture::nightly(), &build).result
        };
        assert_eq!(prove("-Zthreads=4"), ProofResult::Holds);
        assert_eq!(prove("-Zthreads=4 -Z threads=2"), ProofResult::Fails);
        assert_eq!(prove(""), ProofResult::Fails);
    }
}
