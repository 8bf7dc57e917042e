use std::collections::BTreeMap;

use super::parameters::{GraphShape, InGraph, Style};
use super::*;
use crate::corpus::sources::local_tree;
use crate::printed_error::PrintedError as _;

fn family() -> GeneratedSource {
    GeneratedSource {
        seed: 1,
        crates: 4,
        shape: GraphShape::Diamond,
        lines: 60,
        style: Style::Plain,
        in_graph: InGraph::None,
        dependencies: BTreeMap::new(),
        calls: None,
        lock: None,
        tree: None,
    }
}

fn with(cache: &Path) -> FetchContext {
    FetchContext::in_tests(cache)
}

fn hash(source: &GeneratedSource) -> String {
    let files = files(source, cargo_files::lock(source));
    tree::hash(&tree_files(&files))
}

/// A new value here requires a new [`VERSION`].
#[test]
fn the_bytes_of_a_family_outlive_versions_of_this_program() {
    let all = [
        Style::Plain,
        Style::Generics,
        Style::TraitObjects,
        Style::AsyncNested,
        Style::AsyncBoxed,
        Style::Derive,
    ];
    let mut hashes: Vec<String> = Vec::new();
    for style in all {
        hashes.push(format!("{style:?} {}", hash(&GeneratedSource { style, ..family() })));
    }
    for in_graph in [InGraph::BuildScript, InGraph::ProcMacro] {
        hashes.push(format!("{in_graph:?} {}", hash(&GeneratedSource { in_graph, ..family() })));
    }
    for shape in [GraphShape::Chain, GraphShape::Star] {
        hashes.push(format!("{shape:?} {}", hash(&GeneratedSource { shape, ..family() })));
    }
    expect_test::expect![[r#"
        Plain 1a627f6abfb45ba972802cb74982b233c86a289da4096509a59b7e3e0b286e01
        Generics 09500af439bed7b52a25550f100f69b0e65df9315e4f4508d6042731db2f46bf
        TraitObjects 4940b1de10680c8db651e8b27074359004d0784545b017e61f64109dbf0e9f83
        AsyncNested fe5675f1a6de3cd2b11d63af0308a3938680aa4c14dad2bbc736b82ef3412936
        AsyncBoxed 37245b570d9a3bde85a4a8a3486096c961b221b0a511e82658e30dc8a4449dc8
        Derive 731f2f2219a4c93f0ccd0d2bdbc5ce26c0821124e8985679bf0b6c9d537dafe4
        BuildScript 1acacf1dbace9f2f76c4b0e0e870085040320f339f8ae3ed81ad8c9788023987
        ProcMacro 9151db1b7d9bea94bfa1202aee1546b2dd3df3d29ec151cadec07a8a12db631d
        Chain 858b837dcf5d412c254186aa570356a5f32b2e6c135bf2c8efa168deb49c36dc
        Star 1d952c16b255c15c933c8ee9f9c991629a0520f341b9a3f8e549c216c6e3e53d"#]]
    .assert_eq(&hashes.join("\n"));
}

#[test]
fn one_parameter_changes_what_it_is_about_and_nothing_else() {
    let texts = |source: &GeneratedSource| files(source, String::new());
    let differing = |a: &Files, b: &Files| -> Vec<String> {
        let paths: std::collections::BTreeSet<&PathBuf> = a.keys().chain(b.keys()).collect();
        let differ = paths.into_iter().filter(|path| a.get(*path) != b.get(*path));
        differ.map(|path| path.display().to_string()).collect()
    };
    let family = family();
    let star = GeneratedSource { shape: GraphShape::Star, ..family.clone() };
    assert_eq!(
        differing(&texts(&family), &texts(&star)),
        [
            "crates/c000/Cargo.toml",
            "crates/c000/src/main.rs",
            "crates/c001/Cargo.toml",
            "crates/c001/src/lib.rs",
            "crates/c002/Cargo.toml",
            "crates/c002/src/lib.rs",
        ]
    );
    let scripted = GeneratedSource { in_graph: InGraph::BuildScript, ..family.clone() };
    assert_eq!(
        differing(&texts(&family), &texts(&scripted)),
        ["crates/c003/build.rs", "crates/c003/src/lib.rs"]
    );
    let (generic, dynamic) = (Style::Generics, Style::TraitObjects);
    let [generic, dynamic] =
        [generic, dynamic].map(|style| texts(&GeneratedSource { style, ..family.clone() }));
    let lines = |files: &Files| files.values().map(|text| text.lines().count()).sum::<usize>();
    assert_eq!(lines(&generic), lines(&dynamic));
}

#[test]
fn lines_are_about_what_was_asked_for() {
    for lines in [100, 500, 2000] {
        let files = files(&GeneratedSource { lines, ..family() }, String::new());
        let found = files[Path::new("crates/c003/src/lib.rs")].lines().count() as f64;
        assert!((found / f64::from(lines) - 1.0).abs() < 0.15, "{found} of {lines}");
    }
}

#[test]
fn what_was_generated_is_pinned_by_its_tree_and_made_once() {
    let dir = tempfile::tempdir().unwrap();
    let with = with(dir.path());
    let pinned = pin(&family(), "family", &with).unwrap();
    assert_eq!(pinned.pin, Pin::Tree { sha256: hash(&family()) });
    let recalled = local_tree::load_pinned(&hash(&family()), None, &with.cache).unwrap().unwrap();
    assert_eq!(recalled.files, pinned.files);
    // A damaged tree is made again.
    fs::write(pinned.tree.join("Cargo.toml"), "x").unwrap();
    assert_eq!(pin(&family(), "family", &with).unwrap(), pinned);
    assert!(fs::read_to_string(pinned.tree.join("Cargo.toml")).unwrap().contains("generator 1"));
}

#[test]
fn dependencies_without_a_lock_are_refused_with_the_way_out() {
    let dir = tempfile::tempdir().unwrap();
    let dependency = parameters::PinnedDependency {
        version: "1.0.0".into(),
        features: Vec::new(),
        default_features: true,
    };
    let source = GeneratedSource { dependencies: [("serde".to_owned(), dependency)].into(), ..family() };
    let error = pin(&source, "family", &with(dir.path())).unwrap_err().printed();
    assert!(error.contains("no `lock`") && error.contains("corpus add"), "{error}");
}
