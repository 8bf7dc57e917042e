//! One driver per build tool. A driver turns a build request and the directories of a build into one command
//! line, and the output of that command into evidence. It knows nothing of axes, which only fill the build
//! request.

#![warn(missing_docs)]

mod cargo;
mod command;

pub use cargo::{CargoDriver, PostBuildQueries, PreBuildQueries, UnitsAnswer, portable_cargo_args};
pub use command::CommandDriver;

use super::{
    BuildDirs, BuildError, BuildEvidence, BuildRequest, CommandLine, Detail, Goal, Linking, Service,
};

/// A build tool.
pub trait Driver {
    /// Commands to run once in a new work tree, untimed.
    fn prepare(&self, dirs: &BuildDirs, request: &BuildRequest) -> Vec<CommandLine>;

    /// The command that is timed.
    fn build_command(
        &self,
        dirs: &BuildDirs,
        request: &BuildRequest,
        goal: Goal,
        detail: Detail,
    ) -> Result<CommandLine, BuildError>;

    /// The service that a build would connect to implicitly, because a wrapper of its compiler needs one.
    /// Without a service started for it, the build would use that of the user or start one while it is timed.
    fn implicit_service(&self, _: &BuildRequest) -> Option<Service> {
        None
    }

    /// Kinds of linking in a build, if the build tool can predict them.
    fn linking(&self, _: Goal) -> Option<Linking> {
        None
    }

    /// Number of units of a build from nothing, if the build tool can predict it.
    fn planned_units(&self, _: Goal) -> Option<u32> {
        None
    }

    /// Number of units that whole lines of its standard output report as compiled; `None` if the build tool
    /// does not report units.
    fn compiled_units(&self, _: &str) -> Option<u32> {
        None
    }

    /// Command that restores the state "nothing built yet", untimed, in addition to removing the target
    /// directory.
    fn clean(&self, dirs: &BuildDirs, request: &BuildRequest) -> Option<CommandLine>;

    /// Command that applies edit number `dirs.edit`, if the project has its own way to edit.
    fn edit(&self, dirs: &BuildDirs) -> Option<CommandLine>;

    /// Evidence from the output of a build by `command`.
    fn evidence(&self, command: &CommandLine, stdout: &str, stderr: &str) -> BuildEvidence;

    /// Command that tries out the artifact, untimed, if the manifest has one.
    fn check_artifact(&self, dirs: &BuildDirs, evidence: &BuildEvidence) -> Option<CommandLine>;
}

/// Resolves a program with a slash in its name against the work tree, because it belongs to the project.
fn own_program(program: &str, dirs: &BuildDirs) -> std::path::PathBuf {
    if program.contains('/') { dirs.source.join(program) } else { program.into() }
}

/// Constructs the environment of every build: an allow-list and a fixed locale.
pub(super) fn base_environment(
    dirs: &BuildDirs,
    path: String,
    pass: &[String],
) -> std::collections::BTreeMap<String, String> {
    let mut env = std::collections::BTreeMap::new();
    let mut set = |name: &str, value: String| drop(env.insert(name.to_owned(), value));
    set("PATH", path);
    set("HOME", dirs.home.display().to_string());
    set("TMPDIR", dirs.tmp.display().to_string());
    set("LANG", "C.UTF-8".to_owned());
    set("LC_ALL", "C.UTF-8".to_owned());
    set("TZ", "UTC".to_owned());
    // A rustup proxy that a build script starts must not fetch a toolchain during a timed build.
    set("RUSTUP_AUTO_INSTALL", "0".to_owned());
    // A build script that asks git for a commit must not find a repository around the cache. A repository
    // that was checked out with the project may be some directories above it, but below the common parent of
    // all directories of a build.
    let around = dirs.source.ancestors().skip(1).find(|above| dirs.tmp.starts_with(above));
    if let Some(around) = around {
        env.insert("GIT_CEILING_DIRECTORIES".to_owned(), around.display().to_string());
    }
    for name in pass {
        if let Ok(value) = std::env::var(name) {
            env.insert(name.clone(), value);
        }
    }
    env
}
