//! The history of one machine as a self-contained page.

use bench_runner_core::history::{JudgedSeries, events};
use bench_runner_core::tracking::{MarkAtPoint, PlacedMarks, SeriesMark};
use maud::{Markup, PreEscaped, html};
use rayon::prelude::*;

use super::changes::changes;
use super::marks::{alarms_elsewhere, figure_marks, mark_text, unresolved};
use super::{HistoryReport, name, scope, single_runs};
use crate::figure::{self, DrawableSeries, HistoryDetail, wording};
use crate::report::page::{PageTemplate, figures, render_page};
use crate::report::tracking::series_name;

/// Most values on a page.
const MOST_POINTS: usize = 20_000;

/// A machine's part of a report.
struct MachinePage<'h> {
    report: &'h HistoryReport<'h>,
    series: Vec<&'h JudgedSeries>,
    /// Marks of all machines.
    placed: PlacedMarks<'h>,
    /// Marks of this machine, oldest first.
    marks: Vec<&'h SeriesMark>,
    detail: HistoryDetail,
}

/// The page of a machine as HTML text; `report` has its series alone.
pub fn history_page(report: &HistoryReport<'_>, machine: &str) -> String {
    let series: Vec<&JudgedSeries> =
        report.history.series.iter().filter(|one| one.series.key.machine == machine).collect();
    let days = figure::days_of(report.runs);
    let drawable: Vec<DrawableSeries<'_>> =
        series.par_iter().map(|one| DrawableSeries::new(one, (report.runs, &days, report.order))).collect();
    let marks: Vec<&SeriesMark> = report.marks.iter().filter(|mark| mark.machine == machine).collect();
    let detail = detail(&drawable, MOST_POINTS.saturating_sub(marks.len()));
    let page = MachinePage { report, series, placed: report.placed_marks(), marks, detail };
    // One value alone shows no course.
    let (drawn, single): (Vec<DrawableSeries<'_>>, Vec<DrawableSeries<'_>>) = drawable
        .into_iter()
        .partition(|one| one.one.series.points.len() > 1 || !page.marks_of(one.one).is_empty());
    let has_figures = !drawn.is_empty();
    let mut parts = vec![
        ("answer", "What changed", page.what_changed()),
        ("series", "Series", page.all_series(drawn, single.len())),
    ];
    if !page.marks.is_empty() {
        parts.push(("alarms", "Alarms and accepted levels", page.all_marks()));
    }
    if has_figures {
        parts.push(("words", "How to read this", page.words()));
    }
    render_page(&PageTemplate {
        title: &format!("Build times on {machine}"),
        generator: &format!("{} {}", env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION")),
        style: STYLE,
        head: html! {
            h1 { "Build times on " (machine) }
            p.muted { (period(report, &page.series)) }
        },
        parts,
        foot: html! { "Made by " (env!("CARGO_PKG_NAME")) " " (env!("CARGO_PKG_VERSION")) " from the runs' files alone." },
    })
}

/// The most detailed drawing of all series that has at most `most` values.
fn detail(series: &[DrawableSeries<'_>], most: usize) -> HistoryDetail {
    let count = |detail: HistoryDetail| -> usize { series.par_iter().map(|one| one.values(detail)).sum() };
    let [.., least] = HistoryDetail::STEPS;
    HistoryDetail::STEPS.into_iter().find(|detail| count(*detail) <= most).unwrap_or(least)
}

fn period(report: &HistoryReport<'_>, series: &[&JudgedSeries]) -> String {
    let mut used: Vec<usize> = series.iter().flat_map(|one| one.series.runs.iter().copied()).collect();
    used.sort_unstable();
    used.dedup();
    let day = |at: &usize| report.runs[*at].started_at.get(..10).unwrap_or_default();
    match (used.first(), used.last()) {
        (Some(first), Some(last)) => {
            let runs = wording::pluralize(used.len(), "run");
            let (first, last) = (day(first), day(last));
            if first == last {
                format!("{runs} on {first}")
            } else {
                format!("{runs} from {first} to {last}")
            }
        }
        _ => "no runs".to_owned(),
    }
}

impl MachinePage<'_> {
    fn what_changed(&self) -> Markup {
        let found: Vec<String> = self.series.iter().flat_map(|one| changes(self.report, one)).collect();
        let is_other =
            |mark: &&SeriesMark| self.placed.others.iter().any(|other| std::ptr::eq(*other, *mark));
        let (others, placed): (Vec<&SeriesMark>, Vec<&SeriesMark>) =
            self.marks.iter().copied().partition(is_other);
        let is_judged = self.series.iter().any(|one| one.levels.is_some());
        html! {
            ul.answers {
                @for alarm in unresolved(placed) { li.alarm { (wording::capitalized(&alarm)) "." } }
                @if let Some(alarm) = alarms_elsewhere(others) { li.alarm { (alarm) "." } }
                @for change in &found { li { (change.strip_prefix("changed: ").unwrap_or(change)) "." } }
            }
            @if found.is_empty() && is_judged { p { "The search over all series found no change of level." } }
            p.muted { "Judged: " (scope(self.report.history)) "." }
        }
    }

    fn all_series(&self, mut ordered: Vec<DrawableSeries<'_>>, single: usize) -> Markup {
        ordered.sort_by_key(|drawable| (!self.is_alarmed(drawable.one), !has_changed(drawable.one)));
        let figures = ordered.par_iter().enumerate();
        let figures: Vec<Markup> = figures.map(|(at, one)| self.series_figure(one, at + 1)).collect();
        let is_any_alarmed = ordered.iter().any(|drawable| self.is_alarmed(drawable.one));
        html! {
            @if let Some(single) = single_runs(single) { p { (single) "." } }
            @if !figures.is_empty() {
                div.controls.history-controls hidden {
                    label { "Show series with" input type="search" placeholder="part of the name"; }
                    label { "Show" select {
                        option value="" { "all series" }
                        option value="changed" { "those that changed" }
                        @if is_any_alarmed { option value="alarmed" { "those with an alarm that is not resolved" } }
                    } }
                    label { "Zoom" select {
                        @for zoom in [1, 2, 4, 8] { option value=(zoom) { (zoom) "×" } }
                    } }
                }
                p.muted.scripted role="status" id="series-shown" {}
                (figures::hint())
                @for figure in &figures { (figure) }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    }

    fn series_figure(&self, drawable: &DrawableSeries<'_>, number: usize) -> Markup {
        let one = drawable.one;
        let title = name(&one.series.key);
        let events = events(&one.series, self.report.runs);
        let marks = figure_marks(self.marks_of(one));
        let figure = figure::inline_history(drawable, (&events, &marks), &title, self.detail);
        let yes = |is: bool| is.then_some("yes");
        html! {
            div.series data-name=(title.to_lowercase()) data-changed=[yes(has_changed(one))] data-alarmed=[yes(self.is_alarmed(one))] {
                (figures::figure_element(&figure, number))
            }
        }
    }

    fn marks_of(&self, one: &JudgedSeries) -> &[MarkAtPoint<'_>] {
        self.placed.of(&one.series.key)
    }

    /// True if a series has an alarm that is not resolved.
    fn is_alarmed(&self, one: &JudgedSeries) -> bool {
        self.marks_of(one).iter().any(|(_, mark)| mark.unresolved().is_some())
    }

    /// A table of all marks, the newest first.
    fn all_marks(&self) -> Markup {
        html! {
            div.scroll tabindex="0" role="region" aria-label="Alarms and accepted levels" { table {
                thead { tr { th scope="col" { "Time (UTC)" } th scope="col" { "Series" } th scope="col" { "Event" } } }
                tbody { @for mark in self.marks.iter().rev() { tr {
                    td.time { (mark.at.get(..16).unwrap_or(&mark.at).replace('T', " ")) }
                    td { (series_name(&mark.series)) }
                    td { (wording::capitalized(&mark_text(mark))) }
                } } }
            } }
        }
    }

    fn words(&self) -> Markup {
        let detail = self.detail;
        let has_alarm = self.marks.iter().any(|mark| mark.alarm().is_some());
        let has_accepted = self.marks.iter().any(|mark| mark.alarm().is_none());
        html! {
            dl.glossary {
                dt { "point" } dd { "one run: the ratio of a variant to its baseline, both built in the same rounds, so a slower machine does not move it; or the median time of the baseline, which shows the machine" }
                dt { "gray line" } dd { "its 95% interval. Values older than " (format!("{:.0}", detail.full_days)) " days are drawn as one for each " (format!("{:.0}", detail.older_days)) " days: the median, and the range of the values" }
                dt { "horizontal line" } dd { "the level between two changes" }
                dt { "colored line" } dd { "a change of level, with its size" }
                dt { "triangle" } dd { "something else changed with this run, such as the compiler: the point says what" }
                @if has_alarm {
                    dt { "diamond" } dd { "an alarm of " code { "track" } " in this night, with its number: orange until it is resolved, then gray. Its interval is that of the fresh builds which confirmed it" }
                }
                @if has_accepted {
                    dt { "square" } dd { "the level of this night was accepted with " code { "bless" } ": later levels are compared with it" }
                }
                dt { "ring" } dd { "an invalid comparison (two identical builds differed by more than chance explains); it is not judged" }
            }
            p.muted { "All values: " code { "bench-runner history --json" } "." }
        }
    }
}

fn has_changed(one: &JudgedSeries) -> bool {
    one.levels.as_ref().is_some_and(|levels| !levels.changes.is_empty())
}

const STYLE: &str = "\
.series{margin:0}.series figure{margin:0 0 10px}
.series[hidden]{display:none}
ul.answers li.alarm{border-left-color:var(--slower)}
.tip{white-space:pre-line}
td.time{white-space:nowrap}
";

/// Filter and zoom; everything can be read without it.
const SCRIPT: &str = r#"(() => {
  const controls = document.querySelector(".history-controls");
  const series = [...document.querySelectorAll(".series")];
  const [text, which, zoom] = controls.querySelectorAll("input,select");
  const shown = document.getElementById("series-shown");
  const update = () => {
    const wanted = text.value.trim().toLowerCase();
    let count = 0;
    series.forEach((one) => {
      const fits = (!wanted || one.dataset.name.includes(wanted)) && (!which.value || one.dataset[which.value]);
      one.hidden = !fits;
      if (fits) count += 1;
    });
    shown.textContent = count === series.length ? "" : `${count} of ${series.length} series shown`;
  };
  const scale = () => series.forEach((one) => {
    const svg = one.querySelector("svg"), box = one.querySelector(".picture");
    svg.style.width = `${100 * Number(zoom.value)}%`;
    // The newest values are at the right end.
    box.scrollLeft = box.scrollWidth;
  });
  [text, which].forEach((control) => control.addEventListener("input", update));
  zoom.addEventListener("input", scale);
  addEventListener("keydown", (event) => {
    if (event.target.matches("input,select") || event.ctrlKey || event.metaKey || event.altKey) return;
    const step = { "+": 1, "-": -1 }[event.key];
    if (!step) return;
    zoom.selectedIndex = Math.max(0, Math.min(zoom.options.length - 1, zoom.selectedIndex + step));
    scale();
  });
  controls.hidden = false;
})();"#;
