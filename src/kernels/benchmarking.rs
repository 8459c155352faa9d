//! What the benchmarks of the kernels see. Not part of the public interface.

use super::{Kernels, Packed, Rows, detect};
use crate::float::Float;

/// The names of the tables that this processor can run, the fastest first.
pub fn tables<F: Float>() -> Vec<&'static str> {
    F::tables().iter().map(|table| table.name).collect()
}

/// The name of the table that fits use.
pub fn in_use<F: Float>() -> &'static str {
    detect::<F>().name
}

/// The nearest-centroid kernel of one table, with centroids.
#[derive(Debug)]
pub struct Nearest<F: Float> {
    table: &'static Kernels<F>,
    centroids: Packed<F>,
}

impl<F: Float> Nearest<F> {
    /// IN: `table`, the name of a table; `centroids`, a whole number of rows of `n_features`
    /// values. `None` if there is no such table, or the rows are not whole.
    pub fn new(table: &str, centroids: &[F], n_features: usize) -> Option<Self> {
        let table = F::tables()
            .iter()
            .find(|candidate| candidate.name == table)?;
        if n_features == 0 || centroids.is_empty() || !centroids.len().is_multiple_of(n_features) {
            return None;
        }
        Some(Self {
            table,
            centroids: Packed::new(&Rows::new(centroids, n_features)),
        })
    }

    /// IN: `points`, rows of as many features. OUT: `labels`, one for each point. Returns how many
    /// points direct distances had to decide.
    ///
    /// # Panics
    /// If the lengths do not fit.
    pub fn run(&self, points: &[F], labels: &mut [u32]) -> usize {
        let points = Rows::new(points, self.centroids.origin().len());
        self.table
            .nearest(&points, &self.centroids, labels)
            .exact_checks
    }
}
