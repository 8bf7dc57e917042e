//! Labels of a series: the dates, commits or compilers below its plot, and the sizes of changes.

use bench_runner_core::history::{Compiler, HistoryOrder};

use super::super::palette::Ink;
use super::super::scene::{Anchor, Label, Scene};
use super::{ACROSS, DrawableSeries};

/// Least distance of the points that have a label below the plot, and of these labels.
const PLACES_APART: f64 = 92.0;
const LABELS_APART: f64 = 8.0;

impl DrawableSeries<'_> {
    /// Draws the axis of time or commits, with as many labels as there is room for.
    pub(super) fn draw_places(&self, scene: &mut Scene, across: &[f64], bottom: f64) {
        let is_state = self.has_several_states();
        let y = bottom + 16.0;
        // Date, point and right end of the last label.
        let (mut last_date, mut last_x, mut end) = ("", f64::NEG_INFINITY, f64::NEG_INFINITY);
        for (at, &x) in across.iter().enumerate() {
            if x - last_x < PLACES_APART {
                continue;
            }
            let text = match self.state(at).filter(|_| is_state) {
                Some(state) => state,
                // Several runs of one day are labeled with their times.
                None if self.day(at) == last_date => self.moment(at).split_off(self.day(at).len()),
                None => self.day(at).to_owned(),
            };
            let label = Label::new((x, y), text.trim(), 11.0, Ink::Muted).anchored(Anchor::Middle);
            let half = 0.5 * label.width();
            let middle = x.min(ACROSS.1 - half);
            if middle - half >= end + LABELS_APART {
                scene.text(Label { place: (middle, y), ..label });
                (last_date, last_x, end) = (self.day(at), x, middle + half);
            }
        }
        scene.line((ACROSS.0, bottom), (ACROSS.1, bottom), 1.0, Ink::Muted);
    }

    /// Draws a line at each change, and its size where there is room above the values.
    pub(super) fn draw_changes(&self, scene: &mut Scene, across: &[f64], down: (f64, f64)) {
        let mut taken = f64::NEG_INFINITY;
        for change in self.changes() {
            let at = self.one.point_of(change.at);
            let x = 0.5 * (across[at] + across[at.saturating_sub(1)]);
            let ink = if change.change.value > 0.0 { Ink::Slower } else { Ink::Faster };
            scene.line((x, down.0), (x, down.1), 1.2, ink);
            let text = format!("{:+.1}%", 100.0 * change.change.value.exp_m1()).replace('-', "−");
            let label = Label::new((x + 5.0, down.0 + 8.0), text, 11.0, ink).bold();
            let width = label.width();
            let is_right = x + 5.0 + width > ACROSS.1;
            let left = if is_right { x - 5.0 - width } else { x + 5.0 };
            if left >= taken {
                taken = left + width + LABELS_APART;
                scene.text(Label { place: (left, label.place.1), ..label });
            }
        }
    }

    /// The commit or compiler that a point has its place by.
    fn state(&self, at: usize) -> Option<String> {
        let point = &self.one.series.points[at];
        match self.order {
            HistoryOrder::Time => None,
            HistoryOrder::Commits => Some(point.commit.as_deref()?.get(..10)?.to_owned()),
            HistoryOrder::Toolchains => point.compiler.as_deref().map(Compiler::short),
        }
    }

    /// True if the places of the points differ by their commits or compilers. Those of a baseline are all the same.
    fn has_several_states(&self) -> bool {
        let first = self.state(0);
        (1..self.times.len()).any(|at| self.state(at) != first)
    }
}
