//! Baselines of a user's own projects with the user's configuration, and missing programs.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::{FromRawFd as _, OwnedFd};
use std::os::unix::fs::symlink;
use std::process::Stdio;

use bench_runner_core::record::{Plan, Proof, ProofResult, Role};

use crate::lab::{Lab, ProgramRun, entries};

trials! { "what_you_have";
    your_own_project_is_compared_with_what_you_have: ALWAYS.with("mold"),
    a_value_that_you_have_already_is_not_built: ALWAYS.with("mold"),
    the_baseline_follows_from_the_request,
    without_your_configuration_on_request,
    a_configuration_that_cannot_be_had_is_an_error_with_the_way_out,
    scenario_files_are_carried_out_as_they_say,
    a_missing_program_is_said_first: LONG,
    a_person_is_asked_before_time_is_spent_without_it: LONG,
}

/// A package without dependencies to fetch.
fn own(lab: &Lab) {
    lab.write("own/Cargo.toml", "[package]\nname = \"own\"\nversion = \"0.1.0\"\nedition = \"2021\"\n");
    lab.write("own/Cargo.lock", "version = 4\n\n[[package]]\nname = \"own\"\nversion = \"0.1.0\"\n");
    lab.write("own/src/main.rs", "fn main() {\n    println!(\"hi\");\n}\n");
}

/// The user's own configuration, in the cargo home.
fn user(lab: &Lab, config: &str) {
    lab.write("cargo/config.toml", config);
}

const USES_MOLD: &str = "[build]\nrustflags = [\"-Clink-arg=-fuse-ld=mold\"]\n[profile.dev]\ndebug = 1\n";

fn program(lab: &Lab, args: &[&str]) -> ProgramRun {
    lab.command(args).env("CARGO_HOME", lab.path("cargo")).output().expect("the program").into()
}

fn plan(lab: &Lab, more: &[&str]) -> Plan {
    let said = program(lab, &[&["plan", "--json"], more].concat()).expect(0).stdout;
    serde_json::from_str(&said).expect("a plan")
}

/// The roles and names of the first block, the control left out, and which of them have the user's configuration.
fn rows(plan: &Plan) -> Vec<String> {
    let arms = plan.blocks[0].arms.iter().filter(|arm| arm.role != Role::Twin);
    let row = |arm: &bench_runner_core::record::Arm| {
        let on = if arm.variant.settings.contains_key("as-configured") { " (configured)" } else { "" };
        let aliases: String = arm.aliases.iter().map(|alias| format!(" = {alias}")).collect();
        format!("{} {}{aliases}{on}", arm.role.as_str(), arm.variant.name)
    };
    arms.map(row).collect()
}

fn a_value_that_you_have_already_is_not_built() {
    let lab = Lab::new();
    own(&lab);
    user(&lab, USES_MOLD);
    let one = ["run", "--project", "../own", "--axis", "linker=mold", "--rounds", "1"];
    let ran = program(&lab, &one).expect(2);
    assert!(
        ran.stderr.contains("linker=mold is what you have: there is nothing to compare"),
        "{}",
        ran.stderr
    );
    assert!(lab.bundles().is_empty());
    // Beside other values it is the baseline under another name.
    let several =
        ["--project", "../own", "--axis", "linker=default,mold,bfd", "--baseline", "linker=default"];
    let found = rows(&plan(&lab, &several));
    assert_eq!(found[0], "baseline as-configured = linker=default = linker=mold (configured)", "{found:?}");
}

