//! The fastest arm of a block.

use super::ratio::Verdict;

/// The arm of a block with the lowest estimate, and how the others compare with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fastest {
    /// Index of the arm in the block.
    pub arm: usize,
    /// The other arms without the twin, each with its verdict against the fastest, those with the lowest estimates first.
    /// A verdict is that of the planned comparison if the pair was planned, otherwise post hoc.
    pub others: Vec<(usize, Verdict)>,
}

impl Fastest {
    /// The arms that were not shown to be slower than the fastest.
    pub fn not_told_apart(&self) -> impl Iterator<Item = (usize, Verdict)> {
        self.others.iter().copied().filter(|(_, verdict)| *verdict != Verdict::Slower)
    }
}
