use std::collections::BTreeSet;

use bench_runner_core::record::{Outcome, Role};
use expect_test::{Expect, expect};
use serde_json::Value;

use super::fixture::{JudgedBundle, ODD, WARM_UP, bundle, empty, failures_only, odd, small, took};
use super::*;

fn exported(format: &str, runs: &[&JudgedBundle], filter: &CellFilter) -> Result<Export, ExportError> {
    let runs: Vec<ExportRun<'_>> = runs.iter().map(|judged| judged.run()).collect();
    export(find(format).unwrap(), &runs, filter)
}

fn whole(format: &str, judged: &JudgedBundle) -> Export {
    exported(format, &[judged], &CellFilter::default()).unwrap()
}

/// The only document, as JSON.
fn json(format: &str, judged: &JudgedBundle) -> Value {
    let export = whole(format, judged);
    assert_eq!(export.documents.len(), 1);
    serde_json::from_str(&export.documents[0].text).unwrap()
}

fn check(value: &Value, expected: Expect) {
    expected.assert_eq(&value.to_string());
}

fn is_json(format: &ExportFormat) -> bool {
    !matches!(format.name, "csv" | "openmetrics")
}

#[test]
fn formats_are_found_by_names_that_are_theirs_alone() {
    for format in all() {
        assert_eq!(find(format.name).unwrap().name, format.name);
        assert!(!format.summary.is_empty() && !format.summary.ends_with('.'));
    }
    assert!(find("xml").is_none());
}

#[test]
fn every_format_is_well_formed_whatever_the_run_was() {
    for judged in [small(), odd(), failures_only(), empty()] {
        for format in all() {
            let export = whole(format.name, &judged);
            assert!(!export.documents.is_empty(), "{}", format.name);
            for ExportDocument { name, text } in &export.documents {
                assert!(name.ends_with(&format!(".{}", format.extension)), "{name}");
                assert!(!name.contains(['/', ' ', '\n']) && !name.starts_with('.'), "{name}");
                if is_json(format) {
                    serde_json::from_str::<Value>(text).unwrap();
                }
                let odd =
                    text.split([' ', ',', ':', '\n', '"']).find(|word| ["NaN", "inf", "-inf"].contains(word));
                assert_eq!(odd, None, "{}", format.name);
                assert!(text.ends_with('\n'));
            }
        }
    }
}

#[test]
fn warm_ups_never_come_out() {
    for judged in [small(), odd(), failures_only()] {
        for format in all() {
            for document in whole(format.name, &judged).documents {
                let seconds = WARM_UP.to_string();
                assert!(!document.text.contains(&seconds), "{}: {}", format.name, document.text);
            }
        }
    }
}

#[test]
fn nothing_is_dropped_without_a_word() {
    let judged = odd();
    for format in all() {
        let export = whole(format.name, &judged);
        let texts: String = export.documents.iter().map(|document| document.text.clone()).collect();
        let said = texts + &export.omissions.join("\n");
        for name in
            ["env.X=fine", "env.X=breaks", "env.X=absent", "env.X=gone", "not in force", "interrupted"]
        {
            assert!(said.contains(name), "{} does not say {name}:\n{said}", format.name);
        }
        assert!(said.contains("2 measured builds failed") || says_failures(format.name, &said), "{said}");
    }
}

/// True if the text has the failed builds of the odd run, in formats that can represent them.
fn says_failures(format: &str, text: &str) -> bool {
    match format {
        "bencher" => text.contains("\"failed-builds\": {\n      \"value\": 2\n"),
        "csv" => text.contains(",0.03,2,0,"),
        "openmetrics" => text.contains("variant=\"env.X=breaks\",role=\"variant\"} 2\n"),
        "json" => text.contains("\"failures\": 2") && text.contains("\"exit_code\": 101"),
        _ => false,
    }
}

