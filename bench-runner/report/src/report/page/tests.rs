//! Tests of pages, for all kinds of runs.

use bench_runner_core::bundle::fixture as files;
use bench_runner_core::compare::{Comparison, PostHoc, RunInterference, Verdict};
use bench_runner_core::record::{BlockId, ByMetric, MetricId, Outcome, Sample};
use bench_runner_core::stats::summarize;

use super::*;
use crate::figure::fixture::{self, block, comparison, empty_block, everything, names, ratio};

fn page_of(comparison: &Comparison, advice: &[Advice]) -> String {
    page_with(comparison, advice, &[])
}

fn page_with(comparison: &Comparison, advice: &[Advice], other_baselines: &[Comparison]) -> String {
    let manifest = files::manifest();
    let failed = files::sample(2, Outcome::Failed { exit_code: Some(101) });
    let block =
        comparison.blocks.first().map_or_else(|| BlockId::new("s", "p", "clean"), |block| block.id.clone());
    let samples = [files::sample(1, files::built()), Sample { block: block.clone(), ..failed }];
    let remarks = ["the last row of samples.csv was cut short".to_owned()];
    let configuration = VariantSetup {
        settings: vec![("linker".to_owned(), "<bfd>".to_owned())],
        command: Some("cargo build --jobs 2".to_owned()),
        files: vec![(".cargo/config.toml".to_owned(), "rustflags = []\n".to_owned())],
    };
    let conditions = vec!["Profile `dev`.".to_owned()];
    let setups = [BlockSetup { block, conditions, variants: vec![configuration] }];
    let logs = [BuildLog { sample: 2, path: "logs/00002-x.log".to_owned(), tail: "error: <no>".to_owned() }];
    page(&PageInput {
        manifest: &manifest,
        comparison,
        other_baselines,
        samples: &samples,
        interference: RunInterference::of(&samples, Some(4)),
        visits: 1,
        remarks: &remarks,
        setups: &setups,
        logs: &logs,
        advice,
        repeat: "bench-runner reproduce <bundle>",
    })
}

#[test]
fn effects_have_a_table_and_figures_if_axes_are_crossed() {
    let page = page_of(&comparison(vec![fixture::product(true)]), &[]);
    for part in
        ["id=\"effects\"", "linker=mold with debug=none", "linker=lld (debug=none)", ": axes that interact"]
    {
        assert!(page.contains(part), "{part}");
    }
    let plain = page_of(&comparison(vec![block("hexyl", &names(3, false), 12, 4.2)]), &[]);
    assert!(!plain.contains("ffects of the axes"));
}

/// The comparison with each other variant as the baseline, with made-up results.
fn other_baselines(comparison: &Comparison) -> Vec<Comparison> {
    let most = comparison.blocks.iter().map(|block| block.arms.len()).max().unwrap_or(0);
    let with = |baseline: usize| {
        let mut other = comparison.clone();
        other.post_hoc = Some(PostHoc { baseline: "chosen".to_owned(), pairs: 45, left_out: Vec::new() });
        other.blocks.retain(|block| baseline < block.arms.len());
        for block in &mut other.blocks {
            block.baseline = baseline;
            block.arms[baseline].ratio = None;
            block.arms[0].ratio = Some(ratio(1.2, 0.01, Verdict::Slower));
        }
        other
    };
    (2..most).map(with).collect()
}

/// Names of elements that were opened and not closed, except those without an end tag in HTML.
fn unclosed(html: &str) -> Vec<String> {
    const VOID: [&str; 5] = ["meta", "input", "br", "path", "use"];
    let mut open: Vec<String> = Vec::new();
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        rest = &rest[start + 1..];
        let raw = ["script", "style"].iter().find(|name| rest.starts_with(**name));
        let end = rest.find('>').expect("a tag ends");
        let tag = &rest[..end];
        let name = tag.split([' ', '\n']).next().unwrap_or_default();
        match name.strip_prefix('/') {
            Some(name) => {
                assert_eq!(open.pop().as_deref(), Some(name), "before {}", &rest[..rest.len().min(80)])
            }
            None if name.starts_with('!') || tag.ends_with('/') || VOID.contains(&name) => {}
            None => open.push(name.to_owned()),
        }
        rest = match raw {
            // Their content is not markup.
            Some(name) => &rest[rest.find(&format!("</{name}")).expect("it is closed")..],
            None => &rest[end..],
        };
    }
    open
}

