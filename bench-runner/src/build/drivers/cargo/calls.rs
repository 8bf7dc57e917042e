//! Compiler calls from cargo's `Running` lines, and what each of them is for.

use super::quoting::shell_words;
use crate::build::{Artifact, CompilerCall, Part};

/// The compiler calls that cargo shows. What runs during the build is told apart by what the project's own results
/// refer to: cargo does not say which of two calls for one crate is which.
pub(super) fn compiler_calls(stderr: &str, artifacts: &[Artifact]) -> Vec<CompilerCall> {
    let calls: Vec<Vec<String>> = stderr
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("Running `")?.strip_suffix('`'))
        .map(shell_words)
        .filter(|words| following(words, "--crate-name").is_some() && !is_rustdoc(words))
        .collect();
    let units: Vec<Unit<'_>> = calls.iter().map(|args| Unit::of(args)).collect();
    let own: Vec<String> = artifacts
        .iter()
        .filter(|artifact| artifact.own)
        .filter_map(|artifact| Some(crate_name(artifact.unit.rsplit_once(':')?.1)))
        .collect();
    let is_own = |unit: &Unit<'_>| own.iter().any(|name| name == unit.name);
    let reached = made_of(&units, is_own);
    let part = |(unit, reached): (&Unit<'_>, &bool)| match reached {
        false => Part::Host,
        true if is_own(unit) => Part::Own,
        true => Part::Dependency,
    };
    let parts: Vec<Part> = units.iter().zip(&reached).map(part).collect();
    let names: Vec<String> = units.iter().map(|unit| unit.name.to_owned()).collect();
    let calls = calls.into_iter().zip(parts).zip(names);
    calls.map(|((args, part), name)| CompilerCall { name, part, args }).collect()
}

/// The name that rustc has for a unit's target.
fn crate_name(target: &str) -> String {
    target.split(' ').next().unwrap_or(target).replace('-', "_")
}

/// Whether a command makes documentation: none of the flags of a compiler call are on it.
fn is_rustdoc(words: &[String]) -> bool {
    let program = words.first().map(|program| program.rsplit('/').next().unwrap_or(program));
    program.is_some_and(|program| program == "rustdoc")
}

/// For each unit whether the project's results are it or are made of it.
fn made_of(units: &[Unit<'_>], is_own: impl Fn(&Unit<'_>) -> bool) -> Vec<bool> {
    let for_target = units.iter().any(|unit| unit.for_target);
    let can_be_result = |unit: &Unit<'_>| is_own(unit) && unit.for_target == for_target;
    let only_macros = units.iter().filter(|unit| can_be_result(unit)).all(|unit| unit.proc_macro);
    let candidates: Vec<usize> = (0..units.len())
        .filter(|&at| can_be_result(&units[at]) && (only_macros || !units[at].proc_macro))
        .collect();
    let needed = |at: usize| units.iter().any(|unit| unit.needs.contains(&units[at].stem.as_str()));
    let mut reached = vec![false; units.len()];
    candidates.iter().filter(|&&at| !needed(at)).for_each(|&at| reach(at, units, &mut reached));
    // What else is needed, is needed by what runs during the build. Only where there is nothing at the top, as for a
    // project of macros alone, are those the results.
    if reached.iter().all(|reached| !reached) {
        candidates.iter().for_each(|&at| reach(at, units, &mut reached));
    }
    reached
}

/// Marks the unit at `at`, and all that it is made of.
fn reach(at: usize, units: &[Unit<'_>], reached: &mut [bool]) {
    let mut todo = vec![at];
    while let Some(at) = todo.pop() {
        if !std::mem::replace(&mut reached[at], true) {
            let of = |stem: &&str| units.iter().position(|unit| unit.stem == **stem);
            todo.extend(units[at].needs.iter().filter_map(of));
        }
    }
}

/// One compiler call, as far as it tells how it hangs together with the others.
struct Unit<'a> {
    name: &'a str,
    /// Stem of the library file that it makes.
    stem: String,
    /// Stems of the library files that it is linked from; proc macros are loaded, not linked.
    needs: Vec<&'a str>,
    proc_macro: bool,
    /// Whether a target is named, as for nothing that runs during the build.
    for_target: bool,
}

impl<'a> Unit<'a> {
    fn of(args: &'a [String]) -> Self {
        let name = following(args, "--crate-name").unwrap_or_default();
        let hash = args.iter().find_map(|arg| arg.strip_prefix("extra-filename="));
        let externs = args.windows(2).filter(|pair| pair[0] == "--extern");
        let libraries = externs.filter_map(|pair| pair[1].rsplit_once('=')).filter_map(|(_, path)| {
            let file = path.rsplit('/').next().unwrap_or(path);
            file.strip_suffix(".rmeta").or_else(|| file.strip_suffix(".rlib"))
        });
        Self {
            name,
            stem: format!("lib{name}{}", hash.unwrap_or_default()),
            needs: libraries.collect(),
            proc_macro: args.windows(2).any(|pair| pair == ["--crate-type", "proc-macro"]),
            for_target: args.iter().any(|arg| arg == "--target"),
        }
    }
}

/// The word after `option`.
fn following<'a>(words: &'a [String], option: &str) -> Option<&'a str> {
    words.windows(2).find(|pair| pair[0] == option).map(|pair| pair[1].as_str())
}
