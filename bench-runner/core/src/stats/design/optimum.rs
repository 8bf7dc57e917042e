//! The best conceivable design, in which each candidate has a weight instead of being a row or not.

use super::exchange::quadratic_forms;
use super::space::DesignSpace;
use crate::stats::least_squares::Cholesky;

/// Distance from the optimum, as a share of the efficiency, at which the search for it ends.
const CLOSE: f64 = 0.003;

/// Limit of steps; with forbidden combinations a few dozen are usual.
const STEPS: usize = 200;

/// An upper bound for ln det of Σ weight·x·xᵀ over all weights of the candidates that sum to 1.
///
/// For a full product equal weights are optimal, and the determinant is Π lᵃ⁻ˡᵃ for axes of lₐ levels.
/// Otherwise weights are multiplied by xᵀM⁻¹x / p until they are close to optimal (Silvey, Titterington and
/// Torsney, An algorithm for optimal designs on a finite design space, 1978). Because ln det is concave, no
/// weights reach more than ln det M + max xᵀM⁻¹x − p (Kiefer and Wolfowitz 1960). The candidates must
/// show all effects.
pub(super) fn highest_log_determinant(space: &DesignSpace) -> f64 {
    if space.is_product() {
        return space.levels().iter().map(|levels| -(*levels as f64) * (*levels as f64).ln()).sum();
    }
    let parameters = space.parameters();
    let mut weights = vec![1.0 / space.len() as f64; space.len()];
    let mut lowest_bound = f64::INFINITY;
    for _ in 0..STEPS {
        let moments = space.moments(weights.iter().copied().enumerate());
        let Some(factor) = Cholesky::of(moments, parameters, 0.0) else { break };
        let variances = quadratic_forms(space, &space.by_slots(&factor.inverse()));
        let excess = variances.iter().copied().fold(0.0, f64::max) - parameters as f64;
        lowest_bound = lowest_bound.min(factor.log_determinant() + excess);
        if excess <= CLOSE * parameters as f64 {
            break;
        }
        for (weight, variance) in weights.iter_mut().zip(&variances) {
            *weight *= variance / parameters as f64;
        }
    }
    lowest_bound
}
