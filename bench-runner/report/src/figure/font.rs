//! The font of all figures and pages: how wide a text is, and the outline of each glyph.
//!
//! A few hundred glyphs of Inter come with the program (`fonts/make.py` made them), so that a figure
//! looks the same on every machine: files have outlines in place of text, a page has the font in it. Digits are all of
//! one width. What the font lacks (Chinese, emoji, …) is drawn by the viewer's font, or as a box in a PNG.

use std::sync::LazyLock;

use ttf_parser::{Face, GlyphId, OutlineBuilder};

/// How thick the strokes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weight {
    /// For text.
    Regular,
    /// For what is to stand out.
    SemiBold,
}

/// The fonts as a page embeds them, WOFF2 in base64, with their CSS weight.
pub(crate) const FOR_PAGES: [(&str, u16); 2] = [
    (include_str!("../../fonts/Inter-Regular.woff2.base64"), 400),
    (include_str!("../../fonts/Inter-SemiBold.woff2.base64"), 600),
];

static REGULAR: LazyLock<Font> = LazyLock::new(|| Font::new(include_bytes!("../../fonts/Inter-Regular.otf")));
static SEMI_BOLD: LazyLock<Font> =
    LazyLock::new(|| Font::new(include_bytes!("../../fonts/Inter-SemiBold.otf")));

/// Width of a character that the font lacks, as a share of the size: that of a wide one.
const MISSING_WIDTH: f64 = 1.15;
/// Height of capital letters as a share of the size; texts stand centred on half of it.
pub(crate) const CAPITAL_HEIGHT: f64 = 2048.0 / 2816.0;

/// One weight.
pub(crate) struct Font {
    face: Face<'static>,
    /// Advance and glyph of the characters below 128, which nearly all texts are made of.
    ascii: Vec<Option<Glyph>>,
}

/// A glyph of the font.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Glyph {
    /// Its number in the font.
    pub(crate) number: u16,
    /// How far it moves on, in units of the font.
    pub(crate) advance: f64,
}

impl Weight {
    /// The font of this weight.
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

    /// Units of the font in one size.
    pub(crate) fn units(&self) -> f64 {
        f64::from(self.face.units_per_em())
    }

    /// The glyph of a character; `None` where the font has none.
    pub(crate) fn glyph(&self, c: char) -> Option<Glyph> {
        match self.ascii.get(c as usize) {
            Some(known) => *known,
            None => find_glyph(&self.face, c),
        }
    }

    /// Width of a text as a share of the font size.
    pub(crate) fn width(&self, text: &str) -> f64 {
        let ems = |c| self.glyph(c).map_or(MISSING_WIDTH, |glyph| glyph.advance / self.units());
        text.chars().map(ems).sum()
    }

    /// Draws a glyph in units of the font, with y growing upwards; nothing for a space.
    pub(crate) fn outline(&self, number: u16, pen: &mut dyn OutlineBuilder) {
        // `None` only says that there is nothing to draw.
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
