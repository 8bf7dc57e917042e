//! How a project is built: by cargo, or by a command that its manifest names.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// How a project is built. All of it is part of what a result speaks of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BuildSettings {
    /// The tool that builds it.
    pub tool: BuildTool,
    /// The directory below the project that the build tool is started in; the project's own if there is none.
    pub directory: Option<PathBuf>,
    /// Packages to build; empty for cargo's default.
    pub packages: Vec<String>,
    /// Binaries to build; empty for all.
    pub bins: Vec<String>,
    /// Features to turn on.
    pub features: Vec<String>,
    /// True if the default features stay off.
    pub no_default_features: bool,
    /// The profile, where it is not the workload's choice.
    pub profile: Option<String>,
    /// Further arguments of cargo.
    pub args: Vec<String>,
    /// Variables set for every build.
    pub env: BTreeMap<String, String>,
    /// Names of variables that are passed on from the user's environment.
    pub pass_env: Vec<String>,
    /// Commands run once per work tree, untimed, without a shell.
    pub prepare: Vec<Vec<String>>,
    /// Programs that must be there.
    pub requires: Vec<String>,
    /// A command that must succeed with the artefact in place of `{artifact}`.
    pub check: Option<Vec<String>>,
}

impl BuildSettings {
    /// The directory that the build tool is started in, of a project in `project`.
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
    /// A command of the project's own: make, ninja, bazel.
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

/// A command that builds a project, and those around it. Each is a program with its arguments and runs without a shell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BuildCommand {
    /// The command that is timed.
    pub build: Vec<String>,
    /// Before a build from nothing, untimed.
    pub clean: Option<Vec<String>>,
    /// Before a build after a change, untimed; `{n}` is the number of the edit.
    pub edit: Option<Vec<String>>,
}
