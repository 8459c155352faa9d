//! How fitted objects are saved, and which data is refused on loading.
//!
//! Each object is saved as plain numbers. Loading checks that they belong together: a file that was
//! truncated, mixed up or written by another program must not become a model.

use std::marker::PhantomData;

use serde::{Deserialize, Serialize};

use super::cluster_sums::ClusterSums;
use crate::data::Points;
use crate::float::Float;
use crate::numeric::DoubleDouble;

pub(super) use crate::checks::{Checked, check};

/// Checks that values form whole rows, and are finite and not too large.
pub(super) fn check_rows<F: Float>(values: &[F], n_features: usize) -> Checked<()> {
    let whole = n_features > 0 && values.len().is_multiple_of(n_features);
    check(whole, "the values are not a whole number of rows")?;
    let points = Points::check_block("saved values", values, n_features, None);
    points.map_or(Err("a value is not finite, or too large"), |_| Ok(()))
}

/// A [`ClusterSums`].
#[derive(Serialize, Deserialize)]
#[serde(rename = "ClusterSums")]
pub(super) struct SavedSums {
    n_features: usize,
    /// For each cluster, the two numbers of a pair for each feature, then for the weight.
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
