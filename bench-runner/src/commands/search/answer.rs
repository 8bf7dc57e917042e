//! Output of a search.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use bench_runner_core::compare::{pluralize, with_separators};
use bench_runner_core::search::{
    Confirmation, DailyGain, NotJudged, SearchOutcome, SettingWorth, TriedCombination, WorkloadChange,
};
use bench_runner_core::stats::LEVEL;
use bench_runner_measure::adopt::WrittenChanges;
use bench_runner_measure::axes::{self, SettingCost, SizeChange};
use bench_runner_measure::workloads;
use bench_runner_report::figure::wording;
use bench_runner_report::report::TextStyle;
use serde_json::{Value, json};

use super::super::layout::{columns, hanging};
use super::super::{format_duration, format_path};
use super::running::FinishedSearch;
use crate::flows::{self, SearchDirectory};

/// Standard deviations on each side of a normal 95% interval.
const NORMAL_95: f64 = 1.96;

/// Most combinations that are listed.
const LISTED: usize = 10;

pub(super) fn text(directory: &SearchDirectory, finished: &FinishedSearch, style: TextStyle) -> String {
    let mut text = paragraphs(&changes(directory, finished), style);
    for advice in &finished.advice {
        for (file, lines) in &advice.files {
            let _ = writeln!(text, "\nin {file}:\n");
            for line in lines.lines() {
                let _ = writeln!(text, "{}", format!("    {line}").trim_end());
            }
        }
    }
    text.push('\n');
    text.push_str(&paragraphs(&remarks(directory, finished), style));
    text.push_str(&tried(directory, finished, style));
    let dir = format_path(&directory.dir);
    let _ = writeln!(text, "\nruns: {dir}");
    text
}

