//! Axes that are keys of the cargo profile. Those whose values are names are entries of a table, because they
//! differ in data only; those with values per kind of crate have their own file.

mod codegen_units;
mod debug;
mod incremental;
mod lto;
mod opt_level;
mod per_kind;
mod split_debuginfo;
mod strip;

use bench_runner_core::record::Refusal;

use super::axis::{Available, Axis, Context, ParsedSettings, ProofFinding, ProofInput, SettingValue};
use super::rustc_args::{self, ArgCheck, PartialFinding};
use super::values;
use crate::build::{BuildEvidence, BuildRequest, Goal, Toolchain};

pub(super) use codegen_units::CodegenUnitsAxis;
pub(super) use opt_level::OptLevelAxis;

pub(super) const LTO: NamedKey = NamedKey(&ProfileKeyEntry {
    key: "lto",
    summary: "link-time optimization: off, false (thin within each crate, as by default), thin or fat",
    values: &["off", "false", "thin", "fat"],
    noun: "a kind of link-time optimization",
    applies_to: Goal::links,
    unsupported_by: |_, _| None,
    conflict: lto::conflict,
    apply: |value, _, request| match value {
        "false" => request.profile_keys.push(("lto".to_owned(), "false".to_owned())),
        name => write_name("lto", name, request),
    },
    value_in_call: lto::value_in_call,
    override_key: None,
    prove: lto::prove,
    co_changes: lto::co_changes,
    costs: |_| &[],
});

pub(super) const DEBUG: NamedKey = NamedKey(&ProfileKeyEntry {
    key: "debug",
    summary: "debug info: none, line-directives-only, line-tables-only, limited or full",
    values: &["none", "line-directives-only", "line-tables-only", "limited", "full"],
    noun: "an amount of debug info",
    applies_to: Goal::links,
    unsupported_by: debug::unsupported_by,
    conflict: |_, _| None,
    apply: debug::apply,
    value_in_call: debug::value_in_call,
    override_key: Some("debug"),
    prove: debug::prove,
    co_changes: debug::co_changes,
    costs: debug::costs,
});

pub(super) const SPLIT_DEBUGINFO: NamedKey = NamedKey(&ProfileKeyEntry {
    key: "split-debuginfo",
    summary: "where debug info lies: off (in the result), packed (one file beside it) or unpacked (files of each unit)",
    values: &["off", "packed", "unpacked"],
    noun: "a way to split debug info",
    applies_to: Goal::links,
    unsupported_by: split_debuginfo::unsupported_by,
    conflict: split_debuginfo::conflict,
    apply: |value, _, request| write_name("split-debuginfo", value, request),
    value_in_call: |args| rustc_args::codegen(args, "split-debuginfo").unwrap_or("not set"),
    // Cargo does not pass it to crates that the project builds without debug info.
    override_key: Some("debug"),
    prove: split_debuginfo::prove,
    co_changes: |_, _| &[],
    costs: |value| match value {
        "unpacked" => &[
            "debug info is in separate files of the target directory: a program that is copied elsewhere has none",
        ],
        "packed" => &["debug info is in a `.dwp` file that must be copied along with the program"],
        _ => &[],
    },
});

pub(super) const STRIP: NamedKey = NamedKey(&ProfileKeyEntry {
    key: "strip",
    summary: "what is stripped from the results: none, debuginfo or symbols",
    values: &["none", "debuginfo", "symbols"],
    noun: "something to strip",
    applies_to: Goal::links,
    unsupported_by: |_, _| None,
    conflict: strip::conflict,
    apply: |value, _, request| write_name("strip", value, request),
    value_in_call: strip::value_in_call,
    override_key: None,
    prove: strip::prove,
    co_changes: |value, _| match value {
        "none" => &[],
        _ => &["build scripts and proc macros are stripped too"],
    },
    costs: |value| match value {
        "none" => &[],
        "debuginfo" => &["debuggers show no lines and no variables; backtraces have names of functions only"],
        _ => &["debuggers and backtraces show addresses in place of names and lines"],
    },
});

pub(super) const INCREMENTAL: NamedKey = NamedKey(&ProfileKeyEntry {
    key: "incremental",
    summary: "incremental compilation of its own crates: on or off",
    values: &["on", "off"],
    noun: "a state of incremental compilation",
    applies_to: Goal::compiles,
    unsupported_by: |_, _| None,
    conflict: |_, _| None,
    // Unlike the key of the profile, this one also overrides the project's own configuration.
    apply: |value, _, request| {
        request.config.push(("build.incremental".to_owned(), (value == "on").to_string()));
    },
    value_in_call: |args| if rustc_args::codegen(args, "incremental").is_some() { "on" } else { "off" },
    override_key: None,
    prove: incremental::prove,
    co_changes: |value, _| match value {
        "on" => &["its own crates have up to 256 codegen units in place of 16, unless the project sets them"],
        _ => &["its own crates have up to 16 codegen units in place of 256, unless the project sets them"],
    },
    costs: |value| match value {
        "on" => &["the target directory also has what incremental compilation keeps of each crate"],
        _ => &["an edit compiles the whole crate again"],
    },
});

