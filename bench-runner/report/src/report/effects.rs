//! Effects of axes: a table below that of a comparison, and `derived/effects.csv`.

use bench_runner_core::compare::{
    AxisEffects, BlockResult, Comparison, EffectRatio, LevelEffect, LevelResult, SeparateEffect, level_name,
};

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
pub(super) fn caption(comparison: &Comparison) -> Option<(&'static str, String)> {
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

#[cfg(test)]
mod tests {
    use bench_runner_core::compare::{EffectMethod, NoAxisEffects};
    use expect_test::expect;

    use super::*;
    use crate::figure::fixture;

    /// Below a line that is not indented.
    fn shown(block: &BlockResult, style: TextStyle) -> String {
        format!("a comparison\n{}", lines(block, style).join("\n"))
    }

    #[test]
    fn a_row_for_each_level_below_its_reference() {
        expect![[r#"
            a comparison
              effects of the axes (5 rounds of 11 combinations):
              effect of                        ratio  95% interval  change  verdict     at a single level
              linker=default                                                reference
              linker=mold with debug not set  0.750×  0.712–0.788×  −25.0%  faster
              linker=mold with debug=none     0.980×  0.931–1.029×   −2.0%  undecided
              linker=lld (debug=none)         0.970×  0.912–1.028×   −3.0%  undecided   ±15%, average only
              linker=wild                                                   no average
              debug not set                                                 reference
              debug=none                      0.810×  0.786–0.834×  −19.0%  faster      ±10%
              codegen-units=256                                             reference
              codegen-units=16                1.002×  0.982–1.022×   +0.2%  equivalent  ±9%, average only
              linker and debug interact (p < 0.001, after correction): the effect of each depends on the level
                of the other, so neither is averaged over the other.
              Interactions: none was found for linker × codegen-units and debug × codegen-units, which does
                not mean that there is none.
              linker=wild: only `linker=wild debug=none` has a counterpart with linker=default, so there is
                nothing to average.
              Without `linker=wild debug=full`: the warm-up build failed with exit code 101."#]]
        .assert_eq(&shown(&fixture::product(true), TextStyle::default()));
        expect![[r#"
            a comparison
              effects of the axes (5 rounds of 11 combinations):
              linker=default
                verdict reference
              linker=mold
                ratio 0.860x, 95% interval 0.826-0.894x, change -14.0%,
                verdict faster, at a single level +/-7%
              linker=lld (debug=none)
                ratio 0.970x, 95% interval 0.912-1.028x, change -3.0%,
                verdict undecided, at a single level +/-15%, average
                only
              linker=wild
                verdict no average
              debug not set
                verdict reference
              debug=none
                ratio 0.810x, 95% interval 0.786-0.834x, change -19.0%,
                verdict faster, at a single level +/-10%
              codegen-units=256
                verdict reference
              codegen-units=16
                ratio 1.002x, 95% interval 0.982-1.022x, change +0.2%,
                verdict equivalent, at a single level +/-9%, average
                only
              Interactions: none was found for linker x debug, linker
                x codegen-units and debug x codegen-units, which does
                not mean that there is none.
              linker=wild: only `linker=wild debug=none` has a
                counterpart with linker=default, so there is nothing to
                average.
              Without `linker=wild debug=full`: the warm-up build
                failed with exit code 101."#]]
        .assert_eq(&shown(&fixture::product(false), TextStyle { width: 60, ascii: true, verbose: false }));
    }

    #[test]
    fn a_fraction_has_no_verdicts() {
        let mut block = fixture::product(false);
        let Some(Ok(effects)) = &mut block.effects else { unreachable!() };
        effects.method = EffectMethod::Fraction;
        for level in effects.axes.iter_mut().flat_map(|axis| &mut axis.levels) {
            if let LevelResult::Averaged(average) = &mut level.result {
                average.ratio.judged = None;
            }
        }
        let text = shown(&block, TextStyle::default());
        assert!(!text.contains("faster") && !text.contains("undecided") && text.contains("0.860×"), "{text}");
        let caption = caption(&fixture::comparison(vec![block])).unwrap().1;
        assert!(caption.contains("have no verdicts") && !caption.contains("Holm"), "{caption}");
    }

    #[test]
    fn blocks_without_effects_say_why_or_nothing() {
        let mut block = fixture::product(false);
        block.effects = Some(Err(NoAxisEffects::FewRounds { rounds: 2, needed: 3 }));
        expect![[r#"
            a comparison
              effects of the axes: not estimated: only 2 of the 3 rounds that are needed have times of all
                combinations"#]]
        .assert_eq(&shown(&block, TextStyle::default()));
        block.effects = None;
        assert!(lines(&block, TextStyle::default()).is_empty());
        assert!(effects_csv(&fixture::comparison(vec![block])).is_none());
    }

    #[test]
    fn a_row_of_the_file_for_each_effect() {
        let mut invalid = fixture::product(false);
        invalid.effects = Some(Err(NoAxisEffects::Invalid));
        let text = effects_csv(&fixture::comparison(vec![fixture::product(true), invalid])).unwrap().unwrap();
        expect![[r#"
            block,method,rounds,axis,reference,level,at,only,pairs,ratio,low,high,df,p,p_holm,p_equivalence,p_equivalence_holm,verdict,may_differ,average_only,missing
            linkers/hexyl/incremental,product,5,linker,default,mold,debug not set,,,0.75,0.7124999999999999,0.7875000000000001,16,0.001,0.002,0.2,0.4,faster,,,
            linkers/hexyl/incremental,product,5,linker,default,mold,debug=none,,,0.98,0.9309999999999999,1.029,16,0.001,0.002,0.2,0.4,undecided,,,
            linkers/hexyl/incremental,product,5,linker,default,lld,,debug=none,2,0.97,0.9117999999999999,1.0282,16,0.001,0.002,0.2,0.4,undecided,0.15,true,
            linkers/hexyl/incremental,product,5,linker,default,wild,,,,,,,,,,,,,,,"only `linker=wild debug=none` has a counterpart with linker=default, so there is nothing to average"
            linkers/hexyl/incremental,product,5,debug,,none,,,2,0.81,0.7857000000000001,0.8343,16,0.001,0.002,0.2,0.4,faster,0.1,false,
            linkers/hexyl/incremental,product,5,codegen-units,256,16,,,2,1.002,0.9819599999999999,1.02204,16,0.001,0.002,0.2,0.4,equivalent,0.09,true,
            linkers/hexyl/incremental,,,,,,,,,,,,,,,,,,,,the comparison is invalid
        "#]].assert_eq(&text);
    }
}
