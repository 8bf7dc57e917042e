//! Public reports of builds that differ between two directories, rebuilt at small scale.

use bench_runner_core::record::{Fidelity, Plan};

use crate::cargo_projects::toolchain_of_the_lab;
use crate::lab::{Lab, ProgramRun};

trials! { "fidelity::reports";
    the_users_toolchain_is_taken_and_a_compiler_before_the_usual_one_named: LONG,
    a_project_below_the_home_is_compared_without_the_files_of_the_home,
    what_lies_above_the_project_is_named_and_so_is_another_compiler,
    a_project_in_a_directory_of_its_repository_finds_its_commit,
    a_member_with_configuration_is_built_in_its_own_directory: LONG,
    build_scripts_find_the_target_directory_in_its_usual_place: LONG,
}

/// A package without dependencies to fetch in this directory.
fn package(lab: &Lab, dir: &str) {
    lab.write(
        &format!("{dir}/Cargo.toml"),
        "[package]\nname = \"own\"\nversion = \"0.1.0\"\nedition = \"2021\"\n",
    );
    lab.write(
        &format!("{dir}/Cargo.lock"),
        "version = 4\n\n[[package]]\nname = \"own\"\nversion = \"0.1.0\"\n",
    );
    lab.write(&format!("{dir}/src/main.rs"), "fn main() {\n    println!(\"hi\");\n}\n");
}

fn program(lab: &Lab, args: &[&str], variables: &[(&str, &str)]) -> ProgramRun {
    let mut command = lab.command(args);
    command.env("CARGO_HOME", lab.path("home/.cargo")).envs(variables.iter().copied());
    command.output().expect("the program").into()
}

fn plan(lab: &Lab, dir: &str, more: &[&str], variables: &[(&str, &str)]) -> Plan {
    let project = format!("../{dir}");
    let args = [&["plan", "--project", &project, "--json", "--on", "as-it-is"], more].concat();
    let said = program(lab, &args, variables).expect(0).stdout;
    serde_json::from_str(&said).expect("a plan")
}

fn fidelity<'p>(plan: &'p Plan, variant: Option<&str>) -> &'p Fidelity {
    let mut all = plan.blocks[0].fidelity.iter();
    all.find(|one| one.variant.as_deref() == variant)
        .unwrap_or_else(|| panic!("{:?}", plan.blocks[0].fidelity))
}

fn notes(plan: &Plan) -> String {
    plan.projects[0].notes.join("\n")
}

fn the_users_toolchain_is_taken_and_a_compiler_before_the_usual_one_named() {
    let lab = Lab::new();
    package(&lab, "own");
    let (_, toolchain) = toolchain_of_the_lab(&lab);
    let chosen = [("RUSTUP_TOOLCHAIN", toolchain.to_str().expect("text"))];
    let planned = plan(&lab, "own", &["--axis", "debug=full,none"], &chosen);
    let path = format!("{}:{}", lab.path("bin").display(), std::env::var("PATH").expect("a search path"));
    lab.write("bin/cc.sh", "#!/bin/sh\nexec /usr/bin/cc \"$@\"\n");
    std::fs::rename(lab.path("bin/cc.sh"), lab.path("bin/cc")).expect("cc");
    let planned_with_cc = plan(&lab, "own", &["--axis", "debug=full,none"], &[("PATH", &path)]);
    assert!(notes(&planned_with_cc).contains("`cc` on your PATH is a script"), "{}", notes(&planned_with_cc));
    let note = "the variable `RUSTUP_TOOLCHAIN` chooses its toolchain: rustc of the lab";
    assert!(notes(&planned).contains(note), "{}", notes(&planned));
    assert!(fidelity(&planned, None).is_same(), "{:?}", planned.blocks[0].fidelity);
    // Next to another toolchain the user's own build keeps the user's.
    let more = ["--axis", "toolchain=stable", "--variant", "as-configured"];
    let planned = plan(&lab, "own", &more, &chosen);
    let named = |at: usize| planned.blocks[0].arms[at].variant.settings.contains_key("toolchain");
    assert_eq!([named(0), named(2)], [true, false], "{:?}", planned.blocks[0].arms);
}

fn a_project_below_the_home_is_compared_without_the_files_of_the_home() {
    let lab = Lab::new();
    package(&lab, "home/src/own");
    lab.write("home/.cargo/config.toml", "[build]\nrustflags = [\"--cfg\", \"mine\"]\n");
    let planned =
        plan(&lab, "home/src/own", &["--axis", "debug=full,none", "--variant", "as-configured"], &[]);
    let plain = fidelity(&planned, None);
    assert_eq!(plain.differences, []);
    assert_eq!(plain.left_out, ["~/.cargo/config.toml (build.rustflags)"]);
    assert_eq!(plain.compared, ["configuration", "flags", "toolchain", "units"]);
    assert!(fidelity(&planned, Some("as-configured")).is_same(), "{:?}", planned.blocks[0].fidelity);
}

