use bench_runner_core::record::Rebuilt;

use super::*;
use crate::axes::fixture;
use crate::build::{Artifact, BuildPart, Store, Toolchain};

/// A build of two units with these hits, misses and calls that are not cacheable.
fn build(program: &str, cache: Option<(u64, u64, u64)>) -> BuildEvidence {
    let call = |name: &str| CompilerCall {
        name: name.into(),
        part: BuildPart::Own,
        unit: None,
        args: [program, "/tc/bin/rustc", "--crate-name", name].map(str::to_owned).to_vec(),
    };
    BuildEvidence {
        compiler_calls: vec![call("a"), call("b")],
        rebuilt: Some((Rebuilt { count: 2, set: "".into() }, vec!["a".into(), "b".into()])),
        cache: cache.map(|(hits, misses, not_cacheable)| CacheUse { hits, misses, not_cacheable }),
        artifacts: ["a", "b"].map(artifact).to_vec(),
        ..BuildEvidence::default()
    }
}

/// A unit of the project itself.
fn artifact(unit: &str) -> Artifact {
    Artifact {
        unit: unit.into(),
        own: true,
        package: Some("/w/src".into()),
        fresh: false,
        opt_level: "0".into(),
        files: Vec::new(),
        executable: None,
    }
}

fn result(value: &str, build: &BuildEvidence) -> ProofResult {
    fixture::prove("cache", value, &fixture::context(), build).result
}

#[test]
fn a_cold_cache_has_no_hits_and_a_warm_one_no_misses() {
    let through = |cache| build("/bin/sccache", Some(cache));
    assert_eq!(result("cold", &through((0, 1, 1))), ProofResult::Holds);
    assert_eq!(result("cold", &through((1, 1, 0))), ProofResult::Fails);
    assert_eq!(result("warm", &through((1, 0, 1))), ProofResult::Holds);
    assert_eq!(result("warm", &through((1, 1, 0))), ProofResult::Fails);
    assert_eq!(result("warm@s3", &through((2, 0, 0))), ProofResult::Holds);
    assert_eq!(result("off", &build("/tc/bin/rustc", None)), ProofResult::Holds);
}

#[test]
fn where_nothing_can_be_cached_nothing_is_proven() {
    for value in ["cold", "warm"] {
        assert_eq!(result(value, &build("/bin/sccache", Some((0, 0, 2)))), ProofResult::NotProvable);
    }
}

#[test]
fn an_edit_explains_no_miss_of_a_dependency() {
    let edited = |package: Option<&str>| {
        let mut build = build("/bin/sccache", Some((0, 1, 1)));
        build.artifacts.iter_mut().for_each(|artifact| artifact.package = package.map(Into::into));
        let input = ProofInput { build: &build, reference: None, edited: true };
        fixture::with("cache", "warm", |setting| setting.value.check_sample(&input))
    };
    assert_eq!(edited(Some("/w/src")), None);
    assert!(edited(None).is_some());
}

#[test]
fn c_code_is_judged_by_what_is_right_for_it() {
    // All hits and misses, then those of crates.
    let contradicted = |value: &str, all, rust: (u64, u64), edited| {
        let of_rust = CacheUse { hits: rust.0, misses: rust.1, not_cacheable: 0 };
        let build = BuildEvidence { rust_cache_use: Some(of_rust), ..build("/bin/sccache", Some(all)) };
        let input = ProofInput { build: &build, reference: None, edited };
        fixture::with("cache", value, |setting| setting.value.check_sample(&input)).is_some()
    };
    // The second of two equal files.
    assert!(!contradicted("cold", (1, 3, 0), (0, 2), false));
    assert!(contradicted("cold", (1, 2, 0), (0, 2), false), "nothing was there that it could be equal to");
    assert!(contradicted("cold", (1, 3, 0), (1, 2), false));
    // Five files changed by one edit.
    assert!(!contradicted("warm", (0, 7, 0), (0, 2), true));
    assert!(contradicted("warm", (0, 7, 0), (0, 2), false));
    assert!(contradicted("warm", (0, 5, 2), (0, 0), false), "without an edit nothing may be missing");
}

