//! Rows and their nearest centroids.

use ndarray::{Array1, ArrayRef2};

use super::KMeansModel;
use crate::error::Result;
use crate::float::{Float, compiled};
use crate::kmeans::{engine, update};

/// The nearest centroids of `m` rows. See [`KMeansModel::assign`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Assignment {
    /// For each row the index of its nearest centroid, as [`predict`](KMeansModel::predict) returns it.
    pub labels: Array1<usize>,
    /// For each row the squared Euclidean distance to that centroid, computed in f64.
    pub sq_distances: Array1<f64>,
}

impl<F: Float> KMeansModel<F> {
    /// The nearest centroid of each of the `m` rows of `x`, as [`predict`](Self::predict) returns it, and
    /// the squared Euclidean distance to it.
    ///
    /// The distances are those that decide the labels: exact up to rounding in f64, for `f32` data too.
    ///
    /// # Example
    /// ```
    /// use centroid::KMeansModel;
    /// use ndarray::array;
    ///
    /// let model = KMeansModel::from_centroids(array![[0.0, 0.0], [10.0, 0.0]])?;
    /// let assignment = model.assign(&array![[3.0, 4.0], [9.0, 0.0]])?;
    /// assert_eq!(assignment.labels, array![0, 1]);
    /// assert_eq!(assignment.sq_distances, array![25.0, 1.0]);
    /// # Ok::<(), centroid::Error>(())
    /// ```
    ///
    /// # Cost
    /// `m k d` multiply-adds, and 20 bytes per row.
    ///
    /// # Errors
    /// [As above](Self#errors).
    pub fn assign(&self, x: &ArrayRef2<F>) -> Result<Assignment> {
        compiled!(
            |model: &KMeansModel<F>, x: &ArrayRef2<F>| -> Result<Assignment> {
                let points = model.check(x)?;
                let mut labels = vec![0; points.len()];
                engine::label(&points, &model.centroids, &mut labels);
                let sq_distances =
                    update::sq_dists_to_own(&points, &labels, &model.centroids.rows());
                Ok(Assignment {
                    labels: labels.into_iter().map(|label| label as usize).collect(),
                    sq_distances: Array1::from(sq_distances),
                })
            }
        )(self, x)
    }
}

/// The rows of one cluster.
#[derive(Clone, Copy, Debug, Default)]
struct ClusterStats {
    size: usize,
    /// The sum of the squared distances to the centroid.
    sum: f64,
}

impl ClusterStats {
    /// The root of the mean squared distance. `None` if there are fewer than two rows, or if it is 0.
    fn spread(&self) -> Option<f64> {
        (self.size > 1 && self.sum > 0.0).then(|| (self.sum / self.size as f64).sqrt())
    }
}

impl Assignment {
    /// The rows of each of `n_clusters` clusters, in one pass.
    fn clusters(&self, n_clusters: usize) -> Vec<ClusterStats> {
        let mut clusters = vec![ClusterStats::default(); n_clusters];
        for (&label, sq_dist) in self.labels.iter().zip(&self.sq_distances) {
            let own = &mut clusters[label];
            own.size += 1;
            own.sum += sq_dist;
        }
        clusters
    }

    /// The spread of each cluster. See
    /// [`KMeansModel::cluster_spreads`](crate::KMeansModel::cluster_spreads).
    pub(super) fn spreads(&self, n_clusters: usize) -> Vec<f64> {
        let clusters = self.clusters(n_clusters);
        let all = ClusterStats {
            size: self.labels.len(),
            sum: clusters.iter().map(|own| own.sum).sum(),
        };
        let of_all = all.spread().unwrap_or(0.0);
        let spread = |own: &ClusterStats| own.spread().unwrap_or(of_all);
        clusters.iter().map(spread).collect()
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;
    use crate::error::Error;

    #[test]
    fn labels_are_predictions_and_distances_are_those_to_their_centroids() {
        let centroids = Array2::from_shape_fn((7, 5), |(i, j)| ((i * 31 + j * 17) % 23) as f32);
        let model = KMeansModel::from_centroids(&centroids).unwrap();
        let x = Array2::from_shape_fn((300, 5), |(i, j)| ((i * (3 + j)) % 29) as f32);
        let assignment = model.assign(&x).unwrap();
        assert_eq!(assignment.labels, model.predict(&x).unwrap());
        for (i, (&label, &sq_distance)) in assignment
            .labels
            .iter()
            .zip(&assignment.sq_distances)
            .enumerate()
        {
            let difference = &x.row(i) - &centroids.row(label);
            assert_eq!(sq_distance, difference.mapv(|v| f64::from(v * v)).sum());
        }
        let none = model.assign(&Array2::zeros((0, 5))).unwrap();
        assert!(none.labels.is_empty() && none.sq_distances.is_empty());
        let error = model.assign(&array![[f32::NAN; 5]]).unwrap_err();
        assert!(matches!(error, Error::NotFinite { .. }), "{error}");
        let error = model.assign(&Array2::zeros((1, 4))).unwrap_err();
        assert!(matches!(error, Error::DimensionMismatch { .. }), "{error}");
    }
}