fn what_lies_above_the_project_is_named_and_so_is_another_compiler() {
    let lab = Lab::new();
    package(&lab, "outer/own");
    lab.write("outer/.cargo/config.toml", "[profile.dev]\ndebug = 1\n");
    lab.write("outer/.env", "DATABASE_URL=hush\n");
    let rustc = "#!/bin/sh\nexec rustc \"$@\"\n";
    lab.write("outer/own/rustc.sh", rustc);
    lab.write("outer/own/.cargo/config.toml", "[build]\nrustc = \"./rustc.sh\"\n");
    let planned = plan(&lab, "outer/own", &["--axis", "debug=full,none"], &[]);
    let plain = fidelity(&planned, None);
    let differing: Vec<&str> = plain.differences.iter().map(|one| one.what.as_str()).collect();
    assert_eq!(differing, ["toolchain"], "{plain:?}");
    assert!(plain.differences[0].yours.contains("rustc.sh"), "{plain:?}");
    let notes = notes(&planned);
    assert!(notes.contains("outer/.env") && !notes.contains("hush"), "{notes}");
}

fn a_project_in_a_directory_of_its_repository_finds_its_commit() {
    let lab = Lab::new();
    package(&lab, "repo/own");
    lab.write(
        "repo/own/build.rs",
        "fn main() {\n    std::process::Command::new(\"git\").arg(\"describe\").output().unwrap();\n}\n",
    );
    for args in [
        &["init", "-q"][..],
        &["add", "-A"],
        &["-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-qm", "x"],
    ] {
        let mut git = std::process::Command::new("git");
        assert!(git.args(args).current_dir(lab.path("repo")).status().expect("git").success());
    }
    let planned = plan(&lab, "repo/own", &["--axis", "debug=full,none"], &[]);
    let notes = notes(&planned);
    assert!(notes.contains("own/build.rs asks git, and finds a repository with 1 commit"), "{notes}");
    let planned = plan(&lab, "repo/own", &["--axis", "debug=full,none", "--workload", "replay:1"], &[]);
    assert!(planned.skipped.iter().all(|one| !one.reason.contains("repository")), "{:?}", planned.skipped);
}

fn a_member_with_configuration_is_built_in_its_own_directory() {
    let lab = Lab::new();
    package(&lab, "ws/own");
    lab.write("ws/Cargo.toml", "[workspace]\nresolver = \"2\"\nmembers = [\"own\"]\n");
    std::fs::rename(lab.path("ws/own/Cargo.lock"), lab.path("ws/Cargo.lock")).expect("the lock file");
    for (dir, flag) in [("ws", "root"), ("ws/own", "member")] {
        lab.write(
            &format!("{dir}/.cargo/config.toml"),
            &format!("[build]\nrustflags = [\"--cfg\", \"{flag}\"]\n"),
        );
    }
    let args = [
        "run",
        "--project",
        "../ws/own",
        "--rounds",
        "1",
        "--no-control",
        "--axis",
        "rustflags=,-Cdebuginfo=1",
    ];
    lab.write(
        "ws/own/src/main.rs",
        "#[cfg(not(all(root, member)))]\ncompile_error!(\"lost\");\nfn main() {}\n",
    );
    program(&lab, &args, &[]).expect(0);
    let fidelity = &lab.bundle().manifest.plan.blocks[0].fidelity[0];
    assert!(fidelity.is_same(), "{fidelity:?}");
    assert_eq!(fidelity.compared, ["configuration", "flags", "toolchain", "units"]);
}

fn build_scripts_find_the_target_directory_in_its_usual_place() {
    let lab = Lab::new();
    package(&lab, "own");
    lab.write(
        "own/build.rs",
        "fn main() {\n    std::fs::write(\"target/debug/app.resources\", \"x\").unwrap();\n    println!(\"cargo:rerun-if-changed=.\");\n}\n",
    );
    let args = [
        "run",
        "--project",
        "../own",
        "--rounds",
        "1",
        "--no-control",
        "--workload",
        "noop",
        "--axis",
        "debug=full,none",
    ];
    // Each build changes something in the target directory, which is in the watched directory, as in the
    // user's tree.
    program(&lab, &args, &[]).expect(3);
    let bundle = lab.bundle();
    for one in &bundle.manifest.blocks[0].not_timed {
        assert!(one.reason.contains("`own`: the directory of the package has changed"), "{one:?}");
    }
    assert_eq!(bundle.manifest.blocks[0].not_timed.len(), 2);
}
