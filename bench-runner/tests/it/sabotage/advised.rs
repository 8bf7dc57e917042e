//! The lines that an axis advises are tried: they are written into the files of a project with contrary
//! settings, as its owner would, nothing is added to the build, and the same axis proves its value. Without
//! any one of the lines the proof fails.

use bench_runner_core::record::ProofResult;
use bench_runner_measure::axes::{
    self, AdvisedFiles, CONFIG_FILE, MANIFEST_FILE, ProofInput, ReferenceBuild, SYSROOT, Situation,
    TOOLCHAIN_FILE,
};
use bench_runner_measure::build::{BuildEvidence, BuildRequest, Toolchain, merge_tables};
use libtest_mimic::Trial;
use toml::{Table, Value};

use super::building::{build, context, cores, path};
use super::table::{Case, Entry, Need, entries};
use super::{laid_out, others, prove, trial_with};
use crate::lab::Lab;
use crate::trials::{LONG, RARE};

/// Values whose lines are removed one after another: one for each axis whose lines show in a build.
const SABOTAGED: [(&str, &str); 17] = [
    ("linker", "lld"),
    ("linker-driver", "clang"),
    ("linker-threads", "2"),
    ("toolchain", "nightly"),
    ("lto", "thin"),
    ("codegen-units", "{own=16,deps=256}"),
    ("opt-level", "{own=1,deps=3,build=0,final=\"s\"}"),
    ("debug", "limited"),
    ("split-debuginfo", "packed"),
    ("strip", "symbols"),
    ("incremental", "on"),
    ("incremental", "off"),
    ("cache", "cold"),
    ("threads", "8"),
    ("rustflags", "-Cdebug-assertions=no -Coverflow-checks=no"),
    ("config", "profile.dev.debug=1"),
    ("snippet", "[profile.dev]\nopt-level = 1\n"),
];

pub(super) fn tests() -> Vec<Trial> {
    // A number of jobs in the configuration does not show in a build, and a profile is never in
    // configuration.
    let shown = |case: &Case| !matches!(case.needs, Need::Absent) && !["jobs", "profile"].contains(&case.key);
    let of_axis = |entry: Entry| {
        let cases = match entry {
            Entry::Built(cases) => cases,
            Entry::Unseen(..) => Vec::new(),
        };
        // The lines of an axis differ by the value alone.
        let whens = std::iter::once(LONG).chain(std::iter::repeat(RARE));
        cases
            .into_iter()
            .filter(shown)
            .zip(whens)
            .map(|(case, when)| trial_with("advice", when, case, try_lines))
            .collect::<Vec<_>>()
    };
    entries().into_values().flat_map(of_axis).collect()
}

fn try_lines(case: &Case) {
    let (lab, settings, measured) = laid_out(case);
    let written = axes::advise(&settings, &situation(case, &measured));
    if written.files.is_empty() {
        assert!(!(written.unwritable.is_empty() && written.remarks.is_empty()), "nothing is said");
        return;
    }
    let original = context(&lab, &measured);
    let mut applied = BuildRequest::default();
    let parsed = axes::parse_all(&settings).expect("valid settings");
    for setting in parsed.iter() {
        setting.value.prepare(&original).expect("a value that can be applied");
        setting.value.apply(&parsed, &original, &mut applied);
    }
    // A cache's server cannot be started by configuration.
    let base =
        BuildRequest { jobs: cores() + 1, service: applied.service.clone(), ..BuildRequest::default() };
    let compared = parsed.get(case.key).expect("the setting").value.is_proven_by_comparison();
    let plain = compared.then(|| build(&lab, case, &measured, &base));
    let tables = here(&written, &measured, &applied);
    let try_out = |tables: &Tables| {
        let toolchain = write(&lab, &original.manifest, tables);
        let built = build(&lab, case, &toolchain, &base);
        prove(case.key, &settings, &original, &input(&built, plain.as_ref()))
    };
    let whole = try_out(&tables);
    assert_eq!(
        whole.result,
        ProofResult::Holds,
        "{tables:?}: expected {}, found {}",
        whole.expected,
        whole.found
    );
    if !SABOTAGED.contains(&(case.key, case.value)) {
        return;
    }
    let of_others =
        here(&axes::advise(&others(case, &settings), &situation(case, &measured)), &measured, &applied);
    let sabotaged = without_each(&tables, &of_others);
    assert!(!sabotaged.is_empty(), "no line to be taken away");
    for (what, tables) in sabotaged {
        let finding = try_out(&tables);
        assert_ne!(finding.result, ProofResult::Holds, "without {what} it finds {}", finding.found);
    }
}

