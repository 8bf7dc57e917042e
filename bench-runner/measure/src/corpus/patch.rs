//! The patch edit: a unified diff, applied to the pinned text each time, exactly at its line numbers. A patch
//! that no longer fits there is an error; other places are not searched.

use std::path::{Component, Path, PathBuf};

use super::numbered;

/// The changes of a diff to one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FilePatch {
    /// The file, from the root of the source.
    pub(super) file: PathBuf,
    /// True if the diff creates it.
    pub(super) created: bool,
    /// True if the diff removes it.
    pub(super) removed: bool,
    hunks: Vec<Hunk>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Hunk {
    /// First line in the old text, from 1; 0 in an empty text.
    start: usize,
    lines: Vec<HunkLine>,
}

/// One line of a hunk, with its line feed if it has one.
#[derive(Debug, Clone, PartialEq, Eq)]
enum HunkLine {
    Kept(String),
    Removed(String),
    Added(String),
}

/// Parses a unified diff. The error is a reason, as text.
pub(super) fn parse(diff: &str) -> Result<Vec<FilePatch>, String> {
    let mut lines = diff.split_inclusive('\n').enumerate().map(|(at, line)| (at + 1, line)).peekable();
    let mut files = Vec::new();
    while let Some((at, line)) = lines.next() {
        let Some(old) = line.strip_prefix("--- ") else {
            // The lines that git writes between files do not change them; any other line is an error.
            const BETWEEN_FILES: [&str; 5] =
                ["diff ", "index ", "new file mode ", "deleted file mode ", "\n"];
            if files.is_empty() && !line.starts_with(['+', '@'])
                || BETWEEN_FILES.iter().any(|start| line.starts_with(start))
            {
                continue;
            }
            return Err(format!(
                "line {at} is no part of a change of a file: `{}`",
                line.trim_end().escape_debug()
            ));
        };
        let new = lines.next().and_then(|(_, line)| line.strip_prefix("+++ "));
        let new = new.ok_or_else(|| format!("line {at} begins a file, and no line `+++ …` follows"))?;
        let (old, new) = (parse_path(old, at)?, parse_path(new, at + 1)?);
        let (created, removed) = (old.is_none(), new.is_none());
        if old.is_some() && new.is_some() && old != new {
            return Err(format!("line {at} renames a file"));
        }
        let file = new.or(old).ok_or_else(|| format!("line {at} names no file"))?;
        if files.iter().any(|earlier: &FilePatch| earlier.file == file) {
            return Err(format!("line {at} changes `{}` a second time", file.display()));
        }
        let mut hunks = Vec::new();
        while let Some((at, head)) = lines.next_if(|(_, line)| line.starts_with("@@ ")) {
            let (start, mut old, mut new) = parse_hunk_header(head)
                .ok_or_else(|| format!("line {at} is not `@@ -LINE,COUNT +LINE,COUNT @@`"))?;
            let mut hunk = Hunk { start, lines: Vec::new() };
            while old > 0 || new > 0 {
                let (at, line) = lines.next().ok_or("its last part is cut off")?;
                let line = parse_hunk_line(line).ok_or_else(|| {
                    format!("line {at} begins with neither a blank nor `+` nor `-`, in the middle of a part")
                })?;
                let (of_old, of_new) = match &line {
                    HunkLine::Kept(_) => (1, 1),
                    HunkLine::Removed(_) => (1, 0),
                    HunkLine::Added(_) => (0, 1),
                };
                let short = || format!("line {at} is more than the part says it has");
                old = usize::checked_sub(old, of_old).ok_or_else(short)?;
                new = usize::checked_sub(new, of_new).ok_or_else(short)?;
                hunk.lines.push(line);
                if lines.next_if(|(_, line)| line.starts_with("\\ ")).is_some() {
                    hunk.lines.last_mut().into_iter().for_each(HunkLine::without_line_feed);
                }
            }
            hunks.push(hunk);
        }
        if hunks.is_empty() {
            return Err(format!("nothing is changed in `{}`", file.display()));
        }
        files.push(FilePatch { file, created, removed, hunks });
    }
    if files.is_empty() {
        return Err("there is no line `--- a/FILE`".to_owned());
    }
    Ok(files)
}

