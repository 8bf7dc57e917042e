//! Cells: results and builds of one arm of one block, as input of the formats.

use std::collections::BTreeMap;
use std::time::Duration;

use bench_runner_core::bundle::Status;
use bench_runner_core::compare::{ArmResult, BlockResult, pluralize};
use bench_runner_core::record::{
    Arm, Block, BlockEnd, Cost, NotTimed, Role, Sample, TEXT_SETTINGS, builds_by_arm, rounds_from_builds,
};
use bench_runner_core::suggest::suggest;

use super::error::ExportError;
use super::run::{CellFilter, ExportRun};

/// Runs and cells to export.
pub(crate) struct Selection<'a> {
    /// Runs in the order in which they were given.
    pub(super) runs: Vec<PickedRun<'a>>,
}

/// A run with its picked cells, in the order of the plan.
pub(super) struct PickedRun<'a> {
    pub(super) run: ExportRun<'a>,
    pub(super) cells: Vec<ExportCell<'a>>,
}

/// Results and builds of one arm of one block.
pub(super) struct ExportCell<'a> {
    pub(super) block: &'a BlockResult,
    pub(super) planned_block: &'a Block,
    pub(super) planned: &'a Arm,
    pub(super) arm: &'a ArmResult,
    /// Builds that count, in the order in which they were made.
    pub(super) builds: Vec<(&'a Sample, &'a Cost)>,
}

/// Capabilities of a format; what it cannot represent is returned as sentences.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct FormatCapabilities {
    /// Number of failed builds of a cell.
    pub(super) failures: bool,
    /// Reason why a cell has no times.
    pub(super) not_timed: bool,
    /// Variants that were left out, and the status of the run.
    pub(super) run: bool,
}

impl<'a> Selection<'a> {
    pub(super) fn from_runs(runs: &[ExportRun<'a>], filter: &CellFilter) -> Result<Self, ExportError> {
        let runs: Vec<PickedRun<'a>> =
            runs.iter().map(|run| PickedRun { run: *run, cells: cells(*run) }).collect();
        let cells = || runs.iter().flat_map(|picked| &picked.cells);
        expect_known("block", &filter.blocks, cells().map(|cell| cell.block.id.as_str()))?;
        expect_known("variant", &filter.variants, cells().map(|cell| cell.arm.variant.as_str()))?;
        let is_in = |names: &[String], name: &str| names.is_empty() || names.iter().any(|one| one == name);
        let wanted = |cell: &ExportCell<'_>| {
            is_in(&filter.blocks, cell.block.id.as_str()) && is_in(&filter.variants, &cell.arm.variant)
        };
        let of_run =
            |PickedRun { run, cells }| PickedRun { run, cells: cells.into_iter().filter(wanted).collect() };
        Ok(Self { runs: runs.into_iter().map(of_run).collect() })
    }

    /// All cells, with their runs.
    pub(super) fn cells(&self) -> impl Iterator<Item = (&ExportRun<'a>, &ExportCell<'a>)> {
        self.runs.iter().flat_map(|picked| picked.cells.iter().map(move |cell| (&picked.run, cell)))
    }

    /// File name for the whole selection: that of the run if there is only one.
    pub(super) fn file_name(&self, ending: &str) -> String {
        match &self.runs[..] {
            [only] => format!("{}.{ending}", only.run.bundle.manifest.run),
            _ => format!("bench-runner.{ending}"),
        }
    }

    /// Facts that a format with these capabilities cannot represent, as sentences.
    pub(super) fn omissions(&self, capabilities: FormatCapabilities) -> Vec<String> {
        let mut sentences = Vec::new();
        for picked in &self.runs {
            let name = &picked.run.bundle.manifest.run;
            if !capabilities.run {
                sentences
                    .extend(run_omissions(&picked.run).into_iter().map(|fact| format!("{name}: {fact}")));
            }
            for cell in &picked.cells {
                let label = cell.label();
                sentences.extend(
                    cell.omissions(capabilities).into_iter().map(|fact| format!("{name}: {label}: {fact}")),
                );
            }
        }
        sentences
    }
}

fn expect_known<'n>(
    what: &'static str,
    picked: &[String],
    known: impl Iterator<Item = &'n str>,
) -> Result<(), ExportError> {
    let mut known: Vec<&str> = known.collect();
    known.sort_unstable();
    known.dedup();
    match picked.iter().find(|name| !known.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => {
            let help = did_you_mean(name, known.iter().copied());
            Err(ExportError::NoSuch { what, name: name.clone(), help })
        }
    }
}

/// Hint with the most similar of the names, or with all of them, as text after a semicolon.
fn did_you_mean<'a>(name: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    match suggest(name, known.clone()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => {
            let known: Vec<String> = known.map(|name| format!("`{name}`")).collect();
            if known.is_empty() {
                "there is none at all".to_owned()
            } else {
                format!("there is {}", known.join(", "))
            }
        }
    }
}

