//! Fits for several numbers of clusters, and their scores.

mod fits;
mod options;

use std::time::Duration;

pub use fits::sweep;
pub use options::{Silhouettes, SweepOptions};

use super::knee::knee;
use crate::KMeansModel;
use crate::float::Float;

/// The results for one number of clusters. Scores are `None` if they are not defined: for fewer than 2
/// non-empty clusters, or as many as there are rows. See [`Sweep`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SweepEntry<F: Float> {
    /// The number of clusters asked for.
    pub n_clusters: usize,
    /// The inertia of the best of `n_init` starts.
    pub inertia: f64,
    /// The mean silhouette, or its estimate. Also `None` if silhouettes were skipped.
    pub silhouette: Option<f64>,
    /// The standard error of the estimate.
    pub silhouette_error: Option<f64>,
    /// The Calinski-Harabasz score.
    pub calinski_harabasz: Option<f64>,
    /// The Davies-Bouldin score.
    pub davies_bouldin: Option<f64>,
    /// How long the fit took. Others may have run at the same time. Zero on a platform without a clock.
    pub fit_time: Duration,
    /// The fit itself.
    pub model: KMeansModel<F>,
}

/// Equal results are equal entries, however long the fits took.
impl<F: Float> PartialEq for SweepEntry<F> {
    fn eq(&self, other: &Self) -> bool {
        let scores = |entry: &Self| {
            [
                entry.silhouette,
                entry.silhouette_error,
                entry.calinski_harabasz,
                entry.davies_bouldin,
            ]
        };
        self.n_clusters == other.n_clusters
            && self.inertia == other.inertia
            && scores(self) == scores(other)
            && self.model == other.model
    }
}

/// The fits of a [`sweep`], in ascending order of the number of clusters.
///
/// It is displayed as a table, followed by the numbers of clusters at the elbow and at the best silhouette.
///
/// With the feature `serde` it can be saved, including the models, and is checked on loading.
///
/// # Example
/// ```
/// use centroid::KMeans;
/// use centroid::selection::{SweepOptions, sweep};
/// use ndarray::array;
///
/// let x = array![[0.0], [1.0], [8.0], [9.0], [16.0], [17.0]];
/// let sweep = sweep(&KMeans::new(2), &x, 1..=5, SweepOptions::new())?;
/// let inertias = sweep.entries().iter().map(|entry| entry.inertia);
/// assert_eq!(inertias.collect::<Vec<_>>(), [257.5, 65.5, 1.5, 1.0, 0.5]);
/// assert_eq!((sweep.elbow(), sweep.best_silhouette()), (Some(2), Some(3)));
/// assert_eq!((sweep.disagreement(), sweep.interrupted()), (Some((2, 3)), false));
/// assert!(sweep.model(3).is_some() && sweep.model(6).is_none());
/// # Ok::<(), centroid::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(
        try_from = "crate::selection::saving::SavedSweep<F>",
        into = "crate::selection::saving::SavedSweep<F>",
        bound(
            serialize = "F: serde::Serialize",
            deserialize = "F: serde::Deserialize<'de>"
        )
    )
)]
#[must_use]
pub struct Sweep<F: Float> {
    pub(super) entries: Vec<SweepEntry<F>>,
    pub(super) interrupted: bool,
}

impl<F: Float> Sweep<F> {
    /// The results for each number of clusters. See the [example](Self#example).
    pub fn entries(&self) -> &[SweepEntry<F>] {
        &self.entries
    }

    /// The model with `n_clusters` clusters. `None` if there is none. See the [example](Self#example).
    pub fn model(&self, n_clusters: usize) -> Option<&KMeansModel<F>> {
        let entry = |entry: &&SweepEntry<F>| entry.n_clusters == n_clusters;
        self.entries.iter().find(entry).map(|entry| &entry.model)
    }

