//! `report`: tables and figures again, from the files alone.

use std::path::PathBuf;

use super::{Exit, request_percent, shown};
use crate::bundle;
use crate::compare::Policy;
use crate::flows::{self, FlowError, Places};
use crate::report;

/// Tables and figures again, from the files alone; needs no build and no network
///
/// Example:
///   bench-runner report results/*/*
#[derive(Debug, Clone, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    /// Directories of bundles, such as `results/<machine>/<run>`
    #[arg(required = true, value_name = "BUNDLE")]
    bundles: Vec<PathBuf>,
    /// What is worth talking about, in place of the scenario's margin
    #[arg(long, value_name = "PCT", value_parser = request_percent)]
    margin: Option<f64>,
    /// Print one JSON document, a list with one entry for each bundle
    #[arg(long)]
    json: bool,
}

/// Carries out the verb.
pub fn run(args: &Args, places: &Places) -> Result<Exit, FlowError> {
    let policy = Policy { margin: args.margin, ..Policy::default() };
    let mut documents = Vec::new();
    for dir in &args.bundles {
        let bundle = bundle::open(dir)?;
        bundle.remarks.iter().for_each(|remark| eprintln!("note: {remark}"));
        let comparison = flows::judge(&bundle, &policy);
        let published = flows::publish(&bundle, &comparison, &places.plots)?;
        if args.json {
            let mut document = report::json(&comparison);
            document["bundle"] = dir.display().to_string().into();
            document["plots"] = published.plots.display().to_string().into();
            documents.push(document);
        } else {
            println!("{}", report::text(&comparison));
            println!("bundle:  {}", shown(dir));
            println!("figures: {}\n", shown(&published.plots));
        }
    }
    if args.json {
        println!("{:#}", serde_json::Value::Array(documents));
    }
    Ok(Exit::Done)
}
