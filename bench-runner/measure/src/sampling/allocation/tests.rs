use proptest::prelude::*;

use super::*;

/// A block of a simulated run, in seconds.
#[derive(Debug, Clone, PartialEq)]
struct Truth {
    estimated: Option<(f64, f64)>,
    warm_up: f64,
    round: f64,
    max_rounds: u32,
    rounds: u32,
}

impl Truth {
    /// A block whose warm-ups and rounds take `factor` times as long as estimated.
    fn new(warm_up: f64, round: f64, factor: f64) -> Self {
        let estimated = Some((warm_up, round));
        Self { estimated, warm_up: warm_up * factor, round: round * factor, max_rounds: 30, rounds: 0 }
    }

    fn unknown(warm_up: f64, round: f64) -> Self {
        Self { estimated: None, ..Self::new(warm_up, round, 1.0) }
    }

    fn turn(&self) -> BlockTurn<'static> {
        let estimated = self.estimated;
        BlockTurn {
            until: &FIRST_VISITS,
            max_rounds: self.max_rounds,
            rounds: self.rounds,
            estimated: estimated.map(|(warm_up, round)| times(warm_up, round)),
            warm_up: None,
            round_time: None,
            warm_up_is_whole: true,
            run_has_begun: false,
            is_open: false,
            stays_open: true,
            has_ended: false,
        }
    }
}

fn times(warm_up: f64, round: f64) -> BlockTimes {
    BlockTimes { warm_up: seconds(warm_up), round: seconds(round) }
}

fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

/// One step of a simulated run: block, true for a warm-up, begin and duration.
type StepTaken = (usize, bool, Duration, Duration);

/// Plays a run with known times, on a machine that has another speed from `change` on.
struct Machine<'a> {
    blocks: &'a [Truth],
    change: (Duration, f64),
    enough: u32,
    steps: Vec<StepTaken>,
}

impl<'a> Machine<'a> {
    fn new(blocks: &'a [Truth]) -> Self {
        Self { blocks, change: (Duration::MAX, 1.0), enough: u32::MAX, steps: Vec::new() }
    }

    fn take(&mut self, block: usize, is_warm_up: bool, elapsed: Duration, time: f64) -> Duration {
        let (from, factor) = self.change;
        let time = seconds(if elapsed >= from { time * factor } else { time });
        self.steps.push((block, is_warm_up, elapsed, time));
        time
    }

    fn run(&mut self, budget: f64) -> Vec<RehearsedBlock> {
        let turns: Vec<_> = self.blocks.iter().map(Truth::turn).collect();
        rehearse(&turns, seconds(budget), self)
    }
}

impl Rehearsal for Machine<'_> {
    fn warm_up(&mut self, block: usize, elapsed: Duration) -> BlockTimes {
        let truth = &self.blocks[block];
        let warm_up = self.take(block, true, elapsed, truth.warm_up);
        BlockTimes { warm_up, round: seconds(truth.round) }
    }

    fn round(&mut self, block: usize, elapsed: Duration) -> Duration {
        self.take(block, false, elapsed, self.blocks[block].round)
    }

    fn is_enough(&mut self, _: usize, rounds: u32) -> bool {
        rounds >= self.enough
    }
}

fn rounds(blocks: &[Truth], budget: f64) -> Vec<u32> {
    Machine::new(blocks).run(budget).iter().map(|block| block.rounds).collect()
}

/// An open block with these rounds and this duration of a round.
fn open(rounds: u32, round: f64) -> BlockTurn<'static> {
    let truth = Truth { rounds, ..Truth::new(10.0, round, 1.0) };
    BlockTurn {
        warm_up: Some(seconds(10.0)),
        round_time: Some(seconds(round)),
        is_open: true,
        ..truth.turn()
    }
}

fn first_rounds(block: usize, until: u32) -> NextVisit {
    NextVisit::Visit { block, until, purpose: VisitPurpose::FirstRounds }
}

