//! Format 2 as the program writes it, resumed runs of format 1, and the rule against builds that reuse
//! results of an earlier one.

use std::fs;
use std::path::Path;

use bench_runner_core::bundle::{Status, open};
use bench_runner_core::record::Phase;

use crate::lab::Lab;

trials! { "fidelity::format";
    builds_that_find_a_cache_are_invalid_and_format_1_goes_on: LONG,
}

/// A build that works for some tenths of a second, unless its result is in a file outside of the target
/// directory.
fn caching(lab: &Lab) -> String {
    format!(
        "if [ ! -e {kept} ]; then i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; echo done > {kept}; fi",
        kept = lab.path("kept").display()
    )
}

fn builds_that_find_a_cache_are_invalid_and_format_1_goes_on() {
    let lab = Lab::new();
    lab.toy_named("cached", &caching(&lab), "");
    lab.toy_named("honest", "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done", "");
    let run = |args: &[&str]| lab.run(&[&["run", "--seed", "3"], args].concat());
    let projects = ["--project", "cached", "--project", "honest", "--axis", "env.X=1,2", "--rounds", "4"];
    let ran = run(&[&projects[..], &["--require-verdict"]].concat()).expect(5);
    let said = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("later ones differ in kind from its first"), "{said}");
    let dir = lab.bundles().remove(0);
    says_everywhere(&lab, &dir);
    records_format_2(&dir);
    shows_what_the_kernel_counted(&lab, &dir);
    carries_on_format_1(&lab, &dir);
}

/// Terminal, Markdown, JSON, tables and the page have verdict, reason and likely cause.
fn says_everywhere(lab: &Lab, dir: &Path) {
    let bundle = dir.to_str().expect("UTF-8");
    let json = lab.run(&["compare", "--json", bundle]).expect(0).stdout;
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let [cached, honest] = ["cached", "honest"].map(|name| {
        let of_block =
            |block: &&serde_json::Value| block["block"].as_str().is_some_and(|id| id.contains(name));
        json[0]["blocks"].as_array().expect("blocks").iter().find(of_block).expect("its block").clone()
    });
    // Only the first build did the work; the verdict is for the whole block.
    assert_eq!(cached["invalid"].as_array().map(Vec::len), Some(1), "{}", cached["invalid"]);
    assert_eq!(cached["invalid"][0]["reason"], "other-kind");
    assert_eq!(cached["invalid"][0]["changes"][0]["what"], "cpu");
    let verdict = |block: &serde_json::Value| block["arms"][2]["ratio"]["verdict"].clone();
    assert_eq!(verdict(&cached), "invalid");
    assert_eq!(honest["invalid"], serde_json::json!([]));
    assert_ne!(verdict(&honest), "invalid");
    let markdown = lab.run(&["report", "--format", "markdown", bundle]).expect(0).stdout;
    let page = fs::read_to_string(
        lab.path("work/plots").join(dir.file_name().expect("its name")).join("report.html"),
    );
    let blocks = fs::read_to_string(dir.join("derived/blocks.csv")).expect("a table");
    for text in [&markdown, &page.expect("a page"), &blocks] {
        assert!(text.contains("differ in kind from its first"), "{text}");
    }
    assert!(markdown.contains("a cache outside of the target directory probably kept"), "{markdown}");
}

fn records_format_2(dir: &Path) {
    let bundle = open(dir).expect("a bundle");
    assert_eq!((bundle.manifest.format, bundle.manifest.plan.format), (2, 2));
    for sample in &bundle.samples {
        assert_eq!(sample.visit, Some(1));
        let activity = sample.outcome.cost().expect("a build that ended well").activity;
        assert!(activity.minor_faults > Some(0), "{activity:?}");
    }
}

