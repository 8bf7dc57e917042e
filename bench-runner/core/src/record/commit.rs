//! Commits as readers see them.

use super::ids::is_hex;

/// A commit with the first line of its message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitLine {
    /// The full id.
    pub id: String,
    /// The first line of its message.
    pub subject: String,
}

/// The first ten digits of a full commit id; any other text, such as a version, unchanged.
pub fn short_commit(text: &str) -> &str {
    if is_hex(text, 40) { &text[..10] } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_full_ids_are_shortened() {
        assert_eq!(short_commit(&"0123456789".repeat(4)), "0123456789");
        assert_eq!(short_commit("mold 2.40.4"), "mold 2.40.4");
        assert_eq!(short_commit("0123456789ab"), "0123456789ab");
    }
}
