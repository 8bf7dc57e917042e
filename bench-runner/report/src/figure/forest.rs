//! Forest plot of a run: every ratio with its interval, comparison by comparison, on logarithmic axes.

use bench_runner_core::compare::{ArmResult, BlockResult, Comparison, TwinResult, Verdict};
use bench_runner_core::record::Role;

use super::axis::NumberAxis;
use super::intervals::{
    self, HEADS, NAME_SIZE, REFERENCE, RowMark, SMALL, around_one, axis_below, column_heads, directions,
    head, legend, look, number_cells, reason, row_tooltip, small_print, word_ink,
};
use super::layout::FigureLayout;
use super::palette::Ink;
use super::scene::{Label, Scene, Tooltip};
use super::widths;
use super::wording::{self, ColumnDigits, TimeUnit};

/// Blank space below the last line of the caption.
const BELOW: f64 = 14.0;
/// Blank space between comparisons.
const GAP: f64 = 12.0;
/// Share of a common axis below which a comparison would leave it mostly empty.
const MOSTLY_EMPTY: f64 = 0.3;

/// Scene of one run.
pub(crate) fn scene(comparison: &Comparison, layout: &FigureLayout) -> Scene {
    let title = format!("{}: wall time against the baseline", comparison.scenario);
    let mut scene = Scene { width: layout.width, ..Scene::new(&title, description(comparison)) };
    let mut top = head(&mut scene, layout, &title, &comparison.machine);
    if comparison.blocks.is_empty() {
        scene.text(Label::new((layout.edge, top + 18.0), "nothing was measured", 13.0, Ink::Muted));
        scene.height = top + 50.0;
        return scene;
    }
    let axes = ForestAxes::for_blocks(&comparison.blocks);
    for (index, one) in comparison.blocks.iter().enumerate() {
        let axis = axes.of_block(index);
        let heads = (index == 0, index == 0 || matches!(axes, ForestAxes::Each(_)));
        top = block(&mut scene, one, (axis, layout), (top, heads));
        if matches!(axes, ForestAxes::Each(_)) {
            top = axis_below(&mut scene, axis, layout, top);
        }
        top += GAP;
    }
    top -= GAP;
    if let ForestAxes::Common(axis) = &axes {
        top = axis_below(&mut scene, axis, layout, top);
    }
    top = directions(&mut scene, layout, top);
    scene.height = caption(&mut scene, comparison, (&axes, layout), top + 12.0) + BELOW;
    scene
}

fn description(comparison: &Comparison) -> String {
    let mut sentences = Vec::new();
    for block in &comparison.blocks {
        let rows = block.arms.iter().filter(|arm| arm.role == Role::Variant).map(|arm| match &arm.ratio {
            Some(ratio) => {
                format!("{} {}, {}", arm.variant, ratio.verdict.as_str(), wording::ratio_phrase(ratio))
            }
            None => format!("{} {}", arm.variant, wording::why_no_ratio(arm)),
        });
        let rows: Vec<_> = rows.collect();
        sentences.push(format!("{}: {}.", block.title, rows.join("; ")));
    }
    if sentences.is_empty() { "Nothing was measured.".to_owned() } else { sentences.join(" ") }
}

/// One axis for all comparisons, or one for each if a common axis would be mostly empty in one of them.
enum ForestAxes {
    Common(NumberAxis),
    Each(Vec<NumberAxis>),
}

impl ForestAxes {
    fn for_blocks(blocks: &[BlockResult]) -> Self {
        let span = |(low, high): (f64, f64)| (high / low).ln();
        let common = range(blocks);
        let ranges: Vec<_> = blocks.iter().map(|block| range(std::slice::from_ref(block))).collect();
        let has_ratio = |block: &BlockResult| block.arms.iter().any(|arm| arm.ratio.is_some());
        let is_empty = |(block, range): (&BlockResult, &(f64, f64))| {
            has_ratio(block) && span(*range) < MOSTLY_EMPTY * span(common)
        };
        if blocks.iter().zip(&ranges).any(is_empty) {
            Self::Each(ranges.into_iter().map(intervals::axis).collect())
        } else {
            Self::Common(intervals::axis(common))
        }
    }

    fn of_block(&self, index: usize) -> &NumberAxis {
        match self {
            Self::Common(axis) => axis,
            Self::Each(axes) => &axes[index],
        }
    }
}

fn range(blocks: &[BlockResult]) -> (f64, f64) {
    let ratios = || blocks.iter().flat_map(|block| &block.arms).filter_map(|arm| arm.ratio);
    let controls = || blocks.iter().filter_map(|block| block.twin);
    let margins = blocks.iter().flat_map(|block| around_one(block.margin));
    let estimates = ratios().map(|ratio| ratio.ratio).chain(controls().map(|twin| twin.ratio)).chain(margins);
    let of_controls = controls().map(|twin| control_interval(&twin)).flat_map(|[low, _, high]| [low, high]);
    intervals::range(estimates, ratios().flat_map(|ratio| [ratio.low, ratio.high]).chain(of_controls))
}

