//! Real cargo, real linkers, real crates: the proofs, the units that an edit rebuilds, and the effect of a
//! project's own configuration on the flags.

mod linkers;

use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::Command;

use bench_runner_core::bundle::Bundle;
use bench_runner_core::record::{Phase, ProofResult, Sample};

use crate::lab::{Lab, ProgramRun, entries, slow_project};

trials! { "cargo";
    [linkers];
    commits_of_a_project_are_compared: LONG.with("git"),
    flags_of_the_project_stay_in_force: LONG,
    the_toolchain_file_of_a_project_is_obeyed_under_cargo_run: LONG.with("rustup"),
    a_noop_that_compiles_something_is_a_failure: LONG.with("rustup"),
    an_edit_rebuilds_the_same_units_for_every_variant: LONG,
    nothing_is_compiled_when_nothing_changed: LONG,
    checks_are_a_block_of_their_own: LONG,
    doctor_names_the_toolchains_and_the_linkers: ALWAYS.with("rustup"),
    profiles_are_proven_and_unknown_ones_left_out: LONG,
    a_crate_that_does_not_build_is_recorded_and_the_others_go_on,
    a_real_crate_from_the_registry_is_compared_end_to_end: LONG,
}

const MAIN: &str = "fn main() {\n    println!(\"{}\", own::twice(21));\n}\n";

/// A package with a library and a binary, without dependencies to fetch.
fn own(lab: &Lab) {
    lab.write("own/Cargo.toml", "[package]\nname = \"own\"\nversion = \"0.1.0\"\nedition = \"2021\"\n");
    lab.write("own/Cargo.lock", "version = 4\n\n[[package]]\nname = \"own\"\nversion = \"0.1.0\"\n");
    lab.write("own/src/lib.rs", "pub fn twice(n: u64) -> u64 {\n    n * 2\n}\n");
    lab.write("own/src/main.rs", MAIN);
}

fn run(lab: &Lab, more: &[&str], code: i32) -> Bundle {
    let args = [&["run", "--project", "../own", "--rounds", "1"], more].concat();
    lab.run(&args).expect(code);
    lab.bundle()
}

/// The finding for an axis of a variant, and its result.
fn proof(bundle: &Bundle, variant: &str, axis: &str) -> (String, ProofResult) {
    let proof = bundle.proofs.iter().find(|proof| proof.variant == variant && proof.axis == axis);
    let proof = proof.unwrap_or_else(|| panic!("no proof of {axis} for {variant}: {:?}", bundle.proofs));
    (proof.found.clone(), proof.result)
}

fn measured(bundle: &Bundle) -> Vec<&Sample> {
    bundle.samples.iter().filter(|sample| sample.phase == Phase::Measured).collect()
}

fn flags_of_the_project_stay_in_force() {
    for config in [
        "[build]\nrustflags = [\"--cfg\", \"own_flag\"]\n",
        "[build]\nrustflags = \"--cfg own_flag\"\n",
        "[target.'cfg(unix)']\nrustflags = [\"--cfg\", \"own_flag\"]\n",
        "[target.x86_64-pc-windows-msvc]\nrustflags = [\"-Cno\"]\n[build]\nrustflags = [\"--cfg\", \"own_flag\"]\n",
        "[target.'cfg(any(unix, target_os = \"linux\"))']\nrustflags = \"--cfg own_flag\"\n",
    ] {
        let lab = Lab::new();
        own(&lab);
        lab.write("own/.cargo/config.toml", config);
        // The program only compiles if the project's own flag is in force besides the axis'.
        lab.write("own/src/main.rs", "#[cfg(not(own_flag))]\ncompile_error!(\"lost\");\nfn main() {\n}\n");
        let bundle = run(&lab, &["--axis", "linker=bfd,default"], 0);
        for variant in ["linker=bfd", "linker=default"] {
            let (found, result) = proof(&bundle, variant, "linker");
            assert_eq!(result, ProofResult::Holds, "{variant} with {config}: {found}");
        }
        assert_eq!(measured(&bundle).len(), 3);
    }
}

/// The current toolchain under another name: rustc runs from its directory and reports it.
pub(crate) fn toolchain_of_the_lab(lab: &Lab) -> (PathBuf, PathBuf) {
    let asked = Command::new("rustc").args(["--print", "sysroot"]).output().expect("rustc");
    let real = PathBuf::from(String::from_utf8(asked.stdout).expect("a path").trim());
    let own = lab.path("toolchain");
    let script = format!(
        "#!/bin/sh\nfor arg; do\n  if [ \"$arg\" = -vV ]; then {0} -vV | sed '1s/.*/rustc of the lab/'; exit; fi\ndone\nexec {0} --sysroot {1} \"$@\"\n",
        real.join("bin/rustc").display(),
        own.display(),
    );
    let rustc = lab.write("toolchain/rustc.sh", &script);
    std::fs::create_dir(own.join("bin")).expect("bin");
    std::fs::rename(rustc, own.join("bin/rustc")).expect("rustc");
    symlink(real.join("bin/cargo"), own.join("bin/cargo")).expect("cargo");
    symlink(real.join("lib"), own.join("lib")).expect("lib");
    (real, own)
}