fn worth_most(block: usize, until: u32) -> NextVisit {
    NextVisit::Visit { block, until, purpose: VisitPurpose::WorthMost }
}

const PLENTY: Duration = Duration::from_secs(1 << 20);

/// Rule 1.
#[test]
fn the_machine_is_taken_for_slower_as_warm_ups_show_it() {
    let fresh = [Truth::new(10.0, 1.0, 1.0).turn(), Truth::unknown(1.0, 1.0).turn()];
    assert_eq!(slowness(&fresh), 1.0);
    let warmed_up = |seconds_taken: f64| BlockTurn { warm_up: Some(seconds(seconds_taken)), ..fresh[0] };
    // By hand: 8^(1/1.5) = 4 and (8 · 0.5)^(1/2.5) = 4^0.4.
    assert!((slowness(&[warmed_up(80.0), fresh[0]]) - 4.0).abs() < 1e-9);
    assert!((slowness(&[warmed_up(80.0), warmed_up(5.0)]) - 4.0f64.powf(0.4)).abs() < 1e-9);
    // A block whose variants were dropped ends its warm-up early.
    let dropped = BlockTurn { warm_up_is_whole: false, ..warmed_up(0.3) };
    assert_eq!(slowness(&[dropped, fresh[0]]), 1.0);
    // Blocks of unknown times say nothing about it.
    assert_eq!(slowness(&[BlockTurn { warm_up: Some(seconds(5.0)), ..fresh[1] }]), 1.0);
}

/// Rule 2.
#[test]
fn the_cheapest_first_visit_comes_first_and_unknown_ones_come_last() {
    // W + 3R: unknown, 40, unknown, 25, 31
    let truths = [
        Truth::unknown(1.0, 1.0),
        Truth::new(10.0, 10.0, 1.0),
        Truth::unknown(1.0, 1.0),
        Truth::new(1.0, 8.0, 1.0),
        Truth::new(28.0, 1.0, 1.0),
    ];
    let mut machine = Machine::new(&truths);
    machine.run(1e4);
    let warmed_up: Vec<usize> = machine.steps.iter().filter(|step| step.1).map(|step| step.0).collect();
    assert_eq!(warmed_up, [3, 4, 1, 0, 2]);
}

/// Rule 3: a full build and a rebuild of a project that was never built, in a few minutes.
#[test]
fn warm_ups_show_which_of_several_unknown_blocks_is_the_cheapest() {
    let full_build_and_rebuild = [Truth::unknown(100.0, 100.0), Truth::unknown(110.0, 8.0)];
    assert_eq!(rounds(&full_build_and_rebuild, 240.0), [0, 3]);
    assert_eq!(rounds(&full_build_and_rebuild, 600.0), [3, 11]);
    let mut machine = Machine::new(&full_build_and_rebuild);
    machine.run(600.0);
    let first: Vec<(usize, bool)> = machine.steps.iter().take(3).map(|step| (step.0, step.1)).collect();
    assert_eq!(first, [(0, true), (1, true), (1, false)]);
    // Known ones come first, and one that is alone has its rounds right after its warm-up.
    let turns = [full_build_and_rebuild[0].turn(), Truth::new(10.0, 10.0, 1.0).turn()];
    assert_eq!(next_visit(&turns, None, PLENTY), first_rounds(1, 3));
    assert_eq!(next_visit(&turns[..1], None, PLENTY), first_rounds(0, 3));
    // Directories that do not stay would have to be warmed up again.
    let removed = turns.map(|turn| BlockTurn { stays_open: false, estimated: None, ..turn });
    assert_eq!(next_visit(&removed, None, PLENTY), first_rounds(0, 3));
}

