//! Pieces of cargo configuration as written: an axis, and the text of a file as a whole variant.

use bench_runner_core::record::{ProofResult, Refusal, SNIPPET};

use super::axis::{Available, Axis, Context, ParsedSettings, ProofFinding, ProofInput, SettingValue};
use super::flatten::flatten;
use super::lines::{SettingLines, Situation, Unwritable};
use super::rustflags::missing_flags;
use crate::build::{BuildRequest, Goal};

pub(super) struct ConfigAxis;
pub(super) struct SnippetAxis;

impl Axis for ConfigAxis {
    fn key(&self) -> &'static str {
        "config"
    }

    fn summary(&self) -> &'static str {
        "a piece of cargo's configuration, in TOML; an empty value adds none"
    }

    fn values(&self) -> &'static [&'static str] {
        &["profile.dev.debug=1", "any TOML"]
    }

    fn parse(&self, _: &str, text: &str) -> Result<Box<dyn SettingValue>, Refusal> {
        Ok(Box::new(ConfigPiece { leaves: flatten(text)? }))
    }
}

impl Axis for SnippetAxis {
    fn key(&self) -> &'static str {
        SNIPPET
    }

    fn summary(&self) -> &'static str {
        "the text of a file, by `--variant NAME=FILE`: a piece of cargo's configuration or of a profile"
    }

    fn values(&self) -> &'static [&'static str] {
        &["by --variant NAME=FILE"]
    }

    fn parse(&self, _: &str, text: &str) -> Result<Box<dyn SettingValue>, Refusal> {
        Ok(Box::new(SnippetFile { piece: ConfigPiece { leaves: flatten(text)? }, text: text.to_owned() }))
    }
}

/// A piece of configuration.
#[derive(Debug)]
struct ConfigPiece {
    /// Dotted keys with values in TOML.
    leaves: Vec<(String, String)>,
}

/// A piece of configuration, with its original text.
#[derive(Debug)]
struct SnippetFile {
    piece: ConfigPiece,
    text: String,
}

impl ConfigPiece {
    fn available(&self, context: &Context) -> Result<Available, Refusal> {
        if context.toolchain.is_none() {
            return Err(Refusal::new(
                "cargo's configuration means nothing to a project that is not built by cargo",
            ));
        }
        // The identity has only keys and values, so layout makes no difference.
        let leaves = self.leaves.iter().map(|(key, value)| format!("{key}={value}"));
        Ok(Available::without_tool(leaves.collect::<Vec<_>>().join(" ")))
    }

    fn add_to(&self, request: &mut BuildRequest) {
        request.config.extend(self.leaves.iter().cloned());
    }

    /// Flags that it sets but that are missing in compiler calls: cargo takes flags from one key only, and
    /// drops the others.
    fn describe_dropped_flags(&self, input: &ProofInput<'_>) -> Option<String> {
        let set = self.leaves.iter().filter(|(key, _)| key.ends_with(".rustflags"));
        let dropped = set.filter(|(_, value)| {
            let flags = flags_of(value);
            missing_flags(&flags, input.build)
                .is_some_and(|(_, missing)| !flags.is_empty() && !missing.is_empty())
        });
        let keys: Vec<String> = dropped.map(|(key, _)| format!("`{key}`")).collect();
        (!keys.is_empty()).then(|| {
            format!(
                "cargo drops its {}, because flags in force come from another key or variable",
                keys.join(" and ")
            )
        })
    }
}

/// Flags in a value of `rustflags` in TOML, an array or one string.
fn flags_of(value: &str) -> Vec<String> {
    match format!("v={value}").parse::<toml::Table>().ok().and_then(|mut table| table.remove("v")) {
        Some(toml::Value::String(text)) => text.split_whitespace().map(str::to_owned).collect(),
        Some(toml::Value::Array(items)) => {
            items.iter().filter_map(|item| Some(item.as_str()?.to_owned())).collect()
        }
        _ => Vec::new(),
    }
}

impl SettingValue for ConfigPiece {
    fn is_default(&self) -> bool {
        self.leaves.is_empty()
    }

    fn is_proven_by_comparison(&self) -> bool {
        true
    }

    fn probe(&self, _: &ParsedSettings, context: &Context) -> Result<Available, Refusal> {
        self.available(context)
    }

    fn applies_to(&self, _: Goal) -> bool {
        true
    }

    fn apply(&self, _: &ParsedSettings, _: &Context, request: &mut BuildRequest) {
        self.add_to(request);
    }

    fn prove(&self, _: &ParsedSettings, _: &Context, input: &ProofInput<'_>) -> ProofFinding {
        if self.is_default() {
            return ProofFinding::not_applicable();
        }
        input.finding_by_comparison().and(self.describe_dropped_flags(input))
    }
}

impl SettingValue for SnippetFile {
    fn is_proven_by_comparison(&self) -> bool {
        true
    }

    fn probe(&self, _: &ParsedSettings, context: &Context) -> Result<Available, Refusal> {
        self.piece.available(context)
    }

    fn applies_to(&self, _: Goal) -> bool {
        true
    }

    fn apply(&self, _: &ParsedSettings, _: &Context, request: &mut BuildRequest) {
        self.piece.add_to(request);
    }

    fn advise(&self, _: &ParsedSettings, _: &Situation) -> Result<SettingLines, Unwritable> {
        Ok(SettingLines { verbatim: Some(self.text.clone()), ..SettingLines::default() })
    }

    fn prove(&self, _: &ParsedSettings, _: &Context, input: &ProofInput<'_>) -> ProofFinding {
        let finding = input.finding_by_comparison();
        let nothing = input.difference().is_some_and(|difference| difference.is_empty());
        let finding = if nothing {
            let found = "changes no compiler call, so there is nothing to compare".to_owned();
            ProofFinding { found, result: ProofResult::Fails, ..finding }
        } else {
            finding
        };
        finding.and(self.piece.describe_dropped_flags(input))
    }
}
