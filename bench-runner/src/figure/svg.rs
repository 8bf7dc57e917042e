//! A scene → SVG, through plotters' backend.
//!
//! The backend knows whole pixels only, so a scene is drawn ten times as large, and the view box scales it back.

use plotters::prelude::{DrawingBackend, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontDesc, FontFamily, FontStyle, RGBColor, ShapeStyle, TextStyle};

use super::palette::Ink;
use super::scene::{Anchor, Label, Mark, Place, Scene, WIDTH};

/// Units of the view box per pixel.
const SCALE: f64 = 10.0;

/// Names the figures' own elements, so that a page may hold several of them inline.
const CLASS: &str = "bench-runner-figure";

const FONTS: &str = "system-ui,-apple-system,\"Segoe UI\",\"Helvetica Neue\",Arial,sans-serif";

/// The scene as the text of a self-contained SVG file.
pub(crate) fn svg(scene: &Scene) -> String {
    let size = (units(WIDTH).unsigned_abs(), units(scene.height).unsigned_abs());
    let mut drawn = String::new();
    {
        let mut backend = SVGBackend::with_string(&mut drawn, size);
        for mark in &scene.marks {
            draw(&mut backend, mark);
        }
        backend.present().ok();
    }
    // Of what the backend wrote, the opening tag is replaced by one with a class, a role and a size in pixels.
    let body = drawn.split_once(">\n").map_or("", |(_, body)| body);
    format!("{}{}", head(scene, size), body)
}

fn head(scene: &Scene, (width, height): (u32, u32)) -> String {
    let (title, description) = (escaped(&scene.title), escaped(&scene.description));
    let border = units(1.0);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"{CLASS}\" role=\"img\" width=\"{}\" height=\"{}\" \
         viewBox=\"0 0 {width} {height}\">\n<title>{title}</title>\n<desc>{description}</desc>\n{}\
         <rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"{}\" fill=\"{}\" stroke=\"{}\" stroke-width=\"{border}\"/>\n",
        WIDTH,
        scene.height.ceil(),
        style(),
        border / 2,
        border / 2,
        width.saturating_sub(border.unsigned_abs()),
        height.saturating_sub(border.unsigned_abs()),
        units(8.0),
        Ink::Card.light(),
        Ink::Grid.light(),
    )
}

/// The fonts, and the colours of dark pages.
fn style() -> String {
    let mut style =
        format!("<style>\n.{CLASS} text{{font-family:{FONTS}}}\n@media (prefers-color-scheme:dark){{\n");
    for ink in Ink::all() {
        let (light, dark) = (ink.light(), ink.dark());
        style.push_str(&format!(
            ".{CLASS} [fill=\"{light}\"]{{fill:{dark}}}\n.{CLASS} [stroke=\"{light}\"]{{stroke:{dark}}}\n"
        ));
    }
    style + "}\n</style>\n"
}

fn escaped(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '<' => "&lt;".to_owned(),
            '>' => "&gt;".to_owned(),
            '&' => "&amp;".to_owned(),
            '"' => "&quot;".to_owned(),
            other => clean(other).to_string(),
        })
        .collect()
}

/// XML has no way to write control characters.
fn clean(c: char) -> char {
    if c.is_control() || matches!(c, '\u{FFFE}' | '\u{FFFF}') { '\u{FFFD}' } else { c }
}

fn draw(backend: &mut SVGBackend<'_>, mark: &Mark) {
    let drawn = match mark {
        Mark::Line { places, width, ink } => {
            backend.draw_path(places.iter().map(|place| point(*place)), &stroke(*ink, *width))
        }
        Mark::Area { corners, ink } => {
            backend.fill_polygon(corners.iter().map(|place| point(*place)), &filled(*ink))
        }
        Mark::Circle { centre, radius, ring, ink } => {
            let style = ring.map_or_else(|| filled(*ink), |width| stroke(*ink, width));
            backend.draw_circle(point(*centre), units(*radius).unsigned_abs(), &style, ring.is_none())
        }
        Mark::Text(label) => {
            let text: String = label.text.chars().map(clean).collect();
            backend.draw_text(&text, &text_style(label), point(label.place))
        }
    };
    // The backend writes into a string, which has no way to fail.
    drawn.ok();
}

fn units(length: f64) -> i32 {
    // A cast from float saturates, and takes NaN to 0.
    (length * SCALE).round() as i32
}

fn point((x, y): Place) -> (i32, i32) {
    (units(x), units(y))
}

fn colour(ink: Ink) -> RGBColor {
    let (r, g, b) = ink.rgb();
    RGBColor(r, g, b)
}

fn filled(ink: Ink) -> ShapeStyle {
    colour(ink).filled()
}

fn stroke(ink: Ink, width: f64) -> ShapeStyle {
    colour(ink).stroke_width(units(width).unsigned_abs())
}

fn text_style(label: &Label) -> TextStyle<'static> {
    let h_pos = match label.anchor {
        Anchor::Start => HPos::Left,
        Anchor::Middle => HPos::Center,
        Anchor::End => HPos::Right,
    };
    let weight = if label.bold { FontStyle::Bold } else { FontStyle::Normal };
    let font = FontDesc::new(FontFamily::SansSerif, font_size(label.size * SCALE), weight);
    let pos = Pos::new(h_pos, VPos::Center);
    TextStyle { font, color: colour(label.ink).to_backend_color(), pos }
}

/// What the backend, which divides sizes by 1.24, makes exactly `size` of.
fn font_size(size: f64) -> f64 {
    let near = size * 1.24;
    [near, near.next_down(), near.next_up()]
        .into_iter()
        .find(|size_in| size_in / 1.24 == size)
        .unwrap_or(near)
}
