//! Axes: everything that can vary between builds, with one file or one table entry per axis. An axis parses
//! its values. A value checks whether this machine can apply it (and names the command that would make it
//! so), adds its effect to the build request, proves itself by the evidence, and names the lines that make it
//! permanent. A new axis is a file or an entry, and one line in [`all`].
//!
//! Independent of scenarios, plans and samples.

#![warn(missing_docs)]

mod advice;
mod already_set;
mod arg;
mod as_configured;
mod axis;
mod backend;
mod cache;
mod call_diff;
mod cargo_args;
mod config;
mod costs;
mod env;
#[cfg(test)]
pub(crate) mod fixture;
mod flatten;
mod jobs;
mod lines;
mod linker;
mod meanings;
mod portable;
mod profile;
mod profile_keys;
mod rustc_args;
mod rustflags;
mod target_cpu;
mod threads;
mod toolchain;
mod values;

use std::collections::HashMap;
use std::ffi::OsStr;
use std::rc::Rc;

use bench_runner_core::record::{AS_CONFIGURED, Refusal, is_hex};

use crate::build::{BuildRequest, Goal};
use crate::process::find_in_path;

pub use advice::{AdvisedFiles, CONFIG_FILE, MANIFEST_FILE, TOOLCHAIN_FILE};
pub(crate) use already_set::are_in_force;
pub use already_set::probe;
pub use axis::{
    Available, Axis, Context, NeededProgram, ParsedSettings, ProofFinding, ProofInput, ReferenceBuild,
    Setting, SettingValue, Settings, ToolInUse,
};
pub use costs::{SettingCost, SizeChange, costs};
pub use lines::{SYSROOT, SettingLines, Situation, Unwritable};
pub use meanings::meaning;

/// Keys of axes that are parts of a variant rather than settings of a build; the plan itself resolves them.
pub(crate) const STRUCTURAL: [&str; 3] = ["workload", "project", "rev"];

/// All axes, in the order of help texts.
pub fn all() -> &'static [&'static dyn Axis] {
    &[
        &linker::LinkerAxis,
        &linker::LinkerDriverAxis,
        &linker::LinkerThreadsAxis,
        &profile::ProfileAxis,
        &toolchain::ToolchainAxis,
        &backend::BackendAxis,
        &profile_keys::LTO,
        &profile_keys::CodegenUnitsAxis,
        &profile_keys::OptLevelAxis,
        &profile_keys::DEBUG,
        &profile_keys::SPLIT_DEBUGINFO,
        &profile_keys::STRIP,
        &profile_keys::INCREMENTAL,
        &jobs::JobsAxis,
        &threads::ThreadsAxis,
        &target_cpu::TargetCpuAxis,
        &cache::CacheAxis,
        &env::EnvAxis,
        &arg::ArgAxis,
        &rustflags::RustflagsAxis,
        &cargo_args::CargoArgsAxis,
        &config::ConfigAxis,
        &config::SnippetAxis,
        &as_configured::AsConfiguredAxis,
    ]
}

/// Finds the axis that serves `key`.
///
/// # Errors
/// If there is none.
pub fn find(key: &str) -> Result<&'static dyn Axis, Refusal> {
    let family = if key.starts_with("env.") { "env.NAME" } else { key };
    all().iter().copied().find(|axis| axis.key() == family).ok_or_else(|| {
        let keys = all().iter().map(|axis| axis.key()).chain(STRUCTURAL);
        Refusal::new(format!("unknown axis `{key}` (`bench-runner doctor` shows all of them)"))
            .did_you_mean(key, keys)
    })
}

/// Parses `text`, the value under `key`.
///
/// # Errors
/// If there is no such axis, or it has no such value.
pub fn parse(key: &str, text: &str) -> Result<Box<dyn SettingValue>, Refusal> {
    find(key)?.parse(key, text)
}

