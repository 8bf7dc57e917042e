//! A comparison as GitHub-flavored Markdown, for a post or a pull request: the answers first, then the
//! tables.

use bench_runner_core::compare::{BlockResult, Comparison, PooledProjects, workload_phrase};

use super::captions::captions;
use super::table::{is_control, used_columns};
use super::text::{self, COLUMNS};
use super::{answer, answers, calibration, effects, fidelity};
use crate::figure::wording::{self, ColumnDigits};

/// The answers, a table for each block, ratios across projects, and variants that were left out. All text
/// from files is escaped.
pub fn markdown(comparison: &Comparison) -> String {
    let mut text = format!("## {}\n\n", escape_markdown(&comparison.scenario));
    text.push_str(&format!("{}\n\n", escape_markdown(&answer::circumstances(comparison))));
    if let Some(post_hoc) = &comparison.post_hoc {
        let baseline = escape_markdown(&post_hoc.baseline);
        text.push_str(&format!("Post hoc: compared with {baseline}, which was chosen after the run.\n\n"));
    }
    if comparison.blocks.is_empty() {
        text.push_str(&format!("{}\n\n", escape_markdown(text::why_no_blocks(comparison))));
    }
    for answer in answers(comparison) {
        text.push_str(&format!("- {}\n", escape_markdown(&answer.text())));
        let command = answer.command.as_deref().filter(|command| !command.contains('`'));
        text.extend(command.map(|command| format!("  `{}`\n", plain(command))));
    }
    for one in &comparison.blocks {
        text.push_str(&block(one));
    }
    text.push_str(&pooled_projects(&comparison.pooled_projects));
    let captions = captions(comparison);
    if !captions.is_empty() {
        let mut items: Vec<String> = captions.iter().map(|(word, text)| format!("{word}: {text}")).collect();
        items.push(calibration::text(&comparison.calibration));
        items.retain(|item| !item.is_empty());
        let list = items.iter().map(|item| format!("- {}\n", escape_markdown(item)));
        text.push_str(&format!("\n{}", list.collect::<String>()));
    }
    let left_out = comparison.post_hoc.iter().flat_map(|post_hoc| &post_hoc.left_out);
    let skipped: Vec<String> = left_out
        .chain(&comparison.skipped)
        .map(|skipped| {
            let help = skipped.help.as_ref().map(|help| format!(" ({})", escape_markdown(help)));
            format!(
                "- {} in {}: {}{}\n",
                escape_markdown(&skipped.variant),
                escape_markdown(&skipped.block),
                escape_markdown(&skipped.reason),
                help.unwrap_or_default()
            )
        })
        .collect();
    if !skipped.is_empty() {
        text.push_str(&format!("\nSkipped:\n\n{}", skipped.concat()));
    }
    text
}

fn block(block: &BlockResult) -> String {
    let progress = wording::progress(block);
    let mut text = format!("\n### {} ({})\n\n", escape_markdown(&block.title), escape_markdown(&progress));
    let rows = text::rows(block);
    if rows.is_empty() {
        text.push_str("Nothing was timed.\n");
    } else {
        let (columns, rows) = used_columns(&COLUMNS, &rows);
        let headings: Vec<(&str, bool)> =
            columns.iter().map(|column| (column.heading, column.right)).collect();
        text.push_str(&table(&headings, &rows));
    }
    let warning_prefix = |line: &fidelity::FidelityLine| {
        if line.is_warning { "**warning:** " } else { "compared with your own build: " }
    };
    let fidelity: Vec<String> = fidelity::lines(&block.fidelity)
        .iter()
        .map(|line| format!("- {}{}\n", warning_prefix(line), escape_markdown(&line.text)))
        .collect();
    let notes: Vec<String> =
        block.notes.iter().map(|note| format!("- {}\n", escape_markdown(note))).collect();
    if !(fidelity.is_empty() && notes.is_empty()) {
        text.push_str(&format!("\n{}{}", fidelity.concat(), notes.concat()));
    }
    text + &block_effects(block)
}

/// The table of a block's effects with its sentences; empty if the block does not cross axes.
fn block_effects(block: &BlockResult) -> String {
    if let Some(reason) = wording::why_no_effects(block) {
        return format!("\nEffects of the axes: {}\n", escape_markdown(&reason));
    }
    let Some(found) = effects::of_block(block) else { return String::new() };
    let title = wording::capitalized(&wording::effects_title(found));
    let (columns, rows) = used_columns(&effects::COLUMNS, &effects::rows(found));
    let headings: Vec<(&str, bool)> = columns.iter().map(|column| (column.heading, column.right)).collect();
    let sentences = wording::effect_sentences(found);
    let sentences: Vec<String> =
        sentences.iter().map(|text| format!("- {}\n", escape_markdown(text))).collect();
    let below = if sentences.is_empty() { String::new() } else { format!("\n{}", sentences.concat()) };
    format!("\n#### {}\n\n{}{below}", escape_markdown(&title), table(&headings, &rows))
}

