//! The history page with alarms and accepted levels, in a real browser.

use std::fs;
use std::path::{Path, PathBuf};

use super::{VIEWS, WIDE, browser::Browser, texts};
use crate::lab::{Lab, entries};

trials! { "page::history";
    marks_are_told_by_pointer_and_by_keyboard: ALWAYS.with(super::PROGRAM),
    labels_are_apart_and_nothing_reaches_beyond: LONG.with(super::PROGRAM),
    series_with_alarms_are_chosen: LONG.with(super::PROGRAM),
}

/// The machine whose log has an alarm.
const MACHINE: &str = "amd-epyc-2c2t-24g-x86_64-linux-v1-a4f6-22056c66";

const ALARM: &str = "{\"version\":1,\"at\":\"2026-12-01T04:00:00Z\",\"event\":\"looked\",\"suspicion\":1,\"run\":\"x\",\"outcome\":\"confirmed\",\"change\":{\"value\":0.1,\"se\":0.01,\"df\":9.0},\"alarm\":2}\n";

/// A reason that needs escaping.
const REASON: &str = "known </script> & <b>so</b>";

/// The page of a copy of the machine, whose log has `more` lines.
fn page(lab: &Lab, more: &str) -> PathBuf {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("results").join(MACHINE);
    let to = lab.path("work/results").join(MACHINE);
    fs::create_dir_all(&to).expect("a directory");
    for file in entries(&from).iter().filter(|file| file.is_file()) {
        fs::copy(file, to.join(file.file_name().expect("a name"))).expect("a copy");
    }
    let log = to.join("track-semver-nightly.jsonl");
    let text = fs::read_to_string(&log).expect("a log") + more;
    fs::write(&log, text).expect("it can be written");
    lab.run(&["history"]).expect(0);
    lab.path("work/plots").join(format!("history-{MACHINE}/history.html"))
}

/// Another alarm at the place of the first, which is acknowledged, and its level, which is accepted.
fn several_marks() -> String {
    let known = format!(
        "{{\"version\":1,\"at\":\"2026-12-01T05:00:00Z\",\"event\":\"acknowledged\",\"alarm\":1,\"reason\":\"{REASON}\"}}\n"
    );
    let accepted = "{\"version\":1,\"at\":\"2026-12-01T06:00:00Z\",\"event\":\"blessed\",\"series\":{\"project\":\"semver\",\"workload\":\"clean\",\"variant\":\"branch=master\",\"metric\":\"wall\"},\"run\":\"20261201T021319Z-semver-nightly-fe761b\",\"reason\":\"worth it\"}\n";
    format!("{ALARM}{known}{accepted}")
}

fn marks_are_told_by_pointer_and_by_keyboard() {
    let lab = Lab::new();
    let file = page(&lab, &several_marks());
    let mut browser = Browser::start();
    browser.open(&file, WIDE);
    browser.evaluate(include_str!("probe.js"));
    assert_eq!(browser.complaints(&file), Vec::<String>::new());
    // The series with an alarm is the first.
    let tips = browser.evaluate("probe.tips(0, 0)");
    let all = texts(&tips["texts"]);
    let place = |wanted: &str| all.iter().position(|text| text.contains(wanted)).expect("a mark's tooltip");
    let (alarms, accepted) = (place("alarm 1 of semver-nightly"), place("level accepted on"));
    assert_eq!(
        (all.len(), alarms, accepted),
        (12, 10, 11),
        "ten nights, then the marks of the last: {all:?}"
    );
    assert!(
        all[alarms].contains(&format!("acknowledged ({REASON})"))
            && all[alarms].contains("\nalarm 2 of semver-nightly, open since 2026-12-01: 1.105× as long"),
        "{}",
        all[alarms]
    );
    assert!(all[accepted].ends_with("in semver-nightly: worth it"), "{}", all[accepted]);
    for at in [alarms, accepted] {
        let tip = browser.evaluate(&format!("probe.tips(0, {at})"));
        browser.pointer(tip["x"].as_f64().expect("a place"), tip["y"].as_f64().expect("a place"), false);
        let told = browser.evaluate("probe.told(0)");
        assert_eq!((&told["text"], &told["inside"]), (&all[at].as_str().into(), &true.into()));
    }
    browser.evaluate("probe.focus(0)");
    for (key, at) in [("End", accepted), ("ArrowLeft", alarms), ("ArrowLeft", alarms - 1)] {
        browser.key(key);
        assert_eq!(browser.evaluate("probe.told(0)")["text"], all[at].as_str(), "{key}");
    }
    // Screen readers have the description, and everybody the table.
    let described = browser.evaluate("document.querySelector('figure svg desc').textContent");
    let rows =
        browser.evaluate("[...document.querySelectorAll('#alarms tbody tr')].map((row) => row.textContent)");
    let rows = texts(&rows);
    assert_eq!(rows.len(), 3, "{rows:?}");
    for wanted in [format!("acknowledged ({REASON})"), "worth it".to_owned(), "Alarm 2 of".to_owned()] {
        assert!(described.as_str().is_some_and(|text| text.contains(&wanted)), "{wanted}: {described}");
        assert!(rows.iter().any(|row| row.contains(&wanted)), "{wanted}: {rows:?}");
    }
}

fn labels_are_apart_and_nothing_reaches_beyond() {
    let lab = Lab::new();
    let mut browser = Browser::start();
    for more in [String::new(), several_marks()] {
        let file = page(&lab, &more);
        for view in VIEWS {
            browser.open(&file, view);
            browser.evaluate(include_str!("probe.js"));
            let found = browser.evaluate("probe.labels()");
            assert_eq!(texts(&found), Vec::<String>::new(), "{view:?}");
            assert_eq!(texts(&browser.evaluate("probe.structure()")), Vec::<String>::new(), "{view:?}");
            let width = browser.evaluate("probe.width()");
            assert_eq!(texts(&width["beyond"]), Vec::<String>::new(), "{view:?}");
            let contrast = browser.evaluate("probe.contrast()");
            assert_eq!(texts(&contrast["wrong"]), Vec::<String>::new(), "{view:?}");
        }
    }
}

fn series_with_alarms_are_chosen() {
    let lab = Lab::new();
    let file = page(&lab, "");
    let mut browser = Browser::start();
    browser.open(&file, WIDE);
    browser.evaluate(include_str!("probe.js"));
    let shown = |browser: &mut Browser, wanted: &str| {
        browser.evaluate(&format!(
            "(([, which]) => {{ which.value = '{wanted}'; which.dispatchEvent(new Event('input')); }})(document.querySelectorAll('.history-controls input, .history-controls select')),
             [...document.querySelectorAll('.series')].filter((one) => !one.hidden).length"
        ))
    };
    assert_eq!(shown(&mut browser, ""), 4);
    assert_eq!(shown(&mut browser, "alarmed"), 1);
    assert_eq!(shown(&mut browser, "changed"), 0);
}
