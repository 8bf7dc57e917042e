//! `compare`: verdicts again from the files, with another margin or against another baseline.

use std::path::PathBuf;

use bench_runner_core::bundle::{self, Bundle};
use bench_runner_core::compare::{Policy, RequestedBaseline};
use bench_runner_core::record::Plan;
use bench_runner_measure::scenario::RequestError;
use bench_runner_report::report;

use super::run_paths::named_runs;
use super::{Exit, HOW_TO_JUDGE, WHAT_TO_COMPARE, format_path, output, request_percent, text_style};
use crate::flows::{self, FlowError, JudgedRun};

/// Judge finished runs again, with another baseline or margin; build and write nothing
///
/// A baseline that is chosen after the run is marked `post hoc`, and the verdicts are corrected for all pairs of
/// variants that could have been chosen. Each run is judged alone. Several runs are then shown side by side: where the
/// machines agree, where they differ, and what cannot be compared.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Runs, such as `results/MACHINE/RUN`, archives of them, or searches, of which the confirmation counts
    #[arg(required = true, value_name = "RUN")]
    bundles: Vec<PathBuf>,
    /// Baseline of the comparisons, such as `linker=mold` or the name of a variant (repeatable, for values of
    /// several axes) [default: as planned]
    #[arg(long, value_name = "AXIS=V|NAME", help_heading = WHAT_TO_COMPARE)]
    baseline: Vec<String>,
    /// Smallest difference that matters; equivalent: any difference was shown to be within it [default: that of each run]
    #[arg(long, value_name = "PCT", value_parser = request_percent, help_heading = HOW_TO_JUDGE)]
    margin: Option<f64>,
    /// Exit with code 5 if the result of any comparison is undecided, invalid or missing
    #[arg(long, alias = "decide", help_heading = HOW_TO_JUDGE)]
    require_verdict: bool,
    /// Print more after the results: the proof of every variant, build order, CPU time and memory, and how directories
    /// differ. The page always has these [default: results and answer only]
    #[arg(long, conflicts_with = "json")]
    verbose: bool,
    /// Print a list of JSON documents: one for each run, and one for several together
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  bench-runner compare results/*/* --margin 1%
  bench-runner compare results/*/* --baseline linker=mold";

pub(crate) fn run(args: &Args) -> Result<Exit, FlowError> {
    let bundles = named_runs(&args.bundles)?;
    let bundles = bundles.iter().map(|dir| bundle::open(dir)).collect::<Result<Vec<Bundle>, _>>()?;
    let baseline = (!args.baseline.is_empty()).then(|| RequestedBaseline::new(args.baseline.join(",")));
    if let Some(wanted) = &baseline {
        let plans: Vec<&Plan> = bundles.iter().map(|bundle| &bundle.manifest.plan).collect();
        wanted.check(&plans).map_err(|error| RequestError::usage(error.message, Some(error.help)))?;
    }
    let policy = Policy { margin: args.margin, baseline, ..Policy::default() };
    let style = text_style(args.verbose);
    let (mut documents, mut decided, mut judged) = (Vec::new(), true, Vec::new());
    for bundle in bundles {
        if output::is_closed() {
            break;
        }
        bundle.remarks.iter().for_each(|remark| errln!("note: {remark}"));
        let run = JudgedRun::of(bundle, &policy);
        decided &= run.comparison.is_decided();
        if let Some(wanted) = policy.baseline.as_ref().filter(|_| run.comparison.post_hoc.is_none()) {
            let (run, wanted) = (&run.bundle.manifest.run, wanted.as_str());
            errln!("note: `{wanted}` is the planned baseline of {run}; this is the planned comparison");
        }
        if args.json {
            let mut document = report::json(&run.comparison);
            document["bundle"] = run.bundle.dir.display().to_string().into();
            documents.push(document);
        } else {
            outln!("{}", report::text(&run.comparison, style));
            outln!("run:     {}\n", format_path(&run.bundle.dir));
            outln!("{}", report::answer_text(&run.comparison, style));
        }
        judged.push(run.without_samples());
    }
    if judged.len() > 1 {
        let together = flows::side_by_side(&judged);
        if args.json {
            documents.push(serde_json::json!({ "together": report::multi_run_json(&together) }));
        } else {
            out!("{}", report::multi_run_text(&together, style));
        }
    }
    if args.json {
        outln!("{:#}", serde_json::Value::Array(documents));
    }
    Ok(if args.require_verdict && !decided { Exit::Undecided } else { Exit::Done })
}
