//! What a build showed of itself.

use std::path::{Path, PathBuf};

use bench_runner_core::record::{CacheUse, Rebuilt};

use super::{ElfFacts, PackageName};

/// Everything that a finished build's output and files show.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BuildEvidence {
    /// The arguments of the build command.
    pub command: Vec<String>,
    /// What the build tool complained of first, in a line, where the build failed and it says so.
    pub complaint: Option<String>,
    /// The compiler calls, where the build was asked to show them.
    pub compiler_calls: Vec<CompilerCall>,
    /// Why it is not known which calls made the results and which made what runs during the build, where that is so.
    pub parts_unknown: Option<String>,
    /// The link steps, where the build was asked to show them.
    pub link_steps: Vec<LinkStep>,
    /// Why no link step can be seen, where something is known to hide them.
    pub links_hidden: Option<String>,
    /// Everything that the shown compiler calls linked, each file once.
    pub linked: Vec<Linked>,
    /// What cargo says that it made, fresh or not.
    pub artifacts: Vec<Artifact>,
    /// The executables of the project itself.
    pub executables: Vec<PathBuf>,
    /// What the build left beside its results.
    pub leftovers: Leftovers,
    /// Size of the executables and libraries of the project itself, bytes.
    pub artifact_bytes: Option<u64>,
    /// Which units were compiled, where the driver can tell, with their names in order.
    pub rebuilt: Option<(Rebuilt, Vec<String>)>,
    /// What a compiler cache did, where the build had one. It comes from the cache and not from a driver.
    pub cache: Option<CacheUse>,
    /// The hits and misses among that which are crates, and not what a build script compiled in another language.
    pub rust_cache_use: Option<CacheUse>,
}

impl BuildEvidence {
    /// The traces in the linked files of the project itself, as far as they can be read.
    pub(crate) fn own_facts(&self) -> impl Iterator<Item = &ElfFacts> {
        let own = self.linked.iter().filter(|linked| linked.part == BuildPart::Own);
        own.filter_map(|linked| linked.facts.as_ref().ok())
    }
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
    pub part: BuildPart,
    /// The unit, where cargo says which one it is.
    pub unit: Option<CalledUnit>,
    /// The whole command: a wrapper where there is one, rustc, its arguments.
    pub args: Vec<String>,
}

/// The unit that a compiler call is for, as cargo says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalledUnit {
    pub package: PackageName,
    /// The directory of the package, where that is a local one.
    pub directory: Option<PathBuf>,
    /// Whether the package is a member of the workspace.
    pub member: bool,
    /// The kind of its target, such as `lib`, `bin`, `custom-build`, `proc-macro`.
    pub kind: String,
    /// Whether it is a test harness.
    pub test: bool,
    /// Whether the build is asked for it, or for what is made of it. A macro is so in a workspace that is built as a whole,
    /// and then it has the profile of results.
    pub requested: bool,
}

impl CompilerCall {
    /// The word after an option.
    fn option_value(&self, option: &str) -> Option<&str> {
        let pair = self.args.windows(2).find(|pair| pair[0] == option)?;
        Some(&pair[1])
    }

    /// The directory that its results go into.
    pub(crate) fn out_dir(&self) -> Option<&Path> {
        self.option_value("--out-dir").map(Path::new)
    }

    /// Name of its results without what their kind adds: the crate's name, and mostly a hash.
    pub fn stem(&self) -> String {
        let hash = self.args.iter().find_map(|arg| arg.strip_prefix("extra-filename="));
        format!("{}{}", self.name, hash.unwrap_or_default())
    }

    /// Path of the library that it makes, if it makes one, without an ending.
    pub fn library(&self) -> PathBuf {
        self.out_dir().unwrap_or(Path::new("")).join(format!("lib{}", self.stem()))
    }

    /// Paths of the libraries, proc macros among them, that it gets by `--extern`, without their endings.
    pub(crate) fn externs(&self) -> impl Iterator<Item = &Path> {
        let pairs = self.args.windows(2).filter(|pair| pair[0] == "--extern");
        pairs.filter_map(|pair| {
            let (_, path) = pair[1].split_once('=')?;
            Some(Path::new(path.rsplit_once('.')?.0))
        })
    }

    /// Whether it makes a crate of this type.
    pub fn makes(&self, crate_type: &str) -> bool {
        self.args.windows(2).any(|pair| pair[0] == "--crate-type" && pair[1] == crate_type)
    }

    /// The files that it links.
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
    /// Its path, as the compiler was called for it.
    pub file: PathBuf,
    /// Its name and package, in words.
    pub name: String,
    /// Whose unit it is.
    pub part: BuildPart,
    /// The traces in it, or why they cannot be read.
    pub facts: Result<ElfFacts, String>,
    /// The command that made it, where it was shown.
    pub step: Option<LinkStep>,
}

/// Which part of a build a unit belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BuildPart {
    /// Members of the workspace, as far as the results are made of them.
    Own,
    /// What the results are made of besides.
    Dependency,
    /// What runs during the build: build scripts, proc macros, and what only they need.
    Host,
    /// One that cargo did not say enough about.
    Unknown,
}

/// One call of the linker driver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkStep {
    /// What it made.
    pub output: PathBuf,
    /// The program and its arguments.
    pub args: Vec<String>,
    /// The search path that it was called with, where rustc shows it.
    pub path: Option<String>,
    /// What the linker says of itself when the same program is asked with the same flags, where it answers.
    pub linker: Option<String>,
}

/// One unit's result in cargo's own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// `name@version kind:target`, the unit's name in sets.
    pub unit: String,
    /// Whether it is a result of a member of the workspace. A build script is none.
    pub own: bool,
    /// The directory of its package, where that is local.
    pub package: Option<PathBuf>,
    /// Whether nothing had to be done for it.
    pub fresh: bool,
    /// Optimisation level, as cargo writes it.
    pub opt_level: String,
    pub files: Vec<PathBuf>,
    pub executable: Option<PathBuf>,
}
