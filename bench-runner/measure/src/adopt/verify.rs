//! Check that cargo builds with the settings that were written: its configuration, its flags, its units.

use std::collections::BTreeMap;
use std::path::Path;

use bench_runner_core::record::Refusal;
use toml::{Table, Value};

use super::{AdoptRequest, KeyedValue, PlannedChanges};
use crate::axes::are_in_force;
use crate::build::{
    AskError, CompilerFlags, ConfigOrigin, Configuration, PlannedUnit, PlannedUnits, Toolchain, UnitsRequest,
    dotted_key, members, units_and_flags,
};
use crate::process::RUSTUP_TOOLCHAIN;

/// Units and flags of the user's build with the settings as arguments of cargo, before anything is written.
#[derive(Debug)]
pub(super) struct ExpectedUnits {
    units: Result<PlannedUnits, AskError>,
    flags: Option<CompilerFlags>,
}

impl ExpectedUnits {
    pub(super) fn ask(values: &[KeyedValue], toolchain: Option<&Path>, request: &AdoptRequest<'_>) -> Self {
        let argument = |value: &KeyedValue| format!("{}={}", dotted_key(&value.key), value.value);
        let set: Vec<String> =
            values.iter().flat_map(|value| ["--config".to_owned(), argument(value)]).collect();
        let (units, flags) = ask(&set, toolchain, "before", request);
        Self { units, flags }
    }

    pub(super) fn flags(&self) -> Option<&CompilerFlags> {
        self.flags.as_ref()
    }
}

/// Cargo's answer in the user's project, with more arguments.
fn ask(
    more: &[String],
    toolchain: Option<&Path>,
    name: &str,
    request: &AdoptRequest<'_>,
) -> (Result<PlannedUnits, AskError>, Option<CompilerFlags>) {
    let mut args = vec!["build".to_owned()];
    let names_profile = request.selection.iter().any(|arg| arg == "--profile");
    if request.situation.profile != "dev" && !names_profile {
        args.extend(["--profile".to_owned(), request.situation.profile.clone()]);
    }
    args.extend(request.selection.iter().chain(more).cloned());
    let mut cargo = request.cargo.clone();
    if let Some(toolchain) = toolchain {
        cargo.env.insert(RUSTUP_TOOLCHAIN.to_owned(), toolchain.display().to_string());
    }
    let scratch = request.scratch.join(name);
    if let Err(error) = std::fs::create_dir_all(&scratch) {
        let reason = format!("{}: {error}", scratch.display());
        return (Err(AskError { what: "which units it would build", reason, help: None }), None);
    }
    units_and_flags(&cargo, &UnitsRequest { args: &args, cargo_home: request.cargo_home, scratch: &scratch })
}

/// Checks that all changes are in force. Returns the reason why the units could not be compared, if they could not.
///
/// # Errors
/// If one is not; what follows "but".
pub(super) fn check(changes: &PlannedChanges, request: &AdoptRequest<'_>) -> Result<Option<String>, Refusal> {
    let configuration = request.cargo.configuration().map_err(|error| error.into_refusal())?;
    let root = members(request.cargo).map_err(|error| error.into_refusal())?.root;
    let manifest = std::fs::read_to_string(root.join("Cargo.toml")).unwrap_or_default();
    let manifest: Table = manifest.trim_start_matches('\u{feff}').parse().unwrap_or_default();
    for value in &changes.values {
        check_value(value, &configuration, &manifest)?;
    }
    if let Some(sysroot) = &changes.toolchain {
        check_toolchain(sysroot, request)?;
    }
    let (units, flags) = ask(&[], None, "after", request);
    if let Some(expected) = &changes.flags {
        let present = flags.as_ref().and_then(CompilerFlags::for_results).unwrap_or_default();
        if !are_in_force(&expected.added, present) {
            return Err(Refusal::new(format!(
                "cargo calls the compiler without {} or with a later flag of the same kind",
                expected.added.join(" ")
            )));
        }
        if let Some(lost) = expected.before.iter().find(|flag| !present.contains(flag)) {
            return Err(Refusal::new(format!("cargo would call the compiler without `{lost}` then")));
        }
    }
    match (&changes.units.units, units) {
        (Ok(expected), Ok(units)) => match difference(&expected.units, &units.units) {
            Some(difference) => Err(Refusal::new(format!("cargo would not build with them: {difference}"))),
            None => Ok(None),
        },
        (Ok(_), Err(error)) => Err(error.into_refusal()),
        (Err(error), _) => Ok(Some(error.in_one_line())),
    }
}

fn check_value(value: &KeyedValue, configuration: &Configuration, manifest: &Table) -> Result<(), Refusal> {
    let key = dotted_key(&value.key);
    let set = configuration.entries.iter().find(|entry| entry.key == value.key);
    if let Some(entry) = set.filter(|entry| entry.value != value.value) {
        let by = match &entry.origin {
            ConfigOrigin::File(file) => format!(", which {} sets", file.display()),
            ConfigOrigin::Variable(name) => format!(", which the variable `{name}` sets"),
            ConfigOrigin::Other => String::new(),
        };
        return Err(Refusal::new(format!("cargo still reads `{key} = {}`{by}", entry.value)));
    }
    let start = Value::Table(manifest.clone());
    let in_manifest = || value.key.iter().try_fold(&start, |at, part| at.get(part)) == Some(&value.value);
    match (set.is_some(), value.in_manifest) {
        (true, _) => Ok(()),
        (false, true) if in_manifest() => Ok(()),
        (false, _) => Err(Refusal::new(format!("cargo does not read `{key}`"))),
    }
}

fn check_toolchain(sysroot: &Path, request: &AdoptRequest<'_>) -> Result<(), Refusal> {
    let path = request.cargo.env.get("PATH").cloned().unwrap_or_default().into();
    let found =
        Toolchain::for_tree(&request.cargo.dir, &path).map_err(|error| Refusal::new(error.to_string()))?;
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    if real(&found.sysroot) == real(sysroot) {
        return Ok(());
    }
    Err(Refusal::new(format!("the project is built with {}", found.rustc_version))
        .with_help("`rustup show active-toolchain` in the project says what chooses it"))
}

/// The first unit whose profile differs, with its first key that does.
fn difference(expected: &[PlannedUnit], found: &[PlannedUnit]) -> Option<String> {
    let name = |unit: &'_ PlannedUnit| -> (String, String, String, String, Option<String>) {
        let PlannedUnit { package, target, kind, mode, platform, .. } = unit;
        (
            format!("{} {}", package.name, package.version),
            target.clone(),
            kind.clone(),
            mode.clone(),
            platform.clone(),
        )
    };
    let by_name = |units: &'_ [PlannedUnit]| -> BTreeMap<_, BTreeMap<String, String>> {
        units.iter().map(|unit| (name(unit), unit.profile.clone())).collect()
    };
    let (expected, found) = (by_name(expected), by_name(found));
    for (unit, profile) in &expected {
        let Some(other) = found.get(unit) else { return Some(format!("it has no unit `{}`", unit.0)) };
        if let Some((key, value)) = profile.iter().find(|(key, value)| other.get(*key) != Some(value)) {
            let present = other.get(key).map_or("nothing", String::as_str);
            return Some(format!("{} has {key} = {present} in place of {value}", unit.0));
        }
    }
    found
        .keys()
        .find(|unit| !expected.contains_key(*unit))
        .map(|unit| format!("it has another unit, `{}`", unit.0))
}
