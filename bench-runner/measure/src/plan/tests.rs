mod fractions;
mod own_projects;
mod quick;
mod whole_variants;
mod workloads;

use std::collections::BTreeMap;
use std::path::Path;

use bench_runner_core::record::{Pin, Role, Visits};
use bench_runner_core::stats::ASSUMED_OFFSET;

use super::*;
use crate::scenario::ScenarioLibrary;

/// A machine with GNU ld and rustc's own lld, and no mold.
struct TwoLinkers;

/// The user's own configuration, in directories of the user's own.
const CONFIGURED: &str = "[build]\nrustflags = [\"--cfg\", \"mine\"]\n";

fn project(name: &str) -> ProjectView {
    ProjectView {
        planned: PlannedProject {
            name: name.into(),
            pin: Pin::Tree { sha256: "0".repeat(64) },
            manifest: String::new(),
            base: None,
            notes: Vec::new(),
            ignored: None,
        },
        cargo: true,
        edits: vec![EditClass::Body],
        own: false,
        own_edit: false,
        profile: None,
        estimate: Default::default(),
    }
}

impl World for TwoLinkers {
    type Error = RequestError;

    fn projects(&self, word: &RequestWord) -> Result<Vec<ProjectView>, RequestError> {
        let commands = ProjectView { cargo: false, edits: Vec::new(), ..project("commands") };
        match word.text.as_str() {
            "tag:quick" | "titlecase" => Ok(vec![project("small")]),
            "commands" => Ok(vec![commands]),
            "./commands" => Ok(vec![ProjectView { own: true, ..commands }]),
            name => match name.strip_prefix("./") {
                Some(name) => Ok(vec![ProjectView { own: true, ..project(name) }]),
                None => Ok(vec![project(name)]),
            },
        }
    }

    fn planned_project(&self, project: &PlannedProject) -> Result<ProjectView, RequestError> {
        Ok(ProjectView { planned: project.clone(), ..super::tests::project(&project.name) })
    }

    fn revision(&self, _: &ProjectView, rev: &str) -> Result<(), Refusal> {
        Err(Refusal::new(format!("there is no commit {rev}")))
    }

    fn as_configured(&self, project: &ProjectView) -> Result<String, RequestError> {
        Ok(if project.own { CONFIGURED.to_owned() } else { String::new() })
    }

    fn commits(&self, project: &ProjectView, count: usize) -> Result<Vec<String>, Refusal> {
        match project.planned.name.as_str() {
            "young" => Ok((0..3.min(count)).map(|n| format!("{n:040}")).collect()),
            "old" => Ok((0..count).map(|n| format!("{n:040}")).collect()),
            _ => Err(Refusal::new("it is in no git repository")),
        }
    }

    fn goal(&self, _: &TreeId, goal: Goal, _: &Settings) -> Result<(), Refusal> {
        match goal {
            Goal::Clippy => {
                Err(Refusal::new("the toolchain has no clippy").with_help("rustup component add clippy"))
            }
            _ => Ok(()),
        }
    }

    fn probe(&self, _: &TreeId, setting: &Setting<'_>) -> Result<Available, Refusal> {
        match (setting.key, setting.text) {
            ("linker", "default" | "rust-lld") => Ok(Available::without_tool("rust-lld")),
            ("linker", "mold") => Err(Refusal::new("no mold on PATH").with_help("apt-get install mold")),
            ("target-cpu", "native") => Ok(Available {
                pinned: Some("native@znver3".into()),
                ..Available::without_tool("native@znver3")
            }),
            (_, text) => Ok(Available::without_tool(text)),
        }
    }
}

fn scenario(text: &str) -> Scenario {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("s.toml");
    std::fs::write(&path, format!("name = \"s\"\nsummary = \"x\"\n{text}")).unwrap();
    ScenarioLibrary::read_file(&path).unwrap()
}

fn built_in(name: &str) -> Scenario {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../scenarios"));
    ScenarioLibrary::read_file(&folder.join(format!("{name}.toml"))).unwrap()
}

fn made(text: &str) -> Plan {
    plan(&[scenario(text)], &TwoLinkers, &PlanOptions::default()).unwrap()
}

/// One line for each block and arm, and for everything that is skipped.
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
fn a_plan_names_each_scenario_once() {
    let of = |workload: &str| {
        scenario(&format!(
            "projects = [\"a\"]\nworkloads = [\"{workload}\"]\n[axes]\nlinker = [\"default\", \"bfd\"]\n"
        ))
    };
    let other = Scenario { name: "t".into(), ..of("test") };
    let plan = plan(&[of("clean"), of("incremental"), other], &TwoLinkers, &PlanOptions::default()).unwrap();
    assert_eq!((plan.scenario.as_str(), plan.blocks.len()), ("s+t", 3));
}

