//! The contract of an axis: a key whose values can be parsed, and what a value that was parsed does to a build.
//!
//! Scenarios and plans keep settings as text ([`Settings`]). They become values in one place, [`super::parse_all`], and
//! nothing after that can fail because a value is wrong.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::rc::Rc;

use bench_runner_core::record::{AS_CONFIGURED, ProofResult, Refusal};

use super::call_diff::{self, CallDifference};
use super::lines::{SettingLines, Situation, Unwritable};
use crate::build::{BuildEvidence, BuildRequest, Goal, SettingsInForce, Toolchain};

/// The settings of a variant: values by key, as the scenario writes them.
pub type Settings = BTreeMap<String, String>;

/// An axis: something that can vary between builds.
pub trait Axis: Sync {
    /// The key, or its form if one axis serves many (`env.NAME`).
    fn key(&self) -> &'static str;

    /// One line for help texts.
    fn summary(&self) -> &'static str;

    /// Values to name in help texts and errors. Those with a space in them are forms, such as `a path`.
    fn values(&self) -> &'static [&'static str];

    /// The value that `text` stands for under `key`. Asks neither the project nor the machine.
    ///
    /// # Errors
    /// If it is not a value of this axis.
    fn parse(&self, key: &str, text: &str) -> Result<Box<dyn SettingValue>, Refusal>;
}

/// A value of an axis, parsed. `settings` holds all settings of the variant, this one among them.
pub trait SettingValue: Any + fmt::Debug {
    /// Whether it asks for nothing, so that a variant with it is the same as one without.
    fn is_default(&self) -> bool {
        false
    }

    /// Whether it can make a difference to a build with this goal.
    fn applies_to(&self, goal: Goal) -> bool;

    /// Whether it makes a difference only if a linker is called.
    fn is_for_linking(&self) -> bool {
        false
    }

    /// Keys of the settings that `probe` reads, besides its own and the toolchain's. It is given no others, so the answer
    /// is the same wherever these are.
    fn depends_on(&self) -> &'static [&'static str] {
        &[]
    }

    /// Checks whether this machine can apply it to the project of `context`.
    ///
    /// # Errors
    /// If it cannot, with what would help.
    fn probe(&self, settings: &ParsedSettings, context: &Context) -> Result<Available, Refusal>;

    /// Why it makes no sense together with the settings beside it, if it does not.
    fn conflict(&self, _beside: &ParsedSettings) -> Option<String> {
        None
    }

    /// Makes the files on this machine that `apply` refers to, if there are any.
    ///
    /// # Errors
    /// If they cannot be written.
    fn prepare(&self, _context: &Context) -> std::io::Result<()> {
        Ok(())
    }

    /// Adds what it asks for to a build request, once `probe` has said that it is available.
    fn apply(&self, settings: &ParsedSettings, context: &Context, request: &mut BuildRequest);

    /// Whether its proof compares with the first build of another variant, and so waits for all of them.
    fn is_proven_by_comparison(&self) -> bool {
        false
    }

    /// Looks for it in a finished build.
    fn prove(&self, settings: &ParsedSettings, context: &Context, input: &ProofInput<'_>) -> ProofFinding;

    /// Why a build that succeeded was not what it says, if a build can be that at one time and not at another. Asked of
    /// every measured build.
    fn check_sample(&self, _input: &ProofInput<'_>) -> Option<String> {
        None
    }

    /// Whether an untimed build has to come before all others, to fill the cache that they read.
    fn needs_priming(&self) -> bool {
        false
    }

    /// What it changes besides what the axis is named for.
    fn co_changes(&self, _beside: &ParsedSettings) -> &'static [&'static str] {
        &[]
    }

    /// The lines that make it permanent in a project, or why it cannot be written down. Asks no machine. What most values
    /// add to a build request can be written down as it is.
    ///
    /// # Errors
    /// If no file can hold it.
    fn advise(&self, settings: &ParsedSettings, situation: &Situation) -> Result<SettingLines, Unwritable> {
        request_lines(self, settings, situation)
    }
}

/// What a value adds to a build request, as lines of files.
pub(super) fn request_lines(
    value: &(impl SettingValue + ?Sized),
    settings: &ParsedSettings,
    situation: &Situation,
) -> Result<SettingLines, Unwritable> {
    let context = Context {
        toolchain: None,
        config: None,
        in_force: SettingsInForce::default(),
        manifest: situation.manifest(),
        path: Default::default(),
        tools: Default::default(),
    };
    let mut request = BuildRequest::default();
    value.apply(settings, &context, &mut request);
    SettingLines::from_request(request, settings.text("profile").unwrap_or(&situation.profile))
}

/// One setting of a variant.
#[derive(Debug, Clone, Copy)]
pub struct Setting<'a> {
    /// The key as written, because one axis may serve many (`env.NAME`).
    pub key: &'a str,
    /// The value as written.
    pub text: &'a str,
    /// The value.
    pub value: &'a dyn SettingValue,
    /// All settings of the variant, this one among them.
    pub settings: &'a ParsedSettings,
}

