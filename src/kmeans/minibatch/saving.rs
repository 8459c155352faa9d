//! How a stream is saved, and which data is refused on loading.

use serde::{Deserialize, Serialize};

use super::MiniBatchKMeans;
use super::online::{OnlineKMeans, State};
use super::step::RunningMeans;
use crate::data::count_distinct;
use crate::float::Float;
use crate::kmeans::saving::{Checked, check, check_rows};

/// An [`OnlineKMeans`].
#[derive(Serialize, Deserialize)]
#[serde(rename = "OnlineKMeans")]
pub(super) struct SavedStream<F> {
    estimator: MiniBatchKMeans,
    n_features: usize,
    n_rows: u64,
    n_batches: u64,
    /// The distinct rows, until there are centroids.
    waiting: Vec<F>,
    /// The centroids, from then on.
    means: Vec<f64>,
    /// The weights of whichever there are.
    weights: Vec<f64>,
    rows_since: f64,
}

impl<F: Float> From<OnlineKMeans<F>> for SavedStream<F> {
    fn from(stream: OnlineKMeans<F>) -> Self {
        let (waiting, means, weights, rows_since) = match stream.state {
            State::Waiting { rows, weights } => (rows, Vec::new(), weights, 0.0),
            State::Running(means) => (Vec::new(), means.means, means.weights, means.rows_since),
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
                    count_distinct(saved.waiting.chunks_exact(d)) == weights.len(),
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
            State::Running(RunningMeans::from_parts(
                saved.means,
                weights,
                saved.rows_since,
            ))
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
