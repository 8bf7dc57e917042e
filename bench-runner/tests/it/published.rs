//! All published figures and numbers in README.md and docs/ come from committed bundles.

use std::fs;
use std::path::{Path, PathBuf};

use bench_runner::flows;
use bench_runner_core::bundle::{self, Bundle};
use bench_runner_core::compare::Policy;
use bench_runner_report::{figure, report};

use crate::lab::{Lab, entries};

/// The run shown in README.md and docs/.
const REFERENCE: &str = "20261130T081008Z-quick-4fb681";

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
    // Every line in the README's excerpt must be a line of the run's report.
    let shown: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("  linker=") || line.starts_with("  workload="))
        .collect();
    assert!(shown.len() >= 3, "README.md shows no results");
    for line in shown {
        assert!(
            table.lines().any(|own| own.trim_end() == line),
            "README.md shows what the run did not say: {line}"
        );
    }
}
