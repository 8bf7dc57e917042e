//! Evidence from a finished build.

use std::path::{Path, PathBuf};

use bench_runner_core::record::{CacheUse, Rebuilt};

use super::{ElfFacts, PackageName};

/// Everything that the output and the files of a finished build show.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BuildEvidence {
    /// The arguments of the build command.
    pub command: Vec<String>,
    /// First error of the build tool in one line, if the build failed and its output has one.
    pub complaint: Option<String>,
    /// Compiler calls, if the build was asked to show them.
    pub compiler_calls: Vec<CompilerCall>,
    /// Reason why the calls cannot be assigned to results and to what runs during the build, if they cannot.
    pub parts_unknown: Option<String>,
    /// Link steps, if the build was asked to show them.
    pub link_steps: Vec<LinkStep>,
    /// Reason why no link step is shown, if something is known to hide them.
    pub links_hidden: Option<String>,
    /// Files that the shown compiler calls linked, each once.
    pub linked: Vec<Linked>,
    /// Artifacts that cargo reports, fresh or not.
    pub artifacts: Vec<Artifact>,
    /// Executables of the project itself.
    pub executables: Vec<PathBuf>,
    /// Files that the compiler left next to the results.
    pub leftovers: Leftovers,
    /// Size of the executables and libraries of the project itself, in bytes.
    pub artifact_bytes: Option<u64>,
    /// Units that were compiled, with their names in order, if the driver knows them.
    pub rebuilt: Option<(Rebuilt, Vec<String>)>,
    /// Hits and misses of the compiler cache, if the build had one. Reported by the cache, not by a driver.
    pub cache: Option<CacheUse>,
    /// Hits and misses of crates, without those of other languages in build scripts.
    pub rust_cache_use: Option<CacheUse>,
}

impl BuildEvidence {
    /// Traces in the linked files of the project itself, as far as they can be read.
    pub(crate) fn own_facts(&self) -> impl Iterator<Item = &ElfFacts> {
        let own = self.linked.iter().filter(|linked| linked.part == BuildPart::Own);
        own.filter_map(|linked| linked.facts.as_ref().ok())
    }
}

/// Files and directories that a compiler leaves next to the results.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Leftovers {
    /// Packages of debug info (`.dwp`) next to the executables.
    pub packed: usize,
    /// Files of debug info (`.dwo`) among the objects that were kept.
    pub unpacked: usize,
    /// Units that have an incremental directory.
    pub incremental: usize,
}

/// One call of rustc.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompilerCall {
    /// Name of the crate.
    pub name: String,
    /// Part of the build that the compiled unit belongs to.
    pub part: BuildPart,
    /// The unit, if cargo says which one it is.
    pub unit: Option<CalledUnit>,
    /// The whole command: a wrapper if there is one, rustc, its arguments.
    pub args: Vec<String>,
}

/// The unit that a compiler call is for, as cargo describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalledUnit {
    pub package: PackageName,
    /// Directory of the package, if it is local.
    pub directory: Option<PathBuf>,
    /// True if the package is a member of the workspace.
    pub member: bool,
    /// Kind of its target, such as `lib`, `bin`, `custom-build`, `proc-macro`.
    pub kind: String,
    /// True for a test harness.
    pub test: bool,
    /// True if the build command asks for it or for something made from it. In a workspace that is built as a
    /// whole this is true for a macro, which then has the profile of results.
    pub requested: bool,
}

impl CompilerCall {
    /// Argument after an option.
    fn option_value(&self, option: &str) -> Option<&str> {
        let pair = self.args.windows(2).find(|pair| pair[0] == option)?;
        Some(&pair[1])
    }

    /// Directory that its results are written to.
    pub(crate) fn out_dir(&self) -> Option<&Path> {
        self.option_value("--out-dir").map(Path::new)
    }

    /// Name of its results without prefix and extension: the crate name and usually a hash.
    pub fn stem(&self) -> String {
        let hash = self.args.iter().find_map(|arg| arg.strip_prefix("extra-filename="));
        format!("{}{}", self.name, hash.unwrap_or_default())
    }

    /// Path of the library that it makes, if any, without an extension.
    pub fn library(&self) -> PathBuf {
        self.out_dir().unwrap_or(Path::new("")).join(format!("lib{}", self.stem()))
    }

    /// Paths of the libraries, proc macros included, that it gets by `--extern`, without their extensions.
    pub(crate) fn externs(&self) -> impl Iterator<Item = &Path> {
        let pairs = self.args.windows(2).filter(|pair| pair[0] == "--extern");
        pairs.filter_map(|pair| {
            let (_, path) = pair[1].split_once('=')?;
            Some(Path::new(path.rsplit_once('.')?.0))
        })
    }

    /// True if it makes a crate of this type.
    pub fn makes(&self, crate_type: &str) -> bool {
        self.args.windows(2).any(|pair| pair[0] == "--crate-type" && pair[1] == crate_type)
    }

    /// Files that it links.
    pub fn links(&self) -> Vec<PathBuf> {
        let emits = self.args.iter().find_map(|arg| arg.strip_prefix("--emit="));
        if !emits.is_none_or(|emits| emits.split(',').any(|kind| kind == "link")) {
            return Vec::new();
        }
        let program = self.makes("bin") || self.args.iter().any(|arg| arg == "--test");
        let program = program.then(|| self.out_dir().unwrap_or(Path::new("")).join(self.stem()));
        let shared = ["dylib", "cdylib", "proc-macro"].iter().any(|kind| self.makes(kind));
        let shared = shared.then(|| {
            let mut name = self.library().into_os_string();
            name.push(".so");
            PathBuf::from(name)
        });
        program.into_iter().chain(shared).collect()
    }
}

/// A file that was linked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Linked {
    /// Path, as in the compiler call.
    pub file: PathBuf,
    /// Display name with its package.
    pub name: String,
    /// Part of the build that its unit belongs to.
    pub part: BuildPart,
    /// Traces in the file, or the reason why it cannot be read.
    pub facts: Result<ElfFacts, String>,
    /// The link command, if it was shown.
    pub step: Option<LinkStep>,
}

/// Part of a build that a unit belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BuildPart {
    /// Members of the workspace that results are made of.
    Own,
    /// Other crates that results are made of.
    Dependency,
    /// Build scripts and proc macros, and crates that only they need.
    Host,
    /// Units that cargo did not say enough about.
    Unknown,
}

/// One call of the linker driver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkStep {
    /// Path of the linked file.
    pub output: PathBuf,
    /// Program and arguments.
    pub args: Vec<String>,
    /// Search path that it was called with, if rustc shows it.
    pub path: Option<String>,
    /// Version line of the linker, if the same program with the same flags prints one.
    pub linker: Option<String>,
}

/// Result of one unit, as cargo reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// `name@version kind:target`: name of the unit in sets.
    pub unit: String,
    /// True for results of workspace members, except build scripts.
    pub own: bool,
    /// Directory of its package, if it is local.
    pub package: Option<PathBuf>,
    /// True if nothing had to be done for it.
    pub fresh: bool,
    /// Optimization level, as cargo writes it.
    pub opt_level: String,
    pub files: Vec<PathBuf>,
    pub executable: Option<PathBuf>,
}
