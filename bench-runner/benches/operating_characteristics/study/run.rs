//! One simulated run: a plan, builds with times from a model, and the program's results.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use bench_runner_core::compare::fixture::even_directories;
use bench_runner_core::compare::{Comparison, Policy, RunRecord, compare};
use bench_runner_core::record::{
    Arm, Block, BlockEnd, BlockId, Cost, EarlierTwin, FORMAT_VERSION, Interference, Outcome, Phase, Pin,
    Plan, PlannedProject, Role, Sample, Sampling, StopReason, Variant,
};
use bench_runner_measure::sampling::{BlockProgress, Next, next, round_order};

use super::models::{Machine, Model, Noise};

/// True seconds of a baseline build.
const SECONDS: f64 = 10.0;

/// Expected number of rounds of a block that stops by precision; a drift reaches its full size over these.
const EXPECTED_ROUNDS: u32 = 20;

/// Fewest rounds of a block that stops by precision.
const MIN_ROUNDS: u32 = 6;

/// Number of earlier twins of a machine that is known.
const EARLIER_TWINS: usize = 20;

/// Parameters of a simulation.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Setup {
    pub(crate) model: Model,
    /// For each block the true ratio of each variant to the baseline.
    pub(crate) blocks: Vec<Vec<f64>>,
    /// True if blocks have a twin.
    pub(crate) twin: bool,
    pub(crate) rounds: Rounds,
    /// Number of sessions, each with new target directories.
    pub(crate) sessions: u32,
    /// Standard deviation of the ln of a target directory's factor.
    pub(crate) offset: f64,
    pub(crate) history: History,
}

/// Earlier runs of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum History {
    /// Its directories are known not to differ, so that nothing is assumed or added.
    Even,
    /// Twins of earlier runs are known, so that offsets between directories are estimated.
    Known,
    /// This is its first run.
    New,
}

/// Stopping rule of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rounds {
    /// By the rule with its defaults: 6 to 30 rounds, precision 1.5%.
    ByPrecision,
    /// After this number of rounds, without looks.
    Fixed(u32),
}

/// Results of a run, and the seconds of each block by round and arm.
pub(crate) struct SimulatedRun {
    pub(crate) comparison: Comparison,
    pub(crate) tables: Vec<Vec<Vec<Option<f64>>>>,
}

impl Setup {
    /// One session on a machine that is known to have no offsets.
    fn of(model: Model, blocks: Vec<Vec<f64>>, rounds: Rounds) -> Self {
        Self { model, blocks, twin: true, rounds, sessions: 1, offset: 0.0, history: History::Even }
    }

    /// One block of baseline, twin and two variants; the second variant takes 5% longer.
    pub(crate) fn with_four_arms(model: Model) -> Self {
        Self::of(model, vec![vec![1.0, 1.05]], Rounds::ByPrecision)
    }

    /// One block of variants with these ratios.
    pub(crate) fn with_one_block(model: Model, ratios: Vec<f64>, rounds: Rounds) -> Self {
        Self::of(model, vec![ratios], rounds)
    }

    /// One block of three variants, of which the first has this ratio.
    pub(crate) fn with_three_comparisons(model: Model, ratio: f64, rounds: Rounds) -> Self {
        Self::of(model, vec![vec![ratio, 1.0, 1.0]], rounds)
    }

    /// Five blocks of four variants, all with this ratio.
    pub(crate) fn with_twenty_comparisons(model: Model, ratio: f64, rounds: Rounds) -> Self {
        Self::of(model, vec![vec![ratio; 4]; 5], rounds)
    }

    /// Five blocks of this number of variants, in which nothing differs.
    pub(crate) fn with_five_blocks(model: Model, variants: usize, rounds: Rounds) -> Self {
        Self::of(model, vec![vec![1.0; variants]; 5], rounds)
    }

    /// One block of baseline, twin and one variant.
    pub(crate) fn alone(model: Model, ratio: f64, rounds: Rounds) -> Self {
        Self::of(model, vec![vec![ratio]], rounds)
    }

