//! Verification of projects against their manifests: every pin and hash is right, it builds, its artifact
//! works, and every edit rebuilds the units that it should.
//!
//! Its timings are not compared with any others. It takes the measuring lock anyway, because its builds would
//! disturb a measurement.

use std::path::PathBuf;
use std::time::Duration;

use bench_runner_core::record::{Pin, ProofResult, Refusal};
use bench_runner_measure::build::{BuildEvidence, Detail};
use bench_runner_measure::corpus::sources;
use bench_runner_measure::corpus::{Edit, Project, edits};
use bench_runner_measure::host::MeasuringLock;
use bench_runner_measure::process::{Supervisor, SupervisorOptions, interrupted};
use bench_runner_measure::run::{CommandOutcome, PreparedTree, SingleBuild};
use bench_runner_measure::workloads::{ExpectedRebuild, RebuildInput};
use rayon::prelude::*;

use super::measure::{create_and_lock, remove_stale_dirs};
use super::{FlowError, Places, Projects};

/// Paths for verification.
#[derive(Debug, Clone)]
pub struct VerifyOptions {
    /// This program's own file, which is also the supervisor.
    pub exe: PathBuf,
    /// The directory of the measuring lock.
    pub lock_dir: PathBuf,
}

/// The result of verifying one project.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VerifiedProject {
    pub project: String,
    /// Pin of its source, if that is available.
    pub pin: Option<Pin>,
    /// Hash of its tree, 64 hex digits.
    pub tree: Option<String>,
    /// Its build, if it was built successfully.
    pub built: Option<VerifiedBuild>,
    /// The edits that did what their class promises.
    pub edits: Vec<ProvenEdit>,
    /// Differences from its manifest.
    pub faults: Vec<Fault>,
}

/// A build from nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedBuild {
    /// Wall time, including disturbances.
    pub took: Duration,
    /// Number of compiled units, if the build tool reports it.
    pub units: Option<u32>,
    /// True if the command that checks the artifact succeeded.
    pub checked: bool,
}

/// An edit that applies, and rebuilds the units that it should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvenEdit {
    pub name: String,
    pub class: &'static str,
    /// The rebuilt units; empty if the build tool does not report them or nothing was built.
    pub rebuilt: Vec<String>,
}

/// A difference from the manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The source, its pin, or a requirement for building it.
    Source(Refusal),
    Build(String),
    /// The artifact does not work.
    Check(String),
    Edit {
        name: String,
        reason: Refusal,
    },
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Source(reason) => reason.fmt(f),
            Self::Build(reason) => write!(f, "the build failed: {reason}"),
            Self::Check(reason) => write!(f, "what it built does not work: {reason}"),
            Self::Edit { name, reason } => write!(f, "edit `{name}`: {reason}"),
        }
    }
}

/// Fetches the sources of projects into the cache, in parallel. Errors are reported when a project is
/// verified. Dependencies are fetched for one project after another, because cargo keeps its home locked
/// while it fetches.
pub(crate) fn fetch_all(projects: &Projects, selected: &[Project]) {
    let with = projects.sources();
    selected.par_iter().for_each(|project| drop(sources::pin(&project.source_request(), with)));
}

/// Checks pins and hashes, and that every edit applies; builds nothing.
pub(crate) fn verify_sources(projects: &Projects, project: &Project) -> VerifiedProject {
    let mut verified = VerifiedProject { project: project.name.clone(), ..VerifiedProject::default() };
    match projects.prepare_tree_of(project) {
        Err(error) => verified.faults.push(Fault::Source(error.refusal())),
        Ok(prepared) => {
            verified.set_source(&prepared);
            for edit in &project.edits {
                match edits::check(&prepared.source.dir(), edit) {
                    Ok(()) => verified.edits.push(ProvenEdit::of(edit, Vec::new())),
                    Err(error) => verified
                        .faults
                        .push(Fault::of(edit, Refusal { what: error.to_string(), help: error.help() })),
                }
            }
        }
    }
    verified
}

