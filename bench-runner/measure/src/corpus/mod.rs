//! Projects: a manifest → a pinned project → a work tree, with edit *n* applied.
//!
//! Manifests are TOML ([`manifest`]); the [`Catalogue`] holds those compiled in and those of the checkout. A
//! [source](sources) turns a project into a pristine tree under a pin and copies work trees from it, and
//! [`edits`] change a work tree so that the next build has something to do. [`adding`] makes a manifest for a
//! new project. [`parents`] keeps foreign cargo configuration away from the work trees, and
//! [`cache_place`] finds a cache where there is none.
//!
//! Knows nothing of axes, variants, workloads or results of builds. Never writes into a user's own tree.

pub mod adding;
mod build_settings;
pub mod cache_place;
pub mod catalogue;
pub mod edits;
pub mod local;
pub mod manifest;
mod names;
mod numbered;
pub mod parents;
mod patch;
pub mod sources;
mod urls;

pub use build_settings::{BuildCommand, BuildSettings, BuildTool};
pub use catalogue::{Catalogue, CatalogueEntry, CatalogueError};
pub use manifest::{Edit, EditChange, EditClass, EditPlacement, Project, ProjectEstimate, TextChange};
pub use sources::{Source, SourceKind};
pub(crate) use urls::check as check_url;
pub use urls::shell_word;
