//! Effects of levels from a fraction of a product, by a model without interactions.
//!
//! Model: mean of a combination = constant + one effect for each level. The means are those of the robust fit of
//! rounds and columns, and the effects follow from them by least squares. What the model leaves unexplained is
//! tested against the scatter of single builds (lack of fit; N. R. Draper and H. Smith, Applied Regression
//! Analysis, 1998, section 2.1): interactions show up there. Where there is a sign of it, standard errors come from
//! what is unexplained, because with many combinations interactions act on an effect like noise.

use super::design::DesignSpace;
use super::estimate::{Control, Estimate};
use super::factorial::FactorialCell;
use super::fisher::f_tail;
use super::least_squares::{Cholesky, squared};
use super::two_way::TwoWayFit;

/// Standard errors come from the lack of fit if its p-value is below this. Interactions that a stricter test would
/// miss still make intervals too narrow.
const SIGN_OF_MISFIT: f64 = 0.2;

/// A fitted fraction.
#[derive(Debug)]
pub(crate) struct MainEffects {
    fit: TwoWayFit,
    space: DesignSpace,
    /// Combination of each column of the table, if it has one.
    row_of_column: Vec<Option<usize>>,
    factor: Cholesky,
    /// Effect of each column of the model.
    coefficients: Vec<f64>,
    misfit: Option<LackOfFit>,
    stretch: f64,
    column_variance: f64,
    control: Control,
}

/// Test of the model against the scatter of single builds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LackOfFit {
    /// Variance of what the model leaves unexplained, per combination, divided by that expected from the scatter of
    /// builds.
    pub f: f64,
    /// Degrees of freedom of numerator and denominator.
    pub df: (f64, f64),
    /// The p-value.
    pub p: f64,
    /// True if standard errors come from what is unexplained.
    pub widens: bool,
    /// That variance.
    variance: f64,
}

impl MainEffects {
    /// Fits `table`, ln seconds by round and column, for combinations with levels as in `counts`. Columns of no
    /// combination count only for the rounds. `column_variance` is a variance of a column that more rounds would not
    /// have reduced, `stretch` a factor on standard errors, and `control` whether looks were taken. `None` as for [`TwoWayFit::of`], and if the
    /// combinations do not show all effects.
    pub(crate) fn of(
        table: &[Vec<f64>],
        counts: Vec<usize>,
        combinations: &[FactorialCell],
        (stretch, control): (f64, Control),
        column_variance: f64,
    ) -> Option<Self> {
        let fit = TwoWayFit::of(table)?;
        let space = DesignSpace::new(counts, combinations.iter().map(|cell| &cell.levels));
        let mut row_of_column = vec![None; fit.means.len()];
        for (row, cell) in combinations.iter().enumerate() {
            cell.columns.iter().for_each(|column| row_of_column[*column] = Some(row));
        }
        let rows = || row_of_column.iter().copied().flatten();
        let size = space.parameters();
        let factor = Cholesky::of(space.moments(rows().map(|row| (row, 1.0))), size, 1.0)?;
        let by_slot = space.columns_by_slot();
        let mut sums = vec![0.0; size];
        for (row, mean) in row_of_column.iter().zip(&fit.means) {
            let Some(row) = row else { continue };
            space.columns_of(*row, &by_slot).into_iter().for_each(|column| sums[column] += mean);
        }
        let coefficients = factor.solve(&sums);
        let mut effects = Self {
            fit,
            space,
            row_of_column,
            factor,
            coefficients,
            misfit: None,
            stretch,
            column_variance,
            control,
        };
        effects.misfit = effects.lack_of_fit(combinations);
        effects.coefficients.iter().all(|value| value.is_finite()).then_some(effects)
    }

    /// Number of rounds.
    pub(crate) fn rounds(&self) -> usize {
        self.fit.rounds
    }

    /// Test of the model; `None` if there are no more combinations than parameters.
    pub(crate) fn misfit(&self) -> Option<LackOfFit> {
        self.misfit
    }

    /// Estimate of the difference between two combinations, by the model.
    pub(crate) fn difference(&self, of: &[usize], against: &[usize]) -> Estimate {
        let by_slot = self.space.columns_by_slot();
        let mut contrast = vec![0.0; self.space.parameters()];
        for (levels, sign) in [(of, 1.0), (against, -1.0)] {
            let slots = levels.iter().enumerate().map(|(axis, level)| self.space.slot(axis, *level));
            slots.filter_map(|slot| by_slot[slot]).for_each(|column| contrast[column] += sign);
        }
        let solved = self.factor.solve(&contrast);
        let weights: Vec<f64> = self
            .row_of_column
            .iter()
            .map(|row| {
                let columns = row.map(|row| self.space.columns_of(row, &by_slot)).unwrap_or_default();
                columns.into_iter().map(|column| solved[column]).sum()
            })
            .collect();
        let plain = self.fit.contrast(&weights, self.control);
        match self.misfit.filter(|misfit| misfit.widens) {
            Some(misfit) => {
                Estimate { se: (misfit.variance * squared(&weights)).sqrt(), df: misfit.df.0, ..plain }
            }
            None => plain.stretched(self.stretch).with_variance(self.column_variance * squared(&weights)),
        }
    }

