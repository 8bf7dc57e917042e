//! Compiler calls as rustc reads them: the value of the last `-C` or `-Z` of a name, the class of a crate,
//! and the number of calls that have an expected value. A proof never holds without calls.
//!
//! Knows rustc's spellings and cargo's habits, but no axis.

use std::collections::{BTreeMap, BTreeSet};

use bench_runner_core::record::ProofResult;

use super::axis::{Context, ProofFinding};
use crate::build::{Artifact, BuildEvidence, BuildPart, CompilerCall};

/// Value of the last `-C name` among `args`; `yes` if it has no value, as in rustc.
pub(super) fn codegen<'a>(args: &'a [String], name: &str) -> Option<&'a str> {
    let short = |arg: &String| match (arg.as_str(), name) {
        ("-g", "debuginfo") => Some("2"),
        ("-O", "opt-level") => Some("3"),
        _ => None,
    };
    let at = |(at, arg): (usize, &'a String)| {
        short(arg).or_else(|| value(option_text(args, at, arg, CODEGEN)?, name))
    };
    args.iter().enumerate().rev().find_map(at)
}

/// Value of the last `-Z name` among `args`; `yes` if it has no value.
pub(super) fn unstable<'a>(args: &'a [String], name: &str) -> Option<&'a str> {
    let at = |(at, arg): (usize, &'a String)| value(option_text(args, at, arg, UNSTABLE)?, name);
    args.iter().enumerate().rev().find_map(at)
}

const CODEGEN: &[&str] = &["-C", "--codegen"];
const UNSTABLE: &[&str] = &["-Z"];

/// Text that follows one of `options` at `arg`: in the next argument, after `=`, or directly after a short
/// option.
fn option_text<'a>(args: &'a [String], at: usize, arg: &'a str, options: &[&str]) -> Option<&'a str> {
    options.iter().find_map(|option| match arg.strip_prefix(option)? {
        "" => args.get(at + 1).map(String::as_str),
        rest if option.starts_with("--") => rest.strip_prefix('='),
        rest => Some(rest),
    })
}

/// The value in `text`, if it is for `name`. rustc accepts `_` in place of `-` in names.
fn value<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (option, value) = text.split_once('=').unwrap_or((text, "yes"));
    (option.replace('_', "-") == name).then_some(value)
}

/// Crate types that a call makes.
pub(super) fn crate_types(call: &CompilerCall) -> Vec<&str> {
    call.args.windows(2).filter(|pair| pair[0] == "--crate-type").map(|pair| pair[1].as_str()).collect()
}

/// Class of a crate, by the profile keys that apply to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CrateClass {
    /// Workspace crates that the results are made of: keys of the profile itself.
    Own,
    /// Other crates that the results are made of: `package."*"`.
    Dependency,
    /// Crates that run during the build.
    Host {
        /// True for workspace members. For others, `package."*"` takes precedence over `build-override`.
        member: bool,
    },
    /// Cargo did not report enough about the crate.
    Unknown,
}

/// Class of the crate that a call compiles.
pub(super) fn class(call: &CompilerCall) -> CrateClass {
    match call.part {
        BuildPart::Own => CrateClass::Own,
        BuildPart::Dependency => CrateClass::Dependency,
        BuildPart::Host => CrateClass::Host { member: call.unit.as_ref().is_some_and(|unit| unit.member) },
        BuildPart::Unknown => CrateClass::Unknown,
    }
}

/// An expected value in calls.
pub(super) struct ExpectedArg<'a> {
    /// Description of the calls, such as `its own crates`.
    pub(super) whose: &'static str,
    /// Selects the calls.
    pub(super) among: &'a dyn Fn(&CompilerCall) -> bool,
    /// Value that each of them must have.
    pub(super) value: &'a str,
}

pub(super) const OWN: &str = "its own crates";
pub(super) const DEPENDENCIES: &str = "dependencies";

/// Checks an argument of calls.
pub(super) struct ArgCheck<'a> {
    /// Name of the argument, such as `codegen-units`.
    pub(super) name: &'a str,
    /// Reads the value of one call, in one spelling for each meaning.
    pub(super) read: &'a dyn Fn(&[String]) -> String,
    /// Crates for which the project has its own setting, which overrides that of the profile.
    pub(super) excluded: BTreeSet<String>,
}

