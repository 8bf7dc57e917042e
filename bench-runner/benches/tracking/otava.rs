//! Otava's answers, as `change_points_of_otava.py` writes them.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::series::{Cell, Purpose};

/// Its answers for the series of one cell.
pub(crate) struct Answers {
    /// Indices of the change points of each series.
    pub(crate) found: Vec<Vec<usize>>,
    /// Seconds for all series.
    pub(crate) seconds: f64,
}

pub(crate) fn read(dir: &Path, cell: &Cell, purpose: Purpose) -> Result<Answers> {
    let path = dir.join(format!("{}-{}.otava.json", cell.name(), purpose.name()));
    let text = fs::read_to_string(&path).with_context(|| format!("failed to read {}", path.display()))?;
    let document: serde_json::Value =
        serde_json::from_str(&text).with_context(|| format!("failed to parse {}", path.display()))?;
    let found =
        serde_json::from_value(document["found"].clone()).context("`found` is not a list of lists")?;
    let seconds = document["seconds"].as_f64().context("there is no `seconds`")?;
    Ok(Answers { found, seconds })
}