fn your_own_project_is_compared_with_what_you_have() {
    let lab = Lab::new();
    own(&lab);
    user(&lab, USES_MOLD);
    let args = ["run", "--project", "../own", "--axis", "linker=bfd", "--rounds", "1", "--no-control"];
    let ran = program(&lab, &args).expect(0);
    assert!(ran.stderr.contains("as-configured for own:\n"), "{}", ran.stderr);
    let bundle = lab.bundle();
    let block = &bundle.manifest.plan.blocks[0];
    let names: Vec<&str> = block.arms.iter().map(|arm| arm.variant.name.as_str()).collect();
    assert_eq!(names, ["as-configured", "linker=bfd"]);
    let proof = |variant: &str, axis: &str| -> &Proof {
        let proof = bundle.proofs.iter().find(|proof| proof.variant == variant && proof.axis == axis);
        proof.unwrap_or_else(|| panic!("no proof of {axis} for {variant}: {:?}", bundle.proofs))
    };
    let baseline = proof("as-configured", "as-configured");
    assert_eq!(baseline.result, ProofResult::Holds, "{}", baseline.found);
    for part in ["`-Clink-arg=-fuse-ld=mold` in all 1 calls", "debug=limited"] {
        assert!(baseline.found.contains(part), "{part} in {}", baseline.found);
    }
    // The variant has the rest of the configuration, and its own linker behind the user's.
    let bfd = proof("linker=bfd", "linker");
    assert_eq!(bfd.result, ProofResult::Holds, "{}", bfd.found);
    assert!(bfd.found.contains("-fuse-ld=mold -fuse-ld=bfd"), "{}", bfd.found);
    let rest = proof("linker=bfd", "as-configured");
    assert!(rest.found.contains("debug=limited"), "{}", rest.found);
    assert!(block.fidelity.iter().all(bench_runner_core::record::Fidelity::is_same), "{:?}", block.fidelity);
}

fn the_baseline_follows_from_the_request() {
    let lab = Lab::new();
    own(&lab);
    user(&lab, "[profile.dev]\ndebug = 1\n");
    lab.write("work/article.toml", "[profile.dev]\nopt-level = 1\n");
    let project = ["--project", "../own"];
    for (more, expected) in [
        (
            &["--axis", "linker=bfd"][..],
            &["baseline as-configured (configured)", "variant linker=bfd (configured)"][..],
        ),
        (
            &["--axis", "linker=default,bfd"],
            &["baseline linker=default (configured)", "variant linker=bfd (configured)"],
        ),
        (
            &["--variant", "article=article.toml"],
            &["baseline as-configured (configured)", "variant article (configured)"],
        ),
        (
            &["linkers", "--axis", "linker=default,bfd"],
            &["baseline as-configured = linker=default (configured)", "variant linker=bfd (configured)"],
        ),
        (
            &["check-vs-build"],
            &["baseline workload=clean (configured)", "variant workload=check (configured)"],
        ),
        (
            &["--axis", "profile=release"],
            &["baseline as-configured (configured)", "variant profile=release (configured)"],
        ),
        (&["--axis", "linker=bfd", "--baseline", "as-it-is"], &["baseline as it is", "variant linker=bfd"]),
        (
            &["--axis", "linker=bfd", "--variant", "as-it-is"],
            &["baseline as-configured (configured)", "variant linker=bfd (configured)", "variant as it is"],
        ),
    ] {
        assert_eq!(rows(&plan(&lab, &[&project, more].concat())), expected, "{more:?}");
    }
    // The same directory by a manifest, as a project of the corpus.
    lab.write("work/corpus/mine.toml", "name = \"mine\"\n[source]\nkind = \"path\"\npath = \"../../own\"\n");
    let by_name = plan(&lab, &["--project", "mine", "--axis", "linker=bfd,default"]);
    assert_eq!(rows(&by_name), ["baseline linker=bfd", "variant linker=default"]);
}

fn without_your_configuration_on_request() {
    let lab = Lab::new();
    own(&lab);
    user(&lab, USES_MOLD);
    let args = ["--project", "../own", "--axis", "debug=full,none", "--on", "as-it-is"];
    assert_eq!(rows(&plan(&lab, &args)), ["baseline debug=full", "variant debug=none"]);
    let wrong = ["plan", "--project", "../own", "--axis", "debug=full,none", "--on", "as-is"];
    let stderr = program(&lab, &wrong).expect(2).stderr;
    let said = "variants cannot be based on `as-is`: valid are as-configured, as-it-is, auto";
    assert!(stderr.contains(said), "{stderr}");
}

