//! Silhouettes: exact, of a sample, in forms by the means, and by cluster.

mod by_cluster;
mod forms;
mod sampled;

use ndarray::{Array1, ArrayRef1, ArrayRef2};

pub use by_cluster::{ClusterSilhouette, silhouette_by_cluster};
pub use forms::{
    simplified_silhouette_samples, simplified_silhouette_score, sq_euclidean_silhouette_samples,
    sq_euclidean_silhouette_score,
};
pub use sampled::{SampledScore, silhouette_score_sampled};

use super::clusters::Clusters;
use super::distance_sums::DistanceSums;
use crate::data::Points;
use crate::error::Result;
use crate::float::{Float, compiled};

/// The silhouette of each row: how much nearer it is to its own cluster than to the next one.
///
/// ```text
/// s = (b - a) / max(a, b)
/// a: mean Euclidean distance of the row to the others of its cluster
/// b: the least, over the other clusters, of the mean distance to their rows
/// ```
///
/// It lies between -1 and 1: near 1 for a row well inside its cluster, 0 on a border, and below 0 for a row
/// nearer to another cluster. A row that is a cluster of its own has silhouette 0.
///
/// `x` is `n x d` in any memory order; `labels` has one label for each row: any numbers, with or without
/// gaps.
///
/// # Example
/// ```
/// use centroid::metrics::silhouette_samples;
/// use ndarray::array;
///
/// let x = array![[0.0], [1.0], [4.0]];
/// assert_eq!(silhouette_samples(&x, &array![7, 7, 9])?, array![0.75, 2.0 / 3.0, 0.0]);
/// # Ok::<(), centroid::Error>(())
/// ```
///
/// # Cost
/// `n^2 d / 2` multiply-adds and `n^2 / 2` square roots on all threads. Distances are computed from
/// differences, nearly all of them once. `n k` sums of f64 are held. If these exceed half a gigabyte, the
/// rows are processed in parts, and each distance is computed twice. There is never a matrix of distances.
///
/// # Errors
/// - [`Error::EmptyData`](crate::Error::EmptyData), [`Error::NotFinite`](crate::Error::NotFinite),
///   [`Error::TooLarge`](crate::Error::TooLarge): `x` is empty, or a value is not finite, or too large.
/// - [`Error::LengthMismatch`](crate::Error::LengthMismatch): there is not one label for each row.
/// - [`Error::InvalidClusterCount`](crate::Error::InvalidClusterCount): there are fewer than 2 or more than
///   `n - 1` clusters.
/// - [`Error::ResultTooLarge`](crate::Error::ResultTooLarge): there is not enough memory for the sums.
///
/// # References
/// P. J. Rousseeuw, *Silhouettes: a graphical aid to the interpretation and validation of cluster
/// analysis*, Journal of Computational and Applied Mathematics 20, 1987,
/// doi:10.1016/0377-0427(87)90125-7.
pub fn silhouette_samples<F: Float>(
    x: &ArrayRef2<F>,
    labels: &ArrayRef1<usize>,
) -> Result<Array1<F>> {
    compiled!(
        |x: &ArrayRef2<F>, labels: &ArrayRef1<usize>| -> Result<Array1<F>> {
            Ok(rounded(exact(x, labels)?))
        }
    )(x, labels)
}

/// The mean of all [`silhouette_samples`]: 1 is best, about 0 means overlapping clusters.
///
/// # Example
/// ```
/// use centroid::metrics::silhouette_score;
/// use ndarray::array;
///
/// let x = array![[0.0, 0.0], [0.0, 1.0], [9.0, 0.0], [9.0, 1.0]];
/// assert!(silhouette_score(&x, &array![0, 0, 1, 1])? > 0.88);
/// # Ok::<(), centroid::Error>(())
/// ```
///
/// # Cost
/// As [`silhouette_samples`].
///
/// # Errors
/// As [`silhouette_samples`].
pub fn silhouette_score<F: Float>(x: &ArrayRef2<F>, labels: &ArrayRef1<usize>) -> Result<f64> {
    compiled!(
        |x: &ArrayRef2<F>, labels: &ArrayRef1<usize>| -> Result<f64> {
            Ok(mean(&exact(x, labels)?))
        }
    )(x, labels)
}

fn exact<F: Float>(x: &ArrayRef2<F>, labels: &ArrayRef1<usize>) -> Result<Vec<f64>> {
    let points = Points::check("x", x)?;
    let clusters = Clusters::to_score(&points, labels)?;
    DistanceSums::new(&points, &clusters).map(|row, sums| of_sums(&clusters, row, sums))
}

/// The silhouette of a row with these sums of distances to the clusters.
fn of_sums(clusters: &Clusters, row: usize, sums: &[f64]) -> f64 {
    let own = clusters.of_rows()[row];
    let within = sums[own] / (clusters.size(own) - 1).max(1) as f64;
    let to_cluster = |cluster: usize| sums[cluster] / clusters.size(cluster) as f64;
    let others = (0..clusters.len()).filter(|&cluster| cluster != own);
    let between = others.fold(f64::INFINITY, |least, other| least.min(to_cluster(other)));
    of_distances(clusters.size(own), within, between)
}

/// The silhouette of a row by its distances to its own cluster, of `size` rows, and to the next one.
fn of_distances(size: usize, within: f64, between: f64) -> f64 {
    let larger = within.max(between);
    if size > 1 && larger > 0.0 {
        (between - within) / larger
    } else {
        0.0
    }
}

fn rounded<F: Float>(samples: Vec<f64>) -> Array1<F> {
    samples.into_iter().map(F::from_f64).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}
