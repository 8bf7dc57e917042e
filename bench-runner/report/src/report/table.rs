//! Tables and paragraphs for a terminal, aligned and wrapped by display width.

use unicode_width::UnicodeWidthStr as _;

/// Maximum line width, if the text can be wrapped.
pub(crate) const LINE: usize = 100;

/// A column of a table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TableColumn {
    pub(crate) heading: &'static str,
    /// True if the column is right-aligned.
    pub(crate) right: bool,
}

/// Lines of the table, indented by two; if it is too wide, the cells of the first column are wrapped.
pub(crate) fn table(columns: &[TableColumn], rows: &[Vec<String>]) -> Vec<String> {
    let headings = columns.iter().map(|column| column.heading.to_owned()).collect();
    let rows: Vec<&Vec<String>> = std::iter::once(&headings).chain(rows).collect();
    let mut widths: Vec<usize> = Vec::new();
    for index in 0..columns.len() {
        let cells = rows.iter().filter_map(|row| row.get(index));
        widths.push(cells.map(|cell| cell.width()).max().unwrap_or(0));
    }
    let others: usize = widths.iter().skip(1).map(|width| width + 2).sum();
    let room = (LINE - 2).saturating_sub(others).max(20);
    if let Some(first) = widths.first_mut() {
        *first = (*first).min(room);
    }
    rows.into_iter().flat_map(|row| lines(columns, row, &widths)).collect()
}

/// Lines of a row: the wrapped first cell, with the other cells next to its first line.
fn lines(columns: &[TableColumn], row: &[String], widths: &[usize]) -> Vec<String> {
    let (Some(first), Some(width)) = (row.first(), widths.first()) else { return Vec::new() };
    let mut parts = wrap(first, *width).into_iter();
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

/// `lead` and `text` wrapped to the line width; the first line is indented by two, further lines by four.
pub(crate) fn paragraph(lead: &str, text: &str) -> Vec<String> {
    let parts = wrap(&format!("{lead}{text}"), LINE - 4);
    let indented = parts.into_iter().enumerate();
    indented.map(|(index, part)| format!("{}{part}", if index == 0 { "  " } else { "    " })).collect()
}

/// `text` wrapped to the line width, not indented.
pub(crate) fn sentence(text: &str) -> Vec<String> {
    wrap(text, LINE)
}

/// Wraps the words of `text` to lines of at most `width`; a longer word is split.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace().flat_map(|word| split_word(word, width)) {
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

    #[test]
    fn columns_are_aligned_by_display_width() {
        let rows = [row(["漢", "1.5 s", "−"]), row(["a", "10.25 s", "x"])];
        // The macro removes the common indentation, so one line is not indented.
        expect![[r#"
            table
              name     time  word
              漢      1.5 s  −
              a     10.25 s  x"#]]
        .assert_eq(&format!("table\n{}", table(&COLUMNS, &rows).join("\n")));
    }

    #[test]
    fn long_names_are_wrapped_and_nothing_is_lost() {
        let name = "linker=mold, ".repeat(12) + &"x".repeat(120);
        let lines = table(&COLUMNS, &[row([&name, "1 s", "faster"])]);
        assert!(lines.iter().all(|line| line.width() <= LINE + 2), "{lines:#?}");
        let joined: String = lines.concat().split_whitespace().collect();
        assert_eq!(joined.matches("linker=mold,").count(), 12);
        assert_eq!(joined.matches('x').count(), 120);
    }
}
