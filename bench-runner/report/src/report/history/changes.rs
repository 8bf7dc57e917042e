//! Changes of level as sentences: how large, where, and what else changed there.

use bench_runner_core::history::{Compiler, Event, JudgedSeries, events};
use bench_runner_core::stats::{ChangePoint, LEVEL};

use super::{HistoryReport, changes_of, day, name};

/// The commit of a point, shortened for readers.
pub(super) fn commit_of(one: &JudgedSeries, at: usize) -> Option<&str> {
    one.series.points.get(at)?.commit.as_deref()?.get(..10)
}

/// The compiler of a point, for readers.
pub(super) fn compiler_of(one: &JudgedSeries, at: usize) -> Option<String> {
    one.series.points.get(at)?.compiler.as_deref().map(Compiler::short)
}

/// Change of level in percent.
pub(super) fn percent(change: &ChangePoint) -> String {
    format!("{:+.1}%", 100.0 * change.change.value.exp_m1()).replace('-', "−")
}

/// The changes of a series as sentences, each with what else changed there.
pub(super) fn changes(report: &HistoryReport<'_>, one: &JudgedSeries) -> Vec<String> {
    let all = events(&one.series, report.runs);
    let sentence = |change: &ChangePoint| {
        let at = one.point_of(change.at);
        let (low, high) = change.change.interval(LEVEL);
        let range = format!("{:+.1} to {:+.1}%", 100.0 * low.exp_m1(), 100.0 * high.exp_m1());
        let (first, last) = (one.point_of(change.between.0), one.point_of(change.between.1));
        let place = place(report, one, (first, at, last));
        // From behind the last judged value at the old level on, so that what changed at an invalid one is named too.
        let from = change.between.0.checked_sub(1).map_or(0, |before| one.point_of(before) + 1);
        let meanwhile: Vec<String> =
            all.iter().filter(|event| (from..=last).contains(&event.at)).map(event_text).collect();
        let meanwhile = if meanwhile.is_empty() {
            String::new()
        } else {
            format!("; then changed: {}", meanwhile.join(", "))
        };
        let text =
            format!("changed: {}: {} ({range}) {place}{meanwhile}", name(&one.series.key), percent(change));
        text.replace(" -", " −").replace("(-", "(−")
    };
    changes_of(one).iter().map(sentence).collect()
}

/// Place of a change: the point that is most probably the first at the new level, and the range in which that one is.
fn place(report: &HistoryReport<'_>, one: &JudgedSeries, (first, at, last): (usize, usize, usize)) -> String {
    let is_certain = first == last;
    if let (Some(at), Some(first), Some(last)) =
        (commit_of(one, at), commit_of(one, first), commit_of(one, last))
    {
        return match is_certain {
            true => format!("at commit {at}"),
            false => format!("at commit {at}, or another one from {first} to {last}"),
        };
    }
    let compilers = (compiler_of(one, at), compiler_of(one, first), compiler_of(one, last));
    if let (Some(at), Some(first), Some(last)) = compilers {
        return match is_certain {
            true => format!("with rustc {at}"),
            false => format!("with rustc {at}, or another one from {first} to {last}"),
        };
    }
    let run = &report.run(one, at).run;
    match is_certain {
        true => format!("with {run}"),
        false => {
            let (first, last) = (day(report.run(one, first)), day(report.run(one, last)));
            format!("with {run}, or another run from {first} to {last}")
        }
    }
}

fn event_text(event: &Event) -> String {
    format!("{} ({} → {})", event.fact, event.before, event.after)
}
