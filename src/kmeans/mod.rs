//! The k-means estimator.

mod algorithm;
mod blocks;
mod cluster_sums;
mod edge;
pub(crate) mod engine;
mod iteration;
pub(crate) mod minibatch;
mod model;
mod options;
pub mod passes;
#[cfg(feature = "serde")]
mod saving;
mod setters;
mod sums;
mod update;

use ndarray::ArrayRef2;

pub use algorithm::Algorithm;
pub use blocks::BlocksError;
pub use cluster_sums::ClusterSums;
pub use iteration::Iteration;
pub use minibatch::{MiniBatchKMeans, OnlineKMeans};
pub use model::{Assignment, KMeansModel};
pub use options::FitOptions;

use crate::checks::{self, at_least_one};
use crate::data::Points;
#[cfg(doc)]
use crate::error::Error;
use crate::error::Result;
use crate::float::{Float, compiled};
use crate::init::Init;
use crate::kernels::Rows;
use crate::parallel;
use crate::progress::Observer;
use crate::random::Stream;
use engine::{InMemory, Limits, PreparedFit, Restart, Run};
use setters::common_setters;

/// k-means clustering: finds `k` centroids that are near the rows of the data.
///
/// It looks for centroids `c` that minimise the inertia
///
/// ```text
/// sum over rows i of  w_i |x_i - c(i)|^2,   c(i) the centroid nearest to row i,
/// ```
///
/// by Lloyd's iterations: label each row with its nearest centroid, move each centroid to the mean of its
/// rows, and repeat until the labels no longer change. That is a local minimum, so the fit runs `n_init`
/// times from different starts and keeps the result with the lowest inertia.
///
/// # Example
/// ```
/// use centroid::KMeans;
/// use ndarray::array;
///
/// let x = array![[1.0, 1.0], [1.5, 2.0], [10.0, 10.0], [10.5, 11.0]];
/// let model = KMeans::new(2).seed(42).fit(&x)?;
/// assert_eq!(model.labels()[0], model.labels()[1]);
/// assert_ne!(model.labels()[0], model.labels()[2]);
/// assert_eq!(model.inertia(), 1.25);
/// # Ok::<(), centroid::Error>(())
/// ```
///
/// With parameters other than the defaults:
/// ```
/// use centroid::{Algorithm, Init, KMeans, Stop};
/// use ndarray::array;
///
/// let x = array![[0.0], [1.0], [10.0], [11.0], [20.0], [21.0]];
/// let kmeans = KMeans::new(2).init(Init::Random).n_init(50).algorithm(Algorithm::Lloyd);
/// let model = kmeans.n_clusters(3).max_iter(100).tol(0.0).fit(&x)?;
/// assert_eq!((model.inertia(), model.stop()), (1.5, Stop::Converged));
/// # Ok::<(), centroid::Error>(())
/// ```
///
/// # Choosing parameters
/// The number of clusters is the only parameter without a default. `n_init` and `init` determine how good
/// the local minimum is, and `max_iter` and `tol` how closely it is approached; [`algorithm`] only changes
/// the time. A single feature is a matrix with one column: `x.insert_axis(ndarray::Axis(1))`.
///
/// # Cost
/// Each iteration takes at most `n k d` multiply-adds. Seeding by k-means++ takes about `2 + ln k` times as
/// many, once. Both use all threads of the current rayon pool; small data stays on the calling thread. The
/// data is borrowed if it is in row-major order, and copied once otherwise. In addition, a fit holds
///
/// | what | bytes per row |
/// |---|---|
/// | labels and related values | 16 |
/// | briefly, when a cluster is empty | 32 |
/// | while seeding | 36, and a few more for each thread |
///
/// These are multiplied by the number of threads if restarts of medium-sized data run side by side. A fit also
/// holds a few copies of the centroids, and the exact sums of the clusters: 16 bytes for each cluster and
/// feature in `f32`, 24 in `f64`, and usually 70 to 110 where weights are not integers or values have an
/// extreme range. There is one set of them for each of up to 64 parts of the rows while all take no more than 8
/// MB, and otherwise one. See [`Algorithm`] for the memory of each engine.
///
/// # Determinism
/// The same data, parameters and seed give the same bits, at any number of threads and with any instruction
/// set, because every label is decided by distances computed in one fixed order.
///
/// # Errors
/// See [`fit`](Self::fit).
///
/// # References
/// - S. P. Lloyd, *Least squares quantization in PCM*, IEEE Transactions on Information Theory
///   28(2), 1982, doi:10.1109/TIT.1982.1056489.
/// - D. Arthur, S. Vassilvitskii, *k-means++: the advantages of careful seeding*, SODA 2007.
///
/// [`algorithm`]: Self::algorithm
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[must_use = "parameters do nothing until `fit` is called"]
pub struct KMeans {
    n_clusters: usize,
    init: Init,
    n_init: usize,
    max_iter: usize,
    tol: f64,
    seed: u64,
    algorithm: Algorithm,
}

