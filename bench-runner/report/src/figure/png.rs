//! A scene → the bytes of a PNG file, in the light colors.
//!
//! Draws the same marks and outlines as the SVG file, so both look alike. Characters that the font lacks
//! become a box.

use std::collections::HashMap;

use tiny_skia::{FillRule, LineCap, Paint, Path, PathBuilder, Pixmap, Stroke, Transform};
use ttf_parser::OutlineBuilder;

use super::font;
use super::palette::Ink;
use super::scene::{Label, Mark, Scene, ScenePosition};

/// Size of an image.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Size {
    /// Image pixels per CSS pixel, reduced if the image would exceed [`MOST`]; the height follows the figure.
    Blog(f32),
    /// Width and height in pixels, with the figure centered and as large as fits.
    Slide(u32, u32),
}

/// Maximum number of pixels of an image, four bytes of memory each. Above it, a figure becomes coarser, not
/// larger.
const MOST: f64 = 4e7;

/// Error of drawing a scene.
#[derive(Debug, thiserror::Error)]
#[error("a picture of {width} × {height} dots could not be made: {reason}")]
pub struct PngError {
    width: u32,
    height: u32,
    reason: String,
}

/// Draws a scene.
pub(crate) fn png(scene: &Scene, size: Size) -> Result<Vec<u8>, PngError> {
    let (wide, high) = (scene.width as f32, scene.height.clamp(1.0, MOST).ceil() as f32);
    let (width, height, scale) = match size {
        Size::Blog(dots) => {
            let scale = dots.min((MOST / f64::from(wide) / f64::from(high)).sqrt() as f32);
            ((wide * scale).ceil() as u32, (high * scale).ceil() as u32, scale)
        }
        Size::Slide(width, height) => (width, height, (width as f32 / wide).min(height as f32 / high)),
    };
    let failed = |reason: String| PngError { width, height, reason };
    let mut pixels = Pixmap::new(width, height).ok_or_else(|| failed("no such size".to_owned()))?;
    pixels.fill(color(Ink::Card));
    let left = (width as f32 - wide * scale) / 2.0;
    let top = (height as f32 - high * scale) / 2.0;
    let mut canvas = Canvas {
        pixels,
        place: Transform::from_row(scale, 0.0, 0.0, scale, left, top),
        glyphs: HashMap::new(),
    };
    scene.marks.iter().for_each(|mark| canvas.draw(mark));
    canvas.pixels.encode_png().map_err(|error| failed(error.to_string()))
}

/// The image being drawn.
struct Canvas {
    pixels: Pixmap,
    /// From the scene's pixels to the image's pixels.
    place: Transform,
    /// Outlines by weight and glyph, in units of the font; `None` if there is nothing to draw.
    glyphs: HashMap<(bool, u16), Option<Path>>,
}

impl Canvas {
    fn draw(&mut self, mark: &Mark) {
        match mark {
            Mark::Line { places, width, ink } => self.stroke(polygon(places, false), *width, *ink),
            Mark::Area { corners, ink } => self.fill(polygon(corners, true).as_ref(), *ink, self.place),
            Mark::Circle { center: (x, y), radius, ring, ink } => {
                let circle = PathBuilder::from_circle(*x as f32, *y as f32, *radius as f32);
                match ring {
                    Some(width) => self.stroke(circle, *width, *ink),
                    None => self.fill(circle.as_ref(), *ink, self.place),
                }
            }
            Mark::Text(label) => self.text(label),
        }
    }

    fn stroke(&mut self, path: Option<Path>, width: f64, ink: Ink) {
        let Some(path) = path else { return };
        let stroke = Stroke { width: width as f32, line_cap: LineCap::Butt, ..Stroke::default() };
        self.pixels.stroke_path(&path, &paint(ink), &stroke, self.place, None);
    }

    fn fill(&mut self, path: Option<&Path>, ink: Ink, place: Transform) {
        if let Some(path) = path {
            self.pixels.fill_path(path, &paint(ink), FillRule::Winding, place, None);
        }
    }

