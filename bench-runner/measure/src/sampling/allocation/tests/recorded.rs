//! A run as it was recorded.

use super::*;

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
