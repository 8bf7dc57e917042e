//! Proves which linker wrote the result, and that the flags arrived, by the command that called it, the
//! version that the linker behind that command prints, its mark in `.comment`, and the compiler calls.
//!
//! GNU ld leaves no mark, and the absence of marks does not prove it. Marks of other linkers can come from
//! objects that were linked in, so they contradict nothing if the command and the version agree.

use bench_runner_core::record::ProofResult;

use super::super::axis::{Context, ProofFinding};
use super::super::rustc_args::{self, PartialFinding};
use super::choice::{LinkerChoice, selecting_args, without_directories};
use super::name::{LinkerFamily, LinkerName};
use super::probe;
use crate::build::{BuildEvidence, BuildPart, CompilerCall, ElfFacts, LinkStep, Linked};

pub(super) fn prove(
    linker: &LinkerName,
    driver: Option<&str>,
    context: &Context,
    evidence: &BuildEvidence,
) -> ProofFinding {
    let expected = expected_linker(linker, context);
    let arrived = flags_arrived(&super::flags::linker_flags(linker, driver, context), context, evidence);
    let hidden = evidence.links_hidden.as_deref();
    let judge_one = |linked: &Linked| judge_file(&expected, linked, hidden);
    judge_linked(evidence, judge_one, |step| is_other_linker(&expected, step))
        .and(arrived)
        .finding(expected.text)
}

/// A proof by link lines: `check_line` describes a link line and says whether it is right.
pub(super) fn on_link_lines(
    expected: String,
    flags_added: &[String],
    context: &Context,
    evidence: &BuildEvidence,
    check_line: impl Fn(&[String]) -> (String, bool),
) -> ProofFinding {
    let hidden = evidence.links_hidden.as_deref();
    let judge_one = |linked: &Linked| match &linked.step {
        None => PartialFinding::not_provable(no_link_line(hidden)),
        Some(step) => {
            let (found, right) = check_line(&step.args);
            PartialFinding::new(found, right)
        }
    };
    let seen = judge_linked(evidence, judge_one, |step| !check_line(&step.args).1);
    seen.and(flags_arrived(flags_added, context, evidence)).finding(expected)
}

/// Judges every linked file of the project itself: programs, libraries, macros, tests. If there is none,
/// judges what runs during the build. `other` is true for commands that are not as expected.
fn judge_linked(
    evidence: &BuildEvidence,
    judge: impl Fn(&Linked) -> PartialFinding,
    other: impl Fn(&LinkStep) -> bool,
) -> PartialFinding {
    let of = |part: BuildPart| evidence.linked.iter().filter(move |linked| linked.part == part);
    let (own, host): (Vec<&Linked>, Vec<&Linked>) =
        (of(BuildPart::Own).collect(), of(BuildPart::Host).collect());
    if own.is_empty() && host.is_empty() {
        return finding_without_links(evidence);
    }
    if own.is_empty() {
        return combine(host.iter().map(|linked| (linked.name.as_str(), judge(linked))).collect())
            .with_remark("only build scripts and proc macros are linked");
    }
    let seen = combine(own.iter().map(|linked| (linked.name.as_str(), judge(linked))).collect());
    let steps: Vec<&LinkStep> = host.iter().filter_map(|linked| linked.step.as_ref()).collect();
    let others = steps.iter().filter(|step| other(step)).count();
    match (steps.len(), others) {
        (0, _) => seen,
        (all, 0) => seen.with_remark(&format!("and so {}", host_link_lines(all))),
        (all, others) => seen.with_remark(&format!("not so {others} of {}", host_link_lines(all))),
    }
}

fn host_link_lines(count: usize) -> String {
    let what = if count == 1 { "link line of" } else { "link lines of" };
    format!("{count} {what} build scripts and proc macros")
}

fn finding_without_links(evidence: &BuildEvidence) -> PartialFinding {
    if let Some(reason) = &evidence.parts_unknown {
        return PartialFinding::not_provable(reason.clone());
    }
    if evidence.compiler_calls.is_empty() {
        return PartialFinding::not_provable("no compiler call that links".to_owned());
    }
    PartialFinding::not_provable("nothing was linked, so no linker was called".to_owned())
}

fn no_link_line(hidden: Option<&str>) -> String {
    match hidden {
        Some(reason) => format!("no link line: {reason}"),
        None => "no link line".to_owned(),
    }
}

