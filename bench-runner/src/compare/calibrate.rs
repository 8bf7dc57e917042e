//! How far target directories stand apart through a whole session, from the twins of this run and of earlier ones.
//!
//! Offsets of directories may differ between kinds of builds, so a block goes by the twins of its own workload where
//! there are enough of them, else by all there are, else by none.

use super::cells::Cells;
use super::judge::Judged;
use super::result::{Calibration, Offsets};
use crate::record::EarlierTwin;
use crate::stats::{Control, Estimate, MIN_TWINS, offset_variance, offset_weight};

/// What one twin says.
struct Twin<'a> {
    /// The run; `None` is the one that is judged.
    run: Option<&'a str>,
    workload: String,
    estimate: Estimate,
}

/// An answer for each workload of the run, in the order of the plan. Estimates are taken as they are before any offset.
pub(super) fn calibrate(cells: &[Cells<'_>], judged: &[Judged], earlier: &[EarlierTwin]) -> Vec<Calibration> {
    let own = cells.iter().zip(judged).filter_map(|(cells, judged)| {
        Some(Twin { run: None, workload: cells.block.workload(), estimate: judged.twin? })
    });
    let earlier = earlier.iter().map(|twin| Twin {
        run: Some(&twin.run),
        workload: twin.workload.clone(),
        estimate: Estimate {
            rounds: twin.rounds as usize,
            theta: twin.theta,
            se: twin.se,
            control: Control::Twin,
        },
    });
    let twins: Vec<Twin<'_>> =
        own.chain(earlier).filter(|twin| offset_weight(&twin.estimate).is_some()).collect();
    let mut answers: Vec<Calibration> = Vec::new();
    for workload in cells.iter().map(|cells| cells.block.workload()) {
        if answers.iter().all(|answer| answer.workload != workload) {
            let offsets = of_workload(&twins, &workload);
            answers.push(Calibration { workload, offsets });
        }
    }
    answers
}

fn of_workload(twins: &[Twin<'_>], workload: &str) -> Offsets {
    let alike: Vec<&Twin<'_>> = twins.iter().filter(|twin| twin.workload == workload).collect();
    let all_workloads = alike.len() < MIN_TWINS;
    let used = if all_workloads { twins.iter().collect() } else { alike };
    let estimates: Vec<Estimate> = used.iter().map(|twin| twin.estimate).collect();
    let mut runs: Vec<Option<&str>> = used.iter().map(|twin| twin.run).collect();
    runs.sort_unstable();
    runs.dedup();
    match offset_variance(&estimates) {
        Some(variance) => Offsets::Calibrated {
            variance,
            twins: used.len(),
            runs: runs.len(),
            all_workloads: all_workloads && used.iter().any(|twin| twin.workload != workload),
            heaviest: heaviest(&estimates),
        },
        None => Offsets::NotCalibrated { twins: used.len() },
    }
}

/// The largest weight as a share of all.
fn heaviest(twins: &[Estimate]) -> f64 {
    let weights: Vec<f64> = twins.iter().filter_map(offset_weight).collect();
    let (largest, sum) = (weights.iter().copied().fold(0.0, f64::max), weights.iter().sum::<f64>());
    let share = largest / sum;
    if share.is_finite() { share } else { 1.0 }
}

/// What is known for a block.
pub(super) fn of_block(answers: &[Calibration], cells: &Cells<'_>) -> Option<Offsets> {
    let workload = cells.block.workload();
    answers.iter().find(|answer| answer.workload == workload).map(|answer| answer.offsets)
}
