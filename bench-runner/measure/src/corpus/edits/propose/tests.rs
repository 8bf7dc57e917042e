use std::fs;
use std::path::PathBuf;

use super::*;
use crate::corpus::Project;
use crate::process::find_in_path;
use crate::toml_reader::SourceText;

fn project(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    dir
}

fn proposed(dir: &Path) -> Vec<Edit> {
    let cargo = find_in_path("cargo", &std::env::var_os("PATH").unwrap()).unwrap();
    propose(dir, &cargo, &BuildSettings::default()).unwrap()
}

#[test]
fn a_package_for_an_old_rust_gets_what_that_can_compile() {
    let body = |version: &str| {
        let manifest =
            format!("[package]\nname = \"p\"\nversion = \"0.1.0\"\nedition = \"2021\"\n{version}\n");
        let dir = project(&[("Cargo.toml", &manifest), ("src/main.rs", "fn main() {\n    println!();\n}\n")]);
        let edits = proposed(dir.path());
        match &edits.iter().find(|edit| edit.name == "body").unwrap().change {
            EditChange::Text(TextChange { put: EditPlacement::After(put), .. }) => put.clone(),
            other => panic!("{other:?}"),
        }
    };
    assert!(body("").contains("black_box({n}u64)"));
    assert!(body("rust-version = \"1.66\"").contains("black_box"));
    assert!(body("rust-version = \"1.63.0\"").contains("AtomicUsize::new({n})"));
}

fn outline(edits: &[Edit]) -> String {
    let line = |edit: &Edit| match &edit.change {
        EditChange::Text(change) => {
            format!("{} {}: {}: {:?}", edit.name, edit.class, change.file.display(), change.anchor)
        }
        EditChange::Patch { .. } => edit.name.clone(),
    };
    edits.iter().map(line).collect::<Vec<_>>().join("\n")
}

const TOP: &str = "[workspace]\nmembers = [\"base\", \"mid\"]\n[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[dependencies]\nmid = { path = \"mid\" }\n";

fn member(name: &str, needs: &str) -> String {
    format!(
        "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[dependencies]\n{needs}\n"
    )
}

#[test]
fn a_workspace_has_edits_of_all_classes() {
    let (base, mid) = (member("base", ""), member("mid", "base = { path = \"../base\" }"));
    let dir = project(&[
        ("Cargo.toml", TOP),
        ("src/main.rs", "mod more;\nfn main() {\n    mid::go();\n}\n"),
        ("src/more.rs", "#[derive(Debug)]\npub struct S;\n"),
        ("mid/Cargo.toml", &mid),
        ("mid/build.rs", "fn main() {\n}\n"),
        ("mid/src/lib.rs", "pub fn go() {\n    base::deep();\n}\n"),
        ("base/Cargo.toml", &base),
        ("base/src/lib.rs", "//! Base.\npub fn deep() {\n    println!();\n}\n"),
    ]);
    let edits = proposed(dir.path());
    expect_test::expect![[r##"
        body body: src/main.rs: "fn main() {"
        core body: base/src/lib.rs: "fn deep() {"
        signature signature: base/src/lib.rs: "pub fn deep"
        new-item new-item: base/src/lib.rs: "pub fn deep"
        comment comment: base/src/lib.rs: "pub fn deep"
        macro-input macro-input: src/more.rs: "#[derive(Debug)]\npub struct S"
        leaf leaf: base/src/lib.rs: "fn deep() {"
        root root: src/main.rs: "fn main() {"
        build-script build-script: mid/build.rs: "fn main() {"
        manifest manifest: Cargo.toml: "[package]""##]]
    .assert_eq(&outline(&edits));
    let toml: String = edits.iter().map(as_toml).collect();
    let text = format!("name = \"p\"\n[source]\nkind = \"path\"\npath = \".\"\n{toml}");
    assert_eq!(Project::parse(&SourceText::new("p.toml", text), None).unwrap().edits, edits);
}

#[test]
fn of_one_package_the_library_is_the_leaf() {
    let manifest = member("p", "");
    let dir = project(&[
        ("Cargo.toml", &manifest),
        ("src/lib.rs", "pub fn go() {\n}\n"),
        ("src/main.rs", "fn main() {\n    p::go();\n}\n"),
    ]);
    let edits = proposed(dir.path());
    let classes: Vec<&str> = edits.iter().map(|edit| edit.class.as_str()).collect();
    assert_eq!(classes, ["body", "signature", "new-item", "comment", "leaf", "root", "manifest"]);
    let library = project(&[("Cargo.toml", &manifest), ("src/lib.rs", "pub fn go() {\n}\n")]);
    let classes: Vec<&str> = proposed(library.path()).iter().map(|edit| edit.class.as_str()).collect();
    assert_eq!(classes, ["body", "signature", "new-item", "comment", "root", "manifest"]);
}

#[test]
fn what_is_no_cargo_project_has_none() {
    let dir = project(&[("src/main.rs", "fn main() {\n}\n")]);
    let cargo = find_in_path("cargo", &std::env::var_os("PATH").unwrap()).unwrap();
    let error = propose(dir.path(), &cargo, &BuildSettings::default()).unwrap_err().to_string();
    assert!(error.starts_with("failed to find out about the packages of "), "{error}");
}

#[test]
fn what_is_not_built_or_made_of_macros_is_passed_over() {
    let top = "[workspace]\nmembers = [\"macros\"]\n[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[features]\nx = []\n[[bin]]\nname = \"aaa\"\npath = \"src/aaa.rs\"\nrequired-features = [\"x\"]\n[[bin]]\nname = \"app\"\npath = \"src/main.rs\"\n[dependencies]\nmacros = { path = \"macros\" }\n";
    let macros = format!("{}[lib]\nproc-macro = true\n", member("macros", ""));
    let dir = project(&[
        ("Cargo.toml", top),
        ("src/aaa.rs", "fn main() {\n    aaa();\n}\nfn aaa() {\n}\n"),
        ("src/main.rs", "fn main() {\n    app();\n}\nfn app() {\n}\n"),
        ("macros/Cargo.toml", &macros),
        ("macros/src/lib.rs", "pub fn go() {\n    println!();\n}\n"),
    ]);
    let edits = proposed(dir.path());
    let files: Vec<_> = edits.iter().flat_map(crate::corpus::edits::files).collect();
    assert!(files.iter().any(|file| file == Path::new("src/main.rs")), "{files:?}");
    let wrong = |file: &&PathBuf| file.starts_with("macros") || file.ends_with("aaa.rs");
    assert_eq!(files.iter().find(wrong), None);
}
