//! The operating characteristics of the method, simulated with the program's own code; docs/METHODOLOGY.md
//! contains the output:
//!
//! ```text
//! cargo bench --bench operating_characteristics -- [--runs N] [--seed S] [--only PART | --write FILE]
//! ```
//!
//! `study` simulates, `tables` compares with the targets. No time is measured here.

#[path = "../marked.rs"]
mod marked;
mod study;
mod tables;

use std::path::PathBuf;

use anyhow::Result;
use clap::Parser;

use marked::Output;
use study::Study;

/// The text between these lines of the file is replaced.
const BEGIN: &str = "<!-- operating characteristics -->";
const END: &str = "<!-- end -->";

/// Simulates how often the program is right.
#[derive(Parser)]
#[command(name = "operating_characteristics")]
struct Options {
    /// Runs for each figure.
    #[arg(long, default_value_t = tables::RUNS, value_parser = clap::value_parser!(u32).range(2..))]
    runs: u32,
    /// Draws everything.
    #[arg(long, default_value_t = tables::SEED)]
    seed: u64,
    /// Print this part alone. Its figures are those of the whole study.
    #[arg(long, value_parser = tables::PARTS.map(|(name, _)| name), conflicts_with = "write")]
    only: Option<String>,
    /// A file to put the tables into, between its two marker comments, instead of printing them.
    #[arg(long)]
    write: Option<PathBuf>,
    /// Said by cargo to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> Result<()> {
    let options = Options::parse();
    let study = Study { seed: options.seed, runs: options.runs };
    if let Some(only) = &options.only {
        let parts = tables::PARTS.iter().filter(|(name, _)| name == only);
        let text: String = parts.map(|(_, part)| part(&study)).collect();
        return Output::Printed.show(&text);
    }
    let output = Output::open(options.write, [BEGIN, END])?;
    output.show(&tables::markdown(&study))
}
