//! Axes: a key whose values can be parsed, and the effect of a parsed value on a build.
//!
//! Scenarios and plans keep settings as text ([`Settings`]). They are parsed in one place,
//! [`super::parse_all`]; nothing after that can fail because of an invalid value.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::rc::Rc;

use bench_runner_core::record::{AS_CONFIGURED, ProofResult, Refusal};

use super::call_diff::{self, CallDifference};
use super::lines::{SettingLines, Situation, Unwritable};
use crate::build::{BuildEvidence, BuildRequest, Goal, SettingsInForce, Toolchain};

/// Settings of a variant: values by key, as the scenario writes them.
pub type Settings = BTreeMap<String, String>;

/// An axis: something that can vary between builds.
pub trait Axis: Sync {
    /// Key, or its form if one axis serves many keys (`env.NAME`).
    fn key(&self) -> &'static str;

    /// One line for help texts.
    fn summary(&self) -> &'static str;

    /// Values for help texts and errors. Those that contain a space are descriptions, such as `a path`.
    fn values(&self) -> &'static [&'static str];

    /// Parses `text`, the value under `key`. Depends neither on the project nor on the machine.
    ///
    /// # Errors
    /// If it is not a value of this axis.
    fn parse(&self, key: &str, text: &str) -> Result<Box<dyn SettingValue>, Refusal>;
}

/// A parsed value of an axis. `settings` are all settings of the variant, including this one.
pub trait SettingValue: Any + fmt::Debug {
    /// True if it has no effect, so that a variant with it is the same as one without.
    fn is_default(&self) -> bool {
        false
    }

    /// True if it adds nothing to a build request. Such a value need not be [`Self::is_default`]: the default linker is the
    /// same as another one by name.
    fn adds_nothing(&self) -> bool {
        self.is_default()
    }

    /// The program without which it cannot be applied, if it needs one that may be missing.
    fn needed_program(&self) -> Option<NeededProgram> {
        None
    }

    /// True if it can make a difference to a build with this goal.
    fn applies_to(&self, goal: Goal) -> bool;

    /// True if it makes a difference only if a linker is called.
    fn is_for_linking(&self) -> bool {
        false
    }

    /// Factor by which it is expected to lengthen builds, for plans of what was never built; 1 if it shortens them. The
    /// settings are all of the variant.
    fn expected_slowness(&self, _: &ParsedSettings) -> f64 {
        1.0
    }

    /// Keys of the settings that `probe` reads, besides its own and the toolchain's. `probe` gets no others,
    /// so the result is the same for all variants that agree in these.
    fn depends_on(&self) -> &'static [&'static str] {
        &[]
    }

    /// Checks whether this machine can apply it to the project of `context`.
    ///
    /// # Errors
    /// If it cannot, with a hint.
    fn probe(&self, settings: &ParsedSettings, context: &Context) -> Result<Available, Refusal>;

    /// Reason why it makes no sense together with the other settings, if it does not.
    fn conflict(&self, _settings: &ParsedSettings) -> Option<String> {
        None
    }

    /// Creates the files on this machine that `apply` refers to, if there are any.
    ///
    /// # Errors
    /// If they cannot be written.
    fn prepare(&self, _context: &Context) -> std::io::Result<()> {
        Ok(())
    }

    /// Adds its effect to a build request, after `probe` has confirmed that it is available.
    fn apply(&self, settings: &ParsedSettings, context: &Context, request: &mut BuildRequest);

    /// True if its proof compares with the first build of another variant, and so waits for all of them.
    fn is_proven_by_comparison(&self) -> bool {
        false
    }

    /// Proves it by a finished build.
    fn prove(&self, settings: &ParsedSettings, context: &Context, input: &ProofInput<'_>) -> ProofFinding;

    /// Reason why a successful build did not have this setting, for settings that can hold in one build and
    /// not in another. Called for every measured build.
    fn check_sample(&self, _input: &ProofInput<'_>) -> Option<String> {
        None
    }

    /// True if an untimed build has to come before all others, to fill the cache that they read.
    fn needs_priming(&self) -> bool {
        false
    }

    /// Side effects beyond what the axis is named for.
    fn co_changes(&self, _settings: &ParsedSettings) -> &'static [&'static str] {
        &[]
    }

    /// Disadvantages of having it permanently, as clauses that start in lower case. Side effects are not repeated.
    fn costs(&self) -> &'static [&'static str] {
        &[]
    }

    /// The lines that make it permanent in a project, or the reason why it cannot be written to a file.
    /// Independent of the machine. By default, the lines for its additions to a build request.
    ///
    /// # Errors
    /// If no file can contain it.
    fn advise(&self, settings: &ParsedSettings, situation: &Situation) -> Result<SettingLines, Unwritable> {
        request_lines(self, settings, situation)
    }
}

