//! Shares and means of simulated runs, each with its Monte-Carlo standard error.

/// A share of trials. Trials of one run are dependent, so the standard error is that between runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Share {
    runs: u64,
    hits: u64,
    trials: u64,
    hits_squared: u64,
    hits_by_trials: u64,
    trials_squared: u64,
}

impl Share {
    /// Adds one run.
    pub(crate) fn add(&mut self, hits: usize, trials: usize) {
        let (hits, trials) = (hits as u64, trials as u64);
        self.runs += 1;
        self.hits += hits;
        self.trials += trials;
        self.hits_squared += hits * hits;
        self.hits_by_trials += hits * trials;
        self.trials_squared += trials * trials;
    }

    pub(crate) fn hits(&self) -> u64 {
        self.hits
    }

    pub(crate) fn trials(&self) -> u64 {
        self.trials
    }

    /// The share of the other trials.
    #[must_use]
    pub(crate) fn complement(self) -> Self {
        Self {
            hits: self.trials - self.hits,
            hits_squared: self.trials_squared + self.hits_squared - 2 * self.hits_by_trials,
            hits_by_trials: self.trials_squared - self.hits_by_trials,
            ..self
        }
    }

    /// From 0 to 1; 0 without trials.
    pub(crate) fn value(&self) -> f64 {
        if self.trials == 0 { 0.0 } else { self.hits as f64 / self.trials as f64 }
    }

    /// Standard error of a ratio estimate from clusters, the runs: √(R/(R−1)·Σ(hᵢ − p·tᵢ)²) / Σtᵢ. `None` for
    /// fewer than two runs.
    pub(crate) fn se(&self) -> Option<f64> {
        if self.runs < 2 || self.trials == 0 {
            return None;
        }
        let (p, runs) = (self.value(), self.runs as f64);
        let squares = self.hits_squared as f64 - 2.0 * p * self.hits_by_trials as f64
            + p * p * self.trials_squared as f64;
        Some((squares.max(0.0) * runs / (runs - 1.0)).sqrt() / self.trials as f64)
    }
}

/// A mean over runs.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Mean {
    runs: u64,
    sum: f64,
    squares: f64,
}

impl Mean {
    /// Adds one run.
    pub(crate) fn add(&mut self, value: f64) {
        self.runs += 1;
        self.sum += value;
        self.squares += value * value;
    }

    /// 0 without runs.
    pub(crate) fn value(&self) -> f64 {
        if self.runs == 0 { 0.0 } else { self.sum / self.runs as f64 }
    }

    /// `None` for fewer than two runs.
    pub(crate) fn se(&self) -> Option<f64> {
        if self.runs < 2 {
            return None;
        }
        let (mean, runs) = (self.value(), self.runs as f64);
        Some(((self.squares / runs - mean * mean).max(0.0) / (runs - 1.0)).sqrt())
    }
}
