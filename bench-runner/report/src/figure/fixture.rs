//! Synthetic comparisons for tests.

use bench_runner_core::compare::{
    ArmResult, BlockResult, ChangedArm, Comparison, ComparisonSetup, Effect, Invalid, LaterBuildChange,
    NoOrderEffects, OrderEffects, PlainRatio, Point, PredecessorEffects, Ratio, Summary, TwinResult, Verdict,
};
use bench_runner_core::record::{
    BlockId, ByMetric, Fidelity, FidelityDifference, MetricId, Proof, ProofResult, Role, Skipped, StopReason,
};

/// Times of the variants as fractions of the baseline's time.
const SHARES: [f64; 9] = [0.873, 0.921, 1.064, 0.991, 1.012, 0.846, 1.103, 0.958, 1.0];

/// Deterministic pseudo-random number between −1 and 1.
fn noise(seed: u64) -> f64 {
    let mut x = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x5851_F42D;
    x ^= x >> 29;
    x = x.wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x ^= x >> 32;
    (x % 20_001) as f64 / 10_000.0 - 1.0
}

/// A summary whose interval extends by the share `spread` to both sides.
pub(crate) fn summary(median: f64, spread: f64, n: usize) -> Summary {
    let (low, high) = (median * (1.0 - spread), median * (1.0 + spread));
    Summary {
        n,
        median,
        low,
        high,
        mean: median,
        sd: median * spread,
        mad: median * spread,
        min: low,
        max: high,
    }
}

/// A ratio whose interval extends by the share `spread` to both sides.
pub(crate) fn ratio(ratio: f64, spread: f64, verdict: Verdict) -> Ratio {
    let (low, high) = (ratio * (1.0 - spread), ratio * (1.0 + spread));
    Ratio {
        rounds: 12,
        wanted_rounds: 6,
        df: 11.0,
        ratio,
        low,
        high,
        p: 0.001,
        p_adjusted: 0.002,
        p_equivalence: 0.2,
        p_equivalence_adjusted: 0.4,
        ratio_of_means: ratio,
        verdict,
    }
}

/// A ratio without a verdict, whose interval extends by `spread` to both sides.
pub(crate) fn plain_ratio(ratio: f64, spread: f64) -> PlainRatio {
    PlainRatio { rounds: 12, ratio, low: ratio - spread, high: ratio + spread }
}

/// Order effects in 12 rounds, with p-value `p` for the predecessors.
pub(crate) fn order(p: f64) -> OrderEffects {
    let effect = |log, half_width| Effect { log, half_width };
    OrderEffects {
        rounds: 12,
        first: effect(0.004, 0.007),
        trend: Some(effect(-0.001, 0.006)),
        predecessors: Some(PredecessorEffects { arm: 3, largest: effect(0.011, 0.005), p }),
        moved: vec![Some(effect(0.001, 0.002)), Some(effect(-0.003, 0.002))],
    }
}

/// A twin's result.
pub(crate) fn twin(rounds: usize, ratio: f64, half_width: f64, p: f64) -> TwinResult {
    TwinResult {
        rounds,
        ratio,
        theta: ratio.ln(),
        se: half_width / 2.2,
        df: rounds as f64 + 1.0,
        half_width,
        p,
    }
}

/// An arm without builds.
pub(crate) fn empty_arm(role: Role, variant: &str) -> ArmResult {
    ArmResult {
        role,
        variant: variant.to_owned(),
        aliases: Vec::new(),
        points: Vec::new(),
        failures: 0,
        not_timed: None,
        summaries: ByMetric::default(),
        middle_half: None,
        ratio: None,
        needed: None,
        plain_ratios: ByMetric::default(),
        sessions: None,
    }
}

