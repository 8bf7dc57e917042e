//! Real cargo on a small workspace: the units that each workload builds, those that edits of each class
//! rebuild, and a replayed history.

use std::process::Command;

use bench_runner_core::bundle::Bundle;
use bench_runner_core::record::{Outcome, Phase, Proof, ProofResult, Role, Sample};

use crate::lab::Lab;

trials! { "workloads";
    edits_of_each_class_rebuild_what_the_class_says: LONG,
    an_edit_of_another_class_than_it_says_is_not_timed: LONG,
    each_goal_builds_its_own_units: LONG,
    a_linker_is_proven_on_test_programs: LONG,
    dependencies_are_built_as_for_the_project_and_its_crates_are_empty: LONG,
    a_dev_build_after_a_release_build_compiles_everything_each_time: LONG,
    clippy_is_proven: LONG.with("cargo-clippy"),
    commits_are_replayed_one_after_another: LONG.with("git"),
    what_a_project_lacks_for_a_workload_is_told_with_what_helps,
}

/// A program that depends on `mid`, which depends on `base`; `mid` has a build script and uses the derive
/// macro of `shape`. `outside` is not a member, and so a dependency.
fn shop(lab: &Lab) {
    let package = |name: &str, more: &str| {
        format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n{more}")
    };
    let workspace = "[dependencies]\nmid = { path = \"mid\" }\n[workspace]\nexclude = [\"outside\"]\n";
    lab.write("shop/Cargo.toml", &package("app", workspace));
    let lock =
        |name: &str, needs: &str| format!("\n[[package]]\nname = \"{name}\"\nversion = \"0.1.0\"\n{needs}");
    let lock = [
        "version = 4\n".to_owned(),
        lock("app", "dependencies = [\n \"mid\",\n]\n"),
        lock("base", ""),
        lock("mid", "dependencies = [\n \"base\",\n \"outside\",\n \"shape\",\n]\n"),
        lock("outside", ""),
        lock("shape", ""),
    ];
    lab.write("shop/Cargo.lock", &lock.concat());
    lab.write("shop/src/main.rs", "fn main() {\n    println!(\"{}\", mid::area());\n}\n");
    lab.write("shop/tests/cli.rs", "#[test]\nfn area() {\n    assert_eq!(mid::area(), 42);\n}\n");
    let needs = "[dependencies]\nbase = { path = \"../base\" }\noutside = { path = \"../outside\" }\nshape = { path = \"../shape\" }\n";
    lab.write("shop/mid/Cargo.toml", &package("mid", needs));
    lab.write("shop/mid/build.rs", "fn main() {\n    println!(\"cargo::rerun-if-changed=build.rs\");\n}\n");
    lab.write(
        "shop/mid/src/lib.rs",
        "#[derive(shape::Shape)]\npub struct Square {\n    pub side: u64,\n}\n\npub fn area() -> u64 {\n    Square { side: base::side() }.shape() * outside::seven()\n}\n",
    );
    lab.write("shop/base/Cargo.toml", &package("base", ""));
    lab.write("shop/base/src/lib.rs", "//! The base.\n\n/// A side.\npub fn side() -> u64 {\n    6\n}\n");
    lab.write("shop/shape/Cargo.toml", &package("shape", "[lib]\nproc-macro = true\n"));
    lab.write(
        "shop/shape/src/lib.rs",
        "use proc_macro::TokenStream;\n\n#[proc_macro_derive(Shape)]\npub fn shape(_: TokenStream) -> TokenStream {\n    \"impl Square { pub fn shape(&self) -> u64 { self.side } }\".parse().unwrap()\n}\n",
    );
    lab.write("shop/outside/Cargo.toml", &package("outside", ""));
    lab.write("shop/outside/src/lib.rs", "pub fn seven() -> u64 {\n    7\n}\n");
}