    /// The twin of an earlier run of the machine: one block of one session, with the same noise.
    pub(crate) fn earlier_twin(&self, noise: &mut Noise) -> Option<EarlierTwin> {
        let blocks = self.blocks.first().cloned().into_iter().collect();
        let earlier = Self { blocks, twin: true, sessions: 1, history: History::New, ..self.clone() };
        let run = earlier.run(noise, &[]);
        let twin = run.comparison.blocks.first()?.twin?;
        Some(EarlierTwin {
            run: "earlier".to_owned(),
            block: BlockId::new("simulation", "earlier", "clean"),
            workload: "clean".to_owned(),
            rounds: twin.rounds as u32,
            theta: twin.theta,
            se: twin.se,
            df: twin.df,
        })
    }

    /// Simulates one run, from the order of the first round to the verdicts. What is known of the machine is a
    /// part of the `earlier` twins, drawn at random.
    pub(crate) fn run(&self, noise: &mut Noise, earlier: &[EarlierTwin]) -> SimulatedRun {
        self.run_labeled(noise, earlier, |_| ())
    }

    /// As [`Self::run`], with arms that `label` gives names and settings.
    pub(crate) fn run_labeled(
        &self,
        noise: &mut Noise,
        earlier: &[EarlierTwin],
        label: impl Fn(&mut Plan),
    ) -> SimulatedRun {
        let mut plan = self.plan(noise.seed());
        label(&mut plan);
        let (mut samples, mut ends, mut tables) = (Vec::new(), Vec::new(), Vec::new());
        for (block, truth) in plan.blocks.iter().zip(&self.blocks) {
            let (table, stopped) = self.measure(&plan, block, truth, noise, &mut samples);
            let rounds = table.len() as u32;
            ends.push(BlockEnd {
                block: block.id.clone(),
                stopped,
                rounds,
                not_timed: Vec::new(),
                primed: Vec::new(),
                notes: Vec::new(),
            });
            tables.push(table);
        }
        let earlier: Vec<EarlierTwin> = match self.history {
            History::Even => even_directories(),
            History::Known => {
                (0..EARLIER_TWINS).map(|_| earlier[noise.below(earlier.len())].clone()).collect()
            }
            History::New => Vec::new(),
        };
        let recorded = RunRecord { ends: &ends, earlier: &earlier, ..RunRecord::of(&plan, &samples) };
        SimulatedRun { comparison: compare(&recorded, &Policy::default()), tables }
    }

    /// Builds rounds until the program stops.
    fn measure(
        &self,
        plan: &Plan,
        block: &Block,
        truth: &[f64],
        noise: &mut Noise,
        samples: &mut Vec<Sample>,
    ) -> (Vec<Vec<Option<f64>>>, StopReason) {
        let roles: Vec<Role> = block.arms.iter().map(|arm| arm.role).collect();
        let reference = roles.len() - truth.len();
        let mut machine = Machine::new(self.model, &roles, self.span(roles.len()), noise);
        let mut rounds: Vec<Vec<Option<f64>>> = Vec::new();
        loop {
            let (sampling, remaining, round_time) = (&block.sampling, None, None);
            let progress = BlockProgress { sampling, roles: &roles, rounds: &rounds, remaining, round_time };
            if let Next::Stop(reason) = next(&progress) {
                return (rounds, reason);
            }
            let number = rounds.len() as u32 + 1;
            let session = self.session(number);
            if session != self.session(number - 1) {
                machine.lay_out(self.offset);
            }
            let mut walls = vec![None; roles.len()];
            let mut predecessor: Option<usize> = None;
            for (index, arm) in round_order(plan.seed, &block.id, roles.len(), number).into_iter().enumerate()
            {
                let ratio = arm.checked_sub(reference).map_or(1.0, |variant| truth[variant]);
                let wall = Duration::from_secs_f64(SECONDS * ratio * machine.build(arm, predecessor).exp());
                walls[arm] = Some(wall.as_secs_f64());
                let position = RoundPosition {
                    session,
                    number: samples.len() as u32 + 1,
                    round: number,
                    position: index as u32 + 1,
                };
                samples.push(sample(plan, block, &block.arms[arm], position, wall));
                predecessor = Some(arm);
            }
            rounds.push(walls);
        }
    }

