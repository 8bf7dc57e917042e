//! `compare`: verdicts again from the files, with another margin or against another baseline.

use std::path::PathBuf;

use bench_runner_core::bundle::{self, Bundle};
use bench_runner_core::compare::{Policy, RequestedBaseline};
use bench_runner_core::record::Plan;
use bench_runner_measure::scenario::RequestError;
use bench_runner_report::report;

use super::{Exit, format_path, request_percent, text_style};
use crate::flows::{self, FlowError, JudgedRun};

/// Verdicts again, also against another baseline; needs no build and writes nothing
///
/// A baseline that is chosen after the run is marked `post hoc`, and every pair of variants
/// counts in the correction. Each bundle is judged by itself. Several of them are then put side by
/// side, ratios alone: where the machines agree, what differs, and what cannot be compared.
///
/// Examples:
///   bench-runner compare results/*/* --margin 1%
///   bench-runner compare results/MACHINE/RUN --baseline linker=mold
///   bench-runner compare results/ONE/RUN results/OTHER/RUN
#[derive(Debug, Clone, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Directories of bundles, such as `results/<machine>/<run>`
    #[arg(required = true, value_name = "BUNDLE")]
    bundles: Vec<PathBuf>,
    /// Compare with this variant in place of the planned baseline; what is not named is as planned
    #[arg(long, value_name = "AXIS=V|NAME")]
    baseline: Vec<String>,
    /// What is worth talking about, in place of the scenario's margin
    #[arg(long, value_name = "PCT", value_parser = request_percent)]
    margin: Option<f64>,
    /// End with exit code 5 where a verdict is missing, `undecided` or `invalid`
    #[arg(long)]
    decide: bool,
    /// Also print details: proofs, build order, offsets, CPU time and memory (the page always has them)
    #[arg(long, conflicts_with = "json")]
    verbose: bool,
    /// Print one JSON document, a list with one entry for each bundle, and one for several together
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> Result<Exit, FlowError> {
    let bundles = args.bundles.iter().map(|dir| bundle::open(dir)).collect::<Result<Vec<Bundle>, _>>()?;
    let baseline = (!args.baseline.is_empty()).then(|| RequestedBaseline::new(args.baseline.join(",")));
    if let Some(wanted) = &baseline {
        let plans: Vec<&Plan> = bundles.iter().map(|bundle| &bundle.manifest.plan).collect();
        wanted.check(&plans).map_err(|error| RequestError::usage(error.message, Some(error.help)))?;
    }
    let policy = Policy { margin: args.margin, baseline, ..Policy::default() };
    let style = text_style(args.verbose);
    let (mut documents, mut decided, mut judged) = (Vec::new(), true, Vec::new());
    for bundle in bundles {
        bundle.remarks.iter().for_each(|remark| eprintln!("note: {remark}"));
        let run = JudgedRun::of(bundle, &policy);
        decided &= run.comparison.is_decided();
        if let Some(wanted) = policy.baseline.as_ref().filter(|_| run.comparison.post_hoc.is_none()) {
            let (run, wanted) = (&run.bundle.manifest.run, wanted.as_str());
            eprintln!("note: `{wanted}` is the planned baseline of {run}; this is the planned comparison");
        }
        if args.json {
            let mut document = report::json(&run.comparison);
            document["bundle"] = run.bundle.dir.display().to_string().into();
            documents.push(document);
        } else {
            println!("{}", report::text(&run.comparison, style));
            println!("run:     {}\n", format_path(&run.bundle.dir));
            println!("{}", report::answer_text(&run.comparison, style));
        }
        judged.push(run.without_samples());
    }
    if judged.len() > 1 {
        let together = flows::side_by_side(&judged);
        if args.json {
            documents.push(serde_json::json!({ "together": report::multi_run_json(&together) }));
        } else {
            print!("{}", report::multi_run_text(&together, style));
        }
    }
    if args.json {
        println!("{:#}", serde_json::Value::Array(documents));
    }
    Ok(if args.decide && !decided { Exit::Undecided } else { Exit::Done })
}