impl ArgCheck<'_> {
    /// Counts the selected calls that have the expected value. Without any such call, nothing is proven.
    pub(super) fn run(&self, evidence: &BuildEvidence, expected: &ExpectedArg<'_>) -> PartialFinding {
        let all = || evidence.compiler_calls.iter().filter(|call| (expected.among)(call));
        let excluded = |call: &&CompilerCall| self.excluded.contains(&call.name);
        let asked: Vec<&CompilerCall> = all().filter(|call| !excluded(call)).collect();
        if asked.is_empty() {
            return PartialFinding::not_provable(no_call_of(expected.whose, evidence));
        }
        let mut by_value: BTreeMap<String, usize> = BTreeMap::new();
        asked.iter().for_each(|call| *by_value.entry((self.read)(&call.args)).or_default() += 1);
        let agree = by_value.remove(expected.value).unwrap_or(0);
        let name = self.name;
        let mut found =
            format!("{name}={} on {agree} of {} calls of {}", expected.value, asked.len(), expected.whose);
        let others: Vec<String> =
            by_value.iter().map(|(value, count)| format!("{value} on {count}")).collect();
        if !others.is_empty() {
            found += &format!(" ({})", others.join(", "));
        }
        let left_out = all().filter(excluded).count();
        if left_out > 0 {
            found += &format!(", {left_out} with a setting of its own left out");
        }
        PartialFinding::new(found, agree == asked.len())
    }

    /// Checks own crates and, if there are any, dependencies.
    pub(super) fn run_all(&self, evidence: &BuildEvidence, value: &str) -> PartialFinding {
        let own = ExpectedArg { whose: OWN, among: &|call| class(call) == CrateClass::Own, value };
        let others = |call: &CompilerCall| {
            class(call) == CrateClass::Dependency && !self.excluded.contains(&call.name)
        };
        let own_finding = self.run(evidence, &own);
        if !evidence.compiler_calls.iter().any(others) {
            let dependency = |call: &&CompilerCall| class(call) == CrateClass::Dependency;
            return match evidence.compiler_calls.iter().filter(dependency).count() {
                0 => own_finding,
                left_out => own_finding.with_remark(&format!(
                    "{left_out} calls of dependencies with a setting of their own left out"
                )),
            };
        }
        own_finding.and(self.run(evidence, &ExpectedArg { whose: DEPENDENCIES, among: &others, value }))
    }
}

/// Message for the case that there are no such calls.
pub(super) fn no_call_of(whose: &str, evidence: &BuildEvidence) -> String {
    match &evidence.parts_unknown {
        Some(reason) => format!("no compiler call is known to be of {whose}: {reason}"),
        None => format!("no compiler call of {whose}"),
    }
}

/// Crates for which the project overrides `key` in the profile of the build, or in one that it inherits from,
/// by the crate names of rustc. With `package."*"` these include every dependency in `evidence`.
pub(super) fn crates_with_override(
    key: &str,
    context: &Context,
    evidence: &BuildEvidence,
) -> BTreeSet<String> {
    let mut names = crates_overridden_by_name(key, context, evidence);
    if overridden_packages(key, context, evidence).any(|name| name == "*") {
        let others = evidence.compiler_calls.iter().filter(|call| class(call) == CrateClass::Dependency);
        names.extend(others.map(|call| call.name.clone()));
    }
    names
}

/// The same without `package."*"`. Crates may be named differently from their package.
pub(super) fn crates_overridden_by_name(
    key: &str,
    context: &Context,
    evidence: &BuildEvidence,
) -> BTreeSet<String> {
    let named: Vec<&str> = overridden_packages(key, context, evidence)
        .filter(|name| *name != "*")
        .map(|specification| {
            // A package specification may contain a URL and a version.
            let name = specification.rsplit('#').next().unwrap_or(specification);
            name.split(['@', ':']).next().unwrap_or(name)
        })
        .collect();
    let package_artifacts = evidence.artifacts.iter().filter(|artifact| named.contains(&package(artifact)));
    package_artifacts
        .filter_map(|artifact| Some(artifact.unit.rsplit_once(':')?.1.replace('-', "_")))
        .collect()
}

/// Name of the package of a unit.
fn package(artifact: &Artifact) -> &str {
    let word = artifact.unit.split(' ').next().unwrap_or_default();
    // cargo omits the name if it is that of the directory.
    let directory = || artifact.package.as_ref()?.file_name()?.to_str();
    word.split_once('@').map(|(name, _)| name).or_else(directory).unwrap_or(word)
}

