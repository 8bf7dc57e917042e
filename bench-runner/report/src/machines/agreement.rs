//! Whether machines agree on a variant.

use bench_runner_core::compare::Verdict;
use bench_runner_core::stats::{Known, Spread, holm, spread_of};

use super::{BlockTogether, Cell, Standing, as_ratio};

/// Whether the machines that have a ratio of a variant agree.
#[derive(Debug, Clone, PartialEq)]
pub struct Agreement {
    /// How their verdicts lie.
    pub verdicts: Verdicts,
    /// Whether there is a ratio that lies in the intervals of all of them.
    pub overlap: bool,
    /// How far the ratios lie apart beyond chance; `None` where it cannot be said.
    pub spread: Option<Spread>,
    /// The p-value of the spread as it counts among all variants of the table (Holm).
    pub p_holm: Option<f64>,
}

/// How several verdicts lie: those of several machines in all of their runs, or those of the runs of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdicts {
    /// All are the same; or none says anything, which is `undecided`.
    Same(Verdict),
    /// Those that say something say the same, and some say nothing: no contradiction.
    Open(Verdict),
    /// Two say different things.
    Contrary,
}

impl Agreement {
    /// Of the machines that have a ratio; `None` where fewer than two have.
    pub(super) fn of(cells: &[Cell]) -> Option<Self> {
        let of_cell = |cell: &Cell| match cell {
            Cell::Known(standing) => Some(standing.clone()),
            _ => None,
        };
        let standings: Vec<Standing> = cells.iter().filter_map(of_cell).collect();
        if standings.len() < 2 {
            return None;
        }
        let known: Vec<Known> = standings.iter().map(|standing| standing.combined.known).collect();
        let spread = spread_of(&known);
        Some(Self { verdicts: verdicts(&standings), overlap: overlap(&known), spread, p_holm: None })
    }
}

/// Whether intervals have a ratio in common.
fn overlap(known: &[Known]) -> bool {
    let ends = || known.iter().map(|one| as_ratio(one).1);
    let lowest_end = ends().map(|(_, high)| high).fold(f64::INFINITY, f64::min);
    let highest_start = ends().map(|(low, _)| low).fold(f64::NEG_INFINITY, f64::max);
    highest_start <= lowest_end
}

fn verdicts(standings: &[Standing]) -> Verdicts {
    Verdicts::of(standings.iter().flat_map(|standing| &standing.runs).map(|run| run.ratio.verdict))
}

impl Verdicts {
    /// How these lie.
    pub(super) fn of(all: impl Iterator<Item = Verdict> + Clone) -> Self {
        let mut said = all.clone().filter(|verdict| says_something(*verdict));
        let Some(first) = said.next() else { return Self::Same(Verdict::Undecided) };
        if said.any(|other| other != first) {
            Self::Contrary
        } else if all.clone().all(says_something) {
            Self::Same(first)
        } else {
            Self::Open(first)
        }
    }
}

/// Whether a verdict is more than that nothing was shown.
pub(super) fn says_something(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Faster | Verdict::Slower | Verdict::Equivalent)
}

/// Corrects the p-values of the spreads for how many there are.
pub(super) fn correct(blocks: &mut [BlockTogether]) {
    let rows = || blocks.iter().flat_map(|block| &block.rows);
    let p = |agreement: &Agreement| agreement.spread.map(|spread| spread.p);
    let all: Vec<Option<f64>> = rows().filter_map(|row| row.agreement.as_ref()).map(p).collect();
    let tested = all.iter().flatten().count();
    // What has no p-value was not tested, so it takes no place.
    let mut corrected = holm(&all.into_iter().flatten().map(Some).collect::<Vec<_>>(), tested).into_iter();
    for row in blocks.iter_mut().flat_map(|block| &mut block.rows) {
        if let Some(agreement) = row.agreement.as_mut().filter(|agreement| agreement.spread.is_some()) {
            agreement.p_holm = corrected.next().flatten();
        }
    }
}
