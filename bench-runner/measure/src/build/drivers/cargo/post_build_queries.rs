//! Facts about the project of a build, from cargo: the members, and the units of the build. Cargo is queried
//! in the work tree, after the build, with the arguments and environment of the build.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::build::{
    CargoInvocation, CommandLine, ConfigOrigin, Members, PlannedUnits, UnitsRequest, members, units,
};

/// Reason why cargo did not answer.
type NoAnswer = String;

/// Queries about finished builds. Answers are cached, so that nothing is queried twice for one state of a
/// project.
#[derive(Debug, Clone, Default)]
pub struct PostBuildQueries {
    members: Arc<Mutex<AnswersByState<Members>>>,
    units: Arc<Mutex<AnswersByState<PlannedUnits>>>,
}

type AnswersByState<T> = HashMap<String, Arc<Result<T, NoAnswer>>>;

/// Variables of a build that only affect its output.
const OUTPUT_VARIABLES: [&str; 1] = ["RUSTC_LOG"];

impl PostBuildQueries {
    /// The members of the workspace of a build.
    pub(super) fn members(&self, command: &CommandLine) -> Arc<Result<Members, NoAnswer>> {
        let ask = || members(&invocation(command)).map_err(|error| error.in_one_line());
        get_or_ask(&self.members, project_state(command), ask)
    }

    /// The units of a build.
    pub(super) fn units(&self, command: &CommandLine) -> Arc<Result<PlannedUnits, NoAnswer>> {
        let args = planning_args(&command.args);
        let key = format!("{}\n{}\n{:?}", project_state(command), args.join("\n"), command.env);
        get_or_ask(&self.units, key, || ask_units(command, &args))
    }
}

fn get_or_ask<T>(
    answers: &Mutex<AnswersByState<T>>,
    key: String,
    ask: impl FnOnce() -> Result<T, NoAnswer>,
) -> Arc<Result<T, NoAnswer>> {
    let mut answers = answers.lock().unwrap_or_else(PoisonError::into_inner);
    answers.entry(key).or_insert_with(|| Arc::new(ask())).clone()
}

/// Key for the state of a project: the set of packages can only change with these files.
fn project_state(command: &CommandLine) -> String {
    let file = |name: &str| -> String {
        let dirs = command.cwd.ancestors();
        let text = dirs.into_iter().find_map(|dir| std::fs::read_to_string(dir.join(name)).ok());
        text.unwrap_or_default()
    };
    format!("{}\n{}\n{}", command.cwd.display(), file("Cargo.lock"), file("Cargo.toml"))
}

fn invocation(command: &CommandLine) -> CargoInvocation {
    let mut env = command.env.clone();
    OUTPUT_VARIABLES.iter().for_each(|name| drop(env.remove(*name)));
    CargoInvocation { cargo: command.program.clone(), dir: command.cwd.clone(), env }
}

fn ask_units(command: &CommandLine, args: &[String]) -> Result<PlannedUnits, NoAnswer> {
    let tmp = command.env.get("TMPDIR").map_or_else(std::env::temp_dir, PathBuf::from);
    let scratch = tempfile::tempdir_in(&tmp).map_err(|error| format!("{}: {error}", tmp.display()))?;
    let cargo_home = command.env.get("CARGO_HOME").map(PathBuf::from).unwrap_or_default();
    let request = UnitsRequest { args, cargo_home: &cargo_home, scratch: scratch.path() };
    units(&invocation(command), &request).map_err(|error| error.in_one_line())
}

/// Reason why rustc shows no link lines, if the project's configuration prevents it.
pub(super) fn link_log_obstacle(command: &CommandLine) -> Option<String> {
    let read = invocation(command).configuration().ok()?;
    let forced = read.entries.iter().find(|entry| entry.key == ["env", "RUSTC_LOG", "force"])?;
    (forced.value.as_bool() == Some(true)).then_some(())?;
    let file = match &forced.origin {
        // Bundles are published, so no directory of the machine is named.
        ConfigOrigin::File(file) => match file.strip_prefix(&command.cwd) {
            Ok(inside) => format!(" in {}", inside.display()),
            Err(_) => format!(" in a {} above it", file.file_name().unwrap_or_default().to_string_lossy()),
        },
        ConfigOrigin::Variable(name) => format!(" in the variable {name}"),
        ConfigOrigin::Other => String::new(),
    };
    Some(format!("`env.RUSTC_LOG` with `force`{file} hides them"))
}

/// Arguments of a build for a query about it: without those that the query sets itself, and without those
/// that only affect the output of a build.
fn planning_args(args: &[String]) -> Vec<String> {
    const ALONE: [&str; 5] = ["--locked", "--offline", "--frozen", "--verbose", "--quiet"];
    const WITH_VALUE: [&str; 4] = ["--target-dir", "--message-format", "--color", "--jobs"];
    let mut planning_args = Vec::new();
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let only_v =
            arg.len() > 1 && arg.starts_with('-') && arg[1..].bytes().all(|byte| b"vq".contains(&byte));
        if ALONE.contains(&arg.as_str()) || only_v {
            continue;
        }
        if WITH_VALUE.contains(&arg.as_str()) {
            args.next();
            continue;
        }
        if WITH_VALUE.iter().any(|name| arg.strip_prefix(name).is_some_and(|rest| rest.starts_with('='))) {
            continue;
        }
        planning_args.push(arg.clone());
    }
    // Clippy is a check with another compiler.
    if let Some(command) = planning_args.first_mut().filter(|command| *command == "clippy") {
        "check".clone_into(command);
    }
    planning_args
}

/// Directory that cargo prints source paths of members, and of packages below it, relative to.
pub(super) fn sources_root<'a>(members: &'a Result<Members, NoAnswer>, command: &'a CommandLine) -> &'a Path {
    members.as_ref().map_or(command.cwd.as_path(), |members| members.root.as_path())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_question_says_itself_is_left_out_of_it() {
        let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<String>>();
        let build = "clippy --locked --offline --target-dir /t --color never --message-format json --jobs 2 --profile \
                     dev --config a=1 --target-dir=/x -vv -Zx --verbose";
        assert_eq!(planning_args(&words(build)), words("check --profile dev --config a=1 -Zx"));
    }
}
