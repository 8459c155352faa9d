//! k-means on small batches of the rows.

mod batches;
mod draws;
mod growing;
mod online;
#[cfg(feature = "serde")]
mod saving;
mod starts;
mod step;

use ndarray::ArrayRef2;

pub use online::OnlineKMeans;

use super::engine::{self, Run};
use super::iteration::Iteration;
use super::setters::common_setters;
use super::{FitOptions, KMeansModel, update};
use crate::checks::{self, at_least_one};
use crate::data::Points;
#[cfg(doc)]
use crate::error::Error;
use crate::error::Result;
use crate::float::{Float, compiled};
use crate::init::Init;
use crate::kernels::{NO_LABEL, Packed};
use crate::parallel;
use crate::progress::{Observer, Stop};
use crate::random::Stream;

/// k-means on batches: finds centroids in a fraction of the time of [`KMeans`](crate::KMeans), for data
/// that is large or that arrives in pieces.
///
/// It minimises the same inertia, in one of three ways:
///
/// - [`growing`](Self::growing), **recommended if all the data is available**: Lloyd's iterations on a
///   sample of the rows. The sample doubles as soon as its noise exceeds the movement of the centroids,
///   until it contains all rows. The fit ends where Lloyd's iterations end.
/// - [`fit`](Self::fit) alone, like scikit-learn's class of the same name: each batch of `batch_size`
///   random rows moves each centroid to the mean of all rows that it has received so far. The result is
///   near a minimum, not at one: expect an inertia that is a few per cent higher.
/// - [`online`](Self::online), for a stream: batches as they arrive, each seen once.
///
/// # Example
/// ```
/// use centroid::MiniBatchKMeans;
/// use centroid::datasets::make_blobs;
/// use ndarray::array;
///
/// let (x, _) = make_blobs(20_000, &array![[0.0, 0.0], [9.0, 0.0], [0.0, 9.0]], &[1.0], 7)?;
/// let model = MiniBatchKMeans::new(3).batch_size(256).seed(1).fit(&x)?;
/// let better = MiniBatchKMeans::new(3).growing().seed(1).fit(&x)?;
/// assert!(better.inertia() <= model.inertia());
/// assert!(model.inertia() < 1.05 * better.inertia());
/// # Ok::<(), centroid::Error>(())
/// ```
///
/// With parameters other than the defaults:
/// ```
/// use centroid::datasets::make_blobs;
/// use centroid::{Init, MiniBatchKMeans};
/// use ndarray::array;
///
/// let (x, _) = make_blobs(2000, &array![[0.0, 0.0], [9.0, 0.0], [0.0, 9.0]], &[1.0], 7)?;
/// let starts = MiniBatchKMeans::new(2).init(Init::Random).n_init(10).init_size(500).seed(1);
/// let ends = starts.max_iter(20).tol(1e-3).max_no_improvement(30).reassignment_ratio(0.05);
/// let model = ends.n_clusters(3).batch_size(100).fit(&x)?;
/// assert!(model.n_iter() <= 20 && model.inertia() < 4400.0);
/// # Ok::<(), centroid::Error>(())
/// ```
///
/// # Choosing parameters
/// A larger `batch_size` gives less noisy centroids, and allows large problems to be shared among threads.
/// `max_no_improvement` ends a fit when batches no longer improve; `max_iter` limits the number of passes
/// over the data. A larger `reassignment_ratio` finds better places for centroids that see few rows, but
/// small clusters that really exist may be lost.
///
/// # Cost
/// A batch of `b` rows takes `b k d` multiply-adds, regardless of the number of rows. At the end, one pass
/// labels all rows. In addition to the data, a fit holds 12 bytes per row for the labels, and up to 32 more
/// if there are weights; with `growing`, 8 bytes per row and a copy of at most half of the rows.
///
/// # Determinism
/// The same data, parameters and seed give the same bits, at any number of threads and with any
/// instruction set.
///
/// # Errors
/// See [`fit`](Self::fit).
///
/// # References
/// - D. Sculley, *Web-scale k-means clustering*, WWW 2010, doi:10.1145/1772690.1772862.
/// - J. Newling, F. Fleuret, *Nested mini-batch k-means*, NIPS 2016, arXiv:1602.02934: `growing`.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[must_use = "parameters do nothing until `fit` is called"]
pub struct MiniBatchKMeans {
    pub(super) n_clusters: usize,
    init: Init,
    n_init: usize,
    init_size: Option<usize>,
    batch_size: usize,
    max_iter: usize,
    tol: Option<f64>,
    max_no_improvement: Option<usize>,
    reassignment_ratio: f64,
    seed: u64,
    grows: bool,
}