/// Parses the settings of a variant.
///
/// # Errors
/// If there is no such axis, or it has no such value.
pub fn parse_all(settings: &Settings) -> Result<ParsedSettings, Refusal> {
    SettingsParser::default().parse(settings)
}

/// Parses the settings of many variants, each value once.
#[derive(Default)]
pub(crate) struct SettingsParser {
    /// By key, then by text.
    values: HashMap<String, HashMap<String, Rc<dyn SettingValue>>>,
}

impl SettingsParser {
    /// Parses the settings of a variant.
    ///
    /// # Errors
    /// As [`parse_all`].
    pub(crate) fn parse(&mut self, settings: &Settings) -> Result<ParsedSettings, Refusal> {
        let mut parsed = ParsedSettings::default();
        for (key, text) in settings {
            let known = self.values.get(key).and_then(|values| values.get(text)).map(Rc::clone);
            let value = match known {
                Some(value) => value,
                None => {
                    let value: Rc<dyn SettingValue> = Rc::from(parse(key, text)?);
                    self.values.entry(key.clone()).or_default().insert(text.clone(), Rc::clone(&value));
                    value
                }
            };
            parsed.insert(key, text, value);
        }
        Ok(parsed)
    }
}

/// Checks that `text` can be a value of `rev`: a full commit, because a branch or a short
/// hash may mean another commit later.
///
/// # Errors
/// If it cannot.
pub(crate) fn check_rev(text: &str) -> Result<(), Refusal> {
    if is_hex(text, 40) {
        return Ok(());
    }
    Err(Refusal::new(format!(
        "`{text}` is not a full commit of 40 hex digits (`git rev-parse {text}` in the project gives it)"
    )))
}

/// The user's own configuration, if settings are based on it.
pub fn user_configuration(settings: &Settings) -> Option<&str> {
    settings.get(AS_CONFIGURED).map(String::as_str)
}

/// Adds the user's own configuration, in its text form in settings, to a build request.
///
/// # Errors
/// If the text was not written by this program.
pub fn apply_user_configuration(text: &str, request: &mut BuildRequest) -> Result<(), Refusal> {
    as_configured::UserConfiguration::parse(text).map(|user| user.apply_to(request))
}

/// The request for a build with this goal and these settings, which must be available in `context`.
pub fn build_request(settings: &ParsedSettings, goal: Goal, context: &Context, jobs: usize) -> BuildRequest {
    let mut request = BuildRequest { jobs, ..BuildRequest::default() };
    for setting in settings.iter().filter(|setting| setting.value.applies_to(goal)) {
        setting.value.apply(settings, context, &mut request);
    }
    request.replace_variables_of(AS_CONFIGURED);
    request
}

/// The additions of settings to a build request, without directories of the machine that they were measured
/// on. For readers: other builds may need more.
///
/// # Errors
/// As [`parse_all`].
pub fn portable_request(settings: &Settings, situation: &Situation) -> Result<BuildRequest, Refusal> {
    Ok(portable::portable_request(&parse_all(settings)?, situation))
}

/// Name of the toolchain in settings, if there is one.
pub fn toolchain_name(settings: &Settings) -> Option<&str> {
    settings.get("toolchain").map(String::as_str)
}

/// A program that settings need, and that is not on PATH.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingProgram {
    /// The program.
    pub needed: NeededProgram,
    /// The settings that need it, as `key=value`, each once.
    pub wanted_by: Vec<String>,
}

/// The programs that `settings` need and that are not on `path`, each once, in the order of the settings. Settings that
/// cannot be parsed are left to others.
pub fn missing_programs<'a>(
    settings: impl IntoIterator<Item = (&'a str, &'a str)>,
    path: &OsStr,
) -> Vec<MissingProgram> {
    let mut missing: Vec<MissingProgram> = Vec::new();
    for (key, text) in settings {
        let needed = parse(key, text).ok().and_then(|value| value.needed_program());
        let Some(needed) = needed.filter(|needed| find_in_path(needed.program, path).is_none()) else {
            continue;
        };
        let setting = format!("{key}={text}");
        match missing.iter_mut().find(|missing| missing.needed.program == needed.program) {
            None => missing.push(MissingProgram { needed, wanted_by: vec![setting] }),
            Some(known) if known.wanted_by.contains(&setting) => {}
            Some(known) => known.wanted_by.push(setting),
        }
    }
    missing
}

