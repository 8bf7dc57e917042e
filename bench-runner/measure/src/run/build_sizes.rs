//! Sizes of earlier builds, which the next ones are expected to have.

use std::collections::BTreeMap;
use std::time::Duration;

use bench_runner_core::record::{Block, BlockId, Sample};

use super::ExpectedBuild;
use super::arm::LiveArm;
use crate::workloads::StartState;

/// Start and purpose of a build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum BuildStage {
    /// The release build that a workload starts from.
    Release,
    /// A build from an empty target directory that a workload starts from, or that fills a cache.
    FromNothing,
    /// A build under the workload.
    Workload,
}

/// The last builds, by stage and variant.
#[derive(Debug, Default)]
pub(super) struct BuildSizes {
    seen: BTreeMap<(BlockId, BuildStage), BTreeMap<String, ExpectedBuild>>,
}

impl BuildSizes {
    /// Records the size of a build that ended well.
    pub(super) fn record(&mut self, sample: &Sample, stage: BuildStage) {
        let Some(cost) = sample.outcome.cost() else { return };
        let units = sample.rebuilt.as_ref().map(|rebuilt| rebuilt.count);
        let size = ExpectedBuild { units, time: Some(cost.wall) };
        let of_stage = self.seen.entry((sample.block.clone(), stage)).or_default();
        of_stage.insert(sample.variant.to_string(), size);
    }

    /// The size of the last build of the same variant at this stage. Before the first one: the units as planned,
    /// and the mean time of the block's other variants.
    pub(super) fn expect(
        &self,
        block: &Block,
        arm: &LiveArm<'_>,
        stage: BuildStage,
        asks: bool,
    ) -> ExpectedBuild {
        if stage == BuildStage::Workload && arm.replays() {
            // The next commit changes other units.
            return ExpectedBuild::default();
        }
        let of_stage = self.seen.get(&(block.id.clone(), stage));
        if let Some(seen) = of_stage.and_then(|of_stage| of_stage.get(&arm.arm.variant.name)) {
            return *seen;
        }
        let from_nothing = stage != BuildStage::Workload || arm.workload.start == StartState::Empty;
        let planned = || arm.configured.driver.planned_units(arm.workload.goal);
        let units = if asks && from_nothing { planned() } else { None };
        ExpectedBuild { units, time: of_stage.and_then(mean_time) }
    }
}

fn mean_time(builds: &BTreeMap<String, ExpectedBuild>) -> Option<Duration> {
    let times: Vec<Duration> = builds.values().filter_map(|build| build.time).collect();
    let count = u32::try_from(times.len()).ok().filter(|count| *count > 0)?;
    Some(times.iter().sum::<Duration>() / count)
}