    /// Session of a round, as in the program: session s of K ends after round ⌈s·shared/K⌉. 0 before the first.
    fn session(&self, round: u32) -> u32 {
        let shared = match self.rounds {
            Rounds::ByPrecision => MIN_ROUNDS,
            Rounds::Fixed(rounds) => rounds,
        };
        let ended = (1..self.sessions).filter(|session| (session * shared).div_ceil(self.sessions) < round);
        if round == 0 { 0 } else { 1 + ended.count() as u32 }
    }

    /// Number of builds over which a drift reaches its full size.
    fn span(&self, arms: usize) -> usize {
        let rounds = match self.rounds {
            Rounds::ByPrecision => EXPECTED_ROUNDS,
            Rounds::Fixed(rounds) => rounds,
        };
        arms * rounds as usize
    }

    fn plan(&self, seed: u64) -> Plan {
        let pin = Pin::Tree { sha256: "0".repeat(64) };
        let project = |name: String| PlannedProject {
            name,
            pin: pin.clone(),
            manifest: String::new(),
            base: None,
            notes: Vec::new(),
            ignored: None,
        };
        Plan {
            format: FORMAT_VERSION,
            scenario: "simulation".to_owned(),
            seed,
            sessions: self.sessions,
            time_budget: None,
            projects: (0..self.blocks.len()).map(|block| project(name(block))).collect(),
            blocks: self.blocks.iter().enumerate().map(|(at, truth)| self.block(at, truth.len())).collect(),
            skipped: Vec::new(),
            origin: None,
        }
    }

    fn block(&self, at: usize, variants: usize) -> Block {
        let (max_rounds, precision) = match self.rounds {
            Rounds::ByPrecision => (30, Some(0.015)),
            Rounds::Fixed(rounds) => (rounds, None),
        };
        let arm = |role: Role, value: usize| Arm {
            role,
            variant: Variant {
                name: format!("env.X={value}"),
                project: name(at),
                workload: "clean".to_owned(),
                rev: None,
                settings: BTreeMap::new(),
            },
            aliases: Vec::new(),
            co_changes: Vec::new(),
            primed: false,
        };
        let reference = [Some(Role::Baseline), self.twin.then_some(Role::Twin)];
        let mut arms: Vec<Arm> = reference.into_iter().flatten().map(|role| arm(role, 0)).collect();
        arms.extend((1..=variants).map(|value| arm(Role::Variant, value)));
        let timeout = Duration::from_secs(600);
        Block {
            id: BlockId::new("simulation", &name(at), "clean"),
            axes: vec!["env.X".to_owned()],
            arms,
            commits: Default::default(),
            fidelity: Vec::new(),
            design: None,
            visits: None,
            sampling: Sampling {
                warmup: 1,
                min_rounds: MIN_ROUNDS,
                max_rounds,
                precision,
                margin: 0.03,
                timeout,
            },
        }
    }
}

/// Name of the project of a block.
fn name(block: usize) -> String {
    format!("p{block}")
}

/// Place of a build in the run, all numbers from 1.
struct RoundPosition {
    session: u32,
    number: u32,
    round: u32,
    position: u32,
}

fn sample(plan: &Plan, block: &Block, arm: &Arm, position: RoundPosition, wall: Duration) -> Sample {
    Sample {
        number: position.number,
        block: block.id.clone(),
        session: position.session,
        project: (&arm.variant.project).into(),
        pin: plan.projects[0].pin.clone().into(),
        workload: (&arm.variant.workload).into(),
        variant: (&arm.variant.name).into(),
        role: arm.role,
        settings: BTreeMap::new().into(),
        phase: Phase::Measured,
        round: position.round,
        position: position.position,
        attempt: 1,
        edit: 0,
        predecessor: None,
        started_at: SystemTime::UNIX_EPOCH,
        outcome: Outcome::Built(Cost {
            wall,
            user: wall,
            sys: Duration::ZERO,
            max_rss: 1 << 20,
            ..Cost::default()
        }),
        rebuilt: None,
        artifact_bytes: None,
        interference: Interference::default(),
        cache: None,
        visit: None,
    }
}
