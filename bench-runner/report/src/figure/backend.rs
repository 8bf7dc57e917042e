//! Drawing backend of plotters: what a chart draws becomes marks of a scene.
//!
//! plotters counts in whole pixels. Ours are [`UNITS`] to a pixel of the scene, finer than the tenths that an
//! SVG file has. Its colors are codes of inks, so that a mark keeps its meaning on light and dark pages; a
//! color that is not such a code, like one of plotters' own defaults, is an error.

use std::fmt;

use plotters::style::{Color, FontStyle, FontTransform};
use plotters_backend::{BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend};
use plotters_backend::{DrawingErrorKind, text_anchor};

use super::palette::Ink;
use super::scene::{Anchor, Label, Mark, Scene, ScenePosition};
use super::widths;

/// plotters' pixels per pixel of the scene.
const UNITS: f64 = 100.0;
/// Height of a line of text as a fraction of the font size.
const LINE: f64 = 1.2;
/// Lower end of a scene, whose height is known only when everything is drawn.
const DEEPEST: u32 = 1_000_000_000;

/// A length of the scene in plotters' pixels.
pub(super) fn units(length: f64) -> i32 {
    (length * UNITS).round() as i32
}

/// A size of the scene in plotters' pixels.
pub(super) fn unsigned_units(length: f64) -> u32 {
    units(length).unsigned_abs()
}

/// A position of plotters in the scene.
pub(super) fn from_units((x, y): BackendCoord) -> ScenePosition {
    (f64::from(x) / UNITS, f64::from(y) / UNITS)
}

/// Writes into a scene.
pub(super) struct SceneBackend<'s> {
    scene: &'s mut Scene,
}

/// A mark that a scene cannot have.
#[derive(Debug, PartialEq)]
pub(super) enum UnsupportedMark {
    /// The color is not the code of an ink.
    Color((u8, u8, u8), f64),
    /// The text is rotated.
    RotatedText(String),
}

impl fmt::Display for UnsupportedMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Color(rgb, alpha) => write!(f, "the color {rgb:?} with opacity {alpha} is not an ink"),
            Self::RotatedText(text) => write!(f, "the text `{text}` is rotated"),
        }
    }
}

impl std::error::Error for UnsupportedMark {}

/// First two channels of a color that is the code of an ink.
const SIGNATURE: (u8, u8) = (b'I', b'n');

impl Color for Ink {
    fn to_backend_color(&self) -> BackendColor {
        BackendColor { alpha: 1.0, rgb: (SIGNATURE.0, SIGNATURE.1, self.number()) }
    }
}

/// The ink that a color is the code of; `None` if it is transparent.
fn ink(color: BackendColor) -> Result<Option<Ink>, DrawingErrorKind<UnsupportedMark>> {
    if color.alpha == 0.0 {
        return Ok(None);
    }
    let (first, second, number) = color.rgb;
    let found = Ink::from_number(number).filter(|_| (first, second) == SIGNATURE && color.alpha == 1.0);
    let unsupported = UnsupportedMark::Color(color.rgb, color.alpha);
    found.map(Some).ok_or(DrawingErrorKind::DrawingError(unsupported))
}

fn stroke_width(style: &impl BackendStyle) -> f64 {
    f64::from(style.stroke_width()) / UNITS
}

impl<'s> SceneBackend<'s> {
    pub(super) fn new(scene: &'s mut Scene) -> Self {
        Self { scene }
    }

    /// Adds the mark that `make` returns for the ink of the color.
    fn add(
        &mut self,
        color: BackendColor,
        make: impl FnOnce(Ink) -> Mark,
    ) -> Result<(), DrawingErrorKind<UnsupportedMark>> {
        if let Some(ink) = ink(color)? {
            self.scene.marks.push(make(ink));
        }
        Ok(())
    }
}

