//! A figure as values: marks and their positions, independent of the file format.
//!
//! Lengths are CSS pixels; the origin is the upper left corner.

use super::font::Weight;
use super::palette::Ink;
use super::widths;

/// Width of a scene, unless it is for a narrow screen.
pub(crate) const WIDTH: f64 = 960.0;

/// Blank space around the content.
pub(crate) const EDGE: f64 = 24.0;

/// A figure that can be drawn as SVG or PNG.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Scene {
    pub(crate) width: f64,
    pub(crate) height: f64,
    /// Title, for screen readers and tabs.
    pub(crate) title: String,
    /// Content in words, for screen readers.
    pub(crate) description: String,
    /// Marks, back to front.
    pub(crate) marks: Vec<Mark>,
    /// Tooltips on a page, in reading order.
    pub(crate) tooltips: Vec<Tooltip>,
}

/// Tooltip of a part of the figure.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tooltip {
    /// Upper left corner of the part; for a point, both corners are the same.
    pub(crate) from: ScenePosition,
    /// Lower right corner.
    pub(crate) to: ScenePosition,
    /// Name of the part, such as that of an arm.
    pub(crate) name: String,
    pub(crate) text: String,
}

/// Position in a scene: from the left, from the top.
pub(crate) type ScenePosition = (f64, f64);

/// A graphical element.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Mark {
    /// A line through the positions.
    Line {
        places: Vec<ScenePosition>,
        /// Stroke width.
        width: f64,
        ink: Ink,
    },
    /// A filled area.
    Area { corners: Vec<ScenePosition>, ink: Ink },
    /// A disc or a ring.
    Circle {
        center: ScenePosition,
        radius: f64,
        /// Stroke width of a ring; `None` for a disc.
        ring: Option<f64>,
        ink: Ink,
    },
    /// A line of text, vertically centered on its position.
    Text(Label),
}

/// A line of text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Label {
    /// Position of the anchor.
    pub(crate) place: ScenePosition,
    pub(crate) anchor: Anchor,
    pub(crate) text: String,
    /// Font size.
    pub(crate) size: f64,
    pub(crate) bold: bool,
    pub(crate) ink: Ink,
}

/// Part of a text that is at its position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anchor {
    /// The text begins at its position.
    Start,
    /// The text is centered on its position.
    Middle,
    /// The text ends at its position.
    End,
}

impl Anchor {
    /// Share of a text's width to the left of its position.
    pub(crate) fn share(self) -> f64 {
        match self {
            Self::Start => 0.0,
            Self::Middle => 0.5,
            Self::End => 1.0,
        }
    }
}

impl Label {
    /// Regular text that begins at `place`.
    pub(crate) fn new(place: ScenePosition, text: impl Into<String>, size: f64, ink: Ink) -> Self {
        Self { place, anchor: Anchor::Start, text: text.into(), size, bold: false, ink }
    }

    /// Changes the anchor.
    pub(crate) fn anchored(mut self, anchor: Anchor) -> Self {
        self.anchor = anchor;
        self
    }

    pub(crate) fn bold(mut self) -> Self {
        self.bold = true;
        self
    }

    /// Shortens the text in its middle to a width of at most `room`.
    pub(crate) fn within(mut self, room: f64) -> Self {
        self.text = widths::shorten(&self.text, room, self.size, self.bold);
        self
    }

    pub(crate) fn weight(&self) -> Weight {
        if self.bold { Weight::SemiBold } else { Weight::Regular }
    }

    /// Width in the font of the figures.
    pub(crate) fn width(&self) -> f64 {
        widths::width(&self.text, self.size, self.bold)
    }

    /// Extent of the text: left, top, right, bottom.
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

    /// Title and subtitle at the top of the scene.
    pub(crate) fn heading(&mut self, title: &str, subtitle: &str) {
        let room = WIDTH - 2.0 * EDGE;
        self.text(Label::new((EDGE, 30.0), title, 16.0, Ink::Text).bold().within(room));
        self.text(Label::new((EDGE, 53.0), subtitle, 12.0, Ink::Muted).within(room));
    }

    /// A straight line.
    pub(crate) fn line(&mut self, from: ScenePosition, to: ScenePosition, width: f64, ink: Ink) {
        self.marks.push(Mark::Line { places: vec![from, to], width, ink });
    }

    /// A filled rectangle; nothing is drawn if it is empty.
    pub(crate) fn rect(&mut self, (x0, y0): ScenePosition, (x1, y1): ScenePosition, ink: Ink) {
        if x1 > x0 && y1 > y0 {
            let corners = vec![(x0, y0), (x1, y0), (x1, y1), (x0, y1)];
            self.marks.push(Mark::Area { corners, ink });
        }
    }

    pub(crate) fn text(&mut self, label: Label) {
        self.marks.push(Mark::Text(label));
    }

    /// All texts of the scene.
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
    fn nothing_is_drawn_for_an_empty_rectangle() {
        let mut scene = Scene::new("", "");
        scene.rect((5.0, 0.0), (5.0, 9.0), Ink::Margin);
        assert_eq!(scene.marks, []);
    }
}