fn a_configuration_that_cannot_be_had_is_an_error_with_the_way_out() {
    let lab = Lab::new();
    own(&lab);
    let asked = ["plan", "--project", "../own", "--axis", "linker=bfd"];
    // Cargo itself would build nothing with these.
    for (config, said) in [
        ("[build\n", "cargo/config.toml:1:7: unclosed table"),
        ("[build]\nrustflags = 3\n", "invalid configuration for key `build.rustflags`"),
        ("[build]\nincremental = \"x\"\n", "`build.incremental` expected true/false"),
    ] {
        user(&lab, config);
        let stderr = program(&lab, &asked).expect(2).stderr;
        assert!(stderr.contains(said) && stderr.contains("cargo/config.toml"), "{stderr}");
    }
    // The cache is below the home: cargo would apply the configuration to all builds, twice to some.
    user(&lab, "");
    lab.write("home/.cargo/config.toml", USES_MOLD);
    let cache = lab.path("home/cache");
    let asked = [&asked[..], &["--cache-dir", cache.to_str().expect("text")]].concat();
    let stderr = lab.run(&asked).expect(2).stderr;
    assert!(stderr.contains("home/.cargo/config.toml applies to every build in "), "{stderr}");
    assert!(stderr.contains("help: put the work trees elsewhere with `--cache-dir`"), "{stderr}");
}

fn scenario_files_are_carried_out_as_they_say() {
    let lab = Lab::new();
    own(&lab);
    user(&lab, "[profile.dev]\ndebug = 1\n");
    let file = |on: &str| {
        format!(
            "name = \"mine\"\nsummary = \"x\"\nprojects = [\"../own\"]\nworkloads = [\"clean\"]\n\
             baseline = {{ linker = \"default\" }}\n{on}[axes]\nlinker = [\"default\", \"bfd\"]\n"
        )
    };
    lab.write("mine.toml", &file(""));
    let plain = ["baseline linker=default", "variant linker=bfd"];
    assert_eq!(rows(&plan(&lab, &["../mine.toml"])), plain);
    assert_eq!(rows(&plan(&lab, &["../mine.toml", "--project", "../own"])), plain);
    lab.write("mine.toml", &file("on = \"as-configured\"\n"));
    assert_eq!(
        rows(&plan(&lab, &["../mine.toml"])),
        ["baseline linker=default (configured)", "variant linker=bfd (configured)"]
    );
    lab.write("mine.toml", &file("on = \"auto\"\n"));
    let planned = plan(&lab, &["../mine.toml"]);
    let now = ["baseline as-configured = linker=default (configured)", "variant linker=bfd (configured)"];
    assert_eq!(rows(&planned), now);
    // A plan is carried out as it is, whatever the defaults are.
    let text = planned.to_json().expect("text");
    lab.write("work/plan.json", &text);
    assert_eq!(
        rows(&plan(&lab, &["--plan", "plan.json"])),
        ["baseline as-configured (configured)", "variant linker=bfd (configured)"]
    );
}

/// A directory with all programs of the search path except some.
fn path_without(lab: &Lab, missing: &[&str]) -> String {
    let bin = lab.path("bin");
    std::fs::create_dir_all(&bin).expect("a directory");
    for dir in std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()) {
        for program in entries(&dir) {
            let name = program.file_name().unwrap_or_default().to_owned();
            if !missing.iter().any(|missing| name == *missing) {
                // The first of a name counts, as on the search path.
                let _ = symlink(&program, bin.join(name));
            }
        }
    }
    bin.to_str().expect("text").to_owned()
}

const RUN: [&str; 8] =
    ["run", "--project", "../own", "--axis", "linker=default,bfd,mold", "--rounds", "1", "--no-control"];

