//! Colors for light and dark pages, and shapes that distinguish arms without relying on color.
//!
//! An ink is drawn in its light color, which no other ink shares; on dark pages a style sheet in the figure
//! replaces it by the dark color.

/// Color of a mark, by its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ink {
    /// Background of the figure.
    Card,
    /// Primary text and lines; the baseline.
    Text,
    /// Secondary text; the control.
    Muted,
    /// Lines of the grid.
    Grid,
    /// The equivalence margin.
    Margin,
    /// Every other round.
    Round,
    /// The interval of the control.
    Control,
    /// The mark of an outlier.
    Outlier,
    /// The verdict `faster`.
    Faster,
    /// The verdict `slower`.
    Slower,
    /// The variant with this index among the variants of a block.
    Arm(usize),
    /// The cell of a heat map, from −4 (much less time) to 0 (about the same) to 4 (much more). Text is drawn
    /// on it.
    Heat(i8),
}

/// Light and dark color of the inks except those of arms and heat maps.
const FIXED: [(Ink, &str, &str); 10] = [
    (Ink::Card, "#FFFFFF", "#0D1117"),
    (Ink::Text, "#1F2328", "#E6EDF3"),
    (Ink::Muted, "#59636E", "#9BA5B0"),
    (Ink::Grid, "#E4E7EB", "#262C34"),
    (Ink::Margin, "#E7EEF7", "#18243A"),
    (Ink::Round, "#F5F6F8", "#151A21"),
    (Ink::Control, "#B4BBC4", "#49525E"),
    (Ink::Outlier, "#57606B", "#A3ADB8"),
    (Ink::Faster, "#07508F", "#6BBBF7"),
    (Ink::Slower, "#943A00", "#F5964E"),
];

/// Light and dark color of the arms. None of them looks like a verdict, which is blue or orange, and the first
/// four differ for readers with red-green color blindness too.
const ARMS: [(&str, &str); 8] = [
    ("#007A4D", "#35C48A"),
    ("#C2379B", "#F283D9"),
    ("#85770A", "#E0D45C"),
    ("#45208F", "#8F74F2"),
    ("#2E9488", "#93EBE0"),
    ("#7A1F4B", "#D1638F"),
    ("#5E8C1F", "#9CCB4F"),
    ("#9368CC", "#D6C2FF"),
];

/// Light and dark color of the cells of a heat map, from −4 to 4.
const HEATS: [(&str, &str); 9] = [
    ("#5AA5DB", "#1A659F"),
    ("#86BDE6", "#15507F"),
    ("#B5D7F0", "#123A5C"),
    ("#DCECF8", "#10263A"),
    ("#F1F3F5", "#1B2129"),
    ("#FBE6D6", "#3A2413"),
    ("#F6C9A6", "#5A3212"),
    ("#EFA873", "#7A4112"),
    ("#E58A48", "#9A5113"),
];

/// Numbers of the first ink of an arm and of a heat map.
const FIRST_ARM: u8 = 64;
const FIRST_HEAT: u8 = 128;

/// Shape of a measured point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PointShape {
    Disc,
    Ring,
    Square,
    /// Triangle pointing up.
    Up,
    /// Square standing on a corner.
    Diamond,
    /// Triangle pointing down.
    Down,
    Plus,
    /// Diagonal cross.
    Cross,
    /// Outline of a square.
    Frame,
}

/// Seven shapes and eight colors: no two of the first 56 arms look the same.
const SHAPES: [PointShape; 7] = [
    PointShape::Square,
    PointShape::Up,
    PointShape::Diamond,
    PointShape::Down,
    PointShape::Plus,
    PointShape::Cross,
    PointShape::Frame,
];

impl PointShape {
    /// Shape of the variant with this index among the variants of a block.
    pub(crate) fn for_variant(index: usize) -> Self {
        SHAPES[index % SHAPES.len()]
    }
}

impl Ink {
    /// All inks of heat maps.
    pub(crate) fn heats() -> impl Iterator<Item = Self> {
        (-4..=4).map(Self::Heat)
    }

