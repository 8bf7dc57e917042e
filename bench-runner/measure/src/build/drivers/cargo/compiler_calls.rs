//! Compiler calls from cargo's `Running` lines, each with its unit and its part of the build.
//!
//! The unit of a call is found in cargo's messages by the files that it makes, or by its source file. The
//! calls that results are made of are found by following referenced libraries from the root units of cargo's
//! plan. All other calls are for what runs during the build.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::messages::{UnitMessage, crate_name};
use super::quoting::shell_words;
use crate::build::{BuildPart, CalledUnit, CompilerCall, PlannedUnit, PlannedUnits};

/// The compiler calls that cargo shows. `root` is the directory that cargo prints source paths relative to.
/// Without the units of its plan, it is not known which calls made the results.
pub(super) fn compiler_calls(
    stderr: &str,
    messages: &[UnitMessage],
    units: Option<&PlannedUnits>,
    root: &Path,
) -> Vec<CompilerCall> {
    let commands = commands(stderr).into_iter().map(|words| without_variables(&words));
    let mut calls: Vec<CompilerCall> = commands.filter_map(parse_call).collect();
    let found: Vec<Option<&UnitMessage>> =
        calls.iter().map(|call| message_of(call, messages, root)).collect();
    for (call, message) in calls.iter_mut().zip(&found) {
        call.unit = message.map(|message| CalledUnit {
            package: message.package.clone(),
            directory: message.artifact.package.clone(),
            member: message.member,
            kind: message.kind.clone(),
            test: message.test,
            requested: false,
        });
    }
    let Some(units) = units else { return calls };
    let roots = requested_units(units);
    let requested = reachable(&calls, &found, &roots);
    let reached = reachable(&calls, &found, &result_units(&roots));
    for ((call, reached), requested) in calls.iter_mut().zip(reached).zip(requested) {
        call.unit.iter_mut().for_each(|unit| unit.requested = requested);
        call.part = match (&call.unit, reached) {
            (None, _) => BuildPart::Unknown,
            (Some(_), false) => BuildPart::Host,
            (Some(unit), true) if unit.member => BuildPart::Own,
            (Some(_), true) => BuildPart::Dependency,
        };
    }
    calls
}

/// The commands that cargo shows. An argument may contain newlines.
fn commands(stderr: &str) -> Vec<Vec<String>> {
    let mut commands = Vec::new();
    let mut open: Option<String> = None;
    for line in stderr.lines() {
        let text = match (open.take(), line.trim_start().strip_prefix("Running `")) {
            (_, Some(begun)) => begun.to_owned(),
            (Some(begun), None) => format!("{begun}\n{line}"),
            (None, None) => continue,
        };
        match text.strip_suffix('`') {
            Some(whole) => commands.push(shell_words(whole)),
            None => open = Some(text),
        }
    }
    commands
}

/// A command without the variables that cargo prints before it at the highest verbosity.
fn without_variables(words: &[String]) -> Vec<String> {
    let is_variable = |word: &&String| {
        let name = word.split_once('=').map_or("", |(name, _)| name);
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    words.iter().skip_while(is_variable).cloned().collect()
}

fn parse_call(args: Vec<String>) -> Option<CompilerCall> {
    let name = args.windows(2).find(|pair| pair[0] == "--crate-name").map(|pair| pair[1].clone())?;
    (!is_rustdoc(&args)).then_some(CompilerCall { name, part: BuildPart::Unknown, unit: None, args })
}

/// True if a command runs rustdoc: it has none of the flags of a compiler call.
fn is_rustdoc(words: &[String]) -> bool {
    let program = words.first().map(|program| program.rsplit('/').next().unwrap_or(program));
    program.is_some_and(|program| program == "rustdoc")
}

/// Finds the message about the unit of a call.
fn message_of<'m>(call: &CompilerCall, messages: &'m [UnitMessage], root: &Path) -> Option<&'m UnitMessage> {
    let out = call.out_dir()?;
    let stem = |file: &Path| -> Option<PathBuf> {
        let name = file.file_name()?.to_str()?;
        Some(out.join(name.rsplit_once('.').map_or(name, |(stem, _)| stem)))
    };
    let (library, program) = (call.library(), out.join(call.stem()));
    let named_alike = |message: &&UnitMessage| message.crate_name() == call.name;
    let makes = |message: &&UnitMessage| {
        let files = message.artifact.files.iter().filter(|file| file.parent() == Some(out));
        files.filter_map(|file| stem(file)).any(|made| made == library || made == program)
    };
    let source = call.args.iter().find(|arg| arg.ends_with(".rs") && !arg.starts_with('-'));
    let source = root.join(source?);
    let test = call.args.iter().any(|arg| arg == "--test")
        || call.args.windows(2).any(|pair| pair == ["--cfg", "test"]);
    let starts_there = |message: &&UnitMessage| message.source == source && (message.test == test || !test);
    let same_features = |message: &&UnitMessage| features(call) == sorted(&message.features);
    let alike = || messages.iter().filter(named_alike);
    // A library and its tests can make files of the same name in different directories; a program's final
    // name has no hash.
    alike()
        .filter(starts_there)
        .find(makes)
        .or_else(|| {
            let at_source = || alike().filter(starts_there).filter(|message| message.test == test);
            at_source().find(same_features).or_else(|| at_source().next())
        })
        .or_else(|| alike().find(makes))
}

