//! Layout of text on standard output: its width and its characters.

use std::io::{IsTerminal as _, stdout};

use bench_runner_report::report::TextStyle;

use super::terminal::is_ascii;

/// Width of text that goes to a file or a pipe.
const WIDTH: usize = 100;

/// Lines that are longer than this are hard to read.
const MOST: usize = 120;

/// Least width; a narrower terminal wraps by itself.
const LEAST: usize = 30;

/// As wide as `COLUMNS` or the terminal says, and in ASCII if the locale is not UTF-8.
pub(super) fn text_style(verbose: bool) -> TextStyle {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let terminal = terminal_size::terminal_size_of(stdout()).map(|(width, _)| usize::from(width.0));
    TextStyle {
        width: width(variable("COLUMNS").as_deref(), terminal),
        ascii: is_ascii(stdout().is_terminal()),
        verbose,
    }
}

fn width(columns: Option<&str>, terminal: Option<usize>) -> usize {
    let columns = columns.and_then(|columns| columns.trim().parse().ok()).filter(|columns| *columns > 0);
    columns.or(terminal.map(|width| width.min(MOST))).unwrap_or(WIDTH).max(LEAST)
}

/// Width of lists: that of the terminal or of `COLUMNS`. `None` in a file or a pipe, where scripts read an entry per line.
pub(super) fn list_width() -> Option<usize> {
    let is_chosen = std::env::var("COLUMNS").is_ok_and(|columns| !columns.is_empty());
    (stdout().is_terminal() || is_chosen).then(|| text_style(false).width)
}

/// Least width of a column of text; if there is less, it is put below the columns before it.
const LEAST_TEXT: usize = 30;

/// Columns of equal width, two spaces apart. The last one is text: it is not padded, and wrapped within `width`.
pub(super) fn columns(rows: &[Vec<String>], width: Option<usize>) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width_of = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width_of).collect();
    let before: usize = widths.iter().take(columns.saturating_sub(1)).map(|width| width + 2).sum();
    let mut text = String::new();
    for row in rows {
        let Some((last, first)) = row.split_last() else { continue };
        let label: String =
            first.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}  ")).collect();
        match width {
            None => text.push_str(&format!("{}\n", format!("{label}{last}").trim_end())),
            Some(width) if before + LEAST_TEXT <= width => text.push_str(&hanging(&label, last, width)),
            Some(width) => {
                let indent = label.chars().take_while(|c| *c == ' ').count();
                text.push_str(&hanging(&" ".repeat(indent), &label, width));
                text.push_str(&hanging(&" ".repeat(indent + 4), last, width));
            }
        }
    }
    text
}

/// `text` behind `label`, broken at spaces; further lines are indented as far as the label is wide.
pub(super) fn hanging(label: &str, text: &str, width: usize) -> String {
    let indent = label.chars().count();
    let (mut line, mut lines) = (label.to_owned(), String::new());
    let mut is_empty = true;
    for word in text.split_whitespace() {
        if !is_empty && line.chars().count() + 1 + word.chars().count() > width {
            lines.push_str(&line);
            lines.push('\n');
            line = " ".repeat(indent);
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line.push_str(word);
        is_empty = false;
    }
    lines.push_str(line.trim_end());
    lines.push('\n');
    lines
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn further_lines_hang_below_the_first() {
        let text = hanging("  label: ", &"word ".repeat(60), 100);
        assert!(text.lines().count() > 2 && text.lines().all(|line| line.chars().count() <= 100), "{text}");
        assert!(text.lines().skip(1).all(|line| line.starts_with("         word")), "{text}");
    }

    #[test]
    fn lists_keep_to_the_width_and_lose_nothing() {
        let row = |cells: [&str; 4]| cells.map(str::to_owned).to_vec();
        let rows = [
            row(["hexyl", "0.17.0", "quick cli", "hex viewer: a small library with a binary over it"]),
            row(["actix-graphql", "afb8bfa56f6e", "standard web", "a web service"]),
        ];
        let of = |width: Option<usize>| columns(&rows, width);
        assert_eq!(of(None).lines().count(), 2);
        for width in [30, 40, 60, 80, 100] {
            let words = |text: String| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
            assert_eq!(words(of(Some(width))), words(of(None)), "{width}");
            assert!(of(Some(width)).lines().all(|line| line.chars().count() <= width), "{}", of(Some(width)));
        }
        expect![[r#"
            hexyl          0.17.0        quick cli     hex viewer: a small library with
                                                       a binary over it
            actix-graphql  afb8bfa56f6e  standard web  a web service
        "#]]
        .assert_eq(&of(Some(76)));
        expect![[r#"
            hexyl 0.17.0 quick cli
                hex viewer: a small library with a
                binary over it
            actix-graphql afb8bfa56f6e standard web
                a web service
        "#]]
        .assert_eq(&of(Some(40)));
    }

    #[test]
    fn the_variable_comes_before_the_terminal() {
        assert_eq!(width(None, None), 100);
        assert_eq!(width(None, Some(80)), 80);
        assert_eq!(width(None, Some(300)), 120);
        assert_eq!(width(Some("60"), Some(80)), 60);
        assert_eq!(width(Some("180"), Some(80)), 180);
        assert_eq!(width(Some("5"), None), 30);
        assert_eq!([width(Some("wide"), Some(80)), width(Some("0"), None)], [80, 100]);
    }
}
