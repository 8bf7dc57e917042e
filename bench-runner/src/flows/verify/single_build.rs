//! A work tree and a target directory of its own, in which one project is built outside of any plan.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use bench_runner_measure::build::{Corner, Detail, Driver, Evidence, Goal, Recipe, Site, Step, UnitGraph};
use bench_runner_measure::corpus::sources;
use bench_runner_measure::process::{self, Finished, Job, Supervisor};
use bench_runner_measure::run::Workshop;

use super::FlowError;

/// A build or command that takes longer has hung.
const TIMEOUT: Duration = Duration::from_secs(2 * 3600);
/// How long processes that outlive it may take to end.
const DRAIN: Duration = Duration::from_secs(5);
/// Lines of a failed build that are shown.
const SHOWN_LINES: usize = 12;

/// How a build or command ended.
pub(super) enum Ended {
    /// With success, after this wall time.
    Well(Duration),
    /// Otherwise; why, with the last of what it said.
    Badly(String),
}

/// The directories, and what builds in them.
pub(super) struct SingleBuild<'a> {
    driver: &'a dyn Driver,
    supervisor: &'a mut Supervisor,
    site: Site,
    recipe: Recipe,
    out: PathBuf,
    /// Where a compiler cache that nobody knows of finds itself.
    corner: Corner,
    graph: Option<UnitGraph>,
}

impl<'a> SingleBuild<'a> {
    /// Lays out the work tree of a project below `dir`.
    pub(super) fn lay_out(
        dir: &Path,
        workshop: &'a Workshop,
        cargo_home: PathBuf,
        supervisor: &'a mut Supervisor,
    ) -> Result<Self, FlowError> {
        let tree = dir.join("s00");
        let site = Site {
            source: workshop.source.dir_in(&tree),
            target: dir.join("t00"),
            build_dir: dir.join("b00"),
            home: dir.join("h00"),
            tmp: dir.join("p00"),
            service: dir.join("v00"),
            cargo_home,
            edit: 0,
        };
        let out = dir.join("out");
        for dir in [&site.target, &site.home, &site.tmp, &out] {
            std::fs::create_dir_all(dir).with_context(|| format!("failed to make {}", dir.display()))?;
        }
        sources::check_out(&workshop.source, &tree)?;
        let kit = workshop.kits.first().context("the project has no toolchain")?;
        let driver = kit.driver.as_ref();
        let jobs = std::thread::available_parallelism().map_or(1, usize::from);
        let mut recipe = Recipe { jobs, ..Recipe::default() };
        if driver.service_of_its_own(&recipe).is_some() {
            // A cache is no part of what is verified, and its server would have to be stopped.
            for name in ["RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER"] {
                recipe.env.insert(name.into(), String::new());
            }
        }
        let corner = Corner::in_dir(&site.service)
            .with_context(|| format!("failed to make {}", site.service.display()))?;
        Ok(Self { corner, driver, supervisor, site, recipe, out, graph: None })
    }

    /// How the units of the project hang together, once a build has shown it.
    pub(super) fn graph(&self) -> Option<&UnitGraph> {
        self.graph.as_ref()
    }

    /// The directory of the project in the work tree.
    pub(super) fn tree(&self) -> &Path {
        &self.site.source
    }

    /// Commands that come before the first build.
    pub(super) fn prepare(&self) -> Vec<Step> {
        self.driver.prepare(&self.site, &self.recipe)
    }

    /// The command by which the project itself makes edit `n`, where it has one.
    pub(super) fn own_edit(&mut self, n: u64) -> Option<Step> {
        self.site.edit = n;
        self.driver.edit(&self.site)
    }

    /// The command that tries out what was built, where the manifest has one.
    pub(super) fn check(&self, evidence: &Evidence) -> Option<Step> {
        self.driver.check_artifact(&self.site, evidence)
    }

    /// Builds the work tree as it is, with edit `n` in it.
    pub(super) fn build(&mut self, n: u64, detail: Detail) -> Result<(Ended, Evidence), FlowError> {
        self.site.edit = n;
        let step = match self.driver.step(&self.site, &self.recipe, Goal::Build, detail) {
            Ok(step) => step,
            Err(error) => return Ok((Ended::Badly(error.to_string()), Evidence::default())),
        };
        let (ended, [stdout, stderr]) = self.run(step.clone())?;
        let evidence = self.driver.evidence(&step, &stdout, &stderr);
        if detail == Detail::Proof {
            self.graph = UnitGraph::of(&evidence);
        }
        let missing = evidence.executables.iter().find(|path| !path.is_file());
        let ended = match (ended, missing) {
            (Ended::Well(_), Some(path)) => {
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                Ended::Badly(format!("it ended well and made no `{name}`"))
            }
            (ended, _) => ended,
        };
        Ok((ended, evidence))
    }

    /// Runs a command to its end. Gives what it said on standard output and standard error.
    pub(super) fn run(&mut self, step: Step) -> Result<(Ended, [String; 2]), FlowError> {
        let job = Job {
            program: step.program,
            args: step.args,
            cwd: step.cwd,
            env: self.corner.environment(&step.env),
            stdout: self.out.join("stdout"),
            stderr: self.out.join("stderr"),
            timeout: TIMEOUT,
            drain: DRAIN,
            before: Vec::new(),
        };
        let finished = self.supervisor.build(&job).map_err(anyhow::Error::from)?;
        let said = [&job.stdout, &job.stderr].map(|file| {
            std::fs::read(file).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
        });
        Ok((ended(finished, &said)?, said))
    }
}

fn ended(finished: Finished, [stdout, stderr]: &[String; 2]) -> Result<Ended, FlowError> {
    let reason = match finished.ended {
        process::Ended::Exited(0) => return Ok(Ended::Well(finished.wall)),
        process::Ended::Interrupted => return Err(anyhow::anyhow!("interrupted").into()),
        process::Ended::Exited(code) => format!("exit code {code}"),
        process::Ended::Signalled(signal) => format!("signal {signal}"),
        process::Ended::TimedOut => "it took longer than two hours".to_owned(),
        process::Ended::NotStarted { reason } => reason,
    };
    // Tools such as make complain on standard output.
    let said = if stderr.trim().is_empty() { stdout } else { stderr };
    let lines: Vec<&str> = said.lines().filter(|line| is_telling(line.trim())).collect();
    let last = lines[lines.len().saturating_sub(SHOWN_LINES)..].join("\n");
    Ok(Ended::Badly(if last.is_empty() { reason } else { format!("{reason}\n{last}") }))
}

/// Whether a line says more than which command was run.
fn is_telling(line: &str) -> bool {
    const COMMANDS: [&str; 3] = ["Running `", "Caused by:", "process didn't exit successfully: `"];
    !line.is_empty() && COMMANDS.iter().all(|start| !line.starts_with(start))
}
