//! `track` and `bless`: nights of a repository, an alarm from its suspicion to its end, and what can go wrong.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::lab::slow_project::{commit, git, slow_project};
use crate::lab::{Lab, ProgramRun, entries};
use crate::sources::servers::serve_http;

trials! { "tracking";
    an_alarm_goes_from_suspicion_to_its_end: LONG.with("git"),
    nights_without_anything_new_build_the_anchors_alone: LONG.with("git"),
    what_is_the_same_as_the_anchor_has_a_series: LONG.with("git"),
    what_cannot_be_built_is_named_and_hides_nothing: LONG.with("git"),
    an_alarm_whose_runs_are_gone_can_be_resolved: ALWAYS.with("git"),
    what_is_wrong_in_a_tracking_file_is_said_at_its_place: ALWAYS.with("git"),
}

/// Head of a tracking file whose nights are short, and in which noise makes no suspicion.
const HEAD: &str = "name = \"nightly\"\nworkloads = [\"clean\"]\n[night]\nbudget = \"5m\"\nnull-every = \"1000d\"\n[sampling]\nmin-rounds = 3\nmax-rounds = 3\n[tolerance]\ndefault = \"50%\"\n";

/// Tables of a project.
fn project(repository: &str, anchor: &str, more: &str) -> String {
    format!(
        "[[project]]\n{repository}\nbranches = [\"main\"]\n{more}anchor = {{ commit = \"{anchor}\", toolchain = \"stable\" }}\n"
    )
}

fn track(lab: &Lab, args: &[&str]) -> ProgramRun {
    lab.run(&[&["track", "night.toml"], args].concat())
}

fn document(ran: &ProgramRun) -> Value {
    serde_json::from_str(&ran.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}\n{}", ran.stdout, ran.stderr))
}

/// The log.
fn log(lab: &Lab) -> PathBuf {
    let machine = entries(&lab.path("work/results")).remove(0);
    machine.join("track-nightly.jsonl")
}