/// The path of a `---` or `+++` line; `None` for `/dev/null`.
fn parse_path(text: &str, at: usize) -> Result<Option<PathBuf>, String> {
    let name = text.trim_end_matches(['\n', '\r']).split('\t').next().unwrap_or_default();
    if name == "/dev/null" {
        return Ok(None);
    }
    let name = name.strip_prefix("a/").or_else(|| name.strip_prefix("b/")).unwrap_or(name);
    let path = Path::new(name);
    let below = path.components().all(|part| matches!(part, Component::Normal(_)));
    if name.is_empty() || !below {
        return Err(format!("line {at} leaves the source tree: `{}`", name.escape_debug()));
    }
    Ok(Some(path.to_owned()))
}

/// Start in the old text, number of old lines, number of new lines.
fn parse_hunk_header(line: &str) -> Option<(usize, usize, usize)> {
    let (ranges, _) = line.strip_prefix("@@ -")?.split_once(" @@")?;
    let (old, new) = ranges.split_once(" +")?;
    let range = |text: &str| -> Option<(usize, usize)> {
        let (start, count) = text.split_once(',').unwrap_or((text, "1"));
        Some((start.parse().ok()?, count.parse().ok()?))
    };
    let ((start, old), (_, new)) = (range(old)?, range(new)?);
    Some((start, old, new))
}

fn parse_hunk_line(line: &str) -> Option<HunkLine> {
    // Editors strip the blank of an empty context line.
    if line == "\n" {
        return Some(HunkLine::Kept("\n".to_owned()));
    }
    let mut chars = line.chars();
    let mark = chars.next()?;
    let text = chars.as_str().to_owned();
    match mark {
        ' ' => Some(HunkLine::Kept(text)),
        '-' => Some(HunkLine::Removed(text)),
        '+' => Some(HunkLine::Added(text)),
        _ => None,
    }
}

impl HunkLine {
    fn without_line_feed(&mut self) {
        let (Self::Kept(text) | Self::Removed(text) | Self::Added(text)) = self;
        text.truncate(text.trim_end_matches('\n').len());
    }
}

