//! The directories of one block in one session: `s00`, `s01`, … for sources, `t00`, `t01`, … for targets, `v00`,
//! `v01`, … for what services keep, names of equal length throughout.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::builder::Builder;
use super::clock::Purpose;
use super::{Inputs, RunError, Workshop, replay};
use crate::build::Site;
use crate::corpus::{EditClass, edits, sources};
use crate::record::{Block, TreeId};
use crate::workloads::{self, Sources};

/// The directories of one block in one session.
pub(super) struct Workspace {
    dir: PathBuf,
    sources: BTreeMap<TreeId, PathBuf>,
    /// Where in them the projects lie.
    projects: BTreeMap<TreeId, PathBuf>,
    cargo_home: PathBuf,
    digits: usize,
}

impl Workspace {
    /// Lays out work trees for every source tree of `block`.
    pub(super) fn lay_out(
        inputs: &Inputs<'_>,
        builder: &mut Builder<'_>,
        number: usize,
        session: u32,
        block: &Block,
    ) -> Result<Self, RunError> {
        let start = Instant::now();
        let dir = inputs.scratch.join(format!("b{:03}s{session:03}", number + 1));
        crate::host::remove_tree(&dir)?;
        let trees: BTreeSet<TreeId> = block.arms.iter().map(|arm| arm.variant.tree()).collect();
        let digits = trees.len().max(block.arms.len()).to_string().len().max(2);
        let (mut sources, mut projects) = (BTreeMap::new(), BTreeMap::new());
        for (at, id) in trees.into_iter().enumerate() {
            let workshop = inputs.workshops.get(&id).ok_or_else(|| {
                RunError::Plan(format!("block `{}` names the project `{}`", block.id, id.project))
            })?;
            let tree = dir.join(format!("s{at:0digits$}"));
            make(&tree)?;
            let project = lay_out(block, workshop, &id, &tree)?;
            projects.insert(id.clone(), project);
            sources.insert(id, tree);
        }
        for name in ["home", "tmp", "out"] {
            make(&dir.join(name))?;
        }
        let workspace = Self { dir, sources, projects, cargo_home: inputs.cargo_home.to_owned(), digits };
        builder.clock.since(Purpose::Layout, start);
        Ok(workspace)
    }

    /// Where arm number `arm` builds `tree`.
    pub(super) fn site(&self, arm: usize, tree: &TreeId) -> Site {
        let digits = self.digits;
        Site {
            source: self.projects.get(tree).cloned().unwrap_or_else(|| self.dir.join("s")),
            target: self.dir.join(format!("t{arm:0digits$}")),
            home: self.dir.join("home"),
            tmp: self.dir.join("tmp"),
            service: self.dir.join(format!("v{arm:0digits$}")),
            cargo_home: self.cargo_home.clone(),
            edit: 0,
        }
    }

    /// The file that a build's output of this kind goes to.
    pub(super) fn output(&self, kind: &str) -> PathBuf {
        self.dir.join("out").join(kind)
    }

    /// The work trees.
    pub(super) fn sources(&self) -> &BTreeMap<TreeId, PathBuf> {
        &self.sources
    }

    /// Where everything of it lies.
    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Puts edit `n` of a class into the work tree of `id`, where the project's manifest has one.
    pub(super) fn edit(
        &self,
        inputs: &Inputs<'_>,
        id: &TreeId,
        class: Option<EditClass>,
        n: u64,
    ) -> Result<(), RunError> {
        let Some((workshop, tree)) = inputs.workshops.get(id).zip(self.projects.get(id)) else {
            return Ok(());
        };
        match workshop.project.edit_of(class) {
            Some(edit) => Ok(edits::apply(tree, &workshop.source.dir(), edit, n)?),
            None => Ok(()),
        }
    }

    /// Removes all of it.
    pub(super) fn remove(self) -> Result<(), RunError> {
        Ok(crate::host::remove_tree(&self.dir)?)
    }
}

/// Lays out the work tree of `id` as its arms build it; gives where the project is in it.
fn lay_out(block: &Block, workshop: &Workshop, id: &TreeId, tree: &Path) -> Result<PathBuf, RunError> {
    let of_tree = block.arms.iter().filter(|arm| arm.variant.tree() == *id);
    let workloads = of_tree.filter_map(|arm| workloads::find(&arm.variant.workload).ok());
    let sources: Vec<Sources> = workloads.map(|workload| workload.sources).collect();
    if sources.iter().any(|sources| matches!(sources, Sources::Replayed(_))) {
        let oldest = replay::commit(block, workshop, id, 0)?;
        sources::lay_out(oldest, tree)?;
        return Ok(oldest.dir_in(tree));
    }
    sources::lay_out(&workshop.source, tree)?;
    let project = workshop.source.dir_in(tree);
    if sources.contains(&Sources::Skeleton) {
        for stub in &workshop.stubs {
            let path = project.join(&stub.file);
            let failed = |source| RunError::Io { action: "write", path: path.clone(), source };
            // Nothing is written through a link of the project's.
            if real_parent(&path).map_err(failed)?.starts_with(tree.canonicalize().map_err(failed)?) {
                std::fs::remove_file(&path).map_err(failed)?;
                std::fs::write(&path, stub.text).map_err(failed)?;
            }
        }
    }
    Ok(project)
}

fn real_parent(path: &Path) -> std::io::Result<PathBuf> {
    path.parent().unwrap_or(path).canonicalize()
}

pub(super) fn make(dir: &Path) -> Result<(), RunError> {
    std::fs::create_dir_all(dir).map_err(|source| RunError::Io {
        action: "make",
        path: dir.to_owned(),
        source,
    })
}
