//! A stream of batches.

use std::fmt;

use ndarray::{ArrayRef1, ArrayRef2, ArrayView1};

use super::MiniBatchKMeans;
use super::step::RunningMeans;
use crate::checks;
use crate::data::{DistinctRows, Points};
use crate::error::{Error, Result};
use crate::float::{Float, compiled};
use crate::kernels::Rows;
use crate::kmeans::KMeansModel;
use crate::random::Stream;

/// k-means on a stream: batches of any size as they arrive, each seen once.
///
/// Made by [`MiniBatchKMeans::online`]. Rows are kept until there are as many distinct ones as clusters;
/// then the first centroids are chosen among them. From then on, each batch moves each centroid to the mean
/// of all rows that it has received, with old and new rows counting alike. The order of the rows therefore
/// matters: if they are sorted, or in the order of the pixels of a picture, shuffle them if you can.
///
/// # Example
/// ```
/// use centroid::MiniBatchKMeans;
/// use ndarray::array;
///
/// let mut stream = MiniBatchKMeans::new(2).online();
/// stream.partial_fit(&array![[0.0, 0.0], [9.0, 9.0]])?;
/// stream.partial_fit(&array![[1.0, 0.0], [8.0, 9.0]])?;
/// stream.partial_fit_weighted(&array![[0.0, 1.0]], &array![2.0])?;
/// let labels = stream.model()?.predict(&array![[0.5, 0.5], [9.0, 8.0]])?;
/// assert_ne!(labels[0], labels[1]);
/// assert_eq!((stream.n_rows(), stream.n_batches()), (5, 3));
/// assert_eq!(stream.cluster_weights()[labels[0]], 4.0);
/// # Ok::<(), centroid::Error>(())
/// ```
///
/// # Cost
/// A batch of `b` rows takes `b k d` multiply-adds. In addition to the batch, the stream holds `16 k d`
/// bytes, and at first fewer than `k` rows.
///
/// # Determinism
/// The same batches, parameters and seed give the same bits, at any number of threads and with any
/// instruction set. The same rows in different batches give a different result.
///
/// # Saving
/// With the feature `serde`, a stream can be saved and continued later. The result is the same, to the bit,
/// in a format that preserves every `f64` (postcard does, and serde_json with its feature
/// `float_roundtrip`). Data that is inconsistent or not finite is refused on loading.
#[derive(Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(
        try_from = "super::saving::SavedStream<F>",
        into = "super::saving::SavedStream<F>",
        bound(
            serialize = "F: serde::Serialize",
            deserialize = "F: serde::Deserialize<'de>"
        )
    )
)]
pub struct OnlineKMeans<F: Float> {
    pub(in crate::kmeans) estimator: MiniBatchKMeans,
    /// Known from the first batch on; 0 before.
    pub(in crate::kmeans) n_features: usize,
    pub(in crate::kmeans) n_rows: u64,
    pub(in crate::kmeans) n_batches: u64,
    pub(super) state: State<F>,
}

/// The state of a stream.
#[derive(Clone, PartialEq)]
pub(super) enum State<F: Float> {
    /// Too few distinct rows so far. Each is held once, with its total weight.
    Waiting {
        rows: Vec<F>,
        weights: Vec<f64>,
    },
    Running(RunningMeans<F>),
}

impl<F: Float> OnlineKMeans<F> {
    pub(super) fn new(estimator: MiniBatchKMeans) -> Self {
        Self {
            estimator,
            n_features: 0,
            n_rows: 0,
            n_batches: 0,
            state: State::Waiting {
                rows: Vec::new(),
                weights: Vec::new(),
            },
        }
    }

    /// Adds a batch of rows, `m x d` in any memory order. A batch without rows has no effect. See the
    /// [example](Self#example).
    ///
    /// # Errors
    /// After an error the stream is unchanged.
    /// - [`Error::InvalidParameter`]: a parameter of the estimator, as for [`MiniBatchKMeans::fit`].
    /// - [`Error::EmptyData`]: the batch has no columns.
    /// - [`Error::DimensionMismatch`]: the number of columns differs from that of earlier batches.
    /// - [`Error::NotFinite`], [`Error::TooLarge`]: a value is not finite, or too large. Its row is counted
    ///   from 0 within the batch.
    pub fn partial_fit(&mut self, batch: &ArrayRef2<F>) -> Result<()> {
        self.take_in(batch, None)
    }

    /// [`partial_fit`](Self::partial_fit) with a weight for each of the `m` rows. A row of weight 2 counts
    /// as two equal rows; a row of weight 0 has no effect. See the [example](Self#example).
    ///
    /// # Errors
    /// Those of [`partial_fit`](Self::partial_fit), and
    /// - [`Error::LengthMismatch`]: there is not one weight for each row.
    /// - [`Error::InvalidWeight`], [`Error::ZeroWeights`]: a weight is negative, not finite or too large,
    ///   or all are zero.
    pub fn partial_fit_weighted(
        &mut self,
        batch: &ArrayRef2<F>,
        weights: &ArrayRef1<F>,
    ) -> Result<()> {
        self.take_in(batch, Some(weights))
    }

