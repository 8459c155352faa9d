//! Which clusters are bad.

use ndarray::ArrayRef1;

use super::super::clusters::Clusters;
use super::mean;
use crate::checks;
#[cfg(doc)]
use crate::error::Error;
use crate::error::Result;
use crate::float::{Float, compiled};

/// The silhouettes of one cluster. See [`silhouette_by_cluster`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct ClusterSilhouette {
    /// The label of the cluster.
    pub label: usize,
    /// Its rows.
    pub size: usize,
    /// The mean of their silhouettes.
    pub mean: f64,
    /// The share of its rows, 0 to 1, whose silhouette is below the mean of all rows.
    pub below_mean: f64,
}

/// Summarises the silhouettes of all rows by cluster, in ascending order of the labels. A low mean, or a
/// large share of rows below the mean of all, shows a bad cluster.
///
/// `samples` are those of [`silhouette_samples`](super::silhouette_samples) or its other forms, and
/// `labels` those from which they were computed.
///
/// # Example
/// ```
/// use centroid::metrics::{silhouette_by_cluster, silhouette_samples};
/// use ndarray::array;
///
/// let x = array![[0.0], [1.0], [20.0], [30.0]];
/// let labels = array![0, 0, 1, 1];
/// let clusters = silhouette_by_cluster(&silhouette_samples(&x, &labels)?, &labels)?;
/// assert!(clusters[0].mean > clusters[1].mean);
/// assert_eq!((clusters[1].size, clusters[1].below_mean), (2, 1.0));
/// # Ok::<(), centroid::Error>(())
/// ```
///
/// # Errors
/// - [`Error::LengthMismatch`]: there is not one sample for each label.
/// - [`Error::NotFinite`]: a sample is NaN or infinite; its index is the row.
pub fn silhouette_by_cluster<F: Float>(
    samples: &ArrayRef1<F>,
    labels: &ArrayRef1<usize>,
) -> Result<Vec<ClusterSilhouette>> {
    compiled!(|samples: &ArrayRef1<F>,
               labels: &ArrayRef1<usize>|
     -> Result<Vec<ClusterSilhouette>> {
        checks::same_len("samples", labels.len(), samples.len())?;
        checks::finite("samples", samples)?;
        let clusters = Clusters::new(labels);
        let samples: Vec<f64> = samples.iter().map(|s| s.to_f64()).collect();
        let of_all = mean(&samples);
        let of_cluster = |(cluster, &label): (usize, &usize)| {
            let rows = clusters.rows(cluster);
            let own: Vec<f64> = rows.iter().map(|&row| samples[row]).collect();
            let below = own.iter().filter(|&&s| s < of_all).count();
            ClusterSilhouette {
                label,
                size: own.len(),
                mean: mean(&own),
                below_mean: below as f64 / own.len() as f64,
            }
        };
        Ok(clusters
            .labels()
            .iter()
            .enumerate()
            .map(of_cluster)
            .collect())
    })(samples, labels)
}
