//! The directories of one block in one session: `s00`, `s01`, … for sources, `t00`, `t01`, … for targets, names of
//! equal length throughout.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::builder::Builder;
use super::clock::Purpose;
use super::{Inputs, RunError};
use crate::build::Site;
use crate::corpus::{edits, sources};
use crate::record::Block;

/// The directories of one block in one session.
pub(super) struct Workspace {
    dir: PathBuf,
    sources: BTreeMap<String, PathBuf>,
    cargo_home: PathBuf,
    digits: usize,
}

impl Workspace {
    /// Lays out work trees for every project of `block`.
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
        let mut names: Vec<&str> = block.arms.iter().map(|arm| arm.variant.project.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        let digits = names.len().max(block.arms.len()).to_string().len().max(2);
        let mut sources = BTreeMap::new();
        for (at, name) in names.iter().enumerate() {
            let workshop = inputs
                .workshops
                .get(*name)
                .ok_or_else(|| RunError::Plan(format!("block `{}` names the project `{name}`", block.id)))?;
            let tree = dir.join(format!("s{at:0digits$}"));
            make(&tree)?;
            sources::lay_out(&workshop.source, &tree)?;
            sources.insert((*name).to_owned(), tree);
        }
        for name in ["home", "tmp", "out"] {
            make(&dir.join(name))?;
        }
        let workspace = Self { dir, sources, cargo_home: inputs.cargo_home.to_owned(), digits };
        builder.clock.since(Purpose::Layout, start);
        Ok(workspace)
    }

    /// Where arm number `arm` builds `project`.
    pub(super) fn site(&self, arm: usize, project: &str) -> Site {
        let digits = self.digits;
        Site {
            source: self.sources.get(project).cloned().unwrap_or_else(|| self.dir.join("s")),
            target: self.dir.join(format!("t{arm:0digits$}")),
            home: self.dir.join("home"),
            tmp: self.dir.join("tmp"),
            cargo_home: self.cargo_home.clone(),
            edit: 0,
        }
    }

    /// The file that a build's output of this kind goes to.
    pub(super) fn output(&self, kind: &str) -> PathBuf {
        self.dir.join("out").join(kind)
    }

    /// The work trees, by project.
    pub(super) fn sources(&self) -> &BTreeMap<String, PathBuf> {
        &self.sources
    }

    /// Where everything of it lies.
    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Puts edit `n` into the work tree of `project`, where its manifest has a text edit.
    pub(super) fn edit(&self, inputs: &Inputs<'_>, project: &str, n: u64) -> Result<(), RunError> {
        let Some((workshop, tree)) = inputs.workshops.get(project).zip(self.sources.get(project)) else {
            return Ok(());
        };
        match workshop.project.ordinary_edit() {
            Some(edit) => Ok(edits::apply(tree, &workshop.source.tree, edit, n)?),
            None => Ok(()),
        }
    }

    /// Removes all of it.
    pub(super) fn remove(self) -> Result<(), RunError> {
        Ok(crate::host::remove_tree(&self.dir)?)
    }
}

pub(super) fn make(dir: &Path) -> Result<(), RunError> {
    std::fs::create_dir_all(dir).map_err(|source| RunError::Io {
        action: "make",
        path: dir.to_owned(),
        source,
    })
}
