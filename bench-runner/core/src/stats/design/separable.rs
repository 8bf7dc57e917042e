//! Check that the candidates show all effects.

use super::space::DesignSpace;

/// A level of an axis, both as indices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LevelOfAxis {
    /// Index of the axis.
    pub axis: usize,
    /// Index of the level.
    pub level: usize,
}

/// Reason why no fraction shows all effects.
#[derive(Debug, Clone, PartialEq)]
pub enum NoFraction {
    /// A level occurs in no candidate.
    MissingLevel(LevelOfAxis),
    /// The effects of each group cannot be told apart, whichever candidates are built.
    Inseparable(Vec<Vec<LevelOfAxis>>),
    /// The model has more parameters, or there are more fixed rows, than rows are wanted.
    TooFewRows {
        /// Number of rows that were wanted.
        wanted: usize,
        /// Smallest possible number.
        needed: usize,
    },
}

/// A pivot below this share of the largest is rounding.
const SINGULAR: f64 = 1e-9;

/// Checks that each level occurs in a candidate and that no effect is a sum of others in all candidates.
pub(super) fn check(space: &DesignSpace) -> Result<(), NoFraction> {
    for (axis, levels) in space.levels().iter().enumerate() {
        let mut occurs = vec![false; *levels];
        (0..space.len()).for_each(|candidate| occurs[space.combination(candidate)[axis]] = true);
        if let Some(level) = occurs.iter().position(|occurs| !occurs) {
            return Err(NoFraction::MissingLevel(LevelOfAxis { axis, level }));
        }
    }
    let groups = dependent_groups(space);
    if groups.is_empty() { Ok(()) } else { Err(NoFraction::Inseparable(groups)) }
}

/// Groups of levels whose effects depend on each other in all candidates: one group for each column of X that
/// is a sum of columns before it. Gauss–Jordan elimination of XᵀX; a column without a pivot is that sum.
fn dependent_groups(space: &DesignSpace) -> Vec<Vec<LevelOfAxis>> {
    let size = space.parameters();
    let share = 1.0 / space.len() as f64;
    let lower = space.moments((0..space.len()).map(|candidate| (candidate, share)));
    let mut rows: Vec<Vec<f64>> = (0..size)
        .map(|row| (0..size).map(|column| lower[row.max(column) * size + row.min(column)]).collect())
        .collect();
    let (mut pivots, mut groups): (Vec<usize>, _) = (Vec::new(), Vec::new());
    let levels: Vec<LevelOfAxis> =
        space.column_levels().map(|(axis, level)| LevelOfAxis { axis, level }).collect();
    for column in 0..size {
        // XᵀX is positive semidefinite, so its own diagonal always serves as pivot.
        if rows[column][column] > SINGULAR {
            eliminate(&mut rows, column);
            pivots.push(column);
        } else {
            let parts = pivots.iter().copied().filter(|pivot| rows[*pivot][column].abs() > 1e-6);
            // The constant is no effect.
            groups.push(parts.chain([column]).filter(|at| *at > 0).map(|at| levels[at - 1]).collect());
        }
    }
    groups
}

fn eliminate(rows: &mut [Vec<f64>], pivot: usize) {
    let scale = 1.0 / rows[pivot][pivot];
    rows[pivot].iter_mut().for_each(|value| *value *= scale);
    let by = rows[pivot].clone();
    for (at, row) in rows.iter_mut().enumerate() {
        let factor = row[pivot];
        if at != pivot && factor != 0.0 {
            row.iter_mut().zip(&by).for_each(|(value, by)| *value -= factor * by);
        }
    }
}
