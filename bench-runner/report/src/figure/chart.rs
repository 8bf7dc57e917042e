//! Charts of plotters in a scene: where one is, its axes, and styles made of inks.

use plotters::chart::{ChartBuilder, ChartContext, LabelAreaPosition};
use plotters::coord::Shift;
use plotters::coord::cartesian::Cartesian2d;
use plotters::coord::ranged1d::{Ranged, ValueFormatter};
use plotters::coord::types::RangedCoordf64;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea};
use plotters::element::Rectangle;
use plotters::style::{Color, FontDesc, FontFamily, FontStyle, ShapeStyle, TRANSPARENT, TextStyle};

use super::axis::NumberAxis;
use super::backend::{SceneBackend, UnsupportedMark, from_units, units, unsigned_units};
use super::palette::Ink;
use super::scene::{Scene, ScenePosition};

/// A whole scene, as plotters sees it.
pub(super) type ChartCanvas<'s> = DrawingArea<SceneBackend<'s>, Shift>;
/// A chart with two axes.
pub(super) type Chart<'s, X, Y> = ChartContext<'s, SceneBackend<'s>, Cartesian2d<X, Y>>;
pub(super) type ChartError = DrawingAreaErrorKind<UnsupportedMark>;

/// Font size of the numbers and titles of axes.
const SIZE: f64 = 11.0;
/// Length of a tick; plotters puts its label at twice this distance from the axis.
const TICK: f64 = 4.0;

/// Draws charts into the scene and returns what `charts` says of them.
pub(super) fn draw<T>(
    scene: &mut Scene,
    charts: impl FnOnce(&ChartCanvas<'_>) -> Result<T, ChartError>,
) -> T {
    let canvas = SceneBackend::new(scene).into_drawing_area();
    charts(&canvas).expect("charts have inks for colors, upright texts and one thing drawn at a time")
}

/// Part of a scene that a chart covers, in the scene's pixels, with room for the labels of its axes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct ChartFrame {
    /// Left and right end of the plot.
    pub(super) across: (f64, f64),
    /// Upper and lower end of the plot.
    pub(super) down: (f64, f64),
    /// Width of the labels left of the plot.
    pub(super) left: f64,
    /// Height of the labels below the plot.
    pub(super) below: f64,
}

impl ChartFrame {
    /// A chart without labels.
    pub(super) fn bare(across: (f64, f64), down: (f64, f64)) -> Self {
        Self { across, down, left: 0.0, below: 0.0 }
    }

    /// A chart with these axes.
    pub(super) fn chart<'s, X: Ranged, Y: Ranged>(
        &self,
        canvas: &ChartCanvas<'s>,
        (x, y): (X, Y),
    ) -> Result<Chart<'s, X, Y>, ChartError> {
        let ((left, right), (top, bottom)) = (self.across, self.down);
        // plotters' ranges of pixels end one pixel before the end of the area.
        let size = (units(right - left + self.left) + 1, units(bottom - top + self.below) + 1);
        let area = canvas.clone().shrink((units(left - self.left), units(top)), size);
        let mut builder = ChartBuilder::on(&area);
        builder.set_label_area_size(LabelAreaPosition::Left, units(self.left));
        builder.set_label_area_size(LabelAreaPosition::Bottom, units(self.below));
        builder.build_cartesian_2d(x, y)
    }
}

/// An axis of rows from the top of a chart to its bottom: row `n` reaches from `n` to `n + 1`.
pub(super) fn rows(count: f64) -> RangedCoordf64 {
    (count..0.0).into()
}

/// The x axis: vertical grid lines if `grid` is true; below the plot, if there is room, the axis with its
/// numbers and title.
pub(super) fn x_axis<Y>(
    chart: &mut Chart<'_, NumberAxis, Y>,
    grid: bool,
    title: &str,
) -> Result<(), ChartError>
where
    Y: Ranged<ValueType = f64> + ValueFormatter<f64>,
{
    let mut mesh = chart.configure_mesh();
    mesh.max_light_lines(0).light_line_style(TRANSPARENT).bold_line_style(stroke(Ink::Grid, 1.0));
    mesh.axis_style(stroke(Ink::Muted, 1.0)).label_style(text(SIZE, Ink::Muted));
    mesh.set_tick_mark_size(LabelAreaPosition::Bottom, units(TICK));
    mesh.disable_y_mesh().disable_y_axis();
    if !grid {
        mesh.disable_x_mesh();
    }
    if !title.is_empty() {
        mesh.x_desc(title);
    }
    mesh.draw()
}

/// The y axis: horizontal grid lines with their numbers left of the plot.
pub(super) fn y_axis<X>(chart: &mut Chart<'_, X, NumberAxis>) -> Result<(), ChartError>
where
    X: Ranged<ValueType = f64> + ValueFormatter<f64>,
{
    let mut mesh = chart.configure_mesh();
    mesh.max_light_lines(0).light_line_style(TRANSPARENT).bold_line_style(stroke(Ink::Grid, 1.0));
    mesh.axis_style(TRANSPARENT).label_style(text(SIZE, Ink::Muted));
    mesh.set_tick_mark_size(LabelAreaPosition::Left, units(TICK));
    mesh.disable_x_mesh().disable_x_axis();
    mesh.draw()
}

/// Position of a value of a chart in the scene.
pub(super) fn place<X, Y>(chart: &Chart<'_, X, Y>, at: (f64, f64)) -> ScenePosition
where
    X: Ranged<ValueType = f64>,
    Y: Ranged<ValueType = f64>,
{
    from_units(chart.backend_coord(&at))
}

/// A filled rectangle between two corners.
pub(super) fn area<C>(from: C, to: C, ink: Ink) -> Rectangle<C> {
    Rectangle::new([from, to], Color::filled(&ink))
}

/// Style of a line.
pub(super) fn stroke(ink: Ink, width: f64) -> ShapeStyle {
    ink.stroke_width(unsigned_units(width))
}

/// Style of a text.
fn text(size: f64, ink: Ink) -> TextStyle<'static> {
    let font = FontDesc::new(FontFamily::SansSerif, f64::from(units(size)), FontStyle::Normal);
    TextStyle { color: ink.to_backend_color(), ..TextStyle::from(font) }
}
