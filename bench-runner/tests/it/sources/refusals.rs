//! Damaged, missing or hostile sources, and forbidden entries of a manifest.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use super::servers::serve_http;
use super::{cache, commit, fetch, local, manifest, origin, stores};
use crate::lab::{Lab, ProgramRun, entries};

trials! { "sources";
    a_damaged_repository_is_noticed_and_fetched_again: LONG.with("git"),
    a_half_fetched_repository_is_fetched_again: LONG.with("git"),
    a_commit_that_is_not_there_is_named: ALWAYS.with("git"),
    a_tree_that_is_not_as_stated_is_refused: ALWAYS.with("git"),
    credentials_are_refused_and_said_nowhere: ALWAYS.with("git"),
    credentials_of_the_users_own_configuration_stay_there: LONG.with("git"),
    a_repository_that_leads_out_of_its_tree_is_refused: ALWAYS.with("git"),
}

/// The packs in the cache.
fn packs(lab: &Lab) -> Vec<std::path::PathBuf> {
    let packs = stores(lab).into_iter().flat_map(|store| entries(&store.join("objects/pack")));
    packs.filter(|path| path.extension().is_some_and(|extension| extension == "pack")).collect()
}

fn a_damaged_repository_is_noticed_and_fetched_again() {
    let lab = Lab::new();
    let [first, _] = origin(&lab);
    manifest(&lab, &local(&lab), &first, "submodules = true");
    fetch(&lab).expect(0);
    for pack in packs(&lab) {
        let mut bytes = fs::read(&pack).expect("a pack");
        let middle = bytes.len() / 2;
        bytes[middle..].iter_mut().for_each(|byte| *byte ^= 0x55);
        fs::remove_file(&pack).expect("it can be removed");
        fs::write(&pack, bytes).expect("a damaged pack");
    }
    let said = lab.run(&["corpus", "verify", "--offline", "demo"]).expect(3).stdout;
    assert!(said.contains("is damaged") && said.contains("without `--offline`"), "{said}");
    fetch(&lab).expect(0);
    lab.run(&["corpus", "verify", "--offline", "demo"]).expect(0);
}

fn a_half_fetched_repository_is_fetched_again() {
    let lab = Lab::new();
    let [first, second] = origin(&lab);
    manifest(&lab, &local(&lab), &first, "submodules = true");
    fetch(&lab).expect(0);
    for store in stores(&lab) {
        fs::write(store.join("shallow.lock"), "").expect("what a git that was killed leaves");
    }
    manifest(&lab, &local(&lab), &second, "submodules = true");
    fetch(&lab).expect(0);
    for pack in packs(&lab) {
        fs::remove_file(pack).expect("it can be removed");
    }
    fetch(&lab).expect(0);
    for store in stores(&lab) {
        fs::remove_file(store.join("HEAD")).expect("it can be removed");
    }
    fetch(&lab).expect(0);
    lab.run(&["corpus", "verify", "--offline", "demo"]).expect(0);
}

fn a_commit_that_is_not_there_is_named() {
    let lab = Lab::new();
    origin(&lab);
    let rev = "ab".repeat(20);
    manifest(&lab, &local(&lab), &rev, "");
    let said =
        lab.run(&["run", "--offline", "--project", "demo", "--axis", "linker=bfd,default"]).expect(2).stderr;
    assert!(said.contains(&rev) && said.contains("not in the cache"), "{said}");
    let said = fetch(&lab).expect(2).stderr;
    assert!(said.contains("no such commit") && said.contains("git ls-remote file://"), "{said}");
    let mut without = lab.command(&["corpus", "fetch", "demo"]);
    let ran: ProgramRun = without.env("PATH", lab.path("home")).output().expect("the program").into();
    assert!(ran.stderr.contains("install git"), "{}", ran.stderr);
    fs::remove_dir_all(lab.path("served/demo")).expect("it can be removed");
    let said = fetch(&lab).expect(1).stderr;
    assert!(said.contains("does not") && said.contains("check the address"), "git's own words: {said}");
}

