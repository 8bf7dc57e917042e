//! Forest plot of a run: every ratio with its interval, block by block, on one logarithmic axis.

use bench_runner_core::compare::{ArmResult, BlockResult, Comparison, Ratio, TwinResult};
use bench_runner_core::record::Role;

use super::intervals::{
    self, NAME_SIZE, Swatch, TICKS, around_one, axis_labels, grid, head, interval, legend, look,
    number_cells, reason, row_tooltip,
};
use super::layout::FigureLayout;
use super::palette::{Ink, PointShape};
use super::scale::Scale;
use super::scene::{Label, Scene, Tooltip};
use super::widths;
use super::wording::{self, TimeUnit};

/// Blank space below the last line of the caption.
const BELOW: f64 = 28.0;
/// Blank space between blocks.
const GAP: f64 = 12.0;
/// Ratio from which a factor is shown instead of a percentage.
const AS_FACTOR: f64 = 3.0;

/// Scene of one run.
pub(crate) fn scene(comparison: &Comparison, layout: &FigureLayout) -> Scene {
    let title = format!("{}: wall time against the baseline", comparison.scenario);
    let mut scene = Scene { width: layout.width, ..Scene::new(&title, description(comparison)) };
    let mut top = head(&mut scene, layout, &title, &comparison.machine);
    if comparison.blocks.is_empty() {
        scene.text(Label::new((layout.edge, top + 18.0), "no block was measured", 13.0, Ink::Muted));
        scene.height = top + 50.0;
        return scene;
    }
    let axis = Scale::log(range(&comparison.blocks), layout.axis);
    for one in &comparison.blocks {
        top = block(&mut scene, one, (&axis, layout), top) + GAP;
    }
    let bottom = top - GAP;
    axis_labels(&mut scene, &axis, layout, bottom);
    scene.height = caption(&mut scene, comparison, layout, bottom + TICKS) + BELOW;
    scene
}

fn description(comparison: &Comparison) -> String {
    let mut sentences = Vec::new();
    for block in &comparison.blocks {
        let rows = block.arms.iter().filter(|arm| arm.role == Role::Variant).map(|arm| match &arm.ratio {
            Some(ratio) => {
                let (estimate, interval) = numbers(ratio);
                format!("{} {}, {estimate} {interval}", arm.variant, ratio.verdict.as_str())
            }
            None => format!("{} {}", arm.variant, wording::why_no_ratio(arm)),
        });
        let rows: Vec<_> = rows.collect();
        sentences.push(format!("{}: {}.", block.title, rows.join("; ")));
    }
    if sentences.is_empty() { "No block was measured.".to_owned() } else { sentences.join(" ") }
}

fn range(blocks: &[BlockResult]) -> (f64, f64) {
    let ratios = || blocks.iter().flat_map(|block| &block.arms).filter_map(|arm| arm.ratio);
    let twins = || blocks.iter().filter_map(|block| block.twin);
    let margins = blocks.iter().flat_map(|block| around_one(block.margin));
    let estimates = ratios().map(|ratio| ratio.ratio).chain(twins().map(|twin| twin.ratio)).chain(margins);
    let of_twins = twins().map(|twin| twin_interval(&twin)).flat_map(|(low, high)| [low, high]);
    intervals::range(estimates, ratios().flat_map(|ratio| [ratio.low, ratio.high]).chain(of_twins))
}

/// Interval of the twin's ratio.
fn twin_interval(twin: &TwinResult) -> (f64, f64) {
    (twin.ratio / (1.0 + twin.half_width), twin.ratio * (1.0 + twin.half_width))
}

