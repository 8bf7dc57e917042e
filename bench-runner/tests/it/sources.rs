//! Sources as a user has them: repositories behind real servers of git on this machine, and projects that need what
//! lies beside them.

mod servers;

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use bench_runner::corpus::GitSource;
use bench_runner::corpus::sources::{Cache, Sources, git_store};
use bench_runner::record::ProofResult;
use libtest_mimic::Trial;

use crate::lab::{Lab, Ran, entries, test_with};
use servers::{serve, serve_http};

pub(crate) fn tests() -> Vec<Trial> {
    let test = |name: &str, run: fn()| test_with(&format!("sources::{name}"), "git", run);
    vec![
        test("a_repository_is_fetched_once_and_built_with_its_submodules", fetched_once),
        test("a_commit_comes_from_a_server_of_git", daemon),
        test("a_commit_comes_by_http", http),
        test("where_a_server_gives_no_single_commits_all_are_fetched", unadvertised),
        test("a_commit_comes_through_the_users_own_ssh", ssh),
        test("what_the_user_sets_for_git_is_in_force", instead_of),
        test("a_damaged_repository_is_noticed_and_fetched_again", damage),
        test("a_half_fetched_repository_is_fetched_again", half_fetched),
        test("a_commit_that_is_not_there_is_named", missing),
        test("a_tree_that_is_not_as_stated_is_refused", stated),
        test("a_project_in_a_directory_of_a_repository_is_built_there", directory),
        test("a_repository_that_leads_out_of_its_tree_is_refused", hostile),
        test("commits_of_a_repository_are_compared", revisions),
        test("history_is_deepened_as_far_as_it_is_asked_for", deepened),
        test("two_at_once_do_not_get_into_each_others_way", at_once),
        test("what_a_project_lacks_is_named_with_the_way_out", unfit),
        test("a_project_with_a_neighbour_is_compared_as_configured", neighbour),
    ]
}

const LOCK: &str = "version = 4\n\n[[package]]\nname = \"app\"\nversion = \"0.1.0\"\ndependencies = [\n \"dep\",\n \"part\",\n]\n\n\
                    [[package]]\nname = \"dep\"\nversion = \"0.1.0\"\n\n[[package]]\nname = \"part\"\nversion = \"0.1.0\"\n";

fn package(name: &str) -> String {
    format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n")
}

/// git in the lab, as somebody.
fn git(lab: &Lab, dir: &str, args: &[&str]) -> String {
    let mut command = Command::new("git");
    command.current_dir(lab.path(dir)).args(["-c", "protocol.file.allow=always"]).args(args);
    for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
        command.env_remove(name);
    }
    for who in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{who}_NAME"), "nobody").env(format!("GIT_{who}_EMAIL"), "nobody@localhost");
    }
    let output = command.env("HOME", lab.path("home")).output().expect("git");
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn commit(lab: &Lab, dir: &str) -> String {
    git(lab, dir, &["add", "--all"]);
    git(lab, dir, &["commit", "--quiet", "--message", "x"]);
    git(lab, dir, &["rev-parse", "HEAD"])
}

/// A workspace of two crates in `served/demo`, whose third one is the submodule `deps/dep`, with two commits. Gives
/// them, the older one first.
fn origin(lab: &Lab) -> [String; 2] {
    lab.write("served/dep/Cargo.toml", &package("dep"));
    lab.write("served/dep/src/lib.rs", "pub fn one() -> u64 {\n    1\n}\n");
    lab.write(
        "served/demo/Cargo.toml",
        "[workspace]\nmembers = [\"app\", \"part\"]\nexclude = [\"deps\"]\nresolver = \"2\"\n",
    );
    lab.write("served/demo/Cargo.lock", LOCK);
    lab.write("served/demo/part/Cargo.toml", &package("part"));
    lab.write("served/demo/part/src/lib.rs", "pub fn two() -> u64 {\n    2\n}\n");
    let dependencies = "[dependencies]\npart = { path = \"../part\" }\ndep = { path = \"../deps/dep\" }\n";
    lab.write("served/demo/app/Cargo.toml", &format!("{}{dependencies}", package("app")));
    lab.write(
        "served/demo/app/src/main.rs",
        "fn main() {\n    println!(\"{}\", dep::one() + part::two());\n}\n",
    );
    for repository in ["dep", "demo"] {
        git(lab, &format!("served/{repository}"), &["init", "--quiet", "--initial-branch=main"]);
    }
    commit(lab, "served/dep");
    git(lab, "served/demo", &["submodule", "--quiet", "add", "../dep", "deps/dep"]);
    let first = commit(lab, "served/demo");
    lab.write("served/demo/README", "more\n");
    [first, commit(lab, "served/demo")]
}

