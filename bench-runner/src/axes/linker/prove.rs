//! Which linker wrote the result, and whether the flags arrived: the linker's own mark in `.comment`, the command
//! that called it, and the compiler calls. GNU ld leaves no mark, so it is proven by the absence of all others and
//! by the command line.

use std::path::Path;

use super::super::calls::Seen;
use super::super::{Availability, Context, Finding};
use super::choice::{Choice, selecting, without_directories};
use super::{Family, apply, probe};
use crate::build::{CompilerCall, ElfFacts, Evidence, LinkStep, Part};
use crate::record::ProofResult;

/// The mark that a linker left, or GNU ld where there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Mark {
    family: Family,
    text: String,
}

pub(super) fn prove(value: &str, driver: Option<&str>, context: &Context, evidence: &Evidence) -> Finding {
    let expected = expectation(value, context);
    let looked = evidence.executables.iter().map(|(path, facts)| {
        let seen = match facts {
            Ok(facts) => look(&expected, facts, link_step(evidence, path)),
            Err(reason) => Seen::unclear(reason.clone()),
        };
        (path.as_path(), seen)
    });
    let arrived = flags(&apply::flags(value, driver, context), context, evidence);
    together(looked.collect()).and(arrived).finding(expected.text)
}

/// A proof by what link lines say: `told` gives what one says and whether it is right.
pub(super) fn on_link_lines(
    expected: String,
    flags_added: &[String],
    context: &Context,
    evidence: &Evidence,
    told: impl Fn(&[String]) -> (String, bool),
) -> Finding {
    let looked = evidence.executables.iter().map(|(path, _)| {
        let seen = match link_step(evidence, path) {
            None => Seen::unclear("no link line".to_owned()),
            Some(step) => {
                let (found, right) = told(&step.args);
                Seen::of(found, right)
            }
        };
        (path.as_path(), seen)
    });
    together(looked.collect()).and(flags(flags_added, context, evidence)).finding(expected)
}

/// Every executable has its say; where they say different things, each is named.
fn together(looked: Vec<(&Path, Seen)>) -> Seen {
    let same = looked.windows(2).all(|pair| pair[0].1.found == pair[1].1.found);
    let told = match looked.first() {
        Some((_, first)) if same => Some(first.found.clone()),
        _ => None,
    };
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let named = looked
        .into_iter()
        .map(|(path, seen)| Seen { found: format!("{}: {}", name(path), seen.found), ..seen })
        .reduce(Seen::and)
        .unwrap_or_else(|| Seen::unclear("no executable to look at".to_owned()));
    Seen { found: told.unwrap_or(named.found), result: named.result }
}

/// What one executable and the command that linked it show.
fn look(expected: &Expectation, facts: &ElfFacts, step: Option<&LinkStep>) -> Seen {
    let mark = mark(facts);
    let of_other_family = expected.family.is_some_and(|family| family != mark.family);
    let of_other_version = expected.version.as_deref().is_some_and(|version| !mark.text.contains(version));
    let contradicted = of_other_family || of_other_version;
    let Some(step) = step else {
        let found = format!("{}; no link line, so there is only the mark", mark.text);
        let result = if contradicted { ProofResult::Fails } else { ProofResult::NotProvable };
        return Seen { found, result };
    };
    let found = format!("{}; linked with {}", mark.text, selecting(&step.args));
    let result = if contradicted || !expected.choice.agrees(&step.args) {
        ProofResult::Fails
    } else if expected.family.is_none() {
        // Whatever was to be called, no mark is known that it would leave.
        ProofResult::NotProvable
    } else {
        ProofResult::Holds
    };
    Seen { found, result }
}