/// A block without arms.
pub(crate) fn empty_block(project: &str) -> BlockResult {
    BlockResult {
        id: BlockId::new("linkers", project.split(' ').next().unwrap_or_default(), "incremental"),
        workload: "incremental".to_owned(),
        title: format!("{project}: rebuild after an edit"),
        setup: ComparisonSetup {
            project: project.to_owned(),
            task: "rebuild after an edit".to_owned(),
            ..ComparisonSetup::default()
        },
        rounds: 0,
        stopped: None,
        margin: 0.03,
        arms: Vec::new(),
        baseline: 0,
        fastest: None,
        twin: None,
        twin_ratios: ByMetric::default(),
        serial: None,
        offset: None,
        offset_is_assumed: false,
        min_rounds: 6,
        noise_floor: Some(0.021),
        order: Err(NoOrderEffects::FewArms),
        effects: None,
        proofs: Vec::new(),
        invalid: Vec::new(),
        fidelity: Vec::new(),
        notes: Vec::new(),
        warnings: Vec::new(),
    }
}

/// A block of `names.len() + 1` arms around `base` seconds: the baseline has the first name, its twin is
/// second.
pub(crate) fn block(project: &str, names: &[String], rounds: u32, base: f64) -> BlockResult {
    let mut block = empty_block(project);
    block.rounds = rounds;
    block.stopped = Some(StopReason::Precision);
    block.twin = Some(twin(rounds as usize, 0.998, 0.016, 0.7));
    let arms = names.len() as u32 + 1;
    for arm in 0..arms {
        let (role, name) = match arm {
            0 => (Role::Baseline, &names[0]),
            1 => (Role::Twin, &names[0]),
            n => (Role::Variant, &names[n as usize - 1]),
        };
        let share = if arm < 2 { 1.0 } else { SHARES[(arm as usize - 2) % SHARES.len()] };
        let mut result = empty_arm(role, name);
        for round in 0..rounds {
            let order = round * arms + (arm * 7 + round * 3) % arms;
            let outlier = (order * 31 + arm).is_multiple_of(41);
            let wall = base * share * (1.0 + 0.015 * noise(u64::from(order * 64 + arm)));
            let wall = if outlier { wall * 1.12 } else { wall };
            let session = 1 + round * 2 / rounds.max(1);
            result.points.push(Point { order, round: round + 1, session, wall, outlier });
        }
        result.middle_half = Some((base * share * 0.997, base * share * 1.004));
        for (metric, center, noise) in [
            (MetricId::Wall, base * share, 0.006),
            (MetricId::Cpu, base * share * 1.7, 0.004),
            (MetricId::Kernel, base * share * 0.3, 0.01),
            (MetricId::MaxRss, 4e8 / share, 0.002),
        ] {
            result.summaries[metric] = Some(summary(center, noise, rounds as usize));
        }
        if role == Role::Variant {
            let verdict = match share {
                s if s < 0.97 => Verdict::Faster,
                s if s > 1.03 => Verdict::Slower,
                s if s < 1.0 => Verdict::Equivalent,
                _ => Verdict::Undecided,
            };
            result.ratio = Some(ratio(share, 0.008, verdict));
        }
        block.arms.push(result);
    }
    block
}

/// Names of `n` variants, short or long.
pub(crate) fn names(n: usize, long: bool) -> Vec<String> {
    let one = |i: usize| match (long, i) {
        (false, 0) => "linker=bfd".to_owned(),
        (false, 1) => "linker=lld".to_owned(),
        (false, 2) => "linker=mold".to_owned(),
        (false, i) => format!("codegen-units={i}"),
        (true, i) => format!(
            "linker=mold, debuginfo=line-tables-only, codegen-units={i}, \
             incremental=false, path=\"/opt/<weird> & names\", opt-level={i}"
        ),
    };
    (0..n).map(one).collect()
}

/// A comparison of these blocks.
pub(crate) fn comparison(blocks: Vec<BlockResult>) -> Comparison {
    Comparison {
        scenario: "linkers".to_owned(),
        machine: "AMD Ryzen 7 7840U, 8 cores, 32 GB, Linux 6.8".to_owned(),
        planned: blocks.iter().map(|b| b.arms.iter().filter(|a| a.role == Role::Variant).count()).sum(),
        post_hoc: None,
        calibration: Vec::new(),
        blocks,
        pooled_projects: Vec::new(),
        skipped: Vec::new(),
    }
}

