//! Which linker wrote the result, and whether the flags arrived: the command that called it, what the linker behind that
//! command says of itself, its own mark in `.comment`, and the compiler calls.
//!
//! GNU ld leaves no mark, and no mark is no proof of it. Marks of other linkers can come from objects that were linked
//! in, so they contradict nothing where the command and the linker's own word agree.

use super::super::calls::{self, Seen};
use super::super::{Availability, Context, Finding};
use super::choice::{Choice, selecting, without_directories};
use super::{Family, apply, probe};
use crate::build::{CompilerCall, ElfFacts, Evidence, LinkStep, Linked, Part};
use crate::record::ProofResult;

pub(super) fn prove(value: &str, driver: Option<&str>, context: &Context, evidence: &Evidence) -> Finding {
    let expected = expectation(value, context);
    let arrived = flags(&apply::flags(value, driver, context), context, evidence);
    let hidden = evidence.links_hidden.as_deref();
    let of_linked = |linked: &Linked| look(&expected, linked, hidden);
    of_all(evidence, of_linked, |step| says_other(&expected, step)).and(arrived).finding(expected.text)
}

/// A proof by what link lines say: `told` gives what one says and whether it is right.
pub(super) fn on_link_lines(
    expected: String,
    flags_added: &[String],
    context: &Context,
    evidence: &Evidence,
    told: impl Fn(&[String]) -> (String, bool),
) -> Finding {
    let hidden = evidence.links_hidden.as_deref();
    let of_linked = |linked: &Linked| match &linked.step {
        None => Seen::unclear(no_link_line(hidden)),
        Some(step) => {
            let (found, right) = told(&step.args);
            Seen::of(found, right)
        }
    };
    let seen = of_all(evidence, of_linked, |step| !told(&step.args).1);
    seen.and(flags(flags_added, context, evidence)).finding(expected)
}

/// Everything of the project's own that was linked has its say: programs, libraries, macros, tests. Where nothing was, it
/// is what runs during the build. `other` says whether a command is not as expected.
fn of_all(evidence: &Evidence, look: impl Fn(&Linked) -> Seen, other: impl Fn(&LinkStep) -> bool) -> Seen {
    let of = |part: Part| evidence.linked.iter().filter(move |linked| linked.part == part);
    let (own, host): (Vec<&Linked>, Vec<&Linked>) = (of(Part::Own).collect(), of(Part::Host).collect());
    if own.is_empty() && host.is_empty() {
        return nothing_linked(evidence);
    }
    if own.is_empty() {
        return together(host.iter().map(|linked| (linked.name.as_str(), look(linked))).collect())
            .noting("only build scripts and proc macros are linked");
    }
    let seen = together(own.iter().map(|linked| (linked.name.as_str(), look(linked))).collect());
    let steps: Vec<&LinkStep> = host.iter().filter_map(|linked| linked.step.as_ref()).collect();
    let others = steps.iter().filter(|step| other(step)).count();
    match (steps.len(), others) {
        (0, _) => seen,
        (all, 0) => seen.noting(&format!("and so {}", of_host(all))),
        (all, others) => seen.noting(&format!("not so {others} of {}", of_host(all))),
    }
}

fn of_host(count: usize) -> String {
    let what = if count == 1 { "link line of" } else { "link lines of" };
    format!("{count} {what} build scripts and proc macros")
}

fn nothing_linked(evidence: &Evidence) -> Seen {
    if let Some(reason) = &evidence.parts_unknown {
        return Seen::unclear(reason.clone());
    }
    if evidence.compiler_calls.is_empty() {
        return Seen::unclear("no compiler call that links".to_owned());
    }
    Seen::unclear("nothing was linked, so no linker was called".to_owned())
}

fn no_link_line(hidden: Option<&str>) -> String {
    match hidden {
        Some(reason) => format!("no link line: {reason}"),
        None => "no link line".to_owned(),
    }
}

/// Where several files say different things, each is named.
fn together(looked: Vec<(&str, Seen)>) -> Seen {
    let same = looked.windows(2).all(|pair| pair[0].1.found == pair[1].1.found);
    let told = match looked.first() {
        Some((_, first)) if same => Some(first.found.clone()),
        _ => None,
    };
    let named = looked
        .into_iter()
        .map(|(name, seen)| Seen { found: format!("{name}: {}", seen.found), ..seen })
        .reduce(Seen::and)
        .unwrap_or_else(|| Seen::unclear("nothing to look at".to_owned()));
    Seen { found: told.unwrap_or(named.found), result: named.result }
}

