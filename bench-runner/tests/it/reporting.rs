//! What a run of several projects and sessions says beside its verdicts, on real processes.

use std::fs;

use libtest_mimic::Trial;

use crate::lab::{Lab, entries, test};

pub(crate) fn tests() -> Vec<Trial> {
    vec![test("reporting::order_sessions_and_projects_are_told", told)]
}

fn told() {
    let lab = Lab::new();
    for name in ["toy", "top"] {
        lab.toy_called(name, "sleep 0.0$X", "");
    }
    let axis = "env.X=2,6";
    let args =
        ["run", "--project", "toy", "--project", "top", "--axis", axis, "--rounds", "8", "--sessions", "2"];
    let ran = lab.run(&args).expect(0);
    let says = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    for text in ["order: being first in a round costs", "env.X=6 by session:", "across projects:"] {
        assert!(says.contains(text), "no `{text}` in\n{}", ran.stdout);
    }

    let bundle = lab.bundles().remove(0);
    let path = bundle.to_str().expect("UTF-8");
    let json = lab.run(&["report", "--json", path]).expect(0).stdout;
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json[0]["across"][0]["projects"], serde_json::json!(["toy", "top"]));
    for block in json[0]["blocks"].as_array().expect("blocks") {
        assert_eq!(block["order"]["rounds"], 8, "{block}");
        assert!(block["order"]["bound"].as_f64().is_some_and(|bound| bound > 0.0), "{block}");
        assert_eq!(block["arms"][2]["sessions"]["ratios"][1]["rounds"], 4, "{block}");
    }

    let mut derived: Vec<_> = entries(&bundle.join("derived"));
    derived.sort();
    let rows = |path: &std::path::PathBuf| fs::read_to_string(path).expect("a table").lines().count() - 1;
    // two blocks, one comparison in common; of each block three arms in three metrics, and the ratios of one variant
    // in wall time and memory at least (CPU time of so small a build may be 0)
    assert_eq!(derived.iter().map(rows).take(2).collect::<Vec<_>>(), [1, 2]);
    assert!(derived.len() == 3 && rows(&derived[2]) >= 22, "{derived:?}");
}
