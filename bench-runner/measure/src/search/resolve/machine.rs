//! Questions to this machine about settings on top of the user's own configuration, each asked once.

use std::collections::HashMap;

use bench_runner_core::record::{Refusal, TreeId, Variant};

use super::SearchedProject;
use crate::axes::{Available, ParsedSettings, SettingValue, Settings, SettingsParser};
use crate::build::Goal;
use crate::plan::{self, World};
use crate::workloads;

/// Key and value of a setting.
pub(super) type KeyValue<'a> = (&'a str, &'a str);

pub(super) struct Machine<'w, W: ?Sized> {
    world: &'w W,
    project: SearchedProject<'w>,
    tree: TreeId,
    pub(super) goals: Vec<Goal>,
    pub(super) threads: usize,
    /// The user's own configuration and the required settings, which every question includes.
    base: Settings,
    parser: SettingsParser,
    /// By the settings that a probe reads.
    probes: HashMap<(String, Settings), Result<Available, Refusal>>,
}

impl<'w, W: World + ?Sized> Machine<'w, W> {
    pub(super) fn new(world: &'w W, project: SearchedProject<'w>, goals: Vec<Goal>, base: Settings) -> Self {
        let tree = TreeId { project: project.view.planned.name.clone(), rev: None };
        let (parser, probes) = Default::default();
        Self { world, project, tree, goals, threads: project.threads, base, parser, probes }
    }

    fn parse(&mut self, more: &[KeyValue<'_>]) -> Result<(Settings, ParsedSettings), Refusal> {
        let mut settings = self.base.clone();
        settings.extend(more.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
        let parsed = self.parser.parse(&settings)?;
        Ok((settings, parsed))
    }

    /// Checks whether this machine can apply a setting, together with `others`.
    ///
    /// # Errors
    /// If it cannot.
    pub(super) fn probe(
        &mut self,
        (key, value): KeyValue<'_>,
        others: &[KeyValue<'_>],
    ) -> Result<Available, Refusal> {
        let (_, parsed) = self.parse(&[others, &[(key, value)]].concat())?;
        let setting = parsed.get(key).ok_or_else(|| Refusal::new(format!("there is no setting `{key}`")))?;
        let question = (key.to_owned(), setting.probe_inputs_as_text());
        let (world, tree) = (self.world, &self.tree);
        self.probes.entry(question).or_insert_with(|| world.probe(tree, &setting)).clone()
    }

    /// Keys of the settings that the probe of a value reads, besides its own.
    pub(super) fn dependencies(&mut self, (key, value): KeyValue<'_>) -> Vec<String> {
        let Ok((_, parsed)) = self.parse(&[(key, value)]) else { return Vec::new() };
        let own = parsed.get(key).map(|setting| setting.value.depends_on()).unwrap_or_default();
        own.iter().copied().chain(["toolchain"]).filter(|other| *other != key).map(str::to_owned).collect()
    }

    /// Reason why settings make no sense together in a build of one of the workloads, if they do not.
    pub(super) fn conflict(&mut self, settings: &[KeyValue<'_>]) -> Option<String> {
        let (_, parsed) = self.parse(settings).ok()?;
        self.goals.iter().find_map(|goal| parsed.conflict(*goal))
    }

    /// Checks that no workload is impossible with a setting that is possible without it.
    ///
    /// # Errors
    /// If one is.
    pub(super) fn check_workloads(&self, (key, value): KeyValue<'_>) -> Result<(), Refusal> {
        let SearchedProject { view, workloads, .. } = self.project;
        let check = |name: &String, settings: Settings| {
            let variant = Variant {
                name: String::new(),
                project: view.planned.name.clone(),
                workload: name.clone(),
                rev: None,
                settings,
            };
            plan::check_workload(&variant, &workloads::find(name)?, view)
        };
        for name in workloads.iter().filter(|name| check(name, self.base.clone()).is_ok()) {
            let mut settings = self.base.clone();
            settings.insert(key.to_owned(), value.to_owned());
            check(name, settings)?;
        }
        Ok(())
    }

    /// Returns true if a setting can make a difference to one of the workloads.
    pub(super) fn applies(&mut self, (key, value): KeyValue<'_>) -> bool {
        let Ok((_, parsed)) = self.parse(&[(key, value)]) else { return false };
        let goals = &self.goals;
        parsed.get(key).is_some_and(|setting| goals.iter().any(|goal| setting.value.applies_to(*goal)))
    }

    /// Returns true if a value adds nothing to a build request.
    pub(super) fn adds_nothing(&mut self, setting: KeyValue<'_>) -> bool {
        self.is(setting, |value| value.adds_nothing())
    }

    /// Returns true if a value has no effect.
    pub(super) fn is_default(&mut self, setting: KeyValue<'_>) -> bool {
        self.is(setting, |value| value.is_default())
    }

    fn is(&mut self, (key, value): KeyValue<'_>, what: impl Fn(&dyn SettingValue) -> bool) -> bool {
        let parsed = self.parse(&[(key, value)]);
        parsed.is_ok_and(|(_, parsed)| parsed.get(key).is_some_and(|setting| what(setting.value)))
    }

    /// The builds of all workloads with a setting, as cargo plans them; `None` if cargo does not say.
    pub(super) fn planned_builds(&mut self, settings: &[KeyValue<'_>]) -> Option<Vec<String>> {
        let (settings, _) = self.parse(settings).ok()?;
        let build = |goal: &Goal| self.world.planned_build(&self.tree, *goal, &settings);
        self.goals.iter().map(build).collect()
    }
}
