//! Projects that need files outside of their directories.

use std::fs;

use super::workspace_member::{MemberPackage, member};
use super::*;
use crate::printed_error::PrintedError as _;

struct TestDir(tempfile::TempDir);

impl TestDir {
    fn new(files: &[(&str, &str)]) -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        for (path, text) in files {
            let path = place.root().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, text).unwrap();
            if text.contains("[package]") {
                // To cargo, a package without a target is not a package.
                fs::create_dir_all(path.with_file_name("src")).unwrap();
                fs::write(path.with_file_name("src").join("lib.rs"), "").unwrap();
            }
        }
        place
    }

    fn with(&self) -> FetchContext {
        FetchContext::in_tests(&self.root().join("cache"))
    }

    fn root(&self) -> PathBuf {
        self.0.path().canonicalize().unwrap()
    }

    fn find(&self, project: &str) -> Result<OutsideFiles, SourceError> {
        let mut outside = find(&self.root().join(project), &self.with())?;
        let builds = std::mem::take(&mut outside.builds);
        assert!(builds.contains(&self.root().join(project).join("target")), "{builds:?}");
        Ok(outside)
    }

    /// Directories and files, relative to the root.
    fn found(&self, project: &str) -> (Vec<String>, Vec<String>) {
        let outside = self.find(project).unwrap();
        let short = |path: &PathBuf| path.strip_prefix(self.root()).unwrap().to_str().unwrap().to_owned();
        (outside.dirs.iter().map(short).collect(), outside.files.keys().map(short).collect())
    }
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn a_project_that_needs_nothing_is_copied_alone() {
    let place = TestDir::new(&[
        ("p/Cargo.toml", "[workspace]\nmembers = [\"a\"]\n[workspace.dependencies]\nb = { path = \"b\" }\n"),
        ("p/a/Cargo.toml", "[package]\nname = \"a\"\n[dependencies]\nb = { path = \"../b\" }\n"),
        ("p/b/Cargo.toml", "[package]\nname = \"b\"\n"),
    ]);
    let outside = place.find("p").unwrap();
    assert_eq!(outside, OutsideFiles::default());
    assert_eq!(outside.base(&place.root().join("p")), place.root().join("p"));
}

#[test]
fn what_a_neighbour_inherits_comes_along() {
    let place = TestDir::new(&[
        ("p/Cargo.toml", "[package]\nname = \"p\"\n[dependencies]\na = { path = \"../ws/a\" }\n"),
        (
            "ws/Cargo.toml",
            "[workspace]\nmembers = [\"a\", \"b\", \"c\"]\n[workspace.dependencies]\nb = { path = \"b\" }\nc = { path = \"c\" }\n",
        ),
        ("ws/a/Cargo.toml", "[package]\nname = \"a\"\n[dependencies]\nb.workspace = true\n"),
        ("ws/b/Cargo.toml", "[package]\nname = \"b\"\n"),
        ("ws/c/Cargo.toml", "[package]\nname = \"c\"\n"),
    ]);
    assert_eq!(place.found("p"), (names(&["ws/a", "ws/b"]), names(&["ws/Cargo.toml"])));
}

#[test]
fn packages_are_found_wherever_a_manifest_names_them() {
    let package = |name: &str| (format!("o/{name}/Cargo.toml"), format!("[package]\nname = \"{name}\"\n"));
    let outer: Vec<(String, String)> =
        ["plain", "dev", "build", "target", "inherited", "patched", "unused"].map(package).into();
    let mut files: Vec<(&str, &str)> =
        outer.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    files.push((
        "p/Cargo.toml",
        "[workspace]\nmembers = [\"crates/*\"]\n\
         [workspace.dependencies]\ninherited = { path = \"../o/inherited\" }\n\
         [patch.crates-io]\npatched = { path = \"../o/patched\" }\n",
    ));
    files.push((
        "p/crates/a/Cargo.toml",
        "[package]\nname = \"a\"\n[dependencies]\nplain = { path = \"../../../o/plain\" }\ninherited.workspace = true\n\
         [dev-dependencies]\ndev = { path = \"../../../o/dev\" }\n\
         [build-dependencies]\nbuild = { path = \"../../../o/build\" }\n\
         [target.'cfg(unix)'.dependencies]\ntarget = { path = \"../../../o/target\" }\n",
    ));
    let place = TestDir::new(&files);
    let expected = ["o/build", "o/dev", "o/inherited", "o/patched", "o/plain", "o/target"];
    assert_eq!(place.found("p").0, names(&expected));
    assert_eq!(place.find("p").unwrap().base(&place.root().join("p")), place.root());
}

