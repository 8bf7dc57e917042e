//! The compilers, linkers and other tools of a run, for the record.

use std::fs::File;
use std::io;
use std::path::Path;

use anyhow::Context as _;
use bench_runner_core::bundle::ToolEntry;
use bench_runner_core::record::Plan;
use sha2::{Digest, Sha256};

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
    let hash = || -> io::Result<String> {
        let mut hasher = Sha256::new();
        io::copy(&mut File::open(path)?, &mut HashWriter(&mut hasher))?;
        Ok(hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
    };
    let sha256 = hash().with_context(|| format!("failed to read {}", path.display()))?;
    Ok(ToolEntry { name: name.into(), version: version.into(), sha256 })
}

/// Hashes everything that is written to it.
struct HashWriter<'h>(&'h mut Sha256);

impl io::Write for HashWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
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
