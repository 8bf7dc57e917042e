//! Earlier runs of a machine as far as plans use them: noise by workload, build times by variant.

use std::collections::BTreeMap;
use std::time::Duration;

use bench_runner_core::record::Variant;
use bench_runner_core::stats::median;

use crate::corpus::ProjectEstimate;

/// Rough build times and sizes, by project.
pub type EstimatesByProject = BTreeMap<String, ProjectEstimate>;

/// This machine's earlier runs.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MachineHistory {
    /// Noise by workload.
    pub noise: BTreeMap<String, WorkloadNoise>,
    pub builds: EarlierBuilds,
}

/// Noise of a workload in earlier runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WorkloadNoise {
    /// Scatter of single builds, a standard deviation as a fraction.
    pub sd: f64,
    /// τ² of the offsets between directories; `None` if too few twins are known.
    pub offset: Option<f64>,
}

/// Median wall times of variants in earlier runs, by project, workload and name of the variant.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EarlierBuilds(BTreeMap<(String, String, String), Duration>);

impl EarlierBuilds {
    /// Adds the time of a variant unless a newer run has one already.
    pub fn add_older(&mut self, variant: &Variant, time: Duration) {
        let key = (variant.project.clone(), variant.workload.clone(), variant.name.clone());
        self.0.entry(key).or_insert(time);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn of_workload<'s>(
        &'s self,
        project: &'s str,
        workload: &'s str,
    ) -> impl Iterator<Item = (&'s str, Duration)> {
        self.0
            .range((project.to_owned(), workload.to_owned(), String::new())..)
            .take_while(move |((p, w, _), _)| p == project && w == workload)
            .map(|((.., variant), time)| (variant.as_str(), *time))
    }

    /// Median over the variants of a workload.
    fn typical(&self, project: &str, workload: &str) -> Option<Duration> {
        let times: Vec<f64> =
            self.of_workload(project, workload).map(|(_, time)| time.as_secs_f64()).collect();
        median(&times).map(Duration::from_secs_f64)
    }
}

/// Expected build times: those of this machine's earlier runs, else the estimates of the projects times the
/// machine's speed.
#[derive(Debug)]
pub(super) struct ExpectedTimes<'a> {
    estimates: &'a EstimatesByProject,
    builds: &'a EarlierBuilds,
    /// Median ratio of earlier build times to the estimates; `None` without any.
    slowness: Option<f64>,
}

impl<'a> ExpectedTimes<'a> {
    pub(super) fn new(estimates: &'a EstimatesByProject, builds: &'a EarlierBuilds) -> Self {
        let ratio = |((project, workload, _), time): (&(String, String, String), &Duration)| {
            let estimate = estimated(estimates, project, workload)?;
            (!estimate.is_zero()).then(|| time.as_secs_f64() / estimate.as_secs_f64())
        };
        let ratios: Vec<f64> = builds.0.iter().filter_map(ratio).collect();
        Self { estimates, builds, slowness: median(&ratios) }
    }

    /// Time of one build of `variant` under `workload`, which need not be its own.
    pub(super) fn build(&self, variant: &Variant, workload: &str) -> Option<Duration> {
        let project = variant.project.as_str();
        let same = self.builds.of_workload(project, workload).find(|(name, _)| *name == variant.name);
        let scaled = || {
            let estimate = estimated(self.estimates, project, workload)?;
            Some(estimate.mul_f64(self.slowness.unwrap_or(1.0)))
        };
        same.map(|(_, time)| time).or_else(|| self.builds.typical(project, workload)).or_else(scaled)
    }
}

/// The estimate of a project for a workload.
fn estimated(estimates: &EstimatesByProject, project: &str, workload: &str) -> Option<Duration> {
    typical_build(&estimates.get(project)?.builds, workload)
}

/// Typical time of a build. Without one for the class of edits that it names, it is that of the workload; a check without
/// an estimate takes no longer than the build that does the same and more.
fn typical_build(builds: &BTreeMap<String, Duration>, workload: &str) -> Option<Duration> {
    let (name, class) = workload.split_once(':').map_or((workload, ""), |(name, class)| (name, class));
    let known = builds.get(workload).or_else(|| builds.get(name)).copied();
    known.or_else(|| match name {
        "check" => typical_build(builds, "clean"),
        "check-incremental" if class.is_empty() => typical_build(builds, "incremental"),
        "check-incremental" => typical_build(builds, &format!("incremental:{class}")),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn variant(project: &str, workload: &str, name: &str) -> Variant {
        let (name, project, workload) = (name.to_owned(), project.to_owned(), workload.to_owned());
        Variant { name, project, workload, rev: None, settings: BTreeMap::new() }
    }

    #[test]
    fn what_was_built_here_says_how_long_builds_take() {
        let estimated = BTreeMap::from([("clean".to_owned(), 4 * SECOND), ("check".to_owned(), 2 * SECOND)]);
        let of = || ProjectEstimate { builds: estimated.clone(), target_bytes: None };
        let estimates = BTreeMap::from([("a".to_owned(), of()), ("b".to_owned(), of())]);
        let mut builds = EarlierBuilds::default();
        builds.add_older(&variant("a", "clean", "linker=mold"), 6 * SECOND);
        builds.add_older(&variant("a", "clean", "linker=mold"), 60 * SECOND);
        builds.add_older(&variant("a", "clean", "linker=bfd"), 10 * SECOND);
        builds.add_older(&variant("own", "clean", "linker=bfd"), 3 * SECOND);
        let times = ExpectedTimes::new(&estimates, &builds);
        let of = |project, workload, name| times.build(&variant(project, workload, name), workload);
        assert_eq!(of("a", "clean", "linker=mold"), Some(6 * SECOND), "the newest run counts");
        assert_eq!(of("a", "clean", "linker=lld"), Some(8 * SECOND), "as the others of the workload");
        // Twice as long as estimated: 6 / 4 and 10 / 4.
        assert_eq!(of("a", "check", "linker=mold"), Some(4 * SECOND));
        assert_eq!(of("b", "clean", "linker=mold"), Some(8 * SECOND));
        assert_eq!(of("own", "clean", "x"), Some(3 * SECOND), "a project without an estimate");
        assert_eq!(of("own", "check", "x"), None);
        let nothing = EarlierBuilds::default();
        let times = ExpectedTimes::new(&estimates, &nothing);
        assert_eq!(times.build(&variant("a", "clean", "x"), "clean"), Some(4 * SECOND));
    }
}
