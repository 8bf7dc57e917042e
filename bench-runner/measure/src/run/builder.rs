//! One build: the untimed steps around it, the build itself, and its row in the bundle.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use bench_runner_core::bundle::BundleWriter;
use bench_runner_core::record::{Block, Interference, Outcome, Phase, Sample, SharedText, TEXT_SETTINGS};

use super::arm::LiveArm;
use super::arm_dirs::make;
use super::attempt::{Attempt, outcome};
use super::block_dirs::BlockDirs;
use super::build_sizes::{BuildSizes, BuildStage};
use super::clock::{Clock, Purpose};
use super::kept_outputs::log_name;
use super::notes::Notes;
use super::serviced_build::{self, ServicedBuild};
use super::supervisor_job::{failure, job, last_lines, with_last_lines};
use super::unit_counter::{LOOK_INTERVAL, UnitCounter};
use super::{Inputs, Observer, RunError, RunEvent, after_release, arm_dirs};
use crate::build::{BuildEvidence, CacheSandbox, CommandLine, Detail, RunningService, Service};
use crate::host::{self, InterferenceWatch};
use crate::process::{BuildWatch, ExitKind, Job, Supervisor};
use crate::workloads::StartState;

/// Largest amount of dirty pages when a clock starts.
const DIRTY_LIMIT: u64 = 16 << 20;
/// Longest time that settling waits for dirty pages to fall to [`DIRTY_LIMIT`].
const SETTLE_AT_MOST: Duration = Duration::from_secs(3);

/// Makes builds and records them.
pub(super) struct Builder<'a> {
    pub(super) supervisor: &'a mut Supervisor,
    pub(super) writer: &'a mut BundleWriter,
    pub(super) observer: &'a mut dyn Observer,
    pub(super) clock: Clock,
    /// Findings about the builds of the block.
    pub(super) notes: Notes,
    /// A service that the last build started unexpectedly.
    pub(super) discovered: Option<Service>,
    /// Directories of dependencies that builds have modified.
    pub(super) modified_packages: BTreeSet<PathBuf>,
    sizes: BuildSizes,
    number: u32,
    predecessor: Option<String>,
}

/// Position of a build in its block.
#[derive(Debug, Clone, Copy)]
pub(super) struct BuildSlot {
    pub(super) session: u32,
    pub(super) phase: Phase,
    pub(super) round: u32,
    pub(super) position: u32,
    pub(super) attempt: u32,
    pub(super) visit: u32,
    pub(super) stage: BuildStage,
}

/// Outcome of a build.
pub(super) enum BuildOutcome {
    /// It is in the bundle.
    Recorded {
        sample: Box<Sample>,
        evidence: Box<BuildEvidence>,
        /// Reason why a build that succeeded is not valid.
        flaw: Option<String>,
        /// What it printed.
        output: String,
    },
    /// The run was interrupted; there is no sample.
    Interrupted,
}

impl<'a> Builder<'a> {
    pub(super) fn new(
        inputs: &Inputs<'_>,
        clock: Clock,
        supervisor: &'a mut Supervisor,
        writer: &'a mut BundleWriter,
        observer: &'a mut dyn Observer,
    ) -> Self {
        let number = inputs.earlier.iter().map(|sample| sample.number).max().unwrap_or(0);
        Self {
            supervisor,
            writer,
            observer,
            clock,
            notes: Notes::default(),
            discovered: None,
            modified_packages: BTreeSet::new(),
            sizes: BuildSizes::default(),
            number,
            predecessor: None,
        }
    }

    /// Records how the time so far was spent.
    pub(super) fn save_time(&mut self) -> Result<(), RunError> {
        let time = self.clock.spent();
        Ok(self.writer.update(|manifest| manifest.time = time)?)
    }

    /// Forgets the previous build, at the start of a block or session.
    pub(super) fn begin(&mut self) {
        self.predecessor = None;
    }

