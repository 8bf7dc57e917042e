//! Names and values of a block's arms beside a chart, each as near as possible to what it names.

use super::backend::units;
use super::chart::draw;
use super::elements::PointMark;
use super::palette::Ink;
use super::scene::{Anchor, Label, Mark, Scene};
use super::series::{NAME_SIZE, Series};

/// Height of a label: a name and a line of numbers.
const HEIGHT: f64 = 32.0;
/// Distance of the name from the left end of its label, where its shape is.
const INDENT: f64 = 16.0;
/// Width that the number of failed builds takes from a name.
const FAILED: f64 = 76.0;

/// A label beside a chart.
pub(super) struct DirectLabel<'a> {
    pub(super) series: &'a Series<'a>,
    /// Vertical position of what it names; `None` if that is not in the chart.
    pub(super) at: Option<f64>,
    /// Value, or the reason why there is none.
    pub(super) value: String,
}

/// Height of `count` labels.
pub(super) fn height(count: usize) -> f64 {
    count as f64 * HEIGHT
}

/// Width of a name in a label of this width, less if an arm has failed builds.
pub(super) fn name_room(width: f64, any_failed: bool) -> f64 {
    width - INDENT - if any_failed { FAILED } else { 0.0 }
}

/// Draws the labels between `left` and `right`, with lines that lead to them from `from`.
pub(super) fn direct_labels(
    scene: &mut Scene,
    labels: &[DirectLabel<'_>],
    (from, left, right): (f64, f64, f64),
    (top, bottom): (f64, f64),
) {
    let mut order: Vec<usize> = (0..labels.len()).collect();
    // Names of what is not in the chart come last.
    let key = |index: usize| labels[index].at.unwrap_or(f64::INFINITY);
    order.sort_by(|a, b| key(*a).total_cmp(&key(*b)));
    let wanted: Vec<f64> = order.iter().map(|index| labels[*index].at.unwrap_or(bottom)).collect();
    for (index, middle) in order.into_iter().zip(spread_out(&wanted, top, bottom)) {
        let label = &labels[index];
        if let Some(at) = label.at {
            let places = vec![(from, at), (from + 6.0, at), (left - 6.0, middle), (left - 2.0, middle)];
            scene.marks.push(Mark::Line { places, width: 1.0, ink: Ink::Control });
        }
        one_label(scene, label, (left, right), middle);
    }
}

fn one_label(scene: &mut Scene, label: &DirectLabel<'_>, (left, right): (f64, f64), middle: f64) {
    let (name_y, value_y) = (middle - 7.0, middle + 8.0);
    let arm = label.series.arm;
    if !arm.points.is_empty() {
        let at = (units(left + 5.0), units(name_y));
        let (shape, ink) = (label.series.shape, label.series.ink);
        draw(scene, |canvas| canvas.draw(&PointMark { at, shape, half: 4.5, ink }));
    }
    if arm.failures > 0 {
        let failed = format!("{} failed", arm.failures);
        let failed = Label::new((right, name_y), failed, 11.0, Ink::Slower).anchored(Anchor::End);
        scene.text(failed.within(FAILED - 4.0));
    }
    let x = left + INDENT;
    scene.text(Label::new((x, name_y), &label.series.name, NAME_SIZE, Ink::Text));
    scene.text(Label::new((x, value_y), &label.value, 11.0, Ink::Muted).within(right - x));
}

/// Positions as near to the wanted ones as a height of [`HEIGHT`] for each allows; both are in ascending order.
fn spread_out(wanted: &[f64], top: f64, bottom: f64) -> Vec<f64> {
    let mut places: Vec<f64> = Vec::with_capacity(wanted.len());
    for at in wanted {
        let least = places.last().map_or(top + HEIGHT / 2.0, |previous| previous + HEIGHT);
        places.push(at.max(least));
    }
    // Those that were pushed below the end move up, and push others.
    let mut most = bottom - HEIGHT / 2.0;
    for place in places.iter_mut().rev() {
        *place = place.min(most);
        most = *place - HEIGHT;
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_keep_apart_and_near_to_what_they_name() {
        assert_eq!(spread_out(&[50.0, 150.0], 0.0, 300.0), [50.0, 150.0]);
        assert_eq!(spread_out(&[50.0, 55.0, 60.0], 0.0, 300.0), [50.0, 82.0, 114.0]);
        assert_eq!(spread_out(&[290.0, 290.0], 0.0, 300.0), [252.0, 284.0]);
        assert_eq!(spread_out(&[-10.0], 0.0, 300.0), [16.0]);
    }
}
