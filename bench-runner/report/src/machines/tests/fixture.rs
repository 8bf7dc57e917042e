//! Synthetic runs of synthetic machines.

use std::collections::BTreeMap;

use bench_runner_core::bundle::{Manifest, Status, ToolEntry, fixture as bundle_fixture};
use bench_runner_core::compare::{BlockResult, Comparison, Verdict, workload_phrase};
use bench_runner_core::record::{Arm, Block, BlockId, MetricId, Pin, PlannedProject, Role, Variant};

use crate::figure::fixture::{comparison, empty_arm, empty_block, ratio, summary, twin};
use crate::machines::{ComparedRun, PeakMemory};

/// A run with all of its parts.
#[derive(Debug, Clone)]
pub(crate) struct FixtureRun {
    pub(crate) manifest: Manifest,
    pub(crate) comparison: Comparison,
    pub(crate) memory: Vec<PeakMemory>,
}

/// Linker of a variant, ratio, half-width of the interval as a fraction, and verdict.
pub(crate) type FixtureRatio<'a> = (&'a str, f64, f64, Verdict);

impl FixtureRun {
    pub(crate) fn run(&self) -> ComparedRun<'_> {
        ComparedRun { manifest: &self.manifest, comparison: &self.comparison, memory: &self.memory }
    }

    /// Adds a block.
    pub(crate) fn with_block(mut self, workload: &str, seconds: f64, said: &[FixtureRatio<'_>]) -> Self {
        let (planned, result) = block(workload, seconds, said);
        self.memory.extend(result.arms.iter().map(|arm| PeakMemory {
            block: result.id.clone(),
            variant: arm.variant.clone(),
            bytes: 400 << 20,
            all_processes: true,
        }));
        self.manifest.plan.blocks.push(planned);
        self.comparison.blocks.push(result);
        self
    }

    /// Replaces a tool.
    pub(crate) fn with_tool(mut self, name: &str, version: &str) -> Self {
        self.manifest.tools.retain(|tool| tool.name != name);
        let sha256 = bench_runner_core::record::short_hash(version);
        self.manifest.tools.push(ToolEntry { name: name.to_owned(), version: version.to_owned(), sha256 });
        self
    }

    /// Replaces the pin of the project.
    pub(crate) fn pinned_at(mut self, version: &str) -> Self {
        self.manifest.plan.projects[0].pin = pin(version);
        self
    }
}

fn pin(version: &str) -> Pin {
    Pin::CratesIo { name: "hexyl".to_owned(), version: version.to_owned(), sha256: "ab".repeat(32) }
}

/// A run called `name` on `machine`, without blocks. Machines with the same name up to the first `-` are of
/// one class.
pub(crate) fn fixture_run(machine: &str, name: &str) -> FixtureRun {
    let mut manifest = bundle_fixture::manifest();
    manifest.run = name.to_owned();
    manifest.status = Status::Complete;
    manifest.machine.directory = machine.to_owned();
    manifest.machine.instance = machine.to_owned();
    manifest.machine.class = machine.split('-').next().unwrap_or_default().to_owned();
    manifest.machine.summary = format!("the machine {machine}");
    manifest.machine.details = serde_json::json!({ "facts": { "memory_bytes": 8u64 << 30 } });
    manifest.plan.scenario = "linkers".to_owned();
    manifest.plan.blocks.clear();
    manifest.plan.projects = vec![PlannedProject {
        name: "hexyl".to_owned(),
        pin: pin("0.17.0"),
        manifest: "name = \"hexyl\"\nsummary = \"a viewer\"\n[source]\nkind = \"crates-io\"\n".to_owned(),
        base: None,
        notes: Vec::new(),
        ignored: None,
    }];
    FixtureRun { manifest, comparison: comparison(Vec::new()), memory: Vec::new() }
        .with_tool("rustc", "rustc 1.95.0")
}

fn arm(role: Role, workload: &str, linker: &str) -> Arm {
    let variant = Variant {
        name: format!("linker={linker}"),
        project: "hexyl".to_owned(),
        workload: workload.to_owned(),
        rev: None,
        settings: BTreeMap::from([("linker".to_owned(), linker.to_owned())]),
    };
    Arm { role, variant, aliases: Vec::new(), co_changes: Vec::new(), primed: false }
}

fn block(workload: &str, seconds: f64, said: &[FixtureRatio<'_>]) -> (Block, BlockResult) {
    let mut arms = vec![arm(Role::Baseline, workload, "bfd"), arm(Role::Twin, workload, "bfd")];
    arms.extend(said.iter().map(|(linker, ..)| arm(Role::Variant, workload, linker)));
    let mut result = empty_block("hexyl 0.17.0");
    result.id = BlockId::new("linkers", "hexyl", workload);
    workload.clone_into(&mut result.workload);
    result.title = format!("hexyl 0.17.0: {}", workload_phrase(workload, None));
    (result.rounds, result.twin) = (12, Some(twin(12, 1.001, 0.015, 0.8)));
    result.arms = arms.iter().map(|arm| empty_arm(arm.role, &arm.variant.name)).collect();
    for arm in &mut result.arms {
        arm.summaries[MetricId::Wall] = Some(summary(seconds, 0.01, 12));
    }
    for (arm, (_, estimate, spread, verdict)) in result.arms.iter_mut().skip(2).zip(said) {
        arm.ratio = Some(ratio(*estimate, *spread, *verdict));
        arm.summaries[MetricId::Wall] = Some(summary(seconds * estimate, 0.01, 12));
    }
    let mut planned = bundle_fixture::plan().blocks.remove(0);
    (planned.id, planned.arms) = (result.id.clone(), arms);
    (planned, result)
}

/// Two machines of a class and one of another, with one run each, and a second run of the first.
pub(crate) fn several_runs() -> Vec<FixtureRun> {
    use Verdict::{Faster, Slower, Undecided};
    vec![
        fixture_run("amd-1", "r1")
            .with_block("clean", 20.0, &[("lld", 0.95, 0.01, Faster), ("mold", 0.90, 0.01, Faster)])
            .with_block("incremental", 2.0, &[("lld", 0.60, 0.02, Faster), ("mold", 0.50, 0.02, Faster)]),
        fixture_run("amd-2", "r2")
            .with_block("clean", 25.0, &[("lld", 0.955, 0.01, Faster), ("mold", 0.91, 0.02, Faster)])
            .with_tool("rustc", "rustc 1.96.0"),
        fixture_run("intel-1", "r3")
            .with_block("clean", 40.0, &[("lld", 1.06, 0.01, Slower), ("mold", 0.97, 0.04, Undecided)])
            .with_block("incremental", 4.0, &[("lld", 0.62, 0.02, Faster), ("wild", 0.4, 0.02, Faster)]),
        fixture_run("amd-1", "r4").with_block(
            "clean",
            20.5,
            &[("lld", 0.94, 0.01, Faster), ("mold", 0.93, 0.01, Faster)],
        ),
    ]
}
