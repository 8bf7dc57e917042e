//! State outside of the target directory: files that builds keep in the work tree, in their home, in a build
//! directory or in a compiler cache never make a later build warmer unnoticed.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use bench_runner_core::bundle::Bundle;
use bench_runner_core::record::{Phase, Sample};

use crate::lab::{Lab, ProgramRun, entries};

trials! { "fidelity::state";
    what_a_build_writes_elsewhere_makes_no_build_from_nothing_warm: LONG,
    what_a_build_writes_elsewhere_is_kept_apart_for_warm_builds: LONG,
    what_a_release_build_writes_elsewhere_is_where_later_builds_start: LONG,
    a_build_directory_is_each_variants_own: LONG,
    what_a_dependency_writes_among_its_sources_is_undone: LONG,
    blocks_do_not_take_turns_if_some_builds_write_among_shared_sources: LONG,
    what_is_compiled_again_without_a_change_is_named_with_its_reason: LONG,
    an_unknown_wrapper_is_named: LONG,
    a_script_that_calls_sccache_reaches_a_server_of_its_own: LONG.with("sccache"),
    sccache_is_found_wherever_cargo_takes_a_wrapper_from: LONG.with("sccache"),
}

/// A package with a library and a binary, and the text of its build script.
fn own(lab: &Lab, script: &str) {
    lab.write(
        "own/Cargo.toml",
        "[package]\nname = \"own\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[profile.dev]\nincremental = false\n",
    );
    lab.write("own/Cargo.lock", "version = 4\n\n[[package]]\nname = \"own\"\nversion = \"0.1.0\"\n");
    lab.write("own/src/lib.rs", "pub fn twice(n: u64) -> u64 {\n    n * 2\n}\n");
    lab.write("own/src/main.rs", "fn main() {\n    println!(\"{}\", own::twice(21));\n}\n");
    if !script.is_empty() {
        lab.write("own/build.rs", script);
    }
}

/// A build script that leaves a file in every possible place, changes a file of the tree and deletes another.
/// It logs `cold` or `warm` for each place.
fn litterer(lab: &Lab) -> String {
    lab.write("own/note.txt", "as it was");
    lab.write("own/gone.txt", "");
    format!(
        r#"use std::{{env, fs, io::Write, path::PathBuf}};
fn main() {{
    println!("cargo:rerun-if-changed=build.rs");
    let of = |name: &str, below: &str| PathBuf::from(env::var_os(name).unwrap()).join(below);
    let places =
        ["native".into(), of("HOME", ".cache"), of("TMPDIR", "keep"), of("CARGO_HOME", "tools")];
    let mut seen = Vec::new();
    for dir in places {{
        seen.push(if dir.exists() {{ "warm" }} else {{ "cold" }});
        fs::create_dir_all(&dir).unwrap();
        fs::write(dir.join("out"), "x").unwrap();
    }}
    seen.push(if fs::read_to_string("note.txt").unwrap() == "as it was" {{ "cold" }} else {{ "warm" }});
    seen.push(if fs::remove_file("gone.txt").is_ok() {{ "cold" }} else {{ "warm" }});
    fs::write("note.txt", "changed").unwrap();
    let mut log = fs::OpenOptions::new().append(true).create(true).open({log:?}).unwrap();
    writeln!(log, "{{}} {{}}", env::var("HOME").unwrap(), seen.join(" ")).unwrap();
}}
"#,
        log = lab.path("log")
    )
}

/// The log of the build script: the home, and the states.
fn logged(lab: &Lab) -> Vec<(String, String)> {
    let text = fs::read_to_string(lab.path("log")).expect("the log");
    let line = |line: &str| line.split_once(' ').map(|(home, seen)| (home.to_owned(), seen.to_owned()));
    text.lines().filter_map(line).collect()
}

const COLD: &str = "cold cold cold cold cold cold";

