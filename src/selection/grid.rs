//! Values of a parameter, each scored on held-out rows.

use std::fmt;
use std::ops::ControlFlow;

use super::folds::{Folds, Split};
use crate::checks;
use crate::error::{Error, Result};
use crate::parallel::Tasks;
use crate::progress::Observer;

/// Options of a [`grid_search_with`].
#[derive(Default)]
#[must_use = "options do nothing until they are given to a search"]
pub struct GridOptions<'a> {
    observer: Observer<'a, FoldScore>,
}

impl<'a> GridOptions<'a> {
    /// No observer. See [`grid_search_with`] for an example.
    pub fn new() -> Self {
        Self::default()
    }

    /// Called for each score, value by value and fold by fold. Return [`ControlFlow::Break`] to end the
    /// search, which then holds the values for which all scores were reported.
    ///
    /// The calls come from the threads of the pool, one at a time. The observer may do parallel work of its
    /// own. Default: none. See [`grid_search_with`] for an example.
    pub fn observer(
        mut self,
        observer: &'a mut (dyn FnMut(&FoldScore) -> ControlFlow<()> + Send + 'a),
    ) -> Self {
        self.observer = Observer::new(observer);
        self
    }
}

impl fmt::Debug for GridOptions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GridOptions")
            .field("observer", &self.observer)
            .finish()
    }
}

/// The score of one value in one fold. See [`grid_search_with`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct FoldScore {
    /// The position of the value among those given, counted from 0.
    pub index: usize,
    /// The fold that was tested, counted from 0.
    pub fold: usize,
    /// The score of the rows of the fold.
    pub score: f64,
}

/// The scores of one value. See [`grid_search`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct GridEntry<V> {
    /// The value.
    pub value: V,
    /// Its score in each fold.
    pub scores: Vec<f64>,
    /// Their mean.
    pub mean: f64,
    /// Their standard deviation, the root of the mean squared difference from the mean.
    pub standard_deviation: f64,
}

/// The scores of a [`grid_search`], in the order of the values.
///
/// It is displayed as a table, followed by the best value.
///
/// With the feature `serde` it can be saved. An infinite score is loaded as NaN.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(
        try_from = "super::saving::SavedSearch<V>",
        into = "super::saving::SavedSearch<V>",
        bound(
            serialize = "V: Clone + serde::Serialize",
            deserialize = "V: serde::Deserialize<'de>"
        )
    )
)]
#[must_use]
pub struct GridSearch<V> {
    pub(super) entries: Vec<GridEntry<V>>,
    pub(super) interrupted: bool,
}

/// Scores each value by cross-validation: once for each fold, trained with the rows of the other folds.
///
/// `values` are the candidates, such as numbers of clusters; for `folds` and `seed` see [`Folds`]. `score`
/// is called with a value, the rows to train with and the rows to test with, and returns a score of the
/// test rows. Greater is better.
///
/// All pairs of a value and a fold are independent, and are scored side by side, one thread each. `score`
/// may do parallel work of its own.
///
/// # Example
/// ```
/// use centroid::KMeans;
/// use centroid::datasets::make_blobs;
/// use centroid::selection::{Folds, grid_search};
/// use ndarray::{Axis, array};
///
/// let (x, y) = make_blobs(300, &array![[0.0, 0.0], [9.0, 0.0], [0.0, 9.0]], &[1.0], 7)?;
/// let search = grid_search([1, 2, 3], &Folds::stratified(&y, 5)?, 42, |&k, train, test| {
///     let rows = |rows| x.select(Axis(0), rows);
///     let score = KMeans::new(k).fit(&rows(train)).and_then(|m| m.score(&rows(test)));
///     score.unwrap_or(f64::NAN) // a value that cannot be scored is never the best
/// })?;
/// assert_eq!(search.best().map(|entry| entry.value), Some(3));
/// println!("{search}");
/// let entries = search.into_entries();
/// assert_eq!((entries[0].value, entries[0].scores.len()), (1, 5));
/// # Ok::<(), centroid::Error>(())
/// ```
///
/// # Cost
/// `n_folds` calls of `score` for each value, each with two lists that together contain all rows.
///
/// # Determinism
/// If `score` depends only on its arguments, the search is the same at any number of threads.
///
/// # Errors
/// - [`Error::InvalidParameter`]: there are no values.
/// - [`Error::ResultTooLarge`]: there is not enough memory for the folds.
pub fn grid_search<V: Sync>(
    values: impl IntoIterator<Item = V>,
    folds: &Folds,
    seed: u64,
    score: impl Fn(&V, &[usize], &[usize]) -> f64 + Sync,
) -> Result<GridSearch<V>> {
    let score = |value: &V, train: &[usize], test: &[usize]| Ok(score(value, train, test));
    grid_search_with(values, folds, seed, GridOptions::new(), score)
}

