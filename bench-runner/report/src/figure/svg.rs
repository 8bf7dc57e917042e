//! A scene → SVG: a file that looks the same everywhere, or markup for a page that has the font.
//!
//! A file has outlines instead of text, since neither a browser that shows an image nor a drawing program
//! loads a font embedded in an SVG. Its title and description have the content in words. On a page, text
//! stays text.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use ttf_parser::OutlineBuilder;

use super::font;
use super::palette::Ink;
use super::scene::{Anchor, Label, Mark, Scene, ScenePosition};

/// Class of the figures, which limits their style rules to them.
pub(crate) const CLASS: &str = "bench-runner-figure";

/// Font for characters that the figures' font lacks.
const OTHER_FONTS: &str = "system-ui,sans-serif";

/// The scene as the text of a self-contained SVG file.
pub(crate) fn file(scene: &Scene) -> String {
    let mut text = TextRendering::Outlines(BTreeMap::new());
    let body = body(scene, &mut text);
    format!(
        "{}<style>\n.{CLASS} text{{font-family:{OTHER_FONTS}}}\n@media (prefers-color-scheme:dark){{\n{}}}\n</style>\n{}{}{body}</svg>\n",
        head(scene, "xmlns=\"http://www.w3.org/2000/svg\" "),
        rules_for(scene),
        card(scene),
        text.definitions(),
    )
}

/// The scene as an element of a page that has the font and the rules of [`dark_rules`].
pub(crate) fn inline(scene: &Scene) -> String {
    format!("{}{}</svg>\n", head(scene, ""), body(scene, &mut TextRendering::Live))
}

/// Style rules of a file; those of heat maps only if it is one.
fn rules_for(scene: &Scene) -> String {
    let is_heat = |mark: &Mark| matches!(mark, Mark::Area { ink: Ink::Heat(_), .. });
    let more = if scene.marks.iter().any(is_heat) { dark_rules_of(Ink::heats()) } else { String::new() };
    dark_rules() + &more
}

/// Style rules that replace each ink by its color on dark pages, except the inks of heat maps.
pub(crate) fn dark_rules() -> String {
    dark_rules_of(Ink::all())
}

/// Style rules that replace these inks by their colors on dark pages.
pub(crate) fn dark_rules_of(inks: impl Iterator<Item = Ink>) -> String {
    inks.fold(String::new(), |mut rules, ink| {
        let (light, dark) = (ink.light(), ink.dark());
        writeln!(rules, ".{CLASS} [fill=\"{light}\"]{{fill:{dark}}}").ok();
        writeln!(rules, ".{CLASS} [stroke=\"{light}\"]{{stroke:{dark}}}").ok();
        rules
    })
}

fn head(scene: &Scene, more: &str) -> String {
    let (title, description) = (escape_xml(&scene.title), escape_xml(&scene.description));
    let (width, height) = (number(scene.width), number(scene.height.ceil()));
    format!(
        "<svg {more}class=\"{CLASS}\" role=\"img\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">\n\
         <title>{title}</title>\n<desc>{description}</desc>\n"
    )
}

/// Background of the figure.
fn card(scene: &Scene) -> String {
    format!(
        "<rect x=\".5\" y=\".5\" width=\"{}\" height=\"{}\" rx=\"8\" fill=\"{}\" stroke=\"{}\"/>\n",
        number(scene.width - 1.0),
        number(scene.height.ceil() - 1.0),
        Ink::Card.light(),
        Ink::Grid.light(),
    )
}

/// Representation of texts.
enum TextRendering {
    /// As text.
    Live,
    /// As outlines, with the path of each glyph used so far.
    Outlines(BTreeMap<(bool, u16), String>),
}

impl TextRendering {
    fn definitions(&self) -> String {
        let Self::Outlines(glyphs) = self else { return String::new() };
        let paths = glyphs.iter().map(|((bold, glyph), path)| {
            format!("<path id=\"{}\" d=\"{path}\"/>\n", glyph_id(*bold, *glyph))
        });
        format!("<defs>\n{}</defs>\n", paths.collect::<String>())
    }
}

fn glyph_id(bold: bool, glyph: u16) -> String {
    format!("bench-runner-{}{glyph}", if bold { 'b' } else { 'r' })
}

/// All marks; consecutive marks with the same paint share an element.
fn body(scene: &Scene, text: &mut TextRendering) -> String {
    let mut out = String::new();
    for alike in scene.marks.chunk_by(have_same_paint) {
        match (Paint::of(&alike[0]), &alike[0]) {
            (Some(paint), _) => {
                let path: String = alike.iter().map(path).collect();
                writeln!(out, "<path d=\"{path}\" {}/>", paint.attributes()).ok();
            }
            (None, Mark::Text(label)) => write_label(&mut out, label, text),
            (None, _) => {}
        }
    }
    out
}

