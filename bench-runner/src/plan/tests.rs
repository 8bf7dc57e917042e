use std::collections::BTreeMap;

use super::*;
use crate::record::{Pin, Role};
use crate::scenario::Library;

/// A machine with GNU ld and rustc's own lld, and no mold.
struct TwoLinkers;

fn project(name: &str) -> ProjectView {
    ProjectView {
        planned: PlannedProject {
            name: name.into(),
            pin: Pin::Tree { sha256: "0".repeat(64) },
            manifest: String::new(),
            base: None,
            notes: Vec::new(),
        },
        cargo: true,
        edits: vec![EditClass::Body],
        own_edit: false,
        profile: None,
        typical: Default::default(),
    }
}

impl World for TwoLinkers {
    fn projects(&self, word: &Word) -> Result<Vec<ProjectView>, PlanError> {
        match word.text.as_str() {
            "tag:quick" | "titlecase" => Ok(vec![project("small")]),
            "commands" => Ok(vec![ProjectView { cargo: false, edits: Vec::new(), ..project("commands") }]),
            name => Ok(vec![project(name)]),
        }
    }

    fn planned(&self, project: &PlannedProject) -> Result<ProjectView, PlanError> {
        Ok(ProjectView { planned: project.clone(), ..super::tests::project(&project.name) })
    }

    fn revision(&self, _: &ProjectView, rev: &str) -> Availability {
        Availability::Missing { reason: format!("there is no commit {rev}"), help: None }
    }

    fn as_configured(&self, _: &ProjectView) -> Result<String, PlanError> {
        Ok(String::new())
    }

    fn commits(&self, project: &ProjectView, count: usize) -> Result<Vec<String>, Lacking> {
        match project.planned.name.as_str() {
            "young" => Ok((0..3.min(count)).map(|n| format!("{n:040}")).collect()),
            "old" => Ok((0..count).map(|n| format!("{n:040}")).collect()),
            _ => Err(Lacking { reason: "it is in no git repository".into(), help: None }),
        }
    }

    fn goal(&self, _: &TreeId, goal: Goal, _: &Settings) -> Availability {
        match goal {
            Goal::Clippy => Availability::Missing {
                reason: "the toolchain has no clippy".into(),
                help: Some("rustup component add clippy".into()),
            },
            _ => Availability::Available { identity: String::new(), tool: None },
        }
    }

    fn probe(&self, _: &TreeId, setting: &Setting<'_>) -> Availability {
        let available = |identity: &str| Availability::Available { identity: identity.into(), tool: None };
        match (setting.key, setting.value) {
            ("linker", "default" | "rust-lld") => available("rust-lld"),
            ("linker", "mold") => Availability::Missing {
                reason: "no mold on PATH".into(),
                help: Some("apt-get install mold".into()),
            },
            (_, value) => available(value),
        }
    }
}

fn scenario(text: &str) -> Scenario {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("s.toml");
    std::fs::write(&path, format!("name = \"s\"\nsummary = \"x\"\n{text}")).unwrap();
    Library::file(&path).unwrap()
}

fn made(text: &str) -> Plan {
    plan(&[scenario(text)], &TwoLinkers, &Options::default()).unwrap()
}

/// One line for each block and arm, and for what is left out.
fn outline(plan: &Plan) -> String {
    let mut lines = Vec::new();
    for block in &plan.blocks {
        lines.push(block.id.to_string());
        for arm in &block.arms {
            let aliases =
                if arm.aliases.is_empty() { String::new() } else { format!(" = {}", arm.aliases.join(", ")) };
            lines.push(format!("  {} {}{aliases}", arm.role.as_str(), arm.variant.name));
        }
    }
    lines.extend(plan.skipped.iter().map(|s| format!("left out: {} {}: {}", s.block, s.variant, s.reason)));
    lines.join("\n")
}

