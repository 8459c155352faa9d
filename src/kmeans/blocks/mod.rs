//! k-means on rows that are read block by block.

mod error;

use super::iteration::Iteration;
use super::passes::{Driver, PartMemory, Progress, Reader};
use super::{FitOptions, KMeans, KMeansModel};
use crate::checks;
use crate::data::RowBlocks;
use crate::error::Error;
use crate::float::{Float, compiled};
use crate::parallel;
use crate::progress::{Observer, Stop};
pub use error::BlocksError;

impl KMeans {
    /// Clusters rows that are read block by block from a source, once per iteration: for data that does not
    /// fit in memory. The iterations are as exact as those of [`fit`](Self::fit), and end under the same
    /// conditions.
    ///
    /// The start is that of [`init`](Self::init), or [`Init::Parallel`](crate::Init::Parallel) instead of greedy
    /// k-means++, which would take `k` passes. If 10 restarts take too many passes, set
    /// [`n_init(1)`](Self::n_init).
    ///
    /// [`passes`](crate::passes) has the same fit for rows that are spread over several threads, processes or
    /// machines.
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
    /// One pass checks all values. Each restart then takes those of its start, one for each iteration, and one
    /// more at the end if the centroids still moved; one more when a cluster is empty. A start by k-means||
    /// takes two passes and one for each round; two for each round after the second of
    /// [`Init::Parallel`](crate::Init::Parallel), and for each further round that equal rows make necessary. If
    /// the labels are kept and the best restart was not the last, there is one more pass for them. Reading and
    /// computing overlap.
    ///
    /// Memory holds a few blocks, the rows that the rounds take (`k` times the oversampling in each), 4 bytes
    /// per row for the labels, 8 more while a start is chosen, and 8 more for the labels of the model, if they
    /// are [kept](FitOptions::keep_labels).
    ///
    /// # Determinism
    /// From given centroids, and with the same seed from the starts [`Init::Random`](crate::Init::Random),
    /// [`Init::Parallel`](crate::Init::Parallel) and [`Init::ParallelWith`](crate::Init::ParallelWith), the
    /// result is that of [`fit_with`](Self::fit_with) for the same rows, to the bit, however they are cut into
    /// blocks.
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
            let mut driver = Driver::new(kmeans, n_features)?.with_labels(options.keeps_labels);
            if let Some(start) = options.initial_centroids {
                driver = driver.initial_centroids(start)?;
            }
            let weights = options.weights.map(|weights| {
                checks::weights(weights)?;
                Ok::<_, Error>(checks::contiguous(weights))
            });
            let weights = weights.transpose()?;
            let mut reader = Reader::new(source, 0, None, weights.as_deref());
            // PERF: a pass that is run from inside the pool need not wake it for every block.
            parallel::on_pool(usize::MAX, || {
                run(driver, &mut reader, options.observer, options.keeps_labels)
            })
        })(self, source, options)
    }
}

/// Answers all that the driver asks for, about all rows at once.
fn run<F: Float>(
    mut driver: Driver<F>,
    reader: &mut Reader<'_, F>,
    mut observer: Observer<'_, Iteration>,
    keeps_labels: bool,
) -> Result<KMeansModel<F>, BlocksError<F>> {
    let (mut memory, mut is_interrupted) = (PartMemory::new(), false);
    while let Some(request) = driver.request() {
        let answer = match request.answer_in(reader, &mut memory) {
            Ok(answer) => answer,
            Err(failure) => return Err(BlocksError::new(failure, driver.model())),
        };
        reader.check_survey(answer.n_rows())?;
        if let Progress::Iteration {
            restart,
            index,
            inertia,
            max_shift,
            empty_clusters,
            ..
        } = driver.accept(answer)?
        {
            let iteration = Iteration {
                restart,
                index,
                inertia,
                max_shift,
                reassigned: memory.assigned.reassigned,
                empty_clusters,
                distances: memory.assigned.distances,
            };
            if observer.observe(&iteration).is_break() {
                is_interrupted = true;
                driver.interrupt();
            }
        }
    }
    let mut run = driver.into_best().expect("a fit that is done has a run");
    if is_interrupted {
        // Whether or not the last restart was done by then.
        run.stop = Stop::Interrupted;
    }
    if keeps_labels {
        run.labels = memory.into_labels();
    }
    Ok(KMeansModel::from_run(run, keeps_labels))
}