#[test]
fn names_are_escaped_or_put_on_one_line() {
    let judged = odd();
    let label = "s/p/clean/env.X=<b>\"1\"</b> \\n, 'x' [31m";
    assert!(json("bencher", &judged)[label]["build-time"]["value"].is_number());
    assert_eq!(json("hyperfine", &judged)["results"][1]["command"], format!("{label} (twin)"));
    assert_eq!(json("github-benchmark", &judged)[0]["name"], format!("{label} wall time"));
    let parameter = &json("hyperfine", &judged)["results"][0]["parameters"]["env.X"]["value"];
    assert_eq!(*parameter, ODD.trim_start_matches("env.X="));
    assert_eq!(json("json", &judged)["runs"][0]["builds"][0]["variant"], ODD);

    let metrics = whole("openmetrics", &judged).documents.remove(0).text;
    let escaped = "variant=\"env.X=<b>\\\"1\\\"</b>\\n\\\\n, 'x'\u{1b}[31m\",role=\"twin\"}";
    assert!(metrics.contains(escaped), "{metrics}");
    assert!(metrics.ends_with("\n# EOF\n"));

    let text = whole("csv", &judged).documents.remove(0).text;
    let mut reader = ::csv::Reader::from_reader(text.as_bytes());
    let variant = reader.headers().unwrap().iter().position(|name| name == "variant").unwrap();
    let rows: Vec<::csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    // three metrics of three cells with builds, a row for each of those without
    assert_eq!(rows.len(), 11);
    assert_eq!(&rows[0][variant], ODD);
}

