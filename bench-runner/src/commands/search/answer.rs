//! Output of a search.

use std::fmt::Write as _;
use std::time::Duration;

use bench_runner_core::compare::pluralize;
use bench_runner_core::record::Role;
use bench_runner_core::search::{
    Confirmation, DailyGain, NotJudged, SearchOutcome, SearchStage, TriedCombination,
};
use bench_runner_core::stats::LEVEL;
use bench_runner_measure::axes::{self, SettingCost, SizeChange};
use bench_runner_report::figure::wording;
use bench_runner_report::report::TextStyle;
use serde_json::{Value, json};

use super::super::layout::{columns, hanging};
use super::super::{format_duration, format_path};
use super::FinishedSearch;
use crate::flows::{self, SearchDirectory};

/// Most combinations that are listed.
const LISTED: usize = 10;

/// A stage in progress lines.
pub(super) fn stage_line(stage: &SearchStage) -> String {
    let count = stage.arms.iter().filter(|arm| arm.role == Role::Variant).count();
    let workloads: Vec<String> =
        stage.workloads.iter().map(|one| format!("{} × {}", one.name, one.rounds)).collect();
    format!(
        "{} and what you have; {}, in at most {}",
        pluralize(count, "combination"),
        workloads.join(", "),
        format_duration(stage.time_budget)
    )
}

pub(super) fn text(directory: &SearchDirectory, finished: &FinishedSearch, style: TextStyle) -> String {
    let width = style.width;
    let mut text = String::new();
    for (label, sentence) in sentences(directory, finished) {
        text.push_str(&hanging(&label, &sentence, width));
    }
    for advice in &finished.advice {
        for (file, lines) in &advice.files {
            let _ = writeln!(text, "\nin {file}:\n");
            lines.lines().for_each(|line| text.push_str(&format!("    {line}\n")));
        }
        for remark in &advice.remarks {
            text.push_str(&hanging("note: ", remark, width));
        }
    }
    text.push_str(&tried(directory, finished, style));
    let dir = format_path(&directory.dir);
    let _ = writeln!(text, "\nruns: {dir}");
    text
}

/// Labelled paragraphs.
fn sentences(directory: &SearchDirectory, finished: &FinishedSearch) -> Vec<(String, String)> {
    let mut all = vec![("result: ".to_owned(), result(directory, finished))];
    if let Some(confirmation) = finished.confirmation() {
        all.push(("per day: ".to_owned(), per_day(finished, confirmation)));
    }
    for cost in costs(directory, finished) {
        all.push(("cost: ".to_owned(), cost));
    }
    let allowed = finished.request.space.allowed().map_or(0, |all| all.len());
    let built = finished.result.tried.len();
    all.push(("tried: ".to_owned(), format!("{built} of {}", pluralize(allowed, "combination"))));
    for left_out in &directory.saved.left_out {
        all.push(("left out: ".to_owned(), left_out.clone()));
    }
    all
}

fn result(directory: &SearchDirectory, finished: &FinishedSearch) -> String {
    let nominee = finished.nominee_name(directory);
    match &finished.result.outcome {
        SearchOutcome::Faster(found) => {
            let saved = minutes(&found.gain);
            format!("{nominee} saves {saved} of build time per day, confirmed by fresh builds")
        }
        SearchOutcome::NotShown(found) => format!(
            "nothing was shown to be faster than what you have. The best candidate, {nominee}, changes your day by {}; \
             a gain of {} per day would have been found in four of five such searches",
            minutes(&found.gain),
            format_duration(seconds(found.detectable_s)),
        ),
        SearchOutcome::Worse(found) => format!(
            "nothing was shown to be faster than what you have. The best candidate, {nominee}, turned out slower, by {} \
             per day; a gain of {} would have been found in four of five such searches",
            minutes(&DailyGain {
                seconds: -found.gain.seconds,
                low: -found.gain.high,
                high: -found.gain.low
            }),
            format_duration(seconds(found.detectable_s)),
        ),
        SearchOutcome::NotJudged(why) => format!("no answer: {}", not_judged(why)),
    }
}

fn not_judged(why: &NotJudged) -> String {
    match why {
        NotJudged::NotMeasured => {
            "a workload was not measured in the screening; the reports of the runs say why".to_owned()
        }
        NotJudged::NothingBuilt => "no combination but what you have could be built".to_owned(),
        NotJudged::NomineeFailed(reason) => format!("the best candidate failed in the last stage: {reason}"),
        NotJudged::AsConfiguredFailed(reason) => format!("what you have failed in the last stage: {reason}"),
        NotJudged::TooFewRounds { workload } => {
            format!("too few rounds of `{workload}` fit into the last stage; give more time by `--budget`")
        }
    }
}

/// The gain with its interval.
fn minutes(gain: &DailyGain) -> String {
    let unit = if gain.seconds.abs() < 90.0 { (1.0, "s") } else { (60.0, "min") };
    let shown = |value: f64| format!("{:.1}", value / unit.0).replace('-', "−");
    format!("{} {} ({} to {})", shown(gain.seconds), unit.1, shown(gain.low), shown(gain.high))
}

fn seconds(of: f64) -> Duration {
    Duration::try_from_secs_f64(of.max(0.0)).unwrap_or_default()
}

