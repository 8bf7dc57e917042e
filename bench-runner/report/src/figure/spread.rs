//! Figure of one block: spread of each arm's builds, with every build as a stroke, the middle half as a box,
//! the median.

use bench_runner_core::compare::{ArmResult, BlockResult};

use super::marks;
use super::palette::Ink;
use super::scale::Scale;
use super::scene::{Anchor, EDGE, Label, Mark, Scene, Tooltip, WIDTH};
use super::series::{self, Series};
use super::wording::{self, TimeUnit};

/// Left and right end of the names.
const NAMES: (f64, f64) = (36.0, 264.0);
/// Left and right end of the axis.
const AXIS: (f64, f64) = (280.0, WIDTH - EDGE - 6.0);
/// Upper end of the first row.
const TOP: f64 = 74.0;
/// Height of one row.
const ROW: f64 = 44.0;
/// Height of ticks and axis title below the rows.
const BELOW: f64 = 54.0;

/// Scene of one block.
pub(crate) fn scene(block: &BlockResult) -> Scene {
    let unit = TimeUnit::for_block(block);
    let mut scene = Scene::new(format!("{}: how its builds spread", block.title), description(block, unit));
    scene.heading(&scene.title.clone(), "every build as a stroke; box: the middle half; bar: median");
    let rows: Vec<Series<'_>> = series::for_block(block, NAMES.1 - NAMES.0)
        .into_iter()
        .filter(|series| !walls(series).is_empty())
        .collect();
    if rows.is_empty() {
        scene.text(Label::new((EDGE, 92.0), "no build to show", 13.0, Ink::Muted));
        scene.height = 124.0;
        return scene;
    }
    let bottom = TOP + rows.len() as f64 * ROW;
    scene.height = bottom + BELOW;
    let x = Scale::for_times(rows.iter().flat_map(walls), AXIS);
    axis(&mut scene, &x, unit, bottom);
    for (index, series) in rows.iter().enumerate() {
        row(&mut scene, series, (&x, unit), TOP + (index as f64 + 0.5) * ROW);
    }
    scene
}

/// Wall times of an arm's builds in seconds, smallest first; only positive finite values can be drawn.
fn walls(series: &Series<'_>) -> Vec<f64> {
    let walls = series.arm.points.iter().map(|point| point.wall);
    let mut walls: Vec<f64> = walls.filter(|wall| wall.is_finite() && *wall > 0.0).collect();
    walls.sort_by(f64::total_cmp);
    walls
}

fn description(block: &BlockResult, unit: TimeUnit) -> String {
    let arms =
        series::for_block(block, f64::INFINITY).into_iter().map(|series| match describe(series.arm, unit) {
            Some(spread) => format!("{}: {spread}", series.name),
            None => format!("{}: no build succeeded", series.name),
        });
    format!("{}.", arms.collect::<Vec<_>>().join("; "))
}

/// `None` if no build succeeded.
fn describe(arm: &ArmResult, unit: TimeUnit) -> Option<String> {
    let (wall, (low, high)) = (arm.wall()?, arm.middle_half?);
    let shown = |seconds: f64| wording::seconds(seconds, unit);
    Some(format!(
        "median {} {}, middle half {} to {}, all of {} from {} to {}",
        shown(wall.median),
        unit.symbol(),
        shown(low),
        shown(high),
        wording::pluralize(wall.n, "build"),
        shown(wall.min),
        shown(wall.max),
    ))
}

fn axis(scene: &mut Scene, x: &Scale, unit: TimeUnit, bottom: f64) {
    marks::vertical_grid(scene, &x.in_units(|seconds| unit.convert(seconds)), (TOP, bottom), 7);
    scene.line((AXIS.0, bottom), (AXIS.1, bottom), 1.0, Ink::Muted);
    let kind = if x.is_log() { ", logarithmic" } else { "" };
    let title = format!("wall time, {}{kind}; the axis does not start at zero", unit.symbol());
    let middle = ((AXIS.0 + AXIS.1) / 2.0, bottom + 34.0);
    scene.text(Label::new(middle, title, 11.0, Ink::Muted).anchored(Anchor::Middle));
}

fn row(scene: &mut Scene, series: &Series<'_>, (x, unit): (&Scale, TimeUnit), y: f64) {
    scene.text(Label::new((NAMES.0, y), &series.name, series::NAME_SIZE, Ink::Text));
    let (Some(wall), Some((low, high))) = (series.arm.wall(), series.arm.middle_half) else { return };
    let [low, middle, high] = [low, wall.median, high].map(|seconds| x.place(seconds));
    scene.rect((low, y - 13.0), (high, y + 1.0), Ink::Margin);
    let outline = vec![(low, y - 13.0), (high, y - 13.0), (high, y + 1.0), (low, y + 1.0), (low, y - 13.0)];
    scene.marks.push(Mark::Line { places: outline, width: 1.0, ink: series.ink });
    scene.line((middle, y - 16.0), (middle, y + 4.0), 2.4, series.ink);
    for wall in walls(series) {
        let at = x.place(wall);
        scene.line((at, y + 6.0), (at, y + 15.0), 1.0, series.ink);
    }
    let name = wording::arm_name(series.arm);
    if let Some(text) = describe(series.arm, unit) {
        scene.tooltips.push(Tooltip {
            from: (AXIS.0, y - ROW / 2.0),
            to: (AXIS.1, y + ROW / 2.0),
            name,
            text,
        });
    }
}
