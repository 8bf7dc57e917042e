//! A manifest and samples for tests that write bundles.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use super::manifest::{MachineEntry, Manifest, ProgramEntry, Status, TimeSpent};
use crate::record::*;

/// A plan of one block `s/p/clean` with only a baseline.
pub fn plan() -> Plan {
    let variant = Variant {
        name: "linker=bfd".into(),
        project: "p".into(),
        workload: "clean".into(),
        rev: None,
        settings: BTreeMap::from([("linker".into(), "bfd".into())]),
    };
    Plan {
        format: FORMAT_VERSION,
        scenario: "s".into(),
        seed: 1,
        sessions: 1,
        time_budget: Some(Duration::from_secs(60)),
        projects: vec![],
        blocks: vec![Block {
            id: BlockId::new("s", "p", "clean"),
            axes: vec!["linker".into(), "workload".into(), "env.X".into()],
            arms: vec![Arm {
                role: Role::Baseline,
                variant,
                aliases: vec![],
                co_changes: vec![],
                primed: false,
            }],
            commits: BTreeMap::new(),
            fidelity: vec![],
            design: None,
            visits: None,
            sampling: Sampling {
                warmup: 1,
                min_rounds: 6,
                max_rounds: 30,
                precision: Some(0.015),
                margin: 0.03,
                timeout: Duration::from_secs(9),
            },
        }],
        skipped: vec![],
        origin: None,
    }
}

/// A manifest of [`plan`].
pub fn manifest() -> Manifest {
    Manifest {
        format: FORMAT_VERSION,
        program: ProgramEntry { name: "bench-runner".into(), version: "0.0.0".into() },
        run: "20260101T000000Z-s-abcdef".into(),
        status: Status::Running,
        started_at: "2026-01-01T00:00:00Z".into(),
        ended_at: None,
        machine: MachineEntry {
            directory: "m".into(),
            class: "c".into(),
            instance: "i".into(),
            summary: "a machine".into(),
            details: serde_json::Value::Null,
        },
        tools: vec![],
        jobs: 2,
        accounting: vec![],
        plan: plan(),
        blocks: vec![],
        time: TimeSpent::default(),
        resumed_at: vec![],
    }
}

/// A sample in which every field has a value that could get lost.
pub fn sample(number: u32, outcome: Outcome) -> Sample {
    Sample {
        number,
        block: BlockId::new("s", "p", "clean"),
        session: 1,
        project: "p".into(),
        pin: Pin::Git { rev: "ab".repeat(20) }.into(),
        workload: "clean".into(),
        variant: "linker=bfd, \"quoted\"\nand more".into(),
        role: Role::Twin,
        settings: BTreeMap::from([("linker".into(), "bfd".into()), ("env.X".into(), "1".into())]).into(),
        phase: Phase::Measured,
        round: 3,
        position: 2,
        attempt: 1,
        visit: Some(2),
        edit: 7,
        predecessor: Some("baseline:linker=bfd".into()),
        started_at: SystemTime::UNIX_EPOCH + Duration::from_micros(1_700_000_000_123_456),
        outcome,
        rebuilt: Some(Rebuilt { count: 2, set: "abc".into() }),
        artifact_bytes: Some(10),
        interference: Interference {
            load: Some(0.25),
            steal: Some(Duration::from_nanos(5)),
            stragglers: 1,
            ..Interference::default()
        },
        cache: Some(CacheUse { hits: 5, misses: 6, not_cacheable: 0 }),
    }
}

/// A successful build.
pub fn built() -> Outcome {
    Outcome::Built(Cost {
        wall: Duration::from_nanos(1_234_567_891),
        user: Duration::from_nanos(1),
        sys: Duration::ZERO,
        max_rss: 4096,
        peak_memory: None,
        activity: Activity {
            minor_faults: Some(11),
            major_faults: Some(12),
            voluntary_switches: Some(13),
            involuntary_switches: Some(14),
            written_bytes: Some(512),
        },
    })
}
