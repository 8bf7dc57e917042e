//! The space of a search, on this machine and with the real cargo.

use std::rc::Rc;

use bench_runner::flows::{Places, Projects};
use bench_runner_measure::corpus::cache_place::CachePlace;
use bench_runner_measure::plan::{PlanOptions, World, plan};
use bench_runner_measure::scenario::{RequestWord, SamplingSpec};
use bench_runner_measure::search::{
    AvailableSpace, SearchedProject, SpaceFile, StageRequest, available_space, stage_scenario,
};

use crate::lab::Lab;

trials! { "search_space";
    what_cargo_builds_the_same_counts_once,
    the_default_space_can_be_planned,
}

/// A package of a user, with settings of its own.
fn own(lab: &Lab) -> RequestWord {
    let manifest = "[package]\nname = \"own\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[profile.dev]\ndebug = \"line-tables-only\"\n";
    lab.write("own/Cargo.toml", manifest);
    lab.write("own/Cargo.lock", "version = 4\n\n[[package]]\nname = \"own\"\nversion = \"0.1.0\"\n");
    lab.write("own/src/main.rs", "fn main() {\n    println!(\"hi\");\n}\n");
    lab.write("own/.cargo/config.toml", "[build]\nincremental = false\n");
    RequestWord::from_command_line(format!("{}/", lab.path("own").display()))
}

fn projects(lab: &Lab) -> Projects {
    let places = Places {
        checkout: None,
        cache: Rc::new(CachePlace::Usual(lab.path("cache"))),
        results: lab.path("results"),
        results_around: None,
        plots: lab.path("plots"),
    };
    Projects::open(&places, true, true).expect("a cache")
}

const WORKLOADS: [&str; 3] = ["clean", "incremental", "check"];

fn space(projects: &Projects, project: &RequestWord, file: &SpaceFile) -> AvailableSpace {
    let views = projects.projects(project).expect("the project");
    let workloads = WORKLOADS.map(str::to_owned);
    let searched = SearchedProject { view: &views[0], workloads: &workloads, threads: 64 };
    available_space(file, &[], &[], searched, projects).expect("a space")
}

fn what_cargo_builds_the_same_counts_once() {
    let lab = Lab::new();
    let project = own(&lab);
    let text = concat!(
        "name = \"x\"\nsummary = \"x\"\n[axes]\nlinker = [\"default\"]\ndebug = [\"line-tables-only\", \"full\", \"none\"]\n",
        "incremental = [\"on\", \"off\"]\nopt-level = [0, { deps = 0 }, { deps = 1 }]\ncache = [\"off\"]\njobs = [\"cores\"]\n",
    );
    let space = space(&projects(&lab), &project, &SpaceFile::parse("x.toml", text).expect("a space file"));
    let axes: Vec<String> = space
        .axes
        .iter()
        .map(|axis| {
            let levels = axis.levels.iter().map(|level| format!("{} {:?}", level.name(), level.aliases));
            format!("{}: {}", axis.key, levels.collect::<Vec<_>>().join(", "))
        })
        .collect();
    // The package has no dependencies, so a level for them changes nothing.
    assert_eq!(
        axes,
        [
            "debug: as-configured [\"line-tables-only\"], full [], none []",
            "incremental: as-configured [\"off\"], on []",
        ]
    );
    assert_eq!((space.combinations, space.dropped.len()), (6, 0));
}

fn the_default_space_can_be_planned() {
    let lab = Lab::new();
    let project = own(&lab);
    let projects = projects(&lab);
    let file = bench_runner::built_in::default_space().expect("the default space");
    let space = space(&projects, &project, &file);
    assert!(space.combinations > 10, "{space:?}");
    let combinations: Vec<Vec<usize>> = space.all_combinations().into_iter().step_by(7).collect();
    let workloads = WORKLOADS.map(str::to_owned);
    let stage = StageRequest {
        name: "screening",
        summary: "a fraction of the space",
        project,
        workloads: &workloads,
        combinations: &combinations,
        budget: None,
        sampling: SamplingSpec::default(),
    };
    let plan = plan(&[stage_scenario(&space, &stage)], &projects, &PlanOptions::default()).expect("a plan");
    let skipped: Vec<String> =
        plan.skipped.iter().map(|skipped| format!("{}: {}", skipped.variant, skipped.reason)).collect();
    assert_eq!(skipped, [""; 0], "the axes' rules leave nothing that the planner refuses");
    let ids: Vec<&str> = plan.blocks.iter().map(|block| block.id.as_str()).collect();
    assert_eq!(ids, ["screening/own/clean", "screening/own/incremental", "screening/own/check"]);
    let named = |block: &bench_runner_core::record::Block| {
        block.arms.iter().map(|arm| arm.aliases.len() + 1).sum::<usize>() - 1
    };
    let expected =
        combinations.iter().filter(|combination| combination.iter().any(|level| *level > 0)).count() + 1;
    assert_eq!(plan.blocks.iter().map(named).collect::<Vec<_>>(), [expected; 3]);
}
