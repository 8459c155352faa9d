//! Where the centroids start.

mod closest;
mod plus_plus;
mod random;
mod search;

use ndarray::{Array1, Array2, ArrayRef2};

use crate::error::{Error, Result};
use crate::float::Float;
use crate::points::Points;
use crate::prepared::Prepared;
use crate::random::Stream;

/// How the first centroids are chosen among the rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Init {
    /// Greedy k-means++: each further centroid is the best of `2 + ln k` rows drawn with a
    /// probability proportional to the squared distance from the centroids chosen so far.
    ///
    /// The start to prefer. Cost: at most `n k (2 + ln k)` distances.
    ///
    /// D. Arthur, S. Vassilvitskii, *k-means++: the advantages of careful seeding*, SODA 2007,
    /// where the greedy form is named in the conclusion.
    #[default]
    PlusPlus,
    /// Rows drawn at random, each at most once.
    ///
    /// No distances are computed, but the result is often a worse local minimum: use it with more
    /// restarts, or where the start matters little because the data has no structure.
    Random,
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
        match self {
            Self::PlusPlus => plus_plus::choose(prepared, n_clusters, stream),
            Self::Random => random::choose(prepared.points, n_clusters, stream),
        }
    }
}

/// Greedy k-means++: the start that [`KMeans`](crate::KMeans) makes by default, on its own.
///
/// Takes `n x d` data, and returns the `n_clusters x d` centroids with the indices of the rows
/// that they are. Every row is chosen once at most; where the data has fewer distinct rows than
/// clusters, equal rows fill the rest.
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
/// At most `n k (2 + ln k)` distances: points that a candidate cannot win are passed over. Up to 36
/// bytes per row, and in up to four features a copy of the data.
///
/// # Determinism
/// The same data and seed give the same rows, at any number of threads and on any processor.
///
/// # Errors
/// - [`Error::EmptyData`], [`Error::NotFinite`], [`Error::TooLarge`]: the data cannot be used.
/// - [`Error::InvalidParameter`]: `n_clusters` is 0.
/// - [`Error::TooFewPoints`]: there are fewer rows than clusters.
///
/// # References
/// D. Arthur, S. Vassilvitskii, *k-means++: the advantages of careful seeding*, SODA 2007.
pub fn kmeans_plusplus<F: Float>(
    x: &ArrayRef2<F>,
    n_clusters: usize,
    seed: u64,
) -> Result<(Array2<F>, Array1<usize>)> {
    let points = Points::check(x)?;
    check_n_clusters(&points, n_clusters)?;
    let prepared = Prepared::plain(&points);
    let prepared = match points.n_features() {
        ..=4 if points.len() >= 4096 && n_clusters >= 4 => prepared.with_tree(),
        5.. if n_clusters >= 4 => prepared.with_sketch(),
        _ => prepared,
    };
    let rows = Init::PlusPlus.choose(&prepared, n_clusters, &mut Stream::new(seed, 0));
    let centroids =
        Array2::from_shape_vec((n_clusters, points.n_features()), gather(&points, &rows))
            .expect("each centroid is a row of the data");
    Ok((centroids, Array1::from(rows)))
}

/// # Errors
/// [`Error::InvalidParameter`], [`Error::TooFewPoints`].
pub(crate) fn check_n_clusters<F: Float>(points: &Points<'_, F>, n_clusters: usize) -> Result<()> {
    if n_clusters == 0 {
        return Err(Error::InvalidParameter {
            name: "n_clusters",
            requirement: "at least 1",
        });
    }
    if n_clusters > points.n_weighted() {
        return Err(Error::TooFewPoints {
            points: points.n_weighted(),
            clusters: n_clusters,
        });
    }
    Ok(())
}

/// The values of some rows, one after another.
pub(crate) fn gather<F: Float>(points: &Points<'_, F>, rows: &[usize]) -> Vec<F> {
    rows.iter()
        .flat_map(|&row| points.rows().row(row))
        .copied()
        .collect()
}
