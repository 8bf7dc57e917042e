use super::*;
use crate::axes::fixture::{call, context, words};
use crate::build::Artifact;

#[test]
fn of_all_spellings_the_last_counts() {
    for line in [
        "rustc -C lto=thin",
        "rustc -Clto=thin",
        "rustc --codegen lto=thin",
        "rustc --codegen=lto=thin",
        "rustc -C lto=fat x.rs -Clto=thin",
        "rustc -Clto -C lto=thin -C opt-level=3",
    ] {
        assert_eq!(codegen(&words(line), "lto"), Some("thin"), "{line}");
    }
    assert_eq!(codegen(&words("rustc -C lto"), "lto"), Some("yes"));
    assert_eq!(codegen(&words("rustc -C codegen_units=3"), "codegen-units"), Some("3"));
    assert_eq!(codegen(&words("rustc -C debuginfo=0 -g"), "debuginfo"), Some("2"));
    assert_eq!(codegen(&words("rustc -O"), "opt-level"), Some("3"));
    assert_eq!(codegen(&words("rustc -C linker-plugin-lto --codegen-x=lto"), "lto"), None);
    assert_eq!(unstable(&words("rustc -Zthreads=2 -Z threads=8"), "threads"), Some("8"));
    assert_eq!(unstable(&words("rustc -C threads=8"), "threads"), None);
}

#[test]
fn what_is_no_member_is_cargos_dependency_whatever_its_call_looks_like() {
    let of = |part, member: bool| {
        let mut call = call(part, "x", "src/lib.rs --cap-lints warn");
        call.unit.as_mut().unwrap().member = member;
        class(&call)
    };
    assert_eq!(of(BuildPart::Own, true), CrateClass::Own);
    assert_eq!(of(BuildPart::Dependency, false), CrateClass::Dependency);
    assert_eq!(of(BuildPart::Host, true), CrateClass::Host { member: true });
    assert_eq!(of(BuildPart::Host, false), CrateClass::Host { member: false });
    assert_eq!(of(BuildPart::Unknown, true), CrateClass::Unknown);
}

fn units(excluded: &[&str]) -> ArgCheck<'static> {
    let read: &dyn Fn(&[String]) -> String =
        &|args| codegen(args, "codegen-units").unwrap_or("not set").to_owned();
    ArgCheck { name: "codegen-units", read, excluded: excluded.iter().map(|&name| name.to_owned()).collect() }
}

fn build(calls: &[(BuildPart, &str, &str)]) -> BuildEvidence {
    let compiler_calls = calls.iter().map(|(part, name, line)| call(*part, name, line)).collect();
    BuildEvidence { compiler_calls, ..BuildEvidence::default() }
}

#[test]
fn every_call_that_is_asked_must_agree() {
    let evidence = build(&[
        (BuildPart::Own, "p", "src/lib.rs -C codegen-units=4"),
        (BuildPart::Own, "p", "src/main.rs -C codegen-units=4"),
        (BuildPart::Dependency, "a", "/r/a.rs -C codegen-units=4"),
        (BuildPart::Dependency, "b", "/r/b.rs"),
        (BuildPart::Host, "c", "/r/c.rs"),
    ]);
    let seen = units(&[]).run_all(&evidence, "4");
    assert_eq!(seen.result, ProofResult::Fails);
    assert_eq!(
        seen.found,
        "codegen-units=4 on 2 of 2 calls of its own crates; codegen-units=4 on 1 of 2 calls of dependencies (not set on 1)"
    );
    let seen = units(&["b"]).run_all(&evidence, "4");
    assert_eq!(seen.result, ProofResult::Holds, "{}", seen.found);
}

#[test]
fn no_call_is_no_proof() {
    assert_eq!(units(&[]).run_all(&build(&[]), "4").result, ProofResult::NotProvable);
    let only_excluded = build(&[(BuildPart::Own, "p", "src/main.rs -C codegen-units=4")]);
    assert_eq!(units(&["p"]).run_all(&only_excluded, "4").result, ProofResult::NotProvable);
    let without_own = build(&[(BuildPart::Dependency, "a", "/r/a.rs -C codegen-units=4")]);
    assert_eq!(units(&[]).run_all(&without_own, "4").result, ProofResult::NotProvable);
}

#[test]
fn what_cargo_did_not_say_is_the_reason_why_nothing_is_proven() {
    let evidence = BuildEvidence {
        parts_unknown: Some("cargo did not say which units it would build: it is too old".into()),
        ..build(&[(BuildPart::Unknown, "p", "src/lib.rs -C codegen-units=4")])
    };
    let seen = units(&[]).run_all(&evidence, "4");
    assert_eq!(seen.result, ProofResult::NotProvable);
    assert!(seen.found.ends_with("it is too old"), "{}", seen.found);
}

#[test]
fn what_the_project_sets_for_single_crates_beats_the_profile() {
    let artifact = |unit: &str, package: Option<&str>| Artifact {
        unit: unit.into(),
        own: package.is_some(),
        package: package.map(Into::into),
        fresh: false,
        opt_level: "0".into(),
        files: Vec::new(),
        executable: None,
    };
    let evidence = BuildEvidence {
        artifacts: vec![
            artifact("csv-core@1.2.0 lib:csv-core", None),
            artifact("md-5@0.10.6 lib:md5", None),
            artifact("0.1.0 bin:rg", Some("/w/ripgrep")),
        ],
        ..build(&[(BuildPart::Own, "p", "src/main.rs"), (BuildPart::Dependency, "a", "/r/a.rs")])
    };
    let of = |manifest: &str, key: &str| {
        let context = Context { manifest: Some(manifest.parse().unwrap()), ..context() };
        crates_with_override(key, &context, &evidence).into_iter().collect::<Vec<_>>()
    };
    assert_eq!(of("[profile.dev.package.csv-core]\nopt-level = 3", "opt-level"), ["csv_core"]);
    assert_eq!(of("[profile.dev.package.'x#csv-core@1.2']\nopt-level = 3", "opt-level"), ["csv_core"]);
    assert_eq!(of("[profile.dev.package.'*']\nopt-level = 3", "opt-level"), ["a"]);
    // Crates may be named differently from their packages.
    assert_eq!(of("[profile.dev.package.'md-5:0.10']\nopt-level = 3", "opt-level"), ["md5"]);
    assert_eq!(of("[profile.dev.package.ripgrep]\nopt-level = 3", "opt-level"), ["rg"]);
    // Another profile is not in force.
    assert!(of("[profile.release.package.ripgrep]\nopt-level = 3", "opt-level").is_empty());
    assert!(of("[profile.dev.package.csv-core]\ndebug = 1", "opt-level").is_empty());
}

#[test]
fn what_contradicts_counts_before_what_is_missing() {
    let seen = |result| PartialFinding { found: "x".into(), result };
    let [holds, fails, unclear] = [ProofResult::Holds, ProofResult::Fails, ProofResult::NotProvable];
    assert_eq!(seen(holds).and(seen(unclear)).result, unclear);
    assert_eq!(seen(unclear).and(seen(fails)).result, fails);
    assert_eq!(seen(holds).and(seen(holds)).result, holds);
}
