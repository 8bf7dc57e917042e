//! What the runs of a class say of a variant under one workload.

use bench_runner_core::compare::{ArmResult, Ratio};
use bench_runner_core::record::Variant;
use bench_runner_core::stats::{Known, LEVEL, averaged, sum, weighted};

use super::values::{Fits, MemoryLimit, OfWorkload, Rule};
use crate::machines::differences::{latest, same_tools};
use crate::machines::run::Memory;
use crate::machines::same::Subject;
use crate::machines::table::{Lacks, arm_of, ratio_of};
use crate::machines::values::as_ratio;

/// z(0.975): the interval of a median is that many standard errors wide to each side, where there are enough values.
const NORMAL: f64 = 1.959_964;

/// A variant under one workload on one class.
pub(super) struct Evidence {
    /// The log-ratio over the class' machines.
    ratio: Known,
    /// Seconds saved by one build.
    pub(super) saved: Known,
    /// The most memory that a build took.
    memory: Option<(u64, bool)>,
    /// The least memory that one of the machines has.
    room: Option<u64>,
    /// Names of the runs.
    pub(super) runs: Vec<String>,
}

/// One run's share of it.
struct OfRun<'a> {
    instance: &'a str,
    ratio: Known,
    saved: Known,
}

impl Evidence {
    /// From the blocks of one workload; why there is nothing to say where there is not.
    pub(super) fn of(under: &[&Subject<'_>], variant: &Variant) -> Result<Self, String> {
        let first = under.first().ok_or("not measured on this class")?;
        let has = |subject: &&&Subject<'_>| arm_of(subject, &in_block(subject, variant)).is_some();
        let having: Vec<&Subject<'_>> = under.iter().filter(has).copied().collect();
        let mut own = with_the_last_tools(&having);
        if own.is_empty() {
            // Why no run has it, the first one says.
            own.push(first);
        }
        let mut parts = Vec::new();
        for subject in &own {
            parts.push(of_run(subject, variant).map_err(|reason| {
                let run = &subject.of.manifest.run;
                if under.len() > 1 { format!("{reason} (in {run})") } else { reason }
            })?);
        }
        let over = |of: fn(&OfRun<'_>) -> Known| over_machines(&parts, of).ok_or("what it says is no number");
        let memory = own.iter().filter_map(|subject| memory(subject, variant)).max();
        Ok(Self {
            ratio: over(|part| part.ratio)?,
            saved: over(|part| part.saved)?,
            memory,
            room: own.iter().filter_map(|subject| room(subject)).min(),
            runs: own.iter().map(|subject| subject.of.manifest.run.clone()).collect(),
        })
    }

    /// What stands against the variant here.
    pub(super) fn trouble(&self, workload: &str, rule: &Rule) -> Option<Fits> {
        let (_, (low, high)) = as_ratio(&self.ratio);
        let limit = 1.0 + rule.max_slower;
        let percent = |ratio: f64| format!("{:+.1} %", (ratio - 1.0) * 100.0).replace('-', "−");
        if low > limit {
            return Some(Fits::No(format!("{workload}: slower than allowed, {} at least", percent(low))));
        }
        if high > limit {
            return Some(Fits::NotKnown(format!(
                "{workload}: it may be slower than allowed, up to {}",
                percent(high)
            )));
        }
        let room = match rule.memory {
            MemoryLimit::Class => self.room,
            MemoryLimit::Bytes(bytes) => Some(bytes),
        };
        match (self.memory, room) {
            (Some((bytes, _)), Some(room)) if bytes > room => {
                let mib = |bytes: u64| bytes >> 20;
                let says =
                    format!("{workload}: a build took {} MiB, and {} MiB are allowed", mib(bytes), mib(room));
                Some(Fits::No(says))
            }
            (_, None) => {
                Some(Fits::NotKnown(format!("{workload}: how much memory the class has is not known")))
            }
            _ => None,
        }
    }

    /// The same for readers.
    pub(super) fn of_workload(&self, workload: &str, per_day: f64) -> OfWorkload {
        OfWorkload {
            workload: workload.to_owned(),
            per_day,
            ratio: as_ratio(&self.ratio),
            saved: (self.saved.value, self.saved.interval(LEVEL)),
            memory: self.memory.map(|(bytes, _)| bytes),
            all_processes: self.memory.is_some_and(|(_, all)| all),
        }
    }
}

/// Of each machine the runs that were made with the tools of its last one: what they said with others is past.
fn with_the_last_tools<'s, 'a>(subjects: &[&'s Subject<'a>]) -> Vec<&'s Subject<'a>> {
    let current = |subject: &&&Subject<'_>| {
        let manifest = subject.of.manifest;
        let runs = subjects.iter().map(|other| other.of.manifest);
        latest(runs, &manifest.machine.instance).is_none_or(|last| same_tools(last, manifest))
    };
    subjects.iter().filter(current).copied().collect()
}

/// What one run says: m·(1 − r), where m is the baseline's median and r the ratio.
fn of_run<'a>(subject: &Subject<'a>, variant: &Variant) -> Result<OfRun<'a>, String> {
    let instance = subject.of.manifest.machine.instance.as_str();
    let Some(ratio) = said(subject, variant)? else {
        // The same thing as what is built now: nothing changes, for certain.
        let nothing = Known { value: 0.0, se: 0.0, df: 1.0 };
        return Ok(OfRun { instance, ratio: nothing, saved: nothing });
    };
    let arm = arm_of(subject, &in_block(subject, variant)).map(|(_, arm)| arm);
    if let Some(failures) = arm.map(|arm| arm.failures).filter(|failures| *failures > 0) {
        return Err(format!("{} did not end well", bench_runner_core::compare::pluralize(failures, "build")));
    }
    let baseline = subject.result.arms.get(subject.result.baseline).and_then(ArmResult::wall);
    let median = baseline.ok_or("the baseline has no time")?;
    let known = ratio.known();
    let of_median = Known {
        value: median.median,
        se: (median.high - median.low) / (2.0 * NORMAL),
        df: (median.n as f64 - 1.0).max(1.0),
    };
    // The error of the product, to first order: (1 − r)·se(m) and m·r·se(ln r).
    let of_ratio = Known { value: 0.0, se: known.se * median.median * ratio.ratio, df: known.df };
    let saved = sum(&[of_median.times(1.0 - ratio.ratio), of_ratio]);
    Ok(OfRun { instance, ratio: known, saved: saved.ok_or("what it says is no number")? })
}

