use super::fixture::*;
use crate::compare::{Comparison, ExcludedProject, PooledProjects};
use crate::record::{Block, BlockId, Outcome, Plan};

/// A block of this project under `clean`.
fn block_for_project(matrix: &str, project: &str, variants: &[&str]) -> Block {
    let mut block = block(matrix, true, variants);
    block.id = BlockId::new(matrix, project, "clean");
    block.arms.iter_mut().for_each(|arm| arm.variant.project = project.to_owned());
    block
}

/// Blocks of `a`, `b`, … with the variant `v`.
fn plan_for_projects(count: usize) -> Plan {
    let names = ["a", "b", "c", "d", "e", "f"];
    plan(names[..count].iter().map(|name| block_for_project("linkers", name, &["v"])).collect())
}

fn compare_at_ratios(plan: &Plan, ratios: &[f64]) -> Comparison {
    let mut samples = Samples::of(plan);
    for (block, &ratio) in ratios.iter().enumerate() {
        samples.noisy(block, 12, 50 + block as u64, |arm| if arm >= 2 { ratio } else { 1.0 });
    }
    compare_samples(plan, &samples.all)
}

fn only_pool(mut comparison: Comparison) -> PooledProjects {
    assert_eq!(comparison.pooled_projects.len(), 1);
    comparison.pooled_projects.remove(0)
}

#[test]
fn projects_count_the_same_and_general_statements_need_five() {
    let found = only_pool(compare_at_ratios(&plan_for_projects(4), &[0.8, 0.8, 0.9, 0.9]));
    assert_eq!((found.projects.join(" "), found.general), ("a b c d".to_owned(), None));
    // √(0.8·0.9)
    let (low, high) = found.these;
    assert!((found.ratio - 0.72f64.sqrt()).abs() < 0.01 && high - low < 0.02, "{found:?}");
    let found = only_pool(compare_at_ratios(&plan_for_projects(5), &[0.8, 0.8, 0.9, 0.9, 0.7]));
    let general = found.general.unwrap();
    let width = |(low, high): (f64, f64)| high - low;
    assert!(width(found.these) < width(general.mean) && width(general.mean) < width(general.further));
}

#[test]
fn what_cannot_count_is_named() {
    let plan = plan_for_projects(6);
    let mut samples = Samples::of(&plan);
    for block in 0..6 {
        let (arm, ratio) = if block == 1 { (TWIN, 1.5) } else { (2, 0.9) };
        let rounds = if block == 2 { 2 } else { 12 };
        samples.noisy(block, rounds, block as u64, |of| if of == arm { ratio } else { 1.0 });
    }
    samples.push(3, 2, 13, 1, Outcome::TimedOut);
    let proofs = [crate::record::Proof {
        variant: "v".into(),
        ..proof(&plan.blocks[4], "v", crate::record::ProofResult::Fails)
    }];
    let recorded =
        crate::compare::RunRecord { proofs: &proofs, ..crate::compare::RunRecord::of(&plan, &samples.all) };
    let found = only_pool(crate::compare::compare(&recorded, &crate::compare::Policy::default()));
    assert_eq!(found.projects, ["a", "f"]);
    let left_out = |project: &str, reason| ExcludedProject { project: project.to_owned(), reason };
    assert_eq!(
        found.left_out,
        [
            left_out("b", "its comparison is invalid"),
            left_out("c", "too few rounds"),
            left_out("d", "a build timed out"),
            left_out("e", "not timed"),
        ]
    );
}

#[test]
fn only_the_same_comparison_of_different_projects_is_put_together() {
    let mut other_baseline = block_for_project("linkers", "c", &["v"]);
    other_baseline.arms[..2].iter_mut().for_each(|arm| arm.variant.name = "linker=lld".to_owned());
    let plan = plan(vec![
        block_for_project("linkers", "a", &["v", "w"]),
        block_for_project("linkers", "b", &["v", "x"]),
        block_for_project("others", "c", &["v"]),
        other_baseline,
        block_for_project("linkers", "*", &["v"]),
    ]);
    let found = only_pool(compare_at_ratios(&plan, &[0.9; 5]));
    assert_eq!((found.variant, found.projects.join(" ")), ("v".to_owned(), "a b".to_owned()));
    assert_eq!(compare_at_ratios(&plan_for_projects(1), &[0.9]).pooled_projects, []);
}