fn pooled_projects(across: &[PooledProjects]) -> String {
    if across.is_empty() {
        return String::new();
    }
    let headings = [
        ("variant", false),
        ("baseline", false),
        ("build", false),
        ("projects", false),
        ("ratio", true),
        ("95% interval", true),
    ];
    let digits = ColumnDigits::of_ratios(across.iter().map(|one| (one.ratio, one.these)));
    let row = |one: &PooledProjects| {
        let shown = digits.ratio(one.ratio, one.these);
        vec![
            one.variant.clone(),
            one.baseline.clone(),
            workload_phrase(&one.workload, None),
            one.projects.join(", "),
            format!("{}×", shown.estimate),
            format!("{}–{}×", shown.low, shown.high),
        ]
    };
    let rows: Vec<_> = across.iter().map(row).collect();
    format!("\n### Across projects (geometric means, not judged)\n\n{}", table(&headings, &rows))
}

/// Text without control characters.
fn plain(text: &str) -> String {
    text.chars().map(|c| if is_control(c) { '\u{FFFD}' } else { c }).collect()
}

/// A table; the flag of a heading right-aligns its column.
pub(super) fn table(headings: &[(&str, bool)], rows: &[Vec<String>]) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let head = line(headings.iter().map(|(name, _)| escape_markdown(name)).collect());
    let rule =
        line(headings.iter().map(|(_, right)| if *right { "---:" } else { "---" }.to_owned()).collect());
    let body: String =
        rows.iter().map(|row| line(row.iter().map(|cell| escape_markdown(cell)).collect())).collect();
    format!("{head}{rule}{body}")
}

/// Escapes text so that nothing in it is markup, mentions a user or an issue, or breaks the line.
pub(super) fn escape_markdown(text: &str) -> String {
    if text.matches('`').count() % 2 == 1 || text.contains("``") {
        return escape_words(text);
    }
    // Between two backticks is code, in which only the end of a table's cell has a meaning.
    let one = |(at, part): (usize, &str)| match at % 2 {
        0 => escape_words(part),
        _ => {
            let part = part.replace(char::is_whitespace, " ").replace(is_control, "\u{FFFD}");
            format!("`{}`", part.replace('|', "\\|"))
        }
    };
    text.split('`').enumerate().map(one).collect()
}

