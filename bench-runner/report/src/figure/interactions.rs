//! Figure of two axes that interact: the wall time at each level of one, a line for each level of the other. Lines
//! that are not parallel are the interaction.

use bench_runner_core::compare::{AxisEffects, AxisInteraction, BlockResult, CombinationMean, level_name};
use plotters::coord::types::RangedCoordf64;
use plotters::element::PathElement;

use super::axis::NumberAxis;
use super::chart::{ChartFrame, draw, place, stroke, y_axis};
use super::elements::{IntervalLook, IntervalMark};
use super::palette::{Ink, PointShape};
use super::scene::{Anchor, EDGE, Label, Scene, ScenePosition, Tooltip, WIDTH};
use super::widths;
use super::wording;

/// Left and right end of a plot; left of it are the numbers, right of it the names of the lines.
const ACROSS: (f64, f64) = (84.0, 700.0);
/// Upper end of the first plot, without its heading.
const TOP: f64 = 78.0;
/// Height of a plot's heading.
const HEADING: f64 = 26.0;
/// Height of a plot.
const PLOT: f64 = 240.0;
/// Height of the names of the levels, and of the space below them.
const LEVELS: f64 = 44.0;
/// Smallest distance of two names.
const LINE: f64 = 16.0;
/// Distance between the points of two lines at the same level, in levels.
const APART: f64 = 0.05;

/// Scene of a block; `None` if no interaction was found.
pub(crate) fn scene(block: &BlockResult, effects: &AxisEffects) -> Option<Scene> {
    let found: Vec<&AxisInteraction> = effects.found_interactions().collect();
    let title = format!("{}: axes that interact", block.title);
    let description: Vec<String> = found.iter().map(|one| describe(one)).collect();
    let mut scene = Scene::new(&title, description.join(" "));
    scene.heading(
        &title,
        "wall time relative to the reference levels, with 95% intervals; lines that are not parallel show the interaction",
    );
    let mut top = TOP;
    for interaction in &found {
        top = plot(&mut scene, interaction, top);
    }
    scene.height = top;
    (!found.is_empty()).then_some(scene)
}

fn describe(interaction: &AxisInteraction) -> String {
    let mean = |mean: &CombinationMean| {
        let names = interaction.axes.iter().zip(&mean.levels);
        let names: Vec<String> = names.map(|(axis, level)| level_name(axis, level.as_deref())).collect();
        format!("{}: {}", names.join(" "), wording::interval_phrase(mean.ratio, (mean.low, mean.high)))
    };
    let means: Vec<String> = interaction.means.iter().map(mean).collect();
    format!("{}: {}.", interaction.axes.join(" and "), means.join("; "))
}

/// An interaction with the levels of the axis along the plot and of the axis with a line for each level: that with
/// more levels is along the plot.
struct InteractionLines<'a> {
    along: (&'a str, Vec<&'a Option<String>>),
    lines: (&'a str, Vec<&'a Option<String>>),
    /// Means by line and level along the plot.
    means: Vec<Vec<Option<&'a CombinationMean>>>,
}

impl<'a> InteractionLines<'a> {
    fn of(interaction: &'a AxisInteraction) -> Self {
        let levels = |axis: usize| {
            let mut levels: Vec<&Option<String>> = Vec::new();
            for mean in &interaction.means {
                if !levels.contains(&&mean.levels[axis]) {
                    levels.push(&mean.levels[axis]);
                }
            }
            levels
        };
        let (first, second) = (levels(0), levels(1));
        let along = usize::from(second.len() > first.len());
        let (along_levels, line_levels) = if along == 0 { (first, second) } else { (second, first) };
        let mean = |line: &Option<String>, level: &Option<String>| {
            interaction
                .means
                .iter()
                .find(|mean| mean.levels[along] == *level && mean.levels[1 - along] == *line)
        };
        let means =
            line_levels.iter().map(|line| along_levels.iter().map(|level| mean(line, level)).collect());
        let means = means.collect();
        Self {
            along: (&interaction.axes[along], along_levels),
            lines: (&interaction.axes[1 - along], line_levels),
            means,
        }
    }

    /// Place of a mean along the plot: lines stand apart, so that their intervals do not hide each other.
    fn x(&self, line: usize, level: usize) -> f64 {
        level as f64 + 0.5 + APART * (line as f64 - 0.5 * (self.means.len() as f64 - 1.0))
    }
}

