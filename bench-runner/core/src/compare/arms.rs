//! Results of the arms of a block.

use super::cells::Cells;
use super::costs::Costs;
use super::judge::JudgedBlock;
use super::result::{ArmResult, Point, RoundsNeeded};
use super::sessions::BySession;
use crate::record::{ByMetric, Cost, Round, Sample};
use crate::stats::{outliers, quantile, summarize};

/// Results of all arms, in the order of the block.
pub(super) fn arm_results(
    cells: &Cells<'_>,
    judged: &JudgedBlock,
    costs: &Costs<'_, '_>,
    needed: impl Fn(usize) -> Option<RoundsNeeded>,
) -> Vec<ArmResult> {
    let sessions = BySession::of(cells, judged);
    let of_arm =
        |arm: usize| ArmResult { needed: needed(arm), ..arm_result(cells, judged, costs, &sessions, arm) };
    (0..cells.block.arms.len()).map(of_arm).collect()
}

fn arm_result(
    cells: &Cells<'_>,
    judged: &JudgedBlock,
    costs: &Costs<'_, '_>,
    sessions: &BySession,
    arm: usize,
) -> ArmResult {
    let planned = &cells.block.arms[arm];
    let built: Vec<&Cost> =
        cells.rounds.iter().filter_map(|round| round.builds[arm]?.outcome.cost()).collect();
    let mut walls: Vec<f64> = built.iter().map(|cost| cost.wall.as_secs_f64()).collect();
    walls.sort_unstable_by(f64::total_cmp);
    ArmResult {
        role: planned.role,
        variant: planned.variant.name.clone(),
        aliases: planned.aliases.clone(),
        points: points(cells, arm),
        failures: cells.failed_builds(arm),
        not_timed: cells.not_timed[arm].clone(),
        // If one build lacks the value, there is no summary: the others must not look like all of them.
        summaries: ByMetric::of(|metric| {
            let values: Option<Vec<f64>> = built.iter().map(|cost| (metric.read)(cost)).collect();
            summarize(&values?)
        }),
        middle_half: quantile(&walls, 0.25).zip(quantile(&walls, 0.75)),
        ratio: judged.ratios[arm],
        needed: None,
        plain_ratios: ByMetric::of(|metric| costs.ratio(arm, metric.id)),
        sessions: sessions.for_arm(judged, arm),
    }
}

fn points(cells: &Cells<'_>, arm: usize) -> Vec<Point> {
    let order_of = |sample: &Sample| cells.numbers.binary_search(&sample.number).unwrap_or_default() as u32;
    let of_round = |round: &Round<'_>| {
        let sample = round.builds[arm]?;
        let wall = sample.outcome.cost()?.wall.as_secs_f64();
        let (round, session) = (sample.round, sample.session);
        Some(Point { order: order_of(sample), round, session, wall, outlier: false })
    };
    let mut points: Vec<Point> = cells.rounds.iter().filter_map(of_round).collect();
    points.sort_by_key(|point| point.order);
    let walls: Vec<f64> = points.iter().map(|point| point.wall).collect();
    for (point, outlier) in points.iter_mut().zip(outliers(&walls)) {
        point.outlier = outlier;
    }
    points
}
