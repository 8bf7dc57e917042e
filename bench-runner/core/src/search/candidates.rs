//! The combinations of a search in the form that the choice of a fraction needs.

use std::collections::BTreeMap;

use crate::stats::{DesignSpace, Fraction, LevelOfAxis, NoFraction, choose_fraction, shows_all_effects};

use super::refusal::SearchRefusal;
use super::request::SearchRequest;
use super::space::SearchSpace;

/// Expected time, in units of the current one, above which a combination is not screened: the effects of two slow levels
/// show as well where each meets faster ones.
const SLOWEST: f64 = 4.0;

/// Combinations that may be screened, and the user's own one.
#[derive(Debug)]
pub(super) struct CandidateArms<'s> {
    space: &'s SearchSpace,
    /// Those that a fraction is chosen from: the allowed ones that are not expected to be too slow and, if all of its levels
    /// occur among them, the user's own, as the first.
    rows: Vec<Vec<usize>>,
    design: DesignSpace,
    /// Levels of each axis that occur; the design knows them by their place here.
    occurring: Vec<Vec<usize>>,
    as_configured_is_row: bool,
    slowness: f64,
}

/// The limit for the expected time of a screened combination: [`SLOWEST`], or what the slowest level needs at least.
fn slowest_to_screen(request: &SearchRequest, allowed: &[Vec<usize>]) -> f64 {
    let mut fastest: BTreeMap<(usize, usize), f64> = BTreeMap::new();
    for levels in allowed {
        let slowness = request.slowness_of(levels);
        for (axis, level) in levels.iter().enumerate() {
            let least = fastest.entry((axis, *level)).or_insert(slowness);
            *least = least.min(slowness);
        }
    }
    fastest.into_values().fold(SLOWEST, f64::max)
}

impl<'s> CandidateArms<'s> {
    pub(super) fn of(request: &'s SearchRequest) -> Result<Self, SearchRefusal> {
        let allowed = request.space.allowed()?;
        let limit = slowest_to_screen(request, &allowed);
        let is_fast = |levels: &&Vec<usize>| request.slowness_of(levels) <= limit;
        let fast: Vec<Vec<usize>> = allowed.iter().filter(is_fast).cloned().collect();
        if fast.len() < allowed.len() {
            let candidates = Self::of_rows(request, &fast);
            if shows_all_effects(&candidates.design) {
                return Ok(candidates);
            }
        }
        Ok(Self::of_rows(request, &allowed))
    }

    fn of_rows(request: &'s SearchRequest, kept: &[Vec<usize>]) -> Self {
        let space = &request.space;
        let occurring: Vec<Vec<usize>> = (0..space.axes.len())
            .map(|axis| {
                let occurs = |level: &usize| kept.iter().any(|one| one[axis] == *level);
                (0..space.axes[axis].levels.len()).filter(occurs).collect()
            })
            .collect();
        let own = &space.as_configured;
        let as_configured_is_row =
            own.iter().zip(&occurring).all(|(level, occurring)| occurring.contains(level));
        let first = as_configured_is_row.then(|| own.clone());
        let others = kept.iter().filter(|one| !as_configured_is_row || *one != own).cloned();
        let rows: Vec<Vec<usize>> = first.into_iter().chain(others).collect();
        let place = |(level, occurring): (&usize, &Vec<usize>)| occurring.binary_search(level).unwrap_or(0);
        let places = rows.iter().map(|row| row.iter().zip(&occurring).map(place).collect::<Vec<usize>>());
        let design = DesignSpace::new(occurring.iter().map(Vec::len).collect(), places);
        let slowness =
            rows.iter().map(|row| request.slowness_of(row)).sum::<f64>() / rows.len().max(1) as f64;
        Self { space, rows, design, occurring, as_configured_is_row, slowness }
    }

    /// Expected time of the average combination in units of the current one.
    pub(super) fn slowness(&self) -> f64 {
        self.slowness
    }

    /// Number of parameters of the model of main effects.
    pub(super) fn parameters(&self) -> usize {
        self.design.parameters()
    }

    /// Number of arms if everything is built.
    pub(super) fn all_arms(&self) -> usize {
        self.rows.len() + self.extra()
    }

    /// Smallest number of arms that show all effects.
    pub(super) fn fewest_arms(&self) -> usize {
        (self.parameters() + self.extra()).min(self.all_arms())
    }

    /// 1 if the user's own combination is built in addition to the rows of the fraction.
    fn extra(&self) -> usize {
        usize::from(!self.as_configured_is_row)
    }

    /// So many arms, the user's own combination first: all of them, or a fraction with its efficiency.
    pub(super) fn arms(
        &self,
        arms: usize,
        seed: u64,
    ) -> Result<(Vec<Vec<usize>>, Option<f64>), SearchRefusal> {
        let extra = (!self.as_configured_is_row).then(|| self.space.as_configured.clone());
        if arms >= self.all_arms() {
            return Ok((extra.into_iter().chain(self.rows.iter().cloned()).collect(), None));
        }
        let fixed: &[usize] = if self.as_configured_is_row { &[0] } else { &[] };
        let chosen = choose_fraction(&self.design, fixed, arms - self.extra(), seed);
        let Fraction { rows, efficiency, .. } = chosen.map_err(|reason| self.refusal(reason))?;
        let rows = rows.into_iter().map(|row| self.rows[row].clone());
        Ok((extra.into_iter().chain(rows).collect(), Some(efficiency)))
    }

    fn refusal(&self, reason: NoFraction) -> SearchRefusal {
        let name = |one: &LevelOfAxis| {
            let axis = &self.space.axes[one.axis];
            (axis.key.clone(), axis.levels[self.occurring[one.axis][one.level]].clone())
        };
        match reason {
            NoFraction::MissingLevel(one) => SearchRefusal::Inseparable(vec![name(&one)]),
            NoFraction::Inseparable(groups) => {
                SearchRefusal::Inseparable(groups.first().into_iter().flatten().map(name).collect())
            }
            // Every choice has at least as many rows as parameters.
            NoFraction::TooFewRows { .. } => SearchRefusal::Inseparable(Vec::new()),
        }
    }
}