#[test]
fn a_variable_that_the_server_would_not_see_is_a_conflict() {
    let of = |value| fixture::conflict("cache", value, &[("env.SCCACHE_RECACHE", "1")]);
    assert!(of("warm").unwrap().contains("`env.SCCACHE_RECACHE` would be lost"));
    assert_eq!(of("off"), None);
}

#[test]
fn nothing_is_proven_by_a_cache_that_was_not_asked() {
    for value in ["cold", "warm"] {
        assert_eq!(result(value, &build("/bin/sccache", Some((0, 0, 1)))), ProofResult::Fails, "one of two");
        assert_eq!(result(value, &build("/bin/sccache", None)), ProofResult::Fails);
        assert_eq!(result(value, &build("/tc/bin/rustc", Some((0, 0, 2)))), ProofResult::Fails);
        assert_eq!(result(value, &BuildEvidence::default()), ProofResult::Fails);
    }
    assert_eq!(result("off", &build("/bin/sccache", None)), ProofResult::Fails);
    assert_eq!(result("off", &BuildEvidence::default()), ProofResult::Fails);
}

#[test]
fn what_an_edit_changed_may_be_missing() {
    let contradicted = |value: &str, cache, edited| {
        let build = build("/bin/sccache", Some(cache));
        let input = ProofInput { build: &build, reference: None, edited };
        fixture::with("cache", value, |setting| setting.value.check_sample(&input))
    };
    assert_eq!(contradicted("warm", (0, 2, 0), true), None);
    assert!(contradicted("warm", (0, 3, 0), true).is_some(), "more than were compiled");
    assert_eq!(
        contradicted("warm", (1, 1, 0), false).unwrap(),
        "1 hit, 1 miss, 0 not cacheable for 2 units compiled, expected no misses but for what an edit changed, \
         and every compiler call through sccache"
    );
    assert_eq!(contradicted("cold", (0, 2, 0), false), None);
    assert!(contradicted("cold", (1, 1, 0), true).is_some(), "an edit is no reason for a hit");
    assert_eq!(contradicted("off", (1, 1, 0), false), None);
}

#[test]
fn it_is_put_in_by_configuration_with_a_service() {
    let dir = tempfile::tempdir().unwrap();
    let program = dir.path().join("sccache");
    std::fs::write(&program, "#!/bin/sh\necho sccache 0.16.0\n").unwrap();
    std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let context = Context { path: dir.path().into(), ..fixture::context() };
    let request = fixture::apply("cache", "warm", &context);
    assert_eq!(request.config, [("build.rustc-wrapper".to_owned(), format!("\"{}\"", program.display()))]);
    assert_eq!(request.service, Some(Service { program, store: Store::Local, kept: true }));
    assert!(request.env.is_empty() && request.args.is_empty());
    assert!(!fixture::apply("cache", "cold@s3", &context).service.unwrap().kept);

    let tool = fixture::probe("cache", "cold", &context).unwrap().tool.unwrap();
    assert_eq!(tool.version, "sccache 0.16.0");
}

#[test]
fn off_is_off_also_where_the_project_has_a_wrapper() {
    let plain = fixture::context();
    assert_eq!(fixture::apply("cache", "off", &plain), BuildRequest::default());
    let config = Some("[build]\nrustc-wrapper = 'sccache'".parse().unwrap());
    let request = fixture::apply("cache", "off", &Context { config, ..plain });
    assert_eq!(request.config, [("build.rustc-wrapper".to_owned(), "\"\"".to_owned())]);
    assert_eq!(request.service, None);
}

#[test]
fn what_is_missing_is_said_with_what_would_help() {
    let context = Context { toolchain: Some(Toolchain::sample()), ..fixture::context() };
    let refusal = fixture::probe("cache", "warm", &context).unwrap_err();
    assert_eq!(refusal.what, "no sccache on PATH");
    assert!(refusal.help.unwrap().contains("cargo install sccache"));
    assert_eq!(fixture::probe("cache", "off", &context).unwrap().tool, None);
}
