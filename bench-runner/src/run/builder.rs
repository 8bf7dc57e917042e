//! One build: everything around it that is not timed, the build itself, and its row in the bundle.

use std::path::Path;
use std::time::{Duration, Instant};

use super::arm::LiveArm;
use super::clock::{Clock, Purpose};
use super::supervised::{self, Attended};
use super::workspace::{Workspace, make};
use super::{DRAIN, Event, Inputs, Observer, RunError, after_release};
use crate::axes::Shown;
use crate::build::{Detail, Evidence, Standing, Step};
use crate::bundle::Writer;
use crate::host::{self, Watch};
use crate::process::{Ended, Finished, Job, Supervisor};
use crate::record::{Block, Cost, Disturbance, Outcome, Phase, Sample, TEXTS, Text};
use crate::workloads::Start;

/// Dirty pages that may be left when a clock starts.
const DIRTY_LIMIT: u64 = 16 << 20;
/// How long settling waits for them.
const SETTLE_AT_MOST: Duration = Duration::from_secs(3);
/// Lines of a failed build that are shown.
const SHOWN_LINES: usize = 12;

/// Makes builds and writes them down.
pub(super) struct Builder<'a> {
    pub(super) supervisor: &'a mut Supervisor,
    pub(super) writer: &'a mut Writer,
    pub(super) observer: &'a mut dyn Observer,
    pub(super) clock: Clock,
    number: u32,
    predecessor: Option<String>,
}

/// Where a build stands in its block.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) session: u32,
    pub(super) phase: Phase,
    pub(super) round: u32,
    pub(super) position: u32,
    pub(super) attempt: u32,
    /// Whether it is the release build that a workload starts after, and not one under the workload.
    pub(super) release: bool,
}

/// What a build came to.
pub(super) enum Made {
    /// It is in the bundle. With it, why it was not what it should have been, where it ended well and was not.
    Sample(Box<Sample>, Box<Evidence>, Option<String>),
    /// The run was interrupted meanwhile; there is no sample.
    Interrupted,
}

/// A build that was tried, before it is a sample.
#[derive(Default)]
struct Tried {
    /// `None` where there was no command line for it.
    finished: Option<Finished>,
    evidence: Evidence,
    disturbance: Disturbance,
    /// What went wrong with its service.
    trouble: Option<String>,
    stdout: String,
    stderr: String,
}

impl Tried {
    /// Why it was not what it should have been, where that is not to be seen from how it ended.
    fn flaw(&self, arm: &LiveArm<'_>, phase: Phase) -> Option<String> {
        match &self.finished.as_ref()?.ended {
            Ended::Exited(0) if self.trouble.is_some() => self.trouble.clone(),
            Ended::Exited(code) if *code != 0 => {
                let trouble = self.trouble.as_ref()?;
                Some(format!("the build failed with exit code {code}: {trouble}"))
            }
            Ended::Exited(0) if self.nothing_made().is_some() => self.nothing_made(),
            // A build that is to yield a proof is judged by that.
            Ended::Exited(0) if phase == Phase::Measured => {
                let edited = arm.is_edited();
                let shown = Shown { build: &self.evidence, baseline: None, edited };
                arm.contradicted(&shown).or_else(|| arm.other_units(&self.evidence))
            }
            Ended::NotStarted { reason } => Some(format!("the build could not be started: {reason}")),
            _ => None,
        }
    }

    /// An executable that should be there and is not: a linker that does nothing ends well.
    fn nothing_made(&self) -> Option<String> {
        let missing = self.evidence.executables.iter().find(|path| !path.is_file())?;
        let name = missing.file_name().unwrap_or_default().to_string_lossy();
        Some(format!("the build ended well and made no `{name}`"))
    }

