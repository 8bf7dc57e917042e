//! Findings from the first build of an arm, besides its proofs, for the readers of the verdict: wrappers of
//! the compiler, missing inputs, and units that are compiled again although nothing has changed.

use std::collections::BTreeSet;
use std::path::Path;

use super::RunError;
use super::arm::LiveArm;
use super::block::BlockMeasurement;
use super::block_dirs::BlockDirs;
use super::notes::{NoteKind, list_some};
use super::requested_inputs;
use crate::build::{BuildEvidence, Detail};
use crate::workloads::StartState;

/// The state of the compiler cache in every variant, if no axis has configured it.
const OWN_CACHE: &str = "each variant has a server and a store of its own, which an untimed build has filled, \
     so that a build from nothing is as warm as one after `cargo clean`";

impl BlockMeasurement<'_, '_, '_> {
    /// Notes that a build reaches sccache by other means than cargo's settings.
    pub(super) fn note_discovered_service(&mut self, arm: &LiveArm<'_>, evidence: &BuildEvidence) {
        let (wrappers, _) = wrappers(evidence);
        let through = match &wrappers[..] {
            [] => "a program that the build starts".to_owned(),
            wrappers => list_some(wrappers, wrappers.len()),
        };
        let what = format!("reach sccache through {through}: {OWN_CACHE}");
        self.builder.notes.add(NoteKind::Cache, &arm.arm.variant.name, what);
    }

    /// Notes the programs that wrap the compiler in its calls.
    pub(super) fn note_wrappers(&mut self, arm: &LiveArm<'_>, evidence: &BuildEvidence) {
        let variant = &arm.arm.variant;
        let (mut wrappers, wrapped) = wrappers(evidence);
        if arm.request.service.is_some() {
            if !variant.settings.contains_key("cache") {
                let what = format!("call the compiler through sccache: {OWN_CACHE}");
                self.builder.notes.add(NoteKind::Cache, &variant.name, what);
            }
            wrappers.retain(|wrapper| !is_sccache(wrapper));
            // A script that calls sccache is not another cache.
            if self.builder.notes.has(NoteKind::Cache, &variant.name) {
                return;
            }
        }
        if wrappers.is_empty() {
            return;
        }
        let (named, calls) = (list_some(&wrappers, wrappers.len()), evidence.compiler_calls.len());
        let what = format!(
            "call the compiler through {named} ({wrapped} of {calls} calls); what that keeps elsewhere can make a \
             build from nothing warm, and a server that it talks to is not measured"
        );
        self.builder.notes.add(NoteKind::Wrapper, &variant.name, what);
    }

    /// Notes inputs that build scripts and crates have requested and that only the user has.
    pub(super) fn note_missing_inputs(&mut self, block_dirs: &BlockDirs, arm: &LiveArm<'_>) {
        let (variant, dirs) = (&arm.arm.variant.name, &arm.dirs);
        let Ok(command) = arm.command_line(Detail::Quiet) else { return };
        let requested =
            requested_inputs::read(&block_dirs.read_output("stdout"), &[&dirs.target, &dirs.build_dir]);
        let config = arm.configured.context.config.as_ref().and_then(|config| config.get("env"));
        // Cargo's configuration can override the user's value.
        let forced = |name: &str| {
            let force = config.and_then(|env| env.get(name)?.get("force")?.as_bool());
            force.unwrap_or_default()
        };
        let passed = |name: &str| command.env.contains_key(name) || forced(name);
        let missing_variables = requested.missing_variables(|name| std::env::var_os(name).is_some(), passed);
        if !missing_variables.is_empty() {
            let names = list_some(&missing_variables, missing_variables.len());
            let what = format!(
                "ask for {names}, set in your environment and not passed on to builds (`pass-env` in the manifest's \
                 [build] section passes variables on)"
            );
            self.builder.notes.add(NoteKind::Variables, variant, what);
        }
        let project = &arm.prepared.project;
        if let Some(home) = project.own_directory().filter(|_| project.build.tool.is_cargo()) {
            let home = home.canonicalize().unwrap_or(home);
            let missing = requested.missing_files(&dirs.source, &home);
            if !missing.is_empty() {
                let names = list_some(&missing, missing.len());
                let what = format!("ask for {names}, in your tree and not in the copy that is built");
                self.builder.notes.add(NoteKind::Files, variant, what);
            }
        }
    }

    /// Builds once more with nothing changed, untimed, and notes which units are compiled anyway, with
    /// cargo's reasons.
    pub(super) fn note_needless_rebuild(
        &mut self,
        dirs: &BlockDirs,
        arm: &mut LiveArm<'_>,
    ) -> Result<(), RunError> {
        if arm.workload.start != StartState::Warm || arm.configured.context.toolchain.is_none() {
            return Ok(());
        }
        let Ok(mut command) = arm.command_line(Detail::Quiet) else { return Ok(()) };
        // As an option it would contradict a `--quiet` in the project's settings.
        command.env.insert("CARGO_TERM_VERBOSE".to_owned(), "true".to_owned());
        let limit = self.block.sampling.timeout;
        let Some([stdout, stderr]) = self.builder.run_unrecorded(dirs, arm, command.clone(), limit)? else {
            return Ok(());
        };
        let evidence = arm.configured.driver.evidence(&command, &stdout, &stderr);
        let Some((rebuilt, units)) = evidence.rebuilt.filter(|(rebuilt, _)| rebuilt.count > 0) else {
            return Ok(());
        };
        let reasons = rebuild_reasons(&stderr);
        let why =
            if reasons.is_empty() { list_some(&units, rebuilt.count as usize) } else { reasons.join("; ") };
        let what = format!("compile something again although nothing has changed: {why}");
        self.builder.notes.add(NoteKind::NeedlessRebuild, &arm.arm.variant.name, what.clone());
        arm.needless_rebuild = Some(what);
        Ok(())
    }
}