/// About how many iterations a start takes.
const USUAL_ITERATIONS: usize = 20;

common_setters!(KMeans {
    /// How the first centroids are chosen. Ignored if [initial centroids](FitOptions::initial_centroids)
    /// are given.
    init: "[`Init::PlusPlus`]",
    /// The number of starts, at least 1. More starts find a better minimum, in proportionally more time. If
    /// initial centroids are given, there is only one start.
    n_init: "10",
    /// The maximum number of iterations of each start, at least 1. If it is small, a fit may end before the
    /// labels stop changing: see [`KMeansModel::stop`].
    max_iter: "300",
    /// A start ends when the sum of the squared shifts of the centroids is at most `tol` times the mean
    /// variance of the features. Larger values end it earlier; with 0 it continues until the labels no
    /// longer change.
    tol: "1e-4",
});

impl KMeans {
    /// An estimator for `n_clusters` clusters, with defaults for all other parameters. [`fit`](Self::fit)
    /// checks the parameters. See the [example](Self#example).
    pub fn new(n_clusters: usize) -> Self {
        Self {
            n_clusters,
            init: Init::default(),
            n_init: 10,
            max_iter: 300,
            tol: 1e-4,
            seed: 0,
            algorithm: Algorithm::default(),
        }
    }

    /// How the nearest centroids are found. It changes the time a fit takes, never its result.
    ///
    /// Default: [`Algorithm::Auto`]. See the [example](Self#example).
    pub fn algorithm(mut self, algorithm: Algorithm) -> Self {
        self.algorithm = algorithm;
        self
    }

    /// Clusters the rows of `x`, an `n x d` array in any memory order. See the
    /// [example](Self#example).
    ///
    /// # Errors
    /// - [`Error::InvalidParameter`]: `n_clusters`, `n_init` or `max_iter`, or `rounds` or
    ///   `oversampling` of [`Init::ParallelWith`], is 0, or `tol` is negative or not a number.
    /// - [`Error::EmptyData`]: `x` has no rows or no columns.
    /// - [`Error::NotFinite`], [`Error::TooLarge`]: a value of `x` is not finite, or too large.
    /// - [`Error::TooFewRows`]: there are fewer rows than clusters. Fewer *distinct* rows are not an error:
    ///   the surplus clusters are then empty, and their centroids are copies of others.
    pub fn fit<F: Float>(&self, x: &ArrayRef2<F>) -> Result<KMeansModel<F>> {
        self.fit_with(x, FitOptions::new())
    }

