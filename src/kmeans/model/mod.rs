//! The result of a fit.

mod assignment;
mod distances;
mod outliers;
mod predict;
#[cfg(feature = "serde")]
mod saving;

use std::fmt;

use ndarray::{Array1, Array2, ArrayRef2, ArrayView1, ArrayView2, CowArray, Ix2};

pub use assignment::Assignment;

use super::engine::Run;
use crate::data::Points;
#[cfg(doc)]
use crate::error::Error;
use crate::error::Result;
use crate::float::{Float, compiled};
use crate::kernels::{Kernels, Packed, detect};
use crate::parallel::{Blocks, PARTS, work};
use crate::progress::Stop;

/// The result of a fit: the centroids, and the labels, cluster sizes and inertia of the fitted data.
///
/// These agree with each other: [`labels`](Self::labels) are what [`predict`](Self::predict) returns
/// for the fitted data, [`inertia`](Self::inertia) is computed from them and the centroids, and
/// [`cluster_sizes`](Self::cluster_sizes) counts them.
///
/// # Example
/// ```
/// use centroid::{KMeans, Stop};
/// use ndarray::array;
///
/// let x = array![[0.0, 0.0], [0.0, 2.0], [9.0, 0.0]];
/// let model = KMeans::new(2).fit(&x)?;
/// let label = model.labels()[0];
/// assert_eq!(model.centroids().row(label), array![0.0, 1.0]);
/// assert_eq!(model.cluster_sizes()[label], 2);
/// assert_eq!((model.n_clusters(), model.n_features(), model.inertia()), (2, 2, 2.0));
/// assert_eq!((model.stop(), model.n_iter()), (Stop::Converged, 2));
///
/// let new = array![[8.0, 0.0], [0.0, 1.0]];
/// let labels = model.predict(&new)?;
/// let distances = model.transform(&new)?;
/// assert_eq!(distances[[0, labels[0]]], 1.0);
/// assert_eq!(distances[[1, labels[1]]], 0.0);
/// assert_eq!(model.score(&new)?, -1.0);
/// # Ok::<(), centroid::Error>(())
/// ```
///
/// # Errors
/// All methods that take rows refuse them with
/// - [`Error::DimensionMismatch`]: their number of columns is not that of the centroids.
/// - [`Error::NotFinite`], [`Error::TooLarge`]: a value is not finite, or too large.
///
/// An array without rows is not an error: the result then has no rows either.
#[derive(Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(
        try_from = "saving::SavedModel<F>",
        into = "saving::SavedModel<F>",
        bound(
            serialize = "F: serde::Serialize",
            deserialize = "F: serde::Deserialize<'de>"
        )
    )
)]
pub struct KMeansModel<F: Float> {
    pub(in crate::kmeans) centroids: Packed<F>,
    pub(in crate::kmeans) labels: Array1<usize>,
    pub(in crate::kmeans) cluster_sizes: Array1<usize>,
    pub(in crate::kmeans) inertia: f64,
    pub(in crate::kmeans) n_iter: usize,
    pub(in crate::kmeans) stop: Stop,
    pub(in crate::kmeans) kernels: &'static Kernels<F>,
}

impl<F: Float> KMeansModel<F> {
    /// IN: `keeps_labels`, whether the model stores the labels.
    pub(in crate::kmeans) fn from_run(run: Run<F>, keeps_labels: bool) -> Self {
        let (n, n_clusters) = (run.labels.len(), run.centroids.len());
        let mut labels = vec![0; if keeps_labels { n } else { 0 }];
        if keeps_labels {
            Blocks::by_work(n, n * RELABEL_WORK).fill(&mut labels[..], |range, out| {
                for (out, &label) in out.iter_mut().zip(&run.labels[range]) {
                    *out = label as usize;
                }
            });
        }
        let cluster_sizes = match run.sizes.is_empty() {
            true => counts(&run.labels, n_clusters),
            false => run.sizes,
        };
        Self {
            labels: Array1::from(labels),
            cluster_sizes: cluster_sizes
                .into_iter()
                .map(|size| usize::try_from(size).unwrap_or(usize::MAX))
                .collect(),
            centroids: run.centroids,
            inertia: run.inertia,
            n_iter: run.n_iter,
            stop: run.stop,
            kernels: detect(),
        }
    }

