//! How many jobs the build tool runs at once.

use super::calls::Seen;
use super::{
    Availability, Axis, Context, Finding, InvalidValue, Lines, Setting, Shown, Situation, Unwritable, named,
};
use crate::build::{Goal, Recipe};

pub(super) struct Jobs;

const KEY: &str = "jobs";
/// More than any machine has threads.
const MOST: u32 = 65_536;

fn parse(value: &str) -> Result<usize, InvalidValue> {
    match value {
        "cores" => Ok(std::thread::available_parallelism().map_or(1, usize::from)),
        number => named::number(number, "a number of jobs, nor `cores`", MOST).map(|jobs| jobs as usize),
    }
}

impl Axis for Jobs {
    fn key(&self) -> &'static str {
        KEY
    }

    fn summary(&self) -> &'static str {
        "parallel jobs of cargo: a number, or cores for as many as the machine has threads"
    }

    fn values(&self) -> &'static [&'static str] {
        &["1", "cores", "any number"]
    }

    fn parse(&self, _: &str, value: &str) -> Result<(), InvalidValue> {
        parse(value).map(|_| ())
    }

    fn probe(&self, setting: &Setting<'_>, context: &Context) -> Availability {
        let identity = parse(setting.value).map_or(setting.value.to_owned(), |jobs| jobs.to_string());
        named::of_cargo(KEY, identity, context)
    }

    fn matters(&self, _: Goal) -> bool {
        true
    }

    fn apply(&self, setting: &Setting<'_>, _: &Context, recipe: &mut Recipe) -> std::io::Result<()> {
        recipe.jobs = parse(setting.value).map_err(std::io::Error::other)?;
        Ok(())
    }

    fn advise(&self, setting: &Setting<'_>, _: &Situation) -> Result<Lines, Unwritable> {
        match setting.value {
            "cores" => Ok(Lines::config("build.jobs", "default")
                .noting("`default` is one job for each of the machine's threads.")),
            number => parse(number)
                .map(|jobs| Lines::config("build.jobs", i64::try_from(jobs).unwrap_or(i64::MAX)))
                .map_err(|error| Unwritable(error.message)),
        }
    }

    fn prove(&self, setting: &Setting<'_>, _: &Context, shown: &Shown<'_>) -> Finding {
        let jobs = match parse(setting.value) {
            Ok(jobs) => jobs.to_string(),
            Err(error) => return Finding::not_provable(setting.value.to_owned(), &error.message),
        };
        let command = &shown.build.command;
        // Of several cargo would refuse all.
        let said = command.iter().position(|arg| arg == "--jobs").and_then(|at| command.get(at + 1));
        let seen = match said {
            Some(said) => Seen::of(format!("cargo was called with --jobs {said}"), *said == jobs),
            None => Seen::unclear("cargo was called without --jobs".to_owned()),
        };
        seen.finding(format!("--jobs {jobs}"))
    }

    fn co_changes(&self, _: &Setting<'_>) -> &'static [&'static str] {
        &["code generation within each crate shares the same number of threads"]
    }
}

#[cfg(test)]
mod tests {
    use bench_runner_core::record::ProofResult;

    use super::*;
    use crate::axes::fixture;
    use crate::build::Evidence;

    #[test]
    fn proven_by_the_command_that_was_run() {
        let prove = |value, line: &str| {
            let build = Evidence { command: fixture::words(line), ..Evidence::default() };
            fixture::prove(&Jobs, KEY, value, &fixture::context(), &build).result
        };
        assert_eq!(prove("2", "build --jobs 2 --locked"), ProofResult::Holds);
        assert_eq!(prove("2", "build --jobs 22"), ProofResult::Fails);
        assert_eq!(prove("2", "build"), ProofResult::NotProvable);
    }

    #[test]
    fn cores_is_another_name_for_a_number() {
        let cores = parse("cores").unwrap();
        assert_eq!(fixture::applied(&Jobs, KEY, "cores", &fixture::context()).jobs, cores);
        let same = fixture::probe(&Jobs, KEY, &cores.to_string(), &fixture::context());
        assert_eq!(fixture::probe(&Jobs, KEY, "cores", &fixture::context()), same);
        assert!(parse("0").is_err() && parse("all").is_err());
    }
}
