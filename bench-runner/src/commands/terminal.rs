//! The terminal that the program writes to: how wide it is, which characters it shows, and a status that is
//! drawn over.

use std::io::IsTerminal as _;

use bench_runner_report::report::{self, LongWord, to_ascii};
use unicode_width::UnicodeWidthChar as _;

use super::output::print_err;

/// Narrowest width that text is wrapped to.
const NARROWEST: usize = 20;

/// An output of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stream {
    Stdout,
    Stderr,
}

/// An output, as far as it matters to what is written there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Terminal {
    stream: Stream,
    /// True if it is a terminal that can be drawn over.
    is_live: bool,
    /// True if the locale has no characters beyond ASCII.
    is_ascii: bool,
}

impl Terminal {
    pub(super) fn of_stdout() -> Self {
        Self::of(Stream::Stdout, std::io::stdout().is_terminal())
    }

    pub(super) fn of_stderr() -> Self {
        Self::of(Stream::Stderr, std::io::stderr().is_terminal())
    }

    /// A terminal that calls itself `dumb` is not drawn over.
    fn of(stream: Stream, is_terminal: bool) -> Self {
        let is_dumb = std::env::var_os("TERM").is_some_and(|name| name == "dumb");
        Self { stream, is_live: is_terminal && !is_dumb, is_ascii: is_ascii(is_terminal) }
    }

    pub(super) fn is_live(self) -> bool {
        self.is_live
    }

    /// Its width in columns; `None` if lines can be of any length.
    fn width(self) -> Option<usize> {
        let size = match self.stream {
            _ if !self.is_live => None,
            Stream::Stdout => terminal_size::terminal_size_of(std::io::stdout()),
            Stream::Stderr => terminal_size::terminal_size_of(std::io::stderr()),
        };
        size.map(|(terminal_size::Width(columns), _)| usize::from(columns).max(NARROWEST))
    }

    /// Writes lines, wrapped at its width.
    pub(super) fn print(self, text: &str) {
        let text = self.render(text, self.width());
        match self.stream {
            Stream::Stdout => out!("{text}"),
            Stream::Stderr => err!("{text}"),
        }
    }

    /// The text in characters that it has, wrapped at `width`.
    fn render(self, text: &str, width: Option<usize>) -> String {
        let text = if self.is_ascii { to_ascii(text) } else { text.to_owned() };
        match width {
            Some(width) => text.lines().flat_map(|line| wrap(line, width)).map(|line| line + "\n").collect(),
            None => text,
        }
    }
}

/// True if an output is to have ASCII only: if the locale in force names another encoding than UTF-8. Without
/// any locale a terminal has ASCII, and a file has UTF-8.
pub(super) fn is_ascii(is_terminal: bool) -> bool {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set);
    locale.map_or(is_terminal, |locale| !names_utf8(&locale))
}

