//! A shell script replaces cargo: it records its calls and "downloads" an archive that was made before.

use std::os::unix::fs::PermissionsExt;

use tar::EntryType;

use super::*;
use crate::corpus::sources::checkout::check_out;
use crate::corpus::sources::kind::Source;
use crate::corpus::sources::tree::archive::tests::pack;
use crate::corpus::sources::user_cargo::{FetchTool, fetch_dependencies};
use crate::printed_error::PrintedError as _;

struct FakeCargo {
    dir: tempfile::TempDir,
    with: FetchContext,
    source: CratesIoSource,
}

impl FakeCargo {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let served = dir.path().join("demo-1.0.0.crate");
        pack(
            &served,
            &[
                (EntryType::Regular, 0o644, "demo-1.0.0/Cargo.toml", "[package]"),
                (EntryType::Regular, 0o755, "demo-1.0.0/run.sh", "#!/bin/sh"),
            ],
        );
        let sha256 = hash(&served).unwrap();
        let fake = Self {
            with: FetchContext {
                cache: CacheDir::at(&dir.path().join("cache")).unwrap(),
                cargo: dir.path().join("cargo"),
                offline: false,
                user_home: None,
                exclude: Vec::new(),
                layouts: Default::default(),
            },
            source: CratesIoSource { name: "demo".into(), version: "1.0.0".into(), sha256, tree: None },
            dir,
        };
        fake.script(&format!(
            "d=$CARGO_HOME/registry/cache/mirror; mkdir -p $d; cp '{}' $d/",
            served.display()
        ));
        fake
    }

    fn script(&self, body: &str) {
        let calls = self.dir.path().join("calls");
        let text = format!("#!/bin/sh\necho \"$* in $(basename $PWD)\" >> '{}'\n{body}\n", calls.display());
        // Moved into place: a script that is open for writing cannot be run.
        let new = self.dir.path().join("cargo.new");
        fs::write(&new, text).unwrap();
        fs::set_permissions(&new, fs::Permissions::from_mode(0o755)).unwrap();
        fs::rename(&new, &self.with.cargo).unwrap();
    }

    fn calls(&self) -> Vec<String> {
        let text = fs::read_to_string(self.dir.path().join("calls")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    fn pin(&self) -> Result<Pinned, SourceError> {
        let source = Source::from(self.source.clone());
        let request = SourceRequest {
            project: "demo",
            manifest: "corpus/demo.toml",
            source: &source,
            base: None,
            lock: None,
            limit: 1_000_000,
            by_cargo: true,
        };
        pin(&self.source, &request, &self.with)
    }
}

#[test]
fn an_archive_is_fetched_once_checked_and_unpacked() {
    let fake = FakeCargo::new();
    let pinned = fake.pin().unwrap();
    assert_eq!(fake.calls(), ["info --color never --registry crates-io demo@1.0.0 in empty"]);
    assert_eq!(pinned.files.len(), 2);
    assert!(pinned.tree.ends_with(format!("sources/demo-1.0.0-{}", &fake.source.sha256[..12])));
    let work = fake.dir.path().join("work");
    check_out(&pinned, &work).unwrap();
    assert_eq!(fs::read_to_string(work.join("Cargo.toml")).unwrap(), "[package]");
    assert_eq!(fake.pin().unwrap(), pinned);
    assert_eq!(fake.calls().len(), 1);
}

#[test]
fn a_tree_that_was_changed_in_the_cache_is_unpacked_again() {
    let fake = FakeCargo::new();
    let pinned = fake.pin().unwrap();
    fs::write(pinned.tree.join("Cargo.toml"), "[other]").unwrap();
    fs::write(pinned.tree.join("more.rs"), "").unwrap();
    assert_eq!(fake.pin().unwrap(), pinned);
    assert_eq!(fs::read_to_string(pinned.tree.join("Cargo.toml")).unwrap(), "[package]");
    assert!(!pinned.tree.join("more.rs").exists());
}

#[test]
fn another_hash_is_refused_and_the_copy_left_as_it_is() {
    let mut fake = FakeCargo::new();
    let served = fake.source.sha256.clone();
    fake.source.sha256 = "0".repeat(64);
    for calls in [1, 1] {
        let error = fake.pin().unwrap_err();
        let SourceError::Checksum { archive, .. } = &error else { panic!("{error}") };
        assert_eq!(hash(archive).unwrap(), served);
        let text = error.printed();
        for part in [&served, &fake.source.sha256, "corpus/demo.toml"] {
            assert!(text.contains(part), "{part} in {text}");
        }
        assert_eq!(fake.calls().len(), calls);
    }
    assert!(!fake.with.cache.archives().exists() && !fake.with.cache.sources().exists());
}

#[test]
fn an_archive_that_was_changed_in_the_cache_is_refused() {
    let fake = FakeCargo::new();
    fake.pin().unwrap();
    let kept = fake.with.cache.archive(&fake.source.sha256);
    fs::write(&kept, "something else").unwrap();
    let error = fake.pin().unwrap_err();
    assert!(matches!(&error, SourceError::Tampered { archive, .. } if *archive == kept), "{error}");
    assert_eq!(fs::read_to_string(&kept).unwrap(), "something else");
}

#[test]
fn offline_fetches_nothing_and_uses_what_is_there() {
    let mut fake = FakeCargo::new();
    fake.with.offline = true;
    let error = fake.pin().unwrap_err();
    assert!(matches!(error, SourceError::Offline { .. }), "{error}");
    assert!(error.printed().contains("corpus fetch"), "{error}");
    assert!(fake.calls().is_empty());
    fake.with.offline = false;
    let pinned = fake.pin().unwrap();
    fake.with.offline = true;
    assert_eq!(fake.pin().unwrap(), pinned);
}

#[test]
fn failures_say_what_to_do() {
    let fake = FakeCargo::new();
    for (said, help) in [
        ("spurious network error: [6] Could not resolve host", "check the network"),
        ("error: No space left on device (os error 28)", "--cache-dir"),
        ("something new", "by hand"),
    ] {
        fake.script(&format!("echo '{said}' >&2; exit 101"));
        let text = fake.pin().unwrap_err().printed();
        assert!(text.contains(said) && text.contains(help), "{text}");
    }
    fake.script("exit 0");
    assert!(matches!(fake.pin(), Err(SourceError::NotDownloaded { .. })));
    fs::remove_file(&fake.with.cargo).unwrap();
    let text = fake.pin().unwrap_err().printed();
    assert!(text.contains("rustup.rs"), "{text}");
}

#[test]
fn dependencies_are_fetched_in_the_work_tree_as_locked() {
    let mut fake = FakeCargo::new();
    let work = fake.dir.path().join("work");
    fs::create_dir(&work).unwrap();
    let tool = FetchTool { cargo: fake.with.cargo.clone(), rustc: None, targets: vec!["x-y-z".into()] };
    fetch_dependencies(&work, &tool, &fake.with).unwrap();
    fake.with.offline = true;
    fake.script("echo \"error: can't make HTTP request in the offline mode\" >&2; exit 101");
    let error =
        fetch_dependencies(&work, &FetchTool { targets: Vec::new(), ..tool }, &fake.with).unwrap_err();
    assert!(error.printed().contains("run once without `--offline`"), "{error}");
    assert_eq!(
        fake.calls(),
        [
            "fetch --locked --color never --target x-y-z in work",
            "fetch --locked --color never --offline in work",
        ]
    );
}
