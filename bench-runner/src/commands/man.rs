//! `man`: manual pages, made from the command line's grammar.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

use super::{Exit, format_path};
use crate::flows::FlowError;

/// Write the manual pages, one for each command, into a directory
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Directory for the pages, such as `~/.local/share/man/man1`; it is created if it does not exist
    #[arg(value_name = "DIR")]
    dir: PathBuf,
}

const EXAMPLES: &str = "\
Example:
  bench-runner man ~/.local/share/man/man1 && man bench-runner-run";

pub(crate) fn run(args: &Args, command: clap::Command) -> Result<Exit, FlowError> {
    let dir = format_path(&args.dir);
    std::fs::create_dir_all(&args.dir).with_context(|| format!("failed to create {dir}"))?;
    let mut command = command.disable_help_subcommand(true);
    command.build();
    write_pages(&command, &args.dir).with_context(|| format!("failed to write to {dir}"))?;
    outln!("manual pages: {dir}");
    Ok(Exit::Done)
}

fn write_pages(command: &clap::Command, dir: &Path) -> std::io::Result<()> {
    let man = Man::new(command.clone()).manual("bench-runner manual");
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    if let Some(text) = command.get_after_help() {
        sections(&text.to_string()).to_writer(&mut page)?;
    }
    std::fs::write(dir.join(man.get_filename()), page)?;
    command.get_subcommands().try_for_each(|below| write_pages(below, dir))
}

/// The text after the options: its paragraphs are sections, and their lines stay as they are.
fn sections(text: &str) -> Roff {
    let mut roff = Roff::new();
    for paragraph in text.split("\n\n") {
        let (heading, lines) = paragraph.split_once('\n').unwrap_or((paragraph, ""));
        let heading = heading.trim_end_matches(':').to_uppercase();
        roff.control("SH", [heading.as_str()]).control("nf", []);
        lines.lines().for_each(|line| {
            roff.text([roman(line)]);
        });
        roff.control("fi", []);
    }
    roff
}
