//! Figure of one block: the effect of each level of its axes with its interval, on one logarithmic axis.

use bench_runner_core::compare::{AxisEffects, BlockResult, EffectMethod, EffectRatio};

use super::intervals::{
    self, HEADS, NAME_SIZE, RowMark, axis, axis_below, head, heads, look, number_cells, reason, row_tooltip,
    shapes_sentence, small_print, word_ink,
};
use super::layout::FigureLayout;
use super::palette::Ink;
use super::scene::{Label, Scene, Tooltip};
use super::widths;
use super::wording::{self, ColumnDigits, EffectRow, EffectRowContent};

/// Blank space below the last line of the caption.
const BELOW: f64 = 14.0;

/// Scene of a block with these effects.
pub(crate) fn scene(block: &BlockResult, effects: &AxisEffects, layout: &FigureLayout) -> Scene {
    let title = format!("{}: effects of the axes", block.title);
    let rows = wording::effect_rows(effects);
    let digits = wording::effect_digits(effects);
    let mut scene = Scene { width: layout.width, ..Scene::new(&title, description(&rows)) };
    let subtitle = match effects.method {
        EffectMethod::Product => "each level averaged over the other axes",
        EffectMethod::Fraction => "each level, estimated from a part of all combinations",
    };
    let top = head(&mut scene, layout, &title, &format!("{subtitle}; {}", counts(effects)));
    let top = heads(&mut scene, layout, top);
    let rows_top = top + if layout.text_on_axis() { HEADS } else { 2.0 };
    let axis = axis(range(block, effects));
    let marks: Vec<RowMark> = rows.iter().map(mark).collect();
    intervals::intervals(&mut scene, (&axis, layout), (block.margin, true), &marks, rows_top);
    let full: Vec<String> = rows.iter().map(name).collect();
    let names = widths::shorten_all(&full, layout.names.1 - layout.names.0, NAME_SIZE);
    for (index, (one, name)) in rows.iter().zip(names).enumerate() {
        row(&mut scene, (one, name), (layout, digits), rows_top + index as f64 * layout.row);
    }
    let bottom = axis_below(&mut scene, &axis, layout, rows_top + rows.len() as f64 * layout.row);
    let verdicts = effects.ratios().filter_map(|ratio| Some(ratio.judged?.verdict));
    let verdicts: Vec<_> = verdicts.collect();
    let text = format!(
        "Bars are 95% intervals on a logarithmic scale; the first level of each axis is its reference.{}",
        shapes_sentence(verdicts.iter().copied())
    );
    let y = small_print(&mut scene, layout, &text, bottom + 12.0);
    let sentences = wording::effect_sentences(effects).join(" ");
    scene.height = small_print(&mut scene, layout, &sentences.replace('`', ""), y) + BELOW;
    scene
}

fn counts(effects: &AxisEffects) -> String {
    let combinations = wording::pluralize(effects.combinations, "combination");
    format!("{} of {combinations}", wording::pluralize(effects.rounds, "round"))
}

fn range(block: &BlockResult, effects: &AxisEffects) -> (f64, f64) {
    let estimates = effects.ratios().map(|one| one.ratio).chain(intervals::around_one(block.margin));
    intervals::range(estimates, effects.ratios().flat_map(|one| [one.low, one.high]))
}

fn description(rows: &[EffectRow<'_>]) -> String {
    let text = |row: &EffectRow<'_>| format!("{}: {}", row.name, words(row.content));
    format!("{}.", rows.iter().map(text).collect::<Vec<_>>().join("; "))
}

/// A row in words.
fn words(content: EffectRowContent<'_>) -> String {
    let Some(ratio) = content.ratio() else {
        return match content {
            EffectRowContent::Missing(reason) => reason.to_owned(),
            _ => content.word().to_owned(),
        };
    };
    let phrase = wording::interval_phrase(ratio.ratio, (ratio.low, ratio.high));
    let verdict = ratio.judged.map(|judged| format!("{}, ", judged.verdict.as_str())).unwrap_or_default();
    let single = content.single_level();
    let single = if single.is_empty() { single } else { format!("; at a single level {single}") };
    format!("{verdict}{phrase}{single}")
}

/// Levels are indented below the reference level of their axis.
fn name(row: &EffectRow<'_>) -> String {
    match row.content {
        EffectRowContent::Reference => row.name.clone(),
        _ => format!("  {}", row.name),
    }
}

fn mark(row: &EffectRow<'_>) -> RowMark {
    let of_ratio = |ratio: &EffectRatio| {
        let look = look(ratio.judged.map(|judged| judged.verdict));
        RowMark::Ratio([ratio.low, ratio.ratio, ratio.high], look)
    };
    row.content.ratio().map_or(RowMark::Nothing, of_ratio)
}

/// Name, verdict and numbers of a row, with its tooltip.
fn row(
    scene: &mut Scene,
    (one, name): (&EffectRow<'_>, String),
    (layout, digits): (&FigureLayout, ColumnDigits),
    top: f64,
) {
    let is_reference = one.content == EffectRowContent::Reference;
    let ink = if one.content.ratio().is_some() || is_reference { Ink::Text } else { Ink::Muted };
    let indented = name.strip_prefix("  ");
    let left = layout.names.0 + if indented.is_some() { 12.0 } else { 0.0 };
    let label = Label::new((left, top + layout.name_at), indented.unwrap_or(&name), NAME_SIZE, ink);
    scene.text(if is_reference { label.bold() } else { label });
    let word = (layout.verdict, top + layout.text_at);
    match (one.content.ratio(), one.content) {
        (Some(ratio), _) => {
            let ink = word_ink(look(ratio.judged.map(|judged| judged.verdict)));
            scene.text(Label::new(word, one.content.word(), 12.0, ink));
            number_cells(scene, (layout, digits), [ratio.low, ratio.ratio, ratio.high], top, Ink::Text);
        }
        (None, EffectRowContent::Missing(why)) => reason(scene, layout, &why.replace('`', ""), top),
        (None, _) => scene.text(Label::new(word, one.content.word(), 12.0, Ink::Muted)),
    }
    scene.tooltips.push(Tooltip {
        name: one.name.clone(),
        text: words(one.content),
        ..row_tooltip(layout, top)
    });
}