/// The additions of a value to a build request, as lines of files.
pub(super) fn request_lines(
    value: &(impl SettingValue + ?Sized),
    settings: &ParsedSettings,
    situation: &Situation,
) -> Result<SettingLines, Unwritable> {
    let mut request = BuildRequest::default();
    value.apply(settings, &Context::without_machine(situation), &mut request);
    SettingLines::from_request(request, settings.text("profile").unwrap_or(&situation.profile))
}

/// One setting of a variant.
#[derive(Debug, Clone, Copy)]
pub struct Setting<'a> {
    /// Key as written; one axis may serve many keys (`env.NAME`).
    pub key: &'a str,
    /// Value as written.
    pub text: &'a str,
    /// Parsed value.
    pub value: &'a dyn SettingValue,
    /// All settings of the variant, including this one.
    pub settings: &'a ParsedSettings,
}

/// Parsed settings of a variant.
#[derive(Debug, Clone, Default)]
pub struct ParsedSettings(BTreeMap<String, ParsedSetting>);

#[derive(Debug, Clone)]
struct ParsedSetting {
    text: String,
    value: Rc<dyn SettingValue>,
}

impl ParsedSettings {
    pub(super) fn insert(&mut self, key: &str, text: &str, value: Rc<dyn SettingValue>) {
        self.0.insert(key.to_owned(), ParsedSetting { text: text.to_owned(), value });
    }

    /// All settings, by key.
    pub fn iter(&self) -> impl Iterator<Item = Setting<'_>> {
        self.0.iter().map(|(key, parsed)| Setting {
            key,
            text: &parsed.text,
            value: &*parsed.value,
            settings: self,
        })
    }

    /// The setting of `key`, if there is one.
    pub fn get(&self, key: &str) -> Option<Setting<'_>> {
        let (key, ParsedSetting { text, value }) = self.0.get_key_value(key)?;
        Some(Setting { key, text, value: &**value, settings: self })
    }

    /// The value of `key` as written.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(|parsed| parsed.text.as_str())
    }

    /// The value of this type. Each type is that of one axis.
    pub(super) fn value<V: SettingValue>(&self) -> Option<&V> {
        self.0.values().find_map(|parsed| (&*parsed.value as &dyn Any).downcast_ref())
    }

    /// True if the value of `key` is written as `text`.
    pub(super) fn has_value(&self, key: &str, text: &str) -> bool {
        self.text(key) == Some(text)
    }

    /// True if any of the settings needs a build from nothing first, to fill a cache that later builds read.
    pub fn need_priming(&self) -> bool {
        self.0.values().any(|parsed| parsed.value.needs_priming())
    }

    /// Reason why the settings make no sense together in a build with this goal, if they do not.
    pub(crate) fn conflict(&self, goal: Goal) -> Option<String> {
        let applied = self.0.values().filter(|parsed| parsed.value.applies_to(goal));
        applied.filter_map(|parsed| parsed.value.conflict(self)).next()
    }
}

impl<'a> Setting<'a> {
    /// The settings that its probe depends on: its own, those that it declares, and those that decide its
    /// context.
    pub(crate) fn probe_inputs(&self) -> impl Iterator<Item = Setting<'a>> {
        let keys = self.value.depends_on().iter().copied().chain([AS_CONFIGURED, "toolchain", self.key]);
        let settings = self.settings;
        keys.filter_map(|key| settings.get(key))
    }

    /// The same settings as text.
    pub fn probe_inputs_as_text(&self) -> Settings {
        let mut settings = Settings::new();
        for setting in self.probe_inputs() {
            settings.insert(setting.key.to_owned(), setting.text.to_owned());
        }
        settings
    }

    /// Checks whether this machine can apply it to the project of `context`.
    ///
    /// # Errors
    /// If it cannot, with a hint.
    pub fn probe(&self, context: &Context) -> Result<Available, Refusal> {
        let mut settings = ParsedSettings::default();
        for Setting { key, .. } in self.probe_inputs() {
            if let Some(parsed) = self.settings.0.get(key) {
                settings.0.insert(key.to_owned(), parsed.clone());
            }
        }
        self.value.probe(&settings, context)
    }
}

/// Facts about the project and the machine for values of axes.
#[derive(Debug, Clone)]
pub struct Context {
    /// Toolchain; `None` if the project is not built by cargo.
    pub toolchain: Option<Toolchain>,
    /// The cargo configuration in force: the project's own, and that of the user if a variant has it.
    pub config: Option<toml::Table>,
    /// Settings for compiler calls in that configuration.
    pub in_force: SettingsInForce,
    /// The project's own manifest, if it has one.
    pub manifest: Option<toml::Table>,
    /// Search path for programs.
    pub path: std::ffi::OsString,
    /// Directory of the harness for links to tools.
    pub tools: PathBuf,
}