/// Paint of a mark.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Paint {
    Line {
        ink: Ink,
        width: f64,
    },
    /// The end of a line without a length.
    Disc {
        ink: Ink,
        width: f64,
    },
    Area {
        ink: Ink,
    },
}

impl Paint {
    /// `None` for text.
    fn of(mark: &Mark) -> Option<Self> {
        match mark {
            Mark::Line { width, ink, .. } => Some(Self::Line { ink: *ink, width: *width }),
            Mark::Circle { ring: Some(width), ink, .. } => Some(Self::Line { ink: *ink, width: *width }),
            // A disc is the end of a line: a third of what two arcs would take.
            Mark::Circle { ring: None, radius, ink, .. } => {
                Some(Self::Disc { ink: *ink, width: radius * 2.0 })
            }
            Mark::Area { ink, .. } => Some(Self::Area { ink: *ink }),
            Mark::Text(_) => None,
        }
    }

    fn attributes(self) -> String {
        let stroked = |ink: Ink, width: f64| {
            format!("fill=\"none\" stroke=\"{}\" stroke-width=\"{}\"", ink.light(), number(width))
        };
        match self {
            Self::Line { ink, width } => stroked(ink, width),
            Self::Disc { ink, width } => format!("{} stroke-linecap=\"round\"", stroked(ink, width)),
            Self::Area { ink } => format!("fill=\"{}\"", ink.light()),
        }
    }
}

/// True if two marks can share an element. Inks can have one color, and widths the same digits.
fn have_same_paint(one: &Mark, next: &Mark) -> bool {
    match (Paint::of(one), Paint::of(next)) {
        (Some(one), Some(next)) => one == next || one.attributes() == next.attributes(),
        _ => false,
    }
}

fn path(mark: &Mark) -> String {
    match mark {
        Mark::Line { places, .. } => polyline(places),
        Mark::Area { corners, .. } => polyline(corners) + "z",
        Mark::Circle { center: (x, y), ring: None, .. } => format!("M{} {}h0", number(*x), number(*y)),
        Mark::Circle { center: (x, y), radius, .. } => {
            let (r, d) = (number(*radius), number(radius * 2.0));
            format!("M{} {}a{r} {r} 0 1 0 {d} 0a{r} {r} 0 1 0 -{d} 0z", number(x - radius), number(*y))
        }
        Mark::Text(_) => String::new(),
    }
}

/// A line from the first place through the others, each relative to the one before it, which is shorter.
fn polyline(places: &[ScenePosition]) -> String {
    let mut path = String::new();
    let mut last = (0, 0);
    for (index, place) in places.iter().enumerate() {
        let (x, y) = (tenths(place.0), tenths(place.1));
        let (dx, dy) = (in_tenths(x - last.0), in_tenths(y - last.1));
        // A sign parts numbers as a space does.
        let space = |next: &str| if next.starts_with('-') { "" } else { " " };
        let start = match index {
            0 => "M",
            1 => "l",
            _ => space(&dx),
        };
        write!(path, "{start}{dx}{}{dy}", space(&dy)).ok();
        last = (x, y);
    }
    path
}

fn write_label(out: &mut String, label: &Label, text: &mut TextRendering) {
    let baseline = label.place.1 + label.size * font::CAPITAL_HEIGHT / 2.0;
    match text {
        TextRendering::Live => write_text(out, label, (label.place.0, baseline), label.anchor),
        TextRendering::Outlines(glyphs) => {
            let start = label.place.0 - label.anchor.share() * label.width();
            let font = label.weight().font();
            if label.text.chars().all(|c| font.glyph(c).is_some()) {
                write_outlines(out, label, (start, baseline), glyphs);
            } else {
                write_text(out, label, (start, baseline), Anchor::Start);
            }
        }
    }
    out.push('\n');
}

fn write_text(out: &mut String, label: &Label, (x, y): ScenePosition, anchor: Anchor) {
    let anchor = match anchor {
        Anchor::Start => "",
        Anchor::Middle => " text-anchor=\"middle\"",
        Anchor::End => " text-anchor=\"end\"",
    };
    let weight = if label.bold { " font-weight=\"600\"" } else { "" };
    let (x, y, size, ink) = (number(x), number(y), number(label.size), label.ink.light());
    let text = escape_xml(&label.text);
    write!(
        out,
        "<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\"{anchor}{weight} fill=\"{ink}\">{text}</text>"
    )
    .ok();
}

