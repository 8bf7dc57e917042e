//! A picture as values: what is drawn where, before anything is drawn.
//!
//! Lengths are CSS pixels; the origin is the upper left corner.

use super::font::Weight;
use super::palette::Ink;
use super::widths;

/// Width of a scene, where it is not drawn for a narrow screen.
pub(crate) const WIDTH: f64 = 960.0;

/// Blank around everything.
pub(crate) const EDGE: f64 = 24.0;

/// A picture that can be drawn.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Scene {
    /// Width in pixels.
    pub(crate) width: f64,
    /// Height in pixels.
    pub(crate) height: f64,
    /// What the picture is, for screen readers and for tabs.
    pub(crate) title: String,
    /// What the picture says, for those who cannot see it.
    pub(crate) description: String,
    /// What is drawn, back to front.
    pub(crate) marks: Vec<Mark>,
    /// What a page tells in full of a place in the picture, in reading order.
    pub(crate) tooltips: Vec<Tooltip>,
}

/// What is told of a part of the picture to whoever points at it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tooltip {
    /// Upper left corner of the part; a point has both corners in one place.
    pub(crate) from: ScenePosition,
    /// Lower right corner.
    pub(crate) to: ScenePosition,
    /// What lies there, such as the name of an arm.
    pub(crate) name: String,
    /// What is told of it.
    pub(crate) text: String,
}

/// A place in a scene: from the left, from the top.
pub(crate) type ScenePosition = (f64, f64);

/// One thing that is drawn.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Mark {
    /// A line through the places.
    Line {
        places: Vec<ScenePosition>,
        /// Stroke width.
        width: f64,
        /// Its colour.
        ink: Ink,
    },
    /// A filled area.
    Area {
        corners: Vec<ScenePosition>,
        /// Its colour.
        ink: Ink,
    },
    /// A disc, or a ring of the stroke width.
    Circle {
        /// Its middle.
        center: ScenePosition,
        radius: f64,
        /// `None` fills it.
        ring: Option<f64>,
        /// Its colour.
        ink: Ink,
    },
    /// A line of text, centred vertically on its place.
    Text(Label),
}

/// A line of text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Label {
    /// Where its anchor is.
    pub(crate) place: ScenePosition,
    /// Which end of the text the anchor is.
    pub(crate) anchor: Anchor,
    /// What it says.
    pub(crate) text: String,
    /// Font size.
    pub(crate) size: f64,
    pub(crate) bold: bool,
    /// Its colour.
    pub(crate) ink: Ink,
}

/// Which part of a text stands at its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anchor {
    /// The text runs to the right of its place.
    Start,
    /// The place is the middle of the text.
    Middle,
    /// The text ends at its place.
    End,
}

impl Anchor {
    /// Which share of a text's width lies to the left of its place.
    pub(crate) fn share(self) -> f64 {
        match self {
            Self::Start => 0.0,
            Self::Middle => 0.5,
            Self::End => 1.0,
        }
    }
}

impl Label {
    /// Plain text that runs to the right of `place`.
    pub(crate) fn new(place: ScenePosition, text: impl Into<String>, size: f64, ink: Ink) -> Self {
        Self { place, anchor: Anchor::Start, text: text.into(), size, bold: false, ink }
    }

    /// The same, standing on another part of itself.
    pub(crate) fn anchored(mut self, anchor: Anchor) -> Self {
        self.anchor = anchor;
        self
    }

    /// The same in bold.
    pub(crate) fn bold(mut self) -> Self {
        self.bold = true;
        self
    }

    /// The same, shortened in its middle until it is at most `room` wide.
    pub(crate) fn within(mut self, room: f64) -> Self {
        self.text = widths::shorten(&self.text, room, self.size, self.bold);
        self
    }

    /// The weight of its font.
    pub(crate) fn weight(&self) -> Weight {
        if self.bold { Weight::SemiBold } else { Weight::Regular }
    }

    /// Its width in the font of the figures.
    pub(crate) fn width(&self) -> f64 {
        widths::width(&self.text, self.size, self.bold)
    }

