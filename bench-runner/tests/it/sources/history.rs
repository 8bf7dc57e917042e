//! The history of a repository: compared, and fetched as far back as requested.

use std::fs;

use bench_runner_measure::corpus::sources::{FetchContext, git_store, last_commits};

use super::servers::serve;
use super::{cache, commit, fetch, git, local, manifest, origin, sources};
use crate::lab::{Lab, entries};

trials! { "sources";
    commits_of_a_repository_are_compared: LONG.with("git"),
    commits_of_a_local_project_come_with_its_submodules: LONG.with("git"),
    history_is_deepened_as_far_as_it_is_asked_for: ALWAYS.with("git"),
    history_is_not_shortened_by_another_fetch: ALWAYS.with("git"),
    history_that_is_cut_at_its_origin_is_asked_for_once: ALWAYS.with("git"),
    only_the_history_is_said_to_be_missing: LONG.with("git"),
}

fn commits_of_a_repository_are_compared() {
    let lab = Lab::new();
    let [first, second] = origin(&lab);
    manifest(&lab, &local(&lab), &second, "submodules = true");
    let missing = "ab".repeat(20);
    let axis = format!("rev={first},{second},{missing}");
    let args = ["run", "--project", "demo", "--workload", "check", "--rounds", "1", "--axis", &axis];
    let ran = lab.run(&args).expect(0);
    let bundle = lab.bundle();
    let left_out: Vec<&str> =
        bundle.manifest.plan.skipped.iter().map(|skipped| skipped.reason.as_str()).collect();
    assert!(
        matches!(left_out[..], [reason] if reason.contains("no such commit")),
        "{left_out:?} {}",
        ran.stderr
    );
    for rev in [&first, &second] {
        let pin = format!("git:{rev}");
        assert!(bundle.samples.iter().any(|sample| sample.pin.to_string() == pin), "no sample of {pin}");
    }
    fs::remove_dir_all(lab.path("served")).expect("it can be removed");
    let axis = format!("rev={first},{second}");
    lab.run(&["plan", "--offline", "--project", "demo", "--axis", &axis]).expect(0);
    let said = lab.run(&["plan", "--project", "demo", "--axis", "rev=main"]).expect(2).stderr;
    assert!(said.contains("40"), "{said}");
}

/// Number of available commits among the last `count` up to `rev`, or the message.
fn reached(lab: &Lab, rev: &str, count: usize, with: &FetchContext) -> Result<usize, String> {
    let repository =
        git_store::repository(&local(lab), rev, count, with).map_err(|error| error.to_string())?;
    last_commits(&repository, rev, count).map(|commits| commits.len()).map_err(|error| error.to_string())
}

/// Adds `count` commits to `served/demo`. Returns the last of them.
fn more(lab: &Lab, count: usize) -> String {
    for number in 0..count {
        lab.write("served/demo/README", &format!("{number}\n"));
        commit(lab, "served/demo");
    }
    git(lab, "served/demo", &["rev-parse", "HEAD"])
}

fn history_is_deepened_as_far_as_it_is_asked_for() {
    let lab = Lab::new();
    origin(&lab);
    let rev = more(&lab, 5);
    let mut with = sources(&lab);
    let history = |count: usize, with: &FetchContext| reached(&lab, &rev, count, with);
    assert_eq!(history(1, &with), Ok(1));
    assert_eq!(history(4, &with), Ok(4));
    with.offline = true;
    assert_eq!(history(3, &with), Ok(3));
    let said = history(5, &with).expect_err("they are not there");
    assert!(
        said.contains(&format!("before the last 4 of 5 commits up to {rev} is not in the cache")),
        "{said}"
    );
    with.offline = false;
    // There are seven in all.
    assert_eq!(history(100, &with), Ok(7));
    fs::remove_dir_all(lab.path("served")).expect("it can be removed");
    assert_eq!(history(100, &with), Ok(7));
}

/// A second commit, fetched with less history, would say that its history ends where that of the first one
/// continues.
fn history_is_not_shortened_by_another_fetch() {
    let lab = Lab::new();
    origin(&lab);
    let main = more(&lab, 5);
    git(&lab, "served/demo", &["checkout", "--quiet", "-b", "side", "HEAD~1"]);
    lab.write("served/demo/SIDE", "");
    let side = commit(&lab, "served/demo");
    let mut with = sources(&lab);
    assert_eq!(reached(&lab, &main, 5, &with), Ok(5));
    assert_eq!(reached(&lab, &side, 2, &with), Ok(2));
    let [store] =
        &entries(&with.cache.repositories()).into_iter().filter(|path| path.is_dir()).collect::<Vec<_>>()[..]
    else {
        panic!("one repository for both")
    };
    let cuts = fs::read_to_string(store.join("shallow")).expect("it is shallow");
    assert_eq!(cuts.lines().count(), 2, "git has cut the history of the first one: {cuts}");
    with.offline = true;
    assert_eq!(reached(&lab, &main, 5, &with), Ok(5));
    // The common commits serve both.
    assert_eq!(reached(&lab, &side, 5, &with), Ok(5));
    assert!(reached(&lab, &main, 6, &with).is_err());
    with.offline = false;
    assert_eq!(reached(&lab, &side, 100, &with), Ok(7));
    with.offline = true;
    assert_eq!(reached(&lab, &main, 100, &with), Ok(7));
}

