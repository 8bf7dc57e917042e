//! Bundle → its results: verdicts, tables and figures. Needs no build and no network.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use bench_runner_core::bundle::{self, Bundle};
use bench_runner_core::compare::{Comparison, Policy, RunInterference, RunRecord, compare};
use bench_runner_report::{figure, report};

use super::FlowError;

/// Files written for a bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PublishedReport {
    /// The directory with the figures.
    pub plots: PathBuf,
    /// The page with all results.
    pub page: PathBuf,
    pub figures: Vec<PathBuf>,
    /// `derived/summary.csv`; `None` if the bundle is read-only.
    pub summary: Option<PathBuf>,
}

/// The results of `bundle`.
pub fn judge(bundle: &Bundle, policy: &Policy) -> Comparison {
    let mut comparison = compare(&RunRecord::from(bundle), policy);
    super::setup::add_setups(&mut comparison, &bundle.manifest.plan);
    comparison
}

/// Writes figures to `plots/<run>/` and the derived tables to `derived/` in the bundle.
pub(crate) fn publish(
    bundle: &Bundle,
    comparison: &Comparison,
    plots: &Path,
) -> Result<PublishedReport, FlowError> {
    let plots = plots.join(&bundle.manifest.run);
    std::fs::create_dir_all(&plots).with_context(|| format!("failed to make {}", plots.display()))?;
    let path = plots.join("report.html");
    std::fs::write(&path, page(bundle, comparison))
        .with_context(|| format!("failed to write {}", path.display()))?;
    let page = path;
    let mut figures = Vec::new();
    let pictures = figure::pngs(comparison).context("failed to draw the figures")?;
    for figure in figure::svgs(comparison).into_iter().chain(pictures) {
        let path = plots.join(&figure.name);
        std::fs::write(&path, figure.bytes).with_context(|| format!("failed to write {}", path.display()))?;
        figures.push(path);
    }
    let summary = derive(bundle, "summary.csv", report::summary_csv(comparison))?;
    derive(bundle, "blocks.csv", report::blocks_csv(comparison))?;
    derive(bundle, "across.csv", report::pooled_projects_csv(comparison))?;
    Ok(PublishedReport { plots, page, figures, summary })
}

/// The page of a bundle, as the text of an HTML file.
pub fn page(bundle: &Bundle, comparison: &Comparison) -> String {
    let manifest = &bundle.manifest;
    let visits: BTreeSet<_> = bundle.samples.iter().map(|sample| (&sample.block, sample.visit)).collect();
    report::page(&report::PageInput {
        manifest,
        comparison,
        interference: RunInterference::of(
            &bundle.samples,
            manifest.machine.details["facts"]["threads"].as_u64(),
        ),
        visits: visits.len(),
        remarks: &bundle.remarks,
        advice: &super::advice(bundle, comparison),
        // The default path of bundles rather than the path of this one: the page is read on other machines.
        repeat: &format!("bench-runner reproduce results/{}/{}", manifest.machine.directory, manifest.run),
    })
}

/// Writes a table to `derived/`; `None` if it is read-only, since a bundle on a read-only share can still be
/// reported on.
fn derive(
    bundle: &Bundle,
    name: &str,
    table: Result<String, csv::Error>,
) -> Result<Option<PathBuf>, FlowError> {
    let text = table.with_context(|| format!("failed to make {name}"))?;
    match bundle::write_derived(&bundle.dir, name, &text) {
        Ok(path) => Ok(Some(path)),
        Err(bundle::BundleError::Io { source, .. }) if is_read_only(&source) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn is_read_only(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem)
}
