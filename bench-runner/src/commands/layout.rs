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

#[cfg(test)]
mod tests {
    use super::*;

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