/// A label with its sentences.
type Paragraph = (&'static str, String);

fn paragraphs(all: &[Paragraph], style: TextStyle) -> String {
    all.iter().map(|(label, sentences)| hanging(&format!("{label}: "), sentences, style.width)).collect()
}

/// The answer: what changes, and what it costs.
fn changes(directory: &SearchDirectory, finished: &FinishedSearch) -> Vec<Paragraph> {
    let mut all = vec![("result", result(directory, finished))];
    if finished.is_faster() {
        all.push(("settings", finished.nominee_name(directory)));
    }
    for workload in finished.confirmation().iter().flat_map(|confirmation| &confirmation.workloads) {
        all.push(("builds", builds(finished, workload)));
    }
    all.extend(finished.slower().map(|workload| ("cost", slower(finished, workload))));
    for SettingCost { setting, cost } in costs(directory, finished) {
        all.push(match setting.as_str() {
            "" => ("size", cost),
            setting => ("cost", format!("{setting}: {cost}")),
        });
    }
    if finished.is_faster() && finished.result.worth.len() > 1 {
        all.extend(finished.result.worth.iter().map(|one| ("without", worth(directory, finished, one))));
    }
    all
}

/// A workload that takes longer with the nominee.
fn slower(finished: &FinishedSearch, change: &WorkloadChange) -> String {
    let [seconds, low, high] = change.seconds_longer();
    let percent = |seconds: f64| format!("{:.1}", 100.0 * seconds / change.build_s);
    format!(
        "{}: it takes {}% longer ({} to {}%), {}",
        change.name,
        percent(seconds),
        percent(low),
        percent(high),
        more_or_less(finished.per_day(change) * seconds),
    )
}

/// A setting of the nominee with what it is predicted to be worth.
fn worth(directory: &SearchDirectory, finished: &FinishedSearch, one: &SettingWorth) -> String {
    let axis = &directory.saved.space.axes[one.axis];
    let level = finished.result.nominee.as_ref().and_then(|levels| axis.levels.get(levels[one.axis]));
    format!(
        "{}={}: {} (±{}), as predicted from the earlier stages; not confirmed",
        axis.key,
        level.map(String::as_str).unwrap_or_default(),
        more_or_less(one.seconds),
        duration(NORMAL_95 * one.sd_s),
    )
}

/// What to do with the lines, and what else there is to know.
fn remarks(directory: &SearchDirectory, finished: &FinishedSearch) -> Vec<Paragraph> {
    let mut all = Vec::new();
    if finished.is_faster() {
        if directory.saved.is_own_project() && finished.is_of_this_machine {
            let command = format!("bench-runner search --resume {} --write", format_path(&directory.dir));
            let apply = format!(
                "add each line to the table of its name, since a file has a table only once; `{command}` does it for you, and \
                 keeps a backup of each file"
            );
            all.push(("to apply", apply));
        }
        let of_nominee = finished.result.worth.last();
        let key = of_nominee.map_or("debug", |one| directory.saved.space.axes[one.axis].key.as_str());
        let keep = format!(
            "to leave a setting as you have it, search again with `--require KEY=as-configured`, such as `--require \
             {key}=as-configured`; that takes the whole budget again"
        );
        all.push(("to differ", keep));
    }
    for advice in &finished.advice {
        all.extend(advice.remarks.iter().map(|remark| ("note", remark.clone())));
    }
    all.extend(directory.saved.left_out.iter().map(|value| ("left out", value.clone())));
    all
}

fn result(directory: &SearchDirectory, finished: &FinishedSearch) -> String {
    let nominee = finished.nominee_name(directory);
    match &finished.result.outcome {
        SearchOutcome::Faster(found) => format!(
            "faster{}: {} with these settings, and {} as you have it: {} saved per day, confirmed by fresh builds",
            but_slower(finished),
            duration(found.daily_seconds - found.gain.seconds),
            duration(found.daily_seconds),
            interval(&found.gain),
        ),
        SearchOutcome::NotShown(found) => format!(
            "nothing was shown to be faster than what you have. The best candidate, {nominee}, saves {} per day, which may \
             be chance. {}",
            interval(&found.gain),
            detectable(found),
        ),
        SearchOutcome::Worse(found) => format!(
            "nothing was shown to be faster than what you have. The best candidate, {nominee}, turned out slower, by {} per \
             day. {}",
            interval(&DailyGain {
                seconds: -found.gain.seconds,
                low: -found.gain.high,
                high: -found.gain.low
            }),
            detectable(found),
        ),
        SearchOutcome::NotJudged(why) => format!("no answer: {}", not_judged(why)),
    }
}

/// Words of the headline for workloads that take longer.
fn but_slower(finished: &FinishedSearch) -> String {
    let names: Vec<String> = finished.slower().map(|change| format!("`{}`", change.name)).collect();
    if names.is_empty() { String::new() } else { format!(" in all, and slower for {}", names.join(" and ")) }
}

fn detectable(found: &Confirmation) -> String {
    format!(
        "A gain of {} per day would have been found with a probability of 80%; more time (`--budget`) finds smaller ones",
        duration(found.detectable_s)
    )
}

fn not_judged(why: &NotJudged) -> String {
    match why {
        NotJudged::NotMeasured => {
            "nothing was measured in the screening; `bench-runner report` of its run says why".to_owned()
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
fn interval(gain: &DailyGain) -> String {
    let (seconds, unit) = if gain.seconds.abs() < 600.0 { (1.0, "s") } else { (60.0, "min") };
    let shown = |value: f64| format!("{:.1}", value / seconds).replace('-', "−");
    format!(
        "{} {unit} (95% interval: {} to {} {unit})",
        shown(gain.seconds),
        shown(gain.low),
        shown(gain.high)
    )
}

fn duration(seconds: f64) -> String {
    format_duration(Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or_default())
}

/// `3.4 s less per day`, from the seconds that a day takes longer.
fn more_or_less(longer: f64) -> String {
    format!("{} {} per day", duration(longer.abs()), if longer < 0.0 { "less" } else { "more" })
}

/// The part of one workload in the day.
fn builds(finished: &FinishedSearch, change: &WorkloadChange) -> String {
    let (low, high) = change.log_ratio.interval(LEVEL);
    let ratio = wording::interval_phrase(change.log_ratio.value.exp(), (low.exp(), high.exp()));
    let [longer, ..] = change.seconds_longer();
    let what = workloads::find(&change.name).map(|workload| workload.summary).unwrap_or_default();
    format!(
        "{} × {} ({what}): from {} to {}, {ratio}; {}; {} with these settings",
        change.name,
        finished.per_day(change),
        build_time(change.build_s),
        build_time(change.build_s + longer),
        more_or_less(finished.per_day(change) * longer),
        pluralize(change.builds, "fresh build"),
    )
}

/// Seconds of one build, for two that are compared.
fn build_time(seconds: f64) -> String {
    if seconds < 9.995 { format!("{seconds:.2} s") } else { format!("{seconds:.1} s") }
}

/// Costs of the nominee. Those of no single setting are sizes.
fn costs(directory: &SearchDirectory, finished: &FinishedSearch) -> Vec<SettingCost> {
    let Some(nominee) = finished.result.nominee.as_ref().filter(|_| finished.is_faster()) else {
        return Vec::new();
    };
    let size = |(before, after): (u64, u64)| SizeChange {
        what: "the project's own executables and libraries".to_owned(),
        before,
        after,
    };
    let sizes: Vec<SizeChange> = finished.sizes.map(size).into_iter().collect();
    axes::costs(&flows::combination_settings(&directory.saved, nominee), &sizes).unwrap_or_default()
}

/// The combinations with the shortest predicted days and the user's own, then those that were given up.
fn tried(directory: &SearchDirectory, finished: &FinishedSearch, style: TextStyle) -> String {
    let own = &finished.request.space.as_configured;
    let row = |one: &TriedCombination| {
        let day = one.daily_seconds.map(duration).unwrap_or_default();
        let name = finished.name(directory, &one.levels);
        let stages = one.stages.last().cloned().unwrap_or_default();
        let note = one.dropped.clone().unwrap_or_default();
        vec![day, stages, if note.is_empty() { name } else { format!("{name}: given up: {note}") }]
    };
    let (dropped, measured): (Vec<_>, Vec<_>) =
        finished.result.tried.iter().partition(|one| one.dropped.is_some());
    let (listed, others) = measured.split_at(measured.len().min(LISTED));
    let is_own = |one: &&&TriedCombination| one.levels == *own;
    let own_below = others.iter().find(is_own);
    let mut rows = vec![["day", "last stage", "combination"].map(str::to_owned).to_vec()];
    rows.extend(listed.iter().chain(own_below).chain(&dropped).map(|one| row(one)));
    let more = others.len() - usize::from(own_below.is_some());
    let more =
        if more > 0 { format!("and {more} that are predicted to take longer\n") } else { String::new() };
    let allowed = finished.request.space.allowed().map_or(0, |all| all.len());
    let built = finished.result.tried.iter().filter(|one| one.levels != *own).count();
    let count = with_separators(&allowed.to_string());
    let about = format!(
        "tried: {built} of {count} combinations, and what you have. Below are their predicted days, which choose the candidates \
         and prove nothing: they mix all stages, and the speed of the machine varies from stage to stage"
    );
    format!("\n{}{}{more}", hanging("", &about, style.width), columns(&rows, Some(style.width)))
}

pub(super) fn document(
    directory: &SearchDirectory,
    finished: &FinishedSearch,
    written: Option<&WrittenChanges>,
) -> Value {
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
    let workload = |change: &WorkloadChange| {
        let (low, high) = change.log_ratio.interval(LEVEL);
        let ratio = change.log_ratio.value.exp();
        json!({
            "workload": change.name, "build_s": change.build_s,
            "ratio": ratio, "ratio_low": low.exp(), "ratio_high": high.exp(), "builds": change.builds,
        })
    };
    let worth = |one: &SettingWorth| {
        json!({
            "key": directory.saved.space.axes[one.axis].key, "predicted_s": one.seconds, "sd_s": one.sd_s,
        })
    };
    let confirmation = finished.confirmation().map(|found| {
        let (low, high) = found.log_ratio.interval(LEVEL);
        json!({
            "ratio": found.log_ratio.value.exp(), "ratio_low": low.exp(), "ratio_high": high.exp(), "p": found.p,
            "saved_s": found.gain.seconds, "saved_low_s": found.gain.low, "saved_high_s": found.gain.high,
            "day_s": found.daily_seconds, "detectable_s": found.detectable_s,
            "workloads": found.workloads.iter().map(workload).collect::<Vec<_>>(),
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
        "worth": finished.result.worth.iter().map(worth).collect::<Vec<_>>(),
        "artifact_bytes": finished.sizes.map(|(before, after)| [before, after]),
        "files": files.map(|(name, lines)| json!({ "name": name, "lines": lines })).collect::<Vec<_>>(),
        "written": written.map(|written| {
            let file = |(path, backup): &(PathBuf, Option<PathBuf>)| json!({ "path": path, "backup": backup });
            written.files.iter().map(file).collect::<Vec<_>>()
        }),
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

    /// The workloads that take longer with the nominee.
    fn slower(&self) -> impl Iterator<Item = &WorkloadChange> {
        let all = self.confirmation().map(|found| found.workloads.as_slice()).unwrap_or_default();
        all.iter().filter(|change| self.is_faster() && change.is_slower())
    }

    /// Builds of a workload per day.
    fn per_day(&self, change: &WorkloadChange) -> f64 {
        let of_day = self.request.workloads.iter().find(|one| one.name == change.name);
        of_day.map_or(0.0, |one| one.per_day)
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
