//! What the benchmarks of the kernels see. Not part of the public interface.

use super::{Kernels, Packed, Panels, Rows, detect};
use crate::float::Float;

/// The names of the tables that this processor can run, the fastest first.
pub fn tables<F: Float>() -> Vec<&'static str> {
    F::tables().iter().map(|table| table.name).collect()
}

/// The name of the table that fits use.
pub fn in_use<F: Float>() -> &'static str {
    detect::<F>().name
}

fn table<F: Float>(name: &str) -> Option<&'static Kernels<F>> {
    F::tables().iter().find(|table| table.name == name).copied()
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
        let table = self::table(table)?;
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

/// The product kernel of one table, with the second matrix.
#[derive(Debug)]
pub struct Products<F: Float> {
    table: &'static Kernels<F>,
    columns: Panels<F>,
    n_rows: usize,
}

impl<F: Float> Products<F> {
    /// IN: `table`, the name of a table; `matrix`, whole rows of `n_columns` values. `None` if there is
    /// no such table, or the rows are not whole.
    pub fn new(table: &str, matrix: &[F], n_columns: usize) -> Option<Self> {
        let table = self::table(table)?;
        if n_columns == 0 || matrix.is_empty() || !matrix.len().is_multiple_of(n_columns) {
            return None;
        }
        let matrix = Rows::new(matrix, n_columns);
        Some(Self {
            table,
            columns: Panels::new(&matrix),
            n_rows: matrix.len(),
        })
    }

    /// IN: `rows` of the first matrix. OUT: `out`, the product, row by row.
    ///
    /// # Panics
    /// If the lengths do not fit.
    pub fn run(&self, rows: &[F], out: &mut [F]) {
        let rows = Rows::new(rows, self.n_rows);
        self.table.products(&rows, &self.columns, out);
    }
}
