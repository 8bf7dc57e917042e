//! One driver per build tool. A driver turns a build request and the directories of a build into one command line, and that command's
//! output into evidence. It knows nothing of axes: those only fill the build request.

#![warn(missing_docs)]

mod cargo;
mod command;

pub use cargo::{CargoDriver, CargoQueries, QueryCache, UnitsAnswer};
pub use command::CommandDriver;

use super::{
    BuildDirs, BuildError, BuildEvidence, BuildRequest, CommandLine, Detail, Goal, Linking, Service,
};

/// The contract of a build tool.
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

    /// The service that a build would look for by itself, because a wrapper of its compiler wants one: without one of its
    /// own it would find that of the user, or start one within its clock.
    fn implicit_service(&self, _: &BuildRequest) -> Option<Service> {
        None
    }

    /// What a build would link, where the build tool says so before it builds.
    fn linking(&self, _: Goal) -> Option<Linking> {
        None
    }

    /// Command that brings about "nothing built yet", untimed, besides removing the target directory.
    fn clean(&self, dirs: &BuildDirs, request: &BuildRequest) -> Option<CommandLine>;

    /// Command that applies edit `site.edit`, where the project brings its own way to edit.
    fn edit(&self, dirs: &BuildDirs) -> Option<CommandLine>;

    /// What the output of a build by `command` shows.
    fn evidence(&self, command: &CommandLine, stdout: &str, stderr: &str) -> BuildEvidence;

    /// The command that tries out the artefact, untimed, where the manifest has one.
    fn check_artifact(&self, dirs: &BuildDirs, evidence: &BuildEvidence) -> Option<CommandLine>;
}

/// A program with a slash in it is one of the project's own, so it is looked for in the work tree.
fn own_program(program: &str, dirs: &BuildDirs) -> std::path::PathBuf {
    if program.contains('/') { dirs.source.join(program) } else { program.into() }
}

/// The environment that every build gets: an allow-list, and a fixed locale.
pub(super) fn made_environment(
    dirs: &BuildDirs,
    path: String,
    pass: &[String],
) -> std::collections::BTreeMap<String, String> {
    let mut env = std::collections::BTreeMap::from([
        ("PATH".to_owned(), path),
        ("HOME".to_owned(), dirs.home.display().to_string()),
        ("TMPDIR".to_owned(), dirs.tmp.display().to_string()),
        ("LANG".to_owned(), "C.UTF-8".to_owned()),
        ("LC_ALL".to_owned(), "C.UTF-8".to_owned()),
        ("TZ".to_owned(), "UTC".to_owned()),
        // A proxy of rustup that a build script starts must not fetch a toolchain while the clock runs.
        ("RUSTUP_AUTO_INSTALL".to_owned(), "0".to_owned()),
    ]);
    // A build script that asks git for a commit must not find that of a repository around the cache. One that was laid
    // out with the project may be some directories above it, and lies below what all directories of a build are in.
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