#[test]
fn the_main_job_compares_linkers_and_gives_check_a_block_of_its_own() {
    let quick = Library::load(None).unwrap().get("quick").unwrap();
    let plan = plan(&[quick], &TwoLinkers, &Options::default()).unwrap();
    expect_test::expect![[r#"
        linkers/small/clean
          baseline linker=bfd
          twin linker=bfd
          variant linker=default
        linkers/small/incremental
          baseline linker=bfd
          twin linker=bfd
          variant linker=default
        check/small/*
          baseline workload=clean
          twin workload=clean
          variant workload=check
        left out: linkers/small/clean linker=mold: no mold on PATH
        left out: linkers/small/incremental linker=mold: no mold on PATH"#]]
    .assert_eq(&outline(&plan));
}

#[test]
fn the_same_thing_by_two_names_is_built_once() {
    let plan = made(
        "projects = [\"a\"]\nworkloads = [\"clean\"]\nbaseline = { linker = \"rust-lld\" }\n[axes]\nlinker = [\"default\", \"bfd\", \"rust-lld\"]\n",
    );
    expect_test::expect![[r#"
        s/a/clean
          baseline linker=rust-lld = linker=default
          twin linker=rust-lld
          variant linker=bfd"#]]
    .assert_eq(&outline(&plan));
}

#[test]
fn a_linker_under_check_is_not_applicable() {
    let plan = made("projects = [\"a\"]\nworkloads = [\"check\"]\n[axes]\nlinker = [\"bfd\", \"default\"]\n");
    expect_test::expect!["left out: s/a/check all: linker is not applicable under `check`"]
        .assert_eq(&outline(&plan));
}

#[test]
fn axes_multiply_and_exclusions_take_out() {
    let plan = made(concat!(
        "projects = [\"a\"]\nworkloads = [\"clean\"]\ntwin = false\n",
        "[axes]\nlinker = [\"bfd\", \"default\"]\nprofile = [\"dev\", \"release\"]\n",
        "[[exclude]]\nwhen = { linker = \"default\", profile = \"release\" }\nreason = \"not of interest\"\n",
    ));
    expect_test::expect![[r#"
        s/a/clean
          baseline linker=bfd profile=dev
          variant linker=bfd profile=release
          variant linker=default profile=dev
        left out: s/a/clean linker=default profile=release: not of interest"#]]
    .assert_eq(&outline(&plan));
}

#[test]
fn a_block_without_its_baseline_is_left_out() {
    let plan = made(concat!(
        "projects = [\"a\"]\nworkloads = [\"clean\"]\nbaseline = { linker = \"mold\" }\n",
        "[axes]\nlinker = [\"bfd\"]\n"
    ));
    expect_test::expect![[r#"
        left out: s/a/clean linker=mold: no mold on PATH
        left out: s/a/clean all: its baseline is left out: no mold on PATH"#]]
    .assert_eq(&outline(&plan));
}

#[test]
fn projects_can_be_an_axis() {
    let plan = made("workloads = [\"clean\"]\n[axes]\nproject = [\"light\", \"heavy\"]\n");
    assert_eq!(plan.blocks[0].id.as_str(), "s/*/clean");
    let projects: Vec<&str> = plan.blocks[0].arms.iter().map(|arm| arm.variant.project.as_str()).collect();
    assert_eq!(projects, ["light", "light", "heavy"]);
    assert_eq!(plan.projects.len(), 2);
    assert_eq!(plan.blocks[0].arms[2].role, Role::Variant);
}

#[test]
fn the_baselines_project_is_one_of_the_block() {
    let text = "workloads = [\"clean\"]\nbaseline = { project = \"heavy\" }\n[axes]\nproject = [\"light\", \"heavy\"]\n";
    let made = made(text);
    assert_eq!(made.blocks[0].arms[0].variant.project, "heavy");
    let wrong = text.replace("{ project = \"heavy\" }", "{ project = \"heavi\" }");
    let error = plan(&[scenario(&wrong)], &TwoLinkers, &Options::default()).unwrap_err().to_string();
    assert!(error.contains("the baseline's project `heavi` is not one of light, heavy"), "{error}");
}

#[test]
fn what_all_of_a_block_is_built_with_a_whole_variant_has_too() {
    let made = made(concat!(
        "projects = [\"a\"]\nworkloads = [\"clean\"]\ntwin = false\n",
        "[axes]\nprofile = [\"release\"]\nlto = [\"off\", \"thin\"]\n",
        "[variants]\nsmall = { opt-level = \"s\" }\ndev = { profile = \"dev\" }\n",
    ));
    let profiles: Vec<(&str, &str)> = made.blocks[0]
        .arms
        .iter()
        .map(|arm| (arm.variant.name.as_str(), arm.variant.settings["profile"].as_str()))
        .collect();
    assert_eq!(
        profiles,
        [("lto=off", "release"), ("lto=thin", "release"), ("small", "release"), ("dev", "dev")]
    );
}

#[test]
fn where_nothing_varies_a_row_is_named_after_all_that_it_sets() {
    let made = made(concat!(
        "projects = [\"a\"]\nworkloads = [\"clean\"]\n[axes]\nlinker = [\"bfd\"]\ndebug = [\"none\"]\n",
        "[variants]\nas-it-is = true\n",
    ));
    expect_test::expect![[r#"
        s/a/clean
          baseline linker=bfd debug=none
          twin linker=bfd debug=none
          variant as it is"#]]
    .assert_eq(&outline(&made));
}

#[test]
fn what_a_project_cannot_do_is_left_out_with_the_way_to_make_it_so() {
    let plan = made("projects = [\"commands\"]\nworkloads = [\"check\", \"incremental\"]\n");
    assert!(plan.blocks.is_empty());
    let reasons: Vec<&str> = plan.skipped.iter().map(|skipped| skipped.reason.as_str()).collect();
    assert!(reasons.contains(&"a command project has no check"), "{reasons:?}");
    assert!(reasons.contains(&"the project has no edit to make"), "{reasons:?}");
}

#[test]
fn shards_deal_out_whole_blocks() {
    let scenario = scenario("projects = [\"a\", \"b\", \"c\"]\nworkloads = [\"clean\"]\n");
    let ids = |shard| {
        let options = Options { shard: Some(shard), ..Options::default() };
        let plan = plan(std::slice::from_ref(&scenario), &TwoLinkers, &options).unwrap();
        plan.blocks.iter().map(|block| block.id.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(ids((1, 2)), ["s/a/clean", "s/c/clean"]);
    assert_eq!(ids((2, 2)), ["s/b/clean"]);
}

#[test]
fn the_estimate_shares_the_budget_and_foretells_the_interval() {
    let mut plan = made(
        "projects = [\"a\", \"b\"]\nworkloads = [\"clean\"]\n[axes]\nlinker = [\"bfd\", \"default\"]\n[sampling]\ntime-budget = \"2m\"\n",
    );
    plan.sessions = 1;
    let typical = of_clean(&[("a", 2), ("b", 2)]);
    let estimate = estimate(&plan, &typical);
    // 60 s a block, three builds of 2.25 s a round, as many for the warm-up.
    assert_eq!(estimate.blocks[0].rounds, 7);
    assert_eq!(estimate.blocks[0].warmups, 3);
    let half_width = estimate.blocks[0].half_width.unwrap();
    assert!((0.01..0.06).contains(&half_width), "{half_width}");
    // All blocks come to the same number of rounds, however dear a round of them is.
    let dear = of_clean(&[("a", 1), ("b", 9)]);
    let estimate = super::estimate(&plan, &dear);
    let rounds: Vec<u32> = estimate.blocks.iter().map(|block| block.rounds).collect();
    assert!(rounds[0].abs_diff(rounds[1]) <= 1, "{rounds:?}");
    assert!(estimate.total.unwrap() <= Duration::from_secs(120));
    let unknown = super::estimate(&plan, &BTreeMap::new());
    assert_eq!(unknown.total, None);
    assert!(unknown.blocks[0].rounds >= 16);
}

#[test]
fn a_baseline_from_outside_the_list_keeps_names_apart() {
    let plan = made(concat!(
        "projects = [\"a\"]\nworkloads = [\"clean\"]\ntwin = false\nbaseline = { linker = \"bfd\" }\n",
        "[axes]\nlinker = [\"default\"]\nprofile = [\"dev\", \"release\"]\n",
    ));
    expect_test::expect![[r#"
        s/a/clean
          baseline linker=bfd profile=dev
          variant linker=bfd profile=release
          variant linker=default profile=dev
          variant linker=default profile=release"#]]
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
fn a_plan_from_elsewhere_is_fitted_to_this_machine() {
    let mut plan =
        made("projects = [\"a\"]\nworkloads = [\"clean\"]\n[axes]\nlinker = [\"bfd\", \"default\"]\n");
    let mut mold = plan.blocks[0].arms[2].clone();
    mold.variant.name = "linker=mold".into();
    mold.variant.settings.insert("linker".into(), "mold".into());
    plan.blocks[0].arms.push(mold);
    let fitted = refit(plan.clone(), &TwoLinkers).unwrap();
    expect_test::expect![[r#"
        s/a/clean
          baseline linker=bfd
          twin linker=bfd
          variant linker=default
        left out: s/a/clean linker=mold: no mold on PATH"#]]
    .assert_eq(&outline(&fitted));
    plan.blocks[0].arms[2].variant.settings.insert("linkr".into(), "bfd".into());
    assert!(refit(plan, &TwoLinkers).unwrap_err().to_string().contains("unknown axis `linkr`"));
}

fn of_clean(seconds: &[(&str, u64)]) -> Typical {
    let of = |&(name, seconds): &(&str, u64)| {
        let builds = BTreeMap::from([("clean".to_owned(), Duration::from_secs(seconds))]);
        (name.to_owned(), crate::corpus::Estimate { builds, target_bytes: Some(100) })
    };
    seconds.iter().map(of).collect()
}

#[test]
fn targets_are_kept_side_by_side_only_where_builds_go_on_from_the_last() {
    let of = |workload: &str| {
        let text = format!(
            "projects = [\"a\"]\nworkloads = [\"{workload}\"]\n[axes]\nlinker = [\"bfd\", \"default\"]\n"
        );
        estimate(&made(&text), &of_clean(&[("a", 1)])).disk_bytes
    };
    assert_eq!((of("clean"), of("incremental")), (Some(100), Some(300)));
}

#[test]
fn whole_variants_stand_beside_the_product_of_the_axes() {
    let plan = made(concat!(
        "projects = [\"a\"]\nworkloads = [\"clean\"]\ntwin = false\n",
        "[axes]\nlinker = [\"bfd\", \"default\"]\nprofile = [\"dev\", \"release\"]\n",
        "[variants]\nold = { linker = \"bfd\" }\nquick = { \"env.X\" = \"1\", profile = \"dev\" }\n",
        "same = { profile = \"dev\", linker = \"rust-lld\" }\nas-it-is = true\n",
        "[[exclude]]\nwhen = { linker = \"default\", profile = \"release\" }\nreason = \"not of interest\"\n",
        "[[exclude]]\nwhen = { \"env.X\" = \"1\" }\nreason = \"neither is this\"\n",
    ));
    expect_test::expect![[r#"
        s/a/clean
          baseline linker=bfd profile=dev
          variant linker=bfd profile=release
          variant linker=default profile=dev = same
          variant old
          variant as it is
        left out: s/a/clean linker=default profile=release: not of interest
        left out: s/a/clean quick: neither is this"#]]
    .assert_eq(&outline(&plan));
    assert_eq!(plan.blocks[0].axes, ["linker", "profile"]);
    let old = plan.blocks[0].arms.iter().find(|arm| arm.variant.name == "old").unwrap();
    assert_eq!(old.variant.settings, BTreeMap::from([("linker".to_owned(), "bfd".to_owned())]));
}

#[test]
fn without_axes_the_project_as_it_is_comes_first() {
    let plan = made(concat!(
        "projects = [\"a\"]\nworkloads = [\"clean\"]\n",
        "[variants]\nas-it-is = true\nquick = { \"env.X\" = \"1\" }\n",
    ));
    expect_test::expect![[r#"
        s/a/clean
          baseline as it is
          twin as it is
          variant quick"#]]
    .assert_eq(&outline(&plan));
    assert_eq!(plan.blocks[0].axes, ["env.X"]);
}

#[test]
fn a_whole_variant_can_be_the_baseline() {
    let plan = made(concat!(
        "projects = [\"a\"]\nworkloads = [\"clean\"]\nbaseline = \"quick\"\n",
        "[axes]\nlinker = [\"bfd\", \"default\"]\n",
        "[variants]\nold = { linker = \"bfd\" }\nquick = { \"env.X\" = \"1\" }\n",
    ));
    expect_test::expect![[r#"
        s/a/clean
          baseline quick
          twin quick
          variant linker=bfd = old
          variant linker=default"#]]
    .assert_eq(&outline(&plan));
    assert_eq!(plan.blocks[0].axes, ["linker", "env.X"]);
}

#[test]
fn beside_an_axis_of_workloads_a_whole_variant_has_that_of_the_baseline() {
    let plan = made(concat!(
        "projects = [\"a\"]\nbaseline = { workload = \"check\" }\n",
        "[axes]\nworkload = [\"clean\", \"check\"]\n[variants]\nquick = { \"env.X\" = \"1\" }\n",
    ));
    let workloads: Vec<(&str, &str)> = plan.blocks[0]
        .arms
        .iter()
        .map(|arm| (arm.variant.name.as_str(), arm.variant.workload.as_str()))
        .collect();
    let baseline = ("workload=check", "check");
    assert_eq!(workloads, [baseline, baseline, ("workload=clean", "clean"), ("quick", "check")]);
}

#[test]
fn code_generators_are_compared_on_one_toolchain_and_with_one_linker() {
    let text = |exclude: &str| {
        scenario(&format!(
            "projects = [\"a\"]\nworkloads = [\"clean\"]\ntwin = false\n[axes]\nbackend = [\"llvm\", \"cranelift\"]\nlinker = [\"bfd\", \"default\"]\n{exclude}"
        ))
    };
    let error = plan(&[text("")], &TwoLinkers, &Options::default()).unwrap_err().to_string();
    let both =
        "`backend=llvm linker=bfd` and `backend=cranelift linker=default` of `s/a/clean` cannot be compared";
    assert!(error.starts_with(both), "{error}");
    let exclude = "[[exclude]]\nwhen = { backend = \"cranelift\", linker = \"default\" }\nreason = \"x\"\n";
    let mut left = plan(&[text(exclude)], &TwoLinkers, &Options::default()).unwrap();
    assert_eq!(left.blocks[0].arms.len(), 3);
    let cranelift =
        left.blocks[0].arms.iter_mut().find(|arm| arm.variant.name.contains("cranelift")).unwrap();
    cranelift.variant.settings.insert("linker".into(), "default".into());
    assert!(refit(left, &TwoLinkers).unwrap_err().to_string().contains("the plan is wrong: "));
}

#[test]
fn a_user_without_any_configuration_has_the_project_as_it_is() {
    let plan = made(concat!(
        "projects = [\"a\"]\nworkloads = [\"clean\"]\n",
        "[variants]\nas-configured = true\nquick = { \"env.X\" = \"1\", rustflags = \" \" }\n",
    ));
    expect_test::expect![[r#"
        s/a/clean
          baseline as it is = as-configured
          twin as it is
          variant quick"#]]
    .assert_eq(&outline(&plan));
}

#[test]
fn a_value_of_several_lines_has_a_name_of_one() {
    let plan = made(concat!(
        "projects = [\"a\"]\nworkloads = [\"clean\"]\n",
        "[axes]\nconfig = [\"\", \"profile.dev.debug=1\\nprofile.dev.lto=true\"]\n",
    ));
    assert_eq!(plan.blocks[0].arms[2].variant.name, "config=profile.dev.debug=1; profile.dev.lto=true");
}

#[test]
fn a_workload_is_left_out_with_what_the_project_lacks_for_it() {
    let plan = made(concat!(
        "projects = [\"a\", \"commands\", \"young\", \"old\"]\n",
        "workloads = [\"incremental:body\", \"incremental:leaf\", \"clippy\", \"deps-only\", \"replay:2\", \"replay:3\"]\n",
        "twin = false\n[axes]\njobs = [\"1\"]\n",
    ));
    let commits: Vec<(&str, usize)> = plan
        .blocks
        .iter()
        .filter_map(|block| Some((block.id.as_str(), block.commits.values().next()?.len())))
        .collect();
    assert_eq!(commits, [("s/young/replay:2", 3), ("s/old/replay:2", 3), ("s/old/replay:3", 4)]);
    let said: Vec<String> = plan
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
    .assert_eq(&said.join("\n"));
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
