//! Whole runs of the real program on command projects that build in milliseconds: order of effects, outcomes,
//! files.

mod failures;

use std::collections::BTreeMap;
use std::fs;

use bench_runner_core::bundle::{Bundle, Status};
use bench_runner_core::record::{Outcome, Phase, Role, Sample, StopReason};

use crate::lab::{Lab, entries};

trials! { "engine";
    [failures];
    every_round_builds_every_variant_once_in_balanced_order,
    effects_happen_in_order,
    edits_are_unique_and_seen_by_every_variant_of_a_round,
    targets_have_names_of_equal_length_and_are_gone_afterwards,
    known_truth_is_found,
    arguments_and_variables_reach_the_command,
    the_environment_is_made_and_not_inherited,
    sessions_are_laid_out_anew,
    the_budget_ends_a_run_with_whole_rounds,
    a_plan_can_be_written_down_and_carried_out,
    shards_deal_out_the_blocks,
    reports_are_made_again_from_the_files_alone,
    workloads_can_be_an_axis,
    axes_that_are_crossed_have_effects,
    undecided_has_an_exit_code_of_its_own,
    nothing_is_written_outside_cache_results_and_plots,
}

fn measured(bundle: &Bundle) -> Vec<&Sample> {
    bundle.samples.iter().filter(|sample| sample.phase == Phase::Measured).collect()
}

fn arm(sample: &Sample) -> String {
    format!("{}:{}", sample.role.as_str(), sample.variant)
}

fn every_round_builds_every_variant_once_in_balanced_order() {
    let lab = Lab::new();
    lab.toy("true", "");
    lab.run(&["run", "--project", "toy", "--axis", "env.X=1,2,3", "--rounds", "8", "--seed", "5"]).expect(0);
    let bundle = lab.bundle();
    assert_eq!(bundle.manifest.status, Status::Complete);
    assert_eq!(bundle.manifest.blocks[0].stopped, StopReason::MaxRounds);
    let measured = measured(&bundle);
    assert_eq!((bundle.samples.len(), measured.len()), (4 + 32, 32));
    let mut positions: BTreeMap<(String, u32), u32> = BTreeMap::new();
    let mut before: BTreeMap<(String, String), u32> = BTreeMap::new();
    for round in 1..=8 {
        let of_round: Vec<_> = measured.iter().filter(|sample| sample.round == round).collect();
        let taken: Vec<u32> = of_round.iter().map(|sample| sample.position).collect();
        assert_eq!(taken, [1, 2, 3, 4], "rounds are whole and in order");
        for (at, sample) in of_round.iter().enumerate() {
            *positions.entry((arm(sample), sample.position)).or_default() += 1;
            if at > 0 {
                let predecessor = sample.predecessor.clone().expect("who was built before");
                assert_eq!(predecessor, arm(of_round[at - 1]));
                *before.entry((arm(sample), predecessor.to_string())).or_default() += 1;
            }
        }
    }
    // Two complete designs of four rounds: every arm twice at every position, and twice after every other
    // arm.
    assert_eq!(positions.len(), 16);
    assert!(positions.values().all(|times| *times == 2), "{positions:?}");
    assert_eq!(before.len(), 12);
    assert!(before.values().all(|times| *times == 2), "{before:?}");
    let numbers: Vec<u32> = bundle.samples.iter().map(|sample| sample.number).collect();
    assert_eq!(numbers, (1..=36).collect::<Vec<_>>());
}

