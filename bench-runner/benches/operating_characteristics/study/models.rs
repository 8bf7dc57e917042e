//! Build times: the truth, and the noise of a machine.

use bench_runner_core::record::Role;
use chacha20::ChaCha8Rng;
use chacha20::rand_core::{Rng, SeedableRng};
use sha2::{Digest, Sha256};

use super::real_builds::SERIES;

/// Standard deviation of ln seconds of one build.
pub(crate) const NOISE: f64 = 0.02;

/// Share of outliers among builds, and their factor.
const OUTLIERS: f64 = 0.05;
const OUTLIER: f64 = 1.5;

/// Slowdown of the machine at the end of the span.
const DRIFT: f64 = 0.10;

/// Correlation of neighbors under the autoregressive models.
const RHO: f64 = 0.6;

/// Correlation of neighbors on the machines of the committed runs.
const RHO_OF_REAL: f64 = 0.645;

/// Share of outliers on such machines, and the range of their factors.
const OUTLIERS_OF_REAL: f64 = 0.03;
const OUTLIER_OF_REAL: [f64; 2] = [1.3, 1.7];

/// Time of the slower of two speeds relative to the faster one, and the jitter at either of them.
const SLOWER: f64 = 1.2;
const JITTER: f64 = 0.002;

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
    /// The machine slows down by 10% over the span, in equal steps from build to build.
    Drift,
    /// Consecutive builds of any arm correlate: autoregressive of order 1, ρ = 0.6.
    Neighbours,
    /// Some arms have noise larger by this factor.
    Noisier(Noisy, f64),
    /// Fitted to the committed runs: 4% from build to build, 7.3% that lasts over several builds, and some
    /// outliers.
    Real,
    /// A machine that others hardly disturb: 1.5% from build to build, and 1.5% that lasts.
    Quiet,
    /// Builds of the committed runs themselves, from a random place in a random series.
    RealBuilds,
    /// A processor with two speeds, one of them drawn for each build, and little jitter.
    TwoSpeeds,
    /// A build right after the last variant in the same round takes 1% longer.
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
    All,
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
    /// For each arm the state of its series after the last round.
    of_arm: Vec<f64>,
    /// For each arm its directory's factor as ln.
    offsets: Vec<f64>,
    /// Index of a series of real builds, and of the next build in it.
    real: (usize, usize),
}

impl<'a> Machine<'a> {
    /// `span` is the number of builds over which a drift reaches its full size.
    pub(crate) fn new(model: Model, roles: &'a [Role], span: usize, noise: &'a mut Noise) -> Self {
        let left_over = noise.normal();
        let of_arm = roles.iter().map(|_| noise.normal()).collect();
        let real = if model == Model::RealBuilds {
            let series = noise.below(SERIES.len());
            (series, noise.below(SERIES[series].len()))
        } else {
            (0, 0)
        };
        let offsets = vec![0.0; roles.len()];
        Self { model, roles, noise, span: span.max(1) as f64, built: 0, left_over, of_arm, offsets, real }
    }

    /// Replaces all target directories; `sd` is the standard deviation of the ln of a directory's factor.
    pub(crate) fn lay_out(&mut self, sd: f64) {
        for offset in &mut self.offsets {
            *offset = if sd > 0.0 { sd * self.noise.normal() } else { 0.0 };
        }
    }

    /// The factor on the true time of the next build, as ln. `predecessor` was built immediately before in
    /// the same round.
    pub(crate) fn build(&mut self, arm: usize, predecessor: Option<usize>) -> f64 {
        self.offsets[arm] + self.speed(arm, predecessor)
    }

    fn speed(&mut self, arm: usize, predecessor: Option<usize>) -> f64 {
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
            Model::Neighbours => NOISE * autoregress(&mut self.left_over, RHO, fresh),
            Model::Noisier(noisy, factor) => {
                NOISE * fresh * if self.is_noisy(noisy, arm) { factor } else { 1.0 }
            }
            Model::Real => {
                let outlier = self.noise.uniform() < OUTLIERS_OF_REAL;
                let [least, most] = OUTLIER_OF_REAL;
                let factor = least + (most - least) * self.noise.uniform();
                0.04 * fresh + 0.073 * self.lasting() + if outlier { factor.ln() } else { 0.0 }
            }
            Model::Quiet => 0.015 * fresh + 0.015 * self.lasting(),
            Model::RealBuilds => self.real_build(),
            Model::TwoSpeeds => JITTER * fresh + if self.noise.uniform() < 0.5 { SLOWER.ln() } else { 0.0 },
            Model::CarryOver => {
                let after = predecessor == Some(self.roles.len() - 1);
                NOISE * fresh + if after { CARRY_OVER.ln_1p() } else { 0.0 }
            }
            Model::Serial => NOISE * autoregress(&mut self.of_arm[arm], RHO, fresh),
        }
    }

    /// The next value of the series that all arms share, in standard deviations.
    fn lasting(&mut self) -> f64 {
        let fresh = self.noise.normal();
        autoregress(&mut self.left_over, RHO_OF_REAL, fresh)
    }

    /// The next build of the series. A round that does not fit into what is left of it begins at another place.
    fn real_build(&mut self) -> f64 {
        let (series, next) = self.real;
        let (builds, arms) = (&SERIES[series], self.roles.len());
        let begins_round = (self.built - 1).is_multiple_of(arms);
        let next = if begins_round && next + arms > builds.len() {
            self.noise.below(builds.len() - arms + 1)
        } else {
            next
        };
        self.real = (series, next + 1);
        builds[next]
    }

    fn is_noisy(&self, noisy: Noisy, arm: usize) -> bool {
        match noisy {
            Noisy::LastVariant => arm == self.roles.len() - 1,
            Noisy::Variants => self.roles[arm] == Role::Variant,
            Noisy::BaselineAndTwin => self.roles[arm] != Role::Variant,
            Noisy::All => true,
        }
    }
}

/// The next value of a stationary series of variance 1.
fn autoregress(state: &mut f64, rho: f64, fresh: f64) -> f64 {
    *state = rho * *state + (1.0 - rho * rho).sqrt() * fresh;
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
    pub(crate) fn uniform(&mut self) -> f64 {
        (f64::from(self.0.next_u32()) + 0.5) / 4_294_967_296.0
    }

    /// Uniform among the numbers below `limit`, which is not 0.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        (self.uniform() * limit as f64) as usize
    }

    /// Standard normal (Box and Muller).
    pub(crate) fn normal(&mut self) -> f64 {
        let (radius, angle) = (self.uniform(), self.uniform());
        (-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * angle).cos()
    }
}
