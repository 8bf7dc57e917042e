//! Fractions of a product of axes: the few combinations that show the effect of every level best.
//!
//! The model is that of main effects, ln seconds = constant + one effect for each level but the first of each
//! axis. A fraction is chosen so that the determinant of XᵀX is as large as possible, which makes the
//! confidence region of all effects together as small as possible (D-optimality). The search exchanges one
//! row at a time for the best other candidate, from several random starts (Fedorov, Theory of Optimal
//! Experiments, 1972; Cook and Nachtsheim, A comparison of algorithms for constructing exact D-optimal
//! designs, Technometrics 22, 1980). The result depends on the seed alone.

mod aliasing;
mod exchange;
mod optimum;
mod separable;
mod space;
mod variance;

pub use aliasing::{ALIASED_FROM, AliasedEffect, aliasing};
pub use separable::{LevelOfAxis, NoFraction};
pub use space::DesignSpace;
pub use variance::{balanced_effect_variance, mean_effect_variance, one_at_a_time_variance};

use rayon::prelude::*;

use crate::stats::least_squares::Cholesky;
use exchange::{RowExchange, SAME, SeededDraw};

/// Smallest and largest number of random starts of the exchange.
const STARTS: (usize, usize) = (8, 64);

/// Numbers that one pass of all starts may read: 8 starts for a search over 1,728 combinations.
const READ_PER_PASS: usize = 3_000_000;

/// Smallest and largest useful number of rows, in units of the number of parameters.
const ROWS_PER_PARAMETER: (f64, f64) = (1.2, 1.7);

/// A fraction: rows of a [`DesignSpace`], each at most once.
#[derive(Debug, Clone, PartialEq)]
pub struct Fraction {
    /// Indices of the chosen candidates: the fixed ones in their order, then the others, ascending.
    pub rows: Vec<usize>,
    /// Number of parameters of the model, the constant included.
    pub parameters: usize,
    /// D-efficiency, from 0 to 1: the p-th root of the determinant of XᵀX per row, for p parameters, divided by
    /// that of the best conceivable design on the same candidates, in which every candidate may have any weight.
    pub efficiency: f64,
}

/// Number of rows for a fraction of `space`: [`usual_rows_of`] its levels, at most the number of candidates.
pub fn usual_rows(space: &DesignSpace) -> usize {
    usual_rows_of(space.levels()).min(space.len())
}

/// Number of rows for a fraction of axes with these numbers of levels: within 1.2 to 1.7 times the
/// number of parameters, the one by whose multiples most pairs of axes can be balanced; among equals the one
/// nearest to 1.5 times.
pub fn usual_rows_of(levels: &[usize]) -> usize {
    let count = 1 + levels.iter().map(|levels| levels - 1).sum::<usize>();
    let parameters = count as f64;
    let (few, many) = (ROWS_PER_PARAMETER.0 * parameters, ROWS_PER_PARAMETER.1 * parameters);
    let balance = |rows: usize| {
        let pairs = levels.iter().enumerate().flat_map(|(at, a)| levels[..at].iter().map(move |b| a * b));
        let single = levels.iter().filter(|level| rows.is_multiple_of(**level)).count();
        (pairs.filter(|pair| rows.is_multiple_of(*pair)).count(), single)
    };
    let from_middle = |rows: usize| (2 * rows).abs_diff(3 * count);
    let best = (few.ceil() as usize..=many.ceil() as usize)
        .max_by_key(|rows| (balance(*rows), std::cmp::Reverse(from_middle(*rows))));
    best.unwrap_or(count)
}

/// True if the candidates have every level, and the effect of each can be told from the others.
pub fn shows_all_effects(space: &DesignSpace) -> bool {
    separable::check(space).is_ok()
}

/// Chooses `wanted` of the candidates, among them the `fixed` ones, which are indices without duplicates. If
/// there are no more candidates than that, all of them are the result.
///
/// # Errors
///
/// If the effects cannot be estimated from any choice of that size.
pub fn choose_fraction(
    space: &DesignSpace,
    fixed: &[usize],
    wanted: usize,
    seed: u64,
) -> Result<Fraction, NoFraction> {
    separable::check(space)?;
    let parameters = space.parameters();
    let too_few = |needed| Err(NoFraction::TooFewRows { wanted, needed });
    let needed = parameters.max(fixed.len());
    if wanted < needed {
        return too_few(needed);
    }
    let rows = if wanted >= space.len() {
        in_order(fixed, 0..space.len())
    } else {
        match best_of_starts(space, fixed, wanted, seed) {
            Some(rows) => in_order(fixed, rows.into_iter()),
            // The fixed rows depend on each other, so that more rows are needed.
            None => return too_few(wanted + 1),
        }
    };
    let optimum = optimum::highest_log_determinant(space);
    let Some(found) = log_determinant(space, &rows) else { return too_few(wanted + 1) };
    let efficiency = ((found - optimum) / parameters as f64).exp().min(1.0);
    Ok(Fraction { rows, parameters, efficiency })
}

/// The fixed rows, then the others of `rows`, ascending.
fn in_order(fixed: &[usize], rows: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut others: Vec<usize> = rows.filter(|row| !fixed.contains(row)).collect();
    others.sort_unstable();
    [fixed, &others].concat()
}

/// The best rows of all starts; `None` if none of them shows all effects.
fn best_of_starts(space: &DesignSpace, fixed: &[usize], wanted: usize, seed: u64) -> Option<Vec<usize>> {
    let from_start = |start: u64| {
        let mut draw = SeededDraw::new(seed, start);
        let mut exchange = RowExchange::start(space, fixed, wanted, &mut draw);
        exchange.improve(fixed.len());
        let rows = exchange.into_rows();
        log_determinant(space, &rows).map(|found| (found, rows))
    };
    let of_a_start = wanted * space.len() * space.levels().len().max(1);
    let starts = (READ_PER_PASS / of_a_start).clamp(STARTS.0, STARTS.1) as u64;
    // In the order of the starts, whichever core was first.
    let found: Vec<Option<(f64, Vec<usize>)>> = (0..starts).into_par_iter().map(from_start).collect();
    let better = |best: Option<(f64, Vec<usize>)>, one: (f64, Vec<usize>)| match best {
        Some(best) if one.0 <= best.0 + SAME => Some(best),
        _ => Some(one),
    };
    found.into_iter().flatten().fold(None, better).map(|(_, rows)| rows)
}

/// ln det(XᵀX / rows); `None` if it is singular.
fn log_determinant(space: &DesignSpace, rows: &[usize]) -> Option<f64> {
    let weight = 1.0 / rows.len() as f64;
    let moments = space.moments(rows.iter().map(|row| (*row, weight)));
    Some(Cholesky::of(moments, space.parameters(), 1.0)?.log_determinant())
}

#[cfg(test)]
mod tests;
