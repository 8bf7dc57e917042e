//! Searches: a directory with the request and an ordinary run for each stage. Which stage comes next follows from the
//! request and the results of the stages before, so an interrupted search goes on where it was cut.

mod directory;
mod pilot;
mod results;
mod stages;

pub(crate) use directory::{
    SavedSearch, SearchDirectory, StageRun, confirmation_of, has_same_sources, is_part_of_search, is_search,
};
pub(crate) use pilot::{PILOT, pilot_scenarios, search_request};
pub(crate) use results::MeasuredStage;
pub(crate) use stages::{StagePlan, combination_name, combination_settings, saved_space, space_of};
