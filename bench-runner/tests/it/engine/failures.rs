//! Failures: of variants, untimed commands, processes and runs.

use bench_runner_core::stats::outliers;

use super::*;

trials! { "engine";
    a_variant_that_fails_is_recorded_and_the_others_go_on,
    a_variant_that_fails_in_its_rounds_is_given_up,
    a_build_that_takes_too_long_is_recorded_as_timed_out,
    a_failing_baseline_leaves_nothing_to_compare,
    a_failing_command_that_is_not_timed_costs_its_own_block_only,
    processes_that_a_build_leaves_behind_are_counted_and_ended,
    work_trees_that_a_killed_run_left_are_swept,
    the_output_of_an_outlier_is_kept,
}

fn a_variant_that_fails_is_recorded_and_the_others_go_on() {
    let lab = Lab::new();
    lab.toy("echo about to look at X >&2\ntest $X != 2", "");
    let ran = lab.run(&["run", "--project", "toy", "--axis", "env.X=1,2,3", "--rounds", "6"]).expect(3);
    assert!(ran.stderr.contains("about to look at X"), "the last lines are shown: {}", ran.stderr);
    assert!(ran.stderr.contains("not timed: env.X=2: the build failed with exit code 1"), "{}", ran.stderr);
    let bundle = lab.bundle();
    let of = |x: &str| measured(&bundle).iter().filter(|sample| sample.settings["env.X"] == x).count();
    assert_eq!((of("1"), of("2"), of("3")), (12, 0, 6));
    let failed = bundle.samples.iter().find(|sample| sample.settings["env.X"] == "2").expect("its warm-up");
    assert_eq!(failed.outcome, Outcome::Failed { exit_code: Some(1) });
    let log = bundle.dir.join(format!("logs/{:05}-env.X-2.log", failed.number));
    assert!(fs::read_to_string(log).expect("the log").contains("about to look at X"));
    assert!(ran.stdout.contains("env.X=3"), "{}", ran.stdout);
}

fn a_variant_that_fails_in_its_rounds_is_given_up() {
    let lab = Lab::new();
    let count = lab.path("count");
    lab.toy(
        &format!("if [ $X = 2 ]; then echo x >> {0}; test $(wc -l < {0}) -lt 4; fi", count.display()),
        "",
    );
    let ran =
        lab.run(&["run", "--project", "toy", "--axis", "env.X=1,2,3", "--rounds", "8", "--json"]).expect(3);
    let bundle = lab.bundle();
    let outcomes: Vec<&str> = measured(&bundle)
        .iter()
        .filter(|sample| sample.settings["env.X"] == "2")
        .map(|sample| sample.outcome.as_str())
        .collect();
    assert_eq!(outcomes, ["ok", "ok", "failed", "failed"], "given up after two failures in a row");
    let document: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!(document["blocks"][0]["rounds"], 8, "the rounds without it count for the others");
}

fn a_build_that_takes_too_long_is_recorded_as_timed_out() {
    let lab = Lab::new();
    lab.toy("if [ $X = 2 ]; then sleep 60; fi", "");
    lab.run(&["run", "--project", "toy", "--axis", "env.X=1,2", "--rounds", "3", "--timeout", "300ms"])
        .expect(3);
    let bundle = lab.bundle();
    let slow = bundle.samples.iter().find(|sample| sample.settings["env.X"] == "2").expect("its warm-up");
    assert_eq!(slow.outcome, Outcome::TimedOut);
    assert_eq!(
        measured(&bundle).iter().filter(|sample| sample.role == Role::Twin).count(),
        0,
        "nothing is left to compare"
    );
}

fn a_failing_baseline_leaves_nothing_to_compare() {
    let lab = Lab::new();
    lab.toy("test $X != 1", "");
    lab.run(&["run", "--project", "toy", "--axis", "env.X=1,2", "--rounds", "3"]).expect(3);
    let bundle = lab.bundle();
    assert_eq!(bundle.manifest.blocks[0].stopped, StopReason::NothingToCompare);
    assert!(measured(&bundle).is_empty());
}

