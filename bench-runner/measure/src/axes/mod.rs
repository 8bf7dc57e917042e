//! What can vary between builds: one file per axis, and each says five things: which values it takes, whether
//! this machine can do one (and the command that would make it so), what it adds to the recipe, what to look for in
//! the evidence, and which lines make it permanent. A new axis is a new file and one line in [`all`].
//!
//! Knows nothing of scenarios, plans or samples.

mod advice;
mod arg;
mod backend;
mod cache;
mod calls;
mod cargo_args;
mod codegen_units;
mod config;
mod configured;
mod debug;
mod difference;
mod env;
#[cfg(test)]
mod fixture;
mod incremental;
mod jobs;
mod leaves;
mod linker;
mod lto;
mod named;
mod opt_level;
mod profile;
mod rustflags;
mod split_debuginfo;
mod strip;
mod table;
mod threads;
mod toolchain;

use std::collections::BTreeMap;
use std::path::PathBuf;

use bench_runner_core::record::{ProofResult, is_hex};

use crate::build::{Evidence, Goal, InForce, Recipe, Toolchain};

pub use advice::{CONFIG, Lines, MANIFEST, SYSROOT, Situation, TOOLCHAIN, Unwritable, Written, advise};

/// The settings of a variant: values by key, as the scenario writes them.
pub type Settings = BTreeMap<String, String>;

/// One setting of a variant, beside its others. The key is the key as written, because one axis may serve many
/// (`env.NAME`).
#[derive(Debug, Clone, Copy)]
pub struct Setting<'a> {
    /// The key.
    pub key: &'a str,
    /// The value.
    pub value: &'a str,
    /// All settings of the variant, this one among them.
    pub beside: &'a Settings,
}

/// What builds showed of a variant.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a> {
    /// A build of its own: to be proven by, its first one, from nothing.
    pub build: &'a Evidence,
    /// The first build of another variant of the block, for the axes whose proof compares.
    pub baseline: Option<Reference<'a>>,
    /// Whether an edit was in place that no build before had seen.
    pub edited: bool,
}

/// The first build of another variant: one that differs by the setting in question alone, where the block has such a
/// one; else the baseline.
#[derive(Debug, Clone, Copy)]
pub struct Reference<'a> {
    /// Name of the variant.
    pub name: &'a str,
    /// What its build showed.
    pub build: &'a Evidence,
    /// Whether nothing else is asked of the two builds that could make a difference.
    pub alone: bool,
}

/// Keys of axes that are parts of a variant rather than settings of a build: the plan itself resolves them.
pub(crate) const STRUCTURAL: [&str; 3] = ["workload", "project", "rev"];

/// A value that an axis does not take.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct InvalidValue {
    /// What is wrong, with the values that would be right.
    pub message: String,
    /// The nearest valid value.
    pub nearest: Option<String>,
}

/// What an axis may look at to tell whether a value can be had.
#[derive(Debug, Clone)]
pub struct Context {
    /// The toolchain; `None` where the project is not built by cargo.
    pub toolchain: Option<Toolchain>,
    /// The configuration of cargo that is in force: the project's own, and the user's beneath the settings of a variant
    /// that has it.
    pub config: Option<toml::Table>,
    /// What it says to compiler calls.
    pub in_force: InForce,
    /// The project's own manifest, where it has one.
    pub manifest: Option<toml::Table>,
    /// Search path for programs.
    pub path: std::ffi::OsString,
    /// A directory of the harness's own for links to tools.
    pub tools: PathBuf,
}

/// Whether a value can be had here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Availability {
    /// It can.
    Available {
        /// Equal identities are the same thing here, whatever they are called.
        identity: String,
        /// Tools that it brings into play, for the record.
        tool: Option<Tool>,
    },
    /// It cannot.
    Missing {
        /// Why.
        reason: String,
        /// A command or setting that would help.
        help: Option<String>,
    },
}

/// A tool that a value brings into play.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tool {
    /// Its name, such as `mold`.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// What it says of itself.
    pub version: String,
}

/// What the evidence says of one setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What the setting should have brought about.
    pub expected: String,
    /// What the build showed.
    pub found: String,
    /// Whether the two agree.
    pub result: ProofResult,
}

/// The contract of an axis.
pub trait Axis: Sync {
    /// The key, or its form where one axis serves many (`env.NAME`).
    fn key(&self) -> &'static str;

    /// One line for help texts.
    fn summary(&self) -> &'static str;

