//! A project, resolved: its source is pinned, its context is known.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;

use bench_runner_core::record::Refusal;
use bench_runner_measure::axes::Context;
use bench_runner_measure::build::Inquiry;
use bench_runner_measure::corpus::Project;
use bench_runner_measure::corpus::sources::Pinned;
use bench_runner_measure::plan::ProjectView;

/// The toolchain and the user's configuration that a variant names.
type ContextKey = (Option<String>, Option<String>);

/// A project, resolved.
pub(super) struct ResolvedProject {
    /// As its manifest has it.
    pub(super) declared: Project,
    /// The same, with edits where the manifest has none.
    pub(super) project: Project,
    /// `None` where it was not to be fetched and is not in the cache.
    pub(super) source: Option<Pinned>,
    pub(super) context: Rc<Context>,
    /// Contexts of variants with a toolchain of their own or with the user's configuration.
    pub(super) contexts: RefCell<BTreeMap<ContextKey, Result<Rc<Context>, Refusal>>>,
    /// What cargo is asked about it with; `None` if cargo does not build it, or its source is not here.
    pub(super) inquiry: Option<Rc<Inquiry>>,
    pub(super) view: ProjectView,
}

/// The user's own directory of a local project of cargo's, if it is there.
pub(super) fn own_tree(project: &Project) -> Option<PathBuf> {
    let own = project.own_directory().filter(|_| project.build.tool.is_cargo())?;
    own.canonicalize().ok().filter(|own| own.is_dir())
}
