//! Files that a build linked, and the linker of each: the files of units whose compiler calls link, the
//! commands in rustc's log, and the version that the linker behind such a command prints.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::quoting::{debug_variable, debug_words};
use crate::build::{CommandLine, CompilerCall, LinkStep, Linked, read_elf};
use crate::process::{ToolCall, ToolEnv, run_tool};

/// Prefix of log lines from the linking code of rustc.
const LINK_LOG_MARK: &str = "INFO rustc_codegen_ssa::back::link ";

/// Commands that rustc logs before it calls the linker driver.
pub(super) fn link_steps(stderr: &str) -> Vec<LinkStep> {
    stderr.lines().filter_map(link_step).collect()
}

/// The output path is taken from the command itself: lines of concurrent rustc processes may be in any order.
fn link_step(line: &str) -> Option<LinkStep> {
    let (_, text_line) = line.split_once(LINK_LOG_MARK)?;
    let args = debug_words(text_line);
    let at = args.iter().position(|arg| arg == "-o")?;
    let output = PathBuf::from(args.get(at + 1)?);
    Some(LinkStep { output, args, path: debug_variable(text_line, "PATH"), linker: None })
}

/// Files that the calls link, each with the last command that made it: rustc may try more than once.
pub(super) fn linked_files(calls: &[CompilerCall], steps: &[LinkStep]) -> Vec<Linked> {
    let files = calls.iter().flat_map(|call| call.links().into_iter().map(move |file| (call, file)));
    files
        .map(|(call, file)| Linked {
            name: name(call, &file),
            part: call.part,
            facts: read_elf(&file),
            step: steps.iter().rev().find(|step| step.output == file).cloned(),
            file,
        })
        .collect()
}

/// Display name of a linked file.
fn name(call: &CompilerCall, file: &Path) -> String {
    let file = file.file_name().unwrap_or_default().to_string_lossy();
    let target = if file.ends_with(".so") { format!("lib{}.so", call.name) } else { call.name.clone() };
    let Some(unit) = &call.unit else { return target };
    let test = if unit.test { " (test)" } else { "" };
    match unit.kind.as_str() {
        "custom-build" => format!("build script of {}", unit.package.name),
        "example" => format!("example {target} of {}{test}", unit.package.name),
        _ if unit.package.name.replace('-', "_") == call.name => format!("{target}{test}"),
        _ => format!("{target} of {}{test}", unit.package.name),
    }
}

/// Asks the linker behind each command for its version, once for each distinct way to call it: with the same
/// program, flags and environment, but without anything to link.
pub(super) fn ask_linkers(steps: &mut [LinkStep], build: &CommandLine) {
    let mut answers: HashMap<(Vec<String>, Option<String>), Option<String>> = HashMap::new();
    for step in steps {
        let key = (linker_choosing_args(&step.args), step.path.clone());
        let ask = || ask(&key.0, key.1.as_deref(), build);
        step.linker = answers.entry(key.clone()).or_insert_with(ask).clone();
    }
}

/// Options of linker drivers whose value is the next argument.
const WITH_VALUE: [&str; 8] =
    ["-B", "-target", "--target", "--sysroot", "-isysroot", "-flavor", "-specs", "-m"];

/// A command without its inputs, and without options that do not affect the choice of the linker.
fn linker_choosing_args(args: &[String]) -> Vec<String> {
    let mut kept: Vec<String> = args.first().cloned().into_iter().collect();
    let mut rest = args.iter().skip(1);
    while let Some(arg) = rest.next() {
        if WITH_VALUE.contains(&arg.as_str()) {
            kept.push(arg.clone());
            kept.extend(rest.next().cloned());
        } else if [
            "-f",
            "-B",
            "-m",
            "--ld-path",
            "--target",
            "--sysroot",
            "-specs",
            "-shared",
            "-static",
            "-no",
        ]
        .iter()
        .any(|start| arg.starts_with(start))
        {
            kept.push(arg.clone());
        }
    }
    kept
}

