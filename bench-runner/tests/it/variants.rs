//! Whole variants with real cargo: pieces of configuration as printed in articles, and the user's own
//! configuration.

use bench_runner_core::bundle::Bundle;
use bench_runner_core::record::{Proof, ProofResult};

use crate::lab::{Lab, ProgramRun};

trials! { "variants";
    a_snippet_is_compared_and_one_that_changes_nothing_is_not: LONG,
    beside_axes_a_snippet_is_told_from_what_asks_for_nothing: LONG,
    a_recipe_that_does_not_build_is_a_finding: LONG,
    flags_that_cargo_drops_are_told: LONG,
    the_users_own_configuration_is_applied_and_proven: LONG.with("mold"),
    a_variable_of_the_user_drops_what_files_say: LONG.with("mold"),
    a_user_without_configuration_has_the_project_as_it_is: LONG,
    sets_of_a_scenario_are_built_under_their_names: LONG,
    raw_axes_say_what_they_change: LONG,
    what_is_no_variant_is_refused,
}

/// A package with a library and a binary, without dependencies to fetch.
fn own(lab: &Lab, manifest: &str) {
    let package = "[package]\nname = \"own\"\nversion = \"0.1.0\"\nedition = \"2021\"\n";
    lab.write("own/Cargo.toml", &format!("{package}{manifest}"));
    lab.write("own/Cargo.lock", "version = 4\n\n[[package]]\nname = \"own\"\nversion = \"0.1.0\"\n");
    lab.write("own/src/lib.rs", "pub fn twice(n: u64) -> u64 {\n    n * 2\n}\n");
    lab.write("own/src/main.rs", "fn main() {\n    println!(\"{}\", own::twice(21));\n}\n");
}

fn run(lab: &Lab, more: &[&str], variables: &[(&str, &str)]) -> ProgramRun {
    let args = [&["run", "--project", "../own", "--rounds", "1"], more].concat();
    let home = lab.path("cargo");
    let mut command = lab.command(&args);
    command.env("CARGO_HOME", home).envs(variables.iter().copied());
    command.output().expect("the program").into()
}

fn proof<'b>(bundle: &'b Bundle, variant: &str, axis: &str) -> &'b Proof {
    let proof = bundle.proofs.iter().find(|proof| proof.variant == variant && proof.axis == axis);
    proof.unwrap_or_else(|| panic!("no proof of {axis} for {variant}: {:?}", bundle.proofs))
}

fn reason(bundle: &Bundle, variant: &str) -> String {
    let not_timed = &bundle.manifest.blocks[0].not_timed;
    let entry = not_timed.iter().find(|entry| entry.variant == variant);
    entry.unwrap_or_else(|| panic!("{variant} was timed: {not_timed:?}")).reason.clone()
}

fn a_snippet_is_compared_and_one_that_changes_nothing_is_not() {
    let lab = Lab::new();
    own(&lab, "");
    lab.write("work/fast.toml", "[profile.dev]\ndebug = \"line-tables-only\"\n");
    lab.write("work/idle.toml", "[profile.release]\ndebug = 1\n");
    let ran = run(&lab, &["--variant", "fast=fast.toml", "--variant", "idle=idle.toml"], &[]).expect(3);
    let bundle = lab.bundle();
    let fast = proof(&bundle, "fast", "snippet");
    assert_eq!(fast.result, ProofResult::Holds);
    let change = "adds `-Cdebuginfo=line-tables-only` to 2 of 2 calls, takes `-Cdebuginfo=2` from 2, against as-configured";
    assert_eq!(fast.found, change);
    assert!(ran.stderr.contains(&format!("note: fast: {change}")), "{}", ran.stderr);
    assert_eq!(proof(&bundle, "idle", "snippet").result, ProofResult::Fails);
    assert!(reason(&bundle, "idle").contains("changes no compiler call, so there is nothing to compare"));
    // The plan has the text, the samples do not.
    let arm = &bundle.manifest.plan.blocks[0].arms[2];
    assert_eq!(arm.variant.settings["snippet"], "[profile.dev]\ndebug = \"line-tables-only\"\n");
    assert!(bundle.samples.iter().all(|sample| sample.settings.is_empty()));
}

