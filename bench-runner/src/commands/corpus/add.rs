//! `corpus add`: a manifest for a new project.

use anyhow::Context as _;

use super::super::{Exit, format_duration, format_path, open_projects, pluralize};
use super::verify_options;
use crate::flows::{self, AddRequest, AddedProject, FlowError, Places};

/// Add a repository, a crate or a directory: write a manifest with everything pinned
///
/// The source is fetched and pinned by its hash, edits are found for rebuilds, and the project is built once to check
/// them. The manifest is written to `corpus/` if the current directory, or one above it, has both `corpus/` and
/// `scenarios/`, else to the current directory. Existing files are not overwritten.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// A git address, a crate (`NAME` or `NAME@VERSION`), a directory (with a `/` in it), or an incomplete manifest of
    /// generated sources (`*.toml`)
    #[arg(value_name = "URL|CRATE|PATH")]
    what: String,
    /// Name of the project [default: from its source]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Commit, branch or tag of a repository [default: HEAD]
    #[arg(long, value_name = "REV")]
    rev: Option<String>,
    /// Do not build the project to check its result and edits
    #[arg(long)]
    no_build: bool,
    /// Never access the network
    #[arg(long)]
    offline: bool,
}

const EXAMPLES: &str = "\
Examples:
  bench-runner corpus add grex@1.4.6
  bench-runner corpus add https://github.com/BurntSushi/ripgrep --name rg --rev 15.1.0
  bench-runner corpus add ./ --name mine";

pub(super) fn run(args: &Args, places: &Places) -> Result<Exit, FlowError> {
    let build = (!args.no_build).then(verify_options).transpose()?;
    let projects = open_projects(places, args.offline, true)?;
    let request = AddRequest {
        what: &args.what,
        name: args.name.as_deref(),
        rev: args.rev.as_deref(),
        build: build.as_ref(),
    };
    let here = std::env::current_dir().context("failed to find the current directory")?;
    let added = flows::add(&request, &projects, places, &here)?;
    out!("{}", text(&added));
    Ok(Exit::Done)
}

fn text(added: &AddedProject) -> String {
    let file = format_path(&added.file);
    let mut text = format!("wrote {file}\n  pinned: {}\n", added.pin);
    if let Some(built) = added.verified.as_ref().and_then(|verified| verified.built.as_ref()) {
        let units =
            built.units.map(|units| format!("{} in ", pluralize(units as usize, "unit"))).unwrap_or_default();
        text.push_str(&format!("  built:  {units}{}\n", format_duration(built.took)));
    }
    if !added.edits.is_empty() {
        text.push_str(&format!("  edits:  {}\n", added.edits.join(", ")));
    }
    for remark in &added.remarks {
        text.push_str(&format!("  note:   {remark}\n"));
    }
    let named = if added.in_corpus { added.name.clone() } else { file };
    text.push_str(&format!("next:\n  bench-runner plan linkers --project {named}\n"));
    text.push_str(&format!("  bench-runner run linkers --project {named}\n"));
    text
}