    /// What is to be read of it where it did not end well.
    fn last_words(&self, flaw: Option<&str>) -> String {
        // Tools such as make complain on standard output.
        let said = if self.stderr.trim().is_empty() { &self.stdout } else { &self.stderr };
        match flaw.or(self.trouble.as_deref()) {
            Some(reason) => format!("{said}\n{reason}"),
            None => said.clone(),
        }
    }
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
        Self { supervisor, writer, observer, clock, number, predecessor: None }
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
        workspace: &Workspace,
        arm: &LiveArm<'_>,
        place: Place,
        detail: Detail,
    ) -> Result<Made, RunError> {
        let variant = &arm.arm.variant;
        self.observer.event(&Event::Building {
            number: self.number + 1,
            variant: &variant.name,
            phase: place.phase,
            round: place.round,
        });
        if !self.settle(workspace, arm, place.release)? {
            return Ok(Made::Interrupted);
        }
        let tried = self.attempt(block, workspace, arm, place, detail)?;
        if tried.finished.as_ref().is_some_and(|finished| finished.ended == Ended::Interrupted) {
            return Ok(Made::Interrupted);
        }
        let flaw = tried.flaw(arm, place.phase);
        let said = tried.last_words(flaw.as_deref());
        let Tried { finished, evidence, disturbance, .. } = tried;
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
            edit: arm.site.edit,
            predecessor: self.predecessor.take().map(Text::from),
            started_at: finished.as_ref().map_or_else(std::time::SystemTime::now, |f| f.started_at),
            outcome,
            rebuilt: evidence.rebuilt.as_ref().map(|(rebuilt, _)| rebuilt.clone()),
            artifact_bytes: evidence.artifact_bytes,
            disturbance,
            cache: evidence.cache,
        };
        let sample = self.record(sample, &evidence, &said)?;
        Ok(Made::Sample(Box::new(sample), Box::new(evidence), flaw))
    }

    /// Runs the build and looks at what it left.
    fn attempt(
        &mut self,
        block: &Block,
        workspace: &Workspace,
        arm: &LiveArm<'_>,
        place: Place,
        detail: Detail,
    ) -> Result<Tried, RunError> {
        let step = if place.release { arm.release_step() } else { arm.step(detail) };
        let step = match step {
            Ok(step) => step,
            Err(error) => return Ok(Tried { stderr: error.to_string(), ..Tried::default() }),
        };
        let standing = self.stand_up(arm, block.sampling.timeout)?;
        let watch = Watch::start();
        let job = job(workspace, step.clone(), block.sampling.timeout);
        let Attended { finished, report } = self.timed(job, standing, place.phase)?;
        let disturbance =
            Disturbance { stragglers: finished.stragglers, ..watch.stop(finished.user + finished.sys) };
        let [stdout, stderr] = ["stdout", "stderr"].map(|kind| read(&workspace.output(kind)));
        let evidence = arm.kit.driver.evidence(&step, &stdout, &stderr);
        let evidence = Evidence { cache: report.used, cache_of_rust: report.of_rust, ..evidence };
        Ok(Tried { finished: Some(finished), evidence, disturbance, trouble: report.trouble, stdout, stderr })
    }

    /// Removes what an arm built from nothing has left, and what only the next build would need.
    pub(super) fn clear(&mut self, arm: &LiveArm<'_>) -> Result<(), RunError> {
        let start = Instant::now();
        match arm.workload.start {
            Start::Empty => host::remove_tree(&arm.site.target)?,
            Start::AfterRelease => after_release::bring_back(&arm.site.target, &arm.left)?,
            Start::Warm => {}
        }
        empty_store(arm)?;
        self.clock.since(Purpose::Settling, start);
        Ok(())
    }

    /// Runs a command of the project that is not timed. `false` where the run was interrupted. Whose time it is
    /// booked to is the caller's to say.
    pub(super) fn untimed(
        &mut self,
        workspace: &Workspace,
        arm: &LiveArm<'_>,
        step: Step,
    ) -> Result<bool, RunError> {
        let command = [vec![step.program.display().to_string()], step.args.clone()].concat().join(" ");
        let finished = self.supervisor.build(&job(workspace, step, Duration::from_secs(3600)))?;
        let reason = match finished.ended {
            Ended::Exited(0) => return Ok(true),
            Ended::Interrupted => return Ok(false),
            Ended::Exited(code) => format!("exit code {code}"),
            Ended::Signalled(signal) => format!("signal {signal}"),
            Ended::TimedOut => "it took longer than an hour".to_owned(),
            Ended::NotStarted { reason } => reason,
        };
        let said = last_lines(&read(&workspace.output("stderr")));
        let project = arm.arm.variant.project.clone();
        let reason = if said.is_empty() { reason } else { format!("{reason}\n{said}") };
        Err(RunError::Untimed { project, command, reason })
    }

    /// Brings about what the workload starts from, then waits until the machine has nothing left to write.
    fn settle(&mut self, workspace: &Workspace, arm: &LiveArm<'_>, release: bool) -> Result<bool, RunError> {
        let start = Instant::now();
        if arm.workload.start == Start::AfterRelease && !release {
            after_release::bring_back(&arm.site.target, &arm.left)?;
        }
        if arm.workload.start == Start::Empty || release {
            host::remove_tree(&arm.site.target)?;
            if let Some(step) = arm.kit.driver.clean(&arm.site, &arm.recipe)
                && !self.untimed(workspace, arm, step)?
            {
                return Ok(false);
            }
        }
        empty_store(arm)?;
        make(&arm.site.target)?;
        // What an earlier build said must not be taken for what this one says.
        for kind in ["stdout", "stderr"] {
            match std::fs::remove_file(workspace.output(kind)) {
                Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                    return Err(RunError::Io { action: "remove", path: workspace.output(kind), source });
                }
                _ => {}
            }
        }
        host::settle(workspace.dir(), DIRTY_LIMIT, SETTLE_AT_MOST)?;
        self.clock.since(Purpose::Settling, start);
        Ok(true)
    }

    /// The build itself, with its service where it has one.
    fn timed(&mut self, job: Job, standing: Option<Standing>, phase: Phase) -> Result<Attended, RunError> {
        let (start, beside) = (Instant::now(), standing.is_some());
        let attended = supervised::build(self.supervisor, job, standing)?;
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
    fn stand_up(&mut self, arm: &LiveArm<'_>, limit: Duration) -> Result<Option<Standing>, RunError> {
        let Some(service) = &arm.recipe.service else { return Ok(None) };
        let start = Instant::now();
        make(&arm.site.service)?;
        let standing = service.stand_up(&arm.site.service, limit).map_err(|source| RunError::Io {
            action: "make a service ready in",
            path: arm.site.service.clone(),
            source,
        })?;
        self.clock.since(Purpose::Settling, start);
        Ok(Some(standing))
    }

    fn record(&mut self, sample: Sample, evidence: &Evidence, said: &str) -> Result<Sample, RunError> {
        self.number = sample.number;
        self.predecessor = Some(format!("{}:{}", sample.role.as_str(), sample.variant));
        if let Some((rebuilt, units)) = &evidence.rebuilt {
            self.writer.unit_set(&rebuilt.set, units)?;
        }
        self.writer.sample(&sample)?;
        let ended_well = matches!(sample.outcome, Outcome::Built(_));
        if !ended_well {
            self.writer.log(&format!("{:05}-{}", sample.number, sample.variant), said)?;
        }
        self.observer.event(&Event::Built { sample: &sample, said: (!ended_well).then(|| last_lines(said)) });
        Ok(sample)
    }
}

