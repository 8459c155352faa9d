//! What a driver knows between two passes, and what follows from an answer.

use super::answer::Content;
use super::driver::Progress;
#[cfg(feature = "serde")]
use super::request::hash;
use super::request::{Kind, Request, Survey};
use crate::checks;
use crate::error::{Error, Result};
use crate::float::Float;
use crate::init::{Init, Seeding, Step};
use crate::kernels::Rows;
use crate::kmeans::KMeans;
use crate::kmeans::cluster_sums::ClusterSums;
use crate::kmeans::engine::{Best, Found, Iterations, Run};
use crate::kmeans::update::{self, Farthest};
use crate::numeric::LongSums;
use crate::progress::Stop;
use crate::random::Stream;

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
    /// The next pass of a start.
    Seeding(Seeding<F>),
    /// The pass of an iteration, or the last one of a restart, for the inertia.
    Assigning {
        iterations: Iterations<F>,
        /// The centroids of the pass before.
        previous: Option<Vec<F>>,
    },
    /// The pass that finds rows for the empty clusters of an iteration.
    Relocating {
        iterations: Iterations<F>,
        previous: Option<Vec<F>>,
        sums: ClusterSums<F>,
    },
    Labelling,
    Done,
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

    pub(super) fn request(&self) -> Option<Request<F>> {
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
    pub(super) fn accept(
        &mut self,
        n_rows: u64,
        content: Content<F>,
        foreign: Error,
    ) -> Result<Progress> {
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

    pub(super) fn interrupt(&mut self) {
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
