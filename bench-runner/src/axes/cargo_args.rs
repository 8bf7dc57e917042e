//! Arguments of cargo as they stand, for whatever has no axis of its own.

use super::{
    Availability, Axis, Context, Finding, InvalidValue, Lines, Setting, Shown, Situation, Unwritable,
};
use crate::build::{Goal, Recipe};

pub(super) struct CargoArgs;

/// What the harness itself says to cargo.
const RESERVED: [&str; 9] = [
    "--target-dir",
    "--build-dir",
    "--message-format",
    "--jobs",
    "-j",
    "--color",
    "--manifest-path",
    "--profile",
    "--release",
];

impl Axis for CargoArgs {
    fn key(&self) -> &'static str {
        "cargo-args"
    }

    fn summary(&self) -> &'static str {
        "arguments of cargo, separated by spaces; an empty value adds none"
    }

    fn values(&self) -> &'static [&'static str] {
        &["any text"]
    }

    fn parse(&self, _: &str, value: &str) -> Result<(), InvalidValue> {
        let reserved = |word: &str| {
            let name = word.split('=').next().unwrap_or(word);
            RESERVED.contains(&name) || word.starts_with("-j")
        };
        match value.split_whitespace().find(|word| reserved(word)) {
            None => Ok(()),
            Some(word) => {
                let message =
                    format!("`{word}` is said to cargo by the harness itself, or by an axis of its own");
                Err(InvalidValue { message, nearest: None })
            }
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
                reason: "`cargo-args` is for projects that cargo builds".into(),
                help: Some("`arg` adds an argument to the build of a command project".into()),
            };
        }
        Availability::Available {
            identity: value.split_whitespace().collect::<Vec<_>>().join(" "),
            tool: None,
        }
    }

    fn matters(&self, _: Goal) -> bool {
        true
    }

    fn apply(&self, setting: &Setting<'_>, _: &Context, recipe: &mut Recipe) -> std::io::Result<()> {
        recipe.args.extend(setting.value.split_whitespace().map(str::to_owned));
        Ok(())
    }

    fn advise(&self, setting: &Setting<'_>, _: &Situation) -> Result<Lines, Unwritable> {
        if self.is_nothing(setting.value) {
            return Ok(Lines::default());
        }
        Err(Unwritable(format!("arguments of cargo stand on the command line: `{}`", setting.value.trim())))
    }

    fn prove(&self, setting: &Setting<'_>, _: &Context, shown: &Shown<'_>) -> Finding {
        if self.is_nothing(setting.value) {
            return Finding::nothing_asked();
        }
        shown.raw()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_harness_says_itself_is_refused() {
        let parse = |value: &str| CargoArgs.parse("cargo-args", value);
        assert!(parse("-Zbuild-std --features x").is_ok() && parse("").is_ok());
        for refused in ["--target-dir=/x", "-j4", "-j 4", "--release", "--message-format json"] {
            assert!(parse(refused).is_err(), "{refused}");
        }
    }
}
