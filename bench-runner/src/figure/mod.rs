//! A comparison → a scene; a scene → SVG.
//!
//! Pure: result types go in, the text of SVG files comes out, the same bytes for the same values. A figure is
//! complete in itself (no fonts, no scripts, nothing to fetch), carries its own background, and changes its
//! colours with the page's where the viewer knows `prefers-color-scheme`. Nothing here computes a statistic,
//! reads a file or decides where one is written.

mod block;
#[cfg(test)]
pub(crate) mod fixture;
mod forest;
mod marks;
mod palette;
mod scale;
mod scene;
mod svg;
pub mod wording;
mod words;

use crate::compare::{BlockResult, Comparison};

/// A figure and the name of its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FigureFile {
    /// File name, such as `forest.svg`.
    pub name: String,
    /// The file's text.
    pub svg: String,
}

/// The builds of one block in the order taken, with median and interval of each arm, as SVG.
pub fn block_figure(block: &BlockResult) -> String {
    svg::svg(&block::scene(block))
}

/// Every ratio of a run with its interval, block by block, as SVG.
pub fn forest_figure(comparison: &Comparison) -> String {
    svg::svg(&forest::scene(comparison))
}

/// All figures of a run: `forest.svg`, then one for each block, under its file stem.
pub fn all(comparison: &Comparison) -> Vec<FigureFile> {
    let forest = FigureFile { name: "forest.svg".to_owned(), svg: forest_figure(comparison) };
    let blocks = comparison
        .blocks
        .iter()
        .map(|block| FigureFile { name: format!("{}.svg", block.id.file_stem()), svg: block_figure(block) });
    std::iter::once(forest).chain(blocks).collect()
}

#[cfg(test)]
mod tests;
