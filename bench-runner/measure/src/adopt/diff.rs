//! Unified diffs.

/// Number of unchanged lines around a change.
const CONTEXT: usize = 3;

/// Largest number of pairs of lines that are compared; what is larger is shown as one replacement.
const MOST_PAIRS: usize = 4_000_000;

/// One line of a diff: unchanged, removed or added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DiffLine<'t> {
    Same(&'t str),
    Removed(&'t str),
    Added(&'t str),
}

/// The difference between two texts as a unified diff, under the names of the old and the new file; empty if there is none.
pub(super) fn unified(old: &str, new: &str, (old_name, new_name): (&str, &str)) -> String {
    let lines = compare(&split(old), &split(new));
    let hunks = hunks(&lines);
    if hunks.is_empty() {
        return String::new();
    }
    let mut diff = format!("--- {old_name}\n+++ {new_name}\n");
    for hunk in hunks {
        let before = &lines[..hunk.start];
        let counts = |lines: &[DiffLine<'_>]| {
            let old = lines.iter().filter(|line| !matches!(line, DiffLine::Added(_))).count();
            let new = lines.iter().filter(|line| !matches!(line, DiffLine::Removed(_))).count();
            (old, new)
        };
        let ((old_start, new_start), (old_count, new_count)) = (counts(before), counts(&lines[hunk.clone()]));
        // A side without lines has the number of the line before it.
        let range =
            |start: usize, count: usize| format!("{},{count}", if count == 0 { start } else { start + 1 });
        diff.push_str(&format!("@@ -{} +{} @@\n", range(old_start, old_count), range(new_start, new_count)));
        for line in &lines[hunk] {
            let (sign, text) = match line {
                DiffLine::Same(text) => (' ', text),
                DiffLine::Removed(text) => ('-', text),
                DiffLine::Added(text) => ('+', text),
            };
            diff.push(sign);
            diff.push_str(text);
            if !text.ends_with('\n') {
                diff.push_str("\n\\ No newline at end of file\n");
            }
        }
    }
    diff
}

/// The lines of a text, each with its line break.
fn split(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

/// All lines of both texts in order, with as many unchanged ones as possible.
fn compare<'t>(old: &[&'t str], new: &[&'t str]) -> Vec<DiffLine<'t>> {
    let head = old.iter().zip(new).take_while(|(one, other)| one == other).count();
    let (old_rest, new_rest) = (&old[head..], &new[head..]);
    let tail =
        old_rest.iter().rev().zip(new_rest.iter().rev()).take_while(|(one, other)| one == other).count();
    let (old_middle, new_middle) = (&old_rest[..old_rest.len() - tail], &new_rest[..new_rest.len() - tail]);
    let mut lines: Vec<DiffLine<'t>> = old[..head].iter().map(|line| DiffLine::Same(line)).collect();
    lines.extend(compare_middle(old_middle, new_middle));
    lines.extend(old_rest[old_rest.len() - tail..].iter().map(|line| DiffLine::Same(line)));
    lines
}

/// By the longest common subsequence.
fn compare_middle<'t>(old: &[&'t str], new: &[&'t str]) -> Vec<DiffLine<'t>> {
    let removed = |lines: &[&'t str]| lines.iter().map(|line| DiffLine::Removed(line)).collect::<Vec<_>>();
    let added = |lines: &[&'t str]| lines.iter().map(|line| DiffLine::Added(line)).collect::<Vec<_>>();
    if old.len().saturating_mul(new.len()) > MOST_PAIRS {
        return [removed(old), added(new)].concat();
    }
    // Length of the longest common subsequence of the rests behind each pair of places.
    let width = new.len() + 1;
    let mut longest = vec![0u32; (old.len() + 1) * width];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            longest[i * width + j] = if old[i] == new[j] {
                longest[(i + 1) * width + j + 1] + 1
            } else {
                longest[(i + 1) * width + j].max(longest[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut lines = Vec::new();
    while i < old.len() && j < new.len() {
        if old[i] == new[j] {
            lines.push(DiffLine::Same(old[i]));
            (i, j) = (i + 1, j + 1);
        } else if longest[(i + 1) * width + j] >= longest[i * width + j + 1] {
            lines.push(DiffLine::Removed(old[i]));
            i += 1;
        } else {
            lines.push(DiffLine::Added(new[j]));
            j += 1;
        }
    }
    lines.extend(removed(&old[i..]));
    lines.extend(added(&new[j..]));
    lines
}

/// Ranges of lines to show: changes with their context, joined if they touch.
fn hunks(lines: &[DiffLine<'_>]) -> Vec<std::ops::Range<usize>> {
    let mut hunks: Vec<std::ops::Range<usize>> = Vec::new();
    let changed = lines.iter().enumerate().filter(|(_, line)| !matches!(line, DiffLine::Same(_)));
    for (at, _) in changed {
        let (start, end) = (at.saturating_sub(CONTEXT), (at + 1 + CONTEXT).min(lines.len()));
        match hunks.last_mut() {
            Some(last) if last.end >= start => last.end = end,
            _ => hunks.push(start..end),
        }
    }
    hunks
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use proptest::prelude::*;

    use super::*;
    use crate::process::{ToolCall, run_tool};

    const NAMES: (&str, &str) = ("a/x", "b/x");

    #[test]
    fn a_change_has_its_place_and_context() {
        let old = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
        expect![[r#"
            --- a/x
            +++ b/x
            @@ -2,7 +2,8 @@
             2
             3
             4
            -5
            +five
            +and a half
             6
             7
             8
        "#]]
        .assert_eq(&unified(old, &old.replace('5', "five\nand a half"), NAMES));
        expect![[r#"
            --- /dev/null
            +++ b/x
            @@ -0,0 +1,1 @@
            +new
        "#]]
        .assert_eq(&unified("", "new\n", ("/dev/null", "b/x")));
        assert_eq!(unified(old, old, NAMES), "");
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
        #[test]
        fn git_makes_the_new_text_from_the_old_one_and_the_diff(
            old in proptest::collection::vec("[abc]{0,2}", 0..12),
            new in proptest::collection::vec("[abc]{0,2}", 0..12),
            ends in (any::<bool>(), any::<bool>()),
        ) {
            let text = |lines: &[String], end: bool| {
                let joined = lines.join("\n");
                if end || joined.is_empty() { format!("{joined}\n") } else { joined }
            };
            let (old, new) = (text(&old, ends.0), text(&new, ends.1));
            prop_assume!(old != new);
            let dir = tempfile::tempdir().unwrap();
            std::fs::write(dir.path().join("x"), &old).unwrap();
            let call = ToolCall {
                cwd: Some(dir.path().to_owned()),
                input: unified(&old, &new, NAMES).into_bytes(),
                ..ToolCall::new("git", ["apply", "--whitespace=nowarn", "-"])
            };
            let output = run_tool(&call).unwrap();
            prop_assert_eq!(output.code, Some(0), "{}", output.stderr);
            prop_assert_eq!(std::fs::read_to_string(dir.path().join("x")).unwrap(), new);
        }
    }
}