fn sorted(features: &[String]) -> Vec<String> {
    let mut sorted = features.to_vec();
    sorted.sort_unstable();
    sorted
}

/// Features that a call enables.
fn features(call: &CompilerCall) -> Vec<String> {
    let cfgs = call.args.windows(2).filter(|pair| pair[0] == "--cfg");
    let features = cfgs.filter_map(|pair| pair[1].strip_prefix("feature=\"")?.strip_suffix('"'));
    sorted(&features.map(str::to_owned).collect::<Vec<_>>())
}

/// For each call, true if it makes one of `roots` or something that they are made of.
fn reachable(calls: &[CompilerCall], found: &[Option<&UnitMessage>], roots: &[&PlannedUnit]) -> Vec<bool> {
    let by_library: HashMap<PathBuf, usize> =
        calls.iter().enumerate().map(|(at, call)| (call.library(), at)).collect();
    let needs: Vec<Vec<usize>> = calls
        .iter()
        .map(|call| {
            let needed = call.externs().filter_map(|path| by_library.get(path).copied());
            // A macro is loaded by the compiler and is not part of the result.
            needed.filter(|at| !calls[*at].makes("proc-macro")).collect()
        })
        .collect();
    let mut reached = vec![false; calls.len()];
    let mut todo: Vec<usize> = Vec::new();
    for root in roots {
        let alike = (0..calls.len()).filter(|at| is_unit(&calls[*at], found[*at], root));
        todo.extend(closest(alike.collect(), calls, found, root, &needs));
    }
    while let Some(at) = todo.pop() {
        if !std::mem::replace(&mut reached[at], true) {
            todo.extend(&needs[at]);
        }
    }
    reached
}

/// The requested units; for documentation, the units that it documents.
fn requested_units(units: &PlannedUnits) -> Vec<&PlannedUnit> {
    let roots = || units.roots.iter().filter_map(|at| units.units.get(*at));
    let documented = roots().filter(|unit| unit.mode.starts_with("doc"));
    let needed = documented.flat_map(|unit| &unit.needs).filter_map(|at| units.units.get(*at));
    let compiled = roots().filter(|unit| !unit.mode.starts_with("doc"));
    let all = compiled.chain(needed);
    all.filter(|unit| unit.kind != "custom-build" && unit.mode != "run-custom-build").collect()
}

/// The requested units that are results. Macros are results only if nothing else is requested.
fn result_units<'u>(requested: &[&'u PlannedUnit]) -> Vec<&'u PlannedUnit> {
    let others: Vec<&PlannedUnit> =
        requested.iter().copied().filter(|unit| unit.kind != "proc-macro").collect();
    if others.is_empty() { requested.to_vec() } else { others }
}

/// True if a call may be for a unit of the plan.
fn is_unit(call: &CompilerCall, message: Option<&UnitMessage>, unit: &PlannedUnit) -> bool {
    let Some(message) = message else { return false };
    message.package.name == unit.package.name
        && message.package.version == unit.package.version
        && message.package.is_local() == unit.package.is_local()
        && message.kind == unit.kind
        && message.crate_name() == crate_name(&unit.target)
        && (message.test == (unit.mode == "test") || unit.mode == "check")
        && call.args.iter().any(|arg| arg == "--target") == unit.platform.is_some()
}

/// Of several calls for one target, the one with the features and the profile of the unit. The others are for
/// what runs during the build.
fn closest(
    alike: Vec<usize>,
    calls: &[CompilerCall],
    found: &[Option<&UnitMessage>],
    unit: &PlannedUnit,
    needs: &[Vec<usize>],
) -> Vec<usize> {
    let profile = |at: &usize| {
        let known = found[*at].into_iter().flat_map(|message| &message.profile);
        known
            .into_iter()
            .all(|(key, value)| unit.profile.get(*key).is_none_or(|planned| same_setting(planned, value)))
    };
    let features = |at: &usize| features(&calls[*at]) == sorted(&unit.features);
    let not_needed = |at: &usize| !needs.iter().any(|needs| needs.contains(at));
    let tests: [&dyn Fn(&usize) -> bool; 3] = [&features, &profile, &not_needed];
    tests.into_iter().fold(alike, |alike, test| {
        let kept: Vec<usize> = alike.iter().copied().filter(|at| alike.len() > 1 && test(at)).collect();
        if kept.is_empty() { alike } else { kept }
    })
}

/// True if plan and message agree on a setting; the absence of debug info has several spellings.
fn same_setting(planned: &str, reported: &str) -> bool {
    let none = |text: &str| matches!(text, "null" | "0" | "false" | "none");
    planned == reported || none(planned) && none(reported)
}

#[cfg(test)]
#[path = "compiler_calls_tests.rs"]
mod tests;