    /// Builds `arm` once and records it.
    pub(super) fn build(
        &mut self,
        block: &Block,
        dirs: &BlockDirs,
        arm: &LiveArm<'_>,
        slot: BuildSlot,
        detail: Detail,
    ) -> Result<BuildOutcome, RunError> {
        let variant = &arm.arm.variant;
        let expected = self.sizes.expect(block, arm, slot.stage, self.observer.displays_units());
        self.observer.event(&RunEvent::Building {
            number: self.number + 1,
            role: arm.arm.role,
            variant: &variant.name,
            phase: slot.phase,
            round: slot.round,
            expected,
        });
        if !self.settle(dirs, arm, slot.stage == BuildStage::Release)? {
            return Ok(BuildOutcome::Interrupted);
        }
        let attempt = self.attempt(block, dirs, arm, slot, detail)?;
        if attempt.finished.as_ref().is_some_and(|finished| finished.ended == ExitKind::Interrupted) {
            return Ok(BuildOutcome::Interrupted);
        }
        let flaw = attempt.flaw(arm, slot.phase);
        let output = attempt.log_text(flaw.as_deref());
        let Attempt { finished, evidence, interference, .. } = attempt;
        let outcome = match outcome(finished.as_ref()) {
            Outcome::Built(_) if flaw.is_some() => Outcome::Failed { exit_code: Some(0) },
            outcome => outcome,
        };
        let sample = Sample {
            number: self.number + 1,
            block: block.id.clone(),
            session: slot.session,
            project: (&variant.project).into(),
            pin: arm.pin.clone().into(),
            workload: (&variant.workload).into(),
            variant: (&variant.name).into(),
            role: arm.arm.role,
            settings: settings(arm).into(),
            phase: slot.phase,
            round: slot.round,
            position: slot.position,
            attempt: slot.attempt,
            visit: Some(slot.visit),
            edit: arm.dirs.edit,
            predecessor: self.predecessor.take().map(SharedText::from),
            started_at: finished.as_ref().map_or_else(std::time::SystemTime::now, |f| f.started_at),
            outcome,
            rebuilt: evidence.rebuilt.as_ref().map(|(rebuilt, _)| rebuilt.clone()),
            artifact_bytes: evidence.artifact_bytes,
            interference,
            cache: evidence.cache,
        };
        self.sizes.record(&sample, slot.stage);
        let sample = self.record(sample, &evidence, &output)?;
        Ok(BuildOutcome::Recorded { sample: Box::new(sample), evidence: Box::new(evidence), flaw, output })
    }

    /// Runs the build and reads its evidence.
    fn attempt(
        &mut self,
        block: &Block,
        dirs: &BlockDirs,
        arm: &LiveArm<'_>,
        slot: BuildSlot,
        detail: Detail,
    ) -> Result<Attempt, RunError> {
        let command = match slot.stage {
            BuildStage::Release => arm.release_command_line(),
            BuildStage::FromNothing | BuildStage::Workload => arm.command_line(detail),
        };
        let command = match command {
            Ok(command) => command,
            Err(error) => return Ok(Attempt { stderr: error.to_string(), ..Attempt::default() }),
        };
        let running = self.start(arm, block.sampling.timeout)?;
        let watch = InterferenceWatch::start();
        let job = job(&dirs.out(), command.clone(), block.sampling.timeout);
        let ServicedBuild { finished, report, discovered } = self.run_timed(job, running, arm, slot.phase)?;
        self.discovered = discovered;
        let interference =
            Interference { stragglers: finished.stragglers, ..watch.stop(finished.user + finished.sys) };
        let [stdout, stderr] = ["stdout", "stderr"].map(|kind| dirs.read_output(kind));
        let evidence = arm.configured.driver.evidence(&command, &stdout, &stderr);
        let evidence = BuildEvidence { cache: report.used, rust_cache_use: report.used_by_rust, ..evidence };
        self.note_leftovers(arm)?;
        self.note_modified_packages(arm, &stdout);
        Ok(Attempt {
            finished: Some(finished),
            evidence,
            interference,
            trouble: report.trouble,
            stdout,
            stderr,
        })
    }