/// With axes, a snippet is compared with an arm without settings, whatever its name.
fn beside_axes_a_snippet_is_told_from_what_asks_for_nothing() {
    let lab = Lab::new();
    own(&lab, "");
    lab.write("work/fast.toml", "[profile.dev]\ndebug = 1\n");
    lab.write("work/idle.toml", "[profile.release]\ndebug = 1\n");
    let axes = ["--axis", "linker=bfd,default", "--variant", "fast=fast.toml", "--variant", "idle=idle.toml"];
    run(&lab, &axes, &[]).expect(3);
    let bundle = lab.bundle();
    let fast = proof(&bundle, "fast", "snippet");
    assert_eq!(fast.result, ProofResult::Holds, "{}", fast.found);
    assert!(fast.found.ends_with("against linker=default"), "{}", fast.found);
    assert!(reason(&bundle, "idle").contains("changes no compiler call"));
}

/// Both common recipes for Cranelift, as they are printed, on stable.
fn a_recipe_that_does_not_build_is_a_finding() {
    let lab = Lab::new();
    own(&lab, "");
    lab.write(
        "work/config.toml",
        "[unstable]\ncodegen-backend = true\n\n[profile.dev]\ncodegen-backend = \"cranelift\"\n",
    );
    lab.write(
        "work/manifest.toml",
        "cargo-features = [\"codegen-backend\"]\n\n[profile.dev]\ncodegen-backend = \"cranelift\"\n",
    );
    lab.write("work/fine.toml", "[profile.dev]\nopt-level = 1\n");
    let variants = ["config=config.toml", "manifest=manifest.toml", "fine=fine.toml"];
    let args: Vec<&str> = variants.iter().flat_map(|variant| ["--variant", variant]).collect();
    run(&lab, &args, &[("RUSTUP_TOOLCHAIN", "stable")]).expect(3);
    let bundle = lab.bundle();
    for variant in ["config", "manifest"] {
        let reason = reason(&bundle, variant);
        assert!(reason.contains("the build failed") && reason.contains("codegen-backend"), "{reason}");
    }
    assert_eq!(proof(&bundle, "fine", "snippet").result, ProofResult::Holds, "the others go on");
}

fn flags_that_cargo_drops_are_told() {
    for (own_config, snippet, result, said) in [
        (
            "[target.'cfg(unix)']\nrustflags = [\"--cfg\", \"mine\"]\n",
            "[build]\nrustflags = [\"--cfg\", \"theirs\"]\n",
            ProofResult::Fails,
            "changes no compiler call, so there is nothing to compare; cargo drops its `build.rustflags`",
        ),
        (
            "[build]\nrustflags = [\"--cfg\", \"mine\"]\n",
            "[target.'cfg(unix)']\nrustflags = [\"--cfg\", \"theirs\"]\n",
            ProofResult::Holds,
            "takes `--cfg mine` from 2, against as-configured",
        ),
    ] {
        let lab = Lab::new();
        own(&lab, "");
        lab.write("own/.cargo/config.toml", own_config);
        lab.write("work/x.toml", snippet);
        run(&lab, &["--variant", "x=x.toml"], &[]);
        let bundle = lab.bundle();
        let found = proof(&bundle, "x", "snippet");
        assert_eq!(found.result, result, "{}", found.found);
        assert!(found.found.contains(said), "{}", found.found);
    }
}

/// A configuration with private values besides those that decide a build.
fn user(lab: &Lab, more: &str) {
    lab.write(
        "cargo/config.toml",
        &format!(
            "[target.x86_64-unknown-linux-gnu]\nlinker = \"gcc\"\nrustflags = [\"-Clink-arg=-fuse-ld=bfd\"]\n\
             [registries.mine]\nindex = \"https://example.org\"\ntoken = \"hush\"\n{more}"
        ),
    );
}

