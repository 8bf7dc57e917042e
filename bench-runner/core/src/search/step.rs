//! The next step of a search.

use super::candidates::CandidateArms;
use super::confirmation::{self, confirm, plan_confirmation};
use super::costs::{ArmTimes, seconds};
use super::head_to_head::{self, plan_head_to_head};
use super::outcome::{NotJudged, SearchOutcome, SearchResult, tried, worth};
use super::prediction::{DailyPrediction, predict};
use super::refusal::SearchRefusal;
use super::request::SearchRequest;
use super::screening::{self, plan_screening};
use super::stage::{SearchStage, StageResult};

/// Share of the day that a setting must be predicted to save. Without it, settings that do nothing are proposed half of
/// the time, because of the noise.
const PRICE_OF_SETTING: f64 = 0.002;

/// Next step of a search.
#[derive(Debug, Clone, PartialEq)]
pub enum SearchStep {
    /// Measure a stage.
    Measure(SearchStage),
    /// Nothing: this is the result.
    Done(Box<SearchResult>),
}

/// The first stage, which says whether the search can be made at all.
///
/// # Errors
///
/// If the request contradicts itself, there is nothing to search, or the budget is too small.
pub fn first_stage(request: &SearchRequest) -> Result<SearchStage, SearchRefusal> {
    request.check_workloads()?;
    let candidates = CandidateArms::of(request)?;
    let of_confirmation =
        confirmation::least_seconds(request, &ArmTimes::estimated(request)) / confirmation::SHARE;
    let needed = screening::least_budget(request, &candidates).max(of_confirmation);
    if needed > request.budget.as_secs_f64() {
        let (budget, needed, rows) = (request.budget, seconds(needed), candidates.fewest_arms());
        return Err(SearchRefusal::BudgetTooSmall { budget, needed, rows });
    }
    plan_screening(request, &candidates)
}

/// Possible names of the stage after these; none after a confirmation.
pub fn following_names<'n>(finished: impl IntoIterator<Item = &'n str>) -> Vec<String> {
    let (count, last) = finished.into_iter().fold((0, None), |(count, _), name| (count + 1, Some(name)));
    match last {
        None => vec![screening::NAME.to_owned()],
        Some(name) if name == confirmation::NAME => Vec::new(),
        Some(_) => vec![format!("{}{count}", head_to_head::NAME), confirmation::NAME.to_owned()],
    }
}

/// The next stage of a search, or its result, from the results of all finished stages in their order.
///
/// # Errors
///
/// As for [`first_stage`], and if the results are not those of the stages that the request leads to.
pub fn next_step(request: &SearchRequest, results: &[StageResult]) -> Result<SearchStep, SearchRefusal> {
    let Some(screened) = results.first() else { return Ok(SearchStep::Measure(first_stage(request)?)) };
    expect(screened, |name| name == screening::NAME, screening::NAME)?;
    if let Some((last, earlier)) = results.split_last()
        && last.stage.name == confirmation::NAME
    {
        return Ok(SearchStep::Done(Box::new(judged(request, last, earlier)?)));
    }
    for (number, result) in results[1..].iter().enumerate() {
        let expected = format!("{}{}", head_to_head::NAME, number + 1);
        expect(result, |name| name == expected, &expected)?;
    }
    let Some(prediction) = predict(request, results)? else {
        return Ok(SearchStep::Done(Box::new(without_comparison(
            request,
            NotJudged::NotMeasured,
            results,
            None,
        ))));
    };
    let spent: f64 = results.iter().map(|result| result.spent.as_secs_f64()).sum();
    let left = request.budget.as_secs_f64() - spent;
    let own = &request.space.as_configured;
    let is_possible = |levels: &Vec<usize>| {
        levels != own && results.iter().all(|result| result.reason_of(levels).is_none())
    };
    let mut possible = best_predicted(&request.space.allowed()?, own, &prediction);
    possible.retain(is_possible);
    let number = results.len() - 1;
    let time = time_for_head_to_head(request, results, left, &prediction);
    if number < head_to_head::STAGES
        && let Some(stage) = plan_head_to_head(request, number, time, &possible, &prediction)
    {
        return Ok(SearchStep::Measure(stage));
    }
    let was_built = |levels: &&Vec<usize>| {
        results.iter().any(|result| result.stage.arms.iter().any(|arm| arm.levels == **levels))
    };
    let Some(nominee) = possible.iter().find(was_built) else {
        let result = without_comparison(request, NotJudged::NothingBuilt, results, Some(&prediction));
        return Ok(SearchStep::Done(Box::new(result)));
    };
    // Without a confirmation all was in vain, so its fewest rounds are built even if the earlier stages took their time.
    let least = confirmation::least_seconds(request, &prediction.times(request, own));
    Ok(SearchStep::Measure(plan_confirmation(request, left.max(least), nominee, &prediction)))
}

