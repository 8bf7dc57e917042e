//! Elements of charts that plotters lacks: points in nine shapes, and intervals.

use std::iter::once;

use plotters::element::{Drawable, PointCollection};
use plotters::style::{Color, ShapeStyle};
use plotters_backend::{BackendCoord, DrawingBackend, DrawingErrorKind};

use super::backend::{units, unsigned_units};
use super::chart::stroke;
use super::palette::{Ink, PointShape};

/// A point of a chart, or of the canvas if its position is in plotters' pixels.
pub(super) struct PointMark<C> {
    pub(super) at: C,
    pub(super) shape: PointShape,
    /// Half of its width.
    pub(super) half: f64,
    pub(super) ink: Ink,
}

impl<'a, C: 'a> PointCollection<'a, C> for &'a PointMark<C> {
    type Point = &'a C;
    type IntoIter = std::iter::Once<&'a C>;

    fn point_iter(self) -> Self::IntoIter {
        once(&self.at)
    }
}

impl<C, DB: DrawingBackend> Drawable<DB> for PointMark<C> {
    fn draw<I: Iterator<Item = BackendCoord>>(
        &self,
        mut points: I,
        backend: &mut DB,
        _: (u32, u32),
    ) -> Result<(), DrawingErrorKind<DB::ErrorType>> {
        points.next().map_or(Ok(()), |at| draw_point(backend, at, (self.shape, self.ink), self.half))
    }
}

/// Draws a point of the shape and the ink.
fn draw_point<DB: DrawingBackend>(
    backend: &mut DB,
    at: BackendCoord,
    (shape, ink): (PointShape, Ink),
    half: f64,
) -> Result<(), DrawingErrorKind<DB::ErrorType>> {
    let moved = |(dx, dy): (f64, f64)| (at.0 + units(dx * half), at.1 + units(dy * half));
    let fill = Color::filled(&ink);
    let line = |width: f64| stroke(ink, width);
    match shape {
        PointShape::Disc => backend.draw_circle(at, unsigned_units(half), &fill, true),
        PointShape::Ring => backend.draw_circle(at, unsigned_units(half - 0.3), &line(1.6), false),
        PointShape::Plus => {
            backend.draw_line(moved((-1.0, 0.0)), moved((1.0, 0.0)), &line(2.0))?;
            backend.draw_line(moved((0.0, -1.0)), moved((0.0, 1.0)), &line(2.0))
        }
        PointShape::Cross => {
            backend.draw_line(moved((-0.8, -0.8)), moved((0.8, 0.8)), &line(2.0))?;
            backend.draw_line(moved((-0.8, 0.8)), moved((0.8, -0.8)), &line(2.0))
        }
        PointShape::Frame => {
            // Starts and ends in the middle of a side, so that every corner is closed.
            let corners =
                [(0.0, -0.85), (0.85, -0.85), (0.85, 0.85), (-0.85, 0.85), (-0.85, -0.85), (0.0, -0.85)];
            backend.draw_path(corners.map(moved), &line(1.6))
        }
        PointShape::Square => {
            let corners = [(-0.88, -0.88), (0.88, -0.88), (0.88, 0.88), (-0.88, 0.88)];
            backend.fill_polygon(corners.map(moved), &fill)
        }
        PointShape::Up => backend.fill_polygon([(0.0, -1.15), (1.1, 0.8), (-1.1, 0.8)].map(moved), &fill),
        PointShape::Down => backend.fill_polygon([(0.0, 1.15), (1.1, -0.8), (-1.1, -0.8)].map(moved), &fill),
        PointShape::Diamond => {
            let corners = [(0.0, -1.25), (1.25, 0.0), (0.0, 1.25), (-1.25, 0.0)];
            backend.fill_polygon(corners.map(moved), &fill)
        }
    }
}

/// An interval with its estimate: lower end, estimate and upper end are positions in a chart. It is
/// horizontal or vertical, as these are.
pub(super) struct IntervalMark {
    pub(super) places: [(f64, f64); 3],
    pub(super) look: IntervalLook,
    /// True for an end that is beyond the axis and gets an arrowhead there.
    pub(super) beyond: (bool, bool),
}

/// Appearance of an interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum IntervalLook {
    /// A line with the estimate as a point.
    Point { shape: PointShape, ink: Ink, width: f64, half: f64 },
    /// A bar with the estimate as a stroke across it.
    Bar { ink: Ink, estimate: Ink, width: f64 },
}

impl<'a> PointCollection<'a, (f64, f64)> for &'a IntervalMark {
    type Point = &'a (f64, f64);
    type IntoIter = &'a [(f64, f64)];

    fn point_iter(self) -> Self::IntoIter {
        &self.places
    }
}

impl<DB: DrawingBackend> Drawable<DB> for IntervalMark {
    fn draw<I: Iterator<Item = BackendCoord>>(
        &self,
        mut points: I,
        backend: &mut DB,
        _: (u32, u32),
    ) -> Result<(), DrawingErrorKind<DB::ErrorType>> {
        let (Some(low), Some(estimate), Some(high)) = (points.next(), points.next(), points.next()) else {
            return Ok(());
        };
        let horizontal = low.1 == high.1 && low.0 != high.0;
        let across = |at: BackendCoord, half: f64| match horizontal {
            true => ((at.0, at.1 - units(half)), (at.0, at.1 + units(half))),
            false => ((at.0 - units(half), at.1), (at.0 + units(half), at.1)),
        };
        let (line, cap) = match self.look {
            IntervalLook::Point { ink, width, half, .. } => {
                (stroke(ink, width), Some((stroke(ink, width * 0.8), units(half))))
            }
            IntervalLook::Bar { ink, width, .. } => (stroke(ink, width), None),
        };
        // A cap inside the point would only change its shape.
        let distance = |at: BackendCoord| (at.0 - estimate.0).abs().max((at.1 - estimate.1).abs());
        backend.draw_line(low, high, &line)?;
        for (at, is_beyond, towards) in [(low, self.beyond.0, -1.0), (high, self.beyond.1, 1.0)] {
            if is_beyond {
                draw_arrowhead(backend, at, (horizontal, towards), &line)?;
            } else if let Some((cap, half)) = &cap
                && distance(at) > *half
            {
                let (from, to) = across(at, 4.0);
                backend.draw_line(from, to, cap)?;
            }
        }
        match self.look {
            IntervalLook::Point { shape, ink, half, .. } => draw_point(backend, estimate, (shape, ink), half),
            IntervalLook::Bar { estimate: ink, width, .. } => {
                let (from, to) = across(estimate, width / 2.0 + 2.0);
                backend.draw_line(from, to, &stroke(ink, 1.6))
            }
        }
    }
}

/// An arrowhead with its tip at `at`; it points to the higher values if `towards` is 1.
fn draw_arrowhead<DB: DrawingBackend>(
    backend: &mut DB,
    (x, y): BackendCoord,
    (horizontal, towards): (bool, f64),
    style: &ShapeStyle,
) -> Result<(), DrawingErrorKind<DB::ErrorType>> {
    let (back, half) = (units(7.0 * towards), units(4.0));
    let corners = match horizontal {
        true => [(x, y), (x - back, y - half), (x - back, y + half)],
        // Higher values are further up.
        false => [(x, y), (x - half, y + back), (x + half, y + back)],
    };
    backend.fill_polygon(corners, style)
}
