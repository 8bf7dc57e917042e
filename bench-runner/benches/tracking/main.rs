//! How often changes in series are found, compared with Apache Otava, and how many steps a bisection needs.
//! docs/METHODOLOGY.md contains the output:
//!
//! ```text
//! cargo bench --bench tracking -- series DIR        # writes generated series
//! python bench-runner/benches/tracking/change_points_of_otava.py DIR # Otava's change points in them (PyPI: apache-otava)
//! cargo bench --bench tracking -- tables DIR [--write docs/METHODOLOGY.md]
//! cargo bench --bench tracking -- alarms [--write docs/METHODOLOGY.md]
//! ```

mod alarms;
mod bisections;
mod found;
mod growth;
#[path = "../marked.rs"]
mod marked;
mod null_levels;
mod otava;
mod series;
mod tables;

use std::path::PathBuf;

use anyhow::Result;
use clap::{Parser, Subcommand};

use marked::Output;

/// The text between these lines of the file is replaced.
const BEGIN: &str = "<!-- tracking -->";
const END: &str = "<!-- end of tracking -->";
const ALARMS_BEGIN: &str = "<!-- alarms -->";
const ALARMS_END: &str = "<!-- end of alarms -->";

/// Simulates tracking.
#[derive(Parser)]
#[command(name = "tracking")]
struct Options {
    #[command(subcommand)]
    part: Part,
    /// Said by cargo to every benchmark.
    #[arg(long, hide = true, global = true)]
    bench: bool,
}

#[derive(Subcommand)]
enum Part {
    /// Write the series of all cells, for calibration and for the comparison.
    Series {
        dir: PathBuf,
        /// Series of each cell.
        #[arg(long, default_value_t = 4000)]
        count: usize,
    },
    /// Print the tables, from the series and Otava's answers.
    Tables {
        dir: PathBuf,
        /// A file to put the tables into, between its two marker comments.
        #[arg(long)]
        write: Option<PathBuf>,
    },
    /// Print the tables that need no other program: levels and bisections.
    Alone,
    /// Print the table of alarms.
    Alarms {
        /// A file to put the table into, between its two marker comments.
        #[arg(long)]
        write: Option<PathBuf>,
    },
    /// Write nights of several machines as bundles: 200 cells with 10 builds each. Nights that are there stay.
    Nights {
        dir: PathBuf,
        #[arg(long, default_value_t = 4)]
        machines: u32,
        #[arg(long, default_value_t = 1095)]
        nights: u32,
    },
    /// Print the share of series without a change at many p-values, from which `stats/change_points/scan` has its table.
    Tail {
        /// Series for each length.
        #[arg(long, default_value_t = 200_000)]
        count: u64,
    },
}

fn main() -> Result<()> {
    match Options::parse().part {
        Part::Series { dir, count } => series::write_all(&dir, count),
        Part::Tables { dir, write } => Output::open(write, [BEGIN, END])?.show(&tables::all(&dir)?),
        Part::Alarms { write } => Output::open(write, [ALARMS_BEGIN, ALARMS_END])?.show(&tables::alarms()),
        Part::Nights { dir, machines, nights } => growth::write_nights(&dir, machines, 0..nights),
        Part::Tail { count } => Output::Printed.show(&tables::tail(count)),
        Part::Alone => Output::Printed.show(&tables::alone()),
    }
}
