//! Tracking files: what is built every night, and when that is an alarm.
//!
//! Reads and checks them, and turns them into scenarios; what they say of the newest builds is judged elsewhere.

mod night;
mod read;

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::scenario::{RequestError, RequestWord, SamplingSpec};
use crate::toml_reader::SourceText;

pub use night::{LookVariants, NightVariants, look_scenario, night_scenario};

/// One tracking file.
#[derive(Debug, Clone, PartialEq)]
pub struct TrackingFile {
    /// Name of its log and of its runs.
    pub name: String,
    /// Workloads of every night.
    pub workloads: Vec<RequestWord>,
    /// Scenario that workloads, common settings and sampling come from, if there is one.
    pub scenario: Option<RequestWord>,
    /// Sampling, unless a scenario has it.
    pub sampling: SamplingSpec,
    /// Metrics that can raise an alarm.
    pub metrics: Vec<String>,
    pub night: NightSpec,
    pub tolerances: Tolerances,
    pub alarm: AlarmCommand,
    /// Directory for bundles; `None` for the usual one.
    pub results: Option<PathBuf>,
    /// Directory for pages; `None` for the usual one.
    pub plots: Option<PathBuf>,
    pub projects: Vec<TrackedProject>,
}

/// Time and schedule of a night.
#[derive(Debug, Clone, PartialEq)]
pub struct NightSpec {
    /// Time limit for all builds of a night.
    pub budget: Duration,
    /// Time between two nights that build the anchors alone, if nothing is new.
    pub null_every: Duration,
}

impl NightSpec {
    /// Share of the budget that is kept for second looks at suspicions.
    const RESERVE: f64 = 0.2;

    /// Time for the builds of a night.
    pub fn first_part(&self) -> Duration {
        self.budget.mul_f64(1.0 - Self::RESERVE)
    }

    /// Time for second looks.
    pub fn reserve(&self) -> Duration {
        self.budget.mul_f64(Self::RESERVE)
    }
}

/// Changes that are no alarm.
#[derive(Debug, Clone, PartialEq)]
pub struct Tolerances {
    /// For all series without another one.
    pub default: f64,
    /// For some series; the first that fits counts.
    pub series: Vec<SeriesTolerance>,
}

/// A tolerance for the series with these names; `None` fits all.
#[derive(Debug, Clone, PartialEq)]
pub struct SeriesTolerance {
    pub project: Option<String>,
    pub workload: Option<String>,
    pub variant: Option<String>,
    pub metric: Option<String>,
    pub limit: f64,
}

impl Tolerances {
    /// The tolerance of a series, as a fraction.
    pub fn of(&self, project: &str, workload: &str, variant: &str, metric: &str) -> f64 {
        let fits =
            |wanted: &Option<String>, name: &str| wanted.as_deref().is_none_or(|wanted| wanted == name);
        let found = self.series.iter().find(|one| {
            fits(&one.project, project)
                && fits(&one.workload, workload)
                && fits(&one.variant, variant)
                && fits(&one.metric, metric)
        });
        found.map_or(self.default, |one| one.limit)
    }

    /// The smallest tolerance that a series with one of these workloads can have.
    pub fn least(&self, workloads: &[String], metric: &str) -> f64 {
        let can_fit = |one: &&SeriesTolerance| {
            one.workload.as_ref().is_none_or(|workload| workloads.contains(workload))
                && one.metric.as_deref().is_none_or(|known| known == metric)
        };
        self.series.iter().filter(can_fit).map(|one| one.limit).fold(self.default, f64::min)
    }
}

/// Command that is called for each new alarm.
#[derive(Debug, Clone, PartialEq)]
pub struct AlarmCommand {
    /// Program and arguments; empty for none.
    pub argv: Vec<String>,
    /// Time limit.
    pub timeout: Duration,
}

/// A project and what is followed of it.
#[derive(Debug, Clone, PartialEq)]
pub struct TrackedProject {
    pub source: TrackedSource,
    /// Branches, each built under the anchor's toolchain.
    pub branches: Vec<RequestWord>,
    /// Toolchains, each building the anchor's commit.
    pub toolchains: Vec<RequestWord>,
    /// Linkers, each building the anchor's commit.
    pub linkers: TrackedLinkers,
    pub anchor: AnchorSpec,
    /// The anchor that will take the place of `anchor`, built along with it.
    pub next_anchor: Option<AnchorSpec>,
}

impl TrackedProject {
    fn follows_nothing(&self) -> bool {
        self.branches.is_empty()
            && self.toolchains.is_empty()
            && self.linkers == TrackedLinkers::Named(Vec::new())
    }
}

/// Source of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TrackedSource {
    /// A name of the corpus, a manifest, or a directory.
    Project(RequestWord),
    /// A repository, by an address that git understands, under a name.
    Repository { url: RequestWord, name: String },
}

/// Linkers to follow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TrackedLinkers {
    /// All that this machine has.
    Installed,
    Named(Vec<RequestWord>),
}

/// A frozen commit under a frozen toolchain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnchorSpec {
    /// A full commit.
    pub commit: RequestWord,
    pub toolchain: RequestWord,
}

impl TrackingFile {
    /// Reads a tracking file; paths in it start at its directory.
    ///
    /// # Errors
    /// If it cannot be read, or at the place of what is wrong in it.
    pub fn read(path: &Path) -> Result<Self, RequestError> {
        let source = SourceText::read(path).map_err(|error| {
            let help = "write one as in `tracks/`; docs/TRACKING.md explains it".to_owned();
            RequestError::usage(format!("cannot read {}: {error}", path.display()), Some(help))
        })?;
        Ok(read::tracking_file(&source, path.parent().unwrap_or(Path::new(".")))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builds_are_repeated_for_the_smallest_tolerance_that_can_count() {
        let rule = |workload: Option<&str>, metric: Option<&str>, limit: f64| SeriesTolerance {
            project: None,
            workload: workload.map(str::to_owned),
            variant: None,
            metric: metric.map(str::to_owned),
            limit,
        };
        let series = vec![
            rule(Some("check"), None, 0.01),
            rule(Some("clean"), Some("wall"), 0.015),
            rule(None, Some("max_rss"), 0.001),
            rule(None, None, 0.5),
        ];
        let all = Tolerances { default: 0.02, series };
        let least = |workloads: &[&str]| {
            all.least(&workloads.iter().map(|&name| name.to_owned()).collect::<Vec<_>>(), "wall")
        };
        assert_eq!(
            (least(&["clean", "check"]), least(&["clean"]), least(&["incremental"])),
            (0.01, 0.015, 0.02)
        );
    }
}
