//! From labels to centroids: means of the clusters, with empty clusters put to use.

mod farthest;
mod inertia;

use crate::float::Float;
use crate::kernels::{Packed, Rows, sq_dist};
use crate::kmeans::sums::Sums;

pub(crate) use farthest::Farthest;
pub(crate) use inertia::{add_inertia, inertia, is_below_noise, noise, sq_dists_to_own};

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

/// Replaces `centroids` by the weighted means of the points with their label, whose sums are given; the
/// points that are `farthest` from their centroids are asked for where a cluster is empty.
///
/// A cluster without weight takes the point farthest from its centroid out of another cluster.
/// Where all points lie at their centroids, the cluster stays empty, and its centroid becomes a
/// copy of that of the heaviest cluster.
///
/// # Errors
/// That of asking for the farthest points.
pub(crate) fn update<F: Float, E>(
    mut sums: Sums,
    centroids: &mut Packed<F>,
    farthest: impl FnOnce(usize, &Packed<F>) -> Result<Farthest<F>, E>,
) -> Result<UpdateStats, E> {
    let d = sums.origin.len();
    let is_empty = |sums: &[f64]| sums[d] == 0.0;
    let empty: Vec<usize> = (0..centroids.len())
        .filter(|&c| is_empty(&sums.values[c * (d + 1)..][..d + 1]))
        .collect();
    if !empty.is_empty() {
        // Of each cluster one point at most is passed over: its last.
        let count = empty.len() + centroids.len();
        relocate(farthest(count, centroids)?, &empty, &mut sums);
    }
    let Sums {
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
    let mut moved = UpdateStats {
        any: means.data() != centroids.rows().data(),
        empty_clusters: empty.len(),
        ..UpdateStats::default()
    };
    for (before, after) in centroids.rows().iter().zip(means.iter()) {
        let sq_shift = sq_dist(before, after);
        moved.sq_shift += sq_shift;
        moved.max_shift = moved.max_shift.max(sq_shift.sqrt());
    }
    centroids.replace(&means);
    Ok(moved)
}

/// The mean of numbers of which `sum` is the sum of their distances from `origin`. It is rounded as
/// if the numbers had been added up themselves where that is exact, as it is for short numbers, and
/// is the origin where the sum is 0.
fn mean<F: Float>(origin: f64, sum: f64, weight: f64) -> F {
    round_mean(if sum == 0.0 {
        origin
    } else {
        (origin * weight + sum) / weight
    })
}

/// No mean of data lies beyond what data may be, but its rounding may.
pub(crate) fn round_mean<F: Float>(mean: f64) -> F {
    let largest = F::MAX_MAGNITUDE.to_f64();
    F::from_f64(mean.clamp(-largest, largest))
}

/// Moves the points farthest from their centroids, one for each empty cluster, out of `sums`' rows
/// of their clusters and into those of the empty ones. The first empty cluster takes the farthest
/// point, of equally far ones the first. No cluster gives its last point.
fn relocate<F: Float>(farthest: Farthest<F>, empty: &[usize], sums: &mut Sums) {
    let width = sums.origin.len() + 1;
    let (points, mut left) = farthest.into_parts();
    let mut points = points.into_iter();
    for &cluster in empty {
        let Some(point) = points.find(|point| left[point.label] > 1) else {
            return;
        };
        let (donor, weight) = (point.label, point.weight);
        left[donor] -= 1;
        let pairs = point.values.iter().zip(&sums.origin);
        let parts = pairs.map(|(x, m)| weight * (x.to_f64() - m));
        for (j, part) in parts.chain([weight]).enumerate() {
            sums.values[donor * width + j] -= part;
            sums.values[cluster * width + j] += part;
        }
    }
}
