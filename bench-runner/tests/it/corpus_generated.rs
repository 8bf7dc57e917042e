//! Generated projects with the real cargo: every shape and style builds without warnings, and edits rebuild
//! the units above them in the graph.

use std::fs;

use serde_json::Value;

use crate::lab::Lab;
use crate::mirror::with_tiny;

trials! { "generated";
    every_style_is_built_without_warnings: RARE,
    edits_reach_what_the_shape_says: LONG,
    build_scripts_and_proc_macros_are_built: LONG,
    the_lock_file_is_the_one_that_cargo_would_write,
    dependencies_are_locked_when_it_is_added: LONG,
}

/// A manifest whose build treats warnings as errors.
fn write(lab: &Lab, name: &str, keys: &str) {
    let text = format!(
        "name = \"{name}\"\n[source]\nkind = \"generated\"\nseed = 3\nlines = 160\n{keys}\n\
         [build]\nenv = {{ RUSTFLAGS = \"-Dwarnings\" }}\ncheck = [\"{{artifact}}\"]\n"
    );
    lab.write(&format!("work/corpus/{name}.toml"), &text);
}

/// Verifies the projects. Returns the result for each.
fn verified(lab: &Lab, names: &[&str]) -> Vec<Value> {
    let args = [&["corpus", "verify", "--offline", "--json"], names].concat();
    let ran = lab.run(&args);
    let seen: Vec<Value> = serde_json::from_str(&ran.stdout).unwrap_or_default();
    assert_eq!(ran.code, Some(0), "{seen:#?}{}", ran.stderr);
    assert!(seen.iter().all(|project| project["built"]["checked"] == true), "{seen:#?}");
    seen
}

/// Number of units that an edit rebuilt.
fn reach(project: &Value, edit: &str) -> usize {
    let edits = project["edits"].as_array().expect("edits");
    let edit = edits.iter().find(|own| own["name"] == edit).expect("the edit");
    edit["rebuilt"].as_array().expect("units").len()
}

fn every_style_is_built_without_warnings() {
    let lab = Lab::new();
    let names = ["plain", "generics", "trait-objects", "async-nested", "async-boxed", "derive"];
    for name in names {
        write(&lab, name, &format!("crates = 4\nshape = \"diamond\"\nstyle = \"{name}\""));
    }
    for project in verified(&lab, &names) {
        assert_eq!((reach(&project, "root"), reach(&project, "deepest")), (1, 4), "{project:#}");
        assert_eq!(reach(&project, "deepest-signature"), 4, "{project:#}");
    }
}

fn edits_reach_what_the_shape_says() {
    let lab = Lab::new();
    for (name, crates) in [("one", 1), ("chain", 5), ("star", 5)] {
        write(&lab, name, &format!("crates = {crates}\nshape = \"{name}\"\nstyle = \"plain\""));
    }
    let seen = verified(&lab, &["one", "chain", "star"]);
    assert_eq!(reach(&seen[0], "root"), 1);
    assert_eq!(reach(&seen[1], "deepest"), 5);
    assert_eq!(reach(&seen[2], "deepest"), 2);
}

fn build_scripts_and_proc_macros_are_built() {
    let lab = Lab::new();
    for name in ["build-script", "proc-macro"] {
        write(
            &lab,
            name,
            &format!("crates = 3\nshape = \"chain\"\nstyle = \"plain\"\nin-graph = \"{name}\""),
        );
    }
    let seen = verified(&lab, &["build-script", "proc-macro"]);
    // Build scripts and proc macros are units too.
    assert_eq!([&seen[0], &seen[1]].map(|project| project["built"]["units"].as_u64()), [Some(4), Some(4)]);
}

/// All builds use `--locked`, so cargo does not need to change the lock file; it is also byte for byte the
/// one that cargo would write.
fn the_lock_file_is_the_one_that_cargo_would_write() {
    let lab = Lab::new();
    write(&lab, "chain", "crates = 3\nshape = \"chain\"\nstyle = \"plain\"\nin-graph = \"proc-macro\"");
    lab.run(&["corpus", "fetch", "chain"]).expect(0);
    let trees = crate::lab::entries(&lab.path("cache/bench-runner/sources"));
    assert_eq!(trees.len(), 1, "{trees:?}");
    let ours = fs::read_to_string(trees[0].join("Cargo.lock")).expect("the lock file");
    fs::remove_file(trees[0].join("Cargo.lock")).expect("to remove it");
    let made = std::process::Command::new("cargo")
        .args(["generate-lockfile", "--offline"])
        .current_dir(&trees[0])
        .output()
        .expect("cargo");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let theirs = fs::read_to_string(trees[0].join("Cargo.lock")).expect("cargo's");
    let body = |text: &str| {
        text.lines().filter(|line| !line.starts_with("version = ")).map(str::to_owned).collect::<Vec<_>>()
    };
    let packages = |text: &str| body(text).join("\n");
    assert_eq!(packages(&ours.replace("version = 3\n", "")), packages(&theirs));
}

fn dependencies_are_locked_when_it_is_added() {
    let lab = Lab::new();
    let files = [
        ("Cargo.toml", "[package]\nname = \"tiny\"\nversion = \"0.1.0\"\nedition = \"2021\"\n"),
        ("src/lib.rs", "pub fn tiny() {}\n"),
    ];
    with_tiny(&lab, &files);
    lab.write(
        "draft/fed.toml",
        "name = \"fed\"\n[source]\nkind = \"generated\"\nseed = 1\ncrates = 2\nshape = \"chain\"\nlines = 40\n\
         style = \"plain\"\ndependencies = { tiny = \"=0.1.0\" }\ncalls = \"tiny::tiny();\"\n",
    );
    let run = |args: &[&str]| -> crate::lab::ProgramRun {
        let mut command = lab.command(args);
        command.env("CARGO_HOME", lab.path("cargo-home")).output().expect("the program").into()
    };
    let unlocked = run(&["corpus", "verify", "../draft/fed.toml"]).expect(3);
    assert!(unlocked.stdout.contains("corpus add"), "{}", unlocked.stdout);
    run(&["corpus", "add", "../draft/fed.toml"]).expect(0);
    let text = fs::read_to_string(lab.path("work/corpus/fed.toml")).expect("the manifest");
    assert!(
        text.contains("name = \"tiny\"") && text.contains("tree = ") && text.contains("seed = 1"),
        "{text}"
    );
    let verified = run(&["corpus", "verify", "fed", "--offline"]).expect(0);
    assert!(verified.stdout.contains("3 units built"), "{}", verified.stdout);
    // The called functions are compiled.
    let text = text.replace("tiny::tiny()", "tiny::gone()").replacen("tree = ", "# tree = ", 1);
    lab.write("work/corpus/fed.toml", &text);
    let broken = run(&["corpus", "verify", "fed", "--offline"]).expect(3);
    assert!(broken.stdout.contains("gone"), "{}", broken.stdout);
}