/// Rule 3: ten blocks that take 400 s each until they have three rounds.
#[test]
fn warm_ups_leave_the_time_for_the_rounds_that_fit() {
    let truths: Vec<Truth> = (0..10).map(|_| Truth::unknown(100.0, 100.0)).collect();
    for (budget, whole) in [(450.0, 1), (900.0, 2), (2000.0, 5), (4000.0, 10)] {
        let found = rounds(&truths, budget);
        assert_eq!(found.iter().filter(|&&rounds| rounds >= 3).count(), whole, "{budget}: {found:?}");
    }
    // The rounds of one that is alone, or that was warmed up in vain, as far as they fit.
    assert_eq!(rounds(&truths[..1], 250.0), [1]);
    assert_eq!(rounds(&truths[..2], 350.0).iter().sum::<u32>(), 1);
}

/// Rule 3.
#[test]
fn a_block_is_begun_if_its_first_visit_fits_and_the_first_always_is() {
    let truths = [Truth::new(10.0, 10.0, 1.0), Truth::new(20.0, 20.0, 1.0)];
    let turns = [truths[0].turn(), truths[1].turn()];
    assert_eq!(next_visit(&turns, None, seconds(1.0)), first_rounds(0, 3));
    let begun = [open(3, 10.0), turns[1]];
    // The machine is as fast as estimated: W + 3R = 80.
    assert_eq!(next_visit(&begun, Some(0), seconds(80.0)), first_rounds(1, 3));
    assert_eq!(next_visit(&begun, Some(0), seconds(79.0)), first_rounds(0, 5));
    // It is 2.25 times as slow: f = 2.25^(2/3) = 1.717.
    let slow = [BlockTurn { warm_up: Some(seconds(22.5)), ..begun[0] }, turns[1]];
    assert_eq!(next_visit(&slow, Some(0), seconds(137.4)), first_rounds(1, 3));
    assert_eq!(next_visit(&slow, Some(0), seconds(137.3)), first_rounds(0, 5));
}

/// Rules 4 and 5.
#[test]
fn all_blocks_have_three_rounds_before_any_has_more_and_five_before_any_has_six() {
    let truths: Vec<Truth> = [3.0, 1.0, 2.0].map(|round| Truth::new(5.0, round, 1.0)).into();
    let mut machine = Machine::new(&truths);
    let outcomes = machine.run(200.0);
    let mut done = [0; 3];
    for (block, is_warm_up, ..) in &machine.steps {
        let least = done.iter().min().copied().unwrap_or(0);
        match done[*block] {
            _ if *is_warm_up => continue,
            3 | 4 => assert!(least >= 3, "{done:?}"),
            5.. => assert!(least >= 5, "{done:?}"),
            _ => {}
        }
        done[*block] += 1;
    }
    assert_eq!(machine.steps.iter().filter(|step| step.1).count(), 3, "each is warmed up once");
    assert!(outcomes.iter().all(|outcome| outcome.rounds > 5 && outcome.visits > 2), "{outcomes:?}");
}

/// Rule 6.
#[test]
fn later_rounds_go_where_a_second_narrows_the_interval_most() {
    // By hand: ln h(5) = ln(2.7764 · 1.1 / √5), ln h(6) = ln(2.5706 · 1.08333 / √6).
    assert!((ln_half_width(5) - 0.311762).abs() < 1e-5, "{}", ln_half_width(5));
    assert!((ln_half_width(6) - 0.128296).abs() < 1e-5, "{}", ln_half_width(6));
    // Twice the duration, and the same width: the cheaper one.
    assert_eq!(next_visit(&[open(6, 2.0), open(6, 1.0)], None, PLENTY), worth_most(1, 7));
    // The same duration: the one with fewer rounds.
    assert_eq!(next_visit(&[open(9, 1.0), open(8, 1.0)], None, PLENTY), worth_most(1, 9));
    // A block that must be warmed up again is worth less.
    let closed = BlockTurn { is_open: false, ..open(6, 1.0) };
    assert_eq!(next_visit(&[closed, open(8, 1.0)], None, PLENTY), worth_most(1, 9));
}