/// Names each file if their findings differ.
fn combine(findings: Vec<(&str, PartialFinding)>) -> PartialFinding {
    let same = findings.windows(2).all(|pair| pair[0].1.found == pair[1].1.found);
    let common = match findings.first() {
        Some((_, first)) if same => Some(first.found.clone()),
        _ => None,
    };
    let named = findings
        .into_iter()
        .map(|(name, seen)| PartialFinding { found: format!("{name}: {}", seen.found), ..seen })
        .reduce(PartialFinding::and)
        .unwrap_or_else(|| PartialFinding::not_provable("nothing to look at".to_owned()));
    PartialFinding { found: common.unwrap_or(named.found), result: named.result }
}

/// Judges one file and the command that linked it.
fn judge_file(expected: &ExpectedLinker, linked: &Linked, hidden: Option<&str>) -> PartialFinding {
    let facts = match &linked.facts {
        Ok(facts) => facts,
        Err(reason) => return PartialFinding::not_provable(reason.clone()),
    };
    let marks = marks(facts);
    let listed =
        |marks: &[&LinkerMark]| marks.iter().map(|mark| mark.text.as_str()).collect::<Vec<_>>().join(" and ");
    let expected_mark = |mark: &&LinkerMark| {
        let version = expected.version.as_deref().is_none_or(|version| mark.text.contains(version));
        expected.family.is_none_or(|family| family == mark.family) && version
    };
    let (right, foreign): (Vec<&LinkerMark>, Vec<&LinkerMark>) = marks.iter().partition(expected_mark);
    let leaves_mark = expected.family.is_some_and(|family| family != LinkerFamily::Bfd);
    let Some(step) = &linked.step else {
        let marks = if marks.is_empty() {
            "no linker's mark".to_owned()
        } else {
            listed(&marks.iter().collect::<Vec<_>>())
        };
        let found = format!("{marks}; {}", no_link_line(hidden));
        // A linker that leaves a mark did not write a file that only has marks of others.
        let contradicted = leaves_mark && right.is_empty() && !foreign.is_empty();
        let result = if contradicted { ProofResult::Fails } else { ProofResult::NotProvable };
        return PartialFinding { found, result };
    };
    let chosen = selecting_args(&step.args);
    let linker = step.linker.as_deref();
    let version_text = match linker {
        Some(linker) => format!("{} behind the link line", short_version(linker)),
        None => "the linker behind the link line does not say what it is".to_owned(),
    };
    let called = linker.and_then(LinkerFamily::from_version);
    if is_other_linker(expected, step) {
        return PartialFinding::new(format!("{version_text}; linked with {chosen}"), false);
    }
    let others = |seen: PartialFinding| match foreign.is_empty() {
        true => seen,
        false => {
            seen.with_remark(&format!("{} too, which what was linked in can have brought", listed(&foreign)))
        }
    };
    if !leaves_mark {
        let found = format!("{version_text}; linked with {chosen}");
        let positive = expected.family == Some(LinkerFamily::Bfd) && called == Some(LinkerFamily::Bfd);
        return others(match positive {
            true => PartialFinding::new(found, true),
            false => PartialFinding::not_provable(found),
        });
    }
    match (right.is_empty(), called) {
        (false, Some(_)) => {
            others(PartialFinding::new(format!("{}; linked with {chosen}", listed(&right)), true))
        }
        (false, None) if foreign.is_empty() => {
            PartialFinding::new(format!("{}; linked with {chosen}", listed(&right)), true)
        }
        (false, None) => others(PartialFinding::not_provable(format!("{}; {version_text}", listed(&right)))),
        // Without a version to decide between them, a mark of another linker alone means another linker.
        (true, None) if !foreign.is_empty() => {
            PartialFinding::new(format!("{}; linked with {chosen}", listed(&foreign)), false)
        }
        (true, _) => others(PartialFinding::not_provable(format!(
            "no mark of it in the result; {version_text}; linked with {chosen}"
        ))),
    }
}

/// True if a command, or the linker behind it, is not the expected one.
fn is_other_linker(expected: &ExpectedLinker, step: &LinkStep) -> bool {
    let called = step.linker.as_deref().and_then(LinkerFamily::from_version);
    let is_other_family = called.zip(expected.family).is_some_and(|(called, family)| called != family);
    let versions = step.linker.as_deref().zip(expected.version.as_deref());
    let is_other_version = versions.is_some_and(|(version_text, version)| !version_text.contains(version));
    is_other_family || is_other_version || !expected.choice.matches_args(&step.args)
}

