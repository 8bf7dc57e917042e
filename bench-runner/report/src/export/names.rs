//! Names for other tools.

use std::collections::HashSet;

use super::error::ExportError;

/// The text on one line: characters that break lines, move the cursor or change the direction of writing
/// become spaces, because tools print names unchanged.
pub(super) fn one_line(text: &str) -> String {
    let is_control = |c: char| {
        c.is_control()
            || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
    };
    let line: String = text.chars().map(|c| if is_control(c) { ' ' } else { c }).collect();
    line.trim().to_owned()
}

/// The text as part of a file name; sequences of characters other than ASCII letters, digits and `-_.=+,`
/// become one `-`. Never empty, never hidden, and short enough for every file system.
pub(super) fn file_stem(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.=+,".contains(c);
    let mut stem = String::new();
    for c in text.chars() {
        match (plain(c), stem.ends_with('-')) {
            (true, _) => stem.push(c),
            (false, false) => stem.push('-'),
            (false, true) => {}
        }
    }
    stem.truncate(120);
    match stem.trim_matches(['.', '-']) {
        "" => "export".to_owned(),
        stem => stem.to_owned(),
    }
}

/// The stem, followed by a number if it is taken.
pub(super) fn free_stem(stem: String, taken: &mut HashSet<String>) -> String {
    let numbered = (2..).map(|number| format!("{stem}-{number}"));
    let free =
        std::iter::once(stem.clone()).chain(numbered).find(|name| !taken.contains(name)).unwrap_or(stem);
    taken.insert(free.clone());
    free
}

/// Names of one format that must be unique.
pub(super) struct UniqueNames {
    format: &'static str,
    help: &'static str,
    taken: HashSet<String>,
}

impl UniqueNames {
    pub(super) fn new(format: &'static str, help: &'static str) -> Self {
        Self { format, help, taken: HashSet::new() }
    }

    /// Returns the name and marks it as taken.
    ///
    /// # Errors
    /// If the name is already taken.
    pub(super) fn claim(&mut self, name: String) -> Result<String, ExportError> {
        if self.taken.insert(name.clone()) {
            return Ok(name);
        }
        Err(ExportError::SameName { format: self.format, name, help: self.help })
    }
}

/// Advice if cells of several runs have the same name.
pub(super) const ONE_BY_ONE: &str = "export the runs one by one";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_on_its_line() {
        assert_eq!(one_line("a\nb\r\tc \u{202E}d"), "a b  c  d");
        assert_eq!(one_line("\u{1b}[31mred "), "[31mred");
        assert_eq!(one_line("<b>\"x\"</b>"), "<b>\"x\"</b>");
    }

    #[test]
    fn a_file_name_leads_nowhere_else() {
        assert_eq!(file_stem("linker=mold profile=dev"), "linker=mold-profile=dev");
        assert_eq!(file_stem("linker=bfd (twin)"), "linker=bfd-twin");
        assert_eq!(file_stem("../../x"), "x");
        assert_eq!(file_stem("…"), "export");
        assert_eq!(file_stem(".."), "export");
        assert_eq!(file_stem(&"x".repeat(1000)).len(), 120);
    }

    #[test]
    fn like_file_names_are_numbered() {
        let mut taken = HashSet::new();
        let stems = ["a", "b", "a", "a"].map(|stem| free_stem(stem.to_owned(), &mut taken));
        assert_eq!(stems, ["a", "b", "a-2", "a-3"]);
    }
}
