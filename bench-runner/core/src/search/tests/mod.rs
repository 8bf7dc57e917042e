mod confirmation;
mod machine;
mod planning;
mod space;
mod steps;

use std::time::Duration;

use super::*;

/// A space with these numbers of levels, all first levels as configured.
fn space(levels: &[usize]) -> SearchSpace {
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

fn forbidding(pairs: &[(usize, usize)]) -> ForbiddenCombination {
    ForbiddenCombination(
        pairs.iter().map(|(axis, level)| (format!("axis-{axis}"), format!("value-{level}"))).collect(),
    )
}

/// A working day of a project whose clean build takes 16 s.
fn request(levels: &[usize], minutes: u64) -> SearchRequest {
    let workload = |name: &str, per_day, build_s, warm_up| DailyWorkload {
        name: name.into(),
        per_day,
        build_s,
        warm_up,
    };
    SearchRequest {
        budget: Duration::from_secs(60 * minutes),
        workloads: vec![
            workload("incremental", 80.0, 2.5, WarmUp::Separate { seconds: 16.0 }),
            workload("check", 30.0, 8.0, WarmUp::Counts),
            workload("clean", 3.0, 16.0, WarmUp::Within { workload: "incremental".into() }),
        ],
        overhead_s: 0.25,
        space: space(levels),
        seed: 1,
    }
}

fn planned_rounds(stage: &SearchStage) -> Vec<(&str, u32)> {
    stage.workloads.iter().map(|one| (one.name.as_str(), one.rounds)).collect()
}