common_setters!(MiniBatchKMeans {
    /// How the first centroids are chosen among the rows of a sample.
    init: "[`Init::PlusPlus`]",
    /// The number of starts, at least 1, each from its own sample. The start with the lowest inertia on
    /// another sample is kept; with [`growing`](Self::growing), the one with the lowest inertia on the
    /// first batch, after iterating on it. Everything after that runs once.
    n_init: "3",
    /// The maximum number of passes (epochs) over the data that the batches may add up to, at least 1.
    max_iter: "100",
    /// A fit ends when the sum of the squared shifts of the centroids in a batch is at most `tol` times the
    /// mean variance of the features; 0 disables this. With [`growing`](Self::growing), `tol` takes effect
    /// only once the batch contains all rows.
    tol: "0, and 1e-4 with `growing`, as for [`KMeans`](crate::KMeans)",
});

impl MiniBatchKMeans {
    /// An estimator for `n_clusters` clusters, with defaults for all other parameters. [`fit`](Self::fit)
    /// checks the parameters. See the [example](Self#example).
    pub fn new(n_clusters: usize) -> Self {
        Self {
            n_clusters,
            init: Init::default(),
            n_init: 3,
            init_size: None,
            batch_size: 1024,
            max_iter: 100,
            tol: None,
            max_no_improvement: Some(10),
            reassignment_ratio: 0.01,
            seed: 0,
            grows: false,
        }
    }

    /// The number of rows in the samples from which starts are chosen and on which they are compared: at
    /// least `n_clusters`, or `None` for the default. Larger samples give better starts, in proportionally
    /// more time.
    ///
    /// Default: three times the batch size, but at least three times the number of clusters. See the
    /// [example](Self#example).
    pub fn init_size(mut self, init_size: impl Into<Option<usize>>) -> Self {
        self.init_size = init_size.into();
        self
    }

    /// The number of rows in a batch, at least 1. With [`growing`](Self::growing) it applies to the first
    /// batch, which also has at least 10 rows per cluster. Batches are never larger than the data.
    ///
    /// Default: 1024. See the [example](Self#example).
    pub fn batch_size(mut self, batch_size: usize) -> Self {
        self.batch_size = batch_size;
        self
    }

    /// Ends a fit after this many consecutive batches without a new minimum of the smoothed inertia; `None`
    /// disables this. Has no effect with [`growing`](Self::growing).
    ///
    /// The inertia is smoothed by an exponentially weighted mean over about half a pass.
    ///
    /// Default: 10. See the [example](Self#example).
    pub fn max_no_improvement(mut self, batches: impl Into<Option<usize>>) -> Self {
        self.max_no_improvement = batches.into();
        self
    }

    /// Centroids whose accumulated weight is below `ratio` (0 to 1) times the largest are moved to rows of
    /// the batch, drawn with probability proportional to their squared distance from their centroids. This
    /// is checked once ten rows per cluster have been seen since the last check, and whenever a centroid
    /// has received no row yet. Has no effect with [`growing`](Self::growing), where empty clusters take
    /// the rows farthest from their centroids.
    ///
    /// A batch moves at most half as many centroids as it has rows. A moved centroid then counts as much as
    /// the lightest of the others. With 0, no centroid is moved, and one that is nearest to no row stays
    /// where it is.
    ///
    /// Default: 0.01. See the [example](Self#example).
    pub fn reassignment_ratio(mut self, ratio: f64) -> Self {
        self.reassignment_ratio = ratio;
        self
    }

    /// Nested batches: each contains the previous one and is twice as large; past half of the data, all
    /// rows are used. The next batch begins when at least half of the centroids move less than four
    /// standard errors of their means.
    ///
    /// A sample is enough to find roughly where the centroids belong; only the last iterations need all
    /// rows. So the result is about as good as that of [`KMeans`](crate::KMeans) from one start, in less
    /// time where the distances to all centroids have to be computed. With few features, where `KMeans`
    /// can skip most distances, it may take longer. See the [example](Self#example).
    ///
    /// # References
    /// J. Newling, F. Fleuret, *Nested mini-batch k-means*, NIPS 2016, arXiv:1602.02934.
    pub fn growing(mut self) -> Self {
        self.grows = true;
        self
    }

    /// Clusters batches as they arrive: see [`OnlineKMeans`]. `max_iter`, `tol`, `max_no_improvement` and
    /// `growing` have no effect there, and `batch_size` only determines the default of `init_size`.
    /// [`partial_fit`](OnlineKMeans::partial_fit) checks the parameters.
    pub fn online<F: Float>(self) -> OnlineKMeans<F> {
        OnlineKMeans::new(self)
    }