#[test]
fn a_page_is_well_formed_whatever_a_run_was_like() {
    let mut failures = block("nothing worked", &names(2, false), 3, 1.0);
    for arm in &mut failures.arms {
        (arm.points, arm.summaries, arm.ratio, arm.failures) = (Vec::new(), ByMetric::default(), None, 3);
    }
    failures.twin = None;
    let cases = [
        everything(),
        comparison(Vec::new()),
        comparison(vec![empty_block("nothing")]),
        comparison(vec![failures]),
    ];
    for case in cases {
        let html = page_of(&case, &[]);
        assert_eq!(unclosed(&html), Vec::<String>::new());
        for (id, name) in [
            ("answer", "The answer"),
            ("figures", "Figures"),
            ("conduct", "How it was done"),
            ("builds", "Variants and builds"),
            ("apply", "How to apply this"),
            ("words", "Words and verdicts"),
        ] {
            assert!(html.contains(&format!("<section id=\"{id}\"")) && html.contains(name), "{id}");
        }
        assert!(!html.contains("NaN") && !html.contains("http://") && !html.contains("https://"));
    }
}

#[test]
fn names_are_text_wherever_they_come_up() {
    let evil = "</script><img src=x onerror=alert(1)>\"'&";
    let mut one = block("hexyl", &names(3, false), 3, 1.0);
    one.title = evil.to_owned();
    one.notes = vec![evil.to_owned()];
    one.arms.iter_mut().for_each(|arm| arm.variant = evil.to_owned());
    one.arms[2].not_timed = Some(evil.to_owned());
    let mut comparison = comparison(vec![one]);
    comparison.machine = evil.to_owned();
    comparison.scenario = evil.to_owned();
    comparison.skipped = vec![bench_runner_core::record::Skipped {
        block: evil.to_owned(),
        variant: evil.to_owned(),
        reason: evil.to_owned(),
        help: Some(evil.to_owned()),
    }];
    let advice = Advice {
        heading: evil.to_owned(),
        titles: vec![evil.to_owned()],
        files: vec![(evil.to_owned(), evil.to_owned())],
        remarks: vec![evil.to_owned()],
    };
    let html = page_of(&comparison, &[advice]);
    assert!(!html.contains("<img"), "{}", &html[html.find("<img").unwrap_or(0)..][..200]);
    assert_eq!(html.matches("</script>").count(), html.matches("<script").count());
    assert_eq!(unclosed(&html), Vec::<String>::new());
}

#[test]
fn ten_thousand_builds_are_less_than_two_megabytes() {
    let blocks: Vec<_> =
        (0..10).map(|n| block(&format!("project-{n}"), &names(9, false), 100, 4.2)).collect();
    let comparison = comparison(blocks);
    let builds: usize =
        comparison.blocks.iter().flat_map(|block| &block.arms).map(|arm| arm.points.len()).sum();
    assert_eq!(builds, 10_000);
    let others = other_baselines(&comparison);
    assert_eq!(others.len(), 8);
    let html = page_with(&comparison, &[], &others);
    assert!(html.contains("too many variants to show each against every other"));
    assert!(html.len() < 2_000_000, "{}", html.len());
}

#[test]
fn the_page_says_what_is_odd_and_how_to_repeat_it() {
    let html = page_of(&everything(), &[]);
    for wanted in [
        "This run is still in progress or crashed; results are partial.",
        "the last row of samples.csv was cut short",
        "bench-runner reproduce &lt;bundle&gt;",
        "linker not in force: expected gold, found LLD 22.1.2",
        "12 builds failed, timed out or could not start",
        "no variant that a configuration file can hold was shown to be faster",
        "Profile <code>dev</code>.",
        "failed with exit code 101 (<code>logs/00002-x.log</code>)",
        "error: &lt;no&gt;",
        "<code>&lt;bfd&gt;</code>",
        "cargo build --jobs 2",
        "not in force: linker",
    ] {
        assert!(html.contains(wanted), "{wanted}");
    }
}

