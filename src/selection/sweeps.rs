//! Fits for several numbers of clusters, and their scores.

use std::fmt;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use ndarray::{ArrayRef2, ArrayView2};

use super::knee::knee;
use super::{PASSES, check_numbers};
use crate::data::Points;
use crate::error::{Error, Result};
use crate::float::{Float, compiled};
use crate::parallel::{self, Tasks};
use crate::progress::Observer;
use crate::{KMeans, KMeansModel, metrics};

/// `Instant::now` panics where there is no clock.
const HAS_CLOCK: bool = !cfg!(all(target_family = "wasm", target_os = "unknown"));

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
        /// Rows of the sample, at least 2 for each cluster.
        sample_size: usize,
        /// The seed by which they are drawn.
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
/// let mut told = Vec::new();
/// let mut observer = |entry: &SweepEntry<f64>| {
///     told.push(entry.n_clusters);
///     ControlFlow::Continue(())
/// };
/// let options = SweepOptions::new().silhouettes(Silhouettes::Skipped).observer(&mut observer);
/// let sweep = sweep(&KMeans::new(2), &x, 1..=3, options)?;
/// assert_eq!((told.len(), sweep.best_silhouette()), (3, None));
/// # Ok::<(), centroid::Error>(())
/// ```
#[must_use = "options do nothing until they are given to a sweep"]
pub struct SweepOptions<'a, F: Float> {
    silhouettes: Silhouettes,
    observer: Observer<'a, SweepEntry<F>>,
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
    /// It is called from the threads of the pool, one call at a time, and may itself do parallel work,
    /// such as to predict or to score. Default: none. See the [example](Self#example).
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

/// What one number of clusters gave. Scores are `None` where they are not defined: for fewer than 2
/// non-empty clusters, or as many as there are rows. See [`Sweep`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SweepEntry<F: Float> {
    /// The number of clusters asked for.
    pub n_clusters: usize,
    /// The inertia of the best of `n_init` starts.
    pub inertia: f64,
    /// The mean silhouette, or its estimate; `None` too where it was not asked for.
    pub silhouette: Option<f64>,
    /// The standard error of the estimate.
    pub silhouette_error: Option<f64>,
    /// The Calinski-Harabasz score.
    pub calinski_harabasz: Option<f64>,
    /// The Davies-Bouldin score.
    pub davies_bouldin: Option<f64>,
    /// How long the fit took, while others may have run beside it. Zero on a platform without a clock.
    pub fit_time: Duration,
    /// The fit itself.
    pub model: KMeansModel<F>,
}

/// The fits of a [`sweep`], in ascending order of the number of clusters.
///
/// It is displayed as a table, followed by what elbow and silhouette say.
///
/// With the feature `serde` it can be saved, models included, and is checked when it is read.
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
        try_from = "super::saving::SavedSweep<F>",
        into = "super::saving::SavedSweep<F>",
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

/// Fits the rows of `x`, `n x d`, for several numbers of clusters, with all else as in `kmeans`, and scores
/// each.
///
/// Small data is fitted for several numbers at a time, one thread each; a fit that fills all threads
/// runs by itself.
///
/// # Example
/// ```
/// use centroid::KMeans;
/// use centroid::datasets::make_blobs;
/// use centroid::selection::{SweepOptions, sweep};
/// use ndarray::array;
///
/// let (x, _) = make_blobs(300, &array![[0.0, 0.0], [9.0, 0.0], [0.0, 9.0]], &[1.0], 7)?;
/// let sweep = sweep(&KMeans::new(2), &x, 2..=8, SweepOptions::new())?;
/// assert_eq!(sweep.elbow(), Some(3));
/// assert_eq!(sweep.best_silhouette(), Some(3));
/// println!("{sweep}");
/// # Ok::<(), centroid::Error>(())
/// ```
///
/// # Cost
/// The fits, and for each the scores: see [`metrics`]. All models are kept, each with `n` labels.
///
/// # Determinism
/// The same models and scores at any number of threads, times aside.
///
/// # Errors
/// Those of [`KMeans::fit`] for the largest number of clusters, and
/// - [`Error::InvalidParameter`]: there is no number of clusters, or one of them is 0.
/// - [`Error::SampleTooSmall`]: the sample for silhouettes has not 2 rows for each cluster.
/// - [`Error::ResultTooLarge`]: there is no memory for the silhouettes.
pub fn sweep<F: Float>(
    kmeans: &KMeans,
    x: &ArrayRef2<F>,
    n_clusters: impl IntoIterator<Item = usize>,
    options: SweepOptions<'_, F>,
) -> Result<Sweep<F>> {
    let numbers = check_numbers(n_clusters, x.nrows());
    compiled!(|kmeans: &KMeans,
               x: &ArrayRef2<F>,
               numbers: Result<Vec<usize>>,
               options: SweepOptions<'_, F>|
     -> Result<Sweep<F>> {
        let points = Points::check("x", x)?;
        sweep_numbers(kmeans, &points, &numbers?, options)
    })(kmeans, x, numbers, options)
}

