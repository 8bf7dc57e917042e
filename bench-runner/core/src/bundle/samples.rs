//! One row of `samples.csv` ↔ one [`Sample`]: written in the order of the columns, read by column name.

use crate::record::Sample;

mod columns;
mod draft;
mod read;

pub(super) use columns::axis_columns;
pub(super) use read::SampleReader;

use columns::{AFTER_AXES, BEFORE_AXES, SampleColumn, Since, columns};

/// Columns that every readable file has.
pub(super) fn required_columns() -> impl Iterator<Item = &'static str> {
    columns().filter(|column| column.since == Since::Start).map(|column| column.name)
}

pub(super) fn header(axes: &[String], format: u32) -> Vec<String> {
    let name = |column: &SampleColumn| column.name.to_owned();
    let before = BEFORE_AXES.iter().map(name);
    before.chain(axes.iter().cloned()).chain(after_axes(format).map(name)).collect()
}

pub(super) fn row(sample: &Sample, axes: &[String], format: u32) -> Vec<String> {
    let write = |column: &SampleColumn| (column.write)(sample);
    let settings = axes.iter().map(|axis| sample.settings.get(axis).cloned().unwrap_or_default());
    BEFORE_AXES.iter().map(write).chain(settings).chain(after_axes(format).map(write)).collect()
}

/// Columns after those of the axes in files of this format.
fn after_axes(format: u32) -> impl Iterator<Item = &'static SampleColumn> {
    AFTER_AXES.iter().filter(move |column| format >= 2 || column.since < Since::Format2)
}
