//! The directories of one block in one session: `s00`, `s01`, … for sources, and for each arm `t00` for
//! results, `b00` for intermediate files in a directory apart, `h00` for its home, `p00` for temporary files,
//! `c00` for its cargo home and `v00` for the stores of services. All names have the same length.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use bench_runner_core::record::{Block, TreeId};

use super::arm::LiveArm;
use super::arm_dirs::make;
use super::worktree::{Keep, KeptChanges, TreeChanges, WorkTree};
use super::{Inputs, PreparedTree, RunError};
use crate::build::BuildDirs;
use crate::corpus::{EditClass, edits, sources};
use crate::workloads::{self, SourceChange};

/// The directories of one block in one session.
pub(super) struct BlockDirs {
    dir: PathBuf,
    sources: BTreeMap<TreeId, PathBuf>,
    /// Directories of the projects in the work trees.
    projects: BTreeMap<TreeId, PathBuf>,
    digits: usize,
    trees: RefCell<BTreeMap<TreeId, WorkTree>>,
    /// The arm that built last in a work tree, as long as its changes are still there.
    inside: RefCell<Option<TreeOccupant>>,
}

/// The arm that is using a work tree.
pub(super) struct TreeOccupant {
    tree: TreeId,
    arm: String,
    pub(super) variant: String,
    pub(super) keep: Keep,
    /// The link to its target directory, at cargo's default path.
    link: Option<PathBuf>,
}

impl TreeOccupant {
    /// Removes the link, so that it does not count as a change of the work tree.
    fn unlink(&self) -> Result<(), RunError> {
        let Some(link) = &self.link else { return Ok(()) };
        // A build may have replaced the link by something else.
        if !link.is_symlink() {
            return Ok(());
        }
        let failed = |source| RunError::Io { action: "remove", path: link.clone(), source };
        std::fs::remove_file(link).map_err(failed)
    }
}

