//! Build times: the truth, and the noise of a machine.

use bench_runner_core::record::Role;
use chacha20::ChaCha8Rng;
use chacha20::rand_core::{Rng, SeedableRng};
use sha2::{Digest, Sha256};

/// Standard deviation of ln seconds of one build.
pub(crate) const NOISE: f64 = 0.02;

/// Share of outliers among builds, and their factor.
const OUTLIERS: f64 = 0.05;
const OUTLIER: f64 = 1.5;

/// Slowdown of the machine at the end of the span.
const DRIFT: f64 = 0.10;

/// Correlation of neighbors under the autoregressive models.
const RHO: f64 = 0.6;

/// Standard deviation of the ln of a directory's factor.
const OFFSET: f64 = 0.005;

/// Relative extra time of a build after the last variant.
const CARRY_OVER: f64 = 0.01;

/// Noise of build times around the truth, on the log scale; normal with [`NOISE`] unless the model says
/// otherwise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Model {
    /// Independent builds.
    Normal,
    /// One build in twenty takes 1.5 times as long.
    Outliers,
    /// The machine slows down by 10 % over the span, in equal steps from build to build.
    Drift,
    /// Consecutive builds of any arm correlate: autoregressive of order 1, ρ = 0.6.
    Neighbours,
    /// Some arms have noise larger by this factor.
    Noisier(Noisy, f64),
    /// Each target directory has its own factor for the whole block, with a standard deviation of 0.5 %.
    Offsets,
    /// A build right after the last variant in the same round takes 1 % longer.
    CarryOver,
    /// Consecutive rounds of each arm correlate: autoregressive of order 1, ρ = 0.6.
    Serial,
}

/// The arms with larger noise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Noisy {
    LastVariant,
    Variants,
    BaselineAndTwin,
}

/// One machine during one block.
pub(crate) struct Machine<'a> {
    model: Model,
    roles: &'a [Role],
    noise: &'a mut Noise,
    /// Number of builds over which a drift reaches its full size.
    span: f64,
    built: usize,
    /// State of the autoregressive series after the last build, in standard deviations.
    left_over: f64,
    /// For each arm: its directory's factor as ln, or the state of its series after the last round.
    of_arm: Vec<f64>,
}

impl<'a> Machine<'a> {
    /// `span` is the number of builds over which a drift reaches its full size.
    pub(crate) fn new(model: Model, roles: &'a [Role], span: usize, noise: &'a mut Noise) -> Self {
        let left_over = noise.normal();
        let of_arm = roles.iter().map(|_| noise.normal()).collect();
        Self { model, roles, noise, span: span.max(1) as f64, built: 0, left_over, of_arm }
    }

    /// The factor on the true time of the next build, as ln. `predecessor` was built immediately before in
    /// the same round.
    pub(crate) fn build(&mut self, arm: usize, predecessor: Option<usize>) -> f64 {
        let fresh = self.noise.normal();
        let number = self.built as f64;
        self.built += 1;
        match self.model {
            Model::Normal => NOISE * fresh,
            Model::Outliers => {
                let outlier = self.noise.uniform() < OUTLIERS;
                NOISE * fresh + if outlier { OUTLIER.ln() } else { 0.0 }
            }
            Model::Drift => NOISE * fresh + DRIFT.ln_1p() * number / self.span,
            Model::Neighbours => NOISE * autoregress(&mut self.left_over, fresh),
            Model::Noisier(noisy, factor) => {
                NOISE * fresh * if self.is_noisy(noisy, arm) { factor } else { 1.0 }
            }
            Model::Offsets => NOISE * fresh + OFFSET * self.of_arm[arm],
            Model::CarryOver => {
                let after = predecessor == Some(self.roles.len() - 1);
                NOISE * fresh + if after { CARRY_OVER.ln_1p() } else { 0.0 }
            }
            Model::Serial => NOISE * autoregress(&mut self.of_arm[arm], fresh),
        }
    }

    fn is_noisy(&self, noisy: Noisy, arm: usize) -> bool {
        match noisy {
            Noisy::LastVariant => arm == self.roles.len() - 1,
            Noisy::Variants => self.roles[arm] == Role::Variant,
            Noisy::BaselineAndTwin => self.roles[arm] != Role::Variant,
        }
    }
}

/// The next value of a stationary series of variance 1.
fn autoregress(state: &mut f64, fresh: f64) -> f64 {
    *state = RHO * *state + (1.0 - RHO * RHO).sqrt() * fresh;
    *state
}

/// Seeded random numbers.
pub(crate) struct Noise(ChaCha8Rng);

impl Noise {
    /// The generator of one run. `what` names the stream, so that figures have independent noise and adding a
    /// figure changes none of the others.
    pub(crate) fn for_run(seed: u64, what: &str, run: u32) -> Self {
        let hash = Sha256::new()
            .chain_update(b"operating characteristics 1\n")
            .chain_update(seed.to_le_bytes())
            .chain_update(run.to_le_bytes())
            .chain_update(what.as_bytes())
            .finalize();
        Self(ChaCha8Rng::from_seed(hash.into()))
    }

    /// A seed for code with its own generator.
    pub(crate) fn seed(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Uniform in the open interval from 0 to 1.
    pub(super) fn uniform(&mut self) -> f64 {
        (f64::from(self.0.next_u32()) + 0.5) / 4_294_967_296.0
    }

    /// Standard normal (Box and Muller).
    pub(super) fn normal(&mut self) -> f64 {
        let (radius, angle) = (self.uniform(), self.uniform());
        (-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * angle).cos()
    }
}