#[test]
fn what_a_package_outside_needs_comes_too() {
    let place = TestDir::new(&[
        ("r/p/Cargo.toml", "[package]\nname = \"p\"\n[dependencies]\na = { path = \"../ws/a\" }\n"),
        ("r/ws/Cargo.toml", "[workspace]\nmembers = [\"*\"]\n[workspace.package]\nedition = \"2021\"\n"),
        (
            "r/ws/a/Cargo.toml",
            "[package]\nname = \"a\"\nedition.workspace = true\n[dependencies]\nb = { path = \"../../../b\" }\n\
             [dev-dependencies]\nc = { path = \"../c\" }\n",
        ),
        ("r/ws/c/Cargo.toml", "[package]\nname = \"c\"\n"),
        ("b/Cargo.toml", "[package]\nname = \"b\"\n[dependencies]\nagain = { path = \"../r/p\" }\n"),
    ]);
    assert_eq!(place.found("r/p"), (names(&["b", "r/ws/a"]), names(&["r/ws/Cargo.toml"])));
}

#[test]
fn of_directories_within_one_another_the_outer_one_is_enough() {
    let place = TestDir::new(&[
        (
            "p/Cargo.toml",
            "[package]\nname = \"p\"\n[dependencies]\na = { path = \"../a\" }\nb = { path = \"../a/b\" }\n",
        ),
        ("a/Cargo.toml", "[package]\nname = \"a\"\n"),
        ("a/b/Cargo.toml", "[package]\nname = \"b\"\n"),
    ]);
    assert_eq!(place.found("p").0, names(&["a"]));
}

#[test]
fn configuration_above_comes_along_within_the_repository_only() {
    let place = TestDir::new(&[
        (".cargo/config.toml", "[build]\njobs = 1\n"),
        ("repo/.cargo/config.toml", "[env]\nA = \"b\"\n"),
        ("repo/rust-toolchain.toml", "[toolchain]\nchannel = \"stable\"\n"),
        ("repo/apps/p/Cargo.toml", "[package]\nname = \"p\"\n"),
    ]);
    git2::Repository::init(place.root().join("repo")).unwrap();
    assert_eq!(place.found("repo/apps/p").1, names(&["repo/.cargo/config.toml", "repo/rust-toolchain.toml"]));
    let outside = place.find("repo/apps/p").unwrap();
    assert_eq!(outside.base(&place.root().join("repo/apps/p")), place.root().join("repo"));
    assert!(outside.notes.iter().any(|note| note.contains("as-configured")), "{:?}", outside.notes);
}

#[test]
fn what_configuration_names_comes_along_from_where_it_names_it() {
    let place = TestDir::new(&[
        (
            "repo/.cargo/config.toml",
            "include = [\"more/own.toml\"]\n[source.own]\ndirectory = \"vendor\"\n[target.x]\nlinker = \"tools/link\"\n",
        ),
        // In an included file, too, paths start one directory above its own.
        ("repo/.cargo/more/own.toml", "[build]\nrustc-wrapper = \"wrap/it\"\ntarget = \"gone.json\"\n"),
        ("repo/.cargo/wrap/it", ""),
        ("repo/tools/link", ""),
        ("repo/tools/other", ""),
        ("repo/vendor/a/Cargo.toml", ""),
        ("repo/apps/p/Cargo.toml", "[package]\nname = \"p\"\n"),
        (
            "repo/apps/p/.cargo/config.toml",
            "paths = [\"../over\"]\n[build]\nrustflags = [\"-L../../native\"]\n[target.y]\nrunner = \"/bin/true -x\"\n",
        ),
        ("repo/apps/over/Cargo.toml", "[package]\nname = \"over\"\n"),
    ]);
    git2::Repository::init(place.root().join("repo")).unwrap();
    let outside = place.find("repo/apps/p").unwrap();
    let short = |path: &PathBuf| path.strip_prefix(place.root()).unwrap().to_str().unwrap().to_owned();
    let exact: Vec<String> = outside.exact.iter().map(short).collect();
    let expected = ["repo/.cargo/more/own.toml", "repo/.cargo/wrap/it", "repo/tools/link", "repo/vendor"];
    assert_eq!(exact, names(&expected));
    assert_eq!(place.found("repo/apps/p"), (names(&["repo/apps/over"]), names(&["repo/.cargo/config.toml"])));
    let notes = outside.notes.join("\n");
    assert!(notes.contains("`-L../../native`") && notes.contains("names /bin/true, which is"), "{notes}");
}