impl VerifiedProject {
    fn set_source(&mut self, prepared: &PreparedTree) {
        self.pin = Some(prepared.source.pin.clone());
        self.tree = Some(prepared.source.tree_hash());
    }
}

impl ProvenEdit {
    fn of(edit: &Edit, rebuilt: Vec<String>) -> Self {
        Self { name: edit.name.clone(), class: edit.class.as_str(), rebuilt }
    }
}

impl Fault {
    fn of(edit: &Edit, reason: Refusal) -> Self {
        Self::Edit { name: edit.name.clone(), reason }
    }

    pub fn help(&self) -> Option<&str> {
        match self {
            Self::Source(reason) | Self::Edit { reason, .. } => reason.help.as_deref(),
            Self::Build(_) | Self::Check(_) => None,
        }
    }

    /// The fault as lines, the help last.
    pub(crate) fn text(&self) -> String {
        let help = self.help().map(|help| format!("\nhelp: {help}")).unwrap_or_default();
        format!("{self}{help}")
    }
}

/// Holds the measuring lock and a running supervisor for builds.
pub(crate) struct Verifier<'a> {
    projects: &'a Projects,
    scratch: PathBuf,
    supervisor: Supervisor,
    _occupied: std::fs::File,
    _lock: MeasuringLock,
}

impl<'a> Verifier<'a> {
    /// Takes the measuring lock and starts the supervisor.
    pub(crate) fn open(
        projects: &'a Projects,
        places: &Places,
        options: &VerifyOptions,
    ) -> Result<Self, FlowError> {
        let lock = MeasuringLock::acquire(&options.lock_dir)?;
        let supervisor = Supervisor::start(&options.exe, &SupervisorOptions::default());
        let runs = places.cache.dir().join("runs");
        remove_stale_dirs(&runs)?;
        let scratch = runs.join(format!("verify-{}", std::process::id()));
        Ok(Self {
            projects,
            supervisor: supervisor.map_err(anyhow::Error::from)?,
            _occupied: create_and_lock(&scratch)?,
            scratch,
            _lock: lock,
        })
    }

    /// Verifies one project. Faults are part of the result.
    ///
    /// # Errors
    /// If the harness fails or is interrupted.
    pub(crate) fn verify(&mut self, project: &Project) -> Result<VerifiedProject, FlowError> {
        let mut verified = VerifiedProject { project: project.name.clone(), ..VerifiedProject::default() };
        let prepared = match self.projects.prepare_tree_of(project) {
            Ok(prepared) => prepared,
            Err(error) if interrupted() => return Err(error),
            Err(error) => {
                verified.faults.push(Fault::Source(error.refusal()));
                return Ok(verified);
            }
        };
        verified.set_source(&prepared);
        let dir = self.scratch.join("project");
        bench_runner_measure::host::remove_tree(&dir).map_err(anyhow::Error::from)?;
        let mut single =
            SingleBuild::create(&dir, &prepared, self.projects.building_home(), &mut self.supervisor)?;
        let seen = build(&mut single, &mut verified)?;
        if seen {
            try_edits(&mut single, &prepared, &mut verified)?;
        }
        bench_runner_measure::host::remove_tree(&dir).map_err(anyhow::Error::from)?;
        Ok(verified)
    }
}

impl Drop for Verifier<'_> {
    fn drop(&mut self) {
        // The next run removes the rest.
        let _ = bench_runner_measure::host::remove_tree(&self.scratch);
    }
}

/// Builds from nothing and checks the artifact. `false` if edits cannot be tried afterwards.
fn build(single: &mut SingleBuild<'_>, verified: &mut VerifiedProject) -> Result<bool, FlowError> {
    for step in single.prepare() {
        if let CommandOutcome::Failed(reason) = single.run(step)?.0 {
            verified.faults.push(Fault::Build(format!("what comes before it: {reason}")));
            return Ok(false);
        }
    }
    let (ended, evidence) = single.build(0, Detail::Proof)?;
    let took = match ended {
        CommandOutcome::Succeeded(took) => took,
        CommandOutcome::Failed(reason) => {
            verified.faults.push(Fault::Build(reason));
            return Ok(false);
        }
    };
    let mut checked = false;
    if let Some(step) = single.check(&evidence) {
        match single.run(step)?.0 {
            CommandOutcome::Succeeded(_) => checked = true,
            CommandOutcome::Failed(reason) => verified.faults.push(Fault::Check(reason)),
        }
    }
    let units = evidence.rebuilt.as_ref().map(|(rebuilt, _)| rebuilt.count);
    if units == Some(0) {
        verified.faults.push(Fault::Build("it ended well and compiled nothing".to_owned()));
    }
    verified.built = Some(VerifiedBuild { took, units, checked });
    Ok(true)
}

