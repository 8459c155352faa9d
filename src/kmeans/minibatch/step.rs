//! The effect of a batch on the centroids.
//!
//! ```text
//! label the rows of the batch with their nearest centroids
//! move each centroid to the mean of all rows that it was ever given
//! now and then: put centroids that have seen little in the place of rows that are far from theirs
//! ```
//!
//! D. Sculley, *Web-scale k-means clustering*, WWW 2010, doi:10.1145/1772690.1772862. The last line is
//! an addition of scikit-learn's.

use crate::data::Points;
use crate::float::Float;
use crate::kernels::{NO_LABEL, Packed, Rows, sq_dist};
use crate::kmeans::sums::{MOST_VALUES, OVERHEAD};
use crate::kmeans::{engine, update};
use crate::parallel::{Blocks, PARTS};
use crate::random::{Stream, weighted_without_replacement};

/// After this many rows per cluster, centroids that have received few rows are looked for again.
const ROWS_BETWEEN: f64 = 10.0;

/// Centroids, and the weight that each of them has received.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::kmeans) struct RunningMeans<F: Float> {
    /// The means, `k x d`, in f64: in a long stream, a row adds less than the precision of `F` can hold.
    pub(in crate::kmeans) means: Vec<f64>,
    /// The weight of the rows that each has been given.
    pub(in crate::kmeans) weights: Vec<f64>,
    /// The number of rows since centroids that have received few rows were last looked for.
    pub(in crate::kmeans) rows_since: f64,
    /// The same centroids, rounded.
    packed: Packed<F>,
}

/// The effect of a batch.
#[derive(Clone, Copy, Debug)]
pub(super) struct BatchStats {
    /// The weighted sum of squared distances to the centroids before they moved.
    pub(super) inertia: f64,
    /// The sum of the squared distances by which centroids moved.
    pub(super) sq_shift: f64,
    /// The largest distance that one of them moved.
    pub(super) max_shift: f64,
    /// The number of centroids that were moved to rows.
    pub(super) replaced: usize,
    /// Distances computed.
    pub(super) distances: usize,
}

impl<F: Float> RunningMeans<F> {
    /// Centroids that have received nothing. The first rows that they receive replace them.
    pub(super) fn new(start: &Rows<'_, F>) -> Self {
        Self::from_parts(
            start.data().iter().map(|x| x.to_f64()).collect(),
            vec![0.0; start.len()],
            0.0,
        )
    }

    /// IN: `means`, for each of the `weights` as many values, which are in the range of `F`.
    pub(in crate::kmeans) fn from_parts(
        means: Vec<f64>,
        weights: Vec<f64>,
        rows_since: f64,
    ) -> Self {
        let packed = pack(&means, means.len() / weights.len());
        Self {
            means,
            weights,
            rows_since,
            packed,
        }
    }

    pub(super) fn packed(&self) -> &Packed<F> {
        &self.packed
    }

    /// Processes a batch of at least one row.
    pub(super) fn step(
        &mut self,
        batch: &Points<'_, F>,
        reassignment_ratio: f64,
        stream: &mut Stream,
    ) -> BatchStats {
        let mut labels = vec![NO_LABEL; batch.len()];
        let assigned = engine::label(batch, &self.packed, &mut labels);
        let inertia = update::inertia(batch, &labels, &self.packed.rows());
        self.take_in(&sums_of_batch(batch, &labels, &self.packed));
        let replaced = self.replace(batch, &labels, reassignment_ratio, stream);
        let before = std::mem::replace(&mut self.packed, pack(&self.means, batch.n_features()));
        let (before, after) = (before.rows(), self.packed.rows());
        let pairs = before.iter().zip(after.iter());
        let (sq_shift, largest) = pairs.fold((0.0, 0.0_f64), |(sum, largest), (before, after)| {
            let sq_shift = sq_dist(before, after);
            (sum + sq_shift, largest.max(sq_shift))
        });
        BatchStats {
            inertia,
            sq_shift,
            max_shift: largest.sqrt(),
            replaced,
            distances: assigned.distances,
        }
    }

    /// Moves the centroids to the means of the rows they had and the rows they receive now.
    ///
    /// IN: `sums` about the origin of the centroids.
    fn take_in(&mut self, sums: &[f64]) {
        let origin = self.packed.origin();
        let d = origin.len();
        let means = self.means.chunks_exact_mut(d).zip(&mut self.weights);
        for ((mean, weight), own) in means.zip(sums.chunks_exact(d + 1)) {
            let added = own[d];
            if added > 0.0 {
                *weight += added;
                for ((mean, origin), sum) in mean.iter_mut().zip(origin).zip(own) {
                    *mean += (sum + (origin - *mean) * added) / *weight;
                }
            }
        }
    }

