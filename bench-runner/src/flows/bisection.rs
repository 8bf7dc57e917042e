//! Steps of a bisection: each is an ordinary run that builds the two ends and one commit in between. What was measured is
//! found again by the origin in its plan, so a bisection that was interrupted goes on with the same command.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use bench_runner_core::bundle::{self, Bundle, BundleError, Manifest, RunFiles, Status, ToolEntry};
use bench_runner_core::record::{PlanOrigin, Role, rounds, wall_seconds};
use bench_runner_core::stats::BisectionRound;

/// Steps of one bisection on one machine.
#[derive(Debug, Default)]
pub(crate) struct BisectionSteps {
    /// Usable steps in the order of time.
    pub(crate) rounds: Vec<BisectionRound>,
    /// Commits that could not be built.
    pub(crate) not_built: Vec<usize>,
    /// Builds that were made, warm-ups included.
    pub(crate) builds: usize,
    /// Steps that were made, those that are left out included.
    pub(crate) made: usize,
    /// Directories of the runs.
    pub(crate) bundles: Vec<PathBuf>,
    /// Runs that were left out, as sentences.
    pub(crate) remarks: Vec<String>,
    /// Tools and settings of the newest step: steps with others do not count.
    setup: Option<StepSetup>,
}

/// Result of one step.
#[derive(Debug, Clone, Copy, PartialEq)]
enum StepResult {
    Measured(BisectionRound),
    /// The commit between the ends was not built.
    NotBuilt(usize),
    /// Nothing usable: an end was not built, or no round was complete.
    Nothing,
}

impl BisectionSteps {
    /// Adds a newer run. `commits` are the candidates, oldest first: the first has the number 1.
    pub(crate) fn add(&mut self, bundle: &Bundle, commits: &[String]) {
        let arms = bundle.manifest.plan.blocks.iter().flat_map(|block| &block.arms);
        let settings = arms.take(1).map(|arm| arm.variant.settings.clone()).next().unwrap_or_default();
        let setup = (bundle.manifest.tools.clone(), settings);
        if self.setup.as_ref().is_some_and(|before| !are_alike(before, &setup)) {
            let count = self.bundles.len();
            let remarks = std::mem::take(&mut self.remarks);
            *self = Self { remarks, made: self.made, ..Self::default() };
            self.remarks.push(format!(
                "{count} earlier steps are left out, since compilers, linkers or settings have changed since then"
            ));
        }
        self.setup = Some(setup);
        self.made += 1;
        self.builds += bundle.samples.len();
        self.bundles.push(bundle.dir.clone());
        match step_result(bundle, commits) {
            StepResult::Measured(round) => self.rounds.push(round),
            StepResult::NotBuilt(commit) => self.not_built.push(commit),
            StepResult::Nothing => self.remarks.push(format!(
                "{}: left out, since it has no complete round with both ends and the commit",
                bundle.dir.display()
            )),
        }
    }

    /// The complete runs below `machine` whose origin is `request`.
    pub(crate) fn find(machine: &Path, request: &str, commits: &[String]) -> Self {
        let mut steps = Self::default();
        // Without its directory, the machine has no runs yet.
        let listed = bundle::list_runs(machine).unwrap_or_default();
        steps.remarks.extend(listed.unreadable.iter().map(ToString::to_string));
        let mut found: Vec<(Manifest, RunFiles)> = Vec::new();
        for files in listed.runs {
            match files.read_manifest() {
                Ok(manifest) if is_step(&manifest, request) => found.push((manifest, files)),
                Ok(_) | Err(BundleError::NotABundle { .. }) => {}
                Err(error) => steps.remarks.push(error.to_string()),
            }
        }
        found.sort_by(|one, other| (&one.0.started_at, &one.0.run).cmp(&(&other.0.started_at, &other.0.run)));
        for (_, files) in found {
            match files.open() {
                Ok(bundle) => steps.add(&bundle, commits),
                Err(error) => steps.remarks.push(error.to_string()),
            }
        }
        steps
    }
}

/// Tools and settings of a step.
type StepSetup = (Vec<ToolEntry>, BTreeMap<String, String>);

