//! Tracking: what is followed and its present states, the log of a tracking file, and what newest runs say.

mod delivery;
mod followed;
mod log_file;
mod looks;
mod marks;
mod news;
mod page;
mod series;

pub(crate) use delivery::deliver;
pub(crate) use followed::FollowedProject;
pub(crate) use log_file::{LogFile, tracking_of};
pub(crate) use looks::{LookGroup, NotLooked, judge_look, look_groups};
pub(crate) use marks::load_marks;
pub(crate) use news::{news, responsible};
pub(crate) use page::publish_machine_history;
pub(crate) use series::{NightSeries, night_series};