/// First line of output that identifies a linker.
fn ask(command: &[String], path: Option<&str>, build: &CommandLine) -> Option<String> {
    let (program, args) = command.split_first()?;
    let mut env = build.env.clone();
    env.extend(path.map(|path| ("PATH".to_owned(), path.to_owned())));
    env.insert("LC_ALL".to_owned(), "C".to_owned());
    let try_option = |more: &str| {
        let args = args.iter().cloned().chain([more.to_owned()]);
        let call = ToolCall {
            cwd: Some(build.cwd.clone()),
            env: ToolEnv::Exactly(env.clone()),
            ..ToolCall::new(locate(program, env.get("PATH").map_or("", String::as_str)), args)
        };
        let output = run_tool(&call).ok()?;
        let lines = output.stdout.lines().chain(output.stderr.lines()).map(str::trim);
        lines.filter(|line| is_linker(line)).map(str::to_owned).next()
    };
    try_option("-Wl,--version").or_else(|| try_option("--version"))
}

/// Looks a program up in the search path of rustc.
fn locate(program: &str, path: &str) -> PathBuf {
    crate::process::find_in_path(program, path.as_ref()).unwrap_or_else(|| program.into())
}

/// True if a line identifies a linker rather than a driver.
fn is_linker(line: &str) -> bool {
    ["GNU ld ", "GNU gold ", "mold ", "Wild ", "LLD "].iter().any(|name| {
        line.starts_with(name) || line.split_once(' ').is_some_and(|(_, rest)| rest.starts_with(name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_step_names_its_output_itself() {
        // Two concurrent rustc processes: both have logged their preparation before either has linked.
        let stderr = concat!(
            " INFO rustc_codegen_ssa::back::link preparing Executable to \"/w/deps/a-1\"\n",
            " INFO rustc_codegen_ssa::back::link preparing Executable to \"/w/deps/b-2\"\n",
            " INFO rustc_codegen_ssa::back::link LC_ALL=\"C\" PATH=\"/x -o /y\" VSLANG=\"1033\" \"cc\" \"-m64\" \"-o\" \"/w/deps/a-1\" \"-fuse-ld=mold\"\n",
            " INFO rustc_codegen_ssa::back::link linker stderr:\n",
            " INFO rustc_codegen_ssa::back::link Error while checking if gold was the linker, err=Error(\"-o\")\n",
            // Format of rustc 1.63.
            "INFO rustc_codegen_ssa::back::link env -u LANG LC_ALL=\"C\" \"cc\" \"-o\" \"/w/de ps/\\\"b\\\"-2\" \"-fuse-ld=bfd\"\n",
        );
        let steps = link_steps(stderr);
        let outputs: Vec<_> = steps.iter().map(|step| step.output.to_str().unwrap()).collect();
        assert_eq!(outputs, ["/w/deps/a-1", "/w/de ps/\"b\"-2"]);
        assert_eq!(steps[0].args, ["cc", "-m64", "-o", "/w/deps/a-1", "-fuse-ld=mold"]);
        assert_eq!(steps[0].path.as_deref(), Some("/x -o /y"));
        assert_eq!(steps[1].args.last().unwrap(), "-fuse-ld=bfd");
        assert_eq!(steps[1].path, None);
    }

    #[test]
    fn a_linker_is_asked_with_what_chooses_it() {
        let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<String>>();
        let line = "cc -m64 /t/a.o -Wl,--as-needed -L /t/deps -lgcc_s -B /tc/gcc-ld -fuse-ld=lld -o /t/a -pie -z now \
                    -nodefaultlibs -target x86_64-linux-musl";
        let kept = "cc -m64 -B /tc/gcc-ld -fuse-ld=lld -nodefaultlibs -target x86_64-linux-musl";
        assert_eq!(linker_choosing_args(&words(line)), words(kept));
        assert_eq!(
            linker_choosing_args(&words("rust-lld -flavor gnu /t/a.o -o /t/a")),
            words("rust-lld -flavor gnu")
        );
    }

    #[test]
    fn a_driver_is_no_linker() {
        for line in [
            "GNU ld (GNU Binutils for Debian) 2.40",
            "GNU gold (GNU Binutils for Debian 2.40) 1.16",
            "Debian LLD 14.0.6 (compatible with GNU linkers)",
            "LLD 22.1.2 (/checkout/src/llvm-project/llvm 1cb4) (compatible with GNU linkers)",
            "mold 1.10.1 (compatible with GNU ld)",
            "Wild version 0.10.0 (compatible with GNU linkers)",
        ] {
            assert!(is_linker(line), "{line}");
        }
        for line in ["collect2 version 12.2.0", "/usr/bin/ld.bfd -plugin x", "cc (Debian 12.2.0-14) 12.2.0"] {
            assert!(!is_linker(line), "{line}");
        }
    }
}
