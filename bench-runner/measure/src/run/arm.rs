//! One arm of a block during measurement.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use bench_runner_core::record::{Arm, Block, Pin, Proof, ProofResult, Role};

use super::worktree::{Keep, KeptChanges};
use super::{ConfiguredDriver, PreparedTree, PreparedTrees, RunError, arm_dirs};
use crate::axes::{self, ParsedSettings, ProofInput, ReferenceBuild, Setting};
use crate::build::{BuildDirs, BuildError, BuildEvidence, BuildRequest, CacheSandbox, UnitGraph};
use crate::corpus::edits;
use crate::workloads::{self, SourceChange, StartState, Workload};

/// One arm with everything that is needed to build it.
pub(super) struct LiveArm<'a> {
    pub(super) arm: &'a Arm,
    pub(super) prepared: &'a PreparedTree,
    pub(super) configured: &'a ConfiguredDriver,
    pub(super) workload: Workload,
    settings: ParsedSettings,
    pub(super) request: BuildRequest,
    pub(super) dirs: BuildDirs,
    /// Pin of the sources that it currently builds.
    pub(super) pin: Pin,
    /// Dependencies between the units of the project, known after its first build.
    pub(super) graph: Option<UnitGraph>,
    /// State after its release build, if its workload starts from one.
    pub(super) after_release: Option<AfterRelease>,
    /// Sandbox in which its builds run compiler caches that no axis has configured.
    pub(super) sandbox: Option<CacheSandbox>,
    /// Units that it compiles again although nothing has changed, with cargo's reasons.
    pub(super) needless_rebuild: Option<String>,
    /// Number of consecutive failed measured builds.
    pub(super) failures: u32,
    /// Reason why it is no longer built, if it is not.
    pub(super) dropped: Option<String>,
}

/// State after a release build.
pub(super) struct AfterRelease {
    /// Entries of the directories for results and for intermediate files.
    pub(super) built: Vec<(PathBuf, BTreeSet<PathBuf>)>,
    /// Changes in the work tree.
    pub(super) left: Option<KeptChanges>,
    /// Copies of directories that are not split by profile, each with the path of its original.
    pub(super) copies: Vec<(PathBuf, PathBuf)>,
}

/// The first build of another arm of the block.
#[derive(Clone, Copy)]
pub(super) struct Peer<'p, 'a> {
    pub(super) arm: &'p LiveArm<'a>,
    pub(super) evidence: &'p BuildEvidence,
}

impl<'a> LiveArm<'a> {
    pub(super) fn new(
        prepared_trees: &'a PreparedTrees,
        jobs: usize,
        arm: &'a Arm,
        dirs: BuildDirs,
    ) -> Result<Self, RunError> {
        let variant = &arm.variant;
        let prepared = prepared_trees
            .get(&variant.tree())
            .ok_or_else(|| RunError::Plan(format!("there is no project `{}`", variant.project)))?;
        let workload = workloads::find(&variant.workload).map_err(|refusal| RunError::Plan(refusal.what))?;
        let settings = axes::parse_all(&variant.settings).map_err(|refusal| RunError::Plan(refusal.what))?;
        let configured = prepared
            .driver_for(&variant.settings)
            .ok_or_else(|| RunError::Plan(format!("no toolchain is at hand for {}", variant.name)))?;
        for setting in settings.iter().filter(|setting| setting.value.applies_to(workload.goal)) {
            setting.value.prepare(&configured.context).map_err(|source| RunError::Io {
                action: "apply an axis in",
                path: configured.context.tools.clone(),
                source,
            })?;
        }
        let mut request = axes::build_request(&settings, workload.goal, &configured.context, jobs);
        if request.service.is_none() {
            request.service = configured.driver.implicit_service(&request);
        }
        let pin = prepared.source.pin.clone();
        Ok(Self {
            arm,
            prepared,
            configured,
            workload,
            settings,
            request,
            dirs,
            pin,
            graph: None,
            after_release: None,
            sandbox: None,
            needless_rebuild: None,
            failures: 0,
            dropped: None,
        })
    }

    /// Creates its own directories. `building` is the cargo home from which its own is derived.
    pub(super) fn create_dirs(&mut self, building: &Path) -> Result<(), RunError> {
        arm_dirs::create_dirs(&self.dirs, &self.request, building)?;
        let sandbox = CacheSandbox::in_dir(&self.dirs.service).map_err(|source| RunError::Io {
            action: "make room for a compiler cache in",
            path: self.dirs.service.clone(),
            source,
        })?;
        self.sandbox = Some(sandbox);
        Ok(())
    }

