//! One project, built outside of any plan in its own work tree and target directory.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::arm_dirs::make;
use super::block_dirs::arm_dirs;
use super::supervisor_job::{failure, job, missing_executable, with_last_lines};
use super::{PreparedTree, RunError};
use crate::build::{
    BuildDirs, BuildEvidence, BuildRequest, CacheSandbox, CommandLine, Detail, Driver, Goal, UnitGraph,
};
use crate::corpus::sources;
use crate::process::{BuildResult, ExitKind, Job, Supervisor};

/// Time after which a build or command is considered hung.
const TIMEOUT: Duration = Duration::from_secs(2 * 3600);

pub enum CommandOutcome {
    /// Success, after this wall time.
    Succeeded(Duration),
    /// Failure: the reason, with the end of its output.
    Failed(String),
}

/// The driver and the directories of a project.
pub struct SingleBuild<'a> {
    driver: &'a dyn Driver,
    supervisor: &'a mut Supervisor,
    dirs: BuildDirs,
    request: BuildRequest,
    out: PathBuf,
    /// Sandbox for compiler caches that no axis has configured.
    sandbox: CacheSandbox,
    graph: Option<UnitGraph>,
}

impl<'a> SingleBuild<'a> {
    /// Checks out the work tree of a project below `dir`.
    pub fn create(
        dir: &Path,
        prepared: &'a PreparedTree,
        cargo_home: PathBuf,
        supervisor: &'a mut Supervisor,
    ) -> Result<Self, RunError> {
        let tree = dir.join("s00");
        let dirs = BuildDirs { cargo_home, ..arm_dirs(dir, 0, 2, prepared.source.dir_in(&tree)) };
        let out = dir.join("out");
        [&dirs.target, &dirs.home, &dirs.tmp, &out].into_iter().try_for_each(|dir| make(dir))?;
        sources::check_out(&prepared.source, &tree)?;
        let configured = prepared.drivers.first();
        let configured = configured
            .ok_or_else(|| RunError::Plan(format!("`{}` has no toolchain", prepared.project.name)))?;
        let driver = configured.driver.as_ref();
        let jobs = std::thread::available_parallelism().map_or(1, usize::from);
        let mut request = BuildRequest { jobs, ..BuildRequest::default() };
        if driver.implicit_service(&request).is_some() {
            // A cache is not part of the verification, and its server would have to be stopped.
            for name in ["RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER"] {
                request.env.insert(name.into(), String::new());
            }
        }
        let sandbox = CacheSandbox::in_dir(&dirs.service).map_err(|source| RunError::Io {
            action: "make",
            path: dirs.service.clone(),
            source,
        })?;
        Ok(Self { sandbox, driver, supervisor, dirs, request, out, graph: None })
    }

    /// Dependencies between the units of the project, known after its first build.
    pub fn graph(&self) -> Option<&UnitGraph> {
        self.graph.as_ref()
    }

    /// The directory of the project in the work tree.
    pub fn tree(&self) -> &Path {
        &self.dirs.source
    }

    /// Commands to run before the first build.
    pub fn prepare(&self) -> Vec<CommandLine> {
        self.driver.prepare(&self.dirs, &self.request)
    }

    /// The project's own command for edit `n`, if it has one.
    pub fn own_edit(&mut self, n: u64) -> Option<CommandLine> {
        self.dirs.edit = n;
        self.driver.edit(&self.dirs)
    }

    /// The command that checks the artifact, if the manifest has one.
    pub fn check(&self, evidence: &BuildEvidence) -> Option<CommandLine> {
        self.driver.check_artifact(&self.dirs, evidence)
    }

    /// Builds the work tree as it is, which contains edit `n`.
    pub fn build(&mut self, n: u64, detail: Detail) -> Result<(CommandOutcome, BuildEvidence), RunError> {
        self.dirs.edit = n;
        let command = match self.driver.build_command(&self.dirs, &self.request, Goal::Build, detail) {
            Ok(command) => command,
            Err(error) => return Ok((CommandOutcome::Failed(error.to_string()), BuildEvidence::default())),
        };
        let (ended, [stdout, stderr]) = self.run(command.clone())?;
        let evidence = self.driver.evidence(&command, &stdout, &stderr);
        if detail == Detail::Proof {
            self.graph = UnitGraph::from_evidence(&evidence);
        }
        let ended = match (ended, missing_executable(&evidence)) {
            (CommandOutcome::Succeeded(_), Some(name)) => {
                CommandOutcome::Failed(format!("it ended well and made no `{name}`"))
            }
            (ended, _) => ended,
        };
        Ok((ended, evidence))
    }

    /// Runs a command to its end. Also returns standard output and standard error.
    pub fn run(&mut self, command: CommandLine) -> Result<(CommandOutcome, [String; 2]), RunError> {
        let job = job(&self.out, command, TIMEOUT);
        let job = Job { env: self.sandbox.environment(&job.env), ..job };
        let finished = self.supervisor.build(&job)?;
        let output = [&job.stdout, &job.stderr].map(|file| {
            std::fs::read(file).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
        });
        Ok((outcome(finished, &output)?, output))
    }
}

fn outcome(finished: BuildResult, [stdout, stderr]: &[String; 2]) -> Result<CommandOutcome, RunError> {
    if finished.ended == ExitKind::Interrupted {
        return Err(RunError::Interrupted);
    }
    let Some(reason) = failure(finished.ended, "it took longer than two hours") else {
        return Ok(CommandOutcome::Succeeded(finished.wall));
    };
    // Tools such as make print errors to standard output.
    let output = if stderr.trim().is_empty() { stdout } else { stderr };
    let informative: Vec<&str> = output.lines().filter(|line| is_informative(line.trim())).collect();
    Ok(CommandOutcome::Failed(with_last_lines(reason, &informative.join("\n"))))
}

/// True if a line says more than which command was run.
fn is_informative(line: &str) -> bool {
    const COMMANDS: [&str; 3] = ["Running `", "Caused by:", "process didn't exit successfully: `"];
    !line.is_empty() && COMMANDS.iter().all(|start| !line.starts_with(start))
}
