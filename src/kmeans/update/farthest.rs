//! Points for empty clusters.

use super::sq_dists_to_own;
use crate::data::Points;
use crate::float::Float;
use crate::kernels::Rows;

/// Points at a distance from their centroids, the farthest of all that were [added](Self::add).
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Farthest<F> {
    /// How many are wanted.
    count: usize,
    /// The farthest, and some of which it is not decided yet.
    points: Vec<Far<F>>,
    /// The squared distance that a point must reach to be among them.
    least: f64,
    /// For each cluster how many points of positive weight it has.
    sizes: Vec<u64>,
}

#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Far<F> {
    sq_dist: f64,
    row: u64,
    pub(super) label: usize,
    pub(super) weight: f64,
    pub(super) values: Vec<F>,
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
        first: u64,
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
                        row: first + i as u64,
                        label,
                        weight,
                        values: values.to_vec(),
                    });
                    if self.points.len() >= self.count.saturating_mul(2) {
                        self.decide();
                    }
                }
            }
        }
    }

    /// Keeps the farthest points alone, in order, of equally far ones the first.
    pub(crate) fn decide(&mut self) {
        let order =
            |a: &Far<F>, b: &Far<F>| b.sq_dist.total_cmp(&a.sq_dist).then(a.row.cmp(&b.row));
        self.points.sort_unstable_by(order);
        self.points.truncate(self.count);
        if self.points.len() == self.count {
            self.least = self.points.last().map_or(0.0, |point| point.sq_dist);
        }
    }

    /// Takes in what was found of other points.
    pub(crate) fn merge(&mut self, other: Self) {
        self.points.extend(other.points);
        self.decide();
        let sizes = self.sizes.iter_mut().zip(other.sizes);
        sizes.for_each(|(size, other)| *size = size.saturating_add(other));
    }

    /// The bits of its floating-point numbers.
    #[cfg(feature = "serde")]
    pub(crate) fn words(&self) -> impl Iterator<Item = u64> {
        let of_point = |point: &Far<F>| {
            let values = point.values.iter().map(|x| x.to_f64().to_bits());
            let words = values.chain([point.sq_dist.to_bits(), point.weight.to_bits()]);
            words.collect::<Vec<_>>()
        };
        self.points.iter().flat_map(of_point)
    }

    /// Whether both can be answers to the same question.
    pub(crate) fn has_shape_of(&self, other: &Self) -> bool {
        (self.count, self.sizes.len()) == (other.count, other.sizes.len())
    }

    /// Whether this can be the answer of points of `n_features` features to the question for `count` of them.
    pub(crate) fn fits(&self, count: usize, n_clusters: usize, n_features: usize) -> bool {
        let is_point = |point: &Far<F>| {
            let is_valid = |x: &F| x.abs() <= F::MAX_MAGNITUDE;
            point.label < n_clusters
                && point.values.len() == n_features
                && point.values.iter().all(is_valid)
                && point.weight > 0.0
                && point.weight <= F::MAX_MAGNITUDE.to_f64()
                && (0.0..f64::INFINITY).contains(&point.sq_dist)
        };
        (self.count, self.sizes.len()) == (count, n_clusters) && self.points.iter().all(is_point)
    }

    pub(super) fn into_parts(mut self) -> (Vec<Far<F>>, Vec<u64>) {
        self.decide();
        (self.points, self.sizes)
    }
}

/// A point within this squared distance of its centroid may equal it except for the rounding of the mean. The
/// mean of many equal numbers can be off by several roundings.
fn rounding<F: Float>(row: &[F]) -> f64 {
    let sq_norm: f64 = row.iter().map(|x| x.to_f64() * x.to_f64()).sum();
    (16.0 * F::UNIT_ROUNDOFF).powi(2) * sq_norm
}
