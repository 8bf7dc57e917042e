//! Configuration as cargo reads it: files with their includes, variables, targets. Builds are compared with
//! the user's, and variants are based on the user's configuration on request.

use bench_runner_core::bundle::Bundle;
use bench_runner_core::record::{Plan, Proof, ProofResult};

use super::unchanged::Contents;
use crate::lab::{Lab, ProgramRun};

trials! { "fidelity";
    configuration_that_is_included_is_in_force,
    an_empty_variable_drops_the_flags_of_files: LONG,
    flags_of_a_variable_and_of_an_axis_are_both_in_force: LONG,
    flags_as_one_string_and_a_space_in_the_cache_go_together: LONG,
    an_explicit_host_triple_is_what_is_built_for: LONG,
    linkers_are_offered_for_what_is_built_for,
    a_variant_on_top_of_the_users_configuration_changes_its_own_key_only: LONG,
    a_difference_is_shown_and_strict_refuses_it,
    questions_start_no_wrapper_and_write_nothing: LONG,
    a_cargo_that_cannot_answer_is_reported,
}

/// A package without dependencies to fetch, and with its own configuration `config`.
fn own(lab: &Lab, config: &str) {
    lab.write("own/Cargo.toml", "[package]\nname = \"own\"\nversion = \"0.1.0\"\nedition = \"2021\"\n");
    lab.write("own/Cargo.lock", "version = 4\n\n[[package]]\nname = \"own\"\nversion = \"0.1.0\"\n");
    lab.write("own/src/main.rs", "fn main() {\n    println!(\"hi\");\n}\n");
    if !config.is_empty() {
        lab.write("own/.cargo/config.toml", config);
    }
}

fn program(lab: &Lab, args: &[&str], variables: &[(&str, &str)]) -> ProgramRun {
    let mut command = lab.command(args);
    command.env("CARGO_HOME", lab.path("cargo")).envs(variables.iter().copied());
    command.output().expect("the program").into()
}

fn plan(lab: &Lab, more: &[&str], variables: &[(&str, &str)]) -> Plan {
    let args = [&["plan", "--project", "../own", "--json"], more].concat();
    let said = program(lab, &args, variables).expect(0).stdout;
    serde_json::from_str(&said).expect("a plan")
}

fn run(lab: &Lab, more: &[&str], variables: &[(&str, &str)]) -> Bundle {
    let args = [&["run", "--project", "../own", "--rounds", "1", "--no-control"], more].concat();
    program(lab, &args, variables).expect(0);
    lab.bundle()
}

fn proof<'b>(bundle: &'b Bundle, variant: &str, axis: &str) -> &'b Proof {
    let proof = bundle.proofs.iter().find(|proof| proof.variant == variant && proof.axis == axis);
    proof.unwrap_or_else(|| panic!("no proof of {axis} for {variant}: {:?}", bundle.proofs))
}

fn configuration_that_is_included_is_in_force() {
    let lab = Lab::new();
    own(&lab, "include = [\"more.toml\"]\n");
    lab.write(
        "own/.cargo/more.toml",
        "[target.'cfg(unix)']\nrustflags = [\"--cfg\", \"own\"]\n[profile.dist]\ninherits = \"release\"\n",
    );
    // If the included file were not read, the flags would be added at a level that cargo drops.
    let bundle = run(&lab, &["--axis", "linker=default,bfd", "--axis", "profile=dist"], &[]);
    for variant in ["linker=default", "linker=bfd"] {
        assert_ne!(proof(&bundle, variant, "linker").result, ProofResult::Fails);
        assert_eq!(proof(&bundle, variant, "profile").result, ProofResult::Holds);
    }
    let fidelity = &bundle.manifest.plan.blocks[0].fidelity;
    assert!(fidelity.iter().all(bench_runner_core::record::Fidelity::is_same), "{fidelity:?}");
    assert_eq!(fidelity[0].compared, ["configuration", "flags", "toolchain", "units"]);
}

fn an_empty_variable_drops_the_flags_of_files() {
    let lab = Lab::new();
    own(&lab, "[build]\nrustflags = [\"--cfg\", \"own\"]\n");
    let more = ["--variant", "as-configured", "--axis", "linker=bfd", "--on", "as-it-is"];
    let bundle = run(&lab, &more, &[("CARGO_ENCODED_RUSTFLAGS", "")]);
    let configured = proof(&bundle, "as-configured", "as-configured");
    assert!(configured.found.starts_with("takes `--cfg own` "), "{}", configured.found);
    let fidelity = &bundle.manifest.plan.blocks[0].fidelity;
    assert!(fidelity.iter().all(|one| one.differences.is_empty()), "{fidelity:?}");
}

