//! The sums of the points of each cluster, over all points.

use std::ops::Range;

use crate::float::Float;
use crate::kernels::Packed;
use crate::parallel;
use crate::points::Points;

/// Each part of the rows has sums of its own. There are fewer parts if all sums together would
/// have more than this many values: 8 MB.
///
/// PERF: cutting the features among the threads instead, so that the sums exist only once, took
/// two to four times as long on 100,000 x 64 and 50,000 x 384: rows that are read in pieces are
/// not read ahead.
const MOST_VALUES: usize = 1 << 20;

/// Adding a point to its cluster takes about as long as so many multiply-adds more than it has
/// features.
const OVERHEAD: usize = 32;

/// For each cluster the sum of weight times `x - origin` over the points with its label, then the
/// sum of weights: `n_clusters x (n_features + 1)` values, row-major. The origin is that of the
/// centroids.
///
/// The order of additions depends on the shape of the problem alone.
pub(crate) fn cluster_sums<F: Float>(
    points: &Points<'_, F>,
    labels: &[u32],
    centroids: &Packed<F>,
) -> Vec<f64> {
    let (n, d) = (points.len(), points.n_features());
    let part_len = parallel::part_len(n, n_parts(n, centroids));
    total(parallel::map_blocks(
        n,
        part_len,
        n * (d + OVERHEAD),
        |rows| part_sums(points, rows.clone(), &labels[rows], centroids),
    ))
}

/// How many parts there are at most, such that adding up their sums is a small part of the work.
fn n_parts<F: Float>(n: usize, centroids: &Packed<F>) -> usize {
    let len = centroids.len() * (centroids.origin().len() + 1);
    (MOST_VALUES / len)
        .min(n / (4 * centroids.len()))
        .clamp(1, parallel::PARTS)
}

/// Whether the parts are those of [`parallel::map_parts`], so that their sums may be made with
/// [`part_sums`] and added up by [`total`].
pub(crate) fn are_short<F: Float>(n: usize, centroids: &Packed<F>) -> bool {
    n_parts(n, centroids) == parallel::PARTS
}

/// The sums over a part of the rows, with their labels.
pub(crate) fn part_sums<F: Float>(
    points: &Points<'_, F>,
    rows: Range<usize>,
    labels: &[u32],
    centroids: &Packed<F>,
) -> Vec<f64> {
    let mut sums = vec![0.0; centroids.len() * (points.n_features() + 1)];
    points
        .kernels
        .accumulate(points.labelled(rows, labels), centroids.origin(), &mut sums);
    sums
}

/// The sums over all parts, which are given in order.
pub(crate) fn total(parts: impl IntoIterator<Item = Vec<f64>>) -> Vec<f64> {
    let added = |mut sums: Vec<f64>, part: Vec<f64>| {
        sums.iter_mut()
            .zip(part)
            .for_each(|(sum, part)| *sum += part);
        sums
    };
    parts
        .into_iter()
        .reduce(added)
        .expect("there is at least one row")
}
