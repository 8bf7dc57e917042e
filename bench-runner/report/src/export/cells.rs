//! Cells: what one arm of one block left behind, as every format of cells needs it.

use std::collections::BTreeMap;
use std::time::Duration;

use bench_runner_core::bundle::Status;
use bench_runner_core::compare::{ArmResult, BlockResult, pluralize};
use bench_runner_core::nearest::nearest;
use bench_runner_core::record::{
    Arm, Block, BlockEnd, Cost, NotTimed, Role, Sample, TEXT_SETTINGS, by_arm, rounds_of,
};

use super::error::ExportError;
use super::run::{Pick, Run};

/// What is exported.
pub(crate) struct Selection<'a> {
    /// Run by run, as they were given.
    pub(super) runs: Vec<Picked<'a>>,
}

/// One run with those of its cells that were picked, in the order of the plan.
pub(super) struct Picked<'a> {
    pub(super) run: Run<'a>,
    pub(super) cells: Vec<Cell<'a>>,
}

/// What one arm of one block left behind.
pub(super) struct Cell<'a> {
    pub(super) block: &'a BlockResult,
    pub(super) planned_block: &'a Block,
    pub(super) planned: &'a Arm,
    pub(super) arm: &'a ArmResult,
    /// The builds that count, in the order in which they were made.
    pub(super) builds: Vec<(&'a Sample, &'a Cost)>,
}

/// What a format can say of its own; the rest comes back as sentences.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Says {
    /// How many builds of a cell failed.
    pub(super) failures: bool,
    /// Why a cell has no times.
    pub(super) not_timed: bool,
    /// What was asked for and left out, and whether the run is complete.
    pub(super) run: bool,
}

impl<'a> Selection<'a> {
    pub(super) fn of(runs: &[Run<'a>], pick: &Pick) -> Result<Self, ExportError> {
        let runs: Vec<Picked<'a>> = runs.iter().map(|run| Picked { run: *run, cells: cells(*run) }).collect();
        let cells = || runs.iter().flat_map(|picked| &picked.cells);
        expect_known("block", &pick.blocks, cells().map(|cell| cell.block.id.as_str()))?;
        expect_known("variant", &pick.variants, cells().map(|cell| cell.arm.variant.as_str()))?;
        let among = |names: &[String], name: &str| names.is_empty() || names.iter().any(|one| one == name);
        let wanted = |cell: &Cell<'_>| {
            among(&pick.blocks, cell.block.id.as_str()) && among(&pick.variants, &cell.arm.variant)
        };
        let of_run =
            |Picked { run, cells }| Picked { run, cells: cells.into_iter().filter(wanted).collect() };
        Ok(Self { runs: runs.into_iter().map(of_run).collect() })
    }

    /// All cells, with their runs.
    pub(super) fn cells(&self) -> impl Iterator<Item = (&Run<'a>, &Cell<'a>)> {
        self.runs.iter().flat_map(|picked| picked.cells.iter().map(move |cell| (&picked.run, cell)))
    }

    /// A name for a file with all of it: that of the run where there is one.
    pub(super) fn file_name(&self, ending: &str) -> String {
        match &self.runs[..] {
            [only] => format!("{}.{ending}", only.run.bundle.manifest.run),
            _ => format!("bench-runner.{ending}"),
        }
    }

