//! What is saved of fitted things, and what is refused when it is read.
//!
//! Each is saved as plain numbers, and read through a check of all that belongs together: what a file
//! holds that was cut off, mixed up or written by others must not become a model.

use std::marker::PhantomData;

use ndarray::Array1;
use serde::{Deserialize, Serialize};

use super::cluster_sums::ClusterSums;
use super::minibatch::{Moving, OnlineKMeans, State, bits};
use super::{KMeansModel, MiniBatchKMeans};
use crate::data::Points;
use crate::float::Float;
use crate::kernels::{Packed, Rows};
use crate::numeric::DoubleDouble;
use crate::progress::Stop;

type Checked<T> = Result<T, &'static str>;

/// # Errors
/// What is wrong.
fn check(holds: bool, what: &'static str) -> Checked<()> {
    if holds { Ok(()) } else { Err(what) }
}

/// Whether values are a whole number of rows, and can be computed with.
fn check_rows<F: Float>(values: &[F], n_features: usize) -> Checked<()> {
    let whole = n_features > 0 && values.len().is_multiple_of(n_features);
    check(whole, "the values are not a whole number of rows")?;
    let points = Points::check_block(values, n_features, None);
    points.map_or(Err("a value is not finite, or too large"), |_| Ok(()))
}

/// A [`KMeansModel`].
#[derive(Serialize, Deserialize)]
#[serde(rename = "KMeansModel")]
pub(super) struct SavedModel<F> {
    n_features: usize,
    centroids: Vec<F>,
    labels: Vec<usize>,
    cluster_sizes: Vec<usize>,
    inertia: f64,
    n_iter: usize,
    stop: Stop,
}

impl<F: Float> From<KMeansModel<F>> for SavedModel<F> {
    fn from(model: KMeansModel<F>) -> Self {
        Self {
            n_features: model.n_features(),
            centroids: model.centroids.rows().data().to_vec(),
            labels: model.labels.to_vec(),
            cluster_sizes: model.cluster_sizes.to_vec(),
            inertia: model.inertia,
            n_iter: model.n_iter,
            stop: model.stop,
        }
    }
}

impl<F: Float> TryFrom<SavedModel<F>> for KMeansModel<F> {
    type Error = &'static str;

    fn try_from(saved: SavedModel<F>) -> Checked<Self> {
        check_rows(&saved.centroids, saved.n_features)?;
        let n_clusters = saved.centroids.len() / saved.n_features;
        check(n_clusters > 0, "there are no centroids")?;
        let sizes = &saved.cluster_sizes;
        check(
            sizes.len() == n_clusters,
            "there is not one size for each centroid",
        )?;
        if !saved.labels.is_empty() {
            let mut counts = vec![0; n_clusters];
            for &label in &saved.labels {
                let count = counts.get_mut(label);
                *count.ok_or("a label is that of no centroid")? += 1;
            }
            check(counts == *sizes, "the sizes are not those of the labels")?;
        }
        let valid = saved.inertia >= 0.0 && saved.inertia.is_finite();
        check(valid, "the inertia is negative or not finite")?;
        Ok(Self {
            labels: Array1::from(saved.labels),
            cluster_sizes: Array1::from(saved.cluster_sizes),
            inertia: saved.inertia,
            n_iter: saved.n_iter,
            stop: saved.stop,
            ..Self::from_packed(Packed::new(&Rows::new(&saved.centroids, saved.n_features)))
        })
    }
}

/// An [`OnlineKMeans`].
#[derive(Serialize, Deserialize)]
#[serde(rename = "OnlineKMeans")]
pub(super) struct SavedStream<F> {
    estimator: MiniBatchKMeans,
    n_features: usize,
    n_rows: u64,
    n_batches: u64,
    /// Distinct rows until there are centroids.
    waiting: Vec<F>,
    /// Centroids, then.
    means: Vec<f64>,
    /// Of these or those.
    weights: Vec<f64>,
    rows_since: f64,
}

impl<F: Float> From<OnlineKMeans<F>> for SavedStream<F> {
    fn from(stream: OnlineKMeans<F>) -> Self {
        let (waiting, means, weights, rows_since) = match stream.state {
            State::Waiting { rows, weights } => (rows, Vec::new(), weights, 0.0),
            State::Moving(moving) => (Vec::new(), moving.means, moving.weights, moving.rows_since),
        };
        Self {
            estimator: stream.estimator,
            n_features: stream.n_features,
            n_rows: stream.n_rows,
            n_batches: stream.n_batches,
            waiting,
            means,
            weights,
            rows_since,
        }
    }
}

