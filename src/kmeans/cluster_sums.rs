//! The statistics of one pass over some of the rows, to be merged with those of other rows.

use ndarray::{Array2, ArrayRef1, ArrayRef2, ArrayView1};

use super::sums::{self, Exact};
use super::{engine, update};
use crate::checks;
use crate::data::Points;
#[cfg(doc)]
use crate::error::Error;
use crate::error::Result;
use crate::float::{Float, compiled};
use crate::kernels::{NO_LABEL, Packed};
use crate::numeric::DoubleDouble;

/// The statistics of some rows that one iteration of Lloyd's algorithm needs: sums, counts and inertia by
/// cluster. Statistics of different rows can be merged, so the rows may be spread over any number of files,
/// processes or machines.
///
/// For rows `x` whose nearest centroids are `c(x)`, they are `sum w x`, `sum w` and the number of rows for
/// each cluster, and `sum w |x - c(x)|^2` over all clusters. Sums are kept as pairs of `f64`, with about
/// 106 bits.
///
/// # Example
/// One iteration over two partitions:
/// ```
/// use centroid::ClusterSums;
/// use ndarray::array;
///
/// let centroids = array![[0.0], [10.0]];
/// let mut here = ClusterSums::new(2, 1)?;
/// here.add(&array![[0.0], [1.0], [9.0]], &centroids)?;
/// let mut there = ClusterSums::new(2, 1)?;
/// there.add_weighted(&array![[8.0], [2.0]], &array![1.0, 2.0], &centroids)?;
/// here.merge(&there)?;
/// assert_eq!((here.n_clusters(), here.n_features()), (2, 1));
/// assert_eq!(here.centroids(&centroids)?, array![[1.25], [8.5]]);
/// assert_eq!((here.inertia(), here.counts()), (14.0, array![3, 2].view()));
/// # Ok::<(), centroid::Error>(())
/// ```
///
/// # Cost
/// Adding `n` rows takes `n k d` multiply-adds. The statistics hold about `16 k (d + 2)` bytes.
///
/// # Determinism
/// The same blocks, added and merged in the same order, give the same bits at any number of threads and
/// with any instruction set. In a different order, sums may differ in the last of their 106 bits. The
/// centroids, which are rounded to `F`, are nearly always the same.
///
/// # Saving
/// With the feature `serde`, statistics can be serialised, for example to send them to another machine.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(
        try_from = "super::saving::SavedSums",
        into = "super::saving::SavedSums",
        bound(serialize = "F: Float", deserialize = "F: Float")
    )
)]
pub struct ClusterSums<F> {
    pub(super) n_clusters: usize,
    pub(super) n_features: usize,
    /// For each cluster, the sum of each feature, then the sum of the weights.
    pub(super) sums: Vec<DoubleDouble>,
    pub(super) counts: Vec<u64>,
    pub(super) inertia: DoubleDouble,
    pub(super) float: std::marker::PhantomData<F>,
}

impl<F: Float> ClusterSums<F> {
    /// Statistics of no rows, for `n_clusters` centroids with `n_features` features. See the
    /// [example](Self#example).
    ///
    /// # Errors
    /// - [`Error::InvalidParameter`]: `n_clusters` or `n_features` is 0.
    /// - [`Error::ResultTooLarge`]: there is not enough memory for the sums.
    pub fn new(n_clusters: usize, n_features: usize) -> Result<Self> {
        checks::n_clusters(n_clusters)?;
        checks::at_least_one("n_features", n_features)?;
        let columns = n_features.saturating_add(1);
        Ok(Self {
            n_clusters,
            n_features,
            sums: checks::filled(n_clusters, columns, DoubleDouble::default())?,
            counts: vec![0; n_clusters],
            inertia: DoubleDouble::default(),
            float: std::marker::PhantomData,
        })
    }

    /// Adds the rows of an `m x d` block, each to the cluster of the nearest of the `k x d` centroids. See
    /// the [example](Self#example).
    ///
    /// # Errors
    /// After an error the statistics are unchanged.
    /// - [`Error::DimensionMismatch`]: the block or the centroids have a different number of features.
    /// - [`Error::LengthMismatch`]: there are not `k` centroids.
    /// - [`Error::NotFinite`], [`Error::TooLarge`]: a value is not finite, or too large.
    pub fn add(&mut self, block: &ArrayRef2<F>, centroids: &ArrayRef2<F>) -> Result<()> {
        compiled!(|sums: &mut ClusterSums<F>,
                   block: &ArrayRef2<F>,
                   centroids: &ArrayRef2<F>|
         -> Result<()> {
            let points = Points::check_for("block", block, sums.n_features)?;
            sums.add_points(&points, centroids)
        })(self, block, centroids)
    }

    /// [`add`](Self::add) with a weight for each of the `m` rows. See the [example](Self#example).
    ///
    /// # Errors
    /// Those of [`add`](Self::add), and
    /// - [`Error::LengthMismatch`]: there is not one weight for each row.
    /// - [`Error::InvalidWeight`]: a weight is negative, not finite or too large. All may be zero.
    pub fn add_weighted(
        &mut self,
        block: &ArrayRef2<F>,
        weights: &ArrayRef1<F>,
        centroids: &ArrayRef2<F>,
    ) -> Result<()> {
        compiled!(|sums: &mut ClusterSums<F>,
                   block: &ArrayRef2<F>,
                   weights: &ArrayRef1<F>,
                   centroids: &ArrayRef2<F>|
         -> Result<()> {
            let points = Points::check_for("block", block, sums.n_features)?;
            let points = points.with_weights_of_part(weights)?;
            sums.add_points(&points, centroids)
        })(self, block, weights, centroids)
    }