/// Rule 7.
#[test]
fn a_visit_goes_on_while_it_is_worth_half_as_much_as_another() {
    let gain = |rounds: u32| ln_half_width(rounds) - ln_half_width(rounds + 1);
    for (share, expected) in [(0.51, worth_most(0, 13)), (0.49, worth_most(1, 7))] {
        // The first is worth this share of the second.
        let blocks = [open(12, 1.0), open(6, share * gain(6) / gain(12))];
        assert_eq!(next_visit(&blocks, Some(0), PLENTY), expected, "{share}");
        assert_eq!(next_visit(&blocks, None, PLENTY), worth_most(1, 7));
    }
    // Not if it has ended, or no longer fits.
    let ended = BlockTurn { has_ended: true, ..open(6, 1.0) };
    assert_eq!(next_visit(&[ended, open(6, 1.0)], Some(0), PLENTY), worth_most(1, 7));
    assert_eq!(next_visit(&[open(6, 9.0), open(6, 5.0)], Some(0), seconds(6.0)), worth_most(1, 7));
}

/// Rule 8: the looks themselves are those of `stop`.
#[test]
fn blocks_that_have_enough_leave_their_time_to_the_others() {
    let truths = [
        Truth { max_rounds: 2, ..Truth::new(5.0, 1.0, 1.0) },
        Truth { max_rounds: 7, ..Truth::new(5.0, 1.0, 1.0) },
        Truth::new(5.0, 1.0, 1.0),
    ];
    assert_eq!(rounds(&truths, 1e3), [2, 7, 30]);
    let mut machine = Machine::new(&truths);
    machine.enough = 6;
    let outcomes = machine.run(1e3);
    assert_eq!(outcomes.map_rounds(), [2, 6, 6]);
    let ended = BlockTurn { has_ended: true, ..open(6, 1.0) };
    assert_eq!(next_visit(&[ended, open(30, 1.0)], None, PLENTY), NextVisit::AllEnded);
}

/// Rule 9.
#[test]
fn a_round_begins_only_if_it_fits_into_the_whole_rest() {
    assert_eq!(next_visit(&[open(3, 5.0), open(3, 4.0)], None, seconds(4.0)), first_rounds(1, 5));
    assert_eq!(next_visit(&[open(3, 5.0), open(3, 4.0)], None, seconds(3.9)), NextVisit::BudgetUsed);
    let mean = recent_mean(&[100.0, 1.0, 2.0, 3.0, 4.0].map(seconds));
    assert_eq!((mean, recent_mean(&[])), (Some(seconds(2.5)), None));
}

trait MapRounds {
    fn map_rounds(&self) -> Vec<u32>;
}

impl MapRounds for Vec<RehearsedBlock> {
    fn map_rounds(&self) -> Vec<u32> {
        self.iter().map(|block| block.rounds).collect()
    }
}

#[test]
fn a_budget_smaller_than_a_warm_up_ends_after_it() {
    let truths = [Truth::new(100.0, 50.0, 1.0), Truth::new(60.0, 20.0, 1.0)];
    let mut machine = Machine::new(&truths);
    assert_eq!(machine.run(30.0).map_rounds(), [0, 0]);
    assert_eq!(machine.steps.len(), 1, "the warm-up of the cheapest block");
    assert_eq!(machine.steps[0].0, 1);
    assert_eq!(rounds(&truths, 0.0), [0, 0]);
}

#[test]
fn a_block_that_never_fits_leaves_its_time_to_the_others() {
    let truths = [Truth::new(10.0, 2.0, 1.0), Truth::new(500.0, 400.0, 1.0), Truth::new(10.0, 3.0, 1.0)];
    let found = rounds(&truths, 130.0);
    assert_eq!(found[1], 0);
    assert!(found[0] > 15 && found[2] > 12, "{found:?}");
}