/// What one file and the command that linked it show.
fn look(expected: &Expectation, linked: &Linked, hidden: Option<&str>) -> Seen {
    let facts = match &linked.facts {
        Ok(facts) => facts,
        Err(reason) => return Seen::unclear(reason.clone()),
    };
    let marks = marks(facts);
    let shown =
        |marks: &[&Mark]| marks.iter().map(|mark| mark.text.as_str()).collect::<Vec<_>>().join(" and ");
    let expected_mark = |mark: &&Mark| {
        let version = expected.version.as_deref().is_none_or(|version| mark.text.contains(version));
        expected.family.is_none_or(|family| family == mark.family) && version
    };
    let (right, foreign): (Vec<&Mark>, Vec<&Mark>) = marks.iter().partition(expected_mark);
    let leaves_mark = expected.family.is_some_and(|family| family != Family::Bfd);
    let Some(step) = &linked.step else {
        let marks = if marks.is_empty() {
            "no linker's mark".to_owned()
        } else {
            shown(&marks.iter().collect::<Vec<_>>())
        };
        let found = format!("{marks}; {}", no_link_line(hidden));
        // A linker that leaves a mark did not write what has only another's.
        let contradicted = leaves_mark && right.is_empty() && !foreign.is_empty();
        let result = if contradicted { ProofResult::Fails } else { ProofResult::NotProvable };
        return Seen { found, result };
    };
    let chosen = selecting(&step.args);
    let linker = step.linker.as_deref();
    let said = match linker {
        Some(linker) => format!("{} behind the link line", short(linker)),
        None => "the linker behind the link line does not say what it is".to_owned(),
    };
    let called = linker.and_then(Family::of_version);
    if says_other(expected, step) {
        return Seen::of(format!("{said}; linked with {chosen}"), false);
    }
    let others = |seen: Seen| match foreign.is_empty() {
        true => seen,
        false => seen.noting(&format!("{} too, which what was linked in can have brought", shown(&foreign))),
    };
    if !leaves_mark {
        let found = format!("{said}; linked with {chosen}");
        let positive = expected.family == Some(Family::Bfd) && called == Some(Family::Bfd);
        return others(match positive {
            true => Seen::of(found, true),
            false => Seen::unclear(found),
        });
    }
    match (right.is_empty(), called) {
        (false, Some(_)) => others(Seen::of(format!("{}; linked with {chosen}", shown(&right)), true)),
        (false, None) if foreign.is_empty() => {
            Seen::of(format!("{}; linked with {chosen}", shown(&right)), true)
        }
        (false, None) => others(Seen::unclear(format!("{}; {said}", shown(&right)))),
        // With nothing to tell whose word counts, another's mark in place of its own is another linker's.
        (true, None) if !foreign.is_empty() => {
            Seen::of(format!("{}; linked with {chosen}", shown(&foreign)), false)
        }
        (true, _) => {
            others(Seen::unclear(format!("no mark of it in the result; {said}; linked with {chosen}")))
        }
    }
}

/// Whether a command or the linker behind it is another than expected.
fn says_other(expected: &Expectation, step: &LinkStep) -> bool {
    let called = step.linker.as_deref().and_then(Family::of_version);
    let of_other_family = called.zip(expected.family).is_some_and(|(called, family)| called != family);
    let of_other_version = step.linker.as_deref().zip(expected.version.as_deref());
    let of_other_version = of_other_version.is_some_and(|(said, version)| !said.contains(version));
    of_other_family || of_other_version || !expected.choice.agrees(&step.args)
}

/// What a linker says of itself, without where it was made.
fn short(said: &str) -> &str {
    let said = said.trim_start_matches("Linker: ");
    // GNU ld and gold have their version behind the bracket.
    if said.starts_with("GNU ") { said } else { said.split(" (").next().unwrap_or(said) }
}

