//! Registration of trials: each once, by its function's name, with its requirements and its schedule.
//!
//! `cargo test` runs those that are short or find faults often. The others are shown as skipped:
//! `BENCH_RUNNER_TEST=gate`, as set by `.ci/run`, adds the long ones, and `BENCH_RUNNER_TEST=all`, as set by
//! `.ci/long`, the rare ones too; so does `cargo test --test it -- --include-ignored`.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::process::Command;
use std::time::{Duration, Instant};

use libtest_mimic::{Failed, Trial};

use crate::lab::python;

/// Defines `tests()`, the trials of a file: functions without arguments, each with its [`TrialConditions`] if
/// it has any, after those of its submodules.
macro_rules! trials {
    ($module:literal; $([$($below:ident),* $(,)?];)? $($name:ident $(: $when:expr)?),* $(,)?) => {
        pub(crate) fn tests() -> Vec<libtest_mimic::Trial> {
            #[allow(unused_imports, reason = "a file may have trials of one kind only")]
            use crate::trials::{ALWAYS, LONG, RARE};
            let mut trials: Vec<libtest_mimic::Trial> = Vec::new();
            $($(trials.extend($below::tests());)*)?
            $(
                #[allow(unused_variables, reason = "overruled by what the trial says")]
                let when = ALWAYS;
                $(let when = $when;)?
                trials.push(crate::trials::trial(concat!($module, "::", stringify!($name)), when, $name));
            )*
            trials
        }
    };
}

/// Declares the modules of this program, and `all()`, the trials of all of them.
macro_rules! modules {
    ($($module:ident),* $(,)?) => {
        $(mod $module;)*

        fn all() -> Vec<libtest_mimic::Trial> {
            [$($module::tests()),*].into_iter().flatten().collect()
        }
    };
}

/// Conditions under which a trial runs.
#[derive(Clone, Copy)]
pub(crate) struct TrialConditions {
    schedule: Schedule,
    programs: [Option<&'static str>; 2],
    packages: &'static [&'static str],
    lacking: Option<fn() -> Option<String>>,
    /// A program that takes too long to install for the gate; `.ci/long` installs it.
    long_only: Option<&'static str>,
}

/// The runs of tests that a trial belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Schedule {
    Always,
    Gate,
    Long,
}

impl Schedule {
    /// The schedule that `BENCH_RUNNER_TEST` asks for.
    fn requested() -> Self {
        match std::env::var("BENCH_RUNNER_TEST").as_deref() {
            Ok("all") => Self::Long,
            Ok("gate") => Self::Gate,
            Ok(other) => panic!("BENCH_RUNNER_TEST is `{other}`; it can be `gate` or `all`"),
            Err(_) => Self::Always,
        }
    }
}

/// Runs with every `cargo test`.
pub(crate) const ALWAYS: TrialConditions = TrialConditions {
    schedule: Schedule::Always,
    programs: [None; 2],
    packages: &[],
    lacking: None,
    long_only: None,
};

/// Runs in the gate.
pub(crate) const LONG: TrialConditions = TrialConditions { schedule: Schedule::Gate, ..ALWAYS };

/// Runs in `.ci/long`: it takes long, and what it finds is nearly always found by another trial too.
pub(crate) const RARE: TrialConditions = TrialConditions { schedule: Schedule::Long, ..ALWAYS };

impl TrialConditions {
    /// Requires this program as well.
    pub(crate) const fn with(self, program: &'static str) -> Self {
        let [first, _] = self.programs;
        let programs = if first.is_none() { [Some(program), None] } else { [first, Some(program)] };
        Self { programs, ..self }
    }

    /// Requires these Python packages.
    pub(crate) const fn with_python(self, packages: &'static [&'static str]) -> Self {
        Self { packages, ..self }
    }

    /// Requires that this function finds nothing missing.
    pub(crate) const fn unless(self, lacking: fn() -> Option<String>) -> Self {
        Self { lacking: Some(lacking), ..self }
    }

    /// Requires this program, which the gate can do without.
    pub(crate) const fn where_installed(self, program: &'static str) -> Self {
        Self { long_only: Some(program), ..self }
    }

    /// The first requirement that this machine lacks.
    fn missing_requirement(self) -> Option<String> {
        let program = self.programs.into_iter().flatten().find_map(missing_program);
        let own = || self.lacking.and_then(|lacking| lacking());
        let python = || {
            (!has_python_with(self.packages)).then(|| format!("no Python with {}", self.packages.join(", ")))
        };
        program.or_else(own).or_else(python)
    }
}

/// A trial by name. If a requirement is missing, it is shown as ignored with the reason in its name, and
/// fails under `CI=true` instead; a long one is shown as ignored if only a part is run.
pub(crate) fn trial(name: &str, when: TrialConditions, run: impl FnOnce() + Send + 'static) -> Trial {
    let skipped = |reason: &str| format!("{name} (skipped: {reason})");
    if let Some(program) = when.long_only.filter(|program| missing_program(program).is_some()) {
        let reason = format!("no {program} on PATH; .ci/long installs it");
        return Trial::test(skipped(&reason), || Ok(())).with_ignored_flag(true);
    }
    let timed = name.to_owned();
    let run = move || {
        let start = Instant::now();
        run();
        note_seconds(&timed, start.elapsed());
        Ok(())
    };
    match when.missing_requirement() {
        Some(reason) if std::env::var("CI").is_ok_and(|ci| ci == "true") => {
            Trial::test(name, move || Err(Failed::from(format!("cannot be skipped under CI: {reason}"))))
        }
        Some(reason) => Trial::test(skipped(&reason), || Ok(())).with_ignored_flag(true),
        None if when.schedule > Schedule::requested() => {
            let script = if when.schedule == Schedule::Long { ".ci/long" } else { ".ci/run" };
            Trial::test(skipped(&format!("long: run by {script}")), run).with_ignored_flag(true)
        }
        None => Trial::test(name, run),
    }
}

/// Adds a line with the trial's seconds and its name to the file that `BENCH_RUNNER_TEST_SECONDS` names.
fn note_seconds(name: &str, took: Duration) {
    let Some(path) = std::env::var_os("BENCH_RUNNER_TEST_SECONDS") else { return };
    let line = format!("{:.1}\t{name}\n", took.as_secs_f64());
    let mut file = OpenOptions::new().create(true).append(true).open(path).expect("the file of seconds");
    file.write_all(line.as_bytes()).expect("the file of seconds");
}

/// A message if a program is missing.
pub(crate) fn missing_program(program: &str) -> Option<String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    // Servers are in a directory that is not on every PATH.
    let there =
        std::env::split_paths(&path).chain(["/usr/sbin".into()]).any(|dir| dir.join(program).is_file());
    (!there).then(|| format!("no {program} on PATH"))
}

/// True if packages are installed; does not import them, which can take a second.
fn has_python_with(packages: &[&str]) -> bool {
    let look = "import importlib.util as u, sys; sys.exit(not all(map(u.find_spec, sys.argv[1:])))";
    packages.is_empty()
        || Command::new(python())
            .args(["-c", look])
            .args(packages)
            .output()
            .is_ok_and(|out| out.status.success())
}
