//! A project that is built by a command of its own.

use super::{Driver, made_environment, own_program};
use crate::build::{BuildError, Detail, Evidence, Goal, Recipe, Site, Step};
use crate::corpus::{BuildCommand, BuildSettings, edits};

/// Builds by running the project's own commands. They see `BENCH_RUNNER_EDIT`, `BENCH_RUNNER_TARGET` and what
/// the axes set.
#[derive(Debug, Clone)]
pub struct CommandDriver {
    /// The commands.
    pub command: BuildCommand,
    /// Where they are started, what comes before them, and their environment.
    pub build: BuildSettings,
    /// The search path for programs.
    pub path: String,
}

impl CommandDriver {
    fn run(&self, argv: Option<&[String]>, site: &Site, recipe: Option<&Recipe>) -> Option<Step> {
        let (program, args) = argv?.split_first()?;
        let program = own_program(program, site);
        let mut env = made_environment(site, self.path.clone(), &self.build.pass_env);
        env.extend(self.build.env.clone());
        env.insert("BENCH_RUNNER_EDIT".into(), site.edit.to_string());
        env.insert("BENCH_RUNNER_TARGET".into(), site.target.display().to_string());
        let mut args = args.to_vec();
        if let Some(recipe) = recipe {
            env.extend(recipe.env.clone());
            args.extend(recipe.args.iter().cloned());
        }
        Some(Step { program, args, env, cwd: self.build.started_in(&site.source) })
    }
}

impl Driver for CommandDriver {
    fn prepare(&self, site: &Site, recipe: &Recipe) -> Vec<Step> {
        let recipe = Recipe { args: Vec::new(), ..recipe.clone() };
        self.build.prepare.iter().filter_map(|argv| self.run(Some(argv), site, Some(&recipe))).collect()
    }

    fn step(&self, site: &Site, recipe: &Recipe, goal: Goal, _: Detail) -> Result<Step, BuildError> {
        if goal != Goal::Build {
            return Err(BuildError::Unsupported(format!(
                "a command project has one build command and no {}",
                goal.as_str()
            )));
        }
        self.run(Some(&self.command.build), site, Some(recipe))
            .ok_or_else(|| BuildError::Unsupported("the build command is empty".into()))
    }

    fn clean(&self, site: &Site, recipe: &Recipe) -> Option<Step> {
        self.run(self.command.clean.as_deref(), site, Some(&Recipe { args: Vec::new(), ..recipe.clone() }))
    }

    fn edit(&self, site: &Site) -> Option<Step> {
        let argv = self.command.edit.as_deref().map(|argv| edits::numbered(argv, site.edit));
        self.run(argv.as_deref(), site, None)
    }

    fn evidence(&self, step: &Step, _: &str, _: &str) -> Evidence {
        Evidence { command: step.args.clone(), ..Evidence::default() }
    }

    fn check_artifact(&self, _: &Site, _: &Evidence) -> Option<Step> {
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
        let site = Site {
            source: "/w/src".into(),
            target: "/w/t00".into(),
            build_dir: "/w/b00".into(),
            home: "/w/home".into(),
            tmp: "/w/tmp".into(),
            service: "/w/v00".into(),
            cargo_home: "/c/home".into(),
            edit: 7,
        };
        let step = driver.edit(&site).unwrap();
        assert_eq!((step.program, step.args), ("/w/src/./edit.sh".into(), words(&["7", "--name=v7"])));
        assert_eq!(step.env["BENCH_RUNNER_EDIT"], "7");
        let build = driver.step(&site, &Recipe::default(), Goal::Build, Detail::Quiet).unwrap();
        assert_eq!(
            build.args,
            ["{n}"],
            "only the edit is numbered: a timed command is the same in every round"
        );
    }
}
