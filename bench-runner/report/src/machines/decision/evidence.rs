//! Evidence from a class's runs on a variant under one workload.

use bench_runner_core::compare::{ArmResult, Ratio, workload_phrase};
use bench_runner_core::record::Variant;
use bench_runner_core::stats::{LEVEL, UncertainValue, equal_weight_mean, sum, weighted_mean};

use super::values::{MemoryLimit, Rule, RuleFit, WorkloadSavings};
use crate::machines::grouping::RunBlock;
use crate::machines::run::PeakMemory;
use crate::machines::setup_differences::{latest_run, same_tools};
use crate::machines::table::{NoRatio, find_arm, variant_ratio};
use crate::machines::values::as_ratio;

/// Evidence on a variant under one workload on one class.
pub(super) struct WorkloadEvidence {
    /// Log-ratio over the class's machines.
    ratio: UncertainValue,
    /// Seconds saved by one build.
    pub(super) saved: UncertainValue,
    /// Largest peak memory of a build in bytes; the flag is true if it covers all processes.
    memory: Option<(u64, bool)>,
    /// Memory of the class's smallest machine, in bytes.
    available_memory: Option<u64>,
    /// Names of the runs.
    pub(super) runs: Vec<String>,
}

/// Ratio and savings per build of one run.
struct RunSavings<'a> {
    instance: &'a str,
    ratio: UncertainValue,
    saved: UncertainValue,
}

impl WorkloadEvidence {
    /// Combines the blocks of one workload.
    ///
    /// # Errors
    /// If there is no evidence; the error is the reason.
    pub(super) fn from_blocks(under: &[&RunBlock<'_>], variant: &Variant) -> Result<Self, String> {
        let first = under.first().ok_or("not measured on this machine type")?;
        let has = |block: &&&RunBlock<'_>| find_arm(block, &variant_in_block(block, variant)).is_some();
        let having: Vec<&RunBlock<'_>> = under.iter().filter(has).copied().collect();
        let mut own = with_latest_tools(&having);
        if own.is_empty() {
            // The reason why no run has the variant is that of the first run.
            own.push(first);
        }
        let mut parts = Vec::new();
        for block in &own {
            parts.push(run_savings(block, variant).map_err(|reason| {
                let run = &block.run.manifest.run;
                if under.len() > 1 { format!("{reason} (in {run})") } else { reason }
            })?);
        }
        let over = |of: fn(&RunSavings<'_>) -> UncertainValue| {
            combine_over_machines(&parts, of).ok_or("what it says is no number")
        };
        let memory = own.iter().filter_map(|block| peak_memory(block, variant)).max();
        Ok(Self {
            ratio: over(|part| part.ratio)?,
            saved: over(|part| part.saved)?,
            memory,
            available_memory: own.iter().filter_map(|block| machine_memory(block)).min(),
            runs: own.iter().map(|block| block.run.manifest.run.clone()).collect(),
        })
    }

    /// Reason why the rule is broken or may be broken under this workload.
    pub(super) fn objection(&self, workload: &str, rule: &Rule) -> Option<RuleFit> {
        let (_, (low, high)) = as_ratio(&self.ratio);
        let limit = 1.0 + rule.max_slower;
        let workload = workload_phrase(workload, None);
        let percent = |ratio: f64| format!("{:.1}%", (ratio - 1.0) * 100.0);
        let allowed = format!("and {} is allowed", percent(limit));
        if low > limit {
            return Some(RuleFit::No(format!("{workload}: at least {} slower, {allowed}", percent(low))));
        }
        if high > limit {
            return Some(RuleFit::NotKnown(format!("{workload}: up to {} slower, {allowed}", percent(high))));
        }
        let room = match rule.memory {
            MemoryLimit::Class => self.available_memory,
            MemoryLimit::Bytes(bytes) => Some(bytes),
        };
        match (self.memory, room) {
            (Some((bytes, _)), Some(room)) if bytes > room => {
                let mib = |bytes: u64| bytes >> 20;
                let reason =
                    format!("{workload}: a build took {} MiB, and {} MiB are allowed", mib(bytes), mib(room));
                Some(RuleFit::No(reason))
            }
            (_, None) => {
                Some(RuleFit::NotKnown(format!("{workload}: the memory of the machine type is not known")))
            }
            _ => None,
        }
    }

    /// The evidence as part of a decision.
    pub(super) fn to_savings(&self, workload: &str, per_day: f64) -> WorkloadSavings {
        WorkloadSavings {
            workload: workload.to_owned(),
            per_day,
            ratio: as_ratio(&self.ratio),
            saved: (self.saved.value, self.saved.interval(LEVEL)),
            memory: self.memory.map(|(bytes, _)| bytes),
            all_processes: self.memory.is_some_and(|(_, all)| all),
        }
    }
}

/// Runs made with the same tools as the latest run of their machine; earlier tools are outdated.
fn with_latest_tools<'s, 'a>(blocks: &[&'s RunBlock<'a>]) -> Vec<&'s RunBlock<'a>> {
    let current = |block: &&&RunBlock<'_>| {
        let manifest = block.run.manifest;
        let runs = blocks.iter().map(|other| other.run.manifest);
        latest_run(runs, &manifest.machine.instance).is_none_or(|last| same_tools(last, manifest))
    };
    blocks.iter().filter(current).copied().collect()
}

