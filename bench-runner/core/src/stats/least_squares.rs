//! Small symmetric linear systems for least squares. Knows nothing of the meaning of the numbers.

/// A pivot smaller than this fraction of its inputs counts as 0: its column depends on those before it.
const SINGULAR: f64 = 1e-9;

/// The lower triangle L of A = L·Lᵀ, for a symmetric positive definite A.
pub(super) struct Cholesky {
    size: usize,
    /// Row by row; values above the diagonal are not used.
    lower: Vec<f64>,
}

impl Cholesky {
    /// Factors a matrix of `size` rows, row by row; only the lower triangle is read. `summed` is the
    /// magnitude of the sums whose differences are the elements: anything far smaller is rounding. `None` if
    /// a column depends on others or a value is not finite.
    pub(super) fn of(mut matrix: Vec<f64>, size: usize, summed: f64) -> Option<Self> {
        for row in 0..size {
            let (above, rest) = matrix.split_at_mut(row * size);
            let this = &mut rest[..=row];
            for column in 0..row {
                let other = &above[column * size..=column * size + column];
                let sum = this[column] - dot(&this[..column], &other[..column]);
                this[column] = sum / other[column];
            }
            let diagonal = this[row];
            let pivot = diagonal - dot(&this[..row], &this[..row]);
            // Also if either is NaN.
            if !(pivot > SINGULAR * diagonal.max(summed) && pivot.is_finite()) {
                return None;
            }
            this[row] = pivot.sqrt();
        }
        Some(Self { size, lower: matrix })
    }

    /// L⁻¹·v, whose squared length is vᵀ·A⁻¹·v.
    pub(super) fn half_solve(&self, v: &[f64]) -> Vec<f64> {
        let mut x = v.to_vec();
        for row in 0..self.size {
            let known = dot(self.row(row), &x[..row]);
            x[row] = (x[row] - known) / self.lower[row * self.size + row];
        }
        x
    }

    /// A⁻¹·v.
    pub(super) fn solve(&self, v: &[f64]) -> Vec<f64> {
        let mut x = self.half_solve(v);
        for row in (0..self.size).rev() {
            x[row] /= self.lower[row * self.size + row];
            let value = x[row];
            for (x, lower) in x[..row].iter_mut().zip(self.row(row)) {
                *x -= lower * value;
            }
        }
        x
    }

    /// A⁻¹, row by row.
    pub(super) fn inverse(&self) -> Vec<f64> {
        let mut inverse = Vec::with_capacity(self.size * self.size);
        for row in 0..self.size {
            let mut unit = vec![0.0; self.size];
            unit[row] = 1.0;
            inverse.extend(self.solve(&unit));
        }
        inverse
    }

    /// ln det A.
    pub(super) fn log_determinant(&self) -> f64 {
        (0..self.size).map(|row| 2.0 * self.lower[row * self.size + row].ln()).sum()
    }

    /// xᵀ·B⁻¹·x, where B is the lower right part of A⁻¹ for the last `x.len()` rows. (With A = L·Lᵀ its
    /// inverse is that part of L times its transpose.)
    pub(super) fn squared_length_of_last(&self, x: &[f64]) -> f64 {
        let start = self.size - x.len();
        let column = |column: usize| -> f64 {
            (column..x.len()).map(|row| self.lower[(start + row) * self.size + start + column] * x[row]).sum()
        };
        (0..x.len()).map(|index| column(index).powi(2)).sum()
    }

    /// A row of L left of the diagonal.
    fn row(&self, row: usize) -> &[f64] {
        &self.lower[row * self.size..row * self.size + row]
    }
}

/// Dot product of two vectors of the same length. It uses four separate sums, because each addition to a sum
/// waits for the previous one.
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let ((a, rest_of_a), (b, rest_of_b)) = (a.as_chunks::<4>(), b.as_chunks::<4>());
    let mut sums = [0.0; 4];
    for at in 0..a.len().min(b.len()) {
        let (a, b) = (&a[at], &b[at]);
        sums[0] += a[0] * b[0];
        sums[1] += a[1] * b[1];
        sums[2] += a[2] * b[2];
        sums[3] += a[3] * b[3];
    }
    let mut rest = 0.0;
    for at in 0..rest_of_a.len().min(rest_of_b.len()) {
        rest += rest_of_a[at] * rest_of_b[at];
    }
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest
}

/// Squared length of a vector.
pub(super) fn squared(v: &[f64]) -> f64 {
    dot(v, v)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-12, "{a} instead of {b}");
    }

    /// By hand: A = [[4, 2], [2, 5]] has the determinant 16 and the inverse [[5, −2], [−2, 4]] / 16.
    #[test]
    fn a_system_of_two() {
        let found = Cholesky::of(vec![4.0, 2.0, 2.0, 5.0], 2, 0.0).unwrap();
        let x = found.solve(&[8.0, 4.0]);
        near(x[0], 2.0);
        near(x[1], 0.0);
        near(squared(&found.half_solve(&[1.0, 1.0])), 5.0 / 16.0);
        near(found.log_determinant(), 16f64.ln());
        for (value, expected) in found.inverse().iter().zip([5.0, -2.0, -2.0, 4.0]) {
            near(*value, expected / 16.0);
        }
        // The lower right element of the inverse is 4/16.
        near(found.squared_length_of_last(&[3.0]), 9.0 * 4.0);
    }

    #[test]
    fn products_of_any_length() {
        for length in 0..11 {
            let (a, b): (Vec<f64>, Vec<f64>) = (0..length).map(|x| (f64::from(x), f64::from(2 * x))).unzip();
            near(dot(&a, &b), 2.0 * (0..length).map(|x| f64::from(x * x)).sum::<f64>());
        }
    }

    #[test]
    fn columns_that_depend_on_others_have_no_answer() {
        assert!(Cholesky::of(vec![1.0, 2.0, 2.0, 4.0], 2, 0.0).is_none());
        assert!(Cholesky::of(vec![0.0], 1, 0.0).is_none());
        assert!(Cholesky::of(vec![1e-15], 1, 12.0).is_none() && Cholesky::of(vec![1e-15], 1, 0.0).is_some());
        assert!(Cholesky::of(vec![f64::NAN], 1, 1.0).is_none());
        assert!(Cholesky::of(vec![f64::INFINITY], 1, 1.0).is_none());
    }
}