fn the_toolchain_file_of_a_project_is_obeyed_under_cargo_run() {
    let lab = Lab::new();
    own(&lab);
    let (real, toolchain) = toolchain_of_the_lab(&lab);
    lab.write("own/rust-toolchain.toml", &format!("[toolchain]\npath = \"{}\"\n", toolchain.display()));
    let args = ["run", "--project", "../own", "--rounds", "1", "--axis", "linker=bfd,default"];
    // Set by rustup's proxy for all programs that `cargo run` starts.
    let mut command = lab.command(&args);
    let ran = command.env("RUSTUP_TOOLCHAIN", real).env("CARGO", "cargo").output().expect("the program");
    ProgramRun::from(ran).expect(0);
    let bundle = lab.bundle();
    let rustc: Vec<&str> = bundle
        .manifest
        .tools
        .iter()
        .filter(|tool| tool.name == "rustc")
        .map(|tool| tool.version.as_str())
        .collect();
    assert_eq!(rustc, ["rustc of the lab"]);
    assert_eq!(measured(&bundle).len(), 3);
}

fn a_noop_that_compiles_something_is_a_failure() {
    let lab = Lab::new();
    own(&lab);
    let (real, toolchain) = toolchain_of_the_lab(&lab);
    // Three arms: from its seventh build on, which is the first measured one, cargo finds a changed file. The
    // builds that look for needless rebuilds do not count.
    let script = format!(
        "#!/bin/sh\ncase \" $* \" in *\" --unit-graph \"*) ;; *\" build \"*)\n  [ \"$CARGO_TERM_VERBOSE\" = true ] || echo >> {0}\n  [ $(wc -l < {0}) -le 6 ] || touch src/main.rs\nesac\nexec {1} \"$@\"\n",
        lab.path("builds").display(),
        real.join("bin/cargo").display(),
    );
    std::fs::rename(lab.write("cargo.sh", &script), toolchain.join("bin/cargo")).expect("cargo");
    lab.write("own/rust-toolchain.toml", &format!("[toolchain]\npath = \"{}\"\n", toolchain.display()));
    let bundle = run(&lab, &["--axis", "profile=dev,release", "--workload", "noop"], 3);
    assert_eq!(
        proof(&bundle, "profile=release", "workload").1,
        ProofResult::Holds,
        "the warm-up did nothing"
    );
    let measured = measured(&bundle);
    assert_eq!(measured.len(), 3);
    assert!(measured.iter().all(|sample| sample.outcome.as_str() == "failed"), "{measured:?}");
    let logs = entries(&bundle.dir.join("logs"));
    let said = std::fs::read_to_string(logs.first().expect("a log")).expect("its text");
    assert!(said.contains("expected no unit compiled, found 1 of 2 units compiled"), "{said}");
}

fn an_edit_rebuilds_the_same_units_for_every_variant() {
    let lab = Lab::new();
    own(&lab);
    let bundle =
        run(&lab, &["--axis", "linker=bfd,default", "--workload", "incremental", "--rounds", "2"], 0);
    let sets: Vec<_> =
        measured(&bundle).iter().map(|sample| sample.rebuilt.clone().expect("units")).collect();
    assert_eq!(sets.len(), 6);
    assert!(sets.iter().all(|set| *set == sets[0] && set.count == 1), "{sets:?}");
    let units = std::fs::read_to_string(bundle.dir.join("unit-sets.csv")).expect("unit-sets.csv");
    assert!(
        units.contains(&format!("{},own@0.1.0 bin:own", sets[0].set)) || units.contains(",0.1.0 bin:own"),
        "{units}"
    );
    assert_eq!(proof(&bundle, "linker=bfd", "workload").1, ProofResult::Holds);
    let source = std::fs::read_to_string(lab.path("own/src/main.rs")).expect("main.rs");
    assert_eq!(source, MAIN, "somebody's own tree is never edited");
}

