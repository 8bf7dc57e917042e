//! Alarms and accepted levels above the plot of a series: a lane for each kind, so that neither covers the other.

use super::super::backend::units;
use super::super::chart::draw;
use super::super::elements::PointMark;
use super::super::palette::{Ink, PointShape};
use super::super::scene::{Anchor, Label, Scene, ScenePosition, Tooltip};
use super::super::wording;
use super::ACROSS;

/// Height of a lane.
const LANE: f64 = 15.0;
/// Middle of the first lane.
const FIRST: f64 = 74.0;
/// Half of a mark's width.
const HALF: f64 = 4.5;
/// Marks of a lane that are nearer than this are drawn as one.
const NEAR: f64 = 10.0;
/// Distance of a label from the middle of its mark.
const LABEL: f64 = 9.0;
/// Most alarms that a label numbers.
const MOST_NUMBERED: usize = 3;

/// An alarm or an accepted level, for a figure.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct HistoryMark {
    /// Index of the value that it is about.
    pub(crate) at: usize,
    pub(crate) kind: HistoryMarkKind,
    /// All about it, for its tooltip.
    pub(crate) text: String,
}

/// Kind of a mark, which decides its lane, shape and color.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HistoryMarkKind {
    Alarm { number: u32, is_resolved: bool },
    AcceptedLevel,
}

impl HistoryMarkKind {
    /// True if both belong to one lane.
    fn is_like(self, other: Self) -> bool {
        matches!(self, Self::AcceptedLevel) == matches!(other, Self::AcceptedLevel)
    }
}

/// Marks of one lane that are drawn as one.
struct MarkGroup<'m> {
    x: f64,
    marks: Vec<&'m HistoryMark>,
}

/// The lanes of a figure that are in use, each with its marks in the order of the values.
pub(super) struct MarkLanes<'m>(Vec<Vec<&'m HistoryMark>>);

impl<'m> MarkLanes<'m> {
    pub(super) fn new(marks: &'m [HistoryMark]) -> Self {
        let kinds =
            [HistoryMarkKind::Alarm { number: 0, is_resolved: false }, HistoryMarkKind::AcceptedLevel];
        let lane = |kind: HistoryMarkKind| {
            let mut lane: Vec<&HistoryMark> = marks.iter().filter(|mark| mark.kind.is_like(kind)).collect();
            lane.sort_by_key(|mark| mark.at);
            lane
        };
        Self(kinds.map(lane).into_iter().filter(|lane| !lane.is_empty()).collect())
    }

    /// Height that the lanes need.
    pub(super) fn height(&self) -> f64 {
        LANE * self.0.len() as f64
    }

    /// Draws the lanes, and returns the tooltips of their marks; `place` is the horizontal position of a value, `name` its name.
    pub(super) fn draw(
        &self,
        scene: &mut Scene,
        place: impl Fn(usize) -> f64,
        name: impl Fn(usize) -> String,
    ) -> Vec<Tooltip> {
        let mut tooltips = Vec::new();
        for (number, lane) in self.0.iter().enumerate() {
            let y = FIRST + LANE * number as f64;
            let groups = groups(lane, &place);
            for group in &groups {
                let (shape, ink) = group.look();
                let at = (units(group.x), units(y));
                draw(scene, |canvas| canvas.draw(&PointMark { at, shape, half: HALF, ink }));
                tooltips.push(group.tooltip(y, &name));
            }
            draw_labels(scene, &groups, y);
        }
        tooltips
    }
}

fn groups<'m>(lane: &[&'m HistoryMark], place: impl Fn(usize) -> f64) -> Vec<MarkGroup<'m>> {
    let mut groups: Vec<MarkGroup<'m>> = Vec::new();
    for mark in lane {
        let x = place(mark.at);
        match groups.last_mut().filter(|last| x - last.x < NEAR) {
            Some(last) => last.marks.push(mark),
            None => groups.push(MarkGroup { x, marks: vec![mark] }),
        }
    }
    groups
}

impl MarkGroup<'_> {
    fn look(&self) -> (PointShape, Ink) {
        let is_unresolved =
            |mark: &&HistoryMark| matches!(mark.kind, HistoryMarkKind::Alarm { is_resolved: false, .. });
        match self.marks[0].kind {
            HistoryMarkKind::AcceptedLevel => (PointShape::Square, Ink::Text),
            _ if self.marks.iter().any(is_unresolved) => (PointShape::Diamond, Ink::Slower),
            _ => (PointShape::Diamond, Ink::Muted),
        }
    }

    fn label(&self) -> String {
        let numbers: Vec<String> = self
            .marks
            .iter()
            .filter_map(|mark| match mark.kind {
                HistoryMarkKind::Alarm { number, .. } => Some(number.to_string()),
                HistoryMarkKind::AcceptedLevel => None,
            })
            .collect();
        let resolved = if self.look().1 == Ink::Muted { " (resolved)" } else { "" };
        match numbers.as_slice() {
            [] => "accepted".to_owned(),
            [number] => format!("alarm {number}{resolved}"),
            numbers if numbers.len() <= MOST_NUMBERED => format!("alarms {}{resolved}", numbers.join(", ")),
            numbers => format!("{}{resolved}", wording::pluralize(numbers.len(), "alarm")),
        }
    }

    /// One tooltip with the texts of all marks.
    fn tooltip(&self, y: f64, name: impl Fn(usize) -> String) -> Tooltip {
        let (first, last) = (self.marks[0].at, self.marks[self.marks.len() - 1].at);
        let name = if first == last { name(first) } else { format!("{} to {}", name(first), name(last)) };
        let texts: Vec<&str> = self.marks.iter().map(|mark| mark.text.as_str()).collect();
        Tooltip { from: (self.x, y), to: (self.x, y), name, text: texts.join("\n") }
    }
}

