//! Figure of one block: time against memory of each arm, with the intervals of both.

use bench_runner_core::compare::{BlockResult, Summary};
use bench_runner_core::record::MetricId;

use super::marks;
use super::palette::Ink;
use super::scale::Scale;
use super::scene::{Anchor, EDGE, Label, Scene, Tooltip, WIDTH};
use super::series::{self, Series};
use super::wording::{self, TimeUnit};

/// Left and right end of the plot.
const PLOT: (f64, f64) = (96.0, 600.0);
/// Left end of the names.
const NAMES: f64 = 636.0;
/// Upper and lower end of the plot.
const HEIGHT: (f64, f64) = (92.0, 372.0);
/// Height of one name.
const ROW: f64 = 22.0;
/// Height of ticks and axis title below the plot.
const BELOW: f64 = 56.0;
const MIB: f64 = 1024.0 * 1024.0;

/// An arm with wall time and memory.
struct TimeAndMemory<'a> {
    series: Series<'a>,
    wall: Summary,
    memory: Summary,
}

/// Scene of one block.
pub(crate) fn scene(block: &BlockResult) -> Scene {
    let unit = TimeUnit::for_block(block);
    let arms: Vec<TimeAndMemory<'_>> = series::for_block(block, WIDTH - EDGE - NAMES - 16.0)
        .into_iter()
        .filter_map(|series| {
            let (wall, memory) = (series.arm.wall()?, series.arm.summaries[MetricId::MaxRss]?);
            Some(TimeAndMemory { series, wall, memory })
        })
        .collect();
    let descriptions =
        arms.iter().map(|arm| format!("{}: {}", wording::arm_name(arm.series.arm), describe(arm, unit)));
    let descriptions: Vec<String> = descriptions.collect();
    let mut scene =
        Scene::new(format!("{}: time against memory", block.title), format!("{}.", descriptions.join("; ")));
    let ends = wording::around_median(arms.iter().flat_map(|arm| [&arm.wall, &arm.memory]));
    let heading = format!("median and {ends}; memory is the largest process's");
    scene.heading(&scene.title.clone(), &heading);
    if arms.is_empty() {
        scene.text(Label::new((EDGE, 92.0), "no build to show", 13.0, Ink::Muted));
        scene.height = 124.0;
        return scene;
    }
    let bottom = HEIGHT.1.max(HEIGHT.0 + arms.len() as f64 * ROW);
    scene.height = bottom + BELOW;
    let ends = |summary: &Summary| [summary.low, summary.median, summary.high];
    let x = Scale::for_times(arms.iter().flat_map(|arm| ends(&arm.wall)), PLOT);
    let y = Scale::for_times(arms.iter().flat_map(|arm| ends(&arm.memory)), (bottom, HEIGHT.0));
    axes(&mut scene, (&x, &y), unit, bottom);
    for (index, arm) in arms.iter().enumerate() {
        draw(&mut scene, arm, (&x, &y), unit);
        let row = HEIGHT.0 + (index as f64 + 0.5) * ROW;
        marks::shape(&mut scene, arm.series.shape, (NAMES, row), 4.5, arm.series.ink);
        scene.text(Label::new((NAMES + 14.0, row), &arm.series.name, series::NAME_SIZE, Ink::Text));
    }
    scene
}

fn describe(arm: &TimeAndMemory<'_>, unit: TimeUnit) -> String {
    let (time, memory) = (wording::time(&arm.wall, unit), wording::mebibytes(&arm.memory));
    format!(
        "{} {} [{}, {}], {} MiB [{}, {}]",
        time.estimate,
        unit.symbol(),
        time.low,
        time.high,
        memory.estimate,
        memory.low,
        memory.high,
    )
}

fn axes(scene: &mut Scene, (x, y): (&Scale, &Scale), unit: TimeUnit, bottom: f64) {
    let across = x.in_units(|seconds| unit.convert(seconds));
    marks::vertical_grid(scene, &across, (HEIGHT.0, bottom), 6);
    let up = y.in_units(|bytes| bytes / MIB);
    let ticks = up.ticks(6);
    for (tick, label) in ticks.iter().zip(up.labels(&ticks)) {
        let at = up.place(*tick);
        scene.line((PLOT.0, at), (PLOT.1, at), 1.0, Ink::Grid);
        scene.text(Label::new((PLOT.0 - 8.0, at), label, 11.0, Ink::Muted).anchored(Anchor::End));
    }
    scene.line((PLOT.0, bottom), (PLOT.1, bottom), 1.0, Ink::Muted);
    scene.line((PLOT.0, HEIGHT.0), (PLOT.0, bottom), 1.0, Ink::Muted);
    scene.text(Label::new((EDGE, HEIGHT.0 - 16.0), "memory, MiB", 11.0, Ink::Muted));
    let title = format!("wall time, {}; neither axis starts at zero", unit.symbol());
    let middle = ((PLOT.0 + PLOT.1) / 2.0, bottom + 34.0);
    scene.text(Label::new(middle, title, 11.0, Ink::Muted).anchored(Anchor::Middle));
}

fn draw(scene: &mut Scene, arm: &TimeAndMemory<'_>, (x, y): (&Scale, &Scale), unit: TimeUnit) {
    let ink = arm.series.ink;
    let at = (x.place(arm.wall.median), y.place(arm.memory.median));
    scene.line((x.place(arm.wall.low), at.1), (x.place(arm.wall.high), at.1), 1.4, ink);
    scene.line((at.0, y.place(arm.memory.low)), (at.0, y.place(arm.memory.high)), 1.4, ink);
    marks::shape(scene, arm.series.shape, at, 5.5, ink);
    let (name, text) = (wording::arm_name(arm.series.arm), describe(arm, unit));
    scene.tooltips.push(Tooltip { from: at, to: at, name, text });
}
