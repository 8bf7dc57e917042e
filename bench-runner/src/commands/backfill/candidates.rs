//! Commits or toolchains that are to be measured against an anchor.

use std::collections::BTreeMap;

use bench_runner_core::history::{HistoryOrder, Quantity, RunSeries, TimeSeries, collect};
use bench_runner_measure::scenario::Scenario;

use super::super::EarlyEnd;
use super::super::request::VerbScenario;
use crate::flows::{self, FlowError, Places};

/// A commit or a toolchain.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Candidate {
    /// Value of the axis: the full id of a commit, or the name of a toolchain.
    pub(super) value: String,
    /// Name for readers.
    pub(super) shown: String,
    /// ln ratio to the anchor, if it was measured before.
    pub(super) measured: Option<f64>,
}

/// Everything that can be measured, in its order, and the anchor, which is not among it.
pub(super) struct Candidates {
    pub(super) varied: Varied,
    pub(super) anchor: Candidate,
    pub(super) all: Vec<Candidate>,
    /// Name of the request in the origin of its runs.
    pub(super) request: String,
    /// Command that shows the result.
    pub(super) next: String,
}

/// The variable of a run: commits or toolchains.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Varied {
    Commits,
    /// Toolchains build this commit, or the project as it is.
    Toolchains {
        rev: Option<String>,
    },
}

impl Varied {
    /// The word for one of them.
    pub(super) fn noun(&self) -> &'static str {
        match self {
            Self::Commits => "commit",
            Self::Toolchains { .. } => "toolchain",
        }
    }

    /// Name of the variant of a candidate, as planning gives it.
    fn variant(&self, candidate: &Candidate) -> String {
        match self {
            Self::Commits => format!("rev={}", candidate.value),
            Self::Toolchains { .. } => format!("toolchain={}", candidate.value),
        }
    }

    /// A scenario that compares candidates with the anchor.
    pub(super) fn scenario(
        &self,
        verb: VerbScenario<'_>,
        anchor: &Candidate,
        chosen: &[&Candidate],
    ) -> Result<Scenario, EarlyEnd> {
        let values: Vec<&str> =
            std::iter::once(anchor).chain(chosen.iter().copied()).map(|one| one.value.as_str()).collect();
        Ok(match self {
            Self::Commits => {
                verb.of_commits(&values.iter().map(|&one| one.to_owned()).collect::<Vec<_>>())?
            }
            Self::Toolchains { rev } => verb.of_toolchains(rev.as_deref(), &values)?,
        })
    }
}

impl Candidates {
    /// Those of `chosen` that an error is about, each with the reason; empty if it is about anything else, such as the anchor.
    pub(super) fn refused<'c>(
        &self,
        error: &FlowError,
        chosen: &[&'c Candidate],
    ) -> Vec<(&'c Candidate, String)> {
        let variant = |candidate: &Candidate| self.varied.variant(candidate);
        if let FlowError::Empty { skipped, .. } = error {
            let reason = |candidate: &Candidate| {
                let name = variant(candidate);
                skipped.iter().find(|skipped| skipped.variant == name).map(|skipped| skipped.reason.clone())
            };
            return match reason(&self.anchor) {
                Some(_) => Vec::new(),
                None => chosen.iter().filter_map(|&one| Some((one, reason(one)?))).collect(),
            };
        }
        // An error about some commits alone, such as that no edit fits them, has their ids.
        let text = error.to_string();
        if !error.is_request() || self.varied != Varied::Commits || text.contains(&self.anchor.value) {
            return Vec::new();
        }
        chosen.iter().filter(|one| text.contains(&one.value)).map(|&one| (one, text.clone())).collect()
    }
}

/// Series of ratios to an anchor, by the key's parts.
pub(super) struct WantedSeries<'a> {
    pub(super) project: &'a str,
    pub(super) variant: &'a str,
    pub(super) baseline: &'a str,
    pub(super) fixed: &'a str,
}

/// Everything that this machine has measured in these series under all the workloads, with its ln ratio under the first.
/// `id` says which of the candidates a point is of.
pub(super) fn measured_before<K: Ord>(
    places: &Places,
    workloads: &[String],
    wanted: &WantedSeries<'_>,
    id: impl Fn(&bench_runner_core::history::HistoryPoint) -> Option<K>,
) -> Result<BTreeMap<K, f64>, EarlyEnd> {
    let machine = super::super::machine()?.directory_name();
    if !places.results.join(&machine).is_dir() {
        return Ok(BTreeMap::new());
    }
    let loaded = flows::load_runs(&places.results, Some(&machine), &["wall".to_owned()])?;
    loaded.remarks.iter().for_each(|remark| errln!("note: {remark}"));
    let is_of_history = |run: &RunSeries| flows::is_of_history(&run.run, HistoryOrder::Commits);
    let runs: Vec<RunSeries> = loaded.runs.into_iter().filter(is_of_history).collect();
    let is_wanted = |one: &TimeSeries| {
        let key = &one.key;
        (key.project.as_str(), key.variant.as_str()) == (wanted.project, wanted.variant)
            && (key.baseline.as_str(), key.fixed.as_str()) == (wanted.baseline, wanted.fixed)
            && (key.quantity, key.metric.as_str()) == (Quantity::Ratio, "wall")
    };
    let series: Vec<TimeSeries> = collect(&runs).into_iter().filter(is_wanted).collect();
    let of = |workload: &String| -> BTreeMap<K, f64> {
        let points = series.iter().filter(|one| one.key.workload == *workload).flat_map(|one| &one.points);
        let valid = points.filter(|point| !point.invalid);
        valid.filter_map(|point| Some((id(point)?, point.value.value))).collect()
    };
    let mut all = workloads.iter().map(of);
    let mut measured = all.next().unwrap_or_default();
    for other in all {
        measured.retain(|one, _| other.contains_key(one));
    }
    Ok(measured)
}