/// Labels each mark on its right or else on its left, if there is room.
fn draw_labels(scene: &mut Scene, groups: &[MarkGroup<'_>], y: f64) {
    let mut taken = ACROSS.0;
    for (number, group) in groups.iter().enumerate() {
        let ink = group.look().1;
        let label = |place: ScenePosition| Label::new(place, group.label(), 11.0, ink).bold();
        let right = label((group.x + LABEL, y));
        let width = right.width();
        let next = groups.get(number + 1).map_or(ACROSS.1 + LABEL, |next| next.x);
        taken = if group.x + LABEL + width + LABEL <= next {
            scene.text(right);
            group.x + LABEL + width + LABEL
        } else {
            if group.x - LABEL - width >= taken {
                scene.text(label((group.x - LABEL, y)).anchored(Anchor::End));
            }
            group.x + LABEL
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alarm(at: usize, number: u32, is_resolved: bool) -> HistoryMark {
        let kind = HistoryMarkKind::Alarm { number, is_resolved };
        HistoryMark { at, kind, text: format!("text of alarm {number}") }
    }

    fn accepted(at: usize) -> HistoryMark {
        HistoryMark { at, kind: HistoryMarkKind::AcceptedLevel, text: format!("text of {at}") }
    }

    /// Labels and tooltips of marks, a value every `apart` pixels.
    fn drawn(marks: &[HistoryMark], apart: f64) -> (Vec<String>, Vec<String>) {
        let mut scene = Scene::new("", "");
        let place = |at: usize| ACROSS.0 + apart * at as f64;
        let tooltips = MarkLanes::new(marks).draw(&mut scene, place, |at| format!("night {at}"));
        let labels: Vec<Label> = scene.labels().cloned().collect();
        for (at, one) in labels.iter().enumerate() {
            let (left, top, right, bottom) = one.extent();
            assert!(left >= ACROSS.0 - LABEL && right <= ACROSS.1 + LABEL, "{one:?}");
            let others = labels[..at].iter().map(Label::extent);
            let apart = |other: (f64, f64, f64, f64)| {
                right <= other.0 || other.2 <= left || bottom <= other.1 || other.3 <= top
            };
            assert!(others.clone().all(apart), "{one:?} lies on another label");
        }
        let texts = tooltips.iter().map(|tip| format!("{}: {}", tip.name, tip.text)).collect();
        (labels.into_iter().map(|label| label.text).collect(), texts)
    }

    #[test]
    fn an_alarm_and_an_accepted_level_of_one_night_are_in_two_lanes() {
        let marks = [accepted(3), alarm(3, 2, true), alarm(8, 3, false)];
        let (labels, tooltips) = drawn(&marks, 100.0);
        assert_eq!(labels, ["alarm 2 (resolved)", "alarm 3", "accepted"]);
        assert_eq!(tooltips, ["night 3: text of alarm 2", "night 8: text of alarm 3", "night 3: text of 3"]);
        assert_eq!(MarkLanes::new(&marks).height(), 2.0 * LANE);
        assert_eq!(MarkLanes::new(&[]).height(), 0.0);
    }

    #[test]
    fn marks_at_one_place_share_a_tooltip_with_all_texts() {
        let marks = [alarm(3, 1, true), alarm(3, 2, false), alarm(4, 3, false)];
        let (labels, tooltips) = drawn(&marks, 5.0);
        assert_eq!(labels, ["alarms 1, 2, 3"]);
        assert_eq!(tooltips, ["night 3 to night 4: text of alarm 1\ntext of alarm 2\ntext of alarm 3"]);
        let many: Vec<HistoryMark> = (0..9).map(|number| alarm(5, number, true)).collect();
        assert_eq!(drawn(&many, 5.0).0, ["9 alarms (resolved)"]);
    }

    #[test]
    fn labels_without_room_are_left_out() {
        let dense: Vec<HistoryMark> = (0..40).map(|at| alarm(at, at as u32 + 1, false)).collect();
        let (labels, tooltips) = drawn(&dense, 20.0);
        assert!(labels.len() < 3 && tooltips.len() == 40, "{labels:?}");
        let at_the_end = [alarm(8, 1, false), accepted(8)];
        let (labels, _) = drawn(&at_the_end, (ACROSS.1 - ACROSS.0) / 8.0);
        assert_eq!(labels, ["alarm 1", "accepted"]);
    }
}