#[test]
fn hyperfine_schema_2() {
    let result = &json("hyperfine", &small())["results"][1];
    check(&result["command"], expect![[r#""s/p/clean/env.X=2""#]]);
    check(&result["parameters"], expect![[r#"{"env.X":{"value":"2"}}"#]]);
    check(
        &result["measurements"][0],
        expect![[
            r#"{"exit_code":0,"memory_peak_resident":{"unit":"byte","value":500000.0},"time_cpu":{"unit":"second","value":0.26},"time_system":{"unit":"second","value":0.01},"time_user":{"unit":"second","value":0.25},"time_wall_clock":{"unit":"second","value":0.5}}"#
        ]],
    );
    // by hand: 0.5, 0.55, 0.6, 0.65 have the mean 0.575 and the variance 0.0125 / 3
    check(
        &result["summary"]["time_wall_clock"],
        expect![[
            r#"{"count":4,"max":0.65,"mean":0.575,"median":0.575,"min":0.5,"stddev":0.06454972243679027,"unit":"second"}"#
        ]],
    );
    let document = json("hyperfine", &small());
    check(&document["schema_version"], expect!["2"]);
    check(
        &document["metadata"],
        expect![[
            r#"{"hyperfine_version":"bench-runner 0.0.0","platform":{},"start_time":"2026-01-01T00:00:00Z"}"#
        ]],
    );
}

#[test]
fn hyperfine_schema_1() {
    check(
        &json("hyperfine-1", &small())["results"][0],
        expect![[
            r#"{"command":"s/p/clean/env.X=1","exit_codes":[0,0,0,0],"max":1.3,"mean":1.15,"median":1.15,"memory_usage_byte":[1000000,1100000,1200000,1300000],"min":1.0,"parameters":{"env.X":"1"},"stddev":0.12909944487358055,"system":0.01,"times":[1.0,1.1,1.2,1.3],"user":0.575}"#
        ]],
    );
}

/// Files written by hyperfine for two runs each of `true {x}` with two values of x.
const OF_HYPERFINE: [(&str, &str); 2] = [
    ("hyperfine", include_str!("foreign/hyperfine-2.0.0.json")),
    ("hyperfine-1", include_str!("foreign/hyperfine-1.20.0.json")),
];

/// Collects every path in a document with the type of its value, or with the value itself if the format
/// defines it.
fn shape(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    let kind = match value {
        Value::Object(members) => {
            return members.iter().for_each(|(key, value)| shape(value, &format!("{path}.{key}"), found));
        }
        Value::Array(entries) => {
            return entries.iter().for_each(|value| shape(value, &format!("{path}[]"), found));
        }
        Value::String(word) if [".unit", "_metric", ".os"].iter().any(|end| path.ends_with(end)) => word,
        Value::String(_) => "text",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "whole number",
        Value::Bool(_) => "truth",
        Value::Null => "nothing",
    };
    found.insert(format!("{path}: {kind}"));
}

#[test]
fn keys_types_and_units_are_those_of_hyperfine() {
    let mut judged = small();
    judged.bundle.manifest.machine.details =
        serde_json::json!({ "facts": { "os": "linux", "arch": "x86_64" } });
    for (format, theirs) in OF_HYPERFINE {
        let (mut own, mut expected) = (BTreeSet::new(), BTreeSet::new());
        shape(&json(format, &judged), "", &mut own);
        // the parameter is called x there
        shape(&serde_json::from_str(&theirs.replace("\"x\"", "\"env.X\"")).unwrap(), "", &mut expected);
        assert_eq!(own, expected, "{format}");
        assert!(own.len() > 10);
    }
}

#[test]
fn the_spread_of_a_single_build_is_not_known() {
    let mut bundle = bundle(&[(Role::Baseline, "env.X=1"), (Role::Variant, "env.X=2")]);
    for arm in 0..2 {
        super::fixture::build(&mut bundle, arm, 1, took(1000));
    }
    let judged = JudgedBundle::judge(bundle);
    assert_eq!(json("hyperfine", &judged)["results"][0]["summary"]["time_wall_clock"]["stddev"], Value::Null);
    assert_eq!(json("hyperfine-1", &judged)["results"][0]["stddev"], Value::Null);
}

#[test]
fn bencher_metric_format() {
    check(
        &json("bencher", &small()),
        expect![[
            r#"{"s/p/clean/env.X=1":{"build-time":{"lower_value":1.0,"upper_value":1.3,"value":1.15},"cpu-time":{"lower_value":0.51,"upper_value":0.66,"value":0.585},"failed-builds":{"value":0},"max-rss":{"lower_value":1000000.0,"upper_value":1300000.0,"value":1150000.0}},"s/p/clean/env.X=2":{"build-time":{"lower_value":0.5,"upper_value":0.65,"value":0.575},"build-time-ratio":{"lower_value":0.4835682253689417,"upper_value":0.5169901306258506,"value":0.49999999999999994},"cpu-time":{"lower_value":0.26,"upper_value":0.335,"value":0.2975},"failed-builds":{"value":0},"max-rss":{"lower_value":500000.0,"upper_value":650000.0,"value":575000.0}}}"#
        ]],
    );
    let failed = json("bencher", &failures_only());
    check(
        &failed,
        expect![[
            r#"{"s/p/clean/env.X=1":{"failed-builds":{"value":1}},"s/p/clean/env.X=2":{"failed-builds":{"value":1}}}"#
        ]],
    );
}

#[test]
fn critcmp_baselines() {
    let documents = whole("critcmp", &odd()).documents;
    let names: Vec<&str> = documents.iter().map(|document| document.name.as_str()).collect();
    assert_eq!(names, ["env.X=-b-1-b-n,-x-31m.json", "env.X=-b-1-b-n,-x-31m-twin.json", "env.X=fine.json"]);
    let export = whole("critcmp", &small());
    let baseline: Value = serde_json::from_str(&export.documents[0].text).unwrap();
    check(&baseline["name"], expect![[r#""env.X=1""#]]);
    let benchmark = &baseline["benchmarks"]["s/p/clean"];
    check(&benchmark["fullname"], expect![[r#""env.X=1/s/p/clean""#]]);
    // by hand: t(0.975, 3) = 3.1824, so 1.15 s ± 3.1824 · 0.129099 / 2
    check(
        &benchmark["criterion_estimates_v1"]["mean"],
        expect![[
            r#"{"confidence_interval":{"confidence_level":0.95,"lower_bound":944573974.323948,"upper_bound":1355426025.6760519},"point_estimate":1150000000.0,"standard_error":64549722.43679027}"#
        ]],
    );
    check(&benchmark["criterion_estimates_v1"]["std_dev"]["point_estimate"], expect!["129099444.87358055"]);
}

#[test]
fn github_benchmark_entries() {
    let entries = json("github-benchmark", &small());
    check(
        &entries[4],
        expect![[
            r#"{"extra":"faster (4 rounds, minimum 6): wall time 0.500 times that of env.X=1 (0.484 to 0.517, 4 rounds)\n20260101T000000Z-s-abcdef on a machine","name":"s/p/clean/env.X=2 wall time","range":"range 0.5000 to 0.6500","unit":"s","value":0.575}"#
        ]],
    );
    let failed = json("github-benchmark", &failures_only());
    check(
        &failed[0],
        expect![[
            r#"{"extra":"1 measured build failed\nno build counts\n20260101T000000Z-s-abcdef on a machine","name":"s/p/clean/env.X=1 failed builds","unit":"builds","value":1.0}"#
        ]],
    );
    assert!(whole("github-benchmark", &empty()).omissions[0].contains("refuses an empty array"));
}

#[test]
fn runs_that_a_format_cannot_hold_are_refused() {
    let (one, mut other) = (small(), small());
    let refused = |format: &str, runs: &[&JudgedBundle], filter: &CellFilter| {
        exported(format, runs, filter).unwrap_err().to_string()
    };
    let everything = CellFilter::default();
    assert_eq!(
        refused("csv", &[&one, &one], &everything),
        "the run `20260101T000000Z-s-abcdef` was given twice"
    );
    other.bundle.manifest.run = "20260102T000000Z-s-abcdef".to_owned();
    for format in all() {
        let outcome = exported(format.name, &[&one, &other], &everything);
        match format.name {
            "hyperfine" | "hyperfine-1" | "critcmp" => {
                assert!(matches!(outcome, Err(ExportError::OneRun { given: 2, .. })));
            }
            "bencher" | "github-benchmark" => {
                assert!(matches!(outcome, Err(ExportError::SameName { .. })));
            }
            _ => assert_eq!(outcome.unwrap().documents.len(), 1),
        }
    }
    let picked = CellFilter { variants: vec!["env.X=2".to_owned()], ..CellFilter::default() };
    assert!(refused("json", &[&one], &picked).contains("whole runs"));
    let unknown = CellFilter { variants: vec!["env.X=3".to_owned()], ..CellFilter::default() };
    let said = refused("csv", &[&one], &unknown);
    assert!(said.starts_with("no variant is called `env.X=3`; did you mean `env.X="), "{said}");
    let unknown = CellFilter { blocks: vec!["zzz".to_owned()], ..CellFilter::default() };
    assert_eq!(refused("csv", &[&one], &unknown), "no block is called `zzz`; there is `s/p/clean`");
}

#[test]
fn what_is_picked_comes_out_alone() {
    let filter = CellFilter { variants: vec!["env.X=2".to_owned()], blocks: vec!["s/p/clean".to_owned()] };
    let export = exported("critcmp", &[&small()], &filter).unwrap();
    assert_eq!(export.documents.len(), 1);
    let results: Value =
        serde_json::from_str(&exported("hyperfine", &[&small()], &filter).unwrap().documents[0].text)
            .unwrap();
    assert_eq!(results["results"].as_array().unwrap().len(), 1);
    // nothing varies in a single cell
    assert_eq!(results["results"][0]["parameters"], Value::Null);
}

#[test]
fn builds_that_do_not_count_are_marked() {
    let judged = odd();
    let document = json("json", &judged);
    let builds = document["runs"][0]["builds"].as_array().unwrap();
    // six rounds of three arms and two failures, no warm-up
    assert_eq!(builds.len(), 20);
    let counts = builds.iter().filter(|build| build["counts"] == true).count();
    assert_eq!(counts, 18);
    assert!(builds.iter().all(|build| (build["status"] == "ok") == build["wall_s"].is_number()));
    let failed = Outcome::Failed { exit_code: Some(101) };
    assert!(builds.iter().any(|build| build["status"] == failed.as_str() && build["exit_code"] == 101));
}
