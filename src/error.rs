//! What can be wrong with a request.

/// Why a request was refused. Everything is checked before any work is done, and what was given
/// stays as it was.
///
/// Rows, columns and indices count from 0.
///
/// ```
/// use centroid::{Error, KMeans};
/// use ndarray::array;
///
/// let x = array![[0.0, 1.0], [2.0, f64::NAN]];
/// let error = KMeans::new(1).fit(&x).unwrap_err();
/// assert_eq!(error, Error::NotFinite { row: 1, column: 1 });
/// assert_eq!(error.to_string(), "row 1, column 1 is NaN or infinite");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The array has no rows, or no columns.
    #[error("the array has no rows or no columns")]
    EmptyData,
    /// More clusters than rows are asked for. Rows of weight 0 do not count.
    #[error("{points} points cannot form {clusters} clusters")]
    TooFewPoints {
        /// Rows given, of positive weight.
        points: usize,
        /// Clusters asked for.
        clusters: usize,
    },
    /// A value of the data, or of the given centroids, is NaN or infinite.
    #[error("row {row}, column {column} is NaN or infinite")]
    NotFinite {
        /// Row of the first such value.
        row: usize,
        /// Column of the first such value.
        column: usize,
    },
    /// The magnitude of a value is above [`Float::MAX_MAGNITUDE`](crate::Float::MAX_MAGNITUDE), so
    /// that distances could overflow.
    #[error("row {row}, column {column} is too large in magnitude for distances to be computed")]
    TooLarge {
        /// Row of the first such value.
        row: usize,
        /// Column of the first such value.
        column: usize,
    },
    /// The rows have another number of features than the model or the centroids.
    #[error("expected {expected} features, found {found}")]
    DimensionMismatch {
        /// Features of the model, the data or the array to be filled.
        expected: usize,
        /// Columns of the array given.
        found: usize,
    },
    /// An array does not have one entry for each of what it describes.
    #[error("expected {expected} entries, found {found}")]
    LengthMismatch {
        /// Entries that are needed.
        expected: usize,
        /// Entries of the array given.
        found: usize,
    },
    /// A sample weight is negative, NaN, infinite or above
    /// [`Float::MAX_MAGNITUDE`](crate::Float::MAX_MAGNITUDE), or all of them are zero.
    #[error("weight {index} cannot be used: weights are finite, not negative and not all zero")]
    InvalidWeight {
        /// Index of the first such weight.
        index: usize,
    },
    /// A parameter has a value outside its range.
    #[error("{name} must be {requirement}")]
    InvalidParameter {
        /// The name of the parameter.
        name: &'static str,
        /// What is asked of it.
        requirement: &'static str,
    },
    /// Labels name a single cluster, or as many clusters as there are points, so that there is nothing
    /// to compare.
    #[error("{clusters} clusters of {points} points cannot be scored: 2 to {most} are needed", most = points.saturating_sub(1))]
    InvalidClusterCount {
        /// Distinct labels.
        clusters: usize,
        /// Rows of the data.
        points: usize,
    },
    /// There is not one label for each cluster, empty ones included.
    #[error("{labels} labels cannot be those of {clusters} clusters: one for each is needed")]
    LabelCount {
        /// Labels given.
        labels: usize,
        /// Clusters of the model.
        clusters: usize,
    },
    /// A percentile is negative, above 100 or NaN.
    #[error("a percentile must be in 0 to 100")]
    InvalidPercentile,
    /// The rows cannot be cut into so many folds, each with a row at least and another to train with.
    #[error(
        "{rows} rows cannot be cut into {folds} folds: at least 2 folds are needed, and at most as many as rows"
    )]
    InvalidFoldCount {
        /// Folds asked for.
        folds: usize,
        /// Rows to be cut.
        rows: usize,
    },
    /// A sample has fewer rows than are needed of all clusters.
    #[error(
        "a sample of {rows} rows is too small: {needed} are needed, 2 of each cluster that has them"
    )]
    SampleTooSmall {
        /// Rows of the sample.
        rows: usize,
        /// The fewest rows that it could have.
        needed: usize,
    },
    /// A stream did not have as many distinct rows of positive weight yet as there are to be clusters.
    #[error(
        "{distinct} distinct rows so far cannot form {clusters} clusters: {missing} more are needed",
        missing = clusters.saturating_sub(*distinct)
    )]
    TooFewDistinctRows {
        /// Distinct rows seen, fewer than clusters.
        distinct: usize,
        /// Clusters asked for.
        clusters: usize,
    },
    /// A source of rows failed.
    #[error("the source of rows failed behind row {row}: {kind}")]
    SourceFailed {
        /// Rows of that pass that were worked on before.
        row: usize,
        /// What went wrong.
        kind: std::io::ErrorKind,
    },
    /// A source of rows did not give in a later pass what it gave in the first: it has fewer or more
    /// rows, or a value larger than any before.
    #[error("row {row} of the source is not as it was in the first pass")]
    SourceChanged {
        /// The first row that is missing or was not there, or that was found to be another.
        row: usize,
    },
    /// A result, or a copy of the data in row-major order, would have more values than can be held.
    #[error("an array of {rows} x {columns} values is too large to be made")]
    ResultTooLarge {
        /// Rows of that array.
        rows: usize,
        /// Columns of that array.
        columns: usize,
    },
}

/// The result of a request.
///
/// # Example
/// ```
/// use centroid::{KMeans, Result};
/// use ndarray::{Array2, array};
///
/// fn inertia_of_two(x: &Array2<f64>) -> Result<f64> {
///     Ok(KMeans::new(2).fit(x)?.inertia())
/// }
/// assert_eq!(inertia_of_two(&array![[0.0], [1.0], [9.0]]), Ok(0.5));
/// ```
pub type Result<T> = std::result::Result<T, Error>;
