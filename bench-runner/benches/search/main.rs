//! Share of searches that find the best configuration, and of those that claim a gain that is none, simulated with the
//! program's own code; docs/METHODOLOGY.md contains the output:
//!
//! ```text
//! cargo bench --bench search -- [--runs N] [--seed S] [--write docs/METHODOLOGY.md]
//! ```
//!
//! `searches` simulates, `tables` compares with the targets. No time is measured here.

#[path = "../operating_characteristics/study/mod.rs"]
#[allow(
    dead_code,
    unused_imports,
    reason = "noise and shares are those of the other study, which asks for more"
)]
mod study;
#[path = "../operating_characteristics/tables/table.rs"]
#[allow(dead_code, reason = "the other study has more kinds of cells")]
mod table;

#[path = "../marked.rs"]
mod marked;
mod searches;
mod tables;

use std::path::PathBuf;

use anyhow::Result;
use clap::Parser;

use marked::Output;

/// The text between these lines of the file is replaced.
const BEGIN: &str = "<!-- searches -->";
const END: &str = "<!-- end of searches -->";

/// Simulates searches.
#[derive(Parser)]
#[command(name = "search")]
struct Options {
    /// Searches for each row.
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(2..))]
    runs: u32,
    /// Draws everything.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// A file to put the tables into, between its two marker comments, instead of printing them.
    #[arg(long)]
    write: Option<PathBuf>,
    /// Said by cargo to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> Result<()> {
    let options = Options::parse();
    let output = Output::open(options.write, [BEGIN, END])?;
    output.show(&tables::markdown(options.seed, options.runs))
}
