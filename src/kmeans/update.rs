//! From labels to centroids: means of the clusters, with empty clusters put to use.

use std::borrow::Cow;
use std::collections::BinaryHeap;

use crate::float::Float;
use crate::kernels::{Packed, Rows, sq_dist};
use crate::parallel::{self, BLOCK};
use crate::points::Points;

use super::sums::ClusterSums;

/// How the centroids moved.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Moved {
    /// Whether any of them did, however little.
    pub(crate) any: bool,
    /// The squared distances that they moved, summed.
    pub(crate) sq_shift: f64,
    /// The largest distance that one of them moved.
    pub(crate) max_shift: f64,
    /// Clusters without weight.
    pub(crate) empty_clusters: usize,
}

/// Replaces `centroids` by the weighted means of the points with their label, whose sums are given; the
/// `labels` themselves are asked for where a cluster is empty.
///
/// A cluster without weight takes the point farthest from its centroid out of another cluster.
/// Where all points lie at their centroids, the cluster stays empty, and its centroid becomes a
/// copy of that of the heaviest cluster.
pub(crate) fn update<'a, F: Float>(
    points: &Points<'_, F>,
    labels: impl FnOnce() -> Cow<'a, [u32]>,
    mut sums: ClusterSums,
    centroids: &mut Packed<F>,
) -> Moved {
    let d = points.n_features();
    let is_empty = |sums: &[f64]| sums[d] == 0.0;
    let empty: Vec<usize> = (0..centroids.len())
        .filter(|&c| is_empty(&sums.values[c * (d + 1)..][..d + 1]))
        .collect();
    if !empty.is_empty() {
        relocate(points, &labels(), centroids, &empty, &mut sums);
    }
    let ClusterSums {
        origin,
        values: sums,
    } = sums;
    let heaviest = (0..centroids.len()).fold(0, |heaviest, c| {
        if sums[c * (d + 1) + d] > sums[heaviest * (d + 1) + d] {
            c
        } else {
            heaviest
        }
    });
    let mut means = Vec::with_capacity(centroids.len() * d);
    for own in sums.chunks_exact(d + 1) {
        let sums = if is_empty(own) {
            &sums[heaviest * (d + 1)..][..d + 1]
        } else {
            own
        };
        means.extend((0..d).map(|j| mean::<F>(origin[j], sums[j], sums[d])));
    }
    let means = Rows::new(&means, d);
    let mut moved = Moved {
        any: means.data() != centroids.rows().data(),
        empty_clusters: empty.len(),
        ..Moved::default()
    };
    for (before, after) in centroids.rows().iter().zip(means.iter()) {
        let sq_shift = sq_dist(before, after);
        moved.sq_shift += sq_shift;
        moved.max_shift = moved.max_shift.max(sq_shift.sqrt());
    }
    centroids.replace(&means);
    moved
}

/// The mean of numbers of which `sum` is the sum of their distances from `origin`. It is rounded as
/// if the numbers had been added up themselves where that is exact, as it is for short numbers, and
/// is the origin where all of them are.
fn mean<F: Float>(origin: f64, sum: f64, weight: f64) -> F {
    F::from_f64(if sum == 0.0 {
        origin
    } else {
        (origin * weight + sum) / weight
    })
}

/// Moves the points farthest from their centroids, one for each empty cluster, out of `sums`' rows
/// of their clusters and into those of the empty ones. The first empty cluster takes the farthest
/// point, of equally far ones the first. No cluster gives its last point.
fn relocate<F: Float>(
    points: &Points<'_, F>,
    labels: &[u32],
    centroids: &Packed<F>,
    empty: &[usize],
    sums: &mut ClusterSums,
) {
    let width = points.n_features() + 1;
    let sq_dists = sq_dists_to_own(points, labels, &centroids.rows());
    let mut left = vec![0_usize; centroids.len()];
    let mut farthest = BinaryHeap::with_capacity(labels.len());
    for (row, (&label, &sq_dist)) in labels.iter().zip(&sq_dists).enumerate() {
        if points.weight(row) > 0.0 {
            left[label as usize] += 1;
            if sq_dist > rounding(points.rows().row(row)) {
                // NOTE: the bits of positive numbers are ordered as the numbers are.
                farthest.push((sq_dist.to_bits(), std::cmp::Reverse(row)));
            }
        }
    }
    for &cluster in empty {
        let row = loop {
            match farthest.pop() {
                None => return,
                Some((_, std::cmp::Reverse(row))) if left[labels[row] as usize] > 1 => break row,
                Some(_) => {}
            }
        };
        let donor = labels[row] as usize;
        left[donor] -= 1;
        let weight = points.weight(row);
        let x = points
            .rows()
            .row(row)
            .iter()
            .zip(&sums.origin)
            .map(|(x, m)| weight * (x.to_f64() - m));
        for (j, part) in x.chain([weight]).enumerate() {
            sums.values[donor * width + j] -= part;
            sums.values[cluster * width + j] += part;
        }
    }
}

/// A point within this squared distance of its centroid may be equal to it but for the rounding of
/// the mean: the mean of many equal numbers can be several roundings off.
fn rounding<F: Float>(row: &[F]) -> f64 {
    let sq_norm: f64 = row.iter().map(|x| x.to_f64() * x.to_f64()).sum();
    (16.0 * F::UNIT_ROUNDOFF).powi(2) * sq_norm
}

/// Measuring a point takes about as long as so many multiply-adds more than it has features.
const OVERHEAD: usize = 16;

/// The squared distance of each point to the centroid of its label.
fn sq_dists_to_own<F: Float>(
    points: &Points<'_, F>,
    labels: &[u32],
    centroids: &Rows<'_, F>,
) -> Vec<f64> {
    let mut sq_dists = vec![0.0; points.len()];
    let work = points.len() * (points.n_features() + OVERHEAD);
    parallel::fill_blocks(&mut sq_dists, 1, BLOCK, work, |range, out| {
        let rows = points.rows().slice(range.clone());
        points
            .kernels
            .sq_dists_to_own(&rows, centroids, &labels[range], out);
        0
    });
    sq_dists
}

/// The weighted sum of squared distances of the points to the centroids of their labels.
pub(crate) fn inertia<F: Float>(
    points: &Points<'_, F>,
    labels: &[u32],
    centroids: &Rows<'_, F>,
) -> f64 {
    let work = points.len() * (points.n_features() + OVERHEAD);
    let sums = parallel::map_blocks(points.len(), BLOCK, work, |range| {
        let mut sq_dists = [0.0; BLOCK];
        let sq_dists = &mut sq_dists[..range.len()];
        let rows = points.rows().slice(range.clone());
        points
            .kernels
            .sq_dists_to_own(&rows, centroids, &labels[range.clone()], sq_dists);
        range
            .zip(sq_dists)
            .map(|(row, sq_dist)| points.weight(row) * *sq_dist)
            .sum::<f64>()
    });
    sums.into_iter().sum()
}
