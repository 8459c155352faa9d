//! Problems in which every start leads to the same clustering.

use crate::data::Points;
use crate::float::Float;

/// The rows to start from, if every choice of rows would end in the same clustering: with one cluster, with
/// as many clusters as rows, or if all rows are equal.
///
/// Neither seeding nor restarts are then needed. The iterations run as from any other start, and end at
/// once.
pub(super) fn only_start<F: Float>(
    points: &Points<'_, F>,
    n_clusters: usize,
) -> Option<Vec<usize>> {
    let first = points.rows().row(0);
    let all_equal = || points.rows().iter().all(|row| row == first);
    let only = n_clusters == 1 || n_clusters == points.len() || all_equal();
    only.then(|| (0..n_clusters).collect())
}