impl Context {
    /// A context without a toolchain and without any program.
    pub(super) fn without_machine(situation: &Situation) -> Self {
        Self {
            toolchain: None,
            config: None,
            in_force: SettingsInForce::default(),
            manifest: situation.manifest(),
            path: Default::default(),
            tools: Default::default(),
        }
    }
}

/// A value that is available on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Available {
    /// Equal identities mean the same thing on this machine, even under different names.
    pub identity: String,
    /// The tool that it uses, for the record.
    pub tool: Option<ToolInUse>,
    /// The value as plans write it, if the written value means something else on every machine.
    pub pinned: Option<String>,
    /// True if the configuration in force sets it already, so that it changes nothing.
    pub already_set: bool,
}

impl Available {
    /// A value that uses no tool.
    pub fn without_tool(identity: impl Into<String>) -> Self {
        Self { identity: identity.into(), tool: None, pinned: None, already_set: false }
    }
}

/// A tool that a value uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolInUse {
    /// Name, such as `mold`.
    pub name: String,
    /// Path of the program.
    pub path: PathBuf,
    /// First line of its version output.
    pub version: String,
}

/// A program that a value needs on PATH.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NeededProgram {
    /// Name of the program.
    pub program: &'static str,
    /// The command that installs it.
    pub install: &'static str,
}

/// Input of a proof.
#[derive(Debug, Clone, Copy)]
pub struct ProofInput<'a> {
    /// Build of the variant: for a proof, its first one from nothing.
    pub build: &'a BuildEvidence,
    /// First build of another variant of the block, for proofs that compare.
    pub reference: Option<ReferenceBuild<'a>>,
    /// True if an edit was in place that no earlier build had seen.
    pub edited: bool,
}

/// The first build of another variant: one that differs only in the setting in question, if the block has
/// one; else the baseline.
#[derive(Debug, Clone, Copy)]
pub struct ReferenceBuild<'a> {
    /// Name of the variant.
    pub name: &'a str,
    /// Evidence of its build.
    pub build: &'a BuildEvidence,
    /// True if the two builds differ in nothing else.
    pub alone: bool,
}

impl ProofInput<'_> {
    /// The difference to the other build, if both show their compiler calls.
    pub(super) fn difference(&self) -> Option<CallDifference> {
        let other = self.reference?.build;
        let both = !other.compiler_calls.is_empty() && !self.build.compiler_calls.is_empty();
        both.then(|| call_diff::difference(self.build, other))
    }

    /// The difference in words, with the name of the other variant.
    pub(super) fn describe_difference(&self) -> Option<String> {
        let reference = self.reference?;
        let difference = self.difference()?;
        let what =
            if difference.is_empty() { "changes no compiler call".to_owned() } else { difference.describe() };
        let also = if reference.alone { "" } else { ", which differs in other settings too" };
        Some(format!("{what}, against {}{also}", reference.name))
    }

    /// The finding for a setting that is passed on as written, from the difference to another build.
    pub(super) fn finding_by_comparison(&self) -> ProofFinding {
        let expected = "another compiler call or link line".to_owned();
        let Some((found, reference)) = self.describe_difference().zip(self.reference) else {
            return ProofFinding::not_provable(
                expected,
                "there is no build of another variant to compare with",
            );
        };
        let seen = self.difference().is_some_and(|difference| !difference.is_empty());
        let result = if seen && reference.alone { ProofResult::Holds } else { ProofResult::NotProvable };
        ProofFinding { expected, found, result }
    }
}

/// Result of a proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofFinding {
    /// Expected effect of the setting.
    pub expected: String,
    /// Observed effect in the build.
    pub found: String,
    /// Result of comparing the two.
    pub result: ProofResult,
}

impl ProofFinding {
    /// The finding for a value that has no effect.
    pub(super) fn not_applicable() -> Self {
        Self {
            expected: "nothing added".to_owned(),
            found: "nothing was asked for".to_owned(),
            result: ProofResult::NotApplicable,
        }
    }

    /// Appends `more` to what was found.
    pub(super) fn and(mut self, more: Option<String>) -> Self {
        if let Some(more) = more {
            self.found = if self.found.is_empty() { more } else { format!("{}; {more}", self.found) };
        }
        self
    }

    pub(super) fn not_provable(expected: String, why: &str) -> Self {
        Self { expected, found: why.to_owned(), result: ProofResult::NotProvable }
    }
}