impl DrawingBackend for SceneBackend<'_> {
    type ErrorType = UnsupportedMark;

    fn get_size(&self) -> (u32, u32) {
        (unsigned_units(self.scene.width), DEEPEST)
    }

    fn ensure_prepared(&mut self) -> Result<(), DrawingErrorKind<Self::ErrorType>> {
        Ok(())
    }

    fn present(&mut self) -> Result<(), DrawingErrorKind<Self::ErrorType>> {
        Ok(())
    }

    fn draw_pixel(
        &mut self,
        (x, y): BackendCoord,
        color: BackendColor,
    ) -> Result<(), DrawingErrorKind<Self::ErrorType>> {
        self.draw_rect((x, y), (x + 1, y + 1), &color, true)
    }

    fn draw_line<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
    ) -> Result<(), DrawingErrorKind<Self::ErrorType>> {
        self.draw_path([from, to], style)
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        upper_left: BackendCoord,
        bottom_right: BackendCoord,
        style: &S,
        fill: bool,
    ) -> Result<(), DrawingErrorKind<Self::ErrorType>> {
        let ((x0, y0), (x1, y1)) = (upper_left, bottom_right);
        if fill && (x1 <= x0 || y1 <= y0) {
            return Ok(());
        }
        let corners = [(x0, y0), (x1, y0), (x1, y1), (x0, y1)];
        match fill {
            true => self.fill_polygon(corners, style),
            false => self.draw_path(corners.into_iter().chain([(x0, y0)]), style),
        }
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Result<(), DrawingErrorKind<Self::ErrorType>> {
        let places = path.into_iter().map(from_units).collect();
        self.add(style.color(), |ink| Mark::Line { places, width: stroke_width(style), ink })
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        center: BackendCoord,
        radius: u32,
        style: &S,
        fill: bool,
    ) -> Result<(), DrawingErrorKind<Self::ErrorType>> {
        let (center, radius) = (from_units(center), f64::from(radius) / UNITS);
        let ring = (!fill).then(|| stroke_width(style));
        self.add(style.color(), |ink| Mark::Circle { center, radius, ring, ink })
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        vert: I,
        style: &S,
    ) -> Result<(), DrawingErrorKind<Self::ErrorType>> {
        let corners = vert.into_iter().map(from_units).collect();
        self.add(style.color(), |ink| Mark::Area { corners, ink })
    }

    fn draw_text<TStyle: BackendTextStyle>(
        &mut self,
        text: &str,
        style: &TStyle,
        pos: BackendCoord,
    ) -> Result<(), DrawingErrorKind<Self::ErrorType>> {
        if !matches!(style.transform(), FontTransform::None) {
            let unsupported = UnsupportedMark::RotatedText(text.to_owned());
            return Err(DrawingErrorKind::DrawingError(unsupported));
        }
        let (size, bold) = font(style);
        let (x, y) = from_units(pos);
        let anchor = match style.anchor().h_pos {
            text_anchor::HPos::Left => Anchor::Start,
            text_anchor::HPos::Center => Anchor::Middle,
            text_anchor::HPos::Right => Anchor::End,
        };
        let y = match style.anchor().v_pos {
            text_anchor::VPos::Top => y + size * LINE / 2.0,
            text_anchor::VPos::Center => y,
            text_anchor::VPos::Bottom => y - size * LINE / 2.0,
        };
        let text = text.to_owned();
        self.add(style.color(), |ink| Mark::Text(Label { place: (x, y), anchor, text, size, bold, ink }))
    }

    fn estimate_text_size<TStyle: BackendTextStyle>(
        &self,
        text: &str,
        style: &TStyle,
    ) -> Result<(u32, u32), DrawingErrorKind<Self::ErrorType>> {
        let (size, bold) = font(style);
        let width = units(widths::width(text, size, bold));
        Ok((width.unsigned_abs(), unsigned_units(size * LINE)))
    }
}

/// Font size of a style in pixels of the scene, and whether it is bold.
fn font(style: &impl BackendTextStyle) -> (f64, bool) {
    (style.size() / UNITS, matches!(style.style(), FontStyle::Bold))
}

#[cfg(test)]
mod tests {
    use plotters::style::{BLACK, FontDesc, FontFamily, TRANSPARENT, TextStyle};

