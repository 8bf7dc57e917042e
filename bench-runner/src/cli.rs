//! The command line: parse, dispatch, print the error, exit code.

use std::ffi::OsString;

use bench_runner_core::record::Refusal;
use bench_runner_measure::process;
use clap::{Parser, Subcommand};

use crate::commands::{self, EarlyEnd, Exit};

/// Compares build configurations of Rust projects by experiment: real projects at pinned revisions, variants
/// interleaved on one machine, proof that each was in force, and an interval around each ratio.
#[derive(Debug, Parser)]
#[command(name = "bench-runner", version, max_term_width = 100, args_override_self = true, after_help = EXIT_CODES)]
struct Cli {
    #[command(flatten)]
    places: commands::PlaceArgs,
    #[command(subcommand)]
    verb: Verb,
}

const EXIT_CODES: &str = "\
Exit codes:
  0    done
  1    the harness itself failed
  2    the request was wrong: usage, scenario or corpus
  3    done, but some cells failed or were not proven
  4    the machine is not fit (with --strict)
  5    undecided where a decision was demanded (with --decide, by reproduce and decide)
  7    a run that was made again says something else (reproduce)
  130  interrupted; the bundle is kept and can be resumed";

/// What to do; each verb's help stands beside its options.
#[derive(Debug, Subcommand)]
enum Verb {
    Run(commands::run::Args),
    Plan(commands::plan::Args),
    Doctor(commands::doctor::Args),
    Corpus(commands::corpus::Args),
    Scenarios(commands::scenarios::Args),
    Report(commands::report::Args),
    Compare(commands::compare::Args),
    Export(commands::export::Args),
    Reproduce(commands::reproduce::Args),
    Decide(commands::decide::Args),
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
    match dispatch(&cli) {
        Ok(exit) | Err(EarlyEnd::Early(exit)) => exit,
        Err(EarlyEnd::Error(error)) => {
            let exit = match () {
                () if process::interrupted() => Exit::Interrupted,
                () if error.is_request() => Exit::BadRequest,
                () => Exit::Failed,
            };
            commands::print_error(&error.refusal(), exit, json);
            exit
        }
    }
}

fn dispatch(cli: &Cli) -> Result<Exit, EarlyEnd> {
    let places = commands::places(&cli.places)?;
    Ok(match &cli.verb {
        Verb::Run(args) => commands::run::run(args, &places)?,
        Verb::Plan(args) => commands::plan::run(args, &places)?,
        Verb::Doctor(args) => commands::doctor::run(args, &places)?,
        Verb::Corpus(args) => commands::corpus::run(args, &places)?,
        Verb::Scenarios(args) => commands::scenarios::run(args, &places)?,
        Verb::Report(args) => commands::report::run(args, &places)?,
        Verb::Compare(args) => commands::compare::run(args)?,
        Verb::Export(args) => commands::export::run(args)?,
        Verb::Reproduce(args) => commands::reproduce::run(args, &places)?,
        Verb::Decide(args) => commands::decide::run(args)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }

    #[test]
    fn every_format_stands_in_the_help_of_export() {
        use clap::CommandFactory;
        let mut cli = Cli::command();
        let help = cli.find_subcommand_mut("export").unwrap().render_long_help().to_string();
        for format in bench_runner_report::export::all() {
            let listed =
                |line: &str| line.trim().strip_prefix(format.name).map(str::trim) == Some(format.summary);
            assert!(help.lines().any(listed), "{}: {help}", format.name);
        }
    }
}
