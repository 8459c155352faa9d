//! Scores based on the means of the clusters.

use ndarray::{ArrayRef1, ArrayRef2};

use super::clusters::Clusters;
use super::means::Means;
use crate::data::Points;
use crate::error::Result;
use crate::float::{Float, compiled};
use crate::parallel;

/// The ratio of the variance between clusters to that within: large for compact, well-separated clusters.
///
/// ```text
/// sum over clusters of n_c |m_c - m|^2 / (k - 1)   divided by   sum over rows of |x - m_c|^2 / (n - k)
/// ```
///
/// with the means `m_c` of the clusters and the mean `m` of all rows. It is 1 if every row equals the mean
/// of its cluster. It has no upper bound, and compares labellings of the same data. `x` is `n x d`;
/// `labels` has one label for each row.
///
/// # Example
/// ```
/// use centroid::metrics::calinski_harabasz_score;
/// use ndarray::array;
///
/// let x = array![[0.0], [2.0], [10.0], [12.0]];
/// assert_eq!(calinski_harabasz_score(&x, &array![0, 0, 1, 1])?, 50.0);
/// # Ok::<(), centroid::Error>(())
/// ```
///
/// # Cost
/// `n d` operations, and a sum of `k d` values for each of at most 64 parts of the rows.
///
/// # Errors
/// As [`silhouette_score`](super::silhouette_score).
///
/// # References
/// T. Caliński, J. Harabasz, *A dendrite method for cluster analysis*, Communications in Statistics
/// 3(1), 1974, doi:10.1080/03610927408827101.
pub fn calinski_harabasz_score<F: Float>(
    x: &ArrayRef2<F>,
    labels: &ArrayRef1<usize>,
) -> Result<f64> {
    compiled!(
        |x: &ArrayRef2<F>, labels: &ArrayRef1<usize>| -> Result<f64> {
            let points = Points::check("x", x)?;
            let clusters = Clusters::to_score(&points, labels)?;
            let means = Means::new(&points, &clusters);
            let (n, k) = (points.len() as f64, clusters.len() as f64);
            let between = means.between_scatter();
            let within: f64 = means.within_scatters().iter().map(|own| own.sq_dists).sum();
            if within == 0.0 {
                return Ok(1.0);
            }
            Ok(between * (n - k) / (within * (k - 1.0)))
        }
    )(x, labels)
}

/// How similar each cluster is to the one most like it, averaged over the clusters: 0 is best.
///
/// ```text
/// mean over clusters c of  max over others e of  (s_c + s_e) / |m_c - m_e|
/// ```
///
/// with the means `m_c`, and the mean distance `s_c` of the rows of a cluster to its mean. Pairs of
/// clusters with equal means are skipped, as in scikit-learn. `x` is `n x d`; `labels` has one label for
/// each row.
///
/// # Example
/// ```
/// use centroid::metrics::davies_bouldin_score;
/// use ndarray::array;
///
/// let x = array![[0.0], [2.0], [10.0], [12.0]];
/// assert_eq!(davies_bouldin_score(&x, &array![0, 0, 1, 1])?, 0.2);
/// # Ok::<(), centroid::Error>(())
/// ```
///
/// # Cost
/// `n d + k^2 d` operations, and a sum of `k d` values for each of at most 64 parts of the rows.
///
/// # Errors
/// As [`silhouette_score`](super::silhouette_score).
///
/// # References
/// D. L. Davies, D. W. Bouldin, *A cluster separation measure*, IEEE Transactions on Pattern Analysis
/// and Machine Intelligence 1(2), 1979, doi:10.1109/TPAMI.1979.4766909.
pub fn davies_bouldin_score<F: Float>(x: &ArrayRef2<F>, labels: &ArrayRef1<usize>) -> Result<f64> {
    compiled!(
        |x: &ArrayRef2<F>, labels: &ArrayRef1<usize>| -> Result<f64> {
            let points = Points::check("x", x)?;
            let clusters = Clusters::to_score(&points, labels)?;
            let means = Means::new(&points, &clusters);
            let widths: Vec<f64> = means
                .within_scatters()
                .iter()
                .enumerate()
                .map(|(cluster, own)| own.dists / clusters.size(cluster) as f64)
                .collect();
            let worst = |c: usize| {
                let mut worst: f64 = 0.0;
                for e in (0..clusters.len()).filter(|&e| e != c) {
                    let dist = means.sq_dist(c, e).sqrt();
                    if dist > 0.0 {
                        worst = worst.max((widths[c] + widths[e]) / dist);
                    }
                }
                worst
            };
            let work = parallel::work(clusters.len(), clusters.len(), points.n_features());
            let all = parallel::map(clusters.len(), work, worst);
            Ok(all.iter().sum::<f64>() / clusters.len() as f64)
        }
    )(x, labels)
}
