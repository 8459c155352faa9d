//! Which rows to label by hand.

use std::cmp::Reverse;

use ndarray::ArrayRef2;

use crate::KMeansModel;
#[cfg(doc)]
use crate::error::Error;
use crate::error::Result;
use crate::float::{Float, compiled};

/// A row that should be labelled by hand.
///
/// See [`label_requests`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct LabelRequest {
    /// The row of the data that is nearest to the centroid among those of the cluster.
    pub row: usize,
    /// The cluster that it stands for.
    pub cluster: usize,
    /// The number of rows in that cluster, all of which may get the label.
    pub cluster_size: usize,
    /// The Euclidean distance of the row to the centroid.
    pub distance: f64,
}

/// The rows of `x`, `n x d`, to label by hand, one for each cluster that has any. The largest clusters come
/// first, so that even a few labels cover as many rows as possible; equally large clusters are in ascending
/// order.
///
/// The requested row is the nearest to the centroid among those of the cluster, or the first of several
/// equally near ones. [`KMeansModel::representatives`] instead considers all rows: it names one for empty
/// clusters too, and in rare cases a row of a neighbouring cluster.
///
/// # Example
/// ```
/// use centroid::KMeansModel;
/// use centroid::semi_supervised::label_requests;
/// use ndarray::array;
///
/// let model = KMeansModel::from_centroids(array![[0.0], [50.0], [10.0]])?;
/// let requests = label_requests(&model, &array![[0.0], [9.0], [12.0], [10.5]])?;
/// let rows = requests.iter().map(|request| (request.row, request.cluster_size));
/// assert_eq!(rows.collect::<Vec<_>>(), [(3, 3), (0, 1)]);
/// # Ok::<(), centroid::Error>(())
/// ```
///
/// # Cost
/// `n k d` multiply-adds.
///
/// # Determinism
/// The same rows at any number of threads.
///
/// # Errors
/// - [`Error::DimensionMismatch`]: the number of columns is not that of the centroids.
/// - [`Error::NotFinite`], [`Error::TooLarge`]: a value is not finite, or too large.
pub fn label_requests<F: Float>(
    model: &KMeansModel<F>,
    x: &ArrayRef2<F>,
) -> Result<Vec<LabelRequest>> {
    compiled!(
        |model: &KMeansModel<F>, x: &ArrayRef2<F>| -> Result<Vec<LabelRequest>> {
            let assignment = model.assign(x)?;
            let mut of_cluster: Vec<Option<LabelRequest>> = vec![None; model.n_clusters()];
            let rows = assignment.labels.iter().zip(&assignment.sq_distances);
            for (row, (&cluster, &sq_dist)) in rows.enumerate() {
                let request = of_cluster[cluster].get_or_insert(LabelRequest {
                    row,
                    cluster,
                    cluster_size: 0,
                    distance: sq_dist,
                });
                request.cluster_size += 1;
                if sq_dist < request.distance {
                    (request.row, request.distance) = (row, sq_dist);
                }
            }
            let mut requests: Vec<_> = of_cluster.into_iter().flatten().collect();
            for request in &mut requests {
                request.distance = request.distance.sqrt();
            }
            requests.sort_by_key(|request| Reverse(request.cluster_size));
            Ok(requests)
        }
    )(model, x)
}
