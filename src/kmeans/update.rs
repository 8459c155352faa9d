//! From labels to centroids: means of the clusters, with empty clusters put to use.

use crate::data::Points;
use crate::float::Float;
use crate::kernels::{Packed, Rows, sq_dist};
use crate::numeric::{DoubleDouble, pairwise_sum};
use crate::parallel::{BLOCK, Blocks};

use super::sums::Sums;

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

/// Points at a distance from their centroids, the farthest of all that were [added](Self::add).
#[derive(Debug)]
pub(crate) struct Farthest<F> {
    /// How many are wanted.
    count: usize,
    /// The farthest, and some of which it is not decided yet.
    points: Vec<Far<F>>,
    /// The squared distance that a point must reach to be among them.
    least: f64,
    /// For each cluster how many points of positive weight it has.
    sizes: Vec<usize>,
}

#[derive(Debug)]
struct Far<F> {
    sq_dist: f64,
    row: usize,
    label: usize,
    weight: f64,
    values: Vec<F>,
}

impl<F: Float> Farthest<F> {
    pub(crate) fn new(count: usize, n_clusters: usize) -> Self {
        Self {
            count,
            points: Vec::new(),
            least: 0.0,
            sizes: vec![0; n_clusters],
        }
    }

    /// Takes in points, the rows from `first` on, of these labels.
    pub(crate) fn add(
        &mut self,
        points: &Points<'_, F>,
        first: usize,
        labels: &[u32],
        centroids: &Rows<'_, F>,
    ) {
        let sq_dists = sq_dists_to_own(points, labels, centroids);
        for (i, (&label, &sq_dist)) in labels.iter().zip(&sq_dists).enumerate() {
            let (weight, label) = (points.weight(i), label as usize);
            if weight > 0.0 {
                self.sizes[label] += 1;
                let values = points.rows().row(i);
                if sq_dist >= self.least && sq_dist > rounding(values) {
                    self.points.push(Far {
                        sq_dist,
                        row: first + i,
                        label,
                        weight,
                        values: values.to_vec(),
                    });
                    if self.points.len() >= 2 * self.count {
                        self.decide();
                    }
                }
            }
        }
    }

    /// Keeps the farthest points alone, in order, of equally far ones the first.
    fn decide(&mut self) {
        let order =
            |a: &Far<F>, b: &Far<F>| b.sq_dist.total_cmp(&a.sq_dist).then(a.row.cmp(&b.row));
        self.points.sort_unstable_by(order);
        self.points.truncate(self.count);
        if self.points.len() == self.count {
            self.least = self.points.last().map_or(0.0, |point| point.sq_dist);
        }
    }

    fn into_parts(mut self) -> (Vec<Far<F>>, Vec<usize>) {
        self.decide();
        (self.points, self.sizes)
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
pub(crate) fn sq_dists_to_own<F: Float>(
    points: &Points<'_, F>,
    labels: &[u32],
    centroids: &Rows<'_, F>,
) -> Vec<f64> {
    let mut sq_dists = vec![0.0; points.len()];
    let work = points.len() * (points.n_features() + OVERHEAD);
    Blocks::new(points.len(), BLOCK, work).fill(&mut sq_dists[..], |range, out| {
        let rows = points.rows().slice(range.clone());
        points
            .kernels
            .sq_dists_to_own(&rows, centroids, &labels[range], out);
    });
    sq_dists
}

/// The weighted sum of squared distances of the points to the centroids of their labels.
pub(crate) fn inertia<F: Float>(
    points: &Points<'_, F>,
    labels: &[u32],
    centroids: &Rows<'_, F>,
) -> f64 {
    let mut inertia = DoubleDouble::default();
    add_inertia(&mut inertia, points, labels, centroids);
    inertia.total()
}

/// Adds that of some of the points, block by block: the bits do not depend on how whole blocks are
/// put together.
pub(crate) fn add_inertia<F: Float>(
    inertia: &mut DoubleDouble,
    points: &Points<'_, F>,
    labels: &[u32],
    centroids: &Rows<'_, F>,
) {
    let work = points.len() * (points.n_features() + OVERHEAD);
    let blocks = Blocks::new(points.len(), BLOCK, work).map(|range| {
        let mut sq_dists = [0.0; BLOCK];
        let sq_dists = &mut sq_dists[..range.len()];
        let rows = points.rows().slice(range.clone());
        points
            .kernels
            .sq_dists_to_own(&rows, centroids, &labels[range.clone()], sq_dists);
        for (row, sq_dist) in range.zip(&mut *sq_dists) {
            *sq_dist *= points.weight(row);
        }
        pairwise_sum(sq_dists)
    });
    blocks.into_iter().for_each(|part| inertia.add(part));
}

/// For each cluster the squared standard error of its mean: how far it would move, squared, from one
/// sample of the points to another. Infinite where the cluster has too few points to tell.
pub(crate) fn noise<F: Float>(
    points: &Points<'_, F>,
    labels: &[u32],
    centroids: &Rows<'_, F>,
) -> Vec<f64> {
    // Points, their weight, and the weighted sum of their squared distances.
    let mut clusters = vec![(0.0, 0.0, 0.0); centroids.len()];
    let sq_dists = sq_dists_to_own(points, labels, centroids);
    for (row, (&label, sq_dist)) in labels.iter().zip(sq_dists).enumerate() {
        let (weight, own) = (points.weight(row), &mut clusters[label as usize]);
        *own = (own.0 + 1.0, own.1 + weight, own.2 + weight * sq_dist);
    }
    let error = |(count, weight, scatter): (f64, f64, f64)| match count {
        ..=1.0 => f64::INFINITY,
        _ => scatter / (weight * (count - 1.0)),
    };
    clusters.into_iter().map(error).collect()
}

/// A centroid that moves less than this many standard errors is said to be below its noise.
///
/// PERF: with 4 in place of 1 growing batches took 0.7 times as long on the colours of a photograph
/// (k = 64), and the inertia of the results, a mean over 12 seeds, was within 0.1% of that of full fits
/// either way.
const ERRORS: f64 = 4.0;

/// Whether at least half of the centroids moved less than their noise.
pub(crate) fn is_below_noise<F: Float>(
    before: &Rows<'_, F>,
    after: &Rows<'_, F>,
    noise: &[f64],
) -> bool {
    let pairs = before.iter().zip(after.iter()).zip(noise);
    let limit = |noise: &f64| ERRORS * ERRORS * noise;
    let still = pairs.filter(|((before, after), noise)| sq_dist(before, after) < limit(noise));
    2 * still.count() >= noise.len()
}