/// Removes what a service keeps from one build to the next and should not.
fn empty_store(arm: &LiveArm<'_>) -> Result<(), RunError> {
    let store = arm.recipe.service.as_ref().and_then(|service| service.to_be_removed(&arm.site.service));
    Ok(store.map_or(Ok(()), |store| host::remove_tree(&store))?)
}

fn settings(arm: &LiveArm<'_>) -> std::collections::BTreeMap<String, String> {
    let variant = &arm.arm.variant;
    let mut settings = variant.settings.clone();
    settings.retain(|key, _| !TEXTS.contains(&key.as_str()));
    settings.extend(variant.rev.clone().map(|rev| ("rev".to_owned(), rev)));
    settings
}

fn job(workspace: &Workspace, step: Step, timeout: Duration) -> Job {
    Job {
        program: step.program,
        args: step.args,
        cwd: step.cwd,
        env: step.env,
        stdout: workspace.output("stdout"),
        stderr: workspace.output("stderr"),
        timeout,
        drain: DRAIN,
        before: Vec::new(),
    }
}

fn outcome(finished: Option<&Finished>) -> Outcome {
    let Some(finished) = finished else { return Outcome::NotStarted };
    match &finished.ended {
        Ended::Exited(0) => Outcome::Built(Cost {
            wall: finished.wall,
            user: finished.user,
            sys: finished.sys,
            max_rss: finished.max_rss,
            peak_memory: finished.peak_memory,
        }),
        Ended::Exited(code) => Outcome::Failed { exit_code: Some(*code) },
        Ended::Signalled(_) | Ended::Interrupted => Outcome::Failed { exit_code: None },
        Ended::TimedOut => Outcome::TimedOut,
        Ended::NotStarted { .. } => Outcome::NotStarted,
    }
}

/// What a build wrote; nothing where it got no further than that.
fn read(path: &Path) -> String {
    std::fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}

fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(SHOWN_LINES)..].join("\n")
}
