//! What is published in README.md and docs/ comes from the bundles that are committed, and from nowhere else.

use std::fs;
use std::path::{Path, PathBuf};

use bench_runner::compare::Policy;
use bench_runner::{bundle, figure, flows};
use libtest_mimic::Trial;

use crate::lab::{entries, test};

/// The run that README.md and docs/ show.
const REFERENCE: &str = "20261120T193406Z-quick-ec6a2e";

/// Figures of the docs, each with the figure of the reference run that it is.
const FIGURES: [(&str, &str); 2] = [
    ("docs/figures/quick-forest.svg", "forest.svg"),
    ("docs/figures/quick-incremental.svg", "linkers-titlecase-incremental.svg"),
];

pub(crate) fn tests() -> Vec<Trial> {
    vec![
        test("published::figures_are_those_of_the_committed_bundle", figures),
        test("published::the_readme_names_the_bundle_and_its_verdicts", readme),
    ]
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}

/// The run of `quick` that is kept; others may lie beside it, as soon as somebody has followed the README.
fn reference() -> bundle::Bundle {
    let machines = entries(&root().join("results"));
    let kept = machines.iter().map(|machine| machine.join(REFERENCE)).find(|run| run.is_dir());
    bundle::open(&kept.expect("the reference run")).expect("a bundle that can be read")
}

fn figures() {
    let comparison = flows::judge(&reference(), &Policy::default());
    let drawn = figure::all(&comparison);
    for (published, name) in FIGURES {
        let kept = fs::read_to_string(root().join(published)).expect("a figure of the docs");
        let figure =
            drawn.iter().find(|figure| figure.name == name).unwrap_or_else(|| panic!("no figure {name}"));
        assert!(
            kept == figure.svg,
            "{published} is not what `report` draws from the bundle: copy plots/*/{name} again"
        );
    }
}

fn readme() {
    let bundle = reference();
    let text = fs::read_to_string(root().join("README.md")).expect("README.md");
    assert!(
        text.contains(&bundle.manifest.run),
        "README.md names another bundle than {}",
        bundle.manifest.run
    );
    let table = bench_runner::report::text(&flows::judge(&bundle, &Policy::default()));
    // What the README prints of the run, cut short as it is, must be lines of the run.
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
