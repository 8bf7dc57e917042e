//! What was asked of the world while the blocks of a plan are made.

use std::collections::BTreeMap;

use crate::axes::{self, Availability, Axis, Setting, Settings};
use crate::build::Lacking;
use crate::plan::{PlanError, ProjectView, World};
use crate::record::TreeId;

/// The world, asked no question twice.
pub(in crate::plan) struct Memo<'w> {
    pub(super) world: &'w dyn World,
    /// By key, and then by tree and what the probe is shown.
    probes: BTreeMap<String, BTreeMap<(TreeId, Settings), Availability>>,
    configured: BTreeMap<String, String>,
    commits: BTreeMap<(String, usize), Result<Vec<String>, Lacking>>,
}

impl<'w> Memo<'w> {
    pub(in crate::plan) fn new(world: &'w dyn World) -> Self {
        Self { world, probes: BTreeMap::new(), configured: BTreeMap::new(), commits: BTreeMap::new() }
    }

    pub(super) fn probe(&mut self, tree: &TreeId, axis: &dyn Axis, setting: &Setting<'_>) -> &Availability {
        let world = self.world;
        let shown = axes::shown_to_probe(axis, setting);
        let of_setting = self.probes.entry(setting.key.to_owned()).or_default();
        of_setting.entry((tree.clone(), shown)).or_insert_with(|| world.probe(tree, setting))
    }

    pub(super) fn commits(&mut self, project: &ProjectView, count: usize) -> Result<Vec<String>, Lacking> {
        let world = self.world;
        let key = (project.planned.name.clone(), count);
        self.commits.entry(key).or_insert_with(|| world.commits(project, count)).clone()
    }

    pub(super) fn as_configured(&mut self, project: &ProjectView) -> Result<String, PlanError> {
        if let Some(known) = self.configured.get(&project.planned.name) {
            return Ok(known.clone());
        }
        let text = self.world.as_configured(project)?;
        self.configured.insert(project.planned.name.clone(), text.clone());
        Ok(text)
    }
}