/// Everything below a directory: path, content, modification time.
fn state(dir: &Path) -> Vec<(PathBuf, Vec<u8>, std::time::SystemTime)> {
    let of = |path: PathBuf| {
        if path.is_dir() {
            return state(&path);
        }
        let modified = fs::metadata(&path).and_then(|metadata| metadata.modified()).expect("a file");
        vec![(path.clone(), fs::read(&path).expect("a file"), modified)]
    };
    let mut all: Vec<_> = entries(dir).into_iter().flat_map(of).collect();
    all.sort();
    all
}

fn notes(bundle: &Bundle) -> String {
    bundle.manifest.blocks[0].notes.join("\n")
}

fn measured<'b>(bundle: &'b Bundle, variant: &str) -> Vec<&'b Sample> {
    let of = |sample: &&Sample| sample.phase == Phase::Measured && &*sample.variant == variant;
    bundle.samples.iter().filter(of).collect()
}

fn what_a_build_writes_elsewhere_makes_no_build_from_nothing_warm() {
    let lab = Lab::new();
    own(&lab, &litterer(&lab));
    let before = state(&lab.path("own"));
    let args = ["run", "--project", "../own", "--rounds", "1", "--axis", "codegen-units=1,16"];
    let ran = lab.run(&args).expect(0);
    let logged = logged(&lab);
    assert_eq!(logged.len(), 6, "three arms, each with a warm-up and a round");
    assert!(logged.iter().all(|(_, seen)| seen == COLD), "{logged:?}");
    let homes: BTreeSet<&str> = logged.iter().map(|(home, _)| home.as_str()).collect();
    let lengths: BTreeSet<usize> = homes.iter().map(|home| home.len()).collect();
    assert_eq!((homes.len(), lengths.len()), (3, 1), "{homes:?}");
    let notes = notes(&lab.bundle());
    for said in [
        "Builds leave `native`, change `note.txt` and delete `gone.txt` in the work tree; this is undone",
        "Builds leave `.cache/out` in their home directory",
        "Builds leave `keep/out` in their directory for temporary files",
        "Builds leave `tools/out` in their cargo home",
    ] {
        assert!(notes.contains(said), "{said}: {notes}");
        assert!(ran.stderr.contains(said), "{}", ran.stderr);
    }
    assert!(ran.stdout.contains("note: Builds leave `native`"), "{}", ran.stdout);
    assert_eq!(state(&lab.path("own")), before, "the user's own tree is only read");
}

fn what_a_build_writes_elsewhere_is_kept_apart_for_warm_builds() {
    let lab = Lab::new();
    own(&lab, &litterer(&lab));
    // The generated file is a source from then on.
    lab.write(
        "own/src/main.rs",
        "fn main() {\n    println!(\"{} {}\", own::twice(21), include_str!(\"../native/out\"));\n}\n",
    );
    let args = ["run", "--project", "../own", "--workload", "incremental", "--rounds", "2"];
    lab.run(&[&args[..], &["--axis", "codegen-units=1,16"]].concat()).expect(0);
    let logged = logged(&lab);
    let homes: BTreeSet<&str> = logged.iter().map(|(home, _)| home.as_str()).collect();
    assert_eq!((homes.len(), logged.len()), (3, 3), "the script of each arm has run once: {logged:?}");
    assert!(logged.iter().all(|(_, seen)| seen == COLD), "{logged:?}");
    assert!(notes(&lab.bundle()).contains("in the work tree; this is kept apart for each variant"));
}

fn what_a_release_build_writes_elsewhere_is_where_later_builds_start() {
    let lab = Lab::new();
    own(&lab, &litterer(&lab));
    let args = ["run", "--project", "../own", "--workload", "after-release", "--rounds", "1"];
    lab.run(&[&args[..], &["--no-control", "--axis", "codegen-units=1,16"]].concat()).expect(0);
    let mut by_arm = std::collections::BTreeMap::<String, Vec<String>>::new();
    for (home, seen) in logged(&lab) {
        by_arm.entry(home).or_default().push(seen);
    }
    assert_eq!(by_arm.len(), 2);
    let later = COLD.replace("cold", "warm");
    for seen in by_arm.values() {
        assert_eq!(seen[0], COLD, "the release build is from nothing");
        assert!(seen.len() > 2 && seen[1..].iter().all(|seen| *seen == later), "{seen:?}");
    }
}