/// Savings per build of one run: m·(1 − r), where m is the baseline's median and r the ratio.
fn run_savings<'a>(block: &RunBlock<'a>, variant: &Variant) -> Result<RunSavings<'a>, String> {
    let instance = block.run.manifest.machine.instance.as_str();
    let Some(ratio) = ratio_unless_baseline(block, variant)? else {
        // The variant is identical to the baseline, so nothing changes, with certainty.
        let nothing = UncertainValue { value: 0.0, se: 0.0, df: 1.0 };
        return Ok(RunSavings { instance, ratio: nothing, saved: nothing });
    };
    let arm = find_arm(block, &variant_in_block(block, variant)).map(|(_, arm)| arm);
    if let Some(failures) = arm.map(|arm| arm.failures).filter(|failures| *failures > 0) {
        return Err(format!("{} failed", bench_runner_core::compare::pluralize(failures, "build")));
    }
    let baseline = block.result.arms.get(block.result.baseline).and_then(ArmResult::wall);
    let median = baseline.ok_or("the baseline has no time")?;
    let known = ratio.log_ratio();
    let of_median =
        UncertainValue { value: median.median, se: median.median_se(), df: (median.n as f64 - 1.0).max(1.0) };
    // The error of the product, to first order: (1 − r)·se(m) and m·r·se(ln r).
    let of_ratio = UncertainValue { value: 0.0, se: known.se * median.median * ratio.ratio, df: known.df };
    let saved = sum(&[of_median.scaled_by(1.0 - ratio.ratio), of_ratio]);
    Ok(RunSavings { instance, ratio: known, saved: saved.ok_or("what it says is no number")? })
}

/// Combines the runs of each machine, then the machines.
fn combine_over_machines(
    parts: &[RunSavings<'_>],
    of: fn(&RunSavings<'_>) -> UncertainValue,
) -> Option<UncertainValue> {
    let mut machines: Vec<(&str, Vec<UncertainValue>)> = Vec::new();
    for part in parts {
        match machines.iter_mut().find(|(instance, _)| *instance == part.instance) {
            Some((_, runs)) => runs.push(of(part)),
            None => machines.push((part.instance, vec![of(part)])),
        }
    }
    let each: Option<Vec<UncertainValue>> =
        machines.iter().map(|(_, runs)| weighted_mean(runs).map(|combined| combined.mean)).collect();
    equal_weight_mean(&each?).map(|combined| combined.mean)
}

fn peak_memory(block: &RunBlock<'_>, variant: &Variant) -> Option<(u64, bool)> {
    let (_, arm) = find_arm(block, &variant_in_block(block, variant))?;
    let of_arm = |seen: &&PeakMemory| seen.block == block.result.id && seen.variant == arm.variant;
    block.run.memory.iter().find(of_arm).map(|seen| (seen.bytes, seen.all_processes))
}

/// Memory of the run's machine, in bytes.
fn machine_memory(block: &RunBlock<'_>) -> Option<u64> {
    let facts = &block.run.manifest.machine.details["facts"];
    facts["memory_bytes"].as_u64().or_else(|| facts["memory_gib"].as_u64().map(|gib| gib << 30))
}

/// The variant as it is built in this block.
pub(super) fn variant_in_block(block: &RunBlock<'_>, variant: &Variant) -> Variant {
    let baseline = block.baseline();
    let workload = baseline.map_or_else(|| variant.workload.clone(), |baseline| baseline.workload.clone());
    Variant { workload, ..variant.clone() }
}

/// Ratio of the variant, or `None` if it is identical to the baseline in this block.
///
/// # Errors
/// If there is no ratio; the error is the reason.
fn ratio_unless_baseline(block: &RunBlock<'_>, variant: &Variant) -> Result<Option<Ratio>, String> {
    let variant = variant_in_block(block, variant);
    match variant_ratio(block, &variant) {
        Ok(ratio) => Ok(Some(ratio)),
        Err(NoRatio::SameAsBaseline) => Ok(None),
        Err(NoRatio::Because(reason)) => Err(reason),
    }
}
