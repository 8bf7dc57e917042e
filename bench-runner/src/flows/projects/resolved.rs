//! A resolved project: pinned source, known context.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::PathBuf;
use std::rc::Rc;

use bench_runner_core::record::Refusal;
use bench_runner_measure::axes::Context;
use bench_runner_measure::build::PreBuildQueries;
use bench_runner_measure::corpus::Project;
use bench_runner_measure::corpus::sources::Pinned;
use bench_runner_measure::plan::ProjectView;

/// The toolchain and the user's configuration that a variant names.
type ContextKey = (Option<String>, Option<String>);

pub(super) struct ResolvedProject {
    /// The project as declared in its manifest.
    pub(super) declared: Project,
    /// The same project with edits, if the manifest has none.
    pub(super) project: Project,
    /// `None` if it is not in the cache and is not to be fetched.
    pub(super) source: Option<Pinned>,
    pub(super) context: Rc<Context>,
    /// Contexts of variants with their own toolchain or with the user's configuration.
    pub(super) contexts: RefCell<HashMap<ContextKey, Result<Rc<Context>, Refusal>>>,
    /// For queries to cargo; `None` if cargo does not build the project, or its source is not here.
    pub(super) queries: Option<Rc<PreBuildQueries>>,
    pub(super) view: ProjectView,
}

/// The user's own directory of a local cargo project, if it exists.
pub(super) fn own_tree(project: &Project) -> Option<PathBuf> {
    let own = project.own_directory().filter(|_| project.build.tool.is_cargo())?;
    own.canonicalize().ok().filter(|own| own.is_dir())
}
