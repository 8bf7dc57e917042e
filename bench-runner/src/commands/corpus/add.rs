//! `corpus add`: a manifest for a new project.

use anyhow::Context as _;

use super::super::{Exit, format_duration, format_path, pluralize};
use super::verify_options;
use crate::flows::{self, AddRequest, AddedProject, FlowError, Places, Projects};

/// Write a manifest for a repository, a crate or a directory, with everything pinned
///
/// The source is fetched and pinned by its hash, cargo says what is to be built, an edit is proposed, and the
/// project is built once to see that all of it holds. The manifest goes to `corpus/` of the checkout, or, where
/// there is none, to the current directory. Nothing is overwritten.
///
/// Examples:
///   bench-runner corpus add git@github.com:BurntSushi/ripgrep.git --name rg --rev 15.1.0
///   bench-runner corpus add grex@1.4.6
///   bench-runner corpus add ../mine --name mine
#[derive(Debug, Clone, clap::Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Args {
    /// An address that git understands, a crate (`NAME` or `NAME@VERSION`), a directory (with a `/` in it), or a
    /// manifest of generated sources that is to be completed (`*.toml`)
    #[arg(value_name = "URL|CRATE|PATH")]
    what: String,
    /// Name of the project [default: from where it comes]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Commit, branch or tag of a repository [default: its HEAD]
    #[arg(long, value_name = "REV")]
    rev: Option<String>,
    /// Do not build it: neither its result nor its edits are tried
    #[arg(long)]
    no_build: bool,
    /// Fetch nothing
    #[arg(long)]
    offline: bool,
}

pub(super) fn run(args: &Args, places: &Places) -> Result<Exit, FlowError> {
    let build = (!args.no_build).then(verify_options).transpose()?;
    let projects = Projects::open(places, args.offline, true)?;
    let request = AddRequest {
        what: &args.what,
        name: args.name.as_deref(),
        rev: args.rev.as_deref(),
        build: build.as_ref(),
    };
    let here = std::env::current_dir().context("failed to find the current directory")?;
    let added = flows::add(&request, &projects, places, &here)?;
    print!("{}", text(&added));
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
