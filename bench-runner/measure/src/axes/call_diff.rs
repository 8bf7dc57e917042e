//! Differences between two builds from nothing: the arguments of their compiler calls and of their link
//! lines.
//!
//! Directories, hashes and their consequences are ignored.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::path::Path;

use crate::build::BuildEvidence;

/// Maximum number of flags named; the rest is counted.
const NAMED: usize = 6;
/// Options of rustc whose value is a separate argument.
const OPTIONS_WITH_VALUE: [&str; 15] = [
    "-C",
    "--codegen",
    "-Z",
    "-L",
    "-l",
    "-o",
    "-A",
    "-W",
    "-D",
    "-F",
    "--extern",
    "--cfg",
    "--check-cfg",
    "--crate-type",
    "--out-dir",
];
/// Prefixes of arguments that differ between any two variants.
const IGNORED_PREFIXES: [&str; 6] =
    ["-Cmetadata=", "-Cextra-filename=", "--out-dir", "-L", "-o", "--diagnostic-width"];

/// Difference between two builds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct CallDifference {
    calls: ArgChanges,
    links: ArgChanges,
}

/// Differences in one kind of command.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct ArgChanges {
    /// Number of commands in the build.
    all: usize,
    /// For each argument, the number of commands that have it once more than in the other build.
    added: BTreeMap<String, usize>,
    /// For each argument, the number of commands that have it once less.
    taken: BTreeMap<String, usize>,
    /// Names of outputs with more commands than in the other build, and with fewer.
    more: Vec<String>,
    fewer: Vec<String>,
}

/// Difference of `build` from `other`.
pub(super) fn difference(build: &BuildEvidence, other: &BuildEvidence) -> CallDifference {
    let calls = |evidence: &BuildEvidence| {
        let of = |call: &crate::build::CompilerCall| {
            (format!("{} {:?}", call.name, call.part), call.name.clone(), comparable_call_args(&call.args))
        };
        evidence.compiler_calls.iter().map(of).collect()
    };
    let links = |evidence: &BuildEvidence| {
        let of = |step: &crate::build::LinkStep| {
            let name = step.output.file_name().unwrap_or_default().to_string_lossy().into_owned();
            // Cargo appends a hash to the name.
            let name = name.rsplit_once('-').map_or(name.clone(), |(name, _)| name.to_owned());
            (name.clone(), name, comparable_link_args(&step.args))
        };
        evidence.link_steps.iter().map(of).collect()
    };
    CallDifference {
        calls: ArgChanges::between(calls(build), calls(other)),
        links: ArgChanges::between(links(build), links(other)),
    }
}

impl CallDifference {
    pub(super) fn is_empty(&self) -> bool {
        self.calls.is_empty() && self.links.is_empty()
    }

    /// Short form: "adds `-Cdebuginfo=1` to 3 of 14 calls, takes `-Cdebuginfo=2` from 3".
    pub(super) fn describe(&self) -> String {
        let mut parts = self.calls.describe("call");
        // The effect of a rustc flag on the link line is not repeated.
        let mut links = self.links.clone();
        let is_from_flag = |changes: &BTreeMap<String, usize>, arg: &str| {
            changes.keys().any(|flag| flag.strip_prefix("-Clink-arg=") == Some(arg))
        };
        links.added.retain(|arg, _| !is_from_flag(&self.calls.added, arg));
        links.taken.retain(|arg, _| !is_from_flag(&self.calls.taken, arg));
        parts.extend(links.describe("link line"));
        parts.join(", ")
    }
}

/// A command: key, display name, and sorted arguments.
type ComparedCommand = (String, String, Vec<String>);

/// Commands of both builds for the same output, by their arguments.
struct CommandGroup {
    name: String,
    ours: Vec<Vec<String>>,
    theirs: Vec<Vec<String>>,
}

impl CommandGroup {
    fn new(name: String) -> Self {
        Self { name, ours: Vec::new(), theirs: Vec::new() }
    }
}

impl ArgChanges {
    fn between(build: Vec<ComparedCommand>, other: Vec<ComparedCommand>) -> Self {
        let mut changes = Self { all: build.len(), ..Self::default() };
        let mut groups: BTreeMap<String, CommandGroup> = BTreeMap::new();
        for (key, name, args) in build {
            groups.entry(key).or_insert_with(|| CommandGroup::new(name)).ours.push(args);
        }
        for (key, name, args) in other {
            groups.entry(key).or_insert_with(|| CommandGroup::new(name)).theirs.push(args);
        }
        for CommandGroup { name, mut ours, mut theirs } in groups.into_values() {
            // Two commands for one crate differ in their arguments only, so similar ones are paired.
            pair_up(&mut ours, &mut theirs);
            for (ours, theirs) in ours.iter().zip(&theirs) {
                count(&mut changes.added, ours, theirs);
                count(&mut changes.taken, theirs, ours);
            }
            match ours.len().cmp(&theirs.len()) {
                Ordering::Greater => changes.more.push(name),
                Ordering::Less => changes.fewer.push(name),
                Ordering::Equal => {}
            }
        }
        changes
    }

