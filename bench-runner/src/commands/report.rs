//! `report`: tables, figures and the page again, from the files alone.

use std::path::PathBuf;

use bench_runner_core::bundle;
use bench_runner_core::compare::Policy;
use bench_runner_report::report;

use super::{Exit, browser, format_path, request_percent, text_style};
use crate::flows::{self, FlowError, JudgedRun, Places};

/// Tables, figures and pages again, from the files alone; needs no build and no network
///
/// Several bundles get a page together, in `plots/together-<12 hex>/`: ratios of all machines side
/// by side. The same runs always have the same page.
///
/// Examples:
///   bench-runner report results/*/*
///   bench-runner report --open results/MACHINE/RUN
///   bench-runner report --format markdown results/MACHINE/RUN > comment.md
#[derive(Debug, Clone, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Directories of bundles, such as `results/<machine>/<run>`
    #[arg(required = true, value_name = "BUNDLE")]
    bundles: Vec<PathBuf>,
    /// What is worth talking about, in place of the scenario's margin
    #[arg(long, value_name = "PCT", value_parser = request_percent)]
    margin: Option<f64>,
    /// What is printed: text for a terminal, or Markdown for a post or a pull request
    #[arg(long, value_enum, default_value_t, conflicts_with = "json")]
    format: PrintFormat,
    /// Also print details: proofs, build order, offsets, CPU time and memory (the page always has them)
    #[arg(long, conflicts_with = "json")]
    verbose: bool,
    /// Print one JSON document, a list with one entry for each bundle, and one for several together
    #[arg(long)]
    json: bool,
    /// Open the page of each bundle in the browser, and that of several together
    #[arg(long)]
    open: bool,
}

/// What is printed of a bundle.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
enum PrintFormat {
    /// Tables for a terminal.
    #[default]
    Text,
    /// GitHub-flavoured Markdown: the answers first, then the tables.
    Markdown,
}

pub(crate) fn run(args: &Args, places: &Places) -> Result<Exit, FlowError> {
    // All manifests are read before any figure is drawn.
    args.bundles.iter().try_for_each(|dir| bundle::read_manifest(dir).map(drop))?;
    let policy = Policy { margin: args.margin, ..Policy::default() };
    let style = text_style(args.verbose);
    let (mut documents, mut judged) = (Vec::new(), Vec::new());
    for dir in &args.bundles {
        let run = JudgedRun::of(bundle::open(dir)?, &policy);
        let comparison = &run.comparison;
        run.bundle.remarks.iter().for_each(|remark| eprintln!("note: {remark}"));
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
                println!("{}", report::text(comparison, style));
                println!("run:     {}\n", format_path(dir));
                println!("{}", report::answer_text(comparison, style));
                println!("figures: {}", format_path(&published.plots));
                println!("page:    {}\n", format_path(&published.page));
            }
            // Standard output must contain only the text to paste.
            PrintFormat::Markdown => {
                println!("{}", report::markdown(comparison));
                eprintln!("page: {}", format_path(&published.page));
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
                print!("{}", report::multi_run_text(&together, style));
                println!("\npage:    {}", format_path(page));
            }
            PrintFormat::Markdown => eprintln!("page of all together: {}", format_path(page)),
        }
        if args.open {
            browser::open(page);
        }
    }
    if args.json {
        println!("{:#}", serde_json::Value::Array(documents));
    }
    Ok(Exit::Done)
}
