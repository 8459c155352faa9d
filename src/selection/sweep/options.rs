//! Options of a sweep.

use std::fmt;
use std::ops::ControlFlow;

use super::SweepEntry;
#[cfg(doc)]
use super::sweep;
use crate::float::Float;
#[cfg(doc)]
use crate::metrics;
use crate::progress::Observer;

/// Which silhouettes a [`sweep`] computes. See [`SweepOptions`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Silhouettes {
    /// Of all rows: `n^2 d / 2` operations for each number of clusters.
    #[default]
    Exact,
    /// Of a sample of rows among all, by
    /// [`silhouette_score_sampled`](metrics::silhouette_score_sampled): `m n d` operations.
    Sampled {
        /// The number of rows in the sample, at least 2 for each cluster.
        sample_size: usize,
        /// The seed with which they are drawn.
        seed: u64,
    },
    /// None.
    Skipped,
}

/// Options of a [`sweep`].
///
/// # Example
/// ```
/// use std::ops::ControlFlow;
///
/// use centroid::KMeans;
/// use centroid::selection::{Silhouettes, SweepEntry, SweepOptions, sweep};
/// use ndarray::array;
///
/// let x = array![[0.0], [1.0], [8.0], [9.0]];
/// let mut reported = Vec::new();
/// let mut observer = |entry: &SweepEntry<f64>| {
///     reported.push(entry.n_clusters);
///     ControlFlow::Continue(())
/// };
/// let options = SweepOptions::new().silhouettes(Silhouettes::Skipped).observer(&mut observer);
/// let sweep = sweep(&KMeans::new(2), &x, 1..=3, options)?;
/// assert_eq!((reported.len(), sweep.best_silhouette()), (3, None));
/// # Ok::<(), centroid::Error>(())
/// ```
#[must_use = "options do nothing until they are given to a sweep"]
pub struct SweepOptions<'a, F: Float> {
    pub(super) silhouettes: Silhouettes,
    pub(super) observer: Observer<'a, SweepEntry<F>>,
}

impl<'a, F: Float> SweepOptions<'a, F> {
    /// Exact silhouettes, no observer. See the [example](Self#example).
    pub fn new() -> Self {
        Self {
            silhouettes: Silhouettes::default(),
            observer: Observer::none(),
        }
    }

    /// Which silhouettes to compute. Default: [`Silhouettes::Exact`]. See the
    /// [example](Self#example).
    pub fn silhouettes(mut self, silhouettes: Silhouettes) -> Self {
        self.silhouettes = silhouettes;
        self
    }

    /// Called for each number of clusters, from the smallest up, once its fit and scores are done. Return
    /// [`ControlFlow::Break`] to end the sweep, which then holds the entries seen so far.
    ///
    /// The calls come from the threads of the pool, one at a time. The observer may do parallel work of its
    /// own, such as to predict or to score. Default: none. See the [example](Self#example).
    pub fn observer(
        mut self,
        observer: &'a mut (dyn FnMut(&SweepEntry<F>) -> ControlFlow<()> + Send + 'a),
    ) -> Self {
        self.observer = Observer::new(observer);
        self
    }
}

impl<F: Float> Default for SweepOptions<'_, F> {
    fn default() -> Self {
        Self::new()
    }
}

impl<F: Float> fmt::Debug for SweepOptions<'_, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SweepOptions")
            .field("silhouettes", &self.silhouettes)
            .field("observer", &self.observer)
            .finish()
    }
}
