//! Requests for tests and simulations.

#![allow(missing_docs, reason = "for tests, which say more by their names")]

use std::time::Duration;

use super::request::{DailyWorkload, SearchRequest, WarmUp};
use super::space::{SearchAxis, SearchSpace};

/// A space with these numbers of levels: `axis-0` with `value-0` and so on. All first levels are as configured.
pub fn space(levels: &[usize]) -> SearchSpace {
    let axis = |(at, levels): (usize, &usize)| SearchAxis {
        key: format!("axis-{at}"),
        levels: (0..*levels).map(|level| format!("value-{level}")).collect(),
    };
    SearchSpace {
        axes: levels.iter().enumerate().map(axis).collect(),
        forbidden: Vec::new(),
        as_configured: vec![0; levels.len()],
        interactions: Vec::new(),
    }
}

/// A working day on a project whose clean build takes 16 s.
pub fn working_day(levels: &[usize], minutes: u64) -> SearchRequest {
    let workload = |name: &str, per_day, build_s, warm_up| DailyWorkload {
        name: name.to_owned(),
        per_day,
        build_s,
        warm_up,
    };
    SearchRequest {
        budget: Duration::from_secs(60 * minutes),
        workloads: vec![
            workload("incremental", 80.0, 2.5, WarmUp::Separate { seconds: 16.0 }),
            workload("check", 30.0, 8.0, WarmUp::Counts),
            workload("clean", 3.0, 16.0, WarmUp::Within { workload: "incremental".to_owned() }),
        ],
        overhead_s: 0.25,
        space: space(levels),
        seed: 1,
        slowness: Vec::new(),
    }
}
