//! k-means on rows that are read block by block.

mod moments;
mod reader;
mod start;
mod streamed;

use std::borrow::Cow;
use std::fmt;
use std::io;

use super::engine::{self, Failed, Restart, Run};
use super::iteration::Iteration;
use super::{FitOptions, KMeans, KMeansModel};
use crate::checks;
use crate::data::RowBlocks;
use crate::error::Error;
use crate::float::{Float, compiled};
use crate::kernels::Rows;
use crate::parallel;
use crate::progress::Observer;
use crate::random::Stream;
use reader::{Failure, Reader};
use streamed::Streamed;

impl KMeans {
    /// Clusters rows that are read block by block from a source, once per iteration: for data that does not
    /// fit in memory. The iterations are as exact as those of [`fit`](Self::fit), and end under the same
    /// conditions.
    ///
    /// The start is [`Init::Random`](crate::Init::Random) if you choose it. Otherwise it is **k-means||**,
    /// with the rounds and the oversampling of [`Init::ParallelWith`](crate::Init::ParallelWith), or else
    /// those of [`Init::Parallel`](crate::Init::Parallel), because greedy k-means++ would take `k` passes.
    /// If 10 restarts take too many passes, set [`n_init(1)`](Self::n_init).
    ///
    /// # Example
    /// ```
    /// use centroid::{ArrayBlocks, KMeans};
    /// use ndarray::array;
    ///
    /// let x = array![[0.0, 0.0], [0.0, 2.0], [9.0, 0.0], [9.0, 2.0]];
    /// let model = KMeans::new(2).n_init(1).fit_blocks(&mut ArrayBlocks::new(&x, 3))?;
    /// assert_eq!(model.inertia(), 4.0);
    /// # Ok::<(), centroid::BlocksError<f64>>(())
    /// ```
    ///
    /// # Cost
    /// One pass checks all values. Each restart then takes two passes and one for each round of k-means||,
    /// one for each iteration and one at the end; one more when a cluster is empty, and two more for each
    /// further round that equal rows make necessary. Reading and computing overlap.
    ///
    /// Memory holds a few blocks, the rows that the rounds take (`k` times the oversampling in each), 4
    /// bytes per row for the labels, and 8 more for the labels of the model, if they are
    /// [kept](FitOptions::keep_labels).
    ///
    /// # Determinism
    /// From given centroids, the result is that of [`fit_with`](Self::fit_with) for the same rows, to the
    /// bit, however they are cut into blocks. There are two exceptions, which agree up to rounding: the
    /// tolerance, and sums that cannot be exact because weights are not integers or values have an extreme
    /// range.
    ///
    /// # Errors
    /// A [`BlocksError`], which holds the best model found so far. Using `?` in a function that returns
    /// [`Error`] keeps the error and drops the model:
    /// - [`Error::InvalidParameter`]: as for [`fit`](Self::fit).
    /// - [`Error::EmptyData`]: the source has no rows or no features.
    /// - [`Error::NotFinite`], [`Error::TooLarge`]: a value is not finite, or too large.
    /// - [`Error::TooFewRows`]: there are fewer rows than clusters.
    /// - [`Error::SourceFailed`]: a block could not be read.
    /// - [`Error::SourceChanged`]: a pass returned fewer or more rows than the first one, or a larger
    ///   value. Other changes go unnoticed.
    pub fn fit_blocks<F: Float>(
        &self,
        source: &mut dyn RowBlocks<F>,
    ) -> Result<KMeansModel<F>, BlocksError<F>> {
        self.fit_blocks_with(source, FitOptions::new())
    }

    /// [`fit_blocks`](Self::fit_blocks) with sample weights, from given centroids, with an observer, or
    /// without keeping the labels.
    ///
    /// # Example
    /// ```
    /// use centroid::{ArrayBlocks, FitOptions, KMeans};
    /// use ndarray::array;
    ///
    /// let (x, start) = (array![[0.0], [1.0], [10.0]], array![[0.0], [9.0]]);
    /// let options = FitOptions::new().initial_centroids(&start).keep_labels(false);
    /// let model = KMeans::new(2).fit_blocks_with(&mut ArrayBlocks::new(&x, 2), options)?;
    /// assert_eq!(model.centroids(), array![[0.5], [10.0]]);
    /// # Ok::<(), centroid::BlocksError<f64>>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`fit_blocks`](Self::fit_blocks), and those that [`fit_with`](Self::fit_with) adds.
    pub fn fit_blocks_with<F: Float>(
        &self,
        source: &mut dyn RowBlocks<F>,
        options: FitOptions<'_, F>,
    ) -> Result<KMeansModel<F>, BlocksError<F>> {
        compiled!(|kmeans: &KMeans,
                   source: &mut dyn RowBlocks<F>,
                   options: FitOptions<'_, F>|
         -> Result<KMeansModel<F>, BlocksError<F>> {
            kmeans.check_parameters()?;
            let n_features = source.n_features();
            checks::not_empty("source", n_features)?;
            let start = options.check_start(kmeans.n_clusters, n_features)?;
            let weights = options.weights.map(|weights| {
                checks::weights(weights)?;
                Ok::<_, Error>(match weights.as_slice() {
                    Some(weights) => Cow::Borrowed(weights),
                    None => Cow::Owned(weights.iter().copied().collect()),
                })
            });
            let weights = weights.transpose()?;
            let mut reader = Reader::new(source, weights.as_deref());
            let (observer, kept) = (options.observer, options.keeps_labels);
            // PERF: a pass that is run from inside the pool need not wake it for every block.
            let run = parallel::on_pool(usize::MAX, || {
                kmeans.run_blocks(&mut reader, start.as_deref(), observer)
            });
            let run =
                run.map_err(|(failure, best)| failure.with_model(best.map(|run| *run), kept))?;
            Ok(KMeansModel::from_run(run, kept))
        })(self, source, options)
    }

