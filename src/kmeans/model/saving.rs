//! How a model is saved, and which data is refused on loading.

use ndarray::Array1;
use serde::{Deserialize, Serialize};

use super::KMeansModel;
use crate::float::Float;
use crate::kernels::{Packed, Rows};
use crate::kmeans::saving::{Checked, check, check_rows};
use crate::progress::Stop;

/// A [`KMeansModel`].
#[derive(Serialize, Deserialize)]
#[serde(rename = "KMeansModel")]
pub(super) struct SavedModel<F> {
    n_features: usize,
    centroids: Vec<F>,
    labels: Vec<usize>,
    cluster_sizes: Vec<usize>,
    /// 0 if no fit was made, because some formats have no infinity.
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
            inertia: match model.stop {
                Stop::NotFitted => 0.0,
                _ => model.inertia,
            },
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
        let packed = Packed::new(&Rows::new(&saved.centroids, saved.n_features));
        let unfitted = Self::from_packed(packed);
        let is_empty = saved.inertia == 0.0 && saved.n_iter == 0 && sizes.iter().all(|&n| n == 0);
        match saved.stop {
            Stop::NotFitted => {
                check(is_empty, "there are results of a fit that was not made")?;
                Ok(unfitted)
            }
            // Models of given centroids were saved like this before `Stop::NotFitted` existed.
            Stop::Converged if is_empty => Ok(unfitted),
            stop => Ok(Self {
                labels: Array1::from(saved.labels),
                cluster_sizes: Array1::from(saved.cluster_sizes),
                inertia: saved.inertia,
                n_iter: saved.n_iter,
                stop,
                ..unfitted
            }),
        }
    }
}