/// Whether the flags that a value adds, and the project's own beside them, are on the compiler calls of the
/// project's own units: cargo drops one of two sources of flags without a word.
fn flags(added: &[String], context: &Context, evidence: &Evidence) -> Seen {
    if added.is_empty() {
        return Seen::of(String::new(), true);
    }
    let own: Vec<&CompilerCall> =
        evidence.compiler_calls.iter().filter(|call| call.part == Part::Own).collect();
    if own.is_empty() {
        return Seen::unclear(calls::none_of("the project's own units", evidence));
    }
    let in_force = context.in_force.flags.as_slice();
    // A window of nothing would be a panic, and nothing is on every call.
    let on = |list: &[String]| {
        own.iter().filter(|call| list.is_empty() || call.args.windows(list.len()).any(|w| w == list)).count()
    };
    let shown = added.iter().map(|flag| without_directories(flag)).collect::<Vec<_>>().join(" ");
    let missing = [(on(added), format!("`{shown}`"))]
        .into_iter()
        .chain([(on(in_force), "flags of the configuration in force".to_owned())])
        .find(|(count, _)| *count < own.len());
    match missing {
        Some((count, what)) => Seen::of(format!("{what} on {count} of {} compiler calls", own.len()), false),
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

/// A mark that a linker left.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Mark {
    family: Family,
    text: String,
}

/// All marks in a file: that of its linker, and those of linkers that wrote what was linked in.
fn marks(facts: &ElfFacts) -> Vec<Mark> {
    let gold = facts.gold_note.then(|| Mark { family: Family::Gold, text: "gold's note".into() });
    let of = |comment: &String| {
        let text = short(comment);
        let known = [(Family::Mold, "mold "), (Family::Wild, "Wild "), (Family::Lld, "LLD ")];
        let (family, _) = known.into_iter().find(|(_, word)| text.contains(word))?;
        Some(Mark { family, text: text.to_owned() })
    };
    gold.into_iter().chain(facts.comments.iter().filter_map(of)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::fixture;
    use super::*;
    use crate::build::{InForce, Toolchain};

    fn context() -> Context {
        Context { toolchain: None, tools: "/cache/tools".into(), ..super::super::super::fixture::context() }
    }

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    /// A program of the project's own that this line linked, behind which this linker is.
    fn linked(name: &str, comments: &[&str], line: &str, linker: Option<&str>) -> Linked {
        let facts =
            ElfFacts { comments: comments.iter().map(|&c| c.to_owned()).collect(), ..ElfFacts::default() };
        let file = std::path::PathBuf::from(format!("/t/debug/deps/{name}-0af3"));
        let (args, linker) = (words(line), linker.map(str::to_owned));
        let step = LinkStep { output: file.clone(), args, path: None, linker };
        Linked { file, name: name.into(), part: Part::Own, facts: Ok(facts), step: Some(step) }
    }

    /// What a build shows that was called with `flags` in its two calls, the first being a dependency's.
    fn evidence(flags: &str, comments: &[&str], line: &str) -> Evidence {
        let call = |part, name: &str| fixture::call(part, name, flags);
        // What a linker answers that left no other mark.
        let linker = comments.first().copied();
        Evidence {
            compiler_calls: vec![call(Part::Dependency, "dep"), call(Part::Own, "my_tool")],
            linked: vec![linked("my-tool", comments, line, linker)],
            ..Evidence::default()
        }
    }

    const MOLD: &str = "-Clink-arg=-fuse-ld=mold";

    #[test]
    fn the_mark_names_the_linker() {
        let facts = |comment: &str| ElfFacts {
            comments: vec!["GCC: 12".into(), comment.into()],
            ..ElfFacts::default()
        };
        let mark = |facts: &ElfFacts| marks(facts).into_iter().next();
        let family = |comment: &str| mark(&facts(comment)).map(|mark| mark.family);
        assert_eq!(mark(&facts("Linker: LLD 22.1.2 (/checkout/x 1cb4)")).unwrap().text, "LLD 22.1.2");
        assert_eq!(family("Linker: Debian LLD 14.0.6"), Some(Family::Lld));
        assert_eq!(family("mold 1.10.1 (compatible with GNU ld)"), Some(Family::Mold));
        assert_eq!(family("rustc version 1.95.0"), None, "no mark is nobody's");
        let noted = ElfFacts { gold_note: true, ..ElfFacts::default() };
        assert_eq!(mark(&noted).unwrap().family, Family::Gold);
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
        let step_lost = |comment| {
            let mut evidence = evidence(MOLD, &[comment], "");
            evidence.linked[0].step = None;
            evidence
        };
        let agrees = prove("mold", None, &context(), &step_lost("mold 1.10.1"));
        assert_eq!(agrees.result, ProofResult::NotProvable);
        assert_eq!(agrees.found, "mold 1.10.1; no link line");
        assert_eq!(
            prove("mold", None, &context(), &step_lost("Linker: LLD 22.1.2")).result,
            ProofResult::Fails
        );
        let mut hidden = step_lost("mold 1.10.1");
        hidden.links_hidden = Some("`env.RUSTC_LOG` with `force` hides them".into());
        let hidden = prove("mold", None, &context(), &hidden);
        assert_eq!(hidden.found, "mold 1.10.1; no link line: `env.RUSTC_LOG` with `force` hides them");
    }

    /// GNU ld is asked for, and what is behind the link line says this of itself.
    fn bfd(comments: &[&str], linker: Option<&str>) -> Finding {
        const BFD: &str = "-Clink-arg=-fuse-ld=bfd";
        let line = "cc -fuse-ld=bfd";
        let linked = vec![linked("my-tool", comments, line, linker)];
        prove("bfd", None, &context(), &Evidence { linked, ..evidence(BFD, &[], line) })
    }

    #[test]
    fn no_mark_is_no_proof_of_gnu_ld() {
        assert_eq!(bfd(&[], None).result, ProofResult::NotProvable);
        let proven = bfd(&[], Some("GNU ld (GNU Binutils for Debian) 2.40"));
        assert_eq!(proven.result, ProofResult::Holds, "{}", proven.found);
        // A driver that appends another linker and drops the mark.
        let other = bfd(&[], Some("Debian LLD 14.0.6 (compatible with GNU linkers)"));
        assert_eq!(other.result, ProofResult::Fails);
        assert!(other.found.starts_with("Debian LLD 14.0.6 behind the link line"), "{}", other.found);
    }

    #[test]
    fn a_mark_that_was_linked_in_does_not_overrule_the_link_line() {
        let proven = bfd(&["mold 2.30.0"], Some("GNU ld (GNU Binutils for Debian) 2.40"));
        assert_eq!(proven.result, ProofResult::Holds);
        assert!(proven.found.contains("mold 2.30.0 too"), "{}", proven.found);
        let build = evidence(MOLD, &["mold 1.10.1", "Linker: LLD 22.1.2"], "cc -fuse-ld=mold");
        let proven = prove("mold", None, &context(), &build);
        assert_eq!(proven.result, ProofResult::Holds, "{}", proven.found);
        let mut unmarked = evidence(MOLD, &["mold 1.10.1"], "cc -fuse-ld=mold");
        unmarked.linked[0].facts = Ok(ElfFacts::default());
        assert_eq!(prove("mold", None, &context(), &unmarked).result, ProofResult::NotProvable);
    }

    #[test]
    fn all_executables_of_the_project_must_agree() {
        let both = |comment, line| {
            let mut both = evidence(MOLD, &["mold 1.10.1"], "cc -fuse-ld=mold");
            both.linked.push(linked("second", &[comment], line, Some(comment)));
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
        let second = linked("second", &[], "cc -fuse-ld=mold", None);
        unread.linked.push(Linked { facts: Err("not ELF".into()), ..second });
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
        assert_eq!(finding.found, "mold 1.10.1 behind the link line; linked with -fuse-ld=mold");
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
    fn what_runs_during_the_build_is_looked_at_where_nothing_else_is_linked() {
        let host = |line| Linked {
            part: Part::Host,
            ..linked("build script of p", &["mold 1.10.1"], line, Some("mold 1.10.1"))
        };
        let build = |line| {
            let mut build = evidence(MOLD, &["mold 1.10.1"], "cc -fuse-ld=mold");
            build.linked.push(host(line));
            build
        };
        let both = prove("mold", None, &context(), &build("cc -fuse-ld=mold"));
        assert!(
            both.found.contains("; and so 1 link line of build scripts and proc macros"),
            "{}",
            both.found
        );
        // With a target named, the flags do not reach them.
        let others = prove("mold", None, &context(), &build("cc"));
        assert_eq!(others.result, ProofResult::Holds);
        assert!(others.found.contains("; not so 1 of 1 link line"), "{}", others.found);
        let alone = |line| Evidence { linked: vec![host(line)], ..build(line) };
        assert_eq!(prove("mold", None, &context(), &alone("cc -fuse-ld=mold")).result, ProofResult::Holds);
        assert_eq!(prove("mold", None, &context(), &alone("cc")).result, ProofResult::Fails);
    }

    #[test]
    fn without_an_executable_nothing_is_claimed() {
        let finding = prove("mold", None, &context(), &Evidence::default());
        assert_eq!(finding.result, ProofResult::NotProvable);
        let library = |flags| Evidence { linked: vec![], ..evidence(flags, &[], "") };
        assert_eq!(prove("mold", None, &context(), &library(MOLD)).result, ProofResult::NotProvable);
        assert_eq!(prove("mold", None, &context(), &library("-Cy")).result, ProofResult::Fails);
    }
}