fn nothing_is_compiled_when_nothing_changed() {
    let lab = Lab::new();
    own(&lab);
    let bundle = run(&lab, &["--axis", "linker=bfd,default", "--workload", "noop"], 0);
    let counts: Vec<u32> =
        measured(&bundle).iter().map(|s| s.rebuilt.as_ref().expect("units").count).collect();
    assert_eq!(counts, [0, 0, 0]);
    assert_eq!(
        proof(&bundle, "linker=default", "workload"),
        ("0 of 2 units compiled".into(), ProofResult::Holds)
    );
}

fn checks_are_a_block_of_their_own() {
    let lab = Lab::new();
    own(&lab);
    let args = ["run", "--project", "../own", "--rounds", "1", "--json"];
    let ran = lab.run(&args).expect(0);
    let document: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let blocks: Vec<&str> = document["blocks"]
        .as_array()
        .expect("blocks")
        .iter()
        .filter_map(|block| block["block"].as_str())
        .collect();
    assert_eq!(
        blocks,
        ["linkers/own/clean", "linkers/own/incremental", "check/own/*"],
        "the main job on an own tree"
    );
    let ran = lab
        .run(&["plan", "--project", "../own", "--axis", "linker=bfd,default", "--workload", "check"])
        .expect(0);
    assert!(ran.stdout.contains("linker is not applicable under `check`"), "{}", ran.stdout);
}

fn doctor_names_the_toolchains_and_the_linkers() {
    let lab = Lab::new();
    let ran = lab.run(&["doctor", "--json"]).expect(0);
    let document: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let toolchains = document["toolchains"].as_array().expect("toolchains");
    assert!(
        toolchains.iter().any(|name| name.as_str().is_some_and(|name| name.contains('-'))),
        "{document:#}"
    );
    let bfd = document["values"].as_array().expect("values").iter().find(|value| value["value"] == "bfd");
    assert_eq!(bfd.expect("GNU ld")["available"], true, "{document:#}");
    let table = document["values"].as_array().expect("values").iter().find(|v| v["axis"] == "codegen-units");
    assert_eq!(table.expect("codegen units")["available"], true, "{document:#}");
    for value in document["values"].as_array().expect("values").iter().filter(|v| v["axis"] == "backend") {
        assert!(value["available"] == true || value["help"].is_string(), "{value:#}");
    }
}

fn profiles_are_proven_and_unknown_ones_left_out() {
    let lab = Lab::new();
    own(&lab);
    let manifest = std::fs::read_to_string(lab.path("own/Cargo.toml")).expect("Cargo.toml");
    lab.write("own/Cargo.toml", &format!("{manifest}[profile.dist]\ninherits = \"release\"\n"));
    let bundle = run(&lab, &["--axis", "profile=dev,release,dist,dits"], 0);
    for (profile, directory) in [("dev", "debug"), ("release", "release"), ("dist", "dist")] {
        let (found, result) = proof(&bundle, &format!("profile={profile}"), "profile");
        assert_eq!((found, result), (format!("results in {directory}"), ProofResult::Holds));
    }
    let skipped = &bundle.manifest.plan.skipped;
    assert_eq!((skipped.len(), skipped[0].variant.as_str()), (1, "profile=dits"));
    assert_eq!(skipped[0].help.as_deref(), Some("did you mean `dist`?"));
}

fn a_crate_that_does_not_build_is_recorded_and_the_others_go_on() {
    let lab = Lab::new();
    own(&lab);
    // It only builds in one profile.
    lab.write(
        "own/src/main.rs",
        "#[cfg(not(debug_assertions))]\ncompile_error!(\"no release of this\");\nfn main() {\n}\n",
    );
    let ran = lab
        .run(&["run", "--project", "../own", "--rounds", "1", "--axis", "profile=dev,release,bench"])
        .expect(3);
    assert!(ran.stderr.contains("no release of this"), "the compiler's last lines are shown: {}", ran.stderr);
    let bundle = lab.bundle();
    assert!(
        bundle
            .samples
            .iter()
            .any(|sample| sample.variant == "profile=release" && sample.outcome.as_str() == "failed")
    );
    assert!(
        bundle
            .samples
            .iter()
            .any(|sample| sample.variant == "profile=dev" && sample.outcome.as_str() == "ok")
    );
}