/// The settings of a variant, parsed.
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

    /// Every setting, by its key.
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

    /// The value of this type, which is that of one axis.
    pub(super) fn value<V: SettingValue>(&self) -> Option<&V> {
        self.0.values().find_map(|parsed| (&*parsed.value as &dyn Any).downcast_ref())
    }

    /// Whether `key` has the value that is written so.
    pub(super) fn has_value(&self, key: &str, text: &str) -> bool {
        self.text(key) == Some(text)
    }

    /// Whether a build from nothing fills a cache that later builds read, by any of the settings.
    pub fn need_priming(&self) -> bool {
        self.0.values().any(|parsed| parsed.value.needs_priming())
    }

    /// Why settings make no sense together in a build with this goal, if they do not.
    pub(crate) fn conflict(&self, goal: Goal) -> Option<String> {
        let applied = self.0.values().filter(|parsed| parsed.value.applies_to(goal));
        applied.filter_map(|parsed| parsed.value.conflict(self)).next()
    }
}

impl<'a> Setting<'a> {
    /// The settings that decide about its probe: its own, those that it depends on, and those that decide on its context.
    pub(crate) fn probed_with(&self) -> impl Iterator<Item = Setting<'a>> {
        let keys = self.value.depends_on().iter().copied().chain([AS_CONFIGURED, "toolchain", self.key]);
        let settings = self.settings;
        keys.filter_map(|key| settings.get(key))
    }

    /// The same as text.
    pub fn probed_with_texts(&self) -> Settings {
        self.probed_with().map(|setting| (setting.key.to_owned(), setting.text.to_owned())).collect()
    }

    /// Checks whether this machine can apply it to the project of `context`.
    ///
    /// # Errors
    /// If it cannot, with what would help.
    pub fn probe(&self, context: &Context) -> Result<Available, Refusal> {
        let parsed = |key: &str| Some((key.to_owned(), self.settings.0.get(key)?.clone()));
        let settings = self.probed_with().filter_map(|setting| parsed(setting.key)).collect();
        self.value.probe(&ParsedSettings(settings), context)
    }
}

/// What a value may read of the project and the machine.
#[derive(Debug, Clone)]
pub struct Context {
    /// The toolchain; `None` if the project is not built by cargo.
    pub toolchain: Option<Toolchain>,
    /// The configuration of cargo that is in force: the project's own, and the user's beneath the settings of a variant
    /// that has it.
    pub config: Option<toml::Table>,
    /// What that configuration adds to compiler calls.
    pub in_force: SettingsInForce,
    /// The project's own manifest, if it has one.
    pub manifest: Option<toml::Table>,
    /// Search path for programs.
    pub path: std::ffi::OsString,
    /// A directory of the harness's own for links to tools.
    pub tools: PathBuf,
}

/// What a value is on this machine, which has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Available {
    /// Equal identities are the same thing here, whatever they are called.
    pub identity: String,
    /// The tool that it brings into play, for the record.
    pub tool: Option<ToolInUse>,
    /// The value as plans write it, if what was written means something else on every machine.
    pub pinned: Option<String>,
}

impl Available {
    /// Something that no tool belongs to.
    pub fn plainly(identity: impl Into<String>) -> Self {
        Self { identity: identity.into(), tool: None, pinned: None }
    }
}

/// A tool that a value brings into play.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolInUse {
    /// Its name, such as `mold`.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// The first line of what it says of itself.
    pub version: String,
}

/// What a proof reads of builds.
#[derive(Debug, Clone, Copy)]
pub struct ProofInput<'a> {
    /// A build of the variant: to be proven by, its first one, from nothing.
    pub build: &'a BuildEvidence,
    /// The first build of another variant of the block, for proofs that compare.
    pub baseline: Option<ReferenceBuild<'a>>,
    /// Whether an edit was in place that no build before had seen.
    pub edited: bool,
}

/// The first build of another variant: one that differs by the setting in question alone, if the block has one; else
/// the baseline.
#[derive(Debug, Clone, Copy)]
pub struct ReferenceBuild<'a> {
    /// Name of the variant.
    pub name: &'a str,
    /// The evidence of its build.
    pub build: &'a BuildEvidence,
    /// Whether the two builds differ by nothing else.
    pub alone: bool,
}

impl ProofInput<'_> {
    /// What the build has against the other one, if both show their compiler calls.
    pub(super) fn difference(&self) -> Option<CallDifference> {
        let other = self.baseline?.build;
        let both = !other.compiler_calls.is_empty() && !self.build.compiler_calls.is_empty();
        both.then(|| call_diff::difference(self.build, other))
    }

    /// The difference in words, with the variant that it is a difference to.
    pub(super) fn describe_difference(&self) -> Option<String> {
        let reference = self.baseline?;
        let difference = self.difference()?;
        let what =
            if difference.is_empty() { "changes no compiler call".to_owned() } else { difference.describe() };
        let also = if reference.alone { "" } else { ", which differs in other settings too" };
        Some(format!("{what}, against {}{also}", reference.name))
    }

    /// What the difference to another build says of a setting that is passed on as it was written.
    pub(super) fn finding_by_comparison(&self) -> ProofFinding {
        let expected = "another compiler call or link line".to_owned();
        let Some((found, reference)) = self.describe_difference().zip(self.baseline) else {
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

/// What the evidence says of one setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofFinding {
    /// What the setting should have brought about.
    pub expected: String,
    /// What the build showed.
    pub found: String,
    /// Whether the two agree.
    pub result: ProofResult,
}

impl ProofFinding {
    /// Of a value that asks for nothing.
    pub(super) fn nothing_asked() -> Self {
        Self {
            expected: "nothing added".to_owned(),
            found: "nothing was asked for".to_owned(),
            result: ProofResult::NotApplicable,
        }
    }

    /// The same with more to say.
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