/// One variant and its twin under some workloads, each in a separate block.
fn run(lab: &Lab, project: &str, workloads: &[&str], rounds: &str, code: i32) -> Bundle {
    let mut args = vec!["run", "--project", project, "--axis", "jobs=2", "--rounds", rounds, "--offline"];
    args.extend(["--on", "as-it-is"]);
    workloads.iter().for_each(|workload| args.extend(["--workload", workload]));
    lab.run(&args).expect(code);
    lab.bundle()
}

fn of_workload<'b>(bundle: &'b Bundle, workload: &str) -> &'b Proof {
    let id = |proof: &&Proof| proof.block.as_str().ends_with(&format!("/{workload}"));
    let proof = bundle.proofs.iter().filter(id).find(|proof| proof.axis == "workload");
    proof.unwrap_or_else(|| panic!("no proof of {workload}: {:?}", bundle.proofs))
}

fn samples<'b>(bundle: &'b Bundle, workload: &str, phase: Phase) -> Vec<&'b Sample> {
    let wanted = |sample: &&Sample| {
        sample.workload == workload && sample.phase == phase && sample.role == Role::Baseline
    };
    bundle.samples.iter().filter(wanted).collect()
}

/// The names of the units that a build compiled, without their packages.
fn units(lab: &Lab, sample: &Sample) -> Vec<String> {
    let text = std::fs::read_to_string(lab.bundles()[0].join("unit-sets.csv")).expect("unit-sets.csv");
    let set = &sample.rebuilt.as_ref().expect("units").set;
    let of_set = text.lines().filter_map(|line| line.strip_prefix(&format!("{set},")));
    of_set.filter_map(|unit| Some(unit.split_once(' ')?.1.to_owned())).collect()
}

fn edits_of_each_class_rebuild_what_the_class_says() {
    let lab = Lab::new();
    shop(&lab);
    // The manifest has no edits, so all but the patch are proposed from the sources.
    let classes = [
        ("body", "bin:app"),
        ("signature", "lib:base, lib:mid, bin:app"),
        ("new-item", "lib:base, lib:mid, bin:app"),
        ("comment", "lib:base, lib:mid, bin:app"),
        ("leaf", "lib:base, lib:mid, bin:app"),
        ("root", "bin:app"),
        ("macro-input", "lib:mid, bin:app"),
        ("build-script", "custom-build:build-script-build, lib:mid, bin:app"),
        ("manifest", "bin:app"),
    ];
    let workloads: Vec<String> = classes.iter().map(|(class, _)| format!("incremental:{class}")).collect();
    let names: Vec<&str> = workloads.iter().map(String::as_str).collect();
    let bundle = run(&lab, "../shop", &names, "2", 0);
    for (workload, (class, expected)) in names.iter().zip(classes) {
        let proof = of_workload(&bundle, workload);
        assert_eq!(proof.result, ProofResult::Holds, "{class}: {}", proof.found);
        let measured = samples(&bundle, workload, Phase::Measured);
        assert_eq!(measured.len(), 2);
        assert!(measured[0].edit > 0 && measured[0].edit != measured[1].edit);
        for sample in measured {
            let (mut found, mut expected): (Vec<String>, Vec<&str>) =
                (units(&lab, sample), expected.split(", ").collect());
            found.sort();
            expected.sort_unstable();
            assert_eq!(found, expected, "{class}");
        }
    }
    let manifest = &bundle.manifest.plan.projects[0].manifest;
    assert!(manifest.contains("class = \"build-script\""), "the plan names the edits:\n{manifest}");
}

/// A manifest for the shop with these edits.
fn manifest(lab: &Lab, edits: &str) {
    let path = lab.path("shop");
    let head = format!(
        "name = \"made\"\nsummary = \"a shop\"\n[source]\nkind = \"path\"\npath = \"{}\"\n",
        path.display()
    );
    lab.write("work/corpus/made.toml", &(head + edits));
}

fn edit(class: &str, file: &str, anchor: &str) -> String {
    format!(
        "[[edit]]\nname = \"{class}\"\nclass = \"{class}\"\nfile = \"{file}\"\nanchor = \"{anchor}\"\ninsert = \" std::hint::black_box({{n}}u64);\"\n"
    )
}