#[test]
fn blocks_for_which_one_round_is_enough_get_one_before_any_gets_more() {
    let until = |rounds: &str| {
        let text = format!(
            "projects = [\"a\"]\nworkloads = [\"clean\", \"noop\"]\n[axes]\nlinker = [\"default\", \"bfd\"]\n\
             [sampling]\ntime-budget = \"9m\"\n{rounds}\n"
        );
        made(&text).blocks.into_iter().map(|block| block.visits.unwrap().until).collect::<Vec<_>>()
    };
    assert_eq!(until("min-rounds = 1\nmax-rounds = 4"), [[1, 3, 5]; 2]);
    assert_eq!(until("min-rounds = 2\nmax-rounds = 2"), [[3, 5]; 2]);
    assert_eq!(until("min-rounds = 6\nmax-rounds = 9"), [[3, 5]; 2]);
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
    let error = plan(&[scenario(&wrong)], &TwoLinkers, &PlanOptions::default()).unwrap_err().to_string();
    assert!(error.contains("the baseline's project `heavi` is not one of light, heavy"), "{error}");
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
fn what_means_something_else_on_every_machine_is_pinned() {
    let text =
        "projects = [\"a\"]\nworkloads = [\"clean\"]\n[axes]\ntarget-cpu = [\"default\", \"native\"]\n";
    let plan = made(text);
    let native = &plan.blocks[0].arms[2].variant;
    assert_eq!(
        (native.name.as_str(), &*native.settings["target-cpu"]),
        ("target-cpu=native", "native@znver3")
    );
    assert_eq!(adapt_plan(plan.clone(), &TwoLinkers).unwrap(), plan);
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
        let options = PlanOptions { shard: Some(shard), ..PlanOptions::default() };
        let plan = plan(std::slice::from_ref(&scenario), &TwoLinkers, &options).unwrap();
        plan.blocks.iter().map(|block| block.id.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(ids((1, 2)), ["s/a/clean", "s/c/clean"]);
    assert_eq!(ids((2, 2)), ["s/b/clean"]);
}

#[test]
fn blocks_of_a_plan_with_a_budget_take_turns() {
    let text = |sampling: &str| {
        format!(
            "projects = [\"a\", \"b\"]\nworkloads = [\"clean\"]\n[axes]\nlinker = [\"bfd\", \"default\"]\n[sampling]\n{sampling}"
        )
    };
    let plan = made(&text("time-budget = \"2m\"\n"));
    let visits = Some(Visits { until: vec![3, 5], keep: true });
    assert!(blocks_take_turns(&plan) && plan.blocks.iter().all(|block| block.visits == visits));
    for sampling in ["", "fresh-dirs = 2\ntime-budget = \"2m\"\n"] {
        let plan = made(&text(sampling));
        assert!(plan.blocks.iter().all(|block| block.visits.is_none()), "{sampling}");
    }
    let given = PlanOptions { time_budget: Some(Duration::from_secs(60)), ..PlanOptions::default() };
    let options = [given.clone(), PlanOptions { shard: Some((1, 2)), ..given }];
    let planned = options.map(|options| super::plan(&[scenario(&text(""))], &TwoLinkers, &options).unwrap());
    assert!(blocks_take_turns(&planned[0]), "the budget of the command line counts");
    assert!(
        planned[1].blocks.iter().all(|block| block.visits.is_none()),
        "a share of one block takes no turns"
    );
    // W and R of a are 6.75 s, those of b 27.75 s, and W + 3R of b does not fit beside three rounds of a.
    let estimate = |a: u64, b: u64| {
        let typical = of_clean(&[("a", a), ("b", b)]);
        super::estimate(&plan, &typical, &MachineHistory::default())
    };
    let rounds =
        |estimate: &PlanEstimate| -> Vec<u32> { estimate.blocks.iter().map(|block| block.rounds).collect() };
    let one_sided = estimate(2, 9);
    assert_eq!(rounds(&one_sided), [16, 0]);
    assert_eq!((one_sided.blocks[1].warmups, one_sided.total), (0, Some(Duration::from_millis(17 * 6750))));
    let equal = estimate(2, 2);
    assert_eq!(rounds(&equal).iter().sum::<u32>(), 15);
    assert!(rounds(&equal).iter().all(|&rounds| rounds >= 5), "{equal:?}");
}

#[test]
fn visits_end_after_more_and_more_rounds() {
    let mut plan =
        made("projects = [\"a\"]\nworkloads = [\"clean\"]\n[axes]\nlinker = [\"bfd\", \"default\"]\n");
    for (until, is_right) in
        [(vec![3, 5], true), (vec![1], true), (vec![], false), (vec![0, 3], false), (vec![5, 5], false)]
    {
        plan.blocks[0].visits = Some(Visits { until, keep: true });
        let checked = check(&plan);
        assert_eq!(checked.is_ok(), is_right, "{:?}", plan.blocks[0].visits);
    }
}

#[test]
fn the_estimate_shares_the_budget_and_foretells_the_interval() {
    let mut plan = made(
        "projects = [\"a\", \"b\"]\nworkloads = [\"clean\"]\n[axes]\nlinker = [\"bfd\", \"default\"]\n[sampling]\ntime-budget = \"2m\"\n",
    );
    plan.sessions = 1;
    // As in a plan of an older program: one block after another.
    plan.blocks.iter_mut().for_each(|block| block.visits = None);
    let estimates = of_clean(&[("a", 2), ("b", 2)]);
    let noise = BTreeMap::from([("clean".to_owned(), WorkloadNoise { sd: 0.02, offset: Some(0.0) })]);
    let quiet = MachineHistory { noise, ..MachineHistory::default() };
    let estimate = estimate(&plan, &estimates, &quiet);
    // 60 s per block, three builds of 2.25 s per round, and as many for the warm-up.
    assert_eq!(estimate.blocks[0].rounds, 7);
    assert_eq!(estimate.blocks[0].warmups, 3);
    let half_width = estimate.blocks[0].half_width.unwrap();
    assert!((0.01..0.06).contains(&half_width), "{half_width}");
    let noise = estimate.blocks[0].noise;
    assert_eq!((noise.expected.noise, noise.expected.offset, noise.is_measured), (0.02, 0.0, true));
    let before_any_run = super::estimate(&plan, &estimates, &MachineHistory::default());
    let noise = before_any_run.blocks[0].noise;
    assert_eq!(
        (noise.expected.noise, noise.expected.offset, noise.is_measured),
        (0.05, ASSUMED_OFFSET.powi(2), false)
    );
    assert!(before_any_run.blocks[0].half_width.unwrap() > 2.0 * half_width);
    // All blocks get the same number of rounds, however expensive a round of them is.
    let dear = of_clean(&[("a", 1), ("b", 9)]);
    let estimate = super::estimate(&plan, &dear, &quiet);
    let rounds: Vec<u32> = estimate.blocks.iter().map(|block| block.rounds).collect();
    assert!(rounds[0].abs_diff(rounds[1]) <= 1, "{rounds:?}");
    assert!(estimate.total.unwrap() <= Duration::from_secs(120));
    let unknown = super::estimate(&plan, &BTreeMap::new(), &quiet);
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
fn a_plan_from_elsewhere_is_fitted_to_this_machine() {
    let mut plan =
        made("projects = [\"a\"]\nworkloads = [\"clean\"]\n[axes]\nlinker = [\"bfd\", \"default\"]\n");
    let mut mold = plan.blocks[0].arms[2].clone();
    mold.variant.name = "linker=mold".into();
    mold.variant.settings.insert("linker".into(), "mold".into());
    plan.blocks[0].arms.push(mold);
    let fitted = adapt_plan(plan.clone(), &TwoLinkers).unwrap();
    expect_test::expect![[r#"
        s/a/clean
          baseline linker=bfd
          twin linker=bfd
          variant linker=default
        left out: s/a/clean linker=mold: no mold on PATH"#]]
    .assert_eq(&outline(&fitted));
    plan.blocks[0].arms[2].variant.settings.insert("linkr".into(), "bfd".into());
    assert!(adapt_plan(plan, &TwoLinkers).unwrap_err().to_string().contains("unknown axis `linkr`"));
}

fn of_clean(seconds: &[(&str, u64)]) -> EstimatesByProject {
    let of = |&(name, seconds): &(&str, u64)| {
        let builds = BTreeMap::from([("clean".to_owned(), Duration::from_secs(seconds))]);
        (name.to_owned(), crate::corpus::ProjectEstimate { builds, target_bytes: Some(100) })
    };
    seconds.iter().map(of).collect()
}

#[test]
fn targets_are_kept_side_by_side_only_where_builds_go_on_from_the_last() {
    let of = |workload: &str| {
        let text = format!(
            "projects = [\"a\"]\nworkloads = [\"{workload}\"]\n[axes]\nlinker = [\"bfd\", \"default\"]\n"
        );
        estimate(&made(&text), &of_clean(&[("a", 1)]), &MachineHistory::default()).disk_bytes
    };
    assert_eq!((of("clean"), of("incremental")), (Some(100), Some(300)));
}

#[test]
fn code_generators_are_compared_on_one_toolchain_and_with_one_linker() {
    let text = |exclude: &str| {
        scenario(&format!(
            "projects = [\"a\"]\nworkloads = [\"clean\"]\ntwin = false\n[axes]\nbackend = [\"llvm\", \"cranelift\"]\nlinker = [\"bfd\", \"default\"]\n{exclude}"
        ))
    };
    let error = plan(&[text("")], &TwoLinkers, &PlanOptions::default()).unwrap_err().to_string();
    let both =
        "`backend=llvm linker=bfd` and `backend=cranelift linker=default` of `s/a/clean` cannot be compared";
    assert!(error.starts_with(both), "{error}");
    let exclude = "[[exclude]]\nwhen = { backend = \"cranelift\", linker = \"default\" }\nreason = \"x\"\n";
    let mut left = plan(&[text(exclude)], &TwoLinkers, &PlanOptions::default()).unwrap();
    assert_eq!(left.blocks[0].arms.len(), 3);
    let cranelift =
        left.blocks[0].arms.iter_mut().find(|arm| arm.variant.name.contains("cranelift")).unwrap();
    cranelift.variant.settings.insert("linker".into(), "default".into());
    assert!(adapt_plan(left, &TwoLinkers).unwrap_err().to_string().contains("the plan is wrong: "));
}
