//! Figure of one block: wall time and CPU time of each arm, each a bar from zero.

use bench_runner_core::compare::BlockResult;
use bench_runner_core::record::{MetricId, Role};

use super::axis::NumberAxis;
use super::chart::{ChartFrame, area, draw, place, rows as row_axis, x_axis};
use super::palette::Ink;
use super::scene::{Anchor, EDGE, Label, Scene, Tooltip, WIDTH};
use super::series::{self, Series};
use super::wording::{self, TimeUnit};

/// Left and right end of the names.
const NAMES: (f64, f64) = (36.0, 264.0);
/// Left and right end of the axis; the longest bar's number is behind its right end.
const AXIS: (f64, f64) = (280.0, 760.0);
/// Right end of the numbers.
const NUMBERS: f64 = WIDTH - EDGE;
/// Upper end of the first row.
const TOP: f64 = 96.0;
/// Height of one row: three bars.
const ROW: f64 = 52.0;
/// Height of ticks and axis title below the rows.
const BELOW: f64 = 42.0;

/// The bars of an arm: name, color, and upper and lower end as shares of the row. No color stands for a
/// verdict.
const BARS: [(&str, Ink, (f64, f64)); 3] = [
    ("wall time", Ink::Muted, (0.12, 0.36)),
    ("CPU time of all processes", Ink::Arm(7), (0.4, 0.62)),
    ("the kernel's part of the CPU time", Ink::Arm(3), (0.66, 0.88)),
];

/// Difference of the CPU time per wall time to the baseline's from which the figure has something to say.
const NOTABLE: f64 = 0.1;

/// Median seconds of an arm's builds.
struct MedianCost {
    wall: f64,
    cpu: f64,
    kernel: f64,
}

impl MedianCost {
    fn from_series(series: &Series<'_>) -> Option<Self> {
        let median = |metric: MetricId| Some(series.arm.summaries[metric]?.median);
        let cost = Self {
            wall: median(MetricId::Wall)?,
            cpu: median(MetricId::Cpu)?,
            kernel: median(MetricId::Kernel)?,
        };
        cost.bars().iter().all(|value| value.is_finite()).then_some(cost)
    }

    /// Lengths of the [`BARS`].
    fn bars(&self) -> [f64; 3] {
        [self.wall, self.cpu, self.kernel]
    }

    /// CPU time per wall time: how many processors were busy on average.
    fn busy_processors(&self) -> Option<f64> {
        (self.wall > 0.0).then(|| self.cpu / self.wall)
    }

    fn describe(&self, unit: TimeUnit) -> String {
        let [wall, cpu, kernel] = self.bars().map(|seconds| wording::seconds(seconds, unit));
        let symbol = unit.symbol();
        let busy = self.busy_processors().map(|busy| format!("; CPU time ÷ wall time {busy:.2}"));
        format!(
            "wall time {wall} {symbol}, CPU time {cpu} {symbol}, of it {kernel} {symbol} in the kernel{}",
            busy.unwrap_or_default()
        )
    }
}

/// True if the CPU time of a variant's builds is not what their wall time suggests.
pub(crate) fn is_notable(block: &BlockResult) -> bool {
    let all = series::for_block(block, f64::INFINITY);
    let busy = |series: &Series<'_>| MedianCost::from_series(series)?.busy_processors();
    let Some(baseline) = all.get(block.baseline).and_then(busy) else { return false };
    let variants = all.iter().filter(|series| series.arm.role == Role::Variant).filter_map(busy);
    variants.into_iter().any(|busy| (busy / baseline - 1.0).abs() > NOTABLE)
}

