//! A fit between its passes over the rows.

use ndarray::ArrayRef2;

use super::answer::{Answer, Content};
#[cfg(feature = "serde")]
use super::request::hash;
use super::request::{Kind, Request, Survey};
use crate::checks;
use crate::error::{Error, Result};
use crate::float::Float;
use crate::init::{Init, Seeding, Step};
use crate::kernels::Rows;
use crate::kmeans::cluster_sums::ClusterSums;
use crate::kmeans::engine::{Best, Found, Iterations, Run, better};
use crate::kmeans::update::{self, Farthest};
use crate::kmeans::{KMeans, KMeansModel, options};
use crate::numeric::LongSums;
use crate::progress::Stop;
use crate::random::Stream;

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

#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct State<F: Float> {
    pub(super) kmeans: KMeans,
    pub(super) n_features: usize,
    pub(super) keeps_labels: bool,
    /// The number of rows, if it was said.
    pub(super) n_rows: Option<u64>,
    /// The centroids to start from, if they were given.
    pub(super) given: Option<Vec<F>>,
    /// The number of passes so far.
    pub(super) pass: u64,
    pub(super) survey: Option<Survey<F>>,
    /// The sum of the weights of all rows.
    pub(super) weight: LongSums,
    /// The variance of the features, averaged over them.
    pub(super) mean_variance: f64,
    pub(super) restart: usize,
    pub(super) stage: Stage<F>,
    /// The best of the finished restarts.
    pub(super) best: Best<F>,
    /// What the last pass of the current restart found of its centroids.
    pub(super) last: Option<Run<F>>,
}

/// Which pass is next.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) enum Stage<F: Float> {
    Survey,
    /// The next of a start.
    Seeding(Seeding<F>),
    /// That of an iteration, or one more when iterations are over.
    Assigning {
        iterations: Iterations<F>,
        /// The centroids of the pass before.
        previous: Option<Vec<F>>,
    },
    /// That for the empty clusters of an iteration.
    Relocating {
        iterations: Iterations<F>,
        previous: Option<Vec<F>>,
        sums: ClusterSums<F>,
    },
    Labelling,
    Done,
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

impl<F: Float> State<F> {
    /// A hash of its request and of all its values.
    #[cfg(feature = "serde")]
    pub(super) fn hash(&self) -> u64 {
        let runs = self.best.0.iter().chain(&self.last);
        let of_runs = runs.flat_map(|run| {
            let values = run.centroids.rows().data().iter();
            let values = values.map(|x| x.to_f64().to_bits());
            values.chain([run.inertia.to_bits(), run.n_iter as u64])
        });
        let previous = match &self.stage {
            Stage::Assigning { previous, .. } | Stage::Relocating { previous, .. } => {
                previous.as_deref()
            }
            _ => None,
        };
        let values = previous.into_iter().chain(self.given.as_deref()).flatten();
        let values = values.map(|x| x.to_f64().to_bits());
        let request = self.request().map_or(0, |request| request.fingerprint());
        let numbers = [request, self.mean_variance.to_bits(), self.restart as u64];
        hash(numbers.into_iter().chain(of_runs).chain(values))
    }

    fn request(&self) -> Option<Request<F>> {
        let restart = self.restart;
        let kind = match &self.stage {
            Stage::Survey => Kind::Survey,
            Stage::Seeding(seeding) => {
                let candidates = || seeding.candidates.clone();
                match seeding.next() {
                    Step::Sample { count, seed } => Kind::Sample {
                        restart,
                        count,
                        seed,
                        candidates: candidates(),
                    },
                    _ => Kind::Weigh {
                        restart,
                        candidates: candidates(),
                    },
                }
            }
            Stage::Assigning { iterations, .. } => Kind::Assign {
                centroids: iterations.centroids.rows().data().to_vec(),
            },
            Stage::Relocating {
                iterations,
                previous,
                sums,
            } => {
                let empty = sums.empty_clusters().len();
                Kind::Farthest {
                    centroids: iterations.centroids.rows().data().to_vec(),
                    previous: previous.clone(),
                    count: update::wanted(empty, iterations.centroids.len()),
                }
            }
            Stage::Labelling => {
                let best = self.best.0.as_ref()?;
                Kind::Label {
                    centroids: best.centroids.rows().data().to_vec(),
                }
            }
            Stage::Done => return None,
        };
        let fit = self.kmeans.hash();
        let (pass, d) = (self.pass, self.n_features);
        Some(Request::new(fit, pass, d, self.survey, kind))
    }