/// Seconds for the rest of the head to head: its share of what the screening left, without what it has used, and
/// never what the confirmation needs at least.
fn time_for_head_to_head(
    request: &SearchRequest,
    results: &[StageResult],
    left: f64,
    prediction: &DailyPrediction,
) -> f64 {
    let used: f64 = results[1..].iter().map(|result| result.spent.as_secs_f64()).sum();
    let share = head_to_head::SHARE / (head_to_head::SHARE + confirmation::SHARE);
    let times = prediction.times(request, &request.space.as_configured);
    (share * (left + used) - used).min(left - confirmation::least_seconds(request, &times))
}

fn expect(result: &StageResult, is_it: impl Fn(&str) -> bool, expected: &str) -> Result<(), SearchRefusal> {
    if is_it(&result.stage.name) {
        return Ok(());
    }
    Err(SearchRefusal::OtherStage { expected: expected.to_owned(), found: result.stage.name.clone() })
}

/// Combinations by their predicted days, the shortest first, where each setting counts as [`PRICE_OF_SETTING`].
fn best_predicted(allowed: &[Vec<usize>], own: &[usize], prediction: &DailyPrediction) -> Vec<Vec<usize>> {
    let day = |levels: &Vec<usize>| {
        let settings = levels.iter().zip(own).filter(|(level, own)| level != own).count();
        prediction.daily_seconds(levels) * (1.0 + PRICE_OF_SETTING * settings as f64)
    };
    let mut days: Vec<(f64, &Vec<usize>)> = allowed.iter().map(|levels| (day(levels), levels)).collect();
    days.sort_by(|a, b| a.0.total_cmp(&b.0));
    days.into_iter().map(|(_, levels)| levels.clone()).collect()
}

fn without_comparison(
    request: &SearchRequest,
    reason: NotJudged,
    results: &[StageResult],
    prediction: Option<&DailyPrediction>,
) -> SearchResult {
    let outcome = SearchOutcome::NotJudged(reason);
    let tried = tried(request, results, prediction);
    SearchResult { nominee: None, outcome, worth: Vec::new(), tried }
}

/// The result after a confirmation.
fn judged(
    request: &SearchRequest,
    last: &StageResult,
    earlier: &[StageResult],
) -> Result<SearchResult, SearchRefusal> {
    let prediction = predict(request, earlier)?;
    let nominee = last.stage.arms.last().map(|arm| arm.levels.clone()).unwrap_or_default();
    let own = &request.space.as_configured;
    let outcome = if let Some(reason) = last.reason_of(own) {
        SearchOutcome::NotJudged(NotJudged::AsConfiguredFailed(reason.to_owned()))
    } else if let Some(reason) = last.reason_of(&nominee) {
        SearchOutcome::NotJudged(NotJudged::NomineeFailed(reason.to_owned()))
    } else {
        match confirm(request, last) {
            Err(workload) => SearchOutcome::NotJudged(NotJudged::TooFewRounds { workload }),
            Ok(found) if !found.is_significant() => SearchOutcome::NotShown(found),
            Ok(found) if found.gain.seconds > 0.0 => SearchOutcome::Faster(found),
            Ok(found) => SearchOutcome::Worse(found),
        }
    };
    let all: Vec<StageResult> = earlier.iter().chain([last]).cloned().collect();
    let worth = prediction.as_ref().map(|prediction| worth(request, &nominee, prediction)).transpose()?;
    let tried = tried(request, &all, prediction.as_ref());
    Ok(SearchResult { nominee: Some(nominee), outcome, worth: worth.unwrap_or_default(), tried })
}
