//! Settings → the changes of files that make them permanent.

use std::path::{Path, PathBuf};

use bench_runner_core::record::{AS_CONFIGURED, Refusal};
use toml::{Table, Value};

use super::edit::{KeyChange, KeyEdit, edited};
use super::flags::{AddedFlags, place_flags};
use super::locate::ProjectFiles;
use super::user_file::UserFile;
use super::verify::ExpectedUnits;
use super::{AdoptRequest, FileChange, KeyedValue, PlannedChanges, diff};
use crate::axes::{self, SettingLines};
use crate::build::{ConfigEntry, ConfigOrigin, Configuration, Toolchain, dotted_key};
use crate::corpus::sources::uncommitted;

/// Variables that go before keys of the configuration, and that cargo does not list with it.
const BEFORE_KEYS: [(&str, &str); 3] = [
    ("CARGO_INCREMENTAL", "build.incremental"),
    ("RUSTC_WRAPPER", "build.rustc-wrapper"),
    ("RUSTC_WORKSPACE_WRAPPER", "build.rustc-workspace-wrapper"),
];

/// The changes that make the settings of `request` permanent. Nothing is written.
///
/// # Errors
/// If a file cannot be changed safely: its present contents are not committed, it is a link, or its form does not allow it; or
/// if a variable or another file would go before what is written.
pub fn plan_changes(request: &AdoptRequest<'_>) -> Result<PlannedChanges, Refusal> {
    let mut settings = request.settings.clone();
    settings.remove(AS_CONFIGURED);
    let (lines, unwritable) = axes::setting_lines(&settings, request.situation)?;
    if lines.verbatim.is_some() {
        return Err(Refusal::new(
            "a configuration that was tried as a file cannot be merged into another one",
        )
        .with_help("copy the file"));
    }
    let files = ProjectFiles::find(request.cargo)?;
    let configuration = request.cargo.configuration().map_err(|error| error.into_refusal())?;
    let toolchain = chosen_toolchain(&lines.toolchain, request)?;
    let mut remarks = lines.remarks.clone();
    let mut values = values(&lines, &configuration, &mut remarks)?;
    check_variables(&values, &configuration, request)?;
    let units = ExpectedUnits::ask(&values, toolchain.as_deref(), request);
    let flags = place_flags(&lines.rustflags, units.flags(), &configuration, &files.config, request)?;

    values.retain(|value| value.in_manifest || !is_in_force(value, &configuration));
    let set =
        |value: &KeyedValue| KeyEdit { key: value.key.clone(), change: KeyChange::Set(value.value.clone()) };
    let mut config: Vec<KeyEdit> = values.iter().filter(|value| !value.in_manifest).map(set).collect();
    config.extend(flags.iter().map(AddedFlags::edit));
    let manifest: Vec<KeyEdit> = values.iter().filter(|value| value.in_manifest).map(set).collect();
    let mut changes = Vec::new();
    let root = files.workspace.as_path();
    changes.extend(change(files.config, &config, root, request)?);
    changes.extend(change(files.manifest, &manifest, root, request)?);
    changes.extend(change_toolchain(files.toolchain, &lines.toolchain, root, request)?);
    Ok(PlannedChanges {
        files: changes,
        left_out: left_out(unwritable, &lines),
        remarks,
        values,
        flags,
        toolchain,
        units,
    })
}

/// The keys of the configuration and of the manifest. Keys of a profile that a configuration file sets belong into the
/// configuration, because cargo reads that before the manifest.
///
/// # Errors
/// If a value is a list: cargo would join it with those of other files.
fn values(
    lines: &SettingLines,
    configuration: &Configuration,
    remarks: &mut Vec<String>,
) -> Result<Vec<KeyedValue>, Refusal> {
    let mut values: Vec<KeyedValue> = leaves(&lines.config)
        .into_iter()
        .map(|(key, value)| KeyedValue { key, value, in_manifest: false })
        .collect();
    if let Some(list) = values.iter().find(|value| value.value.is_array()) {
        let key = dotted_key(&list.key);
        let what = format!("`{key}` is a list, which cargo joins with the lists of other files");
        return Err(Refusal::new(what).with_help("write the lines into the file by hand"));
    }
    for (key, value) in leaves(&lines.manifest) {
        let set = configuration.entries.iter().find(|entry| entry.key == key);
        if let Some(ConfigEntry { origin: ConfigOrigin::File(file), .. }) = set {
            remarks.push(format!(
                "`{}` goes into the configuration of cargo, because {} sets it there, and that goes before the manifest.",
                dotted_key(&key),
                file.display()
            ));
        }
        values.push(KeyedValue { key, value, in_manifest: set.is_none() });
    }
    Ok(values)
}

/// The values in a table, each with the parts of its key.
fn leaves(table: &Table) -> Vec<(Vec<String>, Value)> {
    let mut found = Vec::new();
    for (key, value) in table {
        match value {
            Value::Table(inner) => found.extend(leaves(inner).into_iter().map(|(mut rest, value)| {
                rest.insert(0, key.clone());
                (rest, value)
            })),
            value => found.push((vec![key.clone()], value.clone())),
        }
    }
    found
}

