//! The font of all figures and pages: widths of texts and outlines of glyphs.
//!
//! The program includes a few hundred glyphs of Inter (extracted by `fonts/make.py`), so a figure looks the
//! same on every machine: files have outlines instead of text, and a page embeds the font. All digits have
//! the same width. Missing characters (Chinese, emoji, …) are drawn in the viewer's font, or as a box in a
//! PNG.

use std::sync::LazyLock;

use ttf_parser::{Face, GlyphId, OutlineBuilder};

/// Stroke weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weight {
    /// For text.
    Regular,
    /// For emphasis.
    SemiBold,
}

/// The fonts for embedding in pages: WOFF2 in base64, with the CSS weight.
pub(crate) const FOR_PAGES: [(&str, u16); 2] = [
    (include_str!("../../fonts/Inter-Regular.woff2.base64"), 400),
    (include_str!("../../fonts/Inter-SemiBold.woff2.base64"), 600),
];

static REGULAR: LazyLock<Font> = LazyLock::new(|| Font::new(include_bytes!("../../fonts/Inter-Regular.otf")));
static SEMI_BOLD: LazyLock<Font> =
    LazyLock::new(|| Font::new(include_bytes!("../../fonts/Inter-SemiBold.otf")));

/// Width assumed for a character that the font lacks, as a fraction of the size: that of a wide character.
const MISSING_WIDTH: f64 = 1.15;
/// Height of capital letters as a fraction of the size; texts are centered on half of it.
pub(crate) const CAPITAL_HEIGHT: f64 = 2048.0 / 2816.0;

/// One weight of the font.
pub(crate) struct Font {
    face: Face<'static>,
    /// Glyphs of the characters below 128, which make up nearly all texts.
    ascii: Vec<Option<Glyph>>,
}

/// A glyph of the font.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Glyph {
    /// Glyph number in the font.
    pub(crate) number: u16,
    /// Advance width, in units of the font.
    pub(crate) advance: f64,
}

impl Weight {
    pub(crate) fn font(self) -> &'static Font {
        match self {
            Self::Regular => &REGULAR,
            Self::SemiBold => &SEMI_BOLD,
        }
    }
}

impl Font {
    fn new(bytes: &'static [u8]) -> Self {
        let face = Face::parse(bytes, 0).expect("the font comes with the program, and a test reads it");
        let ascii = (0..128u8).map(|byte| find_glyph(&face, char::from(byte))).collect();
        Self { face, ascii }
    }

    /// Units per em.
    pub(crate) fn units(&self) -> f64 {
        f64::from(self.face.units_per_em())
    }

    /// Glyph of a character; `None` if the font has none.
    pub(crate) fn glyph(&self, c: char) -> Option<Glyph> {
        match self.ascii.get(c as usize) {
            Some(known) => *known,
            None => find_glyph(&self.face, c),
        }
    }

    /// Width of a text as a fraction of the font size.
    pub(crate) fn width(&self, text: &str) -> f64 {
        let ems = |c| self.glyph(c).map_or(MISSING_WIDTH, |glyph| glyph.advance / self.units());
        text.chars().map(ems).sum()
    }

    /// Draws a glyph in units of the font, with y growing upwards; a space draws nothing.
    pub(crate) fn outline(&self, number: u16, pen: &mut dyn OutlineBuilder) {
        // `None` only means that there is nothing to draw.
        self.face.outline_glyph(GlyphId(number), pen);
    }
}

fn find_glyph(face: &Face<'static>, c: char) -> Option<Glyph> {
    let glyph = face.glyph_index(c).filter(|glyph| glyph.0 != 0)?;
    let advance = f64::from(face.glyph_hor_advance(glyph).unwrap_or_default());
    Some(Glyph { number: glyph.0, advance })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_all_of_one_width() {
        for weight in [Weight::Regular, Weight::SemiBold] {
            let widths: Vec<f64> = ('0'..='9').map(|c| weight.font().width(&c.to_string())).collect();
            assert!(widths[0] > 0.5 && widths.iter().all(|width| *width == widths[0]), "{widths:?}");
        }
    }

    #[test]
    fn the_font_has_what_figures_say() {
        for weight in [Weight::Regular, Weight::SemiBold] {
            for c in "←→−×±–—…·≤≥≈µ²τθ%▲▼✓".chars() {
                assert!(weight.font().glyph(c).is_some(), "{c}");
            }
            assert_eq!(weight.font().glyph('語'), None);
            assert_eq!(weight.font().width("語"), MISSING_WIDTH);
        }
    }

    #[test]
    fn widths_add_up() {
        let font = Weight::Regular.font();
        assert!((font.width("ab") - font.width("a") - font.width("b")).abs() < 1e-12);
        assert!(font.width("mmm") > font.width("iii") * 2.0);
        assert!(Weight::SemiBold.font().width("mold") > font.width("mold"));
    }
}
