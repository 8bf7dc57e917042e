//! Where the parts of a figure of intervals stand: beside each other, or above each other where there is little width.

use super::scene::{EDGE, WIDTH};

/// Places in a scene, in its pixels; those in a row are counted from its upper end.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FigureLayout {
    /// Width of the scene.
    pub(super) width: f64,
    /// Blank at both of its sides.
    pub(super) edge: f64,
    /// Where names begin and how far they may go.
    pub(super) names: (f64, f64),
    /// Where the axis begins and ends.
    pub(super) axis: (f64, f64),
    /// Where the verdict stands.
    pub(super) verdict: f64,
    /// Where the estimate and its interval end.
    pub(super) numbers: (f64, f64),
    /// Where words in place of an interval begin.
    pub(super) words: f64,
    /// Height of one row.
    pub(super) row: f64,
    /// The name in a row.
    pub(super) name_at: f64,
    /// The verdict and the numbers in a row.
    pub(super) text_at: f64,
    /// The interval in a row.
    pub(super) interval_at: f64,
    /// The part of a row that belongs to the axis.
    pub(super) band: (f64, f64),
    /// How many lines a text may take.
    pub(super) lines: usize,
}

impl FigureLayout {
    /// Everything of a row beside each other: for files, and for wide screens.
    pub(crate) const WIDE: Self = Self {
        width: WIDTH,
        edge: EDGE,
        names: (36.0, 264.0),
        axis: (276.0, 636.0),
        verdict: 652.0,
        numbers: (808.0, WIDTH - EDGE),
        words: 280.0,
        row: 26.0,
        name_at: 13.0,
        text_at: 13.0,
        interval_at: 13.0,
        band: (0.0, 26.0),
        lines: 1,
    };

    /// Name, numbers and interval above each other: for phones.
    pub(crate) const NARROW: Self = Self {
        width: 360.0,
        edge: 12.0,
        names: (12.0, 348.0),
        axis: (32.0, 328.0),
        verdict: 12.0,
        numbers: (220.0, 348.0),
        words: 12.0,
        row: 62.0,
        name_at: 11.0,
        text_at: 27.0,
        interval_at: 46.0,
        band: (37.0, 55.0),
        lines: 6,
    };

    /// What a text across the scene may take.
    pub(super) fn room(&self) -> f64 {
        self.width - 2.0 * self.edge
    }

    /// The parts of so many rows from `top` on that belong to the axis.
    pub(super) fn bands(&self, top: f64, rows: usize) -> Vec<(f64, f64)> {
        if self.band == (0.0, self.row) {
            return vec![(top, top + rows as f64 * self.row)];
        }
        let of_row = |row: usize| {
            let top = top + row as f64 * self.row;
            (top + self.band.0, top + self.band.1)
        };
        (0..rows).map(of_row).collect()
    }

    /// Whether what a row says lies on the axis.
    pub(super) fn text_on_axis(&self) -> bool {
        (self.band.0..self.band.1).contains(&self.text_at)
    }
}