fn a_tree_that_is_not_as_stated_is_refused() {
    let lab = Lab::new();
    let [first, second] = origin(&lab);
    manifest(&lab, &local(&lab), &first, "submodules = true");
    let said = fetch(&lab).expect(0).stdout;
    let tree =
        said.split(", tree ").nth(1).and_then(|rest| rest.lines().next()).expect("its hash").to_owned();
    manifest(&lab, &local(&lab), &first, &format!("submodules = true\ntree = \"{tree}\""));
    fetch(&lab).expect(0);
    manifest(&lab, &local(&lab), &second, &format!("submodules = true\ntree = \"{tree}\""));
    let said = fetch(&lab).expect(2).stderr;
    assert!(said.contains(&format!("stated: tree {tree}")) && said.contains("demo.toml"), "{said}");
}

fn a_repository_that_leads_out_of_its_tree_is_refused() {
    let lab = Lab::new();
    origin(&lab);
    symlink("../../../home", lab.path("served/demo/out")).expect("a link");
    let rev = commit(&lab, "served/demo");
    manifest(&lab, &local(&lab), &rev, "");
    let said = fetch(&lab).expect(2).stderr;
    assert!(said.contains("the link `out` leaves the tree"), "{said}");
    assert!(entries(&cache(&lab, "sources")).is_empty());
}

fn credentials_are_refused_and_said_nowhere() {
    let lab = Lab::new();
    let rev = "ab".repeat(20);
    for url in [
        "https://me:hunter2@nowhere.invalid/demo",
        "https://hunter2@nowhere.invalid/demo",
        "ssh://git:hunter2@nowhere.invalid/demo",
        "me:hunter2@nowhere.invalid:demo",
        "https://nowhere.invalid/demo?private_token=hunter2",
        "https://nowhere.invalid/demo.git?access_token=hunter2",
        "ftps://me:hunter2@nowhere.invalid/demo",
    ] {
        manifest(&lab, url, &rev, "");
        let said = fetch(&lab).expect(2);
        assert!(
            said.stderr.contains("holds credentials") && said.stderr.contains("insteadOf"),
            "{}",
            said.stderr
        );
        assert!(said.stderr.contains("demo.toml:5:") && said.stderr.contains("*******"), "{}", said.stderr);
        let added = lab.run(&["corpus", "add", url]).expect(2);
        assert!(added.stderr.contains("holds credentials"), "{}", added.stderr);
        for said in [&said, &added] {
            assert!(!said.stdout.contains("hunter2") && !said.stderr.contains("hunter2"), "{}", said.stderr);
        }
    }
    // Nor by an error about something else on the same line.
    manifest(&lab, &local(&lab), &rev, "ulr = \"https://me:hunter2@nowhere.invalid/demo\"");
    let said = fetch(&lab).expect(2).stderr;
    assert!(said.contains("ulr") && !said.contains("hunter2"), "{said}");
}

/// All files below a directory that contain a text.
fn holding(dir: &Path, text: &str) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for path in entries(dir) {
        if path.is_dir() && !path.is_symlink() {
            found.extend(holding(&path, text));
        } else if String::from_utf8_lossy(&fs::read(&path).unwrap_or_default()).contains(text) {
            found.push(path);
        }
    }
    found
}

fn credentials_of_the_users_own_configuration_stay_there() {
    let lab = Lab::new();
    let [first, _] = origin(&lab);
    let through = |address: &str| {
        let text =
            format!("[url \"http://me:hunter2@{address}/\"]\n\tinsteadOf = https://nowhere.invalid/\n");
        lab.write("home/.gitconfig", &text);
    };
    manifest(&lab, "https://nowhere.invalid/demo", &first, "submodules = true");
    // No server listens there.
    through("127.0.0.1:1");
    let said = fetch(&lab).expect(1);
    assert!(said.stderr.contains("127.0.0.1"), "git's own words: {}", said.stderr);
    assert!(!said.stderr.contains("hunter2") && !said.stdout.contains("hunter2"), "{}", said.stderr);
    let added = lab.run(&["corpus", "add", "https://nowhere.invalid/other"]).expect(1).stderr;
    assert!(added.contains("git ls-remote") && !added.contains("cargo"), "{added}");
    assert!(!added.contains("hunter2"), "{added}");
    let url = serve_http(&lab);
    through(url.trim_start_matches("http://").trim_end_matches("/demo"));
    lab.run(&["run", "--project", "demo", "--workload", "check", "--axis", "jobs=1,2", "--rounds", "1"])
        .expect(0);
    for dir in ["work", "cache", "state"] {
        assert_eq!(holding(&lab.path(dir), "hunter2"), <Vec<std::path::PathBuf>>::new());
    }
}