    fn add_points(&mut self, points: &Points<'_, F>, centroids: &ArrayRef2<F>) -> Result<()> {
        let centroids = Packed::new(&self.check_centroids("centroids", centroids)?.rows());
        if points.len() == 0 {
            return Ok(());
        }
        let mut labels = vec![NO_LABEL; points.len()];
        engine::label(points, &centroids, &mut labels);
        self.add_sums(points, &labels, &centroids);
        labels
            .iter()
            .for_each(|&label| self.counts[label as usize] += 1);
        update::add_inertia(&mut self.inertia, points, &labels, &centroids.rows());
        Ok(())
    }

    fn add_sums(&mut self, points: &Points<'_, F>, labels: &[u32], centroids: &Packed<F>) {
        let (k, d) = (self.n_clusters, self.n_features);
        let clusters = self.sums.chunks_exact_mut(d + 1);
        if let Some(mut exact) = Exact::new(points.count(), points.magnitude(), k, d) {
            let mut before = vec![NO_LABEL; points.len()];
            if exact.update(points, &mut before, labels, points.len()) {
                for (sums, (levels, weight)) in clusters.zip(exact.levels(d)) {
                    for level in levels.rchunks_exact(d) {
                        sums.iter_mut()
                            .zip(level)
                            .for_each(|(sum, &part)| sum.add(part));
                    }
                    sums[d].add(weight);
                }
                return;
            }
        }
        let rounded = sums::rounded(points, labels, centroids);
        let clusters = self.sums.chunks_exact_mut(d + 1);
        for (sums, added) in clusters.zip(rounded.values.chunks_exact(d + 1)) {
            for ((sum, &part), &origin) in sums.iter_mut().zip(added).zip(&rounded.origin) {
                sum.add(part);
                sum.add_product(added[d], origin);
            }
            sums[d].add(added[d]);
        }
    }

    fn check_centroids<'a>(
        &self,
        argument: &'static str,
        centroids: &'a ArrayRef2<F>,
    ) -> Result<Points<'a, F>> {
        let centroids = Points::check_for(argument, centroids, self.n_features)?;
        checks::same_len(argument, self.n_clusters, centroids.len())?;
        Ok(centroids)
    }

    /// Adds the statistics of other rows, computed with the same centroids. See the
    /// [example](Self#example).
    ///
    /// # Errors
    /// - [`Error::LengthMismatch`]: `other` has a different number of clusters.
    /// - [`Error::DimensionMismatch`]: `other` has a different number of features.
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        compiled!(
            |sums: &mut ClusterSums<F>, other: &ClusterSums<F>| -> Result<()> {
                checks::same_len("other statistics", sums.n_clusters, other.n_clusters)?;
                checks::same_columns("other statistics", sums.n_features, other.n_features)?;
                let add = |(sum, other): (&mut DoubleDouble, &DoubleDouble)| {
                    sum.add(other.1);
                    sum.add(other.0);
                };
                sums.sums.iter_mut().zip(&other.sums).for_each(add);
                add((&mut sums.inertia, &other.inertia));
                let counts = sums.counts.iter_mut().zip(&other.counts);
                counts.for_each(|(count, other)| *count = count.saturating_add(*other));
                Ok(())
            }
        )(self, other)
    }

    /// The means of the clusters, `k x d`: the centroids of the next iteration. A cluster without weight
    /// keeps its `previous` centroid, whereas [`KMeans::fit`](crate::KMeans::fit) would move it to the row
    /// farthest from its centroid. See the [example](Self#example).
    ///
    /// # Errors
    /// - [`Error::LengthMismatch`], [`Error::DimensionMismatch`]: `previous` is not `k x d`.
    /// - [`Error::NotFinite`], [`Error::TooLarge`]: a value of `previous`, or a mean, is not finite, or too
    ///   large.
    pub fn centroids(&self, previous: &ArrayRef2<F>) -> Result<Array2<F>> {
        compiled!(
            |sums: &ClusterSums<F>, previous: &ArrayRef2<F>| -> Result<Array2<F>> {
                sums.check_centroids("previous centroids", previous)?;
                let weight =
                    |c: usize| sums.sums[c * (sums.n_features + 1) + sums.n_features].total();
                let mean = |(c, j): (usize, usize)| match weight(c) {
                    0.0 => previous[(c, j)],
                    weight => update::round_mean(
                        sums.sums[c * (sums.n_features + 1) + j].total() / weight,
                    ),
                };
                let means = Array2::from_shape_fn((sums.n_clusters, sums.n_features), mean);
                Points::check_for("means", &means, sums.n_features)?;
                Ok(means)
            }
        )(self, previous)
    }

    /// The weighted sum of the squared distances of all rows to the nearest of the centroids with which
    /// they were added. See the [example](Self#example).
    pub fn inertia(&self) -> f64 {
        self.inertia.total()
    }

    /// For each of the `k` clusters, the number of its rows, regardless of their weights. See the
    /// [example](Self#example).
    pub fn counts(&self) -> ArrayView1<'_, u64> {
        ArrayView1::from(&self.counts)
    }

    /// The number of clusters, `k`. See the [example](Self#example).
    pub fn n_clusters(&self) -> usize {
        self.n_clusters
    }

    /// The number of features, `d`. See the [example](Self#example).
    pub fn n_features(&self) -> usize {
        self.n_features
    }
}
