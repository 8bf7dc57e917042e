//! What cargo and rustc say while they build, read back: units from cargo's JSON, link steps from rustc's log.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::calls::compiler_calls;
use super::leftovers::leftovers;
use super::quoting::debug_words;
use crate::build::unit_graph::TEST_MARK;
use crate::build::{Artifact, Evidence, LinkStep, read_elf};
use crate::record::Rebuilt;

/// What the output of a finished build shows.
pub(super) fn evidence(command: &[String], stdout: &str, stderr: &str) -> Evidence {
    let artifacts: Vec<Artifact> = stdout.lines().filter_map(artifact).collect();
    let mut units: Vec<String> =
        artifacts.iter().filter(|artifact| !artifact.fresh).map(|artifact| artifact.unit.clone()).collect();
    units.sort();
    let rebuilt =
        Rebuilt { count: units.len() as u32, set: crate::record::short_hash(&units.join("\n")).into() };
    let executables = artifacts
        .iter()
        .filter(|artifact| artifact.own)
        .filter_map(|artifact| artifact.executable.clone())
        .map(|path| (path.clone(), read_elf(&path)))
        .collect();
    Evidence {
        command: command.to_vec(),
        complaint: complaint(stderr),
        compiler_calls: compiler_calls(stderr, &artifacts),
        link_steps: stderr.lines().filter_map(link_step).collect(),
        artifact_bytes: artifact_bytes(&artifacts),
        leftovers: leftovers(&artifacts),
        executables,
        artifacts,
        rebuilt: Some((rebuilt, units)),
        cache: None,
    }
}

/// The first error of cargo or rustc, with the first of the causes that cargo gives for it.
fn complaint(stderr: &str) -> Option<String> {
    let mut lines = stderr.lines().map(str::trim).skip_while(|line| !line.starts_with("error"));
    let error = lines.next()?;
    let cause = lines.skip_while(|line| *line != "Caused by:").nth(1);
    Some(cause.map_or_else(|| error.to_owned(), |cause| format!("{error}: {cause}")))
}

fn artifact(line: &str) -> Option<Artifact> {
    let message: Value = serde_json::from_str(line).ok()?;
    if message["reason"] != "compiler-artifact" {
        return None;
    }
    let id = message["package_id"].as_str()?;
    let target = &message["target"];
    let kind = target["kind"][0].as_str()?;
    let name = target["name"].as_str()?;
    let package = id.rsplit_once('#').map_or(id, |(_, package)| package);
    let files: Vec<PathBuf> = message["filenames"]
        .as_array()
        .map(|files| files.iter().filter_map(|file| file.as_str().map(PathBuf::from)).collect())
        .unwrap_or_default();
    // One target can make several units: a library, its tests, its documentation.
    let mark = if message["profile"]["test"] == true {
        TEST_MARK
    } else if files.iter().any(|file| is_page(file)) {
        " (doc)"
    } else {
        ""
    };
    Some(Artifact {
        unit: format!("{package} {kind}:{name}{mark}"),
        own: id.starts_with("path+") && kind != "custom-build",
        package: id.strip_prefix("path+file://").and_then(|id| Some(id.split_once('#')?.0.into())),
        fresh: message["fresh"].as_bool()?,
        opt_level: message["profile"]["opt_level"].as_str().unwrap_or_default().to_owned(),
        files,
        executable: message["executable"].as_str().map(PathBuf::from),
    })
}

/// Whether a file is the first page of a crate's documentation.
fn is_page(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension == "html")
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

