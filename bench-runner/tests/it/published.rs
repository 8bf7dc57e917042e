//! All published figures and numbers in README.md and docs/ come from committed bundles.

use std::fs;
use std::path::{Path, PathBuf};

use bench_runner::flows;
use bench_runner_core::bundle::{self, Bundle};
use bench_runner_core::compare::Policy;
use bench_runner_report::{figure, report};

use crate::lab::{Lab, entries};

/// The run shown in README.md and docs/.
const REFERENCE: &str = "20261130T202206Z-quick-f08d0d";

/// The run that the README shows as Markdown.
const POSTED: &str = "20261130T204108Z-lto-3f186f";

/// The run whose decision is shown in README.md and docs/TUTORIAL.md.
const DECIDED: &str = "20261130T132724Z-recommended-8fff2a";

/// Figures of the docs, each with its run and its name in that run.
const FIGURES: [(&str, &str, &str); 7] = [
    ("docs/figures/quick-forest.svg", REFERENCE, "forest.svg"),
    ("docs/figures/a-a-forest.svg", "20261121T084627Z-a-a-incremental_a-a-check-698873", "forest.svg"),
    ("docs/figures/slow-downs-forest.svg", "20261121T090659Z-slow-downs-b33235", "forest.svg"),
    ("docs/figures/ripgrep-linkers.svg", "20261121T150644Z-linkers-e1828f", "forest.svg"),
    ("docs/figures/ripgrep-lto.svg", "20261121T144816Z-lto-991be9", "forest.svg"),
    ("docs/figures/ripgrep-debug-info.svg", "20261121T151111Z-debug-info-200fd5", "forest.svg"),
    ("docs/figures/ripgrep-cache.svg", "20261121T143336Z-cache-5688fe", "forest.svg"),
];

trials! { "published";
    figures_are_those_of_the_committed_bundle,
    the_readme_names_the_bundle_and_its_verdicts,
    the_readme_shows_what_a_post_would_have,
    the_examples_are_what_their_bundles_say,
    samples_of_decide_are_what_it_says,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}

/// A committed run; there may be others, once somebody has followed the README.
fn kept(run: &str) -> Bundle {
    let machines = entries(&root().join("results"));
    let kept = machines.iter().map(|machine| machine.join(run)).find(|run| run.is_dir());
    bundle::open(&kept.unwrap_or_else(|| panic!("no {run} in results/"))).expect("a bundle that can be read")
}

fn figures_are_those_of_the_committed_bundle() {
    for (published, run, name) in FIGURES {
        let drawn = figure::svgs(&flows::judge(&kept(run), &Policy::default()));
        let kept = fs::read(root().join(published)).expect("a figure of the docs");
        let figure =
            drawn.iter().find(|figure| figure.name == name).unwrap_or_else(|| panic!("no figure {name}"));
        assert!(
            kept == figure.bytes,
            "{published} is not what `report` draws from the bundle: copy plots/{run}/{name} again"
        );
    }
}

/// The output of `report --verbose` for a run.
fn said(bundle: &Bundle) -> String {
    let (comparison, style) =
        (flows::judge(bundle, &Policy::default()), report::TextStyle { verbose: true, ..Default::default() });
    report::text(&comparison, style) + &report::answer_text(&comparison, style)
}

fn the_examples_are_what_their_bundles_say() {
    let text = fs::read_to_string(root().join("docs/EXAMPLES.md")).expect("docs/EXAMPLES.md");
    let quoted = text.split('`').filter(|word| word.len() > 17 && word.as_bytes()[15] == b'Z');
    let runs: Vec<&str> = quoted.collect();
    assert!(!runs.is_empty(), "docs/EXAMPLES.md names no bundle");
    let told: String = runs.iter().map(|run| said(&kept(run))).collect();
    let mut shown = 0;
    for block in text.split("```text\n").skip(1) {
        let block = block.split("```").next().unwrap_or_default();
        for line in block.lines().filter(|line| *line != "…") {
            let said = told.lines().any(|own| own.trim_end() == line);
            assert!(said, "docs/EXAMPLES.md shows what no run of it said: {line}");
            shown += 1;
        }
    }
    assert!(shown >= 10, "docs/EXAMPLES.md shows {shown} lines");
}

fn samples_of_decide_are_what_it_says() {
    let run = kept(DECIDED);
    let lab = Lab::new();
    let path = run.dir.to_str().expect("UTF-8");
    let decided = lab.run(&["decide", path, "--per-day", "incremental=80,clean=3"]).expect(0).stdout;
    for document in ["README.md", "docs/TUTORIAL.md"] {
        let text = fs::read_to_string(root().join(document)).expect("a document");
        let blocks = text.split("```text\n").skip(1).filter_map(|rest| rest.split("```").next());
        let samples: Vec<&str> = blocks.filter(|block| block.contains("per developer and day (")).collect();
        assert_eq!(samples.len(), 1, "{document}");
        for line in samples[0].lines().filter(|line| *line != "…") {
            assert!(
                decided.lines().any(|own| own == line),
                "{document} shows what `decide` did not say: {line}"
            );
        }
    }
}

fn the_readme_names_the_bundle_and_its_verdicts() {
    let bundle = kept(REFERENCE);
    let text = fs::read_to_string(root().join("README.md")).expect("README.md");
    assert!(
        text.contains(&bundle.manifest.run),
        "README.md names another bundle than {}",
        bundle.manifest.run
    );
    let table = said(&bundle);
    // Every line of the excerpt must be a line of the run's report. A run says more than its report, on other lines.
    let of_a_run = |line: &str| line.starts_with("next:    ") || line.starts_with("page:    ");
    let sample = text.split("```text\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap_or_default();
    let shown: Vec<&str> =
        sample.lines().filter(|line| !line.is_empty() && *line != "…" && !of_a_run(line)).collect();
    assert!(shown.len() >= 20, "README.md shows {} lines", shown.len());
    for line in shown {
        assert!(
            table.lines().any(|own| own.trim_end() == line),
            "README.md shows what the run did not say: {line}"
        );
    }
}

fn the_readme_shows_what_a_post_would_have() {
    let text = fs::read_to_string(root().join("README.md")).expect("README.md");
    let sample =
        text.split("```markdown\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap_or_default();
    assert!(text.contains(POSTED), "README.md names another bundle than {POSTED}");
    let posted = report::markdown(&flows::judge(&kept(POSTED), &Policy::default()));
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let (answer, table) = sample.split_once("\n\n").expect("an answer and a table");
    let answer = words(answer.trim_end_matches('…'));
    // A sign that Markdown would take for a list is escaped.
    let plain = words(&posted.replace("\\+", "+"));
    assert!(answer.len() > 100 && plain.contains(&answer), "not the answer of the run: {answer}");
    for line in table.lines().filter(|line| *line != "…") {
        assert!(posted.lines().any(|own| own == line), "README.md shows what the run did not say: {line}");
    }
}
