//! The built-in scenario `quick`: what it compares, and that its budget is enough for it.

use super::*;
use crate::corpus::catalogue;
use crate::sampling::{BlockTimes, BlockTurn, Rehearsal, rehearse};

#[test]
fn the_main_job_compares_linkers_and_gives_check_a_block_of_its_own() {
    let plan = plan(&[built_in("quick")], &TwoLinkers, &PlanOptions::default()).unwrap();
    expect_test::expect![[r#"
        linkers/small/clean
          baseline linker=default
          twin linker=default
          variant linker=bfd
        linkers/small/incremental
          baseline linker=default
          twin linker=default
          variant linker=bfd
        check/small/*
          baseline workload=incremental
          twin workload=incremental
          variant workload=check-incremental
        left out: linkers/small/clean linker=mold: no mold on PATH
        left out: linkers/small/incremental linker=mold: no mold on PATH"#]]
    .assert_eq(&outline(&plan));
}

/// Builds that take `factor` times as long as estimated.
struct SlowMachine {
    times: Vec<BlockTimes>,
    factor: f64,
}

impl Rehearsal for SlowMachine {
    fn warm_up(&mut self, block: usize, _: Duration) -> BlockTimes {
        let BlockTimes { warm_up, round } = self.times[block];
        BlockTimes { warm_up: warm_up.mul_f64(self.factor), round: round.mul_f64(self.factor) }
    }

    fn round(&mut self, block: usize, _: Duration) -> Duration {
        self.times[block].round.mul_f64(self.factor)
    }

    fn is_enough(&mut self, _: usize, _: u32) -> bool {
        false
    }
}

#[test]
fn five_rounds_of_everything_fit_on_a_machine_half_as_fast_as_estimated() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../corpus/titlecase.toml");
    let small = catalogue::read(Path::new(file)).unwrap().estimate;
    let estimates = EstimatesByProject::from([("small".to_owned(), small)]);
    let mut quick = built_in("quick");
    // All linkers are there.
    for (_, words) in quick.matrices.iter_mut().flat_map(|matrix| &mut matrix.axes) {
        words.iter_mut().filter(|word| word.text == "mold").for_each(|word| word.text = "lld".to_owned());
    }
    let plan = plan(&[quick], &TwoLinkers, &PlanOptions::default()).unwrap();
    assert!(plan.skipped.is_empty(), "{:?}", plan.skipped);
    assert!(plan.blocks.iter().all(|block| block.arms.len() <= 5), "{}", outline(&plan));
    let estimate = estimate(&plan, &estimates, &MachineHistory::default());
    let times: Vec<BlockTimes> = estimate.blocks.iter().map(|block| block.times().unwrap()).collect();
    let budget = plan.time_budget.unwrap();
    for factor in [0.5, 1.0, 1.5, 2.0] {
        let turn = |(block, estimated): (&bench_runner_core::record::Block, &BlockTimes)| BlockTurn {
            until: &[3, 5],
            max_rounds: block.sampling.max_rounds,
            rounds: 0,
            estimated: Some(*estimated),
            warm_up: None,
            round_time: None,
            warm_up_is_whole: true,
            run_has_begun: false,
            is_open: false,
            stays_open: true,
            has_ended: false,
        };
        let turns: Vec<BlockTurn<'_>> = plan.blocks.iter().zip(&times).map(turn).collect();
        let outcomes = rehearse(&turns, budget, &mut SlowMachine { times: times.clone(), factor });
        let rounds: Vec<u32> = outcomes.iter().map(|outcome| outcome.rounds).collect();
        assert!(rounds.iter().all(|&rounds| rounds >= 5), "{factor}: {rounds:?} with {times:?}");
        let spent: Duration = outcomes.iter().map(|outcome| outcome.spent).sum();
        assert!(spent <= budget, "{factor}: {spent:?}");
    }
}