/// Seven quiet nights over an address, a commit that is slower, and everything that follows.
fn an_alarm_goes_from_suspicion_to_its_end() {
    let lab = Lab::new();
    slow_project(&lab);
    let anchor = commit(&lab, 100, "anchor");
    fs::create_dir(lab.path("served")).expect("a directory");
    std::os::unix::fs::symlink(lab.path("own/.git"), lab.path("served/demo")).expect("a link");
    let address = serve_http(&lab);
    let alarm = "[on-alarm]\ncommand = [\"sh\", \"-c\", \"test -e ready && cat > alarm.json\"]\n";
    let repository = format!("repository = \"{address}\"\nname = \"own\"");
    lab.write("work/night.toml", &format!("{HEAD}{alarm}{}", project(&repository, &anchor, "")));

    let mut last = String::new();
    for night in 0..8 {
        last = commit(&lab, 100, &format!("night {night}"));
        // A busy machine can make a comparison invalid, so that a night has no value.
        let ran = track(&lab, &["--json"]).expect(0);
        assert_eq!(document(&ran)["new"].as_array().map(Vec::len), Some(1), "{}", ran.stdout);
    }
    let slow = commit(&lab, 1500, "make it slow");
    let mut ran = track(&lab, &["--json"]);
    for night in 0..5 {
        // Comparisons can be invalid on a busy machine: another night, another look.
        if ran.code == Some(6) {
            break;
        }
        commit(&lab, 1500, &format!("as slow {night}"));
        ran = track(&lab, &["--json"]);
    }
    // The command for alarms failed, and a regression goes first.
    let ran = ran.expect(6);
    let said = document(&ran);
    let raised = &said["raised"][0];
    assert_eq!(
        (&raised["series"]["variant"], &raised["from"]),
        (&"branch=main".into(), &last.as_str().into()),
        "{said}"
    );
    assert!(raised["change"]["low"].as_f64().is_some_and(|low| low > 1.5), "{said}");
    assert_eq!(raised["commits"][0]["id"], slow.as_str(), "the first commit after the old one");
    let remarks = said["remarks"].to_string();
    assert!(remarks.contains("did not accept alarm 1") && remarks.contains("exit code 1"), "{remarks}");
    let page = lab.path("work").join(said["pages"][0].as_str().expect("a page"));
    let page = fs::read_to_string(page).expect("a page");
    assert!(page.contains("Alarm 1 of nightly, open since ") && page.contains(">alarm 1</text>"), "{page}");

    // The next night hands it over again, and it counts once.
    lab.write("work/ready", "");
    let ran = track(&lab, &[]).expect(0);
    assert!(
        ran.stdout.contains("alarm: 1 open since") && ran.stdout.contains("result: no new alarm"),
        "{}",
        ran.stdout
    );
    let handed: Value =
        serde_json::from_str(&fs::read_to_string(lab.path("work/alarm.json")).expect("it was handed over"))
            .expect("a document");
    assert_eq!((&handed["alarm"], &handed["commits"][0]["subject"]), (&1.into(), &"make it slow".into()));

    let bless = |args: &[&str]| {
        lab.run(&[&["bless", "night.toml", "--alarm", "1", "--reason", "worth it"], args].concat())
    };
    bless(&["--acknowledge"]).expect(0);
    let status = track(&lab, &["--status"]).expect(0);
    assert!(status.stdout.contains("1 acknowledged since"), "{}", status.stdout);
    let accepted = bless(&[]).expect(0);
    assert!(accepted.stdout.contains("alarm 1: resolved"), "{}", accepted.stdout);
    assert!(bless(&[]).expect(2).stderr.contains("alarm 1 is resolved already"));
    assert!(track(&lab, &["--status"]).expect(0).stdout.contains("no alarm is open"));

    // The log says all of it, and the history has its series and no second looks.
    let log = fs::read_to_string(log(&lab)).expect("the log");
    for event in ["suspected", "looked", "delivered", "acknowledged", "blessed", "resolved"] {
        assert!(log.contains(&format!("\"event\":\"{event}\"")), "{event}: {log}");
    }
    let history = document(&lab.run(&["history", "--json"]).expect(0));
    let variants: Vec<&str> = history["series"]
        .as_array()
        .expect("series")
        .iter()
        .filter_map(|one| one["variant"].as_str())
        .collect();
    assert!(variants.contains(&"branch=main") && variants.len() == 2, "{variants:?}");
    let marked = history["series"].as_array().expect("series").iter().find(|one| one["quantity"] == "ratio");
    let marks = marked.and_then(|one| one["marks"].as_array()).expect("marks");
    let said: Vec<[&Value; 3]> =
        marks.iter().map(|mark| ["kind", "state", "reason"].map(|key| &mark[key])).collect();
    assert_eq!(
        said,
        [
            [&"alarm".into(), &"resolved".into(), &"accepted: worth it".into()],
            [&"accepted".into(), &Value::Null, &"worth it".into()]
        ]
    );
    assert_eq!(marks[0]["shown_at"], raised["run"], "{history}");
}