fn escape_words(text: &str) -> String {
    let mut escaped = String::new();
    for (at, c) in text.chars().enumerate() {
        match c {
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '|' | '~' | '$' => escaped.extend(['\\', c]),
            '-' | '+' | '=' if at == 0 => escaped.extend(['\\', c]),
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            // GitHub searches the rendered text for names and numbers after these.
            '@' | '#' => {
                escaped.push(c);
                escaped.push_str("<!-- -->");
            }
            c if c.is_whitespace() => escaped.push(' '),
            c if is_control(c) => escaped.push('\u{FFFD}'),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::figure::fixture::{block, comparison, names};

    fn one() -> Comparison {
        comparison(vec![block("hexyl 0.17.0", &names(3, false), 12, 4.2)])
    }

    #[test]
    fn nothing_in_a_name_is_markup() {
        assert_eq!(
            escape_markdown("-a|b <script>*x*</script> `c`\n@me #1 \u{202e}"),
            "\\-a\\|b &lt;script&gt;\\*x\\*&lt;/script&gt; `c` @<!-- -->me #<!-- -->1 \u{FFFD}"
        );
        assert_eq!(escape_markdown("run `a|b_c\n`, _now_"), "run `a\\|b_c `, \\_now\\_");
        assert_eq!(escape_markdown("a ` and ``b``"), "a \\` and \\`\\`b\\`\\`");
    }

    #[test]
    fn the_answer_comes_first_and_tables_have_one_row_for_each_arm() {
        let text = markdown(&one());
        let answer = text.find("\n- ").unwrap();
        assert!(answer < text.find("\n### ").unwrap());
        expect![[r#"
            ## linkers

            AMD Ryzen 7 7840U, 8 cores, 32 GB, Linux 6.8; hexyl 0.17.0

            - hexyl 0.17.0: rebuild after an edit: linker=lld is faster than linker=bfd: 0.873× as long (0.866–0.880×; −12.7%), saves 0.53 s per build, 12 rounds. linker=mold is faster than linker=bfd: 0.921× as long (0.914–0.928×; −7.9%), saves 0.33 s per build, 12 rounds. Control: two identical builds differed by −0.2% (−1.8 to +1.4%); a real difference of 2.1% or more would be found in 4 of 5 such runs.

            ### hexyl 0.17.0: rebuild after an edit (12 rounds, stopped: the target precision was reached)

            | variant | median | ratio | 95% interval | change | verdict | builds |
            | --- | ---: | ---: | ---: | ---: | --- | ---: |
            | linker=bfd | 4.200 s |  |  |  | baseline | 12 |
            | linker=bfd (control) | 4.200 s | 0.998× | 0.982–1.014× | −0.2% | control | 12 |
            | linker=lld | 3.667 s | 0.873× | 0.866–0.880× | −12.7% | faster | 12 |
            | linker=mold | 3.868 s | 0.921× | 0.914–0.928× | −7.9% | faster | 12 |

            - ratio: the average (geometric mean) of the per-round ratios to both copies of the baseline (of the control: to the other copy); only builds of the same round are compared, so it can differ from the quotient of the medians; below 1× takes less time.
            - verdicts: faster, slower: by more than chance explains; equivalent: shown to be within ±3%, the smallest difference that matters (--margin), whether chance explains it or not; undecided: none of these was shown. The run's 2 verdicts are corrected for their number (Holm), since among many comparisons some differ by chance. The intervals are not corrected, so a variant can be undecided although its interval excludes 1×.
            - per build: the median of the baseline times the change.
            - control: the difference of two identical builds, with its 95% interval. The percentage after it, the noise floor, comes from the intervals of the variants. It is larger than the ± of a typical variant, because verdicts are corrected and because 4 of 5 runs have to find the difference; smaller ones can be found too, but are missed more often.
        "#]].assert_eq(&text);
    }

    #[test]
    fn each_row_has_as_many_cells_as_the_heading_whatever_the_names() {
        let mut comparison = one();
        comparison.blocks[0].arms[2].variant = "a|b\nc".into();
        let text = markdown(&comparison);
        let bars = |line: &str| line.replace("\\|", "").matches('|').count();
        let rows: Vec<usize> = text.lines().filter(|line| line.starts_with('|')).map(bars).collect();
        assert!(rows.len() >= 4 && rows.iter().all(|count| *count == rows[0] && *count > 6), "{text}");
    }

    #[test]
    fn effects_have_their_own_table() {
        let text = markdown(&comparison(vec![crate::figure::fixture::product(true)]));
        let from = text.find("\n#### ").unwrap();
        let until = text[from..].find("- ratio: ").unwrap();
        expect![[r#"

            #### Effects of the axes (5 rounds of 11 combinations)

            | effect of | ratio | 95% interval | change | verdict | at a single level |
            | --- | ---: | ---: | ---: | --- | --- |
            | linker=default |  |  |  | reference |  |
            | linker=mold with debug not set | 0.750× | 0.712–0.788× | −25.0% | faster |  |
            | linker=mold with debug=none | 0.980× | 0.931–1.029× | −2.0% | undecided |  |
            | linker=lld (debug=none) | 0.970× | 0.912–1.028× | −3.0% | undecided | ±15%, average only |
            | linker=wild |  |  |  | no average |  |
            | debug not set |  |  |  | reference |  |
            | debug=none | 0.810× | 0.786–0.834× | −19.0% | faster | ±10% |
            | codegen-units=256 |  |  |  | reference |  |
            | codegen-units=16 | 1.002× | 0.982–1.022× | \+0.2% | equivalent | ±9%, average only |

            - linker and debug interact (p &lt; 0.001, after correction): the effect of each depends on the level of the other, so neither is averaged over the other.
            - Interactions: none was found for linker × codegen-units and debug × codegen-units, which does not mean that there is none.
            - linker=wild: only `linker=wild debug=none` has a counterpart with linker=default, so there is nothing to average.
            - Without `linker=wild debug=full`: the warm-up build failed with exit code 101.

        "#]].assert_eq(&text[from..from + until]);
        assert!(!markdown(&one()).contains("ffects of the axes"));
    }

    #[test]
    fn a_run_of_nothing_says_so() {
        let mut comparison = one();
        comparison.blocks.clear();
        comparison.pooled_projects.clear();
        assert!(markdown(&comparison).contains("nothing was measured"));
    }

    #[test]
    fn fidelity_stands_under_the_table_with_nothing_in_it_that_is_markup() {
        let text = markdown(&comparison(vec![crate::figure::fixture::unlike()]));
        let lines: Vec<&str> = text.lines().filter(|line| line.contains("your own build: ")).collect();
        expect!["- compared with your own build: without your configuration: same (left out on purpose: RUSTFLAGS)"].assert_eq(&lines.join("\n"));
        assert!(!markdown(&one()).contains("your own build"), "nobody compared");
    }
}
