//! Several runs, on real processes: side by side, reproduced, used for decisions.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::lab::{Lab, ProgramRun};

trials! { "together";
    two_machines_stand_side_by_side: LONG,
    a_run_is_made_again_and_judged,
    a_local_tree_is_needed_to_make_its_run_again,
    classes_decide_by_a_rule,
    what_cannot_be_put_together_is_said: LONG,
}

/// Runs a toy on the machine with this label. Returns the new bundle.
fn measured(lab: &Lab, machine: &str, more: &[&str]) -> PathBuf {
    let before = lab.bundles();
    let args = [&["run", "--project", "toy", "--axis", "env.X=2,6", "--rounds", "6"], more].concat();
    on(lab, machine, &args).expect(0);
    lab.bundles().into_iter().find(|bundle| !before.contains(bundle)).expect("a new bundle")
}

fn on(lab: &Lab, machine: &str, args: &[&str]) -> ProgramRun {
    lab.command(args).env("BENCH_RUNNER_MACHINE", machine).output().expect("the program").into()
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

fn two_machines_stand_side_by_side() {
    let lab = Lab::new();
    lab.toy("sleep 0.0$X", "");
    let (one, other) = (measured(&lab, "one", &[]), measured(&lab, "other", &[]));
    let (one, other) = (text(&one), text(&other));
    let says = lab.run(&["compare", one, other]).expect(0).stdout;
    for part in ["side by side", "  A: one, ", "  B: other, ", "env.X=6", "only ratios are compared"] {
        assert!(says.contains(part), "{part}: {says}");
    }
    let document = json(&lab.run(&["compare", "--json", one, other]).expect(0).stdout);
    assert_eq!(document.as_array().map(Vec::len), Some(3));
    assert_eq!(document[0]["bundle"], one);
    assert_eq!(document[2]["together"]["machines"][1]["name"], "other");
    // There is no side-by-side view of a single bundle.
    assert_eq!(
        json(&lab.run(&["compare", "--json", one]).expect(0).stdout).as_array().map(Vec::len),
        Some(1)
    );

    let document = json(&lab.run(&["report", "--json", one, other]).expect(0).stdout);
    let plots = PathBuf::from(document[2]["plots"].as_str().expect("a directory"));
    assert!(
        plots.file_name().is_some_and(|name| name.to_string_lossy().starts_with("together-")),
        "{plots:?}"
    );
    let page = fs::read_to_string(plots.join("report.html")).expect("a page");
    assert!(page.contains("one") && page.contains("env.X=6"));
    assert!(plots.join("heat-custom-toy-clean.svg").is_file());
    assert!(plots.join("machines-custom-toy-clean-slide.png").is_file());

    // The same bundle twice counts once.
    let document = json(&lab.run(&["compare", "--json", one, one]).expect(0).stdout);
    let remarks = document[2]["together"]["remarks"].to_string();
    assert!(remarks.contains("was given more than once and counts once"), "{remarks}");
}

/// A verdict may or may not be confirmed, depending on the machine that runs the test; the exit code must match the
/// result in either case.
fn a_run_is_made_again_and_judged() {
    let lab = Lab::new();
    lab.toy("sleep 0.0$X", "");
    let first = measured(&lab, "one", &["--seed", "7"]);
    let ran = on(&lab, "other", &["reproduce", "--json", text(&first)]);
    let document = json(&ran.stdout);
    let code = match document["comparisons"][0]["outcome"].as_str() {
        Some("confirmed") => 0,
        Some("contradicted") => 7,
        _ => 5,
    };
    assert_eq!(ran.code, Some(code), "{}\n{}", ran.stdout, ran.stderr);
    let second = PathBuf::from(document["again_bundle"].as_str().expect("a bundle"));
    let plan = |bundle: &Path| bench_runner_core::bundle::read_manifest(bundle).expect("a manifest").plan;
    assert_eq!(plan(&lab.path("work").join(&second)), plan(&first));
    assert_eq!(
        (&document["same_machine"], &document["differences"]),
        (&false.into(), &Value::Array(Vec::new()))
    );
    let page = document["page"].as_str().expect("a page");
    assert!(lab.path("work").join(page).is_file(), "{page}");

    // The same from the files alone.
    let args = ["reproduce", text(&first), "--against", text(&second)];
    let says = lab.run(&args).expect(code).stdout;
    assert!(says.contains("They were made on different machines.") && says.contains("env.X=6"), "{says}");
    let judged = json(&lab.run(&[&args[..], &["--json"]].concat()).expect(code).stdout);
    assert_eq!(judged["comparisons"], document["comparisons"]);
    let stderr = lab.run(&["reproduce", text(&first), "--against", text(&first)]).expect(2).stderr;
    assert!(stderr.contains("are the same run"), "{stderr}");
    let ran = lab.run(&["reproduce", text(&first), "--against", text(&second), "--seed", "3"]);
    assert!(ran.expect(2).stderr.contains("--seed"));
}

fn a_local_tree_is_needed_to_make_its_run_again() {
    let lab = Lab::new();
    lab.toy("sleep 0.0$X", "");
    let first = measured(&lab, "one", &[]);
    lab.toy("sleep 0.01", "");
    let cache = lab.path("empty");
    let ran = lab.run(&["reproduce", text(&first), "--cache-dir", text(&cache)]).expect(2);
    assert!(ran.stderr.contains("`toy` is a local tree (tree:sha256:"), "{}", ran.stderr);
    assert!(ran.stderr.contains("help: bring the same tree to the same place"), "{}", ran.stderr);
    assert_eq!(lab.bundles().len(), 1, "something was measured");
    fs::remove_dir_all(lab.path("toy")).expect("to remove it");
    let ran = lab.run(&["reproduce", text(&first), "--cache-dir", text(&cache)]).expect(2);
    assert!(ran.stderr.contains("`toy` is a local tree"), "{}", ran.stderr);
}

fn classes_decide_by_a_rule() {
    let lab = Lab::new();
    lab.toy("sleep 0.0$X", "");
    let bundle = measured(&lab, "one", &["--baseline", "env.X=6"]);
    let ran = lab.run(&["decide", text(&bundle), "--per-day", "clean=1000", "--json"]);
    let document = json(&ran.stdout);
    let class = &document["questions"][0]["classes"][0];
    let known = class["decision"] != "not known";
    assert_eq!(ran.code, Some(if known { 0 } else { 5 }), "{}", ran.stdout);
    assert_eq!(class["candidates"][0]["variant"], "env.X=2");
    if class["decision"] == "switch" {
        assert_eq!(document["roll_out"][0]["settings"], "env.X=2");
    }
    let says = lab.run(&["decide", text(&bundle), "--per-day", "clean=1000"]).stdout;
    assert!(says.contains("switch from env.X=6 to another variant?"), "{says}");
    for (per_day, said) in [
        ("test=3", "no bundle has the workload `test`\nhelp: they have clean"),
        ("clean=3,clean=4", "the workload `clean` is given twice"),
        ("clean", "expected WORKLOAD=BUILDS"),
    ] {
        let stderr = lab.run(&["decide", text(&bundle), "--per-day", per_day]).expect(2).stderr;
        assert!(stderr.contains(said), "{per_day}: {stderr}");
    }
    assert!(lab.run(&["decide", text(&bundle)]).expect(2).stderr.contains("--per-day"));
}

fn what_cannot_be_put_together_is_said() {
    let lab = Lab::new();
    lab.toy("sleep 0.0$X", "");
    let one = measured(&lab, "one", &[]);
    let one_text = text(&one);
    for args in [
        &["compare", one_text, "nowhere"][..],
        &["report", one_text, "nowhere"],
        &["reproduce", one_text, "--against", "nowhere"],
        &["decide", one_text, "nowhere", "--per-day", "clean=1"],
    ] {
        let stderr = lab.run(args).expect(2).stderr;
        assert!(stderr.contains("nowhere is not a bundle"), "{args:?}: {stderr}");
    }
    let copied = |name: &str, change: &dyn Fn(String) -> String| -> PathBuf {
        let dir = lab.path(name);
        fs::create_dir_all(&dir).expect("a directory");
        for file in ["manifest.json", "samples.csv", "proofs.csv"] {
            let text = fs::read_to_string(one.join(file)).expect("a file");
            let text = if file == "manifest.json" { change(text) } else { text };
            fs::write(dir.join(file), text).expect("to write it");
        }
        dir
    };
    let newer = copied("newer", &|text| text.replacen("\"format\": 2", "\"format\": 3", 1));
    let stderr = lab.run(&["compare", text(&one), text(&newer)]).expect(2).stderr;
    assert!(stderr.contains("has format 3"), "{stderr}");
    let label =
        copied("label", &|text| text.replace("\"directory\": \"one\"", "\"directory\": \"<b>one</b>\""));
    let stderr = lab.run(&["compare", text(&one), text(&label)]).expect(1).stderr;
    assert!(stderr.contains("`<b>one</b>` is not a name of a run or a machine"), "{stderr}");
    // An empty run, with markup in the summary of its machine.
    let empty = copied("empty", &|text| {
        let mut manifest = json(&text);
        manifest["plan"]["blocks"] = Value::Array(Vec::new());
        manifest["machine"]["summary"] = "<script>alert(1)</script>".into();
        (manifest["machine"]["directory"], manifest["machine"]["instance"]) = ("two".into(), "two".into());
        manifest.to_string()
    });
    let header = fs::read_to_string(empty.join("samples.csv")).expect("samples");
    let header: String = header.lines().take(1).map(|line| format!("{line}\n")).collect();
    fs::write(empty.join("samples.csv"), header).expect("to write them");
    let ran = lab.run(&["report", "--json", text(&one), text(&empty)]).expect(0);
    let document = json(&ran.stdout);
    assert_eq!(document[2]["together"]["refused"][0]["reason"], "no other run has this comparison");
    let page =
        fs::read_to_string(PathBuf::from(document[2]["plots"].as_str().expect("plots")).join("report.html"));
    let page = page.expect("a page");
    assert!(page.contains("&lt;script&gt;alert(1)") && !page.contains("<script>alert(1)"));
    // The runs have nothing in common, so nothing can be said about the first one; the other way round
    // nothing was claimed.
    let ran = lab.run(&["reproduce", text(&one), "--against", text(&empty)]).expect(2);
    assert!(
        ran.stderr
            .contains("the second run does not have this comparison\nhelp: name a run of the same plan"),
        "{}",
        ran.stderr
    );
    let ran = lab.run(&["reproduce", text(&empty), "--against", text(&one)]).expect(5);
    assert!(ran.stdout.contains("there is nothing to confirm"), "{}", ran.stdout);
    let stderr = lab.run(&["reproduce", text(&empty)]).expect(2).stderr;
    assert!(stderr.ends_with("there is nothing to measure: the plan has no comparison\n"), "{stderr}");
    let other = copied("other", &|text| {
        let mut manifest = json(&text);
        manifest["jobs"] = 99.into();
        manifest["machine"]["instance"] = "four".into();
        manifest.to_string()
    });
    let says = lab.run(&["reproduce", text(&one), "--against", text(&other)]).stdout;
    assert!(says.contains("differs: parallel jobs: ") && says.contains(", 99 in the second"), "{says}");
    let half = copied("half", &|text| text[..text.len() / 2].to_owned());
    let stderr = lab.run(&["reproduce", text(&one), "--against", text(&half)]).expect(1).stderr;
    assert!(stderr.contains("it ends in the middle: the file was cut short"), "{stderr}");
    // Truncated samples are read as far as possible.
    let cut = copied("cut", &|text| text.replace("\"one\"", "\"three\""));
    let samples = fs::read_to_string(cut.join("samples.csv")).expect("samples");
    fs::write(cut.join("samples.csv"), &samples[..samples.len() - 9]).expect("to write them");
    let ran = lab.run(&["compare", text(&one), text(&cut)]).expect(0);
    assert!(ran.stderr.contains("was cut short") && ran.stdout.contains("side by side"), "{}", ran.stderr);
}