#[test]
fn estimates_that_are_wrong_by_a_factor_of_ten_cost_few_rounds() {
    let blocks = |factor: f64| {
        [(20.0, 20.0), (25.0, 3.0), (12.0, 12.0), (40.0, 8.0)]
            .map(|(warm_up, round)| Truth::new(warm_up * 10.0 / factor, round * 10.0 / factor, factor))
    };
    // The true times are the same.
    let right = rounds(&blocks(1.0), 3200.0);
    assert!(right.iter().all(|&rounds| rounds >= 5), "{right:?}");
    for factor in [0.1, 10.0] {
        let found = rounds(&blocks(factor), 3200.0);
        assert!(found.iter().all(|&rounds| rounds >= 5), "{factor}: {found:?} for {right:?}");
    }
    // With a budget that is short, blocks that do not fit are not begun once a warm-up has shown it.
    let mut machine = Machine::new(&[]);
    let truths = blocks(10.0);
    machine.blocks = &truths;
    let short = machine.run(800.0).map_rounds();
    assert!(short.iter().filter(|&&rounds| rounds >= 3).count() >= 1, "{short:?}");
}

/// One block is far more expensive than estimated, and the others are as estimated.
#[test]
fn a_wrong_estimate_of_one_block_leaves_the_others_their_rounds() {
    for factor in [0.1, 10.0] {
        let wrong = Truth { warm_up: 10.0 * factor, round: 5.0 * factor, ..Truth::new(10.0, 5.0, 1.0) };
        let truths = [Truth::new(10.0, 4.0, 1.0), wrong, Truth::new(10.0, 6.0, 1.0)];
        let found = rounds(&truths, 400.0);
        assert!(found[0] >= 3 && found[1] >= 3, "{factor}: {found:?}");
    }
}

#[test]
fn a_machine_that_slows_down_in_the_middle_stays_within_the_budget() {
    let truths = [Truth::new(10.0, 10.0, 1.0), Truth::new(20.0, 2.0, 1.0), Truth::new(10.0, 5.0, 1.0)];
    for from in [0.0, 40.0, 100.0, 200.0] {
        let mut machine = Machine::new(&truths);
        machine.change = (seconds(from), 3.0);
        let outcomes = machine.run(300.0);
        assert!(outcomes.iter().all(|outcome| outcome.rounds >= 3), "from {from}: {outcomes:?}");
        let spent: Duration = outcomes.iter().map(|outcome| outcome.spent).sum();
        // A round that was expected to be as fast as those before may take longer than what is left.
        assert!(spent <= seconds(300.0 + 30.0), "from {from}: {spent:?}");
    }
}

#[test]
fn a_resumed_run_counts_earlier_rounds_and_warms_up_again() {
    let resumed = |rounds: u32| Truth { rounds, ..Truth::new(10.0, 2.0, 1.0) };
    // The one that lacks rounds of the first pass comes first, with its warm-up and these rounds.
    let turns = [resumed(3).turn(), resumed(1).turn()];
    assert_eq!(next_visit(&turns, None, PLENTY), first_rounds(1, 3));
    assert_eq!(next_visit(&turns, None, seconds(14.0)), first_rounds(1, 3));
    // W + R of the one that has three rounds.
    assert_eq!(next_visit(&turns, None, seconds(13.0)), first_rounds(0, 5));
    assert_eq!(next_visit(&turns, None, seconds(11.0)), NextVisit::BudgetUsed);
    // The budget is used up, also if no block has a round yet.
    for rounds in [0, 1, 4, 12] {
        let turns = [resumed(rounds).turn(), resumed(rounds).turn()];
        assert_eq!(next_visit(&turns, None, Duration::ZERO), NextVisit::BudgetUsed);
    }
}

