//! A machine for tests of searches: real axes, fake programs.

use std::os::unix::fs::PermissionsExt;

use bench_runner_core::record::{AS_CONFIGURED, Pin, PlannedProject, Refusal, TreeId};

use super::{Allowance, AvailableSpace, Requirement, SearchedProject, SpaceFile, available_space};
use crate::axes::{self, Available, Context, Setting, Settings, fixture};
use crate::build::{Goal, SettingsInForce, Toolchain};
use crate::plan::{ProjectView, World};
use crate::scenario::{RequestError, RequestWord};

/// A machine on which the programs of a directory are installed, and a nightly toolchain next to the usual one.
pub(super) struct FakeMachine {
    pub(super) dir: tempfile::TempDir,
    pub(super) has_nightly: bool,
    /// Flags that the user's own configuration sets.
    pub(super) flags: Vec<String>,
    /// Settings for which cargo plans the same build as without them.
    pub(super) no_changes: Vec<(&'static str, &'static str)>,
    pub(super) as_configured: String,
}

impl FakeMachine {
    pub(super) fn with(programs: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        for (name, says) in programs {
            let path = dir.path().join(name);
            std::fs::write(&path, format!("#!/bin/sh\necho '{says}'\n")).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        let as_configured = String::new();
        Self { dir, has_nightly: true, flags: Vec::new(), no_changes: Vec::new(), as_configured }
    }

    fn context(&self, nightly: bool) -> Context {
        let plain = if nightly { fixture::nightly() } else { fixture::context() };
        let in_force = SettingsInForce {
            flags: self.flags.clone(),
            target: Toolchain::sample().host_target(),
            ..SettingsInForce::default()
        };
        Context { in_force, path: self.dir.path().as_os_str().to_owned(), ..plain }
    }
}

impl World for FakeMachine {
    type Error = RequestError;

    fn projects(&self, _: &RequestWord) -> Result<Vec<ProjectView>, RequestError> {
        Ok(vec![project()])
    }

    fn planned_project(&self, _: &PlannedProject) -> Result<ProjectView, RequestError> {
        Ok(project())
    }

    fn revision(&self, _: &ProjectView, _: &str) -> Result<(), Refusal> {
        Ok(())
    }

    fn commits(&self, _: &ProjectView, _: usize) -> Result<Vec<String>, Refusal> {
        Ok(Vec::new())
    }

    fn goal(&self, _: &TreeId, _: Goal, _: &Settings) -> Result<(), Refusal> {
        Ok(())
    }

    fn planned_build(&self, _: &TreeId, goal: Goal, settings: &Settings) -> Option<String> {
        let same = |key: &str, value: &str| self.no_changes.contains(&(key, value));
        let known = ["debug", "incremental", "jobs", "opt-level"];
        if !settings.keys().all(|key| key == AS_CONFIGURED || known.contains(&key.as_str())) {
            return None;
        }
        let changing =
            settings.iter().filter(|(key, value)| !known.contains(&key.as_str()) || !same(key, value));
        Some(format!("{goal:?} {:?}", changing.collect::<Vec<_>>()))
    }

    fn probe(&self, _: &TreeId, setting: &Setting<'_>) -> Result<Available, Refusal> {
        let nightly = axes::toolchain_name(&setting.probe_inputs_as_text()).is_some();
        if nightly && !self.has_nightly {
            return Err(Refusal::new("no toolchain is called `nightly`"));
        }
        axes::probe(setting, &self.context(nightly))
    }

    fn as_configured(&self, _: &ProjectView) -> Result<String, RequestError> {
        Ok(self.as_configured.clone())
    }
}

pub(super) fn project() -> ProjectView {
    ProjectView {
        planned: PlannedProject {
            name: "p".into(),
            pin: Pin::Tree { sha256: "0".repeat(64) },
            manifest: String::new(),
            base: None,
            notes: Vec::new(),
            ignored: None,
        },
        cargo: true,
        own: true,
        edits: Vec::new(),
        own_edit: false,
        profile: None,
        estimate: Default::default(),
    }
}

pub(super) const MOLD: (&str, &str) = ("mold", "mold 2.30.0 (compatible with GNU ld)");
pub(super) const BFD: (&str, &str) = ("ld", "GNU ld (GNU Binutils) 2.40");
pub(super) const LLD: (&str, &str) = ("ld.lld", "LLD 18.1.8 (compatible with GNU linkers)");

pub(super) fn file(axes: &str) -> SpaceFile {
    SpaceFile::parse("s.toml", &format!("name = \"s\"\nsummary = \"x\"\n{axes}")).unwrap()
}

pub(super) fn resolve(
    machine: &FakeMachine,
    axes: &str,
    requirements: &[&str],
    allowed: &[Allowance],
) -> Result<AvailableSpace, RequestError> {
    resolve_for(machine, &file(axes), requirements, allowed, &["clean", "incremental", "check"])
}

pub(super) fn resolve_for(
    machine: &FakeMachine,
    file: &SpaceFile,
    requirements: &[&str],
    allowed: &[Allowance],
    workloads: &[&str],
) -> Result<AvailableSpace, RequestError> {
    let requirements: Vec<Requirement> = requirements.iter().map(|text| text.parse().unwrap()).collect();
    let workloads: Vec<String> = workloads.iter().map(|&name| name.to_owned()).collect();
    let view = project();
    let searched = SearchedProject { view: &view, workloads: &workloads, threads: 8 };
    available_space(file, &requirements, allowed, searched, machine)
}