fn a_build_directory_is_each_variants_own() {
    let lab = Lab::new();
    own(&lab, "");
    let mine = lab.path("mine");
    lab.write("own/.cargo/config.toml", &format!("[build]\nbuild-dir = {mine:?}\n"));
    let axis = format!("env.CARGO_BUILD_BUILD_DIR=,{}", lab.path("other").display());
    lab.run(&["run", "--project", "../own", "--rounds", "1", "--no-control", "--axis", &axis]).expect(0);
    let compiled: BTreeSet<Option<u32>> = lab
        .bundle()
        .samples
        .iter()
        .map(|sample| sample.rebuilt.as_ref().map(|rebuilt| rebuilt.count))
        .collect();
    assert_eq!(compiled, BTreeSet::from([Some(2)]), "each build compiles both units");
    assert!(!mine.exists() && !lab.path("other").exists(), "and writes nothing of the user's");
}

/// A registry in a directory, in place of crates.io, with one crate whose build script writes into its own
/// sources, unless `TIDY` is 1.
fn with_dependency(lab: &Lab) {
    let log = lab.path("log");
    let script = format!(
        "use std::io::Write;\nfn main() {{\n    println!(\"cargo:rerun-if-changed=build.rs\");\n    let seen = if std::path::Path::new(\"out.o\").exists() {{ \"warm\" }} else {{ \"cold\" }};\n    if std::env::var(\"TIDY\").as_deref() != Ok(\"1\") {{\n        std::fs::write(\"out.o\", \"x\").unwrap();\n    }}\n    let mut log = std::fs::OpenOptions::new().append(true).create(true).open({log:?}).unwrap();\n    writeln!(log, \"{{seen}}\").unwrap();\n}}\n"
    );
    lab.write(
        "pack/litter-1.0.0/Cargo.toml",
        "[package]\nname = \"litter\"\nversion = \"1.0.0\"\nedition = \"2021\"\n",
    );
    lab.write("pack/litter-1.0.0/src/lib.rs", "");
    lab.write("pack/litter-1.0.0/build.rs", &script);
    fs::create_dir_all(lab.path("registry/index/li/tt")).expect("an index");
    let run = |program: &str, args: &[&str]| -> String {
        let output = std::process::Command::new(program).args(args).current_dir(lab.path("pack")).output();
        ProgramRun::from(output.expect("a common program")).expect(0).stdout
    };
    run("tar", &["czf", "../registry/litter-1.0.0.crate", "litter-1.0.0"]);
    let sum = run("sha256sum", &["../registry/litter-1.0.0.crate"]);
    let sum = sum.split(' ').next().expect("a sum");
    lab.write(
        "registry/index/li/tt/litter",
        &format!("{{\"name\":\"litter\",\"vers\":\"1.0.0\",\"deps\":[],\"cksum\":\"{sum}\",\"features\":{{}},\"yanked\":false}}\n"),
    );
    let registry = lab.path("registry");
    lab.write(
        "home/.cargo/config.toml",
        &format!(
            "[source.crates-io]\nreplace-with = \"near\"\n[source.near]\nlocal-registry = {registry:?}\n"
        ),
    );
    own(lab, "");
    let manifest = fs::read_to_string(lab.path("own/Cargo.toml")).expect("the manifest");
    lab.write("own/Cargo.toml", &format!("{manifest}[dependencies]\nlitter = \"1\"\n"));
    lab.write(
        "own/Cargo.lock",
        &format!("version = 4\n\n[[package]]\nname = \"litter\"\nversion = \"1.0.0\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\nchecksum = \"{sum}\"\n\n[[package]]\nname = \"own\"\nversion = \"0.1.0\"\ndependencies = [\n \"litter\",\n]\n"),
    );
}