    use super::*;

    fn drawn(draw: impl FnOnce(&mut SceneBackend<'_>)) -> Vec<Mark> {
        let mut scene = Scene::new("", "");
        draw(&mut SceneBackend::new(&mut scene));
        scene.marks
    }

    #[test]
    fn every_ink_comes_back_from_its_code() {
        for one in Ink::all().chain(Ink::heats()) {
            assert_eq!(ink(one.to_backend_color()).unwrap(), Some(one));
        }
        // Colors of arms repeat.
        assert_eq!(ink(Ink::Arm(11).to_backend_color()).unwrap(), Some(Ink::Arm(3)));
    }

    #[test]
    fn a_colour_that_is_no_ink_is_an_error_and_a_transparent_one_is_not_drawn() {
        assert_eq!(ink(TRANSPARENT.to_backend_color()).unwrap(), None);
        let error = ink(BLACK.to_backend_color()).unwrap_err().to_string();
        assert!(error.contains("the color (0, 0, 0) with opacity 1 is not an ink"), "{error}");
        assert!(ink(Ink::Text.mix(0.5).to_backend_color()).is_err());
        let (r, g, b) = (SIGNATURE.0, SIGNATURE.1, u8::MAX);
        assert!(ink(BackendColor { alpha: 1.0, rgb: (r, g, b) }).is_err());
    }

    #[test]
    fn lengths_keep_hundredths_of_a_pixel() {
        let style = Ink::Text.stroke_width(unsigned_units(1.25));
        let marks = drawn(|backend| backend.draw_line((1001, 250), (3333, 250), &style.color).unwrap());
        let Mark::Line { places, .. } = &marks[0] else { panic!("{marks:?}") };
        assert_eq!(places, &[(10.01, 2.5), (33.33, 2.5)]);
        let marks = drawn(|backend| backend.draw_path([(0, 0), (100, 100)], &style).unwrap());
        assert_eq!(marks, [Mark::Line { places: vec![(0.0, 0.0), (1.0, 1.0)], width: 1.25, ink: Ink::Text }]);
    }

    #[test]
    fn rectangles_and_circles_are_filled_or_not() {
        let color = Ink::Margin.to_backend_color();
        let marks = drawn(|backend| {
            backend.draw_rect((0, 0), (100, 200), &color, true).unwrap();
            backend.draw_rect((0, 0), (0, 200), &color, true).unwrap();
            backend.draw_rect((0, 0), (100, 200), &color, false).unwrap();
            backend.draw_circle((100, 100), 50, &color, true).unwrap();
            backend.draw_circle((100, 100), 50, &color, false).unwrap();
        });
        let [Mark::Area { corners, .. }, Mark::Line { places, .. }, disc, ring] = &marks[..] else {
            panic!("{marks:?}")
        };
        assert_eq!((corners.len(), places.len()), (4, 5));
        assert!(matches!(disc, Mark::Circle { radius: 0.5, ring: None, .. }));
        assert!(matches!(ring, Mark::Circle { ring: Some(_), .. }));
    }

    #[test]
    fn texts_are_measured_in_the_font_of_the_figures() {
        let font = FontDesc::new(FontFamily::SansSerif, 1100.0, FontStyle::Bold);
        let style = TextStyle::from(font).color(&Ink::Muted);
        let mut scene = Scene::new("", "");
        let mut backend = SceneBackend::new(&mut scene);
        let (width, height) = backend.estimate_text_size("faster", &style).unwrap();
        assert_eq!((width, height), (units(widths::width("faster", 11.0, true)) as u32, 1320));
        backend.draw_text("faster", &style, (1000, 2000)).unwrap();
        let rotated = style.transform(FontTransform::Rotate90);
        assert!(backend.draw_text("up", &rotated, (0, 0)).is_err());
        let label = scene.labels().next().unwrap();
        assert_eq!((label.place, label.size, label.bold, label.ink), ((10.0, 26.6), 11.0, true, Ink::Muted));
    }
}
