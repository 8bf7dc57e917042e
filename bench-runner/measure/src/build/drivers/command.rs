//! Driver for projects that are built by their own command.

use super::{Driver, base_environment, own_program};
use crate::build::{BuildDirs, BuildError, BuildEvidence, BuildRequest, CommandLine, Detail, Goal};
use crate::corpus::{BuildCommand, BuildSettings, edits};

/// Builds by running the project's own commands. Their environment has `BENCH_RUNNER_EDIT`,
/// `BENCH_RUNNER_TARGET` and the variables that the axes set.
#[derive(Debug, Clone)]
pub struct CommandDriver {
    /// The commands.
    pub command: BuildCommand,
    /// Their working directory, the commands that prepare the tree, and their environment.
    pub build: BuildSettings,
    /// Search path for programs.
    pub path: String,
}

impl CommandDriver {
    fn run(
        &self,
        argv: Option<&[String]>,
        dirs: &BuildDirs,
        request: Option<&BuildRequest>,
    ) -> Option<CommandLine> {
        let (program, args) = argv?.split_first()?;
        let program = own_program(program, dirs);
        let mut env = base_environment(dirs, self.path.clone(), &self.build.pass_env);
        env.extend(self.build.env.clone());
        env.insert("BENCH_RUNNER_EDIT".into(), dirs.edit.to_string());
        env.insert("BENCH_RUNNER_TARGET".into(), dirs.target.display().to_string());
        let mut args = args.to_vec();
        if let Some(request) = request {
            env.extend(request.env.clone());
            args.extend(request.args.iter().cloned());
        }
        Some(CommandLine { program, args, env, cwd: self.build.started_in(&dirs.source) })
    }
}

impl Driver for CommandDriver {
    fn prepare(&self, dirs: &BuildDirs, request: &BuildRequest) -> Vec<CommandLine> {
        let request = BuildRequest { args: Vec::new(), ..request.clone() };
        self.build.prepare.iter().filter_map(|argv| self.run(Some(argv), dirs, Some(&request))).collect()
    }

    fn build_command(
        &self,
        dirs: &BuildDirs,
        request: &BuildRequest,
        goal: Goal,
        _: Detail,
    ) -> Result<CommandLine, BuildError> {
        if goal != Goal::Build {
            return Err(BuildError::Unsupported(format!(
                "a command project has one build command and no {}",
                goal.as_str()
            )));
        }
        self.run(Some(&self.command.build), dirs, Some(request))
            .ok_or_else(|| BuildError::Unsupported("the build command is empty".into()))
    }

    fn clean(&self, dirs: &BuildDirs, request: &BuildRequest) -> Option<CommandLine> {
        self.run(
            self.command.clean.as_deref(),
            dirs,
            Some(&BuildRequest { args: Vec::new(), ..request.clone() }),
        )
    }

    fn edit(&self, dirs: &BuildDirs) -> Option<CommandLine> {
        let argv = self.command.edit.as_deref().map(|argv| edits::numbered_argv(argv, dirs.edit));
        self.run(argv.as_deref(), dirs, None)
    }

    fn evidence(&self, command: &CommandLine, _: &str, _: &str) -> BuildEvidence {
        BuildEvidence { command: command.args.clone(), ..BuildEvidence::default() }
    }

    fn check_artifact(&self, _: &BuildDirs, _: &BuildEvidence) -> Option<CommandLine> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_the_edit_reaches_the_edit_command() {
        let words = |argv: &[&str]| argv.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
        let driver = CommandDriver {
            command: BuildCommand {
                edit: Some(words(&["./edit.sh", "{n}", "--name=v{n}"])),
                build: words(&["make", "{n}"]),
                clean: None,
            },
            build: BuildSettings::default(),
            path: "/usr/bin".into(),
        };
        let dirs = BuildDirs {
            source: "/w/src".into(),
            target: "/w/t00".into(),
            build_dir: "/w/b00".into(),
            home: "/w/home".into(),
            tmp: "/w/tmp".into(),
            service: "/w/v00".into(),
            cargo_home: "/c/home".into(),
            edit: 7,
        };
        let command = driver.edit(&dirs).unwrap();
        assert_eq!((command.program, command.args), ("/w/src/./edit.sh".into(), words(&["7", "--name=v7"])));
        assert_eq!(command.env["BENCH_RUNNER_EDIT"], "7");
        let build =
            driver.build_command(&dirs, &BuildRequest::default(), Goal::Build, Detail::Quiet).unwrap();
        assert_eq!(
            build.args,
            ["{n}"],
            "only the edit is numbered: a timed command is the same in every round"
        );
    }
}
