//! One build: everything around it that is not timed, the build itself, and its row in the bundle.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use bench_runner_core::bundle::Writer;
use bench_runner_core::record::{Block, Interference, Outcome, Phase, Sample, TEXT_SETTINGS, Text};

use super::arm::LiveArm;
use super::arm_dirs::make;
use super::attempt::{Attempt, outcome};
use super::block_dirs::BlockDirs;
use super::clock::{Clock, Purpose};
use super::notes::Notes;
use super::serviced_build::{self, ServicedBuild};
use super::supervisor_job::{failure, job, last_lines, with_last_lines};
use super::{Inputs, Observer, RunError, RunEvent, after_release, arm_dirs};
use crate::build::{CommandLine, Corner, Detail, Evidence, RunningService, Service};
use crate::host::{self, Watch};
use crate::process::{ExitKind, Job, Supervisor};
use crate::workloads::Start;

/// Dirty pages that may be left when a clock starts.
const DIRTY_LIMIT: u64 = 16 << 20;
/// How long settling waits for them.
const SETTLE_AT_MOST: Duration = Duration::from_secs(3);

/// Makes builds and writes them down.
pub(super) struct Builder<'a> {
    pub(super) supervisor: &'a mut Supervisor,
    pub(super) writer: &'a mut Writer,
    pub(super) observer: &'a mut dyn Observer,
    pub(super) clock: Clock,
    /// What was found out about the builds of the block.
    pub(super) notes: Notes,
    /// The service that the last build has started, although nobody knew that it would.
    pub(super) discovered: Option<Service>,
    /// Directories of dependencies that builds have written into.
    pub(super) modified_packages: BTreeSet<PathBuf>,
    number: u32,
    predecessor: Option<String>,
}

/// Where a build stands in its block.
#[derive(Debug, Clone, Copy)]
pub(super) struct BuildSlot {
    pub(super) session: u32,
    pub(super) phase: Phase,
    pub(super) round: u32,
    pub(super) position: u32,
    pub(super) attempt: u32,
    pub(super) visit: u32,
    /// Whether it is the release build that a workload starts after, and not one under the workload.
    pub(super) release: bool,
}

/// What a build came to.
pub(super) enum BuildOutcome {
    /// It is in the bundle. With it, why it was not what it should have been, where it ended well and was not.
    Recorded(Box<Sample>, Box<Evidence>, Option<String>),
    /// The run was interrupted meanwhile; there is no sample.
    Interrupted,
}

