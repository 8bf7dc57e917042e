//! Effects of axes: a table below that of a comparison, and `derived/effects.csv`.

use bench_runner_core::compare::{
    AxisEffects, BlockResult, Comparison, EffectRatio, LevelEffect, LevelResult, SeparateEffect, level_name,
};

use super::captions::Caption;
use super::csv::csv_text;
use super::table::{TableColumn, TextStyle};
use crate::figure::wording::{self, ColumnDigits, EffectRow};

pub(super) const COLUMNS: [TableColumn; 6] = [
    TableColumn { heading: "effect of", right: false },
    TableColumn { heading: "ratio", right: true },
    TableColumn { heading: "95% interval", right: true },
    TableColumn { heading: "change", right: true },
    TableColumn { heading: "verdict", right: false },
    TableColumn { heading: "at a single level", right: false },
];

/// The table of a block with its sentences; empty if the block does not cross axes.
pub(super) fn lines(block: &BlockResult, style: TextStyle) -> Vec<String> {
    if let Some(reason) = wording::why_no_effects(block) {
        return style.paragraph("effects of the axes: ", &reason);
    }
    let Some(effects) = of_block(block) else { return Vec::new() };
    let mut lines = style.paragraph("", &format!("{}:", wording::effects_title(effects)));
    lines.extend(style.table(&COLUMNS, &rows(effects)));
    lines.extend(wording::effect_sentences(effects).iter().flat_map(|text| style.paragraph("", text)));
    lines
}

/// The effects of a block, if it has any.
pub(super) fn of_block(block: &BlockResult) -> Option<&AxisEffects> {
    block.effects.as_ref()?.as_ref().ok()
}

/// Rows of the table, with a cell for each of [`COLUMNS`].
pub(super) fn rows(effects: &AxisEffects) -> Vec<Vec<String>> {
    let digits = wording::effect_digits(effects);
    wording::effect_rows(effects).iter().map(|row| cells(row, digits)).collect()
}

fn cells(row: &EffectRow<'_>, digits: ColumnDigits) -> Vec<String> {
    let ratio = row.content.ratio().map(|ratio| {
        let shown = digits.ratio(ratio.ratio, (ratio.low, ratio.high));
        [
            format!("{}×", shown.estimate),
            format!("{}–{}×", shown.low, shown.high),
            format!("{}%", digits.change(ratio.ratio)),
        ]
    });
    let mut cells = vec![row.name.clone()];
    cells.extend(ratio.unwrap_or_default());
    cells.extend([row.content.word().to_owned(), row.content.single_level()]);
    cells
}

/// Meaning of the columns, if a block of the comparison has effects.
pub(super) fn caption(comparison: &Comparison) -> Option<Caption> {
    let effects = comparison.blocks.iter().find_map(of_block)?;
    Some(("effects", wording::effects_caption(effects)))
}

const HEADER: [&str; 21] = [
    "block",
    "method",
    "rounds",
    "axis",
    "reference",
    "level",
    "at",
    "only",
    "pairs",
    "ratio",
    "low",
    "high",
    "df",
    "p",
    "p_holm",
    "p_equivalence",
    "p_equivalence_holm",
    "verdict",
    "may_differ",
    "average_only",
    "missing",
];

/// The effects as CSV: one row per level besides the reference level of its axis, or one for each combination of the
/// levels `at` which its effect is given. A level that does not set its axis is empty. `None` if no block crosses axes.
pub fn effects_csv(comparison: &Comparison) -> Option<Result<String, csv::Error>> {
    let crosses_axes = comparison.blocks.iter().any(|block| block.effects.is_some());
    let rows = || comparison.blocks.iter().flat_map(csv_rows);
    crosses_axes.then(|| csv_text(&HEADER, rows()))
}

fn csv_rows(block: &BlockResult) -> Vec<Vec<String>> {
    let missing = |reason: &str| {
        let mut row = vec![block.id.to_string()];
        row.resize(HEADER.len() - 1, String::new());
        row.push(reason.to_owned());
        row
    };
    if let Some(Err(reason)) = &block.effects {
        return vec![missing(&reason.describe())];
    }
    let Some(effects) = of_block(block) else { return Vec::new() };
    let mut rows = Vec::new();
    for axis in &effects.axes {
        let reference = axis.reference.clone().unwrap_or_default();
        for level in &axis.levels {
            let mut start =
                vec![block.id.to_string(), effects.method.as_str().to_owned(), effects.rounds.to_string()];
            start.extend([axis.axis.clone(), reference.clone(), level.level.clone().unwrap_or_default()]);
            rows.extend(level_rows(level).into_iter().map(|row| start.iter().cloned().chain(row).collect()));
        }
    }
    rows
}

/// The cells behind those of the level.
fn level_rows(level: &LevelEffect) -> Vec<Vec<String>> {
    match &level.result {
        LevelResult::Averaged(average) => {
            let mut row =
                vec![String::new(), average.only.clone().unwrap_or_default(), average.pairs.to_string()];
            row.extend(ratio_cells(&average.ratio));
            row.push(average.may_differ.map(|differ| differ.to_string()).unwrap_or_default());
            row.extend([average.is_average_only().to_string(), String::new()]);
            vec![row]
        }
        LevelResult::Separate(parts) => {
            let row = |part: &SeparateEffect| {
                let at = part.at.iter().map(|(axis, level)| level_name(axis, level.as_deref()));
                let mut row = vec![at.collect::<Vec<_>>().join(" "), String::new(), String::new()];
                row.extend(ratio_cells(&part.ratio));
                row.extend([String::new(), String::new(), String::new()]);
                row
            };
            parts.iter().map(row).collect()
        }
        LevelResult::Missing(reason) => {
            let mut row = vec![String::new(); 14];
            row.push(reason.clone());
            vec![row]
        }
    }
}

fn ratio_cells(ratio: &EffectRatio) -> Vec<String> {
    let numbers = [ratio.ratio, ratio.low, ratio.high, ratio.df, ratio.p].map(|value| value.to_string());
    let judged = ratio.judged.map(|judged| {
        let p =
            [judged.p_adjusted, judged.p_equivalence, judged.p_equivalence_adjusted].map(|p| p.to_string());
        p.into_iter().chain([judged.verdict.as_str().to_owned()]).collect()
    });
    numbers.into_iter().chain(judged.unwrap_or_else(|| vec![String::new(); 4])).collect()
}
