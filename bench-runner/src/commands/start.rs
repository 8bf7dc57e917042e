//! Options of all verbs that measure: how a run is planned, and when it may start.

use super::wait::{self, WaitLimit};

/// Options for the plan of a measurement.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct PlanArgs {
    /// Seed for the random build order; the same seed reproduces the same order [default: from the clock]
    #[arg(long, value_name = "N")]
    pub(super) seed: Option<u64>,
    /// Never access the network
    #[arg(long)]
    pub(super) offline: bool,
}

/// Options for the start of a measurement.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct StartArgs {
    /// Refuse to measure (exit code 4) if `doctor` finds something that makes this machine unfit, such as high load,
    /// battery power or a full disk, or if the builds would differ from those in your own directory, because a file outside
    /// of the project is missing, for example [default: warn and measure]
    #[arg(long)]
    strict: bool,
    /// Wait until the machine is fit and no other run measures on it, for at most DURATION if given, as in `--wait=2h`
    /// [default: do not wait; with `--wait` alone, no limit]
    #[arg(long, value_name = "DURATION", num_args = 0..=1, require_equals = true, default_missing_value = "", value_parser = wait::wait_limit)]
    wait: Option<WaitLimit>,
}

impl StartArgs {
    pub(super) fn conditions(&self, plan: &PlanArgs) -> StartConditions {
        StartConditions { offline: plan.offline, strict: self.strict, wait: self.wait }
    }
}

/// Conditions for the start of a run.
#[derive(Debug, Clone, Copy)]
pub(super) struct StartConditions {
    pub(super) offline: bool,
    pub(super) strict: bool,
    pub(super) wait: Option<WaitLimit>,
}