fn effects_happen_in_order() {
    let lab = Lab::new();
    let log = lab.path("effects");
    let say = |what: &str| format!("[\"sh\", \"-c\", \"echo {what} >> {}\"]", log.display());
    lab.toy(
        &format!("test -z \"$(ls $BENCH_RUNNER_TARGET)\" || exit 9\ntouch $BENCH_RUNNER_TARGET/x\necho build$X >> {}", log.display()),
        &format!("prepare = {}\nclean = {}\nedit = {}", say("prepare"), say("clean"), say("edit")),
    );
    lab.run(&["run", "--project", "toy", "--axis", "env.X=1", "--rounds", "2"]).expect(0);
    let text = fs::read_to_string(&log).expect("the log");
    let build = "clean build1 ";
    // The baseline and its twin: one warm-up each, then two rounds; a clean build makes no edit.
    assert_eq!(text.replace('\n', " "), format!("prepare {}", build.repeat(6)));

    fs::remove_file(&log).expect("to begin again");
    lab.toy(
        &format!("touch $BENCH_RUNNER_TARGET/x\necho build >> {}", log.display()),
        &format!("prepare = {}\nclean = {}\nedit = {}", say("prepare"), say("clean"), say("edit")),
    );
    lab.run(&["run", "--project", "toy", "--axis", "env.X=1", "--workload", "incremental", "--rounds", "2"])
        .expect(0);
    let text = fs::read_to_string(&log).expect("the log");
    // A first build of each, then a warm-up and two rounds, each after one edit for both.
    let pass = "edit build build ";
    assert_eq!(text.replace('\n', " "), format!("prepare build build {}", pass.repeat(3)));
}

fn edits_are_unique_and_seen_by_every_variant_of_a_round() {
    let lab = Lab::new();
    let log = lab.path("effects");
    lab.toy(&format!("echo $BENCH_RUNNER_EDIT >> {}", log.display()), "edit = [\"true\"]");
    let args =
        ["run", "--project", "toy", "--axis", "env.X=1,2", "--workload", "incremental", "--rounds", "4"];
    lab.run(&args).expect(0);
    let bundle = lab.bundle();
    let mut seen = Vec::new();
    for round in 1..=4 {
        let of_round: Vec<u64> = measured(&bundle)
            .iter()
            .filter(|sample| sample.round == round)
            .map(|sample| sample.edit)
            .collect();
        assert!(of_round.iter().all(|edit| *edit == of_round[0] && *edit > 0), "{of_round:?}");
        assert!(!seen.contains(&of_round[0]), "edit {} twice", of_round[0]);
        seen.push(of_round[0]);
    }
    let told: Vec<String> = fs::read_to_string(&log).expect("the log").lines().map(str::to_owned).collect();
    let recorded: Vec<String> = bundle.samples.iter().map(|sample| sample.edit.to_string()).collect();
    assert_eq!(told, recorded, "what the build was told is what is recorded");
}

fn targets_have_names_of_equal_length_and_are_gone_afterwards() {
    let lab = Lab::new();
    let log = lab.path("targets");
    lab.toy(&format!("echo $BENCH_RUNNER_TARGET $PWD >> {}", log.display()), "");
    lab.run(&["run", "--project", "toy", "--axis", "env.X=1,2,3", "--rounds", "1"]).expect(0);
    let text = fs::read_to_string(&log).expect("the log");
    let mut targets: Vec<&str> = text.lines().filter_map(|line| line.split(' ').next()).collect();
    let mut sources: Vec<&str> = text.lines().filter_map(|line| line.split(' ').nth(1)).collect();
    targets.sort_unstable();
    targets.dedup();
    sources.sort_unstable();
    sources.dedup();
    assert_eq!((targets.len(), sources.len()), (4, 1), "one target for each arm, one source for all");
    assert!(targets.iter().all(|target| target.len() == targets[0].len()));
    assert_eq!(entries(&lab.path("cache/bench-runner/runs")), Vec::<std::path::PathBuf>::new());
}

fn known_truth_is_found() {
    let lab = Lab::new();
    // The wait is fixed, so twice as long is twice as long on any machine. Without a twin, which would make
    // the block invalid by chance in one of a hundred runs.
    lab.toy("sleep $X", "");
    let args =
        ["run", "--project", "toy", "--axis", "env.X=0.05,0.1", "--rounds", "8", "--no-control", "--json"];
    let ran = lab.run(&args).expect(0);
    let document: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let ratio = &document["blocks"][0]["arms"][1]["ratio"];
    assert_eq!(ratio["verdict"], "slower", "{document:#}");
    let estimate = ratio["ratio"].as_f64().expect("a ratio");
    assert!((1.5..2.5).contains(&estimate), "{estimate}");
}

