//! Makes many labels from a few: which rows to label by hand, and how to propagate their labels.
//!
//! If labels are expensive, let k-means find many small clusters, ask for the label of one row in each, and
//! give it to the other rows of that cluster, or to those near its centroid:
//!
//! ```
//! use centroid::KMeans;
//! use centroid::semi_supervised::{Propagation, label_requests, propagate};
//! use ndarray::array;
//!
//! let x = array![[0.0], [1.0], [3.0], [50.0], [52.0]];
//! let model = KMeans::new(2).fit(&x)?;
//! let mut labels = vec![None; 2];
//! for request in label_requests(&model, &x)? {
//!     // Somebody looks at the row, and may not know.
//!     labels[request.cluster] = Some(if request.row < 3 { "low" } else { "high" });
//! }
//! let propagated = propagate(&model, &x, &labels, Propagation::All)?.flatten();
//! assert_eq!(propagated.labels()[2], Some("low"));
//! assert_eq!(propagated.labels()[4], Some("high"));
//! # Ok::<(), centroid::Error>(())
//! ```

mod requests;
#[cfg(test)]
mod tests;

use ndarray::{Array1, ArrayRef2, ArrayView1};

use crate::checks;
#[cfg(doc)]
use crate::error::Error;
use crate::error::Result;
use crate::float::{Float, compiled};
use crate::numeric::percentile;
use crate::{Assignment, KMeansModel};

pub use requests::{LabelRequest, label_requests};

/// Which rows of a cluster get its label. See [`propagate`].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Propagation {
    /// All of them. This labels the most rows, but also the most rows wrongly, where clusters meet.
    #[default]
    All,
    /// Those whose Euclidean distance to the centroid is at most the given percentile of the distances
    /// of the cluster's rows.
    ///
    /// For `m` distances in ascending order, the percentile is the one at position
    /// `percentile (m - 1) / 100`, counted from 0 and interpolated linearly. So 0 selects only the nearest
    /// row of each cluster, 100 selects all rows, and rows exactly at the percentile are included. Choose a
    /// small percentile if labels must be right, and a large one if there are few rows.
    Closest {
        /// From 0 to 100.
        percentile: f64,
    },
}

/// Labels of rows, and how much to trust them.
///
/// See [`propagate`].
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Propagated<L, F: Float> {
    labels: Vec<Option<L>>,
    confidences: Array1<F>,
}

