//! Blocks that are fractions of a product.

use bench_runner_core::record::{AS_CONFIGURED, Arm, Block, BlockLevels, DesignKind};

use super::*;

const AXES: &str = "design = \"fraction\"\nworkloads = [\"clean\"]\n[axes]\ndebug = [\"full\", \"none\"]\nlto = [\"off\", \"thin\", \"fat\"]\nopt-level = [0, 1, 2]\n\"env.A\" = [1, 2]\n\"env.B\" = [1, 2]\n";

fn block(text: &str) -> Block {
    made(text).blocks.remove(0)
}

#[test]
fn a_fraction_has_some_combinations_and_says_how_they_were_chosen() {
    let block = block(&format!("projects = [\"p\"]\n{AXES}"));
    let design = block.design.clone().unwrap();
    assert_eq!((design.kind, design.of, design.seed), (DesignKind::Fraction, 72, Some(1)));
    // 8 parameters; 12 is divisible by 2, 3, 4 and 6.
    assert_eq!(design.rows, 12);
    assert!(design.efficiency.unwrap() > 0.95, "{design:?}");
    assert!(!design.aliasing.is_empty() && design.aliasing.iter().all(|one| one.share >= 0.2), "{design:?}");
    let roles: Vec<Role> = block.arms.iter().map(|arm| arm.role).collect();
    assert_eq!(roles[..2], [Role::Baseline, Role::Twin]);
    assert_eq!(block.arms.len(), 13);
    assert_eq!(block.arms[0].variant.name, "debug=full lto=off opt-level=0 env.A=1 env.B=1");
    let levels = BlockLevels::of(&block);
    assert_eq!(levels.counts(), [2, 3, 3, 2, 2]);
    assert_eq!(block, super::fractions::block(&format!("projects = [\"p\"]\n{AXES}")));
}

#[test]
fn fractions_are_no_planned_comparisons() {
    assert_eq!(made(&format!("projects = [\"p\", \"q\"]\n{AXES}")).planned_comparisons(), 0);
}

#[test]
fn exclusions_and_what_is_not_available_stay_out_and_are_said_once() {
    let text = format!(
        "projects = [\"p\"]\n{AXES}linker = [\"default\", \"mold\"]\n[[exclude]]\nwhen = {{ lto = \"fat\", debug = \"full\" }}\nreason = \"slow\"\n"
    );
    let plan = made(&text);
    let skipped: Vec<(&str, &str)> =
        plan.skipped.iter().map(|one| (one.variant.as_str(), one.reason.as_str())).collect();
    assert_eq!(
        skipped,
        [
            ("linker=mold (60 combinations)", "no mold on PATH"),
            ("debug=full lto=fat (24 combinations)", "slow")
        ]
    );
    let block = &plan.blocks[0];
    assert_eq!(block.design.as_ref().unwrap().of, 60);
    let forbidden =
        |arm: &Arm| arm.variant.settings["lto"] == "fat" && arm.variant.settings["debug"] == "full";
    assert!(!block.arms.iter().any(forbidden));
}

#[test]
fn as_configured_is_always_there_for_a_project_of_ones_own() {
    let block = block(&format!("projects = [\"./p\"]\non = \"auto\"\n{AXES}"));
    let names: Vec<&str> = block.arms.iter().map(|arm| arm.variant.name.as_str()).collect();
    assert!(names.contains(&AS_CONFIGURED), "{names:?}");
    assert_eq!(block.arms.len(), 14);
    let is_baseline = made(&format!("projects = [\"./p\"]\nbaseline = \"as-configured\"\n{AXES}"));
    assert_eq!(is_baseline.blocks[0].arms[0].variant.name, AS_CONFIGURED);
    assert_eq!(is_baseline.blocks[0].arms.len(), 14);
}

#[test]
fn as_many_rows_as_there_are_combinations_are_a_product() {
    let text = "projects = [\"p\"]\nworkloads = [\"clean\"]\ndesign = \"fraction\"\nrows = 4\n[axes]\ndebug = [\"full\", \"none\"]\nlto = [\"off\", \"fat\"]\n";
    let block = block(text);
    let design = block.design.clone().unwrap();
    assert_eq!((design.kind, design.rows, design.of, design.seed), (DesignKind::Full, 4, 4, None));
    assert!(!block.is_fraction());
}

#[test]
fn effects_that_cannot_be_told_apart_are_named() {
    let text = concat!(
        "projects = [\"p\"]\nworkloads = [\"clean\"]\ndesign = \"fraction\"\n[axes]\ndebug = [\"full\", \"none\"]\n",
        "lto = [\"off\", \"fat\"]\nopt-level = [0, 1]\n",
        "[[exclude]]\nwhen = { lto = \"fat\", debug = \"full\" }\nreason = \"x\"\n",
        "[[exclude]]\nwhen = { lto = \"off\", debug = \"none\" }\nreason = \"y\"\n",
    );
    let error = plan(&[scenario(text)], &TwoLinkers, &PlanOptions::default()).unwrap_err();
    let expected = "`s/p/clean` cannot be a fraction: the combinations that can be built do not tell these effects apart: `debug=none` and `lto=fat`";
    assert_eq!(error.to_string(), expected);
    assert!(error.help().unwrap().contains("leave out one of the values"));
}