    /// Moves centroids to rows of the batch: those whose weight is below `ratio` times the largest weight,
    /// the lightest first, but at most half as many as the batch has rows. From then on they count as much
    /// as the lightest of the others. Returns how many were moved.
    ///
    /// NOTE: scikit-learn draws the rows uniformly. A centroid of a small cluster that a batch missed may
    /// then end up next to another one, and the cluster is lost.
    fn replace(
        &mut self,
        batch: &Points<'_, F>,
        labels: &[u32],
        ratio: f64,
        stream: &mut Stream,
    ) -> usize {
        let n_clusters = self.weights.len();
        self.rows_since += batch.len() as f64;
        let has_empty = self.weights.contains(&0.0);
        if !has_empty && self.rows_since < ROWS_BETWEEN * n_clusters as f64 {
            return 0;
        }
        self.rows_since = 0.0;
        let most = self.weights.iter().copied().fold(0.0, f64::max);
        let mut clusters: Vec<usize> = (0..n_clusters)
            .filter(|&c| self.weights[c] < ratio * most)
            .collect();
        clusters.sort_by(|&a, &b| self.weights[a].total_cmp(&self.weights[b]));
        clusters.truncate(batch.len() / 2);
        if clusters.is_empty() {
            return 0;
        }
        let rows = rows_by_distance(batch, labels, &self.packed, clusters.len(), stream);
        clusters.truncate(rows.len());
        let d = batch.n_features();
        for (&cluster, row) in clusters.iter().zip(rows) {
            let mean = &mut self.means[cluster * d..][..d];
            let values = batch.rows().row(row).iter();
            mean.iter_mut()
                .zip(values)
                .for_each(|(mean, x)| *mean = x.to_f64());
        }
        clusters.iter().for_each(|&c| self.weights[c] = most);
        let least = self.weights.iter().copied().fold(most, f64::min);
        clusters.iter().for_each(|&c| self.weights[c] = least);
        clusters.len()
    }
}

/// For each cluster the sum of weight times the distance of a row from the origin of the centroids, then that
/// of the weights; rounded, in an order that depends on the shape of the problem alone.
fn sums_of_batch<F: Float>(
    batch: &Points<'_, F>,
    labels: &[u32],
    centroids: &Packed<F>,
) -> Vec<f64> {
    let (n, d) = (batch.len(), batch.n_features());
    let len = centroids.len() * (d + 1);
    let n_parts = (MOST_VALUES / len)
        .min(n / (4 * centroids.len()))
        .clamp(1, PARTS);
    let parts = Blocks::parts(n, n_parts, n * (d + OVERHEAD)).map(|rows| {
        let mut sums = vec![0.0; len];
        let data = batch.labelled(rows.clone(), &labels[rows]);
        let kernels = batch.kernels;
        kernels.accumulate(data, centroids.origin(), &mut sums);
        sums
    });
    let added = |mut sums: Vec<f64>, part: Vec<f64>| {
        let pairs = sums.iter_mut().zip(part);
        pairs.for_each(|(sum, part)| *sum += part);
        sums
    };
    let sums = parts.into_iter().reduce(added);
    sums.expect("there is at least one row")
}

/// `count` different rows, drawn one after another with probability proportional to weight times squared
/// distance to their centroid; or all rows that lie away from theirs, if there are fewer.
fn rows_by_distance<F: Float>(
    batch: &Points<'_, F>,
    labels: &[u32],
    centroids: &Packed<F>,
    count: usize,
    stream: &mut Stream,
) -> Vec<usize> {
    let sq_dists = update::sq_dists_to_own(batch, labels, &centroids.rows());
    let weighted = sq_dists.iter().enumerate();
    let weighted = weighted.map(|(row, sq_dist)| batch.weight(row) * sq_dist);
    weighted_without_replacement(weighted, count, stream)
}

/// Means, rounded.
fn pack<F: Float>(means: &[f64], n_features: usize) -> Packed<F> {
    let means: Vec<F> = means.iter().map(|&mean| update::round_mean(mean)).collect();
    Packed::new(&Rows::new(&means, n_features))
}
