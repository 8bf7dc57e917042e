//! Makes a manifest for a new project: everything pinned, `[build]` filled in, edits proposed.
//!
//! The user's text is classified first ([`ProjectOrigin`]); then the source is pinned and its tree is
//! examined ([`propose`]). The result is text, parsed by the same reader as any manifest. Nothing is written
//! except into the cache, and nothing is built.

mod crates;
mod draft;
mod error;
mod origin;
mod package;
mod remote;

use std::path::{Path, PathBuf};

use bench_runner_core::record::Refusal;

use crate::toml_reader::SourceText;

use super::edits;
use super::manifest::Project;
use super::names::is_name;
use super::sources::kinds::generated::{GeneratedSource, write_unlocked};
use super::sources::{self, FetchContext, Pinned};

pub use draft::ManifestDraft;
pub use error::AddError;
pub use origin::ProjectOrigin;

/// A new manifest, and the source that it pins.
#[derive(Debug, Clone)]
pub struct Proposal {
    /// The parts of the manifest; they can be removed again.
    pub draft: ManifestDraft,
    /// The pinned source.
    pub pinned: Pinned,
    /// Remarks for the user.
    pub remarks: Vec<String>,
}

/// The name under which the project is added: the requested one, or else one derived from its origin.
///
/// # Errors
/// If the requested name is not valid.
pub fn name(origin: &ProjectOrigin, asked: Option<&str>) -> Result<String, AddError> {
    let Some(asked) = asked else { return Ok(valid_name(&origin.suggested_name())) };
    if is_name(asked) {
        return Ok(asked.to_owned());
    }
    let message = format!("`{}` is not a name", asked.escape_debug());
    Err(AddError::request(
        message,
        "names have 1 to 64 letters, digits, `.`, `_` or `-` and do not start with `.`",
    ))
}

/// A valid name: invalid characters are replaced.
pub(super) fn valid_name(text: &str) -> String {
    let fits = |c: char| if is_name(&format!("x{c}")) { c } else { '-' };
    let name: String = text.chars().map(fits).collect();
    let name: String = name.trim_start_matches('.').chars().take(64).collect();
    if is_name(&name) { name } else { "project".to_owned() }
}

/// The text of a manifest with `lock` below its line `[source]`; unchanged if there is no such line.
pub(super) fn insert_lock(manifest: &str, lock: &str) -> String {
    ManifestDraft::with_lock(manifest, lock)
}

/// Pins the source of `origin` and makes a manifest for it, called `name`. `rev` is a commit, a branch or a
/// tag of a repository.
///
/// # Errors
/// If it cannot be fetched, is not a cargo project, or has no such version or commit.
pub fn propose(
    origin: &ProjectOrigin,
    name: &str,
    rev: Option<&str>,
    with: &FetchContext,
) -> Result<Proposal, AddError> {
    if let (Some(rev), false) = (rev, matches!(origin, ProjectOrigin::Git { .. })) {
        let message = format!("`--rev {}` is for repositories given by url", rev.escape_debug());
        return Err(AddError::request(message, "give a version as `NAME@VERSION`"));
    }
    let mut remarks = Vec::new();
    let mut draft = match origin {
        ProjectOrigin::Crate { name: krate, version } => {
            ManifestDraft::new(name, crates::source(krate, version.as_deref(), with)?)
        }
        ProjectOrigin::Git { url } => ManifestDraft::new(name, remote::source(url, rev, with)?),
        ProjectOrigin::Path(path) => {
            let (source, package) = draft::path_source(path, with)?;
            ManifestDraft { package, ..ManifestDraft::new(name, source) }
        }
        ProjectOrigin::Manifest(file) => return complete_generated(file, name, with),
    };
    let pinned = sources::pin(&draft.project()?.source_request(), with)?;
    if !pinned.dir().join("Cargo.toml").is_file() {
        let message = format!("there is no Cargo.toml at the root of {origin}");
        return Err(AddError::request(
            message,
            "write a manifest that names the `command` that builds it: docs/FORMAT.md",
        ));
    }
    if !matches!(origin, ProjectOrigin::Path(_)) {
        draft.tree = Some(pinned.tree_hash());
    }
    let pinned = if pinned.dir().join("Cargo.lock").is_file() {
        pinned
    } else {
        draft.lock = Some(sources::make_lock(&pinned, with)?);
        remarks
            .push("it has no Cargo.lock: cargo made one, and it stands in the manifest as `lock`".to_owned());
        sources::pin(&draft.project()?.source_request(), with)?
    };
    fill_from_tree(&mut draft, &pinned, &mut remarks, with)?;
    Ok(Proposal { draft, pinned, remarks })
}

/// Fills in the parts that are read from the tree itself.
fn fill_from_tree(
    draft: &mut ManifestDraft,
    pinned: &Pinned,
    remarks: &mut Vec<String>,
    with: &FetchContext,
) -> Result<(), AddError> {
    let layout = package::layout(&pinned.dir(), with)?;
    let chosen = match &draft.package {
        Some(package) => package::choose_named(&layout, package),
        None => package::choose(&layout, &draft.name),
    };
    draft.summary = chosen.summary;
    draft.package = chosen.package;
    draft.bins = chosen.bins;
    if draft.bins.is_empty() {
        remarks.push("it has no binary: `check` is left out, and nothing is linked".to_owned());
    } else {
        draft.check = Some(vec!["{artifact}".to_owned(), "--version".to_owned()]);
    }
    match edits::propose(&pinned.dir(), &with.cargo, &draft.project()?.build) {
        Ok(found) => draft.edits = found,
        Err(error) => remarks.push(format!("no edits were looked for: {error}")),
    }
    if draft.edits.is_empty() {
        let remark =
            "no place for an edit was found: write an `[[edit]]`, or only workloads without edits can be run";
        remarks.push(remark.to_owned());
    }
    Ok(())
}

/// Completes a manifest of generated sources with dependencies: cargo makes its lock file, which is added.
fn complete_generated(file: &Path, name: &str, with: &FetchContext) -> Result<Proposal, AddError> {
    let shown = file.display();
    let unreadable =
        |error: std::io::Error| AddError::Request(Refusal::new(format!("failed to read {shown}: {error}")));
    let text = SourceText::read(file).map_err(unreadable)?;
    let project = Project::parse(&text, None)?;
    let Some(source) = project.source.downcast::<GeneratedSource>() else {
        let message = format!("{shown} is a manifest already, of kind `{}`", project.source.kind());
        let help = format!("`bench-runner run --project {shown}` takes it as it is");
        return Err(AddError::request(message, help));
    };
    if project.name != name {
        let message = format!("{shown} is about the project `{}`, not `{name}`", project.name);
        return Err(AddError::request(message, "change its `name`"));
    }
    let mut draft = ManifestDraft::verbatim(&project.name, &text.text);
    if source.lock.is_none() && !source.dependencies.is_empty() {
        let what = "the dependencies, to make a Cargo.lock";
        draft.lock = Some(sources::make_lock_for(what, with, |into| write_unlocked(source, into))?);
    }
    let pinned = sources::pin(&draft.project()?.source_request(), with)?;
    if source.tree.is_none() {
        draft.tree = Some(pinned.tree_hash());
    }
    Ok(Proposal { draft, pinned, remarks: Vec::new() })
}

/// The path of a new manifest in `dir`.
pub fn manifest_file(dir: &Path, name: &str) -> PathBuf {
    dir.join(format!("{name}.toml"))
}

#[cfg(test)]
mod tests;