    /// Values to name in help texts and errors.
    fn values(&self) -> &'static [&'static str];

    /// Whether `value` is one of its values; machine and project are not asked.
    fn parse(&self, key: &str, value: &str) -> Result<(), InvalidValue>;

    /// Whether `value` asks for nothing, so that a variant with it is the same thing as one without.
    fn is_nothing(&self, _value: &str) -> bool {
        false
    }

    /// Whether its proof compares with the first build of another variant, and so has to wait for all of them.
    fn by_comparison(&self) -> bool {
        false
    }

    /// Keys of the settings that its probe looks at, besides its own and the toolchain's. It is shown no others, so
    /// that the answer holds wherever these are the same.
    fn looks_at(&self) -> &'static [&'static str] {
        &[]
    }

    /// Whether the project of `context` and this machine can do it.
    fn probe(&self, setting: &Setting<'_>, context: &Context) -> Availability;

    /// Whether it can matter to a build with this goal.
    fn matters(&self, goal: Goal) -> bool;

    /// Why it makes no sense together with the settings beside it, where that is so.
    fn conflict(&self, _: &Setting<'_>) -> Option<String> {
        None
    }

    /// Adds what the value asks for. `probe` has said that it is available.
    fn apply(&self, setting: &Setting<'_>, context: &Context, recipe: &mut Recipe) -> std::io::Result<()>;

    /// Looks for the value in a finished build.
    fn prove(&self, setting: &Setting<'_>, context: &Context, shown: &Shown<'_>) -> Finding;

    /// The lines that make it permanent in a project of one's own, or why it cannot be written down. Asks no machine.
    /// What most axes add to a recipe can be written down as it is.
    fn advise(&self, setting: &Setting<'_>, situation: &Situation) -> Result<Lines, Unwritable> {
        Lines::as_applied(self, setting, situation)
    }

    /// Why a build that ended well was not what the value says, where a build can be that at one time and not at
    /// another. Asked of every measured build.
    fn contradicted(&self, _: &Setting<'_>, _: &Shown<'_>) -> Option<String> {
        None
    }

    /// Whether it changes nothing where no linker is called.
    fn is_for_linking(&self) -> bool {
        false
    }

    /// Whether an untimed build has to come before all others, to fill what they draw on.
    fn fills(&self, _: &Setting<'_>) -> bool {
        false
    }

    /// What the value changes besides what the axis is named for.
    fn co_changes(&self, _: &Setting<'_>) -> &'static [&'static str] {
        &[]
    }
}

/// Every setting, each with the others beside it.
pub fn each(settings: &Settings) -> impl Iterator<Item = Setting<'_>> {
    settings.iter().map(|(key, value)| Setting { key, value, beside: settings })
}

/// The user's own configuration, if settings stand on top of it.
pub fn configured_of(settings: &Settings) -> Option<&str> {
    settings.get(WHOLE[1]).map(String::as_str)
}

/// Adds the user's own configuration, as the text that settings have it in, to a recipe.
pub fn apply_configured(text: &str, context: &Context, recipe: &mut Recipe) -> std::io::Result<()> {
    let beside = Settings::from([(WHOLE[1].to_owned(), text.to_owned())]);
    each(&beside).try_for_each(|setting| configured::AsConfigured.apply(&setting, context, recipe))
}

/// Whether a build from nothing fills what later builds take from, by any of the settings.
pub fn fills(settings: &Settings) -> bool {
    each(settings).any(|setting| find(setting.key).is_ok_and(|axis| axis.fills(&setting)))
}

/// Whether a side effect of an axis is one on what runs during the build, and so none where nothing does.
pub(crate) fn is_about_host_units(change: &str) -> bool {
    ["build script", "proc macro"].iter().any(|what| change.contains(what))
}

/// The toolchain that settings name, where they do.
pub fn toolchain_of(settings: &Settings) -> Option<&str> {
    settings.get("toolchain").map(String::as_str)
}

/// What the probe of a setting is shown of the variant's settings, as keys and values: what decides on its context besides
/// its own.
pub fn shown_to_probe<'s>(
    axis: &dyn Axis,
    setting: &Setting<'s>,
) -> impl Iterator<Item = (&'s str, &'s str)> {
    let keys = axis.looks_at().iter().copied().chain([WHOLE[1], "toolchain", setting.key]);
    let beside = setting.beside;
    keys.filter_map(|key| beside.get_key_value(key)).map(|(key, value)| (key.as_str(), value.as_str()))
}

/// Why settings make no sense together in a build with this goal, where that is so.
pub(crate) fn conflict(settings: &Settings, goal: Goal) -> Option<String> {
    each(settings).find_map(|setting| {
        let axis = find(setting.key).ok().filter(|axis| axis.matters(goal))?;
        axis.conflict(&setting)
    })
}

/// Whether `text` can be a value of `rev`: a full commit, because anything shorter may mean another one tomorrow.
pub fn parse_rev(text: &str) -> Result<(), InvalidValue> {
    if is_hex(text, 40) {
        return Ok(());
    }
    let message = format!(
        "`{text}` is not a full commit of 40 hex digits (`git rev-parse {text}` in the project gives it)"
    );
    Err(InvalidValue { message, nearest: None })
}

