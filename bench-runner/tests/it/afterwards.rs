//! Processing of finished bundles: verdicts against another baseline, and the effect of earlier runs on a
//! later one.

use std::fs;
use std::path::{Path, PathBuf};

use bench_runner_core::bundle::open;
use serde_json::Value;

use crate::lab::{Lab, entries};

trials! { "afterwards";
    earlier_runs_of_the_machine_calibrate_a_later_one: LONG,
    another_baseline_is_marked_and_writes_nothing,
    a_baseline_that_is_not_there_is_refused_or_named,
    a_run_without_the_baseline_decides_nothing,
}

/// Runs one block with only a baseline and its twin for each project. Returns the new bundle.
fn twins_alone(lab: &Lab, toys: &[String]) -> PathBuf {
    let before = lab.bundles();
    let mut args = vec!["run", "--axis", "env.X=1", "--rounds", "4"];
    args.extend(toys.iter().flat_map(|toy| ["--project", toy]));
    lab.run(&args).expect(0);
    lab.bundles().into_iter().find(|bundle| !before.contains(bundle)).expect("a new bundle")
}

/// The comparison from `compare --json`, without the path of the bundle.
fn compared(lab: &Lab, bundle: &Path, more: &[&str]) -> Value {
    let args = [&["compare", bundle.to_str().expect("UTF-8"), "--json"], more].concat();
    let ran = lab.run(&args).expect(0);
    let mut document: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let mut document = document[0].take();
    document["bundle"] = Value::Null;
    document
}

fn earlier_runs_of_the_machine_calibrate_a_later_one() {
    let lab = Lab::new();
    // There are eighty builds between the first and the third run, so their start times differ by seconds.
    let toys: Vec<String> = (0..4).map(|n| format!("toy{n}")).collect();
    toys.iter().for_each(|toy| lab.toy_named(toy, "sleep 0.02", ""));
    let first = twins_alone(&lab, &toys);
    assert_eq!(open(&first).expect("a bundle").earlier, []);
    let calibration = &compared(&lab, &first, &[])["calibration"][0];
    assert_eq!((&calibration["twins"], &calibration["assumed"]), (&Value::from(4), &Value::from(true)));
    let second = twins_alone(&lab, &toys);
    assert_eq!(open(&second).expect("a bundle").earlier.len(), 4);
    let third = twins_alone(&lab, &toys);
    assert_eq!(open(&third).expect("a bundle").earlier.len(), 8);

    // Incomplete runs are ignored; unreadable ones are named and ignored.
    let manifest = fs::read_to_string(second.join("manifest.json")).expect("a manifest");
    let unfinished = manifest.replace("\"status\": \"complete\"", "\"status\": \"interrupted\"");
    assert_ne!(manifest, unfinished);
    fs::write(second.join("manifest.json"), unfinished).expect("to write it");
    let machine = first.parent().expect("the machine's directory");
    fs::create_dir(machine.join("20200101T000000Z-broken-000000")).expect("a directory");
    fs::write(machine.join("20200101T000000Z-broken-000000/manifest.json"), "{").expect("a file");

    let before = lab.bundles();
    let args = ["run", "--project", "toy0", "--project", "toy1", "--axis", "env.X=1,2", "--rounds", "4"];
    let ran = lab.run(&[&args[..], &["--verbose"]].concat()).expect(0);
    assert!(ran.stderr.contains("1 earlier bundle cannot be read and is not drawn upon: "), "{}", ran.stderr);
    assert!(ran.stderr.contains("20200101T000000Z-broken-000000/manifest.json:1:"), "{}", ran.stderr);
    // If one twin has most of the weight, the sentence is longer.
    let said = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("by 10 controls") && said.contains("in 3 runs"), "{}", ran.stdout);
    let last = lab.bundles().into_iter().find(|bundle| !before.contains(bundle)).expect("a new bundle");
    let name = |path: &Path| path.file_name().expect("a name").to_string_lossy().into_owned();
    let earlier = open(&last).expect("a bundle").earlier;
    let runs: Vec<&str> = earlier.iter().map(|twin| twin.run.as_str()).collect();
    assert_eq!(runs, [vec![name(&third); 4], vec![name(&first); 4]].concat(), "the newest first");
    // A twin is recorded as its own run reports it.
    let own = compared(&lab, &third, &[]);
    assert_eq!(own["blocks"][0]["twin"]["theta"], Value::from(earlier[0].theta));
    assert_eq!(own["blocks"][0]["block"], Value::from(earlier[0].block.as_str()));

    // The results of a bundle do not depend on other bundles.
    let here = compared(&lab, &last, &[]);
    assert_eq!((&here["calibration"][0]["twins"], &here["calibration"][0]["runs"]), (&10.into(), &3.into()));
    fs::rename(&last, lab.path("elsewhere")).expect("to move it");
    fs::remove_dir_all(machine).expect("to remove the others");
    assert_eq!(compared(&lab, &lab.path("elsewhere"), &[]), here);
    fs::remove_file(lab.path("elsewhere/earlier-twins.csv")).expect("to remove it");
    assert_eq!(compared(&lab, &lab.path("elsewhere"), &[])["calibration"][0]["assumed"], true);
}

