//! Fractions of a product of axes with real builds: planned, run, reported, and followed by a head-to-head run.

use bench_runner_core::record::{DesignKind, Role};

use crate::lab::{Lab, ProgramRun};

trials! { "fractions";
    a_fraction_nominates_and_gives_no_verdicts: LONG,
    what_is_no_fraction_is_refused,
}

const AXES: [&str; 6] =
    ["--axis", "opt-level=0,3", "--axis", "debug=none,full", "--axis", "codegen-units=16,1"];

/// A package with a library and a binary, without dependencies to fetch.
fn own(lab: &Lab) {
    lab.write("own/Cargo.toml", "[package]\nname = \"own\"\nversion = \"0.1.0\"\nedition = \"2021\"\n");
    lab.write("own/Cargo.lock", "version = 4\n\n[[package]]\nname = \"own\"\nversion = \"0.1.0\"\n");
    lab.write("own/src/lib.rs", "pub fn twice(n: u64) -> u64 {\n    n * 2\n}\n");
    lab.write("own/src/main.rs", "fn main() {\n    println!(\"{}\", own::twice(21));\n}\n");
}

fn run(lab: &Lab, args: &[&str]) -> ProgramRun {
    let mut command = lab.command(args);
    command.env("CARGO_HOME", lab.path("cargo"));
    command.output().expect("the program").into()
}

fn a_fraction_nominates_and_gives_no_verdicts() {
    let lab = Lab::new();
    own(&lab);
    let request =
        [&["--project", "../own", "--design", "fraction", "--rounds", "3"], AXES.as_slice()].concat();
    let planned = run(&lab, &[&["plan"], request.as_slice()].concat()).expect(0).stdout;
    for said in [
        "a fraction: 6 of 8 combinations",
        "it nominates a combination",
        "one axis at a time (5 a round) needs",
    ] {
        assert!(planned.replace("\n    ", "").contains(said) || planned.contains(said), "{said}: {planned}");
    }
    let plan = run(&lab, &[&["plan", "--json"], request.as_slice()].concat()).expect(0).stdout;
    lab.write("work/plan.json", &plan);
    let ran = run(&lab, &["run", "--plan", "plan.json"]).expect(0);
    let bundle = lab.bundle();
    let block = &bundle.manifest.plan.blocks[0];
    let design = block.design.as_ref().expect("a design");
    assert_eq!((design.kind, design.rows, design.of), (DesignKind::Fraction, 6, 8));
    assert!(design.efficiency.is_some_and(|efficiency| efficiency > 0.9), "{design:?}");
    // Six combinations, the control, and what the user has if it is none of the six.
    let combinations = block.arms.iter().filter(|arm| arm.role != Role::Twin);
    let built: Vec<&str> = combinations.map(|arm| arm.variant.name.as_str()).collect();
    let is_configured = |arm: &bench_runner_core::record::Arm| {
        arm.variant.name == "as-configured" || arm.aliases.iter().any(|alias| alias == "as-configured")
    };
    assert!(block.arms.iter().any(is_configured), "{built:?}");
    assert!((6..=7).contains(&built.len()), "{built:?}");
    for arm in &block.arms {
        let rounds = bundle.samples.iter().filter(|sample| {
            sample.round > 0 && sample.variant == arm.variant.name && sample.role == arm.role
        });
        assert_eq!(rounds.count(), 3, "every combination once per round: {}", arm.variant.name);
    }
    let answer = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(answer.contains("nominated: "), "{answer}");
    assert!(!answer.contains("undecided against") && !answer.contains("the fastest"), "{answer}");
    if answer.contains("measure it head to head") {
        let command = ran.stdout.split("bench-runner run ").last().expect("a command");
        let command = command.replace("\\\n", " ");
        let words: Vec<&str> = command.lines().next().unwrap_or_default().split_whitespace().collect();
        let planned = run(&lab, &[&["plan"], words.as_slice()].concat()).expect(0).stdout;
        assert!(planned.contains("1 comparison") && planned.contains("as-configured"), "{planned}");
    }
}

fn what_is_no_fraction_is_refused() {
    let lab = Lab::new();
    let refused = |args: &[&str], said: &str| {
        let ran = run(&lab, &[&["plan"], args].concat()).expect(2);
        assert!(ran.stderr.contains(said), "{said}: {}", ran.stderr);
    };
    let one = ["--design", "fraction", "--axis", "debug=none,full"];
    refused(&one, "only one axis has several values");
    refused(&["--design", "fractoin", "--axis", "debug=none,full"], "did you mean `fraction`?");
    let few = [&["--design", "fraction:3"], AXES.as_slice()].concat();
    refused(&few, "3 combinations cannot show the effects of all values: at least 4 can");
    let by_workload = [&["--design", "fraction", "--axis", "workload=clean,check"], AXES.as_slice()].concat();
    refused(&by_workload, "`workload` is an axis here");
    lab.write("work/f.toml", "[profile.dev]\ndebug = 1\n");
    let whole = [&["--design", "fraction", "--variant", "f=f.toml"], AXES.as_slice()].concat();
    refused(&whole, "the variant `f` is not a combination of the axes");
    let file = "name = \"s\"\nsummary = \"x\"\nprojects = [\"titlecase\"]\nworkloads = [\"clean\"]\ndesign = \"fraction\"\n[axes]\ndebug = [\"none\", \"full\"]\n";
    lab.write("work/s.toml", file);
    refused(&["s.toml"], "s.toml:5:10: only one axis has several values");
}
