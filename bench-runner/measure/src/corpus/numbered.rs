//! The number of an edit, in the place of `{n}`.

/// A text with the number in it.
pub(super) fn text(text: &str, n: u64) -> String {
    text.replace("{n}", &n.to_string())
}

/// A command with the number in it.
pub fn argv(argv: &[String], n: u64) -> Vec<String> {
    argv.iter().map(|word| text(word, n)).collect()
}
