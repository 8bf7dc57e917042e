//! Order of a round: randomized complete blocks, balanced for position and for predecessor.

use bench_runner_core::record::BlockId;
use chacha20::ChaCha8Rng;
use chacha20::rand_core::{Rng, SeedableRng};
use sha2::{Digest, Sha256};

/// Separates the hash from any other use of the same seed, and from future versions of the drawing.
const DOMAIN: &[u8] = b"bench-runner round order 1\n";

/// The order of round `round` (from 1) of a block: positions of the `arms` that are being built, first to
/// last.
///
/// Rounds come in sets of `arms` rounds (twice that if it is odd). Within a set every arm is once (twice) at
/// every position and follows every other arm once (twice): a Williams design with its arms renamed and its
/// rows shuffled at random. The draw depends only on `seed`, the block and the number of the set, so any
/// round can be computed by itself, and a resumed run continues the orders of the interrupted one. Rounds are
/// numbered consecutively through the sessions of a run.
///
/// E. J. Williams, Experimental designs balanced for the estimation of residual effects of treatments (1949).
pub fn round_order(seed: u64, block: &BlockId, arms: usize, round: u32) -> Vec<usize> {
    if arms < 2 {
        return (0..arms).collect();
    }
    let rows = if arms.is_multiple_of(2) { arms } else { 2 * arms };
    let round = round.saturating_sub(1) as usize;
    let mut rng = rng_of_set(seed, block, (round / rows) as u64);
    let names = permutation(arms, &mut rng);
    let row = permutation(rows, &mut rng)[round % rows];
    williams_row(arms, row).into_iter().map(|arm| names[arm]).collect()
}

/// Row `row` of the design for `arms` arms: 0, 1, k−1, 2, k−2, … shifted by `row`, and for an odd number of
/// arms the same rows once more in reverse.
fn williams_row(arms: usize, row: usize) -> Vec<usize> {
    let zigzag =
        |position: usize| if position % 2 == 1 { position.div_ceil(2) } else { (arms - position / 2) % arms };
    let mut order: Vec<usize> = (0..arms).map(|position| (zigzag(position) + row) % arms).collect();
    if row >= arms {
        order.reverse();
    }
    order
}

fn rng_of_set(seed: u64, block: &BlockId, set: u64) -> ChaCha8Rng {
    let hash = Sha256::new()
        .chain_update(DOMAIN)
        .chain_update(seed.to_le_bytes())
        .chain_update(set.to_le_bytes())
        .chain_update(block.as_str().as_bytes())
        .finalize();
    ChaCha8Rng::from_seed(hash.into())
}

/// Fisher–Yates, written out so that the orders of a seed do not depend on the version of the `rand` crates.
fn permutation(count: usize, rng: &mut ChaCha8Rng) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    for last in (1..count).rev() {
        order.swap(last, draw_below(last + 1, rng));
    }
    order
}

/// A uniform number below `bound`; draws from the incomplete interval at the top are rejected.
fn draw_below(bound: usize, rng: &mut ChaCha8Rng) -> usize {
    let bound = bound as u64;
    let limit = (1u64 << 32) / bound * bound;
    loop {
        let draw = u64::from(rng.next_u32());
        if draw < limit {
            return (draw % bound) as usize;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    fn block() -> BlockId {
        BlockId::new("linkers", "hexyl", "clean")
    }

    #[test]
    fn every_set_of_rounds_is_balanced_for_position_and_predecessor() {
        for arms in 2..=13usize {
            let rows = if arms % 2 == 0 { arms } else { 2 * arms };
            let times = rows / arms;
            for set in 0..3 {
                let (mut positions, mut pairs) = (BTreeMap::new(), BTreeMap::new());
                for row in 0..rows {
                    let order = round_order(7, &block(), arms, (set * rows + row + 1) as u32);
                    assert_eq!(order.iter().copied().collect::<BTreeSet<_>>(), (0..arms).collect());
                    for (position, &arm) in order.iter().enumerate() {
                        *positions.entry((arm, position)).or_insert(0) += 1;
                    }
                    for pair in order.windows(2) {
                        *pairs.entry((pair[0], pair[1])).or_insert(0) += 1;
                    }
                }
                assert_eq!(positions.len(), arms * arms);
                assert!(positions.values().all(|&count| count == times), "{arms} arms: {positions:?}");
                assert_eq!(pairs.len(), arms * (arms - 1));
                assert!(pairs.values().all(|&count| count == times), "{arms} arms: {pairs:?}");
            }
        }
    }

    #[test]
    fn orders_depend_on_seed_block_and_set() {
        let orders = |seed, block: &BlockId, first: u32| -> Vec<Vec<usize>> {
            (first..first + 6).map(|round| round_order(seed, block, 6, round)).collect()
        };
        let reference = orders(1, &block(), 1);
        assert_eq!(reference, orders(1, &block(), 1));
        assert_ne!(reference, orders(2, &block(), 1));
        assert_ne!(reference, orders(1, &BlockId::new("linkers", "hexyl", "check"), 1));
        assert_ne!(reference, orders(1, &block(), 7));
    }

    /// A published seed must always give the same orders: they may change only with a new `DOMAIN`. They were
    /// also computed by a separate Python program, from SHA-256 and ChaCha as published.
    #[test]
    fn the_orders_of_a_seed_are_fixed() {
        let orders: Vec<_> = (1..=5).map(|round| round_order(42, &block(), 4, round)).collect();
        expect_test::expect!["[[1, 0, 2, 3], [3, 2, 0, 1], [2, 1, 3, 0], [0, 3, 1, 2], [2, 3, 1, 0]]"]
            .assert_eq(&format!("{orders:?}"));
    }

    #[test]
    fn each_arm_comes_first_about_equally_often_over_seeds() {
        let mut first = [0; 5];
        for seed in 0..2000 {
            first[round_order(seed, &block(), 5, 1)[0]] += 1;
        }
        // 400 expected, standard deviation 18
        assert!(first.iter().all(|count| (310..490).contains(count)), "{first:?}");
    }

    #[test]
    fn draws_below_a_bound_are_even() {
        let mut rng = rng_of_set(3, &block(), 0);
        let mut counts = [0; 7];
        for _ in 0..7000 {
            counts[draw_below(7, &mut rng)] += 1;
        }
        // 1000 expected, standard deviation 29
        assert!(counts.iter().all(|count| (850..1150).contains(count)), "{counts:?}");
    }

    #[test]
    fn none_and_one_arm_have_one_order_and_round_0_is_taken_as_the_first() {
        assert_eq!(round_order(1, &block(), 0, 1), Vec::<usize>::new());
        assert_eq!(round_order(1, &block(), 1, 9), vec![0]);
        assert_eq!(round_order(1, &block(), 3, 0), round_order(1, &block(), 3, 1));
    }

    #[test]
    fn a_hundred_arms_are_a_permutation() {
        let order = round_order(1, &block(), 100, 37);
        assert_eq!(order.into_iter().collect::<BTreeSet<_>>(), (0..100).collect());
    }
}
