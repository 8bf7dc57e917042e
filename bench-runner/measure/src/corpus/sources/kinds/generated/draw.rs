//! Random statements for each function of a crate.

use chacha20::ChaCha8Rng;
use chacha20::rand_core::{Rng, SeedableRng};
use sha2::{Digest, Sha256};

/// Statements of one function, one line each.
const STATEMENTS: usize = 8;
/// Lines of one function in the plain style, with its call.
const LINES: u32 = 14;
/// Approximate number of other lines of a crate.
const OTHER_LINES: u32 = 10;

/// Separates the hash from any other use of the same seed.
const DOMAIN: &[u8] = b"bench-runner generated crate 1\n";

/// The statements of all functions of crate number `at`; there are as many functions as fit into `lines`
/// lines, and at least one. Each statement changes `a`, a `u64`.
pub(super) fn functions(seed: u64, at: u32, lines: u32) -> Vec<Vec<String>> {
    let mut rng = crate_rng(seed, at);
    let count = (lines.saturating_sub(OTHER_LINES) / LINES).max(1);
    (0..count).map(|_| (0..STATEMENTS).map(|_| statement(&mut rng)).collect()).collect()
}

fn crate_rng(seed: u64, at: u32) -> ChaCha8Rng {
    let hash = Sha256::new()
        .chain_update(DOMAIN)
        .chain_update(seed.to_le_bytes())
        .chain_update(at.to_le_bytes())
        .finalize();
    ChaCha8Rng::from_seed(hash.into())
}

fn statement(rng: &mut ChaCha8Rng) -> String {
    let kind = rng.next_u64() % 6;
    // Always the same number of draws, so that no statement affects those after it.
    let (big, small, third) = (rng.next_u64(), rng.next_u64(), rng.next_u64());
    let turn = small % 63 + 1;
    match kind {
        0 => format!("a = a.wrapping_mul({:#x}).rotate_left({turn});", big | 1),
        1 => format!("a ^= a.rotate_right({turn}) ^ {big:#x};"),
        2 => {
            format!("a = if a & (1 << {turn}) == 0 {{ a ^ {big:#x} }} else {{ a.wrapping_add({third:#x}) }};")
        }
        3 => format!("a ^= [{big:#x}, {small:#x}, {third:#x}][(a % 3) as usize];"),
        4 => format!("a = (0..{turn}).fold(a, |s, i| s.wrapping_add(i ^ {big:#x}).rotate_left(7));"),
        _ => format!(
            "a = match a % 4 {{ 0 => a ^ {big:#x}, 1 => !a, 2 => a >> 1, _ => a.wrapping_sub({third:#x}) }};"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crates_differ_and_longer_ones_begin_like_shorter_ones() {
        assert_eq!(functions(1, 0, 200)[..], functions(1, 0, 400)[..13]);
        assert_ne!(functions(1, 0, 200), functions(1, 1, 200));
        assert_ne!(functions(1, 0, 200), functions(2, 0, 200));
        assert_eq!(functions(1, 0, 20).len(), 1);
    }

    #[test]
    fn the_statements_of_a_seed_outlive_versions() {
        expect_test::expect![[r#"
            a ^= a.rotate_right(25) ^ 0x2ea73964d030e41;
            a ^= a.rotate_right(35) ^ 0x5aca6d662314291d;
            a = if a & (1 << 7) == 0 { a ^ 0xa5971218de127551 } else { a.wrapping_add(0xb2ac642433a560e4) };
            a = a.wrapping_mul(0xe832de151cf78a4f).rotate_left(17);
            a ^= [0xc209dcde13d43829, 0xb030c036622a644a, 0x7d82c8a0257ed96e][(a % 3) as usize];
            a ^= a.rotate_right(3) ^ 0x2d6bf16b5197a25b;
            a ^= [0x7f18cdfa692486ad, 0xcc809427bd5002c6, 0xad3931b557d0d5a1][(a % 3) as usize];
            a ^= a.rotate_right(22) ^ 0x7846c960a3ac635e;"#]]
        .assert_eq(&functions(1, 0, 20)[0].join("\n"));
    }
}
