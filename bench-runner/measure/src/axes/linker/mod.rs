//! The linker: the program that the C compiler calls in the end, and the marks that it leaves.

mod advise;
mod choice;
mod driver;
mod flags;
mod name;
mod probe;
mod prove;
mod reach;
mod threads;

use bench_runner_core::record::Refusal;

use super::axis::{
    Available, Axis, Context, NeededProgram, ParsedSettings, ProofFinding, ProofInput, SettingValue,
};
use super::lines::{SettingLines, Situation, Unwritable};
use crate::build::{BuildRequest, Goal};
use name::LinkerName;

pub(super) use driver::LinkerDriverAxis;
pub(super) use threads::LinkerThreadsAxis;

pub(super) struct LinkerAxis;

impl Axis for LinkerAxis {
    fn key(&self) -> &'static str {
        "linker"
    }

    fn summary(&self) -> &'static str {
        "the linker: rustc's default, GNU ld, gold, the system's lld, rustc's own lld, mold, wild, or a path to one"
    }

    fn values(&self) -> &'static [&'static str] {
        &["default", "bfd", "gold", "lld", "rust-lld", "mold", "wild", "a path"]
    }

    fn parse(&self, _: &str, text: &str) -> Result<Box<dyn SettingValue>, Refusal> {
        Ok(Box::new(LinkerName::parse(text)?))
    }
}

impl SettingValue for LinkerName {
    fn adds_nothing(&self) -> bool {
        *self == Self::Default
    }

    fn needed_program(&self) -> Option<NeededProgram> {
        probe::needed_program(self)
    }

    fn probe(&self, _: &ParsedSettings, context: &Context) -> Result<Available, Refusal> {
        probe::probe(self, context)
    }

    fn applies_to(&self, goal: Goal) -> bool {
        // Build scripts and proc macros are linked under a check too, but the project itself is not.
        goal.links()
    }

    fn is_for_linking(&self) -> bool {
        true
    }

    fn prepare(&self, context: &Context) -> std::io::Result<()> {
        match probe::by_directory(self, context) {
            Some(linker) => flags::link_ld(&linker, &context.tools),
            None => Ok(()),
        }
    }

    fn apply(&self, settings: &ParsedSettings, context: &Context, request: &mut BuildRequest) {
        let flags = flags::linker_flags(self, driver::named_driver(settings), context);
        if !flags.is_empty() {
            request.rustflags_from.push(format!("linker={}", self.text()));
        }
        request.rustflags.extend(flags);
    }

    fn advise(&self, settings: &ParsedSettings, situation: &Situation) -> Result<SettingLines, Unwritable> {
        advise::linker(self, driver::named_driver(settings), situation)
    }

    fn prove(&self, settings: &ParsedSettings, context: &Context, input: &ProofInput<'_>) -> ProofFinding {
        prove::prove(self, driver::named_driver(settings), context, input.build)
    }

    fn co_changes(&self, _: &ParsedSettings) -> &'static [&'static str] {
        match self {
            Self::Default => &[],
            _ => &["build scripts and proc macros are linked by it too"],
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::axes::fixture;

    #[test]
    fn only_a_linker_that_is_asked_for_changes_what_runs_during_the_build() {
        let changes = |value| fixture::co_changes("linker", value, &[]);
        assert!(changes("default").is_empty());
        assert!(!changes("mold").is_empty() && !changes("/opt/wild/wild").is_empty());
    }
}