fn input<'a>(build: &'a BuildEvidence, plain: Option<&'a BuildEvidence>) -> ProofInput<'a> {
    let reference = plain.map(|build| ReferenceBuild { name: "as it is", build, alone: true });
    ProofInput { build, reference, edited: false }
}

/// The situation of this machine, as a bundle would describe it.
fn situation(case: &Case, toolchain: &Toolchain) -> Situation {
    Situation {
        host: Some(toolchain.host.clone()),
        own_lld: toolchain.links_with_own_lld(),
        by_cargo: true,
        profile: case.profile.unwrap_or("dev").to_owned(),
        package: Some("own-tool".to_owned()),
    }
}

/// Files with their required contents.
type Tables = Vec<(String, Table)>;

/// The lines as they apply on this machine, after the remarks have been followed.
fn here(written: &AdvisedFiles, toolchain: &Toolchain, applied: &BuildRequest) -> Tables {
    let directory = applied.rustflags.iter().find_map(|flag| flag.strip_prefix("-Clink-arg=-B"));
    let of_file = |(name, lines): &(String, String)| {
        let mut lines = lines.replace(SYSROOT, &toolchain.sysroot.display().to_string());
        if let Some(directory) = directory {
            lines = lines.replace("/usr/local/lib/wild", directory);
        }
        (name.clone(), lines.parse().expect("TOML"))
    };
    written.files.iter().map(of_file).collect()
}

/// Writes the files into the project. Returns the toolchain that then builds it.
fn write(lab: &Lab, manifest: &Option<Table>, tables: &Tables) -> Toolchain {
    let of = |name: &str| tables.iter().find(|(file, _)| file == name).map(|(_, table)| table.clone());
    let manifest = manifest.clone().expect("a manifest");
    let manifest =
        of(MANIFEST_FILE).map_or_else(|| manifest.clone(), |lines| merge_tables(&manifest, &lines));
    lab.write("own/Cargo.toml", &manifest.to_string());
    lab.write(&format!("own/{CONFIG_FILE}"), &of(CONFIG_FILE).unwrap_or_default().to_string());
    let chosen = lab.path("own").join(TOOLCHAIN_FILE);
    match of(TOOLCHAIN_FILE) {
        Some(lines) => drop(lab.write(&format!("own/{TOOLCHAIN_FILE}"), &lines.to_string())),
        None if chosen.exists() => std::fs::remove_file(chosen).expect("the choice taken back"),
        None => {}
    }
    Toolchain::for_tree(&lab.path("own"), &path()).expect("the toolchain that the files ask for")
}

/// The files without each single line that `others` do not have, with the removed line.
fn without_each(tables: &Tables, others: &Tables) -> Vec<(String, Tables)> {
    let mut all = Vec::new();
    for (at, (name, table)) in tables.iter().enumerate() {
        let other = others.iter().find(|(file, _)| file == name).map(|(_, table)| table);
        if name == TOOLCHAIN_FILE {
            if other.is_none() {
                let mut left = tables.clone();
                left.remove(at);
                all.push((name.clone(), left));
            }
            continue;
        }
        for (what, table) in without_each_leaf(table, other) {
            let mut left = tables.clone();
            left[at].1 = table;
            all.push((format!("{what} in {name}"), left));
        }
    }
    all
}

fn without_each_leaf(table: &Table, others: Option<&Table>) -> Vec<(String, Table)> {
    let mut all = Vec::new();
    for (key, value) in table {
        let other = others.and_then(|others| others.get(key));
        let mut with = |what: String, value: Option<Value>| {
            let mut left = table.clone();
            match value {
                Some(value) => drop(left.insert(key.clone(), value)),
                None => drop(left.remove(key)),
            }
            all.push((what, left));
        };
        match value {
            Value::Table(inner) => {
                for (what, left) in without_each_leaf(inner, other.and_then(Value::as_table)) {
                    with(format!("{key}.{what}"), Some(Value::Table(left)));
                }
            }
            Value::Array(items) => {
                let known =
                    |item: &Value| other.and_then(Value::as_array).is_some_and(|list| list.contains(item));
                for (at, item) in items.iter().enumerate().filter(|(_, item)| !known(item)) {
                    let mut left = items.clone();
                    left.remove(at);
                    with(item.to_string(), Some(Value::Array(left)));
                }
            }
            value if other == Some(value) => {}
            _ => with(key.clone(), None),
        }
    }
    all
}