fn another_baseline_is_marked_and_writes_nothing() {
    let lab = Lab::new();
    lab.toy("sleep 0.02", "");
    lab.run(&["run", "--project", "toy", "--axis", "env.X=1,2,3", "--rounds", "6"]).expect(0);
    let bundle = lab.bundles().remove(0);
    fs::remove_dir_all(bundle.join("derived")).expect("what is derived");
    fs::remove_dir_all(lab.path("work/plots")).expect("figures");
    fs::remove_dir_all(lab.path("cache")).expect("the cache");
    let planned = compared(&lab, &bundle, &[]);
    assert_eq!((&planned["post_hoc"], &planned["blocks"][0]["baseline"]), (&Value::Null, &"env.X=1".into()));
    let document = compared(&lab, &bundle, &["--baseline", "env.X=3"]);
    assert_eq!((&document["post_hoc"]["pairs"], &document["planned_comparisons"]), (&3.into(), &2.into()));
    let block = &document["blocks"][0];
    assert_eq!(block["baseline"], "env.X=3");
    let ratios: Vec<Option<f64>> = (0..4).map(|arm| block["arms"][arm]["ratio"]["ratio"].as_f64()).collect();
    let [Some(old), None, Some(_), None] = ratios[..] else { panic!("{ratios:?}") };
    let turned = planned["blocks"][0]["arms"][3]["ratio"]["ratio"].as_f64().expect("a ratio");
    assert!((old * turned - 1.0).abs() < 1e-9);
    let path = bundle.to_str().expect("UTF-8");
    let ran = lab.run(&["compare", path, "--baseline", "env.X=3", "--verbose"]).expect(0);
    let said = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    for says in [
        "post hoc: compared with `env.X=3`",
        "for all 3 pairs of variants",
        "difference of 0.7% (standard deviation, assumed",
    ] {
        assert!(said.contains(says), "{says}: {}", ran.stdout);
    }
    assert!(entries(&bundle).iter().all(|entry| !entry.ends_with("derived")), "nothing is written");
    assert!(!lab.path("work/plots").exists() && !lab.path("cache/bench-runner").exists());
}

fn a_baseline_that_is_not_there_is_refused_or_named() {
    let lab = Lab::new();
    lab.toy("true", "");
    lab.run(&["run", "--project", "toy", "--axis", "env.X=1,2", "--rounds", "2"]).expect(0);
    let first = lab.bundles().remove(0);
    lab.run(&["run", "--project", "toy", "--axis", "env.Y=1,2", "--rounds", "2"]).expect(0);
    let second = lab.bundles().into_iter().find(|bundle| *bundle != first).expect("another bundle");
    let (first, second) = (first.to_str().expect("UTF-8"), second.to_str().expect("UTF-8"));
    let both = |baseline: &str| lab.run(&["compare", first, second, "--baseline", baseline]);
    for (baseline, says) in [
        ("envX=1", "no block has an axis `envX`\nhelp: did you mean `env.X`?"),
        ("env.X=3", "no variant has the value `3` of `env.X`\nhelp: the values are `1`, `2`"),
        ("fastest", "no variant is called `fastest`\nhelp: there are `env.X=1`, `env.X=2`, `env.Y=1`"),
        ("env.X=1,env.Y=1", "no block has a variant with env.X=1,env.Y=1"),
    ] {
        let ran = both(baseline).expect(2);
        assert!(ran.stderr.contains(says), "{baseline}: {}", ran.stderr);
        assert_eq!(ran.stdout, "");
    }
    let ran = both("env.X=2").expect(0);
    assert!(
        ran.stdout.contains("skipped: all of custom/toy/clean, no variant here is `env.X=2`"),
        "{}",
        ran.stdout
    );
    let ran = lab.run(&["compare", first, "--baseline", "env.X=1"]).expect(0);
    assert!(ran.stderr.contains("`env.X=1` is the planned baseline of "), "{}", ran.stderr);
    assert_eq!(ran.stdout, lab.run(&["compare", first]).expect(0).stdout);
    // Two rounds are too few for any verdict.
    lab.run(&["compare", first, "--require-verdict"]).expect(5);
    lab.run(&["compare", first, "--margin", "x"]).expect(2);
    lab.run(&["compare", "nowhere"]).expect(2);
}

fn a_run_without_the_baseline_decides_nothing() {
    let lab = Lab::new();
    // A factor of ten, and no twin that could make the block invalid by chance.
    lab.toy("case $X in 2) sleep 0.2;; *) sleep 0.02;; esac", "");
    let run = |axis: &str, rounds: &str| {
        let before = lab.bundles();
        lab.run(&["run", "--project", "toy", "--axis", axis, "--rounds", rounds, "--no-control"]).expect(0);
        lab.bundles().into_iter().find(|bundle| !before.contains(bundle)).expect("a new bundle")
    };
    let (having, lacking) = (run("env.X=1,2", "6"), run("env.Y=1,2", "2"));
    let (having, lacking) = (having.to_str().expect("UTF-8"), lacking.to_str().expect("UTF-8"));
    lab.run(&["compare", having, "--baseline", "env.X=2", "--require-verdict"]).expect(0);
    let ran = lab.run(&["compare", having, lacking, "--baseline", "env.X=2", "--require-verdict"]).expect(5);
    assert!(ran.stdout.contains("no comparison has that baseline"), "{}", ran.stdout);
    assert!(!ran.stdout.contains("nothing was measured"), "{}", ran.stdout);
}