/// Draws a plot and returns its lower end.
fn plot(scene: &mut Scene, interaction: &AxisInteraction, top: f64) -> f64 {
    let lines = InteractionLines::of(interaction);
    let heading = format!("{} at each level of {}", lines.lines.0, lines.along.0);
    let p = format!("interaction: {} after correction", wording::p_value(interaction.p_adjusted));
    let label = Label::new((EDGE, top + HEADING / 2.0), heading, 13.0, Ink::Text).bold();
    let x = EDGE + label.width() + 12.0;
    scene.text(label);
    scene.text(Label::new((x, top + HEADING / 2.0), p, 11.0, Ink::Muted));
    let down = (top + HEADING + 8.0, top + HEADING + 8.0 + PLOT);
    let means = interaction.means.iter();
    let range = means.fold((1.0f64, 1.0f64), |(low, high), mean| (low.min(mean.low), high.max(mean.high)));
    let axis = NumberAxis::ratios((range.0 * 0.98, range.1 * 1.02), 6);
    let places = draw_lines(scene, &lines, axis, down);
    let width = (ACROSS.1 - ACROSS.0) / lines.along.1.len().max(1) as f64;
    for (at, level) in lines.along.1.iter().enumerate() {
        let place = (ACROSS.0 + (at as f64 + 0.5) * width, down.1 + 16.0);
        let label = Label::new(place, level_name(lines.along.0, level.as_deref()), 12.0, Ink::Text);
        scene.text(label.within(width - 8.0).anchored(Anchor::Middle));
    }
    names(scene, &lines, &places);
    tooltips(scene, &lines, &places);
    down.1 + LEVELS
}

/// Places of the means by line and level.
type MeanPlaces = Vec<Vec<Option<ScenePosition>>>;

/// Draws the lines and intervals, and returns the places of the means.
fn draw_lines(
    scene: &mut Scene,
    lines: &InteractionLines<'_>,
    axis: NumberAxis,
    down: (f64, f64),
) -> MeanPlaces {
    draw(scene, |canvas| {
        let x = RangedCoordf64::from(0.0..lines.along.1.len() as f64);
        let frame = ChartFrame { left: ACROSS.0 - EDGE, ..ChartFrame::bare(ACROSS, down) };
        let mut chart = frame.chart(canvas, (x, axis))?;
        y_axis(&mut chart)?;
        let mut places = Vec::new();
        for (line, means) in lines.means.iter().enumerate() {
            let at = |(level, mean): (usize, &Option<&CombinationMean>)| {
                Some((lines.x(line, level), (*mean)?.ratio))
            };
            let points: Vec<(f64, f64)> = means.iter().enumerate().filter_map(at).collect();
            chart.plotting_area().draw(&PathElement::new(points, stroke(Ink::Arm(line), 1.6)))?;
            for (level, mean) in means.iter().enumerate() {
                let Some(mean) = mean else { continue };
                let ends = [mean.low, mean.ratio, mean.high].map(|value| (lines.x(line, level), value));
                let shape = PointShape::for_variant(line);
                let look = IntervalLook::Point { shape, ink: Ink::Arm(line), width: 1.4, half: 4.5 };
                chart.plotting_area().draw(&IntervalMark { places: ends, look, beyond: (false, false) })?;
            }
            let of_mean = |(level, mean): (usize, &Option<&CombinationMean>)| {
                Some(place(&chart, (lines.x(line, level), (*mean)?.ratio)))
            };
            places.push(means.iter().enumerate().map(of_mean).collect());
        }
        Ok(places)
    })
}

/// Names of the lines at their right ends, moved apart where they would touch.
fn names(scene: &mut Scene, lines: &InteractionLines<'_>, places: &MeanPlaces) {
    let end = |(line, places): (usize, &Vec<Option<ScenePosition>>)| {
        Some((places.iter().rev().flatten().next()?.1, line))
    };
    let mut ends: Vec<(f64, usize)> = places.iter().enumerate().filter_map(end).collect();
    ends.sort_by(|one, other| one.0.total_cmp(&other.0));
    let mut last = f64::NEG_INFINITY;
    for (y, line) in ends {
        let y = y.max(last + LINE);
        last = y;
        let name = level_name(lines.lines.0, lines.lines.1[line].as_deref());
        let name = widths::shorten(&name, WIDTH - EDGE - ACROSS.1 - 26.0, 12.0, false);
        scene.rect((ACROSS.1 + 6.0, y - 1.5), (ACROSS.1 + 20.0, y + 1.5), Ink::Arm(line));
        scene.text(Label::new((ACROSS.1 + 26.0, y), name, 12.0, Ink::Text));
    }
}

fn tooltips(scene: &mut Scene, lines: &InteractionLines<'_>, places: &MeanPlaces) {
    for (line, (means, places)) in lines.means.iter().zip(places).enumerate() {
        for (level, (mean, place)) in means.iter().zip(places).enumerate() {
            let (Some(mean), Some(place)) = (mean, place) else { continue };
            let name = format!(
                "{} {}",
                level_name(lines.along.0, lines.along.1[level].as_deref()),
                level_name(lines.lines.0, lines.lines.1[line].as_deref())
            );
            let text = wording::interval_phrase(mean.ratio, (mean.low, mean.high));
            scene.tooltips.push(Tooltip { from: *place, to: *place, name, text });
        }
    }
}