impl<'a> Builder<'a> {
    pub(super) fn new(
        inputs: &Inputs<'_>,
        clock: Clock,
        supervisor: &'a mut Supervisor,
        writer: &'a mut Writer,
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
            number,
            predecessor: None,
        }
    }

    /// Writes down where the time went so far.
    pub(super) fn save_time(&mut self) -> Result<(), RunError> {
        let time = self.clock.spent();
        Ok(self.writer.update(|manifest| manifest.time = time)?)
    }

    /// Forgets what was built last: a new block or session begins.
    pub(super) fn begin(&mut self) {
        self.predecessor = None;
    }

    /// Builds `arm` once and writes it down.
    pub(super) fn build(
        &mut self,
        block: &Block,
        dirs: &BlockDirs,
        arm: &LiveArm<'_>,
        place: BuildSlot,
        detail: Detail,
    ) -> Result<BuildOutcome, RunError> {
        let variant = &arm.arm.variant;
        self.observer.event(&RunEvent::Building {
            number: self.number + 1,
            variant: &variant.name,
            phase: place.phase,
            round: place.round,
        });
        if !self.settle(dirs, arm, place.release)? {
            return Ok(BuildOutcome::Interrupted);
        }
        let tried = self.attempt(block, dirs, arm, place, detail)?;
        if tried.finished.as_ref().is_some_and(|finished| finished.ended == ExitKind::Interrupted) {
            return Ok(BuildOutcome::Interrupted);
        }
        let flaw = tried.flaw(arm, place.phase);
        let text = tried.failure_text(flaw.as_deref());
        let Attempt { finished, evidence, interference, .. } = tried;
        let outcome = match outcome(finished.as_ref()) {
            Outcome::Built(_) if flaw.is_some() => Outcome::Failed { exit_code: Some(0) },
            outcome => outcome,
        };
        let sample = Sample {
            number: self.number + 1,
            block: block.id.clone(),
            session: place.session,
            project: (&variant.project).into(),
            pin: arm.pin.clone().into(),
            workload: (&variant.workload).into(),
            variant: (&variant.name).into(),
            role: arm.arm.role,
            settings: settings(arm).into(),
            phase: place.phase,
            round: place.round,
            position: place.position,
            attempt: place.attempt,
            visit: Some(place.visit),
            edit: arm.dirs.edit,
            predecessor: self.predecessor.take().map(Text::from),
            started_at: finished.as_ref().map_or_else(std::time::SystemTime::now, |f| f.started_at),
            outcome,
            rebuilt: evidence.rebuilt.as_ref().map(|(rebuilt, _)| rebuilt.clone()),
            artifact_bytes: evidence.artifact_bytes,
            interference,
            cache: evidence.cache,
        };
        let sample = self.record(sample, &evidence, &text)?;
        Ok(BuildOutcome::Recorded(Box::new(sample), Box::new(evidence), flaw))
    }

    /// Runs the build and looks at what it left.
    fn attempt(
        &mut self,
        block: &Block,
        dirs: &BlockDirs,
        arm: &LiveArm<'_>,
        place: BuildSlot,
        detail: Detail,
    ) -> Result<Attempt, RunError> {
        let command = if place.release { arm.release_command_line() } else { arm.command_line(detail) };
        let command = match command {
            Ok(command) => command,
            Err(error) => return Ok(Attempt { stderr: error.to_string(), ..Attempt::default() }),
        };
        let running = self.start(arm, block.sampling.timeout)?;
        let watch = Watch::start();
        let job = job(&dirs.out(), command.clone(), block.sampling.timeout);
        let ServicedBuild { finished, report, discovered } =
            self.timed(job, running, arm.corner.as_ref(), place.phase)?;
        self.discovered = discovered;
        let interference =
            Interference { stragglers: finished.stragglers, ..watch.stop(finished.user + finished.sys) };
        let [stdout, stderr] = ["stdout", "stderr"].map(|kind| dirs.read_output(kind));
        let evidence = arm.configured.driver.evidence(&command, &stdout, &stderr);
        let evidence = Evidence { cache: report.used, cache_of_rust: report.of_rust, ..evidence };
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

    /// Makes everything that builds of `arm` leave empty, as it is before any build. What its service keeps is not.
    pub(super) fn start_over(&mut self, dirs: &BlockDirs, arm: &LiveArm<'_>) -> Result<(), RunError> {
        self.leave(dirs)?;
        arm_dirs::empty(&arm.dirs)?;
        dirs.forget(arm)
    }

    /// Removes what an arm built from nothing has left, and what only the next build would need.
    pub(super) fn clear(&mut self, dirs: &BlockDirs, arm: &LiveArm<'_>) -> Result<(), RunError> {
        let start = Instant::now();
        match arm.workload.start {
            Start::Empty => self.start_over(dirs, arm)?,
            Start::AfterRelease => {
                self.leave(dirs)?;
                after_release::restore_state(dirs, arm)?;
            }
            Start::Warm => self.leave(dirs)?,
        }
        empty_store(arm)?;
        self.clock.since(Purpose::Settling, start);
        Ok(())
    }

    /// Runs a build for what it says alone: it is neither timed nor written down. Gives its standard output and standard
    /// error if it ended well. To be called after a build of the same arm.
    pub(super) fn run_unrecorded(
        &mut self,
        dirs: &BlockDirs,
        arm: &LiveArm<'_>,
        command: CommandLine,
        limit: Duration,
    ) -> Result<Option<[String; 2]>, RunError> {
        let running = self.start(arm, limit)?;
        let job = job(&dirs.out(), command, limit);
        let attended = self.timed(job, running, arm.corner.as_ref(), Phase::Warmup)?;
        let ended_well = attended.finished.ended == ExitKind::Exited(0);
        Ok(ended_well.then(|| ["stdout", "stderr"].map(|kind| dirs.read_output(kind))))
    }

    /// Runs a command of the project that is not timed. `false` where the run was interrupted. Whose time it is
    /// booked to is the caller's to say.
    pub(super) fn run_untimed(
        &mut self,
        dirs: &BlockDirs,
        arm: &LiveArm<'_>,
        command: CommandLine,
    ) -> Result<bool, RunError> {
        let text = [vec![command.program.display().to_string()], command.args.clone()].concat().join(" ");
        let env = arm.corner.as_ref().map(|corner| corner.environment(&command.env));
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

    /// Brings about what the workload starts from, then waits until the machine has nothing left to write.
    fn settle(&mut self, dirs: &BlockDirs, arm: &LiveArm<'_>, release: bool) -> Result<bool, RunError> {
        let start = Instant::now();
        self.leave(dirs)?;
        let from_nothing = arm.workload.start == Start::Empty || release;
        if arm.workload.start == Start::AfterRelease && !release {
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
        // What an earlier build said must not be taken for what this one says.
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

    /// The build itself, with its service where it has one.
    fn timed(
        &mut self,
        job: Job,
        running: Option<RunningService>,
        corner: Option<&Corner>,
        phase: Phase,
    ) -> Result<ServicedBuild, RunError> {
        let (start, beside) = (Instant::now(), running.is_some());
        let attended = serviced_build::run(self.supervisor, job, running, corner)?;
        if beside {
            // Its server is started, waited for and stopped around the build.
            self.clock.add(Purpose::Settling, start.elapsed().saturating_sub(attended.finished.wall));
        }
        let purpose = match phase {
            Phase::Warmup => Purpose::Warmup,
            Phase::Measured => Purpose::Measured,
        };
        self.clock.add(purpose, attended.finished.wall);
        Ok(attended)
    }

    /// Makes the service ready that a build asks for.
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

    fn record(&mut self, sample: Sample, evidence: &Evidence, text: &str) -> Result<Sample, RunError> {
        self.number = sample.number;
        self.predecessor = Some(format!("{}:{}", sample.role.as_str(), sample.variant));
        if let Some((rebuilt, units)) = &evidence.rebuilt {
            self.writer.unit_set(&rebuilt.set, units)?;
        }
        self.writer.sample(&sample)?;
        let ended_well = matches!(sample.outcome, Outcome::Built(_));
        if !ended_well {
            self.writer.log(&format!("{:05}-{}", sample.number, sample.variant), text)?;
        }
        self.observer
            .event(&RunEvent::Built { sample: &sample, output: (!ended_well).then(|| last_lines(text)) });
        Ok(sample)
    }
}

/// Removes what a service, or a cache that nobody knows of, keeps from one build to the next and should not.
fn empty_store(arm: &LiveArm<'_>) -> Result<(), RunError> {
    let dir = &arm.dirs.service;
    let stores: Vec<_> = match &arm.request.service {
        Some(service) => service.to_be_removed(dir).into_iter().collect(),
        None if arm.workload.start == Start::Empty => vec![Corner::store(dir)],
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