    /// Its extent: left, top, right, bottom.
    #[cfg(test)]
    pub(crate) fn extent(&self) -> (f64, f64, f64, f64) {
        let left = self.place.0 - self.anchor.share() * self.width();
        (left, self.place.1 - self.size * 0.6, left + self.width(), self.place.1 + self.size * 0.6)
    }
}

impl Scene {
    /// An empty scene.
    pub(crate) fn new(title: impl Into<String>, description: impl Into<String>) -> Self {
        Self {
            width: WIDTH,
            height: 0.0,
            title: title.into(),
            description: description.into(),
            marks: Vec::new(),
            tooltips: Vec::new(),
        }
    }

    /// A title and a line below it that explains, at the top of the scene.
    pub(crate) fn heading(&mut self, title: &str, explains: &str) {
        let room = WIDTH - 2.0 * EDGE;
        self.text(Label::new((EDGE, 30.0), title, 16.0, Ink::Text).bold().within(room));
        self.text(Label::new((EDGE, 53.0), explains, 12.0, Ink::Muted).within(room));
    }

    /// A straight line.
    pub(crate) fn line(&mut self, from: ScenePosition, to: ScenePosition, width: f64, ink: Ink) {
        self.marks.push(Mark::Line { places: vec![from, to], width, ink });
    }

    /// A vertical line of short strokes.
    pub(crate) fn dashed(&mut self, x: f64, (top, bottom): (f64, f64), width: f64, ink: Ink) {
        let mut y = top;
        while y < bottom {
            self.line((x, y), (x, (y + 4.0).min(bottom)), width, ink);
            y += 8.0;
        }
    }

    /// A filled rectangle; none where it has no width.
    pub(crate) fn rect(&mut self, (x0, y0): ScenePosition, (x1, y1): ScenePosition, ink: Ink) {
        if x1 > x0 && y1 > y0 {
            let corners = vec![(x0, y0), (x1, y0), (x1, y1), (x0, y1)];
            self.marks.push(Mark::Area { corners, ink });
        }
    }

    /// Diagonal strokes that fill a rectangle.
    pub(crate) fn hatch(&mut self, (x0, y0): ScenePosition, (x1, y1): ScenePosition, ink: Ink) {
        let step = 7.0;
        let mut start = x0 - (y1 - y0) + step / 2.0;
        while x1 > x0 && start < x1 {
            // The stroke goes up and to the right from (start, y1); both ends are cut to the rectangle.
            let (left, right) = (start.max(x0), (start + (y1 - y0)).min(x1));
            if right > left {
                self.line((left, y1 - (left - start)), (right, y1 - (right - start)), 1.0, ink);
            }
            start += step;
        }
    }

    pub(crate) fn text(&mut self, label: Label) {
        self.marks.push(Mark::Text(label));
    }

    /// Every text of the scene.
    #[cfg(test)]
    pub(crate) fn labels(&self) -> impl Iterator<Item = &Label> {
        self.marks.iter().filter_map(|mark| match mark {
            Mark::Text(label) => Some(label),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hatch_stays_inside_its_rectangle() {
        let mut scene = Scene::new("", "");
        scene.hatch((100.0, 20.0), (130.0, 90.0), Ink::Noise);
        assert!(scene.marks.len() > 5);
        for mark in &scene.marks {
            let Mark::Line { places, .. } = mark else { panic!("{mark:?}") };
            for &(x, y) in places {
                assert!((100.0..=130.0).contains(&x) && (20.0..=90.0).contains(&y), "{x}, {y}");
            }
        }
    }

    #[test]
    fn nothing_is_drawn_for_an_empty_rectangle() {
        let mut scene = Scene::new("", "");
        scene.rect((5.0, 0.0), (5.0, 9.0), Ink::Margin);
        scene.hatch((5.0, 0.0), (5.0, 9.0), Ink::Noise);
        assert_eq!(scene.marks, []);
    }
}
