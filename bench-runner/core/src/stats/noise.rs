//! Seeded noise for simulations in tests.

#![allow(missing_docs, reason = "for tests, which say more by their names")]

use chacha20::ChaCha8Rng;
use chacha20::rand_core::{Rng, SeedableRng};

pub struct Noise(ChaCha8Rng);

impl Noise {
    pub fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// Uniform between 0 and 1, both excluded.
    pub fn uniform(&mut self) -> f64 {
        (f64::from(self.0.next_u32()) + 0.5) / 4_294_967_296.0
    }

    /// Standard normal (Box and Muller).
    pub fn normal(&mut self) -> f64 {
        let (radius, angle) = (self.uniform(), self.uniform());
        (-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * angle).cos()
    }

    /// ln seconds of a build around 0: log-normal with standard deviation `sd`; a fraction `outliers` of the
    /// builds takes 1.5 times as long.
    pub fn build(&mut self, sd: f64, outliers: f64) -> f64 {
        let outlier = if self.uniform() < outliers { 1.5f64.ln() } else { 0.0 };
        sd * self.normal() + outlier
    }
}