/// Runs put together for each machine, then the machines.
fn over_machines(parts: &[OfRun<'_>], of: fn(&OfRun<'_>) -> Known) -> Option<Known> {
    let mut machines: Vec<(&str, Vec<Known>)> = Vec::new();
    for part in parts {
        match machines.iter_mut().find(|(instance, _)| *instance == part.instance) {
            Some((_, runs)) => runs.push(of(part)),
            None => machines.push((part.instance, vec![of(part)])),
        }
    }
    let each: Option<Vec<Known>> =
        machines.iter().map(|(_, runs)| weighted(runs).map(|combined| combined.known)).collect();
    averaged(&each?).map(|combined| combined.known)
}

fn memory(subject: &Subject<'_>, variant: &Variant) -> Option<(u64, bool)> {
    let (_, arm) = arm_of(subject, &in_block(subject, variant))?;
    let of_arm = |seen: &&Memory| seen.block == subject.result.id && seen.variant == arm.variant;
    subject.of.memory.iter().find(of_arm).map(|seen| (seen.bytes, seen.all_processes))
}

/// The memory of the run's machine, bytes.
fn room(subject: &Subject<'_>) -> Option<u64> {
    let facts = &subject.of.manifest.machine.details["facts"];
    facts["memory_bytes"].as_u64().or_else(|| facts["memory_gib"].as_u64().map(|gib| gib << 30))
}

/// The variant as it is built in this block.
pub(super) fn in_block(subject: &Subject<'_>, variant: &Variant) -> Variant {
    let baseline = subject.baseline();
    let workload = baseline.map_or_else(|| variant.workload.clone(), |baseline| baseline.workload.clone());
    Variant { workload, ..variant.clone() }
}

/// Whether the variant is the same thing as the baseline there, or its ratio, or why there is none.
fn said(subject: &Subject<'_>, variant: &Variant) -> Result<Option<Ratio>, String> {
    let variant = in_block(subject, variant);
    match ratio_of(subject, &variant) {
        Ok(ratio) => Ok(Some(ratio)),
        Err(Lacks::Baseline) => Ok(None),
        Err(Lacks::Ratio(reason)) => Err(reason),
    }
}