/// Summary, page, JSON and exports have the medians of the builds in samples.csv.
fn shows_what_the_kernel_counted(lab: &Lab, dir: &Path) {
    let bundle = dir.to_str().expect("UTF-8");
    let run = dir.file_name().and_then(|name| name.to_str()).expect("its name");
    let page = fs::read_to_string(lab.path("work/plots").join(run).join("report.html")).expect("a page");
    let summary = fs::read_to_string(dir.join("derived/summary.csv")).expect("a table");
    let export = |format: &str| lab.run(&["export", "--format", format, bundle]).expect(0).stdout;
    let [csv, metrics] = ["csv", "openmetrics"].map(export);
    let whole: serde_json::Value = serde_json::from_str(&export("json")).expect("JSON");
    let arm = &whole["runs"][0]["comparison"]["blocks"][1]["arms"][0];
    for (name, heading) in [
        ("minor_faults", "Minor page faults"),
        ("major_faults", "Major page faults"),
        ("voluntary_switches", "Voluntary context switches"),
        ("involuntary_switches", "Involuntary context switches"),
    ] {
        assert!(page.contains(&format!("{heading}</th>")), "{heading} on the page");
        assert!(summary.contains(&format!(",baseline,{name},4,")), "{name} in {summary}");
        assert!(csv.contains(&format!(",{name},count,4,")), "{name} in {csv}");
        assert!(metrics.contains(&format!("\nbench_runner_{name}{{")), "{name} in {metrics}");
        assert_eq!(arm[name]["n"], 4, "{name} in {arm}");
        let builds = whole["runs"][0]["builds"].as_array().expect("builds");
        assert!(builds.iter().all(|build| build[name].is_u64()), "{name} in {builds:?}");
    }
    assert!(arm["minor_faults"]["median"].as_f64() > Some(0.0), "{arm}");
    let variant = &whole["runs"][0]["comparison"]["blocks"][1]["arms"][2];
    assert!(arm["minor_faults_ratio"].is_null() && variant["minor_faults_ratio"].is_object(), "{variant}");
}

/// Changes a bundle to what a program of format 1 would have left if it had been interrupted after `rows`
/// builds.
fn as_format_1(dir: &Path, rows: usize) {
    let manifest = dir.join("manifest.json");
    let text = fs::read_to_string(&manifest).expect("a manifest");
    let mut value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    value["format"] = 1.into();
    value["plan"]["format"] = 1.into();
    value["status"] = "interrupted".into();
    value["blocks"] = serde_json::json!([]);
    fs::write(&manifest, serde_json::to_string_pretty(&value).expect("JSON")).expect("to write it");
    let samples = dir.join("samples.csv");
    let text = fs::read_to_string(&samples).expect("samples");
    let without_new = |line: &str| {
        let fields: Vec<&str> = line.split(',').collect();
        fields[..fields.len() - 6].join(",") + "\n"
    };
    fs::write(&samples, text.lines().take(1 + rows).map(without_new).collect::<String>())
        .expect("to write them");
}

fn carries_on_format_1(lab: &Lab, dir: &Path) {
    as_format_1(dir, 8);
    let before = fs::read_to_string(dir.join("samples.csv")).expect("samples");
    assert!(before.lines().next().expect("a header").ends_with(",cache_not_cacheable"), "{before}");
    let bundle = dir.to_str().expect("UTF-8");
    lab.run(&["run", "--resume", bundle]).expect(0);
    let after = fs::read_to_string(dir.join("samples.csv")).expect("samples");
    assert!(after.starts_with(&before), "columns and rows stay as they were");
    let resumed = open(dir).expect("a bundle");
    assert_eq!((resumed.manifest.format, resumed.manifest.status), (1, Status::Complete));
    let measured = resumed.samples.iter().filter(|sample| sample.phase == Phase::Measured);
    assert!(measured.count() >= 2 * 3 * 4, "all rounds of both blocks");
    assert!(resumed.samples.iter().all(|sample| sample.visit.is_none()));

    // Its plan, passed explicitly, makes a run of format 2.
    let plan = resumed.manifest.plan.to_json().expect("JSON");
    let file = lab.write("old.json", &plan);
    lab.run(&["run", "--plan", file.to_str().expect("UTF-8")]).expect(0);
    let again = open(lab.bundles().last().expect("a second bundle")).expect("a bundle");
    assert_eq!((again.manifest.format, again.manifest.plan.format), (2, 2));
    assert_eq!(again.manifest.plan.blocks, resumed.manifest.plan.blocks);
    // A newer plan is refused by its number, and one with an unknown key by its name.
    let refused = |from: &str, to: &str| {
        let file = lab.write("new.json", &plan.replacen(from, to, 1));
        lab.run(&["run", "--plan", file.to_str().expect("UTF-8")]).expect(2).stderr
    };
    let newer = refused("\"format\": 1", "\"format\": 3");
    assert!(newer.contains("its format 3 is newer than this program's 2"), "{newer}");
    let unknown = refused("\"axes\"", "\"axles\": 2, \"axes\"");
    assert!(unknown.contains("unknown field `axles`"), "{unknown}");
}
