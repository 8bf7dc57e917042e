//! Exchange of rows: each row in turn is replaced by the candidate that raises the determinant most.
//!
//! With D = (XᵀX)⁻¹, exchanging row i for candidate j multiplies the determinant by
//! (1 − xᵢᵀDxᵢ)·(1 + xⱼᵀDxⱼ) + (xᵢᵀDxⱼ)² (Fedorov 1972, section 3.2). D and the variances xⱼᵀDxⱼ of all
//! candidates follow each exchange by rank-one updates.

use super::space::DesignSpace;
use crate::stats::least_squares::Cholesky;

/// Relative gain below which one design does not count as better than another, so that rounding never
/// decides.
pub(super) const SAME: f64 = 1e-9;

/// Added to the diagonal of XᵀX for each row, so that rows that do not show all effects yet have an inverse.
const RIDGE: f64 = 1e-6;

/// Limit of passes over all rows; about five are needed.
const PASSES: usize = 50;

/// Uniform numbers: SplitMix64 (Steele, Lea and Flood, Fast splittable pseudorandom number generators, 2014),
/// written out so that the rows of a seed never depend on the version of a crate.
pub(super) struct SeededDraw(u64);

impl SeededDraw {
    pub(super) fn new(seed: u64, start: u64) -> Self {
        let mut draw = Self(seed);
        Self(draw.next() ^ start.wrapping_mul(0xD1B5_4A32_D192_ED03))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`.
    fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.next()) * bound as u128) >> 64) as usize
    }
}

/// Rows that are being exchanged.
pub(super) struct RowExchange<'s> {
    space: &'s DesignSpace,
    rows: Vec<usize>,
    is_row: Vec<bool>,
    /// D by slots, row by row; 0 for first levels.
    inverse: Vec<f64>,
    /// xᵀDx of every candidate.
    variances: Vec<f64>,
}

impl<'s> RowExchange<'s> {
    /// The fixed rows, random ones up to half of `wanted`, and then one after another the candidate about
    /// which the rows so far say least.
    pub(super) fn start(
        space: &'s DesignSpace,
        fixed: &[usize],
        wanted: usize,
        draw: &mut SeededDraw,
    ) -> Self {
        let mut is_row = vec![false; space.len()];
        fixed.iter().for_each(|row| is_row[*row] = true);
        let mut new =
            Self { space, rows: fixed.to_vec(), is_row, inverse: Vec::new(), variances: Vec::new() };
        while 2 * new.rows.len() < wanted {
            let candidate = draw.below(space.len());
            if !new.is_row[candidate] {
                new.is_row[candidate] = true;
                new.rows.push(candidate);
            }
        }
        new.recompute();
        while new.rows.len() < wanted {
            let free = (0..space.len()).filter(|candidate| !new.is_row[*candidate]);
            let Some(best) = free.reduce(|a, b| if new.exceeds(b, a) { b } else { a }) else { break };
            new.update(best, true);
            new.is_row[best] = true;
            new.rows.push(best);
        }
        new
    }

    /// Exchanges all rows but the first `fixed` until no exchange helps.
    pub(super) fn improve(&mut self, fixed: usize) {
        for _ in 0..PASSES {
            self.recompute();
            let mut exchanged = false;
            for at in fixed..self.rows.len() {
                let Some(candidate) = self.best_exchange(self.rows[at]) else { continue };
                // First in, then out: in between, the rows show all effects.
                self.update(candidate, true);
                self.update(self.rows[at], false);
                self.is_row[candidate] = true;
                self.is_row[self.rows[at]] = false;
                self.rows[at] = candidate;
                exchanged = true;
            }
            if !exchanged {
                break;
            }
        }
    }

    pub(super) fn into_rows(self) -> Vec<usize> {
        self.rows
    }

    /// True if the variance of candidate `a` is larger than that of `b`, beyond rounding.
    fn exceeds(&self, a: usize, b: usize) -> bool {
        self.variances[a] > self.variances[b] * (1.0 + SAME)
    }

    /// The candidate whose exchange for `row` raises the determinant most; `None` if none raises it.
    fn best_exchange(&self, row: usize) -> Option<usize> {
        let kept = 1.0 - self.variances[row];
        let of_row = self.times_inverse(row);
        let (mut best, mut highest) = (None, 1.0 + 1e-6);
        for (candidate, product) in self.products(&of_row).enumerate() {
            let factor = kept * (1.0 + self.variances[candidate]) + product * product;
            if factor > highest && !self.is_row[candidate] {
                (best, highest) = (Some(candidate), factor * (1.0 + SAME));
            }
        }
        best
    }

    /// D·x for a candidate, by slots.
    fn times_inverse(&self, candidate: usize) -> Vec<f64> {
        let width = self.space.slot_count();
        let mut sum = self.inverse[..width].to_vec();
        for slot in self.space.slots_of(candidate) {
            let row = &self.inverse[*slot as usize * width..(*slot as usize + 1) * width];
            sum.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
        }
        sum
    }

    /// xᵀ·v for every candidate.
    fn products(&self, v: &[f64]) -> impl Iterator<Item = f64> {
        self.space.all_slots().map(|slots| v[0] + slots.iter().map(|slot| v[*slot as usize]).sum::<f64>())
    }

    /// Updates D and the variances for a candidate that becomes a row or is one no longer (Sherman and
    /// Morrison 1950).
    fn update(&mut self, candidate: usize, becomes_row: bool) {
        let v = self.times_inverse(candidate);
        let sign = if becomes_row { 1.0 } else { -1.0 };
        let scale = sign / (1.0 + sign * self.variances[candidate]);
        let products: Vec<f64> = self.products(&v).collect();
        for (variance, product) in self.variances.iter_mut().zip(products) {
            *variance -= scale * product * product;
        }
        for (row, value) in self.inverse.chunks_exact_mut(v.len()).zip(&v) {
            let factor = scale * value;
            row.iter_mut().zip(&v).for_each(|(element, value)| *element -= factor * value);
        }
    }

    /// Computes D and the variances from the rows, without the rounding errors of updates.
    fn recompute(&mut self) {
        let (size, width) = (self.space.parameters(), self.space.slot_count());
        let mut moments = self.space.moments(self.rows.iter().map(|row| (*row, 1.0)));
        (0..size).for_each(|at| moments[at * size + at] += RIDGE * self.rows.len() as f64);
        // The ridge keeps every pivot above 0.
        self.inverse = match Cholesky::of(moments, size, 0.0) {
            Some(factor) => self.space.by_slots(&factor.inverse()),
            None => vec![0.0; width * width],
        };
        self.variances = quadratic_forms(self.space, &self.inverse);
    }
}

/// xᵀ·A·x of every candidate, for a symmetric A by slots.
pub(super) fn quadratic_forms(space: &DesignSpace, matrix: &[f64]) -> Vec<f64> {
    let width = space.slot_count();
    let of = |slots: &[u32]| {
        let mut sum = matrix[0];
        for (at, slot) in slots.iter().enumerate() {
            let row = &matrix[*slot as usize * width..];
            let others: f64 = slots[..at].iter().map(|other| row[*other as usize]).sum();
            sum += row[*slot as usize] + 2.0 * (row[0] + others);
        }
        sum
    };
    space.all_slots().map(of).collect()
}
