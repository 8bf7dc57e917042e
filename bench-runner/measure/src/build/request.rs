//! Build requests, independent of the build tool.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::Service;

/// Everything that the axes and the project ask of a build, in terms that are not specific to a build tool.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BuildRequest {
    /// Arguments added at the end of the build command.
    pub args: Vec<String>,
    /// Variables added to the constructed environment.
    pub env: BTreeMap<String, String>,
    /// By variable, the setting that asks for it, as written, such as `env.CC=clang`.
    pub env_from: BTreeMap<String, String>,
    /// Flags for every call of rustc.
    pub rustflags: Vec<String>,
    /// Settings that ask for those flags, as written, such as `linker=mold`.
    pub rustflags_from: Vec<String>,
    /// Configuration keys of the build tool, such as `build.rustc-wrapper`, with values in TOML.
    pub config: Vec<(String, String)>,
    /// Keys of the profile in use, such as `lto` or `package."*".codegen-units`, with values in TOML.
    pub profile_keys: Vec<(String, String)>,
    /// The user's own cargo configuration, in TOML. It has the precedence of a configuration in the cargo
    /// home.
    pub home_config: Option<String>,
    /// Name of the cargo profile; `None` for the default of cargo.
    pub profile: Option<String>,
    /// Parallel jobs.
    pub jobs: usize,
    /// Service that has to run during the build.
    pub service: Option<Service>,
}

/// Configuration keys that are overridden by a variable even if they are given on the command line.
const OVERRIDDEN_BY_VARIABLE: [(&str, &str); 3] = [
    ("build.incremental", "CARGO_INCREMENTAL"),
    ("build.rustc-wrapper", "RUSTC_WRAPPER"),
    ("build.rustc-workspace-wrapper", "RUSTC_WORKSPACE_WRAPPER"),
];

impl BuildRequest {
    /// Removes the variables of `source`, the user's own configuration, for keys that another setting
    /// decides.
    pub(crate) fn replace_variables_of(&mut self, source: &str) {
        for (_, variable) in
            OVERRIDDEN_BY_VARIABLE.iter().filter(|(key, _)| self.config.iter().any(|(set, _)| set == key))
        {
            if self.env_from.get(*variable).is_some_and(|from| from == source) {
                self.env_from.remove(*variable);
                self.env.remove(*variable);
            }
        }
    }
}

/// Purpose of a build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Goal {
    /// Linked artifacts.
    Build,
    /// Errors only, nothing linked.
    Check,
    /// Errors and lints, nothing linked.
    Clippy,
    /// Linked test harnesses, which are not run.
    Test,
    /// The project's own documentation.
    Doc,
}

impl Goal {
    /// The profiles that it uses without `--profile`. Tests use the profile `test`, which overrides what it
    /// inherits.
    pub(crate) fn default_profiles(self) -> &'static [&'static str] {
        match self {
            Self::Build | Self::Check | Self::Clippy | Self::Doc => &["dev"],
            Self::Test => &["dev", "test"],
        }
    }

    /// True if it can be limited to the programs that a project names; tests and documentation are not.
    pub(crate) fn is_limited_to_programs(self) -> bool {
        match self {
            Self::Build | Self::Check | Self::Clippy => true,
            Self::Test | Self::Doc => false,
        }
    }

    /// True if the project's own crates are compiled to code and linked. Build scripts and proc macros are
    /// compiled and linked under any goal.
    pub fn links(self) -> bool {
        match self {
            Self::Build | Self::Test => true,
            Self::Check | Self::Clippy | Self::Doc => false,
        }
    }

    /// True if the project's own crates are compiled by rustc rather than rustdoc.
    pub fn compiles(self) -> bool {
        self != Self::Doc
    }

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

/// Level of detail in the output of a build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Output of a timed build.
    Quiet,
    /// Compiler calls and link lines too, for the proof.
    Proof,
}

/// Directories of a build. All paths are absolute, and all directories except the work tree are specific to
/// the variant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildDirs {
    pub source: PathBuf,
    pub target: PathBuf,
    /// Build directory, if the project separates it from the target directory.
    pub build_dir: PathBuf,
    pub home: PathBuf,
    /// Directory for temporary files.
    pub tmp: PathBuf,
    /// Directory for compiler caches: store, socket and log of the server.
    pub service: PathBuf,
    pub cargo_home: PathBuf,
    /// Number of the edit that is in place.
    pub edit: u64,
}

/// A complete command line: nothing of the harness's own environment is added to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandLine {
    pub program: PathBuf,
    pub args: Vec<String>,
    /// Complete environment.
    pub env: BTreeMap<String, String>,
    pub cwd: PathBuf,
}