fn arguments_and_variables_reach_the_command() {
    let lab = Lab::new();
    let log = lab.path("args");
    lab.toy(&format!("echo \"[$X] [$*]\" >> {}", log.display()), "");
    lab.run(&["run", "--project", "toy", "--axis", "arg=,--fast", "--axis", "env.X=a b", "--rounds", "1"])
        .expect(0);
    let text = fs::read_to_string(&log).expect("the log");
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    lines.dedup();
    assert_eq!(lines, ["[a b] [--fast]", "[a b] []"]);
    let bundle = lab.bundle();
    assert!(
        bundle.samples.iter().any(|sample| sample.settings.get("arg").map(String::as_str) == Some("--fast"))
    );
}

fn the_environment_is_made_and_not_inherited() {
    let lab = Lab::new();
    let log = lab.path("env");
    lab.toy(&format!("env > {}", log.display()), "\n[build]\npass-env = [\"WANTED\"]\nenv = { SET = \"1\" }");
    let mut command = lab.command(&["run", "--project", "toy", "--axis", "env.X=1", "--rounds", "1"]);
    command.env("SECRET", "1").env("WANTED", "yes").env("RUSTFLAGS", "-Cfoo").env("LANG", "tlh");
    let output = command.output().expect("the program");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = fs::read_to_string(&log).expect("the environment");
    let mut names: Vec<&str> = text.lines().filter_map(|line| Some(line.split_once('=')?.0)).collect();
    names.retain(|name| !["PWD", "OLDPWD", "SHLVL", "_"].contains(name));
    names.sort_unstable();
    let expected = [
        "BENCH_RUNNER_EDIT",
        "BENCH_RUNNER_TARGET",
        "GIT_CEILING_DIRECTORIES",
        "HOME",
        "LANG",
        "LC_ALL",
        "PATH",
        "RUSTUP_AUTO_INSTALL",
        "SCCACHE_DIR",
        "SCCACHE_SERVER_PORT",
        "SCCACHE_SERVER_UDS",
        "SET",
        "TMPDIR",
        "TZ",
        "WANTED",
        "X",
    ];
    assert_eq!(names, expected);
    assert!(text.contains("LANG=C.UTF-8\n") && text.contains("WANTED=yes\n"), "{text}");
    assert!(!text.contains(&format!("HOME={}\n", lab.path("home").display())), "the home is made too");
}

fn sessions_are_laid_out_anew() {
    let lab = Lab::new();
    let log = lab.path("log");
    lab.toy(&format!("echo $PWD >> {}", log.display()), "");
    lab.run(&["run", "--project", "toy", "--axis", "env.X=1,2", "--rounds", "6", "--fresh-dirs", "3"])
        .expect(0);
    let bundle = lab.bundle();
    let mut rounds: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for sample in measured(&bundle).iter().filter(|sample| sample.role == Role::Baseline) {
        rounds.entry(sample.session).or_default().push(sample.round);
    }
    assert_eq!(rounds, BTreeMap::from([(1, vec![1, 2]), (2, vec![3, 4]), (3, vec![5, 6])]));
    let text = fs::read_to_string(&log).expect("the log");
    let mut trees: Vec<&str> = text.lines().collect();
    trees.sort_unstable();
    trees.dedup();
    assert_eq!(trees.len(), 3, "a work tree of its own for each session: {trees:?}");
}

fn the_budget_ends_a_run_with_whole_rounds() {
    let lab = Lab::new();
    lab.toy("sleep 0.1", "");
    let args =
        ["run", "--project", "toy", "--axis", "env.X=1,2", "--time-budget", "3s", "--precision", "0.001%"];
    lab.run(&args).expect(0);
    let bundle = lab.bundle();
    assert_eq!(bundle.manifest.blocks[0].stopped, StopReason::Budget);
    assert_eq!(measured(&bundle).len() % 3, 0, "rounds are whole");
    assert!(!measured(&bundle).is_empty());
}

