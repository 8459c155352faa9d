//! Rows of data as the kernels see them.

use std::ops::Range;

/// A block of rows in memory, row-major, without gaps.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rows<'a, F> {
    data: &'a [F],
    n_features: usize,
}

impl<'a, F> Rows<'a, F> {
    /// IN: `data`, a whole number of rows of `n_features` values, at least one.
    pub(crate) fn new(data: &'a [F], n_features: usize) -> Self {
        assert!(
            n_features > 0 && data.len().is_multiple_of(n_features),
            "rows must be whole"
        );
        Self { data, n_features }
    }

    #[inline(always)]
    pub(crate) fn len(&self) -> usize {
        self.data.len() / self.n_features
    }

    #[inline(always)]
    pub(crate) fn n_features(&self) -> usize {
        self.n_features
    }

    #[inline(always)]
    pub(crate) fn data(&self) -> &'a [F] {
        self.data
    }

    #[inline(always)]
    pub(crate) fn row(&self, index: usize) -> &'a [F] {
        &self.data[index * self.n_features..][..self.n_features]
    }

    #[inline(always)]
    pub(crate) fn iter(&self) -> std::slice::ChunksExact<'a, F> {
        self.data.chunks_exact(self.n_features)
    }

    #[inline(always)]
    pub(crate) fn slice(&self, range: Range<usize>) -> Self {
        let data = &self.data[range.start * self.n_features..range.end * self.n_features];
        Self { data, ..*self }
    }
}