/// If the history is cut at its origin, a second attempt does not fetch either.
fn history_that_is_cut_at_its_origin_is_asked_for_once() {
    let lab = Lab::new();
    origin(&lab);
    more(&lab, 3);
    let whole = local(&lab);
    fs::rename(lab.path("served/demo"), lab.path("served/whole")).expect("it is moved");
    let whole = whole.replace("served/demo", "served/whole");
    git(&lab, "served", &["clone", "--quiet", "--depth=3", &whole, "demo"]);
    let rev = git(&lab, "served/demo", &["rev-parse", "HEAD"]);
    let mut with = sources(&lab);
    assert_eq!(reached(&lab, &rev, 1, &with), Ok(1));
    assert_eq!(reached(&lab, &rev, 10, &with), Ok(3));
    with.offline = true;
    assert_eq!(reached(&lab, &rev, 10, &with), Ok(3));
    assert_eq!(reached(&lab, &rev, 20, &with), Ok(3));
    // The same from a server that does not offer single commits.
    lab.write("home/.gitconfig", "[protocol]\n\tversion = 0\n");
    let (server, url) = serve(&lab);
    manifest(&lab, &url, &rev, "submodules = true");
    fetch(&lab).expect(0);
    drop(server);
    fetch(&lab).expect(0);
}

/// Only the history is missing, and the message says so; after a fetch it is there.
fn only_the_history_is_said_to_be_missing() {
    let lab = Lab::new();
    origin(&lab);
    let rev = more(&lab, 3);
    manifest(&lab, &local(&lab), &rev, "submodules = true");
    fetch(&lab).expect(0);
    let plan = ["plan", "--project", "demo", "--axis", "jobs=1,2", "--workload", "replay:3"];
    let said = lab.run(&plan).expect(0).stdout;
    assert!(said.contains(&format!("the last 1 of 4 commits up to {rev}")), "{said}");
    assert!(!said.contains(&format!("the commit {rev}")), "{said}");
    lab.run(&["run", "--project", "demo", "--axis", "jobs=1,2", "--workload", "replay:3", "--rounds", "3"])
        .expect(0);
    fs::remove_dir_all(lab.path("served")).expect("it can be removed");
    let said = lab.run(&plan).expect(0).stdout;
    assert!(!said.contains("left out"), "{said}");
    assert_eq!(entries(&cache(&lab, "git")).into_iter().filter(|path| path.is_dir()).count(), 2);
}

/// The submodules of a local project are those of the user's own repository.
fn commits_of_a_local_project_come_with_its_submodules() {
    let lab = Lab::new();
    let [first, _] = origin(&lab);
    lab.write("served/demo/deps/dep/src/lib.rs", "pub fn one() -> u64 {\n    11\n}\n");
    commit(&lab, "served/demo/deps/dep");
    let last = commit(&lab, "served/demo");
    let axis = format!("rev={first},{last}");
    lab.run(&["run", "--project", "../served/demo", "--workload", "check", "--rounds", "1", "--axis", &axis])
        .expect(0);
    let bundle = lab.bundle();
    assert!(bundle.manifest.plan.skipped.is_empty());
    for rev in [&first, &last] {
        let pin = format!("git:{rev}");
        assert!(bundle.samples.iter().any(|sample| sample.pin.to_string() == pin), "no sample of {pin}");
    }
    let taken: Vec<String> = entries(&cache(&lab, "sources"))
        .into_iter()
        .filter(|tree| tree.file_name().is_some_and(|name| name.to_string_lossy().starts_with("git-")))
        .map(|tree| fs::read_to_string(tree.join("deps/dep/src/lib.rs")).expect("it is there"))
        .collect();
    assert_eq!(taken.iter().filter(|text| text.contains("11")).count(), 1, "{taken:?}");
    assert_eq!(taken.len(), 2);
    // If the user does not have them, the copy does not either.
    fs::remove_dir_all(lab.path("served/demo/.git/modules")).expect("it can be removed");
    let said = lab.run(&["plan", "--project", "../served/demo", "--axis", &axis]).expect(0).stdout;
    assert!(
        said.contains("submodule `deps/dep` is not on this machine") && said.contains("submodule update"),
        "{said}"
    );
}
