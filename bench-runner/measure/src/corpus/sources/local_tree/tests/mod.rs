//! Trees of the user, in git repositories and outside of them.

mod ignored_files;
mod links;

use std::os::unix::fs::symlink;

use super::*;
use crate::corpus::manifest::Project;
use crate::corpus::sources;
use crate::printed_error::PrintedError as _;
use crate::toml_reader::SourceText;

/// Loads the pinned tree from the cache.
fn load(pinned: &Pinned, place: &TestTree) -> Result<Option<Pinned>, SourceError> {
    let Pin::Tree { sha256 } = &pinned.pin else { panic!("{}", pinned.pin) };
    load_pinned(sha256, pinned.ignored.as_ref(), &place.with.cache)
}

struct TestTree {
    dir: tempfile::TempDir,
    with: FetchContext,
}

impl TestTree {
    fn new(files: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let place = Self {
            with: FetchContext {
                cache: CacheDir::at(&dir.path().join("cache")).unwrap(),
                cargo: "cargo".into(),
                offline: true,
                user_home: None,
                exclude: vec![dir.path().join("tree/results")],
                layouts: Default::default(),
            },
            dir,
        };
        fs::create_dir(place.tree()).unwrap();
        place.write(files);
        place
    }

    fn tree(&self) -> PathBuf {
        self.dir.path().join("tree")
    }

