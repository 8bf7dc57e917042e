//! Years of nights on many machines, as bundles, for measuring how `history` grows.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};
use bench_runner_core::bundle::{BundleWriter, MachineEntry, Manifest, Status, fixture};
use bench_runner_core::record::{
    Arm, Block, BlockId, Cost, FORMAT_VERSION, Interference, Outcome, Phase, Pin, Plan, Role, Sample,
    Sampling, Variant,
};
use bench_runner_core::stats::noise::Noise;
use rayon::prelude::*;

/// Cells of a night: comparisons, and arms of each.
const BLOCKS: u32 = 10;
const ARMS: u32 = 20;
/// Builds of each cell.
const ROUNDS: u32 = 10;

/// 2023-01-01, 02:00 UTC.
const FIRST_NIGHT: u64 = 1_672_538_400;
const DAY: u64 = 86_400;

fn plan() -> Plan {
    let arm = |arm: u32| {
        let role = match arm {
            0 => Role::Baseline,
            1 => Role::Twin,
            _ => Role::Variant,
        };
        let value = if arm < 2 { 0 } else { arm };
        let variant = Variant {
            name: format!("linker-threads={value}"),
            project: "ripgrep".into(),
            workload: "incremental".into(),
            rev: None,
            settings: BTreeMap::from([("linker-threads".into(), value.to_string())]),
        };
        Arm { role, variant, aliases: vec![], co_changes: vec![], primed: false }
    };
    let block = |block: u32| Block {
        id: BlockId::new(&format!("threads-{block}"), "ripgrep", &format!("incremental-{block}")),
        axes: vec!["linker-threads".into()],
        arms: (0..ARMS)
            .map(arm)
            .map(|mut arm| {
                arm.variant.workload = format!("incremental-{block}");
                arm
            })
            .collect(),
        sampling: Sampling {
            warmup: 1,
            min_rounds: 6,
            max_rounds: ROUNDS,
            precision: None,
            margin: 0.03,
            timeout: Duration::from_secs(3600),
        },
        commits: BTreeMap::new(),
        fidelity: vec![],
        design: None,
        visits: None,
    };
    Plan {
        format: FORMAT_VERSION,
        scenario: "nights".into(),
        seed: 1,
        sessions: 1,
        time_budget: None,
        projects: vec![],
        blocks: (0..BLOCKS).map(block).collect(),
        skipped: vec![],
        origin: None,
    }
}

fn manifest(machine: u32, night: u32, plan: &Plan) -> Manifest {
    let known = fixture::manifest();
    let begun = SystemTime::UNIX_EPOCH + Duration::from_secs(FIRST_NIGHT + DAY * u64::from(night));
    let started_at = humantime::format_rfc3339_seconds(begun).to_string();
    let stamp: String = started_at.chars().filter(|c| c.is_ascii_alphanumeric()).collect();
    let machine = MachineEntry {
        directory: format!("machine-{machine}"),
        instance: machine.to_string(),
        ..known.machine
    };
    Manifest { run: format!("{stamp}-nights-{night:06x}"), started_at, machine, plan: plan.clone(), ..known }
}

fn sample(block: &Block, arm: &Arm, (number, round, position): (u32, u32, u32), wall: Duration) -> Sample {
    Sample {
        number,
        block: block.id.clone(),
        session: 1,
        project: (&arm.variant.project).into(),
        pin: Pin::Git { rev: "0123456789abcdef0123456789abcdef01234567".into() }.into(),
        workload: (&arm.variant.workload).into(),
        variant: (&arm.variant.name).into(),
        role: arm.role,
        settings: arm.variant.settings.clone().into(),
        phase: Phase::Measured,
        round,
        position,
        attempt: 1,
        edit: 1_700_000_000_000 + u64::from(round),
        predecessor: None,
        started_at: SystemTime::UNIX_EPOCH + Duration::from_secs(FIRST_NIGHT + u64::from(number)),
        outcome: Outcome::Built(Cost {
            wall,
            user: wall * 3 / 2,
            sys: wall / 10,
            max_rss: 250_000_000 + u64::from(number),
            ..Cost::default()
        }),
        rebuilt: None,
        artifact_bytes: Some(46_740_440),
        interference: Interference::default(),
        cache: None,
        visit: None,
    }
}

/// Writes the nights `nights` of each machine; those that are there stay.
pub(crate) fn write_nights(results: &Path, machines: u32, nights: std::ops::Range<u32>) -> Result<()> {
    let plan = plan();
    let pairs: Vec<(u32, u32)> =
        (0..machines).flat_map(|machine| nights.clone().map(move |night| (machine, night))).collect();
    pairs.par_iter().try_for_each(|&(machine, night)| write_night(results, &plan, machine, night))
}

fn write_night(results: &Path, plan: &Plan, machine: u32, night: u32) -> Result<()> {
    let manifest = manifest(machine, night, plan);
    if results.join(&manifest.machine.directory).join(&manifest.run).is_dir() {
        return Ok(());
    }
    let mut noise = Noise::new(u64::from(machine) * 1_000_000 + u64::from(night));
    let mut writer = BundleWriter::create(results, manifest, &[]).context("failed to begin a bundle")?;
    let mut number = 0;
    for (which, block) in (0..).zip(&plan.blocks) {
        for round in 1..=ROUNDS {
            for (position, arm) in (1..).zip(&block.arms) {
                number += 1;
                // One series of each machine becomes slower by 5% in the middle of the second year.
                let slower = which == machine && position == 5 && night >= 550;
                let seconds = 5.0 * (0.02 * noise.normal()).exp() * if slower { 1.05 } else { 1.0 };
                let wall = Duration::from_secs_f64(seconds);
                writer
                    .append_sample(&sample(block, arm, (number, round, position), wall))
                    .context("failed to write a sample")?;
            }
        }
    }
    writer.finish(Status::Complete).context("failed to end a bundle")?;
    Ok(())
}
