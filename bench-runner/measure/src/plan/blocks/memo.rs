//! Cached answers of the world while blocks are planned.

use std::collections::HashMap;

use bench_runner_core::record::{Refusal, TreeId};

use crate::axes::{self, Available, Setting, Settings, SettingsParser};
use crate::build::{Goal, Linking};
use crate::plan::{ProjectView, World};

/// The world, queried at most once for each question.
pub(in crate::plan) struct Memo<'w, W: ?Sized> {
    pub(super) world: &'w W,
    pub(super) parser: SettingsParser,
    /// By [`probe_key`].
    probes: HashMap<String, Result<Available, Refusal>>,
    configured: HashMap<String, String>,
    commits: HashMap<(String, usize), Result<Vec<String>, Refusal>>,
    linking: HashMap<LinkingKey, Option<Linking>>,
}

/// The parts of a build that decide what it links: tree, goal, toolchain.
type LinkingKey = (TreeId, Goal, Option<String>);

impl<'w, W: World + ?Sized> Memo<'w, W> {
    pub(in crate::plan) fn new(world: &'w W) -> Self {
        Self {
            world,
            parser: SettingsParser::default(),
            probes: HashMap::new(),
            configured: HashMap::new(),
            commits: HashMap::new(),
            linking: HashMap::new(),
        }
    }

    pub(super) fn probe(&mut self, tree: &TreeId, setting: &Setting<'_>) -> &Result<Available, Refusal> {
        let world = self.world;
        self.probes.entry(probe_key(tree, setting)).or_insert_with(|| world.probe(tree, setting))
    }

    pub(super) fn linking(&mut self, tree: &TreeId, goal: Goal, settings: &Settings) -> Option<Linking> {
        let world = self.world;
        let key = (tree.clone(), goal, axes::toolchain_name(settings).map(str::to_owned));
        *self.linking.entry(key).or_insert_with(|| world.linking(tree, goal, settings))
    }

    pub(super) fn commits(&mut self, project: &ProjectView, count: usize) -> Result<Vec<String>, Refusal> {
        let world = self.world;
        let key = (project.planned.name.clone(), count);
        self.commits.entry(key).or_insert_with(|| world.commits(project, count)).clone()
    }

    pub(super) fn as_configured(&mut self, project: &ProjectView) -> Result<String, W::Error> {
        if let Some(known) = self.configured.get(&project.planned.name) {
            return Ok(known.clone());
        }
        let text = self.world.as_configured(project)?;
        self.configured.insert(project.planned.name.clone(), text.clone());
        Ok(text)
    }
}

/// All inputs of a probe as one text: the tree, the key, and the settings that it reads.
fn probe_key(tree: &TreeId, setting: &Setting<'_>) -> String {
    let mut text = String::with_capacity(100);
    for part in [&tree.project, tree.rev.as_deref().unwrap_or_default(), setting.key] {
        text.push_str(part);
        text.push('\0');
    }
    for setting in setting.probe_inputs() {
        for part in [setting.key, setting.text] {
            text.push_str(part);
            text.push('\0');
        }
    }
    text
}