    /// IN: `content`, which fits the request; `foreign`, what to say if it does not.
    fn accept(&mut self, n_rows: u64, content: Content<F>, foreign: Error) -> Result<Progress> {
        let restart = self.restart;
        self.check_weights(&content)?;
        match (std::mem::replace(&mut self.stage, Stage::Done), content) {
            (
                Stage::Survey,
                Content::Survey {
                    magnitude,
                    weight,
                    moments,
                    ..
                },
            ) => {
                self.survey = Some(Survey { n_rows, magnitude });
                self.weight = weight;
                self.mean_variance = moments.mean_variance();
                self.begin();
                Ok(Progress::Survey { n_rows })
            }
            (
                Stage::Seeding(mut seeding),
                Content::Sample {
                    rows, potential, ..
                },
            ) => {
                let rows: Vec<F> = rows.into_iter().flat_map(|row| row.values).collect();
                seeding.sampled(&rows, &potential);
                self.seed(seeding);
                Ok(Progress::Start { restart })
            }
            (Stage::Seeding(mut seeding), Content::Weigh { weights, potential }) => {
                seeding.weighed(&weights, &potential);
                self.seed(seeding);
                Ok(Progress::Start { restart })
            }
            (
                Stage::Assigning {
                    iterations,
                    previous,
                },
                Content::Assign(sums),
            ) => Ok(self.assign(iterations, previous, sums)),
            (
                Stage::Relocating {
                    iterations,
                    previous,
                    sums,
                },
                Content::Farthest { farthest, changed },
            ) => {
                let is_as_before = previous.is_some() && changed == 0;
                Ok(self.update(iterations, sums, Some(farthest), is_as_before))
            }
            (Stage::Labelling, Content::Label) => Ok(Progress::Labels),
            (stage, _) => {
                self.stage = stage;
                Err(foreign)
            }
        }
    }

    /// # Errors
    /// [`Error::ZeroWeights`], [`Error::TooFewRows`]: there are too few rows of positive weight.
    /// [`Error::WeightsChanged`].
    fn check_weights(&self, content: &Content<F>) -> Result<()> {
        let weight = match content {
            Content::Survey { n_weighted: 0, .. } => return Err(Error::ZeroWeights),
            Content::Survey { n_weighted, .. } => {
                let n_weighted = usize::try_from(*n_weighted).unwrap_or(usize::MAX);
                return checks::enough_rows(n_weighted, self.kmeans.n_clusters);
            }
            Content::Weigh { weights, .. } => weights.sum_of(0..weights.len()),
            Content::Assign(sums) => sums.weight(),
            _ => return Ok(()),
        };
        match weight == self.weight {
            true => Ok(()),
            false => Err(Error::WeightsChanged),
        }
    }

    /// Begins a restart.
    fn begin(&mut self) {
        self.last = None;
        match self.given.clone() {
            Some(start) => self.iterate_from(&start),
            None => {
                let seed = Stream::new(self.kmeans.seed, self.restart as u64).seed();
                let method = self.kmeans.init.method().unwrap_or(Init::PARALLEL);
                let seeding = Seeding::new(method, self.kmeans.n_clusters, self.n_features, seed);
                self.seed(seeding);
            }
        }
    }

    /// Goes on with a start.
    fn seed(&mut self, seeding: Seeding<F>) {
        if let Step::Done(chosen) = seeding.next() {
            let rows = Rows::new(&seeding.candidates, self.n_features);
            let start = chosen.into_iter().flat_map(|candidate| rows.row(candidate));
            let start: Vec<F> = start.copied().collect();
            self.iterate_from(&start);
        } else {
            self.stage = Stage::Seeding(seeding);
        }
    }

