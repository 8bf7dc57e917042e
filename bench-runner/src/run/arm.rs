//! One arm of a block while it is being measured.

use std::path::PathBuf;

use super::{Kit, RunError, Workshop, Workshops};
use crate::axes::{self, Shown};
use crate::build::{BuildError, Evidence, Recipe, Site};
use crate::record::{Arm, Block, Proof, ProofResult};
use crate::workloads::{self, Workload};

/// One arm with everything that building it takes.
pub(super) struct LiveArm<'a> {
    pub(super) arm: &'a Arm,
    pub(super) workshop: &'a Workshop,
    pub(super) kit: &'a Kit,
    pub(super) workload: &'static Workload,
    pub(super) recipe: Recipe,
    pub(super) site: Site,
    /// Measured builds in a row that did not end well.
    pub(super) failures: u32,
    /// Why it is not built any more, where that is so.
    pub(super) dropped: Option<String>,
}

impl<'a> LiveArm<'a> {
    pub(super) fn new(
        workshops: &'a Workshops,
        jobs: usize,
        arm: &'a Arm,
        site: Site,
    ) -> Result<Self, RunError> {
        let variant = &arm.variant;
        let workshop = workshops
            .get(&variant.tree())
            .ok_or_else(|| RunError::Plan(format!("there is no project `{}`", variant.project)))?;
        let workload = workloads::find(&variant.workload)
            .map_err(|_| RunError::Plan(format!("there is no workload `{}`", variant.workload)))?;
        let mut recipe = Recipe { jobs, ..Recipe::default() };
        let kit = workshop
            .kit(&variant.settings)
            .ok_or_else(|| RunError::Plan(format!("no toolchain is at hand for {}", variant.name)))?;
        for setting in axes::each(&variant.settings) {
            let axis = axes::find(setting.key).map_err(|error| RunError::Plan(error.message))?;
            if axis.matters(workload.goal) {
                axis.apply(&setting, &kit.context, &mut recipe).map_err(|source| RunError::Io {
                    action: "apply an axis in",
                    path: kit.context.tools.clone(),
                    source,
                })?;
            }
        }
        Ok(Self { arm, workshop, kit, workload, recipe, site, failures: 0, dropped: None })
    }

    /// The command line of its timed build, or why there is none.
    pub(super) fn step(&self, detail: crate::build::Detail) -> Result<crate::build::Step, BuildError> {
        self.kit.driver.step(&self.site, &self.recipe, self.workload.goal, detail)
    }

    /// What the evidence of a build from nothing says of every setting.
    pub(super) fn prove(&self, block: &Block, shown: &Shown<'_>) -> Vec<Proof> {
        let proof = |axis: &str, finding: axes::Finding| Proof {
            block: block.id.clone(),
            role: self.arm.role,
            variant: self.arm.variant.name.clone(),
            axis: axis.to_owned(),
            expected: finding.expected,
            found: finding.found,
            result: finding.result,
        };
        axes::each(&self.arm.variant.settings)
            .filter_map(|setting| {
                let axis = axes::find(setting.key).ok()?;
                let finding = if axis.matters(self.workload.goal) {
                    axis.prove(&setting, &self.kit.context, shown)
                } else {
                    axes::Finding {
                        expected: format!("{}={}", setting.key, setting.value),
                        found: format!("no meaning under `{}`", self.workload.name),
                        result: ProofResult::NotApplicable,
                    }
                };
                Some(proof(setting.key, finding))
            })
            .collect()
    }

    /// What a build from nothing says of the source tree, where it is an axis of the block.
    pub(super) fn prove_tree(&self, block: &Block, evidence: &Evidence) -> Vec<Proof> {
        let pin = self.workshop.source.pin.to_string();
        let own: Vec<_> = evidence.artifacts.iter().filter(|artifact| artifact.own).collect();
        let here = |package: &Option<PathBuf>| {
            package.as_ref().is_some_and(|package| package.starts_with(&self.site.source))
        };
        let (found, result) = if own.is_empty() {
            ("the build does not tell what it is of".to_owned(), ProofResult::NotProvable)
        } else {
            let units: Vec<&str> = own.iter().map(|artifact| artifact.unit.as_str()).collect();
            let right = own.iter().all(|artifact| here(&artifact.package));
            let place = if right { "its own work tree" } else { "another tree" };
            let result = if right { ProofResult::Holds } else { ProofResult::Fails };
            (format!("{} from {place}", units.join(", ")), result)
        };
        let axes = block.axes.iter().filter(|axis| ["project", "rev"].contains(&axis.as_str()));
        axes.map(|axis| Proof {
            block: block.id.clone(),
            role: self.arm.role,
            variant: self.arm.variant.name.clone(),
            axis: axis.clone(),
            expected: pin.clone(),
            found: found.clone(),
            result,
        })
        .collect()
    }

    /// Why a build that ended well was not what the settings say, where that is so.
    pub(super) fn contradicted(&self, shown: &Shown<'_>) -> Option<String> {
        axes::each(&self.arm.variant.settings).find_map(|setting| {
            let axis = axes::find(setting.key).ok().filter(|axis| axis.matters(self.workload.goal))?;
            let reason = axis.contradicted(&setting, shown)?;
            Some(format!("{}={}: {reason}", setting.key, setting.value))
        })
    }

    /// What a build under the workload says of the workload itself: the units it compiled.
    pub(super) fn prove_workload(&self, block: &Block, evidence: &Evidence) -> Proof {
        let units = self.workload.units;
        let (found, result) = match &evidence.rebuilt {
            None => ("the build does not tell its units".to_owned(), ProofResult::NotProvable),
            Some((rebuilt, _)) => {
                let (compiled, total) = (rebuilt.count as usize, evidence.artifacts.len());
                let agree = units.agree(compiled, total);
                let result = if agree { ProofResult::Holds } else { ProofResult::Fails };
                (format!("{compiled} of {total} units compiled"), result)
            }
        };
        Proof {
            block: block.id.clone(),
            role: self.arm.role,
            variant: self.arm.variant.name.clone(),
            axis: "workload".to_owned(),
            expected: units.describe().to_owned(),
            found,
            result,
        }
    }
}
