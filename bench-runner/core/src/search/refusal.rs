//! Reasons why a search cannot be made.

use std::time::Duration;

use crate::record::Refusal;

/// Reason why there is no next stage.
#[derive(Debug, Clone, PartialEq)]
pub enum SearchRefusal {
    /// At most one combination is allowed, or only the user's own.
    NothingToSearch {
        /// Number of allowed combinations.
        allowed: usize,
    },
    /// The space has more combinations than a search plans with, forbidden ones included.
    TooManyCombinations {
        /// Largest number of combinations.
        limit: usize,
        /// Number of combinations, if it can be counted.
        product: Option<usize>,
        /// Axes with their numbers of levels, the largest first.
        axes: Vec<(String, usize)>,
    },
    /// The budget is too small for one round of each stage.
    BudgetTooSmall {
        /// The budget.
        budget: Duration,
        /// The smallest budget that would do, by the estimated times.
        needed: Duration,
        /// Number of combinations that one round of the screening has to build.
        rows: usize,
    },
    /// Levels that change together in all allowed combinations, as axis and level.
    Inseparable(Vec<(String, String)>),
    /// An axis or a pair names an axis twice.
    DuplicateAxis(String),
    /// An axis has a level twice.
    DuplicateLevel {
        /// Key of the axis.
        axis: String,
        /// Name of the level.
        level: String,
    },
    /// A rule names an axis that the space does not have.
    UnknownAxis(String),
    /// A rule names a level that its axis does not have.
    UnknownLevel {
        /// Key of the axis.
        axis: String,
        /// Name of the level.
        level: String,
    },
    /// The user's own combination does not have a level of the space on each axis.
    UnknownAsConfigured,
    /// A forbidden combination without levels.
    ForbidsEverything,
    /// No workload with builds per day.
    NoWorkload,
    /// A workload with a weight, a time or a warm-up that makes no sense.
    InvalidWorkload {
        /// Name of the workload.
        workload: String,
        /// The fault.
        fault: &'static str,
    },
    /// The results are not those of the stages that the request leads to.
    OtherStage {
        /// Name of the stage that was expected.
        expected: String,
        /// Name of the stage that was given.
        found: String,
    },
}

impl SearchRefusal {
    /// The reason with a hint, as text.
    pub fn refusal(&self) -> Refusal {
        match self {
            Self::NothingToSearch { allowed } => Refusal::new(match allowed {
                0 => "the requirements leave no combination of settings to try".to_owned(),
                _ => "the only combination of settings to try is the current configuration".to_owned(),
            })
            .with_help("add values to the space, or drop a requirement"),
            Self::TooManyCombinations { limit, product, axes } => {
                let count = product.map_or("too many".to_owned(), |product| product.to_string());
                let largest: Vec<String> =
                    axes.iter().take(3).map(|(key, levels)| format!("{key} ({levels} values)")).collect();
                Refusal::new(format!(
                    "the space has {count} combinations; a search plans with at most {limit}"
                ))
                .with_help(format!("remove values or axes; the largest are {}", largest.join(", ")))
            }
            Self::BudgetTooSmall { budget, needed, rows } => Refusal::new(format!(
                "a budget of {} is too small: the screening builds at least {rows} combinations, and the confirmation \
                 the best one three times",
                minutes(*budget)
            ))
            .with_help(format!(
                "a budget of {} would do; with fewer axes or values, or without the slowest workload, less",
                minutes(*needed)
            )),
            Self::Inseparable(levels) => {
                let named: Vec<String> =
                    levels.iter().map(|(axis, level)| format!("{axis}={level}")).collect();
                Refusal::new(format!(
                    "the effects of {} cannot be told apart: in all allowed combinations they depend on each other",
                    named.join(" and ")
                ))
                .with_help("make one axis of them, or allow more combinations")
            }
            Self::DuplicateAxis(key) => Refusal::new(format!("duplicate axis `{key}`")),
            Self::DuplicateLevel { axis, level } => {
                Refusal::new(format!("duplicate value `{level}` of axis `{axis}`"))
            }
            Self::UnknownAxis(key) => Refusal::new(format!("the space has no axis `{key}`")),
            Self::UnknownLevel { axis, level } => {
                Refusal::new(format!("axis `{axis}` has no value `{level}`"))
            }
            Self::UnknownAsConfigured => {
                Refusal::new("the current configuration has no value of the space on some axis")
            }
            Self::ForbidsEverything => {
                Refusal::new("a forbidden combination without settings would forbid every combination")
            }
            Self::NoWorkload => Refusal::new("no workload is built on any day")
                .with_help("name at least one, such as `--per-day incremental=80`"),
            Self::InvalidWorkload { workload, fault } => {
                Refusal::new(format!("workload `{workload}`: {fault}"))
            }
            Self::OtherStage { expected, found } => Refusal::new(format!(
                "the next stage of this search is `{expected}`, but the results are those of `{found}`"
            ))
            .with_help("start a new search: the request was changed, or made by another version"),
        }
    }
}

impl std::fmt::Display for SearchRefusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.refusal().fmt(f)
    }
}

impl std::error::Error for SearchRefusal {}

/// Whole minutes, rounded up.
fn minutes(of: Duration) -> String {
    match of.as_secs().div_ceil(60) {
        1 => "1 minute".to_owned(),
        minutes => format!("{minutes} minutes"),
    }
}
