//! The first centroids: [`Init`] names the methods that a fit can use, and [`kmeans_plusplus`] runs one of them
//! on its own.

mod plus_plus;
mod potential;
mod sampling;
mod search;

use ndarray::{Array1, Array2, ArrayRef2};

pub(crate) use self::sampling::{Method, Nearest, Seeding, Step, add_potential, keys, weights};

use crate::checks;
use crate::data::Points;
#[cfg(doc)]
use crate::error::Error;
use crate::error::Result;
use crate::float::{Float, compiled};
use crate::prepared::Prepared;
use crate::random::Stream;

/// How the first centroids are chosen among the rows. See [`KMeans`](crate::KMeans#example) for an example.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Init {
    /// Greedy k-means++: each further centroid is the best of `2 + ln k` rows drawn with a
    /// probability proportional to the squared distance from the centroids chosen so far.
    ///
    /// The recommended start. Cost: at most `n k (3 + ln k)` distances.
    ///
    /// D. Arthur, S. Vassilvitskii, *k-means++: the advantages of careful seeding*, SODA 2007,
    /// where the greedy form is named in the conclusion.
    #[default]
    PlusPlus,
    /// Rows drawn at random, each at most once.
    ///
    /// No distances are computed, but the result is often a worse local minimum: use it with more restarts, or
    /// if the start matters little because the data has no structure. From the same seed the start of
    /// [`fit_blocks`](crate::KMeans::fit_blocks) is the same.
    Random,
    /// k-means||: [`ParallelWith`](Self::ParallelWith) with an oversampling of 2 and at least 2 rounds. There
    /// are up to 5, as long as the last one more than halved the sum of the squared distances to the rows
    /// taken.
    ///
    /// Where all clusters are about as far apart, 2 rounds lead to as good a result as the 5 of the paper.
    /// Where groups of clusters lie much farther apart than the clusters in them, and so on, more are needed.
    ///
    // PERF: on 35 data sets (blobs, photographs, digits, word vectors, flights and others, 2 to 500 clusters,
    // 10 seeds) the mean inertia at the end was 1.000 times that of 5 rounds (0.95 to 1.05), with 2.8 rounds on
    // average. With always 2 it was 9 and 14,000 times as high where five levels of clusters lie each 3 and 10
    // times as far as the one before; with up to 5 it was 1.00 times there too (100 seeds).
    Parallel,
    /// k-means||: in each round as many rows are taken as the oversampling times the number of clusters, with a
    /// probability proportional to their squared distance from the rows taken before the round. Greedy k-means++
    /// then chooses among all that were taken, each weighing as much as the rows nearest to it.
    ///
    /// The quality is about that of [`PlusPlus`](Self::PlusPlus), in `rounds + 2` passes over the data instead
    /// of `k`: use it if a pass over the data is slow. If fewer than `k` different rows are taken, further
    /// rounds follow. From the same seed the start of [`fit_blocks`](crate::KMeans::fit_blocks) is the same.
    ///
    /// Cost: `n k rounds oversampling` distances, as many as `rounds oversampling` iterations, and 12 bytes per
    /// row.
    ///
    /// # Example
    /// ```
    /// use centroid::{Init, KMeans};
    /// use ndarray::array;
    ///
    /// let x = array![[0.0], [1.0], [10.0], [11.0]];
    /// let init = Init::ParallelWith { rounds: 2, oversampling: 4 };
    /// let model = KMeans::new(2).init(init).fit(&x)?;
    /// assert_eq!(model.inertia(), 1.0);
    /// # Ok::<(), centroid::Error>(())
    /// ```
    ///
    /// # References
    /// B. Bahmani et al., *Scalable k-means++*, PVLDB 5(7), 2012, doi:10.14778/2180912.2180915.
    ParallelWith {
        /// The number of rounds, at least 1.
        rounds: usize,
        /// The rows that each round takes, as a multiple of the number of clusters: at least 1.
        oversampling: usize,
    },
}

impl Init {
    /// The rows to start from, `n_clusters` of them. There must be as many rows of positive
    /// weight.
    pub(crate) fn choose<F: Float>(
        self,
        prepared: &Prepared<'_, F>,
        n_clusters: usize,
        stream: &mut Stream,
    ) -> Vec<usize> {
        match self.method() {
            None => plus_plus::choose(prepared, n_clusters, stream),
            Some(method) => sampling::choose(prepared.points, method, n_clusters, stream),
        }
    }