    fn write(&self, files: &[(&str, &str)]) {
        for (path, text) in files {
            let path = self.tree().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
    }

    fn pin(&self) -> Pinned {
        self.try_pin(&[], u64::MAX).unwrap()
    }

    fn try_pin(&self, exclude: &[PathBuf], limit: u64) -> Result<Pinned, SourceError> {
        pin(
            &LocalTree { path: &self.tree(), exclude, ignored: TakeIgnored::SmallAnd(&[]), limit },
            &OutsideFiles::default(),
            &self.with,
        )
    }

    /// The paths that the pin fixes.
    fn paths(&self) -> Vec<String> {
        let pinned = self.pin();
        let is_ignored = pinned.is_ignored();
        let own = pinned.files.iter().filter(|file| !is_ignored(file));
        own.map(|file| file.path.to_str().unwrap().to_owned()).collect()
    }

    /// The ignored paths that are copied.
    fn ignored(&self) -> Vec<String> {
        self.pin().ignored.map(|ignored| ignored.files).unwrap_or_default()
    }

    fn init(&self) -> git2::Repository {
        git2::Repository::init(self.tree()).unwrap()
    }

    /// Commits the given files, whether they are ignored or not.
    fn commit(&self, repository: &git2::Repository, files: &[&str]) -> String {
        let mut index = repository.index().unwrap();
        for file in files {
            index.add_path(Path::new(file)).unwrap();
        }
        index.write().unwrap();
        let tree = repository.find_tree(index.write_tree().unwrap()).unwrap();
        let author = git2::Signature::now("a", "a@example.org").unwrap();
        repository.commit(Some("HEAD"), &author, &author, "first", &tree, &[]).unwrap().to_string()
    }
}

const TAG: &str = "Signature: 8a477f597d28d172789f06886806bc55\n";

#[test]
fn a_plain_tree_is_taken_without_its_by_products() {
    let place = TestTree::new(&[
        ("Cargo.toml", "t"),
        ("src/target/mod.rs", "a module of that name"),
        ("target/debug/x", "built"),
        ("fuzz/target/CACHEDIR.TAG", TAG),
        ("fuzz/target/x", "built"),
        ("results/run/samples.csv", "measured"),
    ]);
    symlink("Cargo.toml", place.tree().join("link")).unwrap();
    assert_eq!(place.paths(), ["Cargo.toml", "link", "src/target/mod.rs"]);
    assert!(place.pin().notes.is_empty());
}

#[test]
fn a_directory_within_a_repository_goes_by_its_rules() {
    let place = TestTree::new(&[("Cargo.toml", "t"), ("x.log", "l"), ("sub/y.log", "l"), ("sub/y.rs", "r")]);
    let outer = git2::Repository::init(place.dir.path()).unwrap();
    fs::write(place.dir.path().join(".gitignore"), "*.log\n").unwrap();
    assert_eq!(
        (place.paths(), place.ignored()),
        (vec!["Cargo.toml".to_owned(), "sub/y.rs".into()], vec!["sub/y.log".to_owned(), "x.log".into()])
    );
    assert_eq!(place.pin().notes[..2], ["nothing has been committed yet", "uncommitted changes"]);
    // If it is ignored as a whole, it is not part of that repository.
    fs::write(place.dir.path().join(".gitignore"), "/tree\n").unwrap();
    drop(outer);
    assert_eq!(place.paths().len(), 4);
    assert!(place.pin().notes.is_empty());
}

#[test]
fn a_pinned_tree_stays_as_it_was() {
    let place = TestTree::new(&[("Cargo.toml", "before"), ("run.sh", "r")]);
    let pinned = place.pin();
    place.write(&[("Cargo.toml", "after")]);
    let work = place.dir.path().join("work");
    sources::check_out(&pinned, &work).unwrap();
    assert_eq!(fs::read_to_string(work.join("Cargo.toml")).unwrap(), "before");
    assert_ne!(place.pin().pin, pinned.pin);

    let loaded = load(&pinned, &place).unwrap().unwrap();
    assert_eq!((loaded.tree, loaded.files), (pinned.tree.clone(), pinned.files.clone()));
    fs::write(pinned.tree.join("Cargo.toml"), "changed in the cache").unwrap();
    assert!(load(&pinned, &place).unwrap().is_none());
    assert!(matches!(
        sources::check_out(&pinned, &place.dir.path().join("w2")),
        Err(SourceError::Changed { .. })
    ));
    place.write(&[("Cargo.toml", "before")]);
    assert_eq!(place.pin(), pinned);
    assert!(load(&pinned, &place).unwrap().is_some());
}

#[test]
fn a_cache_inside_the_tree_is_no_part_of_it() {
    let mut place = TestTree::new(&[("Cargo.toml", "t")]);
    place.with.cache = CacheDir::at(&place.tree().join("cache")).unwrap();
    let first = place.pin();
    assert_eq!(place.pin().pin, first.pin);
}

fn project(place: &TestTree, kind: &str) -> Project {
    let text = format!("name = \"own\"\n[source]\nkind = \"{kind}\"\npath = \"tree\"\n");
    let text = if kind == "command" { format!("{text}build = [\"make\"]\n") } else { text };
    Project::parse(&SourceText::new("own.toml", text), Some(place.dir.path().to_path_buf())).unwrap()
}

#[test]
fn a_path_is_a_cargo_project_and_a_command_need_not_be() {
    let place = TestTree::new(&[("Makefile", "all:\n")]);
    assert!(matches!(
        sources::pin(&project(&place, "command").source_request(), &place.with).unwrap().pin,
        Pin::Tree { .. }
    ));
    let error = |place: &TestTree| {
        sources::pin(&project(place, "path").source_request(), &place.with).unwrap_err().printed()
    };
    assert!(error(&place).contains("no Cargo.toml"));
    place.write(&[("Cargo.toml", "[package]\nname = \"p\"\n"), ("src/lib.rs", "")]);
    assert_eq!(sources::pin(&project(&place, "path").source_request(), &place.with).unwrap().files.len(), 3);
    let mut built_in = project(&place, "path");
    built_in.base = None;
    assert!(matches!(sources::pin(&built_in.source_request(), &place.with), Err(SourceError::NoBase { .. })));
}

#[test]
fn what_the_manifest_leaves_out_is_left_out_though_it_is_tracked() {
    let place = TestTree::new(&[("Cargo.toml", "t"), ("big/data", "d"), ("notes/a", "a"), ("notes/b", "b")]);
    let names = |place: &TestTree| -> Vec<String> {
        let pinned = place.try_pin(&["big".into(), "notes/b".into()], 1000).unwrap();
        pinned.files.iter().map(|file| file.path.to_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&place), ["Cargo.toml", "notes/a"]);
    let repository = place.init();
    place.commit(&repository, &["Cargo.toml", "big/data", "notes/a", "notes/b"]);
    assert_eq!(names(&place), ["Cargo.toml", "notes/a"]);
}

#[test]
fn there_is_an_end_to_what_is_copied() {
    let place = TestTree::new(&[("Cargo.toml", "t"), ("big/data", &"x".repeat(2000))]);
    let error = place.try_pin(&[], 1000).unwrap_err().printed();
    assert!(error.contains("max-mb") && error.contains("exclude"), "{error}");
    place.try_pin(&["big".into()], 1000).unwrap();
    let root = pin(
        &LocalTree { path: Path::new("/"), exclude: &[], ignored: TakeIgnored::Nothing, limit: 1 },
        &OutsideFiles::default(),
        &place.with,
    );
    assert!(root.unwrap_err().printed().contains("root of all files"));
}

#[test]
fn what_a_project_needs_from_beside_it_lies_beside_it_in_the_copy() {
    let place = TestTree::new(&[
        ("Cargo.toml", "[package]\nname = \"p\"\n[dependencies]\no = { path = \"../other\" }\n"),
        ("Cargo.lock", ""),
        ("src/lib.rs", ""),
    ]);
    let other = place.dir.path().join("other");
    fs::create_dir_all(other.join("target")).unwrap();
    fs::create_dir_all(other.join("src")).unwrap();
    fs::write(other.join("src/lib.rs"), "").unwrap();
    fs::write(other.join("Cargo.toml"), "[package]\nname = \"o\"\n").unwrap();
    fs::write(other.join("target/x"), "built").unwrap();
    fs::write(place.dir.path().join("unrelated"), "").unwrap();
    let pinned = sources::pin(&project(&place, "path").source_request(), &place.with).unwrap();
    let work = place.dir.path().join("work");
    sources::check_out(&pinned, &work).unwrap();
    assert_eq!(pinned.root, Path::new("tree"));
    assert!(work.join("tree/Cargo.lock").is_file() && work.join("other/Cargo.toml").is_file());
    assert!(!work.join("unrelated").exists() && !work.join("other/target").exists());
    let loaded = load(&pinned, &place).unwrap().unwrap();
    assert_eq!((loaded.root, loaded.files), (pinned.root.clone(), pinned.files.clone()));
    fs::write(other.join("Cargo.toml"), "[package]\nname = \"o\"\nversion = \"1.0.0\"\n").unwrap();
    assert_ne!(sources::pin(&project(&place, "path").source_request(), &place.with).unwrap().pin, pinned.pin);
}