    fn iterate_from(&mut self, start: &[F]) {
        let limits = self.kmeans.limits(|| self.mean_variance);
        let start = Rows::new(start, self.n_features);
        self.stage = Stage::Assigning {
            iterations: Iterations::new(&start, limits),
            previous: None,
        };
    }

    /// Takes in the sums of a pass.
    fn assign(
        &mut self,
        iterations: Iterations<F>,
        previous: Option<Vec<F>>,
        sums: ClusterSums<F>,
    ) -> Progress {
        self.last = Some(Run {
            centroids: iterations.centroids.clone(),
            labels: Vec::new(),
            sizes: sums.counts().to_vec(),
            inertia: sums.inertia(),
            n_iter: (iterations.n_iter).saturating_add(usize::from(iterations.is_due())),
            stop: Stop::Interrupted,
        });
        if !iterations.is_due() {
            let (restart, inertia) = (self.restart, sums.inertia());
            self.finish(iterations);
            return Progress::Inertia { restart, inertia };
        }
        let empty = sums.empty_clusters().len();
        if empty > 0 {
            self.stage = Stage::Relocating {
                iterations,
                previous,
                sums,
            };
            return Progress::EmptyClusters { count: empty };
        }
        self.update(iterations, sums, None, false)
    }

    /// Moves the centroids.
    fn update(
        &mut self,
        mut iterations: Iterations<F>,
        mut sums: ClusterSums<F>,
        farthest: Option<Farthest<F>>,
        is_as_before: bool,
    ) -> Progress {
        let previous = iterations.centroids.rows().data().to_vec();
        let mut empty_clusters = 0;
        if let Some(farthest) = farthest {
            let empty = sums.empty_clusters();
            empty_clusters = empty.len();
            update::relocate(farthest, &empty, &mut sums.sums, self.n_features);
        }
        let moved = iterations.update(Found {
            sums: sums.rounded(),
            empty_clusters,
            is_as_before,
            noise: None,
        });
        let progress = Progress::Iteration {
            restart: self.restart,
            index: iterations.n_iter,
            inertia: sums.inertia(),
            max_shift: moved.max_shift,
            empty_clusters: moved.empty_clusters,
            stop: (!iterations.is_due()).then_some(iterations.stop),
        };
        if iterations.is_due() || iterations.has_moved {
            self.stage = Stage::Assigning {
                iterations,
                previous: Some(previous),
            };
        } else {
            self.finish(iterations);
        }
        progress
    }

    /// Ends a restart. The last pass was that of its centroids.
    fn finish(&mut self, iterations: Iterations<F>) {
        let Some(last) = self.last.take() else { return };
        let run = Run {
            sizes: last.sizes,
            ..iterations.into_run(Vec::new(), last.inertia)
        };
        let is_interrupted = self.best.add(run).is_break();
        let n_rows = self.survey.map_or(0, |survey| survey.n_rows);
        let is_only = self.given.is_some()
            || self.kmeans.n_clusters == 1
            || self.kmeans.n_clusters as u64 == n_rows
            || self.mean_variance == 0.0;
        self.restart = self.restart.saturating_add(1);
        match is_interrupted || is_only || self.restart >= self.kmeans.n_init {
            true => self.end(),
            false => self.begin(),
        }
    }

    /// Ends the restarts.
    fn end(&mut self) {
        self.last = None;
        self.stage = match self.keeps_labels && self.best.0.is_some() {
            true => Stage::Labelling,
            false => Stage::Done,
        };
    }

    fn interrupt(&mut self) {
        match std::mem::replace(&mut self.stage, Stage::Done) {
            Stage::Assigning {
                mut iterations,
                previous,
            } if iterations.n_iter > 0 => {
                iterations.stop = Stop::Interrupted;
                self.stage = Stage::Assigning {
                    iterations,
                    previous,
                };
            }
            // The last pass was that of these centroids.
            Stage::Relocating { mut iterations, .. } => {
                iterations.n_iter = iterations.n_iter.saturating_add(1);
                iterations.stop = Stop::Interrupted;
                self.finish(iterations);
            }
            // There is nothing left to end.
            Stage::Done => (),
            _ => {
                if let Some(best) = &mut self.best.0 {
                    best.stop = Stop::Interrupted;
                }
                self.end();
            }
        }
    }
}
