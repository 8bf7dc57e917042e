//! Suggestions for mistyped names.

/// Returns the candidate closest to `word`, if one is close enough to be what was meant.
///
/// The distance is that of Damerau and Levenshtein, ignoring case; up to a third of the longer word may
/// differ.
pub fn suggest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| {
            let folded = candidate.to_lowercase();
            let longer = word.chars().count().max(folded.chars().count());
            (strsim::damerau_levenshtein(&word, &folded), longer, candidate)
        })
        .filter(|(distance, longer, _)| *distance <= (longer / 3).max(1) && distance < longer)
        .min_by_key(|(distance, _, _)| *distance)
        .map(|(_, _, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_of_the_fingers_are_recognised() {
        let names = ["ripgrep", "hexyl", "hyperfine"];
        assert_eq!(suggest("ripgerp", names), Some("ripgrep"));
        assert_eq!(suggest("HEXYL", names), Some("hexyl"));
        assert_eq!(suggest("hyperfin", names), Some("hyperfine"));
    }

    #[test]
    fn what_is_far_off_suggests_nothing() {
        assert_eq!(suggest("tokio", ["ripgrep", "hexyl"]), None);
        assert_eq!(suggest("x", ["y"]), None);
        assert_eq!(suggest("x", []), None);
    }
}
