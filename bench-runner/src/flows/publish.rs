//! Bundle → its results: verdicts, tables and figures. Needs no build and no network.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use bench_runner_core::bundle::{self, Bundle, RunFiles};
use bench_runner_core::compare::{
    Comparison, Policy, RequestedBaseline, RunInterference, RunRecord, add_fastest, compare,
};
use bench_runner_core::record::{Outcome, Role, Sample};
use bench_runner_report::report::BuildLog;
use bench_runner_report::{figure, report};
use rayon::prelude::*;

use super::{FlowError, page_folds};

/// Largest number of results, over all pairs of variants, that a page has for other baselines.
const MOST_PAIRS: usize = 4000;
/// Largest number of logs on a page, and of characters of each.
const MOST_LOGS: usize = 20;
const LONGEST_TAIL: usize = 2000;

/// Files written for a bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PublishedReport {
    /// The directory with the figures.
    pub plots: PathBuf,
    /// The page with all results.
    pub page: PathBuf,
    pub figures: Vec<PathBuf>,
    /// `summary.csv` among the derived tables; `None` if the bundle is read-only.
    pub summary: Option<PathBuf>,
}

/// The results of `bundle`.
pub fn judge(bundle: &Bundle, policy: &Policy) -> Comparison {
    let record = RunRecord::from(bundle);
    let mut comparison = compare(&record, policy);
    add_fastest(&mut comparison, &record, policy);
    super::comparison_conditions::add_conditions(&mut comparison, &bundle.manifest.plan);
    comparison
}

/// Writes figures to `plots/<run>/` and the derived tables next to the files of the run.
pub(crate) fn publish(
    bundle: &Bundle,
    comparison: &Comparison,
    policy: &Policy,
    plots: &Path,
) -> Result<PublishedReport, FlowError> {
    let plots = plots.join(&bundle.manifest.run);
    std::fs::create_dir_all(&plots).with_context(|| format!("failed to make {}", plots.display()))?;
    let path = plots.join("report.html");
    std::fs::write(&path, page(bundle, comparison, policy))
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
    if let Some(effects) = report::effects_csv(comparison) {
        derive(bundle, "effects.csv", effects)?;
    }
    Ok(PublishedReport { plots, page, figures, summary })
}

/// The page of a bundle, as the text of an HTML file. `policy` is that of the comparison.
pub fn page(bundle: &Bundle, comparison: &Comparison, policy: &Policy) -> String {
    let manifest = &bundle.manifest;
    let visits: BTreeSet<_> = bundle.samples.iter().map(|sample| (&sample.block, sample.visit)).collect();
    report::page(&report::PageInput {
        manifest,
        comparison,
        other_baselines: &other_baselines(bundle, policy),
        samples: &bundle.samples,
        interference: RunInterference::of(
            &bundle.samples,
            manifest.machine.details["facts"]["threads"].as_u64(),
        ),
        visits: visits.len(),
        remarks: &bundle.remarks,
        setups: &page_folds::block_setups(manifest),
        logs: &logs(bundle),
        advice: &super::advice(bundle, comparison, policy),
        // The default path of bundles rather than the path of this one: the page is read on other machines.
        repeat: &format!("bench-runner reproduce results/{}/{}", manifest.machine.directory, manifest.run),
    })
}

/// The run compared with each of its variants as the baseline; nothing if those are too many for a page.
fn other_baselines(bundle: &Bundle, policy: &Policy) -> Vec<Comparison> {
    let blocks = || {
        bundle.manifest.plan.blocks.iter().map(|block| {
            let names = block.arms.iter().filter(|arm| arm.role != Role::Twin).map(|arm| &arm.variant.name);
            names.collect::<Vec<_>>()
        })
    };
    // With one variant, the other direction would be the same result.
    let choices = || blocks().filter(|names| names.len() > 2);
    if choices().map(|names| names.len().pow(2)).sum::<usize>() > MOST_PAIRS {
        return Vec::new();
    }
    let names: BTreeSet<&String> = choices().flatten().collect();
    let record = RunRecord::from(bundle);
    let with = |name: &&String| {
        let baseline = Some(RequestedBaseline::new(name.as_str()));
        compare(&record, &Policy { baseline, ..policy.clone() })
    };
    names.par_iter().map(with).collect()
}

/// Output of builds that failed and of outliers, as far as the bundle has it; failures go first.
fn logs(bundle: &Bundle) -> Vec<BuildLog> {
    let Ok(files) = RunFiles::find(&bundle.dir) else { return Vec::new() };
    let names = files.names_in("logs").into_iter();
    let names: BTreeMap<u32, String> =
        names.filter_map(|name| Some((name.split_once('-')?.0.parse().ok()?, name))).collect();
    let mut logged: Vec<(&Sample, &String)> =
        bundle.samples.iter().filter_map(|sample| Some((sample, names.get(&sample.number)?))).collect();
    logged.sort_by_key(|(sample, _)| matches!(sample.outcome, Outcome::Built(_)));
    let read = |(sample, name): (&Sample, &String)| {
        let path = format!("logs/{name}");
        let text = files.read(&path).ok()??;
        let tail = tail(String::from_utf8_lossy(&text).trim_end());
        Some(BuildLog { sample: sample.number, path, tail })
    };
    logged.into_iter().filter_map(read).take(MOST_LOGS).collect()
}

/// The end of a text, from the start of a line if there is one.
fn tail(text: &str) -> String {
    let Some((start, _)) = text.char_indices().rev().nth(LONGEST_TAIL) else { return text.to_owned() };
    let end = &text[start..];
    format!("…\n{}", end.split_once('\n').map_or(end, |(_, lines)| lines))
}

/// Writes a table next to the files of the run; `None` if it is read-only, since a bundle on a read-only share can still be
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_log_keeps_whole_lines_of_its_end() {
        assert_eq!(tail("short"), "short");
        let long: String = (0..400).map(|n| format!("line {n} ä\n")).collect();
        let end = tail(long.trim_end());
        assert!(end.starts_with("…\nline ") && end.ends_with("line 399 ä"), "{end}");
        assert!(end.chars().count() <= LONGEST_TAIL + 2);
        assert_eq!(tail(&"x".repeat(3000)).chars().count(), LONGEST_TAIL + 3);
    }
}