    /// How the start is chosen, if few passes over the rows are enough for it.
    pub(crate) fn method(self) -> Option<Method> {
        match self {
            Self::PlusPlus => None,
            Self::Random => Some(Method::Random),
            Self::Parallel => Some(Self::PARALLEL),
            Self::ParallelWith {
                rounds,
                oversampling,
            } => Some(Method::Parallel {
                rounds,
                most: rounds,
                oversampling,
            }),
        }
    }

    /// [`Init::Parallel`].
    pub(crate) const PARALLEL: Method = Method::Parallel {
        rounds: 2,
        most: 5,
        oversampling: 2,
    };

    /// # Errors
    /// [`Error::InvalidParameter`].
    pub(crate) fn check(self) -> Result<()> {
        match self {
            Self::ParallelWith {
                rounds,
                oversampling,
            } => {
                checks::at_least_one("rounds", rounds)?;
                checks::at_least_one("oversampling", oversampling)
            }
            _ => Ok(()),
        }
    }
}

/// Greedy k-means++: the default start of [`KMeans`](crate::KMeans), on its own.
///
/// Takes `n x d` data. Returns the `n_clusters x d` centroids and the indices of their rows. No row is chosen
/// twice. If the data has fewer distinct rows than clusters, equal rows fill the rest.
///
/// # Example
/// ```
/// use ndarray::array;
///
/// let x = array![[0.0], [1.0], [10.0], [11.0]];
/// let (centroids, rows) = centroid::init::kmeans_plusplus(&x, 2, 0)?;
/// assert_eq!(centroids[[0, 0]], x[[rows[0], 0]]);
/// assert_ne!(centroids[[0, 0]] < 5.0, centroids[[1, 0]] < 5.0);
/// # Ok::<(), centroid::Error>(())
/// ```
///
/// # Cost
/// At most `n k (3 + ln k)` distances. Rows that a candidate cannot win are skipped, if that takes less time.
///
/// | features | most bytes per row, in `f32` |
/// |---|---|
/// | 1 to 4 | 62, a copy of the row included (measured on 4,000,000 x 3 with an outlier chosen first) |
/// | 5 to 199 | 12, and 24 for each row that is nearer to a candidate |
/// | 200 to 383 | the same, and 264 for a sketch of the row |
/// | 384 and more | the same, and at most 520 for a sketch |
///
/// # Determinism
/// The same data and seed give the same rows, at any number of threads and on any processor.
///
/// # Errors
/// - [`Error::EmptyData`], [`Error::NotFinite`], [`Error::TooLarge`]: the data cannot be used.
/// - [`Error::InvalidParameter`]: `n_clusters` is 0.
/// - [`Error::TooFewRows`]: there are fewer rows than clusters.
///
/// # References
/// D. Arthur, S. Vassilvitskii, *k-means++: the advantages of careful seeding*, SODA 2007.
pub fn kmeans_plusplus<F: Float>(
    x: &ArrayRef2<F>,
    n_clusters: usize,
    seed: u64,
) -> Result<(Array2<F>, Array1<usize>)> {
    compiled!(|x: &ArrayRef2<F>,
               n_clusters: usize,
               seed: u64|
     -> Result<(Array2<F>, Array1<usize>)> {
        let points = Points::check("x", x)?;
        checks::n_clusters(n_clusters)?;
        checks::enough_rows(points.len(), n_clusters)?;
        let prepared = Prepared::plain(&points);
        let prepared = match points.n_features() {
            ..=4 if points.len() >= 4096 && n_clusters >= 4 => prepared.with_tree(),
            5.. if n_clusters >= 4 => prepared.with_sketch(),
            _ => prepared,
        };
        let rows = Init::PlusPlus.choose(&prepared, n_clusters, &mut Stream::new(seed, 0));
        let centroids =
            Array2::from_shape_vec((n_clusters, points.n_features()), points.values_of(&rows))
                .expect("each centroid is a row of the data");
        Ok((centroids, Array1::from(rows)))
    })(x, n_clusters, seed)
}