/// Draws a block from `top` on and returns its lower end.
fn block(scene: &mut Scene, block: &BlockResult, (axis, layout): (&Scale, &FigureLayout), top: f64) -> f64 {
    let arms: Vec<_> = block.arms.iter().filter(|arm| arm.role != Role::Baseline).collect();
    let rows_top = heading(scene, block, layout, top);
    let rows = arms.len().max(1);
    for band in layout.bands(rows_top, rows) {
        shading(scene, block, axis, band);
        grid(scene, axis, band);
    }
    if arms.is_empty() {
        reason(scene, layout, "nothing to compare", rows_top);
    }
    let full: Vec<_> = arms.iter().map(|arm| row_name(arm)).collect();
    let names = widths::shorten_all(&full, layout.names.1 - layout.names.0, NAME_SIZE);
    for (index, (arm, name)) in arms.into_iter().zip(names).enumerate() {
        let top = rows_top + index as f64 * layout.row;
        let ink = if arm.ratio.is_some() { Ink::Text } else { Ink::Muted };
        scene.text(Label::new((layout.names.0, top + layout.name_at), name, NAME_SIZE, ink));
        if let Some(text) = row_tooltip_text(block, arm) {
            scene.tooltips.push(Tooltip { name: wording::arm_name(arm), text, ..row_tooltip(layout, top) });
        }
        match (&arm.ratio, &block.twin) {
            (Some(ratio), _) => row(scene, ratio, (axis, layout), top),
            (None, Some(twin)) if arm.role == Role::Twin => twin_row(scene, twin, (axis, layout), top),
            (None, _) => reason(scene, layout, &wording::why_no_ratio(arm), top),
        }
    }
    rows_top + rows as f64 * layout.row
}

/// Mark behind a verdict from fewer rounds than the plan wants; the caption has its meaning.
const FEW_ROUNDS: &str = " *";

/// Tooltip of an arm; `None` if it has no ratio, so that its row already shows everything.
fn row_tooltip_text(block: &BlockResult, arm: &ArmResult) -> Option<String> {
    let ratio = arm.ratio.as_ref()?;
    let (factor, change) = (wording::ratio(ratio), wording::change(ratio));
    let unit = TimeUnit::for_block(block);
    let median =
        arm.wall().map(|wall| format!(", median {} {}", wording::time(&wall, unit).estimate, unit.symbol()));
    Some(format!(
        "{}, {}× [{}, {}], {} %, {}{}, {} after correction",
        ratio.verdict_text(),
        factor.estimate,
        factor.low,
        factor.high,
        change.estimate,
        wording::pluralize(ratio.rounds, "round"),
        median.unwrap_or_default(),
        wording::p_value(ratio.p_adjusted),
    ))
}

/// Name of an arm, with the number of failed builds if nothing else in the row shows it.
fn row_name(arm: &ArmResult) -> String {
    let name = wording::arm_name(arm);
    let silent = arm.failures > 0 && (arm.ratio.is_some() || arm.role == Role::Twin);
    if silent { format!("{name} · {} failed", arm.failures) } else { name }
}

/// Draws a block's title and facts, and returns the upper end of its rows.
fn heading(scene: &mut Scene, block: &BlockResult, layout: &FigureLayout, top: f64) -> f64 {
    let (left, right) = (layout.edge, layout.width - layout.edge);
    scene.line((left, top), (right, top), 1.0, Ink::Grid);
    let title = Label::new((left, top + 15.0), &block.title, 13.0, Ink::Text).bold();
    scene.text(title.within(layout.room()));
    let mut parts = Vec::new();
    if let Some(baseline) = block.arms.iter().find(|arm| arm.role == Role::Baseline) {
        let unit = TimeUnit::for_block(block);
        let time =
            baseline.wall().map(|wall| format!(" {} {}", wording::time(&wall, unit).estimate, unit.symbol()));
        let name = widths::shorten(&wording::arm_name(baseline), 330.0, 11.0, false);
        parts.push(format!("baseline {name}{}", time.unwrap_or_default()));
    }
    parts.push(wording::pluralize(block.rounds as usize, "round"));
    parts.push(format!("margin ±{}", wording::share(block.margin)));
    parts.push(match &block.twin {
        Some(_) if wording::twin_differs(block) => "the twin differs: the block shows nothing".to_owned(),
        _ if wording::is_invalid(block) => "later builds differ in kind: the block shows nothing".to_owned(),
        _ => match block.noise_floor {
            Some(floor) => format!("noise floor {}", wording::share(floor)),
            None => "nothing was compared".to_owned(),
        },
    });
    let mut y = top + 33.0;
    for line in widths::lines(&parts.join(" · "), layout.room(), (11.0, false), layout.lines) {
        scene.text(Label::new((left, y), line, 11.0, Ink::Muted));
        y += 15.0;
    }
    y - 2.0
}