    fn take_in(&mut self, batch: &ArrayRef2<F>, weights: Option<&ArrayRef1<F>>) -> Result<()> {
        compiled!(|online: &mut OnlineKMeans<F>,
                   batch: &ArrayRef2<F>,
                   weights: Option<&ArrayRef1<F>>|
         -> Result<()> {
            online.estimator.check_parameters()?;
            let n_features = match online.n_features {
                0 => batch.ncols(),
                known => known,
            };
            checks::not_empty("batch", n_features)?;
            let mut points = Points::check_for("batch", batch, n_features)?;
            if let Some(weights) = weights {
                points = points.with_weights(weights)?;
            }
            if points.len() == 0 {
                return Ok(());
            }
            online.n_features = n_features;
            let seed = online.estimator.stream().seed();
            let mut stream = Stream::new(seed, online.n_batches);
            online.n_rows = online.n_rows.saturating_add(points.len() as u64);
            online.n_batches = online.n_batches.saturating_add(1);
            let ratio = online.estimator.reassignment_ratio;
            match &mut online.state {
                State::Running(means) => {
                    means.step(&points, ratio, &mut stream);
                }
                State::Waiting { rows, weights } => {
                    add_to(rows, weights, &points);
                    if weights.len() >= online.estimator.n_clusters {
                        let weights: Vec<F> = weights.iter().map(|&w| rounded_weight(w)).collect();
                        let first = Points::check_block("batch", rows, n_features, Some(&weights))?;
                        let start = online.estimator.best_start(&first);
                        let mut means = RunningMeans::new(&Rows::new(&start, n_features));
                        means.step(&first, ratio, &mut stream);
                        online.state = State::Running(means);
                    }
                }
            }
            Ok(())
        })(self, batch, weights)
    }

    /// The current centroids, as a model that was [not fitted](crate::Stop::NotFitted): without labels,
    /// sizes or inertia, because the rows are no longer available. See the [example](Self#example).
    ///
    /// # Errors
    /// - [`Error::InvalidParameter`]: a parameter of the estimator, as for [`MiniBatchKMeans::fit`].
    /// - [`Error::TooFewDistinctRows`]: so far there were fewer distinct rows of positive weight than
    ///   clusters.
    pub fn model(&self) -> Result<KMeansModel<F>> {
        compiled!(|stream: &OnlineKMeans<F>| -> Result<KMeansModel<F>> {
            stream.estimator.check_parameters()?;
            match &stream.state {
                State::Running(means) => Ok(KMeansModel::from_packed(means.packed().clone())),
                State::Waiting { weights, .. } => Err(Error::TooFewDistinctRows {
                    rows: weights.len(),
                    n_clusters: stream.estimator.n_clusters,
                }),
            }
        })(self)
    }

    /// The number of rows so far, regardless of their weights. See the [example](Self#example).
    pub fn n_rows(&self) -> u64 {
        self.n_rows
    }

    /// The number of batches so far, not counting those without rows. See the [example](Self#example).
    pub fn n_batches(&self) -> u64 {
        self.n_batches
    }

    /// For each of the `k` clusters, the weight of the rows that moved its centroid; empty until there are
    /// centroids. A centroid that was moved to a row then counts as much as the lightest of the others. See
    /// the [example](Self#example).
    pub fn cluster_weights(&self) -> ArrayView1<'_, f64> {
        match &self.state {
            State::Running(means) => ArrayView1::from(&means.weights),
            State::Waiting { .. } => ArrayView1::from(&[]),
        }
    }
}

fn rounded_weight<F: Float>(weight: f64) -> F {
    F::from_f64(weight.min(F::MAX_MAGNITUDE.to_f64()))
}

/// Adds points to distinct rows and their weights. Points of no weight are left out.
fn add_to<F: Float>(rows: &mut Vec<F>, weights: &mut Vec<f64>, points: &Points<'_, F>) {
    let d = points.n_features();
    let mut distinct = DistinctRows::with_capacity(weights.len());
    rows.chunks_exact(d).for_each(|row| _ = distinct.id(row));
    let mut added = Vec::new();
    for (i, row) in points.rows().iter().enumerate() {
        let weight = points.weight(i);
        if weight > 0.0 {
            let place = distinct.id(row) as usize;
            if place == weights.len() {
                added.extend_from_slice(row);
                weights.push(weight);
            } else {
                weights[place] += weight;
            }
        }
    }
    rows.extend(added);
}

impl<F: Float> fmt::Debug for OnlineKMeans<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnlineKMeans")
            .field("estimator", &self.estimator)
            .field("n_features", &self.n_features)
            .field("n_rows", &self.n_rows)
            .field("n_batches", &self.n_batches)
            .field("cluster_weights", &self.cluster_weights())
            .finish_non_exhaustive()
    }
}
