//! Request for a search.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::refusal::SearchRefusal;
use super::space::SearchSpace;

/// A search, complete: with the results of its stages it determines everything that follows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SearchRequest {
    /// Time for all stages.
    pub budget: Duration,
    /// The workloads of a day.
    pub workloads: Vec<DailyWorkload>,
    /// Seconds between two builds that no clock counts.
    pub overhead_s: f64,
    /// The combinations.
    pub space: SearchSpace,
    /// Seed of the choice of rows.
    pub seed: u64,
    /// Factor by which each level is expected to lengthen builds, at least 1, by axis and level: what the screening is planned
    /// with, before any combination was built. What is missing is 1.
    pub slowness: Vec<Vec<f64>>,
}

/// A workload with its weight and its times, as estimated before the first build.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DailyWorkload {
    /// Name of the workload.
    pub name: String,
    /// Builds per day, above 0.
    pub per_day: f64,
    /// Expected seconds of one build.
    pub build_s: f64,
    /// The builds before the first timed one.
    pub warm_up: WarmUp,
}

/// The first build of a combination.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum WarmUp {
    /// It starts from nothing as all builds of the workload do, so it is their first round.
    Counts,
    /// It is another build.
    Separate {
        /// Expected seconds.
        seconds: f64,
    },
    /// The workload is itself the warm-up of another workload, and is built only where one round is not enough.
    Within {
        /// Name of the other workload, whose warm-up is separate.
        workload: String,
    },
}

impl SearchRequest {
    /// Expected time of a combination in units of the current one: its levels multiply.
    pub(super) fn slowness_of(&self, levels: &[usize]) -> f64 {
        let of_level =
            |(axis, level): (&Vec<f64>, &usize)| axis.get(*level).map_or(1.0, |factor| factor.max(1.0));
        self.slowness.iter().zip(levels).map(of_level).product()
    }

    /// Checks the workloads.
    ///
    /// # Errors
    ///
    /// If there is none, a number makes no sense, a name is used twice, or a warm-up is that of no workload.
    pub(super) fn check_workloads(&self) -> Result<(), SearchRefusal> {
        if self.workloads.is_empty() {
            return Err(SearchRefusal::NoWorkload);
        }
        let is_positive = |value: f64| value > 0.0 && value.is_finite();
        for (at, one) in self.workloads.iter().enumerate() {
            let fault = if self.workloads[..at].iter().any(|other| other.name == one.name) {
                Some("it is named twice")
            } else if !is_positive(one.per_day) {
                Some("its builds per day are not a positive number")
            } else if !is_positive(one.build_s) {
                Some("its estimated time is not a positive number")
            } else {
                match &one.warm_up {
                    WarmUp::Separate { seconds } if !is_positive(*seconds) => {
                        Some("the estimated time of its warm-up is not a positive number")
                    }
                    WarmUp::Within { workload } if !self.has_separate_warm_up(workload) => {
                        Some("it is the warm-up of a workload that is not searched or has none")
                    }
                    _ => None,
                }
            };
            if let Some(fault) = fault {
                return Err(SearchRefusal::InvalidWorkload { workload: one.name.clone(), fault });
            }
        }
        if !(self.overhead_s >= 0.0 && self.overhead_s.is_finite()) {
            let workload = self.workloads[0].name.clone();
            return Err(SearchRefusal::InvalidWorkload {
                workload,
                fault: "the time between builds is not a number",
            });
        }
        Ok(())
    }

    fn has_separate_warm_up(&self, name: &str) -> bool {
        self.workloads.iter().any(|one| one.name == name && matches!(one.warm_up, WarmUp::Separate { .. }))
    }
}
