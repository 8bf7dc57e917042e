//! Build settings of a project: built by cargo, or by a command in its manifest.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Build settings of a project. All of them are part of what a result is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BuildSettings {
    pub tool: BuildTool,
    /// The directory below the project in which the build tool is started; the project's own if `None`.
    pub directory: Option<PathBuf>,
    /// Packages to build; empty for cargo's default.
    pub packages: Vec<String>,
    /// Binaries to build; empty for all.
    pub bins: Vec<String>,
    /// Features to turn on.
    pub features: Vec<String>,
    /// True if the default features stay off.
    pub no_default_features: bool,
    /// The profile, if it is not left to the workload.
    pub profile: Option<String>,
    /// Further arguments for cargo.
    pub args: Vec<String>,
    /// Variables set for every build.
    pub env: BTreeMap<String, String>,
    /// Names of variables that are passed on from the user's environment.
    pub pass_env: Vec<String>,
    /// Commands run once per work tree, untimed, without a shell.
    pub prepare: Vec<Vec<String>>,
    /// Programs that must be installed.
    pub requires: Vec<String>,
    /// A command that must succeed with the artifact in place of `{artifact}`.
    pub check: Option<Vec<String>>,
}

impl BuildSettings {
    /// The directory in which the build tool is started, for a project in `project`.
    pub fn started_in(&self, project: &Path) -> PathBuf {
        self.directory.as_ref().map_or_else(|| project.to_owned(), |directory| project.join(directory))
    }
}

/// The tool that builds a project.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum BuildTool {
    /// cargo, whatever the source.
    #[default]
    Cargo,
    /// A command of the project: make, ninja, bazel.
    Command(BuildCommand),
}

impl BuildTool {
    pub fn is_cargo(&self) -> bool {
        matches!(self, Self::Cargo)
    }

    /// The command, if the tool is one.
    pub fn command(&self) -> Option<&BuildCommand> {
        match self {
            Self::Cargo => None,
            Self::Command(command) => Some(command),
        }
    }
}

/// A command that builds a project, and the commands around it. Each is a program with its arguments and runs
/// without a shell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BuildCommand {
    /// The command that is timed.
    pub build: Vec<String>,
    /// Runs before a build from nothing, untimed.
    pub clean: Option<Vec<String>>,
    /// Runs before a build after a change, untimed; `{n}` is the number of the edit.
    pub edit: Option<Vec<String>>,
}
