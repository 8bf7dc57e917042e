//! An argument added to the build command, for whatever has no axis of its own.

use super::{
    Availability, Axis, Context, Finding, InvalidValue, Lines, Setting, Shown, Situation, Unwritable,
};
use crate::build::{Goal, Recipe};

pub(super) struct Arg;

impl Axis for Arg {
    fn key(&self) -> &'static str {
        "arg"
    }

    fn summary(&self) -> &'static str {
        "an argument added to the build command of a command project; an empty value adds none"
    }

    fn values(&self) -> &'static [&'static str] {
        &["any text"]
    }

    fn parse(&self, _: &str, _: &str) -> Result<(), InvalidValue> {
        Ok(())
    }

    fn probe(&self, &Setting { value, .. }: &Setting<'_>, context: &Context) -> Availability {
        if context.toolchain.is_some() {
            return Availability::Missing {
                reason: "`arg` is for command projects, and this one is built by cargo".into(),
                help: Some("put the argument into `args` of the manifest's [build] section".into()),
            };
        }
        Availability::Available { identity: value.to_owned(), tool: None }
    }

    fn matters(&self, _: Goal) -> bool {
        true
    }

    fn apply(
        &self,
        &Setting { value, .. }: &Setting<'_>,
        _: &Context,
        recipe: &mut Recipe,
    ) -> std::io::Result<()> {
        if !value.is_empty() {
            recipe.args.push(value.to_owned());
        }
        Ok(())
    }

    fn advise(&self, setting: &Setting<'_>, _: &Situation) -> Result<Lines, Unwritable> {
        if setting.value.is_empty() {
            return Ok(Lines::default());
        }
        Err(Unwritable(format!(
            "an argument of the build command stands on the command line: `{}`",
            setting.value
        )))
    }

    fn prove(&self, &Setting { value, .. }: &Setting<'_>, _: &Context, _: &Shown<'_>) -> Finding {
        Finding::not_provable(
            format!("the argument `{value}`"),
            "it was given to the command; what the command made of it cannot be seen",
        )
    }
}
