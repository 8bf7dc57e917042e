//! Time against memory: where each arm stands, with the intervals of both.

use bench_runner_core::compare::{BlockResult, Summary};
use bench_runner_core::record::MetricId;

use super::marks;
use super::palette::Ink;
use super::scale::Scale;
use super::scene::{Anchor, EDGE, Label, Scene, Tip, WIDTH};
use super::series::{self, Series};
use super::wording::{self, TimeUnit};

/// Where the plot begins and ends.
const PLOT: (f64, f64) = (96.0, 600.0);
/// Where the names begin.
const NAMES: f64 = 636.0;
/// Upper and lower end of the plot.
const HEIGHT: (f64, f64) = (92.0, 372.0);
/// Height of one name.
const ROW: f64 = 22.0;
/// What ticks and the title of the axis take below the plot.
const BELOW: f64 = 56.0;
/// Bytes of a mebibyte.
const MIB: f64 = 1024.0 * 1024.0;

/// An arm that has both.
struct Place<'a> {
    series: Series<'a>,
    wall: Summary,
    memory: Summary,
}

/// The scene of one block.
pub(crate) fn scene(block: &BlockResult) -> Scene {
    let unit = TimeUnit::of_block(block);
    let places: Vec<Place<'_>> = series::of_block(block, WIDTH - EDGE - NAMES - 16.0)
        .into_iter()
        .filter_map(|series| {
            let (wall, memory) = (series.arm.wall()?, series.arm.summaries[MetricId::MaxRss]?);
            Some(Place { series, wall, memory })
        })
        .collect();
    let says =
        places.iter().map(|place| format!("{}: {}", wording::arm_name(place.series.arm), told(place, unit)));
    let says: Vec<String> = says.collect();
    let mut scene =
        Scene::new(format!("{}: time against memory", block.title), format!("{}.", says.join("; ")));
    scene.heading(&scene.title.clone(), "medians with their 95 % intervals; memory is the largest process's");
    if places.is_empty() {
        scene.text(Label::new((EDGE, 92.0), "no build to show", 13.0, Ink::Muted));
        scene.height = 124.0;
        return scene;
    }
    let bottom = HEIGHT.1.max(HEIGHT.0 + places.len() as f64 * ROW);
    scene.height = bottom + BELOW;
    let ends = |summary: &Summary| [summary.low, summary.median, summary.high];
    let x = Scale::for_times(places.iter().flat_map(|place| ends(&place.wall)), PLOT);
    let y = Scale::for_times(places.iter().flat_map(|place| ends(&place.memory)), (bottom, HEIGHT.0));
    axes(&mut scene, (&x, &y), unit, bottom);
    for (index, place) in places.iter().enumerate() {
        draw(&mut scene, place, (&x, &y), unit);
        let row = HEIGHT.0 + (index as f64 + 0.5) * ROW;
        marks::shape(&mut scene, place.series.shape, (NAMES, row), 4.5, place.series.ink);
        scene.text(Label::new((NAMES + 14.0, row), &place.series.name, series::NAME_SIZE, Ink::Text));
    }
    scene
}

fn told(place: &Place<'_>, unit: TimeUnit) -> String {
    let (time, memory) = (wording::time(&place.wall, unit), wording::mebibytes(&place.memory));
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
    marks::upright_grid(scene, &across, (HEIGHT.0, bottom), 6);
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

fn draw(scene: &mut Scene, place: &Place<'_>, (x, y): (&Scale, &Scale), unit: TimeUnit) {
    let ink = place.series.ink;
    let at = (x.place(place.wall.median), y.place(place.memory.median));
    scene.line((x.place(place.wall.low), at.1), (x.place(place.wall.high), at.1), 1.4, ink);
    scene.line((at.0, y.place(place.memory.low)), (at.0, y.place(place.memory.high)), 1.4, ink);
    marks::shape(scene, place.series.shape, at, 5.5, ink);
    let (name, text) = (wording::arm_name(place.series.arm), told(place, unit));
    scene.tips.push(Tip { from: at, to: at, name, text });
}
