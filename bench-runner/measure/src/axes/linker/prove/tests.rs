use super::*;
use crate::axes::fixture;
use crate::build::{SettingsInForce, Toolchain};

fn prove(linker: &str, driver: Option<&str>, context: &Context, evidence: &BuildEvidence) -> ProofFinding {
    super::prove(&LinkerName::parse(linker).unwrap(), driver, context, evidence)
}

fn context() -> Context {
    Context { toolchain: None, tools: "/cache/tools".into(), ..fixture::context() }
}

fn words(line: &str) -> Vec<String> {
    line.split_whitespace().map(str::to_owned).collect()
}

/// A program of the project itself that this line linked with this linker.
fn linked(name: &str, comments: &[&str], line: &str, linker: Option<&str>) -> Linked {
    let facts =
        ElfFacts { comments: comments.iter().map(|&c| c.to_owned()).collect(), ..ElfFacts::default() };
    let file = std::path::PathBuf::from(format!("/t/debug/deps/{name}-0af3"));
    let (args, linker) = (words(line), linker.map(str::to_owned));
    let step = LinkStep { output: file.clone(), args, path: None, linker };
    Linked { file, name: name.into(), part: BuildPart::Own, facts: Ok(facts), step: Some(step) }
}

/// Evidence from a build with `flags` in both of its calls, the first for a dependency.
fn evidence(flags: &str, comments: &[&str], line: &str) -> BuildEvidence {
    let call = |part, name: &str| fixture::call(part, name, flags);
    // Version output of the linker.
    let linker = comments.first().copied();
    BuildEvidence {
        compiler_calls: vec![call(BuildPart::Dependency, "dep"), call(BuildPart::Own, "my_tool")],
        linked: vec![linked("my-tool", comments, line, linker)],
        ..BuildEvidence::default()
    }
}

const MOLD: &str = "-Clink-arg=-fuse-ld=mold";

#[test]
fn the_mark_names_the_linker() {
    let facts =
        |comment: &str| ElfFacts { comments: vec!["GCC: 12".into(), comment.into()], ..ElfFacts::default() };
    let mark = |facts: &ElfFacts| marks(facts).into_iter().next();
    let family = |comment: &str| mark(&facts(comment)).map(|mark| mark.family);
    assert_eq!(mark(&facts("Linker: LLD 22.1.2 (/checkout/x 1cb4)")).unwrap().text, "LLD 22.1.2");
    assert_eq!(family("Linker: Debian LLD 14.0.6"), Some(LinkerFamily::Lld));
    assert_eq!(family("mold 1.10.1 (compatible with GNU ld)"), Some(LinkerFamily::Mold));
    assert_eq!(family("rustc version 1.95.0"), None, "no mark is nobody's");
    let noted = ElfFacts { gold_note: true, ..ElfFacts::default() };
    assert_eq!(mark(&noted).unwrap().family, LinkerFamily::Gold);
}

#[test]
fn a_linker_that_was_never_called_is_found_out() {
    let lost = prove("mold", None, &context(), &evidence(MOLD, &[], "cc -o x"));
    assert_eq!(lost.result, ProofResult::Fails);
    assert!(lost.found.contains("no flag"), "{}", lost.found);
    let arrived = prove("mold", None, &context(), &evidence(MOLD, &["mold 1.10.1 (x)"], "cc -fuse-ld=mold"));
    assert_eq!(
        (arrived.result, &*arrived.found),
        (ProofResult::Holds, "mold 1.10.1; linked with -fuse-ld=mold")
    );
}

#[test]
fn a_flag_on_no_compiler_call_fails_whatever_linked() {
    // The project's own flags happen to choose the same linker.
    let lost = prove("mold", None, &context(), &evidence("-Cy", &["mold 1.10.1"], "cc -fuse-ld=mold"));
    assert_eq!(lost.result, ProofResult::Fails);
    assert!(lost.found.ends_with("`-Clink-arg=-fuse-ld=mold` on 0 of 1 compiler calls"), "{}", lost.found);
    let unseen =
        BuildEvidence { compiler_calls: vec![], ..evidence(MOLD, &["mold 1.10.1"], "cc -fuse-ld=mold") };
    let unseen = prove("mold", None, &context(), &unseen);
    assert_eq!(unseen.result, ProofResult::NotProvable);
    assert!(unseen.found.ends_with("no compiler call of the project's own units"), "{}", unseen.found);
}

