//! The text edit: text is inserted after an anchor, or replaces it.

use super::error::EditError;
use crate::corpus::manifest::{EditPlacement, TextChange};
use crate::corpus::numbered;

/// The text of a file with change number `n` of the edit called `name` applied; 0 is the text itself.
///
/// # Errors
/// If the anchor does not occur exactly once.
pub(super) fn apply(text: &str, change: &TextChange, name: &str, n: u64) -> Result<String, EditError> {
    let (count, after) = occurrences(text, &change.anchor);
    if count != 1 {
        return Err(EditError::Anchor {
            edit: name.to_owned(),
            file: change.file.clone(),
            anchor: change.anchor.clone(),
            count,
        });
    }
    if n == 0 {
        return Ok(text.to_owned());
    }
    let (before, put) = match &change.put {
        EditPlacement::After(put) => (after, put),
        EditPlacement::InPlace(put) => (after - change.anchor.len(), put),
    };
    Ok(format!("{}{}{}", &text[..before], numbered::text(put, n), &text[after..]))
}

/// Number of occurrences of `anchor`, including overlapping ones, and the byte after the first one.
pub(super) fn occurrences(text: &str, anchor: &str) -> (usize, usize) {
    let mut starts = text.char_indices().map(|(at, _)| at).filter(|at| text[*at..].starts_with(anchor));
    match starts.next() {
        Some(first) => (1 + starts.count(), first + anchor.len()),
        None => (0, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlapping_anchors_are_counted() {
        assert_eq!(occurrences("aaa", "aa"), (2, 2));
        assert_eq!(occurrences("xäy", "ä"), (1, 3));
        assert_eq!(occurrences("", "a"), (0, 0));
    }

    #[test]
    fn a_text_goes_after_the_anchor_or_in_its_place() {
        let put = |put: EditPlacement, n: u64| {
            let change = TextChange { file: "f".into(), anchor: "bc".into(), put };
            apply("abcd", &change, "e", n).unwrap()
        };
        assert_eq!(put(EditPlacement::After("<{n}>".into()), 7), "abc<7>d");
        assert_eq!(put(EditPlacement::InPlace("<{n}{n}>".into()), 7), "a<77>d");
        assert_eq!(put(EditPlacement::InPlace("<{n}>".into()), 0), "abcd");
    }
}
