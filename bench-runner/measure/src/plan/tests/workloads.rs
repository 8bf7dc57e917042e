//! Workloads that can be in one plan, and those that are skipped.

use super::*;

#[test]
fn a_workload_is_left_out_with_what_the_project_lacks_for_it() {
    let plan = made(concat!(
        "projects = [\"a\", \"commands\", \"young\", \"old\"]\n",
        "workloads = [\"incremental:body\", \"incremental:leaf\", \"clippy\", \"deps-only\", \"replay:2\", \"replay:3\"]\n",
        "control = false\n[axes]\njobs = [\"1\"]\n",
    ));
    let commits: Vec<(&str, usize)> = plan
        .blocks
        .iter()
        .filter_map(|block| Some((block.id.as_str(), block.commits.values().next()?.len())))
        .collect();
    assert_eq!(commits, [("s/young/replay:2", 3), ("s/old/replay:2", 3), ("s/old/replay:3", 4)]);
    let lines: Vec<String> = plan
        .skipped
        .iter()
        .filter(|skipped| skipped.variant != "all")
        .map(|skipped| {
            let help = skipped.help.as_deref().unwrap_or("-");
            format!("{}: {} ({help})", skipped.block, skipped.reason)
        })
        .collect();
    expect_test::expect![[r#"
        s/a/incremental:leaf: the project has no edit of class `leaf` (add an [[edit]] with `class = "leaf"` to the manifest of `a`)
        s/a/clippy: the toolchain has no clippy (rustup component add clippy)
        s/a/replay:2: it is in no git repository (-)
        s/a/replay:3: it is in no git repository (-)
        s/commands/incremental:body: the project has no edit to make (-)
        s/commands/incremental:leaf: the project has no edit to make (-)
        s/commands/clippy: a command project has no clippy (-)
        s/commands/deps-only: `deps-only` is for cargo projects (-)
        s/commands/replay:2: `replay` is for cargo projects (-)
        s/commands/replay:3: `replay` is for cargo projects (-)
        s/young/incremental:leaf: the project has no edit of class `leaf` (add an [[edit]] with `class = "leaf"` to the manifest of `young`)
        s/young/clippy: the toolchain has no clippy (rustup component add clippy)
        s/young/replay:3: it has 2 commits to replay, not 3 (ask for `replay:2`)
        s/old/incremental:leaf: the project has no edit of class `leaf` (add an [[edit]] with `class = "leaf"` to the manifest of `old`)
        s/old/clippy: the toolchain has no clippy (rustup component add clippy)"#]]
    .assert_eq(&lines.join("\n"));
}

#[test]
fn workloads_that_change_the_same_sources_stand_in_blocks_of_their_own() {
    let plan = made(
        "projects = [\"old\"]\n[axes]\nworkload = [\"clean\", \"incremental\", \"check-incremental\", \"incremental:body\", \"deps-only\", \"replay\"]\n",
    );
    expect_test::expect![[r#"
        s/old/*
          baseline workload=clean
          twin workload=clean
          variant workload=incremental
          variant workload=check-incremental
        left out: s/old/* workload=incremental:body: another variant of the block changes the same sources in another way
        left out: s/old/* workload=deps-only: another variant of the block changes the same sources in another way
        left out: s/old/* workload=replay: another variant of the block changes the same sources in another way"#]]
    .assert_eq(&outline(&plan));
}

#[test]
fn a_cache_would_know_what_is_replayed_again() {
    let plan =
        made("projects = [\"old\"]\nworkloads = [\"replay:2\"]\n[axes]\ncache = [\"off\", \"warm\"]\n");
    let left: Vec<&str> = plan.skipped.iter().map(|skipped| skipped.reason.as_str()).collect();
    assert!(left.iter().any(|reason| reason.contains("a cache would know them")), "{left:?}");
}

#[test]
fn a_release_build_after_a_release_build_is_no_comparison() {
    let plan = made(
        "projects = [\"a\"]\nworkloads = [\"after-release\"]\n[axes]\nprofile = [\"dev\", \"release\"]\n",
    );
    expect_test::expect![[r#"
        left out: s/a/after-release profile=release: what it builds lies where a release build leaves it
        left out: s/a/after-release all: only profile=dev is left to build"#]]
    .assert_eq(&outline(&plan));
}

#[test]
fn a_noop_beside_an_edit_is_left_out() {
    let plan = made("projects = [\"a\"]\n[axes]\nworkload = [\"clean\", \"incremental\", \"noop\"]\n");
    assert!(
        outline(&plan).contains("left out: s/a/* workload=noop: the edits of another variant"),
        "{}",
        outline(&plan)
    );
}

#[test]
fn a_linker_under_check_is_not_applicable() {
    let plan = made("projects = [\"a\"]\nworkloads = [\"check\"]\n[axes]\nlinker = [\"bfd\", \"default\"]\n");
    expect_test::expect!["left out: s/a/check all: linker is not applicable under `check`"]
        .assert_eq(&outline(&plan));
}