/// The command that rustc logs before it calls the linker driver. What it makes is read from the command itself:
/// the lines of several rustc processes come in any order.
fn link_step(line: &str) -> Option<LinkStep> {
    const SPEAKER: &str = " INFO rustc_codegen_ssa::back::link ";
    let (_, said) = line.split_once(SPEAKER)?;
    let args = debug_words(said);
    let at = args.iter().position(|arg| arg == "-o")?;
    Some(LinkStep { output: args.get(at + 1)?.into(), args })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::Part;

    fn unit(id: &str, kind: &str, name: &str, executable: Option<&str>, fresh: bool) -> String {
        let message = serde_json::json!({
            "reason": "compiler-artifact", "package_id": id, "target": {"kind": [kind], "name": name},
            "profile": {"opt_level": "0"}, "filenames": executable.into_iter().collect::<Vec<_>>(),
            "executable": executable, "fresh": fresh,
        });
        format!("{message}\n")
    }

    const OWN: &str = "path+file:///w/p#0.1.0";

    #[test]
    fn reads_units_from_what_cargo_says() {
        let stdout = [
            unit("registry+https://x/#a@1.0.0", "lib", "a", None, true),
            unit(OWN, "bin", "p", Some("/nowhere/p"), false),
            "{\"reason\":\"build-finished\",\"success\":true}\n".into(),
        ]
        .concat();
        let evidence = evidence(&[], &stdout, "");
        let (rebuilt, units) = evidence.rebuilt.unwrap();
        assert_eq!((rebuilt.count, units), (1, vec!["0.1.0 bin:p".to_owned()]));
        assert!(evidence.executables[0].1.is_err(), "a missing file is said to be missing");
    }

    #[test]
    fn a_build_that_fails_says_why() {
        let said = |stderr: &str| evidence(&[], "", stderr).complaint;
        assert_eq!(said("   Compiling p\n    Finished `dev`\n"), None);
        assert_eq!(
            said("   Compiling p\nerror[E0308]: mismatched types\n --> x\nerror: aborting\n").unwrap(),
            "error[E0308]: mismatched types"
        );
        let config = "error: config profile `dev` is not valid\n\nCaused by:\n  feature `x` is required\n\n  The package\n";
        assert_eq!(
            said(config).unwrap(),
            "error: config profile `dev` is not valid: feature `x` is required"
        );
    }

    #[test]
    fn a_link_step_names_its_output_itself() {
        // Two rustc processes at once: both have said what they prepare before either has linked.
        let stderr = concat!(
            " INFO rustc_codegen_ssa::back::link preparing Executable to \"/w/deps/a-1\"\n",
            " INFO rustc_codegen_ssa::back::link preparing Executable to \"/w/deps/b-2\"\n",
            " INFO rustc_codegen_ssa::back::link LC_ALL=\"C\" PATH=\"/x -o /y\" VSLANG=\"1033\" \"cc\" \"-m64\" \"-o\" \"/w/deps/a-1\" \"-fuse-ld=mold\"\n",
            " INFO rustc_codegen_ssa::back::link linker stderr:\n",
            " INFO rustc_codegen_ssa::back::link Error while checking if gold was the linker, err=Error(\"-o\")\n",
            " INFO rustc_codegen_ssa::back::link env -u LANG LC_ALL=\"C\" \"cc\" \"-o\" \"/w/de ps/\\\"b\\\"-2\" \"-fuse-ld=bfd\"\n",
        );
        let steps = evidence(&[], "", stderr).link_steps;
        let outputs: Vec<_> = steps.iter().map(|step| step.output.to_str().unwrap()).collect();
        assert_eq!(outputs, ["/w/deps/a-1", "/w/de ps/\"b\"-2"]);
        assert_eq!(steps[0].args, ["cc", "-m64", "-o", "/w/deps/a-1", "-fuse-ld=mold"]);
        assert_eq!(steps[1].args.last().unwrap(), "-fuse-ld=bfd");
    }

    #[test]
    fn compiler_calls_are_those_of_rustc_and_know_whose_they_are() {
        let stdout = [
            unit("registry+https://x/#dep@1.0.0", "lib", "dep", None, false),
            unit(OWN, "lib", "my-own", None, false),
            unit(OWN, "custom-build", "build-script-build", None, false),
        ]
        .concat();
        let stderr = concat!(
            "     Running `/tc/bin/rustc --crate-name dep -C extra-filename=-01 /r/dep/src/lib.rs`\n",
            "     Running `/w/t/debug/build/p-1/build-script-build`\n",
            "     Running `/tc/bin/rustc --crate-name build_script_build build.rs`\n",
            "     Running `/tc/bin/rustc --crate-name my_own --extern dep=/t/libdep-01.rmeta src/lib.rs '-Clink-arg=-B/a b' '--cfg=feature=\"x\"' '--cfg=it'\\''s'`\n",
        );
        let calls = evidence(&[], &stdout, stderr).compiler_calls;
        let parts: Vec<Part> = calls.iter().map(|call| call.part).collect();
        assert_eq!(parts, [Part::Dependency, Part::Host, Part::Own]);
        assert_eq!(calls[2].args[6..], ["-Clink-arg=-B/a b", "--cfg=feature=\"x\"", "--cfg=it's"]);
    }

    #[test]
    fn what_only_runs_during_the_build_is_told_apart() {
        let stdout = [
            unit("registry+https://x/#syn@2.0.0", "lib", "syn", None, false),
            unit(OWN, "proc-macro", "derive", None, false),
            unit(OWN, "bin", "p", None, false),
        ]
        .concat();
        // One crate in two versions: the macro's own needs and what the program is made of.
        let stderr = concat!(
            "     Running `/w/sccache /tc/bin/rustc --crate-name syn -C extra-filename=-aa lib.rs`\n",
            "     Running `/w/sccache /tc/bin/rustc --crate-name syn -C extra-filename=-bb lib.rs`\n",
            "     Running `rustc --crate-name derive --crate-type proc-macro -C extra-filename=-cc --extern syn=/t/libsyn-aa.rlib --extern proc_macro lib.rs`\n",
            "     Running `rustc --crate-name p --extern derive=/t/libderive-cc.so --extern noprelude:syn=/t/libsyn-bb.rmeta main.rs`\n",
        );
        let calls = evidence(&[], &stdout, stderr).compiler_calls;
        let parts: Vec<(&str, Part)> = calls.iter().map(|call| (call.name.as_str(), call.part)).collect();
        assert_eq!(
            parts,
            [("syn", Part::Host), ("syn", Part::Dependency), ("derive", Part::Host), ("p", Part::Own)]
        );
        // A project that is nothing but a macro has that for its result.
        let alone = unit(OWN, "proc-macro", "derive", None, false);
        let calls = evidence(&[], &alone, stderr.split("     Running `rustc --crate-name p").next().unwrap());
        assert_eq!(calls.compiler_calls[2].part, Part::Own);
    }

    #[test]
    fn a_crate_of_its_own_that_a_build_script_needs_too_is_no_second_result() {
        let stdout = [unit(OWN, "lib", "inner", None, false), unit(OWN, "bin", "p", None, false)].concat();
        let stderr = concat!(
            "     Running `rustc --crate-name inner -C extra-filename=-aa inner/src/lib.rs`\n",
            "     Running `rustc --crate-name inner -C extra-filename=-bb inner/src/lib.rs`\n",
            "     Running `rustc --crate-name build_script_build --extern inner=/t/libinner-aa.rlib build.rs`\n",
            "     Running `rustc --crate-name p --extern inner=/t/libinner-bb.rlib src/main.rs`\n",
        );
        let parts = |stderr: &str| {
            let calls = evidence(&[], &stdout, stderr).compiler_calls;
            calls.iter().map(|call| call.part).collect::<Vec<_>>()
        };
        assert_eq!(parts(stderr), [Part::Host, Part::Own, Part::Host, Part::Own]);
        // A library that nothing but what runs during the build needs is none of the results.
        let (stdout_of_both, only_host) = (
            [unit(OWN, "lib", "core", None, false), unit(OWN, "bin", "p", None, false)].concat(),
            concat!(
                "     Running `rustc --crate-name core -C extra-filename=-cc core/src/lib.rs`\n",
                "     Running `rustc --crate-name macros --crate-type proc-macro -C extra-filename=-dd --extern core=/t/libcore-cc.rlib lib.rs`\n",
                "     Running `rustc --crate-name p --extern macros=/t/libmacros-dd.so src/main.rs`\n",
            ),
        );
        let of_host = evidence(&[], &stdout_of_both, only_host).compiler_calls;
        let of_host: Vec<Part> = of_host.iter().map(|call| call.part).collect();
        assert_eq!(of_host, [Part::Host, Part::Host, Part::Own]);
        // Where one call does for both, it is the result's.
        let shared = stderr.replace("-bb", "-aa");
        let (_, shared) = shared.split_once('\n').unwrap();
        assert_eq!(parts(shared), [Part::Own, Part::Host, Part::Own]);
    }

    #[test]
    fn with_a_target_named_only_what_is_built_for_it_is_looked_at() {
        let stdout =
            [unit(OWN, "proc-macro", "derive", None, false), unit(OWN, "lib", "p", None, false)].concat();
        let stderr = concat!(
            "     Running `/tc/bin/rustc --crate-name derive derive/src/lib.rs`\n",
            "     Running `/tc/bin/rustc --crate-name p src/lib.rs --target x86_64-unknown-linux-gnu -Cx`\n",
        );
        let calls = evidence(&[], &stdout, stderr).compiler_calls;
        assert_eq!(calls.iter().map(|call| call.part).collect::<Vec<_>>(), [Part::Host, Part::Own]);
    }
}
