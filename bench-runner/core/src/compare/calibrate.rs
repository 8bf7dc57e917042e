//! Calibration of the offsets between target directories, which persist through a session, from the twins of
//! this run and of earlier ones.
//!
//! Offsets of directories may differ between kinds of builds, so a block uses the most similar kind that has
//! enough twins: the same project and workload, else the same workload, else all twins. With too few of any kind
//! an offset is assumed.

use std::collections::{HashMap, HashSet};

use super::cells::Cells;
use super::judge::{BlockOffsets, JudgedBlock};
use super::result::{Calibration, Offsets, Pool};
use crate::record::{Block, EarlierTwin};
use crate::stats::{ASSUMED_OFFSET, Control, Estimate, OffsetSums, offset_weight};

/// Estimate of one twin.
struct TwinEstimate<'a> {
    /// Name of the run; `None` for the run that is being judged.
    run: Option<&'a str>,
    kind: BuildKind<'a>,
    estimate: Estimate,
}

/// Project and workload of a block.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct BuildKind<'a> {
    /// `None` if the block spans several projects; another such block may span different ones.
    project: Option<&'a str>,
    workload: String,
}

/// A pool of twins: its kind, and the project and workload that its twins share.
type PoolKey<'a> = (Pool, Option<&'a str>, Option<&'a str>);

impl<'a> BuildKind<'a> {
    fn of(block: &'a Block) -> Self {
        Self { project: block.id.project(), workload: block.workload() }
    }

    /// The pools that the build kind belongs to, the most similar first.
    fn pools(&self) -> impl Iterator<Item = PoolKey<'_>> {
        let workload = Some(self.workload.as_str());
        let nearest = self.project.map(|project| (Pool::Project, Some(project), workload));
        nearest.into_iter().chain([(Pool::Workload, None, workload), (Pool::All, None, None)])
    }
}

/// Returns the calibration for each project and workload of the run, in the order of the plan, and the
/// offsets for each block. Uses the estimates before any offset.
pub(super) fn calibrate(
    cells: &[Cells<'_>],
    judged: &[JudgedBlock],
    earlier: &[EarlierTwin],
) -> (Vec<Calibration>, Vec<BlockOffsets>) {
    let kinds: Vec<BuildKind<'_>> = cells.iter().map(|cells| BuildKind::of(cells.block)).collect();
    let twins = usable_twins(&kinds, cells, judged, earlier);
    let mut pools: HashMap<PoolKey<'_>, Vec<&TwinEstimate<'_>>> = HashMap::new();
    for twin in &twins {
        twin.kind.pools().for_each(|pool| pools.entry(pool).or_default().push(twin));
    }
    let known: HashMap<PoolKey<'_>, (Offsets, OffsetSums)> =
        pools.iter().filter_map(|(pool, twins)| Some((*pool, pool_offsets(pool.0, twins)?))).collect();
    let of_block = |((kind, judged), cells): ((&BuildKind<'_>, &JudgedBlock), &Cells<'_>)| {
        let Some((offsets, sums)) = kind.pools().find_map(|pool| known.get(&pool).copied()) else {
            return BlockOffsets {
                offsets: Offsets::Assumed { twins: twins.len() },
                variance_from_others: ASSUMED_OFFSET.powi(2),
            };
        };
        let others = judged.twin.filter(|_| twin_counts(cells)).map_or(sums, |own| sums.without(&own));
        BlockOffsets { offsets, variance_from_others: others.variance().unwrap_or(ASSUMED_OFFSET.powi(2)) }
    };
    let of_blocks: Vec<BlockOffsets> = kinds.iter().zip(judged).zip(cells).map(of_block).collect();
    let mut seen = HashSet::new();
    let distinct = kinds.iter().zip(&of_blocks).filter(|(kind, _)| seen.insert(*kind));
    let answer = |(kind, of_block): (&BuildKind<'_>, &BlockOffsets)| Calibration {
        project: kind.project.map(str::to_owned),
        workload: kind.workload.clone(),
        offsets: of_block.offsets,
    };
    (distinct.map(answer).collect(), of_blocks)
}

/// Returns true if the block's twin counts. With several sessions, offsets average out, and the twin would
/// show too little of them.
fn twin_counts(cells: &Cells<'_>) -> bool {
    cells.session_share() == 1.0
}

/// The twins of this run and of earlier ones that have a weight.
fn usable_twins<'a>(
    kinds: &[BuildKind<'a>],
    cells: &[Cells<'_>],
    judged: &[JudgedBlock],
    earlier: &'a [EarlierTwin],
) -> Vec<TwinEstimate<'a>> {
    let own = kinds.iter().zip(judged).zip(cells).filter_map(|((kind, judged), cells)| {
        Some(TwinEstimate {
            run: None,
            kind: kind.clone(),
            estimate: judged.twin.filter(|_| twin_counts(cells))?,
        })
    });
    let earlier = earlier.iter().map(|twin| TwinEstimate {
        run: Some(&twin.run),
        kind: BuildKind { project: twin.block.project(), workload: twin.workload.clone() },
        estimate: Estimate {
            rounds: twin.rounds as usize,
            theta: twin.theta,
            se: twin.se,
            df: twin.df,
            control: Control::Twin,
        },
    });
    own.chain(earlier).filter(|twin| offset_weight(&twin.estimate).is_some()).collect()
}

/// Offsets from the twins of a pool; `None` if there are too few.
fn pool_offsets(pool: Pool, twins: &[&TwinEstimate<'_>]) -> Option<(Offsets, OffsetSums)> {
    let estimates: Vec<Estimate> = twins.iter().map(|twin| twin.estimate).collect();
    let runs: HashSet<Option<&str>> = twins.iter().map(|twin| twin.run).collect();
    let sums = OffsetSums::of(&estimates);
    let offsets = Offsets::Calibrated {
        variance: sums.variance()?,
        twins: twins.len(),
        runs: runs.len(),
        pool,
        heaviest: heaviest_share(&estimates),
    };
    Some((offsets, sums))
}

/// The largest weight as a fraction of the sum of all weights.
fn heaviest_share(twins: &[Estimate]) -> f64 {
    let weights: Vec<f64> = twins.iter().filter_map(offset_weight).collect();
    let (largest, sum) = (weights.iter().copied().fold(0.0, f64::max), weights.iter().sum::<f64>());
    let share = largest / sum;
    if share.is_finite() { share } else { 1.0 }
}
