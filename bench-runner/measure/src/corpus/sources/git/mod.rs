//! git repositories: those of the cache, those of the user, and those for builds.

pub(crate) mod build_repository;
pub(crate) mod cli;
pub(crate) mod commit;
pub(crate) mod file_state;
pub(crate) mod history;
pub(crate) mod lfs;
pub mod revisions;
pub mod store;
pub(crate) mod submodules;
pub(crate) mod users_repository;
pub(crate) mod worktree;