fn per_day(finished: &FinishedSearch, confirmation: &Confirmation) -> String {
    let (low, high) = confirmation.log_ratio.interval(LEVEL);
    let ratio = wording::interval_phrase(confirmation.log_ratio.value.exp(), (low.exp(), high.exp()));
    let builds: Vec<String> =
        finished.request.workloads.iter().map(|one| format!("{} × {}", one.name, one.per_day)).collect();
    let total = format_duration(seconds(confirmation.daily_seconds));
    format!("{} take {total} as you have it, and {ratio} with it", builds.join(", "))
}

/// Costs of the nominee, as sentences.
fn costs(directory: &SearchDirectory, finished: &FinishedSearch) -> Vec<String> {
    let Some(nominee) = finished.result.nominee.as_ref().filter(|_| finished.is_faster()) else {
        return Vec::new();
    };
    let size = |(before, after): (u64, u64)| SizeChange {
        what: "the project's own executables and libraries".to_owned(),
        before,
        after,
    };
    let sizes: Vec<SizeChange> = finished.sizes.map(size).into_iter().collect();
    let found = axes::costs(&flows::combination_settings(&directory.saved, nominee), &sizes);
    let text = |cost: SettingCost| match cost.setting.as_str() {
        "" => cost.cost,
        setting => format!("{setting}: {}", cost.cost),
    };
    found.unwrap_or_default().into_iter().map(text).collect()
}

/// The best combinations by their predicted days, and those that were given up.
fn tried(directory: &SearchDirectory, finished: &FinishedSearch, style: TextStyle) -> String {
    let row = |one: &TriedCombination| {
        let day = one.daily_seconds.map(|day| format_duration(seconds(day))).unwrap_or_default();
        let name = finished.name(directory, &one.levels);
        let stages = one.stages.last().cloned().unwrap_or_default();
        let note = one.dropped.clone().unwrap_or_default();
        vec![day, stages, if note.is_empty() { name } else { format!("{name}: given up: {note}") }]
    };
    let (dropped, measured): (Vec<_>, Vec<_>) =
        finished.result.tried.iter().partition(|one| one.dropped.is_some());
    let mut rows = vec![["day", "last stage", "combination"].map(str::to_owned).to_vec()];
    rows.extend(measured.iter().take(LISTED).chain(&dropped).map(|one| row(one)));
    let more = measured.len().saturating_sub(LISTED);
    let more = if more > 0 { format!("and {more} slower ones\n") } else { String::new() };
    let about = "predicted build time of a day, which nominates and proves nothing";
    format!("\n{about}:\n{}{more}", columns(&rows, Some(style.width)))
}

pub(super) fn document(directory: &SearchDirectory, finished: &FinishedSearch) -> Value {
    let settings = |levels: &[usize]| finished.settings(directory, levels);
    let outcome = match &finished.result.outcome {
        SearchOutcome::Faster(_) => "faster",
        SearchOutcome::NotShown(_) => "not-shown",
        SearchOutcome::Worse(_) => "worse",
        SearchOutcome::NotJudged(_) => "not-judged",
    };
    let reason = match &finished.result.outcome {
        SearchOutcome::NotJudged(why) => Some(not_judged(why)),
        _ => None,
    };
    let confirmation = finished.confirmation().map(|found| {
        let (low, high) = found.log_ratio.interval(LEVEL);
        json!({
            "ratio": found.log_ratio.value.exp(), "ratio_low": low.exp(), "ratio_high": high.exp(), "p": found.p,
            "saved_s": found.gain.seconds, "saved_low_s": found.gain.low, "saved_high_s": found.gain.high,
            "day_s": found.daily_seconds, "detectable_s": found.detectable_s,
        })
    });
    let tried = finished.result.tried.iter().map(|one| {
        json!({
            "settings": settings(&one.levels), "stages": one.stages, "predicted_day_s": one.daily_seconds,
            "log_ratio_sd": one.log_ratio_sd, "dropped": one.dropped,
        })
    });
    let files = finished.advice.iter().flat_map(|advice| &advice.files);
    json!({
        "search": directory.dir.display().to_string(),
        "outcome": outcome,
        "reason": reason,
        "nominee": finished.result.nominee.as_ref().map(|levels| settings(levels)),
        "confirmation": confirmation,
        "artifact_bytes": finished.sizes.map(|(before, after)| [before, after]),
        "files": files.map(|(name, lines)| json!({ "name": name, "lines": lines })).collect::<Vec<_>>(),
        "tried": tried.collect::<Vec<_>>(),
        "left_out": directory.saved.left_out,
        "runs": finished.runs.iter().map(|run| run.display().to_string()).collect::<Vec<_>>(),
    })
}

impl FinishedSearch {
    /// The comparison of the last stage, if there is one.
    fn confirmation(&self) -> Option<&Confirmation> {
        match &self.result.outcome {
            SearchOutcome::Faster(found) | SearchOutcome::NotShown(found) | SearchOutcome::Worse(found) => {
                Some(found)
            }
            SearchOutcome::NotJudged(_) => None,
        }
    }

    fn nominee_name(&self, directory: &SearchDirectory) -> String {
        self.result.nominee.as_ref().map(|levels| self.name(directory, levels)).unwrap_or_default()
    }

    /// Name of a combination, as in the runs.
    fn name(&self, directory: &SearchDirectory, levels: &[usize]) -> String {
        flows::combination_name(&directory.saved, levels)
    }

    /// Settings of a combination, without those that it leaves as they are.
    fn settings(&self, directory: &SearchDirectory, levels: &[usize]) -> Value {
        json!(flows::combination_settings(&directory.saved, levels))
    }
}
