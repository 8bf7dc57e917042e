//! The order of modules, and the rule that measuring never imports judging, checked in the sources.

mod graph;
mod reader;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use graph::{Crate, Use, a_circle_of_files_is_found, circles};

trials! { "architecture";
    modules_import_only_from_those_above_them,
    no_module_has_a_circle_of_files,
    a_circle_of_files_is_found,
    measuring_never_sees_judging,
    verbs_never_import_one_another,
    a_name_means_one_type,
    the_documented_order_is_the_order_of_lib_rs,
}

/// The crates in the order of their dependencies.
static CRATES: LazyLock<Vec<Crate>> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("bench-runner");
    let sources = [
        ("bench_runner_core", "core/src"),
        ("bench_runner_measure", "measure/src"),
        ("bench_runner_report", "report/src"),
        ("bench_runner", "src"),
    ];
    let crates: Vec<Crate> =
        sources.into_iter().map(|(name, src)| Crate::read(name, &root.join(src))).collect();
    for one in &crates {
        assert!(one.modules.len() > 5 && one.uses.len() > 20, "{} was not understood", one.name);
    }
    crates
});

fn modules_import_only_from_those_above_them() {
    let upward: Vec<String> = CRATES.iter().flat_map(Crate::upward).collect();
    assert!(upward.is_empty(), "{}", upward.join("\n"));
}

fn no_module_has_a_circle_of_files() {
    let found: Vec<String> = CRATES.iter().flat_map(circles).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

fn measuring_never_sees_judging() {
    let seen: Vec<&Use> =
        CRATES[1].foreign.iter().filter(|one| one.starts("bench_runner_core", "compare")).collect();
    assert!(seen.is_empty(), "measuring imports judging: {seen:#?}");
    let read = CRATES[1].foreign.iter().any(|one| one.starts("bench_runner_core", "record"));
    assert!(read, "what measure imports of core was not understood");
}

fn verbs_never_import_one_another() {
    let program = &CRATES[3];
    let verbs: Vec<&str> =
        program.children(&["commands"]).filter(|name| program.defines(&["commands", name], "Args")).collect();
    assert!(verbs.len() >= 10, "the verbs were not understood: {verbs:?}");
    let of_verb = |path: &[String]| match path {
        [commands, verb, ..] if commands == "commands" => verbs.iter().copied().find(|name| name == verb),
        _ => None,
    };
    let between: Vec<String> = program
        .uses
        .iter()
        .filter(|one| matches!((of_verb(&one.from), of_verb(&one.to)), (Some(a), Some(b)) if a != b))
        .map(ToString::to_string)
        .collect();
    assert!(between.is_empty(), "verbs import one another:\n{}", between.join("\n"));
}

/// A search for a type finds one definition. Each verb has its `Args`.
fn a_name_means_one_type() {
    let mut places: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (name, place) in CRATES.iter().flat_map(Crate::types).filter(|(name, _)| *name != "Args") {
        places.entry(name).or_default().push(place);
    }
    assert!(places.len() > 300, "the types were not understood");
    let shared: Vec<String> = places
        .iter()
        .filter(|(_, places)| places.len() > 1)
        .map(|(name, places)| format!("`{name}`: {}", places.join(", ")))
        .collect();
    assert!(shared.is_empty(), "types share a name:\n{}", shared.join("\n"));
}

fn the_documented_order_is_the_order_of_lib_rs() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/ARCHITECTURE.md"))
        .expect("docs/ARCHITECTURE.md");
    let rows: Vec<&str> = text
        .lines()
        .take_while(|line| !line.starts_with("## "))
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .map(|name| name.trim_end_matches('/'))
        .collect();
    let declared: Vec<&str> = CRATES.iter().flat_map(|one| one.declared.iter().map(String::as_str)).collect();
    assert_eq!(rows, declared);
}
