//! The command line: parse, dispatch, print the error, exit code.

use std::ffi::OsString;

use bench_runner_core::record::Refusal;
use bench_runner_measure::process;
use clap::{CommandFactory as _, Parser, Subcommand};

use crate::commands::{self, EarlyEnd, Exit, output};

/// Compare build settings of Rust projects by experiment
///
/// Builds every variant in random order on one machine, confirms from the result that each variant was in force, and
/// reports each difference as a ratio with an interval.
#[derive(Debug, Parser)]
#[command(name = "bench-runner", bin_name = "bench-runner", version, max_term_width = WIDTH, args_override_self = true, after_help = EXIT_CODES)]
struct Cli {
    #[command(flatten)]
    places: commands::PlaceArgs,
    #[command(subcommand)]
    verb: Verb,
}

/// Columns of help texts on a wide terminal.
const WIDTH: usize = 100;

const EXIT_CODES: &str = "\
Exit codes:
  0    finished
  1    bench-runner itself failed, or a recorded run is damaged
  2    the request was wrong: command line, scenario, project or run
  3    finished, but some variants failed to build or could not be confirmed; in `track` also: something
       could not be updated or compared, or the command for alarms failed
  4    the machine is unfit (with --strict), another run measures on it (without --wait), or you
       answered no to a question
  5    undecided (run and compare with --require-verdict; gate; track; bisect; backfill;
       reproduce; decide)
  6    the candidate is slower than its base (gate), or a new alarm (track)
  7    the second run contradicts the first (reproduce)
  130  interrupted; `bench-runner run --resume RUN` continues

Examples:
  bench-runner run
  bench-runner run recommended --project ./
  bench-runner help run";

/// Verbs, in the order of the help text.
#[derive(Debug, Subcommand)]
enum Verb {
    Run(commands::run::Args),
    Plan(commands::plan::Args),
    Search(commands::search::Args),
    Doctor(commands::doctor::Args),
    Scenarios(commands::scenarios::Args),
    Corpus(commands::corpus::Args),
    Report(commands::report::Args),
    Compare(commands::compare::Args),
    Decide(commands::decide::Args),
    Gate(commands::gate::Args),
    Bisect(commands::bisect::Args),
    Track(commands::track::Args),
    Bless(commands::bless::Args),
    History(commands::history::Args),
    Backfill(commands::backfill::Args),
    Reproduce(commands::reproduce::Args),
    Export(commands::export::Args),
    Archive(commands::archive::Args),
    Completions(commands::completions::Args),
    Man(commands::man::Args),
}

/// The command line's grammar with its help texts.
pub fn command() -> clap::Command {
    Cli::command()
}

/// Parses `args`, runs the verb, and prints errors.
pub fn run(args: impl IntoIterator<Item = OsString>) -> Exit {
    let args: Vec<OsString> = args.into_iter().collect();
    let json = args.iter().any(|arg| arg == "--json");
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        // Help and version are not errors.
        Err(error) if !error.use_stderr() => {
            let _ = error.print();
            return Exit::Done;
        }
        Err(error) => {
            let _ = error.print();
            if json {
                let text = error.render().to_string();
                let what = text.strip_prefix("error: ").unwrap_or(&text).trim_end();
                commands::print_error_as_json(&Refusal::new(what), Exit::BadRequest);
            }
            return Exit::BadRequest;
        }
    };
    let exit = match dispatch(&cli) {
        Ok(exit) | Err(EarlyEnd::Early(exit)) => exit,
        Err(EarlyEnd::Error(error)) => {
            let exit = match () {
                () if process::interrupted() => Exit::Interrupted,
                () if error.is_request() => Exit::BadRequest,
                () if error.is_unfit() => Exit::Unfit,
                () => Exit::Failed,
            };
            commands::print_error(&error.refusal(), exit, json);
            exit
        }
    };
    match output::failure() {
        Some(error) => {
            let what = format!("failed to write to standard output: {error}");
            commands::print_error(&Refusal::new(what), Exit::Failed, false);
            Exit::Failed
        }
        None => exit,
    }
}

fn dispatch(cli: &Cli) -> Result<Exit, EarlyEnd> {
    let places = commands::places(&cli.places)?;
    Ok(match &cli.verb {
        Verb::Run(args) => commands::run::run(args, &places)?,
        Verb::Plan(args) => commands::plan::run(args, &places)?,
        Verb::Search(args) => commands::search::run(args, &places)?,
        Verb::Doctor(args) => commands::doctor::run(args, &places)?,
        Verb::Scenarios(args) => commands::scenarios::run(args, &places)?,
        Verb::Corpus(args) => commands::corpus::run(args, &places)?,
        Verb::Report(args) => commands::report::run(args, &places)?,
        Verb::Compare(args) => commands::compare::run(args)?,
        Verb::Decide(args) => commands::decide::run(args)?,
        Verb::Gate(args) => commands::gate::run(args, &places)?,
        Verb::Bisect(args) => commands::bisect::run(args, &places)?,
        Verb::Track(args) => commands::track::run(args, &cli.places, &places)?,
        Verb::Bless(args) => commands::bless::run(args, &cli.places, &places)?,
        Verb::History(args) => commands::history::run(args, &places)?,
        Verb::Backfill(args) => commands::backfill::run(args, &places)?,
        Verb::Reproduce(args) => commands::reproduce::run(args, &places)?,
        Verb::Export(args) => commands::export::run(args)?,
        Verb::Archive(args) => commands::archive::run(args, &places)?,
        Verb::Completions(args) => commands::completions::run(args, &mut command())?,
        Verb::Man(args) => commands::man::run(args, command())?,
    })
}

#[cfg(test)]
mod tests;
