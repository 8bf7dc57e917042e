//! `earlier-twins.csv`: twins of the machine's earlier runs, as known at the start of this one.

use std::io::Read;
use std::path::Path;

use super::error::BundleError;
use super::files::EARLIER;
use super::rows::{field, read_rows, replace_file, to_csv};
use crate::record::{BlockId, EarlierTwin};

/// Columns that must be there.
const REQUIRED: [&str; 6] = ["run", "block", "workload", "rounds", "theta", "se"];

/// Degrees of freedom; where the column is missing, they are one less than the rounds.
const DF: &str = "df";

/// Writes the file into the bundle in `dir`, atomically.
///
/// # Errors
///
/// If the file cannot be written.
pub(super) fn write(dir: &Path, twins: &[EarlierTwin]) -> Result<(), BundleError> {
    let row = |twin: &EarlierTwin| {
        let numbers =
            [twin.rounds.to_string(), twin.theta.to_string(), twin.se.to_string(), twin.df.to_string()];
        [vec![twin.run.clone(), twin.block.to_string(), twin.workload.clone()], numbers.to_vec()].concat()
    };
    let header = REQUIRED.into_iter().chain([DF]).map(str::to_owned).collect();
    let all: Vec<Vec<String>> = std::iter::once(header).chain(twins.iter().map(row)).collect();
    let bytes = to_csv(&all).map_err(|error| BundleError::io("write", dir.join(EARLIER), error))?;
    replace_file(dir, EARLIER, &bytes)
}

/// Reads the already opened `file`; `path` is its path.
///
/// # Errors
///
/// If a column is missing or a value is invalid; the error names the file, the line and the column.
pub(super) fn read(path: &Path, file: impl Read) -> Result<Vec<EarlierTwin>, BundleError> {
    read_rows(path, file, &REQUIRED, |header, record| {
        let field = |name: &str| field(header, record, name);
        let wrong = |name: &str, text: &str, what: &str| format!("column `{name}`: `{text}` is not {what}");
        let number = |name: &str| {
            let text = field(name)?;
            let finite = text.parse().ok().filter(|value: &f64| value.is_finite());
            finite.ok_or_else(|| wrong(name, text, "a number"))
        };
        let not_negative = |name: &str| {
            let value = number(name)?;
            let text = field(name).unwrap_or_default();
            Some(value).filter(|value| *value >= 0.0).ok_or_else(|| wrong(name, text, "0 or more"))
        };
        let rounds = field("rounds")?;
        let rounds: u32 = rounds.parse().map_err(|_| wrong("rounds", rounds, "a whole number from 0"))?;
        let has_df = header.iter().any(|column| column == DF);
        Ok(EarlierTwin {
            run: field("run")?.to_owned(),
            block: BlockId::from(field("block")?.to_owned()),
            workload: field("workload")?.to_owned(),
            rounds,
            theta: number("theta")?,
            se: not_negative("se")?,
            df: if has_df { not_negative(DF)? } else { f64::from(rounds) - 1.0 },
        })
    })
}
