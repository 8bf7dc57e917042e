//! Marks used by several figures: shapes of points, intervals, tick labels.

use super::palette::{Ink, PointShape};
use super::scale::Scale;
use super::scene::{Anchor, Label, Mark, Scene, ScenePosition};

/// A measured point.
pub(crate) fn shape(scene: &mut Scene, shape: PointShape, (x, y): ScenePosition, half: f64, ink: Ink) {
    let corners = match shape {
        PointShape::Disc => {
            return scene.marks.push(Mark::Circle { center: (x, y), radius: half, ring: None, ink });
        }
        PointShape::Ring => return ring(scene, (x, y), half - 0.3, 1.6, ink),
        PointShape::Plus => {
            scene.line((x - half, y), (x + half, y), 2.0, ink);
            return scene.line((x, y - half), (x, y + half), 2.0, ink);
        }
        PointShape::Cross => {
            let arm = half * 0.8;
            scene.line((x - arm, y - arm), (x + arm, y + arm), 2.0, ink);
            return scene.line((x - arm, y + arm), (x + arm, y - arm), 2.0, ink);
        }
        PointShape::Frame => {
            let side = half * 0.85;
            let (left, top, right, bottom) = (x - side, y - side, x + side, y + side);
            // Starts and ends in the middle of a side, so that every corner is closed.
            let places = vec![(x, top), (right, top), (right, bottom), (left, bottom), (left, top), (x, top)];
            return scene.marks.push(Mark::Line { places, width: 1.6, ink });
        }
        PointShape::Square => {
            let side = half * 0.88;
            vec![(x - side, y - side), (x + side, y - side), (x + side, y + side), (x - side, y + side)]
        }
        PointShape::Up => {
            vec![(x, y - half * 1.15), (x + half * 1.1, y + half * 0.8), (x - half * 1.1, y + half * 0.8)]
        }
        PointShape::Down => {
            vec![(x, y + half * 1.15), (x + half * 1.1, y - half * 0.8), (x - half * 1.1, y - half * 0.8)]
        }
        PointShape::Diamond => {
            let reach = half * 1.25;
            vec![(x, y - reach), (x + reach, y), (x, y + reach), (x - reach, y)]
        }
    };
    scene.marks.push(Mark::Area { corners, ink });
}

/// A circle around something.
pub(crate) fn ring(scene: &mut Scene, center: ScenePosition, radius: f64, width: f64, ink: Ink) {
    scene.marks.push(Mark::Circle { center, radius, ring: Some(width), ink });
}

/// A horizontal interval as a bar, with a vertical stroke for the estimate.
pub(crate) fn bar(scene: &mut Scene, (low, high): (f64, f64), at: f64, y: f64, ink: Ink) {
    scene.line((low, y), (high, y), 4.0, ink);
    scene.line((at, y - 5.5), (at, y + 5.5), 2.0, ink);
}

/// An arrowhead with its tip at `(x, y)`, which points to the right or to the left.
pub(crate) fn arrowhead(scene: &mut Scene, (x, y): ScenePosition, to_right: bool, ink: Ink) {
    let back = if to_right { x - 8.0 } else { x + 8.0 };
    scene.marks.push(Mark::Area { corners: vec![(x, y), (back, y - 5.0), (back, y + 5.0)], ink });
}

/// About `wanted` vertical grid lines from `top` to `bottom`, with their numbers below.
pub(crate) fn vertical_grid(scene: &mut Scene, x: &Scale, (top, bottom): (f64, f64), wanted: usize) {
    let ticks = x.ticks(wanted);
    for (tick, label) in ticks.iter().zip(x.labels(&ticks)) {
        let at = x.place(*tick);
        scene.line((at, top), (at, bottom), 1.0, Ink::Grid);
        scene.text(Label::new((at, bottom + 14.0), label, 11.0, Ink::Muted).anchored(Anchor::Middle));
    }
}
