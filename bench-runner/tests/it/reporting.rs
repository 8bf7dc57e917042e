//! What a run of several projects and sessions says beside its verdicts, on real processes.

use std::fs;

use libtest_mimic::Trial;

use crate::lab::{Lab, entries, test};

pub(crate) fn tests() -> Vec<Trial> {
    vec![test("reporting::order_sessions_and_projects_are_told", told)]
}

/// In alphabetical order. With two of them, an invalid block would leave nothing in common.
const PROJECTS: [&str; 3] = ["tip", "top", "toy"];

fn told() {
    let lab = Lab::new();
    let mut args = vec!["run", "--axis", "env.X=2,6", "--rounds", "8", "--sessions", "2"];
    for name in PROJECTS {
        lab.toy_called(name, "sleep 0.0$X", "");
        args.extend(["--project", name]);
    }
    let ran = lab.run(&args).expect(0);
    let says = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(says.contains("env.X=6 by session: 1: "), "{}", ran.stdout);

    let bundle = lab.bundles().remove(0);
    let path = bundle.to_str().expect("UTF-8");
    let json = lab.run(&["report", "--json", path]).expect(0).stdout;
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    // a twin may differ by chance, and then its project does not count
    let across = &json[0]["across"][0];
    let counted = across["projects"].as_array().into_iter().flatten();
    let left_out = across["left_out"].as_array().into_iter().flatten().map(|one| &one["project"]);
    let mut projects: Vec<&str> = counted.chain(left_out).filter_map(|name| name.as_str()).collect();
    projects.sort_unstable();
    assert_eq!(projects, PROJECTS, "{across}");
    for block in json[0]["blocks"].as_array().expect("blocks") {
        assert_eq!(block["order"]["rounds"], 8, "{block}");
        assert!(block["order"]["bound"].as_f64().is_some_and(|bound| bound > 0.0), "{block}");
        assert_eq!(block["arms"][2]["sessions"]["ratios"][1]["rounds"], 4, "{block}");
    }

    let mut derived: Vec<_> = entries(&bundle.join("derived"));
    derived.sort();
    let rows = |path: &std::path::PathBuf| fs::read_to_string(path).expect("a table").lines().count() - 1;
    // three blocks, one comparison in common; of each block three arms in three metrics, and the ratios of one variant
    // in wall time and memory at least (CPU time of so small a build may be 0)
    assert_eq!(derived.iter().map(rows).take(2).collect::<Vec<_>>(), [1, 3]);
    assert!(derived.len() == 3 && rows(&derived[2]) >= 33, "{derived:?}");
}