    /// Estimate of the effect of a level against another one of its axis.
    pub(crate) fn effect(&self, axis: usize, level: usize, against: usize) -> Estimate {
        let at = |level| {
            let mut levels = vec![0; self.space.levels().len()];
            levels[axis] = level;
            levels
        };
        self.difference(&at(level), &at(against))
    }

    /// ln seconds by the model, up to a constant.
    pub(crate) fn predicted(&self, levels: &[usize]) -> f64 {
        let by_slot = self.space.columns_by_slot();
        let slots = levels.iter().enumerate().map(|(axis, level)| self.space.slot(axis, *level));
        slots.filter_map(|slot| by_slot[slot]).map(|column| self.coefficients[column]).sum()
    }

    /// The mean square of the means of combinations about the model, with the weight of their columns, against what
    /// it would be by the scatter of builds and by offsets of directories.
    fn lack_of_fit(&self, combinations: &[FactorialCell]) -> Option<LackOfFit> {
        let above = combinations.len().checked_sub(self.space.parameters()).filter(|df| *df > 0)? as f64;
        let squares = |cell: &FactorialCell| {
            let count = cell.columns.len() as f64;
            let mean = cell.columns.iter().map(|column| self.fit.means[*column]).sum::<f64>() / count;
            count * (mean - self.coefficients[0] - self.predicted(&cell.levels)).powi(2)
        };
        let variance = combinations.iter().map(squares).sum::<f64>() / above;
        let expected = self.fit.pooled * self.stretch.powi(2) / self.fit.rounds as f64 + self.column_variance;
        let below = self.fit.pooled_df();
        let f = if expected > 0.0 { variance / expected } else { 0.0 };
        let p = f_tail(f, above, below);
        f.is_finite().then_some(LackOfFit { f, df: (above, below), p, widens: p < SIGN_OF_MISFIT, variance })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::noise::Noise;
    use crate::stats::truth::Truth;
    use crate::stats::{choose_fraction, t_quantile, usual_rows};

    /// Combinations of a fraction, the first one with a copy.
    fn cells(space: &DesignSpace, rows: &[usize]) -> Vec<FactorialCell> {
        let columns = |at: usize| if at == 0 { vec![0, 1] } else { vec![at + 1] };
        let cell = |(at, row): (usize, &usize)| FactorialCell {
            levels: space.combination(*row),
            columns: columns(at),
        };
        rows.iter().enumerate().map(cell).collect()
    }

    /// By hand: without noise, the effects are those that the means were made of.
    #[test]
    fn exact_means_give_exact_effects() {
        let space = DesignSpace::product(vec![2, 3, 2], |_| true);
        let rows = choose_fraction(&space, &[0], 8, 1).unwrap().rows;
        let cells = cells(&space, &rows);
        let effects = [vec![0.0, -0.2], vec![0.0, 0.1, 0.3], vec![0.0, 0.05]];
        let value = |levels: &[usize]| -> f64 {
            levels.iter().zip(&effects).map(|(level, effects)| effects[*level]).sum()
        };
        let mut noise = Noise::new(1);
        let table: Vec<Vec<f64>> = (0..4)
            .map(|_| {
                let round = noise.normal();
                let of = |cell: &FactorialCell| vec![round + value(&cell.levels); cell.columns.len()];
                cells.iter().flat_map(of).collect()
            })
            .collect();
        let fit = MainEffects::of(&table, vec![2, 3, 2], &cells, (1.0, Control::WithoutLooks), 0.0).unwrap();
        for (axis, of) in effects.iter().enumerate() {
            for (level, effect) in of.iter().enumerate().skip(1) {
                let found = fit.effect(axis, level, 0);
                assert!((found.theta - effect).abs() < 1e-12, "{axis} {level}: {found:?}");
            }
        }
        assert!((fit.effect(1, 2, 1).theta - 0.2).abs() < 1e-12);
        assert!((fit.difference(&[1, 2, 1], &[0, 1, 0]).theta - 0.05).abs() < 1e-12);
        assert!((fit.predicted(&[1, 0, 0]) - fit.predicted(&[0, 0, 0]) + 0.2).abs() < 1e-12);
        assert_eq!(fit.rounds(), 4);
    }

    /// The standard error of an effect is that of the design: σ²·cᵀ(XᵀX)⁻¹c/n.
    #[test]
    fn standard_errors_are_those_of_the_design() {
        let space = DesignSpace::product(vec![2; 5], |_| true);
        let rows = choose_fraction(&space, &[0], 16, 1).unwrap().rows;
        let cells = cells(&space, &rows);
        let mut noise = Noise::new(5);
        let (mut squares, mut expected) = (0.0, 0.0);
        for _ in 0..300 {
            let table: Vec<Vec<f64>> =
                (0..6).map(|_| (0..17).map(|_| noise.build(0.05, 0.0)).collect()).collect();
            let fit = MainEffects::of(&table, vec![2; 5], &cells, (1.0, Control::WithoutLooks), 0.0).unwrap();
            let found = fit.effect(3, 1, 0);
            squares += found.theta.powi(2) / 300.0;
            expected += found.se.powi(2) / 300.0;
        }
        // 4/17 of 0.05² by six rounds, nearly: one row is built twice.
        let design = 0.05f64.powi(2) * 4.0 / 16.5 / 6.0;
        assert!((squares / design - 1.0).abs() < 0.25, "{squares} {design}");
        assert!((expected / design - 1.0).abs() < 0.25, "{expected} {design}");
    }

    #[test]
    fn interactions_show_as_lack_of_fit_and_widen_intervals() {
        let space = DesignSpace::product(vec![2; 5], |_| true);
        let rows = choose_fraction(&space, &[0], 12, 1).unwrap().rows;
        let cells = cells(&space, &rows);
        let table = |interaction: f64| -> Vec<Vec<f64>> {
            let mut noise = Noise::new(2);
            let of = |cell: &FactorialCell| {
                let both = if cell.levels[0] == cell.levels[1] { interaction } else { -interaction };
                vec![both; cell.columns.len()]
            };
            let values: Vec<f64> = cells.iter().flat_map(of).collect();
            (0..5).map(|_| values.iter().map(|value| value + noise.build(0.02, 0.0)).collect()).collect()
        };
        let fit = |interaction| {
            MainEffects::of(&table(interaction), vec![2; 5], &cells, (1.0, Control::WithoutLooks), 0.0)
                .unwrap()
        };
        let (without, with) = (fit(0.0), fit(0.1));
        let misfit = with.misfit().unwrap();
        assert!(misfit.widens && misfit.p < 1e-6 && misfit.df.0 == 6.0, "{misfit:?}");
        assert!(with.effect(2, 1, 0).se > 3.0 * without.effect(2, 1, 0).se);
        assert_eq!(with.effect(2, 1, 0).df, 6.0);
        let saturated = choose_fraction(&space, &[0], 6, 1).unwrap().rows;
        let cells = super::tests::cells(&space, &saturated);
        let table: Vec<Vec<f64>> = table(0.1).into_iter().map(|row| row[..7].to_vec()).collect();
        assert_eq!(
            MainEffects::of(&table, vec![2; 5], &cells, (1.0, Control::WithoutLooks), 0.0).unwrap().misfit(),
            None
        );
    }

    #[test]
    fn too_little_has_no_fit() {
        let space = DesignSpace::product(vec![2, 2], |_| true);
        let cells = cells(&space, &[0, 1, 2]);
        let rows = |count: usize| vec![vec![0.0, 0.1, 0.2, 0.3]; count];
        assert!(MainEffects::of(&rows(2), vec![2, 2], &cells, (1.0, Control::WithoutLooks), 0.0).is_none());
        assert!(MainEffects::of(&rows(4), vec![2, 2], &cells, (1.0, Control::WithoutLooks), 0.0).is_some());
        let one_axis = super::tests::cells(&space, &[0, 1]);
        assert!(
            MainEffects::of(&rows(4), vec![2, 2], &one_axis, (1.0, Control::WithoutLooks), 0.0).is_none()
        );
    }

    /// The target: 24 rows of 1,728 with unmodeled interactions, of all pairs of axes or of two. A small version of
    /// the table in docs/METHODOLOGY.md, which `cargo bench` makes.
    #[test]
    fn intervals_cover_the_truth_with_interactions_that_the_model_lacks() {
        let levels = vec![4, 3, 3, 3, 2, 2, 2, 2];
        let space = DesignSpace::product(levels.clone(), |_| true);
        assert_eq!(usual_rows(&space), 24);
        let rows = choose_fraction(&space, &[0], 24, 1).unwrap().rows;
        let cells = cells(&space, &rows);
        for (sd, pairs) in [(0.0, 28), (0.04, 28), (0.08, 28), (0.04, 2), (0.08, 2)] {
            let mut noise = Noise::new(3);
            let (mut covered, mut all) = (0, 0);
            for _ in 0..60 {
                let truth = Truth::draw(&levels, sd, pairs, &mut noise);
                let of = |cell: &FactorialCell| vec![truth.at(&cell.levels); cell.columns.len()];
                let means: Vec<f64> = cells.iter().flat_map(of).collect();
                let table: Vec<Vec<f64>> = (0..3)
                    .map(|_| means.iter().map(|mean| mean + noise.build(0.05, 0.03)).collect())
                    .collect();
                let fit = MainEffects::of(&table, levels.clone(), &cells, (1.0, Control::WithoutLooks), 0.0)
                    .unwrap();
                for (axis, effects) in truth.effects.iter().enumerate() {
                    for (level, effect) in effects.iter().enumerate().skip(1) {
                        let found = fit.effect(axis, level, 0);
                        let half_width = t_quantile(0.975, found.df) * found.inflated_se();
                        covered += u32::from((found.theta - effect).abs() <= half_width);
                        all += 1;
                    }
                }
            }
            // 780 effects, those of one run depend on each other. The target is 94%.
            let share = f64::from(covered) / f64::from(all);
            assert!(share >= 0.93, "interactions of {sd} in {pairs} pairs: {share}");
        }
    }
}