/// The equivalence margin as an area, with the noise floor hatched over it.
fn shading(scene: &mut Scene, block: &BlockResult, axis: &Scale, (top, bottom): (f64, f64)) {
    let places = |share: f64| around_one(share).map(|ratio| axis.place(ratio));
    let [left, right] = places(block.margin);
    scene.rect((left, top), (right, bottom), Ink::Margin);
    if let Some(floor) = block.noise_floor {
        let [left, right] = places(floor);
        scene.hatch((left, top), (right, bottom), Ink::Noise);
        // An edge that lies beyond the axis is not drawn at the axis's end.
        for ratio in around_one(floor).into_iter().filter(|ratio| axis.contains(*ratio)) {
            let edge = axis.place(ratio);
            scene.line((edge, top), (edge, bottom), 1.0, Ink::Noise);
        }
    }
}

fn row(scene: &mut Scene, ratio: &Ratio, (axis, layout): (&Scale, &FigureLayout), top: f64) {
    let (form, ink) = look(ratio.verdict);
    let at = top + layout.interval_at;
    interval(scene, axis, (ratio.low, ratio.ratio, ratio.high), at, (form, ink));
    let mark = if ratio.few_rounds().is_some() { FEW_ROUNDS } else { "" };
    let words = format!("{}{mark}", ratio.verdict.as_str());
    scene.text(Label::new((layout.verdict, top + layout.text_at), words, 12.0, ink).bold());
    number_cells(scene, layout, numbers(ratio), top, Ink::Text);
}

fn twin_row(scene: &mut Scene, twin: &TwinResult, (axis, layout): (&Scale, &FigureLayout), top: f64) {
    let (low, high) = twin_interval(twin);
    let at = top + layout.interval_at;
    interval(scene, axis, (low, twin.ratio, high), at, (PointShape::Ring, Ink::Muted));
    scene.text(Label::new((layout.verdict, top + layout.text_at), "control", 12.0, Ink::Muted));
    let (change, half_width) = wording::twin_change(twin);
    let shown = (format!("{change} %"), format!("± {half_width} %"));
    number_cells(scene, layout, shown, top, Ink::Muted);
}

/// The change and its interval, as a percentage or as a factor.
fn numbers(ratio: &Ratio) -> (String, String) {
    let (shown, sign) =
        if ratio.ratio >= AS_FACTOR { (wording::ratio(ratio), "×") } else { (wording::change(ratio), " %") };
    (format!("{}{sign}", shown.estimate), format!("[{}, {}]", shown.low, shown.high))
}

/// Meaning of shades and bars, and the correction for multiple comparisons; returns the position of the last
/// line.
fn caption(scene: &mut Scene, comparison: &Comparison, layout: &FigureLayout, top: f64) -> f64 {
    let parts = [
        (Some(Swatch::Margin), "margin of relevance"),
        (Some(Swatch::Noise), "noise floor: a difference of this size is found in four of five such runs"),
        (None, "bars: plain 95 % intervals, logarithmic axis"),
    ];
    let mut y = legend(scene, layout, &parts, top + 4.0) + 20.0;
    let mut sentences = wording::family_sentence(comparison);
    let ratios = || comparison.blocks.iter().flat_map(|block| &block.arms).filter_map(|arm| arm.ratio);
    if ratios().any(|ratio| ratio.few_rounds().is_some()) {
        sentences.push_str(" * From fewer rounds than the plan wants before a verdict.");
    }
    if !comparison.skipped.is_empty() {
        let names: Vec<_> = comparison.skipped.iter().map(|skipped| skipped.variant.as_str()).collect();
        sentences.push_str(&format!(" Left out here: {}.", names.join(", ")));
    }
    for line in widths::lines(&sentences, layout.room(), (11.0, false), layout.lines) {
        scene.text(Label::new((layout.edge, y), line, 11.0, Ink::Muted));
        y += 15.0;
    }
    y - 15.0
}
