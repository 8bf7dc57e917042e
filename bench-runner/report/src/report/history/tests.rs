//! Text, JSON and page of a history with and without marks.

use std::sync::Arc;

use bench_runner_core::history::{TimeSeries, judge};
use bench_runner_core::stats::UncertainValue;
use bench_runner_core::tracking::{TrackLog, marks_of};
use expect_test::expect;

use super::*;

fn runs() -> Vec<HistoryRun> {
    let run = |at: usize| HistoryRun {
        run: format!("run-{at:02}"),
        machine: "machine-a".into(),
        started_at: format!("2026-03-{:02}T02:00:00Z", at + 1),
        origin: None,
        facts: Arc::new([("rustc".to_owned(), if at < 12 { "1.94.0" } else { "1.95.0" }.to_owned())].into()),
    };
    (0..20).map(run).collect()
}

fn series(quantity: Quantity, count: usize) -> TimeSeries {
    let key = SeriesKey {
        machine: "machine-a".into(),
        project: "hexyl".into(),
        workload: "clean".into(),
        variant: "main".into(),
        baseline: "anchor".into(),
        fixed: String::new(),
        metric: "wall".into(),
        quantity,
    };
    // A fixed pattern in place of noise.
    let wave = |at: usize| 0.01 * ((at * at * 7 % 11) as f64 / 5.0 - 1.0);
    let point = |at: usize| {
        let level = if at >= 12 { 0.08 } else { 0.0 };
        let value = UncertainValue { value: level + wave(at), se: 0.006, df: 9.0 };
        HistoryPoint { commit: None, compiler: None, value, median: Some(2.5), rounds: 10, invalid: at == 3 }
    };
    TimeSeries { key, runs: (0..count).collect(), points: (0..count).map(point).collect() }
}

