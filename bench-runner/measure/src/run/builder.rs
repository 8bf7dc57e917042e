//! One build: everything around it that is not timed, the build itself, and its row in the bundle.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use bench_runner_core::bundle::Writer;
use bench_runner_core::record::{Block, Cost, Disturbance, Outcome, Phase, Sample, TEXT_SETTINGS, Text};

use super::arm::LiveArm;
use super::clock::{Clock, Purpose};
use super::notes::{About, Notes};
use super::supervised::{self, Attended};
use super::workspace::{Workspace, make};
use super::worktree::Keep;
use super::{DRAIN, Event, Inputs, Observer, RunError, after_release, notes, own_dirs, unpacked};
use crate::axes::ProofInput;
use crate::build::{Corner, Detail, Evidence, Service, Standing, Step};
use crate::host::{self, Watch};
use crate::process::{Ended, Finished, Job, Supervisor};
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
    /// What was found out about the builds of the block.
    pub(super) notes: Notes,
    /// The service that the last build has started, although nobody knew that it would.
    pub(super) found: Option<Service>,
    /// Directories of dependencies that builds have written into.
    littered: BTreeSet<PathBuf>,
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
    pub(super) visit: u32,
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
                let shown = ProofInput { build: &self.evidence, baseline: None, edited };
                arm.check_sample(&shown).or_else(|| arm.other_units(&self.evidence))
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
        Self {
            supervisor,
            writer,
            observer,
            clock,
            notes: Notes::default(),
            found: None,
            littered: BTreeSet::new(),
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
            visit: Some(place.visit),
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
        let Attended { finished, report, found } =
            self.timed(job, standing, arm.corner.as_ref(), place.phase)?;
        self.found = found;
        let disturbance =
            Disturbance { stragglers: finished.stragglers, ..watch.stop(finished.user + finished.sys) };
        let [stdout, stderr] = ["stdout", "stderr"].map(|kind| workspace.said(kind));
        let evidence = arm.kit.driver.evidence(&step, &stdout, &stderr);
        let evidence = Evidence { cache: report.used, cache_of_rust: report.of_rust, ..evidence };
        self.note_leftovers(arm)?;
        self.note_littered(arm, &stdout);
        Ok(Tried { finished: Some(finished), evidence, disturbance, trouble: report.trouble, stdout, stderr })
    }

    /// Takes the work tree back from the arm that has built in it last, and notes down what it has done there.
    pub(super) fn leave(&mut self, workspace: &Workspace) -> Result<(), RunError> {
        let Some((inside, traces)) = workspace.leave()? else { return Ok(()) };
        if let Some(done) = traces.in_words() {
            let then = match inside.keep {
                Keep::Nothing => "this is undone before the next build",
                Keep::ForTheArm => "this is kept apart for each variant",
            };
            let what = format!("{done} in the work tree; {then}");
            self.notes.say(About::WorkTree, &inside.variant, what);
        }
        Ok(())
    }

    /// Notes down what a build has left in its home and in its directory for temporary files.
    fn note_leftovers(&mut self, arm: &LiveArm<'_>) -> Result<(), RunError> {
        let (variant, site) = (&arm.arm.variant.name, &arm.site);
        let then = match arm.keep() {
            Keep::Nothing => "which is empty before each build",
            Keep::ForTheArm => "which each variant has for itself",
        };
        type Look = fn(&Path) -> Result<(Vec<String>, usize), RunError>;
        let places: [(About, &Path, &str, Look); 3] = [
            (About::Home, &site.home, "home directory", own_dirs::leftovers),
            (About::TemporaryFiles, &site.tmp, "directory for temporary files", own_dirs::leftovers),
            (About::CargoHome, &site.cargo_home, "cargo home", own_dirs::leftovers_in_cargo_home),
        ];
        for (about, dir, named, look) in places {
            if self.notes.knows(about, variant) {
                continue;
            }
            let (files, count) = look(dir)?;
            if count > 0 {
                let files = notes::some_of(&files, count);
                self.notes.say(about, variant, format!("leave {files} in their {named}, {then}"));
            }
        }
        Ok(())
    }

    /// Notes down what build scripts of dependencies have written among their sources.
    fn note_littered(&mut self, arm: &LiveArm<'_>, stdout: &str) {
        for package in unpacked::littered(stdout) {
            let name = package.dir.file_name().unwrap_or_default().to_string_lossy();
            let files = notes::some_of(&package.files, package.files.len());
            let what = format!(
                "write {files} among the sources of the dependency `{name}`, which all variants share; before a build \
                 from nothing they are unpacked again"
            );
            self.notes.say(About::Dependencies, &arm.arm.variant.name, what);
            self.littered.insert(package.dir);
        }
    }

    /// Has cargo unpack the dependencies again that builds have written into. `false` if the run was interrupted.
    pub(super) fn unpack_again(
        &mut self,
        workspace: &Workspace,
        arm: &LiveArm<'_>,
    ) -> Result<bool, RunError> {
        if self.littered.is_empty() {
            return Ok(true);
        }
        for dir in std::mem::take(&mut self.littered) {
            host::remove_tree(&dir)?;
        }
        let Ok(step) = arm.step(Detail::Quiet) else { return Ok(true) };
        let args = ["fetch", "--locked", "--offline"].map(str::to_owned).to_vec();
        match self.untimed(workspace, arm, Step { args, ..step }) {
            // The build will say what is wrong, or unpack them itself.
            Err(RunError::Untimed { .. }) => Ok(true),
            result => result,
        }
    }

    /// Makes everything that builds of `arm` leave empty, as it is before any build. What its service keeps is not.
    pub(super) fn start_over(&mut self, workspace: &Workspace, arm: &LiveArm<'_>) -> Result<(), RunError> {
        self.leave(workspace)?;
        own_dirs::empty(&arm.site)?;
        workspace.forget(arm)
    }

    /// Removes what an arm built from nothing has left, and what only the next build would need.
    pub(super) fn clear(&mut self, workspace: &Workspace, arm: &LiveArm<'_>) -> Result<(), RunError> {
        let start = Instant::now();
        match arm.workload.start {
            Start::Empty => self.start_over(workspace, arm)?,
            Start::AfterRelease => {
                self.leave(workspace)?;
                after_release::bring_all_back(workspace, arm)?;
            }
            Start::Warm => self.leave(workspace)?,
        }
        empty_store(arm)?;
        self.clock.since(Purpose::Settling, start);
        Ok(())
    }

    /// Runs a build for what it says alone: it is neither timed nor written down. Gives its standard output and standard
    /// error if it ended well. To be called after a build of the same arm.
    pub(super) fn listen(
        &mut self,
        workspace: &Workspace,
        arm: &LiveArm<'_>,
        step: Step,
        limit: Duration,
    ) -> Result<Option<[String; 2]>, RunError> {
        let standing = self.stand_up(arm, limit)?;
        let job = job(workspace, step, limit);
        let attended = self.timed(job, standing, arm.corner.as_ref(), Phase::Warmup)?;
        let ended_well = attended.finished.ended == Ended::Exited(0);
        Ok(ended_well.then(|| ["stdout", "stderr"].map(|kind| workspace.said(kind))))
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
        let env = arm.corner.as_ref().map(|corner| corner.environment(&step.env));
        let step = Step { env: env.unwrap_or_else(|| step.env.clone()), ..step };
        let finished = self.supervisor.build(&job(workspace, step, Duration::from_secs(3600)))?;
        let reason = match finished.ended {
            Ended::Exited(0) => return Ok(true),
            Ended::Interrupted => return Ok(false),
            Ended::Exited(code) => format!("exit code {code}"),
            Ended::Signalled(signal) => format!("signal {signal}"),
            Ended::TimedOut => "it took longer than an hour".to_owned(),
            Ended::NotStarted { reason } => reason,
        };
        let said = last_lines(&workspace.said("stderr"));
        let project = arm.arm.variant.project.clone();
        let reason = if said.is_empty() { reason } else { format!("{reason}\n{said}") };
        Err(RunError::Untimed { project, command, reason })
    }

    /// Brings about what the workload starts from, then waits until the machine has nothing left to write.
    fn settle(&mut self, workspace: &Workspace, arm: &LiveArm<'_>, release: bool) -> Result<bool, RunError> {
        let start = Instant::now();
        self.leave(workspace)?;
        let from_nothing = arm.workload.start == Start::Empty || release;
        if arm.workload.start == Start::AfterRelease && !release {
            after_release::bring_all_back(workspace, arm)?;
        }
        if from_nothing {
            self.start_over(workspace, arm)?;
        }
        workspace.enter(arm, arm.keep())?;
        if from_nothing && !self.unpack_again(workspace, arm)? {
            return Ok(false);
        }
        if from_nothing
            && let Some(step) = arm.kit.driver.clean(&arm.site, &arm.recipe)
            && !self.untimed(workspace, arm, step)?
        {
            return Ok(false);
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
    fn timed(
        &mut self,
        job: Job,
        standing: Option<Standing>,
        corner: Option<&Corner>,
        phase: Phase,
    ) -> Result<Attended, RunError> {
        let (start, beside) = (Instant::now(), standing.is_some());
        let attended = supervised::build(self.supervisor, job, standing, corner)?;
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

/// Removes what a service, or a cache that nobody knows of, keeps from one build to the next and should not.
fn empty_store(arm: &LiveArm<'_>) -> Result<(), RunError> {
    let dir = &arm.site.service;
    let stores: Vec<_> = match &arm.recipe.service {
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
            activity: Some(finished.activity),
        }),
        Ended::Exited(code) => Outcome::Failed { exit_code: Some(*code) },
        Ended::Signalled(_) | Ended::Interrupted => Outcome::Failed { exit_code: None },
        Ended::TimedOut => Outcome::TimedOut,
        Ended::NotStarted { .. } => Outcome::NotStarted,
    }
}

fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(SHOWN_LINES)..].join("\n")
}
