//! Figure of one block: CPU time of each arm in user code and in the kernel, with the wall time.

use bench_runner_core::compare::BlockResult;
use bench_runner_core::record::MetricId;

use super::marks;
use super::palette::Ink;
use super::scale::Scale;
use super::scene::{Anchor, EDGE, Label, Scene, Tooltip, WIDTH};
use super::series::{self, Series};
use super::wording::{self, TimeUnit};

/// Left and right end of the names.
const NAMES: (f64, f64) = (36.0, 264.0);
/// Left and right end of the axis.
const AXIS: (f64, f64) = (280.0, 760.0);
/// Right end of the numbers.
const NUMBERS: f64 = WIDTH - EDGE;
/// Upper end of the first row.
const TOP: f64 = 92.0;
/// Height of one row.
const ROW: f64 = 28.0;
/// Height of ticks and axis title below the rows.
const BELOW: f64 = 56.0;

/// Colors of user code and kernel; neither stands for a verdict.
const USER: Ink = Ink::Arm(5);
const KERNEL: Ink = Ink::Arm(4);

/// Mean seconds of an arm's builds.
struct MeanCost {
    wall: f64,
    user: f64,
    kernel: f64,
}

impl MeanCost {
    fn from_series(series: &Series<'_>) -> Option<Self> {
        let mean = |metric: MetricId| Some(series.arm.summaries[metric]?.mean);
        let (wall, cpu, kernel) = (mean(MetricId::Wall)?, mean(MetricId::Cpu)?, mean(MetricId::Kernel)?);
        let cost = Self { wall, user: (cpu - kernel).max(0.0), kernel };
        [cost.wall, cost.user, cost.kernel].iter().all(|value| value.is_finite()).then_some(cost)
    }

    fn cpu(&self) -> f64 {
        self.user + self.kernel
    }

    /// Average number of busy processors.
    fn busy_processors(&self) -> Option<f64> {
        (self.wall > 0.0).then(|| self.cpu() / self.wall)
    }

    fn describe(&self, unit: TimeUnit) -> String {
        let [wall, user, kernel] = [self.wall, self.user, self.kernel].map(|s| wording::seconds(s, unit));
        let symbol = unit.symbol();
        let busy = self.busy_processors().map(|busy| format!("; {busy:.2} processors busy on average"));
        format!(
            "wall {wall} {symbol}, CPU {user} {symbol} user code and {kernel} {symbol} kernel{}",
            busy.unwrap_or_default()
        )
    }
}

/// Scene of one block; shows means, since medians of parts do not add up.
pub(crate) fn scene(block: &BlockResult) -> Scene {
    let all = series::for_block(block, NAMES.1 - NAMES.0);
    let rows: Vec<(Series<'_>, MeanCost)> = all
        .into_iter()
        .filter_map(|series| MeanCost::from_series(&series).map(|cost| (series, cost)))
        .collect();
    let longest = rows.iter().map(|(_, cost)| cost.cpu().max(cost.wall)).fold(0.0, f64::max);
    let unit = TimeUnit::for_seconds(longest);
    let descriptions = rows
        .iter()
        .map(|(series, cost)| format!("{}: {}", wording::arm_name(series.arm), cost.describe(unit)));
    let descriptions: Vec<String> = descriptions.collect();
    let mut scene =
        Scene::new(format!("{}: where the time goes", block.title), format!("{}.", descriptions.join("; ")));
    scene.heading(&scene.title.clone(), "mean CPU time of all processes of a build, beside its wall time");
    if rows.is_empty() {
        scene.text(Label::new((EDGE, 92.0), "no build to show", 13.0, Ink::Muted));
        scene.height = 124.0;
        return scene;
    }
    legend(&mut scene);
    let bottom = TOP + rows.len() as f64 * ROW;
    scene.height = bottom + BELOW;
    let x = Scale::linear((0.0, longest * 1.03), AXIS);
    axis(&mut scene, &x, unit, bottom);
    for (index, (series, cost)) in rows.iter().enumerate() {
        row(&mut scene, (series, cost), (&x, unit), TOP + (index as f64 + 0.5) * ROW);
    }
    scene
}

fn legend(scene: &mut Scene) {
    let mut x = AXIS.0;
    for (ink, text) in [(USER, "user code"), (KERNEL, "kernel"), (Ink::Text, "wall time")] {
        if ink == Ink::Text {
            scene.line((x + 6.0, 68.0), (x + 6.0, 82.0), 2.4, ink);
        } else {
            scene.rect((x, 69.0), (x + 12.0, 81.0), ink);
        }
        let label = Label::new((x + 18.0, 75.0), text, 11.0, Ink::Muted);
        x += 18.0 + label.width() + 18.0;
        scene.text(label);
    }
    let label = Label::new((NUMBERS, 75.0), "processors busy", 11.0, Ink::Muted);
    scene.text(label.anchored(Anchor::End));
}

fn axis(scene: &mut Scene, x: &Scale, unit: TimeUnit, bottom: f64) {
    marks::vertical_grid(scene, &x.in_units(|seconds| unit.convert(seconds)), (TOP, bottom), 7);
    scene.line((AXIS.0, bottom), (AXIS.1, bottom), 1.0, Ink::Muted);
    let middle = ((AXIS.0 + AXIS.1) / 2.0, bottom + 34.0);
    let title = Label::new(middle, format!("time, {}", unit.symbol()), 11.0, Ink::Muted);
    scene.text(title.anchored(Anchor::Middle));
}

fn row(scene: &mut Scene, (series, cost): (&Series<'_>, &MeanCost), (x, unit): (&Scale, TimeUnit), y: f64) {
    scene.text(Label::new((NAMES.0, y), &series.name, series::NAME_SIZE, Ink::Text));
    let (zero, user, cpu) = (x.place(0.0), x.place(cost.user), x.place(cost.cpu()));
    scene.rect((zero, y - 8.0), (user, y + 8.0), USER);
    scene.rect((user, y - 8.0), (cpu, y + 8.0), KERNEL);
    let wall = x.place(cost.wall);
    scene.line((wall, y - 12.0), (wall, y + 12.0), 2.4, Ink::Text);
    if let Some(busy) = cost.busy_processors() {
        let label = Label::new((NUMBERS, y), format!("{busy:.2}"), 11.0, Ink::Text);
        scene.text(label.anchored(Anchor::End));
    }
    let (name, text) = (wording::arm_name(series.arm), cost.describe(unit));
    scene.tooltips.push(Tooltip { from: (AXIS.0, y - ROW / 2.0), to: (AXIS.1, y + ROW / 2.0), name, text });
}