/// Facts about the run that a format of cells cannot represent: its status and the variants left out.
fn run_omissions(run: &ExportRun<'_>) -> Vec<String> {
    let status = match run.bundle.manifest.status {
        Status::Complete => None,
        Status::Running => Some("the run has not ended, or ended without a word"),
        Status::Interrupted => Some("the run was interrupted"),
        Status::Broken => Some("the harness failed in the run"),
    };
    let skipped = run.comparison.skipped.iter();
    let skipped = skipped.map(|one| format!("{} {} was left out: {}", one.block, one.variant, one.reason));
    status.map(str::to_owned).into_iter().chain(skipped).collect()
}

/// Cells of a run in the order of the plan.
fn cells<'a>(run: ExportRun<'a>) -> Vec<ExportCell<'a>> {
    let manifest = &run.bundle.manifest;
    let mut samples: BTreeMap<&str, Vec<&'a Sample>> = BTreeMap::new();
    for sample in &run.bundle.samples {
        samples.entry(sample.block.as_str()).or_default().push(sample);
    }
    let of_block = |block: &'a BlockResult| {
        let planned_block = manifest.plan.blocks.iter().find(|planned| planned.id == block.id)?;
        let of_block = samples.get(block.id.as_str()).into_iter().flatten().copied();
        let end: Option<&BlockEnd> = manifest.blocks.iter().rfind(|end| end.block == block.id);
        let builds = builds_that_count(planned_block, of_block, end.map_or(&[], |end| &end.not_timed));
        let arms = planned_block.arms.iter().zip(&block.arms).zip(builds);
        let cell = |((planned, arm), builds)| ExportCell { block, planned_block, planned, arm, builds };
        Some(arms.map(cell).collect::<Vec<_>>())
    };
    run.comparison.blocks.iter().filter_map(of_block).flatten().collect()
}

/// Builds of each arm that count, by the rule that measuring and judging share.
fn builds_that_count<'a>(
    block: &Block,
    samples: impl Iterator<Item = &'a Sample>,
    not_timed: &[NotTimed],
) -> Vec<Vec<(&'a Sample, &'a Cost)>> {
    let rounds = rounds_from_builds(block, &builds_by_arm(block, samples), not_timed);
    let of_arm = |arm: usize| {
        let builds = rounds.complete.iter().filter_map(|round| round.builds[arm]);
        let mut builds: Vec<_> = builds.filter_map(|build| Some((build, build.outcome.cost()?))).collect();
        builds.sort_by_key(|(build, _)| build.number);
        builds
    };
    (0..block.arms.len()).map(of_arm).collect()
}

/// Seconds as the number nearest to the whole nanoseconds, without digits that were not measured.
pub(super) fn seconds(duration: Duration) -> f64 {
    duration.as_nanos() as f64 / 1e9
}

impl ExportCell<'_> {
    /// Label such as `linkers/hexyl/clean/linker=mold`, followed by ` (twin)` for a twin.
    pub(super) fn label(&self) -> String {
        format!("{}/{}", self.block.id, self.variant_and_role())
    }

    /// Name of the variant, followed by ` (twin)` for a twin.
    pub(super) fn variant_and_role(&self) -> String {
        match self.arm.role {
            Role::Twin => format!("{} (twin)", self.arm.variant),
            Role::Baseline | Role::Variant => self.arm.variant.clone(),
        }
    }

    /// Name of the variant that the cell is compared with.
    pub(super) fn baseline(&self) -> &str {
        self.block.arms.get(self.block.baseline).map_or("", |arm| &arm.variant)
    }

    /// Values of the cell: one for each axis, `project` and `workload` always, `rev` if there is one; without
    /// whole texts.
    pub(super) fn values(&self) -> BTreeMap<String, String> {
        let variant = &self.planned.variant;
        let settings = variant.settings.iter().filter(|(key, _)| !TEXT_SETTINGS.contains(&key.as_str()));
        let mut values: BTreeMap<String, String> =
            settings.map(|(key, value)| (key.clone(), value.clone())).collect();
        values.insert("project".to_owned(), variant.project.clone());
        values.insert("workload".to_owned(), variant.workload.clone());
        values.extend(variant.rev.iter().map(|rev| ("rev".to_owned(), rev.clone())));
        values
    }

    /// Number of failed builds, including 0, since tools that compare with an earlier file raise no alarm for
    /// a value that it did not have. `None` if no build was made.
    pub(super) fn failures(&self) -> Option<usize> {
        (self.arm.failures > 0 || !self.builds.is_empty()).then_some(self.arm.failures)
    }

    /// Number of failed builds in words; `None` if none failed.
    pub(super) fn failures_text(&self) -> Option<String> {
        let failures = self.arm.failures;
        (failures > 0).then(|| format!("{} failed", pluralize(failures, "measured build")))
    }

    fn omissions(&self, capabilities: FormatCapabilities) -> Vec<String> {
        let failed = self.failures_text().filter(|_| !capabilities.failures);
        let why = self.why_no_times().filter(|_| !capabilities.not_timed);
        failed.into_iter().chain(why).collect()
    }

    /// Reason why the cell has no times, or no comparison.
    pub(super) fn why_no_times(&self) -> Option<String> {
        match &self.arm.not_timed {
            Some(reason) => Some(format!("not timed: {reason}")),
            None if self.builds.is_empty() => Some("no build counts".to_owned()),
            None => None,
        }
    }
}