fn what_a_dependency_writes_among_its_sources_is_undone() {
    let lab = Lab::new();
    with_dependency(&lab);
    let args =
        ["run", "--project", "../own", "--rounds", "1", "--no-control", "--axis", "codegen-units=1,16"];
    for builds in [4, 8] {
        lab.run(&args).expect(0);
        let log = fs::read_to_string(lab.path("log")).expect("the log");
        assert_eq!(
            log,
            "cold\n".repeat(builds),
            "no build finds what another has left, of this run or an earlier one"
        );
    }
    let last = lab.bundles().pop().expect("a bundle");
    let bundle = bench_runner_core::bundle::open(&last).expect("a bundle that can be read");
    let said = "Builds write `out.o` among the sources of the dependency `litter-1.0.0`";
    assert!(notes(&bundle).contains(said), "{}", notes(&bundle));
}

/// The last build of the first visit writes nothing, so the sources are as they were when the blocks would take
/// turns; the next round of the first block would write among them again.
fn blocks_do_not_take_turns_if_some_builds_write_among_shared_sources() {
    let lab = Lab::new();
    with_dependency(&lab);
    let asked = ["run", "--project", "../own", "--workload", "clean", "--workload", "check", "--seed", "1"];
    let more = ["--rounds", "4", "--time-budget", "20m", "--no-control", "--axis", "env.TIDY=0,1"];
    lab.run(&[&asked[..], &more].concat()).expect(0);
    let bundle = lab.bundle();
    let of_third = |sample: &&Sample| sample.workload == "clean" && sample.round == 3;
    let last = bundle.samples.iter().rfind(of_third).expect("a third round");
    assert_eq!(last.variant, "env.TIDY=1", "another seed is needed");
    let workloads: Vec<&str> = bundle.samples.iter().map(|sample| sample.workload.as_ref()).collect();
    let first_check = workloads.iter().position(|workload| *workload == "check").expect("both blocks");
    assert!(workloads[first_check..].iter().all(|workload| *workload == "check"), "{workloads:?}");
    let said = "From here on comparisons were measured one after another: builds write among the sources";
    assert!(notes(&bundle).contains(said), "{}", notes(&bundle));
}

fn what_is_compiled_again_without_a_change_is_named_with_its_reason() {
    let lab = Lab::new();
    let script = "fn main() {\n    println!(\"cargo:rerun-if-changed=.env\");\n    println!(\"cargo:rerun-if-env-changed=OF_THE_USER\");\n}\n";
    own(&lab, script);
    let reason = "compile something again although nothing has changed: `own`: the file `.env` is missing";
    let args =
        ["run", "--project", "../own", "--workload", "incremental", "--workload", "noop", "--rounds", "1"];
    let args = [&args[..], &["--no-control", "--axis", "codegen-units=1,16"]].concat();
    let ran = lab.command(&args).env("OF_THE_USER", "1").output().expect("the program");
    let ran = ProgramRun::from(ran).expect(3);
    let bundle = lab.bundle();
    for block in &bundle.manifest.blocks {
        let notes = block.notes.join("\n");
        assert!(notes.contains(&format!("Builds {reason}")), "{notes}");
        assert!(
            notes.contains("ask for `OF_THE_USER`, set in your environment and not passed on"),
            "{notes}"
        );
    }
    let noop = bundle.manifest.blocks.iter().find(|block| !block.not_timed.is_empty()).expect("a noop");
    assert!(noop.not_timed[0].reason.contains(reason), "{:?}", noop.not_timed);
    assert!(ran.stdout.contains("the file `.env` is missing"), "{}", ran.stdout);
}

/// A wrapper that runs its arguments.
fn wrapper(lab: &Lab, command: &str) -> PathBuf {
    lab.write("bin/kache.sh", &format!("#!/bin/sh\nexec {command} \"$@\"\n"))
}