    /// Empties all directories of `arm`, as before any build. The store of its service is kept.
    pub(super) fn start_over(&mut self, dirs: &BlockDirs, arm: &LiveArm<'_>) -> Result<(), RunError> {
        self.leave(dirs)?;
        arm_dirs::empty(&arm.dirs)?;
        dirs.forget(arm)
    }

    /// Removes the results of an arm that builds from nothing, and state that only its next build would need.
    pub(super) fn clear(&mut self, dirs: &BlockDirs, arm: &LiveArm<'_>) -> Result<(), RunError> {
        let start = Instant::now();
        match arm.workload.start {
            StartState::Empty => self.start_over(dirs, arm)?,
            StartState::AfterRelease => {
                self.leave(dirs)?;
                after_release::restore_state(dirs, arm)?;
            }
            StartState::Warm => self.leave(dirs)?,
        }
        empty_store(arm)?;
        self.clock.since(Purpose::Settling, start);
        Ok(())
    }

    /// Runs a build for its output alone, neither timed nor recorded. Returns standard output and standard
    /// error if it succeeded. Must follow a build of the same arm.
    pub(super) fn run_unrecorded(
        &mut self,
        dirs: &BlockDirs,
        arm: &LiveArm<'_>,
        command: CommandLine,
        limit: Duration,
    ) -> Result<Option<[String; 2]>, RunError> {
        let running = self.start(arm, limit)?;
        let job = job(&dirs.out(), command, limit);
        let attended = self.run_timed(job, running, arm, Phase::Warmup)?;
        let ended_well = attended.finished.ended == ExitKind::Exited(0);
        Ok(ended_well.then(|| ["stdout", "stderr"].map(|kind| dirs.read_output(kind))))
    }

    /// Runs an untimed command of the project. `false` if the run was interrupted. The caller accounts for
    /// its time.
    pub(super) fn run_untimed(
        &mut self,
        dirs: &BlockDirs,
        arm: &LiveArm<'_>,
        command: CommandLine,
    ) -> Result<bool, RunError> {
        let text = [vec![command.program.display().to_string()], command.args.clone()].concat().join(" ");
        let env = arm.sandbox.as_ref().map(|sandbox| sandbox.environment(&command.env));
        let command = CommandLine { env: env.unwrap_or_else(|| command.env.clone()), ..command };
        let finished = self.supervisor.build(&job(&dirs.out(), command, Duration::from_secs(3600)))?;
        if finished.ended == ExitKind::Interrupted {
            return Ok(false);
        }
        let Some(reason) = failure(finished.ended, "it took longer than an hour") else { return Ok(true) };
        let project = arm.arm.variant.project.clone();
        Err(RunError::Untimed {
            project,
            command: text,
            reason: with_last_lines(reason, &dirs.read_output("stderr")),
        })
    }

