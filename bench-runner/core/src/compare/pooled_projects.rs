//! Pooling of the same comparison in several projects. It combines only ratios, never seconds.

use std::collections::HashMap;

use super::cells::Cells;
use super::judge::JudgedBlock;
use super::result::{ExcludedProject, GeneralIntervals, PooledProjects};
use crate::stats::{Contrast, Estimate, pool, ratio};

/// Key shared by the same comparison in different projects: matrix and workload of the block's id, the
/// variant with its workload, and the baseline.
type ComparisonKey<'a> = (&'a str, &'a str, &'a str, &'a str, &'a str);

#[derive(Default)]
struct ProjectEstimates<'a> {
    counted: Vec<(&'a str, Estimate)>,
    left_out: Vec<ExcludedProject>,
}

/// All comparisons that at least two projects have, in the order of the plan. A block that spans several projects has no
/// single project and is ignored, and so is a fraction: its single combinations are not judged.
pub(super) fn pool_all(cells: &[Cells<'_>], judged: &[JudgedBlock]) -> Vec<PooledProjects> {
    let mut keys: Vec<ComparisonKey<'_>> = Vec::new();
    let mut found: HashMap<ComparisonKey<'_>, ProjectEstimates<'_>> = HashMap::new();
    for (cells, judged) in cells.iter().zip(judged) {
        let parts: Vec<&str> = cells.block.id.as_str().split('/').collect();
        let [matrix, project, workload] = parts[..] else { continue };
        let baseline = cells.baseline.and_then(|baseline| cells.block.arms.get(baseline));
        let Some(baseline) = baseline.filter(|_| project != "*" && !cells.block.is_fraction()) else {
            continue;
        };
        for (index, arm) in cells.block.arms.iter().enumerate() {
            let Some(contrast) = cells.contrast(index) else { continue };
            let (variant, of_variant) = (&arm.variant.name, &arm.variant.workload);
            let key: ComparisonKey<'_> = (matrix, workload, variant, of_variant, &baseline.variant.name);
            let entry = found.entry(key).or_insert_with(|| {
                keys.push(key);
                ProjectEstimates::default()
            });
            match usable_estimate(cells, judged, contrast) {
                Ok(estimate) => entry.counted.push((project, estimate)),
                Err(reason) => entry.left_out.push(ExcludedProject { project: project.to_owned(), reason }),
            }
        }
    }
    keys.into_iter().filter_map(|key| pool_comparison(key, found.remove(&key)?)).collect()
}

/// The estimate of a comparison, or the reason for not pooling it.
fn usable_estimate(
    cells: &Cells<'_>,
    judged: &JudgedBlock,
    contrast: Contrast,
) -> Result<Estimate, &'static str> {
    let not_timed = |arm: usize| cells.not_timed[arm].is_some();
    if !judged.invalid.is_empty() {
        Err("its comparison is invalid")
    } else if not_timed(contrast.of.arm) || not_timed(contrast.against.arm) {
        Err("not timed")
    } else if cells.side_has_timed_out(contrast.of) || cells.side_has_timed_out(contrast.against) {
        Err("a build timed out")
    } else {
        judged.estimates[contrast.of.arm].ok_or("too few rounds")
    }
}

fn pool_comparison(
    (matrix, _, variant, workload, baseline): ComparisonKey<'_>,
    found: ProjectEstimates<'_>,
) -> Option<PooledProjects> {
    let estimates: Vec<Estimate> = found.counted.iter().map(|(_, estimate)| *estimate).collect();
    let pooled = pool(&estimates)?;
    let interval = |half_width: f64| (ratio(pooled.theta - half_width), ratio(pooled.theta + half_width));
    Some(PooledProjects {
        matrix: matrix.to_owned(),
        workload: workload.to_owned(),
        variant: variant.to_owned(),
        baseline: baseline.to_owned(),
        projects: found.counted.iter().map(|(project, _)| (*project).to_owned()).collect(),
        ratio: ratio(pooled.theta),
        these: interval(pooled.half_width),
        general: pooled.general.map(|general| GeneralIntervals {
            mean: interval(general.half_width),
            further: interval(general.further),
        }),
        left_out: found.left_out,
    })
}
