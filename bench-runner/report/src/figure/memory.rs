//! Figure of one block: time against memory of each arm, with the intervals of both.

use bench_runner_core::compare::{BlockResult, Summary};
use bench_runner_core::record::{MetricId, Role};

use super::axis::NumberAxis;
use super::chart::{Chart, ChartError, ChartFrame, draw, place, x_axis, y_axis};
use super::elements::{IntervalLook, IntervalMark};
use super::labels::{self, DirectLabel};
use super::palette::Ink;
use super::scene::{EDGE, Label, Scene, Tooltip, WIDTH};
use super::series::{self, Series};
use super::wording::{self, ColumnDigits, TimeUnit};

/// The memory that is recorded of each build, as a clause: that of all its processes together cannot be read everywhere.
pub(crate) const MEMORY: &str = "memory is the peak of the largest process of a build";

/// Left and right end of the plot.
const PLOT: (f64, f64) = (96.0, 640.0);
/// Left and right end of the labels.
const LABELS: (f64, f64) = (676.0, WIDTH - EDGE);
/// Upper end of the plot, and its least height.
const TOP: f64 = 92.0;
const LEAST: f64 = 280.0;
/// Height of ticks and axis title below the plot.
const BELOW: f64 = 42.0;
const MIB: f64 = 1024.0 * 1024.0;

/// Least span of both axes as a share of their values: a difference of 1% must not fill the figure.
const LEAST_SPAN: f64 = 0.1;
/// Difference of memory from the baseline's from which the figure has something to say.
const NOTABLE: f64 = 0.05;

/// An arm with wall time and memory.
struct TimeAndMemory<'a> {
    series: Series<'a>,
    wall: Summary,
    memory: Summary,
}

/// True if a variant's builds need notably more or less memory than the baseline's.
pub(crate) fn is_notable(block: &BlockResult) -> bool {
    let median = |index: usize| Some(block.arms.get(index)?.summaries[MetricId::MaxRss]?.median);
    let Some(baseline) = median(block.baseline) else { return false };
    let variants = (0..block.arms.len()).filter(|index| block.arms[*index].role == Role::Variant);
    variants.filter_map(median).any(|memory| (memory / baseline - 1.0).abs() > NOTABLE)
}

/// Scene of one block.
pub(crate) fn scene(block: &BlockResult) -> Scene {
    let unit = TimeUnit::for_block(block);
    let arms: Vec<TimeAndMemory<'_>> =
        series::for_block(block, labels::name_room(LABELS.1 - LABELS.0, false))
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
    let ends = series::around_median(arms.iter().flat_map(|arm| [&arm.wall, &arm.memory]));
    let heading = format!("median and {ends}; {MEMORY}");
    scene.heading(&scene.title.clone(), &heading);
    if arms.is_empty() {
        scene.text(Label::new((EDGE, 92.0), "no build to show", 13.0, Ink::Muted));
        scene.height = 124.0;
        return scene;
    }
    let bottom = TOP + labels::height(arms.len()).max(LEAST);
    scene.height = bottom + BELOW + 14.0;
    let places = chart(&mut scene, &arms, unit, bottom);
    let digits = ColumnDigits::of_times(arms.iter().map(|arm| &arm.wall), unit);
    let mut named = Vec::new();
    for (arm, at) in arms.iter().zip(&places) {
        let (name, text) = (wording::arm_name(arm.series.arm), describe(arm, unit));
        scene.tooltips.push(Tooltip { from: *at, to: *at, name, text });
        named.push(DirectLabel { series: &arm.series, at: Some(at.1), value: short(arm, (digits, unit)) });
    }
    labels::direct_labels(&mut scene, &named, (PLOT.1, LABELS.0, LABELS.1), (TOP, bottom));
    scene
}

fn describe(arm: &TimeAndMemory<'_>, unit: TimeUnit) -> String {
    let (time, memory) = (wording::time(&arm.wall, unit), wording::mebibytes(&arm.memory));
    format!(
        "{} {} ({}–{}), {} MiB ({}–{})",
        time.estimate,
        unit.symbol(),
        time.low,
        time.high,
        memory.estimate,
        memory.low,
        memory.high,
    )
}

/// Both medians, with digits that fit the other arms' times.
fn short(arm: &TimeAndMemory<'_>, (digits, unit): (ColumnDigits, TimeUnit)) -> String {
    let (time, memory) = (digits.time(arm.wall.median, unit), wording::mebibytes(&arm.memory));
    format!("{time} {}, {} MiB", unit.symbol(), memory.estimate)
}

/// Draws the chart and returns the positions of the medians.
fn chart(scene: &mut Scene, arms: &[TimeAndMemory<'_>], unit: TimeUnit, bottom: f64) -> Vec<(f64, f64)> {
    let ends = |summary: &Summary| [summary.low, summary.median, summary.high];
    let walls = arms.iter().flat_map(|arm| ends(&arm.wall)).map(|wall| unit.convert(wall));
    let memories = arms.iter().flat_map(|arm| ends(&arm.memory)).map(|bytes| bytes / MIB);
    let x = NumberAxis::quantities(walls, LEAST_SPAN, 6);
    let y = NumberAxis::quantities(memories, LEAST_SPAN, 6);
    let baseline = arms.iter().find(|arm| arm.series.arm.role == Role::Baseline);
    let median = |of: &dyn Fn(&TimeAndMemory<'_>) -> f64| baseline.map(of);
    let title = x.extent_text(unit.symbol(), median(&|arm| unit.convert(arm.wall.median)));
    let title = format!("wall time; axis {title}");
    let memory = y.extent_text("MiB", median(&|arm| arm.memory.median / MIB));
    scene.text(Label::new((EDGE, TOP - 16.0), format!("memory; axis {memory}"), 11.0, Ink::Muted));
    draw(scene, |canvas| {
        let down = (TOP, bottom);
        let frame = ChartFrame { left: PLOT.0, below: BELOW, ..ChartFrame::bare(PLOT, down) };
        let mut chart = frame.chart(canvas, (x, y))?;
        y_axis(&mut chart)?;
        x_axis(&mut chart, true, &title)?;
        for arm in arms {
            cross(&chart, arm, unit)?;
        }
        let median = |arm: &TimeAndMemory<'_>| (unit.convert(arm.wall.median), arm.memory.median / MIB);
        Ok(arms.iter().map(|arm| place(&chart, median(arm))).collect())
    })
}

/// Both intervals of an arm, with a point where they cross.
fn cross(
    chart: &Chart<'_, NumberAxis, NumberAxis>,
    arm: &TimeAndMemory<'_>,
    unit: TimeUnit,
) -> Result<(), ChartError> {
    let [left, x, right] = [arm.wall.low, arm.wall.median, arm.wall.high].map(|wall| unit.convert(wall));
    let [lower, y, upper] = [arm.memory.low, arm.memory.median, arm.memory.high].map(|bytes| bytes / MIB);
    let look = IntervalLook::Point { shape: arm.series.shape, ink: arm.series.ink, width: 1.4, half: 5.5 };
    for places in [[(left, y), (x, y), (right, y)], [(x, lower), (x, y), (x, upper)]] {
        chart.plotting_area().draw(&IntervalMark { places, look, beyond: (false, false) })?;
    }
    Ok(())
}