fn flags_of_a_variable_and_of_an_axis_are_both_in_force() {
    let lab = Lab::new();
    own(&lab, "[build]\nrustflags = [\"--cfg\", \"own\"]\n");
    let more = ["--axis", "env.RUSTFLAGS=--cfg=variable", "--axis", "rustflags=,-Cdebuginfo=1"];
    let bundle = run(&lab, &more, &[]);
    let found = &proof(&bundle, "rustflags=-Cdebuginfo=1", "rustflags").found;
    let difference = "adds `-Cdebuginfo=1` to 1 of 1 calls, takes `-Cdebuginfo=2` from 1";
    assert!(
        found.contains(difference) || found.contains("adds `-Cdebuginfo=1` to 1 of 1 calls, against"),
        "{found}"
    );
}

fn flags_as_one_string_and_a_space_in_the_cache_go_together() {
    let lab = Lab::new();
    own(&lab, "[build]\nrustflags = \"--cfg own\"\n");
    let cache = lab.path("a cache");
    let args = ["--axis", "rustflags=,-Cdebuginfo=1", "--cache-dir", cache.to_str().expect("text")];
    let bundle = run(&lab, &args, &[]);
    let found = proof(&bundle, "rustflags=-Cdebuginfo=1", "rustflags");
    assert_eq!(found.result, ProofResult::Holds, "{}", found.found);
}

fn an_explicit_host_triple_is_what_is_built_for() {
    let lab = Lab::new();
    let host = "x86_64-unknown-linux-gnu";
    own(
        &lab,
        &format!("[build]\ntarget = [\"{host}\"]\n[target.{host}]\nrustflags = [\"--cfg\", \"own\"]\n"),
    );
    lab.write("own/build.rs", "fn main() {}\n");
    let bundle = run(&lab, &["--axis", "linker=default,bfd"], &[]);
    let found = proof(&bundle, "linker=bfd", "linker");
    assert_ne!(found.result, ProofResult::Fails, "{}", found.found);
    assert!(bundle.manifest.blocks[0].not_timed.is_empty(), "{:?}", bundle.manifest.blocks[0]);
}

fn linkers_are_offered_for_what_is_built_for() {
    let lab = Lab::new();
    own(&lab, "[build]\ntarget = \"wasm32-unknown-unknown\"\n");
    let planned = plan(&lab, &["--axis", "linker=default,bfd,rust-lld"], &[]);
    assert!(planned.blocks.is_empty(), "{:?}", planned.blocks);
    let reasons: Vec<&str> = planned.skipped.iter().map(|skipped| skipped.reason.as_str()).collect();
    let for_wasm = reasons.iter().filter(|reason| reason.contains("built for wasm32-unknown-unknown"));
    assert_eq!(for_wasm.count(), 2, "{reasons:?}");
    // The compiler has no standard library for the target here: cargo reports this, a plan does not guess it.
    own(&lab, "[build]\ntarget = \"no-such-target\"\n");
    let ran = program(&lab, &["plan", "--project", "../own", "--axis", "linker=default,bfd"], &[]).expect(2);
    assert!(ran.stderr.contains("no-such-target"), "{}", ran.stderr);
}