fn manifest(lab: &Lab, url: &str, rev: &str, more: &str) {
    let text = format!(
        "name = \"demo\"\nsummary = \"a demonstration\"\n[source]\nkind = \"git\"\nurl = \"{url}\"\nrev = \"{rev}\"\n{more}\n"
    );
    lab.write("work/corpus/demo.toml", &text);
}

fn local(lab: &Lab) -> String {
    format!("file://{}", lab.path("served/demo").display())
}

fn fetch(lab: &Lab) -> Ran {
    lab.run(&["corpus", "fetch", "demo"])
}

/// The cache of the lab.
fn cache(lab: &Lab, name: &str) -> std::path::PathBuf {
    lab.path("cache/bench-runner").join(name)
}

/// The bare repositories in the cache.
fn stores(lab: &Lab) -> Vec<std::path::PathBuf> {
    entries(&cache(lab, "git")).into_iter().filter(|path| path.is_dir()).collect()
}

fn fetched_once() {
    let lab = Lab::new();
    let [first, _] = origin(&lab);
    manifest(&lab, &local(&lab), &first, "");
    let said = fetch(&lab);
    assert!(
        said.stderr.contains("dep"),
        "without its submodule it is not whole: {} {}",
        said.stdout,
        said.stderr
    );
    manifest(&lab, &local(&lab), &first, "submodules = true");
    let said = fetch(&lab).expect(0).stdout;
    assert!(said.contains(&format!("git:{first}, tree ")), "{said}");
    assert_eq!(stores(&lab).len(), 2);
    // With the origin gone, what was fetched is enough.
    fs::rename(lab.path("served"), lab.path("gone")).expect("it is moved");
    fetch(&lab).expect(0);
    lab.run(&["corpus", "verify", "--offline", "demo"]).expect(0);
    lab.run(&["run", "--offline", "--project", "demo", "--axis", "linker=bfd,default", "--rounds", "1"])
        .expect(0);
    let bundle = lab.bundle();
    assert!(bundle.samples.iter().all(|sample| sample.pin.to_string() == format!("git:{first}")));
    assert!(bundle.proofs.iter().any(|proof| proof.result == ProofResult::Holds));
    assert_eq!(bundle.manifest.plan.projects[0].base, None);
}

fn daemon() {
    let lab = Lab::new();
    let [first, _] = origin(&lab);
    let (server, url) = serve(&lab);
    manifest(&lab, &url, &first, "submodules = true");
    fetch(&lab).expect(0);
    drop(server);
    fetch(&lab).expect(0);
    for store in stores(&lab) {
        assert!(store.join("shallow").is_file(), "one commit alone was fetched into {}", store.display());
    }
}

fn http() {
    let lab = Lab::new();
    let [first, _] = origin(&lab);
    manifest(&lab, &serve_http(&lab), &first, "submodules = true");
    fetch(&lab).expect(0);
    fs::remove_dir_all(lab.path("served")).expect("it can be removed");
    fetch(&lab).expect(0);
}

fn unadvertised() {
    let lab = Lab::new();
    let [first, _] = origin(&lab);
    let (_server, url) = serve(&lab);
    // The first version of the protocol gives the ends of branches only.
    lab.write("home/.gitconfig", "[protocol]\n\tversion = 0\n");
    manifest(&lab, &url, &first, "submodules = true");
    fetch(&lab).expect(0);
    assert!(stores(&lab).iter().any(|store| !store.join("shallow").exists()));
    let missing = "ab".repeat(20);
    manifest(&lab, &url, &missing, "");
    let said = fetch(&lab).expect(2).stderr;
    assert!(said.contains(&format!("the commit {missing}")) && said.contains("no such commit"), "{said}");
}

fn ssh() {
    let lab = Lab::new();
    let [first, _] = origin(&lab);
    let calls = lab.path("calls");
    let script = format!(
        "#!/bin/sh\necho \"$@\" >> '{}'\nfor command; do :; done\nexec sh -c \"$command\"\n",
        calls.display()
    );
    let script = lab.write("ssh.sh", &script);
    manifest(&lab, &format!("ssh://git@example.org{}", lab.path("served/demo").display()), &first, "");
    let mut command = lab.command(&["corpus", "fetch", "demo"]);
    let ran: Ran =
        command.env("GIT_SSH_COMMAND", script).env("GIT_SSH_VARIANT", "simple").output().expect("it").into();
    let said = fs::read_to_string(calls).expect("ssh was called");
    assert!(said.contains("git@example.org") && said.contains("git-upload-pack"), "{said}");
    assert_eq!(stores(&lab).len(), 1, "{} {}", ran.stdout, ran.stderr);
}