impl<F: Float> TryFrom<SavedStream<F>> for OnlineKMeans<F> {
    type Error = &'static str;

    fn try_from(saved: SavedStream<F>) -> Checked<Self> {
        let (d, weights) = (saved.n_features, saved.weights);
        let valid = |w: &f64| *w >= 0.0 && w.is_finite();
        check(
            weights.iter().all(valid),
            "a weight is negative or not finite",
        )?;
        let valid = saved.rows_since >= 0.0 && saved.rows_since.is_finite();
        check(valid, "the count of rows is negative or not finite")?;
        let is_new = d == 0 && saved.n_rows == 0 && weights.is_empty();
        check(d > 0 || is_new, "there are rows without features")?;
        let n_clusters = saved.estimator.n_clusters;
        let fits = |len: usize| weights.len().checked_mul(d) == Some(len);
        let state = if saved.means.is_empty() {
            check(
                fits(saved.waiting.len()),
                "there is not one weight for each row",
            )?;
            let few = weights.is_empty() || weights.len() < n_clusters;
            check(few, "rows wait for centroids that could be made of them")?;
            if d > 0 {
                check_rows(&saved.waiting, d)?;
                check(
                    are_distinct(&saved.waiting, d),
                    "two waiting rows are equal",
                )?;
            }
            let counts = |&weight: &f64| F::from_f64(weight) > F::ZERO;
            check(weights.iter().all(counts), "a waiting row has no weight")?;
            State::Waiting {
                rows: saved.waiting,
                weights,
            }
        } else {
            check(
                fits(saved.means.len()),
                "there is not one weight for each centroid",
            )?;
            check(
                weights.len() == n_clusters,
                "there are too many or too few centroids",
            )?;
            check(
                saved.waiting.is_empty(),
                "rows wait for centroids that are there",
            )?;
            let means: Vec<F> = saved.means.iter().map(|&mean| F::from_f64(mean)).collect();
            check_rows(&means, d)?;
            State::Moving(Moving::from_parts(saved.means, weights, saved.rows_since))
        };
        Ok(Self {
            estimator: saved.estimator,
            n_features: d,
            n_rows: saved.n_rows,
            n_batches: saved.n_batches,
            state,
        })
    }
}

fn are_distinct<F: Float>(rows: &[F], n_features: usize) -> bool {
    let mut seen = std::collections::HashSet::new();
    rows.chunks_exact(n_features)
        .all(|row| seen.insert(bits(row)))
}

/// A [`ClusterSums`].
#[derive(Serialize, Deserialize)]
#[serde(rename = "ClusterSums")]
pub(super) struct SavedSums {
    n_features: usize,
    /// For each cluster for each feature, then for the weight, the two numbers of a pair.
    sums: Vec<(f64, f64)>,
    counts: Vec<u64>,
    inertia: (f64, f64),
}

impl<F> From<ClusterSums<F>> for SavedSums {
    fn from(sums: ClusterSums<F>) -> Self {
        Self {
            n_features: sums.n_features,
            sums: sums
                .sums
                .into_iter()
                .map(|DoubleDouble(a, b)| (a, b))
                .collect(),
            counts: sums.counts,
            inertia: (sums.inertia.0, sums.inertia.1),
        }
    }
}

impl<F: Float> TryFrom<SavedSums> for ClusterSums<F> {
    type Error = &'static str;

    fn try_from(saved: SavedSums) -> Checked<Self> {
        let n_clusters = saved.counts.len();
        check(
            n_clusters > 0 && saved.n_features > 0,
            "there are no clusters or no features",
        )?;
        let width = saved.n_features.checked_add(1);
        let len = width.and_then(|width| width.checked_mul(n_clusters));
        check(
            len == Some(saved.sums.len()),
            "there are too many or too few sums",
        )?;
        let valid = |pair: &(f64, f64)| (pair.0 + pair.1).is_finite();
        check(saved.sums.iter().all(valid), "a sum is not finite")?;
        let weights = saved.sums.iter().skip(saved.n_features);
        let mut weights = weights.step_by(saved.n_features + 1);
        check(weights.all(|pair| pair.0 >= 0.0), "a weight is negative")?;
        let valid = valid(&saved.inertia) && saved.inertia.0 >= 0.0;
        check(valid, "the inertia is negative or not finite")?;
        Ok(Self {
            n_clusters,
            n_features: saved.n_features,
            sums: saved
                .sums
                .into_iter()
                .map(|(a, b)| DoubleDouble(a, b))
                .collect(),
            counts: saved.counts,
            inertia: DoubleDouble(saved.inertia.0, saved.inertia.1),
            float: PhantomData,
        })
    }
}
