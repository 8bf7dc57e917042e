//! Parses the output of cargo and rustc: units from cargo's JSON, compiler calls, link steps from rustc's
//! log.

use std::path::Path;

use bench_runner_core::record::Rebuilt;

use super::compiler_calls::compiler_calls;
use super::complaint::complaint;
use super::leftovers::leftovers;
use super::linking::{ask_linkers, link_steps, linked_files};
use super::messages::{UnitMessage, is_page};
use super::post_build_queries::link_log_obstacle;
use crate::build::{Artifact, BuildEvidence, CommandLine, Members, PlannedUnits};

/// Facts about the project that are not in the output of the build.
pub(super) struct ProjectFacts<'a> {
    /// Its members; without them, no unit is known to belong to the project.
    pub(super) members: Result<&'a Members, &'a str>,
    /// Units of the build, if it showed its compiler calls.
    pub(super) units: Result<&'a PlannedUnits, &'a str>,
    /// Directory that cargo prints source paths relative to.
    pub(super) root: &'a Path,
}

/// Evidence from the output of a finished build.
pub(super) fn evidence(
    command: &CommandLine,
    stdout: &str,
    stderr: &str,
    known: &ProjectFacts<'_>,
) -> BuildEvidence {
    let nobody = Members::default();
    let members = known.members.unwrap_or(&nobody);
    let messages: Vec<UnitMessage> =
        stdout.lines().filter_map(|line| UnitMessage::parse(line, members)).collect();
    let calls = compiler_calls(stderr, &messages, known.units.ok(), known.root);
    let mut steps = link_steps(stderr);
    ask_linkers(&mut steps, command);
    let artifacts: Vec<Artifact> = messages.into_iter().map(|message| message.artifact).collect();
    let mut units: Vec<String> =
        artifacts.iter().filter(|artifact| !artifact.fresh).map(|artifact| artifact.unit.clone()).collect();
    units.sort();
    let rebuilt = Rebuilt {
        count: units.len() as u32,
        set: bench_runner_core::record::short_hash(&units.join("\n")).into(),
    };
    let own = artifacts.iter().filter(|artifact| artifact.own);
    let unknown = [known.members.err(), known.units.err()].into_iter().flatten().next();
    let linked = linked_files(&calls, &steps);
    let hidden = steps.is_empty() && !linked.is_empty();
    BuildEvidence {
        command: command.args.clone(),
        complaint: complaint(stderr),
        parts_unknown: unknown.filter(|_| !calls.is_empty()).map(str::to_owned),
        links_hidden: hidden.then(|| link_log_obstacle(command)).flatten(),
        linked,
        link_steps: steps,
        artifact_bytes: artifact_bytes(&artifacts),
        leftovers: leftovers(&calls, &artifacts),
        executables: own.filter_map(|artifact| artifact.executable.clone()).collect(),
        compiler_calls: calls,
        artifacts,
        rebuilt: Some((rebuilt, units)),
        cache: None,
        rust_cache_use: None,
    }
}

fn artifact_bytes(artifacts: &[Artifact]) -> Option<u64> {
    let sizes: Vec<u64> = artifacts
        .iter()
        .filter(|artifact| artifact.own)
        .flat_map(|artifact| &artifact.files)
        .filter(|file| file.extension().is_none_or(|extension| extension != "rmeta" && extension != "d"))
        .filter(|file| !is_page(file))
        .filter_map(|file| std::fs::metadata(file).ok())
        .map(|metadata| metadata.len())
        .collect();
    (!sizes.is_empty()).then(|| sizes.iter().sum())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::WorkspaceMember;

    fn message(id: &str, kind: &str, name: &str, executable: Option<&str>, fresh: bool) -> String {
        let message = serde_json::json!({
            "reason": "compiler-artifact", "package_id": id, "target": {"kind": [kind], "name": name},
            "profile": {"opt_level": "0"}, "filenames": executable.into_iter().collect::<Vec<_>>(),
            "executable": executable, "fresh": fresh,
        });
        format!("{message}\n")
    }

    fn command() -> CommandLine {
        CommandLine {
            program: "/tc/bin/cargo".into(),
            args: vec!["build".into()],
            env: Default::default(),
            cwd: "/w/p".into(),
        }
    }

    #[test]
    fn reads_units_from_what_cargo_says() {
        let stdout = [
            message("registry+https://x/#a@1.0.0", "lib", "a", None, true),
            message("path+file:///w/p#0.1.0", "bin", "p", Some("/nowhere/p"), false),
            message("path+file:///w/dep#0.1.0", "lib", "dep", None, false),
            "{\"reason\":\"build-finished\",\"success\":true}\n".into(),
        ]
        .concat();
        let member = WorkspaceMember { name: "p".into(), version: "0.1.0".into(), manifest: "/p".into() };
        let members = Members { root: "/w/p".into(), packages: vec![member] };
        let known = ProjectFacts { members: Ok(&members), units: Err("not asked"), root: Path::new("/w/p") };
        let evidence = evidence(&command(), &stdout, "", &known);
        let (rebuilt, units) = evidence.rebuilt.unwrap();
        assert_eq!(
            (rebuilt.count, units),
            (2, vec!["dep@0.1.0 lib:dep".to_owned(), "p@0.1.0 bin:p".to_owned()])
        );
        assert_eq!(evidence.executables, [Path::new("/nowhere/p")]);
        let own: Vec<bool> = evidence.artifacts.iter().map(|artifact| artifact.own).collect();
        assert_eq!(own, [false, true, false], "a path dependency is no member");
        assert_eq!(evidence.parts_unknown, None, "a build that shows no calls needs no units");
    }

    #[test]
    fn without_an_answer_of_cargo_no_call_is_anybodys() {
        let stderr =
            "     Running `/tc/bin/rustc --crate-name p src/main.rs --crate-type bin --out-dir /t`\n";
        let members = Members::default();
        let known =
            ProjectFacts { members: Ok(&members), units: Err("it is too old"), root: Path::new("/w/p") };
        let evidence = evidence(&command(), "", stderr, &known);
        assert_eq!(evidence.compiler_calls[0].part, crate::build::BuildPart::Unknown);
        assert_eq!(evidence.parts_unknown.as_deref(), Some("it is too old"));
    }
}
