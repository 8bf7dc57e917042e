//! Layout of a figure of intervals: parts side by side, or above each other on narrow screens.

use std::ops::Range;

use super::scene::{EDGE, WIDTH};

/// Positions in a scene, in its pixels; those within a row are relative to its upper end.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FigureLayout {
    /// Width of the scene.
    pub(super) width: f64,
    /// Blank space at both sides of the scene.
    pub(super) edge: f64,
    /// Left and right end of the names.
    pub(super) names: (f64, f64),
    /// Left and right end of the axis.
    pub(super) axis: (f64, f64),
    /// Left end of the verdict.
    pub(super) verdict: f64,
    /// Right ends of the ratio, of its interval and of the change.
    pub(super) numbers: [f64; 3],
    /// Left end of the text that replaces a missing interval.
    pub(super) words: f64,
    /// Height of one row.
    pub(super) row: f64,
    /// Vertical position of the name in a row.
    pub(super) name_at: f64,
    /// Vertical position of the verdict and the numbers in a row.
    pub(super) text_at: f64,
    /// Vertical position of the interval in a row.
    pub(super) interval_at: f64,
    /// Upper and lower end of the part of a row that belongs to the axis.
    pub(super) band: (f64, f64),
    /// Maximum number of lines of a text.
    pub(super) lines: usize,
}

impl FigureLayout {
    /// All parts of a row side by side, for files and wide screens.
    pub(crate) const WIDE: Self = Self {
        width: WIDTH,
        edge: EDGE,
        names: (36.0, 264.0),
        axis: (276.0, 600.0),
        verdict: 616.0,
        numbers: [762.0, 872.0, WIDTH - EDGE],
        words: 280.0,
        row: 26.0,
        name_at: 13.0,
        text_at: 13.0,
        interval_at: 13.0,
        band: (0.0, 26.0),
        lines: 1,
    };

    /// Name, numbers and interval above each other, for phones.
    pub(crate) const NARROW: Self = Self {
        width: 360.0,
        edge: 12.0,
        names: (12.0, 348.0),
        axis: (32.0, 328.0),
        verdict: 12.0,
        numbers: [160.0, 274.0, 348.0],
        words: 12.0,
        row: 62.0,
        name_at: 11.0,
        text_at: 27.0,
        interval_at: 46.0,
        band: (37.0, 55.0),
        lines: 6,
    };

    /// Maximum width of a text.
    pub(super) fn room(&self) -> f64 {
        self.width - 2.0 * self.edge
    }

    /// The parts of `rows` rows from `top` on that belong to the axis, each with its rows.
    pub(super) fn bands(&self, top: f64, rows: usize) -> Vec<((f64, f64), Range<usize>)> {
        if self.text_on_axis() {
            return vec![((top, top + rows as f64 * self.row), 0..rows)];
        }
        let of_row = |row: usize| {
            let top = top + row as f64 * self.row;
            ((top + self.band.0, top + self.band.1), row..row + 1)
        };
        (0..rows).map(of_row).collect()
    }

    /// True if the text of a row is on the axis.
    pub(super) fn text_on_axis(&self) -> bool {
        (self.band.0..self.band.1).contains(&self.text_at)
    }
}
