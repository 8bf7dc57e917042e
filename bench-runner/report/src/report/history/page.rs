//! The history of one machine as a self-contained page.

use bench_runner_core::history::{JudgedSeries, events};
use maud::{Markup, PreEscaped, html};
use rayon::prelude::*;

use super::changes::changes;
use super::{HistoryReport, name, scope};
use crate::figure::{self, DrawableSeries, HistoryDetail};
use crate::report::page::{PageTemplate, figures, render_page};

/// Most values on a page.
const MOST_POINTS: usize = 20_000;

/// The page of a machine as HTML text; `report` has its series alone.
pub fn history_page(report: &HistoryReport<'_>, machine: &str) -> String {
    let series: Vec<&JudgedSeries> =
        report.history.series.iter().filter(|one| one.series.key.machine == machine).collect();
    let days = figure::days_of(report.runs);
    let drawable: Vec<DrawableSeries<'_>> =
        series.par_iter().map(|one| DrawableSeries::new(one, (report.runs, &days, report.order))).collect();
    let detail = detail(&drawable);
    render_page(&PageTemplate {
        title: &format!("Build times on {machine}"),
        generator: &format!("{} {}", env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION")),
        style: STYLE,
        head: html! {
            h1 { "Build times on " (machine) }
            p.muted { (period(report, &series)) }
        },
        parts: vec![
            ("answer", "What changed", what_changed(report, &series)),
            ("series", "Series", all_series(report, &drawable, detail)),
            ("words", "How to read this", words(report, detail)),
        ],
        foot: html! { "Made by " (env!("CARGO_PKG_NAME")) " " (env!("CARGO_PKG_VERSION")) " from the runs' files alone." },
    })
}

/// The most detailed drawing of all series that a page can hold.
fn detail(series: &[DrawableSeries<'_>]) -> HistoryDetail {
    let count = |detail: HistoryDetail| -> usize { series.par_iter().map(|one| one.values(detail)).sum() };
    let [.., least] = HistoryDetail::STEPS;
    HistoryDetail::STEPS.into_iter().find(|detail| count(*detail) <= MOST_POINTS).unwrap_or(least)
}

fn period(report: &HistoryReport<'_>, series: &[&JudgedSeries]) -> String {
    let mut used: Vec<usize> = series.iter().flat_map(|one| one.series.runs.iter().copied()).collect();
    used.sort_unstable();
    used.dedup();
    let day = |at: &usize| report.runs[*at].started_at.get(..10).unwrap_or_default();
    match (used.first(), used.last()) {
        (Some(first), Some(last)) => {
            let runs = crate::figure::wording::pluralize(used.len(), "run");
            format!("{runs} from {} to {}", day(first), day(last))
        }
        _ => "no runs".to_owned(),
    }
}

fn what_changed(report: &HistoryReport<'_>, series: &[&JudgedSeries]) -> Markup {
    let found: Vec<String> = series.iter().flat_map(|one| changes(report, one)).collect();
    html! {
        @if found.is_empty() { p { "No series changed its level." } }
        ul.answers { @for change in &found {
            li { (change.strip_prefix("changed: ").unwrap_or(change)) "." }
        } }
        p.muted { (scope(report.history)) "." }
    }
}

fn all_series(report: &HistoryReport<'_>, series: &[DrawableSeries<'_>], detail: HistoryDetail) -> Markup {
    // Series that changed go first; one value alone shows no course.
    let mut ordered: Vec<&DrawableSeries<'_>> =
        series.iter().filter(|drawable| drawable.one.series.points.len() > 1).collect();
    ordered.sort_by_key(|drawable| !has_changed(drawable.one));
    let figures = ordered.par_iter().enumerate();
    let figures: Vec<Markup> = figures.map(|(at, one)| series_figure(report, one, detail, at + 1)).collect();
    html! {
        div.controls.history-controls hidden {
            label { "Show series with" input type="search" placeholder="part of the name"; }
            label { "Show" select {
                option value="" { "all series" }
                option value="changed" { "those that changed" }
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

fn has_changed(one: &JudgedSeries) -> bool {
    one.levels.as_ref().is_some_and(|levels| !levels.changes.is_empty())
}

fn series_figure(
    report: &HistoryReport<'_>,
    drawable: &DrawableSeries<'_>,
    detail: HistoryDetail,
    number: usize,
) -> Markup {
    let one = drawable.one;
    let title = name(&one.series.key);
    let figure = figure::inline_history(drawable, &events(&one.series, report.runs), &title, detail);
    html! {
        div.series data-name=(title.to_lowercase()) data-changed=[has_changed(one).then_some("yes")] {
            (figures::figure_element(&figure, number))
        }
    }
}

fn words(report: &HistoryReport<'_>, detail: HistoryDetail) -> Markup {
    html! {
        dl.glossary {
            dt { "point" } dd { "one run: the ratio of a variant to its baseline, both built in the same rounds, so a slower machine does not move it; or the median time of the baseline, which shows the machine" }
            dt { "gray line" } dd { "its 95% interval. Values older than " (format!("{:.0}", detail.full_days)) " days are drawn as one for each " (format!("{:.0}", detail.older_days)) " days: the median, and the range of the values" }
            dt { "black line" } dd { "the level between two changes" }
            dt { "colored line" } dd { "a change of level, with its size" }
            dt { "triangle" } dd { "something else changed with this run, such as the compiler: the point says what" }
            dt { "ring" } dd { "an invalid comparison (two identical builds differed by more than chance explains); it is not judged" }
        }
        p.muted { (scope(report.history)) ". All values: " code { "bench-runner history --json" } "." }
    }
}

const STYLE: &str = ".series{margin:0}.series figure{margin:0 0 10px}\n.series[hidden]{display:none}\n";

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
      const fits = (!wanted || one.dataset.name.includes(wanted)) && (!which.value || one.dataset.changed);
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