/// Lower end, ratio and upper end of the control.
fn control_interval(twin: &TwinResult) -> [f64; 3] {
    [twin.ratio / (1.0 + twin.half_width), twin.ratio, twin.ratio * (1.0 + twin.half_width)]
}

/// Result of an arm: lower end, ratio and upper end.
fn arm_interval(block: &BlockResult, arm: &ArmResult) -> Option<[f64; 3]> {
    match (&arm.ratio, &block.twin) {
        (Some(ratio), _) => Some([ratio.low, ratio.ratio, ratio.high]),
        (None, Some(twin)) if arm.role == Role::Twin => Some(control_interval(twin)),
        (None, _) => None,
    }
}

fn row_mark(block: &BlockResult, arm: &ArmResult) -> RowMark {
    let Some(interval) = arm_interval(block, arm) else { return RowMark::Nothing };
    let look = arm.ratio.map_or(REFERENCE, |ratio| look(Some(ratio.verdict)));
    RowMark::Ratio(interval, look)
}

/// Draws a comparison from `top` on and returns its lower end; with the heads of the columns, and with the
/// meaning of the margin's band, if these are true.
fn block(
    scene: &mut Scene,
    block: &BlockResult,
    (axis, layout): (&NumberAxis, &FigureLayout),
    (top, (column_heads_too, margin_too)): (f64, (bool, bool)),
) -> f64 {
    let arms: Vec<&ArmResult> = block.arms.iter().filter(|arm| arm.role != Role::Baseline).collect();
    let below = heading(scene, block, layout, top);
    let has_heads = column_heads_too || (margin_too && layout.text_on_axis());
    let rows_top = below + if has_heads { HEADS } else { 2.0 };
    if column_heads_too {
        column_heads(scene, layout, rows_top - HEADS / 2.0);
    }
    let marks: Vec<RowMark> = arms.iter().map(|arm| row_mark(block, arm)).collect();
    intervals::intervals(scene, (axis, layout), (block.margin, margin_too), &marks, rows_top);
    if arms.is_empty() {
        reason(scene, layout, "nothing to compare", rows_top);
    }
    let full: Vec<_> = arms.iter().map(|arm| row_name(arm)).collect();
    let names = widths::shorten_all(&full, layout.names.1 - layout.names.0, NAME_SIZE);
    let of_role = |is_control: bool| {
        let arms = arms.iter().filter(move |arm| (arm.role == Role::Twin) == is_control);
        let shown = arms.filter_map(|arm| arm_interval(block, arm));
        ColumnDigits::of_ratios(shown.map(|[low, ratio, high]| (ratio, (low, high))))
    };
    // The control has the numbers of its sentence, which are rounded on their own.
    let (of_variants, of_control) = (of_role(false), of_role(true));
    for (index, (arm, name)) in arms.iter().zip(names).enumerate() {
        let top = rows_top + index as f64 * layout.row;
        let digits = if arm.role == Role::Twin { of_control } else { of_variants };
        row(scene, (block, arm), (layout, digits), (name, top));
    }
    rows_top + arms.len().max(1) as f64 * layout.row
}

/// Mark behind a verdict from fewer rounds than the plan wants; the caption has its meaning.
const FEW_ROUNDS: &str = " *";

/// Name, verdict and numbers of an arm, with its tooltip.
fn row(
    scene: &mut Scene,
    (block, arm): (&BlockResult, &ArmResult),
    (layout, digits): (&FigureLayout, ColumnDigits),
    (name, top): (String, f64),
) {
    let ink = if arm.ratio.is_some() { Ink::Text } else { Ink::Muted };
    scene.text(Label::new((layout.names.0, top + layout.name_at), name, NAME_SIZE, ink));
    let Some(interval) = arm_interval(block, arm) else {
        return reason(scene, layout, &wording::why_no_ratio(arm), top);
    };
    let word = (layout.verdict, top + layout.text_at);
    match &arm.ratio {
        Some(ratio) => {
            let mark = if ratio.few_rounds().is_some() { FEW_ROUNDS } else { "" };
            let (text, ink) =
                (format!("{}{mark}", ratio.verdict.as_str()), word_ink(look(Some(ratio.verdict))));
            let label = Label::new(word, text, 12.0, ink);
            let is_decided = !matches!(ratio.verdict, Verdict::Undecided | Verdict::Invalid);
            scene.text(if is_decided { label.bold() } else { label });
        }
        None => scene.text(Label::new(word, control_word(block), 12.0, Ink::Muted)),
    }
    number_cells(scene, (layout, digits), interval, top, ink);
    let text = row_tooltip_text(block, arm);
    scene.tooltips.push(Tooltip { name: wording::arm_name(arm), text, ..row_tooltip(layout, top) });
}

/// p-value of the control below which it is unusual.
const UNUSUAL: f64 = 0.05;

/// The verdict on the control: whether its two identical builds differ by more than chance explains.
fn control_word(block: &BlockResult) -> &'static str {
    match block.twin {
        _ if wording::twin_differs(block) => "differs",
        Some(twin) if twin.p < UNUSUAL => "unusual",
        _ => "within chance",
    }
}