/// The programs before the compiler in the calls of a build, and the number of calls with any.
fn wrappers(evidence: &BuildEvidence) -> (Vec<String>, usize) {
    let mut found: BTreeSet<String> = BTreeSet::new();
    let mut wrapped = 0;
    for call in &evidence.compiler_calls {
        let is_compiler = |arg: &String| {
            let name = Path::new(arg).file_name().map(|name| name.to_string_lossy());
            name.is_some_and(|name| ["rustc", "rustdoc", "clippy-driver"].contains(&&*name))
        };
        let before = call.args.iter().take_while(|arg| !is_compiler(arg));
        let before: Vec<String> = before.take_while(|arg| !arg.starts_with('-')).cloned().collect();
        wrapped += usize::from(!before.is_empty());
        found.extend(before);
    }
    (found.into_iter().collect(), wrapped)
}

fn is_sccache(wrapper: &str) -> bool {
    Path::new(wrapper).file_name().is_some_and(|name| name == "sccache")
}

/// Cargo's reasons for compiling again: "`p`: the file `x` is missing". Consequences of other reasons are
/// omitted.
fn rebuild_reasons(stderr: &str) -> Vec<String> {
    let dirty = stderr.lines().filter_map(|line| line.trim_start().strip_prefix("Dirty "));
    let mut reasons: Vec<(String, bool)> = Vec::new();
    for line in dirty {
        let (unit, reason) =
            line.rsplit_once("): ").or_else(|| line.split_once(": ")).unwrap_or((line, "dirty"));
        let name = unit.split_whitespace().next().unwrap_or(unit);
        let follows = reason.starts_with("the dependency ") && reason.ends_with(" was rebuilt");
        let reason = (format!("`{name}`: {}", without_times(reason)), follows);
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    if reasons.iter().any(|(_, follows)| !follows) {
        reasons.retain(|(_, follows)| !follows);
    }
    reasons.into_iter().map(|(reason, _)| reason).collect()
}

/// A reason of cargo without file times, which differ in each build. Cargo names a watched directory by its
/// path relative to the package, which is empty for the package itself.
fn without_times(reason: &str) -> String {
    let plain = match reason.split_once(" (") {
        Some((plain, times)) if times.contains(" last build") => plain,
        _ => reason,
    };
    plain.replace("the file `` ", "the directory of the package ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::{BuildPart, CompilerCall};

    #[test]
    fn what_stands_before_the_compiler_is_a_wrapper() {
        let calls = |lines: &[&str]| {
            let call = |line: &&str| CompilerCall {
                name: "p".into(),
                part: BuildPart::Own,
                unit: None,
                args: line.split(' ').map(str::to_owned).collect(),
            };
            wrappers(&BuildEvidence {
                compiler_calls: lines.iter().map(call).collect(),
                ..BuildEvidence::default()
            })
        };
        assert_eq!(
            calls(&["/t/rustc --crate-name p", "/t/clippy-driver /t/rustc --crate-name p"]),
            (vec![], 0)
        );
        let (found, wrapped) =
            calls(&["/x/kache /y/outer /t/rustc --crate-name p", "/t/rustc --crate-name q"]);
        assert_eq!((found, wrapped), (vec!["/x/kache".to_owned(), "/y/outer".to_owned()], 1));
    }

    #[test]
    fn cargo_says_why_something_is_compiled_again() {
        let stderr = "       Dirty p v0.1.0 (/w/p): the file `.env` is missing\n   Compiling p v0.1.0 (/w/p)\n\
                             Dirty q v0.1.0 (/w/q): the dependency `p` was rebuilt\n\
                             Dirty dep v1.0.0: the env variable `X` changed\n";
        assert_eq!(
            rebuild_reasons(stderr),
            ["`p`: the file `.env` is missing", "`dep`: the env variable `X` changed"]
        );
        assert!(rebuild_reasons("Fresh p v0.1.0\n").is_empty());
        let stderr = "Dirty p v0.1.0 (/w/p): the file `` has changed (17.5s, 2s after last build at 15.5s)\n";
        assert_eq!(rebuild_reasons(stderr), ["`p`: the directory of the package has changed"]);
    }
}
