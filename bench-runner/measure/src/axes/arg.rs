//! An argument added to the build command, for anything that has no axis.

use bench_runner_core::record::Refusal;

use super::axis::{Available, Axis, Context, ParsedSettings, ProofFinding, ProofInput, SettingValue};
use super::lines::{SettingLines, Situation, Unwritable};
use crate::build::{BuildRequest, Goal};

pub(super) struct ArgAxis;

impl Axis for ArgAxis {
    fn key(&self) -> &'static str {
        "arg"
    }

    fn summary(&self) -> &'static str {
        "an argument added to the build command of a command project; an empty value adds none"
    }

    fn values(&self) -> &'static [&'static str] {
        &["any text"]
    }

    fn parse(&self, _: &str, text: &str) -> Result<Box<dyn SettingValue>, Refusal> {
        Ok(Box::new(BuildArgument(text.to_owned())))
    }
}

/// Empty for none.
#[derive(Debug)]
struct BuildArgument(String);

impl SettingValue for BuildArgument {
    fn probe(&self, _: &ParsedSettings, context: &Context) -> Result<Available, Refusal> {
        if context.toolchain.is_some() {
            return Err(Refusal::new("`arg` is for command projects, and this one is built by cargo")
                .with_help("put the argument into `args` of the manifest's [build] section"));
        }
        Ok(Available::without_tool(self.0.as_str()))
    }

    fn applies_to(&self, _: Goal) -> bool {
        true
    }

    fn apply(&self, _: &ParsedSettings, _: &Context, request: &mut BuildRequest) {
        if !self.0.is_empty() {
            request.args.push(self.0.clone());
        }
    }

    fn advise(&self, _: &ParsedSettings, _: &Situation) -> Result<SettingLines, Unwritable> {
        if self.0.is_empty() {
            return Ok(SettingLines::default());
        }
        Err(Unwritable(format!("an argument of the build command stands on the command line: `{}`", self.0)))
    }

    fn prove(&self, _: &ParsedSettings, _: &Context, _: &ProofInput<'_>) -> ProofFinding {
        ProofFinding::not_provable(
            format!("the argument `{}`", self.0),
            "it was given to the command; what the command made of it cannot be seen",
        )
    }
}
