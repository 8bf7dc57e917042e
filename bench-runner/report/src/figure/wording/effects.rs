//! Effects of axes as rows and sentences, the same in figures and tables.

use bench_runner_core::compare::{
    AveragedEffect, AxisEffects, AxisInteraction, BlockResult, EffectMethod, EffectRatio, LevelEffect,
    LevelResult, NoAxisEffects, SeparateEffect, level_name, pluralize,
};

use super::{ColumnDigits, join_and, p_value, share};

/// A row of a table of effects.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct EffectRow<'a> {
    /// The level, with the levels of other axes at which its effect holds.
    pub(crate) name: String,
    pub(crate) content: EffectRowContent<'a>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum EffectRowContent<'a> {
    /// The level that the rows below it are compared with.
    Reference,
    /// An average over the other axes.
    Averaged(&'a AveragedEffect),
    /// An effect at some levels of other axes.
    Separate(&'a EffectRatio),
    /// No average, for this reason.
    Missing(&'a str),
}

impl<'a> EffectRowContent<'a> {
    pub(crate) fn ratio(self) -> Option<&'a EffectRatio> {
        match self {
            Self::Averaged(average) => Some(&average.ratio),
            Self::Separate(ratio) => Some(ratio),
            Self::Reference | Self::Missing(_) => None,
        }
    }

    /// The word in the column of verdicts.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Reference => "reference",
            Self::Missing(_) => "no average",
            Self::Averaged(_) | Self::Separate(_) => {
                self.ratio().and_then(|ratio| ratio.judged).map_or("", |judged| judged.verdict.as_str())
            }
        }
    }

    /// Largest deviation of the effect at a single level from an average, such as `±15%, average only`.
    pub(crate) fn single_level(self) -> String {
        let Self::Averaged(average) = self else { return String::new() };
        let Some(differ) = average.may_differ else { return String::new() };
        let only = if average.is_average_only() { ", average only" } else { "" };
        format!("±{}{only}", share(differ))
    }
}

/// The rows of all axes: for each axis its reference level, then the others.
pub(crate) fn effect_rows(effects: &AxisEffects) -> Vec<EffectRow<'_>> {
    let mut rows = Vec::new();
    for axis in &effects.axes {
        let reference = level_name(&axis.axis, axis.reference.as_deref());
        rows.push(EffectRow { name: reference, content: EffectRowContent::Reference });
        rows.extend(axis.levels.iter().flat_map(|level| level_rows(&axis.axis, level)));
    }
    rows
}

fn level_rows<'a>(axis: &str, level: &'a LevelEffect) -> Vec<EffectRow<'a>> {
    let name = level_name(axis, level.level.as_deref());
    match &level.result {
        LevelResult::Averaged(average) => {
            let name = average.only.as_ref().map_or_else(|| name.clone(), |only| format!("{name} ({only})"));
            vec![EffectRow { name, content: EffectRowContent::Averaged(average) }]
        }
        LevelResult::Separate(parts) => {
            let row = |part: &'a SeparateEffect| {
                let at: Vec<String> =
                    part.at.iter().map(|(axis, level)| level_name(axis, level.as_deref())).collect();
                let name = format!("{name} with {}", at.join(" "));
                EffectRow { name, content: EffectRowContent::Separate(&part.ratio) }
            };
            parts.iter().map(row).collect()
        }
        LevelResult::Missing(reason) => vec![EffectRow { name, content: EffectRowContent::Missing(reason) }],
    }
}

/// Decimals for the ratios of effects.
pub(crate) fn effect_digits(effects: &AxisEffects) -> ColumnDigits {
    ColumnDigits::of_ratios(effects.ratios().map(|one| (one.ratio, (one.low, one.high))))
}

/// Title of a table of effects.
pub(crate) fn effects_title(effects: &AxisEffects) -> String {
    format!(
        "effects of the axes ({} of {})",
        pluralize(effects.rounds, "round"),
        pluralize(effects.combinations, "combination")
    )
}

/// Reason why a block that crosses axes has no effects; `None` if it has, or does not cross axes.
pub(crate) fn why_no_effects(block: &BlockResult) -> Option<String> {
    let reason = block.effects.as_ref()?.as_ref().err().map(NoAxisEffects::describe);
    reason.map(|reason| format!("not estimated: {reason}"))
}

/// Sentences below a table of effects: interactions, missing effects and what does not count.
pub(crate) fn effect_sentences(effects: &AxisEffects) -> Vec<String> {
    let mut sentences: Vec<String> = effects.found_interactions().map(found_sentence).collect();
    let pairs: Vec<String> = effects.interactions.iter().filter(|one| !one.found).map(tested_pair).collect();
    if !pairs.is_empty() {
        sentences.push(format!(
            "Interactions: none was found for {}, which does not mean that there is none.",
            join_and(&pairs)
        ));
    }
    for axis in &effects.axes {
        for level in &axis.levels {
            if let LevelResult::Missing(reason) = &level.result {
                sentences.push(format!("{}: {reason}.", level_name(&axis.axis, level.level.as_deref())));
            }
        }
    }
    sentences.extend(effects.notes.iter().cloned());
    sentences
}

fn found_sentence(interaction: &AxisInteraction) -> String {
    let [one, other] = &interaction.axes;
    format!(
        "{one} and {other} interact ({}, after correction): the effect of each depends on the level of the other, so \
         neither is averaged over the other.",
        p_value(interaction.p_adjusted)
    )
}

fn tested_pair(interaction: &AxisInteraction) -> String {
    interaction.axes.join(" × ")
}

/// Meaning of the columns of a table of effects.
pub(crate) fn effects_caption(effects: &AxisEffects) -> String {
    let measured = "each level of an axis against the reference level of the axis, as the geometric mean over the \
                    combinations of the other axes that have both";
    let single = "`at a single level`: how much the effect at one level of another axis can differ from the average, with \
                  95% confidence; `average only`: at a single level it can be zero or opposite.";
    match effects.method {
        EffectMethod::Product => format!(
            "{measured}, with a plain 95% interval. {single} The verdicts are corrected for the {} of the run (Holm), \
             separately from those of the variants.",
            pluralize(effects.family, "effect")
        ),
        EffectMethod::Fraction => format!(
            "each level of an axis against the reference level of the axis, estimated from a part of all combinations, with \
             a plain 95% interval. They name candidates and have no verdicts. {single}"
        ),
    }
}