    fn text(&mut self, label: &Label) {
        let font = label.weight().font();
        let scale = (label.size / font.units()) as f32;
        let mut x = label.place.0 - label.anchor.share() * label.width();
        let y = label.place.1 + label.size * font::CAPITAL_HEIGHT / 2.0;
        for c in label.text.chars() {
            let place =
                self.place.pre_concat(Transform::from_row(scale, 0.0, 0.0, -scale, x as f32, y as f32));
            // Glyph 0 is the font's box for missing characters.
            let number = font.glyph(c).map_or(0, |glyph| glyph.number);
            let outline = self.glyphs.entry((label.bold, number)).or_insert_with(|| {
                let mut pen = Pen(PathBuilder::new());
                font.outline(number, &mut pen);
                pen.0.finish()
            });
            let outline = outline.clone();
            self.fill(outline.as_ref(), label.ink, place);
            x += font.width(c.encode_utf8(&mut [0; 4])) * label.size;
        }
    }
}

fn polygon(places: &[ScenePosition], closed: bool) -> Option<Path> {
    let mut path = PathBuilder::new();
    for (index, (x, y)) in places.iter().map(|(x, y)| (*x as f32, *y as f32)).enumerate() {
        if index == 0 { path.move_to(x, y) } else { path.line_to(x, y) }
    }
    if closed {
        path.close();
    }
    path.finish()
}

fn color(ink: Ink) -> tiny_skia::Color {
    let (r, g, b) = ink.rgb();
    tiny_skia::Color::from_rgba8(r, g, b, 255)
}

fn paint(ink: Ink) -> Paint<'static> {
    let mut paint = Paint { anti_alias: true, ..Paint::default() };
    paint.set_color(color(ink));
    paint
}

struct Pen(PathBuilder);

impl OutlineBuilder for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        self.0.move_to(x, y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.0.line_to(x, y);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        self.0.quad_to(x1, y1, x, y);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        self.0.cubic_to(x1, y1, x2, y2, x, y);
    }

    fn close(&mut self) {
        self.0.close();
    }
}

#[cfg(test)]
mod tests {
    use super::super::scene::WIDTH;
    use super::*;

    fn decoded(bytes: &[u8]) -> Pixmap {
        Pixmap::decode_png(bytes).expect("a PNG")
    }

    fn scene() -> Scene {
        let mut scene = Scene::new("", "");
        scene.height = 100.0;
        scene.rect((0.0, 0.0), (WIDTH / 2.0, 50.0), Ink::Slower);
        scene.text(Label::new((WIDTH / 2.0 + 10.0, 75.0), "■語mold", 20.0, Ink::Text));
        scene
    }

    /// Number of pixels in a part of the image that are not background.
    fn drawn(pixels: &Pixmap, (left, right): (u32, u32), (top, bottom): (u32, u32)) -> usize {
        let paper = color(Ink::Card).premultiply().to_color_u8();
        let places = (top..bottom).flat_map(|y| (left..right).map(move |x| (x, y)));
        places.filter(|(x, y)| pixels.pixel(*x, *y) != Some(paper)).count()
    }

    #[test]
    fn a_blog_picture_is_as_high_as_the_figure() {
        let pixels = decoded(&png(&scene(), Size::Blog(2.0)).unwrap());
        assert_eq!((pixels.width(), pixels.height()), (1920, 200));
        assert_eq!(drawn(&pixels, (0, 960), (0, 100)), 96_000, "the rectangle is full");
        assert_eq!(drawn(&pixels, (0, 960), (100, 200)), 0);
        assert!(drawn(&pixels, (960, 1920), (100, 200)) > 300, "the text is there");
    }

    #[test]
    fn a_slide_has_the_figure_in_its_middle() {
        let pixels = decoded(&png(&scene(), Size::Slide(1920, 1080)).unwrap());
        assert_eq!((pixels.width(), pixels.height()), (1920, 1080));
        assert_eq!(drawn(&pixels, (0, 1920), (0, 440)), 0);
        assert_eq!(drawn(&pixels, (0, 960), (440, 540)), 96_000);
    }

    #[test]
    fn a_very_high_figure_becomes_coarser_and_not_larger() {
        let mut scene = scene();
        scene.height = 200_000.0;
        let pixels = decoded(&png(&scene, Size::Blog(2.0)).unwrap());
        let dots = f64::from(pixels.width()) * f64::from(pixels.height());
        assert!((0.9 * MOST..1.1 * MOST).contains(&dots), "{dots}");
    }
}
