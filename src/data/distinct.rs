//! Distinct rows.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hash, Hasher};

use crate::float::Float;

/// The values of a row: a slice, or an array where the number of features is known to the compiler.
pub(crate) trait RowValues: Copy + PartialEq {
    /// Equal for equal rows.
    fn hash(self) -> u64;
}

impl<F: Float> RowValues for &[F] {
    #[inline(always)]
    fn hash(self) -> u64 {
        hash(self)
    }
}

impl<F: Float, const D: usize> RowValues for [F; D] {
    #[inline(always)]
    fn hash(self) -> u64 {
        hash(&self)
    }
}

#[inline(always)]
fn hash<F: Float>(row: &[F]) -> u64 {
    let mix = |hash: u64, x: &F| {
        // NOTE: 0 and -0 are equal; adding 0 makes one of them.
        (hash ^ (x.to_f64() + 0.0).to_bits())
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .rotate_left(29)
    };
    let hash = row.iter().fold(0, mix);
    // The table looks at the lowest bits and at the highest.
    hash ^ hash.rotate_left(32)
}

/// A finite row, which equals itself.
#[derive(Clone, Copy, PartialEq)]
struct RowKey<R>(R);

impl<R: RowValues> Eq for RowKey<R> {}

impl<R: RowValues> Hash for RowKey<R> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0.hash());
    }
}

/// Returns the one number that is written to it.
#[derive(Default)]
struct Identity(u64);

impl Hasher for Identity {
    fn write(&mut self, bytes: &[u8]) {
        bytes
            .iter()
            .for_each(|&byte| self.0 = (self.0 << 8) | u64::from(byte));
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// Numbers the distinct rows among finite ones, in the order in which they appear.
///
/// PERF: 1,024 groups of 256 rows of three features took 2.1 ms with about 60 distinct rows in a group, and
/// 3.0 ms with nearly all of them distinct; with the standard hash 4.7 and 5.3 ms, with a table of our own,
/// probed in steps of one, 1.6 and 8.9 ms.
pub(crate) struct DistinctRows<R> {
    ids: HashMap<RowKey<R>, u32, BuildHasherDefault<Identity>>,
    n_ids: u32,
}

impl<R: RowValues> DistinctRows<R> {
    /// Without rows, and with room for this many distinct ones.
    pub(crate) fn with_capacity(n_rows: usize) -> Self {
        Self {
            ids: HashMap::with_capacity_and_hasher(n_rows, BuildHasherDefault::default()),
            n_ids: 0,
        }
    }

    /// The id of a row. That of a new row is the number of ids so far.
    pub(crate) fn id(&mut self, row: R) -> u32 {
        let id = *self.ids.entry(RowKey(row)).or_insert(self.n_ids);
        self.n_ids += u32::from(id == self.n_ids);
        id
    }

    /// Gives a new id to a row, whatever id it had so far.
    pub(crate) fn renew(&mut self, row: R) -> u32 {
        self.ids.insert(RowKey(row), self.n_ids);
        self.n_ids += 1;
        self.n_ids - 1
    }

    /// The number of ids.
    pub(crate) fn len(&self) -> usize {
        self.n_ids as usize
    }
}

/// The number of distinct rows among finite ones.
pub(crate) fn count_distinct<R: RowValues>(rows: impl ExactSizeIterator<Item = R>) -> usize {
    let mut distinct = DistinctRows::with_capacity(rows.len());
    rows.for_each(|row| _ = distinct.id(row));
    distinct.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_rows_have_one_id() {
        let rows = [[1.0, 2.0], [2.0, 1.0], [1.0, 2.0], [-0.0, 3.0], [0.0, 3.0]];
        let mut distinct = DistinctRows::with_capacity(0);
        let ids = rows.map(|row| distinct.id(row));
        assert_eq!((ids, distinct.len()), ([0, 1, 0, 2, 2], 3));
        assert_eq!(count_distinct(rows.iter().map(<[f64; 2]>::as_slice)), 3);
        assert_eq!(distinct.renew([2.0, 1.0]), 3);
        assert_eq!((distinct.id([2.0, 1.0]), distinct.id([5.0, 5.0])), (3, 4));
    }

    #[test]
    fn hashes_of_small_whole_numbers_differ() {
        let rows = (0..4096_u32).map(|i| [(i % 16) as f32, (i / 16 % 16) as f32, (i / 256) as f32]);
        let hashes: std::collections::HashSet<u64> = rows.map(RowValues::hash).collect();
        assert_eq!(hashes.len(), 4096);
    }
}
