//! Second looks: suspicions that the same builds can answer, and the answers.

use bench_runner_core::bundle::Bundle;
use bench_runner_core::compare::Policy;
use bench_runner_core::history::{HistoryPoint, Quantity, RunSeries};
use bench_runner_core::tracking::{Look, LookOutcome, Suspicion, against_level, is_branch, look_outcome};
use bench_runner_measure::tracking::{LookVariants, Tolerances};

use super::followed::{FollowedProject, FollowedVariant};
use crate::flows;

/// Fewest rounds that answer a suspicion.
const MIN_ROUNDS: usize = 6;

/// Suspicions of one thing that changed between the same two states.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LookGroup {
    pub(crate) suspicions: Vec<Suspicion>,
    pub(crate) variants: LookVariants,
    /// Smallest change that a suspicion of the group is about, as a fraction.
    pub(crate) tolerance: f64,
}

/// Reason why a suspicion cannot be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotLooked {
    /// Its project or variant cannot be found tonight.
    Unavailable,
    /// It never will be, with the reason as a clause.
    Superseded(&'static str),
}

/// Groups suspicions by what must be built. Those that cannot be looked at are returned apart, with the reason.
pub(crate) fn look_groups(
    pending: &[Suspicion],
    followed: &[FollowedProject],
    tolerances: &Tolerances,
) -> (Vec<LookGroup>, Vec<(Suspicion, NotLooked)>) {
    let (mut groups, mut others): (Vec<LookGroup>, _) = (Vec::new(), Vec::new());
    for suspicion in pending {
        let series = &suspicion.series;
        let tolerance = tolerances.of(&series.project, &series.workload, &series.variant, &series.metric);
        let is_same = |group: &&mut LookGroup| {
            let first = &group.suspicions[0];
            first.series.project == series.project
                && first.series.variant == series.variant
                && (&first.from, &first.to) == (&suspicion.from, &suspicion.to)
        };
        if let Some(group) = groups.iter_mut().find(is_same) {
            if !group.variants.workloads.contains(&series.workload) {
                group.variants.workloads.push(series.workload.clone());
            }
            group.tolerance = group.tolerance.min(tolerance);
            group.suspicions.push(suspicion.clone());
            continue;
        }
        let project = followed.iter().find(|one| one.project.name == series.project);
        let found = project.ok_or(NotLooked::Unavailable).and_then(|project| variants(suspicion, project));
        match found {
            Ok(variants) => {
                groups.push(LookGroup { suspicions: vec![suspicion.clone()], variants, tolerance });
            }
            Err(why) => others.push((suspicion.clone(), why)),
        }
    }
    (groups, others)
}

/// Variants that answer a suspicion: both commits of a branch; the anchor and the new state of a toolchain or linker, whose
/// state before cannot be built again.
fn variants(suspicion: &Suspicion, project: &FollowedProject) -> Result<LookVariants, NotLooked> {
    let name = &suspicion.series.variant;
    let (baseline, variant) = if is_branch(name) {
        let at = |commit: &str| {
            (format!("{name} at {}", commit.get(..10).unwrap_or(commit)), project.at_commit(commit))
        };
        (at(&suspicion.from), at(&suspicion.to))
    } else {
        // The level before is a ratio to that anchor, and an alarm names that version.
        if project.anchor.0 != suspicion.anchor {
            return Err(NotLooked::Superseded("the anchor is another one now"));
        }
        let followed = project.variants.iter().find(|one| one.name == *name);
        let followed: &FollowedVariant = followed.ok_or(NotLooked::Unavailable)?;
        if followed.state != suspicion.to {
            return Err(NotLooked::Superseded("there is a newer version now"));
        }
        (project.anchor.clone(), (name.clone(), followed.settings.clone()))
    };
    let workloads = vec![suspicion.series.workload.clone()];
    Ok(LookVariants { project: project.word.clone(), workloads, baseline, variant })
}

/// The answers of a run to the suspicions of a group.
pub(crate) fn judge_look(group: &LookGroup, bundle: &Bundle, tolerances: &Tolerances) -> Vec<Look> {
    let comparison = flows::judge(bundle, &Policy::default());
    let points = RunSeries::of(&bundle.manifest, &comparison).points;
    let answer = |suspicion: &Suspicion| {
        let series = &suspicion.series;
        let point = points.iter().find(|(key, _)| {
            key.quantity == Quantity::Ratio && key.workload == series.workload && key.metric == series.metric
        });
        let point = point.map(|(_, point)| point).filter(|point| !point.invalid);
        let tolerance = tolerances.of(&series.project, &series.workload, &series.variant, &series.metric);
        let change = point.and_then(|point| change(suspicion, point));
        let (outcome, reason) = match (point, change) {
            (Some(point), _) if point.rounds < MIN_ROUNDS => {
                let text = format!("too few rounds ({}) fit into the time for second looks", point.rounds);
                (LookOutcome::NoAnswer, Some(text))
            }
            (_, Some(change)) => (look_outcome(change, tolerance), None),
            (_, None) => (LookOutcome::NoAnswer, Some("the comparison is invalid".to_owned())),
        };
        Look {
            suspicion: suspicion.number,
            run: Some(bundle.manifest.run.clone()),
            outcome,
            change,
            reason,
            alarm: None,
        }
    };
    group.suspicions.iter().map(answer).collect()
}

fn change(suspicion: &Suspicion, point: &HistoryPoint) -> Option<bench_runner_core::stats::UncertainValue> {
    if is_branch(&suspicion.series.variant) {
        return Some(point.value);
    }
    against_level(point.value, suspicion.level, suspicion.noise)
}