/// Tooltip of an arm with an interval.
fn row_tooltip_text(block: &BlockResult, arm: &ArmResult) -> String {
    let (Some(ratio), Some(result)) = (&arm.ratio, wording::result_phrase(block, arm)) else {
        return wording::control_text(block);
    };
    let unit = TimeUnit::for_block(block);
    let median =
        arm.wall().map(|wall| format!(", median {} {}", wording::time(&wall, unit).estimate, unit.symbol()));
    format!(
        "{}, {result}, {}{}, {} after correction",
        ratio.verdict_text(),
        wording::pluralize(ratio.rounds, "round"),
        median.unwrap_or_default(),
        wording::p_value(ratio.p_adjusted),
    )
}

/// Name of an arm, with the number of failed builds if nothing else in the row shows it.
fn row_name(arm: &ArmResult) -> String {
    let name = wording::arm_name(arm);
    let silent = arm.failures > 0 && (arm.ratio.is_some() || arm.role == Role::Twin);
    if silent { format!("{name} · {} failed", arm.failures) } else { name }
}

/// Draws a comparison's title and facts, and returns their lower end.
fn heading(scene: &mut Scene, block: &BlockResult, layout: &FigureLayout, top: f64) -> f64 {
    let (left, right) = (layout.edge, layout.width - layout.edge);
    scene.line((left, top), (right, top), 1.0, Ink::Grid);
    let title = Label::new((left, top + 15.0), &block.title, 13.0, Ink::Text).bold();
    scene.text(title.within(layout.room()));
    let mut y = top + 33.0;
    for line in widths::lines(&facts(block), layout.room(), (SMALL, false), layout.lines) {
        scene.text(Label::new((left, y), line, SMALL, Ink::Muted));
        y += 15.0;
    }
    y - 6.0
}

/// Facts of a comparison: its baseline, its rounds, and the difference that it could have found.
fn facts(block: &BlockResult) -> String {
    let mut parts = Vec::new();
    if let Some(baseline) = block.arms.get(block.baseline) {
        let unit = TimeUnit::for_block(block);
        let time = baseline.wall().map(|wall| wording::time(&wall, unit).estimate);
        let time = time.map(|time| format!(", median {time} {}", unit.symbol())).unwrap_or_default();
        let name = widths::shorten(&wording::arm_name(baseline), 280.0, SMALL, false);
        parts.push(format!("baseline {name}{time}"));
    }
    parts.push(wording::rounds(block));
    if wording::twin_differs(block) {
        parts.push("two identical builds differed, so there is no result".to_owned());
    } else if wording::is_invalid(block) {
        parts.push("later builds did other work than the first, so there is no result".to_owned());
    } else {
        parts.push(wording::noise_floor(block).unwrap_or_else(|| "nothing was compared".to_owned()));
    }
    parts.join(" · ")
}

/// Meaning of bars and axes, and the correction for multiple comparisons; returns the lower end.
fn caption(
    scene: &mut Scene,
    comparison: &Comparison,
    (axes, layout): (&ForestAxes, &FigureLayout),
    top: f64,
) -> f64 {
    let mut parts = Vec::new();
    let with_ratio = comparison.blocks.iter().find(|block| block.arms.iter().any(|arm| arm.ratio.is_some()));
    if let (Some(block), false) = (with_ratio, layout.text_on_axis()) {
        parts.push((Ink::Margin, intervals::margin_words(block.margin)));
    }
    if comparison.blocks.iter().any(|block| block.twin.is_some()) {
        parts
            .push((Ink::Control, "control: the baseline built twice, as if it were two variants".to_owned()));
    }
    let mut y = if parts.is_empty() { top } else { legend(scene, layout, &parts, top) };
    let axes = match axes {
        ForestAxes::Common(_) => "Bars are 95% intervals on a logarithmic axis.",
        ForestAxes::Each(_) => "Bars are 95% intervals; each comparison has a logarithmic axis of its own.",
    };
    let meaning = with_ratio.map(wording::ratio_caption).map(|caption| format!(" {}.", capitalized(caption)));
    y = small_print(scene, layout, &format!("{axes}{}", meaning.unwrap_or_default()), y);
    small_print(scene, layout, &remarks(comparison), y)
}

fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// The correction for several comparisons, verdicts from few rounds, and variants that were skipped.
fn remarks(comparison: &Comparison) -> String {
    let mut sentences = wording::family_sentence(comparison);
    let mut ratios = comparison.blocks.iter().flat_map(|block| &block.arms).filter_map(|arm| arm.ratio);
    if ratios.any(|ratio| ratio.few_rounds().is_some()) {
        sentences.push_str(" * From fewer rounds than planned.");
    }
    let mut skipped: Vec<&str> = Vec::new();
    for one in &comparison.skipped {
        if !skipped.contains(&one.variant.as_str()) {
            skipped.push(&one.variant);
        }
    }
    if !skipped.is_empty() {
        sentences.push_str(&format!(" Skipped on this machine: {}.", skipped.join(", ")));
    }
    sentences
}
