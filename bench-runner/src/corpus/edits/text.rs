//! The text edit: something is put in after an anchor.

use super::EditError;
use crate::corpus::manifest::Edit;

/// The text of a file with edit number `n` in place; 0 is the text itself.
///
/// # Errors
/// Where the anchor does not occur exactly once.
pub fn edited(text: &str, edit: &Edit, n: u64) -> Result<String, EditError> {
    let (count, after) = occurrences(text, &edit.anchor);
    if count != 1 {
        return Err(EditError::Anchor {
            edit: edit.name.clone(),
            file: edit.file.clone(),
            anchor: edit.anchor.clone(),
            count,
        });
    }
    if n == 0 {
        return Ok(text.to_owned());
    }
    Ok(format!("{}{}{}", &text[..after], edit.insert.replace("{n}", &n.to_string()), &text[after..]))
}

/// How often `anchor` occurs, overlapping ones included, and the byte after the first one.
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
}