    fn run_blocks<F: Float>(
        &self,
        reader: &mut Reader<'_, F>,
        given: Option<&[F]>,
        mut observer: Observer<'_, Iteration>,
    ) -> Result<Run<F>, Failed<Failure, F>> {
        let none = |failure| (failure, None);
        let variance = reader.survey(self.n_clusters).map_err(none)?;
        let limits = self.limits(|| variance);
        let n_init = match given {
            None if self.n_clusters > 1 => self.n_init,
            _ => 1,
        };
        engine::best_of((0..n_init).map(|index| {
            let mut stream = Stream::new(self.seed, index);
            let start = match given {
                Some(start) => start.to_vec(),
                None => {
                    start::choose(reader, self.init, self.n_clusters, &mut stream).map_err(none)?
                }
            };
            let start = Rows::new(&start, reader.n_features());
            let mut data =
                Streamed::new(reader, start.len()).map_err(|error| (error.into(), None))?;
            let restart = Restart {
                index,
                last: usize::MAX,
                observer: observer.by_ref(),
            };
            let run = engine::run(&mut data, &start, limits, restart);
            run.map_err(|failure| (failure, data.into_last().map(Box::new)))
        }))
    }
}

impl Failure {
    fn with_model<F: Float>(self, run: Option<Run<F>>, keeps_labels: bool) -> BlocksError<F> {
        let (error, cause) = match self {
            Self::Refused(error) => (error, None),
            Self::Source { rows, cause } => {
                let kind = cause.kind();
                (Error::SourceFailed { rows, kind }, Some(cause))
            }
        };
        let model = run.map(|run| Box::new(KMeansModel::from_run(run, keeps_labels)));
        BlocksError {
            error,
            cause,
            model,
        }
    }
}

impl<F: Float> From<Failure> for BlocksError<F> {
    fn from(failure: Failure) -> Self {
        failure.with_model(None, false)
    }
}

/// Why [`KMeans::fit_blocks`] failed, and the best model found until then.
///
/// # Example
/// ```
/// use centroid::{Error, IterBlocks, KMeans};
/// use ndarray::{Array2, array};
///
/// let mut passes = 0;
/// let mut source = IterBlocks::new(1, || {
///     passes += 1;
///     let lost = std::io::Error::other("the disk is gone");
///     let rows: Array2<f64> = array![[0.0], [1.0], [9.0]];
///     [if passes < 12 { Ok(rows) } else { Err(lost) }].into_iter()
/// });
/// let error = KMeans::new(2).n_init(3).fit_blocks(&mut source).unwrap_err();
/// assert!(matches!(error.error(), Error::SourceFailed { rows: 0, .. }));
/// assert_eq!(error.cause().unwrap().to_string(), "the disk is gone");
/// assert_eq!(error.model().unwrap().inertia(), 0.5);
/// assert_eq!(error.into_model().unwrap().n_clusters(), 2);
/// ```
pub struct BlocksError<F: Float> {
    error: Error,
    cause: Option<io::Error>,
    model: Option<Box<KMeansModel<F>>>,
}

impl<F: Float> BlocksError<F> {
    /// What was wrong. See the [example](Self#example).
    pub fn error(&self) -> Error {
        self.error
    }

    /// The error of the source, if it failed. See the [example](Self#example).
    pub fn cause(&self) -> Option<&io::Error> {
        self.cause.as_ref()
    }

    /// The best model so far: that of the best finished restart, or the centroids of the last complete pass
    /// if their inertia is lower. The latter come with their inertia and
    /// [`Stop::Interrupted`](crate::Stop::Interrupted), but without labels and sizes. See the
    /// [example](Self#example).
    pub fn model(&self) -> Option<&KMeansModel<F>> {
        self.model.as_deref()
    }

    /// The [`model`](Self::model), as an owned value. See the [example](Self#example).
    pub fn into_model(self) -> Option<KMeansModel<F>> {
        self.model.map(|model| *model)
    }
}

impl<F: Float> From<Error> for BlocksError<F> {
    fn from(error: Error) -> Self {
        Self {
            error,
            cause: None,
            model: None,
        }
    }
}

impl<F: Float> From<BlocksError<F>> for Error {
    fn from(error: BlocksError<F>) -> Self {
        error.error
    }
}

impl<F: Float> fmt::Debug for BlocksError<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlocksError")
            .field("error", &self.error)
            .field("cause", &self.cause)
            .field("model", &self.model)
            .finish()
    }
}

impl<F: Float> fmt::Display for BlocksError<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.error, f)
    }
}

impl<F: Float> std::error::Error for BlocksError<F> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause
            .as_ref()
            .map(|cause| cause as &(dyn std::error::Error + 'static))
    }
}

/// A check that failed, before there was any model.
impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}