    /// Creates the state that the workload starts from, then waits until the machine has nothing left to
    /// write.
    fn settle(&mut self, dirs: &BlockDirs, arm: &LiveArm<'_>, release: bool) -> Result<bool, RunError> {
        let start = Instant::now();
        self.leave(dirs)?;
        let from_nothing = arm.workload.start == StartState::Empty || release;
        if arm.workload.start == StartState::AfterRelease && !release {
            after_release::restore_state(dirs, arm)?;
        }
        if from_nothing {
            self.start_over(dirs, arm)?;
        }
        dirs.enter(arm, arm.keep())?;
        if from_nothing && !self.unpack_again(dirs, arm)? {
            return Ok(false);
        }
        if from_nothing
            && let Some(command) = arm.configured.driver.clean(&arm.dirs, &arm.request)
            && !self.run_untimed(dirs, arm, command)?
        {
            return Ok(false);
        }
        empty_store(arm)?;
        make(&arm.dirs.target)?;
        // The output of an earlier build must not be taken for that of this one.
        for kind in ["stdout", "stderr"] {
            match std::fs::remove_file(dirs.output_file(kind)) {
                Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                    return Err(RunError::Io { action: "remove", path: dirs.output_file(kind), source });
                }
                _ => {}
            }
        }
        host::settle(dirs.dir(), DIRTY_LIMIT, SETTLE_AT_MOST)?;
        self.clock.since(Purpose::Settling, start);
        Ok(true)
    }

    /// The build itself, with its service if it has one. Only warm-up builds are looked at meanwhile, and only
    /// for an observer that displays what is seen.
    fn run_timed(
        &mut self,
        job: Job,
        running: Option<RunningService>,
        arm: &LiveArm<'_>,
        phase: Phase,
    ) -> Result<ServicedBuild, RunError> {
        let (start, beside) = (Instant::now(), running.is_some());
        let is_watched = phase == Phase::Warmup && self.observer.displays_units();
        let output = job.stdout.clone();
        let mut units = UnitCounter::new(arm.configured.driver.as_ref(), &output);
        let mut look = || {
            if let Some(units) = units.look() {
                self.observer.event(&RunEvent::Units(units));
            }
        };
        let mut watch = is_watched.then(|| BuildWatch::new(LOOK_INTERVAL, &mut look));
        let attended =
            serviced_build::run(self.supervisor, job, running, arm.sandbox.as_ref(), watch.as_mut())?;
        if beside {
            // The server is started, awaited and stopped around the build.
            self.clock.add(Purpose::Settling, start.elapsed().saturating_sub(attended.finished.wall));
        }
        let purpose = match phase {
            Phase::Warmup => Purpose::Warmup,
            Phase::Measured => Purpose::Measured,
        };
        self.clock.add(purpose, attended.finished.wall);
        Ok(attended)
    }

    /// Prepares the service of a build.
    fn start(&mut self, arm: &LiveArm<'_>, limit: Duration) -> Result<Option<RunningService>, RunError> {
        let Some(service) = &arm.request.service else { return Ok(None) };
        let start = Instant::now();
        make(&arm.dirs.service)?;
        let running = service.start(&arm.dirs.service, limit).map_err(|source| RunError::Io {
            action: "make a service ready in",
            path: arm.dirs.service.clone(),
            source,
        })?;
        self.clock.since(Purpose::Settling, start);
        Ok(Some(running))
    }

    fn record(&mut self, sample: Sample, evidence: &BuildEvidence, text: &str) -> Result<Sample, RunError> {
        self.number = sample.number;
        self.predecessor = Some(format!("{}:{}", sample.role.as_str(), sample.variant));
        if let Some((rebuilt, units)) = &evidence.rebuilt {
            self.writer.append_unit_set(&rebuilt.set, units)?;
        }
        self.writer.append_sample(&sample)?;
        let ended_well = matches!(sample.outcome, Outcome::Built(_));
        if !ended_well {
            self.writer.write_log(&log_name(&sample), text)?;
        }
        self.observer
            .event(&RunEvent::Built { sample: &sample, output: (!ended_well).then(|| last_lines(text)) });
        Ok(sample)
    }
}

/// Removes the store of a service, or of an unconfigured cache, if it must not survive until the next build.
fn empty_store(arm: &LiveArm<'_>) -> Result<(), RunError> {
    let dir = &arm.dirs.service;
    let stores: Vec<_> = match &arm.request.service {
        Some(service) => service.store_to_remove(dir).into_iter().collect(),
        None if arm.workload.start == StartState::Empty => vec![CacheSandbox::store_dir(dir)],
        None => Vec::new(),
    };
    Ok(stores.iter().try_for_each(|store| host::remove_tree(store))?)
}

fn settings(arm: &LiveArm<'_>) -> std::collections::BTreeMap<String, String> {
    let variant = &arm.arm.variant;
    let mut settings = variant.settings.clone();
    settings.retain(|key, _| !TEXT_SETTINGS.contains(&key.as_str()));
    settings.extend(variant.rev.clone().map(|rev| ("rev".to_owned(), rev)));
    settings
}