fn nights_without_anything_new_build_the_anchors_alone() {
    let lab = Lab::new();
    slow_project(&lab);
    let anchor = commit(&lab, 10, "anchor");
    commit(&lab, 10, "one");
    let own = project("project = \"../own\"", &anchor, "linkers = [\"mold\"]\n");
    lab.write("work/night.toml", &format!("{HEAD}{own}"));
    let first = document(&track(&lab, &["--json"]).expect(0));
    assert_eq!((&first["null_night"], &first["too_short"]), (&false.into(), &2.into()), "{first}");
    let again = document(&track(&lab, &["--json"]).expect(0));
    assert_eq!((&again["run"], &again["outcome"]), (&Value::Null, &"passed".into()), "{again}");
    lab.write("work/night.toml", &format!("{HEAD}{own}").replace("1000d", "1ms"));
    let null = document(&track(&lab, &["--json"]).expect(0));
    assert_eq!(null["null_night"], true, "{null}");
    let runs: Vec<PathBuf> = lab.bundles().into_iter().filter(|path| path.is_dir()).collect();
    let manifest = bench_runner_core::bundle::read_manifest(runs.last().expect("runs")).expect("a manifest");
    let arms: Vec<&str> = manifest.plan.blocks[0].arms.iter().map(|arm| arm.variant.name.as_str()).collect();
    assert!(arms.len() == 2 && arms[0] == arms[1] && arms[0].starts_with("anchor "), "{arms:?}");
    let anyway = document(&track(&lab, &["--json", "--anyway"]).expect(0));
    assert_eq!(anyway["null_night"], false, "{anyway}");
}

/// `toolchain = "stable"` and a branch at the anchor's commit: the control gives both a value.
fn what_is_the_same_as_the_anchor_has_a_series() {
    let lab = Lab::new();
    slow_project(&lab);
    let anchor = commit(&lab, 10, "anchor");
    let own = project("project = \"../own\"", &anchor, "toolchains = [\"stable\"]\n");
    lab.write("work/night.toml", &format!("{HEAD}{own}"));
    let first = document(&track(&lab, &["--json"]).expect(0));
    assert_eq!((&first["null_night"], &first["too_short"]), (&false.into(), &2.into()), "{first}");
    assert_eq!(first["remarks"], Value::Array(Vec::new()), "{first}");
    // A night in which one of them has moved goes on with both series.
    commit(&lab, 10, "one");
    let second = document(&track(&lab, &["--json"]).expect(0));
    assert_eq!(
        (second["new"].as_array().map(Vec::len), &second["too_short"]),
        (Some(1), &2.into()),
        "{second}"
    );
    let history = document(&lab.run(&["history", "--json"]).expect(0));
    let ratios: Vec<(&str, usize)> = history["series"]
        .as_array()
        .expect("series")
        .iter()
        .filter(|one| one["quantity"] == "ratio")
        .map(|one| {
            (one["variant"].as_str().unwrap_or_default(), one["points"].as_array().map_or(0, Vec::len))
        })
        .collect();
    assert_eq!(ratios, [("branch=main", 2), ("toolchain=stable", 2)], "{history}");
}

fn what_cannot_be_built_is_named_and_hides_nothing() {
    let lab = Lab::new();
    slow_project(&lab);
    let anchor = commit(&lab, 10, "anchor");
    commit(&lab, 10, "one");
    let own = project("project = \"../own\"", &anchor, "toolchains = [\"not-installed\"]\n")
        .replace("\"main\"", "\"main\", \"none\"");
    let far = project("repository = \"http://127.0.0.1:9/none\"\nname = \"far\"", &anchor, "");
    lab.write("work/night.toml", &format!("{HEAD}{own}{far}"));
    let said = document(&track(&lab, &["--json"]).expect(3));
    let remarks = said["remarks"].to_string();
    for wanted in
        ["branch `none` is left out", "toolchain `not-installed` is left out", "a project is left out"]
    {
        assert!(remarks.contains(wanted), "{wanted}: {remarks}");
    }
    assert_eq!(said["new"].as_array().map(Vec::len), Some(1), "{said}");

    // A rewritten branch, a damaged and a cut line of the log, a broken run.
    lab.write("work/night.toml", &format!("{HEAD}{}", project("project = \"../own\"", &anchor, "")));
    git(&lab, &["reset", "-q", "--hard", "HEAD~1"]);
    commit(&lab, 11, "instead of one");
    let path = log(&lab);
    let before = format!("{}nonsense\n{{\"version\":1", fs::read_to_string(&path).expect("the log"));
    fs::write(&path, &before).expect("it can be written");
    let broken = lab.bundles().into_iter().find(|path| path.is_dir()).expect("a run");
    fs::write(broken.join("manifest.json"), "{").expect("it can be written");
    let said = document(&track(&lab, &["--json"]).expect(0));
    let remarks = said["remarks"].to_string();
    for wanted in ["was rewritten", "line 2 is left out", "line 3 is left out", "left out: "] {
        assert!(remarks.contains(wanted), "{wanted}: {remarks}");
    }
    let after = fs::read_to_string(&path).expect("the log");
    assert!(after.starts_with(&before), "nothing recorded was changed: {after}");
    assert_eq!(after.matches("\"event\":\"night\"").count(), 2, "{after}");
}

