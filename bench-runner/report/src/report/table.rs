//! Text for a terminal: tables and paragraphs, aligned and wrapped by display width.

use unicode_width::UnicodeWidthStr as _;

/// Layout of text for a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextStyle {
    /// Number of columns; text that can be wrapped is not wider.
    pub width: usize,
    /// True if signs outside of ASCII are to be replaced, such as `×` by `x`.
    pub ascii: bool,
    /// True if details are to be shown that the page has anyway.
    pub verbose: bool,
}

impl Default for TextStyle {
    fn default() -> Self {
        Self { width: 100, ascii: false, verbose: false }
    }
}

/// Width that the first column of a table has to have, if its cells are wrapped and their words are longer.
const LEAST_FIRST: usize = 32;

/// A column of a table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TableColumn {
    pub(crate) heading: &'static str,
    /// True if the column is right-aligned.
    pub(crate) right: bool,
}

impl TextStyle {
    /// Lines of a table, indented by two. If it is too wide, the cells of the first column are wrapped; if that is
    /// not enough, each row becomes a paragraph. Columns without any cell are left out.
    pub(crate) fn table(self, columns: &[TableColumn], rows: &[Vec<String>]) -> Vec<String> {
        let (columns, rows) = used_columns(columns, rows);
        let shown = |row: &Vec<String>| row.iter().map(|cell| self.shown(cell)).collect::<Vec<_>>();
        let rows: Vec<Vec<String>> = rows.iter().map(shown).collect();
        let headings: Vec<String> = columns.iter().map(|column| column.heading.to_owned()).collect();
        let all = || std::iter::once(&headings).chain(&rows);
        let width_of = |index: usize| all().map(|row| row[index].width()).max().unwrap_or(0);
        let mut widths: Vec<usize> = (0..columns.len()).map(width_of).collect();
        let Some(first) = widths.first().copied() else { return Vec::new() };
        let others: usize = widths.iter().skip(1).map(|width| width + 2).sum();
        let room = self.width.saturating_sub(others + 2);
        let words = rows.iter().flat_map(|row| longest_word(&row[0])).max().unwrap_or(0);
        if room < first.min(words).min(LEAST_FIRST) {
            return rows.iter().flat_map(|row| self.stacked(&columns, row)).collect();
        }
        widths[0] = first.min(room);
        all().flat_map(|row| lines(&columns, row, &widths)).collect()
    }

    /// A row as a paragraph: the first cell, and below it the others with their headings.
    fn stacked(self, columns: &[TableColumn], row: &[String]) -> Vec<String> {
        let cells = columns.iter().zip(row).skip(1).filter(|(_, cell)| !cell.is_empty());
        let cells: Vec<String> = cells.map(|(column, cell)| format!("{} {cell}", column.heading)).collect();
        let name = self.indented(row.first().map_or("", String::as_str), 2);
        name.into_iter().chain(self.indented(&cells.join(", "), 4)).collect()
    }

    fn indented(self, text: &str, by: usize) -> Vec<String> {
        let parts = self.wrap(text, by);
        parts.into_iter().map(|part| format!("{}{part}", " ".repeat(by))).collect()
    }

    /// `lead` and `text`, wrapped; the first line is indented by two, further lines by four.
    pub(crate) fn paragraph(self, lead: &str, text: &str) -> Vec<String> {
        let parts = self.wrap(&format!("{lead}{text}"), 4);
        let indented = parts.into_iter().enumerate();
        indented.map(|(index, part)| format!("{}{part}", if index == 0 { "  " } else { "    " })).collect()
    }

    /// `lead` and `text`, wrapped; further lines are indented by two.
    pub(crate) fn hanging(self, lead: &str, text: &str) -> Vec<String> {
        let parts = self.wrap(&format!("{lead}{text}"), 2);
        let indented = parts.into_iter().enumerate();
        indented.map(|(index, part)| format!("{}{part}", if index == 0 { "" } else { "  " })).collect()
    }

    /// `text`, wrapped and not indented.
    pub(crate) fn sentence(self, text: &str) -> Vec<String> {
        self.wrap(text, 0)
    }

    /// `text` in lines that leave room for an indentation.
    fn wrap(self, text: &str, indent: usize) -> Vec<String> {
        let width = self.width.saturating_sub(indent);
        wrap(&self.shown(text), (width, width), LongWord::Split)
    }