/// Checks that no variable goes before what is written.
fn check_variables(
    values: &[KeyedValue],
    configuration: &Configuration,
    request: &AdoptRequest<'_>,
) -> Result<(), Refusal> {
    for value in values.iter().filter(|value| !is_in_force(value, configuration)) {
        let key = dotted_key(&value.key);
        let unlisted = BEFORE_KEYS
            .iter()
            .find(|(name, of)| *of == key && request.cargo.env.contains_key(*name))
            .map(|(name, _)| *name);
        let listed =
            configuration.entries.iter().find(|entry| entry.key == value.key).and_then(|entry| match &entry
                .origin
            {
                ConfigOrigin::Variable(name) => Some(name.as_str()),
                ConfigOrigin::File(_) | ConfigOrigin::Other => None,
            });
        if let Some(name) = unlisted.or(listed) {
            return Err(Refusal::new(format!(
                "the variable `{name}` is set, and goes before `{key}` in files"
            ))
            .with_help(format!("unset `{name}`")));
        }
    }
    Ok(())
}

/// Returns true if cargo reads this value already.
fn is_in_force(value: &KeyedValue, configuration: &Configuration) -> bool {
    configuration.entries.iter().any(|entry| entry.key == value.key && entry.value == value.value)
}

/// The change of a file; `None` if it has all values already. The diff names it from `root` on.
fn change(
    path: PathBuf,
    edits: &[KeyEdit],
    root: &Path,
    request: &AdoptRequest<'_>,
) -> Result<Option<FileChange>, Refusal> {
    if edits.is_empty() {
        return Ok(None);
    }
    let file = UserFile::read(path)?;
    let before = file.text.as_deref().unwrap_or_default();
    let text = edited(before, edits).map_err(|reason| {
        Refusal::new(format!("{} {reason}", file.path.display()))
            .with_help("write the lines into the file by hand")
    })?;
    if text == before {
        return Ok(None);
    }
    if !request.even_if_changed {
        check_committed(&file.path)?;
    }
    let name = file.path.strip_prefix(root).unwrap_or(&file.path).display().to_string();
    let (old_name, new_name) = (format!("a/{name}"), format!("b/{name}"));
    let old_name = if file.text.is_some() { old_name.as_str() } else { "/dev/null" };
    let diff = diff::unified(before, &text, (old_name, &new_name));
    Ok(Some(FileChange { path: file.path.clone(), diff, file, text }))
}

/// Checks that git has the present contents of a file.
fn check_committed(path: &Path) -> Result<(), Refusal> {
    let shown = path.display();
    match uncommitted(path) {
        Ok(None) => Ok(()),
        Ok(Some(reason)) => Err(Refusal::new(format!("{shown} is not changed, because {reason}"))
            .with_help("commit it, or add `--even-if-changed`; there is a backup in any case")),
        Err(reason) => Err(Refusal::new(format!(
            "{shown} is not changed, because git does not say whether it is committed: {reason}"
        ))
        .with_help("add `--even-if-changed`; there is a backup in any case")),
    }
}

/// The change of the file that chooses a toolchain. Lists of components grow.
fn change_toolchain(
    path: PathBuf,
    lines: &Table,
    root: &Path,
    request: &AdoptRequest<'_>,
) -> Result<Option<FileChange>, Refusal> {
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    let present = text.parse::<Table>().unwrap_or_default();
    let edits = leaves(lines).into_iter().filter_map(|(key, value)| {
        let Value::Array(items) = value else { return Some(KeyEdit { key, change: KeyChange::Set(value) }) };
        let known = key.iter().try_fold(&Value::Table(present.clone()), |at, part| at.get(part)).cloned();
        let known = known.as_ref().and_then(Value::as_array).cloned().unwrap_or_default();
        let missing = items.iter().filter(|item| !known.contains(item));
        let missing: Vec<String> = missing.filter_map(|item| item.as_str().map(str::to_owned)).collect();
        (!missing.is_empty()).then_some(KeyEdit { key, change: KeyChange::Append(missing) })
    });
    let edits: Vec<KeyEdit> = edits.collect();
    change(path, &edits, root, request)
}

/// Directory of the toolchain that is chosen by the lines; `None` if they choose none.
fn chosen_toolchain(lines: &Table, request: &AdoptRequest<'_>) -> Result<Option<PathBuf>, Refusal> {
    let Some(table) = lines.get("toolchain").and_then(Value::as_table) else { return Ok(None) };
    let name = table.get("channel").or_else(|| table.get("path")).and_then(Value::as_str);
    let Some(name) = name else { return Ok(None) };
    if let Some(chosen) = request.cargo.env.get(crate::process::RUSTUP_TOOLCHAIN) {
        return Err(Refusal::new(format!(
            "the variable `RUSTUP_TOOLCHAIN` chooses the toolchain `{chosen}`"
        ))
        .with_help("unset it"));
    }
    let path = request.cargo.env.get("PATH").cloned().unwrap_or_default().into();
    Ok(Some(Toolchain::named(name, &path)?.sysroot))
}

/// Settings and variables that no file can contain.
fn left_out(unwritable: Vec<String>, lines: &SettingLines) -> Vec<String> {
    let variables = lines
        .environment
        .iter()
        .map(|(name, value)| format!("the variable `{name}` must be set to `{value}` in the environment"));
    unwritable.into_iter().chain(variables).collect()
}
