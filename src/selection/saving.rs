//! What is saved of sweeps and searches, and what is refused when it is read.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{GridEntry, GridSearch, Sweep, SweepEntry};
use crate::KMeansModel;
use crate::float::Float;

type Checked<T> = Result<T, &'static str>;

/// # Errors
/// What is wrong.
fn check(holds: bool, what: &'static str) -> Checked<()> {
    if holds { Ok(()) } else { Err(what) }
}

/// A [`Sweep`]. Numbers of clusters and inertias are those of the models.
#[derive(Serialize, Deserialize)]
#[serde(
    rename = "Sweep",
    bound(serialize = "F: Serialize", deserialize = "F: Deserialize<'de>")
)]
pub(super) struct SavedSweep<F: Float> {
    entries: Vec<SavedEntry<F>>,
    interrupted: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(
    rename = "SweepEntry",
    bound(serialize = "F: Serialize", deserialize = "F: Deserialize<'de>")
)]
struct SavedEntry<F: Float> {
    silhouette: Option<f64>,
    silhouette_error: Option<f64>,
    calinski_harabasz: Option<f64>,
    davies_bouldin: Option<f64>,
    fit_time: Duration,
    model: KMeansModel<F>,
}

impl<F: Float> From<Sweep<F>> for SavedSweep<F> {
    fn from(sweep: Sweep<F>) -> Self {
        let entry = |entry: SweepEntry<F>| SavedEntry {
            silhouette: entry.silhouette,
            silhouette_error: entry.silhouette_error,
            calinski_harabasz: entry.calinski_harabasz,
            davies_bouldin: entry.davies_bouldin,
            fit_time: entry.fit_time,
            model: entry.model,
        };
        Self {
            entries: sweep.entries.into_iter().map(entry).collect(),
            interrupted: sweep.interrupted,
        }
    }
}

impl<F: Float> TryFrom<SavedSweep<F>> for Sweep<F> {
    type Error = &'static str;

    fn try_from(saved: SavedSweep<F>) -> Checked<Self> {
        let ascending = |pair: &[SavedEntry<F>]| {
            let (a, b) = (&pair[0].model, &pair[1].model);
            a.n_clusters() < b.n_clusters()
        };
        let of_one_set = |pair: &[SavedEntry<F>]| {
            let (a, b) = (&pair[0].model, &pair[1].model);
            (a.n_features(), a.labels().len()) == (b.n_features(), b.labels().len())
        };
        let mut pairs = saved.entries.windows(2);
        check(
            pairs.clone().all(ascending),
            "the numbers of clusters do not ascend",
        )?;
        check(pairs.all(of_one_set), "the models are not of the same data")?;
        let has_rows = |entry: &SavedEntry<F>| {
            let model = &entry.model;
            model.labels().len() >= model.n_clusters()
        };
        check(
            saved.entries.iter().all(has_rows),
            "a model has fewer labels than clusters",
        )?;
        check(
            saved.interrupted || !saved.entries.is_empty(),
            "there are no entries",
        )?;
        let entries = saved.entries.into_iter().map(SavedEntry::check);
        Ok(Self {
            entries: entries.collect::<Checked<_>>()?,
            interrupted: saved.interrupted,
        })
    }
}

impl<F: Float> SavedEntry<F> {
    /// # Errors
    /// What is wrong.
    fn check(self) -> Checked<SweepEntry<F>> {
        let is_score =
            |score: Option<f64>| score.is_none_or(|score| score >= 0.0 && score.is_finite());
        let in_range = self
            .silhouette
            .is_none_or(|score| (-1.0..=1.0).contains(&score));
        check(in_range, "a silhouette is not in -1 to 1")?;
        check(
            is_score(self.calinski_harabasz)
                && is_score(self.davies_bouldin)
                && is_score(self.silhouette_error),
            "a score is negative or not finite",
        )?;
        check(
            self.silhouette.is_some() || self.silhouette_error.is_none(),
            "there is an error of a silhouette that there is not",
        )?;
        Ok(SweepEntry {
            n_clusters: self.model.n_clusters(),
            inertia: self.model.inertia(),
            silhouette: self.silhouette,
            silhouette_error: self.silhouette_error,
            calinski_harabasz: self.calinski_harabasz,
            davies_bouldin: self.davies_bouldin,
            fit_time: self.fit_time,
            model: self.model,
        })
    }
}

/// A [`GridSearch`]. Means and deviations follow from the scores.
#[derive(Serialize, Deserialize)]
#[serde(rename = "GridSearch")]
pub(super) struct SavedSearch<V> {
    values: Vec<V>,
    /// For each value its scores, of which those that are NaN or infinite, and so none, are not written as
    /// numbers: there are formats that have no sign for them.
    scores: Vec<Vec<Option<f64>>>,
    interrupted: bool,
}

impl<V> From<GridSearch<V>> for SavedSearch<V> {
    fn from(search: GridSearch<V>) -> Self {
        let finite = |score: f64| score.is_finite().then_some(score);
        let (values, scores) = search
            .entries
            .into_iter()
            .map(|entry| {
                let scores = entry.scores.into_iter().map(finite).collect::<Vec<_>>();
                (entry.value, scores)
            })
            .unzip();
        Self {
            values,
            scores,
            interrupted: search.interrupted,
        }
    }
}

impl<V> TryFrom<SavedSearch<V>> for GridSearch<V> {
    type Error = &'static str;

    fn try_from(saved: SavedSearch<V>) -> Checked<Self> {
        let n_folds = saved.scores.first().map_or(2, Vec::len);
        check(n_folds >= 2, "there are less than 2 folds")?;
        check(
            saved.scores.iter().all(|scores| scores.len() == n_folds),
            "the values have not as many scores each",
        )?;
        check(
            saved.values.len() == saved.scores.len(),
            "there are not scores for each value",
        )?;
        let is_number = |score: &Option<f64>| score.is_none_or(f64::is_finite);
        check(
            saved.scores.iter().flatten().all(is_number),
            "a score is not finite",
        )?;
        check(
            saved.interrupted || !saved.values.is_empty(),
            "there are no values",
        )?;
        let entry = |(value, scores): (V, Vec<Option<f64>>)| {
            let scores = scores.into_iter().map(|score| score.unwrap_or(f64::NAN));
            GridEntry::new(value, scores.collect())
        };
        Ok(Self {
            entries: saved
                .values
                .into_iter()
                .zip(saved.scores)
                .map(entry)
                .collect(),
            interrupted: saved.interrupted,
        })
    }
}