    /// `text` in the characters that can be shown; replacements can be wider.
    fn shown(self, text: &str) -> String {
        let text = sanitize(text);
        if self.ascii { to_ascii(&text) } else { text }
    }

    /// A command line, indented by four. It is broken only between options, so that it can be pasted.
    pub(crate) fn command(self, command: &str) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for word in split_options(command) {
            match lines.last_mut() {
                Some(line) if line.width() + word.width() + 9 <= self.width => {
                    line.push(' ');
                    line.push_str(word);
                }
                _ => lines.push(word.to_owned()),
            }
        }
        let count = lines.len();
        let continued = |(at, line): (usize, String)| {
            let indent = if at == 0 { "    " } else { "      " };
            format!("{indent}{line}{}", if at + 1 < count { " \\" } else { "" })
        };
        lines.into_iter().enumerate().map(continued).collect()
    }

    /// The lines as one text, each with a line feed, in the characters that can be shown.
    pub(crate) fn text(self, lines: &[String]) -> String {
        let mut text = String::new();
        for line in lines {
            text.push_str(&self.shown(line));
            text.push('\n');
        }
        text
    }
}

/// The columns that have any cell, and the rows without the others; the first column always stays.
pub(super) fn used_columns(
    columns: &[TableColumn],
    rows: &[Vec<String>],
) -> (Vec<TableColumn>, Vec<Vec<String>>) {
    let is_used = |index: &usize| {
        *index == 0 || rows.iter().any(|row| row.get(*index).is_some_and(|cell| !cell.is_empty()))
    };
    let used: Vec<usize> = (0..columns.len()).filter(is_used).collect();
    let cells =
        |row: &Vec<String>| used.iter().map(|index| row.get(*index).cloned().unwrap_or_default()).collect();
    (used.iter().map(|index| columns[*index]).collect(), rows.iter().map(cells).collect())
}

/// Width of the longest word of a cell; words after the first are on a line that is indented by two.
fn longest_word(cell: &str) -> Option<usize> {
    let words = cell.split_whitespace().enumerate();
    words.map(|(at, word)| word.width() + if at == 0 { 0 } else { 2 }).max()
}

/// The parts of a command line that begin with an option, and its beginning.
fn split_options(command: &str) -> Vec<&str> {
    let mut starts: Vec<usize> = command.match_indices(" --").map(|(at, _)| at).collect();
    starts.push(command.len());
    let mut from = 0;
    let mut parts = Vec::new();
    for end in starts {
        parts.push(command[from..end].trim_start());
        from = end;
    }
    parts
}

/// Replaces control characters, since names and messages come from files and compilers and must not control
/// the terminal.
pub(super) fn sanitize(line: &str) -> String {
    line.chars().map(|c| if is_control(c) { '\u{FFFD}' } else { c }).collect()
}

/// True for control characters and characters that change the direction of writing.
pub(super) fn is_control(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Replaces the signs of this program by ASCII; names in other scripts stay.
pub fn to_ascii(text: &str) -> String {
    let mut ascii = String::new();
    for c in text.chars() {
        match c {
            '×' => ascii.push('x'),
            '−' | '–' => ascii.push('-'),
            '—' => ascii.push_str("--"),
            '±' => ascii.push_str("+/-"),
            '·' => ascii.push('-'),
            '…' => ascii.push_str("..."),
            '→' => ascii.push_str("->"),
            '“' | '”' => ascii.push('"'),
            '‘' | '’' => ascii.push('\''),
            '≤' => ascii.push_str("<="),
            '≥' => ascii.push_str(">="),
            'µ' => ascii.push('u'),
            '\u{FFFD}' => ascii.push('?'),
            c => ascii.push(c),
        }
    }
    ascii
}

/// Lines of a row: the wrapped first cell, with the other cells next to its first line.
fn lines(columns: &[TableColumn], row: &[String], widths: &[usize]) -> Vec<String> {
    let (Some(first), Some(width)) = (row.first(), widths.first()) else { return Vec::new() };
    // Further lines of a name are indented, so that they do not look like the next row.
    let fits = first.width() <= *width;
    let least = if fits { *width } else { width.saturating_sub(2) };
    let mut parts = wrap(first, (least, least), LongWord::Split).into_iter();
    let mut line = format!("  {}", pad(&parts.next().unwrap_or_default(), *width, false));
    for ((column, cell), width) in columns.iter().zip(row).zip(widths).skip(1) {
        line.push_str("  ");
        line.push_str(&pad(cell, *width, column.right));
    }
    let rest = parts.map(|part| format!("    {part}"));
    std::iter::once(line.trim_end().to_owned()).chain(rest).collect()
}

fn pad(text: &str, width: usize, right: bool) -> String {
    let blank = " ".repeat(width.saturating_sub(text.width()));
    if right { blank + text } else { text.to_owned() + &blank }
}

/// Treatment of a word that is longer than a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LongWord {
    /// It is split.
    Split,
    /// It keeps its line, however long, so that it can be copied.
    Keep,
}

