//! The operating characteristics of the method, simulated with the program's own code; docs/METHODOLOGY.md
//! contains the output:
//!
//! ```text
//! cargo bench --bench operating_characteristics -- [--runs N] [--seed S] [--only PART | --write FILE]
//! ```
//!
//! `study` simulates, `tables` compares with the targets. No time is measured here.

mod study;
mod tables;

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::Parser;

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
        parts.for_each(|(_, part)| print(&part(&study)));
        return Ok(());
    }
    let Some(file) = options.write else {
        print(&tables::markdown(&study));
        return Ok(());
    };
    let shown = file.display();
    let old = fs::read_to_string(&file).with_context(|| format!("failed to read {shown}"))?;
    // Fails before the study, which takes minutes.
    let (before, after) = around(&old).with_context(|| format!("failed to find the place in {shown}"))?;
    let text = tables::markdown(&study);
    fs::write(&file, format!("{before}{BEGIN}\n\n{text}\n{END}{after}"))
        .with_context(|| format!("failed to write {shown}"))
}

#[expect(clippy::print_stdout, reason = "a program of its own, whose output this is")]
fn print(text: &str) {
    print!("{text}");
}

/// The text before and after the markers.
fn around(old: &str) -> Result<(&str, &str)> {
    let Some((before, rest)) = old.split_once(BEGIN) else { bail!("there is no line `{BEGIN}`") };
    let Some((_, after)) = rest.split_once(END) else { bail!("there is no line `{END}` after `{BEGIN}`") };
    Ok((before, after))
}