/// All axes, in the order of help texts.
pub fn all() -> &'static [&'static dyn Axis] {
    &[
        &linker::Linker,
        &linker::Driver,
        &linker::Threads,
        &profile::Profile,
        &toolchain::Toolchain,
        &backend::Backend,
        &lto::Lto,
        &codegen_units::CodegenUnits,
        &opt_level::OptLevel,
        &debug::Debug,
        &split_debuginfo::SplitDebuginfo,
        &strip::Strip,
        &incremental::Incremental,
        &jobs::Jobs,
        &threads::Threads,
        &cache::Cache,
        &env::Env,
        &arg::Arg,
        &rustflags::Rustflags,
        &cargo_args::CargoArgs,
        &config::Config,
        &config::Snippet,
        &configured::AsConfigured,
    ]
}

/// Why a comparison of a variant with its baseline would say nothing about what they are named for, where that is so.
pub(crate) fn incomparable(baseline: &Settings, variant: &Settings) -> Option<String> {
    backend::incomparable(baseline, variant)
}

/// The axis that serves `key`.
pub fn find(key: &str) -> Result<&'static dyn Axis, InvalidValue> {
    let family = if key.starts_with("env.") { "env.NAME" } else { key };
    all().iter().copied().find(|axis| axis.key() == family).ok_or_else(|| {
        let keys = || all().iter().map(|axis| axis.key()).chain(STRUCTURAL);
        InvalidValue {
            message: format!("unknown axis `{key}` (`bench-runner doctor` shows all of them)"),
            nearest: bench_runner_core::nearest::nearest(key, keys()).map(str::to_owned),
        }
    })
}

/// Keys of the axes of whole variants, whose values are texts. They are no axes of a scenario's own.
pub use bench_runner_core::record::TEXTS as WHOLE;

impl Shown<'_> {
    /// What it has against the other build, where there is one that shows its compiler calls.
    fn difference(&self) -> Option<difference::Difference> {
        let other = self.baseline?.build;
        let both = !other.compiler_calls.is_empty() && !self.build.compiler_calls.is_empty();
        both.then(|| difference::difference(self.build, other))
    }

    /// The difference in words, with what it is a difference to.
    fn against(&self) -> Option<String> {
        let reference = self.baseline?;
        let difference = self.difference()?;
        let what =
            if difference.is_none() { "changes no compiler call".to_owned() } else { difference.describe() };
        let also = if reference.alone { "" } else { ", which differs in other settings too" };
        Some(format!("{what}, against {}{also}", reference.name))
    }

    /// What the difference to another build says of a setting that is passed on as it stands.
    fn raw(&self) -> Finding {
        let expected = "another compiler call or link line".to_owned();
        let Some((found, reference)) = self.against().zip(self.baseline) else {
            return Finding::not_provable(expected, "there is no build of another variant to compare with");
        };
        let seen = self.difference().is_some_and(|difference| !difference.is_none());
        let result = if seen && reference.alone { ProofResult::Holds } else { ProofResult::NotProvable };
        Finding { expected, found, result }
    }
}

impl Finding {
    /// Of a value that asks for nothing.
    fn nothing_asked() -> Self {
        Self {
            expected: "nothing added".to_owned(),
            found: "nothing was asked for".to_owned(),
            result: ProofResult::NotApplicable,
        }
    }

    /// The same with more to say.
    fn and(mut self, more: Option<String>) -> Self {
        if let Some(more) = more {
            self.found = if self.found.is_empty() { more } else { format!("{}; {more}", self.found) };
        }
        self
    }

    fn not_provable(expected: String, why: &str) -> Self {
        Self { expected, found: why.to_owned(), result: ProofResult::NotProvable }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probe_is_shown_its_own_setting_the_toolchain_and_what_its_axis_names() {
        let beside: Settings = ["linker", "linker-threads", "opt-level", "toolchain"]
            .map(|key| (key.to_owned(), "1".to_owned()))
            .into_iter()
            .collect();
        let shown = |key: &str| {
            let setting = Setting { key, value: "1", beside: &beside };
            let shown = shown_to_probe(find(key).unwrap(), &setting);
            shown.map(|(key, _)| key.to_owned()).collect::<Vec<String>>()
        };
        assert_eq!(shown("linker-threads"), ["linker", "toolchain", "linker-threads"]);
        assert_eq!(shown("opt-level"), ["toolchain", "opt-level"]);
    }

    #[test]
    fn an_unknown_axis_names_the_nearest() {
        let error = find("linkr").map(|axis| axis.key()).unwrap_err();
        assert_eq!(error.nearest.as_deref(), Some("linker"));
        assert_eq!(
            find("workloads").map(|axis| axis.key()).unwrap_err().nearest.as_deref(),
            Some("workload")
        );
    }

    #[test]
    fn one_axis_serves_every_variable() {
        assert_eq!(find("env.CC").unwrap().key(), "env.NAME");
        assert!(find("env").is_err());
    }
}
