//! `report`: tables, figures and the page again, from the files alone.

use std::path::PathBuf;

use bench_runner_core::bundle;
use bench_runner_core::compare::Policy;
use bench_runner_report::report;

use super::run_paths::named_runs;
use super::{Exit, HOW_TO_JUDGE, WHERE_TO, browser, format_path, request_percent, text_style};
use crate::flows::{self, FlowError, JudgedRun, Places};

/// Write the tables, figures and pages of finished runs again; needs no build and no network
///
/// Several runs also get a page together, in `plots/together-<12 hex digits>/`, which shows the ratios of all machines
/// side by side.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Runs, such as `results/MACHINE/RUN`, archives of them, or searches, of which the confirmation counts
    #[arg(required = true, value_name = "RUN")]
    bundles: Vec<PathBuf>,
    /// Smallest difference that matters; equivalent: any difference was shown to be within it [default: that of each run]
    #[arg(long, value_name = "PCT", value_parser = request_percent, help_heading = HOW_TO_JUDGE)]
    margin: Option<f64>,
    /// Output format
    #[arg(long, value_enum, default_value_t, conflicts_with = "json", help_heading = WHERE_TO)]
    format: PrintFormat,
    /// Print more after the results: the proof of every variant, build order, CPU time and memory, and how directories
    /// differ. The page always has these [default: results and answer only]
    #[arg(long, conflicts_with = "json")]
    verbose: bool,
    /// Print a list of JSON documents: one for each run, and one for several together
    #[arg(long)]
    json: bool,
    /// Open the page of each run in the browser, and the page of several together
    #[arg(long)]
    open: bool,
}

const EXAMPLES: &str = "\
Examples:
  bench-runner report results/*/*
  bench-runner report --open results/*/*-quick-*
  bench-runner report --format markdown results/*/* > comment.md";

/// Output format of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
enum PrintFormat {
    /// Tables for a terminal
    #[default]
    Text,
    /// GitHub-flavored Markdown for a post or a pull request: the answers first, then the tables
    Markdown,
}

pub(crate) fn run(args: &Args, places: &Places) -> Result<Exit, FlowError> {
    // All manifests are read before any figure is drawn.
    let bundles = named_runs(&args.bundles)?;
    bundles.iter().try_for_each(|dir| bundle::read_manifest(dir).map(drop))?;
    let policy = Policy { margin: args.margin, ..Policy::default() };
    let style = text_style(args.verbose);
    let (mut documents, mut judged) = (Vec::new(), Vec::new());
    for dir in &bundles {
        let run = JudgedRun::of(bundle::open(dir)?, &policy);
        let comparison = &run.comparison;
        run.bundle.remarks.iter().for_each(|remark| errln!("note: {remark}"));
        let published = flows::publish(&run.bundle, comparison, &policy, &places.plots)?;
        match args.format {
            _ if args.json => {
                let mut document = report::json(comparison);
                document["bundle"] = dir.display().to_string().into();
                document["plots"] = published.plots.display().to_string().into();
                document["page"] = published.page.display().to_string().into();
                documents.push(document);
            }
            PrintFormat::Text => {
                outln!("{}", report::text(comparison, style));
                outln!("run:     {}\n", format_path(dir));
                outln!("{}", report::answer_text(comparison, style));
                outln!("figures: {}", format_path(&published.plots));
                outln!("page:    {}\n", format_path(&published.page));
            }
            // Standard output must contain only the text to paste.
            PrintFormat::Markdown => {
                outln!("{}", report::markdown(comparison));
                errln!("page: {}", format_path(&published.page));
            }
        }
        if args.open {
            browser::open(&published.page);
        }
        judged.push(run.without_samples());
    }
    if judged.len() > 1 {
        let together = flows::side_by_side(&judged);
        let published = flows::publish_together(&together, &places.plots)?;
        let page = &published.page;
        match args.format {
            _ if args.json => documents.push(serde_json::json!({
                "together": report::multi_run_json(&together),
                "plots": published.plots.display().to_string(),
                "page": page.display().to_string(),
            })),
            PrintFormat::Text => {
                out!("{}", report::multi_run_text(&together, style));
                outln!("\npage:    {}", format_path(page));
            }
            PrintFormat::Markdown => errln!("page of all together: {}", format_path(page)),
        }
        if args.open {
            browser::open(page);
        }
    }
    if args.json {
        outln!("{:#}", serde_json::Value::Array(documents));
    }
    Ok(Exit::Done)
}
