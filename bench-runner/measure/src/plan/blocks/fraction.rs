//! The arms of a block that is a fraction of a product: some of the combinations, and all whole variants.

use std::collections::BTreeMap;

use bench_runner_core::record::{
    Arm, Block, BlockLevels, Design, DesignAliasing, DesignKind, Refusal, Variant,
};
use bench_runner_core::stats::{
    DesignSpace, Fraction, LevelOfAxis, NoFraction, aliasing, choose_fraction, usual_rows,
};

/// Seed of the choice. It is not that of the build order, so that a request has the same rows everywhere.
const SEED: u64 = 1;

/// Chooses the combinations of a fraction among the arms of `block`, and leaves all other combinations out. The first
/// combination is kept, and so is one that is the same as a whole variant on this machine. If the arms leave no
/// choice, the block stays a full product.
///
/// # Errors
/// If the combinations do not show all effects.
pub(super) fn choose_rows(block: &mut Block, wanted: Option<u32>, whole: &[&str]) -> Result<(), Refusal> {
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
    };
    let left_out: Vec<usize> =
        (0..space.len()).filter(|row| !rows.contains(row)).map(|row| levels.arms[row].0).collect();
    let mut at = 0;
    block.arms.retain(|_| {
        at += 1;
        !left_out.contains(&(at - 1))
    });
    block.design = Some(design);
    Ok(())
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

/// Combinations that are left out for one reason, by the settings that they have in common and no other
/// combination needs to be named.
#[derive(Default)]
pub(super) struct LeftOut(Vec<(Refusal, usize, BTreeMap<String, String>)>);

impl LeftOut {
    /// Adds a combination.
    pub(super) fn add(&mut self, variant: &Variant, keys: &[&str], refusal: Refusal) {
        let settings: BTreeMap<String, String> = keys
            .iter()
            .filter_map(|key| Some(((*key).to_owned(), variant.settings.get(*key)?.clone())))
            .collect();
        match self.0.iter_mut().find(|(known, ..)| *known == refusal) {
            Some((_, count, common)) => {
                *count += 1;
                common.retain(|key, value| settings.get(key) == Some(value));
            }
            None => self.0.push((refusal, 1, settings)),
        }
    }

    /// One entry for each reason.
    pub(super) fn into_entries(self) -> impl Iterator<Item = (String, Refusal)> {
        self.0.into_iter().map(|(refusal, count, common)| {
            let settings: Vec<String> = common.iter().map(|(key, value)| format!("{key}={value}")).collect();
            let name = match settings.join(" ") {
                name if count == 1 => name,
                name if name.is_empty() => format!("{count} combinations"),
                name => format!("{name} ({count} combinations)"),
            };
            (name, refusal)
        })
    }
}
