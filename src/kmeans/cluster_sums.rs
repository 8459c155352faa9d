//! The statistics of one pass over some of the rows, to be merged with those of other rows.

use ndarray::{Array2, ArrayRef1, ArrayRef2, ArrayView1};

use super::sums::{ClusterTotals, Sums};
use super::{engine, update};
use crate::checks;
use crate::data::Points;
#[cfg(doc)]
use crate::error::Error;
use crate::error::Result;
use crate::float::{Float, compiled};
use crate::kernels::{NO_LABEL, Packed};
use crate::numeric::LongSums;

/// The statistics of some rows that one iteration of Lloyd's algorithm needs: sums, counts and inertia by
/// cluster. Statistics of different rows can be merged, so the rows may be spread over any number of files,
/// processes or machines. For a whole fit of such rows use [`passes`](crate::passes), which also chooses the
/// start and relocates empty clusters.
///
/// For rows `x` whose nearest centroids are `c(x)`, they are `sum w x`, `sum w` and the number of rows for each
/// cluster, and `sum w |x - c(x)|^2` over all clusters. All sums are exact, whatever the number of rows, their
/// range and their weights. They are rounded when they are read, and a mean is the quotient of two of them.
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
/// Adding `n` rows takes `n k d` multiply-adds. A sum takes 8 bytes for each 32 binary digits from the highest
/// to the lowest of all sums: usually 24 to 40 bytes. While rows are added there are a few sets of sums of
/// twice that size.
///
/// # Determinism
/// The same rows give the same bits, however they are divided into statistics, in whatever order these are
/// merged, at any number of threads and with any instruction set. Only the inertia is rounded within each 256
/// rows that are added one after another: for its last digits to be the same too, what is added must begin at a
/// multiple of 256 rows of the whole.
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
    pub(super) sums: LongSums,
    pub(super) counts: Vec<u64>,
    pub(super) inertia: LongSums,
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
        // The sums take as much, and a few digits more, when rows come.
        let columns = n_features.saturating_add(1);
        checks::room::<i64>(n_clusters, columns)?;
        Ok(Self {
            n_clusters,
            n_features,
            sums: LongSums::new(n_clusters * columns),
            counts: checks::filled(n_clusters, 1, 0)?,
            inertia: LongSums::new(1),
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

    /// Those of a pass.
    ///
    /// IN: `sums`, for each cluster that of each feature, then that of the weights; `counts` of the rows.
    pub(super) fn of_pass(
        n_features: usize,
        sums: LongSums,
        counts: Vec<u64>,
        inertia: LongSums,
    ) -> Self {
        Self {
            n_clusters: counts.len(),
            n_features,
            sums,
            counts,
            inertia,
            float: std::marker::PhantomData,
        }
    }

    fn add_points(&mut self, points: &Points<'_, F>, centroids: &ArrayRef2<F>) -> Result<()> {
        let centroids = Packed::new(&self.check_centroids("centroids", centroids)?.rows());
        if points.len() == 0 {
            return Ok(());
        }
        let mut labels = vec![NO_LABEL; points.len()];
        engine::label(points, &centroids, &mut labels);
        let mut totals = ClusterTotals::new(
            self.n_clusters,
            self.n_features,
            points.magnitude(),
            points.copies(),
        );
        let mut before = vec![NO_LABEL; points.len()];
        totals.update(points, &mut before, &labels, points.len());
        self.sums.merge(&totals.to_long());
        self.sums.trim();
        labels
            .iter()
            .for_each(|&label| self.counts[label as usize] += 1);
        update::add_inertia(&mut self.inertia, points, &labels, &centroids.rows());
        Ok(())
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

    /// Adds the statistics of other rows. They must have been computed with the same centroids, which is not
    /// checked. See the [example](Self#example).
    ///
    /// # Errors
    /// - [`Error::LengthMismatch`]: `other` has a different number of clusters.
    /// - [`Error::DimensionMismatch`]: `other` has a different number of features.
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        compiled!(
            |sums: &mut ClusterSums<F>, other: &ClusterSums<F>| -> Result<()> {
                checks::same_len("other statistics", sums.n_clusters, other.n_clusters)?;
                checks::same_columns("other statistics", sums.n_features, other.n_features)?;
                sums.sums.merge(&other.sums);
                sums.sums.trim();
                sums.inertia.merge(&other.inertia);
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
                let Sums { values, .. } = sums.rounded();
                let columns = sums.n_features + 1;
                let mean = |(c, j): (usize, usize)| match values[c * columns + sums.n_features] {
                    0.0 => previous[(c, j)],
                    weight => update::round_mean(values[c * columns + j] / weight),
                };
                let means = Array2::from_shape_fn((sums.n_clusters, sums.n_features), mean);
                Points::check_for("means", &means, sums.n_features)?;
                Ok(means)
            }
        )(self, previous)
    }

    /// The sum of all weights.
    pub(super) fn weight(&self) -> LongSums {
        let weights = (0..self.n_clusters).map(|c| c * (self.n_features + 1) + self.n_features);
        self.sums.sum_of(weights)
    }

    /// The sums, rounded.
    pub(super) fn rounded(&self) -> Sums {
        Sums::of(&self.sums, self.n_features)
    }

    /// The clusters without weight.
    pub(super) fn empty_clusters(&self) -> Vec<usize> {
        let width = self.n_features + 1;
        let weight = |&c: &usize| self.sums.total(c * width + self.n_features);
        (0..self.n_clusters).filter(|c| weight(c) == 0.0).collect()
    }

    /// The weighted sum of the squared distances of all rows to the nearest of the centroids with which
    /// they were added. See the [example](Self#example).
    pub fn inertia(&self) -> f64 {
        self.inertia.total(0)
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