/// Gives each row of `x` the label of its cluster, or [none](Option::None) if the [`Propagation`] leaves
/// the row out.
///
/// `x` is `n x d`. `cluster_labels` has one label for each of the `k` clusters, in their order, such as the
/// labels of [`representatives`](KMeansModel::representatives) or of [`label_requests`].
///
/// Some clusters may have no label: use `Option`s as labels, as in the example of the [module](self), and
/// [`flatten`](Propagated::flatten) the result.
///
/// Each label has a confidence, which a classifier can use as the weight of the row:
///
/// ```text
/// exp(-(d^2 - m^2) / (2 s^2)),   d the distance of the row to its centroid,
///     m the least such distance in the cluster, s^2 the mean of their squares
/// ```
///
/// It is 1 for the row nearest to the centroid, which is the one labelled by hand. With the distance, it
/// falls like the density of a normal distribution with the spread of the cluster: to 0.6 for a row at `s`
/// and to 0.14 at twice that, or a little more. It is 0 for rows without a label, and may be 0 for rows
/// that are very far from all others.
///
/// # Example
/// ```
/// use centroid::KMeansModel;
/// use centroid::semi_supervised::{Propagation, propagate};
/// use ndarray::array;
///
/// let model = KMeansModel::from_centroids(array![[0.0], [10.0]])?;
/// let x = array![[0.0], [1.0], [-3.0], [11.0]];
/// let closest = Propagation::Closest { percentile: 50.0 };
/// let propagated = propagate(&model, &x, &['a', 'b'], closest)?;
/// assert_eq!(propagated.labels(), [Some('a'), Some('a'), None, Some('b')]);
/// assert_eq!((propagated.confidences()[0], propagated.confidences()[2]), (1.0, 0.0));
/// assert_eq!(propagated.into_labels()[3], Some('b'));
/// # Ok::<(), centroid::Error>(())
/// ```
///
/// # Cost
/// `n k d` multiply-adds, and for percentiles a sort of each cluster's distances.
///
/// # Determinism
/// The same labels at any number of threads. Confidences use the platform's exponential function.
///
/// # Errors
/// - [`Error::LengthMismatch`]: there is not one label for each cluster, empty ones included.
/// - [`Error::InvalidParameter`]: the percentile is not between 0 and 100.
/// - [`Error::DimensionMismatch`]: the number of columns is not that of the centroids.
/// - [`Error::NotFinite`], [`Error::TooLarge`]: a value is not finite, or too large.
///
/// # References
/// A. Géron, *Hands-On Machine Learning with Scikit-Learn, Keras and TensorFlow*, chapter 9, O'Reilly.
pub fn propagate<L: Clone, F: Float>(
    model: &KMeansModel<F>,
    x: &ArrayRef2<F>,
    cluster_labels: &[L],
    propagation: Propagation,
) -> Result<Propagated<L, F>> {
    let n_clusters = model.n_clusters();
    checks::same_len("cluster labels", n_clusters, cluster_labels.len())?;
    let confidences = compiled!(|model: &KMeansModel<F>,
                                 x: &ArrayRef2<F>,
                                 propagation: Propagation|
     -> Result<Confidences<F>> {
        confidences(model, x, propagation)
    })(model, x, propagation)?;
    let label = |(label, confidence): (usize, &Option<F>)| {
        confidence.map(|_| cluster_labels[label].clone())
    };
    let rows = confidences.labels.into_iter().zip(&confidences.values);
    Ok(Propagated {
        labels: rows.map(label).collect(),
        confidences: confidences
            .values
            .iter()
            .map(|confidence| confidence.unwrap_or(F::ZERO))
            .collect(),
    })
}

/// The clusters of rows, and the confidences of those that get a label.
#[derive(Debug)]
struct Confidences<F> {
    labels: Array1<usize>,
    values: Vec<Option<F>>,
}

/// The part that does not depend on the type of the labels.
///
/// # Errors
/// Those of [`propagate`], except for the number of labels.
fn confidences<F: Float>(
    model: &KMeansModel<F>,
    x: &ArrayRef2<F>,
    propagation: Propagation,
) -> Result<Confidences<F>> {
    if let Propagation::Closest { percentile } = propagation {
        let is_valid = (0.0..=100.0).contains(&percentile);
        checks::parameter(is_valid, "percentile", "between 0 and 100")?;
    }
    let assignment = model.assign(x)?;
    let clusters = cluster_distances(&assignment, model.n_clusters(), propagation);
    let rows = assignment.labels.iter().zip(&assignment.sq_distances);
    let values = rows
        .map(|(&label, &sq_dist)| clusters[label].confidence(sq_dist))
        .collect();
    Ok(Confidences {
        values,
        labels: assignment.labels,
    })
}

/// How far the rows of a cluster lie from its centroid.
struct ClusterDistances {
    /// The least of the squared distances.
    least: f64,
    /// The mean of the squared distances.
    mean: f64,
    /// Rows at a larger distance get no label.
    limit: f64,
}

impl ClusterDistances {
    /// IN: `sq_dists`, those of the rows of the cluster.
    fn new(mut sq_dists: Vec<f64>, propagation: Propagation) -> Self {
        let least = sq_dists.iter().copied().fold(f64::INFINITY, f64::min);
        let mean = sq_dists.iter().sum::<f64>() / sq_dists.len() as f64;
        let limit = match propagation {
            Propagation::All => f64::INFINITY,
            Propagation::Closest { percentile: share } => {
                sq_dists.sort_unstable_by(f64::total_cmp);
                let dists: Vec<f64> = sq_dists.into_iter().map(f64::sqrt).collect();
                // A cluster without rows has no distances.
                percentile(&dists, share).unwrap_or(0.0)
            }
        };
        Self { least, mean, limit }
    }

