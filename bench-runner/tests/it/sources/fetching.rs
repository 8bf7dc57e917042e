//! Fetching commits: from git servers on this machine, with the user's settings.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use bench_runner_core::record::ProofResult;
use bench_runner_measure::corpus::sources::git_store;

use super::servers::{serve, serve_http, serve_https, serve_ssh};
use super::{fetch, local, manifest, origin, sources, stores};
use crate::lab::{Lab, ProgramRun, entries};
use crate::trials::missing_program;

trials! { "sources";
    a_commit_comes_from_a_server_of_ssh: ALWAYS.unless(no_sshd),
    a_commit_comes_by_https_from_whom_the_user_trusts: ALWAYS.with("openssl"),
    a_repository_is_fetched_once_and_built_with_its_submodules: LONG.with("git"),
    a_commit_comes_from_a_server_of_git: ALWAYS.with("git"),
    a_commit_comes_by_http: ALWAYS.with("git"),
    where_a_server_gives_no_single_commits_all_are_fetched: LONG.with("git"),
    a_commit_comes_through_the_users_own_ssh: ALWAYS.with("git"),
    what_the_user_sets_for_git_is_in_force: ALWAYS.with("git"),
    two_at_once_do_not_get_into_each_others_way: ALWAYS.with("git"),
}

/// If run as root, an ssh server needs a directory that its package creates.
fn no_sshd() -> Option<String> {
    let root = fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0);
    match root && !Path::new("/run/sshd").is_dir() {
        true => Some("no sshd with its /run/sshd on PATH".to_owned()),
        false => missing_program("sshd"),
    }
}

fn a_repository_is_fetched_once_and_built_with_its_submodules() {
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
    // Without the origin, the fetched commits are enough.
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

fn a_commit_comes_from_a_server_of_git() {
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

fn a_commit_comes_by_http() {
    let lab = Lab::new();
    let [first, _] = origin(&lab);
    manifest(&lab, &serve_http(&lab), &first, "submodules = true");
    fetch(&lab).expect(0);
    fs::remove_dir_all(lab.path("served")).expect("it can be removed");
    fetch(&lab).expect(0);
}

fn where_a_server_gives_no_single_commits_all_are_fetched() {
    let lab = Lab::new();
    let [first, _] = origin(&lab);
    let (_server, url) = serve(&lab);
    // Version 0 of the protocol offers only the tips of branches.
    lab.write("home/.gitconfig", "[protocol]\n\tversion = 0\n");
    manifest(&lab, &url, &first, "submodules = true");
    fetch(&lab).expect(0);
    assert!(stores(&lab).iter().any(|store| !store.join("shallow").exists()));
    let missing = "ab".repeat(20);
    manifest(&lab, &url, &missing, "");
    let said = fetch(&lab).expect(2).stderr;
    assert!(said.contains(&format!("the commit {missing}")) && said.contains("no such commit"), "{said}");
}

fn a_commit_comes_through_the_users_own_ssh() {
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
    let ran: ProgramRun =
        command.env("GIT_SSH_COMMAND", script).env("GIT_SSH_VARIANT", "simple").output().expect("it").into();
    let said = fs::read_to_string(calls).expect("ssh was called");
    assert!(said.contains("git@example.org") && said.contains("git-upload-pack"), "{said}");
    assert_eq!(stores(&lab).len(), 1, "{} {}", ran.stdout, ran.stderr);
}

fn what_the_user_sets_for_git_is_in_force() {
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

fn two_at_once_do_not_get_into_each_others_way() {
    let lab = Lab::new();
    let [first, second] = origin(&lab);
    let with = sources(&lab);
    let url = &local(&lab);
    std::thread::scope(|scope| {
        for rev in [&first, &second].repeat(4) {
            let with = &with;
            scope.spawn(move || git_store::repository(url, rev, 2, with).map(drop).expect("it is fetched"));
        }
    });
    assert_eq!(entries(&with.cache.repositories()).len(), 2, "one repository and its lock");
}

fn a_commit_comes_from_a_server_of_ssh() {
    let lab = Lab::new();
    let [first, _] = origin(&lab);
    let (server, url) = serve_ssh(&lab);
    manifest(&lab, &url, &first, "submodules = true");
    // Without the key and the host's name the fetch fails, and the message has the way out.
    let said = fetch(&lab).expect(1).stderr;
    assert!(said.contains("a key in ssh's agent"), "{said}");
    let config = lab.path("keys/ssh_config");
    lab.write("home/.gitconfig", &format!("[core]\n\tsshCommand = ssh -F {}\n", config.display()));
    fetch(&lab).expect(0);
    for store in stores(&lab) {
        assert!(store.join("shallow").is_file(), "one commit alone was fetched into {}", store.display());
    }
    let added = lab.run(&["corpus", "add", &url, "--name", "added", "--no-build"]);
    assert!(!added.stderr.contains("ls-remote"), "what its HEAD is can be asked: {}", added.stderr);
    drop(server);
    fetch(&lab).expect(0);
}

fn a_commit_comes_by_https_from_whom_the_user_trusts() {
    let lab = Lab::new();
    let [first, _] = origin(&lab);
    let (server, url) = serve_https(&lab);
    manifest(&lab, &url, &first, "submodules = true");
    // The proxy of the machine does not lead to itself.
    lab.write("home/.gitconfig", "[http]\n\tproxy =\n");
    let said = fetch(&lab).expect(1).stderr;
    assert!(said.contains("certificate"), "nobody knows who signed it: {said}");
    let ca = lab.path("keys/ca.pem");
    lab.write("home/.gitconfig", &format!("[http]\n\tproxy =\n\tsslCAInfo = {}\n", ca.display()));
    fetch(&lab).expect(0);
    assert_eq!(stores(&lab).len(), 2);
    drop(server);
    fetch(&lab).expect(0);
}
