use std::fs;

use super::*;
use crate::corpus::manifest::{Edit, EditChange, EditClass, EditPlacement, TextChange};

fn whole() -> ManifestDraft {
    let source = "kind = \"crates-io\"\nname = \"demo\"\nversion = \"1.2.3\"\n".to_owned();
    let source = format!("{source}sha256 = \"{}\"\n", "0123456789abcdef".repeat(4));
    ManifestDraft {
        summary: "a \"demo\"".into(),
        package: Some("demo".into()),
        bins: vec!["demo".into()],
        check: Some(vec!["{artifact}".into(), "--version".into()]),
        lock: Some("# by hand\nversion = 4\n".into()),
        edits: vec![Edit {
            name: "body".into(),
            class: EditClass::Body,
            change: EditChange::Text(TextChange {
                file: "src/main.rs".into(),
                anchor: "fn main() {".into(),
                put: EditPlacement::After(" std::hint::black_box({n}u64);".into()),
            }),
        }],
        ..ManifestDraft::new("demo", source)
    }
}

#[test]
fn a_draft_is_read_back_as_it_was_meant() {
    let draft = whole();
    let project = draft.project().unwrap();
    assert_eq!((project.name.as_str(), project.summary.as_str()), ("demo", "a \"demo\""));
    assert_eq!(project.build.packages, ["demo"]);
    assert_eq!(project.edits, draft.edits);
    assert_eq!(project.lock.as_deref(), Some("# by hand\nversion = 4\n"));
    let odd = ManifestDraft { lock: Some("'''\r\n".into()), ..whole() };
    assert_eq!(odd.project().unwrap().lock.as_deref(), Some("'''\r\n"));
}

#[test]
fn names_that_are_none_are_refused() {
    let origin = ProjectOrigin::parse("hexyl").unwrap();
    assert_eq!(name(&origin, Some("mine")).unwrap(), "mine");
    for hostile in ["../x", "a/b", ".hidden", "", "<b>", "a;b", "$(x)"] {
        assert!(name(&origin, Some(hostile)).is_err(), "{hostile}");
    }
}

fn with(cache: &Path) -> FetchContext {
    FetchContext::in_tests(cache)
}

const DRAFT: &str = "name = \"made\"\n[source]\nkind = \"generated\"\nseed = 1\ncrates = 2\nshape = \"chain\"\nlines = 40\nstyle = \"plain\"\n";

#[test]
fn a_generated_manifest_gets_the_hash_of_its_tree() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("made.toml");
    fs::write(&file, DRAFT).unwrap();
    let with = with(&dir.path().join("cache"));
    let proposal = propose(&ProjectOrigin::Manifest(file.clone()), "made", None, &with).unwrap();
    let text = proposal.draft.text();
    assert!(text.contains(&format!("[source]\ntree = \"{}\"\n", proposal.pinned.tree_hash())), "{text}");
    assert_eq!(
        sources::pin(&proposal.draft.project().unwrap().source_request(), &with).unwrap(),
        proposal.pinned
    );
    let error = propose(&ProjectOrigin::Manifest(file), "other", None, &with).unwrap_err().to_string();
    assert!(error.contains("about the project `made`"), "{error}");
}

#[test]
fn what_is_not_there_or_is_no_cargo_project_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let with = with(&dir.path().join("cache"));
    let error =
        |origin: ProjectOrigin, rev: Option<&str>| propose(&origin, "x", rev, &with).unwrap_err().to_string();
    assert!(
        error(ProjectOrigin::Path(dir.path().join("absent")), None).contains("failed to find the project")
    );
    fs::create_dir(dir.path().join("tree")).unwrap();
    fs::write(dir.path().join("tree/README"), "x").unwrap();
    assert!(error(ProjectOrigin::Path(dir.path().join("tree")), None).contains("Cargo.toml"));
    assert!(error(ProjectOrigin::Path(dir.path().join("tree")), Some("main")).contains("for repositories"));
    let git = ProjectOrigin::Git { url: "https://host/x".into() };
    assert!(error(git, None).contains("--offline"));
}