fn the_users_own_configuration_is_applied_and_proven() {
    let lab = Lab::new();
    own(&lab, "");
    user(&lab, "[profile.dev]\ndebug = 1\n[env]\nX = \"1\"\n");
    let args = ["--baseline", "as-configured", "--axis", "linker=mold"];
    let ran = run(&lab, &args, &[("CARGO_REGISTRY_TOKEN", "hush")]).expect(0);
    assert!(ran.stderr.contains("  as-configured for own:\n"), "{}", ran.stderr);
    assert!(ran.stderr.contains("    linker = \"gcc\"\n"), "{}", ran.stderr);
    let bundle = lab.bundle();
    let found = proof(&bundle, "as-configured", "as-configured");
    assert_eq!(found.result, ProofResult::Holds, "{}", found.found);
    for part in
        ["`-Clink-arg=-fuse-ld=bfd -Clinker=gcc` in all 2 calls", "debug=limited", "cannot be seen: env.X"]
    {
        assert!(found.found.contains(part), "{part} in {}", found.found);
    }
    let mold = proof(&bundle, "linker=mold", "linker");
    assert_eq!(mold.result, ProofResult::Holds, "{}", mold.found);
    let plan = serde_json::to_string(&bundle.manifest).expect("JSON");
    assert!(!plan.contains("hush") && !plan.contains("example.org"), "{plan}");
}

fn a_variable_of_the_user_drops_what_files_say() {
    let lab = Lab::new();
    own(&lab, "");
    user(&lab, "");
    let args = ["--variant", "as-configured", "--axis", "linker=mold"];
    run(&lab, &args, &[("RUSTFLAGS", "-Cdebug-assertions=no"), ("CC", "gcc")]).expect(0);
    let bundle = lab.bundle();
    let found = proof(&bundle, "as-configured", "as-configured");
    assert_eq!(found.result, ProofResult::Holds, "{}", found.found);
    assert!(
        found.found.starts_with("`-Cdebug-assertions=no -Clinker=gcc` in all 2 calls"),
        "{}",
        found.found
    );
    assert!(found.found.contains("cannot be seen: CC"), "{}", found.found);
    // It is built on top of the user's settings.
    assert_eq!(proof(&bundle, "linker=mold", "linker").result, ProofResult::Holds);
}

fn a_user_without_configuration_has_the_project_as_it_is() {
    let lab = Lab::new();
    own(&lab, "");
    lab.write("cargo/config.toml", "[net]\ngit-fetch-with-cli = true\n");
    lab.write("work/fast.toml", "[profile.dev]\ndebug = 0\n");
    let ran = run(&lab, &["--variant", "as-configured", "--variant", "fast=fast.toml"], &[]).expect(0);
    assert!(ran.stderr.contains("you have no configuration of cargo that changes a build"), "{}", ran.stderr);
    let bundle = lab.bundle();
    let arms = &bundle.manifest.plan.blocks[0].arms;
    assert_eq!((arms[0].variant.name.as_str(), arms[0].aliases.as_slice()), ("as-configured", &[][..]));
}

fn sets_of_a_scenario_are_built_under_their_names() {
    let lab = Lab::new();
    own(&lab, "");
    lab.write("work/scenarios/pieces/article.toml", "[profile.dev]\ndebug = 1\n");
    lab.write(
        "work/scenarios/mine.toml",
        concat!(
            "name = \"mine\"\nsummary = \"x\"\nprojects = [\"../own\"]\nworkloads = [\"clean\"]\nbaseline = \"plain\"\n",
            "[variants]\nplain = { linker = \"bfd\" }\nquick = { linker = \"bfd\", codegen-units = { own = 4, deps = 256 } }\n",
            "article = \"pieces/article.toml\"\ndull = { linker = \"bfd\", debug = \"none\", strip = \"debuginfo\" }\n",
            "[[exclude]]\nwhen = { debug = \"none\" }\nreason = \"nothing to strip\"\n",
        ),
    );
    let args = ["run", "mine", "--rounds", "1"];
    let ran = lab.run(&args).expect(0);
    let is_left_out =
        |line: &str| line.contains("left out: dull in own") && line.ends_with(": nothing to strip");
    assert!(ran.stderr.lines().any(is_left_out), "{}", ran.stderr);
    let bundle = lab.bundle();
    let block = &bundle.manifest.plan.blocks[0];
    let names: Vec<&str> = block.arms.iter().map(|arm| arm.variant.name.as_str()).collect();
    assert_eq!(names, ["plain", "plain", "as it is", "quick", "article"]);
    assert_eq!(block.axes, ["linker", "codegen-units", "snippet"]);
    let units = proof(&bundle, "quick", "codegen-units");
    assert!(units.found.starts_with("codegen-units=4 on 2 of 2 calls of its own"), "{}", units.found);
    let quick = bundle.samples.iter().find(|sample| sample.variant == "quick").expect("a build of it");
    assert_eq!(quick.settings["codegen-units"], "{own=4,deps=256}");
}

