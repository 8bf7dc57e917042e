//! Cost of the design of a block, against changing one axis at a time.

use bench_runner_core::record::{Block, BlockLevels};
use bench_runner_core::stats::{DesignSpace, mean_effect_variance, one_at_a_time_variance};

/// Builds of a block that varies several axes, and the precision of its effects.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DesignCost {
    /// Number of combinations that a round builds, the control included.
    pub builds: usize,
    /// The same number if one axis at a time is changed.
    pub one_at_a_time: usize,
    /// Mean variance of an effect after one round, in units of the variance of a single build.
    variance: f64,
    has_control: bool,
}

impl DesignCost {
    /// `None` if the block does not vary several axes of settings, or does not show all of their effects.
    pub fn of(block: &Block) -> Option<Self> {
        let levels = BlockLevels::of(block);
        let counts = levels.counts();
        if counts.iter().filter(|count| **count > 1).count() < 2 {
            return None;
        }
        let space = DesignSpace::new(counts, levels.arms.iter().map(|(_, combination)| combination));
        let has_control = block.twin().is_some();
        // The control is a second build of the baseline, which may be a whole variant.
        let copy = levels.arms.iter().position(|(arm, _)| *arm == block.baseline()).filter(|_| has_control);
        let rows: Vec<usize> = (0..space.len()).chain(copy).collect();
        Some(Self {
            builds: space.len() + usize::from(has_control),
            one_at_a_time: space.parameters() + usize::from(has_control),
            variance: mean_effect_variance(&space, &rows)?,
            has_control,
        })
    }

    /// Number of builds that one axis at a time needs for effects of the same precision, divided by that of the block.
    pub fn factor(&self) -> f64 {
        self.one_at_a_time as f64 * self.variance_factor() / self.builds as f64
    }

    /// Half-width of the interval of a single combination, divided by that of an effect.
    pub fn narrower(&self) -> f64 {
        self.variance_factor().sqrt()
    }

    fn variance_factor(&self) -> f64 {
        one_at_a_time_variance(self.has_control) / self.variance
    }
}
