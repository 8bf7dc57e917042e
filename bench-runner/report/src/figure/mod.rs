//! A comparison → a scene; a scene → SVG.
//!
//! Pure: result types → SVG and PNG, the same bytes for the same values. A figure is self-contained (outlines
//! instead of text, no scripts, nothing to fetch), has its own background, and follows the page's color
//! scheme if the viewer supports `prefers-color-scheme`. Nothing here computes a statistic, reads a file or
//! decides where one is written.

mod axis;
mod backend;
mod builds;
mod chart;
mod costs;
mod effects;
mod elements;
#[cfg(test)]
pub(crate) mod fixture;
mod font;
mod forest;
mod heat;
mod history;
mod interactions;
mod intervals;
mod labels;
mod layout;
mod machines;
mod memory;
mod outliers;
mod palette;
mod png;
mod scene;
mod series;
mod spread;
mod svg;
mod widths;
pub mod wording;

use bench_runner_core::compare::{BlockResult, Comparison};
use bench_runner_core::history::Event;
use rayon::prelude::*;

use crate::machines::{MultiRunBlock, SideBySide};
use layout::FigureLayout;
use png::Size;
use scene::{Scene, Tooltip};

pub(crate) use history::{DrawableSeries, HistoryDetail, days_of};
pub(crate) use memory::MEMORY;
pub use png::PngError;

/// A figure and the name of its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FigureFile {
    /// File name, such as `forest.svg`.
    pub name: String,
    /// Content: the text of an SVG file, or a PNG.
    pub bytes: Vec<u8>,
}

/// A figure for a page that has the figures' font and [`style`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InlineFigure {
    pub(crate) title: String,
    /// The SVG element.
    pub(crate) svg: String,
    /// Tooltips as JSON: `names`, and in `parts`, in reading order, `[x, y, name, text]` for a point and
    /// `[left, top, right, bottom, name, text]` for an area, with lengths in pixels of the figure and names
    /// as indices into `names`. They make up most of a page with many builds.
    pub(crate) tooltips: String,
    pub(crate) screens: Screens,
    /// True if a page shows the figure only to those who ask for it.
    pub(crate) on_demand: bool,
}

/// Screens that a figure is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Screens {
    /// All screens; narrow ones have to scroll.
    All,
    /// Wide screens; there is another drawing for narrow ones.
    Wide,
    /// Narrow screens.
    Narrow,
}

impl InlineFigure {
    fn from_scene(scene: &Scene, screens: Screens) -> Self {
        let tooltips = tooltips_json(&scene.tooltips).to_string();
        Self { title: scene.title.clone(), svg: svg::inline(scene), tooltips, screens, on_demand: false }
    }
}

fn tooltips_json(tooltips: &[Tooltip]) -> serde_json::Value {
    let rounded = |length: f64| (length * 10.0).round() / 10.0;
    let mut names: Vec<&str> = Vec::new();
    let mut parts = Vec::new();
    for Tooltip { from, to, name, text } in tooltips {
        let at = names.iter().position(|known| known == name).unwrap_or_else(|| {
            names.push(name);
            names.len() - 1
        });
        let [x0, y0, x1, y1] = [from.0, from.1, to.0, to.1].map(rounded);
        parts.push(match from == to {
            true => serde_json::json!([x0, y0, at, text]),
            false => serde_json::json!([x0, y0, x1, y1, at, text]),
        });
    }
    serde_json::json!({ "names": names, "parts": parts })
}

/// CSS rules for a page with figures: the font, and the colors of dark pages.
pub(crate) fn style() -> String {
    let face = |(font, weight): &(&str, u16)| {
        format!(
            "@font-face{{font-family:Inter;font-weight:{weight};src:url(data:font/woff2;base64,{font}) format(\"woff2\")}}\n"
        )
    };
    let faces: String = font::FOR_PAGES.iter().map(face).collect();
    format!("{faces}@media (prefers-color-scheme:dark){{\n{}}}\n", svg::dark_rules())
}

/// Forest plot of a run for a page: one for wide screens and one for narrow screens.
pub(crate) fn inline_forest(comparison: &Comparison) -> [InlineFigure; 2] {
    for_both_screens(|layout| forest::scene(comparison, layout))
}

fn for_both_screens(scene: impl Fn(&FigureLayout) -> Scene) -> [InlineFigure; 2] {
    [(FigureLayout::WIDE, Screens::Wide), (FigureLayout::NARROW, Screens::Narrow)]
        .map(|(layout, screens)| InlineFigure::from_scene(&scene(&layout), screens))
}

/// Figures of one block for a page: its builds in order, then what tells most of CPU time and memory, then, on
/// demand, the others.
pub(crate) fn inline_block(block: &BlockResult) -> Vec<InlineFigure> {
    let (shown, others): (Vec<BlockScene>, Vec<BlockScene>) =
        block_scenes(block).into_iter().partition(|one| !one.on_demand);
    let inline = |one: BlockScene| InlineFigure {
        on_demand: one.on_demand,
        ..InlineFigure::from_scene(&one.scene, Screens::All)
    };
    shown.into_iter().chain(others).map(inline).collect()
}

/// A scene of a block.
struct BlockScene {
    /// End of the file's name.
    ending: &'static str,
    scene: Scene,
    on_demand: bool,
}