#[test]
fn only_the_first_block_of_a_run_is_begun_without_fitting() {
    let turn = Truth::new(60.0, 10.0, 1.0).turn();
    let begun = BlockTurn { run_has_begun: true, ..turn };
    assert_eq!(next_visit(&[turn, turn], None, seconds(1.0)), first_rounds(0, 3));
    assert_eq!(next_visit(&[begun, begun], None, seconds(1.0)), NextVisit::BudgetUsed, "a resumed run");
    // The first one ended before its warm-up was done, such as by a command that failed.
    let ended = BlockTurn { has_ended: true, ..turn };
    assert_eq!(next_visit(&[ended, turn], Some(0), seconds(1.0)), NextVisit::BudgetUsed);
}

/// The durations that a run of `quick` recorded (20261120T193406Z-quick-ec6a2e), in seconds: the warm-up and
/// the rounds, with the builds that were estimated. It came to 8, 12 and 9 rounds, block after block.
const RECORDED_QUICK: [(f64, f64, &[f64]); 3] = [
    (20.2, 20.2, &[22.4, 23.3, 22.9, 21.8, 22.3, 22.5, 23.5, 22.5, 24.9]),
    (21.6, 2.4, &[25.3, 1.6, 1.7, 1.7, 1.6, 1.5, 1.6, 1.5, 1.6, 1.7, 1.7, 1.7, 1.8]),
    (12.65, 12.65, &[13.3, 13.0, 13.2, 13.1, 12.8, 13.5, 12.7, 12.3, 12.3, 11.8]),
];

/// Plays recorded durations; after the last one they start over.
struct Recording {
    factor: f64,
    rounds: [usize; 3],
}

impl Rehearsal for Recording {
    fn warm_up(&mut self, block: usize, _: Duration) -> BlockTimes {
        let recorded = RECORDED_QUICK[block].2;
        times(self.factor * recorded[0], self.factor * recorded[1])
    }

    fn round(&mut self, block: usize, _: Duration) -> Duration {
        let rounds = &RECORDED_QUICK[block].2[1..];
        let time = rounds[self.rounds[block] % rounds.len()];
        self.rounds[block] += 1;
        seconds(self.factor * time)
    }

    fn is_enough(&mut self, _: usize, _: u32) -> bool {
        false
    }
}

fn recorded_quick(factor: f64) -> Vec<u32> {
    let blocks = RECORDED_QUICK.map(|(warm_up, round, _)| Truth::new(warm_up, round, 1.0).turn());
    rehearse(&blocks, seconds(390.0), &mut Recording { factor, rounds: [0; 3] }).map_rounds()
}

#[test]
fn the_recorded_run_of_quick_gets_no_less_than_it_got_block_after_block() {
    let found = recorded_quick(1.0);
    assert!(found[0] >= 5 && found[1] >= 12 && found[2] >= 9, "{found:?}");
    // On a machine that takes nearly half as long again.
    let slower = recorded_quick(1.45);
    assert!(slower[0] >= 5 && slower[1] >= 12 && slower[2] >= 5, "{slower:?}");
}

/// `quick` as it was recorded, by the estimates of its project, on slower machines. Today's is in `plan/tests/quick.rs`.
#[test]
fn the_recorded_quick_has_five_rounds_in_every_block_of_a_slow_machine() {
    let blocks = |factor: f64| RECORDED_QUICK.map(|(warm_up, round, _)| Truth::new(warm_up, round, factor));
    for factor in [1.0, 1.25, 1.5, 1.65] {
        let found = rounds(&blocks(factor), 390.0);
        assert!(found.iter().all(|&rounds| rounds >= 5), "{factor}: {found:?}");
    }
    // Half as fast: five rounds of each block with its warm-up would take 461 s.
    let found = rounds(&blocks(2.0), 390.0);
    assert!(found.iter().all(|&rounds| rounds >= 3) && found[1] >= 5 && found[2] >= 5, "{found:?}");
}

