//! Number of parallel jobs of the build tool.

use bench_runner_core::record::Refusal;

use super::axis::{Available, Axis, Context, ParsedSettings, ProofFinding, ProofInput, SettingValue};
use super::lines::{SettingLines, Situation, Unwritable};
use super::rustc_args::PartialFinding;
use super::values;
use crate::build::{BuildRequest, Goal};

pub(super) struct JobsAxis;

const KEY: &str = "jobs";
/// Upper limit; no machine has that many threads.
const MOST: u32 = 65_536;

impl Axis for JobsAxis {
    fn key(&self) -> &'static str {
        KEY
    }

    fn summary(&self) -> &'static str {
        "parallel jobs of cargo: a number, or cores for as many as the machine has threads"
    }

    fn values(&self) -> &'static [&'static str] {
        &["1", "cores", "any number"]
    }

    fn parse(&self, _: &str, text: &str) -> Result<Box<dyn SettingValue>, Refusal> {
        Ok(Box::new(match text {
            "cores" => JobCount::Cores,
            number => JobCount::Number(values::number(number, "a number of jobs, nor `cores`", MOST)?),
        }))
    }
}

#[derive(Debug, Clone, Copy)]
enum JobCount {
    /// One job for each thread of the machine.
    Cores,
    Number(u32),
}

impl JobCount {
    fn jobs(self) -> usize {
        match self {
            Self::Cores => std::thread::available_parallelism().map_or(1, usize::from),
            Self::Number(number) => number as usize,
        }
    }
}

impl SettingValue for JobCount {
    fn probe(&self, _: &ParsedSettings, context: &Context) -> Result<Available, Refusal> {
        values::available_to_cargo(KEY, self.jobs().to_string(), context)
    }

    /// As if all work could be shared.
    fn expected_slowness(&self, _: &ParsedSettings) -> f64 {
        (Self::Cores.jobs() as f64 / self.jobs().max(1) as f64).max(1.0)
    }

    fn applies_to(&self, _: Goal) -> bool {
        true
    }

    fn apply(&self, _: &ParsedSettings, _: &Context, request: &mut BuildRequest) {
        request.jobs = self.jobs();
    }

    fn advise(&self, _: &ParsedSettings, _: &Situation) -> Result<SettingLines, Unwritable> {
        Ok(match self {
            Self::Cores => SettingLines::config("build.jobs", "default")
                .with_remark("`default` is one job for each of the machine's threads."),
            Self::Number(jobs) => SettingLines::config("build.jobs", i64::from(*jobs)),
        })
    }

    fn prove(&self, _: &ParsedSettings, _: &Context, input: &ProofInput<'_>) -> ProofFinding {
        let jobs = self.jobs().to_string();
        let command = &input.build.command;
        // If the option is given twice, cargo reports an error.
        let given = command.iter().position(|arg| arg == "--jobs").and_then(|at| command.get(at + 1));
        let seen = match given {
            Some(given) => {
                PartialFinding::new(format!("cargo was called with --jobs {given}"), *given == jobs)
            }
            None => PartialFinding::not_provable("cargo was called without --jobs".to_owned()),
        };
        seen.finding(format!("--jobs {jobs}"))
    }

    fn costs(&self) -> &'static [&'static str] {
        match self {
            Self::Cores => &[],
            Self::Number(_) => &["the number fits this machine only; on a larger one it leaves threads idle"],
        }
    }

    fn co_changes(&self, _: &ParsedSettings) -> &'static [&'static str] {
        &["code generation within each crate shares the same number of threads"]
    }
}

#[cfg(test)]
mod tests {
    use bench_runner_core::record::ProofResult;

    use super::*;
    use crate::axes::fixture;
    use crate::build::BuildEvidence;

    #[test]
    fn proven_by_the_command_that_was_run() {
        let prove = |value, line: &str| {
            let build = BuildEvidence { command: fixture::words(line), ..BuildEvidence::default() };
            fixture::prove(KEY, value, &fixture::context(), &build).result
        };
        assert_eq!(prove("2", "build --jobs 2 --locked"), ProofResult::Holds);
        assert_eq!(prove("2", "build --jobs 22"), ProofResult::Fails);
        assert_eq!(prove("2", "build"), ProofResult::NotProvable);
    }

    #[test]
    fn cores_is_another_name_for_a_number() {
        let cores = JobCount::Cores.jobs();
        assert_eq!(fixture::apply(KEY, "cores", &fixture::context()).jobs, cores);
        let same = fixture::probe(KEY, &cores.to_string(), &fixture::context());
        assert_eq!(fixture::probe(KEY, "cores", &fixture::context()), same);
        assert!(fixture::parse(KEY, "0").is_err() && fixture::parse(KEY, "all").is_err());
    }
}
