//! New states of a followed project, and commits that can be responsible for a change.

use bench_runner_core::compare::pluralize;
use bench_runner_core::record::short_commit;
use bench_runner_core::tracking::{Suspicion, Tip, TrackLog, is_branch};
use bench_runner_report::report::ResponsibleStates;

use super::followed::FollowedProject;
use crate::flows::Projects;

/// News of a project, as clauses and sentences.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct ProjectNews {
    /// States that no night before had.
    pub(crate) new: Vec<String>,
    /// Branches that were rewritten, an anchor that moved.
    pub(crate) remarks: Vec<String>,
}

/// Compares the present states of a project with those of the last night that built them.
pub(crate) fn news(followed: &FollowedProject, log: &TrackLog, projects: &Projects) -> ProjectNews {
    let mut news = ProjectNews::default();
    for tip in followed.tips() {
        match log.last_state(&tip.project, &tip.variant) {
            None => {
                let state = short_commit(&tip.state);
                news.new.push(format!("{}: {}: {state}", tip.project, tip.variant));
            }
            Some(before) if before.state == tip.state && log.lacks_value(&tip.project, &tip.variant) => {
                let state = short_commit(&tip.state);
                news.new.push(format!("{}: {}: {state} once more", tip.project, tip.variant));
            }
            Some(before) if before.state == tip.state => {}
            Some(before) => news.add(before, &tip, followed, projects),
        }
    }
    let name = &followed.project.name;
    let before = log.nights.iter().rev().find_map(|(_, night)| night.anchors.get(name));
    if let Some(before) = before.filter(|before| **before != followed.compiler) {
        news.remarks.push(format!(
            "{name}: the anchor's toolchain has moved from {before} to {}, so its series start again; name a toolchain that \
             does not move",
            followed.compiler
        ));
    }
    let commit = log.nights.iter().rev().find_map(|(_, night)| night.commits.get(name));
    if let Some(commit) = commit.filter(|commit| **commit != followed.anchor_commit) {
        let (old, new) = (short_commit(commit), short_commit(&followed.anchor_commit));
        news.remarks.push(format!(
            "{name}: the anchor was {old} in the night before and is {new}: it was replaced, or another tracking file with this \
             name uses the same log"
        ));
    }
    news
}

impl ProjectNews {
    fn add(&mut self, before: &Tip, tip: &Tip, followed: &FollowedProject, projects: &Projects) {
        let label = format!("{}: {}", tip.project, tip.variant);
        let (old, new) = (short_commit(&before.state), short_commit(&tip.state));
        let change = format!("{label}: {old} → {new}");
        if !is_branch(&tip.variant) {
            self.new.push(change);
            return;
        }
        match followed.commits_between(&before.state, &tip.state, projects) {
            Ok(Some(commits)) => {
                self.new.push(format!("{change} ({})", pluralize(commits.len(), "commit")));
            }
            Ok(None) => {
                self.new.push(change);
                self.remarks.push(format!(
                    "{label}: {old} is not among the last 1000 first parents of {new}: the branch was rewritten or merged another way"
                ));
            }
            Err(error) => {
                self.new.push(change);
                self.remarks.push(format!("{label}: its commits are not known: {error}"));
            }
        }
    }
}

/// Commits that can be responsible for a suspicion, and the command that finds the one.
pub(crate) fn responsible(
    suspicion: &Suspicion,
    followed: &[FollowedProject],
    projects: &Projects,
) -> ResponsibleStates {
    let series = &suspicion.series;
    let project = followed.iter().find(|one| one.project.name == series.project);
    let (Some(project), true) = (project, is_branch(&series.variant)) else {
        return ResponsibleStates::default();
    };
    // Without them the two ends are still named.
    let between = project.commits_between(&suspicion.from, &suspicion.to, projects);
    let commits = between.ok().flatten().unwrap_or_default();
    let workload = match series.workload.as_str() {
        "clean" => String::new(),
        other => format!(" --workload {other}"),
    };
    let bisect = format!("bench-runner bisect --good {} --bad {}{workload}", suspicion.from, suspicion.to);
    // It measures wall times alone.
    let can_bisect = commits.len() != 1 && series.metric == "wall";
    ResponsibleStates { bisect: can_bisect.then_some(bisect), commits }
}