    /// Policy for what its builds leave outside its own directories.
    pub(super) fn keep(&self) -> Keep {
        if self.workload.start == StartState::Empty { Keep::Nothing } else { Keep::ForTheArm }
    }

    /// True if the edit of a round is what it rebuilds. The sources may also contain another arm's edit.
    pub(super) fn is_edited(&self) -> bool {
        self.workload.sources.changes_between_rounds() && self.dirs.edit > 0
    }

    /// Absolute paths of the files that its edits change, if the manifest names them.
    fn edited_files(&self) -> Vec<PathBuf> {
        let SourceChange::Edited(class) = self.workload.sources else { return Vec::new() };
        let edit = self.prepared.project.edit_of(class);
        let files = edit.map(edits::files).unwrap_or_default();
        files.iter().map(|file| self.dirs.source.join(file)).collect()
    }

    /// The command line of its timed build.
    pub(super) fn command_line(
        &self,
        detail: crate::build::Detail,
    ) -> Result<crate::build::CommandLine, BuildError> {
        self.configured.driver.build_command(&self.dirs, &self.request, self.workload.goal, detail)
    }

    /// The command line of the release build that its workload starts after.
    pub(super) fn release_command_line(&self) -> Result<crate::build::CommandLine, BuildError> {
        let request = BuildRequest { profile: Some("release".to_owned()), ..self.request.clone() };
        self.configured.driver.build_command(
            &self.dirs,
            &request,
            self.workload.goal,
            crate::build::Detail::Quiet,
        )
    }

    /// Proofs of all settings that its first build, from nothing, can prove alone.
    pub(super) fn prove(&self, block: &Block, input: &ProofInput<'_>) -> Vec<Proof> {
        let alone = self.settings.iter().filter(|setting| !setting.value.is_proven_by_comparison());
        alone.map(|setting| self.proof(block, &setting, input)).collect()
    }

