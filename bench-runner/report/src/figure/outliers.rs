//! Outliers among the builds of a block: which of them lie beyond the axis, and their mark.

use bench_runner_core::compare::Point;
use plotters::element::PathElement;

use super::backend::units;
use super::chart::{ChartCanvas, ChartError, stroke};
use super::elements::PointMark;
use super::palette::{Ink, PointShape};
use super::scene::ScenePosition;

/// Least span of the axis of times as a share of the times.
pub(super) const LEAST_SPAN: f64 = 0.02;

/// True if an axis of times can have the build.
pub(super) fn can_be_drawn(point: &&Point) -> bool {
    point.wall.is_finite() && point.wall > 0.0
}

/// Longest time that an axis has for these builds: outliers far above all other builds lie beyond it, so that
/// they do not squeeze the others.
pub(super) fn longest_shown(points: &[Point]) -> f64 {
    let extent = |points: &mut dyn Iterator<Item = f64>| {
        points.fold((f64::INFINITY, 0.0f64), |(low, high), wall| (low.min(wall), high.max(wall)))
    };
    let (_, longest) = extent(&mut points.iter().map(|point| point.wall));
    let (low, high) = extent(&mut points.iter().filter(|point| !point.outlier).map(|point| point.wall));
    let most = high + (high - low).max(high * LEAST_SPAN);
    if high > 0.0 && longest > most { most } else { longest }
}

/// Exclamation marks that stand on these positions. Marks of one look are drawn together, and so share an
/// element of an SVG file.
pub(super) fn exclamation_marks(
    canvas: &ChartCanvas<'_>,
    places: &[ScenePosition],
) -> Result<(), ChartError> {
    let at = |(x, y): ScenePosition, up: f64| (units(x), units(y - up));
    for place in places {
        canvas.draw(&PathElement::new([at(*place, 3.0), at(*place, 9.0)], stroke(Ink::Outlier, 2.0)))?;
    }
    for place in places {
        let dot = PointMark { at: at(*place, 0.5), shape: PointShape::Disc, half: 1.2, ink: Ink::Outlier };
        canvas.draw(&dot)?;
    }
    Ok(())
}
