//! A fit between its passes over the rows.

use ndarray::ArrayRef2;

use super::answer::Answer;
use super::request::Request;
use super::state::{Stage, State};
use crate::checks;
use crate::error::{Error, Result};
use crate::float::Float;
use crate::kmeans::engine::{Best, Run, better};
use crate::kmeans::{KMeans, KMeansModel, options};
use crate::numeric::LongSums;
use crate::progress::Stop;

/// A fit of [`KMeans`] between its passes over the rows: it says what is to be [asked](Self::request) of all
/// parts of the rows, and [takes in](Self::accept) the merged answer. It reads nothing and holds no rows.
///
/// See the [module](super#example) for an example.
///
/// # Saving
/// With the feature `serde`, a driver can be saved between any two passes: that is a checkpoint of the fit; see
/// [there](super#sending-and-saving). It holds a few times `k d` values, and while a start is chosen the rows
/// drawn for it.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(
        try_from = "super::saving::SavedDriver<F>",
        into = "super::saving::SavedDriver<F>",
        bound(
            serialize = "F: serde::Serialize",
            deserialize = "F: serde::Deserialize<'de>"
        )
    )
)]
pub struct Driver<F: Float> {
    pub(super) state: State<F>,
    /// What the state asks for.
    request: Option<Request<F>>,
}

/// What an answer completed.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Progress {
    /// The first pass: all values were checked.
    Survey {
        /// The number of rows.
        n_rows: u64,
    },
    /// One of the passes by which the start of a restart is chosen.
    Start {
        /// The number of the restart, counted from 0.
        restart: usize,
    },
    /// The first pass of an iteration with empty clusters. The rows for them are asked for next.
    EmptyClusters {
        /// How many clusters have no rows.
        count: usize,
    },
    /// An iteration: the centroids moved.
    Iteration {
        /// The number of the restart, counted from 0.
        restart: usize,
        /// The number of the iteration within the restart, counted from 1.
        index: usize,
        /// The inertia before the centroids moved. See [`Iteration::inertia`](crate::Iteration::inertia).
        inertia: f64,
        /// The largest Euclidean distance that a centroid moved.
        max_shift: f64,
        /// The number of clusters that had no rows.
        empty_clusters: usize,
        /// Why the restart ends with this iteration, if it does.
        stop: Option<Stop>,
    },
    /// One more pass at the end of a restart whose last iteration moved the centroids.
    Inertia {
        /// The number of the restart, counted from 0.
        restart: usize,
        /// The inertia of its last centroids.
        inertia: f64,
    },
    /// The last pass: the labels.
    Labels,
}

impl<F: Float> Driver<F> {
    /// A fit of rows of `n_features` features. Its start is chosen as that of
    /// [`fit_blocks`](KMeans::fit_blocks). See the [module](super#example) for an example.
    ///
    /// # Errors
    /// - [`Error::InvalidParameter`]: as for [`fit`](KMeans::fit), or `n_features` is 0.
    pub fn new(estimator: &KMeans, n_features: usize) -> Result<Self> {
        estimator.check_parameters()?;
        checks::at_least_one("n_features", n_features)?;
        Ok(Self::of_state(State {
            kmeans: estimator.clone(),
            n_features,
            keeps_labels: false,
            n_rows: None,
            given: None,
            pass: 0,
            survey: None,
            weight: LongSums::new(1),
            mean_variance: 0.0,
            restart: 0,
            stage: Stage::Survey,
            best: Best(None),
            last: None,
        }))
    }

    pub(super) fn of_state(state: State<F>) -> Self {
        let request = state.request();
        Self { state, request }
    }

    /// The `k x d` centroids to start from, instead of choosing a start. There is then only one restart. See the
    /// [module](super#example) for an example.
    ///
    /// # Errors
    /// - [`Error::InvalidParameter`]: an answer was accepted already.
    /// - [`Error::DimensionMismatch`], [`Error::LengthMismatch`]: the centroids are not `k x d`.
    /// - [`Error::NotFinite`], [`Error::TooLarge`]: a value is not finite, or too large.
    pub fn initial_centroids(mut self, centroids: &ArrayRef2<F>) -> Result<Self> {
        let is_first = self.state.survey.is_none();
        checks::parameter(is_first, "initial centroids", "given before the first pass")?;
        let (k, d) = (self.state.kmeans.n_clusters, self.state.n_features);
        self.state.given = Some(options::check_start(centroids, k, d)?);
        Ok(self)
    }

