//! Options of a fit.

use std::fmt;
use std::ops::ControlFlow;

use ndarray::{ArrayRef1, ArrayRef2};

use crate::checks;
use crate::data::Points;
use crate::error::Result;
use crate::float::Float;
use crate::kmeans::iteration::Iteration;
use crate::progress::Observer;

/// Options of a single fit. They belong to the data or the call rather than to the estimator.
///
/// # Example
/// ```
/// use std::ops::ControlFlow;
///
/// use centroid::{FitOptions, KMeans, Stop};
/// use ndarray::array;
///
/// let x = array![[0.0], [1.0], [5.0], [6.0]];
/// let mut inertias = Vec::new();
/// let mut observer = |iteration: &centroid::Iteration| {
///     inertias.push(iteration.inertia);
///     ControlFlow::Continue(())
/// };
/// let options = FitOptions::new().keep_labels(false).observer(&mut observer);
/// let model = KMeans::new(2).n_init(1).fit_with(&x, options)?;
/// assert_eq!((model.stop(), model.labels().len()), (Stop::Converged, 0));
/// assert_eq!(inertias.len(), model.n_iter());
/// assert_eq!(inertias.last(), Some(&1.0));
/// # Ok::<(), centroid::Error>(())
/// ```
#[must_use = "options do nothing until they are given to a fit"]
pub struct FitOptions<'a, F> {
    pub(crate) weights: Option<&'a ArrayRef1<F>>,
    pub(crate) initial_centroids: Option<&'a ArrayRef2<F>>,
    pub(crate) observer: Observer<'a, Iteration>,
    pub(crate) keeps_labels: bool,
}

impl<'a, F> FitOptions<'a, F> {
    /// No weights, no initial centroids, no observer; labels are kept. See the [example](Self#example).
    pub fn new() -> Self {
        Self {
            weights: None,
            initial_centroids: None,
            observer: Observer::none(),
            keeps_labels: true,
        }
    }

    /// The rows of `x` with the weights.
    ///
    /// # Errors
    /// Those of [`KMeans::fit_with`](crate::KMeans::fit_with) that concern them.
    pub(super) fn check_points<'b>(
        &self,
        x: &'b ArrayRef2<F>,
        n_clusters: usize,
    ) -> Result<Points<'b, F>>
    where
        F: Float,
        'a: 'b,
    {
        let mut points = Points::check("x", x)?;
        if let Some(weights) = self.weights {
            points = points.with_weights(weights)?;
        }
        checks::enough_rows(points.n_weighted(), n_clusters)?;
        Ok(points)
    }

    /// The initial centroids, `n_clusters x n_features`, if any are given.
    ///
    /// # Errors
    /// Those of [`check_start`].
    pub(super) fn check_start(&self, n_clusters: usize, n_features: usize) -> Result<Option<Vec<F>>>
    where
        F: Float,
    {
        let start = self.initial_centroids;
        start
            .map(|start| check_start(start, n_clusters, n_features))
            .transpose()
    }

    /// A weight for each of the `n` rows: finite, not negative, and not all 0. A row of weight 2 counts as two
    /// equal rows in seeding, means, inertia and tolerance; a row of weight 0 is labelled but has no other
    /// effect. Only the ratios of the weights matter, but sums and inertias of weighted values lose digits
    /// below 1e-300. Integers up to 2^24 are summed about eight times as fast as other weights, which matters if
    /// there are few clusters.
    ///
    /// Default: 1 for each row. See [`fit_with`](crate::KMeans::fit_with) for an example.
    pub fn weights(mut self, weights: &'a ArrayRef1<F>) -> Self {
        self.weights = Some(weights);
        self
    }

    /// The `k x d` centroids to start from, instead of seeding. There is then only one start.
    ///
    /// Default: none. See [`fit_with`](crate::KMeans::fit_with) for an example.
    pub fn initial_centroids(mut self, centroids: &'a ArrayRef2<F>) -> Self {
        self.initial_centroids = Some(centroids);
        self
    }

    /// Whether the model stores the label of each row, which takes 8 bytes per row. If not,
    /// [`labels`](crate::KMeansModel::labels) is empty; sizes and inertia are available all the same.
    ///
    /// Default: `true`. See the [example](Self#example).
    pub fn keep_labels(mut self, keep: bool) -> Self {
        self.keeps_labels = keep;
        self
    }

    /// Called after each iteration. Return [`ControlFlow::Break`] to end the fit with the best result so
    /// far and with [`Stop::Interrupted`](crate::Stop::Interrupted).
    ///
    /// The calls come one at a time, restart by restart, from any thread, and are the same at any number of
    /// threads. Restarts may run side by side: the iterations of later restarts are held back until the
    /// earlier ones have finished, and are then reported in quick succession. After a `Break`, earlier
    /// restarts count in full, and the current one counts up to the reported iteration; later restarts do
    /// not count.
    ///
    /// An observer never changes the result of a fit unless it ends the fit. Computing the inertia of each
    /// iteration takes `n d` more operations. A [`MiniBatchKMeans`](crate::MiniBatchKMeans) chooses among
    /// its starts before the first iteration.
    ///
    /// Default: none. See the [example](Self#example).
    pub fn observer(
        mut self,
        observer: &'a mut (dyn FnMut(&Iteration) -> ControlFlow<()> + Send + 'a),
    ) -> Self {
        self.observer = Observer::new(observer);
        self
    }
}

/// Initial centroids, row-major.
///
/// # Errors
/// Those of [`KMeans::fit_with`](crate::KMeans::fit_with) that concern them.
pub(super) fn check_start<F: Float>(
    start: &ArrayRef2<F>,
    n_clusters: usize,
    n_features: usize,
) -> Result<Vec<F>> {
    let start = Points::check_for("initial centroids", start, n_features)?;
    checks::same_len("initial centroids", n_clusters, start.len())?;
    Ok(start.rows().data().to_vec())
}

impl<F> Default for FitOptions<'_, F> {
    fn default() -> Self {
        Self::new()
    }
}

impl<F> fmt::Debug for FitOptions<'_, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FitOptions")
            .field("weights", &self.weights.map(|weights| weights.len()))
            .field(
                "initial_centroids",
                &self.initial_centroids.map(|centroids| centroids.dim()),
            )
            .field("observer", &self.observer)
            .field("keeps_labels", &self.keeps_labels)
            .finish()
    }
}