/// Packages for which the project overrides `key` in the profile of the build, or in one that it inherits
/// from.
fn overridden_packages<'a>(
    key: &'a str,
    context: &'a Context,
    evidence: &BuildEvidence,
) -> impl Iterator<Item = &'a str> {
    let profiles = in_force(context, evidence);
    let tables = [&context.manifest, &context.config].into_iter().flatten();
    let named = tables.filter_map(|table| table.get("profile")?.as_table()).flatten();
    let packages = named
        .filter(move |(name, _)| profiles.contains(name))
        .filter_map(|(_, profile)| profile.get("package")?.as_table())
        .flatten();
    packages.filter(move |(_, table)| table.get(key).is_some()).map(|(name, _)| name.as_str())
}

/// The profile of the build, and those that it inherits from.
fn in_force(context: &Context, evidence: &BuildEvidence) -> Vec<String> {
    let given = evidence.command.windows(2).find(|pair| pair[0] == "--profile").map(|pair| pair[1].clone());
    let mut names = vec![given.unwrap_or_else(|| "dev".to_owned())];
    while let Some(last) = names.last() {
        let tables = [&context.config, &context.manifest].into_iter().flatten();
        let mut profiles = tables.filter_map(|table| table.get("profile")?.get(last));
        let parent = match last.as_str() {
            "test" => Some("dev".to_owned()),
            "bench" => Some("release".to_owned()),
            _ => profiles.find_map(|profile| Some(profile.get("inherits")?.as_str()?.to_owned())),
        };
        match parent.filter(|parent| !names.contains(parent)) {
            Some(parent) => names.push(parent),
            None => break,
        }
    }
    names
}

/// Combines several findings; none at all is not a proof.
pub(super) fn combine_all(seen: impl Iterator<Item = PartialFinding>) -> PartialFinding {
    seen.reduce(PartialFinding::and)
        .unwrap_or_else(|| PartialFinding::not_provable("nothing to look at".to_owned()))
}

/// Finding from one piece of evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PartialFinding {
    pub(super) found: String,
    pub(super) result: ProofResult,
}

impl PartialFinding {
    pub(super) fn new(found: String, holds: bool) -> Self {
        Self { found, result: if holds { ProofResult::Holds } else { ProofResult::Fails } }
    }

    pub(super) fn not_provable(found: String) -> Self {
        Self { found, result: ProofResult::NotProvable }
    }

    /// Combines two findings: a contradiction takes precedence over missing evidence, and that over
    /// agreement.
    pub(super) fn and(self, other: Self) -> Self {
        let has = |result| self.result == result || other.result == result;
        let result = if has(ProofResult::Fails) {
            ProofResult::Fails
        } else if has(ProofResult::NotProvable) {
            ProofResult::NotProvable
        } else {
            ProofResult::Holds
        };
        let texts = [self.found, other.found].into_iter().filter(|found| !found.is_empty());
        Self { found: texts.collect::<Vec<_>>().join("; "), result }
    }

    /// Adds a remark that does not affect the result.
    pub(super) fn with_remark(self, remark: &str) -> Self {
        Self { found: format!("{}; {remark}", self.found), ..self }
    }

    pub(super) fn finding(self, expected: String) -> ProofFinding {
        ProofFinding { expected, found: self.found, result: self.result }
    }
}

/// Sizes in bytes of the sections whose names satisfy `which`, by name, summed over the linked files of the
/// project itself. `None` if no file can be read.
pub(super) fn sections(
    evidence: &BuildEvidence,
    which: impl Fn(&str) -> bool,
) -> Option<BTreeMap<String, u64>> {
    let mut sizes = BTreeMap::new();
    let mut any = false;
    for facts in evidence.own_facts() {
        any = true;
        for (name, size) in facts.sections.iter().filter(|(name, _)| which(name)) {
            *sizes.entry(name.clone()).or_default() += size;
        }
    }
    any.then_some(sizes)
}

/// Describes sections of debug info: the two most important ones, and the total.
pub(super) fn describe_debug_sections(sections: &BTreeMap<String, u64>) -> String {
    let is_there = |name: &&str| sections.contains_key(*name);
    let single = [".debug_info", ".debug_line"].into_iter().filter(is_there);
    let single = single.map(|name| format!("{name} {} bytes", sections[name]));
    let all = format!("debug sections {} bytes", sections.values().sum::<u64>());
    single.chain([all]).collect::<Vec<_>>().join(", ")
}

/// True if a section contains debug info.
pub(super) fn is_debug(name: &str) -> bool {
    // `.debug_gdb_scripts` is a path for a debugger, which stripping keeps.
    name.starts_with(".debug_") && name != ".debug_gdb_scripts"
}

#[cfg(test)]
#[path = "rustc_args/tests.rs"]
mod tests;
