//! A text with the name of its file, and an error that shows a position in it.

use std::fmt;
use std::io;
use std::ops::Range;
use std::path::Path;

use bench_runner_core::record::Refusal;

use super::mask_credentials;

/// Longest part of a line that is shown, in characters.
const LONGEST_EXCERPT: usize = 100;

/// A text and the file name that errors show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceText {
    pub name: String,
    pub text: String,
}

impl SourceText {
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: name.into(), text: text.into() }
    }

    /// Reads `path`; its name is the path as given.
    ///
    /// # Errors
    /// If the file cannot be read or is not UTF-8.
    pub fn read(path: &Path) -> io::Result<Self> {
        Ok(Self::new(path.display().to_string(), std::fs::read_to_string(path)?))
    }

    /// An error at the given bytes of this text. Credentials in addresses are not shown.
    pub fn error(&self, span: Range<usize>, message: impl Into<String>) -> DocError {
        let start = floor_boundary(&self.text, span.start);
        let line_start = self.text[..start].rfind('\n').map_or(0, |newline| newline + 1);
        let line = self.text[line_start..].lines().next().unwrap_or("");
        let before = self.text[line_start..start].chars().count();
        let end = floor_boundary(&self.text, span.end).max(start);
        let marked = self.text[start..end].lines().next().unwrap_or("").chars().count();
        let (shown, offset) = window(&mask_credentials(line), before);
        let room = shown.chars().count().saturating_sub(before - offset);
        DocError {
            file: self.name.clone(),
            line: small(self.text[..start].matches('\n').count() + 1),
            column: small(before + 1),
            message: mask_credentials(&message.into()),
            help: None,
            excerpt: Box::new(Excerpt {
                line: shown,
                caret: before - offset,
                marked: marked.min(room).max(1),
            }),
        }
    }
}

/// An error in a file, with its position and help, if there is any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocError {
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
    pub message: String,
    pub help: Option<String>,
    excerpt: Box<Excerpt>,
}

/// The line of an error and the marked part of it, in characters. Boxed: errors are passed by value.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Excerpt {
    line: String,
    caret: usize,
    marked: usize,
}

impl DocError {
    pub fn help(&self) -> Option<String> {
        self.help.clone()
    }

    /// The same error with help.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(mask_credentials(&help.into()));
        self
    }

    /// The same position with another message and its help.
    pub(crate) fn with_refusal(self, refusal: Refusal) -> Self {
        let error = Self { message: mask_credentials(&refusal.what), help: None, ..self };
        match refusal.help {
            Some(help) => error.with_help(help),
            None => error,
        }
    }

    /// The same error with the valid name closest to `word` as its help, or all of them if none is close.
    #[must_use]
    pub(crate) fn suggest<'a>(self, word: &str, valid: impl IntoIterator<Item = &'a str> + Clone) -> Self {
        if let Some(name) = bench_runner_core::suggest::suggest(word, valid.clone()) {
            return self.with_help(format!("did you mean `{name}`?"));
        }
        let names: Vec<String> = valid.into_iter().map(|name| format!("`{name}`")).collect();
        if names.is_empty() { self } else { self.with_help(format!("valid are {}", names.join(", "))) }
    }
}

impl fmt::Display for DocError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Excerpt { line, caret, marked } = self.excerpt.as_ref();
        writeln!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.message)?;
        writeln!(f, "  {line}")?;
        write!(f, "  {:caret$}{:^>marked$}", "", "")
    }
}

impl std::error::Error for DocError {}

/// The part of a line around its character `at`, without control characters, and the number of characters
/// skipped before it.
fn window(line: &str, at: usize) -> (String, usize) {
    let skipped = at.saturating_sub(LONGEST_EXCERPT * 3 / 4);
    let shown = line.chars().skip(skipped).take(LONGEST_EXCERPT);
    (shown.map(|c| if c.is_control() { ' ' } else { c }).collect(), skipped)
}

fn floor_boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn small(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::printed_error::PrintedError as _;

    #[test]
    fn an_error_shows_its_place_and_the_way_out() {
        let source = SourceText::new("a.toml", "one = 1\n\ttwo = \"zwei\"\nthree = 3\n");
        let at = source.text.find("\"zwei\"").unwrap();
        let error = source.error(at..at + 6, "`two` is not a number").with_help("write `two = 2`");
        expect_test::expect![[r#"
            a.toml:2:8: `two` is not a number
               two = "zwei"
                     ^^^^^^
            help: write `two = 2`"#]]
        .assert_eq(&error.printed());
    }

    #[test]
    fn columns_count_characters_and_a_span_over_lines_marks_the_first() {
        let source = SourceText::new("a.toml", "ä = [\n1,\n]");
        let error = source.error(5..source.text.len(), "no list");
        assert_eq!((error.line, error.column), (1, 5));
        assert!(error.to_string().ends_with("\n  ä = [\n      ^"), "{error}");
    }

    #[test]
    fn a_long_line_is_shown_around_the_place() {
        let source = SourceText::new("a.toml", format!("{}X{}", "a".repeat(500), "b".repeat(500)));
        let shown = source.error(500..501, "there").to_string();
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines[1].find('X'), lines[2].find('^'));
        assert!(lines[1].len() < 110);
    }

    #[test]
    fn places_outside_the_text_and_inside_a_character_are_survived() {
        for span in [0..0, 1..1, 90..99] {
            let error = SourceText::new("a.toml", "ä").error(span, "odd");
            assert_eq!(error.line, 1);
        }
    }

    #[test]
    fn broken_toml_is_an_error_with_its_place() {
        let source = SourceText::new("a.toml", "one = 1\ntwo = = 2\n");
        let error = source.parse().unwrap_err();
        assert_eq!((error.file.as_str(), error.line), ("a.toml", 2), "{error}");
    }
}
