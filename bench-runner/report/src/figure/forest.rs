//! Forest plot of a run: every ratio with its interval, comparison by comparison, on logarithmic axes.

use bench_runner_core::compare::{ArmResult, BlockResult, Comparison, TwinResult};
use bench_runner_core::record::Role;

use super::axis::NumberAxis;
use super::intervals::{
    self, HEADS, NAME_SIZE, NUMBERS, REFERENCE, RowMark, SMALL, around_one, axis_below, head, heads, legend,
    look, number_cells, reason, row_tooltip, shapes_sentence, small_print, word_ink,
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
/// Share of the common axis below which the intervals of a comparison could not be told apart on it.
const UNREADABLE: f64 = 0.12;

/// Number of comparisons after which the common axis is repeated, so that its numbers are never far away.
const AXIS_EVERY: usize = 5;

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
    top = heads(&mut scene, layout, top);
    let axes = ForestAxes::for_blocks(&comparison.blocks);
    for (index, one) in comparison.blocks.iter().enumerate() {
        let axis = axes.of_block(index);
        top = block(&mut scene, one, (axis, layout), (top, axes.is_explained(index)));
        let is_repeated = (index + 1) % AXIS_EVERY == 0 && index + 1 < comparison.blocks.len();
        if axes.has_own() || is_repeated {
            top = axis_below(&mut scene, axis, layout, top);
        }
        if let Some(factor) = axes.magnification(index) {
            top = own_scale(&mut scene, layout, factor, top);
        }
        top += GAP;
    }
    top -= GAP;
    if !axes.has_own() {
        top = axis_below(&mut scene, &axes.common, layout, top);
    }
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

/// One axis for all comparisons, so that equal lengths are equal differences; a comparison that would be
/// unreadable on it has its own.
struct ForestAxes {
    common: NumberAxis,
    /// Axis and magnification of each comparison that has its own.
    own: Vec<Option<(NumberAxis, f64)>>,
}

impl ForestAxes {
    fn for_blocks(blocks: &[BlockResult]) -> Self {
        let span = |(low, high): (f64, f64)| (high / low).ln();
        let common = range(blocks);
        let own_axis = |block: &BlockResult| {
            let own = range(std::slice::from_ref(block));
            let has_ratio = block.arms.iter().any(|arm| arm.ratio.is_some());
            let is_unreadable = has_ratio && span(own) < UNREADABLE * span(common);
            is_unreadable.then(|| (intervals::axis(own), span(common) / span(own)))
        };
        Self { own: blocks.iter().map(own_axis).collect(), common: intervals::axis(common) }
    }

    fn of_block(&self, index: usize) -> &NumberAxis {
        self.own[index].as_ref().map_or(&self.common, |(axis, _)| axis)
    }

    fn has_own(&self) -> bool {
        self.own.iter().any(Option::is_some)
    }

    /// Length of a difference relative to the common axis; `None` on that axis.
    fn magnification(&self, index: usize) -> Option<f64> {
        self.own[index].as_ref().map(|(_, factor)| *factor)
    }

    /// True for the first comparison on each axis, which says what the margin's band means.
    fn is_explained(&self, index: usize) -> bool {
        self.own[index].is_some() || self.own[..index].iter().all(Option::is_some)
    }
}

/// Warning below a comparison that its axis is not that of the others; returns its lower end.
fn own_scale(scene: &mut Scene, layout: &FigureLayout, factor: f64, bottom: f64) -> f64 {
    let text = format!("own scale, {factor:.0}× finer than the others");
    let (place, lower_end) = match layout.text_on_axis() {
        true => ((layout.names.0, bottom - NUMBERS / 2.0), bottom),
        false => ((layout.edge, bottom + 9.0), bottom + 18.0),
    };
    scene.text(Label::new(place, text, SMALL, Ink::Text).bold());
    lower_end
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
    let (low, high) = twin.ends();
    [low, twin.ratio, high]
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

/// Draws a comparison from `top` on and returns its lower end; with the meaning of the margin's band if
/// `is_explained`.
fn block(
    scene: &mut Scene,
    block: &BlockResult,
    (axis, layout): (&NumberAxis, &FigureLayout),
    (top, is_explained): (f64, bool),
) -> f64 {
    let arms: Vec<&ArmResult> = block.arms.iter().filter(|arm| arm.role != Role::Baseline).collect();
    let below = heading(scene, block, layout, top);
    let rows_top = below + if is_explained && layout.text_on_axis() { HEADS } else { 2.0 };
    let marks: Vec<RowMark> = arms.iter().map(|arm| row_mark(block, arm)).collect();
    intervals::intervals(scene, (axis, layout), (block.margin, is_explained), &marks, rows_top);
    if arms.is_empty() {
        reason(scene, layout, "nothing to compare", rows_top);
    }
    let full: Vec<_> = arms.iter().map(|arm| row_name(arm)).collect();
    let names = widths::shorten_all(&full, layout.names.1 - layout.names.0, NAME_SIZE);
    let digits = ColumnDigits::of_block(block);
    for (index, (arm, name)) in arms.iter().zip(names).enumerate() {
        let top = rows_top + index as f64 * layout.row;
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
            scene.text(if ratio.verdict.is_conclusive() { label.bold() } else { label });
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
        _ => "control",
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
        let digits = ColumnDigits::of_medians(block, unit);
        let time = baseline.wall().map(|wall| digits.time(wall.median, unit));
        let time = time.map(|time| format!(", median {time} {}", unit.symbol())).unwrap_or_default();
        let name = widths::shorten(&wording::arm_name(baseline), 280.0, SMALL, false);
        parts.push(format!("baseline {name}{time}"));
    }
    parts.push(wording::rounds(block));
    if wording::twin_differs(block) {
        parts.push("two identical builds differed, so there is no result".to_owned());
    } else if wording::is_invalid(block) {
        parts.push("later builds did other work than the first, so there is no result".to_owned());
    } else if block.is_fraction() {
        parts.push("a fraction of the combinations, which gives no verdicts".to_owned());
    } else {
        let floor = block.noise_floor.map(|floor| format!("noise floor {}", wording::share(floor)));
        parts.push(floor.unwrap_or_else(|| "nothing was compared".to_owned()));
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
    let axes = match axes.has_own() {
        false => {
            "Bars are 95% intervals (short ones are hidden by their mark), all on one logarithmic scale."
        }
        true => {
            "Bars are 95% intervals (short ones are hidden by their mark) on a logarithmic scale, the same for all unless a \
             comparison says otherwise."
        }
    };
    let floor = comparison.blocks.iter().any(|block| block.noise_floor.is_some());
    let floor = if floor {
        " Noise floor: the smallest real difference that 4 of 5 such runs would find."
    } else {
        ""
    };
    let ratios = comparison.blocks.iter().flat_map(|block| &block.arms).filter_map(|arm| arm.ratio);
    let shapes = shapes_sentence(ratios.map(|ratio| ratio.verdict));
    y = small_print(scene, layout, &format!("{axes}{shapes}{floor}"), y);
    let meaning = with_ratio.map(wording::ratio_caption).map(wording::sentence);
    if let Some(meaning) = meaning {
        y = small_print(scene, layout, &meaning, y);
    }
    small_print(scene, layout, &remarks(comparison), y)
}

/// The correction for several comparisons, verdicts from few rounds, and variants that were skipped.
fn remarks(comparison: &Comparison) -> String {
    let mut sentences = wording::family_sentence(comparison);
    let mut ratios = comparison.blocks.iter().flat_map(|block| &block.arms).filter_map(|arm| arm.ratio);
    if ratios.any(|ratio| ratio.few_rounds().is_some()) {
        sentences.push_str(" * From fewer rounds than the minimum.");
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