    /// A model made from existing `k x d` centroids, given as an array, a view or a reference to one. There
    /// was no fit: [`stop`](Self::stop) is [`Stop::NotFitted`], there are no labels, all sizes are 0 and
    /// the inertia is infinite.
    ///
    /// # Example
    /// ```
    /// use centroid::{KMeansModel, Stop};
    /// use ndarray::array;
    ///
    /// let model = KMeansModel::from_centroids(array![[0.0], [10.0]])?;
    /// assert_eq!(model.predict(&array![[7.0]])?, array![1]);
    /// assert_eq!((model.stop(), model.inertia()), (Stop::NotFitted, f64::INFINITY));
    /// # Ok::<(), centroid::Error>(())
    /// ```
    ///
    /// # Errors
    /// - [`Error::EmptyData`]: there are no centroids, or they have no features.
    /// - [`Error::NotFinite`], [`Error::TooLarge`]: a value is not finite, or too large.
    pub fn from_centroids<'a>(centroids: impl Into<CowArray<'a, F, Ix2>>) -> Result<Self> {
        compiled!(|centroids: &ArrayRef2<F>| -> Result<KMeansModel<F>> {
            let points = Points::check("centroids", centroids)?;
            Ok(KMeansModel::from_packed(Packed::new(&points.rows())))
        })(&centroids.into())
    }

    pub(in crate::kmeans) fn from_packed(centroids: Packed<F>) -> Self {
        Self {
            labels: Array1::default(0),
            cluster_sizes: Array1::zeros(centroids.len()),
            inertia: f64::INFINITY,
            n_iter: 0,
            stop: Stop::NotFitted,
            kernels: detect(),
            centroids,
        }
    }

    /// The centroids, `k x d`. See the [example](Self#example).
    pub fn centroids(&self) -> ArrayView2<'_, F> {
        ArrayView2::from_shape(
            (self.n_clusters(), self.n_features()),
            self.centroids.rows().data(),
        )
        .expect("the centroids are a matrix")
    }

    /// For each of the `n` fitted rows, the index of its centroid. Empty after
    /// [`keep_labels(false)`](crate::FitOptions::keep_labels), and if no fit was made. See the
    /// [example](Self#example).
    pub fn labels(&self) -> ArrayView1<'_, usize> {
        self.labels.view()
    }

    /// The weighted sum of the squared distances of the fitted rows to their centroids, computed from
    /// differences in f64. Infinite if [no fit was made](Stop::NotFitted), so that any fit compares as
    /// better. See the [example](Self#example).
    pub fn inertia(&self) -> f64 {
        self.inertia
    }

    /// The number of iterations of the start that gave this model. See the [example](Self#example).
    pub fn n_iter(&self) -> usize {
        self.n_iter
    }

    /// Why the fit ended. See the [example](Self#example).
    pub fn stop(&self) -> Stop {
        self.stop
    }

    /// For each of the `k` clusters, the number of fitted rows in it, regardless of their weights; 0 if no
    /// fit was made. See the [example](Self#example).
    pub fn cluster_sizes(&self) -> ArrayView1<'_, usize> {
        self.cluster_sizes.view()
    }

    /// The number of clusters, `k`. See the [example](Self#example).
    pub fn n_clusters(&self) -> usize {
        self.centroids.len()
    }

    /// The number of features, `d`. See the [example](Self#example).
    pub fn n_features(&self) -> usize {
        self.centroids.centre().len()
    }

    /// The centroids, `k x d`, without a copy. See [`into_parts`](Self::into_parts) for an example.
    pub fn into_centroids(self) -> Array2<F> {
        self.into_parts().0
    }

    /// The [`labels`](Self::labels), without a copy. See [`into_parts`](Self::into_parts) for an example.
    pub fn into_labels(self) -> Array1<usize> {
        self.labels
    }

    /// The centroids and the [`labels`](Self::labels), without a copy.
    ///
    /// # Example
    /// ```
    /// use centroid::KMeans;
    /// use ndarray::array;
    ///
    /// let model = KMeans::new(1).fit(&array![[0.0], [2.0]])?;
    /// assert_eq!(model.clone().into_parts(), (array![[1.0]], array![0, 0]));
    /// assert_eq!(model.clone().into_centroids(), array![[1.0]]);
    /// assert_eq!(model.into_labels(), array![0, 0]);
    /// # Ok::<(), centroid::Error>(())
    /// ```
    pub fn into_parts(self) -> (Array2<F>, Array1<usize>) {
        let shape = (self.n_clusters(), self.n_features());
        let centroids = Array2::from_shape_vec(shape, self.centroids.into_rows());
        (centroids.expect("the centroids are a matrix"), self.labels)
    }

    pub(in crate::kmeans) fn check<'a>(&self, x: &'a ArrayRef2<F>) -> Result<Points<'a, F>> {
        Points::check_for("x", x, self.n_features())
    }

    /// The multiply-adds needed to compare all points with all centroids.
    fn work(&self, points: &Points<'_, F>) -> usize {
        work(points.len(), self.n_clusters(), self.n_features())
    }
}

/// Widening or counting a label takes about as long as this many multiply-adds.
const RELABEL_WORK: usize = 8;

/// How many rows have each label.
pub(in crate::kmeans) fn counts(labels: &[u32], n_clusters: usize) -> Vec<u64> {
    let of_part = |rows: std::ops::Range<usize>| {
        let mut counts = vec![0; n_clusters];
        let labels = labels[rows].iter();
        labels.for_each(|&label| counts[label as usize] += 1);
        counts
    };
    let both = |mut a: Vec<u64>, b: Vec<u64>| {
        a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
        a
    };
    let parts = Blocks::parts(labels.len(), PARTS, labels.len() * RELABEL_WORK);
    let counts = parts.reduce(of_part, both);
    counts.unwrap_or_else(|| vec![0; n_clusters])
}

impl<F: Float> PartialEq for KMeansModel<F> {
    fn eq(&self, other: &Self) -> bool {
        let counts = |model: &Self| (model.inertia, model.n_iter, model.stop);
        counts(self) == counts(other)
            && self.centroids() == other.centroids()
            && self.labels == other.labels
            && self.cluster_sizes == other.cluster_sizes
    }
}

impl<F: Float> fmt::Debug for KMeansModel<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KMeansModel")
            .field("centroids", &self.centroids())
            .field("cluster_sizes", &self.cluster_sizes)
            .field("inertia", &self.inertia)
            .field("n_iter", &self.n_iter)
            .field("stop", &self.stop)
            .finish_non_exhaustive()
    }
}
