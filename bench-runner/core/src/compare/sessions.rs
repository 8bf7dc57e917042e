//! Each variant's ratio by session, and the spread between the sessions.

use std::collections::BTreeMap;

use super::cells::Cells;
use super::judge::JudgedBlock;
use super::result::{PlainRatio, SessionRatio, Sessions};
use crate::stats::{Estimate, spread_between};

/// Wall seconds of some rounds.
type Rows<'c> = Vec<&'c Vec<Option<f64>>>;

/// Wall seconds of each session, in order.
pub(super) struct BySession<'c>(Vec<(u32, Rows<'c>)>);

impl<'c> BySession<'c> {
    pub(super) fn of(cells: &'c Cells<'_>) -> Self {
        let mut sessions: BTreeMap<u32, Rows<'c>> = BTreeMap::new();
        for (round, seconds) in cells.rounds.iter().zip(&cells.table) {
            if let Some(session) = round.session() {
                sessions.entry(session).or_default().push(seconds);
            }
        }
        Self(sessions.into_iter().collect())
    }

    /// The ratios of one arm by session; `None` if the arm has no ratio or fewer than two sessions have one.
    pub(super) fn for_arm(&self, cells: &Cells<'_>, judged: &JudgedBlock, arm: usize) -> Option<Sessions> {
        judged.estimates[arm]?;
        let contrast = cells.contrast(arm).filter(|_| self.0.len() > 1)?;
        let estimate = |(session, rounds): &(u32, Rows<'_>)| {
            Some((*session, contrast.estimate(rounds, cells.control())?.stretched(judged.stretch())))
        };
        let estimates: Vec<(u32, Estimate)> = self.0.iter().filter_map(estimate).collect();
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
