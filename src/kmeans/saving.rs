//! How fitted objects are saved, and which data is refused on loading.
//!
//! Each object is saved as plain numbers. Loading checks that they belong together: a file that was
//! truncated, mixed up or written by another program must not become a model.

use std::marker::PhantomData;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::cluster_sums::ClusterSums;
use crate::data::Points;
use crate::float::Float;
use crate::kernels::{Packed, Rows};
use crate::numeric::LongSums;

pub(super) use crate::checks::{Checked, check};

/// Checks that values form whole rows, and are finite and not too large.
pub(super) fn check_rows<F: Float>(values: &[F], n_features: usize) -> Checked<()> {
    let whole = n_features > 0 && values.len().is_multiple_of(n_features);
    check(whole, "the values are not a whole number of rows")?;
    let points = Points::check_block("saved values", values, n_features, None);
    points.map_or(Err("a value is not finite, or too large"), |_| Ok(()))
}

/// Centroids, as their number of features and their values.
impl<F: Float + Serialize> Serialize for Packed<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let rows = self.rows();
        (rows.n_features(), rows.data()).serialize(serializer)
    }
}

impl<'de, F: Float + Deserialize<'de>> Deserialize<'de> for Packed<F> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (n_features, values) = <(usize, Vec<F>)>::deserialize(deserializer)?;
        check_rows(&values, n_features).map_err(D::Error::custom)?;
        check(!values.is_empty(), "there are no centroids").map_err(D::Error::custom)?;
        Ok(Self::new(&Rows::new(&values, n_features)))
    }
}

/// A [`ClusterSums`].
#[derive(Serialize, Deserialize)]
#[serde(rename = "ClusterSums")]
pub(super) struct SavedSums {
    n_features: usize,
    /// For each cluster, those of each feature, then that of the weights.
    sums: LongSums,
    counts: Vec<u64>,
    inertia: LongSums,
}

impl<F> From<ClusterSums<F>> for SavedSums {
    fn from(sums: ClusterSums<F>) -> Self {
        Self {
            n_features: sums.n_features,
            sums: sums.sums,
            counts: sums.counts,
            inertia: sums.inertia,
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
            len == Some(saved.sums.len()) && saved.inertia.len() == 1,
            "there are too many or too few sums",
        )?;
        let sums = Self {
            n_clusters,
            n_features: saved.n_features,
            sums: saved.sums,
            counts: saved.counts,
            inertia: saved.inertia,
            float: PhantomData,
        };
        let rounded = sums.rounded().values;
        let is_finite = rounded.iter().all(|sum| sum.is_finite());
        check(is_finite, "a sum is not finite")?;
        let mut weights = rounded.iter().skip(sums.n_features);
        let is_valid = |weight: &f64| *weight >= 0.0;
        check(
            weights.by_ref().step_by(sums.n_features + 1).all(is_valid),
            "a weight is negative",
        )?;
        let is_valid = (0.0..f64::INFINITY).contains(&sums.inertia());
        check(is_valid, "the inertia is negative or not finite")?;
        Ok(sums)
    }
}