fn a_missing_program_is_said_first() {
    let lab = Lab::new();
    own(&lab);
    let path = path_without(&lab, &["mold", "apt-cache"]);
    let run = |args: &[&str]| -> ProgramRun {
        lab.command(args).env("PATH", &path).output().expect("the program").into()
    };
    let said = "mold is not installed: linker=mold cannot be measured\n  install it: apt-get install mold\n";
    let ran = run(&RUN).expect(0);
    assert!(ran.stderr.starts_with(said), "{}", ran.stderr);
    assert!(!ran.stderr.contains("[y/N]"), "nobody is there to answer: {}", ran.stderr);
    assert_eq!(lab.bundles().len(), 1);
    let planned = run(&[&["plan"], &RUN[1..]].concat()).expect(0);
    assert!(planned.stdout.starts_with(said), "{}", planned.stdout);
    let planned = run(&[&["plan", "--json"], &RUN[1..]].concat()).expect(0);
    assert!(planned.stderr.starts_with(said), "{}", planned.stderr);
    assert!(serde_json::from_str::<Plan>(&planned.stdout).is_ok(), "{}", planned.stdout);
    // What apt has, and how old that is.
    lab.write("apt/apt-cache.sh", "#!/bin/sh\necho '  Candidate: 1.10.1+dfsg-1'\n");
    std::fs::rename(lab.path("apt/apt-cache.sh"), lab.path("bin/apt-cache")).expect("a program");
    let planned = run(&[&["plan"], &RUN[1..]].concat()).expect(0);
    let with_age = "  install it: apt-get install mold (installs 1.10.1 of January 2023)\n";
    assert!(planned.stdout.contains(with_age), "{}", planned.stdout);
}

/// Runs the program with a terminal as its standard input and standard error, and `typed` as what is typed.
fn in_terminal(lab: &Lab, args: &[&str], path: &str, typed: &[u8]) -> ProgramRun {
    let (mut leader, mut follower) = (-1, -1);
    let null = std::ptr::null_mut();
    // SAFETY: both descriptors are valid for writing, and the other arguments may be null.
    let made = unsafe { libc::openpty(&mut leader, &mut follower, null, null.cast(), null.cast()) };
    assert_eq!(made, 0, "no terminal: {}", std::io::Error::last_os_error());
    // SAFETY: `openpty` has just opened both, and nobody else owns them.
    let (leader, follower) = unsafe { (File::from_raw_fd(leader), OwnedFd::from_raw_fd(follower)) };
    let mut command = lab.command(args);
    command.env("PATH", path).stdout(Stdio::piped());
    command.stdin(follower.try_clone().expect("a terminal")).stderr(follower);
    let child = command.spawn().expect("the program");
    // Its copies of the terminal go with it, so that the reader comes to an end.
    drop(command);
    (&leader).write_all(typed).expect("typed");
    let reader = std::thread::spawn(move || {
        let (mut text, mut buffer) = (Vec::new(), [0; 4096]);
        while let Ok(count @ 1..) = (&leader).read(&mut buffer) {
            text.extend_from_slice(&buffer[..count]);
        }
        String::from_utf8_lossy(&text).replace("\r\n", "\n")
    });
    let output = child.wait_with_output().expect("the program");
    ProgramRun { stderr: reader.join().expect("what it printed"), ..ProgramRun::from(output) }
}

fn a_person_is_asked_before_time_is_spent_without_it() {
    let lab = Lab::new();
    own(&lab);
    let path = path_without(&lab, &["mold", "apt-cache"]);
    // By no, by an empty line, and by the end of the input.
    for typed in [&b"n\n"[..], b"\n", b"\x04"] {
        let ran = in_terminal(&lab, &RUN, &path, typed).expect(4);
        assert!(ran.stderr.contains("measure without it? [y/N] "), "{}", ran.stderr);
        assert!(
            ran.stderr.ends_with("nothing was measured; `--yes` measures without asking\n"),
            "{}",
            ran.stderr
        );
        assert!(lab.bundles().is_empty());
    }
    let ran = in_terminal(&lab, &[&RUN[..], &["--yes"]].concat(), &path, b"").expect(0);
    assert!(ran.stderr.contains("mold is not installed") && !ran.stderr.contains("[y/N]"), "{}", ran.stderr);
    assert_eq!(lab.bundles().len(), 1);
    in_terminal(&lab, &RUN, &path, b"y\n").expect(0);
    assert_eq!(lab.bundles().len(), 2);
    // With everything there, nothing is asked.
    let complete = [&RUN[..4], &["linker=default,bfd", "--rounds", "1"]].concat();
    let ran = in_terminal(&lab, &complete, &path, b"").expect(0);
    assert!(!ran.stderr.contains("[y/N]"), "{}", ran.stderr);
}
