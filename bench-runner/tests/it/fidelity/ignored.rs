//! Files that git ignores: which of them are copied, and how a plan, a run and a note name them.

use std::fs;
use std::path::Path;

use bench_runner_core::record::{Phase, Sample};
use serde_json::Value;

use super::setup::{commit, committed, git, ignored, notes, package, planned};
use crate::lab::{Lab, entries};

trials! { "fidelity::ignored";
    what_a_build_finds_at_home_is_in_the_copy: LONG,
    what_is_left_out_is_named_with_the_key_that_takes_it,
    ignored_files_have_a_hash_next_to_the_pin: LONG,
    commits_are_built_with_todays_ignored_files: LONG,
    a_hundred_thousand_ignored_files_are_no_trouble: LONG,
}

/// It only builds with everything that git ignores in it, and is not rebuilt because of a missing file.
fn needy(lab: &Lab) {
    lab.write("own/Cargo.toml", &package("own", ""));
    lab.write("own/Cargo.lock", "version = 4\n\n[[package]]\nname = \"own\"\nversion = \"0.1.0\"\n");
    lab.write(
        "own/src/main.rs",
        "#[cfg(not(users_own))]\ncompile_error!(\"without the flags\");\n\
         fn main() {\n    println!(\"{}{}\", include_str!(\"../dist/page\"), include_str!(\"../dep/gen/x\"));\n}\n",
    );
    lab.write(
        "own/build.rs",
        "fn main() {\n    println!(\"cargo:rerun-if-changed=.env\");\n    let version = std::process::Command::new(\
         std::env::var(\"RUSTC\").unwrap()).arg(\"-V\").output().unwrap();\n    \
         assert!(String::from_utf8_lossy(&version.stdout).contains(\"nightly\"));\n}\n",
    );
    lab.write("own/.gitignore", "/.env\n/dist/\n/target\nrust-toolchain.toml\n");
    lab.write("own/.env", "SECRET=hunter2\n");
    lab.write("own/dist/page", "page");
    lab.write("own/rust-toolchain.toml", "[toolchain]\nchannel = \"nightly\"\n");
    lab.write("own/.cargo/config.toml", "[build]\nrustflags = [\"--cfg\", \"users_own\"]\n");
    lab.write("dep/.gitignore", "gen\n");
    lab.write("dep/gen/x", "tracked");
    git(lab, "dep", &["init", "--quiet"]);
    git(lab, "dep", &["add", "--force", "gen/x"]);
    commit(lab, "dep");
    git(lab, "own", &["init", "--quiet"]);
    lab.write("own/.git/info/exclude", ".cargo\n");
    let dep = lab.path("dep");
    git(lab, "own", &["submodule", "--quiet", "add", dep.to_str().expect("a path"), "dep"]);
    commit(lab, "own");
}

fn what_a_build_finds_at_home_is_in_the_copy() {
    let lab = Lab::new();
    needy(&lab);
    let args = [
        "run",
        "--project",
        "../own",
        "--axis",
        "profile=dev,release",
        "--rounds",
        "1",
        "--no-control",
        "--workload",
        "noop",
    ];
    lab.run(&args).expect(0);
    let bundle = lab.bundle();
    let project = &bundle.manifest.plan.projects[0];
    let ignored = project.ignored.as_ref().expect("ignored files");
    assert_eq!(ignored.files, [".cargo/", ".env", "dist/", "rust-toolchain.toml"]);
    let rebuilt = |sample: &Sample| {
        sample.phase == Phase::Measured && sample.rebuilt.as_ref().is_some_and(|rebuilt| rebuilt.count > 0)
    };
    assert!(!bundle.samples.iter().any(rebuilt), "something is built again for want of a file");
    // Names are recorded, contents are not.
    for dir in [&lab.path("work/results"), &lab.path("work/plots")] {
        assert!(!contains(dir, "hunter2"), "a secret in {}", dir.display());
    }
}

fn contains(dir: &Path, text: &str) -> bool {
    entries(dir).iter().any(|path| match path.is_dir() {
        true => contains(path, text),
        false => String::from_utf8_lossy(&fs::read(path).expect("a file")).contains(text),
    })
}

/// A project with every kind of file that git ignores.
fn with_ignored(lab: &Lab) {
    lab.write("own/Cargo.toml", &package("own", ""));
    lab.write("own/src/main.rs", "fn main() {\n}\n");
    lab.write("own/.gitignore", "/dist/\n/.env\n*.bin\n/target/\n/out/\n/.cargo\n");
    lab.write("own/dist/page", "page");
    lab.write("own/.env", "A=1\n");
    lab.write("own/large.bin", &"x".repeat(2 << 20));
    lab.write("own/target/debug/own", "built");
    lab.write("own/.cargo/config.toml", "[build]\ntarget-dir = \"out\"\n");
    lab.write("own/out/debug/own", "built");
    lab.write("own/Cargo.lock", "version = 4\n\n[[package]]\nname = \"own\"\nversion = \"0.1.0\"\n");
}

