//! `completions`: completion scripts for shells, made from the command line's grammar.

use clap_complete::Shell;

use super::Exit;
use crate::flows::FlowError;

/// Print the completion script of a shell
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Shell that will read the script
    #[arg(value_enum)]
    shell: Shell,
}

const EXAMPLES: &str = "\
Examples:
  source <(bench-runner completions bash)            # for this session of bash
  bench-runner completions bash > ~/.local/share/bash-completion/completions/bench-runner
  bench-runner completions fish > ~/.config/fish/completions/bench-runner.fish
  bench-runner completions zsh > ~/_bench-runner     # a directory that is in $fpath";

pub(crate) fn run(args: &Args, command: &mut clap::Command) -> Result<Exit, FlowError> {
    out!("{}", script(args.shell, command));
    Ok(Exit::Done)
}

fn script(shell: Shell, command: &mut clap::Command) -> String {
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(shell, command, &name, &mut script);
    // clap_complete 4.6.12 writes a hyphen of the program's name in two ways in its script for bash, so that the
    // options of its commands would not be found.
    String::from_utf8_lossy(&script).replace(&name.replace('-', "__subcmd__"), &name.replace('-', "__"))
}
