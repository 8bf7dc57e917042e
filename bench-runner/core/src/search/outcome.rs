//! The result of a search.

use serde::{Deserialize, Serialize};

use super::confirmation::Confirmation;
use super::prediction::DailyPrediction;
use super::refusal::SearchRefusal;
use super::request::SearchRequest;
use super::stage::StageResult;

/// The result of a search.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SearchResult {
    /// Levels of the nominee; `None` if no combination could be nominated.
    pub nominee: Option<Vec<usize>>,
    /// The answer.
    pub outcome: SearchOutcome,
    /// Predicted worth of each setting of the nominee, the largest first; empty without a prediction.
    pub worth: Vec<SettingWorth>,
    /// The combinations that were built, the best prediction first; the user's own is among them.
    pub tried: Vec<TriedCombination>,
}

/// Predicted worth of one setting of the nominee: the day without it, with all others kept, against the day with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SettingWorth {
    /// Index of the axis.
    pub axis: usize,
    /// Seconds that a day's builds take longer without it.
    pub seconds: f64,
    /// Standard deviation of the error of that.
    pub sd_s: f64,
}

/// Predicted worth of each setting that can be left out by itself.
pub(super) fn worth(
    request: &SearchRequest,
    nominee: &[usize],
    prediction: &DailyPrediction,
) -> Result<Vec<SettingWorth>, SearchRefusal> {
    let (own, allowed) = (&request.space.as_configured, request.space.allowed()?);
    let day = prediction.daily_seconds(nominee);
    let of = |axis: usize| {
        let mut without = nominee.to_vec();
        without[axis] = own[axis];
        (allowed.contains(&without) || without == *own).then(|| SettingWorth {
            axis,
            seconds: prediction.daily_seconds(&without) - day,
            sd_s: day * prediction.difference_sd(nominee, &without),
        })
    };
    let mut all: Vec<SettingWorth> =
        (0..nominee.len()).filter(|axis| nominee[*axis] != own[*axis]).filter_map(of).collect();
    all.sort_by(|one, other| other.seconds.total_cmp(&one.seconds));
    Ok(all)
}

/// The answer of a search.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum SearchOutcome {
    /// The nominee is faster than as configured.
    Faster(Confirmation),
    /// The nominee was not shown to differ from as configured.
    NotShown(Confirmation),
    /// The nominee is slower than as configured.
    Worse(Confirmation),
    /// There is no comparison.
    NotJudged(NotJudged),
}

/// Reason why a search ended without a comparison.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum NotJudged {
    /// No workload was measured in the screening.
    NotMeasured,
    /// No combination but the user's own could be built.
    NothingBuilt,
    /// The nominee failed in the confirmation, with the reason.
    NomineeFailed(String),
    /// The user's own configuration failed in the confirmation, with the reason.
    AsConfiguredFailed(String),
    /// A workload has too few complete rounds in the confirmation.
    TooFewRounds {
        /// Name of the workload.
        workload: String,
    },
}

/// A combination that was built.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TriedCombination {
    /// Level of each axis.
    pub levels: Vec<usize>,
    /// Names of the stages.
    pub stages: Vec<String>,
    /// Predicted seconds of a day's builds; `None` without a prediction. They nominate and prove nothing: the best
    /// of many predictions is too good on average.
    pub daily_seconds: Option<f64>,
    /// Standard deviation of the error of ln(predicted day / predicted day as configured).
    pub log_ratio_sd: Option<f64>,
    /// Reason why it was given up.
    pub dropped: Option<String>,
}

/// All combinations of all stages.
pub(super) fn tried(
    request: &SearchRequest,
    results: &[StageResult],
    prediction: Option<&DailyPrediction>,
) -> Vec<TriedCombination> {
    let own = &request.space.as_configured;
    let mut all: Vec<TriedCombination> = Vec::new();
    for result in results {
        for arm in &result.stage.arms {
            let known = all.iter().position(|one| one.levels == arm.levels);
            let at = known.unwrap_or_else(|| {
                all.push(TriedCombination {
                    levels: arm.levels.clone(),
                    stages: Vec::new(),
                    daily_seconds: prediction.map(|prediction| prediction.daily_seconds(&arm.levels)),
                    log_ratio_sd: prediction.map(|prediction| prediction.difference_sd(&arm.levels, own)),
                    dropped: None,
                });
                all.len() - 1
            });
            if !all[at].stages.contains(&result.stage.name) {
                all[at].stages.push(result.stage.name.clone());
            }
            if let Some(reason) = result.reason_of(&arm.levels) {
                all[at].dropped = Some(reason.to_owned());
            }
        }
    }
    let order = |one: &TriedCombination| (one.dropped.is_some(), one.daily_seconds.unwrap_or(f64::INFINITY));
    all.sort_by(|a, b| order(a).0.cmp(&order(b).0).then(order(a).1.total_cmp(&order(b).1)));
    all
}