/// [`grid_search`] with options, and with scoring that may fail: the first error ends the search and is
/// returned. If several scores fail at the same time, any of their errors may be returned.
///
/// # Example
/// ```
/// use std::ops::ControlFlow;
///
/// use centroid::KMeans;
/// use centroid::selection::{FoldScore, Folds, GridOptions, grid_search_with};
/// use ndarray::{Axis, array};
///
/// let x = array![[0.0], [1.0], [2.0], [8.0], [9.0], [7.0]];
/// let mut reported = Vec::new();
/// let mut observer = |score: &FoldScore| {
///     reported.push((score.index, score.fold));
///     ControlFlow::Continue(())
/// };
/// let options = GridOptions::new().observer(&mut observer);
/// let folds = Folds::plain(6, 3)?;
/// let search = grid_search_with([1, 2], &folds, 0, options, |&k, train, test| {
///     KMeans::new(k).fit(&x.select(Axis(0), train))?.score(&x.select(Axis(0), test))
/// })?;
/// assert_eq!((search.entries().len(), reported.len()), (2, 6));
/// assert!(!search.interrupted());
/// # Ok::<(), centroid::Error>(())
/// ```
///
/// # Errors
/// Those of `score`, and before it is called:
/// - [`Error::InvalidParameter`]: there are no values.
/// - [`Error::ResultTooLarge`]: there is not enough memory for the folds.
pub fn grid_search_with<V: Sync, E: From<Error> + Send>(
    values: impl IntoIterator<Item = V>,
    folds: &Folds,
    seed: u64,
    options: GridOptions<'_>,
    score: impl Fn(&V, &[usize], &[usize]) -> std::result::Result<f64, E> + Sync,
) -> std::result::Result<GridSearch<V>, E> {
    let values: Vec<V> = values.into_iter().collect();
    checks::parameter(!values.is_empty(), "values", "one or more")?;
    let n_folds = folds.n_folds();
    let of_rows = folds.assign(seed)?;
    let task = |task: usize| {
        let (index, fold) = (task / n_folds, task % n_folds);
        let split = Split::new(&of_rows, fold);
        let score = score(&values[index], &split.train, &split.test)?;
        Ok(FoldScore { index, fold, score })
    };
    let mut observer = options.observer;
    let mut observe = |score: &std::result::Result<FoldScore, E>| match score {
        Ok(score) => observer.observe(score),
        Err(_) => ControlFlow::Break(()),
    };
    let n_tasks = values.len().saturating_mul(n_folds);
    let tasks = Tasks::new(n_tasks, UNKNOWN, 1);
    let mut scores = tasks.map(task, &mut observe).into_iter();
    let mut entries = Vec::with_capacity(values.len());
    let mut interrupted = false;
    for value in values {
        let of_value: Vec<_> = scores.by_ref().take(n_folds).collect();
        let is_whole = of_value.len() == n_folds;
        interrupted |= !is_whole;
        let scores = of_value
            .into_iter()
            .collect::<std::result::Result<Vec<_>, E>>()?;
        if is_whole {
            let scores = scores.into_iter().map(|score| score.score).collect();
            entries.push(GridEntry::new(value, scores));
        }
    }
    Ok(GridSearch {
        entries,
        interrupted,
    })
}

/// How long scoring takes is not known; it is assumed to be long.
const UNKNOWN: usize = usize::MAX;

impl<V> GridEntry<V> {
    pub(super) fn new(value: V, scores: Vec<f64>) -> Self {
        let count = scores.len() as f64;
        let mean = scores.iter().sum::<f64>() / count;
        let squares = scores.iter().map(|score| (score - mean).powi(2));
        let standard_deviation = (squares.sum::<f64>() / count).sqrt();
        Self {
            value,
            scores,
            mean,
            standard_deviation,
        }
    }
}

impl<V> GridSearch<V> {
    /// The scores of each value. See [`grid_search_with`] for an example.
    pub fn entries(&self) -> &[GridEntry<V>] {
        &self.entries
    }

    /// The scores of each value, without a copy. See [`grid_search`] for an example.
    pub fn into_entries(self) -> Vec<GridEntry<V>> {
        self.entries
    }

    /// The value with the greatest mean score, the first among equals. `None` if no mean is finite: a value
    /// with a score that is NaN or infinite is never the best. See [`grid_search`] for an example.
    pub fn best(&self) -> Option<&GridEntry<V>> {
        let finite = self.entries.iter().filter(|entry| entry.mean.is_finite());
        finite.reduce(|best, other| if other.mean > best.mean { other } else { best })
    }

    /// Whether the observer ended the search early. See [`grid_search_with`] for an example.
    pub fn interrupted(&self) -> bool {
        self.interrupted
    }
}
