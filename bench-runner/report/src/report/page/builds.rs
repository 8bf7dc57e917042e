//! Single builds of a block that a reader would ask about: outliers, and builds that failed.

use bench_runner_core::compare::{ArmResult, BlockResult, Point};
use bench_runner_core::record::{Outcome, Phase, Sample};
use maud::{Markup, html};

use super::input::{BuildLog, PageInput};
use crate::figure::wording::{self, TimeUnit, pluralize};

pub(super) fn section(page: &PageInput<'_>, block: &BlockResult) -> Markup {
    html! { (outliers(page, block)) (failures(page, block)) }
}

/// An outlier with its arm and, if it is known, its sample.
struct OutlierBuild<'a> {
    arm: &'a ArmResult,
    point: &'a Point,
    sample: Option<&'a Sample>,
}

fn outliers(page: &PageInput<'_>, block: &BlockResult) -> Markup {
    let of_arm = |arm: &'_ ArmResult, point: &Point| {
        page.samples.iter().find(|sample| {
            let is_point = || sample.outcome.cost().is_some_and(|cost| cost.wall.as_secs_f64() == point.wall);
            sample.phase == Phase::Measured
                && sample.block == block.id
                && sample.role == arm.role
                && *sample.variant == *arm.variant
                && sample.round == point.round
                && is_point()
        })
    };
    let found: Vec<OutlierBuild<'_>> = block
        .arms
        .iter()
        .flat_map(|arm| arm.points.iter().filter(|point| point.outlier).map(move |point| (arm, point)))
        .map(|(arm, point)| OutlierBuild { arm, point, sample: of_arm(arm, point) })
        .collect();
    let threads = page.manifest.machine.details["facts"]["threads"].as_f64().unwrap_or(1.0);
    html! {
        @if !found.is_empty() { details {
            summary { (pluralize(found.len(), "outlier")) }
            p.muted { "An outlier is a build that took far longer or far shorter than the others of its variant. It counts like \
                all others. High shares of other programs or other VMs (steal), waiting for the disk or a high load \
                mean that the machine was busy. If several outliers are of the same round, the cause is probably the machine, \
                not the variant." }
            div.scroll tabindex="0" role="region" aria-label="Outliers" { table {
                caption { "Outliers of " (block.title) }
                thead { tr {
                    th scope="col" { "Variant" } th.n scope="col" { "Round" }
                    th.n scope="col" { "Time" } th.n scope="col" { "Of the median" }
                    th.n scope="col" { "Other programs" } th.n scope="col" { "Other VMs" }
                    th.n scope="col" { "Waited for disk" } th.n scope="col" { "Load" }
                } }
                tbody { @for one in &found { (outlier(one, block, threads)) } }
            } }
            @for one in &found { (outlier_log(page, one)) }
        } }
    }
}

fn outlier(one: &OutlierBuild<'_>, block: &BlockResult, threads: f64) -> Markup {
    let unit = TimeUnit::for_block(block);
    let seen = one.sample.map(|sample| &sample.interference);
    let median = one.arm.wall().map(|wall| wall.median);
    let share = |seconds: Option<f64>, of: f64| {
        seconds.map_or_else(|| "not reported".to_owned(), |seconds| wording::share(seconds / of))
    };
    let time = |time: Option<std::time::Duration>| time.map(|time| time.as_secs_f64());
    let wall = one.point.wall;
    html! { tr {
        th.name scope="row" { (wording::arm_name(one.arm)) }
        td.n { (one.point.round) }
        td.n { (wording::seconds(wall, unit)) " " (unit.symbol()) }
        td.n { @if let Some(median) = median { (format!("{:.2}×", wall / median)) } }
        td.n { (share(seen.and_then(|seen| time(seen.foreign_cpu)), wall * threads)) }
        td.n { (share(seen.and_then(|seen| time(seen.steal)), wall * threads)) }
        td.n { (share(seen.and_then(|seen| time(seen.io_pressure)), wall)) }
        td.n { @if let Some(load) = seen.and_then(|seen| seen.load) { (format!("{load:.2}")) } }
    } }
}

/// The output of an outlier, to be opened; nothing if the bundle does not have it.
fn outlier_log(page: &PageInput<'_>, one: &OutlierBuild<'_>) -> Markup {
    let log = one.sample.and_then(|sample| log_of(page, sample));
    html! {
        @if let Some(log) = log { details {
            summary { "Output of " (wording::arm_name(one.arm)) " in round " (one.point.round) }
            pre tabindex="0" { (log.tail) }
        } }
    }
}

fn log_of<'p>(page: &PageInput<'p>, sample: &Sample) -> Option<&'p BuildLog> {
    page.logs.iter().find(|log| log.sample == sample.number)
}

fn failures(page: &PageInput<'_>, block: &BlockResult) -> Markup {
    let failed: Vec<&Sample> = page
        .samples
        .iter()
        .filter(|sample| sample.block == block.id && !matches!(sample.outcome, Outcome::Built(_)))
        .collect();
    let log = |sample: &Sample| log_of(page, sample);
    let run = page.manifest;
    html! {
        @if !failed.is_empty() { details {
            summary { (pluralize(failed.len(), "build")) " failed, timed out or could not start" }
            @if failed.iter().any(|sample| log(sample).is_some()) {
                p.muted { "Logs are in " code { (run.machine.directory) "/" (run.run) } " below the directory of results." }
            } @else {
                p.muted { "The directory of this run has no logs of them." }
            }
            @for sample in failed { (failure(sample, log(sample))) }
        } }
    }
}

fn failure(sample: &Sample, log: Option<&BuildLog>) -> Markup {
    let outcome = match sample.outcome {
        Outcome::Failed { exit_code: Some(code) } => format!("failed with exit code {code}"),
        Outcome::Failed { exit_code: None } => "killed by a signal".to_owned(),
        Outcome::TimedOut => "killed at the time limit".to_owned(),
        Outcome::NotStarted => "could not start".to_owned(),
        Outcome::Built(_) => String::new(),
    };
    let round = match sample.phase {
        Phase::Warmup => "warm-up".to_owned(),
        Phase::Measured => format!("round {}", sample.round),
    };
    html! {
        p.label { (sample.variant) ", " (round) ": " (outcome) @if let Some(log) = log { " (" code { (log.path) } ")" } }
        @if let Some(log) = log { pre tabindex="0" { (log.tail) } }
    }
}
