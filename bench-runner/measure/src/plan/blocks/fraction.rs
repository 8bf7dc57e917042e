//! The arms of a block that is a fraction of a product: some of the combinations, and all whole variants.

use bench_runner_core::record::{
    Arm, Block, BlockLevels, Design, DesignAliasing, DesignKind, Refusal, Variant,
};
use bench_runner_core::stats::{
    DesignSpace, Fraction, LevelOfAxis, NoFraction, aliasing, choose_fraction, usual_rows,
};

use crate::axes::Settings;
use crate::plan::DesignCost;

/// Seed of the choice. It is not that of the build order, so that a request has the same rows everywhere.
const SEED: u64 = 1;

/// Chooses the combinations of a fraction among the arms of `block`, and leaves all other combinations out. The first
/// combination is kept, and so is one that is the same as a whole variant on this machine. If the arms leave no
/// choice, the block stays a full product.
///
/// # Errors
/// If the combinations do not show all effects.
pub(super) fn choose_rows(
    block: &mut Block,
    wanted: Option<u32>,
    whole: &[&str],
    left_out: Vec<Settings>,
) -> Result<(), Refusal> {
    let levels = BlockLevels::of(block);
    let counts = levels.counts();
    let combinations = levels.arms.iter().map(|(_, combination)| combination);
    let space = DesignSpace::new(counts.clone(), combinations);
    let wanted = wanted.map_or_else(|| usual_rows(&space), |rows| rows as usize);
    let is_whole = |arm: &Arm| arm.aliases.iter().any(|alias| whole.contains(&alias.as_str()));
    let fixed: Vec<usize> =
        (0..space.len()).filter(|row| *row == 0 || is_whole(&block.arms[levels.arms[*row].0])).collect();
    if space.is_empty() || counts.iter().all(|count| *count < 2) {
        return Ok(());
    }
    let Fraction { rows, efficiency, .. } = choose_fraction(&space, &fixed, wanted.max(fixed.len()), SEED)
        .map_err(|why| refusal(&levels, why))?;
    let is_full = rows.len() == space.len();
    let key = |axis: usize| levels.axes[axis].0.to_owned();
    let aliased = aliasing(&space, &rows).unwrap_or_default();
    let design = Design {
        kind: if is_full { DesignKind::Full } else { DesignKind::Fraction },
        rows: rows.len() as u32,
        of: space.len() as u64,
        seed: (!is_full).then_some(SEED),
        efficiency: (!is_full).then_some(rounded(efficiency)),
        interactions: Vec::new(),
        aliasing: aliased
            .iter()
            .map(|one| DesignAliasing {
                axis: key(one.axis),
                interaction: one.interaction.map(key),
                share: rounded(one.share),
            })
            .collect(),
        left_out,
    };
    let others: Vec<usize> =
        (0..space.len()).filter(|row| !rows.contains(row)).map(|row| levels.arms[row].0).collect();
    let mut at = 0;
    block.arms.retain(|_| {
        at += 1;
        !others.contains(&(at - 1))
    });
    if !is_full {
        scale_precision(block);
    }
    block.design = Some(design);
    Ok(())
}

/// Makes the precision of the block that of single combinations at which the effects have the requested one: an effect
/// is averaged over many combinations.
fn scale_precision(block: &mut Block) {
    let cost = DesignCost::of(block);
    if let (Some(precision), Some(cost)) = (&mut block.sampling.precision, cost) {
        *precision = rounded(*precision * cost.narrower());
    }
}

/// Three digits, so that no plan depends on the last bits of a logarithm.
fn rounded(share: f64) -> f64 {
    (share * 1000.0).round() / 1000.0
}

fn refusal(levels: &BlockLevels<'_>, why: NoFraction) -> Refusal {
    let name = |level: &LevelOfAxis| {
        let (key, values) = &levels.axes[level.axis];
        format!("`{key}={}`", values[level.level])
    };
    match why {
        NoFraction::MissingLevel(level) => {
            Refusal::new(format!("no combination that can be built has {}", name(&level)))
        }
        NoFraction::Inseparable(groups) => {
            let groups = groups.iter().map(|group| group.iter().map(name).collect::<Vec<_>>().join(" and "));
            let what = format!(
                "the combinations that can be built do not tell these effects apart: {}",
                groups.collect::<Vec<_>>().join("; ")
            );
            Refusal::new(what).with_help("leave out one of the values, or exclude fewer combinations")
        }
        NoFraction::TooFewRows { wanted, needed } => {
            let what = format!("{wanted} combinations cannot show the effects of all values");
            Refusal::new(what).with_help(format!("give `rows = {needed}` or more"))
        }
    }
}

/// Combinations that are left out, by reason.
#[derive(Default)]
pub(super) struct LeftOutCombinations {
    groups: Vec<(Refusal, Vec<Settings>)>,
    kept: Vec<Settings>,
}

impl LeftOutCombinations {
    /// Adds a combination that is kept.
    pub(super) fn keep(&mut self, variant: &Variant, keys: &[&str]) {
        self.kept.push(varied(variant, keys));
    }

    /// Adds a combination that is left out.
    pub(super) fn add(&mut self, variant: &Variant, keys: &[&str], refusal: Refusal) {
        let settings = varied(variant, keys);
        match self.groups.iter_mut().find(|(known, _)| *known == refusal) {
            Some((_, group)) => group.push(settings),
            None => self.groups.push((refusal, vec![settings])),
        }
    }

    /// One entry for each reason: the values that its combinations have in common, and their number.
    pub(super) fn by_reason(&self) -> impl Iterator<Item = (String, Refusal)> {
        self.groups.iter().map(|(refusal, group)| {
            let common = common(group);
            let values: Vec<String> = common.iter().map(|(key, value)| format!("{key}={value}")).collect();
            let name = match (values.join(" "), group.len()) {
                (name, 1) => name,
                (name, count) if name.is_empty() => format!("{count} combinations"),
                (name, count) => format!("{name} ({count} combinations)"),
            };
            (name, refusal.clone())
        })
    }

    /// Values that are not built together: those in common if no kept combination has them all, else every combination
    /// by itself.
    pub(super) fn values(self) -> Vec<Settings> {
        let mut values = Vec::new();
        for (_, group) in self.groups {
            let common = common(&group);
            let has_all =
                |settings: &Settings| common.iter().all(|(key, value)| settings.get(key) == Some(value));
            if self.kept.iter().any(has_all) {
                values.extend(group);
            } else {
                values.push(common);
            }
        }
        values
    }
}

fn varied(variant: &Variant, keys: &[&str]) -> Settings {
    let setting = |key: &&str| Some(((*key).to_owned(), variant.settings.get(*key)?.clone()));
    keys.iter().filter_map(setting).collect()
}

fn common(group: &[Settings]) -> Settings {
    let mut common = group.first().cloned().unwrap_or_default();
    for settings in group {
        common.retain(|key, value| settings.get(key) == Some(value));
    }
    common
}
