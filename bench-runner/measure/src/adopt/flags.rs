//! Flags for rustc: which of them are missing, and the list that they belong into.
//!
//! Cargo reads flags from one place only: a variable, or all lists of `[target]` that apply, or `build.rustflags`. A list of
//! one file joins those of the same key in other files.

use std::path::Path;

use bench_runner_core::record::Refusal;

use super::AdoptRequest;
use super::edit::{KeyChange, KeyEdit};
use crate::axes::{SYSROOT, are_in_force};
use crate::build::{CompilerFlags, ConfigEntry, ConfigOrigin, Configuration, dotted_key};

/// Flags that are written, and those before them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AddedFlags {
    pub(super) added: Vec<String>,
    pub(super) before: Vec<String>,
    /// Key of the list that they are appended to.
    pub(super) key: Vec<String>,
    /// Words of a string under that key in another file, which a string in this one replaces.
    replaced: Option<String>,
}

impl AddedFlags {
    /// The change of the file that adds them.
    pub(super) fn edit(&self) -> KeyEdit {
        let change = match &self.replaced {
            None => KeyChange::Append(self.added.clone()),
            Some(words) => KeyChange::Set(format!("{words} {}", self.added.join(" ")).into()),
        };
        KeyEdit { key: self.key.clone(), change }
    }
}

/// Variables with flags; cargo then reads no file for them.
const VARIABLES: [&str; 2] = ["CARGO_ENCODED_RUSTFLAGS", "RUSTFLAGS"];

/// The place for flags that are not in force yet; `None` if all are. `in_force` is cargo's answer, `config` the file to write to.
///
/// # Errors
/// If they would not reach the compiler from a file.
pub(super) fn place_flags(
    added: &[String],
    in_force: Option<&CompilerFlags>,
    configuration: &Configuration,
    config: &Path,
    request: &AdoptRequest<'_>,
) -> Result<Option<AddedFlags>, Refusal> {
    if added.is_empty() {
        return Ok(None);
    }
    check_directories(added)?;
    let before = in_force.and_then(CompilerFlags::for_results).ok_or_else(|| {
        Refusal::new("cargo does not say which flags it calls the compiler with, so none can be added")
            .with_help("write the lines into the file by hand")
    })?;
    if are_in_force(added, before) {
        return Ok(None);
    }
    if let Some(name) = VARIABLES.into_iter().find(|name| request.cargo.env.contains_key(*name)) {
        let flags = added.join(" ");
        return Err(Refusal::new(format!(
            "the variable `{name}` is set, so cargo reads no flags from files"
        ))
        .with_help(format!("unset it, or add the flags to it: {flags}")));
    }
    let key = key_for(configuration, config, request)?;
    let replaced = string_elsewhere(&key, configuration, config).map(str::to_owned);
    if let Some(flag) = added.iter().find(|flag| replaced.is_some() && flag.contains(char::is_whitespace)) {
        let what = format!(
            "`{}` is a string in your configuration, in which `{flag}` cannot have a space",
            dotted_key(&key)
        );
        return Err(Refusal::new(what).with_help("make it a list"));
    }
    Ok(Some(AddedFlags { added: added.to_vec(), before: before.to_vec(), key, replaced }))
}

/// The string under a key of flags, if only other files than `config` set it: cargo joins lists, but no list with a string.
fn string_elsewhere<'c>(key: &[String], configuration: &'c Configuration, config: &Path) -> Option<&'c str> {
    let entry = configuration.entries.iter().find(|entry| entry.key == key && !entry.item)?;
    let in_file = matches!(&entry.origin, ConfigOrigin::File(file) if file == config);
    entry.value.as_str().filter(|_| !in_file)
}

/// Checks that directories in flags are there: a linker that is not found would be replaced by another one without a word.
fn check_directories(added: &[String]) -> Result<(), Refusal> {
    for flag in added {
        if flag.contains(SYSROOT) {
            return Err(Refusal::new(format!("`{flag}` has a directory that changes with the toolchain"))
                .with_help("write the lines by hand, with what `rustc --print sysroot` prints"));
        }
        let Some((_, dir)) = flag.split_once("link-arg=-B") else { continue };
        if !Path::new(dir).join("ld").exists() {
            let help = format!("sudo mkdir -p {dir}, then link the linker as {dir}/ld");
            return Err(
                Refusal::new(format!("there is no {dir}/ld, which `{flag}` refers to")).with_help(help)
            );
        }
    }
    Ok(())
}

/// The key whose list reaches the compiler and replaces no other list.
fn key_for(
    configuration: &Configuration,
    config: &Path,
    request: &AdoptRequest<'_>,
) -> Result<Vec<String>, Refusal> {
    let key = |parts: [&str; 3]| parts.map(str::to_owned).to_vec();
    let lists =
        configuration.entries.iter().filter(|entry| entry.key.last().is_some_and(|key| key == "rustflags"));
    let lists: Vec<&ConfigEntry> = lists.collect();
    if let Some(ConfigOrigin::Variable(name)) =
        lists.iter().map(|entry| &entry.origin).find(|origin| matches!(origin, ConfigOrigin::Variable(_)))
    {
        return Err(Refusal::new(format!("the variable `{name}` sets flags before the files"))
            .with_help("unset it, or add the flags to it"));
    }
    let for_target: Vec<&&ConfigEntry> = lists
        .iter()
        .filter(|entry| {
            entry.key.len() == 3 && entry.key[0] == "target" && request.target.applies(&entry.key[1])
        })
        .collect();
    // Cargo puts the lists of `cfg(…)` behind that of the target, and a later flag wins.
    let last = |entries: &[&&ConfigEntry]| {
        let by_cfg = entries.iter().rev().find(|entry| entry.key[1].starts_with("cfg("));
        by_cfg.or(entries.last()).map(|entry| entry.key.clone())
    };
    let in_file: Vec<&&ConfigEntry> = for_target
        .iter()
        .copied()
        .filter(|entry| matches!(&entry.origin, ConfigOrigin::File(file) if file == config))
        .collect();
    if let Some(found) = last(&in_file).or_else(|| last(&for_target)) {
        return Ok(found);
    }
    let for_all = lists.iter().any(|entry| entry.key == ["build", "rustflags"]);
    if for_all {
        return Ok(vec!["build".to_owned(), "rustflags".to_owned()]);
    }
    Ok(key(["target", &request.target.triple, "rustflags"]))
}