/// Whether the flags that a value adds, and the project's own beside them, are on the compiler calls of the
/// project's own units: cargo drops one of two sources of flags without a word.
fn flags(added: &[String], context: &Context, evidence: &Evidence) -> Seen {
    if added.is_empty() {
        return Seen::of(String::new(), true);
    }
    let calls: Vec<&CompilerCall> =
        evidence.compiler_calls.iter().filter(|call| call.part == Part::Own).collect();
    if calls.is_empty() {
        return Seen::unclear("no compiler call of the project's own units".to_owned());
    }
    let in_force = context.in_force.flags.as_slice();
    // A window of nothing would be a panic, and nothing is on every call.
    let on = |list: &[String]| {
        calls
            .iter()
            .filter(|call| list.is_empty() || call.args.windows(list.len()).any(|w| w == list))
            .count()
    };
    let shown = added.iter().map(|flag| without_directories(flag)).collect::<Vec<_>>().join(" ");
    let missing = [(on(added), format!("`{shown}`"))]
        .into_iter()
        .chain([(on(in_force), "flags of the configuration in force".to_owned())])
        .find(|(count, _)| *count < calls.len());
    match missing {
        Some((count, what)) => {
            Seen::of(format!("{what} on {count} of {} compiler calls", calls.len()), false)
        }
        None => Seen::of(String::new(), true),
    }
}

struct Expectation {
    text: String,
    family: Option<Family>,
    version: Option<String>,
    choice: Choice,
}

fn expectation(value: &str, context: &Context) -> Expectation {
    let tool = match probe::probe(value, context) {
        Availability::Available { tool, .. } => tool,
        Availability::Missing { .. } => None,
    };
    let said = tool.as_ref().map(|tool| tool.version.clone());
    let family = match value {
        "bfd" => Some(Family::Bfd),
        "gold" => Some(Family::Gold),
        "lld" | "rust-lld" => Some(Family::Lld),
        "mold" => Some(Family::Mold),
        "wild" => Some(Family::Wild),
        _ => said.as_deref().and_then(Family::of_version),
    };
    // GNU ld leaves no version behind; the others write the number that they also answer to `--version` with.
    let version = said
        .as_deref()
        .filter(|_| !matches!(family, Some(Family::Bfd | Family::Gold) | None))
        .and_then(version_number);
    let choice = Choice::of(value, context);
    let what = match (family, &version) {
        (Some(family), Some(version)) => format!("{} {version}", family.name()),
        (Some(family), None) => family.name().to_owned(),
        (None, _) if value == "default" => "whatever linker is configured".to_owned(),
        (None, _) => "a linker whose mark is not known".to_owned(),
    };
    Expectation { text: format!("{what}{}", choice.text()), family, version, choice }
}

/// The first number with a dot in it.
fn version_number(text: &str) -> Option<String> {
    text.split(|c: char| !(c.is_ascii_digit() || c == '.'))
        .find(|word| word.contains('.') && word.starts_with(|c: char| c.is_ascii_digit()))
        .map(str::to_owned)
}

fn mark(facts: &ElfFacts) -> Mark {
    let of = |family, word: &str| {
        let comment = facts.comments.iter().find(|comment| comment.contains(word))?;
        let text = comment.trim_start_matches("Linker: ");
        Some(Mark { family, text: text.split(" (").next().unwrap_or(text).to_owned() })
    };
    if facts.gold_note {
        return Mark { family: Family::Gold, text: "gold's note".into() };
    }
    of(Family::Mold, "mold ")
        .or_else(|| of(Family::Wild, "Wild "))
        .or_else(|| of(Family::Lld, "LLD "))
        .unwrap_or_else(|| Mark { family: Family::Bfd, text: "no linker's mark, as GNU ld leaves it".into() })
}