#[test]
fn other_metrics_have_intervals_and_a_control_and_are_away_from_the_answer() {
    let mut comparison = everything();
    let one = &mut comparison.blocks[0];
    one.arms[3].summaries[MetricId::MinorFaults] = summarize(&[1_234_567.0, 1_234_568.0, 1_234_570.0]);
    one.arms[3].plain_ratios[MetricId::MinorFaults] = one.arms[3].plain_ratios[MetricId::Cpu];
    one.arms[1].summaries[MetricId::MinorFaults] = summarize(&[1_000.0, 1_001.0, 1_002.0]);
    one.twin_ratios[MetricId::MinorFaults] = Some(fixture::plain_ratio(1.01, 0.02));
    one.twin_ratios[MetricId::Cpu] = Some(fixture::plain_ratio(0.99, 0.02));
    let html = page_of(&comparison, &[]);
    let (answer, rest) = html.split_once("<section id=\"conduct\"").expect("how it was done");
    assert!(!answer.contains("Other metrics"), "they are no part of the answer");
    for wanted in [
        "1,234,568<br><span class=\"muted\">0.620× (0.600–0.640)",
        "1,001<br><span class=\"muted\">1.010× (0.990–1.030)",
        "Minor page faults</th>",
        "what two identical builds differ by",
    ] {
        assert!(rest.contains(wanted), "{wanted} in {rest}");
    }
    assert!(answer.contains("0.990×"), "the control has a ratio of CPU time in the table of verdicts");
    assert!(!html.contains("Major page faults"));
    assert_eq!(unclosed(&html), Vec::<String>::new());
}

#[test]
fn what_stands_between_backticks_is_code() {
    let advice = Advice {
        heading: "linker=mold".to_owned(),
        titles: vec!["hexyl: 0.50× as long".to_owned()],
        files: vec![("Cargo.toml".to_owned(), "[profile.dev]\n".to_owned())],
        remarks: vec!["It needs `<b>` and <em>.".to_owned()],
    };
    let html = page_of(&everything(), &[advice]);
    assert!(html.contains("<li>It needs <code>&lt;b&gt;</code> and &lt;em&gt;.</li>"));
}

#[test]
fn a_group_of_rows_has_the_baseline_the_control_and_the_variants() {
    let html = page_of(&comparison(vec![block("hexyl 0.17.0", &names(3, false), 12, 4.2)]), &[]);
    let table =
        html.split("id=\"verdicts\"").nth(1).and_then(|rest| rest.split("</table>").next()).expect("a table");
    let words: Vec<&str> =
        table.split("data-verdict=\"").skip(1).filter_map(|row| row.split('"').next()).collect();
    assert_eq!(words, ["baseline", "control", "faster", "faster"]);
    assert_eq!(table.matches("class=\"group\"").count(), 1);
    for wanted in ["0.873×", "0.866–0.880×", "−12.7%", "saves 0.53 s", "linker=bfd (control)", "0.998×"]
    {
        assert!(table.contains(wanted), "{wanted} in {table}");
    }
    assert!(!table.contains("Failed") && !html.contains("class=\"controls\""));
    let failed = page_of(&everything(), &[]);
    assert!(failed.contains(">Failed</th>"));
    let many = page_of(&comparison(vec![block("hexyl", &names(21, false), 2, 4.2)]), &[]);
    assert!(many.contains("class=\"controls\""));
}

#[test]
fn an_answer_begins_with_what_was_compared_and_its_figure_comes_before_the_tables() {
    let html = page_of(&comparison(vec![block("hexyl", &names(2, false), 12, 4.2)]), &[]);
    assert!(
        html.contains("<strong>hexyl: rebuild after an edit</strong></p><p class=\"\">linker=lld is faster"),
        "{html}"
    );
    let place = |of: &str| html.find(of).unwrap_or_else(|| panic!("no {of}"));
    let order = [
        place("class=\"answers\""),
        place("id=\"tips-1\""),
        place("id=\"verdicts\""),
        place("id=\"tips-3\""),
    ];
    assert!(order.is_sorted(), "{order:?}");
}

