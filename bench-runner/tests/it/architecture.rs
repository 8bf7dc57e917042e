//! The order of modules, and the wall between measuring and judging, held by reading the `use` lines.

use std::fs;
use std::path::{Path, PathBuf};


use crate::lab::entries;

trials! { "architecture";
    modules_import_only_from_those_above_them,
    measuring_and_judging_never_import_each_other,
    verbs_never_import_one_another,
    the_documented_order_is_the_order_of_lib_rs,
}

const MEASURING: [&str; 10] =
    ["process", "host", "corpus", "build", "axes", "workloads", "scenario", "plan", "sampling", "run"];
const JUDGING: [&str; 5] = ["compare", "machines", "figure", "report", "export"];

/// The sources of the two crates, in the order in which their modules stand.
fn sources() -> [PathBuf; 2] {
    ["bench-runner-core/src", "bench-runner/src"].map(|src| Path::new(env!("CARGO_MANIFEST_DIR")).join(src))
}

/// The modules in the order in which each `lib.rs` declares them, with where their sources are.
fn modules_with_sources() -> Vec<(String, PathBuf)> {
    let of_crate = |src: PathBuf| {
        let text = fs::read_to_string(src.join("lib.rs")).expect("lib.rs");
        let declared = text.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
        declared.map(|name| (name.to_owned(), src.clone())).collect::<Vec<_>>()
    };
    let modules: Vec<(String, PathBuf)> = sources().into_iter().flat_map(of_crate).collect();
    assert!(modules.len() > 15, "lib.rs was not understood: {modules:?}");
    modules
}

fn modules() -> Vec<String> {
    modules_with_sources().into_iter().map(|(name, _)| name).collect()
}

fn files(dir: &Path) -> Vec<PathBuf> {
    entries(dir)
        .into_iter()
        .flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect()
}

/// Every `crate::module` or `bench_runner_core::module` that a file mentions outside its tests, with the line.
fn imports(file: &Path) -> Vec<(usize, String)> {
    let text = fs::read_to_string(file).expect("a source file");
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        if line.trim() == "#[cfg(test)]" {
            break;
        }
        if line.trim_start().starts_with("//") {
            continue;
        }
        let of =
            |prefix: &'static str| line.match_indices(prefix).map(move |(at, _)| (at, at + prefix.len()));
        for (at, end) in of("crate::").chain(of("bench_runner_core::")) {
            if at > 0 && line.as_bytes()[at - 1].is_ascii_alphanumeric() {
                continue;
            }
            let rest = &line[end..];
            if let Some(group) = rest.strip_prefix('{') {
                let names = group.split(['}', ',']).filter_map(|name| name.trim().split("::").next());
                found.extend(names.filter(|name| !name.is_empty()).map(|name| (number + 1, name.to_owned())));
            } else {
                let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                found.push((number + 1, name));
            }
        }
    }
    found
}

/// Every import of one module by another: who, whom, and where.
fn all_imports() -> Vec<(String, String, String)> {
    let modules = modules();
    let mut found = Vec::new();
    for (module, src) in &modules_with_sources() {
        let own = [src.join(module), src.join(format!("{module}.rs"))];
        let own: Vec<PathBuf> = own
            .iter()
            .flat_map(|p| if p.is_dir() { files(p) } else { vec![p.clone()] })
            .filter(|p| p.is_file())
            .collect();
        assert!(!own.is_empty(), "no file for module {module}");
        for file in own.iter().filter(|file| !file.components().any(|part| part.as_os_str() == "tests")) {
            for (line, name) in imports(file).into_iter().filter(|(_, name)| modules.contains(name)) {
                found.push((module.clone(), name, format!("{}:{line}", file.display())));
            }
        }
    }
    assert!(found.len() > 50, "imports were not understood: {}", found.len());
    found
}

fn modules_import_only_from_those_above_them() {
    let modules = modules();
    let rank = |name: &str| modules.iter().position(|module| module == name);
    let upward: Vec<String> = all_imports()
        .into_iter()
        .filter(|(who, whom, _)| rank(whom) > rank(who))
        .map(|(who, whom, place)| format!("{place}: `{who}` imports `{whom}`, which stands below it"))
        .collect();
    assert!(upward.is_empty(), "{}", upward.join("\n"));
}

fn measuring_and_judging_never_import_each_other() {
    let across: Vec<String> = all_imports()
        .into_iter()
        .filter(|(who, whom, _)| {
            let measuring = |name: &str| MEASURING.contains(&name);
            let judging = |name: &str| JUDGING.contains(&name);
            measuring(who) && judging(whom) || judging(who) && measuring(whom)
        })
        .map(|(who, whom, place)| format!("{place}: `{who}` imports `{whom}`"))
        .collect();
    assert!(across.is_empty(), "{}", across.join("\n"));
}

fn verbs_never_import_one_another() {
    let verbs = ["run", "plan", "doctor", "corpus", "scenarios", "report", "compare", "export"];
    for file in files(&sources()[1].join("commands")) {
        let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_owned();
        if !verbs.contains(&stem.as_str()) {
            continue;
        }
        let text = fs::read_to_string(&file).expect("a source file");
        for line in text.lines().filter(|line| line.trim_start().starts_with("use super::")) {
            let named: Vec<&str> = line.split(|c: char| !(c.is_alphanumeric() || c == '_')).collect();
            let verb = verbs.iter().find(|verb| **verb != stem && named.contains(verb));
            assert!(verb.is_none(), "{}: imports another verb: {line}", file.display());
        }
    }
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
    assert_eq!(rows, modules());
}