/// A comparison with every kind of result.
pub(crate) fn everything() -> Comparison {
    let mut first = block("hexyl 0.17.0", &names(4, false), 12, 4.2);
    first.arms[2].aliases = vec!["linker=rust-lld".to_owned()];
    first.arms[3].failures = 2;
    first.arms[4].ratio = Some(ratio(1.01, 0.4, Verdict::Undecided));
    let mut gold = empty_arm(Role::Variant, "linker=gold");
    gold.not_timed = Some("linker not in force: expected gold, found LLD 22.1.2".to_owned());
    first.arms.push(gold);
    let mut wild = empty_arm(Role::Variant, "linker=wild");
    wild.failures = 12;
    first.arms.push(wild);
    let proof = |variant: &str, axis: &str, found: &str, result| Proof {
        block: first.id.clone(),
        role: Role::Variant,
        variant: variant.to_owned(),
        axis: axis.to_owned(),
        expected: variant.to_owned(),
        found: found.to_owned(),
        result,
    };
    first.proofs = vec![
        proof("linker=lld", "linker", "LLD 22.1.2", ProofResult::Holds),
        proof("linker=mold", "linker", "mold 2.40", ProofResult::Holds),
        proof("linker=mold", "rustflags", "a raw flag leaves no trace", ProofResult::NotProvable),
        proof("linker=gold", "linker", "LLD 22.1.2", ProofResult::Fails),
    ];
    first.notes =
        vec!["The lag-1 correlation of the residuals is 0.31; intervals were widened for it.".to_owned()];
    first.arms[3].plain_ratios[MetricId::Cpu] = Some(plain_ratio(0.62, 0.02));
    first.arms[3].plain_ratios[MetricId::MaxRss] = Some(plain_ratio(1.9, 0.1));
    first.serial = Some(0.31);
    first.order = Ok(order(0.0004));
    let mut second = block("ripgrep 15.1.0", &names(3, false), 8, 0.21);
    second.twin = Some(twin(8, 1.04, 0.011, 0.0001));
    second.invalid = vec![Invalid::TwinDiffers];
    for arm in &mut second.arms {
        if let Some(ratio) = &mut arm.ratio {
            ratio.verdict = Verdict::Invalid;
        }
    }
    let mut third = block("tokei 14.0.0", &names(2, false), 1, 90.0);
    third.stopped = None;
    third.twin = None;
    third.arms[2].ratio = None;
    let mut comparison = comparison(vec![first, second, third]);
    comparison.skipped = vec![Skipped {
        block: "linkers/*/incremental".to_owned(),
        variant: "linker=sold".to_owned(),
        reason: "no `sold` on this machine".to_owned(),
        help: Some("apt install sold".to_owned()),
    }];
    comparison
}

/// A block with builds that differ from the user's own, and with later builds that differ in kind from the
/// first.
pub(crate) fn unlike() -> BlockResult {
    let mut block = block("hexyl 0.17.0", &names(2, false), 12, 4.2);
    let compared = vec!["flags".to_owned()];
    let of = |variant: Option<&str>| Fidelity {
        project: "hexyl".to_owned(),
        variant: variant.map(str::to_owned),
        compared: compared.clone(),
        left_out: Vec::new(),
        differences: Vec::new(),
        not_compared: None,
    };
    let difference = FidelityDifference {
        what: "flags".to_owned(),
        yours: "-Clinker=<x>".to_owned(),
        here: String::new(),
    };
    block.fidelity = vec![
        Fidelity { differences: vec![difference], ..of(Some("as-configured")) },
        Fidelity { left_out: vec!["RUSTFLAGS".to_owned()], ..of(None) },
    ];
    let changes = vec![
        LaterBuildChange::Cpu { first: 2.7, later: 0.45 },
        LaterBuildChange::Units { first: 9, later: 4 },
    ];
    block.invalid = vec![Invalid::LaterBuildsDiffer(ChangedArm { arm: 2, changes })];
    for ratio in block.arms.iter_mut().filter_map(|arm| arm.ratio.as_mut()) {
        ratio.verdict = Verdict::Invalid;
    }
    block
}
