//! A comparison as GitHub-flavored Markdown, for a post or a pull request: the answers first, then the
//! tables.

use bench_runner_core::compare::{BlockResult, Comparison, PooledProjects};

use super::text::{self, COLUMNS};
use super::{answers, calibration, fidelity};
use crate::figure::wording::{self, TimeUnit};

/// The answers, a table for each block, ratios across projects, and variants that were left out. All text
/// from files is escaped.
pub fn markdown(comparison: &Comparison) -> String {
    let mut text = format!(
        "## {} on {}\n\n",
        escape_markdown(&comparison.scenario),
        escape_markdown(&comparison.machine)
    );
    if let Some(post_hoc) = &comparison.post_hoc {
        let baseline = escape_markdown(&post_hoc.baseline);
        text.push_str(&format!("Post hoc: compared with {baseline}, which was chosen after the run.\n\n"));
    }
    if comparison.blocks.is_empty() {
        text.push_str(&format!("{}\n\n", escape_markdown(text::why_no_blocks(comparison))));
    }
    for answer in answers(comparison) {
        text.push_str(&format!("- {}\n", escape_markdown(&answer.text)));
    }
    for one in &comparison.blocks {
        text.push_str(&block(one));
    }
    text.push_str(&pooled_projects(&comparison.pooled_projects));
    if comparison.blocks.iter().flat_map(|block| &block.arms).any(|arm| arm.ratio.is_some()) {
        let calibration = calibration::text(&comparison.calibration);
        let sentences =
            [wording::family_sentence(comparison), calibration].map(|sentence| escape_markdown(&sentence));
        text.push_str(&format!("\n{}\n", sentences.join(" ").trim()));
    }
    let left_out = comparison.post_hoc.iter().flat_map(|post_hoc| &post_hoc.left_out);
    let skipped: Vec<String> = left_out
        .chain(&comparison.skipped)
        .map(|skipped| {
            format!(
                "- {} in {}: {}\n",
                escape_markdown(&skipped.variant),
                escape_markdown(&skipped.block),
                escape_markdown(&skipped.reason)
            )
        })
        .collect();
    if !skipped.is_empty() {
        text.push_str(&format!("\nLeft out:\n\n{}", skipped.concat()));
    }
    text
}

fn block(block: &BlockResult) -> String {
    let unit = TimeUnit::for_block(block);
    let progress = wording::progress(block);
    let mut text = format!("\n### {} ({})\n\n", escape_markdown(&block.title), escape_markdown(&progress));
    let arms = block.arms.iter().enumerate().filter(|(_, arm)| text::has_row(arm));
    let rows: Vec<_> = arms.map(|(at, arm)| text::row(block, at, unit, arm)).collect();
    if rows.is_empty() {
        text.push_str("Nothing was timed.\n");
    } else {
        let headings: Vec<(&str, bool)> =
            COLUMNS.iter().map(|column| (column.heading, column.right)).collect();
        text.push_str(&table(&headings, &rows));
    }
    let warning_prefix = |line: &fidelity::FidelityLine| if line.is_warning { "**warning:** " } else { "" };
    let fidelity: Vec<String> = fidelity::lines(&block.fidelity)
        .iter()
        .map(|line| format!("- {}fidelity: {}\n", warning_prefix(line), escape_markdown(&line.text)))
        .collect();
    if !fidelity.is_empty() {
        text.push_str(&format!("\n{}", fidelity.concat()));
    }
    let notes: Vec<String> =
        block.notes.iter().map(|note| format!("- {}\n", escape_markdown(note))).collect();
    if !notes.is_empty() {
        text.push_str(&format!("\n{}", notes.concat()));
    }
    text
}

fn pooled_projects(across: &[PooledProjects]) -> String {
    if across.is_empty() {
        return String::new();
    }
    let headings = [
        ("variant", false),
        ("baseline", false),
        ("workload", false),
        ("projects", false),
        ("ratio", true),
        ("95 % interval", true),
    ];
    let row = |one: &PooledProjects| {
        let shown = wording::interval(one.ratio, one.these);
        vec![
            one.variant.clone(),
            one.baseline.clone(),
            one.workload.clone(),
            one.projects.join(", "),
            format!("{}×", shown.estimate),
            format!("{} – {}", shown.low, shown.high),
        ]
    };
    let rows: Vec<_> = across.iter().map(row).collect();
    format!("\n### Across projects (geometric means, not judged)\n\n{}", table(&headings, &rows))
}

