//! Generated series with known changes: ln ratios of nights.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use bench_runner_core::stats::noise::Noise;

/// Values of a series.
const LENGTH: usize = 100;

/// A change is never nearer to an end than this.
const MARGIN: usize = 10;

/// Share of outliers among the nights, and the range of their factors.
const OUTLIERS: f64 = 0.03;
const OUTLIER: [f64; 2] = [1.1, 1.5];

/// Change in a series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Change {
    None,
    /// From one value to the next, by this share.
    Step(f64),
    /// In equal parts from some value to the last one, by this share in all.
    Drift(f64),
}

/// A kind of series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Cell {
    pub(crate) change: Change,
    /// Standard deviation of a value.
    pub(crate) noise: f64,
    pub(crate) outliers: bool,
}

impl Cell {
    /// Name of its files.
    pub(crate) fn name(&self) -> String {
        let change = match self.change {
            Change::None => "none".to_owned(),
            Change::Step(share) => format!("step{:.0}", 100.0 * share),
            Change::Drift(share) => format!("drift{:.0}", 100.0 * share),
        };
        let outliers = if self.outliers { "-outliers" } else { "" };
        format!("{change}-noise{:.0}{outliers}", 100.0 * self.noise)
    }

    /// The cell without a change that has the same noise.
    pub(crate) fn without_change(&self) -> Self {
        Self { change: Change::None, ..*self }
    }
}

/// All cells; those without a change go first.
pub(crate) fn cells() -> Vec<Cell> {
    let changes = [
        Change::None,
        Change::Step(0.01),
        Change::Step(0.02),
        Change::Step(0.05),
        Change::Step(0.10),
        Change::Drift(0.05),
        Change::Drift(0.10),
    ];
    let mut cells = Vec::new();
    for change in changes {
        for noise in [0.01, 0.03] {
            for outliers in [false, true] {
                cells.push(Cell { change, noise, outliers });
            }
        }
    }
    cells
}

/// Purpose of a set of series; each has seeds of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To find levels at which both programs flag as many series without a change.
    Calibration,
    Comparison,
}

impl Purpose {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Calibration => "calibration",
            Self::Comparison => "comparison",
        }
    }

    fn seed(self) -> u64 {
        match self {
            Self::Calibration => 71_000,
            Self::Comparison => 93_000,
        }
    }
}

/// A series and its truth.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Series {
    /// Index of the first changed value.
    pub(crate) at: Option<usize>,
    /// ln ratios.
    pub(crate) values: Vec<f64>,
}

/// The series of a cell. The same cell and purpose give the same series.
pub(crate) fn generate(cell: &Cell, purpose: Purpose, count: usize) -> Vec<Series> {
    let number = cells().iter().position(|other| other == cell).unwrap_or(0) as u64;
    let mut noise = Noise::new(purpose.seed() + number);
    (0..count).map(|_| one(cell, &mut noise)).collect()
}

fn one(cell: &Cell, noise: &mut Noise) -> Series {
    let places = LENGTH - 2 * MARGIN + 1;
    let at = MARGIN + (noise.uniform() * places as f64) as usize;
    let level = |index: usize| match cell.change {
        Change::Step(share) if index >= at => share.ln_1p(),
        Change::Drift(share) if index >= at => share.ln_1p() * (index - at + 1) as f64 / (LENGTH - at) as f64,
        _ => 0.0,
    };
    let mut value = |index: usize| {
        let usual = level(index) + cell.noise * noise.normal();
        let (is_outlier, place) = (noise.uniform() < OUTLIERS, noise.uniform());
        let factor = OUTLIER[0] + (OUTLIER[1] - OUTLIER[0]) * place;
        if cell.outliers && is_outlier { usual + factor.ln() } else { usual }
    };
    let values = (0..LENGTH).map(&mut value).collect();
    Series { at: (cell.change != Change::None).then_some(at), values }
}

/// Writes a file of CSV per cell and purpose: a series a line, as ratios.
pub(crate) fn write_all(dir: &Path, count: usize) -> Result<()> {
    fs::create_dir_all(dir).with_context(|| format!("failed to make {}", dir.display()))?;
    for cell in cells() {
        for purpose in purposes(&cell) {
            let lines = generate(&cell, *purpose, count).into_iter().map(|series| {
                let ratios: Vec<String> = series.values.iter().map(|value| value.exp().to_string()).collect();
                ratios.join(",") + "\n"
            });
            let path = dir.join(format!("{}-{}.csv", cell.name(), purpose.name()));
            fs::write(&path, lines.collect::<String>())
                .with_context(|| format!("failed to write {}", path.display()))?;
        }
    }
    Ok(())
}

/// Only cells without a change are used for calibration.
fn purposes(cell: &Cell) -> &'static [Purpose] {
    match cell.change {
        Change::None => &[Purpose::Calibration, Purpose::Comparison],
        _ => &[Purpose::Comparison],
    }
}
