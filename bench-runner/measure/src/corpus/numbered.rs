//! Replaces `{n}` with the number of an edit.

pub(super) fn text(text: &str, n: u64) -> String {
    text.replace("{n}", &n.to_string())
}

pub fn argv(argv: &[String], n: u64) -> Vec<String> {
    argv.iter().map(|word| text(word, n)).collect()
}