    fn is_empty(&self) -> bool {
        self.added.is_empty() && self.taken.is_empty() && self.more.is_empty() && self.fewer.is_empty()
    }

    fn describe(&self, noun: &str) -> Vec<String> {
        let mut parts = Vec::new();
        for (verb, word, changes) in [("adds", "to", &self.added), ("takes", "from", &self.taken)] {
            for (number, flags) in by_number(changes) {
                let named: Vec<String> =
                    flags.iter().take(NAMED).map(|flag| format!("`{}`", shorten_paths(flag))).collect();
                let mut named = named.join(" ");
                if flags.len() > NAMED {
                    named.push_str(&format!(" and {} more", flags.len() - NAMED));
                }
                let of = if parts.is_empty() { format!(" of {} {noun}s", self.all) } else { String::new() };
                parts.push(format!("{verb} {named} {word} {number}{of}"));
            }
        }
        for (what, names) in [("more", &self.more), ("fewer", &self.fewer)] {
            if !names.is_empty() {
                let listed = names.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(" ");
                parts.push(format!("{what} {noun}s for {listed}"));
            }
        }
        parts
    }
}

/// Moves lists that occur in both to the front, in the same order.
fn pair_up(ours: &mut Vec<Vec<String>>, theirs: &mut Vec<Vec<String>>) {
    ours.sort();
    theirs.sort();
    let same: Vec<Vec<String>> = ours.iter().filter(|args| theirs.contains(args)).cloned().collect();
    for args in same.into_iter().rev() {
        for list in [&mut *ours, &mut *theirs] {
            if let Some(at) = list.iter().position(|other| *other == args) {
                list[..=at].rotate_right(1);
            }
        }
    }
}

/// Counts the arguments that `these` has once more than `those`.
fn count(changes: &mut BTreeMap<String, usize>, these: &[String], those: &[String]) {
    let mut left: Vec<&String> = those.iter().collect();
    for arg in these {
        match left.iter().position(|other| *other == arg) {
            Some(at) => drop(left.swap_remove(at)),
            None => *changes.entry(arg.clone()).or_default() += 1,
        }
    }
}

/// Flags by the number of affected commands, largest first.
fn by_number(changes: &BTreeMap<String, usize>) -> Vec<(usize, Vec<&str>)> {
    let mut groups: BTreeMap<std::cmp::Reverse<usize>, Vec<&str>> = BTreeMap::new();
    for (flag, number) in changes {
        groups.entry(std::cmp::Reverse(*number)).or_default().push(flag);
    }
    groups.into_iter().map(|(number, flags)| (number.0, flags)).collect()
}

/// Relevant arguments of a compiler call, sorted.
pub(super) fn comparable_call_args(args: &[String]) -> Vec<String> {
    let mut kept = normalized(args);
    kept.retain(|flag| !IGNORED_PREFIXES.iter().any(|start| flag.starts_with(start)));
    for flag in &mut kept {
        if flag.starts_with("-Cincremental=") {
            *flag = "-Cincremental".to_owned();
        }
    }
    kept.sort();
    kept
}

/// Arguments of a compiler call in a uniform spelling.
pub(super) fn normalized(args: &[String]) -> Vec<String> {
    let mut kept = Vec::new();
    let rustc = args.iter().position(|arg| arg == "--crate-name").unwrap_or(0);
    // Wrappers come before rustc.
    kept.extend(args[..rustc.saturating_sub(1)].iter().map(|wrapper| shorten_paths(wrapper)));
    let mut rest = args[rustc..].iter();
    while let Some(arg) = rest.next() {
        let flag = if OPTIONS_WITH_VALUE.contains(&arg.as_str()) {
            let value = rest.next().map_or("", String::as_str);
            match arg.as_str() {
                "--codegen" | "-C" => format!("-C{value}"),
                "-Z" | "-L" => format!("{arg}{value}"),
                "--extern" => format!("--extern {}", value.split('=').next().unwrap_or(value)),
                option => format!("{option} {value}"),
            }
        } else {
            arg.clone()
        };
        kept.push(flag);
    }
    kept
}

/// Relevant arguments of a link line, sorted.
fn comparable_link_args(args: &[String]) -> Vec<String> {
    let mut kept = Vec::new();
    let mut rest = args.iter();
    while let Some(arg) = rest.next() {
        if arg == "-o" || arg == "-L" {
            rest.next();
        } else if !arg.starts_with("-L") && !is_file(arg) {
            kept.push(shorten_paths(arg));
        }
    }
    kept.sort();
    kept
}

/// True if an argument of a link line is an input file.
fn is_file(arg: &str) -> bool {
    let ending = Path::new(arg).extension().and_then(std::ffi::OsStr::to_str);
    !arg.starts_with('-') && matches!(ending, Some("o" | "rlib" | "rmeta" | "a" | "so"))
}