fn a_real_crate_from_the_registry_is_compared_end_to_end() {
    let lab = Lab::new();
    lab.write("work/corpus/small.toml", SMALL);
    let args = ["run", "--project", "small", "--axis", "linker=bfd,default", "--rounds", "1"];
    lab.run(&[&args[..], &["--workload", "clean", "--workload", "incremental"]].concat()).expect(0);
    let bundle = lab.bundle();
    assert_eq!(measured(&bundle).len(), 6);
    assert!(bundle.proofs.iter().all(|proof| proof.result == ProofResult::Holds), "{:?}", bundle.proofs);
    assert!(
        bundle.samples[0].rebuilt.as_ref().is_some_and(|rebuilt| rebuilt.count >= 3),
        "dependencies are built too"
    );
    // A second run does not need the network.
    lab.run(&[&args[..], &["--offline", "--workload", "noop"]].concat()).expect(0);
    let verified = lab.run(&["corpus", "verify", "small", "--offline"]).expect(0);
    assert!(verified.stdout.contains("1 edit applies"), "{}", verified.stdout);
}

const SMALL: &str = r#"
name = "small"
summary = "a small crate with dependencies and a lock file"

[source]
kind = "crates-io"
name = "diffr"
version = "0.1.5"
sha256 = "2bce780c69b328928a1c18d63d3a20a76bf0b81c5982d00e8e4debf04a7bb6cd"

[[edit]]
name = "body"
class = "body"
file = "src/main.rs"
anchor = "fn main() {"
insert = "\n    std::hint::black_box({n}u64);"
"#;

/// Commits all files of the package. Returns the commit.
fn commit(lab: &Lab) -> String {
    let git = |args: &[&str]| slow_project::git(lab, args);
    if !lab.path("own/.git").exists() {
        git(&["init", "-q"]);
    }
    git(&["add", "-A"]);
    git(&["commit", "-q", "-m", "x"]);
    git(&["rev-parse", "HEAD"])
}

fn commits_of_a_project_are_compared() {
    let lab = Lab::new();
    own(&lab);
    lab.write("own/.gitignore", "/target\n");
    let first = commit(&lab);
    lab.write("own/src/more.rs", "pub fn more() {}\n");
    lab.write("own/src/lib.rs", "pub mod more;\npub fn twice(n: u64) -> u64 {\n    n * 2\n}\n");
    let second = commit(&lab);
    // Uncommitted changes are not part of any commit.
    lab.write("own/src/lib.rs", "compile_error!(\"never built\");\n");
    let bundle = run(&lab, &["--axis", &format!("rev={first},{second}")], 0);
    for rev in [&first, &second] {
        let (found, result) = proof(&bundle, &format!("rev={rev}"), "rev");
        assert_eq!(result, ProofResult::Holds, "{found}");
        let pins: Vec<String> = bundle
            .samples
            .iter()
            .filter(|sample| sample.settings.get("rev") == Some(rev))
            .map(|sample| sample.pin.to_string())
            .collect();
        assert!(!pins.is_empty() && pins.iter().all(|pin| *pin == format!("git:{rev}")), "{pins:?}");
    }
    let missing = "ab".repeat(20);
    let ran = lab.run(&["plan", "--project", "../own", "--axis", &format!("rev={first},{second},{missing}")]);
    assert!(ran.expect(0).stdout.contains(&format!("there is no commit {missing}")));
    let ran = lab.run(&["plan", "--project", "../own", "--axis", "rev=main"]).expect(2);
    assert!(ran.stderr.contains("`git rev-parse main`"), "{}", ran.stderr);
    let ran =
        lab.run(&["plan", "--project", "hexyl", "--offline", "--axis", &format!("rev={first},{second}")]);
    let said = [ran.stdout, ran.stderr].concat();
    assert!(said.contains("commits are those of projects in a git repository"), "{said}");
    // The function that would be edited is written another way in the last commit, so another one is edited.
    lab.write("own/src/lib.rs", "pub mod more;\npub fn twice(n: u64) -> u64 {\n    n * 2\n}\n");
    let main = lab.path("own/src/main.rs");
    let text =
        std::fs::read_to_string(&main).expect("the program").replace("fn main() {", "fn main() -> () {");
    std::fs::write(&main, text).expect("the program");
    let third = commit(&lab);
    let incremental = |revs: String| {
        let axis = format!("rev={revs}");
        lab.run(&[
            "run",
            "--project",
            "../own",
            "--axis",
            &axis,
            "--workload",
            "incremental",
            "--rounds",
            "1",
        ])
    };
    incremental(format!("{first},{third}")).expect(0);
    // No function is the same in all of them.
    lab.write("own/src/lib.rs", "pub mod more;\npub fn twice(m: u64) -> u64 {\n    m * 2\n}\n");
    let fourth = commit(&lab);
    let ran = incremental(format!("{first},{fourth}")).expect(2);
    assert!(
        ran.stderr.contains(&format!("in commit {first}: the anchor of the edit `body` occurs 0 times"))
            && ran.stderr.contains("help: compare full builds alone (`--workload clean`), or give"),
        "{}",
        ran.stderr
    );
}