    /// Proofs of the other settings, by comparison with the first builds of other arms.
    pub(super) fn prove_by_comparison(
        &self,
        block: &Block,
        evidence: &BuildEvidence,
        peers: &[Peer<'_, '_>],
    ) -> Vec<Proof> {
        let of = |setting: Setting<'_>| {
            let reference = self.reference(&setting, peers);
            self.proof(block, &setting, &ProofInput { build: evidence, reference, edited: false })
        };
        self.settings.iter().filter(|setting| setting.value.is_proven_by_comparison()).map(of).collect()
    }

    /// The build that a setting is compared with: an arm that differs in it alone, preferably the baseline;
    /// otherwise the baseline.
    fn reference<'p>(&self, setting: &Setting<'_>, peers: &[Peer<'p, '_>]) -> Option<ReferenceBuild<'p>> {
        let own = self.request_without(setting.key);
        let rank = |peer: &&Peer<'_, '_>| {
            let alone = own == peer.arm.request_without(setting.key);
            let baseline = peer.arm.arm.role == Role::Baseline;
            (alone || baseline).then_some((!alone, !baseline))
        };
        let others = peers.iter().filter(|peer| self.can_compare(peer.arm, setting));
        let (rank, chosen) =
            others.filter_map(|peer| Some((rank(&peer)?, peer))).min_by_key(|(rank, _)| *rank)?;
        let name = &chosen.arm.arm.variant.name;
        Some(ReferenceBuild { name, build: chosen.evidence, alone: !rank.0 })
    }

    /// True if another arm builds the same thing with another value of the setting.
    fn can_compare(&self, other: &LiveArm<'_>, setting: &Setting<'_>) -> bool {
        let (own, others) = (&self.arm.variant, &other.arm.variant);
        own.tree() == others.tree()
            && self.workload.goal == other.workload.goal
            && others.settings.get(setting.key).map(String::as_str) != Some(setting.text)
    }

    /// The build request of all settings except `key`, whatever their values are called: `linker=default`
    /// adds nothing.
    fn request_without(&self, key: &str) -> (Option<&str>, BuildRequest) {
        let mut request = BuildRequest { jobs: 0, ..BuildRequest::default() };
        let others = self.settings.iter().filter(|setting| setting.key != key);
        for setting in others.filter(|setting| setting.value.applies_to(self.workload.goal)) {
            setting.value.apply(&self.settings, &self.configured.context, &mut request);
        }
        request.rustflags_from.clear();
        request.env_from.clear();
        (axes::toolchain_name(&self.arm.variant.settings), request)
    }

    fn proof(&self, block: &Block, setting: &Setting<'_>, input: &ProofInput<'_>) -> Proof {
        let finding = if setting.value.applies_to(self.workload.goal) {
            setting.value.prove(&self.settings, &self.configured.context, input)
        } else {
            axes::ProofFinding {
                expected: format!("{}={}", setting.key, setting.text),
                found: format!("no meaning under `{}`", self.arm.variant.workload),
                result: ProofResult::NotApplicable,
            }
        };
        Proof {
            block: block.id.clone(),
            role: self.arm.role,
            variant: self.arm.variant.name.clone(),
            axis: setting.key.to_owned(),
            expected: finding.expected,
            found: finding.found,
            result: finding.result,
        }
    }

    /// Proofs of the source tree from a build from nothing, if it is an axis of the block.
    pub(super) fn prove_tree(&self, block: &Block, evidence: &BuildEvidence) -> Vec<Proof> {
        let pin = self.prepared.source.pin.to_string();
        let own: Vec<_> = evidence.artifacts.iter().filter(|artifact| artifact.own).collect();
        let here = |package: &Option<PathBuf>| {
            package.as_ref().is_some_and(|package| package.starts_with(&self.dirs.source))
        };
        let (found, result) = if own.is_empty() {
            ("the build does not tell what it is of".to_owned(), ProofResult::NotProvable)
        } else {
            let units: Vec<&str> = own.iter().map(|artifact| artifact.unit.as_str()).collect();
            let right = own.iter().all(|artifact| here(&artifact.package));
            let place = if right { "its own work tree" } else { "another tree" };
            let result = if right { ProofResult::Holds } else { ProofResult::Fails };
            (format!("{} from {place}", units.join(", ")), result)
        };
        let axes = block.axes.iter().filter(|axis| ["project", "rev"].contains(&axis.as_str()));
        axes.map(|axis| Proof {
            block: block.id.clone(),
            role: self.arm.role,
            variant: self.arm.variant.name.clone(),
            axis: axis.clone(),
            expected: pin.clone(),
            found: found.clone(),
            result,
        })
        .collect()
    }

    /// Reason why a successful build does not match the settings, if it does not.
    pub(super) fn check_sample(&self, input: &ProofInput<'_>) -> Option<String> {
        let applied = self.settings.iter().filter(|setting| setting.value.applies_to(self.workload.goal));
        let reason = |setting: Setting<'_>| {
            let reason = setting.value.check_sample(input)?;
            Some(format!("{}={}: {reason}", setting.key, setting.text))
        };
        applied.filter_map(reason).next()
    }

    /// Reason why a successful build did not compile the units that its workload expects, if it did not: all
    /// units from an empty target directory, none if nothing changed, after an edit those that it reaches.
    pub(super) fn unexpected_units(&self, evidence: &BuildEvidence) -> Option<String> {
        let units = self.workload.expected_rebuild;
        let finding = self.judge_units(evidence);
        let other = finding.result == ProofResult::Fails;
        other.then(|| format!("expected {}, found {}", units.describe(), finding.found))
    }

    fn judge_units(&self, evidence: &BuildEvidence) -> workloads::RebuildFinding {
        let (graph, edited) = (self.graph.as_ref(), self.edited_files());
        self.workload.expected_rebuild.judge(&workloads::RebuildInput {
            build: evidence,
            graph,
            edited: &edited,
        })
    }

    /// Proof of the workload from a build under it: the compiled units.
    pub(super) fn prove_workload(&self, block: &Block, evidence: &BuildEvidence) -> Proof {
        let units = self.workload.expected_rebuild;
        let mut finding = self.judge_units(evidence);
        if finding.result == ProofResult::Fails
            && let Some(why) = &self.needless_rebuild
        {
            finding.found = format!("{}; builds {why}", finding.found);
        }
        Proof {
            block: block.id.clone(),
            role: self.arm.role,
            variant: self.arm.variant.name.clone(),
            axis: "workload".to_owned(),
            expected: units.describe(),
            found: finding.found,
            result: finding.result,
        }
    }
}