fn a_failing_command_that_is_not_timed_costs_its_own_block_only() {
    let lab = Lab::new();
    lab.toy("true", "clean = [\"sh\", \"-c\", \"echo no broom >&2; exit 7\"]");
    let toy = fs::read_to_string(lab.path("work/corpus/toy.toml")).expect("the manifest");
    let sound = toy.replace("name = \"toy\"", "name = \"sound\"");
    let sound: String =
        sound.lines().filter(|line| !line.starts_with("clean")).map(|line| format!("{line}\n")).collect();
    lab.write("work/corpus/sound.toml", &sound);
    let args = ["run", "--project", "toy", "--project", "sound", "--axis", "env.X=1,2", "--rounds", "3"];
    let ran = lab.run(&args).expect(3);
    assert!(ran.stderr.contains("no broom") && ran.stderr.contains("exit code 7"), "{}", ran.stderr);
    let bundle = lab.bundle();
    let stopped: Vec<StopReason> = bundle.manifest.blocks.iter().map(|end| end.stopped).collect();
    assert_eq!(stopped, [StopReason::CommandFailed, StopReason::MaxRounds]);
    assert_eq!(measured(&bundle).len(), 9);
    assert!(ran.stdout.contains("no broom"), "the table says why: {}", ran.stdout);
}

fn processes_that_a_build_leaves_behind_are_counted_and_ended() {
    let lab = Lab::new();
    let pid = lab.path("pid");
    lab.toy(
        &format!("setsid sh -c 'echo $$ > {}; sleep 600' > /dev/null 2>&1 &\nsleep 0.05", pid.display()),
        "",
    );
    // Only one warm-up each: leaked processes are waited for, so that they are counted.
    lab.run(&["run", "--project", "toy", "--axis", "env.X=1", "--no-control", "--rounds", "1"]);
    let bundle = lab.bundle();
    assert!(bundle.samples[0].interference.stragglers > 0);
    let pid = fs::read_to_string(&pid).expect("its pid");
    assert!(!std::path::Path::new(&format!("/proc/{}", pid.trim())).exists(), "{pid} still runs");
}

fn work_trees_that_a_killed_run_left_are_swept() {
    let lab = Lab::new();
    lab.toy("true", "");
    lab.write("cache/bench-runner/runs/left-behind/b001s001/s00/file", "x");
    lab.run(&["run", "--project", "toy", "--axis", "env.X=1", "--rounds", "1"]).expect(0);
    assert_eq!(entries(&lab.path("cache/bench-runner/runs")), Vec::<std::path::PathBuf>::new());
}

/// The fifteenth build takes ten times as long as the others and says so. It is a measured one.
fn the_output_of_an_outlier_is_kept() {
    let lab = Lab::new();
    let log = lab.path("log").display().to_string();
    let body = format!(
        "echo x >> {log}\nn=$(wc -l < {log})\necho \"this is build $n\"\nsleep 0.05\n[ \"$n\" -ne 15 ] || sleep 0.5"
    );
    lab.toy(&body, "");
    lab.run(&["run", "--project", "toy", "--axis", "env.X=1,2", "--rounds", "8", "--seed", "5"]).expect(0);
    let bundle = lab.bundle();
    let kept: Vec<String> = entries(&bundle.dir.join("logs"))
        .iter()
        .map(|path| fs::read_to_string(path).expect("a log"))
        .collect();
    assert!(kept.contains(&"this is build 15".to_owned()), "{kept:?}");
    assert_eq!(kept.len(), far_builds(&bundle), "builds that are like the others leave no log: {kept:?}");
    assert!(bundle.samples.iter().all(|sample| matches!(sample.outcome, Outcome::Built(_))));
    let plots = entries(&lab.path("work/plots")).remove(0);
    let page = fs::read_to_string(plots.join("report.html")).expect("the page");
    assert!(page.contains("Output of ") && page.contains("this is build 15"), "the page shows it");
}

/// Number of measured builds that are outliers among those of their arm.
fn far_builds(bundle: &Bundle) -> usize {
    let mut of_arm: BTreeMap<(&str, &str), Vec<f64>> = BTreeMap::new();
    for sample in measured(bundle) {
        let wall = sample.outcome.cost().expect("a build").wall.as_secs_f64();
        of_arm.entry((sample.role.as_str(), &sample.variant)).or_default().push(wall);
    }
    of_arm.values().map(|walls| outliers(walls).into_iter().filter(|far| *far).count()).sum()
}