fn a_variant_on_top_of_the_users_configuration_changes_its_own_key_only() {
    let lab = Lab::new();
    own(&lab, "");
    lab.write(
        "cargo/config.toml",
        "[profile.dev]\ndebug = 1\nopt-level = 1\n[build]\nrustflags = [\"--cfg\", \"mine\"]\n",
    );
    let more = ["--axis", "debug=none"];
    let bundle = run(&lab, &more, &[("CARGO_INCREMENTAL", "0")]);
    let plan = &bundle.manifest.plan.blocks[0];
    let names: Vec<&str> = plan.arms.iter().map(|arm| arm.variant.name.as_str()).collect();
    assert_eq!(names, ["as-configured", "debug=none"], "one value is compared with what the user has");
    let found = &proof(&bundle, "debug=none", "as-configured").found;
    assert!(found.contains("`--cfg mine` in all 1 calls"), "{found}");
    let debug = proof(&bundle, "debug=none", "debug");
    assert_eq!(debug.result, ProofResult::Holds, "{}", debug.found);
    let fidelity = &plan.fidelity;
    assert_eq!(fidelity.len(), 1, "{fidelity:?}");
    assert!(fidelity[0].is_same(), "{fidelity:?}");
    // A scenario can do the same.
    lab.write(
        "work/scenarios/mine.toml",
        "name = \"mine\"\nsummary = \"x\"\nprojects = [\"../own\"]\nworkloads = [\"clean\"]\non = \"as-configured\"\n[axes]\nlinker = [\"default\", \"bfd\"]\n",
    );
    let said = program(&lab, &["plan", "mine", "--json"], &[]).expect(0).stdout;
    let plan: Plan = serde_json::from_str(&said).expect("a plan");
    for arm in &plan.blocks[0].arms {
        assert!(arm.variant.settings["as-configured"].contains("debug = 1"), "{arm:?}");
    }
    lab.write("work/scenarios/bad.toml", "name = \"bad\"\nsummary = \"x\"\nprojects = [\"../own\"]\nworkloads = [\"clean\"]\non = \"as-configurd\"\n[axes]\nlinker = [\"default\", \"bfd\"]\n");
    let ran = program(&lab, &["plan", "bad"], &[]).expect(2);
    assert!(
        ran.stderr.contains("bad.toml:5:6") && ran.stderr.contains("did you mean `as-configured`?"),
        "{}",
        ran.stderr
    );
}

fn a_difference_is_shown_and_strict_refuses_it() {
    let lab = Lab::new();
    own(&lab, "");
    lab.write("cargo/config.toml", "[env]\nMY_TOKEN = \"hush\"\n[profile.dev]\ndebug = 1\n");
    let more = ["--axis", "linker=default,bfd", "--on", "as-configured"];
    let shown = program(&lab, &[&["plan", "--project", "../own"], &more[..]].concat(), &[]).expect(0);
    let line =
        "fidelity: differs from your own build in configuration: yours `env.MY_TOKEN = …`, here nothing";
    assert!(shown.stdout.contains(line), "{}", shown.stdout);
    assert!(!shown.stdout.contains("hush"), "{}", shown.stdout);
    let args =
        [&["run", "--project", "../own", "--rounds", "1", "--strict", "--no-control"], &more[..]].concat();
    let ran = program(&lab, &args, &[]);
    // An unfit machine ends in the same way, before anything is planned.
    assert_eq!(ran.code, Some(4), "{}", ran.stderr);
    assert!(ran.stderr.contains(line) || ran.stderr.contains("not fit: "), "{}", ran.stderr);
    assert!(lab.bundles().is_empty());
}

fn questions_start_no_wrapper_and_write_nothing() {
    let lab = Lab::new();
    own(&lab, "");
    let log = lab.path("log");
    let wrapper =
        lab.write("wrap.sh", &format!("#!/bin/sh\necho called >> '{}'\nexec \"$@\"\n", log.display()));
    let wrapper = wrapper.to_str().expect("text");
    lab.write(
        "cargo/config.toml",
        &format!("[build]\nrustc-wrapper = \"{wrapper}\"\nbuild-dir = \"{}\"\n", lab.path("mine").display()),
    );
    let before = Contents::of(&lab.path("own"), &|_| false);
    for variables in
        [&[][..], &[("RUSTC_WRAPPER", wrapper)], &[("CARGO_BUILD_RUSTC_WORKSPACE_WRAPPER", wrapper)]]
    {
        plan(&lab, &["--axis", "linker=default,bfd", "--on", "as-configured"], variables);
        plan(&lab, &["--axis", "linker=default,bfd"], variables);
    }
    assert!(!log.exists(), "the user's wrapper was started to plan");
    assert!(!lab.path("mine").exists(), "the user's build directory was made");
    assert_eq!(Contents::of(&lab.path("own"), &|_| false), before);
    let in_home: Vec<_> = crate::lab::entries(&lab.path("cargo"));
    assert_eq!(in_home.len(), 1, "{in_home:?}");
}

fn a_cargo_that_cannot_answer_is_reported() {
    let lab = Lab::new();
    own(&lab, "[build]\nrustflags = 3\n");
    let args = ["plan", "--project", "../own", "--axis", "linker=default,bfd"];
    let ran = program(&lab, &args, &[]).expect(2);
    assert!(ran.stderr.contains("config.toml") && ran.stderr.contains("build.rustflags"), "{}", ran.stderr);
    own(&lab, "include = [\"absent.toml\"]\n");
    let ran = program(&lab, &args, &[]).expect(2);
    assert!(ran.stderr.contains("absent.toml"), "{}", ran.stderr);
}