    /// All inks except those of heat maps.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        FIXED.iter().map(|(ink, ..)| *ink).chain((0..ARMS.len()).map(Self::Arm))
    }

    /// Color on a light page, `#RRGGBB`.
    pub(crate) fn light(self) -> &'static str {
        self.colors().0
    }

    /// Color on a dark page, `#RRGGBB`.
    pub(crate) fn dark(self) -> &'static str {
        self.colors().1
    }

    fn colors(self) -> (&'static str, &'static str) {
        if let Self::Arm(index) = self {
            return ARMS[index % ARMS.len()];
        }
        if let Self::Heat(level) = self {
            return HEATS[(level.clamp(-4, 4) + 4) as usize];
        }
        FIXED
            .iter()
            .find(|(ink, ..)| *ink == self)
            .map_or(("#000000", "#FFFFFF"), |(_, light, dark)| (light, dark))
    }

    /// Number of the ink's pair of colors; arms with the same colors share it.
    pub(super) fn number(self) -> u8 {
        match self {
            Self::Arm(index) => FIRST_ARM + (index % ARMS.len()) as u8,
            Self::Heat(level) => FIRST_HEAT + (level.clamp(-4, 4) + 4) as u8,
            fixed => FIXED.iter().position(|(ink, ..)| *ink == fixed).unwrap_or_default() as u8,
        }
    }

    /// The ink with this number.
    pub(super) fn from_number(number: u8) -> Option<Self> {
        if let Some(level) = number.checked_sub(FIRST_HEAT) {
            return (usize::from(level) < HEATS.len()).then_some(Self::Heat(level as i8 - 4));
        }
        if let Some(index) = number.checked_sub(FIRST_ARM) {
            return (usize::from(index) < ARMS.len()).then_some(Self::Arm(index.into()));
        }
        FIXED.get(usize::from(number)).map(|(ink, ..)| *ink)
    }

    /// Color on a light page, by channel.
    pub(crate) fn rgb(self) -> (u8, u8, u8) {
        channels(self.light())
    }
}

fn channels(color: &str) -> (u8, u8, u8) {
    let channel = |from: usize| {
        color.get(from..from + 2).and_then(|hex| u8::from_str_radix(hex, 16).ok()).unwrap_or_default()
    };
    (channel(1), channel(3), channel(5))
}

#[cfg(test)]
mod color_vision;

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance according to WCAG 2.
    fn luminance(color: &str) -> f64 {
        let (r, g, b) = channels(color);
        let linear = |value: u8| {
            let share = f64::from(value) / 255.0;
            if share <= 0.03928 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
    }

    fn contrast(a: &str, b: &str) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn what_carries_meaning_stands_out_on_both_pages() {
        for ink in Ink::all() {
            let least = match ink {
                Ink::Card | Ink::Grid | Ink::Margin | Ink::Round | Ink::Control | Ink::Heat(_) => continue,
                Ink::Text | Ink::Muted | Ink::Faster | Ink::Slower => 4.5,
                Ink::Arm(_) | Ink::Outlier => 3.0,
            };
            for (color, page) in [(ink.light(), Ink::Card.light()), (ink.dark(), Ink::Card.dark())] {
                let found = contrast(color, page);
                assert!(found >= least, "{ink:?}: {color} on {page} has {found:.2}, not {least}");
            }
            for tint in [Ink::Margin, Ink::Round] {
                let (light, dark) = (contrast(ink.light(), tint.light()), contrast(ink.dark(), tint.dark()));
                assert!(light >= 3.0 && dark >= 3.0, "{ink:?} on {tint:?}: {light:.2}, {dark:.2}");
            }
        }
    }

    #[test]
    fn text_stands_out_on_every_cell_of_a_heat_map() {
        for ink in Ink::heats() {
            let light = contrast(Ink::Text.light(), ink.light());
            let dark = contrast(Ink::Text.dark(), ink.dark());
            assert!(light >= 4.5 && dark >= 4.5, "{ink:?}: {light:.2}, {dark:.2}");
        }
    }

    #[test]
    fn no_two_inks_share_a_light_colour() {
        let mut seen = std::collections::BTreeMap::new();
        for ink in Ink::all().chain(Ink::heats()) {
            assert_eq!(seen.insert(ink.light(), ink), None, "{ink:?}");
        }
    }

    #[test]
    fn the_first_arms_differ_in_shape_or_colour() {
        let looks: Vec<_> =
            (0..56).map(|i| (PointShape::for_variant(i) as u8, Ink::Arm(i).light())).collect();
        let distinct: std::collections::BTreeSet<_> = looks.iter().collect();
        assert_eq!(distinct.len(), looks.len());
    }
}
