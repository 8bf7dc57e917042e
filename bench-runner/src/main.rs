//! The program: passes its arguments to the library and returns the exit code to the shell.

use std::process::ExitCode;

fn main() -> ExitCode {
    // The supervisor of builds is this program too, and must stay small: no threads, no parsing.
    if std::env::args_os().nth(1).is_some_and(|verb| verb == bench_runner_measure::process::SUPERVISE_VERB) {
        return ExitCode::from(bench_runner_measure::process::supervise() as u8);
    }
    ExitCode::from(bench_runner::cli::run(std::env::args_os()).code())
}
