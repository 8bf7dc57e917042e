//! Several bundles → their joint results. Needs no build and no network.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use bench_runner_core::bundle::{self, Bundle};
use bench_runner_core::compare::{Comparison, Policy};
use bench_runner_core::record::{BlockId, Cost, Phase, Role, Sample};
use bench_runner_report::machines::{
    self, ComparedRun, Decisions, PeakMemory, Reproduction, Rule, SideBySide,
};
use bench_runner_report::{figure, report};

use super::{FlowError, judge};

/// A bundle and its results.
#[derive(Debug, Clone)]
pub struct JudgedRun {
    pub bundle: Bundle,
    pub comparison: Comparison,
    /// Peak memory of its builds.
    pub memory: Vec<PeakMemory>,
}

impl JudgedRun {
    /// Judges an opened bundle.
    pub fn of(bundle: Bundle, policy: &Policy) -> Self {
        let (comparison, memory) = (judge(&bundle, policy), memory(&bundle.samples));
        Self { bundle, comparison, memory }
    }

    /// Drops the samples, which are not needed for the joint results.
    #[must_use]
    pub(crate) fn without_samples(mut self) -> Self {
        self.bundle.samples = Vec::new();
        self
    }

    fn run(&self) -> ComparedRun<'_> {
        ComparedRun { manifest: &self.bundle.manifest, comparison: &self.comparison, memory: &self.memory }
    }
}

/// Opens and judges each bundle separately.
///
/// # Errors
/// If a bundle cannot be opened; the first such error.
pub(crate) fn judge_all(dirs: &[PathBuf], policy: &Policy) -> Result<Vec<JudgedRun>, FlowError> {
    dirs.iter().map(|dir| Ok(JudgedRun::of(bundle::open(dir)?, policy).without_samples())).collect()
}

/// Peak memory of the measured builds of each arm: of all processes together if the kernel reported it for
/// every build, otherwise of the largest process.
fn memory(samples: &[Sample]) -> Vec<PeakMemory> {
    let mut of_arm: BTreeMap<(&BlockId, &str), Vec<&Cost>> = BTreeMap::new();
    for sample in samples.iter().filter(|sample| sample.phase == Phase::Measured && sample.role != Role::Twin)
    {
        if let Some(cost) = sample.outcome.cost() {
            of_arm.entry((&sample.block, &sample.variant)).or_default().push(cost);
        }
    }
    let of_arm = of_arm.into_iter().filter_map(|((block, variant), costs)| {
        let all: Option<Vec<u64>> = costs.iter().map(|cost| cost.peak_memory).collect();
        let (bytes, all_processes) = match all {
            Some(peaks) => (peaks.into_iter().max()?, true),
            None => (costs.iter().map(|cost| cost.max_rss).max()?, false),
        };
        Some(PeakMemory { block: block.clone(), variant: variant.to_owned(), bytes, all_processes })
    });
    of_arm.collect()
}

/// Compares bundles side by side.
pub fn side_by_side(judged: &[JudgedRun]) -> SideBySide {
    machines::side_by_side(&judged.iter().map(JudgedRun::run).collect::<Vec<_>>())
}

/// Compares a run with its reproduction.
pub(crate) fn compare_reproduction(first: &JudgedRun, again: &JudgedRun) -> Reproduction {
    machines::compare_reproduction(first.run(), again.run())
}

/// The decision for each class of machines.
pub fn decide(judged: &[JudgedRun], rule: &Rule) -> Decisions {
    machines::decide(&judged.iter().map(JudgedRun::run).collect::<Vec<_>>(), rule)
}

/// Files written for several bundles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PublishedComparison {
    /// The directory with the figures.
    pub plots: PathBuf,
    pub page: PathBuf,
}

/// Writes page and figures to `plots/together-<12 hex>/`. The digits are the beginning of the sha256 of the
/// runs' machine instances and names, sorted, so that the same runs always have the same directory.
pub(crate) fn publish_together(
    together: &SideBySide,
    plots: &Path,
) -> Result<PublishedComparison, FlowError> {
    let plots = plots.join(together.name());
    std::fs::create_dir_all(&plots).with_context(|| format!("failed to make {}", plots.display()))?;
    let write = |name: &str, bytes: &[u8]| -> Result<PathBuf, FlowError> {
        let path = plots.join(name);
        std::fs::write(&path, bytes).with_context(|| format!("failed to write {}", path.display()))?;
        Ok(path)
    };
    let page = write("report.html", report::multi_run_page(together).as_bytes())?;
    let pictures = figure::multi_run_pngs(together).context("failed to draw the figures")?;
    for figure in figure::multi_run_svgs(together).into_iter().chain(pictures) {
        write(&figure.name, &figure.bytes)?;
    }
    Ok(PublishedComparison { plots: plots.clone(), page })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_that_of_all_processes_where_every_build_tells_it() {
        let sample = |peak_memory, max_rss, role| {
            let mut sample = bundle::fixture::sample(1, bundle::fixture::built());
            let bench_runner_core::record::Outcome::Built(cost) = &mut sample.outcome else {
                panic!("a build")
            };
            (cost.peak_memory, cost.max_rss, sample.role) = (peak_memory, max_rss, role);
            sample
        };
        let of = |samples: &[Sample]| memory(samples).first().map(|seen| (seen.bytes, seen.all_processes));
        let (one, other) = (sample(Some(900), 400, Role::Variant), sample(Some(800), 500, Role::Variant));
        assert_eq!(of(&[one.clone(), other]), Some((900, true)));
        assert_eq!(of(&[one.clone(), sample(None, 500, Role::Variant)]), Some((500, false)));
        assert_eq!(of(&[sample(Some(900), 400, Role::Twin)]), None);
        let warm_up = Sample { phase: Phase::Warmup, ..one };
        assert_eq!(of(&[warm_up]), None);
    }
}