#[test]
fn what_configuration_names_and_cannot_be_copied_is_refused() {
    let config = |text: &str| {
        let place = TestDir::new(&[
            ("r/p/Cargo.toml", "[package]\nname = \"p\"\n"),
            ("r/p/.cargo/config.toml", text),
            ("real/link", ""),
        ]);
        std::os::unix::fs::symlink("../real", place.root().join("r/tools")).unwrap();
        place.find("r/p").unwrap_err().printed()
    };
    let around = config("[source.own]\ndirectory = \"..\"\n");
    assert!(around.contains("`source.own.directory` in") && around.contains("itself lies in"), "{around}");
    let linked = config("[target.x]\nlinker = \"../tools/link\"\n");
    assert!(linked.contains("through a link"), "{linked}");
    assert!(config("paths = [\"/opt/x\"]\n").contains("absolute path /opt/x"));
}

#[test]
fn a_member_of_a_workspace_is_sent_to_the_workspace() {
    let place = TestDir::new(&[
        ("ws/Cargo.toml", "[workspace]\nmembers = [\"a\"]\nexclude = [\"own\"]\n"),
        ("ws/a/Cargo.toml", "[package]\nname = \"a\"\n"),
        ("ws/own/Cargo.toml", "[package]\nname = \"own\"\n"),
        ("ws/apart/Cargo.toml", "[package]\nname = \"apart\"\n[workspace]\n"),
    ]);
    let error = place.find("ws/a").unwrap_err().printed();
    assert!(error.contains("belongs to the workspace in") && error.contains("package = \"a\""), "{error}");
    let member = |dir: &str| member(&place.root().join(dir), &place.with()).unwrap();
    assert_eq!(
        member("ws/a"),
        Some(MemberPackage { workspace: place.root().join("ws"), package: "a".into(), directory: None })
    );
    for alone in ["ws/own", "ws/apart"] {
        assert_eq!((place.find(alone).unwrap(), member(alone)), (OutsideFiles::default(), None));
    }
}

#[test]
fn what_cannot_be_copied_is_named() {
    let absolute = TestDir::new(&[(
        "p/Cargo.toml",
        "[package]\nname = \"p\"\n[dependencies]\na = { path = \"/opt/a\" }\n",
    )]);
    let error = absolute.find("p").unwrap_err().printed();
    assert!(error.contains("`a` in") && error.contains("/opt/a") && error.contains("relative"), "{error}");

    let linked = TestDir::new(&[
        ("p/Cargo.toml", "[package]\nname = \"p\"\n[dependencies]\na = { path = \"../a\" }\n"),
        ("real/Cargo.toml", "[package]\nname = \"a\"\n"),
    ]);
    std::os::unix::fs::symlink("real", linked.root().join("a")).unwrap();
    assert!(linked.find("p").unwrap_err().printed().contains("through a link"));
}

#[test]
fn members_are_those_that_cargo_finds() {
    let place = TestDir::new(&[
        (
            "p/Cargo.toml",
            "[workspace]\nmembers = [\"crates/**/lib-*\", \"tools/[ab]*\", \"../beside\"]\nexclude = [\"tools/away\"]\n",
        ),
        (
            "p/crates/deep/down/lib-x/Cargo.toml",
            "[package]\nname = \"x\"\n[dependencies]\no = { path = \"../../../../../o\" }\n",
        ),
        ("p/tools/bee/Cargo.toml", "[package]\nname = \"bee\"\n"),
        ("p/tools/away/Cargo.toml", "[package]\nname = \"away\"\n"),
        ("beside/Cargo.toml", "[package]\nname = \"beside\"\nworkspace = \"../p\"\n"),
        ("o/Cargo.toml", "[package]\nname = \"o\"\n"),
    ]);
    assert_eq!(place.found("p").0, names(&["beside", "o"]));
    let member =
        |dir: &str| member(&place.root().join(dir), &place.with()).unwrap().map(|member| member.package);
    for (dir, package) in [
        ("p/crates/deep/down/lib-x", Some("x")),
        ("p/tools/bee", Some("bee")),
        ("p/tools/away", None),
        ("beside", Some("beside")),
        ("p", None),
    ] {
        assert_eq!(member(dir).as_deref(), package, "{dir}");
    }
}

#[test]
fn sources_of_targets_come_along_from_where_they_are() {
    let place = TestDir::new(&[
        (
            "r/pkg/Cargo.toml",
            "[package]\nname = \"p\"\nbuild = \"../build.rs\"\n[[bin]]\nname = \"b\"\npath = \"../../src/main.rs\"\n",
        ),
        ("r/build.rs", "mod helpers; fn main() {}"),
        ("r/helpers/mod.rs", ""),
        ("r/data/large", ""),
        ("src/main.rs", ""),
        ("src/module.rs", ""),
    ]);
    let outside = place.find("r/pkg").unwrap();
    assert_eq!(place.found("r/pkg").0, names(&["r/helpers", "src"]));
    let exact: Vec<&PathBuf> = outside.exact.iter().collect();
    assert_eq!(exact, [&place.root().join("r/build.rs")]);
}