/// The sweep over these numbers of clusters.
///
/// # Errors
/// [`Error::SampleTooSmall`], and those of fits and scores.
fn sweep_numbers<F: Float>(
    kmeans: &KMeans,
    points: &Points<'_, F>,
    numbers: &[usize],
    options: SweepOptions<'_, F>,
) -> Result<Sweep<F>> {
    let (first, most) = (numbers[0], numbers[numbers.len() - 1]);
    if let Silhouettes::Sampled { sample_size, .. } = options.silhouettes {
        let needed = (2 * most).min(points.len());
        if sample_size < needed {
            return Err(Error::SampleTooSmall {
                sample_size,
                needed,
            });
        }
    }
    // A copy that was made for its order is not made again for each fit.
    let (n, d) = (points.len(), points.n_features());
    let rows = points.rows().data();
    let x = ArrayView2::from_shape((n, d), rows).expect("the rows are whole");
    let silhouettes = options.silhouettes;
    let mut observer = options.observer;
    let mut observe = |entry: &Result<SweepEntry<F>>| match entry {
        Ok(entry) => observer.observe(entry),
        Err(_) => ControlFlow::Break(()),
    };
    let work = parallel::work(n, first.midpoint(most), d);
    let entry = |index: usize| entry(kmeans, &x, numbers[index], silhouettes);
    let tasks = Tasks::new(numbers.len(), PASSES, work);
    let entries = tasks.map(entry, &mut observe).into_iter();
    let entries = entries.collect::<Result<Vec<_>>>()?;
    Ok(Sweep {
        interrupted: entries.len() < numbers.len(),
        entries,
    })
}

fn entry<F: Float>(
    kmeans: &KMeans,
    x: &ArrayRef2<F>,
    n_clusters: usize,
    silhouettes: Silhouettes,
) -> Result<SweepEntry<F>> {
    let begin = HAS_CLOCK.then(Instant::now);
    let model = kmeans.clone().n_clusters(n_clusters).fit(x)?;
    let fit_time = begin.map_or(Duration::ZERO, |begin| begin.elapsed());
    let labels = &model.labels();
    let sampled =
        match silhouettes {
            Silhouettes::Sampled { sample_size, seed } => defined(
                metrics::silhouette_score_sampled(x, labels, sample_size, seed),
            )?,
            _ => None,
        };
    let silhouette = match silhouettes {
        Silhouettes::Exact => defined(metrics::silhouette_score(x, labels))?,
        _ => sampled.map(|sampled| sampled.score),
    };
    Ok(SweepEntry {
        n_clusters,
        inertia: model.inertia(),
        silhouette,
        silhouette_error: sampled.map(|sampled| sampled.standard_error),
        calinski_harabasz: defined(metrics::calinski_harabasz_score(x, labels))?,
        davies_bouldin: defined(metrics::davies_bouldin_score(x, labels))?,
        fit_time,
        model,
    })
}

/// A score, or `None` where there are too few or too many clusters for it.
fn defined<T>(score: Result<T>) -> Result<Option<T>> {
    match score {
        Err(Error::InvalidClusterCount { .. }) => Ok(None),
        other => other.map(Some),
    }
}

impl<F: Float> Sweep<F> {
    /// What each number of clusters gave. See the [example](Self#example).
    pub fn entries(&self) -> &[SweepEntry<F>] {
        &self.entries
    }

    /// The model of so many clusters. `None` if there is none. See the [example](Self#example).
    pub fn model(&self, n_clusters: usize) -> Option<&KMeansModel<F>> {
        let entry = |entry: &&SweepEntry<F>| entry.n_clusters == n_clusters;
        self.entries.iter().find(entry).map(|entry| &entry.model)
    }

    /// What each number of clusters gave, without a copy.
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

    /// The model of so many clusters, without a copy; the others are dropped. `None` if there is none.
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

    /// Whether the observer ended the sweep before its end. See the [example](Self#example).
    pub fn interrupted(&self) -> bool {
        self.interrupted
    }

    /// The number of clusters at the knee of the inertia: more clusters lower it, but no longer by much.
    /// `None` if it falls too evenly to have one.
    ///
    /// The answer depends on the range: a knee is one of the curve shown. It has to turn flat before it
    /// ends, so let the range reach at least two numbers beyond the knee: neither its last number nor the
    /// one before can be the answer, and of three numbers in a row none is. See the
    /// [example](Self#example).
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

    /// The number of clusters of the largest silhouette, the smallest among equals. `None` if there is
    /// no silhouette. See the [example](Self#example).
    pub fn best_silhouette(&self) -> Option<usize> {
        let scored = self
            .entries
            .iter()
            .filter_map(|entry| Some((entry.n_clusters, entry.silhouette?)));
        let best = scored.reduce(|best, other| if other.1 > best.1 { other } else { best });
        best.map(|(n_clusters, _)| n_clusters)
    }

    /// The numbers of clusters of [`elbow`](Self::elbow) and [`best_silhouette`](Self::best_silhouette),
    /// where there are both and they differ. See the [example](Self#example).
    pub fn disagreement(&self) -> Option<(usize, usize)> {
        let (elbow, silhouette) = (self.elbow()?, self.best_silhouette()?);
        (elbow != silhouette).then_some((elbow, silhouette))
    }
}