fn an_unknown_wrapper_is_named() {
    let lab = Lab::new();
    own(&lab, "");
    let kache = wrapper(&lab, "");
    lab.write("own/.cargo/config.toml", &format!("[build]\nrustc-workspace-wrapper = {kache:?}\n"));
    let args =
        ["run", "--project", "../own", "--rounds", "1", "--no-control", "--axis", "codegen-units=1,16"];
    let ran = lab.run(&args).expect(0);
    let said = format!("Builds call the compiler through `{}` (2 of 2 calls)", kache.display());
    assert!(notes(&lab.bundle()).contains(&said) && ran.stderr.contains(&said), "{}", ran.stderr);
}

/// Hits, misses and uncacheable calls of a variant's measured builds.
fn used(bundle: &Bundle, variant: &str) -> Vec<Option<(u64, u64, u64)>> {
    let numbers = |sample: &Sample| sample.cache.map(|cache| (cache.hits, cache.misses, cache.not_cacheable));
    measured(bundle, variant).into_iter().map(numbers).collect()
}

fn nothing_of_the_users_was_touched(lab: &Lab, bundle: &Bundle) {
    assert!(entries(&lab.path("home")).is_empty(), "the user's own store would be there");
    let stragglers: u32 = bundle.samples.iter().map(|sample| sample.interference.stragglers).sum();
    assert_eq!(stragglers, 0, "servers are stopped, not killed");
}

fn a_script_that_calls_sccache_reaches_a_server_of_its_own() {
    let lab = Lab::new();
    own(&lab, "");
    let script = wrapper(&lab, "sccache");
    lab.write("own/.cargo/config.toml", &format!("[build]\nrustc-wrapper = {script:?}\n"));
    lab.run(&["run", "--project", "../own", "--rounds", "1", "--axis", "codegen-units=1,16"]).expect(0);
    let bundle = lab.bundle();
    let warm = Some((1, 0, 1));
    assert_eq!(used(&bundle, "codegen-units=16"), [warm]);
    assert_eq!(used(&bundle, "codegen-units=1"), [warm; 2], "the baseline and its twin");
    let said = format!("Builds reach sccache through `{}`: each variant has a server", script.display());
    assert!(notes(&bundle).contains(&said), "{}", notes(&bundle));
    nothing_of_the_users_was_touched(&lab, &bundle);
}

fn sccache_is_found_wherever_cargo_takes_a_wrapper_from() {
    let lab = Lab::new();
    // A C compiler behind the cache does not wrap rustc.
    let script = "fn main() {\n    println!(\"cargo:rerun-if-changed=build.rs\");\n    let Some(cc) = std::env::var_os(\"CC\").filter(|cc| !cc.is_empty()) else { return };\n    let out = std::env::var(\"OUT_DIR\").unwrap();\n    std::fs::write(format!(\"{out}/a.c\"), \"int f(void) { return 1; }\").unwrap();\n    let args = [\"-c\".to_owned(), \"-o\".to_owned(), format!(\"{out}/a.o\"), format!(\"{out}/a.c\")];\n    assert!(std::process::Command::new(cc).args(args).status().unwrap().success());\n}\n";
    own(&lab, script);
    let cc = lab.write("bin/cc.sh", "#!/bin/sh\nexec sccache cc \"$@\"\n");
    let cc = format!("env.CC=,{}", cc.display());
    let args = ["run", "--project", "../own", "--rounds", "1", "--no-control", "--axis", &cc, "--axis"];
    lab.run(&[&args[..], &["env.CARGO_BUILD_RUSTC_WRAPPER=,sccache"]].concat()).expect(0);
    let bundle = lab.bundle();
    let hits = |sample: &Sample| sample.cache.map(|cache| cache.hits);
    let of_all = bundle.samples.iter().filter(|sample| sample.phase == Phase::Measured);
    let mut found: Vec<Option<u64>> = of_all.map(hits).collect();
    found.sort();
    assert_eq!(found, [None, Some(1), Some(1), Some(2)], "neither, the library, the C file, both");
    assert!(
        notes(&bundle).contains("each variant has a server and a store of its own"),
        "{}",
        notes(&bundle)
    );
    nothing_of_the_users_was_touched(&lab, &bundle);
}