    /// How much to trust the label of a row at this squared distance. `None` if it gets no label.
    fn confidence<F: Float>(&self, sq_dist: f64) -> Option<F> {
        (sq_dist.sqrt() <= self.limit).then(|| {
            let excess = sq_dist - self.least;
            // If all are equally far, possibly all at distance 0, none is trusted less than the others.
            let exponent = if excess > 0.0 {
                excess / (2.0 * self.mean)
            } else {
                0.0
            };
            F::from_f64((-exponent).exp())
        })
    }
}

fn cluster_distances(
    assignment: &Assignment,
    n_clusters: usize,
    propagation: Propagation,
) -> Vec<ClusterDistances> {
    let mut of_clusters = vec![Vec::new(); n_clusters];
    let rows = assignment.labels.iter().zip(&assignment.sq_distances);
    rows.for_each(|(&label, &sq_dist)| of_clusters[label].push(sq_dist));
    let of_clusters = of_clusters.into_iter();
    of_clusters
        .map(|sq_dists| ClusterDistances::new(sq_dists, propagation))
        .collect()
}

impl<L, F: Float> Propagated<L, F> {
    /// For each of the `n` rows, its label, if it has one. See [`propagate`] for an example.
    pub fn labels(&self) -> &[Option<L>] {
        &self.labels
    }

    /// For each of the `n` rows, how much to trust its label, from 0 to 1; 0 if it has none. See
    /// [`propagate`] for an example.
    pub fn confidences(&self) -> ArrayView1<'_, F> {
        self.confidences.view()
    }

    /// The rows that have a label, in ascending order: the training rows.
    ///
    /// # Example
    /// ```
    /// use centroid::KMeansModel;
    /// use centroid::semi_supervised::{Propagation, propagate};
    /// use ndarray::{Axis, array};
    ///
    /// let model = KMeansModel::from_centroids(array![[0.0]])?;
    /// let x = array![[2.0], [1.0], [3.0]];
    /// let closest = Propagation::Closest { percentile: 50.0 };
    /// let propagated = propagate(&model, &x, &['a'], closest)?;
    /// assert_eq!(propagated.rows(), [0, 1]);
    /// assert_eq!(x.select(Axis(0), &propagated.rows()), array![[2.0], [1.0]]);
    /// # Ok::<(), centroid::Error>(())
    /// ```
    pub fn rows(&self) -> Vec<usize> {
        let labels = self.labels.iter().enumerate();
        labels
            .filter_map(|(row, label)| label.as_ref().map(|_| row))
            .collect()
    }

    /// The labels, without a copy. See [`propagate`] for an example.
    pub fn into_labels(self) -> Vec<Option<L>> {
        self.labels
    }

    /// The labels and the confidences, without a copy.
    ///
    /// # Example
    /// ```
    /// use centroid::KMeansModel;
    /// use centroid::semi_supervised::{Propagation, propagate};
    /// use ndarray::array;
    ///
    /// let model = KMeansModel::from_centroids(array![[0.0]])?;
    /// let propagated = propagate(&model, &array![[2.0]], &['a'], Propagation::All)?;
    /// assert_eq!(propagated.into_parts(), (vec![Some('a')], array![1.0]));
    /// # Ok::<(), centroid::Error>(())
    /// ```
    pub fn into_parts(self) -> (Vec<Option<L>>, Array1<F>) {
        (self.labels, self.confidences)
    }
}

impl<L, F: Float> Propagated<Option<L>, F> {
    /// For clusters that may have no label: their rows then have none either, and a confidence of 0. See
    /// the example of the [module](self).
    pub fn flatten(self) -> Propagated<L, F> {
        let labels: Vec<Option<L>> = self.labels.into_iter().map(Option::flatten).collect();
        let kept = labels.iter().zip(self.confidences);
        Propagated {
            confidences: kept
                .map(|(label, confidence)| label.as_ref().map_or(F::ZERO, |_| confidence))
                .collect(),
            labels,
        }
    }
}
