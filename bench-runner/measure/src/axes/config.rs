//! Pieces of cargo's configuration as they stand: an axis of one's own, and the text of a file that is a whole variant.

use bench_runner_core::record::ProofResult;

use super::leaves::leaves;
use super::rustflags::lacking;
use super::{
    Availability, Axis, Context, Finding, InvalidValue, Lines, Setting, Shown, Situation, Unwritable,
};
use crate::build::{Goal, Recipe};

pub(super) struct Config;
pub(super) struct Snippet;

/// Everything that a text sets has a text of its own, so that order and layout make no difference.
fn identity(value: &str) -> String {
    let leaves = leaves(value).unwrap_or_default();
    leaves.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(" ")
}

fn probe(value: &str, context: &Context) -> Availability {
    if context.toolchain.is_none() {
        return Availability::Missing {
            reason: "cargo's configuration means nothing to a project that is not built by cargo".into(),
            help: None,
        };
    }
    Availability::Available { identity: identity(value), tool: None }
}

fn apply(value: &str, recipe: &mut Recipe) -> std::io::Result<()> {
    let leaves = leaves(value).map_err(|error| std::io::Error::other(error.message))?;
    recipe.config.extend(leaves);
    Ok(())
}

/// Flags that `value` sets and that are on no compiler call: cargo takes flags from one key only, and drops the others.
fn dropped(value: &str, shown: &Shown<'_>) -> Option<String> {
    let leaves = leaves(value).ok()?;
    let set = leaves.iter().filter(|(key, _)| key.ends_with(".rustflags"));
    let dropped = set.filter(|(_, value)| {
        let flags = flags_of(value);
        lacking(&flags, shown.build).is_some_and(|(_, missing)| !flags.is_empty() && !missing.is_empty())
    });
    let keys: Vec<String> = dropped.map(|(key, _)| format!("`{key}`")).collect();
    (!keys.is_empty()).then(|| {
        format!(
            "cargo drops its {}, because flags in force come from another key or variable",
            keys.join(" and ")
        )
    })
}

/// The flags of a value of `rustflags`, an array or one string, in TOML.
fn flags_of(value: &str) -> Vec<String> {
    match format!("v={value}").parse::<toml::Table>().ok().and_then(|mut table| table.remove("v")) {
        Some(toml::Value::String(text)) => text.split_whitespace().map(str::to_owned).collect(),
        Some(toml::Value::Array(items)) => {
            items.iter().filter_map(|item| Some(item.as_str()?.to_owned())).collect()
        }
        _ => Vec::new(),
    }
}

impl Axis for Config {
    fn key(&self) -> &'static str {
        "config"
    }

    fn summary(&self) -> &'static str {
        "a piece of cargo's configuration, in TOML; an empty value adds none"
    }

    fn values(&self) -> &'static [&'static str] {
        &["profile.dev.debug=1", "any TOML"]
    }

    fn parse(&self, _: &str, value: &str) -> Result<(), InvalidValue> {
        leaves(value).map(drop)
    }

    fn is_nothing(&self, value: &str) -> bool {
        identity(value).is_empty()
    }

    fn by_comparison(&self) -> bool {
        true
    }

    fn probe(&self, setting: &Setting<'_>, context: &Context) -> Availability {
        probe(setting.value, context)
    }

    fn matters(&self, _: Goal) -> bool {
        true
    }

    fn apply(&self, setting: &Setting<'_>, _: &Context, recipe: &mut Recipe) -> std::io::Result<()> {
        apply(setting.value, recipe)
    }

    fn prove(&self, setting: &Setting<'_>, _: &Context, shown: &Shown<'_>) -> Finding {
        if self.is_nothing(setting.value) {
            return Finding::nothing_asked();
        }
        shown.raw().and(dropped(setting.value, shown))
    }
}

impl Axis for Snippet {
    fn key(&self) -> &'static str {
        super::WHOLE[0]
    }

    fn summary(&self) -> &'static str {
        "the text of a file, by `--variant NAME=FILE`: a piece of cargo's configuration or of a profile"
    }

    fn values(&self) -> &'static [&'static str] {
        &["by --variant NAME=FILE"]
    }

    fn parse(&self, _: &str, value: &str) -> Result<(), InvalidValue> {
        leaves(value).map(drop)
    }

    fn by_comparison(&self) -> bool {
        true
    }

    fn probe(&self, setting: &Setting<'_>, context: &Context) -> Availability {
        probe(setting.value, context)
    }

    fn matters(&self, _: Goal) -> bool {
        true
    }

    fn apply(&self, setting: &Setting<'_>, _: &Context, recipe: &mut Recipe) -> std::io::Result<()> {
        apply(setting.value, recipe)
    }

    fn advise(&self, setting: &Setting<'_>, _: &Situation) -> Result<Lines, Unwritable> {
        match setting.value.parse::<toml::Table>() {
            Ok(_) => Ok(Lines { verbatim: Some(setting.value.to_owned()), ..Lines::default() }),
            Err(error) => Err(Unwritable(format!("it is not TOML: {}", error.message()))),
        }
    }

    fn prove(&self, setting: &Setting<'_>, _: &Context, shown: &Shown<'_>) -> Finding {
        let finding = shown.raw();
        let nothing = shown.difference().is_some_and(|difference| difference.is_none());
        let finding = if nothing {
            let found = "changes no compiler call, so there is nothing to compare".to_owned();
            Finding { found, result: ProofResult::Fails, ..finding }
        } else {
            finding
        };
        finding.and(dropped(setting.value, shown))
    }
}
