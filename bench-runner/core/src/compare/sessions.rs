//! Each variant's ratio by session, and the spread between the sessions.

use std::collections::BTreeMap;

use super::cells::Cells;
use super::judge::{BlockEstimates, JudgedBlock};
use super::result::{PlainRatio, SessionRatio, Sessions};
use crate::stats::{Estimate, spread_between};

/// Estimates of all arms from the rounds of each session alone, in order of the sessions. Empty for a block with
/// one session.
pub(super) struct BySession(Vec<(u32, Vec<Option<Estimate>>)>);

impl BySession {
    pub(super) fn of(cells: &Cells<'_>, judged: &JudgedBlock) -> Self {
        let mut sessions: BTreeMap<u32, Vec<&Vec<Option<f64>>>> = BTreeMap::new();
        for (round, seconds) in cells.rounds.iter().zip(&cells.table) {
            if let Some(session) = round.session() {
                sessions.entry(session).or_default().push(seconds);
            }
        }
        if sessions.len() < 2 {
            return Self(Vec::new());
        }
        let estimates = |(session, rounds): (u32, Vec<&Vec<Option<f64>>>)| {
            (session, BlockEstimates::of(cells, &rounds, judged.stretch()).arms)
        };
        Self(sessions.into_iter().map(estimates).collect())
    }

    /// The ratios of one arm by session; `None` if the arm has no ratio or fewer than two sessions have one.
    pub(super) fn for_arm(&self, judged: &JudgedBlock, arm: usize) -> Option<Sessions> {
        judged.estimates[arm]?;
        let estimates: Vec<(u32, Estimate)> =
            self.0.iter().filter_map(|(session, of_arms)| Some((*session, of_arms[arm]?))).collect();
        if estimates.len() < 2 {
            return None;
        }
        let of_session = |(session, estimate): &(u32, Estimate)| SessionRatio {
            session: *session,
            ratio: PlainRatio::of(estimate),
        };
        Some(Sessions {
            ratios: estimates.iter().map(of_session).collect(),
            spread: spread_between(&estimates.iter().map(|(_, estimate)| *estimate).collect::<Vec<_>>()),
        })
    }
}