/// `text` with every absolute path shortened to its last component.
pub(super) fn shorten_paths(text: &str) -> String {
    let mut short = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('/') {
        let boundary =
            rest[..start].chars().next_back().is_none_or(|c| "=,: @".contains(c) || rest[..start] == *"-B");
        if !boundary {
            short.push_str(&rest[..=start]);
            rest = &rest[start + 1..];
            continue;
        }
        short.push_str(&rest[..start]);
        let end = rest[start..].find(['=', ',', ':', ' ', ';']).map_or(rest.len(), |end| start + end);
        let path = rest[start..end].trim_end_matches('/');
        short.push_str(path.rsplit('/').next().unwrap_or(path));
        rest = &rest[end..];
    }
    short.push_str(rest);
    short
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::{BuildPart, CompilerCall, LinkStep};

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    fn call(name: &str, part: BuildPart, more: &str) -> CompilerCall {
        let line = format!(
            "/tc/bin/rustc --crate-name {name} src/lib.rs --out-dir /t/{more_len}/deps {more}",
            more_len = more.len()
        );
        CompilerCall { name: name.to_owned(), part, unit: None, args: words(&line) }
    }

    fn build(calls: Vec<CompilerCall>) -> BuildEvidence {
        BuildEvidence { compiler_calls: calls, ..BuildEvidence::default() }
    }

    #[test]
    fn directories_and_hashes_are_no_difference() {
        let of = |hash: &str| {
            let more = format!(
                "-C metadata={hash} -C extra-filename=-{hash} -L dependency=/t/{hash}/deps --extern a=/t/{hash}/liba-{hash}.rmeta -C incremental=/t/{hash}/i"
            );
            let link = format!(
                "cc -m64 /tmp/rustc{hash}/symbols.o /t/{hash}/p.o -L /t/{hash} -o /t/{hash}/p-{hash} -Wl,--version-script=/tmp/{hash}/list"
            );
            BuildEvidence {
                link_steps: vec![LinkStep {
                    output: format!("/t/p-{hash}").into(),
                    args: words(&link),
                    path: None,
                    linker: None,
                }],
                ..build(vec![call("p", BuildPart::Own, &more)])
            }
        };
        let found = difference(&of("1f"), &of("2e0"));
        assert!(found.is_empty(), "{found:?}");
        assert_eq!(found.describe(), "");
    }

    #[test]
    fn flags_are_counted_by_the_calls_that_have_them() {
        let three = |level: &str| {
            let flag = format!("-C debuginfo={level}");
            let mut calls =
                vec![call("dep", BuildPart::Dependency, ""), call("build_script_build", BuildPart::Host, "")];
            calls.extend(["a", "b", "c"].map(|name| call(name, BuildPart::Own, &flag)));
            build(calls)
        };
        let found = difference(&three("1"), &three("2"));
        assert_eq!(found.describe(), "adds `-Cdebuginfo=1` to 3 of 5 calls, takes `-Cdebuginfo=2` from 3");
    }

    #[test]
    fn one_crate_in_two_versions_is_compared_with_its_like() {
        let two = |more: &str| {
            build(vec![
                call("syn", BuildPart::Host, "--cfg v1"),
                call("syn", BuildPart::Host, &format!("--cfg v2 {more}")),
            ])
        };
        assert_eq!(difference(&two("-Cx"), &two("")).describe(), "adds `-Cx` to 1 of 2 calls");
        let one = build(vec![call("syn", BuildPart::Host, "--cfg v2")]);
        assert_eq!(difference(&one, &two("")).describe(), "fewer calls for syn");
        assert_eq!(difference(&two(""), &one).describe(), "more calls for syn");
    }

    #[test]
    fn what_a_flag_brings_to_the_link_line_is_told_once() {
        let linked = |flag: &str, line: &str| BuildEvidence {
            link_steps: vec![LinkStep {
                output: "/t/p-0".into(),
                args: words(line),
                path: None,
                linker: None,
            }],
            ..build(vec![call("p", BuildPart::Own, flag)])
        };
        let plain = linked("", "cc -m64");
        let mold = linked("-Clink-arg=-fuse-ld=mold", "cc -m64 -fuse-ld=mold");
        assert_eq!(difference(&mold, &plain).describe(), "adds `-Clink-arg=-fuse-ld=mold` to 1 of 1 calls");
        let clang = linked("", "/opt/bin/clang -m64 -B/opt/lib/gcc-ld");
        assert_eq!(
            difference(&clang, &plain).describe(),
            "adds `-Bgcc-ld` `clang` to 1 of 1 link lines, takes `cc` from 1"
        );
    }

    #[test]
    fn a_wrapper_is_a_difference_and_no_directory_is_shown() {
        let mut wrapped = call("p", BuildPart::Own, "-Clinker=/home/me/bin/ld");
        wrapped.args.insert(0, "/home/me/bin/sccache".into());
        let found = difference(&build(vec![wrapped]), &build(vec![call("p", BuildPart::Own, "")])).describe();
        assert_eq!(found, "adds `-Clinker=ld` `sccache` to 1 of 1 calls");
        assert_eq!(shorten_paths("-Clink-arg=-Wl,-rpath,/a/b:/c/d"), "-Clink-arg=-Wl,-rpath,b:d");
        assert_eq!(shorten_paths("src/lib.rs --remap=/a/b=/c"), "src/lib.rs --remap=b=c");
    }
}