fn an_edit_of_another_class_than_it_says_is_not_timed() {
    let lab = Lab::new();
    shop(&lab);
    let side = "pub fn side() -> u64 {";
    let patch = "--- a/base/src/lib.rs\n+++ b/base/src/lib.rs\n@@ -3,4 +3,5 @@\n /// A side.\n pub fn side() -> u64 {\n+    std::hint::black_box({n}u64);\n     6\n }\n--- /dev/null\n+++ b/base/src/new.rs\n@@ -0,0 +1 @@\n+// {n}\n";
    lab.write("work/corpus/made.patch", patch);
    let edits = [
        edit("leaf", "mid/src/lib.rs", "pub fn area() -> u64 {"),
        edit("root", "base/src/lib.rs", side),
        edit("build-script", "base/src/lib.rs", side),
        edit("signature", "src/main.rs", "fn main() {")
            .replace("insert = \"", "replace = \"pub static N: u64 = {n};\\nfn main() {"),
        "[[edit]]\nname = \"patch\"\nclass = \"patch\"\npatch = \"made.patch\"\n".to_owned(),
    ];
    manifest(&lab, &edits.concat());
    let classes = ["leaf", "root", "build-script", "signature"];
    let workloads = classes.map(|class| format!("incremental:{class}"));
    let names: Vec<&str> = workloads.iter().map(String::as_str).chain(["incremental:patch"]).collect();
    let bundle = run(&lab, "made", &names, "1", 3);
    let found = classes.map(|class| {
        let workload = format!("incremental:{class}");
        assert!(samples(&bundle, &workload, Phase::Measured).is_empty(), "{class} is not timed");
        let proof = of_workload(&bundle, &workload);
        assert_eq!(proof.result, ProofResult::Fails, "{class}: {}", proof.found);
        proof.found.clone()
    });
    expect_test::expect![[r#"
        app, mid (library): mid (library) needs base (library), so it is no leaf
        app, base (library), mid (library): app needs what was edited, so it is no root
        app, base (library), mid (library): no build script is among them
        app: no library is among them"#]]
    .assert_eq(&found.join("\n"));
    let patch = of_workload(&bundle, "incremental:patch");
    assert_eq!(patch.result, ProofResult::Holds, "{}", patch.found);
    assert_eq!(samples(&bundle, "incremental:patch", Phase::Measured).len(), 1);
    let text = &bundle.manifest.plan.projects[0].manifest;
    assert!(text.contains("new.rs"), "the plan holds the patch itself:\n{text}");
}

fn each_goal_builds_its_own_units() {
    let lab = Lab::new();
    shop(&lab);
    let names = ["test", "doc", "check-incremental", "test-incremental:root"];
    let bundle = run(&lab, "../shop", &names, "1", 0);
    let built = |workload: &str| {
        let proof = of_workload(&bundle, workload);
        assert_eq!(proof.result, ProofResult::Holds, "{workload}: {}", proof.found);
        let measured = samples(&bundle, workload, Phase::Measured);
        let mut units = units(&lab, measured[0]);
        units.sort();
        (units, measured[0].artifact_bytes.is_some())
    };
    let (units, bytes) = built("test");
    for unit in ["bin:app", "bin:app (test)", "test:cli (test)", "lib:mid", "proc-macro:shape"] {
        assert!(units.iter().any(|other| other == unit), "{unit} is not in {units:?}");
    }
    assert!(bytes);
    let (units, _) = built("doc");
    assert!(units.iter().any(|unit| unit == "bin:app (doc)"), "{units:?}");
    assert!(units.iter().all(|unit| unit != "bin:app"), "a program is documented, not built: {units:?}");
    assert_eq!(built("check-incremental").0, ["bin:app"]);
    let (units, _) = built("test-incremental:root");
    assert!(units.iter().any(|unit| unit == "bin:app (test)"), "{units:?}");
    assert!(units.iter().all(|unit| !unit.starts_with("lib:")), "{units:?}");
}

fn a_linker_is_proven_on_test_programs() {
    let lab = Lab::new();
    shop(&lab);
    let args =
        ["run", "--project", "../shop", "--no-control", "--rounds", "1", "--axis", "linker=bfd,default"];
    lab.run(&[&args[..], &["--workload", "test", "--workload", "doc"]].concat()).expect(0);
    let bundle = lab.bundle();
    let proofs: Vec<&Proof> = bundle.proofs.iter().filter(|proof| proof.axis == "linker").collect();
    assert_eq!(proofs.len(), 2);
    assert!(proofs.iter().all(|proof| proof.result == ProofResult::Holds), "{proofs:?}");
    let skipped: Vec<&str> =
        bundle.manifest.plan.skipped.iter().map(|skipped| skipped.reason.as_str()).collect();
    assert_eq!(skipped, ["linker is not applicable under `doc`"]);
}

fn dependencies_are_built_as_for_the_project_and_its_crates_are_empty() {
    let lab = Lab::new();
    shop(&lab);
    let bundle = run(&lab, "../shop", &["clean", "deps-only"], "1", 0);
    let built = |workload: &str| {
        let measured = samples(&bundle, workload, Phase::Measured);
        assert_eq!(of_workload(&bundle, workload).result, ProofResult::Holds);
        (units(&lab, measured[0]), measured[0].artifact_bytes)
    };
    let ((all, full), (skeleton, empty)) = (built("clean"), built("deps-only"));
    assert_eq!(all, skeleton, "the same units in the same order");
    assert!(empty < full, "{empty:?} of {full:?} bytes");
    // A member that does not build is not an obstacle; a dependency that does not build is one.
    let lab = Lab::new();
    shop(&lab);
    lab.write("shop/mid/src/lib.rs", "compile_error!(\"a member\");\n");
    run(&lab, "../shop", &["deps-only"], "1", 0);
    let lab = Lab::new();
    shop(&lab);
    lab.write("shop/outside/src/lib.rs", "compile_error!(\"a dependency\");\n");
    run(&lab, "../shop", &["deps-only"], "1", 3);
}

fn a_dev_build_after_a_release_build_compiles_everything_each_time() {
    let lab = Lab::new();
    shop(&lab);
    let bundle = run(&lab, "../shop", &["after-release"], "2", 0);
    let proof = of_workload(&bundle, "after-release");
    assert_eq!(proof.result, ProofResult::Holds, "{}", proof.found);
    let warmups = samples(&bundle, "after-release", Phase::Warmup);
    let measured = samples(&bundle, "after-release", Phase::Measured);
    assert_eq!((warmups.len(), measured.len()), (2, 2), "the release build is made once");
    let sets: Vec<_> = measured.iter().map(|sample| sample.rebuilt.clone().expect("units")).collect();
    assert_eq!(sets[0], sets[1]);
    assert_eq!(units(&lab, measured[0]).len(), 6);
}

fn clippy_is_proven() {
    let lab = Lab::new();
    shop(&lab);
    lab.write("shop/src/main.rs", "#![deny(clippy::eq_op)]\nfn main() {\n    assert!(mid::area() > 0);\n}\n");
    let bundle = run(&lab, "../shop", &["clippy"], "1", 0);
    assert_eq!(of_workload(&bundle, "clippy").result, ProofResult::Holds);
    // A lint of clippy fails only under clippy.
    let lab = Lab::new();
    shop(&lab);
    lab.write("shop/src/main.rs", "#![deny(clippy::eq_op)]\nfn main() {\n    assert!(1 == 1);\n}\n");
    let bundle = run(&lab, "../shop", &["clippy", "check"], "1", 3);
    assert!(samples(&bundle, "clippy", Phase::Measured).is_empty());
    assert_eq!(samples(&bundle, "check", Phase::Measured).len(), 1);
}

fn commit(lab: &Lab) -> String {
    let git = |args: &[&str]| {
        let root = lab.path("shop");
        let mut command = Command::new("git");
        let identity = ["-c", "user.name=nobody", "-c", "user.email=nobody@localhost"];
        command.current_dir(root).args(identity).args(args).env("GIT_CONFIG_GLOBAL", "/dev/null");
        let output = command.output().expect("git");
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text").trim().to_owned()
    };
    git(&["init", "--quiet"]);
    git(&["add", "--all"]);
    git(&["commit", "--quiet", "--message", "x", "--allow-empty"]);
    git(&["rev-parse", "HEAD"])
}

fn commits_are_replayed_one_after_another() {
    let lab = Lab::new();
    shop(&lab);
    let side = |side: &str| {
        lab.write("shop/base/src/lib.rs", &format!("pub fn side() -> u64 {{\n    {side}\n}}\n"));
    };
    lab.write("shop/.gitignore", "/target\n");
    let mut commits = vec![commit(&lab)];
    side("6 + 1");
    commits.push(commit(&lab));
    side("this is no Rust");
    commits.push(commit(&lab));
    side("6 + 2");
    lab.write("shop/src/more.rs", "pub fn more() {}\n");
    lab.write("shop/src/main.rs", "mod more;\nfn main() {\n    more::more();\n}\n");
    commits.push(commit(&lab));
    lab.write("shop/README.md", "Words.\n");
    commits.push(commit(&lab));
    let bundle = run(&lab, "../shop", &["replay:4"], "5", 3);
    assert_eq!(bundle.manifest.plan.blocks[0].commits["shop"], commits);
    let measured = samples(&bundle, "replay:4", Phase::Measured);
    let seen: Vec<(String, u64, bool, usize)> = measured
        .iter()
        .map(|sample| {
            let built = matches!(sample.outcome, Outcome::Built(_));
            (sample.pin.to_string(), sample.edit, built, units(&lab, sample).len())
        })
        .collect();
    // The warm-up built the first of the four. After the last one the oldest is built again, untimed.
    let of = |at: usize, built: bool, count: usize| (format!("git:{}", commits[at]), at as u64, built, count);
    assert_eq!(seen[0].0, of(2, false, 0).0);
    assert!(!seen[0].2, "a commit that does not build is a failure, and the others go on: {seen:?}");
    assert_eq!(seen[1..], [of(3, true, 3), of(4, true, 0), of(1, true, 3), seen[0].clone()]);
    let again = samples(&bundle, "replay:4", Phase::Warmup);
    let oldest = again.iter().filter(|sample| sample.pin.to_string() == format!("git:{}", commits[0]));
    assert_eq!(oldest.count(), 2, "in the warm-up, and after the last commit");
    // Uncommitted changes are in no commit, so there is nothing clean to return to.
    lab.write("shop/README.md", "Other words.\n");
    let ran =
        lab.run(&["plan", "--project", "../shop", "--axis", "jobs=2", "--workload", "replay"]).expect(0);
    assert!(ran.stdout.contains("changes that are not committed"), "{}", ran.stdout);
}

fn what_a_project_lacks_for_a_workload_is_told_with_what_helps() {
    let lab = Lab::new();
    shop(&lab);
    manifest(&lab, &edit("body", "src/main.rs", "fn main() {"));
    let args = ["plan", "--project", "made", "--axis", "jobs=2", "--workload", "incremental:leaf"];
    let said = lab.run(&args).expect(0).stdout;
    assert!(said.contains("the project has no edit of class `leaf`"), "{said}");
    assert!(said.contains("`class = \"leaf\"`"), "{said}");
    let refused = |workload: &str| {
        lab.run(&["plan", "--project", "made", "--axis", "jobs=2", "--workload", workload]).expect(2).stderr
    };
    assert!(refused("incremental:leav").contains("did you mean `incremental:leaf`?"));
    assert!(refused("replay:0").contains("from 1 to 1000"));
    assert!(refused("clean:body").contains("takes nothing after a colon"));
}
