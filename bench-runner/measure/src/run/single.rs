//! One project, built outside of any plan in a work tree and a target directory of its own.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::block_dirs::site;
use super::outside::{failure, job, missing_executable, with_last_lines};
use super::own_dirs::make;
use super::{RunError, Workshop};
use crate::build::{Corner, Detail, Driver, Evidence, Goal, Recipe, Site, Step, UnitGraph};
use crate::corpus::sources;
use crate::process::{Ended, Finished, Job, Supervisor};

/// A build or command that takes longer has hung.
const TIMEOUT: Duration = Duration::from_secs(2 * 3600);

/// How a build or command ended.
pub enum StepOutcome {
    /// With success, after this wall time.
    Succeeded(Duration),
    /// Otherwise; why, with the last of its output.
    Failed(String),
}

/// The directories, and what builds in them.
pub struct SingleBuild<'a> {
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
    pub fn lay_out(
        dir: &Path,
        workshop: &'a Workshop,
        cargo_home: PathBuf,
        supervisor: &'a mut Supervisor,
    ) -> Result<Self, RunError> {
        let tree = dir.join("s00");
        let site = Site { cargo_home, ..site(dir, 0, 2, workshop.source.dir_in(&tree)) };
        let out = dir.join("out");
        [&site.target, &site.home, &site.tmp, &out].into_iter().try_for_each(|dir| make(dir))?;
        sources::check_out(&workshop.source, &tree)?;
        let kit = workshop.kits.first();
        let kit =
            kit.ok_or_else(|| RunError::Plan(format!("`{}` has no toolchain", workshop.project.name)))?;
        let driver = kit.driver.as_ref();
        let jobs = std::thread::available_parallelism().map_or(1, usize::from);
        let mut recipe = Recipe { jobs, ..Recipe::default() };
        if driver.service_of_its_own(&recipe).is_some() {
            // A cache is no part of what is verified, and its server would have to be stopped.
            for name in ["RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER"] {
                recipe.env.insert(name.into(), String::new());
            }
        }
        let corner = Corner::in_dir(&site.service).map_err(|source| RunError::Io {
            action: "make",
            path: site.service.clone(),
            source,
        })?;
        Ok(Self { corner, driver, supervisor, site, recipe, out, graph: None })
    }

    /// How the units of the project hang together, once a build has shown it.
    pub fn graph(&self) -> Option<&UnitGraph> {
        self.graph.as_ref()
    }

    /// The directory of the project in the work tree.
    pub fn tree(&self) -> &Path {
        &self.site.source
    }

    /// Commands that come before the first build.
    pub fn prepare(&self) -> Vec<Step> {
        self.driver.prepare(&self.site, &self.recipe)
    }

    /// The command by which the project itself makes edit `n`, where it has one.
    pub fn own_edit(&mut self, n: u64) -> Option<Step> {
        self.site.edit = n;
        self.driver.edit(&self.site)
    }

    /// The command that tries out what was built, where the manifest has one.
    pub fn check(&self, evidence: &Evidence) -> Option<Step> {
        self.driver.check_artifact(&self.site, evidence)
    }

    /// Builds the work tree as it is, with edit `n` in it.
    pub fn build(&mut self, n: u64, detail: Detail) -> Result<(StepOutcome, Evidence), RunError> {
        self.site.edit = n;
        let step = match self.driver.step(&self.site, &self.recipe, Goal::Build, detail) {
            Ok(step) => step,
            Err(error) => return Ok((StepOutcome::Failed(error.to_string()), Evidence::default())),
        };
        let (ended, [stdout, stderr]) = self.run(step.clone())?;
        let evidence = self.driver.evidence(&step, &stdout, &stderr);
        if detail == Detail::Proof {
            self.graph = UnitGraph::of(&evidence);
        }
        let ended = match (ended, missing_executable(&evidence)) {
            (StepOutcome::Succeeded(_), Some(name)) => {
                StepOutcome::Failed(format!("it ended well and made no `{name}`"))
            }
            (ended, _) => ended,
        };
        Ok((ended, evidence))
    }

    /// Runs a command to its end. Gives what it said on standard output and standard error.
    pub fn run(&mut self, step: Step) -> Result<(StepOutcome, [String; 2]), RunError> {
        let job = job(&self.out, step, TIMEOUT);
        let job = Job { env: self.corner.environment(&job.env), ..job };
        let finished = self.supervisor.build(&job)?;
        let said = [&job.stdout, &job.stderr].map(|file| {
            std::fs::read(file).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
        });
        Ok((outcome(finished, &said)?, said))
    }
}

fn outcome(finished: Finished, [stdout, stderr]: &[String; 2]) -> Result<StepOutcome, RunError> {
    if finished.ended == Ended::Interrupted {
        return Err(RunError::Interrupted);
    }
    let Some(reason) = failure(finished.ended, "it took longer than two hours") else {
        return Ok(StepOutcome::Succeeded(finished.wall));
    };
    // Tools such as make complain on standard output.
    let said = if stderr.trim().is_empty() { stdout } else { stderr };
    let telling: Vec<&str> = said.lines().filter(|line| is_telling(line.trim())).collect();
    Ok(StepOutcome::Failed(with_last_lines(reason, &telling.join("\n"))))
}

/// Whether a line says more than which command was run.
fn is_telling(line: &str) -> bool {
    const COMMANDS: [&str; 3] = ["Running `", "Caused by:", "process didn't exit successfully: `"];
    !line.is_empty() && COMMANDS.iter().all(|start| !line.starts_with(start))
}
