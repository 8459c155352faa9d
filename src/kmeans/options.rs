//! What a fit may be given beside the data.

use std::fmt;
use std::ops::ControlFlow;

use ndarray::{ArrayRef1, ArrayRef2};

use crate::progress::{Iteration, Observer};

/// Options of one fit: what belongs to the data or the call rather than to the estimator.
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
/// let model = KMeans::new(2).n_init(1).fit_with(&x, FitOptions::new().observer(&mut observer))?;
/// assert_eq!(inertias.len(), model.n_iter());
/// assert_eq!(inertias.last(), Some(&1.0));
/// # Ok::<(), centroid::Error>(())
/// ```
#[must_use = "options do nothing until they are given to a fit"]
pub struct FitOptions<'a, F> {
    pub(crate) weights: Option<&'a ArrayRef1<F>>,
    pub(crate) initial_centroids: Option<&'a ArrayRef2<F>>,
    pub(crate) observer: Option<&'a mut Observer<'a>>,
}

impl<'a, F> FitOptions<'a, F> {
    /// No weights, no initial centroids, no observer.
    pub fn new() -> Self {
        Self {
            weights: None,
            initial_centroids: None,
            observer: None,
        }
    }

    /// A weight for each of the `n` rows, finite and not negative, not all 0. A row of weight 2
    /// counts as two equal rows, in seeding, means, inertia and tolerance; one of weight 0 is
    /// labelled and does nothing else.
    ///
    /// Default: 1 for each row.
    pub fn weights(mut self, weights: &'a ArrayRef1<F>) -> Self {
        self.weights = Some(weights);
        self
    }

    /// The `k x d` centroids to start from, once, in place of seeding.
    ///
    /// Default: none.
    pub fn initial_centroids(mut self, centroids: &'a ArrayRef2<F>) -> Self {
        self.initial_centroids = Some(centroids);
        self
    }

    /// Is told of each iteration, and ends the fit by [`ControlFlow::Break`]: the best result so
    /// far is returned then, with [`Stop::Interrupted`](crate::Stop::Interrupted).
    ///
    /// Restarts run one after another under observation, and computing the inertia of each
    /// iteration takes `n d` operations more.
    ///
    /// Default: none.
    pub fn observer(
        mut self,
        observer: &'a mut (dyn FnMut(&Iteration) -> ControlFlow<()> + 'a),
    ) -> Self {
        self.observer = Some(observer);
        self
    }
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
            .field("observer", &self.observer.is_some())
            .finish()
    }
}