/// The link step of the executable: cargo links it in `deps/` under a name with a hash.
fn link_step<'a>(evidence: &'a Evidence, executable: &Path) -> Option<&'a LinkStep> {
    let plain = |name: &str| name.replace('-', "_");
    let name = plain(executable.file_name()?.to_str()?);
    // rustc may try more than once, and the last try counts.
    evidence.link_steps.iter().rev().find(|step| {
        let output = step.output.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        plain(output) == name || output.rsplit_once('-').is_some_and(|(start, _)| plain(start) == name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::{InForce, Toolchain};

    fn context() -> Context {
        Context { toolchain: None, tools: "/cache/tools".into(), ..super::super::super::fixture::context() }
    }

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    fn linked(name: &str, comments: &[&str], line: &str) -> Evidence {
        let facts =
            ElfFacts { comments: comments.iter().map(|&c| c.to_owned()).collect(), ..ElfFacts::default() };
        let output = format!("/t/debug/deps/{}-0af3", name.replace('-', "_")).into();
        Evidence {
            executables: vec![(format!("/t/debug/{name}").into(), Ok(facts))],
            link_steps: vec![LinkStep { output, args: words(line) }],
            ..Evidence::default()
        }
    }

    /// What a build shows that was called with `flags` in its two calls, the first being a dependency's.
    fn evidence(flags: &str, comments: &[&str], line: &str) -> Evidence {
        let call = |part, name: &str| CompilerCall {
            name: name.to_owned(),
            part,
            args: words(&format!("rustc --crate-name {name} {flags}")),
        };
        Evidence {
            compiler_calls: vec![call(Part::Dependency, "dep"), call(Part::Own, "my_tool")],
            ..linked("my-tool", comments, line)
        }
    }

    const MOLD: &str = "-Clink-arg=-fuse-ld=mold";

    #[test]
    fn the_mark_names_the_linker() {
        let facts = |comment: &str| ElfFacts {
            comments: vec!["GCC: 12".into(), comment.into()],
            ..ElfFacts::default()
        };
        assert_eq!(mark(&facts("Linker: LLD 22.1.2 (/checkout/x 1cb4)")).text, "LLD 22.1.2");
        assert_eq!(mark(&facts("Linker: Debian LLD 14.0.6")).family, Family::Lld);
        assert_eq!(mark(&facts("mold 1.10.1 (compatible with GNU ld)")).family, Family::Mold);
        assert_eq!(mark(&facts("rustc version 1.95.0")).family, Family::Bfd);
        assert_eq!(mark(&ElfFacts { gold_note: true, ..ElfFacts::default() }).family, Family::Gold);
    }

    #[test]
    fn a_linker_that_was_never_called_is_found_out() {
        let lost = prove("mold", None, &context(), &evidence(MOLD, &[], "cc -o x"));
        assert_eq!(lost.result, ProofResult::Fails);
        assert!(lost.found.contains("no flag"), "{}", lost.found);
        let arrived =
            prove("mold", None, &context(), &evidence(MOLD, &["mold 1.10.1 (x)"], "cc -fuse-ld=mold"));
        assert_eq!(
            (arrived.result, &*arrived.found),
            (ProofResult::Holds, "mold 1.10.1; linked with -fuse-ld=mold")
        );
    }

    #[test]
    fn a_flag_on_no_compiler_call_fails_whatever_linked() {
        // The project's own flags happen to bring in the same linker.
        let lost = prove("mold", None, &context(), &evidence("-Cy", &["mold 1.10.1"], "cc -fuse-ld=mold"));
        assert_eq!(lost.result, ProofResult::Fails);
        assert!(
            lost.found.ends_with("`-Clink-arg=-fuse-ld=mold` on 0 of 1 compiler calls"),
            "{}",
            lost.found
        );
        let unseen =
            Evidence { compiler_calls: vec![], ..evidence(MOLD, &["mold 1.10.1"], "cc -fuse-ld=mold") };
        let unseen = prove("mold", None, &context(), &unseen);
        assert_eq!(unseen.result, ProofResult::NotProvable);
        assert!(unseen.found.ends_with("no compiler call of the project's own units"), "{}", unseen.found);
    }

    #[test]
    fn the_projects_own_flags_must_have_stayed_in_force() {
        let flags = ["--cfg", "own"].map(str::to_owned).to_vec();
        let in_force = InForce { flags, ..InForce::default() };
        let context = Context { toolchain: Some(Toolchain::sample()), in_force, ..context() };
        let prove = |flags: &str| {
            prove("mold", None, &context, &evidence(flags, &["mold 1.10.1"], "cc -fuse-ld=mold"))
        };
        assert_eq!(prove(&format!("--cfg own {MOLD}")).result, ProofResult::Holds);
        let dropped = prove(&format!("--cfg other own {MOLD}"));
        assert_eq!(dropped.result, ProofResult::Fails);
        assert!(
            dropped.found.ends_with("configuration in force on 0 of 1 compiler calls"),
            "{}",
            dropped.found
        );
    }

    #[test]
    fn a_flag_that_brought_in_another_linker_is_found_out() {
        let other = evidence(MOLD, &["Linker: LLD 22.1.2"], "cc -fuse-ld=mold");
        assert_eq!(prove("mold", None, &context(), &other).result, ProofResult::Fails);
    }

    #[test]
    fn the_systems_lld_is_not_rustcs() {
        let line = "cc -B/tc/bin/gcc-ld -fuse-ld=lld";
        let evidence = evidence("-Clink-arg=-fuse-ld=lld", &["Linker: LLD 22.1.2"], line);
        assert_eq!(prove("lld", None, &context(), &evidence).result, ProofResult::Fails);
        assert_eq!(prove("rust-lld", None, &context(), &evidence).result, ProofResult::Holds);
    }

    #[test]
    fn without_a_link_line_the_mark_can_only_contradict() {
        let step_lost = |comment| Evidence { link_steps: vec![], ..evidence(MOLD, &[comment], "") };
        let agrees = prove("mold", None, &context(), &step_lost("mold 1.10.1"));
        assert_eq!(agrees.result, ProofResult::NotProvable);
        assert_eq!(agrees.found, "mold 1.10.1; no link line, so there is only the mark");
        assert_eq!(
            prove("mold", None, &context(), &step_lost("Linker: LLD 22.1.2")).result,
            ProofResult::Fails
        );
    }

    #[test]
    fn all_executables_of_the_project_must_agree() {
        let both = |comment, line| {
            let mut both = evidence(MOLD, &["mold 1.10.1"], "cc -fuse-ld=mold");
            let second = linked("second", &[comment], line);
            both.executables.extend(second.executables);
            both.link_steps.extend(second.link_steps);
            prove("mold", None, &context(), &both)
        };
        let agree = both("mold 1.10.1", "cc -fuse-ld=mold");
        assert_eq!(
            (agree.result, &*agree.found),
            (ProofResult::Holds, "mold 1.10.1; linked with -fuse-ld=mold")
        );
        let differ = both("Linker: LLD 22.1.2", "cc -fuse-ld=mold");
        assert_eq!(differ.result, ProofResult::Fails);
        assert!(
            differ.found.contains("my-tool: mold") && differ.found.contains("second: LLD"),
            "{}",
            differ.found
        );
        let mut unread = evidence(MOLD, &["mold 1.10.1"], "cc -fuse-ld=mold");
        unread.executables.push(("/t/debug/second".into(), Err("not ELF".into())));
        assert_eq!(prove("mold", None, &context(), &unread).result, ProofResult::NotProvable);
    }

    #[test]
    fn what_the_project_configures_itself_is_not_claimed_to_be_proven() {
        let context = Context {
            toolchain: Some(Toolchain::sample()),
            config: Some("[build]\nrustflags = ['-Clink-arg=-fuse-ld=mold']".parse().unwrap()),
            ..context()
        };
        let finding = prove("default", None, &context, &evidence(MOLD, &["mold 1.10.1"], "cc -fuse-ld=mold"));
        assert_eq!(finding.result, ProofResult::NotProvable);
        assert_eq!(finding.found, "mold 1.10.1; linked with -fuse-ld=mold");
        assert_eq!(finding.expected, "whatever linker is configured");
    }

    #[test]
    fn a_linker_without_a_known_mark_is_not_claimed_to_be_proven() {
        let dir = tempfile::tempdir().unwrap();
        let linker = dir.path().join("ld.new");
        std::fs::write(&linker, "#!/bin/sh\necho 'new linker 0.1'\n").unwrap();
        std::fs::set_permissions(&linker, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let value = linker.to_str().unwrap();
        let flag = format!("-B{}", apply::directory_of(&linker, &context().tools).display());
        let called = |line: &str| {
            prove(value, None, &context(), &evidence(&format!("-Clink-arg={flag}"), &[], line)).result
        };
        assert_eq!(called(&format!("cc {flag}")), ProofResult::NotProvable);
        assert_eq!(called("cc"), ProofResult::Fails);
    }

    #[test]
    fn without_an_executable_nothing_is_claimed() {
        let finding = prove("mold", None, &context(), &Evidence::default());
        assert_eq!(finding.result, ProofResult::NotProvable);
        let library =
            |flags| Evidence { executables: vec![], link_steps: vec![], ..evidence(flags, &[], "") };
        assert_eq!(prove("mold", None, &context(), &library(MOLD)).result, ProofResult::NotProvable);
        assert_eq!(prove("mold", None, &context(), &library("-Cy")).result, ProofResult::Fails);
    }
}