/// Blocks of any times, with estimates that are off by any factor up to ten.
fn any_blocks(wrong: bool) -> impl Strategy<Value = Vec<Truth>> {
    let factor = if wrong { -1.0..1.0f64 } else { 0.0..1e-9 };
    let block = (0.1..300.0f64, 0.1..100.0f64, factor, 1..40u32, 0..8u32, proptest::bool::weighted(0.8));
    let block = block.prop_map(|(warm_up, round, factor, max_rounds, rounds, is_known)| Truth {
        estimated: is_known.then_some((warm_up, round)),
        warm_up: warm_up * 10f64.powf(factor),
        round: round * 10f64.powf(factor),
        max_rounds,
        rounds: rounds.min(max_rounds),
    });
    proptest::collection::vec(block, 1..7)
}

proptest! {
    #[test]
    fn an_ended_block_is_never_visited(
        truths in any_blocks(true),
        ended in proptest::collection::vec(any::<bool>(), 7),
        opened in proptest::collection::vec(any::<bool>(), 7),
        current in proptest::option::of(0..7usize),
        left in 0.0..2000.0f64,
    ) {
        let turn = |(at, truth): (usize, &Truth)| BlockTurn {
            has_ended: ended[at],
            is_open: opened[at],
            warm_up: opened[at].then(|| seconds(truth.warm_up)),
            round_time: opened[at].then(|| seconds(truth.round)),
            ..truth.turn()
        };
        let turns: Vec<BlockTurn<'_>> = truths.iter().enumerate().map(turn).collect();
        let current = current.filter(|at| *at < turns.len());
        match next_visit(&turns, current, seconds(left)) {
            NextVisit::Visit { block, until, purpose: VisitPurpose::LearnTimes } => {
                prop_assert!(!turns[block].has_ended && turns[block].warm_up.is_none());
                prop_assert!(turns[block].estimated.is_none() && until == turns[block].rounds);
            }
            NextVisit::Visit { block, until, .. } => {
                prop_assert!(!turns[block].has_ended);
                prop_assert!(turns[block].rounds < until && until <= turns[block].max_rounds);
            }
            NextVisit::AllEnded => prop_assert!(turns.iter().all(|turn| !turn.is_unfinished())),
            NextVisit::BudgetUsed => prop_assert!(turns.iter().any(BlockTurn::is_unfinished)),
        }
    }

    /// With estimates that are right a run ends within its budget, but for the first warm-up; and it always
    /// ends.
    #[test]
    fn a_run_ends_within_its_budget(truths in any_blocks(false), budget in 0.0..3000.0f64) {
        let truths: Vec<Truth> =
            truths.into_iter().filter(|truth| truth.estimated.is_some()).collect();
        let mut machine = Machine::new(&truths);
        let outcomes = machine.run(budget);
        let spent: f64 = machine.steps.iter().map(|step| step.3.as_secs_f64()).sum();
        let first = machine.steps.first().map_or(0.0, |step| step.3.as_secs_f64());
        prop_assert!(spent <= budget.max(first) + 1e-6, "{} of {}", spent, budget);
        let reported: f64 = outcomes.iter().map(|outcome| outcome.spent.as_secs_f64()).sum();
        prop_assert!((spent - reported).abs() < 1e-6);
    }

    /// With estimates that are wrong it exceeds the budget by no more than its last step, which was begun
    /// within it.
    #[test]
    fn only_the_last_step_exceeds_the_budget(
        truths in any_blocks(true),
        budget in 0.0..3000.0f64,
        change in (0.0..3000.0f64, 0.2..5.0f64),
    ) {
        let mut machine = Machine::new(&truths);
        machine.change = (seconds(change.0), change.1);
        machine.run(budget);
        for (_, _, begun, _) in &machine.steps {
            prop_assert!(*begun < seconds(budget), "begun after {:?} of {}", begun, budget);
        }
        let mut warmed_up: Vec<usize> =
            machine.steps.iter().filter(|step| step.1).map(|step| step.0).collect();
        warmed_up.sort_unstable();
        prop_assert!(warmed_up.windows(2).all(|pair| pair[0] != pair[1]), "warmed up once each");
    }
}