#[test]
fn a_change_is_said_with_what_changed_then() {
    let runs = runs();
    let history = judge(vec![series(Quantity::Ratio, 20), series(Quantity::Seconds, 4)]);
    let refs: Vec<&HistoryRun> = runs.iter().collect();
    let report = HistoryReport { history: &history, runs: &refs, marks: &[], order: HistoryOrder::Time };
    expect![[r#"
        machine-a
          series                                  runs  course                 latest  last change
          hexyl: full build: main against anchor    20  ▁▂▂▂▁▂▂▁▂▂▂▁█▇█▇██▇█   1.090×  +8.6% on 2026-03-13
          hexyl: full build: time of anchor          4  ▁▇▆█                  1.006 s  too few runs
          changed: hexyl: full build: main against anchor: +8.6% (+7.9 to +9.4%) with run-12; then
            changed: rustc (1.94.0 → 1.95.0)

        judged: 1 series, of which 1 changed; 1 with fewer than 6 runs are too short to be judged; of the
          series that changed, at most 5% are expected to have done so by chance, if values scatter
          independently
    "#]]
    .assert_eq(&history_text(&report, TextStyle::default()));
    let ascii = history_text(&report, TextStyle { ascii: true, ..TextStyle::default() });
    assert!(ascii.is_ascii(), "{ascii}");
    let document = history_json(&report);
    assert_eq!(document["series"][0]["changes"][0]["run"], "run-12");
    assert_eq!(document["series"][0]["points"].as_array().unwrap().len(), 20);
    assert_eq!(document["series"][0]["events"][0]["fact"], "rustc");
    let csv = history_csv(&report).unwrap();
    assert_eq!(csv.lines().count(), 25);
}

/// Lines of a log with the numbers of its alarms, the run of each and its metric.
fn log(alarms: &[(u32, &str, &str)], more: &str) -> TrackLog {
    let lines = alarms.iter().map(|(number, run, metric)| {
        let at = r#""version":1,"at":"2026-03-13T02:30:00Z""#;
        let change = r#"{"value":0.1,"se":0.01,"df":9.0}"#;
        let series =
            format!(r#"{{"project":"hexyl","workload":"clean","variant":"main","metric":"{metric}"}}"#);
        let states = format!(r#""from":"{}","to":"{}""#, "a".repeat(40), "b".repeat(40));
        format!(
            r#"{{{at},"event":"suspected","number":{number},"series":{series},"kind":"step","run":"{run}","before_run":"run-11",{states},"change":{change},"level":{change},"noise":0.01,"contributions":[]}}
{{{at},"event":"looked","suspicion":{number},"run":"x","outcome":"confirmed","change":{change},"alarm":{number}}}
"#
        )
    });
    let parsed = TrackLog::parse(&(lines.collect::<String>() + more));
    assert_eq!(parsed.remarks, Vec::<String>::new());
    parsed.log
}

const ACCEPTED: &str = r#"{"version":1,"at":"2026-03-14T09:00:00Z","event":"acknowledged","alarm":2,"reason":"known"}
{"version":1,"at":"2026-03-15T09:00:00Z","event":"blessed","series":{"project":"hexyl","workload":"clean","variant":"main","metric":"wall"},"run":"run-12","reason":"worth <it>"}
{"version":1,"at":"2026-03-15T09:00:00Z","event":"resolved","alarm":1,"reason":"accepted: worth <it>"}
"#;

#[test]
fn alarms_are_said_everywhere_and_hide_nothing() {
    let runs = runs();
    let history = judge(vec![series(Quantity::Ratio, 20), series(Quantity::Seconds, 1)]);
    let refs: Vec<&HistoryRun> = runs.iter().collect();
    // Two at one place, and one of a metric that is not shown.
    let alarms = [(1, "run-12", "wall"), (2, "run-12", "wall"), (3, "run-13", "cpu")];
    let marks = marks_of("machine-a", "nightly", &log(&alarms, ACCEPTED));
    let report = HistoryReport { history: &history, runs: &refs, marks: &marks, order: HistoryOrder::Time };
    expect![[r#"
        machine-a
          series                                  runs  course                latest  last change
          hexyl: full build: main against anchor    20  ▁▂▂▂▁▂▂▁▂▂▂▁█▇█▇██▇█  1.090×  +8.6% on 2026-03-13
          1 series has a single run so far, which is not a history yet
          alarm 2 of nightly, raised on 2026-03-13 and acknowledged (known): hexyl: full build: main:
            1.105× as long (1.080–1.130×; +10.5%) from aaaaaaaaaa to bbbbbbbbbb
          1 alarm of nightly that is not resolved belongs to a series not shown here
          changed: hexyl: full build: main against anchor: +8.6% (+7.9 to +9.4%) with run-12; then
            changed: rustc (1.94.0 → 1.95.0)

        judged: 1 series, of which 1 changed; 1 with fewer than 6 runs are too short to be judged; of the
          series that changed, at most 5% are expected to have done so by chance, if values scatter
          independently
    "#]]
    .assert_eq(&history_text(&report, TextStyle::default()));

    let document = history_json(&report);
    let of_series = &document["series"][0]["marks"];
    let said = |at: usize| {
        let texts = ["kind", "alarm", "state", "reason", "shown_at"].map(|key| &of_series[at][key]);
        texts.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned)).join("; ")
    };
    assert_eq!(said(0), "alarm; 1; resolved; accepted: worth <it>; run-12");
    assert_eq!(said(1), "alarm; 2; acknowledged; known; run-12");
    assert_eq!(said(2), "accepted; null; null; worth <it>; run-12");
    assert_eq!(document["other_marks"][0]["series"]["metric"], "cpu");
    assert_eq!(document["series"][1]["marks"].as_array().unwrap().len(), 0);

    let page = history_page(&report, "machine-a");
    for wanted in [
        ">alarms 1, 2</text>",
        ">accepted</text>",
        "Alarm 2 of nightly, raised on 2026-03-13 and acknowledged (known)",
        "in nightly: worth &lt;it&gt;",
        r"alarm 1 of nightly, raised on 2026-03-13 and resolved (accepted: worth \u003cit>): 1.105× as long (1.080–1.130×; +10.5%) from aaaaaaaaaa to bbbbbbbbbb\nalarm 2 of",
        "1 series has a single run so far",
        "those with an alarm that is not resolved",
        "<dt>diamond</dt>",
        "<dt>square</dt>",
    ] {
        assert!(page.contains(wanted), "{wanted}: {}", &page[page.find("<body>").unwrap()..]);
    }
    assert!(!page.contains("<it>"));
}

#[test]
fn nothing_is_said_of_alarms_where_there_are_none() {
    let runs = runs();
    let history = judge(vec![series(Quantity::Ratio, 20)]);
    let refs: Vec<&HistoryRun> = runs.iter().collect();
    // Of another machine.
    let marks = marks_of("machine-b", "nightly", &log(&[(1, "run-12", "wall")], ""));
    let report = HistoryReport { history: &history, runs: &refs, marks: &marks, order: HistoryOrder::Time };
    let page = history_page(&report, "machine-a");
    let body = &page[page.find("<body>").unwrap()..];
    for word in ["alarm 1", "Alarms", "diamond", "those with an alarm"] {
        assert!(!body.contains(word), "{word}: {body}");
    }
    assert!(!history_text(&report, TextStyle::default()).contains("alarm"));
}

#[test]
fn single_runs_are_no_history() {
    let runs = runs();
    let history = judge(vec![series(Quantity::Ratio, 1), series(Quantity::Seconds, 1)]);
    let refs: Vec<&HistoryRun> = runs.iter().collect();
    let report = HistoryReport { history: &history, runs: &refs, marks: &[], order: HistoryOrder::Time };
    expect![[r#"
        machine-a
          2 series have a single run so far, which is not a history yet

        judged: none of 2 series: each has fewer than 6 runs
    "#]]
    .assert_eq(&history_text(&report, TextStyle::default()));
    let page = history_page(&report, "machine-a");
    let body = &page[page.find("<body>").unwrap()..];
    assert!(body.contains("<p>2 series have a single run so far, which is not a history yet.</p>"), "{body}");
    assert!(body.contains("1 run on 2026-03-01"), "{body}");
    // Nothing is drawn, so nothing is explained or chosen.
    for word in ["<figure", "history-controls", "How to read this", "<script>(() =>"] {
        assert!(!body.contains(word), "{word}: {body}");
    }
}

/// A page stays small with more alarms than a person would read.
#[test]
fn many_alarms_make_no_large_page() {
    let runs = runs();
    let history = judge(vec![series(Quantity::Ratio, 20)]);
    let refs: Vec<&HistoryRun> = runs.iter().collect();
    let alarms: Vec<(u32, &str, &str)> = (1..=2000).map(|number| (number, "run-12", "wall")).collect();
    let marks = marks_of("machine-a", "nightly", &log(&alarms, ""));
    let report = HistoryReport { history: &history, runs: &refs, marks: &marks, order: HistoryOrder::Time };
    let page = history_page(&report, "machine-a");
    assert!(page.contains("2,000 alarms") && page.len() < 5_000_000, "{} bytes", page.len());
}
