mod confirmation;
mod machine;
mod planning;
mod space;
mod steps;

use std::time::Duration;

use super::fixture::{space, working_day as request};
use super::*;

fn forbidding(pairs: &[(usize, usize)]) -> ForbiddenCombination {
    ForbiddenCombination(
        pairs.iter().map(|(axis, level)| (format!("axis-{axis}"), format!("value-{level}"))).collect(),
    )
}

fn planned_rounds(stage: &SearchStage) -> Vec<(&str, u32)> {
    stage.workloads.iter().map(|one| (one.name.as_str(), one.rounds)).collect()
}