fn names_utf8(locale: &str) -> bool {
    let locale = locale.to_ascii_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

fn width_of(text: &str) -> usize {
    text.chars().map(|c| c.width().unwrap_or(0)).sum()
}

/// A line as several lines of at most `width` columns; those after the first are indented by two more columns.
/// A word that is too long has a line of its own.
fn wrap(line: &str, width: usize) -> Vec<String> {
    let indent = line.chars().take_while(|c| *c == ' ').count();
    if width_of(line) <= width || indent + 2 >= width {
        return vec![line.to_owned()];
    }
    let widths = (width - indent, width - indent - 2);
    let lines = report::wrap(line, widths, LongWord::Keep).into_iter().enumerate();
    lines
        .map(|(at, line)| format!("{}{line}", " ".repeat(if at == 0 { indent } else { indent + 2 })))
        .collect()
}

/// A few lines at the end of the output that are drawn over. Nothing draws by itself: no thread, no timer.
#[derive(Debug)]
pub(super) struct StatusLines {
    terminal: Terminal,
    /// Number of lines on the screen.
    drawn: usize,
}

impl StatusLines {
    pub(super) fn new(terminal: Terminal) -> Self {
        Self { terminal, drawn: 0 }
    }

    /// Draws the parts in place of what was drawn before, as many of them in a line as fit.
    pub(super) fn draw(&mut self, parts: &[String]) {
        let Some(width) = self.terminal.width() else { return };
        let sign = if self.terminal.is_ascii { "-" } else { "·" };
        // A full last column makes some terminals begin a new line.
        let lines = join(parts, sign, width - 1);
        let text = format!("{}{}", self.erase(), self.terminal.render(&lines.join("\n"), None));
        self.drawn = lines.len();
        print_err(&text);
    }

    /// Removes what was drawn.
    pub(super) fn clear(&mut self) {
        let text = self.erase();
        self.drawn = 0;
        print_err(&text);
    }

    /// Codes that remove the lines on the screen.
    fn erase(&self) -> String {
        match self.drawn {
            0 => String::new(),
            lines => format!("\r\x1b[K{}", "\x1b[A\r\x1b[K".repeat(lines - 1)),
        }
    }
}

/// The parts with the sign between them, in lines of at most `width` columns; a longer part is cut.
fn join(parts: &[String], sign: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for part in parts {
        let part = cut(part, width);
        match lines.last_mut() {
            Some(line) if width_of(line) + 3 + width_of(&part) <= width => {
                line.push_str(&format!(" {sign} {part}"));
            }
            _ => lines.push(part),
        }
    }
    lines
}

/// The text without control characters, cut to `width` columns.
fn cut(text: &str, width: usize) -> String {
    let text: String = text.chars().filter(|c| !c.is_control()).collect();
    if width_of(&text) <= width {
        return text;
    }
    let mut kept = String::new();
    for c in text.chars() {
        if width_of(&kept) + c.width().unwrap_or(0) + 3 > width {
            break;
        }
        kept.push(c);
    }
    kept + "..."
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_wrapped_below_their_indentation() {
        let text = "plan: quick\n  left out: linker=mold in all of them: it is not here";
        let terminal = Terminal { stream: Stream::Stderr, is_live: true, is_ascii: false };
        assert_eq!(
            terminal.render(text, Some(30)),
            "plan: quick\n  left out: linker=mold in all\n    of them: it is not here\n"
        );
        assert_eq!(terminal.render(text, None), text);
        assert_eq!(
            wrap("  a_very_long_word_that_does_not_fit b", 20),
            ["  a_very_long_word_that_does_not_fit", "    b"]
        );
    }

    #[test]
    fn signs_are_replaced_and_names_are_not() {
        let terminal = Terminal { stream: Stream::Stderr, is_live: false, is_ascii: true };
        assert_eq!(terminal.render("größe · ±1.8%, 2.1×\n", None), "größe - +/-1.8%, 2.1x\n");
        assert!(names_utf8("en_US.UTF-8") && names_utf8("C.utf8"));
        assert!(["C", "POSIX", "de_DE@euro", "de_DE.ISO-8859-1"].iter().all(|locale| !names_utf8(locale)));
    }

    #[test]
    fn a_status_takes_the_lines_that_its_parts_need() {
        let parts = ["comparison 2 of 3", "round 1 of 3", "linker=mold", "2 min 46 s left"].map(String::from);
        assert_eq!(
            join(&parts, "·", 79),
            ["comparison 2 of 3 · round 1 of 3 · linker=mold · 2 min 46 s left"]
        );
        assert_eq!(
            join(&parts, "-", 40),
            ["comparison 2 of 3 - round 1 of 3", "linker=mold - 2 min 46 s left"]
        );
        assert_eq!(join(&parts, "-", 12)[..2], ["comparison...", "round 1 of 3"].map(|part| cut(part, 12)));
        assert_eq!(cut("a\u{1b}[2Jb", 20), "a[2Jb", "a name cannot control the terminal");
    }

    #[test]
    fn a_status_is_erased_line_by_line() {
        let terminal = Terminal { stream: Stream::Stderr, is_live: true, is_ascii: false };
        let erased = |drawn| StatusLines { terminal, drawn }.erase();
        assert_eq!(erased(0), "");
        assert_eq!(erased(1), "\r\x1b[K");
        assert_eq!(erased(2), "\r\x1b[K\x1b[A\r\x1b[K");
    }
}
