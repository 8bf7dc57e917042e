//! Followed series → suspicions, alarms and their life.
//!
//! Pure: series and the events of a log go in, findings come out. A night that differs from the level before it, or a level
//! that differs from the accepted one, is a suspicion; builds that are made for it alone decide whether it becomes an alarm.
//! docs/METHODOLOGY.md has the levels and how often they err.

#![warn(missing_docs)]

mod anchors;
mod event;
mod finding;
#[cfg(test)]
mod fixture;
mod log;
mod look;
mod marks;

pub use anchors::{JoinedAnchor, MIN_OVERLAP, is_anchor, is_branch, join_anchors};
pub use event::{
    Blessing, Contribution, Look, LookOutcome, Night, NightOutcome, SeriesId, Suspicion, SuspicionKind, Tip,
    TrackEvent,
};
pub use finding::{Finding, SUSPICION, SeriesLife, find, has_returned, level_at};
pub use log::{Alarm, AlarmState, ParsedLog, TrackLog};
pub use look::{CONFIRMATION, against_level, look_outcome};
pub use marks::{MarkAtPoint, MarkKind, PlacedMarks, SeriesMark, marks_of, place_marks};