    /// Clusters the rows of `x`, an `n x d` array in any memory order.
    ///
    /// The labels and the inertia of the model are those of all rows; [`n_iter`](KMeansModel::n_iter) is
    /// the number of passes over the data that the batches add up to, rounded up. See the
    /// [example](Self#example).
    ///
    /// # Errors
    /// - [`Error::InvalidParameter`]: `n_clusters`, `n_init`, `batch_size`, `max_iter` or a parameter of
    ///   `init` is 0, `init_size` is less than `n_clusters`, `tol` is negative or not a number, or
    ///   `reassignment_ratio` is not between 0 and 1.
    /// - [`Error::EmptyData`]: `x` has no rows or no columns.
    /// - [`Error::NotFinite`], [`Error::TooLarge`]: a value of `x` is not finite, or too large.
    /// - [`Error::TooFewRows`]: there are fewer rows than clusters.
    pub fn fit<F: Float>(&self, x: &ArrayRef2<F>) -> Result<KMeansModel<F>> {
        self.fit_with(x, FitOptions::new())
    }

    /// Clusters the rows of `x` with sample weights, from given centroids, or with an observer.
    ///
    /// A batch takes rows with probability proportional to their weights. The observer is called after each
    /// batch. It gets the smoothed [`inertia`](crate::Iteration::inertia) of the batches, scaled to all
    /// rows; all rows of a batch count as [`reassigned`](crate::Iteration::reassigned), and centroids that
    /// were moved to rows as [`empty_clusters`](crate::Iteration::empty_clusters). With
    /// [`growing`](Self::growing) it is called after each iteration, and gets its inertia, scaled to all
    /// rows.
    ///
    /// # Example
    /// ```
    /// use centroid::{FitOptions, MiniBatchKMeans};
    /// use ndarray::array;
    ///
    /// let (x, start) = (array![[0.0], [1.0], [10.0]], array![[0.0], [9.0]]);
    /// let options = FitOptions::new().initial_centroids(&start);
    /// let model = MiniBatchKMeans::new(2).growing().fit_with(&x, options)?;
    /// assert_eq!(model.centroids(), array![[0.5], [10.0]]);
    /// # Ok::<(), centroid::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`fit`](Self::fit), and those that [`KMeans::fit_with`](crate::KMeans::fit_with) adds.
    pub fn fit_with<F: Float>(
        &self,
        x: &ArrayRef2<F>,
        options: FitOptions<'_, F>,
    ) -> Result<KMeansModel<F>> {
        compiled!(|estimator: &MiniBatchKMeans,
                   x: &ArrayRef2<F>,
                   options: FitOptions<'_, F>|
         -> Result<KMeansModel<F>> {
            estimator.check_parameters()?;
            let points = options.check_points(x, estimator.n_clusters)?;
            let given = options.check_start(estimator.n_clusters, points.n_features())?;
            let keeps_labels = options.keeps_labels;
            let work = parallel::work(points.len(), estimator.n_clusters, points.n_features());
            let run = parallel::on_pool(work, || estimator.run(&points, given, options.observer));
            Ok(KMeansModel::from_run(run, keeps_labels))
        })(self, x, options)
    }

    fn run<F: Float>(
        &self,
        points: &Points<'_, F>,
        given: Option<Vec<F>>,
        observer: Observer<'_, Iteration>,
    ) -> Run<F> {
        if self.grows {
            return growing::run(self, points, given, observer);
        }
        let start = given.unwrap_or_else(|| self.best_start(points));
        batches::run(self, points, &start, observer)
    }

    fn check_parameters(&self) -> Result<()> {
        checks::n_clusters(self.n_clusters)?;
        at_least_one("n_init", self.n_init)?;
        at_least_one("batch_size", self.batch_size)?;
        at_least_one("max_iter", self.max_iter)?;
        self.init.check()?;
        checks::tol(self.tolerance())?;
        let fits = self.init_size.is_none_or(|size| size >= self.n_clusters);
        checks::parameter(fits, "init_size", "at least n_clusters")?;
        let is_share = (0.0..=1.0).contains(&self.reassignment_ratio);
        checks::parameter(is_share, "reassignment_ratio", "between 0 and 1")
    }

    fn tolerance(&self) -> f64 {
        self.tol.unwrap_or(if self.grows { 1e-4 } else { 0.0 })
    }

    /// The random numbers for everything after the starts.
    fn stream(&self) -> Stream {
        Stream::new(self.seed, (self.n_init as u64).saturating_add(1))
    }
}

/// Labels all rows, and computes their inertia.
fn finish<F: Float>(
    points: &Points<'_, F>,
    centroids: Packed<F>,
    n_iter: usize,
    stop: Stop,
) -> Run<F> {
    let mut labels = vec![NO_LABEL; points.len()];
    engine::label(points, &centroids, &mut labels);
    Run {
        inertia: update::inertia(points, &labels, &centroids.rows()),
        centroids,
        labels,
        sizes: Vec::new(),
        n_iter,
        stop,
    }
}