impl FilePatch {
    /// The text after change number `n`. The error is a reason, as text.
    pub(super) fn apply(&self, text: &str, n: u64) -> Result<String, String> {
        let old: Vec<&str> = text.split_inclusive('\n').collect();
        let (mut new, mut at) = (String::with_capacity(text.len()), 0);
        for hunk in &self.hunks {
            // A hunk without old lines goes after the line that it names.
            let before = hunk.lines.iter().all(|line| matches!(line, HunkLine::Added(_)));
            let start = if before { hunk.start } else { hunk.start.saturating_sub(1) };
            let kept = old.get(at..start).ok_or_else(|| format!("there is no line {}", hunk.start))?;
            new.extend(kept.iter().copied());
            at = start;
            for line in &hunk.lines {
                if let HunkLine::Kept(expected) | HunkLine::Removed(expected) = line {
                    let found = old.get(at).copied().unwrap_or_default();
                    if found != expected {
                        return Err(format!(
                            "line {} is `{}` and should be `{}`",
                            at + 1,
                            found.trim_end().escape_debug(),
                            expected.trim_end().escape_debug()
                        ));
                    }
                    at += 1;
                }
                match line {
                    HunkLine::Kept(text) => new.push_str(text),
                    HunkLine::Added(text) => new.push_str(&numbered::text(text, n)),
                    HunkLine::Removed(_) => {}
                }
            }
        }
        new.extend(old.get(at..).unwrap_or_default().iter().copied());
        match self.removed && !new.is_empty() {
            true => Err("lines are left in a file that it removes".to_owned()),
            false => Ok(new),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &str = "diff --git a/x.rs b/x.rs\nindex 1..2 100644\n--- a/x.rs\t2026\n+++ b/x.rs\n@@ -1,3 +1,3 @@ fn\n one\n-two\n+2 {n}\n\n@@ -5,0 +6,2 @@\n+six\n+seven\n--- /dev/null\n+++ b/new/y.rs\n@@ -0,0 +1 @@\n+made {n}\n\\ No newline at end of file\n";

    #[test]
    fn a_diff_is_applied_exactly_where_it_says() {
        let files = parse(TWO).unwrap();
        let names: Vec<_> = files.iter().map(|file| (file.file.to_str().unwrap(), file.created)).collect();
        assert_eq!(names, [("x.rs", false), ("new/y.rs", true)]);
        let text = "one\ntwo\n\nfour\nfive\neight";
        assert_eq!(files[0].apply(text, 9).unwrap(), "one\n2 9\n\nfour\nfive\nsix\nseven\neight");
        assert_eq!(files[1].apply("", 9).unwrap(), "made 9");
        let moved = files[0].apply(&format!("zero\n{text}"), 9).unwrap_err();
        assert_eq!(moved, "line 1 is `zero` and should be `one`");
        assert_eq!(files[0].apply("one\ntwo\n\n", 1).unwrap_err(), "there is no line 5");
    }

    #[test]
    fn lines_that_look_like_heads_are_lines_within_a_part() {
        let diff = "--- a/q.sql\n+++ b/q.sql\n@@ -1,2 +1 @@\n--- a comment\n++++ {n}\n-last\n";
        let files = parse(diff).unwrap();
        assert_eq!(files.len(), 1);
        assert_eq!(files[0].apply("-- a comment\nlast\n", 3).unwrap(), "+++ 3\n");
    }

    #[test]
    fn what_is_no_diff_is_told_by_its_line() {
        let refused = |diff: &str| parse(diff).unwrap_err();
        assert_eq!(refused("hello\n"), "there is no line `--- a/FILE`");
        assert_eq!(refused("--- a/x\nhello\n"), "line 1 begins a file, and no line `+++ …` follows");
        assert_eq!(refused("--- a/x\n+++ b/x\n"), "nothing is changed in `x`");
        assert_eq!(refused("--- a/x\n+++ b/../x\n@@ -1 +1 @@\n"), "line 2 leaves the source tree: `../x`");
        assert_eq!(refused("--- a/x\n+++ b//etc/x\n"), "line 2 leaves the source tree: `/etc/x`");
        assert_eq!(refused("--- a/x\n+++ b/y\n@@ -1 +1 @@\n"), "line 1 renames a file");
        assert!(refused("--- a/x\n+++ b/x\n@@ -1 +1\n").starts_with("line 3 is not"));
        assert_eq!(refused("--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n"), "its last part is cut off");
        assert!(refused("--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\nb\n").starts_with("line 5 begins with"));
        assert!(refused("--- a/x\n+++ b/x\n@@ -1 +1,2 @@\n-a\n-b\n").starts_with("line 5 is more"));
        let more = "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n";
        assert_eq!(
            refused(&format!("{more}+c {{n}}\n")),
            "line 6 is no part of a change of a file: `+c {n}`"
        );
        assert_eq!(refused(&format!("{more}{more}")), "line 6 changes `x` a second time");
        assert!(refused(&format!("{more}rename from y\n")).contains("`rename from y`"));
        let emptied = parse("--- a/x\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n").unwrap();
        assert_eq!(emptied[0].apply("a\n", 1).unwrap(), "");
        assert_eq!(emptied[0].apply("a\nb\n", 1).unwrap_err(), "lines are left in a file that it removes");
    }
}
