//! Widths of texts, and shortening of texts.

use super::font::Weight;

/// Width of `text` at a font size, in the font of the figures.
pub(crate) fn width(text: &str, size: f64, bold: bool) -> f64 {
    let weight = if bold { Weight::SemiBold } else { Weight::Regular };
    weight.font().width(text) * size
}

/// `text`, or its two ends with `…` between them if it does not fit into `room`.
pub(crate) fn shorten(text: &str, room: f64, size: f64, bold: bool) -> String {
    if width(text, size, bold) <= room {
        return text.to_owned();
    }
    let chars: Vec<char> = text.chars().collect();
    for kept in (1..chars.len()).rev() {
        // The end of a name often distinguishes variants, so it gets the odd character.
        let head: String = chars[..kept / 2].iter().collect();
        let tail: String = chars[chars.len() - (kept - kept / 2)..].iter().collect();
        let short = format!("{}…{}", head.trim_end(), tail.trim_start());
        if width(&short, size, bold) <= room {
            return short;
        }
    }
    "…".to_owned()
}

/// `text` broken between words into at most `most` lines that fit into `room`. The last line, or a single
/// word, is shortened if it is too long.
pub(crate) fn lines(text: &str, room: f64, (size, bold): (f64, bool), most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        let full = lines.len() >= most;
        let longer = lines.last().map(|line| format!("{line} {word}"));
        match (longer.filter(|longer| full || width(longer, size, bold) <= room), lines.last_mut()) {
            (Some(longer), Some(line)) => *line = longer,
            _ => lines.push(word.to_owned()),
        }
    }
    lines.iter().map(|line| shorten(line, room, size, bold)).collect()
}

/// Names shortened to fit into `room` and to stay distinct: names that would become the same lose their
/// common beginning and end instead of their middle.
pub(crate) fn shorten_all(names: &[String], room: f64, size: f64) -> Vec<String> {
    let short: Vec<String> = names.iter().map(|name| shorten(name, room, size, false)).collect();
    let alike = |index: usize| -> Vec<&String> {
        let same = names.iter().zip(&short).filter(|(name, text)| **text == short[index] && *name != *text);
        same.map(|(name, _)| name).collect()
    };
    let one = |index: usize| match alike(index).as_slice() {
        group @ [_, _, ..] => shorten(&without_ends(&names[index], group), room, size, false),
        _ => short[index].clone(),
    };
    (0..names.len()).map(one).collect()
}

/// `name` without the common beginning and end of all names in `group`, which contains it.
fn without_ends(name: &str, group: &[&String]) -> String {
    let chars: Vec<char> = name.chars().collect();
    let common = |backwards: bool| {
        let same = |other: &&String| {
            let pairs: usize = if backwards {
                other.chars().rev().zip(chars.iter().rev()).take_while(|(a, b)| a == *b).count()
            } else {
                other.chars().zip(&chars).take_while(|(a, b)| a == *b).count()
            };
            pairs
        };
        group.iter().map(same).min().unwrap_or(0)
    };
    let head = common(false).min(chars.len());
    let tail = common(true).min(chars.len() - head);
    // Keep the whole setting, so that `units=4` stays readable.
    let start = chars[..head].iter().rposition(|c| *c == ' ').map_or(0, |space| space + 1);
    let kept: String = chars[start..chars.len() - tail].iter().collect();
    format!("…{kept}…")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_stays_as_it_is() {
        assert_eq!(shorten("linker=mold", 100.0, 12.0, false), "linker=mold");
    }

    #[test]
    fn what_does_not_fit_loses_its_middle() {
        let name = "linker=mold, debuginfo=line-tables-only, codegen-units=16";
        let short = shorten(name, 160.0, 12.0, false);
        assert!(width(&short, 12.0, false) <= 160.0);
        assert!(
            short.starts_with("linker=") && short.contains('…') && short.ends_with("units=16"),
            "{short}"
        );
        assert_eq!(shorten(name, 3.0, 12.0, false), "…");
        assert_eq!(shorten("", 3.0, 12.0, false), "");
    }

    #[test]
    fn a_text_is_broken_between_words_and_what_has_no_room_is_shortened() {
        let text = "one two three four";
        let room = width("one two", 12.0, false) + 0.1;
        assert_eq!(lines(text, room, (12.0, false), 9), ["one two", "three", "four"]);
        assert_eq!(lines(text, 1e3, (12.0, false), 9), [text]);
        assert_eq!(lines(text, room, (12.0, false), 1), [shorten(text, room, 12.0, false)]);
        let two = lines(text, room, (12.0, false), 2);
        assert_eq!((two.len(), two[0].as_str()), (2, "one two"));
        assert!(two.iter().all(|line| width(line, 12.0, false) <= room), "{two:?}");
        assert_eq!(lines("", room, (12.0, false), 2), [""]);
    }

    #[test]
    fn names_that_differ_in_their_middle_still_differ_when_short() {
        let name = |n: u32| {
            format!("linker=mold, debuginfo=line-tables-only, codegen-units={n}, opt-level=2, lto=off")
        };
        let short = shorten_all(&[name(1), name(16), "linker=lld".to_owned()], 160.0, 12.0);
        assert_eq!(short, ["…codegen-units=1…", "…codegen-units=16…", "linker=lld"]);
    }
}