    /// Clusters the rows of `x` with sample weights, from given centroids, or with an observer.
    ///
    /// # Example
    /// ```
    /// use centroid::{FitOptions, KMeans};
    /// use ndarray::array;
    ///
    /// let x = array![[0.0], [1.0], [10.0]];
    /// let weights = array![3.0, 1.0, 1.0];
    /// let start = array![[0.0], [10.0]];
    /// let options = FitOptions::new().weights(&weights).initial_centroids(&start);
    /// let model = KMeans::new(2).fit_with(&x, options)?;
    /// assert_eq!(model.centroids(), array![[0.25], [10.0]]);
    /// # Ok::<(), centroid::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`fit`](Self::fit), and
    /// - [`Error::LengthMismatch`]: there is not one weight for each row, or not one initial centroid for
    ///   each cluster.
    /// - [`Error::InvalidWeight`], [`Error::ZeroWeights`]: a weight is negative, not finite or too large,
    ///   or all are zero.
    /// - [`Error::TooFewRows`]: there are fewer rows of positive weight than clusters.
    /// - [`Error::DimensionMismatch`]: the initial centroids have a different number of features.
    /// - [`Error::NotFinite`], [`Error::TooLarge`]: a value of `x` or of the initial centroids is not
    ///   finite, or too large.
    pub fn fit_with<F: Float>(
        &self,
        x: &ArrayRef2<F>,
        options: FitOptions<'_, F>,
    ) -> Result<KMeansModel<F>> {
        compiled!(|kmeans: &KMeans,
                   x: &ArrayRef2<F>,
                   options: FitOptions<'_, F>|
         -> Result<KMeansModel<F>> {
            kmeans.check_parameters()?;
            let points = options.check_points(x, kmeans.n_clusters)?;
            let given = options.check_start(kmeans.n_clusters, points.n_features())?;
            let keeps_labels = options.keeps_labels;
            let best = kmeans.best_run(&points, given, options.observer);
            Ok(KMeansModel::from_run(best, keeps_labels))
        })(self, x, options)
    }

    fn check_parameters(&self) -> Result<()> {
        checks::n_clusters(self.n_clusters)?;
        at_least_one("n_init", self.n_init)?;
        at_least_one("max_iter", self.max_iter)?;
        self.init.check()?;
        checks::tol(self.tol)
    }

    /// IN: `mean_variance` of the features.
    fn limits(&self, mean_variance: impl FnOnce() -> f64) -> Limits {
        Limits {
            max_iter: self.max_iter,
            sq_shift: engine::sq_shift(self.tol, mean_variance),
        }
    }

    /// The run with the lowest inertia, the first among equals.
    fn best_run<F: Float>(
        &self,
        points: &Points<'_, F>,
        given: Option<Vec<F>>,
        observer: Observer<'_, Iteration>,
    ) -> Run<F> {
        let limits = self.limits(|| points.mean_variance());
        let edge = match given {
            None => edge::only_start(points, self.n_clusters),
            Some(_) => None,
        };
        let is_only = given.is_some() || edge.is_some();
        // Starts from few passes over the rows are those of `fit_blocks`, which cannot look at the rows first.
        let only = given.or_else(|| match self.init.method() {
            None => edge.map(|rows| points.values_of(&rows)),
            Some(_) => None,
        });
        let n_init = if is_only { 1 } else { self.n_init };
        let passes = n_init.saturating_mul(self.max_iter.min(USUAL_ITERATIONS));
        let fit = PreparedFit::new(points, self.algorithm, self.n_clusters, passes);
        let seeded = |restart: usize| {
            let mut stream = Stream::new(self.seed, restart as u64);
            let prepared = &fit.prepared;
            points.values_of(&self.init.choose(prepared, self.n_clusters, &mut stream))
        };
        let run = |restart: Restart<'_>| {
            let start = only.clone().unwrap_or_else(|| seeded(restart.index));
            let start = Rows::new(&start, points.n_features());
            let mut data = InMemory::new(&fit, &start);
            engine::run(&mut data, &start, limits, restart)
        };
        let work = parallel::work(points.len(), self.n_clusters, points.n_features());
        parallel::on_pool(work, || engine::restarts(n_init, work, observer, run))
    }
}