#[test]
fn a_row_says_whether_its_settings_were_proven_unless_they_were() {
    use bench_runner_core::record::{Proof, ProofResult, Role};
    let mut one = block("hexyl", &names(2, false), 12, 4.2);
    let proof = |role: Role, variant: &str, result: ProofResult| Proof {
        block: one.id.clone(),
        variant: variant.to_owned(),
        role,
        axis: "linker".to_owned(),
        result,
        expected: "it".to_owned(),
        found: "it".to_owned(),
    };
    one.proofs = vec![
        proof(Role::Baseline, "linker=bfd", ProofResult::Holds),
        proof(Role::Variant, "linker=lld", ProofResult::NotProvable),
    ];
    let html = page_of(&comparison(vec![one]), &[]);
    let table =
        html.split("id=\"verdicts\"").nth(1).and_then(|rest| rest.split("</table>").next()).expect("a table");
    let rows: Vec<&str> = table.split("data-arm=").skip(1).collect();
    let said = ["without a proof", "cannot be proven: linker"];
    let of = |row: &str| said.iter().find(|text| row.contains(**text)).copied();
    assert_eq!(rows.iter().map(|row| of(row)).collect::<Vec<_>>(), [None, Some(said[0]), Some(said[1])]);
    assert!(table.contains("unless the row says otherwise"), "{table}");
}

#[test]
fn a_column_has_one_unit_in_a_comparison() {
    let html = page_of(&comparison(vec![block("hexyl", &names(2, false), 12, 0.83)]), &[]);
    let table =
        html.split("id=\"verdicts\"").nth(1).and_then(|rest| rest.split("</table>").next()).expect("a table");
    for wanted in ["saves 0.11 s<", "0.8300 s<", "0.7246 s<"] {
        assert!(table.contains(wanted), "{wanted} in {table}");
    }
}

#[test]
fn times_at_the_top_are_for_readers() {
    assert_eq!(time_to_the_minute("2026-11-20T19:34:06Z"), "2026-11-20 19:34 UTC");
    assert_eq!(time_to_the_minute("yesterday"), "yesterday");
}

#[test]
fn decided_answers_come_first() {
    let mut undecided = block("one", &names(2, false), 12, 4.2);
    undecided.arms[2].ratio = Some(ratio(1.0, 0.1, Verdict::Undecided));
    let decided = block("two", &names(2, false), 12, 4.2);
    let html = page_of(&comparison(vec![undecided, decided]), &[]);
    let answers =
        html.split("class=\"answers\"").nth(1).and_then(|rest| rest.split("</ul>").next()).expect("answers");
    let [first, second] =
        ["two: rebuild", "one: rebuild"].map(|title| answers.find(title).unwrap_or(usize::MAX));
    assert!(first < second, "{answers}");
}

#[test]
fn other_baselines_are_marked_as_chosen_afterwards() {
    let planned = comparison(vec![block("hexyl", &names(3, false), 12, 4.2)]);
    assert!(!page_of(&planned, &[]).contains("id=\"post-hoc\""));
    let html = page_with(&planned, &[], &other_baselines(&planned));
    assert!(html.contains("corrected for all 45 pairs of variants"), "{html}");
    assert!(html.contains("against linker=lld") && html.contains("1.200×"));
    assert_eq!(unclosed(&html), Vec::<String>::new());
}

#[test]
fn a_word_of_the_table_is_defined_on_the_page() {
    let html = page_of(&everything(), &[]);
    let linked: Vec<&str> =
        html.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    for word in ["def-faster", "def-control", "def-noise-floor", "def-proof"] {
        assert!(linked.contains(&word), "{word} in {linked:?}");
    }
    for id in linked {
        assert!(html.contains(&format!("id=\"{id}\"")), "{id}");
    }
}

#[test]
fn a_difference_from_the_users_own_build_is_marked_at_the_verdict_and_told_below() {
    let html = page_of(&comparison(vec![crate::figure::fixture::unlike()]), &[]);
    assert!(html.contains("It differs from your own build."), "{html}");
    let told = "<strong class=\"warning\">warning: </strong>as-configured: differs from your own build in flags: \
                yours `-Clinker=&lt;x&gt;`, here nothing";
    assert!(html.contains(told), "{html}");
    assert!(html.contains("without your configuration: same (left out on purpose: RUSTFLAGS)"));
    assert!(html.contains("did different work than its first (2.70 s of CPU time"));
    assert_eq!(unclosed(&html), Vec::<String>::new());
    let plain = page_of(&everything(), &[]);
    assert!(!plain.contains("Fidelity to your own build") && !plain.contains("It differs from your own"));
}
