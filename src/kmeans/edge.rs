//! Problems whose start leaves nothing to choose.

use crate::data::Points;
use crate::float::Float;

/// The rows to start from, where every choice of rows would end in the same clustering: one
/// cluster, as many clusters as rows, or rows that are all equal.
///
/// Neither seeding nor restarts are needed then. The iterations run as for any other start, and
/// end at once.
pub(super) fn only_start<F: Float>(
    points: &Points<'_, F>,
    n_clusters: usize,
) -> Option<Vec<usize>> {
    let first = points.rows().row(0);
    let all_equal = || points.rows().iter().all(|row| row == first);
    let only = n_clusters == 1 || n_clusters == points.len() || all_equal();
    only.then(|| (0..n_clusters).collect())
}
