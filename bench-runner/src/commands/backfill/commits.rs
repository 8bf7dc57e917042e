//! Commits of a range.

use bench_runner_measure::corpus::shell_word;
use bench_runner_measure::corpus::sources::revisions;
use bench_runner_measure::scenario::RequestError;

use super::super::{EarlyEnd, short_commit};
use super::Args;
use super::candidates::{Candidate, Candidates, Varied, WantedSeries, measured_before};
use crate::flows::{Places, Projects};

/// The commits of `FROM..TO`.
pub(super) fn candidates(
    args: &Args,
    range: &str,
    workloads: &[String],
    places: &Places,
) -> Result<Candidates, EarlyEnd> {
    let Some((from, to)) = range.split_once("..") else {
        let message = format!("`{range}` is not a range of commits");
        return Err(
            RequestError::usage(message, Some("write FROM..TO, such as `HEAD~30..HEAD`".into())).into()
        );
    };
    let dir = Projects::repository_of(&args.project, places)?;
    let to = if to.is_empty() { "HEAD" } else { to };
    let (from, to) = (revisions::resolve(&dir, from)?, revisions::resolve(&dir, to)?);
    let anchor = match &args.anchor {
        Some(name) => revisions::resolve(&dir, name)?,
        None => from.clone(),
    };
    let project = Projects::name_of(&args.project, places)?;
    let baseline = format!("rev={anchor}");
    let wanted = WantedSeries { project: &project, variant: "commits", baseline: &baseline, fixed: "" };
    let measured =
        measured_before(places, workloads, &wanted, |point| point.commit.as_deref().map(str::to_owned))?;
    let candidate = |commit: String| Candidate {
        shown: short_commit(&commit).to_owned(),
        measured: measured.get(&commit).copied(),
        value: commit,
    };
    let commits = revisions::between(&dir, &from, &to)?.into_iter().filter(|commit| *commit != anchor);
    Ok(Candidates {
        varied: Varied::Commits,
        all: commits.map(candidate).collect(),
        anchor: candidate(anchor.clone()),
        next: format!("bench-runner history --by-commits {to} --repository {}", shell_word(&args.project)),
        request: format!("{from}..{to}"),
    })
}