/// Version of a linker without details of its build.
fn short_version(version_text: &str) -> &str {
    let version_text = version_text.trim_start_matches("Linker: ");
    // GNU ld and gold print the version after the parenthesis.
    if version_text.starts_with("GNU ") {
        version_text
    } else {
        version_text.split(" (").next().unwrap_or(version_text)
    }
}

/// Checks that the flags of a value, and the project's own flags, are on the compiler calls of the project's
/// own units: cargo silently drops one of two sources of flags.
fn flags_arrived(added: &[String], context: &Context, evidence: &BuildEvidence) -> PartialFinding {
    if added.is_empty() {
        return PartialFinding::new(String::new(), true);
    }
    let own: Vec<&CompilerCall> =
        evidence.compiler_calls.iter().filter(|call| call.part == BuildPart::Own).collect();
    if own.is_empty() {
        return PartialFinding::not_provable(rustc_args::no_call_of("the project's own units", evidence));
    }
    let in_force = context.in_force.flags.as_slice();
    // `windows(0)` would panic, and an empty list is on every call.
    let on = |list: &[String]| {
        own.iter().filter(|call| list.is_empty() || call.args.windows(list.len()).any(|w| w == list)).count()
    };
    let listed = added.iter().map(|flag| without_directories(flag)).collect::<Vec<_>>().join(" ");
    let missing = [(on(added), format!("`{listed}`"))]
        .into_iter()
        .chain([(on(in_force), "flags of the configuration in force".to_owned())])
        .find(|(count, _)| *count < own.len());
    match missing {
        Some((count, what)) => {
            PartialFinding::new(format!("{what} on {count} of {} compiler calls", own.len()), false)
        }
        None => PartialFinding::new(String::new(), true),
    }
}

struct ExpectedLinker {
    text: String,
    family: Option<LinkerFamily>,
    version: Option<String>,
    choice: LinkerChoice,
}

fn expected_linker(linker: &LinkerName, context: &Context) -> ExpectedLinker {
    let tool = probe::probe(linker, context).ok().and_then(|available| available.tool);
    let version_text = tool.as_ref().map(|tool| tool.version.clone());
    let family = match linker {
        LinkerName::Bfd => Some(LinkerFamily::Bfd),
        LinkerName::Gold => Some(LinkerFamily::Gold),
        LinkerName::Lld | LinkerName::RustLld => Some(LinkerFamily::Lld),
        LinkerName::Mold => Some(LinkerFamily::Mold),
        LinkerName::Wild => Some(LinkerFamily::Wild),
        LinkerName::Default | LinkerName::At(_) => {
            version_text.as_deref().and_then(LinkerFamily::from_version)
        }
    };
    // GNU ld leaves no version; the others write the number that `--version` prints.
    let version = version_text
        .as_deref()
        .filter(|_| !matches!(family, Some(LinkerFamily::Bfd | LinkerFamily::Gold) | None))
        .and_then(version_number);
    let choice = LinkerChoice::for_linker(linker, context);
    let what = match (family, &version) {
        (Some(family), Some(version)) => format!("{} {version}", family.name()),
        (Some(family), None) => family.name().to_owned(),
        (None, _) if *linker == LinkerName::Default => "whatever linker is configured".to_owned(),
        (None, _) => "a linker whose mark is not known".to_owned(),
    };
    ExpectedLinker { text: format!("{what}{}", choice.describe()), family, version, choice }
}

/// First number that contains a dot.
fn version_number(text: &str) -> Option<String> {
    text.split(|c: char| !(c.is_ascii_digit() || c == '.'))
        .find(|word| word.contains('.') && word.starts_with(|c: char| c.is_ascii_digit()))
        .map(str::to_owned)
}

/// A mark left by a linker.
#[derive(Debug, Clone, PartialEq, Eq)]
struct LinkerMark {
    family: LinkerFamily,
    text: String,
}

/// All marks in a file: that of its linker, and those of linkers that wrote objects linked into it.
fn marks(facts: &ElfFacts) -> Vec<LinkerMark> {
    let gold = facts.gold_note.then(|| LinkerMark { family: LinkerFamily::Gold, text: "gold's note".into() });
    let of = |comment: &String| {
        let text = short_version(comment);
        let known =
            [(LinkerFamily::Mold, "mold "), (LinkerFamily::Wild, "Wild "), (LinkerFamily::Lld, "LLD ")];
        let (family, _) = known.into_iter().find(|(_, word)| text.contains(word))?;
        Some(LinkerMark { family, text: text.to_owned() })
    };
    gold.into_iter().chain(facts.comments.iter().filter_map(of)).collect()
}

#[cfg(test)]
mod tests;
