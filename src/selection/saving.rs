//! How sweeps and searches are saved, and which data is refused on loading.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{GridEntry, GridSearch, Sweep, SweepEntry};
use crate::KMeansModel;
use crate::checks::{Checked, check};
use crate::float::Float;
use crate::progress::Stop;

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
            self.model.stop() != Stop::NotFitted,
            "a model was not fitted",
        )?;
        let sizes = self.model.cluster_sizes();
        let n_clusters = sizes.iter().filter(|&&size| size > 0).count();
        let has_scores = self.silhouette.is_some()
            || self.calinski_harabasz.is_some()
            || self.davies_bouldin.is_some();
        check(
            !has_scores || (2..sizes.sum()).contains(&n_clusters),
            "there are scores of what cannot be scored",
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
    entries: Vec<SavedValue<V>>,
    interrupted: bool,
}

/// NOTE: values and scores are in one list, because a list of values that take no bytes could claim any
/// length.
#[derive(Serialize, Deserialize)]
#[serde(rename = "GridEntry")]
struct SavedValue<V> {
    value: V,
    /// Scores that are NaN or infinite are written as `None`, because some formats cannot represent them as
    /// numbers.
    scores: Vec<Option<f64>>,
}

impl<V> From<GridSearch<V>> for SavedSearch<V> {
    fn from(search: GridSearch<V>) -> Self {
        let finite = |score: f64| score.is_finite().then_some(score);
        let entry = |entry: GridEntry<V>| SavedValue {
            value: entry.value,
            scores: entry.scores.into_iter().map(finite).collect(),
        };
        Self {
            entries: search.entries.into_iter().map(entry).collect(),
            interrupted: search.interrupted,
        }
    }
}

impl<V> TryFrom<SavedSearch<V>> for GridSearch<V> {
    type Error = &'static str;

    fn try_from(saved: SavedSearch<V>) -> Checked<Self> {
        let entries = &saved.entries;
        let n_folds = entries.first().map_or(2, |entry| entry.scores.len());
        check(n_folds >= 2, "there are less than 2 folds")?;
        check(
            entries.iter().all(|entry| entry.scores.len() == n_folds),
            "the values have not as many scores each",
        )?;
        let is_number = |score: &Option<f64>| score.is_none_or(f64::is_finite);
        let mut scores = entries.iter().flat_map(|entry| &entry.scores);
        check(scores.all(is_number), "a score is not finite")?;
        check(
            saved.interrupted || !entries.is_empty(),
            "there are no values",
        )?;
        let entry = |entry: SavedValue<V>| {
            let scores = entry.scores.into_iter();
            let scores = scores.map(|score| score.unwrap_or(f64::NAN));
            GridEntry::new(entry.value, scores.collect())
        };
        Ok(Self {
            entries: saved.entries.into_iter().map(entry).collect(),
            interrupted: saved.interrupted,
        })
    }
}
