//! A new project → its manifest in the checkout, verified before it is kept.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use bench_runner_measure::corpus::adding::{self, ProjectOrigin, Proposal};
use bench_runner_measure::corpus::edits;
use bench_runner_measure::scenario::RequestError;

use super::verify::{Fault, VerifiedProject, Verifier, VerifyOptions};
use super::{FlowError, Places, Projects};

#[derive(Debug, Clone)]
pub struct AddRequest<'a> {
    /// A url, a crate, a directory or a manifest of generated sources.
    pub what: &'a str,
    /// The project's name; derived from `what` if `None`.
    pub name: Option<&'a str>,
    /// A commit, a branch or a tag of a repository.
    pub rev: Option<&'a str>,
    /// Options for building it; it is not built if `None`.
    pub build: Option<&'a VerifyOptions>,
}

/// A project that was added.
#[derive(Debug, Clone)]
pub struct AddedProject {
    pub name: String,
    /// Path of the manifest.
    pub file: PathBuf,
    /// True if the manifest is in the checkout's corpus, so that the project can be named.
    pub in_corpus: bool,
    /// Pin of its source.
    pub pin: bench_runner_core::record::Pin,
    /// Its edits, by name.
    pub edits: Vec<String>,
    /// The result of building it, if it was built.
    pub verified: Option<VerifiedProject>,
    /// Remarks for the user.
    pub remarks: Vec<String>,
}

/// Writes the manifest: `corpus/NAME.toml` of the checkout, or `NAME.toml` in the directory `here` if there
/// is no checkout. It never overwrites a file.
///
/// # Errors
/// If the name is taken, the source is not available, or the new manifest fails its verification.
pub fn add(
    request: &AddRequest<'_>,
    projects: &Projects,
    places: &Places,
    here: &Path,
) -> Result<AddedProject, FlowError> {
    let origin = ProjectOrigin::parse(request.what)?;
    let name = adding::name(&origin, request.name)?;
    let dir = places.checkout.as_ref().map_or_else(|| here.to_owned(), |checkout| checkout.join("corpus"));
    let file = adding::manifest_file(&dir, &name);
    refuse_taken(&name, &file, &origin, projects)?;
    let mut proposal = adding::propose(&origin, &name, request.rev, projects.sources())?;
    let verified = match request.build {
        Some(options) => Some(verify_draft(&mut proposal, projects, places, options)?),
        None => None,
    };
    // The manifest is parsed again before the file gets its name.
    let project = proposal.draft.project().map_err(adding::AddError::from)?;
    for edit in &project.edits {
        edits::check(&proposal.pinned.dir(), edit).map_err(anyhow::Error::from)?;
    }
    place(&file, &proposal.draft.text())?;
    Ok(AddedProject {
        name,
        in_corpus: places.checkout.is_some(),
        file,
        pin: proposal.pinned.pin,
        edits: project.edits.iter().map(|edit| format!("{} ({})", edit.name, edit.class.as_str())).collect(),
        verified,
        remarks: proposal.remarks,
    })
}

fn refuse_taken(
    name: &str,
    file: &Path,
    origin: &ProjectOrigin,
    projects: &Projects,
) -> Result<(), RequestError> {
    let help = "give it another name with `--name`".to_owned();
    if file.symlink_metadata().is_ok() {
        let help = match origin {
            ProjectOrigin::Manifest(_) => {
                "keep the draft elsewhere: what is written has the same name".to_owned()
            }
            _ => help,
        };
        return Err(RequestError::usage(format!("{} is there already", file.display()), Some(help)));
    }
    match projects.catalogue().get(name) {
        Ok(project) => {
            let message = format!("there is a project `{name}` already: {}", project.origin);
            Err(RequestError::usage(message, Some(help)))
        }
        Err(_) => Ok(()),
    }
}

/// Verifies the project of the draft. Proposed parts that fail are removed.
fn verify_draft(
    proposal: &mut Proposal,
    projects: &Projects,
    places: &Places,
    options: &VerifyOptions,
) -> Result<VerifiedProject, FlowError> {
    let project = proposal.draft.project().map_err(adding::AddError::from)?;
    let mut verified = Verifier::open(projects, places, options)?.verify(&project)?;
    for fault in std::mem::take(&mut verified.faults) {
        match &fault {
            Fault::Source(_) | Fault::Build(_) => {
                let message = format!("{fault}\nnothing was written");
                let way_out = "`--no-build` writes the manifest all the same";
                let help = fault.help().map_or(way_out.to_owned(), |help| format!("{help}; or {way_out}"));
                return Err(RequestError::usage(message, Some(help)).into());
            }
            Fault::Check(_) => proposal.draft.check = None,
            Fault::Edit { name, .. } => proposal.draft.edits.retain(|edit| edit.name != *name),
        }
        proposal.remarks.push(format!("left out, because it did not hold: {}", fault.text()));
    }
    Ok(verified)
}

/// Writes a new file atomically.
fn place(file: &Path, text: &str) -> Result<(), FlowError> {
    let dir = file.parent().unwrap_or(Path::new("."));
    let write = || -> std::io::Result<()> {
        std::fs::create_dir_all(dir)?;
        let mut scratch = tempfile::NamedTempFile::new_in(dir)?;
        scratch.write_all(text.as_bytes())?;
        let kept = scratch.persist_noclobber(file).map_err(|error| error.error)?;
        // Temporary files are readable by their owner only; a manifest is readable by all.
        use std::os::unix::fs::PermissionsExt;
        kept.set_permissions(std::fs::Permissions::from_mode(0o644))
    };
    Ok(write().with_context(|| format!("failed to write {}", file.display()))?)
}