fn raw_axes_say_what_they_change() {
    let lab = Lab::new();
    own(&lab, "");
    let args = ["--axis", "rustflags=,-Cdebug-assertions=no", "--axis", "config=,profile.dev.debug=1"];
    run(&lab, &args, &[]).expect(0);
    let bundle = lab.bundle();
    let both = "rustflags=-Cdebug-assertions=no config=profile.dev.debug=1";
    assert_eq!(proof(&bundle, both, "rustflags").result, ProofResult::Holds);
    let config = proof(&bundle, both, "config");
    assert_eq!(config.result, ProofResult::Holds, "{}", config.found);
    // It is compared with the variant that differs in this setting alone, not with the baseline.
    let against = "adds `-Cdebuginfo=1` to 2 of 2 calls, takes `-Cdebuginfo=2` from 2, against rustflags=-Cdebug-assertions=no config=";
    assert_eq!(config.found, against);
    assert_eq!(proof(&bundle, "rustflags= config=", "config").result, ProofResult::NotApplicable);
}

fn what_is_no_variant_is_refused() {
    let lab = Lab::new();
    own(&lab, "");
    lab.write("work/broken.toml", "[profile.dev]\ndebug = = 1\n");
    lab.write("work/away.toml", "[build]\ntarget-dir = \"/tmp\"\n");
    std::fs::write(lab.path("work/bytes.toml"), b"# \xff\n").expect("a file");
    lab.write("work/fine.toml", "[profile.dev]\ndebug = 1\n");
    for (args, said) in [
        (vec!["--variant", "x=none.toml"], "cannot read none.toml"),
        (vec!["--variant", "x=bytes.toml"], "line 1 is not UTF-8"),
        (vec!["--variant", "x=broken.toml"], "broken.toml:2:9"),
        (vec!["--variant", "x=away.toml"], "each variant has a directory of its own"),
        (vec!["--variant", "x"], "names no file"),
        (vec!["--variant", "a b=fine.toml"], "is not a name"),
        (vec!["--variant", "x=fine.toml", "--variant", "x=fine.toml"], "two variants are called `x`"),
        (vec!["--variant", "as-configured=fine.toml"], "is taken"),
        (vec!["--variant", "x=fine.toml", "--baseline", "y"], "no variant of `custom` is called `y`"),
        (vec!["--axis", "snippet=a"], "is a whole variant, not an axis"),
        (vec!["--axis", "config=[build"], "is not closed"),
        (vec!["--axis", "config=build.target-dir=1"], "cannot be set here"),
        (vec!["--axis", "cargo-args=-j4"], "`-j4` cannot be one of `cargo-args`"),
        (
            vec!["--axis", "backend=llvm,cranelift", "--axis", "toolchain=stable,nightly"],
            "cannot be compared: Cranelift is compared with LLVM on one toolchain only",
        ),
    ] {
        let ran = run(&lab, &args, &[]).expect(2);
        assert!(ran.stderr.contains(said), "{args:?}: {}", ran.stderr);
        assert!(lab.bundles().is_empty(), "something was measured");
    }
}
