//! The sums of the points of each cluster, over all points.

use std::ops::Range;

use crate::float::Float;
use crate::kernels::Packed;
use crate::parallel;
use crate::points::Points;

/// Sums of at most this many values are kept once for each part of the rows. Longer ones are cut
/// by features instead, so that they exist only once.
///
/// PERF: 64 KB, a part of the second-level cache; 64 parts of them are 4 MB.
const LONGEST_PART: usize = 8192;

/// Adding a point to its cluster takes about as long as so many multiply-adds more than it has
/// features.
const OVERHEAD: usize = 32;

/// Cuts are at least this wide: a cache line of f32.
const NARROWEST_CUT: usize = 16;

/// The features of one cut. Narrow ones make more work to share, wide ones read longer runs.
///
/// PERF: on 10,000 x 784, k = 100, cuts of 112 take half the time of cuts of 16.
fn cut_width(n_features: usize) -> usize {
    (n_features / 8)
        .next_multiple_of(NARROWEST_CUT)
        .clamp(NARROWEST_CUT, 128)
}

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
    let work = n * (d + OVERHEAD);
    let all = |features| add(points, 0..n, labels, centroids, features);
    if are_short(centroids) {
        let parts = parallel::map_parts(n, work, |rows| {
            part_sums(points, rows.clone(), &labels[rows], centroids)
        });
        return total(parts);
    }
    if d <= cut_width(d) {
        return all(0..d);
    }
    let cuts = parallel::map_blocks(d, cut_width(d), work, all);
    let mut sums = vec![0.0; centroids.len() * (d + 1)];
    for (cut, values) in cuts.iter().enumerate() {
        let width = values.len() / centroids.len();
        for (sums, values) in sums.chunks_exact_mut(d + 1).zip(values.chunks_exact(width)) {
            let (weight, values) = values
                .split_last()
                .expect("the weight is behind the features");
            sums[cut * cut_width(d)..][..values.len()].copy_from_slice(values);
            sums[d] = *weight;
        }
    }
    sums
}

/// Whether the sums are made part by part: they are [`part_sums`], added up by [`total`].
pub(crate) fn are_short<F: Float>(centroids: &Packed<F>) -> bool {
    centroids.len() * (centroids.origin().len() + 1) <= LONGEST_PART
}

/// The sums over a part of the rows, with their labels.
pub(crate) fn part_sums<F: Float>(
    points: &Points<'_, F>,
    rows: Range<usize>,
    labels: &[u32],
    centroids: &Packed<F>,
) -> Vec<f64> {
    add(points, rows, labels, centroids, 0..points.n_features())
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

fn add<F: Float>(
    points: &Points<'_, F>,
    rows: Range<usize>,
    labels: &[u32],
    centroids: &Packed<F>,
    features: Range<usize>,
) -> Vec<f64> {
    let mut sums = vec![0.0; centroids.len() * (features.len() + 1)];
    let data = points.labelled(rows, labels);
    points
        .kernels
        .accumulate(data, centroids.origin(), features, &mut sums);
    sums
}