fn write_outlines(
    out: &mut String,
    label: &Label,
    (x, y): ScenePosition,
    glyphs: &mut BTreeMap<(bool, u16), String>,
) {
    let font = label.weight().font();
    let scale = label.size / font.units();
    let (x, y, ink) = (number(x), number(y), label.ink.light());
    write!(out, "<g transform=\"translate({x} {y}) scale({scale:.6} -{scale:.6})\" fill=\"{ink}\">").ok();
    let mut pen = 0.0;
    for glyph in label.text.chars().filter_map(|c| font.glyph(c)) {
        let drawn = glyphs.entry((label.bold, glyph.number)).or_insert_with(|| {
            let mut path = PathText::default();
            font.outline(glyph.number, &mut path);
            path.0
        });
        if !drawn.is_empty() {
            write!(out, "<use href=\"#{}\" x=\"{}\"/>", glyph_id(label.bold, glyph.number), number(pen)).ok();
        }
        pen += glyph.advance;
    }
    out.push_str("</g>");
}

/// Writes an outline as the data of a path.
#[derive(Default)]
struct PathText(String);

impl PathText {
    fn push(&mut self, command: char, values: &[f32]) {
        self.0.push(command);
        for (index, value) in values.iter().enumerate() {
            let space = if index == 0 { "" } else { " " };
            write!(self.0, "{space}{}", number(f64::from(*value))).ok();
        }
    }
}

impl OutlineBuilder for PathText {
    fn move_to(&mut self, x: f32, y: f32) {
        self.push('M', &[x, y]);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.push('L', &[x, y]);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        self.push('Q', &[x1, y1, x, y]);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        self.push('C', &[x1, y1, x2, y2, x, y]);
    }

    fn close(&mut self) {
        self.0.push('z');
    }
}

/// A length to a tenth of a pixel in as few characters as possible; 0 if it is not finite.
fn number(length: f64) -> String {
    in_tenths(tenths(length))
}

fn tenths(length: f64) -> i64 {
    if length.is_finite() { (length * 10.0).round() as i64 } else { 0 }
}

fn in_tenths(tenths: i64) -> String {
    let (sign, tenths) = (if tenths < 0 { "-" } else { "" }, tenths.unsigned_abs());
    match tenths % 10 {
        0 => format!("{sign}{}", tenths / 10),
        tenth => format!("{sign}{}.{tenth}", tenths / 10),
    }
}

fn escape_xml(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '<' => "&lt;".to_owned(),
            '>' => "&gt;".to_owned(),
            '&' => "&amp;".to_owned(),
            '"' => "&quot;".to_owned(),
            other => replace_control(other).to_string(),
        })
        .collect()
}

/// Replaces control characters, which XML cannot represent.
fn replace_control(c: char) -> char {
    if c.is_control() || matches!(c, '\u{FFFE}' | '\u{FFFF}') { '\u{FFFD}' } else { c }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_short_and_always_numbers() {
        let lengths = [0.0, -0.04, 1.0, 1.25, -3.04, 1e3, f64::NAN, f64::INFINITY].map(number);
        assert_eq!(lengths, ["0", "0", "1", "1.3", "-3", "1000", "0", "0"]);
    }

    #[test]
    fn lines_are_relative_without_adding_up_roundings() {
        let places: Vec<_> = (0..=100).map(|n| (f64::from(n) * 0.04, 5.0)).collect();
        let path = polyline(&places);
        let steps = path.trim_start_matches("M0 5l").split(' ').step_by(2);
        let sum: f64 = steps.map(|step| step.parse::<f64>().unwrap()).sum();
        assert!((sum - 4.0).abs() < 1e-9, "{path}");
        assert_eq!(polyline(&[(10.0, 20.0), (17.0, 20.0), (10.5, 18.96)]), "M10 20l7 0-6.5-1");
        assert_eq!(polyline(&[]), "");
    }

    #[test]
    fn neighbours_of_one_look_share_a_path() {
        let mut scene = Scene::new("", "");
        scene.line((0.0, 0.0), (1.0, 1.0), 2.0, Ink::Text);
        scene.line((5.0, 0.0), (6.0, 1.0), 2.0, Ink::Text);
        scene.line((5.0, 0.0), (6.0, 1.0), 3.0, Ink::Text);
        let drawn = inline(&scene);
        assert_eq!(drawn.matches("<path").count(), 2, "{drawn}");
        assert!(drawn.contains("d=\"M0 0l1 1M5 0l1 1\""), "{drawn}");
    }

    #[test]
    fn a_file_has_each_glyph_once_and_a_page_has_text() {
        let mut scene = Scene::new("", "");
        scene.text(Label::new((10.0, 20.0), "aa b", 10.0, Ink::Text));
        let outlined = file(&scene);
        assert_eq!(
            outlined.matches("<path id=").count(),
            3,
            "the space has an entry without a path: {outlined}"
        );
        assert_eq!(outlined.matches("<use").count(), 3, "{outlined}");
        assert!(!outlined.contains("<text"));
        assert!(inline(&scene).contains(">aa b</text>"));
    }

    #[test]
    fn what_the_font_lacks_stays_text_in_a_file() {
        let mut scene = Scene::new("", "");
        scene.text(Label::new((10.0, 20.0), "語", 10.0, Ink::Text));
        assert!(file(&scene).contains(">語</text>"));
    }
}