fn instead_of() {
    let lab = Lab::new();
    let [first, _] = origin(&lab);
    let served = lab.path("served");
    lab.write(
        "home/.gitconfig",
        &format!("[url \"file://{}/\"]\n\tinsteadOf = https://nowhere.invalid/\n[fetch]\n\tprune = true\n[init]\n\tdefaultObjectFormat = sha256\n", served.display()),
    );
    manifest(&lab, "https://nowhere.invalid/demo", &first, "submodules = true");
    fetch(&lab).expect(0);
    assert_eq!(stores(&lab).len(), 2);
}

/// The packs in the cache.
fn packs(lab: &Lab) -> Vec<std::path::PathBuf> {
    let packs = stores(lab).into_iter().flat_map(|store| entries(&store.join("objects/pack")));
    packs.filter(|path| path.extension().is_some_and(|extension| extension == "pack")).collect()
}

fn damage() {
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

fn half_fetched() {
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

fn missing() {
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
    let ran: Ran = without.env("PATH", lab.path("home")).output().expect("the program").into();
    assert!(ran.stderr.contains("install git"), "{}", ran.stderr);
    fs::remove_dir_all(lab.path("served/demo")).expect("it can be removed");
    let said = fetch(&lab).expect(1).stderr;
    assert!(said.contains("does not") && said.contains("check the address"), "git's own words: {said}");
}

fn stated() {
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

fn directory() {
    let lab = Lab::new();
    origin(&lab);
    lab.write("served/demo/alone/Cargo.toml", &format!("{}[workspace]\n", package("alone")));
    lab.write(
        "served/demo/alone/Cargo.lock",
        "version = 4\n\n[[package]]\nname = \"alone\"\nversion = \"0.1.0\"\n",
    );
    lab.write("served/demo/alone/src/main.rs", "fn main() {\n}\n");
    let rev = commit(&lab, "served/demo");
    manifest(&lab, &local(&lab), &rev, "dir = \"deps\"");
    let said = fetch(&lab).expect(2).stderr;
    assert!(said.contains("no Cargo.toml in `deps`") && said.contains("`dir`"), "{said}");
    manifest(&lab, &local(&lab), &rev, "dir = \"alone\"");
    lab.run(&["run", "--project", "demo", "--axis", "linker=bfd,default", "--rounds", "1"]).expect(0);
    let bundle = lab.bundle();
    let built = bundle.samples.iter().filter_map(|sample| sample.artifact_bytes);
    assert_eq!(built.count(), bundle.samples.len(), "each build leaves the program of that directory");
}

fn hostile() {
    let lab = Lab::new();
    origin(&lab);
    symlink("../../../home", lab.path("served/demo/out")).expect("a link");
    let rev = commit(&lab, "served/demo");
    manifest(&lab, &local(&lab), &rev, "");
    let said = fetch(&lab).expect(2).stderr;
    assert!(said.contains("the link `out` leaves the tree"), "{said}");
    assert!(entries(&cache(&lab, "sources")).is_empty());
}

fn revisions() {
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

fn sources(lab: &Lab) -> Sources {
    Sources {
        cache: Cache::at(&lab.path("own-cache")).expect("a cache"),
        cargo: "cargo".into(),
        offline: false,
        user_home: None,
        exclude: Vec::new(),
    }
}

fn deepened() {
    let lab = Lab::new();
    origin(&lab);
    for number in 0..5 {
        lab.write("served/demo/README", &format!("{number}\n"));
        commit(&lab, "served/demo");
    }
    let rev = git(&lab, "served/demo", &["rev-parse", "HEAD"]);
    let source = GitSource { url: local(&lab), rev: rev.clone(), dir: None, submodules: false, tree: None };
    let mut with = sources(&lab);
    let history = |count: usize, with: &Sources| -> Result<usize, String> {
        let repository = git_store::repository(&source, count, with).map_err(|error| error.to_string())?;
        let mut walk = repository.revwalk().expect("a walk");
        walk.push(git2::Oid::from_str(&rev).expect("an id")).expect("a start");
        Ok(walk.count())
    };
    assert_eq!(history(1, &with), Ok(1));
    assert_eq!(history(4, &with), Ok(4));
    with.offline = true;
    assert_eq!(history(3, &with), Ok(4));
    assert!(history(5, &with).is_err_and(|said| said.contains("not in the cache")));
    with.offline = false;
    // There are seven in all.
    assert_eq!(history(100, &with), Ok(7));
    fs::remove_dir_all(lab.path("served")).expect("it can be removed");
    assert_eq!(history(100, &with), Ok(7));
}

fn at_once() {
    let lab = Lab::new();
    let [first, second] = origin(&lab);
    let with = sources(&lab);
    let source = |rev: &str| GitSource {
        url: local(&lab),
        rev: rev.to_owned(),
        dir: None,
        submodules: false,
        tree: None,
    };
    let wanted: Vec<GitSource> = [&first, &second].repeat(4).into_iter().map(|rev| source(rev)).collect();
    std::thread::scope(|scope| {
        for source in &wanted {
            let with = &with;
            scope.spawn(move || git_store::repository(source, 2, with).map(drop).expect("it is fetched"));
        }
    });
    assert_eq!(entries(&with.cache.repositories()).len(), 2, "one repository and its lock");
}

/// A workspace with a package beside it, and configuration of its own above both.
fn neighbour() {
    let lab = Lab::new();
    lab.write("repo/shared/Cargo.toml", &package("shared"));
    lab.write("repo/shared/src/lib.rs", "pub fn three() -> u64 {\n    3\n}\n");
    let dependencies = "[dependencies]\nshared = { path = \"../shared\" }\n[workspace]\n";
    lab.write("repo/app/Cargo.toml", &format!("{}{dependencies}", package("app")));
    lab.write(
        "repo/app/Cargo.lock",
        "version = 4\n\n[[package]]\nname = \"app\"\nversion = \"0.1.0\"\ndependencies = [\n \"shared\",\n]\n\n\
         [[package]]\nname = \"shared\"\nversion = \"0.1.0\"\n",
    );
    let main = "fn main() {\n    println!(\"{}{}\", env!(\"OF_THE_REPOSITORY\"), shared::three());\n}\n";
    lab.write("repo/app/src/main.rs", main);
    lab.write("repo/app/.cargo/config.toml", "[build]\nrustflags = [\"--cfg\", \"of_the_project\"]\n");
    lab.write("repo/.cargo/config.toml", "[env]\nOF_THE_REPOSITORY = \"yes\"\n");
    git(&lab, "repo", &["init", "--quiet"]);
    lab.write("home/.cargo/config.toml", "[profile.dev]\ndebug = 0\n");
    let args =
        ["--project", "../repo/app", "--axis", "linker=bfd", "--baseline", "as-configured", "--rounds", "1"];
    lab.run(&[&["run"], args.as_slice()].concat()).expect(0);
    let bundle = lab.bundle();
    assert!(bundle.proofs.iter().any(|p| p.variant == "linker=bfd" && p.result == ProofResult::Holds));
    let notes = bundle.manifest.plan.projects[0].notes.join("\n");
    assert!(notes.contains("brought along:") && notes.contains("repo/shared"), "{notes}");
    assert!(!lab.path("repo/app/target").exists() && !lab.path("repo/target").exists());
}

fn unfit() {
    let lab = Lab::new();
    lab.write("own/Cargo.toml", &package("own"));
    lab.write("own/src/lib.rs", "");
    lab.write("own/Cargo.lock", "version = 4\n\n[[package]]\nname = \"other\"\nversion = \"0.1.0\"\n");
    let said = |path: &str, code: i32| {
        let text = format!("name = \"own\"\n[source]\nkind = \"path\"\npath = \"../../{path}\"\n");
        lab.write("work/corpus/own.toml", &text);
        lab.run(&["corpus", "fetch", "own"]).expect(code).stderr
    };
    let lock = said("own", 1);
    assert!(lock.contains("bring the project's Cargo.lock up to date"), "{lock}");
    lab.write("ws/Cargo.toml", "[workspace]\nmembers = [\"a\"]\n");
    lab.write("ws/a/Cargo.toml", &package("a"));
    let member = said("ws/a", 2);
    assert!(member.contains("belongs to the workspace in") && member.contains("package = \"a\""), "{member}");
    let home = said("home", 2);
    assert!(home.contains("no Cargo.toml") || home.contains("home directory"), "{home}");
    lab.write("home/Cargo.toml", &package("home"));
    lab.write("home/Cargo.lock", "");
    assert!(said("home", 2).contains("your home directory"));
    symlink(lab.path("home"), lab.path("own/out")).expect("a link");
    let link = said("own", 2);
    assert!(link.contains("the link `out` leads out of it") && link.contains("exclude"), "{link}");
}
