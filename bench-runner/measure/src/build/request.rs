//! What is to be built, before any build tool is named.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::Service;

/// What the axes and the project ask of a build, in terms that no build tool owns.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BuildRequest {
    /// Arguments added at the end of the build command.
    pub args: Vec<String>,
    /// Variables added to the made environment.
    pub env: BTreeMap<String, String>,
    /// The setting that asks for a variable, as it was written, such as `env.CC=clang`.
    pub env_from: BTreeMap<String, String>,
    /// Flags for every call of rustc.
    pub rustflags: Vec<String>,
    /// The settings that ask for those flags, as they were written, such as `linker=mold`.
    pub rustflags_from: Vec<String>,
    /// Keys of the build tool's configuration, such as `build.rustc-wrapper`, with values in TOML.
    pub config: Vec<(String, String)>,
    /// Keys of the profile that is built with, such as `lto` or `package."*".codegen-units`, with values in TOML.
    pub profile_keys: Vec<(String, String)>,
    /// The user's own configuration of cargo, in TOML: it is in force as the configuration of a cargo home is.
    pub home_config: Option<String>,
    /// Name of the cargo profile; `None` leaves cargo's default.
    pub profile: Option<String>,
    /// Parallel jobs.
    pub jobs: usize,
    /// What has to be there while it runs.
    pub service: Option<Service>,
}

/// Keys of the configuration that a variable beats although they are given on the command line.
const BEATEN: [(&str, &str); 3] = [
    ("build.incremental", "CARGO_INCREMENTAL"),
    ("build.rustc-wrapper", "RUSTC_WRAPPER"),
    ("build.rustc-workspace-wrapper", "RUSTC_WORKSPACE_WRAPPER"),
];

impl BuildRequest {
    /// Takes away the variables of `source`, the user's own configuration, for keys that another setting decides on.
    pub(crate) fn replace_variables_of(&mut self, source: &str) {
        for (_, variable) in BEATEN.iter().filter(|(key, _)| self.config.iter().any(|(set, _)| set == key)) {
            if self.env_from.get(*variable).is_some_and(|from| from == source) {
                self.env_from.remove(*variable);
                self.env.remove(*variable);
            }
        }
    }
}

/// What a build is to bring about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Goal {
    /// Linked artefacts.
    Build,
    /// Errors only, nothing linked.
    Check,
    /// Errors and lints, nothing linked.
    Clippy,
    /// Linked test harnesses, none of them run.
    Test,
    /// The project's own documentation.
    Doc,
}

impl Goal {
    /// Whether what the project itself is made of becomes code and is linked. Build scripts and proc macros are under
    /// any goal.
    pub fn links(self) -> bool {
        match self {
            Self::Build | Self::Test => true,
            Self::Check | Self::Clippy | Self::Doc => false,
        }
    }

    /// Whether what the project itself is made of goes through rustc, and not through rustdoc.
    pub fn compiles(self) -> bool {
        self != Self::Doc
    }

    /// As it reads after "has no".
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Build => "build",
            Self::Check => "check",
            Self::Clippy => "clippy",
            Self::Test => "test",
            Self::Doc => "doc",
        }
    }
}

/// How much a build is to tell of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// What a timed build says.
    Quiet,
    /// Compiler calls and link lines too, for the proof.
    Proof,
}

/// Where a build takes place. All paths are absolute, and all directories but the work tree are the variant's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildDirs {
    /// The work tree.
    pub source: PathBuf,
    /// The target directory.
    pub target: PathBuf,
    /// The build directory, if the project keeps one apart from the target directory.
    pub build_dir: PathBuf,
    /// The home directory.
    pub home: PathBuf,
    /// Directory for temporary files.
    pub tmp: PathBuf,
    /// Directory for what a compiler cache keeps.
    pub service: PathBuf,
    /// The cargo home for building.
    pub cargo_home: PathBuf,
    /// Number of the edit in place.
    pub edit: u64,
}

/// One command line, complete: nothing of the harness's own environment is added to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandLine {
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<String>,
    /// The whole environment.
    pub env: BTreeMap<String, String>,
    /// Working directory.
    pub cwd: PathBuf,
}