    /// The number of rows, if you know it: a survey without the last of them is then refused. Otherwise the
    /// first pass decides how many there are. See the [module](super#example) for an example.
    pub fn expect_rows(mut self, n_rows: u64) -> Self {
        self.state.n_rows = Some(n_rows);
        self
    }

    /// Whether there is a last pass that asks for the labels. They go to
    /// [`PartOptions::labels`](super::PartOptions::labels), and are never part of an answer or of the model.
    ///
    /// Default: `false`. See the [module](super#example) for an example.
    pub fn with_labels(mut self, labels: bool) -> Self {
        self.state.keeps_labels = labels;
        self
    }

    /// What is to be asked of each part of the rows. `None` if the fit is done, or was interrupted and has
    /// nothing left to ask. See the [module](super#example) for an example.
    pub fn request(&self) -> Option<&Request<F>> {
        self.request.as_ref()
    }

    /// Takes in the merged answer to the [request](Self::request). See the [module](super#example) for an
    /// example.
    ///
    /// # Errors
    /// The driver is then unchanged.
    /// - [`Error::ForeignAnswer`]: it answers another request, or is damaged.
    /// - [`Error::NotAnswered`], [`Error::AnsweredTwice`]: rows are missing, or are there that were not there
    ///   in the first pass.
    /// - [`Error::TooFewRows`], [`Error::ZeroWeights`]: in the first pass, fewer rows of positive weight were
    ///   found than there are clusters.
    /// - [`Error::WeightsChanged`]: the weights do not have the sum that they had in the first pass. This is
    ///   found when rows are weighed or assigned.
    pub fn accept(&mut self, merged: Answer<F>) -> Result<Progress> {
        let foreign = Error::ForeignAnswer {
            expected: self.request.as_ref().map_or(0, Request::fingerprint),
            found: merged.fingerprint,
        };
        let request = self.request.as_ref().ok_or(foreign)?;
        if merged.fingerprint != request.fingerprint() || !merged.fits(request) {
            return Err(foreign);
        }
        let known = self.state.survey.map(|survey| survey.n_rows);
        let n_rows = merged.rows.check(known.or(self.state.n_rows))?;
        let progress = self.state.accept(n_rows, merged.content, foreign)?;
        self.state.pass = self.state.pass.wrapping_add(1);
        self.request = self.state.request();
        Ok(progress)
    }

    /// Ends the fit as soon as possible, as an observer of [`fit`](KMeans::fit) does by
    /// [`Break`](std::ops::ControlFlow::Break). A restart that has made an iteration ends with the centroids
    /// that it has; passes for their inertia, and for the labels, may still be [asked for](Self::request). Any
    /// other restart counts for nothing: if it is the first, there is no [`model`](Self::model). The model has
    /// [`Stop::Interrupted`].
    pub fn interrupt(&mut self) {
        self.state.interrupt();
        // Answers to the same question still count.
        if self.state.request() != self.request {
            self.state.pass = self.state.pass.wrapping_add(1);
            self.request = self.state.request();
        }
    }

    /// The model of the fit, without labels. Before the fit is done, the best so far: that of the best finished
    /// restart, or the centroids of the last whole pass if their inertia is lower; these have
    /// [`Stop::Interrupted`]. `None` before the first assignment. See the [module](super#example) for an
    /// example.
    pub fn model(&self) -> Option<KMeansModel<F>> {
        let runs = self.state.best.0.iter().chain(&self.state.last);
        let best = runs.cloned().reduce(better)?;
        Some(KMeansModel::from_run(best, true))
    }

    /// The best of the finished restarts.
    pub(in crate::kmeans) fn into_best(self) -> Option<Run<F>> {
        self.state.best.0
    }
}
