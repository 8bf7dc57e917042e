//! The combinations that a design can choose from, and their columns in the model of main effects.

/// The allowed combinations of the levels of some axes.
///
/// Within the module a combination is a list of slots: slot 0 is the constant, and every level of every axis
/// has one. The first level of an axis has no column, so whatever is stored for its slot is 0.
#[derive(Debug, Clone, PartialEq)]
pub struct DesignSpace {
    levels: Vec<usize>,
    /// Slot of the first level of each axis.
    starts: Vec<usize>,
    /// One slot for each axis, candidate by candidate.
    slots: Vec<u32>,
    count: usize,
}

impl DesignSpace {
    /// The `candidates`, each with one level for each axis. `levels` are the numbers of levels, each at least 1
    /// and more than any level that is used.
    pub fn new(levels: Vec<usize>, candidates: impl IntoIterator<Item = impl AsRef<[usize]>>) -> Self {
        let starts: Vec<usize> = levels
            .iter()
            .scan(1, |next, count| {
                let start = *next;
                *next += count;
                Some(start)
            })
            .collect();
        let (mut slots, mut count) = (Vec::new(), 0);
        for candidate in candidates {
            slots.extend(starts.iter().zip(candidate.as_ref()).map(|(start, level)| (start + level) as u32));
            count += 1;
        }
        Self { levels, starts, slots, count }
    }

    /// All combinations that are `allowed`, the last axis varying fastest.
    pub fn product(levels: Vec<usize>, allowed: impl Fn(&[usize]) -> bool) -> Self {
        let count: usize = levels.iter().product();
        let mut combination = vec![0; levels.len()];
        let mut kept = Vec::new();
        for number in 0..count {
            let mut rest = number;
            for (level, of) in combination.iter_mut().zip(&levels).rev() {
                *level = rest % of;
                rest /= of;
            }
            if allowed(&combination) {
                kept.push(combination.clone());
            }
        }
        Self::new(levels, kept)
    }

    /// Number of levels of each axis.
    pub fn levels(&self) -> &[usize] {
        &self.levels
    }

    /// Number of candidates.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Returns true if there are no candidates.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Level of each axis in a candidate.
    pub fn combination(&self, candidate: usize) -> Vec<usize> {
        self.starts.iter().zip(self.slots_of(candidate)).map(|(start, slot)| *slot as usize - start).collect()
    }

    /// Number of parameters of the model of main effects: the constant, and each level but one of each axis.
    pub fn parameters(&self) -> usize {
        1 + self.levels.iter().map(|levels| levels - 1).sum::<usize>()
    }

    /// True if no combination of the levels is left out.
    pub(super) fn is_product(&self) -> bool {
        self.levels.iter().try_fold(1usize, |product, levels| product.checked_mul(*levels))
            == Some(self.count)
    }

    /// Slots of a candidate, without that of the constant.
    pub(super) fn slots_of(&self, candidate: usize) -> &[u32] {
        let width = self.levels.len();
        &self.slots[candidate * width..(candidate + 1) * width]
    }

    /// Slot of a level of an axis.
    pub(super) fn slot(&self, axis: usize, level: usize) -> usize {
        self.starts[axis] + level
    }

    /// Slots of all candidates.
    pub(super) fn all_slots(&self) -> impl Iterator<Item = &[u32]> {
        (0..self.count).map(|candidate| self.slots_of(candidate))
    }

    /// Number of slots.
    pub(super) fn slot_count(&self) -> usize {
        1 + self.levels.iter().sum::<usize>()
    }

    /// Axis and level of each column of the model after the constant.
    pub(super) fn column_levels(&self) -> impl Iterator<Item = (usize, usize)> {
        let of = |(axis, levels): (usize, &usize)| (1..*levels).map(move |level| (axis, level));
        self.levels.iter().enumerate().flat_map(of)
    }

    /// Column of each slot; `None` for first levels.
    pub(super) fn columns_by_slot(&self) -> Vec<Option<usize>> {
        let mut columns = vec![None; self.slot_count()];
        columns[0] = Some(0);
        for (column, (axis, level)) in self.column_levels().enumerate() {
            columns[self.slot(axis, level)] = Some(column + 1);
        }
        columns
    }

    /// Row of a candidate in X, as the columns that are 1.
    pub(super) fn columns_of(&self, candidate: usize, by_slot: &[Option<usize>]) -> Vec<usize> {
        let slots = self.slots_of(candidate).iter().map(|slot| *slot as usize);
        std::iter::once(0).chain(slots).filter_map(|slot| by_slot[slot]).collect()
    }

    /// Σ weight·x·xᵀ over candidates with weights, row by row; only the lower triangle is filled.
    pub(super) fn moments(&self, weighted: impl Iterator<Item = (usize, f64)>) -> Vec<f64> {
        let (size, by_slot) = (self.parameters(), self.columns_by_slot());
        let mut moments = vec![0.0; size * size];
        for (candidate, weight) in weighted {
            let columns = self.columns_of(candidate, &by_slot);
            for (at, row) in columns.iter().enumerate() {
                // Columns ascend.
                columns[..=at].iter().for_each(|column| moments[row * size + column] += weight);
            }
        }
        moments
    }

    /// A matrix of the model's columns, row by row, with its rows and columns by slots instead.
    pub(super) fn by_slots(&self, matrix: &[f64]) -> Vec<f64> {
        let (size, width, columns) = (self.parameters(), self.slot_count(), self.columns_by_slot());
        let mut by_slots = vec![0.0; width * width];
        for (row, column) in columns.iter().enumerate() {
            let Some(column) = column else { continue };
            for (at, other) in columns.iter().enumerate() {
                by_slots[row * width + at] = other.map_or(0.0, |other| matrix[column * size + other]);
            }
        }
        by_slots
    }
}
