//! `export`: results in the formats of other tools.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use bench_runner_core::bundle::{self, Bundle, RunFiles};
use bench_runner_core::compare::{Comparison, Policy};
use bench_runner_core::suggest::suggest;
use bench_runner_measure::scenario::RequestError;
use bench_runner_report::export::{
    self, CellFilter, Export, ExportDocument, ExportError, ExportFormat, ExportRun,
};

use super::run_paths::named_runs;
use super::{Exit, WHERE_TO, format_path};
use crate::flows::{self, FlowError};

/// Convert results to the formats of other tools; needs no build and does not change the runs
///
/// Only measured builds that count are exported as times. A format that cannot hold everything says so on standard
/// error.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = FORMATS_AND_EXAMPLES)]
pub(crate) struct Args {
    /// Runs, such as `results/MACHINE/RUN`, archives of them, or searches, of which the confirmation counts
    #[arg(required = true, value_name = "RUN")]
    bundles: Vec<PathBuf>,
    /// Format to write; the formats are listed below
    #[arg(long, value_name = "FORMAT")]
    format: String,
    /// Only this comparison, by its id (repeatable) [default: all]
    #[arg(long, value_name = "ID", help_heading = WHAT_TO_EXPORT)]
    block: Vec<String>,
    /// Only this variant, by its name (repeatable) [default: all]
    #[arg(long, value_name = "NAME", help_heading = WHAT_TO_EXPORT)]
    variant: Vec<String>,
    /// A file, a directory, or `-` for standard output
    #[arg(long, value_name = "FILE", default_value = "-", help_heading = WHERE_TO)]
    output: PathBuf,
}

const WHAT_TO_EXPORT: &str = "What to export";

const FORMATS_AND_EXAMPLES: &str = "\
Formats:
  hyperfine         JSON as hyperfine 2.0 writes it (schema 2), for its plotting scripts
  hyperfine-1       JSON as hyperfine 1.x wrote it, for tools that still read that
  bencher           Bencher Metric Format, for `bencher run --adapter json`
  critcmp           baselines for critcmp, a file for each variant
  github-benchmark  JSON for github-action-benchmark's customSmallerIsBetter
  openmetrics       OpenMetrics text, for Prometheus and similar systems
  csv               a tidy table, a row for each comparison, variant and metric
  json              everything: runs, comparisons and builds, with a published schema

Examples:
  bench-runner export --format csv results/*/* --output runs.csv
  bench-runner export --format critcmp results/*/*-quick-* --output baselines/";

pub(crate) fn run(args: &Args) -> Result<Exit, FlowError> {
    let format = format(&args.format)?;
    let bundles = named_runs(&args.bundles)?;
    let bundles = bundles.iter().map(|dir| bundle::open(dir)).collect::<Result<Vec<Bundle>, _>>()?;
    bundles.iter().flat_map(|bundle| &bundle.remarks).for_each(|remark| errln!("note: {remark}"));
    check_outside_bundles(&args.output, &bundles)?;
    let policy = Policy::default();
    let comparisons: Vec<Comparison> = bundles.iter().map(|bundle| flows::judge(bundle, &policy)).collect();
    let both = bundles.iter().zip(&comparisons);
    let runs: Vec<ExportRun<'_>> =
        both.map(|(bundle, comparison)| ExportRun { bundle, comparison }).collect();
    let filter = CellFilter { blocks: args.block.clone(), variants: args.variant.clone() };
    let exported = export::export(format, &runs, &filter).map_err(export_error)?;
    for sentence in &exported.omissions {
        errln!("note: {format} does not hold: {}", sanitize(sentence), format = format.name);
    }
    write(&exported, &args.output)?;
    Ok(Exit::Done)
}

/// Replaces control characters: text from a file must not control the terminal.
fn sanitize(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn format(name: &str) -> Result<&'static ExportFormat, RequestError> {
    export::find(name).ok_or_else(|| {
        let known = export::all().map(|format| format.name);
        let help = match suggest(name, known) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the formats are {}", known.join(", ")),
        };
        RequestError::usage(format!("unknown format `{name}`"), Some(help))
    })
}

fn export_error(error: ExportError) -> FlowError {
    match error {
        ExportError::Unwritable { .. } => FlowError::Harness(anyhow::anyhow!(error)),
        wrong_request => RequestError::usage(sanitize(&wrong_request.to_string()), None).into(),
    }
}

/// Writes one document to standard output or a file, several to a directory.
fn write(exported: &Export, output: &Path) -> Result<(), FlowError> {
    let documents = &exported.documents;
    if output == Path::new("-") {
        let [only] = &documents[..] else {
            let names: Vec<&str> = documents.iter().map(|document| document.name.as_str()).collect();
            let message = format!("this makes {} files: {}", names.len(), names.join(", "));
            let help = "name a directory with --output, or pick one with --variant".to_owned();
            return Err(RequestError::usage(message, Some(help)).into());
        };
        out!("{}", only.text);
        return Ok(());
    }
    let is_directory =
        documents.len() > 1 || output.is_dir() || output.as_os_str().to_string_lossy().ends_with('/');
    if !is_directory {
        return save(output, &documents[..]);
    }
    std::fs::create_dir_all(output).with_context(|| format!("failed to make {}", format_path(output)))?;
    documents.iter().try_for_each(|document| {
        let path = output.join(&document.name);
        save(&path, std::slice::from_ref(document))?;
        errln!("written: {}", format_path(&path));
        Ok(())
    })
}

fn save(path: &Path, documents: &[ExportDocument]) -> Result<(), FlowError> {
    let text: String = documents.iter().map(|document| document.text.as_str()).collect();
    std::fs::write(path, text).with_context(|| format!("failed to write {}", format_path(path)))?;
    Ok(())
}

/// Refuses an output in a bundle: only its run writes into a bundle.
fn check_outside_bundles(output: &Path, bundles: &[Bundle]) -> Result<(), FlowError> {
    if output == Path::new("-") {
        return Ok(());
    }
    let real = |path: &Path| path.canonicalize().ok();
    // A path that does not exist yet is judged by its nearest existing ancestor.
    let absolute = std::path::absolute(output).context("failed to find the current directory")?;
    let Some(place) = absolute.ancestors().find_map(real) else { return Ok(()) };
    let root = |bundle: &Bundle| real(RunFiles::find(&bundle.dir).ok()?.root());
    let within = |bundle: &&Bundle| root(bundle).is_some_and(|root| place.starts_with(root));
    match bundles.iter().find(within) {
        None => Ok(()),
        Some(bundle) => {
            let message = format!("{} lies in the bundle {}", format_path(output), format_path(&bundle.dir));
            let help = "nothing but its run writes into a bundle; name another place".to_owned();
            Err(RequestError::usage(message, Some(help)).into())
        }
    }
}