fn block_scenes(block: &BlockResult) -> Vec<BlockScene> {
    let one = |ending, scene, on_demand| BlockScene { ending, scene, on_demand };
    let mut scenes = vec![
        one("", builds::scene(block), false),
        one("-spread", spread::scene(block), true),
        one("-costs", costs::scene(block), !costs::is_notable(block)),
        one("-memory", memory::scene(block), !memory::is_notable(block)),
    ];
    if let Some(Ok(found)) = &block.effects {
        let effects = one("-effects", effects::scene(block, found, &FigureLayout::WIDE), false);
        let interactions = interactions::scene(block, found);
        let interactions = interactions.map(|scene| one("-interactions", scene, false));
        // After the builds.
        scenes.splice(1..1, std::iter::once(effects).chain(interactions));
    }
    scenes
}

/// Scenes of a run: `forest`, then those of each block by file stem.
fn run_scenes(comparison: &Comparison) -> Vec<(String, Scene)> {
    let mut scenes = vec![("forest".to_owned(), forest::scene(comparison, &FigureLayout::WIDE))];
    for block in &comparison.blocks {
        let stem = block.id.file_stem();
        scenes
            .extend(block_scenes(block).into_iter().map(|one| (format!("{stem}{}", one.ending), one.scene)));
    }
    scenes
}

/// CSS rules for a page with heat maps, in addition to [`style`].
pub(crate) fn heat_map_style() -> String {
    let rules = svg::dark_rules_of(palette::Ink::heats());
    format!("@media (prefers-color-scheme:dark){{\n{rules}}}\n")
}

/// Figures of a block of several runs for a page: a heat map of variants and machines, and every ratio with
/// its interval.
pub(crate) fn inline_multi_run_block(together: &SideBySide, block: &MultiRunBlock) -> Vec<InlineFigure> {
    let heat = InlineFigure::from_scene(&heat::scene(&together.machines, block), Screens::All);
    let ratios = for_both_screens(|layout| machines::scene(&together.machines, block, layout));
    std::iter::once(heat).chain(ratios).collect()
}

fn multi_run_block_scenes(together: &SideBySide, block: &MultiRunBlock) -> Vec<(&'static str, Scene)> {
    vec![
        ("heat", heat::scene(&together.machines, block)),
        ("machines", machines::scene(&together.machines, block, &FigureLayout::WIDE)),
    ]
}

/// Figure of a series over many runs for a page.
pub(crate) fn inline_history(
    one: &DrawableSeries<'_>,
    events: &[Event],
    title: &str,
    detail: HistoryDetail,
) -> InlineFigure {
    InlineFigure::from_scene(&one.scene(events, title, detail), Screens::All)
}

/// All figures of several runs as SVG.
pub fn multi_run_svgs(together: &SideBySide) -> Vec<FigureFile> {
    as_svgs(&multi_run_scenes(together))
}

/// All figures of several runs as PNG files, in the sizes of [`pngs`].
pub fn multi_run_pngs(together: &SideBySide) -> Result<Vec<FigureFile>, PngError> {
    as_pngs(&multi_run_scenes(together))
}

/// Scenes of several runs by file stem; comparisons with the same block id are numbered.
fn multi_run_scenes(together: &SideBySide) -> Vec<(String, Scene)> {
    let mut scenes: Vec<(String, Scene)> = Vec::new();
    for (at, block) in together.blocks.iter().enumerate() {
        let again = together.blocks[..at].iter().filter(|other| other.id == block.id).count();
        let number = if again > 0 { format!("-{}", again + 1) } else { String::new() };
        let stem = block.id.file_stem();
        let named = |(kind, scene): (&str, Scene)| (format!("{kind}-{stem}{number}"), scene);
        scenes.extend(multi_run_block_scenes(together, block).into_iter().map(named));
    }
    scenes
}

/// All figures of a run as SVG.
pub fn svgs(comparison: &Comparison) -> Vec<FigureFile> {
    as_svgs(&run_scenes(comparison))
}

fn as_svgs(scenes: &[(String, Scene)]) -> Vec<FigureFile> {
    let file = |(stem, scene): &(String, Scene)| FigureFile {
        name: format!("{stem}.svg"),
        bytes: svg::file(scene).into_bytes(),
    };
    scenes.par_iter().map(file).collect()
}

/// All figures of a run as PNG files: `.png` at twice the size on a page, and `-slide.png` of 1920 × 1080
/// pixels.
pub fn pngs(comparison: &Comparison) -> Result<Vec<FigureFile>, PngError> {
    as_pngs(&run_scenes(comparison))
}

fn as_pngs(scenes: &[(String, Scene)]) -> Result<Vec<FigureFile>, PngError> {
    let sizes = [("", Size::Blog(2.0)), ("-slide", Size::Slide(1920, 1080))];
    let wanted: Vec<_> = scenes.iter().flat_map(|scene| sizes.map(|size| (scene, size))).collect();
    let file = |((stem, scene), (ending, size)): &(&(String, Scene), (&str, Size))| {
        Ok(FigureFile { name: format!("{stem}{ending}.png"), bytes: png::png(scene, *size)? })
    };
    wanted.par_iter().map(file).collect()
}

#[cfg(test)]
mod tests;