fn a_plan_can_be_written_down_and_carried_out() {
    let lab = Lab::new();
    lab.toy("true", "");
    let asked = ["plan", "--project", "toy", "--axis", "env.X=1,2", "--rounds", "2", "--seed", "7", "--json"];
    let plan = lab.run(&asked).expect(0);
    let file = lab.write("work/plan.json", &plan.stdout);
    assert!(lab.bundles().is_empty(), "planning measures nothing");
    lab.run(&["run", "--plan", file.to_str().expect("UTF-8")]).expect(0);
    let bundle = lab.bundle();
    assert_eq!(bundle.manifest.plan, serde_json::from_str(&plan.stdout).expect("a plan"));
    assert_eq!((bundle.manifest.plan.seed, bundle.samples.len()), (7, 3 + 6));
    lab.toy("echo changed", "");
    let ran = lab.run(&["run", "--plan", file.to_str().expect("UTF-8")]);
    // The plan's own tree is still in the cache, so that one is built.
    ran.expect(0);
}

fn shards_deal_out_the_blocks() {
    let lab = Lab::new();
    lab.toy("true", "edit = [\"true\"]");
    let shard = |share: &str| {
        let args = [
            "plan",
            "--project",
            "toy",
            "--axis",
            "env.X=1,2",
            "--workload",
            "clean",
            "--workload",
            "noop",
            "--workload",
            "incremental",
            "--json",
            "--shard",
            share,
        ];
        let plan: bench_runner_core::record::Plan =
            serde_json::from_str(&lab.run(&args).expect(0).stdout).expect("a plan");
        plan.blocks.iter().map(|block| block.id.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(shard("1/2"), ["custom/toy/clean", "custom/toy/incremental"]);
    assert_eq!(shard("2/2"), ["custom/toy/noop"]);
}

fn reports_are_made_again_from_the_files_alone() {
    let lab = Lab::new();
    lab.toy("true", "");
    let ran = lab.run(&["run", "--project", "toy", "--axis", "env.X=1,2", "--rounds", "6"]).expect(0);
    let bundle = lab.bundles().remove(0);
    let read = |dir: &std::path::Path| -> BTreeMap<String, Vec<u8>> {
        let name = |path: &std::path::Path| path.file_name().expect("a name").to_string_lossy().into_owned();
        entries(dir).iter().map(|p| (name(p), fs::read(p).expect("a file"))).collect()
    };
    let plots = entries(&lab.path("work/plots")).remove(0);
    let (figures, derived) = (read(&plots), read(&bundle.join("derived")));
    for name in ["report.html", "forest.svg", "forest.png", "custom-toy-clean.svg", "custom-toy-clean.png"] {
        assert!(figures.contains_key(name), "no {name} among {:?}", figures.keys());
    }
    fs::remove_dir_all(&plots).expect("figures to remove");
    fs::remove_dir_all(bundle.join("derived")).expect("derived files to remove");
    fs::remove_dir_all(lab.path("cache")).expect("a cache to remove");
    let again = lab.run(&["report", bundle.to_str().expect("UTF-8")]).expect(0);
    assert_eq!((read(&plots), read(&bundle.join("derived"))), (figures, derived));
    let table = |text: &str| text.split("\nrun: ").next().map(str::to_owned);
    assert_eq!(table(&again.stdout), table(&ran.stdout));
}

fn workloads_can_be_an_axis() {
    let lab = Lab::new();
    lab.toy("test -e $BENCH_RUNNER_TARGET/done || sleep 0.05\ntouch $BENCH_RUNNER_TARGET/done", "");
    let args = [
        "run",
        "--project",
        "toy",
        "--axis",
        "workload=clean,noop",
        "--rounds",
        "6",
        "--no-control",
        "--json",
    ];
    let ran = lab.run(&args).expect(0);
    let document: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!(document["blocks"][0]["block"], "custom/toy/*");
    assert_eq!(document["blocks"][0]["arms"][1]["ratio"]["verdict"], "faster", "{document:#}");
    let bundle = lab.bundle();
    let workloads: Vec<&str> = bundle.samples.iter().map(|sample| sample.workload.as_str()).collect();
    assert!(workloads.contains(&"clean") && workloads.contains(&"noop"));
}

/// X = 2 takes half as long again, Y = 2 twice as long, and X = 3 cannot be built with Y = 2.
fn axes_that_are_crossed_have_effects() {
    let lab = Lab::new();
    lab.toy(
        "case $X$Y in 11|31) sleep 0.1;; 21) sleep 0.15;; 12) sleep 0.2;; 22) sleep 0.3;; *) exit 1;; esac",
        "",
    );
    let args = ["run", "--project", "toy", "--axis", "env.X=1,2,3", "--axis", "env.Y=1,2", "--rounds", "4"];
    let ran = lab.run(&args).expect(3);
    let text = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        "effects of the axes (4 rounds of 5 combinations)",
        "env.X=1 reference env.X=2 1.",
        "env.X=3 no average",
        "env.X=3: only `env.X=3 env.Y=1` has a counterpart with env.X=1, so there is nothing to average.",
        "Without `env.X=3 env.Y=2`: the build failed with exit code 1",
        "Interactions: none was found for env.X × env.Y, which does not mean that there is none.",
    ] {
        assert!(text.contains(part), "{part} is not in:\n{}", ran.stdout);
    }
    let bundle = lab.bundle();
    let ran = lab.run(&["report", "--json", bundle.dir.to_str().expect("UTF-8")]).expect(0);
    let document: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let effects = &document[0]["blocks"][0]["effects"];
    for (axis, truth) in [(0, 1.5), (1, 2.0)] {
        let average = &effects["axes"][axis]["levels"][0]["average"];
        let ratio = average["ratio"].as_f64().expect("a number");
        assert!((ratio / truth - 1.0).abs() < 0.15 && average["verdict"] == "slower", "{effects:#}");
    }
    let csv = fs::read_to_string(bundle.dir.join("derived/effects.csv")).expect("the table");
    assert_eq!(csv.lines().count(), 4, "{csv}");
    let drawn = entries(&lab.path("work/plots")).iter().flat_map(|run| entries(run)).collect::<Vec<_>>();
    assert!(drawn.iter().any(|file| file.ends_with("custom-toy-clean-effects.svg")), "{drawn:?}");
}

fn undecided_has_an_exit_code_of_its_own() {
    let lab = Lab::new();
    // Two rounds are too few for any verdict, whatever their times.
    lab.toy("true", "");
    let args = ["run", "--project", "toy", "--axis", "env.X=1,2", "--rounds", "2"];
    lab.run(&args).expect(0);
    lab.run(&[&args[..], &["--require-verdict"]].concat()).expect(5);
}

fn nothing_is_written_outside_cache_results_and_plots() {
    let lab = Lab::new();
    lab.toy(
        "echo x > $TMPDIR/x\necho x > $HOME/x\necho x > from-the-build",
        "edit = [\"sh\", \"-c\", \"echo e > edited\"]",
    );
    let tree = |name: &str| -> Vec<String> {
        let mut found: Vec<String> = entries(&lab.path(name))
            .iter()
            .map(|p| p.file_name().expect("a name").to_string_lossy().into_owned())
            .collect();
        found.sort();
        found
    };
    let args = ["run", "--project", "toy", "--axis", "env.X=1", "--workload", "incremental", "--rounds", "1"];
    lab.run(&args).expect(0);
    assert_eq!(tree("toy"), ["build.sh"], "the project itself is never built or edited in place");
    assert_eq!(tree("home"), Vec::<String>::new());
    assert_eq!(tree("lock"), Vec::<String>::new());
    assert_eq!(tree("work"), ["corpus", "plots", "results", "scenarios"]);
    assert_eq!(tree(""), ["cache", "home", "lock", "state", "toy", "work"]);
}
