//! Each variant's ratio by session, and how far the sessions lie apart.

use super::cells::Cells;
use super::judge::Judged;
use super::result::{PlainRatio, SessionRatio, Sessions};
use crate::stats::{Estimate, spread_between};

/// The ratios of one arm by session; `None` where the arm has no ratio or fewer than two sessions have one.
pub(super) fn of_arm(cells: &Cells<'_>, judged: &Judged, arm: usize) -> Option<Sessions> {
    judged.estimates[arm]?;
    let contrast = cells.contrast(arm)?;
    // The session of a round is the same for all of its builds.
    let session_of: Vec<Option<u32>> = cells
        .rounds
        .iter()
        .map(|round| round.builds.iter().flatten().next().map(|sample| sample.session))
        .collect();
    let mut sessions: Vec<u32> = session_of.iter().copied().flatten().collect();
    sessions.sort_unstable();
    sessions.dedup();
    let estimate = |session: u32| {
        let rows = cells.table.iter().zip(&session_of).filter(|(_, of)| **of == Some(session));
        let rows: Vec<&Vec<Option<f64>>> = rows.map(|(row, _)| row).collect();
        Some((session, contrast.estimate(&rows, cells.control())?.stretched(judged.stretch())))
    };
    let estimates: Vec<(u32, Estimate)> = sessions.into_iter().filter_map(estimate).collect();
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