/// Parses the value of a profile key by the axis of the same name, if there is one.
pub(super) fn parse(key: &str, value: &str) -> Option<Box<dyn SettingValue>> {
    const ALL: [&dyn Axis; 7] =
        [&LTO, &CodegenUnitsAxis, &OptLevelAxis, &DEBUG, &SPLIT_DEBUGINFO, &STRIP, &INCREMENTAL];
    ALL.iter().find(|axis| axis.key() == key)?.parse(key, value).ok()
}

/// A profile key whose values are names.
pub(super) struct NamedKey(&'static ProfileKeyEntry);

/// Data and functions of one such key. The first argument of each function is the value.
struct ProfileKeyEntry {
    key: &'static str,
    summary: &'static str,
    values: &'static [&'static str],
    /// Noun for its values; follows "is not" in errors.
    noun: &'static str,
    applies_to: fn(Goal) -> bool,
    /// Reason why a toolchain does not support the value, if it does not.
    unsupported_by: fn(&str, &Toolchain) -> Option<Refusal>,
    conflict: fn(&'static str, &ParsedSettings) -> Option<String>,
    apply: fn(&str, &Context, &mut BuildRequest),
    /// Value in a call of rustc, in the words of `values`.
    value_in_call: for<'a> fn(&'a [String]) -> &'a str,
    /// Profile key that the project can override for a package, which keeps the value from that package.
    override_key: Option<&'static str>,
    prove: fn(&str, &ArgCheck<'_>, &BuildEvidence) -> PartialFinding,
    co_changes: fn(&str, &ParsedSettings) -> &'static [&'static str],
    costs: fn(&str) -> &'static [&'static str],
}

fn write_name(key: &str, name: &str, request: &mut BuildRequest) {
    request.profile_keys.push((key.to_owned(), format!("\"{name}\"")));
}

impl Axis for NamedKey {
    fn key(&self) -> &'static str {
        self.0.key
    }

    fn summary(&self) -> &'static str {
        self.0.summary
    }

    fn values(&self) -> &'static [&'static str] {
        self.0.values
    }

    fn parse(&self, _: &str, text: &str) -> Result<Box<dyn SettingValue>, Refusal> {
        let name = values::one_of(text, self.0.noun, self.0.values)?;
        Ok(Box::new(NamedValue { of: self.0, name }))
    }
}

struct NamedValue {
    of: &'static ProfileKeyEntry,
    name: &'static str,
}

impl std::fmt::Debug for NamedValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}={}", self.of.key, self.name)
    }
}

impl SettingValue for NamedValue {
    fn probe(&self, _: &ParsedSettings, context: &Context) -> Result<Available, Refusal> {
        let unknown =
            context.toolchain.as_ref().and_then(|toolchain| (self.of.unsupported_by)(self.name, toolchain));
        match unknown {
            Some(refusal) => Err(refusal),
            None => values::available_to_cargo(self.of.key, self.name, context),
        }
    }

    fn applies_to(&self, goal: Goal) -> bool {
        (self.of.applies_to)(goal)
    }

    fn conflict(&self, settings: &ParsedSettings) -> Option<String> {
        (self.of.conflict)(self.name, settings)
    }

    fn apply(&self, _: &ParsedSettings, context: &Context, request: &mut BuildRequest) {
        (self.of.apply)(self.name, context, request);
    }

    fn prove(&self, _: &ParsedSettings, context: &Context, input: &ProofInput<'_>) -> ProofFinding {
        let ProfileKeyEntry { key, value_in_call, override_key, prove, .. } = self.of;
        let check = ArgCheck {
            name: key,
            read: &|args| value_in_call(args).to_owned(),
            excluded: override_key
                .map(|key| rustc_args::crates_with_override(key, context, input.build))
                .unwrap_or_default(),
        };
        prove(self.name, &check, input.build).finding(format!("{key}={}", self.name))
    }

    fn co_changes(&self, settings: &ParsedSettings) -> &'static [&'static str] {
        (self.of.co_changes)(self.name, settings)
    }

    fn costs(&self) -> &'static [&'static str] {
        (self.of.costs)(self.name)
    }
}
