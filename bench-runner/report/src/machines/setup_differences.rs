//! Differences in setup between runs: tools, pins, number of jobs, version of bench-runner.

use std::collections::BTreeSet;

use bench_runner_core::bundle::Manifest;

use super::run::ComparedRun;

/// A property that is not the same on all machines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetupDifference {
    /// Name of the property, such as `rustc`.
    pub what: String,
    /// Values, each with the indices of the machines that have it.
    pub values: Vec<(String, Vec<usize>)>,
}

/// True if both runs have the same number of jobs and no tool that both used has changed. Several tools may
/// share a name, such as two kinds of `ld.lld`.
pub(super) fn same_tools(one: &Manifest, other: &Manifest) -> bool {
    let names: BTreeSet<&str> = one.tools.iter().map(|tool| tool.name.as_str()).collect();
    let changed = |name: &&&str| {
        let (a, b) = (tool_hashes(one, name), tool_hashes(other, name));
        !b.is_empty() && a.is_disjoint(&b)
    };
    one.jobs == other.jobs && names.iter().find(changed).is_none()
}

/// Run of a machine that was started last; of several started at the same time, the last one given.
pub(super) fn latest_run<'a>(
    runs: impl Iterator<Item = &'a Manifest>,
    instance: &str,
) -> Option<&'a Manifest> {
    runs.filter(|run| run.machine.instance == instance).max_by_key(|run| &run.started_at)
}

fn tool_hashes(manifest: &Manifest, name: &str) -> BTreeSet<String> {
    manifest.tools.iter().filter(|tool| tool.name == name).map(|tool| tool.sha256.clone()).collect()
}

/// All differences, tools first.
pub(super) fn find(
    runs: &[ComparedRun<'_>],
    machine_of_run: &[usize],
    machines: usize,
) -> Vec<SetupDifference> {
    let mut found = Vec::new();
    for name in tool_names(runs).into_iter().filter(|name| tool_differs(name, runs)) {
        found.extend(difference(&name, runs, machine_of_run, machines, |manifest| {
            let own = manifest.tools.iter().filter(|tool| tool.name == name);
            let versions: BTreeSet<String> = own.map(|tool| tool_text(&tool.version, &tool.sha256)).collect();
            (!versions.is_empty()).then(|| versions.into_iter().collect::<Vec<_>>().join(" and "))
        }));
    }
    let projects = runs.iter().flat_map(|run| &run.manifest.plan.projects);
    for name in projects.map(|project| project.name.clone()).collect::<BTreeSet<_>>() {
        found.extend(difference(&format!("pin of {name}"), runs, machine_of_run, machines, |manifest| {
            let own = manifest.plan.projects.iter().find(|project| project.name == name);
            own.map(|project| project.pin.to_string())
        }));
    }
    found.extend(difference("parallel jobs", runs, machine_of_run, machines, |manifest| {
        Some(manifest.jobs.to_string())
    }));
    found.extend(difference("bench-runner", runs, machine_of_run, machines, |manifest| {
        Some(manifest.program.version.clone())
    }));
    found
}

/// True if two runs have no tool of this name in common; using more of them than another run is not a
/// difference.
fn tool_differs(name: &str, runs: &[ComparedRun<'_>]) -> bool {
    let own = |run: &ComparedRun<'_>| tool_hashes(run.manifest, name);
    let all: Vec<BTreeSet<String>> = runs.iter().map(own).filter(|own| !own.is_empty()).collect();
    all.iter().enumerate().any(|(at, one)| all[..at].iter().any(|other| one.is_disjoint(other)))
}

/// Version with the beginning of the hash, since different programs can have the same version.
fn tool_text(version: &str, sha256: &str) -> String {
    format!("{version} ({})", sha256.get(..8).unwrap_or(sha256))
}

fn tool_names(runs: &[ComparedRun<'_>]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for tool in runs.iter().flat_map(|run| &run.manifest.tools) {
        if !names.contains(&tool.name) {
            names.push(tool.name.clone());
        }
    }
    names
}

/// Values of a property on the machines; `None` if there are fewer than two.
fn difference(
    what: &str,
    runs: &[ComparedRun<'_>],
    machine_of_run: &[usize],
    machines: usize,
    value: impl Fn(&Manifest) -> Option<String>,
) -> Option<SetupDifference> {
    let mut values: Vec<(String, Vec<usize>)> = Vec::new();
    for index in 0..machines {
        let own = runs.iter().zip(machine_of_run).filter(|(_, machine)| **machine == index);
        for text in own.filter_map(|(run, _)| value(run.manifest)) {
            match values.iter_mut().find(|(known, _)| *known == text) {
                Some((_, indices)) if indices.contains(&index) => {}
                Some((_, indices)) => indices.push(index),
                None => values.push((text, vec![index])),
            }
        }
    }
    (values.len() > 1).then(|| SetupDifference { what: what.to_owned(), values })
}