/// Tries every edit once, each on top of a build of the pinned sources.
fn try_edits(
    single: &mut SingleBuild<'_>,
    prepared: &PreparedTree,
    verified: &mut VerifiedProject,
) -> Result<(), FlowError> {
    let project = &prepared.project;
    if project.edits.is_empty() && !project.build.tool.is_cargo() {
        return try_own_edit(single, verified);
    }
    let (tree, pristine) = (single.tree().to_owned(), prepared.source.dir());
    let mut clean = true;
    for (edit, n) in project.edits.iter().zip(1..) {
        if let Err(error) = edits::check(&pristine, edit) {
            verified.faults.push(Fault::of(edit, Refusal { what: error.to_string(), help: error.help() }));
            continue;
        }
        if !clean {
            // Otherwise the units of the previous edit would count as well.
            single.build(0, Detail::Quiet)?;
        }
        edits::apply(&tree, &pristine, edit, n).map_err(anyhow::Error::from)?;
        let (ended, evidence) = single.build(n, Detail::Quiet)?;
        let judged = match ended {
            CommandOutcome::Succeeded(_) => rebuilt(edit, single, &evidence),
            CommandOutcome::Failed(reason) => Err(format!("the build with edit number {n} failed: {reason}")),
        };
        match judged {
            Ok(rebuilt) => verified.edits.push(ProvenEdit::of(edit, rebuilt)),
            Err(reason) => verified.faults.push(Fault::of(edit, Refusal::new(reason))),
        }
        edits::apply(&tree, &pristine, edit, 0).map_err(anyhow::Error::from)?;
        clean = false;
    }
    Ok(())
}

/// The units that a build after `edit` compiled, or the reason why they are not the expected ones.
fn rebuilt(edit: &Edit, single: &SingleBuild<'_>, evidence: &BuildEvidence) -> Result<Vec<String>, String> {
    if evidence.rebuilt.is_none() {
        return Ok(Vec::new());
    }
    let edited: Vec<PathBuf> = edits::files(edit).iter().map(|file| single.tree().join(file)).collect();
    let input = RebuildInput { build: evidence, graph: single.graph(), edited: &edited };
    let judged = ExpectedRebuild::OfClass(edit.class).judge(&input);
    if judged.result != ProofResult::Holds {
        return Err(format!(
            "{}; expected: {}",
            judged.found,
            ExpectedRebuild::OfClass(edit.class).describe()
        ));
    }
    let compiled = evidence.artifacts.iter().filter(|artifact| !artifact.fresh);
    let mut units: Vec<String> = compiled.map(|artifact| artifact.unit.clone()).collect();
    units.sort();
    Ok(units)
}

/// Tries the own edit command of a command project.
fn try_own_edit(single: &mut SingleBuild<'_>, verified: &mut VerifiedProject) -> Result<(), FlowError> {
    let Some(step) = single.own_edit(1) else { return Ok(()) };
    let name = "edit".to_owned();
    if let CommandOutcome::Failed(reason) = single.run(step)?.0 {
        verified.faults.push(Fault::Edit { name, reason: Refusal::new(reason) });
        return Ok(());
    }
    match single.build(1, Detail::Quiet)?.0 {
        CommandOutcome::Succeeded(_) => {
            verified.edits.push(ProvenEdit { name, class: "own", rebuilt: Vec::new() })
        }
        CommandOutcome::Failed(reason) => {
            verified.faults.push(Fault::Edit { name, reason: Refusal::new(reason) })
        }
    }
    Ok(())
}