/// True if a side effect concerns what runs during the build, and so does not occur if nothing does.
pub(crate) fn is_about_host_units(change: &str) -> bool {
    ["build script", "proc macro"].iter().any(|what| change.contains(what))
}

/// Reason why a comparison of a variant with its baseline would be meaningless, if it would.
pub(crate) fn incomparable(baseline: &Settings, variant: &Settings) -> Option<String> {
    backend::incomparable(baseline, variant)
}

/// The lines that make the settings of a variant permanent, before they are assigned to files, and the reasons why settings
/// cannot be written to a file.
///
/// # Errors
/// As [`parse_all`].
pub(crate) fn setting_lines(
    settings: &Settings,
    situation: &Situation,
) -> Result<(SettingLines, Vec<String>), Refusal> {
    Ok(advice::lines(&parse_all(settings)?, situation))
}

/// The lines that make the settings of a variant permanent.
pub fn advise(settings: &Settings, situation: &Situation) -> AdvisedFiles {
    match parse_all(settings) {
        Ok(settings) => advice::advise(&settings, situation),
        Err(refusal) => AdvisedFiles::unwritable(refusal.what),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probe_is_given_its_own_setting_the_toolchain_and_what_it_depends_on() {
        let settings = fixture::parse_settings(&[
            ("linker", "bfd"),
            ("linker-threads", "1"),
            ("opt-level", "1"),
            ("toolchain", "stable"),
        ]);
        let given = |key: &str| {
            let setting = settings.get(key).unwrap();
            setting.probe_inputs().map(|setting| setting.key.to_owned()).collect::<Vec<String>>()
        };
        assert_eq!(given("linker-threads"), ["linker", "toolchain", "linker-threads"]);
        assert_eq!(given("opt-level"), ["toolchain", "opt-level"]);
    }

    #[test]
    fn an_unknown_axis_names_the_nearest() {
        let help = |key: &str| find(key).map(|axis| axis.key()).unwrap_err().help;
        assert_eq!(help("linkr").as_deref(), Some("did you mean `linker`?"));
        assert_eq!(help("workloads").as_deref(), Some("did you mean `workload`?"));
    }

    #[test]
    fn missing_programs_are_named_once_with_the_settings_that_need_them() {
        let bin = tempfile::tempdir().unwrap();
        let program = bin.path().join("ld.bfd");
        std::fs::write(&program, "").unwrap();
        std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let of = |settings: &[(&str, &str)]| {
            let missing = missing_programs(settings.iter().copied(), bin.path().as_os_str());
            let line = |missing: &MissingProgram| {
                format!("{} for {}", missing.needed.program, missing.wanted_by.join(", "))
            };
            missing.iter().map(line).collect::<Vec<_>>()
        };
        assert_eq!(
            of(&[("linker", "bfd"), ("linker", "mold"), ("linker", "default"), ("linker", "mold")]),
            ["mold for linker=mold"]
        );
        assert_eq!(
            of(&[("cache", "cold"), ("cache", "off"), ("cache", "warm")]),
            ["sccache for cache=cold, cache=warm"]
        );
        assert_eq!(
            of(&[("linker-driver", "clang"), ("linker", "/opt/x"), ("debug", "none")]),
            ["clang for linker-driver=clang"]
        );
        assert_eq!(of(&[("no-axis", "x"), ("linker", "modl"), ("workload", "clean")]), [""; 0]);
    }

    #[test]
    fn one_axis_serves_every_variable() {
        assert_eq!(find("env.CC").unwrap().key(), "env.NAME");
        assert!(find("env").is_err());
    }
}
