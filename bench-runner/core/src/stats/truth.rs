//! Truths of simulated products and fractions: effects of levels, and interactions.

#![allow(missing_docs, reason = "for tests, which say more by their names")]

use super::noise::Noise;

/// Standard deviation of the effects of levels.
const EFFECT: f64 = 0.1;

/// Effects of levels, and interactions that average to 0 over either axis, both on ln seconds.
pub struct Truth {
    pub effects: Vec<Vec<f64>>,
    /// Two axes, and ln seconds by level of the first and the second.
    interactions: Vec<(usize, usize, Vec<Vec<f64>>)>,
}

impl Truth {
    /// Interactions of `count` random pairs, which together have standard deviation `sd` over all combinations.
    pub fn draw(levels: &[usize], sd: f64, count: usize, noise: &mut Noise) -> Self {
        let effect = |level: usize, noise: &mut Noise| if level == 0 { 0.0 } else { EFFECT * noise.normal() };
        let effects =
            levels.iter().map(|count| (0..*count).map(|level| effect(level, noise)).collect()).collect();
        let mut pairs: Vec<(usize, usize)> =
            (0..levels.len()).flat_map(|one| (0..one).map(move |other| (one, other))).collect();
        while pairs.len() > count {
            pairs.swap_remove((noise.uniform() * pairs.len() as f64) as usize);
        }
        let of_pair = |(one, other): (usize, usize)| {
            (one, other, interaction(levels[one], levels[other], sd / (count as f64).sqrt(), noise))
        };
        Self { effects, interactions: pairs.into_iter().map(of_pair).collect() }
    }

    pub fn at(&self, levels: &[usize]) -> f64 {
        let effects: f64 = levels.iter().zip(&self.effects).map(|(level, of)| of[*level]).sum();
        let both = |(one, other, table): &(usize, usize, Vec<Vec<f64>>)| table[levels[*one]][levels[*other]];
        effects + self.interactions.iter().map(both).sum::<f64>()
    }
}

/// A random table whose rows and columns sum to 0, with this root mean square.
fn interaction(height: usize, width: usize, size: f64, noise: &mut Noise) -> Vec<Vec<f64>> {
    let mut table: Vec<Vec<f64>> =
        (0..height).map(|_| (0..width).map(|_| noise.normal()).collect()).collect();
    for row in &mut table {
        let mean = row.iter().sum::<f64>() / width as f64;
        row.iter_mut().for_each(|value| *value -= mean);
    }
    for column in 0..width {
        let mean = table.iter().map(|row| row[column]).sum::<f64>() / height as f64;
        table.iter_mut().for_each(|row| row[column] -= mean);
    }
    let squares: f64 = table.iter().flatten().map(|value| value * value).sum();
    let scale = size / (squares / (height * width) as f64).sqrt();
    table.iter_mut().flatten().for_each(|value| *value *= scale);
    table
}