#[test]
fn the_projects_own_flags_must_have_stayed_in_force() {
    let flags = ["--cfg", "own"].map(str::to_owned).to_vec();
    let in_force = SettingsInForce { flags, ..SettingsInForce::default() };
    let context = Context { toolchain: Some(Toolchain::sample()), in_force, ..context() };
    let prove =
        |flags: &str| prove("mold", None, &context, &evidence(flags, &["mold 1.10.1"], "cc -fuse-ld=mold"));
    assert_eq!(prove(&format!("--cfg own {MOLD}")).result, ProofResult::Holds);
    let dropped = prove(&format!("--cfg other own {MOLD}"));
    assert_eq!(dropped.result, ProofResult::Fails);
    assert!(dropped.found.ends_with("configuration in force on 0 of 1 compiler calls"), "{}", dropped.found);
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
    assert_eq!(prove("mold", None, &context(), &step_lost("Linker: LLD 22.1.2")).result, ProofResult::Fails);
    let mut hidden = step_lost("mold 1.10.1");
    hidden.links_hidden = Some("`env.RUSTC_LOG` with `force` hides them".into());
    let hidden = prove("mold", None, &context(), &hidden);
    assert_eq!(hidden.found, "mold 1.10.1; no link line: `env.RUSTC_LOG` with `force` hides them");
}

/// A proof for GNU ld, with this version output of the linker behind the link line.
fn bfd(comments: &[&str], linker: Option<&str>) -> ProofFinding {
    const BFD: &str = "-Clink-arg=-fuse-ld=bfd";
    let line = "cc -fuse-ld=bfd";
    let linked = vec![linked("my-tool", comments, line, linker)];
    prove("bfd", None, &context(), &BuildEvidence { linked, ..evidence(BFD, &[], line) })
}

#[test]
fn no_mark_is_no_proof_of_gnu_ld() {
    assert_eq!(bfd(&[], None).result, ProofResult::NotProvable);
    let proven = bfd(&[], Some("GNU ld (GNU Binutils for Debian) 2.40"));
    assert_eq!(proven.result, ProofResult::Holds, "{}", proven.found);
    // A driver that appends another linker and removes the mark.
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
    assert_eq!((agree.result, &*agree.found), (ProofResult::Holds, "mold 1.10.1; linked with -fuse-ld=mold"));
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
    let flag = format!("-B{}", super::super::flags::directory_of(&linker, &context().tools).display());
    let called = |line: &str| {
        prove(value, None, &context(), &evidence(&format!("-Clink-arg={flag}"), &[], line)).result
    };
    assert_eq!(called(&format!("cc {flag}")), ProofResult::NotProvable);
    assert_eq!(called("cc"), ProofResult::Fails);
}

#[test]
fn what_runs_during_the_build_is_looked_at_where_nothing_else_is_linked() {
    let host = |line| Linked {
        part: BuildPart::Host,
        ..linked("build script of p", &["mold 1.10.1"], line, Some("mold 1.10.1"))
    };
    let build = |line| {
        let mut build = evidence(MOLD, &["mold 1.10.1"], "cc -fuse-ld=mold");
        build.linked.push(host(line));
        build
    };
    let both = prove("mold", None, &context(), &build("cc -fuse-ld=mold"));
    assert!(both.found.contains("; and so 1 link line of build scripts and proc macros"), "{}", both.found);
    // If a target is named, the flags do not apply to them.
    let others = prove("mold", None, &context(), &build("cc"));
    assert_eq!(others.result, ProofResult::Holds);
    assert!(others.found.contains("; not so 1 of 1 link line"), "{}", others.found);
    let alone = |line| BuildEvidence { linked: vec![host(line)], ..build(line) };
    assert_eq!(prove("mold", None, &context(), &alone("cc -fuse-ld=mold")).result, ProofResult::Holds);
    assert_eq!(prove("mold", None, &context(), &alone("cc")).result, ProofResult::Fails);
}

#[test]
fn without_an_executable_nothing_is_claimed() {
    let finding = prove("mold", None, &context(), &BuildEvidence::default());
    assert_eq!(finding.result, ProofResult::NotProvable);
    let library = |flags| BuildEvidence { linked: vec![], ..evidence(flags, &[], "") };
    assert_eq!(prove("mold", None, &context(), &library(MOLD)).result, ProofResult::NotProvable);
    assert_eq!(prove("mold", None, &context(), &library("-Cy")).result, ProofResult::Fails);
}