/// Without its runs, nothing can be accepted as the level of the series.
fn an_alarm_whose_runs_are_gone_can_be_resolved() {
    let lab = Lab::new();
    slow_project(&lab);
    let anchor = commit(&lab, 10, "anchor");
    lab.write("work/night.toml", &format!("{HEAD}{}", project("project = \"../own\"", &anchor, "")));
    let bless = || lab.run(&["bless", "night.toml", "--alarm", "1", "--reason", "the runs were deleted"]);
    assert!(bless().expect(2).stderr.contains("there is no alarm 1"));
    let series = r#"{"project":"own","workload":"clean","variant":"branch=main","metric":"wall"}"#;
    let value = r#"{"value":0.1,"se":0.01,"df":9.0}"#;
    let head = r#"{"version":1,"at":"2026-03-01T02:00:00Z","event":"#;
    let suspected = format!(
        r#"{head}"suspected","number":1,"series":{series},"kind":"step","run":"b","before_run":"a","from":"1","to":"2","change":{value},"level":{value},"noise":0.01,"contributions":[]}}"#
    );
    let looked = format!(
        r#"{head}"looked","suspicion":1,"run":"c","outcome":"confirmed","change":{value},"alarm":1}}"#
    );
    fs::write(log(&lab), format!("{suspected}\n{looked}\n")).expect("the log is written");
    assert!(track(&lab, &["--status"]).expect(0).stdout.contains("1 open since"));
    let resolved = bless().expect(0);
    assert!(resolved.stdout.contains("alarm 1: resolved; "), "{}", resolved.stdout);
    assert!(track(&lab, &["--status"]).expect(0).stdout.contains("no alarm is open"));
}

fn what_is_wrong_in_a_tracking_file_is_said_at_its_place() {
    let lab = Lab::new();
    slow_project(&lab);
    let anchor = commit(&lab, 10, "anchor");
    let own = |more: &str| project("project = \"../own\"", &anchor, more);
    let refused = |text: &str, wanted: &str| {
        lab.write("work/night.toml", text);
        let said = track(&lab, &["--offline"]).expect(2).stderr;
        assert!(said.contains(wanted), "{wanted}: {said}");
    };
    refused(
        &format!("{HEAD}{}", own("toolchain = [\"x\"]\n")),
        "night.toml:14:1: `project[0]` has no key `toolchain`",
    );
    refused(&own("").replace("stable", "none-such"), "the key `name`");
    refused(&format!("{HEAD}{}", own("").replace("stable", "none-such")), "none-such");
    let varies = HEAD.replace("workloads = [\"clean\"]", "scenario = \"linkers\"");
    let varies = format!("{}{}", varies.split("[sampling]").next().unwrap_or_default(), own(""));
    refused(&varies, "the scenario `linkers` varies `linker`");
    lab.write("work/none.toml", "");
    let missing = lab.run(&["track", "tracks/none.toml"]).expect(2).stderr;
    assert!(missing.contains("cannot read tracks/none.toml") && missing.contains("help: "), "{missing}");
    lab.write("work/night.toml", &format!("{HEAD}{}", own("")));
    let none = lab.run(&["bless", "night.toml", "--all", "--reason", "x"]).expect(2).stderr;
    assert!(none.contains("no series fits") && none.contains("there are none yet"), "{none}");
}
