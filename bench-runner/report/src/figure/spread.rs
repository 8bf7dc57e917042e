//! Figure of one block: spread of each arm's builds, with every build as a stroke, the median, and the middle
//! half as a box if there are enough builds for it.

use bench_runner_core::compare::{ArmResult, BlockResult};
use plotters::element::{PathElement, Rectangle};

use super::axis::NumberAxis;
use super::chart::{ChartFrame, area, draw, place, rows as row_axis, stroke, x_axis};
use super::outliers::LEAST_SPAN;
use super::palette::Ink;
use super::scene::{EDGE, Label, Scene, Tooltip, WIDTH};
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
const BELOW: f64 = 42.0;
/// Number of builds from which an arm has a box: the quartiles of fewer say nothing that the builds do not.
const BOX_FROM: usize = 10;

/// Scene of one block.
pub(crate) fn scene(block: &BlockResult) -> Scene {
    let unit = TimeUnit::for_block(block);
    let mut scene = Scene::new(format!("{}: how its builds spread", block.title), description(block, unit));
    let rows: Vec<Series<'_>> = series::for_block(block, NAMES.1 - NAMES.0)
        .into_iter()
        .filter(|series| !walls(series).is_empty())
        .collect();
    scene.heading(&scene.title.clone(), &subtitle(&rows));
    if rows.is_empty() {
        scene.text(Label::new((EDGE, 92.0), "no build to show", 13.0, Ink::Muted));
        scene.height = 124.0;
        return scene;
    }
    let bottom = TOP + rows.len() as f64 * ROW;
    scene.height = bottom + BELOW + 14.0;
    let tooltips = chart(&mut scene, &rows, unit, bottom);
    for (index, (series, at)) in rows.iter().zip(tooltips).enumerate() {
        let middle = TOP + (index as f64 + 0.5) * ROW;
        scene.text(Label::new((NAMES.0, middle), &series.name, series::NAME_SIZE, Ink::Text));
        if let Some(text) = describe(series.arm, unit) {
            let (from, to) = ((AXIS.0, at), (AXIS.1, at + ROW));
            scene.tooltips.push(Tooltip { from, to, name: wording::arm_name(series.arm), text });
        }
    }
    scene
}

fn subtitle(rows: &[Series<'_>]) -> String {
    let boxes = rows.iter().filter(|series| has_box(series)).count();
    let middle_half = match boxes {
        0 => String::new(),
        all if all == rows.len() => "; box: the middle half of the builds".to_owned(),
        _ => format!("; box: the middle half of the builds, from {BOX_FROM} builds on"),
    };
    format!("thin stroke: a build; thick stroke: the median{middle_half}")
}

fn has_box(series: &Series<'_>) -> bool {
    walls(series).len() >= BOX_FROM
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
    let middle_half = match wall.n >= BOX_FROM {
        true => format!("middle half {} to {}, ", shown(low), shown(high)),
        false => String::new(),
    };
    Some(format!(
        "median {} {}, {middle_half}all of {} from {} to {}",
        shown(wall.median),
        unit.symbol(),
        wording::pluralize(wall.n, "build"),
        shown(wall.min),
        shown(wall.max),
    ))
}

/// Draws the chart and returns the upper ends of its rows.
fn chart(scene: &mut Scene, rows: &[Series<'_>], unit: TimeUnit, bottom: f64) -> Vec<f64> {
    let all = rows.iter().flat_map(walls).map(|wall| unit.convert(wall));
    let x = NumberAxis::quantities(all, LEAST_SPAN, 7);
    let median = series::baseline_median(rows).map(|median| unit.convert(median));
    let title = format!("wall time; axis {}", x.extent_text(unit.symbol(), median));
    draw(scene, |canvas| {
        let frame = ChartFrame { below: BELOW, ..ChartFrame::bare(AXIS, (TOP, bottom)) };
        let mut chart = frame.chart(canvas, (x.clone(), row_axis(rows.len() as f64)))?;
        x_axis(&mut chart, true, &title)?;
        let plot = chart.plotting_area();
        let mut tops = Vec::new();
        for (index, series) in rows.iter().enumerate() {
            // A part of the row's height as a position.
            let part = |share: f64| index as f64 + share;
            let upright = |wall: f64, (from, to): (f64, f64), width: f64| {
                let at = unit.convert(wall);
                PathElement::new([(at, part(from)), (at, part(to))], stroke(series.ink, width))
            };
            if let Some((low, high)) = series.arm.middle_half.filter(|_| has_box(series)) {
                let corners = [(unit.convert(low), part(0.2)), (unit.convert(high), part(0.52))];
                plot.draw(&area(corners[0], corners[1], Ink::Margin))?;
                plot.draw(&Rectangle::new(corners, stroke(series.ink, 1.0)))?;
            }
            if let Some(wall) = series.arm.wall() {
                plot.draw(&upright(wall.median, (0.13, 0.59), 2.4))?;
            }
            for wall in walls(series) {
                plot.draw(&upright(wall, (0.64, 0.86), 1.0))?;
            }
            tops.push(place(&chart, (0.0, part(0.0))).1);
        }
        Ok(tops)
    })
}