/// Scene of one block.
pub(crate) fn scene(block: &BlockResult) -> Scene {
    let all = series::for_block(block, NAMES.1 - NAMES.0);
    let rows: Vec<(Series<'_>, MedianCost)> = all
        .into_iter()
        .filter_map(|series| MedianCost::from_series(&series).map(|cost| (series, cost)))
        .collect();
    let longest = rows.iter().flat_map(|(_, cost)| cost.bars()).fold(0.0, f64::max);
    let unit = TimeUnit::for_seconds(longest);
    let descriptions = rows
        .iter()
        .map(|(series, cost)| format!("{}: {}", wording::arm_name(series.arm), cost.describe(unit)));
    let descriptions: Vec<String> = descriptions.collect();
    let title = format!("{}: wall time and CPU time", block.title);
    let mut scene = Scene::new(title, format!("{}.", descriptions.join("; ")));
    scene.heading(&scene.title.clone(), "medians");
    if rows.is_empty() {
        scene.text(Label::new((EDGE, 92.0), "no build to show", 13.0, Ink::Muted));
        scene.height = 124.0;
        return scene;
    }
    legend(&mut scene);
    let bottom = TOP + rows.len() as f64 * ROW;
    scene.height = bottom + BELOW + 14.0;
    let x = NumberAxis::linear((0.0, unit.convert(longest) * 1.03), 7);
    let ends = chart(&mut scene, &rows, (x, unit), bottom);
    for (index, ((series, cost), ends)) in rows.iter().zip(ends).enumerate() {
        row(&mut scene, (series, cost), (ends, unit), TOP + index as f64 * ROW);
    }
    scene
}

fn legend(scene: &mut Scene) {
    let mut x = AXIS.0;
    for (text, ink, _) in BARS {
        scene.rect((x, 71.0), (x + 12.0, 83.0), ink);
        let label = Label::new((x + 18.0, 77.0), text, 11.0, Ink::Muted);
        x += 18.0 + label.width() + 18.0;
        scene.text(label);
    }
    let label = Label::new((NUMBERS, 77.0), "CPU time ÷ wall time", 11.0, Ink::Muted);
    scene.text(label.anchored(Anchor::End));
}

/// Draws the bars and returns their right ends.
fn chart(
    scene: &mut Scene,
    rows: &[(Series<'_>, MedianCost)],
    (x, unit): (NumberAxis, TimeUnit),
    bottom: f64,
) -> Vec<[f64; 3]> {
    draw(scene, |canvas| {
        let frame = ChartFrame { below: BELOW, ..ChartFrame::bare(AXIS, (TOP, bottom)) };
        let mut chart = frame.chart(canvas, (x, row_axis(rows.len() as f64)))?;
        x_axis(&mut chart, true, &format!("time, {}", unit.symbol()))?;
        let mut ends = Vec::new();
        for (index, (_, cost)) in rows.iter().enumerate() {
            let row = index as f64;
            for ((_, ink, (from, to)), length) in BARS.into_iter().zip(cost.bars()) {
                let bar = area((0.0, row + from), (unit.convert(length), row + to), ink);
                chart.plotting_area().draw(&bar)?;
            }
            ends.push(cost.bars().map(|length| place(&chart, (unit.convert(length), row)).0));
        }
        Ok(ends)
    })
}

/// Name and numbers of an arm.
fn row(
    scene: &mut Scene,
    (series, cost): (&Series<'_>, &MedianCost),
    (ends, unit): ([f64; 3], TimeUnit),
    top: f64,
) {
    let middle = top + ROW / 2.0;
    scene.text(Label::new((NAMES.0, middle), &series.name, series::NAME_SIZE, Ink::Text));
    for (((_, _, (from, to)), length), end) in BARS.into_iter().zip(cost.bars()).zip(ends) {
        let text = format!("{} {}", wording::seconds(length, unit), unit.symbol());
        let at = (end + 6.0, top + (from + to) / 2.0 * ROW);
        scene.text(Label::new(at, text, 10.0, Ink::Text));
    }
    if let Some(busy) = cost.busy_processors() {
        let label = Label::new((NUMBERS, middle), format!("{busy:.2}"), 11.0, Ink::Text);
        scene.text(label.anchored(Anchor::End));
    }
    let (name, text) = (wording::arm_name(series.arm), cost.describe(unit));
    scene.tooltips.push(Tooltip { from: (AXIS.0, top), to: (AXIS.1, top + ROW), name, text });
}