/// A table; the flag of a heading right-aligns its column.
fn table(headings: &[(&str, bool)], rows: &[Vec<String>]) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let head = line(headings.iter().map(|(name, _)| escape_markdown(name)).collect());
    let rule =
        line(headings.iter().map(|(_, right)| if *right { "---:" } else { "---" }.to_owned()).collect());
    let body: String =
        rows.iter().map(|row| line(row.iter().map(|cell| escape_markdown(cell)).collect())).collect();
    format!("{head}{rule}{body}")
}

/// Escapes text so that nothing in it is markup, mentions a user or an issue, or breaks the line.
fn escape_markdown(text: &str) -> String {
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
            c if text::is_control(c) => escaped.push('\u{FFFD}'),
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
            "\\-a\\|b &lt;script&gt;\\*x\\*&lt;/script&gt; \\`c\\` @<!-- -->me #<!-- -->1 \u{FFFD}"
        );
    }

    #[test]
    fn the_answer_comes_first_and_tables_have_one_row_for_each_arm() {
        let text = markdown(&one());
        let answer = text.find("\n- ").unwrap();
        assert!(answer < text.find("\n### ").unwrap());
        expect![[r#"
            ## linkers on AMD Ryzen 7 7840U, 8 cores, 32 GB, Linux 6.8

            - linker=lld against linker=bfd on hexyl 0.17.0 · incremental: 1.1455× faster, 95 % interval 1.1364–1.1547, 12 rounds. Also faster: linker=mold (−7.90 %, −8.64 to −7.16). A real difference of 2.1 % or more would be found in four of five such runs. The control: −0.2 ± 1.6 % against the planned baseline, no difference shown.

            ### hexyl 0.17.0 · incremental (12 rounds, stopped: the precision was reached)

            | variant | median | ratio | 95 % interval | change | verdict | n |
            | --- | ---: | ---: | ---: | ---: | --- | ---: |
            | linker=bfd | 4.200 s |  |  |  | baseline | 12 |
            | linker=lld | 3.667 s | 0.8730× | 0.8660 – 0.8800 | −12.70 % | faster | 12 |
            | linker=mold | 3.868 s | 0.9210× | 0.9136 – 0.9284 | −7.90 % | faster | 12 |

            Verdicts hold for all 2 planned comparisons together (Holm): stricter than each plain interval.
        "#]].assert_eq(&text);
    }

    #[test]
    fn each_row_has_as_many_cells_as_the_heading_whatever_the_names() {
        let mut comparison = one();
        comparison.blocks[0].arms[2].variant = "a|b\nc".into();
        let text = markdown(&comparison);
        let bars = |line: &str| line.replace("\\|", "").matches('|').count();
        let rows: Vec<usize> = text.lines().filter(|line| line.starts_with('|')).map(bars).collect();
        assert!(rows.len() >= 4 && rows.iter().all(|count| *count == COLUMNS.len() + 1), "{text}");
    }

    #[test]
    fn a_run_of_nothing_says_so() {
        let mut comparison = one();
        comparison.blocks.clear();
        comparison.pooled_projects.clear();
        assert!(markdown(&comparison).contains("no block was measured"));
    }

    #[test]
    fn fidelity_stands_under_the_table_with_nothing_in_it_that_is_markup() {
        let text = markdown(&comparison(vec![crate::figure::fixture::unlike()]));
        let lines: Vec<&str> = text.lines().filter(|line| line.contains("fidelity: ")).collect();
        expect![[r#"
            - **warning:** fidelity: as-configured: differs from your own build in flags: yours \`-Clinker=&lt;x&gt;\`, here nothing
            - fidelity: without your configuration: same (left out on purpose: RUSTFLAGS)"#]].assert_eq(&lines.join("\n"));
        assert!(!markdown(&one()).contains("fidelity"), "nobody compared");
    }
}
