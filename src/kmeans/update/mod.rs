//! From labels to centroids: means of the clusters, with empty clusters put to use.

mod farthest;
mod inertia;

use crate::float::Float;
use crate::kernels::{Packed, Rows, sq_dist};
use crate::kmeans::sums::Sums;
use crate::numeric::LongSums;

pub(crate) use farthest::Farthest;
pub(crate) use inertia::{
    add_inertia, inertia, inertia_of_block, is_below_noise, noise, sq_dists_to_own,
};

/// How the centroids moved.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct UpdateStats {
    /// Whether any of them did, however little.
    pub(crate) any: bool,
    /// The squared distances that they moved, summed.
    pub(crate) sq_shift: f64,
    /// The largest distance that one of them moved.
    pub(crate) max_shift: f64,
    /// Clusters without weight.
    pub(crate) empty_clusters: usize,
}

/// The clusters without weight.
pub(crate) fn empty_clusters(sums: &Sums) -> Vec<usize> {
    let weights = sums.values.iter().skip(sums.n_features);
    let weights = weights.step_by(sums.n_features + 1).enumerate();
    let empty = weights.filter(|&(_, &weight)| weight == 0.0);
    empty.map(|(cluster, _)| cluster).collect()
}

/// How many of the farthest points are enough to fill `empty` clusters. Of each cluster one point at most is passed
/// over: its last.
pub(crate) fn wanted(empty: usize, n_clusters: usize) -> usize {
    empty + n_clusters
}

/// Replaces `centroids` by the weighted means of the points with their label, whose sums are given, after
/// [`relocate`] where clusters were empty. A cluster that still is has its centroid become a copy of that of
/// the heaviest cluster.
///
/// IN: `empty_clusters`, how many were.
pub(crate) fn update<F: Float>(
    sums: &Sums,
    empty_clusters: usize,
    centroids: &mut Packed<F>,
) -> UpdateStats {
    let d = sums.n_features;
    let sums = &sums.values[..];
    let heaviest = (0..centroids.len()).fold(0, |heaviest, c| {
        if sums[c * (d + 1) + d] > sums[heaviest * (d + 1) + d] {
            c
        } else {
            heaviest
        }
    });
    let mut means = Vec::with_capacity(centroids.len() * d);
    for own in sums.chunks_exact(d + 1) {
        let own = match own[d] {
            0.0 => &sums[heaviest * (d + 1)..][..d + 1],
            _ => own,
        };
        means.extend(own[..d].iter().map(|sum| round_mean::<F>(sum / own[d])));
    }
    let means = Rows::new(&means, d);
    let mut moved = UpdateStats {
        any: means.data() != centroids.rows().data(),
        empty_clusters,
        ..UpdateStats::default()
    };
    for (before, after) in centroids.rows().iter().zip(means.iter()) {
        let sq_shift = sq_dist(before, after);
        moved.sq_shift += sq_shift;
        moved.max_shift = moved.max_shift.max(sq_shift.sqrt());
    }
    centroids.replace(&means);
    moved
}

/// No mean of data lies beyond what data may be, but its rounding may.
pub(crate) fn round_mean<F: Float>(mean: f64) -> F {
    let largest = F::MAX_MAGNITUDE.to_f64();
    F::from_f64(mean.clamp(-largest, largest))
}

/// Moves the points farthest from their centroids, one for each empty cluster, out of the sums of their clusters
/// and into those of the empty ones. The first empty cluster takes the farthest point, of equally far ones the
/// first. No cluster gives its last point. Where all points lie at their centroids, a cluster stays empty.
///
/// IN, OUT: `sums`, for each cluster that of each feature, then that of the weights.
pub(crate) fn relocate<F: Float>(
    farthest: Farthest<F>,
    empty: &[usize],
    sums: &mut LongSums,
    n_features: usize,
) {
    let width = n_features + 1;
    let (points, mut left) = farthest.into_parts();
    let mut points = points.into_iter();
    for &cluster in empty {
        let Some(point) = points.find(|point| left[point.label] > 1) else {
            return;
        };
        left[point.label] -= 1;
        let values = point.values.iter().map(|x| x.to_f64());
        for (j, x) in values.chain([1.0]).enumerate() {
            sums.add_product(point.label * width + j, -point.weight, x);
            sums.add_product(cluster * width + j, point.weight, x);
        }
    }
}
