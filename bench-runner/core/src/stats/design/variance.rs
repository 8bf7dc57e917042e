//! Precision of the effects that a design gives.

use super::space::DesignSpace;
use crate::stats::least_squares::Cholesky;

/// The inverse of XᵀX for the rows of a design.
pub(super) struct EffectVariances {
    size: usize,
    inverse: Vec<f64>,
    by_slot: Vec<Option<usize>>,
}

impl EffectVariances {
    /// `None` if the rows do not show all effects. Each row counts as often as it is listed.
    pub(super) fn of(space: &DesignSpace, rows: &[usize]) -> Option<Self> {
        let size = space.parameters();
        let factor = Cholesky::of(space.moments(rows.iter().map(|row| (*row, 1.0))), size, 1.0)?;
        Some(Self { size, inverse: factor.inverse(), by_slot: space.columns_by_slot() })
    }

    /// (XᵀX)⁻¹·c for the effect c of a level against another one of its axis.
    pub(super) fn of_effect(
        &self,
        space: &DesignSpace,
        axis: usize,
        level: usize,
        against: usize,
    ) -> Vec<f64> {
        let column = |level: usize| self.by_slot[space.slot(axis, level)];
        let mut sum = vec![0.0; self.size];
        for (column, sign) in [(column(level), 1.0), (column(against), -1.0)] {
            let Some(column) = column else { continue };
            let row = &self.inverse[column * self.size..(column + 1) * self.size];
            sum.iter_mut().zip(row).for_each(|(sum, value)| *sum += sign * value);
        }
        sum
    }

    /// Σ over the columns of a candidate of the values `v` by column.
    pub(super) fn at(&self, space: &DesignSpace, candidate: usize, v: &[f64]) -> f64 {
        space.columns_of(candidate, &self.by_slot).into_iter().map(|column| v[column]).sum()
    }

    /// Variance of an effect.
    fn variance(&self, space: &DesignSpace, axis: usize, level: usize, against: usize) -> f64 {
        let weights = self.of_effect(space, axis, level, against);
        let value =
            |level: usize| self.by_slot[space.slot(axis, level)].map_or(0.0, |column| weights[column]);
        value(level) - value(against)
    }
}

/// Mean variance of the effects of all levels against those of the first row, after one round, in units of
/// the variance of a single build. A row that is built twice is listed twice. `None` if the rows do not show
/// all effects, or if there is only one level on each axis.
pub fn mean_effect_variance(space: &DesignSpace, rows: &[usize]) -> Option<f64> {
    let variances = EffectVariances::of(space, rows)?;
    let reference = space.combination(*rows.first()?);
    let effects = space.levels().iter().zip(&reference).enumerate().flat_map(|(axis, (levels, against))| {
        (0..*levels).filter(move |level| level != against).map(move |level| (axis, level, *against))
    });
    let all: Vec<f64> =
        effects.map(|(axis, level, against)| variances.variance(space, axis, level, against)).collect();
    (!all.is_empty()).then(|| all.iter().sum::<f64>() / all.len() as f64)
}

/// The same variance if one axis at a time is changed: each level is built once per round, next to a
/// baseline that is built once, or twice with a control.
pub fn one_at_a_time_variance(control: bool) -> f64 {
    if control { 1.5 } else { 2.0 }
}
