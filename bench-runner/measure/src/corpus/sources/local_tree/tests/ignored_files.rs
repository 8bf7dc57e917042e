//! Trials of ignored and tracked files.

use super::*;

#[test]
fn git_says_what_is_ignored_and_what_is_tracked_all_the_same() {
    let place = TestTree::new(&[
        (".gitignore", "/target\nCargo.lock\n*.log\n/generated\n"),
        ("Cargo.lock", "lock"),
        ("src/main.rs", "m"),
        ("notes.log", "l"),
        ("generated/kept.rs", "k"),
        ("generated/other.rs", "o"),
        ("target/x", "built"),
        ("results/run/samples.csv", "measured"),
    ]);
    let repository = place.init();
    let commit = place.commit(&repository, &[".gitignore", "src/main.rs", "generated/kept.rs"]);
    let expected = [".gitignore", "Cargo.lock", "generated/kept.rs", "src/main.rs"];
    assert_eq!(place.paths(), expected);
    assert_eq!(place.ignored(), ["generated/other.rs", "notes.log"]);
    let along = "brought along though git ignores it: 2 files (`generated/other.rs`, `notes.log`); commits (`rev`, \
                 `replay`) are built with today's";
    assert_eq!(place.pin().notes, [format!("HEAD is {commit}"), along.to_owned()]);
    place.write(&[("src/new.rs", "not added yet")]);
    assert_eq!(place.paths().len(), 5);
    assert_eq!(place.pin().notes[1..], ["uncommitted changes", along]);
}

#[test]
fn of_ignored_files_what_is_small_comes_along_and_the_rest_is_named() {
    let place = TestTree::new(&[
        (".gitignore", "/dist/\n.env\n*.bin\n/.cargo/\n/target\n/cache-of-a-tool/\n"),
        ("Cargo.toml", "t"),
        (".env", "SECRET=1"),
        (".cargo/config.toml", "[build]\n"),
        ("dist/a/small", "s"),
        ("dist/big", &"b".repeat(2 << 20)),
        ("large.bin", &"l".repeat(3 << 20)),
        ("target/debug/x", "built"),
        ("cache-of-a-tool/CACHEDIR.TAG", TAG),
        ("cache-of-a-tool/x", "cached"),
    ]);
    place.init();
    let own = [".gitignore", "Cargo.toml"];
    assert_eq!(place.paths(), own);
    assert_eq!(place.ignored(), [".cargo/", ".env", "dist/"]);
    let pinned = place.pin();
    assert!(pinned.files.iter().all(|file| !file.path.ends_with("big") && !file.path.ends_with("large.bin")));
    let left_out = pinned.notes.iter().find(|note| note.starts_with("left out, ignored by git")).unwrap();
    assert!(
        left_out.contains("`large.bin` (3.1 MB), `dist/big` (2.1 MB); `include = [\"large.bin\"]`"),
        "{left_out}"
    );
    // The pin does not fix ignored files; they have a separate hash.
    place.write(&[(".env", "SECRET=2")]);
    let other = place.pin();
    assert_eq!(other.pin, pinned.pin);
    assert_ne!(other.ignored, pinned.ignored);
    let load = |pinned: &Pinned| load(pinned, &place).unwrap();
    for pinned in [&pinned, &other] {
        assert_eq!(load(pinned).unwrap().files, pinned.files);
    }
    // Changes in the cache are detected.
    fs::write(other.tree.join(".env"), "SECRET=3").unwrap();
    assert_eq!(load(&other), None);

    let include = |paths: &[&str]| {
        let include: Vec<PathBuf> = paths.iter().map(PathBuf::from).collect();
        let tree = LocalTree {
            path: &place.tree(),
            exclude: &[],
            ignored: TakeIgnored::SmallAnd(&include),
            limit: u64::MAX,
        };
        pin(&tree, &OutsideFiles::default(), &place.with)
    };
    let whole = include(&["dist", "large.bin"]).unwrap();
    assert!(whole.files.iter().any(|file| file.path.ends_with("dist/big")));
    assert!(whole.notes.iter().all(|note| !note.starts_with("left out")), "{:?}", whole.notes);
    let gone = include(&["gone"]).unwrap_err().printed();
    assert!(gone.contains("`include`") && gone.contains("`gone`, which is not there"), "{gone}");
    assert!(include(&["target"]).unwrap_err().printed().contains("made by builds"));
}

#[test]
fn what_a_submodule_tracks_comes_along_though_it_ignores_it() {
    let place = TestTree::new(&[
        ("Cargo.toml", "t"),
        ("dep/.gitignore", "gen/\n"),
        ("dep/gen/x.rs", "x"),
        ("dep/gen/y.rs", "y"),
    ]);
    let inner = git2::Repository::init(place.tree().join("dep")).unwrap();
    let mut index = inner.index().unwrap();
    for file in [".gitignore", "gen/x.rs"] {
        index.add_path(Path::new(file)).unwrap();
    }
    index.write().unwrap();
    place.init();
    assert_eq!(place.paths(), ["Cargo.toml", "dep/.gitignore", "dep/gen/x.rs"]);
    assert_eq!(place.ignored(), ["dep/gen/y.rs"]);
}