/// Wraps the words of `text`, the first line at the first of the widths, further lines at the other.
pub fn wrap(text: &str, (first, further): (usize, usize), long: LongWord) -> Vec<String> {
    let mut lines = vec![String::new()];
    let pieces = |word| match long {
        LongWord::Split => split_word(word, first.min(further)),
        LongWord::Keep => vec![word.to_owned()],
    };
    for word in text.split_whitespace().flat_map(pieces) {
        let width = if lines.len() == 1 { first } else { further };
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(&word),
            Some(line) if line.width() + 1 + word.width() <= width => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    lines
}

fn split_word(word: &str, width: usize) -> Vec<String> {
    let mut pieces = vec![String::new()];
    for c in word.chars() {
        let full = pieces.last().is_some_and(|piece| piece.width() >= width.max(1));
        match pieces.last_mut() {
            Some(piece) if !full => piece.push(c),
            _ => pieces.push(c.to_string()),
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    const COLUMNS: [TableColumn; 3] = [
        TableColumn { heading: "name", right: false },
        TableColumn { heading: "time", right: true },
        TableColumn { heading: "word", right: false },
    ];

    fn row(cells: [&str; 3]) -> Vec<String> {
        cells.map(str::to_owned).to_vec()
    }

    fn style(width: usize) -> TextStyle {
        TextStyle { width, ..TextStyle::default() }
    }

    #[test]
    fn columns_are_aligned_by_display_width() {
        let rows = [row(["漢", "1.5 s", "−"]), row(["a", "10.25 s", "x"])];
        // The macro removes the common indentation, so one line is not indented.
        expect![[r#"
            table
              name     time  word
              漢      1.5 s  −
              a     10.25 s  x"#]]
        .assert_eq(&format!("table\n{}", style(100).table(&COLUMNS, &rows).join("\n")));
    }

    #[test]
    fn long_names_are_wrapped_and_nothing_is_lost() {
        let name = "linker=mold, ".repeat(12) + &"x".repeat(120);
        for width in [100, 60, 24] {
            let lines = style(width).table(&COLUMNS, &[row([&name, "1 s", "faster"])]);
            assert!(lines.iter().all(|line| line.width() <= width), "{lines:#?}");
            let joined: String = lines.concat().split_whitespace().collect();
            assert_eq!(joined.matches("linker=mold,").count(), 12, "{lines:#?}");
            assert_eq!(joined.matches('x').count(), 120);
        }
    }

    #[test]
    fn a_table_that_is_too_wide_becomes_paragraphs_and_empty_columns_are_left_out() {
        let rows = [row(["linker=default", "10.25 s", ""]), row(["linker=mold", "1.5 s", ""])];
        expect![[r#"
            table
              linker=default
                time 10.25 s
              linker=mold
                time 1.5 s"#]]
        .assert_eq(&format!("table\n{}", style(20).table(&COLUMNS, &rows).join("\n")));
        assert!(!style(100).table(&COLUMNS, &rows)[0].contains("word"));
    }

    #[test]
    fn a_command_is_broken_between_options_and_can_be_pasted() {
        let command =
            "bench-runner run --project ripgrep --axis linker=bfd,mold --workload clean --rounds 31";
        assert_eq!(style(100).command(command), [format!("    {command}")]);
        let lines = style(60).command(command);
        assert!(lines.iter().all(|line| line.width() <= 60), "{lines:#?}");
        let pasted: Vec<&str> = lines.iter().map(|line| line.trim().trim_end_matches(" \\")).collect();
        assert_eq!(pasted.join(" "), command);
    }

    #[test]
    fn without_utf_8_every_sign_of_the_program_has_a_replacement() {
        assert_eq!(to_ascii("0.42× (0.28–0.63×; −58%) ±3% … ä"), "0.42x (0.28-0.63x; -58%) +/-3% ... ä");
    }
}
