//! Runs of a `backfill` of toolchains, whose values make series of compilers.

use super::compiler::Compiler;
use crate::compare::{ArmResult, BlockResult};
use crate::record::{Block, Pin, Plan, PlanOrigin, Proof};

/// Name of the variant in series of toolchains.
pub const TOOLCHAINS: &str = "toolchains";

/// The source that a block builds with each of its toolchains, if it is part of a `backfill` of toolchains. Other runs that vary
/// toolchains have a series for each name: `nightly` is another compiler each day, and its course is worth a look.
pub(super) fn over_toolchains(plan: &Plan, block: &Block) -> Option<String> {
    let is_backfill = plan.origin.as_ref().is_some_and(|origin| origin.by == PlanOrigin::BACKFILL);
    if !is_backfill || block.axes.iter().all(|key| key != "toolchain") {
        return None;
    }
    let variant = &block.arms.get(block.baseline())?.variant;
    let project = plan.projects.iter().find(|project| project.name == variant.project)?;
    built_source(variant.rev.as_deref(), Some(&project.pin))
}

/// The sources of a series of toolchains: a commit, or the project as it was at its pin.
pub fn built_source(rev: Option<&str>, pin: Option<&Pin>) -> Option<String> {
    rev.map(|rev| format!("rev={rev}")).or_else(|| Some(format!("source={}", pin?)))
}

/// The compiler of an arm, from its proof: names such as `nightly` mean another one each day.
pub(super) fn compiler_of(result: &BlockResult, arm: &ArmResult) -> Option<Compiler> {
    let is_its =
        |proof: &&Proof| proof.axis == "toolchain" && proof.role == arm.role && proof.variant == arm.variant;
    result.proofs.iter().find(is_its).and_then(|proof| Compiler::parse(&proof.expected))
}