/// True if two steps have the same settings, and of each tool the same versions. A commit in between may name another
/// compiler, so one step may have more versions than the other.
fn are_alike(one: &StepSetup, other: &StepSetup) -> bool {
    let versions = |setup: &StepSetup| {
        let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for tool in &setup.0 {
            all.entry(tool.name.clone()).or_default().insert(tool.sha256.clone());
        }
        all
    };
    let (first, second) = (versions(one), versions(other));
    let alike = |(name, hashes): (&String, &BTreeSet<String>)| {
        second.get(name).is_none_or(|others| hashes.is_subset(others) || others.is_subset(hashes))
    };
    one.1 == other.1 && first.iter().all(alike)
}

fn is_step(manifest: &Manifest, request: &str) -> bool {
    let is_asked = |by: &str, asked: &str| by == PlanOrigin::BISECT && asked == request;
    manifest.status == Status::Complete
        && manifest.plan.origin.as_ref().is_some_and(|origin| is_asked(&origin.by, &origin.request))
}

/// Means of ln seconds over the rounds in which all three were built.
fn step_result(bundle: &Bundle, commits: &[String]) -> StepResult {
    let [block] = bundle.manifest.plan.blocks.as_slice() else { return StepResult::Nothing };
    let end = bundle.manifest.blocks.iter().find(|end| end.block == block.id);
    let not_timed = end.map(|end| end.not_timed.as_slice()).unwrap_or_default();
    let origin = bundle.manifest.plan.origin.as_ref();
    let Some(commit) = origin.and_then(|origin| origin.stage.split_once(": ")).map(|(_, commit)| commit)
    else {
        return StepResult::Nothing;
    };
    let number = |rev: &str| commits.iter().position(|commit| commit == rev).map(|at| at + 1);
    let (Some(number), Some(last)) = (number(commit), commits.last()) else { return StepResult::Nothing };
    let arm = |rev: &str| block.arms.iter().position(|arm| arm.variant.rev.as_deref() == Some(rev));
    let good = block.arms.iter().position(|arm| arm.role == Role::Baseline);
    let (Some(good), Some(bad)) = (good, arm(last)) else { return StepResult::Nothing };
    // A commit whose sources cannot be had is not in the plan.
    let Some(at) = arm(commit) else { return StepResult::NotBuilt(number) };
    let mut sums = [0.0; 3];
    let mut count = 0.0;
    let (mut ends, mut candidate) = (false, false);
    for round in rounds(block, &bundle.samples, not_timed).complete {
        let walls = wall_seconds(&round.builds);
        let all: Vec<f64> = [good, at, bad].iter().filter_map(|&arm| walls[arm]).map(f64::ln).collect();
        ends |= walls[good].is_some() && walls[bad].is_some();
        candidate |= walls[at].is_some();
        if let [good, at, bad] = all.as_slice() {
            sums = [sums[0] + good, sums[1] + at, sums[2] + bad];
            count += 1.0;
        }
    }
    match () {
        () if count > 0.0 => {
            let [good, at, bad] = sums.map(|sum| sum / count);
            StepResult::Measured(BisectionRound { commit: number, good, at, bad })
        }
        () if ends && !candidate => StepResult::NotBuilt(number),
        () => StepResult::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setup(rustc: &[&str], setting: &str) -> StepSetup {
        let tool = |hash: &&str| ToolEntry {
            name: "rustc".into(),
            version: format!("rustc {hash}"),
            sha256: (*hash).to_owned(),
        };
        (rustc.iter().map(tool).collect(), [("debug".to_owned(), setting.to_owned())].into())
    }

    /// Commits may name other compilers, so a step has those of the two ends and maybe a third one.
    #[test]
    fn a_compiler_in_between_is_no_change_and_another_one_is() {
        let ends = setup(&["old", "new"], "full");
        assert!(are_alike(&ends, &setup(&["old", "middle", "new"], "full")));
        assert!(are_alike(&setup(&["old", "middle", "new"], "full"), &ends));
        assert!(!are_alike(&ends, &setup(&["old", "newer"], "full")));
        assert!(!are_alike(&ends, &setup(&["old", "new"], "none")));
    }
}