/// The name of an arm in the work trees.
fn name_of(arm: &LiveArm<'_>) -> String {
    arm.dirs.target.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

impl BlockDirs {
    /// Checks out a work tree for every source tree of `block`.
    pub(super) fn create(
        inputs: &Inputs<'_>,
        number: usize,
        session: u32,
        block: &Block,
    ) -> Result<Self, RunError> {
        let dir = inputs.scratch.join(format!("b{:03}s{session:03}", number + 1));
        crate::host::remove_tree(&dir)?;
        let trees: BTreeSet<TreeId> = block.arms.iter().map(|arm| arm.variant.tree()).collect();
        let digits = trees.len().max(block.arms.len()).to_string().len().max(2);
        let (mut sources, mut projects, mut states) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for (at, id) in trees.into_iter().enumerate() {
            let prepared = inputs.prepared_trees.get(&id).ok_or_else(|| {
                RunError::Plan(format!("block `{}` names the project `{}`", block.id, id.project))
            })?;
            let tree = dir.join(format!("s{at:0digits$}"));
            make(&tree)?;
            let (project, state) = check_out_tree(block, prepared, &id, &tree)?;
            states.insert(id.clone(), state);
            projects.insert(id.clone(), project);
            sources.insert(id, tree);
        }
        make(&dir.join("out"))?;
        let (trees, inside) = (RefCell::new(states), RefCell::default());
        Ok(Self { dir, sources, projects, digits, trees, inside })
    }

    /// The directories in which arm number `arm` builds `tree`.
    pub(super) fn build_dirs(&self, arm: usize, tree: &TreeId) -> BuildDirs {
        let source = self.projects.get(tree).cloned().unwrap_or_else(|| self.dir.join("s"));
        arm_dirs(&self.dir, arm, self.digits, source)
    }

    /// Gives the work tree to `arm`, with the changes by its last build. No other arm may be using it.
    pub(super) fn enter(&self, arm: &LiveArm<'_>, keep: Keep) -> Result<(), RunError> {
        let (tree, name) = (arm.arm.variant.tree(), name_of(arm));
        if let Some(state) = self.trees.borrow_mut().get_mut(&tree) {
            state.enter(&name)?;
        }
        let link = self.link(&tree, arm)?;
        let variant = arm.arm.variant.name.clone();
        *self.inside.borrow_mut() = Some(TreeOccupant { tree, arm: name, variant, keep, link });
        Ok(())
    }

    /// Creates a link to the target directory of `arm` at cargo's default path, unless another path is
    /// configured: build scripts write next to the program, or watch a directory in which every build changes
    /// something.
    fn link(&self, tree: &TreeId, arm: &LiveArm<'_>) -> Result<Option<PathBuf>, RunError> {
        let context = &arm.configured.context;
        let configured = context.config.as_ref().and_then(|config| config.get("build")?.get("target-dir"));
        let variables = ["CARGO_TARGET_DIR", "CARGO_BUILD_TARGET_DIR"];
        let elsewhere = configured.is_some() || variables.iter().any(|name| std::env::var_os(name).is_some());
        let Some(project) = self.projects.get(tree).filter(|_| context.toolchain.is_some() && !elsewhere)
        else {
            return Ok(None);
        };
        let link = project.join("target");
        if link.symlink_metadata().is_ok() {
            return Ok(None);
        }
        let failed = |source| RunError::Io { action: "write", path: link.clone(), source };
        std::os::unix::fs::symlink(&arm.dirs.target, &link).map_err(failed)?;
        Ok(Some(link))
    }

    /// Takes the work tree back from the arm that is using it. Returns the changes by its build.
    pub(super) fn leave(&self) -> Result<Option<(TreeOccupant, TreeChanges)>, RunError> {
        let Some(inside) = self.inside.borrow_mut().take() else { return Ok(None) };
        let mut trees = self.trees.borrow_mut();
        let Some(state) = trees.get_mut(&inside.tree) else { return Ok(None) };
        inside.unlink()?;
        let changes = state.leave(&inside.arm, inside.keep)?;
        Ok(Some((inside, changes)))
    }

    /// Accepts the current contents of the work trees as their state without builds.
    pub(super) fn accept_current(&self) -> Result<(), RunError> {
        self.inside.borrow().as_ref().map_or(Ok(()), TreeOccupant::unlink)?;
        self.trees.borrow_mut().values_mut().try_for_each(WorkTree::accept_current)
    }

    /// Discards the kept changes of `arm` in its work tree.
    pub(super) fn forget(&self, arm: &LiveArm<'_>) -> Result<(), RunError> {
        let mut trees = self.trees.borrow_mut();
        trees.get_mut(&arm.arm.variant.tree()).map_or(Ok(()), |tree| tree.forget(&name_of(arm)))
    }

    /// The kept changes of `arm` in its work tree, and the directory of their files.
    pub(super) fn kept_changes(&self, arm: &LiveArm<'_>) -> Option<(Option<KeptChanges>, PathBuf)> {
        self.trees.borrow().get(&arm.arm.variant.tree()).map(|tree| tree.kept_changes(&name_of(arm)))
    }

    /// Sets the kept changes of `arm`, whose files are already in place.
    pub(super) fn set_kept_changes(&self, arm: &LiveArm<'_>, left: Option<KeptChanges>) {
        if let Some(tree) = self.trees.borrow_mut().get_mut(&arm.arm.variant.tree()) {
            tree.set_kept_changes(&name_of(arm), left);
        }
    }

    /// The directory for the outputs of builds.
    pub(super) fn out(&self) -> PathBuf {
        self.dir.join("out")
    }

    /// The file for this kind of output of a build.
    pub(super) fn output_file(&self, kind: &str) -> PathBuf {
        self.out().join(kind)
    }

    /// The last build's output of this kind; empty if there is none.
    pub(super) fn read_output(&self, kind: &str) -> String {
        let bytes = std::fs::read(self.output_file(kind)).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    pub(super) fn sources(&self) -> &BTreeMap<TreeId, PathBuf> {
        &self.sources
    }

    /// The directory that contains all the others.
    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Applies edit `n` of a class to the work tree of `id`, if the project's manifest has one.
    pub(super) fn edit(
        &self,
        inputs: &Inputs<'_>,
        id: &TreeId,
        class: Option<EditClass>,
        n: u64,
    ) -> Result<(), RunError> {
        let Some((prepared, tree)) = inputs.prepared_trees.get(id).zip(self.projects.get(id)) else {
            return Ok(());
        };
        match prepared.project.edit_of(class) {
            Some(edit) => Ok(edits::apply(tree, &prepared.source.dir(), edit, n)?),
            None => Ok(()),
        }
    }

    /// Removes all directories.
    pub(super) fn remove(self) -> Result<(), RunError> {
        Ok(crate::host::remove_tree(&self.dir)?)
    }
}

/// Checks out the work tree of `id` as its arms build it. Returns the directory of the project in it.
fn check_out_tree(
    block: &Block,
    prepared: &PreparedTree,
    id: &TreeId,
    tree: &Path,
) -> Result<(PathBuf, WorkTree), RunError> {
    let of_tree = block.arms.iter().filter(|arm| arm.variant.tree() == *id);
    let workloads = of_tree.filter_map(|arm| workloads::find(&arm.variant.workload).ok());
    let sources: Vec<SourceChange> = workloads.map(|workload| workload.sources).collect();
    let replayed = sources.iter().any(|sources| matches!(sources, SourceChange::Replayed(_)));
    let pinned = if replayed { prepared.commit(block, id, 0)? } else { &prepared.source };
    sources::check_out(pinned, tree)?;
    let project = pinned.dir_in(tree);
    // Next to the trees, with the name of this one.
    let beside = tree.with_extension("kept");
    let mut state = WorkTree::new(tree, &pinned.tree, &beside)?;
    if !replayed && sources.contains(&SourceChange::Skeleton) {
        for stub in &prepared.stubs {
            let path = project.join(&stub.file);
            let failed = |source| RunError::Io { action: "write", path: path.clone(), source };
            // Never write through one of the project's links.
            if real_parent(&path).map_err(failed)?.starts_with(tree.canonicalize().map_err(failed)?) {
                std::fs::remove_file(&path).map_err(failed)?;
                std::fs::write(&path, stub.text).map_err(failed)?;
            }
        }
        state.accept_current()?;
    }
    Ok((project, state))
}

fn real_parent(path: &Path) -> std::io::Result<PathBuf> {
    path.parent().unwrap_or(path).canonicalize()
}

/// The directories of arm number `arm` below `dir`.
pub(super) fn arm_dirs(dir: &Path, arm: usize, digits: usize, source: PathBuf) -> BuildDirs {
    let own = |kind: char| dir.join(format!("{kind}{arm:0digits$}"));
    BuildDirs {
        source,
        target: own('t'),
        build_dir: own('b'),
        home: own('h'),
        tmp: own('p'),
        service: own('v'),
        cargo_home: own('c'),
        edit: 0,
    }
}