    /// What a format that says so much leaves unsaid, as sentences.
    pub(super) fn unsaid(&self, says: Says) -> Vec<String> {
        let mut sentences = Vec::new();
        for picked in &self.runs {
            let name = &picked.run.bundle.manifest.run;
            if !says.run {
                sentences.extend(of_run(&picked.run).into_iter().map(|said| format!("{name}: {said}")));
            }
            for cell in &picked.cells {
                let label = cell.label();
                sentences
                    .extend(cell.unsaid(says).into_iter().map(|said| format!("{name}: {label}: {said}")));
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

/// The nearest of the names, or all of them, as words that read after a semicolon.
fn did_you_mean<'a>(name: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    match nearest(name, known.clone()) {
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

/// What a format of cells cannot say of the run.
fn of_run(run: &Run<'_>) -> Vec<String> {
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

/// The cells of a run in the order of the plan.
fn cells<'a>(run: Run<'a>) -> Vec<Cell<'a>> {
    let manifest = &run.bundle.manifest;
    let mut samples: BTreeMap<&str, Vec<&'a Sample>> = BTreeMap::new();
    for sample in &run.bundle.samples {
        samples.entry(sample.block.as_str()).or_default().push(sample);
    }
    let of_block = |block: &'a BlockResult| {
        let planned_block = manifest.plan.blocks.iter().find(|planned| planned.id == block.id)?;
        let of_block = samples.get(block.id.as_str()).into_iter().flatten().copied();
        let end: Option<&BlockEnd> = manifest.blocks.iter().rfind(|end| end.block == block.id);
        let builds = counting(planned_block, of_block, end.map_or(&[], |end| &end.not_timed));
        let arms = planned_block.arms.iter().zip(&block.arms).zip(builds);
        let cell = |((planned, arm), builds)| Cell { block, planned_block, planned, arm, builds };
        Some(arms.map(cell).collect::<Vec<_>>())
    };
    run.comparison.blocks.iter().filter_map(of_block).flatten().collect()
}

/// The builds that count of each arm, by the rule that measuring and judging share.
fn counting<'a>(
    block: &Block,
    samples: impl Iterator<Item = &'a Sample>,
    not_timed: &[NotTimed],
) -> Vec<Vec<(&'a Sample, &'a Cost)>> {
    let rounds = rounds_of(block, &by_arm(block, samples), not_timed);
    let of_arm = |arm: usize| {
        let builds = rounds.complete.iter().filter_map(|round| round.builds[arm]);
        let mut builds: Vec<_> = builds.filter_map(|build| Some((build, build.outcome.cost()?))).collect();
        builds.sort_by_key(|(build, _)| build.number);
        builds
    };
    (0..block.arms.len()).map(of_arm).collect()
}

/// Seconds as the nearest number to the whole nanoseconds, so that no digits come in that were not measured.
pub(super) fn seconds(duration: Duration) -> f64 {
    duration.as_nanos() as f64 / 1e9
}

impl Cell<'_> {
    /// `linkers/hexyl/clean/linker=mold`, with ` (twin)` behind it for a twin.
    pub(super) fn label(&self) -> String {
        format!("{}/{}", self.block.id, self.variant_and_role())
    }

    /// Name of the variant, with ` (twin)` behind it for a twin.
    pub(super) fn variant_and_role(&self) -> String {
        match self.arm.role {
            Role::Twin => format!("{} (twin)", self.arm.variant),
            Role::Baseline | Role::Variant => self.arm.variant.clone(),
        }
    }

    /// Name of the variant that it is compared with.
    pub(super) fn baseline(&self) -> &str {
        self.block.arms.get(self.block.baseline).map_or("", |arm| &arm.variant)
    }

    /// The value on each axis, what builds are made of included: `project` and `workload` always, `rev` where there is
    /// one, no whole texts.
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

    /// How many of its builds failed, 0 too: tools that compare with an earlier file raise no alarm for what was not in
    /// it. `None` where none was tried.
    pub(super) fn failures(&self) -> Option<usize> {
        (self.arm.failures > 0 || !self.builds.is_empty()).then_some(self.arm.failures)
    }

    /// How many of its builds failed, in words.
    pub(super) fn failed(&self) -> Option<String> {
        let failures = self.arm.failures;
        (failures > 0).then(|| format!("{} failed", pluralize(failures, "measured build")))
    }

    fn unsaid(&self, says: Says) -> Vec<String> {
        let failed = self.failed().filter(|_| !says.failures);
        let why = self.why_without_times().filter(|_| !says.not_timed);
        failed.into_iter().chain(why).collect()
    }

    /// Why the cell has no times, or no comparison.
    pub(super) fn why_without_times(&self) -> Option<String> {
        match &self.arm.not_timed {
            Some(reason) => Some(format!("not timed: {reason}")),
            None if self.builds.is_empty() => Some("no build counts".to_owned()),
            None => None,
        }
    }
}
