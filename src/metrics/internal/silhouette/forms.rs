//! Silhouettes by the means of the clusters.

use ndarray::{Array1, ArrayRef1, ArrayRef2};

use super::super::clusters::Clusters;
use super::super::means::Means;
use super::{mean, of_distances, rounded};
use crate::data::Points;
use crate::error::Result;
use crate::float::{Float, compiled};

/// The silhouette of each row, computed from its distances to the means of the clusters instead of its mean
/// distances to their rows: fast, and close to [`silhouette_samples`](super::silhouette_samples) for round
/// clusters.
///
/// ```text
/// s = (b - a) / max(a, b),   a = |x - m(own)|,   b = min over others c of |x - m_c|
/// ```
///
/// A row that is a cluster of its own has silhouette 0.
///
/// # Example
/// ```
/// use centroid::metrics::simplified_silhouette_samples;
/// use ndarray::array;
///
/// let x = array![[0.0], [2.0], [9.0]];
/// let samples = simplified_silhouette_samples(&x, &array![0, 0, 1])?;
/// assert_eq!(samples, array![8.0 / 9.0, 6.0 / 7.0, 0.0]);
/// # Ok::<(), centroid::Error>(())
/// ```
///
/// # Cost
/// `n k d` multiply-adds.
///
/// # Errors
/// As [`silhouette_samples`](super::silhouette_samples).
///
/// # References
/// L. Vendramin, R. J. G. B. Campello, E. R. Hruschka, *Relative clustering validity criteria: a
/// comparative overview*, Statistical Analysis and Data Mining 3(4), 2010, doi:10.1002/sam.10080.
pub fn simplified_silhouette_samples<F: Float>(
    x: &ArrayRef2<F>,
    labels: &ArrayRef1<usize>,
) -> Result<Array1<F>> {
    compiled!(
        |x: &ArrayRef2<F>, labels: &ArrayRef1<usize>| -> Result<Array1<F>> {
            Ok(rounded(simplified(x, labels)?))
        }
    )(x, labels)
}

/// The mean of all [`simplified_silhouette_samples`].
///
/// # Example
/// ```
/// use centroid::metrics::simplified_silhouette_score;
/// use ndarray::array;
///
/// let x = array![[0.0], [2.0], [9.0], [11.0]];
/// let score = simplified_silhouette_score(&x, &array![0, 0, 1, 1])?;
/// assert!((score - (9.0 / 10.0 + 7.0 / 8.0) / 2.0).abs() < 1e-15);
/// # Ok::<(), centroid::Error>(())
/// ```
///
/// # Cost
/// `n k d` multiply-adds.
///
/// # Errors
/// As [`silhouette_samples`](super::silhouette_samples).
pub fn simplified_silhouette_score<F: Float>(
    x: &ArrayRef2<F>,
    labels: &ArrayRef1<usize>,
) -> Result<f64> {
    compiled!(
        |x: &ArrayRef2<F>, labels: &ArrayRef1<usize>| -> Result<f64> {
            Ok(mean(&simplified(x, labels)?))
        }
    )(x, labels)
}

fn simplified<F: Float>(x: &ArrayRef2<F>, labels: &ArrayRef1<usize>) -> Result<Vec<f64>> {
    let points = Points::check("x", x)?;
    let clusters = Clusters::to_score(&points, labels)?;
    let means = Means::new(&points, &clusters);
    let own_and_least = means.own_and_least(&vec![0.0; clusters.len()]);
    let of_row = |(&own, (within, between)): (&usize, (f64, f64))| {
        of_distances(clusters.size(own), within.sqrt(), between.sqrt())
    };
    Ok(clusters
        .of_rows()
        .iter()
        .zip(own_and_least)
        .map(of_row)
        .collect())
}

/// The silhouette of each row by *squared* Euclidean distances instead of Euclidean ones.
///
/// The mean squared distance of a row to the rows of a cluster is its squared distance to their mean, plus
/// their mean squared distance to that mean. So no pairs of rows are needed, and the values are exact for
/// this distance in `n k d` operations. Squares give more weight to far rows: if clusters are well
/// separated, the values are larger than those of [`silhouette_samples`](super::silhouette_samples).
///
/// # Example
/// ```
/// use centroid::metrics::sq_euclidean_silhouette_samples;
/// use ndarray::array;
///
/// let x = array![[0.0], [1.0], [4.0]];
/// let samples = sq_euclidean_silhouette_samples(&x, &array![0, 0, 1])?;
/// assert_eq!(samples, array![15.0 / 16.0, 8.0 / 9.0, 0.0]);
/// # Ok::<(), centroid::Error>(())
/// ```
///
/// # Cost
/// `n k d` multiply-adds.
///
/// # Errors
/// As [`silhouette_samples`](super::silhouette_samples).
pub fn sq_euclidean_silhouette_samples<F: Float>(
    x: &ArrayRef2<F>,
    labels: &ArrayRef1<usize>,
) -> Result<Array1<F>> {
    compiled!(
        |x: &ArrayRef2<F>, labels: &ArrayRef1<usize>| -> Result<Array1<F>> {
            Ok(rounded(sq_euclidean(x, labels)?))
        }
    )(x, labels)
}

/// The mean of all [`sq_euclidean_silhouette_samples`].
///
/// # Example
/// ```
/// use centroid::metrics::sq_euclidean_silhouette_score;
/// use ndarray::array;
///
/// let x = array![[0.0], [1.0], [4.0]];
/// let score = sq_euclidean_silhouette_score(&x, &array![0, 0, 1])?;
/// assert!((score - (15.0 / 16.0 + 8.0 / 9.0) / 3.0).abs() < 1e-15);
/// # Ok::<(), centroid::Error>(())
/// ```
///
/// # Cost
/// `n k d` multiply-adds.
///
/// # Errors
/// As [`silhouette_samples`](super::silhouette_samples).
pub fn sq_euclidean_silhouette_score<F: Float>(
    x: &ArrayRef2<F>,
    labels: &ArrayRef1<usize>,
) -> Result<f64> {
    compiled!(
        |x: &ArrayRef2<F>, labels: &ArrayRef1<usize>| -> Result<f64> {
            Ok(mean(&sq_euclidean(x, labels)?))
        }
    )(x, labels)
}

fn sq_euclidean<F: Float>(x: &ArrayRef2<F>, labels: &ArrayRef1<usize>) -> Result<Vec<f64>> {
    let points = Points::check("x", x)?;
    let clusters = Clusters::to_score(&points, labels)?;
    let means = Means::new(&points, &clusters);
    let scatters = means.within_scatters().into_iter().enumerate();
    let offsets: Vec<f64> = scatters
        .map(|(cluster, own)| own.sq_dists / clusters.size(cluster) as f64)
        .collect();
    let own_and_least = means.own_and_least(&offsets);
    let of_row = |(&own, (within, between)): (&usize, (f64, f64))| {
        let size = clusters.size(own);
        // The row itself, at distance 0, is not among the others.
        let others = size as f64 / (size - 1).max(1) as f64;
        of_distances(size, within * others, between)
    };
    Ok(clusters
        .of_rows()
        .iter()
        .zip(own_and_least)
        .map(of_row)
        .collect())
}
