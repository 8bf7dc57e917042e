//! Aliasing: how far interactions of two axes would pass for effects of single levels.

use super::space::DesignSpace;
use super::variance::EffectVariances;

/// Shares above this one are worth stating.
pub const ALIASED_FROM: f64 = 0.2;

/// The effects of an axis that contain part of an interaction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AliasedEffect {
    /// Index of the axis.
    pub axis: usize,
    /// Indices of the two axes that interact.
    pub interaction: [usize; 2],
    /// Largest share, over the levels of the axis. With 0.3, an interaction of the size of an effect can move
    /// the estimate of that effect by 0.3 times its size.
    pub share: f64,
}

/// Effects that contain more than [`ALIASED_FROM`] of an interaction of two axes, the largest share first.
/// Effects are those of all levels against the levels of the first row. `None` if the rows do not show all
/// effects.
///
/// The estimate of an effect is a weighted sum Σ w(r)·y(r) over the rows, with w = X(XᵀX)⁻¹c. An interaction
/// is a table h of the two axes' levels whose rows and columns sum to 0; it moves the estimate by the sum of
/// h·W, with W(u, v) the sum of w over the rows with these levels. The share is the largest such shift with an
/// interaction of root mean square 1, divided by that of an effect of root mean square 1. For axes of two
/// levels it is the element of the alias matrix (XᵀX)⁻¹XᵀZ (Box and Draper, Empirical Model-Building and
/// Response Surfaces, 1987).
pub fn aliasing(space: &DesignSpace, rows: &[usize]) -> Option<Vec<AliasedEffect>> {
    let variances = EffectVariances::of(space, rows)?;
    let combinations: Vec<Vec<usize>> = rows.iter().map(|row| space.combination(*row)).collect();
    let (levels, reference) = (space.levels(), combinations.first()?);
    let varied: Vec<usize> = (0..levels.len()).filter(|axis| levels[*axis] > 1).collect();
    let mut found = Vec::new();
    for &axis in &varied {
        let weights: Vec<Vec<f64>> = (0..levels[axis])
            .filter(|level| *level != reference[axis])
            .map(|level| {
                let of_effect = variances.of_effect(space, axis, level, reference[axis]);
                rows.iter().map(|row| variances.at(space, *row, &of_effect)).collect()
            })
            .collect();
        let effect_size = (2.0 * levels[axis] as f64).sqrt();
        for (at, &one) in varied.iter().enumerate() {
            for &other in &varied[at + 1..] {
                let shift = |weights: &Vec<f64>| largest_shift(levels, [one, other], &combinations, weights);
                let share = weights.iter().map(shift).fold(0.0, f64::max) / effect_size;
                if share > ALIASED_FROM {
                    found.push(AliasedEffect { axis, interaction: [one, other], share });
                }
            }
        }
    }
    found.sort_by(|a, b| b.share.total_cmp(&a.share));
    Some(found)
}

/// Largest shift of Σ w·y by an interaction of two axes with root mean square 1.
fn largest_shift(levels: &[usize], axes: [usize; 2], rows: &[Vec<usize>], weights: &[f64]) -> f64 {
    let (height, width) = (levels[axes[0]], levels[axes[1]]);
    let mut table = vec![0.0; height * width];
    for (row, weight) in rows.iter().zip(weights) {
        table[row[axes[0]] * width + row[axes[1]]] += weight;
    }
    // Without the means of rows and columns only the interaction is left.
    for row in table.chunks_exact_mut(width) {
        let mean = row.iter().sum::<f64>() / width as f64;
        row.iter_mut().for_each(|value| *value -= mean);
    }
    for column in 0..width {
        let mean = table.iter().skip(column).step_by(width).sum::<f64>() / height as f64;
        table.iter_mut().skip(column).step_by(width).for_each(|value| *value -= mean);
    }
    let squares: f64 = table.iter().map(|value| value * value).sum();
    (squares * (height * width) as f64).sqrt()
}