    /// The results for each number of clusters, without a copy.
    ///
    /// # Example
    /// ```
    /// use centroid::KMeans;
    /// use centroid::selection::{SweepOptions, sweep};
    /// use ndarray::array;
    ///
    /// let x = array![[0.0], [1.0], [8.0], [9.0]];
    /// let sweep = sweep(&KMeans::new(2), &x, 1..=3, SweepOptions::new())?;
    /// let inertias = sweep.into_entries().into_iter().map(|entry| entry.inertia);
    /// assert_eq!(inertias.collect::<Vec<_>>(), [65.0, 1.0, 0.5]);
    /// # Ok::<(), centroid::Error>(())
    /// ```
    pub fn into_entries(self) -> Vec<SweepEntry<F>> {
        self.entries
    }

    /// The model with `n_clusters` clusters, without a copy; the others are dropped. `None` if there is
    /// none.
    ///
    /// # Example
    /// ```
    /// use centroid::KMeans;
    /// use centroid::selection::{SweepOptions, sweep};
    /// use ndarray::array;
    ///
    /// let x = array![[0.0], [1.0], [8.0], [9.0]];
    /// let sweep = sweep(&KMeans::new(2), &x, 1..=3, SweepOptions::new())?;
    /// let best = sweep.best_silhouette().unwrap();
    /// assert_eq!(sweep.into_model(best).unwrap().n_clusters(), 2);
    /// # Ok::<(), centroid::Error>(())
    /// ```
    pub fn into_model(self, n_clusters: usize) -> Option<KMeansModel<F>> {
        let is_it = |entry: &SweepEntry<F>| entry.n_clusters == n_clusters;
        self.entries
            .into_iter()
            .find(is_it)
            .map(|entry| entry.model)
    }

    /// Whether the observer ended the sweep early. See the [example](Self#example).
    pub fn interrupted(&self) -> bool {
        self.interrupted
    }

    /// The number of clusters at the knee of the inertia: more clusters lower it, but no longer by much.
    /// `None` if it falls too evenly to have one.
    ///
    /// The answer depends on the range, because the knee is that of the curve shown. The curve has to
    /// flatten before it ends, so let the range extend at least two numbers beyond the knee: of consecutive
    /// numbers, neither the last nor the last but one can be the answer, so three of them have none. See
    /// the [example](Self#example).
    ///
    /// # References
    /// V. Satopaa, J. Albrecht, D. Irwin, B. Raghavan, *Finding a "kneedle" in a haystack*, ICDCS
    /// Workshops, 2011, doi:10.1109/ICDCSW.2011.20, with a sensitivity of 1 and no smoothing. Of several
    /// knees it is the most pronounced.
    pub fn elbow(&self) -> Option<usize> {
        let numbers = self.entries.iter().map(|entry| entry.n_clusters as f64);
        let inertias = self.entries.iter().map(|entry| entry.inertia);
        let knee = knee(&numbers.collect::<Vec<_>>(), &inertias.collect::<Vec<_>>());
        knee.map(|index| self.entries[index].n_clusters)
    }

    /// The number of clusters with the largest silhouette, the smallest among equals. `None` if there is no
    /// silhouette. See the [example](Self#example).
    pub fn best_silhouette(&self) -> Option<usize> {
        let scored = self
            .entries
            .iter()
            .filter_map(|entry| Some((entry.n_clusters, entry.silhouette?)));
        let best = scored.reduce(|best, other| if other.1 > best.1 { other } else { best });
        best.map(|(n_clusters, _)| n_clusters)
    }

    /// The numbers of clusters that [`elbow`](Self::elbow) and [`best_silhouette`](Self::best_silhouette)
    /// give, if there are both and they differ. See the [example](Self#example).
    pub fn disagreement(&self) -> Option<(usize, usize)> {
        let (elbow, silhouette) = (self.elbow()?, self.best_silhouette()?);
        (elbow != silhouette).then_some((elbow, silhouette))
    }
}
