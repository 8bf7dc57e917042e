//! What a build showed of itself.

use std::path::PathBuf;

use super::ElfFacts;
use crate::record::{CacheUse, Rebuilt};

/// Everything that a finished build's output and files show.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Evidence {
    /// The arguments of the build command.
    pub command: Vec<String>,
    /// What the build tool complained of first, in a line, where the build failed and it says so.
    pub complaint: Option<String>,
    /// The compiler calls, where the build was asked to show them.
    pub compiler_calls: Vec<CompilerCall>,
    /// The link steps, where the build was asked to show them.
    pub link_steps: Vec<LinkStep>,
    /// What cargo says that it made, fresh or not.
    pub artifacts: Vec<Artifact>,
    /// Traces in the executables of the project itself.
    pub executables: Vec<(PathBuf, Result<ElfFacts, String>)>,
    /// What the build left beside its results.
    pub leftovers: Leftovers,
    /// Size of the executables and libraries of the project itself, bytes.
    pub artifact_bytes: Option<u64>,
    /// Which units were compiled, where the driver can tell, with their names in order.
    pub rebuilt: Option<(Rebuilt, Vec<String>)>,
    /// What a compiler cache did, where the build had one. It comes from the cache and not from a driver.
    pub cache: Option<CacheUse>,
}

/// Files and directories that a compiler leaves beside the results.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Leftovers {
    /// Packages of debug info (`.dwp`) beside the executables.
    pub packed: usize,
    /// Files of debug info (`.dwo`) among the objects that were kept.
    pub unpacked: usize,
    /// Units for which there is an incremental directory.
    pub incremental: usize,
}

/// One call of rustc.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompilerCall {
    /// Name of the crate.
    pub name: String,
    /// Whose unit it compiled.
    pub part: Part,
    /// The whole command: a wrapper where there is one, rustc, its arguments.
    pub args: Vec<String>,
}

impl CompilerCall {
    /// Stem of the library file that it makes, if it makes one: `lib<name><hash>`.
    pub fn stem(&self) -> String {
        let hash = self.args.iter().find_map(|arg| arg.strip_prefix("extra-filename="));
        format!("lib{}{}", self.name, hash.unwrap_or_default())
    }

    /// Stems of the library files, proc macros among them, that it gets by `--extern`.
    pub fn externs(&self) -> impl Iterator<Item = &str> {
        let pairs = self.args.windows(2).filter(|pair| pair[0] == "--extern");
        pairs.filter_map(|pair| {
            let (_, path) = pair[1].rsplit_once('=')?;
            Some(path.rsplit('/').next()?.rsplit_once('.')?.0)
        })
    }
}

/// Which part of a build a unit belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// The project itself.
    Own,
    /// What the project's results are made of besides.
    Dependency,
    /// What runs during the build: build scripts, proc macros, and what only they need.
    Host,
}

/// One call of the linker driver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkStep {
    /// What it made.
    pub output: PathBuf,
    /// Its arguments.
    pub args: Vec<String>,
}

/// One unit's result in cargo's own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// `name@version kind:target`, the unit's name in sets.
    pub unit: String,
    /// Whether it belongs to the project itself.
    pub own: bool,
    /// The directory of its package, where that is local.
    pub package: Option<PathBuf>,
    /// Whether nothing had to be done for it.
    pub fresh: bool,
    /// Optimisation level, as cargo writes it.
    pub opt_level: String,
    /// Its files.
    pub files: Vec<PathBuf>,
    /// The executable, where there is one.
    pub executable: Option<PathBuf>,
}
