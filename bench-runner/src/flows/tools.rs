//! The compilers, linkers and other tools of a run, for the record.

use std::path::Path;

use anyhow::Context as _;
use bench_runner_core::bundle::ToolEntry;
use bench_runner_core::record::{Plan, hex};
use bench_runner_measure::corpus::sources::hash_file;

use super::{FlowError, Projects};

/// Every tool that `plan` uses, with the hash of its program.
pub(super) fn entries(projects: &Projects, plan: &Plan) -> Result<Vec<ToolEntry>, FlowError> {
    let mut tools = Vec::new();
    for toolchain in projects.toolchains(plan) {
        tools.push(entry("rustc", &toolchain.rustc_version, &toolchain.rustc)?);
        tools.push(entry("cargo", &toolchain.cargo_version, &toolchain.cargo)?);
    }
    for tool in projects.tools(plan) {
        tools.push(entry(&tool.name, &tool.version, &tool.path)?);
    }
    Ok(tools)
}

/// The host targets of the compilers of `plan`, each once.
pub(super) fn hosts(projects: &Projects, plan: &Plan) -> Vec<String> {
    let mut hosts: Vec<String> =
        projects.toolchains(plan).into_iter().map(|toolchain| toolchain.host).collect();
    hosts.sort();
    hosts.dedup();
    hosts
}

fn entry(name: &str, version: &str, path: &Path) -> Result<ToolEntry, FlowError> {
    let hash = hash_file(path).with_context(|| format!("failed to read {}", path.display()))?;
    Ok(ToolEntry { name: name.into(), version: version.into(), sha256: hex(&hash) })
}

/// The versions that differ, as a phrase to follow a colon.
pub(super) fn change(before: &[ToolEntry], after: &[ToolEntry]) -> String {
    let missing = |of: &[ToolEntry], from: &[ToolEntry]| {
        of.iter()
            .filter(|tool| !from.contains(tool))
            .map(|tool| tool.version.clone())
            .collect::<Vec<_>>()
            .join(", ")
    };
    format!("then {}; now {}", missing(before, after), missing(after, before))
}