fn what_is_left_out_is_named_with_the_key_that_takes_it() {
    let lab = Lab::new();
    with_ignored(&lab);
    committed(&lab, "own", &[]);
    let project = planned(&lab, "own");
    let found = ignored(&project);
    assert_eq!(
        (found.files, found.left_out),
        (vec![".cargo/".into(), ".env".into(), "dist/".into()], vec!["large.bin".to_owned()])
    );
    let said = notes(&project);
    assert!(said.contains("`large.bin` (2.1 MB); `include = [\"large.bin\"]`"), "{said}");
    let shown = lab.run(&["plan", "--project", "../own", "--axis", "profile=dev,release"]).expect(0);
    assert!(
        shown.stdout.contains("own: left out, ignored by git and too large: `large.bin`"),
        "{}",
        shown.stdout
    );
    let manifest = |include: &str| {
        let text = format!(
            "name = \"own\"\n[source]\nkind = \"path\"\npath = \"../../own\"\ninclude = [\"{include}\"]\n"
        );
        lab.write("work/corpus/own.toml", &text);
        lab.run(&["plan", "--json", "--project", "own", "--axis", "profile=dev,release"])
    };
    let plan: Value = serde_json::from_str(&manifest("large.bin").expect(0).stdout).expect("a plan");
    let found = ignored(&plan["projects"][0]);
    assert!(found.files.contains(&"large.bin".to_owned()) && found.left_out.is_empty(), "{found:?}");
    for (include, reason) in
        [("gone", "which is not there"), ("out", "made by builds"), ("target/debug", "made by builds")]
    {
        let refused = manifest(include).expect(2);
        assert!(
            refused.stderr.contains("`include`") && refused.stderr.contains(reason),
            "{}",
            refused.stderr
        );
    }
}

fn ignored_files_have_a_hash_next_to_the_pin() {
    let lab = Lab::new();
    with_ignored(&lab);
    committed(&lab, "own", &[]);
    let args = [
        "plan",
        "--json",
        "--project",
        "../own",
        "--axis",
        "profile=dev,release",
        "--rounds",
        "1",
        "--no-control",
    ];
    let plan = lab.run(&args).expect(0).stdout;
    let file = lab.write("plan.json", &plan);
    let file = file.to_str().expect("a path");
    let before = planned(&lab, "own");
    lab.write("own/.env", "A=2\n");
    let after = planned(&lab, "own");
    assert_eq!(before["pin"], after["pin"]);
    assert_ne!(ignored(&before).hash, ignored(&after).hash);
    // The planned sources are in the cache.
    lab.run(&["run", "--plan", file]).expect(0);
    let bundle = lab.bundles().remove(0);
    let bundle = bundle.to_str().expect("a path");
    fs::remove_dir_all(lab.path("cache/bench-runner/sources")).expect("the cache");
    for args in [&["run", "--plan", file][..], &["reproduce", bundle, "--offline"]] {
        let refused = lab.run(args).expect(2);
        assert!(refused.stderr.contains("that git ignores are not those"), "{}", refused.stderr);
    }
    lab.write("own/.env", "A=1\n");
    assert_eq!(planned(&lab, "own")["ignored"], before["ignored"]);
}

fn commits_are_built_with_todays_ignored_files() {
    let lab = Lab::new();
    lab.write("own/Cargo.toml", &package("own", ""));
    lab.write("own/Cargo.lock", "version = 4\n\n[[package]]\nname = \"own\"\nversion = \"0.1.0\"\n");
    let main = |text: &str| {
        lab.write(
            "own/src/main.rs",
            &format!("fn main() {{\n    println!(\"{text}{{}}\", include_str!(\"../dist/page\"));\n}}\n"),
        )
    };
    main("one");
    lab.write("own/.gitignore", "dist\n");
    lab.write("own/dist/page", "page");
    let one = committed(&lab, "own", &[]);
    main("two");
    let two = commit(&lab, "own");
    let axis = format!("rev={one},{two}");
    let planned = lab.run(&["plan", "--project", "../own", "--axis", &axis]).expect(0);
    assert!(
        planned.stdout.contains("commits (`rev`, `replay`) are built with today's"),
        "{}",
        planned.stdout
    );
    let args = [
        "run",
        "--project",
        "../own",
        "--axis",
        "profile=dev,release",
        "--rounds",
        "1",
        "--no-control",
        "--workload",
        "replay:1",
    ];
    lab.run(&args).expect(0);
}

fn a_hundred_thousand_ignored_files_are_no_trouble() {
    let lab = Lab::new();
    with_ignored(&lab);
    committed(&lab, "own", &[]);
    for dir in 0..100 {
        let dir = lab.path(&format!("own/dist/{dir}"));
        fs::create_dir_all(&dir).expect("a directory");
        for file in 0..1000 {
            fs::write(dir.join(file.to_string()), "").expect("a file");
        }
    }
    let project = planned(&lab, "own");
    let found = ignored(&project);
    assert_eq!(found.files, [".cargo/", ".env", "dist/"]);
    assert_eq!(found.left_out, ["large.bin", "dist/"]);
    let said = notes(&project);
    assert!(said.contains("files in `dist/`") && said.contains("takes it along"), "{said}");
}
